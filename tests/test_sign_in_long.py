"""A thousand guesses after the lock, on several connections at once; and whether the clock tells who has an account."""

import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from statistics import median

import pytest
import time_machine
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse

from cqo_portal import settings as portal
from cqo_portal.accounts import guesses
from cqo_portal.accounts.forms import RESET_TRIES, used_once
from registry.models import SecurityEntry, User
from registry.states import Role, SecurityEvent
from tests.cast import AT, PASSWORD, account
from tests.test_sign_in import LOCKED, code_sent, is_in, prove_email, sign_in

BROWSERS = 4  # at once, each on a connection of its own
MILLISECONDS = 10  # how far two medians may be apart


# --- After the lock --------------------------------------------------------------------------------------------------


def guessed(seed: int, number: int, username: str) -> tuple[int, int]:
    """How many of so many tries were looked at, and how many stopped by the limit of an address before.

    Every tenth is the right password, each says it comes from another address.
    """
    rng, accepted, stopped = Random(seed), 0, 0
    try:
        for n in range(number):
            spoofed = f"198.51.100.{rng.randrange(256)}"
            client = Client(HTTP_X_FORWARDED_FOR=spoofed, HTTP_X_REAL_IP=spoofed, HTTP_USER_AGENT=str(rng.random()))
            client.cookies[guesses.COOKIE] = str(rng.random())
            answer = sign_in(client, username, PASSWORD if n % 10 == 0 else f"wrong-{rng.random()}")
            stopped += answer.status_code == 429
            accepted += is_in(client) or (answer.status_code != 429 and LOCKED not in answer.content.decode())
    finally:
        connections.close_all()
    return accepted, stopped


def lock(username: str) -> None:
    """As many wrong passwords as an account takes."""
    for _ in range(guesses.PER_ACCOUNT):
        sign_in(Client(), username, "wrong-password")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [40, pytest.param(1000, marks=pytest.mark.long)])
def test_no_guess_after_the_lock_is_accepted_the_right_password_neither(county_one, number, record_property):
    with time_machine.travel(AT, tick=False):  # one window of the limit, however busy the machine
        lock(county_one.username)
        with ThreadPoolExecutor(BROWSERS) as pool:
            tries = [pool.submit(guessed, seed, number // BROWSERS, county_one.username) for seed in range(BROWSERS)]
            accepted, stopped = (sum(numbers) for numbers in zip(*(each.result() for each in tries), strict=True))
    line = f"guesses after the lock: {number} on {BROWSERS} connections at once, {accepted} accepted, "
    line += f"{stopped} of them not even looked at"
    record_property("guesses", line)
    print(line)
    assert accepted == 0
    assert SecurityEntry.unscoped.filter(event=SecurityEvent.LOGIN_LOCKED).count() == number - stopped


@pytest.mark.django_db(transaction=True)
def test_the_planted_lock_that_counts_nothing_lets_the_right_password_in(county_one, monkeypatch):
    monkeypatch.setattr(guesses, "spend", lambda *arguments, **options: 0)
    lock(county_one.username)
    assert guessed(1, 20, county_one.username)[0] > 2


@pytest.mark.django_db(transaction=True)
def test_five_wrong_passwords_on_eight_connections_at_once_are_five(county_one):
    """Nobody gets more tries by sending them at the same moment."""
    cache.clear()  # allauth counts what an address asks, and the tests before this one asked in the same minute

    def wrong(_):
        try:
            return LOCKED in sign_in(Client(), county_one.username, "wrong-password").content.decode()
        finally:
            connections.close_all()

    with time_machine.travel(AT, tick=False), ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(wrong, range(24))) == 24 - guesses.PER_ACCOUNT


# --- Codes and limits stay counted -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_flood_of_other_entries_makes_a_used_code_good_again(county_one):
    """Django's own limit of 300 would drop what was used, and what was counted, as soon as others came."""
    used_once(county_one, "123456")
    for n in range(700):
        cache.set(f"flood-{n}", n, timeout=900)
    assert cache.get(f"factor-code.{county_one.pk}.123456") == "used"


@pytest.mark.django_db
def test_a_code_for_a_forgotten_password_is_not_guessed_by_asking_for_many(county_one, settings):
    """In each browser allauth lets three be tried; here an address has twenty tries an hour in all."""
    settings.ACCOUNT_RATE_LIMITS = False
    prove_email(county_one, "xian@example.com")

    def tried(code: str | None, times: int) -> str:
        client = Client()
        client.post(reverse("account_reset_password"), {"email": "xian@example.com"})
        code = code or code_sent("xian@example.com")
        for _ in range(times):
            answer = client.post(reverse("account_confirm_password_reset_code"), {"code": code}, follow=True)
        return answer.request["PATH_INFO"]

    with time_machine.travel(AT, tick=False):
        assert tried(None, 1) == reverse("account_complete_password_reset")
        for _ in range(RESET_TRIES // 3 + 1):
            tried("wrong", 3)
        assert tried(None, 1) == reverse("account_confirm_password_reset_code")


# --- What the clock tells --------------------------------------------------------------------------------------------


def milliseconds(ask) -> float:
    """How long the answer took."""
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def compared(pairs: int, *asks) -> list[float]:
    """Median milliseconds of each, asked in turn and in a changing order, so that a busy machine slows all alike."""
    taken, rng = [[] for _ in asks], Random(1)
    for ask in asks:
        ask()  # the first one loads what all need
    for _ in range(pairs):
        for which in rng.sample(range(len(asks)), len(asks)):
            taken[which].append(milliseconds(asks[which]))
    return [median(each) for each in taken]


@pytest.fixture
def unlimited(settings, monkeypatch):
    """The real hasher, and no limit, so that every try is looked at."""
    settings.PASSWORD_HASHERS = portal.PASSWORD_HASHERS
    settings.ACCOUNT_RATE_LIMITS = False
    for limit in ("PER_ACCOUNT", "PER_BROWSER", "PER_ADDRESS"):
        monkeypatch.setattr(guesses, limit, 10**6)


@pytest.fixture
def known(unlimited, measure) -> User:
    """Somebody whose password the real hasher hashed, reachable by all three names."""
    user = account("known-account", Role.APPLICANT, "有账号的人", phone="13800138009", phone_proven_at=AT)
    prove_email(user, "known@example.com")
    return user


NAMES = {
    "user name": ("known-account", "nobody-at-all"),
    "e-mail": ("known@example.com", "nobody@example.com"),
    "mobile": ("13800138009", "13800138010"),
}
PAIRS = pytest.mark.parametrize("pairs", [pytest.param(200, marks=pytest.mark.long)])


def told(what: str, pairs: int, times: list[float]) -> str:
    """The figures in one line."""
    with_account, without = times
    return (
        f"{what}, {pairs} pairs: known {with_account:.1f} ms, unknown {without:.1f} ms, {without - with_account:+.1f}"
    )


@PAIRS
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.django_db
def test_a_wrong_password_takes_as_long_for_an_account_that_nobody_has(known, name, pairs, record_property):
    asks = [lambda login=login: sign_in(Client(), login, "wrong-password") for login in NAMES[name]]
    times = compared(pairs, *asks)
    line = told(f"log-in by {name}", pairs, times)
    record_property("timing", line)
    print(line)
    assert abs(times[0] - times[1]) < MILLISECONDS


@PAIRS
@pytest.mark.parametrize("name", ["e-mail", "mobile"])
@pytest.mark.django_db
def test_a_forgotten_password_takes_as_long_for_an_account_that_nobody_has(known, name, pairs, record_property):
    asks = [
        lambda login=login: Client().post(reverse("account_reset_password"), {"email": login}) for login in NAMES[name]
    ]
    times = compared(pairs, *asks)
    line = told(f"reset by {name}", pairs, times)
    record_property("timing", line)
    print(line)
    assert abs(times[0] - times[1]) < MILLISECONDS


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.django_db
def test_one_password_is_looked_at_once_whoever_is_named(known, name, monkeypatch):
    """Twice for those who have an account would tell by the clock."""
    looked = []
    real = ScryptPasswordHasher.encode
    monkeypatch.setattr(ScryptPasswordHasher, "encode", lambda *said: looked.append(1) or real(*said))
    for login in NAMES[name]:
        looked.clear()
        sign_in(Client(), login, "wrong-password")
        assert len(looked) == 1, login


@pytest.mark.long
@pytest.mark.django_db
def test_the_planted_short_cut_is_heard(known, monkeypatch):
    """Without the hash that nobody needs, an account that nobody has answers at once."""
    backend = "allauth.account.auth_backends.AuthenticationBackend._mitigate_timing_attack"
    monkeypatch.setattr(backend, lambda self, password: None)
    asks = [lambda login=login: sign_in(Client(), login, "wrong-password") for login in NAMES["user name"]]
    times = compared(10, *asks)
    print(told("planted", 10, times))
    assert times[0] - times[1] > MILLISECONDS
