"""The security log: written on a connection of its own, so that a rolled-back request does not take it with it.

Each entry has a gapless number and a keyed code over number and content; each day is sealed by a keyed digest over its
entries and the day before. ``registry.logcheck`` finds what was done to either.
"""

import hashlib
import hmac
import json
import logging
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta

import pgtrigger
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from registry.models import DaySeal, SecurityEntry, SecurityHead, User
from registry.ratelimit import source_address
from registry.refusals import Refused
from registry.states import NEVER_UNNOTED, SecurityEvent

logger = logging.getLogger(__name__)
DOWN = "安全日志暂时不能写入，涉及个人信息的内容因此不能查看。请稍后再试，或者告知系统管理员。"
GRACE = timedelta(minutes=10)  # after midnight: longer than any statement of yesterday may still run
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9})(?![0-9A-Za-z])")  # ID numbers, mobile numbers


def note(
    event: SecurityEvent, *, by: User | None = None, about: str = "", request=None, **details: str | int | bool
) -> None:
    """Write one entry, at once and for good, whatever becomes of the transaction around it.

    ``by`` defaults to whoever sent ``request``; ``about`` is the reference of the object. Neither it nor ``details``
    may hold personal data, and what looks like an ID or mobile number is masked all the same: to say which account a
    failed log-in tried, name an account that exists, never the word that was typed. Where the log cannot be written
    this raises Refused for what must not go unnoted (``NEVER_UNNOTED``); for the rest the fault is in the server's log.
    """
    try:
        facts = _facts_of(event, by, about, request, details)
        with transaction.atomic(using=settings.SECURITY_LOG_DATABASE):
            _write(facts)
    except DatabaseError as fault:
        logger.critical("The security log does not take %s about %s", event, about, exc_info=True)
        if event in NEVER_UNNOTED:
            raise Refused(DOWN) from fault


def _facts_of(event, by, about, request, details) -> dict:
    """The values of an entry, trimmed to what their columns hold."""
    user = getattr(request, "user", None)
    by = by or (user if user is not None and user.is_authenticated else None)
    match = getattr(request, "resolver_match", None)
    return {
        "at": timezone.now(),
        "event": SecurityEvent(event).value,
        "actor": by and by.pk,
        "username": by.username if by else "",
        "office": by.office_name[:80] if by else "",
        "about": _safe(about)[:120],
        "address": _safe(source_address(request))[:64] if request else "",
        "agent": _safe(request.headers.get("User-Agent", ""))[:200] if request else "",
        "route": (match.view_name or "")[:80] if match else "",
        "details": {name: _safe(value) if isinstance(value, str) else value for name, value in details.items()},
    }


def _safe(text: str) -> str:
    """One line without control characters, with what looks like an ID or mobile number masked."""
    plain = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in str(text))
    return PERSONAL.sub(lambda found: f"{found[0][:3]}***", plain)


def _write(facts: dict) -> SecurityEntry:
    """The next entry; the head's row lock keeps the numbers in one line until commit."""
    head, version = _locked_head(), settings.LOG_KEY_VERSION
    entry = SecurityEntry(id=head.last + 1, key_version=version, **facts)
    entry.code = code_of(entry)
    entry.save(using=settings.SECURITY_LOG_DATABASE, force_insert=True)
    head.last, head.key_version = entry.pk, version
    head.code = code_of_head(head)
    head.save(using=settings.SECURITY_LOG_DATABASE)
    return entry


def _locked_head() -> SecurityHead:
    heads = SecurityHead.unscoped.using(settings.SECURITY_LOG_DATABASE).select_for_update(no_key=True)
    if (head := heads.first()) is None:
        new = SecurityHead(key_version=settings.LOG_KEY_VERSION)
        new.code = code_of_head(new)
        SecurityHead.unscoped.using(settings.SECURITY_LOG_DATABASE).bulk_create([new], ignore_conflicts=True)
        head = heads.get()
    return head


# --- Codes -----------------------------------------------------------------------------------------------------------


def _keyed(version: int, kind: str, *values) -> str:
    """HMAC-SHA256 over values in their canonical form; raises KeyError where the key of that version is not at hand."""
    words = json.dumps([kind, *values], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(bytes.fromhex(settings.LOG_KEYS[version]), words.encode(), hashlib.sha256).hexdigest()


def code_of(entry: SecurityEntry) -> str:
    """The code an entry has to have: over its number, each of its values, and the version of the key."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [
        entry.event,
        entry.actor,
        entry.username,
        entry.office,
        entry.about,
        entry.address,
        entry.agent,
        entry.route,
    ]
    return _keyed(entry.key_version, "entry", entry.pk, entry.key_version, at, *said, entry.details)


def code_of_head(head: SecurityHead) -> str:
    """The code the head has to have."""
    return _keyed(head.key_version, "head", head.last)


def digest_of(seal: DaySeal) -> str:
    """The digest a seal has to have: over its day, its numbers, what its entries were, and the day before."""
    at = seal.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [seal.day.isoformat(), seal.first, seal.last, seal.entries, seal.root, seal.previous, at]
    return _keyed(seal.key_version, "day", seal.key_version, *said)


# --- Days ------------------------------------------------------------------------------------------------------------


def seal_days(*, at: datetime) -> str:
    """Seal each day that is over and not sealed, in order. Gives the newest seal's words, for another log to keep.

    May be repeated and run by several at once: the head's lock lets one of them at a time.
    """
    words = ""
    while seal := _seal_next(at):
        words = f"{seal.day} {seal.entries} entries, digest {seal.digest}"
    return words


def _seal_next(at: datetime) -> DaySeal | None:
    """Seal the first day that is over and open; None when there is none."""
    database = settings.SECURITY_LOG_DATABASE
    with transaction.atomic(using=database):
        _locked_head()
        entries = SecurityEntry.unscoped.using(database).order_by("pk")
        before = DaySeal.unscoped.using(database).first()
        if before is None and (oldest := entries.first()) is None:
            return None
        day = before.day + timedelta(days=1) if before else timezone.localdate(oldest.at)
        if _end_of(day) + GRACE > at:
            return None
        seal = DaySeal(day=day, key_version=settings.LOG_KEY_VERSION, sealed_at=at)
        seal.first = before.last + 1 if before else oldest.pk
        seal.previous = before.digest if before else ""
        open_ones = entries.filter(pk__gte=seal.first)
        # By number, not by hour: a clock set back puts no entry into a day that is sealed.
        last = open_ones.filter(at__lt=_end_of(day)).last()
        seal.last = last.pk if last else seal.first - 1
        seal.entries = seal.last - seal.first + 1
        root = hashlib.sha256()
        for code in open_ones.filter(pk__lte=seal.last).values_list("code", flat=True).iterator():
            root.update(code.encode())
        seal.root = root.hexdigest()
        seal.digest = digest_of(seal)
        seal.save(using=database, force_insert=True)
        _write(_facts_of(SecurityEvent.LOG_SEALED, None, day.isoformat(), None, {"digest": seal.digest}))
        return seal


def _end_of(day: date) -> datetime:
    """The first moment after a day in Qingyuan."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), datetime.min.time()))


def trim(entries) -> int:
    """Remove the entries of whole sealed days whose period is over; the seals stay, so that the chain still verifies.

    An entry of the log itself says up to which number: without it the check would call them removed. Owner only.
    """
    database = settings.SECURITY_LOG_DATABASE
    with transaction.atomic(using=database):
        last = entries.using(database).order_by("pk").values_list("pk", flat=True).last()
        if last is None:
            return 0
        _write(_facts_of(SecurityEvent.LOG_TRIMMED, None, "", None, {"last": last}))
        with pgtrigger.ignore("registry.SecurityEntry:security_entry_append_only"):
            return SecurityEntry.unscoped.using(database).filter(pk__lte=last)._raw_delete(database)
