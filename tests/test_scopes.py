"""Nobody writes, sees or finds what is not theirs: the world of tests/test_access.py, made once for all tests here."""

import pytest
from django.contrib import admin
from django.urls import reverse

from appointments.models import Achievement, DismissalRecommendation, Finding
from registry.models import StoredFile
from tests.kept import keep_the_cast
from tests.supervision_cast import undone
from tests.test_access import (
    ADDRESSES,
    ENTERPRISES,
    PERSONAS,
    PUBLIC,
    TRAINERS,
    as_persona,
    fingerprint,
    path_to,
    posted,
    stands_as,
    writers,
)
from training.models import Certificate, Session
from training.states import SessionState

keep_the_cast(globals())
__all__ = ["as_persona"]  # a fixture


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_denied_write_changes_nothing(persona, world, as_persona):
    """Each address is posted to with what a permitted form would say; only those who may write change a row."""
    told, before, client = {}, fingerprint(), as_persona(persona)
    line = {name: stands_as(persona, name) for name in ADDRESSES}
    denied = {name: address for name, address in ADDRESSES.items() if line[name] not in writers(address)}
    for name, address in denied.items():
        status = posted(client, name, world).status_code
        expected = (200, 302, 403, 404, 405) if line[name] in address.inside else (302, 404, 405)
        if status not in ((410,) if address.gone else expected):
            told[name] = status
    assert fingerprint() == before, [name for name in denied if changes(client, name, world, before)]
    assert not told


def test_the_same_write_by_whoever_may_do_it_changes_rows(world, as_persona):
    """So the test above would see a write that got through."""
    names, before = [name for name, address in ADDRESSES.items() if address.written_by], fingerprint()
    unseen = [name for name in names if not changes(as_persona(min(ADDRESSES[name].written_by)), name, world, before)]
    assert len(names) > 5 and not unseen


def changes(client, name: str, world: dict, before: dict) -> bool:
    """Whether a write there is taken and changes a row; it is put back."""
    with undone():
        return posted(client, name, world).status_code in (200, 204, 302) and fingerprint() != before


def marks_of_b(everything, company_b, person_b) -> list[str]:
    """Words that only 乙公司's rows hold, and those of the person its county put on file, and of its body."""
    papers = [number for paper in everything["b"].papers.all() for number in (paper.number, paper.code)]
    files = StoredFile.unscoped.filter(enterprise=company_b).values_list("reference", flat=True)
    own = [company_b.name, company_b.reference, company_b.credit_code, person_b.name, person_b.reference]
    certificates = Certificate.unscoped.filter(enrolment__session__open_county=company_b.county)
    training = [word for row in certificates for word in (row.number, row.code, row.candidate.reference)]
    draft = Session.unscoped.get(body=certificates[0].body, state=SessionState.DRAFT)
    training += [person_b.projects.get().reference, person_b.pool_entries.get().reference, "WB-", draft.reference]
    training[-2] += str(company_b.pk)
    b = everything["b"]
    watched = [
        row.reference for model in (DismissalRecommendation, Finding) for row in model.unscoped.filter(appointment=b)
    ]
    watched += [
        b.report_duties.get().cycle.title,
        b.report_duties.get().cycle.number,
        company_b.accidents.get().reference,
    ]
    watched += [row.reference for row in Achievement.unscoped.filter(enterprise=company_b)]
    watched += [
        company_b.guidance.get().reference,
        *b.recommendations.exclude(number="").values_list("number", flat=True),
    ]
    return [*own, person_b.id_masked, b.reference, *papers, *files, *training, draft.title, *watched]


def text_of(response) -> str:
    """What a page says, or a file that is sent in pieces."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="ignore")


@pytest.mark.parametrize("persona", ["user_a", "county_one", "trainer"])
def test_no_page_form_or_list_shows_a_row_of_another_scope(
    persona, world, as_persona, everything, train_two, company_a, company_b, person_a, person_b
):
    """Choices of relation fields included: they stand in the page. One more session has people of both enterprises."""
    client, shared = as_persona(persona), train_two.session()
    for someone, company in ((person_a, company_a), (person_b, company_b)):
        train_two.enrolled(shared, someone, company)
    marks = marks_of_b(everything, company_b, person_b)
    if persona != "county_one":  # a bureau sees every published session
        marks.append(Session.unscoped.get(open_county=company_b.county).reference)
    leaks, narrowed = {}, 0
    paths = [path_to(name, world) for name in ADDRESSES if name not in {"verify_paper", "healthz"} | PUBLIC]
    for path in [*paths, reverse("session_detail", args=[shared.reference])]:
        queries = [""]
        for query in queries:
            page = text_of(client.get(path + query))
            typed = query.removeprefix("?enterprise=")
            if found := [mark for mark in marks if mark in page and mark != typed]:
                leaks[path + query] = found
            if not query and 'method="get"' in page:  # a list that can be narrowed
                queries += ["?q=乙", f"?enterprise={company_b.reference}", "?end=1"]
                narrowed += 1
    assert not leaks and narrowed > 2


def test_the_leak_test_would_see_a_leak(world, as_persona, everything, company_b, person_b):
    """The city sees 乙公司, so its pages hold those very words."""
    page = as_persona("municipal").get(reverse("appointment_list")).content.decode()
    assert [mark for mark in marks_of_b(everything, company_b, person_b) if mark in page]


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_admin_is_scoped_like_the_pages(persona, world, as_persona, everything, company_b, person_b):
    """Every list and every row of every model: closed to enterprises, limited to one's county, read-only."""
    before, marks = fingerprint(), marks_of_b(everything, company_b, person_b)
    walk_the_admin(as_persona(persona), persona, marks)
    assert fingerprint() == before


def walk_the_admin(client, persona: str, marks: list[str]) -> None:
    """Every list, search, row and write of our models' admin as one persona."""
    for model in admin.site._registry:
        if model._meta.app_label not in ("registry", "training", "appointments"):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = client.get(reverse(f"{name}_changelist"))
        if persona in {"anonymous", "member_a", "applicant"} | ENTERPRISES | TRAINERS:
            assert listed.status_code == (404 if persona == "applicant" else 302), name
            continue
        searched = client.get(reverse(f"{name}_changelist"), {"q": "乙"})
        rows = model._default_manager.order_by("pk")
        rows = list(rows if persona == "county_one" else rows[:2])  # 县局一 tries every row, the others two of a kind
        pages = [listed, searched] + [client.get(reverse(f"{name}_change", args=[row.pk])) for row in rows]
        for row in rows:
            if model._meta.model_name not in ("user", "basisperiod"):
                client.post(reverse(f"{name}_change", args=[row.pk]), {"name": "改", "_save": "1"})
        if persona == "county_one":
            shown = "".join(page.content.decode() for page in pages if page.status_code == 200)
            assert not [mark for mark in marks if mark in shown], name


def test_only_the_administrator_keeps_accounts(world, as_persona):
    for persona in ("county_one", "municipal"):
        assert as_persona(persona).get(reverse("admin:registry_user_add")).status_code == 403
    assert as_persona("administrator").get(reverse("admin:registry_user_add")).status_code == 200


def test_strangers_see_the_public_pages_and_nothing_else(world, as_persona):
    """LoginRequiredMiddleware, with the list of what is public."""
    client = as_persona("anonymous")
    public = {name for name in ADDRESSES if client.get(path_to(name, world)).status_code == 200}
    assert public == {
        *("home", "measure", "measure_edition", "verify", "verify_paper", "healthz", "talent_pool", "self_check"),
        *PUBLIC,
    }


def test_a_person_who_was_switched_off_is_out_at_the_next_request(world, as_persona, user_a):
    client = as_persona("user_a")
    assert client.get(reverse("appointment_list")).status_code == 200
    type(user_a).unscoped.filter(pk=user_a.pk).update(is_active=False)
    assert client.get(reverse("appointment_list")).status_code == 302


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_other_method_is_a_way_in(persona, world, as_persona):
    """PUT, PATCH and DELETE write nothing for anybody; HEAD and OPTIONS are no fault and tell outsiders nothing.

    Each address is tried in all of them by one who may use it, and by a stranger and somebody of another enterprise in
    one that writes and one that reads.
    """
    before, wrong, client = fingerprint(), {}, as_persona(persona)
    for name, address in ADDRESSES.items():
        own = persona == min(writers(address), default="user_a")
        others = ("put", "head") if persona in ("anonymous", "user_b") else ()
        for method in ("put", "patch", "delete", "head", "options") if own else others:
            status = getattr(client, method)(path_to(name, world)).status_code
            outside = stands_as(persona, name) not in address.inside | address.seen_by
            if status >= 500 or (outside and status not in (302, 404, 405)):
                wrong[name, method] = status
    # A try at the one-time link is counted, whatever the method.
    counted = {"registry_ratewindow": before["registry_ratewindow"]}
    assert not wrong and fingerprint() | counted == before
