"""A list's page: the declared list as the address asks for it, with what exports it."""

from django.http import Http404
from django.utils import timezone

from registry.listed import Opened, listings
from registry.pages import PortalForm


def opened(request, key: str) -> Opened:
    """The list of that address, narrowed by it; Http404 for whoever has no such list.

    Its filters carry ``exporting`` for whoever may take it out: the form's token, and the list.
    """
    listing, user = listings()[key], request.user
    if user.is_authenticated and not listing.may(user):
        raise Http404
    found = listing.opened(request.GET, user=user, today=timezone.localdate())
    found.filters.listing = listing
    if user.is_authenticated and listing.may(user) and user.has_perm("registry.export_list"):
        found.filters.exporting = PortalForm(auto_id=False)
    return found
