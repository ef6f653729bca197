"""What carries out each clause of the measure, collected from what the code itself declares; nothing is listed by hand.

A rule, an act, a permission, a table or a paper names its articles in its docstring (``Art. 6(三)``), a page by its
links to them (``{% article %}``, ``{% cited %}``).
"""

import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.db.models import TextChoices

from registry.measures import FIGURES, PARAMETERS
from registry.measures.parameters import said
from registry.models import Clause, Edition, Interpretation

APPS = ("registry", "training", "appointments")
ARTICLE = rf"\d+(?:\((?:[{FIGURES}十]+|\d)\))*(?: to \([{FIGURES}十]+\))?(?: ¶\d)?"
CITED = re.compile(rf"Art\. ({ARTICLE}(?:(?:, | and ){ARTICLE})*)")
ONE = re.compile(rf"(\d+)((?:\((?:[{FIGURES}十]+|\d)\))*)(?: to \(([{FIGURES}十]+)\))?(?: ¶(\d))?")
TITLE = re.compile(r"{% block title %}(.*?){% endblock %}", re.S)
LINKED = re.compile(r'{[%{] (?:(?:article|cited|article_of) )?("\d[^%}]+)[%}]}')
PROVISION = re.compile(r'"([^"]+)"')
PAPER = re.compile("[\u4e00-\u9fff]+")  # a paper's docstring opens with its name
MARKUP = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.S)


class Kind(TextChoices):
    """What sort of thing carries a clause out; the values are the rooms of an app."""

    RULES = "rules", "规则"
    ACTIONS = "actions", "办理"
    POLICIES = "policies", "权限"
    MODELS = "models", "记录"
    DOCUMENTS = "documents", "文书"
    PAGES = "pages", "页面"


@dataclass(frozen=True, order=True)
class Claim:
    """One thing that carries a clause out: its name in Chinese where it has one, and its name in the code."""

    kind: Kind
    words: str
    symbol: str


@dataclass(frozen=True)
class Entry:
    """A clause with everything about it: the figures reckoned with, what carries it out, and what it leaves open."""

    clause: Clause
    figures: list[str]
    carried_out: list[tuple[Kind, list[Claim]]]
    questions: list[tuple[Interpretation, Interpretation | None]]


def entries(edition: Edition, questions: list[tuple[Interpretation, Interpretation | None]]) -> list[Entry]:
    """The clauses of an edition in their order; ``questions`` as (question, reading in force or None)."""
    found, open_at, figures = claims(), defaultdict(list), defaultdict(list)
    for name, given in edition.parameters.items():
        words = said(name, given["value"], given.get("by_size"))
        figures[given["clause"]].append(f"{PARAMETERS[name].label}：{words}")
    for question, reading in questions:
        open_at[question.clause].append((question, reading))
    return [
        Entry(
            clause,
            figures[clause.path],
            [(kind, list(made)) for kind, made in groupby(found.get(clause.provision, ()), key=attrgetter("kind"))],
            open_at[clause.path],
        )
        for clause in edition.clauses.all()
    ]


def cited(text: str) -> set[str]:
    """The provisions a docstring names: ``Art. 6(一)(二), 12(二)(3)``, ``Art. 5(一) to (五)``, ``Art. 8 ¶2``."""
    paths = set()
    for passage in CITED.finditer(text):
        for article, groups, last, paragraph in ONE.findall(passage[1]):
            marks = re.findall(r"\(([^)]+)\)", groups)
            items = [_number(mark) for mark in marks if not mark.isdigit()]
            if last:
                items = list(range(items[-1], _number(last) + 1))
            below = "".join(f".({mark})" for mark in marks if mark.isdigit()) + (paragraph and f".{paragraph}")
            paths |= {f"{article}.({item}){below}" for item in items} or {article + below}
    return paths


def _number(figure: str) -> int:
    """1 to 19 from a Chinese numeral."""
    tens, _, ones = figure.rpartition("十")
    return 10 * ("十" in figure) + (FIGURES.index(ones) if ones else 0)


@cache
def claims() -> dict[str, list[Claim]]:
    """Provision → what carries it out, in the order of ``Kind``."""
    found = defaultdict(set)
    for path, claim in (*_of_code(), *_of_pages()):
        found[path].add(claim)
    order = list(Kind)
    return {path: sorted(made, key=lambda claim: (order.index(claim.kind), claim)) for path, made in found.items()}


def _of_code() -> Iterator[tuple[str, Claim]]:
    for name, module in sorted(sys.modules.items()):
        app, _, room = name.partition(".")
        kind = room.partition(".")[0]
        if app not in APPS or kind not in Kind.values:
            continue
        for symbol, thing in inspect.getmembers(module, lambda one: inspect.isfunction(one) or inspect.isclass(one)):
            if thing.__module__ != name or symbol.startswith("_") or kind == Kind.DOCUMENTS and inspect.isclass(thing):
                continue
            table = getattr(thing, "_meta", None) if kind == Kind.MODELS else None
            if kind == Kind.MODELS and (table is None or table.abstract):
                continue
            told = inspect.getdoc(thing) or ""
            paper = PAPER.match(told) if kind == Kind.DOCUMENTS else None
            words = str(table.verbose_name) if table else paper[0] if paper else ""
            for path in cited(told):
                yield path, Claim(Kind(kind), words, f"{app}.{kind}.{symbol}")


def _of_pages() -> Iterator[tuple[str, Claim]]:
    """Templates with a title of their own; parts of pages have none."""
    for file in sorted((settings.BASE_DIR / "templates").rglob("*.html")):
        text = file.read_text()
        if title := TITLE.search(text):
            words = MARKUP.sub("", title[1]).strip("，、：· ").lstrip("的年")
            linked = {path for tag in LINKED.findall(text) for path in PROVISION.findall(tag)}
            for path in linked if words else ():
                yield path, Claim(Kind.PAGES, words, "")
