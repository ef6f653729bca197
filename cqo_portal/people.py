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
from cqo_portal.timeline import PersonFile, timeline
from registry.forms import FACT_FORMS, FactForm
from registry.history import events_of, history
from registry.models import Candidate, Employment, StoredFile
from registry.models.measure import basis_if_any
from registry.rules import day_words
from registry.states import Outcome, Role
from registry.views.people import person_within_scope
from training.forms import TrainingForm
from training.models import Session
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


def _next_steps(file: PersonFile, enterprise, today: date) -> list[NextStep]:
    """Art. 6(三), 6(五) and 8 as they stand for one enterprise: the earliest day of 6(三), the next open session.

    Somebody without an enterprise may train as well (Art. 7): what is asked of an appointment is left out then.
    """
    if enterprise is None or basis_if_any(today) is None:
        certified = any(row.is_current and not row.revocation for row in file.certificates)
        outcome = Outcome.MET if certified else Outcome.UNMET
        return [_training_step(file, outcome, today), _pool_step(file)]
    qualified, trained = computed(file.person.pk, enterprise, today)
    return [
        NextStep("6.(3)", "职业资格，或者学历和经历", qualified.outcome, qualified.met_on, qualified.next_step),
        _training_step(file, trained.outcome, today),
        _pool_step(file),
    ]


def _training_step(file: PersonFile, outcome: str, today: date) -> NextStep:
    title, user = "任职培训", file.user
    if outcome == Outcome.MET:
        return NextStep("6.(5)", title, outcome, None, "")
    if row := next((row for row in file.enrolments if _is_to_come(row.session, today)), None):
        words = f"{row.get_state_display()}：{row.session.title}，{day_words(row.session.first_day)}开班。"
        return NextStep("6.(5)", title, outcome, None, words, url_of_session(row.session), "查看")
    sessions = Session.unscoped.visible_to(user).open_for_enrolment(today).filter(kind=TrainingKind.QUALIFYING)
    if session := sessions.order_by("first_day").first():
        words = f"最近一期：{session.title}，{day_words(session.first_day)}开班。"
        return NextStep("6.(5)", title, outcome, None, words, url_of_session(session), "查看和报名")
    return NextStep("6.(5)", title, outcome, None, "目前没有可以报名的培训班。")


def _is_to_come(session: Session, today: date) -> bool:
    """Whether it is 任职培训 that will be held, or is not over."""
    planned = session.kind == TrainingKind.QUALIFYING and session.state == SessionState.PUBLISHED
    return planned and session.last_day >= today


def _pool_step(file: PersonFile) -> NextStep:
    title = "纳入人才库"
    if entry := next((row for row in file.entries if row.left_at is None), None):
        words, url = f"自{day_words(entry.entered_on)}起在人才库中。", reverse("pool_entry", args=[entry.reference])
        return NextStep("8.2", title, "", None, words, url, "查看")
    if project := next((row for row in file.projects if row.state != ProjectState.WITHDRAWN), None):
        words, url = f"课题“{project.title}”{project.get_state_display()}。", url_of_project(project)
        return NextStep("8.2", title, "", None, words, url, "查看课题")
    own = file.user.role == Role.ENTERPRISE
    url = f"{reverse('project_new')}?candidate={file.person.reference}" if own else ""
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


def _section(form: type[FactForm], clause: str, none: str, *, file: PersonFile) -> Section:
    facts, person = [], file.person
    for row in file.facts(form.model):
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


def _history(file: PersonFile):
    """Everything written about a person within one's scope."""
    person, own = file.person, {row.enterprise_id for row in file.work}
    kept = [Employment, *(form.model for form, *_ in KINDS)]
    return history(
        events_of(Candidate, pgh_obj=person),
        *(events_of(model, candidate=person, enterprise__in=own) for model in kept),
    )


@require_safe
def candidate_detail(request, reference):
    """One person, as far as this user may see."""
    user, today = request.user, timezone.localdate()
    person = person_within_scope(request, reference)
    file = PersonFile(person, user)
    work = file.work
    at_work = [row for row in work if today in row.period]
    may_record = bool(work) and user.has_perm("registry.record_person", work[0].enterprise)
    facts = {
        "steps": _next_steps(file, at_work[0].enterprise if at_work else None, today),
        "judged_for": at_work[0].enterprise if len(at_work) > 1 else None,
        "certificates": [row for row in file.certificates if row.is_current],
        "projects": file.projects,
        "moments": timeline(file),
        "education": this_year(person, user, today),
        "may_reveal": user.has_perm("registry.reveal_number", person),
        "may_link": user.has_perm("registry.issue_person_link", person),
        "may_correct_name": user.has_perm("registry.correct_name", person),
        "person": person,
        "work": work,
        "at_work": at_work,
        "sections": [_section(*kind, file=file) for kind in KINDS],
        "appointments": file.appointments,
        "may_record": may_record,
        "may_appoint": user.role == Role.ENTERPRISE and all(row.state in OVER for row in file.appointments),
        "several": len({row.enterprise_id for row in work}) > 1,
        "history": _history(file) if user.has_perm("registry.see_history") else [],
        "today": today,
        **as_of(request, file.rows(Appointment).with_parties()),
    }
    return render(request, "cqo_portal/candidate_detail.html", facts)
