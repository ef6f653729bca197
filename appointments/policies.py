"""Who may, in appointments: one predicate table. Each act's name is its permission's."""

from datetime import date

import rules
from django.utils import timezone

from registry.models.measure import legal_basis
from registry.policies import is_bureau, is_enterprise, is_municipal, is_staff, oversees_enterprise, owns_enterprise


def filing_ends(day: date) -> str:
    """``county`` or ``city``: where filing ends on that day, by a reading, else the edition (Art. 3 ¶2, 9, 13)."""
    return legal_basis(day).value("filing_ends")


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
rules.add_perm("appointments.transcribe", is_bureau & oversees_enterprise)
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


# --- Supervision -----------------------------------------------------------------------------------------------------


def signatory(day: date) -> str:
    """``municipal`` or ``county``: who may sign a recommendation on that day, by interpretation (Art. 12(二), 13)."""
    return legal_basis(day).value("recommendation_signatory")


@rules.predicate
def county_signs(user, case):
    """Where the interpretation in force lets a county bureau sign too."""
    return signatory(timezone.localdate()) == "county"


@rules.predicate
def proposed_it(user, case):
    """Who proposed a recommendation, and so never signs it."""
    return case.proposed_by_id == user.pk


@rules.predicate
def oversees_case(user, case):
    """The bureau within whose scope the case lies."""
    return oversees(user, case.appointment)


@rules.predicate
def issued_it(user, case):
    """The county bureau whose letter it is; the city may take back any."""
    return user.county_id is not None and user.county_id == case.issuing_county_id


on_paper = is_transcribed & overseeing_bureau

rules.add_perm("appointments.supervise", is_bureau)
rules.add_perm("appointments.oversee", overseeing_bureau)
rules.add_perm("appointments.publish_cycle", is_municipal)
rules.add_perm("appointments.extend_due", is_municipal)
rules.add_perm("appointments.record_service", overseeing_bureau)
rules.add_perm("appointments.prepare_report", owns)
rules.add_perm("appointments.transcribe_report", overseeing_bureau)
rules.add_perm("appointments.read_report", overseeing_bureau)
rules.add_perm("appointments.record_targets", owns | on_paper)
rules.add_perm("appointments.record_finding", overseeing_bureau)
rules.add_perm("appointments.record_accident", is_bureau & oversees_enterprise)
rules.add_perm("appointments.open_case", overseeing_bureau)
rules.add_perm("appointments.state", owns)
rules.add_perm("appointments.answer_case", owns | on_paper)
rules.add_perm("appointments.sign_case", ~proposed_it & (is_municipal | (is_bureau & oversees_case & county_signs)))
rules.add_perm("appointments.withdraw_case", is_municipal | (is_bureau & issued_it))


# --- Commendations and experience (Art. 10), pilot guidance (Art. 12(一)), county policies (Art. 9) ------------------


@rules.predicate
def of_this_office(user, row):
    """The office that made the row: a county's for its county, the city's where no county is named."""
    return row is not None and user.county_id == row.county_id


overseeing_office = is_bureau & oversees_enterprise

rules.add_perm("appointments.take_part", is_staff | is_enterprise)
rules.add_perm("appointments.offer_campaign", is_bureau)
rules.add_perm("appointments.run_campaign", is_bureau & of_this_office)
rules.add_perm("appointments.share_experience", owns_enterprise)
rules.add_perm("appointments.prepare_achievement", owns)
rules.add_perm("appointments.read_achievement", overseeing_bureau)
rules.add_perm("appointments.record_name_consent", owns | overseeing_bureau)
rules.add_perm("appointments.commend", overseeing_office)
rules.add_perm("appointments.revoke_commendation", is_bureau & of_this_office)
rules.add_perm("appointments.guide", overseeing_office)
rules.add_perm("appointments.offer_policy", is_bureau)
rules.add_perm("appointments.keep_policy", is_bureau & of_this_office)
