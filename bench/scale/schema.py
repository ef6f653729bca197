"""What a load takes out of the schema and puts back: triggers, indexes, foreign keys, and columns without a default.

Putting a constraint back checks every row against it: a load that went wrong does not end.
"""

import pghistory.models
from django.apps import apps
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED
from psycopg2 import sql
from psycopg2.extras import Json

OURS = ("registry", "training", "appointments")
# When an event of history happened: the first of these that its row has.
MOMENTS = ("created_at", "recorded_at", "enrolled_at", "entered_at", "proposed_at", "loaded_at", "date_joined",
           "recognised_at")  # fmt: skip
# Dropped in this order, put back in the opposite one: a foreign key needs the unique constraint it points to.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'x', 'u') ORDER BY contype <> 'f', conname
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace AND NOT indisprimary
    ORDER BY indrelid, indexrelid
"""


def rows(statement: str, parameters=None) -> list[tuple]:
    """What a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def run(*statements: str | sql.Composable) -> None:
    """Carry statements out; no percent sign in them means anything."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def our_models() -> list[type[models.Model]]:
    """The portal's own tables, those of history included."""
    return [m for m in apps.get_models() if m._meta.app_label in OURS and m._meta.managed and not m._meta.proxy]


def stripped() -> tuple[list, list]:
    """Switch our triggers off and drop all but checks and primary keys; what is to be put back, in order."""
    for model in our_models():
        run(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(model._meta.db_table)))
    constraints = rows(CONSTRAINTS)
    for table, name, _ in constraints:
        run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = rows(INDEXES)
    for name, _ in indexes:
        run(f"DROP INDEX {name}")
    return constraints, indexes


def put_back(constraints: list, indexes: list) -> None:
    """The indexes, the constraints and the triggers again. Raises IntegrityError for a row that breaks one."""
    run(*(definition for _, definition in indexes))
    run(*(f"ALTER TABLE {table} ADD CONSTRAINT {name} {how}" for table, name, how in reversed(constraints)))
    for model in our_models():
        run(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(model._meta.db_table)))


def _default(field: models.Field):
    """What Django would write into a column that a statement leaves out; NOT_PROVIDED where that is an error."""
    if field.primary_key or field.null or field.generated or field.db_default is not NOT_PROVIDED:
        return NOT_PROVIDED
    if field.has_default():
        if isinstance(field, models.JSONField):
            return Json(field.get_default())
        return NOT_PROVIDED if callable(field.default) else field.get_prep_value(field.default)
    return "" if isinstance(field, (models.CharField, models.TextField)) and field.blank else NOT_PROVIDED


def set_defaults() -> None:
    """Let the database fill in what Django's models would, so that a load names only what it decides."""
    for model in our_models():
        for field in model._meta.concrete_fields:
            if (value := _default(field)) is not NOT_PROVIDED:
                _alter(model, field, sql.SQL("SET DEFAULT {}").format(sql.Literal(value)))


def stand_on(edition: int) -> None:
    """Let every act stand on this edition unless a statement says otherwise."""
    for model in our_models():
        if not issubclass(model, pghistory.models.Event) and "edition" in {f.name for f in model._meta.concrete_fields}:
            _alter(model, model._meta.get_field("edition"), sql.SQL("SET DEFAULT {}").format(sql.Literal(edition)))


def drop_defaults() -> None:
    """The tables as the migrations made them."""
    for model in our_models():
        for field in model._meta.concrete_fields:
            if _default(field) is not NOT_PROVIDED or field.name == "edition":
                _alter(model, field, sql.SQL("DROP DEFAULT"))


def _alter(model, field, how: sql.Composable) -> None:
    names = sql.Identifier(model._meta.db_table), sql.Identifier(field.column)
    run(sql.SQL("ALTER TABLE {} ALTER {} {}").format(*names, how))


def write_history() -> None:
    """An event for each tracked row's insertion, and for an appointment's filing."""
    for model in our_models():
        if issubclass(model, pghistory.models.Event):
            _write_events(model, "insert")
    _write_events(apps.get_model("appointments", "AppointmentEvent"), "update", "filed_at")


def _write_events(event, label: str, moment: str = "") -> None:
    tracked = event.pgh_tracked_model
    columns = [f.column for f in event._meta.concrete_fields if not f.name.startswith("pgh_")]
    names = {f.name for f in tracked._meta.concrete_fields}
    at = moment or next((name for name in MOMENTS if name in names), "")
    context = "md5('context' || id)::uuid" if tracked._meta.label == "appointments.Appointment" else "NULL::uuid"
    run(
        sql.SQL(
            "INSERT INTO {event} (pgh_created_at, pgh_label, pgh_obj_id, pgh_context_id, {columns})"
            " SELECT {at}, {label}, id, {context}, {columns} FROM {table} WHERE {which} ORDER BY id"
        ).format(
            event=sql.Identifier(event._meta.db_table),
            table=sql.Identifier(tracked._meta.db_table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            at=sql.Identifier(at) if at else sql.SQL("now()"),
            label=sql.Literal(label),
            context=sql.SQL(context),
            which=sql.SQL("{} IS NOT NULL" if moment else "id NOT IN (SELECT pgh_obj_id FROM {})").format(
                sql.Identifier(moment or event._meta.db_table)
            ),
        )
    )


def set_sequences() -> None:
    """Let each table's numbers go on after the last."""
    for model in our_models():
        table, key = model._meta.db_table, model._meta.pk
        if isinstance(key, models.AutoField | models.BigAutoField):
            run(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 0) + 1, false) FROM {}"
                ).format(sql.Literal(table), sql.Literal(key.column), sql.Identifier(key.column), sql.Identifier(table))
            )
