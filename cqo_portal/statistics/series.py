"""Counts of what happened in each period of a series, or stood at the end of each: in one query."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import connection
from django.db.models import DateField, DateTimeField, QuerySet
from django.db.models.functions import Trunc
from psycopg2 import sql

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


STANDING = """
    SELECT width_bucket(since, {after}::date[]), width_bucket(until, {after}::date[]), count(*) FROM (%s) spans
    WHERE until IS NULL OR since < until GROUP BY 1, 2"""


def standing_at(days: Sequence[date], spans: str, **parts: QuerySet) -> list[int]:
    """For each day, how many spans of ``spans`` hold it: a statement that gives ``since`` and ``until`` (exclusive).

    The database counts them in groups by the days that they reach, whatever their number.
    """
    groups = over(STANDING % spans, after=[day + timedelta(days=1) for day in days], **parts)
    return [
        sum(n for since, until, n in groups if since <= place and (until is None or place < until))
        for place in range(len(days))
    ]


def over(select: str, **parts: object) -> list[tuple]:
    """What a statement says of query sets, and of values, that stand in it as ``{name}``."""
    with connection.cursor() as cursor:
        texts = {name: sql.SQL(_text(cursor, part)) for name, part in parts.items()}
        statement = sql.SQL(select).format(**texts).as_string(cursor.connection)
        cursor.execute(statement)
        return cursor.fetchall()


def _text(cursor, part: object) -> str:
    """A query set as a statement in brackets, its values quoted by the driver; or a value so."""
    if isinstance(part, QuerySet):
        text, values = part.query.sql_with_params()
        return f"({cursor.mogrify(text, values).decode()})"
    return cursor.mogrify("%s", [part]).decode()
