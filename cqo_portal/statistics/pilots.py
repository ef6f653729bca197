"""试点: pilot enterprises, those of them with a CQO, and the guidance they were given (Art. 12(一))."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from appointments.models import Guidance
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, Value, totals
from cqo_portal.statistics.series import by_period, within
from cqo_portal.statistics.stood import designated, done_by, in_office, placed
from registry.models import Enterprise
from registry.states import Designation


def guidance(asked: Asked) -> QuerySet:
    """The records of guidance that stood that day: none that a later record had corrected by then."""
    rows = Guidance.unscoped.visible_to(asked.user).filter(done_by(asked.day, "recorded_at"), day__lte=asked.day)
    later = Guidance.unscoped.filter(done_by(asked.day, "recorded_at"), corrects=OuterRef("pk"))
    return rows.filter(~Exists(later))


def pilots(asked: Asked) -> QuerySet:
    """The pilots of that day, with ``place``, ``covered`` and ``guided``: whether they had guidance this year."""
    rows = designated(Enterprise.unscoped.visible_to(asked.user), Designation.PILOT, asked.day)
    given = within(guidance(asked), "day", asked.year.first, asked.day).filter(enterprise=OuterRef("pk"))
    covered = Exists(in_office(asked.day).filter(enterprise=OuterRef("pk")))
    return placed(rows, asked.day, asked.today).annotate(covered=covered, guided=Exists(given))


def _that(name: str, holds: bool = True):
    return lambda asked: pilots(asked).filter(**{name: holds})


BY = {"county": "place"}
PILOTS = Figure("pilots", "试点企业", "12.(1)", "家", "截至统计日的试点企业，起止日按登记的期间计算", pilots, BY)
COVERED = Figure(
    "pilots-covered", "有在任首席质量官", "12.(1)", "家", "其中统计日有在任首席质量官的", _that("covered"), BY
)
GUIDED = Figure("pilots-guided", "今年已指导", "12.(1)", "家", "其中本年有指导记录的", _that("guided"), BY)
WAITING = Figure(
    "pilots-waiting", "今年尚未指导", "12.(1)", "家", "其中本年还没有指导记录的", _that("guided", False), BY
)
GIVEN = Figure(
    "guidance", "指导", "12.(1)", "次", "期间内的指导记录，更正的以更正后的一条计", guidance,
    {"since": "day__gte", "until": "day__lte"},
)  # fmt: skip


def tables(asked: Asked) -> list[Table]:
    """Pilots by county, and the guidance given in each period."""
    counts = {f"n_{name}": Count("pk", filter=Q(**{name: True})) for name in ("covered", "guided")}
    rows = pilots(asked).order_by().values_list("place").annotate(number=Count("pk"), **counts)
    found = {place: values for place, *values in rows}
    names = {key: name for key, name in asked.all_counties.items() if key in asked.counties or key in found}
    lines = []
    for code, name in names.items():
        number, covered, guided = found.get(code, (0, 0, 0))
        lines.append(Line(name, (number, covered, guided, number - guided), {"county": code}))
    total = Line("合计", tuple(totals(lines, 4)), {})
    given = by_period(guidance(asked), "day", asked, number=Count("pk"))
    series = tuple(Line(p.label, (given[p]["number"],), p.dims, p.short) for p in asked.periods)
    figures = (PILOTS, COVERED, GUIDED, WAITING)
    return [
        Table(
            "pilots-counties",
            "各县（市、区）的试点企业今年指导了多少？",
            "县（市、区）",
            figures,
            tuple(lines),
            total,
            chart=Chart("bars", ("pilots", "pilots-guided")),
        ),
        Table(
            "pilots-series",
            "各期指导了多少次？",
            "期间",
            (GIVEN,),
            series,
            None,
            "按指导日期计入各期",
            Chart("columns", ("guidance",)),
        ),
    ]


def headline(asked: Asked) -> tuple[str, Value, str]:
    """How many pilots there are."""
    return "试点企业", pilots(asked).count(), "家"


SUBJECT = Subject(
    "pilots", "试点", "试点企业、其中设立首席质量官的和得到指导的", "12.(1)",
    (PILOTS, COVERED, GUIDED, WAITING, GIVEN), tables, headline,
)  # fmt: skip
