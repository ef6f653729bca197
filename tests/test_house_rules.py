"""The rules of the house, held by reading the code itself: one door to rows, one way of acting, plain words."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter
from pathlib import Path

import pgtrigger
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.urls import resolve, reverse
from pghistory.models import Event

import appointments.actions
import appointments.rules
import registry.actions
import registry.rules
import training.actions
import training.rules
from appointments.actions import ask_statements
from appointments.models import (
    Accident,
    CaseAct,
    CaseEvidence,
    CaseGround,
    DismissalRecommendation,
    Finding,
    FindingEvidence,
    NoticeService,
    Statement,
    StatementLink,
)
from appointments.states import OPEN_CASE_ACTS, CaseActKind, Party
from registry.listed import listings
from registry.models import Message, Registration, ScopedBase, StoredFile, User
from registry.notices import tell_city, tell_county, tell_enterprise
from registry.states import Role
from tests.cast import AT, account
from training.actions import add_body, issue_certificate
from training.models import Certificate, Enrolment, Session, SessionDay, TrainerMembership
from training.states import SessionState

ROOT = Path(settings.BASE_DIR)
APPS = ("registry", "training", "appointments", "cqo_portal")
MODELS = [m for m in apps.get_models() if m._meta.app_label in APPS and not issubclass(m, Event)]
SOURCES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.relative_to(ROOT).parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt"))
PAGES = [path for path in TEMPLATES if "papers" not in path.relative_to(ROOT).parts]  # papers are never served as pages
STATIC = [
    path
    for folder in (ROOT / "static", *(ROOT / app / "static" for app in APPS))
    for path in folder.rglob("*")
    if path.suffix in (".css", ".js", ".svg")
]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def where(path: Path, line: int = 0) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def found(paths, pattern: str) -> list[str]:
    """Where a pattern occurs in files."""
    return [
        f"{where(path, n)}: {line.strip()[:90]}"
        for path in paths
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


# --- One door to rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_models_manager_is_unscoped_and_its_rows_have_one_door(model):
    assert model._meta.default_manager.name == "unscoped"
    assert model._meta.base_manager.name == "unscoped"
    names = {manager.name for manager in model._meta.managers}
    assert names == ({"unscoped", "objects"} if model is User else {"unscoped"})
    assert callable(model.unscoped.all().visible_to)


def test_no_code_of_ours_reads_past_the_name_of_the_door():
    """allauth's own rows have another name for theirs, and a PDF has objects too."""
    assert found(SOURCES, r"(?<!User)(?<!EmailAddress)(?<!Authenticator)(?<!UserSession)(?<!pdf)\.objects\b") == []


WAYS_TO_ENTERPRISE = (
    "enterprise",
    "appointment.enterprise",
    "project.enterprise",
    "record.enterprise",
    "report.enterprise",
    "finding.enterprise",
    "case.enterprise",
    "achievement.enterprise",
    "commendation.enterprise",
    "guidance.enterprise",
    "sheet.appointment.enterprise",
    "target.sheet.appointment.enterprise",
)


def enterprise_of(row):
    """The enterprise of a row that belongs to one alone."""
    for path in WAYS_TO_ENTERPRISE:
        if hasattr(row, path.partition(".")[0]):
            return attrgetter(path)(row)
    return row.entry.project.enterprise


def for_bureaus_alone(row) -> bool:
    """Whether a row is for the bureaus' eyes: what they found out and deliberate, and what the CQO told them alone.

    An enterprise learns of a recommendation when it is asked for its statement (design §3), not before.
    """
    match row._meta.model_name:
        case "finding" | "findingevidence" | "accident" | "caseevidence" | "statementlink" | "noticeservice":
            return True
        case "storedfile":
            return row.internal and row.enterprise is not None
        case "registration":
            return False
        case "dismissalrecommendation":
            return row.asked_at is None
        case "statement":
            return row.party == Party.CQO
        case "caseact":
            return row.case.asked_at is None or row.kind not in OPEN_CASE_ACTS
    return hasattr(row, "case") and row.case.asked_at is None


def owners(row) -> set:
    """The enterprises, counties and training bodies a row belongs to, by its own foreign keys and not by the door."""
    if for_bureaus_alone(row):
        return {enterprise_of(row).county}
    match row._meta.model_name:
        case "storedfile" if row.enterprise is None:
            return {row.county or "city"}
        case "registration":
            return {row.enterprise, row.county}
        case "delivery" if row.enterprise is None:
            return {"city"}
        case "enterprise":
            return {row}
        case "candidate":
            return {employment.enterprise for employment in row.employments.all()} | {row.county}
        case "enrolment":
            return {row.enterprise, row.candidate.county, row.session.body}
        case "certificate":
            employers = {e.enterprise for e in row.candidate.employments.all() if row.issued_on in e.period}
            return owners(row.enrolment) | employers
        case "attendance" | "assessment":
            return owners(row.enrolment)
        case "revocation":
            return owners(row.certificate)
    return {enterprise_of(row)}


SCOPED = [model for model in MODELS if issubclass(model, ScopedBase)]
OF_BUREAUS = (Registration, Accident, CaseEvidence, Finding, FindingEvidence, NoticeService, StatementLink)


@pytest.fixture
def strangers(everything):
    """Those who see nothing of any enterprise, nor of any training body."""
    inactive = account("gone", Role.MUNICIPAL, "已离职", is_active=False)
    return [AnonymousUser(), inactive, account("trainer-3", Role.TRAINER, "不属任何机构")]


@pytest.fixture
def sees(strangers, company_a, company_b, body, body_two, request):
    """Account → what it sees the rows of: its enterprise, its county with those in it, its body, or the city."""
    one, two = company_a.county, company_b.county
    parties = {
        "user_a": {company_a},
        "county_one": {company_a, one},
        "trainer": {body},
        "user_b": {company_b},
        "county_two": {company_b, two},
        "trainer_two": {body_two},
        "municipal": {company_a, company_b, one, two, "city"},
        "administrator": {company_a, company_b, one, two, "city"},
    }
    known = {request.getfixturevalue(name): seen for name, seen in parties.items()}
    return known | {stranger: set() for stranger in strangers if stranger.is_authenticated}


def test_every_row_is_seen_by_those_it_belongs_to_and_the_city_and_by_nobody_else(sees, company_a, company_b):
    for model in SCOPED:
        rows = {row.pk: owners(row) for row in model.unscoped.all()}
        could_leak = [company_a, company_b] if model not in OF_BUREAUS else [company_a.county, company_b.county]
        assert set(could_leak) <= set().union(*rows.values()), f"{model.__name__} has no row that could leak"
        for user, parties in sees.items():
            visible = set(model.unscoped.visible_to(user).values_list("pk", flat=True))
            assert visible == {pk for pk, own in rows.items() if own & parties}, (model.__name__, user.username)
        assert not model.unscoped.visible_to(AnonymousUser()).exists(), model.__name__


def test_an_enterprise_learns_of_a_case_when_it_is_asked_and_never_what_its_cqo_said(
    supervise, cqo_a, company_a, user_a, county_one
):
    opened = supervise.opened(cqo_a)
    own = DismissalRecommendation.unscoped.visible_to(user_a)
    assert not own.exists() and DismissalRecommendation.unscoped.visible_to(county_one).exists()
    assert not any(model.unscoped.visible_to(user_a).exists() for model in (CaseAct, CaseGround))
    case = ask_statements(opened, version=1, due_on=AT.date() + timedelta(days=5), by=county_one, at=AT)
    supervise.heard(case)
    assert own.get() == case and CaseGround.unscoped.visible_to(user_a).get().case == case
    assert Statement.unscoped.visible_to(user_a).get().party == Party.ENTERPRISE
    assert Statement.unscoped.visible_to(county_one).count() == 2
    assert {act.kind for act in CaseAct.unscoped.visible_to(user_a)} == {CaseActKind.ASKED}


def test_a_body_sees_its_own_sessions_and_an_enterprise_what_is_open_to_it(strangers, sees, body, body_two, request):
    """Sessions are no enterprise's; each fixture body has a published one for one county, and a draft."""
    published = {row.body: row.pk for row in Session.unscoped.filter(state=SessionState.PUBLISHED)}
    drafts = {row.body: row.pk for row in Session.unscoped.filter(state=SessionState.DRAFT)}
    one, two = {published[body]}, {published[body_two]}
    expected = {
        "user_a": one,
        "user_b": two,
        "county_one": one | two,
        "county_two": one | two,
        "trainer": one | {drafts[body]},
        "trainer_two": two | {drafts[body_two]},
        "municipal": {*published.values(), *drafts.values()},
        "administrator": {*published.values(), *drafts.values()},
    }
    for name, seen in expected.items():
        user = request.getfixturevalue(name)
        assert set(Session.unscoped.visible_to(user).values_list("pk", flat=True)) == seen, name
        assert set(SessionDay.unscoped.visible_to(user).values_list("session", flat=True)) == seen, name
    assert not any(Session.unscoped.visible_to(stranger).exists() for stranger in strangers)
    assert TrainerMembership.unscoped.visible_to(request.getfixturevalue("trainer")).get().body == body
    assert not any(TrainerMembership.unscoped.visible_to(stranger).exists() for stranger in strangers)


def test_a_county_that_trains_sees_whom_it_trains_and_what_it_issued(
    make, train, company_b, person_b, county_one, county_two, counties, municipal
):
    """县局一 runs a session for the whole city: 乙公司's person in it is its to see, and to nobody beside."""
    own = add_body(name="清城区局", mark="清城质培", kind="bureau", county=counties["441802"], by=municipal, at=AT)
    session = train.session(body=own, by=county_one)
    enrolment = train.results(train.enrolled(session, person_b, company_b), by=county_one)
    issue_certificate(enrolment, by=county_one, at=AT)
    other = account("county-3", Role.COUNTY, "县局三", county=counties["441821"])
    for model in (Enrolment, Certificate):
        assert [model.unscoped.visible_to(who).count() for who in (county_one, county_two, other)] == [1, 1, 0]


def test_a_message_is_read_by_the_office_it_is_for(
    strangers, company_a, company_b, user_a, user_b, county_one, county_two
):
    Message.unscoped.all().delete()
    for n, company in enumerate((company_a, company_b)):
        tell_enterprise(company, f"企业{n}", "内容。", url="/", at=AT)
        tell_county(company.county, f"县局{n}", "内容。", url="/", at=AT)
    tell_city("市局", "内容。", url="/", at=AT)
    expected = {"企业0": user_a, "企业1": user_b, "县局0": county_one, "县局1": county_two}
    for subject, user in expected.items():
        assert [message.subject for message in Message.unscoped.visible_to(user)] == [subject]
    assert [m.subject for m in Message.unscoped.visible_to(User.unscoped.get(username="municipal"))] == ["市局"]
    assert not any(Message.unscoped.visible_to(stranger).exists() for stranger in strangers)


def test_an_account_sees_itself_and_the_administrator_sees_all(user_a, user_b, municipal, administrator):
    assert User.unscoped.visible_to(administrator).count() == User.unscoped.count()
    for user in (user_a, user_b, municipal):
        assert User.unscoped.visible_to(user).get() == user
    assert not User.unscoped.visible_to(AnonymousUser()).exists()


def test_what_is_only_added_to_is_kept_by_a_trigger_and_by_nothing_less():
    kept = {
        (model, trigger.name): trigger for model, trigger in pgtrigger.registered() if "append_only" in trigger.name
    }
    assert {model for model, _ in kept} == {model for model in MODELS if getattr(model, "append_only", False)}
    for trigger in kept.values():
        assert isinstance(trigger, pgtrigger.Protect)
        assert str(trigger.operation) == "UPDATE OR DELETE"
    assert StoredFile.append_only


def test_every_trigger_stands_in_the_database(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")
        installed = {name for (name,) in cursor.fetchall()}
    wanted = {trigger.get_pgid(model) for model, trigger in pgtrigger.registered()}
    assert wanted <= installed


# --- One way of acting -----------------------------------------------------------------------------------------------


def functions_of(package) -> Iterator[tuple[str, object]]:
    """The public functions of a package's modules, each where it is defined."""
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            if inspect.isfunction(inspect.unwrap(function) if callable(function) else function) and (
                function.__module__ == info.name and not name.startswith("_")
            ):
                yield f"{info.name}.{name}", function


BY_THE_SYSTEM = {
    "appointments.actions.cycles.include_late_joiners",
    "appointments.actions.ending.expire_due",
    "appointments.actions.reminding.send_reminders",
    "training.actions.enrolment.fill_seats",
    "training.actions.pool.enter_if_due",
}
BY_NO_ACCOUNT = {  # what somebody does as a person by a one-time link (design §2)
    "registry.actions.privacy.ask_about_data",
    "registry.actions.privacy.open_person_link",
    "appointments.actions.answering.link_opened",
    "appointments.actions.answering.state_by_link",
    "registry.actions.accounts.join_with_new_account",
    "registry.actions.files.store_file_of_person",
}
READS_ONLY = {
    "appointments.actions.answering.digest_of_link",
    "appointments.actions.answering.usable",
    "appointments.actions.cases.begin_case",
    "appointments.actions.cycles.addressed",
    "appointments.actions.cycles.legal_text",
    "appointments.actions.filing.opinions_at_check",
    "appointments.actions.filing.possible",
    "appointments.actions.issuing.preview_letter",
    "appointments.actions.issuing.statement_notice",
    "appointments.actions.papers.preview_paper",
    "appointments.actions.recommending.chains_named",
    "appointments.actions.recommending.cqo_asked",
    "appointments.actions.recommending.heard",
    "appointments.actions.recommending.heard_in_person",
    "appointments.actions.reminding.reminders_due",
    "appointments.actions.reports.content_of",
    "appointments.actions.reports.digest_of",
    "registry.actions.accounts.digest_of_invitation",
    "registry.actions.accounts.known_account",
    "registry.actions.accounts.new_username",
    "registry.actions.accounts.open_invitation",
    "registry.actions.enterprises.new_enterprise_fault",
    "registry.actions.enterprises.within_county",
    "registry.actions.files.inspect",
    "registry.actions.measure.predecessor_of",
    "registry.actions.privacy.digest_of_secret",
    "registry.actions.people.known_person",
    "registry.actions.privacy.link_address",
    "registry.actions.privacy.person_behind",
    "registry.actions.privacy.phone_of",
    "registry.actions.privacy.revealed_on",
    "registry.actions.privacy.usable_link",
    "training.actions.certificates.changes_since",
    "training.actions.certificates.content_of",
    "training.actions.certificates.fault_of",
    "training.actions.certificates.preview_certificate",
    "training.actions.certificates.session_fault",
    "training.actions.results.trace_of",
}
ACTS = [appointments.actions, registry.actions, training.actions]


@pytest.mark.parametrize("package", ACTS, ids=lambda package: package.__name__)
def test_every_act_says_who_and_when_by_keyword(package):
    acts = [
        (name, function)
        for name, function in functions_of(package)
        if ".common." not in name and name not in READS_ONLY
    ]
    assert len(acts) > 8
    for name, act in acts:
        parameters = inspect.signature(act).parameters
        wanted = {"at"} if name in BY_THE_SYSTEM | BY_NO_ACCOUNT else {"at", "by"}
        keyword = {p.name for p in parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY}
        assert wanted <= keyword, name


@pytest.mark.parametrize(
    "module", [registry.rules, training.rules, appointments.rules], ids=lambda module: module.__name__
)
def test_every_rule_opens_with_the_text_it_stands_on(module):
    rules = [f for f in vars(module).values() if inspect.isfunction(f) and f.__module__.startswith(module.__name__)]
    assert rules
    for rule in rules:
        if not rule.__name__.startswith("_"):
            assert re.match(r"(Art\. \d+|GB(/T)? \d+|Design \d+\.\d+)", rule.__doc__ or ""), rule.__name__


def test_every_public_function_says_what_it_is_for():
    silent = [
        where(path, node.lineno)
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not (isinstance(node, ast.ClassDef) and re.search("Config$|QuerySet$|Admin$|Inline$|^Command$", node.name))
    ]
    assert silent == []


def test_every_module_with_code_says_what_it_is():
    assert [where(path) for path, tree in TREES.items() if tree.body and not ast.get_docstring(tree)] == []


def test_models_and_views_stay_small():
    long = [
        where(path, node.lineno)
        for path, tree in TREES.items()
        for node in tree.body
        if (isinstance(node, ast.ClassDef) and node.end_lineno - node.lineno >= 500)
        or (
            isinstance(node, ast.FunctionDef)
            and "views" in path.relative_to(ROOT).with_suffix("").parts
            and node.end_lineno - node.lineno >= 30
        )
    ]
    assert long == []


def test_migrations_stand_in_one_line():
    loader = MigrationLoader(None)
    for app in APPS:
        names = sorted(name for label, name in loader.disk_migrations if label == app)
        assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
        assert len(loader.graph.leaf_nodes(app)) == (1 if names else 0)


# --- Plain words -----------------------------------------------------------------------------------------------------


def test_nothing_here_approves_anything():
    """Art. 9, 11: the bureau records. Only the documents may quote the words, to say that they are not used."""
    measures = sorted((ROOT / "registry" / "measures").glob("*.toml"))
    assert found([*SOURCES, *TEMPLATES, *STATIC, *measures], "批准|审批|核准") == []
    assert found(SOURCES, r"\b(approv|reject)") == []


ARTICLE = re.compile("(?<!个人信息保护法)第[〇一二三四五六七八九十]+条")  # that law is another


def literal_citations(tree: ast.Module) -> list[str]:
    """The strings of a module, docstrings aside, that cite an article by themselves."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
    told = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, owners) and docstring_of(node)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in strings if id(node) not in told and ARTICLE.search(node.value)]


def docstring_of(node) -> bool:
    """Whether the first statement is a string."""
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)


def test_no_code_and_no_page_numbers_an_article_by_itself():
    """Another measure numbers its articles otherwise: ``registry.citing`` and ``{% article %}`` know how."""
    assert {where(path): cited for path, tree in TREES.items() if (cited := literal_citations(tree))} == {}
    assert found(TEMPLATES, ARTICLE.pattern) == []


def test_an_article_written_by_hand_would_be_found(tmp_path):
    code = ast.parse('"""第十一条."""\n\n\ndef rule(day):\n    """第六条."""\n    return f"{day}（第十一条）。"\n')
    assert literal_citations(code) == ["（第十一条）。"]
    page = tmp_path / "page.html"
    page.write_text("<p>个人信息保护法第二十五条。</p>\n<p>依据第六条（三）。</p>\n", encoding="utf-8")
    assert [n for n, line in enumerate(page.read_text().splitlines(), 1) if ARTICLE.search(line)] == [2]


def refusals() -> Iterator[tuple[str, str]]:
    """Each sentence a refusal begins and ends with, in the code."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            sentence = node.args[0]
            if name in ("Refused", "ValidationError") and isinstance(sentence, ast.Constant | ast.JoinedStr):
                parts = sentence.values if isinstance(sentence, ast.JoinedStr) else [sentence]
                yield (
                    where(path, node.lineno),
                    "".join(part.value if isinstance(part, ast.Constant) else "甲" for part in parts),
                )


def test_every_refusal_is_a_chinese_sentence():
    spoken = list(refusals())
    assert len(spoken) > 30
    for place, sentence in spoken:
        assert re.search("[一-鿿]", sentence), place
        assert sentence[-1] in "。甲", f"{place}: {sentence}"
        assert not re.search("[一-鿿][,;:?!]", sentence), f"{place}: half-width punctuation in {sentence}"


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_no_page_carries_inline_script_or_style():
    """The content security policy refuses them; here they are told where they are written."""
    assert (
        found(PAGES, r"<style|\sstyle=|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+=[\"']|javascript:")
        == []
    )


def test_no_template_switches_escaping_off():
    assert found(PAGES, r"\|\s*safe\b|autoescape\s+off|safeseq") == []


def test_nothing_is_fetched_from_elsewhere():
    """Every address in a template or static file is our own; the name of the SVG language is none."""
    outside = r"https?://(?!www\.w3\.org/)|[\"'(]//[a-z]"
    assert found([*TEMPLATES, *STATIC], outside) == []


# --- Forms -----------------------------------------------------------------------------------------------------------

LAYOUT = {"HTML", "Hidden", "Submit", "Button", "Reset", "Fieldset", "Div", "Layout", "Row", "Column", "Field", "Alert"}


def compiled_values(tree: ast.Module) -> list[int]:
    """Lines on which something else than a literal or another part of a layout goes into a part of a layout."""
    lines = []
    for node in ast.walk(tree):
        name = node.func if isinstance(node, ast.Call) else None
        name = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
        if name in LAYOUT:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            lines += [value.lineno for value in given if not isinstance(value, ast.Constant | ast.Call)]
        if isinstance(node, ast.Attribute) and node.attr in ("layout", "legend") and isinstance(node.ctx, ast.Store):
            lines.append(node.lineno)
    return lines


def test_no_value_is_compiled_as_part_of_a_crispy_layout():
    """crispy-forms compiles the strings of a layout as templates: in one, ``{{ 7|add:35 }}`` becomes 42."""
    of_forms = {path: tree for path, tree in TREES.items() if "crispy_forms" in path.read_text(encoding="utf-8")}
    assert of_forms, "crispy is used somewhere, if only for its helper"
    assert {where(path): lines for path, tree in of_forms.items() if (lines := compiled_values(tree))} == {}


def test_a_value_in_a_layout_would_be_found():
    planted = 'helper.layout = Layout(Fieldset("标题", "name"), HTML(f"<p>{person.name}</p>"), Submit("save", words))'
    assert compiled_values(ast.parse(planted)) == [1, 1, 1]
    assert compiled_values(ast.parse('Layout(Fieldset("标题", "name"), Submit("save", "保存"))')) == []


# --- What leaves as a file -------------------------------------------------------------------------------------------


def writers_of_sheets() -> set[str]:
    """The modules that write what a spreadsheet program opens."""
    wanted = re.compile(r"csv\.(DictW|w)riter|xlsxwriter import (.*, )?Workbook|openpyxl|text/csv")
    return {where(path) for path in SOURCES if wanted.search(path.read_text(encoding="utf-8"))}


def test_two_modules_write_spreadsheets_and_neither_writes_formulas():
    """One templates, one what lists hold. tests/test_sheets.py and tests/test_flowing.py open what they wrote."""
    assert writers_of_sheets() == {"registry/sheets/writing.py:0", "registry/sheets/flowing.py:0"}


# --- Lists -----------------------------------------------------------------------------------------------------------

# Pages of a filter and rows that no sheet is made of, each with the reason.
NO_LISTS = {
    "finding_pick": "a choice of whom to write about",
    "accident_pick": "a choice of where it happened",
    "cycle_detail": "the duties of one notice, which report_list has under the same filters",
    "_listed": "the public pages of achievement_list and commendation_list",
}


def called(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The calls within a node, each with the name that it calls."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield getattr(call.func, "attr", getattr(call.func, "id", "")), call


def test_every_list_with_filters_is_declared_and_its_view_asks_its_declaration():
    """So the page and the sheet cannot differ."""
    undeclared, asked = set(), {}
    for path, tree in TREES.items():
        for view in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            calls = list(called(view))
            makes_filter = any(
                name.endswith("Filter") or name == "kind" or name.startswith("Pick") for name, _ in calls
            )
            if makes_filter and any(name == "page_of" for name, _ in calls) and "views" in path.parts:
                undeclared.add(view.name)
            for name, call in calls:
                if name == "opened" and len(call.args) == 2 and isinstance(call.args[1], ast.Constant):
                    asked[call.args[1].value] = view.name
    assert undeclared == set(NO_LISTS)
    assert set(asked) == set(listings()), "a declared list has one page, and a page one declared list"
    for key, view in asked.items():
        assert resolve(reverse(key)).func.__name__ == view
