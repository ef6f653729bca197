"""Commendations (Art. 10), and who agreed to be named in public (个人信息保护法 25)."""

from datetime import date

from django.db import transaction

from appointments import notices
from appointments.models import Achievement, Appointment, Commendation, CommendationRevocation, NameConsent
from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.models import Enterprise, StoredFile, User
from registry.refusals import Refused


@transaction.atomic
def record_commendation(
    *,
    enterprise: Enterprise,
    document_number: str,
    document_day: date,
    scan: StoredFile,
    by: User,
    at,
    appointment: Appointment | None = None,
    **document,
) -> Commendation:
    """Record that a document commends a CQO, by the appointment, or the enterprise; it is never taken back."""
    enterprise = locked(Enterprise.unscoped.select_related("county"), enterprise.pk)
    allow(by, "appointments.commend", enterprise)
    own_file(scan, enterprise, field="evidence")
    if document_day > day_of(at):
        raise Refused("成文日期不能晚于今天。", field="document_day")
    if appointment is not None:
        if appointment.enterprise_id != enterprise.pk or appointment.in_force is None:
            raise Refused("此人没有任过这家企业的首席质量官。", field="appointment")
        if document_day < appointment.term.lower:
            raise Refused("成文日期早于聘任首日，请核对表彰的是哪一次任职。", field="document_day")
    same = Commendation.unscoped.filter(enterprise=enterprise, appointment=appointment)
    if same.filter(document_number=document_number).exists():
        raise Refused("同一文件对同一对象的表彰已经登记。", field="document_number")
    year = day_of(at).year
    row = Commendation.unscoped.create(
        reference=f"BZ-{year}-{next_number('commendation', year):04d}", enterprise=enterprise, county=by.county,
        appointment=appointment, document_number=document_number, document_day=document_day, scan=scan,
        recorded_at=at, recorded_by=by, **document,
    )  # fmt: skip
    notices.commended(row, at=at)
    return row


@transaction.atomic
def revoke_commendation(
    commendation: Commendation, *, revoked_on: date, scan: StoredFile, reason: str, by: User, at, **document
) -> CommendationRevocation:
    """Mark a commendation as revoked by a later document; the record of it stays."""
    locked(Enterprise.unscoped, commendation.enterprise_id)  # the row itself nobody may write, so none may lock it
    allow(by, "appointments.revoke_commendation", commendation)
    own_file(scan, commendation.enterprise, field="evidence")
    if CommendationRevocation.unscoped.filter(commendation=commendation).exists():
        raise Refused("这项表彰已经登记撤销。")
    if not commendation.document_day <= revoked_on <= day_of(at):
        raise Refused("撤销日期应在表彰文件成文之日至今天之间。", field="revoked_on")
    row = CommendationRevocation.unscoped.create(
        commendation=commendation, revoked_on=revoked_on, scan=scan, reason=reason, recorded_at=at, recorded_by=by,
        **document,
    )  # fmt: skip
    notices.commendation_revoked(commendation, reason, at=at)
    return row


@transaction.atomic
def record_name_consent(
    subject: Achievement | Commendation, *, agreed: bool, by: User, at, evidence: StoredFile | None = None
) -> NameConsent:
    """Record what the person said of being named with this achievement or commendation; the last word counts."""
    locked(Enterprise.unscoped, subject.enterprise_id)
    allow(by, "appointments.record_name_consent", subject)
    if subject.candidate is None:
        raise Refused("表彰的是企业，没有需要公开的姓名。")
    if agreed and evidence is None:
        raise Refused("同意公开姓名须附本人签字的同意书。", field="evidence")
    if evidence is not None:
        own_file(evidence, subject.enterprise, field="evidence")
    return NameConsent.unscoped.create(
        enterprise=subject.enterprise, agreed=agreed, evidence=evidence, at=at, by=by,
        **{type(subject)._meta.model_name: subject},
    )  # fmt: skip
