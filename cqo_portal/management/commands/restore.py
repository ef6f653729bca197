"""``manage.py restore FOLDER [--replace DATABASE]``: a backup back into place; see ``cqo_portal/backup.py``."""

from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from cqo_portal.backup import BackupFault, restore
from cqo_portal.management.commands.backup import told
from cqo_portal.pgtools import NoProgram
from registry.filecheck import examine


class Command(BaseCommand):
    """Run as the database's owner, with the portal stopped. Tables, then migrations, grants, and what files say."""

    requires_system_checks = []  # the database may be empty
    help = "把备份恢复到空的数据库。已有内容的数据库须以 --replace 写出其名称，其内容将全部被替换。"

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="备份的文件夹")
        parser.add_argument("--replace", metavar="DATABASE", help="替换数据库现有内容：写出数据库名称以示确认")

    def handle(self, *, folder: Path, replace: str | None, **options):
        """Restore and report. Raises CommandError with what is wrong; until the last step nothing was changed then."""
        name = connection.settings_dict["NAME"]
        if replace is not None and replace != name:
            raise CommandError(f"当前数据库是 {name}，不是 {replace}。未作任何改动。")
        connection.close()
        try:
            manifest = restore(folder, replace=replace is not None)
        except (BackupFault, NoProgram) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"已恢复：{told(folder, manifest)}，各表与备份时一致。")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("grant_app_role")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        found = examine(at=timezone.now(), read=True)
        if lost := {*found.missing, *found.spoilt} - set(manifest["missing"]):
            raise CommandError(f"数据库已恢复，但有 {len(lost)} 个文件缺失或损坏：" + "、".join(sorted(lost)[:10]))
        self.stdout.write(f"记录引用的文件 {len(found.named)} 个，备份时即缺失的 {len(manifest['missing'])} 个。")
