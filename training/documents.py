"""The paper of a training: 培训证书, issued by the training body (Art. 8 ¶1).

It takes plain facts, so that it can be rendered, previewed and tested without the database. Nothing here decides
anything: that the person passed was recorded before.
"""

from dataclasses import dataclass
from datetime import date

from registry.papers import sheet
from registry.papers.setting import Run, as_paragraph, clean, split_name
from registry.rules import day_words

CERTIFICATE_TEMPLATE_VERSION = "certificate-1"


@dataclass(frozen=True, kw_only=True)
class CertificateFacts(sheet.SheetFacts):
    """培训证书: who was trained by whom, in which course, when and for how long.

    ``id_words`` are masked already; ``clause`` is Art. 8 ¶1 in words.
    """

    id_words: str
    course_words: str
    first_day: date
    last_day: date
    hours: int
    body_name: str
    clause: str
    issued_on: date
    outside_basis: bool


def certificate(facts: CertificateFacts, *, preview: bool = False) -> bytes:
    """培训证书 as a PDF, A4 landscape, issued by the training body after 考核合格 (Art. 8 ¶1).

    Raises FontsMissing when no Chinese font is installed.
    """
    following = "参照" if facts.outside_basis else "根据"
    words = [
        sheet.name_run(facts.person_name, whole=True),
        Run(f"（{facts.id_words}），于{_days(facts.first_day, facts.last_day)}参加"),
        sheet.name_run(facts.course_words),
        Run(
            f"，共{facts.hours}学时，经首席质量官考核合格。{following}{facts.measure_title}{facts.clause}的规定，发给培训证书。"
        ),
    ]
    size, rows = sheet.landscape_lines(words, sizes=(19, 18, 17, 15, 13), shortest=7)
    return sheet.draw(
        "certificate",
        facts,
        preview=preview,
        landscape=True,
        course=split_name(clean(facts.course_words), 40),
        course_class=sheet.name_class(facts.course_words),
        size=size,
        sentence=as_paragraph(rows),
        **sheet.issuer(facts.body_name, 15),
        signed_on=day_words(facts.issued_on),
    )


def _days(first: date, last: date) -> str:
    """Both days of a course; the second does not say its year again, and a course of one day says it once."""
    if first == last:
        return day_words(first)
    return f"{day_words(first)}至" + day_words(last).removeprefix(f"{first.year}年")
