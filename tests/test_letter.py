"""建议解除聘任函 and 陈述意见通知书: each PDF is opened, measured and read back. Lengths in mm, from the upper left."""

import hashlib
import io
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from functools import cache

import pdfplumber
import pytest
import zxingcpp
from django.conf import settings
from PIL import Image

from appointments.documents import RecommendationFacts, StatementFacts, recommendation_letter, statement_notice
from registry.refusals import Refused
from tests.test_papers import CODE, LONG_NAME, POINT, ink, ink_box, overlapping, picture_of, red_rules

pytestmark = pytest.mark.drawn_afresh

ROW = 28.99 * POINT
FIRST_BASE = 44.0  # of the first of 22 rows
RARE_COMPANY = LONG_NAME.replace("北江", "浛洸")
COUNTY = "连山壮族瑶族自治县质量技术监督局"
COMMON = {
    "number": "清质监函〔2026〕18号",
    "version": 1,
    "person_name": "陈志远",
    "measure_title": "《清远市企业首席质量官管理办法（试行）》",
    "code": CODE,
    "verify_url": f"https://cqo.example.gov.cn/verify/{CODE}/",
    "issuer_name": "清远市质量技术监督局",
    "enterprise_name": "清远市北江陶瓷有限公司",
    "letter_number": "首质聘〔2026〕137号",
    "first_day": date(2026, 5, 1),
    "last_day": date(2028, 4, 30),
    "findings": (
        "我局于2026年12月2日发布《关于提供2026年度首席质量官履职报告的通知》，履职报告的提供期限为2027年2月8日。"
        "该通知于2026年12月22日送达你公司；截至2027年3月31日，陈志远同志未提供履职报告。",
    ),
    "grounds": (("第十二条第（二）项第（3）目", "未按时提供履职报告的。"),),
    "signed_on": date(2027, 5, 9),
    "contact": "联系人：何静文，0763-0000000",
}
LETTER = RecommendationFacts(
    **COMMON,
    statements=("2027年4月5日，我局向你公司和陈志远同志分别送达《陈述意见通知书》。", "你公司对上述事实没有异议。"),
    basis_words="《清远市企业首席质量官管理办法（试行）》（清质〔2016〕12号）",
    power="第十二条第（二）项",
    answer_due=date(2027, 6, 9),
    answers_on_paper=False,
    attachments=("2026年度履职报告通知送达回证", "陈述意见通知书及企业书面答复"),
    copies="清远市清城区质量技术监督局",
)
NOTICE = StatementFacts(**COMMON, to_person=False, reply_by=date(2027, 4, 20), post_address="清远市质监局质量科")
THREE_GROUNDS = (
    (
        "第十二条第（二）项第（1）目",
        "对企业质量管理中存在的违法违规行为或者重大风险隐患知情不报、拖延不报或者作虚假报告的;",
    ),
    ("第十二条第（二）项第（2）目", "未完成相关继续教育课程和质量工作绩效的;"),
    ("第十二条第（二）项第（3）目", "未按时提供履职报告的。"),
)
HARD = replace(
    LETTER,
    enterprise_name=RARE_COMPANY,
    person_name="欧阳䶮",
    issuer_name=COUNTY,
    grounds=THREE_GROUNDS,
    statements=("欧阳䶮同志提出：因生产任务繁忙未能参加全部课程，已报名2027年度的课程。" * 10,),
    attachments=(f"关于{RARE_COMPANY}有关情况的现场检查记录及其附图附表", "证据材料目录"),
)


@cache
def letter(facts=LETTER):
    """The letter of these facts, made once a session."""
    return recommendation_letter(facts)


@cache
def notice(facts=NOTICE):
    """The notice of these facts, made once a session."""
    return statement_notice(facts)


@cache
def pages_of(pdf):
    """Every page's text without white space."""
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return [re.sub(r"\s", "", "".join(char["text"] for char in page.chars)) for page in opened.pages]


def said(pdf):
    """All that a letter says, without the numbers of its pages."""
    return "".join(re.sub(r"—\d+—$", "", page) for page in pages_of(pdf))


@cache
def rows_of(pdf, number):
    """The rows of 3号 text on a page: (base line from the top, left, right, text) in order; small print left out."""
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        page = opened.pages[number]
        rows = {}
        for char in page.chars:
            if abs(char["size"] - 15.75) < 0.05 and char["upright"]:
                base = round((float(page.height) - float(char["matrix"][5])) * POINT, 1)
                rows.setdefault(base, []).append(char)
    return [
        (
            base,
            min(char["x0"] for char in row) * POINT,
            max(char["x1"] for char in row) * POINT,
            "".join(char["text"] for char in row),
        )
        for base, row in sorted(rows.items())
    ]


# What they say


def test_the_letter_recommends_in_the_measures_words_and_leaves_the_decision_to_the_enterprise():
    text = said(letter())
    for phrase in (
        "清质监函〔2026〕18号",
        "清远市质量技术监督局关于建议解除首席质量官聘任的函",
        "清远市北江陶瓷有限公司：",
        "一、核实的情况",
        "二、听取意见的情况",
        "三、建议及依据",
        "第十二条第（二）项第（3）目“未按时提供履职报告的”的情形",
        "质监部门可以建议首席质量官所在企业解除聘任",
        "现行有效的制度依据为《清远市企业首席质量官管理办法（试行）》（清质〔2016〕12号）",
        "建议你公司解除对陈志远同志的首席质量官聘任。是否解除由你公司决定。",
        "请于2027年6月9日前（含当日）将是否解除聘任的决定通过平台告知我局",
        "证据目录：1.2026年度履职报告通知送达回证",
        "2.陈述意见通知书及企业书面答复",
        "（联系人：何静文，0763-0000000）",
        "抄送：清远市清城区质量技术监督局。",
        CODE,
    ):
        assert phrase in text
    assert "预览" not in text


@pytest.mark.parametrize("pdf", [letter, notice, lambda: letter(HARD)], ids=["letter", "notice", "hard letter"])
def test_the_bureau_orders_revokes_and_decides_nothing(pdf):
    text = said(pdf())
    for word in ("责令", "撤销", "批准", "审批", "核准", "样张"):
        assert word not in text
    mine = re.sub("由你公司决定|解除聘任的决定|。决定之前，原聘任不受本函影响", "", text)
    assert "决定" not in mine


def test_who_files_on_paper_answers_on_paper():
    text = said(letter(replace(LETTER, answers_on_paper=True)))
    assert "将是否解除聘任的决定书面告知我局" in text and "通过平台告知" not in text


def test_several_grounds_are_a_list_and_one_is_a_sentence():
    text = said(letter(HARD))
    assert "下列情形：（一）第十二条第（二）项第（1）目“对企业质量管理中存在的" in text
    assert "拖延不报或者作虚假报告的”；（二）第十二条第（二）项第（2）目“" in text and "（三）第十二条" in text
    assert "（一）第十二条" not in said(letter())


def test_a_works_is_not_called_a_company():
    facts = replace(
        LETTER, enterprise_name="清远市第一水泥厂", findings=("未提供履职报告。",), statements=("无异议。",)
    )
    text = said(letter(facts))
    assert "是否解除由你单位决定" in text and "你公司" not in text


def test_numbers_have_their_brackets_and_no_leading_zero():
    for pdf in (letter(), letter(HARD), notice()):
        text = said(pdf)
        assert "〔2026〕18号" in text
        assert not re.search(r"年0|月0|〕0|\[2026\]|第\d+号", text)


def test_lines_typed_by_people_become_paragraphs_and_single_attachments_have_no_number():
    facts = replace(LETTER, findings=("第一段。\n\n第二段。",), attachments=("证据材料目录",), contact="", copies="")
    text = said(letter(facts))
    assert "第一段。第二段。" in text and "证据目录：证据材料目录" in text
    assert "抄送" not in text and "联系人" not in text
    starts = [left for _, left, _, row in rows_of(letter(facts), 0) if row in ("第一段。", "第二段。")]
    assert starts == pytest.approx([28 + 2 * 15.75 * POINT] * 2, abs=0.1)


def test_the_notice_says_to_each_how_to_answer_and_until_when():
    enterprise = said(notice())
    person = said(notice(replace(NOTICE, to_person=True, post_address="")))
    assert enterprise.startswith("清远市北江陶瓷有限公司：你公司") and person.startswith("陈志远同志：你担任")
    assert "陈述意见通知书" in enterprise and "陈述意见通知书" in person
    for text in (enterprise, person):
        assert "请于2027年4月20日前（含当日）提出" in text and "未按时提供履职报告的" in text
        assert "不是处理结论，不影响现有聘任" in text
    assert "登录首席质量官管理平台提交，也可以书面寄送或者送交清远市质监局质量科" in enterprise
    assert "一次性链接提交，无需账号，也可以书面提交我局" in person
    assert "一次性链接" not in enterprise and "登录" not in person


# Where it stands


@pytest.mark.parametrize("pdf", [letter, notice], ids=["letter", "notice"])
def test_two_red_double_rules_of_170_mm_stand_where_the_standard_puts_them(pdf):
    with pdfplumber.open(io.BytesIO(pdf())) as opened:
        thick, thin, second_thin, second_thick = red_rules(opened.pages[0])
        assert [red_rules(page) for page in opened.pages[1:]] == [[]] * (len(opened.pages) - 1)
    for left, _, right, _ in (thick, thin, second_thin, second_thick):
        assert (left, right) == pytest.approx((20, 190), abs=0.1)
    assert [box[3] - box[1] for box in (thick, thin, second_thin, second_thick)] == pytest.approx(
        [1.05, 0.35, 0.35, 1.05], abs=0.05
    )
    assert second_thick[3] == pytest.approx(277, abs=0.1)
    picture = picture_of(pdf(), dpi=200)
    above = round((thick[1] - 1) * 200 / 25.4)
    name = ink_box(picture.crop((0, 0, picture.width, above)), range(150, 256), range(90), dpi=200)
    assert name[1] == pytest.approx(30, abs=0.3)
    assert name[3] == pytest.approx(thick[1] - 4, abs=0.3)
    assert (name[0] + name[2]) / 2 == pytest.approx(105, abs=0.7)


def test_a_long_issuers_letterhead_is_smaller_begins_at_30_mm_and_stays_within_its_rule():
    with pdfplumber.open(io.BytesIO(letter(HARD))) as opened:
        thick = red_rules(opened.pages[0])[0]
    picture = picture_of(letter(HARD), dpi=200)
    above = round((thick[1] - 1) * 200 / 25.4)
    name = ink_box(picture.crop((0, 0, picture.width, above)), range(150, 256), range(90), dpi=200)
    assert (name[1], name[3]) == pytest.approx((30, thick[1] - 4), abs=0.3)
    assert name[0] >= 20 and name[2] <= 190


def test_the_number_and_the_title_follow_under_the_rule():
    with pdfplumber.open(io.BytesIO(letter())) as opened:
        thin = red_rules(opened.pages[0])[1]
        title = [char for char in opened.pages[0].chars if abs(char["size"] - 22) < 0.05]
    picture = picture_of(letter(), dpi=200)

    def black_under(height):
        """Where the first black ink under a height begins."""
        below = picture.crop((0, round(height * 200 / 25.4), picture.width, picture.height))
        return height + ink_box(below, range(90), range(90), dpi=200)[1]

    number = rows_of(letter(), 0)[0]
    assert number[3] == "清质监函〔2026〕18号" and number[2] == pytest.approx(184, abs=0.6)
    # 发文字号 a character's height under the rule, the title two rows under it.
    assert black_under(thin[3] + 0.5) == pytest.approx(thin[3] + 4.94 + 0.5, abs=0.6)
    assert black_under(number[0] + 2) == pytest.approx(number[0] + 0.12 * 15.75 * POINT + 2 * ROW, abs=0.9)
    tops = sorted({round(char["top"]) for char in title})
    lines = [[char for char in title if round(char["top"]) == top] for top in tops]
    assert [len(line) for line in lines] == [10, 15]
    for line in lines:
        middle = (min(char["x0"] for char in line) + max(char["x1"] for char in line)) / 2 * POINT
        assert middle == pytest.approx(106, abs=0.3)


def test_the_text_stands_on_a_grid_of_22_rows_of_28_characters():
    full = replace(LETTER, findings=("质" * 27 + "量" * 28 * 60,))
    second = rows_of(letter(full), 1)
    assert len(second) == 22
    assert second[0][0] == pytest.approx(FIRST_BASE, abs=0.1)
    assert second[-1][0] == pytest.approx(FIRST_BASE + 21 * ROW, abs=0.1)
    assert {len(text) for _, _, _, text in second} == {28}
    for pdf, pages in ((letter(full), 3), (letter(HARD), 3), (letter(), 2)):
        for number in range(pages):
            left = 26 if number % 2 else 28
            rows = rows_of(pdf, number)[1:] if number == 0 else rows_of(pdf, number)
            offsets = [(base - FIRST_BASE) / ROW for base, *_ in rows]
            assert max(abs(offset - round(offset)) for offset in offsets) < 0.02
            assert min(start for _, start, _, _ in rows) == pytest.approx(left, abs=0.1)
            assert max(end for _, _, end, _ in rows) <= left + 156.01
            widths = [end - start for _, start, end, _ in rows if end - start > 153]
            assert widths and widths == pytest.approx([155.53] * len(widths), abs=0.1)
    assert rows_of(letter(), 0)[1][0] == pytest.approx(FIRST_BASE + 7 * ROW, abs=0.15)


def test_the_first_page_has_no_number_and_the_others_have_it_outside():
    with pdfplumber.open(io.BytesIO(letter(replace(LETTER, findings=("量" * 28 * 60,))))) as opened:
        pages = opened.pages
        marks = [[char for char in page.chars if 265 < char["top"] * POINT < 275] for page in pages]
    texts = ["".join(char["text"] for char in mark) for mark in marks]
    assert texts == ["", *(f"— {number} —" for number in range(2, len(pages) + 1))] and len(texts) > 3
    assert marks[1][0]["x0"] * POINT == pytest.approx(26 + 14 * POINT, abs=0.2)
    assert marks[2][-1]["x1"] * POINT == pytest.approx(184 - 14 * POINT, abs=0.2)
    dash = marks[1][0]
    assert dash["bottom"] * POINT == pytest.approx(269, abs=3)


@pytest.mark.parametrize("length", range(1, 30, 2))
def test_no_page_ends_with_a_heading_and_none_holds_the_seal_without_text(length):
    facts = replace(HARD, statements=("质量官陈述意见如下各项均已查明。" * length,), copies="清城区质监局")
    pages = pages_of(letter(facts))
    for page in pages:
        body = re.sub(r"—\d—$|抄送：.*$", "", page)
        assert not re.search("(核实的情况|听取意见的情况|建议及依据)$", body)
    assert "专此函达。" in pages[-1] and "请一并说明理由。" in pages[-1]
    assert "2027年5月9日" in pages[-1] and "抄送：" in pages[-1]


def test_thirty_attachments_still_leave_text_above_the_seal():
    pages = pages_of(letter(replace(LETTER, attachments=("证据材料的名称",) * 30)))
    assert "30.证据材料的名称" in pages[-1] and "2027年5月9日" in pages[-1]


def test_three_grounds_and_long_statements_take_three_pages_with_text_above_the_seal():
    pages = pages_of(letter(HARD))
    assert len(pages) == 3
    assert "三、建议及依据" in pages[1] and "证据目录：1." in pages[2] and COUNTY in pages[2]


def test_the_date_stands_four_characters_in_and_the_name_over_its_middle():
    rows = rows_of(letter(), 1)
    dated = next(row for row in rows if row[3] == "2027年5月9日")
    named = next(row for row in rows if row[3] == "清远市质量技术监督局")
    assert dated[2] == pytest.approx(182 - 4 * 15.75 * POINT, abs=0.3)
    assert (named[1] + named[2]) / 2 == pytest.approx((dated[1] + dated[2]) / 2, abs=0.3)
    assert dated[0] - named[0] == pytest.approx(ROW, abs=0.1)
    # Two rows stay free above for the seal.
    above = max(base for base, *_ in rows if base < named[0] - 0.5)
    assert named[0] - above == pytest.approx(3 * ROW, abs=0.1)


# Names, codes, bytes


def test_rare_names_are_set_whole_in_one_face_wherever_they_stand():
    with pdfplumber.open(io.BytesIO(letter(HARD))) as opened:
        chars = [char for page in opened.pages for char in page.chars if char["text"].strip()]
    text = "".join(char["text"] for char in chars)
    for name in ("欧阳䶮", RARE_COMPANY):
        # Between pages a name may be divided by a page number; in a row it never changes its face.
        places = [match.start() for match in re.finditer(re.escape(name), text)]
        assert len(places) >= 2
        for place in places:
            assert len({char["fontname"] for char in chars[place : place + len(name)]}) == 1
    rare = next(char for char in chars if char["text"] == "䶮")
    number = next(n for n, page in enumerate(pages_of(letter(HARD))) if "䶮" in page)
    assert number == 0
    box = [round(rare[edge] * 150 / 72) for edge in ("x0", "top", "x1", "bottom")]
    dark = sum(picture_of(letter(HARD)).convert("L").crop(box).histogram()[:128])
    assert dark > 0.05 * (box[2] - box[0]) * (box[3] - box[1])


def test_nothing_overlaps_or_leaves_the_text_with_an_enterprise_of_forty_characters():
    with pdfplumber.open(io.BytesIO(letter(HARD))) as opened:
        for page in opened.pages:
            assert overlapping(page) == []
            assert min(char["x0"] for char in page.chars) * POINT >= 19.9
            assert max(char["x1"] for char in page.chars) * POINT <= 190.1


@pytest.mark.parametrize("pdf", [letter, notice], ids=["letter", "notice"])
def test_the_qr_code_read_from_the_last_page_is_the_address(pdf):
    last = len(pages_of(pdf()))
    drawn = subprocess.run(
        ["pdftoppm", "-r", "150", "-png", "-f", str(last), "-singlefile", "-"], input=pdf(), capture_output=True
    )
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.stdout)))
    assert code.text == COMMON["verify_url"]


def test_a_preview_is_marked_on_every_page_and_carries_no_code():
    pdf = recommendation_letter(replace(LETTER, number="", code="", verify_url=""), preview=True)
    text = said(pdf)
    assert "预览件，不能使用" in text and "出具时编定" in text and "核验码：" not in text
    assert [page.count("预览") >= 1 for page in pages_of(pdf)] == [True, True]
    assert zxingcpp.read_barcodes(picture_of(pdf)) == []
    light = [
        ink(picture_of(shown, dpi=72), range(234, 239), range(234, 239)).histogram()[255] for shown in (pdf, letter())
    ]
    assert light[0] > light[1] + 3000


def test_a_character_that_no_font_holds_is_refused_wherever_it_stands():
    with pytest.raises(Refused, match="不能印出"):
        recommendation_letter(replace(LETTER, findings=("情况😀。",)))


def test_the_same_facts_give_the_same_bytes_in_a_new_process():
    program = (
        "import sys, pickle, hashlib, django; django.setup()\n"
        "from appointments import documents\n"
        "for name, facts in pickle.load(sys.stdin.buffer):\n"
        "    print(hashlib.sha256(getattr(documents, name)(facts)).hexdigest())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps([("recommendation_letter", HARD), ("statement_notice", NOTICE)]),
        capture_output=True,
        cwd=settings.BASE_DIR,
        check=True,
    )
    assert ran.stdout.decode().split() == [hashlib.sha256(pdf).hexdigest() for pdf in (letter(HARD), notice())]
