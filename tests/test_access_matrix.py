"""The whole matrix, counted: every persona × address × method, against the table of tests/test_access.py."""

from dataclasses import dataclass, field

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from appointments.models import Appointment
from cqo_portal.accounts import urls as account_urls
from registry.models import User
from tests.cast import PASSWORD
from tests.supervision_cast import undone
from tests.test_access import (
    ADDRESSES,
    OPEN_TO_STRANGERS,
    PERSONAS,
    fine_to_read,
    fingerprint,
    path_to,
    posted,
    stands_as,
    writers,
)
from tests.test_sign_in import sign_in

pytestmark = pytest.mark.django_db
pytest_plugins = ["tests.test_access"]  # its world, and who signs in there

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
STAFF = {"county_one", "county_two", "municipal", "administrator"}


@dataclass
class Matrix:
    """How many cells were tried, and which are off the policy."""

    tried: int = 0
    off: list = field(default_factory=list)

    def note(self, cell: tuple, status: int, fine: bool) -> None:
        self.tried += 1
        if not fine or status >= 500:
            self.off.append((*cell, status))

    def addresses(self, persona: str, client, world: dict, methods=METHODS) -> None:
        """Every address of our own in every method; who may not write there changes no row."""
        before = fingerprint()
        for name in ADDRESSES:
            for method in methods:
                with undone():
                    asked = posted(client, name, world) if method == "post" else None
                    response = asked or getattr(client, method)(path_to(name, world))
                self.note((persona, method, name), response.status_code, fine(persona, name, method, response))
        self._unwritten(persona, client, world, before)

    def _unwritten(self, persona: str, client, world: dict, before: dict) -> None:
        """Denied writes once more, and not put back."""
        denied = [name for name in ADDRESSES if stands_as(persona, name) not in writers(ADDRESSES[name])]
        for name in denied:
            posted(client, name, world)
        changed = {table for table, rows in fingerprint().items() if rows != before[table]}
        if changed - {"registry_ratewindow"}:  # a try at a one-time link is counted
            self.off.append((persona, "post", "wrote", sorted(changed)))

    def accounts(self, persona: str, client) -> None:
        """The pages of signing in and of one's own account: strangers get those to sign in alone."""
        user = client.session.get("_auth_user_id")
        for pattern in account_urls.urlpatterns:
            path = reverse(pattern.name, args=[1] if "<" in str(pattern.pattern) else [])
            for method in METHODS:
                with undone():
                    status = getattr(client, method)(path).status_code
                open_here = persona != "anonymous" or pattern.name in OPEN_TO_STRANGERS
                self.note((persona, method, pattern.name), status, open_here or status in (302, 401, 404, 405))
            if user and client.session.get("_auth_user_id") != user:  # signed out, here or at all browsers
                client.force_login(User.unscoped.get(pk=user))

    def admin(self, persona: str, client, rows: dict) -> None:
        """Lists, rows, additions and deletions of every model: for staff, and of rows in their scope alone."""
        for model in admin.site._registry:
            name, row = f"admin:{model._meta.app_label}_{model._meta.model_name}", rows.get(model)
            paths = [reverse(f"{name}_{kind}") for kind in ("changelist", "add")]
            paths += [reverse(f"{name}_{kind}", args=[row]) for kind in ("change", "delete", "history") if row]
            for path in paths:
                for method in ("get", "post"):
                    with undone():
                        status = getattr(client, method)(path).status_code
                    outside = persona not in STAFF or (persona == "county_two" and path not in paths[:2])
                    self.note((persona, method, path), status, not outside or status in (302, 403, 404))


def fine(persona: str, name: str, method: str, response) -> bool:
    """Whether the answer is what the table says."""
    address, stands, status = ADDRESSES[name], stands_as(persona, name), response.status_code
    if method in ("get", "head"):
        return fine_to_read(stands, address, response) or (method == "head" and status == 405)
    if address.gone:
        return status in (405, 410)
    if method == "post" and stands in writers(address):
        return status < 500
    return status in ((200, 302, 403, 404, 405) if stands in address.inside else (302, 404, 405))


@pytest.fixture
def rows_of_a(company_a) -> dict:
    """One row of 甲公司's of each model that has such rows, by model."""
    found = {}
    for model in admin.site._registry:
        if "enterprise" in {each.name for each in model._meta.fields} and model is not User:
            found[model] = model._default_manager.filter(enterprise=company_a).values_list("pk", flat=True).first()
    return found


@pytest.mark.long
def test_no_cell_of_the_matrix_is_off_the_policy(world, as_persona, rows_of_a, record_property):
    matrix = Matrix()
    for persona in PERSONAS:
        matrix.addresses(persona, as_persona(persona), world)
        matrix.admin(persona, as_persona(persona), rows_of_a)
        matrix.accounts(persona, as_persona(persona))
    line = f"access matrix: {len(PERSONAS)} personas × {len(ADDRESSES)} addresses × {len(METHODS)} methods, "
    line += f"with accounts and admin {matrix.tried} cells, {len(matrix.off)} off policy"
    record_property("matrix", line)
    print(line)
    assert not matrix.off


@pytest.mark.long
def test_a_policy_or_a_scope_left_open_shows_in_the_matrix(world, as_persona, monkeypatch):
    rows = type(Appointment.unscoped.all())
    for target, name, left in ((User, "has_perm", lambda *_: True), (rows, "visible_to", lambda self, user: self)):
        with monkeypatch.context() as planted:
            planted.setattr(target, name, left)
            matrix, client = Matrix(), as_persona("user_b")
            client.raise_request_exception = False  # a page that was never meant for this role may break
            matrix.addresses("user_b", client, world, methods=("get",))
        print(f"matrix with {name} open: {len(matrix.off)} of {matrix.tried} cells off policy")
        assert len(matrix.off) > 5


def test_nobody_renames_or_removes_the_passkey_of_somebody_else(user_a, user_b, county_one, administrator):
    row = Authenticator.objects.create(user=user_a, type=Authenticator.Type.WEBAUTHN, data={"name": "办公室电脑"})
    for other in (user_b, county_one, administrator):
        client = Client()
        sign_in(client, other.username)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})  # so that nothing else stands between
        for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
            path = reverse(name, args=[row.pk])
            assert [client.get(path).status_code, client.post(path, {"name": "改"}).status_code] == [404, 404], name
    row.refresh_from_db()
    assert row.data == {"name": "办公室电脑"}
