"""The second half of ``script/screenshots``: walks through the portal as every role and takes its picture.

Wants a portal with the demo data. It carries one appointment of enterprise-b from the draft to the municipal bureau's
desk and withdraws it in the end, so it can run again; each run leaves one withdrawn appointment behind. What the walks
through training and supervision leave is told in ``shoot_training`` and ``shoot_supervision``.
"""

import argparse
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page
from shoot_accounts import accounts
from shoot_supervision import supervision
from shoot_training import training
from tour import ROOT, Tour, codes_of, first_row, follow, go, press, rows

from tests.browser import chromium  # noqa: E402 (tour has set the path)

INVENTED = ROOT / "tests" / "data" / "measures" / "linghai-2026.toml"

# --- What each of them sees ------------------------------------------------------------------------------------------


def public(tour: Tour, codes: dict[str, str]) -> None:
    """Without an account."""
    page = tour.enter()
    tour.shoot(page, "public-home", "/")
    tour.shoot(page, "public-measure", "/measure/")
    tour.shoot(page, "public-measure-edition", "/measure/editions/qingyuan-2016/")
    tour.shoot(page, "public-interpretations", "/interpretations/")
    tour.shoot(page, "public-self-check", "/self-check/")
    tour.shoot(page, "public-verify", "/verify/")
    for kind, code in codes.items():
        tour.shoot(page, f"public-verify-{kind}", f"/verify/{code}/")
    tour.shoot(page, "public-verify-unknown", "/verify/P1AA-0000-0000/")
    tour.shoot(page, "public-404", "/no-such-page/", status=404)
    tour.shoot(page, "public-login", "/accounts/login/")
    page.fill("input[name=login]", "nobody")
    page.fill("input[name=password]", "not-the-password")
    go(page, "登录")
    tour.shoot(page, "public-login-error")


def settled(tour: Tour) -> dict[str, str]:
    """enterprise-a: its CQO is in force and filed. Gives the codes of the papers."""
    page = tour.enter("enterprise-a")
    tour.shoot(page, "settled-home", "/")
    tour.shoot(page, "settled-appointments", "/appointments/")
    ended = first_row(page, "/appointments/?state=ended")
    tour.shoot(page, "settled-ended", ended)
    filed = first_row(page, "/appointments/?state=filed")
    tour.shoot(page, "settled-filed", filed)
    tour.shoot(page, "settled-end", f"{filed}acts/end/")
    go(page, "终止聘任")
    tour.shoot(page, "settled-end-error")
    tour.shoot(page, "settled-seal", f"{filed}papers/letter/sealed/")
    tour.shoot(page, "settled-inbox", "/inbox/")
    tour.shoot(page, "settled-enterprise", "/enterprises/")
    tour.shoot(page, "settled-enterprise-edit", f"{urlsplit(page.url).path}edit/")
    tour.shoot(page, "settled-empty-list", "/appointments/?state=draft")
    return codes_of(page, filed)


def forms_of_a_person(tour: Tour, page: Page, prefix: str, person: str) -> None:
    """A person's page and every form about the person, empty and refused."""
    tour.shoot(page, f"{prefix}-person", person)
    tour.shoot(page, f"{prefix}-person-edit", f"{person}edit/")
    tour.shoot(page, f"{prefix}-person-leave", f"{person}leave/")
    for kind in ("qualification", "education", "experience", "training"):
        tour.shoot(page, f"{prefix}-{kind}-new", f"{person}facts/{kind}/new/")
    go(page, "添加")
    tour.shoot(page, f"{prefix}-training-error")
    page.goto(person)
    if page.get_by_role("link", name="移除").count():
        follow(page, "移除")
        tour.shoot(page, f"{prefix}-fact-remove")


def preparing(tour: Tour) -> tuple[Page, str]:
    """enterprise-b: from nothing to an appointment that is submitted. Gives the window and the address."""
    page = tour.enter("enterprise-b")
    withdraw_left(page)
    tour.shoot(page, "enterprise-home", "/")
    tour.shoot(page, "enterprise-people", "/candidates/")
    tour.shoot(page, "enterprise-person-new", "/candidates/new/")
    go(page, "添加")
    tour.shoot(page, "enterprise-person-new-error")
    forms_of_a_person(tour, page, "enterprise", first_row(page, "/candidates/"))
    tour.shoot(page, "enterprise-new", "/appointments/new/")
    go(page, "保存并继续")
    tour.shoot(page, "enterprise-new-error")
    page.locator("input[name=candidate]").first.check()
    go(page, "保存并继续")
    appointment = page.url.partition("step/")[0].removeprefix(tour.url)
    for box in ("ethics", "knowledge", "independence"):
        page.locator(f"input[name=declares_{box}]").check()
    tour.shoot(page, "enterprise-step-2")
    go(page, "保存并继续")
    tour.shoot(page, "enterprise-step-3-empty")
    tour.shoot(page, "enterprise-draft", appointment)
    tour.shoot(page, "enterprise-check-answers-lacking", f"{appointment}check/")
    page.goto(f"{appointment}step/3/")
    write_post(page, date(1890, 5, 1))
    go(page, "保存并继续")
    tour.shoot(page, "enterprise-step-3-error")
    write_post(page, date.today() + timedelta(days=20))
    tour.shoot(page, "enterprise-step-3")
    go(page, "保存并继续")
    tour.shoot(page, "enterprise-check-answers")
    go(page, "任命并提交")
    tour.shoot(page, "enterprise-check-answers-error")
    page.locator("input[name=sure]").check()
    go(page, "任命并提交")
    tour.shoot(page, "enterprise-submitted")
    tour.shoot(page, "enterprise-withdraw", f"{appointment}acts/withdraw/")
    tour.shoot(page, "enterprise-home-submitted", "/")
    return page, appointment


def write_post(page: Page, first_day: date) -> None:
    """Fill in the third step."""
    page.fill("input[name=position]", "副总经理")
    page.locator("input[name=in_decision_level]").first.check()
    for field, name in (("quality", "质量管理部"), ("inspection", "质量检验部"), ("safety", "质量安全部")):
        page.fill(f"input[name={field}_department]", name)
    page.locator("input[name=departments_report]").check()
    page.locator("input[name=appointer]").first.check()
    for part in ("year", "month", "day"):
        page.fill(f"input[name=first_day_{part}]", str(getattr(first_day, part)))


def correcting(tour: Tour, page: Page, appointment: str) -> None:
    """enterprise-b reads what is at fault, corrects it and submits again."""
    tour.shoot(page, "enterprise-home-returned", "/")
    tour.shoot(page, "enterprise-inbox", "/inbox/")
    tour.shoot(page, "enterprise-returned", appointment)
    follow(page, "开始补正")
    page.goto(f"{appointment}step/3/")
    tour.shoot(page, "enterprise-correcting")
    page.fill("input[name=position]", "质量总监")
    go(page, "保存并继续")
    tour.shoot(page, "enterprise-check-answers-again")
    page.locator("input[name=sure]").check()
    go(page, "重新提交")
    tour.shoot(page, "enterprise-resubmitted")


def county(tour: Tour, appointment: str) -> Page:
    """The county of enterprise-b: registers, desk, every form; it returns the appointment."""
    page = tour.enter("county-441881")
    tour.shoot(page, "county-home", "/")
    registers(tour, page, "county")
    tour.shoot(page, "county-enterprise-new", "/enterprises/new/")
    go(page, "登记")
    tour.shoot(page, "county-enterprise-new-error")
    tour.shoot(page, "county-queue", "/appointments/queue/")
    tour.shoot(page, "county-queue-overdue", "/appointments/queue/?due=overdue")
    tour.shoot(page, "county-appointment", appointment)
    tour.shoot(page, "county-check", f"{appointment}acts/check/")
    tour.shoot(page, "county-counter", "/appointments/counter/")
    press(page, page.locator("main table.rows td.first a, main a.row-link"))
    tour.shoot(page, "county-counter-form")
    go(page, "下一步：核对")
    tour.shoot(page, "county-counter-form-error")
    page.goto(f"{appointment}acts/return/")
    go(page, "退回补正")
    tour.shoot(page, "county-return-error")
    page.goto(f"{appointment}acts/return/")
    page.locator("input[name=at_position]").check()
    page.fill("input[name=remark_position]", "与任命决定所写职务不一致，请核对后更正")
    tour.shoot(page, "county-return")
    go(page, "退回补正")
    tour.shoot(page, "county-returned")
    return page


def registers(tour: Tour, page: Page, prefix: str) -> None:
    """The three registers and one row of each."""
    tour.shoot(page, f"{prefix}-enterprises", "/enterprises/")
    enterprise = first_row(page, "/enterprises/")
    tour.shoot(page, f"{prefix}-enterprise", enterprise)
    tour.shoot(page, f"{prefix}-designation-new", f"{enterprise}designations/new/")
    tour.shoot(page, f"{prefix}-people", "/candidates/")
    tour.shoot(page, f"{prefix}-person", first_row(page, "/candidates/"))
    tour.shoot(page, f"{prefix}-appointments", "/appointments/")
    tour.shoot(page, f"{prefix}-appointments-none", "/appointments/?q=没有这家企业")
    tour.shoot(page, f"{prefix}-inbox", "/inbox/")


def checking(tour: Tour, page: Page, appointment: str) -> None:
    """The county sees what changed, and checks."""
    tour.shoot(page, "county-resubmitted", appointment)
    page.goto(f"{appointment}acts/check/")
    go(page, "核对")
    tour.shoot(page, "county-checked")


def municipal(tour: Tour, appointment: str) -> None:
    """The municipal bureau's desk; nothing is filed."""
    page = tour.enter("municipal")
    tour.shoot(page, "municipal-home", "/")
    registers(tour, page, "municipal")
    tour.shoot(page, "municipal-queue", "/appointments/queue/")
    for box in page.locator("main input[name=pick]").all()[:4]:
        box.check()
    press(page, page.locator("main .bulk button"))
    tour.shoot(page, "municipal-queue-confirm")
    tour.shoot(page, "municipal-appointment", appointment)
    tour.shoot(page, "municipal-file", f"{appointment}acts/file/")
    tour.shoot(page, "municipal-admin", "/admin/")


def administrator(tour: Tour) -> None:
    """Accounts, the measure's validity, interpretations."""
    page = tour.enter("administrator")
    tour.shoot(page, "administrator-home", "/")
    tour.shoot(page, "administrator-admin", "/admin/")
    shown = page.locator("#content-main th a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    for address in dict.fromkeys(shown):
        model = address.strip("/").split("/")[-1]
        tour.shoot(page, f"administrator-{model}-list", address)
        if page.locator("#result_list tbody th a").count():
            press(page, page.locator("#result_list tbody th a"))
            tour.shoot(page, f"administrator-{model}")
    basis(tour, page)
    tour.shoot(page, "administrator-account", "/admin/registry/user/add/")
    press(page, page.locator("input[name=_save]"))
    tour.shoot(page, "administrator-account-error")


def basis(tour: Tour, page: Page) -> None:
    """What the administrator records of the measure; another city's file as far as its preview, nothing is loaded."""
    tour.shoot(page, "administrator-basis", "/measure/record/")
    for name, button in (("extension", "记录"), ("name", "记录")):
        tour.shoot(page, f"administrator-basis-{name}", f"/measure/record/{name}/")
        go(page, button)
        tour.shoot(page, f"administrator-basis-{name}-error")
    tour.shoot(page, "administrator-basis-successor", "/measure/record/successor/")
    for name, content in (("faults", "[edition]\nkey = 'a'\n"), ("preview", INVENTED.read_text())):
        page.goto(page.url.split("/measure/")[0] + "/measure/record/successor/")
        page.set_input_files("input[name=file]", {"name": "a.toml", "mimeType": "", "buffer": content.encode()})
        go(page, "检查并预览")
        tour.shoot(page, f"administrator-basis-{name}")


def withdraw(page: Page, appointment: str) -> None:
    """Take an appointment back."""
    page.goto(f"{appointment}acts/withdraw/")
    page.locator("textarea[name=reason]").fill("演示：任命决定有误")
    go(page, "撤回")


def withdraw_left(page: Page) -> None:
    """Take back what a run that was cut short left."""
    for state in ("draft", "submitted", "returned", "checked"):
        for address in rows(page, f"/appointments/?state={state}"):
            withdraw(page, address)


def main() -> int:
    """Take every picture; the exit status says whether any page was at fault."""
    parser = argparse.ArgumentParser(prog="script/screenshots", description="Pictures of every page at both widths.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the portal runs, with the demo data")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots", help="folder for all pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    password = os.environ.get("CQO_DEMO_PASSWORD", "demo-cqo-2026")
    with chromium() as browser:
        tour = Tour(browser, options.url.rstrip("/"), options.out, password)
        try:
            public(tour, settled(tour))
            enterprise, appointment = preparing(tour)
            officer = county(tour, appointment)
            correcting(tour, enterprise, appointment)
            checking(tour, officer, appointment)
            municipal(tour, appointment)
            administrator(tour)
            withdraw(enterprise, appointment)
            tour.shoot(enterprise, "enterprise-withdrawn")
            accounts(tour)
            training(tour)
            supervision(tour)
        except (Error, AssertionError) as error:
            print(f"{tour.taken} pictures, then: {error}", file=sys.stderr)
            return 1
    print(f"{tour.taken} pictures in {options.out}; {len(tour.faults)} faults")
    print("\n".join(tour.faults))
    return 1 if tour.faults else 0


if __name__ == "__main__":
    sys.exit(main())
