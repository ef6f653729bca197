"""What lists ask of the database and rules ask of rows is one answer, on random data (ADR 25)."""

from itertools import product

import pytest

from appointments.grounds import chains_of, worth_a_look
from appointments.models import Appointment
from appointments.states import GroundKind
from cqo_portal.education import duties_in, obliged, obliged_from_the_start, years_of
from tests.cast import TODAY
from training.standing import standing_as
from training.states import YearStanding


@pytest.mark.parametrize("seed", range(3))
def test_who_stands_how_is_the_same_by_the_ledger_and_by_the_database(dice, municipal, county_one, seed):
    dice(seed)
    seen = set()
    for user, year in product((municipal, county_one), (2024, 2025, 2026)):
        people = obliged(user, year)
        duties = duties_in(user, year, [row.pk for row in people])
        by_ledger = {person: kept.standing for person, kept in years_of(duties, user, TODAY, year).items()}
        began = obliged_from_the_start(user, year)
        for standing in YearStanding.values:
            found = set(standing_as(people, "pk", began, year, TODAY, standing).values_list("pk", flat=True))
            assert found == {person for person, known in by_ledger.items() if known == standing}, (year, standing)
            seen |= {standing} if found else set()
    assert seen == set(YearStanding.values)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_whom_the_record_touches_falls_through_the_sieve_of_the_watch_list(dice, municipal, seed):
    dice(seed)
    everybody, passed = Appointment.unscoped.in_force(TODAY), 0
    chains = chains_of(everybody, municipal, TODAY)
    for kind in GroundKind.values:
        touched = {pk for pk, found in chains.items() if any(c.kind == kind and c.touched for c in found)}
        through = set(worth_a_look(everybody, TODAY, kind).values_list("pk", flat=True))
        assert touched <= through
        passed += len(everybody) - len(through)
    assert touched and passed, "somebody is touched, and not everybody is let through"
