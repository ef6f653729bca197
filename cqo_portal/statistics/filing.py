"""登记备案: what was submitted, returned and filed, and in how many working days (Art. 9, 11)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil

from django.db.models import Case, Count, DateField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, TruncDate

from appointments.models import Act, Appointment
from appointments.rules import FILING_DAYS
from appointments.states import ActKind
from cqo_portal.statistics import declared
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, share
from cqo_portal.statistics.series import by_period, over
from cqo_portal.statistics.stood import done_by
from registry.calendar_days import ONE_DAY, Workdays, workdays_between
from registry.filters import midnight

ACTS = {"since": "day__gte", "until": "day__lte", "county": "appointment__enterprise__county__code"}
DAYS = {"since": "day__gte", "until": "day__lte", "county": "enterprise__county__code"}


def _acts(*kinds: str) -> Callable[[Asked], QuerySet]:
    def rows(asked: Asked) -> QuerySet:
        found = Act.unscoped.visible_to(asked.user).filter(done_by(asked.day, "at"), kind__in=kinds)
        return found.annotate(day=TruncDate("at"))

    return rows


def filed(asked: Asked) -> QuerySet:
    """The appointments that were filed, with ``day`` of the filing."""
    rows = Appointment.unscoped.visible_to(asked.user).filter(done_by(asked.day, "filed_at"))
    return rows.annotate(day=TruncDate("filed_at"))


SUBMITTED = Figure(
    "submitted", "提交", "11", "件", "期间内企业任命并首次提交的件数，退回后重新提交的不重复计",
    _acts(ActKind.SUBMITTED), ACTS,
)  # fmt: skip
RETURNED = Figure(
    "returned", "退回补正", "9", "次", "期间内退回补正的次数，一件退回几次计几次", _acts(ActKind.RETURNED), ACTS
)
FILED = Figure("filed", "登记", "9", "件", "期间内登记的件数", filed, DAYS)


@dataclass(frozen=True)
class Desk:
    """One step of a filing: from which stamp to which, and whether the service promise is of this step."""

    label: str
    since: str
    until: str
    promised: bool = True

    def of(self, rows: QuerySet) -> QuerySet:
        """The filed rows that passed this desk, with ``begun`` and ``done``; a county that files itself is one desk."""
        if self.since == "checked_at":
            rows = rows.exclude(filed_at=F("checked_at"))
        return rows.annotate(begun=TruncDate(self.since), done=TruncDate(self.until))

    def in_time(self, rows: QuerySet) -> QuerySet:
        """Of these, the rows that were done within the promise: for each day, the first day that is soon enough."""
        rows = self.of(rows)
        days = list(rows.order_by().values_list("done", flat=True).distinct())
        cuts = [When(done=day, then=Cast(Value(_soon_enough(day)), DateField())) for day in days]
        return rows.filter(begun__gte=Case(*cuts, output_field=DateField())) if cuts else rows.none()


DESKS = {
    "county": Desk("县（市、区）局核对", "submitted_at", "checked_at"),
    "city": Desk("市局登记", "checked_at", "filed_at"),
    "whole": Desk("自提交至登记", "submitted_at", "filed_at", promised=False),
}

PAIRS = """
    SELECT place, came, checked, went, by_county, count(*) FROM {rows} t
    GROUP BY GROUPING SETS ((place, came, checked), (place, checked, went, by_county), (place, came, went))"""


def _soon_enough(day: date) -> date:
    """The first day from which a filing was done in time on that day."""
    before = day
    while workdays_between(before - ONE_DAY, day) <= FILING_DAYS:
        before -= ONE_DAY
    return before


HANDLED = Figure(
    "handled", "办结", "9", "件", "本年到统计日为止登记的件数。县（市、区）局直接登记的，不计入市局办理", filed,
    DAYS | {"desk": lambda asked, rows, desk: DESKS[desk].of(rows)},
)  # fmt: skip
MEDIAN = Figure(
    "median-days", "中位数", "9", "个工作日",
    "办理工作日的中位数：自收到次日起至办结当日，按国务院公布的放假安排计算；退回补正的，自重新提交算起",
)  # fmt: skip
NINTH = Figure("ninth-days", "九成以内", "9", "个工作日", "十件中有九件在这么多个工作日以内办结")
IN_TIME = Figure(
    "in-time", "按承诺期限办结", "12", "件",
    f"在服务承诺的期限（收到后 {FILING_DAYS} 个工作日）以内办结的件数。承诺期限由质监部门自定，不是办法的规定",
    filed, DAYS | {"desk": lambda asked, rows, desk: DESKS[desk].in_time(rows)},
)  # fmt: skip
TIMELY = Figure("in-time-rate", "按期率", "12", "%", "按承诺期限办结的件数除以办结的件数")


def percentile(counted: dict[int, int], part: float) -> int | None:
    """The least number of days within which that part of all lies; None of nothing."""
    wanted, reached = ceil(part * sum(counted.values())), 0
    for days in sorted(counted):
        reached += counted[days]
        if reached >= wanted:
            return days
    return None


def _took(asked: Asked) -> dict[str, dict[str, dict[int, int]]]:
    """Desk → county → working days → how many took them, of those filed this year.

    The database counts by pairs of days, for all desks in one pass; each pair is reckoned once.
    """
    workdays = Workdays(date(asked.day.year - 1, 1, 1), asked.day)
    days = {"came": TruncDate("submitted_at"), "checked": TruncDate("checked_at"), "went": TruncDate("filed_at")}
    by_county = Case(When(filed_at=F("checked_at"), then=Value(1)), default=Value(0))
    rows = filed(asked).filter(filed_at__gte=midnight(asked.year.first)).order_by()
    rows = rows.values(place=F("enterprise__county__code"), by_county=by_county, **days)
    found: dict[str, dict[str, dict[int, int]]] = {key: {} for key in DESKS}
    for county, came, checked, went, same_desk, number in over(PAIRS, rows=rows):
        if same_desk:  # a county that files itself is one desk
            continue
        desk = "whole" if checked is None else "county" if went is None else "city"
        pair = {"whole": (came, went), "county": (came, checked), "city": (checked, went)}[desk]
        counts, took = found[desk].setdefault(county, {}), workdays.between(*pair)
        counts[took] = counts.get(took, 0) + number
    return found


def _together(counts: Iterable[dict[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in counts:
        for days, number in each.items():
            found[days] = found.get(days, 0) + number
    return found


def _values(counted: dict[int, int], promised: bool = True) -> tuple[declared.Value, ...]:
    number = sum(counted.values())
    in_time = sum(n for days, n in counted.items() if days <= FILING_DAYS) if promised else None
    rate = share(in_time, number) if promised else None
    return number, percentile(counted, 0.5), percentile(counted, 0.9), in_time, rate


def tables(asked: Asked) -> list[Table]:
    """What came in and went out in each period; how long each office took this year, and for each county."""
    return [_flow(asked), *_durations(asked)]


def _flow(asked: Asked) -> Table:
    kinds = {ActKind.SUBMITTED: SUBMITTED, ActKind.RETURNED: RETURNED, ActKind.FILED: FILED}
    counts = {f"n_{kind}": Count("pk", filter=Q(kind=kind)) for kind in kinds}
    found = by_period(_acts(*kinds)(asked), "at", asked, **counts)
    lines = tuple(
        Line(period.label, tuple(found[period][f"n_{kind}"] for kind in kinds), period.dims, period.short)
        for period in asked.periods
    )
    chart = Chart("columns", (SUBMITTED.key, FILED.key))
    return Table("filing-series", "各期提交和登记了多少任命？", "期间", tuple(kinds.values()), lines, chart=chart)


def _durations(asked: Asked) -> list[Table]:
    year, took = asked.year, _took(asked)
    desks = tuple(
        Line(desk.label, _values(_together(took[key].values()), desk.promised), {**year.dims, "desk": key})
        for key, desk in DESKS.items()
    )
    counties = tuple(
        Line(name, _values(took["county"].get(code, {})), {**year.dims, "county": code, "desk": "county"})
        for code, name in asked.counties.items()
    )
    figures = (HANDLED, MEDIAN, NINTH, IN_TIME, TIMELY)
    note = f"{year.first.year}年1月1日至统计日登记的任命"
    return [
        Table("filing-desks", "今年登记的任命办了多少个工作日？", "环节", figures, desks, None, note),
        Table(
            "filing-counties",
            "各县（市、区）局核对用了多少个工作日？",
            "县（市、区）",
            figures,
            counties,
            None,
            note,
            Chart("bars", ("median-days", "ninth-days")),
        ),
    ]


def headline(asked: Asked) -> tuple[str, declared.Value, str]:
    """How many were filed this year."""
    return "本年登记", filed(asked).filter(filed_at__gte=midnight(asked.year.first)).count(), "件"


SUBJECT = Subject(
    "filing", "登记备案", "任命的提交、退回补正和登记，以及各环节办理用了多少个工作日", "9",
    (SUBMITTED, RETURNED, FILED, HANDLED, MEDIAN, NINTH, IN_TIME, TIMELY), tables, headline,
)  # fmt: skip
