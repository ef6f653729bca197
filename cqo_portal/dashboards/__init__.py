"""What waits for whom, what is coming, and the figures: composed from all apps, a constant number of queries each."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain, islice

from django.utils import timezone

from cqo_portal.dashboards import accounts, appointments, imports, promotion, supervision, training
from cqo_portal.dashboards.appointments import cqo_in_force
from cqo_portal.dashboards.figures import coverage, coverage_goal, figures, public_figures
from cqo_portal.dashboards.items import SHOWN, Coming, Todo
from registry.counting import Statement, answered, counting
from registry.listing import Count, as_far_as_counted
from registry.models import Message, User
from registry.one_statement import together
from registry.states import Role

__all__ = [
    "Coming",
    "Todo",
    "coming",
    "counts",
    "coverage",
    "coverage_goal",
    "cqo_in_force",
    "figures",
    "public_figures",
    "todos",
    "trainer_figures",
]
trainer_figures = training.figures
PARTS = (appointments, accounts, training, supervision, promotion, imports)  # each says what waits, and tells of it


@dataclass(frozen=True)
class Desk:
    """All that what waits for somebody depends on, beside the day."""

    pk: int
    role: str
    county_id: int | None
    enterprise_id: int | None
    is_active: bool
    is_authenticated: bool = True


@lru_cache(maxsize=1024)
def _what_waits(desk: Desk, today: date) -> Statement:
    """The statement that counts unread messages, filings, registrations and the rest: every page asks it anew."""
    unread = Message.unscoped.visible_to(desk).unread()
    kinds = [unread, *(rows for part in PARTS for rows in part.waiting(desk, today))]
    return counting(map(as_far_as_counted, kinds))


def _numbers(request) -> list[int]:
    """How many messages are unread and how many rows of each kind wait, as far as is counted: asked once a request."""
    if not hasattr(request, "what_waits"):
        user = request.user
        desk = Desk(user.pk, user.role, user.county_id, user.enterprise_id, user.is_active)
        request.what_waits = answered(_what_waits(desk, timezone.localdate()))
    return request.what_waits


def counts(request) -> dict[str, Count]:
    """Figures beside the menu's entries, by URL name."""
    if request.user.role == Role.APPLICANT:
        return {}
    inbox, queue, registrations, *rest = _numbers(request)
    shown = {"appointment_queue": queue, "registration_list": registrations, "inbox": inbox}
    shown["home"] = queue + registrations + sum(rest)
    return {name: Count.of(number) for name, number in shown.items()}


def todos(request, today: date) -> list[Todo]:
    """What waits for this person's office, read in one query, of those kinds there are: of a bureau's, the oldest."""
    user, (_, *numbered) = request.user, _numbers(request)
    own = user.role == Role.ENTERPRISE  # all of it, and first what it was asked for
    kinds = [part.waiting(user, today) for part in PARTS]
    asked = zip(chain(*kinds), numbered, strict=True)
    shown = ((rows if own else rows[:SHOWN]) if number else rows.none() for rows, number in asked)
    found = iter(together(*shown))
    told = [part.todos(user, today, *islice(found, len(kind))) for part, kind in zip(PARTS, kinds, strict=True)]
    ordered = sorted(chain(*told), key=lambda todo: (own and todo.tag[0] != "需处理", todo.since))
    return ordered if own else ordered[: 2 * SHOWN]


def coming(user: User, today: date) -> list[Coming]:
    """Terms that end, sessions that begin, duties that fall due within ninety days (Art. 6(五), 7, 11)."""
    found = training.coming(user, today)
    if user.role != Role.TRAINER:
        found += [*appointments.coming(user, today), *supervision.coming(user, today)]
    return sorted(found, key=lambda coming: coming.day)
