"""Thirteen acts that two to eight do at the same moment, again and again: one effect each, and nobody meets a fault.

Each race is run once more with its guards taken away (row locks, unique and exclusion constraints, triggers): then the
same count sees the double effect.
"""

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.test import Client, RequestFactory
from django.urls import reverse

from appointments import actions
from appointments.models import Appointment, RecommendationLetter, Statement
from appointments.states import ActKind, State
from registry.actions.accounts import accept_invitation, invite, remove_member, take_over
from registry.actions.common import next_number
from registry.actions.privacy import reveal_number, revealed_on
from registry.models import Counter, Message, User
from registry.notices import tell_city
from registry.pages import carry_out
from registry.papers.render import render
from registry.states import Role
from tests import cast
from tests.cast import AT, TODAY, account, credit_code, registration
from tests.supervision_cast import DAY
from tests.test_concurrency import Ask, as_it_is, at_once, refused
from tests.test_sign_in import is_in, sign_in
from training import actions as training_actions

pytestmark = pytest.mark.django_db(transaction=True)
CAP = 3  # numbers one officer may look at in a day, here


@dataclass(frozen=True)
class Round:
    """What is done at once, how many effects there may be, how many there are, and what makes way for the next."""

    acts: list[Callable]
    effects: Callable[[], int]
    wanted: int = 1
    after: Callable[[], object] = lambda: None


class Races:
    """One method a race; ``n`` counts its rounds from 1."""

    def __init__(self, make, train, supervise, request):
        self.make, self.train, self.supervise = make, train, supervise
        self.of = request.getfixturevalue
        self.user, self.city = self.of("user_a"), make.municipal
        self.company, self.person = self.of("company_a"), self.of("person_a")

    def submitting_twice(self, n: int) -> Round:
        draft = self.make.draft(self.person, self.company)
        act = partial(actions.submit, draft, version=draft.version, by=self.user, at=AT)
        return Round([act] * 3, draft.acts.filter(kind=ActKind.SUBMITTED).count, after=partial(self._withdraw, draft))

    def two_for_one_enterprise(self, n: int) -> Round:
        drafts = [self.make.draft(someone, self.company) for someone in (self.person, self.of("person_a_two"))]
        acts = [partial(actions.submit, draft, version=draft.version, by=self.user, at=AT) for draft in drafts]
        in_force = Appointment.unscoped.filter(pk__in=[draft.pk for draft in drafts], in_force__isnull=False)
        return Round(acts, in_force.count, after=lambda: [self._withdraw(draft) for draft in drafts])

    def _withdraw(self, draft) -> None:
        row = as_it_is(draft)
        if row.state == State.SUBMITTED:
            actions.withdraw(row, version=row.version, by=self.user, at=AT, reason="下一轮")

    def filing_and_returning(self, n: int) -> Round:
        company = cast.enterprise(40000000 + n, f"丁{n}公司", by=self.of("county_one"))
        user = account(f"enterprise-d{n}", Role.ENTERPRISE, "经办人", enterprise=company, is_owner=True)
        row = self.make.checked(cast.person(100 + n, f"钱{n}", company=company, by=user), company)
        say = {"version": row.version, "by": self.city, "at": AT}
        acts = [
            partial(actions.file, row, opinions=self.make.opinions(row), **say),
            partial(actions.return_for_correction, row, remarks={"position": "有误"}, **say),
        ]
        return Round(acts, row.acts.filter(kind__in=(ActKind.FILED, ActKind.RETURNED)).count)

    def numbering(self, n: int) -> Round:
        given = []

        def take():
            with transaction.atomic():
                given.append(next_number("竞", 2026))

        def wrong():
            """How many were given that are not the next eight, once each."""
            last = Counter.unscoped.get(series="竞").last
            return len(given) - len(set(given)) + abs(last - 8 * n)

        return Round([take] * 8, wrong, wanted=0)

    def issuing_one_certificate(self, n: int) -> Round:
        seat = self.train.passed(self.person, self.company, self.train.session())
        act = partial(training_actions.issue_certificate, seat, by=self.train.trainer, at=AT)
        return Round([act] * 4, seat.certificates.count)

    def the_last_seat(self, n: int) -> Round:
        session = self.train.session(seats=1)
        who = [("person_a", "company_a"), ("person_a_two", "company_a"), ("person_b", "company_b")]
        acts = [partial(self.train.enrolled, session, self.of(one), self.of(company)) for one, company in who]
        return Round(acts, session.enrolments.seated().count)

    def claiming_one_enterprise(self, n: int) -> Round:
        number, county = 20000000 + n, self.company.county
        asked = []
        for each in (1, 2):
            someone = account(f"claims-{n}-{each}", Role.APPLICANT, "注册人")
            asked.append(registration(someone, county, n=number))
        officers = (self.of("county_one"), self.city)
        acts = [partial(take_over, row, by=by, at=AT) for row, by in zip(asked, officers, strict=True)]
        return Round(acts, User.unscoped.filter(enterprise__credit_code=credit_code(number), is_owner=True).count)

    def accepting_one_invitation(self, n: int) -> Round:
        waiting = User.unscoped.filter(username__startswith="invited-")
        if not waiting:
            waiting = [account(f"invited-{each}", Role.APPLICANT, "受邀人") for each in "ab"]
        _, token = invite(name="受邀人", email=f"a{n}@example.com", by=self.user, at=AT)
        joined = User.unscoped.filter(username__startswith="invited-", enterprise=self.company)
        acts = [partial(accept_invitation, token, by=someone, at=AT) for someone in waiting]
        return Round(acts, joined.count, after=lambda: [remove_member(one, by=self.user, at=AT) for one in joined])

    def stating_by_one_link(self, n: int) -> Round:
        case = self.of("asked_a")
        token, before = self.supervise.link(case)[1], Statement.unscoped.count()
        act = partial(actions.state_by_link, token, words="我已报告。", at=AT)
        return Round([act] * 3, lambda: Statement.unscoped.count() - before)

    def signing_one_recommendation(self, n: int) -> Round:
        case = self.supervise.proposed(self.of("cqo_b"))
        say = {"version": case.version, "answer_due": TODAY + 30 * DAY, "at": AT}
        acts = [partial(actions.sign, case, by=by, **say) for by in (self.city, self.of("municipal_two"))]

        def after():
            row = as_it_is(case)
            actions.withdraw_case(row, version=row.version, reason="下一轮", by=self.city, at=AT)

        return Round(acts, RecommendationLetter.unscoped.filter(case=case).count, after=after)

    def looking_at_numbers(self, n: int) -> Round:
        settings.REVEALS_PER_DAY = CAP  # the test's own settings: put back by its fixture
        at = AT + n * DAY
        act = partial(reveal_number, self.person, reason="核对", by=self.city, at=at)
        return Round([act] * 8, lambda: revealed_on(self.city, at.date()), wanted=CAP)

    def one_recovery_code(self, n: int) -> Round:
        who = self.of("county_two")
        Authenticator.objects.filter(user=who).delete()
        TOTP.activate(who, generate_totp_secret())
        code = RecoveryCodes.activate(who).get_unused_codes()[0]
        browsers = [Client(REMOTE_ADDR=f"198.51.{n % 250}.{each}") for each in (1, 2)]
        for browser in browsers:
            sign_in(browser, who.username)
        acts = [partial(browser.post, reverse("mfa_authenticate"), {"code": code}) for browser in browsers]
        return Round(acts, lambda: sum(is_in(browser) for browser in browsers))

    def one_form_sent_twice(self, n: int) -> Round:
        token = uuid4()

        def send():
            request = RequestFactory().post("/")
            request.user, request.session = self.city, {}
            request._messages = FallbackStorage(request)
            form = Ask({"token": token})
            form.is_valid()
            return carry_out(request, form, lambda *, by, at: tell_city(str(token), "", url="/", at=at), lambda _: "/")

        return Round([send] * 2, Message.unscoped.filter(subject=str(token)).count)


RACES = [name for name in vars(Races) if not name.startswith("_")]


@pytest.fixture
def races(make, train, supervise, request, monkeypatch, settings) -> Races:
    """Everybody who races; one drawing stands for all papers, since drawing is not what they race for."""
    settings.REVEALS_PER_DAY = CAP
    first = []

    def drawn(*arguments, **options):
        if not first:
            first.append(render(*arguments, **options))
        return first[0]

    monkeypatch.setattr("registry.papers.render.render", drawn)
    return Races(make, train, supervise, request)


@pytest.fixture
def cqo_b(supervise, person_b, company_b):
    """李四 of 乙公司, in office."""
    return supervise.cqo(person_b, company_b)


@pytest.fixture
def asked_a(supervise, request):
    """王七 of 丙公司 is in office and asked to state; 甲公司 stays free for the races of filing."""
    by = request.getfixturevalue("county_one")
    company = cast.enterprise(30000001, "丙公司", by=by)
    user = account("enterprise-c", Role.ENTERPRISE, "丙公司经办人", enterprise=company, is_owner=True)
    return supervise.asked(supervise.cqo(cast.person(7, "王七", company=company, by=user), company))


def run(race: Callable, rounds: int, *, stop_at_first: bool = False) -> tuple[int, list[str | None]]:
    """In how many rounds there were not as many effects as wanted, and what those who were refused were told."""
    off, sentences = 0, []
    for n in range(1, rounds + 1):
        this = race(n)
        sentences += refused(at_once(*this.acts))
        off += this.effects() != this.wanted
        if off and stop_at_first:
            break
        this.after()
    return off, sentences


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.long)])
def test_thirteen_races_have_no_double_effect(races, rounds, record_property):
    doubles = {}
    for name in RACES:
        off, sentences = run(getattr(races, name), rounds)
        assert None not in sentences, name  # a database's refusal that nobody can read
        doubles |= {name: off} if off else {}
    line = f"races: {len(RACES)} × {rounds} rounds, {sum(doubles.values())} double effects"
    record_property("races", line)
    print(line, doubles or "")
    assert not doubles


# --- The planted defects ---------------------------------------------------------------------------------------------

GUARDED = ["appointments_appointment", "appointments_paper", "appointments_statement", "appointments_statementlink",
           "appointments_dismissalrecommendation", "appointments_recommendationletter", "training_certificate",
           "training_enrolment", "training_poolentry", "registry_user", "registry_invitation", "registry_enterprise",
           "registry_registration"]  # fmt: skip


@contextmanager
def unguarded(monkeypatch):
    """No row lock, no unique or exclusion constraint, no trigger on the tables that are raced for; put back after."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self._chain())
    monkeypatch.setattr("registry.pages.remember_form", lambda *arguments, **options: None)
    monkeypatch.setattr("cqo_portal.accounts.forms.used_once", lambda user, code: code)
    # Between allauth's look at a recovery code and its mark there is next to no time: one round of hundreds.
    monkeypatch.setattr(Authenticator, "save", _late(Authenticator.save))
    back = [drop for table in GUARDED for drop in _without_guards(table)]
    try:
        yield
    finally:
        names = ", ".join(connection.introspection.django_table_names(only_existing=True, include_views=False))
        _sql(f"TRUNCATE {names} CASCADE")
        for statement in back:
            _sql(statement)


def _late(act):
    """The same, a moment later."""

    def later(*given, **named):
        time.sleep(0.05)
        return act(*given, **named)

    return later


def _without_guards(table: str) -> list[str]:
    """Take them from one table; the statements that put them back."""
    _sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    back = [f"ALTER TABLE {table} ENABLE TRIGGER USER"]
    if table == "appointments_appointment":
        _sql(f"ALTER TABLE {table} ENABLE TRIGGER place_appointment")  # guards nothing: writes where a row lies
    constraints = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('u', 'x')"
    for name, words in _sql(f"{constraints} AND conrelid = '{table}'::regclass"):
        if _may_drop(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'):
            back.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {words}')
    indexes = "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indisunique"
    for name, words in _sql(f"{indexes} AND NOT indisprimary AND indrelid = '{table}'::regclass"):
        if _may_drop(f"DROP INDEX {name}"):
            back.append(words)
    return back


def _sql(statement: str) -> list:
    """Run it; its rows where it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _may_drop(statement: str) -> bool:
    """Whether it went: what a foreign key stands on stays."""
    try:
        with transaction.atomic():
            _sql(statement)
    except DatabaseError:
        return False
    return True


@pytest.mark.long
def test_without_their_guards_each_race_shows_its_double_effect(races, monkeypatch):
    for name in ("person_a_two", "person_b", "county_two", "municipal_two", "cqo_b", "asked_a"):
        races.of(name)  # made while the guards stand
    with unguarded(monkeypatch):
        unseen = [name for name in RACES if not run(getattr(races, name), 40, stop_at_first=True)[0]]
    print(f"races without guards: {len(RACES) - len(unseen)} of {len(RACES)} show a double effect")
    assert not unseen
