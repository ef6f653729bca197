"""No ID number in clear, in whatever is kept: tables and their log, dumps, files, mails, logs; in four encodings."""

import io
import logging
import subprocess
from base64 import b64encode
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from cqo_portal import backup, logs, pgtools, postgres
from registry.models import Candidate
from registry.states import IdPaper
from tests.cast import AT, resident_id
from tests.running import Enterprise, Load, RunningPortal, in_characters, said
from tests.scanning import Scanner

PEOPLE = 200


def as_text(dump: Path) -> bytes:
    """What a dump says, uncompressed."""
    program = pgtools.folder_for(connection.pg_version // 10000) / "pg_restore"
    return subprocess.run([program, "--file=-", dump], capture_output=True, check=True).stdout


def planted_in(data: bytes, number: str) -> dict[str, bytes]:
    """Some bytes with a number among them, once in each encoding."""
    clear = number.encode()
    half = len(data) // 2
    forms = {"utf-8": clear, "utf-16": number.encode("utf-16-le"), "hex": clear.hex().encode()}
    forms |= {"base64": b64encode(b"no. " + clear + b"\n")}
    return {encoding: data[:half] + form + data[half:] for encoding, form in forms.items()}


@pytest.mark.parametrize("shift", range(3))
def test_the_scanner_finds_a_number_in_every_encoding_and_no_neighbour_of_it(shift):
    scanner = Scanner([resident_id(n) for n in range(1, 20)])
    noise = bytes(range(256)) * 4
    for encoding, data in planted_in(noise, resident_id(7)).items():
        assert scanner.in_bytes(data) == {encoding: 1}
    assert scanner.in_bytes(b64encode(b"x" * shift + resident_id(7).encode() + b"yz")) == {"base64": 1}
    for encoding, data in planted_in(noise, resident_id(20)).items():
        assert scanner.in_bytes(data) == {}, encoding


@pytest.mark.django_db(transaction=True)
def test_five_people_put_on_file_leave_their_numbers_in_no_dump_file_mail_or_log(
    user_a, client, municipal, tmp_path, settings
):
    settings.FILES_DIR, settings.OUTBOX_DIR = tmp_path / "files", tmp_path / "outbox"
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    client.force_login(user_a)
    numbers = [resident_id(n) for n in range(301, 306)]
    try:
        for n, number in enumerate(numbers):
            sent = {"token": uuid4(), "name": in_characters(n), "id_type": IdPaper.RESIDENT, "id_number": number}
            sent |= {"position": "质量总监", "since_year": "2020", "since_month": "1", "since_day": "1", "told": "on"}
            assert client.post(f"{reverse('candidate_new')}?q={number}", sent | {"since_year": "20"}).status_code == 200
            assert client.post(reverse("candidate_new"), sent).status_code == 302
    finally:
        logging.getLogger().removeHandler(handler)
    assert Candidate.unscoped.count() == 5
    backup.back_up(tmp_path / "backup", at=AT)
    scanner, text = Scanner(numbers), as_text(tmp_path / "backup" / "dump")
    assert "试甲甲甲甲甲".encode() in text and "cqo_portal.requests" in written.getvalue()
    assert scanner.in_bytes(text) + scanner.in_bytes(written.getvalue().encode()) == Counter()
    assert scanner.in_folder(tmp_path)[0] == Counter()


@pytest.mark.long
def test_two_hundred_people_leave_their_numbers_nowhere(tmp_path):
    """In the data folder with its WAL and log, two dumps, files, mails and logs of a portal that really ran."""
    portal = RunningPortal(tmp_path / "portal")
    try:
        portal.prepare()
        portal.start_web()
        with Load(portal) as load:
            load.wait_for(PEOPLE * 4 // 3 + 20, limit=200)
        probe(portal, load.enterprises[0])
        numbers = load.ledger.numbers
        portal.run("backup", portal.folder / "backups" / "by-hand")
        portal.run("clock", "--once", role=postgres.APP)
        portal.cluster.sql("CHECKPOINT")
        on_file = portal.rows("SELECT count(*) FROM registry_candidate")[0][0]
        assert len(set(numbers)) >= on_file >= PEOPLE
        scanner = Scanner(numbers)
        dump = as_text(portal.folder / "backups" / "by-hand" / "dump")
        found = {"dump as text": scanner.in_bytes(dump)}
        found |= {name: scanner.in_folder(portal.folder / name)[0] for name in ("postgres", "files", "backups")}
        (portal.folder / "mails").mkdir()
        found |= {"logs": scanner.in_bytes(portal.log.read_bytes()), "mails": scanner.in_folder(portal.outbox)[0]}
        size = scanner.in_folder(portal.folder)[1]
        said({"ID numbers": len(numbers), "people on file": on_file, "MB searched": round(size / 1e6),
              "found": sum(sum(kinds.values()) for kinds in found.values())})  # fmt: skip
        assert found == dict.fromkeys(found, Counter())
        assert plant(portal, scanner, numbers[3]) == 16
    finally:
        portal.end()


def probe(portal: RunningPortal, enterprise: Enterprise) -> None:
    """Send numbers where none belong, as people do: in an address, in a field too many, in a form that is refused."""
    enterprise.going = True
    for n, number in enumerate(enterprise.ledger.numbers[:20]):
        enterprise.ask(f"/candidates/?q={number}")
        enterprise.ask(f"/{number}/")
        enterprise.send("/candidates/new/", {"id_number": number, number: number, "name": in_characters(n)})
        enterprise.send("/accounts/login/", {"login": number, "password": number})


def plant(portal: RunningPortal, scanner: Scanner, number: str) -> int:
    """Write a number in clear into a table, a log, a mail and a dump, in each encoding; how many are found."""
    (portal.folder / "planted").mkdir()
    found = 0
    for n, (encoding, data) in enumerate(planted_in(b"-" * 100, number).items()):
        portal.cluster.sql(f"CREATE TABLE planted_{n} AS SELECT '\\x{data.hex()}'::bytea AS data; CHECKPOINT")
        found += scanner.in_folder(portal.cluster.data)[0][encoding] > 0
        portal.cluster.sql(f"DROP TABLE planted_{n}")
        for kept in (portal.log, portal.outbox / "mail.log", portal.folder / "planted" / "dump"):
            kept.parent.mkdir(exist_ok=True)
            before = kept.read_bytes() if kept.exists() else b""
            kept.write_bytes(before + data)
            found += scanner.in_bytes(kept.read_bytes()) == {encoding: 1}
            kept.write_bytes(before)
    return found
