"""Statistics equal SQL written by another hand, on random data, as of several days; and every number leads to its rows."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from cqo_portal.statistics.declared import Asked, Step
from cqo_portal.statistics.subjects import SUBJECTS
from registry.models import User
from registry.states import Role
from tests.cast import account
from tests.statistics_data import FIRST, LAST, Dice

TODAY = date(2026, 11, 22)


@pytest.fixture
def dice(municipal, municipal_two, measure, extension):
    """A maker of random data sets by their number."""

    def made(seed: int) -> Dice:
        dice = Dice(seed, municipal, measure)
        dice.signer = municipal_two
        dice.write()
        return dice

    return made


@pytest.mark.parametrize("seed", range(1))
def test_try(dice, municipal, county_one, seed):
    dice(seed)
    for user in (municipal, county_one):
        for step in Step:
            asked = Asked(user, TODAY, TODAY, step)
            for subject in SUBJECTS.values():
                print(subject.headline(asked))
                for table in subject.tables(asked):
                    print(table.question, [f.title for f in table.figures])
                    if step == Step.YEAR:
                        for line in table.all_lines:
                            print("   ", line.label, line.values)
