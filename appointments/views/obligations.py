"""履职事项: the calendar of duties with a day, the enterprise's own or those within an office's scope."""

from dataclasses import dataclass
from itertools import groupby

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.filters.obligations import ObligationFilter, is_overdue, month_of, month_words
from appointments.models import Appointment
from appointments.obligations import Obligation, obligations_of
from appointments.states import APPOINTED_STATES
from registry.listing import page_of
from registry.pages import demand


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


def by_month(duties, today) -> list[tuple[str, list[Entry]]]:
    """Months in words with their entries, in the order of the days."""
    return [
        (month_words(rows[0].due_on), [Entry.of(duty, today) for duty in rows])
        for _, group in groupby(duties, key=lambda duty: month_of(duty.due_on))
        for rows in [list(group)]
    ]


@require_safe
def obligation_list(request):
    """What is due when, by which text, and what follows; the nearest day first."""
    demand(request.user, "training.follow_people")
    user, now = request.user, timezone.now()
    today = timezone.localdate(now)
    in_force = Appointment.unscoped.visible_to(user).in_force(today).filter(state__in=APPOINTED_STATES)
    appointments = list(in_force.with_parties())
    duties = obligations_of(appointments, user, today)
    filters = ObligationFilter(request.GET, user=user, today=today, duties=duties)
    page = page_of(request, filters.narrow(duties))
    context = {
        "filters": filters,
        "page": page,
        "months": by_month(page.object_list, today),
        "any": duties,
        "overdue": sum(is_overdue(duty, today) for duty in duties),
        "in_force": bool(appointments),
        "now": now,
        "may_appoint": user.has_perm("appointments.appoint", user.enterprise),
    }
    return render(request, "supervision/obligations.html", context)
