"""The pages of the register of enterprises, as the people of the cast use them."""

import re
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.actions.enterprises import change_enterprise, designate
from registry.models import Enterprise
from registry.states import Designation, Industry, SizeBand
from tests import cast
from tests.cast import AT, TODAY


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def signed_in(client, user):
    """A browser of that person."""
    client.force_login(user)
    return client


def days(name: str, day: date) -> dict:
    """A day as its three boxes send it."""
    return {f"{name}_year": day.year, f"{name}_month": day.month, f"{name}_day": day.day}


def facts_of_new(**changes) -> dict:
    """What an officer types for a new enterprise."""
    return {
        "token": uuid4(),
        "name": "丙公司",
        "credit_code": cast.credit_code(10000003),
        "county": "441802",
        "industry": Industry.C,
        "size": SizeBand.SMALL,
        "legal_representative": "钱法人",
        "principal": "钱法人",
        "contact_name": "钱联系",
        "contact_phone": "13800138001",
    } | changes


def edit_of(enterprise, **changes) -> dict:
    """The edit form of an enterprise as it was shown, with what was typed over."""
    names = [
        "name",
        "address",
        "industry",
        "size",
        "legal_representative",
        "principal",
        "contact_name",
        "contact_phone",
    ]
    shown = {name: getattr(enterprise, name) for name in names}
    return shown | {"version": enterprise.version, "token": uuid4()} | changes


def sent(page: str, name: str) -> str:
    """The value a field of a page holds."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
    return re.search(r'value="([^"]*)"', tag)[1]


def test_a_county_officer_finds_only_enterprises_of_the_county(client, county_one, company_a, company_b):
    page = signed_in(client, county_one).get("/enterprises/").content.decode()
    assert "甲公司" in page
    assert "乙公司" not in page


def test_the_city_sees_every_county_and_narrows_by_one(client, municipal, company_a, company_b):
    signed_in(client, municipal)
    assert "甲公司" in (whole := client.get("/enterprises/").content.decode())
    assert "乙公司" in whole
    page = client.get("/enterprises/?county=441881").content.decode()
    assert "乙公司" in page
    assert "甲公司" not in page
    assert 'href="?"' in page  # the chip that takes the county away again


def test_an_enterprise_goes_to_its_own_page(client, user_a, company_a):
    assert signed_in(client, user_a).get("/enterprises/").url == f"/enterprises/{company_a.reference}/"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=甲", True),
        ("q=９１４４１８００", True),
        ("q=不存在", False),
        ("size=medium", True),
        ("size=micro", False),
        ("above_scale=yes", True),
        ("above_scale=no", False),
        ("pilot=yes", False),
        ("industry=C", True),
    ],
)
def test_a_list_is_narrowed_by_what_one_asks(client, county_one, company_a, query, found):
    designate(company_a, kind=Designation.ABOVE_SCALE, since=date(2020, 1, 1), by=county_one, at=AT)
    page = signed_in(client, county_one).get(f"/enterprises/?{query}").content.decode()
    assert ("13800138000" in page) is found
    assert ("没有符合条件的企业" in page) is not found


@pytest.mark.parametrize("query", ["q=%00", "q=" + "长" * 300, "industry=ZZ", "page=0", "page=x", "size=%F0%9F%98%80"])
def test_a_nonsensical_address_narrows_nothing_and_breaks_nothing(client, county_one, company_a, query):
    response = signed_in(client, county_one).get(f"/enterprises/?{query}")
    assert response.status_code == 200
    assert "甲公司" in response.content.decode()


def test_an_officer_registers_an_enterprise_of_the_county(client, county_one):
    response = signed_in(client, county_one).post("/enterprises/new/", facts_of_new())
    enterprise = Enterprise.unscoped.get(name="丙公司")
    assert response.url == f"/enterprises/{enterprise.reference}/"
    assert [seat.county.code for seat in enterprise.seats.all()] == ["441802"]


def test_a_county_is_offered_no_other_county(client, county_one, counties):
    page = signed_in(client, county_one).get("/enterprises/new/").content.decode()
    assert "清城区" in page
    assert "英德市" not in page
    refused = client.post("/enterprises/new/", facts_of_new(county="441881")).content.decode()
    assert "不在可选范围内" in refused
    assert not Enterprise.unscoped.exists()


def test_the_same_form_sent_twice_registers_one_enterprise(client, county_one):
    typed = facts_of_new()
    first = signed_in(client, county_one).post("/enterprises/new/", typed)
    second = client.post("/enterprises/new/", typed)
    assert second.url == first.url
    assert Enterprise.unscoped.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("credit_code", "91441800100000030", "应为 18 位"),
        ("credit_code", "91441800100000030I", "不含字符"),
        ("name", "丙\u200b公司", "控制字符"),
        ("name", "丙公司😀", "表情"),
        ("name", "丙" * 81, "最多 80 个字"),
        ("name", "", "请填写企业名称"),
        ("contact_phone", "12345", "11 位手机号码"),
        ("industry", "", "请选择行业门类"),
        ("legal_representative", "<b>钱</b>", "只能由汉字"),
    ],
)
def test_what_cannot_be_gets_a_sentence_and_keeps_the_text(client, county_one, field, typed, sentence):
    response = signed_in(client, county_one).post("/enterprises/new/", facts_of_new(**{field: typed}))
    page = response.content.decode()
    assert sentence in page
    assert sent(page, "contact_name") == "钱联系"
    assert not Enterprise.unscoped.exists()


@pytest.mark.parametrize("day", [(1890, 1, 1), (2999, 1, 1), (2026, 2, 30), (2026, 11, 23)])
def test_an_impossible_first_day_in_a_county_is_refused(client, county_one, day):
    boxes = dict(zip(("since_year", "since_month", "since_day"), day, strict=True))
    page = signed_in(client, county_one).post("/enterprises/new/", facts_of_new(**boxes)).content.decode()
    assert "自何日起属于该县" in page
    assert 'class="errors"' in page
    assert not Enterprise.unscoped.exists()


def test_an_enterprise_corrects_its_own_facts(client, user_a, company_a):
    typed = edit_of(company_a, contact_phone="１３９ ００００ ００００")
    response = signed_in(client, user_a).post(f"/enterprises/{company_a.reference}/edit/", typed)
    assert response.status_code == 302
    company_a.refresh_from_db()
    assert (company_a.contact_phone, company_a.version) == ("13900000000", 2)


def test_a_stale_form_comes_back_with_what_changed_and_the_text_kept(client, user_a, county_one, company_a):
    typed = edit_of(company_a, address="新住所")
    change_enterprise(company_a, version=1, address="县局改的住所", by=county_one, at=AT)
    address = f"/enterprises/{company_a.reference}/edit/"
    page = signed_in(client, user_a).post(address, typed).content.decode()
    assert "县局改的住所" in page
    assert sent(page, "address") == "新住所"
    assert client.post(address, typed | {"version": sent(page, "version")}).status_code == 302
    company_a.refresh_from_db()
    assert company_a.address == "新住所"


def test_a_form_without_the_version_it_saw_changes_nothing(client, user_a, company_a):
    typed = edit_of(company_a, address="新住所") | {"version": ""}
    assert signed_in(client, user_a).post(f"/enterprises/{company_a.reference}/edit/", typed).status_code == 200
    company_a.refresh_from_db()
    assert company_a.address == "清远市某路1号"


@pytest.mark.parametrize("page", ["", "edit/", "designations/new/", "designations/above_scale/end/"])
def test_another_enterprise_is_not_there(client, user_a, county_one, company_a, company_b, page):
    for user in (user_a, county_one):
        address = f"/enterprises/{company_b.reference}/{page}"
        assert signed_in(client, user).get(address).status_code == 404
        assert client.post(address, edit_of(company_b)).status_code in (404, 405)


def test_an_enterprise_neither_registers_nor_designates(client, user_a, company_a):
    signed_in(client, user_a)
    assert client.get("/enterprises/new/").status_code == 404
    assert client.get(f"/enterprises/{company_a.reference}/designations/new/").status_code == 404


def test_a_designation_is_recorded_from_a_day_and_ended_on_another(client, county_one, company_a):
    signed_in(client, county_one)
    address = f"/enterprises/{company_a.reference}/designations"
    client.post(f"{address}/new/", {"token": uuid4(), "kind": "pilot"} | days("since", date(2024, 3, 1)))
    assert company_a.is_designated(Designation.PILOT, TODAY)
    client.post(f"{address}/pilot/end/", {"token": uuid4()} | days("last_day", date(2025, 2, 28)))
    assert not company_a.is_designated(Designation.PILOT, TODAY)
    assert company_a.is_designated(Designation.PILOT, date(2025, 2, 28))
    assert "2024年3月1日至2025年2月28日" in client.get(f"/enterprises/{company_a.reference}/").content.decode()


def test_a_designation_that_ends_before_it_begins_or_overlaps_is_refused(client, county_one, company_a):
    signed_in(client, county_one)
    address = f"/enterprises/{company_a.reference}/designations/new/"
    begun = {"token": uuid4(), "kind": "pilot"} | days("since", date(2024, 3, 1))
    assert "末日不能早于首日" in client.post(address, begun | days("last_day", date(2024, 2, 1))).content.decode()
    assert not company_a.designations.exists()
    client.post(address, begun)
    again = begun | {"token": uuid4()} | days("since", date(2025, 1, 1))
    assert "该期间已有同类记录" in client.post(address, again).content.decode()
    assert company_a.designations.count() == 1


def test_the_page_shows_the_cqo_in_force_the_people_and_the_appointments(client, municipal, make, company_a, person_a):
    row = make.filed(make.qualified(person_a, company_a), company_a, first_day=TODAY)
    page = signed_in(client, municipal).get(f"/enterprises/{company_a.reference}/").content.decode()
    assert "首席质量官：张三" in page
    assert row.reference in page
    assert f"/candidates/{person_a.reference}/" in page


def test_staff_see_who_changed_what_and_the_enterprise_does_not(client, user_a, county_one, company_a):
    signed_in(client, county_one)
    client.post(f"/enterprises/{company_a.reference}/edit/", edit_of(company_a, size=SizeBand.LARGE))
    page = client.get(f"/enterprises/{company_a.reference}/").content.decode()
    assert "企业规模：中型 → 大型" in page
    assert "县局一（清城区质监局）" in page
    assert "修改记录" not in signed_in(client, user_a).get(f"/enterprises/{company_a.reference}/").content.decode()


def test_lists_and_pages_ask_as_many_queries_for_three_rows_as_for_one(client, county_one, make, company_a, person_a):
    signed_in(client, county_one)
    addresses = ["/enterprises/", f"/enterprises/{company_a.reference}/"]
    make.draft(person_a, company_a)

    def asked():
        counts = []
        for address in addresses:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    for address in addresses:
        client.get(address)
    one = asked()
    for n in (2, 3):
        cast.enterprise(20000000 + n, f"丁公司{n}", by=county_one)
        make.draft(cast.person(10 + n, "周六" * n, company=company_a, by=county_one), company_a)
        designate(
            company_a,
            kind=Designation.PILOT,
            since=date(2019 + n, 1, 1),
            until=date(2019 + n, 6, 1),
            by=county_one,
            at=AT,
        )
    assert asked() == one
