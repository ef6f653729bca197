"""A measure (办法) as a file: its format, read strictly and without a database. docs/measures.md explains it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from django.db.models import TextChoices

from registry.measures.checks import KEY, Check, day, one_of, options, words, yes_no
from registry.measures.parameters import NUMBER, PARAMETERS, Answer, Value, size_check
from registry.measures.provisions import CLOSED_LISTS, OPTIONAL_PROVISIONS, PROVISIONS

DIRECTORY = Path(__file__).parent


class Treatment(TextChoices):
    """How the portal treats a clause."""

    ENFORCED = "enforced", "强制执行"
    RECORDED = "recorded", "记录"
    DECLARED = "declared", "承诺"
    NOT_COMPUTABLE = "not_computable", "不可计算"
    OPEN = "open", "待解释"


class BasisKind(TextChoices):
    """Why a measure is in force for a period (Art. 14)."""

    ORIGINAL = "original", "原定有效期"
    EXTENSION = "extension", "延长有效期"


class MeasureFault(Exception):  # noqa: N818 (a fault of the file, told to whoever wrote it)
    """A file that is no measure the portal can carry out. ``faults`` lists (key path, reason in Chinese)."""

    def __init__(self, faults: list[tuple[str, str]]):
        super().__init__("\n".join(f"{where}：{reason}" for where, reason in faults))
        self.faults = faults


# --- Where a clause stands in the text -------------------------------------------------------------------------------

PLACE = re.compile(
    r"(?P<article>N)(?:\.(?P<paragraph>N))?(?:\.\((?P<item>N)\)(?:\.\((?P<subitem>N)\))?(?:\.(?P<tail>N))?)?".replace(
        "N", "[1-9][0-9]?"
    )
)
FIGURES = "〇一二三四五六七八九"


@dataclass(frozen=True)
class Place:
    """条、款、项、目 of a clause. ``tail`` is a further paragraph within an item, 2 for the first such."""

    article: int
    paragraph: int | None = None
    item: int | None = None
    subitem: int | None = None
    tail: int | None = None

    @classmethod
    def parse(cls, path: str) -> Place:
        """The place a path names, such as ``12.(2).(1)``. Raises ValueError when it names none."""
        match = PLACE.fullmatch(path)
        if not match or match["tail"] == "1":
            raise ValueError(f"no clause path: {path!r}")
        return cls(**{level: int(number) for level, number in match.groupdict().items() if number})

    @property
    def label(self) -> str:
        """The place as a Chinese paper cites it, such as 第十二条第（二）项第（1）目."""
        parts = [f"第{figure(self.article)}条"]
        if self.paragraph:
            parts.append(f"第{figure(self.paragraph)}款")
        if self.item:
            parts.append(f"第（{figure(self.item)}）项")
        if self.subitem:
            parts.append(f"第（{self.subitem}）目")
        if self.tail:
            parts.append(f"第{figure(self.tail)}款")
        return "".join(parts)

    @property
    def list(self) -> Place | None:
        """The list that an item stands in, as the place it hangs on; None for what is no item."""
        for level in ("subitem", "item"):
            if getattr(self, level) and not self.tail:
                return replace(self, **{level: None})
        return None

    @property
    def whole(self) -> Place | None:
        """What a further paragraph or a subitem is a part of; None for what is no such part."""
        for level in ("tail", "subitem"):
            if getattr(self, level):
                return replace(self, **{level: None})
        return None

    @property
    def before(self) -> Place | None:
        """The clause that must stand earlier for this one to have a place; None where an article begins."""
        for level, first in (("tail", 2), ("subitem", 1), ("item", 1), ("paragraph", 1)):
            number = getattr(self, level)
            if number and number > first:
                return replace(self, **{level: number - 1})
            if number:
                return None if level == "paragraph" else replace(self, **{level: None})
        return None


def figure(number: int) -> str:
    """1 to 99 as a Chinese numeral."""
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十"}.get(tens, FIGURES[tens] + "十")
    return head + (FIGURES[ones] if ones else "")


def label(path: str) -> str:
    """第六条第（三）项 for ``6.(3)``. Raises ValueError when the path names no clause."""
    return Place.parse(path).label


# --- What a good file says -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EditionPart:
    """``[edition]``: which measure this is."""

    key: str
    title: str
    authority: str
    reading: str
    promulgated_on: date | None = None
    is_demo: bool = False


@dataclass(frozen=True)
class BasisPart:
    """``[[basis]]``: a period in which the measure is in force, first and last day inclusive."""

    kind: str
    first_day: date
    title: str
    last_day: date | None = None
    number: str = ""


@dataclass(frozen=True)
class ParameterPart:
    """``[parameters]``: one figure the portal reckons with, and the clause it comes from."""

    clause: str
    value: Value | None = None  # None where it is left to the bureau
    by_size: dict[str, Value] | None = None  # size of the enterprise → value, where it differs


@dataclass(frozen=True)
class ClausePart:
    """``[[clause]]``: one clause of the text, and how the portal treats it."""

    path: str
    text: str
    treatment: str
    how: str
    provision: str = ""

    @property
    def place(self) -> Place:
        """条、款、项、目."""
        return Place.parse(self.path)


@dataclass(frozen=True)
class QuestionPart:
    """``[[interpretation]]``: what the text leaves open, and what the portal does until it is answered."""

    key: str
    clause: str
    question: str
    answer: str
    meanwhile: str
    options: dict[str, str] | None = None
    parameter: str | None = None
    default: Value | None = None  # the parameter's value: not written in the file twice


@dataclass(frozen=True)
class MeasureFile:
    """A whole measure, free of faults."""

    edition: EditionPart
    basis: tuple[BasisPart, ...]
    parameters: dict[str, ParameterPart]
    clauses: tuple[ClausePart, ...]
    questions: tuple[QuestionPart, ...]
    sha256: str


def reading_fault(answer: str, options: dict[str, str] | None, value) -> str | None:
    """What is wrong with a reading of a question of this kind; None when nothing is."""
    checks = {Answer.CHOICE: one_of(options or {}), Answer.NUMBER: NUMBER, Answer.TEXT: words(1000)}
    return checks[answer](value)


# --- The whole file --------------------------------------------------------------------------------------------------


LARGEST = 200_000  # bytes; the file of 2016 has some 30,000
# What no measure has, and what costs the reader of TOML memory by the square: names or brackets within one another.
QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#.*')
NESTED = re.compile(r"(?:[\w-]*[ \t]*\.[ \t]*){8}|(?:[\[{]\s*){8}|\d{20}")


def read(path: Path | str) -> MeasureFile:
    """The measure in a TOML file. Raises MeasureFault with every fault found; syntax is told by line."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise MeasureFault([(str(path), f"无法读取文件：{error.strerror}。")]) from error
    return parse(raw)


def parse(raw: bytes) -> MeasureFile:
    """The measure in the bytes of a TOML file. Raises MeasureFault with every fault found; syntax is told by line."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeasureFault([(f"第{raw[: error.start].count(10) + 1}行", "文件不是 UTF-8 编码。")]) from error
    if len(raw) > LARGEST:
        raise MeasureFault([("文件", f"文件过大：办法文件不超过 {LARGEST // 1000} KB。")])
    bare = QUOTED.sub("", text)
    if deep := NESTED.search(bare):
        line = bare[: deep.start()].count("\n") + 1
        raise MeasureFault([(f"第{line}行", "嵌套太深，不是办法文件。")])
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError, or a figure that no computer holds
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        where = f"第{place[1]}行第{place[2]}列" if place else "文件末尾"
        raise MeasureFault([(where, f"不是正确的 TOML：{error}。")]) from error
    return build(data, sha256=hashlib.sha256(raw).hexdigest())


def build(data: dict, *, sha256: str) -> MeasureFile:
    """The measure in the tables of a file already parsed. Raises MeasureFault with every fault found."""
    return _Builder().build(data, sha256)


class _Builder:
    """Collects every fault before it gives up, so that a writer need not run the check once for each."""

    def __init__(self):
        self.faults: list[tuple[str, str]] = []

    def fault(self, where: str, reason: str):
        self.faults.append((where, reason))

    def build(self, data: dict, sha256: str) -> MeasureFile:
        sections = {"edition": dict, "basis": list, "parameters": dict, "interpretation": list, "clause": list}
        for name in sorted(data.keys() - sections.keys()):
            self.fault(name, "没有这一部分。")
        for name, kind in sections.items():
            if not isinstance(data.get(name), kind) or (name != "interpretation" and not data[name]):
                self.fault(name, "缺少这一部分，或者写法不对。")
        if self.faults:
            raise MeasureFault(self.faults)

        edition = self.part(EditionPart, "edition", data["edition"], EDITION, optional=("promulgated_on", "is_demo"))
        basis = self.parts(BasisPart, "basis", data["basis"], BASIS, optional=("last_day", "number"))
        clauses = self.parts(ClausePart, "clause", data["clause"], CLAUSE, optional=("provision",))
        optional = ("options", "parameter")
        questions = self.parts(QuestionPart, "interpretation", data["interpretation"], QUESTION, optional=optional)
        parameters = self.parameters(data["parameters"])

        # Order and references are judged only where every row can be read: one slip is not told as twenty.
        if len(basis) == len(data["basis"]):
            self.check_basis(basis)
        if len(clauses) == len(data["clause"]):
            self.check_clauses(clauses)
            clauses = self.with_provisions(clauses)
            cited = questions | {f"parameters.{name}": part for name, part in parameters.items()}
            self.check_citations(cited, {clause.path for clause in clauses.values()})
        complete = len(questions) == len(data["interpretation"])
        questions = self.check_questions(questions, parameters, complete)
        if self.faults:
            raise MeasureFault(self.faults)
        return MeasureFile(
            edition, tuple(basis.values()), parameters, tuple(clauses.values()), tuple(questions.values()), sha256
        )

    def part(self, kind: type, where: str, raw: object, checks: dict[str, Check], optional=()):
        """One table as a part of the measure; None, with the faults noted, when it has any."""
        if not isinstance(raw, dict):
            return self.fault(where, "应为一张表。")
        before = len(self.faults)
        for name in sorted(raw.keys() - checks.keys()):
            self.fault(f"{where}.{name}", "没有这个键。")
        for name, check in checks.items():
            if name in raw:
                if reason := check(raw[name]):
                    self.fault(f"{where}.{name}", reason)
            elif name not in optional:
                self.fault(f"{where}.{name}", "缺少这个键。")
        return kind(**raw) if len(self.faults) == before else None

    def parts(self, kind: type, where: str, rows: list, checks: dict[str, Check], optional=()) -> dict:
        """The sound rows of a list of tables, each under its key path; rows are counted from 1."""
        named = {f"{where}[{i}]": row for i, row in enumerate(rows, start=1)}
        built = {path: self.part(kind, path, row, checks, optional) for path, row in named.items()}
        return {path: part for path, part in built.items() if part}

    def parameters(self, raw: dict) -> dict[str, ParameterPart]:
        """The parameters: exactly those the portal can carry out."""
        built = {}
        for name in sorted(raw.keys() - PARAMETERS.keys()):
            self.fault(f"parameters.{name}", "门户不能执行这个参数，故不予装入。")
        for name in PARAMETERS:
            where = f"parameters.{name}"
            if name not in raw:
                self.fault(where, "缺少这个参数。")
            elif part := self.part(ParameterPart, where, raw[name], self.parameter_checks(name), ("value", "by_size")):
                built[name] = part
        return built

    @staticmethod
    def parameter_checks(name: str) -> dict[str, Check]:
        """What may stand in the table of a parameter."""
        known = PARAMETERS[name]
        by_size = {"by_size": size_check(known.check)} if known.by_size else {}
        return {"value": known.check, "clause": _PATH} | by_size

    def check_basis(self, basis: dict[str, BasisPart]):
        """Periods hold a day each, stand in order, never overlap; the first is the original one."""
        latest = None
        for where, part in basis.items():
            if part.last_day and part.last_day < part.first_day:
                self.fault(f"{where}.last_day", "不得早于 first_day。")
            if latest and (latest.last_day is None or part.first_day <= latest.last_day):
                self.fault(f"{where}.first_day", "应晚于上一段有效期的末日。")
            expected = BasisKind.EXTENSION if latest else BasisKind.ORIGINAL
            if part.kind != expected:
                self.fault(f"{where}.kind", f"此处应为 {expected.value}：第一段为原定有效期，其后为延长。")
            latest = part

    def check_clauses(self, clauses: dict[str, ClausePart]):
        """Clauses stand in the order of the text, none twice, none without the one it hangs on."""
        seen: set[Place] = set()
        article = 0
        for where, clause in clauses.items():
            place, before = clause.place, clause.place.before
            if place in seen:
                self.fault(f"{where}.path", f"条文 {clause.path} 重复。")
            elif before is None and place.article != article + 1:
                self.fault(f"{where}.path", f"条文 {clause.path} 的位置不对：此处应为第{article + 1}条的开头。")
            elif before and (before not in seen or place.article != article):
                self.fault(f"{where}.path", f"条文 {clause.path} 之前没有它所承接的条文。")
            seen.add(place)
            article = max(article, place.article)

    def with_provisions(self, clauses: dict[str, ClausePart]) -> dict[str, ClausePart]:
        """The clauses, each with the provision it carries: its own path where the file names none anywhere."""
        if not any(clause.provision for clause in clauses.values()):
            clauses = {where: replace(clause, provision=clause.path) for where, clause in clauses.items()}
        carried: set[str] = set()
        before = len(self.faults)
        for where, clause in clauses.items():
            if clause.provision and clause.provision in carried:
                self.fault(f"{where}.provision", f"{clause.provision} 已由前面的条文承载：每项规定只能由一条承载。")
            carried.add(clause.provision)
        for provision, matter in PROVISIONS.items():
            if provision not in carried:
                self.fault("clause.provision", f"没有条文承载 {provision}（{matter}），门户不能执行这样的办法。")
        if len(self.faults) == before:  # one slip is not told as many
            self.check_closed(clauses)
        return clauses

    def check_closed(self, clauses: dict[str, ClausePart]):
        """Beside the items of a closed list there stands no other."""
        known = {*PROVISIONS, *OPTIONAL_PROVISIONS}
        for matter, listed in CLOSED_LISTS.items():
            items = {clause.place for clause in clauses.values() if clause.provision in listed}
            beside = {place.list for place in items}
            for where, clause in clauses.items():
                if clause.provision in listed:
                    if clause.place.list is None:
                        self.fault(f"{where}.path", f"{matter}应逐项列出，{clause.path} 不是项。")
                elif (
                    clause.place.list in beside - {None}
                    or clause.place.whole in items
                    and clause.provision not in known
                ):
                    self.fault(f"{where}.path", f"门户不能执行所列之外的{matter}：{clause.path}。")

    def check_citations(self, cited: dict[str, ParameterPart | QuestionPart], paths: set[str]):
        """What cites a clause cites one that is there."""
        for where, part in cited.items():
            if part.clause not in paths:
                self.fault(f"{where}.clause", f"没有条文 {part.clause}。")

    def check_questions(self, questions: dict[str, QuestionPart], parameters: dict[str, ParameterPart], complete: bool):
        """Questions have keys of their own, and what a choice or a number decides; what is left open is asked."""
        keys: set[str] = set()
        asked: set[str] = set()
        settled = {}
        for where, part in questions.items():
            if part.key in keys:
                self.fault(f"{where}.key", f"键 {part.key} 重复。")
            keys.add(part.key)
            if (part.options is not None) != (part.answer == Answer.CHOICE):
                self.fault(f"{where}.options", "answer 为 choice 时应列出选项，其他情形不得列出。")
            elif part.parameter is not None:
                part = self.with_parameter(where, part, parameters, asked)
            elif part.answer != Answer.TEXT:
                self.fault(f"{where}.parameter", "选项或者数字应指明它所决定的参数，否则无从执行。")
            settled[where] = part
        if complete:
            self.check_open(parameters, asked)
        return settled

    def with_parameter(self, where: str, part: QuestionPart, parameters: dict[str, ParameterPart], asked: set[str]):
        """The question with its parameter's value for default: one figure is written once."""
        known, given = PARAMETERS.get(part.parameter), parameters.get(part.parameter)
        if known is None:
            self.fault(f"{where}.parameter", f"没有参数 {part.parameter}。")
        elif part.parameter in asked:
            self.fault(f"{where}.parameter", f"参数 {part.parameter} 已有另一问题。")
        elif known.answer != part.answer:
            self.fault(f"{where}.answer", f"参数 {part.parameter} 不能这样答复。")
        elif any(known.check(code) for code in part.options or ()):
            self.fault(f"{where}.options", "选项超出门户所能执行的范围。")
        elif part.options and given and given.value is not None and given.value not in part.options:
            self.fault(f"{where}.options", f"选项中没有参数的取值 {given.value}。")
        elif given and given.by_size:
            self.fault(f"{where}.parameter", f"参数 {part.parameter} 按企业规模取值，不能另作口径。")
        asked.add(part.parameter)
        return replace(part, default=given.value) if given else part

    def check_open(self, parameters: dict[str, ParameterPart], asked: set[str]):
        """A parameter without a value is one that may be left to the bureau, and a question leaves it there."""
        for name, part in parameters.items():
            if part.value is None and not (PARAMETERS[name].open and name in asked):
                reason = "没有取值，也没有问题指明它。" if PARAMETERS[name].open else "这个参数不能没有取值。"
                self.fault(f"parameters.{name}.value", reason)


def _path(value) -> str | None:
    try:
        Place.parse(value)
    except (TypeError, ValueError):
        return "应为条文路径，如 6、3.1、6.(3)、5.(4).2、12.(2).(1)。"
    return None


_PATH: Check = _path
_KEY = words(60, KEY, "应为小写字母、数字和下划线，以字母开头。")
_TEXT = words(2000, r"[^,;:()?!]*", "正文应使用全角标点，不得出现半角的 , ; : ( ) ? !。")
_PROVISION = one_of([*PROVISIONS, *OPTIONAL_PROVISIONS])
EDITION: dict[str, Check] = {
    "key": words(60, r"[a-z][a-z0-9-]*", "应为小写字母、数字和连字符，以字母开头。"),
    "title": words(100, "[^《》]*", "不加书名号。"),
    "authority": words(60),
    "reading": words(500),
    "promulgated_on": day,
    "is_demo": yes_no,
}
BASIS: dict[str, Check] = {
    "kind": one_of(BasisKind.values),
    "first_day": day,
    "last_day": day,
    "title": words(100),
    "number": words(60),
}
CLAUSE: dict[str, Check] = {
    "path": _PATH,
    "text": _TEXT,
    "treatment": one_of(Treatment.values),
    "how": words(500),
    "provision": _PROVISION,
}
QUESTION: dict[str, Check] = {
    "key": _KEY,
    "clause": _PATH,
    "question": words(300),
    "answer": one_of(Answer.values),
    "meanwhile": words(300),
    "options": options,
    "parameter": _KEY,
}
