"""导出: a list as a file, and what one took out before."""

from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST, require_safe

from registry import filestore
from registry.actions.exports import KIND, start_export
from registry.listed import listings
from registry.listing import page_of
from registry.models import Export, Job
from registry.models.exports import KEPT_DAYS
from registry.pages import PortalForm, carry_out, demand, find
from registry.refusals import Refused
from registry.sheets import XLSX
from registry.sheets.flowing import CSV
from registry.states import ExportForm
from registry.tasks import make_export

TYPES = {
    ExportForm.XLSX: XLSX,
    ExportForm.CSV: CSV,
    ExportForm.ZIP: "application/zip",
    ExportForm.PDF: "application/pdf",
}
GONE = "这份文件已不在平台上，已记入系统日志。请重新导出。"


@require_safe
def export_list(request):
    """我的导出: the files one can still fetch, the newest first, and what is being made."""
    demand(request.user, "registry.export_list")
    jobs = Job.unscoped.filter(kind=KIND, created_by=request.user, finished_at=None)
    page = page_of(request, Export.unscoped.visible_to(request.user))
    days = settings.RETENTION_DAYS.get("exports", KEPT_DAYS)
    return render(request, "registry/export_list.html", {"page": page, "jobs": jobs, "days": days})


@require_POST
def export_new(request, key):
    """Take a list out as its page shows it now: a short one at once, a long one in the background."""
    listing = listings().get(key)
    if listing is None or not listing.may(request.user):
        raise Http404
    demand(request.user, "registry.export_list")
    form = PortalForm(request.POST)
    act = partial(
        start_export, listing, query=request.GET.urlencode(), form=request.POST.get("form", ""), task=make_export,
        request=request,
    )  # fmt: skip
    if form.is_valid() and (response := carry_out(request, form, act, _where)):
        return response
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    # nosemgrep: redirect-within (an address of ours, with the filters that it had)
    return redirect(f"{reverse(key)}?{request.GET.urlencode()}")


def _where(made: Export | Job) -> str:
    """The file itself, or how far it is."""
    return made.file_url if isinstance(made, Export) else made.page


@require_safe
def export_file(request, reference):
    """The file, to whoever made it."""
    export = find(Export.unscoped.visible_to(request.user), reference=reference)
    try:
        file = filestore.path_of(export.sha256).open("rb")
    except FileNotFoundError as error:
        raise Refused(GONE) from error
    response = FileResponse(file, content_type=TYPES[ExportForm(export.form)])
    name = f"{export.title} {localdate(export.created_at):%Y%m%d} {export.reference}.{export.form}"
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Content-Length"] = export.size
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
