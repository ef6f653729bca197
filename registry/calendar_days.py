"""Working days: the State Council's calendar as far as it is known, Monday to Friday beyond it."""

from datetime import date, timedelta

import chinese_calendar

ONE_DAY = timedelta(days=1)


def is_workday(day: date) -> bool:
    """Whether offices work that day. Beyond the published years: Monday to Friday."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return day.weekday() < 5


def workdays_between(first: date, last: date) -> int:
    """Working days after ``first``, up to and with ``last``; 0 when ``last`` is not later."""
    return sum(is_workday(first + n * ONE_DAY) for n in range(1, (last - first).days + 1))


def workday_after(day: date, count: int) -> date:
    """The ``count``-th working day after a day."""
    while count:
        day += ONE_DAY
        count -= is_workday(day)
    return day
