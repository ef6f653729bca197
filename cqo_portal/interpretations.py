"""The interpretation register (口径): what the measure leaves open, how the bureau reads it, and reading it anew."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cqo_portal.forms import InterpretationForm
from cqo_portal.preview import IN_GENERAL, NOT_RECKONED, preview
from registry.actions.measure import record_interpretation
from registry.history import events_of, history
from registry.measures import Answer
from registry.models import Edition, Interpretation
from registry.models.authority import authorities
from registry.models.measure import basis_if_any
from registry.pages import carry_out, demand, find, first_result
from registry.refusals import Refused
from registry.states import STAFF
from registry.views.common import posted

SHOWN = 200  # changes a preview lists; the rest it counts
SENT_ANEW = ("csrfmiddlewaretoken", "confirmed", "change", "seen")
PERM = "registry.record_interpretation"


@dataclass(frozen=True)
class Reading:
    """A recorded reading as the page shows it."""

    row: Interpretation
    tag: tuple[str, str]
    bureau: str  # who decided it, as it was called that day

    @property
    def chosen(self) -> str:
        """What was chosen, in words; empty where the text alone is the answer."""
        return "" if self.row.answer == Answer.TEXT else self.row.words(self.row.reading)


@dataclass(frozen=True)
class Question:
    """A question with the reading in force, and the others of it, the latest first."""

    row: Interpretation
    current: Reading | None = None
    others: list[Reading] = field(default_factory=list)


def _edition(today: date) -> Edition | None:
    """Whose questions are asked; None before any measure is loaded."""
    basis = basis_if_any(today)
    return basis and basis.edition


def _reading(row: Interpretation, today: date, bureau: str) -> Reading:
    if today in row.period:
        return Reading(row, ("现行", "green"), bureau)
    return Reading(row, ("尚未生效", "blue") if today < row.period.lower else ("已失效", ""), bureau)


def _questions(edition: Edition | None, today: date) -> list[Question]:
    """Every question of the edition with all its readings: another measure is interpreted anew (Art. 13)."""
    asked, called = Interpretation.unscoped.filter(edition=edition), authorities()
    recorded = asked.recorded().select_related("edition", "recorded_by").order_by("-period")
    readings = [_reading(row, today, called(row.decided_on)) for row in recorded]
    found = []
    for row in asked.questions().select_related("edition"):
        own = [reading for reading in readings if reading.row.key == row.key]
        current = next((reading for reading in own if today in reading.row.period), None)
        found.append(Question(row, current, [reading for reading in own if reading is not current]))
    return found


@login_not_required
@require_safe
def interpretation_list(request):
    """Every question the measure leaves open, with what is done meanwhile or how the bureau reads it; public."""
    user, today = request.user, timezone.localdate()
    edition = _edition(today)
    known = user.is_authenticated
    context = {
        "edition": edition,
        "questions": _questions(edition, today),
        "others": Edition.unscoped.filter(interpretations__number__gt="").exclude(pk=edition and edition.pk).distinct(),
        "names": known and user.role in STAFF,
        "may_record": known and user.has_perm(PERM),
        "history": history(events_of(Interpretation)) if known and user.has_perm("registry.see_history") else [],
    }
    return render(request, "cqo_portal/interpretation_list.html", context)


# --- Recording a reading ---------------------------------------------------------------------------------------------


def interpretation_new(request, key):
    """Record a reading in two steps: what is laid down, then what it changes, and only then is it recorded."""
    demand(request.user, PERM)
    today = timezone.localdate()
    questions = Interpretation.unscoped.visible_to(request.user).questions().select_related("edition")
    question = find(questions.filter(edition=_edition(today)), key=key)
    form = InterpretationForm(question=question, **posted(request))
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        step = _recorded if "confirmed" in request.POST else _previewed
        if response := step(request, form, question):
            return response
    latest = question.edition.interpretations.recorded().filter(key=key).order_by("period").last()
    context = {
        "form": form, "title": "记录口径", "caption": question.question, "submit": "下一步：预览影响",
        "trail": [("口径", reverse("interpretation_list"))], "cancel_url": _place(question),
        "lead": "先预览影响，再确认记录；确认之前什么都不会改变。",
        "question": question, "stands": _stands(question, latest),
    }  # fmt: skip
    return render(request, "cqo_portal/interpretation_new.html", context)


def _place(row: Interpretation) -> str:
    """Where the question stands on the public page."""
    return f"{reverse('interpretation_list')}#{row.key}"


def _stands(question: Interpretation, latest: Interpretation | None) -> tuple[str, str]:
    """What the new reading replaces: the latest one, else what is done meanwhile."""
    return ("最近的口径", f"{latest.number}：{latest.text}") if latest else ("暂行做法", question.meanwhile)


def _recorded(request, form: InterpretationForm, question: Interpretation):
    """Record it once, if it still changes what was seen; the new preview otherwise. None when it was refused."""
    if response := first_result(request, form):
        return response
    try:
        shown = preview(question, by=request.user, at=timezone.now(), **form.said())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    if shown.digest != request.POST.get("seen"):
        return _previewed(request, form, question, changed=True)
    said = form.said() | {"is_demo": settings.DEMO}
    act = partial(record_interpretation, edition=question.edition, key=question.key, **said)
    return carry_out(request, form, act, _place, done="口径已记录，并在本页公开。")


def _previewed(request, form: InterpretationForm, question: Interpretation, *, changed: bool = False):
    """The page before it is recorded; None when the reading would be refused.

    ``changed``: what was confirmed is no longer what would come of it.
    """
    if response := first_result(request, form):
        return response
    said = form.said()
    try:
        shown = preview(question, by=request.user, at=timezone.now(), **said)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    recorded = question.edition.interpretations.recorded().filter(key=question.key, period__upper_inf=True)
    context = {
        "question": question,
        "said": said,
        "chosen": "" if question.answer == Answer.TEXT else question.words(said["reading"]),
        "replaced": recorded.first(),
        "replaced_until": said["effective_from"] - timedelta(days=1),
        "preview": shown,
        "changed": changed,
        "changes": shown.changes[:SHOWN],
        "ahead": said["effective_from"] > timezone.localdate(),
        "general": IN_GENERAL.get(question.parameter or question.key, NOT_RECKONED),
        "hidden": [pair for pair in _sent(request) if pair[0] not in SENT_ANEW],
        "back": _place(question),
    }
    return render(request, "cqo_portal/interpretation_confirm.html", context)


def _sent(request) -> list[tuple[str, str]]:
    return [(name, value) for name, values in request.POST.lists() for value in values]
