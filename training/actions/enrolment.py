"""Enrolling: the last seat goes to exactly one; who comes later waits; whoever withdraws frees the seat (Art. 7)."""

from django.db import transaction

from registry.actions.common import allow, day_of, locked
from registry.citing import cited
from registry.models import Candidate, Enterprise, User
from registry.refusals import Refused
from training import notices
from training.models import Enrolment, Session
from training.rules import enrolment_fault, free_seat
from training.states import EnrolmentState, SessionState


@transaction.atomic
def enrol(session: Session, *, enterprise: Enterprise, candidate: Candidate, by: User, at) -> Enrolment:
    """An enterprise enrols one of its people, candidate or not (Art. 7). Raises Refused with its field."""
    session = locked(Session.unscoped, session.pk)
    allow(by, "training.enrol", enterprise)
    if not candidate.employments.filter(enterprise=enterprise, period__contains=day_of(at)).exists():
        raise Refused("只能为本企业在职人员报名。", field="candidate")
    if session.open_county_id not in (None, enterprise.county_id):
        raise Refused(f"这一期只面向{session.open_county.name}的企业。", field="candidate")
    return _seat(session, candidate, enterprise, by=by, at=at)


@transaction.atomic
def enrol_free(session: Session, *, candidate: Candidate, by: User, at) -> Enrolment:
    """A bureau enrols somebody without an enterprise (Art. 7). Raises Refused with its field."""
    session = locked(Session.unscoped, session.pk)
    allow(by, "training.enrol_free", candidate)
    if candidate.employments.filter(period__contains=day_of(at)).exists():
        raise Refused(f"此人在企业任职，由所在企业报名{cited('7')}。", field="candidate")
    if session.open_county_id not in (None, candidate.county_id):
        raise Refused(f"这一期只面向{session.open_county.name}。", field="candidate")
    return _seat(session, candidate, None, by=by, at=at)


def _seat(session: Session, candidate: Candidate, enterprise: Enterprise | None, *, by: User, at) -> Enrolment:
    """A seat, or a place in the waiting list; the session's row is locked."""
    if session.state != SessionState.PUBLISHED:
        raise Refused(f"这一期现在是“{SessionState(session.state).label}”，不能报名。")
    opens, closes = session.enrolment.lower, session.enrolment.upper
    if fault := enrolment_fault(today=day_of(at), first_day=opens, last_day=closes.fromordinal(closes.toordinal() - 1)):
        raise Refused(fault)
    if session.enrolments.standing().filter(candidate=candidate).exists():
        raise Refused(f"{candidate.name}已报名这一期。", field="candidate")
    seat = free_seat(set(session.enrolments.seated().values_list("seat", flat=True)), session.seats)
    if session.enrolments.filter(state=EnrolmentState.WAITING).exists():
        seat = None  # a seat that came free belongs to who waits longest
    return Enrolment.unscoped.create(
        session=session, candidate=candidate, enterprise=enterprise, seat=seat,
        state=EnrolmentState.ENROLLED if seat else EnrolmentState.WAITING, enrolled_at=at, enrolled_by=by,
    )  # fmt: skip


@transaction.atomic
def withdraw_enrolment(enrolment: Enrolment, *, by: User, at) -> Enrolment:
    """Take an enrolment back; the seat goes to who waits longest, who is told. Raises Refused once results exist."""
    session = locked(Session.unscoped, enrolment.session_id)
    enrolment = locked(Enrolment.unscoped.select_related("enterprise", "candidate", "session"), enrolment.pk)
    allow(by, "training.withdraw", enrolment)
    if enrolment.state == EnrolmentState.WITHDRAWN:
        raise Refused("这一报名已经取消。")
    if enrolment.attendances.exists() or enrolment.assessments.exists():
        raise Refused("已登记考勤或成绩，不能取消报名。")
    freed = enrolment.seat
    enrolment.state, enrolment.seat = EnrolmentState.WITHDRAWN, None
    enrolment.withdrawn_at, enrolment.withdrawn_by = at, by
    enrolment.save()
    if freed:
        fill_seats(session, at=at)
    return enrolment


def fill_seats(session: Session, *, at) -> int:
    """Give free seats to those who wait, longest first, until the session's last day; returns how many.

    The caller holds the session's lock.
    """
    if session.state != SessionState.PUBLISHED or session.last_day < day_of(at):
        return 0
    taken = set(session.enrolments.seated().values_list("seat", flat=True))
    waiting = session.enrolments.filter(state=EnrolmentState.WAITING).select_related(
        "enterprise", "candidate", "session"
    )
    given = 0
    for enrolment in waiting.order_by("enrolled_at", "pk"):
        if (seat := free_seat(taken, session.seats)) is None:
            break
        enrolment.seat, enrolment.state = seat, EnrolmentState.ENROLLED
        enrolment.save()
        taken.add(seat)
        given += 1
        notices.promoted(enrolment, at=at)
    return given
