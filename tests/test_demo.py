"""The demo data: invented, alive on any day, written by the acts that pages use, and never beside real data."""

from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from appointments.actions import start_draft
from appointments.eligibility import checklist
from appointments.models import Act, Appointment, DismissalRecommendation, Paper
from appointments.states import CaseState, EndReason, State
from cqo_portal.demo import evidence
from cqo_portal.demo.names import FIRMS, Names
from cqo_portal.demo.seed import ACCOUNTS, THIRD
from registry import filestore
from registry.actions.files import inspect
from registry.models import BasisPeriod, Candidate, Delivery, Employment, Enterprise, Message, StoredFile, User
from registry.rules import credit_code_fault
from registry.states import DeliveryState, Outcome
from tests.cast import all_counties


def load(**options) -> str:
    """Seed, with the measure loaded; returns what was printed."""
    out = StringIO()
    call_command("load_measure", "registry/measures/qingyuan-2016.toml", stdout=out)
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def small_city(django_db_setup, django_db_blocker):
    """enterprise-a and enterprise-b alone, for all tests of this file; gone afterwards."""
    with django_db_blocker.unblock(), override_settings(DEMO=True), transaction.atomic():
        all_counties()
        yield load(enterprises=2)
        transaction.set_rollback(True)


def in_force_at(username: str) -> Appointment:
    return Appointment.unscoped.in_force(timezone.localdate()).get(enterprise__accounts__username=username)


def test_each_account_of_the_list_signs_in_with_the_printed_password(small_city, settings):
    assert f"密码：{settings.DEMO_PASSWORD}" in small_city
    for username in ACCOUNTS:
        assert authenticate(None, username=username, password=settings.DEMO_PASSWORD) is not None
        assert f"\n  {username}\n" in small_city
    assert User.unscoped.get(username="enterprise-a").enterprise.county.code == "441802"
    assert User.unscoped.get(username="enterprise-b").enterprise.county.code == "441881"


def test_enterprise_a_has_a_cqo_whose_renewal_can_be_shown(small_city):
    appointment = in_force_at("enterprise-a")
    left = appointment.last_day - timezone.localdate()
    window = appointment.edition.parameters["renewal_window_days"]["value"]
    assert timedelta(days=70) < left < timedelta(days=window)
    assert appointment.state == State.FILED and appointment.sealedscans.count() == 2
    assert appointment.acts.filter(kind="returned").exists()
    earlier = Appointment.unscoped.get(enterprise=appointment.enterprise, end_reason=EndReason.SUPERSEDED)
    assert earlier.in_force.upper == appointment.first_day


def test_enterprise_b_has_three_people_who_stand_differently_to_article_six(small_city):
    account = User.unscoped.get(username="enterprise-b")
    assert not account.enterprise.appointments.exists()
    today, found = timezone.localdate(), []
    people = Candidate.unscoped.filter(employments__enterprise=account.enterprise).order_by("-pk")[:3]
    with transaction.atomic():
        for person in people:
            draft = start_draft(enterprise=account.enterprise, candidate=person, by=account, at=timezone.now())
            row = checklist(draft, today).criteria[2]
            found.append((row.outcome, bool(row.met_on) and row.met_on > today))
        transaction.set_rollback(True)
    assert found == [(Outcome.UNMET, True), (Outcome.MET, False), (Outcome.MET, False)]


def test_the_extension_is_marked_as_a_demonstration(small_city):
    period = BasisPeriod.unscoped.on(timezone.localdate())
    assert period.is_demo and "演示" in period.title and "演示" in period.number


def test_all_that_happened_lies_in_the_past_and_old_messages_are_read(small_city):
    assert not Act.unscoped.filter(at__gt=timezone.now()).exists()
    assert Message.unscoped.exclude(read_at=None).exists()


def test_what_was_written_before_the_last_days_was_sent_and_no_text_to_a_person_is_kept(small_city):
    old = Delivery.unscoped.filter(created_at__lt=timezone.now() - timedelta(days=3))
    assert old.exists() and set(old.values_list("state", flat=True)) == {DeliveryState.SENT}
    assert not old.filter(sent_at=None).exists() and not old.filter(message=None).exclude(body="").exists()


def test_a_small_demo_has_no_third_account(small_city):
    assert THIRD not in small_city and not User.unscoped.filter(username=THIRD).exists()


def test_every_stored_file_and_paper_is_there(small_city):
    named = [row.sha256 for model in (StoredFile, Paper) for row in model.unscoped.all()]
    assert len(named) > 20
    assert all(filestore.fetch(sha256) for sha256 in named)


def test_a_second_start_is_refused_and_with_if_empty_does_nothing(small_city):
    before = Enterprise.unscoped.count()
    with pytest.raises(CommandError, match="名录中已有企业"):
        call_command("seed_demo")
    out = StringIO()
    call_command("seed_demo", if_empty=True, stdout=out)
    assert out.getvalue() == "" and Enterprise.unscoped.count() == before


@pytest.mark.django_db
def test_without_the_demo_switch_nothing_is_seeded(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="CQO_DEMO=1"):
        call_command("seed_demo", enterprises=1)


def test_the_same_seed_invents_the_same_names_and_every_code_is_valid():
    first, second = Names(Random(7)), Names(Random(7))
    codes = [first.credit_code() for _ in range(50)]
    assert codes == [second.credit_code() for _ in range(50)]
    assert len(set(codes)) == 50 and [credit_code_fault(code) for code in codes] == [None] * 50
    assert len({row.name for row in FIRMS}) == len(FIRMS) == 60


@pytest.mark.parametrize(("as_pdf", "content_type"), [(True, "application/pdf"), (False, "image/jpeg")])
def test_the_same_words_draw_the_same_evidence_and_uploads_take_it(as_pdf, content_type):
    drawn = [evidence.scan("毕业证书", ["陈㛃"], issuer="北江理工大学", as_pdf=as_pdf) for _ in range(2)]
    assert drawn[0] == drawn[1]
    kept = inspect(bytes(drawn[0]))
    assert (kept.content_type, kept.pages) == (content_type, 1)


@pytest.mark.long
@pytest.mark.django_db
def test_the_whole_city_holds_every_state_in_three_years_of_history(settings):
    settings.DEMO = True
    printed = load()
    today = timezone.localdate()
    assert Enterprise.unscoped.count() == 60 and Candidate.unscoped.count() >= 150
    states = set(Appointment.unscoped.values_list("state", flat=True))
    reasons = set(Appointment.unscoped.values_list("end_reason", flat=True)) - {""}
    assert states == set(State.values) and reasons == set(EndReason.values)
    assert Appointment.unscoped.filter(outside_basis=True).exists()
    assert Appointment.unscoped.filter(is_transcribed=True, state=State.FILED).exists()
    assert Appointment.unscoped.filter(submitted_at__lt=timezone.now() - timedelta(days=3 * 365)).exists()
    assert not Appointment.unscoped.expired_by(today).exists()
    shared = [
        person
        for person in Candidate.unscoped.all()
        if Employment.unscoped.filter(candidate=person).values("enterprise").distinct().count() > 1
    ]
    assert shared
    numbers = list(Appointment.unscoped.order_by("created_at", "pk").values_list("reference", flat=True))
    assert numbers == sorted(numbers)
    third = User.unscoped.get(username=THIRD)
    assert f"\n  {THIRD}\n" in printed and third.check_password(settings.DEMO_PASSWORD)
    assert DismissalRecommendation.unscoped.filter(
        appointment__enterprise=third.enterprise, state=CaseState.SERVED
    ).exists()
    for code in Enterprise.unscoped.values_list("county__code", flat=True).distinct():
        assert Appointment.unscoped.filter(enterprise__county__code=code, state=State.FILED).exists(), code
