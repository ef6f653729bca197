"""What people and browsers really send: each is answered in a sentence, nothing is half-written, nothing is a 500."""

import threading
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from appointments import actions
from appointments.models import Appointment, Evidence
from appointments.states import EndReason, State
from tests.cast import AT, COMPLETE, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(extension):
    """The day of the cast, with the measure in force."""
    with time_machine.travel(AT, tick=False):
        yield TODAY


@pytest.fixture
def draft(make, person_a, company_a) -> Appointment:
    """张三's appointment at 甲公司, complete, not yet submitted."""
    return make.draft(person_a, company_a)


@pytest.fixture
def company(client, user_a) -> Client:
    """甲公司's browser."""
    client.force_login(user_a)
    return client


def boxes(name: str, year, month, day) -> dict[str, str]:
    return {f"{name}_year": str(year), f"{name}_month": str(month), f"{name}_day": str(day)}


def step(row: Appointment, number: int = 3) -> str:
    return reverse("appointment_step", args=[row.reference, number])


def check(row: Appointment) -> str:
    return reverse("appointment_check_answers", args=[row.reference])


def act(row: Appointment, name: str) -> str:
    return reverse("appointment_act", args=[row.reference, name])


def filled(row: Appointment, **changed) -> dict[str, str]:
    """The third step as the page would send it."""
    values = {name: value for name, value in COMPLETE.items() if name not in ("first_day", "in_decision_level")}
    values |= {"in_decision_level": "yes", "version": row.version, "token": str(uuid4())}
    return values | boxes("first_day", 2026, 12, 1) | changed


def sure(row: Appointment) -> dict[str, str]:
    return {"sure": "on", "version": row.version, "token": str(uuid4())}


def said(response) -> str:
    """The page's text; the form was shown again."""
    assert response.status_code == 200
    return response.content.decode()


def stands(row: Appointment) -> tuple:
    """What would differ if anything had been written."""
    row.refresh_from_db()
    return row.version, row.position, row.first_day, row.state, row.acts.count(), row.papers.count()


LONG = "质" * 41


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"position": LONG}, "在本企业的职务最多 40 个字，现为 41 个字。"),
        ({"position": "总\x07经理"}, "含有看不见的控制字符"),
        ({"position": "总经理\x00"}, "含有看不见的控制字符"),
        ({"position": "总经理👍"}, "含有表情等不能印在文件上的符号"),
        ({"in_decision_level": "maybe"}, "属于企业决策层吗？请选择“属于”或者“不属于”。"),
        ({"appointer": "secretary"}, "任命人不在可选范围内"),
        (boxes("first_day", 1890, 1, 1), "聘任首日的年份应在 2000 年至 2100 年之间。"),
        (boxes("first_day", 2999, 1, 1), "聘任首日的年份应在 2000 年至 2100 年之间。"),
        (boxes("first_day", 2027, 2, 29), "2027 年没有 2 月 29 日。"),
        (boxes("first_day", "明年", 2, 1), "只填数字"),
        (boxes("first_day", 2026, "", 1), "年、月、日都要填写"),
    ],
)
def test_an_impossible_value_is_told_at_its_field_and_nothing_is_written(company, draft, changed, sentence):
    before = stands(draft)
    text = said(company.post(step(draft), filled(draft) | {"quality_department": "新部门"} | changed))
    assert sentence in text and "错误：" in text
    assert 'value="新部门"' in text, "what was typed is kept"
    assert stands(draft) == before


def test_html_is_kept_as_text_and_never_as_html(company, draft):
    company.post(step(draft), filled(draft, position="<script>alert(1)</script>"))
    text = said(company.get(reverse("appointment_detail", args=[draft.reference])))
    assert "&lt;script&gt;" in text and "<script>alert" not in text


def test_full_width_digits_are_read_as_digits(company, draft):
    company.post(step(draft), filled(draft) | boxes("first_day", "２０２６", "１２", "５"))
    draft.refresh_from_db()
    assert draft.first_day == date(2026, 12, 5)


def test_an_empty_draft_is_kept_and_its_submission_refused_with_every_gap(company, draft):
    company.post(step(draft), {"version": draft.version, "token": str(uuid4())})
    draft.refresh_from_db()
    text = said(company.post(check(draft), sure(draft)))
    assert "请填写在本企业的职务。" in text and "请选择任命人" in text and "请填写聘任首日。" in text
    assert stands(draft)[3:] == (State.DRAFT, 1, 0)


def test_a_first_day_out_of_reach_is_refused_at_submission(company, draft):
    company.post(step(draft), filled(draft) | boxes("first_day", 2028, 1, 1))
    draft.refresh_from_db()
    assert "聘任首日不得晚于今天起一年。" in said(company.post(check(draft), sure(draft)))
    assert stands(draft)[3:] == (State.DRAFT, 1, 0)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("大.pdf", b"%PDF-" + b"0" * (40 * 1024 * 1024), "文件超过 10 MB。"),
        ("程序.pdf", b"MZ\x90\x00" + b"\x00" * 200, "文件内容不是 PDF、JPG 或 PNG。"),
        ("坏.pdf", b"%PDF-1.7 nothing", "无法打开这份 PDF"),
        ("空.pdf", b"", "文件是空的"),
        ("假.png", b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", "无法打开这张图片"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(company, draft, name, data, sentence):
    before = stands(draft)
    form = {"kind": "other", "version": draft.version, "token": str(uuid4()), "file": SimpleUploadedFile(name, data)}
    assert sentence in said(company.post(step(draft, 2), form))
    assert stands(draft) == before and not Evidence.unscoped.exists()


def test_a_form_without_its_token_is_shown_again(company, draft):
    before = stands(draft)
    said(company.post(step(draft), {name: value for name, value in filled(draft).items() if name != "token"}))
    assert stands(draft) == before


def test_a_double_click_submits_once_and_shows_the_first_result(company, draft):
    form = sure(draft)
    first, second = company.post(check(draft), form), company.post(check(draft), form)
    assert first.url == second.url
    assert draft.papers.count() == 2 and draft.acts.count() == 2


def test_posting_again_after_going_back_says_what_has_changed(company, draft):
    old = sure(draft)
    company.post(check(draft), sure(draft))
    assert "已被他人修改" in said(company.post(check(draft), old))
    assert draft.papers.count() == 2


def test_two_tabs_of_one_enterprise_lose_neither_text(company, draft):
    first, second = filled(draft, position="总经理"), filled(draft, position="总工程师")
    company.post(step(draft), first)
    text = said(company.post(step(draft), second))
    draft.refresh_from_db()
    assert draft.position == "总经理"
    assert "他人刚刚修改过" in text and "总工程师" in text and "总经理" in text
    company.post(step(draft), second | {"version": draft.version, "token": str(uuid4())})
    draft.refresh_from_db()
    assert draft.position == "总工程师"


def test_two_officers_deciding_at_once_are_one_decision(client, make, person_a, company_a, county_one, municipal):
    row = make.submitted(make.qualified(person_a, company_a), company_a)
    checked, returned = ({"version": row.version, "token": str(uuid4())} for _ in range(2))
    client.force_login(county_one)
    client.post(act(row, "check"), checked)
    client.force_login(municipal)
    text = said(client.post(act(row, "return"), returned | {"remark_position": "与决定不一致"}))
    row.refresh_from_db()
    assert row.state == State.CHECKED and "已被他人修改" in text and "与决定不一致" in text


def test_an_overlapping_appointment_is_refused_with_the_name_of_who_is_in_force(
    company, make, person_a, person_a_two, company_a
):
    make.filed(person_a, company_a, first_day=date(2026, 1, 1))
    other = make.draft(person_a_two, company_a)
    before = stands(other)
    text = said(company.post(check(other), sure(other)))
    assert "张三的任期" in text and "到2027年12月31日，与这项任命重叠" in text
    assert stands(other) == before


def test_a_successor_starts_the_day_after_an_early_end(company, make, user_a, person_a, person_a_two, company_a):
    row = make.filed(person_a, company_a, first_day=date(2026, 1, 1))
    ending = {"version": row.version, "reason": EndReason.RESIGNED, "token": str(uuid4())}
    company.post(act(row, "end"), ending | boxes("last_day", 2026, 11, 20))
    same_day = make.draft(person_a_two, company_a, first_day=date(2026, 11, 20))
    assert "重叠" in said(company.post(check(same_day), sure(same_day)))
    actions.save_draft(same_day, version=same_day.version, by=user_a, at=AT, first_day=date(2026, 11, 21))
    same_day.refresh_from_db()
    company.post(check(same_day), sure(same_day))
    same_day.refresh_from_db()
    assert same_day.state == State.SUBMITTED


def test_a_last_day_outside_the_term_is_refused(company, make, person_a, company_a):
    row = make.filed(person_a, company_a, first_day=date(2026, 1, 1))
    form = {"version": row.version, "reason": EndReason.RESIGNED, "token": str(uuid4())}
    early, within = boxes("last_day", 2025, 12, 31), boxes("last_day", 2026, 5, 1)
    assert "终止日期须在聘任首日至今天之间" in said(company.post(act(row, "end"), form | early))
    assert "请选择终止的原因。" in said(company.post(act(row, "end"), form | within | {"reason": ""}))
    row.refresh_from_db()
    assert row.state == State.FILED


def test_a_term_from_29_february_ends_on_28_february(company, make, person_a, company_a):
    row = make.draft(person_a, company_a)
    company.post(step(row), filled(row) | boxes("first_day", 2024, 2, 29))
    row.refresh_from_db()
    company.post(check(row), sure(row))
    row.refresh_from_db()
    assert (row.first_day, row.last_day) == (date(2024, 2, 29), date(2026, 2, 28))


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_appoint_once(make, user_a, person_a, company_a):
    draft = make.draft(person_a, company_a)
    form, results = sure(draft), []

    def click():
        browser = Client()
        browser.force_login(user_a)
        results.append(browser.post(check(draft), form))
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    draft.refresh_from_db()
    assert draft.state == State.SUBMITTED and draft.papers.count() == 2
    assert [result.status_code for result in results] == [302, 302]
