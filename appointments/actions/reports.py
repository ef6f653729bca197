"""Duty reports: written and handed in by the enterprise, read by the bureau (Art. 5, 12(二)(3))."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from appointments import notices
from appointments.actions.common import begin
from appointments.actions.issuing import issue_receipt
from appointments.models import DutyReport, ReportAct, ReportAttachment, ReportDuty, Veto
from appointments.rules import SECTIONS, missing_sections
from appointments.states import REPORT_MOVES, CycleState, ReportActKind, ReportState
from registry.actions.common import day_of, locked, own_file, own_paper
from registry.models import StoredFile, User
from registry.refusals import Refused

WRITTEN = (*(section.field for section in SECTIONS), "used_veto")
BLANK = {section.field: "" for section in SECTIONS} | {"used_veto": None}
BEING_WRITTEN = (ReportState.DRAFT, ReportState.RETURNED)


def _of_standing_notice(duty: ReportDuty) -> None:
    """Raise Refused where the notice was taken back."""
    if duty.cycle.state != CycleState.PUBLISHED:
        raise Refused("通知已收回，不再要求提供这次履职报告。")


def _begin(report: DutyReport, perm: str, *, by: User, version: int | None = None, to=None, among=()) -> DutyReport:
    """Lock enterprise, appointment and report; read again; ask the policy; check the state."""
    appointment = begin(report.duty.appointment, perm, by=by)
    report = locked(DutyReport.unscoped.select_related("duty__cycle"), report.pk, version)
    report.duty.appointment = appointment
    if (among and report.state not in among) or (to and (report.state, to) not in REPORT_MOVES):
        raise Refused(f"这份履职报告现在是“{ReportState(report.state).label}”，不能办理这一步。")
    return report


@transaction.atomic
def start_report(duty: ReportDuty, *, by: User, at) -> DutyReport:
    """Begin the report of a duty; the draft that is there is taken up again."""
    appointment = begin(duty.appointment, "prepare_report", by=by)
    duty = locked(ReportDuty.unscoped.select_related("cycle"), duty.pk)
    _of_standing_notice(duty)
    if known := DutyReport.unscoped.filter(duty=duty).first():
        return known
    if day_of(at) not in appointment.in_force:
        raise Refused("这项任命已不在任，不再提供履职报告。")
    return DutyReport.unscoped.create(duty=duty, saved_at=at, created_at=at, created_by=by)


def _write(report: DutyReport, values: dict, vetoes: Sequence[dict] | None) -> None:
    """Set what was typed; the log of vetoes is replaced as a whole where it is given."""
    for name, value in values.items():
        if name not in WRITTEN:
            raise ValueError(f"{name} is not written by hand")
        setattr(report, name, value)
    if vetoes is not None:
        report.vetoes.all().delete()
        Veto.unscoped.bulk_create(
            Veto(report=report, position=position, **veto) for position, veto in enumerate(vetoes, start=1)
        )


@transaction.atomic
def save_report(
    report: DutyReport, *, version: int, by: User, at, vetoes: Sequence[dict] | None = None, **values
) -> DutyReport:
    """Keep what was typed, whole or not. ``vetoes``: dicts of day, subject, reason, result. Raises Stale."""
    report = _begin(report, "prepare_report", by=by, version=version, among=BEING_WRITTEN)
    _write(report, values, vetoes)
    report.version += 1
    report.saved_at = at
    report.save()
    return report


@transaction.atomic
def attach(report: DutyReport, *, file: StoredFile, by: User, at) -> ReportAttachment:
    """Put a file with a report that is being written."""
    report = _begin(report, "prepare_report", by=by, among=BEING_WRITTEN)
    own_file(file, report.enterprise, field="file")
    return ReportAttachment.unscoped.create(report=report, file=file, added_at=at, added_by=by)


@transaction.atomic
def detach(attachment: ReportAttachment, *, by: User, at) -> DutyReport:
    """Take a file off a report that is being written; the file itself stays on record."""
    report = _begin(attachment.report, "prepare_report", by=by, among=BEING_WRITTEN)
    ReportAttachment.unscoped.filter(pk=attachment.pk).delete()
    return report


def content_of(report: DutyReport) -> dict:
    """What a report says, as it is kept with each handing-in."""
    said = {name: getattr(report, name) for name in WRITTEN}
    said["vetoes"] = list(report.vetoes.values("day", "subject", "reason", "result"))
    said["attachments"] = [
        {"name": row.file.name, "sha256": row.file.sha256} for row in report.attachments.select_related("file")
    ]
    return json.loads(json.dumps(said, cls=DjangoJSONEncoder))


def digest_of(content: dict) -> str:
    """SHA-256 of a report's content, as its receipt names it."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _check_vetoes(report: DutyReport) -> None:
    cycle = report.duty.cycle
    for veto in report.vetoes.all():
        if not cycle.first_day <= veto.day <= cycle.last_day:
            raise Refused("“一票否决”的日期须在报告期内。", field="used_veto")


def _receive(report: DutyReport, kind: ReportActKind, *, received_on: date, by: User, at) -> DutyReport:
    """Receipt: its time is fixed the first time; what is handed in again only adds."""
    again = report.received_at is not None
    if not again:
        report.received_at, report.received_by, report.received_on = at, by, received_on
    report.state = ReportState.RECEIVED
    report.version += 1
    report.saved_at = at
    report.save()
    content = content_of(report)
    ReportAct.unscoped.create(report=report, kind=kind, at=at, by=by, content=content)
    notices.report_received(report, again=again, at=at)
    if not again:
        issue_receipt(report, digest=digest_of(content), by=by, at=at)
    return report


@transaction.atomic
def submit_report(report: DutyReport, *, version: int, by: User, at) -> DutyReport:
    """The enterprise hands the report in: received at the server's time (Art. 12(二)(3)).

    Raises Refused at the section that is empty.
    """
    report = _begin(report, "prepare_report", by=by, version=version, to=ReportState.RECEIVED)
    _of_standing_notice(report.duty)
    for field, sentence in missing_sections(vars(report), vetoes=report.vetoes.count()).items():
        raise Refused(sentence, field=field)
    _check_vetoes(report)
    again = report.received_at is not None
    kind = ReportActKind.SUPPLEMENTED if again else ReportActKind.RECEIVED
    return _receive(report, kind, received_on=day_of(at), by=by, at=at)


@transaction.atomic
def transcribe_report(
    duty: ReportDuty, *, received_on: date, transcript: StoredFile, by: User, at, vetoes: Sequence[dict] = (), **values
) -> DutyReport:
    """代录 of a paper report: its day of receipt at the counter, and its scan (design 1.15).

    The paper says what it says: sections may be empty, since the scan is the report.
    """
    appointment = begin(duty.appointment, "transcribe_report", by=by)
    duty = locked(ReportDuty.unscoped.select_related("cycle"), duty.pk)
    _of_standing_notice(duty)
    own_paper(transcript, appointment.enterprise, field="transcript")
    if not day_of(duty.cycle.published_at) <= received_on <= day_of(at):
        raise Refused("收到日期须在通知发布之日至今天之间。", field="received_on")
    report = DutyReport.unscoped.filter(duty=duty).first()
    if report and report.received_on is not None:
        raise Refused("这次履职报告已经收到，不能再代录。")
    if report is None:
        report = DutyReport(duty=duty, saved_at=at, created_at=at, created_by=by)
        report.save()
    report.duty = duty
    duty.appointment = appointment
    report.attachments.all().delete()  # of an unfinished draft: no part of the paper
    _write(report, BLANK | values, vetoes)  # nothing of what was begun in the portal: the paper is the report
    report.is_transcribed, report.transcript = True, transcript
    return _receive(report, ReportActKind.TRANSCRIBED, received_on=received_on, by=by, at=at)


@transaction.atomic
def return_report(report: DutyReport, *, version: int, reason: str, by: User, at) -> DutyReport:
    """The bureau asks for what is missing; the day of receipt stays, and with it whether it was in time."""
    report = _begin(report, "read_report", by=by, version=version, to=ReportState.RETURNED)
    if report.is_transcribed:
        raise Refused("纸质报告请当面或者书面要求补充，不在平台退回。")
    if not reason.strip():
        raise Refused("请写明需要补充的内容。", field="reason")
    report.state = ReportState.RETURNED
    report.version += 1
    report.save()
    ReportAct.unscoped.create(report=report, kind=ReportActKind.RETURNED, at=at, by=by, reason=reason.strip())
    notices.report_returned(report, reason.strip(), at=at)
    return report


@transaction.atomic
def note_report(report: DutyReport, *, version: int, by: User, at, remark: str = "") -> DutyReport:
    """The bureau has read it; no judgement of the content."""
    report = _begin(report, "read_report", by=by, version=version, to=ReportState.NOTED)
    report.state, report.noted_at, report.noted_by = ReportState.NOTED, at, by
    report.version += 1
    report.save()
    ReportAct.unscoped.create(report=report, kind=ReportActKind.NOTED, at=at, by=by, reason=remark.strip())
    return report
