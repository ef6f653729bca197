"""《质量课题改进计划》: from the plan to its confirmation, as the enterprise and its bureau use the pages (Art. 8)."""

import re
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.models import Message, StoredFile
from tests import cast
from tests.cast import AT
from tests.test_enterprise_pages import days, sent, signed_in
from tests.training_cast import PLAN
from training import actions
from training.models import ImprovementProject, PoolEntry
from training.states import ProjectState


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def plan_of(person, **changes) -> dict:
    """What an enterprise types for a plan."""
    typed = PLAN | {"token": uuid4(), "candidate": person.reference}
    return typed | days("first_day", date(2026, 12, 1)) | days("last_day", date(2027, 5, 31)) | changes


def page_of(project, act: str = "") -> str:
    """The address of a project, or of one of its acts."""
    return f"/projects/{project.reference}/" + (f"acts/{act}/" if act else "")


def said(project, **typed) -> dict:
    """The form of an act as the page shows it."""
    return {"token": uuid4(), "version": project.version} | typed


def upload(name: str = "课题总结.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, cast.pdf(2), "application/pdf")


def again(project) -> ImprovementProject:
    return ImprovementProject.unscoped.get(pk=project.pk)


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# --- The way -------------------------------------------------------------------------------------------------------


def test_a_project_goes_from_the_plan_to_the_pool_by_the_pages_alone(
    client, train, user_a, county_one, company_a, person_a
):
    train.certified(person_a, company_a)
    made = signed_in(client, user_a).post("/projects/new/", plan_of(person_a) | days("first_day", date(2026, 6, 1)))
    project = ImprovementProject.unscoped.get()
    assert made.url == page_of(project)
    assert "下一步：核对并提交计划" in text_of(client, made.url)

    assert PLAN["target"] in text_of(client, page_of(project, "file"))
    client.post(page_of(project, "file"), said(project))
    client.post(page_of(project, "midterm"), said(again(project), text="已换供应商。", evidence=upload("中期.pdf")))
    reported = said(again(project), text="不良率降到 1.3%。", evidence=upload())
    assert client.post(page_of(project, "report"), reported).url == page_of(project)
    page = text_of(client, page_of(project))
    for words in ("已换供应商", "中期.pdf", "课题总结.pdf", f"等待{company_a.county.bureau_name}确认"):
        assert words in page
    assert Message.unscoped.filter(county=company_a.county, subject__startswith="待确认课题").count() == 1

    officer = signed_in(client, county_one)
    assert "下一步：确认完成" in text_of(officer, page_of(project))
    confirm = text_of(officer, page_of(project, "complete"))
    assert "张三已有有效的培训证书，确认完成时当即纳入首席质量官人才库" in confirm
    officer.post(page_of(project, "complete"), said(again(project), remark="对照数据属实"))
    entry = PoolEntry.unscoped.get()
    assert entry.project == project
    page = text_of(officer, page_of(project))
    assert f"/talent-pool/entries/{entry.reference}/" in page
    assert "县局一" in page
    assert "对照数据属实" in page


def test_without_a_certificate_the_page_says_that_completing_is_only_half(
    client, train, county_one, company_a, person_a
):
    project = train.reported(person_a, company_a)
    page = text_of(signed_in(client, county_one), page_of(project, "complete"))
    assert "还没有有效的培训证书，取得证书之日纳入" in page
    client.post(page_of(project, "complete"), said(project))
    assert again(project).state == ProjectState.COMPLETED
    assert not PoolEntry.unscoped.exists()
    assert "还没有有效的培训证书" in text_of(client, page_of(project))


def test_a_returned_project_tells_what_to_mend_is_mended_and_reported_again(
    client, train, user_a, municipal, company_a, person_a
):
    project = train.reported(person_a, company_a)
    signed_in(client, municipal).post(page_of(project, "return"), said(project, reason="请补充九月的检验数据。"))
    assert "等待企业修改" in text_of(client, page_of(project))
    assert Message.unscoped.filter(enterprise=company_a, body__contains="请补充九月").count() == 1

    page = text_of(signed_in(client, user_a), page_of(project))
    assert "市局退回：请补充九月的检验数据。" in page
    edit = text_of(client, f"{page_of(project)}edit/")
    assert PLAN["problem"] in edit
    for words in (PLAN["target"], "2026年5月1日", "10月31日"):
        assert words in edit
    for name in ("target", "first_day_year", "last_day_year"):
        assert f'name="{name}"' not in edit
    typed = plan_of(person_a, version=again(project).version, target="略有改进。", measures="首件比对；九月全检。")
    assert client.post(f"{page_of(project)}edit/", typed).url == page_of(project)
    mended = again(project)
    assert (mended.measures, mended.target, mended.period) == (typed["measures"], PLAN["target"], project.period)
    client.post(page_of(project, "report"), said(again(project), text="九月数据已补。", evidence=upload()))
    assert again(project).state == ProjectState.REPORTED
    assert "九月数据已补" in text_of(signed_in(client, municipal), page_of(project, "complete"))


def test_an_enterprise_gives_a_project_up_and_nothing_can_be_done_about_it_any_more(
    client, train, user_a, company_a, person_a
):
    project = train.underway(person_a, company_a)
    page = text_of(signed_in(client, user_a), page_of(project))
    assert page_of(project, "stop") in page
    client.post(page_of(project, "stop"), said(project, reason="产线停产"))
    page = text_of(client, page_of(project))
    assert "已中止" in page
    assert "产线停产" in page
    assert "/acts/" not in page
    assert client.get(page_of(project, "report")).url == page_of(project)


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "请填写课题名称"),
        ({"title": "长" * 61}, "课题名称最多 60 个字，现为 61 个字"),
        ({"problem": ""}, "请填写存在的问题"),
        (days("last_day", date(2026, 11, 30)), "完成日期不得早于开始日期"),
        ({"last_day_month": "13"}, "完成日期不是真实的日期"),
        ({"candidate": "RY99999"}, "人员不在可选范围内"),
        ({"candidate": ""}, "请选择人员"),
    ],
)
def test_a_plan_that_cannot_be_gets_a_sentence_at_its_field_and_keeps_what_was_typed(
    client, user_a, person_a, changes, sentence
):
    page = signed_in(client, user_a).post("/projects/new/", plan_of(person_a, **changes)).content.decode()
    assert sentence in page
    assert PLAN["measures"] in page
    assert PLAN["target"] in page
    assert not ImprovementProject.unscoped.exists()


def test_a_plan_is_for_somebody_in_service_alone(client, user_a, company_a, person_a, person_b):
    page = text_of(signed_in(client, user_a), f"/projects/new/?candidate={person_a.reference}")
    assert re.search(rf'value="{person_a.reference}" selected', page)
    assert "李四" not in page
    refused = client.post("/projects/new/", plan_of(person_b)).content.decode()
    assert "人员不在可选范围内" in refused
    assert "李四" not in refused


def test_without_anybody_in_service_the_way_leads_to_adding_somebody(client, user_b):
    response = signed_in(client, user_b).get("/projects/new/")
    assert response.url == "/candidates/new/?next=/projects/new/"


@pytest.mark.parametrize(
    ("act", "typed", "sentence"),
    [
        ("report", {"text": "降到 1.3%。"}, "请选择证明材料的文件"),
        ("report", {"text": "", "with_file": True}, "请填写改进的成效"),
        ("midterm", {"text": "  "}, "请填写进展情况"),
        ("stop", {"reason": ""}, "请填写中止的原因"),
    ],
)
def test_an_act_that_says_too_little_is_refused_at_its_field(
    client, train, user_a, company_a, person_a, act, typed, sentence
):
    project = train.underway(person_a, company_a)
    before = StoredFile.unscoped.count()
    if typed.pop("with_file", False):
        typed["evidence"] = upload()
    page = signed_in(client, user_a).post(page_of(project, act), said(project, **typed)).content.decode()
    assert sentence in page
    assert again(project).state == ProjectState.UNDERWAY
    assert StoredFile.unscoped.count() == before


def test_evidence_is_judged_by_what_it_is_and_not_by_its_name(client, train, user_a, company_a, person_a):
    project = train.underway(person_a, company_a)
    fake = SimpleUploadedFile("总结.pdf", b"MZ\x90\x00 no pdf at all", "application/pdf")
    page = signed_in(client, user_a).post(page_of(project, "report"), said(project, text="好", evidence=fake))
    assert "文件内容不是 PDF、JPG 或 PNG" in page.content.decode()


def test_a_project_that_has_not_begun_is_not_reported_and_leaves_no_file_behind(
    client, train, user_a, company_a, person_a
):
    row = actions.plan_project(
        enterprise=company_a, candidate=person_a, first_day=date(2026, 12, 1), last_day=date(2027, 5, 31),
        by=user_a, at=AT, **PLAN,
    )  # fmt: skip
    row = actions.file_plan(row, version=row.version, by=user_a, at=AT)
    page = signed_in(client, user_a).post(page_of(row, "report"), said(row, text="已完成", evidence=upload()))
    assert "课题尚未开始，不能报告完成。" in page.content.decode()
    assert not StoredFile.unscoped.exists()


# --- Twice, and at once ----------------------------------------------------------------------------------------------


def test_a_form_sent_twice_is_carried_out_once(client, train, user_a, county_one, company_a, person_a):
    typed = plan_of(person_a)
    first = signed_in(client, user_a).post("/projects/new/", typed)
    assert client.post("/projects/new/", typed).url == first.url
    assert ImprovementProject.unscoped.count() == 1
    project = train.reported(person_a, company_a)
    confirm = said(project)
    officer = signed_in(client, county_one)
    first = officer.post(page_of(project, "complete"), confirm)
    assert officer.post(page_of(project, "complete"), confirm).url == first.url
    assert project.acts.filter(kind="completed").count() == 1


def test_two_tabs_do_not_overwrite_each_other(client, train, user_a, company_a, person_a):
    project = train.project(person_a, company_a)
    shown = project.version
    signed_in(client, user_a).post(f"{page_of(project)}edit/", plan_of(person_a, version=shown, title="先写的名称"))
    page = client.post(
        f"{page_of(project)}edit/", plan_of(person_a, version=shown, title="后写的名称")
    ).content.decode()
    assert "他人刚刚修改过" in page
    assert "先写的名称" in page
    assert sent(page, "title") == "后写的名称"
    assert again(project).title == "先写的名称"


def test_a_decision_on_an_older_version_is_not_taken(client, train, county_one, municipal, company_a, person_a):
    project = train.reported(person_a, company_a)
    actions.return_project(project, version=project.version, reason="缺数据", by=municipal, at=AT)
    page = signed_in(client, county_one).post(page_of(project, "complete"), said(project))
    assert page.status_code == 200
    assert again(project).state == ProjectState.RETURNED


# --- Who may see and do what -----------------------------------------------------------------------------------------


def test_outside_ones_scope_there_is_no_project(client, train, user_b, county_two, trainer, company_a, person_a):
    project = train.reported(person_a, company_a)
    for stranger in (user_b, county_two, trainer):
        signed_in(client, stranger)
        assert client.get(page_of(project)).status_code == 404
        assert client.post(page_of(project, "complete"), said(project)).status_code == 404
    evidence = StoredFile.unscoped.get()
    assert client.get(f"/files/{evidence.reference}/").status_code == 404


def test_the_evidence_opens_for_the_bureau_that_confirms(client, train, county_one, company_a, person_a):
    project = train.reported(person_a, company_a)
    page = text_of(signed_in(client, county_one), page_of(project))
    address = re.search(r'href="(/files/[^"]+)"', page)[1]
    assert client.get(address)["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("act", ["file", "midterm", "report", "stop"])
def test_a_bureau_does_not_act_for_an_enterprise(client, train, county_one, company_a, person_a, act):
    project = train.underway(person_a, company_a)
    assert signed_in(client, county_one).get(page_of(project, act)).status_code == 404
    assert "/acts/" not in text_of(client, page_of(project))


@pytest.mark.parametrize("act", ["complete", "return"])
def test_an_enterprise_and_the_administrator_do_not_confirm(
    client, train, user_a, administrator, company_a, person_a, act
):
    project = train.reported(person_a, company_a)
    for person in (user_a, administrator):
        signed_in(client, person)
        assert client.get(page_of(project, act)).status_code == 404
        assert client.post(page_of(project, act), said(project, reason="理由")).status_code == 404
    assert again(project).state == ProjectState.REPORTED
    assert "等待" in text_of(client, page_of(project))


def test_only_an_enterprise_plans(client, municipal, county_one, trainer, user_a, person_a):
    for person in (municipal, county_one, trainer):
        assert signed_in(client, person).get("/projects/new/").status_code == 404
    assert signed_in(client, user_a).get("/projects/new/").status_code == 200


def test_an_act_that_does_not_exist_is_not_there(client, train, user_a, company_a, person_a):
    project = train.underway(person_a, company_a)
    assert signed_in(client, user_a).get(page_of(project, "publish")).status_code == 404


# --- The list --------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_words_state_and_county(
    client, train, municipal, county_one, user_a, company_a, company_b, person_a, person_b
):
    train.reported(person_a, company_a)
    train.project(person_b, company_b, title="减少缝制返工")
    page = text_of(signed_in(client, municipal), "/projects/")
    assert "降低釉面砖" in page and "减少缝制返工" in page
    for query in ("q=李四", "state=draft", "county=441881", "q=乙公司"):
        page = text_of(client, f"/projects/?{query}")
        assert "减少缝制返工" in page and "降低釉面砖" not in page
    assert "没有符合条件的课题" in text_of(client, "/projects/?q=无此课题")
    for person in (county_one, user_a):
        page = text_of(signed_in(client, person), "/projects/")
        assert "降低釉面砖" in page and "减少缝制返工" not in page


def test_an_empty_list_says_what_to_do(client, user_a, county_one, trainer):
    assert "填写改进计划" in text_of(signed_in(client, user_a), "/projects/")
    assert "还没有质量课题" in text_of(signed_in(client, county_one), "/projects/")
    assert signed_in(client, trainer).get("/projects/").status_code == 404


def test_a_longer_list_costs_no_more_queries(
    client, train, municipal, company_a, company_b, person_a, person_a_two, person_b
):
    train.reported(person_a, company_a)
    signed_in(client, municipal)
    with CaptureQueriesContext(connection) as one:
        text_of(client, "/projects/")
    train.reported(person_a_two, company_a)
    train.reported(person_b, company_b)
    with CaptureQueriesContext(connection) as three:
        text_of(client, "/projects/")
    assert len(three) == len(one)
