"""What somebody went through, from all apps, as one line of days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Model, Q, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment, ReportDuty
from appointments.states import State
from registry.citing import cited
from registry.models import (
    Candidate,
    Education,
    Employment,
    PersonFact,
    ProfessionalQualification,
    QualityExperience,
)
from registry.one_statement import together
from registry.rules import day_words
from training.models import Certificate, Enrolment, ImprovementProject, PoolEntry, TrainingRecord
from training.states import ProjectState, SessionState

DAY = timedelta(days=1)
FACTS = (ProfessionalQualification, Education, QualityExperience, TrainingRecord)


@dataclass(frozen=True)
class Moment:
    """Something of one day: what, in which words, and where it is to be seen."""

    day: date
    title: str
    text: str
    url: str = ""
    tone: str = ""


class PersonFile:
    """What there is of a person within one's scope, from all apps: one statement, and one for revocations.

    ``work`` says where employed, ``certificates`` holds every version of each, with ``is_current``, ``enrolments``
    those not withdrawn, ``appointments`` drafts too, ``duties`` those whose report came in.
    """

    def __init__(self, person: Candidate, user):
        self.person, self.user = person, user
        with_whom = ("evidence", "enterprise", "recorded_by__county", "recorded_by__enterprise")
        duties = ReportDuty.unscoped.visible_to(user).filter(appointment__candidate=person)
        (
            self.work,
            self.certificates,
            self.enrolments,
            self.projects,
            self.entries,
            self.appointments,
            self.duties,
            *facts,
        ) = together(
            self.rows(Employment).select_related("enterprise__county"),
            self.rows(Certificate)
            .annotate(is_current=Q(superseded_by=None))
            .select_related("body", "enrolment__session"),
            self.rows(Enrolment).standing().select_related("session__body"),
            self.rows(ImprovementProject),
            self.rows(PoolEntry),
            self.rows(Appointment).with_parties(),
            duties.filter(report__received_on__isnull=False).with_parties(),
            *(self.rows(model).select_related(*with_whom) for model in FACTS),
        )
        prefetch_related_objects(self.certificates, "revocations")
        self._facts: dict[type[PersonFact], list] = dict(zip(FACTS, facts, strict=True))

    def rows(self, model: type[Model]):
        """The rows of a kind."""
        return model.unscoped.visible_to(self.user).filter(candidate=self.person)

    def facts(self, model: type[PersonFact]) -> list:
        """What enterprises put on file, with its evidence and who wrote it."""
        return self._facts[model]


def timeline(file: PersonFile) -> list[Moment]:
    """Everything of a person within one's scope, newest first."""
    parts = (_work, _held, _trained, _certified, _projects, _pool, _appointed, _reported)
    return sorted((moment for part in parts for moment in part(file)), key=lambda m: m.day, reverse=True)


def _work(file: PersonFile) -> Iterator[Moment]:
    for row in file.work:
        url = reverse("enterprise_detail", args=[row.enterprise.reference])
        yield Moment(row.period.lower, "入职", f"{row.enterprise.name}，{row.position}", url)
        if row.period.upper:
            yield Moment(row.period.upper - DAY, "离职", row.enterprise.name, url)
    for row in file.facts(QualityExperience):
        until = f"至{day_words(row.period.upper - DAY)}" if row.period.upper else "起，至今"
        yield Moment(
            row.period.lower, "质量工作经历", f"{row.employer}，{row.work}，{day_words(row.period.lower)}{until}"
        )


def _held(file: PersonFile) -> Iterator[Moment]:
    for row in file.facts(ProfessionalQualification):
        yield Moment(row.issued_on, "取得职业资格", f"{row.name}（{row.get_level_display()}）")
    for row in file.facts(Education):
        yield Moment(row.graduated_on, "毕业", f"{row.get_level_display()}，{row.school}")


def _trained(file: PersonFile) -> Iterator[Moment]:
    for row in file.enrolments:
        session = row.session
        stands = session.get_state_display() if session.state == SessionState.CANCELLED else row.get_state_display()
        words = f"{session.title}，{session.body.name}，{stands}"
        url = reverse("session_detail", args=[session.reference])
        yield Moment(session.first_day, session.get_kind_display(), words, url)
    for row in file.facts(TrainingRecord):
        hours = f"，{row.hours} 学时" if row.hours else ""
        yield Moment(row.completed_on, f"{row.get_kind_display()}（企业填报）", f"{row.body_name}{hours}")


def _certified(file: PersonFile) -> Iterator[Moment]:
    for row in file.certificates:
        url = reverse("certificate_detail", args=[row.code])
        title = "发给培训证书" if row.version == 1 else f"换发培训证书（第 {row.version} 版）"
        yield Moment(row.issued_on, title, f"{row.number}，{row.body.name}", url, "now")
        if revocation := row.revocation:
            yield Moment(revocation.revoked_on, "培训证书撤销", f"{row.number}。{revocation.reason}", url, "red")


def _projects(file: PersonFile) -> Iterator[Moment]:
    for row in file.projects:
        url = reverse("project_detail", args=[row.reference])
        yield Moment(row.period.lower, "质量课题改进计划", f"{row.title}，{row.get_state_display()}", url)
        if row.state == ProjectState.COMPLETED:
            yield Moment(timezone.localdate(row.confirmed_at), "课题确认完成", row.title, url, "now")


def _pool(file: PersonFile) -> Iterator[Moment]:
    for row in file.entries:
        url = reverse("pool_entry", args=[row.reference])
        yield Moment(row.entered_on, "纳入人才库", f"此后每年参加质监部门组织的继续教育{cited('8.2')}。", url, "now")
        if row.left_on:
            yield Moment(row.left_on, "退出人才库", row.left_reason, url, "red")


def _appointed(file: PersonFile) -> Iterator[Moment]:
    for row in (row for row in file.appointments if row.term):
        url = reverse("appointment_detail", args=[row.reference])
        yield Moment(row.first_day, "任首席质量官", f"{row.enterprise.name}，{row.get_state_display()}", url, "now")
        if row.state == State.ENDED:
            yield Moment(row.ended_on, "任期终止", f"{row.enterprise.name}，{row.get_end_reason_display()}", url, "red")


def _reported(file: PersonFile) -> Iterator[Moment]:
    for row in file.duties:
        late = f"，迟 {row.report.days_late} 天" if row.report.days_late else "，按时"
        yield Moment(row.received_on, "提供履职报告", f"{row.enterprise.name}，{row.cycle.title}{late}", row.page)
