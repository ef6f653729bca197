"""``manage.py record_bounces FILE...``: note which mails came back, from the mailbox that CQO_EMAIL_FROM names."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry.bounces import Unreadable, read_bounce
from registry.outbox import record_bounce


class Command(BaseCommand):
    help = "读取退信通知（.eml，RFC 3464），登记被退回的邮件，并告知企业所在的县(市、区)局。可以重复运行。"

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="FILE", help="退信通知，一个文件一封")

    def handle(self, *, files, **options):
        """Read each file; the others are noted all the same. Raises CommandError where one was left out."""
        left_out = 0
        for name in files:
            if fault := self._fault(name):
                left_out += 1
                self.stderr.write(f"{name}：{fault}")
            else:
                self.stdout.write(f"{name}：已登记。")
        if left_out:
            raise CommandError(f"{len(files)} 个文件中有 {left_out} 个没有登记。")

    def _fault(self, name: str) -> str | None:
        try:
            bounce = read_bounce(Path(name).read_bytes())
        except OSError as error:
            return f"文件无法读取（{error.strerror}）。"
        except Unreadable as fault:
            return str(fault)
        return record_bounce(bounce.key, bounce.reason, at=timezone.now())
