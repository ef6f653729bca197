"""How far background work is, to whoever started it and to the city."""

from functools import partial

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from registry.jobs import again
from registry.models import Job
from registry.pages import PortalForm, carry_out, demand, find


def _job_within_scope(request, reference: str) -> Job:
    return find(Job.unscoped.visible_to(request.user).select_related("created_by"), reference=reference)


@require_safe
def job(request, reference):
    """Progress, what was left out and why, and the way to the result. Asks again by itself until it is over."""
    row = _job_within_scope(request, reference)
    word, tone = row.state_words
    facts = {"job": row, "word": word, "tone": tone, "form": PortalForm()}
    facts["may_repeat"] = row.is_repeatable and request.user.has_perm("registry.repeat_job", row)
    return render(request, "registry/job.html", facts)


@require_POST
def job_again(request, reference):
    """Take up a job that stopped, or what it left out."""
    row = _job_within_scope(request, reference)
    demand(request.user, "registry.repeat_job", row)
    form = PortalForm(request.POST)
    if form.is_valid() and (
        response := carry_out(request, form, partial(again, row), lambda taken: taken.page, done="已重新排入后台办理。")
    ):
        return response
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return redirect(row.page)
