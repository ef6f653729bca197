"""What became of each row of a spreadsheet, as a spreadsheet."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import IO

from registry.importing.kind import KINDS, as_read
from registry.models import ImportRow, ImportRun
from registry.rules import day_words
from registry.sheets import Column, write_table
from registry.states import ImportState, Verdict

WRITTEN = {
    Verdict.NEW: "已新增",
    Verdict.CHANGED: "已变更",
    Verdict.UNCHANGED: "与已登记的内容相同，没有改动",
    Verdict.FAULTY: "有误，没有写入",
}
SUMMARY = 6  # values of a row that a line shows
HIDDEN = "（不显示）"


def summary(row: ImportRow, columns: Iterable[Column]) -> str:
    """The first values of a row in the order of its columns, but for what is secret and what names it."""
    told = ((column, row.values.get(column.key)) for column in columns if not column.secret)
    values = as_read({column.key: value for column, value in told if value not in ("", None, row.label)}, columns)
    words = (day_words(value) if isinstance(value, date) else str(value) for value in values.values())
    return "，".join(islice(words, SUMMARY))


def outcome_words(row: ImportRow, state: str) -> str:
    """What became of a row; before the import is written, what would."""
    if state == ImportState.DONE or row.verdict in (Verdict.UNCHANGED, Verdict.FAULTY):
        return WRITTEN[Verdict(row.verdict)]
    return (
        f"{row.get_verdict_display()}，没有写入"
        if state == ImportState.DROPPED
        else f"{row.get_verdict_display()}，待写入"
    )


def detail_words(row: ImportRow) -> str:
    """Why a row is faulty, or what changes in it from what to what."""
    if row.verdict == Verdict.FAULTY:
        return "；".join(f"{where}：{reason}" if where else reason for where, reason in row.details)
    return "；".join(f"{what}：{before} → {after}" for what, before, after in row.details)


def write_outcomes(run: ImportRun, target: IO[bytes]) -> None:
    """Every row with its number, what became of it and why, and what was read in it; what is secret is not shown."""
    columns = KINDS[run.kind].columns(run.created_by)
    titles = [("行", 8), ("结果", 26), ("说明", 60), *((column.title, column.width) for column in columns)]

    def rows() -> Iterator[list[object]]:
        for row in run.rows.order_by("number").iterator(chunk_size=2000):
            values = as_read(row.values, columns)
            told = (HIDDEN if column.secret else values.get(column.key) for column in columns)
            yield [row.number, outcome_words(row, run.state), detail_words(row), *told]

    write_table(titles, rows(), target)
