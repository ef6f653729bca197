"""The access tests catch what they are for: each of these scope filters is taken out of a copy, and they fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KEPT = (
    "manage.py",
    "pyproject.toml",
    "cqo_portal",
    "registry",
    "training",
    "appointments",
    "templates",
    "static",
    "tests",
)

# (file, what stands there, what a careless hand would leave)
DEFECTS = {
    "a county sees every county": (
        "registry/models/base.py",
        "return self.filter(**{self.county_path: county_id})",
        "return self",
    ),
    "an enterprise sees every enterprise": (
        "registry/models/base.py",
        "return self.filter(**{self.enterprise_path: enterprise_id})",
        "return self",
    ),
    "an enterprise sees everybody's people": (
        "registry/models/people.py",
        'return self.filter(Exists(Employment.unscoped.filter(candidate=OuterRef("pk"), enterprise=enterprise_id)))',
        "return self",
    ),
    "a county sees every county's people": (
        "registry/models/people.py",
        "Employment.unscoped.filter(enterprise__county=county_id)",
        "Employment.unscoped.all()",
    ),
    "an enterprise reads everybody's messages": (
        "registry/models/messages.py",
        "return self.filter(enterprise=user.enterprise_id)",
        "return self",
    ),
    "the admin lists every row": (
        "registry/admin.py",
        "return self.model._default_manager.visible_to(request.user)",
        "return self.model._default_manager.all()",
    ),
    "the list of appointments is not scoped": (
        "appointments/listings/registers.py",
        "Appointment.unscoped.visible_to(filters.user)",
        "Appointment.unscoped.all()",
    ),
    "what is done for many is not scoped": ("appointments/views/lists.py", "visible_to(request.user)", "all()"),
    "an appointment is fetched by its reference alone": (
        "appointments/views/shown.py",
        "visible_to(request.user)",
        "all()",
    ),
    "a file is served to whoever knows its address": ("registry/views/files.py", "visible_to(request.user)", "all()"),
    "the list of enterprises is not scoped": ("registry/views/enterprises.py", "visible_to(request.user)", "all()"),
    "a county sees everybody's enrolments": (
        "training/models/sessions.py",
        "Q(enterprise__county=county_id) | Q(candidate__county=county_id) | Q(session__body__county=county_id)",
        "Q()",
    ),
    "an enterprise sees everybody's certificates": (
        "training/models/certificates.py",
        "return self.filter(pk__in=enrolled.union(employed))",
        "return self",
    ),
    "a session is seen before it is published": (
        "training/models/sessions.py",
        "public = ~Q(state=SessionState.DRAFT)",
        "public = Q()",
    ),
}


ACCESS_TESTS = ["tests/test_access.py", "tests/test_scopes.py", "tests/test_queries.py"]


def access_tests_fail(copy: Path) -> bool:
    """Run the access tests in a copy of the checkout, on a database of its own."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", *ACCESS_TESTS]
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/planted_{os.getpid()}"
    done = subprocess.run(
        command,
        cwd=copy,
        env=os.environ | {"DATABASE_URL": url, "CQO_FONTS": str(ROOT / "var" / "fonts")},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode == 1


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The checkout without what was installed or made."""
    folder = tmp_path_factory.mktemp("planted")
    for name in KEPT:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "var").symlink_to(ROOT / "var")
    return folder


@pytest.mark.long
def test_the_untouched_copy_passes(copy):
    assert not access_tests_fail(copy)


@pytest.mark.long
@pytest.mark.parametrize("name", DEFECTS)
def test_a_removed_scope_filter_is_found(copy, name):
    file, stands, left = DEFECTS[name]
    text = (copy / file).read_text()
    assert stands in text, f"{file} has changed: say here what to take out"
    (copy / file).write_text(text.replace(stands, left))
    try:
        assert access_tests_fail(copy)
    finally:
        (copy / file).write_text(text)


def test_each_defect_is_where_this_file_says():
    """So that the long test above never looks for what is no longer there."""
    gone = [name for name, (file, stands, _) in DEFECTS.items() if stands not in (ROOT / file).read_text()]
    assert not gone
