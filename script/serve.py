"""The second half of ``script/server``: keys, database, data, fonts, static files, then what serves until a signal.

That is gunicorn, and beside it a worker for background tasks and the clock.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import nullcontext
from urllib.parse import urlsplit

import steps
from steps import ROOT, VAR, say, stop

sys.path.insert(0, str(ROOT))
from cqo_portal import postgres  # noqa: E402  (the path is set above)

COUNTIES = (441802, 441803, 441821, 441823, 441825, 441826, 441881, 441882)
GUNICORN = ["-m", "gunicorn", "--config", "python:cqo_portal.serving"]
BESIDE = {"worker": ["db_worker", "--no-reload", "--no-startup-delay"], "clock": ["clock"]}
PAUSE = 3.0  # seconds before one that died is started again
PATIENCE = 12.0  # seconds that all may take to end


def main() -> int:
    """Serve until a signal; gives the exit status."""
    steps.end_on_signals()
    if len(sys.argv) > 1:
        stop("用法：PORT=8000 script/server", "Usage: PORT=8000 script/server")
    port = free_port()
    embedded = not os.environ.get("DATABASE_URL")
    if embedded:
        os.environ.setdefault("CQO_DEMO", "1")
    os.environ.setdefault("CQO_ORIGIN", f"http://127.0.0.1:{port}")
    cluster = postgres.Cluster(VAR / "postgres")
    VAR.mkdir(exist_ok=True)
    try:
        with postgres.used(cluster, VAR / "postgres.lock") if embedded else nullcontext():
            with steps.alone():
                steps.ensure_secrets()
                owner = start_embedded(cluster) if embedded else os.environ.get("CQO_OWNER_URL")
                prepare(owner or os.environ["DATABASE_URL"], embedded=embedded)
            announce(port)
            return serve(port)
    except postgres.ClusterError as error:
        stop("数据库无法启动：", "The database cannot start:", str(error))


def free_port() -> int:
    """The port of the environment. Ends with clear words where it is no port or taken."""
    wanted = os.environ.get("PORT", "8000")
    if not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 65536):
        stop(f"PORT={wanted} 不是有效的端口号。", f"PORT={wanted} is no port.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError as error:
            stop(
                f"端口 {wanted} 无法使用（{error.strerror}），请换一个：",
                f"Port {wanted} cannot be used. Choose another:",
                f"PORT={int(wanted) % 65535 + 1} script/server",
            )
    return int(wanted)


def start_embedded(cluster: postgres.Cluster) -> str:
    """Start the cluster, point the application at it as its restricted role, and give the owner's address."""
    cluster.start()
    cluster.ensure_roles_and_database()
    os.environ["DATABASE_URL"] = cluster.url(postgres.APP)
    return cluster.url(postgres.OWNER)


def prepare(owner: str, *, embedded: bool) -> None:
    """Bring tables, grants, measure, demo data, fonts and static files up to date as the database's owner.

    The embedded database keeps the mark of the code that last prepared it, so an unchanged start repeats nothing.
    """
    code = steps.fingerprint([ROOT / "requirements.txt", *(ROOT / app for app in steps.APPS)])
    demo = os.environ.get("CQO_DEMO", "")

    def database() -> None:
        say("更新数据库", "bringing the database up to date")
        manage("migrate", "--no-input", "--verbosity", "0", DATABASE_URL=owner)
        manage("createcachetable", DATABASE_URL=owner)
        grant(owner)
        manage("load_measure", "registry/measures/qingyuan-2016.toml", DATABASE_URL=owner)
        if embedded and demo == "1":
            say("写入演示数据（仅在没有企业时）", "writing the demo data where there is no enterprise")
            manage("seed_demo", "--if-empty", DATABASE_URL=owner)

    steps.make_fonts()
    if embedded:
        steps.once(VAR / "postgres" / "prepared", f"{code} {demo}", database)
    else:
        database()
    steps.collect_static()


def grant(owner: str) -> None:
    """Grant the application's role what it needs, unless the application runs as the owner, which is said aloud."""
    role = urlsplit(os.environ["DATABASE_URL"]).username or ""
    if role == (urlsplit(owner).username or ""):
        say(
            "提示：应用以数据库所有者身份运行，请为其设置受限角色（DATABASE_URL）并把所有者地址放在 CQO_OWNER_URL",
            "the application runs as the database's owner; give it its own role and put the owner in CQO_OWNER_URL",
        )
    else:
        manage("grant_app_role", DATABASE_URL=owner, CQO_APP_ROLE=role)


def manage(*arguments: str, **environment: str) -> None:
    """Run a management command; its own words stand above ours where it fails."""
    command = [sys.executable, ROOT / "manage.py", *arguments]
    if subprocess.run(command, cwd=ROOT, env=os.environ | environment, stdin=subprocess.DEVNULL).returncode:
        stop(f"manage.py {arguments[0]} 未成功，原因见上。", f"manage.py {arguments[0]} failed for the reason above.")


def announce(port: int) -> None:
    """Print the address and, with demo data, the accounts."""
    print(f"\n企业首席质量官服务平台 / CQO portal:  http://127.0.0.1:{port}/\n")
    if os.environ.get("CQO_DEMO") == "1":
        password = os.environ.get("CQO_DEMO_PASSWORD", "demo-cqo-2026")
        print(f"演示账号 / demo accounts（密码 / password: {password}）")
        print("  市局 / city       municipal  municipal-2  administrator")
        for row in (COUNTIES[:4], COUNTIES[4:]):
            print("  县局 / county     " + "  ".join(f"county-{code}" for code in row))
        print("  培训 / training   trainer  trainer-2")
        print("  企业 / enterprise enterprise-a  enterprise-b  enterprise-c\n")
    say("按 Ctrl-C 结束", "Ctrl-C ends it")


def serve(port: int) -> int:
    """Run gunicorn until it ends or a signal comes, with a worker and the clock beside it; give gunicorn's status."""
    os.environ["PORT"] = str(port)
    running: dict[str, subprocess.Popen] = {}
    try:
        web = running["web"] = begin("TERM", *GUNICORN)
        again = dict.fromkeys(BESIDE, time.monotonic() + PAUSE)  # when each is to be started: pages come first
        while web.poll() is None:
            for name, command in BESIDE.items():
                if name in running and running[name].poll() is not None:
                    say(
                        f"{name} 意外结束，即将重新启动",
                        f"the {name} ended ({running[name].returncode}); starting it again",
                    )
                    del running[name]
                    again[name] = time.monotonic() + PAUSE
                if name not in running and time.monotonic() >= again[name]:
                    running[name] = begin("KILL", "manage.py", *command)
            time.sleep(0.2)
        return web.returncode
    finally:
        end(running.values())


def begin(when_orphaned: str, *command: str) -> subprocess.Popen:
    """Start a Python program, which gets the signal ``when_orphaned`` should this process be killed outright.

    gunicorn has workers of its own to end; what runs beside it loses no step by being killed.
    """
    setpriv = ["setpriv", "--pdeathsig", when_orphaned]
    return subprocess.Popen([*setpriv, sys.executable, *command], cwd=ROOT, stdin=subprocess.DEVNULL)


def end(processes: Iterable[subprocess.Popen]) -> None:
    """End these processes and wait for each. One that takes too long is killed: a worker's job goes on where it was."""
    processes = [process for process in processes if process.poll() is None]
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
