"""Every address that anybody's pages offer, tried by everybody else: what is one tenant's is not there for others.

The addresses are harvested, not listed: links, actions of forms, fragments, files, sheets, the admin. An address is of
甲公司's side or 乙公司's where its page, or itself, holds a word that only their rows hold.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from appointments.models import Appointment
from registry.models.base import ScopedQuerySet
from tests.harvest import Form, harvested
from tests.supervision_cast import undone
from tests.test_access import ADDRESSES, EVERYBODY, PERSONAS, fingerprint, path_to, stands_as
from training.models import Certificate

pytestmark = pytest.mark.django_db
pytest_plugins = ["tests.test_access"]  # its world, and who signs in there

SIDE_A = ("user_a", "member_a", "county_one", "trainer", "applicant")
SIDE_B = ("user_b", "county_two", "trainer_two")
# Who stands to 乙公司's rows as the table says of 甲公司's.
MIRROR = {"user_a": "user_b", "user_b": "user_a", "county_one": "county_two", "county_two": "county_one"}
MIRROR |= {"trainer": "trainer_two", "trainer_two": "trainer", "member_a": "user_b", "applicant": "user_b"}
LEFT_ALONE = ("/static/", "/accounts/", "/admin/logout/", "/admin/password_change/", "/admin/jsi18n/")
SEEDS = ("/", "/inbox/", "/admin/")
PER_PATH = 2  # addresses that differ in their query alone


@dataclass
class Found:
    """An address as one persona met it: whose it is, and what a form there would send."""

    path: str
    side: str
    fields: dict[str, str] = field(default_factory=dict)


def marks_of(company, *people) -> set[str]:
    """Words that stand for one enterprise's rows alone: its number, and the references of what it has."""
    marks = {company.credit_code, company.reference}
    marks |= {word for person in people for word in (person.reference, person.id_masked)}
    for model in apps.get_models():
        rows = getattr(model, "unscoped", None) and model.unscoped.all()
        named = {"reference", "code"} & {each.name for each in model._meta.get_fields()}
        plainly_owned = isinstance(rows, ScopedQuerySet) and type(rows).of_enterprise is ScopedQuerySet.of_enterprise
        if plainly_owned and named:
            own = rows.filter(**{rows.enterprise_path: company.pk})
            marks |= {row for name in named for row in own.values_list(name, flat=True) if row}
    certificates = Certificate.unscoped.filter(enrolment__enterprise=company)
    return marks | set(certificates.values_list("code", flat=True))


def inner(base: str, address: str) -> str | None:
    """An address of ours without its fragment; None for one that leads elsewhere."""
    parts = urlsplit(urljoin(f"http://testserver{base}", address))
    if parts.netloc != "testserver" or parts.scheme != "http" or parts.path.startswith(LEFT_ALONE):
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def crawled(client, seeds, marks: dict[str, set[str]], *, depth: int, most: int) -> dict[str, Found]:
    """What one persona's pages offer, so many steps from the seeds."""
    found, waiting, variants = {}, [(path, "", 0) for path in seeds], Counter()
    while waiting and len(found) < most:
        path, parent, steps = waiting.pop(0)
        bare = path.partition("?")[0]
        if path in found or variants[bare] >= PER_PATH:
            continue
        variants[bare] += 1
        with undone():
            answer = client.get(path)
        shown = answer.status_code == 200 and not answer.streaming
        page = answer.content.decode(errors="ignore") if shown else ""
        sides = {side for side, words in marks.items() if any(word in path + page for word in words)}
        own = sides or ({parent} if answer.status_code in (404, 405) and parent else set())  # it takes forms alone
        found[path] = here = Found(path, own.pop() if len(own) == 1 else "")
        if answer.status_code != 200 or steps == depth:
            continue
        offer = harvested(answer)
        for form in offer.forms:
            if form.method == "post":
                _send_there(found, inner(path, form.action or path), form, here)
        following = sorted(filter(None, (inner(path, address) for address in offer.addresses)))
        waiting += [(address, here.side, steps + 1) for address in following]
    return found


def _send_there(found: dict[str, Found], address: str | None, form: Form, here: Found) -> None:
    """Keep what a form would send, with the page it stands on."""
    if address:
        found.setdefault(address, Found(address, here.side)).fields |= form.fields


def named(path: str) -> tuple[str, bool]:
    """The name of an address, and whether it is about one row."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return "", False
    return match.view_name, bool(match.args or match.kwargs)


def is_closed_to(persona: str, found: Found) -> bool:
    """Whether the table of addresses keeps this persona out of what is that side's."""
    name, of_a_row = named(found.path)
    if name.startswith("admin:"):
        return of_a_row and persona not in ("municipal", "administrator") + _of(found.side)
    if not of_a_row or name not in ADDRESSES:
        return False
    address = ADDRESSES[name]
    stands = stands_as(persona, name) if found.side == "a" else MIRROR.get(persona, persona)
    return stands not in address.inside | address.seen_by | address.written_by


def _of(side: str) -> tuple[str, ...]:
    return SIDE_A if side == "a" else SIDE_B


def kept_out(persona: str, path: str, response) -> bool:
    """404, or that the method is none; the log-in for strangers. Django's admin leads whoever has no such row away."""
    if response.status_code in (404, 405, 410):
        return True
    away = response.status_code == 302 and urlsplit(response["Location"]).path
    return bool(away) and (persona == "anonymous" or path.startswith("/admin/")) and away in AWAY


AWAY = ("/accounts/login/", "/admin/login/", "/admin/")


@dataclass
class Replay:
    """The outcome: how many were tried, what was let in, what was seen of the other side."""

    tried: int = 0
    let_in: list = field(default_factory=list)

    def as_everybody(self, personas, as_persona, found: list[Found], marks: dict[str, set[str]]) -> None:
        """Each address by each who is kept out of it: as a page, as a fragment, as its form; no row changes."""
        for persona in personas:
            client, before = as_persona(persona), fingerprint()
            for each in found:
                if is_closed_to(persona, each):
                    self._try(persona, client, each)
                elif each.side and persona not in _of(each.side) + ("municipal", "administrator"):
                    self._look(persona, client, each, marks)
            # A try at a one-time link is counted, whoever makes it.
            changed = {table for table, rows in fingerprint().items() if rows != before[table]}
            if changed - {"registry_ratewindow"}:
                self.let_in.append((persona, "wrote", changed))

    def _try(self, persona: str, client: Client, each: Found) -> None:
        asks = [partial(client.get, each.path), partial(client.get, each.path, headers={"HX-Request": "true"})]
        asks.append(partial(client.post, each.path, each.fields | {"confirm": "on"}))
        for ask in asks:
            response = ask()
            self.tried += 1
            if not kept_out(persona, each.path, response):
                self.let_in.append((persona, each.path, response.status_code))

    def _look(self, persona: str, client: Client, each: Found, marks: dict[str, set[str]]) -> None:
        """What is common to all is read, and holds no word of the other side."""
        if ADDRESSES.get(named(each.path)[0]) is None or ADDRESSES[named(each.path)[0]].inside >= EVERYBODY:
            return
        response = client.get(each.path.partition("?")[0])  # no word of theirs typed into a filter
        self.tried += 1
        page = "" if response.streaming else response.content.decode(errors="ignore")
        theirs = marks["b" if persona in SIDE_A else "a"] if persona != "anonymous" else marks["a"] | marks["b"]
        other = _of(each.side) != SIDE_A if persona in SIDE_A else _of(each.side) == SIDE_A
        if other and response.status_code == 200 and (seen := [word for word in theirs if word in page]):
            self.let_in.append((persona, each.path, seen))


@pytest.mark.long
def test_what_is_one_sides_is_not_there_for_the_other(
    world, as_persona, company_a, company_b, person_a, person_a_two, person_b, record_property
):
    marks = {"a": marks_of(company_a, person_a, person_a_two), "b": marks_of(company_b, person_b)}
    told = "".join(page_of(as_persona("anonymous"), name, world) for name in ADDRESSES)
    marks = {side: {word for word in words if word not in told} for side, words in marks.items()}
    found: dict[tuple[str, str], Found] = {}
    for persona in [name for name in PERSONAS if name != "anonymous"]:
        seeds = [*SEEDS, *(path_to(name, world) for name in ADDRESSES if not ADDRESSES[name].gone)]
        offered = crawled(as_persona(persona), seeds, marks, depth=1, most=400)
        found |= {(path, each.side): each for path, each in offered.items() if each.side}
    replay = Replay()
    replay.as_everybody(PERSONAS, as_persona, list(found.values()), marks)
    sides = Counter(each.side for each in found.values())
    line = f"replays: {len(found)} addresses ({dict(sides)}), tried {replay.tried}, let in {len(replay.let_in)}"
    record_property("replays", line)
    print(line)
    assert not replay.let_in
    assert replay.tried > 2000 and min(sides.values()) > 100


def page_of(client, name: str, world: dict) -> str:
    """What a stranger reads there."""
    with undone():
        answer = client.get(path_to(name, world))
        return answer.content.decode(errors="ignore") if answer.status_code == 200 and not answer.streaming else ""


@pytest.fixture
def short(filed_both, as_persona, company_a, company_b, person_a, person_b):
    """甲公司's addresses around one appointment, tried by two of the other side."""
    marks = {"a": marks_of(company_a, person_a), "b": marks_of(company_b, person_b)}
    seeds = [reverse("appointment_detail", args=[filed_both["a"].reference]), reverse("appointment_list")]
    found = crawled(as_persona("user_a"), seeds, marks, depth=1, most=40)

    def tried() -> Replay:
        replay = Replay()
        replay.as_everybody(("user_b", "county_two"), as_persona, list(found.values()), marks)
        return replay

    return tried


def test_around_one_appointment_nobody_of_the_other_side_gets_in(short):
    replay = short()
    print(f"replays around one appointment: tried {replay.tried}, let in {len(replay.let_in)}")
    assert not replay.let_in and replay.tried > 50


def test_the_planted_list_that_is_not_scoped_is_found(short, monkeypatch):
    monkeypatch.setattr(type(Appointment.unscoped.all()), "visible_to", lambda self, user: self)
    let_in = short().let_in
    assert {persona for persona, *_ in let_in} == {"user_b", "county_two"}
