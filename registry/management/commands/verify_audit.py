"""``manage.py verify_audit [--head DIGEST]``: whether the security log is as it was written."""

import sys

from django.core.management.base import BaseCommand

from registry.logcheck import verify
from registry.rules import day_words
from registry.securitylog import note
from registry.states import SecurityEvent


class Command(BaseCommand):
    """Exits 1 when anything was done to the log, and says which day and what."""

    help = "核对安全日志：逐条、逐日、前后衔接，并与另行抄存的封存码（--head）比对。发现问题时以 1 退出。"

    def add_arguments(self, parser):
        parser.add_argument("--head", default="", help="另行抄存的封存码")

    def handle(self, *, head: str, **options):
        """Look through the log, say what was found, and note that it was looked through."""
        report = verify(head=head)
        note(SecurityEvent.LOG_VERIFIED, entries=report.entries, faults=len(report.faults))
        self.stdout.write(f"核对 {report.entries} 条，封存 {len(report.seals)} 天。")
        if report.seals:
            newest = report.seals[-1]
            self.stdout.write(f"最近封存的是{day_words(newest.day)}，封存码 {newest.digest}")
        for fault in report.faults:
            self.stderr.write(str(fault))
        if report.faults:
            sys.exit(1)
        self.stdout.write("没有发现改动。")
