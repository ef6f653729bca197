"""What waits, and what is coming, of training: sessions to run, projects to confirm, revocations to decide."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import BooleanField, Count, ExpressionWrapper, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from cqo_portal.dashboards.items import COMING_DAYS, SHOWN, Coming, Todo
from registry.counting import counted
from registry.models import User
from registry.rules import day_words
from registry.states import Role
from training.models import (
    Certificate,
    Enrolment,
    ImprovementProject,
    ProjectAct,
    Revocation,
    Session,
    SessionDay,
    TrainingBody,
)
from training.states import EnrolmentState, ProjectState, SessionState, TrainingKind

WAITS = timedelta(days=365)  # after its last day a session waits on every page; an older one stands in its list alone


def own_sessions(user: User, today: date) -> QuerySet:
    """The sessions this person runs that wait for something, with what: ``has_to_enter``, ``has_to_issue``."""
    rows = Session.unscoped.filter(body__in=TrainingBody.unscoped.taught_by(user)).exclude(state=SessionState.CANCELLED)
    over = rows.filter(state=SessionState.PUBLISHED, last_day__lt=today, last_day__gte=today - WAITS)
    # From these few sessions to their people: asked the other way round, all who were ever taught are looked at.
    people = Enrolment.unscoped.filter(session__in=over)
    days = SessionDay.unscoped.filter(session=OuterRef("session")).order_by().values("session")
    # Who was absent sits no examination.
    unexamined = Q(there__gte=F("session__days_needed"), assessments=None, session__kind=TrainingKind.QUALIFYING)
    open_ends = people.seated().with_days().alias(held=Coalesce(Subquery(days.values(number=Count("pk"))), 0))
    open_ends = open_ends.filter(Q(known__lt=F("held")) | unexamined)
    return rows.annotate(has_to_enter=_among(open_ends), has_to_issue=_among(people.ready())).filter(
        Q(state=SessionState.DRAFT) | Q(has_to_enter=True) | Q(has_to_issue=True)
    )


def _among(people: QuerySet) -> ExpressionWrapper:
    """Whether a session is one of these people's."""
    return ExpressionWrapper(Q(pk__in=people.order_by().values("session")), BooleanField())


def open_revocations(user: User) -> QuerySet:
    """Revocations that wait for a second person, who this one may be."""
    rows = Revocation.unscoped.filter(confirmed_at=None, declined_at=None).exclude(proposed_by=user.pk)
    if user.role == Role.MUNICIPAL:
        return rows
    return rows.filter(certificate__body__in=TrainingBody.unscoped.taught_by(user))


def waiting(user: User, today: date) -> list[QuerySet]:
    """What waits for this person's office."""
    projects = ImprovementProject.unscoped.awaiting(user).select_related("enterprise", "candidate")
    acts = Prefetch("acts", ProjectAct.unscoped.select_related("by__county", "by__enterprise"))
    revocations = open_revocations(user).select_related("certificate__body", "certificate__candidate", "proposed_by")
    return [projects.prefetch_related(acts), own_sessions(user, today).select_related("body"), revocations]


def todos(
    user: User,
    today: date,
    projects: Sequence[ImprovementProject],
    sessions: Sequence[Session],
    revocations: Sequence[Revocation],
) -> list[Todo]:
    """What waits for this person's office."""
    return [*map(_of_project, projects), *map(_of_session, sessions), *map(_of_revocation, revocations)]


def _of_session(row: Session) -> Todo:
    if row.state == SessionState.DRAFT:
        what, name, since, tag = "发布", "session_detail", timezone.localdate(row.created_at), ("草稿", "")
    elif row.has_to_enter:
        what, name, since, tag = "登记考勤和成绩", "session_results", row.last_day, ("待登记", "blue")
    else:
        what, name, since, tag = "发给证书", "session_certificates", row.last_day, ("待发证", "blue")
    sub = f"{row.reference}，{day_words(row.first_day)}开班"
    return Todo(f"{what}：{row.title}", sub, row.body.name, since, reverse(name, args=[row.reference]), tag, "8.1")


def _of_revocation(row: Revocation) -> Todo:
    certificate = row.certificate
    return Todo(
        f"确认撤销：{certificate.candidate.name}的培训证书",
        certificate.number,
        f"{certificate.body.name}，{row.proposed_by.display_name}",
        timezone.localdate(row.proposed_at),
        reverse("revocation_decide", args=[certificate.code]),
        ("待确认", "amber"),
        "8.1",
    )


def _of_project(row: ImprovementProject) -> Todo:
    last = row.acts.all()[0]
    what, tag = {
        ProjectState.DRAFT: ("完成课题草稿", ("草稿", "")),
        ProjectState.RETURNED: ("修改课题", ("需处理", "amber")),
        ProjectState.REPORTED: ("确认课题完成", ("待确认", "blue")),
    }[row.state]
    return Todo(
        f"{what}：{row.candidate.name}，{row.title}",
        last.text[:60] if row.state == ProjectState.RETURNED else row.reference,
        row.enterprise.name if row.state != ProjectState.RETURNED else last.by.office_at(last.at),
        timezone.localdate(last.at),
        reverse("project_detail", args=[row.reference]),
        tag,
        "8.2",
    )


def coming(user: User, today: date) -> list[Coming]:
    """Sessions of the next ninety days: those one runs, or those one's people go to."""
    horizon = today + timedelta(days=COMING_DAYS)
    rows = Session.unscoped.filter(state=SessionState.PUBLISHED, first_day__gt=today, first_day__lte=horizon)
    if user.role == Role.ENTERPRISE:
        rows = rows.filter(
            enrolments__enterprise=user.enterprise_id, enrolments__state=EnrolmentState.ENROLLED
        ).distinct()
    else:
        rows = rows.filter(body__in=TrainingBody.unscoped.taught_by(user))
    return [
        Coming(row.first_day, f"{row.title}开班", row.place, reverse("session_detail", args=[row.reference]), "7")
        for row in rows.order_by("first_day")[:SHOWN]
    ]


def figures(user: User, today: date) -> list[tuple[str, int, str]]:
    """The few figures of a training body's first page."""
    own = TrainingBody.unscoped.taught_by(user)
    sessions = Session.unscoped.filter(body__in=own, state=SessionState.PUBLISHED)
    certificates = Certificate.unscoped.valid().filter(body__in=own)
    seated = Enrolment.unscoped.seated().filter(session__in=sessions, session__last_day__gte=today)
    of_year = sessions.filter(first_day__year=today.year), seated, certificates.filter(year=today.year)
    held, seats, issued, ever = counted(*of_year, certificates)
    return [
        (f"{today.year}年培训班", held, "期"),
        ("报名在册", seats, "人"),
        (f"{today.year}年发证", issued, "份"),
        ("历年有效证书", ever, "份"),
    ]
