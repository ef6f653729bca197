"""A person's page: who, where employed, what is on file, and the appointments, as far as one may see."""

from dataclasses import dataclass

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from appointments.states import State
from registry.forms import FACT_FORMS, FactForm
from registry.history import events_of, history
from registry.models import Candidate, Employment, StoredFile
from registry.states import Role
from registry.views.people import employers, person_within_scope
from training.forms import TrainingForm

OVER = (State.ENDED, State.WITHDRAWN)
# Each kind of fact with the item of Art. 6 it is evidence of, and what its absence means.
KINDS: list[tuple[type[FactForm], str, str]] = [
    (FACT_FORMS["qualification"], "6.(3)", "没有职业资格的，看学历和质量工作经历。"),
    (FACT_FORMS["education"], "6.(3)", "没有填写学历。"),
    (FACT_FORMS["experience"], "6.(3)", "没有填写质量工作经历。"),
    (TrainingForm, "6.(5)", "没有培训证书。没有的也可以任命，登记时注明。"),
]


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
                "" if by.role == Role.ENTERPRISE else by.office_name,
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


@require_safe
def candidate_detail(request, reference):
    """One person, as far as this user may see."""
    user, today = request.user, timezone.localdate()
    person = person_within_scope(request, reference)
    work = list(Employment.unscoped.visible_to(user).filter(candidate=person).select_related("enterprise__county"))
    may_record = user.has_perm("registry.record_person", work[0].enterprise if work else None)
    appointments = Appointment.unscoped.visible_to(user).filter(candidate=person).with_parties()
    facts = {
        "person": person,
        "work": work,
        "at_work": [row for row in work if today in row.period],
        "sections": [_section(*kind, person=person, user=user) for kind in KINDS],
        "appointments": appointments,
        "may_record": may_record,
        "may_appoint": user.role == Role.ENTERPRISE and not appointments.exclude(state__in=OVER).exists(),
        "several": len({row.enterprise_id for row in work}) > 1,
        "history": _history(person, user) if user.has_perm("registry.see_history") else [],
        "today": today,
    }
    return render(request, "cqo_portal/candidate_detail.html", facts)
