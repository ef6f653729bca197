"""Reminders by hand: what is due today, or with ``--send`` what the clock does by itself (Art. 12)."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from appointments.actions import reminders_due, send_reminders
from appointments.rules import OVERDUE, SILENCE
from registry.actions.common import day_of
from registry.rules import day_words

STEPS = {OVERDUE: "已逾期", SILENCE: "逾期多日，告知县局", 0: "当天到期"}


class Command(BaseCommand):
    """Running it again, or by several at once, sends nothing twice."""

    help = "列出今天应当发出的提醒；--send 才发出（时钟每小时自动发出）。重复运行不会重复发出。"

    def add_arguments(self, parser):
        parser.add_argument("--send", action="store_true", help="发出提醒；不加则只列出")

    def handle(self, *, send: bool, **options):
        """List what is due, or send it."""
        now = timezone.now()
        if send:
            self.stdout.write(f"已发出 {send_reminders(at=now)} 条提醒。")
            return
        listed = list(reminders_due(day_of(now)))
        for due in listed:
            duty = due.obligation
            step = STEPS.get(due.step, f"提前 {due.step} 天")
            words = [duty.appointment.enterprise.name, duty.title, f"期限{day_words(duty.due_on)}", step]
            self.stdout.write("　".join(words))
        self.stdout.write(f"共 {len(listed)} 条，未发出。加 --send 发出。")
