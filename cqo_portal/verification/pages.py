"""Public verification: what a paper is worth today, to anybody, by its code or by the file itself.

Every check is counted, and limited for each client. docs/verification.md describes the JSON for programs.
"""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from cqo_portal.hashing import HashingUploadHandler
from cqo_portal.verification.answers import NOT_ISSUED, SOURCES, UNKNOWN, Answer, Source
from registry.models import IssuedPaper, VerificationTally
from registry.models.checks import tally_of
from registry.ratelimit import client_address, spend_each
from registry.states import STAFF, CheckResult, CheckWay
from registry.verification import KINDS, canonical, is_genuine

# Per client: name, how often, in how many seconds. Who asks for codes that do not exist is told to wait sooner.
LIMITS = (("verify.minute", 30, 60), ("verify.hour", 300, 3600))
UNKNOWN_LIMIT = ("verify.unknown", 10, 60)
FILE_COOKIE, FILE_COOKIE_AGE = "verified_file", 60  # seconds, enough to follow one redirect
SHOWN_CODE = 60  # characters of what was typed that are shown again


def find_by_code(code: str) -> tuple[Source, IssuedPaper] | None:
    """The paper with this code. A code that this office did not make is told by its tag, and no table is asked."""
    if not is_genuine(code):
        return None
    known = canonical(code)
    source = next((source for source in SOURCES if known[0] in {KINDS[kind] for kind in source.kinds}), None)
    paper = source and next(iter(source.rows.filter(code=known).order_by()), None)
    return (source, paper) if paper else None


def find_by_hash(sha256: str) -> IssuedPaper | None:
    """The paper whose stored bytes have this SHA-256 (hex)."""
    return next((paper for source in SOURCES for paper in source.rows.filter(sha256=sha256).order_by()), None)


# --- Limits, counting, and how an answer is given ---------------------------------------------------------------------


def _refused(request, at: datetime, *limits: tuple[str, int, int]) -> Answer | None:
    """Count this request against the limits; the answer that says how long to wait once one is spent, else None."""
    who = client_address(request)
    wait = spend_each(who, *limits, at=at)
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
    key = {"code": code, "day": timezone.localdate(at), "answer": answer.result, "via": via}
    VerificationTally.unscoped.count_up(key)


# --- The pages --------------------------------------------------------------------------------------------------------


@login_not_required
# Only until the file's reader is in place: what the visitor sends is read by ``_check_file``, protected.
@csrf_exempt  # nosemgrep: no-csrf-exemption
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
