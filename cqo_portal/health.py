"""What a monitor asks: does everything that must run run, and does anything wait too long or fill up?"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from cqo_portal.backup import MANIFEST
from registry import filecheck
from registry.models import Delivery

WAITS = timedelta(minutes=10)  # a message or a task that is due; the worker or the clock stands still then
DRIFT = timedelta(seconds=5)  # between this machine's clock and the database's
SPACE = 0.1  # of the disk, or
ROOM = 2 * 1024**3  # bytes free
BACKUP_AGE = timedelta(hours=26)  # a daily one, and two hours to make it


@dataclass(frozen=True)
class Finding:
    """One answer: what was asked, whether it is well, and the figure."""

    name: str
    well: bool
    said: str


def database_answers(at: datetime) -> tuple[bool, str]:
    """Whether the database answers, and how far its clock is from ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), current_setting('server_version')")
        theirs, version = cursor.fetchone()
    drift = abs(theirs - timezone.now())
    return drift <= DRIFT, f"PostgreSQL {version}，时钟相差 {drift.total_seconds():.1f} 秒"


def migrations_are_applied(at: datetime) -> tuple[bool, str]:
    """Whether tables are as the code wants them."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return not pending, f"未执行 {len(pending)} 项" if pending else "均已执行"


def clock_runs(at: datetime) -> tuple[bool, str]:
    """Whether a clock holds its turn; the session of one that died holds nothing."""
    with connection.cursor() as cursor:
        # The lock that registry.locks takes: one bigint, shown in two halves.
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND"
            " database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND"
            " (classid::bigint << 32 | objid::bigint) = hashtextextended('clock', 0)"
        )
        runs = cursor.fetchone()[0] > 0
    return runs, "在运行" if runs else "没有运行"


def tasks_move(at: datetime) -> tuple[bool, str]:
    """Whether a worker takes what is enqueued."""
    waiting = DBTaskResult._default_manager.filter(status=TaskResultStatus.READY)
    return _moves(waiting, waiting.aggregate(first=Min("enqueued_at"))["first"], at)


def messages_move(at: datetime) -> tuple[bool, str]:
    """Whether the clock sends what is due: mails and SMS."""
    waiting = Delivery.unscoped.due(at)
    return _moves(waiting, waiting.aggregate(first=Min("next_try_at"))["first"], at)


def _moves(waiting, first: datetime | None, at: datetime) -> tuple[bool, str]:
    waits = at - first if first else timedelta(0)
    return waits <= WAITS, f"等待 {waiting.count()} 项，最久 {waits.total_seconds() / 60:.0f} 分钟"


def disk_has_room(at: datetime) -> tuple[bool, str]:
    """Whether uploads and papers still fit."""
    folder = next(folder for folder in (settings.FILES_DIR, *settings.FILES_DIR.parents) if folder.exists())
    usage = shutil.disk_usage(folder)
    return usage.free > min(usage.total * SPACE, ROOM), f"剩余 {usage.free / 1e9:.1f} GB"


def files_are_there(at: datetime) -> tuple[bool, str]:
    """Whether every row has its file; their content is ``check_files``' to read."""
    found = filecheck.examine(at=at)
    return not found.alarms, f"应有 {len(found.named)} 个，缺失 {found.alarms} 个"


def backup_is_fresh(at: datetime) -> tuple[bool, str]:
    """Whether a backup was finished within the last day."""
    made = max((path.stat().st_mtime for path in settings.BACKUP_DIR.glob(f"*/{MANIFEST}")), default=None)
    if made is None:
        return False, f"{settings.BACKUP_DIR} 中没有备份"
    age = timedelta(seconds=at.timestamp() - made)
    return age <= BACKUP_AGE, f"距今 {age.total_seconds() / 3600:.0f} 小时"


QUESTIONS: dict[str, Callable[[datetime], tuple[bool, str]]] = {
    "数据库": database_answers,
    "数据表结构": migrations_are_applied,
    "时钟": clock_runs,
    "后台任务": tasks_move,
    "待发消息": messages_move,
    "磁盘": disk_has_room,
    "文件": files_are_there,
    "备份": backup_is_fresh,
}


def examine(*, at: datetime) -> list[Finding]:
    """Ask everything; what cannot be asked is not well."""
    return [_asked(name, question, at) for name, question in QUESTIONS.items()]


def _asked(name: str, question: Callable, at: datetime) -> Finding:
    try:
        return Finding(name, *question(at))
    except (DatabaseError, OSError) as error:
        return Finding(name, False, f"无法查明（{type(error).__name__}）")


def as_json(findings: list[Finding]) -> str:
    """The findings for a program."""
    return json.dumps({finding.name: {"ok": finding.well, "said": finding.said} for finding in findings}, indent=1)
