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


class Workdays:
    """Working days between many pairs of days: each day of a stretch of years is looked up once."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.reached = first, [0]
        for n in range(1, (last - first).days + 1):
            self.reached.append(self.reached[-1] + is_workday(first + n * ONE_DAY))

    def between(self, first: date, last: date) -> int:
        """As ``workdays_between``; a day before the stretch is reckoned by itself."""
        if first < self.first or (last - self.first).days >= len(self.reached):
            return workdays_between(first, last)
        return max(0, self.reached[(last - self.first).days] - self.reached[(first - self.first).days])
