"""Uploads: checked by content, in a process apart; pictures drawn anew; kept under generated names."""

import json
import logging
import secrets
from pathlib import Path, PureWindowsPath

from django.conf import settings
from django.utils.text import get_valid_filename

from registry import clamd, filestore, sandbox
from registry.actions.common import allow
from registry.models import County, Enterprise, StoredFile, User
from registry.refusals import Refused

log = logging.getLogger(__name__)
WANTED = "请上传 PDF、JPG 或 PNG 文件，每个不超过 10 MB。"
SUFFIXES = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
INSPECTOR = Path(__file__).resolve().parent.parent / "inspector.py"
LIMITS = {"memory": 768 * sandbox.MEGABYTE, "seconds": 10, "output": 96 * sandbox.MEGABYTE}
ANEW = "请把文件重新打印（导出）为普通的 PDF，或者扫描后再上传。"
# What the inspector found, by its code.
FAULTS = {
    "kind": f"文件内容不是 PDF、JPG 或 PNG。{WANTED}",
    "damaged": f"无法打开这份 PDF，文件可能已损坏。{WANTED}",
    "torn": f"无法打开这张图片，文件可能已损坏。{WANTED}",
    "pixels": "图片过大（PNG 不超过 2000 万像素，JPG 不超过 8000 万像素），请缩小后再上传。",
    "encrypted": "这份 PDF 设有密码或者使用限制，请上传没有密码的文件。",
    "script": f"这份 PDF 含有脚本或者自动执行的动作，不能上传。{ANEW}",
    "action": f"这份 PDF 含有启动程序、提交数据或者打开其他文件的动作，不能上传。{ANEW}",
    "form": f"这份 PDF 含有 XFA 动态表单，不能上传。{ANEW}",
    "media": f"这份 PDF 含有音频、视频或者三维内容，不能上传。{ANEW}",
    "files": f"这份 PDF 中夹带了其他文件，不能上传。请把附件分别上传。{ANEW}",
    "link": f"这份 PDF 含有不指向网页、邮箱或者电话的链接，不能上传。{ANEW}",
    "foreign": f"这份 PDF 的开头或者末尾夹带了其他内容，不能上传。{ANEW}",
    "bomb": f"这份 PDF 展开后过大，可能是恶意文件，没有读取。{ANEW}",
    "tree": f"这份 PDF 的页面结构异常，没有读取。{ANEW}",
    "pages": "这份 PDF 超过 2000 页，请分成几份上传。",
    "no pages": "这份 PDF 没有任何页面。",
}
TOO_HARD = f"检查这份文件所需的时间或者内存过多，可能是恶意文件，没有保存。{ANEW}"


class Inspected(bytes):
    """Bytes fit to be kept, with what they are: ``inspect`` makes them, and what the portal draws itself is some."""

    content_type: str
    pages: int

    @classmethod
    def of(cls, data: bytes, content_type: str, pages: int) -> "Inspected":
        """These bytes, known to be of that type and to have so many pages."""
        inspected = cls(data)
        inspected.content_type, inspected.pages = content_type, pages
        return inspected


def inspect(data: bytes) -> Inspected:
    """The bytes to keep: a PDF as it is, a picture drawn anew. What was inspected once is not inspected again.

    Raises Refused.
    """
    if isinstance(data, Inspected):
        return data
    if not data:
        raise Refused("文件是空的，请重新选择。")
    if len(data) > settings.UPLOAD_LIMIT:
        raise Refused(f"文件超过 10 MB。{WANTED}")
    clamd.refuse_harm(data)
    try:
        header, _, clean = _examined(data).partition(b"\n")
    except sandbox.Overrun as error:
        log.warning("an upload was refused: %s", error)
        raise Refused(TOO_HARD) from error
    found = json.loads(header)
    if "fault" in found:
        raise Refused(FAULTS[found["fault"]])
    return Inspected.of(clean or data, found["type"], found["pages"])


def _examined(data: bytes) -> bytes:
    """What the inspector writes about these bytes. Raises sandbox.Overrun."""
    return sandbox.run(INSPECTOR, data, **LIMITS)


def store_file(
    data: bytes,
    name: str,
    *,
    enterprise: Enterprise | None = None,
    county: County | None = None,
    internal: bool = False,
    by: User,
    at,
) -> StoredFile:
    """Keep an uploaded file of an enterprise, or of a bureau; ``internal`` ones no enterprise sees.

    Raises Refused when it is none of the kinds allowed.
    """
    allow(by, "registry.keep_internal_file" if internal or enterprise is None else "registry.store_file", enterprise)
    return _keep(data, name, enterprise=enterprise, county=county, internal=internal, uploaded_by=by, uploaded_at=at)


def store_file_of_measure(data: bytes, name: str, *, by: User, at) -> StoredFile:
    """Keep a document by which a measure is in force or a bureau is named; the municipal bureau's file (Art. 14).

    Raises Refused when it is none of the kinds allowed.
    """
    allow(by, "registry.record_basis")
    return _keep(data, name, uploaded_by=by, uploaded_at=at)


def store_file_of_applicant(data: bytes, name: str, *, county: County, by: User, at) -> StoredFile:
    """Keep what an applicant sends about an enterprise that is not theirs yet: for the bureau's eyes alone.

    Raises Refused when it is none of the kinds allowed.
    """
    allow(by, "registry.register_own_enterprise")
    return _keep(data, name, county=county, internal=True, uploaded_by=by, uploaded_at=at)


def store_file_of_person(data: bytes, name: str, *, enterprise: Enterprise, at) -> StoredFile:
    """Keep what a person without an account sends by a one-time link: for the bureau's eyes alone (Art. 12).

    Raises Refused when it is none of the kinds allowed.
    """
    return _keep(data, name, enterprise=enterprise, internal=True, uploaded_at=at)


def _keep(data: bytes, name: str, **whose) -> StoredFile:
    clean = inspect(data)
    base = PureWindowsPath(name).name  # takes both kinds of slash
    stem = get_valid_filename(base.rsplit(".", 1)[0].strip("._ ") or "文件")[:90]
    return StoredFile.unscoped.create(
        reference=secrets.token_hex(12) + "0",
        name=f"{stem}.{SUFFIXES[clean.content_type]}",
        content_type=clean.content_type,
        size=len(clean),
        sha256=filestore.keep(clean),
        pages=clean.pages,
        **whose,
    )
