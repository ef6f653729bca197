"""One list of rows of several kinds in the order of a day, of which each kind is read as far as a page needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import DateField, F, Func, IntegerField, Q, QuerySet, Value

from registry.listing import COUNTED, Count, InOrder, Page

PIECE = 1000  # rows that are made into what is shown at once
KEYS = ("day", "owner", "rank", "key")


class Earlier(Func):
    """A day so many days before another."""

    template, output_field = "(%(expressions)s - %(days)s)", DateField()

    def __init__(self, expression, days: int):
        super().__init__(expression, days=days)


@dataclass(frozen=True)
class Strand:
    """Rows of one kind: which, of which day, whose, and what is made of them.

    ``by`` names a day that comes ``shift`` days after the row's own, so that an index on it serves. ``rank`` orders the
    kinds of one day and one owner, and is nobody else's. ``full`` is what the rows are read from once they are picked.
    """

    rank: int
    kind: str
    rows: QuerySet
    full: QuerySet
    made: Callable[[list], list]
    by: str = "due_on"
    shift: int = 0
    whose: str = "pk"

    def between(self, first: date | None = None, last: date | None = None) -> Strand:
        """Those of these days, the first and the last included."""
        within = Q()
        if first:
            within &= Q(**{f"{self.by}__gte": first + self._shift})
        if last:
            within &= Q(**{f"{self.by}__lte": last + self._shift})
        return replace(self, rows=self.rows.filter(within))

    def keys(self, place: list, backwards: bool) -> QuerySet:
        """Of the rows behind a place, or before it: day, owner, rank and key, nearest first."""
        rows = self.rows.filter(self._beyond(place, backwards)) if place else self.rows
        order = [F(path).desc() if backwards else F(path).asc() for path in dict.fromkeys((self.by, self.whose, "pk"))]
        rank = Value(self.rank, output_field=IntegerField())
        known = rows.annotate(day=Earlier(F(self.by), self.shift), owner=F(self.whose), rank=rank, key=F("pk"))
        return known.order_by(*order).values_list(*KEYS)

    def _beyond(self, place: list, backwards: bool) -> Q:
        day, whose, rank, key = place[0] + self._shift, *place[1:]
        past = "lt" if backwards else "gt"
        there = Q(**{self.by: day, self.whose: whose})
        beyond = Q(**{f"{self.by}__{past}": day}) | Q(**{self.by: day, f"{self.whose}__{past}": whose})
        if rank == self.rank:
            beyond |= there & Q(**{f"pk__{past}": key})
        elif (rank < self.rank) != backwards:
            beyond |= there
        return Q(**{f"{self.by}__{past}e": day}) & beyond  # what an index can start from

    @property
    def _shift(self) -> timedelta:
        return timedelta(days=self.shift)


@dataclass(frozen=True)
class Strands(InOrder):
    """All kinds together. A row is its key until ``items`` makes of it what is shown."""

    strands: tuple[Strand, ...]

    def only(self, wanted: Callable[[Strand], bool]) -> Strands:
        """Of these kinds alone."""
        return Strands(tuple(strand for strand in self.strands if wanted(strand)))

    def each(self, change: Callable[[Strand], Strand]) -> Strands:
        """Every kind narrowed."""
        return Strands(tuple(map(change, self.strands)))

    def read(self, place: list, size: int | None, backwards: bool = False) -> list[tuple]:
        """Keys in order. Raises ValueError for a place that fits no such order."""
        place = _key_of(place) if place else []
        parts = [strand.keys(place, backwards)[:size] for strand in self.strands]
        if len(parts) > 1:
            order = [f"-{name}" if backwards else name for name in KEYS]
            parts = [parts[0].union(*parts[1:], all=True).order_by(*order)[:size]]
        return list(parts[0]) if parts else []

    def values(self, row: tuple) -> list:
        """A key is its own place."""
        return list(row)

    def number(self, most: int | None = None) -> int:
        """How many there are, counted no further than ``most``."""
        number = self._number(lambda strand: strand.rows[:most])
        return min(number, most) if most else number

    def count(self) -> Count:
        """How many there are, without reading more than ``COUNTED`` of a kind."""
        return Count.of(self.number(COUNTED + 1))

    def before(self, row: tuple) -> int:
        """How many stand before that key."""
        return self._number(lambda strand: strand.keys(list(row), backwards=True))

    def exists(self) -> bool:
        """Whether there is any."""
        return bool(self._number(lambda strand: strand.rows[:1]))

    def days(self) -> tuple[date, date] | None:
        """The first and the last day; None where there is no row."""
        ends = [strand.keys([], backwards)[:1] for strand in self.strands for backwards in (False, True)]
        found = [key[0] for key in ends[0].union(*ends[1:], all=True)] if ends else []
        return (min(found), max(found)) if found else None

    def items(self, keys: list[tuple]) -> list:
        """What is shown of the rows of these keys, in the same order, in one query for each table."""
        wanted, read = defaultdict(set), {}
        strands = {strand.rank: strand for strand in self.strands}
        for _, _, rank, key in keys:
            wanted[strands[rank].full.model].add(key)
        for strand in self.strands:
            if wanted[strand.full.model] and strand.full.model not in read:
                read[strand.full.model] = strand.full.in_bulk(wanted[strand.full.model])
        shown = {}
        for rank, strand in strands.items():
            own = [key for _, _, of, key in keys if of == rank and key in read[strand.full.model]]
            made = strand.made([read[strand.full.model][key] for key in own]) if own else []
            shown |= {(rank, key): item for key, item in zip(own, made, strict=True)}
        # What ended between the two readings is left out.
        return [shown[rank, key] for _, _, rank, key in keys if (rank, key) in shown]

    def page(self, place: list, size: int, backwards: bool = False) -> Page:
        """As of every list, with what is shown in place of the keys."""
        page = super().page(place, size, backwards)
        page.object_list = self.items(page.object_list)
        return page

    def __iter__(self) -> Iterator:
        """All of what is shown, some at a time."""
        place = []
        while keys := self.read(place, PIECE):
            yield from self.items(keys)
            place = list(keys[-1])

    def _number(self, rows_of: Callable[[Strand], QuerySet]) -> int:
        ones = [rows_of(strand).values_list(Value(1)) for strand in self.strands]
        return ones[0].union(*ones[1:], all=True).count() if ones else 0


def _key_of(place: list) -> list:
    """The key that a place of an address is. Raises ValueError for one that is none."""
    if len(place) != len(KEYS) or not all(type(part) is int and abs(part) < 2**31 for part in place[1:]):
        raise ValueError("no such place")
    day = place[0] if isinstance(place[0], date) else date.fromisoformat(str(place[0]))
    if not 1900 < day.year < 2200:
        raise ValueError("no such day")
    return [day, *place[1:]]
