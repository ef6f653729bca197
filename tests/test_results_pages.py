"""Attendance and scores as a trainer enters them: in the grid, and by spreadsheet in two steps."""

import io
import re
import zipfile
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from xlsxwriter import Workbook

from registry.models import Candidate
from registry.sheets import read_sheet
from tests.cast import AT, person
from tests.test_enterprise_pages import sent, signed_in
from tests.training_cast import DAYS, trainer_of
from training import actions
from training.forms.sheets import days_of, template_of
from training.models import Assessment, Attendance, Enrolment
from training.states import TrainingKind

pytestmark = pytest.mark.django_db
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def colleague(body, administrator):
    """A second account of 培训机构."""
    return trainer_of(body, "trainer-3", "培训机构二", administrator)


@pytest.fixture
def three(train, company_a, company_b, person_a, person_a_two, person_b):
    """A session over since last week with three people: 张三, 孙五, 李四, in the order of their seats."""
    session = train.session()
    for someone, company in ((person_a, company_a), (person_a_two, company_a), (person_b, company_b)):
        train.enrolled(session, someone, company)
    return session


def people_of(session) -> list[Enrolment]:
    return list(session.enrolments.seated().with_results().order_by("seat"))


def grid(session, part: str = "") -> str:
    return f"/sessions/{session.reference}/results/{part}"


def typed(page: str, **cells) -> dict:
    """What a browser sends of the grid's page, with some cells typed anew; a list of days ticks exactly these."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]+>", page):
        kind, name, value = (re.search(rf'{part}="([^"]*)"', tag) for part in ("type", "name", "value"))
        if name and (kind[1] != "checkbox" or " checked" in tag) and kind[1] != "file":
            found.setdefault(name[1], []).append(value[1] if value else "")
    return found | {"token": [str(uuid4())]} | cells


def page_of(client, user, address: str) -> str:
    response = signed_in(client, user).get(address)
    assert response.status_code == 200
    return response.content.decode()


ALL = [day.isoformat() for day in DAYS]


# --- Whose page it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "sheet/", "upload/"])
def test_only_who_runs_the_session_finds_these_pages(
    client, three, trainer, trainer_two, user_a, county_one, municipal, administrator, part
):
    assert client.get(grid(three, part)).url.startswith("/accounts/login/")
    for stranger in (trainer_two, user_a, county_one, municipal, administrator):
        assert signed_in(client, stranger).get(grid(three, part)).status_code == 404
    assert signed_in(client, trainer).get(grid(three, part)).status_code == 200
    assert client.post(grid(three, "sheet/")).status_code == 405


def test_the_city_runs_its_own_sessions(client, train, municipal, make):
    body = actions.add_body(name="市局培训", mark="市培", kind="bureau", by=municipal, at=AT)
    session = train.session(body=body, by=municipal)
    assert "没有人取得名额" in page_of(client, municipal, grid(session))


def test_before_the_first_day_and_when_it_is_off_the_page_says_why(client, train, person_a, company_a, trainer):
    later = train.session(session_days=[date(2026, 11, 25)], days_needed=1)
    train.enrolled(later, person_a, company_a)
    assert "培训自2026年11月25日开始" in page_of(client, trainer, grid(later))
    draft = train.planned()
    assert "还没有发布" in page_of(client, trainer, grid(draft)) and "还没有发布" in page_of(
        client, trainer, grid(draft, "upload/")
    )
    off = actions.cancel_session(later, version=later.version, reason="改期", by=trainer, at=AT)
    assert "已取消" in page_of(client, trainer, grid(off))


# --- The grid --------------------------------------------------------------------------------------------------------


def test_a_page_is_saved_at_once_and_says_who_saved_it(client, three, trainer):
    page = page_of(client, trainer, grid(three))
    assert all(name in page for name in ("张三", "孙五", "李四", "甲公司", "乙公司", "还没有登记过"))
    a, b, c = people_of(three)
    cells = {
        f"there_{a.pk}": ALL,
        f"there_{b.pk}": ALL[:1],
        f"score1_{a.pk}": "85.5",
        f"score1_{b.pk}": "４０",
        f"score1_{c.pk}": "0",
    }
    response = client.post(grid(three), typed(page, **cells, **{f"sat_on1_{b.pk}": "2026年11月17日"}), follow=True)
    text = response.content.decode()
    assert "考勤和成绩已保存。" in text and "2026年11月22日 10:00由培训机构最后保存" in text
    a, b, c = people_of(three)
    assert (a.days_present, b.days_present, c.days_present) == (3, 1, 0)
    assert (str(a.last_assessment.score), a.last_assessment.sat_on) == ("85.5", DAYS[2])  # the page's own day
    assert (str(b.last_assessment.score), b.last_assessment.sat_on) == ("40.0", DAYS[1])
    assert c.last_assessment.score == 0
    assert Attendance.unscoped.filter(enrolment=c, present=False).count() == 3  # the roll was called: absent
    assert "达到发证要求" in text and "出勤 1 天，少于规定的 2 天" in text


def test_a_day_without_a_tick_is_not_entered(client, three, trainer):
    page = page_of(client, trainer, grid(three))
    a = people_of(three)[0]
    client.post(grid(three), typed(page, **{f"there_{a.pk}": ALL[1:2]}))
    assert set(Attendance.unscoped.values_list("day__day", flat=True).order_by()) == {DAYS[1]}


def test_all_present_ticks_a_day_saves_nothing_and_keeps_what_was_typed(client, three, trainer):
    page = page_of(client, trainer, grid(three))
    a = people_of(three)[0]
    asked = typed(page, **{f"score1_{a.pk}": "abc", "all": ALL[1]})
    text = client.post(grid(three), asked).content.decode()
    assert "2026年11月17日 全部勾选为到场，还没有保存" in text and 'value="abc"' in text and "需要更正" not in text
    assert len(re.findall(r'type="checkbox"[^>]+ checked', text)) == 3
    assert not Attendance.unscoped.exists()
    client.post(grid(three), typed(text, **{f"score1_{a.pk}": ""}))
    assert Attendance.unscoped.filter(day__day=DAYS[1], present=True).count() == 3


def test_a_re_sit_is_asked_for_only_after_a_fail(client, train, three, trainer):
    a, b, _ = people_of(three)
    train.results(a, scores=("59",))
    train.results(b, scores=("60",))
    page = page_of(client, trainer, grid(three))
    assert f"score2_{a.pk}" in page and f"score2_{b.pk}" not in page and f"score3_{a.pk}" not in page
    client.post(grid(three), typed(page, **{f"score2_{a.pk}": "72", f"sat_on2_{a.pk}": "2026-11-20"}))
    assert people_of(three)[0].last_assessment.sitting == 2


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"score1": "abc"}, "张三的成绩：写的是“abc”，应填数（最多 1 位小数），0 至 100。"),
        ({"score1": "101"}, "张三的成绩：写的是 101，"),
        ({"score1": "85.25"}, "张三的成绩：写的是 85.25，"),
        ({"score1": "-1"}, "张三的成绩：写的是 -1，"),
        ({"score1": "9" * 30}, "张三的成绩写得太长。"),
        ({"score1": "85", "sat_on1": "2026-11-31"}, "张三的考核日期：写的是“2026-11-31”"),
        ({"score1": "85", "sat_on1": "2026-11-23"}, "张三的考核日期：考核日期须在开班之日"),
        ({"score1": "85", "sat_on1": "2026-11-15"}, "张三的考核日期：考核日期须在开班之日"),
        ({"sat_on1": "2026-11-17"}, "张三的成绩：没有填写"),
        ({"score1": "85\x00"}, "张三的成绩"),
    ],
)
def test_a_fault_is_told_at_its_cell_everything_typed_is_kept_and_nothing_written(
    client, three, trainer, cells, sentence
):
    page = page_of(client, trainer, grid(three))
    a, b, _ = people_of(three)
    asked = {f"{name}_{a.pk}": value for name, value in cells.items()}
    asked |= {f"score1_{b.pk}": "77", f"there_{b.pk}": ALL}
    text = client.post(grid(three), typed(page, **asked)).content.decode()
    assert sentence in text and 'value="77"' in text and len(re.findall(r'type="checkbox"[^>]+ checked', text)) == 3
    assert not Assessment.unscoped.exists() and not Attendance.unscoped.exists()
    if "\x00" not in "".join(cells.values()):
        assert re.search(rf'href="#id_\w+_{a.pk}"', text)


def test_without_a_day_of_the_page_a_score_wants_its_own(client, three, trainer):
    page = page_of(client, trainer, grid(three))
    a = people_of(three)[0]
    empty = {f"default_day_{part}": "" for part in ("year", "month", "day")}
    text = client.post(grid(three), typed(page, **{f"score1_{a.pk}": "85"}, **empty)).content.decode()
    assert "张三的考核日期：没有填写；有成绩的，须填日期。" in text


def test_what_is_on_file_is_changed_but_not_emptied(client, train, three, trainer):
    a = train.results(people_of(three)[0], scores=("85",))
    page = page_of(client, trainer, grid(three))
    text = client.post(grid(three), typed(page, **{f"score1_{a.pk}": ""})).content.decode()
    assert "张三的成绩：已登记的是 85，不能清空" in text
    client.post(grid(three), typed(page, **{f"score1_{a.pk}": "86", f"there_{a.pk}": ALL[:2]}))
    a = people_of(three)[0]
    assert str(a.last_assessment.score) == "86.0" and a.days_present == 2


def test_what_a_certificate_stands_on_is_shown_and_not_editable(client, train, three, trainer):
    a = train.results(people_of(three)[0])
    certificate = actions.issue_certificate(a, by=trainer, at=AT)
    page = page_of(client, trainer, grid(three))
    assert f"/certificates/{certificate.code}/" in page and "考勤和成绩不能再改" in page and "85 分" in page
    assert f'name="there_{a.pk}"' not in page and f'name="score1_{a.pk}"' not in page
    client.post(grid(three), typed(page, **{f"there_{a.pk}": [], f"score1_{a.pk}": "10"}))
    assert str(people_of(three)[0].last_assessment.score) == "85.0"


def test_continuing_education_asks_no_scores(client, train, person_a, company_a, trainer):
    session = train.session(kind=TrainingKind.CONTINUING)
    enrolment = train.enrolled(session, person_a, company_a)
    page = page_of(client, trainer, grid(session))
    assert "score1_" not in page and "default_day" not in page
    text = client.post(grid(session), typed(page, **{f"there_{enrolment.pk}": ALL}), follow=True).content.decode()
    assert "达到出勤要求" in text


def test_a_second_tab_does_not_overwrite_what_a_colleague_entered(client, three, trainer, colleague):
    early = page_of(client, trainer, grid(three))
    a, b, _ = people_of(three)
    client.post(grid(three), typed(page_of(client, colleague, grid(three)), **{f"score1_{a.pk}": "61"}))
    signed_in(client, trainer)
    text = client.post(grid(three), typed(early, **{f"score1_{a.pk}": "91", f"score1_{b.pk}": "70"})).content.decode()
    assert "张三的考勤或成绩刚刚被他人修改，这次没有保存" in text and "现在登记的是：考核 61 分" in text
    assert 'value="91"' in text and Assessment.unscoped.count() == 1
    client.post(grid(three), typed(text))  # having seen it, the trainer insists
    assert str(people_of(three)[0].last_assessment.score) == "91.0"


def test_the_same_form_sent_twice_is_saved_once(client, three, trainer):
    page = page_of(client, trainer, grid(three))
    asked = typed(page, **{f"score1_{people_of(three)[0].pk}": "85"})
    client.post(grid(three), asked)
    text = client.post(grid(three), asked, follow=True).content.decode()
    assert "已经办理过" in text and Assessment.unscoped.count() == 1


def test_somebody_who_left_meanwhile_is_not_dropped_in_silence(client, three, trainer, user_a):
    page = page_of(client, trainer, grid(three))
    actions.withdraw_enrolment(people_of(three)[0], by=user_a, at=AT)
    text = client.post(grid(three), typed(page)).content.decode()
    assert "名单已有变化" in text


@pytest.mark.parametrize("asked", [{}, {"row": ["9" * 40, "x", "-1"]}, {"all": ["x"]}, {"row": [], "token": "x"}])
def test_a_form_made_up_is_answered_with_the_page(client, three, trainer, asked):
    assert signed_in(client, trainer).post(grid(three), asked).status_code == 200
    assert not Attendance.unscoped.exists()


def test_fifty_to_a_page_and_the_pages_queries_do_not_grow(client, train, company_a, user_a, trainer):
    session = train.session(seats=60)
    first = train.results(train.enrolled(session, person(101, "人甲", company=company_a, by=user_a), company_a))
    page_of(client, trainer, grid(session))
    with CaptureQueriesContext(connection) as one:
        page_of(client, trainer, grid(session))
    for n in range(1, 52):
        someone = person(101 + 2 * n, f"人{chr(0x4E00 + n)}", company=company_a, by=user_a)
        train.enrolled(session, someone, company_a)
    actions.issue_certificate(first, by=trainer, at=AT)
    with CaptureQueriesContext(connection) as many:
        page = page_of(client, trainer, grid(session))
    assert page.count('name="row"') == 50 and "第 1 至 50 人，共 52 人" in page
    assert len(many) <= len(one) + 2  # the certificates, and their revocations
    further = re.search(r'rel="next" href="(\?[^"]+)"', page)[1]
    second = page_of(client, trainer, grid(session) + further)
    assert second.count('name="row"') == 2
    client.post(grid(session) + further, typed(second, **{"all": []}))


def test_a_long_session_has_fewer_people_to_a_page(client, train, company_a, user_a, trainer):
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(60)]
    session = train.session(session_days=days, enrolment=(date(2026, 8, 1), date(2026, 10, 30)))
    for n in range(20):
        someone = person(101 + 2 * n, f"人{chr(0x4E00 + n)}", company=company_a, by=user_a)
        train.enrolled(session, someone, company_a)
    page = page_of(client, trainer, grid(session))
    assert 10 < page.count('name="row"') < 20
    shown = people_of(session)[: page.count('name="row"')]
    asked = typed(page) | {f"there_{row.pk}": [day.isoformat() for day in days] for row in shown}
    assert client.post(grid(session), asked).status_code == 302


# --- The spreadsheet -------------------------------------------------------------------------------------------------


def sheet_of(client, user, session) -> bytes:
    response = signed_in(client, user).get(grid(session, "sheet/"))
    assert response["Content-Type"] == XLSX and "no-store" in response["Cache-Control"]
    assert (
        session.reference in response["Content-Disposition"] and "filename*=utf-8''" in response["Content-Disposition"]
    )
    return response.content


def filled(session, rows: list[dict], edit=None, mark: str = "") -> bytes:
    """The template of a session with these rows, as a spreadsheet program would write it."""
    template, data = template_of(session, days_of(session)), io.BytesIO()
    with Workbook(data, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet("填写")
        page.write_row(0, 0, [mark or template.mark])
        page.write_row(1, 0, [column.title for column in template.columns])
        for number, row in enumerate(rows, 2):
            for place, column in enumerate(template.columns):
                if column.key in row:
                    page.write(number, place, row[column.key])
        if edit:
            edit(page)
    return data.getvalue()


def row(person: Enrolment, **values) -> dict:
    enterprise = person.enterprise.name if person.enterprise else ""
    return {"seat": person.seat, "name": person.candidate.name, "enterprise": enterprise} | values


def upload(client, session, data: bytes, name: str = "表.xlsx") -> str:
    response = client.post(grid(session, "upload/"), {"token": uuid4(), "sheet": SimpleUploadedFile(name, data)})
    assert response.status_code == 200
    return response.content.decode()


def confirm(client, session, preview: str, **changed):
    asked = {"token": sent(preview, "token"), "changes": sent(preview, "changes")} | changed
    return client.post(grid(session, "upload/"), asked, follow=True)


def test_the_sheet_comes_filled_with_who_and_what_stands(client, train, three, trainer):
    train.results(people_of(three)[0], present=2, scores=("85.5",))
    data = sheet_of(client, trainer, three)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"sheetProtection" in archive.read("xl/worksheets/sheet1.xml")
    rows = read_sheet(data, "x.xlsx", template_of(three, days_of(three))).rows
    assert [(r.values["seat"], r.values["name"], r.values["enterprise"]) for r in rows] == [
        (1, "张三", "甲公司"), (2, "孙五", "甲公司"), (3, "李四", "乙公司"),
    ]  # fmt: skip
    assert [rows[0].values[f"present{day:%Y%m%d}"] for day in DAYS] == ["到场", "到场", "缺席"]
    assert (str(rows[0].values["score1"]), rows[0].values["sat_on1"]) == ("85.5", DAYS[2])


def test_an_upload_is_shown_first_and_written_when_confirmed(client, train, three, trainer):
    a, b, _ = people_of(three)
    train.results(b, present=0, scores=("50",))
    data = filled(
        three,
        [
            row(a, present20261116="到场", score1=85, sat_on1="2026-11-18"),
            row(b, present20261116="到场", score2="66", sat_on2="2026/11/20"),
            row(people_of(three)[2]),
        ],
    )
    signed_in(client, trainer)
    preview = upload(client, three, data)
    assert "改动 2 人，1 人不变" in preview and "缺席 → <b>到场</b>" in preview
    assert "未登记 → <b>85 分（2026年11月18日）</b>" in preview
    assert Assessment.unscoped.count() == 1
    assert "考勤和成绩已保存。" in confirm(client, three, preview).content.decode()
    a, b, _ = people_of(three)
    assert a.days_present == b.days_present == 1 and str(b.last_assessment.score) == "66.0"
    again = confirm(client, three, preview).content.decode()
    assert "已经办理过" in again


def test_an_untouched_sheet_changes_nothing_and_says_so(client, train, three, trainer):
    train.results(people_of(three)[0])
    data = sheet_of(client, trainer, three)
    assert "没有需要改动的内容" in upload(client, three, data)


def test_the_sheet_of_the_longest_session_comes_back_too(client, train, person_a, company_a, trainer):
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(60)]
    session = train.session(session_days=days, enrolment=(date(2026, 8, 1), date(2026, 10, 30)))
    train.enrolled(session, person_a, company_a)
    assert "没有需要改动的内容" in upload(client, session, sheet_of(client, trainer, session))


def test_every_faulty_row_is_told_and_nothing_is_written(client, train, three, trainer):
    a, b, c = people_of(three)
    actions.issue_certificate(train.results(c), by=trainer, at=AT)
    rows = [
        row(a, score1=120, sat_on1="2026-11-18"),
        row(b, score1=80, sat_on1="2026-11-18", present20261117="也许"),
        row(c, score1=99),
        row(a, score1=70),
        row(a, seat=29),
        row(b, seat=2.5),
        row(c) | {"seat": 1},
    ]
    signed_in(client, trainer)
    before = Assessment.unscoped.count()
    text = upload(client, three, filled(three, rows))
    assert "没有写入任何内容" in text
    told = re.findall(r'class="num">(\d+)</td>.*?data-l="原因">(.*?)</td>', text)
    for place, reason in [
        ("3", "写的是 120"), ("4", "写的是“也许”"), ("5", "已发证书，考勤和成绩不能再改"), 
        ("6", "有成绩的，须填日期"), ("7", "这一期没有座次 29"),
        ("8", "写的是 2.5"), ("9", "座次 1 在前面已经出现过"),
    ]:  # fmt: skip
        assert any(row == place and reason in said for row, said in told), reason
    assert [row for row, _ in told] == ["3", "4", "5", "6", "7", "8", "9"]
    assert Assessment.unscoped.count() == before


def test_a_day_to_come_and_a_re_sit_without_need_are_told(client, train, person_a, company_a, trainer):
    session = train.session(session_days=[*DAYS, date(2026, 11, 23)])
    a = train.enrolled(session, person_a, company_a)
    values = {"present20261123": "到场", "score1": 80, "sat_on1": "2026-11-18", "score2": 90, "sat_on2": "2026-11-19"}
    signed_in(client, trainer)
    text = upload(client, session, filled(session, [row(a, **values)]))
    assert "这一天还没有到" in text and "第 1 次考核已经合格，不需要补考" in text
    assert re.search("G 列（2026年11月23日到场）", text)


def test_the_name_in_the_row_is_held_against_the_seat(client, three, trainer):
    a, b, _ = people_of(three)
    signed_in(client, trainer)
    text = upload(client, three, filled(three, [row(a, name="孙五", score1=90, sat_on1="2026-11-18")]))
    assert "座次 1 是张三" in text and "B 列（姓名）" in text


def test_gbk_csv_is_read_too(client, three, trainer):
    template = template_of(three, days_of(three))
    titles = ",".join(column.title for column in template.columns)
    line = "1,张三,甲公司,到场,到场,缺席,88,2026-11-18,,,,"
    data = f"{template.mark}\r\n{titles}\r\n{line}\r\n".encode("gbk")
    signed_in(client, trainer)
    assert "88 分" in upload(client, three, data, "表.csv")


def test_hostile_and_mistaken_files_are_each_told_in_a_sentence(client, train, three, trainer):
    signed_in(client, trainer)
    a = people_of(three)[0]
    other = train.session(title="另一期")
    good = row(a, score1=90, sat_on1="2026-11-18")
    many = filled(three, [row(a) | {"seat": n} for n in range(1, 3001)])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    mark = template_of(three, days_of(three)).mark
    for data, name, sentence in [
        (many, "a.xlsx", "一次最多导入 2000 行"),
        (filled(three, [good], lambda page: page.merge_range("C3:D4", "x")), "a.xlsx", "合并单元格"),
        (filled(three, [good], lambda page: page.write_formula("G4", "=1+1")), "a.xlsx", "公式"),
        (filled(three, [good], mark=mark.replace("第1版", "第9版")), "a.xlsx", "这份模板是第9版，现行的是第1版"),
        (filled(other, [good]), "a.xlsx", f"这份表格属于“{other.reference}”"),
        (filled(three, [good], mark="名单"), "a.xlsx", "第一行没有模板的名称和版本"),
        (bomb.getvalue(), "a.xlsx", "。"),
        (b"%PDF-1.4", "a.pdf", "。"),
        (b"x" * 6_000_000, "a.csv", "文件超过 5 MB"),
    ]:
        text = upload(client, three, data, name)
        assert sentence in text and ("需要更正" in text or "没有写入任何内容" in text), sentence
    assert "请选择填好的表格。" in client.post(grid(three, "upload/"), {"token": uuid4()}).content.decode()
    assert not Assessment.unscoped.exists()


def test_what_moved_between_preview_and_confirmation_is_not_overwritten(client, train, three, trainer):
    a, b, _ = people_of(three)
    signed_in(client, trainer)
    rows = [row(p, score1=90, sat_on1="2026-11-18") for p in (a, b)]
    preview = upload(client, three, filled(three, rows))
    train.results(a, scores=("61",))
    text = confirm(client, three, preview).content.decode()
    assert "没有写入" in text and "张三的考勤或成绩刚刚被他人修改" in text
    assert [str(row.score) for row in Assessment.unscoped.all()] == ["61.0"]


def test_a_preview_is_good_for_its_maker_its_session_and_two_hours(client, train, three, trainer, colleague):
    a = people_of(three)[0]
    signed_in(client, trainer)
    preview = upload(client, three, filled(three, [row(a, score1=90, sat_on1="2026-11-18")]))
    for changes in ("", "x", sent(preview, "changes") + "x", "." + sent(preview, "changes")):
        text = confirm(client, three, preview, changes=changes).content.decode()
        assert "没有写入" in text
    signed_in(client, colleague)
    assert "预览的内容不完整" in confirm(client, three, preview).content.decode()
    signed_in(client, trainer)
    other = train.session(title="另一期")
    train.enrolled(other, a.candidate, a.enterprise)
    assert "预览的内容不完整" in confirm(client, other, preview).content.decode()
    with time_machine.travel(AT + timedelta(hours=3), tick=False):
        signed_in(client, trainer)  # idle for longer than a session lasts
        assert "预览已超过两小时" in confirm(client, three, preview).content.decode()
    assert not Assessment.unscoped.exists()


def test_two_thousand_people_go_through_in_one_upload(client, train, company_a, user_a, trainer, settings):
    session = train.session(seats=2000)
    model = person(101, "样人", company=company_a, by=user_a)
    copies = []
    for n in range(2000):
        copy = Candidate.unscoped.get(pk=model.pk)
        copy.pk, copy.reference, copy.name, copy.id_hash = None, f"RX{n:06d}", f"人{n:04d}", f"{n:064d}"
        copies.append(copy)
    people = Candidate.unscoped.bulk_create(copies)
    Enrolment.unscoped.bulk_create(
        Enrolment(session=session, candidate=one, enterprise=company_a, state="enrolled", seat=n,
                  enrolled_at=AT, enrolled_by=user_a, outside_basis=True) for n, one in enumerate(people, 1)
    )  # fmt: skip
    rows = [
        row(p, present20261116="到场", present20261117="到场", present20261118="缺席", score1=80, sat_on1="2026-11-18")
        for p in people_of(session)
    ]
    signed_in(client, trainer)
    preview = upload(client, session, filled(session, rows))
    assert "改动 2000 人" in preview and len(sent(preview, "changes")) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 8
    assert "已保存" in confirm(client, session, preview).content.decode()
    assert Attendance.unscoped.count() == 6000 and Assessment.unscoped.count() == 2000
