"""Verification codes on papers: unguessable, and a made-up one is told without the database.

Layout, 36 characters of Crockford's base 32 (no I, L, O, U), in groups of four:
kind (1), key version (1), 130 random bits (26), HMAC-SHA256 over all of these cut to 40 bits (8).
"""

import hmac
import secrets
import unicodedata

from django.conf import settings

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CONFUSED = str.maketrans("OIL", "011")
# Initials of 聘书, 授权书, 登记回执, 证书, 报告收讫回执, 建议函.
KINDS = {
    "letter": "P",
    "authorisation": "S",
    "receipt": "D",
    "certificate": "Z",
    "report_receipt": "B",
    "recommendation": "J",
}
RANDOM_LENGTH, TAG_LENGTH = 26, 8
LENGTH = 2 + RANDOM_LENGTH + TAG_LENGTH
LONGEST_INPUT = 4 * LENGTH


def new_code(kind: str) -> str:
    """A new code for a paper of that kind, grouped by four with hyphens. Raises KeyError for an unknown kind."""
    version = settings.CODE_KEY_VERSION
    body = KINDS[kind] + ALPHABET[version] + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return _grouped(body + _tag(body, version))


def canonical(text: str) -> str | None:
    """What a person typed, as the code is stored; None when it cannot be one.

    Lower case, full-width letters, spaces and hyphens of any kind are taken; O reads as 0, I and L as 1.
    """
    if len(text) > LONGEST_INPUT:
        return None
    upper = unicodedata.normalize("NFKC", text).upper()
    code = "".join(c for c in upper if not c.isspace() and unicodedata.category(c) != "Pd").translate(CONFUSED)
    return _grouped(code) if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def is_genuine(code: str) -> bool:
    """Whether this office issued the code, by its tag alone; a code changed in one place is not genuine."""
    if (known := canonical(code)) is None:
        return False
    plain = known.replace("-", "")
    body, tag = plain[:-TAG_LENGTH], plain[-TAG_LENGTH:]
    version = ALPHABET.index(body[1])
    return version in settings.CODE_KEYS and hmac.compare_digest(tag, _tag(body, version))


def url_for(code: str) -> str:
    """The public address that a paper's QR code opens."""
    return f"{settings.PUBLIC_ORIGIN.rstrip('/')}/verify/{code}/"


def _tag(body: str, version: int) -> str:
    key = bytes.fromhex(settings.CODE_KEYS[version])
    bits = int.from_bytes(hmac.digest(key, body.encode(), "sha256")[:5], "big")
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))


def _grouped(code: str) -> str:
    return "-".join(code[k : k + 4] for k in range(0, len(code), 4))
