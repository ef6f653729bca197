"""Attendance and assessment, entered by whoever runs the session: two facts, all of a sheet or nothing (Art. 8 ¶1)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from django.db import transaction

from registry.actions.common import allow, day_of, locked
from registry.models import User
from registry.models.measure import basis_if_any
from registry.refusals import Refused
from registry.rules import day_words
from training.models import Assessment, Attendance, Enrolment, Session
from training.rules import Sitting, passes, sitting_fault
from training.states import SessionState

BATCH = 500  # rows written by one statement
STAMPS = ("entered_at", "entered_by")


@dataclass(frozen=True)
class Result:
    """What was entered for one person: day → present or not, sitting → (day, score). What is missing stays."""

    attendance: Mapping[date, bool] = field(default_factory=dict)
    scores: Mapping[int, tuple[date, Decimal]] = field(default_factory=dict)


def trace_of(enrolment: Enrolment) -> str:
    """What stands recorded of a person, in 16 characters: a page sends it back, so that a newer entry is noticed."""
    days = sorted(f"{row.day_id} {row.present}" for row in enrolment.attendances.all())
    sittings = sorted(f"{row.sitting} {row.sat_on} {row.score}" for row in enrolment.assessments.all())
    return hashlib.sha256(f"{days}{sittings}".encode()).hexdigest()[:16]


@transaction.atomic
def enter_results(
    session: Session, *, results: Mapping[int, Result], by: User, at, seen: Mapping[int, str] = MappingProxyType({})
) -> int:
    """Write attendance and scores by enrolment's key; returns how many values changed. All or nothing.

    ``seen`` is what the page showed of each (see ``trace_of``); where it is given, a newer entry is not overwritten.
    Raises Refused, naming the person, for a day outside the session or to come, a score that cannot be, a re-sit
    without the sitting before, and for anything that a certificate already stands on.
    """
    session = locked(Session.unscoped.select_related("body"), session.pk)
    allow(by, "training.run", session)
    if session.state != SessionState.PUBLISHED:
        raise Refused("这一期没有发布，不能登记考勤和成绩。")
    held = {
        row.pk: row for row in session.enrolments.seated().filter(pk__in=results).with_results().select_for_update(
            of=("self",), no_key=True
        )
    }  # fmt: skip
    if set(results) - set(held):
        raise Refused("名单已有变化，请刷新后再登记。")
    sheet = _Sheet({row.day: row for row in session.days.all()}, session.pass_mark, by, at)
    changes = [row for pk, result in results.items() for row in sheet.changes(held[pk], result, seen.get(pk))]
    _write(Attendance, changes, "present")
    _write(Assessment, changes, "sat_on", "score", "pass_mark", "passed", "edition", "outside_basis")
    return len(changes)


def _write(model, changes: list, *fields: str) -> None:
    """Write the changed rows of one kind, in few statements whatever their number."""
    rows = [row for row in changes if isinstance(row, model)]
    model.unscoped.bulk_update([row for row in rows if row.pk], [*fields, *STAMPS], batch_size=BATCH)
    model.unscoped.bulk_create([row for row in rows if not row.pk], batch_size=BATCH)


def _on_record(row: Assessment | None) -> Sitting | None:
    return row and Sitting(row.sat_on, row.passed)


class _Sheet:
    """Finds what changes for one person after the other, within one session."""

    def __init__(self, days: dict, pass_mark: int, by: User, at):
        self.days, self.pass_mark, self.by, self.at = days, pass_mark, by, at
        self.basis = basis_if_any(day_of(at))

    def changes(self, enrolment: Enrolment, result: Result, seen: str | None) -> list:
        """The rows that change for one person. Raises Refused with the person's name."""
        name, before = enrolment.candidate.name, trace_of(enrolment)
        changes = [*self._attendance(enrolment, result), *self._scores(enrolment, result)]
        if changes and enrolment.certificate:
            raise Refused(f"{name}已发证书，考勤和成绩不能再改。")
        if changes and seen not in (None, before):
            raise Refused(f"{name}的考勤或成绩刚刚被他人修改，这次没有保存。请对照最新内容，确认后再次保存。")
        for row in changes:
            row.entered_at, row.entered_by = self.at, self.by
            if isinstance(row, Assessment):
                row.stand_on(self.basis)
        return changes

    def _attendance(self, enrolment: Enrolment, result: Result):
        known = {row.day_id: row for row in enrolment.attendances.all()}
        for day, present in result.attendance.items():
            if day not in self.days:
                raise Refused(f"{enrolment.candidate.name}：{day_words(day)}不是这一期的培训日。")
            if day > day_of(self.at):
                raise Refused(f"{enrolment.candidate.name}：{day_words(day)}还没有到，不能登记考勤。")
            row = known.get(self.days[day].pk) or Attendance(enrolment=enrolment, day=self.days[day])
            if row.present is not present:
                row.present = present
                yield row

    def _scores(self, enrolment: Enrolment, result: Result):
        known = {row.sitting: row for row in enrolment.assessments.all()}
        for sitting, (sat_on, score) in sorted(result.scores.items()):
            fault = sitting_fault(
                sitting=sitting, sat_on=sat_on, score=score, pass_mark=self.pass_mark, first_day=min(self.days),
                today=day_of(self.at), before=_on_record(known.get(sitting - 1)),
                after=_on_record(known.get(sitting + 1)),
            )  # fmt: skip
            if fault:
                raise Refused(f"{enrolment.candidate.name}：{fault[1]}")
            row = known.get(sitting) or Assessment(enrolment=enrolment, sitting=sitting)
            if (row.sat_on, row.score) != (sat_on, score):
                row.sat_on, row.score, row.pass_mark = sat_on, score, self.pass_mark
                row.passed = passes(score, self.pass_mark)
                known[sitting] = row
                yield row
