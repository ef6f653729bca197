"""履职报告收讫回执: the bureau proves when a duty report came in, and does not judge what it says (Articles 5, 12)."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from registry.papers import fonts, official, sheet
from registry.papers.setting import Run, clean
from registry.papers.sheet import MM, TEXT_WIDTH
from registry.rules import day_words

REPORT_RECEIPT_TEMPLATE_VERSION = "report-receipt-1"

HERE = ZoneInfo("Asia/Shanghai")
MEANING = "本回执仅证明收到上述履职报告，不是对报告内容的评价。收到时间为平台服务器记录的北京时间。"


@dataclass(frozen=True, kw_only=True)
class ReportReceiptFacts(sheet.SheetFacts):
    """履职报告收讫回执: which report for which cycle, when the server had it, and the fingerprint of its content.

    ``received_on`` is the day of receipt that decides what is late, for a paper report the day at the counter;
    ``received_at`` is the aware moment at which the server had it; ``days_late`` is 0 for a report on time.
    ``on_paper`` says that an officer typed in a paper report (代录). ``content_sha256`` is written in hexadecimal.
    """

    bureau_name: str
    enterprise_name: str
    credit_code: str
    letter_number: str
    cycle_title: str
    cycle_number: str
    period_first: date
    period_last: date
    due_on: date
    received_on: date
    received_at: datetime
    days_late: int
    on_paper: bool
    attachments: int
    content_sha256: str


def report_receipt(facts: ReportReceiptFacts, *, preview: bool = False) -> bytes:
    """履职报告收讫回执 (Art. 12(二)(3)) as a PDF, A4 in 信函格式, with the server's time of receipt to the second.

    Raises Refused for a character that no font holds, FontsMissing when no Chinese font is installed.
    """
    received = facts.received_at.astimezone(HERE)
    number = f"（{facts.cycle_number}）" if facts.cycle_number else ""
    opening = [
        Run("首席质量官"),
        sheet.name_run(facts.person_name, whole=True),
        Run("同志的履职报告已经收到，事项如下："),
    ]
    return sheet.draw(
        "report_receipt",
        facts,
        preview=preview,
        style_sheet="receipt",
        bureau=clean(facts.bureau_name),
        lengths=official.receipt_head(facts.bureau_name) | {"date": f"{fonts.load().width(day_words(received)):.3f}em"},
        addressee=sheet.paragraph(
            [sheet.name_run(facts.enterprise_name), Run("：")], TEXT_WIDTH * MM / 15.75, indent=0
        ),
        opening=sheet.paragraph(opening, TEXT_WIDTH * MM / 15.75),
        cycle=sheet.cell(facts.cycle_title + number, 113),
        letter_number=sheet.cell(facts.letter_number, 113),
        period=f"自{day_words(facts.period_first)}起至{day_words(facts.period_last)}止",
        due_on=day_words(facts.due_on),
        received=_when(facts, f"{day_words(received)} {received:%H:%M:%S}"),
        timeliness=f"迟交{facts.days_late}天" if facts.days_late else "按时",
        manner="纸质代录" if facts.on_paper else "平台提交",
        attachments=f"{facts.attachments}份" if facts.attachments else "无",
        meaning=sheet.paragraph([Run(MEANING)], TEXT_WIDTH * MM / 12),
        received_on=day_words(received),
    )


def _when(facts: ReportReceiptFacts, server_time: str) -> str:
    """The moment of receipt; of a paper report the day at the counter, and when it was typed in."""
    return f"{day_words(facts.received_on)}（{server_time}代录）" if facts.on_paper else server_time
