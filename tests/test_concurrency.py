"""Two at once, each on a connection of its own: one effect, one sentence, no gap, no deadlock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import DatabaseError, connections, transaction
from django.test import RequestFactory

from appointments import actions
from appointments.models import (
    Appointment,
    CaseAct,
    DismissalRecommendation,
    Paper,
    RecommendationLetter,
    ReportReceipt,
    Statement,
)
from appointments.states import ActKind, CaseActKind, CaseAnswer, CaseState, EndReason, PaperKind, State
from registry.actions.common import next_number
from registry.actions.people import record_person
from registry.faults import sentence_for
from registry.models import Candidate, Counter, Employment, Enterprise, FormToken, Message
from registry.notices import tell_city
from registry.pages import PortalForm, carry_out
from registry.refusals import Refused, Stale
from registry.states import IdPaper, Role
from tests.cast import AT, TODAY, account, enterprise, person, resident_id
from tests.supervision_cast import DAY, FIRST_DAY, IN_TIME, NOTICE, PUBLISHED
from tests.training_cast import EARLIER
from training import actions as training_actions
from training.models import Certificate, PoolEntry
from training.states import EnrolmentState

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts) -> list:
    """Run the acts at the same moment; what each returned, or how it was refused."""
    gate = Barrier(len(acts))

    def run(act):
        gate.wait()
        try:
            return act()
        except (Refused, DatabaseError) as fault:
            return fault
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refused(results) -> list[str | None]:
    """The sentences of those who were refused."""
    sentences = {Refused: lambda fault: fault.sentence, DatabaseError: sentence_for}
    return [say(result) for result in results for kind, say in sentences.items() if isinstance(result, kind)]


ROUNDS = pytest.mark.parametrize("rounds", [20, pytest.param(100, marks=pytest.mark.long)])
FEW_ROUNDS = pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.long)])  # each draws papers


@ROUNDS
def test_of_two_appointing_for_one_enterprise_one_wins_and_one_gets_the_sentence(
    make, company_a, person_a, person_a_two, user_a, rounds
):
    for _ in range(rounds):
        drafts = [make.draft(someone, company_a) for someone in (person_a, person_a_two)]
        results = at_once(
            *(lambda draft=draft: actions.submit(draft, version=draft.version, by=user_a, at=AT) for draft in drafts)
        )
        (winner,) = [row for row in results if isinstance(row, Appointment)]
        (sentence,) = refused(results)
        assert winner.candidate.name in sentence and "先终止前一项任命" in sentence
        assert Appointment.unscoped.filter(in_force__isnull=False).get() == winner
        actions.withdraw(winner, version=winner.version, by=user_a, at=AT, reason="下一轮")
    letters = Paper.unscoped.filter(kind=PaperKind.LETTER).order_by("pk")
    assert [paper.number for paper in letters] == [f"首质聘〔2026〕{n}号" for n in range(1, rounds + 1)]


def test_of_two_officers_checking_at_once_one_checks(make, company_a, person_a, county_one, municipal):
    row = make.submitted(person_a, company_a)
    opinions = make.opinions(row)
    results = at_once(
        *(
            lambda who=who: actions.check(row, version=row.version, opinions=opinions, by=who, at=AT)
            for who in (county_one, municipal)
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["Appointment", "Stale"]
    row.refresh_from_db()
    assert row.state == State.CHECKED
    assert row.acts.filter(kind=ActKind.CHECKED).count() == 1


def test_what_one_returns_the_other_does_not_file(make, company_a, person_a, municipal, municipal_two):
    row = make.checked(person_a, company_a)
    opinions, version = make.opinions(row), row.version
    results = at_once(
        lambda: actions.file(row, version=version, opinions=opinions, by=municipal, at=AT),
        lambda: actions.return_for_correction(
            row, version=version, remarks={"position": "有误"}, by=municipal_two, at=AT
        ),
    )
    assert sum(isinstance(result, Stale) for result in results) == 1
    row.refresh_from_db()
    assert (row.papers.filter(kind=PaperKind.RECEIPT).count() == 1) == (row.state == State.FILED)


def test_the_clock_running_twice_ends_each_appointment_once(make, company_a, person_a):
    begun = AT.replace(year=2024)
    row = make.filed(person_a, company_a, at=begun, first_day=date(2024, 11, 20))
    counts = at_once(*[lambda: actions.expire_due(at=AT)] * 4)
    assert sum(counts) == 1
    assert row.acts.filter(kind=ActKind.ENDED).count() == 1


def test_numbers_given_to_eight_at_once_have_no_gap_though_some_roll_back():
    class RolledBack(Refused):
        pass

    def take_ten():
        taken = []
        for n in range(10):
            try:
                with transaction.atomic():
                    number = next_number("试", 2026)
                    if n % 3 == 2:
                        raise RolledBack("撤销。")
                taken.append(number)
            except RolledBack:
                continue
        return taken

    taken = at_once(*[take_ten] * 8)
    assert sorted(sum(taken, [])) == list(range(1, 8 * 7 + 1))
    assert Counter.unscoped.get(series="试").last == 56


def test_a_person_recorded_by_two_enterprises_at_once_is_one_person(company_a, company_b, user_a, user_b):
    for n in range(1, 11):
        facts = {"name": "张三", "id_type": IdPaper.RESIDENT, "id_number": resident_id(n), "position": "顾问"}
        results = at_once(
            *(
                lambda company=company, user=user, facts=facts: record_person(
                    enterprise=company, since=date(2020, 1, 1), by=user, at=AT, **facts
                )
                for company, user in ((company_a, user_a), (company_b, user_b))
            )
        )
        assert results[0] == results[1]
    assert Candidate.unscoped.count() == 10
    assert Employment.unscoped.count() == 20


def test_an_enterprise_registered_twice_at_once_is_on_the_register_once(county_one, municipal):
    results = at_once(
        *(
            lambda who=who: enterprise(30000001, "丙公司", by=who, county=county_one.county)
            for who in (county_one, municipal)
        )
    )
    assert refused(results) == ["该统一社会信用代码已在名录中。"]
    assert Enterprise.unscoped.count() == 1


class Ask(PortalForm):
    """A form with nothing to fill in."""


def test_a_form_sent_twice_at_once_has_one_effect_and_both_see_its_result(municipal):
    def send(token):
        request = RequestFactory().post("/")
        request.user, request.session = municipal, {}
        request._messages = FallbackStorage(request)
        form = Ask({"token": token})
        assert form.is_valid()

        def act(*, by, at):
            tell_city(str(token), by.display_name, url="/", at=at)
            return token

        return carry_out(request, form, act, to=lambda result: f"/{result}/")

    for _ in range(10):
        token = uuid4()
        results = at_once(*[lambda token=token: send(token)] * 2)
        assert [result.url for result in results] == [f"/{token}/"] * 2
        assert Message.unscoped.filter(subject=str(token)).count() == 1
    assert FormToken.unscoped.count() == 10


# --- Training --------------------------------------------------------------------------------------------------------


@ROUNDS
def test_of_two_asking_for_the_last_seat_one_sits_and_one_waits(
    train, company_a, company_b, person_a, person_b, rounds
):
    for _ in range(rounds):
        session = train.session(seats=1)
        results = at_once(
            lambda session=session: train.enrolled(session, person_a, company_a),
            lambda session=session: train.enrolled(session, person_b, company_b),
        )
        assert refused(results) == []
        assert sorted((row.state, row.seat) for row in results) == [
            (EnrolmentState.ENROLLED, 1),
            (EnrolmentState.WAITING, None),
        ]


@ROUNDS
def test_certificates_issued_at_once_have_numbers_without_a_gap_and_nobody_gets_two(
    train, company_a, person_a, person_a_two, rounds
):
    """Two people of one session at once, and one of them twice."""
    for _ in range(rounds):
        session = train.session()
        one, two = (train.passed(someone, company_a, session) for someone in (person_a, person_a_two))
        results = at_once(
            *(
                lambda row=row: training_actions.issue_certificate(row, by=train.trainer, at=AT)
                for row in (one, one, two)
            )
        )
        assert refused(results) == [f"{person_a.name}的证书已经发给。"]
    serials = Certificate.unscoped.order_by("serial").values_list("serial", flat=True)
    assert list(serials) == list(range(1, 2 * rounds + 1))


@ROUNDS
def test_certificate_and_project_at_the_same_moment_make_one_entry_of_the_pool(
    train, company_a, user_a, county_one, rounds
):
    session = train.session(seats=rounds)
    for n in range(rounds):
        someone = person(2 * n + 41, f"学员{n}", company=company_a, by=user_a)
        seat, project = train.passed(someone, company_a, session), train.reported(someone, company_a)
        results = at_once(
            lambda seat=seat: training_actions.issue_certificate(seat, by=train.trainer, at=AT),
            lambda project=project: training_actions.confirm_project(
                project, version=project.version, by=county_one, at=AT
            ),
        )
        assert refused(results) == []
        assert PoolEntry.unscoped.filter(candidate=someone).count() == 1
    references = PoolEntry.unscoped.order_by("pk").values_list("reference", flat=True)
    assert list(references) == [f"RC-2026-{n:04d}" for n in range(1, rounds + 1)]


def test_a_seat_given_up_and_one_asked_for_at_once_go_to_who_waited(
    train, company_a, company_b, person_a, person_a_two, person_b, user_a
):
    for _ in range(5):
        session = train.session(seats=1)
        first = train.enrolled(session, person_a, company_a)
        waiting = train.enrolled(session, person_b, company_b)
        results = at_once(
            lambda first=first: training_actions.withdraw_enrolment(first, by=user_a, at=EARLIER),
            lambda session=session: train.enrolled(session, person_a_two, company_a),
        )
        assert refused(results) == []
        waiting.refresh_from_db()
        assert (waiting.seat, results[1].state) == (1, EnrolmentState.WAITING)


# --- Supervision -----------------------------------------------------------------------------------------------------


def letters_of(case: DismissalRecommendation) -> int:
    """How many letters were drawn for a case."""
    return RecommendationLetter.unscoped.filter(case=case).count()


def as_it_is(row):
    """The row as the database has it now."""
    return type(row).unscoped.get(pk=row.pk)


@FEW_ROUNDS
def test_of_two_officers_signing_at_once_one_signs_one_letter_with_one_number(
    supervise, cqo_a, municipal, municipal_two, rounds
):
    for n in range(1, rounds + 1):
        case = supervise.proposed(cqo_a)
        results = at_once(
            *(
                lambda who=who, case=case: actions.sign(
                    case, version=case.version, answer_due=TODAY + 30 * DAY, by=who, at=AT
                )
                for who in (municipal, municipal_two)
            )
        )
        (signed,) = [row for row in results if isinstance(row, DismissalRecommendation)]
        assert len(refused(results)) == 1 and "已被他人修改" in refused(results)[0]
        case = as_it_is(case)
        assert (case.number, case.signed_by) == (f"清质监建函〔2026〕{n}号", signed.signed_by)
        assert letters_of(case) == case.acts.filter(kind=CaseActKind.SIGNED).count() == 1
        assert Message.unscoped.filter(subject="建议解除聘任函").count() == n
        actions.withdraw_case(case, version=case.version, reason="下一轮", by=municipal, at=AT)


@FEW_ROUNDS
def test_of_the_answer_and_the_withdrawal_of_the_letter_at_once_one_stands(supervise, cqo_a, municipal, user_a, rounds):
    for _ in range(rounds):
        case = supervise.letter_read(cqo_a)
        say = {"version": case.version, "reason": "有误", "at": AT}
        results = at_once(
            lambda case=case, say=say: actions.answer_case(case, answer=CaseAnswer.DECLINED, by=user_a, **say),
            lambda case=case, say=say: actions.withdraw_case(case, by=municipal, **say),
        )
        (won,) = [row for row in results if isinstance(row, DismissalRecommendation)]
        assert sum(isinstance(result, Stale) for result in results) == 1
        case = as_it_is(case)
        assert case.state == won.state and case.state in (CaseState.ANSWERED, CaseState.WITHDRAWN)
        assert bool(case.answered_at) != bool(case.withdrawn_at)
    ends = CaseAct.unscoped.filter(kind__in=(CaseActKind.ANSWERED, CaseActKind.WITHDRAWN))
    assert ends.count() == rounds


@ROUNDS
def test_a_one_time_link_used_by_two_requests_at_once_makes_one_statement(supervise, cqo_a, rounds):
    case = supervise.asked(cqo_a)
    for n in range(1, rounds + 1):
        token = supervise.link(case)[1]
        results = at_once(*[lambda token=token: actions.state_by_link(token, words="我已报告。", at=AT)] * 2)
        assert sum(isinstance(result, Statement) for result in results) == 1
        (sentence,) = refused(results)
        assert "这个链接不能使用：已经用过" in sentence
        assert Statement.unscoped.count() == case.acts.filter(kind=CaseActKind.HEARD).count() == n


@FEW_ROUNDS
def test_a_report_handed_in_twice_at_once_has_one_receipt(supervise, cqo_a, user_a, rounds):
    for n in range(1, rounds + 1):
        report = supervise.written(supervise.duty(cqo_a, number=f"清质监通〔2026〕{n}号"))
        results = at_once(
            *[lambda report=report: actions.submit_report(report, version=report.version, by=user_a, at=IN_TIME)] * 2
        )
        assert sorted(type(result).__name__ for result in results) == ["DutyReport", "Stale"]
        assert report.acts.count() == 1
    numbers = ReportReceipt.unscoped.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [f"首质报〔2026〕{n}号" for n in range(1, rounds + 1)]


@ROUNDS
def test_a_notice_published_twice_at_once_lays_one_set_of_duties_and_tells_once(
    supervise, make, cqo_a, person_b, company_b, municipal, municipal_two, rounds
):
    cqo_b = supervise.cqo(person_b, company_b)
    for n in range(1, rounds + 1):
        cycle = supervise.planned(number=f"清质监通〔2026〕{n}号")
        results = at_once(
            *(
                lambda who=who, cycle=cycle: actions.publish_cycle(cycle, version=cycle.version, by=who, at=PUBLISHED)
                for who in (municipal, municipal_two)
            )
        )
        assert sorted(type(result).__name__ for result in results) == ["ReportCycle", "Stale"]
        assert sorted(cycle.duties.values_list("appointment", flat=True)) == sorted([cqo_a.pk, cqo_b.pk])
        assert Message.unscoped.filter(subject=NOTICE["title"]).count() == 2 * n


@FEW_ROUNDS
def test_no_letter_is_issued_for_an_appointment_that_the_enterprise_ends_at_that_moment(
    supervise, person_a, company_a, user_a, municipal, rounds
):
    """Whoever comes first: signed and then closed by the end, or ended and never signed. No deadlock."""
    for n in range(rounds):
        first_day = FIRST_DAY + n * DAY
        row = supervise.cqo(person_a, company_a, first_day=first_day)
        case = supervise.proposed(row)
        results = at_once(
            lambda case=case: actions.sign(
                case, version=case.version, answer_due=TODAY + 30 * DAY, by=municipal, at=AT
            ),
            lambda row=row, last_day=first_day: actions.end(
                row, version=row.version, reason=EndReason.RESIGNED, last_day=last_day, by=user_a, at=AT
            ),
        )
        assert isinstance(results[1], Appointment), results[1]
        case = as_it_is(case)
        assert (as_it_is(row).state, case.state) == (State.ENDED, CaseState.CLOSED)
        signed = isinstance(results[0], DismissalRecommendation)
        assert signed or isinstance(results[0], Stale), results[0]
        assert letters_of(case) == int(signed) == int(bool(case.number))
        kinds = list(case.acts.order_by("pk").values_list("kind", flat=True))
        assert kinds[-1] == CaseActKind.CLOSED and (kinds[-2] == CaseActKind.SIGNED) == signed


@FEW_ROUNDS
def test_the_clock_and_the_enterprise_s_answer_at_once_end_the_appointment_once(supervise, county_one, rounds):
    """The day after the term, before the clock's next round: the enterprise may still answer what it was asked."""
    over, late = AT.replace(year=2027, month=1, day=10), "聘任期限已经届满，没有可以解除的聘任。"
    for n in range(1, rounds + 1):
        company = enterprise(30000000 + n, f"丙{n}公司", by=county_one)
        user = account(f"enterprise-{n}", Role.ENTERPRISE, "经办人", enterprise=company)
        row = supervise.cqo(person(100 + n, f"王{n}", company=company, by=user), company)
        case = supervise.letter_read(row)
        say = partial(actions.answer_case, case, version=case.version, reason="责任另有其人。", by=user, at=over)
        with pytest.raises(Refused, match=late):
            say(answer=CaseAnswer.DISMISSED)
        answer = (CaseAnswer.DECLINED, CaseAnswer.DISMISSED)[n % 2]
        results = at_once(lambda: actions.expire_due(at=over), partial(say, answer=answer))
        assert type(results[0]) is int, results[0]
        assert type(results[1]) in (DismissalRecommendation, Stale) or refused(results) == [late], results[1]
        actions.expire_due(at=over)
        row, case = as_it_is(row), as_it_is(case)
        assert (row.state, row.end_reason, row.ended_on) == (State.ENDED, EndReason.EXPIRED, row.last_day)
        assert row.acts.filter(kind=ActKind.ENDED).count() == 1
        answered = isinstance(results[1], DismissalRecommendation)
        assert case.state == (CaseState.ANSWERED if answered else CaseState.CLOSED)
        assert not (answered and answer == CaseAnswer.DISMISSED)
        ends = case.acts.filter(kind__in=(CaseActKind.ANSWERED, CaseActKind.CLOSED))
        assert ends.count() == 1
