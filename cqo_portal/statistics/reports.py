"""履职报告: which reports were owed, and which came in time (Art. 5, 12(二)(3))."""

from django.db.models import Count, F, Q, QuerySet

from appointments.models import ReportDuty
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, Value, share
from cqo_portal.statistics.series import within
from cqo_portal.statistics.stood import done_by, not_by, truth

COUNTY = "appointment__enterprise__county__code"


def owed(asked: Asked) -> QuerySet:
    """The reports that were due by that day, of CQOs who were in office on the due day, as far as was recorded."""
    day = asked.day
    standing = not_by(day, "appointment__ended_at") & not_by(day, "appointment__withdrawn_at")
    known = Q(appointment__in_force__contains=F("due_on")) | Q(appointment__term__contains=F("due_on")) & standing
    rows = ReportDuty.unscoped.visible_to(asked.user).filter(
        known, done_by(day, "cycle__published_at"), not_by(day, "cycle__withdrawn_at"), due_on__lte=day
    )
    served = done_by(day, "opened_at") | done_by(day, "paper_recorded_at")
    received = done_by(day, "report__received_at")
    return rows.annotate(
        served=truth(served),
        in_time=truth(received & Q(report__received_on__lte=F("due_on"))),
        late=truth(received & Q(report__received_on__gt=F("due_on"))),
        missing=truth(Q(report=None) | not_by(day, "report__received_at")),
    )


def _that(name: str):
    return lambda asked: owed(asked).filter(**{name: True})


BY = {"cycle": "cycle__reference", "since": "due_on__gte", "until": "due_on__lte", "county": COUNTY}
OWED = Figure(
    "reports-owed", "应提供", "12.(2).(3)", "份",
    "期限在期间内、到统计日已满的履职报告，限于期限当日在任的首席质量官；通知收回的不计入", owed, BY,
)  # fmt: skip
SERVED = Figure(
    "reports-served",
    "通知已送达",
    "12.(2).(3)",
    "份",
    "其中通知已在平台打开，或者纸质送达有记录的",
    _that("served"),
    BY,
)
IN_TIME = Figure("reports-in-time", "按时", "12.(2).(3)", "份", "其中期限当日或者以前收到的", _that("in_time"), BY)
LATE = Figure("reports-late", "迟交", "12.(2).(3)", "份", "其中期限过后收到的", _that("late"), BY)
MISSING = Figure("reports-missing", "未提供", "12.(2).(3)", "份", "其中到统计日没有收到的", _that("missing"), BY)
RATE = Figure("reports-rate", "按时率", "12.(2).(3)", "%", "按时的份数除以应提供的份数")
FIGURES = (OWED, SERVED, IN_TIME, LATE, MISSING, RATE)
NAMES = ("served", "in_time", "late", "missing")


def _line(label: str, counts: list[int], dims: dict[str, str], short: str = "") -> Line:
    return Line(label, (*counts, share(counts[2], counts[0])), dims, short)


def tables(asked: Asked) -> list[Table]:
    """By notice and by county this year, and by the period in which reports fell due: one query for all."""
    rows = within(owed(asked), "due_on", min(asked.periods[0].first, asked.year.first), asked.day)
    counts = {f"n_{name}": Count("pk", filter=Q(**{name: True})) for name in NAMES}
    cells = rows.order_by("cycle__published_at").values("cycle__reference", "cycle__title", "due_on", county=F(COUNTY))
    cells = list(cells.annotate(number=Count("pk"), **counts))
    year, note = asked.year, f"期限在{asked.year.first.year}年1月1日至统计日的履职报告"
    now = [cell for cell in cells if cell["due_on"] >= year.first]
    notices = {cell["cycle__reference"]: cell["cycle__title"] for cell in now}
    by_notice = tuple(
        _line(title, _sums(now, cycle__reference=key), {**year.dims, "cycle": key}) for key, title in notices.items()
    )
    by_county = tuple(
        _line(name, _sums(now, county=key), {**year.dims, "county": key}) for key, name in asked.counties.items()
    )
    total = _line("合计", _sums(now), year.dims)
    series = tuple(
        _line(p.label, _sums([c for c in cells if p.first <= c["due_on"] <= p.last]), p.dims, p.short)
        for p in asked.periods
    )
    return [
        Table("reports-notices", "各次通知的履职报告按时提供了多少？", "通知", FIGURES, by_notice, total, note),
        Table(
            "reports-counties",
            "各县（市、区）的履职报告按时提供了多少？",
            "县（市、区）",
            FIGURES,
            by_county,
            total,
            note,
            Chart("bars", ("reports-owed", "reports-in-time")),
        ),
        Table(
            "reports-series",
            "按时率怎样变化？",
            "期间",
            FIGURES,
            series,
            None,
            "按报告期限计入各期",
            Chart("columns", ("reports-rate",)),
        ),
    ]


def _sums(cells: list[dict], **wanted: str) -> list[int]:
    """The counts of the cells that hold these values, added up."""
    chosen = [cell for cell in cells if all(cell[name] == value for name, value in wanted.items())]
    return [sum(cell[name] for cell in chosen) for name in ("number", *(f"n_{name}" for name in NAMES))]


def headline(asked: Asked) -> tuple[str, Value, str]:
    """The share that came in time this year."""
    rows = within(owed(asked), "due_on", asked.year.first, asked.day)
    found = rows.aggregate(number=Count("pk"), good=Count("pk", filter=Q(in_time=True)))
    return "本年履职报告按时率", share(found["good"], found["number"]), "%"


SUBJECT = Subject(
    "reports", "履职报告", "按通知、县（市、区）和期间，履职报告应提供、按时、迟交和未提供的份数", "12.(2).(3)",
    FIGURES, tables, headline,
)  # fmt: skip
