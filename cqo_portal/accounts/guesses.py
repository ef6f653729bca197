"""What a wrong password costs. Counted in the database, so that it holds across workers, and before it is looked at.

Whoever guesses is soon stopped; whose account is guessed at is not: a browser that once signed in to an account is
counted by itself (OWASP's device cookies), and the way by a code to one's address or number stays open: it makes the
browser known too.
"""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core import signing

from registry.models import User
from registry.ratelimit import client_address, give_back, spend

COOKIE = "cqo_known"
SALT = "cqo_portal.accounts.known-browser"
KNOWN_FOR = timedelta(days=180)
WINDOW = 15 * 60  # seconds
# How often in a window: an account from browsers that nobody knows, one known browser, one address.
PER_ACCOUNT, PER_BROWSER, PER_ADDRESS = 5, 10, 60


class TooMany(Exception):
    """No more guesses now, right or wrong."""


class Guess(NamedTuple):
    """What one try was counted under, to be given back when it was right."""

    spent: tuple[tuple[str, str], ...]
    at: datetime


def begin(request, login: str, account: User | None, *, at: datetime) -> Guess:
    """Count a try before the password is looked at, known account or not. Raises TooMany beyond the limits."""
    browser = account and _browser(request, account)
    if browser and not spend("password.browser", browser, limit=PER_BROWSER, seconds=WINDOW, at=at):
        return Guess((("password.browser", browser),), at)
    address, whose = client_address(request), f"user {account.pk}" if account else f"login {login.casefold()}"
    keys = (("password.address", address), ("password.account", whose))
    waits = [
        spend(name, who, limit=limit, seconds=WINDOW, at=at)
        for (name, who), limit in zip(keys, (PER_ADDRESS, PER_ACCOUNT), strict=True)
    ]
    if any(waits):
        raise TooMany
    return Guess(keys, at)


def right(guess: Guess) -> None:
    """The password was right: the try costs nothing."""
    for name, who in guess.spent:
        give_back(name, who, seconds=WINDOW, at=guess.at)


def remember_browser(response, user: User) -> None:
    """Let this browser be known for the account that was just signed in to with it, or proven by a code."""
    value = signing.dumps([user.pk, secrets.token_hex(8)], salt=SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=KNOWN_FOR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _browser(request, account: User) -> str:
    """What this browser is counted as, where it once signed in to this account; else nothing."""
    try:
        known, mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KNOWN_FOR)
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    return f"{known} {mark}" if known == account.pk else ""
