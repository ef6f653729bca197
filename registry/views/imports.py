"""Spreadsheets in: which there are, the template and the upload, the preview, the confirmation, the report."""

import tempfile
from functools import partial

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from registry.actions.imports import begin_import, confirm_import, drop_import
from registry.fields import plain_line
from registry.importing import KINDS, Kind, kinds_for
from registry.importing.report import summary, write_outcomes
from registry.listing import page_of
from registry.models import ImportRun
from registry.pages import PortalForm, carry_out, demand, find
from registry.sheets import MEGABYTE, XLSX, write_template
from registry.states import ImportState, Role, Verdict
from registry.views.common import posted

# The parts of a preview, in the order in which a clerk needs them, each with its tone.
PARTS = ((Verdict.FAULTY, "red"), (Verdict.NEW, "green"), (Verdict.CHANGED, "amber"), (Verdict.UNCHANGED, ""))


class UploadForm(PortalForm):
    """The filled-in template; cleans to (name, bytes)."""

    sheet = forms.FileField(
        label="填好的表格",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": "请选择填好的表格。",
            "empty": "文件是空的，请重新选择。",
            "max_length": "文件名太长，请改短后再上传。",
            "invalid": "没有收到文件，请重新选择。",
        },
    )

    def __init__(self, *args, kind: Kind, **options):
        super().__init__(*args, **options)
        self.limits = kind.limits
        size, rows = kind.limits.upload // MEGABYTE, kind.limits.rows
        self.fields["sheet"].help_text = f"XLSX 或 CSV，最大 {size} MB，最多 {rows} 行。"

    def clean_sheet(self):
        """Read no more than the limit of a sheet; what it holds is judged in the background."""
        upload = self.cleaned_data["sheet"]
        return plain_line(upload.name), upload.read(self.limits.upload + 1)


class ConfirmForm(PortalForm):
    """That the preview was seen; where rows are faulty, that they are left out."""

    without = forms.BooleanField(
        error_messages={"required": "表中有误的行不会写入，请先勾选确认，或者更正后重新上传。"}
    )

    def __init__(self, *args, run: ImportRun, **options):
        super().__init__(*args, version=run.version, **options)
        if run.faulty:
            self.fields["without"].label = f"有误的 {run.faulty} 行不写入，其余 {run.to_write} 行写入"
        else:
            del self.fields["without"]


def _kind_at_hand(request, slug: str) -> Kind:
    kind = KINDS.get(slug)
    if kind is None or not kind.may(request.user):
        raise Http404
    return kind


def _run_at_hand(request, reference: str) -> ImportRun:
    rows = ImportRun.unscoped.visible_to(request.user).select_related("created_by", "confirmed_by", "job")
    return find(rows, reference=reference)


@require_safe
def import_list(request):
    """What may be brought, and what one's office brought, newest first; the administrator sees what others brought."""
    kinds = kinds_for(request.user)
    if not kinds and request.user.role != Role.ADMINISTRATOR:
        raise Http404
    runs = ImportRun.unscoped.visible_to(request.user).select_related("created_by")
    page = page_of(request, runs)
    for run in page:
        run.what = KINDS[run.kind]
    return render(request, "imports/list.html", {"page": page, "kinds": kinds})


def import_new(request, kind):
    """The steps, the template, and the upload."""
    what = _kind_at_hand(request, kind)
    form = UploadForm(kind=what, **posted(request))
    if form.is_bound and form.is_valid():
        name, data = form.cleaned_data["sheet"]
        act, to = partial(begin_import, kind, data, name), lambda run: run.page
        if done := carry_out(request, form, act, to):
            return done
    columns = what.columns(request.user)
    return render(request, "imports/new.html", {"form": form, "kind": what, "columns": columns})


@require_safe
def import_template(request, kind):
    """The spreadsheet to fill in, with lists to choose from and a sheet that explains each column."""
    what = _kind_at_hand(request, kind)
    response = HttpResponse(write_template(what.template(request.user)), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{what.title}导入模板.xlsx")
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def import_detail(request, reference):
    """Where an upload stands, and the one next step; asks again by itself while the worker is at it."""
    return _shown(request, _run_at_hand(request, reference))


def _shown(request, run: ImportRun, form: ConfirmForm | None = None):
    """The page of an import in whatever state; ``form`` is the confirmation that was refused."""
    counts = {verdict: getattr(run, verdict.value) for verdict, _ in PARTS}
    asked = request.GET.get("show", "")
    show = asked if asked in Verdict.values else next((v for v, _ in PARTS if counts[v]), Verdict.NEW)
    page = page_of(request, run.rows.filter(verdict=show).order_by("number"))
    columns = KINDS[run.kind].columns(run.created_by)
    for row in page:
        row.summary = summary(row, columns)
    own = request.user.has_perm("registry.confirm_import", run)
    context = {
        "run": run, "kind": KINDS[run.kind], "page": page, "show": show, "own": own,
        "parts": [(verdict.value, verdict.label, counts[verdict], tone) for verdict, tone in PARTS],
        "form": form or ConfirmForm(run=run), "token": PortalForm(), "earlier": _earlier(request, run),
        "working": run.state in (ImportState.READING, ImportState.WRITING),
        "left_out": run.job.left_out[0][1] if run.job and run.job.left_out else "",
    }  # fmt: skip
    return render(request, "imports/detail.html", context)


def _earlier(request, run: ImportRun) -> ImportRun | None:
    """When the very same file was written before, and by whom."""
    rows = ImportRun.unscoped.visible_to(request.user).select_related("created_by")
    same = rows.filter(digest=run.digest, kind=run.kind, state=ImportState.DONE)
    return same.exclude(pk=run.pk).filter(created_at__lte=run.created_at).first()


@require_POST
def import_confirm(request, reference):
    """Have the preview written, in the background and at once."""
    run = _run_at_hand(request, reference)
    demand(request.user, "registry.confirm_import", run)
    form = ConfirmForm(request.POST, run=run)
    if form.is_valid():
        act = partial(confirm_import, run, version=form.cleaned_data["version"])
        if done := carry_out(request, form, act, lambda written: written.page):
            return done
    if "without" in form.errors:
        return _shown(request, run, form)
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return redirect(run.page)


@require_POST
def import_drop(request, reference):
    """Give an upload up."""
    run = _run_at_hand(request, reference)
    demand(request.user, "registry.confirm_import", run)
    form = PortalForm(request.POST)
    act, to = partial(drop_import, run), lambda _: reverse("import_list")
    if form.is_valid() and (done := carry_out(request, form, act, to, done="已放弃，没有写入。")):
        return done
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return redirect(run.page)


@require_safe
def import_report(request, reference):
    """Each row with what became of it, as a spreadsheet; the security log notes it as every export."""
    run = _run_at_hand(request, reference)
    if run.state not in (ImportState.READY, ImportState.DONE, ImportState.DROPPED) or not run.rows.exists():
        raise Http404
    target = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    write_outcomes(run, target)
    target.seek(0)
    response = FileResponse(target, as_attachment=True, filename=f"导入结果 {run.reference}.xlsx", content_type=XLSX)
    response["Cache-Control"] = "private, no-store"
    return response
