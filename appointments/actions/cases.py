"""How every act on a recommendation begins and ends, and what an appointment's end means for one."""

from appointments import notices
from appointments.actions.common import begin
from appointments.models import Appointment, CaseAct, DismissalRecommendation
from appointments.states import CASE_MOVES, CaseActKind, CaseAnswer, CaseState, EndReason
from registry.actions.common import allow, locked
from registry.models import StoredFile, User
from registry.refusals import Refused


def begin_case(
    case: DismissalRecommendation,
    perm: str,
    *,
    by: User,
    version: int | None = None,
    among=(),
    to=None,
    of_case: bool = False,
) -> DismissalRecommendation:
    """Lock enterprise, appointment, then case; read again; ask the policy; check that the state allows the act.

    ``of_case``: the policy is asked of the case, not of its appointment.
    """
    appointment = begin(case.appointment, perm, by=by) if not of_case else begin(case.appointment, "oversee", by=by)
    case = locked(DismissalRecommendation.unscoped.select_related("opened_by__county"), case.pk, version)
    case.appointment = appointment
    if of_case:
        allow(by, f"appointments.{perm}", case)
    if (among and case.state not in among) or (to and (case.state, to) not in CASE_MOVES):
        raise Refused(f"这件建议案现在是“{CaseState(case.state).label}”，不能办理这一步。请查看最新办理经过。")
    return case


def move_case(case: DismissalRecommendation, to: str, kind: CaseActKind, *, by: User | None, at, reason: str = ""):
    """Set the state, save, and write the act into the timeline."""
    case.state = to
    case.version += 1
    case.save()
    note_case(case, kind, by=by, at=at, reason=reason)


def note_case(case: DismissalRecommendation, kind: CaseActKind, *, by: User | None, at, reason: str = "") -> CaseAct:
    """Write an act into the timeline."""
    return CaseAct.unscoped.create(case=case, kind=kind, by=by, at=at, reason=reason)


def close_cases_of(appointment: Appointment, *, by: User | None, at, scan: StoredFile | None = None) -> None:
    """What the end of an appointment means for its open case; called with the appointment locked, whoever ended it.

    The enterprise's own dismissal is its answer to a letter that was served; its paper (``scan``) goes along where
    a bureau transcribed it. Any other end leaves nothing to recommend.
    """
    cases = DismissalRecommendation.unscoped.open().filter(appointment=appointment).select_related("opened_by__county")
    for case in cases.select_for_update(of=("self",), no_key=True):
        case.appointment = appointment
        if case.state == CaseState.SERVED and by is not None and appointment.end_reason == EndReason.DISMISSED:
            case.answer, case.answered_at, case.answered_by = CaseAnswer.DISMISSED, at, by
            case.answer_scan = scan
            move_case(case, CaseState.ANSWERED, CaseActKind.ANSWERED, by=by, at=at, reason=CaseAnswer.DISMISSED.label)
            notices.case_answered(case, at=at)
            continue
        why = appointment.get_end_reason_display() or "任命已撤回"
        case.closed_at, case.end_reason = at, f"聘任已终止（{why}），没有可以建议解除的聘任。"
        move_case(case, CaseState.CLOSED, CaseActKind.CLOSED, by=by, at=at, reason=case.end_reason)
        notices.case_ended(case, at=at)
