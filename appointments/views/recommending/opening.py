"""Opening a case on grounds that the record supports, or putting on record why none follows."""

from functools import partial
from operator import attrgetter

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from appointments import actions
from appointments.forms.recommending import DeclineForm, GroundsForm
from appointments.grounds import chains_of, decided, named
from appointments.models import Appointment, DismissalRecommendation
from appointments.views.recommending.common import CASES
from appointments.views.recommending.standing import title_of_ground
from appointments.views.shown import open_appointment, state_words
from registry.citing import cited
from registry.models.measure import legal_basis
from registry.pages import carry_out, demand
from registry.rules import day_words
from registry.views.common import posted


def case_new(request, reference):
    """开立建议案: which grounds, with the links that the others lack."""
    return _page(request, reference, GroundsForm, actions.open_case, done="建议案已开立。下一步：征求陈述意见。")


def case_decline(request, reference):
    """记录不提出建议: the decision not to recommend although the record supports a ground, with its reason."""
    return _page(request, reference, DeclineForm, actions.decline_to_open, done="已记录不提出建议的理由。")


def _page(request, reference: str, kind: type[GroundsForm], action, *, done: str):
    appointment, today = open_appointment(request, reference), timezone.localdate()
    demand(request.user, "appointments.open_case", appointment)
    chains = chains_of([appointment], request.user, today)[appointment.pk]
    done = decided(appointment)
    supported = [chain for chain in chains if chain.supported and (chain.kind, chain.key) not in done]
    asked = [name for name in request.GET.getlist("grounds") if name in map(named, supported)]
    form = kind(
        chains=[(named(chain), title_of_ground(chain)) for chain in supported],
        initial={"grounds": asked or ([named(supported[0])] if len(supported) == 1 else [])},
        **posted(request),
    )
    shut = _shut(appointment, today)
    if request.method == "POST" and form.is_valid():
        values = form.values()
        carry = partial(action, appointment, names=values.pop("grounds"), **values)
        if response := carry_out(request, form, carry, attrgetter("page"), done=done):
            return response
    context = {
        "appointment": appointment, "words": state_words(appointment, today), "form": form, "shut": shut,
        "declining": kind is DeclineForm,
        "boxes": [(*pair, title_of_ground(pair[1])) for pair in zip(form["grounds"], supported, strict=True)],
        "lacking": [(chain, title_of_ground(chain)) for chain in chains if not chain.supported],
        "decided": [
            (title_of_ground(chain), case) for chain in chains if (case := done.get((chain.kind, chain.key)))
        ],
        "trail": [(CASES, reverse("case_list")), (appointment.reference, f"/appointments/{appointment.reference}/")],
    }  # fmt: skip
    return render(request, "supervision/case_new.html", context)


def _shut(appointment: Appointment, today) -> tuple[str, str]:
    """Why no case can be opened now, and where to go instead; empty when one can."""
    if case := DismissalRecommendation.unscoped.open().filter(appointment=appointment).first():
        return f"对这位首席质量官已有一件未办结的建议案 {case.reference}。", case.page
    if appointment.ended_on:
        return f"聘任已于{day_words(appointment.ended_on)}终止，没有可以建议解除的聘任。", ""
    if not appointment.in_force or today not in appointment.in_force:
        return "这项任命现在不在任，没有可以建议解除的聘任。", ""
    if legal_basis(today).outside:
        return f"今天没有有效的制度依据，不能提出解除聘任建议{cited('14')}。请先由管理员登记延长或者新的依据。", ""
    return "", ""
