"""履职事项: the calendar of duties, each with its day, article, source and consequence."""

import json
import re
from base64 import urlsafe_b64encode
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from appointments.obligations import obligations
from appointments.states import ObligationKind
from registry.listing import Page, place_of
from tests import cast
from tests.cast import AT, TODAY
from tests.test_enterprise_pages import signed_in

CALENDAR = "/obligations/"
LATER = {
    "number": "清质监通〔2026〕30号", "title": "关于提供2026年度履职报告的通知", "first_day": date(2026, 1, 1),
    "last_day": date(2026, 10, 31), "due_on": date(2026, 11, 30), "at": AT,
}  # fmt: skip

DUE_TODAY = {
    "due_on": TODAY, "at": AT - timedelta(days=2), "first_day": date(2025, 1, 1), "last_day": date(2026, 11, 1),
}  # fmt: skip


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def text_of(client, address: str = CALENDAR) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def entries_of(page: str) -> list[str]:
    """The calendar's entries, each as text without tags."""
    found = re.findall(r"<div><dt>(.*?)</dd></div>", page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", entry).split()) for entry in found]


def test_an_enterprise_sees_its_own_duties_by_month_with_source_article_and_consequence(
    client, supervise, user_a, cqo_a, company_b, person_b
):
    supervise.reading("ce_hours", 24, number="口径〔2026〕2号")
    supervise.cqo(person_b, company_b)
    duty = supervise.duty(cqo_a)
    case = supervise.asked(cqo_a)
    page = text_of(signed_in(client, user_a))
    assert re.findall(r"<h2>(\d+年\d+月)</h2>", page) == ["2026年3月", "2026年12月", "2027年1月"]
    report, statement, education, renewal, term = entries_of(page)
    for words in ("2026年3月31日", "已过期 236 天", "清质监通〔2026〕8号", "第十二条（二）（3）", "由企业决定"):
        assert words in report
    assert f'href="{duty.page}"' in page
    assert "还有 10 天" in statement
    assert case.reference in statement
    assert "要求 24 学时" in education
    assert "口径〔2026〕2号" in education
    assert "第六条（五）" in education
    assert "2027年1月9日" in renewal and "现在起到期满以后均可办理，由企业自愿" in renewal
    assert "2027年1月9日" in term
    assert "第十一条" in term
    assert "1 项已过期未办" in page
    assert "乙公司" not in page
    assert "贵企业" in page
    assert 'name="county"' not in page


def test_what_is_due_today_is_not_overdue_and_what_is_handed_in_is_gone(client, supervise, user_a, cqo_a):
    duty = supervise.duty(cqo_a, **LATER | DUE_TODAY)
    page = text_of(signed_in(client, user_a))
    assert "今天到期" in entries_of(page)[0]
    assert "已过期未办。" not in page
    supervise.reported(duty, at=AT)
    assert "提供履职报告" not in "".join(entries_of(text_of(client)))


def test_staff_narrow_by_month_kind_county_and_what_is_overdue(
    client, supervise, municipal, county_two, cqo_a, company_b, person_b
):
    supervise.cqo(person_b, company_b)
    supervise.cycle()
    supervise.cycle(**LATER)
    signed_in(client, municipal)
    whole = entries_of(text_of(client))
    assert len(whole) == 8
    assert "张三，甲公司（清城区）" in "".join(whole)
    assert len(entries_of(text_of(client, f"{CALENDAR}?overdue=yes"))) == 2
    assert len(entries_of(text_of(client, f"{CALENDAR}?overdue=no"))) == 6
    assert len(entries_of(text_of(client, f"{CALENDAR}?kind=report&month=2026-11"))) == 2
    (entry,) = entries_of(text_of(client, f"{CALENDAR}?kind=term&county=441881"))
    assert "乙公司" in entry
    page = text_of(client, f"{CALENDAR}?kind=answer")
    assert "没有符合条件的事项" in page
    assert len(entries_of(text_of(client, f"{CALENDAR}?month=x&county=y&kind=z"))) == 8
    page = text_of(signed_in(client, county_two))
    assert len(entries_of(page)) == 4
    assert "甲公司" not in page


def test_an_enterprise_without_a_cqo_is_told_how_to_appoint_one_and_a_bureau_what_will_stand_here(
    client, user_a, county_one, trainer
):
    page = text_of(signed_in(client, user_a))
    assert "贵企业没有在任的首席质量官" in page
    assert "/appointments/new/" in page
    assert "现在没有履职事项" in text_of(signed_in(client, county_one))
    assert signed_in(client, trainer).get(CALENDAR).status_code == 404


@pytest.fixture
def calendar(supervise, municipal, county_one, cqo_a):
    """The strands of three CQOs with duties of every kind, several of them due on one day."""
    supervise.reading("ce_hours", 24)
    supervise.cycle()
    for n in (2, 3):
        company = cast.enterprise(10000010 + n, f"企业{n}", by=county_one)
        user = cast.account(f"enterprise-{n}", "enterprise", f"企业{n}经办人", enterprise=company)
        supervise.cqo(cast.person(30 + n, f"人员{n}", company=company, by=user), company)
    supervise.cycle(**LATER)
    supervise.asked(cqo_a)
    return obligations(Appointment.unscoped.all(), municipal, TODAY)


def named(duties) -> list[tuple]:
    """What tells duties apart, with the day they are sorted by."""
    return [(duty.due_on, duty.key) for duty in duties]


@pytest.mark.parametrize("size", [1, 3, 5, 50])
def test_turned_page_by_page_either_way_the_calendar_shows_each_duty_once_in_the_order_of_days(calendar, size):
    whole = list(calendar)
    assert len(whole) == calendar.number() == 14 and named(whole) == sorted(named(whole), key=lambda known: known[0])
    assert {duty.kind for duty in whole} == set(ObligationKind) - {ObligationKind.ANSWER}
    page, forwards = calendar.page([], size), []
    while page.object_list:
        assert page.start == len(forwards) + 1
        forwards += page.object_list
        page = calendar.page(place_of(page.next["after"]), size) if page.next else Page([], page.count, size)
    page, backwards = calendar.page([], size, backwards=True), []
    while page.object_list:
        backwards = [*page.object_list, *backwards]
        before = page.previous and page.previous["before"]
        page = calendar.page(place_of(before), size, backwards=True) if before else Page([], page.count, size)
    assert named(forwards) == named(backwards) == named(whole)


@pytest.mark.parametrize(
    "place", [[1], ["x", 1, 1, 1], ["2026-12-31", "1", 1, 1], ["9999-12-31", 1, 1, 1], ["2026-12-31", 1, 1, 10**12]]
)
def test_a_place_that_is_none_opens_the_calendar_at_its_beginning(client, supervise, municipal, cqo_a, place):
    supervise.cycle()
    cursor = urlsafe_b64encode(json.dumps(place).encode()).decode()
    assert len(entries_of(text_of(signed_in(client, municipal), f"{CALENDAR}?after={cursor}"))) == 3


def test_three_cqos_duties_are_listed_with_as_many_queries_as_one(client, supervise, municipal, county_one, cqo_a):
    supervise.reading("ce_hours", 24)
    supervise.cycle()
    signed_in(client, municipal)
    text_of(client)
    with CaptureQueriesContext(connection) as one:
        assert len(entries_of(text_of(client))) == 4
    for n in (2, 3):
        company = cast.enterprise(10000010 + n, f"企业{n}", by=county_one)
        user = cast.account(f"enterprise-{n}", "enterprise", f"企业{n}经办人", enterprise=company)
        supervise.cqo(cast.person(30 + n, f"人员{n}", company=company, by=user), company)
    supervise.cycle(**LATER)
    with CaptureQueriesContext(connection) as three:
        assert len(entries_of(text_of(client))) == 13
    assert len(three) == len(one)
