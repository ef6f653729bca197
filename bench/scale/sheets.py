"""Excel in and out, beside what is usually taken: django-import-export and openpyxl, in an environment of their own.

Neither is ever installed beside the portal. What measures is ``bench/imports`` and ``bench/exports``, run from here.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from bench.scale.figures import Figure, faster
from bench.scale.where import FOLDER, ROOT, url_of

ROWS = 50_000
LARGEST = 100_000  # appointments in the database from which rows are taken out
USUAL = ("django-import-export==4.4.3", "openpyxl==3.1.5", "tablib==3.10.0", "et-xmlfile", "diff-match-patch")


def environment() -> Path:
    """Python with the usual libraries."""
    python = FOLDER / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *USUAL], check=True)
    return python


def _told(program: str, *arguments: str, **where: str) -> dict:
    """What a program of ``bench`` found out. Raises CalledProcessError when it failed."""
    path = FOLDER / f"{program}.json"
    command = [sys.executable, f"bench/{program}", *arguments, "--json", str(path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | where, check=True)
    return json.loads(path.read_text(encoding="utf-8"))


def importing(rows: int = ROWS) -> list[Figure]:
    """A sheet of enterprises into an empty portal, with rules, preview, confirmation and history."""
    told = _told("imports", str(rows), "--baseline", str(environment()))
    ours, theirs = told["ours"], told["baseline"]
    taken = 1000 * (ours["read"] + ours["write"])
    name, peak = f"import {rows:,} enterprises", ours["peak_mb"]
    memory = Figure("the same, peak memory, MB", peak, "import-export", theirs["peak_mb"], theirs["peak_mb"] / peak)
    memory.bar, memory.met = "≤ 400 MB", peak <= 400
    return [faster(name, taken, "django-import-export", 1000 * theirs["seconds"], 8, more=told), memory]


def exporting(size: int, rows: int = ROWS) -> list[Figure]:
    """So many appointments as a workbook, the query included."""
    (packages,) = (environment().parent.parent).glob("lib/python*/site-packages")
    where = {"DATABASE_URL": url_of(f"cqo_bench_{size}"), "OPENPYXL": str(packages)}
    told = _told("exports", "appointment_list", str(rows), **where)
    ours, theirs = told[str(rows)]["XLSX"], told[str(rows)]["openpyxl, write-only"]
    name = f"export {rows:,} rows"
    figure = faster(name, 1000 * ours["seconds"], "openpyxl, write-only", 1000 * theirs["seconds"], 1.1, more=told)
    memory = Figure("the same, peak memory, MB", ours["peak_mb"], "openpyxl", theirs["peak_mb"], bar="flat")
    return [figure, memory]


def of_sheets(size: int) -> list[Figure]:
    """Both."""
    return [*importing(), *exporting(min(size, LARGEST))]
