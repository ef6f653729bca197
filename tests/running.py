"""A portal of its own that really runs: its database, gunicorn, and enterprises who fill in forms by HTTP.

For the tests that kill it. What it said to its users is kept apart from what its database holds, so that both can be
compared afterwards.
"""

import hashlib
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import psycopg2
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from cqo_portal import postgres
from registry.states import EducationLevel, IdPaper
from tests.cast import PASSWORD, resident_id

ROOT = Path(settings.BASE_DIR)
PYTHON = sys.executable
COMPANIES = 4
SET_UP = f"""
import django; django.setup()
from datetime import UTC, datetime
from registry.models import County, User
from registry.states import Role
from tests.cast import account, enterprise
county = County.unscoped.get(code="441802")
officer = account("county", Role.COUNTY, "县局一", county=county)
for n in range({COMPANIES}):
    company = enterprise(10000001 + n, f"企业{{'甲乙丙丁'[n]}}公司", by=officer, at=datetime.now(UTC))
    account(f"enterprise-{{n}}", Role.ENTERPRISE, "经办人", enterprise=company)
"""


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def kill_tree(cluster: postgres.Cluster) -> int:
    """kill -9 of every process of a cluster at once; how many there were."""
    found = cluster._processes()
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(found)


class RunningPortal:
    """A cluster with the settings of production, gunicorn before it, and what both wrote."""

    def __init__(self, folder: Path):
        self.folder, self.port, self.web = folder, free_port(), None
        self.cluster = postgres.Cluster(folder / "postgres")
        self.files, self.outbox, self.log = folder / "files", folder / "outbox", folder / "web.log"
        folder.mkdir(parents=True, exist_ok=True)

    def environment(self, role: str = postgres.APP, database: str = postgres.DATABASE) -> dict[str, str]:
        """What a process of this portal finds in its environment."""
        known = {name: value for name, value in os.environ.items() if name not in ("CQO_DEMO", "CQO_OWNER_URL")}
        return known | {
            "DATABASE_URL": self.cluster.url(role, database),
            "DJANGO_SETTINGS_MODULE": "cqo_portal.settings",
            "CQO_FILES": str(self.files),
            "CQO_OUTBOX": str(self.outbox),
            "CQO_BACKUPS": str(self.folder / "backups"),
            "CQO_LOG_FORMAT": "json",
            "PORT": str(self.port),
        }

    def run(self, *arguments, role: str = postgres.OWNER, database: str = postgres.DATABASE, env=None) -> str:
        """What a management command (or ``-c`` code) says. Fails with its words where it fails."""
        command = [PYTHON, *([] if arguments[0] == "-c" else ["manage.py"]), *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(role, database) | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self) -> None:
        """Make the database with its measure, the enterprises and their accounts."""
        self.cluster.start()
        self.cluster.ensure_roles_and_database()
        self.run("migrate", "--no-input", "--verbosity", "0")
        self.run("createcachetable")
        self.run("grant_app_role")
        self.run("load_measure", "registry/measures/qingyuan-2016.toml")
        self.run("-c", SET_UP)

    def start_web(self, **settings: str) -> None:
        """Start gunicorn as production does, with more settings, and wait until it answers."""
        with self.log.open("a") as out:
            self.web = subprocess.Popen(
                [PYTHON, "-m", "gunicorn", "--config", "python:cqo_portal.serving"],
                cwd=ROOT,
                env=self.environment() | settings,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while not self.answers():
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether a page comes."""
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
                line.request("GET", "/healthz")
                return line.getresponse().status < 500
        except OSError:
            return False

    def kill_web(self) -> None:
        """kill -9 of gunicorn's master and workers at once."""
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()

    def end(self) -> None:
        """Stop everything and remove the database."""
        if self.web and self.web.poll() is None:
            self.kill_web()
        self.cluster.remove()

    def rows(self, statement: str, database: str = postgres.DATABASE) -> list[tuple]:
        """What the database answers to its owner."""
        with closing(
            psycopg2.connect(host=str(self.cluster.socket_folder), user=postgres.OWNER, dbname=database)
        ) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []


class Ledger:
    """What the portal acknowledged: for each person's name the address that it showed, for each file its content."""

    def __init__(self):
        self.people: dict[str, str] = {}
        self.facts: dict[str, str] = {}  # school → address of the person
        self.numbers: list[str] = []  # ID numbers that were sent
        self.outcomes = Counter()
        self.lock = threading.Lock()
        self.next = 0

    def __len__(self) -> int:
        return len(self.people) + len(self.facts)

    def number(self) -> int:
        """The next one; nobody else has it."""
        with self.lock:
            self.next += 1
            return self.next


def in_characters(n: int) -> str:
    """A number as a name of four Chinese characters that a form takes."""
    return "试" + "".join("甲乙丙丁戊己庚辛壬癸"[int(digit)] for digit in f"{n:05d}")


class Upload(SimpleUploadedFile):
    """A file that can be sent again."""

    def read(self, *size):
        self.seek(0)
        return super().read(*size)


class Enterprise(threading.Thread):
    """Signs in and puts people on file, every third with a diploma, until told to stop.

    A form whose answer did not come is sent again until it does, as ADR 6 promises that it may be.
    """

    def __init__(self, portal: RunningPortal, n: int, ledger: Ledger):
        super().__init__(daemon=True)
        self.portal, self.n, self.ledger = portal, n, ledger
        self.cookies: dict[str, str] = {}
        self.line, self.page = None, b""
        self.going, self.fault = True, None
        self.signed_in = threading.Event()

    def run(self) -> None:
        """Work until told to stop; keeps what went wrong for the test."""
        try:
            self.sign_in()
            while self.going:
                self.put_on_file(self.ledger.number())
        except Exception as fault:
            self.fault = fault

    def sign_in(self) -> None:
        """Open a session as a browser does; a log-in that was cut in two is done again."""
        answer = None
        while self.going and answer != (302, "/"):
            self.cookies.clear()
            self.send("/accounts/login/")
            if self.cookies:
                answer = self.send("/accounts/login/", {"login": f"enterprise-{self.n}", "password": PASSWORD})
            if answer != (302, "/"):
                time.sleep(1)  # whoever asks again at once uses up what one address may ask, for all of them
        self.signed_in.set()

    def put_on_file(self, n: int) -> None:
        """One person, and perhaps the diploma."""
        name, born = in_characters(n), date(1960, 1, 1) + timedelta(days=n // 500)
        identity = resident_id(n % 500, born)
        with self.ledger.lock:
            self.ledger.numbers.append(identity)
        sent = {"token": uuid4(), "name": name, "id_type": IdPaper.RESIDENT, "id_number": identity}
        sent |= {"position": "质量总监", "since_year": "2020", "since_month": "1", "since_day": "1", "told": "on"}
        status, where = self.send("/candidates/new/", sent)
        if not self.going and status == 0:
            return
        assert status == 302 and where.startswith("/candidates/"), (status, where, self.page.decode())
        self.ledger.people[name] = where
        if n % 3 == 0:
            self.add_diploma(n, where)

    def add_diploma(self, n: int, person: str) -> None:
        """A fact with a picture of its own."""
        data = io.BytesIO()
        Image.new("RGB", (8, 8), (n % 256, n // 256 % 256, n // 65536)).save(data, "PNG")
        sent = {"token": uuid4(), "level": EducationLevel.BACHELOR, "school": in_characters(n), "major": "质量"}
        sent |= {"graduated_on_year": "2000", "graduated_on_month": "7", "graduated_on_day": "1"}
        sent |= {"evidence": Upload("毕业证.png", data.getvalue(), "image/png")}
        status, where = self.send(f"{person}facts/education/new/", sent, upload=True)
        if not self.going and status == 0:
            return
        assert status == 302, (status, where)
        self.ledger.facts[in_characters(n)] = person

    def send(self, path: str, form: dict | None = None, upload: bool = False) -> tuple[int, str]:
        """Ask for a page or send a form, again after each failure of the portal; a refusal is an answer.

        Status and the address shown next; (0, "") when told to stop before there was an answer.
        """
        while True:
            try:
                status, where = self.ask(path, form, upload)
            except (OSError, http.client.HTTPException):
                self.ledger.outcomes["no answer"] += 1
                self.hang_up()
            else:
                if status < 500:
                    self.ledger.outcomes["answered"] += 1
                    return status, where
                self.ledger.outcomes[status] += 1
            if not self.going:
                return 0, ""
            time.sleep(0.2)

    def ask(self, path: str, form: dict | None = None, upload: bool = False) -> tuple[int, str]:
        """One request on the line that is open, or on a new one."""
        self.line = self.line or http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=30)
        headers, body = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}, None
        if form is not None:
            form = form | {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
            body = encode_multipart(BOUNDARY, form) if upload else urlencode(form).encode()
            headers["Content-Type"] = MULTIPART_CONTENT if upload else "application/x-www-form-urlencoded"
        self.line.request("GET" if form is None else "POST", path, body, headers)
        answer = self.line.getresponse()
        self.page = answer.read()
        for header in answer.headers.get_all("Set-Cookie", ()):
            name, value = re.match(r"([^=]+)=([^;]*)", header).groups()
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", "")

    def hang_up(self) -> None:
        """Let go of a line that broke."""
        if self.line:
            self.line.close()
        self.line = None


class Load:
    """Several enterprises at once."""

    def __init__(self, portal: RunningPortal, ledger: Ledger | None = None):
        self.ledger = ledger if ledger is not None else Ledger()
        self.enterprises = [Enterprise(portal, n, self.ledger) for n in range(COMPANIES)]

    def __enter__(self) -> "Load":
        for enterprise in self.enterprises:
            enterprise.start()
        for enterprise in self.enterprises:  # a log-in that a kill cuts in two counts as a guess
            assert enterprise.signed_in.wait(60), repr(enterprise.fault)
        return self

    def __exit__(self, *_) -> None:
        for enterprise in self.enterprises:
            enterprise.going = False
        for enterprise in self.enterprises:
            enterprise.join(60)
        for enterprise in self.enterprises:
            assert not enterprise.is_alive() and enterprise.fault is None, repr(enterprise.fault)

    def wait_for(self, more: int, limit: float = 60) -> None:
        """Wait until so many more acts were acknowledged."""
        goal, end = len(self.ledger) + more, time.monotonic() + limit
        while len(self.ledger) < goal:
            faults = [enterprise.fault for enterprise in self.enterprises if enterprise.fault]
            assert not faults and time.monotonic() < end, (faults, self.ledger.outcomes)
            time.sleep(0.01)


def faults_of(portal: RunningPortal, ledger: Ledger, database: str = postgres.DATABASE) -> dict[str, int]:
    """What was acknowledged and is not there, what is there in halves, and what is there twice."""
    people = dict(portal.rows("SELECT name, reference FROM registry_candidate", database))
    facts = {school for (school,) in portal.rows("SELECT school FROM registry_education", database)}
    lost = [name for name, where in ledger.people.items() if f"/candidates/{people.get(name)}/" != where]
    halves = portal.rows(
        "SELECT c.name FROM registry_candidate c WHERE"
        " (SELECT count(*) FROM registry_employment e WHERE e.candidate_id = c.id) <> 1"
        " OR (SELECT count(*) FROM registry_candidateevent v WHERE v.pgh_obj_id = c.id) < 1"
        " OR NOT EXISTS (SELECT FROM registry_formtoken t WHERE t.result_url = '/candidates/' || c.reference || '/')",
        database,
    )
    twice = portal.rows("SELECT name FROM registry_candidate GROUP BY name HAVING count(*) > 1", database)
    twice += portal.rows("SELECT school FROM registry_education GROUP BY school HAVING count(*) > 1", database)
    spoilt = [
        sha256
        for (sha256,) in portal.rows("SELECT sha256 FROM registry_storedfile", database)
        if not (path := portal.files / sha256[:2] / sha256).exists()
        or hashlib.sha256(path.read_bytes()).hexdigest() != sha256
    ]
    return {
        "lost": len(lost) + len(ledger.facts.keys() - facts),
        "halves": len(halves),
        "twice": len(twice),
        "rows without their file": len(spoilt),
    }


def said(figures: dict) -> None:
    """Print figures so that a long run shows them."""
    print(json.dumps(figures, ensure_ascii=False), file=sys.__stderr__, flush=True)
