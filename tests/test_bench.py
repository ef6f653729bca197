"""The databases for measuring: every row as the portal's own acts leave it, and every measured page where it is."""

import pytest
from django.test import Client, override_settings

from appointments.models import Appointment, Paper
from bench.scale import build, figures, pages, queries, schema, servers, stock
from registry import identity
from registry.models import Candidate, Enterprise, User
from registry.rules import credit_code_fault, resident_id_fault
from registry.verification import is_genuine
from tests.cast import TODAY
from training.models import Certificate

pytestmark = [pytest.mark.django_db, pytest.mark.drawn_afresh]
SIZE = 200
# The condition of an index is printed otherwise once it was read back, and means the same.
CATALOGUE = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
    " ORDER BY 1, 2",
    "SELECT indexname, split_part(indexdef, ' WHERE ', 1) FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT table_name, column_name, column_default FROM information_schema.columns WHERE table_schema = 'public'"
    " ORDER BY 1, 2",
)


def catalogue():
    """Constraints, indexes, triggers and defaults, each with all that is known of it."""
    return {row for query in CATALOGUE for row in schema.rows(query)}


@pytest.fixture
def built(capsys):
    """A small database, as ``python -m bench.scale build`` makes large ones."""
    before = catalogue()
    build.fill(SIZE)
    assert not catalogue() ^ before, "the load leaves the schema as the migrations made it"


class Local:
    """A server within this process, so that it sees what the test has not committed."""

    def __init__(self, **changed):
        self.changed = changed

    def sign_in(self, username, backend=servers.OURS):
        """The cookie of somebody signed in."""
        client = Client()
        client.force_login(User.unscoped.get(username=username), backend=backend)
        return f"sessionid={client.cookies['sessionid'].value}"

    def ask(self, query, *parameters):
        """What the test's database answers."""
        return schema.rows(query, parameters or None)

    def get(self, path, cookie="", *, holds=""):
        """The page, if it is there and holds what it should."""
        with override_settings(**self.changed):
            response = Client().get(path, headers={"Cookie": cookie})
        assert response.status_code == 200, f"{path}: {response.status_code}"
        assert holds.encode() in response.content, f"{path} does not hold {holds}"
        return response.content


def test_a_built_database_holds_what_was_asked_for_and_true_numbers(built):
    assert Appointment.unscoped.count() == SIZE
    assert build.standing()["size"] == SIZE
    for model in (Paper, Certificate):
        assert all(is_genuine(row.code) for row in model.unscoped.all()[:20])
    for enterprise in Enterprise.unscoped.all():
        assert credit_code_fault(enterprise.credit_code) is None
    for person in Candidate.unscoped.all()[:20]:
        number = identity.unseal(person.id_cipher, person.id_key_version, owner=person.reference)
        assert resident_id_fault(number, today=TODAY) is None
        assert person.id_hash == identity.fingerprint(person.id_type, number)


def test_every_page_of_a_built_database_opens_to_each_role(built, client):
    for username in (role.replace("00100", "00010") for role in queries.ROLES):
        client.force_login(User.unscoped.get(username=username), backend=servers.OURS)
        assert client.get("/").status_code == 200
        for name, path in queries.paths_for(username):
            assert client.get(path).status_code in (200, 302, 403, 404, 410), (username, name)


def test_each_measured_page_is_where_the_measure_asks_for_it(built, monkeypatch):
    monkeypatch.setattr(figures, "ROUNDS", 1)
    portal = Local()
    plain = {
        name: getattr(stock, name) for name in ("ROOT_URLCONF", "MIDDLEWARE", "TEMPLATES", "AUTHENTICATION_BACKENDS")
    }
    sides = pages.Sides(portal, portal, Local(**plain), Local(ROOT_URLCONF="bench.scale.hello", MIDDLEWARE=[]))
    names = [figure.name for measure in pages.MEASURES for figure in measure(sides)]
    assert {"list, first page", "filter by county and state", "verification page"} <= set(names)


def test_a_figure_is_met_or_not_by_its_bar_alone():
    assert figures.faster("a", 10, "b", 25, 2.5).met
    assert not figures.faster("a", 10, "b", 24.9, 2.5).met
    assert figures.within("a", 13, "b", 10, 1.3).met
    assert not figures.within("a", 13.1, "b", 10, 1.3).met
    assert "unmet" in figures.table([figures.within("a", 13.1, "b", 10, 1.3)])
