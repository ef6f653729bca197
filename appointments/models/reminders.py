"""What was reminded of: one row per obligation and step, written with the message itself; none is told twice."""

from django.db import models

from appointments.models.appointments import Appointment, ThroughAppointment
from appointments.states import ObligationKind
from registry.models import ScopedBase
from registry.models import append_only as keep_as_written


class Reminder(ScopedBase):
    """A step of reminding of one obligation: 90, 60, 30, 7, 0 days before, overdue, silence."""

    append_only = True

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="reminders")
    kind = models.CharField("事项", max_length=10, choices=ObligationKind.choices)
    # Names the obligation and its day: put off to a later day, it is another one.
    key = models.CharField(max_length=60)
    step = models.SmallIntegerField("提前天数")
    due_on = models.DateField("期限")
    sent_at = models.DateTimeField("提醒时间")

    unscoped = ThroughAppointment.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "提醒"
        ordering = ["-sent_at", "-pk"]
        triggers = [keep_as_written("reminder_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "step"], name="reminded_once", violation_error_message="这一次提醒已经发出。"
            )
        ]
