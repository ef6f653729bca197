"""``manage.py rotate_keys [--check]``: bring what is encrypted under the newest keys, or say what is not."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand

from registry.rotation import faults, rotate, rotate_factors
from registry.securitylog import note
from registry.states import SecurityEvent


class Command(BaseCommand):
    """Exits 1 while anything stands under an older key."""

    help = "把证件号码和第二重验证的密钥换到最新密钥之下（可中断、可重复）；--check 只核对。旧密钥核对无误后才能销毁。"

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="只核对，不改写")

    def handle(self, *, check: bool, **options):
        """Rotate in batches, then look through all; refuses nothing and can run beside the portal."""
        keys = f"{settings.ID_KEY_VERSION}/{settings.ID_HASH_KEY_VERSION}"
        if not check:
            note(SecurityEvent.KEY_ROTATION, about=keys)
            people, factors = rotate(), rotate_factors()
            self.stdout.write(f"换到第 {keys} 版密钥之下：{people} 人的证件号码，{factors} 项第二重验证。")
        if wrong := faults():
            self.stderr.write(f"还有 {len(wrong)} 项不在最新的密钥之下：{'、'.join(wrong[:20])}")
            sys.exit(1)
        self.stdout.write("全部都在最新的密钥之下，旧密钥可以销毁。")
