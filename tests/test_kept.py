"""What a request asks once, and what a process reads anew when the history tells of a change."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import kept
from registry.counting import counted
from registry.models import BasisPeriod, County, User
from registry.models.measure import the_law
from tests.test_access import PERSONAS
from training.models import TrainingBody

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_under_way():
    kept.begin()
    yield
    kept.end()


def questions(ask) -> int:
    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def test_a_request_asks_once_and_a_command_each_time(extension, request_under_way):
    assert the_law() and questions(the_law) == 0
    kept.forget()
    assert questions(the_law) == 1
    kept.end()
    assert [questions(the_law), questions(the_law)] == [1, 1]


def test_a_change_that_another_process_wrote_is_read_at_the_next_question(extension):
    before = the_law()
    assert the_law() is before
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_basisperiod SET title = '另一进程写的' WHERE id = %s", [extension.pk])
    assert "另一进程写的" in [row.title for row in the_law().periods]
    BasisPeriod.unscoped.filter(pk=extension.pk).delete()
    assert extension.pk not in [row.pk for row in the_law().periods]


def test_many_counts_take_one_question_and_what_is_known_to_be_empty_counts_nothing(measure, municipal):
    rows = (User.unscoped.all(), User.unscoped.none(), County.unscoped.order_by("code")[:3], County.unscoped.distinct())
    assert counted(*rows) == [1, 0, 3, 8]
    assert questions(lambda: counted(*rows)) == 1


@pytest.mark.parametrize("persona", [name for name in PERSONAS if name != "anonymous"])
def test_one_body_is_taught_by_exactly_those_to_whom_it_stands_in_the_list(persona, request, train, train_two, make):
    user = request.getfixturevalue(persona)
    for body in TrainingBody.unscoped.all():
        assert body.is_taught_by(user) == TrainingBody.unscoped.taught_by(user).filter(pk=body.pk).exists()
