"""Certificates: issued after passing, superseded when a name was wrong, revoked by two people (Art. 8 ¶1)."""

from dataclasses import asdict, replace

from django.db import transaction

from registry import filestore
from registry.actions.common import allow, day_of, locked, next_number
from registry.citing import cited
from registry.models import Candidate, Edition, User
from registry.models.measure import legal_basis
from registry.refusals import Refused
from registry.states import IdPaper
from registry.verification import new_code, url_for
from training import notices
from training.actions.pool import enter_if_due
from training.documents import CERTIFICATE_TEMPLATE_VERSION, CertificateFacts, certificate
from training.models import Certificate, Enrolment, Revocation, Session
from training.rules import certificate_fault
from training.states import EnrolmentState, SessionState, TrainingKind

COURSE_WORDS = "企业首席质量官任职培训"
# What changes with every drawing, and so says nothing about whether the paper's content changed.
DRAWN_ANEW = ("number", "version", "code", "verify_url", "issued_on")


def fault_of(enrolment: Enrolment) -> str | None:
    """Why this person gets no certificate as things stand, as a sentence, or None (Art. 8 ¶1)."""
    last = enrolment.last_assessment
    return certificate_fault(
        days_present=enrolment.days_present,
        days_needed=enrolment.session.days_needed,
        last_score=last and last.score,
        pass_mark=enrolment.session.pass_mark,
    )


def session_fault(session: Session, *, at) -> str | None:
    """Why nobody of this session gets a certificate as things stand, as a sentence, or None (Art. 8 ¶1)."""
    if session.kind != TrainingKind.QUALIFYING:
        return "继续教育记学时，不发培训证书。"
    if session.state != SessionState.PUBLISHED:
        return f"这一期现在是“{SessionState(session.state).label}”，不能发给证书。"
    if session.last_day > day_of(at):
        return "培训尚未结束，不能发给证书。"
    if not session.body.is_recognised(session.first_day, session.last_day):
        return f"{session.body.name}在培训期间未经质监部门认可，不能发给证书{cited('8.1')}。"
    return None


def preview_certificate(enrolment: Enrolment, *, at) -> bytes:
    """The certificate as it would be drawn today, without number, code and QR. Raises FontsMissing."""
    return certificate(_facts(enrolment, at=at), preview=True)


def content_of(enrolment: Enrolment, *, at) -> dict[str, str]:
    """What a certificate drawn today would say: key of the fact → value."""
    return _content(_facts(enrolment, at=at))


def changes_since(previous: Certificate, *, at) -> list[tuple[str, str, str]]:
    """What a certificate drawn today would say otherwise than this one: (key of the fact, before, now)."""
    now = _content(_facts(previous.enrolment, at=at, previous=previous))
    return [(key, previous.facts[key], value) for key, value in now.items() if previous.facts[key] != value]


def _locked(enrolment: Enrolment) -> Enrolment:
    """Lock session, enrolment and person, in this order, and read them again."""
    session = locked(Session.unscoped.select_related("body"), enrolment.session_id)
    enrolment = locked(Enrolment.unscoped.select_related("candidate", "enterprise"), enrolment.pk)
    enrolment.session, enrolment.candidate = session, locked(Candidate.unscoped, enrolment.candidate_id)
    return enrolment


def _newest(certificate: Certificate, perm: str, *, by: User) -> tuple[Enrolment, Certificate]:
    """The enrolment, locked, and the newest version, which this has to be; asks the policy."""
    enrolment = _locked(certificate.enrolment)
    allow(by, perm, certificate)
    newest = enrolment.certificates.order_by("-version").first()
    if newest.pk != certificate.pk:
        raise Refused("这一版已经换发，请以最新一版办理。")
    return enrolment, newest


@transaction.atomic
def issue_certificate(enrolment: Enrolment, *, by: User, at) -> Certificate:
    """The training body issues a certificate to who was there and passed; the talent pool follows if it is due.

    Number from the body's counter, whose row stays locked until commit; bytes and SHA-256 are stored and never drawn
    anew. Raises Refused with the reason (Art. 8 ¶1).
    """
    enrolment = _locked(enrolment)
    allow(by, "training.run", enrolment.session)
    session, name = enrolment.session, enrolment.candidate.name
    if fault := session_fault(session, at=at):
        raise Refused(fault)
    if enrolment.state != EnrolmentState.ENROLLED:
        raise Refused(f"{name}没有取得这一期的名额，不能发给证书。")
    if enrolment.certificates.exists():
        raise Refused(f"{name}的证书已经发给。")
    if fault := fault_of(enrolment):
        raise Refused(f"{name}：{fault}")
    issued = _draw(enrolment, by=by, at=at)
    notices.certified(issued, at=at)
    enter_if_due(enrolment.candidate, at=at)
    return issued


def _id_words(person: Candidate) -> str:
    words = {IdPaper.RESIDENT: "居民身份证号码", IdPaper.PERMIT: "港澳台居民居住证号码", IdPaper.PASSPORT: "护照号码"}
    return words[person.id_type] + person.id_masked


def _facts(enrolment: Enrolment, *, at, previous: Certificate | None = None) -> CertificateFacts:
    """What a certificate drawn now says, before it has number and code.

    A version that supersedes keeps the day and the basis of the first: a correction is no new act.
    """
    session, person = enrolment.session, enrolment.candidate
    edition, outside = _basis(at, previous)
    return CertificateFacts(
        number="",
        version=previous.version + 1 if previous else 1,
        person_name=person.name,
        id_words=_id_words(person),
        course_words=COURSE_WORDS,
        first_day=session.first_day,
        last_day=session.last_day,
        hours=session.hours,
        body_name=session.body.name,
        measure_title=f"《{edition.title}》",
        clause=edition.cite("8.1"),
        issued_on=previous.issued_on if previous else day_of(at),
        outside_basis=outside,
        code="",
        verify_url="",
    )


def _basis(at, previous: Certificate | None) -> tuple[Edition, bool]:
    """Today's edition and whether none is in force, or those of the version that is superseded."""
    if previous:
        return previous.edition, previous.outside_basis
    basis = legal_basis(day_of(at))
    return basis.edition, basis.outside


def _content(facts: CertificateFacts) -> dict[str, str]:
    """What the paper says apart from what changes with every drawing."""
    return {key: str(value) for key, value in asdict(facts).items() if key not in DRAWN_ANEW}


def _draw(enrolment: Enrolment, *, by: User, at, previous: Certificate | None = None, reason: str = "") -> Certificate:
    """Number, draw and store a certificate, or the version that supersedes ``previous``."""
    session, (edition, outside) = enrolment.session, _basis(at, previous)
    facts = _facts(enrolment, at=at, previous=previous)
    kept = _content(facts)
    if previous and kept == previous.facts:
        raise Refused("证书上的内容没有变化，不需要换发。")
    year = previous.year if previous else day_of(at).year
    serial = previous.serial if previous else next_number(f"证书 {session.body.reference}", year)
    number = previous.number if previous else f"{session.body.mark}〔{year}〕{serial}号"
    code = new_code("certificate")
    data = certificate(replace(facts, number=number, code=code, verify_url=url_for(code)))
    return Certificate.unscoped.create(
        body=session.body, enrolment=enrolment, candidate=enrolment.candidate, year=year, serial=serial, number=number,
        version=facts.version, supersedes=previous, reason=reason, code=code, assessment=enrolment.last_assessment,
        issued_on=facts.issued_on, edition=edition, outside_basis=outside, sha256=filestore.keep(data),
        size=len(data), template_version=CERTIFICATE_TEMPLATE_VERSION, facts=kept, issued_at=at, issued_by=by,
    )  # fmt: skip


@transaction.atomic
def reissue_certificate(certificate: Certificate, *, reason: str, by: User, at) -> Certificate:
    """Issue a version that supersedes the last, after the person's name was corrected; the number stays.

    Raises Refused when nothing on it changed, for an older version, and for a revoked one.
    """
    enrolment, newest = _newest(certificate, "training.reissue", by=by)
    if newest.revocation or newest.open_revocation:
        raise Refused("这份证书已撤销或正在办理撤销，不能换发。")
    if not reason.strip():
        raise Refused("请写明换发的原因。", field="reason")
    return _draw(enrolment, previous=newest, reason=reason.strip(), by=by, at=at)


@transaction.atomic
def propose_revocation(certificate: Certificate, *, reason: str, by: User, at) -> Revocation:
    """Propose to revoke a certificate; nothing changes before a second person confirms it."""
    _, newest = _newest(certificate, "training.propose_revocation", by=by)
    if newest.revocation or newest.open_revocation:
        raise Refused("这份证书已撤销，或者已有待确认的撤销。")
    if not reason.strip():
        raise Refused("请写明撤销的理由。", field="reason")
    row = Revocation.unscoped.create(certificate=newest, reason=reason.strip(), proposed_at=at, proposed_by=by)
    notices.revocation_proposed(row, at=at)
    return row


def _open(revocation: Revocation, *, by: User) -> Revocation:
    """The revocation, locked, still to be decided, and this person the second one."""
    _locked(revocation.certificate.enrolment)
    rows = Revocation.unscoped.select_related("certificate__body", "certificate__enrolment__enterprise")
    revocation = locked(rows, revocation.pk)
    if revocation.confirmed_at or revocation.declined_at:
        raise Refused("这项撤销已经作出决定。")
    if by.pk == revocation.proposed_by_id:
        raise Refused("提出撤销的人不能自己确认，须由第二人确认。")
    allow(by, "training.decide_revocation", revocation)
    return revocation


@transaction.atomic
def confirm_revocation(revocation: Revocation, *, by: User, at) -> Revocation:
    """The second person confirms; from today the certificate is revoked (Art. 8 ¶1). Leaving the pool is apart."""
    revocation = _open(revocation, by=by)
    revocation.revoked_on, revocation.confirmed_at, revocation.confirmed_by = day_of(at), at, by
    revocation.save()
    notices.revoked(revocation, at=at)
    return revocation


@transaction.atomic
def decline_revocation(revocation: Revocation, *, reason: str, by: User, at) -> Revocation:
    """The second person decides not to revoke, with the reason; the certificate stays as it was."""
    revocation = _open(revocation, by=by)
    if not reason.strip():
        raise Refused("请写明不予撤销的理由。", field="reason")
    revocation.declined_at, revocation.declined_by, revocation.decline_reason = at, by, reason.strip()
    revocation.save()
    return revocation
