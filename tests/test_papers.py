"""The papers themselves: each PDF is opened, measured and read back. Lengths in mm from the page's top left corner."""

import hashlib
import http.server
import io
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date

import pdfplumber
import pypdf
import pytest
import weasyprint
import zxingcpp
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from appointments.documents import (
    AuthorisationFacts,
    LetterFacts,
    ReceiptFacts,
    filing_receipt,
    letter_of_appointment,
    letter_of_authorisation,
)
from registry.papers import fonts
from registry.papers import render as render_module
from registry.papers.render import PaperError, render
from registry.papers.setting import (
    CLOSING,
    OPENING,
    Run,
    as_paragraph,
    clean,
    set_lines,
    shape_title,
    split_name,
)
from registry.refusals import Refused

pytestmark = pytest.mark.drawn_afresh

POINT = 25.4 / 72  # mm
CODE = "P14C-CJS0-Y5SX-SSJC-MSF6-ZSY8-SSH5-WT14-9WEC"
LONG_NAME = "清远市北江高性能建筑陶瓷与新型耐火材料研究开发制造及国际贸易（集团）有限责任公司"
COMMON = {
    "version": 1,
    "person_name": "陈志远",
    "enterprise_name": "甲公司",
    "first_day": date(2026, 5, 1),
    "last_day": date(2028, 4, 30),
    "measure_title": "《清远市企业首席质量官管理办法（试行）》",
    "code": CODE,
    "verify_url": f"https://cqo.example.gov.cn/verify/{CODE}/",
}
LETTER = LetterFacts(
    **COMMON,
    clause="第十一条",
    number="首质聘〔2026〕137号",
    appointer_title="法定代表人",
    term_words="两年",
    signed_on=date(2026, 4, 28),
)
AUTHORISATION = AuthorisationFacts(
    **COMMON,
    clause="第十一条",
    number="首质授〔2026〕137号",
    credit_code="91441802MA4U0W7K7E",
    appointer_name="梁伟民",
    appointer_title="主要负责人",
    position="副总经理",
    departments=(("质量管理", "品质管理部"), ("质量检验", "检验中心"), ("质量安全", "")),
    duties=(
        ("（一）", "向企业决策层提出加强质量工作的措施建议;组织监督检查本企业各岗位质量工作责任制的贯彻落实;"),
        ("（二）", "部署对原料进厂、生产过程、出厂检验的检查把关;"),
        ("（三）", "负责企业质量管理体系的建立、实施与持续改进;"),
        (
            "（四）",
            "组织实施质量改进、质量攻关等群众性质量活动;实施质量成本管理,加强质量统计分析;"
            "主持本企业内质量考核,行使质量安全“一票否决”;",
        ),
        (
            "（五）",
            "组织制定企业质量发展战略、年度质量工作计划和质量安全保障措施;开展质量教育培训;建设企业质量文化等。",
        ),
    ),
    signed_on=date(2026, 4, 28),
)
RECEIPT = ReceiptFacts(
    **COMMON,
    clauses="第九条、第十一条",
    number="首质登〔2026〕9号",
    credit_code="91441802MA4U0W7K7E",
    county_name="连山壮族瑶族自治县",
    bureau_name="清远市质量技术监督局",
    letter_number="首质聘〔2026〕137号",
    submitted_on=date(2026, 4, 29),
    checked_on=date(2026, 5, 5),
    filed_on=date(2026, 5, 10),
    opinion_lines=(),
    outside_basis=False,
)
PAPERS = {
    "letter": (letter_of_appointment, LETTER),
    "authorisation": (letter_of_authorisation, AUTHORISATION),
    "receipt": (filing_receipt, RECEIPT),
}
MADE: dict[tuple, bytes] = {}


def paper(kind, *, preview=False, **changes):
    """The paper of that kind with some facts changed; made once a session."""
    make, facts = PAPERS[kind]
    key = (kind, preview, tuple(sorted(changes.items())))
    if key not in MADE:
        MADE[key] = make(replace(facts, **changes), preview=preview)
    return MADE[key]


def text_of(pdf):
    """All text in the order of the document, without white space, so that line ends do not matter."""
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return re.sub(r"\s", "", "".join(char["text"] for page in opened.pages for char in page.chars))


def page_of(pdf):
    """The one page of a paper; a second page is a fault."""
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        (page,) = opened.pages
        return page


def picture_of(pdf, dpi=150):
    ran = subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-png", "-singlefile", "-"], input=pdf, capture_output=True, check=True
    )
    return Image.open(io.BytesIO(ran.stdout)).convert("RGB")


def ink(picture, red, green):
    """A mask of the pixels whose red and green lie in the two ranges."""
    bands = picture.split()
    return ImageChops.darker(
        *(
            band.point([255 * (k in wanted) for k in range(256)])
            for band, wanted in zip(bands, (red, green), strict=False)
        )
    )


def ink_box(picture, red, green, dpi=150):
    """Left, top, right, bottom in mm of what ``ink`` finds."""
    return [edge * 25.4 / dpi for edge in ink(picture, red, green).getbbox()]


def red_rules(page):
    """The letterhead's rules as (left, top, right, bottom)."""
    return sorted(
        (
            [edge * POINT for edge in (box["x0"], box["top"], box["x1"], box["bottom"])]
            for box in page.rects
            if (colour := box["non_stroking_color"]) and len(colour) == 3 and colour[0] > 0.6 and colour[1] < 0.3
        ),
        key=lambda box: box[1],
    )


# What the papers say


@pytest.mark.parametrize(
    ("kind", "phrases"),
    [
        (
            "letter",
            [
                "编号：首质聘〔2026〕137号",
                "陈志远同志：",
                "根据《清远市企业首席质量官管理办法（试行）》第十一条的规定，现任命您为甲公司首席质量官",
                "聘任期限为两年，自2026年5月1日起至2028年4月30日止。",
                "法定代表人（签名）：",
                "2026年4月28日",
                "登记情况以核验结果为准",
            ],
        ),
        (
            "authorisation",
            [
                "编号：首质授〔2026〕137号",
                "91441802MA4U0W7K7E",
                "主要负责人（签名）：",
                "被授权人（签名）：",
                "梁伟民",
                "副总经理",
                "现授权本企业首席质量官陈志远开展下列工作：",
                "行使质量安全“一票否决”；",
                "（五）组织制定企业质量发展战略",
                "质量管理（品质管理部）、质量检验（检验中心）、质量安全等相关业务工作部门，隶属于首席质量官直接领导。",
                "授权期限与聘任期限相同，自2026年5月1日起至2028年4月30日止。",
            ],
        ),
        (
            "receipt",
            [
                "清远市质量技术监督局",
                "首质登〔2026〕9号",
                "甲公司：",
                "连山壮族瑶族自治县",
                "首质聘〔2026〕137号",
                "上述任命已于2026年5月10日登记",
                "已登记，无附加意见",
                "第九条、第十一条",
                "本回执仅证明上述任命已经登记",
            ],
        ),
    ],
)
def test_a_paper_says_what_it_must(kind, phrases):
    text = text_of(paper(kind))
    assert [phrase for phrase in phrases if phrase not in text] == []
    assert CODE in text
    assert "第2版" not in text and "预览" not in text


@pytest.mark.parametrize("kind", PAPERS)
def test_no_paper_speaks_of_approval_and_no_seal_or_sample_mark_is_printed(kind):
    text = text_of(paper(kind))
    for word in ("批准", "审批", "核准", "同意", "准予", "样张", "直径", "决定"):
        assert word not in text.replace("决策", "")


def test_the_enterprises_papers_do_not_name_the_bureau_or_hang_on_filing():
    for kind in ("letter", "authorisation"):
        text = text_of(paper(kind)).replace("登记情况以核验结果为准", "")
        assert "监督局" not in text and "登记" not in text


def test_a_second_version_says_so_beside_its_number():
    assert "首质登〔2026〕9号（第2版）" in text_of(paper("receipt", version=2))


def test_an_opinion_is_printed_line_by_line_and_a_missing_basis_is_said():
    opinions = ("第六条第（三）项：质量工作经历4年8个月，不足5年；", "第六条第（五）项：年度继续教育尚未到期。")
    text = text_of(paper("receipt", opinion_lines=opinions, outside_basis=True))
    assert "附意见登记：" in text and all(line in text for line in opinions)
    assert "已登记，无附加意见" not in text
    assert "不在有效期内" in text and "依照" not in text
    assert "不在有效期内" not in text_of(paper("receipt"))


def test_a_leap_day_is_printed_whole_and_no_date_has_a_leading_zero():
    text = text_of(paper("letter", first_day=date(2024, 2, 29), last_day=date(2026, 2, 28), signed_on=date(2024, 2, 3)))
    assert "自2024年2月29日起至2026年2月28日止" in text and "2024年2月3日" in text
    assert not re.search(r"年0|月0", text + "".join(text_of(paper(kind)) for kind in PAPERS))


@pytest.mark.parametrize("kind", PAPERS)
def test_only_a_preview_is_marked_as_one_and_carries_no_code(kind):
    preview = paper(kind, preview=True, number="", code="", verify_url="")
    text = text_of(preview)
    assert "预览件，不能使用" in text and "出具时编定" in text and "核验码：" not in text
    picture = picture_of(preview, dpi=72)
    assert zxingcpp.read_barcodes(picture) == []
    # The mark is 14 % of a grey: 236 of 255 on white. Elsewhere only the edges of letters are.
    light = [
        ink(shown, range(234, 239), range(234, 239)).histogram()[255]
        for shown in (picture, picture_of(paper(kind), dpi=72))
    ]
    assert light[0] > light[1] + 3000


# How the papers are made


@pytest.mark.parametrize(
    ("kind", "size"), [("letter", (297, 210)), ("authorisation", (210, 297)), ("receipt", (210, 297))]
)
def test_a_paper_is_one_page_of_a4_with_every_font_embedded_as_a_subset(kind, size):
    page = page_of(paper(kind))
    assert (page.width * POINT, page.height * POINT) == pytest.approx(size, abs=0.1)
    found = []
    for pdf_page in pypdf.PdfReader(io.BytesIO(paper(kind))).pages:
        for font in pdf_page["/Resources"]["/Font"].values():
            font = font.get_object()
            assert "/ToUnicode" in font
            for described in [part.get_object() for part in font.get("/DescendantFonts", [font])]:
                descriptor = described["/FontDescriptor"]
                assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
                found.append(descriptor["/FontName"])
    assert len(found) >= 4
    assert [name for name in found if not re.match(r"/[A-Z]{6}\+", name)] == []
    assert len(paper(kind)) < 400_000


def test_the_receipts_letterhead_and_margins_stand_where_the_standard_puts_them():
    page = page_of(paper("receipt"))
    rules = red_rules(page)
    assert [(left, right) for left, _, right, _ in rules] == [pytest.approx((20, 190), abs=0.2)] * 4
    thick, thin, second_thin, second_thick = rules
    assert (thick[3] - thick[1], thin[3] - thin[1]) == pytest.approx((1.05, 0.35), abs=0.05)
    assert second_thin[3] - second_thin[1] < second_thick[3] - second_thick[1]
    assert second_thick[3] == pytest.approx(277, abs=0.5)
    picture = picture_of(paper("receipt"))
    letterhead_end = round((thick[1] - 1) * 150 / 25.4)
    name = ink_box(picture.crop((0, 0, 1240, letterhead_end)), range(150, 256), range(90))
    assert name[1] == pytest.approx(30, abs=1)
    assert name[3] == pytest.approx(thick[1] - 4, abs=1)
    body = [char for char in page.chars if abs(char["size"] - 15.75) < 0.05]
    assert min(char["x0"] for char in body) * POINT == pytest.approx(28, abs=1)
    assert max(char["x1"] for char in body) * POINT == pytest.approx(184, abs=1)


def test_the_rows_of_a_paragraph_reach_both_edges_at_one_pitch():
    page = page_of(paper("authorisation"))
    rows: dict[float, list] = {}
    for char in page.chars:
        if abs(char["size"] - 14) < 0.05 and 90 < char["top"] * POINT < 190:
            rows.setdefault(round(float(char["matrix"][5]), 1), []).append(char)
    lefts = [min(char["x0"] for char in row) * POINT for row in rows.values()]
    rights = [max(char["x1"] for char in row) * POINT for row in rows.values()]
    assert all(left >= 27.9 for left in lefts) and all(right <= 184.2 for right in rights)
    assert sum(abs(right - 184) < 0.6 for right in rights) >= 5
    baselines = sorted(rows)
    pitches = [after - before for before, after in zip(baselines, baselines[1:], strict=False)]
    assert len(pitches) >= 10 and max(pitches) - min(pitches) < 0.3


def test_the_letters_text_and_frame_stand_on_their_edges():
    page = page_of(paper("letter", enterprise_name=LONG_NAME))
    body = [char for char in page.chars if abs(char["size"] - 19) < 0.05]
    assert min(char["x0"] for char in body) * POINT == pytest.approx(33.5, abs=1)
    assert max(char["x1"] for char in body) * POINT == pytest.approx(263.5, abs=1)
    frame = ink_box(picture_of(paper("letter")), range(150, 200), range(90))
    assert frame == pytest.approx([8.5, 8.5, 288.5, 201.5], abs=1)


@pytest.mark.parametrize("kind", PAPERS)
def test_the_qr_code_read_from_the_page_is_the_address(kind):
    (code,) = zxingcpp.read_barcodes(picture_of(paper(kind)))
    assert code.text == COMMON["verify_url"]
    left, right = code.position.top_left.x, code.position.top_right.x
    assert (right - left) * 25.4 / 150 >= 17.5


@pytest.mark.parametrize("kind", PAPERS)
@pytest.mark.parametrize("name", ["欧阳䶮", "林㛃"])
def test_a_rare_character_is_in_the_text_and_has_ink(kind, name):
    pdf = paper(kind, person_name=name)
    assert name in text_of(pdf)
    picture = picture_of(pdf).convert("L")
    chars = page_of(pdf).chars
    rare = [char for char in chars if char["text"] == name[-1]]
    common = next(char for char in chars if char["text"] == name[0] and char["size"] == rare[0]["size"])
    assert common["fontname"] == rare[0]["fontname"], "the whole name is set in one font"
    for char in rare:
        box = [round(char[edge] * 150 / 72) for edge in ("x0", "top", "x1", "bottom")]
        dark = sum(picture.crop(box).histogram()[:128])
        assert dark > 0.05 * (box[2] - box[0]) * (box[3] - box[1])


@pytest.mark.parametrize("kind", PAPERS)
def test_an_enterprise_of_forty_characters_fits_on_the_page(kind):
    pdf = paper(kind, enterprise_name=LONG_NAME, person_name="欧阳䶮")
    page = page_of(pdf)
    assert LONG_NAME in text_of(pdf)
    left, right = (33.4, 277) if kind == "letter" else (19.9, 190.1)
    assert min(char["x0"] for char in page.chars) * POINT >= left
    assert max(char["x1"] for char in page.chars) * POINT <= right
    assert overlapping(page) == []


def overlapping(page):
    """Pairs of characters that lie on each other by more than a third of their size."""
    chars = [char for char in page.chars if char["text"].strip() and char["upright"]]
    return [
        (a["text"], b["text"])
        for k, a in enumerate(chars)
        for b in chars[k + 1 :]
        if min(a["x1"], b["x1"]) - max(a["x0"], b["x0"]) > 0.6 * min(a["width"], b["width"])
        and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > 0.6 * min(a["height"], b["height"])
    ]


@pytest.mark.long
@pytest.mark.parametrize("kind", PAPERS)
def test_a_name_of_a_hundred_characters_neither_overlaps_nor_leaves_the_page(kind):
    pdf = paper(kind, enterprise_name=LONG_NAME[:-8] * 3 + "有限责任公司", person_name="阿卜杜热西提·吾布力卡司木江")
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages:
            assert overlapping(page) == []
            assert max(char["x1"] for char in page.chars) * POINT <= (288 if kind == "letter" else 190.1)


@pytest.mark.long
def test_a_receipt_with_many_opinions_keeps_text_above_its_seal_on_the_second_page():
    pdf = paper(
        "receipt", opinion_lines=("第六条第（三）项：质量工作经历4年8个月，不足5年。" * 3,) * 8, outside_basis=True
    )
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        _, last = opened.pages
        text = "".join(char["text"] for char in last.chars)
    assert "本回执仅证明上述任命已经登记" in text and "2026年5月10日" in text


def test_the_same_facts_give_the_same_bytes_in_this_process_in_another_and_in_four_threads():
    first = {kind: make(facts) for kind, (make, facts) in PAPERS.items()}
    again = {kind: make(facts) for kind, (make, facts) in reversed(PAPERS.items())}
    assert first == again
    program = (
        "import sys, pickle, hashlib, django; django.setup()\n"
        "from appointments import documents\n"
        "for name, facts in pickle.load(sys.stdin.buffer):\n"
        "    print(hashlib.sha256(getattr(documents, name)(facts)).hexdigest())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps([(make.__name__, facts) for make, facts in PAPERS.values()]),
        capture_output=True,
        cwd=django_settings.BASE_DIR,
        check=True,
    )
    assert ran.stdout.decode().split() == [hashlib.sha256(pdf).hexdigest() for pdf in first.values()]
    results = []
    threads = [threading.Thread(target=lambda: results.append(letter_of_appointment(LETTER))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [first["letter"]] * 4


def test_a_warm_paper_takes_less_than_a_second(capsys):
    times = {}
    for kind, (make, facts) in PAPERS.items():
        make(facts)
        start = time.perf_counter()
        make(facts)
        times[kind] = time.perf_counter() - start
    with capsys.disabled():
        print("\nwarm papers:", ", ".join(f"{kind} {seconds:.2f} s" for kind, seconds in times.items()))
    assert max(times.values()) < 1


# Nothing is fetched


@pytest.fixture
def listener():
    """A web server on this machine that counts who comes."""
    hits = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", hits
    server.shutdown()
    server.server_close()


PROBES = {
    "image": ('<img src="{}">', ""),
    "sheet": ('<link rel="stylesheet" href="{}">', ""),
    "attachment": ('<link rel="attachment" href="{}">', ""),
    "object": ('<object data="{}">x</object>', ""),
    "svg image": ('<svg xmlns="http://www.w3.org/2000/svg"><image href="{}" width="9" height="9"/></svg>', ""),
    "background": ("<p>x</p>", "p{{background:url({})}}"),
    "import": ("<p>x</p>", "@import url({});"),
    "content": ("<p>x</p>", "p::before{{content:url({})}}"),
    "list mark": ("<ul><li>x</li></ul>", "li{{list-style-image:url({})}}"),
    "font": ("<p>x</p>", "@font-face{{font-family:x;src:url({})}}p{{font-family:x}}"),
}


@pytest.mark.parametrize("probe", PROBES)
def test_a_paper_that_names_an_address_is_refused_and_nothing_is_asked(probe, listener, tmp_path):
    url, hits = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    html, css = PROBES[probe]
    for address in (url, secret.as_uri(), "data:text/plain,x", "paper-font:body"):
        with pytest.raises(PaperError):
            render(html.format(address), css.format(address))
    assert hits == []
    # The same page through WeasyPrint's own fetcher does ask: the probe would notice.
    config = weasyprint.text.fonts.FontConfiguration()
    sheet = weasyprint.CSS(string=css.format(url), font_config=config)
    weasyprint.HTML(string=html.format(url)).write_pdf(stylesheets=[sheet], font_config=config)
    assert hits


@pytest.fixture
def hasty(monkeypatch):
    """A process of this test's own that draws, with a second for each paper."""
    monkeypatch.setattr(render_module, "SECONDS", 1)
    drawer = render_module.Drawer()
    monkeypatch.setattr(render_module, "drawer", drawer)
    yield drawer
    drawer.end()


def test_an_absurdly_long_paper_is_refused_in_its_time_and_the_next_one_drawn(hasty):
    """One of a million characters takes minutes without the limit, and holds what the act has locked."""
    assert render("<p>x</p>", "").pages == 1
    begun = time.monotonic()
    with pytest.raises(Refused, match="内容过多"):
        render(f"<p>{'量' * 1_000_000}</p>", "p { font-family: var(--body) }")
    assert time.monotonic() - begun < 8
    assert render("<p>x</p>", "").pages == 1


@pytest.mark.parametrize("page", ["<div>" * 5000, "<table><tr><td>" * 400])
def test_a_paper_that_fells_the_process_is_refused_and_the_next_one_drawn(page, hasty):
    with pytest.raises(Refused, match="内容过多"):
        render(page, "")
    assert render("<p>x</p>", "").pages == 1


def test_a_process_that_was_killed_is_begun_again(hasty):
    render("<p>x</p>", "")
    os.kill(hasty._process.pid, signal.SIGKILL)
    hasty._process.wait()
    with pytest.raises(Refused):
        render("<p>x</p>", "")
    assert render("<p>x</p>", "").pages == 1


def test_the_lines_of_a_text_of_marks_alone_are_soon_set():
    """Which the process of the act itself does; each mark looked at all others once, and this took half a minute."""
    start = time.process_time()
    assert len(set_lines([Run("（" * 20_000)], measure=28, advance=fonts.load().advance)) > 300
    assert time.process_time() - start < 5


def test_markup_and_addresses_in_a_persons_or_enterprises_name_are_printed_not_followed(listener):
    url, hits = listener
    hostile = f'<img src="{url}">&{{{{7|add:35}}}}'
    for kind in PAPERS:
        text = text_of(paper(kind, enterprise_name=hostile, person_name=f'<link href="{url}x">', measure_title=hostile))
        assert "<img" in text and "<link" in text and "{{7|add" in text
    assert hits == []


# Fonts


def test_subsets_are_made_once_and_made_anew_when_they_are_old(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "ROLES", tuple(role for role in fonts.ROLES if role.name in ("latin", "mono")))
    fonts.make_subset(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.otf")}
    assert set(made) == {"latin.otf", "mono.otf"}
    (tmp_path / "latin.otf").write_bytes(b"touched")
    fonts.make_subset(tmp_path)
    assert (tmp_path / "latin.otf").read_bytes() == b"touched"
    monkeypatch.setattr(fonts, "RECIPE", fonts.RECIPE + 1)
    fonts.make_subset(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.otf")} == made


def test_a_missing_font_is_named(tmp_path):
    role = next(role for role in fonts.ROLES if role.name == "body")
    with pytest.raises(fonts.FontsMissing, match="Noto Serif CJK SC"):
        fonts.choose(role, [])


def test_the_subset_holds_gb2312_and_knows_what_it_lacks():
    font_set = fonts.load()
    assert sum(0x4E00 <= ord(character) <= 0x9FFF for character in fonts.gb2312(0xF7)) == 6763
    assert font_set.name_class("陈志远") == "" and font_set.name_class("欧阳䶮") == "whole"
    assert font_set.advance("质") == font_set.advance("䶮") == 1 and font_set.advance("1") == 0.5


# The line setter, on plain widths: Latin half an em, all else one


def advance(character):
    return 0.5 if character.isascii() else 1.0


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    st.text(
        st.sampled_from("质量官企业首席清远市，。、；：？！）》”（《“〔〕…0123456789年月日号ABC "),
        min_size=1,
        max_size=120,
    ),
    st.integers(min_value=8, max_value=34),
)
def test_set_lines_lose_nothing_fill_the_measure_and_keep_marks_in_place(text, measure):
    lines = set_lines([Run(text)], measure=measure, advance=advance)
    assert "".join(line.text for line in lines) == clean(text)
    for number, line in enumerate(lines):
        squeezed = sum(piece.squeezed for piece in line.pieces)
        natural = (0 if number else 2) + sum(map(advance, line.text)) - 0.5 * squeezed
        assert natural <= measure + 1e-6
        if line is not lines[-1] and len(line.text) > 1:
            assert natural + line.stretch * (len(line.text) - 1) == pytest.approx(measure)
    for before, after in zip(lines, lines[1:], strict=False):
        chain = re.search(rf"[{re.escape(OPENING + CLOSING)}]*$", before.text).group()
        if len(chain) < measure - 3 and not re.fullmatch(rf"[{re.escape(OPENING + CLOSING)}]+", before.text):
            broke_well = after.text[0] not in CLOSING and before.text[-1] not in OPENING
            assert broke_well or len(before.text) >= measure - 3


@pytest.mark.parametrize("whole", ["2026年", "11月22日", "〔2026〕137号", "91441802MA4U0W7K7E", "欧阳修远"])
def test_years_days_numbers_and_names_are_never_divided(whole):
    for lead in range(1, 40):
        lines = set_lines(
            [Run("质" * lead), Run(whole, whole=whole == "欧阳修远"), Run("质" * 9)], measure=20, advance=advance
        )
        assert sum(whole in line.text for line in lines) == 1


def test_no_last_line_holds_a_single_character():
    for length in range(20, 60):
        lines = set_lines([Run("质" * length + "。")], measure=20, advance=advance)
        assert len(lines[-1].text.rstrip("。")) > 1


def test_adjacent_marks_share_their_empty_halves():
    (line,) = set_lines([Run("《办法（试行）》第")], measure=20, advance=advance)
    assert [piece.text for piece in line.pieces if piece.squeezed] == ["）"]


def test_a_set_paragraph_escapes_every_character():
    html = as_paragraph(set_lines([Run('<b>&"甲')], measure=20, advance=advance))
    assert "<b>" not in html and "&lt;b&gt;&amp;&quot;甲" in html


def test_an_enterprises_name_breaks_before_its_joints_and_keeps_its_legal_form():
    assert split_name("清远市北江陶瓷有限公司", 17) == ["清远市北江陶瓷有限公司"]
    assert split_name(LONG_NAME, 15) == [
        "清远市北江高性能建筑陶瓷",
        "与新型耐火材料研究开发制造",
        "及国际贸易（集团）有限责任公司",
    ]
    for length in range(1, 120):
        name = ("清远市北江陶瓷" * 20)[:length]
        lines = split_name(name, 15)
        assert "".join(lines) == name and max(map(len, lines)) <= 15


def test_a_title_breaks_between_phrases_with_no_two_lines_of_one_length():
    lines = shape_title(
        ["清远市质量技术监督局", "关于", "2016年度", "企业首席质量官", "制度推行情况的", "统计报告"], 20
    )
    lengths = [len(line) for line in lines]
    assert all(a != b for a, b in zip(lengths, lengths[1:], strict=False))
    assert shape_title(["企业首席质量官", "登记回执"], 18) == ["企业首席质量官登记回执"]
    with pytest.raises(ValueError, match="wider"):
        shape_title(["企业首席质量官登记回执"], 5)


def test_half_width_marks_are_set_in_full_width_and_control_marks_are_dropped():
    assert clean("乙公司(集团),A4(2)\u202e\x00") == "乙公司（集团），A4(2）"
