"""设立情况: above-scale enterprises and those of them with a CQO in office (Art. 4: the denominator, never a gate)."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, F, OuterRef, QuerySet

from appointments.models import Appointment
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, Value, share, tally
from cqo_portal.statistics.series import over, standing_at
from cqo_portal.statistics.stood import (
    designated,
    designation_spans,
    in_office,
    office_spans,
    placed,
    seats,
    traded,
)
from registry.calendar_days import ONE_DAY
from registry.models import Edition, Enterprise
from registry.models.measure import Law
from registry.states import Designation, Industry

KIND = Designation.ABOVE_SCALE


def above(asked: Asked) -> QuerySet:
    """Above-scale enterprises of that day, with ``place``, ``trade`` and ``covered``."""
    rows = designated(Enterprise.unscoped.visible_to(asked.user), KIND, asked.day)
    covered = Exists(in_office(asked.day).filter(enterprise=OuterRef("pk")))
    return placed(rows, asked.day, asked.today).annotate(covered=covered)


def _with(asked: Asked) -> QuerySet:
    return above(asked).filter(covered=True)


def _without(asked: Asked) -> QuerySet:
    return above(asked).filter(covered=False)


BY = {"county": "place", "industry": "trade"}
ABOVE = Figure(
    "above-scale", "规模以上企业", "4", "家",
    "截至统计日属于规模以上的企业。属于规模以上的起止日按登记的期间计算",
    above, BY,
)  # fmt: skip
COVERED = Figure(
    "covered", "已设立首席质量官", "4", "家",
    "规模以上企业中，统计日有在任首席质量官的。自聘任首日起算，尚未登记备案的也计入；提前终止的，自记录终止之日起不再计入",
    _with, BY,
)  # fmt: skip
UNCOVERED = Figure(
    "uncovered", "尚未设立", "4", "家", "规模以上企业中，统计日没有在任首席质量官的", _without, BY
)  # fmt: skip
RATE = Figure("coverage-rate", "设立率", "4", "%", "已设立首席质量官的家数除以规模以上企业的家数")
GOAL = Figure("coverage-goal", "目标", "4", "%", "办法对当年年末规定的规模以上企业设立率；没有规定的不列")
SPAN = ("enterprise_id", "since", "until")
# Of one enterprise no two stretches of one kind hold the same day, and no two terms: a pair is an enterprise.
# Each part is reckoned once and then joined: the planner cannot tell what a look into the history costs.
PAIRS = """
    WITH designations AS MATERIALIZED {designations}, terms AS MATERIALIZED {terms}
    SELECT greatest(d.since, t.since) AS since, least(d.until, t.until) AS until
    FROM designations d JOIN terms t ON t.enterprise_id = d.enterprise_id"""
GRID_OF = """
    WITH enterprises AS MATERIALIZED {enterprises}, seats AS MATERIALIZED {seats}, terms AS MATERIALIZED {terms}
    SELECT coalesce(s.place, e.home), e.trade, count(*), count(t.enterprise_id)
    FROM enterprises e LEFT JOIN seats s ON s.enterprise_id = e.pk LEFT JOIN terms t ON t.enterprise_id = e.pk
    GROUP BY 1, 2"""
GRID = (ABOVE, COVERED, UNCOVERED, RATE)


def goals(law: Law, days: Iterable[date]) -> dict[date, int | None]:
    """Art. 4: day → the share of above-scale enterprises aimed at by the end of its year, in percent; None for none."""
    found = {}
    for day in days:
        try:
            found[day] = law.on(day).value("coverage_targets").get(str(day.year))
        except Edition.DoesNotExist:  # a portal without a measure aims at nothing
            found[day] = None
    return found


def _line(label: str, count: int, covered: int, dims: dict | None, short: str = "") -> Line:
    return Line(label, (count, covered, count - covered, share(covered, count)), dims, short)


def _grid(asked: Asked, enterprises: QuerySet) -> list[tuple[str, str, int, int]]:
    """County, industry, how many enterprises are above scale, how many of them covered: of ``above``, in one pass."""
    day, firm = asked.day, "enterprise_id"
    known = traded(designated(enterprises, KIND, day), day, asked.today).order_by()
    return over(
        GRID_OF,
        enterprises=known.values("pk", "trade", home=F("county__code")),
        seats=seats(day).order_by().values(firm, place=F("county__code")),
        terms=in_office(day).order_by().values(firm),
    )


def _total(label: str, cells, dims: dict | None) -> Line:
    return _line(label, sum(cell[2] for cell in cells), sum(cell[3] for cell in cells), dims)


def _lines(cells, place: int, names: dict[str, str], dim: str, *, every: bool) -> tuple[Line, ...]:
    """One line for each value of a dimension; ``every`` keeps those of nothing."""
    number, covered = (tally(((cell[place], cell[n]) for cell in cells), 1) for n in (2, 3))
    return tuple(
        _line(name, number.get((key,), 0), covered.get((key,), 0), {dim: key})
        for key, name in names.items()
        if every or (key,) in number
    )


def tables(asked: Asked) -> list[Table]:
    """Coverage by county, by industry, and at the end of each period."""
    mine = Enterprise.unscoped.visible_to(asked.user)
    cells = _grid(asked, mine)
    goal = goals(asked.law, [asked.day])[asked.day]
    names = {key: asked.all_counties[key] for key in asked.all_counties if key in asked.counties}
    counties = _lines(cells, 0, names | {k: asked.all_counties[k] for k, *_ in cells}, "county", every=True)
    if asked.user.is_city_wide:
        total = _total("全市", cells, {})
    else:  # the one figure of others that a county is told: the aim of Art. 4 is the whole city's
        total = _total("全市", _grid(asked, Enterprise.unscoped.all()), None)
    note = f"{asked.day.year}年年末的目标是 {goal}%" if goal is not None else "办法对这一年没有规定目标"
    trades = _lines(cells, 1, dict(Industry.choices), "industry", every=False)
    bars = Chart("bars", ("above-scale", "covered"))
    return [
        Table("coverage-county", "各县（市、区）有多少规模以上企业设立了首席质量官？", "县（市、区）", GRID, counties,
              total, note, bars),
        Table("coverage-industry", "各行业有多少规模以上企业设立了首席质量官？", "行业门类", GRID, trades,
              _total("合计", cells, {}), chart=bars),
        _series(asked),
    ]  # fmt: skip


def _series(asked: Asked) -> Table:
    """The shares as of the last day of each period, each as it was on record then: two queries for all of them."""
    days = [period.last for period in asked.periods]
    mine = {"designations": designation_spans(Enterprise.unscoped.visible_to(asked.user), KIND).values(*SPAN)}
    told = (asked.periods[0].first, asked.day + ONE_DAY)
    terms = Appointment.unscoped.visible_to(asked.user).filter(term__overlap=told)
    spans = office_spans(terms).order_by().values(*SPAN)
    counts = standing_at(days, "SELECT since, until FROM {designations} d", **mine)
    with_cqo, aims = standing_at(days, PAIRS, **mine, terms=spans), goals(asked.law, days)
    lines = []
    for period, count, held in zip(asked.periods, counts, with_cqo, strict=True):
        values = (count, held, share(held, count), aims[period.last])
        lines.append(Line(period.label, values, {"day": period.last.isoformat()}, period.short))
    figures = (ABOVE, COVERED, RATE, GOAL)
    note = "各期末当日的数；统计日所在的一期，到统计日为止"
    chart = Chart("columns", ("coverage-rate",), aims[days[-1]])
    return Table("coverage-series", "设立率怎样变化？", "期末", figures, tuple(lines), None, note, chart)


def headline(asked: Asked) -> tuple[str, Value, str]:
    """The share on the first page."""
    found = _total("", _grid(asked, Enterprise.unscoped.visible_to(asked.user)), None)
    return "规模以上企业设立率", found.values[-1], "%"


SUBJECT = Subject(
    "coverage", "设立情况", "规模以上企业设立首席质量官的情况，按县（市、区）和行业对照目标", "4",
    (*GRID, GOAL), tables, headline,
)  # fmt: skip
