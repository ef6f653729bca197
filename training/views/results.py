"""Attendance and scores of a session: the grid, the spreadsheet to download, and its upload in two steps."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from registry.listing import SIZES, page_of
from registry.pages import carry_out, demand
from registry.refusals import Refused
from registry.rules import day_words
from registry.sheets import MAX_ROWS, XLSX
from training.actions import enter_results
from training.forms.results import ResultsForm
from training.forms.sheets import ConfirmSheetForm, SheetForm, days_of, filled_sheet, packed, read_upload, unpacked
from training.models import Assessment, Attendance, Session
from training.states import SessionState
from training.views.common import session_within_scope, stage_tag

MOST_FIELDS = 900  # of one form; Django takes 1,000
SAVED = "考勤和成绩已保存。"


def session_at_hand(request, reference: str) -> Session:
    """The session of that reference, for whoever runs it; Http404 for anybody else."""
    session = session_within_scope(request, reference)
    demand(request.user, "training.run", session)
    return session


def page_context(session: Session, **more) -> dict:
    """What the pages under a session share."""
    return {"session": session, "words": stage_tag(session, timezone.localdate())} | more


def _why_closed(session: Session, days: dict) -> str:
    """Why nothing can be entered yet, or any more; empty where it can."""
    if session.state == SessionState.DRAFT:
        return "这一期还没有发布，没有人报名。发布以后，自首日起登记考勤和成绩。"
    if session.state == SessionState.CANCELLED:
        return "这一期已取消，不登记考勤和成绩。"
    if not days:
        return f"培训自{day_words(session.first_day)}开始，当天起登记考勤和成绩。"
    return "" if session.enrolled else "这一期没有人取得名额，没有可以登记的人员。"


def _people(session: Session):
    return session.enrolments.seated().with_results().order_by("seat")


def _last_saved(session: Session):
    """The newest entry of the session, with who made it; None before the first."""
    newest = [
        model.unscoped.filter(enrolment__session=session).select_related("entered_by").order_by("-entered_at").first()
        for model in (Attendance, Assessment)
    ]
    return max(filter(None, newest), key=lambda row: row.entered_at, default=None)


def _grid(request, session: Session, days: dict) -> tuple[object, ResultsForm, str]:
    """The page of people, its form, and the day whose people were all ticked at once (not saved yet)."""
    page = page_of(request, _people(session), min(SIZES[0], MOST_FIELDS // (len(days) + 8)))
    people, typed, everybody = page.object_list, None, ""
    called = Attendance.unscoped.filter(enrolment__session=session, present=True).values_list("day__day", flat=True)
    facts = {"session": session, "days": days, "called": set(called.order_by()), "today": timezone.localdate()}
    if request.method != "POST":
        return page, ResultsForm(enrolments=people, **facts), ""
    keys = [int(pk) for pk in request.POST.getlist("row") if pk.isascii() and pk.isdigit() and len(pk) < 16]
    people = list(_people(session).filter(pk__in=keys[: page.size]))
    everybody = request.POST.get("all", "")
    if not everybody:
        return page, ResultsForm(request.POST, enrolments=people, **facts), ""
    typed = request.POST.copy()
    for person in people:
        typed.appendlist(f"there_{person.pk}", everybody)
    return page, ResultsForm(enrolments=people, typed=typed, **facts), everybody


def session_results(request, reference):
    """The grid: presence for each day up to today, sittings with their days; all of a page or nothing."""
    session = session_at_hand(request, reference)
    days = {day: key for day, key in days_of(session).items() if day <= timezone.localdate()}
    context = page_context(session, closed=_why_closed(session, days), url=request.get_full_path())
    if context["closed"]:
        return render(request, "training/results.html", context)
    page, form, everybody = _grid(request, session, days)
    if form.is_bound and form.is_valid():
        done = carry_out(
            request,
            form,
            lambda **who: enter_results(session, results=form.results(), seen=form.seen(), **who),
            lambda _: request.get_full_path(),
            done=SAVED,
        )
        if done is not None:
            return done
    context |= {"page": page, "form": form, "days": days, "last": _last_saved(session)}
    context["everybody"] = next((day for day in days if day.isoformat() == everybody), None)
    return render(request, "training/results.html", context)


@require_safe
def session_sheet(request, reference):
    """The spreadsheet of the session, begun with what stands on file."""
    session = session_at_hand(request, reference)
    people = list(_people(session)[:MAX_ROWS])
    response = HttpResponse(filled_sheet(session, people), content_type=XLSX)
    name = f"考勤成绩 {session.reference}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


def session_upload(request, reference):
    """Upload the spreadsheet: every fault told, then a preview, then all of it or nothing."""
    session = session_at_hand(request, reference)
    context = page_context(session, closed=_why_closed(session, days_of(session)))
    if not context["closed"] and request.method == "POST":
        if "changes" in request.POST:
            return _confirm(request, session, context)
        form = SheetForm(request.POST, request.FILES)
        if form.is_valid():
            return _preview(request, session, form, context)
        context["form"] = form
    return render(request, "training/upload.html", {"form": SheetForm()} | context)


def _preview(request, session: Session, form: SheetForm, context: dict):
    """What the upload would change, or all that is wrong with it."""
    data, name = form.cleaned_data["sheet"][::-1]
    try:
        upload = read_upload(data, name, session=session, people=list(_people(session)), today=timezone.localdate())
    except Refused as refusal:
        form.add_error("sheet", refusal.sentence)
        return render(request, "training/upload.html", context | {"form": form})
    if upload.faults or not upload.changed:
        return render(request, "training/upload.html", context | {"form": SheetForm(), "upload": upload})
    changes = packed(upload.changed, session=session, user=request.user)
    confirm = ConfirmSheetForm(initial={"changes": changes})
    return render(request, "training/upload_preview.html", context | {"confirm": confirm, "upload": upload})


def _confirm(request, session: Session, context: dict):
    """Write what the preview showed; where something moved meanwhile, nothing is written and the page says so."""
    form = ConfirmSheetForm(request.POST)

    def write(**who):
        results, seen = unpacked(form.cleaned_data["changes"], session=session, user=request.user)
        return enter_results(session, results=results, seen=seen, **who)

    if form.is_valid():
        done = carry_out(
            request, form, write, lambda _: reverse("session_results", args=[session.reference]), done=SAVED
        )
        if done is not None:
            return done
    context |= {"form": SheetForm(), "refused": [error for errors in form.errors.values() for error in errors]}
    return render(request, "training/upload.html", context)
