"""The security log, to the administrator."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.filters import SecurityFilter
from registry.listing import page_of
from registry.models import DaySeal, SecurityEntry
from registry.pages import demand


@require_safe
def security_log(request):
    """The entries, newest first, and the newest seal, whose digest is to be noted elsewhere."""
    demand(request.user, "registry.see_security_log")
    filters = SecurityFilter(request.GET, user=request.user, today=timezone.localdate())
    page = page_of(request, filters.narrow(SecurityEntry.unscoped.visible_to(request.user)))
    seal = DaySeal.unscoped.visible_to(request.user).first()
    return render(request, "registry/security_log.html", {"page": page, "filters": filters, "seal": seal})
