"""Papers: the bytes as issued, the preview before the act, and the scan of what the enterprise sealed."""

from functools import partial

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.actions import attach_sealed_scan, preview_paper
from appointments.forms import ScanForm
from appointments.models import Appointment, Paper
from appointments.states import PaperKind
from appointments.views.shown import closed, open_appointment, url_of
from registry.actions.files import store_file
from registry.pages import carry_out, find
from registry.views.papers import bytes_of, pdf_response

# Who may see a paper before it is issued: whoever is about to issue it.
PREVIEWED_BY = {PaperKind.LETTER: "submit", PaperKind.AUTHORISATION: "submit", PaperKind.RECEIPT: "file"}


def _issued(request, reference: str, kind: str) -> Paper:
    """The paper asked for, by ``?version=``, else the one in hand; Http404 outside one's scope."""
    papers = Paper.unscoped.visible_to(request.user).select_related("appointment__enterprise__county")
    version = request.GET.get("version", "")
    wanted = {"version": int(version)} if version.isascii() and version.isdigit() and len(version) < 6 else {}
    return find(papers.order_by("-version"), appointment__reference=reference, kind=kind, **wanted)


@require_safe
def paper(request, reference, kind):
    """A paper as it was issued: shown in the browser, or downloaded with ``?download=1``."""
    issued = _issued(request, reference, kind)
    name = f"{issued.get_kind_display()} {issued.number}{f' 第{issued.version}版' if issued.version > 1 else ''}.pdf"
    return pdf_response(bytes_of(issued), name, download="download" in request.GET)


@require_safe
def preview(request, reference, kind):
    """A paper as it would be, with the watermark 预览; for whoever is about to issue it."""
    appointment = open_appointment(request, reference)
    if kind not in PREVIEWED_BY:
        raise Http404
    if shut := closed(request, appointment, PREVIEWED_BY[kind]):
        return shut
    data = preview_paper(appointment, kind, at=timezone.now())
    return pdf_response(data, f"预览 {PaperKind(kind).label}.pdf")


def _attach(paper: Paper, form: ScanForm, *, by, at) -> Appointment:
    name, data = form.cleaned_data["file"]
    stored = store_file(data, name, enterprise=paper.appointment.enterprise, by=by, at=at)
    return attach_sealed_scan(paper, file=stored, by=by, at=at).appointment


def seal(request, reference, kind):
    """Upload the scan of a paper after the enterprise sealed it."""
    appointment = open_appointment(request, reference)
    issued = _issued(request, reference, kind)
    if shut := closed(request, appointment, "seal"):
        return shut
    form = ScanForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        done = carry_out(request, form, partial(_attach, issued, form), url_of, done="盖章件已上传。")
        if done:
            return done
    context = {"appointment": appointment, "paper": issued, "form": form}
    return render(request, "appointments/seal.html", context)
