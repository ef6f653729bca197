"""证据卷: one PDF of all evidence, opened and read back: what the contents say is what the pages hold."""

import hashlib
import io
import pickle
import re
import subprocess
import sys
from datetime import date
from functools import cache

import pdfplumber
import pypdf
import pytest
from django.conf import settings
from PIL import Image
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject, StreamObject

from appointments.documents import Part, bundle, evidence_bundle
from registry.papers.render import render
from registry.refusals import Refused
from tests.test_papers import LONG_NAME

DAY = date(2027, 1, 5)
LINES = ("案件编号：JC2027-000018", "企业：甲公司", "首席质量官：欧阳䶮")
ORANGE, BLUE = (230, 120, 40), (30, 60, 200)


def pdf_of(*words, landscape=False):
    """A PDF with a page for each of the words."""
    size = "297mm 210mm" if landscape else "210mm 297mm"
    pages = "".join(f'<p style="break-after:page">{word}</p>' for word in words[:-1]) + f"<p>{words[-1]}</p>"
    return render(pages, f"@page{{size:{size}}}").pdf


def written(writer):
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def blank_pdf(pages=1, *, password="", turns=(0,)):
    """A PDF of empty pages, each turned by the next of ``turns``."""
    writer = pypdf.PdfWriter()
    for number in range(pages):
        writer.add_blank_page(595, 842).rotate(turns[number % len(turns)])
    if password:
        writer.encrypt(password)
    return written(writer)


def pdf_with(key, value):
    """A PDF whose one page says nonsense under a key."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)[NameObject(key)] = value
    return written(writer)


def picture(kind, size, colour, **options):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def part(title, data=None, content_type="application/pdf", *, source="清城区质监局", day=DAY, paragraphs=()):
    return Part(title=title, source=source, day=day, data=data, content_type=content_type, paragraphs=paragraphs)


BROKEN = {
    "password": (blank_pdf(password="x"), "application/pdf", "文件设有密码"),
    "no pdf": (b"%PDF-1.7 nothing here", "application/pdf", "文件已损坏"),
    "cut off": (pdf_of("甲", "乙")[:900], "application/pdf", "文件已损坏"),
    "no pages": (blank_pdf(0), "application/pdf", "文件没有任何页面"),
    "no picture": (b"\x89PNG\r\n\x1a\n<html>", "image/png", "文件已损坏"),
    "no photograph": (b"\xff\xd8\xff\xe0 and no more", "image/jpeg", "文件已损坏"),
    "other format": (b"PK\x03\x04", "application/zip", "这种格式的文件不能编入"),
    "empty": (b"", "application/pdf", "文件已损坏"),
    "no box": (pdf_with("/MediaBox", ArrayObject([NameObject("/x")] * 4)), "application/pdf", "文件的页面没有大小"),
    "half a box": (pdf_with("/MediaBox", ArrayObject([NumberObject(0)] * 2)), "application/pdf", "文件已损坏"),
    "no resources": (pdf_with("/Resources", NumberObject(3)), "application/pdf", "文件已损坏"),
}
PARTS = (
    part("履职报告通知送达记录", source="平台记录", paragraphs=("甲公司打开了通知。\n其后没有回复。", "送达完成。")),
    part("现场检查记录", pdf_of("检查第一页", "检查第二页", "检查第三页")),
    part("横向记录", pdf_of("横向页", landscape=True)),
    part("现场照片", picture("JPEG", (3000, 2000), ORANGE), "image/jpeg", day=None),
    part("聘书照片", picture("PNG", (300, 500), BLUE), "image/png", paragraphs=("照片由企业提供。",)),
    part(f"关于{LONG_NAME}的来信", *BROKEN["password"][:2]),
    part("继续教育台账", paragraphs=tuple(f"第{k}条：课程完成情况已经登记，有证明材料。" for k in range(90))),
)


@cache
def bundled(parts=PARTS):
    return evidence_bundle("建议解除聘任案件证据卷", parts, lines=LINES)


@cache
def texts_of(pdf):
    """Each page's text without white space."""
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return [re.sub(r"\s", "", "".join(char["text"] for char in page.chars)) for page in opened.pages]


def outline_of(pdf):
    """The bookmarks as (title, page counted from 1)."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return [(item.title, reader.get_destination_page_number(item) + 1) for item in reader.outline]


def test_the_page_that_the_contents_name_holds_the_part():
    contents, *_ = texts = texts_of(bundled())
    expected = [2, 3, 6, 7, 8, 10, 11]
    for number, (each, page) in enumerate(zip(PARTS, expected, strict=True), start=1):
        day = "2027年1月5日" if each.day else "—"
        assert f"{number}{each.title}{each.source}{day}{page}" in contents
    assert f"共7项材料，{len(texts)}页。" in contents and all(line in contents for line in LINES)
    assert "1.履职报告通知送达记录" in texts[1] and "甲公司打开了通知。其后没有回复。送达完成。" in texts[1]
    for word, text in zip(("检查第一页", "检查第二页", "检查第三页"), texts[2:5], strict=True):
        assert word in text
    assert "横向页" in texts[5]
    assert "照片由企业提供。" in texts[7]
    assert "文件设有密码" in texts[9] and "第0条：" in texts[10] and "第89条：" in texts[-1]
    for number, colour in ((7, ORANGE), (9, BLUE)):
        shown = subprocess.run(
            ["pdftoppm", "-r", "30", "-png", "-f", str(number), "-singlefile", "-"],
            input=bundled(),
            capture_output=True,
            check=True,
        )
        page = Image.open(io.BytesIO(shown.stdout)).convert("RGB")
        assert page.getpixel((page.width // 2, page.height // 2)) == pytest.approx(colour, abs=4)
        assert page.getpixel((3, 3)) == (255, 255, 255)
        assert (page.width > page.height) == (number == 7)


def test_every_page_has_its_number_and_every_part_its_bookmark():
    texts = texts_of(bundled())
    for number, text in enumerate(texts, start=1):
        assert f"第{number}页共{len(texts)}页" in text
    starts = [2, 3, 6, 7, 8, 10, 11]
    titles = [f"{number}. {each.title}" for number, each in enumerate(PARTS, start=1)]
    assert outline_of(bundled()) == [("目录", 1), *zip(titles, starts, strict=True)]


def test_contents_over_several_pages_still_name_the_right_pages():
    parts = tuple(part(f"第{k}号记录", paragraphs=(f"记录内容{k}完。",)) for k in range(1, 81))
    texts = texts_of(bundled(parts))
    front = next(number for number, text in enumerate(texts) if "记录内容1完。" in text)
    assert front >= 3
    for k in range(1, 81):
        assert f"记录内容{k}完。" in texts[front + k - 1]
        assert any(f"{k}第{k}号记录清城区质监局2027年1月5日{front + k}" in text for text in texts[:front])


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_number_stands_in_the_lower_right_corner_however_the_page_is_turned(turn):
    pdf = evidence_bundle("卷", [part("扫描件", blank_pdf(turns=(turn,)))], lines=())
    shown = subprocess.run(
        ["pdftoppm", "-r", "60", "-gray", "-f", "2", "-singlefile", "-"], input=pdf, capture_output=True, check=True
    )
    page = Image.open(io.BytesIO(shown.stdout))
    assert (page.width > page.height) == (turn in (90, 270))
    left, top, right, bottom = page.point(lambda level: 255 * (level < 128)).getbbox()
    assert left > page.width * 0.7 and top > page.height * 0.9
    assert right <= page.width - 15 and bottom <= page.height - 8
    assert right - left > 3 * (bottom - top), "the words run from left to right"


def test_a_page_that_leaves_its_drawing_state_changed_moves_no_number():
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(595, 842)
    stream = StreamObject()
    stream.set_data(b"0.2 0 0 0.2 0 0 cm 1 0 0 rg 0 0 900 900 re f")
    page[NameObject("/Contents")] = writer._add_object(stream)
    pdf = evidence_bundle("卷", [part("偏移", written(writer))], lines=())
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        assert min(char["x0"] for char in opened.pages[1].chars) > 400
        assert max(char["size"] for char in opened.pages[1].chars) == pytest.approx(9, abs=0.1)


def test_an_electronic_seal_stays_and_what_a_file_would_do_goes():
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(595, 842)
    look = StreamObject()
    look.set_data(b"1 0 0 rg 0 0 100 100 re f")
    look.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(map(FloatObject, (0, 0, 100, 100))),
        }
    )
    looks = writer._add_object(DictionaryObject({NameObject("/N"): writer._add_object(look)}))
    script = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
    seal = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/Rect"): ArrayObject(map(FloatObject, (100, 100, 200, 200))),
            NameObject("/F"): NumberObject(4),
            NameObject("/AP"): looks,
            NameObject("/A"): script,
            NameObject("/P"): page.indirect_reference,
        }
    )
    page[NameObject("/Annots")] = ArrayObject([writer._add_object(seal)])
    page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})
    writer.root_object[NameObject("/OpenAction")] = script
    pdf = evidence_bundle("卷", [part("盖章件", written(writer))], lines=())
    assert b"JavaScript" not in pdf and b"/AA" not in pdf
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 2
    shown = subprocess.run(
        ["pdftoppm", "-r", "72", "-png", "-f", "2", "-singlefile", "-"], input=pdf, capture_output=True, check=True
    )
    assert Image.open(io.BytesIO(shown.stdout)).convert("RGB").getpixel((150, 692)) == (255, 0, 0)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_read_becomes_a_page_that_says_so(kind):
    data, content_type, reason = BROKEN[kind]
    pdf = bundled((part("材料甲", data, content_type), part("材料乙", paragraphs=("乙的内容。",))))
    _, told, after = texts_of(pdf)
    assert f"未能编入本卷：{reason}" in told and "材料甲" in told
    assert f"SHA-256{hashlib.sha256(data).hexdigest()}" in told
    assert "乙的内容。" in after


def test_a_file_too_big_and_a_picture_too_large_become_pages_too(monkeypatch):
    monkeypatch.setattr(bundle, "FILE_SIZE", 1024 * 1024)
    monkeypatch.setattr(bundle, "PIXELS", 10_000)
    big = part("大文件", bytes(1024 * 1024 + 1))
    large = part("大图", picture("PNG", (101, 100), BLUE), "image/png")
    _, first, second = texts_of(evidence_bundle("卷", [big, large], lines=()))
    assert "文件超过1MB" in first and "图片过大" in second


def test_three_hundred_pages_are_a_volume_and_one_more_is_refused():
    assert len(pypdf.PdfReader(io.BytesIO(bundled((part("厚卷", blank_pdf(299)),)))).pages) == 300
    with pytest.raises(Refused, match="超过300页"):
        bundled((part("厚卷", blank_pdf(299)), part("记录", paragraphs=("一。",))))


def test_files_that_are_too_much_together_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(bundle, "VOLUME_SIZE", bundle.MB)
    half = part("半卷", bytes(bundle.MB // 2))
    assert len(texts_of(evidence_bundle("卷", [half, half], lines=()))) == 3
    with pytest.raises(Refused, match="合计超过1 MB"):
        evidence_bundle("卷", [half, half, part("一字节", b"x")], lines=())


def test_a_record_without_words_and_a_bundle_without_parts_are_told_too():
    _, told = texts_of(bundled((part("空白记录"),)))
    assert "此项材料没有文字内容。" in told
    (contents,) = texts_of(bundled(()))
    assert "共0项材料，1页。" in contents


def test_markup_in_a_title_is_printed_and_a_sideways_photograph_is_put_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    parts = (
        part('<img src="x">', paragraphs=("<b>粗体</b>",)),
        part("竖拍", picture("JPEG", (600, 400), BLUE, exif=exif), "image/jpeg"),
    )
    pdf = bundled(parts)
    assert "<imgsrc=" in texts_of(pdf)[1] and "<b>粗体</b>" in texts_of(pdf)[1]
    upright = pypdf.PdfReader(io.BytesIO(pdf)).pages[2].mediabox
    assert upright.width < upright.height


def test_the_same_parts_give_the_same_bytes_in_a_new_process():
    program = (
        "import sys, pickle, hashlib, django; django.setup()\n"
        "from appointments.documents import evidence_bundle\n"
        "title, parts, lines = pickle.load(sys.stdin.buffer)\n"
        "print(hashlib.sha256(evidence_bundle(title, parts, lines=lines)).hexdigest())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(("建议解除聘任案件证据卷", PARTS, LINES)),
        capture_output=True,
        cwd=settings.BASE_DIR,
        check=True,
    )
    assert ran.stdout.decode().strip() == hashlib.sha256(bundled()).hexdigest()
    assert b"/ID" in bundled() and b"/CreationDate" not in bundled()
