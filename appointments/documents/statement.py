"""陈述意见通知书: before anything is recommended, the enterprise and the person are asked what they say (Art. 12(二)).

The same words go to both; how to answer differs, as the person needs no account.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from appointments.documents.recommendation import addressed, grounds_words, paragraphs
from registry.papers import official, sheet
from registry.papers.setting import Run
from registry.rules import day_words

STATEMENT_TEMPLATE_VERSION = "statement-1"


@dataclass(frozen=True, kw_only=True)
class StatementFacts(sheet.SheetFacts):
    """陈述意见通知书: to whom, about which grounds and facts, and until when; ``number`` is the notice's reference.

    ``grounds`` are (label, words of the measure). ``post_address`` is where a statement on paper goes; it and
    ``contact`` may be empty.
    """

    issuer_name: str
    enterprise_name: str
    to_person: bool
    letter_number: str
    first_day: date
    last_day: date
    findings: tuple[str, ...]
    grounds: tuple[tuple[str, str], ...]
    reply_by: date
    post_address: str
    signed_on: date
    contact: str


def statement_notice(facts: StatementFacts, *, preview: bool = False) -> bytes:
    """陈述意见通知书 as a PDF in 信函格式, to the enterprise or to the person (Art. 12(二)).

    Raises Refused for a character that no font holds, FontsMissing when no Chinese font is installed.
    """

    def text(words: str) -> SafeString:
        return official.paragraph(sheet.worded(words, (facts.person_name,), (facts.enterprise_name,)))

    you = "你" if facts.to_person else f"你{addressed(facts.enterprise_name)}"
    term = f"聘书编号：{facts.letter_number}，聘任期限自{day_words(facts.first_day)}起至{day_words(facts.last_day)}止"
    opening = (
        f"你担任{facts.enterprise_name}首席质量官（{term}）期间的有关情况"
        if facts.to_person
        else f"{you}任命的首席质量官{facts.person_name}同志（{term}）的有关情况"
    )
    paper = f"寄送或者送交{facts.post_address}" if facts.post_address else "提交我局"
    channel = "使用随本通知送达的一次性链接提交，无需账号" if facts.to_person else "登录首席质量官管理平台提交"
    body = [
        text(f"{opening}，我局正在依照{facts.measure_title}（以下简称《办法》）核实。现通知{you}陈述意见。"),
        official.heading("一、初步核实的情况"),
        *(text(words) for words in paragraphs(facts.findings)),
        official.heading("二、所涉及的规定"),
        *(text(words.replace("属于", "涉及", 1)) for words in grounds_words(facts.grounds)),
        official.heading("三、陈述意见的期限和方式"),
        text(
            f"{you}可以对上述情况和所涉及的规定陈述意见，并提供有关材料。请于{day_words(facts.reply_by)}前（含当日）"
            f"提出，可以{channel}，也可以书面{paper}。"
        ),
        text(
            "期限届满未提出意见的，我局根据已有材料继续办理，并如实记载。本通知用于听取意见，不是处理结论，"
            "不影响现有聘任。"
        ),
    ]
    if facts.to_person:
        addressee = [sheet.name_run(facts.person_name, whole=True), Run("同志：")]
    else:
        addressee = [sheet.name_run(facts.enterprise_name), Run("：")]
    letter = official.Letter(
        issuer_name=facts.issuer_name,
        title=["陈述意见通知书"],
        addressee=official.paragraph(addressee, indent=0),
        body=body,
        closing=official.paragraph([Run("特此通知。")]),
        signed_on=facts.signed_on,
        remark=facts.contact,
        paper="通知书",
        note="以加盖印章的原件为准",
    )
    return official.draw(facts, letter, preview=preview)
