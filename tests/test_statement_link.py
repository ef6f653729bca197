"""The CQO's own statement by a one-time link: who holds it states once, without an account, and sees one case alone."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from appointments import actions
from appointments.models import Statement, StatementLink
from appointments.states import Party, StatementWay
from registry.models import Delivery, FormToken, SecurityEntry, StoredFile
from registry.states import Channel, SecurityEvent
from tests import cast
from tests.cast import AT
from tests.test_enterprise_pages import signed_in

GONE = "这个链接不能使用：已经用过、已经过期，或者已被作废。"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def case(supervise, cqo_a):
    """张三 and 甲公司 are asked, for ten days."""
    return supervise.asked(cqo_a)


@pytest.fixture
def address(supervise, case) -> str:
    return f"/statements/{supervise.link(case)[1]}/"


@pytest.fixture
def person(db) -> Client:
    """张三's own phone: no account, no cookie, and CSRF checks as in production."""
    return Client(enforce_csrf_checks=True)


def statement(**changes) -> dict:
    return {"words": "我已口头报告过总经理。", "sure": "on"} | changes


def over(response) -> None:
    """One plain page for every link that does nothing."""
    page = response.content.decode()
    assert response.status_code == 410
    assert GONE in page
    assert "张三" not in page and "甲公司" not in page


def test_the_link_is_shown_once_to_the_officer_and_kept_nowhere(client, case, county_one):
    officer = signed_in(client, county_one)
    address = f"/recommendations/{case.reference}/acts/link/"
    assert "只显示一次" in officer.get(address).content.decode()
    form = {"token": uuid4(), "version": case.version}
    issued = officer.post(address, form)
    page = issued.content.decode()
    token = re.search(r"/statements/([\w-]{20,})/", page)[1]
    assert issued.status_code == 200
    assert "no-store" in issued["Cache-Control"]
    assert "链接只在本页显示这一次" in page and "陈述意见通知书" in page
    assert officer.post(address, form).url == f"/recommendations/{case.reference}/"  # sent again: no second link
    link = StatementLink.unscoped.get()
    assert token not in officer.get(f"/recommendations/{case.reference}/").content.decode()
    assert token not in str(link.__dict__) + str(list(FormToken.unscoped.values())) + str(officer.session.items())
    assert Client().get(f"/statements/{token}/").status_code == 200
    assert "不能办理这一步" in officer.get(address, follow=True).content.decode()


def test_the_link_goes_by_sms_to_the_number_on_the_page_and_is_not_shown_then(client, case, county_one, person):
    """What is registered of 张三's work at 甲公司 is offered; the officer may type another, or none."""
    officer = signed_in(client, county_one)
    address = f"/recommendations/{case.reference}/acts/link/"
    page = officer.get(address).content.decode()
    assert 'value="13900139000"' in page and "预填的是甲公司登记的号码" in page
    assert "链接用短信发到这个号码" in page and "链接用短信发给张三本人，页面不再显示。" in page
    form = {"token": uuid4(), "version": case.version, "phone": "+86 139-0013-9001"}
    shown = officer.post(address, form, follow=True)
    assert shown.redirect_chain == [(f"/recommendations/{case.reference}/", 302)]
    assert "链接用短信发给本人（139****9001）" in shown.content.decode()
    delivery = Delivery.unscoped.get(message=None)
    assert (delivery.channel, delivery.address, delivery.enterprise) == (Channel.SMS, "13900139001", case.enterprise)
    token = re.search(r"/statements/([\w-]{20,})/", delivery.body)[1]
    assert token not in shown.content.decode()
    officer.post(address, form)
    assert StatementLink.unscoped.count() == Delivery.unscoped.filter(message=None).count() == 1
    assert person.post(f"/statements/{token}/", statement()).url == "/statements/received/"


def test_a_number_that_is_no_mobile_is_told_at_its_field_and_nobody_is_texted(client, case, county_one):
    officer = signed_in(client, county_one)
    address = f"/recommendations/{case.reference}/acts/link/"
    answer = officer.post(address, {"token": uuid4(), "version": case.version, "phone": "0763-3366000"})
    assert "本人的手机号码应为 11 位手机号码，以 1 开头。" in answer.content.decode()
    assert 'value="0763-3366000"' in answer.content.decode()
    assert not StatementLink.unscoped.exists() and not Delivery.unscoped.filter(message=None).exists()


def test_where_no_number_is_registered_none_is_offered(client, case, county_one):
    case.appointment.candidate.employments.update(phone="")
    page = signed_in(client, county_one).get(f"/recommendations/{case.reference}/acts/link/").content.decode()
    assert "登记的号码" not in page and "留空的不发短信，由经办人把链接交给本人" in page


def test_the_person_reads_who_asks_about_what_until_when_and_states(person, address, case):
    shown = person.get(address)
    page = shown.content.decode()
    for words in (case.enterprise.county.bureau_name, "甲公司", "2026年12月2日", "窑炉燃气管道泄漏", "知情不报"):
        assert words in page
    for header, value in (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")):
        assert shown[header] == value
    assert "noindex" in shown["X-Robots-Tag"] and 'content="noindex' in page
    person.get(address)  # to look does not use it up
    file = SimpleUploadedFile("短信截图.pdf", cast.pdf(), "application/pdf")
    # What a browser sends under no-referrer.
    sent = person.post(address, statement(file=file), headers={"origin": "null"})
    assert sent.url == "/statements/received/"
    assert "陈述意见已收到" in person.get(sent.url).content.decode()
    row = Statement.unscoped.get()
    assert (row.party, row.way, row.by, row.words) == (Party.CQO, StatementWay.LINK, None, "我已口头报告过总经理。")
    assert row.file.internal and row.file.uploaded_by is None
    over(person.post(address, statement()))
    over(person.get(address))
    assert Statement.unscoped.count() == 1


def test_without_words_or_without_the_confirmation_the_link_is_not_used_up(person, address):
    empty = person.post(address, statement(words=" "))
    assert "请填写陈述意见。" in empty.content.decode()
    unsure = person.post(address, {"words": "我报告过。"})
    assert "请确认以上意见由本人陈述。" in unsure.content.decode() and "我报告过。" in unsure.content.decode()
    broken = person.post(address, statement(file=SimpleUploadedFile("a.pdf", b"no pdf", "application/pdf")))
    assert "文件内容不是 PDF" in broken.content.decode()
    assert broken["Cache-Control"] == "no-store"
    assert not StoredFile.unscoped.filter(uploaded_by=None).exists()
    assert person.post(address, statement()).status_code == 302


def test_revoked_expired_unknown_and_decided_look_alike(person, address, case, county_one, supervise):
    link = StatementLink.unscoped.get()
    over(person.get("/statements/" + "x" * 32 + "/"))
    with time_machine.travel(AT + timedelta(days=11), tick=False):
        over(person.get(address))
        over(person.post(address, statement()))
    actions.revoke_link(link, by=county_one, at=AT)
    over(person.get(address))
    second = f"/statements/{supervise.link(case)[1]}/"
    assert person.get(second).status_code == 200
    case.refresh_from_db()
    actions.decide_not(case, version=case.version, reason="已整改", by=county_one, at=AT)
    over(person.post(second, statement()))
    assert not Statement.unscoped.exists()


def test_the_officer_revokes_a_link_on_the_page(client, address, case, county_one, person):
    officer = signed_in(client, county_one)
    revoke = f"/recommendations/{case.reference}/acts/revoke/"
    assert revoke in officer.get(f"/recommendations/{case.reference}/").content.decode()
    officer.post(revoke, {"token": uuid4(), "version": case.version})
    over(person.get(address))
    late = officer.post(revoke, {"token": uuid4(), "version": case.version})
    assert "没有可以作废的链接。" in late.content.decode()


def test_the_link_opens_no_other_page_and_tells_nothing_of_the_offices(person, address, case, user_a):
    actions.state(case, words="企业自己的话。", by=user_a, at=AT)
    page = person.get(address).content.decode()
    for inner in ("企业自己的话", "县局一", case.reference, "现场检查记录", "/recommendations/"):
        assert inner not in page, inner
    assert person.get(f"/recommendations/{case.reference}/").status_code == 302  # to the log-in


def test_who_guesses_links_is_told_to_wait(person):
    answers = [person.get(f"/statements/{n}{'x' * 30}/").status_code for n in range(25)]
    assert set(answers[:20]) == {410}
    assert answers[-1] == 429
    waiting = person.get("/statements/abc/")
    assert int(waiting["Retry-After"]) > 0
    assert waiting["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_another_method_is_refused_with_the_same_headers_and_the_link_reaches_no_log(person, address, method, caplog):
    answer = getattr(person, method)(address)
    assert answer.status_code == 405 and "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"] and address not in caplog.text


def test_when_it_was_opened_first_stands_on_the_case_file_and_that_it_was_used_in_the_log(
    client, case, address, person, county_one
):
    officer, page = signed_in(client, county_one), f"/recommendations/{case.reference}/"
    assert "还没有打开" in officer.get(page).content.decode()
    person.head(address)
    assert StatementLink.unscoped.get().opened_at is None
    person.get(address)
    with time_machine.travel(AT + timedelta(hours=3), tick=False):
        person.get(address)
    assert StatementLink.unscoped.get().opened_at == AT
    assert "2026年11月22日 10:00首次打开" in officer.get(page).content.decode()
    assert not SecurityEntry.unscoped.filter(event=SecurityEvent.LINK_USED).exists()
    person.post(address, statement())
    entry = SecurityEntry.unscoped.get(event=SecurityEvent.LINK_USED)
    assert (entry.about, entry.username, entry.details) == (case.reference, "", {"kind": "陈述意见"})
