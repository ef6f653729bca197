"""How an appointment ends: by the enterprise's own act, or by the clock. Never by the bureau (Art. 12)."""

from datetime import date, timedelta

from django.db import transaction

from appointments import notices
from appointments.actions.cases import close_cases_of
from appointments.actions.common import begin, move, note
from appointments.models import Appointment, Evidence
from appointments.states import ActKind, EndReason, EvidenceKind, State
from registry.actions.common import day_of, own_paper
from registry.models import StoredFile, User
from registry.models.measure import days
from registry.refusals import Refused


@transaction.atomic
def withdraw(
    appointment: Appointment, *, version: int, by: User, at, reason: str = "", scan: StoredFile | None = None
) -> Appointment:
    """The enterprise takes its filing back; if the term had begun, it closes that day.

    ``scan``: the enterprise's own paper, without which no bureau transcribes it (design 1.15).
    """
    appointment = begin(appointment, "withdraw", version=version, by=by, to=State.WITHDRAWN)
    _on_paper(appointment, scan, by=by, at=at)
    if appointment.term and not reason.strip():
        raise Refused("请写明撤回的原因。", field="reason")
    if appointment.in_force:
        today = min(day_of(at), appointment.last_day)
        appointment.in_force = days(appointment.first_day, today) if today >= appointment.first_day else None
    move(appointment, State.WITHDRAWN, act="withdrawn", by=by, at=at)
    appointment.save()
    note(appointment, ActKind.WITHDRAWN, by=by, at=at, reason=reason.strip())
    if appointment.term:
        notices.withdrawn(appointment, at=at)
        close_cases_of(appointment, by=by, at=at, scan=scan)
    return appointment


@transaction.atomic
def end(
    appointment: Appointment,
    *,
    version: int,
    reason: str,
    last_day: date,
    by: User,
    at,
    why: str = "",
    scan: StoredFile | None = None,
    past: bool = False,
) -> Appointment:
    """The enterprise ends the appointment: why, and which was the last day. A successor may start the day after.

    ``scan``: the enterprise's own paper, without which no bureau transcribes it (design 1.15). Of what ended in the
    ``past`` nobody is told.
    """
    appointment = begin(appointment, "end", version=version, by=by, to=State.ENDED)
    _on_paper(appointment, scan, by=by, at=at)
    if reason not in EndReason.values or reason == EndReason.EXPIRED:
        raise Refused("请选择终止的原因。", field="reason")
    if not appointment.first_day <= last_day <= min(day_of(at), appointment.last_day):
        raise Refused("终止日期须在聘任首日至今天之间，且不晚于聘任末日。", field="last_day")
    return _ended(appointment, reason, last_day, by=by, at=at, why=why, scan=scan, past=past)


def _on_paper(appointment: Appointment, scan: StoredFile | None, *, by: User, at) -> None:
    """Keep the enterprise's own paper of what a bureau transcribes. Raises Refused where there is none."""
    if by.enterprise_id is not None:
        return
    if scan is None:
        raise Refused("代录企业的终止或者撤回，须附企业书面文件的扫描件。", field="scan")
    own_paper(scan, appointment.enterprise, field="scan")
    Evidence.unscoped.create(appointment=appointment, kind=EvidenceKind.ENDING, file=scan, added_at=at, added_by=by)


def _ended(
    appointment: Appointment,
    reason: str,
    last_day: date,
    *,
    by: User | None,
    at,
    why: str = "",
    scan: StoredFile | None = None,
    past: bool = False,
) -> Appointment:
    appointment.in_force = days(appointment.first_day, last_day)
    appointment.end_reason, appointment.ended_on = reason, last_day
    move(appointment, State.ENDED, act="ended", by=by, at=at)
    appointment.save()
    note(
        appointment, ActKind.ENDED, by=by, at=at, reason="；".join(filter(None, [EndReason(reason).label, why.strip()]))
    )
    if not past:
        notices.ended(appointment, at=at)
    close_cases_of(appointment, by=by, at=at, scan=scan)
    return appointment


def expire_due(*, at) -> int:
    """Art. 11: the clock ends what is over. Idempotent; each in its own transaction; returns how many."""
    ended = 0
    for pk in list(Appointment.unscoped.expired_by(day_of(at)).order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = (
                Appointment.unscoped.expired_by(day_of(at))
                .select_related("enterprise__county", "candidate")
                .select_for_update(of=("self",), no_key=True, skip_locked=True)
                .filter(pk=pk)
                .first()
            )
            if row:
                _ended(row, EndReason.EXPIRED, row.term.upper - timedelta(days=1), by=None, at=at)
                ended += 1
    return ended
