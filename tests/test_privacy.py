"""What the law on personal information asks: told first, looked at with a reason, opened to the person, erased."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cqo_portal.erasure import carry_out
from cqo_portal.mydata import COOKIE
from cqo_portal.retention import RULES, clear
from registry import identity, securitylog
from registry.actions import privacy
from registry.actions.people import end_employment
from registry.models import (
    Acknowledgement,
    Candidate,
    DataRequest,
    Delivery,
    Education,
    Employment,
    PersonLink,
    Reveal,
    SecurityEntry,
    User,
)
from registry.refusals import Refused
from registry.states import PRIVACY_NOTICE, RequestKind, RequestState
from tests import cast
from tests.cast import AT, TODAY, resident_id
from tests.test_concurrency import at_once
from tests.test_people_pages import facts_of_new
from training.actions import recognise_course
from training.models import TrainingRecord

NUMBER = resident_id(1)
REASON = "与公安机关核对同名人员"


def sign_in(client, user) -> Client:
    client.force_login(user)
    return client


# --- Told before anything is typed -----------------------------------------------------------------------------------


def test_the_notice_is_public_and_prints_every_period_that_the_job_keeps(client, measure, settings):
    settings.RETENTION_DAYS = {"messages": 77}
    page = client.get(reverse("privacy")).content.decode()
    assert PRIVACY_NOTICE in page and ">77<" in page
    assert [rule.what for rule in RULES if rule.period and rule.what not in page] == []


def test_nobody_is_put_on_file_before_they_were_told_and_agreed(client, user_a):
    typed = facts_of_new()
    del typed["told"]
    page = sign_in(client, user_a).post(reverse("candidate_new"), typed).content.decode()
    assert "请先告知本人并取得本人对登记证件号码的单独同意" in page
    assert not Candidate.unscoped.exists() and reverse("privacy") in page


def test_who_was_told_by_whom_in_which_edition_is_on_record(client, user_a, company_a, county_one):
    sign_in(client, user_a).post(reverse("candidate_new"), facts_of_new())
    row = Acknowledgement.unscoped.get()
    assert (row.candidate.name, row.enterprise, row.notice, row.by) == ("周六", company_a, PRIVACY_NOTICE, user_a)
    typed = {"token": uuid4(), "name": "郑十", "id_type": "resident", "id_number": resident_id(30), "told": "on"}
    sign_in(client, county_one).post(reverse("free_person_new"), typed)
    assert Acknowledgement.unscoped.get(candidate__name="郑十").enterprise is None


# --- The full number -------------------------------------------------------------------------------------------------


def asked(client, person, reason: str = REASON, token=None):
    return client.post(
        reverse("candidate_reveal", args=[person.reference]), {"token": token or uuid4(), "reason": reason}
    )


def test_an_officer_of_the_city_sees_the_number_once_with_the_reason_on_record(client, municipal, person_a):
    sign_in(client, municipal)
    assert NUMBER not in client.get(reverse("candidate_reveal", args=[person_a.reference])).content.decode()
    token = uuid4()
    answer = asked(client, person_a, token=token)
    assert NUMBER in answer.content.decode() and "no-store" in answer["Cache-Control"]
    row, entry = Reveal.unscoped.get(), SecurityEntry.unscoped.get(event="reveal")
    assert (row.candidate, row.by, row.reason) == (person_a, municipal, REASON)
    assert (entry.event, entry.about, entry.username) == ("reveal", person_a.reference, "municipal")
    again = client.post(reverse("candidate_reveal", args=[person_a.reference]), {"token": token, "reason": REASON})
    assert again.status_code == 302 and Reveal.unscoped.count() == 1  # the page is not to be had by sending it again
    page = client.get(reverse("candidate_reveal", args=[person_a.reference])).content.decode()
    assert NUMBER not in page and REASON in page and '已查看 <span class="num">1</span> 次' in page


def test_the_number_stands_nowhere_after_it_was_seen(client, municipal, person_a):
    asked(sign_in(client, municipal), person_a)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{NUMBER}%"])
            assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize("persona", ["user_a", "county_one", "administrator"])
def test_nobody_else_sees_the_number(client, person_a, persona, request):
    user = request.getfixturevalue(persona)
    assert asked(sign_in(client, user), person_a).status_code == 404
    with pytest.raises(Refused):
        privacy.reveal_number(person_a, reason=REASON, by=user, at=AT)
    assert not Reveal.unscoped.exists()


def test_without_a_reason_or_beyond_the_day_the_number_stays_closed(
    client, municipal, municipal_two, person_a, settings
):
    settings.REVEALS_PER_DAY = 2
    sign_in(client, municipal)
    assert "请填写查看的理由" in asked(client, person_a, " ").content.decode()
    for _ in range(2):
        assert NUMBER in asked(client, person_a).content.decode()
    page = asked(client, person_a).content.decode()
    assert NUMBER not in page and "达到每天的上限" in page
    assert Reveal.unscoped.count() == 2
    assert privacy.reveal_number(person_a, reason=REASON, by=municipal_two, at=timezone.now()) == NUMBER
    tomorrow = timezone.now() + timedelta(days=1)
    assert privacy.reveal_number(person_a, reason=REASON, by=municipal, at=tomorrow) == NUMBER


def test_without_its_entry_in_the_log_the_number_stays_closed(client, municipal, person_a, monkeypatch):
    def no_log(facts):
        raise DatabaseError

    sign_in(client, municipal)
    monkeypatch.setattr(securitylog, "_write", no_log)
    page = asked(client, person_a).content.decode()
    assert NUMBER not in page and "安全日志暂时不能写入" in page and not Reveal.unscoped.exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_share_the_last_of_the_day(municipal, person_a, settings):
    settings.REVEALS_PER_DAY = 5
    results = at_once(*[lambda: privacy.reveal_number(person_a, reason=REASON, by=municipal, at=AT)] * 8)
    assert results.count(NUMBER) == 5 == Reveal.unscoped.count()
    assert sum(isinstance(result, Refused) for result in results) == 3


# --- The person's own way in -----------------------------------------------------------------------------------------


@pytest.fixture
def link(person_a, municipal) -> str:
    """The address of a link that 市局 printed for 张三."""
    return f"/my-data/{privacy.issue_person_link(person_a, by_sms=False, by=municipal, at=timezone.now())[1]}/"


def test_the_person_sees_what_all_enterprises_hold_and_nobody_elses(
    client, link, make, person_a, person_b, company_a, company_b, user_b
):
    make.facts(person_a, company_a)
    cast.person(1, "张三", company=company_b, by=user_b)
    assert "华南理工大学" not in client.get(link).content.decode()  # a preview or scanner uses nothing up
    page = client.post(link, follow=True).content.decode()
    for words in ("张三", "甲公司", "乙公司", "华南理工大学", "13900139000", person_a.id_masked):
        assert words in page, words
    assert NUMBER not in page and person_b.name not in page


def test_a_link_is_used_once_and_by_one_browser(client, link):
    assert client.post(link).status_code == 302
    assert client.get("/my-data/").status_code == 200
    other = Client()
    assert other.get(link).status_code == 410 == other.post(link).status_code
    assert other.get("/my-data/").status_code == 410
    cookie = client.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/my-data/"


def test_neither_link_nor_browser_stands_in_the_database(client, link):
    client.post(link)
    secrets = (link.split("/")[2], client.cookies[COOKIE].value)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for secret in secrets:
                cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{secret}%"])
                assert cursor.fetchone() == (0,), table


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_at_once_one_opens_the_link(person_a, municipal):
    token = privacy.issue_person_link(person_a, by_sms=False, by=municipal, at=AT)[1]
    results = at_once(*[lambda: privacy.open_person_link(token, at=AT)] * 4)
    assert sum(isinstance(result, str) for result in results) == 1
    connections.close_all()


@pytest.mark.parametrize("end", ["expired", "revoked", "replaced", "unknown"])
def test_dead_links_look_alike(client, link, person_a, municipal, end):
    now = timezone.now()
    if end == "expired":
        PersonLink.unscoped.update(expires_on=timezone.localdate() - timedelta(days=1))
    elif end == "revoked":
        sign_in(Client(), municipal).post(reverse("person_link_revoke", args=[person_a.reference]))
    elif end == "replaced":
        privacy.issue_person_link(person_a, by_sms=False, by=municipal, at=now)
    answer = client.get("/my-data/unknown/" if end == "unknown" else link)
    assert answer.status_code == 410 and privacy.GONE in answer.content.decode()
    assert answer["Cache-Control"] == "no-store" and answer["Referrer-Policy"] == "no-referrer"


def test_a_link_revoked_after_it_was_opened_closes_the_page(client, link, person_a, municipal):
    client.post(link)
    privacy.revoke_person_links(person_a, by=municipal, at=timezone.now())
    assert client.get("/my-data/").status_code == 410


def test_a_county_sends_the_link_and_never_sees_it(client, county_one, municipal, person_a):
    page = sign_in(client, county_one).get(reverse("person_link_new", args=[person_a.reference])).content.decode()
    assert "短信发到登记的手机号码" in page and "打印后当面交给本人" not in page and "139****9000" in page
    form = {"token": uuid4(), "way": "sms"}
    page = client.post(reverse("person_link_new", args=[person_a.reference]), form).content.decode()
    sent = Delivery.unscoped.get(message=None)
    assert (sent.address, "/my-data/" in sent.body) == ("13900139000", True)
    assert "/my-data/" not in page
    with pytest.raises(Refused, match="只能用短信"):
        privacy.issue_person_link(person_a, by_sms=False, by=county_one, at=AT)
    Employment.unscoped.update(phone="")
    with pytest.raises(Refused, match="没有登记此人的手机号码"):
        privacy.issue_person_link(person_a, by_sms=True, by=municipal, at=AT)


def test_guessing_links_is_slowed_down(client, measure):
    answers = [client.get(f"/my-data/guess{n}/").status_code for n in range(22)]
    assert answers[:20] == [410] * 20 and answers[20:] == [429] * 2


# --- Correction and erasure ------------------------------------------------------------------------------------------


def granted(person, by, kind=RequestKind.ERASURE) -> DataRequest:
    row = privacy.ask_about_data(person, kind=kind, words="请办理", at=AT)
    return privacy.answer_data_request(row, granted=True, answer="属实。", by=by, at=AT)


def test_a_request_goes_from_the_person_to_the_city_and_its_answer_back(client, link, municipal, person_a):
    client.post(link)
    client.post("/my-data/", {"kind": "correction", "words": "毕业年份应为 2003 年"})
    assert "同一类请求已经提出" in client.post("/my-data/", {"kind": "correction", "words": "再"}).content.decode()
    row = DataRequest.unscoped.get()
    staff = sign_in(Client(), municipal)
    assert row.reference in staff.get(reverse("data_request_list")).content.decode()
    here = reverse("data_request_detail", args=[row.reference])
    assert "毕业年份应为 2003 年" in staff.get(here).content.decode()
    staff.post(here, {"token": uuid4(), "granted": "yes", "answer": "已核对毕业证书。"})
    assert "已核对毕业证书" in client.get("/my-data/").content.decode()
    staff.post(here, {"token": uuid4()})
    row.refresh_from_db()
    assert (row.state, row.answered_by) == (RequestState.DONE, municipal)
    assert "已办结" in client.get("/my-data/").content.decode()


def test_what_is_declined_says_why(client, link, municipal, person_a):
    row = privacy.ask_about_data(person_a, kind=RequestKind.ERASURE, words="全部删除", at=AT)
    with pytest.raises(Refused):
        privacy.answer_data_request(row, granted=False, answer=" ", by=municipal, at=AT)
    privacy.answer_data_request(row, granted=False, answer="任期内的资料不能删除。", by=municipal, at=AT)
    client.post(link)
    page = client.get("/my-data/").content.decode()
    assert "不予办理" in page and "任期内的资料不能删除。" in page
    with pytest.raises(Refused, match="已经答复"):
        privacy.answer_data_request(row, granted=True, answer="改", by=municipal, at=AT)


def test_an_erasure_takes_what_nothing_stands_on_with_its_history(make, municipal, person_a, company_a, user_a):
    make.facts(person_a, company_a)
    end_employment(person_a, enterprise=company_a, last_day=TODAY - timedelta(days=1), by=user_a, at=AT)
    row = granted(person_a, municipal)
    assert clear(at=AT + timedelta(hours=1)) == {"erasures": 1}
    person, row = Candidate.unscoped.get(pk=person_a.pk), DataRequest.unscoped.get(pk=row.pk)
    assert identity.is_erased(person) and row.state == RequestState.DONE and len(row.outcome) == 4
    for model in (Education, TrainingRecord):
        events = apps.get_model(model._meta.app_label, f"{model.__name__}Event")._base_manager
        assert not model.unscoped.exists() and not events.exists()
    phones = apps.get_model("registry", "EmploymentEvent")._base_manager.filter(pgh_obj__candidate=person)
    assert phones.exists() and not phones.exclude(phone="").exists()
    numbers = apps.get_model("registry", "CandidateEvent")._base_manager.filter(pgh_obj=person)
    assert set(numbers.values_list("id_masked", flat=True)) == {"已删除*"}


def test_an_erasure_leaves_what_papers_and_appointments_stand_on(everything, person_a, municipal):
    """张三 holds a certificate, is in the pool and in office: papers keep the name, the register what it judged by."""
    before = [paper.sha256 for paper in everything["a"].papers.order_by("pk")]
    said = carry_out(granted(person_a, municipal), at=AT)
    person = Candidate.unscoped.get(pk=person_a.pk)
    assert not identity.is_erased(person) and Education.unscoped.filter(candidate=person).exists()
    assert "任期终止后可以再次提出" in said[1] and "予以保留" in said[2]
    assert [paper.sha256 for paper in everything["a"].papers.order_by("pk")] == before


def test_a_course_that_the_city_recognised_stays(train, person_a, company_a, municipal):
    course = train.course(person_a, company_a)
    recognise_course(course, hours=8, by=municipal, at=AT)
    said = carry_out(granted(person_a, municipal), at=AT)
    assert TrainingRecord.unscoped.get() == course and "1 项已经市局认定" in said[1]


def test_a_request_moves_only_forward(person_a, municipal):
    row = privacy.ask_about_data(person_a, kind=RequestKind.ERASURE, words="请删除", at=AT)
    with pytest.raises(DatabaseError):
        DataRequest.unscoped.filter(pk=row.pk).update(state=RequestState.DONE, done_at=AT, answer="x")


def test_only_the_city_answers(county_one, user_a, administrator, person_a):
    row = privacy.ask_about_data(person_a, kind=RequestKind.ERASURE, words="请删除", at=AT)
    for user in (county_one, user_a, administrator):
        with pytest.raises(Refused):
            privacy.answer_data_request(row, granted=True, answer="好。", by=User.unscoped.get(pk=user.pk), at=AT)
    assert date(2026, 11, 22) == timezone.localdate(row.asked_at)
