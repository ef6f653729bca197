"""Read an upload against its template: refused as a whole, or rows and a list of faults."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from registry import clamd
from registry.refusals import Refused
from registry.sheets.cells import CellFault, is_blank, plain, shown, value_of
from registry.sheets.delimited import read_delimited
from registry.sheets.grid import Grid
from registry.sheets.template import FIRST_DATA_ROW, HEADER_ROW, MARK_ROW, MEGABYTE, Column, Fault, Template
from registry.sheets.workbook import NOT_A_SHEET, PASSWORD, read_workbook

MAX_FAULTS = 50
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what .xls and every workbook with a password begins with
_MARK = re.compile(r"(\S+) 第([0-9]{1,4})版(?: (.+))?")


@dataclass(frozen=True)
class Row:
    """A row without a fault, under the number Excel shows."""

    number: int
    values: dict[str, object]


@dataclass(frozen=True)
class Reading:
    """What an upload holds: its clean rows, and at most 51 faults, the last telling how many more there are."""

    rows: list[Row]
    faults: list[Fault]


def listed(faults: Iterable[Fault]) -> list[Fault]:
    """The first 50 faults by row, and how many more; for a caller who adds faults of its own."""
    ordered = sorted(faults, key=lambda fault: fault.row)
    more = len(ordered) - MAX_FAULTS
    return ordered[:MAX_FAULTS] + ([Fault(0, "", f"另有 {more} 处错误没有列出。")] if more > 0 else [])


@dataclass(frozen=True)
class Sheet:
    """An upload that is what it says: its rows, to be read one by one, and what is wrong beside them."""

    grid: Grid
    places: list[tuple[int, Column]]
    faults: list[Fault]

    def rows(self) -> Iterator[tuple[int, dict[str, object], list[Fault]]]:
        """Number, values and faults of each row that is not empty; a faulty row has the values that could be read."""
        for number in range(FIRST_DATA_ROW, self.last_row + 1):
            cells = self.grid.rows[number - 1] if number <= len(self.grid.rows) else []
            if not any(not is_blank(cells[place]) for place, _ in self.places if place < len(cells)) and not any(
                (number, place) in self.grid.tainted for place, _ in self.places
            ):
                continue
            yield number, *_row(self.grid, number, self.places)

    @property
    def last_row(self) -> int:
        """The last row that may hold anything."""
        return max([len(self.grid.rows), *(row for row, _ in self.grid.tainted)])


def open_sheet(data: bytes, filename: str, template: Template) -> Sheet:
    """An uploaded XLSX or CSV. What a file is, its bytes decide; only CSV goes by its name.

    Raises Refused for what is wrong with the whole file.
    """
    grid = _grid(data, filename, template)
    _check_mark(_cell(grid, MARK_ROW, 0), template)
    places, faults = _places(grid, template)
    titles = {place: column.title for place, column in places}
    faults += [  # the first line may be merged for looks
        Fault(first, _name(place, titles.get(place, "")), reason)
        for first, place, last, reason in grid.ranges
        if last >= HEADER_ROW
    ]
    return Sheet(grid, places, faults)


def nothing_in_it() -> Refused:
    """What is told of a sheet without a row."""
    return Refused(f"表中没有数据。请从第 {FIRST_DATA_ROW} 行起填写，保存后再上传。")


def read_sheet(data: bytes, filename: str, template: Template) -> Reading:
    """The rows of an uploaded XLSX or CSV. Rows with nothing in them are passed over.

    Raises Refused for what is wrong with the whole file.
    """
    sheet = open_sheet(data, filename, template)
    rows, faults, empty = [], list(sheet.faults), True
    for number, values, wrong in sheet.rows():
        empty = False
        faults.extend(wrong)
        if not wrong:
            rows.append(Row(number, values))
    if empty:
        raise nothing_in_it()
    return Reading(rows, listed(faults))


def _row(grid: Grid, number: int, places: list[tuple[int, Column]]) -> tuple[dict[str, object], list[Fault]]:
    values, faults = {}, []
    cells = grid.rows[number - 1] if number <= len(grid.rows) else []
    for place, column in places:
        try:
            if grid.tainted and (reason := grid.tainted.get((number, place))):
                raise CellFault(reason)
            values[column.key] = value_of(cells[place] if place < len(cells) else None, column)
        except CellFault as fault:
            faults.append(Fault(number, _name(place, column.title), str(fault)))
    return values, faults


def _grid(data: bytes, filename: str, template: Template) -> Grid:
    refuse_at_sight(data, filename, template)
    clamd.refuse_harm(data)
    if data.startswith(ZIP):
        return read_workbook(data, template.limits)
    return read_delimited(data, {plain(column.title) for column in template.columns}, template.limits)


def refuse_at_sight(data: bytes, filename: str, template: Template) -> None:
    """Raises Refused for what its first bytes, its size and its name say is nothing to read."""
    limit = template.limits.upload
    if not data:
        raise Refused("文件是空的。")
    if len(data) > limit:
        raise Refused(f"文件超过 {limit // MEGABYTE} MB。请删去模板以外的内容，或分成几份上传。")
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refused(PASSWORD)
        raise Refused("这是旧格式的工作簿（.xls）。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。")
    if not data.startswith(ZIP) and not filename.lower().endswith((".csv", ".tsv", ".txt")):
        raise Refused(NOT_A_SHEET)


def _cell(grid: Grid, row: int, column: int) -> object:
    cells = grid.rows[row - 1] if row <= len(grid.rows) else []
    return cells[column] if column < len(cells) else None


def _name(place: int, title: str) -> str:
    return f"{xl_col_to_name(place)} 列（{shown(title) or '没有标题'}）"


def _check_mark(raw: object, template: Template) -> None:
    """Whether A1 names this template; each way it may not has a sentence of its own."""
    found = _MARK.fullmatch(" ".join(plain(str(raw or "")).split()))
    if not found:
        raise Refused("第一行没有模板的名称和版本。请使用下载的模板填写，不要改动第一行。")
    kind, version, subject = found[1], int(found[2]), found[3] or ""
    if kind != plain(template.kind):
        raise Refused(f"这是“{shown(kind)}”，这里需要的是“{template.kind}”。请核对后重新上传。")
    if version != template.version:
        raise Refused(f"这份模板是第{version}版，现行的是第{template.version}版。请下载现行模板，重新填写。")
    if subject != plain(template.subject):
        raise Refused(f"这份表格属于“{shown(subject)}”，不能导入“{template.subject}”。请核对后重新上传。")


def _places(grid: Grid, template: Template) -> tuple[list[tuple[int, Column]], list[Fault]]:
    """Where each column stands, found by its title, and a fault for each column that is not of the template."""
    width = max((len(row) for row in grid.rows[HEADER_ROW - 1 :]), default=0)
    titles = [plain(str(_cell(grid, HEADER_ROW, place) or "")) for place in range(width)]
    known = {plain(column.title): column for column in template.columns}
    if missing := [f"“{column.title}”" for title, column in known.items() if title not in titles]:
        raise Refused(f"第 {HEADER_ROW} 行缺少标题{'、'.join(missing)}。请使用下载的模板填写，不要改动标题。")
    places = [(place, known[title]) for place, title in enumerate(titles) if title in known]
    for (place, column), right in zip(places, [*template.columns, None], strict=False):
        if column is not right:
            sentence = f"应为“{right.title}”" if right else "重复了前面的标题"
            raise Refused(f"列的顺序与模板不同：{_name(place, column.title)}{sentence}。请恢复模板的顺序后再上传。")
    strange = [
        Fault(HEADER_ROW, _name(place, title), "模板中没有这一列，请删除。")
        for place, title in enumerate(titles)
        if title not in known
        and any(not is_blank(row[place]) for row in grid.rows[HEADER_ROW - 1 :] if place < len(row))
    ]
    return places, strange
