"""The few figures of a first page, each a count anybody can repeat."""

from datetime import date

from django.db.models import Count, Exists, OuterRef, Q

from appointments.models import Appointment
from registry.counting import counted
from registry.models import Enterprise, User
from registry.models.measure import basis_if_any
from registry.states import Designation
from training.models import PoolEntry


def coverage(user: User, today: date) -> list[dict]:
    """Above-scale enterprises and those of them with a CQO in force, by county (Art. 4: a figure, never a gate)."""
    with_cqo = Appointment.unscoped.visible_to(user).in_force(today).values("enterprise")
    rows = (
        Enterprise.unscoped.visible_to(user)
        .designated(Designation.ABOVE_SCALE, today)
        .order_by()
        .values("county__code", "county__name")
        .annotate(enterprises=Count("pk"), covered=Count("pk", filter=Q(pk__in=with_cqo)))
        .order_by("county__code")
    )
    return [row | {"share": round(100 * row["covered"] / row["enterprises"])} for row in rows]


def coverage_goal(table: list[dict], today: date) -> tuple[int, int] | None:
    """Art. 4: the share of above-scale enterprises aimed at by this year's end, and the share there is, in percent.

    None while the measure in force sets no target for the year.
    """
    basis = basis_if_any(today)
    goal = basis and basis.value("coverage_targets").get(str(today.year))
    there = sum(row["enterprises"] for row in table)
    if goal is None or not there:
        return None
    return goal, round(100 * sum(row["covered"] for row in table) / there)


def figures(user: User, today: date, table: list[dict]) -> list[tuple[str, int, str]]:
    """The few figures of a bureau's first page; ``table`` is what ``coverage`` tells."""
    appointments = Appointment.unscoped.visible_to(user)
    filed = appointments.filter(filed_at__year=today.year)
    in_force, filed, pool = counted(appointments.in_force(today), filed, PoolEntry.unscoped.visible_to(user).present())
    return [
        ("在任首席质量官", in_force, "人"),
        ("规模以上企业", sum(row["enterprises"] for row in table), "家"),
        ("其中已设立首席质量官", sum(row["covered"] for row in table), "家"),
        (f"{today.year}年登记", filed, "件"),
        ("人才库", pool, "人"),
    ]


def public_figures(today: date) -> list[tuple[str, int, str]]:
    """What anybody may see: counts only."""
    appointments = Appointment.unscoped.in_force(today)
    enterprises = Enterprise.unscoped.filter(Exists(appointments.filter(enterprise=OuterRef("pk"))))
    officers, covered, pool = counted(appointments, enterprises, PoolEntry.unscoped.present())
    return [("在任首席质量官", officers, "人"), ("已设立首席质量官的企业", covered, "家"), ("人才库", pool, "人")]
