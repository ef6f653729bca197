"""Excel in and out, beside what is usually taken: django-import-export and openpyxl, in an environment of their own.

Neither is ever installed beside the portal. The baseline runs as a program apart (``usual.py``) that prints JSON.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from random import Random

from xlsxwriter import Workbook

from bench.scale.figures import Figure, not_built
from bench.scale.where import FOLDER, ROOT, made_anew, url_of
from cqo_portal.demo.names import Names

ROWS = 50_000
USUAL = ("django-import-export==4.4.3", "openpyxl==3.1.5", "tablib==3.10.0", "et-xmlfile", "diff-match-patch")
HEAD = (
    "reference", "credit_code", "name", "county", "address", "industry", "size", "legal_representative", "principal",
    "contact_name", "contact_phone", "contact_email",
)  # fmt: skip


def environment() -> Path:
    """Python with the usual libraries, and with the portal's packages behind them."""
    folder = FOLDER / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *USUAL], check=True)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "portal.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")))
    return python


def sheet(rows: int) -> Path:
    """A workbook of so many enterprises, each with codes of its own."""
    path, names = FOLDER / f"enterprises-{rows}.xlsx", Names(Random(7))
    if not path.exists():
        with Workbook(path, {"constant_memory": True}) as book:
            page = book.add_worksheet()
            page.write_row(0, 0, HEAD)
            for n in range(1, rows + 1):
                row = (
                    f"QY9{n:06d}",
                    names.credit_code(),
                    f"清远市模拟第{n}有限公司",
                    "441802",
                    "工业园1号",
                    "C",
                    "small",
                )
                page.write_row(n, 0, (*row, "李法人", "王负责", "赵联系", "19900000000", f"a{n}@example.com"))
    return path


def usual(what: str, database: str, *given: str) -> dict:
    """What the usual library needed: seconds, rows, peak memory in bytes."""
    command = [environment(), "-m", "bench.scale.usual", what, *given]
    told = os.environ | {"DATABASE_URL": url_of(database), "DJANGO_SETTINGS_MODULE": "bench.scale.settings"}
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def importing(size: int, rows: int = ROWS) -> list[Figure]:
    """A sheet of enterprises into an empty portal: preview, then for good, as the library's own pages do it."""
    database, path = "cqo_bench_import", sheet(rows)
    made_anew(database)
    call = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(call, cwd=ROOT, env=os.environ | {"DATABASE_URL": url_of(database)}, check=True)
    theirs = usual("import", database, str(path))
    figure = not_built(f"import {rows:,} enterprises", "≥ 8 × faster")
    figure.against, figure.baseline = "django-import-export", 1000 * theirs["seconds"]
    figure.more = theirs
    return [figure]


def exporting(size: int, rows: int = ROWS) -> list[Figure]:
    """So many appointments as a workbook, the query included."""
    theirs = usual("export", f"cqo_bench_{size}", str(rows))
    figure = not_built(f"export {rows:,} rows", "≥ 1.1 × faster")
    figure.against, figure.baseline = "openpyxl, write-only", 1000 * theirs["seconds"]
    figure.more = theirs
    return [figure]


def of_sheets(size: int) -> list[Figure]:
    """Both."""
    return [*importing(size), *exporting(min(size, 100_000))]
