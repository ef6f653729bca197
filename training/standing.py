"""From rows to the rules of Art. 6(五) and Art. 8 ¶1: what somebody's training is worth, and a year's education.

Everything is gathered for several people at once, in a number of queries that does not grow with theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from registry.measures import label
from registry.models import Edition, Employment
from registry.models.measure import Law, the_law
from registry.one_statement import together
from registry.rules import day_words
from training.models import Certificate, Enrolment, Recognition, Revocation, TrainingRecord
from training.rules import Requirement, Training, number_key, outside_counts, year_standing
from training.states import BodyKind, SessionState, Standing, TrainingKind, YearStanding


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
    of_body = Certificate.unscoped.filter(body=OuterRef("body"), issued_on__lte=OuterRef("completed_on"))
    told = {"body_recognised": recognised, "ours": Exists(of_body)}
    rows, certificates, employments = together(
        records.select_related("evidence", "body").annotate(**told),
        _certificates(people),
        Employment.unscoped.filter(candidate__in=people),
    )
    for row in rows:
        named[row.candidate_id, row.enterprise_id][number_key(row.certificate_number)] = row
    seen = _enterprises_that_see(certificates, employments)
    for certificate in (row for row in certificates if row.is_current):
        for person, enterprise in pairs:
            if person == certificate.candidate_id and (
                enterprise in seen[certificate.pk] or number_key(certificate.number) in named[person, enterprise]
            ):
                found[person, enterprise].append(_of_certificate(certificate))
                named[person, enterprise].pop(number_key(certificate.number), None)
    for pair, rows in named.items():
        found[pair] += [_of_record(row) for row in rows.values()]
    return found


def _certificates(people: Iterable[int]) -> QuerySet:
    """All of these people's, each with ``is_current`` and ``is_revoked``."""
    revoked = Revocation.unscoped.filter(certificate=OuterRef("pk"), confirmed_at__isnull=False)
    rows = Certificate.unscoped.filter(candidate__in=people).select_related("body", "enrolment")
    told = rows.annotate(is_current=Q(superseded_by=None), is_revoked=Exists(revoked))
    return told.order_by("issued_on", "pk")


def _enterprises_that_see(certificates: list[Certificate], employments: list[Employment]) -> dict[int, set[int]]:
    """Certificate → the enterprises that enrolled the person, or had them on file as employed on its day."""
    seen = {row.pk: {row.enrolment.enterprise_id} for row in certificates}
    for held in employments:
        noted_on = timezone.localdate(held.created_at)
        for row in certificates:
            if row.candidate_id == held.candidate_id and row.issued_on in held.period and noted_on <= row.issued_on:
                seen[row.pk].add(held.enterprise_id)
    return seen


def _of_certificate(row: Certificate) -> Training:
    words = f"{row.body.name}，证书编号{row.number}，{day_words(row.issued_on)}发证"
    return Training(row.issued_on, words, Standing.REVOKED if row.is_revoked else Standing.CERTIFIED)


def _of_record(row: TrainingRecord) -> Training:
    """What a scan is worth: the body was a bureau, or recognised on the day of the certificate, or it is to verify.

    ``ours``: by that day the body's certificates were the portal's own. The scan names a number that the portal does
    not know of this person, so somebody has to look.
    """
    words = f"{row.body_name}，证书编号{row.certificate_number}，{day_words(row.completed_on)}发证"
    known = row.body is not None and (row.body.kind == BodyKind.BUREAU or row.body_recognised)
    proven = known and row.evidence and not row.ours
    return Training(row.completed_on, words, Standing.RECOGNISED if proven else Standing.UNPROVEN)


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
    seen: bool = True  # whether the asking user may see it; its hours count either way


@dataclass(frozen=True)
class Year:
    """A year of one person's ledger: what was done as far as one may see it, what counts in all, how it stands."""

    year: int
    courses: list[CourseTaken]
    hours: int
    counted: int  # courses that count
    elsewhere: int  # hours among them of courses that one may not see
    requirement: Requirement
    standing: str

    @property
    def done(self) -> str:
        """已完成 12 学时, with the courses where a number of them is asked for."""
        courses = "" if self.requirement.courses is None else f"、{self.counted} 门课程"
        return f"已完成 {self.hours} 学时{courses}"


def requirement(year: int, today: date, law: Law | None = None) -> Requirement:
    """Art. 6(五): what is asked for in a year, as the edition and the readings stood.

    At the year's end, today within it, or on its first day while it is to come.
    """
    day = min(date(year, 12, 31), today) if year <= today.year else date(year, 1, 1)
    try:
        basis = (law or the_law()).on(day)
    except Edition.DoesNotExist:  # a portal without a measure asks for nothing
        return Requirement()
    hours, courses = basis.settled("ce_hours"), basis.settled("ce_course_number")
    sources = [part.number or label(part.clause) for part in (hours, courses) if part.value is not None]
    return Requirement(hours.value, courses.value, "、".join(dict.fromkeys(sources)))


def ledger(candidate, user, today: date, *, first_year: int | None = None) -> list[Year]:
    """继续教育 of one person as far as this user may see, newest year first (Art. 6(五), 8).

    The years with courses, this one, and all since ``first_year``.
    """
    law = the_law()
    courses = _courses([candidate.pk], user, law, today)[candidate.pk]
    years = {*courses, today.year, *(range(first_year, today.year) if first_year else ())}
    return [_year(year, courses[year], law, today) for year in sorted(years, reverse=True)]


def ledgers(candidates: Collection[int], user, today: date, year: int) -> dict[int, Year]:
    """One year of many people's ledgers, by their keys, in a constant number of queries (Art. 6(五), 8)."""
    found = ledgers_of({year: candidates}, user, today)
    return {person: found[person, year] for person in candidates}


def ledgers_of(candidates: dict[int, Collection[int]], user, today: date) -> dict[tuple[int, int], Year]:
    """Several years, each of the people given for it: (person, year) → that year, in as many queries as one."""
    law = the_law()
    found = _courses({person for people in candidates.values() for person in people}, user, law, today)
    return {
        (person, year): _year(year, found[person][year], law, today)
        for year, people in candidates.items()
        for person in people
    }


def _courses(people: Collection[int], user, law: Law, today: date) -> dict[int, dict[int, list[CourseTaken]]]:
    """Person → year → courses, each with whether this user may see it: the duty is the person's, not an office's.

    A session counts once its last day is over and the person was there as long as was asked; one of a body that is no
    bureau is a course elsewhere, recognised by the body's recognition (Art. 8 ¶2 质监部门组织的继续教育).
    """
    courses: dict[int, dict[int, list[CourseTaken]]] = defaultdict(lambda: defaultdict(list))
    enrolments = Enrolment.unscoped.seated().filter(
        candidate__in=people, session__kind=TrainingKind.CONTINUING, session__last_day__lte=today
    )  # fmt: skip
    enrolments = enrolments.exclude(session__state=SessionState.CANCELLED).select_related("session__body")
    for row in _told_whether_seen(enrolments, user).with_days():
        taken = _attended(row, _of_outside(law, row.session.last_day), row.seen)
        courses[row.candidate_id][row.session.last_day.year].append(taken)
    records = TrainingRecord.unscoped.filter(candidate__in=people, kind=TrainingKind.CONTINUING)
    for row in _told_whether_seen(records, user).select_related("recognition", "body", "evidence"):
        taken = _outside(row, _of_outside(law, row.completed_on), row.seen)
        courses[row.candidate_id][row.completed_on.year].append(taken)
    return courses


def _told_whether_seen(rows, user):
    """Each row with ``seen``: whether it is within this user's scope."""
    return rows.annotate(seen=Exists(rows.model.unscoped.visible_to(user).filter(pk=OuterRef("pk"))))


def _of_outside(law: Law, day: date) -> str:
    """Art. 8 ¶2: whether courses elsewhere count, as of the day on which one was completed."""
    return law.on(day).value("ce_outside_courses")


def _attended(row: Enrolment, reading: str, seen: bool) -> CourseTaken:
    session, there, why_not = row.session, row.there, ""
    if session.body.kind != BodyKind.BUREAU and not outside_counts(reading, was_recognised=True):
        why_not = "由认可的机构组织，按结业当日的口径不计入"
    elif there < session.days_needed:
        why_not = f"出勤 {there} 天，少于规定的 {session.days_needed} 天"
    return CourseTaken(
        session.last_day, session.title, session.body.name, session.hours, not why_not, why_not, seen=seen
    )


def _outside(row: TrainingRecord, reading: str, seen: bool) -> CourseTaken:
    recognition = getattr(row, "recognition", None)
    counts = outside_counts(reading, was_recognised=recognition is not None)
    hours = recognition.hours if counts else row.hours or 0
    why_not = "" if counts else _why_not(row, reading)
    title = f"{row.body_name}的课程"
    return CourseTaken(row.completed_on, title, row.body_name, hours, counts, why_not, row, seen)


def _why_not(row: TrainingRecord, reading: str) -> str:
    """Why a course elsewhere does not count, and what it lacks to be recognised."""
    if reading != "counted":
        return "质监部门以外的课程，按结业当日的口径不计入"
    if not row.evidence:
        return "没有证明材料，市局不能认定"
    return "尚未经市局认定" if row.hours else "没有填写学时，市局不能认定"


def _year(year: int, courses: list[CourseTaken], law: Law, today: date) -> Year:
    counted = [course for course in courses if course.counts]
    hours, asked = sum(course.hours for course in counted), requirement(year, today, law)
    standing = year_standing(requirement=asked, hours=hours, courses=len(counted), year=year, today=today)
    elsewhere = sum(course.hours for course in counted if not course.seen)
    seen = sorted((course for course in courses if course.seen), key=lambda course: course.day)
    return Year(year, seen, hours, len(counted), elsewhere, asked, standing)


# --- The same year asked of the database, for lists of any length -----------------------------------------------------


def credited(rows: QuerySet, person: str, year: int, today: date) -> QuerySet:
    """These rows with ``hours`` and ``courses``, what counts for a year of the person at ``person``: see ``ledger``."""
    return rows.alias(**sums(_counting(year, today, the_law()), person))


def sums(counting: Iterable[tuple[QuerySet, str]], person: str) -> dict[str, Combinable]:
    """``hours`` and ``courses`` of the person at ``person``, of rows that count, each with where its hours stand."""
    hours = courses = Value(0)
    for rows, path in counting:
        own = rows.filter(candidate=OuterRef(person)).order_by().values("candidate")
        hours += Coalesce(Subquery(own.annotate(n=Sum(path)).values("n"), output_field=IntegerField()), 0)
        courses += Coalesce(Subquery(own.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
    return {"hours": hours, "courses": courses}


def met(asked: Requirement) -> Q:
    """Rows whose ``hours`` and ``courses`` are all that a year asks for, where it asks for anything."""
    return Q(hours__gte=asked.hours or 0, courses__gte=asked.courses or 0)


def standing_as(rows: QuerySet, person: str, began: Q, year: int, today: date, wanted: str) -> QuerySet:
    """Those of these rows whose person's year stands so. ``began``: the duty stood on the first day of the year."""
    asked = requirement(year, today)
    if not asked.is_set:
        return rows if wanted == YearStanding.NOT_SET else rows.none()
    rows = credited(rows, person, year, today)
    if wanted == YearStanding.MET:
        return rows.filter(met(asked))
    lacking = YearStanding.UNDERWAY if year >= today.year else YearStanding.SHORT
    if wanted not in (lacking, YearStanding.PARTIAL):
        return rows.none()
    return rows.filter(~met(asked), began if wanted == lacking else ~began)


def elsewhere_counts(law: Law, first: date, last: date, column: str) -> Q | None:
    """The days on which courses of others than the bureaus count, as the readings stood (Art. 8 ¶2); None for none."""
    found, day = None, first
    while day <= last:
        end, reading = day, _reading_on(law, day)
        while end < last and _reading_on(law, end + timedelta(days=1)) == reading:
            end += timedelta(days=1)
        if reading == "counted":
            these = Q(**{f"{column}__range": (day, end)})
            found = these if found is None else found | these
        day = end + timedelta(days=1)
    return found


def _reading_on(law: Law, day: date) -> str:
    try:
        return _of_outside(law, day)
    except Edition.DoesNotExist:
        return "not_counted"


def _counting(year: int, today: date, law: Law) -> list[tuple[QuerySet, str]]:
    """The rows that count for a year, each with where its hours stand: as ``_attended`` and ``_outside`` have it."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    held, ended = Q(session__body__kind=BodyKind.BUREAU), elsewhere_counts(law, first, last, "session__last_day")
    attended = Enrolment.unscoped.seated().with_days().exclude(session__state=SessionState.CANCELLED)
    attended = attended.filter(
        held if ended is None else held | ended, session__kind=TrainingKind.CONTINUING,
        session__last_day__range=(first, min(last, today)), there__gte=F("session__days_needed"),
    )  # fmt: skip
    found = [(attended, "session__hours")]
    if completed := elsewhere_counts(law, first, last, "completed_on"):
        recognised = TrainingRecord.unscoped.filter(completed, kind=TrainingKind.CONTINUING)
        found.append((recognised.filter(recognition__isnull=False), "recognition__hours"))
    return found


# --- Judged as a whole ------------------------------------------------------------------------------------------------


def since(year: Year, first_day: date) -> Year:
    """The same year where the duty began on ``first_day``: the text does not say what a part of a year asks for."""
    began_within = first_day > date(year.year, 1, 1) and year.standing in (YearStanding.SHORT, YearStanding.UNDERWAY)
    return replace(year, standing=YearStanding.PARTIAL) if began_within else year
