"""The second half of ``script/test``: linters, then the tests, on a cluster of this run's own."""

import argparse
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import steps
from steps import ROOT, VAR, stop

sys.path.insert(0, str(ROOT))
from cqo_portal import postgres  # noqa: E402  (the path is set above)

RUNS = VAR / "test"
SEMGREP_QUIET = {"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"}
LINTERS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "djlint": ["-m", "djlint", "--lint", "--quiet", "."],
    "manage.py check": ["manage.py", "check"],
    "makemigrations --check": ["manage.py", "makemigrations", "--check", "--dry-run"],
}
RULES = "script/semgrep"
SEMGREP = {
    "semgrep": ["--config", f"{RULES}/rules.yml", "--error", "--quiet", "--exclude", RULES, *steps.APPS, "script"],
    "semgrep finds what is planted": ["--test", RULES],
}


def main() -> int:
    """Run everything, name what failed, and give the exit status."""
    steps.end_on_signals()
    parser = argparse.ArgumentParser(prog="script/test", description="Linters and tests; other arguments go to pytest.")
    parser.add_argument("--long", action="store_true", help="run the long tests too")
    options, rest = parser.parse_known_args()
    given = [*(["--long"] if options.long else []), *(arg for arg in rest if arg != "--")]
    tests = ["-m", "pytest", "-n", "2", "--dist", "worksteal", "--reuse-db", *given]
    with steps.alone():
        steps.ensure_secrets()
        steps.make_fonts()
        steps.ensure_semgrep()
        if options.long:
            steps.ensure_nginx()
    try:
        with own_cluster() as cluster:
            os.environ["DATABASE_URL"] = cluster.url(postgres.OWNER)
            steps.collect_static()
            databases = subprocess.Popen([sys.executable, "script/test_databases.py"], cwd=ROOT)
            failed = [name for name, command in LINTERS.items() if fails(name, command)]
            failed += [name for name, words in SEMGREP.items() if fails(name, ["scan", *words], steps.SEMGREP)]
            print("· 测试数据库 / test databases", flush=True)
            if databases.wait():
                failed.append("test databases")
            elif fails("pytest", tests):
                failed.append("pytest")
    except postgres.ClusterError as error:
        stop("测试数据库无法启动：", "The test database cannot start:", str(error))
    if failed:
        print(f"\n未通过 / failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


@contextmanager
def own_cluster():
    """A throw-away cluster named after this process; those that dead runs left are removed first."""
    RUNS.mkdir(parents=True, exist_ok=True)
    for left in RUNS.iterdir():
        if not Path("/proc", left.name).exists():
            postgres.Cluster(left).remove()
    cluster = postgres.Cluster(RUNS / str(os.getpid()), postgres.THROW_AWAY)
    try:
        cluster.start()
        cluster.ensure_roles_and_database()
        yield cluster
    finally:
        cluster.remove()


def fails(name: str, command: list[str], program: str | Path = sys.executable) -> bool:
    """Run one linter or the tests; whether it found fault."""
    print(f"· {name}", flush=True)
    environment = os.environ | SEMGREP_QUIET  # it asks nobody, and tells nobody
    return subprocess.run([program, *command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
