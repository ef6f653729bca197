"""The walk through training, certificates, projects, the talent pool and continuing education; see ``shoot``.

The trainer plans a session of these days, both enterprises enrol their people, results are entered, and it is cancelled
before a certificate is issued. A revocation is proposed and declined; a project of enterprise-b goes as far as the
county's desk and is stopped. So it can run again: each run leaves one cancelled session, one stopped project and one
declined revocation behind. No certificate is issued, nobody enters or leaves the talent pool.
"""

import csv
import io
from datetime import date, timedelta

from playwright.sync_api import Page
from python_calamine import CalamineWorkbook
from tour import SAMPLE, Tour, first_row, follow, go, press, rows

ONE_DAY = timedelta(days=1)
PLACE = "清远市质量大厦三楼报告厅"  # by which a session of an earlier run is known
COURSES = (("质量法律法规和质量政策", "8"), ("质量管理体系的建立与改进", "8"), ("首席质量官履职实务", "8"))
PROJECT = {
    "title": "缩短新产品首检周期",
    "problem": "新产品首检平均用时 6 天，四成样品返检一次以上，影响交货。",
    "target": "六个月内首检平均用时降到 3 天以内，返检率低于一成。",
    "measures": "设专职首检员；编制首检作业指导书；检验设备按计划校准；每周统计用时和返检原因。",
}
SCORES = ("86", "92.5", "78", "55", "81", "90")  # one of them is not enough


def training(tour: Tour) -> str:
    """All of it, in the order of the work. Gives the verification code of a certificate."""
    trainer, people = tour.enter("trainer"), [tour.enter(name) for name in ("enterprise-a", "enterprise-b")]
    cancel_left(trainer)
    session = planned(tour, trainer)
    enrolled(tour, people, session)
    of_county(tour, session)
    results(tour, trainer, session)
    code = certificates(tour, trainer, session)
    cancel(trainer, session, tour)
    projects(tour, people[1])
    of_municipal(tour)
    of_administrator(tour)
    page = tour.enter()
    tour.shoot(page, "public-pool", "/talent-pool/")
    tour.shoot(page, "public-verify-certificate", f"/verify/{code}/")
    return code


def address(page: Page) -> str:
    """Where the page is, without the portal's own part."""
    return "/" + page.url.split("/", 3)[3].partition("?")[0]


def write_day(page: Page, name: str, day: date) -> None:
    """Fill in the three boxes of a day."""
    for part in ("year", "month", "day"):
        page.fill(f"input[name={name}_{part}]", str(getattr(day, part)))


# --- The trainer's session -------------------------------------------------------------------------------------------


def planned(tour: Tour, page: Page) -> str:
    """The trainer plans and publishes a session of the last three days. Gives its address."""
    tour.shoot(page, "trainer-home", "/")
    tour.shoot(page, "trainer-sessions", "/sessions/")
    tour.shoot(page, "trainer-session-new", "/sessions/new/")
    go(page, "保存草稿")
    tour.shoot(page, "trainer-session-new-error")
    today = date.today()
    page.locator("input[name=kind][value=qualifying]").check()
    page.locator("input[name=workdays_only]").uncheck()
    words = {"title": f"{today.year}年首席质量官任职培训（第8期）", "place": PLACE, "seats": "40", "days_needed": "2"}
    for name, text in (words | {"audience": "拟任首席质量官、企业质量管理人员"}).items():
        page.fill(f"input[name={name}]", text)
    for n, (title, hours) in enumerate(COURSES):
        page.fill(f"input[name=courses_{n}_title]", title)
        page.fill(f"input[name=courses_{n}_hours]", hours)
    for name, ago in (("first_day", 2), ("last_day", 0), ("enrol_first_day", 30), ("enrol_last_day", 0)):
        write_day(page, name, today - ago * ONE_DAY)
    tour.shoot(page, "trainer-session-plan")
    go(page, "保存草稿")
    tour.shoot(page, "trainer-session-draft")
    session = address(page)
    tour.shoot(page, "trainer-session-edit", f"{session}edit/")
    tour.shoot(page, "trainer-session-publish", f"{session}publish/")
    go(page, "发布")
    return session


def enrolled(tour: Tour, people: list[Page], session: str) -> None:
    """Both enterprises enrol whom they have."""
    tour.shoot(people[0], "enterprise-sessions", "/sessions/")
    tour.shoot(people[0], "enterprise-session", session)
    for page in people:
        page.goto(f"{session}enrol/")
        for box in page.locator("input[name=people]").all():
            box.check()
        if page is people[0]:
            tour.shoot(page, "enterprise-enrol")
        go(page, "报名")
    page = people[0]
    tour.shoot(page, "enterprise-enrolled", session)
    follow(page, "取消报名")
    tour.shoot(page, "enterprise-withdraw-enrolment")
    tour.shoot(page, "enterprise-certificates", "/certificates/")
    for certificate in rows(page, "/certificates/")[:1]:
        tour.shoot(page, "enterprise-certificate", certificate)
    tour.shoot(page, "enterprise-education", "/continuing-education/")
    tour.shoot(page, "enterprise-pool", "/talent-pool/entries/")


def of_county(tour: Tour, session: str) -> None:
    """What the county sees of it; nobody is enrolled, and no name corrected."""
    page = tour.enter("county-441881")
    tour.shoot(page, "county-sessions", "/sessions/")
    tour.shoot(page, "county-session-new", "/sessions/new/")
    tour.shoot(page, "county-session", session)
    tour.shoot(page, "county-enrol-free", f"{session}enrol/free/")
    go(page, "报名")
    tour.shoot(page, "county-enrol-free-error")
    tour.shoot(page, "county-free-person-new", "/candidates/free/new/")
    tour.shoot(page, "county-name", f"{first_row(page, '/candidates/')}name/")
    go(page, "更正姓名")
    tour.shoot(page, "county-name-error")
    tour.shoot(page, "county-certificates", "/certificates/")
    tour.shoot(page, "county-education", "/continuing-education/")


def results(tour: Tour, page: Page, session: str) -> None:
    """Attendance and scores: by a sheet as far as its preview, then in the grid, once wrongly."""
    page.goto(f"{session}edit/")
    write_day(page, "enrol_last_day", date.today() - ONE_DAY)
    go(page, "保存")
    tour.shoot(page, "trainer-session", session)
    tour.shoot(page, "trainer-upload", f"{session}results/upload/")
    for shot, worst in (("trainer-upload-error", "一百"), ("trainer-upload-preview", SCORES[0])):
        page.goto(f"{session}results/upload/")
        sheet = {"name": "考勤成绩.csv", "mimeType": "text/csv", "buffer": filled(page, session, worst)}
        page.set_input_files("input[name=sheet]", sheet)
        go(page, "上传并核对")
        tour.shoot(page, shot)
    page.goto(f"{session}results/")
    for box in page.locator("main .sit input[type=checkbox]").all()[:-2]:
        box.check()
    scores = page.locator("main input[name^=score1_]").all()
    for field, score in zip(scores, SCORES, strict=False):
        field.fill(score)
    scores[0].fill("101")
    go(page, "保存本页")
    tour.shoot(page, "trainer-results-error")
    page.locator("main input[name^=score1_]").first.fill(SCORES[0])
    go(page, "保存本页")
    tour.shoot(page, "trainer-results", f"{session}results/")


def filled(page: Page, session: str, first_score: str) -> bytes:
    """The session's own sheet as CSV, with everybody present and a score each."""
    data = page.request.get(f"{session}results/sheet/").body()
    lines = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    top = next(n for n, row in enumerate(lines) if row[:2] == ["座次", "姓名"])
    columns = {str(title): n for n, title in enumerate(lines[top])}
    for place, row in enumerate(lines[top + 1 :]):
        row[0] = int(row[0])
        for title, n in columns.items():
            if title.endswith("到场"):
                row[n] = "到场"
        row[columns["成绩"]] = SCORES[place % len(SCORES)] if place else first_score
        row[columns["考核日期"]] = date.today().isoformat()
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def certificates(tour: Tour, page: Page, session: str) -> str:
    """Everything up to the button that issues; then what may happen to a certificate. Gives the code of one."""
    for group in ("lacking", "issued", "ready"):
        tour.shoot(page, f"trainer-certificates{'-' + group if group != 'ready' else ''}",
                   f"{session}certificates/?group={group}")  # fmt: skip
    tour.shoot(page, "trainer-issue-one", first_row(page, f"{session}certificates/?group=ready"))
    tour.shoot(page, "trainer-issue-all", f"{session}certificates/issue/")
    tour.shoot(page, "trainer-certificate-list", "/certificates/")
    certificate = first_row(page, "/certificates/?state=valid")
    tour.shoot(page, "trainer-certificate", certificate)
    tour.shoot(page, "trainer-reissue", f"{certificate}reissue/")
    declined = rows(page, "/certificates/?state=valid")[-1]
    page.goto(declined)
    if page.get_by_role("link", name="提出撤销").count():
        tour.shoot(page, "trainer-revoke", f"{declined}revoke/")
        go(page, "提出撤销")
        tour.shoot(page, "trainer-revoke-error")
        page.fill("textarea[name=reason]", "收到来信，反映考核时由他人代考。")
        go(page, "提出撤销")
    tour.shoot(page, "trainer-revocation-open", declined)
    second = tour.enter("trainer-2")
    tour.shoot(second, "trainer-2-revocation", f"{declined}revocation/")
    second.locator("input[name=decision][value=decline]").check()
    go(second, "记录决定")
    tour.shoot(second, "trainer-2-revocation-error")
    second.fill("textarea[name=reason]", "经核对考场签到和监控，反映不属实。")
    go(second, "记录决定")
    tour.shoot(second, "trainer-2-declined")
    return certificate.strip("/").split("/")[-1]


def cancel(page: Page, session: str, tour: Tour | None = None) -> None:
    """Call a session off."""
    page.goto(f"{session}cancel/")
    page.fill("textarea[name=reason]", "演示：培训场地临时停用")
    if tour:
        tour.shoot(page, "trainer-cancel")
    go(page, "取消这一期")
    if tour:
        tour.shoot(page, "trainer-cancelled")


def cancel_left(page: Page) -> None:
    """Call off what a run that was cut short left."""
    for stage in ("draft", "open", "running", "over"):
        for left in rows(page, f"/sessions/?q={PLACE}&stage={stage}"):
            cancel(page, left)


# --- 《质量课题改进计划》 -------------------------------------------------------------------------------------------


def projects(tour: Tour, page: Page) -> None:
    """enterprise-b plans a project and reports it, the county returns it, the enterprise stops it."""
    for state in ("draft", "underway", "returned"):
        for left in rows(page, f"/projects/?state={state}"):
            stop(page, left)
    tour.shoot(page, "enterprise-projects", "/projects/")
    tour.shoot(page, "enterprise-project-new", "/projects/new/")
    go(page, "保存草稿")
    tour.shoot(page, "enterprise-project-new-error")
    page.locator("select[name=candidate]").select_option(index=1)
    for name, text in PROJECT.items():
        page.fill(f"[name={name}]", text)
    write_day(page, "first_day", date.today() - 120 * ONE_DAY)
    write_day(page, "last_day", date.today() + 60 * ONE_DAY)
    go(page, "保存草稿")
    project = address(page)
    tour.shoot(page, "enterprise-project-draft")
    tour.shoot(page, "enterprise-project-file", f"{project}acts/file/")
    go(page, "提交计划")
    tour.shoot(page, "enterprise-project-midterm", f"{project}acts/midterm/")
    page.fill("textarea[name=text]", "首检作业指导书已经编制，试行四周，首检平均用时降到 4.1 天。")
    go(page, "提交中期报告")
    tour.shoot(page, "enterprise-project")
    tour.shoot(page, "enterprise-project-report", f"{project}acts/report/")
    go(page, "报告完成")
    tour.shoot(page, "enterprise-project-report-error")
    page.fill("textarea[name=text]", "首检平均用时降到 2.6 天，返检率为 7%，连续八周稳定。")
    page.set_input_files("input[name=evidence]", {"name": "课题总结.png", "mimeType": "image/png", "buffer": SAMPLE})
    go(page, "报告完成")
    tour.shoot(page, "enterprise-project-reported")
    confirming(tour, project)
    tour.shoot(page, "enterprise-project-returned", project)
    tour.shoot(page, "enterprise-project-stop", f"{project}acts/stop/")
    stop(page, project)


def confirming(tour: Tour, project: str) -> None:
    """The county looks at what was reported, and returns it."""
    page = tour.enter("county-441881")
    tour.shoot(page, "county-projects", "/projects/")
    tour.shoot(page, "county-project", project)
    tour.shoot(page, "county-project-confirm", f"{project}acts/complete/")
    tour.shoot(page, "county-project-return", f"{project}acts/return/")
    page.fill("textarea[name=reason]", "请补充改进前后的数据对比。")
    go(page, "退回修改")


def stop(page: Page, project: str) -> None:
    """Give a project up."""
    page.goto(f"{project}acts/stop/")
    page.fill("textarea[name=reason]", "演示：产品停产")
    go(page, "中止课题")


# --- The bureaus and the administrator -------------------------------------------------------------------------------


def of_municipal(tour: Tour) -> None:
    """The register of training bodies, the talent pool and its forms, continuing education; nothing is recorded."""
    page = tour.enter("municipal")
    tour.shoot(page, "municipal-bodies", "/training-bodies/?kind=recognised")
    body = first_row(page, "/training-bodies/?kind=recognised")
    for what in ("", "edit/", "recognitions/new/"):
        tour.shoot(page, f"municipal-body{'-' + what.split('/')[0] if what else ''}", f"{body}{what}")
    page.goto(body)
    if page.get_by_role("link", name="登记末日").count():
        follow(page, "登记末日")
        tour.shoot(page, "municipal-recognition-end")
    tour.shoot(page, "municipal-body-new", "/training-bodies/new/")
    go(page, "登记")
    tour.shoot(page, "municipal-body-new-error")
    tour.shoot(page, "municipal-sessions", "/sessions/")
    tour.shoot(page, "municipal-certificates", "/certificates/")
    tour.shoot(page, "municipal-certificate-revoked", first_row(page, "/certificates/?state=revoked"))
    tour.shoot(page, "municipal-projects", "/projects/")
    tour.shoot(page, "municipal-pool", "/talent-pool/entries/")
    entry = first_row(page, "/talent-pool/entries/?presence=present")
    tour.shoot(page, "municipal-pool-entry", entry)
    for what, button in (("consent", "登记"), ("leave", "登记退出")):
        tour.shoot(page, f"municipal-pool-{what}", f"{entry}{what}/")
        go(page, button)
        tour.shoot(page, f"municipal-pool-{what}-error")
    education(tour, page)


def education(tour: Tour, page: Page) -> None:
    """The list, a ledger, and the recognition of a course held elsewhere, where there is one."""
    tour.shoot(page, "municipal-education", "/continuing-education/")
    ledgers = rows(page, "/continuing-education/")
    tour.shoot(page, "municipal-ledger", ledgers[0])
    for ledger in ledgers:
        page.goto(ledger)
        if page.locator("main").get_by_role("link", name="认定").count():
            tour.shoot(page, "municipal-ledger-course")
            follow(page, "认定")
            tour.shoot(page, "municipal-course")
            return


def of_administrator(tour: Tour) -> None:
    """The accounts that act for a body."""
    page = tour.enter("administrator")
    body = first_row(page, "/training-bodies/?kind=recognised")
    tour.shoot(page, "administrator-body", body)
    tour.shoot(page, "administrator-trainer-new", f"{body}trainers/new/")
    page.goto(body)
    if page.get_by_role("link", name="移除").count():
        press(page, page.get_by_role("link", name="移除"))
        tour.shoot(page, "administrator-trainer-remove")
