"""Preparing an appointment: drafts, evidence, renewal, and entry at the counter."""

from django.db import transaction

from appointments.actions.common import begin, note
from appointments.actions.filing import submit
from appointments.models import Appointment, Evidence
from appointments.states import ActKind, State
from registry.actions.common import allow, day_of, locked, next_number, own_file, own_paper
from registry.citing import cited
from registry.models import Candidate, Enterprise, StoredFile, User
from registry.refusals import Refused

PREPARED = [
    "first_day",
    "appointer",
    "position",
    "in_decision_level",
    "exception_reason",
    "quality_department",
    "inspection_department",
    "safety_department",
    "departments_report",
    "declares_ethics",
    "declares_knowledge",
    "declares_independence",
]
# What a correction may not touch: the term runs from the day the enterprise stated (Art. 11).
FIXED_BY_SUBMISSION = ("first_day",)


def new_appointment(enterprise: Enterprise, candidate: Candidate, *, by: User, at, on=None, **fields) -> Appointment:
    """A draft with its reference and first act, for somebody in service ``on`` that day (default: the act's)."""
    if not candidate.employments.filter(enterprise=enterprise, period__contains=on or day_of(at)).exists():
        raise Refused("人选须是本企业在职人员，请先在“人员”中登记。", field="candidate")
    appointment = Appointment.unscoped.create(
        enterprise=enterprise, candidate=candidate, created_at=at, created_by=by, saved_at=at,
        reference=f"RM-{day_of(at).year}-{next_number('appointment', day_of(at).year):04d}", **fields,
    )  # fmt: skip
    note(appointment, ActKind.DRAFTED, by=by, at=at)
    return appointment


@transaction.atomic
def start_draft(*, enterprise: Enterprise, candidate: Candidate, by: User, at) -> Appointment:
    """Begin an appointment (Art. 9, 11): nothing binds yet. An open draft for the same person is taken up again."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "appointments.appoint", enterprise)
    known = enterprise.appointments.filter(candidate=candidate, state=State.DRAFT, is_transcribed=False).first()
    return known or new_appointment(enterprise, candidate, by=by, at=at)


@transaction.atomic
def renew(appointment: Appointment, *, by: User, at) -> Appointment:
    """Begin the next appointment of the same person, pre-filled; possible before and after expiry (Art. 11)."""
    appointment = begin(appointment, "renew", by=by, among=(State.FILED, State.ENDED))
    if known := appointment.renewals.exclude(state__in=(State.WITHDRAWN, State.ENDED)).first():
        return known
    copied = {name: getattr(appointment, name) for name in PREPARED if not name.startswith("declares")}
    copied["first_day"] = max(appointment.in_force.upper, day_of(at))
    draft = new_appointment(appointment.enterprise, appointment.candidate, by=by, at=at, renews=appointment, **copied)
    for row in appointment.evidences.all():
        Evidence.unscoped.create(appointment=draft, kind=row.kind, file=row.file, added_at=at, added_by=by)
    return draft


@transaction.atomic
def save_draft(appointment: Appointment, *, version: int, by: User, at, **values) -> Appointment:
    """Keep what was typed. After a return, what submission fixed stays as it is. Raises Stale."""
    appointment = begin(appointment, "prepare", version=version, by=by, among=(State.DRAFT, State.RETURNED))
    for name, value in values.items():
        if name not in PREPARED:
            raise ValueError(f"{name} is not prepared by hand")
        if appointment.state == State.RETURNED and name in FIXED_BY_SUBMISSION and value != getattr(appointment, name):
            raise Refused(f"聘任首日自提交时确定，不能更正；有误的，撤回后重新任命{cited('11')}。", field=name)
        setattr(appointment, name, value)
    appointment.appointer_name = appointment.enterprise.appointers().get(appointment.appointer, "")
    appointment.version += 1
    appointment.saved_at = at
    appointment.save()
    return appointment


@transaction.atomic
def add_evidence(appointment: Appointment, *, kind: str, file: StoredFile, by: User, at) -> Evidence:
    """Put an uploaded paper with an appointment that is being prepared."""
    appointment = begin(appointment, "prepare", by=by, among=(State.DRAFT, State.RETURNED))
    own_file(file, appointment.enterprise, field="file")
    return Evidence.unscoped.create(appointment=appointment, kind=kind, file=file, added_at=at, added_by=by)


@transaction.atomic
def enter_at_counter(
    *,
    enterprise: Enterprise,
    candidate: Candidate,
    transcript: StoredFile,
    own_letter_number: str,
    by: User,
    at,
    **values,
) -> Appointment:
    """代录: a bureau transcribes an enterprise's own paper, its scan attached and the row flagged (design 1.15)."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "appointments.transcribe", enterprise)
    own_paper(transcript, enterprise, field="scan")
    draft = new_appointment(
        enterprise, candidate, by=by, at=at,
        is_transcribed=True, transcript=transcript, own_letter_number=own_letter_number, **values,
    )  # fmt: skip
    return submit(draft, version=draft.version, by=by, at=at)
