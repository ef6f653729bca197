"""Spreadsheets: what a template offers, what comes back from it, and what every hostile file is told."""

import io
import re
import struct
import time
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from registry.refusals import Refused
from registry.sheets import Column, Fault, Reading, Row, Template, listed, read_sheet, write_template

COLUMNS = (
    Column("reference", "报名编号", "text", required=True, max_length=20, prefilled=True),
    Column("name", "姓名", "text", required=True, max_length=20, prefilled=True),
    Column("score", "成绩", "number", maximum=100, decimals=1),
    Column("hours", "学时（节）", "number", maximum=40),
    Column("day", "考核日期", "day", note="补考的填补考日期。"),
    Column("result", "结果", "choice", required=True, choices=("合格", "不合格", "缺考")),
)
TEMPLATE = Template("考核登记表", 1, "PX-2026-0001", "2026年第一期任职培训考核登记表", COLUMNS, ("成绩按百分制填写。",))
TITLES = [column.title for column in COLUMNS]
GOOD = ["BM-1", "黎书恒", 85, 16, datetime(2026, 11, 22), "合格"]
CLEAN = dict(
    zip(
        (column.key for column in COLUMNS),
        ("BM-1", "黎书恒", Decimal("85.0"), 16, date(2026, 11, 22), "合格"),
        strict=True,
    )
)


def book(*rows, mark=TEMPLATE.mark, titles=TITLES, sheet="填写", edit=None, date_1904=False) -> bytes:
    """A workbook as somebody's own program would make it: formulas are formulas."""
    data = io.BytesIO()
    with Workbook(data, {"in_memory": True, "default_date_format": "yyyy-mm-dd", "date_1904": date_1904}) as made:
        page = made.add_worksheet(sheet)
        for number, row in enumerate([[mark], titles, *rows]):
            page.write_row(number, 0, row)
        if edit:
            edit(page)
    return data.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


SHEET_XML = "xl/worksheets/sheet1.xml"


def changed(part: str, old: bytes, new: bytes, data: bytes | None = None) -> bytes:
    """A workbook with one part edited by hand."""
    parts = parts_of(data or book(GOOD))
    assert old in parts[part]
    return packed(parts | {part: parts[part].replace(old, new, 1)})


def read(data: bytes, name: str = "考核登记表.xlsx", template: Template = TEMPLATE) -> Reading:
    return read_sheet(data, name, template)


def refusal(data: bytes, name: str = "考核登记表.xlsx", template: Template = TEMPLATE) -> str:
    with pytest.raises(Refused) as refused:
        read(data, name, template)
    return refused.value.sentence


def only_fault(*cells, **options) -> Fault:
    reading = read(book(cells, **options))
    assert reading.rows == []
    (fault,) = reading.faults
    return fault


# --- Templates -------------------------------------------------------------------------------------------------------


def test_a_template_filled_in_comes_back_as_rows():
    begun = [CLEAN, {"reference": "BM-2", "name": "=1+1", "score": 59.5, "result": "不合格"}]
    assert read(write_template(TEMPLATE, begun)).rows == [
        Row(3, CLEAN),
        Row(
            4,
            {"reference": "BM-2", "name": "=1+1", "score": Decimal("59.5"), "hours": None, "day": None}
            | {"result": "不合格"},
        ),
    ]


def test_a_template_handed_out_and_edited_by_hand_is_read_with_the_edit():
    data = write_template(TEMPLATE, [{"reference": "BM-1", "name": "黎书恒"}])
    (fault,) = read(data).faults
    assert (fault.row, fault.column) == (3, "F 列（结果）") and fault.reason.startswith("没有填写，应填“合格”")
    empty = re.search(rb'<c r="F3"[^>]*/>', parts_of(data)[SHEET_XML])
    cell = b'<c r="F3" t="inlineStr"><is><t>\xe5\x90\x88\xe6\xa0\xbc</t></is></c>'
    old, new = (empty[0], cell) if empty else (b"</row></sheetData>", cell + b"</row></sheetData>")
    assert read(changed(SHEET_XML, old, new, data)).rows[0].values["result"] == "合格"


def test_a_template_locks_what_says_who_a_row_is_about_and_offers_the_choices():
    data = write_template(TEMPLATE, [CLEAN])
    parts = {name: content.decode() for name, content in parts_of(data).items() if name.endswith(".xml")}
    sheet, styles = parts[SHEET_XML], parts["xl/styles.xml"]
    assert "<sheetProtection " in sheet and 'state="frozen"' in sheet and 'ySplit="2"' in sheet
    cell_styles = re.findall(r"<xf [^>]*?(?:/>|>.*?</xf>)", styles.split("<cellXfs")[1].split("</cellXfs>")[0])
    locked = {
        cell: 'locked="0"' not in cell_styles[int(style)]
        for cell, style in re.findall(r'<c r="(\w+)" s="(\d+)"', sheet)
    }
    assert all(locked[cell] for cell in ("A1", "A2", "F2", "A3", "B3"))
    assert not any(locked[cell] for cell in ("C3", "D3", "E3", "F3"))
    assert re.search(r'<dataValidation type="list"[^>]*sqref="F3:F2002"><formula1>选项!\$F\$1:\$F\$3</formula1>', sheet)
    assert re.search(r'<dataValidation type="decimal"[^>]*sqref="C3:C2002"><formula1>0</formula1><formula2>100<', sheet)
    assert 'type="whole"' in sheet and 'type="date"' in sheet
    texts = parts["xl/sharedStrings.xml"]
    assert all(text in texts for text in ("成绩按百分制填写。", "补考的填补考日期。", TEMPLATE.title, "必填"))
    assert re.search(r'name="填写说明".*name="选项"[^>]*state="hidden"', parts["xl/workbook.xml"])


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+86", "-1", "@SUM(A1)", "http://a.example/", "<r>x</r>", "_x0041_", "=cmd|'/c'!A"),
        *('=HYPERLINK("x")', '=DDE("cmd","","")', "@SUM(1)*cmd|'/c'!A", "-2+3+cmd|'/c'!A"),
    ],
)
def test_nothing_written_into_a_template_becomes_a_formula_a_link_or_markup(text):
    data = write_template(TEMPLATE, [CLEAN | {"name": text}])
    sheet = parts_of(data)[SHEET_XML]
    assert b"<f" not in sheet.replace(b"<formula", b"") and b"hyperlink" not in sheet
    assert read(data).rows[0].values["name"] == text


@pytest.mark.parametrize("text", ["\t=1+1", "\r=1+1", "\n=1+1", " =1+1"])
def test_a_blank_before_it_makes_no_formula_of_a_text_either(text):
    sheet = parts_of(write_template(TEMPLATE, [CLEAN | {"name": text}]))[SHEET_XML]
    assert b"<f" not in sheet.replace(b"<formula", b"") and b't="s"' in sheet


def test_a_template_for_nothing_in_particular_has_no_subject():
    free = Template("人员导入表", 3, "", "人员导入表", COLUMNS)
    assert read(write_template(free, [CLEAN]), template=free).rows == [Row(3, CLEAN)]
    assert refusal(write_template(TEMPLATE, [CLEAN]), template=free).startswith("这是“考核登记表”")


def test_more_rows_than_can_be_read_back_are_not_handed_out():
    with pytest.raises(ValueError):
        write_template(TEMPLATE, [CLEAN] * 2001)


# --- Cells that are read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, score",
    [(85, "85.0"), (85.0, "85.0"), ("85", "85.0"), (" 85 ", "85.0"), ("８５．５", "85.5"), ("'85", "85.0"), (0, "0.0"),
     (-0.0, "0.0"), (100, "100.0"), (85.1 + 1e-14, "85.1"), ("\u300085", "85.0"), ("", None), ("  ", None)],
)  # fmt: skip
def test_a_number_is_read_however_it_was_kept(written, score):
    values = read(book([*GOOD[:2], written, *GOOD[3:]])).rows[0].values
    assert str(values["score"]) == str(score)


@pytest.mark.parametrize(
    "written", ["2026-11-22", "2026/11/22", "2026年11月22日", "２０２６－１１－２２", date(2026, 11, 22), " 2026-11-22"]
)
def test_a_day_is_read_in_each_of_its_spellings(written):
    assert read(book([*GOOD[:4], written, "合格"])).rows[0].values["day"] == date(2026, 11, 22)


def test_a_day_of_a_workbook_from_an_old_mac_is_the_same_day():
    assert read(book(GOOD, date_1904=True)).rows[0].values["day"] == date(2026, 11, 22)


def test_a_number_typed_into_a_text_column_keeps_its_digits():
    assert read(book([20260001, *GOOD[1:]])).rows[0].values["reference"] == "20260001"


def test_empty_rows_between_are_passed_over_and_numbers_stay_those_of_excel():
    assert [row.number for row in read(book(GOOD, [], ["", " "], GOOD)).rows] == [3, 6]


def test_blank_cells_formatted_to_the_last_row_of_the_sheet_are_no_rows():
    far = changed(SHEET_XML, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>')
    assert read(far).rows == [Row(3, CLEAN)]


def test_a_first_line_merged_for_looks_does_no_harm():
    assert read(book(GOOD, edit=lambda page: page.merge_range("A1:F1", TEMPLATE.mark))).rows == [Row(3, CLEAN)]


# --- Faults of cells -------------------------------------------------------------------------------------------------

WRONG = {
    "a score above the maximum": (2, 100.5, "C 列（成绩）", "写的是 100.5，应填数（最多 1 位小数），0 至 100。"),
    "a score below the minimum": (2, -1, "C 列（成绩）", "写的是 -1，应填"),
    "too many decimals": (2, 85.25, "C 列（成绩）", "写的是 85.25，应填"),
    "half an hour": (3, 1.5, "D 列（学时（节））", "写的是 1.5，应填整数，0 至 40。"),
    "a word for a score": (2, "优秀", "C 列（成绩）", "写的是“优秀”，应填"),
    "an exponent as text": (2, "1e2", "C 列（成绩）", "写的是“1e2”"),
    "a power sign": (2, "8²", "C 列（成绩）", "写的是“8²”"),
    "a truth value for a score": (2, True, "C 列（成绩）", "不是数"),
    "a day for a score": (2, date(2026, 1, 1), "C 列（成绩）", "不是数"),
    "a day that does not exist": (4, "2026-02-30", "E 列（考核日期）", "写的是“2026-02-30”，应填日期"),
    "a number for a day": (4, 46348, "E 列（考核日期）", "不是日期"),
    "a day with an hour": (4, datetime(2026, 11, 22, 8, 30), "E 列（考核日期）", "含有时刻"),
    "the year 9999": (4, date(9999, 1, 1), "E 列（考核日期）", "不是日期"),
    "another choice": (5, "良好", "F 列（结果）", "写的是“良好”，应填“合格”“不合格”“缺考”之一。"),
    "no choice": (5, "", "F 列（结果）", "没有填写"),
    "a day for a name": (1, date(2026, 3, 1), "B 列（姓名）", "不是文字"),
    "a name of 21 characters": (1, "黎" * 21, "B 列（姓名）", "有 21 个字，最多 20 个字。"),
    "a bell in a name": (1, "黎\a书恒", "B 列（姓名）", "看不见的控制字符"),
    "a name turned round": (1, "黎\u202e书恒", "B 列（姓名）", "看不见的控制字符"),
    "a name in two lines": (1, "黎\n书恒", "B 列（姓名）", "换行"),
    "a number that lost its digits": (0, 441802199001011234, "A 列（报名编号）", "超过 15 位"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_faulty_cell_is_told_with_row_column_and_reason(what):
    place, written, column, reason = WRONG[what]
    fault = only_fault(*GOOD[:place], written, *GOOD[place + 1 :])
    assert (fault.row, fault.column) == (3, column)
    assert reason in fault.reason and fault.reason.endswith("。")


def test_a_formula_is_told_and_what_it_shows_is_not_trusted():
    def formula(page):
        page.write_formula("C3", "=60+25", None, 85)

    fault = only_fault(*GOOD, edit=formula)
    assert (fault.row, fault.column) == (3, "C 列（成绩）") and "是公式" in fault.reason


def test_one_formula_for_many_cells_is_told_with_its_range():
    def formula(page):
        page.write_array_formula("C3:C4", "{=A1:A2}", None, 85)
        page.write_number("C4", 85)

    formulas = read(book(GOOD, GOOD, edit=formula)).faults
    assert any("C3:C4 由一个数组公式填写" in fault.reason for fault in formulas)


def test_an_error_value_is_told_and_not_taken_for_an_empty_cell():
    score = re.search(rb'<c r="C3"[^>]*><v>85</v></c>', parts_of(book(GOOD))[SHEET_XML])[0]
    reading = read(changed(SHEET_XML, score, b'<c r="C3" t="e"><v>#N/A</v></c>'))
    assert [(fault.row, fault.column) for fault in reading.faults] == [(3, "C 列（成绩）")]
    assert "错误值" in reading.faults[0].reason


def test_merged_cells_are_told_with_their_range():
    reading = read(book(GOOD, GOOD, edit=lambda page: page.merge_range("C3:C4", 85)))
    assert [(fault.row, fault.column) for fault in reading.faults] == [(3, "C 列（成绩）")]
    assert reading.faults[0].reason.startswith("C3:C4 是合并单元格")


def test_a_column_of_ones_own_is_told_wherever_it_stands():
    titles = [*TITLES[:2], "备注", *TITLES[2:]]
    reading = read(book([*GOOD[:2], "请假", *GOOD[2:], "尾"], titles=titles))
    assert [(fault.row, fault.column) for fault in reading.faults] == [(2, "C 列（备注）"), (2, "H 列（没有标题）")]
    assert reading.rows == [Row(3, CLEAN)]


def test_clean_rows_beside_faulty_ones_are_there():
    reading = read(book(GOOD, [*GOOD[:5], "良好"], GOOD))
    assert [row.number for row in reading.rows] == [3, 5] and [fault.row for fault in reading.faults] == [4]


def test_of_many_faults_fifty_are_listed_and_the_rest_counted():
    faults = read(book(*[[*GOOD[:5], "良好"]] * 60)).faults
    assert len(faults) == 51 and faults[-1] == Fault(0, "", "另有 10 处错误没有列出。")
    assert listed(faults[:50]) == faults[:50]


# --- Whole files that are not read -----------------------------------------------------------------------------------


def test_another_template_another_version_and_another_subject_are_each_told():
    assert refusal(book(GOOD, mark="签到表 第1版 PX-2026-0001")).startswith("这是“签到表”，这里需要的是“考核登记表”")
    assert "是第2版，现行的是第1版" in refusal(book(GOOD, mark="考核登记表 第2版 PX-2026-0001"))
    assert "属于“PX-2026-0002”，不能导入“PX-2026-0001”" in refusal(book(GOOD, mark="考核登记表 第1版 PX-2026-0002"))
    for mark in ("", "考核登记表", 42, "考核登记表 第１2345版 A"):
        assert "第一行没有模板的名称和版本" in refusal(book(GOOD, mark=mark))
    assert read(book(GOOD, mark=" 考核登记表　第１版  PX-2026-0001 ")).rows


def test_a_missing_a_moved_and_a_doubled_title_are_each_told():
    assert "缺少标题“成绩”、“学时（节）”" in refusal(book(GOOD, titles=[*TITLES[:2], "分数", "", *TITLES[4:]]))
    moved = [TITLES[1], TITLES[0], *TITLES[2:]]
    assert "列的顺序与模板不同：A 列（姓名）应为“报名编号”" in refusal(book(GOOD, titles=moved))
    assert "G 列（结果）重复了前面的标题" in refusal(book(GOOD, titles=[*TITLES, "结果"]))


def test_a_template_without_data_or_without_its_sheet_is_told():
    assert "表中没有数据" in refusal(write_template(TEMPLATE))
    assert "没有名为“填写”的工作表" in refusal(book(GOOD, sheet="Sheet1"))


def lying_directory() -> bytes:
    """50 MB of zeros in the sheet; the directory says 900 bytes."""
    parts = parts_of(book(GOOD)) | {SHEET_XML: b"0" * 50_000_000}
    data = bytearray(packed(parts))
    entry = data.rindex(SHEET_XML.encode()) - 46
    struct.pack_into("<I", data, entry + 24, 900)
    return bytes(data)


def overlapping() -> bytes:
    """Many names for the same packed bytes."""
    data = bytearray(packed({f"{n:03}": b"0" * 900_000 for n in range(60)} | parts_of(book(GOOD))))
    place, entries = 0, []
    while (place := data.find(b"PK\x01\x02", place)) >= 0:
        entries.append(place)
        place += 4
    for entry in entries[:60]:
        struct.pack_into("<I", data, entry + 20, 700_000)
    return bytes(data)


def locked_zip() -> bytes:
    """A workbook in a zip with a password."""
    data = bytearray(book(GOOD))
    place = 0
    while (place := data.find(b"PK\x01\x02", place)) >= 0:
        data[place + 8] |= 1
        place += 4
    return bytes(data)


def sheet_with(row: bytes) -> bytes:
    return changed(SHEET_XML, b"</sheetData>", row + b"</sheetData>")


def laughs() -> bytes:
    """A billion laughs as the document type of the sheet."""
    lines = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return changed(SHEET_XML, b"<worksheet ", b'<!DOCTYPE w [<!ENTITY l0 "ha">' + lines + b"]><worksheet ")


LONG_TEXTS = b"".join(b'<row r="%d">%s</row>' % (n, b"".join(
    b'<c r="%c%d" t="s"><v>0</v></c>' % (65 + k, n) for k in range(20))) for n in range(4, 2000))  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)

HOSTILE = {
    "an empty file": (lambda: b"", "文件是空的"),
    "an executable": (lambda: b"MZ\x90\x00" + bytes(500), "不是 Excel 工作簿"),
    "a page of HTML called .xlsx": (lambda: b"<html><table></table></html>", "不是 Excel 工作簿"),
    "a zip of pictures": (lambda: packed({"a.png": b"x"}), "不是 Excel 工作簿"),
    "half a workbook": (lambda: book(GOOD)[:3000], "已损坏"),
    "a workbook with a password": (lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "设有密码"),
    "a zip with a password": (locked_zip, "设有密码"),
    "an .xls": (lambda: OLE + "Workbook".encode("utf-16-le"), "旧格式的工作簿"),
    "six megabytes": (lambda: b"PK\x03\x04" + bytes(6 * 1024 * 1024), "文件超过 5 MB"),
    "201 entries": (lambda: packed({str(n): b"" for n in range(201)}), "展开后过大"),
    "100,000 entries": (lambda: b"PK\x03\x04" + b"PK\x01\x02" * 100_000, "展开后过大"),
    "50 MB of zeros packed into 50 KB": (lambda: packed({"xl/workbook.xml": bytes(50_000_000)}), "展开后过大"),
    "70 parts of a megabyte": (lambda: packed({str(n): bytes(1_000_000) for n in range(70)}), "展开后过大"),
    "entries that share their bytes": (overlapping, "展开后过大"),
    "a directory that lies about a size": (lying_directory, "已损坏"),
    "a billion laughs": (laughs, "实体声明"),
    "an entity from a file": (
        lambda: changed(
            "xl/workbook.xml", b"<workbook ", b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><workbook '
        ),
        "实体声明",
    ),
    "one cell in the far corner of the sheet": (
        lambda: sheet_with(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "最多导入 2000 行数据，这份表格在第 1048576 行",
    ),
    "one cell far to the right": (lambda: sheet_with(b'<row r="4"><c r="XFD4"><v>1</v></c></row>'), "最多 72 列"),
    "a cell in another row than its own": (lambda: sheet_with(b'<row r="4"><c r="A9"><v>1</v></c></row>'), "已损坏"),
    "a cell without a name": (lambda: sheet_with(b'<row r="4"><c><v>1</v></c></row>'), "已损坏"),
    "a column beyond all columns": (lambda: sheet_with(b'<row r="4"><c r="ZZZZZZZ4"><v>1</v></c></row>'), "已损坏"),
    "a merged range that is none": (
        lambda: changed(SHEET_XML, b"</worksheet>", b'<mergeCells><mergeCell ref="?"/></mergeCells></worksheet>'),
        "已损坏",
    ),
    "a count of shared texts nobody could hold": (
        lambda: changed("xl/sharedStrings.xml", b"uniqueCount=", b'uniqueCount="99999999999999" was='),
        "内容过多",
    ),
    "one long text in 40,000 cells": (
        lambda: changed("xl/sharedStrings.xml", b"<si><t>", b"<si><t>" + b"A" * 30_000, sheet_with(LONG_TEXTS)),
        "过长的文字",
    ),
    "a tag of 600 KB": (lambda: sheet_with(b'<row r="4" x="' + b"y" * 600_000 + b'"/>'), "内容过多"),
    "a million empty rows with a format": (
        lambda: sheet_with(b"".join(b'<row r="%d" s="1"/>' % n for n in range(4, 1_000_000))),
        "内容过多",
    ),
    "a time so long that the reader gives up": (
        lambda: changed(
            SHEET_XML,
            b"</sheetData>",
            b'<row r="4"><c r="C4" s="1"><v>-1e18</v></c></row></sheetData>',
            book(GOOD),
        ),
        "已损坏",
    ),
    "a shared text that is not there": (
        lambda: sheet_with(b'<row r="4"><c r="A4" t="s"><v>99999</v></c></row>'),
        "已损坏",
    ),
    "XML in UTF-16": (lambda: packed(parts_of(book(GOOD)) | {SHEET_XML: "<worksheet/>".encode("utf-16")}), "已损坏"),
    "a value in CDATA": (
        lambda: sheet_with(b'<row r="4"><c r="A4" t="str"><v><![CDATA[x]]></v></c></row>'),
        "已损坏",
    ),
    "a sheet that is cut off": (lambda: changed(SHEET_XML, b"</sheetData>", b""), "已损坏"),
    "no relationships": (
        lambda: packed({k: v for k, v in parts_of(book(GOOD)).items() if k != "xl/_rels/workbook.xml.rels"}),
        "已损坏",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_gets_one_sentence_and_soon(what):
    build, sentence = HOSTILE[what]
    data = build()
    start = time.perf_counter()
    assert re.search(sentence, refusal(data))
    assert time.perf_counter() - start < 5


def test_twenty_thousand_rows_are_answered_at_once_and_in_little_memory():
    data = book(*[GOOD] * 20_000)
    text = f"{TEMPLATE.mark}\n{','.join(TITLES)}\n".encode() + b"BM-1,a,85,16,2026-11-22,b\n" * 20_000
    for upload, name in ((data, "a.xlsx"), (text, "a.csv")):
        start = time.perf_counter()
        assert "一次最多导入 2000 行数据，这份表格在第 2003 行仍有内容" in refusal(upload, name)
        assert time.perf_counter() - start < 2
        tracemalloc.start()
        refusal(upload, name)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * 1024 * 1024


def test_two_thousand_rows_are_read():
    assert len(read(book(*[GOOD] * 2000)).rows) == 2000


# --- CSV -------------------------------------------------------------------------------------------------------------

LINE = ["BM-1", "黎书恒", "85", "16", "2026/11/22", "合格"]


def table(*rows, separator=",", ending="\r\n") -> str:
    first = TEMPLATE.mark + separator * (len(TITLES) - 1)  # as Excel saves it
    return ending.join([first, *(separator.join(row) for row in (TITLES, *rows))]) + ending


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_is_read_in_each_encoding_and_with_each_separator(encoding, separator):
    data = table(LINE, [], LINE, separator=separator).encode(encoding)
    assert read(data, "成绩.CSV").rows == [Row(3, CLEAN), Row(5, CLEAN)]


def test_a_name_that_only_gb18030_has_is_read():
    data = table(["BM-1", "𬭎㙍", *LINE[2:]]).encode("gb18030")
    assert read(data, "成绩.csv").rows[0].values["name"] == "𬭎㙍"


def test_quoted_fields_keep_their_separators_and_a_sign_in_front_is_plain_text():
    data = table(["BM-1", '"黎,书""恒"', *LINE[2:]], ["=1+1", "-黎", *LINE[2:]]).encode()
    rows = read(data, "成绩.csv").rows
    assert [row.values["name"] for row in rows] == ['黎,书"恒', "-黎"] and rows[1].values["reference"] == "=1+1"


@pytest.mark.parametrize(
    "data, sentence",
    [
        (table(LINE).encode("utf-16"), "空字节"),
        (table(LINE).encode() + b"\0", "空字节"),
        (table(LINE).encode() + b"\xff\xff\xff", "文字编码"),
        (table(['"BM-1', *LINE[1:]]).encode(), "第 3 行无法读取：引号不成对"),
        (table(LINE, ["x" * 200_000]).encode(), "第 4 行无法读取"),
        (table(LINE + [""] * 100 + ["x"]).encode(), "最多 72 列"),
        (b"\r\n" * 2_000_000, "第一行没有模板的名称和版本"),
        (table().encode(), "表中没有数据"),
    ],
    ids=[
        "UTF-16",
        "NUL",
        "no known encoding",
        "unpaired quote",
        "a huge field",
        "many columns",
        "blank lines",
        "no data",
    ],
)
def test_a_csv_that_cannot_be_read_gets_a_sentence(data, sentence):
    assert sentence in refusal(data, "成绩.csv")


# --- Anything at all -------------------------------------------------------------------------------------------------

VALID = write_template(TEMPLATE, [CLEAN] * 3)
PARTS = parts_of(VALID)
READ_PARTS = [SHEET_XML, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml"]
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=6)), min_size=1, max_size=4)


def mutated(data: bytes, edits) -> bytes:
    """The bytes with some replaced, put in or taken out."""
    result = bytearray(data)
    for place, taken, put in edits:
        place %= len(result) + 1
        result[place : place + taken] = put
    return bytes(result)


def answered(data: bytes, name: str) -> None:
    try:
        reading = read(data, name)
    except Refused as refused:
        assert refused.sentence.endswith("。")
    else:
        assert isinstance(reading, Reading) and (reading.rows or reading.faults)


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "PK\x03\x04", OLE[:8].decode("latin-1")]),
    st.sampled_from(["a.csv", "a.xlsx"]),
)
def test_any_bytes_are_read_or_refused(data, start, name):
    answered(start.encode("latin-1") + data, name)


@given(EDITS, st.sampled_from(["utf-8", "gb18030"]))
def test_any_csv_is_read_or_refused(edits, encoding):
    answered(mutated(table(LINE, LINE).encode(encoding), edits), "a.csv")


@settings(max_examples=200)
@given(EDITS)
def test_a_workbook_with_any_bytes_changed_is_read_or_refused(edits):
    answered(mutated(VALID, edits), "a.xlsx")


@settings(max_examples=300)
@given(st.sampled_from(READ_PARTS), EDITS)
def test_a_workbook_with_any_part_changed_inside_is_read_or_refused(part, edits):
    answered(packed(PARTS | {part: mutated(PARTS[part], edits)}), "a.xlsx")


NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.sampled_from(["", "A1", "1e308", "true", "XFD1048576"]),
)


@settings(max_examples=300)
@given(st.sampled_from(READ_PARTS), st.integers(0, 10**6), NUMBERS)
def test_a_workbook_with_any_attribute_or_value_made_up_is_read_or_refused(part, which, value):
    found = list(re.finditer(rb'(?<=")[^"<>]*(?=")|(?<=<v>)[^<]*', PARTS[part]))
    place = found[which % len(found)]
    content = PARTS[part][: place.start()] + value.encode() + PARTS[part][place.end() :]
    answered(packed(PARTS | {part: content}), "a.xlsx")
