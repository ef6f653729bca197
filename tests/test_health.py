"""``manage.py health``: each thing that can go wrong is noticed, and nothing else."""

import json
import os
from datetime import timedelta

import psycopg2
import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from cqo_portal import backup, health
from registry import filestore, locks
from registry.actions.files import store_file
from registry.models import Delivery
from registry.notices import tell_enterprise
from tests import tasks
from tests.cast import AT, pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal(company_a, tmp_path, settings):
    """A portal where all is well: a clock holds its turn, a backup was made, files are there."""
    settings.FILES_DIR, settings.BACKUP_DIR = tmp_path / "files", tmp_path / "backups"
    made = settings.BACKUP_DIR / "cqo-20260101-000000"
    made.mkdir(parents=True)
    (made / backup.MANIFEST).write_text("{}")
    assert locks.take("clock")
    yield company_a
    locks.let_go("clock")


def unwell(at=None) -> set[str]:
    """What is not well."""
    return {finding.name for finding in health.examine(at=at or timezone.now()) if not finding.well}


def test_where_all_is_well_the_command_ends_with_0_and_says_so_to_people_and_programs(portal, capsys):
    call_command("health")
    assert capsys.readouterr().out.count("正常") == len(health.QUESTIONS)
    call_command("health", json=True)
    told = json.loads(capsys.readouterr().out)
    assert set(told) == set(health.QUESTIONS) and all(answer["ok"] for answer in told.values())


def test_a_clock_that_does_not_run_is_noticed_and_ends_the_command_with_1(portal, capsys):
    locks.let_go("clock")
    assert unwell() == {"时钟"}
    with pytest.raises(SystemExit) as ended:
        call_command("health")
    assert ended.value.code == 1 and "异常　时钟：没有运行" in capsys.readouterr().out


def test_a_clock_of_another_database_is_not_taken_for_this_one(portal):
    locks.let_go("clock")
    other = psycopg2.connect(**backup.reach(connection.settings_dict | {"NAME": "postgres"}))
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('clock', 0))")
        assert unwell() == {"时钟"}
    finally:
        other.close()


def test_a_task_that_nobody_takes_is_noticed(portal):
    tasks.send.enqueue(job="RW0", count=1)
    task = DBTaskResult.objects.get()
    edge = task.enqueued_at + health.WAITS
    assert (unwell(edge), unwell(edge + timedelta(seconds=1))) == (set(), {"后台任务"})


def test_a_message_that_nobody_sends_is_noticed_and_one_that_rests_until_later_is_not(portal):
    now = timezone.now()
    tell_enterprise(portal, "通知", "内容。", url="/", at=now - health.WAITS)
    assert Delivery.unscoped.exists()
    assert (unwell(now), unwell(now + timedelta(seconds=1))) == (set(), {"待发消息"})
    Delivery.unscoped.update(next_try_at=now + timedelta(minutes=1))
    assert unwell(now + timedelta(seconds=1)) == set()


def test_a_missing_file_is_noticed(portal, user_a):
    stored = store_file(pdf(), "材料.pdf", enterprise=portal, by=user_a, at=AT)
    assert unwell() == set()
    filestore.path_of(stored.sha256).unlink()
    assert unwell() == {"文件"}


def test_a_backup_too_old_or_missing_is_noticed(portal, settings):
    (manifest,) = settings.BACKUP_DIR.glob(f"*/{backup.MANIFEST}")
    now = timezone.now()
    for hours, expected in ((25.9, set()), (26.1, {"备份"})):
        then = now.timestamp() - hours * 3600
        os.utime(manifest, (then, then))
        assert unwell(now) == expected
    manifest.unlink()
    assert unwell() == {"备份"}


def test_a_full_disk_is_noticed(portal, monkeypatch):
    usage = health.shutil.disk_usage("/")._replace(total=10**12, free=health.ROOM)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage)
    assert unwell() == {"磁盘"}
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage._replace(free=health.ROOM + 1))
    assert unwell() == set()


def test_a_clock_of_this_machine_that_is_wrong_is_noticed(portal):
    with time_machine.travel(timezone.now() + timedelta(seconds=7)):
        assert unwell() == {"数据库"}


def test_pending_migrations_are_noticed(portal):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'appointments'")
    assert unwell() == {"数据表结构"}


def test_a_database_that_is_away_is_told_and_hides_nothing_else(portal, monkeypatch):
    def away(*_):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", away)
        found = unwell()
    assert {"数据库", "时钟", "文件"} <= found and not {"磁盘", "备份"} & found
