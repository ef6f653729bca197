"""What is logged: one line each, findable by request, and never a person, a phone, a mail, an ID number or a secret."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from cqo_portal import clock, logs, serving
from registry.models import Candidate
from registry.states import IdPaper
from tests.cast import AT, resident_id

TOKEN = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"
PLANTED = {
    "ID number": "11010519491231002X",
    "ID number in small": "11010519491231002x",
    "ID number of old": "110105491231002",
    "ID number in groups": "110105 1949 1231 002X",
    "ID number in full width": "１１０１０５１９４９１２３１００２Ｘ",
    "phone": "13800138000",
    "phone in groups": "138-0013-8000",
    "phone with country": "+86 13800138000",
    "telephone": "0763-3361234",
    "mail": "zhang.san@example.com",
    "mail in an address": "zhang.san%40example.com",
    "link": f"/statements/{TOKEN}/",
}
NAME = "张三"  # not in the lines that raise: those are code, and are shown
TELLING = ("110105", "1949", "１１０１０５", "8000", "3361234", "zhang", "example", TOKEN)


@contextmanager
def written(formatter: type[logging.Formatter] = logs.JsonLines):
    """All that every logger writes in the block, as the console would show it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield out
    finally:
        root.removeHandler(handler)


def lines(out: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("formatter", [logs.JsonLines, logs.Scrubbed])
def test_no_line_shows_what_was_planted(planted, formatter):
    value = PLANTED[planted]
    log = logging.getLogger("registry.jobs")
    with written(formatter) as out:
        log.warning(value)
        log.warning(f"vor{value} nach {value}。")
        log.warning("%s and %s", value, {"id": value})
        try:
            number = value  # a local variable
            try:
                raise KeyError(number)
            except KeyError as error:
                raise ValueError(f"{NAME}的{number}") from error
        except ValueError:
            log.exception("failed for %s", value)
    assert out.getvalue().count("failed for") == 1 and "ValueError" in out.getvalue() and "KeyError" in out.getvalue()
    shown = [part for part in (*TELLING, "张三", "\\u5f20") if part in out.getvalue()]
    assert shown == []


@pytest.mark.parametrize(
    "harmless",
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "RW3F9A0C1B2D4E0 of 2026-11-23 22:06:29,882",
        "test_a_long_name_of_a_function_in_a_traceback",
        "Listening at: http://127.0.0.1:8000 (4096)",
        "任职培训证书 12 份",
    ],
)
def test_what_tells_nothing_of_people_stays_readable(harmless):
    assert logs.scrub(harmless) == harmless


def test_without_the_scrubbing_the_planted_values_would_show(monkeypatch):
    """The planted defect: the same lines with the scrubbing off."""
    monkeypatch.setattr(logs, "PATTERNS", ())
    with written() as out:
        for value in PLANTED.values():
            logging.getLogger("registry.jobs").warning(value)
    shown = [json.loads(line)["message"] for line in out.getvalue().splitlines()]
    assert shown == list(PLANTED.values())


def test_a_record_that_does_not_fit_its_arguments_is_written_all_the_same():
    record = logging.LogRecord("registry", logging.WARNING, __file__, 1, "%d of %d", ("x",), None)
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d of %d"


def test_a_group_and_a_loop_of_exceptions_are_told_once():
    error = ValueError("13800138000")
    error.__context__ = ExceptionGroup("several", [error, KeyError("张三")])
    said = logs.told(error)
    assert said.count("ValueError: …phone…") == 1 and any(line.startswith("KeyError") for line in said)


@pytest.mark.django_db
def test_a_database_s_refusal_is_told_without_the_row(person_a):
    twin = Candidate.unscoped.get()
    twin.pk, twin.reference = None, "RY9999"
    with written() as out:
        try:
            with transaction.atomic():
                twin.save()
        except IntegrityError:
            logging.getLogger("registry.jobs").exception("failed")
    (line,) = lines(out)
    assert "IntegrityError" in " ".join(line["exception"]) and "unique constraint" in " ".join(line["exception"])
    assert person_a.id_hash not in out.getvalue() and "DETAIL" not in out.getvalue()


@pytest.mark.django_db
def test_a_500_and_its_request_are_logged_without_what_was_sent(user_a, client, monkeypatch):
    def broken(*, enterprise, name, id_number, **facts):
        raise RuntimeError(f"{name} {id_number} {facts}")

    monkeypatch.setattr("registry.views.people.record_person", broken)
    client.raise_request_exception = False
    client.force_login(user_a)
    sent = {"token": uuid4(), "name": "王五", "id_type": IdPaper.RESIDENT, "id_number": resident_id(9)}
    sent |= {
        "position": "质量总监",
        "since_year": "2015",
        "since_month": "1",
        "since_day": "1",
        "phone": "13900139000",
        "told": "on",
    }
    with written() as out:
        answer = client.post(f"{reverse('candidate_new')}?q={PLANTED['ID number']}&mail=zhang.san@example.com", sent)
    assert answer.status_code == 500
    told = {line["logger"]: line for line in lines(out)}
    assert told["cqo_portal.requests"] | {"ms": 0, "time": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "cqo_portal.requests",
        "message": "request",
        "request": answer["X-Request-ID"],
        "method": "POST",
        "route": "candidate_new",
        "status": 500,
        "ms": 0,
        "user": user_a.pk,
    }
    assert told["django.request"]["request"] == answer["X-Request-ID"]
    assert told["django.request"]["exception"][-1].startswith("RuntimeError")
    for value in (resident_id(9), "王五", "\\u738b", "13900139000", "zhang.san", "110105", "甲公司", "candidates/new"):
        assert value not in out.getvalue(), value


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "PROPFIND" + resident_id(9)])
def test_a_one_time_link_leaves_no_trace_whatever_is_asked_of_it(method, client):
    with written() as out:
        address = f"/statements/{TOKEN}/"
        client.get(address + "x/") if method == "get" else client.generic(method.upper(), address)
        client.get(f"/{resident_id(9)}/{TOKEN}")
        client.get("/", headers={"host": f"{resident_id(9)}.example.com"})
    assert TOKEN not in out.getvalue() and resident_id(9) not in out.getvalue()
    assert [line["status"] for line in lines(out) if line["logger"] == "cqo_portal.requests"][1:] == [404, 400]


@pytest.mark.django_db
def test_a_request_is_named_by_the_proxy_alone_and_by_nothing_it_could_not_have_made(client, settings):
    own = "0123456789abcdef" * 2
    assert client.get("/healthz", headers={"x-request-id": own})["X-Request-ID"] != own
    settings.BEHIND_PROXY = True
    assert client.get("/healthz", headers={"x-request-id": own})["X-Request-ID"] == own
    for foreign in (resident_id(1), own + "0", own.upper(), "", "a\r\nb"):
        given = client.get("/healthz", headers={"x-request-id": foreign})["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", given) and given != foreign
    assert logs.request_id.get() == ""


@pytest.mark.django_db
def test_a_duty_that_fails_is_logged_without_whom_it_was_about():
    def fail(*, at):
        raise RuntimeError(f"{NAME} {resident_id(1)}")

    with written() as out:
        clock.Clock()._do(clock.Duty("try", timedelta(hours=1), fail), AT)
    (line,) = lines(out)
    assert line["message"] == "Duty failed: try" and line["exception"][-1].startswith("RuntimeError")
    assert resident_id(1) not in out.getvalue() and "\\u5f20" not in out.getvalue()


def test_what_ends_a_process_is_logged_and_not_printed():
    code = f"import django; django.setup(); who = '{resident_id(1)}'; raise ValueError('张三' + who)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "CQO_LOG_FORMAT": "json"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    (line,) = [json.loads(text) for text in done.stderr.splitlines()]
    assert line["level"] == "CRITICAL" and line["exception"][-1].startswith("ValueError")
    assert resident_id(1) not in done.stderr


def test_no_mail_about_a_fault_is_ever_sent():
    """Django would mail the administrators the whole request: form, cookies and all."""
    assert not any(type(handler).__name__ == "AdminEmailHandler" for handler in logging.getLogger("django").handlers)


def test_gunicorn_writes_no_access_log_and_quotes_no_address():
    assert serving.accesslog is None and serving.wsgi_app == "cqo_portal.wsgi"
    with written() as out:
        log = logging.getLogger("gunicorn.error")
        log.error("Error handling request %s", f"/statements/x/?name=zhangsan&n={resident_id(1)}")
        log.warning("Invalid request from ip=%s: %s", "203.0.113.9", "Invalid HTTP header: 'zhangsan'")
    assert [line["message"] for line in lines(out)] == [
        "Error handling request …",
        "Invalid request from ip=… Invalid HTTP header: '…'",
    ]
