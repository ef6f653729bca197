"""Papers as pages serve them: the bytes as issued, shown or downloaded, kept by no cache."""

import logging

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from registry import filestore
from registry.models import IssuedPaper
from registry.refusals import Refused
from registry.views.files import POLICY

log = logging.getLogger(__name__)
SPOILT = "这份文件的内容与出具时不一致，已停止下载并记入系统日志。请联系市局。"
PDF = "application/pdf"


def pdf_response(data: bytes, name: str, *, download: bool = False) -> HttpResponse:
    """A PDF under a name that may be Chinese, shown in the browser or downloaded."""
    response = HttpResponse(data, content_type=PDF)
    response["Content-Disposition"] = content_disposition_header(download, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY[PDF]
    response["Cache-Control"] = "private, no-store"
    return response


def bytes_of(paper: IssuedPaper) -> bytes:
    """The bytes as issued. Raises Refused when they are not what was issued, which is an alarm."""
    try:
        return filestore.fetch_whole(paper.sha256)
    except (FileNotFoundError, ValueError) as error:
        log.critical("paper %s: stored bytes do not match %s", paper.code, paper.sha256)
        raise Refused(SPOILT) from error
