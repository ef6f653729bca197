"""Everybody can use the pages: axe finds nothing, the keyboard reaches every act, and scripts may be off."""

from urllib.parse import urlsplit

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page

from appointments import actions
from appointments.models import Appointment
from appointments.states import PaperKind, State
from registry.states import Role
from tests.browser import NARROW, WIDE, chromium, listen, resize, sign_in, sticking_out, visitor
from tests.cast import AT, PASSWORD
from tests.supervision_cast import OPENED

pytestmark = pytest.mark.django_db(transaction=True)

# {…} is filled from ``places``; the first address of a role is where it arrives.
PAGES = {
    "": (
        "/", "/accounts/login/", "/measure/", "/verify/", "/verify/{letter}/", "/verify/P1AA/", "/talent-pool/",
        "/self-check/", "/interpretations/", "/no-such-page/",
    ),
    Role.ENTERPRISE: (
        "/", "/inbox/", "/candidates/", "/candidates/new/", "/candidates/{person}/", "/candidates/{person}/edit/",
        "/candidates/{person}/facts/experience/new/", "/candidates/{person}/facts/training/new/",
        "/enterprises/{enterprise}/", "/enterprises/{enterprise}/edit/", "/appointments/", "/appointments/{filed}/",
        "/appointments/{filed}/papers/letter/sealed/", "/appointments/{filed}/acts/end/", "/appointments/new/",
        "/appointments/{draft}/step/2/", "/appointments/{draft}/step/3/", "/appointments/{draft}/check/",
        "/sessions/{session}/", "/sessions/{session}/enrol/", "/certificates/{certificate}/", "/projects/new/",
        "/projects/{project}/", "/candidates/{person}/education/",
    ),
    Role.TRAINER: (
        "/", "/sessions/new/", "/sessions/{session}/", "/sessions/{session}/results/",
        "/sessions/{session}/results/upload/", "/sessions/{session}/certificates/",
        "/certificates/{certificate}/revoke/",
    ),
    Role.COUNTY: (
        "/", "/enterprises/", "/enterprises/new/", "/enterprises/{enterprise}/designations/new/", "/candidates/",
        "/appointments/queue/", "/appointments/queue/confirm/?pick={submitted}", "/appointments/{submitted}/",
        "/appointments/{submitted}/acts/check/", "/appointments/{submitted}/acts/return/", "/appointments/counter/",
        "/appointments/counter/{enterprise}/", "/sessions/{session}/enrol/free/", "/candidates/{person}/name/",
        "/projects/{reported}/acts/complete/", "/statistics/",
    ),
    Role.MUNICIPAL: (
        "/", "/enterprises/", "/enterprises/{enterprise}/", "/candidates/{person}/", "/appointments/",
        "/appointments/queue/", "/appointments/{checked}/acts/file/", "/admin/",
        "/training-bodies/{body}/", "/talent-pool/entries/", "/talent-pool/entries/{entry}/consent/",
        "/interpretations/ce_hours/record/", "/statistics/coverage/", "/statistics/coverage/covered/",
    ),
    Role.ADMINISTRATOR: (
        "/", "/admin/", "/admin/registry/user/", "/admin/registry/user/add/", "/training-bodies/{body}/trainers/new/",
    ),
}  # fmt: skip
# The same of supervision and promotion; ``watched`` fills these in.
WATCHED = {
    "": ("/experience/", "/experience/{shared}/", "/experience/commendations/", "/statements/{link}/"),
    Role.ENTERPRISE: (
        "/", "{duty}edit/", "{duty}check/", "/appointments/{cqo}/performance/2025/results/", "/obligations/",
        "/recommendations/{asked}/", "/recommendations/{asked}/statement/",
    ),
    Role.COUNTY: (
        "/watch-list/", "/appointments/{cqo}/grounds/", "/appointments/{cqo}/findings/new/", "/findings/{finding}/",
        "/recommendations/{asked}/", "/recommendations/{asked}/acts/statement/", "{duty}counter/",
        "/achievements/{shared}/", "/deliveries/",
    ),
    Role.MUNICIPAL: (
        "/", "/report-cycles/{cycle}/", "{received}", "/recommendations/", "/recommendations/{proposed}/acts/sign/",
        "/recommendations/statistics/", "/pilots/",
    ),
}  # fmt: skip
ACCOUNTS = {
    Role.ENTERPRISE: "enterprise-a",
    Role.TRAINER: "trainer",
    Role.COUNTY: "county-441802",
    Role.MUNICIPAL: "municipal",
    Role.ADMINISTRATOR: "administrator",
}
# A form, and the button that carries it out.
FORMS = {
    "": (("/accounts/login/", "登录"), ("/verify/", "核验"), ("/self-check/", "查看结果")),
    Role.ENTERPRISE: (
        ("/candidates/new/", "添加"),
        ("/candidates/{person}/edit/", "保存"),
        ("/candidates/{person}/facts/qualification/new/", "添加"),
        ("/enterprises/{enterprise}/edit/", "保存"),
        ("/appointments/new/", "保存并继续"),
        ("/appointments/{draft}/step/2/", "保存并继续"),
        ("/appointments/{draft}/step/3/", "保存并继续"),
        ("/appointments/{draft}/check/", "任命并提交"),
        ("/appointments/{filed}/acts/end/", "终止聘任"),
        ("/appointments/{filed}/papers/letter/sealed/", "上传"),
        ("/sessions/{session}/enrol/", "报名"),
    ),
    Role.TRAINER: (("/sessions/new/", "保存草稿"), ("/sessions/{session}/results/", "保存本页")),
    Role.COUNTY: (
        ("/enterprises/new/", "登记"),
        ("/enterprises/{enterprise}/designations/new/", "保存"),
        ("/appointments/queue/", "核对所选"),
        ("/appointments/{submitted}/acts/check/", "核对"),
        ("/appointments/{submitted}/acts/return/", "退回补正"),
        ("/appointments/counter/{enterprise}/", "下一步：核对"),
    ),
    Role.MUNICIPAL: (
        ("/appointments/{checked}/acts/file/", "登记并发给回执"),
        ("/interpretations/ce_hours/record/", "下一步：预览影响"),
    ),
}

FOCUS = """() => {
  const at = document.activeElement;
  const seen = getComputedStyle(at);
  const ringed = (seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) > 0) || seen.boxShadow !== "none";
  return {what: at.tagName, words: (at.innerText || at.value || at.name || "").trim(), ringed};
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def places(request, make, extension, company_a, person_a, person_a_two, person_b, company_b) -> dict[str, str]:
    """What stands in the addresses: for an enterprise and the public a filed row and a draft, else open ones."""
    role = request.node.callspec.params.get("role", Role.ENTERPRISE)
    known = {"enterprise": company_a.reference, "person": person_a.reference}
    if role in ("", Role.ENTERPRISE):
        make.qualified(person_a, company_a)
        filed = make.filed(person_a, company_a)
        known |= {"filed": filed.reference, "letter": filed.papers.get(kind=PaperKind.LETTER).code}
        return known | {"draft": make.draft(person_a_two, company_a).reference}
    known["submitted"] = make.submitted(person_a, company_a).reference
    return known | {"checked": make.checked(person_b, company_b).reference}


@pytest.fixture
def in_training(train, company_a, person_a, person_a_two, free_one) -> dict[str, str]:
    """张三 is in the talent pool, 孙五 sits in a session of today, and has reported a project."""
    now, today = timezone.now(), timezone.localdate()
    entry = train.pooled(person_a, company_a)
    session = train.session(at=now, session_days=[today], enrolment=(today, today), days_needed=1)
    train.enrolled(session, person_a_two, company_a, at=now)
    return {
        "session": session.reference,
        "body": session.body.reference,
        "certificate": entry.certificate.code,
        "project": entry.project.reference,
        "entry": entry.reference,
        "reported": train.reported(person_a_two, company_a).reference,
    }


@pytest.fixture
def watched(supervise, promote, make, cqo_a, person_a, company_a, person_b, company_b) -> dict[str, str]:
    """甲公司 is asked about 张三, its report is in draft; 乙公司 has reported, and 李四's case awaits signing."""
    cqo_b = supervise.cqo(person_b, company_b)
    cycle = supervise.cycle()
    duties = {duty.appointment_id: duty for duty in cycle.duties.with_parties()}
    actions.open_notice(duties[cqo_a.pk], by=make.enterprise_user(company_a), at=OPENED)
    supervise.written(duties[cqo_a.pk])
    supervise.reported(duties[cqo_b.pk])
    supervise.targets(cqo_a)
    promote.commendation(promote.pilot(company_a), cqo_a)
    asked = supervise.asked(cqo_a)
    return {
        "cqo": cqo_a.reference,
        "cycle": cycle.reference,
        "duty": f"/report-cycles/{cycle.reference}/reports/{cqo_a.reference}/",
        "received": f"/report-cycles/{cycle.reference}/reports/{cqo_b.reference}/",
        "finding": supervise.finding(cqo_a, filed=False).reference,
        "asked": asked.reference,
        "link": supervise.link(asked)[1],
        "proposed": supervise.proposed(cqo_b).reference,
        "shared": promote.published(person_a, company_a).reference,
    }


def enter(browser: Browser, url: str, role: str, **options) -> Page:
    """A window of somebody of that role, logged in."""
    page = visitor(browser, url, **options).new_page()
    if role:
        sign_in(page, ACCOUNTS[role], PASSWORD)
    return page


AXE_AT = pytest.mark.parametrize("widths", [(NARROW,), pytest.param((NARROW, WIDE), marks=pytest.mark.long)])


@AXE_AT
@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(browser, live_server, places, in_training, role, widths):
    names = places | in_training
    faults = faults_of(browser, live_server.url, role, [address.format(**names) for address in PAGES[role]], widths)
    assert not faults, "\n".join(faults)


@AXE_AT
def test_axe_finds_nothing_in_supervision_and_promotion(browser, live_server, watched, widths):
    faults = []
    with time_machine.travel(AT):
        for role, addresses in WATCHED.items():
            named = [address.format(**watched) for address in addresses]
            faults += faults_of(browser, live_server.url, role, named, widths)
    assert not faults, "\n".join(faults)


def faults_of(browser: Browser, url: str, role: str, addresses: list[str], widths=(NARROW,)) -> list[str]:
    """What the console, a look at the right edge, and at these ``widths`` axe find; and pages that lead away."""
    page = enter(browser, url, role)
    faults = faults_on(page, addresses, widths)
    page.context.close()
    return faults


def faults_on(page: Page, addresses: list[str], widths=(NARROW,)) -> list[str]:
    """The same, in a window that somebody has open already."""
    axe, faults, heard = Axe(), [], listen(page)
    for address in addresses:
        page.goto(address)
        faults += [f"{address} {complaint}" for complaint in heard]
        if urlsplit(page.url).path != address.partition("?")[0]:
            faults.append(f"{address} leads to {page.url}")
        for width in (WIDE, NARROW):
            resize(page, width)
            faults += [f"{address} {width} sticks out: {inner}" for inner in sticking_out(page)]
            if width in widths:
                found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
                faults += [f"{address} {width} {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
        heard.clear()  # of axe's own doing
    return faults


@pytest.mark.parametrize("role", FORMS)
def test_the_keyboard_alone_reaches_the_button_of_every_form(browser, live_server, places, in_training, role):
    page, faults = enter(browser, live_server.url, role), []
    for address, button in FORMS[role]:
        page.goto(address.format(**places, **in_training))
        faults += [f"{address}: {fault}" for fault in tabbed_to(page, button)]
    page.context.close()
    assert not faults, "\n".join(faults)


def tabbed_to(page: Page, button: str) -> list[str]:
    """Press Tab until that button has the focus; what went wrong on the way."""
    faults = []
    for presses in range(120):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if presses == 0 and at["words"] != "跳到正文":
            faults.append(f"the first stop is {at['what']} {at['words']}, not the way to the text")
        if not at["ringed"]:
            faults.append(f"the focus is not seen on {at['what']} {at['words']}")
        if at["what"] == "BUTTON" and at["words"] == button:
            return faults
    return [*faults, f"{button} is not reached"]


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_without_scripts_an_enterprise_appoints(browser, live_server, places, width):
    page = enter(browser, live_server.url, Role.ENTERPRISE, width=width, java_script_enabled=False)
    page.goto("/appointments/{draft}/step/3/".format(**places))
    page.fill("input[name=position]", "质量总监")
    page.get_by_role("button", name="保存并继续").click()
    assert page.get_by_role("heading", level=1).inner_text() == "请核对，再任命并提交"
    assert Appointment.unscoped.get(reference=places["draft"]).position == "质量总监"
    page.goto("/appointments/{filed}/acts/end/".format(**places))
    page.get_by_role("button", name="终止聘任").click()
    assert "请选择终止的原因。" in page.locator("main").inner_text()
    page.context.close()


@pytest.mark.parametrize("role", [Role.COUNTY])
def test_without_scripts_a_county_checks_several(browser, live_server, places, role, make, person_a, company_a):
    row = Appointment.unscoped.get(reference=places["submitted"])
    make.qualified(person_a, company_a)
    page = enter(browser, live_server.url, role, java_script_enabled=False)
    page.goto("/appointments/queue/")
    page.locator("input[name=pick]").check()
    page.get_by_role("button", name="核对所选").click()
    page.locator("main form button.btn-primary").click()
    row.refresh_from_db()
    assert row.state == State.CHECKED
    page.context.close()
