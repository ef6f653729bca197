"""The interpretation register (口径, Art. 13): open questions, readings from a day on, and what one would change."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import actions
from appointments.states import State
from cqo_portal import interpretations
from cqo_portal.preview import IN_GENERAL, compared, preview, standings
from registry.actions.measure import record_interpretation
from registry.measures import DIRECTORY, read
from registry.models import Education, Interpretation, QualityExperience
from registry.refusals import Refused
from registry.states import EducationLevel
from tests.cast import AT, TODAY
from tests.test_access import fingerprint
from tests.test_enterprise_pages import days, signed_in
from training.actions import recognise_course

LIST = "/interpretations/"
DAY = timedelta(days=1)
FIRST_DAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def reads(measure, municipal):
    """The city lays a question down, from a day on."""

    def record(key: str, reading, *, since=TODAY, number=""):
        return record_interpretation(
            edition=measure, key=key, number=number or f"清质监口径〔{since.year}〕{key}", reading=reading,
            text=f"{key}的正文。", decided_on=since, effective_from=since, by=municipal, at=AT,
        )  # fmt: skip

    return record


@pytest.fixture
def asked(measure, municipal):
    """What the city would see before it lays a question down, as (person, enterprise, matter, before, after)."""

    def previewed(key: str, reading, *, since=TODAY):
        question = Interpretation.unscoped.questions().get(key=key)
        found = preview(
            question, number="清质监口径〔2026〕1号", reading=reading, text="正文。", decided_on=TODAY,
            effective_from=since, by=municipal, at=AT,
        )  # fmt: skip
        return [
            (change.about.person.name, *change.about.enterprises, change.about.matter, change.before, change.after)
            for change in found.changes
        ]

    return previewed


@pytest.fixture
def nearly(make, train, company_a, person_a, company_b, person_b):
    """张三 of 甲公司 has 本科 and, on the first day of the term, just five years; 李四 of 乙公司 lacks nothing."""
    proof = {"evidence": make.stored(company_a, name="证明.pdf")}
    make.fact(
        Education, person_a, company_a, level=EducationLevel.BACHELOR, school="华南理工大学", major="材料",
        graduated_on=date(2012, 7, 1), **proof,
    )  # fmt: skip
    make.fact(
        QualityExperience, person_a, company_a, employer="某陶瓷厂", work="质量检验",
        period=(date(2021, 12, 1), None), **proof,
    )  # fmt: skip
    make.qualified(person_b, company_b)
    make.submitted(person_b, company_b, first_day=FIRST_DAY)
    return make.submitted(person_a, company_a, first_day=FIRST_DAY)


@pytest.fixture
def cqo(supervise, person_a, company_a):
    """张三 of 甲公司, CQO for the whole of 2025 and since, no course taken, all targets of 2025 reached."""
    row = supervise.cqo(person_a, company_a, first_day=date(2025, 1, 1))
    supervise.results(supervise.targets(row), True, True)
    return row


def typed(reading="submission", *, since: date = TODAY, **changes) -> dict:
    """The form as it is sent."""
    said = {"token": uuid4(), "number": "清质监口径〔2026〕3号", "text": "按提交之日计算。", "reading": reading}
    return said | days("decided_on", TODAY) | days("effective_from", since) | changes


def page_of(key: str) -> str:
    return f"{LIST}{key}/record/"


def seen_in(page: str) -> str:
    """What stands for the changes that a preview showed."""
    return re.search('name="seen" value="([0-9a-f]+)"', page)[1]


def confirm(client, address: str, form: dict):
    """Look at the preview, then record."""
    return client.post(address, form | {"confirmed": "1", "seen": seen_in(text_of(client.post(address, form)))})


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def question_on(page: str, key: str) -> str:
    """One question's part of the list."""
    return re.search(rf'<section class="ans" id="{key}">.*?</section>', page, re.S)[0]


# --- The public page -------------------------------------------------------------------------------------------------


def test_every_question_of_the_measure_stands_on_the_public_page_with_its_clause_and_what_is_done_meanwhile(
    client, measure
):
    page = text_of(client.get(LIST))
    for question in read(DIRECTORY / "qingyuan-2016.toml").questions:
        part = question_on(page, question.key)
        assert "待解释" in part and question.meanwhile in part and 'class="art"' in part
    assert "记录口径" not in page


def test_a_question_stays_open_until_the_day_from_which_it_is_read(client, reads):
    reads("ce_hours", 24, since=TODAY + DAY)
    part = question_on(text_of(client.get(LIST)), "ce_hours")
    assert "待解释" in part and "尚未生效" in part and "2026年11月23日起" in part
    with time_machine.travel(AT + DAY, tick=False):
        part = question_on(text_of(client.get(LIST)), "ce_hours")
    assert "已有口径" in part and "只记录学时，不认定是否完成。" not in part
    assert "<b>24</b>" in part and "ce_hours的正文。" in part


def test_an_earlier_reading_ends_the_day_before_and_stands_beneath_the_one_in_force(client, reads):
    reads("experience_as_of", "filing", since=date(2026, 1, 1), number="清质监口径〔2026〕1号")
    reads("experience_as_of", "submission", since=TODAY, number="清质监口径〔2026〕2号")
    part = question_on(text_of(client.get(LIST)), "experience_as_of")
    assert part.index("<b>提交之日</b>") < part.index("已失效") < part.index("<b>登记之日</b>")
    assert "2026年1月1日至2026年11月21日" in part


def test_the_public_reads_which_office_interpreted_and_staff_also_who_recorded_it(
    client, reads, municipal, county_one, user_a
):
    row = reads("ce_hours", 24)
    for user, named in ((None, False), (user_a, False), (county_one, True), (municipal, True)):
        if user:
            signed_in(client, user)
        part = question_on(text_of(client.get(LIST)), "ce_hours")
        assert f"{row.edition.authority}，2026年11月22日" in part
        assert ("<dt>记录</dt>" in part) == named


def test_the_page_of_an_empty_portal_says_that_nothing_is_asked_yet(client, db):
    assert "没有待解释的问题" in text_of(client.get(LIST))


def test_the_list_asks_as_often_whatever_was_recorded(client, reads, municipal):
    signed_in(client, municipal)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        return len(queries)

    before = asked()
    for n in range(4):
        reads("ce_hours", 20 + n, since=TODAY - 10 * DAY + n * DAY, number=f"口径{n}")
    assert asked() == before


# --- What a reading would change -------------------------------------------------------------------------------------


def test_the_preview_names_who_would_change_and_nobody_else(nearly, asked):
    title = "任职条件：中级以上职业资格；或者大学本科以上学历和 5 年以上质量工作经历"
    assert asked("experience_as_of", "submission") == [("张三", "甲公司", title, "符合", "不符合")]
    assert asked("experience_as_of", "term_start") == []


def test_a_reading_to_come_is_judged_as_of_its_first_day(nearly, asked):
    """By filing on the first day of the term his five years are full; the day before they are not."""
    assert len(asked("experience_as_of", "filing", since=FIRST_DAY - DAY)) == 1
    assert asked("experience_as_of", "filing", since=FIRST_DAY) == []


def test_what_is_filed_already_is_not_judged_again(make, nearly, company_a, municipal, asked):
    row = actions.check(
        nearly, version=nearly.version, opinions=make.opinions(nearly), by=make.officer(company_a), at=AT
    )
    row = actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
    assert row.state == State.FILED
    assert asked("experience_as_of", "submission") == []


def test_hours_laid_down_for_a_year_change_its_standing_the_ground_and_the_duty(cqo, reads, asked):
    reads("ground_two_and", "either")
    changes = {row[2]: row[3:] for row in asked("ce_hours", 24, since=date(2025, 1, 1))}
    assert changes == {
        "2025年继续教育": ("未规定学时要求，已完成 0 学时", "未满规定学时，已完成 0 学时，要求 24 学时"),
        "2026年继续教育": ("未规定学时要求，已完成 0 学时", "本年进行中，已完成 0 学时，要求 24 学时"),
        "未完成相关继续教育课程和质量工作绩效，2025年": ("记录不足以支持", "记录足以支持"),
        "履职事项：完成年度继续教育": ("没有这一事项", "期限2026年12月31日"),
    }


def test_a_year_that_is_only_recorded_is_not_told_whatever_is_asked(supervise, person_a, company_a, reads, asked):
    supervise.cqo(person_a, company_a, at=AT, first_day=date(2026, 3, 1))
    reads("ce_hours", 24, since=date(2026, 1, 1))
    assert asked("ce_hours", 48) == []


def test_the_word_and_decides_whether_the_ground_stands(cqo, reads, asked):
    reads("ce_hours", 24, since=date(2025, 1, 1))
    ground = "未完成相关继续教育课程和质量工作绩效，2025年"
    assert asked("ground_two_and", "both") == []
    assert asked("ground_two_and", "either") == [("张三", "甲公司", ground, "记录不足以支持", "记录足以支持")]
    reads("ground_two_and", "either", since=TODAY - DAY)
    assert asked("ground_two_and", "both") == [("张三", "甲公司", ground, "记录足以支持", "记录不足以支持")]


def test_a_course_elsewhere_that_counts_from_now_on_changes_only_what_is_completed_from_now_on(
    cqo, train, person_a, company_a, municipal, reads, asked
):
    reads("ce_hours", 16, since=date(2026, 1, 1))
    course = train.course(person_a, company_a, completed_on=date(2026, 6, 1))
    recognise_course(course, hours=16, by=municipal, at=AT)
    assert asked("ce_outside_courses", "counted") == []
    changes = asked("ce_outside_courses", "counted", since=date(2026, 6, 1))
    assert (
        "张三",
        "甲公司",
        "2026年继续教育",
        "本年进行中，已完成 0 学时，要求 16 学时",
        "已满规定学时，已完成 16 学时，要求 16 学时",
    ) in changes


def test_an_earlier_renewal_moves_the_day_from_which_one_may_renew(cqo, asked):
    (change,) = asked("earliest_renewal", 20)
    assert change[:3] == ("张三", "甲公司", "履职事项：可以办理续任")
    assert "现在起" in change[3] and "2026年12月11日起" in change[4]


def test_a_reading_nothing_is_reckoned_with_changes_nobody_and_every_question_says_what_it_does(nearly, asked):
    questions = read(DIRECTORY / "qingyuan-2016.toml").questions
    assert {question.parameter or question.key for question in questions} == set(IN_GENERAL)
    assert asked("report_due", 30) == asked("training_bodies", "以市局公布的名单为准。") == []


def test_where_filing_would_end_is_told_of_each_filing_that_waits(nearly, asked):
    assert asked("filing_ends", "county") == [
        (person, firm, "登记备案", "在市局办结", "在县级局办结")
        for person, firm in (("李四", "乙公司"), ("张三", "甲公司"))
    ]


def test_another_certificate_for_the_pool_is_told_of_each_project_that_is_not_done(train, person_a, company_a, asked):
    project = train.underway(person_a, company_a)
    told = ("张三", "甲公司", f"课题：{project.title}", "完成并取得证书时自动纳入人才库", "不自动纳入人才库")
    assert asked("certificate_meaning", "different") == [told]


def test_carrying_it_out_changes_exactly_what_was_previewed(nearly, measure, municipal, reads):
    question = Interpretation.unscoped.questions().get(key="experience_as_of")
    said = {"reading": "submission", "text": "正文。", "decided_on": TODAY, "effective_from": TODAY, "number": "一号"}
    told = preview(question, by=municipal, at=AT, **said).changes
    before = standings(municipal, TODAY, first_year=2026)
    record_interpretation(edition=measure, key=question.key, by=municipal, at=AT, **said)
    assert compared(before, standings(municipal, TODAY, first_year=2026)) == told != []


def test_what_would_be_refused_has_no_preview_and_leaves_nothing(nearly, asked, county_one, measure):
    before = fingerprint()
    with pytest.raises(Refused, match="取值不正确"):
        asked("experience_as_of", "whenever")
    with pytest.raises(Refused):
        preview(
            Interpretation.unscoped.questions().get(key="ce_hours"), number="一号", reading=1, text="正文。",
            decided_on=TODAY, effective_from=TODAY, by=county_one, at=AT,
        )  # fmt: skip
    assert fingerprint() == before


# --- Recording it ----------------------------------------------------------------------------------------------------


def test_the_city_sees_what_would_change_before_anything_is_written_and_then_records_it_once(client, nearly, municipal):
    signed_in(client, municipal)
    assert page_of("experience_as_of") in text_of(client.get(LIST))
    assert "计算到聘期首日。" in text_of(client.get(page_of("experience_as_of")))
    form, before = typed(), fingerprint()
    page = text_of(client.post(page_of("experience_as_of"), form))
    assert "将有 1 项结果改变，涉及 1 人、1 家企业" in page and "张三" in page and "甲公司" in page
    assert "李四" not in page and "乙公司" not in page
    assert 'name="number" value="清质监口径〔2026〕3号"' in page and "提交之日" in page
    assert fingerprint() == before
    form |= {"seen": seen_in(page)}
    for _ in range(2):
        done = client.post(page_of("experience_as_of"), form | {"confirmed": "1"})
        assert (done.status_code, done.url) == (302, f"{LIST}#experience_as_of")
    row = Interpretation.unscoped.recorded().get()
    assert (row.reading, row.number, row.recorded_by) == ("submission", "清质监口径〔2026〕3号", municipal)
    assert client.post(page_of("experience_as_of"), form).status_code == 302  # the first page sent again


def test_one_may_go_back_and_change_what_was_typed(client, municipal):
    page = text_of(signed_in(client, municipal).post(page_of("ce_hours"), typed("24") | {"change": "1"}))
    assert 'name="reading" value="24"' in page and "按提交之日计算。" in page and "需要更正" not in page


def test_what_is_to_hold_for_days_before_it_was_decided_is_pointed_out(client, municipal):
    signed_in(client, municipal)
    for since, said in ((TODAY, False), (TODAY - DAY, True)):
        page = text_of(client.post(page_of("filing_ends"), typed("county", since=since)))
        assert ("生效日期早于作出日期" in page) == said


def test_where_nobody_changes_the_page_says_so_and_what_changes_in_general(client, municipal):
    page = text_of(signed_in(client, municipal).post(page_of("filing_ends"), typed("county")))
    assert "没有人员和企业的结果改变" in page and IN_GENERAL["filing_ends"] in page


def test_a_long_list_is_cut_and_its_total_told(client, cqo, municipal, monkeypatch):
    monkeypatch.setattr(interpretations, "SHOWN", 1)
    page = text_of(signed_in(client, municipal).post(page_of("ce_hours"), typed("24", since=date(2025, 1, 1))))
    assert page.count('data-l="记录后"') == 1
    assert "只列出前 1 项，共 3 项" in page


def test_a_question_answered_by_its_text_alone_asks_for_no_choice(client, municipal):
    signed_in(client, municipal)
    assert 'name="reading"' not in text_of(client.get(page_of("training_bodies")))
    form = typed(text="每年一次。\r\n三月底前提供。")
    confirm(client, page_of("training_bodies"), form)
    row = Interpretation.unscoped.recorded().get()
    assert (row.text, row.reading) == ("每年一次。\r\n三月底前提供。", "每年一次。 三月底前提供。")
    assert "选定的读法" not in question_on(text_of(client.get(LIST)), "training_bodies")


def test_a_reading_whose_effect_has_changed_since_the_preview_is_shown_again_and_not_recorded(
    client, make, nearly, municipal, company_a
):
    signed_in(client, municipal)
    form = typed()
    seen = seen_in(text_of(client.post(page_of("experience_as_of"), form)))
    row = actions.check(
        nearly, version=nearly.version, opinions=make.opinions(nearly), by=make.officer(company_a), at=AT
    )
    actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
    page = text_of(client.post(page_of("experience_as_of"), form | {"confirmed": "1", "seen": seen}))
    assert "影响有变化，还没有记录" in page and "没有人员和企业的结果改变" in page
    assert not Interpretation.unscoped.recorded().exists()
    client.post(page_of("experience_as_of"), form | {"confirmed": "1", "seen": seen_in(page)})
    assert Interpretation.unscoped.recorded().count() == 1


def test_a_confirmation_without_a_preview_records_nothing(client, measure, municipal):
    page = text_of(signed_in(client, municipal).post(page_of("ce_hours"), typed("24") | {"confirmed": "1"}))
    assert "还没有记录" in page
    assert not Interpretation.unscoped.recorded().exists()


BAD = {
    "no choice": ("experience_as_of", {"reading": ""}, "reading", "请选择选定的读法。"),
    "a choice that is none": ("experience_as_of", {"reading": "whenever"}, "reading", "选定的读法不在可选范围内"),
    "no figure": ("ce_hours", {"reading": "二十四"}, "reading", "请填写 0 至 10000 的整数。"),
    "a figure below nought": ("ce_hours", {"reading": "-1"}, "reading", "请填写 0 至 10000 的整数。"),
    "beyond the parameter": ("earliest_renewal", {"reading": "3651"}, "reading", "应为0至3650的整数。"),
    "no number": ("ce_hours", {"reading": "24", "number": " "}, "number", "请填写口径编号。"),
    "no text": ("ce_hours", {"reading": "24", "text": ""}, "text", "请填写口径正文。"),
    "no such day": ("ce_hours", {"reading": "24", "effective_from_day": "31"}, "effective_from", "不是真实的日期"),
    "decided tomorrow": ("ce_hours", {"reading": "24", "decided_on_day": "23"}, "decided_on", "不能晚于今天"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(client, municipal, case):
    key, changes, name, sentence = BAD[case]
    form = typed(**{"text": "本口径的正文。"} | changes)
    page = text_of(signed_in(client, municipal).post(page_of(key), form))
    field = re.search(rf'<(div|fieldset) id="div_id_{name}" class="field bad".*?</\1>', page, re.S)[0]
    assert sentence in field
    assert name == "number" or "清质监口径〔2026〕3号" in page
    assert name == "text" or "本口径的正文。" in page
    assert not Interpretation.unscoped.recorded().exists()


def test_neither_a_number_used_before_nor_a_day_before_the_reading_in_force_is_taken(client, reads, municipal):
    reads("ce_hours", 24, since=TODAY, number="清质监口径〔2026〕3号")
    signed_in(client, municipal)
    for stage in ({}, {"confirmed": "1"}):
        assert "该口径编号已经使用。" in text_of(client.post(page_of("ce_courses"), typed() | stage))
        page = text_of(client.post(page_of("ce_hours"), typed("30", number="另一编号") | stage))
        assert "生效日期须晚于现行口径 清质监口径〔2026〕3号 的生效日期（2026年11月22日）。" in page
    assert Interpretation.unscoped.recorded().count() == 1


@pytest.mark.parametrize("who", ["county_one", "user_a", "administrator"])
def test_only_the_municipal_bureau_interprets(client, request, who):
    signed_in(client, request.getfixturevalue(who))
    assert "/record/" not in text_of(client.get(LIST)).replace("/measure/record/", "")
    assert client.get(page_of("ce_hours")).status_code == 404
    assert client.post(page_of("ce_hours"), typed("24") | {"confirmed": "1"}).status_code == 404
    assert not Interpretation.unscoped.recorded().exists()


def test_a_stranger_is_asked_to_sign_in_and_a_question_nobody_asked_is_not_there(client, municipal):
    assert client.get(page_of("ce_hours")).status_code == 302
    signed_in(client, municipal)
    assert [client.get(page_of(key)).status_code for key in ("nothing", "CE_HOURS", "6.(3)")] == [404, 404, 404]
