"""What recommendations can be narrowed by."""

from django.db.models import Q, TextChoices

from appointments.grounds import wordings
from appointments.states import CaseAnswer, CaseState
from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.models.search import found_by
from registry.policies import counties_of


class Outcome(TextChoices):
    """How a case stands or came out, as lists and statistics count it; the third answer is none by the day."""

    UNDERWAY = "underway", "办理中"
    NOT_RECOMMENDED = "not_recommended", "不提出建议"
    AWAITED = "awaited", "待企业答复"
    UNANSWERED = "unanswered", "逾期未答复"
    DISMISSED = "dismissed", "企业解除聘任"
    DECLINED = "declined", "企业不解除聘任"
    WITHDRAWN = "withdrawn", "已收回"
    CLOSED = "closed", "聘任已终止，办结"


def outcome_is(outcome: str, today) -> Q:
    """The cases of that outcome; each case is of exactly one."""
    return {
        Outcome.UNDERWAY: Q(state__in=(CaseState.OPENED, CaseState.ASKED, CaseState.PROPOSED)),
        Outcome.NOT_RECOMMENDED: Q(state=CaseState.NOT_RECOMMENDED),
        Outcome.AWAITED: Q(state=CaseState.ISSUED) | Q(state=CaseState.SERVED, answer_due__gte=today),
        Outcome.UNANSWERED: Q(state=CaseState.SERVED, answer_due__lt=today),
        Outcome.DISMISSED: Q(answer=CaseAnswer.DISMISSED),
        Outcome.DECLINED: Q(answer=CaseAnswer.DECLINED),
        Outcome.WITHDRAWN: Q(state=CaseState.WITHDRAWN),
        Outcome.CLOSED: Q(state=CaseState.CLOSED),
    }[Outcome(outcome)]


def years_until(today) -> list[tuple[str, str]]:
    """The years one can ask for: since the measure took effect."""
    return [(str(year), f"{year}年") for year in range(today.year, 2015, -1)]


class CaseFilter(ListFilter):
    """解除聘任建议: by words, outcome, ground, county and year of opening; an enterprise by words alone."""

    q = LineField(label="企业、姓名、编号或文号", required=False, max_length=60)
    outcome = PickField(label="状态", required=False, choices=Outcome.choices)
    ground = PickField(label="情形", required=False, choices=())
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")
    year = PickField(label="开立年度", required=False, choices=())

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        self.fields["ground"].choices = [("", "不限"), *wordings(today)]
        self.fields["year"].choices = [("", "不限"), *years_until(today)]
        if not user.is_city_wide:
            del self.fields["county"]
        if user.enterprise_id:  # it is told what concerns it, not how far the offices are
            del self.fields["outcome"], self.fields["year"]

    def by_q(self, rows, text):
        own = Q(reference__iexact=text) | Q(number__icontains=text)
        return found_by(rows, Q(appointment__search__holds=text), own)

    def by_outcome(self, rows, outcome):
        return rows.filter(outcome_is(outcome, self.today))

    def by_ground(self, rows, kind):
        return rows.filter(grounds__kind=kind).distinct()

    def by_county(self, rows, county):
        return rows.filter(appointment__county=county)

    def by_year(self, rows, year):
        return rows.filter(opened_at__year=int(year))


class YearFilter(ListFilter):
    """Statistics of one year, or of all."""

    year = PickField(label="开立年度", required=False, choices=())

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["year"].choices = [("", "不限"), *years_until(today)]

    def by_year(self, rows, year):
        return rows.filter(opened_at__year=int(year))
