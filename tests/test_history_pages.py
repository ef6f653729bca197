"""What is tracked is shown on its object's page: to staff, and to nobody else."""

import pytest
from django.apps import apps
from django.urls import reverse
from pghistory.models import Event

from appointments.models import (
    Achievement,
    Appointment,
    Campaign,
    DismissalRecommendation,
    DutyReport,
    Finding,
    Policy,
    ReportCycle,
    ReportDuty,
)
from registry.models import (
    AuthorityName,
    BasisPeriod,
    Candidate,
    Edition,
    Education,
    Employment,
    Enterprise,
    EnterpriseDesignation,
    EnterpriseSeat,
    Interpretation,
    ProfessionalQualification,
    QualityExperience,
    Registration,
    User,
)
from tests.promotion_cast import in_state
from tests.test_constraints import renamed
from training.models import (
    Assessment,
    Attendance,
    Course,
    CourseRecognition,
    Enrolment,
    ImprovementProject,
    PoolEntry,
    Recognition,
    Revocation,
    Session,
    SessionDay,
    TrainerMembership,
    TrainingBody,
    TrainingRecord,
)

HEAD = "修改记录（"
OF_REFERENCE = {
    "enterprise_detail": lambda w: w["a"].enterprise.reference,
    "candidate_detail": lambda w: w["a"].candidate.reference,
    "ce_ledger": lambda w: w["a"].candidate.reference,
    "appointment_detail": lambda w: w["a"].reference,
    "training_body_detail": lambda w: TrainingBody.unscoped.first().reference,
    "session_detail": lambda w: Enrolment.unscoped.filter(candidate=w["a"].candidate).first().session.reference,
    "certificate_detail": lambda w: (
        Revocation.unscoped.filter(certificate__candidate=w["a"].candidate).first().certificate.code
    ),
    "project_detail": lambda w: w["a"].candidate.projects.first().reference,
    "pool_entry": lambda w: w["a"].candidate.pool_entries.first().reference,
    "finding_detail": lambda w: Finding.unscoped.filter(appointment=w["a"]).first().reference,
    "case_detail": lambda w: DismissalRecommendation.unscoped.filter(appointment=w["a"]).first().reference,
    "cycle_detail": lambda w: w["duty"].cycle.reference,
    "achievement_detail": lambda w: Achievement.unscoped.filter(enterprise=w["a"].enterprise).first().reference,
    "campaign_detail": lambda w: w["campaign"].reference,
    "policy_detail": lambda w: w["policy"].reference,
    "registration_detail": lambda w: Registration.unscoped.filter(county=w["a"].enterprise.county).first().reference,
}
# Tracked model → the page that shows its history.
SHOWN = {
    Enterprise: "enterprise_detail",
    EnterpriseDesignation: "enterprise_detail",
    EnterpriseSeat: "enterprise_detail",
    Candidate: "candidate_detail",
    Employment: "candidate_detail",
    ProfessionalQualification: "candidate_detail",
    Education: "candidate_detail",
    QualityExperience: "candidate_detail",
    TrainingRecord: "candidate_detail",
    CourseRecognition: "ce_ledger",
    User: "admin:registry_user_change",
    Edition: "basis_record",
    BasisPeriod: "basis_record",
    AuthorityName: "basis_record",
    Interpretation: "interpretation_list",
    TrainingBody: "training_body_detail",
    Recognition: "training_body_detail",
    TrainerMembership: "training_body_detail",
    Session: "session_detail",
    SessionDay: "session_detail",
    Course: "session_detail",
    Enrolment: "session_detail",
    Attendance: "session_detail",
    Assessment: "session_detail",
    Revocation: "certificate_detail",
    ImprovementProject: "project_detail",
    PoolEntry: "pool_entry",
    Appointment: "appointment_detail",
    Finding: "finding_detail",
    DismissalRecommendation: "case_detail",
    ReportCycle: "cycle_detail",
    ReportDuty: "report_detail",
    DutyReport: "report_detail",
    Achievement: "achievement_detail",
    Campaign: "campaign_detail",
    Policy: "policy_detail",
    Registration: "registration_detail",
}
WITHOUT_REFERENCE = ("basis_record", "interpretation_list")


@pytest.fixture
def world(everything, supervise, promote, county_one, person_a_two, company_a, administrator):
    """Everything, with a report that was handed in, and a new name of the bureau."""
    renamed(BasisPeriod.unscoped.exclude(document=None).first().document, by=administrator)
    in_state(promote, "submitted", person_a_two, company_a)
    report = DutyReport.unscoped.filter(received_at__isnull=False, duty__appointment=everything["a"]).first()
    report = report or supervise.reported(supervise.duty(everything["a"]))
    campaign, policy = promote.published_campaign(), promote.published_policy(by=county_one)
    return everything | {"duty": report.duty, "campaign": campaign, "policy": policy}


def address(name: str, world: dict) -> str:
    if name in WITHOUT_REFERENCE:
        return reverse(name)
    if name == "report_detail":
        return reverse(name, args=[world["duty"].cycle.reference, world["a"].reference])
    if name == "admin:registry_user_change":
        return reverse(name, args=[world["a"].enterprise.accounts.get().pk])
    return reverse(name, args=[OF_REFERENCE[name](world)])


def test_every_tracked_model_has_its_page():
    tracked = {
        m.pgh_tracked_model for m in apps.get_models() if issubclass(m, Event) and hasattr(m, "pgh_tracked_model")
    }
    assert tracked == set(SHOWN)


def test_staff_read_the_history_of_each_tracked_row_on_its_page(world, client, administrator):
    client.force_login(administrator)
    unseen = []
    for model, name in SHOWN.items():
        page = client.get(address(name, world)).content.decode()
        verb = "修改" if model is DutyReport else "新增"  # what an enterprise writes is seen when it is handed in
        if HEAD not in page or f"<p>{verb}{model._meta.verbose_name}</p>" not in page:
            unseen.append((model.__name__, name))
    assert unseen == []


@pytest.mark.parametrize("persona", ["user_a", "trainer", "anonymous"])
def test_nobody_else_reads_any_history(world, client, persona, request):
    if persona != "anonymous":
        client.force_login(request.getfixturevalue(persona))
    for name in sorted(set(SHOWN.values())):
        assert HEAD not in client.get(address(name, world)).content.decode(), name
