"""A recommendation's own page: as the offices see it, and as the enterprise that decides sees it."""

from datetime import date

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import casefile
from appointments.actions.recommending import cqo_asked
from appointments.casefile import office_of
from appointments.models import CaseAct, DismissalRecommendation, Statement
from appointments.states import UNDECIDED_CASES, CaseActKind, CaseAnswer, CaseState, Party
from appointments.views.recommending import acts
from appointments.views.recommending.common import (
    act_url,
    letter_is_open,
    may_propose,
    open_case_within_scope,
    open_link,
    state_words,
    title_of,
    to_enterprise,
)
from appointments.views.recommending.standing import ground_rows
from appointments.views.shown import Event, NextStep
from registry.history import events_of, history
from registry.models import User
from registry.models.measure import legal_basis
from registry.rules import day_words

ACT_TONES = {CaseActKind.SENT_BACK: "amber", CaseActKind.WITHDRAWN: "red"}


@require_safe
def case_detail(request, reference):
    """One address, two pages: what the offices know, and what is the enterprise's own."""
    case, user, today = open_case_within_scope(request, reference), request.user, timezone.localdate()
    statements = list(Statement.unscoped.visible_to(user).filter(case=case).select_related("file", "by"))
    context = {
        "case": case,
        "title": title_of(case),
        "words": state_words(case, user, today),
        "events": timeline_of(case, user),
        "statements": statements,
        "heard": {row.party for row in statements},
        "letter_open": letter_is_open(case, user),
        "scans": case.stamped_scans.select_related("file"),
        "today": today,
    }
    if user.enterprise_id:
        return render(request, "supervision/case_own.html", context | _own(case, user, today))
    return render(request, "supervision/case_detail.html", context | _office(case, user, today))


def _own(case: DismissalRecommendation, user: User, today: date) -> dict:
    """What only the enterprise's page needs: what it is told, and what it has to do."""
    asked_on = timezone.localdate(case.asked_at)
    return {
        "next": own_step(case, user, today),
        "facts": casefile.facts_of(case, asked_on),
        "clauses": clauses_of(case),
        "office": casefile.issuer_of(case),
        "takes_statements": case.state in UNDECIDED_CASES,
    }


def clauses_of(case: DismissalRecommendation) -> tuple[tuple[str, str], ...]:
    """The grounds in the words of the edition that stands behind the case."""
    edition = case.edition or legal_basis(timezone.localdate(case.asked_at or case.opened_at)).edition
    return casefile.grounds_in_words(case, edition)


def _office(case: DismissalRecommendation, user: User, today: date) -> dict:
    """What only the offices' page needs."""
    step = office_step(case, user, today)
    first = {url for _, _, url in step.buttons}
    open_now = [(name, page.button, act_url(case, name)) for name, page in acts.possible(case, user, today)]
    return {
        "next": step,
        "links": [row for row in open_now if row[2] not in first],
        "grounds": ground_rows(case, user, today),
        "clauses": clauses_of(case),
        "evidences": case.evidences.select_related("file"),
        "handed": case.links.select_related("created_by"),
        "papers": papers_of(case, user),
        "parties": Party.choices,
        "history": history(events_of(DismissalRecommendation, pgh_obj=case)),
    }


# --- The next step ---------------------------------------------------------------------------------------------------


def _buttons(case: DismissalRecommendation, user: User, today: date, *names: str) -> list[tuple[str, str, str]]:
    """Those of the acts that are open to this person now."""
    able = dict(acts.possible(case, user, today))
    return [(name, able[name].button, act_url(case, name)) for name in names if name in able]


def office_step(case: DismissalRecommendation, user: User, today: date) -> NextStep:
    """The one next step as this officer sees it, or who has it."""
    step = {
        CaseState.OPENED: _opened,
        CaseState.ASKED: _asked,
        CaseState.PROPOSED: _proposed,
        CaseState.ISSUED: _issued,
        CaseState.SERVED: _served,
    }.get(case.state, _over)
    return step(case, user, today)


def _opened(case, user, today) -> NextStep:
    buttons = _buttons(case, user, today, "ask", "decide_not")
    if not buttons:
        return NextStep("等待征求陈述意见", [f"由{office_of(case)}办理。"])
    lines = ["先听取企业和首席质量官本人的意见，再决定是否提出建议。不提出的，写明理由办结。"]
    return NextStep("下一步：征求陈述意见", lines, buttons=buttons)


def _asked(case, user, today) -> NextStep:
    if may_propose(case, today):
        buttons = _buttons(case, user, today, "propose", "decide_not")
        lines = ["双方均已陈述，或者期限已经届满。研究陈述意见后，提出建议，或者决定不提出并写明理由。"]
        if not buttons:
            return NextStep("等待决定是否提出建议", [f"由{office_of(case)}办理。"])
        return NextStep("下一步：决定是否提出建议", lines, buttons=buttons)
    said = {row.party for row in case.statements.all()}
    lines = [
        f"企业{'已' if Party.ENTERPRISE in said else '尚未'}陈述，本人{'已' if Party.CQO in said else '尚未'}陈述。"
    ]
    if Party.CQO not in said:
        lines.append(_asked_how(case))
    buttons = _buttons(case, user, today, "link", "notice", "statement")
    note = "已向本人征求意见，且双方均已陈述或者期限届满后，才能提出建议。"
    return NextStep("听取意见中", lines, note, case.statement_due, buttons)


def _asked_how(case: DismissalRecommendation) -> str:
    """How the CQO, of whom nothing was heard, was asked in person; or that it is still to be done."""
    if open_link(case):
        return "一次性链接已发出，等待本人使用。"
    if cqo_asked(case):
        return "已向本人征求意见，等待本人陈述。"
    return "还没有向本人征求意见：请发出一次性链接，或者书面送达通知书并记录。"


def _proposed(case, user, today) -> NextStep:
    who = f"{case.proposed_by.display_name}（{case.proposed_by.office_at(case.proposed_at)}）"
    if shut := casefile.basis_fault(case, today):
        return NextStep("现在不能签发", [shut], buttons=_buttons(case, user, today, "decide_not", "send_back"))
    if buttons := _buttons(case, user, today, "sign", "send_back", "decide_not"):
        lines = [f"由{who}提出。核对证据和陈述意见后签发、退回，或者决定不提出。签发不改变聘任。"]
        return NextStep("下一步：签发建议函", lines, buttons=buttons)
    if case.proposed_by_id == user.pk:
        return NextStep("等待第二人签发", ["提出建议的人不能自己签发，由有签发权的第二人办理。"])
    return NextStep("等待第二人签发", [f"由{who}提出，等待有签发权的第二人办理。"])


def _issued(case, user, today) -> NextStep:
    lines = [
        "企业在平台打开建议函即为送达。没有打开的，请书面送达，并记录日期和证明。",
        f"请企业答复的期限为{day_words(case.answer_due)}。",
    ]
    buttons = _buttons(case, user, today, "service", "stamped")
    note = f"签发时已发消息：{to_enterprise(case, sms=True).removeprefix('消息发给')}"
    return NextStep("等待送达", lines, note, buttons=buttons)


def _served(case, user, today) -> NextStep:
    buttons = []
    if user.has_perm("appointments.answer_case", case.appointment):
        buttons.append(("answer", "代录企业的书面答复", reverse("case_answer", args=[case.reference])))
    if case.is_unanswered(today):
        lines = [
            f"答复期限{day_words(case.answer_due)}已过，企业没有答复。是否解除聘任由企业决定，聘任照旧；逾期后企业仍可以答复。",
            "可以联系企业，也可以收回建议。办法没有规定其他后果。",
        ]
        return NextStep("企业逾期未答复", lines, buttons=buttons)
    lines = [f"{day_words(case.served_on)}送达。是否解除聘任由{case.enterprise.name}决定。"]
    return NextStep("等待企业答复", lines, "期限届满没有答复的，显示为“逾期未答复”。", case.answer_due, buttons)


def _over(case, user, today) -> NextStep:
    said = {
        CaseState.ANSWERED: f"企业决定：{case.get_answer_display()}。{case.answer_reason}",
        CaseState.NOT_RECOMMENDED: f"决定不提出建议：{case.end_reason}",
        CaseState.WITHDRAWN: f"建议已收回：{case.end_reason}",
        CaseState.CLOSED: case.end_reason,
    }
    return NextStep("无需办理", [said[CaseState(case.state)]])


def own_step(case: DismissalRecommendation, user: User, today: date) -> NextStep:
    """The one next step of the enterprise; nothing in it tells how far the offices are."""
    if case.state in UNDECIDED_CASES:
        return _to_state(case, user, today)
    if case.state == CaseState.ISSUED:
        line = f"{day_words(timezone.localdate(case.signed_at))}，质监部门出具了建议解除聘任函。打开建议函即为收到，"
        line = f"{line}请在{day_words(case.answer_due)}前（含当日）答复。"
        buttons = [("open_letter", "打开建议函", reverse("case_open_letter", args=[case.reference]))]
        return NextStep("下一步：打开建议函", [line, "是否解除聘任由贵企业决定。"], buttons=buttons)
    if case.state == CaseState.SERVED:
        late = "期限已过，您仍可以答复。" if case.is_unanswered(today) else ""
        line = f"质监部门建议解除聘任，是否解除由贵企业决定。{late}决定之前，聘任不受影响。"
        buttons = [("answer", "答复", reverse("case_answer", args=[case.reference]))]
        if not case.letter_opened_at:
            buttons.append(("open_letter", "打开建议函", reverse("case_open_letter", args=[case.reference])))
        return NextStep("下一步：答复", [line], "答复后，消息发给市局和所在县（市、区）局。", case.answer_due, buttons)
    if case.state == CaseState.ANSWERED:
        ended = "聘任当天终止，次日起可以任命新的首席质量官。" if case.answer == CaseAnswer.DISMISSED else "聘任照旧。"
        return NextStep("无需办理", [f"贵企业已于{day_words(timezone.localdate(case.answered_at))}答复。{ended}"])
    said = {
        CaseState.NOT_RECOMMENDED: "质监部门决定不提出解除聘任建议，聘任照旧。",
        CaseState.WITHDRAWN: "质监部门已收回建议，无需答复，聘任照旧。",
    }
    return NextStep("无需办理", [said.get(case.state, ""), f"理由：{case.end_reason}"])


def _to_state(case, user, today) -> NextStep:
    url = reverse("case_state", args=[case.reference])
    after = "质监部门听取意见后，才决定是否提出建议；是否解除聘任由您的企业决定。现在的聘任不受影响。"
    if case.statements.filter(party=Party.ENTERPRISE).exists():
        return NextStep("陈述意见已提交", [after], buttons=[("state", "补充陈述意见", url)])
    late = (
        "期限已过，作出决定之前仍可以提交。" if today > case.statement_due else "请写明对有关情况的意见，可以附材料。"
    )
    return NextStep("下一步：提交陈述意见", [late, after], "", case.statement_due, [("state", "填写陈述意见", url)])


# --- Papers and what happened ----------------------------------------------------------------------------------------


def _paper(label: str, url: str, number: str = "", note: str = "") -> dict:
    return {
        "kind_label": label,
        "number": number,
        "note": note,
        "preview_url": url,
        "download_url": f"{url}?download=1",
    }


def papers_of(case: DismissalRecommendation, user: User) -> list[dict]:
    """What the offices can read or print of the case, in the order of the way."""
    papers = []
    if case.asked_at:
        for party, label in Party.choices:
            url = reverse("case_notice_pdf", args=[case.reference, party])
            papers.append(_paper("陈述意见通知书", url, note=f"送{label}"))
    oversees = user.has_perm("appointments.oversee", case.appointment)
    if oversees and case.state in (CaseState.ASKED, CaseState.PROPOSED):
        url = reverse("case_preview_pdf", args=[case.reference])
        papers.append(_paper("建议解除聘任函（预览）", url, note="没有文号和核验码"))
    if case.signed_at:
        papers.append(_paper("建议解除聘任函", reverse("case_letter_pdf", args=[case.reference]), case.number))
    note = "证据、陈述意见和文件，带目录，按现在的案卷生成"
    return [*papers, _paper("证据卷", reverse("case_bundle_pdf", args=[case.reference]), note=note)]


def timeline_of(case: DismissalRecommendation, user: User) -> list[Event]:
    """What happened, newest first, as far as this person may know; the enterprise is told offices, not officers."""
    rows = CaseAct.unscoped.visible_to(user).filter(case=case).select_related("by__enterprise", "by__county")
    events = []
    for row in rows:
        text = "" if row.kind == CaseActKind.PROPOSED else row.reason
        tone = ACT_TONES.get(row.kind, "")
        events.append(Event(row.get_kind_display(), row.at, _by_line(row, user), row.flagged(text), tone))
    return events


def _by_line(row: CaseAct, user: User) -> str:
    if row.by is None:
        return "首席质量官本人" if row.kind == CaseActKind.HEARD else "聘任终止，自动办结"
    own = not user.enterprise_id or row.by.enterprise_id == user.enterprise_id
    office = row.by.office_at(row.at)
    return f"{row.by.display_name}（{office}）" if own else office
