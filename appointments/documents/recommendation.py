"""建议解除聘任函: the bureau recommends that an enterprise end an appointment (Article 12 (二)).

The words keep to the text: the bureau may recommend, the enterprise alone decides, and until it does the appointment
stands as it is.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from registry.papers import official, sheet
from registry.papers.setting import Run
from registry.rules import day_words

RECOMMENDATION_TEMPLATE_VERSION = "recommendation-1"

ITEMS = "一二三四五六七八九十"


@dataclass(frozen=True, kw_only=True)
class RecommendationFacts(sheet.SheetFacts):
    """建议解除聘任函: what was found, what was heard, which grounds, and by when an answer is asked.

    ``grounds`` are (label, words of the measure); ``basis_words`` name the document by which the measure is in force on
    the day of signing, with its number; ``power`` is the clause by which the bureau may recommend; ``letter_number`` is
    that of the 聘书; ``contact`` and ``copies`` may be empty.
    """

    issuer_name: str
    enterprise_name: str
    letter_number: str
    first_day: date
    last_day: date
    findings: tuple[str, ...]
    statements: tuple[str, ...]
    grounds: tuple[tuple[str, str], ...]
    basis_words: str
    power: str
    answer_due: date
    answers_on_paper: bool
    attachments: tuple[str, ...]
    signed_on: date
    contact: str
    copies: str


def recommendation_letter(facts: RecommendationFacts, *, preview: bool = False) -> bytes:
    """建议解除聘任函 as a PDF in 信函格式 (Art. 12(二); GB/T 9704-2012).

    Raises Refused for a character that no font holds, FontsMissing when no Chinese font is installed.
    """
    you = addressed(facts.enterprise_name)

    def runs(words: str) -> list[Run]:
        return sheet.worded(words, (facts.person_name,), (facts.enterprise_name,))

    def text(words: str) -> SafeString:
        return official.paragraph(runs(words))

    channel = "书面" if facts.answers_on_paper else "通过平台"
    body = [
        text(
            f"你{you}任命的首席质量官{facts.person_name}同志（聘书编号：{facts.letter_number}，聘任期限自"
            f"{day_words(facts.first_day)}起至{day_words(facts.last_day)}止）的有关情况，我局已依照"
            f"{facts.measure_title}（以下简称《办法》）核实。现函告如下："
        ),
        official.heading("一、核实的情况"),
        *(text(words) for words in paragraphs(facts.findings)),
        official.heading("二、听取意见的情况"),
        *(text(words) for words in paragraphs(facts.statements)),
        official.heading("三、建议及依据"),
        *(text(words) for words in _grounds(facts)),
        text(
            f"据此，建议你{you}解除对{facts.person_name}同志的首席质量官聘任。是否解除由你{you}决定。"
            "决定之前，原聘任不受本函影响。"
        ),
        text(
            f"请于{day_words(facts.answer_due)}前（含当日）将是否解除聘任的决定{channel}告知我局；不解除的，"
            "请一并说明理由。"
        ),
    ]
    letter = official.Letter(
        issuer_name=facts.issuer_name,
        title=[facts.issuer_name, "关于建议解除首席质量官聘任的函"],
        addressee=official.paragraph([sheet.name_run(facts.enterprise_name), Run("：")], indent=0),
        body=body,
        closing=official.paragraph([Run("专此函达。")]),
        attachments=[runs(title) for title in facts.attachments],
        signed_on=facts.signed_on,
        remark=facts.contact,
        copies=facts.copies,
        paper="函",
        note="以加盖印章的原件为准",
    )
    return official.draw(facts, letter, preview=preview)


def addressed(enterprise_name: str) -> str:
    """How an enterprise is spoken to after 你: a company as 公司, a works or a cooperative as 单位."""
    return "公司" if "公司" in enterprise_name else "单位"


def paragraphs(texts: tuple[str, ...]) -> list[str]:
    """Texts typed by people as paragraphs: a new line begins one, empty ones are left out."""
    return [line for words in texts for line in words.splitlines() if line.strip()]


def grounds_words(grounds: tuple[tuple[str, str], ...]) -> list[str]:
    """The grounds in the measure's own words: one in a sentence, several as a list."""
    quoted = [f"{label}“{words.rstrip('；;。.')}”" for label, words in grounds]
    if len(quoted) == 1:
        return [f"上述情况属于《办法》{quoted[0]}的情形。"]
    items = [f"（{ITEMS[k]}）{words}；" for k, words in enumerate(quoted)]
    return ["上述情况属于《办法》规定的下列情形：", *items[:-1], items[-1].rstrip("；") + "。"]


def _grounds(facts: RecommendationFacts) -> list[str]:
    """What the recommendation rests on: the grounds, the power of Article 12 (二), and the basis in force that day."""
    grounds = grounds_words(facts.grounds)
    power = (
        "有所列情形之一的，质监部门可以建议首席质量官所在企业解除聘任。"
        f"本函出具之日现行有效的制度依据为{facts.basis_words}。"
    )
    if len(grounds) == 1:
        return [f"{grounds[0]}该项规定，{power}"]
    return [*grounds, f"《办法》{facts.power}规定，{power}"]
