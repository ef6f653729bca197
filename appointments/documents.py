"""The three papers of an appointment: 聘书 and 授权书 by the enterprise, 登记回执 by the bureau.

Each takes plain facts, so that a paper can be rendered, previewed and tested without the database. Nothing here decides
anything: the words say that the enterprise appoints and that the bureau records (Articles 9 and 11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString

from registry.papers import fonts, qr
from registry.papers.render import render
from registry.papers.setting import Line, Run, as_paragraph, clean, set_lines, shape_title, split_name
from registry.rules import day_words

LETTER_TEMPLATE_VERSION = "letter-1"
AUTHORISATION_TEMPLATE_VERSION = "authorisation-1"
RECEIPT_TEMPLATE_VERSION = "receipt-1"

MM = 72 / 25.4  # points in a millimetre
TEXT_WIDTH = 156  # mm, 版心 of GB/T 9704-2012
NO_OPINION = "已登记，无附加意见"


@dataclass(frozen=True, kw_only=True)
class _PaperFacts:
    """What every paper carries. ``number`` and ``code`` may be empty in a preview, before they are given out."""

    number: str
    version: int
    person_name: str
    enterprise_name: str
    first_day: date
    last_day: date
    measure_title: str
    code: str
    verify_url: str


@dataclass(frozen=True, kw_only=True)
class LetterFacts(_PaperFacts):
    """聘书: who appoints whom, and for how long (Article 11)."""

    appointer_title: str
    term_words: str
    signed_on: date


@dataclass(frozen=True, kw_only=True)
class AuthorisationFacts(_PaperFacts):
    """授权书: powers of Article 5 (一) to (五) as (label, text), departments of Article 11 as (kind, name or empty)."""

    credit_code: str
    appointer_name: str
    appointer_title: str
    position: str
    departments: tuple[tuple[str, str], ...]
    duties: tuple[tuple[str, str], ...]
    signed_on: date


@dataclass(frozen=True, kw_only=True)
class ReceiptFacts(_PaperFacts):
    """登记回执: what was recorded, when, and with which opinions; none is said in words too."""

    credit_code: str
    county_name: str
    bureau_name: str
    letter_number: str
    submitted_on: date
    checked_on: date | None
    filed_on: date
    opinion_lines: tuple[str, ...]
    outside_basis: bool


def letter_of_appointment(facts: LetterFacts, *, preview: bool = False) -> bytes:
    """聘书 as a PDF, A4 landscape, issued by the enterprise (Article 11).

    Raises FontsMissing when no Chinese font is installed.
    """
    words = [
        Run(f"根据{facts.measure_title}第十一条的规定，现任命您为"),
        _enterprise_run(facts),
        Run("首席质量官，全面负责本企业的质量工作。"),
    ]
    # Long names take more rows: the type gives way before the foot of the page does.
    for size in (19, 17, 15, 13):
        measure = 230 * MM / size
        appointment = _lines(words, measure)
        if len(appointment) <= 4:
            break
    term = f"聘任期限为{facts.term_words}，自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止。"
    return _paper(
        "letter_of_appointment",
        facts,
        preview,
        rows=min(len(appointment), 4),
        size=size,
        appointment=as_paragraph(appointment),
        term=_paragraph([Run(term)], measure),
        closing=_paragraph([Run("特颁此聘书。")], measure),
        **_issuer(facts.enterprise_name, 17),
        signed_on=day_words(facts.signed_on),
    )


def letter_of_authorisation(facts: AuthorisationFacts, *, preview: bool = False) -> bytes:
    """授权书 as a PDF, A4: the powers that the enterprise gives with the appointment (Articles 5 and 11).

    Article 5 (六) is a liability, not a power, and is left out by the caller. Raises FontsMissing.
    """
    opening = [
        Run(f"根据{facts.measure_title}第十一条的规定，现授权本企业首席质量官"),
        Run(facts.person_name, _name_class(facts.person_name), whole=True),
        Run("开展下列工作："),
    ]
    departments = "、".join(f"{kind}（{name}）" if name else kind for kind, name in facts.departments)
    leading = f"本企业的{departments}等相关业务工作部门，隶属于首席质量官直接领导。"
    term = (
        f"授权期限与聘任期限相同，自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止。"
        "聘任提前终止的，本授权同时终止。"
    )
    issuer = _issuer(facts.enterprise_name, 15)
    # One page holds 16 rows at 14 pt above a name of one line; what is longer is set in 13 pt.
    for size in (14, 13):
        paragraphs = [
            _lines(runs, TEXT_WIDTH * MM / size)
            for runs in (
                opening,
                *([Run(label + text)] for label, text in facts.duties),
                [Run(leading)],
                [Run(term)],
            )
        ]
        if sum(map(len, paragraphs)) + len(issuer["issuer"]) <= 17:
            break
    return _paper(
        "letter_of_authorisation",
        facts,
        preview,
        enterprise=_cell(facts.enterprise_name, 112),
        appointer=_cell(facts.appointer_name, 29),
        position=_cell(facts.position, 56),
        size=size,
        paragraphs=[as_paragraph(lines) for lines in paragraphs[:-1]],
        term=as_paragraph(paragraphs[-1]),
        lengths={"label": f"{len(facts.appointer_title) + 5}em"},
        **issuer,
        signed_on=day_words(facts.signed_on),
    )


def filing_receipt(facts: ReceiptFacts, *, preview: bool = False) -> bytes:
    """登记回执 as a PDF, A4 in 信函格式: the bureau proves that it recorded, and nothing more (Articles 9 and 11).

    Raises FontsMissing when no Chinese font is installed.
    """
    measure = TEXT_WIDTH * MM / 15.75
    fine = TEXT_WIDTH * MM / 12
    following = "参照" if facts.outside_basis else "依照"
    basis = [
        f"{following}{facts.measure_title}第九条、第十一条的规定，首席质量官由所在企业任命，并颁发聘书。"
        "本回执仅证明上述任命已经登记，聘任期限以聘书所载为准。"
    ]
    if facts.outside_basis:
        basis.append(f"提交之日{facts.measure_title}不在有效期内，亦无其他现行有效的依据，本回执对此如实载明。")
    opinions = ["附意见登记：", *facts.opinion_lines] if facts.opinion_lines else [NO_OPINION]
    size = min(31.0, 170 * MM / 1.12 / len(facts.bureau_name))
    filed_on = day_words(facts.filed_on)
    return _paper(
        "filing_receipt",
        facts,
        preview,
        bureau=clean(facts.bureau_name),
        lengths={
            "letterhead": f"{size:.2f}pt",
            # The ink of the title face begins a little below its line box; smaller type sits in the middle of its room.
            "letterhead-top": f"{-0.9 + (31 - size) / 2 / MM:.2f}mm",
            "date": f"{fonts.load().width(filed_on):.3f}em",
        },
        title=shape_title(["企业首席质量官", "登记回执"], 18),
        addressee=_paragraph([_enterprise_run(facts), Run("：")], measure, indent=0),
        opening=_paragraph(
            [Run(f"你单位提交的首席质量官任命材料收悉。经核对，上述任命已于{filed_on}登记。登记事项如下：")], measure
        ),
        county=_cell(facts.county_name, 39),
        term=f"自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止",
        submitted_on=day_words(facts.submitted_on),
        checked_on=day_words(facts.checked_on) if facts.checked_on else "—",
        letter_number=_cell(facts.letter_number, 113),
        opinion=[_cell(line, 113) for line in opinions],
        basis=[_paragraph([Run(sentence)], fine) for sentence in basis],
        filed_on=filed_on,
    )


def _paper(
    name: str, facts: _PaperFacts, preview: bool, *, lengths: Mapping[str, str] | None = None, **words: object
) -> bytes:
    """Render one paper: its template with ``words``, its style sheet with ``lengths`` as CSS variables."""
    groups = facts.code.split("-")
    context = {
        "facts": facts,
        "preview": preview,
        "person": clean(facts.person_name),
        "name_class": _name_class(facts.person_name),
        "qr": "" if preview else qr.svg(facts.verify_url),
        "code_lines": ["-".join(groups[:5]) + "-" * (len(groups) > 5), "-".join(groups[5:])],
        **words,
    }
    css = "".join(get_template(f"papers/{sheet}.css").template.source for sheet in ("common", name))
    css += ":root{" + "".join(f"--{length}:{value};" for length, value in (lengths or {}).items()) + "}"
    for tight in (False, True):
        rendering = render(render_to_string(f"papers/{name}.html", context | {"tight": tight}), css)
        # What still runs over with less white between the lines takes its second page.
        if rendering.pages == 1:
            break
    return rendering.pdf


def _lines(runs: Sequence[Run], measure: float, indent: float = 2) -> list[Line]:
    return set_lines(runs, measure=measure, advance=fonts.load().advance, indent=indent)


def _paragraph(runs: Sequence[Run], measure: float, indent: float = 2) -> SafeString:
    return as_paragraph(_lines(runs, measure, indent), indent=indent)


def _cell(text: str, width: float) -> SafeString:
    """Text of a table cell whose inner width is given in mm."""
    return _paragraph([Run(text, _name_class(text))], width * MM / 14, indent=0)


def _issuer(name: str, widest: int) -> dict[str, object]:
    """The enterprise's name above the date, smaller where it takes more than three lines."""
    lines = split_name(clean(name), widest)
    small = len(lines) > 3
    if small:
        lines = split_name(clean(name), widest * 1.5)
    return {"issuer": lines, "issuer_small": small, "issuer_class": _name_class(name)}


def _name_class(name: str) -> str:
    return fonts.load().name_class(clean(name))


def _enterprise_run(facts: _PaperFacts) -> Run:
    return Run(facts.enterprise_name, _name_class(facts.enterprise_name))
