"""履职报告收讫回执: the paper that proves when a duty report came in. Lengths in mm from the page's top left corner."""

import hashlib
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import pytest
import zxingcpp
from django.conf import settings

from appointments.documents import ReportReceiptFacts, report_receipt
from tests.test_papers import CODE, LONG_NAME, POINT, overlapping, page_of, picture_of, red_rules, text_of

pytestmark = pytest.mark.drawn_afresh

RECEIPT = ReportReceiptFacts(
    number="首质报〔2027〕9号",
    version=1,
    person_name="陈志远",
    measure_title="《清远市企业首席质量官管理办法（试行）》",
    code=CODE,
    verify_url=f"https://cqo.example.gov.cn/verify/{CODE}/",
    bureau_name="清远市质量技术监督局",
    enterprise_name="甲公司",
    credit_code="91441802MA4U0W7K7E",
    letter_number="首质聘〔2026〕137号",
    cycle_title="《关于提供2026年度首席质量官履职报告的通知》",
    cycle_number="清质监〔2026〕31号",
    period_first=date(2026, 1, 1),
    period_last=date(2026, 12, 31),
    due_on=date(2027, 2, 28),
    received_on=date(2027, 2, 28),
    received_at=datetime(2027, 2, 28, 15, 59, 59, 999_999, tzinfo=UTC),
    days_late=0,
    on_paper=False,
    attachments=3,
    content_sha256=hashlib.sha256(b"report").hexdigest(),
)
HARD = {"enterprise_name": LONG_NAME, "person_name": "欧阳䶮", "bureau_name": "连山壮族瑶族自治县质量技术监督局"}


@cache
def receipt(**changes):
    """The receipt with some facts changed, made once a session."""
    return report_receipt(replace(RECEIPT, **changes))


def test_the_receipt_says_what_came_when_and_that_it_judges_nothing():
    text = text_of(receipt())
    for phrase in (
        "首质报〔2027〕9号",
        "甲公司：首席质量官陈志远同志的履职报告已经收到",
        "《关于提供2026年度首席质量官履职报告的通知》（清质监〔2026〕31号）",
        "自2026年1月1日起至2026年12月31日止",
        "2027年2月28日23:59:59",
        "按时",
        "3份",
        "平台提交",
        RECEIPT.content_sha256,
        "仅证明收到上述履职报告，不是对报告内容的评价",
        CODE,
    ):
        assert phrase in text
    for word in ("批准", "审批", "核准", "同意", "合格", "迟交", "代录"):
        assert word not in text
    assert not re.search("年0|月0|〕0", text)


def test_one_second_later_is_the_next_day_here_and_late_in_words():
    late = text_of(receipt(received_at=datetime(2027, 2, 28, 16, 0, tzinfo=UTC), days_late=1, attachments=0))
    assert "2027年3月1日00:00:00" in late and "迟交1天" in late and "按时" not in late.replace("是否按时", "")
    assert "附　　件无" in late or "附件无" in late


def test_a_report_on_paper_is_said_to_be_transcribed():
    assert "纸质代录" in text_of(receipt(on_paper=True))


@pytest.mark.parametrize("changes", [{}, HARD], ids=["usual", "hard"])
def test_the_receipt_is_one_page_in_letter_format_and_nothing_overlaps(changes):
    page = page_of(receipt(**changes))
    assert overlapping(page) == []
    rules = red_rules(page)
    assert [(left, right) for left, _, right, _ in rules] == [pytest.approx((20, 190), abs=0.2)] * 4
    assert max(char["x1"] for char in page.chars) * POINT <= 190.1
    last_word = max(char["bottom"] for char in page.chars) * POINT
    assert last_word < rules[2][1] - 15, "the seal has its room above the second rule"


def test_a_rare_name_is_set_whole():
    chars = [char for char in page_of(receipt(**HARD)).chars if char["text"] in "欧阳䶮" and char["size"] > 15]
    assert len(chars) >= 3 and len({char["fontname"] for char in chars}) == 1


def test_the_qr_code_is_the_address_and_a_preview_has_none():
    (code,) = zxingcpp.read_barcodes(picture_of(receipt()))
    assert code.text == RECEIPT.verify_url
    preview = report_receipt(replace(RECEIPT, number="", code="", verify_url=""), preview=True)
    assert zxingcpp.read_barcodes(picture_of(preview)) == []
    assert "预览件，不能使用" in text_of(preview)


def test_the_same_facts_give_the_same_bytes_in_a_new_process():
    program = (
        "import sys, pickle, hashlib, django; django.setup()\n"
        "from appointments.documents import report_receipt\n"
        "print(hashlib.sha256(report_receipt(pickle.load(sys.stdin.buffer))).hexdigest())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(RECEIPT),
        capture_output=True,
        cwd=settings.BASE_DIR,
        check=True,
    )
    assert ran.stdout.decode().strip() == hashlib.sha256(receipt()).hexdigest()
