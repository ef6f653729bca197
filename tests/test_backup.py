"""Backups: whole and of one moment, put back equal, and refused loudly when damaged, foreign or in the way."""

import json
import os
import re
import shutil
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cqo_portal import backup, pgtools
from registry import filecheck, filestore, identity, locks
from registry.models import Candidate, Enterprise, StoredFile
from tests.cast import AT, pdf, person, resident_id
from tests.test_jobs import until

pytestmark = pytest.mark.django_db(transaction=True)
OTHER_KEY = "5a" * 32


@pytest.fixture
def files(tmp_path, settings):
    """A files folder of the test's own."""
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def portal(files, make, company_a, person_a, user_a):
    """A portal with an enterprise, a person and two files."""
    for n in (1, 2):
        make.stored(company_a, pdf(n), f"材料{n}.pdf")
    return company_a


@pytest.fixture
def made(portal, tmp_path):
    """A backup of that portal."""
    folder = tmp_path / "backup"
    backup.back_up(folder, at=AT)
    return folder


@pytest.fixture
def elsewhere(portal):
    """The settings of an empty database beside the portal's."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield connection.settings_dict | {"NAME": name}
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


def rows(database: dict, statement: str) -> list[tuple]:
    """What another database answers."""
    with closing(psycopg2.connect(**backup.reach(database))) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
WHOLE = "SELECT t::text FROM registry_{} t ORDER BY id"


def reseal(folder: Path, **changes) -> None:
    """Change a manifest and seal it anew, which only a holder of the keys can do."""
    manifest = json.loads((folder / backup.MANIFEST).read_bytes()) | changes
    written = json.dumps(manifest).encode()
    (folder / backup.MANIFEST).write_bytes(written)
    (folder / backup.SEAL).write_text(backup.seal_of(written))


def flip(path: Path, at: float = 0.5) -> None:
    """Turn one bit of a file over."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 1
    path.write_bytes(data)


def one_file(folder: Path) -> Path:
    return next(path for path in sorted((folder / backup.FILES).rglob("*")) if path.is_file())


def linked(path: Path) -> None:
    """Move a file away and link to it."""
    away = path.rename(path.parents[3] / "away")
    path.symlink_to(away)


# --- Whole, and put back equal ---------------------------------------------------------------------------------------


def test_a_backup_put_back_is_equal_in_every_table_and_file(made, elsewhere, files):
    before = {path.name: path.read_bytes() for path in filecheck.files_on_disk()}
    assert len(before) == 2
    shutil.rmtree(files)
    manifest = backup.restore(made, database=elsewhere)
    assert {path.name: path.read_bytes() for path in filecheck.files_on_disk()} == before
    for table in ("candidate", "enterprise", "storedfile", "candidateevent", "county"):
        assert rows(elsewhere, WHOLE.format(table)) == rows(connection.settings_dict, WHOLE.format(table))
    assert len(manifest["tables"]) == rows(elsewhere, TABLES)[0][0]
    triggers = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    assert rows(elsewhere, triggers) == rows(connection.settings_dict, triggers)
    # The sequences go on where they stood.
    following = "SELECT nextval(pg_get_serial_sequence('registry_candidate', 'id')) > max(id) FROM registry_candidate"
    assert rows(elsewhere, following) == [(True,)]


def test_a_backup_is_readable_by_its_owner_alone_and_holds_no_key(made):
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    paths = [path for path in made.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    secrets = [settings.SECRET_KEY, *backup.keys().values()]
    everything = b"".join(path.read_bytes() for path in paths)
    for secret in secrets:
        assert secret.encode() not in everything
        assert not re.fullmatch("[0-9a-f]{64}", secret) or bytes.fromhex(secret) not in everything


def test_what_comes_after_the_snapshot_is_not_in_the_backup_and_does_no_harm(portal, tmp_path, elsewhere, user_a):
    """While tables are dumped a person is added and a file stored: the backup knows neither."""
    dumped = backup._dumped

    def busy(*arguments):
        person(77, "后来者", company=portal, by=user_a)
        filestore.keep(b"later")
        return dumped(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "_dumped", busy)
        manifest = backup.back_up(tmp_path / "backup", at=AT)
    assert Candidate.unscoped.filter(name="后来者").exists()
    backup.restore(tmp_path / "backup", database=elsewhere)
    assert rows(elsewhere, "SELECT count(*) FROM registry_candidate WHERE name = '后来者'") == [(0,)]
    assert len(manifest["files"]) == 2


def test_a_file_that_was_missing_already_is_named_and_the_rest_is_backed_up(portal, tmp_path, elsewhere):
    lost, kept = StoredFile.unscoped.values_list("sha256", flat=True)
    filestore.path_of(lost).unlink()
    with pytest.raises(CommandError, match=f"1 个文件已经缺失或损坏：{lost}"):
        call_command("backup", tmp_path / "backup")
    assert backup.restore(tmp_path / "backup", database=elsewhere)["missing"] == [lost]


def test_the_application_s_own_role_may_back_up_too(portal, tmp_path, monkeypatch):
    monkeypatch.setenv("CQO_APP_ROLE", "cqo_app")
    call_command("grant_app_role")
    as_app = connection.settings_dict | {"USER": "cqo_app"}
    own = backup.back_up(tmp_path / "own", at=AT)
    assert backup.back_up(tmp_path / "app", at=AT, database=as_app)["tables"] == own["tables"]


def test_a_backup_broken_off_leaves_nothing_under_its_name(portal, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "_copied", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        backup.back_up(tmp_path / "kept" / "backup", at=AT)
    assert list((tmp_path / "kept").iterdir()) == []


def test_backups_without_a_name_stand_under_their_time_and_only_the_newest_stay(portal, tmp_path, settings, capsys):
    settings.BACKUP_DIR = tmp_path / "all"
    for day in range(3):
        (settings.BACKUP_DIR / f"cqo-2026010{day}-000000").mkdir(parents=True)
    (settings.BACKUP_DIR / "by-hand").mkdir()
    for name, days in ((".cqo-20260101-000000.part", 2), (".cqo-20260102-000000.part", 0.5)):
        (settings.BACKUP_DIR / name).mkdir()
        aged(settings.BACKUP_DIR / name, days)
    call_command("backup", keep=2)
    names = sorted(path.name for path in settings.BACKUP_DIR.iterdir())
    assert names[:3] == [".cqo-20260102-000000.part", "by-hand", "cqo-20260102-000000"] and len(names) == 4
    call_command("backup", settings.BACKUP_DIR / names[3], verify=True)
    assert "备份完好" in capsys.readouterr().out


# --- Refused, before anything is touched -----------------------------------------------------------------------------

DAMAGES = {
    "truncated dump": (lambda made: os.truncate(made / "dump", 1000), "dump 与清单不符"),
    "one bit of the dump": (lambda made: flip(made / "dump"), "dump 与清单不符"),
    "last bit of the dump": (lambda made: flip(made / "dump", 0.9999), "dump 与清单不符"),
    "no dump": (lambda made: (made / "dump").unlink(), "缺少 dump"),
    "one bit of a file": (lambda made: flip(one_file(made)), "与清单不符"),
    "an emptied file": (lambda made: one_file(made).write_bytes(b""), "与清单不符"),
    "a missing file": (lambda made: one_file(made).unlink(), "缺少 files/"),
    "a file too many": (lambda made: (made / "files" / "zz").write_bytes(b"x"), "不属于它的文件：files/zz"),
    "a file replaced by a link": (lambda made: linked(one_file(made)), "与清单不符"),
    "a link to itself": (lambda made: (made / "loop").symlink_to(made), "不属于它的文件：loop"),
    "another date in the manifest": (
        lambda made: (made / "manifest.json").write_text(
            (made / "manifest.json").read_text().replace('"made_at": "2026', '"made_at": "2025')
        ),
        "封印不符",
    ),
    "a manifest cut off": (lambda made: os.truncate(made / "manifest.json", 200), "清单无法读取"),
    "no manifest": (lambda made: (made / "manifest.json").unlink(), "缺少清单或封印"),
    "no seal": (lambda made: (made / "seal").unlink(), "缺少清单或封印"),
    "another seal": (lambda made: (made / "seal").write_text("0" * 64), "封印不符"),
    "an empty folder": (lambda made: (shutil.rmtree(made), made.mkdir()), "缺少清单或封印"),
    "of another program": (lambda made: reseal(made, format="pg_basebackup"), "不是本程序所作"),
    "of a newer version": (lambda made: reseal(made, migrations=["registry.9999_later"]), "来自更新的版本"),
    "of a newer server": (lambda made: reseal(made, server=99), "不能恢复到"),
    "a row fewer than counted": (
        lambda made: reseal(
            made,
            tables=json.loads((made / "manifest.json").read_bytes())["tables"] | {"registry_candidate": "2 0"},
        ),
        "differs: registry_candidate",
    ),
}


def refusal(folder: Path, database: dict) -> str:
    """What is said when a backup is to be put back; nothing where it is put back."""
    try:
        backup.restore(folder, replace=True, database=database)
    except backup.BackupFault as fault:
        return str(fault)
    return ""


def test_twenty_damaged_backups_are_refused_and_nothing_is_touched(made, elsewhere, files):
    rows(elsewhere, "CREATE TABLE public.guard (n int)")
    shutil.rmtree(files)
    heard = {}
    for damage, (harm, _) in DAMAGES.items():
        harmed = shutil.copytree(made, made.parent / f"{len(heard)}" / "backup")
        harm(harmed)
        heard[damage] = refusal(harmed, elsewhere)
        assert rows(elsewhere, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("guard",)], damage
        assert not files.exists() or damage.startswith("a row fewer"), damage
    unheard = {damage: said for damage, said in heard.items() if not re.search(DAMAGES[damage][1], said)}
    assert len(heard) == 20 and unheard == {}
    print(f"{len(heard)} damaged backups, {len(heard) - len(unheard)} refused")
    assert refusal(made, elsewhere) == ""


def test_without_the_check_a_damaged_file_would_get_through(made, elsewhere, monkeypatch):
    """The planted defect: what ``verify`` is for."""
    flip(one_file(made))
    monkeypatch.setattr(backup, "verify", backup.read_manifest)
    backup.restore(made, database=elsewhere)


@pytest.mark.parametrize("key", ["ID_KEYS", "CODE_KEYS", "ID_HASH_KEYS", "LOG_KEYS"])
def test_a_backup_made_with_another_key_is_refused_as_another_portals(key, made, elsewhere, settings):
    setattr(settings, key, {1: OTHER_KEY})
    with pytest.raises(backup.BackupFault, match="另一套密钥"):
        backup.restore(made, database=elsewhere)
    assert rows(elsewhere, TABLES) == [(0,)]


def test_a_key_that_was_added_since_hinders_no_restore(made, elsewhere, settings):
    settings.ID_KEYS = settings.ID_KEYS | {2: OTHER_KEY}
    assert backup.restore(made, database=elsewhere)


def test_a_database_that_is_not_empty_is_replaced_only_when_its_name_is_said(made, elsewhere):
    rows(elsewhere, "CREATE TABLE public.mine (n int)")
    with pytest.raises(backup.BackupFault, match="不是空的"):
        backup.restore(made, database=elsewhere)
    with pytest.raises(CommandError, match="未作任何改动"):
        call_command("restore", made, replace="some_other")
    assert rows(elsewhere, "SELECT count(*) FROM mine") == [(0,)]
    backup.restore(made, replace=True, database=elsewhere)
    assert rows(elsewhere, "SELECT to_regclass('mine') IS NULL, count(*) FROM registry_candidate") == [(True, 1)]


def test_a_backup_is_never_written_over_another(made):
    with pytest.raises(CommandError, match="已经存在"):
        call_command("backup", made)
    assert backup.verify(made)


def test_a_database_without_the_portal_is_not_backed_up(elsewhere, tmp_path):
    with pytest.raises(backup.BackupFault, match="没有平台的数据表"):
        backup.back_up(tmp_path / "nothing", at=AT, database=elsewhere)


@pytest.mark.parametrize("wrong", [{"verify": True}, {"keep": 0}, {"folder": Path("x"), "keep": 1}])
def test_a_call_that_makes_no_sense_is_told_how(wrong):
    folder = wrong.pop("folder", None)
    with pytest.raises(CommandError, match="用法"):
        call_command("backup", *([folder] if folder else []), **wrong)


# --- The server's own programs ---------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path, monkeypatch, settings):
    """Put the client programs of some version into a folder of their own; no others are found."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(pgtools, "DEBIAN", tmp_path / "debian")
    settings.PG_BIN = ""

    def put(version: str) -> Path:
        folder = tmp_path / "debian" / version / "bin"
        folder.mkdir(parents=True)
        for name in pgtools.NEEDED:
            (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            (folder / name).chmod(0o755)
        return folder

    return put


def test_the_programs_of_the_servers_own_version_come_first_then_the_next_newer(programs):
    own = max(version for version in (pgtools.major(pgtools.folder_for(15) / "pg_dump"),) if version)
    older, same, newer = programs("12.3"), programs("16.1"), programs(f"{own + 2}.0")
    assert pgtools.major(older / "pg_dump") == 12
    assert pgtools.folder_for(16) == same
    assert pgtools.folder_for(own).parts[-2] != "debian" and pgtools.folder_for(own) not in (older, same, newer)
    assert pgtools.folder_for(own + 1) == newer


def test_where_all_programs_are_older_one_is_told_what_to_install(programs, settings):
    settings.PG_BIN = str(programs("15.2"))
    assert pgtools.folder_for(15) == Path(settings.PG_BIN)
    with pytest.raises(pgtools.NoProgram, match=r"（现有版本：15）。请安装 postgresql-client-17"):
        pgtools.folder_for(17)
    settings.PG_BIN = "/nowhere"
    with pytest.raises(pgtools.NoProgram, match="现有版本：无"):
        pgtools.folder_for(15)


def test_no_password_is_among_the_arguments():
    database = {"NAME": "cqo", "HOST": "db", "PORT": 5432, "USER": "me", "PASSWORD": "geheim", "OPTIONS": {}}
    reached = pgtools.environment(database)
    assert {name: reached[name] for name in reached if name.startswith("PG")} == {
        "PGHOST": "db", "PGPORT": "5432", "PGUSER": "me", "PGPASSWORD": "geheim", "PGDATABASE": "cqo",
    }  # fmt: skip


# --- Files without rows, rows without files --------------------------------------------------------------------------


def aged(path: Path, days: float) -> Path:
    """Make a file as old as that."""
    then = timezone.now().timestamp() - days * 86400
    os.utime(path, (then, then))
    return path


def test_a_file_that_no_row_names_goes_after_a_day_and_no_other(portal, files):
    for path in filecheck.files_on_disk():
        aged(path, 400)
    old, young = (aged(filestore.path_of(filestore.keep(data)), days) for data, days in ((b"old", 1.1), (b"new", 0.9)))
    half = files / "ab" / "tmp1234"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    aged(half, 2)
    assert filecheck.sweep_files(at=timezone.now()) == 2
    assert (old.exists(), half.exists(), young.exists()) == (False, False, True)
    assert len(filecheck.files_on_disk()) == 3
    assert filecheck.sweep_files(at=timezone.now()) == 0


def test_the_command_only_lists_unless_told_to_remove(portal, capsys):
    orphan = aged(filestore.path_of(filestore.keep(b"old")), 2)
    call_command("check_files")
    assert orphan.exists() and "无记录引用的 1 个，未删除" in capsys.readouterr().out
    call_command("check_files", remove=True)
    assert not orphan.exists() and "已删除 1 个" in capsys.readouterr().out


def test_a_row_without_its_file_and_a_spoilt_file_are_an_alarm(portal, caplog):
    lost, spoilt = sorted(StoredFile.unscoped.values_list("sha256", flat=True))
    filestore.path_of(lost).unlink()
    flip(filestore.path_of(spoilt))
    found = filecheck.examine(at=timezone.now(), read=True)
    assert (found.missing, found.spoilt, found.alarms) == ((lost,), (spoilt,), 2)
    with pytest.raises(CommandError, match="缺失 1 个，损坏 1 个"):
        call_command("check_files")
    filecheck.sweep_files(at=timezone.now())
    assert [(record.levelname, lost in record.message) for record in caplog.records] == [("CRITICAL", True)]


def test_bytes_kept_anew_are_not_swept_from_under_their_row(portal, monkeypatch):
    """Between the sweeper's look and its removal the same bytes are uploaded again: they stay."""
    orphan = aged(filestore.path_of(filestore.keep(b"again")), 2)
    rename = os.rename

    def meanwhile(source, target):
        if Path(source) == orphan:
            monkeypatch.setattr(os, "rename", rename)
            filestore.keep(b"again")
        rename(source, target)

    monkeypatch.setattr(os, "rename", meanwhile)
    assert filecheck.sweep_files(at=timezone.now()) == 0
    assert orphan.read_bytes() == b"again" and not orphan.with_name(f"{orphan.name}.swept").exists()


def test_nothing_is_swept_while_a_backup_copies_files(portal):
    orphan = aged(filestore.path_of(filestore.keep(b"old")), 2)
    copying, done = threading.Event(), threading.Event()

    def hold():
        with backup._session(connection.settings_dict) as session:
            backup._ask(session, f"SELECT pg_advisory_lock_shared(hashtextextended('{filecheck.LOCK}', 0))")
            copying.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    copying.wait(20)
    assert filecheck.sweep_files(at=timezone.now() + timedelta(days=2)) == 0 and orphan.exists()
    done.set()
    holder.join()
    until(lambda: filecheck.sweep_files(at=timezone.now()) == 1)  # the session ends a moment after it was closed
    assert locks.take(filecheck.LOCK)
    locks.let_go(filecheck.LOCK)


def test_every_model_that_names_files_is_known():
    assert {model.__name__ for model in filecheck.naming_models()} >= {
        "StoredFile", "Paper", "Certificate", "RecommendationLetter", "ReportReceipt",
    }  # fmt: skip
    assert Enterprise not in filecheck.naming_models()


def test_the_person_put_back_can_still_be_told_by_the_id_number(made, elsewhere, person_a):
    """The keyed hash and the cipher survive the way through a dump: bytes are bytes."""
    backup.restore(made, database=elsewhere)
    ((cipher, version, mark),) = rows(elsewhere, "SELECT id_cipher, id_key_version, id_hash FROM registry_candidate")
    assert identity.unseal(cipher, version, owner=person_a.reference) == resident_id(1)
    assert mark == identity.fingerprint(person_a.id_type, resident_id(1))
