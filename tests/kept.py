"""The cast kept for a whole file of tests: made once, in a transaction that no test commits.

What a test does is taken back to where the cast stood, so that each meets the same rows, and none waits for them.
"""

from collections.abc import Callable
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from tests import conftest, promotion_cast, supervision_cast, test_access, training_cast
from tests.cast import PARTS, all_counties

WITH_PARTS = (training_cast, supervision_cast, promotion_cast, test_access)  # they fill PARTS as they are imported


@contextmanager
def taken_back():
    """As Django's own test cases do it: what demands to be the outermost transaction (``durable``) may run within."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module", autouse=True)
def kept_rows(django_db_setup, django_db_blocker):
    """The transaction in which the cast stands, however long the tests of the file take."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patched, taken_back():
        conftest.draw_once(patched)
        conftest.inspect_once(patched)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


@pytest.fixture(autouse=True)
def db(kept_rows):
    """What a test writes is taken back."""
    with taken_back():
        yield


@pytest.fixture(scope="module")
def counties(kept_rows):
    """The eight, by code."""
    return all_counties()


@pytest.fixture(autouse=True)
def drawn_once():
    """The papers of the cast are drawn once, and their codes go on from test to test (see ``kept_rows``)."""


def keep_the_cast(namespace: dict, **own: Callable) -> None:
    """Give a file of tests the cast, and what it makes of it itself, as fixtures of that file, each made once."""
    namespace |= {"kept_rows": kept_rows, "db": db, "drawn_once": drawn_once, "inspected_once": drawn_once}
    made = PARTS | own
    namespace |= {name: pytest.fixture(scope="module", name=name)(make) for name, make in made.items()}
    namespace["counties"] = counties
