"""How pages say days, deadlines, articles and states."""

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.db.backends.postgresql.psycopg_any import DateRange
from django.template import Context, Template
from django.test import RequestFactory

from registry.measures import Treatment
from registry.templatetags import portal


def said(template: str, **context) -> str:
    return Template(template).render(Context(context)).strip()


def test_a_day_is_said_in_chinese_without_leading_zeros():
    assert portal.cn_date(date(2026, 3, 1)) == "2026年3月1日"
    assert portal.cn_date(None) == ""


def test_a_moment_is_said_in_the_offices_own_zone():
    evening = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # already tomorrow in Shanghai
    assert portal.cn_date(evening) == "2026年11月22日"
    assert portal.cn_datetime(evening) == "2026年11月22日 00:30"


@pytest.mark.parametrize(
    ("first", "after_last", "words"),
    [
        (date(2026, 3, 1), date(2028, 3, 1), "2026年3月1日至2028年2月29日"),
        (date(2024, 2, 29), date(2026, 3, 1), "2024年2月29日至2026年2月28日"),
        (date(2026, 3, 1), None, "2026年3月1日起"),
    ],
)
def test_a_database_range_is_said_with_both_days_inclusive(first, after_last, words):
    assert portal.cn_range(DateRange(first, after_last, "[)")) == words


def test_two_days_are_said_as_a_range_as_they_are():
    assert portal.cn_range(date(2026, 12, 1), date(2028, 11, 30)) == "2026年12月1日至2028年11月30日"
    assert portal.cn_range(None) == ""


def test_the_national_day_holiday_and_its_make_up_day_count_as_the_state_council_says():
    assert portal.workdays_between(date(2026, 9, 30), date(2026, 10, 8)) == 1
    assert portal.workdays_between(date(2026, 10, 9), date(2026, 10, 10)) == 1  # a Saturday worked
    assert portal.workdays_between(date(2026, 10, 8), date(2026, 9, 30)) == -1


def test_beyond_the_published_calendar_monday_to_friday_count():
    assert portal.workdays_between(date(2031, 10, 1), date(2031, 10, 8)) == 5


@pytest.mark.parametrize(
    ("due", "words", "tone"),
    [
        (date(2026, 11, 27), "还有 4 个工作日", ""),
        (date(2026, 11, 24), "还有 1 个工作日", "soon"),
        (date(2026, 11, 23), "今天到期", "soon"),
        (date(2026, 11, 19), "超 2 个工作日", "late"),
    ],
)
def test_a_deadline_is_told_in_working_days(due, words, tone):
    today = date(2026, 11, 23)
    assert (portal.workday_phrase(due, today), portal.due_tone(due, today)) == (words, tone)


def test_a_deadline_on_the_weekend_ahead_is_not_told_as_none():
    assert portal.workday_phrase(date(2026, 11, 22), date(2026, 11, 20)) == "下一个工作日前到期"
    assert portal.workday_phrase(date(2026, 11, 20), date(2026, 11, 22)) == "已过期"


@pytest.mark.parametrize(
    ("path", "anchor", "words"),
    [
        ("6.(3)", "a6-3", "第六条（三）"),
        ("8.2", "a8-2", "第八条第二款"),
        ("12.(2).(3)", "a12-2-3", "第十二条（二）（3）"),
        ("5.(4).2", "a5-4-2", "第五条（四）第二款"),
        ("11", "a11", "第十一条"),
    ],
)
def test_an_article_links_to_its_place_on_the_measures_page(path, anchor, words):
    link = said("{% article path %}", path=path)
    assert link == f'<a class="art" href="/measure/#{anchor}">{words}</a>'


def test_an_article_beside_its_siblings_is_said_by_its_item_alone():
    assert ">（三）</a>" in said('{% article "6.(3)" short=True %}')
    assert ">第十一条</a>" in said('{% article "11" short=True %}')


def test_a_path_that_names_no_clause_is_refused():
    with pytest.raises(ValueError, match="no clause path"):
        portal.clause_words("第六条")


def test_a_state_is_a_word_in_a_colour_and_never_markup():
    assert said("{% state_tag pair %}", pair=("草稿", "")) == '<span class="tag ">草稿</span>'
    assert "&lt;b&gt;" in said('{% state_tag word "red" %}', word="<b>")


def test_an_outcome_is_said_in_words():
    assert said('{% outcome_tag "unmet" %}') == '<span class="tag amber">不符合</span>'
    assert said('{% outcome_tag "standing" %}') == '<span class="tag open">持续义务</span>'


def test_every_treatment_of_a_clause_has_a_colour_of_its_own():
    assert len({portal.treatment_tone(treatment) for treatment in Treatment}) == len(Treatment)


@pytest.mark.parametrize(("number", "shown"), [("13800000000", "138****0000"), ("12345", "***45"), ("", "")])
def test_a_phone_number_is_masked(number, shown):
    assert portal.masked_phone(number) == shown


def test_a_query_keeps_the_filters_and_replaces_the_place():
    request = RequestFactory().get("/appointments/", {"q": "甲公司", "after": "2"})
    kept = "?q=%E7%94%B2%E5%85%AC%E5%8F%B8"
    assert portal.query({"request": request}, after=3) == f"{kept}&after=3"
    assert portal.query({"request": request}, after=None) == kept


class Narrowing(forms.Form):
    q = forms.CharField(label="企业", required=False)
    state = forms.ChoiceField(label="状态", choices=[("", "不限"), ("filed", "已登记")], required=False)
    since = forms.DateField(label="自何时", required=False)


def chips_of(address: str) -> list[tuple[str, str, str]]:
    request = RequestFactory().get(address)
    return portal.chips({"request": request}, Narrowing(request.GET))


def test_filters_in_force_are_said_in_words_each_with_the_address_without_it():
    assert chips_of("/?q=A&state=filed&since=2026-03-01&after=2") == [
        ("企业", "A", "?state=filed&since=2026-03-01"),
        ("状态", "已登记", "?q=A&since=2026-03-01"),
        ("自何时", "2026年3月1日", "?q=A&state=filed"),
    ]


def test_a_filter_with_a_bad_value_is_not_said_to_be_in_force():
    assert chips_of("/?q=A&state=unknown") == [("企业", "A", "?state=unknown")]


def test_an_errors_link_leads_to_the_first_control_of_a_group():
    class Day(forms.Form):
        kind = forms.ChoiceField(choices=[("a", "甲")], widget=forms.RadioSelect)
        name = forms.CharField()

    form = Day({})
    assert [portal.control_id(form[name]) for name in ("kind", "name")] == ["id_kind_0", "id_name"]
