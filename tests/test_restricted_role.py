"""The application's own role: it carries a whole life through the acts, and can undo nothing of it."""

from datetime import date, timedelta

import pghistory.models
import pgtrigger
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from appointments import actions
from appointments.models import Act
from appointments.states import EndReason, EvidenceKind, PaperKind, State
from cqo_portal import postgres
from registry.actions import privacy
from registry.actions.common import remember_form
from registry.actions.people import record_free_person
from registry.models import FormToken
from registry.securitylog import note, seal_days
from registry.states import PRIVACY_NOTICE, IdPaper, SecurityEvent
from tests.cast import AT, picture, resident_id
from training.actions import record_consent

KEPT = {"Act", "EligibilitySnapshot", "Evidence", "FormToken", "Paper", "SealedScan", "StoredFile"}
KEPT |= {"Certificate", "PoolConsent", "ProjectAct"}
KEPT |= {"CaseAct", "CaseEvidence", "CaseGround", "NoticeService", "RecommendationLetter", "StampedScan", "Statement"}
KEPT |= {"Acknowledgement", "DaySeal", "Reveal", "SecurityEntry"}
KEPT |= {"Accident", "FindingEvidence", "Reminder", "ReportAct", "ReportReceipt", "TargetResult", "TargetSheet"}


@pytest.fixture
def as_app(db, monkeypatch):
    """From here on the test's connection acts in the application's role."""
    monkeypatch.setenv("CQO_APP_ROLE", postgres.APP)
    call_command("grant_app_role")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {postgres.APP}")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.fixture
def life(make, train, supervise, company_a, company_b, person_a, person_b, as_app):
    """The lives of appointments, a training and a recommendation, every act carried out in the application's role."""
    entry = train.pooled(person_a, company_a)
    record_consent(entry, agreed=False, by=make.officer(company_a), at=AT)
    make.qualified(person_a, company_a)
    user = make.enterprise_user(company_a)
    draft = make.draft(person_a, company_a, first_day=date(2026, 11, 1))
    actions.add_evidence(draft, kind=EvidenceKind.DECISION, file=make.stored(company_a), by=user, at=AT)
    row = actions.submit(draft, version=draft.version, by=user, at=AT)
    remarks = {"position": "有误"}
    row = actions.return_for_correction(row, version=row.version, remarks=remarks, by=make.officer(company_a), at=AT)
    row = actions.save_draft(row, version=row.version, by=user, at=AT, position="总质量师")
    row = actions.submit(row, version=row.version, by=user, at=AT)
    row = actions.check(row, version=row.version, opinions={}, by=make.officer(company_a), at=AT)
    row = actions.file(row, version=row.version, opinions={}, by=make.municipal, at=AT)
    letter = row.papers.get(kind=PaperKind.LETTER)
    actions.attach_sealed_scan(letter, file=make.stored(company_a, picture(), "聘书.png"), by=user, at=AT)
    renewal = actions.renew(row, by=user, at=AT)
    actions.withdraw(renewal, version=renewal.version, by=user, at=AT)
    row = actions.end(
        row, version=row.version, reason=EndReason.DISMISSED, last_day=AT.date(), by=user, at=AT, why="调离"
    )
    make.filed(person_b, company_b, at=AT.replace(year=2020), first_day=date(2020, 12, 1))
    assert actions.expire_due(at=AT) == 1
    supervise.traces(supervise.cqo(person_b, company_b))
    actions.send_reminders(at=AT)
    remember_form("0" * 32, user, "/", at=AT)
    privacy.reveal_number(person_a, reason="核对", by=make.municipal, at=AT)
    paper = {"id_type": IdPaper.RESIDENT, "id_number": resident_id(50)}
    record_free_person(name="吴九", told=PRIVACY_NOTICE, by=make.officer(company_a), at=AT, **paper)
    _, token = privacy.issue_person_link(person_a, by_sms=True, by=make.officer(company_a), at=AT)
    privacy.open_person_link(token, at=AT)
    asked = privacy.ask_about_data(person_a, kind="correction", words="学历有误", at=AT)
    asked = privacy.answer_data_request(asked, granted=True, answer="属实。", by=make.municipal, at=AT)
    privacy.close_correction(asked, by=make.municipal, at=AT)
    note(SecurityEvent.LOGIN, by=user)
    seal_days(at=timezone.now() + timedelta(days=2))
    return row


def denied(write) -> bool:
    """Whether the database denies a write to the role for want of a privilege."""
    try:
        with transaction.atomic():
            write()
    except ProgrammingError as error:
        return error.__cause__.pgcode == "42501"  # insufficient_privilege
    return False


def kept_models():
    """Everything that is only ever added to: decisions, papers, files, tokens, history."""
    return [
        model
        for model in apps.get_models()
        if getattr(model, "append_only", False)
        or (issubclass(model, pghistory.models.Event) and model._meta.managed and not model._meta.proxy)
    ]


def test_a_whole_life_is_lived_in_the_restricted_role(life, as_app):
    as_app.execute("SELECT current_user")
    assert as_app.fetchone() == (postgres.APP,)
    assert (life.state, life.papers.count(), life.acts.count()) == (State.ENDED, 4, 8)


def test_what_was_decided_is_neither_changed_nor_deleted(life):
    kept = kept_models()
    assert {model.__name__ for model in kept} >= KEPT | {"AppointmentEvent", "CandidateEvent", "EnterpriseEvent"}
    for model in kept:
        rows = model._base_manager.all()
        if model.__name__ in KEPT:
            assert rows.exists(), f"{model.__name__} has no row to try"
        field = next(f.name for f in reversed(model._meta.concrete_fields) if not f.generated)
        assert denied(lambda rows=rows, field=field: rows.update(**{field: None})), model
        assert denied(lambda rows=rows: rows._raw_delete("default")), model


def test_switching_the_triggers_off_for_the_session_opens_none_of_it(life):
    with pgtrigger.ignore():
        assert denied(lambda: Act.unscoped.update(reason="改写"))
        assert denied(lambda: FormToken.unscoped.all()._raw_delete("default"))
        assert denied(lambda: apps.get_model("appointments", "AppointmentEvent")._base_manager.update(state="draft"))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE appointments_appointment DISABLE TRIGGER ALL",
        "ALTER TABLE appointments_appointment DROP CONSTRAINT one_cqo_in_force",
        "ALTER TABLE appointments_appointment ADD COLUMN approved boolean",
        "DROP TABLE appointments_act",
        "TRUNCATE appointments_act",
        "CREATE TABLE mine (n int)",
        "CREATE OR REPLACE FUNCTION cqo_anniversary(day date, years integer) RETURNS date LANGUAGE sql AS 'SELECT day'",
        "DROP FUNCTION cqo_anniversary(date, integer)",
        "DELETE FROM registry_securityhead",
        "SELECT setval('registry_counter_id_seq', 1)",
        "DELETE FROM django_migrations",
        "UPDATE django_migrations SET applied = now()",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
        "SET session_replication_role = replica",
        "CREATE EXTENSION citext",
    ],
)
def test_the_role_is_denied_what_only_the_owner_does(as_app, statement):
    assert denied(lambda: as_app.execute(statement))


def test_the_role_grants_itself_nothing(as_app):
    as_app.execute("GRANT UPDATE, DELETE ON appointments_act TO cqo_app")  # PostgreSQL only warns
    assert denied(lambda: as_app.execute("UPDATE appointments_act SET reason = ''"))
    assert denied(lambda: as_app.execute("DELETE FROM appointments_act"))


def test_every_trigger_of_ours_is_out_of_its_reach(as_app):
    as_app.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    )
    triggers = as_app.fetchall()
    assert {"appointments_appointment", "appointments_act", "registry_storedfile"} <= {table for table, _ in triggers}
    for table, trigger in triggers:
        assert denied(lambda t=table, g=trigger: as_app.execute(f'DROP TRIGGER "{g}" ON "{t}"')), trigger
        assert denied(lambda t=table, g=trigger: as_app.execute(f'ALTER TABLE "{t}" DISABLE TRIGGER "{g}"')), trigger
