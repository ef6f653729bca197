"""How many rows there are of several kinds, asked in one statement."""

from django.db import DEFAULT_DB_ALIAS
from django.db.models import IntegerField, QuerySet, Subquery
from django.db.models.sql import Query
from django.db.models.sql.constants import SINGLE


class CountOf(Subquery):
    """How many rows a queryset holds, as a column; 0 for one that is known to be empty."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: QuerySet):
        super().__init__(rows.values("pk"))
        self.query.clear_ordering()  # a slice keeps the order it was taken in


def counted(*rows: QuerySet) -> list[int]:
    """How many rows each of them holds, in one query."""
    query = Query(None)
    for number, each in enumerate(rows):
        query.add_annotation(CountOf(each), f"count_{number}")
    return list(query.get_compiler(DEFAULT_DB_ALIAS).execute_sql(SINGLE))
