"""Findings of a bureau, and accidents, which are recorded apart (Art. 5(六), 12(二)(1))."""

from datetime import date

from django.db import transaction

from appointments.actions.common import begin
from appointments.models import Accident, Appointment, Finding, FindingEvidence
from appointments.states import APPOINTED_STATES, FINDING_MOVES, STANDING_CASES, AccidentKind, FindingState
from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.models import Enterprise, StoredFile, User
from registry.refusals import Refused

DESCRIBED = ("about", "behaviour", "facts", "happened_on", "found_on", "source", "knew_on", "knew_what")


def _check(appointment: Appointment, values: dict, today: date) -> None:
    """Raise Refused at the field at fault."""
    for field, sentence in (
        ("about", "请选择对象。"),
        ("behaviour", "请选择行为。"),
        ("facts", "请写明事实。"),
        ("happened_on", "请填写发生日期。"),
        ("found_on", "请填写发现日期。"),
        ("source", "请写明发现的途径。"),
    ):
        if not values.get(field):
            raise Refused(sentence, field=field)
    if values["happened_on"] > today:
        raise Refused("发生日期不得晚于今天。", field="happened_on")
    if not values["happened_on"] <= values["found_on"] <= today:
        raise Refused("发现日期须在发生日期至今天之间。", field="found_on")
    if values["found_on"] not in appointment.in_force:
        raise Refused("发现日期须在这项任命的任职期间内。", field="found_on")
    _check_knowledge(appointment, values)


def _check_knowledge(appointment: Appointment, values: dict) -> None:
    """Whoever learns of it from the finding itself, or knew before taking office, did not conceal it in office."""
    knew_on, knew_what = values.get("knew_on"), (values.get("knew_what") or "").strip()
    if knew_on and not max(values["happened_on"], appointment.first_day) <= knew_on <= values["found_on"]:
        raise Refused("知情日期须在任职之后、发生之日至发现之日之间。", field="knew_on")
    if bool(knew_on) != bool(knew_what):
        raise Refused("请同时写明何时知情、知道什么。", field="knew_what" if knew_on else "knew_on")


@transaction.atomic
def record_finding(appointment: Appointment, *, by: User, at, **values) -> Finding:
    """Draft a finding about a CQO in office; ``values`` are DESCRIBED, what the CQO knew may follow later."""
    appointment = begin(appointment, "record_finding", by=by, among=APPOINTED_STATES)
    _check(appointment, values, day_of(at))
    year = day_of(at).year
    return Finding.unscoped.create(
        reference=f"FX-{year}-{next_number('finding', year):04d}", appointment=appointment, created_at=at,
        created_by=by, **{name: values[name] for name in DESCRIBED if values.get(name) is not None},
    )  # fmt: skip


def _begin(finding: Finding, *, by: User, version: int | None = None, to=None, among=()) -> Finding:
    appointment = begin(finding.appointment, "record_finding", by=by)
    finding = locked(Finding.unscoped, finding.pk, version)
    finding.appointment = appointment
    if (among and finding.state not in among) or (to and (finding.state, to) not in FINDING_MOVES):
        raise Refused(f"这份发现情况现在是“{FindingState(finding.state).label}”，不能办理这一步。")
    return finding


@transaction.atomic
def save_finding(finding: Finding, *, version: int, by: User, at, **values) -> Finding:
    """Change a finding that is not on file yet. Raises Stale."""
    finding = _begin(finding, by=by, version=version, among=(FindingState.DRAFT,))
    _check(finding.appointment, values, day_of(at))
    for name in DESCRIBED:
        setattr(finding, name, values.get(name) if name != "knew_what" else values.get(name) or "")
    finding.version += 1
    finding.save()
    return finding


@transaction.atomic
def add_finding_evidence(finding: Finding, *, title: str, file: StoredFile, by: User, at) -> FindingEvidence:
    """Put a paper with a finding, also after it is on file."""
    finding = _begin(finding, by=by, among=(FindingState.DRAFT, FindingState.FILED))
    own_file(file, finding.enterprise, field="file")
    if not title.strip():
        raise Refused("请写明材料名称。", field="title")
    return FindingEvidence.unscoped.create(finding=finding, title=title.strip(), file=file, added_at=at, added_by=by)


@transaction.atomic
def file_finding(finding: Finding, *, version: int, by: User, at) -> Finding:
    """Put a finding on file: from now on it stands as it was written (Art. 12(二)(1))."""
    finding = _begin(finding, by=by, version=version, to=FindingState.FILED)
    finding.state, finding.filed_at, finding.filed_by = FindingState.FILED, at, by
    finding.version += 1
    finding.save()
    return finding


@transaction.atomic
def add_knowledge(finding: Finding, *, version: int, knew_on: date, knew_what: str, by: User, at) -> Finding:
    """Add to a filed finding what the CQO knew and when, once."""
    finding = _begin(finding, by=by, version=version, among=(FindingState.FILED,))
    if finding.knew_on:
        raise Refused("本人知情的情况已经写明，不能更改；有误的，请撤销后重新记录。", field="knew_on")
    if not (knew_on and knew_what.strip()):
        raise Refused("请同时写明何时知情、知道什么。", field="knew_what")
    dated = {"happened_on": finding.happened_on, "found_on": finding.found_on}
    _check_knowledge(finding.appointment, dated | {"knew_on": knew_on, "knew_what": knew_what})
    finding.knew_on, finding.knew_what = knew_on, knew_what.strip()
    finding.version += 1
    finding.save()
    return finding


@transaction.atomic
def withdraw_finding(finding: Finding, *, version: int, reason: str, by: User, at) -> Finding:
    """Take a finding back, with the reason; no ground stands on it any more."""
    finding = _begin(finding, by=by, version=version, to=FindingState.WITHDRAWN)
    if finding.grounds.filter(case__state__in=STANDING_CASES).exists():
        raise Refused("已签发的建议依据这份发现情况，请先收回建议，再撤销发现情况。")
    if not reason.strip():
        raise Refused("请写明撤销的原因。", field="reason")
    finding.state, finding.withdrawn_at, finding.withdrawn_by = FindingState.WITHDRAWN, at, by
    finding.withdrawal_reason = reason.strip()
    finding.version += 1
    finding.save()
    return finding


@transaction.atomic
def record_accident(
    *,
    enterprise: Enterprise,
    kind: str,
    happened_on: date,
    facts: str,
    by: User,
    at,
    document: str = "",
    file: StoredFile | None = None,
) -> Accident:
    """Art. 5(六): record an accident apart; it is no ground of Art. 12."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "appointments.record_accident", enterprise)
    if kind not in AccidentKind.values:
        raise Refused("请选择类别。", field="kind")
    if not facts.strip():
        raise Refused("请写明情况。", field="facts")
    if happened_on > day_of(at):
        raise Refused("发生日期不得晚于今天。", field="happened_on")
    if file is not None:
        own_file(file, enterprise, field="file")
    year = day_of(at).year
    return Accident.unscoped.create(
        reference=f"SG-{year}-{next_number('accident', year):04d}", enterprise=enterprise, kind=kind,
        happened_on=happened_on, facts=facts.strip(), document=document.strip(), file=file, recorded_at=at,
        recorded_by=by,
    )  # fmt: skip
