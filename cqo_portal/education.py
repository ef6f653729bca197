"""年度继续教育: who has the duty in a year, how each stands, and one person's ledger (Art. 6(五), Art. 8).

The duty comes from an appointment in force and from the talent pool, two apps' facts: so it is composed here.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from registry.history import events_of, history
from registry.models import Candidate, User
from registry.models.measure import days
from registry.one_statement import together
from registry.views.lists import opened
from registry.views.people import employers, person_within_scope
from training.models import CourseRecognition, PoolEntry
from training.standing import CourseTaken, Year, ledger, ledgers, requirement, since
from training.views.pool import year_words

NO_DUTY = ("当年没有继续教育义务", "open")


@dataclass(frozen=True)
class Duty:
    """Why somebody has the yearly duty, and from which day to which; ``last`` is None while it lasts."""

    person: int
    words: str
    first: date
    last: date | None
    enterprise: str

    def within(self, year: int) -> bool:
        """Whether it stood on any day of that year."""
        return self.first.year <= year and (self.last is None or self.last.year >= year)


def _duties(user: User, appointments: Q, entries: Q) -> list[Duty]:
    """The duties within this person's scope: of CQOs in force (Art. 6(五)) and of the talent pool (Art. 8)."""
    of_office = Appointment.unscoped.visible_to(user).filter(appointments, in_force__isnull=False)
    in_pool = PoolEntry.unscoped.visible_to(user).filter(entries)
    held, entered = together(
        of_office.select_related("enterprise").order_by("in_force"), in_pool.select_related("project__enterprise")
    )
    return [
        Duty(
            row.candidate_id,
            f"首席质量官，{row.enterprise.name}",
            row.in_force.lower,
            row.in_force.upper - timedelta(days=1),
            row.enterprise.name,
        )
        for row in held
    ] + [
        Duty(
            row.candidate_id,
            f"人才库，{row.project.enterprise.name}",
            row.entered_on,
            row.left_on,
            row.project.enterprise.name,
        )
        for row in entered
    ]


def _at_any_time_in(year: int) -> tuple[Q, Q]:
    """Appointments and entries that stood on a day of that year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    there = Q(left_on=None) | Q(left_on__gte=first)
    return Q(in_force__overlap=days(first, last)), there & Q(entered_on__lte=last)


def obliged(user: User, year: int) -> QuerySet[Candidate]:
    """Whoever within this person's scope has the duty at any time in that year."""
    in_office, there = _at_any_time_in(year)
    of_office = Appointment.unscoped.visible_to(user).filter(in_office).order_by().values("candidate")
    in_pool = PoolEntry.unscoped.visible_to(user).filter(there).order_by().values("candidate")
    return Candidate.unscoped.visible_to(user).filter(pk__in=of_office.union(in_pool))


def obliged_from_the_start(user: User, year: int) -> Q:
    """People, by their own keys, whose duty of that year stood on its first day or before."""
    in_office, there = _at_any_time_in(year)
    new_year, own = date(year, 1, 1), {"candidate": OuterRef("pk")}
    of_office = Appointment.unscoped.visible_to(user).filter(in_office, in_force__startswith__lte=new_year, **own)
    in_pool = PoolEntry.unscoped.visible_to(user).filter(there, entered_on__lte=new_year, **own)
    return Q(Exists(of_office)) | Q(Exists(in_pool))


def duties_in(user: User, year: int, people: list[int]) -> dict[int, list[Duty]]:
    """Person → why they have the duty at any time in that year, of these people."""
    in_office, there = _at_any_time_in(year)
    found = defaultdict(list)
    for duty in _duties(user, in_office & Q(candidate__in=people), there & Q(candidate__in=people)):
        found[duty.person].append(duty)
    return found


def years_of(duties: dict[int, list[Duty]], user: User, today: date, year: int) -> dict[int, Year]:
    """One year of everybody with a duty in it, as it stands."""
    found = ledgers(list(duties), user, today, year)
    return {person: since(found[person], min(duty.first for duty in held)) for person, held in duties.items()}


@require_safe
def ce_list(request):
    """Everybody with the duty in a year, and how that year stands; within one's scope."""
    found = opened(request, "ce_list")
    filters, year = found.filters, found.filters.chosen_year
    context = {
        "filters": filters, "page": (page := found.page(request)), "any": found.any_beside(page), "year": year,
        "asked": requirement(year, filters.today),
    }  # fmt: skip
    return render(request, "cqo_portal/ce_list.html", context)


@dataclass(frozen=True)
class Line:
    """A course of the ledger with what the city may do about it: words and address, or empty."""

    course: CourseTaken
    act: str
    url: str


def _line(course: CourseTaken, person: Candidate, *, may_recognise: bool) -> Line:
    """Recognising is offered where it can be carried out: with evidence and hours on file."""
    record = course.record
    if record is None or not may_recognise:
        return Line(course, "", "")
    place = [person.reference, record.pk]
    if hasattr(record, "recognition"):
        return Line(course, "撤回认定", reverse("course_recognition_drop", args=place))
    if record.evidence and record.hours:
        return Line(course, "认定", reverse("course_recognise", args=place))
    return Line(course, "", "")


@dataclass(frozen=True)
class YearShown:
    """A year of the ledger as the page says it; without a duty it is recorded, not judged."""

    year: Year
    words: tuple[str, str]
    duties: list[Duty]
    lines: list[Line]


def _shown(year: Year, duties: list[Duty], lines: list[Line]) -> YearShown:
    """A year with its word: judged only where there is a duty, and a whole year of it."""
    held = [duty for duty in duties if duty.within(year.year)]
    if not held:
        return YearShown(year, NO_DUTY, held, lines)
    year = since(year, min(duty.first for duty in held))
    return YearShown(year, year_words(year.standing), held, lines)


def this_year(person: Candidate, user: User, today: date) -> YearShown:
    """How the running year of one person stands, for the page about the person."""
    return _shown(ledger(person, user, today)[0], _duties(user, Q(candidate=person), Q(candidate=person)), [])


@require_safe
def ce_ledger(request, reference):
    """One person's continuing education, as far as this user may see."""
    user, today = request.user, timezone.localdate()
    person = person_within_scope(request, reference)
    duties = _duties(user, Q(candidate=person), Q(candidate=person))
    first_year = min((duty.first.year for duty in duties), default=None)
    may_recognise = user.has_perm("training.recognise_course")
    shown = []
    for year in ledger(person, user, today, first_year=first_year):
        lines = [_line(course, person, may_recognise=may_recognise) for course in year.courses]
        shown.append(_shown(year, duties, lines))
    employer = employers(user, person).first()
    context = {
        "person": person,
        "duties": duties,
        "years": shown,
        "may_record": employer is not None and user.has_perm("registry.record_person", employer),
        "add_url": reverse("fact_new", args=[person.reference, "training"]),
        "may_recognise": may_recognise,
        "history": _history(person, user) if user.has_perm("registry.see_history") else [],
    }
    return render(request, "cqo_portal/ce_ledger.html", context)


def _history(person: Candidate, user: User):
    """What was written about the recognition of courses elsewhere, within one's scope."""
    own = list(employers(user, person).values_list("pk", flat=True))
    return history(events_of(CourseRecognition, record__candidate=person, record__enterprise__in=own))
