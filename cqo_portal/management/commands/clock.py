"""``manage.py clock [--once]``: does what is due by time; see ``cqo_portal/clock.py`` for what that is."""

import signal
import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from cqo_portal.clock import Clock


class Command(BaseCommand):
    """Runs beside the web server; SIGTERM and SIGINT end it, rolling back what is half done."""

    help = "定时办理：收回中断的任务、发出通知和提醒、终止期满的任命、清理旧记录。--once 只办一轮，供 cron 使用。"

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="每项各办一次后结束")

    def handle(self, *, once: bool, **options):
        """Go round until a signal; with ``--once``, once."""
        clock = Clock()
        if once:
            if not clock.round(at=timezone.now()):
                self.stdout.write("另一个时钟正在工作，本次不办。")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        clock.run()
