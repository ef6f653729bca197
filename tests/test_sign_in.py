"""Signing in: three names for one account, what a guess costs, the second factor, how long a session lasts."""

import re
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cqo_portal.accounts import guesses
from cqo_portal.accounts.passwords import Mixed
from cqo_portal.accounts.sessions import MARK
from registry.models import Delivery, RateWindow, SecurityEntry, User
from registry.states import Role, SecurityEvent
from tests.cast import PASSWORD, account

pytestmark = pytest.mark.django_db

LOGIN = "account_login"
LOCKED = "尝试次数过多"
WRONG = "账号或者密码不正确。"


def sign_in(client, login: str, password: str = PASSWORD, **extra):
    """The answer to the log-in's form."""
    return client.post(reverse(LOGIN), {"login": login, "password": password}, **extra)


def is_in(client) -> bool:
    """Whether somebody is signed in there."""
    return client.get(reverse("account_overview")).status_code == 200


def code_sent(address: str) -> str:
    """The code of the last message to that address."""
    text = Delivery.unscoped.filter(address=address).exclude(body="").latest("pk").body
    return re.search(r"验证码：(\d{6})", text)[1]


def prove_email(user: User, email: str) -> None:
    """As if the code had been typed."""
    User.unscoped.filter(pk=user.pk).update(email=email)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)


# --- Names -----------------------------------------------------------------------------------------------------------


NAMES = ["county-441802", "COUNTY-441802", "xian@example.com", "XIAN@example.com"]
NAMES += ["13800138009", "138 0013 8009", "+8613800138009", "１３８００１３８００９"]


@pytest.mark.parametrize("login", NAMES)
def test_one_account_is_signed_in_to_by_user_name_mail_and_mobile(client, county_one, login):
    prove_email(county_one, "xian@example.com")
    User.unscoped.filter(pk=county_one.pk).update(phone="13800138009", phone_proven_at=timezone.now())
    assert sign_in(client, login).status_code == 302
    assert is_in(client)


def test_a_number_that_the_administrator_typed_is_proven_before_it_signs_in(client, county_one):
    User.unscoped.filter(pk=county_one.pk).update(phone="13800138009")
    answer = sign_in(client, "13800138009")
    assert answer["Location"] == reverse("account_verify_phone") and not is_in(client)
    client.post(reverse("account_verify_phone"), {"code": code_sent("13800138009")})
    assert is_in(client)
    county_one.refresh_from_db()
    assert county_one.phone_proven_at


def test_by_user_name_nothing_is_proven_first(client, county_one):
    User.unscoped.filter(pk=county_one.pk).update(phone="13800138009", email="xian@example.com")
    sign_in(client, county_one.username)
    assert is_in(client)


def test_somebody_who_signed_up_with_a_number_and_never_proved_it_does_not_hold_it(client, measure):
    account("qy1", Role.APPLICANT, "占用的人", phone="13800138009")
    assert WRONG in sign_in(client, "13800138009").content.decode()


def test_an_account_that_was_switched_off_signs_in_nobody(client, county_one):
    User.unscoped.filter(pk=county_one.pk).update(is_active=False)
    assert sign_in(client, county_one.username)["Location"] == reverse("account_inactive")
    assert not is_in(client)


# --- Guesses ---------------------------------------------------------------------------------------------------------


def test_wrong_passwords_lock_the_account_for_the_window_and_the_right_one_too(client, county_one):
    for _ in range(guesses.PER_ACCOUNT):
        assert WRONG in sign_in(client, county_one.username, "wrong-password").content.decode()
    assert LOCKED in sign_in(client, county_one.username, "wrong-password").content.decode()
    assert LOCKED in sign_in(client, county_one.username).content.decode() and not is_in(client)
    RateWindow.unscoped.all().delete()  # a quarter of an hour later
    sign_in(client, county_one.username)
    assert is_in(client)


def test_known_and_unknown_accounts_are_locked_alike_and_answered_in_the_same_words(county_one):
    def answers(login):
        client = Client()
        pages = [sign_in(client, login, "wrong-password").content.decode() for _ in range(guesses.PER_ACCOUNT + 2)]
        return [re.sub(r'value="[^"]*"', "", page) for page in pages]

    assert answers(county_one.username) == answers("nobody-of-that-name")


def test_the_three_names_of_an_account_are_guessed_at_together(client, county_one):
    prove_email(county_one, "xian@example.com")
    for login in [county_one.username, "xian@example.com"] * 3:
        sign_in(client, login, "wrong-password")
    assert LOCKED in sign_in(client, "xian@example.com").content.decode()


def test_a_browser_that_signed_in_before_is_not_locked_out_by_others(client, county_one):
    """So nobody can lock somebody else out for good."""
    sign_in(client, county_one.username)
    client.post(reverse("account_logout"))
    attacker = Client(REMOTE_ADDR="203.0.113.9")
    for _ in range(20):
        sign_in(attacker, county_one.username, "wrong-password")
    assert LOCKED in sign_in(attacker, county_one.username).content.decode()
    sign_in(client, county_one.username)
    assert is_in(client)


def test_a_known_browser_has_its_own_limit_and_another_accounts_mark_is_none(client, county_one, county_two):
    sign_in(client, county_one.username)
    client.post(reverse("account_logout"))
    for _ in range(guesses.PER_BROWSER + guesses.PER_ACCOUNT):
        sign_in(client, county_one.username, "wrong-password")
    assert LOCKED in sign_in(client, county_one.username).content.decode()
    for _ in range(guesses.PER_ACCOUNT):
        sign_in(client, county_two.username, "wrong-password")
    assert LOCKED in sign_in(client, county_two.username).content.decode()


@pytest.mark.parametrize("mark", ["", "x", "WzEsImEiXQ:1:bad", "\x01"])
def test_a_forged_mark_makes_no_browser_known(client, county_one, mark):
    client.cookies[guesses.COOKIE] = mark
    for _ in range(guesses.PER_ACCOUNT):
        sign_in(client, county_one.username, "wrong-password")
    assert LOCKED in sign_in(client, county_one.username).content.decode()


def test_one_address_tries_no_more_than_its_share_of_accounts(measure):
    client = Client(REMOTE_ADDR="203.0.113.9")
    for number in range(guesses.PER_ADDRESS):
        sign_in(client, f"nobody-{number}", "wrong-password")
    assert LOCKED in sign_in(client, "another", "wrong-password").content.decode()
    assert WRONG in sign_in(Client(REMOTE_ADDR="203.0.113.10"), "another", "wrong-password").content.decode()


def test_forwarding_headers_that_nobody_asked_for_open_no_new_share(county_one):
    for number in range(guesses.PER_ACCOUNT + 1):
        headers = {"HTTP_X_FORWARDED_FOR": f"198.51.100.{number}", "HTTP_X_REAL_IP": f"198.51.100.{number}"}
        answer = sign_in(Client(**headers), county_one.username, "wrong-password")
    assert LOCKED in answer.content.decode()
    windows = RateWindow.unscoped.filter(count=guesses.PER_ACCOUNT + 1)
    assert windows.count() == 2  # the account's, and one address's


def test_a_right_password_costs_nothing(client, county_one):
    for _ in range(3 * guesses.PER_ACCOUNT):
        sign_in(client, county_one.username)
        client.post(reverse("account_logout"))
        del client.cookies[guesses.COOKIE]
    assert not RateWindow.unscoped.filter(count__gt=0).exists()


def test_the_planted_guess_that_is_not_counted_is_seen(county_one, monkeypatch):
    """Without the count the same sequence lets the right password in: the test above would see it."""
    monkeypatch.setattr(guesses, "spend", lambda *arguments, **options: 0)
    client = Client()
    for _ in range(2 * guesses.PER_ACCOUNT):
        sign_in(client, county_one.username, "wrong-password")
    sign_in(client, county_one.username)
    assert is_in(client)


# --- Forgotten passwords ---------------------------------------------------------------------------------------------


def reset(client, address: str, new: str = "correct-horse-8"):
    """Ask for a code, type it, set the password."""
    client.post(reverse("account_reset_password"), {"email": address})
    client.post(reverse("account_confirm_password_reset_code"), {"code": code_sent(address)})
    return client.post(reverse("account_complete_password_reset"), {"password1": new, "password2": new})


@pytest.mark.parametrize("address", ["xian@example.com", "13800138009"])
def test_a_forgotten_password_is_set_anew_by_a_code_and_ends_all_sessions(client, county_one, address):
    prove_email(county_one, "xian@example.com")
    User.unscoped.filter(pk=county_one.pk).update(phone="13800138009", phone_proven_at=timezone.now())
    sign_in(client, county_one.username)
    stranger = Client()
    assert reset(stranger, address).status_code == 302
    assert not is_in(client)
    sign_in(stranger, county_one.username, "correct-horse-8")
    assert is_in(stranger)


def test_whoever_is_locked_out_by_others_gets_in_by_a_code(client, county_one):
    """As the refusal says; what others go on guessing makes no difference."""
    prove_email(county_one, "xian@example.com")
    for _ in range(2 * guesses.PER_ACCOUNT):
        sign_in(Client(), county_one.username, "wrong-password")
    assert "找回密码" in sign_in(client, county_one.username).content.decode()
    reset(client, "xian@example.com")
    sign_in(Client(), county_one.username, "correct-horse-8")
    sign_in(client, county_one.username, "correct-horse-8")
    assert is_in(client)


def test_whether_an_address_has_an_account_is_not_told(county_one):
    prove_email(county_one, "xian@example.com")
    told = []
    for address in ("xian@example.com", "nobody@example.com", "13800138009"):
        client = Client()
        asked = client.post(reverse("account_reset_password"), {"email": address})
        page = client.get(asked["Location"])
        told.append((asked.status_code, asked["Location"], re.sub(r'value="[^"]*"', "", page.content.decode())))
    assert told[0] == told[1] == told[2]


def test_a_wrong_code_sets_nothing_and_three_end_it(client, county_one):
    prove_email(county_one, "xian@example.com")
    client.post(reverse("account_reset_password"), {"email": "xian@example.com"})
    right = code_sent("xian@example.com")
    for _ in range(3):
        client.post(reverse("account_confirm_password_reset_code"), {"code": "000000" if right != "000000" else "1"})
    client.post(reverse("account_confirm_password_reset_code"), {"code": right})
    client.post(
        reverse("account_complete_password_reset"), {"password1": "correct-horse-8", "password2": "correct-horse-8"}
    )
    county_one.refresh_from_db()
    assert county_one.check_password(PASSWORD)


# --- The second factor -----------------------------------------------------------------------------------------------


@pytest.fixture
def strict(settings):
    """As it is outside the demonstration."""
    settings.REQUIRE_MFA = True


def code_of(secret: str, ahead: int = 0) -> str:
    """What an app shows now, or some steps of 30 seconds later."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + ahead))


@pytest.fixture
def set_up_totp(monkeypatch):
    """Go through the page, with the password once more; gives the app's secret.

    What allauth does on commit is done at once: the test's own transaction never commits.
    """
    monkeypatch.setattr(transaction, "on_commit", lambda work, **options: work())
    return _set_up_totp


def _set_up_totp(client) -> str:
    page = client.get(reverse("mfa_activate_totp"), follow=True)
    if "reauthenticate" in page.request["PATH_INFO"]:
        query = parse_qs(urlsplit(page.redirect_chain[-1][0]).query)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": query["next"][0]})
        page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret, -1)})
    return secret


STAFF_AND_TRAINERS = ["county_one", "municipal", "administrator", "trainer"]


@pytest.mark.parametrize("who", STAFF_AND_TRAINERS)
def test_staff_and_trainers_get_nowhere_before_they_have_a_second_factor(client, request, strict, who, set_up_totp):
    sign_in(client, request.getfixturevalue(who).username)
    for name in ("home", "appointment_list", "enterprise_list", "inbox", "admin:index", "verify"):
        assert client.get(reverse(name))["Location"] == reverse("mfa_index"), name
    set_up_totp(client)
    assert client.get(reverse("home")).status_code == 200


def test_an_enterprise_may_do_without_and_may_have_one(client, user_a, strict, set_up_totp):
    sign_in(client, user_a.username)
    assert client.get(reverse("home")).status_code == 200
    set_up_totp(client)
    client.post(reverse("account_logout"))
    assert sign_in(client, user_a.username)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)


def test_the_secret_is_stored_encrypted_and_recovery_codes_too(client, county_one, strict, set_up_totp):
    sign_in(client, county_one.username)
    secret = set_up_totp(client)
    stored = [str(row.data) for row in Authenticator.objects.all()]
    assert len(stored) == 2 and not [text for text in stored if secret in text]


def test_a_code_signs_in_once_within_the_drift_of_a_clock_too(county_one, strict, set_up_totp):
    client = Client()
    sign_in(client, county_one.username)
    secret = set_up_totp(client)
    code = code_of(secret)
    entered = []
    for _ in range(2):
        browser = Client()
        sign_in(browser, county_one.username)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        entered.append(is_in(browser))
    assert entered == [True, False]


def test_a_recovery_code_replaces_the_app_once(county_one, strict, set_up_totp):
    client = Client()
    sign_in(client, county_one.username)
    set_up_totp(client)
    code = (
        client.get(reverse("mfa_generate_recovery_codes"), follow=True)
        and Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()[0]
    )
    entered = []
    for _ in range(2):
        browser = Client()
        sign_in(browser, county_one.username)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        entered.append(is_in(browser))
    assert entered == [True, False]


def test_codes_are_not_guessed_either(county_one, strict, set_up_totp):
    client = Client()
    sign_in(client, county_one.username)
    secret = set_up_totp(client)
    browser = Client()
    sign_in(browser, county_one.username)
    for number in range(5):
        browser.post(reverse("mfa_authenticate"), {"code": f"{number:06d}"})
    browser.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert not is_in(browser)


def test_the_last_second_factor_of_staff_is_not_put_away(client, county_one, strict, set_up_totp):
    sign_in(client, county_one.username)
    set_up_totp(client)
    page = client.post(reverse("mfa_deactivate_totp"), follow=True)
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
    assert page.status_code == 200


def test_the_administrator_resets_a_lost_one_and_the_sessions_end(
    client, county_one, administrator, strict, set_up_totp
):
    sign_in(client, county_one.username)
    set_up_totp(client)
    office = Client()
    sign_in(office, administrator.username)
    set_up_totp(office)
    form = {"username": county_one.username, "display_name": county_one.display_name, "role": "county",
            "county": county_one.county_id, "is_active": "on", "reset_factors": "on"}  # fmt: skip
    assert office.post(reverse("admin:registry_user_change", args=[county_one.pk]), form).status_code == 302
    assert not Authenticator.objects.filter(user=county_one).exists() and not is_in(client)


def test_a_session_that_was_made_without_it_is_not_enough(client, county_one, strict, set_up_totp):
    """Whoever has a second factor and did not use it is led to it: the planted shortcut."""
    sign_in(client, county_one.username)
    set_up_totp(client)
    shortcut = Client()
    shortcut.force_login(county_one, backend="cqo_portal.accounts.backend.WithOffice")
    assert shortcut.get(reverse("appointment_list"))["Location"] == reverse("mfa_index")


# --- Sessions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"role": Role.MUNICIPAL, "county": None}, {"county": "441881"}, {"is_active": False}, {"password": "new"}],
    ids=["role", "county", "switched off", "password"],
)
def test_a_change_of_the_account_ends_its_sessions_at_the_next_request(client, county_one, counties, change):
    sign_in(client, county_one.username)
    assert is_in(client)
    values = change | ({"county": counties[change["county"]]} if change.get("county") else {})
    User.unscoped.filter(pk=county_one.pk).update(**values)
    assert not is_in(client)


def aged(client, **seconds) -> None:
    """Make the session so much older."""
    session = client.session
    session[MARK] = {name: value - seconds.get(name, 0) for name, value in session[MARK].items()}
    session.save()


@pytest.mark.parametrize(
    ("who", "idle", "lasts"),
    [("county_one", 29 * 60, True), ("county_one", 30 * 60, False), ("trainer", 30 * 60, False),
     ("user_a", 30 * 60, True), ("user_a", 2 * 3600, False)],
)  # fmt: skip
def test_a_session_that_is_idle_too_long_is_over(client, request, who, idle, lasts):
    sign_in(client, request.getfixturevalue(who).username)
    aged(client, seen=idle)
    assert is_in(client) == lasts


def test_no_session_lasts_beyond_twelve_hours_however_busy(client, county_one):
    sign_in(client, county_one.username)
    aged(client, began=12 * 3600 - 60)
    assert is_in(client)
    aged(client, began=60)
    page = client.get(reverse("appointment_list"), follow=True)
    assert "已自动退出" in page.content.decode()


def test_a_session_that_is_used_stays(client, county_one):
    sign_in(client, county_one.username)
    for _ in range(4):
        aged(client, seen=20 * 60)
        assert is_in(client)


def test_somebody_sees_where_they_are_signed_in_and_ends_one_or_all_others(county_one, county_two):
    here, there, third, other = Client(HTTP_USER_AGENT="Firefox/1 Windows"), Client(), Client(), Client()
    for client in (here, there, third):
        sign_in(client, county_one.username)
    sign_in(other, county_two.username)
    page = here.get(reverse("account_sessions")).content.decode()
    assert "Firefox，Windows" in page and page.count("最近使用") >= 3
    chosen = UserSession.objects.get(session_key=there.session.session_key)
    theirs = UserSession.objects.get(session_key=other.session.session_key)
    here.post(reverse("account_sessions"), {"session": theirs.pk})
    here.post(reverse("account_sessions"), {"session": chosen.pk})
    assert (is_in(here), is_in(there), is_in(third), is_in(other)) == (True, False, True, True)
    here.post(reverse("account_sessions"))
    assert (is_in(here), is_in(third), is_in(other)) == (True, False, True)


def test_a_new_password_ends_the_others_and_keeps_this_one(county_one):
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, county_one.username)
    new = {"oldpassword": PASSWORD, "password1": "correct-horse-8", "password2": "correct-horse-8"}
    here.post(reverse("account_change_password"), new)
    assert (is_in(here), is_in(there)) == (True, False)


def test_the_cookie_is_renewed_at_sign_in(client, county_one):
    client.get(reverse(LOGIN))
    client.session["x"] = 1
    before = client.session.session_key
    sign_in(client, county_one.username)
    assert client.session.session_key != before
    assert client.cookies[settings.SESSION_COOKIE_NAME]["httponly"]


def test_the_password_rules_stand(client, county_one):
    sign_in(client, county_one.username)
    for new in ("short-12345", "password1234", county_one.username + "x", "123456789012"):
        page = client.post(
            reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
        )
        assert page.status_code == 200 and "errors-title" in page.content.decode(), new


def test_a_change_in_the_ways_to_sign_in_is_told_to_whose_account_it_is(client, county_one):
    prove_email(county_one, "xian@example.com")
    sign_in(client, county_one.username)
    new = {"oldpassword": PASSWORD, "password1": "correct-horse-8", "password2": "correct-horse-8"}
    client.post(reverse("account_change_password"), new)
    told = Delivery.unscoped.get(address="xian@example.com")
    assert "更改了密码" in told.body and told.created_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("password", "fits"), [("alllowercase-only", False), ("With-two-Kinds", True), ("AA11bb22cc33", True)]
)
def test_an_office_may_ask_for_mixed_passwords(password, fits):
    refused = False
    try:
        Mixed().validate(password)
    except ValidationError:
        refused = True
    assert refused != fits


def test_an_office_may_have_passwords_changed_every_so_often(client, county_one, settings):
    settings.PASSWORD_MAX_DAYS = 90
    sign_in(client, county_one.username)
    assert client.get(reverse("appointment_list")).status_code == 200
    User.unscoped.filter(pk=county_one.pk).update(password_set_at=timezone.now() - timedelta(days=91))
    assert client.get(reverse("appointment_list"))["Location"] == reverse("account_change_password")
    new = {"oldpassword": PASSWORD, "password1": "correct-horse-8", "password2": "correct-horse-8"}
    client.post(reverse("account_change_password"), new)
    assert client.get(reverse("appointment_list")).status_code == 200


def test_the_log_says_with_which_second_factor_somebody_signed_in(user_a, set_up_totp):
    client = Client()
    sign_in(client, user_a.username)
    code = code_of(set_up_totp(client))
    client.get(reverse("mfa_generate_recovery_codes"))
    recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()[0]
    for typed in (code, recovery):
        browser = Client()
        sign_in(browser, user_a.username)
        browser.post(reverse("mfa_authenticate"), {"code": typed})
    entries = SecurityEntry.unscoped.filter(event=SecurityEvent.LOGIN).order_by("pk")
    assert [row.details for row in entries] == [{"factor": word} for word in ("没有使用", "动态口令", "恢复码")]
