"""《质量课题改进计划》: planned and reported by the enterprise, its completion confirmed by the bureau (Art. 8 ¶2)."""

from datetime import date

from django.db import transaction

from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.models import Candidate, Enterprise, StoredFile, User
from registry.models.measure import days
from registry.refusals import Refused
from training import notices
from training.actions.pool import enter_if_due
from training.models import ImprovementProject, ProjectAct
from training.states import PROJECT_MOVES, ProjectActKind, ProjectState

PLANNED = ("title", "problem", "target", "measures")


@transaction.atomic
def plan_project(
    *, enterprise: Enterprise, candidate: Candidate, first_day: date, last_day: date, by: User, at, **plan
) -> ImprovementProject:
    """Begin a project of one of the enterprise's people; a draft that only the enterprise sees to."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "training.plan_project", enterprise)
    if not candidate.employments.filter(enterprise=enterprise, period__contains=day_of(at)).exists():
        raise Refused("只能为本企业在职人员填报课题。", field="candidate")
    if last_day < first_day:
        raise Refused("完成日期不得早于开始日期。", field="last_day")
    year = day_of(at).year
    project = ImprovementProject.unscoped.create(
        reference=f"KT-{year}-{next_number('project', year):04d}", enterprise=enterprise, candidate=candidate,
        period=days(first_day, last_day), created_at=at, created_by=by, **plan,
    )  # fmt: skip
    _note(project, ProjectActKind.DRAFTED, by=by, at=at)
    return project


def _begin(
    project: ImprovementProject, perm: str, *, by: User, version: int | None = None, to=None, among=()
) -> ImprovementProject:
    """Lock and read again, ask the policy, check that the state allows the act."""
    rows = ImprovementProject.unscoped.select_related("enterprise__county", "candidate")
    project = locked(rows, project.pk, version)
    allow(by, f"training.{perm}", project)
    if (among and project.state not in among) or (to and (project.state, to) not in PROJECT_MOVES):
        raise Refused(f"这项课题现在是“{ProjectState(project.state).label}”，不能办理这一步。")
    return project


def _move(project: ImprovementProject, to: str) -> None:
    project.state = to
    project.version += 1
    project.save()


def _note(project, kind: ProjectActKind, *, by: User, at, text: str = "", evidence: StoredFile | None = None):
    return ProjectAct.unscoped.create(project=project, kind=kind, by=by, at=at, text=text, evidence=evidence)


@transaction.atomic
def save_plan(
    project: ImprovementProject, *, version: int, first_day: date, last_day: date, by: User, at, **plan
) -> ImprovementProject:
    """Keep what was written of the plan, while it is a draft or was returned. Raises Stale."""
    project = _begin(
        project, "prepare_project", by=by, version=version, among=(ProjectState.DRAFT, ProjectState.RETURNED)
    )
    if last_day < first_day:
        raise Refused("完成日期不得早于开始日期。", field="last_day")
    if project.state == ProjectState.RETURNED:
        if plan.get("target", project.target) != project.target:
            raise Refused("改进目标自提交计划时确定，不能更改。", field="target")
        if days(first_day, last_day) != project.period:
            raise Refused("实施期间自提交计划时确定，不能更改。", field="first_day")
    for name in PLANNED:
        setattr(project, name, plan.get(name, getattr(project, name)))
    project.period = days(first_day, last_day)
    project.version += 1
    project.save()
    return project


@transaction.atomic
def file_plan(project: ImprovementProject, *, version: int, by: User, at) -> ImprovementProject:
    """The enterprise puts the plan on file and begins (Art. 8 ¶2)."""
    project = _begin(project, "prepare_project", by=by, version=version, to=ProjectState.UNDERWAY)
    if not all(getattr(project, name).strip() for name in PLANNED):
        raise Refused("计划须写明课题名称、存在的问题、改进目标和改进措施。")
    _move(project, ProjectState.UNDERWAY)
    _note(project, ProjectActKind.FILED, by=by, at=at)
    return project


@transaction.atomic
def report_midterm(
    project: ImprovementProject, *, text: str, by: User, at, evidence: StoredFile | None = None
) -> ProjectAct:
    """How it stands half-way; several may follow one another."""
    project = _begin(project, "prepare_project", by=by, among=(ProjectState.UNDERWAY,))
    if not text.strip():
        raise Refused("请写明进展情况。", field="text")
    if evidence is not None:
        own_file(evidence, project.enterprise, field="evidence")
    return _note(project, ProjectActKind.MIDTERM, by=by, at=at, text=text.strip(), evidence=evidence)


@transaction.atomic
def report_completion(
    project: ImprovementProject, *, version: int, text: str, evidence: StoredFile, by: User, at
) -> ImprovementProject:
    """The enterprise reports the project complete, with its results and evidence; the county is told."""
    project = _begin(project, "prepare_project", by=by, version=version, to=ProjectState.REPORTED)
    if not text.strip():
        raise Refused("请写明改进的成效。", field="text")
    own_file(evidence, project.enterprise, field="evidence")
    if project.period.lower > day_of(at):
        raise Refused("课题尚未开始，不能报告完成。")
    project.reported_at, project.reported_by = at, by
    _move(project, ProjectState.REPORTED)
    _note(project, ProjectActKind.REPORTED, by=by, at=at, text=text.strip(), evidence=evidence)
    notices.project_reported(project, at=at)
    return project


@transaction.atomic
def return_project(project: ImprovementProject, *, version: int, reason: str, by: User, at) -> ImprovementProject:
    """The bureau returns it for revision, with the reason."""
    project = _begin(project, "confirm_project", by=by, version=version, to=ProjectState.RETURNED)
    if not reason.strip():
        raise Refused("请写明需要修改的内容。", field="reason")
    _move(project, ProjectState.RETURNED)
    _note(project, ProjectActKind.RETURNED, by=by, at=at, text=reason.strip())
    notices.project_returned(project, reason.strip(), at=at)
    return project


@transaction.atomic
def confirm_project(project: ImprovementProject, *, version: int, by: User, at, remark: str = "") -> ImprovementProject:
    """The bureau confirms that the project was completed; the talent pool follows if it is due (Art. 8 ¶2)."""
    project = _begin(project, "confirm_project", by=by, version=version, to=ProjectState.COMPLETED)
    project.candidate = locked(Candidate.unscoped, project.candidate_id)
    project.confirmed_at, project.confirmed_by = at, by
    _move(project, ProjectState.COMPLETED)
    _note(project, ProjectActKind.COMPLETED, by=by, at=at, text=remark.strip())
    notices.project_completed(project, at=at)
    enter_if_due(project.candidate, at=at)
    return project


@transaction.atomic
def stop_project(project: ImprovementProject, *, version: int, reason: str, by: User, at) -> ImprovementProject:
    """The enterprise gives the project up."""
    project = _begin(project, "prepare_project", by=by, version=version, to=ProjectState.WITHDRAWN)
    if not reason.strip():
        raise Refused("请写明中止的原因。", field="reason")
    _move(project, ProjectState.WITHDRAWN)
    _note(project, ProjectActKind.WITHDRAWN, by=by, at=at, text=reason.strip())
    return project
