"""第十二条观察名单 and one CQO's grounds: what the record has and lacks, and what can be done (Art. 12(二))."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import actions
from appointments.states import CaseState
from appointments.views import watching
from tests import cast
from tests.cast import AT
from tests.test_enterprise_pages import signed_in

ROUND = "/watch-list/"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def text_of(client, address: str = ROUND) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def cases_of(page: str) -> list[str]:
    """The page's cases, each as text without tags."""
    found = re.findall(r'<li><div class="case-h">(.*?<div class="case-n">.*?</div>)\s*</li>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", case).split()) for case in found]


def grounds_page(appointment) -> str:
    """The address of one CQO's three grounds."""
    return f"/appointments/{appointment.reference}/grounds/"


# --- Ground (3) ------------------------------------------------------------------------------------------------------


def test_a_served_notice_without_a_report_is_complete_and_a_case_may_be_opened_or_declined(
    client, supervise, county_one, cqo_a
):
    duty = supervise.served(cqo_a)
    page = text_of(signed_in(client, county_one))
    (case,) = cases_of(page)
    for words in (
        "张三", "甲公司", "未按时提供履职报告", "四环齐备", "有： 通知 清质监通〔2026〕8号",
        "2026年1月12日 企业在平台打开", "2026年3月31日 未延期", "至今未收到",
        "可以做： 开立建议案，先征求企业和本人的陈述意见 ，或者 记录不提出建议的理由",
    ):  # fmt: skip
        assert words in case
    assert f'/appointments/{cqo_a.reference}/recommendations/new/?grounds=3:{duty.pk}"' in page
    assert f'/appointments/{cqo_a.reference}/recommendations/decline/?grounds=3:{duty.pk}"' in page
    assert '<span class="tag amber">四环齐备</span>' in page
    assert "截至2026年11月22日 10:00" in page
    assert "由企业决定" in page


def test_a_notice_that_was_not_served_names_service_and_leads_to_recording_the_paper(
    client, supervise, county_one, cqo_a
):
    duty = supervise.duty(cqo_a)
    page = text_of(signed_in(client, county_one))
    (case,) = cases_of(page)
    assert "缺 1 环：送达" in case
    assert "缺： 送达 平台未打开 无纸质送达记录" in case
    assert "缺送达： 不能认定为未按时提供。有纸质送达的， 记录送达日期和证明" in case
    assert f'href="{duty.page}service/"' in page
    assert "开立建议案" not in page


def test_a_notice_served_after_its_day_proves_nothing_and_cannot_be_mended(client, supervise, county_one, cqo_a):
    supervise.served(cqo_a, at=AT)
    (case,) = cases_of(text_of(signed_in(client, county_one)))
    assert "缺 1 环：送达" in case
    assert "通知在期限过后才送达，不能认定为未按时提供。" in case
    assert "记录送达日期" not in case


def test_a_report_in_time_is_on_no_list_and_a_late_one_is(client, supervise, county_one, cqo_a):
    duty = supervise.served(cqo_a)
    supervise.reported(duty)
    assert "没有列入名单的首席质量官" in text_of(signed_in(client, county_one))
    late = supervise.served(cqo_a, number="清质监通〔2026〕9号", title="补充报告的通知")
    supervise.reported(late, at=AT)
    (case,) = cases_of(text_of(client))
    assert "补充报告的通知" in case
    assert "迟 236 天" in case


# --- Ground (1) ------------------------------------------------------------------------------------------------------


def test_a_finding_without_knowledge_names_it_and_leads_to_the_act_that_closes_it(client, supervise, county_one, cqo_a):
    row = supervise.finding(cqo_a, knew_on=None, knew_what="")
    page = text_of(signed_in(client, county_one))
    (case,) = cases_of(page)
    assert "对重大风险隐患知情不报" in case
    assert "缺 1 环：知情" in case
    assert f'href="/findings/{row.reference}/acts/knowledge/"' in page


def test_a_draft_and_a_finding_without_papers_lead_to_the_finding_and_a_withdrawn_one_is_none(
    client, supervise, county_one, cqo_a
):
    draft = supervise.finding(cqo_a, filed=False)
    page = text_of(signed_in(client, county_one))
    assert "缺 1 环：发现情况" in cases_of(page)[0]
    assert f'href="/findings/{draft.reference}/"' in page
    actions.withdraw_finding(draft, version=draft.version, reason="查证不实", by=county_one, at=AT)
    assert cases_of(text_of(client)) == []
    bare = supervise.finding(cqo_a, evidence=False)
    page = text_of(client)
    assert "缺 1 环：行为" in cases_of(page)[0]
    assert f'href="/findings/{bare.reference}/acts/evidence/"' in page


def test_what_was_known_on_a_day_without_a_basis_says_so_and_offers_no_case(
    client, supervise, county_one, cqo_a, extension
):
    finding = supervise.finding(cqo_a)
    extension.delete()
    page = text_of(signed_in(client, county_one))
    (case,) = cases_of(page)
    for words in ("缺 1 环：有效依据", "缺： 有效依据 当日没有有效的制度依据", "不能据以提出建议（ 第十四条 ）"):
        assert words in case
    assert "recommendations/new/" not in page and 'href="/measure/"' in page
    assert f"/findings/{finding.reference}/acts/" not in page


# --- Ground (2) ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cqo_since_2024(supervise, person_a, company_a):
    """张三 was in office for the whole of 2025, with 24 hours asked for in that year and none done."""
    supervise.reading("ce_hours", 24)
    at = AT.replace(year=2024, month=12, day=2)
    return supervise.cqo(person_a, company_a, at=at, first_day=date(2024, 12, 5))


def test_short_courses_without_targets_tell_both_readings_and_propose_nothing(client, county_one, cqo_since_2024):
    page = text_of(signed_in(client, county_one))
    (case,) = cases_of(page)
    assert "未完成相关继续教育课程和质量工作绩效，2025年" in case
    assert "缺 2 环：绩效约定、绩效未完成" in case
    for words in ("24 学时", "差 24 学时", "没有约定的指标在案", "“和”有两种读法，口径未定", "现不成立", "现成立"):
        assert words in case
    assert "/measure/#interpretations" in page
    assert "开立建议案" not in page


def test_short_courses_and_an_unmet_target_stand_under_both_readings(client, supervise, county_one, cqo_since_2024):
    supervise.results(supervise.targets(cqo_since_2024), True, False)
    (case,) = cases_of(text_of(signed_in(client, county_one)))
    assert "四环齐备" in case
    assert "1 项未完成" in case
    assert "开立建议案" in case


def test_where_either_will_do_the_tag_says_that_it_is_by_the_interpretation(
    client, supervise, county_one, cqo_since_2024
):
    supervise.reading("ground_two_and", "either")
    (case,) = cases_of(text_of(signed_in(client, county_one)))
    assert "按口径已足" in case
    assert "四环齐备" not in case
    assert "口径：其中一项未完成即属本情形" in case


def test_a_year_in_which_all_was_done_is_on_no_list_but_stands_on_the_grounds_page(
    client, supervise, county_one, cqo_a
):
    supervise.reading("ce_hours", 24)
    supervise.results(supervise.targets(cqo_a), True, True)
    assert cases_of(text_of(signed_in(client, county_one), f"{ROUND}?links=all")) == []
    assert "各项均已完成" in text_of(client, grounds_page(cqo_a))


# --- Cases that there are --------------------------------------------------------------------------------------------


def test_a_ground_in_a_case_leads_to_the_case_and_another_ground_waits_until_it_is_done(
    client, supervise, county_one, cqo_a
):
    supervise.served(cqo_a)
    case = supervise.opened(cqo_a)
    page = text_of(signed_in(client, county_one))
    first, second = sorted(cases_of(page), key=lambda words: "未按时提供" in words)
    assert f"这一情形列在建议案{case.reference}中，该案已开立。" in first
    assert f"对同一人的建议案{case.reference}已开立，办结后才能另行开立。" in second
    assert page.count(f'href="{case.page}"') == 2
    assert "recommendations/new/" not in page

    actions.decide_not(case, version=case.version, reason="已及时整改", by=county_one, at=AT)
    first, second = sorted(cases_of(text_of(client)), key=lambda words: "未按时提供" in words)
    assert "该案不提出建议" in first and "可以做" not in first
    assert "可以做： 开立建议案" in second


def test_a_ground_of_a_letter_that_was_taken_back_may_be_taken_up_anew(client, supervise, county_one, cqo_a):
    finding = supervise.finding(cqo_a)
    case = supervise.case_in(CaseState.WITHDRAWN, cqo_a, [f"1:{finding.reference}"])
    page = text_of(signed_in(client, county_one))
    (told,) = cases_of(page)
    assert f"列在建议案{case.reference}中，该案已收回建议。" in told and "可以做： 开立建议案" in told
    assert f"recommendations/new/?grounds=1:{finding.reference}" in page


# --- Narrowing -------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_ground_completeness_and_county(
    client, supervise, municipal, cqo_a, company_b, person_b
):
    supervise.duty(cqo_a)
    supervise.finding(cqo_a)
    other = supervise.cqo(person_b, company_b)
    supervise.finding(other, filed=False, evidence=False, knew_on=None, knew_what="")
    signed_in(client, municipal)
    assert len(cases_of(text_of(client))) == 2
    (case,) = cases_of(text_of(client, f"{ROUND}?kind=3"))
    assert "缺 1 环：送达" in case
    (case,) = cases_of(text_of(client, f"{ROUND}?links=complete"))
    assert "四环齐备" in case
    (case,) = cases_of(text_of(client, f"{ROUND}?links=gaps"))
    assert "缺 1 环：送达" in case
    page = text_of(client, f"{ROUND}?links=all")
    assert "缺 3 环：发现情况、行为、知情" in page
    assert "四环齐备" in cases_of(page)[0]  # the fullest first
    (case,) = cases_of(text_of(client, f"{ROUND}?links=all&county=441881"))
    assert "乙公司" in case
    assert len(cases_of(text_of(client, f"{ROUND}?kind=9&links=none&county=x"))) == 2


def test_a_county_sees_its_own_and_an_enterprise_nothing_at_all(client, supervise, county_two, user_a, trainer, cqo_a):
    supervise.finding(cqo_a)
    assert cases_of(text_of(signed_in(client, county_two), f"{ROUND}?links=all")) == []
    assert client.get(grounds_page(cqo_a)).status_code == 404
    for user in (user_a, trainer):
        for address in (ROUND, grounds_page(cqo_a)):
            assert signed_in(client, user).get(address).status_code == 404


def test_the_administrator_reads_the_list_and_can_do_nothing_about_it(client, supervise, administrator, cqo_a):
    supervise.finding(cqo_a, knew_on=None, knew_what="")
    supervise.served(cqo_a)
    signed_in(client, administrator)
    for case in cases_of(page := text_of(client)):
        assert case.endswith("由县（市、区）局或者市局办理。")
    assert "recommendations/new/" not in page
    assert "/acts/" not in page
    assert "findings/new/" not in text_of(client, grounds_page(cqo_a))
    assert "findings/new/" not in text_of(client, "/findings/")


def test_who_is_no_longer_in_force_is_off_the_list_and_the_grounds_page_says_so(client, supervise, county_one, cqo_a):
    supervise.served(cqo_a)
    supervise.resign(cqo_a)
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        signed_in(client, county_one)
        assert cases_of(text_of(client)) == []
        page = text_of(client, grounds_page(cqo_a))
    assert "本人已不在任，没有可以建议解除的聘任" in page
    assert "记录发现情况" not in page
    assert "开立建议案，" not in page


def test_the_grounds_page_says_of_each_ground_what_stands_or_that_nothing_does(client, supervise, county_one, cqo_a):
    page = text_of(signed_in(client, county_one), grounds_page(cqo_a))
    assert "没有证据链齐备的情形" in page
    assert "没有发现情况在案" in page
    assert "没有逾期或者迟交的履职报告" in page
    assert f'href="/appointments/{cqo_a.reference}/findings/new/"' in page
    supervise.finding(cqo_a)
    assert "证据链齐备的情形：1 项" in text_of(client, grounds_page(cqo_a))


def test_three_cqos_are_listed_with_as_many_queries_as_one(client, make, supervise, municipal, county_one, cqo_a):
    supervise.reading("ce_hours", 24)
    signed_in(client, municipal)

    def trouble(appointment):
        supervise.finding(appointment)
        if appointment == cqo_a:
            supervise.opened(appointment, [f"1:{appointment.findings.get().reference}"])

    trouble(cqo_a)
    supervise.duty(cqo_a)
    text_of(client)
    with CaptureQueriesContext(connection) as one:
        assert len(cases_of(text_of(client, f"{ROUND}?links=all"))) == 2
    for n in (2, 3):
        company = cast.enterprise(10000010 + n, f"企业{n}", by=county_one)
        user = cast.account(f"enterprise-{n}", "enterprise", f"企业{n}经办人", enterprise=company)
        trouble(supervise.cqo(cast.person(30 + n, f"人员{n}", company=company, by=user), company))
    with CaptureQueriesContext(connection) as three:
        assert len(cases_of(text_of(client, f"{ROUND}?links=all"))) == 4
    assert len(three) == len(one)


def test_what_is_in_a_case_already_stands_last(client, supervise, make, municipal, cqo_a, person_b, company_b):
    """甲公司's ground is complete and decided; 乙公司's lacks a link, and is what there is to do."""
    cqo_b = supervise.cqo(person_b, company_b)
    supervise.finding(cqo_b, knew_on=None, knew_what="")
    name = f"1:{supervise.finding(cqo_a).reference}"
    assert [case.split()[0] for case in cases_of(text_of(signed_in(client, municipal)))] == ["张三", "李四"]
    supervise.case_in(CaseState.NOT_RECOMMENDED, cqo_a, [name])
    assert [case.split()[0] for case in cases_of(text_of(signed_in(client, municipal)))] == ["李四", "张三"]


def test_where_more_people_may_be_touched_than_are_ranked_each_page_is_judged_by_itself(
    client, monkeypatch, supervise, municipal, cqo_a, person_b, company_b
):
    supervise.cqo(person_b, company_b)
    supervise.cycle()
    signed_in(client, municipal)
    ranked = client.get(ROUND)
    monkeypatch.setattr(watching, "RANKED", 1)
    paged = client.get(ROUND)
    assert [len(page.context["cases"]) for page in (ranked, paged)] == [2, 2]
    assert [f"超过 {n} 人" in page.content.decode() for n, page in ((300, ranked), (1, paged))] == [False, True]
    assert "这一页没有列入名单的首席质量官" in client.get(f"{ROUND}?links=complete").content.decode()
