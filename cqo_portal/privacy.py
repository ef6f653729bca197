"""Personal data as the bureaus handle it: the notice, the full number, links to the person, and what people ask for."""

from functools import partial

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cqo_portal.retention import RULES
from registry.actions import privacy as acts
from registry.actions.common import remember_form
from registry.fields import PickField, TextField
from registry.forms import GroupedForm
from registry.models import DataRequest, PersonLink, Reveal
from registry.pages import PortalForm, demand, find, first_result
from registry.refusals import Refused
from registry.states import PRIVACY_NOTICE, RequestKind, RequestState
from registry.views.common import form_page, posted
from registry.views.lists import opened
from registry.views.people import address_of, person_within_scope, trail_to

REQUESTS = "个人信息请求"
TEMPLATE = "privacy/request_detail.html"
WAYS = [("sms", "短信发到登记的手机号码"), ("paper", "打印后当面交给本人")]


@login_not_required
@require_safe
def notice(request):
    """个人信息处理告知: who handles what, why, how long, and what a person may ask for (个人信息保护法 17)."""
    periods = [(rule.what, rule.period.days, rule.reason) for rule in RULES if rule.period]
    facts = {"edition": PRIVACY_NOTICE, "periods": periods, "contact": settings.PRIVACY_CONTACT}
    return render(request, "privacy/notice.html", facts)


# --- The full ID number ----------------------------------------------------------------------------------------------


class RevealForm(GroupedForm):
    """Why the full number is needed."""

    reason = TextField(
        label="查看的理由", max_length=200, rows=2, help_text="例如 与公安机关核对同名人员。理由会长期保存。"
    )

    groups = (("为什么要看完整号码？", "", ("reason",)),)


@never_cache
def reveal(request, reference):
    """A person's full ID number, shown once in the answer to the form and on no page that can be opened again."""
    person, user = person_within_scope(request, reference), request.user
    demand(user, "registry.reveal_number", person)
    form = RevealForm(**posted(request))
    number = response = None
    if request.method == "POST" and form.is_valid():
        number, response = _revealed(request, person, form)
    if response:
        return response
    context = {"person": person, "form": form, "number": number, "trail": trail_to(person)}
    context |= {"used": acts.revealed_on(user, timezone.localdate()), "limit": settings.REVEALS_PER_DAY}
    context["earlier"] = Reveal.unscoped.visible_to(user).filter(candidate=person).select_related("by")[:20]
    return render(request, "privacy/reveal.html", context)


def _revealed(request, person, form: RevealForm):
    """The number, or the answer to a form that was sent before; neither where it was refused."""
    if response := first_result(request, form):
        return None, response
    now, reason = timezone.now(), form.cleaned_data["reason"]
    try:
        with transaction.atomic():
            remember_form(form.cleaned_data["token"], request.user, address_of(person), at=now)
            return acts.reveal_number(person, reason=reason, by=request.user, at=now, request=request), None
    except IntegrityError:  # the same form, sent twice at once
        return None, first_result(request, form)
    except Refused as refusal:
        form.refuse(refusal)
        return None, None


# --- Links -----------------------------------------------------------------------------------------------------------


class LinkForm(GroupedForm):
    """How the person gets the link."""

    way = PickField(
        label="怎样交给本人？",
        radios=True,
        choices=[("sms", "短信发到登记的手机号码"), ("paper", "打印后当面交给本人")],
    )

    groups = (("链接怎样送达？", "", ("way",)),)


@never_cache
def link_new(request, reference):
    """Issue a person's link. On paper its page shows it, once; by SMS nobody of the office sees it."""
    person = person_within_scope(request, reference)
    demand(request.user, "registry.issue_person_link", person)
    form = LinkForm(**posted(request))
    if not request.user.has_perm("registry.answer_data_request"):
        form.fields["way"].choices = form.fields["way"].choices[:1]
    context = {"person": person, "form": form, "trail": trail_to(person), "phone": acts.phone_of(person)}
    if request.method == "POST" and form.is_valid():
        by_sms = form.cleaned_data["way"] == "sms"
        try:
            link, token = acts.issue_person_link(
                person, by_sms=by_sms, by=request.user, at=timezone.now(), request=request
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            context |= {"link": link, "address": "" if by_sms else acts.link_address(token)}
            return render(request, "privacy/link_issued.html", context)
    context["links"] = (
        PersonLink.unscoped.visible_to(request.user).filter(candidate=person).select_related("created_by")
    )
    return render(request, "privacy/link_new.html", context)


@require_POST
def link_revoke(request, reference):
    """Make all links of a person useless."""
    person = person_within_scope(request, reference)
    demand(request.user, "registry.issue_person_link", person)
    acts.revoke_person_links(person, by=request.user, at=timezone.now(), request=request)
    return redirect("person_link_new", reference=reference)


# --- What people ask for ---------------------------------------------------------------------------------------------


class AnswerForm(GroupedForm):
    """The bureau's decision on a request."""

    granted = PickField(label="决定", radios=True, choices=[("yes", "同意"), ("no", "不予办理")])
    answer = TextField(label="理由", max_length=500, rows=3, help_text="本人会看到。")

    groups = (("怎样答复？", "", ("granted", "answer")),)

    def decision(self) -> dict:
        """Keywords of ``answer_data_request``."""
        return {"granted": self.cleaned_data["granted"] == "yes", "answer": self.cleaned_data["answer"]}


@require_safe
def request_list(request):
    """All requests: the open ones first, then the newest."""
    found = opened(request, "data_request_list")
    return render(request, "privacy/request_list.html", {"page": found.page(request), "filters": found.filters})


def request_detail(request, reference):
    """One request: what is asked, the answer, what became of it, and the form of the next step, where there is one."""
    rows = DataRequest.unscoped.visible_to(request.user).select_related("candidate", "answered_by")
    row = find(rows, reference=reference)
    form, act, submit = _next_act(request, row)
    facts = {"row": row, "title": reference, "trail": [(REQUESTS, reverse("data_request_list"))], "asked": row}
    if form is None:
        return render(request, TEMPLATE, facts)
    here = reverse("data_request_detail", args=[reference])
    return form_page(request, form, act, to=lambda _: here, submit=submit, done="已记录。", template=TEMPLATE, **facts)


def _next_act(request, row: DataRequest):
    """The form, the act and the button of what comes next; three times None where nothing does, or not from here."""
    if not request.user.has_perm("registry.answer_data_request"):
        return None, None, None
    if row.state == RequestState.ASKED:
        form = AnswerForm(**posted(request))
        return form, lambda **who: acts.answer_data_request(row, **form.decision(), **who), "答复"
    if (row.state, row.kind) == (RequestState.GRANTED, RequestKind.CORRECTION):
        return PortalForm(**posted(request)), partial(acts.close_correction, row), "资料已更正，办结"
    return None, None, None
