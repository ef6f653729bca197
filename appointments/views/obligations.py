"""履职事项: the calendar of duties with a day, the enterprise's own or those within an office's scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.filters.obligations import is_overdue, month_of, month_words, overdue
from appointments.models import Appointment
from appointments.obligations import Obligation
from appointments.states import APPOINTED_STATES
from registry.views.lists import opened


@dataclass(frozen=True)
class Entry:
    """One duty as the calendar shows it: how its day stands, in words and colour."""

    duty: Obligation
    stands: str
    tone: str

    @classmethod
    def of(cls, duty: Obligation, today) -> "Entry":
        """In calendar days, as the duty's own day is one."""
        left = duty.days_left(today)
        if left >= 0:
            return cls(duty, f"还有 {left} 天" if left else "今天到期", "soon" if left <= 7 else "")
        late = is_overdue(duty, today)
        return cls(duty, f"已过期 {-left} 天" if late else f"已过 {-left} 天", "late" if late else "")


def by_month(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """Months in words with their entries, in the order of the days."""
    return [
        (month_words(rows[0].duty.due_on), rows)
        for _, group in groupby(entries, key=lambda entry: month_of(entry.duty.due_on))
        for rows in [list(group)]
    ]


@require_safe
def obligation_list(request):
    """What is due when, by which text, and what follows; the nearest day first."""
    user, found = request.user, opened(request, "obligation_list")
    duties, today = found.filters.duties, found.filters.today
    page = found.page(request)
    in_office = Appointment.unscoped.visible_to(user).in_force(today).filter(state__in=APPOINTED_STATES)
    known = found.any_beside(page)
    context = {
        "filters": found.filters,
        "page": page,
        "months": by_month(page.shown),
        "any": known,
        "overdue": overdue(duties, today).count(),
        "in_force": known or in_office.exists(),
        "now": timezone.now(),
        "may_appoint": user.has_perm("appointments.appoint", user.enterprise),
    }
    return render(request, "supervision/obligations.html", context)
