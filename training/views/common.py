"""What training's pages do the same way: open a row within scope, carry an act out, say a stage in colour."""

from django.shortcuts import render

from registry.actions.files import store_file
from registry.models import Enterprise, StoredFile
from registry.pages import carry_out, find
from training.filters import Stage
from training.models import Session, TrainingBody

TONES = {
    Stage.OPEN: "green",
    Stage.UPCOMING: "blue",
    Stage.CLOSED: "blue",
    Stage.RUNNING: "blue",
    Stage.CANCELLED: "red",
}


def stage_tag(session: Session, today) -> tuple[str, str]:
    """The stage of a session in words, and its colour."""
    stage = Stage.of(session, today)
    return stage.label, TONES.get(stage, "")


def session_within_scope(request, reference: str) -> Session:
    """The session of that reference, with its counts; Http404 outside one's scope."""
    rows = Session.unscoped.visible_to(request.user).select_related("body", "open_county", "edition")
    return find(rows.with_counts(), reference=reference)


def body_within_scope(request, reference: str) -> TrainingBody:
    """The training body of that reference; who trains is public."""
    return find(TrainingBody.unscoped.visible_to(request.user).select_related("county"), reference=reference)


def act_page(request, form, act, *, to, done="", row=None, template="training/act.html", **context):
    """Show the page of an act, or carry it out and go on.

    ``act(by=, at=)`` does it, ``to(result)`` names the next page, ``row`` is what a stale form is held against. What
    the template is told stands on top of it.
    """
    if request.method == "POST" and form.is_valid():
        response = carry_out(request, form, act, to, row=row, done=done)
        if response is not None:
            return response
    return render(request, template, {"form": form} | context)


def stored_evidence(form, enterprise: Enterprise, *, by, at) -> StoredFile | None:
    """The upload of a form's ``evidence``, put on file for an enterprise; None without one.

    Called within the act's transaction, so that a refusal leaves no file behind. Raises Refused.
    """
    if not (upload := form.cleaned_data["evidence"]):
        return None
    name, data = upload
    return store_file(data, name, enterprise=enterprise, by=by, at=at)
