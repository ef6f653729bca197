"""How every act on an appointment begins and ends."""

from appointments.models import Act, Appointment
from appointments.states import TRANSITIONS, ActKind, State
from registry.actions.common import allow, locked
from registry.models import Enterprise, User
from registry.refusals import Refused


def begin(
    appointment: Appointment, act: str, *, by: User, version: int | None = None, among=(), to=None
) -> Appointment:
    """Lock enterprise, then appointment; read again; ask the policy; check that the state allows the act.

    Locks are always taken in this order, so that two acts never wait for each other.
    """
    locked(Enterprise.unscoped, appointment.enterprise_id)
    appointment = locked(
        Appointment.unscoped.select_related("enterprise__county", "candidate"), appointment.pk, version
    )
    allow(by, f"appointments.{act}", appointment)
    if (among and appointment.state not in among) or (to and (appointment.state, to) not in TRANSITIONS):
        raise Refused(f"这项任命现在是“{State(appointment.state).label}”，不能办理这一步。请查看最新办理经过。")
    return appointment


def move(appointment: Appointment, to: str, *, act: str, by: User | None, at) -> None:
    """Set the state, and who brought it there; the caller saves once everything else is set."""
    appointment.state = to
    appointment.version += 1
    setattr(appointment, f"{act}_at", at)
    setattr(appointment, f"{act}_by", by)


def note(appointment: Appointment, kind: ActKind, *, by: User | None, at, reason: str = "", **details) -> Act:
    """Write the act into the timeline."""
    return Act.unscoped.create(appointment=appointment, kind=kind, by=by, at=at, reason=reason, details=details)
