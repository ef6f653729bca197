"""Public verification: one answer in each state, told to anybody, counted, limited, and of no use for guessing."""

import hashlib
import os
import re
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import get_type_hints

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appointments import actions
from appointments.documents import LetterFacts, letter_of_appointment
from appointments.models import Appointment, Paper
from appointments.states import EndReason, PaperKind
from cqo_portal.verification.pages import LIMITS, UNKNOWN_LIMIT
from registry import filestore
from registry.actions.people import correct_name
from registry.models import Enterprise, RateWindow, StoredFile, VerificationTally
from registry.models.checks import tally_of
from registry.ratelimit import client_address, purge_windows, spend
from registry.states import CheckResult, CheckWay
from registry.verification import ALPHABET, is_genuine, new_code, url_for
from tests.browser import chromium, visitor
from tests.cast import AT, PASSWORD, TODAY, pdf
from tests.training_cast import EARLIER
from training import actions as training
from training.documents import CertificateFacts, certificate

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
FIELDS = {
    "result", "word", "sentence", "kind", "title", "number", "version", "name", "enterprise", "issuer", "valid_from",
    "valid_to", "since", "checked_at",
}  # fmt: skip
DAY = timedelta(days=1)
DROP = """(where) => {
  const held = new DataTransfer();
  held.items.add(new File(["%PDF-1.7"], "聘书.pdf", {type: "application/pdf"}));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: held});
    document.querySelector(where).dispatchEvent(event);
  }
  return [...document.querySelector("#file").files].map((file) => file.name);
}"""


@pytest.fixture(autouse=True)
def now():
    """The moment of the cast."""
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def of(appointment, kind=PaperKind.LETTER) -> Paper:
    """The newest paper of that kind."""
    return appointment.papers.filter(kind=kind).first()


def page_of(client, code: str):
    return client.get(reverse("verify_paper", args=[code]))


def text_of(response) -> str:
    """What a person reads on the page."""
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", main.partition(">")[2]))


def heading(response) -> str:
    return re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)</h1>", response.content.decode(), re.DOTALL)[1])


def told(client, code: str) -> dict:
    """The answer as a program gets it."""
    return client.get(reverse("verify_paper", args=[code]), headers=JSON).json()


def dropped(client, data: bytes, name: str = "聘书.pdf", **options):
    """A file dropped on the page, and wherever that leads."""
    return client.post(reverse("verify"), {"file": SimpleUploadedFile(name, data)}, **options)


def bytes_of(paper: Paper) -> bytes:
    return filestore.fetch(paper.sha256)


# --- One answer in each state -----------------------------------------------------------------------------------------


def ended(make, person, company, reason: str) -> Appointment:
    row = make.filed(person, company, first_day=TODAY - 30 * DAY)
    by = make.enterprise_user(company)
    return actions.end(row, version=row.version, reason=reason, last_day=TODAY - DAY, by=by, at=AT)


def replaced(make, person, company) -> Appointment:
    """Returned, corrected and submitted again: the letter that named another first day gives way to a second."""
    row, by = make.returned(person, company), make.enterprise_user(company)
    row = actions.save_draft(row, version=row.version, by=by, at=AT, position="总质量师")
    return actions.submit(row, version=row.version, by=by, at=AT)


def long_ago(make, person, company, state: str) -> Appointment:
    return make.in_state(state, person, company, at=AT.replace(year=2020), first_day=date(2020, 12, 1))


IN_STATE = {
    "filed, in its term": (
        lambda *w: w[0].filed(*w[1:], first_day=TODAY),
        CheckResult.VALID, "有效", "今天在聘任期限内",
    ),
    "filed, its term to come": (lambda *w: w[0].filed(*w[1:]), CheckResult.VALID, "有效", "聘任期限尚未开始"),
    "submitted": (lambda *w: w[0].submitted(*w[1:]), CheckResult.NOT_YET_FILED, "真实，尚未登记", "质监部门尚未登记"),
    "checked": (lambda *w: w[0].checked(*w[1:]), CheckResult.NOT_YET_FILED, "真实，尚未登记", "以企业任命为准"),
    "returned": (lambda *w: w[0].returned(*w[1:]), CheckResult.NOT_YET_FILED, "真实，尚未登记", "质监部门尚未登记"),
    "withdrawn": (
        lambda *w: w[0].withdrawn(*w[1:]),
        CheckResult.WITHDRAWN, "已撤回（2026年11月22日）", "撤回这项任命",
    ),
    "dismissed": (
        lambda *w: ended(*w, EndReason.DISMISSED),
        CheckResult.DISMISSED, "已解除（2026年11月21日）", "企业已于2026年11月21日解除聘任",
    ),
    "resigned": (
        lambda *w: ended(*w, EndReason.RESIGNED),
        CheckResult.RESIGNED, "已辞任（2026年11月21日）", "本人已于2026年11月21日辞任",
    ),
    "closed": (
        lambda *w: ended(*w, EndReason.CLOSED),
        CheckResult.CLOSED, "已终止（2026年11月21日）", "企业已于2026年11月21日终止",
    ),
    "another person in the place": (
        lambda *w: ended(*w, EndReason.SUPERSEDED),
        CheckResult.SUCCEEDED, "已改聘（2026年11月21日）", "改聘他人",
    ),
    "over, filed": (
        lambda *w: long_ago(*w, "filed"), CheckResult.EXPIRED, "已期满", "聘任期限已于2022年11月30日届满",
    ),
    "over, never filed": (
        lambda *w: long_ago(*w, "checked"), CheckResult.NEVER_FILED, "真实，从未登记", "始终没有登记",
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", IN_STATE)
def test_a_letter_is_told_by_one_word_and_one_sentence_in_each_state(client, make, person_a, company_a, state):
    made, result, word, words = IN_STATE[state]
    letter = of(made(make, person_a, company_a))
    response = page_of(client, letter.code)
    assert response.status_code == 200 and heading(response) == word and words in text_of(response)
    assert told(client, letter.code)["result"] == result
    others = {label for value, label in CheckResult.choices if value != result}
    assert not [label for label in others if f"<h1>{label}" in response.content.decode()]


@pytest.mark.parametrize("kind", PaperKind)
def test_each_kind_of_paper_is_told_by_its_own_name_number_and_issuer(client, make, person_a, company_a, kind):
    paper = of(make.filed(person_a, company_a, first_day=TODAY), kind)
    answer, text = told(client, paper.code), text_of(page_of(client, paper.code))
    authority = paper.appointment.edition.authority
    assert answer["issuer"] == (authority if kind == PaperKind.RECEIPT else "甲公司") and authority in text
    assert f"这份{paper.get_kind_display()}真实" in text and re.sub(r"\s", "", paper.number) in text


@pytest.mark.parametrize("kind", PaperKind)
def test_each_kind_of_paper_ends_with_the_appointment(client, make, person_a, company_a, kind):
    paper = of(ended(make, person_a, company_a, EndReason.DISMISSED), kind)
    assert f"这份{paper.get_kind_display()}此后不再有效" in text_of(page_of(client, paper.code))
    assert told(client, paper.code)["since"] == "2026-11-21"


@pytest.mark.parametrize("kind", [PaperKind.LETTER, PaperKind.AUTHORISATION])
def test_the_papers_of_the_enterprise_are_genuine_before_the_bureau_files(client, make, person_a, company_a, kind):
    paper = of(make.submitted(person_a, company_a), kind)
    assert told(client, paper.code)["result"] == "not_yet_filed"


def test_a_paper_with_a_later_version_is_told_as_replaced_and_the_later_one_is_not(client, make, person_a, company_a):
    row = replaced(make, person_a, company_a)
    first, second = row.papers.filter(kind=PaperKind.AUTHORISATION).order_by("version")
    response = page_of(client, first.code)
    assert heading(response) == "已被代替（2026年11月22日）" and "第2版" in text_of(response)
    assert told(client, second.code)["result"] == "not_yet_filed"
    assert "授权书（第2版）" in text_of(page_of(client, second.code))


def test_the_answer_changes_at_midnight_in_qingyuan(client, make, person_a, company_a, now):
    paper = of(make.filed(person_a, company_a, first_day=date(2024, 11, 23), at=AT))
    now.move_to(datetime.fromisoformat("2026-11-22T23:59:00+08:00"))
    assert told(client, paper.code)["result"] == "valid"
    now.move_to(datetime.fromisoformat("2026-11-23T00:01:00+08:00"))
    assert told(client, paper.code)["result"] == "expired"


def test_a_page_says_the_least_that_tells_a_paper(client, make, person_a, company_a):
    row = make.filed(make.qualified(person_a, company_a), company_a, first_day=TODAY)
    for code in row.papers.values_list("code", flat=True):
        text = text_of(page_of(client, code)) + str(told(client, code))
        assert "张*" in text and "张三" not in text and "甲公司" in text
        secret = (person_a.id_masked, company_a.credit_code, company_a.contact_phone, row.reference, row.position)
        assert not [word for word in (*secret, "李法人", "王负责", "赵联系", "质量管理部") if word in text]


def test_a_paper_is_told_by_the_names_printed_on_it(client, make, person_a, company_a):
    letter = of(make.filed(person_a, company_a))
    type(person_a).unscoped.filter(pk=person_a.pk).update(name="李三")
    Enterprise.unscoped.filter(pk=company_a.pk).update(name="新甲公司")
    answer = told(client, letter.code)
    assert (answer["name"], answer["enterprise"]) == ("张*", "甲公司")


def test_a_certificate_is_valid_without_a_last_day(client, train, person_a, company_a):
    answer = told(client, train.certified(person_a, company_a).code)
    assert (answer["result"], answer["since"], answer["valid_to"]) == ("valid", None, None)
    assert (answer["title"], answer["name"], answer["enterprise"]) == ("培训证书（任职培训）", "张*", "甲公司")
    assert (answer["issuer"], answer["valid_from"]) == ("清远市质量协会", "2026-11-22")


def test_a_certificate_of_somebody_without_an_enterprise_names_none(client, train, free_one, county_one):
    enrolment = training.enrol_free(train.session(), candidate=free_one, by=county_one, at=EARLIER)
    certificate = training.issue_certificate(train.results(enrolment), by=train.trainer, at=AT)
    assert told(client, certificate.code)["enterprise"] is None
    assert "甲公司" not in text_of(page_of(client, certificate.code))


def test_a_revocation_is_told_from_its_second_person_on_with_its_day(client, train, municipal, person_a, company_a):
    certificate = train.certified(person_a, company_a)
    revocation = training.propose_revocation(certificate, reason="替考", by=train.trainer, at=AT)
    assert told(client, certificate.code)["result"] == "valid"
    training.confirm_revocation(revocation, by=municipal, at=AT)
    answer = told(client, certificate.code)
    assert (answer["result"], answer["since"]) == ("revoked", "2026-11-22")
    assert answer["sentence"] == "这份培训证书已于2026年11月22日撤销，自该日起无效。"
    assert "替考" not in text_of(page_of(client, certificate.code))


def test_a_corrected_certificate_gives_way_to_the_later_version(client, train, county_one, person_a, company_a):
    first = train.certified(person_a, company_a)
    before = client.get(reverse("verify_paper", args=[first.code])).status_code, filestore.fetch(first.sha256)
    correct_name(person_a, name="张山", reason="误写", version=person_a.version, by=county_one, at=AT)
    later = training.reissue_certificate(first, reason="姓名更正", by=train.trainer, at=AT)
    assert told(client, first.code)["result"] == "superseded" and told(client, later.code)["result"] == "valid"
    assert told(client, first.code)["name"] == told(client, later.code)["name"] == "张*"
    assert before == (200, filestore.fetch(first.sha256)) and later.number == first.number


# --- Codes ------------------------------------------------------------------------------------------------------------


def paper_queries(asked: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in asked if "appointments_paper" in query["sql"] or "certificate" in query["sql"]]


def test_a_made_up_code_is_told_without_asking_the_tables_of_papers(client, make, person_a, company_a):
    code = of(make.filed(person_a, company_a)).code
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = page_of(client, wrong)
    assert heading(response) == "查无此证" and paper_queries(asked) == []
    with CaptureQueriesContext(connection) as asked:
        page_of(client, code)
    assert len(paper_queries(asked)) == 1


def test_a_code_of_ours_for_no_paper_is_unknown(client, measure):
    assert heading(page_of(client, new_code("letter"))) == "查无此证"
    assert heading(page_of(client, new_code("certificate"))) == "查无此证"


def test_an_address_that_differs_by_one_letter_is_unknown_wherever_it_differs(client, make, person_a, company_a, now):
    code = of(make.filed(person_a, company_a)).code
    for place in (0, 1, 2, 20, 43):
        other = code[:place] + next(c for c in ALPHABET if c != code[place]) + code[place + 1 :]
        assert heading(page_of(client, other)) == "查无此证"


FULL_WIDTH = {letter: letter + 0xFEE0 for letter in range(33, 127)}


@pytest.mark.parametrize(
    "typed",
    [str.lower, lambda code: code.replace("-", " "), lambda code: code.translate(FULL_WIDTH)],
    ids=["lower case", "spaces", "full width"],
)
def test_a_code_is_taken_as_people_type_it(client, make, person_a, company_a, typed):
    code = of(make.filed(person_a, company_a)).code
    response = client.get(reverse("verify"), {"code": typed(code)})
    assert response.status_code == 302 and response["Location"] == reverse("verify_paper", args=[code])
    assert told(client, typed(code))["result"] == "valid"


def test_an_unknown_code_is_kept_in_its_field_and_escaped(client, measure):
    page = client.get("/verify/<b>P1/").content.decode()
    assert "<b>P1" not in page
    page = page_of(client, "<b>P1").content.decode()
    assert 'value="&lt;b&gt;P1"' in page and "请这样做" in page


def test_ten_thousand_guesses_find_nothing(settings):
    settings.CODE_KEYS = {1: "11" * 32}
    guesses = ("P1" + "".join(secrets.choice(ALPHABET) for _ in range(34)) for _ in range(10_000))
    assert not any(map(is_genuine, guesses))


# --- Headers and JSON -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, JSON], ids=["page", "JSON"])
def test_no_answer_is_kept_or_found_by_a_search_engine(client, make, person_a, company_a, headers):
    letter = of(make.filed(person_a, company_a))
    answers = [client.get(url, headers=headers) for url in (f"/verify/{letter.code}/", "/verify/P1/", "/verify/")]
    answers += [client.get("/verify/?code=P1", headers=headers), dropped(client, pdf(), headers=headers)]
    answers.append(dropped(client, bytes_of(letter), headers=headers))
    for answer in answers:
        assert "no-store" in answer["Cache-Control"], answer
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert "Accept" in answer["Vary"]


def test_a_program_gets_every_field_each_time(client, make, person_a, company_a):
    letter = of(make.filed(person_a, company_a, first_day=TODAY))
    answer = told(client, letter.code)
    assert set(answer) == FIELDS == set(told(client, "P1"))
    assert answer | {"sentence": ""} == {
        "result": "valid", "word": "有效", "sentence": "", "kind": "letter", "title": "聘书", "number": letter.number,
        "version": 1, "name": "张*", "enterprise": "甲公司", "issuer": "甲公司", "valid_from": "2026-11-22",
        "valid_to": "2028-11-21", "since": None, "checked_at": "2026-11-22T10:00:00+08:00",
    }  # fmt: skip
    assert {value for name, value in told(client, "P1").items() if name not in ("result", "word", "sentence")} == {
        None,
        "2026-11-22T10:00:00+08:00",
    }


def test_a_program_is_told_200_for_unknown_and_400_for_what_is_no_question(client, measure):
    unknown = client.get("/verify/P1/", headers=JSON)
    assert (unknown.status_code, unknown.json()["result"]) == (200, "unknown")
    for response in (client.get("/verify/", headers=JSON), dropped(client, b"", headers=JSON)):
        assert (response.status_code, response.json()["result"]) == (400, "unreadable")


@pytest.mark.parametrize("accept", ["*/*", "", "text/html,application/xhtml+xml,*/*;q=0.8", "image/png"])
def test_whoever_does_not_ask_for_json_gets_the_page(client, measure, accept):
    assert client.get("/verify/P1/", headers={"accept": accept})["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("method", ["head", "put", "patch", "delete", "post"])
def test_an_answer_is_got_and_nothing_else(client, measure, method):
    assert getattr(client, method)("/verify/P1/").status_code == 405


def test_the_page_names_the_official_address_and_warns_of_others(client, measure, settings):
    settings.PUBLIC_ORIGIN = "https://cqo.example.gov.cn"
    for url in ("/verify/", "/verify/P1/"):
        text = text_of(client.get(url))
        assert "请认准官方网址https://cqo.example.gov.cn" in text and "仿冒" in text


# --- The file itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PaperKind)
def test_the_pdf_as_issued_leads_to_its_answer_and_is_told_to_be_the_same_once(client, make, person_a, company_a, kind):
    paper = of(make.filed(person_a, company_a, first_day=TODAY), kind)
    response = dropped(client, bytes_of(paper), follow=True)
    assert response.redirect_chain == [(reverse("verify_paper", args=[paper.code]), 302)]
    assert heading(response) == "有效" and "逐字节相同" in text_of(response)
    assert "逐字节相同" not in text_of(page_of(client, paper.code))


def test_that_the_file_is_the_same_cannot_be_said_by_an_address_or_for_another_paper(client, make, person_a, company_a):
    row = make.filed(person_a, company_a)
    dropped(client, bytes_of(of(row)))
    other = of(row, PaperKind.RECEIPT)
    assert "逐字节相同" not in text_of(page_of(client, other.code))
    forged = Client()
    forged.cookies["verified_file"] = f"{other.code}:x:y"
    assert "逐字节相同" not in text_of(page_of(forged, other.code))


def test_the_file_of_an_ended_appointment_is_genuine_and_told_as_ended(client, make, person_a, company_a):
    letter = of(ended(make, person_a, company_a, EndReason.DISMISSED))
    response = dropped(client, bytes_of(letter), follow=True)
    assert heading(response).startswith("已解除") and "不等于现在有效" in text_of(response)


def test_one_flipped_bit_anywhere_is_told_as_not_genuine(client, make, person_a, company_a, now):
    data = bytes_of(of(make.filed(person_a, company_a)))
    for place in (9, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 1
        response = dropped(client, bytes(changed))
        assert response.status_code == 200 and heading(response) == "文件不符"
        assert "重新保存" in text_of(response) and "输入核验码" in text_of(response)
    assert dropped(client, data + b"\n").status_code == 200
    assert heading(dropped(client, data[:-1])) == "文件不符"


def digit_changed(words: str) -> str:
    """The same words with their last digit, or without one their last character, another."""
    place = max((n for n, c in enumerate(words) if c.isdigit()), default=len(words) - 1)
    other = str((int(words[place]) + 1) % 10) if words[place].isdigit() else "四"
    return words[:place] + other + words[place + 1 :]


def letter_of(make, train, person, company):
    """A letter as issued, the facts it was drawn from, and what draws it."""
    paper = of(make.filed(person, company))
    facts = drawn_from(LetterFacts, paper, signed_on=timezone.localdate(paper.issued_at))
    return paper, facts, letter_of_appointment, ("number", "person_name", "first_day")


def certificate_of(make, train, person, company):
    """The same of a 培训证书."""
    paper = train.certified(person, company)
    facts = drawn_from(CertificateFacts, paper, issued_on=paper.issued_on)
    return paper, facts, certificate, ("number", "person_name", "issued_on")


def drawn_from(kind, paper, **more):
    """The facts of a paper, as they were kept in words, in their types."""
    own = {"number": paper.number, "version": paper.version, "code": paper.code, "verify_url": url_for(paper.code)}
    kept = {name: typed(get_type_hints(kind)[name], words) for name, words in paper.facts.items()}
    return kind(**kept | own | more)


def typed(of_type, words):
    """A fact in its type; what was kept in its type already stays."""
    if of_type is date:
        return date.fromisoformat(words)
    return words == "True" if of_type is bool and isinstance(words, str) else of_type(words)


@pytest.mark.parametrize("drawn", [letter_of, certificate_of], ids=["letter", "certificate"])
def test_a_paper_drawn_anew_with_one_digit_of_number_name_or_date_changed_is_not_genuine(
    client, make, train, person_a, company_a, drawn
):
    paper, facts, draw, changed = drawn(make, train, person_a, company_a)
    assert heading(dropped(client, bytes_of(paper), follow=True)) != "文件不符"
    for name in changed:
        value = getattr(facts, name)
        other = value + DAY if isinstance(value, date) else digit_changed(value)
        forged = draw(replace(facts, **{name: other}))
        assert heading(dropped(client, forged)) == "文件不符", name


def test_a_process_that_begins_anew_reads_the_same_bytes(make, train, settings, person_a, company_a):
    papers = [of(make.filed(person_a, company_a)), train.certified(person_a, company_a)]
    script = "import sys, django; django.setup(); from registry import filestore; "
    script += "[sys.stdout.buffer.write(filestore.fetch(sha256)) for sha256 in sys.argv[1:]]"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings", "CQO_TEST_FILES": str(settings.FILES_DIR)
    }  # fmt: skip
    read = subprocess.run(
        [sys.executable, "-c", script, *(paper.sha256 for paper in papers)],
        env=environment, cwd=settings.BASE_DIR, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert read == b"".join(bytes_of(paper) for paper in papers)
    start = 0
    for paper in papers:
        assert hashlib.sha256(read[start : start + paper.size]).hexdigest() == paper.sha256
        start += paper.size
    assert start == len(read)


FAULTY = {
    "an empty file": (b"", "文件是空的"),
    "a picture": (b"\x89PNG\r\n" + b"\0" * 99, "这不是 PDF 文件"),
    "a few bytes": (b"%P", "这不是 PDF 文件"),
    "40 MB": (b"%PDF-" + b"0" * 40 * 2**20, "文件超过 10 MB"),
    "one byte above the limit": (b"%PDF-".ljust(10 * 2**20 + 1, b"0"), "文件超过 10 MB"),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_file_that_cannot_be_compared_gets_a_sentence(client, measure, what):
    data, sentence = FAULTY[what]
    response = dropped(client, data)
    assert response.status_code == 400
    assert response.content.decode().count(sentence) == 2, "above the form and at the field"
    assert "<title>错误：" in response.content.decode()


def test_no_file_at_all_gets_a_sentence(client, measure):
    response = client.post(reverse("verify"), {"file": "聘书"})
    assert response.status_code == 400 and "请选择要核对的 PDF 文件" in response.content.decode()


def test_a_file_of_the_largest_size_is_hashed_in_pieces_and_kept_nowhere(client, measure, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    before = set(settings.FILES_DIR.rglob("*"))
    data = b"%PDF-".ljust(10 * 2**20, b"0")
    response = dropped(client, data)
    assert heading(response) == "文件不符"
    file = response.wsgi_request.FILES["file"]
    assert (file.sha256, file.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert file.head == b"%PDF-" and file.closed, "five bytes are all that is left of it"
    assert list(tmp_path.iterdir()) == [] and set(settings.FILES_DIR.rglob("*")) == before
    assert not StoredFile.unscoped.exists()


def test_a_file_is_taken_from_our_own_page_alone(measure):
    client = Client(enforce_csrf_checks=True)
    refused = dropped(client, pdf())
    assert refused.status_code == 403 and "页面已过期" in refused.content.decode()
    client.get(reverse("verify"))
    token = client.cookies["csrftoken"].value
    data = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("聘书.pdf", pdf())}
    assert heading(client.post(reverse("verify"), data)) == "文件不符"
    large = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("聘书.pdf", FAULTY["40 MB"][0])}
    assert client.post(reverse("verify"), large).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_file_dropped_on_the_page_is_the_file_chosen_and_one_dropped_beside_it_is_not(live_server):
    with chromium() as browser:
        page = visitor(browser, live_server.url).new_page()
        page.goto("/verify/")
        assert [page.evaluate(DROP, where) for where in ("h1", "[data-drop]")] == [[], ["聘书.pdf"]]
        page.get_by_role("button", name="核对文件").click()
        assert page.get_by_role("heading", level=1).inner_text() == "文件不符"


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_who_guesses_is_told_to_wait_and_learns_nothing_before(client, measure):
    answers = [page_of(client, f"P1{n:034d}") for n in range(200)]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200] * UNKNOWN_LIMIT[1] + [429] * (200 - UNKNOWN_LIMIT[1])
    assert {heading(answer) for answer in answers[: UNKNOWN_LIMIT[1]]} == {"查无此证"}
    last = answers[-1]
    assert heading(last) == "核验太频繁" and "不是对文件的答复" in text_of(last)
    assert 0 < int(last["Retry-After"]) <= 3600 and "no-store" in last["Cache-Control"]


def test_a_program_is_told_429_as_json(client, measure):
    answers = [client.get("/verify/P1/", headers=JSON) for _ in range(UNKNOWN_LIMIT[1] + 1)]
    assert answers[-1].status_code == 429 and answers[-1].json()["result"] == "too_many"
    assert answers[-1]["Retry-After"] and set(answers[-1].json()) == FIELDS


def test_who_mistypes_ten_times_still_gets_the_answer_for_a_code_that_is_right(client, make, person_a, company_a):
    for _ in range(UNKNOWN_LIMIT[1] + 5):
        page_of(client, "P1")
    assert told(client, of(make.filed(person_a, company_a)).code)["result"] == "valid"


def test_checks_of_genuine_papers_are_limited_by_minute_and_by_hour(client, make, person_a, company_a, now):
    code = of(make.filed(person_a, company_a)).code
    (_, minute, _), (_, hour, _) = LIMITS
    answered = 0
    for passed in range(hour // minute + 1):
        now.move_to(AT + timedelta(minutes=passed))
        statuses = [page_of(client, code).status_code for _ in range(minute + 1)]
        answered += statuses.count(200)
        assert statuses[-1] == 429
    assert answered <= hour
    now.move_to(AT + timedelta(hours=1))
    assert page_of(client, code).status_code == 200


def test_files_are_limited_too_and_before_they_are_read(client, measure):
    for _ in range(UNKNOWN_LIMIT[1]):
        assert dropped(client, pdf()).status_code == 200
    assert dropped(client, pdf()).status_code == 429
    for _ in range(LIMITS[0][1]):
        response = dropped(client, pdf())
    assert response.status_code == 429 and not hasattr(response.wsgi_request, "_files")


def test_one_clients_limit_is_not_anothers(client, measure):
    for _ in range(UNKNOWN_LIMIT[1] + 1):
        mine = client.get("/verify/P1/", REMOTE_ADDR="192.0.2.1")
    assert mine.status_code == 429
    assert client.get("/verify/P1/", REMOTE_ADDR="192.0.2.2").status_code == 200


def addressed(forwarded: str | None, remote: str = "192.0.2.1") -> str:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote))


def test_a_client_is_whom_the_proxy_saw_and_never_who_it_says_it_is(settings):
    assert addressed("203.0.113.9") == "192.0.2.1", "without a proxy the header is anybody's"
    settings.BEHIND_PROXY = True
    assert addressed("198.51.100.7, 203.0.113.9") == "203.0.113.9"
    assert addressed("203.0.113.9") == "203.0.113.9"
    assert addressed(None) == addressed("") == "192.0.2.1"
    assert addressed("1.1.1.1, unknown") == "unknown"


def test_an_ipv6_client_is_its_network(settings):
    assert addressed(None, "2001:db8:1:2:aaaa::1") == addressed(None, "2001:db8:1:2:bbbb::9") == "2001:db8:1:2::"
    assert addressed(None, "2001:db8:1:3::1") != addressed(None, "2001:db8:1:2::1")
    assert addressed(None, "::ffff:192.0.2.1") == "192.0.2.1"


def test_no_address_is_kept_in_clear_and_the_key_depends_on_the_secret(settings, db):
    spend("verify", "192.0.2.1", limit=1, seconds=60, at=AT)
    (row,) = RateWindow.unscoped.values()
    assert "192.0.2.1" not in str(row) and re.fullmatch("[0-9a-f]{64}", row["key"])
    settings.SECRET_KEY = "another"
    assert spend("verify", "192.0.2.1", limit=1, seconds=60, at=AT) == 0
    assert RateWindow.unscoped.count() == 2


def test_a_limit_is_spent_and_comes_back_with_the_next_window(db):
    at = AT + timedelta(seconds=15)
    assert [spend("x", "me", limit=2, seconds=60, at=at) for _ in range(4)] == [0, 0, 45, 45]
    assert spend("y", "me", limit=2, seconds=60, at=at) == 0
    assert spend("x", "me", limit=2, seconds=60, at=AT + timedelta(seconds=60)) == 0
    assert purge_windows(at=AT + timedelta(seconds=59)) == 0
    assert purge_windows(at=AT + timedelta(seconds=60)) == 2
    assert RateWindow.unscoped.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_connections_at_once_spend_exactly_the_limit():
    gate = Barrier(8)

    def run(_):
        gate.wait()
        try:
            return [spend("x", "me", limit=100, seconds=60, at=AT) for _ in range(25)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        waits = [wait for waits in pool.map(run, range(8)) for wait in waits]
    assert (waits.count(0), len(waits)) == (100, 200)
    assert RateWindow.unscoped.get().count == 200


# --- Counting ---------------------------------------------------------------------------------------------------------


def tallies() -> set[tuple]:
    return set(VerificationTally.unscoped.values_list("code", "answer", "via", "count"))


def test_checks_are_counted_by_paper_answer_and_way(client, make, person_a, company_a):
    letter = of(make.filed(person_a, company_a))
    for _ in range(3):
        page_of(client, letter.code)
    told(client, letter.code)
    dropped(client, bytes_of(letter), follow=True)
    for code in ("P1AA", "P1BB"):
        page_of(client, code)
    dropped(client, pdf())
    assert tallies() == {
        (letter.code, "valid", CheckWay.CODE, 3),
        (letter.code, "valid", CheckWay.JSON, 1),
        (letter.code, "valid", CheckWay.FILE, 1),
        ("", "unknown", CheckWay.CODE, 2),
        ("", "not_issued", CheckWay.FILE, 1),
    }
    assert tally_of(letter.code) == 5
    assert set(VerificationTally.unscoped.values_list("day", flat=True)) == {TODAY}


def test_a_refused_check_is_not_counted(client, measure):
    for _ in range(UNKNOWN_LIMIT[1] + 9):
        page_of(client, "P1")
    assert tallies() == {("", "unknown", "code", UNKNOWN_LIMIT[1])}


def test_staff_see_how_often_a_paper_was_checked_before_and_nobody_else_does(
    client, make, person_a, company_a, user_a, county_one
):
    code = of(make.filed(person_a, company_a)).code
    assert "此前已核验" not in text_of(page_of(client, code))
    client.force_login(user_a)
    assert "此前已核验" not in text_of(page_of(client, code))
    assert client.login(username=county_one.username, password=PASSWORD)
    assert "此前已核验2次" in text_of(page_of(client, code))


def test_tallies_are_the_bureaus_and_windows_nobodys(client, measure, user_a, county_one, municipal):
    page_of(client, "P1")
    seen = {user: VerificationTally.unscoped.visible_to(user).count() for user in (user_a, county_one, municipal)}
    assert seen == {user_a: 0, county_one: 1, municipal: 1}
    assert RateWindow.unscoped.exists() and not RateWindow.unscoped.visible_to(municipal).exists()
