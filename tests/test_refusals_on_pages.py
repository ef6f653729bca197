"""A database that is busy, or a request that is too large, is told in a sentence; nothing is half-written."""

import threading
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.urls import reverse

from registry.faults import BUSY
from registry.models import Enterprise
from tests.test_access import fingerprint


@pytest.fixture
def held(company_a):
    """Somebody else holds 甲公司's row, in another connection, until the test is over."""
    locked, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Enterprise.unscoped.select_for_update().get(pk=company_a.pk)
            locked.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(10)
    yield
    done.set()
    thread.join()


def hurried():
    """This connection waits for a lock a tenth of a second, where the portal waits five."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_while_another_holds_the_row_comes_back_with_a_sentence(
    make, person_a, company_a, client, user_a, held
):
    client.force_login(user_a)
    hurried()
    page = client.post(reverse("appointment_new"), {"token": uuid4(), "candidate": person_a.reference})
    assert page.status_code == 200 and BUSY in page.content.decode()
    assert not company_a.appointments.exists()


@pytest.mark.django_db(transaction=True)
def test_saving_while_typing_leads_back_to_the_page_with_a_sentence(make, person_a, company_a, client, user_a, request):
    draft = make.draft(person_a, company_a)
    request.getfixturevalue("held")
    client.force_login(user_a)
    hurried()
    before, step = fingerprint(), reverse("appointment_step", args=[draft.reference, 3])
    saved = client.post(
        reverse("appointment_autosave", args=[draft.reference, 3]),
        {"token": uuid4(), "version": draft.version, "position": "厂长"},
        headers={"HX-Request": "true", "Referer": f"http://testserver{step}"},
    )
    assert saved.headers["HX-Redirect"].endswith(step)
    assert BUSY in client.get(step).content.decode()
    assert fingerprint() == before


@pytest.mark.django_db
def test_a_request_beyond_the_limit_is_told_in_chinese(client, user_a, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client.force_login(user_a)
    page = client.post(reverse("appointment_new"), {"token": uuid4(), "candidate": "长" * 5000})
    assert page.status_code in (400, 413)
    assert "过大" in page.content.decode() or "超过" in page.content.decode()
