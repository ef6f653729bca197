"""The pages of sessions and enrolment, as the people of the cast use them."""

import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.actions.people import record_free_person
from registry.models import Candidate, County, Message
from registry.states import IdPaper
from tests import cast
from tests.cast import AT, TODAY, person, resident_id
from tests.test_enterprise_pages import days, sent, signed_in
from training import actions
from training.filters import Stage, rows_at
from training.models import Certificate, Enrolment, Session
from training.states import BodyKind, EnrolmentState, SessionState

SOON = [date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 9)]
OPEN = {"session_days": SOON, "enrolment": (date(2026, 10, 1), date(2026, 12, 4))}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def coming(train) -> Session:
    """A published session of next month with two seats, open for enrolment."""
    return train.session(**OPEN, seats=2)


@pytest.fixture
def bureau_body(municipal):
    """The city's bureau as a training body of its own."""
    return actions.add_body(name="清远市质监局", mark="清质监培", kind=BodyKind.BUREAU, by=municipal, at=AT)


def at(session: Session, page: str = "") -> str:
    """The address of one of a session's pages."""
    return f"/sessions/{session.reference}/{page}"


def read(client, user, address: str) -> str:
    """What that person reads there."""
    return signed_in(client, user).get(address).content.decode()


def sure(**changes) -> dict:
    """A confirmation, as its page sends it."""
    return {"token": uuid4()} | changes


def planned(**changes) -> dict:
    """What a trainer types for a session, from Friday to Tuesday."""
    typed = {
        "token": uuid4(),
        "kind": "qualifying",
        "title": "第四期首席质量官任职培训",
        "workdays_only": "on",
        "place": "三楼会议室",
        "open_county": "",
        "audience": "企业质量管理人员",
        "seats": "30",
        "pass_mark": "60",
        "days_needed": "2",
        "courses_0_title": "质量法律法规",
        "courses_0_hours": "８",
        "courses_3_title": "质量管理体系",
        "courses_3_hours": "16",
    }
    for name, day in (
        ("first_day", date(2026, 12, 4)),
        ("last_day", date(2026, 12, 8)),
        ("enrol_first_day", date(2026, 11, 23)),
        ("enrol_last_day", date(2026, 12, 1)),
    ):
        typed |= days(name, day)
    return typed | changes


def free_person(by, n: int = 21, name: str = "郑自由") -> Candidate:
    """Somebody without an enterprise, put on file by that bureau."""
    return record_free_person(name=name, id_type=IdPaper.RESIDENT, id_number=resident_id(n), by=by, at=AT)


# --- The list --------------------------------------------------------------------------------------------------------


def test_a_draft_is_seen_by_its_body_and_the_city_and_by_nobody_else(
    client, train, trainer, trainer_two, user_a, county_one, municipal, administrator
):
    draft = train.planned(**OPEN)
    for user in (trainer, municipal, administrator):
        assert draft.reference in read(client, user, "/sessions/")
        assert client.get(at(draft)).status_code == 200
    for user in (trainer_two, user_a, county_one):
        assert draft.reference not in read(client, user, "/sessions/")
        for page in ("", "enrol/", "edit/", "publish/", "cancel/"):
            assert client.get(at(draft, page)).status_code == 404


def test_a_published_session_is_not_seen_by_another_body(client, coming, trainer_two):
    assert coming.reference not in read(client, trainer_two, "/sessions/")
    assert client.get(at(coming)).status_code == 404


def test_a_session_of_one_county_is_not_there_for_an_enterprise_of_another(client, train, counties, user_a, user_b):
    only = train.session(**OPEN, open_county=counties["441802"])
    assert only.reference in read(client, user_a, "/sessions/")
    assert "只面向清城区" in client.get(at(only)).content.decode()
    assert only.reference not in read(client, user_b, "/sessions/")
    assert client.get(at(only)).status_code == 404
    assert client.post(at(only, "enrol/"), sure()).status_code == 404


STAGES = {
    Stage.UPCOMING: {"session_days": SOON, "enrolment": (date(2026, 11, 23), date(2026, 12, 1))},
    Stage.OPEN: OPEN,
    Stage.CLOSED: {"session_days": SOON, "enrolment": (date(2026, 10, 1), date(2026, 11, 21))},
    Stage.RUNNING: {"session_days": [TODAY, SOON[0]], "enrolment": (date(2026, 10, 1), date(2026, 11, 21))},
    Stage.OVER: {},
}


def test_every_session_stands_at_one_stage_which_its_tag_and_the_filter_name_alike(client, train, trainer):
    made = {stage: train.session(title=f"期-{stage.value}", **facts) for stage, facts in STAGES.items()}
    made[Stage.DRAFT] = train.planned(**OPEN)
    off = train.session(**OPEN)
    made[Stage.CANCELLED] = actions.cancel_session(off, version=off.version, reason="场地停用", by=trainer, at=AT)
    signed_in(client, trainer)
    for stage, session in made.items():
        assert Stage.of(session, TODAY) == stage
        assert [row.pk for row in rows_at(Session.unscoped.all(), stage, TODAY)] == [session.pk]
        page = client.get(f"/sessions/?stage={stage.value}").content.decode()
        assert "共 <b>1</b> 期" in page
        assert f">{stage.label}</span>" in page


def test_the_list_narrows_by_words_kind_and_county_and_says_when_nothing_fits(client, train, counties, municipal):
    mine = train.session(**OPEN, open_county=counties["441802"], title="清城专场")
    other = train.session(**OPEN, open_county=counties["441881"], title="英德专场", kind="continuing", days_needed=1)
    both = train.session(**OPEN, title="全市班")
    signed_in(client, municipal)
    for query, seen in (
        ("q=专场", {mine, other}),
        (f"q={both.reference.lower()}", {both}),
        ("kind=continuing", {other}),
        ("county=441802", {mine, both}),
        ("q=专场&county=441881", {other}),
    ):
        page = client.get(f"/sessions/?{query}").content.decode()
        assert {row for row in (mine, other, both) if row.reference in page} == seen
    assert "没有符合条件的培训班" in client.get("/sessions/?q=无此班").content.decode()


def test_a_lists_queries_do_not_grow_with_its_rows(client, train, user_a, person_a, company_a):
    train.enrolled(train.session(**OPEN), person_a, company_a)
    signed_in(client, user_a).get("/sessions/")
    with CaptureQueriesContext(connection) as one:
        assert "本企业 1 人" in client.get("/sessions/").content.decode()
    for n in range(2):
        train.session(**OPEN, title=f"班{n}")
    with CaptureQueriesContext(connection) as three:
        client.get("/sessions/")
    assert len(one) == len(three)


def test_an_empty_list_says_why_to_each_role(client, train, user_a, trainer, county_one, administrator):
    assert "现在没有贵企业可以参加的培训班" in read(client, user_a, "/sessions/")
    assert "安排一期，先保存为草稿" in read(client, trainer, "/sessions/")
    assert "培训机构安排后出现在这里" in read(client, administrator, "/sessions/")


# --- Planning and publishing -----------------------------------------------------------------------------------------


def test_a_trainer_plans_a_session_checks_it_and_publishes_it(client, train, trainer, user_a):
    response = signed_in(client, trainer).post("/sessions/new/", planned())
    session = Session.unscoped.get()
    assert response.url == at(session)
    assert [row.day for row in session.days.all()] == [date(2026, 12, 4), date(2026, 12, 7), date(2026, 12, 8)]
    assert [(row.title, row.hours) for row in session.courses.all()] == [("质量法律法规", 8), ("质量管理体系", 16)]
    assert session.hours == 24
    assert "下一步：核对并发布" in client.get(at(session)).content.decode()
    page = client.get(at(session, "publish/")).content.decode()
    assert "不另发消息" in page
    assert "12月4日（星期五）" in page
    assert client.post(at(session, "publish/"), sure(version=sent(page, "version"))).url == at(session)
    assert "等待开班：2026年12月4日" in client.get(at(session)).content.decode()
    assert "报名尚未开始，自2026年11月23日起可以报名" in read(client, user_a, at(session))


def test_without_the_box_every_day_is_a_training_day(client, train, trainer):
    signed_in(client, trainer).post("/sessions/new/", planned(workdays_only=""))
    assert Session.unscoped.get().days.count() == 5


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"courses_0_title": "", "courses_0_hours": "", "courses_3_title": "", "courses_3_hours": ""},
            "请至少填写一门",
        ),
        ({"courses_3_title": ""}, "第 4 门课程填了学时，没有填名称"),
        ({"courses_3_hours": "二"}, "第 4 门课程的学时应为 1 至 200 的整数"),
        ({"courses_3_hours": "0"}, "第 4 门课程的学时应为"),
        ({"courses_3_title": "质量\x07"}, "第 4 门课程：含有看不见的控制字符"),
        ({"courses_3_title": "长" * 61}, "名称最多 60 个字"),
        (days("last_day", date(2026, 12, 3)), "末日不得早于首日"),
        (days("last_day", date(2028, 12, 3)), "相隔不能超过一年"),
        (days("last_day", date(2027, 4, 1)), "一期培训最多 60 天"),
        (days("first_day", date(2026, 12, 5)) | days("last_day", date(2026, 12, 6)), "之间没有培训日"),
        (days("enrol_last_day", date(2026, 12, 9)), "报名末日不得晚于培训末日"),
        (days("enrol_last_day", date(2026, 11, 1)), "报名末日不得早于报名首日"),
        ({"days_needed": "4"}, "至少出勤天数不能超过培训天数（3 天）"),
        ({"seats": "0"}, "名额应为 1 至 2000 的整数"),
        ({"pass_mark": "101"}, "合格线应为 1 至 100 的整数"),
        ({"kind": "other"}, "培训类别不在可选范围内"),
        ({"open_county": "999999"}, "面向不在可选范围内"),
    ],
)
def test_what_cannot_be_of_a_session_gets_a_sentence_and_the_text_is_kept(client, train, trainer, changes, sentence):
    page = signed_in(client, trainer).post("/sessions/new/", planned(**changes)).content.decode()
    assert sentence in page
    assert 'href="#id_' in page
    assert sent(page, "place") == "三楼会议室"
    assert sent(page, "courses_0_title") in ("质量法律法规", "")
    assert not Session.unscoped.exists()


def test_the_body_is_asked_only_where_there_is_a_choice_and_only_among_ones_own(
    client, train, trainer, body_two, municipal, county_one, bureau_body
):
    assert 'name="body"' not in read(client, trainer, "/sessions/new/")
    client.post("/sessions/new/", planned(body=body_two.reference))
    assert Session.unscoped.get().body == train.body
    signed_in(client, municipal).post("/sessions/new/", planned(title="市局的班"))
    assert Session.unscoped.get(title="市局的班").body == bureau_body
    assert "本局还不在培训机构名录中" in read(client, county_one, "/sessions/new/")


def test_who_trains_nobody_has_no_such_page_or_is_told_why(client, measure, municipal, user_a, administrator):
    assert "市局还不在培训机构名录中" in read(client, municipal, "/sessions/new/")
    for user in (user_a, administrator):
        assert signed_in(client, user).get("/sessions/new/").status_code == 404


def test_a_county_offers_its_own_session_to_its_county_or_the_whole_city_only(
    client, municipal, county_one, county_two, counties
):
    actions.add_body(
        name="清城区局", mark="清城培", kind=BodyKind.BUREAU, county=counties["441802"], by=municipal, at=AT
    )
    page = read(client, county_one, "/sessions/new/")
    assert 'value="441802"' in page
    assert 'value="441881"' not in page
    assert "面向不在可选范围内" in client.post("/sessions/new/", planned(open_county="441881")).content.decode()
    client.post("/sessions/new/", planned(open_county="441802"))
    draft = Session.unscoped.get()
    assert draft.open_county == counties["441802"]
    assert signed_in(client, county_two).get(at(draft)).status_code == 404


def test_a_body_whose_recognition_lapses_before_the_last_day_cannot_publish_and_reads_why(
    client, train, trainer, municipal, user_a
):
    draft = train.planned(**OPEN)
    row = train.body.recognitions.get()
    actions.end_recognition(row, last_day=SOON[1], by=municipal, at=AT)
    page = read(client, trainer, at(draft))
    assert "暂时不能发布" in page
    assert "核对并发布" not in page
    page = client.get(at(draft, "publish/")).content.decode()
    assert "现在不能发布" in page
    assert ">发布</button>" not in page
    refused = client.post(at(draft, "publish/"), sure(version=draft.version)).content.decode()
    assert "在培训期间未经质监部门认可，不能组织这期培训（" in refused and ">第八条第一款</a>）" in refused
    draft.refresh_from_db()
    assert draft.state == SessionState.DRAFT


def test_a_recognition_that_ends_after_publishing_is_told_to_everybody_who_looks(
    client, coming, train, municipal, user_a, trainer
):
    actions.end_recognition(train.body.recognitions.get(), last_day=SOON[0], by=municipal, at=AT)
    for user in (user_a, trainer, municipal):
        assert "培训机构的认可没有覆盖培训期间" in read(client, user, at(coming))


def test_publishing_twice_and_in_two_tabs_publishes_once(client, train, trainer):
    draft = train.planned(**OPEN)
    typed = sure(version=draft.version)
    first = signed_in(client, trainer).post(at(draft, "publish/"), typed)
    assert client.post(at(draft, "publish/"), typed).url == first.url
    other_tab = client.post(at(draft, "publish/"), sure(version=draft.version)).content.decode()
    assert "他人" in other_tab
    assert "不能再发布" in client.get(at(draft, "publish/"), follow=True).content.decode()


# --- Changing and cancelling -----------------------------------------------------------------------------------------


def edited(client, session: Session, **changes):
    """Send the edit form as it was shown, with what was typed over."""
    page = client.get(at(session, "edit/")).content.decode()
    names = ("title", "place", "audience", "seats", "pass_mark", "days_needed", "version")
    shown = {name: sent(page, name) for name in names} | sure(kind=session.kind, open_county="", workdays_only="on")
    for n, row in enumerate(session.courses.all()):
        shown |= {f"courses_{n}_title": row.title, f"courses_{n}_hours": str(row.hours)}
    shown |= days("first_day", session.first_day) | days("last_day", session.last_day)
    shown |= days("enrol_first_day", session.enrolment.lower)
    shown |= days("enrol_last_day", session.enrolment.upper - timedelta(days=1))
    return client.post(at(session, "edit/"), shown | changes)


def test_moving_a_session_tells_each_enterprise_once_and_the_page_said_so(
    client, coming, train, trainer, person_a, person_a_two, company_a
):
    for somebody in (person_a, person_a_two):
        train.enrolled(coming, somebody, company_a)
    page = read(client, trainer, at(coming, "edit/"))
    assert "已报名和候补共 2 人。培训日期或地点有变的，消息发给 1 家企业" in page
    assert sent(page, "courses_1_title") == "质量管理体系"
    assert edited(client, coming, place="市局二楼").url == at(coming)
    assert Message.unscoped.filter(enterprise=company_a, subject__contains="有变动").count() == 1


def test_two_tabs_do_not_overwrite_each_other_and_the_second_reads_what_changed(client, coming, trainer):
    signed_in(client, trainer)
    version = coming.version
    assert edited(client, coming, title="改过的名称").status_code == 302
    coming.refresh_from_db()
    page = edited(client, coming, version=version, title="第二个名称", courses_0_title="别的课程").content.decode()
    assert "他人刚刚修改过" in page
    assert "改过的名称" in page
    assert "质量法律法规 8 学时；质量管理体系 16 学时" in page
    assert "None" not in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (days("first_day", date(2026, 11, 17)), "2026年11月16日已登记考勤，不能从培训日中去掉"),
        ({"seats": "1"}, "已有座次用到第 2 个，名额不能少于 2"),
        ({"kind": "continuing"}, "已登记考勤，类别、学时和至少出勤天数不能更改"),
        ({"courses_0_hours": "9"}, "已登记考勤，类别、学时和至少出勤天数不能更改"),
        ({"days_needed": "3"}, "已登记考勤，类别、学时和至少出勤天数不能更改"),
        ({"pass_mark": "70"}, "已登记成绩，合格线不能更改"),
    ],
)
def test_what_others_rely_on_cannot_be_changed_under_them(
    client, train, trainer, person_a, person_a_two, company_a, changes, sentence
):
    session = train.session()
    train.results(train.enrolled(session, person_a, company_a))
    train.enrolled(session, person_a_two, company_a)
    signed_in(client, trainer)
    assert sentence in edited(client, session, **changes).content.decode()


def test_who_enrolled_for_one_kind_of_training_is_not_moved_into_the_other(client, train, trainer, person_a, company_a):
    session = train.session()
    train.enrolled(session, person_a, company_a)
    signed_in(client, trainer)
    assert "已有人报名，培训类别不能更改" in edited(client, session, kind="continuing").content.decode()


def test_once_certificates_exist_a_session_stands(client, train, trainer, person_a, company_a):
    session = train.session()
    train.certified(person_a, company_a, session)
    page = read(client, trainer, at(session))
    assert "日期、地点和考核要求都不能再改，也不能取消" in page
    assert at(session, "edit/") not in page
    for name in ("edit/", "cancel/"):
        assert "已经发出证书" in client.get(at(session, name), follow=True).content.decode()
    typed = planned(version=session.version)
    assert "这一期已经发出证书" in client.post(at(session, "edit/"), typed).content.decode()
    refused = client.post(at(session, "cancel/"), sure(version=session.version, reason="停办")).content.decode()
    assert "已经发出证书，不能取消" in refused


def test_more_seats_go_to_who_waits(client, train, trainer, person_a, person_a_two, company_a):
    session = train.session(**OPEN, seats=1)
    train.enrolled(session, person_a, company_a)
    waiting = train.enrolled(session, person_a_two, company_a)
    edited(signed_in(client, trainer), session, seats="2")
    waiting.refresh_from_db()
    assert waiting.state == EnrolmentState.ENROLLED
    assert Message.unscoped.filter(enterprise=company_a, subject__contains="候补转为报名").exists()


def test_a_cancelled_session_says_why_and_nobody_can_join_or_change_it(
    client, coming, train, trainer, user_a, person_a, company_a, county_one
):
    train.enrolled(coming, person_a, company_a)
    free = free_person(county_one)
    signed_in(client, trainer)
    address = at(coming, "cancel/")
    assert "消息发给 1 家企业" in client.get(address).content.decode()
    assert "请填写取消的原因" in client.post(address, sure(version=coming.version, reason="")).content.decode()
    assert client.post(address, sure(version=coming.version, reason="讲师生病")).url == at(coming)
    page = read(client, user_a, at(coming))
    assert "讲师生病" in page
    assert "取消报名</" not in page
    assert "不能报名" in client.get(at(coming, "enrol/"), follow=True).content.decode()
    refused = client.post(at(coming, "enrol/"), sure(people=person_a.reference)).content.decode()
    assert "这一期现在是“已取消”，不能报名" in refused
    signed_in(client, county_one)
    refused = client.post(at(coming, "enrol/free/"), sure(candidate=free.reference)).content.decode()
    assert "不能报名" in refused
    signed_in(client, trainer)
    assert "不能再改" in client.get(at(coming, "edit/"), follow=True).content.decode()


def test_who_does_not_run_it_has_none_of_its_acts(client, coming, user_a, county_one, municipal, administrator):
    for user in (user_a, county_one, municipal, administrator):
        signed_in(client, user)
        for page in ("edit/", "publish/", "cancel/"):
            assert client.get(at(coming, page)).status_code == 404
            assert client.post(at(coming, page), sure(version=coming.version, reason="无")).status_code == 404


# --- An enterprise enrols --------------------------------------------------------------------------------------------


def test_an_enterprise_enrols_several_and_who_finds_no_seat_waits_in_order(
    client, train, user_a, user_b, person_a, person_a_two, person_b, company_b
):
    session = train.session(**OPEN, seats=2)
    train.enrolled(session, person_b, company_b)
    assert "还有 1 个名额" in read(client, user_a, at(session, "enrol/"))
    typed = sure(people=[person_a.reference, person_a_two.reference])
    response = client.post(at(session, "enrol/"), typed, follow=True)
    page = response.content.decode()
    rows = list(Enrolment.unscoped.filter(enterprise=user_a.enterprise).order_by("pk"))
    assert [row.state for row in rows] == [EnrolmentState.ENROLLED, EnrolmentState.WAITING]
    assert f"已报名：{rows[0].candidate.name}" in page
    assert f"已列入候补：{rows[1].candidate.name}（第 1 位）" in page
    assert "候补，第 1 位" in page
    assert "李四" not in page  # whom the others enrolled is theirs
    again = client.post(at(session, "enrol/"), typed, follow=True).content.decode()
    assert "这份表单已经办理过" in again
    assert Enrolment.unscoped.count() == 3
    page = client.get(at(session, "enrol/")).content.decode()
    assert "名额已满，可以候补" in page
    assert 'name="people"' not in page  # both are shown as what they are


def test_one_who_cannot_be_enrolled_holds_back_all_and_the_reason_stands_at_the_person(
    client, coming, train, user_a, person_a, person_a_two, company_a
):
    page = read(client, user_a, at(coming, "enrol/"))
    assert person_a.reference in page
    train.enrolled(coming, person_a, company_a)  # meanwhile, in another tab
    typed = sure(people=[person_a.reference, person_a_two.reference])
    page = client.post(at(coming, "enrol/"), typed).content.decode()
    assert "有 1 人不能报名" in page
    assert "张三已报名这一期。" in page
    assert "checked" in page
    assert coming.enrolments.count() == 1


def test_nobody_picked_or_somebody_elses_person_gets_a_sentence(client, coming, user_a, person_a, person_b):
    signed_in(client, user_a)
    page = client.post(at(coming, "enrol/"), sure()).content.decode()
    assert "请至少选择一人" in page
    assert 'href="#id_people"' in page
    assert 'id="id_people"' in page
    for foreign in (person_b.reference, "RY99999", "\x00"):
        page = client.post(at(coming, "enrol/"), sure(people=foreign)).content.decode()
        assert "所选的人不在本企业在职人员中" in page
    assert not Enrolment.unscoped.exists()


def test_an_enterprise_without_people_is_led_to_adding_one_and_back(client, coming, user_a):
    page = read(client, user_a, at(coming, "enrol/"))
    assert "本企业还没有在职人员" in page
    assert f"/candidates/new/?next={at(coming, 'enrol/')}" in page


def test_a_person_just_added_is_ticked(client, coming, user_a, person_a):
    page = read(client, user_a, f"{at(coming, 'enrol/')}?candidate={person_a.reference}")
    assert f'value="{person_a.reference}" id="id_people" checked' in page


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ((date(2026, 11, 23), date(2026, 12, 4)), "报名尚未开始，自2026年11月23日起可以报名。"),
        ((date(2026, 10, 1), date(2026, 11, 21)), "报名已于2026年11月21日截止。"),
    ],
)
def test_outside_the_window_the_page_says_when_and_a_late_form_is_refused(
    client, train, user_a, person_a, window, sentence
):
    session = train.session(session_days=SOON, enrolment=window)
    page = read(client, user_a, at(session))
    assert sentence in page
    assert at(session, "enrol/") not in page
    assert sentence in client.get(at(session, "enrol/"), follow=True).content.decode()
    assert sentence in client.post(at(session, "enrol/"), sure(people=person_a.reference)).content.decode()
    assert not Enrolment.unscoped.exists()


@pytest.mark.parametrize("day", [date(2026, 10, 1), date(2026, 12, 4)])
def test_the_first_and_the_last_day_of_the_window_count(client, train, user_a, person_a, day):
    session = train.session(**OPEN, at=cast.AT - timedelta(days=60))
    with time_machine.travel(AT.replace(year=day.year, month=day.month, day=day.day), tick=False):
        client.force_login(user_a)
        client.post(at(session, "enrol/"), sure(people=person_a.reference))
    assert Enrolment.unscoped.count() == 1


def test_only_an_enterprise_enrols_its_people(client, coming, trainer, county_one, municipal, administrator):
    for user in (trainer, county_one, municipal, administrator):
        signed_in(client, user)
        assert client.get(at(coming, "enrol/")).status_code == 404
        assert client.post(at(coming, "enrol/"), sure()).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_last_seat_goes_to_one_of_two_enterprises_that_ask_at_once(
    train, user_a, user_b, person_a, person_b, company_a, company_b
):
    session = train.session(**OPEN, seats=1)
    barrier, answers = threading.Barrier(2), []

    def ask(user, somebody):
        client = signed_in(Client(), user)
        barrier.wait()
        answers.append(client.post(at(session, "enrol/"), sure(people=somebody.reference)).status_code)
        connections.close_all()

    threads = [threading.Thread(target=ask, args=pair) for pair in ((user_a, person_a), (user_b, person_b))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    states = sorted(Enrolment.unscoped.values_list("state", flat=True))
    assert states == [EnrolmentState.ENROLLED, EnrolmentState.WAITING]


# --- Withdrawing -----------------------------------------------------------------------------------------------------


def test_a_withdrawn_seat_goes_to_who_waits_and_the_page_said_so(
    client, train, user_a, user_b, person_a, person_b, company_a, company_b
):
    session = train.session(**OPEN, seats=1)
    mine = train.enrolled(session, person_a, company_a)
    theirs = train.enrolled(session, person_b, company_b)
    assert "候补，第 1 位" in read(client, user_b, at(session))
    address = at(session, f"enrolments/{mine.pk}/withdraw/")
    assert "给候补的第一位" in read(client, user_a, address)
    typed = sure()
    first = client.post(address, typed)
    assert first.url == at(session)
    assert client.post(address, typed).url == first.url
    theirs.refresh_from_db()
    assert theirs.state == EnrolmentState.ENROLLED
    assert Message.unscoped.filter(enterprise=company_b, subject__contains="候补转为报名").count() == 1
    page = client.get(at(session)).content.decode()
    assert "已取消报名" in page
    assert "这一报名已经取消" in client.get(address, follow=True).content.decode()
    assert "这一报名已经取消" in client.post(address, sure()).content.decode()


def test_once_attendance_is_entered_an_enrolment_stands(client, train, user_a, person_a, company_a):
    session = train.session()
    row = train.passed(person_a, company_a, session)
    page = read(client, user_a, at(session))
    assert f"enrolments/{row.pk}/withdraw/" not in page
    refused = client.post(at(session, f"enrolments/{row.pk}/withdraw/"), sure()).content.decode()
    assert "已登记考勤或成绩，不能取消报名" in refused


def test_nobody_withdraws_whom_another_enrolled(
    client, coming, train, user_b, trainer, county_one, municipal, person_a, company_a
):
    row = train.enrolled(coming, person_a, company_a)
    address = at(coming, f"enrolments/{row.pk}/withdraw/")
    for user in (user_b, trainer, county_one, municipal):
        signed_in(client, user)
        assert client.get(address).status_code == 404
        assert client.post(address, sure()).status_code == 404
    row.refresh_from_db()
    assert row.state == EnrolmentState.ENROLLED


def test_an_enrolment_of_another_session_is_not_under_this_one(client, coming, train, user_a, person_a, company_a):
    row = train.enrolled(train.session(**OPEN), person_a, company_a)
    assert signed_in(client, user_a).get(at(coming, f"enrolments/{row.pk}/withdraw/")).status_code == 404


# --- A session's page, as each role reads it -------------------------------------------------------------------------


def test_each_role_reads_the_enrolments_within_its_scope(
    client, coming, train, trainer, user_a, user_b, county_one, county_two, municipal,
    person_a, person_b, company_a, company_b,
):  # fmt: skip
    train.enrolled(coming, person_a, company_a)
    train.enrolled(coming, person_b, company_b)
    for user, names in (
        (trainer, {"张三", "李四"}),
        (municipal, {"张三", "李四"}),
        (user_a, {"张三"}),
        (user_b, {"李四"}),
        (county_one, {"张三"}),
        (county_two, {"李四"}),
    ):
        page = read(client, user, at(coming))
        assert {name for name in ("张三", "李四") if name in page} == names
    assert at(coming, "results/") in read(client, trainer, at(coming))
    assert at(coming, "results/") not in read(client, county_one, at(coming))


def test_a_trainer_reads_the_one_next_step_of_each_stage(client, train, trainer, person_a, company_a):
    session = train.session()
    assert "没有人报名" in read(client, trainer, at(session))
    enrolment = train.enrolled(session, person_a, company_a)
    assert "下一步：登记考勤和成绩" in read(client, trainer, at(session))
    train.results(enrolment)
    assert "下一步：发给证书" in read(client, trainer, at(session))
    actions.issue_certificate(Enrolment.unscoped.get(), by=trainer, at=AT)
    assert "无需办理" in read(client, trainer, at(session))


def test_continuing_education_ends_with_attendance(client, train, trainer, person_a, company_a):
    session = train.session(kind="continuing")
    train.results(train.enrolled(session, person_a, company_a), scores=())
    page = read(client, trainer, at(session))
    assert "考勤已经登记齐全" in page
    assert "继续教育不发证书" in page


def test_a_sessions_queries_do_not_grow_with_those_enrolled(client, train, trainer, user_a, company_a, county_one):
    session = train.session(**OPEN, seats=2)
    people = [person(30 + n, f"赵{name}", company=company_a, by=user_a) for n, name in enumerate("甲乙丙丁戊")]
    train.enrolled(session, people[0], company_a)
    counted = {}
    for rows in (1, 5):
        for somebody in people[1:rows]:
            train.enrolled(session, somebody, company_a)
        for user in (trainer, user_a, county_one):
            read(client, user, at(session))
            with CaptureQueriesContext(connection) as queries:
                client.get(at(session))
            counted[user.username, rows] = len(queries)
    for user in (trainer, user_a, county_one):
        assert counted[user.username, 5] <= counted[user.username, 1] + 1  # the places of those who wait


# --- People without an enterprise, and names -------------------------------------------------------------------------


def test_a_bureau_enrols_somebody_without_an_enterprise_put_on_file_first(client, coming, county_one):
    page = read(client, county_one, at(coming, "enrol/free/"))
    assert "没有登记在册的人员" in page
    new = f"/candidates/free/new/?next={at(coming, 'enrol/free/')}"
    assert new in page
    typed = {
        "name": "郑自由",
        "id_type": IdPaper.RESIDENT,
        "id_number": resident_id(21),
        "told": "on",
        "token": uuid4(),
    }
    response = client.post(new, typed | {"token": uuid4()})
    somebody = Candidate.unscoped.get()
    assert response.url == f"{at(coming, 'enrol/free/')}?candidate={somebody.reference}"
    assert "checked" in client.get(response.url).content.decode()
    page = client.post(at(coming, "enrol/free/"), sure(candidate=somebody.reference), follow=True).content.decode()
    assert "已报名：郑自由" in page
    assert "没有企业" in page
    row = Enrolment.unscoped.get()
    assert row.enterprise is None
    again = client.post(at(coming, "enrol/free/"), sure(candidate=somebody.reference)).content.decode()
    assert "郑自由已报名这一期" in again
    client.post(at(coming, f"enrolments/{row.pk}/withdraw/"), sure())
    row.refresh_from_db()
    assert row.state == EnrolmentState.WITHDRAWN


def test_a_bureau_is_offered_only_people_without_an_enterprise_whom_it_put_on_file(
    client, coming, county_one, county_two, municipal, person_a
):
    mine, theirs = free_person(county_one), free_person(county_two, 23, "冯自由")
    page = read(client, county_one, at(coming, "enrol/free/"))
    assert mine.name in page
    assert theirs.name not in page
    assert person_a.name not in page
    refused = client.post(at(coming, "enrol/free/"), sure(candidate=theirs.reference)).content.decode()
    assert "不在可选范围内" in refused
    page = read(client, municipal, f"{at(coming, 'enrol/free/')}?q=冯")
    assert theirs.name in page
    assert mine.name not in page


def test_a_session_of_another_county_takes_no_free_person_of_this_one(client, train, counties, county_one):
    session = train.session(**OPEN, open_county=counties["441881"])
    somebody = free_person(county_one)
    assert "为没有企业的人员报名" not in read(client, county_one, at(session))
    refused = client.post(at(session, "enrol/free/"), sure(candidate=somebody.reference)).content.decode()
    assert "这一期只面向英德市" in refused


def test_only_bureaus_put_people_without_an_enterprise_on_file(client, coming, user_a, trainer, administrator):
    for user in (user_a, trainer, administrator):
        signed_in(client, user)
        assert client.get("/candidates/free/new/").status_code == 404
        assert client.get(at(coming, "enrol/free/")).status_code == 404


def test_somebody_at_work_is_enrolled_by_the_enterprise_and_not_put_on_file_as_free(client, county_one, person_a):
    typed = {"name": "张三", "id_type": IdPaper.RESIDENT, "id_number": resident_id(1), "told": "on", "token": uuid4()}
    page = signed_in(client, county_one).post("/candidates/free/new/", typed).content.decode()
    assert "此人在企业任职，由所在企业报名（第七条）" in page
    bad = client.post("/candidates/free/new/", typed | {"id_number": "123", "token": uuid4()}).content.decode()
    assert "应为 18 位" in bad
    assert sent(bad, "name") == "张三"


def test_a_name_is_corrected_with_a_reason_and_the_certificates_to_reissue_are_named(
    client, train, county_one, person_a, company_a
):
    certificate = train.certified(person_a, company_a)
    address = f"/candidates/{person_a.reference}/name/"
    page = read(client, county_one, address)
    assert certificate.number in page
    assert "保持原样" in page
    version = sent(page, "version")
    assert "姓名没有变化" in client.post(address, sure(version=version, name="张三", reason="误写")).content.decode()
    typed = sure(version=version, name="章三", reason="登记时误写，已核对身份证原件")
    assert client.post(address, typed).url == f"/candidates/{person_a.reference}/"
    person_a.refresh_from_db()
    assert person_a.name == "章三"
    stale = client.post(address, sure(version=version, name="张山", reason="误写")).content.decode()
    assert "他人刚刚修改过" in stale
    assert Certificate.unscoped.get() == certificate  # reissued by its body alone


def test_a_name_without_a_reason_or_with_signs_in_it_is_not_taken(client, county_one, person_a):
    address = f"/candidates/{person_a.reference}/name/"
    signed_in(client, county_one)
    page = client.post(address, sure(version=1, name="章<三>", reason="")).content.decode()
    assert "只能由汉字、字母和间隔号组成" in page
    assert "请填写更正的原因和依据" in page


def test_only_the_bureau_of_a_person_corrects_the_name(client, person_a, county_two, user_a, trainer, administrator):
    address = f"/candidates/{person_a.reference}/name/"
    for user in (county_two, user_a, trainer, administrator):
        signed_in(client, user)
        assert client.get(address).status_code == 404
        assert client.post(address, sure(version=1, name="章三", reason="无")).status_code == 404


def test_hostile_words_in_the_address_find_nothing_and_break_nothing(client, coming, municipal):
    signed_in(client, municipal)
    for query in ("?q=%00", "?stage=nothing", "?county=%27--", "?after=99999", "?kind=<script>"):
        assert client.get(f"/sessions/{query}").status_code == 200
    assert client.get(f"{at(coming, 'enrol/free/')}?q=%00&candidate=%00").status_code == 200
    assert client.get("/sessions/PX-2026-0000/").status_code == 404
    assert County.unscoped.count() == 8
