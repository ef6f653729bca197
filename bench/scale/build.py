"""One command makes a database of N appointments with everything around them, and keeps it."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from appointments.actions import ask_statements, decide_not, open_case
from appointments.eligibility import checklist
from appointments.models import Appointment, EligibilitySnapshot, Finding
from bench.scale import numbers, schema
from cqo_portal.demo import evidence
from registry import filestore
from registry.actions.files import store_file_of_measure
from registry.actions.measure import load_measure, record_extension
from registry.measures import DIRECTORY, read
from registry.models import Edition, User

HERE = Path(__file__).parent
PASSWORD = "bench-cqo-2026"  # of every account
VARIANTS = 40  # judgements of Art. 6 that are reckoned in earnest, and taken for the others too
CASES = 300  # at most, through the real acts


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long a step took, in seconds."""
    begun = time.monotonic()
    yield
    print(f"{what:34}{time.monotonic() - begun:8.1f} s", flush=True)


def fingerprint(size: int, counties: int) -> str:
    """What a kept database has to be the work of: this load, and the migrations as they stand."""
    files = [*(HERE / f"{name}.py" for name in ("build", "numbers", "schema")), *HERE.glob("sql/*.sql")]
    files += [file for app in schema.OURS for file in Path(apps.get_app_config(app).path, "migrations").glob("0*.py")]
    content = b"".join(file.read_bytes() for file in sorted(files))
    return hashlib.sha256(content + f"{size} {counties}".encode()).hexdigest()


def script(name: str) -> None:
    """Carry out one of the SQL files."""
    with told(name), connection.cursor() as cursor:
        cursor.execute((HERE / "sql" / f"{name}.sql").read_text(encoding="utf-8"))


def _settings(**values) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name.replace("__", "."), str(value)])


def fill(size: int, *, counties: int = 8) -> None:
    """Fill the migrated, empty database of the connection; raises IntegrityError where a row breaks a constraint."""
    begun, at = time.monotonic(), timezone.now()
    scan = evidence.scan("证明", ["模拟数据，供测量使用。"], issuer="模拟单位", as_pdf=True)
    _settings(
        statement_timeout=0, lock_timeout=0, idle_in_transaction_session_timeout=0, work_mem="256MB",
        maintenance_work_mem="1GB", bench__size=size, bench__counties=counties, bench__today=timezone.localdate(at),
        bench__now=at.isoformat(), bench__password=make_password(PASSWORD), bench__file_sha256=filestore.keep(scan),
        bench__file_size=len(scan),
    )  # fmt: skip
    schema.run("SET CONSTRAINTS ALL IMMEDIATE")  # within a transaction no table is altered while checks are pending
    schema.set_defaults()
    load_measure(read(DIRECTORY / "qingyuan-2016.toml"), at=at)
    edition = Edition.unscoped.get()
    _settings(bench__edition=edition.pk)
    schema.stand_on(edition.pk)
    script("10_ground")
    _extend(edition, scan, at=at)
    with told("indexes, triggers off"):
        kept = schema.stripped()
    script("20_lives")
    with told("credit codes, ID numbers"):
        numbers.credit_codes()
        numbers.identities()
    for name in ("30_register", "40_training", "50_appointments"):
        script(name)
    with told("codes of papers"):
        numbers.paper_codes("bench.paper", "bench.code_of_paper")
    script("60_papers")
    script("70_supervision")
    with told("codes of receipts"):
        numbers.paper_codes("bench.receipt", "bench.code_of_receipt")
    script("80_around")
    with told("judgements of Art. 6"):
        _snapshots()
    with told("history"):
        schema.write_history()
        script("90_history")
    with told("indexes, constraints, triggers on"):
        schema.drop_defaults()
        schema.put_back(*kept)
        schema.set_sequences()
    with told("recommendations, by the acts"):
        _cases()
    built = {"size": size, "counties": counties, "seconds": round(time.monotonic() - begun)}
    _keep_only(built | {"fingerprint": fingerprint(size, counties), "day": str(timezone.localdate(at))})


def _extend(edition: Edition, scan: bytes, *, at) -> None:
    """The document that keeps the measure in force since it lapsed (Art. 14)."""
    by = User.unscoped.get(username="administrator")
    document = store_file_of_measure(scan, "通知.pdf", by=by, at=at)
    lapsed, titles = edition.periods.get().period.upper, {"title": "关于延长有效期的通知", "number": "模拟〔2018〕1号"}
    record_extension(
        edition=edition, first_day=lapsed, last_day=None, document=document, by=by, at=at, is_demo=True, **titles
    )


def _snapshots() -> None:
    """Judgements as at filing: some reckoned from their rows in earnest, each of the rest like one of these."""
    sample = Appointment.unscoped.filter(filed_at__isnull=False).with_parties().select_related("edition")
    kept = []
    for appointment in sample.order_by("pk")[:VARIANTS]:
        listed = checklist(appointment, timezone.localdate(appointment.filed_at))
        kept.append(
            EligibilitySnapshot(
                appointment=appointment, edition=listed.basis.edition, outside_basis=False, criteria=listed.as_json(),
                inputs=listed.inputs(), opinions={}, interpretations=listed.interpretations,
                taken_at=appointment.filed_at, taken_by_id=appointment.filed_by_id,
            )
        )  # fmt: skip
    EligibilitySnapshot.unscoped.bulk_create(kept)
    schema.run(
        "INSERT INTO appointments_eligibilitysnapshot"
        " (appointment_id, criteria, inputs, opinions, interpretations, taken_at, taken_by_id)"
        " SELECT f.id, v.criteria, v.inputs, v.opinions, v.interpretations, f.filed_at, bench.municipal()"
        " FROM bench.filing f JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS all"
        " FROM appointments_eligibilitysnapshot) v ON v.n = mod(f.id, v.all) WHERE f.filed_at IS NOT NULL"
        " AND f.id NOT IN (SELECT appointment_id FROM appointments_eligibilitysnapshot) ORDER BY f.id"
    )


def _cases() -> None:
    """Recommendations opened on filed findings of those in office: a third each opened, heard, and decided against."""
    at, today = timezone.now(), timezone.localdate()
    by = User.unscoped.get(username="municipal")
    found = Finding.unscoped.filter(appointment__state="filed", appointment__in_force__contains=today)
    for place, finding in enumerate(found.select_related("appointment").order_by("pk")[:CASES]):
        with transaction.atomic():
            case = open_case(finding.appointment, names=[f"1:{finding.reference}"], by=by, at=at)
            if place % 3 == 1:
                ask_statements(case, version=case.version, due_on=today + timedelta(days=10), by=by, at=at)
            elif place % 3 == 2:
                decide_not(case, version=case.version, reason="情节轻微，企业已改正。", by=by, at=at)


def _keep_only(built: dict) -> None:
    """Drop what only the load needed; note what it was, which says that it is whole."""
    schema.run("DROP SCHEMA bench CASCADE", "CREATE SCHEMA bench", "CREATE TABLE bench.built (note jsonb)")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench.built VALUES (%s)", [json.dumps(built)])


def standing() -> dict | None:
    """What the database says it was built as; None when it was not, or not to the end."""
    if schema.rows("SELECT to_regclass('bench.built') IS NULL")[0][0]:
        return None
    return next((json.loads(note) for (note,) in schema.rows("SELECT note::text FROM bench.built")), None)


def ages(built: dict) -> int:
    """How many days ago it was built: what is due in it has moved since."""
    return (timezone.localdate() - date.fromisoformat(built["day"])).days


def report() -> None:
    """Print what stands in the database, and on the disk."""
    ((total,),) = schema.rows("SELECT pg_database_size(current_database())")
    print(f"{'in all':34}{total / 2**20:10.0f} MB")
    largest = (
        "SELECT relname, reltuples, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND reltuples > 0"
    )
    for name, count, size in schema.rows(f"{largest} ORDER BY 3 DESC LIMIT 25"):
        print(f"{name:34}{size / 2**20:10.0f} MB{count:14,.0f} rows")
