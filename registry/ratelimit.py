"""Limits that hold across all workers, since they are counted in the database; no address is kept in clear."""

from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from math import ceil

from django.conf import settings
from django.db.models import F
from django.utils.crypto import salted_hmac

from registry.models import RateWindow


def source_address(request) -> str:
    """Where a request came from.

    Behind the office's own proxy that is the right-most X-Forwarded-For entry, the only one the proxy itself wrote.
    """
    if settings.BEHIND_PROXY and (forwarded := request.headers.get("X-Forwarded-For", "")):
        return forwarded.rpartition(",")[2].strip()
    return request.META.get("REMOTE_ADDR", "")


def client_address(request) -> str:
    """Whom a request is counted against: an IPv4 address, or the /64 network of an IPv6 address."""
    address = source_address(request)
    try:
        known = ip_address(address)
    except ValueError:
        return address  # a socket, or a proxy with words of its own: counted as it is
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)


def spend(name: str, who: str, *, limit: int, seconds: int, at: datetime) -> int:
    """Count one more ``name`` by ``who``; 0 within ``limit`` per ``seconds``, else the seconds to wait."""
    return spend_each(who, (name, limit, seconds), at=at)


def spend_each(who: str, *limits: tuple[str, int, int], at: datetime) -> int:
    """Count one more by ``who`` against each limit (name, how often, in how many seconds); the longest wait, or 0."""
    windows = [{"key": _key(name, who), "ends_at": _end_of_window(seconds, at)} for name, _, seconds in limits]
    counts = RateWindow.unscoped.count_up(*windows)
    waits = (
        ceil((window["ends_at"] - at).total_seconds())
        for window, count, (_, limit, _) in zip(windows, counts, limits, strict=True)
        if count > limit
    )
    return max(waits, default=0)


def give_back(name: str, who: str, *, seconds: int, at: datetime) -> None:
    """Take back what was counted at ``at``."""
    window = RateWindow.unscoped.filter(key=_key(name, who), ends_at=_end_of_window(seconds, at), count__gt=0)
    window.update(count=F("count") - 1)


def _key(name: str, who: str) -> str:
    return salted_hmac("registry.ratelimit", f"{name} {who}", algorithm="sha256").hexdigest()


def _end_of_window(seconds: int, at: datetime) -> datetime:
    return datetime.fromtimestamp((at.timestamp() // seconds + 1) * seconds, UTC)


def purge_windows(*, at: datetime) -> int:
    """Remove the windows that are over; how many there were."""
    return RateWindow.unscoped.filter(ends_at__lte=at).delete()[0]
