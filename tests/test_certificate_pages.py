"""Certificates on the pages: issued by their body, read by whoever may, superseded and revoked in the open."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from registry import filestore
from registry.actions.people import correct_name
from registry.models import Job
from tests.cast import AT, person
from tests.test_enterprise_pages import signed_in
from tests.training_cast import DAYS, trainer_of
from training import actions
from training.models import Certificate, Revocation
from training.states import TrainingKind
from training.tasks import start_issuing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(extension):
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def colleague(body, administrator):
    """A second account of 培训机构."""
    return trainer_of(body, "trainer-3", "培训机构二", administrator)


@pytest.fixture
def certificate(train, person_a, company_a) -> Certificate:
    """张三's, issued by 培训机构."""
    return train.certified(person_a, company_a)


@pytest.fixture
def renamed(certificate, person_a, county_one) -> Certificate:
    """张三's, whose name was corrected to 章三 afterwards."""
    correct_name(person_a, name="章三", version=person_a.version, reason="凭身份证更正", by=county_one, at=AT)
    return certificate


@pytest.fixture
def proposed(certificate, trainer) -> Revocation:
    """Its revocation, which waits for a second person."""
    return actions.propose_revocation(certificate, reason="经查系替考", by=trainer, at=AT)


def at_session(session, part: str = "") -> str:
    return f"/sessions/{session.reference}/certificates/{part}"


def at(certificate: Certificate, part: str = "") -> str:
    return f"/certificates/{certificate.code}/{part}"


def page_of(client, user, address: str) -> str:
    response = signed_in(client, user).get(address)
    assert response.status_code == 200
    return response.content.decode()


def post(client, address: str, **typed):
    return client.post(address, {"token": uuid4()} | typed, follow=True)


def text_of(pdf: bytes, tmp_path) -> str:
    place = tmp_path / "paper.pdf"
    place.write_bytes(pdf)
    return "".join(page.extract_text() for page in PdfReader(place).pages)


# --- A session's certificates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "issue/", "{pk}/", "{pk}/preview/"])
def test_only_who_runs_the_session_finds_these_pages(
    client, train, person_a, company_a, trainer, trainer_two, user_a, county_one, municipal, administrator, part
):
    enrolment = train.passed(person_a, company_a)
    address = at_session(enrolment.session, part.format(pk=enrolment.pk))
    assert client.get(address).url.startswith("/accounts/login/")
    for stranger in (trainer_two, user_a, county_one, municipal, administrator):
        assert signed_in(client, stranger).get(address).status_code == 404
        assert client.post(address, {"token": uuid4()}).status_code in (404, 405)
    assert signed_in(client, trainer).get(address).status_code == 200
    assert not Certificate.unscoped.exists()


def test_a_person_of_another_session_is_not_found_under_this_one(client, train, person_a, company_a, trainer):
    enrolment, other = train.passed(person_a, company_a), train.session(title="另一期")
    signed_in(client, trainer)
    for part in ("", "preview/"):
        assert client.get(at_session(other, f"{enrolment.pk}/{part}")).status_code == 404
        assert client.get(at_session(other, f"999999/{part}")).status_code == 404


def test_the_page_tells_who_is_ready_who_is_not_and_why_and_who_has_one(
    client, train, company_a, user_a, person_a, person_a_two, trainer
):
    session = train.session()
    train.certified(person_a, company_a, session)
    train.passed(person_a_two, company_a, session)
    absent, failed, unseen = (
        train.enrolled(session, person(n, name, company=company_a, by=user_a), company_a)
        for n, name in ((11, "赵一"), (13, "钱二"), (15, "周六"))
    )
    train.results(absent, present=1)
    train.results(failed, scores=("59.5",))
    page = page_of(client, trainer, at_session(session))
    assert "可以发证：1 人" in page and "孙五" in page and "张三" not in page
    page = page_of(client, trainer, at_session(session, "?group=lacking"))
    assert "出勤 1 天，少于规定的 2 天" in page and "考核 59.5 分，未达到合格线 60 分" in page
    assert unseen.candidate.name in page and "出勤 0 天" in page
    page = page_of(client, trainer, at_session(session, "?group=issued"))
    assert "清质协培〔2026〕1号" in page and "还不能发证 3 人" in page
    assert "可以发证：1 人" in page_of(client, trainer, at_session(session, "?group=nonsense&page=x"))


def test_it_says_why_nobody_gets_one_and_what_to_do(client, train, person_a, company_a, trainer):
    empty = train.session()
    assert "没有等待发证的人员" in page_of(client, trainer, at_session(empty))
    assert "没有可以发证的人员" in page_of(client, trainer, at_session(empty, "issue/"))
    later = train.session(session_days=[*DAYS, date(2026, 11, 25)])
    enrolment = train.enrolled(later, person_a, company_a)
    for part in ("", "issue/", f"{enrolment.pk}/"):
        assert "培训尚未结束" in page_of(client, trainer, at_session(later, part))
    hours = train.session(kind=TrainingKind.CONTINUING)
    assert "继续教育记学时，不发培训证书" in page_of(client, trainer, at_session(hours))
    assert "这一期现在是“草稿”，不能发给证书" in page_of(client, trainer, at_session(train.planned()))


def test_a_cancelled_session_gives_none_though_somebody_posts_to_its_pages(client, train, person_a, company_a, trainer):
    evening = AT - timedelta(days=4)  # the session's last day
    enrolment = train.results(train.enrolled(train.session(), person_a, company_a), at=evening)
    session = enrolment.session
    actions.cancel_session(session, version=session.version, reason="考场违规", by=trainer, at=evening)
    signed_in(client, trainer)
    for part in ("issue/", f"{enrolment.pk}/"):
        assert "这一期现在是“已取消”，不能发给证书" in page_of(client, trainer, at_session(session, part))
        assert "不能发给证书" in post(client, at_session(session, part)).content.decode()
    assert not Certificate.unscoped.exists() and not Job.unscoped.exists()


def test_the_sessions_page_costs_the_same_for_one_and_for_three(client, train, company_a, user_a, person_a, trainer):
    session = train.session()
    train.certified(person_a, company_a, session)
    page_of(client, trainer, at_session(session, "?group=issued"))
    with CaptureQueriesContext(connection) as one:
        page_of(client, trainer, at_session(session, "?group=issued"))
    for n, name in ((11, "赵一"), (13, "钱二")):
        train.certified(person(n, name, company=company_a, by=user_a), company_a, session)
    with CaptureQueriesContext(connection) as three:
        page_of(client, trainer, at_session(session, "?group=issued"))
    assert len(one) == len(three)


def test_a_preview_has_neither_number_nor_code(client, train, person_a, company_a, trainer, tmp_path):
    enrolment = train.passed(person_a, company_a)
    address = at_session(enrolment.session, f"{enrolment.pk}/preview/")
    response = signed_in(client, trainer).get(address)
    assert response["Content-Type"] == "application/pdf" and response["Cache-Control"] == "private, no-store"
    words = text_of(response.content, tmp_path)
    assert "预览" in words.replace("\n", "") and "清质协培〔" not in words
    assert client.post(address).status_code == 405


def test_one_certificate_is_issued_after_a_look_at_it(client, train, person_a, company_a, trainer):
    enrolment = train.passed(person_a, company_a)
    address = at_session(enrolment.session, f"{enrolment.pk}/")
    page = page_of(client, trainer, address)
    assert "消息发给：甲公司（站内）" in page and f"{address}preview/" in page and "85 分，合格" in page
    asked = {"token": uuid4()}
    response = client.post(address, asked)
    row = Certificate.unscoped.get()
    assert response.url == at(row) and row.issued_by == trainer
    assert "已经办理过" in client.post(address, asked, follow=True).content.decode()
    assert "证书已经发给" in page_of(client, trainer, address)
    assert "证书已经发给" in post(client, address).content.decode()
    assert Certificate.unscoped.count() == 1


def test_who_failed_meanwhile_is_refused_on_the_page(client, train, person_a, company_a, trainer):
    enrolment = train.passed(person_a, company_a)
    train.results(enrolment, scores=("30",))
    address = at_session(enrolment.session, f"{enrolment.pk}/")
    assert "未达到合格线" in page_of(client, trainer, address)
    assert "未达到合格线" in post(client, address).content.decode() and not Certificate.unscoped.exists()


def test_all_are_issued_by_a_job_with_a_page_of_its_own(client, train, person_a, person_a_two, company_a, trainer):
    session = train.session()
    for someone in (person_a, person_a_two):
        train.passed(someone, company_a, session)
    page = page_of(client, trainer, at_session(session, "issue/"))
    assert "发给 2 人培训证书" in page and "消息发给为其报名的企业" in page
    response = client.post(at_session(session, "issue/"), {"token": uuid4()})
    job = Job.unscoped.get()
    assert response.url == job.page and job.total == 2 and job.subject == session.reference
    for part in ("", "issue/"):
        assert "正在发证" in page_of(client, trainer, at_session(session, part))
    assert client.post(at_session(session, "issue/"), {"token": uuid4()}).url == job.page
    assert start_issuing(session, by=trainer, at=AT) == job and Job.unscoped.count() == 1


def test_with_nobody_ready_the_job_is_not_begun(client, train, trainer):
    text = post(signed_in(client, trainer), at_session(train.session(), "issue/")).content.decode()
    assert "没有可以发证的人员" in text and not Job.unscoped.exists()


# --- The list --------------------------------------------------------------------------------------------------------


@pytest.fixture
def both(certificate, train, person_b, company_b, body_two, trainer_two) -> tuple[Certificate, Certificate]:
    """张三's by 培训机构 and 李四's by the other body."""
    session = train.session(body=body_two, by=trainer_two)
    enrolment = train.results(train.enrolled(session, person_b, company_b), by=trainer_two)
    return certificate, actions.issue_certificate(enrolment, by=trainer_two, at=AT)


def test_each_sees_the_certificates_of_its_own_scope(
    client, both, user_a, user_b, county_one, county_two, trainer, trainer_two, municipal, administrator
):
    a, b = both
    for user, seen in [
        (user_a, {a}), (county_one, {a}), (trainer, {a}), (user_b, {b}), (county_two, {b}), (trainer_two, {b}),
        (municipal, {a, b}), (administrator, {a, b}),
    ]:  # fmt: skip
        page = page_of(client, user, "/certificates/")
        for row in both:
            assert (row.number in page) == (row in seen), user
            for part in ("", "pdf/"):
                assert client.get(at(row, part)).status_code == (200 if row in seen else 404)


def test_nobody_finds_certificates_without_signing_in(client, certificate):
    for address in ("/certificates/", at(certificate), at(certificate, "pdf/")):
        assert client.get(address).url.startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=张三", "a"), ("q=英职培", "b"), ("q=乙公司", "b"), ("year=2026", "ab"), ("year=2025", ""),
        ("state=valid", "ab"), ("state=revoked", ""), ("state=superseded", ""), ("state=x", "ab"), ("q=%00", "ab"),
        ("body={body_two}", "b"), ("body=x", "ab"),
    ],
)  # fmt: skip
def test_a_list_is_narrowed_by_its_filters(client, both, body_two, municipal, query, found):
    page = page_of(client, municipal, f"/certificates/?{query.format(body_two=body_two.reference)}")
    assert [letter for letter, row in zip("ab", both, strict=True) if row.number in page] == list(found)


def test_the_state_of_a_certificate_is_a_filter(client, train, renamed, person_a_two, company_a, trainer, municipal):
    newer = actions.reissue_certificate(renamed, reason="姓名更正", by=trainer, at=AT)
    revoked = train.revoked(train.certified(person_a_two, company_a))
    for query, codes in [
        ("", {newer.code, revoked.code}), ("?state=valid", {newer.code}), ("?state=revoked", {revoked.code}),
        ("?state=superseded", {renamed.code}),
    ]:  # fmt: skip
        page = page_of(client, municipal, f"/certificates/{query}")
        shown = {row.code for row in (renamed, newer, revoked) if at(row) in page}
        assert shown == codes, query


def test_an_empty_list_says_why_and_what_to_do(client, user_a, trainer, municipal):
    for user, words in [
        (user_a, "贵企业的人员参加任职培训"),
        (trainer, "还没有发过证书"),
        (municipal, "还没有培训证书"),
    ]:
        assert words in page_of(client, user, "/certificates/")


def test_the_lists_queries_do_not_grow_with_its_rows(client, train, certificate, company_a, user_a, municipal):
    page_of(client, municipal, "/certificates/")
    with CaptureQueriesContext(connection) as one:
        page_of(client, municipal, "/certificates/")
    for n, name in ((11, "赵一"), (13, "钱二")):
        train.certified(person(n, name, company=company_a, by=user_a), company_a)
    with CaptureQueriesContext(connection) as three:
        page_of(client, municipal, "/certificates/")
    assert len(one) == len(three)


# --- A certificate's page and paper ----------------------------------------------------------------------------------


def test_a_certificates_page_says_for_whom_on_what_ground_and_what_happened(client, certificate, user_a, trainer):
    page = page_of(client, user_a, at(certificate))
    for words in ("张三的培训证书", certificate.number, "第三期首席质量官任职培训", "85 分，合格线 60 分", "发给证书"):
        assert words in page
    assert "证书有效，无需办理" in page and "提出撤销" not in page and certificate.candidate.id_masked in page
    assert "提出撤销" in page_of(client, trainer, at(certificate))


@pytest.mark.parametrize("code", ["x", "Z1AA-AAAA", "%00", "Z" * 500])
def test_a_code_made_up_is_not_found(client, municipal, code):
    signed_in(client, municipal)
    for part in ("", "pdf/", "reissue/", "revoke/", "revocation/"):
        assert client.get(f"/certificates/{code}/{part}").status_code == 404


def test_the_paper_is_served_as_it_was_issued(client, certificate, trainer, user_a, county_one):
    for user in (trainer, user_a, county_one):
        response = signed_in(client, user).get(at(certificate, "pdf/"))
        assert response.content == filestore.fetch(certificate.sha256)
        assert response["Cache-Control"] == "private, no-store" and response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Disposition"].startswith("inline; filename*=utf-8''%E5%9F%B9")
    assert client.get(at(certificate, "pdf/?download=1"))["Content-Disposition"].startswith("attachment;")


def test_the_same_paper_after_the_persons_name_changed_is_the_same_bytes(
    client, certificate, person_a, county_one, trainer
):
    before = signed_in(client, trainer).get(at(certificate, "pdf/")).content
    correct_name(person_a, name="章三", version=person_a.version, reason="凭身份证更正", by=county_one, at=AT)
    assert client.get(at(certificate, "pdf/")).content == before
    later = actions.reissue_certificate(certificate, reason="姓名更正", by=trainer, at=AT)
    assert client.get(at(certificate, "pdf/")).content == before != client.get(at(later, "pdf/")).content
    assert "现登记姓名：章三" in page_of(client, trainer, at(certificate))


def test_a_paper_that_was_tampered_with_is_not_handed_out(client, certificate, trainer):
    filestore.path_of(certificate.sha256).write_bytes(b"%PDF-1.4 other")
    response = signed_in(client, trainer).get(at(certificate, "pdf/"))
    assert response["Content-Type"].startswith("text/html")
    assert "内容与出具时不一致" in response.content.decode()


# --- Issued anew -----------------------------------------------------------------------------------------------------


def test_a_new_version_shows_what_changes_and_asks_why(client, renamed, trainer, user_a):
    assert "可以换发" in page_of(client, trainer, at(renamed))
    page = page_of(client, trainer, at(renamed, "reissue/"))
    assert "<del>张三</del>" in page and "<ins>章三</ins>" in page and "不变，版次改为第 2 版" in page
    assert "请填写换发的原因。" in post(client, at(renamed, "reissue/")).content.decode()
    text = post(client, at(renamed, "reissue/"), reason="姓名更正").content.decode()
    newer = Certificate.unscoped.get(version=2)
    assert "证书已换发。" in text and "第 2 版" in text and "换发第 2 版" in text and newer.reason == "姓名更正"
    old = page_of(client, user_a, at(renamed))
    assert "这一版已经换发" in old and at(newer) in old
    for part in ("reissue/", "revoke/"):
        assert "以最新一版办理" in page_of(client, trainer, at(renamed, part))
        assert "以最新一版办理" in post(client, at(renamed, part), reason="再来").content.decode()
    assert Certificate.unscoped.count() == 2


def test_nothing_changed_nothing_to_issue_anew(client, certificate, trainer):
    assert "可以换发" not in page_of(client, trainer, at(certificate))
    assert "内容没有变化" in page_of(client, trainer, at(certificate, "reissue/"))
    assert "内容没有变化" in post(client, at(certificate, "reissue/"), reason="遗失").content.decode()


@pytest.mark.parametrize("part", ["reissue/", "revoke/", "revocation/"])
def test_only_the_issuing_body_begins_anything(
    client, certificate, trainer_two, user_a, county_one, municipal, administrator, part
):
    for stranger in (trainer_two, user_a, county_one, municipal, administrator):
        assert signed_in(client, stranger).get(at(certificate, part)).status_code == 404
        assert client.post(at(certificate, part), {"token": uuid4(), "reason": "x"}).status_code == 404
    assert Certificate.unscoped.count() == 1 and not Revocation.unscoped.exists()


# --- Revoked by two --------------------------------------------------------------------------------------------------


def test_proposing_says_who_must_confirm_and_what_it_does_not_do(client, certificate, trainer, colleague):
    page = page_of(client, trainer, at(certificate, "revoke/"))
    assert "须由第二人确认" in page and "清远市质量协会的培训机构二，市局工作人员" in page
    assert "人才库的登记不因撤销自动改变" in page and "消息发给：市局" in page
    assert "请填写撤销的理由。" in post(client, at(certificate, "revoke/")).content.decode()
    assert "撤销的理由最多 300 个字" in post(client, at(certificate, "revoke/"), reason="长" * 301).content.decode()
    text = post(client, at(certificate, "revoke/"), reason="经查系替考").content.decode()
    assert "等待第二人确认撤销" in text and "提出撤销的人不能自己确认" in text and "有效，待确认撤销" in text
    assert "先由第二人作出决定" in page_of(client, trainer, at(certificate, "revoke/"))
    assert "先由第二人作出决定" in page_of(client, trainer, at(certificate, "reissue/"))


def test_a_body_with_one_account_is_told_that_the_city_confirms(client, certificate, trainer):
    assert "没有其他账号" in page_of(client, trainer, at(certificate, "revoke/"))


def test_who_proposed_sees_why_they_cannot_decide(client, proposed, trainer):
    address = at(proposed.certificate, "revocation/")
    page = page_of(client, trainer, address)
    assert "不能由您自己确认，须由第二人决定" in page and "经查系替考" in page and 'name="decision"' not in page
    text = post(client, address, decision="confirm").content.decode()
    assert "须由第二人" in text and not Revocation.unscoped.get().confirmed_at


def test_enterprise_county_and_other_bodies_decide_nothing(
    client, proposed, user_a, county_one, trainer_two, administrator
):
    for stranger in (user_a, county_one, trainer_two, administrator):
        assert signed_in(client, stranger).get(at(proposed.certificate, "revocation/")).status_code == 404
        asked = {"token": uuid4(), "decision": "confirm"}
        assert client.post(at(proposed.certificate, "revocation/"), asked).status_code == 404
    assert "确认以前证书仍然有效" in page_of(client, user_a, at(proposed.certificate))
    assert "可以确认的人" not in page_of(client, user_a, at(proposed.certificate))


@pytest.mark.parametrize("second", ["colleague", "municipal"])
def test_a_second_person_confirms(client, proposed, user_a, second, request):
    user, row = request.getfixturevalue(second), proposed.certificate
    assert "确认或者不予撤销" in page_of(client, user, at(row))
    asked = {"token": uuid4(), "decision": "confirm"}
    text = client.post(at(row, "revocation/"), asked, follow=True).content.decode()
    assert "决定已记录。" in text and "已撤销，无需办理" in text and "自2026年11月22日起撤销" in text
    assert signed_in(client, user).get(at(row, "revocation/")).status_code == 404
    page = page_of(client, user_a, at(row))
    assert "已撤销" in page and "经查系替考" in page
    assert signed_in(client, user_a).get(at(row, "pdf/")).status_code == 200  # what was issued stays on file


def test_declining_wants_a_reason_and_leaves_the_certificate(client, proposed, municipal, trainer):
    address = at(proposed.certificate, "revocation/")
    signed_in(client, municipal)
    assert "请选择决定。" in post(client, address).content.decode()
    assert "请写明不予撤销的理由。" in post(client, address, decision="decline").content.decode()
    text = post(client, address, decision="decline", reason="查无实据").content.decode()
    assert "证书有效，无需办理" in text and "不予撤销" in text and "查无实据" in text
    again = post(signed_in(client, trainer), at(proposed.certificate, "revoke/"), reason="有新证据").content.decode()
    assert "等待第二人确认撤销" in again and Revocation.unscoped.count() == 2


def test_a_certificate_revoked_leaves_the_talent_pool_to_the_city(client, train, person_a, company_a, municipal):
    train.pooled(person_a, company_a)
    row = train.revoked(Certificate.unscoped.get())
    assert "人才库的登记不因撤销自动改变" in page_of(client, municipal, at(row))
    assert person_a.pool_entries.get().left_at is None


def test_a_year_on_the_page_still_says_what_was_issued(client, certificate, trainer):
    with time_machine.travel(AT + timedelta(days=400), tick=False):
        assert certificate.number in page_of(client, trainer, "/certificates/?year=2026")
