"""The two commands: words where they cannot go on, and (long) a fresh copy of the project that serves."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cqo_portal.postgres import Cluster
from script import steps

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def bare_path(tmp_path, monkeypatch):
    """A PATH on which only the programs that a test puts there are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def serve(**environment):
    return subprocess.run(
        [sys.executable, ROOT / "script" / "serve.py"],
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize("command", ["server", "test"])
def test_a_machine_without_a_new_enough_python_is_told_what_to_run(command, bare_path):
    old = bare_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' && exit 0\nexit 1\n")
    old.chmod(0o755)
    (bare_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(["/bin/bash", ROOT / "script" / command], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "需要 Python 3.11 或更高版本（现有：Python 3.9.2）" in done.stderr
    assert "sudo apt-get install -y python3 python3-venv" in done.stderr


def test_a_port_in_use_is_told_with_another_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve(PORT=str(port))
    assert done.returncode == 1
    assert f"端口 {port} 无法使用" in done.stderr
    assert f"PORT={port + 1} script/server" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "-1", "八千", "８０００", "8000; rm"])
def test_what_is_no_port_is_told(port):
    done = serve(PORT=port)
    assert done.returncode == 1
    assert f"PORT={port} 不是有效的端口号" in done.stderr


def test_a_system_that_is_not_debian_is_told_what_to_install(bare_path, capsys):
    with pytest.raises(SystemExit):
        steps.install(["libpango-1.0-0"])
    said = capsys.readouterr().err
    assert "此系统不是 Debian" in said
    assert "libpango-1.0-0" in said


def test_a_user_who_may_not_install_is_given_the_exact_command(bare_path, capsys, monkeypatch):
    (bare_path / "apt-get").symlink_to("/bin/true")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit):
        steps.install(["libharfbuzz-subset0", "fonts-noto-cjk"])
    assert (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends libharfbuzz-subset0 fonts-noto-cjk"
        in capsys.readouterr().err
    )


def test_a_step_is_done_once_for_a_mark_and_again_after_a_failure(tmp_path):
    done = []
    stamp = tmp_path / "var" / "stamp"
    with pytest.raises(OSError, match="no network"):
        steps.once(stamp, "a", lambda: (_ for _ in ()).throw(OSError("no network")))
    for mark in ("a", "a", "b", "b"):
        steps.once(stamp, mark, lambda mark=mark: done.append(mark))
    assert done == ["a", "b"]


@pytest.fixture
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "VAR", tmp_path)
    monkeypatch.setattr(steps, "SECRETS", tmp_path / "secrets")
    for name in steps.KEYS:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


def test_secrets_are_made_once_and_are_nobody_elses_to_read(var):
    steps.ensure_secrets()
    kept = {file.name: file.read_text() for file in (var / "secrets").iterdir()}
    assert set(kept) == {"cqo_secret_key", "cqo_id_key", "cqo_id_hash_key", "cqo_code_key", "cqo_log_key", "made"}
    assert all(len(bytes.fromhex(kept[name])) == 32 for name in steps.KEYS)
    assert len(set(kept.values())) == 6
    assert stat.S_IMODE((var / "secrets").stat().st_mode) == 0o700
    secret = [file for file in (var / "secrets").iterdir() if file.name != "made"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in secret} == {0o600}
    steps.ensure_secrets()
    assert {file.name: file.read_text() for file in (var / "secrets").iterdir()} == kept


def prepared(var) -> None:
    """The mark of an installation that has data."""
    (var / "postgres").mkdir()
    (var / "postgres" / "prepared").write_text("mark")


def test_a_kind_of_key_that_an_older_installation_never_had_is_made_without_complaint(var, capsys):
    steps.ensure_secrets()
    prepared(var)
    for name in ("cqo_log_key", "made"):
        (var / "secrets" / name).unlink()
    steps.ensure_secrets()
    assert len((var / "secrets" / "cqo_log_key").read_text()) == 64
    (var / "secrets" / "cqo_log_key").unlink()
    with pytest.raises(SystemExit):  # now it had one
        steps.ensure_secrets()
    assert "缺少 cqo_log_key" in capsys.readouterr().err


def test_a_first_key_retired_by_a_second_is_not_lost(var):
    steps.ensure_secrets()
    prepared(var)
    (var / "secrets" / "cqo_id_key").rename(var / "secrets" / "cqo_id_key_2")
    steps.ensure_secrets()
    assert not (var / "secrets" / "cqo_id_key").exists()


def test_a_lost_key_is_not_replaced_beside_data_that_needs_it(var, capsys):
    steps.ensure_secrets()
    prepared(var)
    (var / "secrets" / "cqo_id_key").unlink()
    with pytest.raises(SystemExit):
        steps.ensure_secrets()
    assert "缺少 cqo_id_key" in capsys.readouterr().err
    assert not (var / "secrets" / "cqo_id_key").exists()


@pytest.fixture
def fresh_copy(tmp_path):
    """What a clone of this very state holds, in a folder with spaces; nothing of it runs on afterwards."""
    target = tmp_path / "a fresh clone"
    listed = subprocess.check_output(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, encoding="utf-8")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    yield target
    Cluster(target / "var" / "postgres").remove()


def free_ports(count):
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def start(folder, port, log):
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CQO_OWNER_URL"}}
    environment = kept | {"PORT": str(port)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    with open(log, "a") as out:
        return subprocess.Popen(
            [folder / "script" / "server"], env=environment, stdout=out, stderr=out, start_new_session=True
        )


def healthy_after(port, server, log, limit):
    """Seconds until /healthz answers 200; fails with the log when the server ends or ``limit`` seconds pass."""
    begun = time.monotonic()
    while time.monotonic() - begun < limit and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
                assert answer.status == 200 and json.load(answer)
                return time.monotonic() - begun
        except OSError:
            time.sleep(0.1)
    pytest.fail(log.read_text(encoding="utf-8"))


def beside(folder) -> list[str]:
    """The workers and clocks that run in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0")
            if (process / "cwd").resolve() == folder and "manage.py" in words:
                found.append(words[words.index("manage.py") + 1])
        except OSError:  # it ended meanwhile
            continue
    return sorted(found)


def comes_to_run(folder, wanted, limit=30) -> bool:
    """Whether these workers and clocks run, and no others, before ``limit`` seconds have passed."""
    end = time.monotonic() + limit
    while beside(folder) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    return beside(folder) == wanted


@pytest.mark.long
def test_a_fresh_clone_serves_twice_at_once_survives_a_kill_and_stops_its_database(fresh_copy, tmp_path):
    cluster = Cluster(fresh_copy / "var" / "postgres")
    ports = free_ports(2)
    logs = [tmp_path / f"{port}.log" for port in ports]
    servers = [start(fresh_copy, port, log) for port, log in zip(ports, logs, strict=True)]
    for port, server, log in zip(ports, servers, logs, strict=True):
        healthy_after(port, server, log, limit=600)
    assert "enterprise-b" in logs[0].read_text(encoding="utf-8")
    assert comes_to_run(fresh_copy, ["clock", "clock", "db_worker", "db_worker"])

    servers[0].send_signal(signal.SIGINT)
    servers[0].wait(30)
    assert beside(fresh_copy) == ["clock", "db_worker"]
    assert cluster.is_running()
    healthy_after(ports[1], servers[1], logs[1], limit=5)

    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.killpg(servers[1].pid, signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    servers[1].wait(30)
    assert comes_to_run(fresh_copy, [], limit=5)

    log = tmp_path / "again.log"
    again = start(fresh_copy, ports[1], log)
    assert healthy_after(ports[1], again, log, limit=60) < 8
    said = log.read_text(encoding="utf-8")
    assert not any(step in said for step in ("安装", "更新数据库", "演示数据（", "收集静态文件", "制作公文字体"))
    again.send_signal(signal.SIGINT)
    again.wait(30)
    assert beside(fresh_copy) == []
    assert not cluster.is_running()
