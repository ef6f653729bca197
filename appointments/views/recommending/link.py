"""The CQO's own statement, by a one-time link and without an account.

Whoever holds the link sees the one case it is for, and nothing else. To look at it does not use it up; when it was
opened first stands on the case file, and that it was used in the security log too.
"""

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from appointments import actions, casefile
from appointments.actions.answering import GONE, link_opened, usable
from appointments.casefile import office_of
from appointments.forms.recommending import PersonStatementForm
from appointments.models import StatementLink
from appointments.views.recommending.shown import clauses_of
from registry.actions.files import store_file_of_person
from registry.ratelimit import client_address, spend_each
from registry.refusals import Refused
from registry.securitylog import note
from registry.states import SecurityEvent
from registry.views.common import kept_nowhere, posted

# Per address: name, how often, in how many seconds.
LIMITS = (("statement.minute", 20, 60), ("statement.hour", 120, 3600))
PAGE = "supervision/statement_link.html"


def _sentence(request, sentence: str, status: int, title: str, note: str = ""):
    context = {"sentence": sentence, "title": title, "note": note}
    return render(request, "supervision/statement_link_over.html", context, status=status)


def _gone(request):
    return _sentence(request, GONE, 410, "链接不能使用", "已经提交过陈述意见的，不需要再提交。")


# With no-referrer a browser sends Origin: null, which Django's check refuses; the link itself is the secret here, and
# no cookie gives anybody a right, so there is nothing to forge.
@csrf_exempt  # nosemgrep: no-csrf-exemption
@login_not_required
@kept_nowhere("GET", "HEAD", "POST")
def statement_by_link(request, token):
    """Who asks, about what, until when; and the form. Used, expired, revoked and unknown links look alike."""
    at = timezone.now()
    who = client_address(request)
    if wait := spend_each(who, *LIMITS, at=at):
        response = _sentence(request, f"打开得太频繁，请在 {wait} 秒后再试。链接没有因此失效。", 429, "请稍候")
        response["Retry-After"] = str(wait)
        return response
    if "\x00" in token or (link := usable(token, at=at)) is None:
        return _gone(request)
    form = PersonStatementForm(**posted(request))
    if request.method == "GET":
        link_opened(link, at=at)
    elif request.method == "POST" and form.is_valid():
        try:
            _carry(token, link, form, at=at)
        except Refused as refusal:
            if refusal.sentence == GONE:
                return _gone(request)
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.sentence)
        else:
            note(SecurityEvent.LINK_USED, about=link.case.reference, request=request, kind="陈述意见")
            return redirect("statement_received")
    return render(request, PAGE, _facts(link) | {"form": form})


def _carry(token: str, link: StatementLink, form: PersonStatementForm, *, at) -> None:
    """File and statement, or neither."""
    with transaction.atomic():
        file = None
        if upload := form.cleaned_data["file"]:
            name, data = upload
            file = store_file_of_person(data, name, enterprise=link.case.enterprise, at=at)
        actions.state_by_link(token, words=form.cleaned_data["words"], file=file, at=at)


def _facts(link: StatementLink) -> dict:
    """What the person is told: who asks, about what, until when."""
    case = link.case
    return {
        "case": case,
        "office": office_of(case),
        "due": link.expires_on,
        "facts": casefile.facts_of(case, timezone.localdate(case.asked_at)),
        "clauses": clauses_of(case),
    }


@login_not_required
@kept_nowhere("GET", "HEAD")
def statement_received(request):
    """After a statement was sent: it came in. Says nothing of anybody, so that its address may stay in a history."""
    return _sentence(request, "陈述意见已收到。质监部门听取意见后，才决定是否提出建议。", 200, "陈述意见已收到")
