"""The rows that a figure counts, as a list shows them: what each is called, of whom, when, and where its page is."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from appointments.models import Act, Appointment, DismissalRecommendation, Finding, Guidance, ReportDuty
from registry.models import Candidate, Enterprise
from training.models import Enrolment, Session


@dataclass(frozen=True)
class Shown:
    """One row of the list; ``url`` is empty where the page is not this person's to see."""

    title: str
    reference: str
    about: str
    day: date | None
    url: str


def _enterprise(row: Enterprise) -> Shown:
    return Shown(row.name, row.credit_code, row.county.name, None, reverse("enterprise_detail", args=[row.reference]))


def _appointment(row: Appointment, day: date | None = None) -> Shown:
    day = day or getattr(row, "last", None) or getattr(row, "day", None)
    about = f"{row.candidate.name}，{row.enterprise.county.name}"
    return Shown(row.enterprise.name, row.reference, about, day, reverse("appointment_detail", args=[row.reference]))


def _act(row: Act) -> Shown:
    return _appointment(row.appointment, timezone.localdate(row.at))


def _session(row: Session) -> Shown:
    return Shown(row.title, row.reference, row.body.name, row.last_day, reverse("session_detail", args=[row.reference]))


def _enrolment(row: Enrolment) -> Shown:
    firm = row.enterprise.name if row.enterprise else "没有所属企业"
    page = reverse("session_detail", args=[row.session.reference])
    return Shown(row.candidate.name, row.session.reference, f"{row.session.title}，{firm}", row.session.last_day, page)


def _candidate(row: Candidate) -> Shown:
    hours = getattr(row, "hours", None)
    about = "" if hours is None else f"{hours} 学时，{row.courses} 门课程"
    return Shown(row.name, row.reference, about, None, reverse("candidate_detail", args=[row.reference]))


def _duty(row: ReportDuty) -> Shown:
    firm = row.appointment.enterprise
    return Shown(firm.name, row.appointment.reference, row.cycle.title, row.due_on, row.page)


def _finding(row: Finding) -> Shown:
    about = f"{row.get_behaviour_display()}，{row.get_about_display()}"
    page = reverse("finding_detail", args=[row.reference])
    return Shown(row.appointment.enterprise.name, row.reference, about, row.day, page)


def _case(row: DismissalRecommendation) -> Shown:
    return Shown(row.appointment.enterprise.name, row.reference, row.get_state_display(), row.day, row.page)


def _guidance(row: Guidance) -> Shown:
    page = reverse("guidance_detail", args=[row.reference])
    return Shown(row.enterprise.name, row.reference, row.get_way_display(), row.day, page)


FIRM = "appointment__enterprise__county"
SHOWN = {
    Enterprise: (_enterprise, ("county",), ("name", "pk")),
    Appointment: (_appointment, ("enterprise__county", "candidate"), ("enterprise__name", "pk")),
    Act: (_act, ("appointment__enterprise__county", "appointment__candidate"), ("at", "pk")),
    Session: (_session, ("body",), ("last_day", "pk")),
    Enrolment: (_enrolment, ("session", "candidate", "enterprise"), ("session__last_day", "pk")),
    Candidate: (_candidate, (), ("name", "pk")),
    ReportDuty: (_duty, ("cycle", FIRM), ("due_on", "pk")),
    Finding: (_finding, (FIRM,), ("filed_at", "pk")),
    DismissalRecommendation: (_case, (FIRM,), ("opened_at", "pk")),
    Guidance: (_guidance, ("enterprise",), ("day", "pk")),
}


def listed(rows: QuerySet) -> QuerySet:
    """These rows in the order of their list, with what it shows of each at hand."""
    _, relations, order = SHOWN[rows.model]
    return rows.select_related(*relations).order_by(*order) if relations else rows.order_by(*order)


def shown(row: Model) -> Shown:
    """One row as the list shows it. Raises KeyError for a row of a kind that no figure counts."""
    return SHOWN[type(row)][0](row)
