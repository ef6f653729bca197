"""发现情况: list, recording, its page with the next step, and a page for each act. No enterprise ever sees one.

``ACTS`` is the one table of who may do what in which state; buttons and pages both read it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.filters.findings import PickCQO
from appointments.forms.findings import FindingEvidenceForm, FindingForm, KnowledgeForm, WithdrawFindingForm
from appointments.grounds import chains_of
from appointments.models import Appointment, Finding
from appointments.states import APPOINTED_STATES, FindingState, State
from appointments.views.shown import NOT_NOW, open_appointment, url_of
from appointments.views.watching import Step, watched
from registry.actions.files import store_file
from registry.citing import cite
from registry.history import events_of, history
from registry.listing import page_of
from registry.models import User
from registry.pages import PortalForm, demand, find
from registry.views.common import form_page, posted
from registry.views.lists import opened
from training.views.common import act_page

FINDINGS = "发现情况"
TONES = {FindingState.FILED: "blue", FindingState.WITHDRAWN: "red"}
SHUT = "这份发现情况现在是“{}”，不能办理这一步。"
UNTOLD = "发现情况不发消息，企业看不到。"


def url_of_finding(finding: Finding) -> str:
    """The finding's page."""
    return reverse("finding_detail", args=[finding.reference])


def about_words(finding: Finding) -> str:
    """What it is, in the measure's words: 对重大风险隐患拖延不报."""
    return f"对{finding.get_about_display()}{finding.get_behaviour_display()}"


def finding_words(finding: Finding) -> tuple[str, str]:
    """The state in words, and its colour."""
    return FindingState(finding.state).label, TONES.get(finding.state, "")


def open_finding(request, reference: str) -> Finding:
    """The finding with its parties, if this officer may see it; Http404 otherwise."""
    demand(request.user, "registry.see_history")
    rows = Finding.unscoped.visible_to(request.user).select_related(
        "appointment__enterprise__county", "appointment__candidate",
        "created_by__county", "filed_by__county", "withdrawn_by__county",
    )  # fmt: skip
    return find(rows, reference=reference)


@require_safe
def finding_list(request):
    """发现情况 within one's scope, the newest first."""
    found = opened(request, "finding_list")
    page = found.page(request)
    context = {
        "filters": found.filters, "page": page, "any": found.any_beside(page),
        "may_record": request.user.has_perm("appointments.supervise"),
    }  # fmt: skip
    return render(request, "supervision/finding_list.html", context)


# --- Recording -------------------------------------------------------------------------------------------------------


@require_safe
def finding_pick(request):
    """Whom a finding is about: somebody in office within one's scope."""
    demand(request.user, "appointments.supervise")
    today = timezone.localdate()
    filters = PickCQO(request.GET, user=request.user, today=today)
    in_office = Appointment.unscoped.visible_to(request.user).in_force(today).filter(state__in=APPOINTED_STATES)
    page = page_of(request, filters.narrow(in_office.with_parties().order_by("enterprise__name", "pk")))
    rows = [
        (reverse("finding_new", args=[row.reference]), row.enterprise.name, row.candidate.name, row.enterprise.county)
        for row in page
    ]
    context = {
        "filters": filters, "page": page, "rows": rows, "unit": "人", "title": "记录发现情况",
        "lead": "选择发现情况所涉及的在任首席质量官。", "list_title": FINDINGS, "list_url": reverse("finding_list"),
        "none": "没有找到在任的首席质量官", "what": "首席质量官",
    }  # fmt: skip
    return render(request, "supervision/pick.html", context)


def finding_new(request, reference):
    """Record a finding about one CQO, as a draft."""
    appointment = open_appointment(request, reference)
    demand(request.user, "appointments.record_finding", appointment)
    if request.method != "POST" and appointment.state not in APPOINTED_STATES:
        messages.warning(request, NOT_NOW.format(State(appointment.state).label))
        return redirect(url_of(appointment))
    form = FindingForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.record_finding(appointment, **form.values(), **who),
        to=url_of_finding,
        title="记录发现情况",
        caption=_whose(appointment),
        lead=f"先存草稿，补充证明材料，核对后再立卷。{UNTOLD}",
        trail=[(FINDINGS, reverse("finding_list"))],
        submit="保存草稿",
        done="草稿已保存。请补充证明材料，核对后立卷。",
    )


def _whose(appointment: Appointment) -> str:
    return f"{appointment.candidate.name}，{appointment.enterprise.name}（{appointment.reference}）"


def finding_edit(request, reference):
    """Go on with a draft."""
    finding = open_finding(request, reference)
    demand(request.user, "appointments.record_finding", finding.appointment)
    if shut := _closed(request, finding, (FindingState.DRAFT,)):
        return shut
    initial = {name: getattr(finding, name) for name in FindingForm.base_fields if hasattr(finding, name)}
    form = FindingForm(initial=initial, version=finding.version, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.save_finding(finding, version=form.cleaned_data["version"], **form.values(), **who),
        to=url_of_finding,
        title="修改发现情况",
        caption=_whose(finding.appointment),
        trail=[(FINDINGS, reverse("finding_list")), (finding.reference, url_of_finding(finding))],
        submit="保存草稿",
        row=finding,
        done="草稿已保存。",
    )


def _closed(request, finding: Finding, states: tuple[str, ...]):
    """Back to the finding with the reason when its state shuts this page; None when it opens.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    if request.method == "POST" or finding.state in states:
        return None
    messages.warning(request, SHUT.format(FindingState(finding.state).label))
    return redirect(url_of_finding(finding))


# --- Its page --------------------------------------------------------------------------------------------------------


@dataclass
class NextStep:
    """What is to be done, and the buttons: the first is the primary one."""

    title: str
    lines: list[str]
    actions: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def _button(finding: Finding, user: User, act: str) -> list[tuple[str, str]]:
    """Words and address of an act, if it is open to this person now."""
    address = reverse("finding_act", args=[finding.reference, act])
    return [(ACTS[act].button, address)] if ACTS[act].opens(finding, user) else []


def next_step(finding: Finding, user: User, evidence: int, steps: list[Step]) -> NextStep:
    """The one next step: papers first, then filing, then what the chain still lacks."""
    if finding.state == FindingState.WITHDRAWN:
        return NextStep("已撤销，无需办理", [f"原因：{finding.withdrawal_reason}"])
    if not user.has_perm("appointments.record_finding", finding.appointment):
        return NextStep("由质监部门办理", ["这份发现情况由县（市、区）局或者市局办理。"])
    if finding.state == FindingState.DRAFT:
        edit = [("修改草稿", reverse("finding_edit", args=[finding.reference]))]
        acts = [*_button(finding, user, "file"), *edit, *_button(finding, user, "evidence")]
        if evidence:
            return NextStep("下一步：核对并立卷", ["核对无误后立卷。立卷后只能补充，不能更改。"], acts)
        lines = ["还没有证明材料。没有证明材料的，证据链缺“行为”一环，不能据以提出建议。"]
        return NextStep("下一步：补充证明材料", lines, acts[::-1])
    missing = [act for act, lacks in (("evidence", not evidence), ("knowledge", not finding.knew_on)) if lacks]
    if missing:
        buttons = [button for act in missing for button in _button(finding, user, act)]
        return NextStep("下一步：补齐证据链", ["已立卷。证据链还不齐备，不能据以提出建议。"], buttons)
    return NextStep("四环齐备", ["是否开立建议案由经办人决定；质监部门只能建议，是否解除由企业决定。"], steps=steps)


@dataclass(frozen=True)
class Event:
    """One entry of the timeline."""

    title: str
    at: datetime | None
    by_line: str
    text: str = ""
    tone: str = ""


def _events(finding: Finding, evidences: list) -> list[Event]:
    """What was done with it, newest first."""
    done = [("建立草稿", finding.created_at, finding.created_by, "", "")]
    done += [("补充证明材料", row.added_at, row.added_by, row.title, "") for row in evidences]
    done.append(("立卷", finding.filed_at, finding.filed_by, "", ""))
    done.append(("撤销", finding.withdrawn_at, finding.withdrawn_by, finding.withdrawal_reason, "red"))
    told = [
        Event(title, at, f"{by.display_name}（{by.office_at(at)}）", text, tone)
        for title, at, by, text, tone in done
        if at
    ]
    return sorted(told, key=lambda event: event.at)[::-1]


@require_safe
def finding_detail(request, reference):
    """Title, next step, chain, what was found, what the CQO knew, papers, timeline, history."""
    finding, user, today = open_finding(request, reference), request.user, timezone.localdate()
    appointment = finding.appointment
    evidences = list(finding.evidences.select_related("file", "added_by__county"))
    chains = [c for c in chains_of([appointment], user, today).get(appointment.pk, []) if c.key == finding.reference]
    cases = watched({appointment: chains}, user, today)
    step = next_step(finding, user, len(evidences), [step for case in cases for step in case.steps])
    further = [button for act in ("evidence", "withdraw") for button in _button(finding, user, act)]
    context = {
        "finding": finding,
        "title": about_words(finding),
        "words": finding_words(finding),
        "next": step,
        "cases": cases,
        "evidences": evidences,
        "links": [button for button in further if button not in step.actions],
        "events": _events(finding, evidences),
        "history": history(events_of(Finding, pgh_obj=finding)) if user.has_perm("registry.see_history") else [],
    }
    return render(request, "supervision/finding_detail.html", context)


# --- The acts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ActPage:
    """A page that carries one act out: words, form, action, and what it will do in sentences."""

    title: str
    button: str
    done: str
    form: type[PortalForm]
    carry: Callable
    states: tuple[str, ...]
    points: Callable[[Finding], list[str]]
    danger: bool = False

    def opens(self, finding: Finding, user: User) -> bool:
        """Whether this person may do it now."""
        return finding.state in self.states and user.has_perm("appointments.record_finding", finding.appointment)


def _with_version(action: Callable) -> Callable:
    return lambda row, form, **who: action(row, version=form.cleaned_data["version"], **form.values(), **who)


def _add_evidence(finding: Finding, form: FindingEvidenceForm, *, by: User, at):
    """Put the upload on file for the bureau's eyes alone, within the act's transaction."""
    name, data = form.cleaned_data["file"]
    file = store_file(data, name, enterprise=finding.enterprise, internal=True, by=by, at=at)
    return actions.add_finding_evidence(finding, title=form.cleaned_data["title"], file=file, by=by, at=at)


def _on_filing(finding: Finding) -> list[str]:
    lacks = [] if finding.evidences.exists() else ["还没有证明材料，立卷后仍可补充。"]
    if not finding.knew_on:
        lacks.append("没有写明本人何时知情、知道什么，立卷后可以补充一次。")
    return [
        "立卷后，对象、行为、事实、日期和途径不再更改；有误的，只能写明原因撤销后重新记录。",
        *lacks,
        "立卷不等于建议：是否开立建议案由经办人另行决定，是否解除聘任由企业决定。",
        UNTOLD,
    ]


ACTS = {
    "file": ActPage(
        "立卷", "核对并立卷", "已立卷。", PortalForm, _with_version(actions.file_finding), (FindingState.DRAFT,),
        _on_filing,
    ),
    "evidence": ActPage(
        "补充证明材料", "补充证明材料", "证明材料已放入。", FindingEvidenceForm, _add_evidence,
        (FindingState.DRAFT, FindingState.FILED),
        lambda finding: ["材料仅质监部门可见，放入后不能更改或者删除。", UNTOLD],
    ),
    "knowledge": ActPage(
        "补充本人知情的情况", "补充知情的情况", "知情的情况已写入。", KnowledgeForm,
        _with_version(actions.add_knowledge), (FindingState.FILED,),
        lambda finding: ["只能补充一次，写入后不能更改；有误的，撤销后重新记录。", UNTOLD],
    ),
    "withdraw": ActPage(
        "撤销发现情况", "撤销", "已撤销。", WithdrawFindingForm, _with_version(actions.withdraw_finding),
        (FindingState.DRAFT, FindingState.FILED),
        lambda finding: [
            f"撤销后不能恢复，不再作为{cite('12.(2).(1)')}的依据；记录保留，标明已撤销。",
            "已经据此开立的建议案不随之改变，由经办人在案中办理。", UNTOLD,
        ],
        danger=True,
    ),
}  # fmt: skip


def finding_act(request, reference, act):
    """The page of one act."""
    finding = open_finding(request, reference)
    if act not in ACTS:
        raise Http404
    page = ACTS[act]
    demand(request.user, "appointments.record_finding", finding.appointment)
    if shut := _closed(request, finding, _open_states(finding, act)):
        return shut
    form = page.form(version=finding.version, **posted(request))
    return act_page(
        request,
        form,
        partial(page.carry, finding, form),
        to=lambda _: url_of_finding(finding),
        done=page.done,
        row=finding,
        template="supervision/finding_act.html",
        finding=finding,
        about=about_words(finding),
        page=page,
        words=finding_words(finding),
        points=page.points(finding),
        back=url_of_finding(finding),
    )


def _open_states(finding: Finding, act: str) -> tuple[str, ...]:
    """The states in which an act's page opens; what the CQO knew is written once."""
    return () if act == "knowledge" and finding.knew_on else ACTS[act].states
