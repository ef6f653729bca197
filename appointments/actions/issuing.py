"""The bureau's papers of supervision: numbered, drawn and stored once, under the counter's lock."""

from django.utils import timezone

from appointments import casefile, documents
from appointments.models import Appointment, DismissalRecommendation, DutyReport, RecommendationLetter, ReportReceipt
from appointments.states import PaperKind, Party
from registry import filestore
from registry.actions.common import day_of, next_number
from registry.models import User
from registry.models.authority import authority_on, bureau_on
from registry.models.measure import legal_basis
from registry.verification import new_code, url_for

RECEIPTS = "首质报"


def _of_appointment(appointment: Appointment, edition) -> dict:
    """What every paper says of the appointment it is about."""
    letter = appointment.papers.filter(kind=PaperKind.LETTER).first()
    return {
        "person_name": appointment.candidate.name,
        "measure_title": f"《{edition.title}》",
        "enterprise_name": appointment.enterprise.name,
        "letter_number": letter.number if letter else appointment.own_letter_number,
    }


def _kept(paper_class, drawn: bytes, template: str, *, by: User, at, **fields):
    """Store the bytes and the row."""
    return paper_class.unscoped.create(
        sha256=filestore.keep(drawn), size=len(drawn), template_version=template, issued_at=at, issued_by=by, **fields
    )


def issue_receipt(report: DutyReport, *, digest: str, by: User, at) -> ReportReceipt:
    """履职报告收讫回执, with the server's time (Art. 12(二)(3))."""
    duty, year = report.duty, day_of(at).year
    appointment, basis = duty.appointment, legal_basis(day_of(at))
    number, code = f"{RECEIPTS}〔{year}〕{next_number(RECEIPTS, year)}号", new_code("report_receipt")
    facts = documents.ReportReceiptFacts(
        **_of_appointment(appointment, basis.edition),
        number=number,
        version=1,
        code=code,
        verify_url=url_for(code),
        bureau_name=authority_on(day_of(at)),
        credit_code=appointment.enterprise.credit_code,
        cycle_title=duty.cycle.title,
        cycle_number=duty.cycle.number,
        period_first=duty.cycle.first_day,
        period_last=duty.cycle.last_day,
        due_on=duty.due_on,
        received_on=report.received_on,
        received_at=report.received_at,
        days_late=report.days_late,
        on_paper=report.is_transcribed,
        attachments=report.attachments.count(),
        content_sha256=digest,
    )
    return _kept(
        ReportReceipt, documents.report_receipt(facts), documents.REPORT_RECEIPT_TEMPLATE_VERSION, by=by, at=at,
        report=report, number=number, code=code, facts={"content_sha256": digest, "bureau_name": facts.bureau_name},
    )  # fmt: skip


def _letter_facts(case: DismissalRecommendation, *, number: str, code: str, at) -> documents.RecommendationFacts:
    today = day_of(at)
    basis = legal_basis(today)
    appointment = case.appointment
    county = case.issuing_county
    return documents.RecommendationFacts(
        **_of_appointment(appointment, basis.edition),
        number=number,
        version=1,
        code=code,
        verify_url=url_for(code) if code else "",
        issuer_name=bureau_on(today, county),
        first_day=appointment.first_day,
        last_day=appointment.last_day,
        findings=casefile.findings_of(case, today),
        statements=casefile.hearing_of(case),
        grounds=casefile.grounds_in_words(case, basis.edition),
        basis_words=casefile.basis_in_words(basis.period) if basis.period else "（当日无有效依据）",
        power=basis.edition.cite("12.(2)"),
        answer_due=case.answer_due or today,
        answers_on_paper=appointment.is_transcribed,
        attachments=casefile.evidence_titles(case),
        signed_on=today,
        contact="",
        copies="" if county else appointment.enterprise.county.bureau_on(today),
    )


def issue_letter(case: DismissalRecommendation, *, by: User, at) -> RecommendationLetter:
    """建议解除聘任函, as signed (Art. 12(二))."""
    code = new_code("recommendation")
    facts = _letter_facts(case, number=case.number, code=code, at=at)
    said = {
        "issuer": facts.issuer_name, "findings": list(facts.findings), "statements": list(facts.statements),
        "grounds": [list(ground) for ground in facts.grounds], "basis": facts.basis_words,
        "attachments": list(facts.attachments),
    }  # fmt: skip
    return _kept(
        RecommendationLetter, documents.recommendation_letter(facts), documents.RECOMMENDATION_TEMPLATE_VERSION,
        by=by, at=at, case=case, number=case.number, code=code, facts=said,
    )  # fmt: skip


def preview_letter(case: DismissalRecommendation, *, at) -> bytes:
    """The letter as it would be, with the watermark 预览, no number and no code."""
    return documents.recommendation_letter(_letter_facts(case, number="", code="", at=at), preview=True)


def statement_notice(case: DismissalRecommendation, party: str, *, at) -> bytes:
    """陈述意见通知书 to the enterprise or to the CQO, drawn when asked for; it binds nothing and has no number."""
    asked = timezone.localdate(case.asked_at)
    edition = legal_basis(asked).edition
    appointment, county = case.appointment, case.opened_by.county
    facts = documents.StatementFacts(
        **_of_appointment(appointment, edition),
        number=case.reference,
        version=1,
        code="",
        verify_url="",
        issuer_name=bureau_on(asked, county),
        to_person=party == Party.CQO,
        first_day=appointment.first_day,
        last_day=appointment.last_day,
        findings=casefile.facts_of(case, asked),
        grounds=casefile.grounds_in_words(case, edition),
        reply_by=case.statement_due,
        post_address="",
        signed_on=asked,
        contact="",
    )
    return documents.statement_notice(facts)
