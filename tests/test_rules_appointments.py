"""Articles 6 and 11 on plain values: who qualifies from which day, and how long an appointment runs."""

from datetime import date, timedelta
from itertools import product

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from appointments.rules import (
    Facts,
    Held,
    Period,
    Thresholds,
    Work,
    default_opinion,
    eligibility,
    experience,
    experience_met_on,
    is_renewable,
    merged,
    missing,
    needs_opinion,
    qualified,
    term_of,
)
from registry.rules import anniversary
from registry.states import EducationLevel, Outcome, QualificationLevel
from tests.cast import COMPLETE
from training.rules import Training
from training.states import Standing

EARLIEST = date(2016, 3, 31)  # the first day of the first measure
AS_OF = date(2026, 12, 1)
ONE_DAY = timedelta(days=1)
FIVE_YEARS = Period(date(2021, 12, 1), AS_OF)
SHORT = Period(date(2021, 12, 2), AS_OF)


def held(level, since=date(2020, 1, 1), evidence=True):
    return Held(level, since, "某证书", evidence)


def work(*periods, evidence=True):
    return tuple(Work(period, "质量检验", evidence) for period in periods)


def judged(qualification=None, education=None, periods=(), evidence=True):
    facts = Facts(
        as_of=AS_OF,
        qualifications=(held(qualification, evidence=evidence),) if qualification else (),
        educations=(held(education, evidence=evidence),) if education else (),
        work=work(*periods, evidence=evidence),
    )
    return qualified(facts, Thresholds())


# --- Art. 6(三): A or (B and C) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b", "c"), list(product([False, True], repeat=3)))
def test_the_third_criterion_is_a_or_both_b_and_c(a, b, c):
    criterion = judged(
        QualificationLevel.INTERMEDIATE if a else QualificationLevel.JUNIOR,
        EducationLevel.BACHELOR if b else EducationLevel.ASSOCIATE,
        [FIVE_YEARS if c else SHORT],
    )
    assert criterion.outcome == (Outcome.MET if a or (b and c) else Outcome.UNMET)


@pytest.mark.parametrize(("a", "b", "c"), list(product([False, True], repeat=3)))
def test_what_is_absent_counts_as_what_is_too_low(a, b, c):
    criterion = judged(
        QualificationLevel.SENIOR if a else None, EducationLevel.DOCTOR if b else None, [FIVE_YEARS] if c else []
    )
    assert criterion.outcome == (Outcome.MET if a or (b and c) else Outcome.UNMET)


@pytest.mark.parametrize("level", QualificationLevel.values)
def test_a_qualification_of_exactly_the_middle_level_is_enough(level):
    assert judged(level).outcome == (Outcome.UNMET if level == QualificationLevel.JUNIOR else Outcome.MET)


@pytest.mark.parametrize("level", EducationLevel.values)
def test_an_education_of_exactly_bachelor_is_enough(level):
    low = level in (EducationLevel.SECONDARY, EducationLevel.ASSOCIATE)
    assert judged(education=level, periods=[FIVE_YEARS]).outcome == (Outcome.UNMET if low else Outcome.MET)


def test_exactly_five_years_are_enough_and_a_day_less_is_met_a_day_later():
    exact = judged(education=EducationLevel.BACHELOR, periods=[FIVE_YEARS])
    assert (exact.outcome, exact.met_on) == (Outcome.MET, AS_OF)
    going_on = judged(education=EducationLevel.BACHELOR, periods=[Period(SHORT.first, None)])
    assert (going_on.outcome, going_on.met_on) == (Outcome.UNMET, AS_OF + ONE_DAY)
    assert "2026年12月2日起符合" in going_on.next_step
    ended = judged(education=EducationLevel.BACHELOR, periods=[SHORT])
    assert (ended.outcome, ended.met_on) == (Outcome.UNMET, None)


def test_the_first_day_met_is_the_earlier_of_the_two_roads():
    facts = Facts(
        as_of=AS_OF,
        qualifications=(held(QualificationLevel.SENIOR, date(2019, 3, 4)),),
        educations=(held(EducationLevel.MASTER, date(2018, 7, 1)),),
        work=work(Period(date(2010, 1, 1), None)),
    )
    assert qualified(facts, Thresholds()).met_on == date(2018, 7, 1)


def test_an_education_to_come_is_met_on_its_day():
    facts = Facts(
        as_of=AS_OF,
        educations=(held(EducationLevel.BACHELOR, date(2027, 7, 1)),),
        work=work(Period(date(2010, 1, 1), None)),
    )
    criterion = qualified(facts, Thresholds())
    assert (criterion.outcome, criterion.met_on) == (Outcome.UNMET, date(2027, 7, 1))


def test_a_criterion_met_on_paper_without_evidence_is_to_be_verified():
    assert judged(QualificationLevel.SENIOR, evidence=False).outcome == Outcome.UNVERIFIED
    assert judged(education=EducationLevel.BACHELOR, periods=[FIVE_YEARS], evidence=False).outcome == Outcome.UNVERIFIED


def test_an_edition_with_other_figures_is_judged_by_them():
    facts = Facts(
        as_of=AS_OF, educations=(held(EducationLevel.ASSOCIATE),), work=work(Period(date(2023, 12, 1), AS_OF))
    )
    assert qualified(facts, Thresholds(education=EducationLevel.ASSOCIATE, years=3)).outcome == Outcome.MET
    assert qualified(facts, Thresholds()).outcome == Outcome.UNMET


# --- Quality work: merged, gaps left out -----------------------------------------------------------------------------


def test_overlapping_jobs_count_once_and_gaps_do_not_count():
    periods = [
        Period(date(2010, 1, 1), date(2012, 1, 1)),
        Period(date(2011, 1, 1), date(2013, 1, 1)),
        Period(date(2014, 1, 1), date(2015, 1, 1)),
    ]
    assert merged(periods, AS_OF) == [(date(2010, 1, 1), date(2013, 1, 1)), (date(2014, 1, 1), date(2015, 1, 1))]
    assert experience(periods, AS_OF) == (48, 0)


def test_jobs_that_touch_are_one_span():
    periods = [Period(date(2012, 3, 1), None), Period(date(2010, 1, 1), date(2012, 3, 1))]
    assert merged(periods, AS_OF) == [(date(2010, 1, 1), AS_OF)]


def test_nothing_counts_from_the_day_asked_about():
    assert merged([Period(AS_OF, None)], AS_OF) == []
    assert experience([], AS_OF) == (0, 0)
    assert experience([Period(AS_OF - ONE_DAY, None)], AS_OF) == (0, 1)


def test_days_of_different_spans_make_months():
    periods = [Period(date(2020, 1, 1), date(2020, 1, 21)), Period(date(2021, 1, 1), date(2021, 1, 16))]
    assert experience(periods, AS_OF) == (1, 5)


def test_five_years_with_a_gap_are_reached_later_by_the_gap():
    periods = [Period(date(2016, 1, 1), date(2018, 1, 1)), Period(date(2018, 7, 1), None)]
    assert experience_met_on(periods, 5, date(2080, 1, 1)) == date(2021, 7, 1)


days = st.dates(date(2000, 1, 1), date(2026, 12, 31))
periods = st.lists(
    st.tuples(days, st.one_of(st.none(), st.integers(1, 4000))).map(
        lambda pair: Period(pair[0], pair[1] and pair[0] + timedelta(days=pair[1]))
    ),
    max_size=4,
)
HORIZON = date(2040, 1, 1)


@given(periods, st.integers(1, 6))
def test_the_day_met_is_the_first_on_which_the_years_are_full(worked, years):
    met_on = experience_met_on(worked, years, HORIZON)
    if met_on is None:
        assert experience(worked, HORIZON)[0] < 12 * years
    else:
        assert experience(worked, met_on)[0] >= 12 * years
        assert experience(worked, met_on - ONE_DAY)[0] < 12 * years


@given(periods, days, st.integers(1, 500))
def test_the_total_never_shrinks_as_days_pass(worked, day, later):
    assert experience(worked, day + timedelta(days=later)) >= experience(worked, day)


@given(periods, st.tuples(days, st.integers(1, 3000)))
def test_another_job_never_makes_the_day_met_later(worked, more):
    added = [*worked, Period(more[0], more[0] + timedelta(days=more[1]))]
    before, after = experience_met_on(worked, 5, HORIZON), experience_met_on(added, 5, HORIZON)
    assert before is None or (after is not None and after <= before)


# --- The checklist ---------------------------------------------------------------------------------------------------


def test_the_checklist_follows_the_text_and_declarations_are_never_computed():
    rows = eligibility(Facts(as_of=AS_OF, declared={"6.(1)": "李法人承诺"}), Thresholds())
    assert [(row.clause, row.outcome) for row in rows] == [
        ("6.(1)", Outcome.DECLARED),
        ("6.(2)", Outcome.UNMET),
        ("6.(3)", Outcome.UNMET),
        ("6.(4)", Outcome.UNMET),
        ("6.(5)", Outcome.UNMET),
        ("6.(5)", Outcome.STANDING),
    ]
    assert len({row.key for row in rows}) == 6
    assert [row.clause for row in needs_opinion(rows)] == ["6.(2)", "6.(3)", "6.(4)", "6.(5)"]
    assert default_opinion(rows[4]) == "任职培训：不符合。"


def test_yearly_education_is_a_standing_duty_for_a_first_and_a_later_appointee():
    first = eligibility(Facts(as_of=AS_OF), Thresholds())[-1]
    again = eligibility(Facts(as_of=AS_OF, served_before=True), Thresholds())[-1]
    assert first.outcome == again.outcome == Outcome.STANDING
    assert "首次任职" in first.evidence[0] and "继续任职" in again.evidence[0]


@pytest.mark.parametrize(
    ("since", "standing", "outcome"),
    [
        (AS_OF, Standing.CERTIFIED, Outcome.MET),
        (AS_OF, Standing.RECOGNISED, Outcome.MET),
        (AS_OF, Standing.UNPROVEN, Outcome.UNVERIFIED),
        (AS_OF, Standing.REVOKED, Outcome.UNMET),
        (AS_OF + ONE_DAY, Standing.CERTIFIED, Outcome.UNMET),
    ],
)
def test_training_counts_from_its_day_and_with_its_certificate(since, standing, outcome):
    rows = eligibility(Facts(as_of=AS_OF, trainings=(Training(since, "某机构", standing),)), Thresholds())
    assert (rows[4].clause, rows[4].outcome) == ("6.(5)", outcome)


# --- Art. 11: the term -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [
        (date(2016, 5, 1), date(2018, 4, 30)),
        (date(2024, 2, 29), date(2026, 2, 28)),
        (date(2022, 3, 1), date(2024, 2, 29)),
        (date(2023, 1, 1), date(2024, 12, 31)),
        (date(2022, 2, 28), date(2024, 2, 27)),
    ],
)
def test_a_term_of_two_years_ends_the_day_before_the_second_anniversary(first_day, last_day):
    assert term_of(first_day, 2) == (first_day, last_day)


def every_day(first, last):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_every_start_day_of_nine_years_gives_a_whole_term():
    for first_day in every_day(date(2024, 1, 1), date(2032, 12, 31)):
        after = term_of(first_day, 2)[1] + ONE_DAY
        if (first_day.month, first_day.day) == (2, 29):
            assert after == date(first_day.year + 2, 3, 1)
        else:
            assert after == date(first_day.year + 2, first_day.month, first_day.day)


@pytest.mark.django_db
def test_the_database_reckons_every_term_as_the_rule_does():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day::date, cqo_anniversary(day::date, 2) - 1"
            " FROM generate_series('2024-01-01'::date, '2032-12-31'::date, '1 day') AS day"
        )
        reckoned = cursor.fetchall()
    assert reckoned == [term_of(day, 2) for day in every_day(date(2024, 1, 1), date(2032, 12, 31))]


@pytest.mark.django_db
@pytest.mark.parametrize("years", [1, 3, 4, 10])
def test_the_database_reckons_other_lengths_as_the_rule_does(years):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day::date, cqo_anniversary(day::date, %s) - 1"
            " FROM generate_series('2024-01-01'::date, '2028-12-31'::date, '1 day') AS day",
            [years],
        )
        assert cursor.fetchall() == [term_of(day, years) for day in every_day(date(2024, 1, 1), date(2028, 12, 31))]


def test_renewal_is_offered_from_the_window_on_and_after_expiry():
    last_day = date(2026, 11, 30)
    assert not is_renewable(last_day, date(2026, 8, 31), 90)
    assert is_renewable(last_day, date(2026, 9, 1), 90)
    assert is_renewable(last_day, date(2030, 1, 1), 90)


# --- Art. 11: what an appointment cannot do without ------------------------------------------------------------------

TODAY = date(2026, 11, 22)


def test_a_complete_appointment_misses_nothing():
    assert missing(COMPLETE, today=TODAY, earliest=EARLIEST) == {}


@pytest.mark.parametrize(
    "name",
    ["position", "quality_department", "inspection_department", "safety_department", "appointer", "first_day"],
)
def test_each_missing_field_is_named_with_a_sentence(name):
    faults = missing(COMPLETE | {name: None}, today=TODAY, earliest=EARLIEST)
    assert list(faults) == [name]
    assert faults[name].endswith("。")


def test_a_post_outside_the_decision_level_needs_its_reason():
    assert list(missing(COMPLETE | {"in_decision_level": None}, today=TODAY, earliest=EARLIEST)) == [
        "in_decision_level"
    ]
    assert list(missing(COMPLETE | {"in_decision_level": False}, today=TODAY, earliest=EARLIEST)) == [
        "exception_reason"
    ]
    assert (
        missing(COMPLETE | {"in_decision_level": False, "exception_reason": "集团任命"}, today=TODAY, earliest=EARLIEST)
        == {}
    )


@pytest.mark.parametrize(
    ("first_day", "taken"),
    [
        (date(2016, 3, 30), False),
        (date(2016, 3, 31), True),
        (date(2027, 11, 22), True),
        (date(2027, 11, 23), False),
    ],
)
def test_the_first_day_lies_between_the_measure_and_a_year_ahead(first_day, taken):
    assert ("first_day" not in missing(COMPLETE | {"first_day": first_day}, today=TODAY, earliest=EARLIEST)) == taken


def test_departments_not_yet_reporting_are_no_fault_of_the_form():
    """Design 1.5: what is unmet warns, no form refuses."""
    bare = COMPLETE | {"departments_report": False, "declares_ethics": False}
    assert missing(bare, today=TODAY, earliest=EARLIEST) == {}


@given(st.dates(date(2000, 1, 1), date(2020, 12, 31)), st.integers(1, 6))
def test_one_unbroken_job_is_full_on_its_anniversary_and_not_a_day_before(first, years):
    assert experience_met_on([Period(first, None)], years, date(2040, 1, 1)) == anniversary(first, years)


def test_the_anniversary_of_a_job_begun_on_29_february_is_1_march():
    assert experience_met_on([Period(date(2016, 2, 29), None)], 5, date(2040, 1, 1)) == date(2021, 3, 1)


def test_a_later_certificate_with_its_scan_proves_what_an_earlier_one_without_does_not():
    without, scanned = (Held("intermediate", date(year, 1, 1), str(year), year == 2012) for year in (2010, 2012))
    found = qualified(Facts(date(2026, 1, 1), qualifications=(without, scanned)), Thresholds())
    assert (found.outcome, found.met_on) == (Outcome.MET, date(2010, 1, 1))
