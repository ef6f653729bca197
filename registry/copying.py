"""Many rows at once: PostgreSQL's COPY in, and one UPDATE for thousands. The history's triggers see both.

Nothing of Django's stands between: who calls has checked the values, and has taken the locks.
"""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from django.db import connection, models
from psycopg2.extras import Range

BATCH = 5000  # rows a statement
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def in_batches(rows: Iterable, size: int) -> Iterator[list]:
    """The rows in lists of at most ``size``."""
    each = iter(rows)
    while some := list(islice(each, size)):
        yield some


def new_keys(model: type[models.Model], count: int) -> list[int]:
    """So many primary keys of a table, taken from its sequence."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        sql = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
        cursor.execute(sql, [table, column, count])
        return [key for (key,) in cursor.fetchall()]


def copy_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add rows, given as values in the order of the fields' ``names`` (attnames); in the caller's transaction."""
    columns = ", ".join(connection.ops.quote_name(model._meta.get_field(name).column) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        # History's context is told before statements that go through Django's cursor, and COPY does not.
        cursor.execute("VALUES (1)")
        for some in in_batches(rows, BATCH):
            text = "".join("\t".join(map(_shown, row)) + "\n" for row in some)
            # nosemgrep: sql-is-literal (the names are the model's own)
            cursor.cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(text))


def update_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[tuple[int, Sequence[object]]]) -> None:
    """Write values over rows, each given by its key, in the order of ``names``; and count their versions up."""
    quote, fields = connection.ops.quote_name, [model._meta.get_field(name) for name in names]
    to = ", ".join(f"{quote(field.column)} = v.{quote(field.column)}" for field in fields)
    typed = ", ".join(f"{quote(field.column)} {field.db_type(connection)}" for field in fields)
    table = quote(model._meta.db_table)
    # nosemgrep: sql-is-literal (the names are the model's own)
    sql = f"""UPDATE {table} AS t SET {to}, version = t.version + 1
        FROM jsonb_to_recordset(%s::jsonb) AS v(pk_ bigint, {typed}) WHERE t.id = v.pk_"""
    columns = [field.column for field in fields]
    with connection.cursor() as cursor:
        for some in in_batches(rows, BATCH):
            told = [{"pk_": key, **dict(zip(columns, values, strict=True))} for key, values in some]
            cursor.execute(sql, [json.dumps(told, ensure_ascii=False)])


def _shown(value: object) -> str:
    """A value as COPY's text format has it."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES) if not value.isprintable() or "\\" in value else value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Range):
        return f"[{value.lower or ''},{value.upper or ''})"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str).replace("\\", "\\\\")  # it has no raw tab or break
    return str(value)
