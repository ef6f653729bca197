"""条件自查: anybody holds a person against Art. 6, by the very rules of an appointment, and nothing of it stays."""

from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from appointments.forms.self_check import OFFERED, SelfCheckForm
from appointments.rules import Facts, Held, Period, Thresholds, Work, qualified, roads
from registry.models import Edition
from registry.rules import anniversary, day_words
from registry.states import EducationLevel, Outcome, QualificationLevel
from tests.cast import AT, TODAY
from tests.test_access import fingerprint

pytestmark = pytest.mark.django_db
PAGE = "/self-check/"
ONE_DAY = timedelta(days=1)
FIVE_YEARS_AGO = date(TODAY.year - 5, TODAY.month, TODAY.day)


@pytest.fixture(autouse=True)
def today(extension):
    with time_machine.travel(AT, tick=False):
        yield


def typed(**said) -> dict:
    """What a browser sends: days as three boxes, ``work`` as pairs of days (None: 至今), the other rows empty."""
    work = said.pop("work", ())
    data = {}
    for name, value in said.items():
        data |= day(name, value) if isinstance(value, date) else {name: value}
    for n in range(max(OFFERED, len(work) + 1)):
        first, last = work[n] if n < len(work) else ("", "")
        data |= day(f"periods_{n}_first", first) | day(f"periods_{n}_last", last or "")
        data |= {f"periods_{n}_now": "on"} if last is None else {}
    return data


def day(name: str, value: date | str) -> dict:
    """A day's three boxes, empty for nothing."""
    parts = (value.year, value.month, value.day) if value else ("", "", "")
    return {f"{name}_{box}": part for box, part in zip(("year", "month", "day"), parts, strict=True)}


def answered(client, **said):
    """The page that answers, whose form had no fault."""
    response = client.post(PAGE, typed(**said))
    assert response.context["form"].errors == {}
    return response


def outcomes(response) -> dict:
    """Key of each computed criterion → its outcome."""
    return {
        row.key: row.outcome for row in response.context["criteria"] if row.clause not in ("6.(1)", "6.(2)", "6.(4)")
    }


def faults(client, **said) -> dict:
    """Field → its sentences; a form at fault has no result."""
    response = client.post(PAGE, typed(**said))
    assert "criteria" not in response.context
    return {name: list(sentences) for name, sentences in response.context["form"].errors.items()}


BACHELOR = {"education": "bachelor", "graduated_on": date(2010, 7, 1)}
TRAINED = {"trained": "yes", "trained_on": date(2024, 2, 29), "organiser": "recognised"}


# --- The edges of Art. 6(三) ------------------------------------------------------------------------------------------


def test_exactly_five_years_are_met_today_and_a_day_less_tomorrow(client):
    exact = answered(client, **BACHELOR, work=[(FIVE_YEARS_AGO, None)])
    assert outcomes(exact)["6_3"] == Outcome.MET
    assert exact.context["roads"].met_on == TODAY
    assert f"{day_words(TODAY)}起已符合第六条（三）" in exact.content.decode()
    short = answered(client, **BACHELOR, work=[(FIVE_YEARS_AGO + ONE_DAY, None)])
    assert outcomes(short)["6_3"] == Outcome.UNMET
    assert short.context["roads"].met_on == TODAY + ONE_DAY
    page = short.content.decode()
    assert f"{day_words(TODAY + ONE_DAY)}起符合第六条（三）" in page and "以现在的质量工作不间断为前提" in page


def test_five_years_that_ended_count_with_their_last_day(client):
    """2015年1月1日至2019年12月31日 is five years; without the last day it is not, and never will be."""
    whole = answered(client, **BACHELOR, work=[(date(2015, 1, 1), date(2019, 12, 31))])
    assert (outcomes(whole)["6_3"], whole.context["roads"].years) == (Outcome.MET, date(2020, 1, 1))
    less = answered(client, **BACHELOR, work=[(date(2015, 1, 1), date(2019, 12, 30))])
    assert (outcomes(less)["6_3"], less.context["roads"].met_on) == (Outcome.UNMET, None)
    assert "填写的期间都已结束，加起来不够" in less.content.decode()


@pytest.mark.parametrize("level", QualificationLevel.values)
def test_exactly_the_middle_level_is_met_from_its_day_without_any_education(client, level):
    response = answered(client, qualification=level, issued_on=date(2020, 2, 29))
    is_met = level != QualificationLevel.JUNIOR
    assert outcomes(response)["6_3"] == (Outcome.MET if is_met else Outcome.UNMET)
    assert response.context["roads"].qualification == (date(2020, 2, 29) if is_met else None)


def test_overlapping_jobs_count_once_and_gaps_are_left_out(client):
    work = [(date(2012, 3, 1), date(2014, 2, 28)), (date(2013, 6, 1), date(2015, 12, 31)), (date(2018, 1, 1), None)]
    response = answered(client, **BACHELOR, work=work)
    assert response.context["roads"].years == date(2019, 3, 1)  # three years ten months, a gap, one year two months


def test_work_since_the_29th_of_february_is_full_on_the_first_of_march(client):
    response = answered(client, **BACHELOR, work=[(date(2016, 2, 29), None)])
    assert response.context["roads"].years == anniversary(date(2016, 2, 29), 5) == date(2021, 3, 1)


def test_the_earliest_day_is_that_of_the_road_that_is_sooner_met_and_both_are_shown(client):
    senior = {"qualification": "senior", "issued_on": date(2019, 3, 4)}
    response = answered(client, **BACHELOR, **senior, work=[(date(2010, 1, 1), None)])
    found, page = response.context["roads"], response.content.decode()
    assert (found.qualification, found.education_and_years, found.met_on) == (
        date(2019, 3, 4), date(2015, 1, 1), date(2015, 1, 1),
    )  # fmt: skip
    assert "2019年3月4日起符合" in page and "2015年1月1日起符合" in page


days = st.dates(date(2000, 1, 1), date(2026, 11, 1))
maybe = st.one_of(st.none(), days)
periods = st.lists(st.tuples(days, st.one_of(st.none(), st.integers(1, 4000))), max_size=3)


@given(maybe, maybe, periods)
def test_the_roads_and_the_rule_never_disagree(issued, graduated, worked):
    facts = Facts(
        as_of=TODAY,
        qualifications=(Held(QualificationLevel.INTERMEDIATE, issued, "", True),) if issued else (),
        educations=(Held(EducationLevel.BACHELOR, graduated, "", True),) if graduated else (),
        work=tuple(Work(Period(first, n and first + timedelta(days=n)), "", True) for first, n in worked),
    )
    found, criterion = roads(facts, Thresholds()), qualified(facts, Thresholds())
    assert criterion.met_on == found.met_on
    assert (criterion.outcome == Outcome.MET) == (found.met_on is not None and found.met_on <= TODAY)


def test_another_editions_figures_are_asked_for_and_judged_by(client, measure):
    parameters = measure.parameters
    parameters["education"]["value"], parameters["experience_years"]["value"] = "associate", 3
    Edition.unscoped.filter(pk=measure.pk).update(parameters=parameters)
    associate = {"education": "associate", "graduated_on": date(2010, 7, 1)}
    response = answered(client, **associate, work=[(date(2023, 1, 1), None)])
    assert (outcomes(response)["6_3"], response.context["roads"].years) == (Outcome.MET, date(2026, 1, 1))
    assert "大学专科以上学历和 3 年以上质量工作经历" in response.content.decode()
    assert "填写最早取得的大学专科以上的一个" in client.get(PAGE).content.decode()


# --- The other criteria ----------------------------------------------------------------------------------------------


def test_no_answer_at_all_is_answered_and_what_is_declared_is_never_computed(client):
    response = answered(client)
    page = response.content.decode()
    assert outcomes(response) == {"6_3": Outcome.UNMET, "6_5": Outcome.UNMET, "6_5_ce": Outcome.STANDING}
    assert page.count("企业承诺</span>") == 3 and "还不符合第六条（三）" in page
    assert [row.clause for row in response.context["unmet"]] == ["6.(3)", "6.(5)"]
    for anchor in ("a6-1", "a6-2", "a6-3", "a6-4", "a6-5"):
        assert f"#{anchor}" in page


@pytest.mark.parametrize(
    ("organiser", "outcome"),
    [("recognised", Outcome.MET), ("other", Outcome.UNVERIFIED), ("unknown", Outcome.UNVERIFIED)],
)
def test_training_counts_by_who_held_it_and_claims_no_certificate_was_seen(client, organiser, outcome):
    response = answered(client, **TRAINED | {"organiser": organiser})
    assert outcomes(response)["6_5"] == outcome
    page = response.content.decode()
    assert "2024年2月29日发证" in page and "扫描件" not in page


def test_who_meets_all_is_told_so_and_still_that_this_is_no_application(client):
    page = answered(client, qualification="senior", issued_on=date(2020, 1, 1), **TRAINED).content.decode()
    assert "可以计算的条件都符合" in page and "这不是申请，也不是质监部门的意见" in page


def test_the_page_says_what_it_is_not(client):
    asked, told = client.get(PAGE).content.decode(), answered(client).content.decode()
    for words in ("自查不是申请", "不保存", "只作登记备案", "企业仍可任命"):
        assert words in asked
    for words in ("这不是申请", "内容没有保存", "只作登记备案", "仍可任命，登记时附意见注明（附意见登记）"):
        assert words in told


def test_the_reading_in_force_says_up_to_which_day_an_appointment_counts(client, supervise):
    assert "质量工作经历计算到聘期首日。" in answered(client).content.decode()
    supervise.reading("experience_as_of", "submission", number="口径1号")
    assert "质量工作经历计算到提交之日（口径 口径1号）" in answered(client).content.decode()


# --- What is typed ---------------------------------------------------------------------------------------------------


def test_what_was_typed_is_kept_full_width_figures_too(client):
    data = typed(**BACHELOR, work=[(date(2018, 1, 1), None)]) | {
        "periods_0_first_year": "２０１８", "graduated_on_year": "２０１０",
    }  # fmt: skip
    response = client.post(PAGE, data)
    page = response.content.decode()
    assert response.context["roads"].years == date(2023, 1, 1)
    assert 'value="２０１８"' in page and 'name="periods_0_now" value="on" checked' in page
    assert '<option value="bachelor" selected>' in page


def test_more_rows_than_are_offered_are_read_and_one_more_is_offered(client):
    work = [(date(2010 + n, 1, 1), date(2010 + n, 12, 31)) for n in range(OFFERED + 1)]
    response = answered(client, **BACHELOR, work=work)
    assert response.context["roads"].years == date(2015, 1, 1)
    assert f'name="periods_{OFFERED + 1}_first_year"' in response.content.decode()
    assert client.get(PAGE).content.decode().count('_first_year"') >= OFFERED


def test_a_period_at_fault_is_named_with_its_sentence(client):
    tomorrow = TODAY + ONE_DAY
    work = [
        (date(2018, 1, 1), date(2017, 12, 31)),
        (tomorrow, None),
        (date(2018, 1, 1), tomorrow),
        (date(2018, 1, 1), ""),
        ("", date(2018, 1, 1)),
    ]
    assert faults(client, work=work) == {
        "periods": [
            "第 1 段：最后一天不能早于第一天。",
            f"第 2 段：第一天不能晚于今天（{day_words(TODAY)}）。",
            f"第 3 段：最后一天不能晚于今天（{day_words(TODAY)}）。",
            "第 4 段：请填写最后一天；还在做的，请勾选“至今”。",
            "第 5 段：请填写第一天的年、月、日。",
        ]
    }


def test_a_last_day_beside_until_now_is_asked_about_and_one_day_of_work_is_a_period(client):
    data = typed(work=[(date(2018, 1, 1), date(2018, 1, 1))])
    assert client.post(PAGE, data).context["form"].errors == {}
    found = client.post(PAGE, data | {"periods_0_now": "on"}).context["form"].errors["periods"]
    assert found == ["第 1 段：既填写了最后一天，又勾选了“至今”，请只留一样。"]


@pytest.mark.parametrize(
    ("boxes", "sentence"),
    [
        (("0000", "7", "1"), "毕业日期的年份应在 1900 年至 2100 年之间。"),
        (("2023", "2", "29"), "毕业日期不是真实的日期：2023 年没有 2 月 29 日。"),
        (("2010", "", "1"), "毕业日期的年、月、日都要填写，只填数字，例如 2026 年 12 月 1 日。"),
        (("2026", "11", "23"), "毕业日期不能晚于今天（2026年11月22日）。"),
    ],
)
def test_a_day_that_cannot_be_gets_a_sentence_at_its_field(client, boxes, sentence):
    data = typed(education="bachelor") | {
        f"graduated_on_{box}": part for box, part in zip(("year", "month", "day"), boxes, strict=True)
    }
    response = client.post(PAGE, data)
    assert response.context["form"].errors == {"graduated_on": [sentence]}
    assert response.content.decode().count(sentence) == 2  # above the form, and at the field


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"education": "bachelor"}, "graduated_on", "请填写毕业日期的年、月、日。"),
        ({"graduated_on": date(2010, 7, 1)}, "education", "填写了毕业日期，请选择学历。"),
        ({"qualification": "senior"}, "issued_on", "请填写取得日期的年、月、日。"),
        ({"issued_on": date(2010, 7, 1)}, "qualification", "填写了取得日期，请选择职业资格的级别。"),
        ({"education": "genius"}, "education", "学历不在可选范围内，请重新选择。"),
        ({"trained": "yes", "organiser": "other"}, "trained_on", "请填写发证日期的年、月、日。"),
        (
            {"trained": "yes", "trained_on": date(2024, 1, 1)},
            "organiser",
            "请选择由谁组织；不能确定的，选“不清楚”。",
        ),
        (
            {"trained": "no", "trained_on": date(2024, 1, 1)},
            "trained",
            "填写了任职培训的日期或者组织者，请选择“参加过”；没有参加过的，请清空这两项。",
        ),
    ],
)
def test_half_an_answer_is_asked_for_the_other_half(client, said, field, sentence):
    assert faults(client, **said) == {field: [sentence]}


@pytest.mark.parametrize("junk", ["\x00", "'; DROP TABLE", "9" * 5000, "<script>", "２０２０．５"])
def test_junk_in_a_box_is_a_fault_and_stays_text(client, junk):
    response = client.post(PAGE, typed() | {"periods_0_first_year": junk, "graduated_on_year": junk})
    assert response.status_code == 200 and set(response.context["form"].errors) >= {"periods", "graduated_on"}
    assert '<script>"' not in response.content.decode()


def test_the_form_reads_no_more_rows_than_anybody_has(client):
    rows = typed(work=[(date(2010, 1, 1), date(2010, 12, 31))] * 200)
    form = SelfCheckForm(data={name: str(value) for name, value in rows.items()}, needed=Thresholds(), by_size=False)
    assert form.is_valid() and len(form.cleaned_data["periods"]) == 30


# --- Nothing stays ---------------------------------------------------------------------------------------------------


def test_nothing_is_stored_of_a_visit_and_no_copy_is_kept_on_the_way(client):
    before = fingerprint()
    for response in (
        client.get(PAGE),
        answered(client, **BACHELOR, **TRAINED),
        client.post(PAGE, typed(trained="yes")),
    ):
        assert "no-store" in response["Cache-Control"]
        assert set(response.cookies) <= {"csrftoken"}
    assert fingerprint() == before and not Session.objects.exists()


def test_somebody_signed_in_gets_the_same_answer_and_leaves_nothing_either(client, user_a):
    client.force_login(user_a)
    before, sessions = fingerprint(), list(Session.objects.values_list("session_data", flat=True))
    page = answered(client, **BACHELOR).content.decode()
    assert "条件自查结果" in page
    assert fingerprint() == before and list(Session.objects.values_list("session_data", flat=True)) == sessions


def test_a_post_from_elsewhere_is_refused(measure):
    assert Client(enforce_csrf_checks=True).post(PAGE, typed()).status_code == 403


def test_what_is_typed_stands_in_no_address(client):
    page = client.get(PAGE).content.decode()
    assert '<form method="post" novalidate>' in page and 'method="get"' not in page
    ignored = client.get(PAGE, typed(**BACHELOR))
    assert "criteria" not in ignored.context and client.put(PAGE).status_code == 405


def test_the_form_is_not_printed_with_the_result(client):
    told = answered(client).content.decode()
    assert '<section class="block again" aria-labelledby="change">' in told
    assert timezone.localdate() == TODAY and f"按{day_words(TODAY)}的情况" in told
