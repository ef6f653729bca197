"""How often something was done: checks of papers by day, requests by window. No row names an address or a person."""

from __future__ import annotations

from django.db import connection, models
from django.db.models import Sum

from registry.models.base import Base, PortalQuerySet
from registry.states import STAFF, CheckResult, CheckWay


class CountedQuerySet(PortalQuerySet):
    """Rows that count: one for each key, under which a unique constraint stands."""

    def count_up(self, *keys: dict) -> list[int]:
        """One more under each of these keys, which differ and name the same fields; the new counts, in their order.

        One statement, so that no other process comes between and all are written at once.
        """
        quote, meta = connection.ops.quote_name, self.model._meta
        fields = [meta.get_field(name) for name in keys[0]]
        table, columns = quote(meta.db_table), ", ".join(quote(field.column) for field in fields)
        rows = [[field.get_db_prep_save(key[field.name], connection) for field in fields] for key in keys]
        row = f"({', '.join(['%s'] * len(fields))}, 1)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({columns}, count) VALUES {', '.join([row] * len(rows))}"
                f" ON CONFLICT ({columns}) DO UPDATE SET count = {table}.count + 1 RETURNING count",
                [value for row in rows for value in row],
            )
            return [count for (count,) in cursor.fetchall()]


class RateWindowQuerySet(CountedQuerySet):
    """Windows are the machine's own; no page shows them."""

    def visible_to(self, user):
        """Nothing, to anybody."""
        return self.none()


class RateWindow(Base):
    """How often one client did one thing until ``ends_at``. The key is a keyed hash: no address can be read from it."""

    key = models.CharField(max_length=64)
    ends_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    unscoped = RateWindowQuerySet.as_manager()

    class Meta(Base.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["key", "ends_at"],
                name="rate_window_once",
                violation_error_message="同一时段只有一个计数。",
            )
        ]


class VerificationTallyQuerySet(CountedQuerySet):
    """What one asks of the tallies."""

    def visible_to(self, user):
        """The bureaus see how often papers are checked; nobody else does."""
        return self if user.is_authenticated and user.is_active and user.role in STAFF else self.none()


class VerificationTally(Base):
    """How often a paper was checked on a day, how, and with which answer. Codes we do not know count as one."""

    day = models.DateField("日期")
    code = models.CharField("核验码", max_length=60, blank=True)
    answer = models.CharField("答复", max_length=16, choices=CheckResult.choices)
    via = models.CharField("方式", max_length=8, choices=CheckWay.choices)
    count = models.PositiveIntegerField("次数", default=0)

    unscoped = VerificationTallyQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "核验计数"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "day", "answer", "via"],  # the code first: it is what one asks for
                name="verification_tally_once",
                violation_error_message="同一天同一份文件的同一种答复只有一个计数。",
            )
        ]


def tally_of(code: str) -> int:
    """How often the paper with this code was checked, by whatever way."""
    return VerificationTally.unscoped.filter(code=code).aggregate(total=Sum("count", default=0))["total"]
