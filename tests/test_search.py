"""Words find rows however they are typed, by an index, and nobody finds what lies outside their scope."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from appointments.models import Appointment
from registry.models import Candidate, Enterprise
from registry.models.search import fold, grams
from tests import cast
from tests.test_scopes import marks_of_b

pytestmark = pytest.mark.django_db
pytest_plugins = ["tests.test_access"]  # its world

TYPED = ["张伟", "ＡＢＣ１２３", "a b　c", "㈱甲", "ﬁ", "İi", "ß", "张\t伟\n", "·•", "", "龥𠀀", "｜", "%_\\"]


@pytest.mark.parametrize("words", TYPED)
def test_the_database_folds_words_as_the_portal_does(words, db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT cqo_fold(%s)", [words])
        assert cursor.fetchone()[0] == fold(words)


@pytest.mark.parametrize(("words", "asked"), [("张", ["张"]), ("张伟", ["张伟"]), ("张伟明", ["张伟", "伟明"])])
def test_the_index_is_asked_for_pairs_of_neighbours(words, asked, db):
    assert grams(words) == asked
    with connection.cursor() as cursor:
        cursor.execute("SELECT cqo_grams(%s) @> %s::text[], cqo_grams(%s)", [words, asked, words])
        held, found = cursor.fetchone()
    assert held and set(found) == {*words, *(a + b for a, b in zip(words, words[1:], strict=False))}


FOUND_BY = ["甲公", "甲", "甲公司", "甲 公司", "{code}", "{narrow}", "{wide}", "{reference}"]


@pytest.mark.parametrize("typed", FOUND_BY)
def test_an_enterprise_is_found_by_any_part_of_its_name_or_code(typed, company_a, company_b):
    code = company_a.credit_code
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    words = typed.format(code=code, narrow=code[:10].lower(), wide=wide, reference=company_a.reference)
    if typed == "{narrow}":
        words = code[9:].lower()
    assert list(Enterprise.unscoped.filter(search__holds=words)) == [company_a]


@pytest.mark.parametrize("typed", ["甲司", "公甲", "甲公司有", "%", "_", "甲|", "甲公司%"])
def test_signs_in_another_order_or_of_a_pattern_find_nothing(typed, company_a, company_b):
    assert not Enterprise.unscoped.filter(search__holds=typed).exists()


def test_nothing_but_spaces_finds_everything(company_a, company_b):
    assert Enterprise.unscoped.filter(search__holds=" 　").count() == 2


def test_an_appointment_is_found_by_both_parties_and_keeps_up_with_their_names(make, person_a, company_a, municipal):
    row = make.draft(person_a, company_a)

    def found(words):
        return Appointment.unscoped.filter(search__holds=words).first()

    for words in ("甲公", "张三", row.reference, company_a.credit_code):
        assert found(words) == row
    before = row.events.count()
    Enterprise.unscoped.filter(pk=company_a.pk).update(name="丙公司")
    Candidate.unscoped.filter(pk=person_a.pk).update(name="章三")
    assert found("丙公司") == found("章三") == row and found("甲公") is None and found("张三") is None
    assert row.events.count() == before  # a name is no history of the appointment


def test_an_appointment_lies_where_its_enterprise_lies(make, person_a, company_a, counties, county_one, county_two):
    row = make.draft(person_a, company_a)
    row.refresh_from_db()
    assert row.county == company_a.county
    Enterprise.unscoped.filter(pk=company_a.pk).update(county=county_two.county)
    assert list(Appointment.unscoped.visible_to(county_two)) == [row]
    assert not Appointment.unscoped.visible_to(county_one).exists()


def test_no_write_puts_an_appointment_into_another_county(make, person_a, company_a, counties):
    """Not even one that passes by the acts: a foreign key over both columns."""
    row = make.draft(person_a, company_a)
    with pytest.raises(IntegrityError, match="appointment_in_county_of_enterprise"), transaction.atomic():
        Appointment.unscoped.filter(pk=row.pk).update(county=counties["441826"])


def plan_of(rows) -> str:
    """How the database would read the rows, were there many."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return rows.order_by().explain()


@pytest.mark.parametrize(
    ("model", "index"),
    [(Enterprise, "enterprise_words"), (Candidate, "candidate_words"), (Appointment, "appointment_words")],
)
@pytest.mark.parametrize("words", ["张", "张伟", "张伟明"])
def test_an_index_serves_one_two_and_more_characters(model, index, words, db):
    assert index in plan_of(model.unscoped.filter(search__holds=words))


def test_the_box_lists_what_was_found_by_kind(client, municipal, make, person_a, company_a):
    make.filed(person_a, company_a)
    client.force_login(municipal)
    page = client.get(reverse("search"), {"q": "张三"}).content.decode()
    kinds = ("<h2>人员</h2>", "<h2>任命</h2>")
    assert all(kind in page for kind in kinds) and "<h2>企业</h2>" not in page and person_a.reference in page
    number = Appointment.unscoped.get().papers.first().number
    assert "<h2>文件</h2>" in client.get(reverse("search"), {"q": number}).content.decode()


def test_a_credit_code_is_found_as_it_was_copied(client, municipal, company_a):
    client.force_login(municipal)
    code = company_a.credit_code
    for typed in (code.lower(), f" {code[:8]} {code[8:]} ", "".join(chr(ord(sign) + 0xFEE0) for sign in code)):
        assert "甲公司" in client.get(reverse("search"), {"q": typed}).content.decode()


def test_more_of_a_kind_than_shown_leads_to_its_list(client, municipal, counties):
    for n in range(1, 8):
        cast.enterprise(n, f"长隆企业{'甲乙丙丁戊己庚'[n - 1]}", county=counties["441802"], by=municipal)
    client.force_login(municipal)
    page = client.get(reverse("search"), {"q": "长隆"}).content.decode()
    assert page.count("长隆企业") == 5 and "/enterprises/?q=%E9%95%BF%E9%9A%86" in page
    assert client.get("/enterprises/?q=长隆").content.decode().count("长隆企业") == 7


@pytest.mark.parametrize("typed", ["", "长" * 61, "\x00", "😀", "'; --", "%", "\\", "{{ 7|add:35 }}"])
def test_whatever_is_typed_is_answered(client, municipal, typed):
    client.force_login(municipal)
    response = client.get(reverse("search"), {"q": typed})
    assert response.status_code == 200 and ">42" not in response.content.decode()
    assert typed != "{{ 7|add:35 }}" or 'value="{{ 7|add:35 }}"' in response.content.decode()


@pytest.mark.parametrize("persona", ["user_a", "county_one", "trainer"])
def test_nobody_finds_what_lies_outside_their_scope(persona, request, client, everything, company_b, person_b, world):
    """Each mark of 乙公司's rows is typed into the box; the city finds them by the same words."""
    marks = [mark for mark in marks_of_b(everything, company_b, person_b) if len(mark) <= 60]
    found = {}
    for name in (persona, "municipal"):
        client.force_login(request.getfixturevalue(name))
        pages = {mark: client.get(reverse("search"), {"q": mark}).content.decode() for mark in marks}
        found[name] = [mark for mark, page in pages.items() if page.count('class="hit"')]
    others = [mark for mark in found[persona] if mark not in (person_b.name,)]
    assert len(found["municipal"]) > 5 and not others
