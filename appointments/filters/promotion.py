"""Lists of promotion: achievements, commendations, campaigns, pilots, policies."""

from datetime import date

from django.db.models import Q

from appointments.states import AchievementState, CampaignKind
from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.models.search import found_by
from registry.policies import counties_of

YEARS = 10  # that can be looked up, this one among them
GUIDED = [("none", "本年还没有指导"), ("due", "已到回访日期")]
VALIDITY = [("over", "已期满或者终止")]


def year_choices(today: date) -> list[tuple[str, str]]:
    """Any year, and the last ten by name."""
    return [("", "不限"), *((str(year), f"{year}年") for year in range(today.year, today.year - YEARS, -1))]


class PublicFilter(ListFilter):
    """Abstract: what anybody may narrow a public list by; every county is there, whoever asks."""

    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = County.unscoped.visible_to(user)
        self.fields["county"].empty_label = "不限"


class ExperienceFilter(PublicFilter):
    """Published achievements: by kind, county and year of publication."""

    field_order = ["kind", "county", "year"]

    kind = PickField(label="类别", required=False, choices=CampaignKind.choices)
    year = PickField(label="年度", required=False, choices=[])

    day = "published_at"

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["year"].choices = year_choices(today)

    def by_kind(self, rows, kind):
        return rows.filter(kind=kind)

    def by_county(self, rows, county):
        return rows.filter(enterprise__county=county)

    def by_year(self, rows, year):
        return rows.filter(**{f"{self.day}__year": int(year)})


class CommendedFilter(ExperienceFilter):
    """Commendations: by county and the year of the document."""

    kind = None
    day = "document_day"


class PolicyFilter(PublicFilter):
    """Policies: by county, those of the whole city with it; over or not."""

    valid = PickField(label="效力", required=False, choices=VALIDITY)

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["valid"].choices = [("", "现行有效"), *VALIDITY]

    def narrow(self, rows):
        """Those in force, unless what is over is asked for."""
        rows, current = super().narrow(rows), rows.in_force(self.today)
        return rows.exclude(pk__in=current) if self.cleaned_data.get("valid") else rows.filter(pk__in=current)

    def by_county(self, rows, county):
        return rows.filter(Q(county=county) | Q(county=None))

    def by_valid(self, rows, answer):
        """What ``narrow`` does last."""
        return rows


class WithinScope(ListFilter):
    """Abstract: a list of what belongs to enterprises; whoever has the whole city can narrow it to one county."""

    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if not user.is_city_wide:
            del self.fields["county"]

    def by_county(self, rows, county):
        return rows.filter(enterprise__county=county)


class AchievementFilter(WithinScope):
    """经验成果: by words, state and kind."""

    field_order = ["q", "state", "kind"]

    q = LineField(label="成果、人员、企业或编号", required=False, max_length=60)
    state = PickField(label="状态", required=False, choices=AchievementState.choices)
    kind = PickField(label="类别", required=False, choices=CampaignKind.choices)

    def by_q(self, rows, text):
        own = Q(title__icontains=text) | Q(reference__iexact=text)
        return found_by(rows, own, Q(candidate__search__holds=text), Q(enterprise__search__holds=text))

    def by_state(self, rows, state):
        return rows.filter(state=state)

    def by_kind(self, rows, kind):
        return rows.filter(kind=kind)


class CommendationFilter(WithinScope):
    """表彰奖励: by words and year."""

    field_order = ["q", "year"]

    q = LineField(label="企业、人员、荣誉或文号", required=False, max_length=60)
    year = PickField(label="年度", required=False, choices=[])

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["year"].choices = year_choices(today)

    def by_q(self, rows, text):
        own = Q(honour__icontains=text) | Q(document_number__icontains=text) | Q(reference__iexact=text)
        return found_by(rows, own, Q(enterprise__search__holds=text), Q(appointment__search__holds=text))

    def by_year(self, rows, year):
        return rows.filter(document_day__year=int(year))


class PilotFilter(WithinScope):
    """Pilot enterprises: by words, and by who has not been guided. Rows are enterprises with their last guidance."""

    field_order = ["q", "guided"]

    q = LineField(label="企业名称、代码或编号", required=False, max_length=60)
    guided = PickField(label="指导情况", required=False, choices=GUIDED)

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def by_county(self, rows, county):
        return rows.filter(county=county)

    def by_guided(self, rows, answer):
        if answer == "due":
            return rows.filter(follow_up_on__lte=self.today)
        return rows.filter(Q(last_guided=None) | Q(last_guided__year__lt=self.today.year))


class CampaignFilter(ListFilter):
    """活动: by words and kind."""

    q = LineField(label="活动名称或编号", required=False, max_length=60)
    kind = PickField(label="类别", required=False, choices=CampaignKind.choices)

    def by_q(self, rows, text):
        return rows.filter(Q(title__icontains=text) | Q(reference__iexact=text))

    def by_kind(self, rows, kind):
        return rows.filter(kind=kind)
