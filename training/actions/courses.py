"""Courses elsewhere: the municipal bureau recognises them; whether they count, the reading says (Art. 8 ¶2)."""

from django.db import transaction

from registry.actions.common import allow, locked
from registry.models import User
from registry.refusals import Refused
from training.models import CourseRecognition, TrainingRecord
from training.states import TrainingKind


@transaction.atomic
def recognise_course(record: TrainingRecord, *, hours: int, by: User, at) -> CourseRecognition:
    """Recognise a course elsewhere, with hours not beyond those it had; its evidence has to be on file."""
    record = locked(TrainingRecord.unscoped, record.pk)
    allow(by, "training.recognise_course")
    if record.kind != TrainingKind.CONTINUING:
        raise Refused("只认定继续教育课程。")
    if record.evidence_id is None:
        raise Refused("没有证明材料，不能认定。")
    if not 1 <= hours <= (record.hours or 0):
        raise Refused(f"认定学时为 1 至 {record.hours or 0}。", field="hours")
    if hasattr(record, "recognition"):
        raise Refused("这门课程已经认定。")
    return CourseRecognition.unscoped.create(record=record, hours=hours, recognised_at=at, recognised_by=by)


@transaction.atomic
def drop_recognition(recognition: CourseRecognition, *, by: User, at) -> None:
    """Take a recognition back; the history keeps it."""
    allow(by, "training.recognise_course")
    locked(TrainingRecord.unscoped, recognition.record_id)
    recognition.delete()
