"""What was sent out of the portal, to whom, and whether it arrived: for the bureaus."""

from functools import partial

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from registry.actions.messages import resend
from registry.models import Delivery
from registry.pages import PortalForm, carry_out, demand, find
from registry.views.lists import opened


@require_safe
def delivery_list(request):
    """The log within one's scope; addresses are masked, and no text is shown."""
    found = opened(request, "delivery_list")
    page = found.page(request)
    for row in page:
        if row.may_go_again and request.user.has_perm("registry.resend_delivery", row):
            row.form = PortalForm(auto_id=False)
    facts = {"page": page, "filters": found.filters, "any": found.any_beside(page)}
    return render(request, "registry/delivery_list.html", facts)


@require_POST
def delivery_resend(request, reference):
    """Send once more what did not arrive."""
    row = find(Delivery.unscoped.visible_to(request.user).select_related("enterprise"), reference=reference)
    demand(request.user, "registry.resend_delivery", row)
    form, log = PortalForm(request.POST), reverse("delivery_list")
    if form.is_valid() and (
        response := carry_out(request, form, partial(resend, row), lambda _: log, done="已重新排队，稍后发送。")
    ):
        return response
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return redirect(log)
