"""``manage.py backup [FOLDER] [--keep N]`` and ``manage.py backup --verify FOLDER``; see ``cqo_portal/backup.py``."""

import re
import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cqo_portal import backup
from cqo_portal.backup import BackupFault
from cqo_portal.pgtools import NoProgram

NAMED_BY_TIME = re.compile(r"cqo-\d{8}-\d{6}")


class Command(BaseCommand):
    """Run as the owner or as the application's role. Exits with 1 where a row's file was missing or spoilt."""

    help = "备份数据库和文件（不含密钥）。不指定文件夹时，以时间命名存于 CQO_BACKUPS；--verify 核对一份备份。"

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, help="备份的文件夹，必须尚不存在")
        parser.add_argument("--keep", type=int, metavar="N", help="CQO_BACKUPS 中只留最近 N 份")
        parser.add_argument("--verify", action="store_true", help="核对这份备份是否完好，不作任何改动")

    def handle(self, *, folder: Path | None, keep: int | None, verify: bool, **options):
        """Back up, or verify. Raises CommandError with what is wrong."""
        if verify and folder is None or keep is not None and (folder or keep < 1):
            raise CommandError("用法：backup [--keep N]（N 至少为 1），backup FOLDER，或 backup --verify FOLDER。")
        now = timezone.localtime()
        target = folder or settings.BACKUP_DIR / f"cqo-{now:%Y%m%d-%H%M%S}"
        try:
            manifest = backup.verify(target) if verify else backup.back_up(target.absolute(), at=now)
        except (BackupFault, NoProgram) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"{'备份完好' if verify else '已备份'}：{told(target, manifest)}")
        if missing := manifest["missing"]:
            raise CommandError(f"备份时有 {len(missing)} 个文件已经缺失或损坏：" + "、".join(missing[:10]))
        for old in _older(keep, now) if keep else ():
            shutil.rmtree(old)
            self.stdout.write(f"已删除旧备份 {old.name}")


def told(folder: Path, manifest: dict) -> str:
    """A backup in one line."""
    rows = sum(int(table.split()[0]) for table in manifest["tables"].values())
    size = (manifest["dump"]["size"] + sum(manifest["files"].values())) / 1e6
    counts = f"{len(manifest['tables'])} 张表 {rows} 行，{len(manifest['files'])} 个文件，{size:.1f} MB"
    return f"{folder}（{manifest['portal']}，{manifest['made_at']}，{counts}）"


def _older(keep: int, now: datetime) -> list[Path]:
    """The backups named by their time but for the newest ``keep``, and what a killed one left a day ago."""
    whole = sorted(path for path in settings.BACKUP_DIR.iterdir() if NAMED_BY_TIME.fullmatch(path.name))
    broken_off = settings.BACKUP_DIR.glob(".cqo-*.part")
    return whole[:-keep] + [path for path in broken_off if now.timestamp() - path.stat().st_mtime > 86400]
