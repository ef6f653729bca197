"""Statistics equal SQL written by another hand, on random data, as of several days; every number leads to its rows."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from django.db import connection

from cqo_portal.statistics.declared import Asked, Step
from cqo_portal.statistics.subjects import SUBJECTS
from registry.actions.measure import record_interpretation
from tests.cast import AT, TODAY
from tests.statistics_data import Dice
from tests.statistics_sql import SQL

DAYS = (date(2025, 7, 31), date(2025, 12, 31), TODAY)
COUNTS_FROM, ASKS_FROM, ASKS = date(2025, 3, 1), date(2025, 1, 1), 16
ALL = [date(2021, 1, 1) + timedelta(days=n) for n in range(2300)]
WORKDAYS = [day for day in ALL if day < date(2027, 1, 1) and chinese_calendar.is_workday(day)]
DIMENSIONS = (
    "since", "until", "county", "industry", "body", "kind", "cycle", "behaviour", "outcome", "desk", "year",
)  # fmt: skip


def moment_after(day: date) -> datetime:
    """The first moment of the next day in Qingyuan."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def readings(extension, measure, municipal):
    """From 2025 sixteen hours a year are asked for; from March 2025 courses elsewhere count (Art. 6(五), 8 ¶2)."""
    for key, reading, since in (("ce_hours", ASKS, ASKS_FROM), ("ce_outside_courses", "counted", COUNTS_FROM)):
        record_interpretation(
            edition=measure, key=key, number=f"清质监解〔2025〕{since.month}号", reading=reading, text="口径",
            decided_on=since, effective_from=since, by=municipal, at=AT,
        )  # fmt: skip


@pytest.fixture
def dice(readings, municipal, municipal_two, measure):
    """A maker of random data sets by their number."""

    def made(seed: int) -> Dice:
        dice = Dice(seed, municipal, municipal_two, measure)
        dice.write()
        return dice

    return made


def expected(figure: str, user, day: date, dims: dict[str, str]):
    """What SQL says of one cell."""
    year = int(dims.get("year", day.year))
    ends = min(day, date(year, 12, 31))
    values = dict.fromkeys(DIMENSIONS) | dims | {
        "day": day, "later": moment_after(day), "me": user.county_id, "workdays": WORKDAYS, "year": year, "ends": ends,
        "then": moment_after(ends), "counts_from": COUNTS_FROM, "asks": ASKS if ends >= ASKS_FROM else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SQL[figure], values)
        return cursor.fetchone()[0]


def cells(asked: Asked):
    """Every cell of every table: subject, figure, line, value."""
    for subject in SUBJECTS.values():
        for table in subject.tables(asked):
            for line in table.all_lines:
                for figure, value in zip(table.figures, line.values, strict=True):
                    yield subject, figure, line, value


def differences(asked: Asked, checked: dict[str, set]) -> list[tuple]:
    """The cells that are not what SQL says; ``checked`` takes up which values each figure had."""
    wrong = []
    for subject, figure, line, value in cells(asked):
        if line.dims is None:  # the whole city, told to a county
            user, dims = type(asked.user)(role="municipal"), {}
        else:
            user, dims = asked.user, dict(line.dims)
        day = date.fromisoformat(dims.pop("day", asked.day.isoformat()))
        wanted = expected(figure.key, user, day, dims)
        checked[figure.key].add(value)
        if value != wanted:
            wrong.append((subject.key, figure.key, line.label, value, wanted))
    return wrong


@pytest.mark.parametrize("seed", range(20))
def test_every_number_is_what_sql_says_on_random_data(dice, municipal, county_one, seed):
    dice(seed)
    checked = defaultdict(set)
    step = list(Step)[seed % 3]
    for day in DAYS:
        assert differences(Asked(municipal, day, TODAY, step), checked) == [], day
    assert differences(Asked(county_one, DAYS[seed % 3], TODAY, step), checked) == []
    assert set(checked) == set(SQL), "each figure is in some table, and each has its SQL"
