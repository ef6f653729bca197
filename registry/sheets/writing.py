"""Write a template, of which what may be filled in is open, or a report; no text becomes a formula or a link."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from registry.sheets.template import FIRST_DATA_ROW, HEADER_ROW, MARK_ROW, SHEET, Column, Template

EXPLANATION, CHOICES = "填写说明", "选项"
BLUE, PALE, INK = "#1d4f91", "#eef2f8", "#1f2328"
_FORMATS = {"text": "@", "choice": "@", "day": "yyyy-mm-dd"}
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


def write_template(template: Template, rows: Iterable[Mapping[str, object]] = ()) -> bytes:
    """An XLSX to fill in, its rows begun with values by column key. Raises ValueError beyond the template's rows."""
    data, rows = io.BytesIO(), list(rows)
    if len(rows) > template.limits.rows:
        raise ValueError(f"a template takes at most {template.limits.rows} rows")
    with Workbook(data, OPTIONS) as book:
        book.set_properties({"title": template.title, "subject": template.mark})
        sheet, explanation, choices = (book.add_worksheet(name) for name in (SHEET, EXPLANATION, CHOICES))
        choices.hide()
        _head(book, sheet, template)
        for place, column in enumerate(template.columns):
            style = {"locked": column.prefilled, "font_color": INK, "valign": "vcenter"}
            if column.prefilled:
                style["bg_color"] = PALE
            cells = book.add_format(style | {"num_format": _FORMATS.get(column.kind, "General")})
            sheet.set_column(place, place, column.width, cells)
            _validate(sheet, choices, place, column, template.limits.last_row)
            for number, values in enumerate(rows, FIRST_DATA_ROW - 1):
                _write(sheet, number, place, values.get(column.key), cells)
        _explain(book, explanation, template)
        for each in (sheet, explanation, choices):  # without a password: against slips, not against people
            each.protect(options={"format_columns": True, "format_rows": True})
    return data.getvalue()


def write_table(titles: Iterable[tuple[str, int]], rows: Iterable[Iterable[object]], target: IO[bytes]) -> None:
    """A table with its titles (words and width in characters) as an XLSX, a row at a time in flat memory.

    A value is a text, a number, a date or None; no text becomes a formula or a link.
    """
    with Workbook(target, OPTIONS | {"in_memory": False, "constant_memory": True}) as book:
        sheet, head = book.add_worksheet(), book.add_format({"bold": True, "bg_color": PALE, "bottom": 1})
        cells, days = book.add_format({"num_format": "@"}), book.add_format({"num_format": _FORMATS["day"]})
        for place, (title, width) in enumerate(titles):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, title, head)
        sheet.freeze_panes(1, 0)
        for number, values in enumerate(rows, 1):
            for place, value in enumerate(values):
                _write(sheet, number, place, value, days if isinstance(value, date) else cells)


def _head(book: Workbook, sheet: Worksheet, template: Template) -> None:
    """The line that says whose it is, the titles, and how it prints."""
    mark = book.add_format({"bold": True, "font_color": BLUE, "locked": True})
    title = {"bold": True, "bg_color": BLUE, "font_color": "#ffffff", "border": 1, "text_wrap": True, "locked": True}
    head = book.add_format(title | {"valign": "vcenter"})
    sheet.write_string(MARK_ROW - 1, 0, template.mark, mark)
    sheet.set_row(MARK_ROW - 1, None, mark)
    sheet.set_row(HEADER_ROW - 1, 30)
    for place, column in enumerate(template.columns):
        sheet.write_string(HEADER_ROW - 1, place, column.title, head)
    sheet.freeze_panes(HEADER_ROW, 0)
    sheet.repeat_rows(MARK_ROW - 1, HEADER_ROW - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _validate(sheet: Worksheet, choices: Worksheet, place: int, column: Column, last_row: int) -> None:
    """Tell a slip while it is typed; reading checks everything again."""
    if column.prefilled:
        return
    between = {"criteria": "between", "minimum": column.minimum, "maximum": column.maximum}
    if column.kind == "choice":  # as a range: a list in the rule itself ends at 255 characters
        for number, choice in enumerate(column.choices):
            choices.write_string(number, place, choice)
        cells = xl_range_abs(0, place, len(column.choices) - 1, place)
        rule = {"validate": "list", "source": f"={CHOICES}!{cells}"}
    elif column.kind == "number":
        rule = between | {"validate": "decimal" if column.decimals else "integer"}
    elif column.kind == "day":
        rule = between | {"validate": "date", "minimum": date(1900, 1, 1), "maximum": date(2100, 12, 31)}
    else:
        rule = {"validate": "length", "criteria": "<=", "value": column.max_length}
    said = {"error_title": "填写有误", "error_message": f"应填{column.wanted}。"[:255], "ignore_blank": True}
    sheet.data_validation(FIRST_DATA_ROW - 1, place, last_row - 1, place, rule | said)


def _write(sheet: Worksheet, row: int, place: int, value: object, cells: Format) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, place, value, cells)
    elif isinstance(value, str) and value:
        # XlsxWriter takes text within <r>…</r> for markup of its own and writes it unescaped; reading trims the space.
        sheet.write_string(row, place, f" {value}" if value.startswith("<r>") else value, cells)
    elif value is not None and value != "":
        sheet.write_number(row, place, value, cells)


def _explain(book: Workbook, sheet: Worksheet, template: Template) -> None:
    """The title, the caller's lines, and what each column wants."""
    title, bold = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 1, 18, wrap)
    sheet.set_column(2, 2, 80, wrap)
    sheet.write_string(0, 0, template.title, title)
    for number, line in enumerate(template.explanation, 1):
        sheet.merge_range(number, 0, number, 2, "", wrap)
        sheet.write_string(number, 0, line, wrap)
    start = len(template.explanation) + 2
    for place, name in enumerate(("列", "是否必填", "填写要求")):
        sheet.write_string(start, place, name, bold)
    for number, column in enumerate(template.columns, start + 1):
        need = "已填好，不要改动" if column.prefilled else "必填" if column.required else "选填"
        for place, text in enumerate((column.title, need, f"应填{column.wanted}。{column.note}")):
            sheet.write_string(number, place, text, wrap)


# --- Reports: tables that are read and not filled in -----------------------------------------------------------------


@dataclass(frozen=True)
class SheetTable:
    """One table of a report: what it is about, its columns, its rows; ``lines`` stand under it as sentences.

    A cell is text, a whole number or a share in percent (Decimal); None is an empty cell.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | Decimal | None]]
    lines: Sequence[str] = ()


def write_report(title: str, lead: Sequence[str], sheets: Mapping[str, Sequence[SheetTable]]) -> bytes:
    """An XLSX with a sheet of tables for each name; the title and the lines of ``lead`` stand on top of each."""
    data = io.BytesIO()
    with Workbook(data, OPTIONS) as book:
        book.set_properties({"title": title})
        head = {"bold": True, "bg_color": PALE, "border": 1, "text_wrap": True, "valign": "vcenter"}
        cell = {"border": 1, "font_color": INK}
        styles = {
            "title": book.add_format({"bold": True, "font_size": 14, "font_color": BLUE}),
            "table": book.add_format({"bold": True, "font_color": BLUE}),
            "head": book.add_format(head),
            "text": book.add_format(cell | {"num_format": "@", "text_wrap": True}),
            "whole": book.add_format(cell | {"num_format": "#,##0"}),
            "share": book.add_format(cell | {"num_format": "0.0"}),
            "line": book.add_format({"font_color": INK}),
        }
        for name, tables in sheets.items():
            _report_sheet(book.add_worksheet(name), title, lead, tables, styles)
    return data.getvalue()


def _report_sheet(sheet: Worksheet, title: str, lead: Sequence[str], tables: Sequence[SheetTable], styles) -> None:
    """One sheet: the tables one under the other, as wide as the widest of them, printed on as few pages across."""
    widest = max((len(table.columns) for table in tables), default=1)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, max(1, widest - 1), 14)
    sheet.write_string(0, 0, title, styles["title"])
    for row, line in enumerate(lead, 1):
        sheet.write_string(row, 0, line, styles["line"])
    row = len(lead) + 2
    for table in tables:
        sheet.write_string(row, 0, table.title, styles["table"])
        for place, name in enumerate(table.columns):
            sheet.write_string(row + 1, place, name, styles["head"])
        row += 2
        for values in table.rows:
            for place, value in enumerate(values):
                kind = "text" if isinstance(value, str) else "share" if isinstance(value, Decimal) else "whole"
                _write(sheet, row, place, float(value) if kind == "share" else value, styles[kind])
            row += 1
        for line in table.lines:
            sheet.write_string(row, 0, line, styles["line"])
            row += 1
        row += 1
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
