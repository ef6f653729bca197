"""The limits of an upload, and the cells it holds before anybody asks what they mean."""

from dataclasses import dataclass, field

from registry.refusals import Refused
from registry.sheets.template import Limits

MAX_UPLOAD, MAX_ROWS = Limits().upload, Limits().rows  # where a template says nothing else
MAX_COLUMNS = 72  # who, 60 days of attendance, three sittings


@dataclass
class Grid:
    """Cell values from A1 on; cells that cannot be trusted, and ranges. Rows count from 1, columns from 0."""

    rows: list[list[object]]
    tainted: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column): reason
    ranges: list[tuple[int, int, int, str]] = field(default_factory=list)  # first row, first column, last row, reason


def check_place(row: int, column: int, limits: Limits) -> None:
    """Raises Refused for a cell with content beyond the rows and columns that are read."""
    if row > limits.last_row:
        raise Refused(f"一次最多导入 {limits.rows} 行数据，这份表格在第 {row} 行仍有内容。请分成几份，分别上传。")
    if column >= MAX_COLUMNS:
        raise Refused(f"表格的列太多：最多 {MAX_COLUMNS} 列，第 {row} 行在此之外仍有内容。请使用下载的模板填写。")
