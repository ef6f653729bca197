"""``manage.py health [--json]``: what a monitor asks, with exit status 0 or 1; ``/healthz`` is the public part."""

import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from cqo_portal.health import as_json, examine


class Command(BaseCommand):
    """Reads only; needs the processes' own environment."""

    requires_system_checks = []
    help = "检查数据库、时钟、后台任务、待发消息、磁盘、文件和备份；全部正常时退出码为 0，否则为 1。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="以 JSON 输出")

    def handle(self, *, json: bool, **options):
        """Ask, print, and end with 1 where anything is not well."""
        findings = examine(at=timezone.now())
        lines = [f"{'正常' if finding.well else '异常'}　{finding.name}：{finding.said}" for finding in findings]
        self.stdout.write(as_json(findings) if json else "\n".join(lines))
        if not all(finding.well for finding in findings):
            sys.exit(1)
