"""What all tests share: the long ones apart, the fixed cast, and two hostile readers of every page."""

import inspect
from functools import lru_cache
from html.parser import HTMLParser
from random import Random

import hypothesis
import pytest
from django.conf import settings
from django.template import engines
from django.template.base import Node
from django.test import Client

from registry import citing, kept, verification
from registry.actions import files
from registry.papers.render import render

pytest_plugins = [
    "tests.cast", "tests.training_cast", "tests.supervision_cast", "tests.promotion_cast", "tests.statistics_data",
]  # fmt: skip

# The same examples each time, no folder of its own, and no clock: a busy machine is no fault of the code.
hypothesis.settings.register_profile("portal", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("portal")


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the tests that take minutes too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


class Undefined(str):
    """What Django prints for a variable that does not exist: in a template of ours, a failure."""

    def __contains__(self, part):
        return part == "%s"

    def __mod__(self, variable):
        frame = inspect.currentframe()
        while not isinstance(node := frame.f_locals.get("self"), Node):
            frame = frame.f_back
        if str(node.origin.name).startswith(str(settings.BASE_DIR / "templates")):
            pytest.fail(f"{node.origin.name}, line {node.token.lineno}: {variable} is not defined")
        return ""


class InlineCode(HTMLParser):
    """Finds what the content security policy would refuse in a page."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        data = values.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in values and not data):
            self.found.append(f"<{tag}>")
        self.found += [
            f"<{tag} {name}={value!r}>"
            for name, value in attrs
            if name == "style"
            or name.startswith("on")
            # What somebody typed stands in ``value`` as it was typed; no browser follows it.
            or (name != "value" and (value or "").strip().lower().startswith("javascript:"))
        ]


@pytest.fixture(autouse=True)
def hostile_reader(monkeypatch):
    """Every page a test asks for is read for undefined variables and for inline script or style."""
    request = Client.request

    def read(self, **asked):
        response = request(self, **asked)
        if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            found = InlineCode(response.content.decode()).found
            assert not found, f"{asked.get('PATH_INFO')}: {found}"
        return response

    monkeypatch.setattr(Client, "request", read)
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", Undefined("%s"))


@pytest.fixture(autouse=True)
def numbering_of_its_own(request, monkeypatch):
    """Nothing is kept of another test's last request; a test without a database cites in the model's numbering."""
    kept.end()
    if "db" not in request.fixturenames and not request.node.get_closest_marker("django_db"):
        monkeypatch.setattr(citing, "_source", [])


drawn = lru_cache(maxsize=400)(render)
examined = lru_cache(maxsize=400)(files._examined)


@pytest.fixture(autouse=True)
def drawn_once(request, monkeypatch):
    """The same story tells the same codes, so that its papers, which are drawn in earnest, are drawn once a process.

    ``drawn_afresh`` marks the tests that look into the drawing itself.
    """
    if not request.node.get_closest_marker("drawn_afresh"):
        draw_once(monkeypatch)


def draw_once(patched) -> None:
    """The same codes in the same order, and no paper drawn a second time."""
    patched.setattr(verification, "secrets", Random(0))
    patched.setattr("registry.papers.render.render", drawn)


@pytest.fixture(autouse=True)
def inspected_once(monkeypatch):
    """The same bytes are inspected, in a process apart and in earnest, once."""
    inspect_once(monkeypatch)


def inspect_once(patched) -> None:
    """No file examined a second time."""
    patched.setattr(files, "_examined", examined)
