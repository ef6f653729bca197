"""Words by which rows are found: folded once, when they are written, and held in an index by their characters.

Chinese has no spaces to cut words at, and most names have two or three characters. So the index holds each character
and each pair of neighbours; what it finds is then compared as a whole. ``cqo_fold`` and ``cqo_grams`` are these rules
in SQL (``registry/migrating.py``).
"""

from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase
from unicodedata import normalize

from django.contrib.postgres.indexes import GinIndex
from django.db.models import F, Func, GeneratedField, Lookup, Q, TextField, Value
from django.db.models.functions import Concat

UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
BETWEEN = "|"  # so that no word runs over from one column into the next


def fold(words: str) -> str:
    """The words as they are compared: full-width forms as their plain ones, no spaces, capital letters."""
    return "".join(normalize("NFKC", words).split()).translate(UPPER)


def grams(folded: str) -> list[str]:
    """What the index is asked for: the pairs of neighbours, or the one character there is."""
    return [a + b for a, b in pairwise(folded)] or [folded]


class WordsField(TextField):
    """Folded words of a row; ``__holds`` finds those that hold what somebody typed."""


@WordsField.register_lookup
class Holds(Lookup):
    """``search__holds="张三"``; nothing but spaces is held by every row."""

    lookup_name = "holds"

    def get_prep_lookup(self):
        return fold(self.rhs)

    def as_sql(self, compiler, connection):
        column, params = self.process_lhs(compiler, connection)
        if not self.rhs:
            return "TRUE", []
        literal = connection.ops.prep_for_like_query(self.rhs)
        sql = f"(cqo_grams({column}) @> %s AND {column} LIKE %s)"
        return sql, [*params, grams(self.rhs), *params, f"%{literal}%"]


def found_by(rows, *conditions: Q):
    """The rows that meet one of the conditions, each asked of its own index; OR would have every row read."""
    found = [rows.model.unscoped.filter(condition).order_by().values("pk") for condition in conditions]
    return rows.filter(pk__in=found[0].union(*found[1:]))


def words_of(*columns: str) -> GeneratedField:
    """A column that the database fills with the folded words of others."""
    parts = [part for column in columns for part in (Value(BETWEEN), F(column))][1:]
    return GeneratedField(
        expression=Func(Concat(*parts) if parts[1:] else parts[0], function="cqo_fold"),
        output_field=WordsField(),
        db_persist=True,
    )


def words_index(name: str) -> GinIndex:
    """The index behind ``search__holds``."""
    return GinIndex(Func(F("search"), function="cqo_grams"), name=name)
