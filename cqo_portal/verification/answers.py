"""What a paper is worth on a day: one function for each kind of paper, each answering out of a closed list.

``SOURCES`` names the kinds; a new kind of paper is one line there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from appointments.models import Paper, RecommendationLetter, ReportReceipt
from appointments.states import CaseState, EndReason, PaperKind, State
from registry.models import IssuedPaper
from registry.models.authority import authority_on
from registry.rules import day_words, masked_name
from registry.states import CheckResult
from registry.templatetags.portal import cn_range
from training.models import Certificate

TONES = {
    CheckResult.VALID: "green",
    CheckResult.NOT_YET_FILED: "blue",
    CheckResult.NEVER_FILED: "grey",
    CheckResult.EXPIRED: "grey",
    CheckResult.SUPERSEDED: "grey",
    CheckResult.UNKNOWN: "amber foreign",
    CheckResult.NOT_ISSUED: "red foreign",
    CheckResult.TOO_MANY: "amber",
}  # all others, which end a paper early, are red
STATUSES = {CheckResult.UNREADABLE: 400, CheckResult.TOO_MANY: 429}


@dataclass(frozen=True)
class Shown:
    """The least that tells a paper: what it is, of whom (masked), by whom, from when to when."""

    kind: str
    title: str
    number: str
    version: int
    name: str
    enterprise: str
    issuer: str
    valid_from: date
    valid_to: date | None
    rows: tuple[tuple[str, str], ...]  # label and words, as the page lists them


@dataclass(frozen=True)
class Answer:
    """One answer of the closed list: a sentence that says why, and since when for what ended or was replaced."""

    result: CheckResult
    sentence: str
    since: date | None = None
    paper: Shown | None = None
    wait: int = 0  # seconds until one may ask again

    @property
    def word(self) -> str:
        """The answer in one word, the heading of the page."""
        return self.result.label

    @property
    def tone(self) -> str:
        """Colour and rule of the answer; the word never stands on colour alone."""
        return TONES.get(self.result, "red")

    @property
    def status(self) -> int:
        """HTTP: 200 whenever the question was answered, 查无此证 included."""
        return STATUSES.get(self.result, 200)


UNKNOWN = Answer(CheckResult.UNKNOWN, "没有与这个核验码相符的文件。可能是输入有误，也可能文件不是由本平台出具。")
NOT_ISSUED = Answer(CheckResult.NOT_ISSUED, "这份 PDF 与本平台出具的任何文件都不一致，不能当作真实的电子文件。")


# --- What each kind of paper is worth ---------------------------------------------------------------------------------

ENDINGS = {
    EndReason.DISMISSED: (CheckResult.DISMISSED, "企业已于{day}解除聘任，这份{title}此后不再有效。"),
    EndReason.RESIGNED: (CheckResult.RESIGNED, "本人已于{day}辞任，这份{title}此后不再有效。"),
    EndReason.CLOSED: (CheckResult.CLOSED, "企业已于{day}终止，聘任随之结束，这份{title}此后不再有效。"),
    EndReason.SUPERSEDED: (CheckResult.SUCCEEDED, "企业已于{day}改聘他人，这份{title}此后不再有效。"),
}


def of_appointment(paper: Paper, today: date) -> Answer:
    """What a 聘书, 授权书 or 登记回执 is worth on that day (Art. 9, 11): the enterprise's act, and its record."""
    appointment, title = paper.appointment, paper.get_kind_display()
    last_day, filed = appointment.last_day, appointment.filed_at and timezone.localdate(appointment.filed_at)

    def answer(result: CheckResult, sentence: str, since: date | None = None) -> Answer:
        words = {"title": title, "day": since and day_words(since), "last": day_words(last_day)}
        return Answer(result, sentence.format(**words), since, _shown_appointment(paper, filed))

    if hasattr(paper, "superseded_by"):
        return answer(*_superseded(paper))
    if appointment.state == State.WITHDRAWN:
        day = timezone.localdate(appointment.withdrawn_at)
        return answer(CheckResult.WITHDRAWN, "企业已于{day}撤回这项任命，这份{title}不再有效。", day)
    if appointment.state == State.ENDED and appointment.end_reason != EndReason.EXPIRED:
        return answer(*ENDINGS[appointment.end_reason], appointment.ended_on)
    if last_day < today and filed is None:
        return answer(CheckResult.NEVER_FILED, "这份{title}真实，聘任期限已于{last}届满，质监部门始终没有登记。")
    if last_day < today:
        return answer(CheckResult.EXPIRED, "这份{title}真实，聘任期限已于{last}届满。")
    if filed is None:
        return answer(
            CheckResult.NOT_YET_FILED, "这份{title}由企业出具，真实；质监部门尚未登记。聘任期限以企业任命为准。"
        )
    if appointment.first_day > today:
        return answer(CheckResult.VALID, "这份{title}真实，任命已登记；聘任期限尚未开始。")
    return answer(CheckResult.VALID, "这份{title}真实，任命已登记，今天在聘任期限内。")


def _shown_appointment(paper: Paper, filed: date | None) -> Shown:
    """Names are those on the paper, which a later change of name does not make untrue."""
    appointment, printed = paper.appointment, paper.facts
    submitted = timezone.localdate(appointment.submitted_at)
    recorded = ("登记", f"{day_words(filed)}，{authority_on(filed)}") if filed else ("提交", day_words(submitted))
    rows = [("首席质量官", masked_name(printed["person_name"])), ("企业", printed["enterprise_name"])]
    rows += [("聘任期限", cn_range(appointment.term)), recorded]
    if appointment.ended_on and appointment.end_reason != EndReason.EXPIRED:
        rows.append(("实际终止", f"{day_words(appointment.ended_on)}，{appointment.get_end_reason_display()}"))
    return Shown(
        kind=paper.kind, title=paper.get_kind_display(), number=paper.number, version=paper.version,
        name=masked_name(printed["person_name"]), enterprise=printed["enterprise_name"],
        issuer=printed["bureau_name" if paper.kind == PaperKind.RECEIPT else "enterprise_name"],
        valid_from=appointment.term.lower, valid_to=appointment.last_day, rows=tuple(rows),
    )  # fmt: skip


# All that is read of an appointment's paper: a page that anybody may open is to cost little.
PAPER_READS = (
    "kind", "number", "version", "facts", "code", "superseded_by__version", "superseded_by__issued_at",
    *(f"appointment__{name}" for name in (
        "term", "state", "submitted_at", "filed_at", "withdrawn_at", "end_reason", "ended_on",
    )),
)  # fmt: skip


# Read along with a certificate, and not asked for one by one.
CERTIFICATE_READS = ("candidate", "enrolment__enterprise", "enrolment__session", "body", "superseded_by")


def of_certificate(certificate: IssuedPaper, today: date) -> Answer:
    """What a 培训证书 is worth (Art. 8): it has no last day, and ends only by revocation."""
    session, title = certificate.enrolment.session, "培训证书"
    name = masked_name(certificate.facts.get("person_name", certificate.candidate.name))
    enterprise, issued = certificate.enrolment.enterprise, certificate.issued_on
    rows = [("姓名", name), *([("企业", enterprise.name)] if enterprise else [])]
    rows.append(("培训日期", cn_range(session.first_day, session.last_day)))
    issuer = certificate.facts.get("body_name", certificate.body.name)
    rows.append(("发证", f"{day_words(issued)}，{issuer}"))
    shown = Shown(
        kind="certificate", title=f"{title}（{session.get_kind_display()}）", number=certificate.number,
        version=certificate.version, name=name, enterprise=enterprise.name if enterprise else "",
        issuer=issuer, valid_from=issued, valid_to=None, rows=tuple(rows),
    )  # fmt: skip
    if hasattr(certificate, "superseded_by"):
        result, sentence, since = _superseded(certificate)
        return Answer(result, sentence.format(title=title, day=day_words(since)), since, shown)
    if certificate.revocation:
        day = certificate.revocation.revoked_on
        return Answer(CheckResult.REVOKED, f"这份{title}已于{day_words(day)}撤销，自该日起无效。", day, shown)
    return Answer(CheckResult.VALID, f"这份{title}真实，由培训机构在考核合格后发给。", None, shown)


def _superseded(paper: IssuedPaper) -> tuple[CheckResult, str, date]:
    """A later version stands in the paper's place."""
    later = paper.superseded_by
    sentence = f"这份{{title}}已于{{day}}换发第 {later.version} 版，以新版为准。"
    return CheckResult.SUPERSEDED, sentence, timezone.localdate(later.issued_at)


# Read along with the papers of supervision.
LETTER_READS = ("case__appointment__enterprise", "case__appointment__candidate")
RECEIPT_READS = (
    "report__duty__cycle", "report__duty__appointment__enterprise", "report__duty__appointment__candidate"
)  # fmt: skip


def of_recommendation(letter: IssuedPaper, today: date) -> Answer:
    """What a 建议函 is worth (Art. 12(二)): genuine until taken back; it never ends an appointment by itself."""
    case, issued = letter.case, timezone.localdate(letter.issued_at)
    name, enterprise = masked_name(case.appointment.candidate.name), case.appointment.enterprise.name
    issuer = letter.facts["issuer"]
    rows = (("首席质量官", name), ("主送", enterprise), ("签发", f"{day_words(issued)}，{issuer}"))
    shown = Shown(
        kind="recommendation", title="建议函", number=letter.number, version=letter.version, name=name,
        enterprise=enterprise, issuer=issuer, valid_from=issued, valid_to=None, rows=rows,
    )  # fmt: skip
    if case.state == CaseState.WITHDRAWN:
        day = timezone.localdate(case.withdrawn_at)
        return Answer(CheckResult.WITHDRAWN, f"这份建议函已于{day_words(day)}由签发机关收回。", day, shown)
    return Answer(CheckResult.VALID, "这份建议函真实。建议不改变聘任，是否解除聘任由企业决定。", None, shown)


def of_report_receipt(receipt: IssuedPaper, today: date) -> Answer:
    """What a 收讫回执 is worth: it proves receipt on a day, and has no last one (Art. 12(二)(3))."""
    report, issued = receipt.report, timezone.localdate(receipt.issued_at)
    appointment = report.duty.appointment
    name, authority = masked_name(appointment.candidate.name), receipt.facts["bureau_name"]
    rows = (("首席质量官", name), ("企业", appointment.enterprise.name), ("收到", day_words(report.received_on)))
    shown = Shown(
        kind="report_receipt", title="履职报告收讫回执", number=receipt.number, version=receipt.version, name=name,
        enterprise=appointment.enterprise.name, issuer=authority, valid_from=issued, valid_to=None, rows=rows,
    )  # fmt: skip
    return Answer(CheckResult.VALID, "这份回执真实，证明收到了履职报告，不是对报告内容的评价。", None, shown)


@dataclass(frozen=True)
class Source:
    """Where papers of some kinds stand, and what says what one of them is worth on a day."""

    kinds: tuple[str, ...]
    rows: QuerySet
    describe: Callable[[IssuedPaper, date], Answer]


SOURCES = (
    Source(
        tuple(PaperKind),
        Paper.unscoped.select_related("appointment", "superseded_by").only(*PAPER_READS),
        of_appointment,
    ),
    Source(
        ("certificate",),
        Certificate.unscoped.select_related(*CERTIFICATE_READS).prefetch_related("revocations"),
        of_certificate,
    ),
    Source(("recommendation",), RecommendationLetter.unscoped.select_related(*LETTER_READS), of_recommendation),
    Source(("report_receipt",), ReportReceipt.unscoped.select_related(*RECEIPT_READS), of_report_receipt),
)
