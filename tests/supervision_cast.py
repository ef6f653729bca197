"""What the bureau keeps an eye on, by the real acts: notices and reports, targets, findings, recommendations.

The days: 张三 is CQO from 10 January 2025, the notice of 10 January 2026 asks for the report of 2025 until 31 March,
甲公司 opened it on the 12th, and today (``AT``) that day is long over.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from appointments import actions
from appointments.models import (
    Accident,
    Appointment,
    DismissalRecommendation,
    DutyReport,
    Finding,
    ReportCycle,
    ReportDuty,
    StatementLink,
    TargetSheet,
)
from appointments.rules import SECTIONS
from appointments.states import (
    AccidentKind,
    Behaviour,
    CaseAnswer,
    CaseState,
    CycleState,
    EndReason,
    FindingObject,
    FindingState,
    Party,
    ReportState,
)
from registry.actions.common import day_of
from registry.actions.files import store_file
from registry.actions.measure import record_interpretation
from registry.models import Edition, StoredFile
from tests.cast import AT, TODAY, Make, part, pdf

TAKEN_OFFICE = datetime(2025, 1, 5, 2, tzinfo=UTC)  # when the appointment was submitted, checked and filed
FIRST_DAY = date(2025, 1, 10)
PUBLISHED = datetime(2026, 1, 10, 2, tzinfo=UTC)
OPENED = datetime(2026, 1, 12, 2, tzinfo=UTC)
IN_TIME = datetime(2026, 3, 20, 2, tzinfo=UTC)
DUE = date(2026, 3, 31)
DAY = timedelta(days=1)
NOTICE = {
    "title": "关于提供2025年度首席质量官履职报告的通知",
    "number": "清质监通〔2026〕8号",
    "body": "请按办法第五条逐项报告上一年度的履职情况。",
    "first_day": date(2025, 1, 1),
    "last_day": date(2025, 12, 31),
    "due_on": DUE,
}
REPORT = {section.field: f"{section.title}：已开展。" for section in SECTIONS} | {"used_veto": True}
VETO = {"day": date(2025, 6, 3), "subject": "第 12 批釉面砖", "reason": "放射性超标", "result": "全部返工"}
TARGETS = (("出厂合格率", "99.5% 以上"), ("顾客投诉", "不超过 3 起"))
FOUND = {
    "about": FindingObject.HAZARD,
    "behaviour": Behaviour.CONCEALED,
    "facts": "窑炉燃气管道泄漏报警持续三周，企业没有报告。",
    "happened_on": date(2026, 9, 1),
    "found_on": date(2026, 9, 25),
    "source": "监督检查",
    "knew_on": date(2026, 9, 2),
    "knew_what": "签收了泄漏报警记录。",
}


@contextmanager
def undone():
    """What happens inside is taken back, so that one CQO serves for several stories."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Supervise:
    """Supervision in any state, by the real acts; the county works a case, the city signs."""

    def __init__(self, make: Make):
        self.make = make
        self.city = make.municipal

    def cqo(self, person, company, at: datetime = TAKEN_OFFICE, **values) -> Appointment:
        """A filed appointment that is in force today."""
        return self.make.filed(person, company, at=at, **{"first_day": FIRST_DAY} | values)

    def paper(self, company, name: str = "送达回证.pdf", at: datetime = AT) -> StoredFile:
        """A paper about an enterprise that the county keeps for the bureaus' eyes."""
        officer = self.make.officer(company)
        return store_file(pdf(), name, enterprise=company, internal=True, by=officer, at=at)

    def reading(self, key: str, value, since: date = date(2018, 4, 1), number: str = "") -> None:
        """The city reads an open question so, from a day on (Art. 13)."""
        record_interpretation(
            edition=Edition.unscoped.get(), key=key, number=number or f"口径-{key}", reading=value, text="解释如下。",
            decided_on=since, effective_from=since, by=self.city, at=AT,
        )  # fmt: skip

    # --- Notices and reports -----------------------------------------------------------------------------------------

    def planned(self, at: datetime = PUBLISHED, **changes) -> ReportCycle:
        """A notice nobody was told of yet."""
        return actions.prepare_cycle(by=self.city, at=at, **NOTICE | changes)

    def cycle(self, at: datetime = PUBLISHED, **changes) -> ReportCycle:
        """A published notice; its duties lie upon whoever is in force that day."""
        row = self.planned(at, **changes)
        return actions.publish_cycle(row, version=row.version, by=self.city, at=at)

    def duty(self, appointment: Appointment, at: datetime = PUBLISHED, **changes) -> ReportDuty:
        """An appointment's duty under a notice published for it."""
        return self.cycle(at, **changes).duties.with_parties().get(appointment=appointment)

    def served(self, appointment: Appointment, at: datetime = OPENED, **changes) -> ReportDuty:
        """The same, the notice opened by the enterprise: with nothing received, ground (3) stands."""
        duty = self.duty(appointment, **changes)
        return actions.open_notice(duty, by=self.make.enterprise_user(duty.enterprise), at=at)

    def written(self, duty: ReportDuty, at: datetime = IN_TIME) -> DutyReport:
        """A whole report in draft: all sections, one veto, one attachment."""
        by = self.make.enterprise_user(duty.enterprise)
        row = actions.start_report(duty, by=by, at=at)
        row = actions.save_report(row, version=row.version, vetoes=[VETO], by=by, at=at, **REPORT)
        actions.attach(row, file=self.make.stored(duty.enterprise, name="质量月报.pdf", at=at), by=by, at=at)
        return row

    def reported(self, duty: ReportDuty, at: datetime = IN_TIME) -> DutyReport:
        """Handed in, with its receipt."""
        row = self.written(duty, at)
        return actions.submit_report(
            row, version=row.version, by=self.make.enterprise_user(duty.enterprise), at=at
        )  # fmt: skip

    def report_in(self, state: str, duty: ReportDuty) -> DutyReport:
        """A report in a state of ReportState."""
        if state == ReportState.DRAFT:
            return self.written(duty)
        row, officer = self.reported(duty), self.make.officer(duty.enterprise)
        if state == ReportState.RETURNED:
            row = actions.return_report(row, version=row.version, reason="缺质量成本数据", by=officer, at=IN_TIME)
        elif state == ReportState.NOTED:
            row = actions.note_report(row, version=row.version, by=officer, at=IN_TIME)
        return row

    def cycle_in(self, state: str) -> ReportCycle:
        """A notice in a state of CycleState."""
        row = self.planned() if state == CycleState.DRAFT else self.cycle()
        if state == CycleState.WITHDRAWN:
            row = actions.withdraw_cycle(row, version=row.version, reason="发布有误", by=self.city, at=PUBLISHED)
        return row

    # --- Targets, findings, accidents --------------------------------------------------------------------------------

    def targets(self, appointment: Appointment, year: int = 2025, targets: Sequence = TARGETS) -> TargetSheet:
        """Agreed in February of that year."""
        at = datetime(year, 2, 1, 2, tzinfo=UTC)
        company = appointment.enterprise
        return actions.record_targets(
            appointment, year=year, agreed_on=at.date(), agreement=self.make.stored(company, name="约定书.pdf"),
            targets=targets, by=self.make.enterprise_user(company), at=at,
        )  # fmt: skip

    def results(self, sheet: TargetSheet, *met: bool, at: datetime = AT) -> TargetSheet:
        """Results of the first so many targets."""
        company = sheet.appointment.enterprise
        said = {n: (done, "达到目标。" if done else "没有达到目标。") for n, done in enumerate(met, start=1)}
        evidence = self.make.stored(company, name="绩效证明.pdf")
        return actions.record_results(
            sheet, results=said, evidence=evidence, by=self.make.enterprise_user(company), at=at
        )  # fmt: skip

    def finding(
        self, appointment: Appointment, *, filed: bool = True, evidence: bool = True, at=AT, **changes
    ) -> Finding:
        """A finding with evidence and what the CQO knew; ground (1) stands on it once it is filed."""
        company, officer = appointment.enterprise, self.make.officer(appointment.enterprise)
        row = actions.record_finding(appointment, by=officer, at=at, **FOUND | changes)
        if evidence:
            file = self.paper(company, "检查记录.pdf")
            actions.add_finding_evidence(row, title="现场检查记录", file=file, by=officer, at=at)
        return actions.file_finding(row, version=row.version, by=officer, at=at) if filed else row

    def finding_in(self, state: str, appointment: Appointment) -> Finding:
        """A finding in a state of FindingState."""
        row = self.finding(appointment, filed=state != FindingState.DRAFT)
        if state == FindingState.WITHDRAWN:
            officer = self.make.officer(appointment.enterprise)
            row = actions.withdraw_finding(row, version=row.version, reason="查证不实", by=officer, at=AT)
        return row

    def accident(self, company, **changes) -> Accident:
        """Recorded apart: it leads to no ground."""
        said = {
            "kind": AccidentKind.ACCIDENT,
            "happened_on": date(2026, 8, 1),
            "facts": f"{company.name}发生质量安全事故。",
            "file": self.paper(company, "事故通报.pdf"),
        }
        return actions.record_accident(enterprise=company, by=self.make.officer(company), at=AT, **said | changes)

    # --- Recommendations ---------------------------------------------------------------------------------------------

    def opened(self, appointment: Appointment, names: Sequence[str] = (), at: datetime = AT) -> DismissalRecommendation:
        """A case; on a finding made for it, where no grounds are named (the cheapest ground to lay)."""
        names = names or [f"1:{self.finding(appointment).reference}"]
        return actions.open_case(appointment, names=names, by=self.make.officer(appointment.enterprise), at=at)

    def asked(self, appointment: Appointment, names=(), at=AT) -> DismissalRecommendation:
        """The enterprise and the CQO are asked, for ten days."""
        row = self.opened(appointment, names, at)
        officer = self.make.officer(appointment.enterprise)
        return actions.ask_statements(row, version=row.version, due_on=day_of(at) + 10 * DAY, by=officer, at=at)

    def link(self, case: DismissalRecommendation, at: datetime = AT) -> tuple[StatementLink, str]:
        """The CQO's one-time link, with its secret."""
        return actions.issue_link(case, by=self.make.officer(case.enterprise), at=at)

    def heard(self, case: DismissalRecommendation, at: datetime = AT) -> None:
        """Both statements are in: the enterprise's in the portal, the CQO's by the link."""
        by = self.make.enterprise_user(case.enterprise)
        file = self.make.stored(case.enterprise, name="说明.pdf")
        actions.state(case, words=f"{case.enterprise.name}正在整改。", file=file, by=by, at=at)
        actions.state_by_link(self.link(case, at)[1], words="我已口头报告过总经理。", at=at)

    def proposed(self, appointment: Appointment, names=(), at=AT) -> DismissalRecommendation:
        """Both were heard; the county proposed."""
        row, officer = self.asked(appointment, names, at), self.make.officer(appointment.enterprise)
        self.heard(row, at)
        return actions.propose(row, version=row.version, reason="口头报告没有根据，隐患属实。", by=officer, at=at)

    def issued(self, appointment: Appointment, names=(), at=AT) -> DismissalRecommendation:
        """Signed by the city; the letter is there."""
        row = self.proposed(appointment, names, at)
        return actions.sign(row, version=row.version, answer_due=day_of(at) + 30 * DAY, by=self.city, at=at)

    def letter_read(self, appointment: Appointment, names=(), at=AT) -> DismissalRecommendation:
        """The enterprise opened the letter: it is served."""
        row = self.issued(appointment, names, at)
        return actions.open_letter(row, by=self.make.enterprise_user(appointment.enterprise), at=at)

    def answered(
        self, appointment: Appointment, names=(), at=AT, answer: str = CaseAnswer.DECLINED
    ) -> DismissalRecommendation:
        """The enterprise decided; by default, not to dismiss."""
        row = self.letter_read(appointment, names, at)
        by = self.make.enterprise_user(appointment.enterprise)
        return actions.answer_case(
            row, version=row.version, answer=answer, reason="隐患已排除，责任另有其人。", by=by, at=at
        )  # fmt: skip

    def case_in(self, state: str, appointment: Appointment, names=(), at: datetime = AT) -> DismissalRecommendation:
        """A case in a state of CaseState, on named grounds or on a finding made for it."""
        officer = self.make.officer(appointment.enterprise)
        match state:
            case CaseState.SERVED:
                return self.letter_read(appointment, names, at)
            case CaseState.NOT_RECOMMENDED:
                row = self.asked(appointment, names, at)
                return actions.decide_not(row, version=row.version, reason="已及时整改", by=officer, at=at)
            case CaseState.WITHDRAWN:
                row = self.issued(appointment, names, at)
                return actions.withdraw_case(row, version=row.version, reason="事实有误", by=self.city, at=at)
            case CaseState.CLOSED:
                row = self.asked(appointment, names, at)
                self.resign(appointment, at)
                return DismissalRecommendation.unscoped.get(pk=row.pk)
        return getattr(self, CaseState(state).value)(appointment, names, at)

    def resign(self, appointment: Appointment, at: datetime = AT) -> Appointment:
        """The CQO resigned; the enterprise ends the appointment that day."""
        row = Appointment.unscoped.get(pk=appointment.pk)
        by = self.make.enterprise_user(row.enterprise)
        return actions.end(row, version=row.version, reason=EndReason.RESIGNED, last_day=day_of(at), by=by, at=at)

    def traces(self, appointment: Appointment) -> DismissalRecommendation:
        """A row of every kind that could leak: a case that was answered, and one of which nobody was told yet.

        ``appointment`` is in force; the notice is for its county alone, so that two enterprises have one each. Returns
        the case that is open.
        """
        company, officer = appointment.enterprise, self.make.officer(appointment.enterprise)
        number = f"清质监通〔2026〕{company.credit_code[9:17]}号"
        duty = self.served(appointment, number=number, county=company.county, title=f"{company.name}的报告通知")
        self.reported(duty)
        self.results(self.targets(appointment), True, False)
        self.accident(company)
        case, proof = self.asked(appointment), self.paper(company)
        actions.record_notice_service(case, party=Party.CQO, served_on=TODAY, proof=proof, by=officer, at=AT)
        self.heard(case)
        case = actions.propose(case, version=case.version, reason="口头报告没有根据。", by=officer, at=AT)
        file = self.paper(company, "询问笔录.pdf")
        actions.add_case_evidence(case, title=f"{company.name}询问笔录", file=file, by=officer, at=AT)
        case = actions.sign(case, version=case.version, answer_due=TODAY + 30 * DAY, by=self.city, at=AT)
        scan = self.make.stored(company, name="建议函盖章件.pdf")
        actions.attach_stamped(case, file=scan, by=officer, at=AT)
        by = self.make.enterprise_user(company)
        case = actions.open_letter(case, by=by, at=AT)
        why = f"{company.name}认为责任另有其人。"
        actions.answer_case(case, version=case.version, answer=CaseAnswer.DECLINED, reason=why, by=by, at=AT)
        return self.opened(appointment)


@part
def supervise(make, extension) -> Supervise:
    """The acts of supervision, with everybody there who carries them out, under a basis in force."""
    return Supervise(make)


@part
def cqo_a(supervise, person_a, company_a) -> Appointment:
    """张三 of 甲公司, CQO since 10 January 2025."""
    return supervise.cqo(person_a, company_a)
