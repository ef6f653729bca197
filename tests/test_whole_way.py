"""From the page in one's hand to the answer, and from a session to all its certificates: nothing stands in between."""

import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
import zxingcpp
from django.conf import settings
from django.utils import timezone

from appointments import actions
from appointments.states import EndReason, PaperKind
from registry import filestore
from registry.actions.people import correct_name
from registry.models import Candidate, Job
from tests import cast
from tests.cast import AT, TODAY
from tests.test_certificate_paper import picture_of
from tests.test_jobs import ONCE, WORKER, done, killed, now, reaped, run, until  # noqa: F401 (run is a fixture)
from training import actions as training
from training.models import Certificate
from training.tasks import start_issuing


def followed(client, paper) -> str:
    """The word that the QR code of a stored paper leads to: drawn at 150 dpi, read by a decoder, asked for."""
    (code,) = zxingcpp.read_barcodes(picture_of(filestore.fetch(paper.sha256)))
    assert code.text.startswith(settings.PUBLIC_ORIGIN)
    answer = client.get(code.text.removeprefix(settings.PUBLIC_ORIGIN), headers={"accept": "application/json"}).json()
    assert answer["number"] == paper.number and answer["version"] == paper.version
    return answer["word"]


def words(client, appointment) -> dict[str, str]:
    """Each kind of paper of an appointment → what its newest page leads to."""
    papers = {paper.kind: paper for paper in appointment.papers.order_by("version")}
    return {kind: followed(client, paper) for kind, paper in papers.items()}


LETTER, AUTHORISATION, RECEIPT = PaperKind.LETTER.value, PaperKind.AUTHORISATION.value, PaperKind.RECEIPT.value


@pytest.mark.django_db
def test_the_qr_of_each_paper_of_an_appointment_leads_to_the_answer_of_each_state(client, make, person_a, company_a):
    with time_machine.travel(AT, tick=False) as clock:
        row = make.submitted(make.qualified(person_a, company_a), company_a, first_day=TODAY)
        assert words(client, row) == dict.fromkeys((LETTER, AUTHORISATION), "真实，尚未登记")
        row = actions.check(row, version=row.version, opinions={}, by=make.officer(company_a), at=AT)
        row = actions.file(row, version=row.version, opinions={}, by=make.municipal, at=AT)
        assert words(client, row) == dict.fromkeys((LETTER, AUTHORISATION, RECEIPT), "有效")
        clock.move_to(AT + timedelta(days=731))
        assert words(client, row) == dict.fromkeys((LETTER, AUTHORISATION, RECEIPT), "已期满")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [EndReason.DISMISSED, EndReason.RESIGNED])
def test_the_qr_of_each_paper_says_that_the_enterprise_ended_it(client, make, person_a, company_a, user_a, reason):
    with time_machine.travel(AT, tick=False):
        row = make.filed(person_a, company_a, first_day=TODAY)
        row = actions.end(row, version=row.version, reason=reason, last_day=TODAY, by=user_a, at=AT)
        found = set(words(client, row).values())
    assert len(found) == 1 and not found & {"有效", "已期满", "查无此证"}


@pytest.mark.django_db
def test_the_qr_of_a_certificate_leads_to_the_answer_of_each_state(client, train, county_one, person_a, company_a):
    with time_machine.travel(AT, tick=False):
        first = train.certified(person_a, company_a)
        bytes_before = filestore.fetch(first.sha256)
        assert followed(client, first) == "有效"
        correct_name(person_a, name="张山", reason="误写", version=person_a.version, by=county_one, at=AT)
        later = training.reissue_certificate(first, reason="姓名更正", by=train.trainer, at=AT)
        assert (followed(client, first), followed(client, later)) == ("已被代替", "有效")
        assert followed(client, train.revoked(later)).startswith("已撤销")
        assert filestore.fetch(first.sha256) == bytes_before


@pytest.mark.django_db(transaction=True)
def test_a_sessions_certificates_survive_two_killed_workers(run, train, company_a, user_a):  # noqa: F811
    session = train.session()
    for n, name in enumerate("甲乙丙丁戊己庚辛壬"):
        person = cast.person(31 + 2 * n, f"学员{name}", company=company_a, by=user_a)
        train.passed(person, company_a, session)
    job = start_issuing(session, by=train.trainer, at=timezone.now())
    for goal in (2, 5):
        worker = run(*WORKER)
        until(lambda goal=goal: now(job).done >= goal)
        killed(worker)
        until(lambda: reaped() == 1)
    done(run(*ONCE))
    serials = Certificate.unscoped.order_by("serial").values_list("serial", "version")
    assert list(serials) == [(n, 1) for n in range(1, 10)]
    assert Certificate.unscoped.values("candidate").distinct().count() == Candidate.unscoped.count() == 9
    job = Job.unscoped.get(pk=job.pk)
    assert (job.done, job.total, job.left_out, job.fault) == (9, 9, [], "")
    assert all(filestore.fetch(sha256) for sha256 in Certificate.unscoped.values_list("sha256", flat=True))


@pytest.mark.long
def test_a_thousand_certificates_in_one_go_are_all_there_and_none_twice():
    ran = subprocess.run(
        [sys.executable, settings.BASE_DIR / "bench" / "certificates", "1000"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "certificates 1000, missing 0, twice 0, numbers 1 to 1000 without gaps: True" in ran.stdout
    assert "worker killed 2 times" in ran.stdout
