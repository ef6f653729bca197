"""A list written into a file: its rows as a sheet, or the papers of its rows, in flat memory, saying whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.db import connection
from django.utils import timezone

from registry import filestore
from registry.bundling import Bundle, write_pdf, write_zip
from registry.listed import Column, Opened, said
from registry.models import User
from registry.rules import day_words
from registry.sheets.flowing import Heading, write_csv, write_xlsx
from registry.states import ExportForm

PATIENCE = "300s"  # a statement of an export that is made in the background may take that long
Progress = Callable[[int], object]
USE = "仅供履行职责使用；含有个人信息的，按规定保管，用后删除。"


@dataclass(frozen=True)
class Written:
    """What was written: how many rows or papers, how many papers could not be, and the file."""

    rows: int
    left_out: int
    sha256: str
    size: int


def write(opened: Opened, form: str, *, by: User, at: datetime, progress: Progress = lambda done: None) -> Written:
    """Write a list as somebody asked for it and keep the file; ``progress`` is told how many rows are behind.

    Raises Refused for more than a file of that form can hold.
    """
    counted: list[tuple[int, int]] = []

    def fill(file: BinaryIO) -> None:
        counted.append(_WRITERS[ExportForm(form)](file, opened, by, at, progress))

    sha256, size = filestore.keep_written(fill)
    return Written(*counted[0], sha256, size)


@contextmanager
def patience() -> Iterator[None]:
    """More time for each statement than a page has: the first piece of a long list waits for all of its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = %s", [PATIENCE])
        try:
            yield
        finally:
            if connection.is_usable():
                cursor.execute("RESET statement_timeout")


# --- Sheets ----------------------------------------------------------------------------------------------------------


def _records(opened: Opened, columns: list[Column], progress: Progress) -> Iterator[list]:
    values = [(column.value, _local if column.kind == "moment" else None) for column in columns]
    done = 0
    for rows, shown in opened.pieces():
        for row in shown:
            yield [change(value(row)) if change else value(row) for value, change in values]
        done += len(rows)
        progress(done)


def _local(moment: datetime | None) -> datetime | None:
    """A moment as the clock in the office showed it."""
    return moment and timezone.localtime(moment).replace(tzinfo=None, microsecond=0)


def notes_of(opened: Opened, by: User, at: datetime) -> list[tuple[str, str]]:
    """What a file says of itself: which list, who took it out and when, narrowed by what."""
    narrowed = "；".join(f"{bound.label}：{words}" for bound, words in said(opened.filters))
    moment = f"{day_words(timezone.localdate(at))} {timezone.localtime(at):%H:%M}"
    return [
        ("清单", str(opened.listing.title)),
        ("导出人", f"{by.display_name}（{by.office_name}）"),
        ("导出时间", moment),
        ("筛选条件", narrowed or "无"),
        ("范围", "导出人在平台上能够看到的内容，以导出时间为准"),
    ]


def _sheet(file: BinaryIO, opened: Opened, by: User, at: datetime, progress: Progress, xlsx: bool) -> tuple[int, int]:
    columns = opened.columns()
    headings = [Heading(column.title, column.kind, column.width) for column in columns]
    records = _records(opened, columns, progress)

    def notes(number: int) -> Iterable[tuple[str, str]]:
        return [*notes_of(opened, by, at), ("行数", str(number)), ("用途", USE)]

    if not xlsx:
        return write_csv(file, headings, records, notes), 0
    return write_xlsx(file, str(opened.listing.title), headings, records, notes, str(filestore.drafts())), 0


# --- Papers ----------------------------------------------------------------------------------------------------------


def _papers(file: BinaryIO, opened: Opened, by: User, at: datetime, progress: Progress, whole: bool) -> tuple[int, int]:
    notes = [*notes_of(opened, by, at), ("用途", USE)]
    bundle = Bundle(_found(opened, by, progress), notes)
    (write_pdf if whole else write_zip)(file, bundle)
    return bundle.number, len(bundle.left_out)


def _found(opened: Opened, by: User, progress: Progress) -> Iterator:
    done = 0
    for rows, _ in opened.pieces():
        yield from opened.listing.papers(rows, by)
        done += len(rows)
        progress(done)


_WRITERS = {
    ExportForm.XLSX: lambda *facts: _sheet(*facts, xlsx=True),
    ExportForm.CSV: lambda *facts: _sheet(*facts, xlsx=False),
    ExportForm.ZIP: lambda *facts: _papers(*facts, whole=False),
    ExportForm.PDF: lambda *facts: _papers(*facts, whole=True),
}
