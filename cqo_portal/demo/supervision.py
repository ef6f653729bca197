"""The demo's supervision: notices and reports, targets, findings, and a recommendation in each stage (Art. 5, 12).

Stories like those of the enterprises (see ``stories``); nothing is written past the actions.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random

from appointments import actions
from appointments.models import (
    Appointment,
    DismissalRecommendation,
    DutyReport,
    Finding,
    ReportCycle,
    ReportDuty,
    TargetSheet,
)
from appointments.rules import SECTIONS
from appointments.states import (
    AccidentKind,
    Behaviour,
    CaseAnswer,
    CaseState,
    FindingObject,
    GroundKind,
    ReportState,
)
from cqo_portal.demo import evidence
from cqo_portal.demo.names import FIRMS
from cqo_portal.demo.people import DAYS, City, Firm, office_hour, upload
from cqo_portal.demo.stories import Story
from registry.actions.common import day_of
from registry.actions.files import store_file
from registry.calendar_days import is_workday
from registry.citing import cite
from registry.models import StoredFile, User

PUBLISHED, DUE = 232, 174  # days ago: last year's notice, and the day until which it asked
RUNNING, RUNNING_DUE = 18, -42  # this one's
SAID = {
    "proposals": "向总经理办公会提出质量改进建议6项，采纳5项，其中增设来料复检岗位已落实。",
    "responsibility": "每季度检查各岗位质量责任制一次，共发现问题23项，全部按期整改。",
    "checks": "原料进厂批批检验，关键工序设质量控制点9个，出厂检验合格率99.2%。",
    "system": "质量管理体系完成年度内审和管理评审，关闭不符合项7项。",
    "activities": "组织质量改进小组5个，完成攻关课题3项，减少返工损失约38万元。",
    "quality_cost": "质量损失率由1.9%降到1.4%，按月核算并通报。",
    "statistics": "每月编制质量统计分析，对色差、尺寸两项不良作了原因分析。",
    "assessment": "质量指标占部门绩效考核的30%，全年兑现奖惩41人次。",
    "strategy": "制定年度质量工作计划和质量安全保障措施，修订质量发展规划。",
    "education": "组织质量培训16场、620人次，新员工上岗前质量教育覆盖率100%。",
    "culture": "开展“质量月”活动，评选质量标兵12人。",
}
TARGETS = (("出厂检验合格率", "不低于99%"), ("顾客质量投诉", "不超过12起"), ("质量损失率", "不高于1.5%"))
FACTS = (
    "监督抽查发现一批产品关键指标不合格，企业未按规定报告，仍安排出厂。",
    "出厂检验设备超期未检定仍在使用，检验结论不可靠，属质量管理的重大风险隐患，企业长期没有上报。",
    "企业上报的整改报告称已更换不合格原料，经核对入库记录，原料没有更换。",
    "关键工序质量控制点停用两个月，不合格品可能流出，企业没有报告。",
    "原料供应商被吊销许可后，企业仍继续采购使用三个月，没有报告。",
)


def stories(city: City, dice: int) -> Iterator[Story]:
    """Everything of the demo's supervision."""
    yield _last_years_cycle(city, Random(dice + 1100))
    yield _running_cycle(city, Random(dice + 1200))
    yield _drafted_cycle(city, Random(dice + 1250))
    yield _agreed(city, Random(dice + 1300))
    yield _accident(city, Random(dice + 1350))
    for place, stage in enumerate(STAGES):
        yield _case(city, Random(dice + 1400 + place), place, stage)
    for place in range(2):
        yield _loose_finding(city, Random(dice + 1450 + place), place)


def _firm_of(city: City, appointment: Appointment) -> Firm:
    return next(firm for firm in city.firms if firm.enterprise.pk == appointment.enterprise_id)


def _office(day: date, random: Random) -> datetime:
    """A moment within office hours on that day, or on the next working day."""
    while not is_workday(day):
        day += DAYS
    return office_hour(day, random)


def _internal(firm: Firm, title: str, words: list[str], *, by: User, at: datetime) -> StoredFile:
    """A paper of the bureau about an enterprise, which the enterprise does not see."""
    data = evidence.scan(title, words, issuer=by.office_name, as_pdf=True)
    return store_file(data, f"{title}.pdf", enterprise=firm.enterprise, internal=True, by=by, at=at)


# --- Notices and reports ---------------------------------------------------------------------------------------------


def _notice(city: City, first: date, last: date, *, number: int, due_on: date, at: datetime) -> ReportCycle:
    when = f"{first.year}年{first.month}月至{last.year}年{last.month}月"
    body = (
        f"各有关企业：为了解首席质量官履行职责的情况，请于期限前提供{when}的履职报告。"
        f"报告按办法{cite('5')}所列职责分项填写，没有开展的请写明原因。履职情况由企业首席质量官本人负责。"
    )
    return actions.prepare_cycle(
        title=f"关于提供{when}首席质量官履职报告的通知", body=body, number=f"清质监通〔{day_of(at).year}〕{number}号",
        first_day=first, last_day=last, due_on=due_on, by=city.municipal, at=at,
    )  # fmt: skip


def _months_before(day: date, months: int) -> tuple[date, date]:
    """That many whole months that end before the month of ``day``: first and last day."""
    last = day.replace(day=1) - DAYS
    whole = last.year * 12 + last.month - months
    return date(whole // 12, whole % 12 + 1, 1), last


def _last_years_cycle(city: City, random: Random) -> Story:
    """Published in spring: most reported in time, some late, some not at all, some never opened the notice."""
    day = city.today - PUBLISHED * DAYS
    at = yield office_hour(day, random)
    cycle = _notice(city, *_months_before(day, 12), number=8, due_on=city.today - DUE * DAYS, at=at)
    yield from _followed_up(city, cycle, at, lambda firm, duty, place: _reported(firm, duty, place, day, random))


def _followed_up(city: City, cycle: ReportCycle, at: datetime, what: Callable) -> Story:
    """Published an hour later; then what became of each duty, in the order of time."""
    at = yield at + timedelta(hours=1)
    cycle = actions.publish_cycle(cycle, version=cycle.version, by=city.municipal, at=at)
    planned: list[tuple[datetime, Callable[[datetime], object]]] = []
    for place, duty in enumerate(cycle.duties.order_by("pk")):
        planned += what(_firm_of(city, duty.appointment), duty, place)
    for when, act in sorted(planned, key=lambda event: event[0]):
        at = yield when
        act(at)


def _reported(firm: Firm, duty: ReportDuty, place: int, day: date, random: Random):
    """What became of one duty: of ten, four came in time, one late, three not; one was on paper, one never opened."""
    kind = "in time" if firm.account.username == "enterprise-a" else (
        "in time", "silent", "in time", "late", "paper", "silent", "in time", "unopened", "silent", "in time"
    )[place % 10]  # fmt: skip
    if kind == "unopened" or place == 8:
        return
    if kind == "paper":
        yield firm.hour(day + 12 * DAYS), lambda at: _served_on_paper(firm, duty, at)
        if place % 20 == 4:  # of two, one hands it in at the counter
            yield firm.hour(duty.due_on - 5 * DAYS), lambda at: _transcribed(firm, duty, at)
        return
    yield firm.hour(day + random.randrange(1, 9) * DAYS), lambda at: actions.open_notice(duty, by=firm.account, at=at)
    if kind == "silent":
        return
    handed_in = duty.due_on + (random.randrange(3, 20) if kind == "late" else -random.randrange(2, 30)) * DAYS
    yield firm.hour(handed_in), lambda at: _hand_in(firm, duty, at)
    if place % 6 == 2:
        yield firm.hour(handed_in + 4 * DAYS), lambda at: _returned(firm, duty, at)
        yield firm.hour(handed_in + 9 * DAYS), lambda at: _added(firm, duty, at)
    yield firm.hour(handed_in + 15 * DAYS), lambda at: _noted(firm, duty, at)


def _hand_in(firm: Firm, duty: ReportDuty, at: datetime) -> DutyReport | None:
    """Written, with an attachment, and submitted; nothing where the appointment is over by now."""
    appointment = Appointment.unscoped.get(pk=duty.appointment_id)
    if not appointment.in_force or day_of(at) not in appointment.in_force:
        return None
    report = actions.start_report(duty, by=firm.account, at=at)
    day = duty.cycle.last_day - 60 * DAYS
    veto = {
        "day": day, "subject": "一批出厂产品",
        "reason": "关键尺寸超差，不符合企业标准。", "result": "整批返工后复检合格。",
    }  # fmt: skip
    used = firm.random.random() < 0.4
    report = actions.save_report(
        report, version=report.version, by=firm.account, at=at, vetoes=[veto] if used else [], used_veto=used,
        **{section.field: SAID[section.field] for section in SECTIONS},
    )  # fmt: skip
    scan = upload(firm, "质量工作总结", ["年度质量工作总结（盖章件）。"], issuer=firm.enterprise.name, at=at)
    actions.attach(report, file=scan, by=firm.account, at=at)
    return actions.submit_report(report, version=report.version, by=firm.account, at=at)


def _served_on_paper(firm: Firm, duty: ReportDuty, at: datetime) -> None:
    proof = _internal(firm, "送达回证", [f"{duty.cycle.number}于当日送达，由企业签收。"], by=firm.officer, at=at)
    actions.record_service(duty, served_on=day_of(at), proof=proof, by=firm.officer, at=at)


def _transcribed(firm: Firm, duty: ReportDuty, at: datetime) -> None:
    """代录 of a report that was handed in on paper."""
    data = evidence.scan("履职报告", list(SAID.values()), issuer=firm.enterprise.name, as_pdf=True)
    scan = store_file(data, "纸质履职报告.pdf", enterprise=firm.enterprise, by=firm.officer, at=at)
    actions.transcribe_report(
        duty,
        received_on=day_of(at),
        transcript=scan,
        by=firm.officer,
        at=at,
        strategy=SAID["strategy"],
        used_veto=False,
    )


def _report(duty: ReportDuty) -> DutyReport | None:
    return DutyReport.unscoped.filter(duty=duty).exclude(state=ReportState.DRAFT).first()


def _returned(firm: Firm, duty: ReportDuty, at: datetime) -> None:
    if report := _report(duty):
        reason = "“质量成本管理”请补充全年质量损失率的数据来源。"
        actions.return_report(report, version=report.version, reason=reason, by=firm.officer, at=at)


def _added(firm: Firm, duty: ReportDuty, at: datetime) -> None:
    if report := _report(duty):
        report = actions.save_report(
            report, version=report.version, by=firm.account, at=at,
            quality_cost=f"{SAID['quality_cost']}数据取自财务部质量成本台账。",
        )  # fmt: skip
        actions.submit_report(report, version=report.version, by=firm.account, at=at)


def _noted(firm: Firm, duty: ReportDuty, at: datetime) -> None:
    report = _report(duty)
    if report and report.state == ReportState.RECEIVED:
        actions.note_report(report, version=report.version, by=firm.officer, at=at)


def _running_cycle(city: City, random: Random) -> Story:
    """Published lately: a few have reported, a few are writing, one has been given more time."""
    day = city.today - RUNNING * DAYS
    at = yield office_hour(day, random)
    cycle = _notice(city, *_months_before(day, 6), number=21, due_on=city.today - RUNNING_DUE * DAYS, at=at)
    yield from _followed_up(city, cycle, at, lambda firm, duty, place: _under_way(firm, duty, place, day, city))


def _under_way(firm: Firm, duty: ReportDuty, place: int, day: date, city: City):
    if place % 4 == 3 or firm.account.username == "enterprise-a":
        return
    yield firm.hour(day + (1 + place % 5) * DAYS), lambda at: actions.open_notice(duty, by=firm.account, at=at)
    if place % 5 == 1:
        yield firm.hour(day + 8 * DAYS), lambda at: _hand_in(firm, duty, at)
    elif place % 5 == 2:
        yield firm.hour(day + 9 * DAYS), lambda at: _begun(firm, duty, at)
    elif place == 4:
        yield firm.hour(day + 10 * DAYS), lambda at: actions.extend_due(
            duty.cycle, duty=duty, due_on=duty.due_on + 15 * DAYS, reason="企业书面申请：财务系统切换，数据延后。",
            by=city.municipal, at=at,
        )  # fmt: skip


def _begun(firm: Firm, duty: ReportDuty, at: datetime) -> None:
    report = actions.start_report(duty, by=firm.account, at=at)
    actions.save_report(report, version=report.version, by=firm.account, at=at, proposals=SAID["proposals"])


def _drafted_cycle(city: City, random: Random) -> Story:
    at = yield office_hour(city.today - 2 * DAYS, random)
    year = city.today.year
    _notice(city, date(year, 1, 1), date(year, 12, 31), number=30, due_on=date(year + 1, 3, 31), at=at)


# --- Targets, accidents, findings ------------------------------------------------------------------------------------


def _in_force(day: date):
    return Appointment.unscoped.in_force(day).filter(state="filed").order_by("pk")


def _agreed(city: City, random: Random) -> Story:
    """Targets of last year with results, some unmet; and of this year."""
    day = max(city.today - 300 * DAYS, date(city.today.year, 1, 8)) if city.today.month > 1 else city.today - DAYS
    at = yield office_hour(day, random)
    for place, appointment in enumerate(_in_force(day)):
        firm = _firm_of(city, appointment)
        if place % 3 and firm.account.username != "enterprise-a":
            continue
        sheet = _sheet(firm, appointment, day, at)
        if city.today - day > timedelta(days=150) and place % 2 == 0:
            _results(firm, sheet, at, unmet=place % 4 == 0)


def _sheet(firm: Firm, appointment: Appointment, day: date, at: datetime) -> TargetSheet:
    words = [f"{name}：{goal}" for name, goal in TARGETS]
    scan = upload(firm, "质量工作绩效约定书", words, issuer=firm.enterprise.name, at=at)
    return actions.record_targets(
        appointment, year=day.year, agreed_on=day, agreement=scan, targets=TARGETS, by=firm.account, at=at
    )


def _results(firm: Firm, sheet: TargetSheet, at: datetime, *, unmet: bool) -> None:
    scan = upload(firm, "绩效完成情况", ["半年完成情况，附统计表。"], issuer=firm.enterprise.name, at=at)
    results = {1: (True, "上半年合格率99.3%。"), 2: (not unmet, "上半年投诉15起。" if unmet else "上半年投诉4起。")}
    actions.record_results(sheet, results=results, evidence=scan, by=firm.account, at=at)


def _accident(city: City, random: Random) -> Story:
    at = yield office_hour(city.today - 120 * DAYS, random)
    if (appointment := _in_force(day_of(at)).last()) is None:
        return
    firm = _firm_of(city, appointment)
    actions.record_accident(
        enterprise=firm.enterprise, kind=AccidentKind.IMPACT, happened_on=day_of(at) - 6 * DAYS,
        facts="产品质量问题经媒体报道，造成较大社会影响，企业已召回处理。", document="调查报告（演示）",
        by=firm.officer, at=at,
    )  # fmt: skip


def _found(firm: Firm, appointment: Appointment, place: int, at: datetime, *, knew: bool) -> Finding:
    day = day_of(at)
    known = {"knew_on": day - 20 * DAYS, "knew_what": "车间主任当日书面报告了上述情况，本人签收。"} if knew else {}
    finding = actions.record_finding(
        appointment, about=FindingObject.values[place % 2], behaviour=Behaviour.values[place % 3],
        facts=FACTS[place % len(FACTS)], happened_on=day - 25 * DAYS, found_on=day - 3 * DAYS, source="日常监督检查",
        by=firm.officer, at=at, **known,
    )  # fmt: skip
    for title in ("现场检查笔录", "书面报告复印件"):
        file = _internal(firm, title, [finding.facts], by=firm.officer, at=at)
        actions.add_finding_evidence(finding, title=title, file=file, by=firm.officer, at=at)
    return finding


def _loose_finding(city: City, random: Random, place: int) -> Story:
    """One on file without what the CQO knew, one still a draft: the chain lacks a link."""
    at = yield office_hour(city.today - (40 - 25 * place) * DAYS, random)
    long_ago = day_of(at) - 40 * DAYS
    rows = list(_in_force(day_of(at)).filter(recommendations=None, findings=None, first_day__lt=long_ago)[:3])
    if len(rows) < 3:
        return
    firm = _firm_of(city, rows[place])
    finding = _found(firm, rows[place], place + 3, at, knew=False)
    if place == 0:
        actions.file_finding(finding, version=finding.version, by=firm.officer, at=at)


# --- Recommendations -------------------------------------------------------------------------------------------------

# How far each goes; every second one stands on a finding, the others on a report that never came.
STAGES = (
    CaseState.OPENED, CaseState.ASKED, CaseState.PROPOSED, CaseState.ISSUED, CaseState.SERVED, CaseState.ANSWERED,
    CaseState.ANSWERED, CaseState.NOT_RECOMMENDED, CaseState.WITHDRAWN, CaseState.SERVED, CaseState.CLOSED,
)  # fmt: skip
DISMISSING, UNANSWERED = 6, 9
LEAVING = {row.name for row in FIRMS if row.plot in ("resigned", "closed")}  # their own stories end the appointment


def _case(city: City, random: Random, place: int, stage: CaseState) -> Story:
    """A case that goes as far as its stage."""
    ago = 120 - 4 * place if stage in (CaseState.ANSWERED, CaseState.WITHDRAWN, CaseState.CLOSED) else 34 - place
    ago = 100 if place == UNANSWERED else ago
    at = yield office_hour(city.today - ago * DAYS, random)
    if (picked := _picked(city, place, at)) is None:
        return
    firm, appointment, name = picked
    case = actions.open_case(appointment, names=[name], by=firm.officer, at=at)
    if stage == CaseState.OPENED:
        return
    at = yield _office(day_of(at) + DAYS, random)
    due = day_of(at) + (15 if stage == CaseState.ASKED else 8) * DAYS
    case = actions.ask_statements(case, version=case.version, due_on=due, by=firm.officer, at=at)
    link, token = actions.issue_link(case, by=firm.officer, at=at)
    at = yield firm.hour(day_of(at) + 2 * DAYS)
    actions.state(case, words="所述情况已经核对，企业已督促本人说明并整改。", by=firm.account, at=at)
    if stage == CaseState.ASKED:
        return
    at = yield firm.hour(day_of(at) + DAYS)
    actions.state_by_link(token, words="本人对所述情况没有及时处理，愿意承担相应责任，今后按规定履职。", at=at)
    at = yield _office(day_of(at) + 2 * DAYS, random)
    case = _again(case)
    if stage == CaseState.NOT_RECOMMENDED:
        reason = "企业和本人说明的情况属实，已主动补正，影响轻微，不提出建议。"
        actions.decide_not(case, version=case.version, reason=reason, by=firm.officer, at=at)
        return
    reason = "经研究，陈述意见所述理由不影响对上述事实的认定。"
    case = actions.propose(case, version=case.version, reason=reason, by=firm.officer, at=at)
    if stage != CaseState.PROPOSED:
        yield from _issued(city, firm, case, random, stage, place)


def _issued(city: City, firm: Firm, case: DismissalRecommendation, random: Random, stage, place: int) -> Story:
    """Signed by the city, served, answered or not."""
    at = yield _office(day_of(case.proposed_at) + 2 * DAYS, random)
    due = day_of(at) + 30 * DAYS
    case = actions.sign(case, version=case.version, answer_due=due, by=city.municipal, at=at)
    if stage == CaseState.ISSUED:
        return
    at = yield firm.hour(day_of(at) + 2 * DAYS)
    case = actions.open_letter(case, by=firm.account, at=at)
    at = yield _office(day_of(at) + 3 * DAYS, random)
    if stage == CaseState.ANSWERED:
        dismissed = place == DISMISSING
        actions.answer_case(
            case, version=case.version, answer=CaseAnswer.DISMISSED if dismissed else CaseAnswer.DECLINED,
            reason="" if dismissed else "本人已提交检查，企业研究决定继续聘任，并加强考核。", by=firm.account, at=at,
        )  # fmt: skip
    elif stage == CaseState.WITHDRAWN:
        reason = "企业补充的材料证明通知送达有误，收回建议。"
        actions.withdraw_case(case, version=case.version, reason=reason, by=city.municipal, at=at)
    elif stage == CaseState.CLOSED:
        appointment = Appointment.unscoped.get(pk=case.appointment_id)
        actions.end(
            appointment, version=appointment.version, reason="resigned", last_day=day_of(at), by=firm.account, at=at,
            why="本人书面辞任。",
        )  # fmt: skip


def _again(case: DismissalRecommendation) -> DismissalRecommendation:
    return DismissalRecommendation.unscoped.get(pk=case.pk)


def _picked(city: City, place: int, at: datetime) -> tuple[Firm, Appointment, str] | None:
    """An appointment that no case is about, and the ground by name: a finding, or a report that never came."""
    day = day_of(at)
    free = _in_force(day).filter(
        recommendations=None, findings=None, in_force__endswith__gt=city.today, first_day__lt=day - 40 * DAYS
    )
    free = free.exclude(enterprise__accounts__username="enterprise-a").exclude(enterprise__name__in=LEAVING)
    if place % 2:
        duties = ReportDuty.unscoped.standing().open().filter(appointment__in=free, due_on__lt=day).order_by("pk")
        if duty := duties.exclude(opened_at=None).select_related("appointment__enterprise").first():
            return _firm_of(city, duty.appointment), duty.appointment, f"{GroundKind.REPORT}:{duty.pk}"
    # One whose report is in, so that those without one are left for the others.
    reported = free.filter(report_duties__report__received_on__isnull=False).distinct()
    if (appointment := reported.first() or free.first()) is None:
        return None
    firm = _firm_of(city, appointment)
    finding = _found(firm, appointment, place, at, knew=True)
    actions.file_finding(finding, version=finding.version, by=firm.officer, at=at)
    return firm, appointment, f"{GroundKind.CONCEALMENT}:{finding.reference}"
