"""Every pair of states: what the lists of moves do not hold, the database refuses, however it is written."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from appointments import actions
from appointments.models import Appointment, DismissalRecommendation, DutyReport, Finding, ReportCycle, ReportDuty
from appointments.states import (
    CASE_MOVES,
    CYCLE_MOVES,
    FINDING_MOVES,
    REPORT_MOVES,
    TRANSITIONS,
    CaseState,
    CycleState,
    FindingState,
    ReportState,
    State,
)
from registry.faults import TRIGGERS, sentence_for
from registry.refusals import Refused
from tests.cast import AT, TODAY
from tests.supervision_cast import IN_TIME, PUBLISHED, undone
from tests.training_cast import EARLIER, PLAN
from training import actions as training_actions
from training.models import Attendance, Enrolment, ImprovementProject, PoolEntry, Revocation, Session, SessionDay
from training.states import (
    ENROLMENT_MOVES,
    PROJECT_MOVES,
    SESSION_MOVES,
    EnrolmentState,
    ProjectState,
    SessionState,
)

LEGAL = {(str(a), str(b)) for a, b in TRANSITIONS}


def refusal(write) -> str | None:
    """The sentence for what the database says to a write; fails when it says nothing."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        write()
    return sentence_for(caught.value)


def by_save(row, **values):
    """Write through the model."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def by_update(row, **values):
    """Write through the queryset."""
    type(row).unscoped.filter(pk=row.pk).update(**values)


def by_sql(row, **values):
    """Write past Django."""
    columns = ", ".join(f'"{name}" = %s' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s",
            [getattr(value, "value", value) for value in values.values()] + [row.pk],
        )


WAYS = [by_save, by_update, by_sql]


@pytest.fixture
def row_in(make, person_a, company_a):
    """An appointment of 甲公司 in a state that the acts brought it to."""
    return lambda state: make.in_state(state, person_a, company_a)


@pytest.mark.parametrize("state", State.values)
def test_no_move_that_is_not_listed_is_written_in_any_way(row_in, state):
    row = row_in(state)
    illegal = [to for to in State.values if to != state and (state, to) not in LEGAL]
    assert illegal
    for to in illegal:
        for way in WAYS:
            assert refusal(lambda to=to, way=way: way(row, state=to)) == TRIGGERS["state_moves"]
            row.refresh_from_db()
            assert row.state == state


def test_every_listed_move_is_reached_by_an_act(make, person_a, person_a_two, company_a):
    """The acts walk the whole list: what no act does would be a door nobody watches."""
    walked = set()
    by = {"enterprise": make.enterprise_user(company_a), "county": make.officer(company_a), "city": make.municipal}

    def walk(row, act, who, **values):
        state = row.state
        after = act(row, version=row.version, by=by[who], at=AT, **values)
        walked.add((state, after.state))
        return after

    def submitted():
        return walk(make.draft(person_a, company_a), actions.submit, "enterprise")

    def checked(row):
        return walk(row, actions.check, "county", opinions=make.opinions(row))

    def returned(row):
        return walk(row, actions.return_for_correction, "county", remarks={"position": "有误"})

    def withdrawn(row):
        return walk(row, actions.withdraw, "enterprise", reason="有误")

    withdrawn(make.draft(person_a_two, company_a))
    withdrawn(submitted())
    withdrawn(checked(submitted()))
    withdrawn(returned(submitted()))
    row = checked(walk(returned(checked(submitted())), actions.submit, "enterprise"))
    row = walk(row, actions.file, "city", opinions=make.opinions(row))
    later = AT.replace(year=2027)
    state = row.state
    ended = actions.end(
        row, version=row.version, reason="resigned", last_day=later.date(), by=by["enterprise"], at=later
    )
    walked.add((state, ended.state))
    assert walked == LEGAL


def test_leaving_a_state_is_no_way_back_into_the_draft():
    assert not [pair for pair in LEGAL if pair[1] == State.DRAFT]
    assert not [pair for pair in LEGAL if pair[0] in (State.ENDED, State.WITHDRAWN)]


@pytest.mark.parametrize("state", [state for state in State.values if state != State.DRAFT])
def test_no_appointment_is_born_but_as_a_draft(row_in, person_a, company_a, user_a, state):
    def insert():
        Appointment.unscoped.create(
            enterprise=company_a, candidate=person_a, reference="RM-0", state=state,
            created_at=AT, created_by=user_a, saved_at=AT,
        )  # fmt: skip

    def bulk():
        Appointment.unscoped.bulk_create(
            [
                Appointment(
                    enterprise=company_a,
                    candidate=person_a,
                    reference="RM-0",
                    state=state,
                    created_at=AT,
                    created_by=user_a,
                    saved_at=AT,
                )
            ]  # fmt: skip
        )

    assert refusal(insert) == refusal(bulk) == TRIGGERS["born_as_draft"]


@pytest.mark.parametrize("way", WAYS)
def test_a_term_once_stated_never_changes(row_in, way):
    row = row_in(State.SUBMITTED)
    longer = Appointment.unscoped.get(pk=row.pk).term
    other = type(longer)(longer.lower, longer.upper.replace(year=longer.upper.year + 1))
    values = {"term": f"[{other.lower},{other.upper})" if way is by_sql else other, "term_years": 3}
    assert refusal(lambda: way(row, **values)) == TRIGGERS["term_never_changes"]
    row = Appointment.unscoped.get(pk=row.pk)
    assert refusal(lambda: way(row, term=None, term_years=None)) == TRIGGERS["term_never_changes"]


@pytest.mark.parametrize("state", State.values)
def test_no_appointment_is_ever_deleted(row_in, state):
    row = row_in(state)
    with connection.cursor() as cursor:
        erase = "DELETE FROM appointments_appointment WHERE id = %s"
        assert refusal(lambda: cursor.execute(erase, [row.pk])) == TRIGGERS["never_deleted"]
    rows = Appointment.unscoped.filter(pk=row.pk)
    assert refusal(lambda: rows._raw_delete("default")) == TRIGGERS["never_deleted"]
    assert rows.exists()


def test_the_words_for_a_refused_move_name_no_machine():
    for sentence in TRIGGERS.values():
        assert sentence.endswith("。")
        assert not [c for c in sentence if c.isascii() and c.isalpha()]


def test_a_row_may_be_written_without_moving(row_in):
    row = row_in(State.FILED)
    by_update(row, saved_at=AT)
    assert Appointment.unscoped.get(pk=row.pk).state == State.FILED
    assert row.first_day > TODAY


# --- Training: sessions, enrolments, projects ------------------------------------------------------------------------

LISTED = {Session: SESSION_MOVES, Enrolment: ENROLMENT_MOVES, ImprovementProject: PROJECT_MOVES}
MOVES = {model: {(str(a), str(b)) for a, b in moves} for model, moves in LISTED.items()}
STATES = {Session: SessionState, Enrolment: EnrolmentState, ImprovementProject: ProjectState}


@pytest.fixture
def bring(make, train, person_a, person_a_two, company_a):
    """A row of training in a state that the acts brought it to."""
    by, officer = make.enterprise_user(company_a), make.officer(company_a)

    def cancelled():
        row = train.session()
        return training_actions.cancel_session(row, version=row.version, reason="报名不足", by=train.trainer, at=AT)

    def waiting():
        session = train.session(seats=1)
        train.enrolled(session, person_a_two, company_a)
        return train.enrolled(session, person_a, company_a)

    def withdrawn():
        row = train.enrolled(train.session(), person_a, company_a)
        return training_actions.withdraw_enrolment(row, by=by, at=AT)

    def returned():
        row = train.reported(person_a, company_a)
        return training_actions.return_project(row, version=row.version, reason="缺数据", by=officer, at=AT)

    def stopped():
        row = train.underway(person_a, company_a)
        return training_actions.stop_project(row, version=row.version, reason="停产", by=by, at=AT)

    roads = {
        (Session, "draft"): train.planned,
        (Session, "published"): train.session,
        (Session, "cancelled"): cancelled,
        (Enrolment, "enrolled"): lambda: train.enrolled(train.session(), person_a, company_a),
        (Enrolment, "waiting"): waiting,
        (Enrolment, "withdrawn"): withdrawn,
        (ImprovementProject, "draft"): lambda: train.project(person_a, company_a),
        (ImprovementProject, "underway"): lambda: train.underway(person_a, company_a),
        (ImprovementProject, "reported"): lambda: train.reported(person_a, company_a),
        (ImprovementProject, "returned"): returned,
        (ImprovementProject, "completed"): lambda: train.completed(person_a, company_a),
        (ImprovementProject, "withdrawn"): stopped,
    }
    return lambda model, state: roads[model, state]()


ILLEGAL = {
    (model, state): [to for to in states.values if to != state and (state, to) not in MOVES[model]]
    for model, states in STATES.items()
    for state in states.values
}


@pytest.mark.parametrize(
    ("model", "state"), [row for row, to in ILLEGAL.items() if to], ids=lambda value: getattr(value, "__name__", value)
)
def test_in_training_too_no_move_that_is_not_listed_is_written_in_any_way(bring, model, state):
    row = bring(model, state)
    assert row.state == state
    for to in ILLEGAL[model, state]:
        for way in WAYS:
            assert refusal(lambda to=to, way=way: way(row, state=to)) == TRIGGERS["state_moves"]
            row.refresh_from_db()
            assert row.state == state


def test_every_listed_move_of_training_is_reached_by_an_act(bring, make, train, company_a, person_a_two):
    by, officer, trainer = make.enterprise_user(company_a), make.officer(company_a), train.trainer
    walked = {model: set() for model in MOVES}

    def walk(row, act, **values):
        state = row.state
        if type(row) is not Enrolment:
            values["version"] = row.version
        act(row, at=EARLIER, **values)
        after = type(row).unscoped.get(pk=row.pk)
        walked[type(row)].add((state, after.state))
        return after

    walk(bring(Session, "draft"), training_actions.cancel_session, reason="无场地", by=trainer)
    published = walk(bring(Session, "draft"), training_actions.publish_session, by=trainer)
    walk(published, training_actions.cancel_session, reason="无场地", by=trainer)
    walk(bring(Enrolment, "waiting"), training_actions.withdraw_enrolment, by=by)
    waiting = bring(Enrolment, "waiting")
    seated = waiting.session.enrolments.get(candidate=person_a_two)
    training_actions.withdraw_enrolment(seated, by=by, at=EARLIER)
    walked[Enrolment].add(("waiting", Enrolment.unscoped.get(pk=waiting.pk).state))
    walk(Enrolment.unscoped.get(pk=waiting.pk), training_actions.withdraw_enrolment, by=by)
    complete = {"text": "已完成。", "evidence": make.stored(company_a), "by": by}
    for state in ("draft", "underway", "returned"):
        walk(bring(ImprovementProject, state), training_actions.stop_project, reason="停产", by=by)
    row = walk(bring(ImprovementProject, "draft"), training_actions.file_plan, by=by)
    row = walk(row, training_actions.report_completion, **complete)
    row = walk(row, training_actions.return_project, reason="缺数据", by=officer)
    row = walk(row, training_actions.report_completion, **complete)
    walk(row, training_actions.confirm_project, by=officer)
    assert walked == MOVES


@pytest.mark.parametrize("state", ["published", "cancelled"])
def test_no_session_is_born_but_as_a_draft(train, state):
    row = train.planned()
    row.pk, row.reference, row.state = None, "PX-0", state
    assert refusal(lambda: row.save(force_insert=True)) == TRIGGERS["session_born_as_draft"]
    assert refusal(lambda: Session.unscoped.bulk_create([row])) == TRIGGERS["session_born_as_draft"]


@pytest.mark.parametrize("state", [state for state in ProjectState.values if state != ProjectState.DRAFT])
def test_no_project_is_born_but_as_a_draft(make, company_a, person_a, user_a, state):
    row = ImprovementProject(
        reference="KT-0", enterprise=company_a, candidate=person_a, state=state,
        period=(TODAY, AT.date()), created_at=AT, created_by=user_a, **PLAN,
    )  # fmt: skip
    assert refusal(lambda: row.save(force_insert=True)) == TRIGGERS["project_born_as_draft"]
    assert refusal(lambda: ImprovementProject.unscoped.bulk_create([row])) == TRIGGERS["project_born_as_draft"]


@pytest.mark.parametrize("way", WAYS)
def test_no_seat_beyond_those_of_the_session_and_no_attendance_of_another_session(
    train, person_a, company_a, trainer, way
):
    enrolment = train.enrolled(train.session(seats=2), person_a, company_a)
    assert refusal(lambda: way(enrolment, seat=3)) == TRIGGERS["seat_within_session"]
    foreign = SessionDay.unscoped.filter(session=train.session()).first()
    there = Attendance.unscoped.create(
        enrolment=enrolment, day=enrolment.session.days.first(), present=True, entered_at=AT, entered_by=trainer
    )
    assert refusal(lambda: way(there, day_id=foreign.pk)) == TRIGGERS["attendance_within_session"]


@pytest.mark.parametrize("way", WAYS)
def test_a_decided_revocation_and_an_entry_of_the_pool_stay_as_written(train, person_a, company_a, municipal, way):
    certificate = train.certified(person_a, company_a)
    train.completed(person_a, company_a)
    entry = PoolEntry.unscoped.get(candidate=person_a)
    assert refusal(lambda: way(entry, entered_on=date(2020, 1, 1))) == TRIGGERS["pool_entry_stays"]
    entry = PoolEntry.unscoped.get(candidate=person_a)
    training_actions.leave_pool(entry, last_day=TODAY, reason="本人要求", by=municipal, at=AT)
    assert refusal(lambda: way(entry, left_reason="改写")) == TRIGGERS["pool_entry_stays"]
    train.revoked(certificate)
    decided = Revocation.unscoped.get()
    assert refusal(lambda: way(decided, decline_reason="改写")) == TRIGGERS["revocation_decided_stays"]
    assert refusal(lambda: Revocation.unscoped.all()._raw_delete("default")) == TRIGGERS["revocation_never_deleted"]
    assert refusal(lambda: PoolEntry.unscoped.all()._raw_delete("default")) == TRIGGERS["pool_entry_never_deleted"]


# --- Supervision: notices, reports, findings, recommendations --------------------------------------------------------

SUPERVISED = {
    ReportCycle: (CycleState, CYCLE_MOVES),
    DutyReport: (ReportState, REPORT_MOVES),
    Finding: (FindingState, FINDING_MOVES),
    DismissalRecommendation: (CaseState, CASE_MOVES),
}
BORN = {
    ReportCycle: "cycle_born_as_draft",
    DutyReport: "report_born_as_draft",
    Finding: "finding_born_as_draft",
    DismissalRecommendation: "case_born_opened",
}
MONTH = timedelta(days=30)
of_supervision = pytest.mark.parametrize("model", SUPERVISED, ids=lambda model: model.__name__)


@pytest.fixture
def supervised(supervise, cqo_a):
    """A row of supervision in a state that the acts brought it to."""
    roads = {
        ReportCycle: supervise.cycle_in,
        DutyReport: lambda state: supervise.report_in(state, supervise.duty(cqo_a)),
        Finding: lambda state: supervise.finding_in(state, cqo_a),
        DismissalRecommendation: lambda state: supervise.case_in(state, cqo_a),
    }
    return lambda model, state: roads[model](state)


@of_supervision
def test_in_supervision_too_no_move_that_is_not_listed_is_written_in_any_way(supervised, model):
    states, listed = SUPERVISED[model]
    for state in states.values:
        with undone():
            row = supervised(model, state)
            assert row.state == state
            for to in states.values:
                if to == state or (state, to) in listed:
                    continue
                for way in WAYS:
                    assert refusal(lambda to=to, way=way, row=row: way(row, state=to)) == TRIGGERS["state_moves"]
                    row.refresh_from_db()
                    assert row.state == state


@pytest.fixture
def moving(supervise, make, cqo_a, company_a):
    """Model → the state an act leads to → the act, by who may; what it asks for is in order."""
    enterprise, officer, city = make.enterprise_user(company_a), make.officer(company_a), make.municipal

    def act(name, by, at=AT, **values):
        return lambda row: getattr(actions, name)(row, version=row.version, by=by, at=at, **values)

    def propose(row):
        supervise.heard(row)
        row = DismissalRecommendation.unscoped.get(pk=row.pk)
        return actions.propose(row, version=row.version, reason="属实", by=officer, at=AT)

    def decide_not(row):
        by = city if row.state == CaseState.PROPOSED else officer
        return actions.decide_not(row, version=row.version, reason="已整改", by=by, at=AT)

    def ask_or_send_back(row):
        if row.state == CaseState.PROPOSED:
            return actions.send_back(row, version=row.version, reason="理由不足", by=city, at=AT)
        due = TODAY + MONTH
        return actions.ask_statements(row, version=row.version, due_on=due, by=officer, at=AT)

    def close(row):
        if row.state not in (CaseState.ANSWERED, CaseState.NOT_RECOMMENDED, CaseState.WITHDRAWN):
            supervise.resign(row.appointment)

    return {
        ReportCycle: {
            CycleState.PUBLISHED: act("publish_cycle", city, PUBLISHED),
            CycleState.WITHDRAWN: act("withdraw_cycle", city, PUBLISHED, reason="有误"),
        },
        DutyReport: {
            ReportState.RECEIVED: act("submit_report", enterprise, IN_TIME),
            ReportState.RETURNED: act("return_report", officer, IN_TIME, reason="缺数据"),
            ReportState.NOTED: act("note_report", officer, IN_TIME),
        },
        Finding: {
            FindingState.FILED: act("file_finding", officer),
            FindingState.WITHDRAWN: act("withdraw_finding", officer, reason="不实"),
        },
        DismissalRecommendation: {
            CaseState.ASKED: ask_or_send_back,
            CaseState.PROPOSED: propose,
            CaseState.ISSUED: act("sign", city, answer_due=TODAY + MONTH),
            CaseState.SERVED: lambda row: actions.open_letter(row, by=enterprise, at=AT),
            CaseState.ANSWERED: act("answer_case", enterprise, answer="declined", reason="责任不在其人"),
            CaseState.NOT_RECOMMENDED: decide_not,
            CaseState.WITHDRAWN: act("withdraw_case", city, reason="事实有误"),
            CaseState.CLOSED: close,
        },
    }


@of_supervision
def test_every_listed_move_of_supervision_is_reached_by_an_act_and_every_other_is_left_undone(
    supervised, moving, model
):
    states, listed = SUPERVISED[model]
    for state in states.values:
        with undone():
            row = supervised(model, state)
            for to, act in moving[model].items():
                with undone():
                    try:
                        act(model.unscoped.get(pk=row.pk))
                    except Refused:
                        assert (state, to) not in listed, (state, to)
                    after = model.unscoped.get(pk=row.pk).state
                    assert after == (to if (state, to) in listed else state), (state, to)


@of_supervision
def test_no_row_of_supervision_is_born_but_at_its_beginning(supervised, model):
    states, _ = SUPERVISED[model]
    row = supervised(model, states.values[0])
    row.pk = None
    for state in states.values[1:]:
        row.state = state
        assert refusal(lambda: row.save(force_insert=True)) == TRIGGERS[BORN[model]]
        assert refusal(lambda: model.unscoped.bulk_create([row])) == TRIGGERS[BORN[model]]


def test_no_duty_no_report_and_no_recommendation_is_ever_deleted(supervise, cqo_a):
    supervise.written(supervise.served(cqo_a))
    supervise.opened(cqo_a)
    kept = {
        ReportDuty: "duty_never_deleted", DutyReport: "report_never_deleted",
        DismissalRecommendation: "case_never_deleted",
    }  # fmt: skip
    for model, trigger in kept.items():
        rows = model.unscoped.all()
        assert refusal(lambda rows=rows: rows._raw_delete("default")) == TRIGGERS[trigger]
        assert rows.exists()
