"""What a kind of import has to say of itself; and kinds whose rows are written by the very acts of the pages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import DatabaseError, transaction

from registry.copying import in_batches
from registry.faults import sentence_for
from registry.models import User
from registry.refusals import Refused
from registry.sheets import Column, Limits, Template
from registry.states import Verdict

VERSION = 1  # of the templates


@dataclass(frozen=True)
class Outcome:
    """What becomes of one row: a verdict, and what changes as (what, before, after)."""

    verdict: str
    changes: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Entry:
    """One row on its way. ``faults`` are (column's title or nothing, reason); with one the outcome is FAULTY."""

    number: int
    values: dict[str, object]
    faults: list[tuple[str, str]] = field(default_factory=list)
    outcome: Outcome | None = None
    is_readable: bool = True

    def refuse(self, column: str, reason: str) -> None:
        """Note why the row cannot be."""
        self.faults.append((column, reason))
        self.outcome = Outcome(Verdict.FAULTY)


class Moved(Exception):  # noqa: N818 (named for what happened)
    """What stands on file is not what the preview was held against; nothing was written."""


class Kind:
    """Abstract: one kind of import."""

    slug = ""
    place = 0  # among the kinds that a page offers
    title = ""  # of the template, and in A1
    unit = "行"
    lead = ""  # a sentence for the page that offers it
    lines: tuple[str, ...] = ()  # for the explanation sheet
    limits = Limits()

    def may(self, user: User) -> bool:
        """Whether this person brings such a spreadsheet."""
        raise NotImplementedError

    def columns(self, user: User) -> tuple[Column, ...]:
        """The columns this person is asked for."""
        raise NotImplementedError

    def label(self, values: dict) -> str:
        """Whom or what a row is about, for lists."""
        raise NotImplementedError

    def key(self, values: dict) -> object:
        """What two rows may not both be about; None where that is no fault."""
        return None

    def batches(self, entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
        """The rows in the portions that are looked at together; what depends on one another stands in one."""
        return in_batches(entries, 2000)

    def rehearse(self, entries: Sequence[Entry], *, by: User, at) -> None:
        """Give each row its outcome, or its faults, by what stands on file now. Leaves nothing behind."""
        raise NotImplementedError

    def write(self, entries: Sequence[Entry], *, by: User, at, run) -> None:
        """Write the rows, each as its outcome says. Raises Moved where another outcome is due by now."""
        raise NotImplementedError

    def template(self, user: User) -> Template:
        """The spreadsheet to download."""
        return Template(self.title, VERSION, "", f"{self.title}导入模板", self.columns(user), self.lines, self.limits)


def meant(values: dict, meanings: dict[str, dict[str, object]]) -> dict:
    """The values with the words of choices replaced by what they stand for."""
    return values | {key: words.get(values[key], values[key]) for key, words in meanings.items() if key in values}


class ByActs(Kind):
    """Abstract: rows carried out one by one by the very acts of the pages; a preview is a rehearsal taken back.

    ``aliases`` tell the column that stands for a field of an act's that the sheet asks otherwise.
    """

    aliases: dict[str, str] = {}

    def apply(self, values: dict, *, context, by: User, at) -> Outcome:
        """Carry out one row. Raises Refused, whose field is a column's key where there is one."""
        raise NotImplementedError

    def prepare(self, entries: Sequence[Entry], *, by: User, at, run) -> object:
        """What all rows need before the first is carried out, handed to each; ``run`` is None in a rehearsal."""

    def rehearse(self, entries, *, by, at):
        with transaction.atomic():
            context = self.prepare(entries, by=by, at=at, run=None)
            for entry in entries:
                self._rehearse(entry, context, by, at)
            transaction.set_rollback(True)

    def _rehearse(self, entry: Entry, context, by: User, at) -> None:
        try:
            with transaction.atomic():
                entry.outcome = self.apply(entry.values, context=context, by=by, at=at)
        except Refused as refusal:
            titles = {column.key: column.title for column in self.columns(by)}
            entry.refuse(titles.get(self.aliases.get(refusal.field, refusal.field), ""), refusal.sentence)
        except DatabaseError as error:
            if (sentence := sentence_for(error)) is None:
                raise
            entry.refuse("", sentence)

    def write(self, entries, *, by, at, run):
        context = self.prepare(entries, by=by, at=at, run=run)
        for entry in (entry for portion in self.batches(entries) for entry in portion):
            try:
                outcome = self.apply(entry.values, context=context, by=by, at=at)
            except Refused as refusal:
                raise Moved(refusal.sentence) from refusal
            if outcome != entry.outcome:
                raise Moved


KINDS: dict[str, Kind] = {}


def offer(kind: Kind) -> None:
    """Make a kind of import known; called as the apps are made ready."""
    KINDS[kind.slug] = kind


def kinds_for(user: User) -> list[Kind]:
    """The kinds this person may bring."""
    return sorted((kind for kind in KINDS.values() if kind.may(user)), key=lambda kind: kind.place)


def as_read(values: dict, columns: Iterable[Column]) -> dict:
    """Values as they were read, from what JSON kept of them."""
    kinds = {column.key: column for column in columns}

    def back(key: str, value: object) -> object:
        column = kinds.get(key)
        if value is None or column is None:
            return value
        if column.kind == "day":
            return date.fromisoformat(value)
        return Decimal(value) if column.kind == "number" and column.decimals else value

    return {key: back(key, value) for key, value in values.items()}
