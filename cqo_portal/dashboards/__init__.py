"""What waits for whom, what is coming, and the figures: composed from all apps, a constant number of queries each."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils import timezone

from cqo_portal.dashboards import accounts, appointments, imports, promotion, supervision, training
from cqo_portal.dashboards.appointments import cqo_in_force
from cqo_portal.dashboards.figures import coverage, coverage_goal, figures, public_figures
from cqo_portal.dashboards.items import SHOWN, Coming, Todo
from registry.counting import Statement, answered, counting
from registry.models import Message, User
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
PARTS = (training, supervision, promotion, imports)  # each tells what waits, and the oldest of it


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
    unread, filings = Message.unscoped.visible_to(desk).unread(), appointments.waiting(desk)
    others = [rows for part in PARTS for rows in part.waiting(desk, today)]
    return counting([unread, filings, accounts.waiting(desk), *others])


def counts(user: User) -> dict[str, int]:
    """Figures beside the menu's entries, by URL name; each page has them, so that all are asked in one query."""
    if not user.is_authenticated or user.role == Role.APPLICANT:
        return {}
    desk = Desk(user.pk, user.role, user.county_id, user.enterprise_id, user.is_active)
    inbox, queue, registrations, *rest = answered(_what_waits(desk, timezone.localdate()))
    return {
        "home": queue + registrations + sum(rest),
        "appointment_queue": queue,
        "registration_list": registrations,
        "inbox": inbox,
    }


def todos(user: User) -> list[Todo]:
    """What waits for this person's office; of a bureau's, the oldest."""
    today = timezone.localdate()
    if user.role == Role.TRAINER:
        return sorted([*training.todos(user, today), *imports.todos(user, today)], key=lambda todo: todo.since)
    found = [*appointments.todos(user), *accounts.todos(user)]
    found += [todo for part in PARTS for todo in part.todos(user, today)]
    if user.role == Role.ENTERPRISE:
        return sorted(found, key=lambda todo: (todo.tag[0] != "需处理", todo.since))
    return sorted(found, key=lambda todo: todo.since)[: 2 * SHOWN]


def coming(user: User, today: date) -> list[Coming]:
    """Terms that end, sessions that begin, duties that fall due within ninety days (Art. 6(五), 7, 11)."""
    found = training.coming(user, today)
    if user.role != Role.TRAINER:
        found += [*appointments.coming(user, today), *supervision.coming(user, today)]
    return sorted(found, key=lambda coming: coming.day)
