"""Sheets written row by row: what was written is read back as it was, in flat memory, and nothing reckons."""

import csv
import io
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from registry.refusals import Refused
from registry.sheets import flowing
from registry.sheets.flowing import Heading, guarded, write_csv, write_xlsx

HEADINGS = [Heading("文字"), Heading("日期", "day"), Heading("时间", "moment"), Heading("数", "number")]
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=60)
ROWS = st.lists(
    st.tuples(
        TEXTS,
        st.none() | st.dates(date(1900, 3, 1), date(9999, 12, 31)),
        st.none() | st.datetimes(datetime(1900, 3, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),
        st.none() | st.integers(-(10**12), 10**12),
    ),
    max_size=8,
)


def said(number: int) -> list[tuple[str, str]]:
    return [("行数", str(number)), ("=1", "=2")]


def workbook(rows, headings=HEADINGS, folder="/tmp") -> bytes:
    file = io.BytesIO()
    assert write_xlsx(file, "清单", headings, rows, said, folder) == len(rows)
    return file.getvalue()


def as_moment(cell: date) -> datetime:
    """A moment as it is read back: at midnight it is a day."""
    return cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_whatever_is_written_into_a_workbook_is_read_back(rows):
    read = CalamineWorkbook.from_filelike(io.BytesIO(workbook(rows))).get_sheet_by_index(0).to_python()
    for (text, day, moment, number), found in zip(rows, read[1:], strict=False):
        cells = [*found, *[""] * (4 - len(found))]
        assert cells[0] in (text, f" {text}")
        assert cells[1] in (day or "", day and datetime(day.year, day.month, day.day))
        assert cells[2] == "" if moment is None else abs(as_moment(cells[2]) - moment).total_seconds() < 1
        assert cells[3] == ("" if number is None else number)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_whatever_is_written_into_a_csv_is_read_back_and_begins_no_formula(rows):
    file = io.BytesIO()
    assert write_csv(file, HEADINGS, rows, said) == len(rows)
    records = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
    for (text, day, _, number), record in zip(rows, records[1:], strict=False):
        assert record[0] in (text, f"'{text}")
        assert not record[0].lstrip(" \u3000\ufeff").startswith(flowing.FORMULA)
        assert record[1] == (day.isoformat() if day else "") and record[3] == ("" if number is None else str(number))
    assert records[-1] == ["'=1", "'=2"] and records[-3] == []


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", " =1", "　＝1", "＋1", "－1", "＠a"])
def test_each_way_of_beginning_a_formula_is_guarded(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "甲公司", "1-2", "a=b", "'=1", "（=1"])
def test_what_begins_no_formula_stays_as_it_is(text):
    assert guarded(text) == text


def test_a_workbook_holds_no_formula_no_link_and_no_text_that_excel_would_cut(tmp_path):
    long = "质" * 40_000
    texts = ["=1+1", "http://example.com/", "mailto:a@b.cn", "<r>粗</r>", "1e5", "007", long]
    data = workbook([(text, None, None, None) for text in texts], folder=str(tmp_path))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert not any("rels" in name and "sheet1" in name for name in book.namelist())
    assert "<f>" not in sheet and "<hyperlink" not in sheet and "<v>" not in sheet
    read = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [row[0].strip() for row in read[1:-1]] == texts[:-1] and read[-1][0] == f"{long[:30_000]}…"


def test_a_sheet_that_is_too_long_for_excel_is_refused_and_as_csv_is_not(monkeypatch):
    monkeypatch.setattr(flowing, "MOST_ROWS", 3)
    rows = [("行", None, None, n) for n in range(4)]
    with pytest.raises(Refused, match="一份表格最多 3 行"):
        workbook(rows)
    assert write_csv(io.BytesIO(), HEADINGS, rows, said) == 4


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_five_times_the_rows_need_no_more_memory(form, tmp_path):
    def peak(count: int) -> int:
        rows = ((f"企业{n}", date(2026, 11, 22), None, n) for n in range(count))
        with (tmp_path / "sheet").open("wb") as file:
            tracemalloc.start()
            if form == "xlsx":
                write_xlsx(file, "清单", HEADINGS, rows, said, str(tmp_path))
            else:
                write_csv(file, HEADINGS, rows, said)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    peak(2000)  # what is built once is there
    assert peak(10_000) < peak(2000) + 200_000
