"""Certificates by the acts: after passing alone, without gaps, superseded or revoked, never edited (Art. 8)."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from itertools import takewhile

import hypothesis
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import strategies as st

from registry import filestore
from registry.actions.measure import record_extension
from registry.actions.people import correct_name, end_employment
from registry.faults import sentence_for
from registry.models import Job, Message
from registry.refusals import Refused
from registry.states import Outcome
from tests.cast import AT, measure_paper, person
from tests.training_cast import DAYS, trainer_of
from training import actions
from training.actions.certificates import changes_since, preview_certificate
from training.actions.results import Result, trace_of
from training.models import Assessment, Certificate, Enrolment, PoolEntry, Revocation
from training.rules import Sitting, certificate_fault, qualifying_training, sitting_fault
from training.standing import trainings_of
from training.states import TrainingKind
from training.tasks import start_issuing

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(body, administrator):
    """A second account of 培训机构."""
    return trainer_of(body, "trainer-3", "培训机构二", administrator)


def refused(act, *args, **how) -> str:
    """The sentence with which an act is refused; nothing of it was written."""
    with pytest.raises(Refused) as refusal:
        act(*args, **how)
    return refusal.value.sentence


def database_says(act) -> str | None:
    """The sentence for what the database refuses."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    return sentence_for(error.value)


# --- Who gets one ----------------------------------------------------------------------------------------------------


def test_a_certificate_says_what_was_passed_and_its_bytes_are_kept(train, person_a, company_a):
    row = train.certified(person_a, company_a)
    assert row.number == "清质协培〔2026〕1号" and row.version == 1 and row.passed
    assert row.facts["person_name"] == "张三" and row.facts["hours"] == "24"
    data = filestore.fetch(row.sha256)
    assert data.startswith(b"%PDF-") and hashlib.sha256(data).hexdigest() == row.sha256 and len(data) == row.size
    assert Message.unscoped.filter(enterprise=company_a, subject="培训证书：张三").count() == 1


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ({"present": 1}, "出勤 1 天，少于规定的 2 天"),
        ({"scores": ("59.9",)}, "考核 59.9 分，未达到合格线 60 分"),
        ({"scores": ("59", "59.5")}, "考核 59.5 分，未达到合格线 60 分"),
        ({"scores": ()}, "没有考核成绩"),
    ],
)
def test_who_was_absent_or_failed_gets_none_and_is_told_why(train, person_a, company_a, trainer, results, reason):
    enrolment = train.results(train.enrolled(train.session(), person_a, company_a), **results)
    assert reason in refused(actions.issue_certificate, enrolment, by=trainer, at=AT)
    assert not Certificate.unscoped.exists()


@pytest.mark.parametrize("score", ["60", "60.0", "100"])
def test_the_pass_mark_itself_passes(train, person_a, company_a, trainer, score):
    enrolment = train.results(train.enrolled(train.session(), person_a, company_a), scores=(score,))
    assert actions.issue_certificate(enrolment, by=trainer, at=AT).assessment.score == Decimal(score)


def test_a_passed_re_sit_counts(train, person_a, company_a, trainer):
    enrolment = train.results(train.enrolled(train.session(), person_a, company_a), scores=("40", "72"))
    assert actions.issue_certificate(enrolment, by=trainer, at=AT).assessment.sitting == 2


def test_who_waits_gets_none(train, person_a, person_a_two, company_a, trainer):
    session = train.session(seats=1)
    train.passed(person_a, company_a, session)
    waiting = train.enrolled(session, person_a_two, company_a)
    assert "没有取得这一期的名额" in refused(actions.issue_certificate, waiting, by=trainer, at=AT)


def test_who_withdrew_gets_none(train, person_a, company_a, user_a, trainer):
    enrolment = train.enrolled(train.session(), person_a, company_a)
    actions.withdraw_enrolment(enrolment, by=user_a, at=AT)
    assert "没有取得这一期的名额" in refused(actions.issue_certificate, enrolment, by=trainer, at=AT)


def test_nobody_gets_one_before_the_session_is_over(train, person_a, company_a, trainer):
    session = train.session(session_days=[*DAYS, date(2026, 11, 23)])
    enrolment = train.enrolled(session, person_a, company_a)
    assert refused(actions.issue_certificate, enrolment, by=trainer, at=AT) == "培训尚未结束，不能发给证书。"


def test_continuing_education_brings_hours_and_no_certificate(train, person_a, company_a, trainer):
    enrolment = train.passed(person_a, company_a, train.session(kind=TrainingKind.CONTINUING))
    assert "不发培训证书" in refused(actions.issue_certificate, enrolment, by=trainer, at=AT)


def test_a_body_whose_recognition_lapsed_in_between_issues_none(train, person_a, company_a, body, municipal, trainer):
    enrolment = train.passed(person_a, company_a)
    recognition = body.recognitions.get()
    actions.end_recognition(recognition, last_day=DAYS[0], by=municipal, at=AT)
    assert "未经质监部门认可" in refused(actions.issue_certificate, enrolment, by=trainer, at=AT)


def test_another_body_cannot_issue_it(train, person_a, company_a, trainer_two, municipal, user_a):
    enrolment = train.passed(person_a, company_a)
    for stranger in (trainer_two, municipal, user_a):
        assert "没有办理这一事项的权限" in refused(actions.issue_certificate, enrolment, by=stranger, at=AT)


def test_a_cancelled_session_gives_none_neither_one_by_one_nor_all_at_once(train, person_a, company_a, trainer):
    """Called off on its last evening, when everything was on record: afterwards the act refuses it."""
    evening = AT - timedelta(days=4)
    enrolment = train.results(train.enrolled(train.session(), person_a, company_a), at=evening)
    session = enrolment.session
    actions.cancel_session(session, version=session.version, reason="考场违规", by=trainer, at=evening)
    for act, row in ((actions.issue_certificate, enrolment), (start_issuing, session)):
        assert refused(act, row, by=trainer, at=AT) == "这一期现在是“已取消”，不能发给证书。"
    assert not Certificate.unscoped.exists() and not Job.unscoped.exists()


def test_whoever_asks_again_gets_the_work_that_is_going_on(train, person_a, company_a, trainer, colleague):
    session = train.passed(person_a, company_a).session
    first = start_issuing(session, by=trainer, at=AT)
    assert start_issuing(session, by=colleague, at=AT + timedelta(minutes=1)) == first
    assert Job.unscoped.count() == 1


TAKEN = {"present": st.integers(0, 3), "scores": st.lists(st.integers(0, 1000), max_size=3)}


@hypothesis.settings(max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(**TAKEN)
def test_those_whom_the_query_finds_ready_are_those_whom_the_rule_lets_pass(seat, trainer, present, scores):
    """Days present × scores in tenths, each re-sit after a fail: what cannot be recorded is left out."""
    marks = [Decimal(score) / 10 for score in scores]
    fails = list(takewhile(lambda mark: mark < 60, marks))
    marks = marks[: len(fails) + 1]
    with transaction.atomic():
        result = Result(
            {day: n < present for n, day in enumerate(DAYS)}, {n: (DAYS[2], mark) for n, mark in enumerate(marks, 1)}
        )
        actions.enter_results(seat.session, results={seat.pk: result}, by=trainer, at=AT)
        fault = certificate_fault(
            days_present=present, days_needed=2, last_score=marks[-1] if marks else None, pass_mark=60
        )
        assert seat.session.enrolments.ready().filter(pk=seat.pk).exists() is (fault is None)
        transaction.set_rollback(True)


@pytest.fixture
def seat(train, person_a, company_a) -> Enrolment:
    """A seat without results."""
    return train.enrolled(train.session(), person_a, company_a)


def test_nobody_gets_two_for_one_session(train, person_a, company_a, trainer):
    certificate = train.certified(person_a, company_a)
    assert "已经发给" in refused(actions.issue_certificate, certificate.enrolment, by=trainer, at=AT)


# --- What the database holds -----------------------------------------------------------------------------------------


def test_the_assessment_under_a_certificate_cannot_become_a_fail(train, person_a, company_a):
    assessment = train.certified(person_a, company_a).assessment
    rows = Assessment.unscoped.filter(pk=assessment.pk)
    assert "已发证的考核不能改为不合格" in database_says(lambda: rows.update(score=10, passed=False))


def test_a_certificate_cannot_stand_on_a_fail_or_on_somebody_elses_pass(train, person_a, person_a_two, company_a):
    session = train.session()
    failed = train.results(train.enrolled(session, person_a, company_a), scores=("30",))
    good = train.certified(person_a_two, company_a, session)
    values = {
        field.attname: getattr(good, field.attname)
        for field in Certificate._meta.concrete_fields
        if field.attname not in ("id", "code", "serial", "number", "enrolment_id", "assessment_id", "search")
    } | {"code": "x", "serial": 9, "number": "x", "enrolment_id": failed.pk, "candidate_id": person_a.pk}
    for assessment in (failed.last_assessment, good.assessment):
        sentence = database_says(lambda key=assessment.pk: Certificate.unscoped.create(**values, assessment_id=key))
        assert "考核合格的，才发给培训证书" in sentence
    with pytest.raises(IntegrityError, match="certificate_only_after_passing"), transaction.atomic():
        Certificate.unscoped.create(**values | {"passed": False}, assessment_id=failed.last_assessment.pk)


def test_a_certificate_is_never_edited_or_deleted(train, person_a, company_a):
    rows = Certificate.unscoped.filter(pk=train.certified(person_a, company_a).pk)
    for act in (lambda: rows.update(number="x"), lambda: rows.delete()):
        assert database_says(act)


def test_results_under_a_certificate_stay(train, person_a, company_a, trainer):
    enrolment = train.certified(person_a, company_a).enrolment
    for result in (Result({DAYS[0]: False}), Result(scores={1: (DAYS[2], Decimal(90))})):
        sentence = refused(actions.enter_results, enrolment.session, results={enrolment.pk: result}, by=trainer, at=AT)
        assert sentence == "张三已发证书，考勤和成绩不能再改。"


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_have_no_gaps_within_a_body_and_year(train, company_a, user_a, trainer):
    session = train.session()
    people = [person(n, name, company=company_a, by=user_a) for n, name in ((11, "赵一"), (13, "钱二"), (15, "周六"))]
    enrolments = [train.passed(someone, company_a, session) for someone in people]
    failed = train.results(
        train.enrolled(session, person(17, "吴七", company=company_a, by=user_a), company_a), scores=("20",)
    )
    actions.issue_certificate(enrolments[0], by=trainer, at=AT)
    refused(actions.issue_certificate, failed, by=trainer, at=AT)
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.issue_certificate(enrolments[1], by=trainer, at=AT)
        raise RuntimeError  # whatever comes after: the number goes back with the rest
    actions.issue_certificate(enrolments[1], by=trainer, at=AT)
    actions.issue_certificate(enrolments[2], by=trainer, at=AT)
    assert sorted(Certificate.unscoped.values_list("serial", flat=True)) == [1, 2, 3]


def test_a_new_year_begins_at_one(train, person_a, person_a_two, company_a, trainer):
    session = train.session()
    rows = [train.passed(someone, company_a, session) for someone in (person_a, person_a_two)]
    first = actions.issue_certificate(rows[0], by=trainer, at=AT)
    second = actions.issue_certificate(rows[1], by=trainer, at=AT + timedelta(days=60))
    assert (first.number, second.number) == ("清质协培〔2026〕1号", "清质协培〔2027〕1号")


def test_two_bodies_never_share_a_number(train, person_a, person_b, company_a, company_b, body_two, trainer_two):
    mine = train.certified(person_a, company_a)
    session = train.session(body=body_two, by=trainer_two)
    enrolment = train.results(train.enrolled(session, person_b, company_b), by=trainer_two)
    theirs = actions.issue_certificate(enrolment, by=trainer_two, at=AT)
    assert mine.serial == theirs.serial == 1
    assert (mine.number, theirs.number) == ("清质协培〔2026〕1号", "英职培〔2026〕1号")
    values = {"number": mine.number, "version": mine.version}
    own = [field.attname for field in Certificate._meta.concrete_fields if not field.generated]
    clone = Certificate(**{name: getattr(theirs, name) for name in own} | values)
    clone.pk, clone.code, clone.serial, clone.year = None, "y", 2, 2025
    assert database_says(clone.save) is not None


# --- A name corrected ------------------------------------------------------------------------------------------------


@pytest.fixture
def renamed(train, person_a, company_a, county_one):
    """A certificate whose person's name was corrected after it was issued."""
    certificate = train.certified(person_a, company_a)
    correct_name(person_a, name="章三", version=person_a.version, reason="凭身份证更正", by=county_one, at=AT)
    return Certificate.unscoped.get(pk=certificate.pk)


def test_a_correction_supersedes_and_keeps_the_number(renamed, trainer):
    before = filestore.fetch(renamed.sha256)
    assert changes_since(renamed, at=AT) == [("person_name", "张三", "章三")]
    later = actions.reissue_certificate(renamed, reason="姓名更正", by=trainer, at=AT)
    assert (later.number, later.serial, later.version) == (renamed.number, renamed.serial, 2)
    assert later.supersedes == renamed and later.facts["person_name"] == "章三" and later.code != renamed.code
    assert list(Certificate.unscoped.current()) == [later]
    assert filestore.fetch(renamed.sha256) == before and Certificate.unscoped.get(pk=renamed.pk).is_superseded


def test_a_reissue_keeps_the_day_the_number_and_the_basis_of_the_first(
    make, train, person_a, company_a, company_b, county_one, administrator, measure, trainer
):
    """Issued on 22 November without a basis in force; extended on 10 December; reissued on 20 December."""
    user_b = make.enterprise_user(company_b)
    person(1, "张三", company=company_b, by=user_b)  # works at 乙公司 too, on the day of issue
    first = train.certified(person_a, company_a)
    assert first.outside_basis
    record_extension(
        edition=measure, first_day=date(2026, 11, 1), last_day=None, title="关于延长有效期的通知",
        number="清质监〔2026〕9号", document=measure_paper(administrator), by=administrator, at=AT + timedelta(days=18),
    )  # fmt: skip
    end_employment(person_a, enterprise=company_b, last_day=date(2026, 12, 1), by=user_b, at=AT + timedelta(days=20))
    later = AT + timedelta(days=28)
    correct_name(person_a, name="章三", version=person_a.version, reason="凭身份证更正", by=county_one, at=later)
    again = actions.reissue_certificate(first, reason="姓名更正", by=trainer, at=later)
    kept = ("issued_on", "number", "serial", "year", "edition", "outside_basis", "assessment")
    assert [getattr(again, name) for name in kept] == [getattr(first, name) for name in kept]
    assert again.issued_at == later and again.facts["outside_basis"] == "True"
    assert set(Certificate.unscoped.visible_to(user_b)) == {first, again}
    for company in (company_a, company_b):
        trainings = trainings_of([(person_a.pk, company.pk)])[person_a.pk, company.pk]
        for day in (first.issued_on, later.date()):
            assert qualifying_training(trainings, day)[0] == Outcome.MET
        assert qualifying_training(trainings, first.issued_on - timedelta(days=1))[0] == Outcome.UNMET


def test_a_basis_recorded_after_the_issue_alone_makes_nothing_to_reissue(
    train, person_a, company_a, administrator, measure, trainer
):
    certificate = train.certified(person_a, company_a)
    record_extension(
        edition=measure, first_day=date(2018, 4, 1), last_day=None, title="关于延长有效期的通知",
        number="清质监〔2026〕9号", document=measure_paper(administrator), by=administrator, at=AT,
    )  # fmt: skip
    assert changes_since(certificate, at=AT) == []
    assert "内容没有变化" in refused(actions.reissue_certificate, certificate, reason="有依据了", by=trainer, at=AT)


def test_nothing_is_issued_anew_without_a_change_or_a_reason_or_twice(train, person_a_two, company_a, renamed, trainer):
    assert refused(actions.reissue_certificate, renamed, reason=" ", by=trainer, at=AT) == "请写明换发的原因。"
    actions.reissue_certificate(renamed, reason="姓名更正", by=trainer, at=AT)
    assert "以最新一版办理" in refused(actions.reissue_certificate, renamed, reason="再来", by=trainer, at=AT)
    other = train.certified(person_a_two, company_a)
    assert "内容没有变化" in refused(actions.reissue_certificate, other, reason="遗失", by=trainer, at=AT)


def test_a_preview_gives_out_no_number(train, person_a, company_a):
    enrolment = train.passed(person_a, company_a)
    assert preview_certificate(enrolment, at=AT).startswith(b"%PDF-")
    assert actions.issue_certificate(enrolment, by=train.trainer, at=AT).serial == 1


# --- Revocation ------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposed(train, person_a, company_a, trainer) -> Revocation:
    """A revocation that waits for its second person."""
    return actions.propose_revocation(train.certified(person_a, company_a), reason="替考", by=trainer, at=AT)


def test_until_a_second_person_confirms_the_certificate_is_valid(proposed):
    certificate = Certificate.unscoped.get(pk=proposed.certificate_id)
    assert certificate.revocation is None and certificate.words == ("有效，待确认撤销", "amber")
    assert Certificate.unscoped.valid().filter(pk=certificate.pk).exists()
    assert Message.unscoped.filter(subject=f"待确认撤销：{certificate.number}", enterprise=None, county=None).exists()


def test_who_proposed_cannot_confirm_nor_decline(proposed, trainer):
    assert "须由第二人确认" in refused(actions.confirm_revocation, proposed, by=trainer, at=AT)
    assert "须由第二人确认" in refused(actions.decline_revocation, proposed, reason="算了", by=trainer, at=AT)


def test_the_database_wants_a_second_person_too(proposed, trainer):
    rows = Revocation.unscoped.filter(pk=proposed.pk)
    confirmed = {"confirmed_by": trainer, "confirmed_at": AT, "revoked_on": date(2026, 11, 22), "outside_basis": True}
    sentence = database_says(lambda: rows.update(**confirmed))
    assert "须由第二人确认" in sentence


@pytest.mark.parametrize("second", ["colleague", "municipal"])
def test_a_colleague_or_the_city_confirms(proposed, company_a, second, request):
    done = actions.confirm_revocation(proposed, by=request.getfixturevalue(second), at=AT)
    certificate = Certificate.unscoped.get(pk=proposed.certificate_id)
    assert done.revoked_on == date(2026, 11, 22) and certificate.words == ("已撤销", "red")
    assert not Certificate.unscoped.valid().exists()
    assert Message.unscoped.filter(enterprise=company_a, subject="培训证书已撤销：张三").exists()


def test_a_stranger_confirms_nothing(proposed, trainer_two, county_one, user_a):
    for stranger in (trainer_two, county_one, user_a):
        assert "没有办理这一事项的权限" in refused(actions.confirm_revocation, proposed, by=stranger, at=AT)


def test_what_was_declined_can_be_proposed_again(proposed, municipal, trainer):
    assert refused(actions.decline_revocation, proposed, reason="", by=municipal, at=AT) == "请写明不予撤销的理由。"
    actions.decline_revocation(proposed, reason="查无实据", by=municipal, at=AT)
    certificate = Certificate.unscoped.get(pk=proposed.certificate_id)
    assert certificate.words == ("有效", "green")
    again = actions.propose_revocation(certificate, reason="有新证据", by=trainer, at=AT)
    assert actions.confirm_revocation(again, by=municipal, at=AT).confirmed_by == municipal


def test_nothing_is_decided_or_proposed_twice(proposed, municipal, trainer):
    certificate = Certificate.unscoped.get(pk=proposed.certificate_id)
    assert "已有待确认的撤销" in refused(actions.propose_revocation, certificate, reason="又", by=trainer, at=AT)
    actions.confirm_revocation(proposed, by=municipal, at=AT)
    assert refused(actions.confirm_revocation, proposed, by=municipal, at=AT) == "这项撤销已经作出决定。"
    certificate = Certificate.unscoped.get(pk=certificate.pk)
    assert "已撤销" in refused(actions.propose_revocation, certificate, reason="又", by=trainer, at=AT)
    assert "不能换发" in refused(actions.reissue_certificate, certificate, reason="又", by=trainer, at=AT)


def test_a_decided_revocation_stays_and_none_is_deleted(proposed, municipal):
    rows = Revocation.unscoped.filter(pk=proposed.pk)
    assert database_says(rows.delete) == "撤销记录不能删除。"
    assert database_says(lambda: rows.update(reason="别的")) == "撤销的提出人、证书和理由不能更改。"
    actions.confirm_revocation(proposed, by=municipal, at=AT)
    assert database_says(lambda: rows.update(decline_reason="别的")) == "撤销已经作出决定，不能更改。"


def test_a_revocation_does_not_itself_change_the_talent_pool(train, person_a, company_a, trainer, municipal):
    entry = train.pooled(person_a, company_a)
    train.revoked(Certificate.unscoped.get(candidate=person_a))
    assert PoolEntry.unscoped.get(pk=entry.pk).left_at is None


# --- Results ---------------------------------------------------------------------------------------------------------


def test_a_newer_entry_is_not_overwritten(train, person_a, company_a, trainer):
    enrolment = train.enrolled(train.session(), person_a, company_a)
    shown = {enrolment.pk: trace_of(enrolment)}
    train.results(enrolment, present=1, scores=())
    result = {enrolment.pk: Result({DAYS[0]: False})}
    how = {"results": result, "by": trainer, "at": AT}
    assert "刚刚被他人修改" in refused(actions.enter_results, enrolment.session, seen=shown, **how)
    now = {enrolment.pk: trace_of(Enrolment.unscoped.get(pk=enrolment.pk))}
    assert actions.enter_results(enrolment.session, seen=now, **how) == 1


def test_a_sheet_of_many_is_written_in_few_statements(train, company_a, user_a, trainer, django_assert_max_num_queries):
    session = train.session()
    people = [person(2 * n + 21, f"人{'一二三四五六七八九十'[n]}", company=company_a, by=user_a) for n in range(10)]
    results = {
        train.enrolled(session, someone, company_a).pk: Result(dict.fromkeys(DAYS, True), {1: (DAYS[2], Decimal(80))})
        for someone in people
    }
    with django_assert_max_num_queries(20):
        assert actions.enter_results(session, results=results, by=trainer, at=AT) == 40
    assert actions.enter_results(session, results=results, by=trainer, at=AT) == 0


@pytest.mark.parametrize(
    ("changed", "at_fault"),
    [
        ({}, None),
        ({"score": Decimal("100.1")}, "score"),
        ({"score": Decimal("85.25")}, "score"),
        ({"sat_on": date(2026, 11, 15)}, "sat_on"),
        ({"sat_on": date(2026, 11, 23)}, "sat_on"),
        ({"sat_on": date(2026, 11, 22)}, None),
        ({"sitting": 2}, "score"),
        ({"sitting": 2, "before": Sitting(DAYS[0], True)}, "score"),
        ({"sitting": 2, "before": Sitting(DAYS[0], False)}, None),
        ({"sitting": 2, "before": Sitting(DAYS[1], False)}, "sat_on"),
        ({"sitting": 4, "before": Sitting(DAYS[0], False)}, "score"),
        ({"after": Sitting(DAYS[1], False)}, "score"),
        ({"after": Sitting(DAYS[1], False), "score": Decimal("59.5")}, None),
        ({"after": Sitting(DAYS[0], False), "score": Decimal(50), "sat_on": DAYS[1]}, "sat_on"),
    ],
)
def test_a_sitting_is_within_the_session_and_follows_a_fail(changed, at_fault):
    facts = {"sitting": 1, "sat_on": DAYS[0], "score": Decimal(85), "pass_mark": 60, "first_day": DAYS[0]}
    facts |= {"before": None, "after": None}
    fault = sitting_fault(**facts | changed, today=date(2026, 11, 22))
    assert (fault and fault[0]) == at_fault


def test_a_name_that_no_font_can_print_is_refused_before_a_number_is_taken(train, person_a, person_a_two, company_a):
    session = train.session()
    enrolment = train.passed(person_a, company_a, session)
    type(person_a).unscoped.filter(pk=person_a.pk).update(name="吉野𠀀")
    with pytest.raises(Refused, match="“𠀀”不能印出"):
        actions.issue_certificate(enrolment, by=train.trainer, at=AT)
    assert train.certified(person_a_two, company_a, session).serial == 1
