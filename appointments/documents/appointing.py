"""The three papers of an appointment: 聘书 and 授权书 by the enterprise, 登记回执 by the bureau.

Each takes plain facts, so that a paper can be rendered, previewed and tested without the database. Nothing here decides
anything: the words say that the enterprise appoints and that the bureau records (Art. 9, 11).
"""

from dataclasses import dataclass
from datetime import date

from registry.papers import fonts, official, sheet
from registry.papers.setting import Run, as_paragraph, clean, shape_title
from registry.papers.sheet import LANDSCAPE_WIDTH, MM, TEXT_WIDTH
from registry.rules import day_words

LETTER_TEMPLATE_VERSION = "letter-1"
AUTHORISATION_TEMPLATE_VERSION = "authorisation-1"
RECEIPT_TEMPLATE_VERSION = "receipt-1"

NO_OPINION = "已登记，无附加意见"


@dataclass(frozen=True, kw_only=True)
class _PaperFacts(sheet.SheetFacts):
    """What every paper of an appointment carries: the enterprise and the term."""

    enterprise_name: str
    first_day: date
    last_day: date


@dataclass(frozen=True, kw_only=True)
class LetterFacts(_PaperFacts):
    """聘书: who appoints whom, and for how long (Art. 11, ``clause`` in words)."""

    clause: str
    appointer_title: str
    term_words: str
    signed_on: date


@dataclass(frozen=True, kw_only=True)
class AuthorisationFacts(_PaperFacts):
    """授权书: powers of Article 5 (一) to (五) as (label, text), departments of Article 11 as (kind, name or empty).

    ``clause`` is Article 11 in words.
    """

    clause: str
    credit_code: str
    appointer_name: str
    appointer_title: str
    position: str
    departments: tuple[tuple[str, str], ...]
    duties: tuple[tuple[str, str], ...]
    signed_on: date


@dataclass(frozen=True, kw_only=True)
class ReceiptFacts(_PaperFacts):
    """登记回执: what was recorded, when, by which ``clauses``, and with which opinions; none is said in words too."""

    clauses: str
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
    """聘书 as a PDF, A4 landscape, issued by the enterprise (Art. 11).

    Raises FontsMissing when no Chinese font is installed.
    """
    words = [
        Run(f"根据{facts.measure_title}{facts.clause}的规定，现任命您为"),
        sheet.name_run(facts.enterprise_name),
        Run("首席质量官，全面负责本企业的质量工作。"),
    ]
    size, appointment = sheet.landscape_lines(words)
    measure = LANDSCAPE_WIDTH * MM / size
    term = f"聘任期限为{facts.term_words}，自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止。"
    return sheet.draw(
        "letter_of_appointment",
        facts,
        preview=preview,
        landscape=True,
        rows=min(len(appointment), 4),
        size=size,
        appointment=as_paragraph(appointment),
        term=sheet.paragraph([Run(term)], measure),
        closing=sheet.paragraph([Run("特颁此聘书。")], measure),
        **sheet.issuer(facts.enterprise_name, 17),
        signed_on=day_words(facts.signed_on),
    )


def letter_of_authorisation(facts: AuthorisationFacts, *, preview: bool = False) -> bytes:
    """授权书 as a PDF, A4: the powers that the enterprise gives with the appointment (Art. 5, 11).

    Article 5 (六) is a liability, not a power, and is left out by the caller. Raises FontsMissing.
    """
    opening = [
        Run(f"根据{facts.measure_title}{facts.clause}的规定，现授权本企业首席质量官"),
        sheet.name_run(facts.person_name, whole=True),
        Run("开展下列工作："),
    ]
    departments = "、".join(f"{kind}（{name}）" if name else kind for kind, name in facts.departments)
    leading = f"本企业的{departments}等相关业务工作部门，隶属于首席质量官直接领导。"
    term = (
        f"授权期限与聘任期限相同，自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止。"
        "聘任提前终止的，本授权同时终止。"
    )
    issuer = sheet.issuer(facts.enterprise_name, 15)
    # One page holds 16 rows at 14 pt above a name of one line; what is longer is set in 13 pt.
    for size in (14, 13):
        paragraphs = [
            sheet.lines(runs, TEXT_WIDTH * MM / size)
            for runs in (
                opening,
                *([Run(label + text)] for label, text in facts.duties),
                [Run(leading)],
                [Run(term)],
            )
        ]
        if sum(map(len, paragraphs)) + len(issuer["issuer"]) <= 17:
            break
    return sheet.draw(
        "letter_of_authorisation",
        facts,
        preview=preview,
        enterprise=sheet.cell(facts.enterprise_name, 112),
        appointer=sheet.cell(facts.appointer_name, 29),
        position=sheet.cell(facts.position, 56),
        size=size,
        paragraphs=[as_paragraph(lines) for lines in paragraphs[:-1]],
        term=as_paragraph(paragraphs[-1]),
        lengths={"label": f"{len(facts.appointer_title) + 5}em"},
        **issuer,
        signed_on=day_words(facts.signed_on),
    )


def filing_receipt(facts: ReceiptFacts, *, preview: bool = False) -> bytes:
    """登记回执 as a PDF, A4 in 信函格式: the bureau proves that it recorded, and nothing more (Art. 9, 11).

    Raises FontsMissing when no Chinese font is installed.
    """
    measure = TEXT_WIDTH * MM / 15.75
    fine = TEXT_WIDTH * MM / 12
    following = "参照" if facts.outside_basis else "依照"
    basis = [
        f"{following}{facts.measure_title}{facts.clauses}的规定，首席质量官由所在企业任命，并颁发聘书。"
        "本回执仅证明上述任命已经登记，聘任期限以聘书所载为准。"
    ]
    if facts.outside_basis:
        basis.append(f"提交之日{facts.measure_title}不在有效期内，亦无其他现行有效的依据，本回执对此如实载明。")
    opinions = ["附意见登记：", *facts.opinion_lines] if facts.opinion_lines else [NO_OPINION]
    filed_on = day_words(facts.filed_on)
    return sheet.draw(
        "filing_receipt",
        facts,
        preview=preview,
        bureau=clean(facts.bureau_name),
        style_sheet="receipt",
        lengths=official.receipt_head(facts.bureau_name) | {"date": f"{fonts.load().width(filed_on):.3f}em"},
        title=shape_title(["企业首席质量官", "登记回执"], 18),
        addressee=sheet.paragraph([sheet.name_run(facts.enterprise_name), Run("：")], measure, indent=0),
        opening=sheet.paragraph(
            [Run(f"你单位提交的首席质量官任命材料收悉。经核对，上述任命已于{filed_on}登记。登记事项如下：")], measure
        ),
        county=sheet.cell(facts.county_name, 39),
        term=f"自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止",
        submitted_on=day_words(facts.submitted_on),
        checked_on=day_words(facts.checked_on) if facts.checked_on else "—",
        letter_number=sheet.cell(facts.letter_number, 113),
        opinion=[sheet.cell(line, 113) for line in opinions],
        basis=[sheet.paragraph([Run(sentence)], fine) for sentence in basis],
        filed_on=filed_on,
    )
