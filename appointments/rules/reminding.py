"""提醒: on which days somebody is reminded of a duty (Art. 12: 强化服务意识)."""

from collections.abc import Collection
from datetime import date, timedelta

STEPS = (90, 60, 30, 7, 0)  # days before the due day: the office's own service promise, not of the measure
OVERDUE = -1  # the day after
SILENCE = -8  # a week of silence after that: the county is told


def reminder_due(
    *, since: date, due_on: date, today: date, sent: Collection[int], overdue: bool, steps: tuple[int, ...] = STEPS
) -> int | None:
    """Art. 12 (强化服务意识): the step to remind of today, or None.

    Only the latest step that has come is due, so that days of outage are made up for by one reminder. Steps from before
    the duty arose are none. ``overdue``: whether the duty can be overdue at all; a term that ends just ends, and after
    its day there is nothing left to remind of.
    """
    if today > due_on and not overdue:
        return None
    steps = (*steps, OVERDUE, SILENCE) if overdue else steps
    come = [step for step in steps if since <= due_on - timedelta(days=step) <= today]
    if not come or min(come) in sent or any(step < min(come) for step in sent):
        return None
    return min(come)
