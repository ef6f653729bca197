"""What a list is, said once: its page and its sheet ask the same declaration, so that they cannot differ.

Each app declares its lists in ``listings``, under the names of their addresses. What a row's words need is fetched for
many rows at once, and a list of any length is gone through in pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Literal

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.module_loading import autodiscover_modules

from registry.listing import PLACES, Keyset, Page, page_of
from registry.models import IssuedPaper, User
from registry.rules import day_words
from registry.strands import Strands

PIECE = 1000  # rows that are dressed at once


def everybody(user: User) -> bool:
    """A column for whoever sees the list."""
    return True


def offices(user: User) -> bool:
    """A column that an enterprise does not need: of its own rows it says the same in each."""
    return not user.enterprise_id


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its title, what a row says there, what its cells are, and to whom the page says it too."""

    title: str
    value: Callable[[Any], object]
    kind: Literal["text", "number", "day", "moment"] = "text"
    width: int = 14
    seen_by: Callable[[User], bool] = everybody


@dataclass(frozen=True)
class Listing:
    """One list: who may see it, which rows there are, by what it is narrowed, and what is said of each row.

    ``filters`` makes the form of the filters from an address; ``visible`` gives the rows within the scope of whoever
    asks, ``narrowed`` those asked for, in order. ``dressed`` adds to some rows what their words need, in as many
    queries for a thousand as for one, and returns what is shown of them; ``papers`` gives what was issued on them.
    """

    key: str
    title: str
    unit: str
    columns: tuple[Column, ...]
    visible: Callable[[Any], Any]
    filters: Callable[..., forms.Form]
    narrowed: Callable[[Any, Any], Any] = lambda filters, rows: filters.narrow(rows)
    dressed: Callable[[list, Any], list] = lambda rows, filters: rows
    papers: Callable[[list, User], list[tuple[str, IssuedPaper | None]]] | None = None
    papers_name: str = ""
    perm: str = ""
    offices_only: bool = False

    def may(self, user: User) -> bool:
        """Whether this person has such a list; its rows are another question."""
        known = user.is_authenticated and user.is_active and not (self.offices_only and user.enterprise_id)
        return known and (not self.perm or user.has_perm(self.perm))

    def opened(self, data: QueryDict, *, user: User, today: date) -> Opened:
        """The list as this address asks for it."""
        filters = self.filters(data, user=user, today=today)
        visible = self.visible(filters)
        return Opened(self, filters, visible, self.narrowed(filters, visible))


@dataclass
class Opened:
    """A list as somebody asked for it."""

    listing: Listing
    filters: forms.Form
    visible: QuerySet | Strands | list
    rows: QuerySet | Strands | list

    def any_beside(self, page: Page) -> bool:
        """Whether there is any row at all, where none may fit the filters."""
        return bool(page.count) or (bool(self.visible) if isinstance(self.visible, list) else self.visible.exists())

    def page(self, request) -> Page:
        """The page that the address asks for, its rows dressed."""
        page = page_of(request, self.rows)
        page.shown = self.listing.dressed(page.object_list, self.filters)
        return page

    def number(self, most: int | None = None) -> int:
        """How many rows there are, counted no further than ``most``."""
        if isinstance(self.rows, list):
            return len(self.rows)
        if isinstance(self.rows, Strands):
            return self.rows.number(most)
        return (self.rows.order_by()[:most] if most else self.rows.order_by()).count()

    def pieces(self) -> Iterator[tuple[list, list]]:
        """All rows in the page's order, some at a time, beside what is shown of them."""
        rows = self.rows
        if isinstance(rows, QuerySet):
            rows = Keyset(rows).after([]).iterator(chunk_size=PIECE)
        rows = iter(rows)
        while piece := list(islice(rows, PIECE)):
            yield piece, self.listing.dressed(piece, self.filters)

    def columns(self) -> list[Column]:
        """The columns for whoever asked."""
        return [column for column in self.listing.columns if column.seen_by(self.filters.user)]

    @property
    def query(self) -> str:
        """The part of the address that narrows the list, without the place in it."""
        kept = self.filters.data.copy()
        for name in (*PLACES, "rows"):
            kept.pop(name, None)
        return kept.urlencode()


def said(form: forms.BaseForm) -> Iterator[tuple[forms.BoundField, str]]:
    """The filters in force, each with its value in words; an unbound form has none."""
    form.is_valid()  # reads what can be read
    for name, value in getattr(form, "cleaned_data", {}).items():
        if value not in (None, "", False):
            yield form[name], _in_words(form[name], value)


def _in_words(bound: forms.BoundField, value) -> str:
    if isinstance(value, date):
        return day_words(value)
    choices = getattr(bound.field, "choices", None)
    return dict(choices).get(value, str(value)) if isinstance(choices, list) else str(value)


# --- The lists there are ---------------------------------------------------------------------------------------------

_LISTINGS: dict[str, Listing] = {}


def declare(*listings: Listing) -> None:
    """Make lists known under their addresses' names. Raises ValueError for a name that is taken."""
    for listing in listings:
        if listing.key in _LISTINGS:
            raise ValueError(f"{listing.key} is declared twice")
        _LISTINGS[listing.key] = listing


def listings() -> dict[str, Listing]:
    """All lists, by the names of their addresses."""
    autodiscover_modules("listings")
    return _LISTINGS
