"""A CSV as a grid: UTF-8 or the GB18030 that Chinese Excel saves, with comma, tab or semicolon."""

import csv
import io

from registry.refusals import Refused
from registry.sheets.cells import plain
from registry.sheets.grid import MAX_COLUMNS, Grid, check_place
from registry.sheets.template import HEADER_ROW, Limits

SEPARATORS = ",\t;"


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise Refused("这份 CSV 含有空字节，不是可以读取的文字。请在 Excel 中另存为“CSV UTF-8”或 .xlsx 后再上传。")
    for encoding in ("utf-8-sig", "gb18030"):  # this order: Chinese in GB18030 is next to never valid UTF-8
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("无法识别这份 CSV 的文字编码。请在 Excel 中另存为“CSV UTF-8”或 .xlsx 后再上传。")


def _separator(text: str, titles: set[str]) -> str:
    """The separator under which the header row has most of the titles."""

    def known(separator: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for number, record in enumerate(reader, 1):
            if number == HEADER_ROW:
                return len(titles & {plain(title) for title in record})
        return 0

    return max(SEPARATORS, key=known)


def read_delimited(data: bytes, titles: set[str], limits: Limits) -> Grid:
    """The records of a CSV. Raises Refused for another encoding, NUL, unpaired quotes and too many rows or columns."""
    text, grid, number = _text(data), Grid([]), 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, titles), strict=True)
        for number, record in enumerate(reader, 1):  # noqa: B007 (told below when the next record cannot be read)
            if any(value.strip() for value in record[MAX_COLUMNS:]):
                check_place(number, MAX_COLUMNS, limits)
            if number <= limits.last_row:
                grid.rows.append(record[:MAX_COLUMNS])
            elif any(value.strip() for value in record):
                check_place(number, 0, limits)
    except csv.Error:
        raise Refused(f"第 {number + 1} 行无法读取：引号不成对，或一格的文字过长。") from None
    return grid
