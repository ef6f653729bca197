"""Supervision told as stories: notices and reports, targets, findings, recommendations, reminders; each refusal."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command

from appointments import actions, grounds
from appointments.actions import reminding
from appointments.models import (
    Appointment,
    CaseAct,
    DismissalRecommendation,
    Finding,
    NoticeService,
    Reminder,
    ReportCycle,
    ReportDuty,
    StatementLink,
    TargetSheet,
)
from appointments.rules import OVERDUE, SECTIONS, SILENCE
from appointments.states import (
    Audience,
    CaseActKind,
    CaseAnswer,
    CaseState,
    CycleState,
    EndReason,
    EvidenceKind,
    FindingState,
    Party,
    ReportActKind,
    ReportState,
    State,
    StatementWay,
)
from registry.actions.enterprises import designate
from registry.actions.measure import record_extension
from registry.models import Delivery, Message
from registry.refusals import Refused, Stale
from registry.states import Channel, Designation, Role
from tests.cast import AT, COMPLETE, TODAY, account, measure_paper
from tests.supervision_cast import (
    DUE,
    FOUND,
    IN_TIME,
    NOTICE,
    OPENED,
    PUBLISHED,
    REPORT,
    TARGETS,
    VETO,
    Supervise,
    undone,
)
from tests.test_actions_training import MAY_NOT, refused, subjects

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
LATER = AT + 11 * DAY  # the day for statements, ten days after they were asked, is over
GONE = "这个链接不能使用：已经用过、已经过期，或者已被作废。请与发出链接的质监部门联系。"


def told(office: str, row) -> list[str]:
    """The subjects an enterprise or a county was sent since the story began (after the CQO was filed)."""
    return subjects(**{office: row}, sent_at__gte=PUBLISHED)


def city() -> list[str]:
    return subjects(enterprise=None, county=None, sent_at__gte=PUBLISHED)


def fresh(row):
    return type(row).unscoped.get(pk=row.pk)


# --- Notices of reports (Art. 12(二)(3)) -----------------------------------------------------------------------------


def test_a_notice_is_prepared_for_nobody_changed_and_published_to_each_cqo_in_force(
    supervise, make, cqo_a, company_a, company_b, person_b, municipal
):
    make.submitted(person_b, company_b, first_day=date(2026, 2, 1))  # not in office on the day of the notice
    cycle = supervise.planned(number="清质监通[2026]第008号")
    assert (cycle.reference, cycle.number, cycle.state) == ("BG-2026-0001", "清质监通〔2026〕8号", CycleState.DRAFT)
    assert told("enterprise", company_a) == [] and not ReportDuty.unscoped.exists()
    changes = NOTICE | {"title": " 提供履职报告的通知 ", "audience": Audience.ALL, "county": None}
    cycle = actions.save_cycle(cycle, version=1, by=municipal, at=PUBLISHED, **changes)
    with pytest.raises(Stale):
        actions.save_cycle(cycle, version=1, by=municipal, at=PUBLISHED, **changes)
    cycle = actions.publish_cycle(cycle, version=2, by=municipal, at=PUBLISHED)
    assert (cycle.state, cycle.published_by, cycle.outside_basis) == (CycleState.PUBLISHED, municipal, False)
    assert "质量成本" in cycle.legal_text and "未按时提供履职报告" in cycle.legal_text
    duty = cycle.duties.get()
    assert (duty.appointment, duty.due_on, duty.since, duty.served_on) == (cqo_a, DUE, PUBLISHED.date(), None)
    assert told("enterprise", company_a) == ["提供履职报告的通知"]
    assert told("county", company_a.county) == city() == [] and told("enterprise", company_b) == []
    assert Delivery.unscoped.filter(enterprise=company_a, channel=Channel.SMS, created_at=PUBLISHED).count() == 1
    assert refused(actions.publish_cycle, cycle, version=3, by=municipal, at=PUBLISHED)[0].startswith("这份通知现在是")
    assert refused(actions.save_cycle, cycle, version=3, by=municipal, at=PUBLISHED, **changes)[1] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"body": "\n"}, "body"),
        ({"number": "8号"}, "number"),
        ({"last_day": date(2024, 12, 31)}, "last_day"),
        ({"due_on": PUBLISHED.date()}, "due_on"),
        ({"due_on": PUBLISHED.date() - DAY}, "due_on"),
        ({"last_day": DUE}, "due_on"),
    ],
)
def test_what_no_notice_can_be_is_said_at_its_field(supervise, changes, field):
    assert refused(supervise.planned, **changes)[1] == field
    assert not ReportCycle.unscoped.exists()


def test_a_notice_due_before_it_is_published_and_a_number_used_twice_are_refused(supervise, municipal):
    late = supervise.planned()
    due = datetime(2026, 3, 31, 2, tzinfo=UTC)
    assert refused(actions.publish_cycle, late, version=1, by=municipal, at=due)[1] == "due_on"
    supervise.cycle()
    sentence = "这个文号的通知已经发布。"
    assert refused(actions.publish_cycle, late, version=1, by=municipal, at=PUBLISHED) == (sentence, "number")


def test_a_notice_goes_to_those_it_is_for(supervise, cqo_a, company_a, county_one, counties):
    def addressed(n, **changes):
        return supervise.cycle(number=f"清质监通〔2026〕{n}号", **changes).duties.count()

    assert addressed(1, county=counties["441802"]) == 1
    assert addressed(2, county=counties["441881"]) == 0
    assert addressed(3, audience=Audience.ABOVE_SCALE) == addressed(4, audience=Audience.PILOT) == 0
    designate(company_a, kind=Designation.PILOT, since=PUBLISHED.date(), by=county_one, at=AT)
    assert addressed(5, audience=Audience.PILOT) == 1 and addressed(6, audience=Audience.ABOVE_SCALE) == 0


def test_who_takes_office_before_the_due_day_is_asked_too_and_once(supervise, company_a, person_a, municipal):
    cycle = supervise.cycle(last_day=date(2026, 2, 28))
    assert actions.include_late_joiners(at=PUBLISHED) == 0
    supervise.cqo(person_a, company_a, at=OPENED, first_day=date(2026, 2, 1))
    assert actions.include_late_joiners(at=datetime(2026, 1, 31, 2, tzinfo=UTC)) == 0  # not in office yet
    with undone():
        actions.withdraw_cycle(cycle, version=cycle.version, reason="有误", by=municipal, at=OPENED)
        assert actions.include_late_joiners(at=datetime(2026, 2, 1, 2, tzinfo=UTC)) == 0
    with undone():
        assert (
            actions.include_late_joiners(at=datetime(2026, 3, 31, 2, tzinfo=UTC)) == 0
        )  # nothing can be given any more
    joined = datetime(2026, 3, 30, 2, tzinfo=UTC)
    assert [actions.include_late_joiners(at=joined) for _ in range(2)] == [1, 0]
    duty = cycle.duties.get()
    assert (duty.since, duty.due_on) == (joined.date(), DUE)
    assert told("enterprise", company_a).count(NOTICE["title"]) == 1


def test_nobody_is_asked_about_a_period_in_which_they_were_not_in_office(
    supervise, company_a, company_b, person_a, person_b
):
    last = NOTICE["last_day"]
    supervise.cqo(person_a, company_a, first_day=last)  # one day of the period is enough
    supervise.cqo(person_b, company_b, first_day=last + DAY)
    cycle = supervise.cycle()
    assert [duty.enterprise for duty in cycle.duties.with_parties()] == [company_a]
    assert actions.include_late_joiners(at=OPENED) == 0 and told("enterprise", company_b) == []


@pytest.fixture
def both(supervise, cqo_a, person_b, company_b) -> ReportCycle:
    """A notice that lies upon 张三 and 李四."""
    supervise.cqo(person_b, company_b)
    return supervise.cycle()


def test_a_due_day_is_put_off_for_one_and_for_all_and_each_hears_of_its_own(
    supervise, both, company_a, company_b, municipal
):
    duty_a, duty_b = (both.duties.get(appointment__enterprise=company) for company in (company_a, company_b))

    def extend(day, reason="台风", duty=None, at=IN_TIME, by=municipal):
        return actions.extend_due(fresh(both), due_on=day, reason=reason, duty=duty, by=by, at=at)

    extend(DUE + MONTH, duty=duty_a)
    assert [fresh(row).due_on for row in (duty_a, duty_b, both)] == [DUE + MONTH, DUE, DUE]
    assert told("enterprise", company_a)[-1].startswith("报告期限延期") and len(told("enterprise", company_b)) == 1
    extend(DUE + 5 * DAY)  # for all: who has a later day keeps it, and hears nothing
    assert [fresh(row).due_on for row in (duty_a, duty_b, both)] == [DUE + MONTH, DUE + 5 * DAY, DUE + 5 * DAY]
    assert (len(told("enterprise", company_a)), len(told("enterprise", company_b))) == (2, 2)
    assert not told("county", company_a.county) and both.extensions.count() == 2
    assert refused(extend, DUE + 9 * DAY, reason=" ")[1] == "reason"
    assert refused(extend, DUE + 5 * DAY) == ("新的期限须晚于现在的期限。", "due_on")
    over = datetime(2026, 4, 6, 2, tzinfo=UTC)
    assert refused(extend, DUE + MONTH, at=over)[0].startswith("报告期限已过，不能再延期")
    assert refused(extend, DUE + MONTH, at=over, duty=duty_b)[1] == "due_on"
    extend(DUE + 2 * MONTH, at=over, duty=duty_a)  # its own day is still to come


def test_a_notice_taken_back_asks_for_nothing_and_supports_no_ground(
    supervise, make, both, company_a, company_b, cqo_a
):
    duty = both.duties.get(appointment=cqo_a)
    other = both.duties.get(appointment__enterprise=company_b)
    actions.open_notice(duty, by=make.enterprise_user(company_a), at=OPENED)
    draft = supervise.written(duty)
    supervise.reported(other)
    assert [chain.supported for chain in grounds.chains_of([cqo_a], supervise.city, TODAY)[cqo_a.pk]] == [False, True]
    with undone():
        case = supervise.asked(cqo_a, [f"3:{duty.pk}"])
        supervise.link(case)
        withdraw(supervise, both)
        at = LATER
        sentence, field = refused(actions.propose, case, version=2, reason="迟", by=make.officer(company_a), at=at)
        assert field == "grounds" and "已不存在" in sentence
    assert refused(withdraw, supervise, both, reason=" ")[1] == "reason"
    withdraw(supervise, both)
    assert told("enterprise", company_a)[-1] == f"通知已收回：{both.title}"
    assert f"通知已收回：{both.title}" not in told("enterprise", company_b)  # it had reported
    by = make.enterprise_user(company_a)
    assert refused(actions.submit_report, draft, version=draft.version, by=by, at=IN_TIME)[0].startswith("通知已收回")
    assert refused(actions.start_report, duty, by=by, at=IN_TIME)[0].startswith("通知已收回")
    assert all(chain.kind != "3" for chain in grounds.chains_of([cqo_a], supervise.city, TODAY)[cqo_a.pk])


def withdraw(supervise, cycle, reason="发布有误"):
    return actions.withdraw_cycle(
        fresh(cycle), version=fresh(cycle).version, reason=reason, by=supervise.city, at=IN_TIME
    )


def test_a_notice_is_served_by_opening_it_or_on_paper_with_proof_and_the_first_counts(
    supervise, make, cqo_a, company_a, company_b, user_a, county_one
):
    duty, proof = supervise.duty(cqo_a), supervise.paper(company_a)

    def serve(day, proof=proof, at=IN_TIME):
        return actions.record_service(fresh(duty), served_on=day, proof=proof, by=county_one, at=at)

    assert refused(serve, PUBLISHED.date() - DAY)[1] == refused(serve, IN_TIME.date() + DAY)[1] == "served_on"
    assert refused(serve, OPENED.date(), proof=supervise.paper(company_b)) == ("文件不属于这家企业。", "proof")
    for day in (PUBLISHED.date(), IN_TIME.date()):
        with undone():
            assert serve(day).served_on == day
    served = serve(OPENED.date())
    assert (served.served_on, served.served_how) == (OPENED.date(), "纸质送达，有证明")
    assert refused(serve, OPENED.date()) == ("纸质送达已经记录，不能更改。", "served_on")
    opened = actions.open_notice(fresh(duty), by=user_a, at=PUBLISHED + DAY)
    assert (opened.served_on, opened.served_how) == (PUBLISHED.date() + DAY, "企业在平台打开")
    actions.open_notice(fresh(duty), by=user_a, at=AT)
    assert fresh(duty).opened_at == PUBLISHED + DAY


def test_no_notice_was_served_on_paper_before_its_duty_arose(supervise, person_a, company_a, county_one):
    cycle, joined = supervise.cycle(last_day=date(2026, 2, 28)), datetime(2026, 2, 1, 2, tzinfo=UTC)
    supervise.cqo(person_a, company_a, at=OPENED, first_day=joined.date())
    actions.include_late_joiners(at=joined)
    duty, proof = cycle.duties.with_parties().get(), supervise.paper(company_a)

    def serve(day):
        return actions.record_service(duty, served_on=day, proof=proof, by=county_one, at=IN_TIME)

    assert refused(serve, duty.since - DAY) == ("送达日期须在通知发布之日至今天之间。", "served_on")
    assert serve(duty.since).served_on == joined.date()


# --- Duty reports (Art. 5) -------------------------------------------------------------------------------------------


def test_a_report_is_written_bit_by_bit_handed_in_and_its_receipt_tells_the_time(supervise, cqo_a, user_a, company_a):
    duty = supervise.served(cqo_a)
    draft = actions.start_report(duty, by=user_a, at=IN_TIME)
    assert actions.start_report(duty, by=user_a, at=IN_TIME) == draft
    draft = actions.save_report(draft, version=1, proposals="建议增设首检岗位。", by=user_a, at=IN_TIME)
    with pytest.raises(Stale):
        actions.save_report(draft, version=1, proposals="旧页面", by=user_a, at=IN_TIME)
    with pytest.raises(ValueError, match="received_on"):
        actions.save_report(draft, version=2, received_on=TODAY, by=user_a, at=IN_TIME)
    before = told("county", company_a.county)
    report = supervise.reported(duty)
    assert (report.state, report.received_at, report.received_on) == (ReportState.RECEIVED, IN_TIME, IN_TIME.date())
    assert report.days_late == 0 and report.vetoes.get().subject == VETO["subject"]
    act, receipt = report.acts.get(), report.receipt
    assert act.kind == ReportActKind.RECEIVED and act.content["culture"] == REPORT["culture"]
    assert act.content["attachments"][0]["name"].startswith("质量月报")
    assert (receipt.number, receipt.issued_at) == ("首质报〔2026〕1号", IN_TIME)
    assert told("county", company_a.county) == [*before, "履职报告已收到：甲公司"]
    assert city() == [] and told("enterprise", company_a) == [NOTICE["title"]]
    again = refused(actions.submit_report, report, version=report.version, by=user_a, at=IN_TIME)
    assert again[0].startswith("这份履职报告现在是“已收到”")
    assert refused(actions.save_report, report, version=report.version, by=user_a, at=IN_TIME)[1] is None
    assert refused(actions.detach, report.attachments.get(), by=user_a, at=IN_TIME)[1] is None


def test_the_last_second_of_the_due_day_is_in_time_and_one_second_later_is_a_day_late(supervise, cqo_a, county_one):
    """Midnight is Qingyuan's: 16:00 UTC."""
    duty = supervise.served(cqo_a)
    last = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    for at, late, supported in ((last, 0, False), (last + timedelta(seconds=1), 1, True)):
        with undone():
            report = supervise.reported(duty, at=at)
            assert (report.received_on, report.days_late) == (DUE + late * DAY, late)
            chain = grounds.chain_of_duty(ReportDuty.unscoped.with_parties().get(), TODAY)
            assert chain.supported is supported
            if late:
                supervise.opened(cqo_a, [f"3:{duty.pk}"])
            else:
                names = [f"3:{duty.pk}"]
                assert refused(actions.open_case, cqo_a, names=names, by=county_one, at=AT)[1] == "grounds"


def test_a_report_is_whole_or_its_first_gap_is_named_at_its_field(supervise, cqo_a, user_a):
    duty = supervise.duty(cqo_a)
    draft = actions.start_report(duty, by=user_a, at=IN_TIME)

    def submit(vetoes=None, **changes):
        with undone():
            row = actions.save_report(
                fresh(draft), version=1, vetoes=vetoes or [], by=user_a, at=IN_TIME,
                **REPORT | {"used_veto": False} | changes,
            )  # fmt: skip
            return refused(actions.submit_report, row, version=2, by=user_a, at=IN_TIME)[1]

    for section in SECTIONS:
        assert submit(**{section.field: " "}) == section.field
    assert submit(used_veto=None) == submit(used_veto=True) == submit(vetoes=[VETO]) == "used_veto"
    outside = [VETO | {"day": date(2026, 1, 1)}]
    assert submit(vetoes=outside, used_veto=True) == "used_veto"
    first_and_last = [VETO | {"day": NOTICE["first_day"]}, VETO | {"day": NOTICE["last_day"]}]
    row = actions.save_report(draft, version=1, vetoes=first_and_last, by=user_a, at=IN_TIME, **REPORT)
    assert actions.submit_report(row, version=2, by=user_a, at=IN_TIME).state == ReportState.RECEIVED


def test_what_is_returned_and_handed_in_again_keeps_its_day_of_receipt(supervise, cqo_a, user_a, county_one, company_a):
    report = supervise.reported(supervise.duty(cqo_a))
    version, late = report.version, datetime(2026, 5, 1, 2, tzinfo=UTC)
    assert refused(actions.return_report, report, version=version, reason=" ", by=county_one, at=IN_TIME)[1] == "reason"
    report = actions.return_report(report, version=version, reason="缺质量成本数据", by=county_one, at=IN_TIME)
    assert told("enterprise", company_a)[-1].startswith("履职报告退回补充")
    report = actions.save_report(report, version=report.version, quality_cost="补充：420 万元。", by=user_a, at=late)
    report = actions.submit_report(report, version=report.version, by=user_a, at=late)
    assert (report.received_at, report.received_on, report.days_late) == (IN_TIME, IN_TIME.date(), 0)
    kinds = list(report.acts.order_by("pk").values_list("kind", flat=True))
    assert kinds == [ReportActKind.RECEIVED, ReportActKind.RETURNED, ReportActKind.SUPPLEMENTED]
    contents = [act.content for act in report.acts.order_by("pk")]
    assert contents[0]["quality_cost"] != contents[2]["quality_cost"] and report.receipt.issued_at == IN_TIME
    assert told("county", company_a.county)[-1] == "履职报告已补充：甲公司"
    noted = actions.note_report(report, version=report.version, remark="已阅", by=county_one, at=late)
    assert (noted.state, noted.noted_by) == (ReportState.NOTED, county_one)
    again = refused(actions.return_report, noted, version=noted.version, reason="迟", by=county_one, at=late)
    assert again[0].startswith("这份履职报告现在是“已收阅”")


def test_a_paper_report_is_transcribed_with_its_scan_and_the_day_it_came_to_the_counter(
    supervise, make, cqo_a, user_a, county_one, company_a, company_b
):
    duty, scan = supervise.duty(cqo_a), make.stored(company_a, name="履职报告.pdf")
    typed = actions.start_report(duty, by=user_a, at=IN_TIME)
    actions.save_report(typed, version=1, vetoes=[VETO], culture="网上只写了一半", by=user_a, at=IN_TIME)

    def transcribe(day=DUE, scan=scan, by=county_one, **said):
        return actions.transcribe_report(duty, received_on=day, transcript=scan, by=by, at=AT, **said)

    assert refused(transcribe, PUBLISHED.date() - DAY)[1] == refused(transcribe, TODAY + DAY)[1] == "received_on"
    assert refused(transcribe, scan=make.stored(company_b))[1] == "transcript"
    assert refused(transcribe, by=user_a)[0] == MAY_NOT
    report = transcribe(strategy="见扫描件。", used_veto=False)
    assert (report.is_transcribed, report.received_on, report.days_late) == (True, DUE, 0)
    assert (report.received_by, report.received_at) == (county_one, AT)
    assert report.culture == "" and not report.vetoes.exists()  # the paper says what it says, and no more
    assert report.acts.get().kind == ReportActKind.TRANSCRIBED
    assert told("enterprise", company_a)[-1].startswith("履职报告已收到")
    assert refused(transcribe)[0] == "这次履职报告已经收到，不能再代录。"
    again = refused(actions.return_report, report, version=report.version, reason="缺页", by=county_one, at=AT)
    assert again[0].startswith("纸质报告请当面")


def test_who_left_office_begins_no_report_and_hands_in_what_was_begun(supervise, cqo_a, user_a):
    duty = supervise.duty(cqo_a)
    with undone():
        supervise.resign(cqo_a)
        sentence = "这项任命已不在任，不再提供履职报告。"
        assert refused(actions.start_report, duty, by=user_a, at=AT + DAY)[0] == sentence
    draft = supervise.written(duty)
    supervise.resign(cqo_a)
    assert actions.submit_report(fresh(draft), version=draft.version, by=user_a, at=AT).days_late > 0


def test_another_office_and_the_wrong_side_may_do_nothing_with_notice_and_report(
    supervise, make, cqo_a, company_a, user_a, user_b, trainer, county_one, county_two, municipal, administrator
):
    draft = supervise.planned(number="清质监通〔2026〕9号")
    report = supervise.reported(supervise.served(cqo_a))
    duty, cycle, proof = report.duty, report.duty.cycle, supervise.paper(company_a)
    on = {"at": IN_TIME}

    def may_not(act, *rows, by, **values):
        for user in by:
            assert refused(act, *rows, by=user, **on, **values)[0] == MAY_NOT, (act.__name__, user.username)

    strangers = [user_b, county_two, trainer, administrator]
    not_the_city = [*strangers, user_a, county_one]
    may_not(actions.prepare_cycle, by=not_the_city, **NOTICE)
    may_not(actions.save_cycle, draft, version=1, by=not_the_city, audience="all", county=None, **NOTICE)
    may_not(actions.publish_cycle, draft, version=1, by=not_the_city)
    may_not(actions.withdraw_cycle, draft, version=1, reason="误", by=not_the_city)
    may_not(actions.extend_due, cycle, due_on=TODAY, reason="台风", by=not_the_city)
    not_the_enterprise = [*strangers, county_one, municipal]
    may_not(actions.open_notice, duty, by=not_the_enterprise)
    may_not(actions.start_report, duty, by=not_the_enterprise)
    may_not(actions.save_report, report, version=report.version, by=not_the_enterprise)
    may_not(actions.submit_report, report, version=report.version, by=not_the_enterprise)
    may_not(actions.attach, report, file=make.stored(company_a), by=not_the_enterprise)
    may_not(actions.detach, report.attachments.get(), by=not_the_enterprise)
    not_a_bureau = [*strangers, user_a]
    may_not(actions.record_service, duty, served_on=DUE, proof=proof, by=not_a_bureau)
    may_not(actions.transcribe_report, duty, received_on=DUE, transcript=proof, by=not_a_bureau)
    may_not(actions.return_report, report, version=report.version, reason="缺", by=not_a_bureau)
    may_not(actions.note_report, report, version=report.version, by=not_a_bureau)


# --- Targets (Art. 12(二)(2)) ----------------------------------------------------------------------------------------


def test_targets_are_agreed_within_the_year_and_a_later_agreement_stands_in_front(
    supervise, make, cqo_a, company_a, company_b, user_a
):
    def record(year=2026, agreed_on=TODAY, targets=TARGETS, file=None, by=user_a, at=AT):
        file = file or make.stored(company_a)
        return actions.record_targets(
            cqo_a, year=year, agreed_on=agreed_on, agreement=file, targets=targets, by=by, at=at
        )  # fmt: skip

    assert refused(record, year=2024) == ("年度须在聘任期限内。", "year")
    assert refused(record, year=2028) == ("年度须在聘任期限内。", "year")
    assert refused(record, year=2025) == ("这一年已经结束，不能再约定绩效。", "year")
    assert refused(record, agreed_on=TODAY + DAY)[1] == "agreed_on"
    assert refused(record, targets=[])[1] == refused(record, targets=[("合格率", " ")])[1] == "targets"
    assert refused(record, file=make.stored(company_b))[1] == "agreement"
    first = record()
    assert [(row.position, row.name) for row in first.targets.all()] == [(1, "出厂合格率"), (2, "顾客投诉")]
    second = record(targets=[("顾客投诉", "不超过 1 起")])
    assert (second.version, TargetSheet.unscoped.count()) == (2, 2)
    assert refused(supervise.results, first, True)[0].startswith("这份绩效约定已被新的约定代替")
    assert refused(supervise.results, second, True, False)[0] == "约定中没有这项指标。"
    assert refused(supervise.results, second)[0] == "请至少填报一项指标的结果。"
    assert told("enterprise", company_a) == told("county", company_a.county) == city() == []
    supervise.results(second, True)
    assert refused(record) == ("这一年已有结果在案，不能再更改约定。", "year")
    supervise.resign(cqo_a)
    assert "已终止" in refused(record)[0]


def test_there_is_no_result_of_a_year_that_has_not_begun(supervise, make, cqo_a, company_a, user_a):
    new_year = datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in Qingyuan
    agreed = new_year - DAY
    sheet = actions.record_targets(
        cqo_a, year=2026, agreed_on=agreed.date(), agreement=make.stored(company_a), targets=TARGETS, by=user_a,
        at=agreed,
    )  # fmt: skip
    last_second = new_year - timedelta(seconds=1)
    assert refused(supervise.results, sheet, True, at=last_second)[0] == "这一年尚未开始，还没有结果。"
    assert supervise.results(sheet, True, at=new_year) == sheet


def test_the_latest_result_of_a_target_counts_and_each_says_what_became_of_it(
    supervise, make, cqo_a, company_a, company_b, user_a, user_b, county_one, municipal
):
    sheet = supervise.targets(cqo_a)
    supervise.results(sheet, False)
    assert grounds.target_results([cqo_a]) == {(cqo_a.pk, 2025): [False, None]}
    supervise.results(sheet, True, True, at=AT + DAY)
    assert grounds.target_results([cqo_a]) == {(cqo_a.pk, 2025): [True, True]}

    def record(words="好。", file=None, by=user_a):
        file = file or make.stored(company_a)
        return refused(actions.record_results, sheet, results={2: (True, words)}, evidence=file, by=by, at=AT)

    assert record(words=" ") == ("请写明完成情况。", "words_2")
    assert record(file=make.stored(company_b))[1] == "evidence"
    assert {record(by=by)[0] for by in (user_b, county_one, municipal)} == {MAY_NOT}


# --- Findings (Art. 12(二)(1)) and accidents (Art. 5(六)) ------------------------------------------------------------


def test_a_finding_is_drafted_changed_filed_and_then_stands_as_it_was_written(
    supervise, cqo_a, company_a, county_one, municipal
):
    draft = actions.record_finding(cqo_a, by=county_one, at=AT, **FOUND | {"knew_on": None, "knew_what": ""})
    assert (draft.reference, draft.state) == ("FX-2026-0001", FindingState.DRAFT)
    draft = actions.save_finding(draft, version=1, by=municipal, at=AT, **FOUND | {"source": "投诉举报"})
    assert (draft.source, draft.knew_on) == ("投诉举报", FOUND["knew_on"])
    draft = actions.save_finding(draft, version=2, by=county_one, at=AT, **FOUND | {"knew_on": None, "knew_what": None})
    with pytest.raises(Stale):
        actions.save_finding(draft, version=1, by=county_one, at=AT, **FOUND)
    assert missing_of(cqo_a) == ["发现情况", "行为", "知情"]
    paper = supervise.paper(company_a)
    actions.add_finding_evidence(draft, title="检查记录", file=paper, by=county_one, at=AT)
    filed = actions.file_finding(draft, version=3, by=county_one, at=AT)
    assert missing_of(cqo_a) == ["知情"]
    refusal = refused(actions.save_finding, filed, version=4, by=county_one, at=AT, **FOUND)
    assert refusal[0] == "这份发现情况现在是“已立卷”，不能办理这一步。"
    known = {"knew_on": FOUND["knew_on"], "knew_what": FOUND["knew_what"], "by": county_one, "at": AT}
    assert refused(actions.add_knowledge, filed, version=4, **known | {"knew_what": " "})[1] == "knew_what"
    assert refused(actions.add_knowledge, filed, version=4, **known | {"knew_on": TODAY + DAY})[1] == "knew_on"
    filed = actions.add_knowledge(filed, version=4, **known)
    assert missing_of(cqo_a) == []
    assert refused(actions.add_knowledge, filed, version=5, **known)[1] == "knew_on"
    assert refused(actions.withdraw_finding, filed, version=5, reason=" ", by=county_one, at=AT)[1] == "reason"
    gone = actions.withdraw_finding(filed, version=5, reason="查证不实", by=county_one, at=AT)
    assert missing_of(cqo_a) is None
    assert refused(actions.add_finding_evidence, gone, title="又一份", file=paper, by=county_one, at=AT)[1] is None
    assert told("enterprise", company_a) == told("county", company_a.county) == city() == []


def missing_of(appointment) -> list[str] | None:
    """What the chain of the one finding lacks; None where none is left."""
    chains = grounds.chains_of([appointment], AnonymousUser(), TODAY)[appointment.pk]
    return next((chain.missing for chain in chains if chain.kind == "1"), None)


def test_a_finding_under_a_letter_is_taken_back_only_after_the_letter(supervise, cqo_a, county_one, municipal, user_a):
    finding = supervise.finding(cqo_a)
    case = supervise.issued(cqo_a, [f"1:{finding.reference}"])

    def withdraw_finding():
        return actions.withdraw_finding(finding, version=finding.version, reason="查证不实", by=county_one, at=AT)

    sentence = "已签发的建议依据这份发现情况，请先收回建议，再撤销发现情况。"
    assert refused(withdraw_finding)[0] == sentence
    case = actions.open_letter(case, by=user_a, at=AT)
    assert refused(withdraw_finding)[0] == sentence
    actions.withdraw_case(case, version=case.version, reason="查证不实", by=municipal, at=AT)
    assert withdraw_finding().state == FindingState.WITHDRAWN


def test_what_no_finding_can_be_is_said_at_its_field(
    supervise, cqo_a, company_b, county_one, user_a, user_b, county_two
):
    cases = [
        *(({field: ""}, field) for field in ("about", "behaviour", "facts", "source")),
        *(({field: None}, field) for field in ("happened_on", "found_on")),
        ({"happened_on": TODAY + DAY, "found_on": TODAY + DAY}, "happened_on"),
        ({"found_on": TODAY + DAY}, "found_on"),
        ({"found_on": FOUND["happened_on"] - DAY}, "found_on"),
        ({"knew_on": TODAY + DAY}, "knew_on"),
        ({"knew_on": FOUND["found_on"] + DAY}, "knew_on"),
        ({"knew_on": FOUND["happened_on"] - DAY}, "knew_on"),
        ({"knew_on": None}, "knew_on"),
        ({"knew_what": " "}, "knew_what"),
    ]
    for changes, field in cases:
        said = FOUND | changes
        assert refused(actions.record_finding, cqo_a, by=county_one, at=AT, **said)[1] == field, changes
    for by in (user_a, user_b, county_two):
        assert refused(actions.record_finding, cqo_a, by=by, at=AT, **FOUND)[0] == MAY_NOT
    draft = supervise.finding(cqo_a, filed=False, evidence=False)
    foreign = supervise.paper(company_b)
    assert refused(actions.add_finding_evidence, draft, title="记录", file=foreign, by=county_one, at=AT)[1] == "file"
    own = supervise.paper(cqo_a.enterprise)
    assert refused(actions.add_finding_evidence, draft, title=" ", file=own, by=county_one, at=AT)[1] == "title"
    for by in (user_a, county_two):
        assert refused(actions.file_finding, draft, version=1, by=by, at=AT)[0] == MAY_NOT
    supervise.resign(cqo_a)
    assert "已终止" in refused(actions.record_finding, cqo_a, by=county_one, at=AT, **FOUND)[0]
    assert Finding.unscoped.get() == draft


def test_a_finding_is_made_in_the_term_and_knowledge_lies_within_it(supervise, cqo_a, county_one):
    first = cqo_a.first_day

    def record(**changes):
        return refused(actions.record_finding, cqo_a, by=county_one, at=AT, **FOUND | changes)

    before = {"happened_on": first - 9 * DAY, "found_on": first - DAY, "knew_on": None, "knew_what": ""}
    assert record(**before) == ("发现日期须在这项任命的任职期间内。", "found_on")
    sentence = "知情日期须在任职之后、发生之日至发现之日之间。"
    old = {"happened_on": first - 9 * DAY, "found_on": first + 9 * DAY}
    assert record(**old, knew_on=first - DAY) == (sentence, "knew_on")
    for day in (first, first + 9 * DAY):  # from the first day on, and at last on the day it was found
        with undone():
            assert supervise.finding(cqo_a, **old, knew_on=day).knew_on == day
    with undone():
        found = supervise.finding(cqo_a, **before | {"found_on": first})
        known = {"version": found.version, "knew_what": "知道。", "by": county_one, "at": AT}
        assert refused(actions.add_knowledge, found, knew_on=first + DAY, **known) == (sentence, "knew_on")
        assert actions.add_knowledge(found, knew_on=first, **known).knew_on == first


def test_an_accident_is_recorded_apart_and_leads_to_no_ground(
    supervise, cqo_a, company_a, company_b, user_a, county_two
):
    row = supervise.accident(company_a)
    assert row.reference == "SG-2026-0001" and told("enterprise", company_a) == []
    assert grounds.chains_of([cqo_a], supervise.city, TODAY)[cqo_a.pk] == year_only(cqo_a)

    def record(**changes):
        return refused(supervise.accident, company_a, **changes)[1]

    assert record(kind="ground") == "kind" and record(facts=" ") == "facts"
    assert record(happened_on=TODAY + DAY) == "happened_on" and record(file=supervise.paper(company_b)) == "file"
    said = {"enterprise": company_a, "kind": "impact", "happened_on": TODAY, "facts": "停产。", "at": AT}
    for by in (user_a, county_two):
        assert refused(actions.record_accident, by=by, **said)[0] == MAY_NOT


def year_only(appointment) -> list:
    """The chains of a record that holds nothing but the year in office: nothing is supported."""
    chains = [c for c in grounds.chains_of([appointment], AnonymousUser(), TODAY)[appointment.pk] if c.kind == "2"]
    assert [chain.supported for chain in chains] == [False]
    return chains


# --- A recommendation is opened (Art. 12(二)) ------------------------------------------------------------------------


def test_a_case_is_opened_on_what_the_record_supports_and_keeps_the_chain_as_it_stood(
    supervise, cqo_a, company_a, county_one
):
    duty, finding = supervise.served(cqo_a), supervise.finding(cqo_a)
    names = [f"1:{finding.reference}", f"3:{duty.pk}", f"3:{duty.pk}"]  # sent twice by a browser
    case = actions.open_case(cqo_a, names=names, by=county_one, at=AT)
    assert (case.reference, case.state) == ("JY-2026-0001", CaseState.OPENED)
    assert [(row.kind, row.clause, row.key) for row in case.grounds.all()] == [
        ("1", "12.(2).(1)", finding.reference),
        ("3", "12.(2).(3)", str(duty.pk)),
    ]
    assert all(link["holds"] for ground in case.grounds.all() for link in ground.chain)
    assert told("enterprise", company_a) == [NOTICE["title"]] and city() == []  # nobody is told of an opened case
    again = refused(actions.open_case, cqo_a, names=names, by=county_one, at=AT)
    assert again[0] == "对这位首席质量官已有一件未办结的建议案。"


def test_a_missing_link_is_named_and_no_case_is_opened(supervise, make, cqo_a, county_one, user_a):
    def opened(name) -> str:
        sentence, field = refused(actions.open_case, cqo_a, names=[name], by=county_one, at=AT)
        assert field == "grounds"
        return sentence

    duty = supervise.duty(cqo_a)
    assert opened(f"3:{duty.pk}") == f"“{NOTICE['title']}”缺送达，不能据以提出建议。"
    finding = supervise.finding(cqo_a, filed=False, evidence=False, knew_on=None, knew_what="")
    assert "缺发现情况、行为、知情，" in opened(f"1:{finding.reference}")
    assert "缺学时要求、课程未完成、绩效约定、绩效未完成，" in opened("2:2025")
    actions.open_notice(duty, by=user_a, at=datetime(2026, 4, 1, 2, tzinfo=UTC))
    assert opened(f"3:{duty.pk}") == f"“{NOTICE['title']}”缺送达，不能据以提出建议。"  # after its day is too late
    report = supervise.reported(duty)
    assert "已不存在" in opened(f"3:{report.duty_id}")
    assert refused(actions.open_case, cqo_a, names=[], by=county_one, at=AT)[1] == "grounds"
    assert not DismissalRecommendation.unscoped.exists()


def test_ground_two_opens_a_case_as_the_word_is_read(supervise, make, company_a, person_a, county_one):
    """A CQO all through 2025, no course taken, one target unmet: the readings make the difference."""
    appointment = supervise.cqo(person_a, company_a, first_day=date(2024, 12, 1), at=datetime(2024, 11, 20, tzinfo=UTC))

    def opens() -> bool | str:
        with undone():
            try:
                actions.open_case(appointment, names=["2:2025"], by=county_one, at=AT)
            except Refused as refusal:
                return refusal.sentence
            return True

    sheet = supervise.targets(appointment)
    assert "缺学时要求、课程未完成、绩效未完成，" in opens()
    supervise.reading("ce_hours", 24)
    with undone():
        supervise.reading("ground_two_and", "either")
        assert opens() is True
    assert "缺绩效未完成、“和”的口径，" in opens()
    supervise.results(sheet, True, False)
    assert opens() is True  # under both readings, so none is needed
    supervise.reading("ground_two_and", "both")
    case = supervise.issued(appointment, ["2:2025"])
    assert "顾客投诉" in str(case.letter.facts["findings"]) and "要求24 学时" in str(case.letter.facts["findings"])


def test_no_case_is_opened_proposed_or_signed_on_a_day_without_a_legal_basis(
    make, measure, administrator, person_a, company_a, county_one, municipal
):
    """Art. 14: a recommendation is an adverse act; the extension here lasts until the day after tomorrow."""
    record_extension(
        edition=measure, first_day=date(2018, 4, 1), last_day=TODAY + 2 * DAY, title="关于延长有效期的通知",
        number="清质监〔2018〕1号", document=measure_paper(administrator), by=administrator, at=AT,
    )  # fmt: skip
    supervise, over = Supervise(make), AT + 3 * DAY
    appointment = supervise.cqo(person_a, company_a)
    names = [f"1:{supervise.finding(appointment).reference}"]

    def outside(act, *args, **values):
        return refused(act, *args, at=over, **values)[0].startswith("当日没有有效的制度依据")

    assert outside(actions.open_case, appointment, names=names, by=county_one)
    assert outside(actions.decline_to_open, appointment, names=names, reason="无", by=county_one)
    case = supervise.asked(appointment, names, at=AT + 2 * DAY)  # the last day in force
    supervise.heard(case, at=AT + 2 * DAY)
    assert outside(actions.propose, case, version=2, reason="属实", by=county_one)
    case = actions.propose(case, version=2, reason="属实", by=county_one, at=AT + 2 * DAY)
    assert outside(actions.sign, case, version=3, answer_due=TODAY + MONTH, by=municipal)
    signed = actions.sign(case, version=3, answer_due=TODAY + MONTH, by=municipal, at=AT + 2 * DAY)
    assert signed.basis.number == "清质监〔2018〕1号"


def test_what_was_known_or_asked_on_a_day_without_a_basis_supports_no_ground(
    make, measure, administrator, person_a, company_a, county_one
):
    """Art. 14: the extension begins only today; the notice and the knowledge are of the days before it."""
    record_extension(
        edition=measure, first_day=TODAY, last_day=TODAY + 30 * DAY, title="关于延长有效期的通知",
        number="清质监〔2026〕9号", document=measure_paper(administrator), by=administrator, at=AT,
    )  # fmt: skip
    supervise = Supervise(make)
    appointment = supervise.cqo(person_a, company_a)
    known, unknown = supervise.finding(appointment), supervise.finding(appointment, knew_on=None, knew_what="")
    duty = supervise.served(appointment)

    def opened(name) -> tuple:
        return refused(actions.open_case, appointment, names=[name], by=county_one, at=AT)

    about = "对重大风险隐患知情不报"
    lacks = "“{}”缺{}，不能据以提出建议。"
    assert opened(f"1:{known.reference}") == (lacks.format(about, "有效依据"), "grounds")
    assert opened(f"1:{unknown.reference}") == (lacks.format(about, "知情、有效依据"), "grounds")
    assert opened(f"3:{duty.pk}") == (lacks.format(NOTICE["title"], "有效依据"), "grounds")
    within = supervise.finding(appointment, happened_on=TODAY, found_on=TODAY, knew_on=TODAY)
    assert supervise.opened(appointment, [f"1:{within.reference}"]).state == CaseState.OPENED


def test_a_ground_that_was_decided_is_not_taken_up_again(supervise, cqo_a, county_one, municipal):
    name = f"1:{supervise.finding(cqo_a).reference}"

    def again(case):
        words = f"“对重大风险隐患知情不报”已在建议案{case.reference}中作出决定，不再据以开立。"
        refusal = (words, "grounds")
        assert refused(actions.open_case, cqo_a, names=[name], by=county_one, at=AT) == refusal
        assert refused(actions.decline_to_open, cqo_a, names=[name], reason="无", by=county_one, at=AT) == refusal
        return True

    for state in (CaseState.NOT_RECOMMENDED, CaseState.ANSWERED):
        with undone():
            assert again(supervise.case_in(state, cqo_a, [name]))
            assert supervise.opened(cqo_a).state == CaseState.OPENED  # on another finding
    supervise.case_in(CaseState.WITHDRAWN, cqo_a, [name])  # a letter taken back decides nothing
    assert supervise.opened(cqo_a, [name]).state == CaseState.OPENED


def test_not_recommending_is_a_decision_too_with_its_reason(supervise, cqo_a, company_a, county_one):
    names = [f"1:{supervise.finding(cqo_a).reference}"]
    decline = {"names": names, "by": county_one, "at": AT}
    assert refused(actions.decline_to_open, cqo_a, reason=" ", **decline)[1] == "reason"
    assert not DismissalRecommendation.unscoped.exists()  # nothing of it was written
    case = actions.decline_to_open(cqo_a, reason="情节轻微，已当场整改", **decline)
    assert (case.state, case.decided_not_by) == (CaseState.NOT_RECOMMENDED, county_one)
    assert told("enterprise", company_a) == []  # it was never asked
    asked = supervise.asked(cqo_a)
    actions.decide_not(asked, version=2, reason="陈述属实", by=county_one, at=AT)
    assert told("enterprise", company_a) == ["征求陈述意见", f"不提出建议：{asked.reference}"]


# --- Both are heard --------------------------------------------------------------------------------------------------


def test_both_are_heard_in_their_own_way_and_the_cqo_without_an_account(
    supervise, make, cqo_a, company_a, company_b, user_a, county_one
):
    opened = supervise.opened(cqo_a)
    assert refused(actions.state, opened, words="我司", by=user_a, at=AT)[0] == "这件建议案现在不接收陈述意见。"
    assert refused(actions.issue_link, opened, by=county_one, at=AT)[1] is None
    assert refused(actions.ask_statements, opened, version=1, due_on=TODAY, by=county_one, at=AT)[1] == "due_on"
    case = actions.ask_statements(opened, version=1, due_on=TODAY + DAY, by=county_one, at=AT)
    assert told("enterprise", company_a) == ["征求陈述意见"] and told("county", company_a.county) == []
    words = {"by": user_a, "at": AT}
    assert refused(actions.state, case, words=" ", **words)[1] == "words"
    assert refused(actions.state, case, words="有", file=make.stored(company_b), **words)[1] == "file"
    actions.state(case, words="正在整改。", **words)
    link, token = supervise.link(case)
    assert token not in str(vars(link)) and len(token) >= 32
    actions.state_by_link(token, words="我已口头报告。", at=AT)
    said = {row.party: (row.way, row.by) for row in case.statements.all()}
    assert said == {Party.ENTERPRISE: (StatementWay.PORTAL, user_a), Party.CQO: (StatementWay.LINK, None)}
    received = [f"收到{party.label}的陈述意见：{case.reference}" for party in (Party.ENTERPRISE, Party.CQO)]
    assert told("county", company_a.county) == received and city() == []
    late = actions.state(case, words="补充材料。", by=user_a, at=AT + 5 * DAY)  # counts while nothing is decided
    assert late.received_on == TODAY + 5 * DAY


def test_a_link_used_twice_expired_revoked_or_invented_says_one_thing_and_takes_nothing(supervise, cqo_a, county_one):
    case = supervise.asked(cqo_a)
    link, token = supervise.link(case)

    def use(token=token, at=AT, words="我要说明。"):
        return refused(actions.state_by_link, token, words=words, at=at)[0]

    assert use("x" * 32) == use("") == GONE
    assert refused(actions.state_by_link, token, words=" ", at=AT)[1] == "words"
    assert StatementLink.unscoped.get().used_at is None  # an empty form uses nothing up
    assert refused(supervise.link, case)[0].startswith("已有一个未使用的链接")
    last = AT + 10 * DAY  # the day it ends on itself
    with undone():
        assert actions.state_by_link(token, words="末日提交。", at=last).party == Party.CQO
    assert use(at=last + DAY) == GONE
    actions.revoke_link(link, by=county_one, at=AT)
    assert use() == GONE
    assert refused(actions.revoke_link, link, by=county_one, at=AT)[0] == "这个链接已经使用或者作废。"
    link, token = supervise.link(case)
    with undone():
        actions.decide_not(fresh(case), version=case.version, reason="已整改", by=county_one, at=AT)
        assert use(token) == GONE
    actions.state_by_link(token, words="我已口头报告。", at=AT)
    assert use(token) == GONE and case.statements.count() == 1
    assert refused(actions.revoke_link, link, by=county_one, at=AT)[0] == "这个链接已经使用或者作废。"


def test_a_link_lasts_to_the_day_for_statements_and_a_week_at_least(supervise, cqo_a):
    """The CQO who was asked late, or anew after the day, still has seven days."""
    case = supervise.asked(cqo_a)
    due = case.statement_due
    for day, expires_on in ((TODAY, due), (due - 7 * DAY, due), (due - 6 * DAY, due + DAY), (due + DAY, due + 8 * DAY)):
        with undone():
            link, token = supervise.link(case, at=noon(day))
            assert link.expires_on == expires_on
            with undone():
                assert actions.state_by_link(token, words="我已报告。", at=noon(expires_on)).party == Party.CQO
            assert refused(actions.state_by_link, token, words="迟了。", at=noon(expires_on + DAY))[0] == GONE


def test_a_statement_on_paper_is_transcribed_with_its_scan(supervise, make, cqo_a, company_a, company_b, county_one):
    case, scan = supervise.asked(cqo_a), supervise.paper(company_a)

    def record(day=TODAY, file=scan, words="见扫描件。", party=Party.CQO):
        return actions.record_statement(
            case, party=party, words=words, file=file, received_on=day, by=county_one, at=AT + DAY
        )  # fmt: skip

    assert refused(record, TODAY - DAY)[1] == refused(record, TODAY + 2 * DAY)[1] == "received_on"
    assert refused(record, file=supervise.paper(company_b))[1] == "file" and refused(record, words="")[1] == "words"
    assert record().way == StatementWay.PAPER and record(party=Party.ENTERPRISE).received_on == TODAY


# --- Proposed, sent back, decided, signed ----------------------------------------------------------------------------


def test_one_proposes_when_both_were_heard_or_the_day_for_it_is_over(supervise, cqo_a, user_a, county_one, company_a):
    case = supervise.asked(cqo_a)

    def propose(at, reason="属实"):
        return actions.propose(fresh(case), version=case.version, reason=reason, by=county_one, at=at)

    not_yet = "企业和本人的陈述意见尚未收齐，期限也未届满，还不能提出建议。"
    not_asked = ("尚未向首席质量官本人征求意见：请发出一次性链接，或者记录通知书的书面送达。", None)
    assert refused(propose, LATER) == not_asked  # the message to the enterprise asks no person
    token = supervise.link(case)[1]
    assert refused(propose, AT + 10 * DAY)[0] == not_yet
    actions.state(case, words="正在整改。", by=user_a, at=AT)
    assert refused(propose, AT + 10 * DAY)[0] == not_yet
    with undone():
        assert propose(LATER).state == CaseState.PROPOSED
    actions.state_by_link(token, words="已报告。", at=AT)
    assert refused(propose, AT, reason=" ")[1] == "reason"
    assert (propose(AT).proposed_by, city()) == (county_one, [f"待签发：解除聘任建议{case.reference}"])
    assert refused(propose, AT)[0].startswith("填写期间")  # the page of before


def test_what_an_office_transcribed_does_not_end_the_hearing_before_its_day(supervise, cqo_a, company_a, county_one):
    """Otherwise who transcribes both statements could cut short the time in which they may still be added to."""
    case, scan = supervise.asked(cqo_a), supervise.paper(company_a)
    for party in Party:
        actions.record_statement(
            case, party=party, words="见扫描件。", file=scan, received_on=TODAY, by=county_one, at=AT
        )
    last, cases = AT + 10 * DAY, DismissalRecommendation.unscoped

    def propose(at):
        return actions.propose(fresh(case), version=2, reason="属实", by=county_one, at=at)

    assert "尚未收齐，期限也未届满" in refused(propose, last)[0]
    assert [cases.ready(day.date()).count() for day in (last, LATER)] == [0, 1]
    assert case not in cases.awaiting(county_one, last.date()) and case in cases.awaiting(county_one, LATER.date())
    with undone():  # the parties' own words end it at once
        supervise.heard(case)
        assert cases.ready(TODAY).get() == case and propose(AT).state == CaseState.PROPOSED
    assert propose(LATER).state == CaseState.PROPOSED


def test_the_notice_on_paper_asks_the_person_and_so_does_a_statement_of_their_own(
    supervise, make, cqo_a, company_a, company_b, county_one, county_two, user_a
):
    opened = supervise.opened(cqo_a)
    proof = supervise.paper(company_a)

    def serve(case, party=Party.CQO, day=TODAY, proof=proof, by=county_one, at=AT):
        return actions.record_notice_service(case, party=party, served_on=day, proof=proof, by=by, at=at)

    assert refused(serve, opened)[0].startswith("这件建议案现在是“已开立”")
    case = actions.ask_statements(opened, version=1, due_on=TODAY + 10 * DAY, by=county_one, at=AT)

    def propose():
        return actions.propose(fresh(case), version=2, reason="属实", by=county_one, at=LATER)

    days = "送达日期须在征求意见之日至今天之间。"
    assert refused(serve, case, day=TODAY - DAY) == refused(serve, case, day=TODAY + DAY) == (days, "served_on")
    assert refused(serve, case, proof=supervise.paper(company_b)) == ("文件不属于这家企业。", "proof")
    assert {refused(serve, case, by=by)[0] for by in (user_a, county_two)} == {MAY_NOT}
    with undone():
        actions.record_statement(
            case, party=Party.CQO, words="见扫描件。", file=proof, received_on=TODAY, by=county_one, at=AT
        )
        assert propose().state == CaseState.PROPOSED
    serve(case, Party.ENTERPRISE)
    assert refused(propose)[0].startswith("尚未向首席质量官本人征求意见")
    row = serve(case)
    assert (row.party, row.served_on, row.recorded_by) == (Party.CQO, TODAY, county_one)
    noted = case.acts.filter(kind=CaseActKind.NOTIFIED).order_by("pk").values_list("reason", flat=True)
    assert list(noted) == ["企业", "首席质量官本人"] and propose().state == CaseState.PROPOSED
    assert not NoticeService.unscoped.visible_to(user_a).exists()


def test_a_ground_that_fell_away_is_neither_proposed_nor_signed(supervise, make, cqo_a, county_one, municipal):
    case = supervise.asked(cqo_a)
    supervise.heard(case)

    def withdraw_finding():
        row = Finding.unscoped.get()
        actions.withdraw_finding(row, version=row.version, reason="查证不实", by=county_one, at=AT)

    gone = ("所选情形在案卷中已不存在，请重新选择。", "grounds")
    with undone():
        withdraw_finding()
        assert refused(actions.propose, case, version=2, reason="属实", by=county_one, at=AT) == gone
    case = actions.propose(case, version=2, reason="属实", by=county_one, at=AT)
    withdraw_finding()
    assert refused(actions.sign, case, version=3, answer_due=TODAY + MONTH, by=municipal, at=AT) == gone


def test_a_second_person_signs_and_never_who_proposed(supervise, make, cqo_a, county_one, municipal, municipal_two):
    case = supervise.asked(cqo_a)
    supervise.heard(case)
    case = actions.propose(case, version=2, reason="属实", by=municipal, at=AT)
    due, own = {"answer_due": TODAY + MONTH, "at": AT}, "提出建议的人不能自己签发，须由第二人签发。"
    assert refused(actions.sign, case, version=3, by=municipal, **due)[0] == own
    page_of_before = replace_proposer(case, None)
    assert refused(actions.sign, page_of_before, version=3, by=municipal, **due)[0] == MAY_NOT
    for act in (actions.send_back, actions.decide_not):
        assert refused(act, case, version=3, reason="无", by=municipal, at=AT)[0] == MAY_NOT
    assert refused(actions.sign, case, version=3, by=county_one, **due)[0] == MAY_NOT
    signed = actions.sign(case, version=3, by=municipal_two, **due)
    assert (signed.signed_by, signed.issuing_county, signed.number) == (municipal_two, None, "清质监建函〔2026〕1号")
    assert refused(actions.sign, case, version=3, by=municipal_two, **due)[0].startswith("填写期间")


def replace_proposer(case, who):
    """The case as a page held it before it was proposed."""
    held = fresh(case)
    held.proposed_by = who
    return held


def test_where_it_is_read_so_the_county_signs_by_a_second_person_and_the_letter_is_its_own(
    supervise, cqo_a, county_one, county_two, counties, municipal, municipal_two, company_a
):
    supervise.reading("recommendation_signatory", "county")
    case = supervise.proposed(cqo_a)
    second = account("county-441802-2", Role.COUNTY, "县局一（二）", county=counties["441802"])
    due = {"answer_due": TODAY + MONTH, "at": AT}
    assert f"待签发：解除聘任建议{case.reference}" in told("county", company_a.county)
    for by, words in ((county_one, "第二人"), (county_two, "权限")):
        assert words in refused(actions.sign, case, version=3, by=by, **due)[0]
    assert refused(actions.sign, case, version=3, by=second, **due) == (
        "县级局签发的，请填写本局的发文字号。",
        "number",
    )
    signed = actions.sign(case, version=3, by=second, number="清城质监函〔2026〕3号", **due)
    assert signed.number == signed.letter.number == "清城质监函〔2026〕3号"
    assert signed.issuing_county == counties["441802"] and counties["441802"].bureau_name in str(signed.letter.facts)
    back = {"version": signed.version, "reason": "事实有误", "at": AT}
    assert refused(actions.withdraw_case, signed, by=county_two, **back)[0] == MAY_NOT
    with undone():
        assert actions.withdraw_case(signed, by=municipal_two, **back).state == CaseState.WITHDRAWN
    assert actions.withdraw_case(signed, by=county_one, **back).state == CaseState.WITHDRAWN


def test_a_letter_carries_the_number_that_was_typed_or_the_next_free_one(supervise, cqo_a, municipal):
    def sign(number="", answer_due=TODAY + MONTH):
        row = fresh(case)
        return actions.sign(row, version=row.version, answer_due=answer_due, number=number, by=municipal, at=AT)

    case = supervise.proposed(cqo_a)
    assert refused(sign, "18号")[1] == "number" and refused(sign, answer_due=TODAY)[1] == "answer_due"
    case = sign("清质监建函[2026]第01号")  # a typed number of the very series that is counted here
    assert (case.number, case.letter.number) == ("清质监建函〔2026〕1号",) * 2
    actions.withdraw_case(case, version=case.version, reason="有误", by=municipal, at=AT)
    case = supervise.proposed(cqo_a)
    assert refused(sign, "清质监建函〔2026〕1号") == ("该发文字号已经使用。", "number")
    assert sign().number == "清质监建函〔2026〕2号"


def test_what_is_sent_back_is_proposed_anew_and_the_second_person_may_decide_against_it(
    supervise, cqo_a, company_a, county_one, municipal, user_a
):
    case = supervise.proposed(cqo_a)
    assert refused(actions.send_back, case, version=3, reason=" ", by=municipal, at=AT)[1] == "reason"
    case = actions.send_back(case, version=3, reason="请补充知情的依据", by=municipal, at=AT)
    assert (case.state, case.proposed_by, case.proposed_at) == (CaseState.ASKED, None, None)
    assert told("county", company_a.county)[-1] == f"建议案退回：{case.reference}"
    paper = {"file": supervise.paper(company_a), "by": county_one, "at": AT}
    assert refused(actions.add_case_evidence, case, title=" ", **paper)[1] == "title"
    assert actions.add_case_evidence(case, title="询问笔录", **paper).title == "询问笔录"
    case = actions.propose(fresh(case), version=case.version, reason="依据见笔录", by=county_one, at=AT)
    against = {"version": case.version, "reason": "情节轻微", "at": AT}
    assert refused(actions.decide_not, case, by=county_one, **against)[0] == MAY_NOT
    assert refused(actions.decide_not, case, by=municipal, **against | {"reason": ""})[1] == "reason"
    case = actions.decide_not(case, by=municipal, **against)
    assert case.end_reason == "情节轻微" and told("enterprise", company_a)[-1].startswith("不提出建议")
    assert [row.kind for row in CaseAct.unscoped.visible_to(user_a).order_by("pk")] == [
        CaseActKind.ASKED,
        CaseActKind.NOT_RECOMMENDED,
    ]


# --- Served, answered, withdrawn, closed -----------------------------------------------------------------------------


def test_a_letter_is_served_by_opening_it_or_on_paper_and_the_second_way_is_noted_beside(
    supervise, make, cqo_a, company_a, company_b, user_a, county_one
):
    case, proof = supervise.issued(cqo_a), supervise.paper(company_a)

    def serve(day=TODAY, proof=proof, at=AT):
        return actions.record_letter_service(fresh(case), served_on=day, proof=proof, by=county_one, at=at)

    assert refused(serve, TODAY - DAY)[1] == refused(serve, TODAY + DAY)[1] == "served_on"
    assert refused(serve, proof=supervise.paper(company_b))[1] == "proof"
    opened = actions.open_letter(case, by=user_a, at=AT + DAY)
    assert (opened.state, opened.served_on, opened.letter_opened_by) == (CaseState.SERVED, TODAY + DAY, user_a)
    assert actions.open_letter(opened, by=user_a, at=LATER).letter_opened_at == AT + DAY
    on_paper = serve(at=AT + 2 * DAY)
    assert (on_paper.state, on_paper.served_on) == (CaseState.SERVED, TODAY)
    assert on_paper.acts.filter(kind=CaseActKind.SERVED).count() == 2
    assert refused(serve, at=AT + 2 * DAY) == ("纸质送达已经记录，不能更改。", "served_on")
    scan = actions.attach_stamped(on_paper, file=make.stored(company_a, name="盖章件.pdf"), by=county_one, at=AT)
    assert type(scan).unscoped.visible_to(user_a).get() == scan
    foreign = make.stored(company_b)
    assert refused(actions.attach_stamped, on_paper, file=foreign, by=county_one, at=AT)[1] == "file"


def test_a_letter_served_late_leaves_as_many_days_for_the_answer_as_the_signing_did(
    supervise, cqo_a, company_a, user_a, county_one
):
    case = supervise.issued(cqo_a)
    assert case.answer_due == TODAY + 30 * DAY
    with undone():
        assert actions.open_letter(case, by=user_a, at=AT).answer_due == TODAY + 30 * DAY
    opened = actions.open_letter(case, by=user_a, at=AT + 12 * DAY)
    assert opened.answer_due == fresh(case).answer_due == TODAY + 42 * DAY
    proof = supervise.paper(company_a)
    on_paper = actions.record_letter_service(
        opened, served_on=TODAY + DAY, proof=proof, by=county_one, at=AT + 20 * DAY
    )
    assert on_paper.answer_due == TODAY + 42 * DAY  # what the enterprise was told stands


def test_nothing_the_bureau_does_changes_the_appointment_and_each_office_is_told_what_concerns_it(
    supervise, cqo_a, company_a, company_b, user_a, municipal
):
    before = vars(Appointment.unscoped.get(pk=cqo_a.pk))
    case = supervise.letter_read(cqo_a)
    after = vars(Appointment.unscoped.get(pk=cqo_a.pk))
    assert {k: v for k, v in after.items() if k != "_state"} == {k: v for k, v in before.items() if k != "_state"}
    assert told("enterprise", company_a) == ["征求陈述意见", "建议解除聘任函"]
    county = [f"收到{party.label}的陈述意见：{case.reference}" for party in (Party.ENTERPRISE, Party.CQO)]
    assert told("county", company_a.county) == [*county, f"建议函已签发：{case.number}"]
    assert city() == [f"待签发：解除聘任建议{case.reference}"]
    assert told("enterprise", company_b) == told("county", company_b.county) == []
    body = Message.unscoped.get(subject="建议解除聘任函").body
    assert "是否解除由企业决定" in body
    texts = Delivery.unscoped.filter(enterprise=company_a, channel=Channel.SMS, created_at=AT)
    assert texts.count() == 2


def test_the_enterprise_dismisses_by_its_own_act_and_the_appointment_ends_that_day(
    supervise, cqo_a, company_a, user_a, county_one, municipal
):
    case = supervise.letter_read(cqo_a)
    assert refused(actions.answer_case, case, version=case.version, answer="", by=user_a, at=AT)[1] == "answer"
    for by in (county_one, municipal):
        decided = {"version": case.version, "answer": CaseAnswer.DISMISSED, "by": by, "at": AT}
        assert refused(actions.answer_case, case, **decided)[0] == MAY_NOT
    late = AT + 40 * DAY  # after the day for the answer: it still decides
    case = actions.answer_case(case, version=case.version, answer=CaseAnswer.DISMISSED, by=user_a, at=late)
    ended = Appointment.unscoped.get(pk=cqo_a.pk)
    assert (case.state, case.answer, case.answered_by) == (CaseState.ANSWERED, CaseAnswer.DISMISSED, user_a)
    assert (ended.state, ended.end_reason, ended.ended_by) == (State.ENDED, EndReason.DISMISSED, user_a)
    assert ended.ended_on == late.date() and ended.in_force.upper == late.date() + DAY
    assert ended.acts.get(kind="ended").reason.endswith(case.number)
    assert told("county", company_a.county)[-1] == city()[-1] == f"企业已答复：{case.number}"


def test_not_dismissing_needs_a_reason_and_ends_the_case_alone(supervise, cqo_a, user_a):
    case = supervise.letter_read(cqo_a)
    values = {"version": case.version, "answer": CaseAnswer.DECLINED, "by": user_a, "at": AT}
    assert refused(actions.answer_case, case, **values, reason=" ")[1] == "reason"
    assert actions.answer_case(case, **values, reason="责任另有其人").state == CaseState.ANSWERED
    assert Appointment.unscoped.get(pk=cqo_a.pk).state == State.FILED
    again = refused(actions.answer_case, case, **values | {"version": fresh(case).version}, reason="又")
    assert again[0].startswith("这件建议案现在是“企业已答复”")


def test_an_answer_after_the_withdrawal_is_refused_and_a_withdrawal_after_the_answer_too(
    supervise, cqo_a, company_a, user_a, county_one, municipal
):
    case = supervise.letter_read(cqo_a)
    back = {"version": case.version, "reason": "事实有误", "at": AT}
    assert refused(actions.withdraw_case, case, by=municipal, **back | {"reason": " "})[1] == "reason"
    assert refused(actions.withdraw_case, case, by=county_one, **back)[0] == MAY_NOT  # it is the city's letter
    dismiss = {"answer": CaseAnswer.DISMISSED, "by": user_a, "at": AT}
    with undone():
        gone = actions.withdraw_case(case, by=municipal, **back)
        assert told("enterprise", company_a)[-1] == f"已收回建议：{case.number}"
        sentence = refused(actions.answer_case, gone, version=gone.version, **dismiss)[0]
        assert sentence.startswith("这件建议案现在是“已收回建议”")
        assert Appointment.unscoped.get(pk=cqo_a.pk).state == State.FILED
    answered = actions.answer_case(case, version=case.version, **dismiss)
    sentence = refused(actions.withdraw_case, answered, by=municipal, **back | {"version": answered.version})[0]
    assert sentence.startswith("这件建议案现在是“企业已答复”")


def test_an_appointment_that_ends_closes_its_case_whoever_ended_it(supervise, cqo_a, company_a, user_a, county_one):
    with undone():  # by the clock
        case = supervise.asked(cqo_a)
        assert actions.expire_due(at=datetime(2027, 1, 10, 2, tzinfo=UTC)) == 1
        closed = fresh(case)
        assert (closed.state, closed.acts.first().by) == (CaseState.CLOSED, None) and "聘任期满" in closed.end_reason
        assert told("enterprise", company_a)[-1].startswith("聘任已终止，办结")
    with undone():  # by the enterprise, before it was told anything
        case = supervise.opened(cqo_a)
        supervise.resign(cqo_a)
        assert fresh(case).state == CaseState.CLOSED
        assert not any(subject.startswith("聘任已终止，办结") for subject in told("enterprise", company_a))
    with undone():  # dismissed on the page of the appointment: that is its answer to a letter that was served
        case = supervise.letter_read(cqo_a)
        dismiss(cqo_a, user_a)
        answered = fresh(case)
        assert (answered.state, answered.answer) == (CaseState.ANSWERED, CaseAnswer.DISMISSED)
    case = supervise.issued(cqo_a)  # dismissed before the letter was served: there was nothing to answer yet
    dismiss(cqo_a, user_a)
    assert fresh(case).state == CaseState.CLOSED
    names = [f"1:{Finding.unscoped.first().reference}"]
    over = refused(actions.open_case, cqo_a, names=names, by=county_one, at=AT)
    assert over[0] == "这项任命已不在任，没有可以建议解除的聘任。"


def dismiss(appointment, user) -> None:
    row = fresh(appointment)
    actions.end(row, version=row.version, reason=EndReason.DISMISSED, last_day=TODAY, by=user, at=AT)


def test_who_is_in_office_before_filing_may_be_dismissed_or_the_filing_withdrawn(
    supervise, make, person_a, company_a, user_a
):
    """In office since January, still waiting to be checked: the enterprise's answer ends it that day all the same."""
    row = make.submitted(person_a, company_a, first_day=FOUND["happened_on"])
    with undone():
        case = supervise.asked(row)
        actions.withdraw(fresh(row), version=row.version, reason="有误", by=user_a, at=AT)
        assert fresh(case).state == CaseState.CLOSED and "任命已撤回" in fresh(case).end_reason
    case = supervise.answered(row, answer=CaseAnswer.DISMISSED)
    after = fresh(row)
    assert (case.state, after.state) == (CaseState.ANSWERED, State.WITHDRAWN)
    assert after.in_force.upper == TODAY + DAY


def test_the_answer_of_a_paper_filer_is_transcribed_with_its_scan(
    supervise, make, person_a, company_a, county_one, county_two
):
    row = actions.enter_at_counter(
        enterprise=company_a, candidate=person_a, transcript=make.stored(company_a), own_letter_number="甲聘 1 号",
        by=county_one, at=AT, **COMPLETE | {"first_day": FOUND["happened_on"]},
    )  # fmt: skip
    case = supervise.letter_read(row)
    values = {"version": case.version, "answer": CaseAnswer.DECLINED, "reason": "责任另有其人", "at": AT}
    assert refused(actions.answer_case, case, by=county_two, **values)[0] == MAY_NOT
    assert refused(actions.answer_case, case, by=county_one, **values) == ("代录企业的答复须附扫描件。", "scan")
    scan = make.stored(company_a, name="答复.pdf")
    with undone():
        dismissed = actions.answer_case(
            case, by=county_one, scan=scan, **values | {"answer": CaseAnswer.DISMISSED, "reason": ""}
        )
        ending = dismissed.appointment.evidences.get(kind=EvidenceKind.ENDING)
        assert (fresh(row).state, ending.file, ending.added_by) == (State.WITHDRAWN, scan, county_one)
    case = actions.answer_case(case, by=county_one, scan=scan, **values)
    assert (case.answered_by, case.answer_scan) == (county_one, scan)


def test_the_wrong_office_may_do_nothing_in_a_case(
    supervise, make, cqo_a, company_a, user_a, user_b, trainer, county_two, administrator, county_one
):
    strangers = [user_b, county_two, trainer, administrator]

    def may_not(act, row, by, **values):
        for user in by:
            assert refused(act, row, by=user, at=AT, **values)[0] == MAY_NOT, (act.__name__, user.username)

    paper, not_a_bureau = supervise.paper(company_a), [*strangers, user_a]
    names = [f"1:{supervise.finding(cqo_a).reference}"]
    may_not(actions.open_case, cqo_a, not_a_bureau, names=names)
    may_not(actions.decline_to_open, cqo_a, not_a_bureau, names=names, reason="无")
    case = supervise.opened(cqo_a, names)
    may_not(actions.ask_statements, case, not_a_bureau, version=1, due_on=TODAY + DAY)
    may_not(actions.add_case_evidence, case, not_a_bureau, title="笔录", file=paper)
    case = actions.ask_statements(case, version=1, due_on=TODAY + DAY, by=county_one, at=AT)
    may_not(actions.state, case, [*strangers, county_one], words="我说")
    said = {"party": Party.CQO, "words": "见扫描件", "file": paper, "received_on": TODAY}
    may_not(actions.record_statement, case, not_a_bureau, **said)
    may_not(actions.issue_link, case, not_a_bureau)
    may_not(actions.record_notice_service, case, not_a_bureau, party=Party.CQO, served_on=TODAY, proof=paper)
    link = supervise.link(case)[0]
    may_not(actions.revoke_link, link, not_a_bureau)
    actions.revoke_link(link, by=county_one, at=AT)
    supervise.heard(case)
    may_not(actions.propose, case, not_a_bureau, version=2, reason="属实")
    case = actions.propose(case, version=2, reason="属实", by=county_one, at=AT)
    cannot_sign = [*strangers, user_a, account("c3", Role.COUNTY, "县局一（三）", county=county_one.county)]
    may_not(actions.sign, case, cannot_sign, version=3, answer_due=TODAY + MONTH)
    may_not(actions.send_back, case, cannot_sign, version=3, reason="不足")
    may_not(actions.decide_not, case, cannot_sign, version=3, reason="不足")
    case = actions.sign(case, version=3, answer_due=TODAY + MONTH, by=supervise.city, at=AT)
    may_not(actions.attach_stamped, case, not_a_bureau, file=paper)
    may_not(actions.record_letter_service, case, not_a_bureau, served_on=TODAY, proof=paper)
    may_not(actions.open_letter, case, [*strangers, county_one])
    case = actions.open_letter(case, by=user_a, at=AT)
    may_not(actions.answer_case, case, [*strangers, county_one], version=case.version, answer=CaseAnswer.DISMISSED)
    may_not(actions.withdraw_case, case, [*strangers, user_a], version=case.version, reason="无")


# --- Reminders (Art. 12) ---------------------------------------------------------------------------------------------


def reports_of(appointment) -> list[int]:
    """The steps of reminding of the report, in the order in which they were sent."""
    rows = Reminder.unscoped.filter(appointment=appointment, kind="report").order_by("pk")
    return list(rows.values_list("step", flat=True))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def test_each_step_is_reminded_of_once_and_silence_is_told_to_the_county(supervise, cqo_a, company_a):
    supervise.duty(cqo_a)
    day, sent = PUBLISHED.date(), []
    while day <= DUE + 9 * DAY:
        before = len(reports_of(cqo_a))
        actions.send_reminders(at=noon(day))
        assert actions.send_reminders(at=noon(day) + timedelta(hours=1)) == 0
        if len(reports_of(cqo_a)) > before:
            sent.append((day - DUE).days)
        day += DAY if (day - DUE).days > -9 else 8 * DAY
    assert reports_of(cqo_a) == [60, 30, 7, 0, OVERDUE, SILENCE]  # 90 days before, the notice was not there yet
    assert sent[2:] == [-7, 0, 1, 8]
    subject = f"提醒：{NOTICE['title']}"
    assert told("enterprise", company_a).count(subject) == 6
    assert told("county", company_a.county) == ["逾期未办：甲公司"] and city() == []


def test_an_outage_is_made_up_for_by_one_reminder_and_a_clock_set_back_sends_nothing(supervise, cqo_a):
    supervise.duty(cqo_a)
    actions.send_reminders(at=noon(DUE - 30 * DAY))
    assert reports_of(cqo_a) == [30]  # 60 is past and not sent on top
    for day in (DUE - 4 * DAY, DUE - 11 * DAY, DUE - 31 * DAY, DUE - 70 * DAY, DUE - 4 * DAY):
        actions.send_reminders(at=noon(day))
    assert reports_of(cqo_a) == [30, 7]


def test_who_has_reported_is_left_in_peace_and_a_later_day_is_reminded_of_anew(supervise, cqo_a, municipal):
    duty = supervise.duty(cqo_a)
    actions.send_reminders(at=noon(DUE - 7 * DAY))
    actions.extend_due(duty.cycle, due_on=DUE + MONTH, reason="台风", by=municipal, at=noon(DUE - 6 * DAY))
    actions.send_reminders(at=noon(DUE))
    assert reports_of(cqo_a) == [7, 30]
    with undone():
        actions.withdraw_cycle(fresh(duty.cycle), version=3, reason="有误", by=municipal, at=noon(DUE))
        assert actions.send_reminders(at=noon(DUE + MONTH)) == 0
    supervise.reported(fresh(duty), at=noon(DUE))
    actions.send_reminders(at=noon(DUE + MONTH))
    assert reports_of(cqo_a) == [7, 30]


def test_two_that_run_at_once_send_each_reminder_once(supervise, cqo_a, company_a):
    """The second found the reminder due before the first had written it."""
    supervise.duty(cqo_a)
    due = list(actions.reminders_due(DUE))
    assert due and actions.send_reminders(at=noon(DUE)) == len(due)
    before = Message.unscoped.count(), Delivery.unscoped.count()
    assert [reminding._send(one, at=noon(DUE)) for one in due] == [False] * len(due)
    assert (Message.unscoped.count(), Delivery.unscoped.count()) == before
    other_step = [replace(one, step=77) for one in due]
    assert all(reminding._send(one, at=noon(DUE)) for one in other_step)


def test_the_statement_and_the_answer_are_reminded_of_and_nothing_once_they_are_in(supervise, cqo_a, user_a, municipal):
    def due(at) -> list[tuple[str, int]]:
        return [(one.obligation.kind, one.step) for one in actions.reminders_due(at.date())]

    case = supervise.asked(cqo_a)
    assert ("statement", 7) in due(AT + 3 * DAY) and ("statement", 0) in due(AT + 10 * DAY)
    assert not any(kind == "statement" for kind, _ in due(LATER))  # it has no consequence but that one decides
    supervise.heard(case)
    assert not any(kind == "statement" for kind, _ in due(AT + 3 * DAY))
    case = actions.propose(fresh(case), version=2, reason="属实", by=supervise.make.officer(cqo_a.enterprise), at=AT)
    case = actions.sign(case, version=3, answer_due=TODAY + 20 * DAY, by=municipal, at=AT)
    case = actions.open_letter(case, by=user_a, at=AT)
    assert ("answer", 7) in due(AT + 13 * DAY) and ("answer", 0) in due(AT + 20 * DAY)
    assert not any(kind == "answer" for kind, _ in due(AT + 21 * DAY))  # silence is an outcome, and no default
    actions.answer_case(case, version=case.version, answer=CaseAnswer.DECLINED, reason="否", by=user_a, at=AT)
    assert not any(kind == "answer" for kind, _ in due(AT + 13 * DAY))


def test_the_command_lists_what_is_due_and_sends_only_when_told_to(supervise, cqo_a, capsys):
    supervise.duty(cqo_a)
    with time_machine.travel(noon(DUE), tick=False):
        call_command("remind")
        listed = capsys.readouterr().out
        assert "甲公司" in listed and "当天到期" in listed and "未发出" in listed
        assert not Reminder.unscoped.exists()
        call_command("remind", "--send")
        call_command("remind", "--send")
    said = capsys.readouterr().out.splitlines()
    assert said == [f"已发出 {Reminder.unscoped.count()} 条提醒。", "已发出 0 条提醒。"] and reports_of(cqo_a) == [0]


# --- What the reviews found ------------------------------------------------------------------------------------------


def test_a_paper_that_only_the_bureaus_see_is_no_paper_of_the_enterprise(supervise, cqo_a, company_a, county_one):
    duty, inner = supervise.duty(cqo_a), supervise.paper(company_a)
    sentence, field = refused(actions.transcribe_report, duty, received_on=DUE, transcript=inner, by=county_one, at=AT)
    assert field == "transcript" and "内部文件" in sentence


def test_a_dismissal_that_a_bureau_transcribes_as_an_end_leaves_its_scan_with_the_answer(
    supervise, make, person_a, company_a, county_one, municipal
):
    row = actions.enter_at_counter(
        enterprise=company_a, candidate=person_a, transcript=make.stored(company_a), own_letter_number="甲聘 1 号",
        by=county_one, at=AT, **COMPLETE | {"first_day": FOUND["happened_on"]},
    )  # fmt: skip
    opinions = {"opinions": make.opinions(row), "at": AT}
    row = actions.check(row, version=row.version, by=county_one, **opinions)
    row = actions.file(row, version=row.version, by=municipal, **opinions)
    case, scan = supervise.letter_read(row), make.stored(company_a, name="解聘决定.pdf")
    row = fresh(row)
    actions.end(
        row, version=row.version, reason="dismissed", last_day=TODAY, by=county_one, at=AT, scan=scan,
    )  # fmt: skip
    assert (fresh(case).answer, fresh(case).answer_scan) == (CaseAnswer.DISMISSED, scan)


def test_targets_are_not_agreed_years_before_their_year(make, supervise, cqo_a, company_a, user_a):
    values = {"year": 2026, "agreement": make.stored(company_a), "targets": TARGETS, "by": user_a, "at": AT}
    told = refused(actions.record_targets, cqo_a, agreed_on=date(2024, 12, 31), **values)
    assert told == ("2026年的绩效，约定日期不得早于2025年。", "agreed_on")
    assert actions.record_targets(cqo_a, agreed_on=date(2025, 1, 1), **values).agreed_on == date(2025, 1, 1)


@pytest.mark.parametrize(("recorded", "said"), [(0, False), (1, True)])
def test_service_that_is_put_on_record_after_the_due_day_says_so_in_the_chain(
    supervise, cqo_a, company_a, county_one, recorded, said
):
    at = datetime(DUE.year, DUE.month, DUE.day, 2, tzinfo=UTC) + recorded * DAY
    duty, proof = supervise.duty(cqo_a), supervise.paper(company_a, at=at)
    duty = actions.record_service(duty, served_on=DUE - 9 * DAY, proof=proof, by=county_one, at=at)
    chain = grounds.chain_of_duty(ReportDuty.unscoped.with_parties().get(pk=duty.pk), TODAY)
    words = next(link.words for link in chain.links if link.name == "送达")
    assert chain.supported and ("期限过后补录" in "".join(words)) == said
