"""One page of a list, found by where it begins and not by how many rows stand before it: the last costs as the first.

A cursor holds the values that the page's first or last row is sorted by, so that it means the same place tomorrow. Of
the libraries for this none lets an index serve a later page (ADR 20).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Q, QuerySet

COUNTED = 1000  # as far as rows are counted: beyond, a list says that there are more
SIZES = (50, 100, 200)  # rows a page; the first unless asked otherwise
LONGEST_CURSOR = 1000
PLACES = ("after", "before", "end")  # parts of an address that say where in a list a page begins


@dataclass(frozen=True)
class Count:
    """How many rows a list has: exact up to ``COUNTED``, and whether there are more."""

    number: int
    more: bool = False

    @classmethod
    def of(cls, number: int) -> Count:
        """What is known once counting has stopped behind ``COUNTED``."""
        return cls(min(number, COUNTED), number > COUNTED)

    def __str__(self):
        return f"{self.number:,}+" if self.more else str(self.number)

    def __bool__(self):
        return self.number > 0

    def __index__(self):
        return self.number


def as_far_as_counted(rows: QuerySet) -> QuerySet:
    """Those that a count looks at: one behind ``COUNTED`` is enough to know that there are more."""
    return rows.order_by()[: COUNTED + 1]


def count_of(rows: QuerySet) -> Count:
    """How many there are, without reading more than ``COUNTED`` of them."""
    return Count.of(as_far_as_counted(rows).count())


@dataclass
class Page:
    """Some rows of a list, how many there are, and where the others begin.

    ``first``, ``previous``, ``next`` and ``last`` are the parts of an address that lead there, None where there is
    nothing; ``start`` is the number of the first row, 0 where that would have to be counted.
    """

    object_list: list
    count: Count
    size: int
    start: int = 1
    first: dict | None = None
    previous: dict | None = None
    next: dict | None = None
    last: dict | None = None

    def __iter__(self) -> Iterator:
        return iter(self.object_list)

    def __len__(self):
        return len(self.object_list)

    @property
    def end(self) -> int:
        """The number of the last row of the page."""
        return self.start + len(self.object_list) - 1

    @property
    def is_part(self) -> bool:
        """Whether there are rows on other pages."""
        return bool(self.previous or self.next)

    @property
    def sizes(self) -> list[int]:
        """How many rows a page may have, where that makes a difference."""
        return [size for size in SIZES if self.is_part or size < self.size] if self.count else []


def address(**parts) -> dict:
    """The parts of an address that say where a page begins, all others of them taken away."""
    return dict.fromkeys(PLACES) | parts


@dataclass(frozen=True)
class Key:
    """One thing that rows are sorted by. As in the database, a missing value is the largest."""

    path: str
    down: bool
    optional: bool

    @classmethod
    def parse(cls, word: str, model) -> Key:
        """``-first_day`` as in ``order_by``."""
        path = word.removeprefix("-")
        return cls(path, word.startswith("-"), may_be_missing(model, path))

    def order(self, backwards: bool):
        """What ``order_by`` is told."""
        return F(self.path).desc() if self.down != backwards else F(self.path).asc()

    def past(self, value, backwards: bool) -> Q:
        """Rows that come after this value; none where nothing does."""
        if self.down != backwards:
            return Q(**{f"{self.path}__isnull": False}) if value is None else Q(**{f"{self.path}__lt": value})
        return Q(pk__in=()) if value is None else self._above("gt", value)

    def at(self, value) -> Q:
        """Rows that have this very value."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def bound(self, value, backwards: bool) -> Q:
        """What an index can start from: this value, or what comes after it."""
        if value is None:
            return Q()
        return Q(**{f"{self.path}__lte": value}) if self.down != backwards else self._above("gte", value)

    def _above(self, lookup: str, value) -> Q:
        """Larger values, the missing one among them; where none can be missing, an index serves."""
        above = Q(**{f"{self.path}__{lookup}": value})
        return above | Q(**{f"{self.path}__isnull": True}) if self.optional else above


def may_be_missing(model, path: str) -> bool:
    """Whether what a path leads to can be NULL, as far as the columns on the way tell."""
    for part in path.split("__"):
        if part == "pk":
            return False
        try:
            step = model._meta.get_field(part)
        except FieldDoesNotExist:
            return True
        if step.null:
            return True
        model = step.related_model
    return False


class InOrder:
    """Abstract: rows in an order, of which a page is read from any place on.

    ``read`` gives the rows behind a place or before it, nearest first, and raises ValueError for a place that fits no
    such order; ``values`` is the place of a row, ``count`` how many there are, ``before`` how many stand before a row.
    """

    def read(self, place: list, size: int, backwards: bool = False) -> list:
        raise NotImplementedError

    def values(self, row) -> list:
        raise NotImplementedError

    def count(self) -> Count:
        raise NotImplementedError

    def before(self, row) -> int:
        raise NotImplementedError

    def cursor(self, row) -> str:
        """The place of a row, as an address names it."""
        return urlsafe_b64encode(json.dumps(self.values(row), cls=DjangoJSONEncoder).encode()).decode().rstrip("=")

    def page(self, place: list, size: int, backwards: bool = False) -> Page:
        """The rows from a place on, or up to it; without a place from the beginning, or up to the end."""
        read = self.read(place, size + 1, backwards)
        shown, further = read[:size], len(read) > size
        if backwards:
            shown.reverse()
        before, behind = (further, bool(place)) if backwards else (bool(place), further)
        count = self.count()
        page = Page(shown, count, size)
        if before and shown:
            page.start = self._start(shown, count, behind)
            page.first, page.previous = address(), address(before=self.cursor(shown[0]))
        if behind and shown:
            page.next, page.last = address(after=self.cursor(shown[-1])), address(end=1)
        return page

    def _start(self, shown: list, count: Count, behind: bool) -> int:
        """The number of the first row on a later page; 0 where nobody counted so far."""
        if count.more:
            return 0
        return self.before(shown[0]) + 1 if behind else count.number - len(shown) + 1


@dataclass
class Keyset(InOrder):
    """The rows of a query in its order."""

    rows: QuerySet
    keys: tuple[Key, ...] = field(init=False)

    def __post_init__(self):
        words = self.rows.query.order_by or self.rows.model._meta.ordering
        words = [*words, *([] if {"pk", "-pk"} & set(words) else ["pk"])]
        self.keys = tuple(Key.parse(word, self.rows.model) for word in words)

    def after(self, values: list, backwards: bool = False) -> QuerySet:
        """The rows behind these values, or before them, nearest first. Raises ValueError for values that fit none."""
        rows = self.rows.order_by(*(key.order(backwards) for key in self.keys))
        if not values:
            return rows
        beyond = Q(pk__in=())
        for key, value in zip(reversed(self.keys), reversed(values), strict=True):
            beyond = key.past(value, backwards) | (key.at(value) & beyond)
        try:
            return rows.filter(self.keys[0].bound(values[0], backwards) & beyond)
        except (ArithmeticError, TypeError, ValueError, ValidationError) as error:
            raise ValueError("no such place") from error

    def marked(self, rows: QuerySet) -> QuerySet:
        """The rows with what they are sorted by, read along with them."""
        return rows.annotate(**{f"_key{number}": F(key.path) for number, key in enumerate(self.keys)})

    def values(self, row) -> list:
        """What a row that was read ``marked`` is sorted by."""
        return [getattr(row, f"_key{number}") for number in range(len(self.keys))]

    def read(self, place: list, size: int, backwards: bool = False) -> list:
        """Some rows, each read ``marked``."""
        return list(self.marked(self.after(place, backwards))[:size])

    def count(self) -> Count:
        """How many there are, without reading more than ``COUNTED`` of them."""
        return count_of(self.rows)

    def before(self, row) -> int:
        """How many stand before a row that was read ``marked``."""
        return self.after(self.values(row), backwards=True).order_by().count()


def place_of(cursor: str) -> list:
    """The values of a cursor. Raises ValueError for a text that is none."""
    if not cursor or len(cursor) > LONGEST_CURSOR:
        raise ValueError("no cursor")
    values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    plain = isinstance(values, list) and all(v is None or isinstance(v, str | int | float) for v in values)
    if not plain or any("\x00" in v for v in values if isinstance(v, str)):
        raise ValueError("no cursor")
    return values


def size_of(asked: str) -> int:
    """How many rows a page is to have."""
    return int(asked) if asked in map(str, SIZES) else SIZES[0]


def page_of(request, rows, size: int = 0) -> Page:
    """The page that the address asks for: ``after`` or ``before`` a place, the ``end``, else the first.

    A place that does not exist any more, or never did, is the first page. ``size`` is the page's own number of rows,
    where its reader has no say in it.
    """
    asked, size = request.GET, size or size_of(request.GET.get("rows", ""))
    if isinstance(rows, list):
        return _page_of_sequence(asked, rows, size)
    ordered = Keyset(rows) if isinstance(rows, QuerySet) else rows
    if "end" in asked:
        return ordered.page([], size, backwards=True)
    try:
        backwards = "before" in asked
        page = ordered.page(place_of(asked["before" if backwards else "after"]), size, backwards)
    except (KeyError, ValueError):
        return ordered.page([], size)
    # What stood there has moved, or one is back at the beginning: a page begins with the first row, and is full.
    return page if page.object_list and (page.previous or not backwards) else ordered.page([], size)


def _page_of_sequence(asked, rows: list, size: int) -> Page:
    """The page of what was reckoned and not read: such a list is short, and is known as a whole."""
    number, after = len(rows), asked.get("after", "")
    last = max(number - 1, 0) // size * size
    begin = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    begin = last if "end" in asked else begin - begin % size if begin < number else 0
    page = Page(rows[begin : begin + size], Count(number), size, begin + 1)
    if begin:
        page.first, page.previous = address(), address(after=begin - size)
    if begin < last:
        page.next, page.last = address(after=begin + size), address(end=1)
    return page
