"""Personal data goes when its period is over, history included, and nothing else goes: generated from the table."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pghistory.models
import pgtrigger
import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection

from appointments.models import Paper
from cqo_portal import postgres, retention
from cqo_portal.retention import RULES, clear, due
from registry import identity, jobs
from registry.actions import privacy
from registry.actions.accounts import INVITED_FOR, decline_registration, invite
from registry.actions.common import remember_form
from registry.actions.exports import start_export
from registry.actions.imports import begin_import
from registry.actions.people import end_employment, record_fact, remove_fact
from registry.listed import listings
from registry.logcheck import verify
from registry.models import Candidate, DaySeal, Delivery, Education, Employment, Job, Message, PersonLink, SecurityEntry
from registry.notices import tell_city, tell_enterprise
from registry.ratelimit import spend
from registry.securitylog import note, seal_days
from registry.states import DeliveryState, EducationLevel, RequestKind, Role, SecurityEvent
from registry.tasks import make_export
from tests import tasks
from tests.cast import AT, TODAY, account, registration
from tests.cast import person as new_person
from tests.importing import brought, newcomer, sheet

THEN = AT
ALL = {rule.key: rule for rule in RULES}
LOG = ("registry_securityentry", "registry_securityhead")  # that something was cleared is noted there


def fingerprint() -> dict[str, str]:
    """A hash of each table of the database but the security log's."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - set(LOG)):
            cursor.execute(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{table}\" t")
            found[table] = cursor.fetchone()[0]
    return found


def changed(before: dict, after: dict) -> set[str]:
    return {table for table in before if before[table] != after[table]}


# --- One row of each kind, and the moment from which its period runs -------------------------------------------------


def sent_mail(w) -> Delivery:
    tell_enterprise(w["company"], "通知", "内容。", url="/", at=THEN)
    Delivery.unscoped.filter(created_at=THEN).update(state=DeliveryState.SENT, sent_at=THEN)


def left(w) -> None:
    """The person left; the phone stands in the row, and in the history."""
    end_employment(w["person"], enterprise=w["company"], last_day=TODAY, by=w["user"], at=THEN)


def fact_removed(w) -> None:
    facts = {"level": EducationLevel.BACHELOR, "school": "某校", "graduated_on": date(2002, 7, 1)}
    fact = record_fact(Education, w["person"], enterprise=w["company"], by=w["user"], at=THEN, **facts)
    remove_fact(fact, by=w["user"], at=THEN)


def lone_context(w) -> None:
    pghistory.models.Context.objects.create(metadata={"user": 1, "url": "/statements/secret/"})


def answered(w, granted: bool, kind=RequestKind.ERASURE):
    row = privacy.ask_about_data(w["person"], kind=kind, words="请删除", at=THEN)
    return privacy.answer_data_request(row, granted=granted, answer="属实。", by=w["municipal"], at=THEN)


def old_link(w) -> None:
    privacy.issue_person_link(w["person"], by_sms=False, by=w["municipal"], at=THEN - privacy.LINK_DAYS)


def statement_link(w) -> None:
    case = w["supervise"].asked(w["supervise"].cqo(w["other"], w["company"]))
    link, _ = w["supervise"].link(case)
    type(link).unscoped.filter(pk=link.pk).update(expires_on=TODAY)


def ended_job(w) -> None:
    job = jobs.start("demo", "工作", total=1, subject="", url="/", by=w["user"], at=THEN, task=tasks.send, count=1)
    Job.unscoped.filter(pk=job.pk).update(started_at=THEN, heartbeat_at=THEN, finished_at=THEN)


def exported(w) -> None:
    facts = {"query": "", "form": "csv", "task": make_export, "by": w["user"], "at": THEN}
    start_export(listings()["appointment_list"], **facts)


def sealed_log(w) -> None:
    note(SecurityEvent.LOGIN, by=w["user"])
    seal_days(at=THEN + timedelta(days=1))


def declined(w) -> None:
    someone = account("qy00000001", Role.APPLICANT, "注册人")
    row = registration(someone, w["company"].county, at=THEN)
    decline_registration(row, reason="不符。", by=w["municipal"], at=THEN)


def idle_account(w) -> None:
    someone = account("qy00000001", Role.APPLICANT, "注册人", email="zhu@example.com")
    EmailAddress.objects.create(user=someone, email=someone.email, verified=True, primary=True)


def seen_session(w) -> None:
    UserSession.objects.create(user=w["user"], ip="192.0.2.1", session_key="k", user_agent="x", last_seen_at=THEN)


PLANT = {
    "registrations": declined,
    "invitations": lambda w: invite(name="刘", email="liu@example.com", by=w["user"], at=THEN - INVITED_FOR),
    "idle_accounts": idle_account,
    "seen_sessions": seen_session,
    "sessions": lambda w: Session.objects.create(session_key="k", session_data="", expire_date=THEN),
    "rate_windows": lambda w: spend("x", "y", limit=1, seconds=1, at=THEN - timedelta(seconds=1)),
    "delivery_text": sent_mail,
    "deliveries": sent_mail,
    "messages": lambda w: tell_city("通知", "内容。", url="/", at=THEN),
    "form_tokens": lambda w: remember_form("0" * 32, w["user"], "/", at=THEN),
    "jobs": ended_job,
    "exports": exported,
    "import_uploads": lambda w: begin_import("people", b"PK\x03\x04", "表格.xlsx", by=w["user"], at=THEN),
    "import_rows": lambda w: brought("people", sheet("people", w["user"], newcomer(90)), w["user"]),
    "statement_links": statement_link,
    "person_links": old_link,
    "phones": left,
    "removed_facts": fact_removed,
    "id_numbers": left,
    "contexts": lone_context,
    "reveals": lambda w: privacy.reveal_number(w["person"], reason="核对", by=w["municipal"], at=THEN),
    "data_requests": lambda w: answered(w, granted=False),
    "erasures": lambda w: answered(w, granted=True),
    "security_log": sealed_log,
}
# The tables a rule may touch: those that hold the data, and the history that goes with it.
TOUCHES = {
    "registrations": {"registry_registration", "registry_registrationevent", "registry_storedfile"},
    "invitations": {"registry_invitation"},
    "idle_accounts": {"registry_user", "registry_userevent", "account_emailaddress"},
    "seen_sessions": {"usersessions_usersession"},
    "sessions": {"django_session"},
    "rate_windows": {"registry_ratewindow"},
    "delivery_text": {"registry_delivery"},
    "deliveries": {"registry_delivery"},
    "messages": {"registry_message"},
    "form_tokens": {"registry_formtoken"},
    "jobs": {"registry_job"},
    "exports": {"registry_export"},
    "import_uploads": {"registry_importupload"},
    "import_rows": {"registry_importrow"},
    "statement_links": {"appointments_statementlink"},
    "person_links": {"registry_personlink"},
    "phones": {"registry_employment", "registry_employmentevent"},
    "removed_facts": {"registry_educationevent"},
    "id_numbers": {"registry_candidate", "registry_candidateevent"},
    "contexts": {"pghistory_context"},
    "reveals": {"registry_reveal"},
    "data_requests": {"registry_datarequest"},
    "erasures": {"registry_datarequest"},
    "security_log": set(),
}


@pytest.fixture
def world(municipal, company_a, company_b, person_a, person_a_two, user_a, user_b, supervise):
    """甲公司 with two people; nothing else of it is due for years."""
    Message.unscoped.all().delete()
    w = {"company": company_a, "person": person_a, "other": person_a_two, "user": user_a, "municipal": municipal}
    return w | {"supervise": supervise}


def test_each_rule_has_a_row_planted_for_it_here():
    assert set(ALL) == set(PLANT) == set(TOUCHES)


@pytest.mark.parametrize("key", ALL)
def test_what_is_due_goes_on_the_day_and_nothing_else_goes(world, key):
    rule = ALL[key]
    with time_machine.travel(THEN, tick=False):
        PLANT[key](world)
        at = THEN + rule.period
        within, beyond = at - timedelta(days=1), at + timedelta(days=3)
        before = fingerprint()
        assert clear(at=within, rules=(rule,)) == {} and fingerprint() == before
        assert clear(at=beyond, rules=(rule,)), key
        after = fingerprint()
        assert changed(before, after) == TOUCHES[key]
        entries = SecurityEntry.unscoped.count()
        assert clear(at=beyond, rules=(rule,)) == {}, "a second run"
        assert fingerprint() == after and SecurityEntry.unscoped.count() == entries


def test_of_a_portal_in_use_nothing_is_due(everything):
    """Neither papers nor what they stand on; the demo of both enterprises is of this month."""
    before, papers = fingerprint(), [(row.sha256, row.size) for row in Paper.unscoped.order_by("pk")]
    with time_machine.travel(AT, tick=False):
        done = clear(at=AT + timedelta(hours=1))
    assert set(done) <= {"rate_windows", "sessions"}
    assert changed(before, fingerprint()) <= {"registry_ratewindow", "django_session"}
    assert [(row.sha256, row.size) for row in Paper.unscoped.order_by("pk")] == papers


def test_twenty_years_on_papers_and_decisions_are_still_there(everything):
    """What is removed is listed in the table; papers, certificates, cases and their files are in no rule."""
    kept = [
        model
        for model in apps.get_models()
        if getattr(model, "append_only", False) and model.__name__ not in ("FormToken", "SecurityEntry", "Reveal")
    ]
    before = {model: list(model._base_manager.order_by("pk").values()) for model in kept}
    clear(at=AT + timedelta(days=7300))
    assert sum(map(len, before.values())) > 50
    assert {model: list(model._base_manager.order_by("pk").values()) for model in kept} == before


def test_a_phone_goes_from_the_history_too(world):
    left(world)
    events = apps.get_model("registry", "EmploymentEvent")._base_manager.filter(pgh_obj__candidate=world["person"])
    assert events.exclude(phone="").exists()
    clear(at=THEN + ALL["phones"].period + timedelta(days=2), rules=(ALL["phones"],))
    assert not events.exclude(phone="").exists()
    assert Employment.unscoped.get(candidate=world["other"]).phone == "13900139000"  # still in service


def test_somebody_who_still_has_a_role_keeps_the_number(everything, person_a, company_a, user_a):
    end_employment(person_a, enterprise=company_a, last_day=TODAY, by=user_a, at=AT)
    clear(at=AT + timedelta(days=3650), rules=(ALL["id_numbers"],))
    assert not identity.is_erased(Candidate.unscoped.get(pk=person_a.pk))  # in the talent pool


def test_a_person_whose_number_went_may_come_back(world, company_a, user_a):
    left(world)
    clear(at=THEN + ALL["id_numbers"].period + timedelta(days=2), rules=(ALL["id_numbers"],))
    person = Candidate.unscoped.get(pk=world["person"].pk)
    assert identity.is_erased(person) and person.id_masked == "已删除*"
    assert new_person(1, "张三", company=company_a, by=user_a) != person


def test_the_log_still_verifies_after_whole_days_of_it_were_removed(world):
    for day in range(4):
        with time_machine.travel(THEN + timedelta(days=day), tick=False):
            note(SecurityEvent.LOGIN, by=world["user"])
    later = THEN + timedelta(days=1097)
    with time_machine.travel(later, tick=False):
        seal_days(at=later)
        assert verify().faults == []
        done = clear(at=later, rules=(ALL["security_log"],))
        assert done == {"security_log": 2}
        assert DaySeal.unscoped.count() == 1097 and verify().faults == []


def test_an_entry_that_is_said_to_be_trimmed_without_the_key_is_missed(world):
    """Whoever deletes entries and has no key cannot write the entry that excuses it."""
    for _ in range(3):
        note(SecurityEvent.LOGIN, by=world["user"])
    with pgtrigger.ignore():
        SecurityEntry.unscoped.filter(pk=1)._raw_delete("default")
        SecurityEntry.unscoped.filter(pk=2).update(event=SecurityEvent.LOG_TRIMMED, details={"last": 1})
    assert len(verify().faults) == 2


def test_no_office_keeps_the_log_for_less_than_the_law_asks(settings):
    settings.RETENTION_DAYS = {"security_log": 1, "messages": 10}
    assert ALL["security_log"].period == timedelta(days=183)
    assert ALL["messages"].period == timedelta(days=10)


def test_the_application_removes_what_its_role_may_and_leaves_the_rest(world, monkeypatch):
    with time_machine.travel(THEN, tick=False):
        sent_mail(world)
        remember_form("0" * 32, world["user"], "/", at=THEN)
    monkeypatch.setenv("CQO_APP_ROLE", postgres.APP)
    call_command("grant_app_role")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {postgres.APP}")
        done = clear(at=THEN + timedelta(days=400))
        cursor.execute("RESET ROLE")
    assert "deliveries" in done and not {rule.key for rule in RULES if rule.owner} & set(done)


def test_the_command_lists_and_removes_nothing_unless_told(world):
    sent_mail(world)
    PersonLink.unscoped.all().delete()
    later, before = datetime(2030, 1, 1, tzinfo=UTC), fingerprint()
    with time_machine.travel(later, tick=False):
        said = StringIO()
        call_command("retain", stdout=said)
        assert fingerprint() == before and "到期 1 条" in said.getvalue()
        assert len(said.getvalue().splitlines()) == len(RULES)
        call_command("retain", "--carry-out", stdout=said)
        assert "发送记录中的邮箱和手机号码：清理" in said.getvalue()
        assert all(count == 0 for _, count in due(at=later))


def test_a_run_that_is_cut_off_is_taken_up_by_the_next(world, monkeypatch):
    monkeypatch.setattr(retention, "STEP", 2)
    for _ in range(5):
        tell_city("通知", "内容。", url="/", at=THEN)
    rule, later = ALL["messages"], THEN + timedelta(days=2000)
    assert rule.clear(rule.due(later - rule.period)) == 2  # and here it was killed
    assert clear(at=later, rules=(rule,)) == {"messages": 3}
