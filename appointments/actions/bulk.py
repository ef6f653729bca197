"""Several at once: each in its own transaction, each one left out told with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import DatabaseError

from appointments.actions.filing import check, file, opinions_at_check
from appointments.models import Appointment
from registry.faults import sentence_for
from registry.models import User
from registry.refusals import Refused


@dataclass
class Result:
    """What was done, and what was left out and why."""

    done: list[Appointment] = field(default_factory=list)
    left_out: list[tuple[Appointment, str]] = field(default_factory=list)


def _each(appointments: Iterable[Appointment], act, *, by: User, at) -> Result:
    result = Result()
    for appointment in appointments:
        try:
            opinions = opinions_at_check(appointment)
            result.done.append(act(appointment, version=appointment.version, opinions=opinions, by=by, at=at))
        except Refused as refusal:
            result.left_out.append((appointment, refusal.sentence))
        except DatabaseError as error:
            if (sentence := sentence_for(error)) is None:
                raise
            result.left_out.append((appointment, sentence))
    return result


def check_many(appointments: Iterable[Appointment], *, by: User, at) -> Result:
    """Check several; those that need an opinion are left for a page of their own."""
    return _each(appointments, check, by=by, at=at)


def file_many(appointments: Iterable[Appointment], *, by: User, at) -> Result:
    """File several, with the opinions written at checking."""
    return _each(appointments, file, by=by, at=at)
