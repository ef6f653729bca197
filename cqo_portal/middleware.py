"""Small duties of every page: a line in the log, the basis in the history, nothing private kept, refusals in words."""

import logging
import re
import secrets
import time

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from pghistory.middleware import HistoryMiddleware

from cqo_portal.logs import request_id
from registry.faults import sentence_for
from registry.models.acts import basis_marks
from registry.refusals import Refused
from registry.securitylog import note
from registry.sheets import XLSX
from registry.sheets.flowing import CSV
from registry.states import SecurityEvent

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")
request_log = logging.getLogger("cqo_portal.requests")


class RequestLogMiddleware:
    """Names each request, to its sender too, and writes one line about it: no path, no query, no name, no address."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        begun = time.monotonic()
        named = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        # Only what a proxy makes by itself: anything else could carry a person's number into the log.
        request.id = named if re.fullmatch(r"[0-9a-f]{32}", named, re.ASCII) else secrets.token_hex(16)
        held = request_id.set(request.id)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request.id
            match, user = request.resolver_match, getattr(request, "_cached_user", None)
            facts = {
                "method": request.method if request.method in METHODS else "other",
                "route": match.view_name if match else "",
                "status": response.status_code,
                "ms": round((time.monotonic() - begun) * 1000),
                "user": user.pk if user else None,
            }
            request_log.info("request", extra=facts)
            return response
        finally:
            request_id.reset(held)


class BasisHistoryMiddleware(HistoryMiddleware):
    """Who and where, and for what writes, under which edition and whether one was in force (Art. 14)."""

    def get_context(self, request):
        context = super().get_context(request)
        return context if request.method == "GET" else context | basis_marks(timezone.localdate())


class HeadersMiddleware:
    """What every answer tells a browser, unless it says so itself: pages, errors, redirects, files and static files.

    It stands outermost, so that no answer of another middleware goes past it.
    """

    SENT = {
        "X-Content-Type-Options": "nosniff",
        "X-Permitted-Cross-Domain-Policies": "none",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in settings.FEATURES_REFUSED),
    }

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in self.SENT.items():
            response.headers.setdefault(name, value)
        return response


class PrivatePagesMiddleware:
    """Pages of somebody signed in are never kept by a browser or proxy."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
            patch_cache_control(response, private=True, no_store=True)
        return response


class SecurityLogMiddleware:
    """Notes for everybody signed in what was denied, exported and opened: no page can forget to.

    Every answer with a Content-Disposition is a file or paper. One that could not be noted is not handed out.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        match = request.resolver_match
        if match is None or not request.user.is_authenticated or (event := self.event_of(response)) is None:
            return response
        about = " ".join(str(value) for name, value in match.kwargs.items() if name != "token")
        try:
            note(event, about=about, request=request, status=response.status_code)
        except Refused as refusal:
            return render(request, "503.html", {"sentence": refusal.sentence}, status=503)
        return response

    @staticmethod
    def event_of(response) -> SecurityEvent | None:
        """What an answer amounts to; None for an ordinary page."""
        if response.status_code in (403, 404):
            return SecurityEvent.DENIED
        if response.status_code >= 400 or not response.has_header("Content-Disposition"):
            return None
        sheet = response.get("Content-Type", "") in (XLSX, CSV)
        return SecurityEvent.EXPORT if sheet else SecurityEvent.DOWNLOAD


class RefusalMiddleware:
    """Turns a refusal that no form showed, and a database's refusal, into a sentence on a page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        """A sentence, and the page one came from; anything unknown goes on to the 500 page and the log."""
        if isinstance(exception, RequestDataTooBig):
            return render(request, "413.html", status=413)
        if isinstance(exception, Refused):
            sentence = exception.sentence
        elif not (isinstance(exception, DatabaseError) and (sentence := sentence_for(exception))):
            return None
        if request.method in ("GET", "HEAD"):  # to send a reader back to the same page would go round in a circle
            return render(request, "503.html", {"sentence": sentence}, status=503)
        messages.error(request, sentence)
        back = request.headers.get("Referer", "")
        url = back if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) else "/"
        return HttpResponseClientRedirect(url) if request.htmx else HttpResponseRedirect(url)
