"""Art. 6(五) on what stands on file: certificates of the portal, scans of elsewhere, and who may lean on which."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.eligibility import checklist, checklists
from appointments.models import EligibilitySnapshot
from registry import kept
from registry.actions.people import end_employment, record_person
from registry.states import IdPaper, Outcome
from tests.cast import AT, TODAY, person, resident_id
from training import actions
from training.models import Certificate, Recognition, TrainingRecord
from training.states import TrainingKind

DAY = timedelta(days=1)


@pytest.fixture
def trained(make):
    """The criterion 任职培训 of a person at an enterprise, as of a day."""
    drafts = {}

    def judge(someone, company, on: date = TODAY):
        key = (someone.pk, company.pk)
        drafts[key] = drafts.get(key) or make.draft(someone, company, AT + (on - TODAY))
        (row,) = [row for row in checklist(drafts[key], on).criteria if row.title == "任职培训"]
        assert row.clause == "6.(5)"
        return row

    return judge


def scan(make, someone, company, *, number="PX009", on=date(2020, 5, 1), evidence=True, **facts):
    """A certificate on paper that the enterprise put on file."""
    facts = {"body": None, "body_name": "某培训中心"} | facts
    proof = make.stored(company) if evidence else None
    return make.fact(
        TrainingRecord, someone, company, kind=TrainingKind.QUALIFYING, certificate_number=number,
        completed_on=on, evidence=proof, **facts,
    )  # fmt: skip


# --- Certificates of the portal --------------------------------------------------------------------------------------


def test_whom_it_enrolled_and_who_passed_is_trained_without_another_word(train, trained, person_a, company_a):
    enrolment = train.passed(person_a, company_a)
    assert trained(person_a, company_a).outcome == Outcome.UNMET  # passing is not yet the certificate
    certificate = actions.issue_certificate(enrolment, by=train.trainer, at=AT)
    row = trained(person_a, company_a)
    assert row.outcome == Outcome.MET
    assert certificate.number in row.evidence[0] and "本平台培训证书，有效" in row.evidence[0]


def test_a_certificate_issued_while_employed_counts_for_that_employer_though_another_enrolled(
    make, train, trained, person_a, company_a, company_b
):
    person(1, "张三", company=company_b, by=make.enterprise_user(company_b))  # works at both
    train.certified(person_a, company_a)
    assert trained(person_a, company_b).outcome == Outcome.MET


@pytest.mark.parametrize(("last_day", "outcome"), [(TODAY, Outcome.MET), (TODAY - DAY, Outcome.UNMET)])
def test_the_last_day_of_service_is_a_day_of_service(
    make, train, trained, person_a, company_a, company_b, last_day, outcome
):
    """张三 leaves 乙公司 on the day of the certificate, or the day before it; the draft is older."""
    by = make.enterprise_user(company_b)
    person(1, "张三", company=company_b, by=by)
    assert trained(person_a, company_b).outcome == Outcome.UNMET
    train.certified(person_a, company_a)
    end_employment(person_a, enterprise=company_b, last_day=last_day, by=by, at=AT)
    assert trained(person_a, company_b).outcome == outcome


def test_a_new_employer_sees_nothing_of_a_certificate_until_it_names_the_number(
    make, train, trained, person_a, company_a, company_b
):
    certificate, by = train.certified(person_a, company_a), make.enterprise_user(company_b)
    record_person(
        enterprise=company_b, name="张三", id_type=IdPaper.RESIDENT, id_number=resident_id(1), position="顾问",
        since=TODAY + DAY, by=by, at=AT + DAY,
    )  # fmt: skip
    row = trained(person_a, company_b, TODAY + DAY)
    assert (row.outcome, row.evidence) == (Outcome.UNMET, ("没有培训证书",))
    scan(make, person_a, company_b, number=certificate.number, on=TODAY, evidence=False)
    row = trained(person_a, company_b, TODAY + DAY)
    assert row.outcome == Outcome.MET
    assert row.evidence == trained(person_a, company_a).evidence  # the register's words, not those typed in


def test_an_employment_put_on_file_later_opens_no_certificate_however_early_it_says_it_began(
    make, train, trained, person_a, company_a, company_b, user_b, county_two
):
    certificate = train.certified(person_a, company_a)
    record_person(
        enterprise=company_b, name="张三", id_type=IdPaper.RESIDENT, id_number=resident_id(1), position="顾问",
        since=date(2015, 1, 1), by=user_b, at=AT + DAY,
    )  # fmt: skip
    assert trained(person_a, company_b, TODAY + DAY).outcome == Outcome.UNMET
    for user in (user_b, county_two):
        assert not Certificate.unscoped.visible_to(user).filter(pk=certificate.pk).exists()


@pytest.mark.parametrize("typed", ["清质协培[2026]1号", "清质协培（2026）1号", " 清质协培 〔２０２６〕1 号 "])
def test_a_revoked_number_stays_revoked_however_it_is_typed(make, train, trained, person_a, company_a, typed):
    certificate = train.revoked(train.certified(person_a, company_a))
    assert certificate.number == "清质协培〔2026〕1号"
    scan(make, person_a, company_a, number=typed, on=TODAY, body=make.body())
    assert trained(person_a, company_a).outcome == Outcome.UNMET


def test_a_scan_of_a_number_that_a_body_of_the_portal_never_gave_this_person_is_to_verify(
    make, train, trained, person_a, person_a_two, company_a
):
    train.certified(person_a_two, company_a)
    scan(make, person_a, company_a, number="清质协培〔2026〕99号", on=TODAY, body=make.body())
    assert trained(person_a, company_a).outcome == Outcome.UNVERIFIED


def test_the_number_of_somebody_elses_certificate_is_worth_nothing(
    make, train, trained, person_a, person_a_two, company_a
):
    certificate = train.certified(person_a, company_a)
    scan(make, person_a_two, company_a, number=certificate.number, evidence=False)
    assert trained(person_a_two, company_a).outcome == Outcome.UNVERIFIED


def test_a_revoked_certificate_counts_for_nothing_and_naming_it_again_does_not_help(
    make, train, trained, person_a, company_a
):
    certificate = train.revoked(train.certified(person_a, company_a))
    row = trained(person_a, company_a)
    assert row.outcome == Outcome.UNMET and "培训证书已撤销" in row.evidence[0]
    scan(make, person_a, company_a, number=certificate.number, body=train.body, body_name=train.body.name, on=TODAY)
    assert trained(person_a, company_a).outcome == Outcome.UNMET
    scan(make, person_a, company_a, number="另一张", body=train.body, body_name=train.body.name)
    assert trained(person_a, company_a).outcome == Outcome.MET


def test_a_revocation_only_proposed_or_declined_changes_nothing(train, trained, person_a, company_a, municipal):
    certificate = train.certified(person_a, company_a)
    row = actions.propose_revocation(certificate, reason="疑似替考", by=train.trainer, at=AT)
    assert trained(person_a, company_a).outcome == Outcome.MET
    actions.decline_revocation(row, reason="查无实据", by=municipal, at=AT)
    assert trained(person_a, company_a).outcome == Outcome.MET


# --- Scans of elsewhere ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "outcome"),
    [
        (date(2019, 12, 31), Outcome.UNVERIFIED),
        (date(2020, 1, 1), Outcome.MET),
        (date(2020, 12, 31), Outcome.MET),
        (date(2021, 1, 1), Outcome.UNVERIFIED),
    ],
)
def test_a_scan_counts_on_the_first_and_the_last_day_of_its_bodys_recognition(
    make, trained, municipal, person_a, company_a, on, outcome
):
    body = actions.add_body(name="某学院", mark="某学", kind="recognised", by=municipal, at=AT)
    actions.recognise_body(
        body, first_day=date(2020, 1, 1), last_day=date(2020, 12, 31),
        document_title="认可通知", document_number="清质监〔2019〕9号", by=municipal, at=AT,
    )  # fmt: skip
    scan(make, person_a, company_a, on=on, body=body, body_name=body.name)
    assert trained(person_a, company_a).outcome == outcome


def test_a_scan_of_a_bureau_needs_no_recognition_and_one_without_a_file_proves_nothing(
    make, trained, municipal, person_a, person_a_two, company_a
):
    bureau = actions.add_body(name="清远市局", mark="清质培", kind="bureau", by=municipal, at=AT)
    assert not Recognition.unscoped.filter(body=bureau).exists()
    scan(make, person_a, company_a, body=bureau, body_name=bureau.name)
    assert trained(person_a, company_a).outcome == Outcome.MET
    scan(make, person_a_two, company_a, body=bureau, body_name=bureau.name, evidence=False)
    row = trained(person_a_two, company_a)
    assert row.outcome == Outcome.UNVERIFIED and "上传培训证书" in row.next_step


def test_a_scan_of_a_body_nobody_knows_is_to_verify(make, trained, person_a, company_a):
    scan(make, person_a, company_a)
    assert trained(person_a, company_a).outcome == Outcome.UNVERIFIED


def test_continuing_education_is_no_qualifying_training(train, trained, person_a, company_a):
    train.course(person_a, company_a)
    session = train.session(kind=TrainingKind.CONTINUING)
    train.passed(person_a, company_a, session)
    assert trained(person_a, company_a).outcome == Outcome.UNMET


# --- Many at once ----------------------------------------------------------------------------------------------------


def test_three_appointments_take_as_many_queries_as_one(make, train, company_a, company_b, person_a, person_b):
    others = [person(40 + n, f"员工{n}", company=company_a, by=make.enterprise_user(company_a)) for n in range(2)]
    session = train.session()
    pairs = [(person_a, company_a), (person_b, company_b), (others[0], company_a)]
    drafts = []
    for someone, company in pairs:
        train.certified(someone, company, session)
        scan(make, someone, company, body=train.body, body_name=train.body.name)
        drafts.append(make.draft(someone, company))
    counts = []
    checklists(drafts, TODAY)  # this process has read the law, as a running one has
    for few in (drafts[:1], drafts):
        kept.begin()  # as a request does
        with CaptureQueriesContext(connection) as queries:
            found = checklists(few, TODAY)
        kept.end()
        assert len(found) == len(few)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_is_judged_at_filing_stays_when_the_certificate_is_revoked_later(make, train, person_a, company_a):
    """The snapshot is of its day (design 3): a later revocation changes no filed judgement."""
    certificate = train.certified(person_a, company_a)
    filed = make.filed(person_a, company_a)
    train.revoked(certificate)
    held = EligibilitySnapshot.unscoped.get(appointment=filed).criteria
    assert [row["outcome"] for row in held if row["title"] == "任职培训"] == [Outcome.MET]
