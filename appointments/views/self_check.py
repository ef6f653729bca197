"""条件自查: anybody holds a person against Art. 6. Computed while one looks on; nothing is stored, nobody is told."""

from dataclasses import replace

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from appointments.eligibility import by_size, thresholds
from appointments.forms.self_check import SelfCheckForm
from appointments.rules import DECLARATIONS, Criterion, Facts, Thresholds, eligibility, roads
from registry.measures import PARAMETERS
from registry.models.measure import Basis, basis_if_any
from registry.states import EducationLevel, Outcome, QualificationLevel, SizeBand
from registry.views.common import posted

TRAINING = "6_5"  # the key of the criterion 任职培训


def _criteria(facts: Facts, needed: Thresholds) -> list[Criterion]:
    """Art. 6 by the rules themselves; a training in the visitor's words, as no certificate was looked at."""
    said = tuple(training.words for training in facts.trainings)
    rows = eligibility(facts, needed)
    return [replace(row, evidence=said) if row.key == TRAINING and said else row for row in rows]


def _result(facts: Facts, needed: Thresholds) -> dict:
    """What the page says of these facts."""
    criteria = _criteria(facts, needed)
    computed = [row for row in criteria if row.clause not in DECLARATIONS]
    return {
        "criteria": criteria,
        "declared": DECLARATIONS,
        "roads": roads(facts, needed),
        "worked": bool(facts.work),
        "unmet": [row for row in computed if row.outcome in (Outcome.UNMET, Outcome.UNVERIFIED)],
        "years": needed.years,
        "education": EducationLevel(needed.education).label,
        "qualification": QualificationLevel(needed.qualification).label,
    }


def _counted_to(basis: Basis) -> tuple[str, str]:
    """Up to which day an appointment counts the years, and the number of the interpretation that says so."""
    settled = basis.settled("experience_as_of")
    return PARAMETERS["experience_as_of"].say(settled.value), settled.number


def _size(request, basis: Basis) -> str:
    """The size of the enterprise that was chosen, where the measure asks by size."""
    said = request.POST.get("size", "")
    return said if by_size(basis) and said in SizeBand.values else ""


# Sent by POST and kept out of error reports: what one types of a person stands in no address and no log.
@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def self_check(request):
    """The questions; once they are answered, each criterion with its article, and the two roads of Art. 6(三)."""
    today = timezone.localdate()
    basis = basis_if_any(today)
    if basis is None:  # nothing to hold anybody against
        return render(request, "appointments/self_check_none.html")
    needed = thresholds(basis, _size(request, basis))
    form = SelfCheckForm(**posted(request), needed=needed, by_size=by_size(basis))
    context = {"form": form, "today": today, "basis": basis}
    if form.is_valid():
        context |= _result(form.facts(today), needed) | {"counted_to": _counted_to(basis)}
    return render(request, "appointments/self_check.html", context)
