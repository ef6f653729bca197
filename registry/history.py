"""What the history of tracked rows says, for staff: who, when, what changed from what to what."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import BigIntegerField, DateField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.fields.related import ForeignKey
from django.db.models.functions import Cast
from pghistory.core import event_models

from registry.models import User
from registry.one_statement import together
from registry.rules import day_words

LONGEST = 200  # entries shown, newest first
VERBS = {"insert": "新增", "update": "修改", "delete": "移除"}
# What every row carries for the machine, and nobody reads as a change.
SILENT = ("id", "version", "created_at", "created_by", "recorded_at", "recorded_by", "reference")


class Entry(NamedTuple):
    """One event: when, by whom, and a line for what happened and for each value that changed."""

    at: datetime
    who: str
    lines: list[str]


def events_of(model, **lookup) -> QuerySet:
    """The events of a tracked model's rows, deleted ones too; ``lookup`` as on the model."""
    return event_models(tracks_model=model)[0]._default_manager.filter(**lookup)


def history(*events: QuerySet) -> list[Entry]:
    """All these events as entries, newest first; in one query, names included."""
    entries, found = [], []
    *kinds, people = together(
        *(rows.select_related("pgh_context").order_by("pgh_id") for rows in events), _people(events)
    )
    by_key = {person.pk: person for person in people}
    for rows in kinds:
        before: dict[int, object] = {}
        for event in rows:
            found.append((event, before.get(event.pgh_obj_id)))
            before[event.pgh_obj_id] = event
    found.sort(key=lambda pair: (pair[0].pgh_created_at, pair[0].pgh_id), reverse=True)
    for event, earlier in found[:LONGEST]:
        tracked = type(event).pgh_tracked_model
        what = f"{VERBS[event.pgh_label]}{tracked._meta.verbose_name}"
        by = by_key.get(_user_of(event))
        who = f"{by.display_name}（{by.office_at(event.pgh_created_at)}）" if by else "系统"
        entries.append(Entry(event.pgh_created_at, who, [what, *_changes(tracked, earlier, event)]))
    return entries


def _user_of(event) -> int | None:
    return event.pgh_context.metadata.get("user") if event.pgh_context else None


def _people(events: Iterable[QuerySet]) -> QuerySet:
    """The accounts that wrote these events, each with its office at hand."""
    account = Cast(KeyTextTransform("user", "pgh_context__metadata"), BigIntegerField())
    wrote = reduce(or_, (Q(pk__in=rows.order_by().values(by_account=account)) for rows in events))
    return User.unscoped.filter(wrote).select_related("county", "enterprise")


def _changes(tracked, earlier, event) -> list[str]:
    """A line for each value: what it became, or from what to what; what it was for a row that is gone."""
    values = {"insert": (None, event), "update": (earlier, event), "delete": (None, event)}[event.pgh_label]
    lines = []
    for field in tracked._meta.concrete_fields:
        if field.name in SILENT or isinstance(field, ForeignKey) or not hasattr(event, field.attname):
            continue
        old, new = (_in_words(field, getattr(row, field.attname)) if row else "" for row in values)
        if old != new:
            lines.append(
                f"{field.verbose_name}：{old or '（空）'} → {new or '（空）'}"
                if values[0]
                else f"{field.verbose_name}：{new}"
            )
    return lines


def _in_words(field, value) -> str:
    if value is None or value == "":
        return ""
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, DateField) and isinstance(value, date):
        return day_words(value)
    if isinstance(value, DateRange):
        end = day_words(value.upper - timedelta(days=1)) if value.upper else "今"
        return f"{day_words(value.lower)}至{end}"
    return str(value)
