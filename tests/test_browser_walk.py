"""The whole way in a real browser, on a phone and on a desk: enterprise, county, city; no error, nothing refused."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from appointments.models import Appointment
from appointments.states import PaperKind, State
from tests.cast import PASSWORD, pdf
from training.models import Session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chromium(monkeypatch):
    """A browser without a window."""
    # playwright keeps an event loop running in this thread; the ORM is used beside it, never within it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """Somebody at a browser; whatever the console complains of is kept."""

    def __init__(self, browser, origin: str, width: int, shots):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", base_url=origin)
        context.set_default_timeout(20_000)
        self.page, self.shots, self.complaints = context.new_page(), shots, []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, username: str):
        self.page.goto("/accounts/login/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_load_state()

    def press(self, words: str):
        """A button or link of the page's own part, by its words."""
        main = self.page.locator("main")
        main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words)).first.click()
        self.page.wait_for_load_state()

    def fill(self, **values):
        for name, text in values.items():
            self.page.fill(f"[name={name}]", text)

    def look(self, name: str):
        """Keep a picture; a page wider than the window is a fault."""
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=True, caret="initial")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} scrolls sideways by {wide} px"


@pytest.fixture
def visit(chromium, live_server, tmp_path):
    """Signs somebody in at a width, or lets the public in; at the end no browser has complained of anything."""
    visitors = []

    def come(username: str, width: int) -> Visitor:
        visitor = Visitor(chromium, live_server.url, width, tmp_path)
        if username:
            visitor.sign_in(username)
        visitors.append(visitor)
        return visitor

    yield come
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.mark.parametrize("width", [360, pytest.param(1440, marks=pytest.mark.long)])
def test_an_enterprise_appoints_the_county_checks_the_city_files(
    visit, make, extension, person_a, company_a, width, tmp_path
):
    company = visit("enterprise-a", width)
    company.page.goto("/appointments/new/")
    company.look("1-new")
    company.page.get_by_label("张三").check()
    company.press("保存并继续")

    for name in ("declares_ethics", "declares_knowledge", "declares_independence"):
        company.page.check(f"[name={name}]")
    company.page.select_option("[name=kind]", "decision")
    upload = tmp_path / "任命决定.pdf"
    upload.write_bytes(pdf())
    company.page.set_input_files("[name=file]", upload)
    company.press("上传")
    expect(company.page.locator("main")).to_contain_text("任命决定.pdf")
    company.look("2-declarations")
    company.press("保存并继续")

    company.fill(position="副总经理", quality_department="质量管理部", inspection_department="检测中心")
    company.fill(safety_department="安全环保部", first_day_year="2026", first_day_month="2", first_day_day="29")
    company.page.check("[name=in_decision_level][value=yes]")
    company.page.check("[name=appointer][value=legal_representative]")
    company.press("保存并继续")
    expect(company.page.locator(".errors")).to_contain_text("2026 年没有 2 月 29 日")
    company.look("3-errors")
    company.fill(first_day_month="12", first_day_day="1")
    company.page.check("[name=departments_report]")
    expect(company.page.locator("#saved")).to_contain_text("已自动保存")
    expect(company.page.locator("#term")).to_contain_text("2028年11月30日")
    company.look("3-post")
    company.press("保存并继续")
    company.look("4-check")
    company.press("任命并提交")
    expect(company.page.locator(".errors")).to_contain_text("请确认任命人已决定")
    company.page.check("[name=sure]")
    company.press("任命并提交")
    expect(company.page.locator("main")).to_contain_text("等待核对")
    company.look("5-submitted")
    row = Appointment.unscoped.get()

    county = visit("county-441802", width)
    county.page.goto("/appointments/queue/")
    county.look("6-queue")
    county.press("甲公司")
    county.look("7-county")
    county.press("退回补正")
    county.page.fill("[name=remark_safety_department]", "与任命决定不一致")
    county.look("8-return")
    county.press("退回补正")
    expect(county.page.locator("main")).to_contain_text("等待企业补正")

    company.page.goto(f"/appointments/{row.reference}/step/3/")
    expect(company.page.locator("main")).to_contain_text("退回意见：与任命决定不一致")
    company.look("9-correction")
    company.fill(safety_department="质量安全部")
    company.press("保存并继续")
    company.page.check("[name=sure]")
    company.press("重新提交")

    county.page.goto(f"/appointments/{row.reference}/")
    expect(county.page.locator(".diff")).to_contain_text("质量安全部")
    county.look("10-changed")
    county.press("核对并转市局登记")
    county.look("11-check")
    county.press("核对")
    expect(county.page.locator("main")).to_contain_text("等待登记")

    city = visit("municipal", width)
    city.page.goto("/appointments/queue/")
    city.page.check("[name=pick]")
    city.look("12-city-queue")
    city.press("登记所选")
    city.look("13-confirm")
    city.press("登记这 1 件")
    expect(city.page.locator("main")).to_contain_text("已登记 1 件")
    city.page.goto(f"/appointments/{row.reference}/")
    city.look("14-filed")

    company.page.goto(f"/appointments/{row.reference}/")
    company.press("上传盖章件")
    company.page.set_input_files("[name=file]", upload)
    company.press("上传")
    expect(company.page.locator("main")).to_contain_text("盖章件已上传。")
    company.look("15-sealed")
    row.refresh_from_db()
    assert row.state == State.FILED
    assert [paper.version for paper in row.papers.filter(kind=PaperKind.AUTHORISATION)] == [2, 1]


def test_a_trainer_holds_a_session_and_the_public_verifies_its_certificate(
    visit, trainer, extension, person_a, person_a_two, company_a
):
    today = timezone.localdate()
    school = visit("trainer", 360)
    school.page.goto("/sessions/new/")
    school.page.check("[name=kind][value=qualifying]")
    school.page.uncheck("[name=workdays_only]")
    school.fill(title="第三期首席质量官任职培训", place="清远市质量协会三楼", audience="拟任首席质量官")
    school.fill(seats="30", days_needed="1", courses_0_title="质量法律法规", courses_0_hours="8")
    for day in ("first_day", "last_day", "enrol_first_day", "enrol_last_day"):
        school.fill(**{f"{day}_year": str(today.year), f"{day}_month": str(today.month), f"{day}_day": str(today.day)})
    school.look("1-plan")
    school.press("保存草稿")
    school.press("核对并发布")
    school.press("发布")
    session = Session.unscoped.get()

    company = visit("enterprise-a", 360)
    company.page.goto("/sessions/")
    company.press("第三期首席质量官任职培训")
    company.press("为本企业人员报名")
    for name in ("张三", "孙五"):
        company.page.get_by_label(name).check()
    company.look("2-enrol")
    company.press("报名")
    expect(company.page.locator("#enrolments")).to_contain_text("孙五")

    school.page.goto(f"/sessions/{session.reference}/")
    school.press("登记考勤和成绩")
    rows = {name: school.page.locator("main tbody tr", has_text=name) for name in ("张三", "孙五")}
    for name, score in (("张三", "85.5"), ("孙五", "59.5")):
        rows[name].get_by_role("checkbox").check()
        rows[name].get_by_label(f"{name}的成绩").fill(score)
    school.look("3-results")
    school.press("保存本页")
    school.page.goto(f"/sessions/{session.reference}/certificates/")
    expect(school.page.locator("main")).to_contain_text("还不能发证 1 人")
    school.look("4-certificates")
    school.press("张三")
    school.press("发给证书")
    expect(school.page.locator("h1")).to_have_text("张三的培训证书")
    school.look("5-certificate")
    code = school.page.locator("aside span.num", has_text=re.compile("^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$")).inner_text()

    public = visit("", 360)
    public.page.goto("/verify/")
    public.fill(code=code.replace("-", " ").lower())
    public.press("核验")
    expect(public.page.locator(".answer h1")).to_contain_text("有效")
    expect(public.page.locator("main")).to_contain_text("清远市质量协会")
    public.look("6-verified")


def test_the_way_works_without_javascript(chromium, live_server, make, extension, person_a, company_a):
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "enterprise-a")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    row = make.draft(person_a, company_a)
    page.goto(f"/appointments/{row.reference}/step/3/")
    page.fill("[name=position]", "总工程师")
    page.click("button[value=later]")
    row.refresh_from_db()
    assert row.position == "总工程师"
    page.goto(f"/appointments/{row.reference}/check/")
    page.check("[name=sure]")
    page.click("main button.btn-primary")
    row.refresh_from_db()
    assert row.state == State.SUBMITTED
