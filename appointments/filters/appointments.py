"""What lists of appointments can be narrowed by, and what to say of it."""

from datetime import date, timedelta

from django.db.models import TextChoices

from appointments.rules import due_day
from appointments.states import State
from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.policies import counties_of

ENDING = [("30", "30 天内"), ("60", "60 天内"), ("90", "90 天内"), ("180", "180 天内")]
TRANSCRIBED = [("yes", "代录"), ("no", "企业自行办理")]
LONGEST_WAIT = 60  # days back among which the cut of a due day is looked for; older ones are overdue anyway


class Due(TextChoices):
    """How the service promise stands."""

    OVERDUE = "overdue", "已超期"
    TODAY = "today", "今天到期"
    SOON = "soon", "3 天内到期"


class Criteria(TextChoices):
    """How the checklist stands."""

    OPINION = "opinion", "有不符合或待核实"
    CLEAR = "clear", "无不符合"


class AppointmentFilter(ListFilter):
    """任命: by words, state, county, end of term, and who wrote it in."""

    q = LineField(label="企业、人选或编号", required=False, max_length=60)
    state = PickField(label="状态", required=False, choices=State.choices)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")
    ends = PickField(label="聘任期满", required=False, choices=ENDING)
    transcribed = PickField(label="来源", required=False, choices=TRANSCRIBED)

    first_sort = "最近建立"
    sorts = (
        ("old", "最早建立", ("created_at", "pk")),
        ("sent", "最近提交", ("-submitted_at", "-pk")),
        ("ends", "聘任期满先到", ("term__endswith", "pk")),
    )

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if not user.is_city_wide:
            del self.fields["county"]
        if not user.is_staff:
            del self.fields["transcribed"]

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def by_state(self, rows, state):
        return rows.filter(state=state)

    def by_county(self, rows, county):
        return rows.filter(county=county)

    def by_ends(self, rows, number):
        """In force, the last day within so many days from today, both inclusive."""
        last = self.today + timedelta(days=int(number))
        return rows.filter(
            state=State.FILED, term__endswith__gt=self.today, term__endswith__lte=last + timedelta(days=1)
        )

    def by_transcribed(self, rows, answer):
        return rows.filter(is_transcribed=answer == "yes")


class QueueFilter(ListFilter):
    """What waits at an office: by words, county, checklist and due day."""

    q = LineField(label="企业、人选或编号", required=False, max_length=60)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")
    criteria = PickField(label="任职条件", required=False, choices=Criteria.choices)
    due = PickField(label="期限", required=False, choices=Due.choices)

    def __init__(self, data, *, user, today, stamp: str):
        super().__init__(data, user=user, today=today)
        self.stamp = stamp
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if not user.is_city_wide:
            del self.fields["county"]

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def by_county(self, rows, county):
        return rows.filter(county=county)

    def by_criteria(self, rows, answer):
        """The checklist is reckoned, not stored: the page narrows by ``criteria`` once the rows are read."""
        return rows

    def by_due(self, rows, answer):
        """The day by which the office means to be done, worked back to the days on which it began to wait."""
        first, last = {
            Due.OVERDUE: (date.min, self.today - timedelta(days=1)),
            Due.TODAY: (self.today, self.today),
            Due.SOON: (self.today, self.today + timedelta(days=3)),
        }[Due(answer)]
        days = [self.today - timedelta(days=n) for n in range(LONGEST_WAIT)]
        fits = [day for day in days if first <= due_day(day) <= last]
        if not fits:
            return rows.none()
        rows = rows.filter(**{f"{self.stamp}__date__lte": max(fits)})
        return rows if answer == Due.OVERDUE else rows.filter(**{f"{self.stamp}__date__gte": min(fits)})

    @property
    def wanted(self) -> str:
        """How the checklist is to stand; empty for any."""
        return self.cleaned_data.get("criteria", "")
