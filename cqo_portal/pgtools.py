"""PostgreSQL's own client programs, of a version that fits the server: an older ``pg_dump`` refuses a newer server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from cqo_portal import postgres

NEEDED = ("pg_dump", "pg_restore", "psql")
DEBIAN = Path("/usr/lib/postgresql")


class NoProgram(Exception):  # noqa: N818 (named for what is missing)
    """No client programs fit the server; the text says what to install."""


def folder_for(server: int) -> Path:
    """The folder with the programs for a server of that major version: the same version, else the next newer one.

    Looked for where CQO_PG_BIN says, else beside the embedded server, on the PATH and where Debian puts them. Raises
    NoProgram where none is new enough.
    """
    found = {version: folder for folder in _folders() if (version := major(folder / "pg_dump"))}
    fitting = sorted(version for version in found if version >= server)
    if not fitting:
        seen = "、".join(str(version) for version in sorted(found)) or "无"
        raise NoProgram(
            f"数据库是 PostgreSQL {server}，没有找到适用的 pg_dump（现有版本：{seen}）。"
            f"请安装 postgresql-client-{server}，或用 CQO_PG_BIN 指明其所在的文件夹。"
            f" / Install postgresql-client-{server}, or name its folder in CQO_PG_BIN."
        )
    return found[fitting[0]]


def major(program: Path) -> int | None:
    """The major version of a program; None where it is missing, does not run, or stands alone."""
    if not all((program.parent / name).exists() for name in NEEDED):
        return None
    try:
        said = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"(\d+)(?:\.\d+|devel|beta\d|rc\d)", said.stdout)
    return int(number[1]) if number else None


def environment(database: dict) -> dict[str, str]:
    """The environment in which these programs reach a database of Django's settings; no password in the arguments."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    options = database.get("OPTIONS", {})
    reach = {
        "PGHOST": database.get("HOST"),
        "PGPORT": database.get("PORT"),
        "PGUSER": database.get("USER"),
        "PGPASSWORD": database.get("PASSWORD"),
        "PGDATABASE": database["NAME"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    return kept | {name: str(value) for name, value in reach.items() if value} | {"LC_ALL": "C.UTF-8"}


def _folders() -> Iterator[Path]:
    """Where programs may stand, the least wanted first: of two of one version the later one is taken."""
    if settings.PG_BIN:
        yield Path(settings.PG_BIN)
        return
    yield from sorted(DEBIAN.glob("*/bin"))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    try:
        yield postgres.binaries()
    except postgres.ClusterError:
        return
