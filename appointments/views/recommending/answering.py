"""What the enterprise does with a case: its statement, opening the letter, and its own decision (Art. 12(二))."""

from functools import partial
from operator import attrgetter

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from appointments import actions
from appointments.forms.recommending import AnswerForm, StatementForm
from appointments.models import DismissalRecommendation
from appointments.states import STANDING_CASES, UNDECIDED_CASES, CaseAnswer, CaseState
from appointments.views.recommending.common import (
    CASES,
    open_case_within_scope,
    state_words,
    stored,
    title_of,
)
from registry.pages import carry_out, demand
from registry.rules import day_words
from registry.views.common import form_page, posted

NOT_HEARD = "这件事项已作出决定，现在不接收陈述意见。"


def case_state(request, reference):
    """The enterprise's statement; it may be added to while nothing is decided."""
    case = open_case_within_scope(request, reference)
    demand(request.user, "appointments.state", case.appointment)
    if request.method != "POST" and case.state not in UNDECIDED_CASES:
        messages.warning(request, NOT_HEARD)
        return redirect(case.page)
    form = StatementForm(case=case, **posted(request))
    return form_page(
        request,
        form,
        partial(_state, case, form),
        to=lambda _: case.page,
        title="提交陈述意见",
        caption=f"关于首席质量官{case.appointment.candidate.name}的情况",
        lead=f"请在{day_words(case.statement_due)}前提交，可以附材料。提交后不能修改，可以补充。"
        "消息发给征求意见的质监部门。",
        trail=_trail(case),
        row=case,
        submit="提交陈述意见",
        done="陈述意见已提交。",
    )


def _trail(case: DismissalRecommendation) -> list[tuple[str, str]]:
    return [(CASES, reverse("case_list")), (case.reference, case.page)]


def _state(case, form, **who):
    file = stored(form, "file", case, internal=False, **who)
    return actions.state(case, words=form.cleaned_data["words"], file=file, **who)


@require_POST
def case_open_letter(request, reference):
    """Opening the letter is its service: the first time counts, and to ask twice changes nothing."""
    case = open_case_within_scope(request, reference)
    demand(request.user, "appointments.state", case.appointment)
    case = actions.open_letter(case, by=request.user, at=timezone.now())
    if case.letter_opened_at:
        messages.success(request, f"建议函已打开，{day_words(timezone.localdate(case.letter_opened_at))}送达。")
    return redirect(case.page)


def case_answer(request, reference):
    """解除聘任 or 不解除: first which, then a page that says what it means; a bureau transcribes a paper answer."""
    case, user = open_case_within_scope(request, reference), request.user
    demand(user, "appointments.answer_case", case.appointment)
    if request.method != "POST" and (shut := _not_asked(case)):
        messages.warning(request, shut)
        return redirect(case.page)
    answer, on_paper = request.GET.get("answer", ""), not user.enterprise_id
    context = {"case": case, "caption": title_of(case), "trail": _trail(case), "on_paper": on_paper}
    if answer not in CaseAnswer.values:
        return render(request, "supervision/case_choose.html", context | {"answers": CaseAnswer.choices})
    form = AnswerForm(case=case, answer=answer, on_paper=on_paper, **posted(request))
    if request.method == "POST" and form.is_valid():
        carry = partial(_answer, case, form, answer)
        told = "答复已收到，消息已发给质监部门。"
        if done := carry_out(request, form, carry, attrgetter("page"), row=case, done=told):
            return done
    points = _points(case, answer, on_paper)
    words = state_words(case, user, timezone.localdate())
    facts = {"form": form, "answer": CaseAnswer(answer), "points": points, "words": words, "back": case.page}
    return render(request, "supervision/case_answer.html", context | facts)


def _not_asked(case: DismissalRecommendation) -> str:
    """Why there is nothing to answer now; empty when there is."""
    if case.state == CaseState.ISSUED:
        return "请先打开建议函，再答复。"
    return "" if case.state in STANDING_CASES else "这件建议案现在不需要答复。"


def _answer(case, form, answer, **who):
    scan = stored(form, "scan", case, internal=False, **who)
    return actions.answer_case(
        case, version=form.cleaned_data["version"], answer=answer, reason=form.cleaned_data["reason"], scan=scan, **who
    )


def _points(case: DismissalRecommendation, answer: str, on_paper: bool) -> list[str]:
    """What the answer means, before it is given."""
    told = f"消息发给市局和{case.enterprise.county.bureau}：平台消息。"
    if answer == CaseAnswer.DECLINED:
        return ["聘任照旧，不受影响。请写明理由，答复后不能更改。", told]
    whose = "企业" if on_paper else "贵企业"
    name = case.appointment.candidate.name
    return [
        f"这是{whose}自己的决定：{name}的首席质量官聘任自今天（{day_words(timezone.localdate())}）起终止，聘书和授权书随之失效。",
        f"终止后不能恢复。{whose}可以自明天起任命新的首席质量官。",
        told,
    ]
