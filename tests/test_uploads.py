"""Uploads: what is kept, what is refused with a sentence, and to whom a file is served."""

import io
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfReader, PdfWriter

from registry.actions.files import inspect
from registry.models import Education, StoredFile
from tests.cast import AT, pdf, picture
from tests.test_enterprise_pages import days, sent, signed_in
from tests.test_people_pages import FACTS


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


def upload(client, person, data: bytes, name: str = "学历证书.pdf", **changes):
    """Send a fact with a file as its evidence."""
    typed = FACTS["education"][1] | {"token": uuid4(), "evidence": SimpleUploadedFile(name, data)}
    return client.post(f"/candidates/{person.reference}/facts/education/new/", typed | changes)


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    writer, data = PdfWriter(PdfReader(io.BytesIO(pdf()))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(data)
    return data.getvalue()


REFUSED = {
    "an executable": (b"MZ\x90\x00" + b"\0" * 500, "文件内容不是 PDF、JPG 或 PNG"),
    "an executable behind a PDF's first bytes": (b"%PDF-1.7\nMZ\x90\x00" + b"\0" * 500, "无法打开这份 PDF"),
    "an empty file": (b"", "文件是空的"),
    "a PDF with a password": (locked_pdf(), "设有密码"),
    "40 MB": (b"%PDF-" + b"0" * 40 * 1024 * 1024, "文件超过 10 MB"),
    "a torn picture": (picture()[:40], "无法打开这张图片"),
    "a page of HTML": (b"<html><script>alert(1)</script>", "文件内容不是 PDF、JPG 或 PNG"),
    "a picture of a kind not wanted": (b"GIF89a" + b"\0" * 100, "文件内容不是 PDF、JPG 或 PNG"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_not_what_it_says_gets_a_sentence_and_nothing_is_written(client, user_a, person_a, what):
    data, sentence = REFUSED[what]
    page = upload(signed_in(client, user_a), person_a, data).content.decode()
    assert sentence in page
    assert sent(page, "school") == "某大学"
    assert not StoredFile.unscoped.exists()
    assert not Education.unscoped.exists()


def test_a_form_that_fails_elsewhere_keeps_the_text_and_says_the_file_must_be_chosen_again(client, user_a, person_a):
    page = upload(signed_in(client, user_a), person_a, pdf(), level="").content.decode()
    assert "请选择学历" in page
    assert "需要重新选择" in page
    assert sent(page, "school") == "某大学"
    assert not StoredFile.unscoped.exists()


def test_a_refusal_of_the_fact_keeps_no_file_either(client, user_a, person_a):
    early = days("graduated_on", date(1980, 1, 1))
    assert "出生之前" in upload(signed_in(client, user_a), person_a, pdf(), **early).content.decode()
    assert not StoredFile.unscoped.exists()


def test_a_picture_is_drawn_anew_so_that_nothing_hides_behind_it(client, user_a, person_a):
    upload(signed_in(client, user_a), person_a, picture() + b"<script>alert(1)</script>", "证书.png")
    served = client.get(f"/files/{StoredFile.unscoped.get().reference}/")
    assert b"script" not in served.content
    assert Image.open(io.BytesIO(served.content)).size == (40, 30)
    assert served["Content-Security-Policy"].endswith("; sandbox")


def test_what_a_file_is_decides_its_name_not_what_it_is_called(client, user_a, person_a):
    upload(signed_in(client, user_a), person_a, picture("JPEG"), "../../证书.pdf.exe")
    stored = StoredFile.unscoped.get()
    assert stored.content_type == "image/jpeg"
    assert stored.name.endswith(".jpg")
    assert "/" not in stored.name


def test_a_file_is_served_under_a_generated_name_and_runs_nothing(client, user_a, person_a):
    upload(signed_in(client, user_a), person_a, pdf())
    stored = StoredFile.unscoped.get()
    response = client.get(f"/files/{stored.reference}/")
    assert response["Content-Disposition"] == f'inline; filename="{stored.reference}.pdf"'
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["Cache-Control"] == "private, no-store"
    assert response.content == pdf()


def test_a_file_is_there_for_its_enterprise_its_county_and_the_city_alone(
    client, make, municipal, county_one, county_two, user_a, user_b, company_a
):
    address = f"/files/{make.stored(company_a).reference}/"
    assert client.get(address).status_code == 302
    for user, status in ((user_a, 200), (county_one, 200), (municipal, 200), (user_b, 404), (county_two, 404)):
        assert signed_in(client, user).get(address).status_code == status


@pytest.mark.parametrize("reference", ["0", "0%00", "..%2F0", "0" * 400])
def test_a_file_that_never_was_is_not_there(client, user_a, reference):
    assert signed_in(client, user_a).get(f"/files/{reference}/").status_code == 404


def test_a_photo_is_stored_upright_and_a_transparent_picture_on_white():
    """Phones turn pictures by EXIF, which is not kept; and nothing transparent turns black."""
    turned, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "white").save(turned, "JPEG", exif=exif)
    with Image.open(io.BytesIO(inspect(turned.getvalue()))) as stored:
        assert stored.size == (20, 40) and not stored.getexif()
    clear = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(clear, "PNG")
    with Image.open(io.BytesIO(inspect(clear.getvalue()))) as stored:
        assert stored.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
