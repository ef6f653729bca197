"""Articles 6(五), 7 and 8 on plain values: what a training is worth, who passes, who has a seat, what a year asks."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.states import Outcome
from training.rules import (
    Requirement,
    Training,
    certificate_fault,
    enrolment_fault,
    enters_pool,
    free_seat,
    mark_fault,
    number_key,
    outside_counts,
    passes,
    qualifying_training,
    same_certificate,
    session_fault,
    year_standing,
)
from training.states import Standing, YearStanding

AS_OF = date(2026, 12, 1)
ONE_DAY = timedelta(days=1)


def training(standing: str, since: date = AS_OF) -> Training:
    return Training(since, f"{standing}的培训", standing)


def outcome(*trainings: Training) -> Outcome:
    return qualifying_training(trainings, AS_OF)[0]


# --- Art. 8: a certificate's number ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "清质协培〔2026〕1号",
        "清质协培[2026]1号",
        " 清质协培（2026）1 号",
        "清质协培【２０２６】１号",
        "清质协培﹝2026﹞1号",
    ],
)
def test_a_number_is_the_same_however_its_brackets_and_digits_were_typed(typed):
    assert number_key(typed) == number_key("清质协培〔2026〕1号")
    assert number_key(typed) != number_key("清质协培〔2026〕11号")


@pytest.mark.parametrize("mark", ["清质协培", "清城", "QZX", "清质协培清质协培清质"])
def test_a_mark_of_characters_and_capitals_will_do(mark):
    assert mark_fault(mark) is None


@pytest.mark.parametrize("mark", ["", "清", "清质 协", "清质2", "qzx", "ＱＺＸ", "清质-协", "清质协培清质协培清质协"])
def test_a_mark_that_could_be_taken_for_another_is_refused(mark):
    assert "2 至 10 个汉字或大写字母" in mark_fault(mark)


# --- Art. 6(五): what a training on file is worth --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "found"),
    [
        (Standing.CERTIFIED, Outcome.MET),
        (Standing.RECOGNISED, Outcome.MET),
        (Standing.UNPROVEN, Outcome.UNVERIFIED),
        (Standing.REVOKED, Outcome.UNMET),
    ],
)
def test_each_standing_has_its_worth_and_its_words(standing, found):
    result, evidence, step = qualifying_training([training(standing)], AS_OF)
    assert result == found
    assert evidence == (f"{standing}的培训（{standing.label}）",)
    assert bool(step) == (found != Outcome.MET)


def test_nobody_trained_is_told_so_and_may_still_be_appointed():
    result, evidence, step = qualifying_training([], AS_OF)
    assert (result, evidence) == (Outcome.UNMET, ("没有培训证书",))
    assert "仍可任命" in step


def test_a_certificate_counts_from_its_day_and_not_a_day_before():
    assert outcome(training(Standing.CERTIFIED, AS_OF)) == Outcome.MET
    late = qualifying_training([training(Standing.CERTIFIED, AS_OF + ONE_DAY)], AS_OF)
    assert late[:2] == (Outcome.UNMET, ("没有培训证书",))  # nor is it spoken of


def test_a_revoked_certificate_beside_a_scan_is_as_good_as_the_scan():
    assert outcome(training(Standing.REVOKED), training(Standing.RECOGNISED)) == Outcome.MET
    assert outcome(training(Standing.REVOKED), training(Standing.UNPROVEN)) == Outcome.UNVERIFIED
    assert outcome(training(Standing.REVOKED), training(Standing.REVOKED)) == Outcome.UNMET


def test_the_best_of_several_counts_in_whatever_order_they_stand():
    for order in permutations(Standing):
        result, evidence, _ = qualifying_training([training(standing) for standing in order], AS_OF)
        assert result == Outcome.MET and len(evidence) == 4


# --- Art. 8: 考核合格, and being there -------------------------------------------------------------------------------


@pytest.mark.parametrize(("score", "passed"), [("59.9", False), ("60", True), ("60.0", True), ("100", True)])
def test_exactly_the_pass_mark_passes(score, passed):
    assert passes(Decimal(score), 60) is passed


def fault(**changes) -> str | None:
    facts = {"days_present": 3, "days_needed": 2, "last_score": Decimal("85"), "pass_mark": 60} | changes
    return certificate_fault(**facts)


def test_exactly_the_days_needed_and_exactly_the_mark_give_a_certificate():
    assert fault(days_present=2, last_score=Decimal("60")) is None


def test_attending_is_not_passing_and_passing_is_not_attending():
    assert fault(days_present=1) == "出勤 1 天，少于规定的 2 天，不能发给证书。"
    assert fault(last_score=None) == "没有考核成绩，不能发给证书（第八条第一款）。"
    assert fault(last_score=Decimal("59.9")) == "考核 59.9 分，未达到合格线 60 分，不能发给证书（第八条第一款）。"
    assert "出勤" in fault(days_present=1, last_score=None)


@pytest.mark.parametrize(("score", "words"), [("50", "50 分"), ("50.0", "50 分"), ("50.5", "50.5 分"), ("0", "0 分")])
def test_a_score_is_said_without_idle_noughts(score, words):
    assert f"考核 {words}" in fault(last_score=Decimal(score))


# --- Art. 7: enrolling -----------------------------------------------------------------------------------------------


def test_the_first_and_the_last_day_of_the_window_count():
    first, last = date(2026, 10, 1), date(2026, 10, 31)

    def on(day):
        return enrolment_fault(today=day, first_day=first, last_day=last)

    assert on(first) is None and on(last) is None
    assert on(first - ONE_DAY) == "报名尚未开始，自2026年10月1日起可以报名。"
    assert on(last + ONE_DAY) == "报名已于2026年10月31日截止。"
    assert enrolment_fault(today=first, first_day=first, last_day=first) is None


def test_the_lowest_free_seat_is_given_and_none_when_full():
    assert free_seat([], 1) == 1
    assert free_seat([1, 2, 4], 4) == 3
    assert free_seat([1, 2, 3], 3) is None
    assert free_seat([5], 3) == 1  # a seat beyond the figure keeps nobody out


@given(st.sets(st.integers(1, 30)), st.integers(1, 30))
def test_a_seat_given_is_free_and_within_the_session(taken, seats):
    seat = free_seat(taken, seats)
    if seat is None:
        assert set(range(1, seats + 1)) <= taken
    else:
        assert seat not in taken and 1 <= seat <= seats


# --- Art. 8: the talent pool and continuing education ----------------------------------------------------------------


def test_the_pool_asks_for_both_facts_and_for_nothing_else():
    assert enters_pool(has_certificate=True, has_project=True)
    assert not enters_pool(has_certificate=True, has_project=False)
    assert not enters_pool(has_certificate=False, has_project=True)
    assert not enters_pool(has_certificate=False, has_project=False)


def test_the_two_certificates_are_one_only_where_it_is_read_so():
    assert same_certificate("same")
    assert not same_certificate("different")


def test_a_course_elsewhere_counts_where_it_is_read_so_and_was_recognised():
    assert outside_counts("counted", was_recognised=True)
    assert not outside_counts("counted", was_recognised=False)
    assert not outside_counts("not_counted", was_recognised=True)


@pytest.mark.parametrize(
    ("hours", "required", "year", "standing"),
    [
        (0, None, 2026, YearStanding.NOT_SET),
        (90, None, 2020, YearStanding.NOT_SET),
        (24, 24, 2026, YearStanding.MET),
        (24, 24, 2020, YearStanding.MET),
        (23, 24, 2025, YearStanding.SHORT),
        (23, 24, 2026, YearStanding.UNDERWAY),
        (0, 24, 2027, YearStanding.UNDERWAY),
    ],
)
def test_a_year_is_judged_only_against_a_requirement_and_short_only_once_it_is_over(hours, required, year, standing):
    asked = Requirement(hours=required)
    given = {"requirement": asked, "courses": 0, "year": year, "today": date(2026, 12, 31)}
    assert year_standing(hours=hours, **given) == standing


@pytest.mark.parametrize(
    ("hours", "courses", "lacking"),
    [(24, 2, ""), (23, 2, "差 1 学时"), (30, 1, "差 1 门课程"), (0, 0, "差 24 学时、2 门课程")],
)
def test_where_hours_and_courses_are_asked_for_each_is_needed(hours, courses, lacking):
    asked = Requirement(hours=24, courses=2, source="口径一")
    assert asked.words == "24 学时、2 门课程"
    assert asked.lacking(hours=hours, courses=courses) == lacking
    standing = year_standing(requirement=asked, hours=hours, courses=courses, year=2025, today=date(2026, 12, 31))
    assert standing == (YearStanding.SHORT if lacking else YearStanding.MET)


@pytest.mark.parametrize(
    ("qualifying", "hours", "pass_mark", "field"),
    [(True, 40, 70, None), (True, 39, 70, "courses"), (True, 40, 69, "pass_mark"), (False, 1, 60, None)],
)
def test_a_training_for_the_certificate_keeps_to_the_hours_and_the_mark_laid_down(qualifying, hours, pass_mark, field):
    fault = session_fault(qualifying=qualifying, hours=hours, pass_mark=pass_mark, needed_hours=40, mark=70)
    assert (fault and fault[0]) == field
    assert session_fault(qualifying=True, hours=1, pass_mark=1, needed_hours=None, mark=None) is None
