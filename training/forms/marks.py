"""One person's attendance and scores as typed, in the grid or in a spreadsheet, held against what stands on file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from registry.rules import day_words
from registry.sheets import Column
from training.actions.results import Result
from training.models import Enrolment, Session
from training.rules import SITTINGS, Sitting, passes, sitting_fault

SITTING_WORDS = ("考核", "补考", "第二次补考")
SCORE_WORDS = ("成绩", "补考成绩", "第二次补考成绩")
DAY_WORDS = ("考核日期", "补考日期", "第二次补考日期")


def score_column(sitting: int) -> Column:
    """The column of a sitting's score; sittings count from 1."""
    return Column(f"score{sitting}", SCORE_WORDS[sitting - 1], "number", maximum=100, decimals=1)


def sat_on_column(sitting: int) -> Column:
    """The column of the day of a sitting."""
    return Column(f"sat_on{sitting}", DAY_WORDS[sitting - 1], "day")


def attendance_key(day: date) -> str:
    """The key of a day's attendance."""
    return f"present{day:%Y%m%d}"


def score_words(score: Decimal | None) -> str:
    """85 for 85.0, 85.5 for itself; empty for None."""
    return "" if score is None else f"{score.normalize():f}"


def standing(enrolment: Enrolment) -> tuple[dict[int, bool], dict[int, tuple[date, Decimal]]]:
    """What stands on file: presence by day's key, and sittings as (day, score)."""
    present = {row.day_id: row.present for row in enrolment.attendances.all()}
    return present, {row.sitting: (row.sat_on, row.score) for row in enrolment.assessments.all()}


@dataclass(frozen=True)
class Typed:
    """What was typed for one person; None is a cell that says nothing, and changes nothing."""

    attendance: Mapping[date, bool | None] = field(default_factory=dict)
    scores: Mapping[int, Decimal | None] = field(default_factory=dict)
    sat_on: Mapping[int, date | None] = field(default_factory=dict)


@dataclass
class Changes:
    """What would change for one person: the result to enter, in words, and what is wrong as (key of cell, reason)."""

    enrolment: Enrolment
    attendance: dict[date, bool] = field(default_factory=dict)
    scores: dict[int, tuple[date, Decimal]] = field(default_factory=dict)
    words: list[tuple[str, str, str]] = field(default_factory=list)  # what, before, after
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def result(self) -> Result:
        """What the act is given."""
        return Result(self.attendance, self.scores)


def changes_of(enrolment: Enrolment, typed: Typed, session: Session, days: Mapping[date, int], today: date) -> Changes:
    """What differs from what stands on file. ``days`` are the session's, with their keys in the database."""
    found = Changes(enrolment)
    present, sittings = standing(enrolment)
    for day, there in typed.attendance.items():
        before = present.get(days[day])
        if there is None or there is before:
            continue
        if day > today:
            found.faults.append((attendance_key(day), "这一天还没有到，不能登记考勤。"))
        found.attendance[day] = there
        found.words.append((day_words(day), _there(before), _there(there)))
    for sitting in range(1, SITTINGS + 1):
        _sitting(found, sitting, typed, sittings, session, min(days), today)
    if enrolment.certificate and (found.attendance or found.scores):
        key = next((attendance_key(day) for day in found.attendance), None) or f"score{min(found.scores)}"
        found.faults.append((key, "此人已发证书，考勤和成绩不能再改。"))
    return found


def _sitting(found: Changes, sitting: int, typed: Typed, sittings: dict, session, first_day: date, today: date) -> None:
    """One sitting: unchanged, changed, or wrong. ``sittings`` takes up the change, for the one after."""
    sat_before, score_before = sittings.get(sitting, (None, None))
    score, sat_on = typed.scores.get(sitting), typed.sat_on.get(sitting)
    score = score_before if score is None else score
    sat_on = sat_before if sat_on is None else sat_on
    if (sat_on, score) == (sat_before, score_before):
        return
    if score is None:
        found.faults.append((f"score{sitting}", "没有填写；只填了日期。"))
        return
    if sat_on is None:
        found.faults.append((f"sat_on{sitting}", "没有填写；有成绩的，须填日期。"))
        return
    before, after = (
        Sitting(day, passes(points, session.pass_mark)) if points is not None else None
        for day, points in (sittings.get(sitting - 1, (None, None)), sittings.get(sitting + 1, (None, None)))
    )
    fault = sitting_fault(
        sitting=sitting, sat_on=sat_on, score=score, pass_mark=session.pass_mark, first_day=first_day, today=today,
        before=before, after=after,
    )  # fmt: skip
    if fault:
        found.faults.append((f"{fault[0]}{sitting}", fault[1]))
    found.scores[sitting] = sittings[sitting] = (sat_on, score)
    found.words.append((SITTING_WORDS[sitting - 1], _sat(sat_before, score_before), _sat(sat_on, score)))


def _there(present: bool | None) -> str:
    return "未登记" if present is None else "到场" if present else "缺席"


def _sat(sat_on: date | None, score: Decimal | None) -> str:
    return "未登记" if score is None else f"{score_words(score)} 分（{day_words(sat_on)}）"
