"""What the pages say of a session: who has the next step, who is in it, and what happened to it."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from registry.citing import cited
from registry.models import Candidate, User
from registry.rules import day_words
from registry.states import Role
from training.filters import Stage
from training.models import Assessment, Attendance, Certificate, Enrolment, Session
from training.rules import enrolment_fault
from training.states import EnrolmentState, SessionState, TrainingKind

ONE_DAY = timedelta(days=1)
OPEN_NOW = "正在报名。"
CERTIFIED = "这一期已经发出证书，日期、地点和考核要求都不能再改。"


@dataclass
class NextStep:
    """What is to be done and by whom, who hears of it, and the buttons: the first is the primary one."""

    title: str
    lines: list[str]
    note: str = ""
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Figures:
    """How far a session is: of those with a seat, how many have attendance, a score, a certificate."""

    attended: int
    assessed: int
    certified: int


def figures_of(session: Session) -> Figures:
    """Counted over everybody with a seat, in one query."""
    told = session.enrolments.seated().aggregate(
        attended=Count("pk", filter=Exists(Attendance.unscoped.filter(enrolment=OuterRef("pk")))),
        assessed=Count("pk", filter=Exists(Assessment.unscoped.filter(enrolment=OuterRef("pk")))),
        certified=Count("pk", filter=Exists(Certificate.unscoped.filter(enrolment=OuterRef("pk")))),
    )
    return Figures(**told)


def page_url(name: str, session: Session) -> str:
    """The address of one of a session's pages."""
    return reverse(name, args=[session.reference])


def seats_left(session: Session) -> int:
    """Seats that somebody who enrols now would get; none while others wait for one."""
    return 0 if session.waiting else max(session.seats - session.enrolled, 0)


def enrolment_closed(session: Session, today: date) -> str | None:
    """Why nobody can enrol today, as a sentence, or None."""
    stage = Stage.of(session, today)
    if stage in (Stage.DRAFT, Stage.CANCELLED):
        return f"这一期现在是“{stage.label}”，不能报名。"
    return enrolment_fault(today=today, first_day=session.enrolment.lower, last_day=session.enrolment.upper - ONE_DAY)


def is_open_to(session: Session, user: User) -> bool:
    """Whether this person's enterprise or county is among those the session is for."""
    county = user.enterprise.county_id if user.enterprise_id else user.county_id
    return session.open_county_id is None or county in (None, session.open_county_id)


def covers_days(session: Session) -> bool:
    """Whether the body is a bureau, or recognised on each day of the session (Art. 8 ¶1)."""
    return session.body.is_recognised(session.first_day, session.last_day)


# --- The next step ---------------------------------------------------------------------------------------------------


def next_step(session: Session, user: User, today: date, figures: Figures) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    stage = Stage.of(session, today)
    if stage == Stage.CANCELLED:
        day = day_words(timezone.localdate(session.cancelled_at))
        return NextStep("这一期已取消", [f"{day}取消。原因：{session.cancel_reason}", "可以在培训班中另选一期。"])
    if user.has_perm("training.run", session):
        step = _drafted(session) if stage == Stage.DRAFT else _running(session, today, figures)
    elif stage == Stage.DRAFT:
        step = NextStep("培训机构正在安排", [f"草稿由{session.body.name}发布；发布以前企业看不到，不能报名。"])
    elif user.role == Role.ENTERPRISE:
        step = _for_enterprise(session, user, today)
    else:
        step = NextStep(
            "由培训机构办理", [f"报名、考勤、成绩和证书由{session.body.name}办理{cited('8.1')}。", _seats(session)]
        )
    may_enrol_free = user.has_perm("registry.record_free_person") and is_open_to(session, user)
    if may_enrol_free and enrolment_closed(session, today) is None:
        step.buttons.append(("为没有企业的人员报名", page_url("session_enrol_free", session)))
    return step


def _seats(session: Session) -> str:
    waiting = f"，候补 {session.waiting} 人" if session.waiting else ""
    return f"名额 {session.seats} 人，已报名 {session.enrolled} 人{waiting}。"


def _drafted(session: Session) -> NextStep:
    edit, publish = ("修改", page_url("session_edit", session)), ("核对并发布", page_url("session_publish", session))
    if covers_days(session):
        lines = ["草稿只有本机构和市局看得到。核对无误后发布，企业才能报名。"]
        return NextStep("下一步：核对并发布", lines, buttons=[publish, edit])
    lines = [
        f"{session.body.name}在培训期间未经质监部门认可，不能组织这期培训{cited('8.1')}。",
        "请修改培训日期；认可有变动的，请与市局联系，登记后再发布。",
    ]
    return NextStep("暂时不能发布", lines, buttons=[edit])


def _running(session: Session, today: date, figures: Figures) -> NextStep:
    """For whoever runs it, once published."""
    results = ("登记考勤和成绩", page_url("session_results", session))
    certificates = ("证书", page_url("session_certificates", session))
    qualifying = session.kind == TrainingKind.QUALIFYING
    if session.first_day > today:
        lines = [enrolment_closed(session, today) or OPEN_NOW, _seats(session)]
        return NextStep(f"等待开班：{day_words(session.first_day)}", lines)
    if not session.enrolled:
        lines = [enrolment_closed(session, today) or OPEN_NOW, "没有已报名的人员，无需登记考勤和成绩。"]
        return NextStep("没有人报名", lines)
    if (figures.assessed if qualifying else figures.attended) < session.enrolled:
        lines = ["按天登记考勤，按次登记考核成绩；可以在网页上填，也可以下载模板、填好后上传。"]
        return NextStep(
            "下一步：登记考勤和成绩", lines, buttons=[results, *([certificates] if figures.assessed else [])]
        )
    if qualifying and figures.certified < session.enrolled:
        lines = [f"成绩已经登记齐全。出勤和考核都达到要求的，发给证书{cited('8.1')}；未达到的，写明原因，可以补考。"]
        return NextStep("下一步：发给证书", lines, buttons=[certificates, results])
    done = "证书已经全部发给。" if qualifying else "考勤已经登记齐全，学时自末日之后计入继续教育。"
    return NextStep("无需办理", [done])


def _for_enterprise(session: Session, user: User, today: date) -> NextStep:
    if not is_open_to(session, user):
        return NextStep("不面向本县（市、区）", [f"这一期只面向{session.open_county.name}的企业，不能再报名。"])
    if fault := enrolment_closed(session, today):
        return NextStep("现在不能报名", [fault])
    until = f"报名到{day_words(session.enrolment.upper - ONE_DAY)}为止。"
    enrol = [("为本企业人员报名", page_url("session_enrol", session))]
    if left := seats_left(session):
        return NextStep("可以报名", [f"还有 {left} 个名额。{until}"], buttons=enrol)
    lines = [f"名额已满，可以候补。{until}", "有人取消报名时，按候补先后补上，补上后发消息告知。"]
    return NextStep("名额已满，可以候补", lines, buttons=enrol)


# --- Who is in it, and what happened ---------------------------------------------------------------------------------


def waiting_places(session: Session) -> dict[int, int]:
    """Enrolment → its place in the waiting list, from 1."""
    rows = session.enrolments.filter(state=EnrolmentState.WAITING).order_by("enrolled_at", "pk")
    return {pk: place for place, pk in enumerate(rows.values_list("pk", flat=True), start=1)}


def enrolments_seen(session: Session, user: User) -> QuerySet[Enrolment]:
    """Who of this session this person may see: those with a seat, then those waiting, then those withdrawn."""
    order = Case(
        When(state=EnrolmentState.ENROLLED, then=Value(0)), When(state=EnrolmentState.WAITING, then=Value(1)),
        default=Value(2),
    )  # fmt: skip
    rows = Enrolment.unscoped.visible_to(user).filter(session=session).select_related("candidate", "enterprise__county")
    return rows.annotate(
        group=order,
        has_results=Exists(Attendance.unscoped.filter(enrolment=OuterRef("pk")))
        | Exists(Assessment.unscoped.filter(enrolment=OuterRef("pk"))),
    ).order_by("group", "seat", "enrolled_at", "pk")


def describe(rows: list[Enrolment], session: Session, user: User) -> None:
    """Give each row what its line shows: ``tag``, ``person_seen`` (a link leads there), ``may_withdraw``."""
    places = waiting_places(session) if any(row.state == EnrolmentState.WAITING for row in rows) else {}
    people = [row.candidate_id for row in rows]
    seen = set(Candidate.unscoped.visible_to(user).filter(pk__in=people).values_list("pk", flat=True))
    off = session.state == SessionState.CANCELLED
    for row in rows:
        row.tag = ("本期已取消", "") if off else enrolment_tag(row, places)
        row.person_seen = row.candidate_id in seen
        standing = row.state != EnrolmentState.WITHDRAWN
        row.may_withdraw = standing and not row.has_results and not off and user.has_perm("training.withdraw", row)


def enrolment_tag(row: Enrolment, places: dict[int, int]) -> tuple[str, str]:
    """The state of an enrolment in words, with the place of who waits, and its colour."""
    if row.state == EnrolmentState.WAITING and row.pk in places:
        return f"候补，第 {places[row.pk]} 位", "amber"
    tones = {EnrolmentState.ENROLLED: "green", EnrolmentState.WAITING: "amber"}
    return EnrolmentState(row.state).label, tones.get(row.state, "")


def timeline_of(session: Session) -> list[dict]:
    """What happened to a session, newest first."""
    people = User.unscoped.select_related("county", "enterprise", "training_membership__body").in_bulk(
        {session.cancelled_by_id, session.published_by_id, session.created_by_id} - {None}
    )
    acts = [
        ("取消", session.cancelled_at, people.get(session.cancelled_by_id), session.cancel_reason, "red"),
        ("发布", session.published_at, people.get(session.published_by_id), "", "now"),
        ("安排", session.created_at, people.get(session.created_by_id), "", ""),
    ]
    return [
        {"title": title, "at": at, "by_line": f"{by.display_name}（{by.office_at(at)}）", "text": text, "tone": tone}
        for title, at, by, text, tone in acts
        if at
    ]
