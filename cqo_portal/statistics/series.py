"""Counts of what happened in each period of a series, in one query."""

from datetime import timedelta

from django.db.models import DateField, DateTimeField, QuerySet
from django.db.models.functions import Trunc

from cqo_portal.statistics.declared import Asked, Period
from registry.filters import midnight


def within(rows: QuerySet, field: str, first, last) -> QuerySet:
    """The rows whose day or moment lies between two days, both inclusive; an index on the field serves."""
    if isinstance(_field(rows.model, field), DateTimeField):
        return rows.filter(**{f"{field}__gte": midnight(first), f"{field}__lt": midnight(last + timedelta(days=1))})
    return rows.filter(**{f"{field}__gte": first, f"{field}__lte": last})


def _field(model, path: str):
    """The field at the end of a path of relations."""
    *relations, name = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    return model._meta.get_field(name)


def by_period(rows: QuerySet, field: str, asked: Asked, **counts) -> dict[Period, dict[str, int]]:
    """Period → the counts of the rows whose ``field`` (a day or a moment) lies in it; 0 where there are none."""
    inside = within(rows, field, asked.periods[0].first, asked.periods[-1].last)
    begun = Trunc(field, asked.step, output_field=DateField())
    found = {row["begun"]: row for row in inside.annotate(begun=begun).order_by().values("begun").annotate(**counts)}
    nothing = dict.fromkeys(counts, 0)
    return {period: found.get(period.first, nothing) for period in asked.periods}
