"""A person's own data, without an account: opened by a one-time link, then by the one browser that opened it."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from cqo_portal.timeline import PersonFile, timeline
from registry.actions import privacy as acts
from registry.fields import PickField, TextField
from registry.models import Candidate, Education, Employment, ProfessionalQualification, QualityExperience
from registry.ratelimit import client_address, spend_each
from registry.refusals import Refused
from registry.states import RequestKind, Role
from registry.views.common import kept_nowhere, posted

COOKIE = "my-data"
LIMITS = (("mydata.minute", 20, 60), ("mydata.hour", 120, 3600))
NOT_OPEN = "请打开质监部门发给您的链接。链接用过以后，只能由打开它的那一个浏览器继续查看；已经关闭的，请重新索取。"


@dataclass(frozen=True)
class Themselves:
    """Whom the line of days is told to: it reads of this one person what the city reads, and nobody else's."""

    role: str = Role.MUNICIPAL
    is_authenticated: bool = True
    is_active: bool = True


class RequestForm(forms.Form):
    """What a person asks about their own data."""

    kind = PickField(label="请求", radios=True, choices=RequestKind.choices)
    words = TextField(label="要更正或者删除什么？", max_length=1000, rows=4, help_text="不要填写完整的证件号码。")


def _sentence(request, sentence: str, status: int, title: str):
    return render(request, "privacy/link_over.html", {"sentence": sentence, "title": title}, status=status)


# With no-referrer a browser sends Origin: null, which Django's check refuses; the link itself is the secret here, and
# no cookie gives anybody a right, so there is nothing to forge.
@csrf_exempt  # nosemgrep: no-csrf-exemption
@login_not_required
@kept_nowhere("GET", "HEAD", "POST")
def person_by_link(request, token):
    """Asks before it opens, so that a mail scanner or a preview does not use the link up."""
    at, who = timezone.now(), client_address(request)
    if wait := spend_each(who, *LIMITS, at=at):
        response = _sentence(request, f"打开得太频繁，请在 {wait} 秒后再试。链接没有因此失效。", 429, "请稍候")
        response["Retry-After"] = str(wait)
        return response
    if "\x00" in token or acts.usable_link(token, at=at) is None:
        return _sentence(request, acts.GONE, 410, "链接不能使用")
    if request.method != "POST":
        return render(request, "privacy/link_open.html", {})
    try:
        browser = acts.open_person_link(token, at=at, request=request)
    except Refused:
        return _sentence(request, acts.GONE, 410, "链接不能使用")
    response = redirect("person_data")
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(COOKIE, browser, path=reverse("person_data"), secure=secure, httponly=True, samesite="Strict")
    return response


@login_not_required
@kept_nowhere("GET", "HEAD", "POST", referrer="same-origin")
def person_data(request):
    """All that is on file about the person behind this browser, over all enterprises, and their requests."""
    at = timezone.now()
    person = acts.person_behind(request.COOKIES.get(COOKIE, ""), at=at)
    if person is None:
        return _sentence(request, NOT_OPEN, 410, "没有可以查看的资料")
    form = RequestForm(**posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            acts.ask_about_data(person, at=at, request=request, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field, refusal.sentence)
        else:
            return redirect("person_data")
    return render(request, "privacy/my_data.html", {"form": form, **_facts(person)})


def _facts(person: Candidate) -> dict:
    """What is on file, by whom it was put there, who looked at the number, what was asked and answered."""
    own = {
        model: model.unscoped.filter(candidate=person).select_related("enterprise")
        for model in (Employment, Education, ProfessionalQualification, QualityExperience)
    }
    return {
        "person": person,
        "work": own[Employment],
        "educations": own[Education],
        "qualifications": own[ProfessionalQualification],
        "experiences": own[QualityExperience],
        "moments": timeline(PersonFile(person, Themselves())),
        "told": person.acknowledgements.select_related("enterprise"),
        "reveals": person.reveals.all(),
        "asked": person.data_requests.all(),
    }
