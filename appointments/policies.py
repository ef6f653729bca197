"""Who may, in appointments: one predicate table. Each act's name is its permission's."""

from datetime import date

import rules
from django.utils import timezone

from registry.models import Interpretation
from registry.models.measure import legal_basis
from registry.policies import is_bureau, is_municipal, owns_enterprise


def filing_ends(day: date) -> str:
    """``county`` or ``city``: where filing ends on that day, by interpretation, else by the edition (Art. 3, 9, 13)."""
    return Interpretation.unscoped.value("filing_ends", edition=legal_basis(day).edition, on=day)


def _of_appointment(predicate):
    """The same predicate asked of an appointment's enterprise."""

    @rules.predicate(f"{predicate.name}_of_appointment")
    def asked(user, appointment):
        return predicate(user, appointment.enterprise)

    return asked


@rules.predicate
def oversees(user, appointment):
    """The bureau within whose scope the appointment's enterprise lies."""
    return user.role == "municipal" or user.county_id == appointment.enterprise.county_id


@rules.predicate
def oversees_enterprise_at_counter(user, enterprise):
    """The bureau at whose counter the enterprise may hand in its papers."""
    return user.role == "municipal" or user.county_id == enterprise.county_id


@rules.predicate
def is_transcribed(user, appointment):
    """Whether a bureau transcribed it from the enterprise's own paper (design 1.15)."""
    return appointment.is_transcribed


@rules.predicate
def county_files(user, appointment):
    """Where the interpretation in force lets filing end at the county."""
    return filing_ends(timezone.localdate()) == "county"


owns = _of_appointment(owns_enterprise)
overseeing_bureau = is_bureau & oversees

rules.add_perm("appointments.appoint", owns_enterprise)
rules.add_perm("appointments.transcribe", is_bureau & oversees_enterprise_at_counter)
rules.add_perm("appointments.work_queue", is_bureau)
rules.add_perm("appointments.prepare", owns | (is_transcribed & overseeing_bureau))
rules.add_perm("appointments.submit", owns | (is_transcribed & overseeing_bureau))
# A paper filer withdraws and ends on paper too; the bureau transcribes it.
rules.add_perm("appointments.withdraw", owns | (is_transcribed & overseeing_bureau))
rules.add_perm("appointments.end", owns | (is_transcribed & overseeing_bureau))
rules.add_perm("appointments.seal", owns | (is_transcribed & overseeing_bureau))
rules.add_perm("appointments.renew", owns)
rules.add_perm("appointments.check", overseeing_bureau)
rules.add_perm("appointments.return", overseeing_bureau)
rules.add_perm("appointments.file", is_municipal | (county_files & overseeing_bureau))
