"""What the calendar of obligations can be narrowed by."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from appointments.obligations import CAN_BE_OVERDUE, Obligation
from appointments.states import ObligationKind
from registry.fields import PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.policies import counties_of
from registry.strands import Strand, Strands

DAY = timedelta(days=1)
OVERDUE = [("yes", "已过期未办"), ("no", "尚未到期")]


def month_of(day: date) -> str:
    """2026-11 for a day of that month."""
    return f"{day:%Y-%m}"


def month_words(day: date) -> str:
    """2026年11月 for a day of that month."""
    return f"{day.year}年{day.month}月"


def is_overdue(duty: Obligation, today: date) -> bool:
    """Whether the day of a duty that can be overdue went by."""
    return duty.can_be_overdue and duty.due_on < today


class ObligationFilter(ListFilter):
    """履职事项: rows are strands of several kinds, each narrowed in its own way."""

    field_order = ["month", "kind", "overdue", "county"]

    month = PickField(label="月份", required=False, choices=[])
    kind = PickField(label="事项", required=False, choices=ObligationKind.choices)
    overdue = PickField(label="期限", required=False, choices=OVERDUE)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today, duties: Strands):
        super().__init__(data, user=user, today=today)
        self.duties = duties
        self.fields["month"].choices = [("", "不限"), *((month_of(day), month_words(day)) for day in _months(duties))]
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "全市"
        if not user.is_city_wide:
            del self.fields["county"]

    def by_month(self, duties, month):
        first = date.fromisoformat(f"{month}-01")
        return duties.each(lambda strand: strand.between(first, _next_month(first) - DAY))

    def by_kind(self, duties, kind):
        return duties.only(lambda strand: strand.kind == kind)

    def by_overdue(self, duties, answer):
        return overdue(duties, self.today) if answer == "yes" else _in_time(duties, self.today)

    def by_county(self, duties, county):
        return duties.each(lambda strand: replace(strand, rows=strand.rows.filter(**{_county(strand): county})))


def overdue(duties: Strands, today: date) -> Strands:
    """Those whose day went by, of the kinds that can be overdue."""
    return duties.only(lambda strand: strand.kind in CAN_BE_OVERDUE).each(
        lambda strand: strand.between(last=today - DAY)
    )


def _in_time(duties: Strands, today: date) -> Strands:
    """All others."""
    return duties.each(lambda strand: strand.between(today) if strand.kind in CAN_BE_OVERDUE else strand)


def _county(strand: Strand) -> str:
    return "county" if strand.whose == "pk" else f"{strand.whose}__county"


def _months(duties: Strands) -> Iterator[date]:
    """The first days of the months from the first duty to the last."""
    if ends := duties.days():
        day = ends[0].replace(day=1)
        while day <= ends[1]:
            yield day
            day = _next_month(day)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
