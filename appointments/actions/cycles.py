"""Report cycles: a notice is prepared, published, served, put off, taken back (Art. 12(二)(3))."""

from datetime import date

from django.db import transaction

from appointments import notices
from appointments.actions.common import begin
from appointments.models import Appointment, DueExtension, ReportCycle, ReportDuty
from appointments.obligations import notice_fault
from appointments.rules import document_number, extension_fault
from appointments.states import APPOINTED_STATES, CYCLE_MOVES, Audience, CycleState
from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.models import County, Enterprise, StoredFile, User
from registry.models.measure import days, legal_basis
from registry.refusals import Refused
from registry.states import Designation

QUOTED = ("5", *(f"5.({n})" for n in range(1, 7)), "5.(4).2", "12.(2)", "12.(2).(3)")
DESIGNATED = {Audience.ABOVE_SCALE: Designation.ABOVE_SCALE, Audience.PILOT: Designation.PILOT}


def _checked(*, title: str, number: str, body: str, first_day: date, last_day: date, due_on: date, today: date) -> dict:
    """The values of a notice as they are kept. Raises Refused at the field at fault."""
    for field, text, sentence in (
        ("title", title, "请填写通知标题。"),
        ("body", body, "请填写通知正文。"),
    ):
        if not text.strip():
            raise Refused(sentence, field=field)
    if (plain := document_number(number)) is None:
        raise Refused("请按“清质监通〔2026〕8号”的样式填写文号。", field="number")
    if last_day < first_day:
        raise Refused("报告期的最后一天不得早于第一天。", field="last_day")
    if fault := notice_fault(first_day=first_day, last_day=last_day, due_on=due_on, today=today):
        raise Refused(fault[1], field=fault[0])
    return {
        "title": title.strip(), "number": plain, "body": body.strip(), "period": days(first_day, last_day),
        "due_on": due_on,
    }  # fmt: skip


@transaction.atomic
def prepare_cycle(*, by: User, at, audience: str = Audience.ALL, county: County | None = None, **notice) -> ReportCycle:
    """Draft a notice: ``title``, ``number``, ``body``, ``first_day``, ``last_day``, ``due_on``. Nobody is told yet."""
    allow(by, "appointments.publish_cycle")
    today = day_of(at)
    kept = _checked(today=today, **notice)
    return ReportCycle.unscoped.create(
        reference=f"BG-{today.year}-{next_number('cycle', today.year):04d}", audience=audience, county=county,
        created_at=at, created_by=by, **kept,
    )  # fmt: skip


def _begin(cycle: ReportCycle, perm: str, *, by: User, version: int | None = None, to=None, among=()) -> ReportCycle:
    cycle = locked(ReportCycle.unscoped.select_related("county"), cycle.pk, version)
    allow(by, f"appointments.{perm}")
    if (among and cycle.state not in among) or (to and (cycle.state, to) not in CYCLE_MOVES):
        raise Refused(f"这份通知现在是“{CycleState(cycle.state).label}”，不能办理这一步。")
    return cycle


@transaction.atomic
def save_cycle(
    cycle: ReportCycle, *, version: int, audience: str, county: County | None, by: User, at, **notice
) -> ReportCycle:
    """Change a notice that was not published yet. Raises Stale."""
    cycle = _begin(cycle, "publish_cycle", by=by, version=version, among=(CycleState.DRAFT,))
    for name, value in _checked(today=day_of(at), **notice).items():
        setattr(cycle, name, value)
    cycle.audience, cycle.county = audience, county
    cycle.version += 1
    cycle.save()
    return cycle


def legal_text(edition) -> str:
    """Art. 5 and the ground of Art. 12(二)(3) in the edition's words, as a notice quotes them."""
    return "\n".join(f"{clause.label}　{clause.text}" for clause in edition.clauses_of(*QUOTED).values())


def addressed(cycle: ReportCycle, today: date):
    """The appointments in force on that day that the notice is for, and that have no duty under it yet."""
    # Nobody reports on a time in which they were not in office.
    rows = Appointment.unscoped.in_force(today).filter(state__in=APPOINTED_STATES, in_force__overlap=cycle.period)
    if cycle.county_id:
        rows = rows.of_county(cycle.county_id)
    if kind := DESIGNATED.get(cycle.audience):
        rows = rows.filter(enterprise__in=Enterprise.unscoped.designated(kind, today))
    return rows.exclude(report_duties__cycle=cycle.pk).with_parties().order_by("enterprise__name", "pk")


def _lay_upon(cycle: ReportCycle, appointments, *, at) -> int:
    """One duty each, and its message. A row that came meanwhile stays as it is."""
    laid = 0
    for appointment in appointments:
        duty, new = ReportDuty.unscoped.get_or_create(
            cycle=cycle, appointment=appointment, defaults={"since": day_of(at), "due_on": cycle.due_on}
        )
        if new:
            notices.cycle_published(duty, at=at)
            laid += 1
    return laid


@transaction.atomic
def publish_cycle(cycle: ReportCycle, *, version: int, by: User, at) -> ReportCycle:
    """Publish the notice and tell each enterprise it is for; the duty begins that day (Art. 12(二)(3))."""
    cycle = _begin(cycle, "publish_cycle", by=by, version=version, to=CycleState.PUBLISHED)
    today = day_of(at)
    if fault := notice_fault(first_day=cycle.first_day, last_day=cycle.last_day, due_on=cycle.due_on, today=today):
        raise Refused(fault[1], field=fault[0])
    if ReportCycle.unscoped.standing().filter(number=cycle.number).exists():
        raise Refused("这个文号的通知已经发布。", field="number")
    basis = legal_basis(today)
    cycle.edition, cycle.outside_basis = basis.edition, basis.outside
    cycle.legal_text = legal_text(basis.edition)
    cycle.state, cycle.published_at, cycle.published_by = CycleState.PUBLISHED, at, by
    cycle.version += 1
    cycle.save()
    _lay_upon(cycle, addressed(cycle, today), at=at)
    return cycle


@transaction.atomic
def withdraw_cycle(cycle: ReportCycle, *, version: int, reason: str, by: User, at) -> ReportCycle:
    """Take a notice back, with the reason; no duty stands on it any more."""
    cycle = _begin(cycle, "publish_cycle", by=by, version=version, to=CycleState.WITHDRAWN)
    if not reason.strip():
        raise Refused("请写明收回通知的原因。", field="reason")
    told = cycle.state == CycleState.PUBLISHED
    cycle.state, cycle.withdrawn_at, cycle.withdrawn_by = CycleState.WITHDRAWN, at, by
    cycle.withdrawal_reason = reason.strip()
    cycle.version += 1
    cycle.save()
    for duty in cycle.duties.open().with_parties() if told else ():
        notices.cycle_withdrawn(duty, cycle.withdrawal_reason, at=at)
    return cycle


def include_late_joiners(*, at) -> int:
    """Art. 12(二)(3): who comes into office before a notice's due day is asked too; by the clock. Returns how many."""
    today, laid = day_of(at), 0
    for cycle in ReportCycle.unscoped.standing().filter(due_on__gt=today):
        with transaction.atomic():
            cycle = locked(ReportCycle.unscoped, cycle.pk)
            if cycle.state == CycleState.PUBLISHED:
                laid += _lay_upon(cycle, addressed(cycle, today), at=at)
    return laid


@transaction.atomic
def extend_due(
    cycle: ReportCycle, *, due_on: date, reason: str, by: User, at, duty: ReportDuty | None = None
) -> DueExtension:
    """Put the due day off, for all or for one, with the reason; never after it has passed."""
    cycle = _begin(cycle, "extend_due", by=by, among=(CycleState.PUBLISHED,))
    if not reason.strip():
        raise Refused("请写明延期的理由。", field="reason")
    duties = cycle.duties.select_for_update(of=("self",), no_key=True).order_by("pk")
    if duty is not None:
        duty = duties.get(pk=duty.pk)
    today = day_of(at)
    fault = extension_fault(due_on=duty.due_on if duty else cycle.due_on, new_due=due_on, today=today)
    if fault:
        raise Refused(fault, field="due_on")
    # Who was put off to a still later day, or whose own day is over, keeps it.
    moved = [duty] if duty else [row for row in duties if today <= row.due_on < due_on]
    ReportDuty.unscoped.filter(pk__in=[row.pk for row in moved]).update(due_on=due_on)
    if duty is None:
        ReportCycle.unscoped.filter(pk=cycle.pk).update(due_on=due_on, version=cycle.version + 1)
    extension = DueExtension.unscoped.create(cycle=cycle, duty=duty, due_on=due_on, reason=reason.strip(), at=at, by=by)
    for row in ReportDuty.unscoped.filter(pk__in=[row.pk for row in moved]).open().with_parties():
        notices.due_extended(row, extension.reason, at=at)
    return extension


def _duty(duty: ReportDuty, perm: str, *, by: User) -> ReportDuty:
    """Lock enterprise, appointment and duty; ask the policy."""
    appointment = begin(duty.appointment, perm, by=by)
    duty = locked(ReportDuty.unscoped.select_related("cycle"), duty.pk)
    duty.appointment = appointment
    return duty


@transaction.atomic
def open_notice(duty: ReportDuty, *, by: User, at) -> ReportDuty:
    """Receipt of the notice: somebody of the enterprise opened it in the portal; the first time counts."""
    duty = _duty(duty, "prepare_report", by=by)
    if duty.opened_at is None:
        duty.opened_at, duty.opened_by = at, by
        duty.save()
    return duty


@transaction.atomic
def record_service(duty: ReportDuty, *, served_on: date, proof: StoredFile, by: User, at) -> ReportDuty:
    """Delivery of the notice on paper: its day and its proof, once."""
    duty = _duty(duty, "record_service", by=by)
    if duty.paper_served_on is not None:
        raise Refused("纸质送达已经记录，不能更改。", field="served_on")
    own_file(proof, duty.appointment.enterprise, field="proof")
    first = max(day_of(duty.cycle.published_at), duty.since)
    if not first <= served_on <= day_of(at):
        raise Refused("送达日期须在通知发布之日至今天之间。", field="served_on")
    duty.paper_served_on, duty.paper_proof = served_on, proof
    duty.paper_recorded_at, duty.paper_recorded_by = at, by
    duty.save()
    return duty
