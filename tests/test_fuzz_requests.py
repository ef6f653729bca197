"""Hostile requests over every address, method and persona: a page, a refusal or a redirect, never a fault of ours."""

import io
import json
import logging
import re
import sys
import traceback
from collections import Counter
from contextlib import contextmanager
from functools import partial
from random import Random
from urllib.parse import quote, quote_plus
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client
from django.test.client import encode_multipart
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

from appointments.states import PaperKind
from cqo_portal.accounts.guesses import COOKIE
from tests.cast import pdf, picture
from tests.harvest import Form, harvested
from tests.supervision_cast import undone
from tests.test_access import ADDRESSES, PERSONAS

pytestmark = pytest.mark.django_db
pytest_plugins = ["tests.test_access"]  # its world, and who signs in there

BOUNDARY = "hostile"
VALUES = [
    "", " ", "\0", "a\0b", "%00", "\r\nSet-Cookie: x=1", "\u202e正反", "\ud800", "\udfff中", "😀" * 40, "\ufeff", "ﬁ",
    "١٢٣", "'", "' OR 1=1 --", "'; DROP TABLE registry_user; --", "\\", "%", "_", "%s%n", "{{ 7|add:35 }}",
    "{% load x %}", "{0.__class__}", "${7*7}", "<script>alert(1)</script>", "=1+1", "../../../../etc/passwd",
    "..%2f..%2f", "//evil.cn/", "javascript:alert(1)", "-1", "0", "1", "2", "00", "1e400", "nan", "inf", "-0.0",
    "9" * 19, "9223372036854775808", "2147483648", "9" * 400, "1.5", "１２", "true", "null", "[]", "{}", '{"a":' * 300,
    "[" * 900, "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-13-01", "1900-01-01", "2026-11-22T25:61",
    "a" * 300, "中" * 3000, "x" * 40000, "a,b,,c", "a" * 63 + "@example.com", "@", "+86 138 0013 8000",
    "91441800MA4UXXXXXX", "441802198005170019", "QY00001", "RM-2026-0001", "None", "undefined", "on", "admin",
    "9f0c1b1e-1111-4111-8111-111111111111", "0" * 32, ";", "&", "#", "?", "/", ".",
]  # fmt: skip
FILES = [
    b"", b"%PDF-", b"%PDF-1.7\n" + b"\0" * 2000, b"\x89PNG\r\n\x1a\n<html>", b"PK\x03\x04" + b"\xff" * 500,
    b"GIF89a", "姓名,考勤\n=1+1,\n".encode(), b"\xff\xfe\x00\xd8", b"<svg onload=alert(1)>",
]  # fmt: skip
FILED = {"pdf": pdf(), "picture": picture()}  # what a form takes
NAMES = ["a.pdf", "", "../../a.pdf", "名.csv", "a" * 300 + ".png", "a\0.pdf", 'a".xlsx', "con", ".", "a.pdf.exe"]
HEADERS = [
    "User-Agent", "Referer", "Accept", "Accept-Language", "Accept-Encoding", "X-Forwarded-For", "X-Forwarded-Proto",
    "X-Forwarded-Host", "X-Real-IP", "X-Request-ID", "Origin", "Range", "If-Modified-Since", "If-None-Match",
    "HX-Request", "HX-Target", "HX-Trigger", "HX-Current-URL", "HX-Boosted", "HX-Prompt", "X-HTTP-Method-Override",
    "X-CSRFToken", "Authorization", "X-Requested-With", "Transfer-Encoding",
]  # fmt: skip
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
METHODS = ["GET"] * 8 + ["POST"] * 10 + ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]
QUERY = [
    "q", "rows", "after", "before", "end", "sort", "o", "p", "next", "enterprise", "county", "state", "year", "from",
    "to", "kind", "pick", "code", "candidate", "_popup", "_to_field", "_changelist_filters", "day", "on", "at",
    "format", "e", "all",
]  # fmt: skip
TYPES = [
    "application/json", "text/xml", "multipart/form-data", "multipart/form-data; boundary=", "x", "",
    "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=nonsense",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_line_a_request(caplog):
    """Twenty thousand lines in the log are of no use."""
    caplog.set_level(logging.WARNING, "cqo_portal.requests")


def routes(patterns, prefix="/") -> list[tuple[str, str]]:
    """The name and the route of every address, those of the admin and of the accounts too."""
    found = []
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue  # the admin's list of one app and its catch-all
        route = prefix + str(pattern.pattern)
        is_address = isinstance(pattern, URLPattern)
        found += [(pattern.name or "", route)] if is_address else routes(pattern.url_patterns, route)
    return found


def encoded(text: str) -> str:
    """In an address; half a surrogate too, as bytes that no decoder likes."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def typed(fields: dict[str, str]) -> bytes:
    """As a form's body."""
    pairs = [(name, quote_plus(str(value).encode("utf-8", "surrogatepass"))) for name, value in fields.items()]
    return "&".join(f"{quote_plus(name)}={value}" for name, value in pairs).encode()


class Hostile:
    """Draws requests from a seed; remembers what went wrong, and counts what it sent."""

    def __init__(self, sessions: dict[str, str], world: dict, seed: int):
        self.rng, self.sessions, self.world = Random(seed), sessions, world
        self.routes = routes(get_resolver().url_patterns)
        self.forms: dict[tuple[str, str], list[Form]] = {}
        self.sent, self.reached, self.faults = Counter(), set(), {}
        self.raised: list[str] = []

    def note(self, **_) -> None:
        """What the portal raised, from Django's signal."""
        self.raised.append(f"{sys.exc_info()[1]!r}\n{traceback.format_exc(limit=-3)}")

    def value(self) -> str:
        return self.rng.choice(VALUES)

    def path(self, name: str, route: str) -> str:
        """The address of 甲公司's row, or one with hostile words in it."""
        address, rng = ADDRESSES.get(name), self.rng
        given = list(address.arguments) if address else []
        if given and rng.random() < 0.7:
            words = [str(a).format_map(Words(self.world)) if isinstance(a, str) else str(a) for a in given]
        else:
            words = [rng.choice(["1", "2", self.value()]) for _ in re.findall("<", route)]
        if words and rng.random() < 0.1:
            words[rng.randrange(len(words))] = self.value()
        for word in words:
            route = re.sub(r"<[^>]+>", lambda _, word=word: encoded(word), route, count=1)
        return route

    def query(self, path: str) -> str:
        """One to three parameters a page may know."""
        rng = self.rng
        if rng.random() < 0.5:
            return path
        known = [name for form in self.forms.get(path, ()) if form.method == "get" for name in form.fields]
        names = rng.choices(QUERY + known, k=rng.randint(1, 3))
        return f"{path}?" + "&".join(f"{encoded(name)}={encoded(self.value())}" for name in names)

    def headers(self, persona: str) -> dict[str, str]:
        """The session's cookie, hostile cookies, and what browsers and proxies say."""
        rng = self.rng
        cookies = [f"{settings.SESSION_COOKIE_NAME}={self.sessions[persona]}"] if persona != "anonymous" else []
        if rng.random() < 0.15:
            names = [settings.SESSION_COOKIE_NAME, "csrftoken", "messages", COOKIE, "x", "cqo_person"]
            cookies += [f"{rng.choice(names)}={self._in_header()}"]
        told = {"Cookie": "; ".join(cookies)} if cookies else {}
        if rng.random() < 0.3:
            told["HX-Request"] = "true"
        for name in rng.sample(HEADERS, rng.choice([0, 0, 1, 2])):
            told[name] = self._in_header()
        return told

    def _in_header(self) -> str:
        """As WSGI hands bytes over; a header with a control character gunicorn refuses by itself."""
        return CONTROLS.sub("", self.value().encode("utf-8", "surrogatepass").decode("latin-1"))

    def body(self, path: str, persona: str) -> tuple[bytes, str]:
        """A form of the page with some fields made hostile, or no form at all."""
        rng = self.rng
        if rng.random() < 0.12:
            return self.value().encode("utf-8", "surrogatepass") * rng.choice([1, 30]), rng.choice(TYPES)
        offered = self._offered(path, persona)
        form = rng.choice(offered) if offered else Form(path, "post", {"csrfmiddlewaretoken": "x"})
        fields = form.fields | {"token": str(uuid4())}
        for name in rng.sample(sorted(fields), min(len(fields), rng.choice([0, 1, 1, 2, 5]))):
            fields[name] = self.value()
        if rng.random() < 0.2:
            fields[rng.choice(QUERY)] = self.value()
        if rng.random() < 0.1:
            fields.pop(rng.choice(sorted(fields)))
        if form.files or rng.random() < 0.1:
            return self._with_files(fields, form.files or {"file"}), f"multipart/form-data; boundary={BOUNDARY}"
        if rng.random() < 0.08:
            return json.dumps(fields).encode(), "application/json"
        return typed(fields), "application/x-www-form-urlencoded"

    def _with_files(self, fields: dict, files: set[str]) -> bytes:
        rng = self.rng
        sendable = {name: text.encode("utf-8", "ignore").decode() for name, text in fields.items()}
        for name in sorted(files):
            data = io.BytesIO(rng.choice([*FILES, self.world["pdf"], self.world["picture"]]))
            data.name = rng.choice(NAMES)
            sendable[name] = data
        return encode_multipart(BOUNDARY, sendable)

    def _offered(self, path: str, persona: str) -> list[Form]:
        """The forms that persona finds there, those for sending."""
        if (path, persona) not in self.forms:
            answer = self._ask("GET", path, b"", "", {"Cookie": self.headers_of(persona)})
            self.forms[path, persona] = [form for form in harvested(answer).forms if form.method == "post"]
        return self.forms[path, persona]

    def headers_of(self, persona: str) -> str:
        """The cookie of a session and nothing else."""
        return f"{settings.SESSION_COOKIE_NAME}={self.sessions[persona]}" if persona != "anonymous" else "x=1"

    def _ask(self, method, path, data, content_type, headers):
        with undone():
            client = Client(raise_request_exception=False)
            return client.generic(method, path, data, content_type=content_type, headers=headers)

    def one(self) -> None:
        """Send one request and look at the answer."""
        persona = self.rng.choice(PERSONAS)
        name, route = self.rng.choice(self.routes)
        path, method = self.path(name, route), self.rng.choice(METHODS)
        data, content_type = (b"", "")
        if method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            data, content_type = self.body(path, persona)
        asked = (method, self.query(path), data, content_type, self.headers(persona))
        self.raised.clear()
        try:
            answer = self._ask(*asked)
        except (AssertionError, pytest.fail.Exception) as fault:  # the hostile reader's: inline code, a name undefined
            self.faults.setdefault(str(fault)[:200], (persona, *asked[:4]))
            return
        self.sent[method, answer.status_code // 100] += 1
        self.reached.add((persona, route, method))
        own = answer.status_code == 503 and "系统正忙" in answer.content.decode()
        if (answer.status_code >= 500 and not own) or self.raised:
            told = (self.raised or [str(answer.status_code)])[-1]
            self.faults.setdefault(told.partition("\n")[0][:200], (persona, *asked[:4], asked[4], told))


class Words(dict):
    """What stands for 甲公司's rows; a word that this world has not is a word of no row."""

    def __missing__(self, name):
        return "1"


def assaulted(number: int, as_persona, world: dict, seed: int = 1) -> Hostile:
    """So many requests, one seed; every persona is signed in before."""
    sessions = {}
    for persona in PERSONAS:
        client = as_persona(persona)
        if persona != "anonymous":
            assert SESSION_KEY in client.session
            sessions[persona] = client.cookies[settings.SESSION_COOKIE_NAME].value
            client.cookies.clear()  # so that the next sign-in ends no session
    hostile = Hostile(sessions, world | FILED, seed)
    with connection.cursor() as cursor:  # the test is one long transaction, and a busy machine no fault
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    with heard(hostile):
        for _ in range(number):
            hostile.one()
            if (sent := sum(hostile.sent.values())) % 1000 == 0:
                print(f"{sent} sent, {len(hostile.faults)} faults", flush=True)
    return hostile


@contextmanager
def heard(hostile: Hostile):
    """What the portal raises meanwhile is noted."""
    got_request_exception.connect(hostile.note)
    try:
        yield
    finally:
        got_request_exception.disconnect(hostile.note)


def told(hostile: Hostile) -> str:
    """The figures in one line."""
    kinds = Counter()
    for (_, hundreds), count in hostile.sent.items():
        kinds[f"{hundreds}xx"] += count
    answers = ", ".join(f"{name} {count}" for name, count in sorted(kinds.items()))
    return (
        f"fuzz: {sum(kinds.values())} requests over {len(hostile.routes)} routes, {len(hostile.reached)} cells; "
        f"{answers}; {len(hostile.faults)} faults"
    )


def test_three_hundred_hostile_requests_end_in_no_fault(filed_both, as_persona, company_a, person_a):
    filed = filed_both["a"]
    words = {"filed": filed.reference, "enterprise": company_a.reference, "person": person_a.reference}
    hostile = assaulted(300, as_persona, words | {"code": filed.papers.get(kind=PaperKind.LETTER).code})
    print(told(hostile))
    assert not hostile.faults, hostile.faults


@pytest.mark.long
def test_twenty_thousand_hostile_requests_end_in_no_fault(world, as_persona, record_property):
    hostile = assaulted(20_000, as_persona, world, seed=2026)
    record_property("fuzz", told(hostile))
    print(told(hostile))
    assert not hostile.faults, "\n\n".join(f"{key}\n{what}" for key, what in hostile.faults.items())


def test_a_planted_fault_is_found(as_persona, monkeypatch, measure):
    """A list that takes what was typed for a number of rows: the same requests show it."""
    monkeypatch.setattr("registry.listing.size_of", lambda asked: int(asked or 50))
    hostile = Hostile({}, FILED, seed=1)
    hostile.routes, hostile.rng.choice = [("policy_list", "/policies/")], partial(chosen, hostile.rng)
    with heard(hostile):
        for _ in range(60):
            hostile.one()
    assert hostile.faults


def chosen(rng: Random, among):
    """As the seed draws, but strangers alone."""
    return "anonymous" if among is PERSONAS else among[rng.randrange(len(among))]
