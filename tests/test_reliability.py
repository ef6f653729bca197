"""Killed fifty times each, backed up ten times, all under load: what was acknowledged is there, whole, and once."""

import random
import shutil
import time

import pytest

from cqo_portal import postgres
from tests.running import Ledger, Load, RunningPortal, faults_of, kill_tree, said

pytestmark = [pytest.mark.long]
KILLS = 50
BACKUPS = 10
NONE = {"lost": 0, "halves": 0, "twice": 0, "rows without their file": 0}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A portal that runs, with four enterprises."""
    made = RunningPortal(tmp_path_factory.mktemp("portal"))
    try:
        made.prepare()
        made.start_web()
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def ledger():
    """All that was ever acknowledged, over every test of this module."""
    return Ledger()


def test_fifty_kills_of_the_application_lose_nothing_that_was_acknowledged(portal, ledger):
    begun, chance = time.monotonic(), random.Random(1)
    with Load(portal, ledger) as load:
        for _ in range(KILLS):
            load.wait_for(5)
            time.sleep(chance.random() / 5)
            portal.kill_web()
            portal.start_web()
        load.wait_for(5)
    found = faults_of(portal, ledger)
    said({"kills of the application": KILLS, "acknowledged": len(ledger), "seconds": round(time.monotonic() - begun)}
         | dict(ledger.outcomes) | found)  # fmt: skip
    assert found == NONE


def test_fifty_kills_of_the_whole_database_lose_nothing_that_was_acknowledged(portal, ledger):
    begun, chance, before = time.monotonic(), random.Random(2), len(ledger)
    away = []
    with Load(portal, ledger) as load:
        for _ in range(KILLS):
            load.wait_for(5)
            time.sleep(chance.random() / 5)
            assert kill_tree(portal.cluster) > 5
            down = time.monotonic()
            portal.cluster.start()
            away.append(time.monotonic() - down)
        load.wait_for(5)
    found = faults_of(portal, ledger)
    said({"kills of the database": KILLS, "acknowledged": len(ledger) - before, "longest start": round(max(away), 1),
          "seconds": round(time.monotonic() - begun)} | dict(ledger.outcomes) | found)  # fmt: skip
    assert found == NONE


def test_ten_backups_under_load_are_restored_equal(portal, ledger):
    """Each restore compares every table with its snapshot; beside that, what was acknowledged before is there."""
    begun, figures = time.monotonic(), []
    for n in range(BACKUPS):
        with Load(portal, ledger) as load:
            load.wait_for(5)
            earlier = Ledger()
            earlier.people, earlier.facts = dict(ledger.people), dict(ledger.facts)
            portal.run("backup", portal.folder / f"backup-{n}")
        name = f"restored_{n}"
        portal.rows(f"CREATE DATABASE {name}", "postgres")
        files = portal.folder / f"files-{n}"
        told = portal.run("restore", portal.folder / f"backup-{n}", database=name, env={"CQO_FILES": str(files)})
        assert "各表与备份时一致" in told and "备份时即缺失的 0 个" in told
        elsewhere, there = portal.files, portal.rows("SELECT count(*) FROM registry_candidate", name)[0][0]
        portal.files = files
        found = faults_of(portal, earlier, name)
        portal.files = elsewhere
        assert found == NONE and len(earlier.people) <= there <= len(ledger.people)
        figures.append((len(earlier.people), there, len(ledger.people)))
        portal.rows(f"DROP DATABASE {name}", "postgres")
        shutil.rmtree(files)
    assert any(before < there for before, there, _ in figures), "nothing was written while the backups were made"
    said({"backups under load": BACKUPS, "restored equal": len(figures), "people before, in it, after": figures,
          "seconds": round(time.monotonic() - begun)})  # fmt: skip


def test_the_harness_sees_what_a_database_loses_that_does_not_wait_for_its_disk(portal):
    """The planted defect: acknowledged before it is on the disk."""
    hasty = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
    portal.cluster.stop()
    portal.cluster.settings = postgres.SETTINGS | hasty
    portal.cluster.start()
    lost = acknowledged = 0
    for n in range(3):
        hasty_ledger = Ledger()
        hasty_ledger.next = 40_000 + n * 1000
        with Load(portal, hasty_ledger) as load:
            load.wait_for(20)
        kill_tree(portal.cluster)
        portal.cluster.start()
        lost += faults_of(portal, hasty_ledger)["lost"]
        acknowledged += len(hasty_ledger)
    portal.cluster.stop()
    portal.cluster.settings = postgres.SETTINGS
    portal.cluster.start()
    said({"planted: commits that do not wait": acknowledged, "lost, and seen": lost})
    assert 0 < lost <= acknowledged


def test_the_harness_sees_a_half_a_double_a_lost_row_and_a_lost_file(portal, ledger):
    """Planted by the superuser, one of each."""
    with Load(portal, ledger) as load:
        load.wait_for(12)  # a diploma among them
    assert faults_of(portal, ledger) == NONE
    there = "SELECT name FROM registry_candidate ORDER BY id LIMIT 3"
    one, two, three = (name for (name,) in portal.rows(there))
    of_one = f"(SELECT id FROM registry_candidate WHERE name = '{one}')"
    portal.cluster.sql(
        f"""SET session_replication_role = replica;
        DELETE FROM registry_employment WHERE candidate_id = {of_one};
        UPDATE registry_candidate SET name = '{three}' WHERE name = '{two}';""",
        database=postgres.DATABASE,
    )
    ((sha256,),) = portal.rows("SELECT sha256 FROM registry_storedfile LIMIT 1")
    (portal.files / sha256[:2] / sha256).write_bytes(b"spoilt")
    found = faults_of(portal, ledger)
    said({"planted: one of each": found})
    assert found | {"lost": 0} == {"lost": 0, "halves": 1, "twice": 1, "rows without their file": 1}
    assert found["lost"] in (1, 2)  # the one renamed, and perhaps the one whose name it took
