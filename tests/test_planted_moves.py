"""The state machine catches what it is for: in a copy, a move or a rule is changed by a careless hand, and it fails.

The copy's database gets its triggers from the copy's own lists of moves (``CQO_PLANTED``): a hand that changes the list
writes the migration too, and the database would otherwise answer for the machine. Its other constraints stay.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.test_planted_defects import ROOT, copy  # noqa: F401 (a fixture)

STATES, ACTIONS = "appointments/states.py", "appointments/actions"

# name → (file, what stands there, what is left) of one careless change; ten to the lists of moves, five to a rule
MUTANTS = {
    "a filed appointment may be withdrawn": [
        (
            STATES,
            "    (State.FILED, State.ENDED),",
            "    (State.FILED, State.ENDED),\n    (State.FILED, State.WITHDRAWN),",
        ),
    ],
    "what was checked is no longer returned": [(STATES, "    (State.CHECKED, State.RETURNED),\n", "")],
    "the county's check is skipped": [
        (
            STATES,
            "    (State.CHECKED, State.FILED),",
            "    (State.CHECKED, State.FILED),\n    (State.SUBMITTED, State.FILED),",
        ),
    ],
    "a recommendation is taken back after the answer": [
        (
            STATES,
            "    (CaseState.SERVED, CaseState.CLOSED),",
            "    (CaseState.SERVED, CaseState.CLOSED),\n    (CaseState.ANSWERED, CaseState.WITHDRAWN),",
        ),
    ],
    "the second person cannot decide against it": [
        (STATES, "    (CaseState.PROPOSED, CaseState.NOT_RECOMMENDED),\n", "")
    ],
    "what was returned cannot be taken back": [(STATES, "    (State.RETURNED, State.WITHDRAWN),\n", "")],
    "what has ended is filed again": [
        (
            STATES,
            "    (State.FILED, State.ENDED),",
            "    (State.FILED, State.ENDED),\n    (State.ENDED, State.FILED),",
        ),
    ],
    "a letter that was signed cannot be taken back": [(STATES, "    (CaseState.ISSUED, CaseState.WITHDRAWN),\n", "")],
    "what was decided against is proposed again": [
        (
            STATES,
            "    (CaseState.SERVED, CaseState.CLOSED),",
            "    (CaseState.SERVED, CaseState.CLOSED),\n    (CaseState.NOT_RECOMMENDED, CaseState.PROPOSED),",
        ),
    ],
    "the end of an appointment leaves its letter open": [(STATES, "    (CaseState.ISSUED, CaseState.CLOSED),\n", "")],
    "the proposer signs": [
        ("appointments/policies.py", "~proposed_it & (is_municipal", "(is_municipal"),
        (f"{ACTIONS}/recommending.py", "if case.proposed_by_id == by.pk:", "if by.pk is None:"),
    ],
    "one statement is enough": [
        ("appointments/rules/recommending.py", "set(Party.values) <= set(parties)", "set(Party.values) & set(parties)"),
    ],
    "the basis is asked only at the opening": [
        (
            f"{ACTIONS}/recommending.py",
            "    _in_office(case.appointment, today)\n    _basis_of(case, at)\n",
            "    _in_office(case.appointment, today)\n",
        ),
    ],
    "a ground is not looked at again when it is signed": [
        (
            f"{ACTIONS}/recommending.py",
            "    _still_supported(case, by, today)\n    case.signed_at",
            "    case.signed_at",
        ),
    ],
    "a bureau ends an appointment": [
        (
            "appointments/policies.py",
            'rules.add_perm("appointments.end", owns | (is_transcribed & overseeing_bureau))',
            'rules.add_perm("appointments.end", owns | overseeing_bureau)',
        ),
    ],
}


NAME = f"planted_moves_{os.getpid()}"


@pytest.fixture(scope="module", autouse=True)
def database(django_db_blocker):
    """One for all the copies, whose migrations are the same; gone afterwards."""
    yield
    with django_db_blocker.unblock(), connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS test_{NAME}")


def machine_fails(folder: Path) -> bool:
    """Run the machine in a copy of the checkout, in its short form, on a database of the copies' own."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "--reuse-db"]
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{NAME}"
    given = {"DATABASE_URL": url, "CQO_FONTS": str(ROOT / "var" / "fonts"), "CQO_PLANTED": "1"}
    done = subprocess.run(
        [*command, "tests/test_state_machine.py"], cwd=folder, env=os.environ | given, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    assert done.returncode == 0 or "FAILED tests/test_state_machine.py" in done.stdout, done.stdout[-2000:]
    return done.returncode == 1


@pytest.mark.long
def test_the_untouched_copy_passes(copy):  # noqa: F811
    assert not machine_fails(copy)


@pytest.mark.long
@pytest.mark.parametrize("name", MUTANTS)
def test_a_changed_move_is_found(copy, name):  # noqa: F811
    texts = {file: (copy / file).read_text() for file, _, _ in MUTANTS[name]}
    for file, stands, left in MUTANTS[name]:
        assert texts[file].count(stands) == 1, f"{file} has changed: say here what to change"
        (copy / file).write_text((copy / file).read_text().replace(stands, left))
    try:
        assert machine_fails(copy)
    finally:
        for file, text in texts.items():
            (copy / file).write_text(text)


def test_each_change_is_where_this_file_says():
    """So that the long test above never changes what is no longer there."""
    planted = [(name, *change) for name, changes in MUTANTS.items() for change in changes]
    assert sum(file == STATES for _, file, *_ in planted) == 10 and len(MUTANTS) == 15
    assert not [name for name, file, stands, _ in planted if (ROOT / file).read_text().count(stands) != 1]
