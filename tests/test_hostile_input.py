"""What a hostile or unlucky hand sends: each was a fault once, and is a sentence now."""

import io
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from PIL import Image

from registry.actions.files import inspect
from registry.models import Candidate, User
from registry.refusals import Refused
from registry.states import IdPaper
from tests.cast import pdf, resident_id

pytestmark = pytest.mark.django_db


def test_a_photo_of_several_frames_as_phones_write_it_is_taken():
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(photo, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 30))])
    assert inspect(photo.getvalue()).content_type == "image/jpeg"


@pytest.mark.parametrize("spoil", [lambda data: data[:-40], lambda data: data.replace(b"/Pages", b"/Sages")])
def test_a_damaged_pdf_is_refused_or_read_and_never_a_fault(spoil):
    try:
        assert inspect(spoil(pdf())).content_type == "application/pdf"
    except Refused as refusal:
        assert "PDF" in refusal.sentence


def test_a_pdf_of_a_foreign_encryption_is_refused_with_a_sentence():
    locked = pdf().replace(b"trailer\n<<", b"trailer\n<< /Encrypt << /Filter /Foreign /V 9 >>")
    with pytest.raises(Refused, match="PDF"):
        inspect(locked)


@pytest.mark.parametrize("code", ["/", "///", " / ", "", "x" * 400, "%00"])
def test_no_code_typed_by_anybody_is_a_fault(client, measure, code):
    assert client.get(reverse("verify"), {"code": code}, follow=True).status_code == 200


@pytest.mark.parametrize(
    "asked", ["/appointments/new/" + "a" * 300, "/\0a", "//evil.example/", "evil.example", "https://evil.example/"]
)
def test_the_page_asked_for_afterwards_is_a_plain_path_or_the_persons_own(client, user_a, asked):
    client.force_login(user_a)
    typed = {
        "token": uuid4(),
        "name": "钱七",
        "id_type": IdPaper.RESIDENT,
        "id_number": resident_id(77),
        "position": "质量总监",
        "told": "on",
        "since_year": "2020",
        "since_month": "1",
        "since_day": "1",
    }
    path = reverse("candidate_new")
    done = client.post(path, typed, query_params={"next": asked})
    person = Candidate.unscoped.get(name="钱七")
    assert done["Location"] == reverse("candidate_detail", args=[person.reference])


def test_a_version_of_thousands_of_digits_is_no_version(make, company_a, person_a, client, county_one):
    make.qualified(person_a, company_a)
    row = make.submitted(person_a, company_a)
    client.force_login(county_one)
    url = reverse("appointment_queue_confirm") + f"?pick={row.reference}"
    client.post(url, {"token": uuid4(), f"version_{row.reference}": "9" * 5000})
    row.refresh_from_db()
    assert row.state == "submitted"


@pytest.mark.parametrize("lookup", ["id_hash__startswith=a", "id_hash__regex=(", "name__regex=[", "id_cipher=x"])
def test_the_admin_takes_no_lookup_that_no_page_offers(person_a, client, county_one, lookup):
    client.force_login(county_one)
    assert client.get(f"{reverse('admin:registry_candidate_changelist')}?{lookup}").status_code in (302, 400)


def test_a_choice_of_no_row_in_the_admin_is_told(filed_both, client, county_one):
    client.force_login(county_one)
    page = reverse("admin:appointments_appointment_changelist")
    assert client.post(page, {"action": "check_selected", "_selected_action": "x"}, follow=True).status_code == 200


def test_an_account_that_differs_in_case_alone_is_refused(municipal, client, administrator):
    client.force_login(administrator)
    typed = {"username": "MUNICIPAL", "display_name": "另一人", "role": "municipal", "is_active": "on"}
    page = client.post(reverse("admin:registry_user_add"), typed | {"new_password": "correct-horse-7"})
    assert page.status_code == 200 and "不区分大小写" in page.content.decode()
    assert User.unscoped.filter(username__iexact="municipal").count() == 1


def test_an_empty_name_of_a_field_in_the_admin_is_none(person_a, client, county_one):
    client.force_login(county_one)
    page = reverse("admin:registry_candidate_change", args=[person_a.pk])
    assert client.get(f"{page}?_to_field=").status_code == 200
    assert client.get(page.replace("/change/", "/delete/") + "?_to_field=").status_code == 403


def test_the_admin_s_way_to_any_row_by_its_number_is_closed(person_a, client, administrator):
    """It knows no scope, and meets kinds of rows that have no table."""
    client.force_login(administrator)
    found = {client.get(f"/admin/r/{kind.pk}/{person_a.pk}/").status_code for kind in ContentType.objects.all()}
    assert found == {404}


def test_the_admin_has_no_page_of_another_package(client, administrator):
    client.force_login(administrator)
    for path in ("auth/group/", "account/emailaddress/", "mfa/authenticator/", "usersessions/usersession/"):
        assert client.get(f"/admin/{path}").status_code == 404
