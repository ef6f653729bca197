"""``manage.py check_files [--remove]``: do rows and stored files agree? Reads every file."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry.filecheck import examine, sweep_files


class Command(BaseCommand):
    """Changes nothing without ``--remove``; exits with 1 where a row's file is missing or spoilt."""

    help = "核对数据库与文件：缺失、损坏的，以及一天以上没有记录引用的。--remove 删除后者（时钟每天自动删除）。"

    def add_arguments(self, parser):
        parser.add_argument("--remove", action="store_true", help="删除没有记录引用的文件；不加则只列出")

    def handle(self, *, remove: bool, **options):
        """List what was found. Raises CommandError on an alarm."""
        now = timezone.now()
        found = examine(at=now, read=True)
        for words, hashes in (("缺失", found.missing), ("损坏", found.spoilt)):
            for sha256 in hashes:
                self.stderr.write(f"{words}：{sha256}")
        for path in found.orphans:
            self.stdout.write(f"无记录引用：{path.name}")
        went = f"已删除 {sweep_files(at=now)} 个" if remove else "未删除，加 --remove 删除"
        self.stdout.write(f"记录引用的文件 {len(found.named)} 个；无记录引用的 {len(found.orphans)} 个，{went}。")
        if found.alarms:
            raise CommandError(f"缺失 {len(found.missing)} 个，损坏 {len(found.spoilt)} 个文件，请从备份恢复。")
