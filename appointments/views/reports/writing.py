"""Writing a duty report: the enterprise's form, kept as one types; the page before it is handed in; 代录.

Everything may be left for later; what a report cannot do without is told on the page before it is handed in.
"""

from dataclasses import replace
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from appointments import actions
from appointments.actions.reports import content_of
from appointments.forms.reports import CounterReportForm, ReportForm, SubmitReportForm
from appointments.models import DutyReport, ReportAttachment, ReportDuty
from appointments.rules import SECTIONS, missing_sections
from appointments.rules.reports import days_late
from appointments.states import ReportActKind, ReportState
from appointments.views.reports.following import NOT_NOW, may_transcribe
from appointments.views.reports.shown import (
    is_written,
    may_begin,
    of_duty,
    open_duty,
    page_url,
    report_of,
    said_in,
    told,
    trail_of,
)
from registry.actions.files import store_file
from registry.measures import Place
from registry.models import Clause
from registry.pages import carry_out, demand
from registry.refusals import Refused
from registry.views.common import posted

UNOPENED = "请先打开通知。打开即为收到，然后可以填写报告。"
# The items of Art. 5 as the form asks them; the unnumbered paragraph of (四) stands apart, as in the text.
ITEMS = ("5.(1)", "5.(2)", "5.(3)", "5.(4)", "5.(4).2", "5.(5)")


def _to_write(request, reference: str, appointment: str) -> ReportDuty:
    """The duty of the person's own enterprise; Http404 for anybody else."""
    duty = open_duty(request, reference, appointment)
    demand(request.user, "appointments.prepare_report", duty.appointment)
    return duty


def _shut(request, duty: ReportDuty):
    """Back to the duty with the reason when its report cannot be written now; None when it can.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    if request.method == "POST":
        return None
    if is_written(duty) and duty.served_on is None and duty.received_on is None:
        messages.info(request, UNOPENED)
    elif may_begin(duty, timezone.localdate()):
        return None
    else:
        messages.warning(request, NOT_NOW)
    return redirect(page_url(duty))


# --- The form --------------------------------------------------------------------------------------------------------


def _saved(duty: ReportDuty, form: ReportForm, *, by, at) -> DutyReport:
    """Begin the report where nobody has, and keep what is valid. Raises Refused, Stale."""
    report = actions.start_report(duty, by=by, at=at)
    if form.report is None and report.version == 1:
        form.report = report
    return actions.save_report(report, version=form.seen_version(), by=by, at=at, **form.kept())


def _save(duty: ReportDuty, form: ReportForm, data: QueryDict, *, by, at) -> DutyReport:
    """Save, put the file chosen with the report, and take off the one named."""
    report = _saved(duty, form, by=by, at=at)
    if upload := form.cleaned_data.get("file"):
        name, content = upload
        stored = store_file(content, name, enterprise=duty.enterprise, by=by, at=at)
        actions.attach(report, file=stored, by=by, at=at)
    dropped = data.get("drop", "")
    if dropped.isascii() and dropped.isdigit() and len(dropped) < 12:
        for attachment in ReportAttachment.unscoped.visible_to(by).filter(report=report, pk=dropped):
            actions.detach(attachment, by=by, at=at)
    return report


def _after(duty: ReportDuty, data: QueryDict, blanks: int) -> str:
    """Where each button of the form leads."""
    here = page_url(duty, "report_edit")
    if "drop" in data or data.get("go") == "file":
        return f"{here}#div_id_file"
    if data.get("go") == "row":
        return f"{here}?blanks={blanks + 1}#div_id_vetoes"
    return {"later": page_url(duty)}.get(data.get("go"), page_url(duty, "report_check"))


def _blanks(request) -> int:
    """How many empty rows the log of vetoes offers: one, or as many as were asked for."""
    asked = request.GET.get("blanks", "")
    return min(int(asked), 10) if asked.isascii() and asked.isdigit() and len(asked) < 3 and int(asked) else 1


def report_edit(request, reference, appointment):
    """The report, section by section: save and check, save and stay, or save as it is."""
    duty = _to_write(request, reference, appointment)
    if shut := _shut(request, duty):
        return shut
    report, blanks = report_of(duty), _blanks(request)
    more = request.POST.get("go") == "row"
    form = ReportForm(duty=duty, report=report, blanks=blanks + more, **posted(request))
    if request.method == "POST" and form.is_valid():
        save = partial(_save, duty, form, request.POST)
        done = carry_out(request, form, save, lambda _: _after(duty, request.POST, blanks), row=duty)
        if done:
            return done
    context = _beside(duty) | {
        "form": form,
        "sections": sections_of(form, duty),
        "attachments": report.attachments.select_related("file") if report else [],
    }
    return render(request, "supervision/report_edit.html", context)


def sections_of(form, duty: ReportDuty) -> list[tuple[str, str, str, list]]:
    """The form by the items of Art. 5: clause, what it is called, its words, the fields that ask about it."""
    law = duty.cycle.edition.clauses_of(*ITEMS)
    return [(item, _called(item, law), law[item].text if item in law else "", form.asked(item)) for item in ITEMS]


def _called(item: str, law: dict[str, Clause]) -> str:
    """The clause in words: one that goes on in an unnumbered paragraph is told as two."""
    if item not in law:
        return "其他职责"
    place = Place.parse(law[item].path)
    if place.tail:
        return f"{replace(place, tail=None).label}未编号的一段"
    goes_on = any(Place.parse(clause.path).before == place and Place.parse(clause.path).tail for clause in law.values())
    return f"{place.label}第一段" if goes_on else place.label


def _beside(duty: ReportDuty) -> dict:
    """What stands on every page of writing: whose report, whether it would be late, what was asked to be added."""
    today, report = timezone.localdate(), report_of(duty)
    returned = report is not None and report.state == ReportState.RETURNED
    acts = report.acts.filter(kind=ReportActKind.RETURNED).select_related("by__county") if returned else None
    return {
        "duty": duty,
        "report": report,
        "late": days_late(today, duty.due_on) if duty.received_on is None else 0,
        "returned": acts.first() if returned else None,
        "today": today,
    }


@require_POST
def report_autosave(request, reference, appointment):
    """Keeps what is valid while one types. Without a token: one page saves many times, and a repeat is harmless."""
    duty = _to_write(request, reference, appointment)
    form = ReportForm(duty=duty, report=report_of(duty), data=request.POST)
    form.is_valid()
    report, fault = None, ""
    try:
        if "version" not in form.cleaned_data:
            raise Refused("页面不完整，请重新打开。")
        with transaction.atomic():
            report = _saved(duty, form, by=request.user, at=timezone.now())
    except Refused as refusal:
        fault = refusal.sentence
    pending = [form.fields[name].label for name in form.errors if name in form.fields]
    context = {"report": report, "fault": fault, "pending": pending}
    return render(request, "supervision/_report_saved.html", context)


# --- Handing in ------------------------------------------------------------------------------------------------------


def report_check(request, reference, appointment):
    """Everything once more, what is missing with its place, whether it is late, and what submitting means."""
    duty = _to_write(request, reference, appointment)
    report = report_of(duty)
    if report is None:
        return redirect(page_url(duty, "report_edit"))
    if shut := _shut(request, duty):
        return shut
    form = SubmitReportForm(name=duty.appointment.candidate.name, version=report.version, **posted(request))
    if request.method == "POST" and form.is_valid():
        submit = partial(actions.submit_report, report, version=form.cleaned_data["version"])
        words = "履职报告已提交。收讫回执已生成，可以下载。" if duty.received_on is None else "已重新提交。"
        done = carry_out(request, form, submit, lambda _: page_url(duty), row=report, done=words)
        if done:
            return done
    lacking = missing_sections(vars(report), vetoes=report.vetoes.count())
    edit = page_url(duty, "report_edit")
    context = _beside(duty) | {
        "form": form,
        "said": said_in(content_of(report), duty, request.user),
        "lacking": [(sentence, f"{edit}#div_id_{name}") for name, sentence in lacking.items()],
        "edit": edit,
    }
    return render(request, "supervision/report_check.html", context)


# --- Counter entry ---------------------------------------------------------------------------------------------------


def report_counter(request, reference, appointment):
    """代录: the day of receipt and the scan, what is copied out; then confirm what is recorded; then record it."""
    duty = open_duty(request, reference, appointment)
    demand(request.user, "appointments.transcribe_report", duty.appointment)
    if request.method != "POST" and not may_transcribe(duty, request.user):
        messages.warning(request, NOT_NOW)
        return redirect(page_url(duty))
    form = CounterReportForm(duty=duty, user=request.user, **posted(request))
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        if "confirmed" not in request.POST:
            return _confirm(request, form, duty)
        done = carry_out(
            request, form, partial(_transcribe, duty, form), lambda _: page_url(duty), done="已代录，收讫回执已生成。"
        )
        if done:
            return done
    context = {
        "form": form, "duty": duty, "sections": sections_of(form, duty), "caption": of_duty(duty),
        "trail": trail_of(duty, request.user), "drafted": report_of(duty) is not None,
    }  # fmt: skip
    return render(request, "supervision/report_counter.html", context)


def _transcribe(duty: ReportDuty, form: CounterReportForm, *, by, at) -> DutyReport:
    """With the scan kept by the page before, or the one that came with this very form."""
    said = form.cleaned_data
    stored = said["stored"]
    if said["scan"]:
        name, data = said["scan"]
        stored = store_file(data, name, enterprise=duty.enterprise, by=by, at=at)
    return actions.transcribe_report(
        duty, received_on=said["received_on"], transcript=stored, **form.copied(), by=by, at=at
    )


def _confirm(request, form: CounterReportForm, duty: ReportDuty):
    """The page before it is recorded. The scan is kept now, since a browser does not send a file twice."""
    stored = form.cleaned_data["stored"]
    if scan := form.cleaned_data["scan"]:
        stored = store_file(scan[1], scan[0], enterprise=duty.enterprise, by=request.user, at=timezone.now())
    copied = form.copied()
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    hidden = [pair for pair in sent if pair[0] not in ("stored", "csrfmiddlewaretoken", "confirmed", "change")]
    received_on = form.cleaned_data["received_on"]
    context = {
        "form": form, "duty": duty, "stored": stored, "hidden": [*hidden, ("stored", stored.reference)],
        "received_on": received_on, "late": days_late(received_on, duty.due_on), "caption": of_duty(duty),
        "filled": [(section.title, copied[section.field]) for section in SECTIONS if copied[section.field]],
        "used_veto": copied["used_veto"], "vetoes": copied["vetoes"], "trail": trail_of(duty, request.user),
        "told": [told(duty.enterprise.name), f"消息发给：{duty.enterprise.county.bureau}（站内）。"],
    }  # fmt: skip
    return render(request, "supervision/report_counter_confirm.html", context)
