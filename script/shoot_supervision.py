"""The walk through supervision and promotion: notices, reports, recommendations, achievements; see ``shoot``.

Every page is shown that the demo data leads to, and every form that a page offers. Forms are sent only where they are
refused; but for one link to a statement, which is handed out, looked at and revoked, nothing is changed.
"""

from playwright.sync_api import Page
from tour import Tour, follow, go, press, rows

# Under an object's page: papers, files, and pages that are shown by themselves.
NOT_FORMS = ("letter", "preview", "notice", "bundle", "receipt", "file", "files", "reports", "papers", "grounds")
# The words of a state on a list, and the name of its picture.
CASES = {
    "已开立": "opened", "听取意见中": "asked", "已提出，待第二人签发": "proposed", "已签发，待送达": "issued",
    "已送达，待企业答复": "served", "逾期未答复": "unanswered", "企业已答复：解除聘任": "dismissed",
    "企业已答复：不解除聘任": "declined", "不提出建议": "not-recommended", "已收回建议": "withdrawn",
    "聘任已终止，办结": "closed",
}  # fmt: skip
REPORTS = {
    "未提交": "asked", "填写中": "draft", "期限已过，未提交": "missing", "已收到，待收阅": "received",
    "退回补充": "returned", "已收阅": "noted",
}  # fmt: skip
REPORT_LISTS = ("/reports/", *(f"/reports/?state={state}" for state in ("to_read", "on_time", "late", "returned")))
PROMOTED = {
    "草稿": "draft", "已提交，待核对": "submitted", "已退回，待修改": "returned", "已公开": "published",
    "不予公开": "declined", "已撤回": "withdrawn",
}  # fmt: skip
COUNTIES = (441802, 441803, 441821, 441823, 441825, 441826, 441881, 441882)
CYCLES = {"草稿": "draft", "已发布": "running", "已发布，期限已过": "over"}
SUPERVISION = ("report-cycles", "reports", "performance", "obligations", "findings", "accidents", "watch-list",
               "recommendations", "deliveries")  # fmt: skip
PROMOTION = ("campaigns", "achievements", "commendations", "pilots", "policies")


def supervision(tour: Tour) -> None:
    """All of it: the public, the city, the counties that opened a case, and the enterprises that cases are about."""
    of_public(tour)
    city = tour.enter("municipal")
    for listed in (*SUPERVISION, *PROMOTION):
        tour.shoot(city, f"municipal-{listed}", f"/{listed}/")
    notices(tour, city)
    watched(tour, city, "municipal")
    cases = of_city(tour, city)
    of_counties(tour, cases)
    of_enterprises(tour, city, cases)
    reporting(tour, city)
    of_known_enterprise(tour)


def by_state(page: Page, names: dict[str, str], *lists: str) -> dict[str, str]:
    """The first row of each state on these lists' first pages: the name of the state's picture, the row's address."""
    found = []
    for listed in lists:
        page.goto(listed)
        found += page.locator("main table.rows tbody tr").evaluate_all(
            "all => all.map((row) => [[...row.querySelectorAll('.tag')].map((tag) => tag.innerText),"
            " row.querySelector('a.row-link').getAttribute('href')])"
        )
    return {names[tag]: address for tags, address in reversed(found) for tag in tags if tag in names}


def with_forms(tour: Tour, page: Page, name: str, address: str) -> None:
    """An object's page, and every form under it that it offers this person."""
    tour.shoot(page, name, address)
    offered = page.locator("main a").evaluate_all("all => all.map((a) => a.getAttribute('href') ?? '')")
    for link in dict.fromkeys(offered):
        parts = link.removeprefix(address).strip("/").split("/")
        if link.startswith(address) and link != address and parts[0] not in NOT_FORMS and "?" not in link + "#":
            tour.shoot(page, f"{name}-{'-'.join(parts).removeprefix('acts-')}", link)


def refused(tour: Tour, page: Page, name: str, address: str, button: str) -> None:
    """An empty form, and what it says when it is sent as it is."""
    tour.shoot(page, name, address)
    go(page, button)
    tour.shoot(page, f"{name}-error")


# --- Without an account ----------------------------------------------------------------------------------------------


def of_public(tour: Tour) -> None:
    """What is published of achievements, commendations and policies."""
    page = tour.enter()
    tour.shoot(page, "public-experience", "/experience/")
    for shared in rows(page, "/experience/")[:1]:
        tour.shoot(page, "public-experience-one", shared)
    tour.shoot(page, "public-commendations", "/experience/commendations/")
    tour.shoot(page, "public-policies", "/policies/")
    for policy in rows(page, "/policies/")[:1]:
        tour.shoot(page, "public-policy", policy)
    tour.shoot(page, "public-statement-gone", "/statements/no-such-link/", status=410)
    tour.shoot(page, "public-statement-received", "/statements/received/")


# --- The city --------------------------------------------------------------------------------------------------------


def notices(tour: Tour, page: Page) -> None:
    """Each notice and its forms, a report in each state, targets."""
    refused(tour, page, "municipal-cycle-new", "/report-cycles/new/", "保存草稿")
    for state, cycle in by_state(page, CYCLES, "/report-cycles/").items():
        with_forms(tour, page, f"municipal-cycle-{state}", cycle)
    for state, report in by_state(page, REPORTS, *REPORT_LISTS).items():
        tour.shoot(page, f"municipal-report-{state}", report)
    tour.shoot(page, "municipal-targets", rows(page, "/performance/")[0])


def watched(tour: Tour, page: Page, who: str) -> None:
    """The watch list, grounds, and both decisions on a chain that is complete."""
    tour.shoot(page, f"{who}-watch-list-all", "/watch-list/?links=all")
    grounds = page.locator("main .cases h2 a:not(.firm)").first.get_attribute("href")
    tour.shoot(page, f"{who}-grounds", grounds)
    tour.shoot(page, f"{who}-case-new", grounds.replace("grounds/", "recommendations/new/"))
    for name, words in (("open", "开立建议案"), ("decline", "记录不提出建议")):
        page.goto("/watch-list/")
        if page.locator("main").get_by_role("link", name=words).count():
            follow(page, words)
            tour.shoot(page, f"{who}-case-{name}")
            if name == "decline":  # a case would be opened, not refused
                go(page, words)
                tour.shoot(page, f"{who}-case-{name}-error")


def of_city(tour: Tour, page: Page) -> dict[str, str]:
    """A case in each state as the city sees it; signing, refused. Gives the addresses."""
    cases = by_state(page, CASES, "/recommendations/")
    for state, case in cases.items():
        with_forms(tour, page, f"municipal-case-{state}", case)
    tour.shoot(page, "municipal-statistics", "/recommendations/statistics/")
    refused(tour, page, "municipal-case-sign", f"{cases['proposed']}acts/sign/", "签发")
    for kind in ("campaigns", "commendations", "policies"):
        for row in rows(page, f"/{kind}/")[:1]:
            with_forms(tour, page, f"municipal-{kind}-one", row)
    tour.shoot(page, "municipal-deliveries-sms", "/deliveries/?channel=sms")
    return cases


# --- Counties --------------------------------------------------------------------------------------------------------


def of_counties(tour: Tour, cases: dict[str, str]) -> None:
    """Each case as the county that opened it sees it; the first county's registers and forms too."""
    for n, code in enumerate(COUNTIES):
        page = tour.enter(f"county-{code}")
        own = set(rows(page, "/recommendations/"))
        for state, case in cases.items():
            if case in own:
                with_forms(tour, page, f"county-case-{state}", case)
                if state == "asked":
                    link_of(tour, page, case)
        if n == 0:
            of_county(tour, page)
        page.context.close()


def link_of(tour: Tour, page: Page, case: str) -> None:
    """Hand out the CQO's link while there is time to state, look where it leads, send it empty, and revoke it."""
    revoke_link(page, case)
    page.goto(f"{case}acts/link/")
    if not page.get_by_role("button", name="发出一次性链接").count():
        return
    page.fill("input[name=phone]", "")  # nothing is sent: the page shows the link
    go(page, "发出一次性链接")
    tour.shoot(page, "county-link")
    address = page.locator("main p.num b").inner_text()
    person = tour.enter()
    tour.shoot(person, "public-statement", "/statements/" + address.partition("/statements/")[2])
    go(person, "提交陈述意见")
    tour.shoot(person, "public-statement-error")
    tour.shoot(page, "county-case-handed", case)
    revoke_link(page, case)
    tour.shoot(person, "public-statement-revoked", person.url, status=410)


def revoke_link(page: Page, case: str) -> None:
    """Take back a link that is handed out, also one that a run which was cut short left."""
    page.goto(f"{case}acts/revoke/")
    if page.locator("main").get_by_role("button", name="作废链接").count():
        go(page, "作废链接")


def of_county(tour: Tour, page: Page) -> None:
    """A county's lists and forms: findings, accidents, opening a case, paper reports, promotion."""
    for listed in (*SUPERVISION, *PROMOTION):
        tour.shoot(page, f"county-{listed}", f"/{listed}/")
    for kind, button in (("finding", "保存草稿"), ("accident", "记录")):
        tour.shoot(page, f"county-{kind}-pick", f"/{kind}s/new/")
        refused(tour, page, f"county-{kind}-new", rows(page, f"/{kind}s/new/")[0], button)
        for row in rows(page, f"/{kind}s/")[:1]:
            with_forms(tour, page, f"county-{kind}", row)
    watched(tour, page, "county")
    for state, report in by_state(page, REPORTS, *REPORT_LISTS).items():
        with_forms(tour, page, f"county-report-{state}", report)
    tour.shoot(page, "county-cycle", rows(page, "/report-cycles/")[-1])
    refused(tour, page, "county-campaign-new", "/campaigns/new/", "保存草稿")
    refused(tour, page, "county-policy-new", "/policies/new/", "保存草稿")
    for state, row in by_state(page, PROMOTED, "/achievements/").items():
        with_forms(tour, page, f"county-achievement-{state}", row)
    tour.shoot(page, "county-commendation-pick", "/commendations/new/")
    refused(tour, page, "county-commendation-new", rows(page, "/commendations/new/")[0], "登记")
    with_forms(tour, page, "county-pilot", rows(page, "/pilots/")[0])
    for listed in ("commendations", "policies"):
        for row in rows(page, f"/{listed}/")[:1]:
            with_forms(tour, page, f"county-{listed}-one", row)


# --- Enterprises -----------------------------------------------------------------------------------------------------


def of_enterprises(tour: Tour, city: Page, cases: dict[str, str]) -> None:
    """Each case of which its enterprise knows, as it sees it, up to both of its answers."""
    for state, case in cases.items():
        city.goto(case)
        if (page := entered(tour, account_of(city))) is None:
            return
        known = case in rows(page, "/recommendations/")
        tour.shoot(page, f"enterprise-cases-{state}", "/recommendations/")
        if known:
            with_forms(tour, page, f"enterprise-case-{state}", case)
        if state in ("served", "unanswered"):
            for answer in ("dismissed", "declined"):
                tour.shoot(page, f"enterprise-case-{state}-answer-{answer}", f"{case}answer/?answer={answer}")
        if state == "served":
            go(page, "不解除聘任")
            tour.shoot(page, "enterprise-case-answer-error")
        if state in ("issued", "asked"):
            tour.shoot(page, f"enterprise-home-{state}", "/")
        page.context.close()


def account_of(page: Page) -> str:
    """The account of the enterprise that an officer's page is about."""
    if not page.locator("main a[href^='/enterprises/']").count():
        press(page, page.locator("main dl a[href^='/appointments/']"))
    href = page.locator("main a[href^='/enterprises/']").first.get_attribute("href")
    return f"enterprise-{href.split('/')[2].lower()}"


def entered(tour: Tour, account: str) -> Page | None:
    """A window of that account; None, said aloud, where the demo data gave it no password."""
    try:
        return tour.enter(account)
    except AssertionError as refusal:
        print(f"· {refusal}; what it would see is left out", flush=True)
        return None


def reporting(tour: Tour, city: Page) -> None:
    """A report in each state as its enterprise sees it, with its forms."""
    for state, report in by_state(city, REPORTS, *REPORT_LISTS).items():
        city.goto(report)
        if (page := entered(tour, account_of(city))) is None:
            return
        with_forms(tour, page, f"enterprise-report-{state}", report)
        page.context.close()


def of_known_enterprise(tour: Tour) -> None:
    """enterprise-a: its lists, a report that is asked for, targets, achievements and guidance."""
    page = tour.enter("enterprise-a")
    for listed in ("reports", "performance", "obligations", "recommendations", *PROMOTION):
        tour.shoot(page, f"enterprise-{listed}", f"/{listed}/")
    for n, sheet in enumerate(rows(page, "/performance/")[:2]):
        with_forms(tour, page, f"enterprise-targets-{n}", sheet)
    refused(tour, page, "enterprise-achievement-new", "/achievements/new/", "保存草稿")
    for state, row in by_state(page, PROMOTED, "/achievements/").items():
        with_forms(tour, page, f"enterprise-achievement-{state}", row)
    for listed in ("campaigns", "commendations", "pilots"):
        for row in rows(page, f"/{listed}/")[:1]:
            with_forms(tour, page, f"enterprise-{listed}-one", row)
