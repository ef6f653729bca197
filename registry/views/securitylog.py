"""The security log, to the administrator."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.models import DaySeal
from registry.views.lists import opened


@require_safe
def security_log(request):
    """The entries, newest first, and the newest seal, whose digest is to be noted elsewhere."""
    found = opened(request, "security_log")
    seal = DaySeal.unscoped.visible_to(request.user).first()
    facts = {"page": found.page(request), "filters": found.filters, "seal": seal}
    return render(request, "registry/security_log.html", facts)
