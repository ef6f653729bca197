"""The pages of people on file, as the people of the cast use them."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.actions.people import change_person
from registry.models import Candidate, Education, Employment, ProfessionalQualification, QualityExperience
from registry.states import IdPaper
from tests import cast
from tests.cast import AT, TODAY
from tests.test_enterprise_pages import days, sent, signed_in
from training.models import TrainingRecord


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def facts_of_new(n: int = 7, **changes) -> dict:
    """What an enterprise types for a person."""
    typed = {
        "token": uuid4(),
        "name": "周六",
        "id_type": IdPaper.RESIDENT,
        "id_number": cast.resident_id(n),
        "phone": "13700137000",
        "position": "质量经理",
        "told": "on",
    }
    return typed | days("since", date(2020, 1, 1)) | changes


FACTS = {
    "qualification": (
        ProfessionalQualification,
        {"level": "intermediate", "name": "质量工程师", "number": "ZL1"} | days("issued_on", date(2012, 6, 1)),
    ),
    "education": (
        Education,
        {"level": "bachelor", "school": "某大学", "major": "材料"} | days("graduated_on", date(2002, 7, 1)),
    ),
    "experience": (
        QualityExperience,
        {"employer": "某厂", "work": "质量检验"}
        | days("first_day", date(2010, 1, 1))
        | days("last_day", date(2014, 12, 31)),
    ),
    "training": (
        TrainingRecord,
        {"kind": "qualifying", "body_name": "某协会", "certificate_number": "PX1"}
        | days("completed_on", date(2016, 5, 1)),
    ),
}


def add(client, person, kind, **changes):
    """Send the form of a fact."""
    return client.post(
        f"/candidates/{person.reference}/facts/{kind}/new/", FACTS[kind][1] | {"token": uuid4()} | changes
    )


def test_an_enterprise_puts_a_person_on_file(client, user_a, company_a):
    response = signed_in(client, user_a).post("/candidates/new/", facts_of_new())
    person = Candidate.unscoped.get(name="周六")
    assert response.url == f"/candidates/{person.reference}/"
    page = client.get(response.url).content.decode()
    assert "4418**" in page
    assert cast.resident_id(7) not in page
    assert person.birth_date == date(1980, 5, 17)


def test_the_same_form_sent_twice_makes_one_person(client, user_a):
    typed = facts_of_new()
    first = signed_in(client, user_a).post("/candidates/new/", typed)
    assert client.post("/candidates/new/", typed).url == first.url
    assert Employment.unscoped.count() == 1


def test_a_person_met_at_a_second_enterprise_is_the_same_person_and_each_sees_its_own_part(
    client, user_a, user_b, make, company_a
):
    signed_in(client, user_a).post("/candidates/new/", facts_of_new())
    signed_in(client, user_b).post("/candidates/new/", facts_of_new(position="总经理助理"))
    person = Candidate.unscoped.get()
    make.facts(person, company_a)
    page = client.get(f"/candidates/{person.reference}/").content.decode()
    assert "总经理助理" in page
    for foreign in ("甲公司", "质量经理", "质量工程师", "华南理工大学", "PX001"):
        assert foreign not in page
    assert "华南理工大学" in signed_in(client, user_a).get(f"/candidates/{person.reference}/").content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id_number": "441802198005170071"}, "校验码"),
        ({"id_number": "44180219800230"}, "应为 18 位"),
        ({"name": "周六<script>"}, "只能由汉字"),
        ({"id_type": IdPaper.PASSPORT, "id_number": "E12345678"}, "请填写出生日期"),
        (days("since", date(2026, 11, 23)), "入职日期不能晚于今天"),
        (days("since", date(1990, 1, 1)), "年满 16 周岁之前"),
        ({"since_year": "", "since_month": "", "since_day": ""}, "请填写入职日期"),
        ({"position": "经理\x07"}, "控制字符"),
    ],
)
def test_what_cannot_be_of_a_person_gets_a_sentence(client, user_a, changes, sentence):
    page = signed_in(client, user_a).post("/candidates/new/", facts_of_new(**changes)).content.decode()
    assert sentence in page
    assert sent(page, "phone") == "13700137000"
    assert not Candidate.unscoped.exists()


def test_who_has_no_enterprise_is_shown_the_next_open_session(client, train, county_one, free_one):
    day = date(2026, 12, 7)
    session = train.session(
        session_days=[day], days_needed=1, enrolment=(date(2026, 11, 1), day), title="第四期首席质量官任职培训"
    )
    page = signed_in(client, county_one).get(f"/candidates/{free_one.reference}/").content.decode()
    assert "最近一期：第四期首席质量官任职培训，2026年12月7日开班。" in page
    assert f"/sessions/{session.reference}/" in page


def test_an_officer_chooses_among_the_enterprises_of_the_county(client, county_one, company_a, company_b):
    cast.enterprise(10000009, "己公司", by=county_one)
    page = signed_in(client, county_one).get("/candidates/new/").content.decode()
    assert "己公司" in page
    assert "乙公司" not in page
    refused = client.post("/candidates/new/", facts_of_new(enterprise=company_b.reference)).content.decode()
    assert "不在可选范围内" in refused
    assert not Candidate.unscoped.exists()
    assert client.get(f"/candidates/new/?enterprise={company_b.reference}").status_code == 404
    client.post(f"/candidates/new/?enterprise={company_a.reference}", facts_of_new())
    assert Employment.unscoped.get().enterprise == company_a


@pytest.mark.parametrize("kind", FACTS)
def test_a_fact_is_put_on_file_and_taken_off_after_asking(client, user_a, person_a, kind):
    model = FACTS[kind][0]
    assert add(signed_in(client, user_a), person_a, kind).status_code == 302
    fact = model.unscoped.get()
    address = f"/candidates/{person_a.reference}/facts/{kind}/{fact.pk}/remove/"
    assert "移除" in client.get(address).content.decode()
    assert model.unscoped.count() == 1
    form = {"token": uuid4()}
    first = client.post(address, form)
    assert not model.unscoped.exists()
    assert client.post(address, form).url == first.url
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("kind", "changes", "sentence"),
    [
        ("qualification", days("issued_on", TODAY + timedelta(1)), "取得日期不能晚于今天"),
        ("qualification", days("issued_on", date(1979, 1, 1)), "出生之前"),
        ("education", days("graduated_on", date(1980, 1, 1)), "出生之前"),
        ("education", {"level": "genius"}, "不在可选范围内"),
        ("experience", days("first_day", date(1995, 1, 1)), "年满 16 周岁之前"),
        ("experience", days("last_day", date(2009, 12, 31)), "结束日期不能早于开始日期"),
        ("training", days("completed_on", date(2999, 1, 1)), "年份应在"),
        ("training", {"hours": "很多"}, "学时只填整数"),
        ("training", {"hours": "99999"}, "学时最多为 1000"),
    ],
)
def test_what_cannot_be_of_a_fact_gets_a_sentence(client, user_a, person_a, kind, changes, sentence):
    page = add(signed_in(client, user_a), person_a, kind, **changes).content.decode()
    assert sentence in page
    assert not FACTS[kind][0].unscoped.exists()


def test_work_that_goes_on_has_no_last_day(client, user_a, person_a):
    open_ended = {"last_day_year": "", "last_day_month": "", "last_day_day": ""}
    add(signed_in(client, user_a), person_a, "experience", **open_ended)
    assert QualityExperience.unscoped.get().period.upper is None
    assert "2010年1月1日至今" in client.get(f"/candidates/{person_a.reference}/").content.decode()


def test_a_fact_written_in_by_the_bureau_says_so(client, county_one, user_a, person_a):
    add(signed_in(client, county_one), person_a, "education")
    page = signed_in(client, user_a).get(f"/candidates/{person_a.reference}/").content.decode()
    assert "清城区质监局代录" in page


@pytest.mark.parametrize("page", ["", "edit/", "leave/", "facts/education/new/", "facts/training/new/"])
def test_people_of_others_are_not_there(client, user_a, county_one, person_b, page):
    for user in (user_a, county_one):
        address = f"/candidates/{person_b.reference}/{page}"
        assert signed_in(client, user).get(address).status_code == 404
        assert client.post(address, FACTS["education"][1] | {"token": uuid4()}).status_code in (404, 405)
    assert not Education.unscoped.exists()


def test_a_fact_of_another_enterprise_is_not_removed(client, user_a, make, person_b, company_b):
    make.facts(person_b, company_b)
    fact = Education.unscoped.get()
    address = f"/candidates/{person_b.reference}/facts/education/{fact.pk}/remove/"
    assert signed_in(client, user_a).post(address, {"token": uuid4()}).status_code == 404
    assert Education.unscoped.exists()


def test_a_person_leaves_and_stays_on_the_list_as_one_who_left(client, user_a, person_a):
    address = f"/candidates/{person_a.reference}/leave/"
    early = signed_in(client, user_a).post(address, {"token": uuid4()} | days("last_day", date(2014, 1, 1)))
    assert "不在本企业任职" in early.content.decode()
    client.post(address, {"token": uuid4()} | days("last_day", date(2026, 10, 31)))
    assert "已离职" in client.get("/candidates/").content.decode()
    assert "张三" not in client.get("/candidates/?at_work=now").content.decode()
    assert "张三" in client.get("/candidates/?at_work=left").content.decode()


def test_a_stale_form_of_a_person_comes_back_with_what_changed(client, user_a, company_a, person_a):
    address = f"/candidates/{person_a.reference}/edit/"
    page = signed_in(client, user_a).get(address).content.decode()
    typed = {"token": uuid4(), "version": sent(page, "version"), "phone": "13600136000", "position": "副总经理"}
    change_person(person_a, enterprise=company_a, version=1, phone="", position="总工程师", by=user_a, at=AT)
    page = client.post(address, typed).content.decode()
    assert "总工程师" in page
    assert sent(page, "position") == "副总经理"
    assert client.post(address, typed | {"version": sent(page, "version")}).status_code == 302
    assert person_a.employments.get().position == "副总经理"


def test_a_person_is_found_by_name_by_reference_and_by_enterprise(client, municipal, person_a, person_b):
    signed_in(client, municipal)
    for query in ("q=张", f"q={person_a.reference.lower()}", "enterprise=甲公司"):
        page = client.get(f"/candidates/?{query}").content.decode()
        assert "张三" in page
        assert "李四" not in page
    assert "没有符合条件的人员" in client.get("/candidates/?q=无此人").content.decode()


def test_staff_see_who_changed_what_about_a_person_in_their_scope_alone(
    client, county_one, county_two, user_a, user_b, person_a, company_b
):
    add(signed_in(client, user_a), person_a, "education")
    signed_in(client, user_b).post("/candidates/new/", facts_of_new(1, name="张三", position="乙公司顾问"))
    page = signed_in(client, county_one).get(f"/candidates/{person_a.reference}/").content.decode()
    assert "新增学历" in page
    assert "甲公司经办人" in page
    assert "乙公司顾问" not in page
    assert "新增学历" not in signed_in(client, county_two).get(f"/candidates/{person_a.reference}/").content.decode()


def test_lists_and_pages_ask_as_many_queries_for_three_rows_as_for_one(client, county_one, make, company_a, person_a):
    make.facts(person_a, company_a, evidence=make.stored(company_a))
    addresses = ["/candidates/", f"/candidates/{person_a.reference}/"]
    signed_in(client, county_one)

    def asked():
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    for address in addresses:
        client.get(address)
    one = asked()
    for n in (2, 3):
        cast.person(10 + n, "周六" * n, company=company_a, by=county_one)
        make.facts(person_a, company_a, evidence=make.stored(company_a))
    assert asked() == one


def test_a_long_list_is_paged_in_a_fixed_order(client, county_one, company_a):
    for n in range(30, 82):
        cast.person(n, "同名", company=company_a, by=county_one)
    signed_in(client, county_one)
    pages = [client.get(f"/candidates/{part}").content.decode() for part in ("", "?end=1")]
    shown = [re.findall(r"/candidates/(RY\d+)/", page) for page in pages]
    assert [len(rows) for rows in shown] == [50, 50]
    assert len({*shown[0], *shown[1]}) == 52


def test_a_second_enterprise_neither_sees_nor_changes_the_phone_the_first_one_wrote(
    client, company_b, user_a, user_b, person_a
):
    cast.person(1, "张三", company=company_b, by=user_b)
    Employment.unscoped.filter(candidate=person_a, enterprise=company_b).update(phone="13711112222")
    client.force_login(user_b)
    page = client.get(reverse("candidate_detail", args=[person_a.reference])).content.decode()
    assert "13711112222" in page and "13900139000" not in page
