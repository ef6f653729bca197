"""What these pages do the same way: the next step, and a page for each act read from one table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from registry.actions.files import store_file
from registry.models import StoredFile, User
from registry.pages import demand
from registry.views.common import form_page, posted

NOT_NOW = "现在是“{}”，不能办理这一步。"
PLACE = "promotion/act.html"


@dataclass
class NextStep:
    """What is to be done or who has it, who hears of it, and the buttons: the first is the primary one."""

    title: str
    text: str
    note: str = ""
    actions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class ActPage:
    """A page that carries one act out: words, form, action, and what it will do in sentences."""

    title: str
    done: str
    form: Callable  # (version=, data=, files=) → form
    carry: Callable  # the action: (row, version=, by=, at=, **what was typed)
    perm: str
    states: tuple[str, ...]
    points: Callable  # (row) → sentences
    danger: bool = False

    def opens(self, row, user: User) -> bool:
        """Whether this person may do it now."""
        return row.state in self.states and user.has_perm(f"appointments.{self.perm}", row)


def with_version(action: Callable, row, form, **who):
    """The action, with the version the page showed and what was typed."""
    return action(row, version=form.cleaned_data["version"], **form.values(), **who)


def buttons(acts: dict[str, ActPage], row, user: User, address: Callable, *names: str) -> list[tuple[str, str]]:
    """Words and addresses of those acts that are open to this person now; ``address(row, act)`` names the page."""
    return [(acts[name].title, address(row, name)) for name in names if acts[name].opens(row, user)]


def carry_act(request, row, page: ActPage | None, *, back: str, trail, caption: str, words, rows, **extra):
    """The page of one act; back to the row with the reason where its state shuts it. Http404 where it is none's.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    if page is None:
        raise Http404
    demand(request.user, f"appointments.{page.perm}", row)
    if request.method != "POST" and row.state not in page.states:
        messages.warning(request, NOT_NOW.format(row.get_state_display()))
        return redirect(back)
    form = page.form(version=row.version, **posted(request))
    return binding_page(
        request, form, partial(with_version, page.carry, row, form), to=lambda _: back, done=page.done, row=row,
        title=page.title, trail=trail, caption=caption, tag=words, rows=rows, points=page.points(row),
        danger=page.danger, submit=page.title, **extra,
    )  # fmt: skip


def binding_page(request, form, act, *, points, rows=(), tag=None, template=PLACE, **page):
    """A form page of an act that binds: what it is about in ``rows``, and in ``points`` what it does and tells whom."""
    return form_page(request, form, act, points=points, rows=rows, tag=tag, template=template, **page)


def office_words(row) -> str:
    """Which office a row is of, in words."""
    return row.county.name if row.county_id else "全市"


def stored(form, *, by, at, **owner) -> StoredFile | None:
    """The upload of a form's ``evidence``, put on file for its ``owner``; None without one. Raises Refused."""
    if not (upload := form.cleaned_data["evidence"]):
        return None
    name, data = upload
    return store_file(data, name, by=by, at=at, **owner)


def shown(request, template: str, **context):
    """A page, under this app's folder of templates."""
    return render(request, f"promotion/{template}.html", context)
