"""How many rows there are of several kinds, asked in one statement."""

from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import IntegerField, QuerySet, Subquery
from django.db.models.sql import Query

Statement = tuple[str, tuple]


class CountOf(Subquery):
    """How many rows a queryset holds, as a column; 0 for one that is known to be empty."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: QuerySet):
        super().__init__(rows.values("pk"))
        self.query.clear_ordering()  # a slice keeps the order it was taken in


def counting(rows: Iterable[QuerySet]) -> Statement:
    """The statement that counts them all, with its parameters; to write it takes longer than to answer it."""
    query = Query(None)
    for number, each in enumerate(rows):
        query.add_annotation(CountOf(each), f"count_{number}")
    return query.get_compiler(DEFAULT_DB_ALIAS).as_sql()


def answered(statement: Statement) -> list[int]:
    """The figures, in the order of what is counted."""
    with connection.cursor() as cursor:
        # nosemgrep: sql-is-literal (written by ``counting`` from querysets, its values apart)
        cursor.execute(*statement)
        return list(cursor.fetchone())


def counted(*rows: QuerySet) -> list[int]:
    """How many rows each of them holds, in one query."""
    return answered(counting(rows))
