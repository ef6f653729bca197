"""The appointments' pages, by the test client: what each person finds there, and what each button does."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from appointments import actions
from appointments.models import Appointment, Evidence, Paper, SealedScan
from appointments.states import ActKind, EvidenceKind, PaperKind, State
from registry import filestore
from tests.cast import AT, COMPLETE, TODAY, pdf, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(extension):
    """The day of the cast, with the measure in force."""
    with time_machine.travel(AT, tick=False):
        yield TODAY


@pytest.fixture
def browse(client):
    """Signs in somebody of the cast and returns their browser."""

    def signed_in(user):
        client.force_login(user)
        return client

    return signed_in


def token() -> dict[str, str]:
    """What every form carries once."""
    return {"token": str(uuid4())}


def boxes(name: str, day: date) -> dict[str, int]:
    """A day in its three boxes."""
    return {f"{name}_year": day.year, f"{name}_month": day.month, f"{name}_day": day.day}


def act_url(row: Appointment, act: str) -> str:
    return reverse("appointment_act", args=[row.reference, act])


def step_url(row: Appointment, step: int) -> str:
    return reverse("appointment_step", args=[row.reference, step])


def detail_url(row: Appointment) -> str:
    return reverse("appointment_detail", args=[row.reference])


def post_values(row: Appointment, **changed) -> dict:
    """The third step filled in completely."""
    values = {name: value for name, value in COMPLETE.items() if not name.startswith("declares")}
    values |= {"in_decision_level": "yes", "departments_report": "on", "version": row.version} | token()
    return values | boxes("first_day", values.pop("first_day")) | changed


def page(response) -> str:
    """The page's text; it must have been served."""
    assert response.status_code == 200
    return response.content.decode()


# --- Lists -----------------------------------------------------------------------------------------------------------


def test_an_enterprise_without_appointments_is_told_the_three_steps(browse, user_a):
    text = page(browse(user_a).get("/appointments/"))
    assert all(step in text for step in ("选定人选", "任命并提交", "盖章，等待登记"))


def test_a_list_shows_what_is_in_scope_alone(browse, filed_both, user_a, county_two, municipal):
    a, b = filed_both["a"].reference, filed_both["b"].reference
    text = page(browse(user_a).get("/appointments/"))
    assert a in text and b not in text
    text = page(browse(county_two).get("/appointments/"))
    assert b in text and a not in text
    text = page(browse(municipal).get("/appointments/"))
    assert a in text and b in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=甲公司", "a"),
        ("q=李四", "b"),
        ("county=441881", "b"),
        ("state=filed", "ab"),
        ("state=draft", ""),
        ("transcribed=yes", ""),
        ("ends=30", ""),
        ("q=%00", "ab"),
        ("state=nonsense", "ab"),
    ],
)
def test_a_list_is_narrowed_by_its_filters(browse, filed_both, municipal, query, found):
    text = page(browse(municipal).get(f"/appointments/?{query}"))
    for letter, row in filed_both.items():
        assert (f">{row.reference}<" in text) == (letter in found)


def test_filters_in_force_are_said_in_words_and_removable(browse, filed_both, municipal):
    text = page(browse(municipal).get("/appointments/?q=甲&state=filed"))
    assert "状态：已登记" in text and "企业、人选或编号：甲" in text


def _queries(django_assert_max_num_queries, client, url) -> int:
    with django_assert_max_num_queries(60) as captured:
        page(client.get(url))
    return len(captured)


@pytest.mark.parametrize("url", ["/appointments/", "/appointments/queue/"])
def test_a_list_asks_as_often_for_three_rows_as_for_one(
    browse, make, company_a, user_a, county_one, django_assert_max_num_queries, url
):
    client = browse(county_one)
    years = iter((2020, 2022, 2024))

    def another(n):
        someone = make.qualified(person(n, f"张{'三四五'[n]}", company=company_a, by=user_a), company_a)
        make.submitted(someone, company_a, first_day=date(next(years), 1, 1))

    another(0)
    _queries(django_assert_max_num_queries, client, url)  # what is read once per process
    one = _queries(django_assert_max_num_queries, client, url)
    another(1)
    another(2)
    assert _queries(django_assert_max_num_queries, client, url) == one


# --- Queue -----------------------------------------------------------------------------------------------------------


def test_the_county_queue_says_what_is_unmet_and_until_when(browse, make, person_a, company_a, county_one):
    row = make.submitted(person_a, company_a)
    text = page(browse(county_one).get("/appointments/queue/"))
    assert row.reference in text and "不符合 2 项" in text and "第六条（三）、第六条（五）" in text
    assert "2026年11月27日" in text  # five working days after Sunday 2026-11-22


def test_the_queue_says_so_when_nothing_is_unmet(browse, make, person_a, company_a, county_one):
    make.submitted(make.qualified(person_a, company_a), company_a)
    assert "无不符合" in page(browse(county_one).get("/appointments/queue/"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [("criteria=opinion", True), ("criteria=clear", False), ("due=overdue", False), ("due=today", False)],
)
def test_the_queue_is_narrowed_by_checklist_and_due_day(browse, make, person_a, company_a, county_one, query, shown):
    row = make.submitted(person_a, company_a)
    assert (row.reference in page(browse(county_one).get(f"/appointments/queue/?{query}"))) == shown


def test_the_queue_finds_what_is_overdue(browse, make, person_a, company_a, county_one):
    row = make.submitted(person_a, company_a, at=AT - timedelta(days=30))
    assert row.reference in page(browse(county_one).get("/appointments/queue/?due=overdue"))


def test_several_are_checked_at_once_and_the_page_names_what_is_left_out(
    browse, make, person_a, person_a_two, company_a, county_one
):
    clear = make.submitted(make.qualified(person_a, company_a), company_a)
    unclear = make.submitted(person_a_two, company_a, first_day=date(2024, 1, 1))
    url = f"/appointments/queue/confirm/?pick={clear.reference}&pick={unclear.reference}"
    client = browse(county_one)
    text = page(client.get(url))
    assert "一并核对 1 件" in text and "须写明意见" in text
    client.post(url, token() | {f"version_{clear.reference}": clear.version})
    clear.refresh_from_db()
    unclear.refresh_from_db()
    assert (clear.state, unclear.state) == (State.CHECKED, State.SUBMITTED)


def test_several_are_filed_at_once_with_the_county_s_opinions(browse, make, person_a, company_a, municipal):
    row = make.checked(person_a, company_a)
    url = f"/appointments/queue/confirm/?pick={row.reference}"
    text = page(browse(municipal).post(url, token() | {f"version_{row.reference}": row.version}, follow=True))
    row.refresh_from_db()
    assert row.state == State.FILED and "已登记 1 件" in text
    assert row.papers.filter(kind=PaperKind.RECEIPT).count() == 1


def test_a_row_written_meanwhile_is_left_out_of_the_bulk(browse, make, person_a, company_a, municipal):
    row = make.checked(person_a, company_a)
    url = f"/appointments/queue/confirm/?pick={row.reference}"
    text = page(browse(municipal).post(url, token() | {f"version_{row.reference}": row.version - 1}, follow=True))
    row.refresh_from_db()
    assert row.state == State.CHECKED and "没有登记" in text


def test_a_bulk_form_sent_twice_is_carried_out_once(browse, make, person_a, company_a, municipal):
    row = make.checked(person_a, company_a)
    url = f"/appointments/queue/confirm/?pick={row.reference}"
    form = token() | {f"version_{row.reference}": row.version}
    client = browse(municipal)
    client.post(url, form)
    assert "已经办理过" in page(client.post(url, form, follow=True))
    assert row.papers.filter(kind=PaperKind.RECEIPT).count() == 1


def test_queue_and_counter_are_not_there_for_an_enterprise(browse, user_a, company_a):
    client = browse(user_a)
    for url in ("/appointments/queue/", "/appointments/queue/confirm/", "/appointments/counter/"):
        assert client.get(url).status_code == 404
    assert client.get(f"/appointments/counter/{company_a.reference}/").status_code == 404


# --- Preparing -------------------------------------------------------------------------------------------------------


def test_a_person_is_chosen_among_the_enterprise_s_own(browse, user_a, person_a, person_b):
    client = browse(user_a)
    text = page(client.get("/appointments/new/"))
    assert person_a.reference in text and person_b.reference not in text
    response = client.post("/appointments/new/", token() | {"candidate": person_a.reference})
    row = Appointment.unscoped.get()
    assert response.url == step_url(row, 2) and row.candidate == person_a


def test_another_enterprise_s_person_is_no_choice(browse, user_a, person_a, person_b):
    text = page(browse(user_a).post("/appointments/new/", token() | {"candidate": person_b.reference}))
    assert "人选不在可选范围内" in text and not Appointment.unscoped.exists()


def test_declarations_and_a_paper_are_kept_by_the_second_step(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a, declares_ethics=False)
    form = {"declares_ethics": "on", "version": row.version, "kind": "decision", "go": "stay"} | token()
    form["file"] = SimpleUploadedFile("任命决定.pdf", pdf(2))
    response = browse(user_a).post(step_url(row, 2), form)
    row.refresh_from_db()
    assert response.url == step_url(row, 2) and row.declares_ethics and not row.declares_knowledge
    assert Evidence.unscoped.get().file.pages == 2


def test_a_draft_may_stay_incomplete(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    response = browse(user_a).post(step_url(row, 3), {"version": row.version, "go": "later"} | token())
    row.refresh_from_db()
    assert response.url == detail_url(row) and row.position == "" and row.first_day is None


def test_the_page_before_submission_lists_what_is_missing_with_its_place(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a, position="", first_day=None)
    text = page(browse(user_a).get(reverse("appointment_check_answers", args=[row.reference])))
    assert f"{step_url(row, 3)}#div_id_position" in text and "请填写聘任首日。" in text


def test_autosave_keeps_what_is_valid_and_tells_the_new_version(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    url = reverse("appointment_autosave", args=[row.reference, 3])
    text = page(browse(user_a).post(url, post_values(row, position="总工程师", first_day_month="13")))
    before, version = row.first_day, row.version
    row.refresh_from_db()
    assert (row.position, row.first_day, row.version) == ("总工程师", before, version + 1)
    assert "2026年11月22日 10:00 已自动保存，聘任首日待更正" in text and f'value="{row.version}"' in text


def test_autosave_of_a_stale_page_writes_nothing_and_says_so(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    url = reverse("appointment_autosave", args=[row.reference, 3])
    text = page(browse(user_a).post(url, post_values(row, position="总工程师", version=row.version - 1)))
    row.refresh_from_db()
    assert "未能自动保存" in text and row.position == COMPLETE["position"]


def test_saving_by_hand_what_autosave_has_just_kept_is_no_conflict(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    client, form = browse(user_a), post_values(row, position="总工程师")
    client.post(reverse("appointment_autosave", args=[row.reference, 3]), form)
    response = client.post(step_url(row, 3), form)
    assert response.url == reverse("appointment_check_answers", args=[row.reference])


def test_the_live_checklist_follows_the_first_day(browse, make, user_a, person_a, company_a):
    make.qualified(person_a, company_a)
    row = make.draft(person_a, company_a)
    url = reverse("appointment_autosave", args=[row.reference, 3])
    text = page(browse(user_a).post(url, post_values(row) | boxes("first_day", date(2016, 4, 1))))
    assert "按2016年4月1日计算" in text and "不符合" in text


def test_submitting_appoints_and_issues_two_papers(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    url = reverse("appointment_check_answers", args=[row.reference])
    response = browse(user_a).post(url, {"sure": "on", "version": row.version} | token())
    row.refresh_from_db()
    assert response.url == detail_url(row) and row.state == State.SUBMITTED
    assert {paper.kind for paper in row.papers.all()} == {PaperKind.LETTER, PaperKind.AUTHORISATION}


def test_nothing_is_submitted_without_the_confirmation(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    url = reverse("appointment_check_answers", args=[row.reference])
    text = page(browse(user_a).post(url, {"version": row.version} | token()))
    row.refresh_from_db()
    assert "请确认任命人已决定作出上述任命" in text and row.state == State.DRAFT


def test_a_correction_shows_the_remarks_and_fixes_the_first_day(browse, make, user_a, person_a, company_a):
    row = make.returned(person_a, company_a)
    client = browse(user_a)
    text = page(client.get(step_url(row, 3)))
    assert "退回意见：与任命决定不一致" in text and "自提交时确定，不能更正" in text
    form = post_values(row, position="总经理") | boxes("first_day", date(2027, 5, 1))
    client.post(step_url(row, 3), form)
    row.refresh_from_db()
    assert (row.position, row.first_day) == ("总经理", COMPLETE["first_day"])


def test_the_officer_sees_what_a_correction_changed(browse, make, user_a, county_one, person_a, company_a):
    row = make.returned(person_a, company_a)
    client = browse(user_a)
    client.post(step_url(row, 3), post_values(row, position="总经理"))
    row.refresh_from_db()
    url = reverse("appointment_check_answers", args=[row.reference])
    client.post(url, {"sure": "on", "version": row.version} | token())
    client.force_login(county_one)
    text = page(client.get(detail_url(row)))
    assert "退回后改了什么" in text and "<del>副总经理</del>" in text and "<ins>总经理</ins>" in text
    assert "补正后待核对" in page(client.get("/appointments/queue/"))


# --- The appointment's page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("who", ["user_a", "county_one", "municipal", "administrator"])
def test_every_state_has_a_page_for_everybody_in_scope(browse, make, request, person_a, company_a, state, who):
    row = make.in_state(state, person_a, company_a)
    text = page(browse(request.getfixturevalue(who)).get(detail_url(row)))
    assert "甲公司任命张三" in text and "办理经过" in text
    assert ("修改记录" in text) == (who != "user_a")


def test_buttons_are_what_may_be_done_now(browse, make, user_a, county_one, municipal, person_a, company_a):
    row = make.submitted(person_a, company_a)
    text = page(browse(county_one).get(detail_url(row)))
    assert act_url(row, "check") in text and act_url(row, "return") in text and act_url(row, "file") not in text
    text = page(browse(user_a).get(detail_url(row)))
    assert act_url(row, "withdraw") in text and act_url(row, "check") not in text


def test_what_was_filed_stays_as_it_was_judged(browse, make, county_one, person_a, company_a):
    row = make.filed(person_a, company_a)
    make.qualified(person_a, company_a)
    text = page(browse(county_one).get(detail_url(row)))
    assert "2026年11月22日登记时存档" in text and "任职培训：已注明" in text


def test_the_page_asks_a_steady_number_of_questions(
    browse, make, county_one, person_a, company_a, django_assert_max_num_queries
):
    row = make.filed(make.qualified(person_a, company_a), company_a)
    client = browse(county_one)
    with django_assert_max_num_queries(42):
        page(client.get(detail_url(row)))


# --- Acts ------------------------------------------------------------------------------------------------------------


def test_an_officer_checks_with_an_opinion_on_what_is_unmet(browse, make, county_one, person_a, company_a):
    row = make.submitted(person_a, company_a)
    client = browse(county_one)
    assert "任职培训：不符合。" in page(client.get(act_url(row, "check")))
    form = {"version": row.version, "opinion_6_3": "材料不足", "opinion_6_5": "尚未培训"} | token()
    client.post(act_url(row, "check"), form)
    row.refresh_from_db()
    assert row.state == State.CHECKED
    assert row.acts.get(kind=ActKind.CHECKED).details["opinions"] == {"6_3": "材料不足", "6_5": "尚未培训"}


def test_silence_on_an_unmet_criterion_is_refused(browse, make, county_one, person_a, company_a):
    row = make.submitted(person_a, company_a)
    form = {"version": row.version, "opinion_6_3": "材料不足", "opinion_6_5": " "} | token()
    text = page(browse(county_one).post(act_url(row, "check"), form))
    row.refresh_from_db()
    assert row.state == State.SUBMITTED and "请填写对“任职培训”的意见。" in text and "材料不足" in text


def test_the_city_starts_from_the_county_s_opinions(browse, make, municipal, person_a, company_a):
    row = make.checked(person_a, company_a)
    client = browse(municipal)
    assert "任职培训：已注明" in page(client.get(act_url(row, "file")))
    form = {"version": row.version, "opinion_6_3": "同意注明", "opinion_6_5": "同意注明"} | token()
    client.post(act_url(row, "file"), form)
    row.refresh_from_db()
    assert row.state == State.FILED and row.eligibilitysnapshots.get().opinions["6_5"] == "同意注明"


def test_a_return_names_the_fields_at_fault(browse, make, county_one, person_a, company_a):
    row = make.submitted(person_a, company_a)
    client = browse(county_one)
    text = page(client.post(act_url(row, "return"), {"version": row.version, "at_position": "on"} | token()))
    assert "请写明“在本企业的职务”需要怎样更正。" in text
    text = page(client.post(act_url(row, "return"), {"version": row.version} | token()))
    assert "请至少指明一个需要更正的字段" in text
    form = {"version": row.version, "remark_position": "与决定不一致"} | token()
    client.post(act_url(row, "return"), form)
    row.refresh_from_db()
    assert row.state == State.RETURNED
    assert row.acts.get(kind=ActKind.RETURNED).details["remarks"] == {"position": "与决定不一致"}


def test_an_enterprise_withdraws_with_a_reason(browse, make, user_a, person_a, company_a):
    row = make.submitted(person_a, company_a)
    client = browse(user_a)
    assert "请填写撤回的原因。" in page(client.post(act_url(row, "withdraw"), {"version": row.version} | token()))
    client.post(act_url(row, "withdraw"), {"version": row.version, "reason": "人选有变"} | token())
    row.refresh_from_db()
    assert row.state == State.WITHDRAWN


def test_an_enterprise_ends_an_appointment_itself(browse, make, user_a, person_a, company_a):
    row = make.filed(person_a, company_a, first_day=date(2026, 1, 1))
    form = {"version": row.version, "reason": "resigned", "why": "个人原因"} | boxes("last_day", date(2026, 11, 20))
    browse(user_a).post(act_url(row, "end"), form | token())
    row.refresh_from_db()
    assert (row.state, row.ended_on) == (State.ENDED, date(2026, 11, 20))


def test_a_renewal_is_a_new_draft_filled_in_already(browse, make, user_a, person_a, company_a):
    row = make.filed(person_a, company_a, first_day=date(2025, 1, 1))
    url = reverse("appointment_renew", args=[row.reference])
    response = browse(user_a).post(url)
    draft = row.renewals.get()
    assert response.url == step_url(draft, 2) and draft.first_day == date(2027, 1, 1)
    assert browse(user_a).post(url).url == response.url and row.renewals.count() == 1


@pytest.mark.parametrize("act", ["check", "file", "return", "withdraw", "end"])
def test_the_page_of_an_act_not_possible_now_leads_back_with_the_reason(
    browse, make, county_one, person_a, company_a, act
):
    row = make.withdrawn(person_a, company_a)
    response = browse(county_one).get(act_url(row, act), follow=True)
    assert response.redirect_chain[-1][0] == detail_url(row)
    assert "没有办理这一事项的权限" in page(response) or "不能办理这一步" in page(response)


def test_an_unknown_act_or_step_is_not_there(browse, make, user_a, person_a, company_a):
    row = make.draft(person_a, company_a)
    client = browse(user_a)
    assert client.get(act_url(row, "approve")).status_code == 404
    assert client.get(step_url(row, 9)).status_code == 404
    assert client.get(reverse("appointment_paper", args=[row.reference, "poster"])).status_code == 404


# --- Papers ----------------------------------------------------------------------------------------------------------


def test_a_paper_is_served_as_it_was_issued(browse, filed_both, user_a):
    row = filed_both["a"]
    response = browse(user_a).get(reverse("appointment_paper", args=[row.reference, "letter"]) + "?download=1")
    assert response.content == filestore.fetch(row.papers.get(kind="letter").sha256)
    assert response["X-Content-Type-Options"] == "nosniff" and response["Content-Disposition"].startswith("attachment")


def test_a_paper_outside_one_s_scope_is_not_there(browse, filed_both, user_b, county_two):
    for user in (user_b, county_two):
        for name in ("appointment_paper", "appointment_preview", "appointment_seal"):
            assert browse(user).get(reverse(name, args=[filed_both["a"].reference, "letter"])).status_code == 404


def test_a_spoilt_paper_is_not_served(browse, filed_both, user_a, caplog):
    paper = Paper.unscoped.get(appointment=filed_both["a"], kind="receipt")
    kept = filestore.path_of(paper.sha256)
    data = kept.read_bytes()
    kept.write_bytes(data + b" ")
    try:
        response = browse(user_a).get(reverse("appointment_paper", args=[filed_both["a"].reference, "receipt"]))
    finally:
        kept.write_bytes(data)
    assert response.status_code == 503 and "do not match" in caplog.text


def test_papers_are_previewed_before_the_act_and_not_after(browse, make, user_a, person_a, company_a):
    client = browse(user_a)
    draft = make.draft(person_a, company_a, position="", first_day=None, appointer="")
    for kind in ("letter", "authorisation"):
        response = client.get(reverse("appointment_preview", args=[draft.reference, kind]))
        assert response.content.startswith(b"%PDF-")
    assert client.get(reverse("appointment_preview", args=[draft.reference, "receipt"])).status_code == 302
    assert not Paper.unscoped.exists()


def test_the_sealed_scan_may_follow(browse, make, user_a, person_a, company_a):
    row = make.submitted(person_a, company_a)
    url = reverse("appointment_seal", args=[row.reference, "letter"])
    client = browse(user_a)
    assert "请选择盖章件的文件。" in page(client.post(url, token()))
    client.post(url, token() | {"file": SimpleUploadedFile("聘书.pdf", pdf())})
    assert SealedScan.unscoped.get().paper.kind == PaperKind.LETTER


# --- Counter and clock -----------------------------------------------------------------------------------------------


def counter_values(person, **changed) -> dict:
    """A paper filer's appointment, read off the paper."""
    values = COMPLETE | {"candidate": person.reference, "in_decision_level": "yes", "own_letter_number": "甲字1号"}
    return values | boxes("first_day", values.pop("first_day")) | token() | changed


def test_a_paper_filer_is_entered_at_the_counter_with_its_scan(browse, county_one, person_a, company_a):
    client, url = browse(county_one), f"/appointments/counter/{company_a.reference}/"
    assert company_a.name in page(client.get("/appointments/counter/?q=甲"))
    values = counter_values(person_a)
    text = page(client.post(url, values | {"scan": SimpleUploadedFile("材料.pdf", pdf())}))
    assert "注明“代录”" in text and not Appointment.unscoped.exists()
    stored = company_a.files.get()
    client.post(url, values | {"stored": stored.reference, "confirmed": "1"})
    row = Appointment.unscoped.get()
    assert row.is_transcribed and row.transcript == stored and row.state == State.SUBMITTED
    assert "待核对，代录" in page(client.get("/appointments/queue/"))


def test_a_counter_entry_without_scan_is_refused(browse, county_one, person_a, company_a):
    text = page(browse(county_one).post(f"/appointments/counter/{company_a.reference}/", counter_values(person_a)))
    assert "代录须附企业纸质材料的扫描件。" in text and not Appointment.unscoped.exists()


def test_the_counter_of_another_county_is_not_there(browse, county_two, company_a):
    client = browse(county_two)
    assert company_a.name not in page(client.get("/appointments/counter/"))
    assert client.get(f"/appointments/counter/{company_a.reference}/").status_code == 404


def test_the_clock_ends_what_is_over_once(make, person_a, company_a, capsys):
    row = make.filed(person_a, company_a, first_day=date(2024, 1, 1))
    call_command("expire_appointments", "--dry-run")
    row.refresh_from_db()
    assert row.state == State.FILED and row.reference in capsys.readouterr().out
    call_command("expire_appointments")
    call_command("expire_appointments")
    row.refresh_from_db()
    assert (row.state, row.ended_on) == (State.ENDED, date(2025, 12, 31))
    assert row.acts.filter(kind=ActKind.ENDED).count() == 1


def test_a_counter_entry_that_was_returned_waits_with_its_county_to_be_corrected(
    browse, make, county_one, person_a, company_a
):
    facts = {"transcript": make.stored(company_a), "own_letter_number": "甲聘1号"} | COMPLETE
    row = actions.enter_at_counter(enterprise=company_a, candidate=person_a, by=county_one, at=AT, **facts)
    actions.return_for_correction(row, version=row.version, remarks={"position": "不清"}, by=county_one, at=AT)
    client = browse(county_one)
    assert "待补正，代录" in client.get(reverse("appointment_queue")).content.decode()
    page = client.get(reverse("home")).content.decode()
    assert "补正：甲公司任命张三" in page and "核对：甲公司" not in page


def test_an_enterprise_is_told_of_all_that_waits_and_first_of_what_was_returned(
    browse, make, user_a, county_one, person_a, company_a
):
    row = make.submitted(person_a, company_a)
    actions.return_for_correction(row, version=row.version, remarks={"position": "不清"}, by=county_one, at=AT)
    for n in range(11, 35, 2):
        make.draft(person(n, "赵六", company=company_a, by=user_a), company_a)
    told = browse(user_a).get(reverse("home")).context["todos"]
    assert len(told) == 13 and told[0].title == "补正：任命张三为首席质量官"


@pytest.mark.parametrize("act", ["withdraw", "end"])
def test_a_bureau_transcribes_the_end_of_a_paper_filers_appointment_with_the_paper(
    browse, make, county_one, municipal, user_a, person_a, company_a, act
):
    facts = {"transcript": make.stored(company_a), "own_letter_number": "甲聘1号"} | COMPLETE
    row = actions.enter_at_counter(
        enterprise=company_a, candidate=person_a, by=county_one, at=AT, **facts | {"first_day": TODAY}
    )
    form = {"reason": "有误"}
    if act == "end":
        row = actions.check(row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
        row = actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
        form = {"reason": "resigned", "why": "本人辞任"} | boxes("last_day", TODAY)
    form |= {"version": row.version}
    assert "扫描件" not in page(browse(user_a).get(act_url(row, act)))  # the enterprise signs in and acts itself
    office = browse(county_one)
    assert "企业书面文件的扫描件" in page(office.get(act_url(row, act)))
    silent = office.post(act_url(row, act), form | token())
    assert list(silent.context["form"].errors) == ["scan"]
    row.refresh_from_db()
    assert row.state not in (State.WITHDRAWN, State.ENDED)
    office.post(act_url(row, act), form | {"scan": SimpleUploadedFile("书面.pdf", pdf())} | token())
    row.refresh_from_db()
    assert row.state == (State.ENDED if act == "end" else State.WITHDRAWN)
    assert row.evidences.get(kind=EvidenceKind.ENDING).file.name == "书面.pdf"
    assert "书面.pdf" in page(office.get(detail_url(row)))


def test_the_paper_of_an_end_is_no_kind_of_a_filings_evidence(browse, make, user_a, person_a, company_a):
    draft = make.draft(person_a, company_a)
    client, url = browse(user_a), step_url(draft, 2)
    assert "终止或者撤回的书面文件" not in page(client.get(url))
    form = {"kind": "ending", "version": draft.version, "file": SimpleUploadedFile("书面.pdf", pdf())} | token()
    assert "kind" in client.post(url, form).context["form"].errors
    assert not draft.evidences.exists()
