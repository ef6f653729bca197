"""Enrolling: an enterprise its own people, a bureau those without one; and taking an enrolment back (Art. 7)."""

from functools import partial
from itertools import chain, count

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.shortcuts import redirect, render
from django.utils import timezone

from registry.models import Candidate, Employment
from registry.pages import PortalForm, carry_out, demand, find
from registry.refusals import Refused
from registry.views.common import posted
from training.actions import enrol, enrol_free, withdraw_enrolment
from training.forms.sessions import EnrolForm, FreeEnrolForm
from training.models import Enrolment, Session
from training.states import EnrolmentState, SessionState
from training.views import shown
from training.views.common import act_page, session_within_scope
from training.views.sessions import address_of, trail_to

SHOWN = 50  # people without an enterprise offered at once; a name narrows them


def _closed(request, session: Session):
    """Back to the session with the reason why nobody can enrol now; None where one can.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    fault = shown.enrolment_closed(session, timezone.localdate())
    if request.method == "POST" or fault is None:
        return None
    messages.warning(request, fault)
    return redirect(address_of(session))


def _at_work(user, enterprise):
    """The people of an enterprise in service today."""
    jobs = Employment.unscoped.filter(enterprise=enterprise, period__contains=timezone.localdate())
    people = Candidate.unscoped.visible_to(user).filter(Exists(jobs.filter(candidate=OuterRef("pk"))))
    return people.prefetch_related(Prefetch("employments", queryset=jobs, to_attr="jobs"))


def session_enrol(request, reference):
    """An enterprise enrols one or several of its people, all of them or none."""
    user, session = request.user, session_within_scope(request, reference)
    demand(user, "training.enrol", user.enterprise)
    if shut := _closed(request, session):
        return shut
    people = _at_work(user, user.enterprise)
    form = EnrolForm(people=people, initial={"people": request.GET.getlist("candidate")}, **posted(request))
    made: list[Enrolment] = []
    if request.method == "POST" and form.is_valid():
        act = partial(_enrol_all, session, form, made)
        if response := carry_out(request, form, act, lambda _: address_of(session)):
            _say_where(request, session, made)
            return response
    facts = {"form": form, "session": session, "seats_left": shown.seats_left(session), "trail": trail_to(session)}
    facts["people"] = _described(people, session, user, form)
    return render(request, "training/enrol.html", facts)


def _enrol_all(session: Session, form: EnrolForm, made: list[Enrolment], *, by, at) -> Session:
    """Enrol everybody picked; where one cannot be, nobody is, and each reason stands at its person."""
    rows = []
    for person in form.cleaned_data["people"]:
        try:
            with transaction.atomic():
                rows.append(enrol(session, enterprise=by.enterprise, candidate=person, by=by, at=at))
        except Refused as refusal:
            if refusal.field != "candidate":
                raise
            form.refused[person.reference] = refusal.sentence
    if form.refused:
        raise Refused(f"有 {len(form.refused)} 人不能报名，原因列在姓名下；这一次没有为任何人报名。", field="people")
    made += rows
    return session


def _described(people, session: Session, user, form: EnrolForm) -> list[Candidate]:
    """The people, each with ``said`` (in it already), ``picked``, ``refused``, and the ``control`` that picks them."""
    rows, places = shown.enrolments_seen(session, user), shown.waiting_places(session)
    tags = {row.candidate_id: shown.enrolment_tag(row, places) for row in rows if row.state != EnrolmentState.WITHDRAWN}
    found = list(people)
    controls = chain(("id_people",), (f"id_people_{n}" for n in count(1)))  # an error's link leads to the first
    for person in found:
        person.said = tags.get(person.pk)
        person.control = "" if person.said else next(controls)
        person.picked = person.reference in form.picked
        person.refused = form.refused.get(person.reference, "")
    return found


def _say_where(request, session: Session, made: list[Enrolment]) -> None:
    """Say of each whether there was a seat or where in the waiting list the person stands."""
    kept = Enrolment.unscoped.filter(pk__in=[row.pk for row in made]).select_related("candidate").order_by("pk")
    seated = [row.candidate.name for row in kept if row.seat]
    waiting = [row for row in kept if not row.seat]
    if seated:
        messages.success(request, f"已报名：{'、'.join(seated)}。")
    if waiting:
        places = shown.waiting_places(session)
        words = "、".join(f"{row.candidate.name}（第 {places[row.pk]} 位）" for row in waiting)
        messages.warning(request, f"名额已满，已列入候补：{words}。有名额空出时按先后补上，补上后发消息告知。")


def _free_people(user):
    """People without an enterprise whom this officer may enrol."""
    working = Employment.unscoped.filter(candidate=OuterRef("pk"), period__contains=timezone.localdate())
    rows = Candidate.unscoped.visible_to(user).exclude(Exists(working))
    return rows.filter(county=user.county_id) if user.county_id else rows


def _enrol_one(session: Session, form: FreeEnrolForm, made: list[Enrolment], *, by, at) -> None:
    made.append(enrol_free(session, candidate=form.cleaned_data["candidate"], by=by, at=at))


def session_enrol_free(request, reference):
    """A bureau enrols somebody without an enterprise, on file already or put on file first."""
    user, session = request.user, session_within_scope(request, reference)
    demand(user, "registry.record_free_person")
    if shut := _closed(request, session):
        return shut
    people, words = _free_people(user), request.GET.get("q", "").replace("\x00", "").strip()[:40]
    form = FreeEnrolForm(people=people, initial={"candidate": request.GET.get("candidate")}, **posted(request))
    narrowed = people.filter(search__holds=words) if words else people
    chosen = str(form["candidate"].value() or "").replace("\x00", "")
    offered = [*people.filter(reference=chosen), *narrowed.exclude(reference=chosen)[:SHOWN]]
    made: list[Enrolment] = []
    if request.method == "POST" and form.is_valid():
        act = partial(_enrol_one, session, form, made)
        if response := carry_out(request, form, act, lambda _: address_of(session)):
            _say_where(request, session, made)
            return response
    facts = {"form": form, "session": session, "seats_left": shown.seats_left(session), "trail": trail_to(session)}
    facts |= {"people": offered, "chosen": chosen, "more": narrowed.count() > SHOWN, "words": words}
    return render(request, "training/enrol_free.html", facts)


def enrolment_withdraw(request, reference, pk):
    """Ask before an enrolment is taken back; the seat goes to who waits longest."""
    session = session_within_scope(request, reference)
    rows = Enrolment.unscoped.visible_to(request.user).filter(session=session).select_related("candidate", "enterprise")
    enrolment = find(rows, pk=pk)
    demand(request.user, "training.withdraw", enrolment)
    if request.method != "POST" and enrolment.state == EnrolmentState.WITHDRAWN:
        messages.warning(request, "这一报名已经取消。")
        return redirect(address_of(session))
    form = PortalForm(**posted(request))
    name = enrolment.candidate.name
    return act_page(
        request,
        form,
        lambda **who: withdraw_enrolment(enrolment, **who),
        to=lambda _: address_of(session),
        done=f"已取消{name}的报名。",
        title=f"取消{name}的报名",
        caption=f"{session.title}，{session.reference}",
        tag=shown.enrolment_tag(enrolment, shown.waiting_places(session)),
        points=_what_follows(session, enrolment),
        points_title="取消后会怎样？",
        trail=trail_to(session),
        submit="取消报名",
        cancel="返回",
        danger=True,
    )


def _what_follows(session: Session, enrolment: Enrolment) -> list[str]:
    """What taking an enrolment back does, in sentences."""
    again = "报名期间内可以重新报名；名额已满的，排在候补的最后。"
    if enrolment.state != EnrolmentState.ENROLLED:
        return ["不再候补这一期。", again]
    waits = session.enrolments.filter(state=EnrolmentState.WAITING).exists()
    if waits and session.state == SessionState.PUBLISHED and session.last_day >= timezone.localdate():
        return ["空出的名额立即给候补的第一位，消息发给其所在企业，不能收回。", again]
    return ["空出一个名额。", again]
