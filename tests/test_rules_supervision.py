"""Articles 5, 11 and 12 on plain values: the three grounds as truth tables, notices, reminders, document numbers.

The expected values are written from the text of the measure, link by link, and not from the code.
"""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.rules import (
    OVERDUE,
    SECTIONS,
    SILENCE,
    STEPS,
    Chain,
    answer_day,
    concealment,
    cycle_fault,
    days_late,
    document_number,
    extension_fault,
    is_asked,
    is_heard,
    is_late_or_missing,
    late_report,
    missing_sections,
    performance,
    reminder_due,
)
from appointments.states import Behaviour, FindingObject, Party
from training.rules import Requirement

DAY = timedelta(days=1)
DUE = date(2026, 3, 31)
TODAY = date(2026, 5, 1)
PERIOD_END = date(2025, 12, 31)


def held(chain: Chain) -> dict[str, bool]:
    return {link.name: link.holds for link in chain.links}


# --- Art. 12(二)(1): 知情不报、拖延不报或者作虚假报告 -----------------------------------------------------------------


def finding(**changes) -> Chain:
    """The chain of a whole finding on file."""
    facts = {
        "key": "FX-2026-0001",
        "filed_on": date(2026, 10, 9),
        "behaviour": Behaviour.CONCEALED,
        "about": FindingObject.HAZARD,
        "evidence": 2,
        "knew_on": date(2026, 9, 2),
        "knew_what": "签收了泄漏报警记录。",
        "in_office_since": date(2025, 1, 10),
        "within_basis": True,
    }
    return concealment(**facts | changes)


# Link → what of the record is missing, one way of missing it after another.
MISSING_IN_FINDING = {
    "发现情况": [{"filed_on": None}],
    "行为": [{"evidence": 0}],
    "知情": [{"knew_on": None}, {"knew_what": ""}, {"knew_on": None, "knew_what": ""}],
    "有效依据": [{"within_basis": False}],
}


def test_ground_one_stands_on_each_behaviour_about_each_object_and_says_which():
    for behaviour, about in product(Behaviour, FindingObject):
        chain = finding(behaviour=behaviour, about=about)
        assert chain.supported and chain.missing == [] and chain.clause == "12.(2).(1)"
        assert chain.about == f"对{about.label}{behaviour.label}"


@pytest.mark.parametrize("filed", [True, False])
@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("knew", [True, False])
def test_ground_one_needs_a_filed_finding_evidence_and_knowledge_together(filed, proven, knew):
    chain = finding(
        filed_on=date(2026, 10, 9) if filed else None,
        evidence=1 if proven else 0,
        knew_on=date(2026, 9, 2) if knew else None,
        knew_what="签收了泄漏报警记录。" if knew else "",
    )
    assert chain.supported is (filed and proven and knew)
    expected = {"发现情况": filed, "行为": proven, "知情": knew}
    assert chain.missing == [name for name, there in expected.items() if not there]


@pytest.mark.parametrize(
    ("link", "without"), [(link, gone) for link, ways in MISSING_IN_FINDING.items() for gone in ways]
)
def test_each_link_missing_from_a_finding_is_named_alone(link, without):
    chain = finding(**without)
    assert not chain.supported and chain.missing == [link]


@pytest.mark.parametrize(("since", "held_in_office"), [(date(2026, 9, 2), True), (date(2026, 9, 3), False)])
def test_who_knew_before_taking_office_concealed_nothing_in_office(since, held_in_office):
    chain = finding(in_office_since=since)
    assert chain.missing == ([] if held_in_office else ["知情"])
    known = next(link for link in chain.links if link.name == "知情")
    assert known.words == ("2026年9月2日知情", "签收了泄漏报警记录。" if held_in_office else "当时尚未任职")


def test_a_basis_is_a_link_only_where_it_is_missing():
    for whole, outside in ((finding(), finding(within_basis=False)), (report(), report(within_basis=False))):
        assert whole.supported and "有效依据" not in held(whole)
        assert not outside.supported and held(outside) == held(whole) | {"有效依据": False}
        assert outside.links[-1].words == ("当日没有有效的制度依据",)


def test_the_lists_of_the_measure_are_closed():
    assert [behaviour.label for behaviour in Behaviour] == ["知情不报", "拖延不报", "作虚假报告"]
    assert [about.label for about in FindingObject] == ["违法违规行为", "重大风险隐患"]
    with pytest.raises(ValueError, match="accident"):
        finding(about="accident")


# --- Art. 12(二)(2): 未完成相关继续教育课程和质量工作绩效 -------------------------------------------------------------

COURSES = {  # name → (facts, whether the courses are not completed)
    "short": ({"required": 24, "hours": 23, "judged": True}, True),
    "exactly met": ({"required": 24, "hours": 24, "judged": True}, False),
    "not judged": ({"required": 24, "hours": 0, "judged": False}, False),
    "no requirement": ({"required": None, "hours": 0, "judged": True}, False),
}
RESULTS = {  # name → (results of the agreed targets, whether the performance is not reached)
    "no targets": (None, False),
    "no result": ([None, None], False),
    "all met": ([True, True], False),
    "one met, one open": ([True, None], False),
    "one unmet": ([True, False], True),
    "one unmet, one open": ([None, False], True),
}
READINGS = ("both", "either", None)


def year_of(courses: str, results: str, reading: str | None) -> Chain:
    facts = COURSES[courses][0]
    return performance(
        year=2025,
        requirement=Requirement(hours=facts["required"], source="口径三" if facts["required"] else ""),
        courses=0,
        within_basis=True,
        results=RESULTS[results][0],
        reading=reading,
        **{name: value for name, value in facts.items() if name != "required"},
    )


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("results", RESULTS)
@pytest.mark.parametrize("courses", COURSES)
def test_ground_two_is_read_as_the_bureau_reads_it_and_stands_without_a_reading_only_under_both(
    courses, results, reading
):
    chain = year_of(courses, results, reading)
    short, unmet = COURSES[courses][1], RESULTS[results][1]
    expected = (short or unmet) if reading == "either" else (short and unmet)
    assert chain.supported is expected
    assert chain.clause == "12.(2).(2)" and chain.key == "2025"
    facts = {
        "学时要求": courses != "no requirement",
        "课程未完成": short,
        "绩效约定": results != "no targets",
        "绩效未完成": unmet,
    }
    if reading is None and short != unmet:
        facts["“和”的口径"] = False
    assert held(chain) == facts
    assert chain.missing == ([] if expected else [name for name, there in facts.items() if not there])


def test_ground_two_always_shows_both_readings_of_the_word():
    for courses, results, reading in product(COURSES, RESULTS, READINGS):
        note = year_of(courses, results, reading).note
        assert "须两项均未完成" in note and "其中一项未完成即属" in note
    assert "口径未定" in year_of("short", "one unmet", None).note
    assert year_of("short", "all met", "either").note.endswith("须两项均未完成，现不成立；其中一项未完成即属，现成立。")


def test_courses_alone_without_a_reading_lack_the_reading_by_name():
    assert year_of("short", "no targets", None).missing == ["绩效约定", "绩效未完成", "“和”的口径"]
    assert year_of("short", "no targets", "both").missing == ["绩效约定", "绩效未完成"]
    assert year_of("no requirement", "one unmet", "both").missing == ["学时要求", "课程未完成"]


def test_one_hour_short_is_short_and_is_said_so():
    words = {link.name: link.words for link in year_of("short", "all met", "both").links}
    assert words["课程未完成"] == ("完成 23 学时", "差 1 学时")
    assert words["学时要求"] == ("24 学时", "口径三")


# --- Art. 12(二)(3): 未按时提供履职报告 -------------------------------------------------------------------------------


def report(**changes) -> Chain:
    """The chain of a duty whose day is over and for which nothing came."""
    facts = {
        "key": "7",
        "about": "关于提供2025年度履职报告的通知",
        "notice": "清质监通〔2026〕8号",
        "published_on": date(2026, 1, 10),
        "served_on": date(2026, 1, 12),
        "served_how": "企业在平台打开",
        "due_on": DUE,
        "extended": False,
        "today": TODAY,
        "received_on": None,
        "within_basis": True,
    }
    return late_report(**facts | changes)


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("served", ["in time", "after the day", "never"])
@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize("received", ["never", "late", "in time"])
def test_ground_three_needs_notice_service_the_day_over_and_no_or_a_late_receipt(published, served, passed, received):
    chain = report(
        published_on=date(2026, 1, 10) if published else None,
        served_on={"in time": date(2026, 1, 12), "after the day": DUE + DAY, "never": None}[served],
        today=TODAY if passed else DUE,
        received_on={"never": None, "late": DUE + DAY, "in time": DUE - DAY}[received],
    )
    facts = {
        "通知": published,
        "送达": served == "in time",
        "期限已过": passed,
        "未收到或迟交": received != "in time",
    }
    assert held(chain) == facts and chain.clause == "12.(2).(3)"
    assert chain.supported is all(facts.values())
    assert chain.missing == [name for name, there in facts.items() if not there]


@pytest.mark.parametrize(
    ("edge", "changes", "missing"),
    [
        ("served on the due day itself", {"served_on": DUE}, []),
        ("served a day after it", {"served_on": DUE + DAY}, ["送达"]),
        ("never opened, no paper delivered", {"served_on": None, "served_how": ""}, ["送达"]),
        ("received on the due day", {"received_on": DUE}, ["未收到或迟交"]),
        ("received a day late", {"received_on": DUE + DAY}, []),
        ("the due day is today", {"today": DUE}, ["期限已过"]),
        ("the due day was yesterday", {"today": DUE + DAY}, []),
        ("put off, and the later day is to come", {"due_on": TODAY + DAY, "extended": True}, ["期限已过"]),
        ("put off, served after the first day only", {"due_on": DUE + 20 * DAY, "served_on": DUE + DAY}, []),
        ("not published", {"published_on": None}, ["通知"]),
        ("published on a day without a basis", {"within_basis": False}, ["有效依据"]),
    ],
)
def test_the_edges_of_ground_three(edge, changes, missing):
    chain = report(**changes)
    assert chain.missing == missing, edge
    assert chain.supported is (not missing), edge


def test_the_links_of_ground_three_say_what_the_record_says():
    words = {link.name: link.words for link in report(received_on=DUE + 3 * DAY).links}
    assert words == {
        "通知": ("清质监通〔2026〕8号", "2026年1月10日发布"),
        "送达": ("2026年1月12日", "企业在平台打开"),
        "期限已过": ("2026年3月31日", "未延期"),
        "未收到或迟交": ("2026年4月3日收到", "迟 3 天"),
    }
    late = {link.name: link.words for link in report(served_on=DUE + DAY, extended=True).links}
    assert late["送达"] == ("2026年4月1日", "期限过后才送达") and late["期限已过"][1] == "已延期"
    assert late["未收到或迟交"] == ("至今未收到",)


def test_a_chain_without_a_single_link_touches_nobody():
    assert report(today=DUE, received_on=DUE, published_on=None, served_on=None).touched is False
    assert report(today=DUE, received_on=DUE).touched is True


@pytest.mark.parametrize(
    ("today", "received_on", "looked_at"),
    [(DUE, None, False), (DUE + DAY, None, True), (TODAY, DUE, False), (TODAY, DUE + DAY, True), (DUE, DUE, False)],
)
def test_an_officer_looks_at_what_is_late_or_missing_and_at_nothing_before(today, received_on, looked_at):
    assert is_late_or_missing(DUE, today, received_on) is looked_at


@pytest.mark.parametrize(("received_on", "days"), [(DUE - DAY, 0), (DUE, 0), (DUE + DAY, 1), (date(2026, 4, 30), 30)])
def test_late_is_counted_in_days_after_the_due_day(received_on, days):
    assert days_late(received_on, DUE) == days


# --- Art. 5: what a report answers -----------------------------------------------------------------------------------

WHOLE = {section.field: "已开展。" for section in SECTIONS} | {"used_veto": False}


def test_a_report_asks_for_each_item_of_article_five_and_its_unnumbered_paragraph():
    asked = [section.clause for section in SECTIONS]
    assert sorted(set(asked)) == ["5.(1)", "5.(2)", "5.(3)", "5.(4)", "5.(4).2", "5.(5)"]
    titles = "".join(section.title for section in SECTIONS if section.clause == "5.(4).2")
    assert all(words in titles for words in ("质量成本", "质量统计", "质量考核"))
    assert missing_sections(WHOLE, vetoes=0) == {}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.field)
@pytest.mark.parametrize("empty", ["", " \n　", None])
def test_each_section_left_empty_is_named_at_its_field(section, empty):
    faults = missing_sections(WHOLE | {section.field: empty}, vetoes=0)
    assert list(faults) == [section.field] and section.title in faults[section.field]


def test_every_fault_of_a_report_is_told_at_once():
    assert list(missing_sections({}, vetoes=0)) == [*(section.field for section in SECTIONS), "used_veto"]


@pytest.mark.parametrize(
    ("used", "vetoes", "words"),
    [
        (None, 0, "请选择"),
        (None, 2, "请选择"),
        (True, 0, "逐次填写"),
        (False, 1, "清空记录"),
        (True, 1, None),
        (False, 0, None),
    ],
)
def test_the_veto_and_its_log_agree(used, vetoes, words):
    fault = missing_sections(WHOLE | {"used_veto": used}, vetoes=vetoes).get("used_veto")
    assert words in fault if words else fault is None


# --- Notices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_on", "today", "words"),
    [
        (DUE, DUE - DAY, None),
        (DUE, DUE, "晚于发布通知的当天"),
        (DUE, DUE + DAY, "晚于发布通知的当天"),
        (PERIOD_END + DAY, date(2025, 6, 1), None),
        (PERIOD_END, date(2025, 6, 1), "晚于报告期的最后一天"),
        (PERIOD_END - DAY, date(2025, 6, 1), "晚于报告期的最后一天"),
    ],
)
def test_a_notice_asks_for_what_can_still_be_given(due_on, today, words):
    fault = cycle_fault(first_day=date(2025, 1, 1), last_day=PERIOD_END, due_on=due_on, today=today)
    assert fault is None if words is None else (fault[0] == "due_on" and words in fault[1])


@pytest.mark.parametrize(
    ("every", "first_day", "last_day", "right"),
    [
        ("year", date(2026, 1, 1), date(2026, 12, 31), True),
        ("year", date(2026, 1, 1), date(2026, 12, 30), False),
        ("half_year", date(2026, 7, 1), date(2026, 12, 31), True),
        ("half_year", date(2026, 1, 1), date(2026, 12, 31), False),
        ("quarter", date(2026, 10, 1), date(2026, 12, 31), True),
        ("quarter", date(2026, 10, 2), date(2026, 12, 31), False),
        (None, date(2026, 10, 2), date(2026, 12, 31), True),
    ],
)
def test_a_period_is_as_long_as_reports_are_asked_for(every, first_day, last_day, right):
    fault = cycle_fault(first_day=first_day, last_day=last_day, due_on=last_day + 40 * DAY, today=last_day, every=every)
    assert fault is None if right else (fault[0] == "last_day" and "报告周期" in fault[1])


@pytest.mark.parametrize(("days", "right"), [(29, False), (30, True), (31, True)])
def test_no_report_is_due_before_the_days_laid_down_are_over(days, right):
    fault = cycle_fault(
        first_day=date(2025, 1, 1), last_day=PERIOD_END, due_on=PERIOD_END + days * DAY, today=PERIOD_END, within=30
    )
    assert fault is None if right else (fault[0] == "due_on" and "30 天之内" in fault[1])


@pytest.mark.parametrize(
    ("today", "new_due", "words"),
    [
        (DUE, DUE + DAY, None),
        (DUE + DAY, DUE + 30 * DAY, "期限已过"),
        (DUE - DAY, DUE, "晚于现在的期限"),
        (DUE - DAY, DUE - DAY, "晚于现在的期限"),
    ],
)
def test_a_day_is_put_off_until_it_has_passed_and_only_to_a_later_one(today, new_due, words):
    fault = extension_fault(due_on=DUE, new_due=new_due, today=today)
    assert fault is None if words is None else words in fault


# --- Who was heard, and how the letter is numbered -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parties", "today", "heard"),
    [
        ([], DUE, False),
        ([Party.ENTERPRISE], DUE, False),
        ([Party.CQO, Party.CQO], DUE, False),
        ([Party.CQO, Party.ENTERPRISE], DUE - 9 * DAY, True),
        ([], DUE + DAY, True),
        ([Party.ENTERPRISE], DUE + DAY, True),
    ],
)
def test_one_proposes_after_both_spoke_or_after_the_day_for_it(parties, today, heard):
    assert is_heard(parties, statement_due=DUE, today=today) is heard


@pytest.mark.parametrize("link", [True, False])
@pytest.mark.parametrize("notice", [True, False])
@pytest.mark.parametrize("stated", [True, False])
def test_the_cqo_is_asked_in_person_by_any_one_of_three_ways(link, notice, stated):
    assert is_asked(link_issued=link, notice_served=notice, has_stated=stated) is (link or notice or stated)


@pytest.mark.parametrize(
    ("served_on", "day"),
    [
        (DUE - 30 * DAY, DUE),  # the day it was signed
        (DUE - 20 * DAY, DUE + 10 * DAY),
        (DUE, DUE + 30 * DAY),
        (DUE + 5 * DAY, DUE + 35 * DAY),  # only after the day that was set for the answer
    ],
)
def test_a_letter_served_late_leaves_the_days_that_the_signing_left(served_on, day):
    assert answer_day(signed_on=DUE - 30 * DAY, answer_due=DUE, served_on=served_on) == day


@pytest.mark.parametrize(
    "typed",
    [
        "清质监函〔2026〕18号",
        "清质监函[2026]18号",
        "清质监函［2026］18号",
        "清质监函【2026】18号",
        "清质监函（2026）18号",
        "清质监函(2026) 18 号",
        "清质监函〔2026〕第18号",
        "清质监函〔2026〕018号",
        " 清质监函 〔 2026 〕 第 0018 号\n",
        "清质监函﹝2026﹞18号",
        "清质监函〔２０２６〕１８号",
        "清质监函〔2026〕1８号",
    ],
)
def test_a_document_number_is_printed_one_way_however_it_was_typed(typed):
    assert document_number(typed) == "清质监函〔2026〕18号"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "18号",
        "清质监函18号",
        "清质监函〔26〕18号",
        "清质监函〔2026〕号",
        "清质监函〔2026〕0号",
        "清质监函〔2026〕18",
        "QZJ〔2026〕18号",
        "函〔2026〕18号",
        "清质监函〔1926〕18号",
        "清质监函〔2026〕123456号",
        "清质监函〔2026〕18号之一",
        "清质监函〔2026〕1٨号",
    ],
)
def test_what_is_no_document_number_is_none(typed):
    assert document_number(typed) is None


@given(st.integers(2000, 2099), st.integers(1, 99999), st.sampled_from(["〔〕", "[]", "()", "（）", "【】"]))
def test_a_printed_number_has_its_year_in_the_right_brackets_and_no_noughts_in_front(year, number, brackets):
    printed = document_number(f"清质监函{brackets[0]}{year}{brackets[1]}第{number:06d}号")
    assert printed == f"清质监函〔{year}〕{number}号"
    assert document_number(printed) == printed


# --- Art. 12: reminders ----------------------------------------------------------------------------------------------

SINCE = date(2025, 1, 1)


def step(today: date, *, sent=(), overdue: bool = True, since: date = SINCE, **changes) -> int | None:
    return reminder_due(since=since, due_on=DUE, today=today, sent=set(sent), overdue=overdue, **changes)


@pytest.mark.parametrize("days", STEPS)
def test_each_threshold_is_reminded_of_on_its_day_and_not_the_day_before(days):
    earlier = [one for one in STEPS if one > days]
    assert step(DUE - days * DAY, sent=earlier) == days
    assert step(DUE - (days + 1) * DAY, sent=earlier) is None


def test_nothing_is_due_before_the_first_threshold_and_everything_once():
    assert step(DUE - 91 * DAY) is None
    assert step(DUE - 90 * DAY, sent=[90]) is None


def test_the_day_after_is_overdue_and_a_week_of_silence_follows_it():
    sent = [*STEPS]
    assert step(DUE + DAY, sent=sent) == OVERDUE
    assert [step(DUE + n * DAY, sent=[*sent, OVERDUE]) for n in (1, 7)] == [None, None]
    assert step(DUE + 8 * DAY, sent=[*sent, OVERDUE]) == SILENCE
    assert step(DUE + 300 * DAY, sent=[*sent, OVERDUE, SILENCE]) is None


def test_what_cannot_be_overdue_ends_on_its_day():
    assert step(DUE, overdue=False) == 0
    assert step(DUE + DAY, overdue=False) is None  # nor is a day that went by in an outage made up for
    assert step(DUE + 8 * DAY, sent=[0], overdue=False) is None


def test_seven_days_of_silence_are_made_up_for_by_one_reminder():
    """The clock stood still from the 12th day before until the 4th: the seventh passed meanwhile."""
    assert step(DUE - 4 * DAY, sent=[90, 60, 30]) == 7
    assert step(DUE - 4 * DAY, sent=[90, 60, 30, 7]) is None
    assert step(DUE - 4 * DAY) == 7  # nor are the earlier ones sent on top of it
    assert step(DUE + 20 * DAY, sent=[90, 60]) == SILENCE


def test_a_clock_set_back_sends_nothing_again():
    assert step(DUE - 20 * DAY, sent=[7]) is None
    assert step(DUE - 95 * DAY, sent=[90, 60]) is None
    assert step(DUE, sent=[OVERDUE]) is None


def test_thresholds_from_before_the_duty_arose_are_none():
    since = DUE - 40 * DAY
    assert step(since, since=since) is None
    assert step(DUE - 30 * DAY, since=since) == 30
    assert step(DUE - 30 * DAY, since=DUE - 30 * DAY) == 30
    assert step(DUE - 29 * DAY, since=DUE - 29 * DAY) is None


def test_a_duty_with_one_threshold_has_that_alone():
    assert step(DUE, overdue=False, steps=(0,)) == 0
    assert step(DUE - 7 * DAY, overdue=False, steps=(0,)) is None


@given(st.lists(st.integers(-100, 30), min_size=1, max_size=60), st.booleans())
def test_whatever_the_days_on_which_it_is_run_no_step_is_sent_twice_nor_an_earlier_after_a_later(days, overdue):
    sent: list[int] = []
    for offset in days:  # in any order: the clock may be set back
        found = step(DUE + offset * DAY, sent=sent, overdue=overdue)
        if found is not None:
            assert found not in sent and all(found < one for one in sent)
            assert offset >= -found
            sent.append(found)
