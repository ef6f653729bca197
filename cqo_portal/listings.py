"""The lists composed here: continuing education, and what people ask about their data."""

from django.db.models import Q

from cqo_portal.education import duties_in, obliged, obliged_from_the_start, years_of
from registry.filters import ListFilter
from registry.listed import Column, Listing, declare
from registry.models import DataRequest
from registry.states import RequestState
from registry.templatetags.portal import cn_range
from training.filters import EducationFilter
from training.standing import standing_as
from training.views.pool import year_words

ENDED = (RequestState.DECLINED, RequestState.DONE)


def _years(people, filters):
    """Why each of these people has the duty, and how the year stands."""
    duties = duties_in(filters.user, filters.chosen_year, [row.pk for row in people])
    return duties, years_of(duties, filters.user, filters.today, filters.chosen_year)


def _asked(filters, rows):
    """The people asked for, and whose year stands as asked."""
    rows, year = filters.narrow(rows), filters.chosen_year
    if not (wanted := filters.cleaned_data.get("standing")):
        return rows
    return standing_as(rows, "pk", obliged_from_the_start(filters.user, year), year, filters.today, wanted)


def _with_year(people, filters):
    duties, years = _years(people, filters)
    for row in people:
        row.year, row.duties = years[row.pk], duties[row.pk]
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
    visible=lambda filters: obliged(filters.user, filters.chosen_year),
    filters=EducationFilter, narrowed=_asked, dressed=_with_year, perm="training.follow_people",
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
