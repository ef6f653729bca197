"""Recommendations within one's scope, and what came of them."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.filters.recommending import Outcome, YearFilter, outcome_is
from appointments.grounds import wordings
from appointments.models import DismissalRecommendation
from registry.pages import demand
from registry.views.lists import opened


@require_safe
def case_list(request):
    """解除聘任建议: what stands where, since when and until when."""
    found = opened(request, "case_list")
    page = found.page(request)
    context = {"filters": found.filters, "page": page, "any": found.any_beside(page)}
    return render(request, "supervision/case_list.html", context)


# --- What came of them -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of a table: what is counted, and how often each outcome came about."""

    label: str
    opened: int
    issued: int
    said: list[tuple[str, int]]  # outcome in words and how often, those that came about


@require_safe
def case_statistics(request):
    """Outcomes of a year: in all, by ground and by county, within one's scope."""
    user, today = request.user, timezone.localdate()
    demand(user, "registry.see_history")
    narrowed = YearFilter(request.GET, user=user, today=today)
    rows = narrowed.narrow(DismissalRecommendation.unscoped.visible_to(user)).order_by()
    counts = _counts(today)
    total = rows.aggregate(**counts)
    by_ground = {row["grounds__kind"]: row for row in rows.values("grounds__kind").annotate(**counts)}
    place = "appointment__enterprise__county"
    by_county = rows.values(f"{place}__name").annotate(**counts).order_by(f"{place}__code")
    context = {
        "filters": narrowed,
        "outcomes": [(word, total[value]) for value, word in Outcome.choices],
        "total": _line("合计", total),
        "grounds": [_line(words, by_ground[kind]) for kind, words in wordings(today) if kind in by_ground],
        "counties": [_line(row[f"{place}__name"], row) for row in by_county],
    }
    return render(request, "supervision/case_statistics.html", context)


def _counts(today) -> dict[str, Count]:
    """Name → how many cases: opened, with a letter issued, and of each outcome."""
    counted = {value: outcome_is(value, today) for value in Outcome.values}
    issued = Q(signed_at__isnull=False)
    return {
        "opened": Count("pk", distinct=True),
        "issued": Count("pk", filter=issued, distinct=True),
        **{value: Count("pk", filter=which, distinct=True) for value, which in counted.items()},
    }


def _line(label: str, found: dict) -> Line:
    said = [(word, found[value]) for value, word in Outcome.choices if found[value]]
    return Line(label, found["opened"], found["issued"], said)
