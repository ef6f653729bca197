"""The way of a filing: submitted by the enterprise, checked by the county, filed by the city, or returned between."""

from datetime import timedelta

from django.db import transaction

from appointments import notices, policies
from appointments.actions.common import begin, move, note
from appointments.actions.papers import issue_paper
from appointments.changes import described, difference
from appointments.eligibility import checklist
from appointments.models import Appointment, EligibilitySnapshot
from appointments.rules import missing, needs_opinion, term_of
from appointments.states import TRANSITIONS, ActKind, PaperKind, State
from registry.actions.common import day_of
from registry.citing import cited
from registry.models import User
from registry.models.measure import days, the_law
from registry.refusals import Refused
from registry.rules import day_words

# Which state each act leads to; what is not here needs no move.
LEADS_TO = {
    "submit": State.SUBMITTED,
    "check": State.CHECKED,
    "return": State.RETURNED,
    "file": State.FILED,
    "withdraw": State.WITHDRAWN,
    "end": State.ENDED,
}


def possible(appointment: Appointment, user: User) -> set[str]:
    """The acts open to this person on this appointment as it stands; pages draw their buttons from it."""
    acts = {act for act, to in LEADS_TO.items() if (appointment.state, to) in TRANSITIONS}
    if appointment.state in (State.DRAFT, State.RETURNED):
        acts.add("prepare")
    if appointment.state in (State.FILED, State.ENDED):
        acts.add("renew")
    if appointment.term:
        acts.add("seal")
    return {act for act in acts if user.has_perm(f"appointments.{act}", appointment)}


def _refuse_overlap(appointment: Appointment, term) -> None:
    """Art. 2: one CQO in force per enterprise; say who is in force, and until when."""
    others = Appointment.unscoped.filter(enterprise=appointment.enterprise, in_force__overlap=term)
    if other := others.exclude(pk=appointment.pk).select_related("candidate").first():
        last = day_words(other.in_force.upper - timedelta(days=1))
        raise Refused(
            f"{other.candidate.name}的任期（{other.reference}）到{last}，与这项任命重叠。"
            f"请把聘任首日改为次日或更晚，或者先终止前一项任命{cited('2')}。",
            field="first_day",
        )


@transaction.atomic
def submit(appointment: Appointment, *, version: int, by: User, at, past: bool = False) -> Appointment:
    """Art. 11: the enterprise appoints and submits; term and papers are final, the bureau's filing changes neither.

    Of one transcribed from the ``past`` nobody is told: here, as in what follows on it, no office waits for word of it.
    Raises Refused with the field at fault, Stale when somebody else wrote the row.
    """
    appointment = begin(appointment, "submit", version=version, by=by, to=State.SUBMITTED)
    again = appointment.state == State.RETURNED
    appointment.appointer_name = appointment.enterprise.appointers().get(appointment.appointer, "")
    today = day_of(at)
    law = the_law()
    for field, sentence in missing(vars(appointment), today=today, earliest=law.first_day).items():
        raise Refused(sentence, field=field)
    if not again:
        basis = law.on(today)
        appointment.edition, appointment.outside_basis = basis.edition, basis.outside
        appointment.term_years = basis.value("term_years")
        appointment.term = days(*term_of(appointment.first_day, appointment.term_years))
        _refuse_overlap(appointment, appointment.term)
        appointment.in_force = appointment.term
    move(appointment, State.SUBMITTED, act="submitted", by=by, at=at)
    appointment.save()
    changes = difference(appointment) if again else {}
    note(appointment, ActKind.RESUBMITTED if again else ActKind.SUBMITTED, by=by, at=at, changes=changes)
    if not past:
        notices.submitted(appointment, again=again, at=at)
    if not appointment.is_transcribed:
        for kind in (PaperKind.LETTER, PaperKind.AUTHORISATION):
            issue_paper(appointment, kind, by=by, at=at)
    return appointment


@transaction.atomic
def return_for_correction(
    appointment: Appointment, *, version: int, remarks: dict[str, str], by: User, at
) -> Appointment:
    """Art. 9 with design 1.5: return for defects that can be corrected, naming the fields; the term goes on."""
    appointment = begin(appointment, "return", version=version, by=by, to=State.RETURNED)
    if not remarks:
        raise Refused("请至少指明一个需要更正的字段，并写明意见。", field="remarks")
    stood = described(appointment)
    if strange := set(remarks) - set(stood):
        raise Refused(f"不能退回这些字段：{'、'.join(sorted(strange))}。", field="remarks")
    appointment.state = State.RETURNED
    appointment.version += 1
    appointment.checked_at = appointment.checked_by = None
    appointment.save()
    words = "；".join(f"{stood[name][0]}：{remark}" for name, remark in remarks.items())
    as_it_stood = {name: text for name, (_, text) in stood.items()}
    note(appointment, ActKind.RETURNED, by=by, at=at, reason=words[:500], remarks=remarks, stood=as_it_stood)
    notices.returned(appointment, [f"{stood[name][0]}，{remark}" for name, remark in remarks.items()], at=at)
    return appointment


def _opinions_for(appointment: Appointment, opinions: dict[str, str], today):
    """The checklist, and an opinion for each criterion that needs one; Refused when one is silent."""
    listed = checklist(appointment, today)
    wanted = needs_opinion(listed.criteria)
    for criterion in wanted:
        if not opinions.get(criterion.key, "").strip():
            raise Refused(f"“{criterion.title}”不是“符合”，请写明意见后再办理。", field=f"opinion_{criterion.key}")
    return listed, {criterion.key: opinions[criterion.key].strip() for criterion in wanted}


def _in_one_line(opinions: dict[str, str]) -> str:
    """Opinions as the timeline says them."""
    return "；".join(opinion.rstrip("。") for opinion in opinions.values())[:500]


@transaction.atomic
def check(
    appointment: Appointment, *, version: int, opinions: dict[str, str], by: User, at, past: bool = False
) -> Appointment:
    """Art. 9: the county has compared the filing with its papers; what is unmet goes on with an opinion.

    Where filing ends at the county, it is filed in the same act.
    """
    appointment = begin(appointment, "check", version=version, by=by, to=State.CHECKED)
    _, kept = _opinions_for(appointment, opinions, day_of(at))
    move(appointment, State.CHECKED, act="checked", by=by, at=at)
    appointment.save()
    note(appointment, ActKind.CHECKED, by=by, at=at, opinions=kept, reason=_in_one_line(kept))
    if policies.filing_ends(day_of(at)) == "county":
        return file(appointment, version=appointment.version, opinions=kept, by=by, at=at, past=past)
    if not past:
        notices.checked(appointment, at=at)
    return appointment


def opinions_at_check(appointment: Appointment) -> dict[str, str]:
    """What the county wrote when it last checked; the city starts from it."""
    act = next((act for act in appointment.acts.all() if act.kind == ActKind.CHECKED), None)
    return act.details.get("opinions", {}) if act else {}


@transaction.atomic
def file(
    appointment: Appointment, *, version: int, opinions: dict[str, str], by: User, at, past: bool = False
) -> Appointment:
    """Art. 9, 11: record the appointment, with the eligibility as it stands and an opinion on what is unmet.

    One transcribed from the ``past`` gets no receipt of today: what was filed then was answered then.
    """
    appointment = begin(appointment, "file", version=version, by=by, to=State.FILED)
    listed, kept = _opinions_for(appointment, opinions, day_of(at))
    move(appointment, State.FILED, act="filed", by=by, at=at)
    appointment.save()
    EligibilitySnapshot.unscoped.create(
        appointment=appointment, edition=listed.basis.edition, outside_basis=listed.basis.outside,
        criteria=listed.as_json(), inputs=listed.inputs(), opinions=kept, interpretations=listed.interpretations,
        taken_at=at, taken_by=by,
    )  # fmt: skip
    note(appointment, ActKind.FILED, by=by, at=at, reason=_in_one_line(kept))
    if past:
        return appointment
    notices.filed(appointment, at=at)
    issue_paper(appointment, PaperKind.RECEIPT, by=by, at=at, opinions=list(kept.values()))
    return appointment
