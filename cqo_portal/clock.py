"""What happens by itself: each duty, how often, and the one clock that does them."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pghistory
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from appointments.actions import expire_due, include_late_joiners, send_reminders
from cqo_portal.retention import clear
from registry import locks
from registry.filecheck import sweep_files
from registry.jobs import reap
from registry.models.acts import basis_marks
from registry.outbox import send_waiting
from registry.ratelimit import purge_windows
from registry.securitylog import seal_days

logger = logging.getLogger(__name__)
TICK = 2.0  # seconds
KEPT_DAYS = 30  # finished tasks; what pages show of them stays


@dataclass(frozen=True)
class Duty:
    """Something to do every so often; ``work(at=)`` may be repeated at any time without harm."""

    name: str
    every: timedelta
    work: Callable[..., object]


def prune(*, at: datetime) -> None:
    """Remove the queue's rows of tasks that ended long ago."""
    call_command("prune_db_task_results", min_age_days=KEPT_DAYS, verbosity=0)


DUTIES = (
    Duty("take back tasks of dead workers", timedelta(seconds=10), reap),
    Duty("send waiting messages", timedelta(seconds=4), send_waiting),
    Duty("end expired appointments", timedelta(minutes=5), expire_due),
    Duty("ask those who came into office since a notice", timedelta(minutes=10), include_late_joiners),
    Duty("send reminders", timedelta(hours=1), send_reminders),
    Duty("purge counts of checks", timedelta(hours=1), purge_windows),
    Duty("seal the security log", timedelta(minutes=10), seal_days),
    Duty("remove what is kept no longer", timedelta(days=1), clear),
    Duty("prune finished tasks", timedelta(days=1), prune),
    Duty("remove files without rows", timedelta(days=1), sweep_files),
)


class Clock:
    """Does its duties when they are due; of several clocks on one database, one at a time."""

    def __init__(self, duties: Iterable[Duty] = DUTIES):
        self.duties = tuple(duties)
        self.last: dict[str, datetime] = {}
        self.session = None  # the connection that holds the lock

    def has_the_turn(self) -> bool:
        """Whether this is the one clock that works; takes the lock where it is free. Held until the session ends."""
        if self.session is not None and connection.connection is self.session and connection.is_usable():
            return True
        connection.close()
        self.session = None
        if locks.take("clock"):
            self.session = connection.connection
        return self.session is not None

    def round(self, *, at: datetime) -> bool:
        """Do each duty that is due; one that fails is logged and due again in its time. False where another works."""
        if not self.has_the_turn():
            return False
        for duty in self.duties:
            last = self.last.get(duty.name)
            # A clock set back is no reason to wait until it has caught up.
            if last is None or at < last or at - last >= duty.every:
                self.last[duty.name] = at
                self._do(duty, at)
        return True

    def _do(self, duty: Duty, at: datetime) -> None:
        try:
            with pghistory.context(duty=duty.name, **basis_marks(timezone.localdate(at))):
                done = duty.work(at=at)
        except Exception:
            logger.exception("Duty failed: %s", duty.name)
            return
        if done:
            logger.info("%s: %s", duty.name, done)

    def run(self) -> None:
        """Go round for ever. Waits out a database that is away, and another clock."""
        worked = None
        while True:
            try:
                works = self.round(at=timezone.now())
            except Exception:
                logger.exception("The clock could not ask for its turn")
                works = False
            if works != worked:
                logger.info("The clock works" if works else "The clock waits: another one works")
            worked = works
            time.sleep(TICK)
