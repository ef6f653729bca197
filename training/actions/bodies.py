"""Keeping the register of training bodies: who may train, from when to when, and who acts for them (Art. 8 ¶1)."""

from datetime import date, timedelta

from django.db import transaction

from registry.actions.common import allow, locked, next_number
from registry.models import County, User
from registry.models.measure import days
from registry.refusals import Refused
from registry.states import Role
from training.models import Recognition, TrainerMembership, TrainingBody
from training.rules import mark_fault
from training.states import BodyKind

EDITABLE = ("name", "contact_name", "contact_phone")


@transaction.atomic
def add_body(*, name: str, mark: str, kind: str, by: User, at, county: County | None = None, **contact) -> TrainingBody:
    """Put a training body on the register: a bureau itself, or one that a recognition follows for."""
    allow(by, "training.keep_bodies")
    if kind == BodyKind.RECOGNISED and county:
        raise Refused("只有县(市、区)局自办的才写县(市、区)。", field="county")
    if fault := mark_fault(mark):
        raise Refused(fault, field="mark")
    if TrainingBody.unscoped.filter(name=name).exists():
        raise Refused("该名称的培训机构已在名录中。", field="name")
    if TrainingBody.unscoped.filter(mark=mark).exists():
        raise Refused("该发证代字已由另一机构使用；两家机构不能有同一证书编号。", field="mark")
    if kind == BodyKind.BUREAU and TrainingBody.unscoped.filter(kind=kind, county=county).exists():
        raise Refused("这一级质监部门已在培训机构名录中。", field="kind")
    reference = f"JG{next_number('training_body', 0):04d}"
    return TrainingBody.unscoped.create(
        reference=reference, name=name, mark=mark, kind=kind, county=county, created_at=at, created_by=by, **contact
    )


@transaction.atomic
def change_body(body: TrainingBody, *, version: int, by: User, at, **values) -> TrainingBody:
    """Correct name and contact; the mark never changes, since it stands in numbers given. Raises Stale."""
    body = locked(TrainingBody.unscoped, body.pk, version)
    allow(by, "training.keep_bodies")
    if TrainingBody.unscoped.filter(name=values.get("name", body.name)).exclude(pk=body.pk).exists():
        raise Refused("该名称的培训机构已在名录中。", field="name")
    for name in EDITABLE:
        setattr(body, name, values.get(name, getattr(body, name)))
    body.version += 1
    body.save()
    return body


@transaction.atomic
def recognise_body(
    body: TrainingBody,
    *,
    first_day: date,
    last_day: date | None,
    document_title: str,
    document_number: str,
    by: User,
    at,
) -> Recognition:
    """Record that the bureau recognises a body from a day on (Art. 8 ¶1); last day inclusive, None: no end set."""
    body = locked(TrainingBody.unscoped, body.pk)
    allow(by, "training.keep_bodies")
    if body.kind == BodyKind.BUREAU:
        raise Refused("质监部门自己组织培训，不需要认可。")
    if last_day and last_day < first_day:
        raise Refused("末日不得早于首日。", field="last_day")
    period = days(first_day, last_day)
    if taken := body.recognitions.filter(period__overlap=period).first():
        raise Refused(f"这段时间已由{taken.document_number}认可。", field="first_day")
    return Recognition.unscoped.create(
        body=body, document_title=document_title, document_number=document_number, period=period,
        recorded_at=at, recorded_by=by,
    )  # fmt: skip


@transaction.atomic
def end_recognition(recognition: Recognition, *, last_day: date, by: User, at) -> Recognition:
    """Record the last day on which a body is recognised; sessions held before it keep their worth."""
    locked(TrainingBody.unscoped, recognition.body_id)
    allow(by, "training.keep_bodies")
    recognition = locked(Recognition.unscoped, recognition.pk)
    if last_day not in recognition.period:
        raise Refused("这一天不在认可期间内。", field="last_day")
    recognition.period = (recognition.period.lower, last_day + timedelta(days=1))
    recognition.recorded_at, recognition.recorded_by = at, by
    recognition.save()
    return recognition


@transaction.atomic
def add_trainer(body: TrainingBody, *, user: User, by: User, at) -> TrainerMembership:
    """Let a trainer's account act for a body. Raises Refused for any other account, or one that has its body."""
    allow(by, "training.keep_trainers")
    user = locked(User.unscoped, user.pk)
    if user.role != Role.TRAINER:
        raise Refused("只能选择角色为“培训机构”的账号。", field="user")
    if TrainerMembership.unscoped.filter(user=user).exists():
        raise Refused("这个账号已属于一家培训机构。", field="user")
    return TrainerMembership.unscoped.create(body=body, user=user, recorded_at=at, recorded_by=by)


@transaction.atomic
def remove_trainer(membership: TrainerMembership, *, by: User, at) -> None:
    """End it; the history keeps it. Takes effect at the account's next request."""
    allow(by, "training.keep_trainers")
    membership.delete()
