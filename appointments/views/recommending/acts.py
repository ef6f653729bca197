"""The acts of the offices on a case. ``ACTS`` is the one table of who may do what in which state.

Buttons and pages both read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from appointments import actions
from appointments.casefile import office_of
from appointments.forms.recommending import (
    AskForm,
    CaseForm,
    DecideNotForm,
    EvidenceForm,
    LinkForm,
    NoticeServiceForm,
    PaperStatementForm,
    ProposeForm,
    SendBackForm,
    ServiceForm,
    SignForm,
    StampedForm,
    WithdrawCaseForm,
)
from appointments.models import DismissalRecommendation
from appointments.states import STANDING_CASES, UNDECIDED_CASES, CaseState, Party
from appointments.views.recommending.common import (
    NOT_NOW,
    act_url,
    may_propose,
    open_case_within_scope,
    open_link,
    state_words,
    stored,
    title_of,
    to_enterprise,
    to_office,
)
from appointments.views.recommending.standing import ground_rows
from registry.citing import cited
from registry.models import User
from registry.pages import carry_out
from registry.refusals import Refused
from registry.rules import day_words
from registry.templatetags.portal import masked_phone
from registry.views.common import posted

OF_CASE = ("sign_case", "withdraw_case")  # asked of the case; the others of its appointment
NOT_YOURS = "这一步由有权限的人员办理。"
NOT_BY_PROPOSER = "提出建议的人不能自己签发，须由第二人签发。"
NO_MESSAGE = "不发消息。"


@dataclass(frozen=True)
class ActPage:
    """A page that carries one act out: words, form, action, when it opens, and what it will do in sentences."""

    title: str
    button: str
    done: str
    form: type[CaseForm]
    carry: Callable
    perm: str
    opens: Callable  # (case, today) → whether the state allows it
    points: Callable  # case → sentences
    danger: bool = False
    shows: bool = False  # grounds, statements and proposal stand on the page


def allowed(case: DismissalRecommendation, user: User, act: str) -> bool:
    """Whether the policy lets this person do it."""
    perm = ACTS[act].perm
    if act == "decide_not" and case.state == CaseState.PROPOSED:
        perm = "sign_case"
    return user.has_perm(f"appointments.{perm}", case if perm in OF_CASE else case.appointment)


def possible(case: DismissalRecommendation, user: User, today: date) -> list[tuple[str, ActPage]]:
    """The acts that are open to this person now."""
    return [(name, page) for name, page in ACTS.items() if allowed(case, user, name) and page.opens(case, today)]


# --- How each is carried out -----------------------------------------------------------------------------------------


def _versioned(action: Callable) -> Callable:
    return lambda case, form, **who: action(case, version=form.cleaned_data["version"], **form.values(), **who)


def _evidence(case, form, **who):
    file = stored(form, "file", case, internal=True, **who)
    return actions.add_case_evidence(case, title=form.cleaned_data["title"], file=file, **who)


def _link(case, form, **who):
    return actions.issue_link(case, phone=form.cleaned_data["phone"], **who)


def _revoke(case, form, **who):
    if (link := open_link(case)) is None:
        raise Refused("没有可以作废的链接。")
    return actions.revoke_link(link, **who)


def _statement(case, form, **who):
    """The CQO's paper is for the bureau's eyes alone; the enterprise's own it may read again."""
    values = form.values()
    file = stored(form, "file", case, internal=values["party"] == Party.CQO, **who)
    return actions.record_statement(case, **values | {"file": file}, **who)


def _notice(case, form, **who):
    proof = stored(form, "proof", case, internal=True, **who)
    values = {name: form.cleaned_data[name] for name in ("party", "served_on")}
    return actions.record_notice_service(case, **values, proof=proof, **who)


def _stamped(case, form, **who):
    return actions.attach_stamped(case, file=stored(form, "file", case, internal=False, **who), **who)


def _service(case, form, **who):
    proof = stored(form, "proof", case, internal=True, **who)
    return actions.record_letter_service(case, served_on=form.cleaned_data["served_on"], proof=proof, **who)


# --- What each will do -----------------------------------------------------------------------------------------------


def _ask_points(case) -> list[str]:
    name = case.appointment.candidate.name
    return [
        f"{to_enterprise(case, sms=True)}请其登录平台提交陈述意见，也可以书面提交。",
        f"对本人此时不发消息。下一步为{name}发出一次性链接，不需要账号。",
        "链接用短信发给本人；没有手机号码的，链接只显示一次，由经办人交给本人。",
        "已向本人征求意见，且双方均已陈述或者期限届满后，才能提出建议。征求意见不影响聘任。",
    ]


def _link_points(case) -> list[str]:
    return [
        f"填写手机号码的，链接用短信发给{case.appointment.candidate.name}本人，页面不再显示。",
        "不填写的，不发短信；链接只显示一次，平台不保存，由经办人交给本人。",
        "有效期至陈述意见的期限，至少七天；只能提交一次，使用前可以作废后重新发出。",
    ]


def _propose_points(case) -> list[str]:
    return ["提出后由第二人签发，提出人不能自己签发。", "提出建议不改变聘任。", "消息发给市局：平台消息。"]


def _sign_points(case) -> list[str]:
    county = case.enterprise.county.bureau
    return [
        f"签发的是建议，不改变聘任；是否解除聘任由企业决定{cited('12.(2)')}。",
        "签发后生成建议函，文号和内容不再改变。企业答复之前，可以写明理由收回。",
        f"{to_enterprise(case, sms=True)}打开建议函即为送达。",
        f"同时发给{county}：平台消息。",
    ]


def _decide_not_points(case) -> list[str]:
    told = f"理由同时告知企业：{to_enterprise(case)}" if case.asked_at else "企业没有被征求意见，不告知企业。"
    return ["不提出建议也是决定，理由记入案卷，决定后不能恢复。聘任不受影响。", told, to_office(case)]


ACTS = {
    "ask": ActPage(
        "征求陈述意见", "征求陈述意见", "已征求陈述意见，消息已发给企业。下一步：为本人发出一次性链接。", AskForm,
        _versioned(actions.ask_statements), "open_case", lambda case, today: case.state == CaseState.OPENED,
        _ask_points,
    ),
    "link": ActPage(
        "为本人发出一次性链接", "发出一次性链接", "", LinkForm, _link, "open_case",
        lambda case, today: case.state == CaseState.ASKED and open_link(case) is None,
        _link_points,
    ),
    "revoke": ActPage(
        "作废一次性链接", "作废链接", "链接已作废。需要时可以重新发出。", CaseForm, _revoke, "open_case",
        lambda case, today: case.state in UNDECIDED_CASES and open_link(case) is not None,
        lambda case: ["作废后，打开链接的人看到“这个链接不能使用”。", NO_MESSAGE], danger=True,
    ),
    "statement": ActPage(
        "代录书面陈述意见", "代录书面意见", "书面陈述意见已代录。", PaperStatementForm, _statement, "open_case",
        lambda case, today: case.state in UNDECIDED_CASES and case.asked_at is not None,
        lambda case: ["照书面意见录入，附扫描件，不能修改。本人的意见仅质监部门可见。", to_office(case)],
    ),
    "notice": ActPage(
        "记录通知书的书面送达", "记录书面送达", "书面送达已记录。", NoticeServiceForm, _notice, "open_case",
        lambda case, today: case.state == CaseState.ASKED,
        lambda case: ["没有使用链接的，下载陈述意见通知书送达本人，在此记录日期和送达证明。", NO_MESSAGE],
    ),
    "evidence": ActPage(
        "补充证据", "补充证据", "证据已补充。", EvidenceForm, _evidence, "open_case",
        lambda case, today: case.state in UNDECIDED_CASES,
        lambda case: ["材料仅质监部门可见；材料名称列入建议函的证据目录。", "补充后不能删除。", NO_MESSAGE],
    ),
    "propose": ActPage(
        "提出解除聘任建议", "提出建议", "已提出建议，等待第二人签发。", ProposeForm, _versioned(actions.propose),
        "open_case", lambda case, today: case.state == CaseState.ASKED and may_propose(case, today), _propose_points,
        shows=True,
    ),
    "sign": ActPage(
        "签发建议函", "签发", "建议函已签发，消息已发给企业。", SignForm, _versioned(actions.sign), "sign_case",
        lambda case, today: case.state == CaseState.PROPOSED, _sign_points, shows=True,
    ),
    "send_back": ActPage(
        "退回提出人", "退回提出人", "已退回，消息已发出。", SendBackForm, _versioned(actions.send_back), "sign_case",
        lambda case, today: case.state == CaseState.PROPOSED,
        lambda case: ["退回后由开立案件的单位补充，再行提出。企业不知道退回。", to_office(case)],
    ),
    "decide_not": ActPage(
        "决定不提出建议", "不提出建议", "已决定不提出建议。", DecideNotForm, _versioned(actions.decide_not),
        "open_case", lambda case, today: case.state in UNDECIDED_CASES, _decide_not_points, danger=True, shows=True,
    ),
    "service": ActPage(
        "记录纸质送达", "记录纸质送达", "送达已记录。", ServiceForm, _service, "record_service",
        lambda case, today: case.state in STANDING_CASES and case.paper_served_on is None,
        lambda case: ["记录后不能更改。企业在平台打开的，不必再书面送达。", NO_MESSAGE],
    ),
    "stamped": ActPage(
        "附建议函盖章件", "附盖章件", "盖章件已附上。", StampedForm, _stamped, "open_case",
        lambda case, today: case.state in STANDING_CASES,
        lambda case: ["企业打开建议函后可以看到盖章件。", NO_MESSAGE],
    ),
    "withdraw": ActPage(
        "收回建议", "收回建议", "建议已收回，消息已发给企业。", WithdrawCaseForm, _versioned(actions.withdraw_case),
        "withdraw_case", lambda case, today: case.state in STANDING_CASES,
        lambda case: [
            "收回后不能恢复，建议函随之失效；聘任照旧。", f"理由同时告知企业：{to_enterprise(case)}", to_office(case),
        ],
        danger=True,
    ),
}  # fmt: skip


# --- The page --------------------------------------------------------------------------------------------------------


def case_act(request, reference, act):
    """The page of one act."""
    case, user = open_case_within_scope(request, reference), request.user
    if act not in ACTS or user.enterprise_id:
        raise Http404
    if shut := _closed(request, case, act):
        return shut
    page = ACTS[act]
    form = page.form(case=case, **posted(request))
    if request.method == "POST" and form.is_valid():
        issued = []
        carry = _noting(partial(page.carry, case, form), issued)
        if response := carry_out(request, form, carry, lambda _: case.page, row=case, done=page.done):
            return _passed_on(request, case, form, issued[0], response) if act == "link" and issued else response
    context = {
        "case": case, "page": page, "act": act, "form": form, "points": page.points(case),
        "words": state_words(case, user, timezone.localdate()), "caption": title_of(case), "back": case.page,
        "statements": case.statements.select_related("file") if page.shows else (),
        "grounds": ground_rows(case, user, timezone.localdate()) if page.shows else (),
    }  # fmt: skip
    return render(request, "supervision/case_act.html", context)


def _closed(request, case: DismissalRecommendation, act: str):
    """Back to the case with the reason, when this act's page does not open; None when it does.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    user, page = request.user, ACTS[act]
    may = allowed(case, user, act)
    if may and (request.method == "POST" or page.opens(case, timezone.localdate())):
        return None
    why = NOT_NOW.format(CaseState(case.state).label)
    if not may:
        own = case.proposed_by_id == user.pk and case.state == CaseState.PROPOSED
        why = NOT_BY_PROPOSER if own else NOT_YOURS
    messages.warning(request, why)
    return redirect(case.page)


def _noting(act: Callable, results: list) -> Callable:
    """The act, whose result is kept for this one answer: a link's secret is written nowhere."""

    def carry(**who):
        results.append(act(**who))
        return results[-1]

    return carry


def _passed_on(request, case: DismissalRecommendation, form: LinkForm, issued, response):
    """After a link was issued: it goes by SMS, and back to the case; or it is shown once, to be handed over."""
    if phone := form.cleaned_data["phone"]:
        sent = f"链接用短信发给本人（{masked_phone(phone)}）。本人没有收到的，作废后重新发出。"
        messages.success(request, sent)
        return response
    return _handed_over(request, case, issued)


def _handed_over(request, case: DismissalRecommendation, issued):
    """The one page that shows the link; a second sending of the form leads to the case instead."""
    link, token = issued
    address = f"{settings.PUBLIC_ORIGIN.rstrip('/')}{reverse('statement_by_link', args=[token])}"
    name, until = case.appointment.candidate.name, day_words(link.expires_on)
    text = (
        f"{name}同志：{office_of(case)}正在核实你担任{case.enterprise.name}首席质量官期间的有关情况，现听取你的意见。"
        f"请在{until}前（含当日）打开下面的链接提交陈述意见，不需要账号。链接只能提交一次，请勿转给他人。\n{address}"
    )
    context = {
        "case": case, "link": link, "address": address, "text": text, "caption": title_of(case), "back": case.page,
        "notice": reverse("case_notice_pdf", args=[case.reference, Party.CQO]), "revoke": act_url(case, "revoke"),
    }  # fmt: skip
    return render(request, "supervision/case_link.html", context)
