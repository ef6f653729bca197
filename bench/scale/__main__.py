"""The commands: see bench/README.md.

    .venv/bin/python -m bench.scale build 1000000 [--counties 120]
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


def build(size: int, counties: int) -> None:
    """Make the database of that size, unless it stands as this code would make it."""
    database = f"cqo_bench_{size}" + (f"_{counties}" if counties != 8 else "")
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


def main() -> int:
    """Read the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="bench.scale")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("build", help="a database of so many appointments, kept between runs")
    making.add_argument("size", type=int)
    making.add_argument("--counties", type=int, default=8, help="120 make a province")
    given = parser.parse_args()
    build(given.size, given.counties)
    return 0


if __name__ == "__main__":
    sys.exit(main())
