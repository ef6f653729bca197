"""Papers in bulk: the bytes that were issued, as files in a ZIP or as one PDF, to whoever may see each of them."""

import io
import zipfile

import pgtrigger
import pytest
from django.urls import reverse
from pypdf import PdfReader

from appointments.models import Paper
from appointments.states import PaperKind
from registry import filestore
from registry.bundling import file_name
from registry.models import Export, Job
from tests.test_exports import taken, work_off
from training.models import Certificate

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(train, person_a, person_a_two, company_a, person_b, company_b):
    """A session of the whole city with three certificates, two of them of 甲公司's people."""
    session = train.session()
    pairs = [(person_a, company_a), (person_a_two, company_a), (person_b, company_b)]
    return session, [train.certified(someone, company, session) for someone, company in pairs]


def fetched(client, key: str, form: str, query: str = "") -> bytes:
    """The file, once the background has made it."""
    response = taken(client, key, form, query)
    assert response.redirect_chain[-1][0].startswith("/jobs/"), response.content.decode()[-3000:]
    work_off(Job.unscoped.filter(kind="export").first())
    return b"".join(client.get(Export.unscoped.first().file_url).streaming_content)


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as folder:
        assert folder.testzip() is None
        return {name: folder.read(name) for name in folder.namelist()}


def test_a_training_body_gets_the_certificates_of_a_session_as_they_were_issued(client, train, three):
    session, certificates = three
    client.force_login(train.trainer)
    page = client.get(reverse("session_certificates", args=[session.reference]) + "?group=issued").content.decode()
    assert f"/exports/new/certificate_list/?session={session.reference}" in page
    found = entries(fetched(client, "certificate_list", "zip", f"session={session.reference}"))
    note = found.pop("说明.txt").decode("utf-8-sig")
    assert found == {file_name(c, c.facts["person_name"]): filestore.fetch(c.sha256) for c in certificates}
    assert f"培训班编号：{session.reference}" in note and "份数：3" in note and train.trainer.display_name in note
    export = Export.unscoped.get()
    assert (export.rows, export.left_out) == (3, 0)


def test_one_pdf_holds_them_all_with_a_bookmark_each_and_a_page_that_says_what_it_is(client, train, three):
    session, certificates = three
    client.force_login(train.trainer)
    reader = PdfReader(io.BytesIO(fetched(client, "certificate_list", "pdf", f"session={session.reference}")))
    assert len(reader.pages) == 4 and "份数：3" in "".join(reader.pages[0].extract_text().split())
    marks = {item.title: reader.get_destination_page_number(item) for item in reader.outline}
    assert set(marks) == {f"{c.number} {c.facts['person_name']}" for c in certificates}
    for certificate in certificates:
        alone = PdfReader(io.BytesIO(filestore.fetch(certificate.sha256))).pages[0]
        bound = reader.pages[marks[f"{certificate.number} {certificate.facts['person_name']}"]]
        assert bound.extract_text() == alone.extract_text() and bound.mediabox == alone.mediabox
        assert bound.get_contents().get_data() == alone.get_contents().get_data()


def test_an_enterprise_gets_its_own_peoples_and_no_others(client, user_a, three, person_b):
    client.force_login(user_a)
    found = entries(fetched(client, "certificate_list", "zip"))
    assert len(found) == 3 and not any(person_b.name in name for name in found)


def test_a_county_gets_its_receipts_and_what_has_none_is_named(
    client, make, county_one, everything, person_a_two, company_a
):
    make.draft(person_a_two, company_a)
    client.force_login(county_one)
    found = entries(fetched(client, "appointment_list", "zip"))
    receipt = Paper.unscoped.filter(appointment=everything["a"], kind=PaperKind.RECEIPT).latest("version")
    note = found.pop("说明.txt").decode("utf-8-sig")
    assert list(found.values()) == [filestore.fetch(receipt.sha256)]
    assert receipt.number in next(iter(found)) and company_a.name in next(iter(found))
    assert f"{company_a.name}_{person_a_two.name}：还没有这份文件" in note and "未列入：1" in note


@pytest.mark.parametrize("form", ["zip", "pdf"])
def test_what_is_missing_or_spoilt_is_named_and_the_rest_goes_on(form, client, train, three, caplog):
    session, (whole, gone, spoilt) = three
    filestore.path_of(gone.sha256).unlink()
    filestore.path_of(spoilt.sha256).write_bytes(b"%PDF-1.7 other")
    client.force_login(train.trainer)
    data = fetched(client, "certificate_list", form, f"session={session.reference}")
    if form == "zip":
        found = entries(data)
        note = found.pop("说明.txt").decode("utf-8-sig")
        assert list(found.values()) == [filestore.fetch(whole.sha256)]
    else:
        reader = PdfReader(io.BytesIO(data))
        assert len(reader.pages) == 2 and len(reader.outline) == 1
        note = "".join(reader.pages[0].extract_text().split())
    words = "".join(note.split())
    assert f"{gone.number}{gone.facts['person_name']}：文件缺失" in words
    assert f"{spoilt.number}{spoilt.facts['person_name']}：内容与出具时不一致" in words
    assert Export.unscoped.get().left_out == 2
    assert caplog.text.count("stored bytes do not match") == 2
    page = client.get(reverse("export_list")).content.decode()
    assert "未列入 2 份" in page


def test_a_file_that_is_no_pdf_is_left_out_of_the_volume_and_stays_in_the_folder(client, train, three):
    session, (odd, *_) = three
    data = b"not a PDF at all"
    sha256 = filestore.keep(data)
    with pgtrigger.ignore("training.Certificate:certificate_append_only"):
        Certificate.unscoped.filter(pk=odd.pk).update(sha256=sha256)
    client.force_login(train.trainer)
    volume = PdfReader(io.BytesIO(fetched(client, "certificate_list", "pdf", f"session={session.reference}")))
    assert "无法并入" in "".join(volume.pages[0].extract_text().split()) and len(volume.pages) == 3
    assert data in entries(fetched(client, "certificate_list", "zip", f"session={session.reference}")).values()


@pytest.mark.parametrize(
    "number, name, expected",
    [
        ("清质协培〔2026〕1号", "张三", "清质协培〔2026〕1号_张三.pdf"),
        ("1/../..\\x", 'a:b*?"<>|', "1-..-..-x_a-b.pdf"),
        ("QF1", "甲\u202e乙\x07", "QF1_甲乙.pdf"),
        ("QF1", "长" * 200, "QF1_" + "长" * 76 + ".pdf"),
    ],
)
def test_a_files_name_tells_whose_it_is_and_harms_no_disk(number, name, expected):
    assert file_name(Certificate(number=number), name) == expected
