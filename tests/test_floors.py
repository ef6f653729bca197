"""What runs is what was chosen: no package below its floor, none that is not in the locks, none without a hash."""

import os
import re
import secrets
import subprocess
import sys
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "script" / "locks"
FILES = {"requirements.txt": "requirements.txt", "requirements-dev.txt": "requirements-dev.txt"}
FILES |= {"script/semgrep/requirements.txt": "semgrep.txt"}
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([0-9.]+) \| (.+) \|$", re.MULTILINE)
FLOORS = {name: least for name, least, _ in _ROW.findall((ROOT / "docs" / "floors.md").read_text())}


def named(file: str) -> dict[str, Requirement]:
    """What a requirements file names, with what it takes from another."""
    found = {}
    for line in (ROOT / file).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found |= named(text[3:])
        elif text:
            requirement = Requirement(text)
            found[canonicalize_name(requirement.name)] = requirement
    return found


def locked(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Name → version and hashes in a lock."""
    text = (LOCKS / lock).read_text().replace("\\\n", " ")
    rows = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, pinned = line.split()[0].partition("==")
            rows[name] = (pinned, re.findall("sha256:[0-9a-f]{64}", line))
    return rows


def below(floors: dict[str, str], present: dict[str, str]) -> list[str]:
    """The packages that stand below their floor, or are not there."""
    return [name for name, least in floors.items() if Version(present.get(name, "0")) < Version(least)]


def test_no_package_is_older_than_its_floor():
    assert len(FLOORS) >= 10 and {"django", "weasyprint", "pillow", "pypdf", "cryptography"} <= FLOORS.keys()
    assert below(FLOORS, {name: version(name) for name in FLOORS}) == []
    assert below(FLOORS, {name: pinned for name, (pinned, _) in locked("requirements.txt").items()}) == []


def test_a_package_below_its_floor_would_be_found():
    floors = {"weasyprint": "70.0", "pillow": "12.2.0", "brotli": "1.2"}
    assert below(floors, {"weasyprint": "69.0", "pillow": "12.10.1"}) == ["weasyprint", "brotli"]


@pytest.mark.parametrize("file", FILES)
def test_the_lock_holds_what_the_requirements_name_in_those_versions(file):
    """Otherwise: script/lock."""
    rows = locked(FILES[file])
    for name, requirement in named(file).items():
        (pin,) = requirement.specifier
        assert pin.operator == "==" and rows[name][0] == pin.version, f"{name}: run script/lock"


@pytest.mark.parametrize("lock", FILES.values())
def test_every_package_in_a_lock_has_its_hashes(lock):
    assert [name for name, (_, hashes) in locked(lock).items() if not hashes] == []


def test_what_the_portal_runs_on_is_in_the_lock_with_all_it_brings_along():
    """In the versions that are installed, too."""
    rows, waiting, seen = locked("requirements.txt"), [(r, "") for r in named("requirements.txt").values()], set()
    installed = {canonicalize_name(found.metadata["Name"]): found for found in distributions()}
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        seen.add(name)
        assert rows[name][0] == installed[name].version, name
        extras = ["", *requirement.extras]
        waiting += [(Requirement(text), extra) for text in installed[name].requires or [] for extra in extras]
    assert len(seen) > len(named("requirements.txt"))


def test_each_direct_requirement_says_why_it_is_there():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if "==" in line.partition("#")[0] and not line.partition("#")[2].strip()] == []


def deployed(**environment: str) -> subprocess.CompletedProcess:
    """``manage.py check --deploy`` as production runs it, with these settings."""
    unwanted = ("CQO_", "DJANGO_ALLOW_ASYNC_UNSAFE")  # the latter is set by tests that drive a browser
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    keys = {name: secrets.token_hex(32) for name in ("CQO_ID_KEY", "CQO_ID_HASH_KEY", "CQO_CODE_KEY", "CQO_LOG_KEY")}
    production = {"CQO_HTTPS": "1", "CQO_SECRET_KEY": secrets.token_urlsafe(50), "CQO_HOSTS": "cqo.example.gov.cn"}
    production |= {"CQO_CLAMD": "/run/clamav/clamd.ctl", "DJANGO_SETTINGS_MODULE": "cqo_portal.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=kept | keys | production | environment,
        capture_output=True,
        encoding="utf-8",
    )


def test_a_deployment_is_checked_without_a_warning_and_a_careless_one_with_some():
    done = deployed()
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    careless = deployed(CQO_HTTPS="0", CQO_CLAMD="", CQO_DEBUG="1", CQO_SECRET_KEY="short")
    assert careless.returncode == 1
    found = ("security.W004", "security.W008", "security.W009", "security.W018", "cqo_portal.W001")
    assert [warning for warning in found if warning not in careless.stderr] == []


def test_an_office_without_a_scanner_says_so_by_name():
    done = deployed(CQO_CLAMD="", CQO_SILENCED_CHECKS="cqo_portal.W001")
    assert done.returncode == 0 and "no issues" in done.stdout
