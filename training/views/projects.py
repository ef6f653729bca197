"""《质量课题改进计划》: list, plan, its page with the next step, and a page for each act.

``ACTS`` is the one table of who may do what in which state; buttons and pages both read it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.citing import cited
from registry.history import events_of, history
from registry.models import Candidate, Employment, User
from registry.models.measure import legal_basis
from registry.pages import demand, find
from registry.rules import day_words
from registry.templatetags.portal import cn_range
from registry.views.common import form_page, posted
from registry.views.lists import opened
from training import actions
from training.forms.projects import (
    ConfirmForm,
    MendForm,
    MidtermForm,
    NewPlanForm,
    PlainForm,
    PlanForm,
    ReportForm,
    ReturnProjectForm,
    StopForm,
)
from training.models import ImprovementProject, PoolEntry, ProjectAct
from training.rules import same_certificate
from training.states import ProjectActKind, ProjectState
from training.views.common import act_page, stored_evidence

PROJECTS = "质量课题"
TONES = {
    ProjectState.UNDERWAY: "blue",
    ProjectState.REPORTED: "blue",
    ProjectState.RETURNED: "amber",
    ProjectState.COMPLETED: "green",
    ProjectState.WITHDRAWN: "red",
}
ACT_TONES = {ProjectActKind.RETURNED: "amber", ProjectActKind.WITHDRAWN: "red"}
NOT_NOW = "这项课题现在是“{}”，不能办理这一步。"


def url_of(project: ImprovementProject) -> str:
    """The project's page."""
    return reverse("project_detail", args=[project.reference])


def state_words(project: ImprovementProject) -> tuple[str, str]:
    """The state in words, and its colour."""
    return ProjectState(project.state).label, TONES.get(project.state, "")


def open_project(request, reference: str) -> ImprovementProject:
    """The project, with its parties, if this person may see it; Http404 otherwise."""
    rows = ImprovementProject.unscoped.visible_to(request.user)
    return find(rows.select_related("enterprise__county", "candidate", "confirmed_by__county"), reference=reference)


@require_safe
def project_list(request):
    """质量课题 within one's scope."""
    found = opened(request, "project_list")
    page = found.page(request)
    facts = {"filters": found.filters, "page": page, "any": found.any_beside(page)}
    facts["may_plan"] = request.user.has_perm("training.plan_project", request.user.enterprise)
    return render(request, "training/project_list.html", facts)


# --- The plan --------------------------------------------------------------------------------------------------------


def project_new(request):
    """Begin a plan for one of the enterprise's people in service."""
    enterprise = request.user.enterprise
    demand(request.user, "training.plan_project", enterprise)
    at_work = Employment.unscoped.filter(enterprise=enterprise, period__contains=timezone.localdate())
    people = Candidate.unscoped.visible_to(request.user).filter(pk__in=at_work.values("candidate"))
    if request.method != "POST" and not people.exists():
        messages.info(request, "课题由本企业在职人员实施。请先添加人员，再填写计划。")
        return redirect(f"{reverse('candidate_new')}?next={reverse('project_new')}")
    asked = people.filter(reference=request.GET.get("candidate", "").replace("\x00", "")).first()
    form = NewPlanForm(people=people, initial={"candidate": asked and asked.reference}, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.plan_project(enterprise=enterprise, **form.values(), **who),
        to=url_of,
        title="填写质量课题改进计划",
        lead=f"取得培训证书并完成《质量课题改进计划》的人员，纳入首席质量官人才库{cited('8.2')}。先存草稿，核对后再提交。",
        trail=[(PROJECTS, reverse("project_list"))],
        submit="保存草稿",
        done="草稿已保存，尚未提交。请核对后提交计划。",
    )


def project_edit(request, reference):
    """Go on with a plan, or mend it after a return."""
    project = open_project(request, reference)
    demand(request.user, "training.prepare_project", project)
    if shut := _closed(request, project, (ProjectState.DRAFT, ProjectState.RETURNED)):
        return shut
    drafted = project.state == ProjectState.DRAFT
    kind = PlanForm if drafted else MendForm
    initial = {name: getattr(project, name) for name in kind.base_fields if hasattr(project, name)}
    form = kind(initial=initial, version=project.version, **posted(request))
    stands = {} if drafted else {"first_day": project.first_day, "last_day": project.last_day}

    def save(**who):
        return actions.save_plan(project, version=form.cleaned_data["version"], **stands, **form.values(), **who)

    return form_page(
        request,
        form,
        save,
        to=url_of,
        title="修改计划",
        caption=f"{project.candidate.name}的课题",
        lead="" if drafted else "改进目标和实施期间自提交计划时确定，不再更改。其余各项改好后，重新报告完成。",
        stands=() if drafted else (("改进目标", project.target), ("实施期间", cn_range(*stands.values()))),
        trail=[(PROJECTS, reverse("project_list")), (project.reference, url_of(project))],
        row=project,
        done="计划已保存。" + ("尚未提交，请核对后提交。" if drafted else "接着重新报告完成。"),
    )


def _closed(request, project: ImprovementProject, states: tuple[str, ...]):
    """Back to the project with the reason when its state shuts this page; None when it opens.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    if request.method == "POST" or project.state in states:
        return None
    messages.warning(request, NOT_NOW.format(ProjectState(project.state).label))
    return redirect(url_of(project))


# --- Its page --------------------------------------------------------------------------------------------------------


@dataclass
class NextStep:
    """What is to be done or who has it, who hears of it, and the buttons: the first is the primary one."""

    title: str
    lines: list[str]
    note: str = ""
    actions: list[tuple[str, str]] = field(default_factory=list)


def _buttons(project: ImprovementProject, user: User, *acts: str) -> list[tuple[str, str]]:
    """Words and addresses of those acts that are open to this person now."""
    return [(ACTS[act].button, _act_url(project, act)) for act in acts if ACTS[act].opens(project, user)]


def _act_url(project: ImprovementProject, act: str) -> str:
    return reverse("project_act", args=[project.reference, act])


def next_step(project: ImprovementProject, user: User, today: date) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    own = user.has_perm("training.prepare_project", project)
    said = {
        ProjectState.DRAFT: _drafted,
        ProjectState.UNDERWAY: _underway,
        ProjectState.REPORTED: _reported,
        ProjectState.RETURNED: _returned,
    }
    if project.state in said:
        return said[project.state](project, user, own, today)
    if project.state == ProjectState.COMPLETED:
        return NextStep("无需办理", [after_completion(project, today)])
    return NextStep("已中止", ["这项课题已由企业中止，无需办理。需要时可以另建课题。"])


def _edit(project: ImprovementProject) -> list[tuple[str, str]]:
    return [("修改计划", reverse("project_edit", args=[project.reference]))]


def _drafted(project, user, own, today) -> NextStep:
    if not own:
        return NextStep("企业正在填写", ["这是企业的草稿，计划尚未提交。无需办理。"])
    lines = ["草稿只有贵企业能改。核对无误后提交，即可开始实施。"]
    return NextStep("下一步：核对并提交计划", lines, actions=_buttons(project, user, "file") + _edit(project))


def _underway(project, user, own, today) -> NextStep:
    until = f"计划{day_words(project.last_day)}完成"
    if not own:
        return NextStep("企业正在实施", [f"{until}。企业报告完成后，由{project.enterprise.county.bureau}确认。"])
    late = f"{until}，这一天已过。完成了的请报告；继续实施的，不影响以后报告。"
    line = late if project.last_day < today else f"{until}。完成后附证明材料报告，实施中可以提交中期报告。"
    return NextStep("下一步：实施并报告完成", [line], actions=_buttons(project, user, "report", "midterm"))


def _reported(project, user, own, today) -> NextStep:
    if not user.has_perm("training.confirm_project", project):
        title = f"等待{project.enterprise.county.bureau}确认"
        return NextStep(title, ["确认完成或者退回修改后，在“消息”中告知。"])
    lines = ["对照改进目标，核对成效和证明材料。达到的确认完成；需要修改的退回，并写明修改什么。"]
    note = f"确认或者退回后，消息发给{project.enterprise.name}。"
    return NextStep("下一步：确认完成", lines, note, _buttons(project, user, "complete", "return"))


def _returned(project, user, own, today) -> NextStep:
    act = project.acts.filter(kind=ProjectActKind.RETURNED).select_related("by__county").first()
    lines = [f"{act.by.office_at(act.at)}退回：{act.text}"]
    if not own:
        return NextStep("等待企业修改", [*lines, f"由{project.enterprise.name}修改后重新报告。"])
    return NextStep("下一步：修改后重新报告", lines, actions=_buttons(project, user, "report") + _edit(project))


def after_completion(project: ImprovementProject, today: date) -> str:
    """What follows for the talent pool from this project, done or about to be (Art. 8 ¶2)."""
    name = project.candidate.name
    if entry := PoolEntry.unscoped.present().filter(candidate=project.candidate).first():
        return f"{name}已于{day_words(entry.entered_on)}纳入首席质量官人才库{cited('8.2')}。"
    if not same_certificate(legal_basis(today).value("certificate_meaning")):
        return f"按现行口径，资格证书不是培训证书，平台不自动纳入人才库{cited('8.2')}。"
    if PoolEntry.unscoped.filter(project=project).exists():
        return f"{name}已登记退出人才库。"
    if project.candidate.certificates.valid().exists():
        return f"{name}已有有效的培训证书，确认完成时当即纳入首席质量官人才库，此后每年参加继续教育{cited('8.2')}。"
    return f"{name}还没有有效的培训证书，取得证书之日纳入首席质量官人才库{cited('8.2')}。"


@dataclass(frozen=True)
class Event:
    """One entry of the timeline."""

    title: str
    at: object
    by_line: str
    text: str
    tone: str


@require_safe
def project_detail(request, reference):
    """Title, next step, plan, reports with their evidence, what came of it, timeline, history for staff."""
    project, user, today = open_project(request, reference), request.user, timezone.localdate()
    acts = list(project.acts.select_related("by__enterprise", "by__county", "evidence"))
    context = {
        "project": project,
        "words": state_words(project),
        "next": next_step(project, user, today),
        "links": _buttons(project, user, "stop"),
        "reports": [act for act in acts if act.kind in (ProjectActKind.MIDTERM, ProjectActKind.REPORTED)],
        "events": [_event(act) for act in acts],
        "entry": PoolEntry.unscoped.visible_to(user).filter(project=project).first(),
    }
    if user.has_perm("registry.see_history"):
        context["history"] = history(events_of(ImprovementProject, pgh_obj=project))
    return render(request, "training/project_detail.html", context)


def _event(act: ProjectAct) -> Event:
    """An act as the timeline says it; the text of a report stands on the page itself."""
    text = "" if act.kind in (ProjectActKind.MIDTERM, ProjectActKind.REPORTED) else act.text
    who = f"{act.by.display_name}（{act.by.office_at(act.at)}）"
    return Event(ProjectActKind(act.kind).label, act.at, who, act.flagged(text), ACT_TONES.get(act.kind, ""))


# --- The acts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ActPage:
    """A page that carries one act out: words, form, action, and what it will do in sentences."""

    title: str
    button: str
    done: str
    form: type
    carry: Callable
    perm: str
    states: tuple[str, ...]
    points: Callable  # (project, today) → sentences
    danger: bool = False
    shows_report: bool = False

    def opens(self, project: ImprovementProject, user: User) -> bool:
        """Whether this person may do it now."""
        return project.state in self.states and user.has_perm(f"training.{self.perm}", project)


def _with_version(action: Callable) -> Callable:
    return lambda row, form, **who: action(row, version=form.cleaned_data["version"], **form.values(), **who)


def _with_evidence(action: Callable, *, versioned: bool) -> Callable:
    """With the uploaded file, and the version where the act moves the state."""

    def carry(row, form, **who):
        version = {"version": form.cleaned_data["version"]} if versioned else {}
        evidence = stored_evidence(form, row.enterprise, **who)
        return action(row, text=form.cleaned_data["text"], evidence=evidence, **version, **who)

    return carry


def _to_bureau(project) -> str:
    return f"消息发给：{project.enterprise.county.bureau}（站内）。"


def _to_enterprise(project) -> str:
    return f"消息发给：{project.enterprise.name}（站内）。"


ACTS = {
    "file": ActPage(
        "提交计划", "提交计划", "计划已提交。完成后请附证明材料报告。", PlainForm, _with_version(actions.file_plan),
        "prepare_project", (ProjectState.DRAFT,),
        lambda project, today: [
            "提交后开始实施，实施期间不能修改计划。", "完成后附证明材料报告，由质监部门确认。",
            f"提交不发消息，{project.enterprise.county.bureau}在课题名单中可以看到。",
        ],
    ),
    "midterm": ActPage(
        "中期报告", "提交中期报告", "中期报告已提交。", MidtermForm,
        _with_evidence(actions.report_midterm, versioned=False), "prepare_project", (ProjectState.UNDERWAY,),
        lambda project, today: ["中期报告记入办理经过，可以提交几次，提交后不能修改。", "提交不发消息。"],
    ),
    "report": ActPage(
        "报告完成", "报告完成", "已报告完成，等待确认。", ReportForm,
        _with_evidence(actions.report_completion, versioned=True), "prepare_project",
        (ProjectState.UNDERWAY, ProjectState.RETURNED),
        lambda project, today: [
            "质监部门对照改进目标核对成效和证明材料，确认完成或者退回修改。",
            f"取得培训证书并完成课题的人员，纳入人才库{cited('8.2')}。", _to_bureau(project),
        ],
    ),
    "return": ActPage(
        "退回修改", "退回修改", "已退回，消息已发给企业。", ReturnProjectForm, _with_version(actions.return_project),
        "confirm_project", (ProjectState.REPORTED,),
        lambda project, today: ["企业按写明的内容修改，再重新报告完成。", _to_enterprise(project)], shows_report=True,
    ),
    "complete": ActPage(
        "确认完成", "确认完成", "已确认完成，消息已发给企业。", ConfirmForm, _with_version(actions.confirm_project),
        "confirm_project", (ProjectState.REPORTED,),
        lambda project, today: [
            "确认人和时间记入办理经过，确认后不能撤回。", after_completion(project, today), _to_enterprise(project),
        ],
        shows_report=True,
    ),
    "stop": ActPage(
        "中止课题", "中止课题", "课题已中止。", StopForm, _with_version(actions.stop_project), "prepare_project",
        (ProjectState.DRAFT, ProjectState.UNDERWAY, ProjectState.RETURNED),
        lambda project, today: ["中止后不能恢复；需要时可以另建课题。", "中止不发消息。"], danger=True,
    ),
}  # fmt: skip


def project_act(request, reference, act):
    """The page of one act."""
    project = open_project(request, reference)
    if act not in ACTS:
        raise Http404
    page = ACTS[act]
    demand(request.user, f"training.{page.perm}", project)
    if shut := _closed(request, project, page.states):
        return shut
    form = page.form(version=project.version, **posted(request))
    reported = project.acts.filter(kind=ProjectActKind.REPORTED).select_related("evidence").first()
    return act_page(
        request,
        form,
        partial(page.carry, project, form),
        to=lambda _: url_of(project),
        done=page.done,
        row=project,
        template="training/project_act.html",
        project=project,
        page=page,
        words=state_words(project),
        points=page.points(project, timezone.localdate()),
        reported=reported if page.shows_report else None,
        back=url_of(project),
    )
