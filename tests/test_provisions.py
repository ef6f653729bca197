"""Another city's measure is a file: the same content numbered otherwise, and everything cites it as it is numbered."""

import io
import re
import tomllib
from datetime import date, timedelta

import pdfplumber
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.rules import missing
from cqo_portal.atlas import claims
from registry import citing, filestore
from registry.actions.measure import load_measure
from registry.measures import DIRECTORY, OPTIONAL_PROVISIONS, PROVISIONS, MeasureFault, build
from registry.models import Clause, Edition, Message
from tests.cast import AT, MEASURE, TODAY

LATER = 2  # how many articles the other measure has before the model's Art. 6


def moved(path: str) -> str:
    """Where the model's clause stands in the other measure: Art. 6 is 第八条."""
    article, dot, rest = path.partition(".")
    return f"{int(article) + LATER if int(article) >= 6 else article}{dot}{rest}"


def renumbered() -> dict:
    """The tables of the other measure: two articles of its own come before the conditions; it encourages nobody."""
    data = tomllib.loads((DIRECTORY / "qingyuan-2016.toml").read_text(encoding="utf-8"))
    data["edition"] |= {
        "key": "another-2026",
        "title": "另一市企业首席质量官管理办法",
        "authority": "另一市局",
    }
    data["basis"] = [{"kind": "original", "first_day": date(2026, 1, 1), "title": "另一市企业首席质量官管理办法"}]
    own = [{"path": str(n), "text": "本市另有规定。", "treatment": "recorded", "how": "公开展示。"} for n in (6, 7)]
    clauses = [clause | {"path": moved(clause["path"]), "provision": clause["path"]} for clause in data["clause"]]
    del next(clause for clause in clauses if clause["path"] == "4")["provision"]
    first = next(n for n, clause in enumerate(clauses) if clause["path"] == "8")
    data["clause"] = clauses[:first] + own + clauses[first:]
    for part in (*data["parameters"].values(), *data["interpretation"]):
        part["clause"] = moved(part["clause"])
    return data


@pytest.fixture
def another(counties) -> Edition:
    """The other measure in a portal that holds no other."""
    load_measure(build(renumbered(), sha256="1" * 64), at=AT)
    with time_machine.travel(AT, tick=False):
        yield Edition.unscoped.get()


class InAnotherCity:
    """The whole cast under the other measure."""

    @pytest.fixture
    def measure(self, another) -> Edition:
        return another


def text_of(paper) -> str:
    """What a paper says, without white space."""
    with pdfplumber.open(io.BytesIO(filestore.fetch(paper.sha256))) as opened:
        return re.sub(r"\s", "", "".join(page.extract_text() for page in opened.pages))


# --- The file --------------------------------------------------------------------------------------------------------


def test_what_the_portal_knows_of_a_measure_is_the_model_clause_by_clause():
    assert sorted([*PROVISIONS, *OPTIONAL_PROVISIONS]) == sorted(clause.path for clause in MEASURE.clauses)


def test_a_file_that_names_no_provision_is_numbered_as_the_model():
    assert all(clause.provision == clause.path for clause in MEASURE.clauses)


def test_a_file_that_names_provisions_carries_those_alone():
    carried = {clause.path: clause.provision for clause in build(renumbered(), sha256="0" * 64).clauses}
    assert carried["8.(3)"] == "6.(3)" and carried["6"] == carried["4"] == ""


def faults_of(change) -> list[tuple[str, str]]:
    """What is said of the other measure with one change."""
    data = renumbered()
    change({clause["path"]: clause for clause in data["clause"]})
    with pytest.raises(MeasureFault) as refused:
        build(data, sha256="0" * 64)
    return refused.value.faults


@pytest.mark.parametrize("provision", PROVISIONS)
def test_a_measure_without_a_provision_that_rules_stand_on_is_refused(provision):
    [(where, reason)] = faults_of(lambda clauses: clauses[moved(provision)].pop("provision"))
    assert where == "clause.provision" and f" {provision}（{PROVISIONS[provision]}）" in reason


def test_a_provision_carried_twice_is_refused_where_it_stands_the_second_time():
    [(where, reason)] = faults_of(lambda clauses: clauses["7"].update(provision="6.(3)"))
    assert where == "clause[19].provision" and "6.(3)" in reason


def test_a_provision_the_model_does_not_have_is_refused():
    [(where, _)] = faults_of(lambda clauses: clauses["7"].update(provision="6.(9)"))
    assert where == "clause[15].provision"


@pytest.mark.parametrize("provision", OPTIONAL_PROVISIONS)
def test_a_measure_may_lack_what_nothing_stands_on_and_then_it_is_not_cited(provision):
    data = renumbered()
    if provision in ("5.(4).2", "5.(6)"):  # of a closed list: what nobody carries must not stand there
        data["clause"] = [clause for clause in data["clause"] if clause.get("provision") != provision]
    for clause in data["clause"]:
        if clause.get("provision") == provision:
            del clause["provision"]
    measure = build(data, sha256="0" * 64)
    numbering = citing.Numbering(1, "k", tuple((clause.provision, clause.path) for clause in measure.clauses))
    assert numbering.cite(provision) == numbering.cited(provision) == numbering.article(provision) == ""
    assert numbering.cite("6.(3)", provision) == "第八条第（三）项"


# --- Citing ----------------------------------------------------------------------------------------------------------


def test_a_portal_without_a_measure_cites_the_model(counties):
    assert citing.cite("6.(3)") == "第六条第（三）项" and citing.cited("9", "11") == "（第九条、第十一条）"


def test_a_citation_of_no_clause_path_is_a_fault_of_the_code(another):
    with pytest.raises(ValueError, match="no clause path"):
        citing.cite("第六条")


class TestAnotherCity(InAnotherCity):
    """What people read where the conditions are 第八条 and the appointment is 第十三条."""

    def test_rules_and_late_texts_cite_its_numbering(self, another):
        late = citing.cited_late("由二者之一任命{}。", "11")
        assert missing({}, today=TODAY, earliest=TODAY)["appointer"].endswith("（第十三条）。")
        assert str(late) == "由二者之一任命（第十三条）。" and citing.article("12.(2)") == "第十四条"
        assert citing.cited("4") == "", "it encourages nobody"

    def test_the_self_check_and_its_result_cite_it(self, another, client):
        asked = client.get(reverse("self_check")).content.decode()
        assert '（<a class="art" href="/measure/#a8">第八条</a>）' in asked and "第六条" not in asked
        answered = client.post(reverse("self_check"), {f"periods_{n}_now": "" for n in range(3)}).content.decode()
        assert (
            '<a class="art" href="/measure/#a8-3">第八条（三）</a>' in answered and "还不符合第八条（三）" in answered
        )

    def test_papers_and_the_checklist_cite_it(self, make, person_a, company_a, user_a, client):
        row = make.filed(person_a, company_a)
        letter, authorisation, receipt = (row.papers.get(kind=kind) for kind in ("letter", "authorisation", "receipt"))
        assert "《另一市企业首席质量官管理办法》第十三条的规定，现任命您为" in text_of(letter)
        assert "第十三条的规定，现授权" in text_of(authorisation) and "（五）组织制定" in text_of(authorisation)
        assert "第十一条、第十三条的规定" in text_of(receipt)
        client.force_login(user_a)
        page = client.get(reverse("appointment_detail", args=[row.reference])).content.decode()
        for anchor in ("a8-1", "a8-2", "a8-3", "a8-4", "a8-5", "a11", "a13"):
            assert f'href="/measure/#{anchor}"' in page, anchor

    def test_a_refusal_links_the_clause_it_stands_on(self, company_a, county_one, client):
        client.force_login(county_one)
        page = client.post(reverse("counter_entry_for", args=[company_a.reference]), {}).content.decode()
        assert '请选择是否属于企业决策层（<a class="art" href="/measure/#a13">第十三条</a>）。' in page

    def test_a_message_links_the_clause_it_cites(self, train, company_a, person_a, user_a, client):
        train.pooled(person_a, company_a)
        body = Message.unscoped.get(subject__startswith="纳入人才库").body
        assert body.endswith("（第十条第二款）。")
        client.force_login(user_a)
        assert '（<a class="art" href="/measure/#a10-2">第十条第二款</a>）' in client.get("/inbox/").content.decode()

    def test_the_page_of_the_measure_puts_claims_where_the_provision_stands(self, another, client):
        page = client.get(reverse("measure")).content.decode()
        clause = page.partition('id="a8-3"')[2].partition('class="clause"')[0]
        assert "<code>appointments.rules.qualified</code>" in clause
        assert page.count("由什么落实") == len(claims()) - 1, "what the model encourages is carried by nothing here"
        assert "第八条（三）" in page.partition('id="q-experience_as_of"')[2]

    def test_a_page_asks_once_whether_the_law_it_cites_still_stands(self, make, person_a, company_a, user_a, client):
        row = make.filed(person_a, company_a)
        client.force_login(user_a)
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("appointment_detail", args=[row.reference]))
        said = [query["sql"] for query in asked]
        assert len([sql for sql in said if "FROM registry_editionevent" in sql]) == 1
        assert not [sql for sql in said if '"registry_clause"."path"' in sql], "this process has read it already"


# --- A successor -----------------------------------------------------------------------------------------------------


def test_an_act_is_shown_under_its_own_edition_when_another_applies(make, person_a, company_a, user_a, client):
    row = make.filed(person_a, company_a)
    data = renumbered()
    data["basis"][0]["first_day"] = TODAY + timedelta(days=1)
    load_measure(build(data, sha256="1" * 64), at=AT)
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        client.force_login(user_a)
        page = client.get(reverse("appointment_detail", args=[row.reference])).content.decode()
        assert 'href="/measure/editions/qingyuan-2016/#a6-3">第六条（三）</a>' in page
        assert row.edition.cite("11") == "第十一条" and citing.cite("11") == "第十三条"
        old = client.get("/measure/editions/qingyuan-2016/").content.decode()
        new = client.get("/measure/").content.decode()
    assert 'id="a6-3"' in old and 'href="/measure/editions/another-2026/"' in old and 'href="/measure/"' in old
    assert 'id="a8-3"' in new and 'href="/measure/editions/qingyuan-2016/"' in new and "2018年3月30日" in new


def test_a_message_of_the_time_before_a_successor_is_not_linked_to_the_wrong_clause(
    train, company_a, person_a, user_a, client
):
    train.pooled(person_a, company_a)
    data = renumbered()
    data["basis"][0]["first_day"] = date(2027, 1, 1)
    load_measure(build(data, sha256="1" * 64), at=AT)
    edition = Edition.unscoped.get(key="qingyuan-2016")
    assert not edition.periods.filter(period__contains=TODAY).exists(), "the act was done outside any basis"
    with time_machine.travel(AT + timedelta(days=90), tick=False):
        client.force_login(user_a)
        page = client.get("/inbox/").content.decode()
    assert "（第八条第二款）" in page and "#a8-2" not in page


def test_loading_a_file_again_with_two_provisions_exchanged_is_done_in_one_go(another):
    data = renumbered()
    one, two = (next(clause for clause in data["clause"] if clause["path"] == path) for path in ("8.(1)", "8.(2)"))
    one["provision"], two["provision"] = two["provision"], one["provision"]
    load_measure(build(data, sha256="2" * 64), at=AT)
    assert citing.cite("6.(1)") == "第八条第（二）项"
    assert dict(Clause.unscoped.filter(item__in=(1, 2), article=8).values_list("path", "provision")) == {
        "8.(1)": "6.(2)", "8.(2)": "6.(1)",
    }  # fmt: skip


# --- No measure at all -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/measure/", "/self-check/", "/interpretations/", "/talent-pool/", "/verify/"])
def test_a_portal_without_a_measure_answers_calmly(path, client, counties):
    page = client.get(path)
    assert page.status_code == 200
    if path in ("/measure/", "/self-check/"):
        assert "还没有装入办法" in page.content.decode()


def test_an_edition_that_is_not_there_is_not_found(another, client):
    assert client.get("/measure/no-such/").status_code == 404
