"""The measure as data: the file, its loading, and what rules read from it."""

import copy
import re
import tomllib
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from registry.actions.measure import Loaded, load_measure, record_extension, record_interpretation
from registry.measures import DIRECTORY, PARAMETERS, MeasureFault, Place, build, label, read
from registry.models import BasisPeriod, Clause, Edition, Interpretation, User
from registry.models.measure import edition_on, legal_basis
from registry.refusals import Refused
from registry.states import Role
from tests.cast import measure_paper

QINGYUAN = DIRECTORY / "qingyuan-2016.toml"
PROMULGATED = Path(__file__).parent / "data" / "measure.txt"
AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


# --- The text --------------------------------------------------------------------------------------------------------


def lines_of_the_file():
    """The measure's lines, put together again from its clauses and their numbers."""
    measure = read(QINGYUAN)
    yield measure.edition.title
    article = 0
    for clause in measure.clauses:
        place = clause.place
        number = ""
        if place.article != article:
            number = re.match("第.+?条", place.label)[0]
        elif not place.tail and place.item:
            number = re.search("第(（[^（]+）)[项目]$", place.label)[1]
        article = place.article
        yield number + clause.text


def lines_as_promulgated():
    """The lines of the promulgated text, with full-width punctuation and without the spaces that mean nothing."""
    text = PROMULGATED.read_text(encoding="utf-8").translate(str.maketrans(",;:()", "，；：（）"))
    return [re.sub(r"\s+", "", line) for line in text.splitlines() if line.strip()]


def test_the_clauses_together_are_the_measure_word_for_word():
    assert list(lines_of_the_file()) == lines_as_promulgated()


def test_the_slip_and_the_unnumbered_paragraph_are_kept():
    clauses = {clause.path: clause.text for clause in read(QINGYUAN).clauses}
    assert "能够作为独立、审慎、及时的判断" in clauses["6.(4)"]
    assert clauses["5.(4).2"].startswith("实施质量成本管理")


def test_every_clause_says_how_it_is_treated():
    clauses = read(QINGYUAN).clauses
    assert len(clauses) == 33
    assert {clause.treatment for clause in clauses} == {"enforced", "recorded", "declared", "not_computable", "open"}
    assert all(clause.how.endswith("。") for clause in clauses)
    # Design 1.4 and 1.9: these are never computed, whatever else changes.
    treatment = {clause.path: clause.treatment for clause in clauses}
    assert {treatment[path] for path in ("6.(1)", "6.(2)", "6.(4)")} == {"declared"}
    assert treatment["12.(2).(1)"] == "not_computable"


def test_no_clause_is_said_to_be_approved():
    assert not re.search("批准|审批|核准", QINGYUAN.read_text(encoding="utf-8"))


def test_the_parameters_are_those_of_the_text():
    figures = {name: (part.value, part.clause) for name, part in read(QINGYUAN).parameters.items()}
    assert figures == {
        "term_years": (2, "11"),
        "decision_level_expected": (True, "11"),
        "renewal_window_days": (90, "11"),
        "qualification_level": ("intermediate", "6.(3)"),
        "education": ("bachelor", "6.(3)"),
        "experience_years": (5, "6.(3)"),
        "experience_as_of": ("term_start", "6.(3)"),
        "training_hours": (None, "8.1"),
        "pass_mark": (None, "8.1"),
        "certificate_meaning": ("same", "8.2"),
        "ce_hours": (None, "6.(5)"),
        "ce_course_number": (None, "6.(5)"),
        "ce_outside_courses": ("not_counted", "8.2"),
        "coverage_targets": ({}, "4"),
        "filing_ends": ("city", "9"),
        "report_cycle": (None, "12.(2).(3)"),
        "report_due_days": (None, "12.(2).(3)"),
        "grounds": (figures["grounds"][0], "12.(2)"),
        "ground_two_and": (None, "12.(2).(2)"),
        "recommendation_signatory": ("municipal", "12.(2)"),
    }


def test_the_grounds_are_named_in_the_words_of_their_clauses():
    measure = read(QINGYUAN)
    words = {clause.path: clause.text for clause in measure.clauses}
    for number, named in measure.parameters["grounds"].value.items():
        assert words[f"12.(2).({number})"].rstrip("；。的") == named


def test_every_value_that_a_measure_may_give_can_be_said_in_chinese():
    for name, part in read(QINGYUAN).parameters.items():
        assert part.value is None or re.search("[\u4e00-\u9fff]", PARAMETERS[name].say(part.value)), name


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("6", "第六条"),
        ("3.2", "第三条第二款"),
        ("6.(3)", "第六条第（三）项"),
        ("5.(4).2", "第五条第（四）项第二款"),
        ("12.(2).(3)", "第十二条第（二）项第（3）目"),
        ("20.1.(10)", "第二十条第一款第（十）项"),
        ("31", "第三十一条"),
    ],
)
def test_a_path_is_cited_as_a_chinese_paper_cites_it(path, words):
    assert label(path) == words


@pytest.mark.parametrize("path", ["", "0", "06", "6.3.", "6(3)", "6.(0)", "5.(4).1", "100", "第六条"])
def test_a_path_that_names_no_clause_is_refused(path):
    with pytest.raises(ValueError, match="no clause path"):
        Place.parse(path)


# --- Malformed files -------------------------------------------------------------------------------------------------


def good():
    return tomllib.loads(QINGYUAN.read_text(encoding="utf-8"))


def put(value, *keys):
    """A change that sets what the keys lead to."""

    def change(data):
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


def drop(*keys):
    """A change that removes what the keys lead to."""

    def change(data):
        for key in keys[:-1]:
            data = data[key]
        del data[keys[-1]]

    return change


def twice(section, at):
    """A change that repeats a row."""
    return lambda data: data[section].insert(at + 1, copy.deepcopy(data[section][at]))


def item(path, text):
    """A clause that the model does not have."""
    return {"path": path, "text": text, "treatment": "recorded", "how": "记录。"}


SECOND = {"kind": "extension", "first_day": date(2018, 3, 30), "title": "延长有效期的通知"}
MALFORMED = [
    (put({}, "editions"), "editions"),
    (drop("edition"), "edition"),
    (put([], "clause"), "clause"),
    (put("两年", "parameters"), "parameters"),
    (put("清远 2016", "edition", "key"), "edition.key"),
    (put(" ", "edition", "title"), "edition.title"),
    (put("质监局\n", "edition", "authority"), "edition.authority"),
    (put("2016-03-01", "edition", "promulgated_on"), "edition.promulgated_on"),
    (put(datetime(2016, 3, 1), "edition", "promulgated_on"), "edition.promulgated_on"),
    (put(1, "edition", "is_demo"), "edition.is_demo"),
    (put("甲", "edition", "author"), "edition.author"),
    (put(date(2016, 3, 30), "basis", 0, "last_day"), "basis[1].last_day"),
    (put(date(1016, 3, 31), "basis", 0, "first_day"), "basis[1].first_day"),
    (put("extension", "basis", 0, "kind"), "basis[1].kind"),
    (lambda data: data["basis"].append(SECOND), "basis[2].first_day"),
    (put(["2016"], "basis"), "basis[1]"),
    (put({"value": 90, "clause": "6.(5)"}, "parameters", "ce_days"), "parameters.ce_days"),
    (put({"large": 9}, "parameters", "term_years", "by_size"), "parameters.term_years.by_size"),
    (put({"huge": 9}, "parameters", "experience_years", "by_size"), "parameters.experience_years.by_size"),
    (put({"large": 99}, "parameters", "experience_years", "by_size"), "parameters.experience_years.by_size"),
    (put({"large": "phd"}, "parameters", "education", "by_size"), "parameters.education.by_size"),
    (drop("parameters", "term_years", "value"), "parameters.term_years.value"),
    (drop("interpretation", 4), "parameters.ce_hours.value"),
    (put({"26": 30}, "parameters", "coverage_targets", "value"), "parameters.coverage_targets.value"),
    (put({"2027": 101}, "parameters", "coverage_targets", "value"), "parameters.coverage_targets.value"),
    (drop("parameters", "grounds", "value", "2"), "parameters.grounds.value"),
    (put("另一情形", "parameters", "grounds", "value", "4"), "parameters.grounds.value"),
    (put(False, "parameters", "decision_level_expected", "value"), "parameters.decision_level_expected.value"),
    (put(0, "parameters", "pass_mark", "value"), "parameters.pass_mark.value"),
    (put("monthly", "parameters", "report_cycle", "value"), "parameters.report_cycle.value"),
    (drop("parameters", "term_years"), "parameters.term_years"),
    (put(2, "parameters", "term_years"), "parameters.term_years"),
    (put(True, "parameters", "term_years", "value"), "parameters.term_years.value"),
    (put(0, "parameters", "term_years", "value"), "parameters.term_years.value"),
    (put("phd", "parameters", "education", "value"), "parameters.education.value"),
    (put("15", "parameters", "term_years", "clause"), "parameters.term_years.clause"),
    (put("11(2)", "parameters", "term_years", "clause"), "parameters.term_years.clause"),
    (put("第一条", "clause", 0, "path"), "clause[1].path"),
    (twice("clause", 3), "clause[5].path"),
    (drop("clause", 1), "clause[2].path"),
    (drop("clause", 15), "clause[16].path"),
    (put("3", "clause", 2, "path"), "clause[4].path"),
    (put("制定本办法,并施行。", "clause", 0, "text"), "clause[1].text"),
    (put("", "clause", 0, "text"), "clause[1].text"),
    (put("approved", "clause", 0, "treatment"), "clause[1].treatment"),
    (drop("clause", 0, "how"), "clause[1].how"),
    (put("注", "clause", 0, "note"), "clause[1].note"),
    (lambda data: data["clause"].insert(19, item("6.(6)", "身体健康；")), "clause[20].path"),
    (lambda data: data["clause"].insert(31, item("12.(2).(4)", "其他情形。")), "clause[32].path"),
    (twice("interpretation", 2), "interpretation[4].key"),
    (put("15.(1)", "interpretation", 0, "clause"), "interpretation[1].clause"),
    (put({"a": "甲", "b": "乙"}, "interpretation", 2, "options"), "interpretation[3].options"),
    (drop("interpretation", 6, "options"), "interpretation[7].options"),
    (put({"both": "两项"}, "interpretation", 6, "options"), "interpretation[7].options"),
    (put("city", "interpretation", 12, "default"), "interpretation[13].default"),
    (put("no_such", "interpretation", 12, "parameter"), "interpretation[13].parameter"),
    (drop("interpretation", 12, "parameter"), "interpretation[13].parameter"),
    (put("ce_hours", "interpretation", 3, "parameter"), "interpretation[5].parameter"),
    (put("term_years", "interpretation", 12, "parameter"), "interpretation[13].answer"),
    (put("省局办结", "interpretation", 12, "options", "province"), "interpretation[13].options"),
    (
        lambda data: (
            data["interpretation"][14].update(parameter="experience_years"),
            data["parameters"]["experience_years"].update(by_size={"large": 8}),
        ),
        "interpretation[15].parameter",
    ),
]


@pytest.mark.parametrize(("change", "where"), MALFORMED)
def test_a_malformed_file_is_refused_with_the_place_and_the_reason(change, where):
    data = good()
    change(data)
    with pytest.raises(MeasureFault) as refused:
        build(data, sha256="0" * 64)
    reasons = [reason for path, reason in refused.value.faults if path == where]
    assert reasons, refused.value.faults
    assert all(re.search(r"[\u4e00-\u9fff].*。$", reason) for reason in reasons)


def test_all_faults_of_a_file_are_told_at_once():
    data = good()
    for change in (drop("clause", 0, "how"), put(0, "parameters", "term_years", "value"), put("", "edition", "title")):
        change(data)
    with pytest.raises(MeasureFault) as refused:
        build(data, sha256="0" * 64)
    assert {where for where, _ in refused.value.faults} == {
        "clause[1].how",
        "parameters.term_years.value",
        "edition.title",
    }


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"[edition]\nkey 2016\n", "第2行第5列"),
        (b'[edition]\nkey = "a', "文件末尾"),
        ("[edition]\ntitle = '办法'".encode("gb18030"), "第2行"),
        (b'[edition]\nkey = "a"\nkey = "b"\n', "第3行"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path, content, where):
    file = tmp_path / "measure.toml"
    file.write_bytes(content)
    with pytest.raises(MeasureFault) as refused:
        read(file)
    assert refused.value.faults[0][0].startswith(where)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MeasureFault, match="无法读取文件"):
        read(tmp_path / "none.toml")


def test_a_file_with_the_mark_that_editors_on_windows_set_is_read(tmp_path):
    file = tmp_path / "measure.toml"
    file.write_bytes(b"\xef\xbb\xbf" + QINGYUAN.read_bytes())
    assert read(file).clauses == read(QINGYUAN).clauses


# --- Loading ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def edition(db):
    load_measure(read(QINGYUAN), at=AT)
    return Edition.unscoped.get(key="qingyuan-2016")


def person(role):
    return User.unscoped.create_user(f"measure-{role}", None, display_name="张三", role=role)


@pytest.fixture
def municipal(db):
    return person(Role.MUNICIPAL)


@pytest.fixture
def administrator(db):
    return person(Role.ADMINISTRATOR)


def rows():
    """All the measure's rows, as they stand."""
    return [list(model.unscoped.order_by("pk").values()) for model in (Edition, BasisPeriod, Clause, Interpretation)]


def changed(tmp_path, old, new):
    """The measure's file with some words changed."""
    file = tmp_path / "measure.toml"
    text = QINGYUAN.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_loading_writes_every_clause_and_question(edition):
    measure = read(QINGYUAN)
    assert [(row.path, row.label, row.text) for row in edition.clauses.all()] == [
        (part.path, part.place.label, part.text) for part in measure.clauses
    ]
    subitem = edition.clauses.get(path="12.(2).(3)")
    assert (subitem.article, subitem.paragraph, subitem.item, subitem.subitem) == (12, None, 2, 3)
    assert Interpretation.unscoped.questions().filter(edition=edition).count() == len(measure.questions)
    assert {name: edition.parameters[name]["value"] for name in PARAMETERS} == {
        name: part.value for name, part in measure.parameters.items()
    }


def test_loading_twice_changes_nothing(edition):
    before = rows()
    assert load_measure(read(QINGYUAN), at=datetime(2027, 1, 1, tzinfo=UTC)) == Loaded.UNCHANGED
    assert rows() == before


def test_a_changed_explanation_is_brought_in_place(edition, tmp_path):
    ids = list(edition.clauses.values_list("pk", "path"))
    file = changed(tmp_path, "对质监部门工作的要求，不产生可核对的事项。", "对质监部门工作的要求。")
    assert load_measure(read(file), at=AT) == Loaded.UPDATED
    assert edition.clauses.get(path="12").how == "对质监部门工作的要求。"
    assert list(edition.clauses.values_list("pk", "path")) == ids


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("term_years = { value = 2", "term_years = { value = 3", "参数 term_years 不得更改"),
        ("last_day = 2018-03-30", "last_day = 2019-03-30", "有效期不得通过文件更改"),
        ('key = "qingyuan-2016"', 'key = "another-2016"', "有效期重叠"),
    ],
)
def test_a_file_that_would_change_the_ground_of_past_acts_is_refused(edition, tmp_path, old, new, sentence):
    before = rows()
    with pytest.raises(Refused, match=sentence):
        load_measure(read(changed(tmp_path, old, new)), at=AT)
    assert rows() == before


def test_the_command_loads_and_says_so(db):
    said = StringIO()
    call_command("load_measure", str(QINGYUAN), stdout=said)
    assert "《清远市企业首席质量官管理办法（试行）》" in said.getvalue()
    assert Clause.unscoped.filter(edition__key="qingyuan-2016").count() == 33


def test_the_command_with_check_changes_nothing(db):
    before = rows()
    said = StringIO()
    call_command("load_measure", str(QINGYUAN), "--check", stdout=said)
    assert "可以装入：条文33条" in said.getvalue()
    assert rows() == before


def test_the_command_tells_the_faults_of_a_file_and_changes_nothing(db, tmp_path):
    before = rows()
    said = StringIO()
    file = changed(tmp_path, 'value = "city"', 'value = "province"')
    with pytest.raises(CommandError, match="未作任何改动") as stopped:
        call_command("load_measure", str(file), stderr=said)
    assert stopped.value.returncode == 1
    assert "parameters.filing_ends.value：应为下列之一" in said.getvalue()
    assert rows() == before


# --- Legal basis (Art. 14) -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "outside"),
    [
        (date(2016, 3, 30), True),
        (date(2016, 3, 31), False),
        (date(2018, 3, 30), False),
        (date(2018, 3, 31), True),
    ],
)
def test_the_measure_is_in_force_from_its_first_to_its_last_day(edition, day, outside):
    basis = legal_basis(day)
    assert basis.edition == edition
    assert basis.outside is outside
    assert (edition_on(day) is None) is outside
    assert (BasisPeriod.unscoped.on(day) is None) is outside


def extend(edition, by, **changes):
    values = {
        "first_day": date(2018, 3, 31),
        "last_day": date(2020, 3, 30),
        "title": "关于延长有效期的通知",
        "number": "清府办〔2018〕1号",
        "document": measure_paper(User.unscoped.get(role=Role.ADMINISTRATOR)),
    }
    return record_extension(edition=edition, by=by, at=AT, **(values | changes))


def test_an_extension_covers_its_days(edition, administrator):
    extend(edition, administrator)
    assert not legal_basis(date(2018, 3, 31)).outside
    assert legal_basis(date(2020, 3, 30)).period.number == "清府办〔2018〕1号"
    assert legal_basis(date(2020, 3, 30)).period.last_day == date(2020, 3, 30)
    assert legal_basis(date(2020, 3, 31)).outside


def test_an_extension_without_end_goes_on(edition, administrator):
    period = extend(edition, administrator, last_day=None)
    assert period.last_day is None
    assert not legal_basis(date(2099, 1, 1)).outside


def test_the_file_loads_again_beside_a_recorded_extension(edition, administrator, tmp_path):
    extend(edition, administrator)
    file = changed(tmp_path, "对质监部门工作的要求，不产生可核对的事项。", "对质监部门工作的要求。")
    assert load_measure(read(file), at=AT) == Loaded.UPDATED
    assert edition.periods.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_day": date(2018, 3, 30)}, "first_day"),
        ({"last_day": date(2018, 3, 30)}, "last_day"),
        ({"title": " "}, "title"),
        ({"number": ""}, "number"),
        ({"document": None}, "document"),
    ],
)
def test_an_extension_that_does_not_hold_is_refused(edition, administrator, changes, field):
    with pytest.raises(Refused) as refused:
        extend(edition, administrator, **changes)
    assert refused.value.field == field
    assert edition.periods.count() == 1


def test_only_the_administrator_records_a_basis(edition, administrator, municipal):
    with pytest.raises(Refused):
        extend(edition, municipal)
    assert edition.periods.count() == 1


def test_two_bases_on_one_day_are_refused_by_the_database(edition):
    held = edition.periods.get()
    with pytest.raises(IntegrityError, match="basis_period_no_overlap"), transaction.atomic():
        BasisPeriod.unscoped.create(
            edition=edition, period=held.period, kind="extension", title="另一文件", recorded_at=AT
        )


# --- Interpretation (Art. 13) ----------------------------------------------------------------------------------------


def interpret(edition, by, **changes):
    values = {
        "key": "ce_hours",
        "number": "口径〔2026〕1号",
        "reading": 24,
        "text": "年度继续教育每年不少于24学时。",
        "decided_on": date(2026, 1, 5),
        "effective_from": date(2026, 2, 1),
    }
    return record_interpretation(edition=edition, by=by, at=AT, **(values | changes))


def settled(name, day):
    """What holds of a parameter that day, and the number of the reading that says so."""
    found = legal_basis(day).settled(name)
    return found.value, found.number


def test_a_reading_holds_from_its_day_on(edition, municipal):
    assert settled("ce_hours", date(2026, 2, 1)) == (None, "")
    interpret(edition, municipal)
    assert settled("ce_hours", date(2026, 1, 31)) == (None, "")
    assert settled("ce_hours", date(2026, 2, 1)) == (24, "口径〔2026〕1号")


def test_a_later_reading_ends_the_earlier_one_the_day_before(edition, municipal):
    interpret(edition, municipal)
    interpret(edition, municipal, number="口径〔2026〕2号", reading=30, effective_from=date(2026, 7, 1))
    assert settled("ce_hours", date(2026, 6, 30)) == (24, "口径〔2026〕1号")
    assert settled("ce_hours", date(2026, 7, 1)) == (30, "口径〔2026〕2号")


def test_what_is_open_goes_by_the_value_of_the_file(edition, municipal):
    day = date(2026, 2, 1)
    assert settled("filing_ends", day) == ("city", "")
    assert settled("experience_as_of", day) == ("term_start", "")
    assert settled("ground_two_and", day) == (None, "")
    interpret(edition, municipal, key="filing_ends", reading="county")
    assert settled("filing_ends", day) == ("county", "口径〔2026〕1号")


def test_options_keep_the_order_of_the_file(edition):
    row = Interpretation.unscoped.questions().get(key="experience_as_of")
    assert [code for code, _ in row.options] == ["term_start", "submission", "filing"]
    assert row.words("filing") == "登记之日"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": "no_such_question"}, "key"),
        ({"reading": "二十四"}, "reading"),
        ({"reading": True}, "reading"),
        ({"key": "filing_ends", "reading": "province"}, "reading"),
        ({"key": "earliest_renewal", "reading": 9999}, "reading"),
        ({"number": ""}, "number"),
        ({"text": "　"}, "text"),
    ],
)
def test_a_reading_that_is_no_answer_is_refused(edition, municipal, changes, field):
    with pytest.raises(Refused) as refused:
        interpret(edition, municipal, **changes)
    assert refused.value.field == field
    assert not Interpretation.unscoped.recorded().exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"effective_from": date(2026, 3, 1)}, "number"), ({"number": "口径〔2026〕2号"}, "effective_from")],
)
def test_a_reading_that_collides_with_an_earlier_one_is_refused(edition, municipal, changes, field):
    interpret(edition, municipal)
    with pytest.raises(Refused) as refused:
        interpret(edition, municipal, **changes)
    assert refused.value.field == field
    assert Interpretation.unscoped.recorded().count() == 1


def test_only_the_municipal_bureau_interprets(edition, administrator):
    with pytest.raises(Refused):
        interpret(edition, administrator)
    assert not Interpretation.unscoped.recorded().exists()


def test_two_readings_on_one_day_are_refused_by_the_database(edition, municipal):
    row = interpret(edition, municipal)
    row.pk, row.number = None, "口径〔2026〕9号"
    with pytest.raises(IntegrityError, match="interpretation_no_overlap"), transaction.atomic():
        row.save(force_insert=True)


def test_half_a_reading_is_refused_by_the_database(edition, municipal):
    row = interpret(edition, municipal)
    with pytest.raises(IntegrityError, match="interpretation_whole_or_open"), transaction.atomic():
        Interpretation.unscoped.filter(pk=row.pk).update(decided_on=None)


def test_a_recorded_reading_outlives_a_new_wording_of_its_question(edition, municipal, tmp_path):
    row = interpret(edition, municipal)
    load_measure(read(changed(tmp_path, "每年须满多少学时", "每年须修满多少学时")), at=AT)
    row.refresh_from_db()
    assert "须满" in row.question
    assert "须修满" in Interpretation.unscoped.questions().get(edition=edition, key="ce_hours").question
