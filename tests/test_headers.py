"""What every answer tells the browser, whatever answers; and that no page leads a browser to anybody else."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.conf import settings as portal
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from cqo_portal.middleware import HeadersMiddleware
from tests.test_access import ADDRESSES, PERSONAS, as_persona, path_to, world
from tests.test_enterprise_pages import signed_in

pytestmark = pytest.mark.django_db
__all__ = ["as_persona", "world"]  # fixtures

WANTED = {
    "Content-Security-Policy": r"(?=.*default-src 'none').*frame-ancestors 'none'",
    "X-Content-Type-Options": "^nosniff$",
    "X-Frame-Options": "^DENY$",
    "Referrer-Policy": "^(same-origin|no-referrer)$",
    "Cross-Origin-Opener-Policy": "^same-origin$",
    "Cross-Origin-Resource-Policy": "^same-origin$",
    "Permissions-Policy": r"camera=\(\)",
    "X-Permitted-Cross-Domain-Policies": "^none$",
}


def missing(response) -> list[str]:
    """The headers an answer lacks or has otherwise."""
    return [name for name, pattern in WANTED.items() if not re.search(pattern, response.get(name, ""))]


class Addresses(HTMLParser):
    """The addresses in a page, wherever HTML takes one."""

    NAMES = {"href", "src", "action", "formaction", "poster", "data", "cite", "ping", "background", "manifest"}

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in self.NAMES or name.startswith("hx-") and name[3:] in ("get", "post", "put", "delete", "patch"):
                self.found.append(value or "")
            elif name in ("srcset", "imagesrcset"):
                self.found += [part.split()[0] for part in (value or "").split(",")]
            elif name == "content" and "url=" in (value or "").lower():
                self.found.append(value.lower().partition("url=")[2])


def foreign(page: str) -> list[str]:
    """Addresses of a page that lead to another host, or are no address of a page at all."""
    own = {"", "testserver", urlsplit(portal.PUBLIC_ORIGIN).netloc}
    parts = [(address, urlsplit(address)) for address in Addresses(page).found]
    schemes = ("", "http", "https", "tel")
    return [address for address, split in parts if split.netloc not in own or split.scheme not in schemes]


LONG = [pytest.param(persona, marks=pytest.mark.long) for persona in PERSONAS[2:]]


@pytest.mark.parametrize("persona", [*PERSONAS[:2], *LONG])
def test_every_answer_has_every_header_and_no_page_leads_elsewhere(persona, world, as_persona):
    client, lacking, leading, stored = as_persona(persona), {}, {}, {}
    for name in ADDRESSES:
        for response in (client.get(path_to(name, world)), client.post(path_to(name, world))):
            if names := missing(response):
                lacking[name, response.status_code] = names
            kind = response.get("Content-Type", "")
            if kind.startswith("text/html") and (found := foreign(response.content.decode())):
                leading[name] = found
            if persona != "anonymous" and "no-store" not in response.get("Cache-Control", ""):
                stored[name, response.status_code] = response.get("Cache-Control", "")
            if kind.startswith(("application/", "image/")) and name != "healthz":
                assert response.get("Content-Disposition") or response.status_code != 200, name
    assert lacking == leading == stored == {}


def test_the_admins_pages_have_them_too(world, as_persona):
    client = as_persona("administrator")
    paths = [reverse("admin:index"), reverse("admin:jsi18n"), "/admin/login/", "/admin/none/"]
    for model in admin.site._registry:
        if model._meta.app_label in ("registry", "training", "appointments"):
            paths.append(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    pages = {path: client.get(path) for path in paths}
    assert len(pages) > 10 and {path: names for path, page in pages.items() if (names := missing(page))} == {}
    assert [path for path, page in pages.items() if foreign(page.content.decode())] == []


def test_every_kind_of_error_has_them(client, user_a, settings, monkeypatch):
    """400 of a foreign host, 403 of a forged form, 404, 405, 413 of too much, 500, 503 of a database that is away."""
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(user_a)
    page = reverse("candidate_new")
    answers = [
        strict.get("/", headers={"host": "evil.example"}),
        strict.post(page, {"name": "钱七"}),
        strict.get("/nothing/"),
        signed_in(client, user_a).put("/files/0/"),
        client.post(reverse("verify"), {"code": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}),
    ]
    monkeypatch.setattr("cqo_portal.views.dashboards.todos", lambda user: 1 / 0)
    answers.append(strict.get("/"))
    monkeypatch.setattr("cqo_portal.views.MigrationExecutor", lambda connection: unavailable())
    answers.append(strict.get("/healthz"))
    assert [answer.status_code for answer in answers] == [400, 403, 404, 405, 413, 500, 503]
    assert [missing(answer) for answer in answers] == [[]] * 7


def unavailable():
    """A database that does not answer."""
    from django.db import OperationalError

    raise OperationalError


def test_redirects_files_and_static_files_have_them(client, user_a, make, company_a):
    stored = make.stored(company_a)
    assert (redirect := client.get("/candidates/")).status_code == 302
    static = client.get("/static/portal.css")
    assert static.status_code == 200 and static.get("Access-Control-Allow-Origin") is None
    file = signed_in(client, user_a).get(f"/files/{stored.reference}/")
    assert [missing(answer) for answer in (redirect, static, file)] == [[], [], []]
    assert file["Content-Disposition"].startswith("inline; filename=")
    assert "script-src" not in file["Content-Security-Policy"]


def test_over_https_browsers_are_held_to_it_and_cookies_never_leave_it(settings, client, user_a):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31536000
    plain = client.get("/", secure=False)
    assert plain.status_code == 301 and plain["Location"].startswith("https://") and missing(plain) == []
    page = client.get("/", secure=True)
    assert page["Strict-Transport-Security"].startswith("max-age=31536000") and missing(page) == []
    refused = client.get("/", headers={"host": "evil.example"})
    assert refused.status_code == 400 and missing(refused) == []


def test_a_header_left_out_and_an_address_elsewhere_would_be_found(client, db, monkeypatch):
    monkeypatch.delitem(HeadersMiddleware.SENT, "Cross-Origin-Resource-Policy")
    assert missing(client.get("/healthz")) == ["Cross-Origin-Resource-Policy"]
    planted = '<a href="/ok/"><img srcset="/a.png 1x, https://cdn.example/a.png 2x"><form action="//evil.example/">'
    planted += '<a href="javascript:x"><meta http-equiv="refresh" content="0; url=https://evil.example/">'
    assert foreign(planted) == [
        "https://cdn.example/a.png", "//evil.example/", "javascript:x", "https://evil.example/",
    ]  # fmt: skip
