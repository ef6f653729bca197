"""Every address read once as everybody: who gets in, and in how many questions to the database.

A page asks at most FEW, its session and its reader included, and none twice: what is asked for each row of a list, or
by each part of a page for itself, would be. So a page costs the same at one row and at a hundred.
"""

from collections import Counter

import pytest
from django.db import connection

from tests.kept import keep_the_cast
from tests.test_access import ADDRESSES, PERSONAS, as_persona, fine_to_read, path_to, stands_as

keep_the_cast(globals())
__all__ = ["as_persona"]  # a fixture

FEW = 15
# Pages that put many kinds of rows side by side, each kind in its own question: how many, and of what.
MORE = {
    "home": (23, "a desk: nine kinds of work that waits, four kinds of what is to come, the figures"),
    "statistics_report": (33, "every subject of the statistics as one document"),
    "session_results": (16, "a grid of people, days and sittings, with who entered what"),
}
# What is asked twice on purpose: by the words of the question.
TWICE = {
    'SELECT %s AS "a" FROM "training_trainermembership"': "who was taken off a body is so at the very next act",
    'INSERT INTO "registry_ratewindow"': "tries are counted by the minute and by the day",
}


class Asked:
    """Counts what the database is asked; how a transaction is kept is no question."""

    def __init__(self):
        self.statements = Counter()

    def __call__(self, execute, sql, params, many, context):
        if not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")):
            self.statements[sql] += 1
        return execute(sql, params, many, context)

    def too_many(self, name: str) -> list[str]:
        """What is wrong with the page of that name, as sentences."""
        most, _ = MORE.get(name, (FEW, ""))
        found = [f"{self.statements.total()} questions"] if self.statements.total() > most else []
        repeated = [(sql, times) for sql, times in self.statements.items() if times > 1]
        return found + [f"{times} × {sql[:300]}" for sql, times in repeated if not sql.startswith(tuple(TWICE))]


@pytest.mark.parametrize("persona", PERSONAS)
def test_everybody_reads_what_is_meant_for_them_in_few_questions_and_nothing_else(persona, world, as_persona):
    client, wrong, slow = as_persona(persona), {}, {}
    client.get(path_to("privacy", world))  # this process has read the law, as a running one has
    for name, address in ADDRESSES.items():
        asked = Asked()
        with connection.execute_wrapper(asked):
            response = client.get(path_to(name, world))
        if not fine_to_read(stands_as(persona, name), address, response):
            wrong[name] = response.status_code
        if too_many := asked.too_many(name):
            slow[name] = too_many
    assert not wrong
    assert not slow, "\n".join(f"{name}: {'; '.join(told)}" for name, told in slow.items())


def test_a_page_that_asks_for_each_row_is_found(world, as_persona, monkeypatch):
    """Planted: the list of appointments fetches each one's enterprise by itself."""
    from appointments.models import Appointment

    rows = type(Appointment.unscoped.all())
    monkeypatch.setattr(rows, "with_parties", lambda self: self)
    client, asked = as_persona("municipal"), Asked()
    with connection.execute_wrapper(asked):
        client.get(path_to("appointment_list", world))
    assert asked.too_many("appointment_list")
