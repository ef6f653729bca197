"""One box for everything: what holds the words, grouped by kind, within one's scope like every list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.filters import AppointmentFilter
from appointments.filters.findings import FindingFilter
from appointments.filters.recommending import CaseFilter
from appointments.models import Appointment, DismissalRecommendation, Finding, Paper
from appointments.states import State
from registry.fields import LineField
from registry.filters import CandidateFilter, EnterpriseFilter, ListFilter
from registry.models import Candidate, Enterprise
from registry.rules import normalise_code
from registry.templatetags.portal import cn_range
from registry.verification import canonical
from training.filters import CertificateFilter, ProjectFilter, SessionFilter
from training.models import Certificate, ImprovementProject, Session
from training.states import ProjectState

SHOWN = 5  # of a kind; the rest stands in its list


@dataclass(frozen=True)
class Hit:
    """One thing found: what it is called, what tells it from others, and where it stands."""

    title: str
    sub: str
    url: str


@dataclass(frozen=True)
class Kind:
    """One kind of thing: who looks for it, where its rows and its list's own search are, and how one reads."""

    words: str
    listed: str
    model: type
    parties: tuple[str, ...]
    narrow: type[ListFilter]
    hit: Callable
    perm: str = ""
    shown: Callable = lambda rows: rows  # of those, what a list shows without being asked

    def found(self, user, words: str, today) -> QuerySet:
        """The rows that the list of this kind would find."""
        rows = self.model.unscoped.visible_to(user).select_related(*self.parties)
        return self.shown(self.narrow({}, user=user, today=today).by_q(rows, words))

    def address(self, words: str) -> str:
        """The list of this kind with the same words."""
        return f"{reverse(self.listed)}?{urlencode({'q': words})}"


@dataclass(frozen=True)
class Found:
    """The hits of one kind, and where there are more of them."""

    words: str
    hits: list[Hit]
    more: str


def _of_appointment(row: Appointment) -> Hit:
    sub = f"{row.county.name}，{State(row.state).label}{'，' + cn_range(row.term) if row.term else ''}，{row.reference}"
    title = f"{row.enterprise.name}：{row.candidate.name}"
    return Hit(title, sub, reverse("appointment_detail", args=[row.reference]))


def _of_party(row, what: str, name: str) -> Hit:
    parties = f"{row.appointment.enterprise.name}：{row.appointment.candidate.name}"
    return Hit(parties, f"{what}，{row.reference}", reverse(name, args=[row.reference]))


KINDS = (
    Kind(
        "企业", "enterprise_list", Enterprise, ("county",), EnterpriseFilter,
        lambda row: Hit(
            row.name, f"{row.county.name}，{row.credit_code}", reverse("enterprise_detail", args=[row.reference])
        ),
    ),
    Kind(
        "人员", "candidate_list", Candidate, (), CandidateFilter,
        lambda row: Hit(
            row.name, f"{row.id_masked}，{row.reference}", reverse("candidate_detail", args=[row.reference])
        ),
    ),
    Kind(
        "任命", "appointment_list", Appointment, ("enterprise", "candidate", "county"), AppointmentFilter,
        _of_appointment,
    ),
    Kind(
        "培训证书", "certificate_list", Certificate, ("candidate", "body"), CertificateFilter,
        lambda row: Hit(
            f"{row.candidate.name}：{row.number}", row.body.name, reverse("certificate_detail", args=[row.code])
        ),
        shown=lambda rows: rows.current(),
    ),
    Kind(
        "培训班", "session_list", Session, ("body",), SessionFilter,
        lambda row: Hit(
            row.title, f"{row.body.name}，{row.reference}", reverse("session_detail", args=[row.reference])
        ),
    ),
    Kind(
        "质量课题", "project_list", ImprovementProject, ("enterprise", "candidate"), ProjectFilter,
        lambda row: Hit(
            row.title, f"{row.enterprise.name}：{row.candidate.name}，{ProjectState(row.state).label}",
            reverse("project_detail", args=[row.reference]),
        ),
        "training.follow_people",
    ),
    Kind(
        "发现情况", "finding_list", Finding, ("appointment__enterprise", "appointment__candidate"), FindingFilter,
        lambda row: _of_party(row, row.get_about_display(), "finding_detail"), "registry.see_history",
    ),
    Kind(
        "解除聘任建议", "case_list", DismissalRecommendation,
        ("appointment__enterprise", "appointment__candidate"), CaseFilter,
        lambda row: _of_party(row, row.number or "尚未发函", "case_detail"), "training.follow_people",
    ),
)  # fmt: skip


def papers_found(user, words: str) -> QuerySet:
    """Papers of appointments with this very number or verification code."""
    own = Q(number=words) | Q(code=canonical(words) or "")
    return Paper.unscoped.visible_to(user).filter(own).select_related("appointment")


def find_all(user, words: str, today) -> list[Found]:
    """What holds the words, by kind; kinds of which nothing was found are left out."""
    found = []
    for kind in KINDS:
        if kind.perm and not user.has_perm(kind.perm):
            continue
        rows = list(kind.found(user, words, today)[: SHOWN + 1])
        if rows:
            more = kind.address(words) if len(rows) > SHOWN else ""
            found.append(Found(kind.words, [kind.hit(row) for row in rows[:SHOWN]], more))
    if papers := list(papers_found(user, words)[:SHOWN]):
        hits = [
            Hit(str(row), row.appointment.reference, reverse("appointment_detail", args=[row.appointment.reference]))
            for row in papers
        ]
        found.append(Found("文件", hits, ""))
    return found


class SearchForm(ListFilter):
    """What is looked for."""

    q = LineField(label="查找内容", max_length=60)


@require_safe
def search(request):
    """查找: one box over all that this person may see."""
    today = timezone.localdate()
    form = SearchForm(request.GET if "q" in request.GET else None, user=request.user, today=today)
    words = normalise_words(form.cleaned_data["q"]) if form.is_valid() else ""
    found = find_all(request.user, words, today) if words else []
    return render(request, "cqo_portal/search.html", {"form": form, "words": words, "found": found})


def normalise_words(text: str) -> str:
    """A credit code typed with blanks or in full-width signs as it is; anything else as it was typed."""
    code = normalise_code(text)
    return code if len(code) == 18 and code.isascii() else text
