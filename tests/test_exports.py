"""What leaves the portal as a file: any list as its page shows it, to the same people, and nothing that reckons."""

import codecs
import csv
import html
import io
import re
import zipfile
from datetime import date, datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from python_calamine import CalamineWorkbook

from registry import filestore, kept, listed
from registry.actions import exports
from registry.actions.privacy import ask_about_data
from registry.models import Enterprise, Export, Job, SecurityEntry, User
from registry.rules import day_words
from registry.states import Role, SecurityEvent
from registry.tasks import make_export
from tests.cast import account, enterprise, person
from tests.test_scopes import marks_of_b

pytestmark = pytest.mark.django_db

KEYS = sorted(listed.listings())
# How many lists each may take out.
LISTS = {"user_a": 16, "county_one": 25, "municipal": 26, "administrator": 25, "trainer": 7, "applicant": 0}


def taken(client, key: str, form: str = "xlsx", query: str = ""):
    """The answer that a click on the button leads to."""
    data = {"token": str(uuid4()), "form": form}
    return client.post(f"{reverse('export_new', args=[key])}?{query}", data, follow=True)


def sheets(response) -> tuple[list[list], dict[str, str]]:
    """The rows of a workbook, its headings first, and what it says of itself."""
    assert response.headers["Content-Type"].startswith("application/vnd.openxml"), response.content.decode()[:2000]
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    return book.get_sheet_by_index(0).to_python(), dict(book.get_sheet_by_index(1).to_python())


def lines(response) -> list[list[str]]:
    """The records of a CSV."""
    data = b"".join(response.streaming_content)
    assert data.startswith(codecs.BOM_UTF8)
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def text_of(page: str) -> str:
    """What a reader of a page reads, without any space."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def as_read(cell) -> list[str]:
    """A cell of a sheet in the words of a page, in parts."""
    if isinstance(cell, datetime):
        return [day_words(cell), f"{cell:%H:%M}"]
    if isinstance(cell, date):
        return [day_words(cell)]
    if isinstance(cell, float):
        return [f"{cell:g}"]
    return ["".join(part.split()) for part in re.split("[；、]|：(?=\\d)|项：", cell)]


def test_an_officer_takes_the_register_out_as_it_is_filtered(client, county_one, company_a, company_b):
    client.force_login(county_one)
    response = taken(client, "enterprise_list", query=f"q={company_a.name}&rows=200")
    rows, said = sheets(response)
    assert rows[0][:2] == ["企业", "统一社会信用代码"] and rows[1][0] == company_a.name and len(rows) == 2
    assert said["导出人"].startswith(county_one.display_name) and company_a.name in said["筛选条件"]
    assert said["行数"] == "1"
    export = Export.unscoped.get()
    assert (export.rows, export.created_by) == (1, county_one)
    entry = SecurityEntry.unscoped.filter(
        event=SecurityEvent.EXPORT, about=export.reference
    ).last()  # the first of them
    assert entry.details["rows"] == 1 and company_a.name not in str(entry.details)


@pytest.fixture
def all_lists(everything, make, promote, person_a, county_one):
    """甲公司 and 乙公司 with the same rows each, and a row in each list that has none of theirs."""
    company = enterprise(3, "丙公司", by=county_one)
    user = account("user-c", Role.ENTERPRISE, "丙公司经办人", enterprise=company)
    make.checked(person(3, "周五", company=company, by=user), company)
    promote.published_campaign()
    promote.published_policy(by=county_one)
    ask_about_data(person_a, kind="erasure", words="请删除", at=timezone.now())
    return everything


@pytest.mark.parametrize("persona", LISTS)
def test_every_sheet_has_the_rows_of_its_page_and_says_nothing_that_the_page_does_not(
    persona, all_lists, request, client, company_b, person_b
):
    client.force_login(request.getfixturevalue(persona))
    marks = marks_of_b(all_lists, company_b, person_b) if persona in ("user_a", "county_one", "trainer") else []
    exported, unsaid = {}, {}
    for key in KEYS:
        page = client.get(reverse(key), {"rows": 200})
        response = taken(client, key)
        if page.status_code != 200 or not getattr(page.context.get("filters"), "exporting", None):
            assert response.status_code == 404, key
            continue
        rows, said = sheets(response)
        exported[key] = len(rows) - 1
        assert len(rows) - 1 == len(page.context["page"].shown), key
        text = text_of(page.content.decode())
        parts = {part for row in rows[1:] for cell in row for part in as_read(cell)}
        if found := {part for part in parts if part not in text}:
            unsaid[key] = found
        assert not [mark for mark in marks if any(mark in str(cell) for row in rows for cell in row)], key
    assert not unsaid
    assert len(exported) == LISTS[persona]
    if persona == "municipal":
        assert all(exported.values()), "a list without a row shows nothing"


def cost(opened, rows: list) -> int:
    """How many queries it takes to dress some rows and to say all that a sheet says of them."""
    kept.begin()  # as a request or a task does
    with CaptureQueriesContext(connection) as asked:
        for row in opened.listing.dressed(rows, opened.filters):
            for column in opened.columns():
                column.value(row)
    kept.end()
    return len(asked)


@pytest.mark.parametrize("key", KEYS)
def test_a_thousand_rows_cost_as_many_queries_as_one(key, all_lists, municipal, administrator):
    listing = listed.listings()[key]
    user = municipal if listing.may(municipal) else administrator
    opened = listing.opened(QueryDict(), user=user, today=timezone.localdate())
    rows = [row for piece, _ in opened.pieces() for row in piece]
    assert rows
    one = cost(opened, rows[:1])  # what is read once is read
    assert cost(opened, rows) <= max(one, cost(opened, rows[-1:]))


# --- In the background -----------------------------------------------------------------------------------------------


def work_off(job: Job) -> None:
    """What a worker does with the job."""
    queued = DBTaskResult.objects.get(pk=job.task_id)
    make_export.func(*queued.args_kwargs["args"], **queued.args_kwargs["kwargs"])


def test_a_long_list_is_made_in_the_background_and_found_again_by_whoever_asked(
    client, county_one, municipal, company_a, company_b, monkeypatch
):
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client.force_login(municipal)
    page = taken(client, "enterprise_list", "csv").content.decode()
    job = Job.unscoped.get(kind="export")
    assert "等待办理" in page and not Export.unscoped.exists()
    assert "查看进度" in client.get(reverse("export_list")).content.decode()
    work_off(job)
    job.refresh_from_db()
    assert job.is_over and not job.left_out and (job.done, job.total) == (2, 2)
    work_off(job)  # taken up once more after it was done
    export = Export.unscoped.get()
    page = client.get(reverse("export_list")).content.decode()
    assert export.reference in page and "查看进度" not in page
    records = lines(client.get(export.file_url))
    assert [record[0] for record in records[1:3]] == sorted((company_a.name, company_b.name)) and records[3] == []
    assert ["行数", "2"] in records
    client.force_login(county_one)
    assert client.get(export.file_url).status_code == 404
    assert "还没有导出过文件" in client.get(reverse("export_list")).content.decode()


def test_whoever_lost_the_right_meanwhile_gets_nothing_and_is_told(
    client, municipal, company_a, company_b, monkeypatch
):
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client.force_login(municipal)
    taken(client, "enterprise_list")
    job = Job.unscoped.get(kind="export")
    User.unscoped.filter(pk=municipal.pk).update(role=Role.APPLICANT)
    work_off(job)
    job.refresh_from_db()
    assert job.is_over and job.left_out == [[job.title, "您没有办理这一事项的权限。"]] and not Export.unscoped.exists()


def test_an_account_that_acts_for_another_office_by_now_finds_none_of_the_old_ones_files(
    client, county_one, company_a, company_b
):
    client.force_login(county_one)
    taken(client, "enterprise_list")
    export = Export.unscoped.get()
    User.unscoped.filter(pk=county_one.pk).update(county=company_b.county)
    client.force_login(User.unscoped.get(pk=county_one.pk))  # the change ended the session
    assert client.get(export.file_url).status_code == 404


# --- What is asked for amiss -----------------------------------------------------------------------------------------


def test_a_second_click_shows_the_first_file_and_no_other_is_made(client, county_one, company_a):
    client.force_login(county_one)
    data = {"token": str(uuid4()), "form": "xlsx"}
    address = reverse("export_new", args=["enterprise_list"])
    assert client.post(address, data)["Location"] == client.post(address, data)["Location"]
    assert Export.unscoped.count() == 1


@pytest.mark.parametrize(
    "form, query, words",
    [
        ("exe", "", "导出的格式不在可选范围内"),
        ("zip", "", "没有可以成批下载的文件"),
        ("xlsx", f"q={'长' * 700}", "筛选条件过长"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(form, query, words, client, county_one, company_a):
    client.force_login(county_one)
    assert words in taken(client, "enterprise_list", form, query).content.decode()
    assert not Export.unscoped.exists()


def test_a_filter_that_does_not_exist_narrows_nothing_and_a_list_that_does_not_is_not_there(
    client, county_one, company_a
):
    client.force_login(county_one)
    rows, said = sheets(taken(client, "enterprise_list", query="county=441899&industry=%00&sort=nothing&x=1"))
    assert len(rows) == 2 and said["筛选条件"] == "无"
    for key in ("nothing", "security_log", "enterprise_detail"):
        assert taken(client, key).status_code == 404, key


def test_nobody_empties_the_portal_by_clicking(client, county_one, company_a, monkeypatch):
    monkeypatch.setattr(exports, "PER_HOUR", 2)
    client.force_login(county_one)
    for _ in range(2):
        taken(client, "enterprise_list")
    assert "一小时内最多导出 2 次" in taken(client, "enterprise_list").content.decode()
    assert Export.unscoped.count() == 2


def test_a_file_that_is_gone_is_told_and_raises_no_server_error(client, county_one, company_a):
    client.force_login(county_one)
    taken(client, "enterprise_list")
    export = Export.unscoped.get()
    filestore.path_of(export.sha256).unlink()
    response = client.get(export.file_url)
    assert response.status_code == 503 and "请重新导出" in response.content.decode()


# --- What would reckon -----------------------------------------------------------------------------------------------

HOSTILE = ['=HYPERLINK("http://x","点")', "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "　=1", "<r>粗</r>", "{=1}", "_x0041_"]


def test_no_text_of_a_row_becomes_a_formula_or_a_link_in_either_form(client, municipal, county_one):
    for number, name in enumerate(HOSTILE, 10):
        Enterprise.unscoped.filter(pk=enterprise(number, f"企业{number}", by=county_one).pk).update(name=name)
    client.force_login(municipal)
    response = taken(client, "enterprise_list")
    data = b"".join(response.streaming_content)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = "".join(book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels")))
    assert "<f>" not in parts and "<hyperlink " not in parts and "relationships/hyperlink" not in parts
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert {row[0].strip() for row in rows[1:]} == {name.strip() for name in HOSTILE}
    records = lines(taken(client, "enterprise_list", "csv"))
    names = [record[0] for record in records[1 : 1 + len(HOSTILE)]]
    assert {name.removeprefix("'") for name in names} == set(HOSTILE)
    assert not any(name.lstrip("　 ").startswith(tuple("=+-@＝＋－＠")) for name in names)
