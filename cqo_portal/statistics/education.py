"""继续教育: who has the standing duty, and how far the year's hours were done (Art. 6(五), 8 ¶2)."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from appointments.models import Appointment
from cqo_portal.statistics import declared
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, share
from cqo_portal.statistics.series import over
from cqo_portal.statistics.stood import attendances, done_by, is_in_office, not_by, pooled
from registry.models import Candidate
from registry.models.measure import Law
from training.models import Enrolment, TrainingRecord
from training.rules import Requirement
from training.standing import elsewhere_counts, met, requirement, sums
from training.states import BodyKind, EnrolmentState, TrainingKind

YEARS = 3  # told beside each other


def _last(asked: Asked, year: int) -> date:
    """The day as of which a year is told: its last, or the day asked about within it."""
    return min(asked.day, date(year, 12, 31))


def _duties(asked: Asked, year: int) -> tuple[QuerySet, QuerySet]:
    """The keys of the people with the duty on the year's last day: CQOs in office, and those in the talent pool."""
    day = _last(asked, year)
    serving = Appointment.unscoped.visible_to(asked.user).filter(is_in_office(day))
    in_pool = pooled(day).visible_to(asked.user)
    return tuple(rows.order_by().values(person=F("candidate")) for rows in (serving, in_pool))


def bound(asked: Asked, year: int) -> QuerySet:
    """The people with the duty."""
    serving, in_pool = _duties(asked, year)
    return Candidate.unscoped.filter(pk__in=serving.union(in_pool))


def _courses(asked: Asked, year: int, law: Law) -> list[tuple[QuerySet, str]]:
    """What counts for a year as on record that day, each with where its hours stand.

    Sessions attended as long as was asked, and courses elsewhere that were recognised.
    """
    first, last, day = date(year, 1, 1), _last(asked, year), asked.day
    organised, outside = Q(session__body__kind=BodyKind.BUREAU), elsewhere_counts(law, first, last, "completed")
    there = attendances(day).filter(enrolment=OuterRef("pk")).order_by().values("enrolment")
    present = Subquery(there.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    attended = Enrolment.unscoped.annotate(completed=F("session__last_day"), present=Coalesce(present, 0)).filter(
        organised if outside is None else organised | outside,
        done_by(day, "enrolled_at"), not_by(day, "session__cancelled_at"), done_by(day, "session__published_at"),
        state=EnrolmentState.ENROLLED, session__kind=TrainingKind.CONTINUING, completed__range=(first, last),
        present__gte=F("session__days_needed"),
    )  # fmt: skip
    if outside is None:
        return [(attended, "session__hours")]
    elsewhere = TrainingRecord.unscoped.annotate(completed=F("completed_on")).filter(
        outside, done_by(day, "recognition__recognised_at"), kind=TrainingKind.CONTINUING,
        completed__range=(first, last),
    )  # fmt: skip
    return [(attended, "session__hours"), (elsewhere, "recognition__hours")]


def counted(asked: Asked, year: int, law: Law) -> QuerySet:
    """The people with the duty, with ``hours`` and ``courses`` of the year."""
    return bound(asked, year).annotate(**sums(_courses(asked, year, law), "pk"))


def _rows(asked: Asked) -> QuerySet:
    return bound(asked, asked.day.year)


def _of(year: str) -> int:
    """A year as the address names it. Raises ValidationError for none."""
    if not re.fullmatch("20[0-9]{2}", year):
        raise ValidationError("年度不正确。")
    return int(year)


def _bound(asked: Asked, rows: QuerySet, year: str) -> QuerySet:
    return bound(asked, _of(year))


def _started(asked: Asked, rows: QuerySet, year: str) -> QuerySet:
    return counted(asked, _of(year), asked.law).filter(courses__gte=1)


def _done(asked: Asked, rows: QuerySet, year: str) -> QuerySet:
    wanted = requirement(_of(year), asked.day, asked.law)
    return counted(asked, _of(year), asked.law).filter(met(wanted)) if wanted.is_set else rows.none()


BOUND = Figure(
    "ce-bound", "负有义务", "6.(5)", "人", "年末（本年为统计日）在任的首席质量官，和在库的人才库人员。一人只计一次",
    _rows, {"year": _bound},
)  # fmt: skip
STARTED = Figure("ce-started", "参加过", "6.(5)", "人", "其中当年至少完成一门计入的课程的", _rows, {"year": _started})
MET = Figure(
    "ce-met", "已满规定", "6.(5)", "人",
    "其中当年完成的学时和课程达到规定的。没有规定学时和课程数的年度不作判断，不列数", _rows, {"year": _done},
)  # fmt: skip
MET_RATE = Figure("ce-met-rate", "完成率", "6.(5)", "%", "已满规定的人数除以负有义务的人数")
HOURS = Figure("ce-hours", "学时合计", "8.2", "学时", "负有义务的人员当年完成的、计入继续教育的学时之和")
FIGURES = (BOUND, STARTED, MET, MET_RATE, HOURS)


COUNTED = """
    WITH people AS MATERIALIZED {people}, courses AS MATERIALIZED {courses}, taken AS (
        SELECT person, sum(taken) AS hours, count(*) AS courses FROM courses JOIN people USING (person) GROUP BY person)
    SELECT (SELECT count(*) FROM people), count(*), count(*) FILTER (WHERE hours >= {hours} AND courses >= {least}),
           coalesce(sum(hours), 0) FROM taken"""


def _of_years(asked: Asked, year: int, wanted: Requirement) -> tuple[declared.Value, ...]:
    """The figures of one year: people are counted where they are told of, hours where courses are."""
    serving, in_pool = _duties(asked, year)
    courses = [
        rows.order_by().values(person=F("candidate"), taken=F(path)) for rows, path in _courses(asked, year, asked.law)
    ]
    people, together = serving.union(in_pool), courses[0].union(*courses[1:], all=True)
    asks = {"hours": wanted.hours or 0, "least": wanted.courses or 0}
    ((number, started, met, total),) = over(COUNTED, people=people, courses=together, **asks)
    if not wanted.is_set:
        return number, started, None, None, total
    return number, started, met, share(met, number), total


def tables(asked: Asked) -> list[Table]:
    """This year so far and the two before it: one query each."""
    law, lines, said = asked.law, [], []
    for year in range(asked.day.year - YEARS + 1, asked.day.year + 1):
        wanted = requirement(year, asked.day, law)
        label = f"{year}年" if year < asked.day.year else f"{year}年至统计日"
        lines.append(Line(label, _of_years(asked, year, wanted), {"year": str(year)}, str(year)))
        said.append(f"{year}年规定{wanted.words}" if wanted.is_set else f"{year}年没有规定学时和课程数")
    chart = Chart("columns", ("ce-bound", "ce-started", "ce-met"))
    question = "各年有多少人完成了继续教育？"
    return [Table("education-years", question, "年度", FIGURES, tuple(lines), None, "；".join(said), chart)]


def headline(asked: Asked) -> tuple[str, declared.Value, str]:
    """How many have the duty."""
    serving, in_pool = _duties(asked, asked.day.year)
    return "负有继续教育义务", serving.union(in_pool).count(), "人"


SUBJECT = Subject(
    "education", "继续教育", "负有年度继续教育义务的人员和完成情况，按年度", "6.(5)", FIGURES, tables, headline
)
