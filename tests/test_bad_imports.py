"""Bad spreadsheets, each made here: told in a clear sentence, in time and memory, and never half on a register."""

import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry.importing import KINDS
from registry.models import ImportRun
from registry.states import ImportState
from tests.cast import AT, pdf, picture, resident_id
from tests.importing import company, delimited, newcomer, read, sheet, written

SECONDS, MEMORY = 10, 400  # each, MB
WORKER = 110  # MB that a worker holds before it reads anything; the process of the tests holds more of its own
SHEET_XML, BOOK_XML = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
BIG = "甲" * 300


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


def edited(old: bytes, new: bytes, part: str = SHEET_XML) -> Callable:
    """A good workbook with one part edited by hand."""

    def make(user) -> bytes:
        parts = parts_of(sheet("enterprises", user, company(1)))
        assert old in parts[part], part
        return packed(parts | {part: parts[part].replace(old, new, 1)})

    return make


def without(part: str) -> Callable:
    """A good workbook that lacks a part."""

    def make(user) -> bytes:
        parts = parts_of(sheet("enterprises", user, company(1)))
        del parts[part]
        return packed(parts)

    return make


def rows(*some: dict, kind: str = "enterprises", **options) -> Callable:
    """A workbook of the template with these rows."""
    return lambda user: sheet(kind, user, *some, **options)


def csv(*some: dict, encoding: str = "gb18030", change: Callable = lambda data: data) -> Callable:
    """A CSV of the template with these rows."""
    return lambda user: change(delimited("enterprises", user, *some, encoding=encoding))


def titled(change: Callable) -> Callable:
    """A workbook whose titles are changed."""

    def make(user) -> bytes:
        titles = [column.title for column in KINDS["enterprises"].columns(user)]
        return sheet("enterprises", user, company(1), titles=change(titles))

    return make


def bomb(user) -> bytes:
    """Much of nothing, packed small."""
    parts = parts_of(sheet("enterprises", user, company(1)))
    return packed(parts | {SHEET_XML: parts[SHEET_XML] + b" " * 170_000_000})


def crowded(user) -> bytes:
    """Elements without an end, in little text that packs no better than honest text."""
    parts, dice = parts_of(sheet("enterprises", user, company(1))), Random(1)
    more = b"".join(dice.choices((b"<a/>", b"<b/>", b"<c1/>"), k=4_100_000))
    return packed(parts | {SHEET_XML: parts[SHEET_XML].replace(b"<sheetData>", b"<sheetData>" + more, 1)})


def empty_rows(user) -> bytes:
    """A million rows that somebody gave a format, and one company."""
    parts = parts_of(sheet("enterprises", user, company(1)))
    more = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % n for n in range(10, 1_000_010))
    return packed(parts | {SHEET_XML: parts[SHEET_XML].replace(b"</sheetData>", more + b"</sheetData>", 1)})


def many_rows(user) -> bytes:
    return delimited("enterprises", user, *(company(n) for n in range(1, 3))) + b"\r\n" + b"x,y\r\n" * 50_001


def locked_book(user) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")


def utf_16(user) -> bytes:
    parts = parts_of(sheet("enterprises", user, company(1)))
    return packed(parts | {SHEET_XML: parts[SHEET_XML].decode().replace("UTF-8", "UTF-16").encode("utf-16")})


def cell(written: bytes, **more: bytes) -> Callable:
    """A good workbook with the cell of the name written by hand, and more parts."""

    def make(user) -> bytes:
        parts = parts_of(sheet("enterprises", user, company(1))) | more
        good = re.search(rb'<c r="B3"[^>]*>.*?</c>', parts[SHEET_XML])[0]
        return packed(parts | {SHEET_XML: parts[SHEET_XML].replace(good, written)})

    return make


LINK = {"xl/externalLinks/externalLink1.xml": b"<externalLink/>"}
link = cell(b'<c r="B3" t="str"><f>[1]Sheet1!A1</f><v>\xe7\x94\xb2</v></c>', **LINK)


def formula(place: int, text: str) -> Callable:
    return rows(company(1), edit=lambda page: page.write_formula(2, place, text, None, "新企业"))


FAILED, FAULTY, REFUSED = "failed", "faulty", "refused at once"
X, C = "表格.xlsx", "表格.csv"
# What it is: how it is made, under which name, what becomes of it, and words of the sentence told.
BAD: dict[str, tuple[Callable, str, str, str]] = {
    # No spreadsheet at all
    "nothing": (lambda user: b"", X, REFUSED, "文件是空的"),
    "a picture": (lambda user: picture(), "表格.png", REFUSED, "不是 Excel 工作簿"),
    "a picture called a workbook": (lambda user: picture(), X, REFUSED, "不是 Excel 工作簿"),
    "a paper": (lambda user: pdf(), X, REFUSED, "不是 Excel 工作簿"),
    "a page of the web called xls": (lambda user: b"<html><table>", "表格.xls", REFUSED, "不是 Excel 工作簿"),
    "an old workbook": (lambda user: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "表格.xls", REFUSED, "旧格式"),
    "a workbook with a password": (locked_book, X, REFUSED, "设有密码"),
    "too large": (lambda user: b"PK\x03\x04" + b"x" * 10_500_000, X, REFUSED, "超过 10 MB"),
    "a zip that is no workbook": (lambda user: packed({"a.txt": b"a"}), X, FAILED, "不是 Excel 工作簿"),
    "half a workbook": (lambda user: sheet("enterprises", user, company(1))[:3000], X, FAILED, "已损坏"),
    "a workbook without its sheet": (without(SHEET_XML), X, FAILED, "已损坏"),
    "a workbook without its relations": (without("xl/_rels/workbook.xml.rels"), X, FAILED, "已损坏"),
    "noise called CSV": (lambda user: bytes(range(1, 256)) * 40, C, FAILED, "无法"),
    "CSV with zero bytes": (csv(company(1), encoding="utf-16-le"), C, FAILED, "空字节"),
    "CSV with a quote that never ends": (csv(company(1), change=lambda d: d + b'"a'), C, FAILED, "引号不成对"),
    # Harm
    "a bomb": (bomb, X, FAILED, "展开后过大"),
    "elements without an end": (crowded, X, FAILED, "内容过多"),
    "entities": (edited(b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'), X, FAILED, "实体声明"),
    "a made-up count": (edited(b"<sst ", b'<sst count="99999999" ', "xl/sharedStrings.xml"), X, FAILED, ""),
    "a cell in a far corner": (edited(b'<c r="A3"', b'<c r="XFD1048576"'), X, FAILED, ""),
    "a cell in another row": (edited(b'<c r="A3"', b'<c r="A9"'), X, FAILED, "已损坏"),
    "a sheet in another encoding": (utf_16, X, FAILED, "已损坏"),
    "a text of seventy million": (
        edited(b"<si><t>", b"<si><t>" + b"x" * 70_000_000, "xl/sharedStrings.xml"), X, FAILED, "展开后过大",
    ),
    # Not the template
    "no first line": (rows(company(1), mark=""), X, FAILED, "第一行没有模板的名称"),
    "another template": (rows(company(1), mark="人员和履历 第1版"), X, FAILED, "这是“人员和履历”"),
    "an older template": (rows(company(1), mark="企业名录 第0版"), X, FAILED, "第0版"),
    "a sheet of another's": (rows(company(1), mark="企业名录 第1版 PX-1"), X, FAILED, "属于"),
    "a sheet under another name": (edited("填写".encode(), "数据".encode(), BOOK_XML), X, FAILED, "没有名为“填写”"),
    "a column missing": (titled(lambda t: [x for x in t if x != "法定代表人"]), X, FAILED, "缺少标题“法定代表人”"),
    "a column renamed": (titled(lambda t: ["代码", *t[1:]]), X, FAILED, "缺少标题“统一社会信用代码”"),
    "columns in another order": (titled(lambda t: [t[1], t[0], *t[2:]]), X, FAILED, "列的顺序"),
    "a column twice": (titled(lambda t: [*t, t[0]]), X, FAILED, "重复"),
    "a column of one's own": (
        rows(company(1), edit=lambda page: page.write(1, 12, "备注") or page.write(2, 12, "甲")), X, FAILED,
        "没有这一列",
    ),
    "nothing filled in": (rows(), X, FAILED, "表中没有数据"),
    "nothing but spaces": (rows({"name": "  "}), X, FAILED, "表中没有数据"),
    "more rows than may be": (many_rows, C, FAILED, "一次最多导入 50000 行"),
    "merged cells": (rows(company(1), edit=lambda page: page.merge_range(2, 1, 3, 1, "甲")), X, FAILED, "合并单元格"),
    # Cells
    "a formula": (formula(1, "=A1"), X, FAULTY, "是公式"),
    "a formula that calls a program": (formula(1, "=cmd|' /C calc'!A0"), X, FAULTY, "是公式"),
    "a link to another workbook": (link, X, FAULTY, "是公式"),
    "an error value": (cell(b'<c r="B3" t="e"><v>#N/A</v></c>'), X, FAULTY, "错误值"),
    "a code that lost its digits": (rows(company(1, credit_code=914418003000000123.0)), X, FAULTY, "丢失"),
    "a code with a wrong digit": (rows(company(1, credit_code="91441800300000010Y")), X, FAULTY, "校验"),
    "a code too short": (rows(company(1, credit_code="91441800")), X, FAULTY, "应为 18 位"),
    "a code with a letter never used": (rows(company(1, credit_code="9144180030000001OI")), X, FAULTY, "不含字符"),
    "no code": (rows(company(1, credit_code="")), X, FAULTY, "没有填写"),
    "no name": (rows(company(1) | {"name": ""}), X, FAULTY, "没有填写"),
    "a name too long": (rows(company(1) | {"name": BIG}), X, FAULTY, "最多 80 个字"),
    "a name with a break": (rows(company(1) | {"name": "甲\n公司"}), X, FAULTY, "控制字符"),
    "a name with a picture": (rows(company(1) | {"name": "甲😀公司"}), X, FAULTY, "表情"),
    "a name that runs backwards": (rows(company(1) | {"name": "甲\u202e公司"}), X, FAULTY, "控制字符"),
    "an industry of one's own": (rows(company(1, industry="数字经济")), X, FAULTY, "之一"),
    "a county that is none": (rows(company(1, county="广州市")), X, FAULTY, "之一"),
    "a telephone of the office": (rows(company(1, contact_phone="0763-3366666")), X, FAULTY, "11 位手机号码"),
    "an address of e-mail that is none": (rows(company(1, contact_email="甲@")), X, FAULTY, "电子邮箱的格式"),
    "a day that does not exist": (rows(company(1, since="2021-02-30")), X, FAULTY, "应填日期"),
    "a day to come": (rows(company(1, since=datetime(2027, 1, 1))), X, FAULTY, "不能晚于今天"),
    "a day with an hour": (rows(company(1, since=datetime(2021, 1, 1, 8, 30))), X, FAULTY, "含有时刻"),
    "a day as a bare number": (rows(company(1, since=44197)), X, FAULTY, "不是日期"),
    "a day in the year 9999": (rows(company(1, since="9999-12-31")), X, FAULTY, "不是日期"),
    "the same company twice": (rows(company(1), company(1)), X, FAULTY, "完全相同"),
    "the same company in two ways": (rows(company(1), company(1, address="另址")), X, FAULTY, "不能确定以哪一行为准"),
    "GBK with a formula for a name": (csv(company(1) | {"name": "=1+1", "contact_phone": "1"}), C, FAULTY, "手机号码"),
    "CSV with a row cut short": (
        csv(company(1), change=lambda d: d + b"\r\n91441800300000010Y,abc"), C, FAULTY, "没有填写",
    ),
    # People
    "an ID number with a wrong digit": (
        rows(newcomer(1, id_number=resident_id(1)[:-1] + "?"), kind="people"), X, FAULTY, "居民身份证号码",
    ),
    "an ID number that lost its digits": (
        rows(newcomer(1, id_number=441802198005170015.0), kind="people"), X, FAULTY, "丢失",
    ),
    "one number, two names": (rows(newcomer(1), newcomer(1, "吴九"), kind="people"), X, FAULTY, "另一姓名"),
    "a name of figures": (rows(newcomer(1, "123"), kind="people"), X, FAULTY, "汉字、字母"),
    "somebody unborn at work": (rows(newcomer(1, since="1985-01-01"), kind="people"), X, FAULTY, "周岁"),
}  # fmt: skip
PEOPLE = {"an ID number with a wrong digit", "an ID number that lost its digits", "one number, two names"}
PEOPLE |= {"a name of figures", "somebody unborn at work"}
# What looks bad and is not.
GOOD: dict[str, tuple[Callable, str, int]] = {
    "a million empty rows": (empty_rows, X, 1),
    "GBK": (csv(company(1), company(2)), C, 2),
    "UTF-8 with a mark": (csv(company(1), encoding="utf-8-sig"), C, 1),
    "days as text in three spellings": (
        rows(*(company(n, since=day) for n, day in enumerate(("2021-1-2", "2021/01/02", "２０２１年1月2日")))), X, 3,
    ),
    "a day as a day": (rows(company(1, since=datetime(2021, 1, 2))), X, 1),
    "codes and phones as people type them": (
        lambda user: sheet("enterprises", user, {**company(1), "credit_code": f" {company(1)['credit_code'].lower()} ",
                                                 "contact_phone": 13800138000.0}), X, 1,
    ),
    "empty rows between": (rows(company(1), {}, {}, company(2)), X, 2),
    "the first line merged for looks": (
        rows(company(1), edit=lambda page: page.merge_range(0, 0, 0, 5, "企业名录 第1版")), X, 1,
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=True):
        yield


def peak() -> int:
    """The most memory this process held since it was last forgotten, in MB."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024


def registers() -> dict[str, int]:
    """How many rows stand on the registers, history included."""
    labels = ("registry", "training", "appointments")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    names = ("Enterprise", "Candidate", "Employment", "Education", "Appointment", "TrainingRecord")
    return {m.__name__: m._base_manager.count() for m in models if m.__name__.startswith(names)}


def bring(client, user, kind: str, data: bytes, name: str):
    """Upload by the page; the run, or the page that refused."""
    client.force_login(user)
    form = {"token": str(uuid4()), "sheet": SimpleUploadedFile(name, data)}
    response = client.post(reverse("import_new", args=[kind]), form)
    return response if response.status_code == 200 else ImportRun.unscoped.get()


def test_there_are_sixty_of_them_and_none_alike():
    assert len(BAD) >= 60 and len({make for make, *_ in BAD.values()}) == len(BAD) and set(BAD) >= PEOPLE


@pytest.mark.django_db
@pytest.mark.parametrize("what", BAD)
def test_a_bad_spreadsheet_is_told_so_and_nothing_of_it_stands_anywhere(what, client, county_one, user_a):
    make, name, fate, words = BAD[what]
    kind, user = ("people", user_a) if what in PEOPLE else ("enterprises", county_one)
    data, before = make(user), registers()
    Path("/proc/self/clear_refs").write_text("5")
    begun, own = time.monotonic(), peak()
    run = bring(client, user, kind, data, name)
    if fate == REFUSED:
        assert words in run.content.decode() and not ImportRun.unscoped.exists()
        return
    run = read(run)
    taken, held = time.monotonic() - begun, peak() - own + WORKER
    page = client.get(run.page)
    assert page.status_code == 200 and words in page.content.decode(), (run.state, run.fault)
    assert taken <= SECONDS and held <= MEMORY, (taken, held)
    if fate == FAILED:
        assert run.state == ImportState.FAILED and re.search("[一-鿿]。$", run.fault)
        assert not run.rows.exists()
    else:
        assert run.state == ImportState.READY and run.faulty
    assert registers() == before


@pytest.mark.django_db
@pytest.mark.parametrize("what", GOOD)
def test_what_only_looks_bad_is_read_and_written(what, client, county_one):
    make, name, count = GOOD[what]
    run = read(bring(client, county_one, "enterprises", make(county_one), name))
    assert (run.state, run.new, run.faulty) == (ImportState.READY, count, 0), run.fault
    assert written(run, county_one).state == ImportState.DONE
