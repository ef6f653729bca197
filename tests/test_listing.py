"""Lists go on from a place: nothing is left out or shown twice, whatever they are sorted by and whoever adds a row."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from registry.listing import COUNTED, SIZES, Count, Keyset, count_of, page_of, place_of
from registry.models import Enterprise, Job
from registry.states import Role
from tests import cast

pytestmark = pytest.mark.django_db
SIZE = 3


def asked(**address):
    """A request for that page of a list."""
    return RequestFactory().get("/", {name: value for name, value in address.items() if value is not None})


def walk(rows, way: str, size: int = SIZE) -> list:
    """All rows of a list, page by page, forwards or backwards; back at the beginning a page is full."""
    request, seen = asked(**({"end": 1} if way == "previous" else {})), []
    for _ in range(100):
        page = page_of(request, rows, size)
        fresh = [row for row in page if row not in seen]
        seen = fresh + seen if way == "previous" else seen + page.object_list
        further = page.previous if way == "previous" else page.next
        if not further:
            return seen
        request = asked(**further)
    raise AssertionError("a list that never ends")


@pytest.fixture
def enterprises(counties, municipal):
    """Ten of three counties, three of them of the same name's beginning, built on the same day."""
    places = [counties[code] for code in ("441802", "441803", "441826")]
    return [
        cast.enterprise(n, f"第{n % 4}企业{'之' * n}", county=places[n % 3], by=municipal)
        if n
        else cast.enterprise(40, "首家企业", county=places[0], by=municipal)
        for n in range(10)
    ]


ORDERS = [("name", "pk"), ("-created_at", "-pk"), ("county__code", "-name", "pk"), ("-county", "pk"), ("industry",)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("way", ["next", "previous"])
def test_every_row_is_shown_once_in_either_direction(enterprises, order, way):
    rows = Enterprise.unscoped.order_by(*order)
    tied = Enterprise.unscoped.order_by(*order, *([] if "pk" in {w.strip("-") for w in order} else ["pk"]))
    assert walk(rows, way) == list(tied)


@pytest.fixture
def appointments(make, enterprises):
    """Drafts without a term, and some with one: what they are sorted by may be missing."""
    made = []
    for n, company in enumerate([each for each in enterprises if each.county.code != "441826"][:6]):
        cast.account(f"filer-{n}", Role.ENTERPRISE, company.name, enterprise=company)
        person = cast.person(n + 1, "张三", company=company, by=make.municipal)
        made.append(make.submitted(person, company) if n % 2 else make.draft(person, company))
    return made


@pytest.mark.parametrize("order", [("term__endswith", "pk"), ("-submitted_at", "-pk"), ("submitted_at", "-first_day")])
@pytest.mark.parametrize("way", ["next", "previous"])
def test_what_has_no_value_yet_is_shown_once_too(appointments, order, way):
    rows = Appointment.unscoped.order_by(*order)
    shown = walk(rows, way, size=2)
    assert sorted(row.pk for row in shown) == sorted(row.pk for row in appointments)
    assert shown == [row for row in rows.order_by(*order, "pk")]


def test_a_row_that_comes_in_meanwhile_moves_no_other(enterprises, counties, municipal):
    rows = Enterprise.unscoped.order_by("name", "pk")
    first = page_of(asked(), rows, SIZE)
    cast.enterprise(41, "一家新企业", county=counties["441802"], by=municipal)  # stands before all others
    second = page_of(asked(**first.next), rows, SIZE)
    assert not set(first.object_list) & set(second.object_list)
    assert first.object_list + second.object_list == list(rows)[1:7]


def test_the_page_says_which_rows_it_shows(enterprises):
    rows = Enterprise.unscoped.order_by("name", "pk")
    first = page_of(asked(), rows, SIZE)
    second, last = page_of(asked(**first.next), rows, SIZE), page_of(asked(**first.last), rows, SIZE)
    assert [(page.start, page.end, str(page.count)) for page in (first, second, last)] == [
        (1, 3, "10"), (4, 6, "10"), (8, 10, "10"),
    ]  # fmt: skip
    assert (first.previous, last.next) == (None, None)
    assert page_of(asked(**second.previous), rows, SIZE).object_list == first.object_list


def test_going_back_to_the_beginning_shows_a_full_page(enterprises):
    rows = Enterprise.unscoped.order_by("name", "pk")
    last = page_of(asked(end=1), rows, 4)
    middle = page_of(asked(**last.previous), rows, 4)
    first = page_of(asked(**middle.previous), rows, 4)
    assert len(middle) == len(first) == 4 and first.object_list == list(rows)[:4]


STRANGE = ["x", "W10", "WzFd", "WyJhIiwgMV0", "bnVsbA", "e30", "WzEsMSwxLDFd", "W251bGwsIG51bGxd", "長" * 400]
STRANGE += ["WyJcdTAwMDAiLCAxXQ", "WzFlOTk5LCAxXQ", "W05hTiwgMV0", "WyIyMDI2LTAyLTMwIiwgMV0", "WyJhIiwgMWU5OV0"]
STRANGE += ["W1tdLCAxXQ", "W10=" * 999]


@pytest.mark.parametrize("cursor", STRANGE)
@pytest.mark.parametrize("order", [("name", "pk"), ("-created_at", "-pk"), ("county", "pk")])
def test_a_place_that_never_was_is_the_first_page(enterprises, cursor, order):
    rows = Enterprise.unscoped.order_by(*order)
    for name in ("after", "before"):
        page = page_of(asked(**{name: cursor}), rows, SIZE)
        assert len(page) == SIZE


def test_a_place_of_yesterday_still_leads_on(enterprises):
    """The row it was made of has moved away; what comes after its place does not change."""
    rows = Enterprise.unscoped.order_by("name", "pk")
    first = page_of(asked(), rows, SIZE)
    wanted = list(rows)[SIZE : 2 * SIZE]
    Enterprise.unscoped.filter(pk=first.object_list[-1].pk).update(name="龥改名")
    assert page_of(asked(**first.next), rows, SIZE).object_list == wanted


def test_a_place_behind_the_last_row_is_the_first_page(enterprises):
    rows = Enterprise.unscoped.order_by("name", "pk")
    place = Keyset(rows).cursor(Keyset(rows).marked(rows).last())
    assert page_of(asked(after=place), rows, SIZE).start == 1


def test_a_list_without_rows_has_no_pages(db):
    page = page_of(asked(), Enterprise.unscoped.all())
    assert (len(page), str(page.count), page.is_part, page.sizes) == (0, "0", False, [])


def test_counting_ends_at_a_thousand(municipal, measure):
    at = cast.AT
    job = {"kind": "demo", "title": "后台工作", "total": 1, "created_by": municipal}
    Job.unscoped.bulk_create(
        Job(**job, task_id=uuid4(), reference=f"RW{n:010d}", created_at=at + timedelta(seconds=n))
        for n in range(COUNTED + 1)
    )
    rows = Job.unscoped.order_by("-created_at", "-pk")
    assert count_of(rows) == Count(COUNTED, more=True) and str(count_of(rows)) == "1,000+"
    assert str(count_of(rows.filter(created_at__gt=at))) == "1000"
    later = page_of(asked(**page_of(asked(), rows).next), rows)
    assert (later.start, len(later)) == (0, SIZES[0])  # nobody counts how many stand before it


def test_what_is_reckoned_and_not_read_is_paged_too():
    rows = list(range(10))
    assert walk(rows, "next") == walk(rows, "previous") == rows
    for after in ("99", "-1", "x", "٣", "9" * 30):
        assert page_of(asked(after=after), rows, SIZE).object_list == [0, 1, 2]


def test_how_many_rows_a_page_has_is_asked_in_the_address(enterprises):
    rows = Enterprise.unscoped.all()
    assert [page_of(asked(rows=n), rows).size for n in ("100", "200", "7", "x")] == [100, 200, SIZES[0], SIZES[0]]


def test_the_last_page_costs_what_the_first_costs(enterprises, django_assert_max_num_queries):
    rows = Enterprise.unscoped.order_by("name", "pk")
    told = []
    for address in ({}, {"end": 1}):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page_of(asked(**address), rows, SIZE)
        told.append(len(seen))
        assert not any("OFFSET" in query["sql"] for query in seen)
    assert told == [2, 2]


def test_a_later_page_begins_in_the_index(enterprises):
    """What it is sorted by first is bounded outright, so that the index is entered there, not read from its start."""
    rows = Enterprise.unscoped.order_by("name", "pk")
    place = place_of(page_of(asked(), rows, SIZE).next["after"])
    sql = str(Keyset(rows).after(place)[:SIZE].query)
    assert '"registry_enterprise"."name" >= ' in sql and "IS NULL" not in sql


def test_a_list_can_be_sorted_by_the_address(client, municipal, enterprises):
    client.force_login(municipal)
    newest = client.get("/enterprises/?sort=new").content.decode()
    assert newest.index(enterprises[9].reference) < newest.index(enterprises[1].reference)
    assert "排序：最近登记" in newest.replace("\n", "")
    assert client.get("/enterprises/?sort=nonsense").status_code == 200


def test_pages_are_turned_by_links(client, municipal, counties):
    for n in range(1, 53):
        cast.enterprise(n, f"企业{date(2026, 1, 1) + timedelta(days=n)}", county=counties["441802"], by=municipal)
    client.force_login(municipal)
    page = client.get("/enterprises/?industry=C").content.decode()
    assert "第 1 至 50 家，共 52 家" in page and 'rel="next"' in page and "末页" in page and 'rel="prev"' not in page
    last = client.get("/enterprises/?industry=C&end=1").content.decode()
    assert "第 3 至 52 家，共 52 家" in last and "首页</a>" in last and 'rel="next"' not in last
    assert "第 1 至 52 家，共 52 家" in client.get("/enterprises/?rows=100").content.decode()
