"""The papers of a case: notices and bundle drawn when asked for, the letter as issued."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import casefile, documents
from appointments.actions.issuing import preview_letter, statement_notice
from appointments.forms.recommending import SignForm
from appointments.states import CaseState, Party
from appointments.views.recommending.common import letter_is_open, open_case_within_scope, title_of
from registry.pages import demand
from registry.refusals import Refused
from registry.rules import day_words
from registry.states import Role
from registry.views.papers import bytes_of, pdf_response


def _named(request, data: bytes, name: str):
    return pdf_response(data, f"{name}.pdf", download="download" in request.GET)


@require_safe
def case_notice_pdf(request, reference, party):
    """陈述意见通知书: the enterprise's own, or for staff either; it holds no link."""
    case = open_case_within_scope(request, reference)
    of_another = request.user.enterprise_id and party != Party.ENTERPRISE
    if party not in Party.values or of_another or not case.asked_at:
        raise Http404
    data = statement_notice(case, party, at=case.asked_at)
    return _named(request, data, f"陈述意见通知书 {case.reference} {Party(party).label}")


def case_preview_pdf(request, reference):
    """The letter as it would be, with the watermark 预览; a POST shows it with what is typed on the signing page."""
    case, user = open_case_within_scope(request, reference), request.user
    demand(user, "appointments.oversee", case.appointment)
    if case.state not in (CaseState.ASKED, CaseState.PROPOSED):
        messages.warning(request, "建议函已签发，或者现在没有可以预览的建议函。")
        return redirect(case.page)
    if request.method == "POST":
        form = SignForm(request.POST, case=case)
        form.is_valid()
        case.answer_due = form.cleaned_data.get("answer_due")
    case.issuing_county = user.county if user.role == Role.COUNTY and _signs(user, case) else None
    return _named(request, preview_letter(case, at=timezone.now()), f"预览 建议解除聘任函 {case.reference}")


def _signs(user, case) -> bool:
    return user.has_perm("appointments.sign_case", case)


@require_safe
def case_letter_pdf(request, reference):
    """建议解除聘任函 as it was issued; an enterprise opens it first on the case's page, which is its service."""
    case = open_case_within_scope(request, reference)
    if not case.signed_at:
        raise Http404
    if not letter_is_open(case, request.user):
        messages.warning(request, "请先打开建议函。打开即为收到。")
        return redirect(case.page)
    return _named(request, bytes_of(case.letter), f"建议解除聘任函 {case.number}")


@require_safe
def case_bundle_pdf(request, reference):
    """证据卷, for the offices alone: all that the case stands on, as it is today."""
    case = open_case_within_scope(request, reference)
    demand(request.user, "registry.see_history")
    lines = (
        f"案号：{case.reference}{f'　文号：{case.number}' if case.number else ''}",
        f"企业：{case.enterprise.name}　首席质量官：{case.appointment.candidate.name}",
        f"生成日期：{day_words(timezone.localdate())}　仅供质监部门办理使用",
    )
    try:
        data = documents.evidence_bundle(f"{title_of(case)}证据卷", casefile.parts_of(case), lines=lines)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect(case.page)
    return _named(request, data, f"证据卷 {case.reference}")
