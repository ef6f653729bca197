"""Rows of several tables, read in one statement: what a page puts side by side costs one question, not one each."""

from collections.abc import Iterator
from decimal import Decimal

from django.contrib.postgres.fields import DateRangeField
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import (
    BinaryField,
    DateField,
    DecimalField,
    F,
    Field,
    Func,
    JSONField,
    Model,
    QuerySet,
    Value,
    Window,
    prefetch_related_objects,
)
from django.db.models.functions import RowNumber


class WholeRow(Func):
    """As JSON: the whole row that a column belongs to; null where a join found none."""

    output_field = JSONField()

    def as_sql(self, compiler, connection, **options):
        (column,) = self.source_expressions
        return f"to_jsonb({compiler.quote_name_unless_alias(column.alias)})", []


def together(*parts: QuerySet) -> list[list[Model]]:
    """The rows of each of these, in its own order, as each would give them by itself.

    What ``select_related`` names comes with them, annotations too; a prefetch costs its own question, as ever.
    """
    ones = [_as_json(number, rows) for number, rows in enumerate(parts)]
    found: list[list[Model]] = [[] for _ in parts]
    for number, _, told in sorted(ones[0].union(*ones[1:], all=True), key=lambda row: row[:2]):
        found[number].append(_made(parts[number], told))
    for rows, made in zip(parts, found, strict=True):
        prefetch_related_objects(made, *rows._prefetch_related_lookups)
    return found


def _as_json(number: int, rows: QuerySet) -> QuerySet:
    """(part, place in it, [the row, what is joined to it, what is annotated]): one shape for every table."""
    own = [WholeRow(F("__".join([*path, _column_of(model)]))) for path, model in _joined(rows)]
    told = Func(*own, *map(F, rows.query.annotation_select), function="jsonb_build_array", output_field=JSONField())
    order = rows.query.order_by or rows.model._meta.ordering
    rows = rows if rows.query.is_sliced else rows.order_by()  # a slice needs the order it is taken in
    return rows.values_list(Value(number), Window(RowNumber(), order_by=order or None), told)


def _joined(rows: QuerySet) -> Iterator[tuple[tuple[str, ...], type[Model]]]:
    """The model itself and all that comes along, each before what hangs on it: how one gets there, and its model."""

    def below(path: tuple[str, ...], model: type[Model], names: dict) -> Iterator:
        yield path, model
        for name, further in names.items():
            yield from below((*path, name), model._meta.get_field(name).related_model, further)

    yield from below((), rows.model, rows.query.select_related or {})


def _column_of(model: type[Model]) -> str:
    """A column by which to name the model's table; the key is no good, since it stands in what refers to it as well."""
    return next(field.attname for field in model._meta.concrete_fields if not field.primary_key)


def _made(rows: QuerySet, told: list) -> Model:
    """The row with what is joined to it in place, and what is annotated."""
    made: dict[tuple[str, ...], Model | None] = {}
    for (path, model), values in zip(_joined(rows), told, strict=False):
        made[path] = row = values and _row(model, values)
        if path and (holder := made[path[:-1]]):
            field = holder._meta.get_field(path[-1])
            field.set_cached_value(holder, row)
            if row and field.one_to_one:
                field.remote_field.set_cached_value(row, holder)
    row = made[()]
    for name, value in zip(rows.query.annotation_select, told[len(made) :], strict=True):
        setattr(row, name, _value(rows.query.annotation_select[name].output_field, value))
    return row


def _row(model: type[Model], values: dict) -> Model:
    fields = model._meta.concrete_fields
    return model.from_db(None, [f.attname for f in fields], [_value(f, values[f.column]) for f in fields])


def _value(field: Field, value):
    """What the driver would have given."""
    if value is None or isinstance(field, JSONField):
        return value
    if isinstance(field, DateRangeField):
        first, end = (DateField().to_python(day or None) for day in value[1:-1].split(","))
        return DateRange(first, end)
    if isinstance(field, DecimalField):
        return round(Decimal(str(value)), field.decimal_places)
    return bytes.fromhex(value[2:]) if isinstance(field, BinaryField) else field.to_python(value)
