"""What the calendar of obligations can be narrowed by."""

from datetime import date

from appointments.obligations import Obligation
from appointments.states import ObligationKind
from registry.fields import PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.policies import counties_of

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
    """履职事项: duties are read, not stored, so that ``narrow`` takes a list of them."""

    field_order = ["month", "kind", "overdue", "county"]

    month = PickField(label="月份", required=False, choices=[])
    kind = PickField(label="事项", required=False, choices=ObligationKind.choices)
    overdue = PickField(label="期限", required=False, choices=OVERDUE)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today, duties: list[Obligation]):
        super().__init__(data, user=user, today=today)
        self.duties = duties
        months = {month_of(duty.due_on): month_words(duty.due_on) for duty in duties}
        self.fields["month"].choices = [("", "不限"), *months.items()]
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "全市"
        if not user.is_city_wide:
            del self.fields["county"]

    def by_month(self, duties, month):
        return [duty for duty in duties if month_of(duty.due_on) == month]

    def by_kind(self, duties, kind):
        return [duty for duty in duties if duty.kind == kind]

    def by_overdue(self, duties, answer):
        return [duty for duty in duties if is_overdue(duty, self.today) == (answer == "yes")]

    def by_county(self, duties, county):
        return [duty for duty in duties if duty.appointment.enterprise.county_id == county.pk]
