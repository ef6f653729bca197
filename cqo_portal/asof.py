"""As of a day: who was CQO, under which edition, judged eligible by which facts (Art. 11, 14)."""

from dataclasses import dataclass
from datetime import date

from django import forms
from django.utils import timezone

from appointments.models import Appointment
from appointments.views.shown import criteria_of
from registry.fields import DayField
from registry.models.measure import Basis, basis_if_any


class DayForm(forms.Form):
    """Of which day something is asked."""

    on = DayField(label="日期", earliest=2000)


@dataclass(frozen=True)
class Judged:
    """An appointment in force that day, with the criteria of Art. 6 as they were stored, or are reckoned until then."""

    appointment: Appointment
    criteria: list[dict]
    stored: str


@dataclass(frozen=True)
class AsOf:
    """The answer for a day; ``basis`` is None before any measure is loaded."""

    day: date
    basis: Basis | None
    judged: list[Judged]


def as_of(request, appointments) -> dict[str, object]:
    """Form and answer for a page: ``appointments`` are those of its enterprise or person, within one's scope.

    Without a day asked the form is empty and there is no answer.
    """
    form = DayForm(request.GET if any(name.startswith("on_") for name in request.GET) else None)
    answer = _answer(form.cleaned_data["on"], appointments) if form.is_bound and form.is_valid() else None
    return {"as_of_form": form, "as_of": answer}


def _answer(day: date, appointments) -> AsOf:
    today, judged = timezone.localdate(), []
    for appointment in appointments.in_force(day):
        criteria, stored, _ = criteria_of(appointment, today)
        judged.append(Judged(appointment, criteria, stored))
    return AsOf(day, basis_if_any(day), judged)
