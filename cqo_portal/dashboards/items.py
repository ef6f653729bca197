"""What a first page lists: things that wait, and things with a day to come."""

from dataclasses import dataclass
from datetime import date

from appointments.models import Appointment

COMING_DAYS = 90
SHOWN = 10


@dataclass(frozen=True)
class Todo:
    """One thing that waits: what, from whom, since when, until when, one click away."""

    title: str
    sub: str
    source: str
    since: date
    url: str
    tag: tuple[str, str]
    clause: str = ""


@dataclass(frozen=True)
class Coming:
    """Something with a day in the next ninety."""

    day: date
    title: str
    sub: str
    url: str
    clause: str = ""
    renewable: Appointment | None = None
