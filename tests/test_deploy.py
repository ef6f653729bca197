"""The files for nginx and systemd: what they name exists, and (where there is an nginx) what they promise holds."""

import ast
import http.client
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
import warnings
from configparser import RawConfigParser
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.management import get_commands, load_command_class

from tests.running import RunningPortal, free_port

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
NAME = "cqo.example.gov.cn"
NGINX = Path(shutil.which("nginx") or ROOT / "var" / "nginx" / "nginx")  # the latter: script/test --long


class Repeated(dict):
    """Keeps every value of a key that a unit repeats."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """A unit's sections."""
    read = RawConfigParser(strict=False, delimiters="=", comment_prefixes="#", dict_type=Repeated)
    read.optionxform = str
    read.read_string(path.read_text())
    return {name: {key: value.split("\n") for key, value in read[name].items()} for name in read.sections()}


def commands() -> list[tuple[str, list[str]]]:
    """Every command the units start, by unit."""
    return [(path.stem, shlex.split(line)) for path in UNITS for line in unit(path)["Service"]["ExecStart"]]


def of_the_script(name: str):
    """What ``script/serve.py`` calls by that name; it cannot be imported from here."""
    body = ast.parse((ROOT / "script" / "serve.py").read_text()).body
    return next(ast.literal_eval(n.value) for n in body if isinstance(n, ast.Assign) and n.targets[0].id == name)


def test_every_process_of_the_portal_has_a_unit():
    started = {" ".join(words[1:4]) for _, words in commands()}
    assert started >= {"-m gunicorn --config", "manage.py db_worker --no-reload", "manage.py clock", "manage.py health"}
    (web,) = [words for name, words in commands() if name == "cqo-web"]
    assert web[1:] == of_the_script("GUNICORN")
    assert {beside[0] for beside in of_the_script("BESIDE").values()} <= {words[2] for _, words in commands()}


@pytest.mark.parametrize(("name", "words"), commands(), ids=lambda part: part if isinstance(part, str) else "")
def test_what_a_unit_starts_exists_and_takes_these_arguments(name, words):
    assert words[0] == "/srv/cqo/.venv/bin/python"
    if words[1] == "manage.py":
        command = load_command_class(get_commands()[words[2]], words[2])
        assert command.create_parser("manage.py", words[2]).parse_args(words[3:])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_as_a_user_of_its_own_that_may_write_nothing_else(path):
    service, as_owner = unit(path)["Service"], path.stem == "cqo-retain"
    assert (service["User"], service["WorkingDirectory"]) == (["cqo-owner" if as_owner else "cqo"], ["/srv/cqo"])
    assert ("/etc/cqo/owner" in service["EnvironmentFile"]) == as_owner  # the owner's password is with that one alone
    hardened = {"ProtectSystem": ["strict"], "NoNewPrivileges": ["yes"], "CapabilityBoundingSet": [""]}
    assert {name: service[name] for name in hardened} == hardened
    assert path.read_text().startswith(f"# /etc/systemd/system/{path.name}\n")


def test_every_timer_has_its_service():
    assert {path.stem for path in DEPLOY.glob("*.timer")} <= {path.stem for path in UNITS}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_knows_every_directive_and_finds_little_exposed(tmp_path):
    for path in DEPLOY.iterdir():
        if path.suffix in (".service", ".timer"):
            (tmp_path / path.name).write_text(path.read_text().replace("/srv/cqo/.venv/bin/python", "/usr/bin/env"))
    paths = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0 and str(tmp_path) not in done.stderr, done.stderr
    for path in UNITS:
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", tmp_path / path.name],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout[-300:]


def test_every_variable_of_the_example_is_read_by_the_portal_and_explained():
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE)
    code = "".join(path.read_text() for path in (ROOT / "cqo_portal").rglob("*.py"))
    explained = (ROOT / "docs" / "operations.md").read_text()
    assert len(named) > 10
    assert [name for name in named if f'"{name}"' not in code] == []
    assert [name for name in named if name not in explained] == []


# --- nginx -----------------------------------------------------------------------------------------------------------


def test_nginx_keeps_paths_out_of_its_logs_and_passes_on_what_the_portal_trusts():
    text = (DEPLOY / "nginx.conf").read_text()
    (log,) = re.findall(r"log_format cqo '(.*)'", text)
    assert not re.search(r"\$(request|request_uri|uri|args|http_referer|query_string)\b", log)
    assert set(re.findall(r"error_log \S+ (\w+);", text)) == {"crit"}
    for header in ("X-Forwarded-For $proxy_add_x_forwarded_for", "X-Forwarded-Proto $scheme", "Host $host"):
        assert f"proxy_set_header {header};" in text


def certificate(folder: Path) -> None:
    """A self-signed certificate for the name of the example."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def listens(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def nginx(folder: Path, portal: int):
    """Run the file as it stands, but for ports, paths and the user; gives the ports for https and http."""
    https, plain = free_port(), free_port()
    certificate(folder)
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("listen 443", f"listen 127.0.0.1:{https}").replace("listen 80", f"listen 127.0.0.1:{plain}")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{portal}").replace("/etc/ssl/cqo", str(folder))
    text = text.replace("/var/log/nginx", str(folder))
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    own = f"access_log {folder}/access.log;"  # else /var/log/nginx, which is there only where nginx is installed
    conf = folder / "nginx.conf"
    conf.write_text(f"{user} pid {folder}/pid; daemon off; events {{}}\nhttp {{ {own} {temporary}\n{text}\n}}\n")
    command = [NGINX, "-p", folder, "-c", conf, "-e", folder / "start.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, encoding="utf-8", check=False)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
    process = subprocess.Popen(command)
    try:
        end = time.monotonic() + 10
        while not listens(plain):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        yield https, plain
    finally:
        process.terminate()
        process.wait(10)


class Named(http.client.HTTPSConnection):
    """Connects to this machine, and asks for another name."""

    def __init__(self, port: int, name: str, context: ssl.SSLContext):
        super().__init__("127.0.0.1", port, timeout=20, context=context)
        self.name, self.trust = name, context

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self.trust.wrap_socket(self.sock, server_hostname=self.name)


def asked(
    folder, port, path="/", name=NAME, method="GET", body=None, **headers
) -> tuple[http.client.HTTPResponse, bytes]:
    """One answer over TLS, by a client that trusts this certificate alone."""
    trust = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    line = Named(port, name, trust)
    line.request(method, path, body, {"Host": name} | headers)
    answer = line.getresponse()
    return answer, answer.read()


@pytest.mark.long
@pytest.mark.skipif(not NGINX.exists(), reason="no nginx to be had here")
def test_behind_nginx_pages_come_by_tls_with_their_headers_and_nobody_forges_an_address(tmp_path):
    portal, front = RunningPortal(tmp_path / "portal"), tmp_path / "nginx"
    front.mkdir()
    behind = {"CQO_HTTPS": "1", "CQO_BEHIND_PROXY": "1", "CQO_HOSTS": NAME, "CQO_ORIGIN": f"https://{NAME}"}
    try:
        portal.prepare()
        portal.start_web(**behind)
        with nginx(front, portal.port) as (https, plain):
            line = http.client.HTTPConnection("127.0.0.1", plain, timeout=20)
            line.request("GET", "/verify/?code=1", headers={"Host": "evil.example"})
            moved = line.getresponse()
            assert (moved.status, moved.headers["Location"]) == (301, f"https://{NAME}/verify/?code=1")

            page, body = asked(front, https)
            assert page.status == 200 and "首席质量官".encode() in body
            assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
            assert page.headers["Content-Security-Policy"] and page.headers["X-Content-Type-Options"] == "nosniff"
            assert page.headers["Server"] == "nginx" and page.headers.get_all("X-Request-ID")
            style, _ = asked(front, https, re.search(rb'href="(/static/portal[^"]+)"', body)[1].decode())
            assert style.status == 200 and "immutable" in style.headers["Cache-Control"]
            login, _ = asked(front, https, "/accounts/login/")
            assert "secure" in login.headers["Set-Cookie"].lower()

            for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                trust = ssl.create_default_context(cafile=str(front / "fullchain.pem"))
                trust.set_ciphers("ALL:@SECLEVEL=0")  # else this client would not even ask
                with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                    trust.minimum_version = trust.maximum_version = old
                with pytest.raises(ssl.SSLError, match="_ALERT_"):
                    Named(https, NAME, trust).connect()
            with pytest.raises((ssl.SSLError, OSError)):
                asked(front, https, name="evil.example")

            refused, _ = asked(front, https, "/verify/", method="POST", body=b"x" * (51 * 1024 * 1024))
            assert refused.status == 413

            # Each guess comes with another forged address; they are counted against the true one all the same.
            statuses = [
                asked(front, https, "/verify/HZ-AAAA-AAAA-AAAA/", **{"X-Forwarded-For": f"203.0.113.{n}",
                      "X-Real-IP": f"203.0.113.{n}", "X-Request-ID": "440100199001011234"})[0].status
                for n in range(60)
            ]  # fmt: skip
            windows = portal.rows("SELECT count(DISTINCT key) FROM registry_ratewindow")[0][0]
            assert 0 < windows < 10 and 429 in statuses, (windows, statuses)

            token = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"
            asked(front, https, f"/statements/{token}/?name=zhangsan", Referer=f"https://{NAME}/{token}")
        kept = "".join(path.read_text() for path in [*front.glob("*.log"), portal.log])
        assert token not in kept and "zhangsan" not in kept and "440100199001011234" not in kept
        number = page.headers["X-Request-ID"]
        assert number in (front / "cqo-access.log").read_text() and number in portal.log.read_text()
    finally:
        portal.end()
