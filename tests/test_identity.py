"""People are told apart by their ID paper: encrypted, hashed with a key, masked, never copied (design 1.14)."""

from datetime import date

import pytest
from cryptography.exceptions import InvalidTag
from django.apps import apps
from django.db import connection

from registry import identity
from registry.actions.people import change_person, end_employment, record_fact, record_person
from registry.models import Candidate, Education, Employment
from registry.refusals import Refused, Stale
from registry.states import EducationLevel, IdPaper
from tests.cast import AT, TODAY, person, resident_id

NUMBER = resident_id(1)


def test_what_is_sealed_is_read_back_only_for_its_owner():
    cipher, version = identity.seal(NUMBER, owner="RY00001")
    assert identity.unseal(cipher, version, owner="RY00001") == NUMBER
    assert NUMBER.encode() not in cipher
    with pytest.raises(InvalidTag):
        identity.unseal(cipher, version, owner="RY00002")


def test_a_changed_cipher_is_told():
    cipher, version = identity.seal(NUMBER, owner="RY00001")
    for place in range(len(cipher)):
        broken = cipher[:place] + bytes([cipher[place] ^ 1]) + cipher[place + 1 :]
        with pytest.raises(InvalidTag):
            identity.unseal(broken, version, owner="RY00001")


def test_the_same_number_is_never_sealed_alike():
    assert len({identity.seal(NUMBER, owner="RY00001")[0] for _ in range(50)}) == 50


def test_an_older_key_still_opens_what_it_sealed(settings):
    cipher, version = identity.seal(NUMBER, owner="RY00001")
    settings.ID_KEYS = settings.ID_KEYS | {2: "44" * 32}
    settings.ID_KEY_VERSION = 2
    assert identity.seal(NUMBER, owner="RY00001")[1] == 2
    assert identity.unseal(cipher, version, owner="RY00001") == NUMBER


def test_a_fingerprint_needs_the_key_and_tells_the_kinds_of_paper_apart(settings):
    mine = identity.fingerprint(IdPaper.RESIDENT, NUMBER)
    assert mine == identity.fingerprint(IdPaper.RESIDENT, NUMBER)
    assert mine != identity.fingerprint(IdPaper.PASSPORT, NUMBER)
    settings.ID_HASH_KEYS = {1: "55" * 32}
    assert mine != identity.fingerprint(IdPaper.RESIDENT, NUMBER)


def test_a_number_stands_nowhere_in_the_database(everything, person_a):
    """Neither in its own row, nor in the history, nor in what was issued or noted."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{NUMBER}%"])
            assert cursor.fetchone() == (0,), table
    assert person_a.id_masked == f"{NUMBER[:4]}{'*' * 12}{NUMBER[-2:]}"
    assert identity.unseal(person_a.id_cipher, person_a.id_key_version, owner=person_a.reference) == NUMBER


def test_the_history_of_a_person_copies_neither_cipher_nor_hash():
    columns = {field.name for field in apps.get_model("registry", "CandidateEvent")._meta.get_fields()}
    assert {"name", "id_masked"} <= columns
    assert not columns & {"id_cipher", "id_hash"}


def recorded(company, by, name="张三", number=NUMBER, **values):
    facts = {"id_type": IdPaper.RESIDENT, "id_number": number, "position": "顾问", "since": date(2020, 1, 1)}
    return record_person(enterprise=company, name=name, by=by, at=AT, **facts | values)


def test_a_person_met_at_a_second_enterprise_is_the_same_person(person_a, company_b, user_a, user_b):
    assert recorded(company_b, user_b) == person_a
    assert Candidate.unscoped.count() == 1
    for user, position in ((user_a, "质量总监"), (user_b, "顾问")):
        assert Candidate.unscoped.visible_to(user).get() == person_a
        assert Employment.unscoped.visible_to(user).get().position == position


def test_each_enterprise_sees_its_own_part_of_a_person(person_a, company_a, company_b, user_a, user_b):
    recorded(company_b, user_b)
    facts = {"level": EducationLevel.BACHELOR, "graduated_on": date(2002, 7, 1)}
    record_fact(Education, person_a, enterprise=company_a, by=user_a, at=AT, school="甲校", **facts)
    record_fact(Education, person_a, enterprise=company_b, by=user_b, at=AT, school="乙校", **facts)
    assert [row.school for row in Education.unscoped.visible_to(user_a)] == ["甲校"]
    assert [row.school for row in Education.unscoped.visible_to(user_b)] == ["乙校"]


def test_another_name_for_the_same_paper_is_refused_without_telling_the_name(person_a, company_b, user_b):
    with pytest.raises(Refused) as caught:
        recorded(company_b, user_b, name="李四")
    assert caught.value.field == "name"
    assert "张三" not in caught.value.sentence
    assert not Employment.unscoped.filter(enterprise=company_b).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": NUMBER[:17]}, "id_number"),
        ({"number": resident_id(1, date(2027, 1, 1))}, "id_number"),
        ({"id_type": IdPaper.PASSPORT, "number": "E12345678"}, "birth_date"),
    ],
)
def test_a_paper_that_cannot_be_is_refused_at_its_field(company_a, user_a, values, field):
    with pytest.raises(Refused) as caught:
        recorded(company_a, user_a, **values)
    assert caught.value.field == field
    assert not Candidate.unscoped.exists()


def test_the_birth_date_is_that_of_the_paper(company_a, user_a):
    someone = recorded(company_a, user_a, birth_date=date(1999, 9, 9))
    assert someone.birth_date == date(1980, 5, 17)


def test_other_papers_are_taken_with_a_birth_date(company_a, user_a):
    passport = {"id_type": IdPaper.PASSPORT, "number": "E12345678"}
    someone = recorded(company_a, user_a, name="John Smith", birth_date=date(1970, 1, 1), **passport)
    assert (someone.id_masked, someone.birth_date) == ("E******78", date(1970, 1, 1))


def test_a_person_is_put_on_the_list_of_an_enterprise_once(person_a, company_a, user_a):
    with pytest.raises(Refused, match="已在本企业"):
        person(1, "张三", company=company_a, by=user_a)


def test_a_person_who_left_may_come_back(person_a, company_a, user_a):
    end_employment(person_a, enterprise=company_a, last_day=date(2019, 12, 31), by=user_a, at=AT)
    assert recorded(company_a, user_a) == person_a
    assert person_a.employments.count() == 2


def test_the_newest_employment_is_the_one_corrected(person_a, company_a, user_a):
    end_employment(person_a, enterprise=company_a, last_day=date(2019, 12, 31), by=user_a, at=AT)
    recorded(company_a, user_a)
    values = {"enterprise": company_a, "phone": "13700137000", "position": "总工", "by": user_a, "at": AT}
    change_person(person_a, version=1, **values)
    assert [row.position for row in person_a.employments.order_by("-period")] == ["总工", "质量总监"]
    with pytest.raises(Stale):
        change_person(person_a, version=1, **values)


def test_nobody_writes_about_a_person_for_another_enterprise(person_a, company_a, company_b, user_a, user_b):
    with pytest.raises(Refused, match="权限"):
        change_person(person_a, enterprise=company_a, version=1, phone="", position="", by=user_b, at=AT)
    with pytest.raises(Refused, match="不在本企业"):
        change_person(person_a, enterprise=company_b, version=1, phone="", position="", by=user_b, at=AT)
    with pytest.raises(Refused, match="该日"):
        end_employment(person_a, enterprise=company_a, last_day=date(2010, 1, 1), by=user_a, at=AT)
    with pytest.raises(Refused, match="不在本企业"):
        record_fact(Education, person_a, enterprise=company_b, by=user_b, at=AT)


def test_a_person_who_left_is_still_seen_by_the_enterprise_they_left(person_a, company_a, user_a):
    end_employment(person_a, enterprise=company_a, last_day=TODAY, by=user_a, at=AT)
    assert Candidate.unscoped.visible_to(user_a).get() == person_a
