"""年度继续教育: what counts, against which requirement, and for whom it is a duty (Art. 6(五), Art. 8)."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.states import State
from registry.actions.measure import record_interpretation
from registry.actions.people import remove_fact
from registry.refusals import Refused
from tests import cast
from tests.cast import AT, TODAY
from tests.test_enterprise_pages import signed_in
from tests.training_cast import DAYS
from training.actions import (
    add_body,
    cancel_session,
    change_session,
    drop_recognition,
    enter_results,
    leave_pool,
    recognise_course,
)
from training.actions.results import Result
from training.models import CourseRecognition, PoolEntry, TrainingRecord
from training.standing import ledger, ledgers
from training.states import TrainingKind, YearStanding

LIST = "/continuing-education/"
OUTSIDE_DAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def reads(measure, municipal):
    """The city lays a question down, from a day on."""

    def record(key: str, reading, *, since=date(2026, 1, 1)):
        return record_interpretation(
            edition=measure, key=key, number=f"清质监口径〔{since.year}〕{key}", reading=reading, text="正文。",
            decided_on=since, effective_from=since, by=municipal, at=AT,
        )  # fmt: skip

    return record


@pytest.fixture
def further(train, municipal):
    """市局's own session of continuing education, 24 hours in three days, of which two are asked."""
    own = add_body(name="清远市局", mark="清质培", kind="bureau", by=municipal, at=AT)
    return train.session(body=own, by=municipal, title="质量管理继续教育", kind=TrainingKind.CONTINUING)


def attended(train, session, person, company, **how):
    """Enrolled, and there on as many days as is said."""
    return train.results(train.enrolled(session, person, company), by=train.make.municipal, **how)


@pytest.fixture
def outside(make, company_a, person_a) -> TrainingRecord:
    """A course elsewhere that 甲公司 put on file for 张三: 16 hours, with evidence."""
    evidence = make.stored(company_a, name="结业证.pdf")
    return make.fact(
        TrainingRecord, person_a, company_a, kind=TrainingKind.CONTINUING, body_name="某质量研究院",
        certificate_number="JX001", completed_on=OUTSIDE_DAY, hours=16, evidence=evidence,
    )  # fmt: skip


def address_of(person) -> str:
    return f"/candidates/{person.reference}/education/"


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def this_year(person, user):
    """The first of the ledger's years: the running one."""
    return ledger(person, user, TODAY)[0]


# --- What counts -----------------------------------------------------------------------------------------------------


def test_a_session_that_was_attended_long_enough_counts_with_all_its_hours(train, user_a, company_a, person_a, further):
    attended(train, further, person_a, company_a, present=2, scores=())
    year = this_year(person_a, user_a)
    assert (year.year, year.hours) == (2026, 24)
    assert year.courses[0].counts


def test_who_was_absent_too_long_gets_no_hours_and_is_told_why(client, train, user_a, company_a, person_a, further):
    attended(train, further, person_a, company_a, present=1, scores=())
    year = this_year(person_a, user_a)
    assert year.hours == 0
    assert year.courses[0].why_not == "出勤 1 天，少于规定的 2 天"
    assert "出勤 1 天，少于规定的 2 天" in text_of(signed_in(client, user_a), address_of(person_a))


def test_a_session_counts_once_its_last_day_has_come_and_not_before(train, user_a, company_a, person_a, further):
    train.enrolled(further, person_a, company_a)
    assert ledger(person_a, user_a, date(2026, 11, 17))[0].courses == []
    assert len(ledger(person_a, user_a, DAYS[-1])[0].courses) == 1


def test_neither_a_cancelled_session_nor_qualifying_training_is_continuing_education(
    train, user_a, municipal, company_a, person_a, further
):
    train.enrolled(further, person_a, company_a)
    cancel_session(further, version=further.version, reason="讲师生病", by=municipal, at=AT)
    train.certified(person_a, company_a)
    assert this_year(person_a, user_a).courses == []


def test_once_it_was_attended_and_is_over_its_hours_stay_and_it_is_not_cancelled(
    train, municipal, company_a, person_a, further
):
    attended(train, further, person_a, company_a, scores=())
    how = {"version": further.version, "by": municipal, "at": AT}
    with pytest.raises(Refused, match="学时已据此计算"):
        change_session(further, **how, **train.facts(kind=TrainingKind.CONTINUING, courses=[("质量管理体系", 40)]))
    with pytest.raises(Refused, match="已经结束并登记了考勤，不能取消"):
        cancel_session(further, reason="讲师生病", **how)
    assert this_year(person_a, municipal).hours == 24


def test_before_its_last_day_is_over_it_can_be_called_off_though_somebody_was_there(
    train, municipal, company_a, person_a, further
):
    enrolment = train.enrolled(further, person_a, company_a)
    first_day = AT - timedelta(days=6)
    enter_results(further, results={enrolment.pk: Result({DAYS[0]: True})}, by=municipal, at=first_day)
    cancel_session(further, version=further.version, reason="讲师生病", by=municipal, at=first_day)
    assert this_year(person_a, municipal).courses == []


def test_a_recognised_bodys_session_is_a_course_elsewhere_and_counts_only_where_those_do(
    client, train, user_a, municipal, company_a, person_a, reads
):
    session = train.session(title="协会组织的继续教育", kind=TrainingKind.CONTINUING)
    train.results(train.enrolled(session, person_a, company_a), scores=())
    year = this_year(person_a, user_a)
    assert (year.hours, year.courses[0].why_not) == (0, "由认可的机构组织，按结业当日的口径不计入")
    assert year.courses[0].why_not in text_of(signed_in(client, user_a), address_of(person_a))
    reads("ce_outside_courses", "counted")
    assert this_year(person_a, user_a).hours == 24


def test_hours_count_wherever_they_were_put_on_file_and_courses_are_listed_only_within_ones_scope(
    client, make, user_b, municipal, company_b, reads, person_a, outside
):
    cast.person(1, "张三", company=company_b, by=user_b)  # works at both
    reads("ce_outside_courses", "counted")
    recognise_course(outside, hours=12, by=municipal, at=AT)
    year = this_year(person_a, user_b)
    assert (year.hours, year.elsewhere, year.courses) == (12, 12, [])
    page = text_of(signed_in(client, user_b), address_of(person_a))
    assert "其中 12 学时在别处登记" in page
    for foreign in ("某质量研究院", "JX001", "结业证.pdf", "甲公司"):
        assert foreign not in page
    assert (this_year(person_a, municipal).hours, this_year(person_a, municipal).elsewhere) == (12, 0)


def test_a_recognised_course_is_not_taken_off_the_file_until_the_recognition_is_taken_back(
    client, user_a, municipal, person_a, outside
):
    recognition = recognise_course(outside, hours=12, by=municipal, at=AT)
    remove = f"/candidates/{person_a.reference}/facts/training/{outside.pk}/remove/"
    page = signed_in(client, user_a).post(remove, {"token": uuid4()}, follow=True).content.decode()
    assert "这项记录已经市局认定，不能移除" in page
    with pytest.raises(Refused, match="先由市局撤回认定"):
        remove_fact(outside, by=user_a, at=AT)
    drop_recognition(recognition, by=municipal, at=AT)
    remove_fact(outside, by=user_a, at=AT)
    assert not TrainingRecord.unscoped.exists()


def test_a_course_elsewhere_counts_only_once_recognised_and_only_under_a_reading_that_says_so(
    municipal, reads, person_a, outside
):
    assert this_year(person_a, municipal).courses[0].why_not == "质监部门以外的课程，按结业当日的口径不计入"
    recognition = recognise_course(outside, hours=12, by=municipal, at=AT)
    assert this_year(person_a, municipal).hours == 0
    reads("ce_outside_courses", "counted")
    assert this_year(person_a, municipal).hours == 12
    drop_recognition(recognition, by=municipal, at=AT)
    year = this_year(person_a, municipal)
    assert year.hours == 0
    assert year.courses[0].why_not == "尚未经市局认定"


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [({"evidence": None}, "没有证明材料，市局不能认定"), ({"hours": None}, "没有填写学时，市局不能认定")],
)
def test_a_course_that_cannot_be_recognised_says_what_it_lacks_and_offers_no_button(
    client, municipal, reads, person_a, outside, lacks, sentence
):
    reads("ce_outside_courses", "counted")
    TrainingRecord.unscoped.filter(pk=outside.pk).update(**lacks)
    page = text_of(signed_in(client, municipal), address_of(person_a))
    assert sentence in page
    assert "/recognise/" not in page


@pytest.mark.parametrize(("since", "hours"), [(OUTSIDE_DAY, 12), (date(2026, 6, 2), 0)])
def test_the_reading_of_the_day_on_which_the_course_was_completed_decides(
    municipal, reads, person_a, outside, since, hours
):
    recognise_course(outside, hours=12, by=municipal, at=AT)
    reads("ce_outside_courses", "counted", since=since)
    assert this_year(person_a, municipal).hours == hours


# --- Against which requirement ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("required", "standing"),
    [(None, YearStanding.NOT_SET), (24, YearStanding.MET), (25, YearStanding.UNDERWAY)],
)
def test_the_figure_itself_is_enough_and_without_a_reading_nothing_is_judged(
    train, user_a, company_a, person_a, further, reads, required, standing
):
    attended(train, further, person_a, company_a, scores=())
    if required:
        reads("ce_hours", required)
    year = this_year(person_a, user_a)
    assert (year.requirement.hours, year.standing) == (required, standing)
    assert bool(year.requirement.source) is bool(required)


def test_each_year_is_held_against_the_reading_in_force_at_its_end(user_a, person_a, reads):
    reads("ce_hours", 24, since=date(2024, 7, 1))
    reads("ce_hours", 40, since=date(2026, 1, 1))
    years = ledger(person_a, user_a, TODAY, first_year=2023)
    assert [(year.year, year.requirement.hours, year.standing) for year in years] == [
        (2026, 40, YearStanding.UNDERWAY),
        (2025, 24, YearStanding.SHORT),
        (2024, 24, YearStanding.SHORT),
        (2023, None, YearStanding.NOT_SET),
    ]


def test_a_year_without_a_requirement_is_shown_as_such_and_never_as_met_or_failed(
    client, train, user_a, company_a, person_a, further
):
    train.pooled(person_a, company_a)
    attended(train, further, person_a, company_a, scores=())
    for address in (address_of(person_a), LIST):
        page = text_of(signed_in(client, user_a), address)
        assert "未规定学时要求" in page
        assert '<span class="tag green">已满规定学时' not in page
        assert '<span class="tag amber">未满规定学时' not in page


def test_the_requirement_is_shown_with_the_number_of_its_reading(client, train, user_a, company_a, person_a, reads):
    train.pooled(person_a, company_a)
    reading = reads("ce_hours", 24)
    for address in (address_of(person_a), LIST):
        page = text_of(signed_in(client, user_a), address)
        assert reading.number in page
        assert "须满 24 学时" in page


def test_a_year_in_which_the_duty_began_is_recorded_and_not_judged_unless_its_hours_are_full(
    client, train, municipal, company_a, company_b, person_a, person_b, further, reads
):
    """张三 and 李四 enter the pool on 22 November 2026; 张三 went to the city's course, which has all the hours."""
    reads("ce_hours", 24)
    session = train.session()
    train.pooled(person_a, company_a, session)
    train.pooled(person_b, company_b, session)
    attended(train, further, person_a, company_a, scores=())
    with time_machine.travel(date(2028, 3, 1), tick=False):
        signed_in(client, municipal)
        for year, standings in (
            (2026, {"张三": YearStanding.MET, "李四": YearStanding.PARTIAL}),
            (2027, {"张三": YearStanding.SHORT, "李四": YearStanding.SHORT}),
            (2028, {"张三": YearStanding.UNDERWAY, "李四": YearStanding.UNDERWAY}),
        ):
            page = client.get(f"{LIST}?year={year}").context["page"]
            assert {row.name: row.year.standing for row in page} == standings, year
        ledger_page, entry_page = address_of(person_b), f"/talent-pool/entries/{person_b.pool_entries.get().reference}/"
        for address in (ledger_page, entry_page):
            assert "年中开始，只记录" in text_of(client, address)


# --- One person's ledger ---------------------------------------------------------------------------------------------


def test_a_year_without_a_duty_is_recorded_and_not_judged(client, train, user_a, company_a, person_a, further, reads):
    reads("ce_hours", 40)
    attended(train, further, person_a, company_a, scores=())
    page = text_of(signed_in(client, user_a), address_of(person_a))
    assert "当年没有继续教育义务" in page
    assert "没有继续教育义务</h2>" in page
    assert "质量管理继续教育" in page


def test_an_enterprise_adds_a_course_elsewhere_by_the_page_for_training(client, user_a, municipal, person_a):
    assert f"/candidates/{person_a.reference}/facts/training/new/" in text_of(
        signed_in(client, user_a), address_of(person_a)
    )
    assert client.get(f"/candidates/{person_a.reference}/facts/training/new/").status_code == 200


def test_the_city_recognises_a_course_and_takes_it_back_by_the_pages(client, municipal, reads, person_a, outside):
    reads("ce_outside_courses", "counted")
    recognise = f"{address_of(person_a)}courses/{outside.pk}/recognise/"
    drop = f"{address_of(person_a)}courses/{outside.pk}/drop/"
    assert recognise in text_of(signed_in(client, municipal), address_of(person_a))
    assert "结业证.pdf" in text_of(client, recognise)
    assert "认定学时为 1 至 16。" in client.post(recognise, {"token": uuid4(), "hours": 17}).content.decode()
    typed = {"token": uuid4(), "hours": 12}
    assert client.post(recognise, typed).url == address_of(person_a)
    assert client.post(recognise, typed).url == address_of(person_a)
    assert CourseRecognition.unscoped.get().hours == 12
    assert drop in text_of(client, address_of(person_a))
    typed = {"token": uuid4()}
    assert client.post(drop, typed).url == address_of(person_a)
    assert client.post(drop, typed).url == address_of(person_a)
    assert not CourseRecognition.unscoped.exists()
    assert client.get(drop).status_code == 404


def test_nobody_but_the_city_recognises_courses(
    client, user_a, county_one, administrator, municipal, trainer, person_a, outside
):
    place = f"{address_of(person_a)}courses/{outside.pk}"
    for person in (user_a, county_one, administrator, trainer):
        signed_in(client, person)
        assert client.get(f"{place}/recognise/").status_code == 404
        assert client.post(f"{place}/recognise/", {"token": uuid4(), "hours": 1}).status_code == 404
    for person in (user_a, county_one):
        assert "courses/" not in text_of(signed_in(client, person), address_of(person_a))


def test_qualifying_training_is_not_recognised_as_a_course(client, make, municipal, company_a, person_a):
    make.facts(person_a, company_a)
    record = TrainingRecord.unscoped.get()
    place = f"{address_of(person_a)}courses/{record.pk}/recognise/"
    assert signed_in(client, municipal).get(place).status_code == 404


def test_each_sees_of_a_ledger_what_happened_within_ones_own_scope(
    client, train, user_a, user_b, county_two, trainer, company_a, person_a, further, outside
):
    attended(train, further, person_a, company_a, scores=())
    page = text_of(signed_in(client, user_a), address_of(person_a))
    assert "质量管理继续教育" in page
    assert "JX001" in page
    for stranger in (user_b, county_two, trainer):
        assert signed_in(client, stranger).get(address_of(person_a)).status_code == 404


# --- Who has the duty ------------------------------------------------------------------------------------------------


def test_the_list_holds_cqos_in_force_and_the_pool_and_nobody_else(
    client, make, train, municipal, company_a, company_b, person_a, person_a_two, person_b
):
    make.in_state(State.FILED, person_a, company_a)
    train.pooled(person_b, company_b)
    page = text_of(signed_in(client, municipal), LIST)
    assert "首席质量官，甲公司" in page
    assert "人才库，乙公司" in page
    assert "孙五" not in page


def test_a_draft_makes_no_duty_and_an_ended_term_only_for_the_years_it_lasted(
    client, make, municipal, company_a, company_b, person_a, person_b
):
    make.draft(person_a, company_a)
    make.ended(person_b, company_b)
    assert "张三" not in text_of(signed_in(client, municipal), LIST)
    assert "李四" in text_of(client, LIST)
    assert "这一年没有人须参加继续教育" in text_of(client, f"{LIST}?year=2025")


def test_who_left_the_pool_has_the_duty_for_the_years_there(client, train, municipal, company_a, person_a):
    entry = train.pooled(person_a, company_a)
    with time_machine.travel(date(2028, 3, 1), tick=False):
        leave_pool(
            entry, last_day=date(2027, 12, 31), reason="本人书面申请退出", by=municipal, at=AT.replace(year=2028)
        )
        for year, there in ((2026, True), (2027, True), (2028, False)):
            signed_in(client, municipal)
            assert ("张三" in text_of(client, f"{LIST}?year={year}")) is there


def test_the_list_is_narrowed_by_words_county_and_standing(
    client, train, municipal, reads, company_a, company_b, person_a, person_b, further
):
    session = train.session()
    train.pooled(person_a, company_a, session)
    train.pooled(person_b, company_b, session)
    attended(train, further, person_a, company_a, scores=())
    reads("ce_hours", 24)
    signed_in(client, municipal)
    for query, names in (
        ("q=李四", {"李四"}),
        ("q=甲公司", {"张三"}),
        ("county=441881", {"李四"}),
        ("standing=met", {"张三"}),
        ("standing=partial", {"李四"}),
        ("standing=underway", set()),
        ("standing=short", set()),
        ("year=2026", {"张三", "李四"}),
        ("year=abc", {"张三", "李四"}),
    ):
        assert {row.name for row in client.get(f"{LIST}?{query}").context["page"]} == names, query


def test_each_sees_those_of_ones_own_scope(client, train, user_a, user_b, county_two, trainer, company_a, person_a):
    train.pooled(person_a, company_a)
    assert "张三" in text_of(signed_in(client, user_a), LIST)
    for person in (user_b, county_two):
        assert "张三" not in text_of(signed_in(client, person), LIST)
    assert signed_in(client, trainer).get(LIST).status_code == 404


def test_a_longer_list_and_a_longer_ledger_cost_no_more_queries(
    client, make, train, municipal, company_a, company_b, person_a, person_a_two, person_b, further, reads
):
    reads("ce_hours", 24, since=date(2020, 1, 1))
    reads("ce_outside_courses", "counted", since=date(2020, 1, 1))
    session = train.session()

    def add(person, company):
        train.pooled(person, company, session)
        attended(train, further, person, company, scores=())
        for day in (date(2026, 6, 1), date(2025, 6, 1), date(2024, 6, 1)):
            make.fact(
                TrainingRecord, person, company, kind=TrainingKind.CONTINUING, body_name="某质量研究院",
                certificate_number=f"JX{day:%Y}", completed_on=day, hours=8, evidence=make.stored(company),
            )  # fmt: skip

    add(person_a, company_a)
    signed_in(client, municipal)
    addresses = (LIST, f"{LIST}?standing=met")
    before = [_queries(client, address) for address in addresses]
    add(person_a_two, company_a)
    add(person_b, company_b)
    assert [_queries(client, address) for address in addresses] == before
    one_year = _queries(client, address_of(person_a))
    TrainingRecord.unscoped.filter(candidate=person_a, completed_on__year=2024).delete()
    assert _queries(client, address_of(person_a)) == one_year


def _queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        text_of(client, address)
    return len(asked)


def test_many_ledgers_say_the_same_as_each_alone(
    train, municipal, reads, company_a, company_b, person_a, person_b, further, outside
):
    reads("ce_hours", 24)
    attended(train, further, person_a, company_a, scores=())
    attended(train, further, person_b, company_b, present=1, scores=())
    many = ledgers([person_a.pk, person_b.pk], municipal, TODAY, 2026)
    assert many == {person.pk: this_year(person, municipal) for person in (person_a, person_b)}
    assert PoolEntry.unscoped.count() == 0
