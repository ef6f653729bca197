"""Sessions: the list, one session as each role sees it, and planning, publishing, changing, cancelling it."""

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.history import events_of, history
from registry.listing import page_of
from registry.pages import PortalForm, demand
from registry.views.common import posted
from registry.views.lists import opened
from training.actions import cancel_session, change_session, plan_session, publish_session
from training.forms.sessions import CancelForm, CourseList, SessionForm, consists_of_workdays
from training.models import Assessment, Attendance, Certificate, Course, Enrolment, Session, SessionDay, TrainingBody
from training.states import SessionState
from training.views import shown
from training.views.common import act_page, session_within_scope, stage_tag

SESSIONS = "培训班"


def address_of(session: Session) -> str:
    """The page of a session."""
    return reverse("session_detail", args=[session.reference])


def trail_to(session: Session) -> list[tuple[str, str]]:
    """The way to what stands under a session."""
    return [(SESSIONS, reverse("session_list")), (session.title, address_of(session))]


@require_safe
def session_list(request):
    """The sessions within one's scope; an enterprise sees beside each how many of its own are in it."""
    found = opened(request, "session_list")
    facts = {"page": found.page(request), "filters": found.filters}
    facts["may_plan"] = request.user.has_perm("training.offer_any")
    return render(request, "training/session_list.html", facts)


@require_safe
def session_detail(request, reference):
    """Title, next step, figures, facts by question, who is in it, timeline."""
    user, today = request.user, timezone.localdate()
    session = session_within_scope(request, reference)
    figures, runs = shown.figures_of(session), user.has_perm("training.run", session)
    page = page_of(request, shown.enrolments_seen(session, user))
    shown.describe(page.object_list, session, user)
    facts = {
        "session": session,
        "tag": stage_tag(session, today),
        "next": shown.next_step(session, user, today, figures),
        "figures": figures,
        "runs": runs,
        "seats_left": shown.seats_left(session),
        "may_change": runs and session.state != SessionState.CANCELLED and not figures.certified,
        "unrecognised": session.state == SessionState.PUBLISHED and not shown.covers_days(session),
        "page": page,
        "may_withdraw": any(row.may_withdraw for row in page.object_list),
        "events": shown.timeline_of(session),
        "history": _history(session) if user.has_perm("registry.see_history") else [],
    }
    return render(request, "training/session_detail.html", facts | _days_and_courses(session))


def _history(session: Session):
    """What was written about a session, its days and courses, who is in it, and the results."""
    own = (events_of(model, session=session) for model in (SessionDay, Course, Enrolment))
    results = (events_of(model, enrolment__session=session) for model in (Attendance, Assessment))
    return history(events_of(Session, pgh_obj=session), *own, *results)


def _days_and_courses(session: Session) -> dict:
    return {"days": [row.day for row in session.days.all()], "courses": session.courses.all()}


def session_new(request):
    """Plan a session of a body one acts for."""
    demand(request.user, "training.offer_any")
    bodies = TrainingBody.unscoped.taught_by(request.user)
    if not bodies.exists():
        return render(request, "training/session_no_body.html", {})
    form = SessionForm(user=request.user, bodies=bodies, **posted(request))
    return act_page(
        request,
        form,
        lambda **who: plan_session(body=form.organiser(), **form.plan(), **who),
        to=address_of,
        done="草稿已保存。核对无误后发布，企业才能报名。",
        template="registry/form.html",
        title="安排培训班",
        caption=form.only.name if form.only else "",
        lead="先保存为草稿，只有本机构和市局看得到；核对后再发布。",
        trail=[(SESSIONS, reverse("session_list"))],
        cancel_url=reverse("session_list"),
        submit="保存草稿",
    )


class Plan:
    """A session as its form asks for it: what the form is filled with, and what a stale one is compared with."""

    def __init__(self, session: Session):
        self.session = session
        self._read()

    def _read(self) -> None:
        session, days = self.session, [row.day for row in self.session.days.all()]
        names = ("kind", "title", "place", "audience", "seats", "pass_mark", "days_needed", "version")
        self.__dict__ |= {name: getattr(session, name) for name in names} | {
            "first_day": session.first_day,
            "last_day": session.last_day,
            "workdays_only": consists_of_workdays(days),
            "open_county": session.open_county.code if session.open_county else "",
            "enrol_first_day": session.enrolment.lower,
            "enrol_last_day": session.enrolment.upper - shown.ONE_DAY,
            "courses": CourseList((row.title, row.hours) for row in session.courses.all()),
        }

    def refresh_from_db(self) -> None:
        """Read it again."""
        self.session.refresh_from_db()
        self._read()


def session_edit(request, reference):
    """Change a session while it can be; those enrolled are told when days or place change."""
    session = session_within_scope(request, reference)
    demand(request.user, "training.run", session)
    if request.method != "POST" and (shut := _unchangeable(request, session)):
        return shut
    plan = Plan(session)
    form = SessionForm(user=request.user, initial=vars(plan), version=session.version, **posted(request))
    return act_page(
        request,
        form,
        lambda **who: change_session(session, version=form.cleaned_data["version"], **form.plan(), **who),
        to=address_of,
        done="培训班已保存。",
        row=plan,
        template="registry/form.html",
        title="修改培训班",
        caption=f"{session.title}，{session.reference}",
        lead=_who_is_told(session, "培训日期或地点有变的，"),
        trail=trail_to(session),
        cancel_url=address_of(session),
        submit="保存",
    )


def _unchangeable(request, session: Session):
    """Back to the session with the reason why it cannot be changed or called off; None where it can."""
    if session.state == SessionState.CANCELLED:
        messages.warning(request, "这一期已经取消，不能再改。")
    elif Certificate.unscoped.filter(enrolment__session=session).exists():
        messages.warning(request, shown.CERTIFIED)
    else:
        return None
    return redirect(address_of(session))


def _who_is_told(session: Session, when: str) -> str:
    """How many enterprises get a message, in a sentence; empty while nobody enrolled."""
    standing = session.enrolments.standing()
    told = standing.aggregate(
        people=Count("pk"), free=Count("pk", filter=Q(enterprise=None)), enterprises=Count("enterprise", distinct=True)
    )
    if session.state == SessionState.DRAFT or not told["people"]:
        return ""
    free = f"；没有企业的 {told['free']} 人收不到消息，请另行告知" if told["free"] else ""
    return f"已报名和候补共 {told['people']} 人。{when}消息发给 {told['enterprises']} 家企业{free}。"


def session_publish(request, reference):
    """The page on which a draft is checked, and then published."""
    session = session_within_scope(request, reference)
    demand(request.user, "training.run", session)
    if request.method != "POST" and session.state != SessionState.DRAFT:
        messages.warning(request, f"这一期现在是“{SessionState(session.state).label}”，不能再发布。")
        return redirect(address_of(session))
    form = PortalForm(version=session.version, **posted(request))
    whom = f"{session.open_county.name}的企业" if session.open_county else "全市企业"
    points = [
        f"{whom}在“培训班”中看到这一期，报名期间内可以报名；不另发消息。",
        "发布后仍可修改。已有人报名的，培训日期或地点有变时，消息发给这些企业。",
        "发出证书以后，日期、地点和考核要求不能再改，也不能取消。",
    ]
    return act_page(
        request,
        form,
        lambda **who: publish_session(session, version=form.cleaned_data["version"], **who),
        to=address_of,
        done="已发布。",
        row=session,
        template="training/session_publish.html",
        session=session,
        unrecognised=not shown.covers_days(session),
        points=points,
        trail=trail_to(session),
        **_days_and_courses(session),
    )


def session_cancel(request, reference):
    """Call a session off, with the reason; those enrolled are told."""
    session = session_within_scope(request, reference)
    demand(request.user, "training.run", session)
    if request.method != "POST" and (shut := _unchangeable(request, session)):
        return shut
    form = CancelForm(version=session.version, **posted(request))
    return act_page(
        request,
        form,
        lambda **who: cancel_session(session, version=form.cleaned_data["version"], **form.values(), **who),
        to=address_of,
        done="已取消。",
        row=session,
        title="取消培训班",
        caption=f"{session.title}，{session.reference}",
        tag=stage_tag(session, timezone.localdate()),
        lead="取消后不能恢复；需要时另行安排一期。" + _who_is_told(session, ""),
        trail=trail_to(session),
        submit="取消这一期",
        cancel="返回",
        danger=True,
    )
