"""docs/security.md holds: each test, path, event, chapter and clause it stands on exists, and none is left out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from registry.states import NEVER_UNNOTED, SecurityEvent

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text()
CHAPTERS = [f"V{number}" for number in range(1, 18)]
CLAUSES = [f"8.1.4.{number}" for number in range(1, 12)]
PLACES = ("appointments/", "cqo_portal/", "docs/", "registry/", "script/", "training/", "tests/")


@cache
def named_in(file: Path) -> set[str]:
    """The test functions that a file defines."""
    body = ast.parse(file.read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def dead_names(text: str) -> list[str]:
    """What stands in backticks or as a link's target and does not exist: tests, paths, commands."""
    quoted = re.findall(r"`([^`]+)`", text)
    tests = [name.split("::") for name in quoted if "::" in name]
    dead = [f"{file}::{name}" for file, name in tests if not _is_test(ROOT / file, name)]
    paths = [word.split()[0] for word in quoted if word.startswith(PLACES) and "::" not in word]
    dead += [path for path in paths if not (ROOT / path).exists()]
    links = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)]
    dead += [link for link in links if link and not (ROOT / "docs" / link).exists()]
    commands = re.findall(r"`manage\.py ([a-z_]+)", text)
    return dead + [name for name in commands if not list(ROOT.glob(f"*/management/commands/{name}.py"))]


def _is_test(file: Path, name: str) -> bool:
    return file.exists() and name in named_in(file)


def rows(first: str) -> list[list[str]]:
    """The cells of each row of a table whose first cell begins so."""
    lines = [line for line in TEXT.splitlines() if re.match(rf"\| {re.escape(first)}\b(?!\.)", line)]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_every_test_path_link_and_command_it_names_exists():
    assert TEXT.count("::test_") > 100
    assert dead_names(TEXT) == []
    assert dead_names((ROOT / "SECURITY.md").read_text().replace("docs/", "")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "`tests/test_access.py::test_nobody_ever_wrote_this`",
        "`tests/test_no_such_file.py::test_every_address_is_in_the_table`",
        "`registry/no_such_module.py`",
        "[decision 99](adr/0099-never-taken.md)",
        "`manage.py no_such_command --head`",
    ],
)
def test_a_dead_name_would_be_found(planted):
    assert len(dead_names(f"{TEXT}\n{planted}")) == 1


@pytest.mark.parametrize("event", SecurityEvent)
def test_every_event_of_the_security_log_is_told(event):
    log = TEXT.partition("## The security log")[2].partition("\n## ")[0]
    assert log.count(f"`{event.value}`") == (2 if event in NEVER_UNNOTED else 1)


@pytest.mark.parametrize("chapter", CHAPTERS + CLAUSES)
def test_every_chapter_and_clause_has_its_row_and_its_test(chapter):
    (row,) = rows(chapter)
    holds, shown = row[1], row[2]
    assert holds
    assert "::test_" in shown or holds.startswith(("not applicable", "nothing"))


def test_every_threat_says_what_stops_it_and_shows_it():
    told = TEXT.partition("## Threats")[2].partition("\n## ")[0]
    threats = [line.split(" | ") for line in told.splitlines() if line.startswith("| ")]
    threats = [cells for cells in threats if cells[0] != "| threat"]
    assert len(threats) > 30
    assert [cells[0] for cells in threats if len(cells) < 3 or "::test_" not in cells[2]] == []


def test_every_key_that_the_settings_read_is_in_its_table():
    settings = (ROOT / "cqo_portal" / "settings.py").read_text()
    keys = set(re.findall(r'"(CQO_[A-Z_]*KEY)"', settings))
    told = TEXT.partition("## Keys")[2].partition("\n## ")[0]
    assert keys and {key for key in keys if f"| `{key}` |" not in told} == set()
