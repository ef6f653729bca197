"""Art. 9, 11, 12: the bureau records and recommends; it appoints nobody, ends nothing and issues no 聘书.

Every address the resolver knows, filled with real rows; every form found there; every admin action and every command:
tried as staff of county and city and as the administrator. Only the clock's expiry and rows transcribed from an
enterprise's own paper (design 1.15) may differ afterwards. Each try is put back by a savepoint, so that the next one
meets the same rows. New pages are covered by being in the resolver.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from types import ModuleType
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
import rules
import time_machine
from django.contrib import admin
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command, get_commands
from django.db import connection, transaction
from django.db.models import Choices
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import Resolver404, URLPattern, get_resolver, path, resolve, reverse
from django.utils import timezone

from appointments import actions
from appointments.actions import ending
from appointments.actions.drafts import PREPARED
from appointments.models import Appointment, DismissalRecommendation, ReportCycle
from cqo_portal import urls
from cqo_portal.clock import DUTIES
from registry.actions.files import store_file
from registry.measures import DIRECTORY
from registry.models import Candidate, Enterprise
from tests.cast import AT, COMPLETE, TODAY, enterprise, pdf, person
from tests.kept import keep_the_cast

FEW = 2  # of rows that are no appointments
STAFF = ("county_one", "county_two", "municipal", "administrator")
GUIDES = ("user_a", "user_b", "trainer")  # whose links, too, say which addresses there are
OURS = ("registry", "training", "appointments", "cqo_portal")
APART = ("admin/", "accounts/")  # the admin has a walk of its own; of an account there is nothing to appoint
WHAT = ", ".join(("enterprise_id", "candidate_id", "term", "in_force", "submitted_at", "withdrawn_at", "end_reason",
                  "ended_on", "ended_by_id", *PREPARED))  # fmt: skip


# --- What must not change --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Every appointment as it is appointed or ended, and every 聘书. How far its filing got is the bureau's to say."""

    appointments: dict[int, tuple]
    letters: frozenset
    papers: frozenset  # the enterprises' own: of each transcribed row the scan it was made from, and that of its end

    @classmethod
    def read(cls) -> "Standing":
        """As it is now."""
        stands = "CASE WHEN state IN ('submitted', 'checked', 'returned', 'filed') THEN 'appointed' ELSE state END"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, is_transcribed, {stands}, {WHAT} FROM appointments_appointment")
            rows = {row[0]: row[1:] for row in cursor.fetchall()}
            cursor.execute("SELECT id, appointment_id FROM appointments_paper WHERE kind = 'letter'")
            letters = frozenset(cursor.fetchall())
            cursor.execute(
                "SELECT id, 'start' FROM appointments_appointment WHERE transcript_id IS NOT NULL UNION ALL "
                "SELECT appointment_id, 'end' FROM appointments_evidence WHERE kind = 'ending'"
            )
            return cls(rows, letters, frozenset(cursor.fetchall()))

    def wrongs(self, later: "Standing") -> list[str]:
        """What was done that only an enterprise may do."""
        found = [f"聘书 {row}" for row in self.letters ^ later.letters]
        for pk in self.appointments.keys() | later.appointments.keys():
            was, now = self.appointments.get(pk), later.appointments.get(pk)
            if was != now and not self._on_paper(later, pk):
                found.append(f"appointment {pk}: {was} → {now}")
        return found

    def _on_paper(self, later: "Standing", pk: int) -> bool:
        """Whether it is a transcribed row that came, or came to its end, together with the enterprise's own paper."""
        was, now = self.appointments.get(pk), later.appointments.get(pk)
        if now is None or not now[0] or (was is not None and not was[0]):
            return False
        ended = was is not None and was[1] != now[1] and now[1] in ("ended", "withdrawn")
        return (pk, "end") in later.papers - self.papers if ended else (pk, "start") in later.papers

    def transcribed(self, later: "Standing") -> bool:
        """Whether a row with the flag differs: the exception is there, and this guard has met it."""
        return any(row[0] and self.appointments.get(pk) != row for pk, row in later.appointments.items())


@dataclass
class Guard:
    """What was tried, and what was wrong with it."""

    before: Standing
    wrongs: dict[tuple, list[str]] = field(default_factory=dict)
    tried: Counter = field(default_factory=Counter)

    def watched(self, what: tuple, act):
        """Do it, look what became of the appointments, and put it back."""
        savepoint = transaction.savepoint()
        answer = act()
        after = Standing.read()
        if wrongs := self.before.wrongs(after):
            self.wrongs[what] = wrongs
        self.tried["transcribed"] += self.before.transcribed(after)
        transaction.savepoint_rollback(savepoint)
        return answer


# --- Which addresses there are ---------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Links and forms of a page."""

    def __init__(self, content: str):
        super().__init__()
        self.links: set[str] = set()
        self.forms: list[dict] = []
        self.inputs: list[dict] = []
        self.feed(content)
        for one in self.inputs:  # those that stand outside name their form
            for form in self.forms:
                if one.get("form") == form["id"] or (not one.get("form") and form is one["inside"]):
                    form["inputs"].append(one)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.add(values["href"])
        if tag == "form":
            method = (values.get("method") or "get").lower()
            form = {"id": values.get("id") or object(), "action": values.get("action") or "", "method": method}
            self.forms.append(form | {"inputs": []})
            self.within = self.forms[-1]
        if tag in ("input", "select", "textarea", "button"):
            inside = getattr(self, "within", None)
            self.inputs.append(values | {"tag": tag, "inside": inside, "options": []})
        if tag == "option" and self.inputs:
            self.inputs[-1]["options"].append(values.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.within = None


def page_of(response) -> Page | None:
    """What stands on it; None for anything but a page."""
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        return Page(response.content.decode())
    return None


PARAMETER = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


def patterns_of(patterns=None, prefix: str = "") -> dict[str, URLPattern]:
    """Route → pattern, of all addresses but those apart."""
    found = {}
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if not route.startswith(APART):
            found |= {route: pattern} if isinstance(pattern, URLPattern) else patterns_of(pattern.url_patterns, route)
    return found


def words_of(view) -> list[str]:
    """What an address may call an act, a kind or a party: the view's table of acts, else choices that it knows."""
    known = vars(sys.modules[view.__module__])
    if "ACTS" in known:
        return list(known["ACTS"])
    choices = [value for value in known.values() if isinstance(value, type) and issubclass(value, Choices)]
    return [str(word) for one in choices for word in one.values if re.fullmatch("[a-z_]+", str(word))]


class Atlas:
    """Every address with real rows in it, learnt from links, and filled in where none leads."""

    def __init__(self):
        self.seen: set[str] = set()
        self.known: dict[tuple, set] = defaultdict(set)  # (route up to a parameter, earlier values) → values
        self.rows: set[tuple] = set()  # what some link leads to; elsewhere, words are not all worth trying

    def learn(self, address: str, here: str) -> str | None:
        """Take a link in; its path, where it is one of ours and new."""
        parts = urlsplit(urljoin(here, address))
        if parts.netloc or parts.scheme not in ("", "http") or parts.path in self.seen:
            return None
        try:
            match = resolve(parts.path)
        except Resolver404:
            return None
        if match.route.startswith(APART):
            return None
        self.seen.add(parts.path)
        values, text = [], ""
        for literal, name in pieces(match.route):
            text += literal
            if name:
                self.known[text, tuple(values)].add(str(match.kwargs[name]))
                values.append(str(match.kwargs[name]))
                self.rows.add(tuple(values))
                text += "<>"
        return parts.path

    def fill(self, route: str, view) -> Iterator[str]:
        """All addresses of a route; a parameter that no link has shown yet takes a reference of every kind."""

        def further(parts, values, text, address):
            literal, name = parts[0]
            text, address = text + literal, address + literal
            if name is None:
                yield address
                return
            for value in self.values(name, text, values, view):
                yield from further(parts[1:], (*values, value), f"{text}<>", f"{address}{value}")

        yield from further(pieces(route), (), "", "/")

    def values(self, name: str, text: str, before: tuple, view) -> list[str]:
        """What this parameter may be: of appointments every one, of other rows a few, of words all."""
        shown = sorted(self.known.get((text, before), ()))
        if name in ("act", "kind", "party"):
            return sorted({*shown, *words_of(view)}) if before in self.rows else ["end"]
        if name in ("step", "year"):
            return {"step": ["1", "2", "3", "4"], "year": [str(TODAY.year), str(TODAY.year - 1)]}[name]
        if shown:
            return shown if text == "appointments/" else shown[:FEW]
        references = Appointment.unscoped.values_list("reference", flat=True)
        return ["1"] if name == "pk" else [*references, *one_of_each()] if not before else [references[0]]

    def addresses(self) -> list[str]:
        """Every route filled, as far as the resolver knows it."""
        filled = {address for route, pattern in patterns_of().items() for address in self.fill(route, pattern.callback)}
        return sorted(address for address in filled if is_one(address))


def one_of_each() -> list[str]:
    """A row's reference of every kind that has to do with an appointment."""
    firsts = [model.unscoped.first() for model in (Enterprise, Candidate, DismissalRecommendation, ReportCycle)]
    return [row.reference for row in firsts if row]


def is_one(address: str) -> bool:
    """Whether the resolver knows it: a parameter may take fewer words than its module knows."""
    try:
        return bool(resolve(address))
    except Resolver404:
        return False


def pieces(route: str) -> list[tuple[str, str | None]]:
    """A route as (text before, name of parameter); the last has no name."""
    found, at = [], 0
    for match in PARAMETER.finditer(route):
        found.append((route[at : match.start()], match[1]))
        at = match.end()
    return [*found, (route[at:], None)]


def crawl(atlas: Atlas, client: Client, limit_per_route: int) -> None:
    """Follow links from the home page; of each route as many rows as tell it apart."""
    waiting, visited, per_route = ["/"], set(), Counter()
    while waiting:
        here = waiting.pop()
        if here in visited or per_route[resolve(here).route] >= limit_per_route:
            continue
        visited.add(here)
        per_route[resolve(here).route] += 1
        if page := page_of(client.get(here)):
            for link in page.links | {form["action"] for form in page.forms}:
                atlas.learn(link, here)
                if (target := urlsplit(urljoin(here, link)).path) in atlas.seen:
                    waiting.append(target)


# --- What is tried there ---------------------------------------------------------------------------------------------

WORDS = "情况属实，材料齐全。"


def plausible(one: dict, late: bool) -> list[str]:
    """What a person would put into this field; ``late`` takes the other choice, and a later day."""
    kind, name, value = one.get("type") or "text", one.get("name") or "", one.get("value") or ""
    if one["tag"] == "select":
        options = [option for option in one["options"] if option]
        return [options[-1 if late else 0]] if options else []
    if kind == "hidden" or (value and kind not in ("radio", "checkbox")):
        return [value]
    day = TODAY + timedelta(days=10 if late or "due" in name else 0)
    if part := re.fullmatch(r".+_(year|month|day)", name):
        return [str(getattr(day, part[1]))]
    return {"number": ["1"], "checkbox": [value or "on"], "radio": [value]}.get(kind, [WORDS])


def filled(form: dict, late: bool) -> dict:
    """The form as a person would send it."""
    data: dict[str, list] = {}
    for one in form["inputs"]:
        name, kind = one.get("name"), one.get("type")
        if not name or "disabled" in one or (one["tag"] == "button" and not one.get("value")):
            continue
        if kind == "file":
            data[name] = [ContentFile(pdf(), "扫描件.pdf")]
        elif kind == "radio":
            if late or name not in data:
                data[name] = plausible(one, late)
        elif one["tag"] == "button":
            data[name] = [one["value"]]
        else:
            data[name] = data.get(name, []) * (kind == "checkbox") + plausible(one, late)
    return data


def as_an_enterprise_would(address: str) -> dict:
    """Everything that an enterprise's own forms ask for at once, against the row's present version."""
    row = Appointment.unscoped.filter(reference__in=address.split("/")).first()
    days = {"last_day": TODAY, "first_day": COMPLETE["first_day"]}
    typed = {f"{name}_{part}": getattr(day, part) for name, day in days.items() for part in ("year", "month", "day")}
    return typed | {
        "token": uuid4(), "version": row.version if row else 1, "confirm": "on", "reason": "resigned", "why": WORDS,
        "answer": "dismissed", "candidate": row.candidate_id if row else 1,
        "words": WORDS, "scan": ContentFile(pdf(), "扫描件.pdf"), **COMPLETE,
    }  # fmt: skip


def submit_forms(guard: Guard, client: Client, persona: str, here: str, page: Page | None, depth: int = 2) -> None:
    """Each form of the page, twice; a page that asks once more is answered once more."""
    for number, form in enumerate(page.forms if page else ()):
        target = urlsplit(urljoin(here, form["action"])).path
        if form["method"] != "post" or target.startswith(tuple(f"/{part}" for part in APART)):
            continue
        for late in (False, True):
            data = filled(form, late)
            answer = guard.watched((persona, here, number, late), lambda data=data, to=target: client.post(to, data))
            guard.tried[persona, "accepted" if answer.status_code == 302 else "shown again"] += 1
            if depth > 1 and answer.status_code == 200:
                again = page_of(answer)
                asked = {name for form in page.forms for name in (one.get("name") for one in form["inputs"])}
                more = again and {one.get("name") for form in again.forms for one in form["inputs"]} - asked
                if more:
                    submit_forms(guard, client, persona, here, again, depth - 1)


def walk(guard: Guard, client: Client, persona: str, addresses: list[str]) -> None:
    """Every address: read, every form submitted, and posted to bare and as an enterprise would."""
    for here in addresses:
        answer = guard.watched((persona, "GET", here), lambda here=here: client.get(here))
        guard.tried[persona, answer.status_code] += 1
        assert answer.status_code < 500, (persona, here)
        submit_forms(guard, client, persona, here, page_of(answer))
        if answer.status_code != 404:
            guard.watched((persona, "bare", here), lambda here=here: client.post(here))
        data = as_an_enterprise_would(here)
        guard.watched((persona, "enterprise's", here), lambda here=here, data=data: client.post(here, data))


# --- The rows --------------------------------------------------------------------------------------------------------


def world(make, everything, company_a, company_b, county_one, person_a_two, person_b):
    """Appointments in every state, in both counties, one of them transcribed; cases served, asked and proposed."""
    own = make.draft(person_a_two, company_a)
    ahead = {"first_day": date(2027, 1, 10)}
    make.submitted(person(11, "周六", company=company_a, by=county_one), company_a, **ahead)
    make.checked(person_b, company_b, **ahead)
    paper = enterprise(10000003, "丙公司", by=county_one)
    someone = person(12, "吴七", company=paper, by=county_one)
    scan = store_file(pdf(), "任命决定.pdf", enterprise=paper, by=county_one, at=AT)
    row = actions.enter_at_counter(
        enterprise=paper, candidate=someone, transcript=scan, own_letter_number="丙字1号",
        by=county_one, at=AT, **COMPLETE | {"first_day": date(2026, 10, 1)},
    )  # fmt: skip
    assert row.is_transcribed and own.pk
    return everything


keep_the_cast(globals(), world=world)


@pytest.fixture
def clock():
    """The day of the cast."""
    with time_machine.travel(AT, tick=False):
        yield


def signed_in(request, name: str) -> Client:
    """A client of its own."""
    client = Client()
    client.force_login(request.getfixturevalue(name))
    return client


@pytest.fixture
def atlas(request, world, clock) -> Atlas:
    """What links show to anybody of the cast."""
    found = Atlas()
    for name in ("county_one", "municipal", *GUIDES):
        crawl(found, signed_in(request, name), FEW if name == "county_one" else 1)
    return found


def look_everywhere(request, atlas: Atlas, personas: tuple) -> None:
    """The whole walk, as each of them."""
    guard, addresses = Guard(Standing.read()), atlas.addresses()
    unseen = patterns_of().keys() - {resolve(one).route for one in addresses}
    assert not unseen, "no link leads there, and no row fits: this guard would not see it"
    for persona in personas:
        walk(guard, signed_in(request, persona), persona, addresses)
    print(len(addresses), guard.tried)
    assert not guard.wrongs
    assert all(guard.tried[persona, 200] > 50 and guard.tried[persona, "accepted"] > 5 for persona in personas)
    if "county_one" in personas:
        assert guard.tried["transcribed"], "the exception was not met"


def test_no_page_or_form_lets_a_county_appoint_end_or_issue(request, atlas):
    look_everywhere(request, atlas, ("county_one",))


@pytest.mark.long
def test_no_page_or_form_lets_anybody_of_the_staff_either(request, atlas):
    look_everywhere(request, atlas, STAFF)


# --- The admin and the commands --------------------------------------------------------------------------------------


def walk_the_admin(guard: Guard, client: Client, persona: str) -> None:
    """Every action on every row of every model; what the admin's own pages write, written."""
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)[:40]]
        offered = page_of(client.get(reverse(f"{name}_changelist")))
        named = {one for form in offered.forms for one in options_of(form, "action")} if offered else set()
        named |= {"delete_selected", *(getattr(act, "__name__", act) for act in model_admin.actions or ())}
        for act in named - {""}:
            data = {"action": act, "_selected_action": rows, "post": "yes", "index": "0"}
            to = reverse(f"{name}_changelist")
            guard.watched((persona, name, act), lambda to=to, data=data: client.post(to, data))
            guard.tried[persona, "admin actions"] += 1
        said = {
            "state": "ended",
            "end_reason": "dismissed",
            "kind": "letter",
            "name": "改",
            "_save": "1",
            "post": "yes",
        }
        addresses = [reverse(f"{name}_add")]
        addresses += [reverse(f"{name}_{page}", args=[pk]) for pk in rows[:FEW] for page in ("change", "delete")]
        for to in addresses:
            guard.watched((persona, to), lambda to=to, said=said: client.post(to, said))
            guard.tried[persona, "admin writes"] += 1


def options_of(form: dict, name: str) -> list[str]:
    """What a choice of that name offers."""
    return [option for one in form["inputs"] if one.get("name") == name for option in one["options"]]


def test_no_admin_page_or_action_does_either(request, world, clock):
    guard = Guard(Standing.read())
    for persona in STAFF:
        walk_the_admin(guard, signed_in(request, persona), persona)
        assert guard.tried[persona, "admin actions"] > 5 and guard.tried[persona, "admin writes"] > 40
    assert not guard.wrongs


# How each is called; one that is not here is called with nothing.
ARGUMENTS = {
    "load_measure": [str(DIRECTORY / "qingyuan-2016.toml")],
    "record_bounces": [str(DIRECTORY / "qingyuan-2016.toml")],
    "remind": ["--send"],
}


def our_commands() -> list[str]:
    """Every management command of our apps."""
    return sorted(name for name, app in get_commands().items() if app in OURS)


def call(name: str) -> None:
    """As an operator would. The clock takes its turn with a session of its own: here it does its duties in this one."""
    if name == "clock":
        for duty in DUTIES:
            duty.work(at=timezone.now())
    else:
        call_command(name, *ARGUMENTS.get(name, ()), verbosity=0)


def run_commands(guard: Guard) -> None:
    """Each of them; one that refuses has done nothing."""
    for name in our_commands():

        def run(name=name):
            try:
                call(name)
            except CommandError as fault:
                guard.tried["said no"] += bool(str(fault))
            except SystemExit as end:  # how a command says that something is not well
                guard.tried["said no"] += bool(end.code)

        guard.watched((name,), run)
        guard.tried["commands"] += 1


def test_no_command_does_either_but_for_the_clock(world, everything):
    """The demonstration is no exception: in a portal with enterprises in it, it refuses.

    The clock ends what is over (Art. 11): the two terms that end on 9 January, and by nobody.
    """
    guard, before = Guard(Standing.read()), Standing.read()
    with time_machine.travel(AT, tick=False):
        run_commands(guard)
    assert not guard.wrongs
    assert guard.tried["commands"] >= 6
    with time_machine.travel(AT + timedelta(days=60), tick=False):
        for name in our_commands():
            if name in ("clock", "expire_appointments"):
                call(name)
    changed = Appointment.unscoped.filter(state="ended")
    assert set(changed) == set(everything.values())
    assert {(row.end_reason, row.ended_on, row.ended_by) for row in changed} == {("expired", date(2027, 1, 9), None)}
    others = {pk: row for pk, row in Standing.read().appointments.items() if row[1] != "ended"}
    assert others == {pk: row for pk, row in before.appointments.items() if pk in others}


# --- The guard can fail ----------------------------------------------------------------------------------------------


def ending_view(request, reference):
    """Planted: a page that ends an appointment in the enterprise's name."""
    row = get_object_or_404(Appointment, reference=reference, state="filed")
    by = row.enterprise.accounts.first()
    actions.end(row, version=row.version, reason="dismissed", last_day=TODAY, by=by, at=AT)
    return HttpResponse("")


def test_a_planted_page_that_ends_is_found(request, world, clock, monkeypatch, settings):
    """No link leads there: that it stands in the resolver is enough."""
    planted = ModuleType("planted_urls")
    planted.urlpatterns = [path("quietly/<str:reference>/over/", ending_view), *urls.urlpatterns]
    monkeypatch.setitem(sys.modules, "planted_urls", planted)
    settings.ROOT_URLCONF = "planted_urls"
    (route, pattern), *_ = ((route, one) for route, one in patterns_of().items() if route.startswith("quietly/"))
    guard, addresses = Guard(Standing.read()), list(Atlas().fill(route, pattern.callback))
    walk(guard, signed_in(request, "municipal"), "municipal", addresses)
    assert {what[1] for what in guard.wrongs} == {"GET", "bare", "enterprise's"}


def test_an_end_that_a_bureau_writes_without_the_enterprises_paper_is_found(request, world, clock, monkeypatch):
    """Planted: the act keeps no scan of what it transcribes."""
    row = Appointment.unscoped.get(is_transcribed=True)
    here = [reverse("appointment_act", args=[row.reference, "withdraw"])]
    guard = Guard(Standing.read())
    walk(guard, signed_in(request, "county_one"), "county_one", here)
    assert not guard.wrongs and guard.tried["transcribed"]
    monkeypatch.setattr(ending, "_on_paper", lambda *_, **__: None)
    walk(guard, signed_in(request, "county_one"), "county_one", here)
    assert guard.wrongs


def test_a_planted_permission_an_admin_action_and_a_command_are_found(request, world, clock, monkeypatch, everything):
    """A careless predicate opens the enterprise's own page to a bureau; its form does the rest."""
    here = reverse("appointment_act", args=[everything["a"].reference, "end"])
    guard = Guard(Standing.read())
    with monkeypatch.context() as careless:
        careless.setitem(rules.permissions.permissions, "appointments.end", rules.predicates.always_true)
        walk(guard, signed_in(request, "county_one"), "county_one", [here])
    assert {what[1] for what in guard.wrongs} == {here, "enterprise's"}

    def end_them(model_admin, http, rows):
        for row in rows.filter(state="filed"):
            actions.end(
                row, version=row.version, reason="closed", last_day=TODAY, by=row.enterprise.accounts.first(), at=AT
            )

    model_admin = admin.site._registry[Appointment]
    monkeypatch.setattr(model_admin, "actions", [end_them])
    guard = Guard(Standing.read())
    walk_the_admin(guard, signed_in(request, "municipal"), "municipal")
    assert [what for what in guard.wrongs if what[-1] == "end_them"]
    monkeypatch.setattr(sys.modules[__name__], "our_commands", lambda: ["expire_appointments"])
    over = AT + timedelta(days=60)
    guard = Guard(Standing.read())
    with time_machine.travel(over, tick=False):
        run_commands(guard)
    assert list(guard.wrongs) == [("expire_appointments",)]
