"""The embedded PostgreSQL: its life, its roles, and what survives a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from cqo_portal import checks, postgres
from cqo_portal.management.commands.grant_app_role import APPEND, privileges


@pytest.fixture
def cluster(tmp_path):
    made = postgres.Cluster(tmp_path / "a folder with spaces" / "postgres", postgres.THROW_AWAY)
    yield made
    made.remove()


@pytest.fixture
def running(cluster):
    cluster.start()
    cluster.ensure_roles_and_database()
    return cluster


def kill_all(cluster):
    """What kill -9 of the whole tree does."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (entry / "cwd").is_symlink():
            try:
                if os.readlink(entry / "cwd") == str(cluster.data):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue


def test_a_cluster_starts_in_a_folder_with_spaces_and_listens_on_no_network(running):
    assert running.is_running()
    assert running.sql("SHOW listen_addresses") == "\n"
    assert running.sql("SELECT current_user", role=postgres.APP, database=postgres.DATABASE) == "cqo_app\n"
    assert running.socket_folder.stat().st_mode & 0o777 == 0o700


def test_starting_and_stopping_twice_changes_nothing(running):
    started = running.sql("SELECT pg_postmaster_start_time()")
    running.start()
    running.ensure_roles_and_database()
    assert running.sql("SELECT pg_postmaster_start_time()") == started
    running.stop()
    running.stop()
    assert not running.is_running()


def test_a_path_too_long_for_a_socket_puts_it_into_a_private_folder_elsewhere(tmp_path):
    deep = postgres.Cluster(tmp_path / ("深" * 40), postgres.THROW_AWAY)
    try:
        deep.start()
        assert len(os.fsencode(deep.socket_folder / postgres.SOCKET)) <= postgres.SOCKET_PATH_LIMIT
        assert deep.socket_folder.stat().st_mode & 0o777 == 0o700
        assert deep.sql("SELECT 1") == "1\n"
    finally:
        deep.remove()
    assert not deep.socket_folder.exists()


def test_a_socket_folder_whose_name_somebody_took_is_refused(cluster, tmp_path):
    cluster.folder.mkdir(parents=True)
    cluster.socket_folder.symlink_to(tmp_path, target_is_directory=True)
    try:
        with pytest.raises(postgres.ClusterError, match="占用"):
            cluster.start()
    finally:  # it stands outside the folder of this test, under a name that comes again
        cluster.socket_folder.unlink()


def test_a_kill_of_everything_loses_nothing_and_hinders_no_start_even_when_its_numbers_are_reused(cluster):
    running = postgres.Cluster(cluster.folder)  # with the settings of a server, not those of throw-away data
    running.start()
    running.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7); CHECKPOINT; INSERT INTO kept VALUES (8)")
    kill_all(running)
    for lock in (running.data / "postmaster.pid", running.socket_folder / f"{postgres.SOCKET}.lock"):
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not running.is_running()
    running.start()
    assert running.sql("SELECT n FROM kept ORDER BY n") == "7\n8\n"


def test_a_kill_of_the_postmaster_alone_hinders_no_start(running):
    postmaster = int((running.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    running.start()
    assert running.sql("SELECT 1") == "1\n"


def test_a_set_up_killed_halfway_is_begun_anew(cluster):
    (cluster.folder / "data.new").mkdir(parents=True)
    (cluster.folder / "data.new" / "PG_VERSION").write_text("18\n")
    cluster.start()
    assert cluster.is_running()


def test_data_of_another_major_version_is_refused_in_words(cluster):
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(postgres.ClusterError, match="由 PostgreSQL 9 建立"):
        cluster.start()


def test_the_last_of_two_users_stops_the_cluster(cluster, tmp_path):
    lock = tmp_path / "lock"
    with postgres.used(cluster, lock):
        cluster.start()
        with postgres.used(cluster, lock):
            assert cluster.is_running()
        assert cluster.is_running()
    assert not cluster.is_running()


def test_the_variables_of_another_postgresql_mislead_nothing(cluster, monkeypatch):
    monkeypatch.setenv("PGHOST", "192.0.2.1")
    monkeypatch.setenv("PGOPTIONS", "-c no_such_setting=1")
    cluster.start()
    assert cluster.sql("SELECT 1") == "1\n"


def test_neither_role_is_more_than_it_must_be(running):
    assert running.sql(
        "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname LIKE 'cqo%' ORDER BY 1"
    ).split() == ["cqo_app|f|f|f", "cqo_owner|f|t|f"]
    with pytest.raises(postgres.ClusterError, match="permission denied for schema public"):
        running.sql("CREATE TABLE mine (n int)", role=postgres.APP, database=postgres.DATABASE)
    with pytest.raises(postgres.ClusterError, match="permission denied to create database"):
        running.sql("CREATE DATABASE mine", role=postgres.APP, database=postgres.DATABASE)


def test_every_database_the_owner_makes_has_the_extensions(running):
    running.sql("CREATE DATABASE test_one", role=postgres.OWNER)
    found = running.sql("SELECT extname FROM pg_extension", role=postgres.OWNER, database="test_one").split()
    assert set(postgres.EXTENSIONS) <= set(found)


def test_chinese_text_has_trigrams(running):
    found = running.sql("SELECT array_length(show_trgm('清远市'), 1)", database=postgres.DATABASE)
    assert found == "4\n"


def test_row_values_stay_out_of_the_log(running):
    running.sql("CREATE TABLE people (name text UNIQUE)")
    with pytest.raises(postgres.ClusterError):
        running.sql("INSERT INTO people VALUES ('甲公司某人'), ('甲公司某人')")
    assert "甲公司某人" not in running.log.read_text(encoding="utf-8")


def test_the_driver_is_psycopg2():
    assert checks.driver_is_psycopg2() == []


def test_another_driver_fails_the_system_check(monkeypatch):
    monkeypatch.setattr(checks, "is_psycopg3", True)
    assert [fault.id for fault in checks.driver_is_psycopg2()] == ["cqo_portal.E001"]


def test_what_the_address_asks_of_tls_is_asked_for():
    read = "from django.conf import settings as s; print(s.DATABASES['default']['OPTIONS'])"
    names = {"DJANGO_SETTINGS_MODULE": "cqo_portal.settings", "DATABASE_URL": "postgres://u@db/d?sslmode=verify-full"}
    told = subprocess.run([sys.executable, "-c", read], env=os.environ | names, capture_output=True, encoding="utf-8")
    assert "'sslmode': 'verify-full'" in told.stdout and "lock_timeout" in told.stdout


@pytest.fixture
def as_app(db, monkeypatch):
    """Inside the test's transaction: the grants made, and the session in the application's role."""
    monkeypatch.setenv("CQO_APP_ROLE", postgres.APP)
    call_command("grant_app_role")
    call_command("grant_app_role")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {postgres.APP}")
        yield cursor
        cursor.execute("RESET ROLE")


def refused(cursor, statement):
    """Whether the database refuses the application's role this statement."""
    try:
        with transaction.atomic():
            cursor.execute(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


def test_the_applications_role_adds_to_history_and_decisions_but_changes_none(as_app):
    append_only = [
        model._meta.db_table
        for model in apps.get_models()
        if privileges(model) == APPEND and model._meta.managed and not model._meta.proxy
    ]
    assert append_only
    for table in append_only:
        as_app.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
        assert refused(as_app, f'DELETE FROM "{table}"'), table
        assert refused(as_app, f'TRUNCATE "{table}"'), table
        as_app.execute(
            "SELECT has_table_privilege(%s, 'INSERT'), has_table_privilege(%s, 'UPDATE')", [f'"{table}"', f'"{table}"']
        )
        assert as_app.fetchone() == (True, False), table


def test_the_applications_role_alters_no_table_drops_no_trigger_and_rewrites_no_migration(as_app):
    as_app.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    )
    triggers = as_app.fetchall()
    assert triggers
    for table, trigger in triggers:
        assert refused(as_app, f'DROP TRIGGER "{trigger}" ON "{table}"')
        assert refused(as_app, f'ALTER TABLE "{table}" DISABLE TRIGGER ALL')
    assert refused(as_app, "CREATE TABLE mine (n int)")
    assert refused(as_app, "CREATE TEMPORARY TABLE mine (n int)")
    assert refused(as_app, "DELETE FROM django_migrations")
    as_app.execute("SELECT count(*) FROM django_migrations")


def test_every_other_table_is_the_applications_to_use(as_app):
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            as_app.execute("SELECT has_table_privilege(%s, %s)", [f'"{model._meta.db_table}"', privileges(model)])
            assert as_app.fetchone() == (True,), model


@pytest.mark.django_db
def test_a_role_that_is_missing_or_the_owners_own_is_refused_in_words(monkeypatch):
    monkeypatch.setenv("CQO_APP_ROLE", "nobody_of_that_name")
    with pytest.raises(CommandError, match="不存在"):
        call_command("grant_app_role")
    monkeypatch.setenv("CQO_APP_ROLE", postgres.OWNER)
    with pytest.raises(CommandError, match="所有者"):
        call_command("grant_app_role")


def test_the_lifecycle_needs_no_library():
    root = Path(postgres.__file__).parent.parent
    code = "import sys, cqo_portal.postgres; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
