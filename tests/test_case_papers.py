"""The papers of a case: notices, the letter before and after it is signed, and the bundle of all evidence."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from appointments import actions, casefile
from appointments.models import DismissalRecommendation
from appointments.states import CaseAnswer, Party
from registry import filestore
from tests.cast import AT, TODAY
from tests.test_enterprise_pages import days, signed_in


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def words_of(response) -> str:
    """All text of a PDF, without its spaces and line ends."""
    assert response["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(response.content))
    return "".join("".join(page.extract_text() for page in reader.pages).split())


def titles(case) -> list[str]:
    return [part.title for part in casefile.parts_of(case)]


def test_each_party_has_its_notice_and_neither_holds_the_offices_reasons(supervise, cqo_a, county_one, user_a):
    case = supervise.proposed(cqo_a)
    office, company = signed_in(Client(), county_one), signed_in(Client(), user_a)
    address = f"/recommendations/{case.reference}/notice/"
    own, person = words_of(company.get(f"{address}enterprise/")), words_of(office.get(f"{address}cqo/"))
    for notice in (own, person):
        assert "陈述意见通知书" in notice and "窑炉燃气管道泄漏" in notice
        assert "没有根据" not in notice  # the proposal, which is nobody's yet
    assert "登录首席质量官管理平台" in own and "一次性链接" in person
    assert company.get(f"{address}cqo/").status_code == 404
    assert office.get(f"{address}somebody/").status_code == 404


def test_the_letter_is_previewed_with_what_is_typed_and_served_as_it_was_issued(supervise, cqo_a, municipal):
    case, city = supervise.proposed(cqo_a), signed_in(Client(), municipal)
    preview = f"/recommendations/{case.reference}/letter/preview/"
    typed = {"token": uuid4(), "version": case.version} | days("answer_due", TODAY + timedelta(days=30))
    shown = words_of(city.post(preview, typed))
    assert "2026年12月22日前" in shown and "没有根据" in shown
    assert city.get(preview).status_code == 200
    case = actions.sign(case, version=case.version, answer_due=TODAY + timedelta(days=30), by=municipal, at=AT)
    assert "没有可以预览的建议函" in city.get(preview, follow=True).content.decode()
    letter = city.get(f"/recommendations/{case.reference}/letter/?download=1")
    assert letter.content == filestore.fetch(case.letter.sha256)
    assert letter["Content-Disposition"].startswith("attachment")


def test_the_bundle_of_a_finding_holds_it_its_evidence_what_was_heard_and_the_answer(supervise, cqo_a, county_one):
    case = supervise.asked(cqo_a)
    proof = supervise.paper(case.enterprise)
    actions.record_notice_service(case, party=Party.CQO, served_on=TODAY, proof=proof, by=county_one, at=AT)
    supervise.heard(case)
    case = actions.propose(case, version=case.version, reason="隐患属实。", by=county_one, at=AT)
    paper = supervise.paper(case.enterprise, "询问笔录.pdf")
    actions.add_case_evidence(case, title="询问笔录", file=paper, by=county_one, at=AT)
    case = actions.sign(
        case, version=case.version, answer_due=TODAY + timedelta(days=30), by=supervise.city, at=AT
    )  # fmt: skip
    scan = supervise.make.stored(case.enterprise, name="盖章.pdf")
    actions.attach_stamped(case, file=scan, by=county_one, at=AT)
    user = supervise.make.enterprise_user(case.enterprise)
    case = actions.open_letter(case, by=user, at=AT)
    case = actions.answer_case(
        case, version=case.version, answer=CaseAnswer.DECLINED, reason="隐患已排除。", by=user, at=AT
    )  # fmt: skip
    reference = case.grounds.get().finding.reference
    assert titles(case) == [
        f"发现情况{reference}",
        f"发现情况{reference}的证明材料：现场检查记录",
        "询问笔录",
        "征求陈述意见的记录",
        "陈述意见通知书送达首席质量官本人的证明",
        "企业的陈述意见",
        "首席质量官本人的陈述意见",
        "提出建议的理由",
        f"建议解除聘任函（{case.number}）",
        "建议函盖章件",
        "建议函的送达记录",
        "企业的答复",
    ]
    shown = signed_in(Client(), county_one).get(f"/recommendations/{case.reference}/bundle/")
    text = words_of(shown)
    for words in (
        "序号材料来源日期页码",
        "询问笔录",
        "我已口头报告过总经理",
        "隐患已排除",
        case.number,
        "关于甲公司张三的解除聘任建议证据卷",
    ):
        assert words in text, words
    assert shown["Cache-Control"] == "private, no-store"


def test_the_bundle_of_a_missing_report_proves_notice_service_and_that_nothing_came(supervise, cqo_a):
    duty = supervise.served(cqo_a)
    case = supervise.opened(cqo_a, [f"3:{duty.pk}"])
    notice = f"《{duty.cycle.title}》（{duty.cycle.number}）"
    assert titles(case) == [notice, "通知的送达记录", "没有收到履职报告的记录"]
    parts = casefile.parts_of(case)
    assert "企业在平台打开通知" in "".join(parts[1].paragraphs)
    assert "没有收到这次履职报告（期限2026年3月31日）" in "".join(parts[2].paragraphs)
    supervise.reported(duty, at=AT)
    late = casefile.parts_of(DismissalRecommendation.unscoped.get(pk=case.pk))
    assert [part.title for part in late[2:]][:2] == ["履职报告", "履职报告附件：质量月报.pdf"]
    assert "迟236天" in late[2].paragraphs[0]
    assert late[-1].title.startswith("履职报告收讫回执") and late[-1].data.startswith(b"%PDF")


def test_the_bundle_of_a_year_holds_ledger_agreement_and_results(supervise, cqo_a):
    supervise.reading("ground_two_and", "either")
    supervise.results(supervise.targets(cqo_a), True, False)
    case = supervise.opened(cqo_a, ["2:2025"])
    parts = casefile.parts_of(case)
    assert [part.title for part in parts] == [
        "2025年继续教育台账",
        "2025年质量工作绩效约定（第1版）",
        "2025年绩效结果：出厂合格率",
        "2025年绩效结果：顾客投诉",
    ]
    assert [bool(part.data) for part in parts] == [False, True, True, True]
    assert "未完成：没有达到目标。" in parts[3].paragraphs


def test_a_file_that_is_gone_from_disk_leaves_a_page_that_says_so(supervise, cqo_a, county_one, settings, tmp_path):
    case = supervise.opened(cqo_a)
    settings.FILES_DIR = tmp_path
    text = words_of(signed_in(Client(), county_one).get(f"/recommendations/{case.reference}/bundle/"))
    assert "文件未能编入本卷" in text
