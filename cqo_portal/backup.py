"""Backups: a dump and the stored files of one moment, under a sealed manifest; and the way back.

A backup is a folder: ``dump`` (PostgreSQL's custom format), ``files/`` (the stored files that rows of the dump name),
``manifest.json`` (what belongs to it, with size and SHA-256, row count and digest of every table, fingerprints of the
keys) and ``seal`` (an HMAC of the manifest under a key of the portal). Keys are never in it.
"""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import django
import psycopg2
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg2.extensions import connection as Session  # noqa: N812 (a type)
from psycopg2.extensions import quote_ident

from cqo_portal import pgtools
from registry import filecheck, filestore

FORMAT = "cqo-portal-backup/1"
DUMP, FILES, MANIFEST, SEAL = "dump", "files", "manifest.json", "seal"
# What a row reads as, whoever asks and wherever.
PLAIN = (
    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET timezone = 'UTC';"
    "SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex';"
)
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
DIGEST = "count(*)::text || ' ' || coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text"


class BackupFault(Exception):  # noqa: N818 (what is wrong with it)
    """A backup that cannot be made, is damaged, or is not for this portal; the text says why."""


# --- Making one ------------------------------------------------------------------------------------------------------


def back_up(target: Path, *, at: datetime, database: dict | None = None) -> dict:
    """Write a backup to ``target``, which must not exist; returns its manifest. Raises BackupFault, NoProgram.

    Everything is of the one moment at which the dump's snapshot was taken, however many write meanwhile. It stands
    under its name only when it is whole and on the disk. Files that were missing or spoilt already are named in the
    manifest's ``missing``: such a backup is better than none.
    """
    database = database or connection.settings_dict
    if target.exists():
        raise BackupFault(f"{target} 已经存在。 / It exists already.")
    target.parent.mkdir(parents=True, exist_ok=True)
    growing = target.with_name(f".{target.name}.part")
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir(mode=0o700)
    try:
        with _session(database) as session:
            _ask(session, f"SELECT pg_advisory_lock_shared(hashtextextended('{filecheck.LOCK}', 0))")
            manifest = _facts(session, database, at) | _dumped(session, database, growing / DUMP)
            named = _named_hashes(session)
            session.rollback()
            manifest |= _copied(named, growing / FILES)
        written = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
        _write(growing / MANIFEST, written)
        _write(growing / SEAL, seal_of(written).encode())
        filestore.sync_folder(growing)
        growing.rename(target)
        filestore.sync_folder(target.parent)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return manifest


def reach(database: dict) -> dict:
    """How psycopg2 reaches a database of Django's settings, without the limits that pages need."""
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    options = {key: value for key, value in database.get("OPTIONS", {}).items() if key.startswith("ssl")}
    return options | {name: database[key] for name, key in known.items() if database.get(key)}


@contextmanager
def _session(database: dict) -> Iterator[Session]:
    """A session of its own with one snapshot for all it reads."""
    with closing(psycopg2.connect(**reach(database))) as session:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=True)
        _ask(session, PLAIN)
        yield session


def _ask(session: Session, statement: str) -> list[tuple]:
    with session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _facts(session: Session, database: dict, at: datetime) -> dict:
    """Of what portal, server and state of the tables this is. From here on the session stays in one snapshot."""
    session.autocommit = False
    ((server,),) = _ask(session, "SHOW server_version_num")
    tables = [name for (name,) in _ask(session, TABLES)]
    if "django_migrations" not in tables:
        raise BackupFault("数据库里没有平台的数据表。 / The database holds no portal.")
    return {
        "format": FORMAT,
        "made_at": at.isoformat(),
        "portal": settings.PORTAL_NAME,
        "django": django.__version__,
        "database": database["NAME"],
        "server": int(server) // 10000,
        "migrations": [f"{app}.{name}" for app, name in _ask(session, "SELECT app, name FROM django_migrations")],
        "keys": key_fingerprints(),
        "tables": {name: _ask(session, digest_query(name, session))[0][0] for name in tables},
    }


def digest_query(table: str, session: Session) -> str:
    """The query for a table's row count and the sum of its rows' digests, as one string."""
    return f"SELECT {DIGEST} FROM public.{quote_ident(table, session)} t"


def _dumped(session: Session, database: dict, path: Path) -> dict:
    """The dump, of this session's snapshot."""
    ((snapshot,),) = _ask(session, "SELECT pg_export_snapshot()")
    program = pgtools.folder_for(session.server_version // 10000) / "pg_dump"
    done = subprocess.run(
        [program, "--format=custom", f"--snapshot={snapshot}", "--no-password", f"--file={path}"],
        env=pgtools.environment(database),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BackupFault(f"pg_dump: {done.stderr.strip()}")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.chmod(0o600)
    return {"dump": {"sha256": filecheck.hash_of(path), "size": path.stat().st_size}}


def _named_hashes(session: Session) -> set[str]:
    """The hashes of the files that the snapshot's rows name."""
    tables = [quote_ident(model._meta.db_table, session) for model in filecheck.naming_models()]
    return {sha256 for table in tables for (sha256,) in _ask(session, f"SELECT DISTINCT sha256 FROM {table}")}


def _copied(named: set[str], folder: Path) -> dict:
    """Copy the files; each was there before its row, so every row of the snapshot finds its file."""
    copied, missing = {}, []
    for sha256 in sorted(named):
        copy = folder / sha256[:2] / sha256
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            data = filestore.fetch(sha256)
        except FileNotFoundError:
            data = b""
        if hashlib.sha256(data).hexdigest() == sha256:
            _write(copy, data)
            copied[sha256] = len(data)
        else:
            missing.append(sha256)
    for made in {folder / sha256[:2] for sha256 in named} | ({folder} if named else set()):
        filestore.sync_folder(made)
    return {"files": copied, "missing": missing}


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


# --- Looking at one --------------------------------------------------------------------------------------------------


def keys() -> dict[str, str]:
    """The keys without which a backup is of no use, by name; hexadecimal."""
    rings = {"CQO_ID_KEY": settings.ID_KEYS, "CQO_ID_HASH_KEY": settings.ID_HASH_KEYS}
    rings |= {"CQO_CODE_KEY": settings.CODE_KEYS, "CQO_LOG_KEY": settings.LOG_KEYS}
    return {f"{name} {version}": key for name, ring in rings.items() for version, key in ring.items()}


def key_fingerprints() -> dict[str, str]:
    """A fingerprint of each key. The keys are random numbers of 256 bits: it tells them apart and gives none away."""
    return {name: hmac.digest(key.encode(), b"cqo backup: key", "sha256").hex()[:32] for name, key in keys().items()}


def seal_of(manifest: bytes) -> str:
    """What only a holder of the portal's keys can write under a manifest; the log's first key is never put away."""
    key = hmac.digest(settings.LOG_KEYS[min(settings.LOG_KEYS)].encode(), b"cqo backup: seal", "sha256")
    return hmac.digest(key, manifest, "sha256").hex()


def verify(folder: Path) -> dict:
    """Read a whole backup and return its manifest. Raises BackupFault on the first thing that is not as it was made."""
    manifest = read_manifest(folder)
    expected = {DUMP: (manifest["dump"]["sha256"], manifest["dump"]["size"]), MANIFEST: None, SEAL: None}
    expected |= {f"{FILES}/{name[:2]}/{name}": (name, size) for name, size in manifest["files"].items()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    if lacking := sorted(expected.keys() - there):
        raise BackupFault(f"备份不完整，缺少 {_few(lacking)}。 / Parts are missing.")
    if extra := sorted(there - expected.keys()):
        raise BackupFault(f"备份里有不属于它的文件：{_few(extra)}。 / There are files that do not belong to it.")
    for name, as_made in expected.items():
        path = folder / name
        if path.is_symlink() or as_made and (filecheck.hash_of(path), path.stat().st_size) != as_made:
            raise BackupFault(f"备份已损坏：{name} 与清单不符。 / It is damaged: {name} is not what was backed up.")
    return manifest


def read_manifest(folder: Path) -> dict:
    """The manifest, once it is known to be this portal's own and unchanged. Raises BackupFault."""
    try:
        written, seal = (folder / MANIFEST).read_bytes(), (folder / SEAL).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BackupFault(f"{folder} 不是完整的备份：缺少清单或封印。 / It is no whole backup.") from error
    try:
        manifest = json.loads(written)
        known, made_with = manifest["format"] == FORMAT, manifest["keys"]
    except (ValueError, KeyError, TypeError) as error:
        raise BackupFault("清单无法读取，备份已损坏或不是本程序所作。 / The manifest cannot be read.") from error
    if not known:
        raise BackupFault("这份备份不是本程序所作，或出自更新的版本。 / It was not made by this program.")
    ours = key_fingerprints()
    if others := sorted(name for name, mark in made_with.items() if ours.get(name) != mark):
        raise BackupFault(
            f"这份备份用另一套密钥加密（{'、'.join(others)}），属于另一个平台，或密钥尚未恢复。 / "
            "It was made with other keys: it is another portal's, or the keys are not restored yet."
        )
    if not hmac.compare_digest(seal.encode(), seal_of(written).encode()):
        raise BackupFault("清单被改动过，封印不符。 / The manifest was changed: its seal does not fit.")
    return manifest


def _few(names: list[str]) -> str:
    return "、".join(names[:3]) + (f" 等 {len(names)} 个" if len(names) > 3 else "")


# --- The way back ----------------------------------------------------------------------------------------------------


def restore(folder: Path, *, replace: bool = False, database: dict | None = None) -> dict:
    """Put a backup back into an empty database, or with ``replace`` in the place of what it holds.

    Nothing is touched before the whole backup was read. The database changes in one transaction, which ends only if
    every table has the rows it had. Roles and grants are the caller's next step. Raises BackupFault, NoProgram.
    """
    database = database or connection.settings_dict
    manifest = verify(folder)
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(manifest["migrations"]) - known):
        raise BackupFault(f"这份备份来自更新的版本（{_few(newer)}），请先升级程序。 / It is of a newer version.")
    with _session(database) as session:
        server = session.server_version // 10000
        if server < manifest["server"]:
            raise BackupFault(
                f"备份来自 PostgreSQL {manifest['server']}，不能恢复到 {server}。 / Its PostgreSQL is newer."
            )
        if _ask(session, TABLES) and not replace:
            raise BackupFault(f"数据库 {database['NAME']} 不是空的，未作任何改动。 / The database is not empty.")
        programs = pgtools.folder_for(server)
        comparison = _comparison(manifest["tables"], session)
    for sha256 in manifest["files"]:
        filestore.keep((folder / FILES / sha256[:2] / sha256).read_bytes())
    _load(folder / DUMP, comparison, programs, pgtools.environment(database))
    return manifest


def _comparison(tables: dict[str, str], session: Session) -> str:
    """SQL that fails unless every table is as the manifest says."""
    checks = "".join(
        f"IF ({digest_query(name, session)}) <> '{as_made}' THEN RAISE 'differs: %', '{name}'; END IF;\n"
        for name, as_made in tables.items()
    )
    return f"{PLAIN}\nDO $compare$ BEGIN\n{checks}END $compare$;\n"


def _load(dump: Path, comparison: str, programs: Path, environment: dict[str, str]) -> None:
    """Empty the schema, load the dump and compare, in one transaction. Raises BackupFault; then nothing is changed."""
    read = [programs / "pg_restore", "--no-owner", "--no-privileges", "--file=-", dump]
    write = [programs / "psql", "-XqAt", "--no-password", "--single-transaction", "-v", "ON_ERROR_STOP=1", "--file=-"]
    with (
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as reader,
        subprocess.Popen(
            write, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
        ) as writer,
    ):
        try:
            writer.stdin.write(b"SET client_min_messages = warning; SET lock_timeout = '10s';\n")
            writer.stdin.write(b"DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n")
            shutil.copyfileobj(reader.stdout, writer.stdin)
            # A dump that could not be read to its end must not pass for a short one.
            writer.stdin.write((comparison if reader.wait() == 0 else "DO $$ BEGIN RAISE 'unread'; END $$;\n").encode())
            writer.stdin.close()
        except BrokenPipeError:
            reader.kill()
        writer.wait()
        said = (reader.stderr.read() + writer.stderr.read()).decode(errors="replace").strip()
    if reader.returncode or writer.returncode:
        raise BackupFault(f"恢复未成功，数据库没有改动。 / Nothing was changed in the database: {said[-800:]}")
