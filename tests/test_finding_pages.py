"""发现情况 and 质量安全事故: recorded by the bureaus, closed to every enterprise (Art. 5(六), 12(二)(1))."""

from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import actions
from appointments.models import Accident, Finding
from appointments.states import AccidentKind, FindingState
from registry.models import Message, StoredFile
from tests import cast
from tests.cast import AT
from tests.supervision_cast import FOUND
from tests.test_enterprise_pages import days, signed_in


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def typed(**changes) -> dict:
    """What an officer types for a finding; a day that is None is left empty."""
    said = {"token": uuid4()}
    for name, value in (FOUND | changes).items():
        said |= days(name, value) if isinstance(value, date) else {name: value} if value is not None else {}
    return said


def page_of(finding, act: str = "") -> str:
    """The address of a finding, or of one of its acts."""
    return f"/findings/{finding.reference}/" + (f"acts/{act}/" if act else "")


def upload(name: str = "笔录.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, cast.pdf(2), "application/pdf")


def again(finding) -> Finding:
    return Finding.unscoped.get(pk=finding.pk)


# --- The way ---------------------------------------------------------------------------------------------------------


def test_a_finding_goes_from_draft_to_a_whole_chain_by_the_pages_alone(client, county_one, cqo_a):
    told = Message.unscoped.count()
    page = text_of(signed_in(client, county_one), "/findings/new/?q=甲公司")
    new = f"/appointments/{cqo_a.reference}/findings/new/"
    assert f'href="{new}"' in page
    page = text_of(client, new)
    for words in (
        "违法违规行为",
        "重大风险隐患",
        "知情不报",
        "拖延不报",
        "作虚假报告",
        "证据链缺“知情”一环",
        "企业看不到",
    ):
        assert words in page
    assert page.count('type="radio"') == 5
    made = client.post(new, typed(knew_on=None, knew_what=""))
    finding = Finding.unscoped.get()
    assert made.url == page_of(finding)

    page = text_of(client, made.url)
    assert "下一步：补充证明材料" in page
    assert "缺 3 环：发现情况、行为、知情" in page
    shown = {"token": uuid4(), "version": finding.version}
    client.post(page_of(finding, "evidence"), shown | {"title": "询问笔录", "file": upload()})
    kept = StoredFile.unscoped.get(name="笔录.pdf")
    assert (kept.internal, kept.enterprise) == (True, cqo_a.enterprise)
    assert "下一步：核对并立卷" in text_of(client, made.url)
    confirm = text_of(client, page_of(finding, "file"))
    for words in ("不再更改", "没有写明本人何时知情", "立卷不等于建议", "企业看不到"):
        assert words in confirm
    client.post(page_of(finding, "file"), {"token": uuid4(), "version": again(finding).version})
    assert again(finding).state == FindingState.FILED

    page = text_of(client, made.url)
    assert "下一步：补齐证据链" in page
    assert "缺 1 环：知情" in page
    knew = {"token": uuid4(), "version": again(finding).version, "knew_what": "签收了报警记录。"}
    client.post(page_of(finding, "knowledge"), knew | days("knew_on", date(2026, 9, 2)))
    page = text_of(client, made.url)
    assert "<h2>四环齐备</h2>" in page
    assert f"/appointments/{cqo_a.reference}/recommendations/new/" in page
    assert "是否解除由企业决定" in page
    assert Message.unscoped.count() == told


def test_a_filed_finding_stands_as_written_and_what_the_cqo_knew_is_written_once(client, supervise, county_one, cqo_a):
    finding = supervise.finding(cqo_a)
    signed_in(client, county_one)
    for address in (f"{page_of(finding)}edit/", page_of(finding, "file"), page_of(finding, "knowledge")):
        assert client.get(address).url == page_of(finding)
    client.post(f"{page_of(finding)}edit/", typed(facts="改写", version=finding.version))
    assert again(finding).facts == FOUND["facts"]
    late = {"token": uuid4(), "version": finding.version, "knew_what": "另一说法"} | days("knew_on", date(2026, 9, 3))
    page = client.post(page_of(finding, "knowledge"), late).content.decode()
    assert "本人知情的情况已经写明，不能更改" in page
    assert "另一说法" in page


def test_a_draft_is_changed_and_two_tabs_do_not_overwrite_each_other(client, supervise, county_one, cqo_a):
    finding = supervise.finding(cqo_a, filed=False)
    address = f"{page_of(finding)}edit/"
    assert FOUND["facts"] in text_of(signed_in(client, county_one), address)
    first = typed(facts="泄漏报警持续四周。", version=finding.version)
    assert client.post(address, first).url == page_of(finding)
    page = client.post(address, typed(facts="泄漏报警持续五周。", version=finding.version)).content.decode()
    assert "他人刚刚修改过" in page
    assert "泄漏报警持续五周。" in page
    assert again(finding).facts == "泄漏报警持续四周。"


def test_a_withdrawn_finding_keeps_its_reason_and_supports_nothing(client, supervise, county_one, cqo_a):
    finding = supervise.finding(cqo_a)
    signed_in(client, county_one)
    address = page_of(finding, "withdraw")
    page = client.post(address, {"token": uuid4(), "version": finding.version, "reason": " "}).content.decode()
    assert "请填写撤销的原因。" in page
    client.post(address, {"token": uuid4(), "version": finding.version, "reason": "查证不实"})
    page = text_of(client, page_of(finding))
    assert "已撤销，无需办理" in page
    assert "原因：查证不实" in page
    assert "/acts/" not in page
    assert 'class="chain"' not in page


def test_the_same_form_sent_twice_records_one_finding(client, county_one, cqo_a):
    address, said = f"/appointments/{cqo_a.reference}/findings/new/", typed()
    first, second = (signed_in(client, county_one).post(address, said).url for _ in range(2))
    assert first == second
    assert Finding.unscoped.count() == 1


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"about": ""}, "about", "请选择对象。"),
        ({"behaviour": "forgot"}, "behaviour", "行为不在可选范围内，请重新选择。"),
        ({"facts": " "}, "facts", "请填写事实。"),
        ({"source": ""}, "source", "请填写发现的途径。"),
        ({"happened_on": date(2026, 11, 23)}, "happened_on", "发生日期不能晚于今天"),
        ({"found_on": date(2026, 8, 31)}, "found_on", "发现日期须在发生日期至今天之间。"),
        ({"knew_on": None}, "knew_on", "请同时写明何时知情、知道什么。"),
        ({"knew_on": date(2026, 9, 26)}, "knew_on", "知情日期须在任职之后、发生之日至发现之日之间。"),
        (
            {"happened_on": date(2025, 1, 1), "found_on": date(2025, 1, 9), "knew_on": None, "knew_what": ""},
            "found_on",
            "发现日期须在这项任命的任职期间内。",
        ),
        ({"knew_what": ""}, "knew_what", "请同时写明何时知情、知道什么。"),
    ],
)  # fmt: skip
def test_each_fault_of_a_finding_is_said_at_its_field_and_the_text_stays(
    client, county_one, cqo_a, changes, field, sentence
):
    response = signed_in(client, county_one).post(f"/appointments/{cqo_a.reference}/findings/new/", typed(**changes))
    assert any(sentence in said for said in response.context["form"].errors[field])
    page = response.content.decode()
    assert page.startswith("<!doctype html>")
    assert "错误：" in page
    if field != "facts":
        assert FOUND["facts"] in page
    assert not Finding.unscoped.exists()


def test_evidence_that_is_no_paper_is_refused_and_nothing_is_kept(client, supervise, county_one, cqo_a):
    finding = supervise.finding(cqo_a, filed=False, evidence=False)
    bad = SimpleUploadedFile("笔录.pdf", b"MZ program", "application/pdf")
    before = StoredFile.unscoped.count()
    said = {"token": uuid4(), "version": finding.version, "title": "询问笔录", "file": bad}
    response = signed_in(client, county_one).post(page_of(finding, "evidence"), said)
    assert "文件内容不是 PDF、JPG 或 PNG" in response.content.decode()
    assert StoredFile.unscoped.count() == before


def test_about_somebody_out_of_office_no_finding_is_begun(client, supervise, county_one, cqo_a):
    supervise.resign(cqo_a)
    address = f"/appointments/{cqo_a.reference}/findings/new/"
    assert signed_in(client, county_one).get(address).url == f"/appointments/{cqo_a.reference}/"
    assert "不能办理这一步" in client.post(address, typed()).content.decode()
    assert not Finding.unscoped.exists()


# --- Who sees it -----------------------------------------------------------------------------------------------------


def test_a_finding_is_there_for_its_bureaus_and_for_nobody_else(
    client, supervise, county_one, county_two, municipal, user_a, trainer, cqo_a
):
    finding = supervise.finding(cqo_a)
    file = finding.evidences.get().file
    one = [page_of(finding), f"{page_of(finding)}edit/", *(page_of(finding, act) for act in ("evidence", "withdraw"))]
    bureaus = ["/findings/", "/findings/new/", "/accidents/", "/accidents/new/"]
    for user in (county_one, municipal):
        signed_in(client, user)
        assert {client.get(address).status_code for address in (*bureaus, *one)} <= {200, 302}
    signed_in(client, county_two)
    assert {client.get(address).status_code for address in bureaus} == {200}
    assert finding.reference not in text_of(client, "/findings/")
    assert {client.get(address).status_code for address in (*one, f"/files/{file.reference}/")} == {404}
    assert client.post(page_of(finding, "withdraw"), {"reason": "不实"}).status_code == 404
    for user in (user_a, trainer):
        signed_in(client, user)
        new = f"/appointments/{cqo_a.reference}/findings/new/"
        addresses = (*bureaus, *one, new, f"/files/{file.reference}/")
        assert {client.get(address).status_code for address in addresses} == {404}
    assert client.get(page_of(finding, "burn")).status_code == 404


def test_the_list_is_narrowed_and_says_where_each_stands(client, supervise, municipal, cqo_a, company_b, person_b):
    supervise.finding(cqo_a)
    other = supervise.cqo(person_b, company_b)
    row = supervise.finding(other, filed=False, behaviour="false", knew_on=None, knew_what="")
    signed_in(client, municipal)
    page = text_of(client, "/findings/")
    for words in ("对重大风险隐患知情不报", "对重大风险隐患作虚假报告", "未写明", "共 <b>2</b> 份"):
        assert words in page
    for query in ("q=乙公司", f"q={row.reference}", "behaviour=false", "state=draft", "county=441881"):
        page = text_of(client, f"/findings/?{query}")
        assert "作虚假报告</a>" in page
        assert "知情不报</a>" not in page
    assert "没有符合条件的发现情况" in text_of(client, "/findings/?about=violation")


def test_three_findings_are_listed_with_as_many_queries_as_one(client, supervise, county_one, cqo_a):
    supervise.finding(cqo_a)
    signed_in(client, county_one)
    text_of(client, "/findings/")
    with CaptureQueriesContext(connection) as one:
        text_of(client, "/findings/")
    for _ in range(2):
        supervise.finding(cqo_a)
    with CaptureQueriesContext(connection) as three:
        text_of(client, "/findings/")
    assert len(three) == len(one)


# --- Accidents -------------------------------------------------------------------------------------------------------


def test_an_accident_is_recorded_apart_and_its_page_says_that_it_is_no_ground(client, supervise, county_one, cqo_a):
    company = cqo_a.enterprise
    new = f"/enterprises/{company.reference}/accidents/new/"
    assert f'href="{new}"' in text_of(signed_in(client, county_one), "/accidents/new/?q=甲公司")
    assert "第十二条第（二）项</a>的任何一种情形" in text_of(client, new)
    said = {"token": uuid4(), "kind": AccidentKind.ACCIDENT, "facts": "窑炉爆裂。", "file": upload("通报.pdf")}
    made = client.post(new, said | days("happened_on", date(2026, 8, 1)))
    accident = Accident.unscoped.get()
    assert made.url == f"/accidents/{accident.reference}/"
    assert accident.file.internal
    page = text_of(client, made.url)
    for words in (
        "不是建议解除聘任的情形，无需办理",
        "不能据以建议解除聘任",
        "通报.pdf",
        "窑炉爆裂。",
        "另行记录发现情况",
    ):
        assert words in page
    assert accident.reference in text_of(client, "/accidents/?kind=accident")
    assert "没有符合条件的记录" in text_of(client, "/accidents/?kind=impact")
    assert "没有列入名单" in text_of(client, "/watch-list/?links=all")


def test_faults_of_an_accident_are_said_at_their_fields(client, county_one, company_a):
    new = f"/enterprises/{company_a.reference}/accidents/new/"
    said = {"token": uuid4()} | days("happened_on", date(2026, 11, 23))
    errors = signed_in(client, county_one).post(new, said).context["form"].errors
    assert set(errors) == {"kind", "facts", "happened_on"}
    assert not Accident.unscoped.exists()


def test_an_accident_is_closed_to_the_enterprise_and_to_another_county(
    client, supervise, county_two, user_a, company_a
):
    accident = supervise.accident(company_a)
    for user in (county_two, user_a):
        signed_in(client, user)
        for address in (f"/accidents/{accident.reference}/", f"/enterprises/{company_a.reference}/accidents/new/"):
            assert client.get(address).status_code == 404


def test_what_changed_since_the_page_was_opened_is_not_put_on_file_unread(client, supervise, county_one, cqo_a):
    finding = supervise.finding(cqo_a, filed=False)
    said = {"token": uuid4(), "version": finding.version}
    actions.save_finding(finding, version=finding.version, by=county_one, at=AT, **FOUND | {"source": "举报"})
    page = signed_in(client, county_one).post(page_of(finding, "file"), said).content.decode()
    assert "这份材料已被他人修改" in page
    assert again(finding).state == FindingState.DRAFT
