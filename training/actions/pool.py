"""The talent pool: entry by the system when both facts are there, consent to be named, and leaving (Art. 8 ¶2)."""

from datetime import date

from django.db import transaction

from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.models import Candidate, StoredFile, User
from registry.models.measure import legal_basis
from registry.refusals import Refused
from training import notices
from training.models import PoolConsent, PoolEntry
from training.rules import enters_pool, same_certificate
from training.states import ProjectState


def enter_if_due(candidate: Candidate, *, at) -> PoolEntry | None:
    """纳入人才库 (Art. 8 ¶2): called by the act that made the second fact, which holds the person's lock.

    None when a fact is missing, the person is in it already, or the reading asks for another certificate.
    """
    basis = legal_basis(day_of(at))
    if not same_certificate(basis.value("certificate_meaning")) or candidate.pool_entries.present().exists():
        return None
    used = candidate.pool_entries.values_list("certificate__enrolment_id", "project_id")
    certificate = candidate.certificates.valid().order_by("issued_at").last()
    project = candidate.projects.filter(state=ProjectState.COMPLETED).order_by("confirmed_at").last()
    if not enters_pool(has_certificate=certificate is not None, has_project=project is not None):
        return None
    if (certificate.enrolment_id, project.pk) in used:
        return None  # who left does not come back on the same two facts, a reissued certificate among them
    year = day_of(at).year
    entry = PoolEntry.unscoped.create(
        reference=f"RC-{year}-{next_number('pool', year):04d}", candidate=candidate, certificate=certificate,
        project=project, entered_on=day_of(at), entered_at=at, edition=basis.edition, outside_basis=basis.outside,
    )  # fmt: skip
    notices.entered_pool(entry, at=at)
    return entry


def _begin(entry: PoolEntry, perm: str, *, by: User) -> PoolEntry:
    entry = locked(PoolEntry.unscoped.select_related("project__enterprise", "candidate"), entry.pk)
    allow(by, perm, entry)
    return entry


@transaction.atomic
def record_consent(entry: PoolEntry, *, agreed: bool, by: User, at, evidence: StoredFile | None = None) -> PoolConsent:
    """Record that a person agrees to be named in public, by a signed paper, or takes it back (个人信息保护法 25)."""
    entry = _begin(entry, "training.record_consent", by=by)
    if entry.left_at:
        raise Refused("已退出人才库，公开页不再列出，不需要登记。")
    if agreed and evidence is None:
        raise Refused("同意公开姓名须附本人签字的同意书。", field="evidence")
    if evidence is not None:
        own_file(evidence, entry.project.enterprise, field="evidence")
    return PoolConsent.unscoped.create(entry=entry, agreed=agreed, evidence=evidence, at=at, by=by)


@transaction.atomic
def leave_pool(entry: PoolEntry, *, last_day: date, reason: str, by: User, at) -> PoolEntry:
    """Record that somebody left the pool, and why; the measure gives no rule for it, so a named person does."""
    entry = _begin(entry, "training.leave_pool", by=by)
    if entry.left_at:
        raise Refused("已登记退出。")
    if not reason.strip():
        raise Refused("请写明退出的理由。", field="reason")
    if not entry.entered_on <= last_day <= day_of(at):
        raise Refused("退出日期须在纳入之日至今天之间。", field="last_day")
    entry.left_on, entry.left_at, entry.left_by, entry.left_reason = last_day, at, by, reason.strip()
    entry.save()
    return entry
