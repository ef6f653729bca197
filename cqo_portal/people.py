"""A person's page: who, where employed, what is on file, what is missing, and what happened, as far as one may see."""

from dataclasses import dataclass
from datetime import date

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.eligibility import computed
from appointments.models import Appointment
from appointments.states import State
from cqo_portal.asof import as_of
from cqo_portal.education import this_year
from cqo_portal.timeline import timeline
from registry.forms import FACT_FORMS, FactForm
from registry.history import events_of, history
from registry.models import Candidate, Employment, StoredFile
from registry.models.measure import basis_if_any
from registry.rules import day_words
from registry.states import Outcome, Role
from registry.views.people import employers, person_within_scope
from training.forms import TrainingForm
from training.models import Certificate, Enrolment, ImprovementProject, PoolEntry, Session
from training.notices import url_of_project, url_of_session
from training.states import ProjectState, SessionState, TrainingKind

OVER = (State.ENDED, State.WITHDRAWN)
# Each kind of fact with the item of Art. 6 it is evidence of, and what its absence means.
KINDS: list[tuple[type[FactForm], str, str]] = [
    (FACT_FORMS["qualification"], "6.(3)", "没有职业资格的，看学历和质量工作经历。"),
    (FACT_FORMS["education"], "6.(3)", "没有填写学历。"),
    (FACT_FORMS["experience"], "6.(3)", "没有填写质量工作经历。"),
    (TrainingForm, "6.(5)", "没有填报其他机构的培训。本平台发的证书列在上面，不必填报。"),
]


@dataclass(frozen=True)
class NextStep:
    """What is missing of what can be reckoned, and the step that helps: in words, with an address."""

    clause: str
    title: str
    outcome: str  # of Art. 6; empty for what is no condition
    met_on: date | None
    step: str
    url: str = ""
    words: str = ""


def _next_steps(person: Candidate, enterprise, user, today: date) -> list[NextStep]:
    """Art. 6(三), 6(五) and 8 as they stand for one enterprise: the earliest day of 6(三), the next open session.

    Somebody without an enterprise may train as well (Art. 7): what is asked of an appointment is left out then.
    """
    if enterprise is None or basis_if_any(today) is None:
        certified = Certificate.unscoped.valid().visible_to(user).filter(candidate=person).exists()
        outcome = Outcome.MET if certified else Outcome.UNMET
        return [_training_step(person, outcome, user, today), _pool_step(person, user, today)]
    qualified, trained = computed(person.pk, enterprise.pk, today)
    return [
        NextStep("6.(3)", "职业资格，或者学历和经历", qualified.outcome, qualified.met_on, qualified.next_step),
        _training_step(person, trained.outcome, user, today),
        _pool_step(person, user, today),
    ]


def _training_step(person: Candidate, outcome: str, user, today: date) -> NextStep:
    title = "任职培训"
    if outcome == Outcome.MET:
        return NextStep("6.(5)", title, outcome, None, "")
    joined = Enrolment.unscoped.visible_to(user).standing().filter(
        candidate=person, session__kind=TrainingKind.QUALIFYING, session__last_day__gte=today,
        session__state=SessionState.PUBLISHED,
    )  # fmt: skip
    if row := joined.select_related("session").first():
        words = f"{row.get_state_display()}：{row.session.title}，{day_words(row.session.first_day)}开班。"
        return NextStep("6.(5)", title, outcome, None, words, url_of_session(row.session), "查看")
    sessions = Session.unscoped.visible_to(user).open_for_enrolment(today).filter(kind=TrainingKind.QUALIFYING)
    if session := sessions.order_by("first_day").first():
        words = f"最近一期：{session.title}，{day_words(session.first_day)}开班。"
        return NextStep("6.(5)", title, outcome, None, words, url_of_session(session), "查看和报名")
    return NextStep("6.(5)", title, outcome, None, "目前没有可以报名的培训班。")


def _pool_step(person: Candidate, user, today: date) -> NextStep:
    title = "纳入人才库"
    entry = PoolEntry.unscoped.visible_to(user).present().filter(candidate=person).first()
    if entry:
        words, url = f"自{day_words(entry.entered_on)}起在人才库中。", reverse("pool_entry", args=[entry.reference])
        return NextStep("8.2", title, "", None, words, url, "查看")
    projects = ImprovementProject.unscoped.visible_to(user).exclude(state=ProjectState.WITHDRAWN)
    project = projects.filter(candidate=person).first()
    if project:
        words, url = f"课题“{project.title}”{project.get_state_display()}。", url_of_project(project)
        return NextStep("8.2", title, "", None, words, url, "查看课题")
    url = f"{reverse('project_new')}?candidate={person.reference}" if user.role == Role.ENTERPRISE else ""
    words = "取得证书并完成《质量课题改进计划》的，由系统纳入。"
    return NextStep("8.2", title, "", None, words, url, "填报课题" if url else "")


@dataclass(frozen=True)
class Fact:
    """One line of a person's file."""

    title: str
    rest: str
    evidence: StoredFile | None
    enterprise: str
    by_bureau: str  # the office that wrote it in for the enterprise; empty where the enterprise did
    remove_url: str


@dataclass(frozen=True)
class Section:
    """All facts of one kind."""

    slug: str
    title: str
    clause: str
    none: str
    facts: list[Fact]
    add_url: str


def _section(form: type[FactForm], clause: str, none: str, *, person: Candidate, user) -> Section:
    rows = form.model.unscoped.visible_to(user).filter(candidate=person)
    facts = []
    for row in rows.select_related("evidence", "enterprise", "recorded_by__county", "recorded_by__enterprise"):
        by = row.recorded_by
        facts.append(
            Fact(
                *form.described(row),
                row.evidence,
                row.enterprise.name,
                "" if by.role == Role.ENTERPRISE else by.office_at(row.recorded_at),
                reverse("fact_remove", args=[person.reference, form.slug, row.pk]),
            )
        )
    title = str(form.model._meta.verbose_name)
    return Section(form.slug, title, clause, none, facts, reverse("fact_new", args=[person.reference, form.slug]))


def _history(person: Candidate, user):
    """Everything written about a person within one's scope."""
    own = list(employers(user, person).values_list("pk", flat=True))
    kept = [Employment, *(form.model for form, *_ in KINDS)]
    return history(
        events_of(Candidate, pgh_obj=person),
        *(events_of(model, candidate=person, enterprise__in=own) for model in kept),
    )


def _certificates(person: Candidate, user):
    rows = Certificate.unscoped.visible_to(user).current().filter(candidate=person)
    return rows.select_related("body", "enrolment__session").prefetch_related("revocations")


@require_safe
def candidate_detail(request, reference):
    """One person, as far as this user may see."""
    user, today = request.user, timezone.localdate()
    person = person_within_scope(request, reference)
    work = list(Employment.unscoped.visible_to(user).filter(candidate=person).select_related("enterprise__county"))
    at_work = [row for row in work if today in row.period]
    may_record = bool(work) and user.has_perm("registry.record_person", work[0].enterprise)
    appointments = Appointment.unscoped.visible_to(user).filter(candidate=person).with_parties()
    facts = {
        "steps": _next_steps(person, at_work[0].enterprise if at_work else None, user, today),
        "judged_for": at_work[0].enterprise if len(at_work) > 1 else None,
        "certificates": _certificates(person, user),
        "projects": ImprovementProject.unscoped.visible_to(user).filter(candidate=person),
        "moments": timeline(person, user),
        "education": this_year(person, user, today),
        "may_reveal": user.has_perm("registry.reveal_number", person),
        "may_link": user.has_perm("registry.issue_person_link", person),
        "may_correct_name": user.has_perm("registry.correct_name", person),
        "person": person,
        "work": work,
        "at_work": at_work,
        "sections": [_section(*kind, person=person, user=user) for kind in KINDS],
        "appointments": appointments,
        "may_record": may_record,
        "may_appoint": user.role == Role.ENTERPRISE and not appointments.exclude(state__in=OVER).exists(),
        "several": len({row.enterprise_id for row in work}) > 1,
        "history": _history(person, user) if user.has_perm("registry.see_history") else [],
        "today": today,
        **as_of(request, appointments),
    }
    return render(request, "cqo_portal/candidate_detail.html", facts)
