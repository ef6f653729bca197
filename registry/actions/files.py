"""Uploads: checked by content, images re-encoded, kept under generated names."""

import io
import secrets
from pathlib import PureWindowsPath

from django.conf import settings
from django.utils.text import get_valid_filename
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader

from registry import filestore
from registry.actions.common import allow
from registry.models import County, Enterprise, StoredFile, User
from registry.refusals import Refused

WANTED = "请上传 PDF、JPG 或 PNG 文件，每个不超过 10 MB。"
IMAGE_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
PIXELS = 40_000_000


def _checked_image(data: bytes) -> tuple[bytes, str]:
    """The picture drawn anew, without EXIF or anything hidden behind it. Raises Refused."""
    try:
        with Image.open(io.BytesIO(data), formats=tuple(IMAGE_TYPES)) as picture:
            if picture.width * picture.height > PIXELS:
                raise Refused("图片过大（超过 4000 万像素），请缩小后再上传。")
            # Phones write several frames into one JPEG, which Pillow then calls MPO: the first is the picture.
            kind, clean = "PNG" if picture.format == "PNG" else "JPEG", io.BytesIO()
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            paper = Image.new("RGBA", upright.size, "white")
            Image.alpha_composite(paper, upright).convert("RGB").save(
                clean, kind, **({"quality": 88} if kind == "JPEG" else {"optimize": False})
            )
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise Refused(f"无法打开这张图片，文件可能已损坏。{WANTED}") from fault
    return clean.getvalue(), IMAGE_TYPES[kind]


def _checked_pdf(data: bytes) -> int:
    """Number of pages. Raises Refused for an encrypted or broken PDF."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise Refused("这份 PDF 设有密码，请上传没有密码的文件。")
        pages = len(reader.pages)
    except Refused:
        raise
    except Exception as fault:  # a damaged PDF makes the reader raise nearly anything
        raise Refused(f"无法打开这份 PDF，文件可能已损坏。{WANTED}") from fault
    if not pages:
        raise Refused("这份 PDF 没有任何页面。")
    return pages


def inspect(data: bytes) -> tuple[bytes, str, int]:
    """Bytes to keep, content type and pages, by what the file is and not by what it is called. Raises Refused."""
    if not data:
        raise Refused("文件是空的，请重新选择。")
    if len(data) > settings.UPLOAD_LIMIT:
        raise Refused(f"文件超过 10 MB。{WANTED}")
    if data.startswith(b"%PDF-"):
        return data, "application/pdf", _checked_pdf(data)
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return *_checked_image(data), 1
    raise Refused(f"文件内容不是 PDF、JPG 或 PNG。{WANTED}")


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
    clean, content_type, pages = inspect(data)
    base = PureWindowsPath(name).name  # takes both kinds of slash
    stem = get_valid_filename(base.rsplit(".", 1)[0].strip("._ ") or "文件")[:90]
    suffix = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[content_type]
    return StoredFile.unscoped.create(
        reference=secrets.token_hex(12) + "0",
        name=f"{stem}.{suffix}",
        content_type=content_type,
        size=len(clean),
        sha256=filestore.keep(clean),
        pages=pages,
        **whose,
    )
