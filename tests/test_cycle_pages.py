"""Report cycles as the bureau works them: drafted, published, served, put off, taken back (Art. 12(二)(3))."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import actions
from appointments.models import ReportCycle
from appointments.states import CycleState
from registry.models import Message
from tests.cast import account, enterprise, person
from tests.supervision_cast import DUE, NOTICE, OPENED, PUBLISHED
from tests.test_enterprise_pages import days

BEFORE_DUE = datetime(2026, 3, 1, 2, tzinfo=UTC)
AFTER_DUE = datetime(2026, 4, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """The day on which notices are published; moved on by the tests."""
    with time_machine.travel(PUBLISHED, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browse(client):
    """Signs in somebody of the cast at the day of the clock, and returns their browser."""

    def signed_in(user):
        client.force_login(user)
        return client

    return signed_in


def typed(**changes) -> dict:
    """What an officer types for a notice."""
    boxes = days("first_day", NOTICE["first_day"]) | days("last_day", NOTICE["last_day"]) | days("due_on", DUE)
    said = {name: NOTICE[name] for name in ("title", "number", "body")}
    return said | boxes | {"token": uuid4(), "audience": "all", "county": ""} | changes


def page_of(cycle: ReportCycle, act: str = "") -> str:
    """The address of a notice, or of one of its acts."""
    return f"/report-cycles/{cycle.reference}/" + (f"acts/{act}/" if act else "")


def form_of(cycle: ReportCycle, **values) -> dict:
    """The form of an act as its page shows it."""
    return {"token": uuid4(), "version": cycle.version} | values


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def again(cycle: ReportCycle) -> ReportCycle:
    return ReportCycle.unscoped.get(pk=cycle.pk)


# --- From the draft to everybody's inbox -----------------------------------------------------------------------------


def test_the_city_drafts_a_notice_reads_whom_it_reaches_and_by_what_and_publishes_it(
    browse, municipal, county_one, cqo_a, company_a
):
    city = browse(municipal)
    made = city.post("/report-cycles/new/", typed(number="清质监通[2026]08号"))
    cycle = ReportCycle.unscoped.get()
    assert (made.url, cycle.number) == (page_of(cycle), "清质监通〔2026〕8号")
    assert "下一步：核对并发布" in text_of(city, made.url)
    assert not Message.unscoped.filter(url__startswith="/report-cycles/").exists()

    confirm = text_of(city, page_of(cycle, "publish"))
    for words in (
        "通知发给 1 家企业",
        f"站内消息 1 家，电子邮件 {int(bool(company_a.contact_email))} 家（留有邮箱的）",
        "短信 1 家",
        "甲公司（张三",
        "未按时提供履职报告",
    ):
        assert words in confirm
    assert city.post(page_of(cycle, "publish"), form_of(cycle)).url == page_of(cycle)
    cycle = again(cycle)
    assert cycle.state == CycleState.PUBLISHED
    assert Message.unscoped.filter(enterprise=company_a, url=cycle.duties.get().page).count() == 1
    for reader in (municipal, county_one):
        page = text_of(browse(reader), page_of(cycle))
        assert "下一步：送达通知" in page
        assert "记录纸质送达" in page
        assert "甲公司" in page


def test_who_came_into_office_after_the_period_is_on_no_list_of_receivers(
    browse, supervise, municipal, company_a, person_a
):
    supervise.cqo(person_a, company_a, first_day=NOTICE["last_day"] + timedelta(days=1))
    cycle = supervise.planned()
    confirm = text_of(browse(municipal), page_of(cycle, "publish"))
    assert "今天没有企业在报告对象中，不发消息。" in confirm and "甲公司" not in confirm
    assert "只要求报告期内任职的首席质量官报告" in confirm


@pytest.mark.parametrize(
    ("changes", "control", "sentence"),
    [
        ({"number": "2026第8号"}, "id_number", "请按“清质监通〔2026〕8号”的样式填写文号"),
        (days("due_on", date(2026, 1, 10)), "id_due_on_0", "报告期限须晚于发布通知的当天"),
        (days("last_day", date(2026, 3, 31)), "id_due_on_0", "报告期限须晚于报告期的最后一天"),
        (days("last_day", date(2024, 12, 31)), "id_last_day_0", "最后一天不得早于第一天"),
        ({"body": " "}, "id_body", "请填写通知正文"),
        ({"county": "440100"}, "id_county", "不在可选范围内"),
    ],
)
def test_an_impossible_notice_is_refused_at_its_field_and_keeps_what_was_typed(
    browse, municipal, changes, control, sentence
):
    page = browse(municipal).post("/report-cycles/new/", typed(**changes)).content.decode()
    assert f'<a href="#{control}">' in page
    assert sentence in page
    assert NOTICE["title"] in page
    assert not ReportCycle.unscoped.exists()


def test_a_draft_whose_due_day_was_overtaken_cannot_go_and_says_so(browse, clock, supervise, municipal, cqo_a):
    cycle = supervise.planned()
    clock.move_to(datetime(2026, 3, 31, 2, tzinfo=UTC))
    page = text_of(browse(municipal), page_of(cycle, "publish"))
    assert "现在不能发布" in page
    assert "报告期限须晚于发布通知的当天" in page
    assert "发布通知，发给" not in page
    refused = browse(municipal).post(page_of(cycle, "publish"), form_of(cycle)).content.decode()
    assert "报告期限须晚于发布通知的当天" in refused
    assert again(cycle).state == CycleState.DRAFT


def test_the_same_number_is_not_published_twice_and_a_repeat_of_the_form_publishes_once(
    browse, supervise, municipal, cqo_a
):
    cycle = supervise.planned()
    city = browse(municipal)
    sent = form_of(cycle)
    assert city.post(page_of(cycle, "publish"), sent).url == city.post(page_of(cycle, "publish"), sent).url
    assert cycle.duties.count() == 1
    second = supervise.planned()
    page = city.post(page_of(second, "publish"), form_of(second)).content.decode()
    assert "这个文号的通知已经发布" in page


def test_two_officers_edit_one_draft_and_the_second_sees_what_the_first_wrote(browse, supervise, municipal):
    cycle = supervise.planned()
    city = browse(municipal)
    address = f"{page_of(cycle)}edit/"
    assert NOTICE["body"] in text_of(city, address)
    city.post(address, typed(version=cycle.version, title="第一人改的标题"))
    page = city.post(address, typed(version=cycle.version, title="第二人改的标题")).content.decode()
    assert "他人刚刚修改过" in page
    assert "第一人改的标题" in page
    assert "第二人改的标题" in page
    assert again(cycle).title == "第一人改的标题"


# --- Who sees and who may --------------------------------------------------------------------------------------------


def test_a_draft_is_the_citys_alone_and_acts_are_nobody_elses(
    browse, supervise, county_one, county_two, user_a, user_b, trainer, administrator, cqo_a
):
    draft, told = supervise.planned(number="清质监通〔2026〕9号"), supervise.cycle(county=cqo_a.enterprise.county)
    for user in (county_one, county_two, user_a, user_b, trainer):
        assert browse(user).get(page_of(draft)).status_code == 404
        for act in ("publish", "extend", "withdraw"):
            assert browse(user).get(page_of(told, act)).status_code == 404
            assert browse(user).post(page_of(told, act), form_of(told)).status_code == 404
        assert browse(user).get("/report-cycles/new/").status_code == 404
    assert browse(county_two).get(page_of(told)).status_code == 404  # for another county alone
    assert browse(user_b).get(page_of(told)).status_code == 404
    assert browse(trainer).get("/report-cycles/").status_code == 404
    assert browse(user_a).get("/report-cycles/").url == "/reports/"
    assert browse(user_a).get(page_of(told)).url == told.duties.with_parties().get().page
    page = text_of(browse(administrator), page_of(told))
    assert "记录纸质送达" not in page
    assert "/acts/" not in page
    assert browse(administrator).get(page_of(told, "publish")).status_code == 404


def test_the_list_counts_within_ones_county_and_says_what_to_do_while_it_is_empty(
    browse, supervise, municipal, county_two, cqo_a
):
    assert "起草报告通知" in text_of(browse(municipal), "/report-cycles/")
    assert "市局发布通知后，会出现在这里" in text_of(browse(county_two), "/report-cycles/")
    supervise.cycle()
    assert "1 家，未送达 1" in text_of(browse(municipal), "/report-cycles/")
    assert "没有企业" in text_of(browse(county_two), "/report-cycles/")


# --- The table of duties ---------------------------------------------------------------------------------------------


def company_with_cqo(supervise, n: int, county_one):
    """Another enterprise of 县局一 with a CQO in force."""
    company = enterprise(10000010 + n, f"丙{n}公司", by=county_one)
    user = account(f"enterprise-c{n}", "enterprise", f"丙{n}公司经办人", enterprise=company)
    return supervise.cqo(person(20 + n, f"钱{'一二三四'[n]}", company=company, by=user), company)


def names_in(page: str) -> set[str]:
    """Which enterprises the table names."""
    return set(re.findall(r'class="row-link"[^>]*>(甲公司|丙\d公司)<', page))


def test_the_table_shows_service_and_report_of_each_and_is_narrowed_by_both(
    browse, clock, supervise, county_one, municipal, cqo_a
):
    others = [company_with_cqo(supervise, n, county_one) for n in range(3)]
    cycle = supervise.cycle()
    duties = {row.enterprise.name: row for row in cycle.duties.with_parties()}
    for name in ("甲公司", "丙0公司", "丙1公司"):
        duty = duties[name]
        actions.open_notice(duty, by=supervise.make.enterprise_user(duty.enterprise), at=OPENED)
    supervise.reported(duties["甲公司"])
    supervise.reported(duties["丙0公司"], at=AFTER_DUE)
    clock.move_to(AFTER_DUE)
    city = browse(municipal)
    page = text_of(city, page_of(cycle))
    for words in ("按时", "迟交 3 天", "期限已过，未提交", "已过 3 天", "企业在平台打开", "未送达", "迟交 1 家"):
        assert words in page
    assert "期限已过，2 家没有提交，其中 1 家没有送达" in page
    expected = {
        "unserved": {"丙2公司"},
        "missing": {"丙1公司", "丙2公司"},
        "overdue": {"丙1公司", "丙2公司"},
        "on_time": {"甲公司"},
        "late": {"丙0公司"},
        "to_read": {"甲公司", "丙0公司"},
        "returned": set(),
    }
    for state, names in expected.items():
        assert names_in(text_of(city, f"{page_of(cycle)}?state={state}")) == names, state
    assert names_in(text_of(city, f"{page_of(cycle)}?q=丙1")) == {"丙1公司"}
    supervise.resign(others[1], at=AFTER_DUE)  # in office on the due day: still owed
    assert "期限已过，2 家没有提交" in text_of(city, page_of(cycle))


def test_who_left_office_before_the_due_day_is_not_counted_as_missing(browse, clock, supervise, municipal, cqo_a):
    cycle = supervise.cycle()
    supervise.resign(cqo_a, at=BEFORE_DUE)
    clock.move_to(AFTER_DUE)
    page = text_of(browse(municipal), page_of(cycle))
    assert "期限前终止，不要求" in page
    assert "1 家的聘任在报告期限之前终止" in page
    assert "记录纸质送达" not in page


def test_the_pages_take_the_same_number_of_queries_for_one_row_and_for_three(
    browse, supervise, municipal, county_one, cqo_a
):
    one = supervise.cycle()
    addresses = (page_of(one), "/report-cycles/", "/reports/")

    def queries() -> list[int]:
        counted = []
        for address in addresses:
            text_of(browse(municipal), address)
            with CaptureQueriesContext(connection) as found:
                text_of(browse(municipal), address)
            counted.append(len(found))
        return counted

    before = queries()
    for n in range(2):
        appointment = company_with_cqo(supervise, n, county_one)
        actions.include_late_joiners(at=PUBLISHED)
        assert one.duties.filter(appointment=appointment).exists()
    supervise.cycle(number="清质监通〔2026〕9号", title="另一份通知")
    assert queries() == before


# --- Later days, taking back -----------------------------------------------------------------------------------------


def later(day: date, reason: str = "企业停产检修") -> dict:
    return days("due_on", day) | {"reason": reason}


def test_the_due_day_is_put_off_for_all_until_it_has_passed(browse, clock, supervise, municipal, company_a, cqo_a):
    cycle = supervise.cycle()
    clock.move_to(BEFORE_DUE)
    address = page_of(cycle, "extend")
    assert "还没有提交的 1 家企业" in text_of(browse(municipal), address)
    same = browse(municipal).post(address, form_of(cycle) | later(DUE)).content.decode()
    assert '<a href="#id_due_on_0">新的期限须晚于现在的期限' in same
    silent = browse(municipal).post(address, form_of(cycle) | later(date(2026, 4, 10), " ")).content.decode()
    assert '<a href="#id_reason">请填写延期的理由' in silent
    browse(municipal).post(address, form_of(cycle) | later(date(2026, 4, 10)))
    assert again(cycle).due_on == cycle.duties.get().due_on == date(2026, 4, 10)
    page = text_of(browse(municipal), page_of(cycle))
    assert "延至2026年4月10日。企业停产检修" in page
    assert "已延期" in page
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="报告期限延期").count() == 1


def test_on_the_last_second_of_the_due_day_it_is_put_off_and_a_second_later_no_more(
    browse, clock, supervise, municipal, cqo_a
):
    cycle = supervise.cycle()
    address = page_of(cycle, "extend")
    clock.move_to(datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC))  # 23:59:59 in Qingyuan
    browse(municipal).post(address, form_of(cycle) | later(date(2026, 4, 2)))
    assert again(cycle).due_on == date(2026, 4, 2)
    clock.move_to(datetime(2026, 4, 2, 16, 0, 0, tzinfo=UTC))
    city = browse(municipal)
    assert city.get(address).url == page_of(cycle)
    page = text_of(city, page_of(cycle))
    assert "报告期限已过，不能再延期；是否按时以原期限为准" in page
    assert "为全部企业延期</a>" not in page
    refused = city.post(address, form_of(cycle) | later(date(2026, 5, 1))).content.decode()
    assert '<a href="#id_due_on_0">报告期限已过，不能再延期' in refused
    assert again(cycle).due_on == date(2026, 4, 2)


def test_a_notice_taken_back_asks_for_nothing_any_more(browse, supervise, municipal, user_a, company_a, cqo_a):
    cycle = supervise.cycle()
    address = page_of(cycle, "withdraw")
    assert "还没有提交的 1 家企业" in text_of(browse(municipal), address)
    refused = browse(municipal).post(address, form_of(cycle, reason="")).content.decode()
    assert '<a href="#id_reason">请填写收回的原因' in refused
    browse(municipal).post(address, form_of(cycle, reason="报告期写错"))
    page = text_of(browse(municipal), page_of(cycle))
    assert "通知已收回：报告期写错" in page
    assert "/acts/" not in page
    duty = cycle.duties.with_parties().get()
    page = text_of(browse(user_a), duty.page)
    assert "不再要求提供这次履职报告。原因：报告期写错" in page
    assert "打开通知" not in page
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="通知已收回").count() == 1
