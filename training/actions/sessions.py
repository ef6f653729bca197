"""Offering a session: planned, published, changed while it can be, or cancelled."""

from datetime import date

from django.db import transaction

from registry.actions.common import allow, day_of, locked, next_number
from registry.citing import cited
from registry.models import User
from registry.models.measure import days, legal_basis
from registry.refusals import Refused
from registry.rules import day_words
from training import notices
from training.actions.enrolment import fill_seats
from training.models import Certificate, Course, Session, SessionDay, TrainingBody
from training.rules import session_fault
from training.states import SESSION_MOVES, SessionState, TrainingKind

FACTS = ("kind", "title", "place", "open_county", "audience", "seats", "pass_mark", "days_needed")
LONGEST = 60  # days


@transaction.atomic
def plan_session(
    *, body: TrainingBody, session_days: list[date], courses: list[tuple[str, int]], enrolment: tuple[date, date],
    by: User, at, **facts,
) -> Session:  # fmt: skip
    """Plan a session (Art. 3 ¶1, 9): nobody sees it before it is published.

    ``facts``: see ``FACTS``. ``courses``: (title, hours). ``enrolment``: first and last day, inclusive. Raises Refused
    with its field.
    """
    allow(by, "training.offer", body)
    reference = f"PX-{day_of(at).year}-{next_number('session', day_of(at).year):04d}"
    session = Session(reference=reference, body=body, created_at=at, created_by=by)
    return _write(session, session_days, courses, enrolment, facts)


def _write(session: Session, session_days, courses, enrolment, facts: dict) -> Session:
    """Set all facts of a session, with its days and courses. Raises Refused with its field."""
    session_days = sorted(set(session_days))
    if not session_days:
        raise Refused("所选的起止日期之间没有培训日。", field="first_day")
    if len(session_days) > LONGEST:
        raise Refused(f"一期培训最多 {LONGEST} 天。", field="last_day")
    if not courses:
        raise Refused("请至少填写一门课程及其学时。", field="courses")
    if facts["days_needed"] > len(session_days):
        raise Refused(f"至少出勤天数不能超过培训天数（{len(session_days)} 天）。", field="days_needed")
    opens, closes = enrolment
    if closes < opens:
        raise Refused("报名末日不得早于报名首日。", field="enrol_last_day")
    if closes > session_days[-1]:
        raise Refused("报名末日不得晚于培训末日。", field="enrol_last_day")
    law = legal_basis(day_of(session.created_at))
    if fault := session_fault(
        qualifying=facts["kind"] == TrainingKind.QUALIFYING, hours=sum(hours for _, hours in courses),
        pass_mark=facts["pass_mark"], needed_hours=law.value("training_hours"), mark=law.value("pass_mark"),
    ):  # fmt: skip
        raise Refused(fault[1], field=fault[0])
    if (county := facts.get("open_county")) and session.body.county_id not in (None, county.pk):
        raise Refused("县(市、区)局自办的培训班，只能面向本县(市、区)或全市。", field="open_county")
    for name in FACTS:
        setattr(session, name, facts.get(name))
    session.first_day, session.last_day = session_days[0], session_days[-1]
    session.enrolment = days(opens, closes)
    session.hours = sum(hours for _, hours in courses)
    session.save()
    known = {row.day: row for row in session.days.all()}
    session.days.exclude(day__in=session_days).delete()
    SessionDay.unscoped.bulk_create(SessionDay(session=session, day=day) for day in session_days if day not in known)
    session.courses.all().delete()
    Course.unscoped.bulk_create(
        Course(session=session, position=place, title=title, hours=hours)
        for place, (title, hours) in enumerate(courses, start=1)
    )
    return session


def _begin(session: Session, *, by: User, version: int | None = None, to: str | None = None) -> Session:
    """Lock and read again, ask the policy, check the move."""
    session = locked(Session.unscoped.select_related("body"), session.pk, version)
    allow(by, "training.run", session)
    if to and (session.state, to) not in SESSION_MOVES:
        raise Refused(f"这一期现在是“{SessionState(session.state).label}”，不能办理这一步。")
    return session


@transaction.atomic
def change_session(
    session: Session, *, version: int, session_days: list[date], courses: list[tuple[str, int]],
    enrolment: tuple[date, date], by: User, at, **facts,
) -> Session:  # fmt: skip
    """Change a session. Once certificates exist it stands; days with attendance stay; seats cover those enrolled.

    More seats go to who waits; those enrolled are told when days or place change. Raises Refused with its field, Stale.
    """
    session = _begin(session, version=version, by=by)
    if session.state == SessionState.CANCELLED:
        raise Refused("已取消的培训班不能修改。")
    if Certificate.unscoped.filter(enrolment__session=session).exists():
        raise Refused("这一期已经发出证书，日期、地点和考核要求都不能再改。")
    if _with_attendance(session) and (facts["kind"], facts["days_needed"], sum(hours for _, hours in courses)) != (
        session.kind, session.days_needed, session.hours
    ):  # fmt: skip
        raise Refused("已登记考勤，类别、学时和至少出勤天数不能更改：学时已据此计算。", field="days_needed")
    if session_days and session.enrolments.filter(assessments__sat_on__lt=min(session_days)).exists():
        raise Refused("已登记的考核早于这一天，首日不能晚于考核日期。", field="first_day")
    kept = set(session.days.filter(pk__in=_days_with_attendance(session)).values_list("day", flat=True))
    if gone := sorted(kept - set(session_days)):
        raise Refused(f"{day_words(gone[0])}已登记考勤，不能从培训日中去掉。", field="first_day")
    taken = max(session.enrolments.seated().values_list("seat", flat=True), default=0)
    if facts["seats"] < taken:
        raise Refused(f"已有座次用到第 {taken} 个，名额不能少于 {taken}。", field="seats")
    if facts["kind"] != session.kind and session.enrolments.standing().exists():
        raise Refused("已有人报名，培训类别不能更改。", field="kind")
    if facts["pass_mark"] != session.pass_mark and session.enrolments.filter(assessments__isnull=False).exists():
        raise Refused("已登记成绩，合格线不能更改。", field="pass_mark")
    before = (session.first_day, session.last_day, session.place)
    session.version += 1
    session = _write(session, session_days, courses, enrolment, facts)
    _refuse_unrecognised(session)
    fill_seats(session, at=at)
    if session.state == SessionState.PUBLISHED and before != (session.first_day, session.last_day, session.place):
        when = f"{day_words(session.first_day)}至{day_words(session.last_day)}"
        notices.changed(session, f"现定于{when}，地点：{session.place}。", at=at)
    return session


def _with_attendance(session: Session) -> bool:
    return session.enrolments.filter(attendances__isnull=False).exists()


def _days_with_attendance(session: Session):
    return session.enrolments.filter(attendances__isnull=False).values("attendances__day")


def _refuse_unrecognised(session: Session) -> None:
    """Art. 8 ¶1: on each of its days the body is a bureau or recognised by one."""
    if session.state != SessionState.DRAFT and not session.body.is_recognised(session.first_day, session.last_day):
        raise Refused(
            f"{session.body.name}在培训期间未经质监部门认可，不能组织这期培训{cited('8.1')}。请核对认可期间。",
            field="first_day",
        )


@transaction.atomic
def publish_session(session: Session, *, version: int, by: User, at) -> Session:
    """Open it to those it is for. Raises Refused where the body is not recognised on its days (Art. 8 ¶1)."""
    session = _begin(session, version=version, by=by, to=SessionState.PUBLISHED)
    if session.last_day < day_of(at):
        raise Refused("培训末日已过，不能发布。", field="last_day")
    session.state, session.published_at, session.published_by = SessionState.PUBLISHED, at, by
    _refuse_unrecognised(session)
    session.version += 1
    session.save()
    return session


@transaction.atomic
def cancel_session(session: Session, *, version: int, reason: str, by: User, at) -> Session:
    """Call it off; those enrolled are told. Raises Refused once certificates exist, or without a reason."""
    session = _begin(session, version=version, by=by, to=SessionState.CANCELLED)
    if not reason.strip():
        raise Refused("请写明取消的原因。", field="reason")
    if Certificate.unscoped.filter(enrolment__session=session).exists():
        raise Refused("这一期已经发出证书，不能取消。")
    if session.last_day < day_of(at) and _with_attendance(session):
        raise Refused("这一期已经结束并登记了考勤，不能取消。")
    session.state, session.cancelled_at, session.cancelled_by = SessionState.CANCELLED, at, by
    session.cancel_reason = reason.strip()
    session.version += 1
    session.save()
    notices.changed(session, f"这一期培训已取消。原因：{session.cancel_reason}", at=at)
    return session
