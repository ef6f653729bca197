"""Locks that last as long as a database session: a process that dies lets go of them at once, however it died.

They need a session of one's own: behind a pool that lends sessions per transaction they hold nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def _ask(function: str, name: str) -> bool:
    with connection.cursor() as cursor:
        # nosemgrep: sql-is-literal (the function is named by the two callers below)
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [name])
        return cursor.fetchone()[0]


def take(name: str) -> bool:
    """Whether this session now holds the lock of that name. It may be taken again by its holder, as often let go."""
    return _ask("pg_try_advisory_lock", name)


def let_go(name: str) -> None:
    """Let go of a lock once; nothing happens where this session lost it with its connection."""
    if connection.is_usable():
        _ask("pg_advisory_unlock", name)


def free_until_commit(name: str) -> bool:
    """Whether no other session holds the lock; if so, none takes it before this transaction ends."""
    return _ask("pg_try_advisory_xact_lock", name)


@contextmanager
def held(name: str) -> Iterator[bool]:
    """Hold the lock for the length of a block; gives False, and holds nothing, where another session has it."""
    if not take(name):
        yield False
        return
    try:
        yield True
    finally:
        let_go(name)
