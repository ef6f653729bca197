"""The talent pool (Art. 8): entry at the second of two facts, consent to be named, leaving, and what anybody sees."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.actions.measure import record_interpretation
from registry.actions.people import correct_name, end_employment
from registry.models import Message
from registry.refusals import Refused
from tests import cast
from tests.cast import AT, TODAY
from tests.test_enterprise_pages import days, signed_in
from training.actions import leave_pool, record_consent, reissue_certificate
from training.actions.pool import enter_if_due
from training.models import Certificate, PoolConsent, PoolEntry
from training.states import TrainingKind

PUBLIC = "/talent-pool/"
LIST = "/talent-pool/entries/"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def entry(train, company_a, person_a) -> PoolEntry:
    """张三 of 甲公司 in the pool."""
    return train.pooled(person_a, company_a)


def page_of(entry: PoolEntry, act: str = "") -> str:
    """The address of an entry, or of one of its acts."""
    return f"{LIST}{entry.reference}/" + (f"{act}/" if act else "")


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def public_page(client) -> str:
    """What somebody without an account sees."""
    client.logout()
    return text_of(client, PUBLIC)


def agreed(make, entry: PoolEntry, *, agrees: bool = True) -> None:
    """The person's word, recorded by the enterprise."""
    company = entry.project.enterprise
    paper = make.stored(company, name="同意书.pdf") if agrees else None
    record_consent(entry, agreed=agrees, evidence=paper, by=make.enterprise_user(company), at=AT)


# --- Entry -----------------------------------------------------------------------------------------------------------


def test_the_certificate_alone_is_not_enough_and_the_project_makes_the_entry_that_day(train, company_a, person_a):
    certificate = train.certified(person_a, company_a)
    assert not PoolEntry.unscoped.exists()
    project = train.completed(person_a, company_a)
    entry = PoolEntry.unscoped.get()
    assert (entry.certificate, entry.project, entry.entered_on) == (certificate, project, TODAY)
    assert Message.unscoped.filter(enterprise=company_a, subject="纳入人才库：张三").count() == 1


def test_the_project_alone_is_not_enough_and_the_certificate_makes_the_entry_that_day(train, company_a, person_a):
    project = train.completed(person_a, company_a)
    assert not PoolEntry.unscoped.exists()
    certificate = train.certified(person_a, company_a)
    entry = PoolEntry.unscoped.get()
    assert (entry.certificate, entry.project, entry.entered_on) == (certificate, project, TODAY)


def test_a_revoked_certificate_is_no_certificate(train, company_a, person_a):
    train.revoked(train.certified(person_a, company_a))
    train.completed(person_a, company_a)
    assert not PoolEntry.unscoped.exists()


def test_where_the_reading_asks_for_another_certificate_nobody_enters_by_themselves(
    client, train, measure, municipal, county_one, company_a, person_a
):
    record_interpretation(
        edition=measure, key="certificate_meaning", number="清质监口径〔2026〕3号", reading="different",
        text="另有资格证书。", decided_on=date(2026, 1, 5), effective_from=date(2026, 1, 10), by=municipal, at=AT,
    )  # fmt: skip
    train.certified(person_a, company_a)
    project = train.reported(person_a, company_a)
    page = text_of(signed_in(client, county_one), f"/projects/{project.reference}/acts/complete/")
    assert "按现行口径，资格证书不是培训证书，平台不自动纳入人才库" in page
    client.post(
        f"/projects/{project.reference}/acts/complete/", {"token": uuid4(), "version": project.version, "remark": ""}
    )
    assert not PoolEntry.unscoped.exists()


def test_a_certificate_revoked_after_the_entry_removes_nobody_and_asks_the_city(
    client, train, municipal, user_a, entry
):
    train.revoked(entry.certificate)
    page = text_of(signed_in(client, municipal), page_of(entry))
    assert "证书已撤销" in page
    assert "下一步：决定是否登记退出" in page
    assert page_of(entry, "leave") in page
    assert PoolEntry.unscoped.present().count() == 1
    page = text_of(signed_in(client, user_a), page_of(entry))
    assert "等待市局决定" in page
    assert page_of(entry, "leave") not in page


# --- Leaving ---------------------------------------------------------------------------------------------------------


def test_leaving_is_recorded_with_day_and_reason_and_takes_the_name_off_the_public_page(client, make, municipal, entry):
    agreed(make, entry)
    typed = {"token": uuid4(), "reason": "本人书面申请退出"} | days("last_day", TODAY)
    response = signed_in(client, municipal).post(page_of(entry, "leave"), typed)
    assert response.url == page_of(entry)
    assert client.post(page_of(entry, "leave"), typed).url == response.url
    page = text_of(client, page_of(entry))
    assert "已退出" in page
    assert "本人书面申请退出" in page
    assert page_of(entry, "consent") not in page
    assert client.get(page_of(entry, "leave")).url == page_of(entry)
    page = public_page(client)
    assert "张三" not in page
    assert "0<small>人" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "请填写退出的理由"),
        (days("last_day", date(2026, 11, 23)), "不能晚于今天"),
        (days("last_day", date(2026, 11, 21)), "退出日期须在纳入之日至今天之间"),
    ],
)
def test_leaving_without_a_reason_or_on_an_impossible_day_is_refused(client, municipal, entry, changes, sentence):
    typed = {"token": uuid4(), "reason": "本人书面申请退出"} | days("last_day", TODAY) | changes
    assert sentence in signed_in(client, municipal).post(page_of(entry, "leave"), typed).content.decode()
    assert PoolEntry.unscoped.present().exists()


def test_only_the_city_records_leaving(client, county_one, user_a, administrator, entry):
    for person in (county_one, user_a, administrator):
        assert signed_in(client, person).get(page_of(entry, "leave")).status_code == 404


@pytest.mark.parametrize("new", ["a project", "a certificate"])
def test_who_left_comes_back_on_a_new_project_or_a_new_certificate(train, municipal, company_a, person_a, entry, new):
    leave_pool(entry, last_day=TODAY, reason="本人书面申请退出", by=municipal, at=AT)
    later = AT + timedelta(minutes=1)
    if new == "a project":
        train.completed(person_a, company_a, at=later)
    else:
        train.certified(person_a, company_a, train.session(title="第四期首席质量官任职培训"), at=later)
    back = PoolEntry.unscoped.present().get()
    assert back.pk != entry.pk
    assert (back.project != entry.project, back.certificate != entry.certificate) == (
        new == "a project", new == "a certificate"
    )  # fmt: skip


def test_who_left_does_not_come_back_on_the_same_two_facts_though_the_certificate_was_reissued(
    train, municipal, county_one, trainer, person_a, entry
):
    leave_pool(entry, last_day=TODAY, reason="本人书面申请退出", by=municipal, at=AT)
    correct_name(person_a, name="章三", version=person_a.version, reason="凭身份证更正", by=county_one, at=AT)
    reissue_certificate(entry.certificate, reason="姓名更正", by=trainer, at=AT)
    assert enter_if_due(person_a, at=AT) is None
    assert PoolEntry.unscoped.get() == entry


# --- Consent and the public page -------------------------------------------------------------------------------------


def test_a_name_is_public_only_between_agreeing_and_taking_it_back(client, user_a, entry):
    assert "张三" not in public_page(client)
    paper = SimpleUploadedFile("同意书.pdf", cast.pdf(), "application/pdf")
    typed = {"token": uuid4(), "agreed": "yes", "evidence": paper}
    assert signed_in(client, user_a).post(page_of(entry, "consent"), typed).url == page_of(entry)
    page = text_of(client, page_of(entry))
    assert "同意书.pdf" in page
    assert "姓名已在" in page
    page = public_page(client)
    for words in ("张三", "甲公司", "2026年11月22日"):
        assert words in page
    signed_in(client, user_a).post(page_of(entry, "consent"), {"token": uuid4(), "agreed": "no"})
    assert PoolConsent.unscoped.count() == 2
    assert "不同意，或者收回" in text_of(client, page_of(entry))
    page = public_page(client)
    assert "张三" not in page
    assert "甲公司" not in page


def test_agreeing_needs_the_signed_paper_and_an_answer(client, user_a, entry):
    page = signed_in(client, user_a).post(page_of(entry, "consent"), {"token": uuid4(), "agreed": "yes"})
    assert "同意公开姓名须附本人签字的同意书。" in page.content.decode()
    page = client.post(page_of(entry, "consent"), {"token": uuid4()})
    assert "请选择本人的意见" in page.content.decode()
    assert not PoolConsent.unscoped.exists()


def test_consent_is_recorded_by_the_enterprise_or_its_bureau_and_by_nobody_else(
    client, county_one, municipal, user_b, county_two, administrator, trainer, entry
):
    for person in (county_one, municipal):
        assert signed_in(client, person).get(page_of(entry, "consent")).status_code == 200
    for person in (user_b, county_two, administrator, trainer):
        assert signed_in(client, person).get(page_of(entry, "consent")).status_code == 404


def test_an_enterprise_that_no_longer_employs_the_person_records_no_consent_and_a_bureau_does(
    client, make, user_a, county_one, company_a, person_a, entry
):
    paper = make.stored(company_a, name="同意书.pdf")
    end_employment(person_a, enterprise=company_a, last_day=TODAY - timedelta(days=1), by=user_a, at=AT)
    with pytest.raises(Refused, match="没有办理这一事项的权限"):
        record_consent(entry, agreed=True, evidence=paper, by=user_a, at=AT)
    assert signed_in(client, user_a).get(page_of(entry, "consent")).status_code == 404
    assert page_of(entry, "consent") in text_of(signed_in(client, county_one), page_of(entry))
    assert record_consent(entry, agreed=True, evidence=paper, by=county_one, at=AT).agreed
    assert "张三" in public_page(client)


def test_whose_certificate_was_revoked_is_named_no_more_though_nothing_was_taken_back(client, make, train, entry):
    agreed(make, entry)
    assert "张三" in public_page(client)
    train.revoked(entry.certificate)
    page = public_page(client)
    assert "张三" not in page
    assert "1<small>人" in page  # still in the pool until the city records the leaving


def test_the_revocation_of_a_reissued_certificate_takes_the_name_off_too(
    client, make, train, county_one, trainer, person_a, entry
):
    agreed(make, entry)
    correct_name(person_a, name="章三", version=person_a.version, reason="凭身份证更正", by=county_one, at=AT)
    later = reissue_certificate(entry.certificate, reason="姓名更正", by=trainer, at=AT)
    assert "章三" in public_page(client)
    train.revoked(later)
    assert "章三" not in public_page(client)


def test_the_public_page_names_nobody_who_did_not_agree_and_says_nothing_more_of_those_who_did(
    client, make, train, company_a, company_b, person_a, person_a_two, person_b
):
    session = train.session()
    entries = [
        train.pooled(person, company, session)
        for person, company in ((person_a, company_a), (person_a_two, company_a), (person_b, company_b))
    ]
    agreed(make, entries[1])
    agreed(make, entries[2])
    agreed(make, entries[2], agrees=False)
    page = public_page(client)
    assert "孙五" in page
    leaks = ["张三", "李四", "乙公司", *(row.reference for row in entries), "KT-2026", "RY0", "4418**", "13900139000"]
    leaks += list(Certificate.unscoped.values_list("number", flat=True))
    assert [words for words in leaks if words in page] == []


def test_figures_by_county_and_industry_add_up_to_everybody_present(
    client, train, municipal, company_a, company_b, person_a, person_a_two, person_b
):
    session = train.session()
    gone = train.pooled(person_a, company_a, session)
    train.pooled(person_a_two, company_a, session)
    train.pooled(person_b, company_b, session)
    leave_pool(gone, last_day=TODAY, reason="本人书面申请退出", by=municipal, at=AT)
    response = client.get(PUBLIC)
    assert response.context["total"] == 2
    assert sorted(response.context["counties"]) == sorted([("清城区", 1), ("英德市", 1)])
    assert response.context["industries"] == [("制造业", 2)]


def test_the_public_page_says_what_the_pool_is_and_how_one_gets_in_and_is_kept_by_nobody(client, measure):
    response = client.get(PUBLIC)
    page = response.content.decode()
    for words in ("第八条第二款", "取得培训证书", "完成《质量课题改进计划》", "还没有可以公开的姓名"):
        assert words in page
    assert "no-store" in response["Cache-Control"]
    assert 'name="robots" content="noindex' in page


# --- The list and the entry ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=孙五", {"孙五"}),
        ("q=乙公司", {"李四"}),
        ("county=441881", {"李四"}),
        ("industry=C", {"张三", "孙五", "李四"}),
        ("industry=E", set()),
        ("consent=yes", {"孙五"}),
        ("consent=no", {"张三", "李四"}),
        ("certificate=revoked", {"李四"}),
        ("certificate=valid", {"张三", "孙五"}),
        ("presence=left", {"张三"}),
        ("presence=present", {"孙五", "李四"}),
        ("standing=not_set", {"张三", "孙五", "李四"}),
        ("standing=met", set()),
    ],
)
def test_the_list_is_narrowed_by_each_filter(
    client, make, train, municipal, company_a, company_b, person_a, person_a_two, person_b, query, names
):
    session = train.session()
    gone = train.pooled(person_a, company_a, session)
    leave_pool(gone, last_day=TODAY, reason="本人书面申请退出", by=municipal, at=AT)
    agreed(make, train.pooled(person_a_two, company_a, session))
    train.revoked(train.pooled(person_b, company_b, session).certificate)
    page = signed_in(client, municipal).get(f"{LIST}?{query}").context["page"]
    assert {row.candidate.name for row in page} == names


def test_each_sees_the_entries_of_ones_own_scope(
    client, train, user_a, user_b, county_one, county_two, trainer, company_a, person_a, entry
):
    for person in (user_a, county_one):
        assert "张三" in text_of(signed_in(client, person), LIST)
        assert "张三" in text_of(client, page_of(entry))
    for person in (user_b, county_two):
        assert "张三" not in text_of(signed_in(client, person), LIST)
        assert client.get(page_of(entry)).status_code == 404
    assert signed_in(client, trainer).get(LIST).status_code == 404
    assert signed_in(client, trainer).get(page_of(entry)).status_code == 404


def test_the_entry_shows_both_facts_the_day_and_the_education_since(client, county_one, entry):
    page = text_of(signed_in(client, county_one), page_of(entry))
    for words in (
        entry.certificate.number, f"/projects/{entry.project.reference}/", "2026年11月22日", "未规定学时要求",
        f"/candidates/{entry.candidate.reference}/education/", "没有登记过本人的意见",
    ):  # fmt: skip
        assert words in page


def test_longer_lists_cost_no_more_queries(
    client, make, train, municipal, company_a, company_b, person_a, person_a_two, person_b
):
    session = train.session()
    further = train.session(title="质量管理继续教育", kind=TrainingKind.CONTINUING)
    agreed(make, train.pooled(person_a, company_a, session))
    train.results(train.enrolled(further, person_a, company_a))
    signed_in(client, municipal)
    addresses = (PUBLIC, LIST, f"{LIST}?standing=not_set")
    counts = []
    for _ in range(2):
        for address in addresses:
            with CaptureQueriesContext(connection) as asked:
                text_of(client, address)
            counts.append(len(asked))
        if len(counts) == len(addresses):
            for person, company in ((person_a_two, company_a), (person_b, company_b)):
                agreed(make, train.pooled(person, company, session))
                train.results(train.enrolled(further, person, company))
    assert counts[:3] == counts[3:]
