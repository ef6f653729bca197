"""What PostgreSQL cannot make by itself: check digits, sealed ID numbers, verification codes. Made here, copied in."""

import io
import os
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from django.conf import settings
from django.db import connection

from bench.scale.schema import rows, run
from cqo_portal.demo.names import Names
from registry import identity
from registry.rules import masked_id
from registry.states import IdPaper
from registry.verification import ALPHABET, KINDS, RANDOM_LENGTH, _grouped, _tag

OLDEST, SPAN = date(1962, 1, 1), 34 * 365  # days of birth
PART = 50_000  # rows copied at once
BY_BYTE = (ALPHABET * 8).encode()  # a character of the alphabet for each byte, all as often


def copy(table: str, lines: Iterable[tuple]) -> None:
    """Copy rows into a table of the load's own, as text."""
    with connection.cursor() as cursor:
        buffer, count = io.StringIO(), 0
        for count, line in enumerate(lines, start=1):
            buffer.write("\t".join(map(str, line)) + "\n")
            if count % PART == 0:
                buffer = _sent(cursor, table, buffer)
        _sent(cursor, table, buffer)


def _sent(cursor, table: str, buffer: io.StringIO) -> io.StringIO:
    buffer.seek(0)
    cursor.copy_expert(f"COPY {table} FROM STDIN", buffer)
    return io.StringIO()


def credit_codes() -> None:
    """A credit code for each enterprise, both checks right (GB 32100, GB 11714)."""
    run("CREATE TABLE bench.code (id bigint, credit_code text)")
    names, ((count,),) = Names(Random(20160331)), rows("SELECT count(*) FROM bench.firm")
    copy("bench.code", ((n, names.credit_code()) for n in range(1, count + 1)))


def identities() -> None:
    """An ID number for each person, sealed and hashed as ``registry.actions.people`` does, under today's keys."""
    run(
        "CREATE TABLE bench.identity (id bigint, reference text, born date, masked text, cipher bytea, key_version int,"
        " hash text, hash_version int)"
    )
    random, ((count,),) = Random(20160331), rows("SELECT count(*) FROM bench.person")
    copy("bench.identity", _identities(Names(random), random, count))


def _identities(names: Names, random: Random, count: int) -> Iterable[tuple]:
    for n in range(1, count + 1):
        reference, born = f"RY{n:05d}", OLDEST + timedelta(days=random.randrange(SPAN))
        number = names.resident_id(born)
        cipher, version = identity.seal(number, owner=reference)
        digest = identity.fingerprint(IdPaper.RESIDENT, number)
        sealed = f"\\\\x{cipher.hex()}", version
        yield n, reference, born, masked_id(number), *sealed, digest, settings.ID_HASH_KEY_VERSION


def paper_codes(papers: str, codes: str) -> None:
    """A verification code for each row of a table with ``no`` and ``kind``, genuine under today's key."""
    run(f"CREATE TABLE {codes} (no bigint, code text)")
    for first in range(0, rows(f"SELECT coalesce(max(no), 0) FROM {papers}")[0][0], PART):
        kinds = rows(f"SELECT no, kind FROM {papers} WHERE no > {first} AND no <= {first + PART}")
        copy(codes, ((no, new_code(kind)) for no, kind in kinds))
    run(f"ANALYZE {codes}")


def new_code(kind: str) -> str:
    """What ``registry.verification.new_code`` makes, ten times as fast: millions are wanted."""
    body = KINDS[kind] + ALPHABET[settings.CODE_KEY_VERSION] + os.urandom(RANDOM_LENGTH).translate(BY_BYTE).decode()
    return _grouped(body + _tag(body, settings.CODE_KEY_VERSION))
