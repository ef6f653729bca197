"""Public verification: what a paper is worth today, to anybody, by its code or by the file itself.

One function for each kind of paper maps a row to an answer out of a closed list; ``SOURCES`` names the kinds. Every
check is counted, and limited for each client. docs/verification.md describes the JSON for programs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from appointments.models import Paper
from appointments.states import EndReason, PaperKind, State
from cqo_portal.hashing import HashingUploadHandler
from registry.models import IssuedPaper, VerificationTally
from registry.models.checks import tally_of
from registry.ratelimit import client_address, spend
from registry.rules import day_words, masked_name
from registry.states import STAFF, CheckResult, CheckWay
from registry.templatetags.portal import cn_range
from registry.verification import KINDS, canonical, is_genuine
from training.models import Certificate

# Per client: name, how often, in how many seconds. Who asks for codes that do not exist is told to wait sooner.
LIMITS = (("verify.minute", 30, 60), ("verify.hour", 300, 3600))
UNKNOWN_LIMIT = ("verify.unknown", 10, 60)
FILE_COOKIE, FILE_COOKIE_AGE = "verified_file", 60  # seconds, enough to follow one redirect
SHOWN_CODE = 60  # characters of what was typed that are shown again

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
    authority = appointment.edition.authority if appointment.edition else printed.get("bureau_name", "")
    submitted = timezone.localdate(appointment.submitted_at)
    recorded = ("登记", f"{day_words(filed)}，{authority}") if filed else ("提交", day_words(submitted))
    rows = [("首席质量官", masked_name(printed["person_name"])), ("企业", printed["enterprise_name"])]
    rows += [("聘任期限", cn_range(appointment.term)), recorded]
    if appointment.ended_on and appointment.end_reason != EndReason.EXPIRED:
        rows.append(("实际终止", f"{day_words(appointment.ended_on)}，{appointment.get_end_reason_display()}"))
    return Shown(
        kind=paper.kind, title=paper.get_kind_display(), number=paper.number, version=paper.version,
        name=masked_name(printed["person_name"]), enterprise=printed["enterprise_name"],
        issuer=authority if paper.kind == PaperKind.RECEIPT else printed["enterprise_name"],
        valid_from=appointment.term.lower, valid_to=appointment.last_day, rows=tuple(rows),
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


@dataclass(frozen=True)
class Source:
    """Where papers of some kinds stand, and what says what one of them is worth on a day."""

    kinds: tuple[str, ...]
    rows: QuerySet
    describe: Callable[[IssuedPaper, date], Answer]


SOURCES = (
    Source(tuple(PaperKind), Paper.unscoped.select_related("appointment__edition", "superseded_by"), of_appointment),
    Source(
        ("certificate",),
        Certificate.unscoped.select_related(*CERTIFICATE_READS).prefetch_related("revocations"),
        of_certificate,
    ),
)


def find_by_code(code: str) -> tuple[Source, IssuedPaper] | None:
    """The paper with this code. A code that this office did not make is told by its tag, and no table is asked."""
    if not is_genuine(code):
        return None
    known = canonical(code)
    source = next((source for source in SOURCES if known[0] in {KINDS[kind] for kind in source.kinds}), None)
    paper = source and source.rows.filter(code=known).first()
    return (source, paper) if paper else None


def find_by_hash(sha256: str) -> IssuedPaper | None:
    """The paper whose stored bytes have this SHA-256 (hex)."""
    return next((paper for source in SOURCES if (paper := source.rows.filter(sha256=sha256).first())), None)


# --- Limits, counting, and how an answer is given ---------------------------------------------------------------------


def _refused(request, at: datetime, *limits: tuple[str, int, int]) -> Answer | None:
    """Count this request against the limits; the answer that says how long to wait once one is spent, else None."""
    who = client_address(request)
    wait = max(spend(name, who, limit=limit, seconds=seconds, at=at) for name, limit, seconds in limits)
    sentence = f"请在 {wait} 秒后再试。这只是核验次数的限制，不是对文件的答复。"
    return Answer(CheckResult.TOO_MANY, sentence, wait=wait) if wait else None


def _wants_json(request) -> bool:
    types = [part.partition(";")[0].strip() for part in request.headers.get("Accept", "").lower().split(",")]
    return types[0] == "application/json" or (
        request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    )


def _as_json(answer: Answer, at: datetime) -> dict:
    """The fields of docs/verification.md, every one of them always there."""
    paper = answer.paper
    known = ("kind", "title", "number", "version", "name", "enterprise", "issuer", "valid_from", "valid_to")
    return {
        "result": answer.result.value,
        "word": answer.word,
        "sentence": answer.sentence,
        **{name: (getattr(paper, name) or None) if paper else None for name in known},
        "since": answer.since,
        "checked_at": timezone.localtime(at).isoformat(timespec="seconds"),
    }


def _plain(response):
    """Headers of every answer: kept nowhere, found by no search engine, of two forms."""
    add_never_cache_headers(response)
    response["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(response, ["Accept"])
    return response


def _respond(request, answer: Answer, at: datetime, *, code: str = "", matched=False, checks=None):
    """The answer as page or as JSON. ``checks``: how often the paper was checked before, for staff alone."""
    if _wants_json(request):
        fields = _as_json(answer, at)
        response = JsonResponse(fields, status=answer.status, json_dumps_params={"ensure_ascii": False})
    else:
        facts = {"answer": answer, "code": code[:SHOWN_CODE], "matched": matched, "checks": checks, "checked_at": at}
        response = render(request, "verify.html", facts, status=answer.status)
    if answer.wait:
        response["Retry-After"] = str(answer.wait)
    return _plain(response)


def _count(request, answer: Answer, at: datetime, *, code: str = "", by_file: bool = False) -> None:
    """One more check of this paper; of codes and files we do not know all together. Nothing says by whom."""
    via = CheckWay.JSON if _wants_json(request) else CheckWay.FILE if by_file else CheckWay.CODE
    VerificationTally.unscoped.count_up(code=code, day=timezone.localdate(at), answer=answer.result, via=via)


# --- The pages --------------------------------------------------------------------------------------------------------


@login_not_required
@csrf_exempt  # only until the file's reader is in place: what the visitor sends is read by ``_check_file``, protected
@require_http_methods(["GET", "POST"])
def verify(request):
    """The page on which one types a code or drops a file."""
    at = timezone.now()
    if request.method == "POST":
        if refused := _refused(request, at, *LIMITS):
            return _respond(request, refused, at)
        request.upload_handlers = [HashingUploadHandler(settings.UPLOAD_LIMIT)]
        return _check_file(request, at)
    if code := request.GET.get("code", "").replace("/", "").strip():
        return _plain(redirect("verify_paper", code=(canonical(code) or code)[:SHOWN_CODE]))
    if _wants_json(request):
        return _respond(request, Answer(CheckResult.UNREADABLE, "请在网址中写明核验码：/verify/核验码/。"), at)
    return _plain(render(request, "verify.html", {"answer": None, "fault": "", "code": ""}))


@csrf_protect
def _check_file(request, at: datetime):
    """Compare a file's hash with those of the papers; it was read for that alone, and is gone."""
    file = request.FILES.get("file")
    if fault := _fault_of(file, too_large=request.upload_handlers[0].too_large):
        if _wants_json(request):
            return _respond(request, Answer(CheckResult.UNREADABLE, fault), at)
        return _plain(render(request, "verify.html", {"answer": None, "fault": fault, "code": ""}, status=400))
    if paper := find_by_hash(file.sha256):
        response = redirect("verify_paper", code=paper.code)
        # So that the next page may say that this visitor's file is the paper: an address could be written by anybody.
        response.set_signed_cookie(
            FILE_COOKIE, paper.code, max_age=FILE_COOKIE_AGE, path=response["Location"], httponly=True,
            secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
        )  # fmt: skip
        return _plain(response)
    if refused := _refused(request, at, UNKNOWN_LIMIT):
        return _respond(request, refused, at)
    _count(request, NOT_ISSUED, at, by_file=True)
    return _respond(request, NOT_ISSUED, at)


def _fault_of(file, *, too_large: bool) -> str:
    """Why a file cannot be compared at all, as a sentence; empty when it can."""
    if too_large:
        return f"文件超过 {settings.UPLOAD_LIMIT // 2**20} MB。本平台出具的文件没有这么大，请选择收到的原文件。"
    if file is None:
        return "请选择要核对的 PDF 文件。"
    if not file.size:
        return "文件是空的，请重新选择。"
    if file.head != b"%PDF-":
        return "这不是 PDF 文件。照片和扫描件不能这样核对，请改为输入核验码。"
    return ""


@login_not_required
@require_GET
def verify_paper(request, code):
    """What the paper with this code is worth today."""
    at = timezone.now()
    if refused := _refused(request, at, *LIMITS):
        return _respond(request, refused, at, code=code)
    if (found := find_by_code(code)) is None:
        if refused := _refused(request, at, UNKNOWN_LIMIT):
            return _respond(request, refused, at, code=code)
        _count(request, UNKNOWN, at)
        return _respond(request, UNKNOWN, at, code=code)
    source, paper = found
    answer = source.describe(paper, timezone.localdate(at))
    matched = request.get_signed_cookie(FILE_COOKIE, "", max_age=FILE_COOKIE_AGE) == paper.code
    checks = tally_of(paper.code) if request.user.is_authenticated and request.user.role in STAFF else None
    _count(request, answer, at, code=paper.code, by_file=matched)
    response = _respond(request, answer, at, code=paper.code, matched=matched, checks=checks)
    if matched:
        response.delete_cookie(FILE_COOKIE, path=request.path, samesite="Lax")
    return response
