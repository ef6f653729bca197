"""Duty reports: the notice opened, the report written, handed in and read; on paper too (Art. 5, 12(二)(3))."""

import re
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from appointments import actions
from appointments.models import DutyReport, ReportDuty
from appointments.rules import SECTIONS
from appointments.states import ReportActKind, ReportState
from registry.models import Message, StoredFile
from tests.cast import pdf
from tests.supervision_cast import DUE, IN_TIME, NOTICE, OPENED, REPORT, VETO
from tests.test_enterprise_pages import days, sent

LAST_SECOND = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)  # 23:59:59 of the due day in Qingyuan
SECOND_LATER = datetime(2026, 3, 31, 16, 0, 0, tzinfo=UTC)
AFTER_DUE = datetime(2026, 4, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """A day within the time for reporting; moved on by the tests."""
    with time_machine.travel(IN_TIME, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browse(client):
    """Signs in somebody of the cast at the day of the clock, and returns their browser."""

    def signed_in(user):
        client.force_login(user)
        return client

    return signed_in


def typed(version: int = 1, **changes) -> dict:
    """A whole report as the form sends it: all sections, one veto."""
    boxes = {f"vetoes_0_{part}": getattr(VETO["day"], part) for part in ("year", "month", "day")}
    veto = boxes | {f"vetoes_0_{part}": VETO[part] for part in ("subject", "reason", "result")}
    return REPORT | {"used_veto": "yes", "token": uuid4(), "version": version} | veto | changes


def upload(name: str = "质量月报.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf(2), "application/pdf")


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def row_of(duty) -> DutyReport:
    return DutyReport.unscoped.select_related("duty__cycle").get(duty=duty)


def again(duty) -> ReportDuty:
    return ReportDuty.unscoped.with_parties().get(pk=duty.pk)


def form_of(report: DutyReport, **values) -> dict:
    """The form of an act on a report as its page shows it."""
    return {"token": uuid4(), "version": report.version} | values


# --- The notice ------------------------------------------------------------------------------------------------------


def test_the_text_of_a_notice_is_shown_once_it_is_opened_and_opening_is_the_receipt(
    browse, clock, supervise, user_a, county_one, cqo_a
):
    duty = supervise.duty(cqo_a)
    own = browse(user_a)
    page = text_of(own, duty.page)
    assert "打开通知（即为收到）" in page
    assert NOTICE["body"] not in page
    assert again(duty).opened_at is None  # looking at the page is no receipt
    assert own.get(f"{duty.page}edit/").url == duty.page
    assert own.get(f"{duty.page}open/").status_code == 405
    assert browse(county_one).post(f"{duty.page}open/").status_code == 404

    own = browse(user_a)
    own.post(f"{duty.page}open/")
    page = text_of(own, duty.page)
    assert NOTICE["body"] in page
    assert "打开通知（即为收到）" not in page
    assert "下一步：开始填写" in page
    clock.move_to(AFTER_DUE)
    browse(user_a).post(f"{duty.page}open/")
    assert again(duty).opened_at == IN_TIME


def test_the_bureau_records_delivery_on_paper_once_with_its_proof(
    browse, clock, supervise, county_one, county_two, user_a, cqo_a
):
    duty = supervise.duty(cqo_a)
    officer, address = browse(county_one), f"{duty.page}service/"
    assert "下一步：送达通知" in text_of(officer, duty.page)

    def said(day: date, **changes) -> dict:
        return {"token": uuid4(), "proof": upload("送达回证.pdf")} | days("served_on", day) | changes

    early = officer.post(address, said(date(2026, 1, 9))).content.decode()
    assert '<a href="#id_served_on_0">送达日期须在通知发布之日至今天之间' in early
    bare = officer.post(address, said(date(2026, 2, 2), proof="")).content.decode()
    assert '<a href="#id_proof">请选择送达证明的文件' in bare
    assert StoredFile.unscoped.filter(name="送达回证.pdf").count() == 0  # a refusal leaves no file behind
    assert officer.post(address, said(date(2026, 2, 2))).url == duty.page
    assert again(duty).served_on == date(2026, 2, 2)
    twice = officer.post(address, said(date(2026, 2, 3))).content.decode()
    assert "纸质送达已经记录，不能更改" in twice
    page = text_of(browse(user_a), duty.page)
    for words in ("纸质送达，有证明", "打开通知（即为收到）", "开始填写"):
        assert words in page
    proof = StoredFile.unscoped.get(name="送达回证.pdf")
    assert browse(user_a).get(f"/files/{proof.reference}/").status_code == 200
    for user in (user_a, county_two):
        assert browse(user).get(address).status_code == 404
    clock.move_to(AFTER_DUE)
    assert "期限之前已经送达，期限已过 3 天" in text_of(browse(county_one), duty.page)


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_a_report_goes_from_the_first_word_to_its_receipt_by_the_pages_alone(
    browse, supervise, user_a, county_one, company_a, cqo_a
):
    duty = supervise.served(cqo_a)
    own, edit, check = browse(user_a), f"{duty.page}edit/", f"{duty.page}check/"
    form = text_of(own, edit)
    for words in (
        "实施质量成本管理，加强质量统计分析；主持本企业内质量考核，行使质量安全“一票否决”；",
        "第五条第（四）项未编号的一段",
        "建设企业质量文化等；",
        "还没有保存",
    ):
        assert words in form
    assert own.get(check).url == edit
    assert own.post(edit, typed(proposals="", go="later")).url == duty.page
    lacking = text_of(own, check)
    assert "还差 1 项" in lacking
    assert f'href="{edit}#div_id_proposals"' in lacking
    assert 'id="div_id_proposals"' in text_of(own, edit)
    assert "提交履职报告</button>" not in lacking
    refused = own.post(check, form_of(row_of(duty), sure="on")).content.decode()
    assert "请填写“向企业决策层提出" in refused

    own.post(edit, typed(row_of(duty).version, file=upload(), go="file"))
    assert "质量月报.pdf" in text_of(own, edit)
    page = text_of(own, check)
    assert "2026年3月31日 24:00 前提交的为按时" in page
    assert "消息发给：" in page
    unsure = own.post(check, form_of(row_of(duty))).content.decode()
    assert '<a href="#id_sure">请确认报告内容' in unsure
    submitted = form_of(row_of(duty), sure="on")
    assert own.post(check, submitted).url == own.post(check, submitted).url == duty.page
    report = row_of(duty)
    assert (report.state, report.received_on, report.days_late) == (ReportState.RECEIVED, date(2026, 3, 20), 0)
    assert report.acts.filter(kind=ReportActKind.RECEIVED).count() == 1
    page = text_of(own, duty.page)
    assert "按时" in page
    receipt = own.get(f"{duty.page}receipt/")
    assert receipt.content.startswith(b"%PDF-")
    assert report.receipt.number in page
    assert Message.unscoped.filter(county=company_a.county, subject__startswith="履职报告已收到").count() == 1
    assert own.get(edit).url == own.get(check).url == duty.page
    page = text_of(browse(county_one), duty.page)
    for words in (REPORT["culture"], VETO["subject"], "质量月报.pdf", "下一步：收阅"):
        assert words in page


@pytest.mark.parametrize(
    ("moment", "said"), [(LAST_SECOND, "按时"), (SECOND_LATER, "迟交 1 天")], ids=["23:59:59", "00:00:00"]
)
def test_the_last_second_of_the_due_day_is_in_time_and_one_second_later_is_one_day_late(
    browse, clock, supervise, user_a, cqo_a, moment, said
):
    duty = supervise.served(cqo_a)
    supervise.written(duty)
    clock.move_to(moment)
    own, late = browse(user_a), moment == SECOND_LATER
    for address in (f"{duty.page}edit/", f"{duty.page}check/"):
        page = text_of(own, address)
        assert ("报告期限已过 1 天" in page) == late
        assert ("今天到期" in page) != late
    own.post(f"{duty.page}check/", form_of(row_of(duty), sure="on"))
    assert row_of(duty).received_at == moment
    assert f"<b>{said}</b>" in text_of(own, duty.page)


def test_what_is_typed_is_kept_as_one_goes_and_a_half_filled_veto_waits(browse, supervise, user_a, user_b, cqo_a):
    duty = supervise.served(cqo_a)
    own, address = browse(user_a), f"{duty.page}edit/autosave/"
    kept = own.post(address, typed(culture="初稿")).content.decode()
    assert "2026年3月20日 10:00 已自动保存" in kept
    report = row_of(duty)
    assert (report.culture, report.vetoes.count()) == ("初稿", 1)
    assert sent(kept, "version") == str(report.version)
    half = own.post(address, typed(report.version, culture="二稿", vetoes_0_result="")).content.decode()
    assert "“一票否决”记录待更正" in half
    report = row_of(duty)
    assert (report.culture, report.vetoes.get().result) == ("二稿", VETO["result"])
    stale = own.post(address, typed(1, culture="旧页面")).content.decode()
    assert "未能自动保存" in stale
    assert row_of(duty).culture == "二稿"
    assert "页面不完整" in own.post(address, {}).content.decode()
    assert browse(user_b).post(address, typed()).status_code == 404


def test_two_tabs_write_one_report_and_the_second_sees_what_the_first_wrote(browse, supervise, user_a, cqo_a):
    duty = supervise.served(cqo_a)
    own, edit = browse(user_a), f"{duty.page}edit/"
    own.post(edit, typed(culture="第一页写的"))
    page = own.post(edit, typed(culture="第二页写的")).content.decode()
    assert "他人刚刚修改过" in page
    assert "第一页写的" in page
    assert "第二页写的</textarea>" in page
    again_sent = typed(int(sent(page, "version")), culture="第二页写的")
    assert own.post(edit, again_sent).status_code == 302
    assert row_of(duty).culture == "第二页写的"


def test_a_page_of_another_day_that_is_sent_before_the_report_was_begun_keeps_what_was_typed(
    browse, supervise, user_a, cqo_a
):
    duty = supervise.served(cqo_a)
    own = browse(user_a)
    page = own.post(f"{duty.page}edit/", typed(version=7, proposals="旧页面上写的。")).content.decode()
    assert "旧页面上写的。" in page and "修改" in page
    assert not DutyReport.unscoped.filter(duty=duty).exists()


def test_rows_of_the_log_are_added_without_javascript_and_each_fault_names_its_row(browse, supervise, user_a, cqo_a):
    duty = supervise.served(cqo_a)
    own, edit = browse(user_a), f"{duty.page}edit/"
    more = own.post(edit, typed(go="row"))
    assert more.url == f"{edit}?blanks=2#div_id_vetoes"
    page = text_of(own, more.url.partition("#")[0])
    assert len(re.findall(r'name="vetoes_\d_subject"', page)) == 3  # the one on file, and two empty
    second = {"vetoes_1_year": 2025, "vetoes_1_month": 2, "vetoes_1_day": 30, "vetoes_1_subject": "原料一批"}
    second |= {"vetoes_1_reason": "含铅", "vetoes_1_result": "退货"}
    version = row_of(duty).version
    page = own.post(edit, typed(version, **second)).content.decode()
    assert '<a href="#id_vetoes_0">第 2 次：日期不是真实的日期' in page
    assert 'value="原料一批"' in page
    page = own.post(edit, typed(version, **second | {"vetoes_1_year": 2026, "vetoes_1_day": 3})).content.decode()
    assert "第 2 次：日期须在报告期内（2025年1月1日至2025年12月31日）" in page
    own.post(edit, typed(version, **second | {"vetoes_1_day": 3}))
    assert row_of(duty).vetoes.count() == 2
    page = own.post(edit, typed(row_of(duty).version, proposals="长" * 3001)).content.decode()
    assert '<a href="#id_proposals">' in page


def test_an_attachment_is_taken_off_with_the_text_kept(browse, supervise, user_a, cqo_a):
    duty = supervise.served(cqo_a)
    report = supervise.written(duty)
    attachment = report.attachments.get()
    own, edit = browse(user_a), f"{duty.page}edit/"
    own.post(edit, typed(row_of(duty).version, culture="边写边删", drop=attachment.pk))
    report = row_of(duty)
    assert (report.culture, report.attachments.count()) == ("边写边删", 0)
    bad = own.post(edit, typed(report.version, file=SimpleUploadedFile("a.exe", b"MZ"), go="file")).content.decode()
    assert '<a href="#id_file">' in bad


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_a_draft_is_the_enterprises_alone(browse, supervise, user_b, county_one, county_two, municipal, trainer, cqo_a):
    duty = supervise.served(cqo_a)
    supervise.written(duty)
    for user in (county_one, municipal):
        page = text_of(browse(user), duty.page)
        assert REPORT["culture"] not in page
        for part in ("edit", "check"):
            assert browse(user).get(f"{duty.page}{part}/").status_code == 404
    for user in (user_b, county_two, trainer):
        for part in ("", "edit/", "check/", "receipt/", "counter/", "service/", "extend/", "return/", "note/"):
            assert browse(user).get(f"{duty.page}{part}").status_code == 404
    assert browse(trainer).get("/reports/").status_code == 404


def test_a_returned_report_is_supplemented_and_its_day_of_receipt_stays(
    browse, clock, supervise, user_a, county_one, company_a, cqo_a
):
    duty = supervise.served(cqo_a)
    report = supervise.reported(duty)
    clock.move_to(AFTER_DUE)
    officer, address = browse(county_one), f"{duty.page}return/"
    empty = officer.post(address, form_of(report, reason=" ")).content.decode()
    assert '<a href="#id_reason">请填写需要补充的内容' in empty
    officer.post(address, form_of(report, reason="请补充质量成本的数据"))
    assert Message.unscoped.filter(enterprise=company_a, body__contains="请补充质量成本的数据").count() == 1
    own = browse(user_a)
    page = text_of(own, duty.page)
    assert "退回补充：请补充质量成本的数据" in page
    assert "收到日期仍是2026年3月20日" in page
    changed = typed(row_of(duty).version, quality_cost="全年质量成本 120 万元。")
    own.post(f"{duty.page}edit/", changed)
    assert "全年质量成本" not in text_of(browse(county_one), duty.page)  # not handed in again yet
    own = browse(user_a)
    assert "报告期限已过" not in text_of(own, f"{duty.page}check/")
    own.post(f"{duty.page}check/", form_of(row_of(duty), sure="on"))
    report = row_of(duty)
    assert (report.state, report.received_on, report.days_late) == (ReportState.RECEIVED, date(2026, 3, 20), 0)
    officer = browse(county_one)
    page = text_of(officer, duty.page)
    assert "退回后补充了什么" in page
    assert "<ins>全年质量成本 120 万元。</ins>" in page
    officer.post(f"{duty.page}note/", form_of(report, remark="内容完整"))
    assert row_of(duty).state == ReportState.NOTED
    assert "内容完整" in text_of(officer, duty.page)
    assert officer.get(address).url == duty.page


def test_what_nobody_handed_in_is_neither_noted_nor_returned(browse, supervise, county_one, cqo_a):
    duty = supervise.served(cqo_a)
    officer = browse(county_one)
    for act in ("note", "return"):
        for sent_form in ({"token": uuid4(), "reason": "缺数据"}, None):
            address = f"{duty.page}{act}/"
            response = officer.post(address, sent_form) if sent_form else officer.get(address)
            assert response.url == duty.page
    assert not DutyReport.unscoped.exists()


def test_two_officers_at_one_report_and_the_second_is_told(browse, supervise, county_one, cqo_a):
    duty = supervise.served(cqo_a)
    report = supervise.reported(duty)
    seen = form_of(report, remark="")
    actions.return_report(report, version=report.version, reason="缺数据", by=county_one, at=IN_TIME)
    page = browse(county_one).post(f"{duty.page}note/", seen).content.decode()
    assert "已被他人修改" in page
    assert row_of(duty).state == ReportState.RETURNED


# --- At the counter --------------------------------------------------------------------------------------------------


def on_paper(day: date, **changes) -> dict:
    """What the counter types: the day, the scan, one section copied."""
    empty = {section.field: "" for section in SECTIONS} | {"vetoes_0_subject": "", "used_veto": ""}
    said = {"token": uuid4(), "scan": upload("纸质报告.pdf"), "culture": "摘录：开展质量月。"}
    return empty | said | days("received_on", day) | changes


def test_the_counter_writes_a_paper_report_in_after_confirming_that_it_is_late(
    browse, clock, supervise, county_one, user_a, company_a, cqo_a
):
    duty = supervise.served(cqo_a)
    supervise.written(duty)
    clock.move_to(datetime(2026, 4, 10, 2, tzinfo=UTC))
    officer, address = browse(county_one), f"{duty.page}counter/"
    assert "企业在平台有没提交的草稿" in text_of(officer, address)
    first = on_paper(date(2026, 4, 2))
    confirm = officer.post(address, first).content.decode()
    assert "迟交 2 天" in confirm
    assert row_of(duty).received_on is None
    kept = {name: value for name, value in first.items() if name != "scan"}
    stored = {"stored": sent(confirm, "stored")}
    assert "扫描件已上传" in officer.post(address, kept | stored | {"change": "1"}).content.decode()
    done = kept | stored | {"confirmed": "1"}
    assert officer.post(address, done).url == officer.post(address, done).url == duty.page
    report = row_of(duty)
    assert (report.is_transcribed, report.received_on, report.days_late) == (True, date(2026, 4, 2), 2)
    assert (report.culture, report.system, report.attachments.count()) == ("摘录：开展质量月。", "", 0)
    page = text_of(browse(user_a), duty.page)
    assert "纸质报告代录" in page
    assert "迟交 2 天" in page
    assert browse(user_a).get(f"{duty.page}receipt/").status_code == 200
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="履职报告已收到").count() == 1
    officer = browse(county_one)
    assert officer.get(address).url == officer.get(f"{duty.page}return/").url == duty.page


@pytest.mark.parametrize(
    ("day", "changes", "control", "sentence"),
    [
        (date(2026, 3, 19), {"scan": ""}, "id_scan", "代录须附纸质报告的扫描件"),
        (date(2026, 3, 21), {}, "id_received_on_0", "收到日期不能晚于今天"),
        (date(2026, 1, 9), {"confirmed": "1"}, "id_received_on_0", "收到日期须在通知发布之日至今天之间"),
    ],
)
def test_a_transcript_without_scan_or_on_an_impossible_day_is_refused_at_its_field(
    browse, supervise, county_one, cqo_a, day, changes, control, sentence
):
    duty = supervise.served(cqo_a)
    page = browse(county_one).post(f"{duty.page}counter/", on_paper(day, **changes)).content.decode()
    assert f'<a href="#{control}">{sentence}' in page
    assert not DutyReport.unscoped.exists()


# --- A later day for one, and the list -------------------------------------------------------------------------------


def test_the_city_puts_the_day_off_for_one_and_after_it_no_more(
    browse, clock, supervise, municipal, county_one, user_a, cqo_a
):
    duty = supervise.served(cqo_a)
    address = f"{duty.page}extend/"
    assert browse(county_one).get(address).status_code == 404
    values = {"token": uuid4(), "reason": "停产检修"} | days("due_on", date(2026, 4, 2))
    assert browse(municipal).post(address, values).url == duty.page
    assert again(duty).due_on == date(2026, 4, 2)
    assert duty.cycle.due_on == DUE
    page = text_of(browse(user_a), duty.page)
    assert "2026年4月2日（已延期）" in page
    assert "延至2026年4月2日。停产检修" in page
    clock.move_to(AFTER_DUE)
    city = browse(municipal)
    assert city.get(address).url == duty.page
    assert "报告期限已过，不能再延期" in text_of(city, duty.page)
    late = city.post(address, values | {"token": uuid4()} | days("due_on", date(2026, 5, 1))).content.decode()
    assert '<a href="#id_due_on_0">报告期限已过，不能再延期' in late


def test_each_side_finds_its_reports_in_the_list_by_notice_and_state(
    browse, clock, supervise, user_a, user_b, county_one, county_two, municipal, cqo_a
):
    assert "没有需要提供的履职报告" in text_of(browse(user_a), "/reports/")
    first = supervise.duty(cqo_a)
    second = supervise.cycle(number="清质监通〔2026〕9号", title="另一份通知").duties.get()
    actions.open_notice(first, by=user_a, at=OPENED)
    supervise.reported(first, at=AFTER_DUE)
    clock.move_to(AFTER_DUE)
    own = text_of(browse(user_a), "/reports/")
    assert own.index("另一份通知") < own.index(NOTICE["title"] + "</a>")  # what is still owed first
    assert "甲公司</a>" not in own

    def shown(user, query: str) -> set[str]:
        page = text_of(browse(user), f"/reports/?{query}")
        return {duty.cycle.reference for duty in (first, second) if f'href="{duty.page}"' in page}

    one, two = first.cycle.reference, second.cycle.reference
    for user in (municipal, county_one):
        assert shown(user, "") == {one, two}
        assert shown(user, f"cycle={two}") == shown(user, "state=unserved") == shown(user, "state=overdue") == {two}
        assert shown(user, "state=late") == shown(user, "state=to_read") == {one}
        assert shown(user, "state=on_time") == shown(user, "state=returned") == set()
    assert shown(municipal, "county=441881") == set()
    for user in (county_two, user_b):
        assert shown(user, "") == set()
