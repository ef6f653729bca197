"""The recommendation case by its pages: opened, heard, proposed, signed by a second person, answered (Art. 12(二))."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments import actions
from appointments.models import Appointment, DismissalRecommendation
from appointments.states import CaseAnswer, CaseState, Party, State
from registry.models import Message
from registry.states import Role
from tests import cast
from tests.cast import AT, TODAY
from tests.test_enterprise_pages import days, signed_in

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def visit(db):
    """A person's own browser."""
    return lambda user: signed_in(Client(), user)


def page(case, rest: str = "") -> str:
    return f"/recommendations/{case.reference}/{rest}"


def act(case, name: str) -> str:
    return page(case, f"acts/{name}/")


def again(case) -> DismissalRecommendation:
    return DismissalRecommendation.unscoped.get(pk=case.pk)


def said(case, **typed) -> dict:
    """The form of an act as the page shows it now."""
    return {"token": uuid4(), "version": again(case).version} | typed


def upload(name: str = "材料.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, cast.pdf(), "application/pdf")


def text_of(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def told(browser: Client, response) -> str:
    """The page that a redirect leads to, with its sentence on top."""
    assert response.status_code == 302
    return text_of(browser, response.url)


# --- The way ---------------------------------------------------------------------------------------------------------


def test_a_case_goes_from_its_ground_to_the_enterprises_own_decision_by_the_pages_alone(
    visit, supervise, cqo_a, county_one, municipal, user_a
):
    finding = supervise.finding(cqo_a)
    office, city, company = visit(county_one), visit(municipal), visit(user_a)
    opening = f"/appointments/{cqo_a.reference}/recommendations/new/"
    assert "对重大风险隐患知情不报" in text_of(office, opening)
    opened = office.post(opening, {"token": uuid4(), "grounds": [f"1:{finding.reference}"]})
    case = DismissalRecommendation.unscoped.get()
    assert opened.url == page(case)
    shown = text_of(office, page(case))
    for words in ("关于甲公司 张三的解除聘任建议", case.reference, "下一步：征求陈述意见", "知情不报"):
        assert words in shown
    assert company.get(page(case)).status_code == 404  # it was not asked yet

    asking = text_of(office, act(case, "ask"))
    for words in ("甲公司：平台消息、电子邮件、短信", "链接只显示一次", "征求意见不影响聘任"):
        assert words in asking
    office.post(act(case, "ask"), said(case) | days("due_on", TODAY + 10 * DAY))
    assert Message.unscoped.filter(enterprise=case.enterprise, subject="征求陈述意见").count() == 1

    assert "下一步：提交陈述意见" in text_of(company, page(case))
    company.post(page(case, "statement/"), said(case, words="我公司正在整改。", file=upload("整改.pdf")))
    shown = text_of(company, page(case))
    assert "我公司正在整改。" in shown and "整改.pdf" in shown
    handed = office.post(act(case, "link"), said(case, phone="")).content.decode()
    link = re.search(r"/statements/[\w-]+/", handed)[0]
    Client().post(link, {"words": "我报告过总经理。", "sure": "on"})
    assert "下一步：决定是否提出建议" in text_of(office, page(case))

    office.post(act(case, "propose"), said(case, reason="没有报告的记录，隐患属实。"))
    assert "提出建议的人不能自己签发" in text_of(office, page(case))
    signing = text_of(city, act(case, "sign"))
    for words in ("不改变聘任；是否解除聘任由企业决定", "预览建议函", "发文字号", "我报告过总经理。", "隐患属实"):
        assert words in signing
    city.post(act(case, "sign"), said(case, number="清质监函[2026]018号") | days("answer_due", TODAY + 30 * DAY))
    case = again(case)
    assert (case.state, case.number) == (CaseState.ISSUED, "清质监函〔2026〕18号")
    assert Appointment.unscoped.get(pk=cqo_a.pk).state == State.FILED  # a letter changes no appointment

    assert "下一步：打开建议函" in text_of(company, page(case))
    assert "请先打开建议函" in told(company, company.get(page(case, "letter/")))
    company.post(page(case, "letter/open/"))
    assert company.get(page(case, "letter/"))["Content-Type"] == "application/pdf"
    assert "解除聘任" in text_of(company, page(case, "answer/"))
    confirm = text_of(company, page(case, "answer/?answer=dismissed"))
    for words in ("这是贵企业自己的决定", "自今天（2026年11月22日）起终止", "自明天起任命新的首席质量官"):
        assert words in confirm
    company.post(page(case, "answer/?answer=dismissed"), said(case, sure="on"))
    ended = Appointment.unscoped.get(pk=cqo_a.pk)
    assert (ended.state, ended.ended_on, again(case).state) == (State.ENDED, TODAY, CaseState.ANSWERED)
    assert "企业已答复：解除聘任" in text_of(city, page(case))
    assert "聘任当天终止" in text_of(company, page(case))


def test_an_enterprise_that_does_not_dismiss_says_why_and_the_appointment_stands(visit, supervise, cqo_a, user_a):
    case, company = supervise.letter_read(cqo_a), visit(user_a)
    silent = company.post(page(case, "answer/?answer=declined"), said(case, reason=""))
    assert "请填写不解除聘任的理由" in silent.content.decode()
    company.post(page(case, "answer/?answer=declined"), said(case, reason="隐患已排除。"))
    assert again(case).answer == CaseAnswer.DECLINED
    assert Appointment.unscoped.get(pk=cqo_a.pk).state == State.FILED
    assert "隐患已排除。" in text_of(company, page(case))


def test_not_recommending_is_put_on_record_with_its_reason_from_the_ground_alone(visit, supervise, cqo_a, county_one):
    finding, office = supervise.finding(cqo_a), visit(county_one)
    address = f"/appointments/{cqo_a.reference}/recommendations/decline/?grounds=1:{finding.reference}"
    assert " checked" in text_of(office, address)  # what the watch list named is ticked
    silent = office.post(address, {"token": uuid4(), "grounds": [f"1:{finding.reference}"], "reason": " "})
    assert "请填写不提出建议的理由" in silent.content.decode()
    office.post(address, {"token": uuid4(), "grounds": [f"1:{finding.reference}"], "reason": "已及时整改。"})
    case = DismissalRecommendation.unscoped.get()
    assert case.state == CaseState.NOT_RECOMMENDED
    assert "已及时整改。" in text_of(office, page(case))


def test_a_ground_with_a_link_missing_is_named_and_cannot_be_chosen(visit, supervise, cqo_a, county_one):
    finding, office = supervise.finding(cqo_a, knew_on=None, knew_what=""), visit(county_one)
    address = f"/appointments/{cqo_a.reference}/recommendations/new/"
    shown = text_of(office, address)
    assert "没有可以据以提出建议的情形" in shown
    assert "缺：知情" in shown
    posted = office.post(address, {"token": uuid4(), "grounds": [f"1:{finding.reference}"]})
    assert "证据链不完整" in posted.content.decode()
    assert not DismissalRecommendation.unscoped.exists()


def test_once_a_case_is_open_the_page_leads_to_it_and_a_second_is_refused(visit, supervise, cqo_a, county_one):
    case, office = supervise.opened(cqo_a), visit(county_one)
    address = f"/appointments/{cqo_a.reference}/recommendations/new/"
    shown = text_of(office, address)
    assert f"已有一件未办结的建议案 {case.reference}" in shown
    assert page(case) in shown
    again_posted = office.post(address, {"token": uuid4(), "grounds": [f"1:{case.grounds.get().key}"]})
    assert "已有一件未办结的建议案" in again_posted.content.decode()
    assert DismissalRecommendation.unscoped.count() == 1


def test_a_day_later_the_record_has_changed_and_the_page_says_so(visit, supervise, cqo_a, county_one):
    finding = supervise.finding(cqo_a)
    case, office = supervise.asked(cqo_a, [f"1:{finding.reference}"]), visit(county_one)
    assert "案卷" not in text_of(office, act(case, "evidence"))
    actions.withdraw_finding(finding, version=finding.version, reason="查证不实", by=county_one, at=AT)
    assert "现在的案卷中已没有这一事项。不能据以提出或者签发建议。" in text_of(office, page(case))


# --- Who may, and when -----------------------------------------------------------------------------------------------


def test_the_proposer_never_sees_the_button_and_is_told_why_when_signing_all_the_same(
    visit, supervise, cqo_a, municipal, municipal_two
):
    case = supervise.asked(cqo_a)
    supervise.heard(case)
    case = actions.propose(again(case), version=again(case).version, reason="属实。", by=municipal, at=AT)
    proposer, second = visit(municipal), visit(municipal_two)
    assert act(case, "sign") not in text_of(proposer, page(case))
    assert act(case, "sign") in text_of(second, page(case))
    why = "提出建议的人不能自己签发，须由第二人签发。"
    assert why in told(proposer, proposer.get(act(case, "sign")))
    assert why in told(proposer, proposer.post(act(case, "sign"), said(case) | days("answer_due", TODAY + DAY)))
    assert again(case).state == CaseState.PROPOSED


def test_two_officers_who_sign_at_once_give_one_letter_and_the_later_is_told(
    visit, supervise, cqo_a, municipal, municipal_two
):
    case = supervise.proposed(cqo_a)
    shown = said(case) | days("answer_due", TODAY + 30 * DAY)
    visit(municipal).post(act(case, "sign"), shown)
    later = visit(municipal_two).post(act(case, "sign"), shown | {"token": uuid4()})
    assert "已被他人修改" in later.content.decode()
    anew = visit(municipal_two).post(act(case, "sign"), said(case) | days("answer_due", TODAY + 30 * DAY))
    assert "现在是“已签发，待送达”，不能办理这一步" in anew.content.decode()
    assert again(case).signed_by == municipal
    assert Message.unscoped.filter(subject="建议解除聘任函").count() == 1


def test_the_second_person_sends_it_back_or_decides_not_to(visit, supervise, cqo_a, municipal, county_one, user_a):
    case, city = supervise.proposed(cqo_a), visit(municipal)
    city.post(act(case, "send_back"), said(case, reason="请补充检查笔录。"))
    assert again(case).state == CaseState.ASKED
    assert "请补充检查笔录。" in text_of(visit(county_one), page(case))
    assert "请补充检查笔录。" not in text_of(visit(user_a), page(case))
    office = visit(county_one)
    office.post(act(case, "propose"), said(case, reason="已补充。"))
    assert "理由同时告知企业" in text_of(city, act(case, "decide_not"))
    city.post(act(case, "decide_not"), said(case, reason="情节轻微。"))
    assert again(case).state == CaseState.NOT_RECOMMENDED
    assert "质监部门决定不提出解除聘任建议" in text_of(visit(user_a), page(case))


def test_a_recommendation_is_withdrawn_with_its_reason_and_then_there_is_nothing_to_answer(
    visit, supervise, cqo_a, municipal, user_a
):
    case, company = supervise.letter_read(cqo_a), visit(user_a)
    shown = said(case, reason="继续聘任。")
    visit(municipal).post(act(case, "withdraw"), said(case, reason="事实有误。"))
    assert again(case).state == CaseState.WITHDRAWN
    late = company.post(page(case, "answer/?answer=declined"), shown)
    assert "已被他人修改" in late.content.decode()
    late = company.post(page(case, "answer/?answer=declined"), said(case, reason="继续聘任。"))
    assert "现在是“已收回建议”，不能办理这一步" in late.content.decode()
    assert "现在不需要答复" in told(company, company.get(page(case, "answer/")))
    assert "事实有误。" in text_of(company, page(case))
    assert again(case).answer == ""


def test_when_the_appointment_ends_the_case_is_closed_and_every_act_says_so(visit, supervise, cqo_a, county_one):
    case = supervise.asked(cqo_a)
    supervise.resign(cqo_a)
    office = visit(county_one)
    assert "聘任已终止，办结" in text_of(office, page(case))
    assert "不能办理这一步" in told(office, office.get(act(case, "propose")))
    assert "不能办理这一步" in office.post(act(case, "propose"), said(case, reason="属实。")).content.decode()
    opening = f"/appointments/{cqo_a.reference}/recommendations/new/"
    assert "聘任已于2026年11月22日终止" in text_of(office, opening)


def test_what_is_typed_wrong_is_told_at_its_field_and_kept(visit, supervise, cqo_a, county_one, municipal):
    case, office = supervise.opened(cqo_a), visit(county_one)
    wrong = office.post(act(case, "ask"), said(case) | days("due_on", TODAY))
    assert "陈述意见的期限须晚于今天。" in wrong.context["form"].errors["due_on"]
    office.post(act(case, "ask"), said(case) | days("due_on", TODAY + DAY))
    for sentence in ("尚未向首席质量官本人征求意见：请发出一次性链接，", "企业和本人的陈述意见尚未收齐，"):
        wrong = office.post(act(case, "propose"), said(case, reason="属实。")).content.decode()
        assert sentence in wrong and "属实。" in wrong
        assert "不能办理这一步" in told(office, office.get(act(case, "propose")))
        paper = said(case, party=Party.CQO, proof=upload("回证.pdf"))
        office.post(act(case, "notice"), paper | days("served_on", TODAY))
    supervise.heard(again(case))
    office.post(act(case, "propose"), said(case, reason="属实。"))
    city = visit(municipal)
    wrong = city.post(act(case, "sign"), said(case, number="十八号") | days("answer_due", TODAY))
    assert "须晚于今天" in wrong.context["form"].errors["answer_due"][0]
    wrong = city.post(act(case, "sign"), said(case, number="十八号") | days("answer_due", TODAY + DAY))
    assert "样式填写发文字号" in wrong.context["form"].errors["number"][0]
    assert "十八号" in wrong.content.decode()


def test_the_person_is_asked_on_paper_where_no_link_is_used_and_the_proof_stays_with_the_bureaus(
    visit, supervise, cqo_a, county_one, user_a
):
    case, office, company = supervise.asked(cqo_a), visit(county_one), visit(user_a)
    shown = text_of(office, page(case))
    assert "还没有向本人征求意见：请发出一次性链接，或者书面送达通知书并记录。" in shown
    assert act(case, "notice") in shown and page(case, "notice/cqo/") in shown

    def record(day=TODAY, **typed):
        typed = {"party": Party.CQO, "proof": upload("回证.pdf")} | typed
        return office.post(act(case, "notice"), said(case, **typed) | days("served_on", day))

    assert "送达日期须在征求意见之日至今天之间。" in record(TODAY - DAY).context["form"].errors["served_on"]
    for field, typed in (("party", ""), ("proof", "")):
        assert field in record(**{field: typed}).context["form"].errors
    assert not case.notice_services.exists()
    shown = told(office, record())
    for words in ("书面送达已记录。", "首席质量官本人，2026年11月22日书面送达", "回证.pdf", "等待本人陈述"):
        assert words in shown, words
    own = text_of(company, page(case))
    assert "回证.pdf" not in own and "书面送达" not in own
    assert company.get(f"/files/{case.notice_services.get().proof.reference}/").status_code == 404


def test_what_is_transcribed_from_paper_does_not_shorten_the_time_for_statements(visit, supervise, cqo_a, county_one):
    case, office = supervise.asked(cqo_a), visit(county_one)
    for party in Party:
        paper = said(case, party=party, words="见扫描件。", file=upload("意见.pdf"))
        office.post(act(case, "statement"), paper | days("received_on", TODAY))
    assert case.statements.count() == 2
    assert act(case, "propose") not in text_of(office, page(case))
    early = office.post(act(case, "propose"), said(case, reason="属实。"))
    assert "尚未收齐，期限也未届满" in early.content.decode()
    with time_machine.travel(AT + 11 * DAY, tick=False):
        assert "下一步：决定是否提出建议" in text_of(visit(county_one), page(case))


def test_after_the_day_for_statements_the_person_is_still_asked_before_anything_is_proposed(
    visit, supervise, cqo_a, county_one
):
    case, office = supervise.asked(cqo_a), visit(county_one)
    with time_machine.travel(AT + 11 * DAY, tick=False):
        office = visit(county_one)
        shown = text_of(office, page(case))
        assert act(case, "propose") not in shown and act(case, "link") in shown
        handed = office.post(act(case, "link"), said(case, phone=""))
        assert "2026年12月10日前（含当日）" in handed.content.decode()  # seven days from the third of December
        assert "下一步：决定是否提出建议" in text_of(office, page(case))
        office.post(act(case, "propose"), said(case, reason="属实。"))
    assert again(case).state == CaseState.PROPOSED


def test_a_county_that_signs_types_its_own_number(visit, supervise, cqo_a, counties):
    supervise.reading("recommendation_signatory", "county")
    case = supervise.proposed(cqo_a)
    second = visit(cast.account("county-441802-2", Role.COUNTY, "县局一（二）", county=counties["441802"]))
    due = days("answer_due", TODAY + 30 * DAY)
    silent = second.post(act(case, "sign"), said(case, number="") | due)
    assert "县级局签发的，请填写本局的发文字号。" in silent.context["form"].errors["number"]
    second.post(act(case, "sign"), said(case, number="清城质监函〔2026〕3号") | due)
    assert again(case).number == "清城质监函〔2026〕3号"


def test_what_was_decided_is_no_ground_for_a_second_case(visit, supervise, cqo_a, county_one):
    finding, office = supervise.finding(cqo_a), visit(county_one)
    name = f"1:{finding.reference}"
    case = supervise.case_in(CaseState.NOT_RECOMMENDED, cqo_a, [name])
    address = f"/appointments/{cqo_a.reference}/recommendations/new/"
    shown = text_of(office, address)
    assert f"已在建议案{case.reference}中作出决定，不再据以开立。" in shown and "没有可以据以提出建议的情形" in shown
    assert 'name="grounds"' not in shown
    refused = office.post(address, {"token": uuid4(), "grounds": [name]})
    assert "已有决定" in refused.context["form"].errors["grounds"][0]
    assert DismissalRecommendation.unscoped.count() == 1


def test_without_a_basis_in_force_no_case_is_opened(visit, supervise, cqo_a, county_one, extension):
    finding = supervise.finding(cqo_a)
    extension.delete()
    office = visit(county_one)
    address = f"/appointments/{cqo_a.reference}/recommendations/new/"
    assert "今天没有有效的制度依据" in text_of(office, address)
    refused = office.post(address, {"token": uuid4(), "grounds": [f"1:{finding.reference}"]})
    assert "没有有效的制度依据" in refused.content.decode()


def test_a_form_sent_twice_is_carried_out_once(visit, supervise, cqo_a, county_one, user_a):
    case, office, company = supervise.asked(cqo_a), visit(county_one), visit(user_a)
    form = said(case, words="正在整改。")
    for _ in range(2):
        assert company.post(page(case, "statement/"), form).url == page(case)
    assert case.statements.count() == 1
    form = said(case, title="笔录")
    for _ in range(2):
        office.post(act(case, "evidence"), form | {"file": upload()})
    assert case.evidences.count() == 1


def test_the_letter_is_served_on_paper_with_its_proof_or_by_opening_it(visit, supervise, cqo_a, county_one):
    case, office = supervise.issued(cqo_a), visit(county_one)
    early = office.post(act(case, "service"), said(case, proof=upload()) | days("served_on", date(2026, 11, 1)))
    assert "送达日期须在签发之日至今天之间。" in early.context["form"].errors["served_on"]
    office.post(act(case, "service"), said(case, proof=upload("回证.pdf")) | days("served_on", TODAY))
    office.post(act(case, "stamped"), said(case, file=upload("盖章.pdf")))
    assert again(case).state == CaseState.SERVED
    shown = text_of(office, page(case))
    assert "回证.pdf" in shown and "建议函盖章件" in shown
    assert "不能办理这一步" in told(office, office.get(act(case, "service")))


def test_an_enterprise_that_files_on_paper_answers_on_paper_and_the_county_transcribes_it(
    visit, supervise, company_a, person_a, county_one, municipal
):
    facts = cast.COMPLETE | {"first_day": date(2026, 9, 1), "own_letter_number": "甲聘1号"}
    make, who = supervise.make, {"enterprise": company_a, "candidate": person_a}
    row = actions.enter_at_counter(transcript=make.stored(company_a), by=county_one, at=AT, **who, **facts)
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
    row = actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
    case, office = supervise.issued(row), visit(county_one)
    office.post(act(case, "service"), said(case, proof=upload()) | days("served_on", TODAY))
    assert "代录企业的书面答复" in text_of(office, page(case))
    assert "照企业的书面答复录入" in text_of(office, page(case, "answer/"))
    answer = page(case, "answer/?answer=dismissed")
    assert "扫描件" in office.post(answer, said(case, sure="on")).content.decode()
    assert again(case).state == CaseState.SERVED
    office.post(answer, said(case, sure="on", scan=upload("书面答复.pdf")))
    assert (again(case).state, Appointment.unscoped.get(pk=row.pk).state) == (CaseState.ANSWERED, State.ENDED)
    assert "书面答复.pdf" in text_of(office, page(case))


def test_no_bureau_answers_for_an_enterprise_that_has_its_own_account(visit, supervise, cqo_a, county_one, municipal):
    case = supervise.letter_read(cqo_a)
    for staff in (visit(county_one), visit(municipal)):
        answer = page(case, "answer/?answer=dismissed")
        assert staff.get(answer).status_code == 404
        assert staff.post(answer, said(case, sure="on", scan=upload())).status_code == 404
        assert staff.post(page(case, "letter/open/")).status_code == 404
        assert staff.get(page(case, "statement/")).status_code == 404
    assert Appointment.unscoped.get(pk=cqo_a.pk).state == State.FILED


def test_unanswered_past_the_day_is_said_and_still_only_a_recommendation(visit, supervise, cqo_a, municipal, user_a):
    case = supervise.letter_read(cqo_a)
    with time_machine.travel(AT + 31 * DAY, tick=False):
        shown = text_of(visit(municipal), page(case))
        assert "逾期未答复" in shown and "聘任照旧" in shown
        assert "逾期未答复" in text_of(visit(user_a), page(case))
        assert "逾期未答复" in text_of(visit(municipal), "/recommendations/?outcome=unanswered")
        visit(user_a).post(page(case, "answer/?answer=declined"), said(case, reason="迟复。"))
        assert again(case).state == CaseState.ANSWERED


# --- What is nobody else's business ----------------------------------------------------------------------------------


def test_the_enterprise_never_reads_how_the_offices_deliberated(visit, supervise, cqo_a, user_a, county_one):
    case = supervise.proposed(cqo_a)
    file = supervise.paper(case.enterprise, "询问笔录.pdf")
    actions.add_case_evidence(case, title="询问笔录", file=file, by=county_one, at=AT)
    company = visit(user_a)
    shown, listed = text_of(company, page(case)), text_of(company, "/recommendations/")
    for inner in (
        "没有根据",
        "我已口头报告过总经理",
        "询问笔录",
        "现场检查记录",
        "县局一",
        "已提出",
        "第二人",
        "证据卷",
    ):
        assert inner not in shown + listed, inner
    assert "甲公司正在整改" in shown and "窑炉燃气管道泄漏" in shown
    assert company.get(page(case, "notice/enterprise/")).status_code == 200
    for rest in ("notice/cqo/", "bundle/", "letter/", "letter/preview/", "acts/sign/", "acts/evidence/"):
        assert company.get(page(case, rest)).status_code == 404, rest
    assert company.get("/recommendations/statistics/").status_code == 404
    assert company.get(f"/appointments/{cqo_a.reference}/recommendations/new/").status_code == 404


def test_outside_ones_scope_there_is_no_such_case(visit, supervise, cqo_a, user_b, county_two):
    case = supervise.letter_read(cqo_a)
    for stranger in (visit(user_b), visit(county_two)):
        for rest in ("", "letter/", "bundle/", "notice/enterprise/", "acts/stamped/", "answer/", "statement/"):
            assert stranger.get(page(case, rest)).status_code == 404, rest
        assert stranger.post(page(case, "letter/open/")).status_code == 404
        assert case.reference not in text_of(stranger, "/recommendations/")
        assert stranger.get(f"/appointments/{cqo_a.reference}/recommendations/new/").status_code == 404


def test_the_administrator_reads_every_stage_and_is_offered_no_act(visit, supervise, cqo_a, administrator):
    reader = visit(administrator)
    for state in (CaseState.OPENED, CaseState.PROPOSED, CaseState.SERVED):
        case = supervise.case_in(state, cqo_a)
        shown = text_of(reader, page(case))
        assert "/acts/" not in shown and "letter/preview/" not in shown
        assert "由有权限的人员办理" in told(reader, reader.get(act(case, "evidence")))
        if state != CaseState.SERVED:
            by = supervise.make.municipal
            actions.decide_not(again(case), version=again(case).version, reason="已整改", by=by, at=AT)


# --- Lists and figures -----------------------------------------------------------------------------------------------


def test_the_list_costs_the_same_for_one_case_and_for_three(
    visit, supervise, cqo_a, company_a, company_b, person_b, municipal
):
    city = visit(municipal)
    city.get("/recommendations/")
    supervise.opened(cqo_a)
    with CaptureQueriesContext(
        connection,
    ) as one:
        text_of(city, "/recommendations/")
    for _ in range(2):
        case = DismissalRecommendation.unscoped.open().get(appointment=cqo_a)
        by = supervise.make.officer(company_a)
        actions.decide_not(case, version=case.version, reason="已整改", by=by, at=AT)
        supervise.opened(cqo_a)
    with CaptureQueriesContext(connection) as three:
        shown = text_of(city, "/recommendations/")
    assert "共 <b>3</b> 件" in shown
    assert len(three) == len(one)


def test_the_figures_count_each_outcome_within_ones_scope_and_year(
    visit, supervise, cqo_a, person_b, company_b, municipal, county_two
):
    supervise.case_in(CaseState.NOT_RECOMMENDED, cqo_a)
    supervise.answered(cqo_a)
    supervise.letter_read(supervise.cqo(person_b, company_b))
    shown = visit(municipal).get("/recommendations/statistics/?year=2026")
    found = {word: count for word, count in shown.context["outcomes"] if count}
    assert found == {"不提出建议": 1, "企业不解除聘任": 1, "待企业答复": 1}
    assert (shown.context["total"].opened, shown.context["total"].issued) == (3, 2)
    assert [(line.label, line.opened) for line in shown.context["counties"]] == [("清城区", 2), ("英德市", 1)]
    assert [line.opened for line in shown.context["grounds"]] == [3]
    assert visit(county_two).get("/recommendations/statistics/").context["total"].opened == 1
    assert "所选年度没有开立建议案" in text_of(visit(municipal), "/recommendations/statistics/?year=2020")
