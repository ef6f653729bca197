"""Each constraint provoked twice, by QuerySet and by SQL past Django; a constraint that nothing provokes fails here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from appointments import actions
from appointments.actions import withdraw
from appointments.models import (
    Achievement,
    AchievementAct,
    Act,
    Appointment,
    CaseAct,
    CaseGround,
    Commendation,
    DismissalRecommendation,
    DueExtension,
    EligibilitySnapshot,
    Finding,
    Guidance,
    NameConsent,
    Paper,
    Reminder,
    ReportDuty,
    ReportReceipt,
    Statement,
    StatementLink,
    Target,
    TargetSheet,
    Veto,
)
from appointments.states import ActKind, CaseActKind, CaseState, EndReason, FindingState, Party
from registry import jobs
from registry.actions import privacy
from registry.actions.common import remember_form
from registry.actions.imports import begin_import
from registry.actions.measure import record_authority_name, record_interpretation
from registry.faults import BY_HAND, TRIGGERS, sentence_for
from registry.models import (
    AuthorityName,
    Clause,
    Counter,
    DaySeal,
    Delivery,
    Employment,
    EnterpriseDesignation,
    EnterpriseSeat,
    FormToken,
    Interpretation,
    Invitation,
    Job,
    Message,
    QualityExperience,
    RateWindow,
    Registration,
    Reveal,
    SecurityHead,
    StoredFile,
    UnderBasis,
    User,
    VerificationTally,
)
from registry.notices import tell_county, text_person
from registry.ratelimit import spend
from registry.refusals import Refused
from registry.securitylog import note, seal_days
from registry.states import Role, SecurityEvent
from tests import tasks
from tests.cast import AT, TODAY, account
from tests.cast import person as new_person
from tests.importing import brought, newcomer, sheet
from tests.promotion_cast import SAID
from tests.supervision_cast import DUE, OPENED
from tests.test_access import exported
from training.actions import add_body, cancel_session, withdraw_enrolment
from training.models import (
    Assessment,
    Attendance,
    Certificate,
    Course,
    CourseRecognition,
    ImprovementProject,
    PoolConsent,
    PoolEntry,
    ProjectAct,
    Recognition,
    Revocation,
    SessionDay,
    TrainingBody,
)
from training.states import ProjectActKind

OURS = ("registry", "training", "appointments", "cqo_portal")
EMPTY = DateRange(empty=True)
SENTENCES = BY_HAND | {
    constraint.name: str(constraint.violation_error_message)
    for model in apps.get_models()
    if model._meta.app_label in OURS
    for constraint in model._meta.constraints
}


@dataclass
class Write:
    """A write the database must refuse: values set on a row, or (``copied``) on a second copy of it."""

    row: models.Model
    values: dict
    copied: bool = False


def change(row, **values) -> Write:
    return Write(row, values)


def copy(row, **values) -> Write:
    return Write(row, values, copied=True)


def first(model, **lookup):
    return model.unscoped.filter(**lookup).order_by("pk").first()


def term(day: date) -> DateRange:
    return DateRange(day, day.replace(year=day.year + 2))


# Never broken while keys are unique: it is there for the foreign key ``certificate_stands_on_a_pass`` to point at.
POINTED_AT = {"assessment_with_outcome"}
# What is published or signed has to name its edition: those constraints speak first.
STRICTER = {"reportcycle_on_a_basis", "dismissalrecommendation_on_a_basis"}
# Written by the command, or sent by a person without an account.
NAMELESS = ("edition", "basisperiod", "interpretation", "storedfile")
PUBLISHED = {"published_at": AT, "outside_basis": True}
ANOTHER = {"code": "-", "number": "-", "serial": 99}  # what tells a second certificate from the first


def other(w, **values) -> Write:
    """A certificate for the second seat of the session, which has none."""
    return copy(w.certificate, code="-", enrolment=w.seated, candidate=w.seated.candidate, **values)


def renamed(document, *, by) -> AuthorityName:
    """The municipal bureau under a new name."""
    return record_authority_name(
        county=None, name="清远市市场监督管理局", since=TODAY, title="关于机构改革的通知", number="清府〔2019〕1号",
        document=document, by=by, at=AT,
    )  # fmt: skip


# Name of the constraint → the write that breaks it, and no other rule before it.
PROVOKED: dict[str, Callable[[SimpleNamespace], Write]] = {
    # Accounts and enterprises
    "user_county_role_has_county": lambda w: change(w.county_one, county=None),
    "user_enterprise_role_has_enterprise": lambda w: change(w.user_a, enterprise=None),
    "user_username_once_in_any_case": lambda w: change(w.user_a, username=w.county_one.username.upper()),
    "user_owner_is_of_an_enterprise": lambda w: change(w.county_one, is_owner=True),
    "enterprise_has_one_owner": lambda w: copy(w.user_a, username="-"),
    "user_proven_phone_once": lambda w: copy(w.reachable, username="-"),
    "user_proven_phone_is_a_phone": lambda w: change(w.user_a, phone="0763-3366", phone_proven_at=AT),
    "registration_one_at_a_time": lambda w: copy(w.registration, reference="-"),
    "registration_credit_code_format": lambda w: change(w.registration, credit_code="I" * 18),
    "registration_decided_pair": lambda w: change(
        w.registration, state="declined", reason="授权书没有盖章。", decided_at=AT
    ),
    "registration_decided_by_an_officer": lambda w: change(w.registration, decided_at=AT, decided_by=w.county_one),
    "registration_declined_says_why": lambda w: change(
        w.registration, state="declined", decided_at=AT, decided_by=w.county_one
    ),
    "registration_taken_has_enterprise": lambda w: change(
        w.registration, state="taken", decided_at=AT, decided_by=w.county_one
    ),
    "invitation_one_address": lambda w: change(w.invitation, phone="13900139000"),
    "invitation_accepted_pair": lambda w: change(w.invitation, accepted_at=AT),
    "invitation_revoked_pair": lambda w: change(w.invitation, revoked_at=AT),
    "invitation_ends_once": lambda w: change(
        w.invitation, accepted_at=AT, accepted_by=w.user_a, revoked_at=AT, revoked_by=w.user_a
    ),
    "enterprise_credit_code_once": lambda w: change(w.company_a, credit_code=w.company_b.credit_code),
    "enterprise_credit_code_format": lambda w: change(w.company_a, credit_code="I" * 18),
    "enterprise_contact_phone_format": lambda w: change(w.company_a, contact_phone="0763-3366"),
    "designation_no_overlap": lambda w: copy(first(EnterpriseDesignation)),
    "designation_has_days": lambda w: change(first(EnterpriseDesignation), period=EMPTY),
    "seat_no_overlap": lambda w: copy(first(EnterpriseSeat)),
    "seat_has_days": lambda w: change(first(EnterpriseSeat), period=DateRange(None, TODAY)),
    # People
    "candidate_one_per_id_paper": lambda w: change(w.person_a, id_hash=w.person_b.id_hash),
    "candidate_id_number_masked": lambda w: change(w.person_a, id_masked="11010519491231002X"),
    "employment_no_overlap": lambda w: copy(first(Employment)),
    "employment_has_days": lambda w: change(first(Employment), period=EMPTY),
    "experience_has_days": lambda w: change(first(QualityExperience), period=EMPTY),
    # Numbers, forms, messages
    "counter_once": lambda w: copy(first(Counter)),
    "form_token_once": lambda w: copy(first(FormToken)),
    "message_one_audience": lambda w: change(first(Message, county__isnull=False), enterprise=w.company_a),
    "message_read_pair": lambda w: change(first(Message), read_at=AT),
    # What leaves the portal; the world has one mail that waits, and one text to a person
    "delivery_once": lambda w: copy(w.mail, reference="-"),
    "delivery_waiting_has_text": lambda w: change(w.mail, body=""),
    "delivery_secret_is_cleared": lambda w: change(w.text, state="sent", sent_at=AT),
    "delivery_message_has_enterprise": lambda w: change(w.mail, enterprise=None),
    "delivery_sent_is_dated": lambda w: change(w.mail, state="sent"),
    "delivery_bounced_is_dated": lambda w: change(w.mail, state="bounced", sent_at=AT, last_fault="退回。"),
    "delivery_undelivered_says_why": lambda w: change(w.mail, state="failed"),
    "delivery_claimed_while_waiting": lambda w: change(w.mail, state="sent", sent_at=AT, claimed_until=AT),
    # Personal data
    "reveal_has_reason": lambda w: copy(first(Reveal), reason=""),
    "person_link_revoked_pair": lambda w: change(w.person_link, revoked_at=AT),
    "person_link_used_by_a_browser": lambda w: change(w.person_link, used_at=AT),
    "data_request_answered_pair": lambda w: change(w.data_request, answered_at=AT),
    "data_request_answer_has_reason": lambda w: change(w.data_request, state="declined"),
    "data_request_done_is_dated": lambda w: change(w.data_request, done_at=AT),
    "data_request_one_open": lambda w: copy(w.data_request, reference="-"),
    # The security log
    "security_head_one": lambda w: change(first(SecurityHead), id=2),
    "day_seal_once": lambda w: copy(first(DaySeal)),
    "day_seal_without_gap": lambda w: copy(first(DaySeal), day=TODAY, entries=9),
    # Counts
    "rate_window_once": lambda w: copy(first(RateWindow)),
    "verification_tally_once": lambda w: copy(first(VerificationTally)),
    # Background work
    "job_done_within_total": lambda w: change(w.job, done=4),
    "job_beats_while_working": lambda w: change(w.job, heartbeat_at=AT - timedelta(seconds=1)),
    "job_finishes_after_it_started": lambda w: change(w.job, finished_at=AT - timedelta(seconds=1)),
    "job_fault_ends_it": lambda w: change(w.job, fault="已经停下。"),
    "export_form_known": lambda w: change(exported(w.county_one), form="exe"),
    # Spreadsheets that were brought: one is ready
    "import_confirmed_pair": lambda w: change(w.brought, confirmed_at=AT),
    "import_written_when_confirmed": lambda w: change(w.brought, state="writing"),
    "import_over_has_moment": lambda w: change(w.brought, finished_at=AT),
    "import_failed_has_reason": lambda w: change(w.unread, state="failed", finished_at=AT),
    "import_row_once": lambda w: copy(w.brought.rows.get()),
    "import_row_faulty_has_reason": lambda w: change(w.brought.rows.get(), verdict="faulty", details=[]),
    # The measure
    "basis_period_no_overlap": lambda w: copy(w.extension),
    "basis_period_has_days": lambda w: change(w.extension, period=EMPTY),
    "basis_period_one_original": lambda w: change(w.extension, kind="original"),
    "basis_period_has_its_document": lambda w: change(w.extension, document=None),
    "basis_period_planned_if_ended": lambda w: change(w.extension, planned_last_day=TODAY),
    "authority_name_once_a_day": lambda w: copy(w.name),
    "authority_name_has_its_document": lambda w: change(w.name, number=""),
    "clause_provision_unique": lambda w: change(first(Clause, path="6"), provision="7"),
    "clause_path_unique": lambda w: change(first(Clause, path="6"), path="7"),
    "interpretation_no_overlap": lambda w: copy(w.reading, number="口径二"),
    "interpretation_one_question": lambda w: copy(first(Interpretation, period=None)),
    "interpretation_number_unique": lambda w: copy(w.reading, key="another"),
    "interpretation_whole_or_open": lambda w: change(w.reading, text=""),
    # Appointments
    "one_cqo_in_force": lambda w: change(w.filed_b, enterprise=w.company_a),
    "term_is_whole_years": lambda w: change(w.filed_a, term_years=3),
    "in_force_within_term": lambda w: change(
        w.ended, in_force=DateRange(w.ended.first_day + timedelta(days=1), w.ended.in_force.upper)
    ),
    "appointed_means_in_force": lambda w: change(w.filed_a, in_force=None),
    "draft_has_no_term": lambda w: change(w.draft, term=term(w.draft.first_day), term_years=2),
    "ended_has_reason_and_day": lambda w: change(w.filed_a, ended_on=TODAY),
    "ended_closes_in_force": lambda w: change(w.ended, in_force=w.ended.term),
    "outside_decision_level_has_reason": lambda w: change(w.filed_a, in_decision_level=False),
    "transcribed_has_scan": lambda w: change(w.filed_a, is_transcribed=True),
    "filed_means_checked": lambda w: change(w.filed_a, checked_at=None, checked_by=None),
    "appointment_submitted_pair": lambda w: change(w.filed_a, submitted_by=None),
    "appointment_checked_pair": lambda w: change(w.filed_a, checked_by=None),
    "appointment_filed_pair": lambda w: change(w.filed_a, filed_by=None),
    "appointment_withdrawn_pair": lambda w: change(w.withdrawn, withdrawn_at=None),
    "appointment_ended_pair": lambda w: change(w.ended, ended_by=None),
    "only_the_clock_has_no_name": lambda w: copy(first(Act, kind=ActKind.FILED), by=None),
    "one_snapshot_per_appointment": lambda w: copy(first(EligibilitySnapshot)),
    "paper_number_once": lambda w: copy(first(Paper), code="-", appointment=w.draft),
    "paper_version_once": lambda w: copy(first(Paper), code="-", number="首质聘〔2026〕9999号"),
    "later_version_supersedes": lambda w: copy(first(Paper), code="-", version=2),
    # Who trains
    "training_body_name_once": lambda w: change(w.body, name=w.body_two.name),
    "training_body_mark_once": lambda w: change(w.body, mark=w.body_two.mark),
    "training_body_one_per_bureau": lambda w: copy(w.bureau, reference="JG-", name="又一家", mark="又一"),
    "training_body_county_of_bureau": lambda w: change(w.body, county=w.county_one.county),
    "recognition_no_overlap": lambda w: copy(first(Recognition)),
    "recognition_has_days": lambda w: change(first(Recognition), period=EMPTY),
    # Sessions and who is in them
    "session_days_in_order": lambda w: change(w.session, last_day=w.session.first_day - timedelta(days=1)),
    "session_enrolment_before_end": lambda w: change(
        w.session, enrolment=DateRange(w.session.last_day + timedelta(days=1), date(2030, 1, 1))
    ),
    "session_figures": lambda w: change(w.session, pass_mark=101),
    "session_published_pair": lambda w: change(w.session, published_by=None),
    "session_cancelled_pair": lambda w: change(w.cancelled, cancelled_by=None),
    "session_state_has_stamp": lambda w: change(w.cancelled, cancel_reason=""),
    "session_day_once": lambda w: copy(first(SessionDay)),
    "course_position_once": lambda w: copy(first(Course)),
    "course_has_hours": lambda w: change(first(Course), hours=0),
    "enrolment_once": lambda w: copy(w.seated, seat=30),
    "enrolment_seat_once": lambda w: change(w.seated, seat=w.other_seat.seat),
    "enrolment_seat_is_enrolled": lambda w: change(w.seated, seat=None),
    "enrolment_withdrawn_pair": lambda w: change(w.given_up, withdrawn_by=None),
    "enrolment_withdrawn_has_stamp": lambda w: change(w.seated, withdrawn_at=AT, withdrawn_by=w.user_a),
    "attendance_once": lambda w: copy(first(Attendance, enrolment=w.seated)),
    "assessment_sitting_once": lambda w: copy(first(Assessment)),
    "assessment_score_range": lambda w: copy(first(Assessment), sitting=4),
    "assessment_passed_by_score": lambda w: change(w.unused_pass, passed=False),
    # Certificates
    "certificate_serial_once": lambda w: other(w, number="-"),
    "certificate_number_once": lambda w: other(w, serial=99),
    "certificate_once_per_enrolment": lambda w: copy(w.certificate, **ANOTHER),
    "certificate_only_after_passing": lambda w: other(w, number="-", serial=99, passed=False),
    "certificate_later_version_supersedes": lambda w: other(w, number="-", serial=99, version=2),
    "certificate_stands_on_a_pass": lambda w: change(w.used_pass, passed=False, score=1),
    "revocation_once": lambda w: copy(w.open_revocation),
    "revocation_second_person": lambda w: change(
        w.open_revocation,
        revoked_on=TODAY,
        confirmed_at=AT,
        confirmed_by=w.open_revocation.proposed_by,
        outside_basis=True,
    ),
    "revocation_has_reasons": lambda w: change(w.open_revocation, declined_at=AT, declined_by=w.user_a),
    "revocation_confirmed_pair": lambda w: change(w.open_revocation, revoked_on=TODAY, confirmed_at=AT),
    "revocation_declined_pair": lambda w: change(w.open_revocation, declined_at=AT),
    "revocation_dated": lambda w: change(w.open_revocation, confirmed_at=AT, confirmed_by=w.user_a),
    # Projects, the talent pool, courses elsewhere
    "project_has_days": lambda w: change(w.project, period=EMPTY),
    "project_reported_pair": lambda w: change(w.project, reported_at=AT),
    "project_confirmed_pair": lambda w: change(w.completed, confirmed_by=None),
    "project_filed_is_whole": lambda w: change(w.completed, target=""),
    "project_completed_is_confirmed": lambda w: change(w.project, confirmed_at=AT, confirmed_by=w.county_one),
    "project_report_has_evidence": lambda w: copy(first(ProjectAct, kind=ProjectActKind.REPORTED), evidence=None),
    "project_return_has_reason": lambda w: copy(first(ProjectAct), kind=ProjectActKind.RETURNED, text=""),
    "pool_entry_once": lambda w: copy(w.entry, reference="RC-"),
    "pool_left_pair": lambda w: change(w.entry, left_at=AT, left_on=TODAY, left_reason="本人要求"),
    "pool_left_has_reason_and_day": lambda w: change(w.entry, left_at=AT, left_by=w.user_a, left_reason="本人要求"),
    "pool_consent_is_signed": lambda w: copy(first(PoolConsent, agreed=True), evidence=None),
    "course_recognition_has_hours": lambda w: change(first(CourseRecognition), hours=0),
    # Files of the bureaus and of people without an account
    "stored_file_one_owner": lambda w: copy(first(StoredFile), reference="-", county=w.county_one.county),
    "stored_file_without_account_is_internal": lambda w: copy(
        first(StoredFile, internal=False), reference="-", uploaded_by=None
    ),
    # Notices of reports, and their service
    "cycle_has_days": lambda w: change(w.planned, period=EMPTY),
    "cycle_due_after_period": lambda w: change(w.planned, due_on=w.planned.last_day),
    "cycle_published_pair": lambda w: change(w.cycle, published_by=None),
    "cycle_withdrawn_pair": lambda w: change(w.planned, withdrawn_at=AT),
    "cycle_published_is_whole": lambda w: change(w.cycle, legal_text=""),
    "cycle_withdrawn_has_reason": lambda w: change(w.withdrawn_cycle, withdrawal_reason=""),
    "one_duty_per_notice": lambda w: copy(w.duty),
    "duty_opened_pair": lambda w: change(w.duty, opened_by=None),
    "duty_paper_recorded_pair": lambda w: change(w.paper_duty, paper_recorded_by=None),
    "duty_paper_service_has_proof": lambda w: change(w.duty, paper_served_on=TODAY),
    "extension_has_reason": lambda w: copy(first(DueExtension), reason=""),
    # Reports
    "report_received_pair": lambda w: change(w.report, received_by=None),
    "report_noted_pair": lambda w: change(w.report, noted_at=AT),
    "report_handed_in_has_day": lambda w: change(w.draft_report, received_on=TODAY),
    "report_transcribed_has_scan": lambda w: change(w.report, is_transcribed=True),
    "veto_position_once": lambda w: copy(first(Veto)),
    "report_receipt_number_once": lambda w: copy(first(ReportReceipt), code="-", report=w.draft_report),
    # Targets
    "target_sheet_version_once": lambda w: copy(first(TargetSheet)),
    "target_sheet_agreed_by_year_end": lambda w: copy(first(TargetSheet), version=9, agreed_on=date(2026, 1, 1)),
    "target_position_once": lambda w: copy(first(Target)),
    "target_is_whole": lambda w: copy(first(Target), position=9, goal=""),
    # Findings
    "finding_filed_pair": lambda w: change(w.finding, filed_by=None),
    "finding_withdrawn_pair": lambda w: change(w.finding, withdrawn_at=AT),
    "finding_of_closed_lists": lambda w: change(w.finding, about="accident"),
    "finding_filed_is_whole": lambda w: change(w.finding, source=""),
    "finding_withdrawn_has_reason": lambda w: change(w.withdrawn_finding, withdrawal_reason=""),
    # Recommendations
    "one_open_case": lambda w: copy(w.open_case, reference="-"),
    "case_number_once": lambda w: change(w.open_case, number=w.case.number),
    "case_asked_pair": lambda w: change(w.open_case, asked_at=AT),
    "case_proposed_pair": lambda w: change(w.asked_case, proposed_at=AT),
    "case_signed_pair": lambda w: change(w.open_case, signed_at=AT),
    "case_letter_opened_pair": lambda w: change(w.open_case, letter_opened_at=AT),
    "case_paper_recorded_pair": lambda w: change(w.open_case, paper_recorded_at=AT),
    "case_answered_pair": lambda w: change(w.case, answered_by=None),
    "case_decided_not_pair": lambda w: change(w.open_case, decided_not_at=AT),
    "case_withdrawn_pair": lambda w: change(w.open_case, withdrawn_at=AT),
    "case_second_person_signs": lambda w: change(
        w.asked_case, proposed_at=AT, proposed_by=w.county_one, signed_at=AT, signed_by=w.county_one
    ),
    "case_asked_before_proposed": lambda w: change(w.open_case, proposed_at=AT, proposed_by=w.county_one),
    "case_issued_on_a_basis": lambda w: change(w.case, answer_due=None),
    "case_served_somehow": lambda w: change(w.case, letter_opened_at=None, letter_opened_by=None),
    "case_answer_is_whole": lambda w: change(w.case, answer_reason=""),
    "case_end_has_reason": lambda w: change(w.open_case, state=CaseState.NOT_RECOMMENDED),
    "ground_of_closed_list": lambda w: copy(first(CaseGround), kind="4"),
    "ground_once_per_case": lambda w: copy(first(CaseGround)),
    "statement_says_something": lambda w: copy(first(Statement), words=""),
    "statement_on_paper_has_scan": lambda w: copy(first(Statement, party=Party.ENTERPRISE), way="paper", file=None),
    "statement_by_somebody": lambda w: copy(first(Statement, party=Party.ENTERPRISE), by=None),
    "link_revoked_pair": lambda w: change(w.link, revoked_at=AT),
    "link_used_or_revoked": lambda w: change(
        first(StatementLink, used_at__isnull=False), revoked_at=AT, revoked_by=w.county_one
    ),
    "one_link_at_a_time": lambda w: copy(w.link, digest="-"),
    "case_act_by_somebody": lambda w: copy(first(CaseAct, kind=CaseActKind.OPENED), by=None),
    "reminded_once": lambda w: copy(first(Reminder)),
    # Campaigns, achievements, commendations
    "campaign_has_days": lambda w: change(w.campaign, period=EMPTY),
    "campaign_due_after_it_began": lambda w: change(w.campaign, due_on=w.campaign.first_day - timedelta(days=1)),
    "campaign_published_pair": lambda w: change(w.published_campaign, published_by=None),
    "campaign_closed_pair": lambda w: change(w.campaign, closed_by=w.county_one),
    "campaign_state_has_stamp": lambda w: change(w.campaign, **PUBLISHED, published_by=w.county_one),
    "achievement_submitted_is_whole": lambda w: change(w.achievement, results=""),
    "achievement_published_has_stamp": lambda w: change(w.achievement, published_at=AT, published_by=w.county_one),
    "achievement_submitted_pair": lambda w: change(w.achievement, submitted_by=None),
    "achievement_published_pair": lambda w: change(w.achievement, published_by=w.county_one),
    "achievement_refusal_has_reason": lambda w: copy(first(AchievementAct, kind="returned"), text=""),
    "commendation_once": lambda w: copy(first(Commendation), reference="-"),
    "name_consent_of_one_thing": lambda w: copy(first(NameConsent), achievement=None),
    "name_consent_is_signed": lambda w: copy(first(NameConsent, agreed=True), evidence=None),
    # Guidance and policies
    "guidance_corrected_once": lambda w: copy(w.correction, reference="-"),
    "guidance_about_a_mechanism": lambda w: copy(first(Guidance), reference="-", advice=""),
    "guidance_follow_up_later": lambda w: copy(first(Guidance), reference="-", follow_up_on=first(Guidance).day),
    "policy_has_days": lambda w: change(w.policy, period=EMPTY),
    "policy_published_has_file": lambda w: change(w.policy, state="published", **PUBLISHED, published_by=w.county_one),
    "policy_state_has_stamp": lambda w: change(w.policy, **PUBLISHED, published_by=w.county_one),
    "policy_published_pair": lambda w: change(w.policy, published_by=w.county_one),
    "policy_ended_pair": lambda w: change(w.policy, ended_by=w.county_one),
}


def unfounded(model: type[UnderBasis], _world) -> Write:
    """An act of that kind that says neither what it stands on nor that nothing was in force."""
    row = model.unscoped.exclude(**{f"{name}__isnull": True for name in model.acted_at}).order_by("pk").first()
    values = {"edition": None, "outside_basis": False}
    if row is None:  # all in draft
        row, values = first(model), values | {model.acted_at[0]: AT}
    return change(row, **values) if model in CHANGED else copy(row, **values)


ACTS = [model for model in apps.get_models() if issubclass(model, UnderBasis)]
CHANGED = {model for model, trigger in pgtrigger.registered() if "born" in trigger.name}
PROVOKED |= {
    name: partial(unfounded, model)
    for model in ACTS
    if (name := f"{model._meta.model_name}_on_a_basis") not in STRICTER
}
PROVOKED["revocation_on_a_basis"] = lambda w: change(
    w.open_revocation, revoked_on=TODAY, confirmed_at=AT, confirmed_by=w.user_a
)
# Name of the trigger → writes that it alone refuses.
FIRED: dict[str, Callable[[SimpleNamespace], tuple[Write, ...]]] = {
    "revocation_born_open": lambda w: (
        copy(w.open_revocation, declined_at=AT, declined_by=w.user_a, decline_reason="查无实据"),
        copy(w.open_revocation, confirmed_at=AT, confirmed_by=w.user_a, revoked_on=TODAY),
    ),
    "revocation_as_proposed": lambda w: (
        change(w.open_revocation, reason="改写"),
        change(w.open_revocation, proposed_by=w.user_a),
        change(w.open_revocation, certificate=w.certificate),
    ),
    "certificate_of_its_enrolment": lambda w: (
        copy(w.certificate, **ANOTHER, enrolment=w.seated),
        other(w, number="-", serial=99, body=w.body_two),
    ),
    "attendance_before_certificate": lambda w: (
        change(first(Attendance, enrolment=w.other_seat), present=False),
        change(first(Attendance, enrolment=w.seated), enrolment=w.other_seat),
    ),
    "recognised_within_record": lambda w: (change(first(CourseRecognition), hours=99),),
    "pool_entry_by_two_facts": lambda w: (
        copy(w.entry, reference="RC-", candidate=w.seated.candidate),
        copy(w.entry, reference="RC-", project=w.project),
        copy(w.entry, reference="RC-", certificate=w.open_revocation.certificate),
    ),
    "cycle_stands_as_published": lambda w: (
        change(w.cycle, number="清质监办〔2026〕1号"),
        change(w.cycle, period=DateRange(date(2024, 1, 1), date(2025, 1, 1))),
        change(w.cycle, body="改写"),
        change(w.cycle, published_at=AT),
        change(w.cycle, due_on=w.cycle.due_on - timedelta(days=1)),
    ),
    "duty_service_stays": lambda w: (
        change(w.duty, opened_at=None, opened_by=None),
        change(w.duty, opened_at=AT),
        change(w.duty, due_on=w.duty.due_on - timedelta(days=1)),
        change(w.paper_duty, paper_served_on=TODAY),
    ),
    "report_receipt_stays": lambda w: (
        change(w.report, received_on=DUE - timedelta(days=60)),
        change(w.report, received_at=AT),
    ),
    "case_stands_as_signed": lambda w: (
        change(w.case, signed_by=w.user_a),
        change(w.case, proposed_by=w.user_a),
        change(w.case, number="清质监办〔2026〕1号"),
        change(w.case, basis=None),
        change(w.case, appointment=w.submitted),
    ),
    "case_of_one_in_force": lambda w: (
        copy(w.open_case, reference="-", appointment=w.draft),
        copy(w.open_case, reference="-", appointment=w.withdrawn),
        copy(w.open_case, reference="-", appointment=w.ended),
    ),
    "ground_of_its_case": lambda w: tuple(
        copy(first(CaseGround, kind="1", case__appointment=w.filed_a), **{"finding": None} | about)
        for about in (
            {"finding": w.withdrawn_finding},
            {"finding": first(Finding, appointment=w.filed_b)},
            {"kind": "2", "year": w.filed_a.first_day.year - 1},
            {"kind": "2", "year": w.filed_a.last_day.year + 1},
            {"kind": "3", "duty": first(ReportDuty, appointment=w.filed_b)},
            {"kind": "3", "duty": w.idle_duty},
        )
    ),
    "case_on_a_ground": lambda w: (copy(w.open_case, reference="-", appointment=w.submitted),),
}
# The same constraints where NULL, which every check lets pass, would be the way round.
BY_NULL: dict[str, Callable[[SimpleNamespace], Write]] = {
    "term_is_whole_years": lambda w: change(w.filed_a, term_years=None),
    "term_is_whole_years, first day": lambda w: change(w.filed_a, first_day=None),
    "in_force_within_term": lambda w: change(w.withdrawn_draft, in_force=term(TODAY)),
    "outside_decision_level_has_reason": lambda w: change(w.filed_a, in_decision_level=None),
    "ended_has_reason_and_day": lambda w: change(w.ended, ended_on=None),
    "ended_closes_in_force": lambda w: change(w.ended, in_force=None),
    "message_read_pair": lambda w: change(first(Message), read_by=w.user_a),
    "job_beats_while_working": lambda w: change(w.job, heartbeat_at=None),
    "job_finishes_after_it_started": lambda w: change(w.job, started_at=None, heartbeat_at=None, finished_at=AT),
    "import_confirmed_pair": lambda w: change(w.brought, confirmed_by=w.user_a),
    "import_over_has_moment": lambda w: change(w.brought, state="dropped"),
    "appointment_ended_pair": lambda w: change(w.ended, ended_at=None, end_reason=EndReason.EXPIRED),
    "session_enrolment_before_end": lambda w: change(w.session, enrolment=DateRange(None, w.session.last_day)),
    "session_enrolment_before_end, no end": lambda w: change(w.session, enrolment=DateRange(w.session.first_day, None)),
    "session_state_has_stamp": lambda w: change(w.session, published_at=None, published_by=None),
    "enrolment_seat_is_enrolled": lambda w: change(w.given_up, seat=9),
    "enrolment_withdrawn_has_stamp": lambda w: change(w.given_up, withdrawn_at=None, withdrawn_by=None),
    "revocation_dated": lambda w: change(w.open_revocation, revoked_on=TODAY),
    "project_completed_is_confirmed": lambda w: change(w.completed, confirmed_at=None, confirmed_by=None),
    "project_completed_is_confirmed, never reported": lambda w: change(w.completed, reported_at=None, reported_by=None),
    "pool_left_has_reason_and_day": lambda w: change(w.entry, left_at=AT, left_by=w.user_a, left_on=TODAY),
    "cycle_published_is_whole": lambda w: change(w.cycle, edition=None),
    "duty_paper_service_has_proof": lambda w: change(w.paper_duty, paper_proof=None),
    "report_handed_in_has_day": lambda w: change(w.draft_report, state="received"),
    "finding_filed_is_whole": lambda w: change(w.finding, filed_at=None, filed_by=None),
    "ground_of_closed_list": lambda w: copy(first(CaseGround, kind="1"), finding=None, year=TODAY.year),
    "case_second_person_signs": lambda w: change(w.open_case, signed_at=AT, signed_by=w.county_one),
    "case_asked_before_proposed": lambda w: change(
        w.asked_case, statement_due=None, proposed_at=AT, proposed_by=w.county_one
    ),
    "case_issued_on_a_basis": lambda w: change(w.case, edition=None),
    "case_served_somehow": lambda w: change(
        w.case, letter_opened_at=None, letter_opened_by=None, paper_served_on=TODAY
    ),
    "case_answer_is_whole": lambda w: change(w.case, answered_at=None, answered_by=None),
}


@pytest.fixture
def world(
    everything, make, train, supervise, promote, extension, company_a, company_b, person_a, person_a_two, person_b,
    municipal, county_one,
):  # fmt: skip
    """Rows of every model, and appointments in the states that the constraints speak of."""
    user_a = make.enterprise_user(company_a)
    remember_form(uuid4(), user_a, "/", at=AT)
    tell_county(county_one.county, "通知", "内容。", url="/", at=AT)
    spend("verify", "192.0.2.1", limit=1, seconds=60, at=AT)
    VerificationTally.unscoped.count_up({"code": "", "day": TODAY, "answer": "unknown", "via": "code"})
    question = first(Interpretation, key="filing_ends")
    reading = record_interpretation(
        edition=question.edition, key=question.key, number="口径一", reading="county", text="登记至县局为止。",
        decided_on=TODAY, effective_from=date(2030, 1, 1), by=municipal, at=AT,
    )  # fmt: skip
    link, _ = privacy.issue_person_link(person_a, by_sms=False, by=municipal, at=AT)
    privacy.reveal_number(person_a, reason="核对", by=municipal, at=AT)
    note(SecurityEvent.LOGIN, by=user_a)
    seal_days(at=timezone.now() + timedelta(days=2))
    third = new_person(9, "周七", company=company_b, by=make.enterprise_user(company_b))
    return SimpleNamespace(
        **training_rows(make, train, person_a, company_a),
        **supervision_rows(make, supervise, everything),
        **promotion_rows(promote, county_one),
        submitted=make.submitted(person_a_two, company_a, first_day=date(2027, 1, 10)),
        county_one=county_one,
        user_a=user_a,
        reachable=account("qy00000009", Role.APPLICANT, "有手机的人", phone="13900139009", phone_proven_at=AT),
        registration=first(Registration),
        invitation=first(Invitation),
        job=running_job(user_a),
        brought=brought("people", sheet("people", user_a, newcomer(90, "吴九")), user_a),
        unread=begin_import("people", b"PK\x03\x04", "表格.xlsx", by=user_a, at=AT),
        person_link=link,
        data_request=privacy.ask_about_data(person_a, kind="erasure", words="请删除", at=AT),
        mail=first(Delivery, enterprise=company_a),
        text=text_person("13900139000", "请打开链接。", at=AT, enterprise=company_a),
        company_a=company_a,
        company_b=company_b,
        person_a=person_a,
        person_b=person_b,
        extension=extension,
        name=renamed(extension.document, by=extension.recorded_by),
        reading=reading,
        filed_a=everything["a"],
        filed_b=everything["b"],
        ended=make.ended(third, company_b, first_day=date(2020, 1, 1), at=AT.replace(year=2021)),
        withdrawn=make.withdrawn(third, company_b, first_day=date(2023, 1, 1)),
        withdrawn_draft=make_withdrawn_draft(make, third, company_b),
        draft=make.draft(third, company_b, first_day=date(2024, 1, 1)),
    )


def running_job(by) -> Job:
    job = jobs.start("demo", "后台工作", total=3, subject="", url="/", by=by, at=AT, task=tasks.send, count=3)
    Job.unscoped.filter(pk=job.pk).update(started_at=AT, heartbeat_at=AT)
    return job


def training_rows(make, train, someone, company) -> dict[str, models.Model]:
    """Rows of training: two seats in one session with a certificate on one pass and none on the other."""
    by = make.enterprise_user(company)
    others = [new_person(30 + n, f"学员{n}", company=company, by=by) for n in range(2)]
    certificate = first(Certificate, body=train.body, candidate=someone)
    session = certificate.enrolment.session
    withdrawn = train.enrolled(session, others[1], company)
    seated = train.passed(others[0], company, session)
    planned = train.planned()
    return {
        "body": train.body,
        "body_two": first(TrainingBody, mark="英职培"),
        "bureau": add_body(name="清远市局", mark="清质培", kind="bureau", by=make.municipal, at=AT),
        "session": session,
        "cancelled": cancel_session(planned, version=planned.version, reason="报名不足", by=train.trainer, at=AT),
        "certificate": certificate,
        "used_pass": certificate.assessment,
        "seated": seated,
        "unused_pass": seated.last_assessment,
        "other_seat": certificate.enrolment,
        "given_up": withdraw_enrolment(withdrawn, by=by, at=AT),
        "open_revocation": first(Revocation, confirmed_at=None, declined_at=None),
        "project": train.project(others[0], company),
        "completed": first(ImprovementProject, candidate=someone),
        "entry": first(PoolEntry, candidate=someone),
    }


def supervision_rows(make, supervise, everything) -> dict[str, models.Model]:
    """Rows of supervision: what 甲公司 has by the cast, a second notice served on paper, a case that is being heard."""
    a, b = everything["a"], everything["b"]
    duty = first(ReportDuty, appointment=a)
    actions.extend_due(duty.cycle, due_on=DUE + timedelta(days=30), reason="台风", by=make.municipal, at=OPENED)
    duty = first(ReportDuty, appointment=a)
    again = supervise.duty(a, number="清质监补〔2026〕999号", county=a.enterprise.county)
    proof, served = supervise.paper(a.enterprise), OPENED.date()
    paper_duty = actions.record_service(again, served_on=served, proof=proof, by=make.officer(a.enterprise), at=OPENED)
    draft_report = actions.start_report(again, by=make.enterprise_user(a.enterprise), at=OPENED)
    taken_back = supervise.cycle(number="清质监补〔2026〕998号", county=a.enterprise.county)
    asked = actions.ask_statements(
        first(DismissalRecommendation, appointment=b, state=CaseState.OPENED), version=1, due_on=DUE.replace(year=2027),
        by=make.officer(b.enterprise), at=AT,
    )  # fmt: skip
    return {
        "cycle": duty.cycle,
        "planned": supervise.planned(number="清质监补〔2026〕997号"),
        "withdrawn_cycle": actions.withdraw_cycle(taken_back, version=2, reason="有误", by=make.municipal, at=AT),
        "duty": duty,
        "paper_duty": paper_duty,
        "idle_duty": taken_back.duties.get(),
        "report": duty.report,
        "draft_report": draft_report,
        "finding": first(Finding, appointment=a),
        "withdrawn_finding": supervise.finding_in(FindingState.WITHDRAWN, a),
        "case": first(DismissalRecommendation, appointment=a, state=CaseState.ANSWERED),
        "open_case": first(DismissalRecommendation, appointment=a, state=CaseState.OPENED),
        "asked_case": asked,
        "link": supervise.link(asked)[0],
    }


def promotion_rows(promote, county_one) -> dict[str, models.Model]:
    """Rows of promotion: drafts of a campaign and of a policy, and a record of guidance that was corrected."""
    wrong = first(Guidance, enterprise__county=county_one.county)
    return {
        "campaign": promote.campaign(by=county_one),
        "published_campaign": promote.published_campaign(),
        "achievement": first(Achievement),
        "correction": actions.record_guidance(
            enterprise=wrong.enterprise, corrects=wrong, by=county_one, at=AT, **SAID
        ),
        "policy": promote.policy(by=county_one, file=False),
    }


def make_withdrawn_draft(make, someone, company) -> Appointment:
    draft = make.draft(someone, company)
    return withdraw(draft, version=draft.version, by=make.enterprise_user(company), at=AT)


def through_the_queryset(write: Write):
    """The write by ``QuerySet.update()`` or ``bulk_create()``, which call no model code."""
    model = type(write.row)
    if not write.copied:
        model.unscoped.filter(pk=write.row.pk).update(**write.values)
        return
    values = {
        f.attname: getattr(write.row, f.attname)
        for f in model._meta.concrete_fields
        if not (f.primary_key or f.generated)
    }
    row = model(**values)
    for name, value in write.values.items():
        setattr(row, name, value)
    model.unscoped.bulk_create([row])


def past_django(write: Write):
    """The write as plain SQL."""
    meta = type(write.row)._meta
    quote = connection.ops.quote_name
    changed = {
        quote(meta.get_field(name).column): meta.get_field(name).get_db_prep_save(
            getattr(value, "pk", value), connection
        )
        for name, value in write.values.items()
    }
    with connection.cursor() as cursor:
        if not write.copied:
            columns = ", ".join(f"{column} = %s" for column in changed)
            cursor.execute(
                f"UPDATE {quote(meta.db_table)} SET {columns} WHERE id = %s", [*changed.values(), write.row.pk]
            )
            return
        columns = [quote(field.column) for field in meta.concrete_fields if not (field.primary_key or field.generated)]
        selected = ["%s" if column in changed else column for column in columns]
        cursor.execute(
            f"INSERT INTO {quote(meta.db_table)} ({', '.join(columns)})"
            f" SELECT {', '.join(selected)} FROM {quote(meta.db_table)} WHERE id = %s",
            [*(changed[column] for column in columns if column in changed), write.row.pk],
        )


def broken_by(write: Callable[[], None]) -> tuple[str, str | None]:
    """The constraint a write broke, and the sentence for it."""
    try:
        with transaction.atomic():
            write()
            connection.check_constraints()  # those that fire at commit
    except DatabaseError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        return getattr(diagnosis, "constraint_name", None) or str(error), sentence_for(error)
    return "none", None


WAYS = (through_the_queryset, past_django)


def test_each_constraint_holds_against_writes_that_pass_by_the_acts(world):
    expected = {name: (name, SENTENCES[name]) for name in PROVOKED}
    for way in WAYS:
        broken = {name: broken_by(lambda way=way, write=write: way(write(world))) for name, write in PROVOKED.items()}
        assert broken == expected, way.__name__


def test_no_constraint_is_passed_by_leaving_a_value_out(world):
    expected = {name: name.partition(",")[0] for name in BY_NULL}
    for way in WAYS:
        broken = {name: broken_by(lambda way=way, write=write: way(write(world)))[0] for name, write in BY_NULL.items()}
        assert broken == expected, way.__name__


def test_what_compares_two_rows_holds_against_writes_that_pass_by_the_acts(world):
    for way in WAYS:
        for name, writes in FIRED.items():
            told = [broken_by(lambda way=way, write=write: way(write))[1] for write in writes(world)]
            assert told == [TRIGGERS[name]] * len(told), (name, way.__name__)


def test_the_attendance_under_a_certificate_is_not_deleted_and_other_attendance_is(world):
    erase = "DELETE FROM training_attendance WHERE enrolment_id = %s"

    def delete(enrolment) -> int:
        with connection.cursor() as cursor:
            cursor.execute(erase, [enrolment.pk])
            return cursor.rowcount

    assert broken_by(lambda: delete(world.other_seat))[1] == TRIGGERS["attendance_before_certificate"]
    assert delete(world.seated) == 3


def test_a_course_without_evidence_is_not_recognised_by_any_write(world):
    recognition = first(CourseRecognition)
    type(recognition.record).unscoped.filter(pk=recognition.record_id).update(evidence=None)
    told = broken_by(lambda: past_django(change(recognition, hours=1)))[1]
    assert told == TRIGGERS["recognised_within_record"]


def test_no_recommendation_stands_without_one_of_the_three_grounds(supervise, cqo_a, county_one):
    """Art. 12(二): a closed list, in Python and in SQL, at its opening and ever after; an accident is no ground."""
    accident = supervise.accident(cqo_a.enterprise)
    for act, more in ((actions.open_case, {}), (actions.decline_to_open, {"reason": "无"})):
        for names in ([], ["4:1"], ["1:"], ["3:0"], ["2:1999"], [f"1:{accident.reference}"]):
            with pytest.raises(Refused) as refused:
                act(cqo_a, names=names, by=county_one, at=AT, **more)
            assert refused.value.field == "grounds"
    assert not DismissalRecommendation.unscoped.exists()
    ground = supervise.opened(cqo_a).grounds.get()
    assert ground.case.state == CaseState.OPENED and broken_by(lambda: None) == ("none", None)
    kept = [
        lambda: CaseGround.unscoped.filter(pk=ground.pk)._raw_delete("default"),
        lambda: past_django(change(ground, kind="2")),
        lambda: past_django(change(ground, finding=None)),
    ]
    assert {broken_by(write)[1] for write in kept} == {TRIGGERS["append_only"]}
    for kind in "456":
        assert broken_by(lambda kind=kind: past_django(copy(ground, kind=kind)))[0] == "ground_of_closed_list"


def test_every_constraint_is_provoked_here():
    assert set(PROVOKED) == set(SENTENCES) - POINTED_AT - STRICTER


def test_every_constraint_speaks_chinese():
    for name, sentence in SENTENCES.items():
        assert sentence.endswith("。"), name
        assert not {c for c in sentence if c.isascii() and c.islower()}, name


def test_who_and_when_are_always_recorded_together():
    """``x_at`` and ``x_by``: both always there, or a pair held by a constraint, but for what has no account."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS or hasattr(model, "pgh_tracked_model"):
            continue
        fields = {field.name: field for field in model._meta.concrete_fields}
        for name in (name.removesuffix("_at") for name in fields if name.endswith("_at")):
            if f"{name}_by" in fields and fields[f"{name}_at"].null:
                assert any(name_of.endswith(f"{name}_pair") for name_of in names_of(model)), (model, name)
            elif f"{name}_by" in fields and fields[f"{name}_by"].null:
                assert model._meta.model_name in NAMELESS, (model, name)
        for name in (name.removesuffix("_by") for name in fields if name.endswith("_by")):
            assert f"{name}_at" in fields, (model, name)


def names_of(model) -> list[str]:
    return [constraint.name for constraint in model._meta.constraints]


def test_an_expired_appointment_needs_no_name_and_any_other_end_does(world):
    ended = Appointment.unscoped.filter(pk=world.ended.pk)
    ended.update(end_reason=EndReason.EXPIRED, ended_by=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        ended.update(end_reason=EndReason.DISMISSED)
    assert ended.get().end_reason == EndReason.EXPIRED


def test_an_account_of_no_office_has_neither_county_nor_enterprise(measure, counties, company_a):
    for scope in ({"county": counties["441802"]}, {"enterprise": company_a}):
        with pytest.raises(DatabaseError), transaction.atomic():
            account("nobody", "municipal", "某人", **scope)
    assert not User.unscoped.filter(username="nobody").exists()
