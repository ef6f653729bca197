"""Each constraint provoked twice, by QuerySet and by SQL past Django; a constraint that nothing provokes fails here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from appointments.actions import withdraw
from appointments.models import Act, Appointment, EligibilitySnapshot, Paper
from appointments.states import ActKind, EndReason
from registry import jobs
from registry.actions.common import remember_form
from registry.actions.measure import record_interpretation
from registry.faults import BY_HAND, TRIGGERS, sentence_for
from registry.models import (
    Clause,
    Counter,
    Employment,
    EnterpriseDesignation,
    EnterpriseSeat,
    FormToken,
    Interpretation,
    Job,
    Message,
    QualityExperience,
    RateWindow,
    User,
    VerificationTally,
)
from registry.notices import tell_county
from registry.ratelimit import spend
from tests import tasks
from tests.cast import AT, TODAY, account
from tests.cast import person as new_person
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
ANOTHER = {"code": "-", "number": "-", "serial": 99}  # what tells a second certificate from the first


def other(w, **values) -> Write:
    """A certificate for the second seat of the session, which has none."""
    return copy(w.certificate, code="-", enrolment=w.seated, candidate=w.seated.candidate, **values)


# Name of the constraint → the write that breaks it, and no other rule before it.
PROVOKED: dict[str, Callable[[SimpleNamespace], Write]] = {
    # Accounts and enterprises
    "user_county_role_has_county": lambda w: change(w.county_one, county=None),
    "user_enterprise_role_has_enterprise": lambda w: change(w.user_a, enterprise=None),
    "user_username_once_in_any_case": lambda w: change(w.user_a, username=w.county_one.username.upper()),
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
    # Counts
    "rate_window_once": lambda w: copy(first(RateWindow)),
    "verification_tally_once": lambda w: copy(first(VerificationTally)),
    # Background work
    "job_done_within_total": lambda w: change(w.job, done=4),
    "job_beats_while_working": lambda w: change(w.job, heartbeat_at=AT - timedelta(seconds=1)),
    "job_finishes_after_it_started": lambda w: change(w.job, finished_at=AT - timedelta(seconds=1)),
    "job_fault_ends_it": lambda w: change(w.job, fault="已经停下。"),
    # The measure
    "basis_period_no_overlap": lambda w: copy(w.extension),
    "basis_period_has_days": lambda w: change(w.extension, period=EMPTY),
    "basis_period_one_original": lambda w: change(w.extension, kind="original"),
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
        w.open_revocation, revoked_on=TODAY, confirmed_at=AT, confirmed_by=w.open_revocation.proposed_by
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
}
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
}


@pytest.fixture
def world(everything, make, train, extension, company_a, company_b, person_a, person_b, municipal, county_one):
    """Rows of every model, and appointments in the states that the constraints speak of."""
    user_a = make.enterprise_user(company_a)
    remember_form(uuid4(), user_a, "/", at=AT)
    tell_county(county_one.county, "通知", "内容。", url="/", at=AT)
    spend("verify", "192.0.2.1", limit=1, seconds=60, at=AT)
    VerificationTally.unscoped.count_up(code="", day=TODAY, answer="unknown", via="code")
    question = first(Interpretation, key="filing_ends")
    reading = record_interpretation(
        edition=question.edition, key=question.key, number="口径一", reading="county", text="登记至县局为止。",
        decided_on=TODAY, effective_from=date(2030, 1, 1), by=municipal, at=AT,
    )  # fmt: skip
    third = new_person(9, "周七", company=company_b, by=make.enterprise_user(company_b))
    return SimpleNamespace(
        **training_rows(make, train, person_a, company_a),
        county_one=county_one,
        user_a=user_a,
        job=running_job(user_a),
        company_a=company_a,
        company_b=company_b,
        person_a=person_a,
        person_b=person_b,
        extension=extension,
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


def make_withdrawn_draft(make, someone, company) -> Appointment:
    draft = make.draft(someone, company)
    return withdraw(draft, version=draft.version, by=make.enterprise_user(company), at=AT)


def through_the_queryset(write: Write):
    """The write by ``QuerySet.update()`` or ``bulk_create()``, which call no model code."""
    model = type(write.row)
    if not write.copied:
        model.unscoped.filter(pk=write.row.pk).update(**write.values)
        return
    values = {f.attname: getattr(write.row, f.attname) for f in model._meta.concrete_fields if not f.primary_key}
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
        columns = [quote(field.column) for field in meta.concrete_fields if not field.primary_key]
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
    except DatabaseError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        return getattr(diagnosis, "constraint_name", None) or str(error), sentence_for(error)
    return "none", None


@pytest.mark.parametrize("way", [through_the_queryset, past_django])
def test_each_constraint_holds_against_writes_that_pass_by_the_acts(world, way):
    broken = {name: broken_by(lambda write=write: way(write(world))) for name, write in PROVOKED.items()}
    expected = {name: (name, SENTENCES[name]) for name in PROVOKED}
    assert broken == expected


@pytest.mark.parametrize("way", [through_the_queryset, past_django])
def test_no_constraint_is_passed_by_leaving_a_value_out(world, way):
    broken = {name: broken_by(lambda write=write: way(write(world)))[0] for name, write in BY_NULL.items()}
    assert broken == {name: name.partition(",")[0] for name in BY_NULL}


@pytest.mark.parametrize("way", [through_the_queryset, past_django])
def test_what_compares_two_rows_holds_against_writes_that_pass_by_the_acts(world, way):
    told = {
        name: [broken_by(lambda write=write: way(write))[1] for write in writes(world)]
        for name, writes in FIRED.items()
    }
    assert told == {name: [TRIGGERS[name]] * len(told[name]) for name in FIRED}


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


def test_every_constraint_is_provoked_here():
    assert set(PROVOKED) == set(SENTENCES) - POINTED_AT


def test_every_constraint_speaks_chinese():
    for name, sentence in SENTENCES.items():
        assert sentence.endswith("。"), name
        assert not {c for c in sentence if c.isascii() and c.islower()}, name


def test_who_and_when_are_always_recorded_together():
    """``x_at`` and ``x_by``: both always there, or a pair held by a constraint; a row of the command has no name."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS or hasattr(model, "pgh_tracked_model"):
            continue
        fields = {field.name: field for field in model._meta.concrete_fields}
        for name in (name.removesuffix("_at") for name in fields if name.endswith("_at")):
            if f"{name}_by" in fields and fields[f"{name}_at"].null:
                assert any(name_of.endswith(f"{name}_pair") for name_of in names_of(model)), (model, name)
            elif f"{name}_by" in fields and fields[f"{name}_by"].null:
                assert model._meta.model_name in ("edition", "basisperiod", "interpretation"), (model, name)
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
