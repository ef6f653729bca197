"""What waits for whom, what is coming, and the figures: composed from all apps, a constant number of queries each."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from appointments.rules import is_renewable
from appointments.states import TO_DO, State
from registry.models import County, Enterprise, Interpretation, Message, User
from registry.models.measure import legal_basis
from registry.states import Designation, Role

COMING_DAYS = 90
SHOWN = 10


@dataclass(frozen=True)
class Todo:
    """One thing that waits: what, from whom, since when, until when, one click away."""

    title: str
    sub: str
    source: str
    since: date
    url: str
    tag: tuple[str, str]
    clause: str = ""


@dataclass(frozen=True)
class Coming:
    """Something with a day in the next ninety."""

    day: date
    title: str
    sub: str
    url: str
    clause: str = ""
    renewable: Appointment | None = None


def counts(user: User) -> dict[str, int]:
    """Figures beside the menu's entries, by URL name."""
    if not user.is_authenticated:
        return {}
    waiting = Appointment.unscoped.awaiting(user).count()
    return {"home": waiting, "appointment_queue": waiting, "inbox": Message.unscoped.visible_to(user).unread().count()}


def _todo_of_enterprise(appointment: Appointment) -> Todo:
    url = reverse("appointment_detail", args=[appointment.reference])
    person = appointment.candidate.name
    if appointment.state == State.RETURNED:
        act = appointment.last_acts[0] if appointment.last_acts else None
        return Todo(
            f"补正：任命{person}为首席质量官",
            act.reason if act else "",
            act.by.office_name if act else "",
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
        source, at = appointment.enterprise.county.bureau_name, appointment.checked_at
    return Todo(
        f"{what}：{appointment.enterprise.name}任命{appointment.candidate.name}",
        f"{appointment.reference}{'，代录' if appointment.is_transcribed else ''}",
        source,
        timezone.localdate(at),
        reverse("appointment_detail", args=[appointment.reference]),
        (f"待{what}", "blue"),
        "9",
    )


def todos(user: User) -> list[Todo]:
    """What waits for this person's office, oldest first."""
    rows = Appointment.unscoped.awaiting(user).with_parties().with_last_return()
    if user.role == Role.ENTERPRISE:
        return sorted(map(_todo_of_enterprise, rows), key=lambda todo: (todo.tag[0] != "需处理", todo.since))
    stamp = "checked_at" if user.role == Role.MUNICIPAL else "submitted_at"
    return [_todo_of_bureau(row) for row in rows.order_by(stamp)[:SHOWN]]


def coming(user: User, today: date) -> list[Coming]:
    """Terms that end within ninety days, within this person's scope (Art. 11)."""
    horizon = today + timedelta(days=COMING_DAYS)
    ending = (
        Appointment.unscoped.visible_to(user)
        .in_force(today)
        .filter(state=State.FILED, term__endswith__lte=horizon + timedelta(days=1))
        .with_parties()
        .order_by("term__endswith")[:SHOWN]
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
    edition = legal_basis(today).edition
    return int(Interpretation.unscoped.value("earliest_renewal", edition=edition, on=today))


def cqo_in_force(enterprise: Enterprise, day: date) -> Appointment | None:
    """Who is CQO of an enterprise on a day (Art. 2)."""
    return enterprise.appointments.in_force(day).with_parties().prefetch_related("papers__scans").first()


def coverage(user: User, today: date) -> list[dict]:
    """Above-scale enterprises and those of them with a CQO in force, by county (Art. 4: a figure, never a gate)."""
    in_force = Q(appointments__in_force__contains=today)
    rows = (
        Enterprise.unscoped.visible_to(user)
        .designated(Designation.ABOVE_SCALE, today)
        .order_by()
        .values("county__code", "county__name")
        .annotate(enterprises=Count("pk", distinct=True), covered=Count("pk", filter=in_force, distinct=True))
        .order_by("county__code")
    )
    return [row | {"share": round(100 * row["covered"] / row["enterprises"])} for row in rows]


def figures(user: User, today: date) -> list[tuple[str, int, str]]:
    """The few figures of a bureau's first page."""
    appointments = Appointment.unscoped.visible_to(user)
    table = coverage(user, today)
    filed = appointments.filter(filed_at__year=today.year).count()
    return [
        ("在任首席质量官", appointments.in_force(today).count(), "人"),
        ("规模以上企业", sum(row["enterprises"] for row in table), "家"),
        ("其中已设立首席质量官", sum(row["covered"] for row in table), "家"),
        (f"{today.year}年登记", filed, "件"),
    ]


def public_figures(today: date) -> list[tuple[str, int, str]]:
    """What anybody may see: counts only."""
    return [
        ("在任首席质量官", Appointment.unscoped.in_force(today).count(), "人"),
        ("已设立首席质量官的企业", Appointment.unscoped.in_force(today).values("enterprise").distinct().count(), "家"),
        ("县（市、区）", County.unscoped.count(), "个"),
    ]
