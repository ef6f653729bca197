"""``manage.py retain [--carry-out]``: what is kept longer than its period, and its removal."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from cqo_portal.retention import RULES, clear, due, is_owner


class Command(BaseCommand):
    """A dry run unless told otherwise. As the owner it removes all that is due, else what the application may."""

    help = "按保存期限清理个人信息，连同修改记录。默认只列出；--carry-out 才清理（全部清理须以数据库所有者身份运行）。"

    def add_arguments(self, parser):
        parser.add_argument("--carry-out", action="store_true", help="清理，而不只是列出")

    def handle(self, *, carry_out: bool, **options):
        """List each rule with its period and what is due under it, or remove that."""
        at = timezone.now()
        if not carry_out:
            for rule, count in due(at=at):
                self.stdout.write(f"{rule.what}：保存 {rule.period.days} 天（{rule.reason}），到期 {count} 条。")
            return
        done = clear(at=at)
        for rule in RULES:
            if count := done.get(rule.key):
                self.stdout.write(f"{rule.what}：清理 {count} 条。")
        if not is_owner():
            self.stdout.write("其余各项只增不改，须以数据库所有者身份运行本命令才能清理。")
