"""What waits, and what is coming, of appointments."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from appointments.rules import is_renewable
from appointments.states import TO_DO, State
from cqo_portal.dashboards.items import COMING_DAYS, SHOWN, Coming, Todo
from registry.models import Enterprise, User
from registry.models.measure import basis_if_any
from registry.states import Role


def _todo_of_enterprise(appointment: Appointment) -> Todo:
    url = reverse("appointment_detail", args=[appointment.reference])
    person = appointment.candidate.name
    if appointment.state == State.RETURNED:
        act = appointment.last_acts[0] if appointment.last_acts else None
        return Todo(
            f"补正：任命{person}为首席质量官",
            act.reason if act else "",
            act.by.office_at(act.at) if act else "",
            timezone.localdate(act.at if act else appointment.saved_at),
            url,
            ("需处理", "amber"),
            "9",
        )
    since = timezone.localdate(appointment.saved_at)
    return Todo(f"完成草稿：任命{person}为首席质量官", "尚未提交，未产生任命", "本企业", since, url, ("草稿", ""), "11")


def _todo_of_bureau(appointment: Appointment) -> Todo:
    what = TO_DO[appointment.state]
    source, at = appointment.enterprise.name, appointment.submitted_at
    if appointment.state == State.CHECKED:
        source, at = appointment.enterprise.county.bureau, appointment.checked_at
    return Todo(
        f"{what}：{appointment.enterprise.name}任命{appointment.candidate.name}",
        f"{appointment.reference}{'，代录' if appointment.is_transcribed else ''}",
        source,
        timezone.localdate(at),
        reverse("appointment_detail", args=[appointment.reference]),
        (f"待{what}", "blue"),
        "9",
    )


def waiting(user: User, today: date) -> list[QuerySet]:
    """What waits for this person's office."""
    rows = Appointment.unscoped.awaiting(user).with_parties()
    if user.role == Role.ENTERPRISE:
        return [rows.with_last_return()]
    return [rows.order_by("checked_at" if user.role == Role.MUNICIPAL else "submitted_at")]


def todos(user: User, today: date, appointments: Sequence[Appointment]) -> list[Todo]:
    """What waits for this person's office."""
    return list(map(_todo_of_enterprise if user.role == Role.ENTERPRISE else _todo_of_bureau, appointments))


def coming(user: User, today: date) -> list[Coming]:
    """Terms that end within ninety days, within this person's scope (Art. 11)."""
    horizon = today + timedelta(days=COMING_DAYS)
    ending = (
        Appointment.unscoped.visible_to(user)
        .in_force(today)
        .filter(state=State.FILED, term__endswith__gt=today, term__endswith__lte=horizon + timedelta(days=1))
        .with_parties()
        .order_by("term__endswith", "pk")[:SHOWN]
    )
    own = user.role == Role.ENTERPRISE
    window = _renewal_window(today)
    return [
        Coming(
            row.last_day,
            "聘任期满" if own else f"{row.enterprise.name}：{row.candidate.name}聘任期满",
            "期满后本企业没有在任首席质量官。续任是一次新的任命，现在可以办理。" if own else row.enterprise.county.name,
            reverse("appointment_detail", args=[row.reference]),
            "11",
            row if own and is_renewable(row.last_day, today, window) else None,
        )
        for row in ending
    ]


def _renewal_window(today: date) -> int:
    basis = basis_if_any(today)
    return basis.value("renewal_window_days") if basis else 0  # without a measure there is nobody whose term could end


def cqo_in_force(enterprise: Enterprise, day: date) -> Appointment | None:
    """Who is CQO of an enterprise on a day (Art. 2)."""
    return enterprise.appointments.in_force(day).with_parties().prefetch_related("papers__scans").first()
