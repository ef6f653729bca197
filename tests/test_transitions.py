"""Every pair of states: what TRANSITIONS does not list, the database refuses, however it is written."""

import pytest
from django.db import DatabaseError, connection, transaction

from appointments import actions
from appointments.models import Appointment
from appointments.states import TRANSITIONS, State
from registry.faults import TRIGGERS, sentence_for
from tests.cast import AT, TODAY

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
    Appointment.unscoped.filter(pk=row.pk).update(**values)


def by_sql(row, **values):
    """Write past Django."""
    columns = ", ".join(f'"{name}" = %s' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE appointments_appointment SET {columns} WHERE id = %s",
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
