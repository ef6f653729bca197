"""The commands: see bench/README.md.

.venv/bin/python -m bench.scale build 1000000 [--counties 120]
.venv/bin/python -m bench.scale measure 1000000 [pages papers …]
"""

import argparse
import os
import secrets
import sys

from bench.scale import where

KEYS = ("CQO_SECRET_KEY", "CQO_ID_KEY", "CQO_ID_HASH_KEY", "CQO_CODE_KEY", "CQO_LOG_KEY")


def begin(database: str) -> None:
    """Set Django up for a database of the measurement's, under keys and with files of its own."""
    where.FOLDER.mkdir(parents=True, exist_ok=True)
    kept = where.FOLDER / "key"
    if not kept.exists():
        kept.write_text(secrets.token_hex(32))
    os.environ |= dict.fromkeys(KEYS, kept.read_text()) | {
        "DATABASE_URL": where.url_of(database),
        "DJANGO_SETTINGS_MODULE": "bench.scale.settings",
        "CQO_FILES": str(where.FOLDER / "files"),
    }
    import django

    django.setup()
    sys.excepthook = sys.__excepthook__  # no log takes what goes wrong here


def name_of(size: int, counties: int = 8) -> str:
    """The database of that size."""
    return f"cqo_bench_{size}" + (f"_{counties}" if counties != 8 else "")


def build(size: int, counties: int) -> None:
    """Make the database of that size, unless it stands as this code would make it."""
    database = name_of(size, counties)
    stood = where.exists(database)
    begin(database)
    from django.core.management import call_command
    from django.db import connection

    from bench.scale import build

    if stood and (built := build.standing()) and built["fingerprint"] == build.fingerprint(size, counties):
        print(f"{database} stands, built {build.ages(built)} days ago in {built['seconds']} s")
        return
    connection.close()
    where.made_anew(database)
    with build.told("migrations"):
        call_command("migrate", verbosity=0)
        call_command("createcachetable")
    build.fill(size, counties=counties)
    with build.told("VACUUM ANALYZE"):
        build.schema.run("VACUUM (ANALYZE, PARALLEL 2)")
    build.report()


def measure(size: int, parts: list[str]) -> None:
    """Take the figures of these parts (all, without one), print the table, keep it under bench/results."""
    begin(name_of(size))
    from django.core.management import call_command

    from bench.scale import figures, run

    call_command("collectstatic", interactive=False, verbosity=0)
    taken = run.figures_of(size, parts or list(run.PARTS))
    print(figures.table(taken))
    figures.keep(where.ROOT / "bench" / "results" / f"{size}-{'-'.join(parts) or 'all'}.json", taken, size=size)


def main() -> int:
    """Read the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="bench.scale")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("build", help="a database of so many appointments, kept between runs")
    making.add_argument("size", type=int)
    making.add_argument("--counties", type=int, default=8, help="120 make a province")
    taking = commands.add_parser("measure", help="the figures, beside their baselines in the same run")
    taking.add_argument("size", type=int)
    taking.add_argument("parts", nargs="*")
    given = parser.parse_args()
    if given.command == "build":
        build(given.size, given.counties)
    else:
        measure(given.size, given.parts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
