"""The pages of the table, as the role that uses them, beside Django's own admin on the same tables."""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from django.urls import reverse

from bench.scale.figures import Figure, faster, in_turn, within
from bench.scale.servers import STOCK, Server

ADMIN = "/admin/appointments/appointment/"
ROWS = 100  # a page, as in stock
ROW = "row-link"  # stands in a list of ours that has rows
STOCK_ROW = "field-reference"
RAW = """
    SELECT a.reference, a.state, a.term, a.filed_at, e.name, c.name, p.name FROM appointments_appointment a
    JOIN registry_enterprise e ON e.id = a.enterprise_id JOIN registry_county c ON c.id = e.county_id
    JOIN registry_candidate p ON p.id = a.candidate_id ORDER BY a.created_at DESC, a.id DESC LIMIT 100
"""


class Sides:
    """The servers of a run, and who reads: a municipal officer, and in the admin the administrator."""

    def __init__(self, ours: Server, small: Server, stock: Server, hello: Server):
        self.ours, self.small, self.stock, self.hello = ours, small, stock, hello
        self.cookie, self.small_cookie = ours.sign_in("municipal"), small.sign_in("municipal")
        self.admin = stock.sign_in("administrator", STOCK)

    def page(self, path: str, holds: str = ROW) -> Callable[[], bytes]:
        """A page of ours as the municipal bureau reads it."""
        return partial(self.ours.get, path, self.cookie, holds=holds)

    def page_of_small(self, path: str, holds: str = ROW) -> Callable[[], bytes]:
        """The same at 10,000."""
        return partial(self.small.get, path, self.small_cookie, holds=holds)

    def admin_page(self, query: str = "", holds: str = STOCK_ROW) -> Callable[[], bytes]:
        """The admin's list of appointments."""
        return partial(self.stock.get, f"{ADMIN}{query}", self.admin, holds=holds)


def _list() -> str:
    """任命, with as many rows as stock shows."""
    return f"{reverse('appointment_list')}?rows={ROWS}"


def shown_rows(page: bytes) -> int:
    """How many rows a list of ours shows."""
    return len(re.findall(rb'class="row-link"', page))


def list_first_page(sides: Sides) -> list[Figure]:
    """任命, as it opens."""
    path = _list()
    taken = in_turn({
        "ours": sides.page(path), "stock": sides.admin_page(), "small": sides.page_of_small(path),
        "raw": partial(sides.ours.ask, RAW),
    })  # fmt: skip
    more = {"raw SQL": taken["raw"], "rows shown": shown_rows(sides.page(path)())}
    return [
        faster("list, first page", taken["ours"], "stock admin", taken["stock"], 2.5, more=more),
        within("list, first page", taken["ours"], "ours at 10,000", taken["small"], 1.3),
    ]


def list_filtered(sides: Sides) -> list[Figure]:
    """任命 of one county in one state."""
    county, key = sides.ours.ask("SELECT code, id FROM registry_county ORDER BY code LIMIT 1")[0]
    path = _list()
    ours = sides.page(f"{path}&county={county}&state=filed")
    stock = sides.admin_page(f"?enterprise__county__id__exact={key}&state__exact=filed")
    taken = in_turn({"ours": ours, "stock": stock, "list": sides.page(path)})
    return [
        faster("filter by county and state", taken["ours"], "stock admin", taken["stock"], 6),
        within("filter by county and state", taken["ours"], "our list", taken["list"], 1.3),
    ]


def search_two_characters(sides: Sides) -> list[Figure]:
    """A person's given name, two characters: in the list, and in the one box where it is there."""
    name, hits = sides.ours.ask(
        "SELECT right(p.name, 2), count(*) FROM registry_candidate p JOIN appointments_appointment a"
        " ON a.candidate_id = p.id GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    )[0]
    path, figures = _list(), []
    calls = {"list": sides.page(path), "stock": sides.admin_page(f"?q={quote(name)}")}
    calls["filtered"] = sides.page(f"{path}&q={quote(name)}")
    calls["box"] = sides.page(f"{reverse('search')}?q={quote(name)}", holds=name)
    taken = in_turn(calls, rounds=5)
    ways = {"filtered": "search a two-character name in the list", "box": "search box, two characters"}
    for way, title in ways.items():
        figures += [
            faster(title, taken[way], "stock admin", taken["stock"], 40, more={"appointments found": hits}),
            within(title, taken[way], "our list", taken["list"], 1.5),
        ]
    return figures


def last_page(sides: Sides) -> list[Figure]:
    """The oldest rows."""
    path = _list()
    oldest = sides.ours.ask("SELECT reference FROM appointments_appointment ORDER BY created_at, id LIMIT 1")[0][0]
    last = (sides.ours.ask("SELECT count(*) FROM appointments_appointment")[0][0] - 1) // 100
    taken = in_turn({
        "ours": sides.page(f"{path}&end=1", holds=oldest), "first": sides.page(path),
        "stock": sides.admin_page(f"?p={last + 1}", holds=oldest),
    }, rounds=5)  # fmt: skip
    return [
        faster("list, last page", taken["ours"], "stock admin", taken["stock"], 30),
        within("list, last page", taken["ours"], "our first page", taken["first"], 1.1),
    ]


def verification(sides: Sides) -> list[Figure]:
    """What a paper is worth, to anybody."""
    code, number = sides.ours.ask("SELECT code, number FROM appointments_paper ORDER BY id DESC LIMIT 1")[0]
    ours = partial(sides.ours.get, reverse("verify_paper", args=[code]), holds=number)
    taken = in_turn({"ours": ours, "hello": partial(sides.hello.get, "/", holds="hello")})
    return [within("verification page", taken["ours"], "bare hello", taken["hello"], 6)]


MEASURES = (list_first_page, list_filtered, search_two_characters, last_page, verification)
