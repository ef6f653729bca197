"""质量工作绩效: agreed for a year, results put on file; both are only added to (Art. 12(二)(2))."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction

from appointments.actions.common import begin
from appointments.models import Appointment, Target, TargetResult, TargetSheet
from appointments.states import APPOINTED_STATES
from registry.actions.common import day_of, own_file
from registry.models import StoredFile, User
from registry.refusals import Refused


@transaction.atomic
def record_targets(
    appointment: Appointment,
    *,
    year: int,
    agreed_on: date,
    agreement: StoredFile,
    targets: Sequence[tuple[str, str]],
    by: User,
    at,
) -> TargetSheet:
    """Put on file what enterprise and CQO agreed for a year: ``targets`` as (name, goal), and the signed agreement.

    Before the year is over; a later agreement of that year stands in front of the earlier. Raises Refused.
    """
    appointment = begin(appointment, "record_targets", by=by, among=APPOINTED_STATES)
    today = day_of(at)
    if not appointment.in_force or not appointment.in_force.lower.year <= year <= (appointment.last_day or today).year:
        raise Refused("年度须在聘任期限内。", field="year")
    if today.year > year:
        raise Refused("这一年已经结束，不能再约定绩效。", field="year")
    if agreed_on > today:
        raise Refused("约定日期不得晚于今天。", field="agreed_on")
    if agreed_on.year < year - 1:
        raise Refused(f"{year}年的绩效，约定日期不得早于{year - 1}年。", field="agreed_on")
    own_file(agreement, appointment.enterprise, field="agreement")
    said = [(name.strip(), goal.strip()) for name, goal in targets]
    if not said or not all(name and goal for name, goal in said):
        raise Refused("请至少填写一项指标，并写明目标值。", field="targets")
    if TargetResult.unscoped.filter(target__sheet__appointment=appointment, target__sheet__year=year).exists():
        raise Refused("这一年已有结果在案，不能再更改约定。", field="year")
    version = appointment.target_sheets.filter(year=year).count() + 1
    sheet = TargetSheet.unscoped.create(
        appointment=appointment, year=year, version=version, agreed_on=agreed_on, agreement=agreement,
        recorded_at=at, recorded_by=by,
    )  # fmt: skip
    Target.unscoped.bulk_create(
        Target(sheet=sheet, position=position, name=name, goal=goal)
        for position, (name, goal) in enumerate(said, start=1)
    )
    return sheet


@transaction.atomic
def record_results(
    sheet: TargetSheet, *, results: Mapping[int, tuple[bool, str]], evidence: StoredFile, by: User, at
) -> TargetSheet:
    """Put on file what became of targets, by their position: (whether met, in words), with the evidence for them.

    Raises Refused for a target the agreement has not, or an agreement that a later one replaced.
    """
    appointment = begin(sheet.appointment, "record_targets", by=by)
    own_file(evidence, appointment.enterprise, field="evidence")
    if day_of(at).year < sheet.year:
        raise Refused("这一年尚未开始，还没有结果。")
    if appointment.target_sheets.filter(year=sheet.year, version__gt=sheet.version).exists():
        raise Refused("这份绩效约定已被新的约定代替，请在新的约定上填报结果。")
    if not results:
        raise Refused("请至少填报一项指标的结果。")
    known = {target.position: target for target in sheet.targets.all()}
    for position, (is_met, words) in results.items():
        if (target := known.get(position)) is None:
            raise Refused("约定中没有这项指标。")
        if not words.strip():
            raise Refused("请写明完成情况。", field=f"words_{position}")
        TargetResult.unscoped.create(
            target=target, is_met=is_met, words=words.strip(), evidence=evidence, recorded_at=at, recorded_by=by
        )
    return sheet
