"""The clock: ends appointments whose last day is over (Art. 11)."""

import pghistory
from django.core.management.base import BaseCommand
from django.utils import timezone

from appointments.actions import expire_due
from appointments.models import Appointment
from registry.actions.common import day_of
from registry.models.acts import basis_marks
from registry.rules import day_words


class Command(BaseCommand):
    """Run daily by a scheduler; running it again changes nothing."""

    help = "End appointments whose last day is over. Idempotent; --dry-run only lists them."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="list what is due, change nothing")

    def handle(self, *, dry_run: bool, **options):
        now = timezone.now()
        if not dry_run:
            with pghistory.context(**basis_marks(day_of(now))):
                self.stdout.write(f"已终止 {expire_due(at=now)} 项期满的任命。")
            return
        due = Appointment.unscoped.expired_by(day_of(now)).with_parties().order_by("term__endswith", "pk")
        for row in due:
            words = f"{row.reference}　{row.enterprise.name}　{row.candidate.name}　末日{day_words(row.last_day)}"
            self.stdout.write(words)
        self.stdout.write(f"共 {len(due)} 项期满，未作改动。")
