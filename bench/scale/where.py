"""Where the databases of a measurement stand: in a cluster of the measurement's own, or in the one that is named."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import sql

from cqo_portal import postgres

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "bench"
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB"}  # as an office would set them for this size


def url_of(database: str) -> str:
    """The owner's address of a database: beside that of CQO_BENCH_URL, else in a cluster under ``var/bench``."""
    if given := os.environ.get("CQO_BENCH_URL"):
        return given.rpartition("/")[0] + "/" + database
    cluster = postgres.Cluster(FOLDER / "postgres", postgres.THROW_AWAY | SETTINGS)
    if not cluster.is_running():
        cluster.start()
        cluster.ensure_roles_and_database()
    return cluster.url(postgres.OWNER, database)


def connected(url: str):
    """A connection in autocommit, for what no transaction may hold."""
    parts = urlsplit(url)
    folder, _, database = parts.path.lstrip("/").rpartition("/")
    connection = psycopg2.connect(
        user=parts.username, password=parts.password, host=parts.hostname or "/" + unquote(folder), port=parts.port,
        dbname=database,
    )  # fmt: skip
    connection.autocommit = True
    return connection


def exists(database: str) -> bool:
    """Whether there is such a database."""
    with connected(url_of("postgres")).cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        return cursor.fetchone() is not None


def made_anew(database: str) -> None:
    """An empty database of that name; the one that stood there is gone."""
    with connected(url_of("postgres")).cursor() as cursor:
        name = sql.Identifier(database)
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(name))
