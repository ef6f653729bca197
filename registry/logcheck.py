"""Whether the security log is as it was written: every entry, every seal, the chain of days, and its end."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from registry.models import DaySeal, SecurityEntry, SecurityHead
from registry.rules import day_words
from registry.securitylog import code_of, code_of_head, digest_of
from registry.states import SecurityEvent


class Fault(NamedTuple):
    """Something that was done to the log: the day it is about, where that can be told, and what."""

    day: date | None
    what: str

    def __str__(self):
        return f"{day_words(self.day) if self.day else '日期不明'}：{self.what}"


class Report(NamedTuple):
    """What was looked through, and every fault."""

    entries: int
    seals: list[DaySeal]
    faults: list[Fault]


def verify(*, head: str = "") -> Report:
    """Look through the whole log. ``head`` is a seal's digest that was noted elsewhere: it has to be there still.

    Finds an entry altered, put in, moved or removed, the last ones too; a seal altered or removed; a broken chain; a
    last day removed with all that tells of it where its digest was noted elsewhere. It does not find that somebody who
    kept an old copy of the head's row took the log back to that state: for this the digest is noted elsewhere.
    """
    seals = list(_rows(DaySeal).order_by("day"))
    end = _rows(SecurityHead).first()  # read after the seals and before the entries: what comes meanwhile is left out
    last = end.last if end else 0
    trimmed = _trimmed()
    known = {seal.digest for seal in seals}
    faults, roots, reached = [], [hashlib.sha256() for _ in seals], trimmed
    ends = [seal.last for seal in seals]

    def day_of(number: int) -> date | None:
        place = bisect_left(ends, number)
        return seals[place].day if place < len(seals) else None

    for entry in _rows(SecurityEntry).filter(pk__lte=last).order_by("pk").iterator():
        day = day_of(entry.pk) or timezone.localdate(entry.at)
        if entry.pk <= trimmed:
            faults.append(Fault(day, f"第 {entry.pk} 条已经到期清理，却又出现。"))
            continue
        if entry.pk != reached + 1:
            faults.append(_removed(reached + 1, entry.pk - 1, day_of(reached + 1) or day))
        reached, code = entry.pk, code_of(entry)
        if code != entry.code:
            faults.append(Fault(day, f"第 {entry.pk} 条被改动，或者不是本平台写入的。"))
        elif entry.event == SecurityEvent.LOG_SEALED and entry.details.get("digest") not in known:
            faults.append(Fault(_day(entry.about), "这一天的封存被移除或者改动。"))
        if (place := bisect_left(ends, entry.pk)) < len(seals):
            roots[place].update(code.encode())
    faults += _at_the_end(end, reached, day_of)
    faults += _in_the_chain(seals, roots, trimmed)
    if head and head not in known:
        faults.append(Fault(None, f"另行记下的封存码 {head[:16]}… 已不在日志中，它那一天以后的内容被移除或者改动。"))
    return Report(reached - trimmed, seals, faults)


def _rows(model):
    return model.unscoped.using(settings.SECURITY_LOG_DATABASE)


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _trimmed() -> int:
    """The last number that was removed because its period was over; an entry of the log itself says so."""
    rows = _rows(SecurityEntry).filter(event=SecurityEvent.LOG_TRIMMED)
    return max((row.details["last"] for row in rows if code_of(row) == row.code), default=0)


def _removed(first: int, last: int, day: date | None) -> Fault:
    return Fault(day, f"第 {first} 条被移除。" if first == last else f"第 {first} 至 {last} 条被移除。")


def _at_the_end(end: SecurityHead | None, reached: int, day_of) -> Iterator[Fault]:
    """Whether the log ends where its head says, and the head is the portal's own."""
    if end is None:
        if _rows(SecurityEntry).exists() and not _rows(SecurityHead).exists():  # in this order: a first entry may come
            yield Fault(None, "末号被移除。")
        return
    if code_of_head(end) != end.code:
        yield Fault(None, "末号被改动。")
    if reached < end.last:
        yield _removed(reached + 1, end.last, day_of(reached + 1))
    beyond = _rows(SecurityEntry).order_by("pk").last()
    if beyond and beyond.pk > _rows(SecurityHead).get().last:
        yield Fault(timezone.localdate(beyond.at), f"第 {beyond.pk} 条在末号之后，不是本平台写入的。")


def _in_the_chain(seals: list[DaySeal], roots: list, trimmed: int) -> Iterator[Fault]:
    """Whether each seal is the portal's own, holds what it held, and follows the day before."""
    before = None
    for seal, root in zip(seals, roots, strict=True):
        if digest_of(seal) != seal.digest:
            yield Fault(seal.day, "封存被改动。")
        elif seal.last > trimmed and root.hexdigest() != seal.root:
            yield Fault(seal.day, "内容与封存不符。")
        if before is None:
            if seal.previous:
                yield Fault(seal.day, "此前的封存被移除。")
        elif seal.day != before.day + timedelta(days=1):
            yield Fault(before.day + timedelta(days=1), "封存被移除。")
        elif (seal.previous, seal.first) != (before.digest, before.last + 1):
            yield Fault(seal.day, "与前一天的封存不衔接。")
        before = seal
