"""People on file: list, entry, correction, and the facts about them."""

import re

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry.actions.files import store_file
from registry.actions.people import change_person, end_employment, record_fact, record_person, remove_fact
from registry.citing import cited
from registry.forms import FACT_FORMS, FactForm, LastDayForm, PersonEditForm, PersonForm
from registry.models import Candidate, Employment, Enterprise
from registry.pages import PortalForm, demand, find, first_result
from registry.views.common import form_page, posted
from registry.views.enterprises import enterprise_within_scope
from registry.views.lists import opened

PEOPLE = "人员"


def address_of(person: Candidate) -> str:
    """The page of a person."""
    return reverse("candidate_detail", args=[person.reference])


def trail_to(person: Candidate) -> list[tuple[str, str]]:
    """The way to what stands under a person."""
    return [(PEOPLE, reverse("candidate_list")), (person.name, address_of(person))]


def person_within_scope(request, reference: str) -> Candidate:
    """The person of that reference; Http404 outside one's scope."""
    person = find(Candidate.unscoped.visible_to(request.user), reference=reference)
    person.seen_by = request.user.pk
    return person


def employers(user, person: Candidate):
    """The enterprises within this user's scope that employ or employed a person."""
    return Enterprise.unscoped.visible_to(user).filter(employments__candidate=person).distinct()


def employment_at_hand(request, person: Candidate) -> Employment:
    """The employment a page is about: at ``?enterprise=``, or the newest one within scope. Http404 when none is."""
    rows = Employment.unscoped.visible_to(request.user).filter(candidate=person).select_related("enterprise")
    if chosen := request.GET.get("enterprise"):
        return find(rows, enterprise__reference=chosen)
    return find(rows)


@require_safe
def candidate_list(request):
    """The people within one's scope, each with the enterprises of that scope alone."""
    found = opened(request, "candidate_list")
    facts = {"page": found.page(request), "filters": found.filters, "today": found.filters.today}
    facts["can_add"] = request.user.has_perm("registry.record_person", request.user.enterprise)
    return render(request, "registry/candidate_list.html", facts)


def page_that_asked(request, person: Candidate) -> str:
    """The page that asked for the person (``?next=``, a plain path), with the person named; else the person's own."""
    asked = request.GET.get("next", "")
    plain = re.fullmatch(r"/(?:[\w-]+/){1,6}", asked, re.ASCII) and len(asked) < 120
    return f"{asked}?candidate={person.reference}" if plain else address_of(person)


def candidate_new(request):
    """Put a person of an enterprise on file."""
    enterprises = Enterprise.unscoped.visible_to(request.user)
    if chosen := request.GET.get("enterprise"):
        enterprises = enterprises.filter(pk=enterprise_within_scope(request, chosen).pk)
    first = enterprises.first()
    if first is None:
        raise Http404
    demand(request.user, "registry.record_person", first)
    form = PersonForm(enterprises=enterprises, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: record_person(enterprise=form.employer(), **form.facts(), **who),
        to=lambda person: page_that_asked(request, person),
        title="添加人员",
        caption=form.only.name if form.only else "",
        trail=[(PEOPLE, reverse("candidate_list"))],
        submit="添加",
        done="人员已列入名单。接着可以添加职业资格、学历和质量工作经历。",
    )


class PersonAtWork:
    """A person and the position at one enterprise, as one row: what a stale form is compared with."""

    def __init__(self, person: Candidate, employment: Employment):
        self.person, self.employment = person, employment

    phone = property(lambda self: self.employment.phone)
    version = property(lambda self: self.person.version)
    position = property(lambda self: self.employment.position)

    def refresh_from_db(self) -> None:
        """Read both again."""
        self.person.refresh_from_db()
        self.employment.refresh_from_db()


def candidate_edit(request, reference):
    """Correct a person's phone, and the position at one enterprise."""
    person = person_within_scope(request, reference)
    employment = employment_at_hand(request, person)
    enterprise = employment.enterprise
    demand(request.user, "registry.record_person", enterprise)
    form = PersonEditForm(
        initial={"phone": employment.phone, "position": employment.position}, version=person.version, **posted(request)
    )
    return form_page(
        request,
        form,
        lambda **who: change_person(
            person, enterprise=enterprise, version=form.cleaned_data["version"], **form.values(), **who
        ),
        to=address_of,
        title=f"修改{person.name}的资料",
        caption=enterprise.name,
        trail=trail_to(person),
        row=PersonAtWork(person, employment),
        done="人员资料已保存。",
    )


def employment_end(request, reference):
    """Record a person's last day at an enterprise."""
    person = person_within_scope(request, reference)
    enterprise = employment_at_hand(request, person).enterprise
    demand(request.user, "registry.record_person", enterprise)
    form = LastDayForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: end_employment(person, enterprise=enterprise, last_day=form.cleaned_data["last_day"], **who),
        to=lambda _: address_of(person),
        title=f"登记{person.name}离职",
        lead=f"离职不改变任命：现任首席质量官离职的，请另行终止任命{cited('11')}。",
        caption=enterprise.name,
        trail=trail_to(person),
        done="离职日期已登记。",
    )


def add_fact(request, reference: str, form_class: type[FactForm]):
    """A page that puts one fact about a person on file, with its evidence; of any app's ``FactForm``."""
    person = person_within_scope(request, reference)
    enterprises = employers(request.user, person)
    demand(request.user, "registry.record_person", find(enterprises))
    form = form_class(enterprises=enterprises, **posted(request))

    def act(*, by, at):
        enterprise, evidence = form.employer(), None
        if upload := form.cleaned_data["evidence"]:
            name, data = upload
            evidence = store_file(data, name, enterprise=enterprise, by=by, at=at)
        return record_fact(form.model, person, enterprise=enterprise, evidence=evidence, by=by, at=at, **form.facts())

    words = form.model._meta.verbose_name
    return form_page(
        request,
        form,
        act,
        to=lambda _: f"{address_of(person)}#{form.slug}",
        title=f"添加{person.name}的{words}",
        caption=form.only.name if form.only else "",
        trail=trail_to(person),
        submit="添加",
        done=f"{words}已添加。",
    )


def drop_fact(request, reference: str, form_class: type[FactForm], pk: int):
    """A page that asks before a fact is taken off the file; of any app's ``FactForm``."""
    person = person_within_scope(request, reference)
    model = form_class.model
    rows = model.unscoped.visible_to(request.user).select_related("enterprise", "evidence")
    back = f"{address_of(person)}#{form_class.slug}"
    form = PortalForm(**posted(request))
    # Sent a second time it finds nothing left to remove: it shows what it did the first time.
    if request.method == "POST" and form.is_valid() and (response := first_result(request, form)):
        return response
    fact = find(rows, pk=pk, candidate=person)
    demand(request.user, "registry.record_person", fact.enterprise)
    words = model._meta.verbose_name
    return form_page(
        request,
        form,
        lambda **who: remove_fact(fact, **who),
        to=lambda _: back,
        title=f"移除{person.name}的{words}",
        lead="移除后，任职条件不再计算这一项；已登记的任命不受影响，修改记录中仍可查到。",
        caption=fact.enterprise.name,
        trail=trail_to(person),
        submit="移除",
        danger=True,
        fact=(*form_class.described(fact), fact.evidence),
        done=f"{words}已移除。",
    )


def fact_new(request, reference, kind):
    """Add a qualification, education or experience."""
    return add_fact(request, reference, FACT_FORMS[kind])


def fact_remove(request, reference, kind, pk):
    """Remove a qualification, education or experience."""
    return drop_fact(request, reference, FACT_FORMS[kind], pk)
