"""The pages of the register of training bodies, as the people of the cast use them."""

from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.states import Role
from tests.cast import AT, TODAY, account
from tests.test_enterprise_pages import days, sent, signed_in
from training import actions
from training.models import Recognition, TrainerMembership, TrainingBody
from training.states import BodyKind


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def new_body(**changes) -> dict:
    """What the city types for a new body."""
    typed = {"name": "清远市标准化协会", "mark": "清标协培", "kind": BodyKind.RECOGNISED, "county": ""}
    return typed | {"contact_name": "何秘书", "contact_phone": "0763-3360000", "token": uuid4()} | changes


def recognition(first: date, last: date | None = None, **changes) -> dict:
    """What the city types for a recognition."""
    typed = {"document_title": "关于认可培训机构的通知", "document_number": "清质监〔2026〕8号", "token": uuid4()}
    return typed | days("first_day", first) | (days("last_day", last) if last else {}) | changes


def page_of(client, user, address: str) -> str:
    """What that person reads there."""
    return signed_in(client, user).get(address).content.decode()


# --- The list and a body's page --------------------------------------------------------------------------------------


def test_everybody_who_signed_in_reads_who_trains_and_only_the_city_may_add(
    client, body, trainer, user_a, county_one, municipal, administrator
):
    for user in (trainer, user_a, county_one, administrator):
        page = page_of(client, user, "/training-bodies/")
        assert body.name in page
        assert "/training-bodies/new/" not in page
        assert client.get("/training-bodies/new/").status_code == 404
        assert client.get(f"/training-bodies/{body.reference}/edit/").status_code == 404
        assert client.get(f"/training-bodies/{body.reference}/recognitions/new/").status_code == 404
    assert "/training-bodies/new/" in page_of(client, municipal, "/training-bodies/")


def test_nobody_reads_it_without_signing_in(client, body):
    assert client.get(f"/training-bodies/{body.reference}/").url.startswith("/accounts/login/")


def test_a_list_narrows_by_words_and_kind_and_says_when_nothing_fits(client, body, body_two, municipal):
    signed_in(client, municipal)
    page = client.get("/training-bodies/?q=英职").content.decode()
    assert body_two.name in page
    assert body.name not in page
    assert "没有符合条件的培训机构" in client.get("/training-bodies/?kind=bureau").content.decode()
    assert "名称、发证代字或编号：英职" in page


def test_an_empty_register_says_what_to_do(client, municipal):
    assert "名录中还没有培训机构" in page_of(client, municipal, "/training-bodies/")


def test_a_lists_queries_do_not_grow_with_its_rows(client, body, municipal):
    signed_in(client, municipal).get("/training-bodies/")
    with CaptureQueriesContext(connection) as one:
        client.get("/training-bodies/")
    for n in (1, 2):
        actions.add_body(name=f"机构{n}", mark="代" + "甲乙丙丁戊己"[n], kind=BodyKind.RECOGNISED, by=municipal, at=AT)
    with CaptureQueriesContext(connection) as three:
        client.get("/training-bodies/")
    assert len(one) == len(three)


def test_the_accounts_of_a_body_are_read_by_the_city_and_the_body_alone(
    client, body, trainer, trainer_two, user_a, county_one, municipal
):
    address = f"/training-bodies/{body.reference}/"
    for user in (municipal, trainer):
        assert "用户名 trainer，" in page_of(client, user, address)
    for user in (user_a, county_one, trainer_two):
        assert "用户名 trainer" not in page_of(client, user, address)


def test_a_body_whose_recognition_lapsed_says_so_and_who_can_mend_it(client, body, municipal, trainer):
    row = body.recognitions.get()
    actions.end_recognition(row, last_day=date(2026, 11, 21), by=municipal, at=AT)
    address = f"/training-bodies/{body.reference}/"
    page = page_of(client, municipal, address)
    assert "今天未经认可" in page
    assert "下一步：登记认可" in page
    assert "已期满" in page
    page = page_of(client, trainer, address)
    assert "认可由市局登记" in page
    assert "安排培训班</a>" not in page


# --- Keeping the register --------------------------------------------------------------------------------------------


def test_the_city_registers_a_body_and_its_recognition(client, municipal):
    response = signed_in(client, municipal).post("/training-bodies/new/", new_body())
    body = TrainingBody.unscoped.get()
    assert response.url == f"/training-bodies/{body.reference}/"
    assert "登记认可" in client.get(response.url).content.decode()
    client.post(f"{response.url}recognitions/new/", recognition(date(2026, 1, 1), date(2026, 12, 31)))
    page = client.get(response.url).content.decode()
    assert "2026年1月1日至2026年12月31日" in page
    assert "认可有效" in page
    assert body.is_recognised(date(2026, 12, 31), date(2026, 12, 31))
    assert not body.is_recognised(date(2026, 12, 31), date(2027, 1, 1))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "清远市质量协会"}, "该名称的培训机构已在名录中"),
        ({"mark": "清质协培"}, "两家机构不能有同一证书编号"),
        ({"county": "441802"}, "只有县(市、区)局自办的才写"),
        ({"mark": ""}, "请填写发证代字"),
        ({"kind": ""}, "请选择类别"),
    ],
)
def test_what_cannot_be_of_a_body_gets_a_sentence_at_its_field(client, body, municipal, changes, sentence):
    page = signed_in(client, municipal).post("/training-bodies/new/", new_body(**changes)).content.decode()
    assert sentence in page
    assert sent(page, "contact_name") == "何秘书"
    assert TrainingBody.unscoped.count() == 1


def test_each_bureau_stands_once_on_the_register(client, municipal):
    typed = {"name": "市局", "mark": "清质监培", "kind": BodyKind.BUREAU}
    assert signed_in(client, municipal).post("/training-bodies/new/", new_body(**typed)).status_code == 302
    again = client.post("/training-bodies/new/", new_body(**typed | {"name": "市局二", "mark": "另培"}))
    assert "这一级质监部门已在培训机构名录中" in again.content.decode()
    county = new_body(name="清城区局", mark="清城培", kind=BodyKind.BUREAU, county="441802")
    assert client.post("/training-bodies/new/", county).status_code == 302
    page = client.get(client.post("/training-bodies/new/", county).url).content.decode()
    assert "不需要认可" in page
    assert TrainingBody.unscoped.count() == 2


def test_a_bureau_is_not_recognised_by_anybody(client, municipal):
    body = actions.add_body(name="市局", mark="清培", kind=BodyKind.BUREAU, by=municipal, at=AT)
    address = f"/training-bodies/{body.reference}/recognitions/new/"
    page = signed_in(client, municipal).post(address, recognition(TODAY)).content.decode()
    assert "质监部门自己组织培训，不需要认可" in page


def test_a_changed_body_keeps_its_mark_and_two_tabs_do_not_overwrite_each_other(client, body, municipal):
    address = f"/training-bodies/{body.reference}/edit/"
    page = page_of(client, municipal, address)
    assert "不能更改" in page
    typed = {"name": "清远市质量管理协会", "contact_name": "何秘书", "contact_phone": "", "mark": "别的"}
    typed |= {"version": sent(page, "version")}
    assert client.post(address, typed | {"token": uuid4()}).status_code == 302
    stale = client.post(address, typed | {"name": "另一名称", "token": uuid4()}).content.decode()
    assert "他人刚刚修改过" in stale
    body.refresh_from_db()
    assert (body.name, body.mark) == ("清远市质量管理协会", "清质协培")


def test_a_form_sent_twice_makes_one_body(client, municipal):
    typed = new_body()
    first = signed_in(client, municipal).post("/training-bodies/new/", typed)
    assert client.post("/training-bodies/new/", typed).url == first.url
    assert TrainingBody.unscoped.count() == 1


def test_recognitions_do_not_overlap_and_an_end_lies_within_one(client, body, municipal):
    base, row = f"/training-bodies/{body.reference}/recognitions/", body.recognitions.get()
    refused = signed_in(client, municipal).post(f"{base}new/", recognition(TODAY)).content.decode()
    assert "这段时间已由清质监〔2016〕8号认可" in refused
    backwards = client.post(f"{base}new/", recognition(TODAY, date(2026, 1, 1))).content.decode()
    assert "末日不得早于首日" in backwards
    early = client.post(f"{base}{row.pk}/end/", days("last_day", date(2015, 1, 1)) | {"token": uuid4()})
    assert "这一天不在认可期间内" in early.content.decode()
    client.post(f"{base}{row.pk}/end/", days("last_day", TODAY) | {"token": uuid4()})
    row.refresh_from_db()
    assert row.period.upper == date(2026, 11, 23)
    assert Recognition.unscoped.count() == 1


def test_ending_a_recognition_names_the_sessions_it_would_leave_uncovered(client, body, train, municipal):
    train.session(session_days=[date(2026, 12, 7), date(2026, 12, 8)])
    address = f"/training-bodies/{body.reference}/recognitions/{body.recognitions.get().pk}/end/"
    assert "有 1 期已发布的培训尚未结束，最晚的一期到2026年12月8日" in page_of(client, municipal, address)


def test_a_recognition_of_another_body_is_not_there(client, body, body_two, municipal):
    row = body_two.recognitions.get()
    address = f"/training-bodies/{body.reference}/recognitions/{row.pk}/end/"
    assert signed_in(client, municipal).get(address).status_code == 404


# --- Accounts --------------------------------------------------------------------------------------------------------


def test_the_administrator_lets_an_account_act_for_a_body_and_takes_it_back(client, body, administrator):
    account("newcomer", Role.TRAINER, "新来的")
    base = f"/training-bodies/{body.reference}/trainers/"
    assert "新来的（newcomer）" in page_of(client, administrator, f"{base}new/")
    assert client.post(f"{base}new/", {"user": "newcomer", "token": uuid4()}).status_code == 302
    membership = TrainerMembership.unscoped.get()
    assert membership.body == body
    removal, typed = f"{base}{membership.pk}/remove/", {"token": uuid4()}
    assert "用户名 newcomer" in client.get(removal).content.decode()
    first = client.post(removal, typed)
    assert client.post(removal, typed).url == first.url  # sent twice: what it did the first time
    assert not TrainerMembership.unscoped.exists()


def test_only_free_trainers_can_be_chosen_and_without_one_the_page_says_what_to_do(
    client, body, body_two, trainer, user_a, administrator
):
    address = f"/training-bodies/{body_two.reference}/trainers/new/"
    page = page_of(client, administrator, address)
    assert "没有可以添加的账号" in page
    assert "/admin/registry/user/add/" in page
    for username in (trainer.username, user_a.username):
        refused = client.post(address, {"user": username, "token": uuid4()}).content.decode()
        assert "不在可选范围内" in refused
    assert TrainerMembership.unscoped.count() == 1


def test_nobody_but_the_administrator_keeps_accounts(client, body, trainer, municipal, county_one, user_a):
    membership = TrainerMembership.unscoped.get()
    base = f"/training-bodies/{body.reference}/trainers/"
    for user in (municipal, trainer, county_one, user_a):
        signed_in(client, user)
        assert client.get(f"{base}new/").status_code == 404
        assert client.post(f"{base}{membership.pk}/remove/", {"token": uuid4()}).status_code == 404
    assert TrainerMembership.unscoped.count() == 1
