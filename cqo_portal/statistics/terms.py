"""聘期: which terms end when, what follows them, and why appointments ended (Art. 11)."""

from datetime import date, timedelta

from django.db.models import Count, DateField, Exists, Func, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate, TruncMonth

from appointments.models import Act, Appointment
from appointments.states import ActKind, EndReason, State
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, Value, share, totals
from cqo_portal.statistics.series import by_period
from cqo_portal.statistics.stood import done_by, is_in_office, not_by

AHEAD = 12  # months after the day that are told one by one


class LastDay(Func):
    """The last day of a date range."""

    template = "(upper(%(expressions)s) - 1)"
    output_field = DateField()


def serving(asked: Asked) -> QuerySet:
    """The appointments in office that day, with ``last``, the last day of the term."""
    return Appointment.unscoped.visible_to(asked.user).filter(is_in_office(asked.day)).annotate(last=LastDay("term"))


def renewals(asked: Asked) -> QuerySet:
    """The renewals submitted by that day and not withdrawn, of appointments in office, with ``last`` of those."""
    first = Act.unscoped.filter(done_by(asked.day, "at"), appointment=OuterRef("pk"), kind=ActKind.SUBMITTED)
    rows = Appointment.unscoped.visible_to(asked.user).filter(
        done_by(asked.day, "submitted_at") | Exists(first),
        not_by(asked.day, "withdrawn_at"),
        is_in_office(asked.day, "renews__"),
        renews__isnull=False,
    )
    return rows.annotate(last=LastDay("renews__term"))


def _renewed(asked: Asked) -> QuerySet:
    return serving(asked).filter(pk__in=renewals(asked).values("renews"))


def ended(asked: Asked) -> QuerySet:
    """The appointments whose end was recorded by that day, with ``day``, the day of recording."""
    rows = Appointment.unscoped.visible_to(asked.user).filter(done_by(asked.day, "ended_at"), state=State.ENDED)
    return rows.annotate(day=TruncDate("ended_at"))


def _for(reason: str):
    return lambda asked: ended(asked).filter(end_reason=reason)


LAST = {"since": "last__gte", "until": "last__lte"}
DAY = {"since": "day__gte", "until": "day__lte"}
ENDING = Figure("ending", "聘任期满", "11", "人", "统计日在任、聘任期限的末日在所列期间的首席质量官", serving, LAST)
RENEWED = Figure("renewed", "已办续任", "11", "人", "其中企业已经提交续任的", _renewed, LAST)
RENEWED_RATE = Figure("renewed-rate", "续任率", "11", "%", "已办续任的人数除以聘任期满的人数")
ENDED = Figure("ended", "终止", "11", "件", "期间内办理终止的聘任，按办理之日计。撤回任命的不计入", ended, DAY)
REASONS = {
    reason: Figure(
        f"ended-{reason.value}", reason.label, "11", "件", f"其中终止原因为“{reason.label}”的", _for(reason), DAY
    )
    for reason in EndReason
}


def _line(label: str, number: int, renewed: int, dims: dict, short: str = "") -> Line:
    return Line(label, (number, renewed, share(renewed, number)), dims, short)


def tables(asked: Asked) -> list[Table]:
    """Terms that end in the months to come, and appointments that ended in each period."""
    return [_ahead(asked), _past(asked)]


def _ahead(asked: Asked) -> Table:
    rows, again = serving(asked).annotate(month=TruncMonth("last")), renewals(asked).annotate(month=TruncMonth("last"))
    months = dict(rows.order_by().values_list("month").annotate(number=Count("pk")))
    renewed = dict(again.order_by().values_list("month").annotate(number=Count("renews", distinct=True)))
    found = {month: [number, renewed.get(month, 0)] for month, number in months.items()}
    begun, lines = 12 * asked.day.year + asked.day.month - 1, []
    for n in range(begun, begun + AHEAD):
        first, following = date(n // 12, n % 12 + 1, 1), date((n + 1) // 12, (n + 1) % 12 + 1, 1)
        dims = {"since": max(first, asked.day), "until": following - timedelta(days=1)}
        words = {name: day.isoformat() for name, day in dims.items()}
        number, again = found.pop(first, (0, 0))
        lines.append(_line(f"{first.year}年{first.month}月", number, again, words, f"{first.month}月"))
    rest = [sum(values) for values in zip(*found.values(), strict=True)] or [0, 0]
    lines.append(_line("以后", *rest, {"since": following.isoformat()}))
    number, again = totals(lines, 2)
    return Table(
        "terms-ahead", "今后一年哪些月份聘任期满？", "期满月份", (ENDING, RENEWED, RENEWED_RATE), tuple(lines),
        _line("合计", number, again, {}), "统计日当月从统计日算起",
        Chart("columns", ("ending", "renewed"), first=AHEAD),
    )  # fmt: skip


def _past(asked: Asked) -> Table:
    counts = {f"n_{reason.value}": Count("pk", filter=Q(end_reason=reason)) for reason in EndReason}
    found = by_period(ended(asked), "ended_at", asked, number=Count("pk"), **counts)
    lines = tuple(
        Line(period.label, tuple(found[period][name] for name in ("number", *counts)), period.dims, period.short)
        for period in asked.periods
    )
    return Table(
        "terms-ended", "各期终止了多少聘任，原因是什么？", "期间", (ENDED, *REASONS.values()), lines,
        chart=Chart("columns", ("ended",)),
    )  # fmt: skip


def headline(asked: Asked) -> tuple[str, Value, str]:
    """How many are in office."""
    return "在任首席质量官", serving(asked).count(), "人"


SUBJECT = Subject(
    "terms", "聘期", "聘任期满的月份、续任和终止的原因", "11",
    (ENDING, RENEWED, RENEWED_RATE, ENDED, *REASONS.values()), tables, headline,
)  # fmt: skip
