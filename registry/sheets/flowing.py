"""Write rows as they come, however many: an XLSX or a CSV in the memory of one row, and no text becomes a formula.

A day is written as a day and a number as a number, so that a sheet can be sorted; all else is text. A CSV has no way to
say that a cell is text: what a spreadsheet program would take for a formula gets an apostrophe in front.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Literal

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from registry.refusals import Refused
from registry.sheets.writing import BLUE, INK, OPTIONS

CSV = "text/csv; charset=utf-8"  # its content type
DATA, NOTES = "数据", "导出说明"
MOST_ROWS = 1_000_000  # a worksheet ends at 1,048,576
MOST_CHARACTERS = 30_000  # a cell ends at 32,767
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # the full-width forms too: Chinese Excel takes them for the plain ones
DAY_ZERO = date(1899, 12, 30).toordinal()  # from which Excel counts its days
_FORMATS = {"text": "@", "number": "General", "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}

Notes = Callable[[int], Iterable[tuple[str, str]]]  # how many rows there were → what is said of the sheet


@dataclass(frozen=True)
class Heading:
    """One column: its title, what its cells are, and how wide it is, in characters."""

    title: str
    kind: Literal["text", "number", "day", "moment"] = "text"
    width: int = 14


def write_xlsx(
    file: BinaryIO, title: str, headings: Sequence[Heading], records: Iterable[Sequence], notes: Notes, folder: str
) -> int:
    """Write a workbook: the rows, and on a second sheet what is said of them; returns how many rows.

    What is half written stands in ``folder``. Raises Refused beyond a million rows.
    """
    with Workbook(file, OPTIONS | {"in_memory": False, "constant_memory": True, "tmpdir": folder}) as book:
        book.set_properties({"title": title})
        # The tallest cell of each column sets the row; nothing is wrapped, so that rows stay one line high.
        cells = [book.add_format({"num_format": _FORMATS[h.kind], "font_color": INK}) for h in headings]
        sheet, said = book.add_worksheet(DATA), book.add_worksheet(NOTES)
        _head(book, sheet, headings, cells)
        writers = [_writer(sheet, heading.kind, place, cells[place]) for place, heading in enumerate(headings)]
        number = 0
        for number, record in enumerate(records, 1):
            if number > MOST_ROWS:
                raise Refused(f"一份表格最多 {MOST_ROWS:,} 行，请增加筛选条件，或者导出为 CSV。")
            for write, value in zip(writers, record, strict=True):
                if value is not None and value != "":
                    write(number, value)
        sheet.autofilter(0, 0, number, len(headings) - 1)
        _say(book, said, notes(number))
    return number


def _head(book: Workbook, sheet: Worksheet, headings: Sequence[Heading], cells: list) -> None:
    """The titles, widths, and how it prints."""
    title = book.add_format({"bold": True, "bg_color": BLUE, "font_color": "#ffffff", "border": 1})
    for place, heading in enumerate(headings):
        sheet.set_column(place, place, heading.width, cells[place])
    for place, heading in enumerate(headings):
        sheet.write_string(0, place, heading.title, title)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _writer(sheet: Worksheet, kind: str, place: int, cells) -> Callable[[int, object], object]:
    """What writes a cell of that column."""
    if kind == "number":
        return lambda row, value: sheet.write_number(row, place, value, cells)
    if kind == "day":
        return lambda row, value: sheet.write_number(row, place, value.toordinal() - DAY_ZERO, cells)
    if kind == "moment":
        return lambda row, value: sheet.write_datetime(row, place, value, cells)
    return lambda row, value: sheet.write_string(row, place, plain(value), cells)


def plain(value: object) -> str:
    """A text that XlsxWriter writes as it is: it takes what stands within <r>…</r> for markup of its own."""
    text = str(value)
    if len(text) > MOST_CHARACTERS:
        text = f"{text[:MOST_CHARACTERS]}…"
    return f" {text}" if text.startswith("<r>") else text


def _say(book: Workbook, sheet: Worksheet, notes: Iterable[tuple[str, str]]) -> None:
    label = book.add_format({"bold": True, "valign": "top"})
    words = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 80)
    for row, (name, text) in enumerate(notes):
        sheet.write_string(row, 0, name, label)
        sheet.write_string(row, 1, plain(text), words)


def write_csv(file: BinaryIO, headings: Sequence[Heading], records: Iterable[Sequence], notes: Notes) -> int:
    """Write a CSV in UTF-8 with a BOM, what is said of it after an empty line; returns how many rows."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([guarded(heading.title) for heading in headings])
    number = 0
    for number, record in enumerate(records, 1):  # noqa: B007 (told when all are written)
        writer.writerow([_delimited(value, heading.kind) for value, heading in zip(record, headings, strict=True)])
    writer.writerow([])
    writer.writerows((guarded(name), guarded(words)) for name, words in notes(number))
    text.flush()
    text.detach()  # the file is the caller's to close
    return number


def _delimited(value: object, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if kind == "number" else guarded(str(value))


def guarded(text: str) -> str:
    """The text, with an apostrophe where a spreadsheet program would otherwise reckon with it."""
    return f"'{text}" if text.lstrip(" \u3000\ufeff").startswith(FORMULA) else text
