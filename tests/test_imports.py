"""Spreadsheets in: what is previewed is what is written, at once and with its history; what may not be is told why."""

import io
import zipfile
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from appointments.models import Appointment
from registry import filestore
from registry.actions.enterprises import change_enterprise
from registry.actions.imports import begin_import, confirm_import, drop_import
from registry.history import events_of
from registry.importing import KINDS, tasks
from registry.models import (
    Candidate,
    Enterprise,
    EnterpriseSeat,
    ImportRow,
    ImportRun,
    ImportUpload,
    Message,
    SecurityEntry,
    StoredFile,
)
from registry.refusals import Refused, Stale
from registry.sheets import open_sheet
from registry.states import PRIVACY_NOTICE, ImportState
from tests.cast import AT, resident_id
from tests.cast import person as new_person
from tests.importing import brought, company, counts, faults, newcomer, read, sheet, written
from training.models import TrainingRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    """The day of the cast."""
    with time_machine.travel(AT, tick=True):
        yield


def test_new_companies_are_shown_then_written_at_once_with_their_seat_and_who_did_it(municipal, counties):
    rows = company(1), company(2, since=date(2020, 5, 1))
    run = brought("enterprises", sheet("enterprises", municipal, *rows), municipal)
    assert (run.state, counts(run)) == (ImportState.READY, (2, 0, 0, 0)), run.fault
    assert not Enterprise.unscoped.exists() and not ImportUpload.unscoped.exists()
    run = written(run, municipal)
    assert run.state == ImportState.DONE
    first, second = Enterprise.unscoped.order_by("name")
    assert (first.name, first.industry, first.size, first.county) == ("新企业1", "C", "small", counties["441802"])
    assert [row.reference for row in (first, second)] == ["QY00001", "QY00002"]
    since = [seat.period.lower for seat in EnterpriseSeat.unscoped.order_by("enterprise")]
    assert since == [AT.date(), date(2020, 5, 1)]
    event = events_of(Enterprise, credit_code=first.credit_code).get()
    assert (event.pgh_label, event.pgh_context.metadata["user"]) == ("insert", municipal.pk)


def test_what_is_on_file_is_compared_column_by_column_and_blank_cells_change_nothing(county_one, company_a, user_a):
    row = {"credit_code": company_a.credit_code, "name": company_a.name, "county": "清城区", "industry": "制造业"}
    row |= {"size": "大型", "legal_representative": "李法人", "principal": "王负责", "contact_name": "钱联系"}
    row |= {"contact_phone": "138 0013 8000"}
    run = brought("enterprises", sheet("enterprises", county_one, row), county_one)
    assert counts(run) == (0, 1, 0, 0), faults(run)
    assert run.rows.get().details == [["企业规模", "中型", "大型"], ["联系人", "赵联系", "钱联系"]]
    run = written(run, county_one)
    company_a.refresh_from_db()
    assert (company_a.size, company_a.contact_name, company_a.address) == ("large", "钱联系", "清远市某路1号")
    assert company_a.version == 2
    again = brought("enterprises", sheet("enterprises", county_one, row), county_one)
    assert counts(again) == (0, 0, 1, 0)
    with pytest.raises(Refused, match="没有需要写入的内容"):
        confirm_import(again, version=again.version, by=county_one, at=timezone.now())


# --- People and what they did ----------------------------------------------------------------------------------------

SCHOOL = {"education_level": "大学本科", "education_school": "某大学", "education_graduated_on": date(2002, 7, 1)}
WORK = {"experience_employer": "某厂", "experience_work": "质量检验", "experience_first_day": date(2003, 1, 1)}


def again(n: int, name: str = "周七", **facts) -> dict:
    """A further row of the same person."""
    return {"name": name, "id_number": resident_id(n)} | facts


def test_a_person_and_three_facts_in_three_rows_stand_on_file_and_the_number_nowhere_else(user_a, company_a):
    rows = [newcomer(40, **SCHOOL), again(40, **WORK), again(40, **WORK | {"experience_first_day": date(2010, 1, 1)})]
    run = brought("people", sheet("people", user_a, *rows), user_a)
    assert counts(run) == (1, 2, 0, 0), faults(run)
    assert not Candidate.unscoped.exists(), "a rehearsal leaves nothing behind"
    kept = str(list(ImportRow.unscoped.values("values", "details", "label")))
    assert resident_id(40) not in kept
    run = written(run, user_a)
    person = Candidate.unscoped.get()
    assert (person.name, person.employments.get().phone) == ("周七", "13900139001")
    assert (person.educations.count(), person.qualityexperiences.count()) == (1, 2)
    assert person.acknowledgements.get().notice == PRIVACY_NOTICE
    assert all("id_number" not in row.values for row in run.rows.all())
    same = brought("people", sheet("people", user_a, *rows), user_a)
    assert counts(same) == (0, 0, 3, 0)


def test_what_the_form_of_a_person_refuses_the_sheet_refuses_at_its_column(user_a, company_a, person_a, make):
    rows = {
        3: newcomer(41, id_number=resident_id(41)[:-1] + "A"),
        4: newcomer(42, told=""),
        5: newcomer(43, since=""),
        6: newcomer(1, "李四"),
        7: newcomer(44, phone="12345"),
        8: newcomer(45, since=date(2026, 11, 23)),
        9: newcomer(46, education_level="大学本科"),
        10: again(47, **SCHOOL),
        11: newcomer(48, education_graduated_on=date(1979, 1, 1), education_level="大学本科", education_school="某校"),
        12: again(1, "张三", left=date(2014, 1, 1)),
    }
    run = brought("people", sheet("people", user_a, *rows.values()), user_a)
    found = {number: lines[0] for number, lines in faults(run).items()}
    assert set(found) == set(rows)
    assert {number: column.partition("（")[2].rstrip("）") or column for number, (column, _) in found.items()} == {
        3: "证件号码", 4: "已告知本人并取得同意", 5: "入职日期", 6: "姓名", 7: "手机号码", 8: "入职日期",
        9: "学历：毕业院校", 10: "在本企业的职务", 11: "学历：毕业日期", 12: "离职日期",
    }  # fmt: skip
    assert found[6][1] == "该证件号码已登记在另一姓名之下。请逐字核对姓名和证件。"


def test_an_enterprise_brings_its_own_people_and_an_officer_those_of_the_county(
    user_a, county_one, county_two, company_a
):
    assert "credit_code" not in [column.key for column in KINDS["people"].columns(user_a)]
    row = newcomer(40, credit_code=company_a.credit_code)
    stranger = brought("people", sheet("people", county_two, row), county_two)
    assert faults(stranger)[3][0][1].startswith("名录中没有这家企业")
    run = brought("people", sheet("people", county_one, row), county_one)
    assert written(run, county_one).state == ImportState.DONE
    assert Candidate.unscoped.get().employments.get().enterprise == company_a


# --- Training elsewhere ----------------------------------------------------------------------------------------------


def course(**facts) -> dict:
    row = {"name": "张三", "kind": "继续教育", "body_name": "某协会", "certificate_number": "K-1", "hours": 16}
    return row | {"completed_on": date(2026, 6, 1)} | facts


def test_courses_elsewhere_are_brought_by_name_and_a_known_body_is_found(user_a, person_a, make):
    body = make.body()
    rows = course(), course(certificate_number="K-2", body_name=body.name)
    run = brought("trainings", sheet("trainings", user_a, *rows), user_a)
    assert counts(run) == (2, 0, 0, 0), faults(run)
    written(run, user_a)
    first, second = TrainingRecord.unscoped.order_by("certificate_number")
    assert (first.body, first.hours, second.body) == (None, 16, body)
    other = brought("trainings", sheet("trainings", user_a, course(hours=24), course(name="无此人")), user_a)
    assert [lines[0][0] for lines in faults(other).values()] == ["证书编号", "姓名"]
    assert "已登记为" in faults(other)[3][0][1]


# --- Past appointments -----------------------------------------------------------------------------------------------


def past(company, person, **facts) -> dict:
    row = {"credit_code": company.credit_code, "name": person.name, "first_day": date(2022, 3, 1)}
    row |= {"appointer": "法定代表人", "position": "副总经理", "in_decision_level": "属于", "departments_report": "是"}
    row |= {"quality_department": "质管部", "inspection_department": "质检部", "safety_department": "安全部"}
    row |= {"declares_ethics": "是", "declares_knowledge": "是", "declares_independence": "是"}
    return row | {"own_letter_number": "聘字1号", "opinion": "按原纸质备案登记。"} | facts


def test_past_appointments_are_filed_flagged_and_stand_on_an_extract_of_the_list(
    extension, municipal, company_a, user_a, person_a, person_a_two
):
    left = {"first_day": date(2022, 3, 1), "last_day": date(2023, 5, 31), "end_reason": "本人辞任"}
    rows = [past(company_a, person_a_two, first_day=date(2023, 6, 1)), past(company_a, person_a, **left)]
    run = brought("appointments", sheet("appointments", municipal, *rows), municipal)
    assert counts(run) == (2, 0, 0, 0), faults(run)
    assert not Appointment.unscoped.exists() and not StoredFile.unscoped.filter(enterprise=company_a).exists()
    told = Message.unscoped.count()
    run = written(run, municipal)
    assert run.state == ImportState.DONE, run.fault
    first, second = Appointment.unscoped.order_by("first_day")
    assert (first.state, first.ended_on, first.end_reason) == ("ended", date(2023, 5, 31), "resigned")
    assert (second.state, second.last_day, second.is_transcribed) == ("filed", date(2025, 5, 31), True)
    assert first.transcript == second.transcript and first.transcript.enterprise == company_a
    assert not first.papers.exists() and second.eligibilitysnapshots.get().opinions
    assert Message.unscoped.count() == told + 1
    assert StoredFile.unscoped.visible_to(user_a).get() == first.transcript
    text = PdfReader(io.BytesIO(filestore.fetch(first.transcript.sha256))).pages[0].extract_text()
    assert "补录摘录" in text and "聘字1号" in text
    same = brought("appointments", sheet("appointments", municipal, *rows), municipal)
    assert counts(same) == (0, 0, 2, 0), faults(same)


def test_past_appointments_without_what_the_acts_demand_are_faulty(
    extension, county_one, county_two, company_a, person_a
):
    ended = {"last_day": date(2023, 5, 31), "end_reason": "本人辞任"}
    rows = [
        past(company_a, person_a, opinion=""),
        past(company_a, person_a, first_day=date(2016, 1, 1)),
        past(company_a, person_a, first_day=date(2018, 1, 1), **ended | {"last_day": date(2019, 1, 1)}),
        past(company_a, person_a, first_day=date(2020, 1, 1), in_decision_level="不属于"),
        past(company_a, person_a, first_day=date(2024, 1, 1), end_reason="本人辞任"),
    ]
    run = brought("appointments", sheet("appointments", county_one, *rows), county_one)
    found = {number: lines[0] for number, lines in faults(run).items()}
    expected = ["核对意见", "聘任首日", "任职的最后一天", "不在决策层的理由", "任职的最后一天"]
    assert [found[number][0] for number in sorted(found)] == expected
    theirs = brought("appointments", sheet("appointments", county_two, past(company_a, person_a)), county_two)
    assert faults(theirs)[3][0][1].startswith("名录中没有这家企业")
    good = brought("appointments", sheet("appointments", county_one, past(company_a, person_a)), county_one)
    written(good, county_one)
    assert Appointment.unscoped.get().state == "checked", "the city files"


# --- What moves meanwhile --------------------------------------------------------------------------------------------


def test_what_moved_since_the_preview_is_not_written_over_and_the_preview_is_shown_anew(municipal, company_a):
    row = company(1, credit_code=company_a.credit_code, name="甲公司", address="新址", size="中型")
    run = brought("enterprises", sheet("enterprises", municipal, row, company(2)), municipal)
    assert counts(run) == (1, 1, 0, 0), faults(run)
    facts = {"contact_name": "孙联系", "address": "另一新址"}
    change_enterprise(company_a, version=company_a.version, by=municipal, at=timezone.now(), **facts)
    run = written(run, municipal)
    assert (run.state, run.confirmed_by) == (ImportState.READY, None) and "名录有了变化" in run.fault
    assert Enterprise.unscoped.count() == 1
    assert ["住所", "另一新址", "新址"] in run.rows.get(number=3).details
    assert written(run, municipal).state == ImportState.DONE
    company_a.refresh_from_db()
    assert (company_a.address, company_a.contact_name) == ("新址", "赵联系")


def test_of_two_imports_of_the_same_companies_the_second_sees_what_the_first_wrote(municipal, county_one):
    data = sheet("enterprises", municipal, company(1), company(2))
    first, second = (brought("enterprises", data, who) for who in (municipal, county_one))
    assert counts(first) == counts(second) == (2, 0, 0, 0)
    assert written(first, municipal).state == ImportState.DONE
    second = written(second, county_one)
    assert second.state == ImportState.READY and counts(second) == (0, 0, 2, 0)
    assert Enterprise.unscoped.count() == EnterpriseSeat.unscoped.count() == 2


def test_a_person_registered_by_hand_meanwhile_stops_the_import_of_people(user_a, company_a):
    run = brought("people", sheet("people", user_a, newcomer(40), newcomer(41, "吴九")), user_a)
    new_person(41, "吴九", company=company_a, by=user_a)
    run = written(run, user_a)
    assert run.state == ImportState.READY and not Candidate.unscoped.filter(name="周七").exists()
    assert counts(run) == (1, 1, 0, 0), "the phone differs"
    assert written(run, user_a).state == ImportState.DONE
    assert Candidate.unscoped.count() == 2


def test_a_preview_is_confirmed_as_it_was_seen_once_and_by_the_office_that_brought_it(
    municipal, county_one, county_two
):
    run = brought("enterprises", sheet("enterprises", county_one, company(1)), county_one)
    for stranger in (municipal, county_two):
        with pytest.raises(Refused, match="权限"):
            confirm_import(run, version=run.version, by=stranger, at=timezone.now())
    with pytest.raises(Stale):
        confirm_import(run, version=run.version - 1, by=county_one, at=timezone.now())
    confirmed = confirm_import(run, version=run.version, by=county_one, at=timezone.now())
    with pytest.raises(Refused, match="不能确认"):
        confirm_import(confirmed, version=confirmed.version, by=county_one, at=timezone.now())
    with pytest.raises(Refused, match="不能放弃"):
        drop_import(run, by=county_one, at=timezone.now())


def test_an_upload_given_up_leaves_nothing_behind_but_that_it_was(user_a, company_a):
    run = brought("people", sheet("people", user_a, newcomer(40)), user_a)
    run = drop_import(run, by=user_a, at=timezone.now())
    assert run.state == ImportState.DROPPED and "id_number" not in run.rows.get().values
    unread = begin_import("people", sheet("people", user_a, newcomer(40)), "表格.xlsx", by=user_a, at=timezone.now())
    drop_import(unread, by=user_a, at=timezone.now())
    assert read(unread).state == ImportState.DROPPED and not ImportUpload.unscoped.exists()
    assert not Candidate.unscoped.exists()


def test_what_cannot_be_written_goes_back_to_the_preview_and_what_stopped_can_be_given_up(
    extension, municipal, company_a, person_a, monkeypatch
):
    run = brought("appointments", sheet("appointments", municipal, past(company_a, person_a)), municipal)
    with monkeypatch.context() as patched:
        patched.setattr("appointments.imports.transcription", lambda facts: refuse("字库没有这个字。"))
        run = written(run, municipal)
    assert (run.state, run.fault) == (ImportState.READY, "没有写入：字库没有这个字。")
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("appointments.imports.transcription", lambda facts: 1 / 0)
        written(run, municipal)
    run = drop_import(ImportRun.unscoped.get(), by=municipal, at=timezone.now())
    assert run.state == ImportState.DROPPED and not Appointment.unscoped.exists()


def refuse(sentence: str):
    raise Refused(sentence)


def test_who_may_not_keep_a_register_brings_no_spreadsheet_for_it(user_a, trainer, administrator, company_a):
    for who, kind in (
        (user_a, "enterprises"),
        (user_a, "appointments"),
        (trainer, "people"),
        (administrator, "people"),
    ):
        assert not KINDS[kind].may(who)
        with pytest.raises(Refused, match="权限"):
            begin_import(kind, b"PK\x03\x04", "表格.xlsx", by=who, at=timezone.now())


def test_a_county_brings_no_company_of_another_county_and_changes_none(county_one, county_two, company_b):
    rows = company(1, county="英德市"), company(2, credit_code=company_b.credit_code, name="乙公司", county="清城区")
    run = brought("enterprises", sheet("enterprises", county_one, *rows), county_one)
    assert counts(run) == (0, 0, 0, 2)
    first, second = faults(run).values()
    assert "应填“清城区”之一" in first[0][1] and second == [
        ("县（市、区）", "这家企业属于其他县（市、区），所属县（市、区）不随导入改变。")
    ]


# --- Pages -----------------------------------------------------------------------------------------------------------


def posted_sheet(client, user, kind: str, data: bytes, name: str = "企业.xlsx"):
    client.force_login(user)
    file = SimpleUploadedFile(name, data)
    return client.post(reverse("import_new", args=[kind]), {"token": str(uuid4()), "sheet": file})


def test_a_clerk_is_led_from_the_template_to_the_report(client, county_one, counties):
    client.force_login(county_one)
    page = client.get(reverse("import_new", args=["enterprises"])).content.decode()
    assert "下载“企业名录导入模板.xlsx”" in page
    template = client.get(reverse("import_template", args=["enterprises"]))
    assert open_sheet(template.content, "a.xlsx", KINDS["enterprises"].template(county_one)).faults == []
    bad = company(3, contact_phone="12345")
    done = posted_sheet(
        client, county_one, "enterprises", sheet("enterprises", county_one, company(1), company(2), bad)
    )
    run = ImportRun.unscoped.get()
    assert done["Location"] == run.page
    assert "在后台逐行核对" in client.get(run.page).content.decode()
    run = read(run)
    page = client.get(run.page).content.decode()
    assert "联系手机应为 11 位手机号码" in page and "确认写入 2 行" in page and "有误的 1 行不写入" in page
    assert "新企业1" in client.get(f"{run.page}?show=new").content.decode()
    confirm, form = reverse("import_confirm", args=[run.reference]), {"token": str(uuid4()), "version": run.version}
    assert "请先勾选确认" in client.post(confirm, form).content.decode()
    assert client.post(confirm, form | {"without": "on"})["Location"] == run.page
    run = ImportRun.unscoped.get()
    assert "要么全部写入" in client.get(run.page).content.decode()
    tasks.write.call(job=run.job.reference, run=run.reference)
    page = client.get(run.page).content.decode()
    assert "已写入" in page and "下载逐行结果" in page
    report = b"".join(client.get(reverse("import_report", args=[run.reference])).streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(report)).get_sheet_by_index(0).to_python()
    assert [row[:2] for row in rows[1:]] == [[3, "已新增"], [4, "已新增"], [5, "有误，没有写入"]]
    assert SecurityEntry.unscoped.filter(event="export", route="import_report").count() == 1
    listed = client.get(reverse("import_list")).content.decode()
    assert "企业.xlsx" in listed and "已写入" in listed


def test_the_same_file_again_is_told_with_when_and_by_whom(client, county_one):
    data = sheet("enterprises", county_one, company(1))
    written(brought("enterprises", data, county_one), county_one)
    run = brought("enterprises", data, county_one)
    client.force_login(county_one)
    page = client.get(run.page).content.decode()
    assert "同一份文件已经导入过" in page and "县局一于" in page and "没有需要写入的内容" in page


def test_an_upload_that_is_no_sheet_at_first_sight_is_told_at_its_field(client, county_one):
    for name, data, said in (
        ("照片.png", b"\x89PNG", "不是 Excel 工作簿"),
        ("旧.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧格式"),
        ("大.csv", b"x" * (10 * 1024 * 1024 + 1), "超过 10 MB"),
    ):
        response = posted_sheet(client, county_one, "enterprises", data, name)
        assert response.status_code == 200 and said in response.content.decode()
    assert not ImportRun.unscoped.exists()


def test_a_sheet_with_formulas_for_names_shows_and_reports_them_as_text(client, county_one):
    run = brought("enterprises", sheet("enterprises", county_one, company(1, address=" =1+1")), county_one)
    client.force_login(county_one)
    assert "=1+1" in client.get(run.page).content.decode()
    report = b"".join(client.get(reverse("import_report", args=[run.reference])).streaming_content)
    with zipfile.ZipFile(io.BytesIO(report)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_stopped_reading_says_so_and_can_be_taken_up_again(client, county_one, monkeypatch):
    run = begin_import(
        "enterprises", sheet("enterprises", county_one, company(1)), "a.xlsx", by=county_one, at=timezone.now()
    )
    monkeypatch.setattr("registry.importing.tasks.stage", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read(run)
    client.force_login(county_one)
    page = client.get(run.page).content.decode()
    assert "核对中断了" in page and "再办一次" in page and reverse("job_again", args=[run.job.reference]) in page
    monkeypatch.undo()
    type(run.job).unscoped.filter(pk=run.job.pk).update(finished_at=None, fault="")
    assert counts(read(run)) == (1, 0, 0, 0)
