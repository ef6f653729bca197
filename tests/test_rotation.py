"""A new key is taken up in steps, with everybody at work; afterwards nothing stands under the old one."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections

from registry import identity, rotation
from registry.models import Candidate
from registry.refusals import Refused
from tests.cast import person, resident_id

NUMBERS = range(100, 130)


@pytest.fixture
def people(company_a, user_a):
    """Thirty people of 甲公司."""
    return [person(n, "赵" * 2, company=company_a, by=user_a) for n in NUMBERS]


@pytest.fixture
def new_keys(people, settings):
    """A second key of either kind beside the first."""
    settings.ID_KEYS, settings.ID_KEY_VERSION = settings.ID_KEYS | {2: "77" * 32}, 2
    settings.ID_HASH_KEYS, settings.ID_HASH_KEY_VERSION = settings.ID_HASH_KEYS | {2: "88" * 32}, 2


def retire(settings) -> None:
    """The first keys are destroyed."""
    settings.ID_KEYS = {2: settings.ID_KEYS[2]}
    settings.ID_HASH_KEYS = {2: settings.ID_HASH_KEYS[2]}


def numbers() -> set[str]:
    rows = Candidate.unscoped.all()
    return {identity.unseal(row.id_cipher, row.id_key_version, owner=row.reference) for row in rows}


def test_every_number_is_readable_and_findable_without_the_old_keys(people, new_keys, settings, company_a, user_a):
    call_command("rotate_keys")
    retire(settings)
    assert numbers() == {resident_id(n) for n in NUMBERS}
    assert rotation.faults() == []
    with pytest.raises(Refused, match="已在本企业"):
        person(NUMBERS[0], "赵赵", company=company_a, by=user_a)


def test_while_both_keys_are_at_hand_nobody_is_put_on_file_twice(people, new_keys, company_b, user_b):
    assert person(NUMBERS[3], "赵赵", company=company_b, by=user_b) == people[3]
    assert person(200, "新人", company=company_b, by=user_b).id_hash_version == 2


def test_a_run_that_was_killed_is_taken_up_by_the_next(people, new_keys, monkeypatch):
    seal, sealed = identity.seal, []

    def killed(number, *, owner):
        if len(sealed) == 17:
            raise KeyboardInterrupt
        sealed.append(owner)
        return seal(number, owner=owner)

    monkeypatch.setattr(identity, "seal", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(batch=5)
    assert rotation.behind().count() == 15  # three batches were through, the fourth was rolled back
    with pytest.raises(SystemExit):
        call_command("rotate_keys", "--check")
    monkeypatch.setattr(identity, "seal", seal)
    assert rotation.rotate(batch=5) == 15 and rotation.faults() == []


def test_rotation_leaves_no_trace_in_the_history(people, new_keys):
    events = apps.get_model("registry", "CandidateEvent")._base_manager
    before = events.count()
    rotation.rotate()
    assert events.count() == before


def test_a_number_that_was_erased_stands_under_no_key(people, new_keys):
    Candidate.unscoped.filter(pk=people[0].pk).update(id_cipher=b"", id_hash="erased", id_masked="已删除*")
    assert rotation.rotate() == len(people) - 1 and rotation.faults() == []


@pytest.mark.django_db(transaction=True)
def test_three_at_once_share_the_work_while_people_are_put_on_file(people, new_keys, company_b, user_b, settings):
    def put_on_file():
        for n in range(300, 306):
            person(n, "钱钱", company=company_b, by=user_b)
            time.sleep(0.01)

    def run(act):
        try:
            return act()
        finally:
            connections.close_all()

    def turn():
        return rotation.rotate(batch=3)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, [turn, turn, turn, put_on_file]))
    assert sum(filter(None, done)) == len(people)
    retire(settings)
    assert rotation.faults() == [] and len(numbers()) == len(people) + 6
