"""A list's page: the declared list as the address asks for it, with what exports it."""

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import timezone

from registry.listed import Listing, Opened, listings
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


def opened(request, key: str, query: str | None = None) -> Opened:
    """The list of that address, narrowed by it or by ``query``; Http404 for whoever has no such list.

    Its filters carry, for whoever may take it out, ``exporting``: the token of the form that does.
    """
    listing, user = listings()[key], request.user
    if user.is_authenticated and not listing.may(user):
        raise Http404
    data = request.GET if query is None else QueryDict(query)
    found = listing.opened(data, user=user, today=timezone.localdate())
    if user.is_authenticated and user.has_perm("registry.export_list"):
        found.filters.exporting = Exporting(listing, found.query)
    return found
