"""What the list of performance targets can be narrowed by."""

from django.db.models import Exists, OuterRef, TextChoices

from appointments.models import Target, TargetResult
from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.policies import counties_of

YEARS_BACK, YEARS_AHEAD = 5, 1


class SheetState(TextChoices):
    """How the agreement of a year stands."""

    NONE = "none", "没有约定"
    AGREED = "agreed", "结果未齐"
    TOLD = "told", "结果已齐"


class TargetFilter(ListFilter):
    """Appointments in force in a year: by words, county, year and how the agreement stands.

    Asks rows annotated with ``sheet_pk``, the agreement in hand of the year shown.
    """

    q = LineField(label="企业、人选或编号", required=False, max_length=60)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")
    year = PickField(label="年度", required=False, choices=[], empty="今年")
    state = PickField(label="绩效约定", required=False, choices=SheetState.choices)

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        years = range(today.year + YEARS_AHEAD, today.year - YEARS_BACK, -1)
        self.fields["year"].choices = [("", "今年"), *((str(year), f"{year}年") for year in years)]
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if not user.is_city_wide:
            del self.fields["county"]
        if user.enterprise_id:
            del self.fields["q"]

    @property
    def asked_year(self) -> int:
        """The year shown: this one unless another is asked for."""
        self.is_valid()
        return int(self.cleaned_data.get("year") or self.today.year)

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def by_county(self, rows, county):
        return rows.filter(county=county)

    def by_year(self, rows, year):
        """The year chooses what is annotated; the page does that before it narrows."""
        return rows

    def by_state(self, rows, state):
        untold = Exists(
            Target.unscoped.filter(sheet=OuterRef("sheet_pk")).exclude(
                Exists(TargetResult.unscoped.filter(target=OuterRef("pk")))
            )
        )
        return {
            SheetState.NONE: lambda: rows.filter(sheet_pk=None),
            SheetState.AGREED: lambda: rows.filter(untold, sheet_pk__isnull=False),
            SheetState.TOLD: lambda: rows.filter(~untold, sheet_pk__isnull=False),
        }[SheetState(state)]()
