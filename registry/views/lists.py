"""A list's page: the declared list as the address asks for it, with what exports it."""

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from registry.listed import Listing, Opened, listings
from registry.models import User
from registry.pages import PortalForm
from registry.states import OF_PAPERS, ExportForm

WORDS = {ExportForm.XLSX: "Excel", ExportForm.CSV: "CSV", ExportForm.ZIP: "ZIP", ExportForm.PDF: "PDF"}


class Exporting:
    """What takes a list out as it is narrowed: where to, the form's token, and as what."""

    def __init__(self, listing: Listing, query: str):
        self.url = f"{reverse('export_new', args=[listing.key])}?{query}"
        self.token = PortalForm(auto_id=False)["token"]
        self.papers_name = listing.papers_name

    @property
    def sheets(self) -> list[tuple[str, str, str]]:
        """The forms of its rows: value, words on the button, and all the words."""
        return [(form, WORDS[form], form.label) for form in ExportForm if form not in OF_PAPERS]

    @property
    def papers(self) -> list[tuple[str, str, str]]:
        """The forms of its papers, none where it has none."""
        return [(form, WORDS[form], form.label) for form in OF_PAPERS if self.papers_name]


def exporting(user: User, key: str, query: str) -> Exporting | None:
    """What takes out the list of that address narrowed by ``query``; None for whoever may not."""
    listing = listings()[key]
    if user.is_authenticated and listing.may(user) and user.has_perm("registry.export_list"):
        return Exporting(listing, query)
    return None


def opened(request, key: str) -> Opened:
    """The list of that address, narrowed by it; Http404 for whoever has no such list.

    Its filters carry, for whoever may take it out, ``exporting``: the form that does.
    """
    listing, user = listings()[key], request.user
    if user.is_authenticated and not listing.may(user):
        raise Http404
    found = listing.opened(request.GET, user=user, today=timezone.localdate())
    found.filters.exporting = exporting(user, key, found.query)
    return found
