"""Imports by a real worker that is killed half-way: nothing is half on a register, and the next worker does it."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from registry import jobs
from registry.actions.imports import begin_import, confirm_import
from registry.history import events_of
from registry.models import Enterprise, EnterpriseSeat, ImportRun
from registry.states import ImportState
from tests.importing import company, counts, sheet
from tests.test_jobs import ONCE, WORKER, done, killed, run, until  # noqa: F401 (run is a fixture)

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 300


def waits_for_a_lock() -> bool:
    """Whether another session waits for a lock of this one."""
    with connection.cursor() as cursor:
        here = "SELECT oid FROM pg_database WHERE datname = current_database()"
        cursor.execute(f"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = ({here}))")
        return cursor.fetchone()[0]


def now(brought: ImportRun) -> ImportRun:
    return ImportRun.unscoped.get(pk=brought.pk)


def test_a_worker_killed_between_two_tables_leaves_neither_and_the_next_one_writes_both(run, municipal):  # noqa: F811
    data = sheet("enterprises", municipal, *(company(n) for n in range(1, COUNT + 1)))
    brought = begin_import("enterprises", data, "企业.xlsx", by=municipal, at=timezone.now())
    done(run(*ONCE))
    brought = now(brought)
    assert counts(brought) == (COUNT, 0, 0, 0)
    brought = confirm_import(brought, version=brought.version, by=municipal, at=timezone.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE registry_enterpriseseat IN EXCLUSIVE MODE")
        worker = run(*WORKER)
        until(waits_for_a_lock, 90)
        killed(worker)
    assert (now(brought).state, Enterprise.unscoped.count()) == (ImportState.WRITING, 0)
    until(lambda: jobs.reap(at=timezone.now() + jobs.GRACE + timedelta(seconds=1)) == 1)
    done(run(*ONCE))
    assert now(brought).state == ImportState.DONE
    assert Enterprise.unscoped.count() == EnterpriseSeat.unscoped.count() == COUNT
    assert events_of(Enterprise).filter(pgh_label="insert").count() == COUNT


def test_a_worker_killed_while_it_reads_is_followed_by_one_that_begins_afresh(run, municipal):  # noqa: F811
    data = sheet("enterprises", municipal, *(company(n) for n in range(1, 2501)))
    brought = begin_import("enterprises", data, "企业.xlsx", by=municipal, at=timezone.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE registry_importrow IN EXCLUSIVE MODE")
        worker = run(*WORKER)
        until(waits_for_a_lock, 90)
        killed(worker)
    assert now(brought).state == ImportState.READING and not brought.rows.exists()
    until(lambda: jobs.reap(at=timezone.now() + jobs.GRACE + timedelta(seconds=1)) == 1)
    done(run(*ONCE))
    assert counts(now(brought)) == (2500, 0, 0, 0)
