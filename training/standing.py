"""From rows to the rules of Art. 6(五) and Art. 8: what somebody's training is worth, and a year's education.

Everything is gathered for several people at once, in a number of queries that does not grow with theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef

from registry.models import Employment, Interpretation
from registry.models.measure import legal_basis
from registry.rules import day_words
from training.models import Certificate, Enrolment, Recognition, TrainingRecord
from training.rules import Training, outside_counts, year_standing
from training.states import BodyKind, SessionState, Standing, TrainingKind


def trainings_of(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[Training]]:
    """(person, enterprise) → the 任职培训 that counts for that enterprise (Art. 6(五)).

    Certificates of the portal that the enterprise may see or that it names by number, and the scans it put on file.
    """
    pairs = set(pairs)
    people = {person for person, _ in pairs}
    found: dict[tuple[int, int], list[Training]] = defaultdict(list)
    records = TrainingRecord.unscoped.filter(
        candidate__in=people, enterprise__in={enterprise for _, enterprise in pairs}, kind=TrainingKind.QUALIFYING
    )
    named: dict[tuple[int, int], dict[str, TrainingRecord]] = defaultdict(dict)
    recognised = Exists(Recognition.unscoped.filter(body=OuterRef("body"), period__contains=OuterRef("completed_on")))
    for row in records.select_related("evidence", "body").annotate(body_recognised=recognised):
        named[row.candidate_id, row.enterprise_id][row.certificate_number] = row
    seen = _enterprises_that_see(people)
    for certificate in _certificates(people):
        for person, enterprise in pairs:
            if person == certificate.candidate_id and (
                enterprise in seen[certificate.pk] or certificate.number in named[person, enterprise]
            ):
                found[person, enterprise].append(_of_certificate(certificate))
                named[person, enterprise].pop(certificate.number, None)
    for pair, rows in named.items():
        found[pair] += [_of_record(row) for row in rows.values()]
    return found


def _certificates(people: Iterable[int]):
    rows = Certificate.unscoped.current().filter(candidate__in=people)
    return rows.select_related("body").prefetch_related("revocations").order_by("issued_on", "pk")


def _enterprises_that_see(people: Iterable[int]) -> dict[int, set[int]]:
    """Certificate → the enterprises that enrolled the person, or employed them on the day of issue."""
    seen: dict[int, set[int]] = defaultdict(set)
    rows = Certificate.unscoped.filter(candidate__in=people).order_by()
    issued = list(rows.values_list("pk", "candidate", "issued_on", "enrolment__enterprise"))
    employed = Employment.unscoped.filter(candidate__in=people).values_list("candidate", "enterprise", "period")
    for pk, _, _, enrolled_by in issued:
        seen[pk].add(enrolled_by)
    for person, enterprise, period in employed.order_by():
        for pk, holder, day, _ in issued:
            if holder == person and day in period:
                seen[pk].add(enterprise)
    return seen


def _of_certificate(row: Certificate) -> Training:
    words = f"{row.body.name}，证书编号{row.number}，{day_words(row.issued_on)}发证"
    return Training(row.issued_on, words, Standing.REVOKED if row.revocation else Standing.CERTIFIED)


def _of_record(row: TrainingRecord) -> Training:
    """What a scan is worth: the body was a bureau, or recognised on the day of the certificate, or it is to verify."""
    words = f"{row.body_name}，证书编号{row.certificate_number}，{day_words(row.completed_on)}发证"
    known = row.body is not None and (row.body.kind == BodyKind.BUREAU or row.body_recognised)
    return Training(row.completed_on, words, Standing.RECOGNISED if known and row.evidence else Standing.UNPROVEN)


@dataclass(frozen=True)
class CourseTaken:
    """One line of the continuing-education ledger; ``why_not`` says why its hours do not count."""

    day: date
    title: str
    body: str
    hours: int
    counts: bool
    why_not: str = ""
    record: TrainingRecord | None = None


@dataclass(frozen=True)
class Year:
    """A year of one person's ledger: what was done, what counts, and how it stands."""

    year: int
    courses: list[CourseTaken]
    hours: int
    required: int | None
    reading: str  # the number of the interpretation that sets the requirement; empty while none does
    standing: str


@dataclass(frozen=True)
class Readings:
    """What the bureau has laid down of continuing education (Art. 13), fetched once for many people and years."""

    hours: list[Interpretation]
    outside: list[Interpretation]
    meanwhile: str  # whether courses elsewhere count while no reading says so
    today: date

    @classmethod
    def fetch(cls, today: date) -> Readings:
        """All readings of both questions; two queries and those of the legal basis."""
        rows = list(Interpretation.unscoped.recorded().filter(key__in=("ce_hours", "ce_outside_courses")))
        question = Interpretation.unscoped.questions().get(key="ce_outside_courses", edition=legal_basis(today).edition)
        by_key = {key: [row for row in rows if row.key == key] for key in ("ce_hours", "ce_outside_courses")}
        return cls(by_key["ce_hours"], by_key["ce_outside_courses"], question.default, today)

    def requirement(self, year: int) -> tuple[int | None, str]:
        """Art. 6(五): hours asked for in a year and the reading's number.

        As in force at the year's end, today within it, or on its first day while it is to come.
        """
        day = min(date(year, 12, 31), self.today) if year <= self.today.year else date(year, 1, 1)
        reading = next((row for row in self.hours if day in row.period), None)
        return (reading.reading, reading.number) if reading else (None, "")

    def of_outside(self, day: date) -> str:
        """Art. 8: whether courses elsewhere count, as of the day on which one was completed."""
        return next((row.reading for row in self.outside if day in row.period), self.meanwhile)


def requirement(year: int, today: date) -> tuple[int | None, str]:
    """Art. 6(五): hours asked for in a year and the reading's number; (None, "") while no reading sets any."""
    return Readings.fetch(today).requirement(year)


def ledger(candidate, user, today: date, *, first_year: int | None = None) -> list[Year]:
    """继续教育 of one person as far as this user may see, newest year first (Art. 6(五), 8).

    The years with courses, this one, and all since ``first_year``.
    """
    readings = Readings.fetch(today)
    courses = _courses([candidate.pk], user, readings)[candidate.pk]
    years = {*courses, today.year, *(range(first_year, today.year) if first_year else ())}
    return [_year(year, courses[year], readings) for year in sorted(years, reverse=True)]


def ledgers(candidates: Collection[int], user, today: date, year: int) -> dict[int, Year]:
    """One year of many people's ledgers, by their keys, in a constant number of queries (Art. 6(五), 8)."""
    readings = Readings.fetch(today)
    found = _courses(candidates, user, readings)
    return {person: _year(year, found[person][year], readings) for person in candidates}


def _courses(people: Collection[int], user, readings: Readings) -> dict[int, dict[int, list[CourseTaken]]]:
    """Person → year → courses, as far as this user may see.

    A session counts once its last day is over and the person was there as long as was asked.
    """
    courses: dict[int, dict[int, list[CourseTaken]]] = defaultdict(lambda: defaultdict(list))
    enrolments = Enrolment.unscoped.visible_to(user).seated().filter(
        candidate__in=people, session__kind=TrainingKind.CONTINUING, session__last_day__lte=readings.today
    )  # fmt: skip
    for row in enrolments.exclude(session__state=SessionState.CANCELLED).select_related(
        "session__body"
    ).prefetch_related("attendances"):  # fmt: skip
        session, there = row.session, row.days_present
        counts = there >= session.days_needed
        why_not = "" if counts else f"出勤 {there} 天，少于规定的 {session.days_needed} 天"
        courses[row.candidate_id][session.last_day.year].append(
            CourseTaken(session.last_day, session.title, session.body.name, session.hours, counts, why_not)
        )
    records = TrainingRecord.unscoped.visible_to(user).filter(candidate__in=people, kind=TrainingKind.CONTINUING)
    for row in records.select_related("recognition", "body", "evidence"):
        taken = _outside(row, readings.of_outside(row.completed_on))
        courses[row.candidate_id][row.completed_on.year].append(taken)
    return courses


def _outside(row: TrainingRecord, reading: str) -> CourseTaken:
    recognition = getattr(row, "recognition", None)
    counts = outside_counts(reading, was_recognised=recognition is not None)
    hours = recognition.hours if counts else row.hours or 0
    why_not = "" if counts else _why_not(row, reading)
    title = f"{row.body_name}的课程"
    return CourseTaken(row.completed_on, title, row.body_name, hours, counts, why_not, row)


def _why_not(row: TrainingRecord, reading: str) -> str:
    """Why a course elsewhere does not count, and what it lacks to be recognised."""
    if reading != "counted":
        return "质监部门以外的课程，按结业当日的口径不计入"
    if not row.evidence:
        return "没有证明材料，市局不能认定"
    return "尚未经市局认定" if row.hours else "没有填写学时，市局不能认定"


def _year(year: int, courses: list[CourseTaken], readings: Readings) -> Year:
    hours = sum(course.hours for course in courses if course.counts)
    required, number = readings.requirement(year)
    standing = year_standing(hours=hours, required=required, year=year, today=readings.today)
    return Year(year, sorted(courses, key=lambda course: course.day), hours, required, number, standing)
