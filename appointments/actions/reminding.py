"""Reminders: each step of each obligation once, however often and by how many it is run (Art. 12)."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from appointments import notices
from appointments.models import Appointment, Reminder
from appointments.obligations import Obligation, obligations_of
from appointments.rules import OVERDUE, SILENCE, reminder_due
from registry.actions.common import day_of
from registry.rules import day_words

logger = logging.getLogger(__name__)

BATCH = 200  # appointments looked at together


@dataclass(frozen=True)
class Due:
    """An obligation and the step of reminding that has come."""

    obligation: Obligation
    step: int

    @property
    def key(self) -> str:
        """Names the obligation and its day: put off, it is another one."""
        return f"{self.obligation.key}:{self.obligation.due_on:%Y%m%d}"

    @property
    def words(self) -> str:
        """What the reminder says of the day."""
        day = day_words(self.obligation.due_on)
        if self.step in (OVERDUE, SILENCE):
            return f"期限{day}已过，请尽快办理。"
        return f"今天（{day}）到期。" if self.step == 0 else f"期限{day}。"


def reminders_due(today: date) -> Iterator[Due]:
    """What is to be reminded of today, all appointments in force, in batches."""
    keys = list(Appointment.unscoped.in_force(today).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        rows = list(Appointment.unscoped.filter(pk__in=keys[start : start + BATCH]).with_parties())
        sent = defaultdict(set)
        for key, step in Reminder.unscoped.filter(appointment__in=rows).values_list("key", "step"):
            sent[key].add(step)
        for obligation in obligations_of(rows, AnonymousUser(), today):
            key = f"{obligation.key}:{obligation.due_on:%Y%m%d}"
            step = reminder_due(
                since=obligation.since, due_on=obligation.due_on, today=today, sent=sent[key],
                overdue=obligation.can_be_overdue, steps=obligation.steps,
            )  # fmt: skip
            if step is not None:
                yield Due(obligation, step)


def send_reminders(*, at) -> int:
    """Send what is due; by the clock or the command. Returns how many.

    The row of the reminder, the message and what leaves the portal are one transaction: killed in the middle, it is all
    there or nothing is. Whoever comes second finds the row and sends nothing. One that fails holds up no other: its
    fault is raised when all are through.
    """
    sent, fault = 0, None
    for due in reminders_due(day_of(at)):
        try:
            sent += _send(due, at=at)
        except Exception as error:
            logger.exception("The reminder %s, step %s, was not sent", due.key, due.step)
            fault = fault or error
    if fault:
        raise fault
    return sent


def _send(due: Due, *, at) -> bool:
    duty = due.obligation
    try:
        with transaction.atomic():
            Reminder.unscoped.create(
                appointment=duty.appointment, kind=duty.kind, key=due.key, step=due.step, due_on=duty.due_on, sent_at=at
            )
            notices.reminded(duty, due.words, at=at)
            if due.step == SILENCE:
                notices.silent(duty, at=at)
    except IntegrityError as fault:
        if "reminded_once" not in str(fault):
            raise
        return False
    return True
