"""How a figure is declared: what is counted, under which provision, in which unit, and which rows it counts.

Page, workbook, report and list of rows are all drawn from the same declaration and the same table of values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import QuerySet, TextChoices
from django.urls import reverse

from registry.models import County, User
from registry.models.measure import Law

Value = int | Decimal | None
TENTH = Decimal("0.1")


class Step(TextChoices):
    """How long each period of a series is."""

    MONTH = "month", "按月"
    QUARTER = "quarter", "按季度"
    YEAR = "year", "按年"


LENGTHS = {Step.MONTH: (1, 12), Step.QUARTER: (3, 8), Step.YEAR: (12, 5)}  # months of a period, periods of a series


@dataclass(frozen=True)
class Period:
    """A month, quarter or year, or the part of it up to the day asked about; both days inclusive."""

    label: str
    short: str
    first: date
    last: date

    @property
    def dims(self) -> dict[str, str]:
        """The period as a list of rows is asked for it."""
        return {"since": self.first.isoformat(), "until": self.last.isoformat()}


def periods(day: date, step: str) -> list[Period]:
    """The periods of a series that ends on that day, oldest first; the last one ends with the day."""
    months, number = LENGTHS[Step(step)]
    begun = 12 * day.year + (day.month - 1) // months * months
    found = []
    for start in range(begun - (number - 1) * months, begun + 1, months):
        first, following = (date(n // 12, n % 12 + 1, 1) for n in (start, start + months))
        quarter = f"{(first.month + 2) // 3}季度"
        label, short = {
            Step.MONTH: (f"{first.year}年{first.month}月", f"{first.month}月"),
            Step.QUARTER: (f"{first.year}年第{quarter}", f"{first.year % 100:02d}年{quarter}"),
            Step.YEAR: (f"{first.year}年", f"{first.year}"),
        }[Step(step)]
        found.append(Period(label, short, first, min(day, following - timedelta(days=1))))
    return found


@dataclass(frozen=True)
class Asked:
    """Who asks, as of which day, in which step; ``today`` is the day on which it is asked."""

    user: User
    day: date
    today: date
    step: str = Step.MONTH

    @cached_property
    def periods(self) -> list[Period]:
        """The periods of the series."""
        return periods(self.day, self.step)

    @property
    def year(self) -> Period:
        """The year of the day, up to the day."""
        return periods(self.day, Step.YEAR)[-1]

    @cached_property
    def _every_county(self) -> list[tuple[int, str, str]]:
        return list(County.unscoped.order_by("code").values_list("pk", "code", "name"))

    @property
    def all_counties(self) -> dict[str, str]:
        """Code → name of the eight."""
        return {code: name for _, code, name in self._every_county}

    @property
    def counties(self) -> dict[str, str]:
        """Code → name of the counties this person counts: its own, or the eight."""
        own = self.user.county_id
        return {code: name for pk, code, name in self._every_county if own in (None, pk)}

    @cached_property
    def law(self) -> Law:
        """The measures and readings, fetched once."""
        return Law()


Narrow = Callable[[Asked, QuerySet, str], QuerySet]


@dataclass(frozen=True)
class Figure:
    """One figure: ``rows`` gives what it counts, ``by`` says how each dimension of a cell narrows them.

    A share or a number of days counts no rows of its own, and leads nowhere.
    """

    key: str
    title: str
    clause: str
    unit: str
    definition: str
    rows: Callable[[Asked], QuerySet] | None = None
    by: Mapping[str, str | Narrow] = field(default_factory=dict)

    def counted(self, asked: Asked, dims: Mapping[str, str]) -> QuerySet:
        """The rows of one cell. Raises KeyError for a dimension that the figure has not."""
        rows = self.rows(asked)
        for name, value in dims.items():
            by = self.by[name]
            rows = by(asked, rows, value) if callable(by) else rows.filter(**{by: value})
        return rows


@dataclass(frozen=True)
class Line:
    """One line of a table: its values in the order of the figures; ``dims`` narrow them to their rows.

    ``dims`` is None where the line leads to no rows: those of others than the asker's own county.
    """

    label: str
    values: tuple[Value, ...]
    dims: Mapping[str, str] | None = field(default_factory=dict)
    short: str = ""


@dataclass(frozen=True)
class Chart:
    """How a table is drawn: ``bars`` for kinds, ``columns`` for periods; which of its figures; a level aimed at.

    ``first``: how many of the lines, where the last are of another kind.
    """

    kind: str
    keys: tuple[str, ...]
    goal: int | None = None
    first: int | None = None


@dataclass(frozen=True)
class Table:
    """One table: the question it answers, its lines and what they add up to; ``note`` says what is counted apart."""

    key: str
    question: str
    head: str
    figures: tuple[Figure, ...]
    lines: tuple[Line, ...]
    total: Line | None = None
    note: str = ""
    chart: Chart | None = None

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines, and the total after them."""
        return (*self.lines, *([self.total] if self.total else ()))

    def column(self, key: str) -> list[Value]:
        """The values of one figure, without the total."""
        place = [figure.key for figure in self.figures].index(key)
        return [line.values[place] for line in self.lines]


@dataclass(frozen=True)
class Subject:
    """One page of statistics. ``headline`` gives its one figure for the first page, in few queries."""

    key: str
    title: str
    lead: str
    clause: str
    figures: tuple[Figure, ...]
    tables: Callable[[Asked], list[Table]]
    headline: Callable[[Asked], tuple[str, Value, str]]

    def figure(self, key: str) -> Figure | None:
        """The figure of that key that leads to rows; None where there is none."""
        return next((figure for figure in self.figures if figure.key == key and figure.rows), None)


def share(part: int, whole: int) -> Decimal | None:
    """Percent with one decimal, half rounded up; None of nothing."""
    return (Decimal(100 * part) / whole).quantize(TENTH, ROUND_HALF_UP) if whole else None


def said(value: Value, unit: str = "") -> str:
    """A value as pages and papers say it: 1,234 家, 53.3%, — for nothing to tell."""
    if value is None:
        return "—"
    return f"{value:,}{unit if unit == '%' else f' {unit}' if unit else ''}"


def totals(lines: Sequence[Line], number: int) -> list[int]:
    """The sums of the first ``number`` columns."""
    return [sum(line.values[place] or 0 for line in lines) for place in range(number)]


def tally(rows: Iterable[tuple], width: int) -> dict[tuple, int]:
    """Counts added up by the first ``width`` values of each row, the last of which is the count."""
    found: dict[tuple, int] = {}
    for row in rows:
        found[row[:width]] = found.get(row[:width], 0) + row[-1]
    return found


def address(subject: str, figure: Figure, asked: Asked, line: Line) -> str:
    """Where the rows of a cell are listed; empty where it leads nowhere."""
    if figure.rows is None or line.dims is None or set(line.dims) - {"day", *figure.by}:
        return ""
    words = {"day": asked.day.isoformat(), **line.dims}
    return f"{reverse('statistics_rows', args=[subject, figure.key])}?{urlencode(words)}"
