"""gunicorn over loopback, with the portal's own options, for the portal and for each baseline alike."""

import http.client
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from bench.scale.where import FOLDER, ROOT, connected

PATIENCE = 60  # seconds until a server answers
OURS = "cqo_portal.accounts.backend.WithOffice"
APPLICATION = "django.core.wsgi:get_wsgi_application()"
STOCK = "django.contrib.auth.backends.ModelBackend"
_addresses = itertools.count(1)


class Server:
    """One gunicorn, and one connection to it that stays open."""

    def __init__(self, settings: str, url: str, *, workers: int = 1):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "--config", "python:cqo_portal.serving", "--workers", str(workers)]
        command += [
            "--bind",
            f"127.0.0.1:{self.port}",
            "--max-requests",
            "0",
            "django.core.wsgi:get_wsgi_application()",
        ]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings, "DATABASE_URL": url}
        self.url = url
        self.log = (FOLDER / f"{settings}-{self.port}.log").open("w")
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)
        self._wait()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def sign_in(self, username: str, backend: str = OURS) -> str:
        """The cookie of somebody signed in."""
        return signed_in(self.url, username, backend=backend)

    def ask(self, query: str, *parameters) -> list[tuple]:
        """What its database answers."""
        with closing(connected(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall()

    def _wait(self) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE and self.process.poll() is None:
            with (
                suppress(OSError),
                closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as probe,
            ):
                probe.request("GET", "/")
                probe.getresponse().read()
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.log.name}: the server does not answer")

    def get(self, path: str, cookie: str = "", *, holds: str = "") -> bytes:
        """A page, whole. Raises RuntimeError where it is another than was asked for."""
        n = next(_addresses)
        headers = {"Cookie": cookie, "X-Forwarded-For": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"}
        try:
            self.connection.request("GET", path, headers=headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # idle for longer than the server holds it open
            self.connection.close()
            self.connection.request("GET", path, headers=headers)
            response = self.connection.getresponse()
        body = response.read()
        if response.status != 200 or holds.encode() not in body:
            has = "with" if holds.encode() in body else "without"
            raise RuntimeError(f"{path}: {response.status}, {len(body)} bytes, {has} “{holds}”")
        return body

    def stop(self) -> None:
        """End it."""
        self.connection.close()
        self.process.terminate()
        self.process.wait()
        self.log.close()


@contextmanager
def serving(*given, **options) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(*given, **options)
    try:
        yield server
    finally:
        server.stop()


def signed_in(url: str, username: str, *, backend: str = OURS) -> str:
    """The cookie of a session in that database, as signing in leaves it."""
    from django.contrib.sessions.backends.db import SessionStore

    from cqo_portal.accounts.sessions import MARK
    from registry.models import User

    with connected(url) as connection, connection.cursor() as cursor:
        names = ("id", "password", "role", "county_id", "enterprise_id")
        cursor.execute(f"SELECT {', '.join(names)} FROM registry_user WHERE username = %s", [username])
        user = User(**dict(zip(names, cursor.fetchone(), strict=True)))
        now = int(time.time())
        data = {
            "_auth_user_id": str(user.pk), "_auth_user_backend": backend,
            "_auth_user_hash": user.get_session_auth_hash(), MARK: {"began": now, "seen": now, "idle": 12 * 3600},
        }  # fmt: skip
        store = SessionStore()
        key = store._get_new_session_key()
        cursor.execute(
            "INSERT INTO django_session (session_key, session_data, expire_date)"
            " VALUES (%s, %s, now() + interval '1 day')",
            [key, store.encode(data)],
        )
    return f"sessionid={key}"
