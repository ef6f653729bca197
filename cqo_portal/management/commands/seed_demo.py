"""``manage.py seed_demo [--if-empty] [--enterprises N]``: the invented city to look around in."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cqo_portal.demo.names import FIRMS
from cqo_portal.demo.seed import ACCOUNTS, THIRD, seed
from registry.models import Enterprise, User
from registry.papers import fonts
from registry.refusals import Refused


class Command(BaseCommand):
    help = "装入演示数据（虚构的企业、人员和三年办理记录）。只在 CQO_DEMO=1 且名录为空时办理。"

    def add_arguments(self, parser):
        parser.add_argument("--if-empty", action="store_true", help="名录中已有企业的，不作任何改动，正常结束")
        parser.add_argument("--enterprises", type=int, default=len(FIRMS), metavar="N", help="只装入前 N 家企业")

    def handle(self, *, if_empty, enterprises, **options):
        """Seed, and say which accounts there are. Raises CommandError with the reason when refused."""
        if if_empty and Enterprise.unscoped.exists():
            return
        if not settings.DEMO:
            raise CommandError("演示数据只在设定 CQO_DEMO=1 时装入。未作任何改动。")
        fonts.load()  # made before the one transaction begins, where they are out of date
        try:
            seed(firms=enterprises, tell=lambda line: self.stdout.write(f"· {line}"))
        except Refused as refusal:
            raise CommandError(f"{refusal.sentence}未作任何改动。") from refusal
        self.stdout.write("演示数据已装入，内容均为虚构。账号（密码相同）：")
        known = User.unscoped.filter(username__in=(*ACCOUNTS, THIRD)).values_list("username", flat=True)
        self.stdout.write("\n".join(f"  {name}" for name in (*ACCOUNTS, THIRD) if name in set(known)))
        self.stdout.write(f"密码：{settings.DEMO_PASSWORD}")
