"""The pages of campaigns, experience, commendations, guidance and policies, as the people of the cast use them."""

from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import actions
from appointments.models import Achievement, Campaign, Commendation, Guidance, Policy
from appointments.states import AchievementState, CampaignState, MaterialKind
from registry.models import Message, StoredFile
from tests import cast
from tests.cast import AT, TODAY, account
from tests.promotion_cast import DOCUMENT, POLICY, SAID, TEXT
from tests.test_enterprise_pages import days, signed_in

BUREAU = {"county_one", "municipal"}
EVERYBODY = {"anonymous", "user_a", "user_b", "county_one", "county_two", "municipal", "administrator", "trainer"}
SIGNED_IN = EVERYBODY - {"anonymous", "trainer"}  # a training body has no part in any of this
OF_A = {"user_a", "county_one", "municipal", "administrator"}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def upload(name: str = "材料.pdf", key: str = "evidence") -> dict:
    return {key: SimpleUploadedFile(name, cast.pdf(), "application/pdf")}


def said(row=None, **typed) -> dict:
    """A form as the page shows it: its own token, and the version of the row."""
    return {"token": uuid4()} | ({"version": row.version} if row is not None else {}) | typed


def dated(facts: dict) -> dict:
    """Facts as a form sends them: each day in its three boxes."""
    sent = {}
    for name, value in facts.items():
        sent |= days(name, value) if isinstance(value, date) else {name: value}
    return sent


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def errors_of(response) -> dict:
    """Field → its errors, of a form that was refused."""
    assert response.status_code == 200
    return {name: " ".join(found) for name, found in response.context["form"].errors.items()}


CAMPAIGN = dated(
    {"kind": "tackling", "title": "质量攻关", "what": "内容", "first_day": date(2026, 11, 1),
     "last_day": date(2026, 12, 31), "due_on": date(2026, 12, 15)}
)  # fmt: skip
GUIDANCE = dated(SAID | {"follow_up_on": date(2026, 12, 20)})


# --- Who gets where --------------------------------------------------------------------------------------------------


@pytest.fixture
def world(promote, make, company_a, company_b, person_a, person_a_two, county_one, trainer):
    """甲公司's rows of every kind; the words that stand for them in an address."""
    appointed = make.submitted(person_a, company_a, first_day=date(2026, 11, 1))
    county = promote.published_campaign(by=county_one)
    draft = promote.draft(person_a_two, company_a, campaign=county)
    published = promote.published(person_a, company_a)
    commendation = promote.commendation(company_a, appointed, by=county_one)
    guidance = promote.guided(promote.pilot(company_a))
    return {
        "campaign": county.reference,
        "planned": promote.campaign(by=county_one).reference,
        "draft": draft.reference,
        "material": draft.materials.get().pk,
        "submitted": promote.submitted(person_a, company_a).reference,
        "published": published.reference,
        "open": published.materials.get().pk,
        "commendation": commendation.reference,
        "company": company_a.reference,
        "guidance": guidance.reference,
        "policy": promote.published_policy(by=county_one).reference,
        "policy_draft": promote.policy(by=county_one).reference,
    }


SEEN = {
    "/experience/": EVERYBODY,
    "/experience/commendations/": EVERYBODY,
    "/experience/{published}/": EVERYBODY,
    "/experience/{published}/files/{open}/": EVERYBODY,
    "/experience/{submitted}/": set(),
    "/campaigns/": SIGNED_IN,
    "/campaigns/new/": BUREAU | {"county_two"},
    "/campaigns/{campaign}/": SIGNED_IN,
    "/campaigns/{planned}/": {"county_one"},
    "/campaigns/{planned}/edit/": {"county_one"},
    "/campaigns/{planned}/acts/publish/": {"county_one"},
    "/campaigns/{campaign}/acts/close/": {"county_one"},
    "/campaigns/{campaign}/acts/nothing/": set(),
    "/achievements/": SIGNED_IN,
    "/achievements/new/": {"user_a", "user_b"},
    "/achievements/{draft}/": OF_A,
    "/achievements/{draft}/edit/": {"user_a"},
    "/achievements/{draft}/materials/new/": {"user_a"},
    "/achievements/{draft}/materials/{material}/remove/": {"user_a"},
    "/achievements/{draft}/consent/": {"user_a", "county_one", "municipal"},
    "/achievements/{draft}/acts/submit/": {"user_a"},
    "/achievements/{draft}/acts/withdraw/": {"user_a"},
    "/achievements/{submitted}/acts/publish/": BUREAU,
    "/achievements/{submitted}/acts/return/": BUREAU,
    "/achievements/{submitted}/acts/decline/": BUREAU,
    "/commendations/": SIGNED_IN,
    "/commendations/new/": BUREAU | {"county_two"},
    "/commendations/new/{company}/": BUREAU,
    "/commendations/{commendation}/": OF_A,
    "/commendations/{commendation}/revoke/": {"county_one"},
    "/commendations/{commendation}/consent/": {"user_a", "county_one", "municipal"},
    "/pilots/": SIGNED_IN,
    "/pilots/{company}/": OF_A,
    "/pilots/{company}/guidance/new/": BUREAU,
    "/guidance/{guidance}/": OF_A,
    "/guidance/{guidance}/correct/": BUREAU,
    "/guidance/{guidance}/attach/": BUREAU,
    "/policies/": EVERYBODY,
    "/policies/{policy}/": EVERYBODY,
    "/policies/{policy}/file/": EVERYBODY,
    "/policies/{policy_draft}/": {"county_one"},
    "/policies/{policy_draft}/file/": {"county_one"},
    "/policies/{policy_draft}/edit/": {"county_one"},
    "/policies/{policy_draft}/acts/publish/": {"county_one"},
    "/policies/{policy}/acts/end/": {"county_one"},
    "/policies/new/": BUREAU | {"county_two"},
}


def test_each_page_opens_for_whom_it_is_meant_and_for_nobody_else(world, request, person_b):
    wrong = {}
    for persona in EVERYBODY:
        client = Client()
        if persona != "anonymous":
            client.force_login(request.getfixturevalue(persona))
        for address, seen_by in SEEN.items():
            response = client.get(address.format_map(world))
            shut = (302,) if persona == "anonymous" else (404,)
            public = (
                address.startswith("/experience/")
                or address.endswith("/file/")
                or address == "/policies/{policy_draft}/"
            )
            expected = (200,) if persona in seen_by else (*shut, 404) if public else shut
            if response.status_code not in expected:
                wrong[persona, address] = response.status_code
    assert not wrong


def test_a_write_by_somebody_else_changes_nothing(world, request):
    before = (Achievement.unscoped.count(), Commendation.unscoped.count(), Guidance.unscoped.count())
    states = [*Achievement.unscoped.values_list("pk", "state", "version"), *Policy.unscoped.values_list("pk", "state")]
    for persona in ("user_b", "county_two", "trainer", "administrator"):
        client = signed_in(Client(), request.getfixturevalue(persona))
        for address, seen_by in SEEN.items():
            if persona not in seen_by:
                data = said(version=2, reason="理由", agreed="no")
                assert client.post(address.format_map(world), data).status_code in (404, 405), (persona, address)
    assert before == (Achievement.unscoped.count(), Commendation.unscoped.count(), Guidance.unscoped.count())
    after = [*Achievement.unscoped.values_list("pk", "state", "version"), *Policy.unscoped.values_list("pk", "state")]
    assert states == after


def test_lists_hold_nothing_of_another_enterprise_or_county(promote, make, user_a, county_one, company_b, person_b):
    """乙公司 has a row of each kind that is not public."""
    appointed = make.submitted(person_b, company_b, first_day=date(2026, 11, 1))
    promote.traces(person_b, company_b, appointed)
    promote.policy(by=make.officer(company_b), title="英德的草稿")
    promote.campaign(by=make.officer(company_b), title="英德的草稿活动")
    addresses = [reverse(name) for name in ("campaign_list", "achievement_list", "commendation_list", "pilot_list")]
    for user in (user_a, county_one):
        client = signed_in(Client(), user)
        for address in (*addresses, reverse("policy_list"), reverse("experience")):
            for query in ("", "?q=乙", "?guided=none", "?state=returned"):
                page = text_of(client, address + query)
                for mark in ("乙公司", "李四", "英德的草稿", company_b.reference):
                    assert mark not in page, (user.username, address, query)


# --- The public ------------------------------------------------------------------------------------------------------


def test_the_public_page_masks_the_name_until_the_person_agrees_and_again_when_taken_back(
    client, promote, make, company_a, person_a
):
    appointed = make.submitted(person_a, company_a, first_day=date(2026, 11, 1))
    row = promote.published(
        person_a, company_a, summary="张三牵头，电话13900139000。", done="张三组织，证件11010519491231002X。"
    )
    commended = promote.commendation(company_a, appointed, ground="张三攻关成效突出。")
    addresses = ("/experience/", f"/experience/{row.reference}/", "/experience/commendations/")
    secrets = ("张三", "13900139000", "11010519491231002X", person_a.reference, person_a.id_masked, "13800138000")
    for address in addresses:
        page = text_of(client, address)
        assert "张*" in page
        assert not [secret for secret in secrets if secret in page], address
    for subject in (row, commended):
        promote.consent(subject)
    for address in addresses:
        page = text_of(client, address)
        assert "张三" in page and not [secret for secret in secrets[1:] if secret in page]
    for subject in (row, commended):
        promote.consent(subject, agreed=False)
    assert not [address for address in addresses if "张三" in text_of(client, address)]


def test_only_what_was_meant_for_the_public_is_served_to_it_and_only_while_published(
    client, promote, make, user_a, company_a, person_a, county_one
):
    row = promote.draft(person_a, company_a)
    inner = actions.add_material(row, kind=MaterialKind.EVIDENCE, file=make.stored(company_a), by=user_a, at=AT)
    shared = row.materials.get(kind=MaterialKind.OPEN)
    address = f"/experience/{row.reference}/files/{{}}/"
    assert client.get(address.format(shared.pk)).status_code == 404
    row = actions.submit_achievement(row, version=row.version, by=user_a, at=AT)
    row = actions.publish_achievement(row, version=row.version, by=county_one, at=AT)
    assert client.get(address.format(shared.pk))["Content-Type"] == "application/pdf"
    assert client.get(address.format(inner.pk)).status_code == 404
    assert client.get(f"/files/{shared.file.reference}/").status_code == 302
    assert "数据.pdf" not in text_of(client, f"/experience/{row.reference}/")
    actions.withdraw_achievement(row, version=row.version, by=user_a, at=AT)
    assert client.get(address.format(shared.pk)).status_code == 404
    assert client.get(f"/experience/{row.reference}/").status_code == 404


def test_the_public_list_is_narrowed_by_kind_county_and_year(client, promote, company_a, company_b, person_a, person_b):
    promote.published(person_a, company_a, title="甲的成果")
    promote.published(person_b, company_b, title="乙的成果", campaign=promote.published_campaign())
    for query, shown in {
        "": {"甲的成果", "乙的成果"},
        "?kind=tackling": {"乙的成果"},
        "?county=441802": {"甲的成果"},
        "?year=2026": {"甲的成果", "乙的成果"},
        "?year=2025": set(),
        "?kind=nonsense&county=%00&year=x": {"甲的成果", "乙的成果"},
    }.items():
        page = text_of(client, f"/experience/{query}")
        assert {title for title in ("甲的成果", "乙的成果") if title in page} == shown, query


def test_a_revoked_commendation_stays_on_the_public_page_and_says_so(client, promote, company_a):
    row = promote.commendation(company_a)
    promote.revoked(row)
    page = text_of(client, "/experience/commendations/")
    for words in ("已撤销", "清质监〔2026〕15号", DOCUMENT["document_number"]):
        assert words in page


def test_the_policies_of_a_county_and_of_the_city_are_listed_and_what_is_over_on_demand(
    client, promote, county_one, county_two, municipal
):
    promote.published_policy(by=county_one)
    promote.published_policy(by=municipal, title="全市奖励办法")
    over = promote.published_policy(by=county_two, title="英德奖励办法")
    actions.end_policy(over, version=over.version, reason="由新办法代替。", by=county_two, at=AT)
    page = text_of(client, "/policies/?county=441802")
    assert POLICY["title"] in page and "全市奖励办法" in page and "英德奖励办法" not in page
    assert "全市奖励办法" in text_of(client, "/policies/?county=441881")
    assert "英德奖励办法" in text_of(client, "/policies/?valid=over")
    assert "由新办法代替" in text_of(client, f"/policies/{over.reference}/")


# --- The ways --------------------------------------------------------------------------------------------------------


def test_a_campaign_goes_from_draft_to_its_end_by_the_pages_alone(
    client, make, county_one, user_a, company_a, person_a
):
    make.submitted(person_a, company_a, first_day=TODAY)
    officer = signed_in(client, county_one)
    made = officer.post("/campaigns/new/", said(**CAMPAIGN))
    row = Campaign.unscoped.get()
    assert made.url == f"/campaigns/{row.reference}/"
    assert "下一步：核对并发布" in text_of(officer, made.url)
    officer.post(f"{made.url}edit/", said(row, **CAMPAIGN | {"title": "质量攻关活动"}))
    row.refresh_from_db()
    assert "现有 1 家" in text_of(officer, f"{made.url}acts/publish/")
    officer.post(f"{made.url}acts/publish/", said(row))
    assert Message.unscoped.filter(enterprise=company_a, subject="活动：质量攻关活动").count() == 1
    assert "填写成果" in text_of(signed_in(client, user_a), made.url)
    row.refresh_from_db()
    signed_in(client, county_one).post(f"{made.url}acts/close/", said(row))
    row.refresh_from_db()
    assert row.state == CampaignState.CLOSED
    assert "已经结束" in text_of(signed_in(client, user_a), made.url)


def test_an_achievement_goes_from_writing_to_the_public_page_by_the_pages_alone(
    client, promote, user_a, county_one, company_a, person_a
):
    campaign = promote.published_campaign()
    enterprise = signed_in(client, user_a)
    typed = TEXT | {"candidate": person_a.reference, "campaign": campaign.reference, "kind": "management"}
    made = enterprise.post("/achievements/new/", said(**typed | {"results": ""})).url
    row = Achievement.unscoped.get()
    assert row.kind == "tackling"
    page = text_of(enterprise, made)
    assert "请填写成效和数据。" in page and "请至少附一份材料" in page
    assert enterprise.get(f"{made}acts/submit/").url == made
    enterprise.post(f"{made}edit/", said(row, **typed))
    enterprise.post(f"{made}materials/new/", said(kind="open", **upload("数据.pdf")))
    row.refresh_from_db()
    page = text_of(enterprise, f"{made}acts/submit/")
    assert f"消息发给：{company_a.county.bureau_name}" in page and "张*" in page
    enterprise.post(f"{made}acts/submit/", said(row))
    assert f"等待{company_a.county.bureau_name}核对" in text_of(enterprise, made)

    officer = signed_in(client, county_one)
    row.refresh_from_db()
    officer.post(f"{made}acts/return/", said(row, reason="请补充数据。"))
    assert "企业正在填写" in text_of(officer, made)
    page = text_of(signed_in(client, user_a), made)
    assert "请补充数据。" in page and "下一步：核对并提交" in page
    row.refresh_from_db()
    client.post(f"{made}consent/", said(agreed="yes", **upload("同意书.pdf")))
    client.post(f"{made}acts/submit/", said(row))
    row.refresh_from_db()
    officer = signed_in(client, county_one)
    page = text_of(officer, f"{made}acts/publish/")
    assert "姓名写作“张三”" in page and "数据.pdf" in page
    officer.post(f"{made}acts/publish/", said(row))
    client.logout()
    assert "张三" in text_of(client, f"/experience/{row.reference}/")


def test_a_material_is_removed_before_it_is_sent_in_and_the_page_shown_again_for_a_repeat(
    client, promote, user_a, company_a, person_a
):
    row = promote.draft(person_a, company_a)
    address, form = f"/achievements/{row.reference}/materials/{row.materials.get().pk}/remove/", said()
    enterprise = signed_in(client, user_a)
    assert "数据.pdf" in text_of(enterprise, address)
    first = enterprise.post(address, form)
    assert not row.materials.exists() and StoredFile.unscoped.count() == 1
    assert enterprise.post(address, form).url == first.url


def test_a_commendation_is_recorded_found_revoked_and_agreed_to_by_the_pages_alone(
    client, make, municipal, user_a, company_a, person_a
):
    appointed = make.submitted(person_a, company_a, first_day=date(2026, 11, 1))
    city = signed_in(client, municipal)
    assert f"/commendations/new/{company_a.reference}/" in text_of(city, "/commendations/new/?q=甲")
    typed = dated(DOCUMENT | {"document_number": "清质监[2026] 12号", "appointment": appointed.reference})
    made = city.post(f"/commendations/new/{company_a.reference}/", said(**typed, **upload()))
    row = Commendation.unscoped.get()
    assert made.url == f"/commendations/{row.reference}/" and row.document_number == "清质监〔2026〕12号"
    page = text_of(signed_in(client, user_a), made.url)
    assert "姓名还没有公开" in page and "张三" in page
    assert client.get(f"/files/{row.scan.reference}/").status_code == 200
    client.post(f"{made.url}consent/", said(agreed="yes", **upload("同意书.pdf")))
    assert "无需办理" in text_of(client, made.url)
    typed = dated({"document_title": "撤销决定", "document_number": "清质监（2026）15号", "revoked_on": TODAY})
    city = signed_in(client, municipal)
    city.post(f"{made.url}revoke/", said(reason="不实。", **typed, **upload()))
    page = text_of(city, made.url)
    assert "这项表彰已经撤销" in page and "清质监〔2026〕15号" in page
    assert city.get(f"{made.url}revoke/").url == made.url


def test_guidance_is_recorded_in_one_click_seen_by_the_enterprise_and_corrected(
    client, promote, county_one, user_a, company_a
):
    promote.pilot(company_a)
    officer = signed_in(client, county_one)
    new = f"/pilots/{company_a.reference}/guidance/new/"
    assert new in text_of(officer, "/pilots/")
    made = officer.post(new, said(**GUIDANCE, **upload("照片.pdf")))
    row = Guidance.unscoped.get()
    assert made.url == f"/guidance/{row.reference}/" and row.attachments.count() == 1
    page = text_of(officer, "/pilots/")
    assert "距今 2 天" in page
    page = text_of(signed_in(client, user_a), "/pilots/")
    assert row.reference in page and SAID["advice"] in page
    page = text_of(client, made.url)
    assert "照片.pdf" in page and "更正这条记录" not in page
    assert client.get(f"/files/{row.attachments.get().file.reference}/").status_code == 200
    officer = signed_in(client, county_one)
    assert SAID["findings"] in text_of(officer, f"{made.url}correct/")
    again = officer.post(f"{made.url}correct/", said(**GUIDANCE | {"advice": "以此为准。"}))
    page = text_of(officer, made.url)
    assert "已更正" in page and again.url in page and SAID["advice"] in page
    assert officer.get(f"{made.url}correct/").url == made.url
    officer.post(f"{again.url}attach/", said(**upload("补充.pdf")))
    assert "补充.pdf" in text_of(officer, again.url)


def test_a_policy_is_written_given_its_file_published_and_ended_by_the_pages_alone(client, county_one):
    officer = signed_in(client, county_one)
    made = officer.post("/policies/new/", said(**dated(POLICY))).url
    row = Policy.unscoped.get()
    assert "下一步：上传文件" in text_of(officer, made)
    assert "公布政策须附文件" in errors_of(officer.post(f"{made}acts/publish/", said(row)))["__all__"]
    officer.post(f"{made}edit/", said(row, **dated(POLICY), **upload("政策.pdf")))
    row.refresh_from_db()
    assert "本局的草稿" in text_of(officer, "/policies/")
    officer.post(f"{made}acts/publish/", said(row))
    client.logout()
    assert "现行有效" in text_of(client, made)
    assert client.get(f"{made}file/")["Content-Type"] == "application/pdf"
    row.refresh_from_db()
    signed_in(client, county_one).post(f"{made}acts/end/", said(row, reason="废止。"))
    client.logout()
    assert "废止。" in text_of(client, made)


# --- What is typed wrong, twice, or in two tabs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "typed", "field", "words"),
    [
        ("/campaigns/new/", CAMPAIGN | days("due_on", date(2026, 10, 1)), "due_on", "截止"),
        ("/campaigns/new/", CAMPAIGN | {"title": "长" * 61}, "title", "60"),
        (
            "/campaigns/new/",
            CAMPAIGN | days("first_day", date(2026, 12, 31)) | {"first_day_day": 32},
            "first_day",
            "真实",
        ),
        ("/commendations/new/{company}/", dated(DOCUMENT | {"document_number": "12号"}), "document_number", "代字"),
        (
            "/commendations/new/{company}/",
            dated(DOCUMENT | {"document_day": date(2026, 11, 23)}),
            "document_day",
            "今天",
        ),
        ("/commendations/new/{company}/", dated(DOCUMENT | {"appointment": "RM-1"}), "appointment", "可选范围"),
        ("/pilots/{company}/guidance/new/", GUIDANCE | {"mechanisms": []}, "mechanisms", "至少"),
        ("/pilots/{company}/guidance/new/", GUIDANCE | {"mechanisms": ["else"]}, "mechanisms", ""),
        ("/pilots/{company}/guidance/new/", GUIDANCE | days("day", date(2025, 12, 31)), "day", "不是试点企业"),
        ("/pilots/{company}/guidance/new/", GUIDANCE | days("follow_up_on", SAID["day"]), "follow_up_on", "之后"),
        ("/policies/new/", dated(POLICY | {"last_day": date(2026, 3, 1)}), "last_day", "失效"),
        ("/policies/new/", dated(POLICY | {"document_number": ""}), "document_number", "请填写"),
    ],
)
def test_what_is_typed_wrong_is_told_at_its_field_and_the_rest_is_kept(
    client, promote, county_one, company_a, address, typed, field, words
):
    promote.pilot(company_a)
    response = signed_in(client, county_one).post(
        address.format(company=company_a.reference), said(**typed, **upload())
    )
    assert words in errors_of(response)[field]
    page = response.content.decode()
    kept = [value for name, value in typed.items() if name in ("what", "ground", "findings", "summary") and value]
    assert kept and all(value in page for value in kept)
    assert not StoredFile.unscoped.exists()


def test_a_paper_that_is_none_and_a_word_without_its_paper_are_refused(client, promote, user_a, company_a, person_a):
    row = promote.draft(person_a, company_a)
    enterprise, files = signed_in(client, user_a), StoredFile.unscoped.count()
    fake = {"evidence": SimpleUploadedFile("a.pdf", b"MZ-", "application/pdf")}
    address = f"/achievements/{row.reference}/"
    assert "不是 PDF" in errors_of(enterprise.post(f"{address}materials/new/", said(kind="open", **fake)))["evidence"]
    assert "同意书" in errors_of(enterprise.post(f"{address}consent/", said(agreed="yes")))["evidence"]
    assert "请选择首席质量官" in errors_of(enterprise.post("/achievements/new/", said(**TEXT)))["candidate"]
    assert StoredFile.unscoped.count() == files


def test_the_same_form_sent_twice_is_carried_out_once(client, promote, county_one, user_a, company_a, person_a):
    promote.pilot(company_a)
    officer, form = signed_in(client, county_one), said(**GUIDANCE)
    address = f"/pilots/{company_a.reference}/guidance/new/"
    assert officer.post(address, form).url == officer.post(address, form).url
    assert Guidance.unscoped.count() == 1
    enterprise = signed_in(client, user_a)
    form = said(**TEXT, candidate=person_a.reference, kind="tackling")
    assert enterprise.post("/achievements/new/", form).url == enterprise.post("/achievements/new/", form).url
    assert Achievement.unscoped.count() == 1
    row = promote.submitted(person_a, company_a)
    officer, form = signed_in(client, county_one), said(row)
    address = f"/achievements/{row.reference}/acts/publish/"
    assert officer.post(address, form).url == officer.post(address, form).url
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="已公开").count() == 1


def test_in_two_tabs_the_later_one_is_shown_what_stands_and_loses_nothing(client, promote, user_a, company_a, person_a):
    row = promote.draft(person_a, company_a)
    enterprise, address = signed_in(client, user_a), f"/achievements/{row.reference}/edit/"
    typed = TEXT | {"candidate": person_a.reference, "kind": "tackling"}
    enterprise.post(address, said(row, **typed | {"title": "先保存的名称"}))
    response = enterprise.post(address, said(row, **typed | {"title": "后保存的名称"}))
    page = response.content.decode()
    assert "他人刚刚修改过" in page and "先保存的名称" in page and "后保存的名称" in page
    newer = Achievement.unscoped.get(pk=row.pk)
    enterprise.post(address, said(newer, **typed | {"title": "后保存的名称"}))
    assert Achievement.unscoped.get(pk=row.pk).title == "后保存的名称"


def test_two_officers_with_the_same_page_open_answer_once(client, promote, county_one, municipal, company_a, person_a):
    row = promote.submitted(person_a, company_a)
    address = f"/achievements/{row.reference}/acts/"
    signed_in(client, county_one).post(f"{address}publish/", said(row))
    late = signed_in(client, municipal).post(f"{address}decline/", said(row, reason="不宜推广。"))
    assert "已被他人修改" in errors_of(late)["__all__"] and "不宜推广。" in late.content.decode()
    assert client.get(f"{address}decline/").url == f"/achievements/{row.reference}/"
    row.refresh_from_db()
    assert row.state == AchievementState.PUBLISHED


def test_a_page_whose_state_is_over_leads_back_with_the_reason(client, promote, user_a, company_a, person_a):
    row = promote.submitted(person_a, company_a)
    address = f"/achievements/{row.reference}/"
    for page in ("edit/", "materials/new/", "acts/submit/"):
        assert signed_in(client, user_a).get(address + page).url == address
    assert "不能办理这一步" in text_of(client, address)


def test_without_anybody_in_service_the_enterprise_is_led_to_add_somebody(client, user_a):
    led = signed_in(client, user_a).get("/achievements/new/")
    assert led.url.startswith("/candidates/new/")


# --- How much is asked of the base -----------------------------------------------------------------------------------


def count_queries(client, address: str) -> int:
    text_of(client, address)
    with CaptureQueriesContext(connection) as asked:
        text_of(client, address)
    return len(asked)


def test_lists_ask_the_base_as_often_for_three_rows_as_for_one(
    client, promote, make, municipal, county_one, user_a, company_a, person_a, person_a_two
):
    appointed = make.submitted(person_a, company_a, first_day=date(2026, 11, 1))

    def another(number: int) -> None:
        company, someone, post = company_a, person_a, appointed
        if number:
            company = cast.enterprise(10000010 + number, f"丁公司{number}", by=county_one)
            by = account(f"enterprise-{number}", "enterprise", "经办人", enterprise=company)
            someone = cast.person(50 + number, "王小", company=company, by=by)
            post = make.submitted(someone, company, first_day=date(2026, 11, 1))
        campaign = promote.published_campaign()
        promote.published(someone, company, campaign=campaign, named=True)
        promote.submitted(someone, company, campaign=Campaign.unscoped.first())
        promote.commendation(company, post)
        promote.guided(promote.pilot(company))
        promote.guided(company_a)
        promote.published_policy(by=county_one)
        promote.policy(by=municipal)

    another(0)
    signed_in(client, municipal)
    first = Achievement.unscoped.published().get()
    addresses = [
        *(reverse(name) for name in ("experience", "experience_commendations", "campaign_list", "achievement_list")),
        *(reverse(name) for name in ("commendation_list", "commendation_pick", "pilot_list", "policy_list")),
        f"/campaigns/{first.campaign.reference}/",
        f"/pilots/{company_a.reference}/",
    ]
    before = {address: count_queries(client, address) for address in addresses}
    for number in (1, 2):
        another(number)
    assert {address: count_queries(client, address) for address in addresses} == before
    assert max(before.values()) < 25
