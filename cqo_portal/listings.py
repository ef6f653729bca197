"""The lists composed here: continuing education, and what people ask about their data."""

from django.db.models import Q

from cqo_portal.education import duties_in, years_of
from registry.filters import ListFilter
from registry.listed import Column, Listing, declare
from registry.models import Candidate, DataRequest
from registry.states import RequestState
from registry.templatetags.portal import cn_range
from training.filters import EducationFilter
from training.views.pool import year_words

ENDED = (RequestState.DECLINED, RequestState.DONE)


class DutyFilter(EducationFilter):
    """The filter of continuing education, with why who has the duty in the year asked for."""

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.duties = duties_in(user, self.chosen_year)


def _years(people, filters):
    duties = {row.pk: filters.duties[row.pk] for row in people}
    return years_of(duties, filters.user, filters.today, filters.chosen_year)


def _sifted(filters, rows):
    """The people asked for; how the year stands is reckoned and not stored."""
    rows = filters.narrow(rows)
    if not (wanted := filters.cleaned_data.get("standing")):
        return rows
    read = list(rows)
    years = _years(read, filters)
    return [row for row in read if years[row.pk].standing == wanted]


def _with_year(people, filters):
    years = _years(people, filters)
    for row in people:
        row.year, row.duties = years[row.pk], filters.duties[row.pk]
        row.words = year_words(row.year.standing)
    return people


EDUCATION = Listing(
    "ce_list", "继续教育", "人",
    (
        Column("人员", lambda row: row.name),
        Column("编号", lambda row: row.reference, width=18),
        Column("因何参加", lambda row: "；".join(duty.words for duty in row.duties), width=50),
        Column("期间", lambda row: "；".join(cn_range(duty.first, duty.last) for duty in row.duties), width=36),
        Column("已计学时", lambda row: row.year.hours, "number", 10),
        Column("应满学时", lambda row: row.year.requirement.hours, "number", 10),
        Column("应修课程", lambda row: row.year.requirement.courses, "number", 10),
        Column("情况", lambda row: row.words[0], width=18),
    ),
    visible=lambda filters: Candidate.unscoped.visible_to(filters.user).filter(pk__in=filters.duties),
    filters=DutyFilter, narrowed=_sifted, dressed=_with_year, perm="training.follow_people",
)  # fmt: skip

DATA_REQUESTS = Listing(
    "data_request_list", "个人信息请求", "件",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("请求", lambda row: row.get_kind_display()),
        Column("本人", lambda row: row.candidate.name),
        Column("提出时间", lambda row: row.asked_at, "moment", 18),
        Column("状态", lambda row: row.state_words[0], width=18),
    ),
    visible=lambda filters: DataRequest.unscoped.visible_to(filters.user).select_related("candidate"),
    filters=ListFilter,
    narrowed=lambda filters, rows: rows.annotate(over=Q(state__in=ENDED)).order_by("over", "-asked_at", "pk"),
    perm="registry.see_data_requests",
)  # fmt: skip

declare(EDUCATION, DATA_REQUESTS)
