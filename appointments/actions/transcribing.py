"""补录: past appointments out of the bureau's own lists, with what became of them (design 1.15)."""

from datetime import date

from django.db import transaction

from appointments.actions.drafts import new_appointment
from appointments.actions.ending import end
from appointments.actions.filing import check, file, submit
from appointments.eligibility import checklist
from appointments.models import Appointment
from appointments.rules import needs_opinion
from appointments.states import EndReason, State
from registry.actions.common import allow, day_of, locked, own_paper
from registry.models import Candidate, Enterprise, StoredFile, User
from registry.refusals import Refused
from registry.rules import day_words


@transaction.atomic
def transcribe_past(
    *,
    enterprise: Enterprise,
    candidate: Candidate,
    transcript: StoredFile,
    first_day: date,
    opinion: str,
    by: User,
    at,
    last_day: date | None = None,
    end_reason: str = "",
    **values,
) -> Appointment:
    """Transcribe an appointment that an enterprise made and a bureau has on paper: submitted, checked, and filed.

    It is filed where ``by`` may file, else it waits for the city. What ended before its term (``last_day``,
    ``end_reason``) ends here too. Nobody is told and no receipt is issued: all that was done then. ``opinion`` stands
    for each criterion that needs one (Art. 9, 11). Raises Refused with its field.
    """
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "appointments.transcribe", enterprise)
    own_paper(transcript, enterprise, field="")
    row = new_appointment(
        enterprise, candidate, by=by, at=at, on=first_day,
        is_transcribed=True, transcript=transcript, first_day=first_day, **values,
    )  # fmt: skip
    row = submit(row, version=row.version, by=by, at=at, past=True)
    opinions = _opinions(row, opinion, day_of(at))
    row = check(row, version=row.version, opinions=opinions, by=by, at=at, past=True)
    if row.state == State.CHECKED and by.has_perm("appointments.file", row):
        row = file(row, version=row.version, opinions=opinions, by=by, at=at, past=True)
    return _ended_then(row, last_day, end_reason, by=by, at=at)


def _opinions(appointment: Appointment, opinion: str, today: date) -> dict[str, str]:
    wanted = needs_opinion(checklist(appointment, today).criteria)
    if wanted and not opinion:
        titles = "、".join(criterion.title for criterion in wanted)
        raise Refused(f"“{titles}”不是“符合”，请填写核对意见，例如“按原纸质备案登记”。", field="opinion")
    return {criterion.key: opinion for criterion in wanted}


def _ended_then(row: Appointment, last_day: date | None, reason: str, *, by: User, at) -> Appointment:
    """The same, ended on the day it really ended; by the clock where its term simply went by."""
    if not last_day and not reason:
        return row
    if not last_day:
        raise Refused("填写了终止原因的，须填写任职的最后一天。", field="last_day")
    if last_day == row.last_day and reason in ("", EndReason.EXPIRED):
        return row
    if not reason:
        raise Refused(f"任期到{day_words(row.last_day)}，提前终止的须填写终止原因。", field="end_reason")
    if row.state != State.FILED:
        raise Refused("提前终止的任命须先登记。请交市局补录，或者登记以后再办理终止。", field="last_day")
    return end(row, version=row.version, reason=reason, last_day=last_day, by=by, at=at, scan=row.transcript, past=True)
