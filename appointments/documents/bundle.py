"""证据卷: everything a recommendation stands on as one PDF, with a contents page, page numbers and bookmarks.

A file that cannot be read becomes a page that says so: a bundle is never refused because of one bad scan.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from PIL import Image, ImageOps
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
)

from registry.papers import render, sheet
from registry.papers.setting import clean
from registry.papers.sheet import MM
from registry.refusals import Refused
from registry.rules import day_words

PAGES = 300  # of a bundle: about what can be drawn in a web request's time and bound as one volume
MB = 1024 * 1024
FILE_SIZE = 40 * MB  # of one file
VOLUME_SIZE = 200 * MB  # of all files of a bundle, which are in memory at once
PIXELS = 40_000_000  # of a picture: twice what uploads keep today
LONG_EDGE = 2400  # pixels a picture keeps: A4 at 200 dpi
A4 = (210 * MM, 297 * MM)
MARGIN = 15 * MM  # white around a picture
STAMP = (44 * MM, 6 * MM)
STAMP_INSET = (10 * MM, 5 * MM)  # of a page number, from the right and lower edge
COLUMNS = {"title": 64, "source": 32}  # inner widths of the contents, mm
HIDDEN, PRINTED = 2, 4  # flags of an annotation
PICTURES = {"image/jpeg", "image/png"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One piece of evidence: a file, or a record told in paragraphs, or both (the paragraphs come first)."""

    title: str
    source: str
    day: date | None
    data: bytes | None = None
    content_type: str = ""
    paragraphs: tuple[str, ...] = ()


@dataclass
class _Piece:
    """A part on its way into the bundle: its pages as a PDF of their own, or why there are none."""

    part: Part
    pages: PdfReader | None = None
    fault: str = ""
    text_pages: list[PageObject] = field(default_factory=list)
    number: int = 0  # of its first page in the bundle

    @property
    def has_text(self) -> bool:
        """Whether pages of text are drawn for it."""
        return self.pages is None or bool(self.part.paragraphs)

    @property
    def count(self) -> int:
        """How many pages it takes."""
        return len(self.text_pages) + (len(self.pages.pages) if self.pages else 0)


class _Unreadable(Exception):
    """A file that cannot become pages; the words say why."""


def evidence_bundle(title: str, parts: Sequence[Part], *, lines: Sequence[str]) -> bytes:
    """One PDF of all parts in their order, behind a contents that names the page of each; ``lines`` stand on its cover.

    The same input gives the same bytes. Raises Refused beyond 300 pages or 200 MB of files, FontsMissing.
    """
    if sum(len(part.data or b"") for part in parts) > VOLUME_SIZE:
        raise Refused(f"证据卷的文件合计超过{VOLUME_SIZE // MB} MB，请减少材料，或者分成几卷。")
    pieces = [_piece(part) for part in parts]
    # Counted before anything is drawn: text takes at least a page a part.
    _within_limit(sum((len(piece.pages.pages) if piece.pages else 0) + piece.has_text for piece in pieces) + 1)
    _draw_texts(pieces)
    contents = _contents(title, pieces, lines)
    total = len(contents) + sum(piece.count for piece in pieces)
    _within_limit(total)

    writer = PdfWriter()
    for page in contents:
        writer.add_page(page)
    for piece in pieces:
        for page in [*piece.text_pages, *(piece.pages.pages if piece.pages else [])]:
            writer.add_page(page)
    _stamp(writer, total)
    writer.add_outline_item(title="目录", page_number=0)
    for k, piece in enumerate(pieces, start=1):
        writer.add_outline_item(title=f"{k}. {clean(piece.part.title)}", page_number=piece.number - 1)
    return _written(writer, clean(title), _identifier(title, parts, lines))


def _within_limit(pages: int) -> None:
    if pages > PAGES:
        raise Refused(f"证据卷超过{PAGES}页（现有{pages}页以上），请减少材料，或者分成几卷。")


# Files


def _piece(part: Part) -> _Piece:
    if part.data is None:
        return _Piece(part)
    try:
        return _Piece(part, pages=PdfReader(io.BytesIO(_as_pdf(part.data, part.content_type))))
    except _Unreadable as fault:
        return _Piece(part, fault=str(fault))
    except Exception:  # a damaged file makes its reader raise nearly anything, and must not cost the whole bundle
        return _Piece(part, fault="文件已损坏，无法读取")


def _as_pdf(data: bytes, content_type: str) -> bytes:
    """A file as a PDF that is known to be readable. Raises _Unreadable, and whatever a damaged file brings about."""
    if len(data) > FILE_SIZE:
        raise _Unreadable(f"文件超过{FILE_SIZE // MB} MB")
    if content_type in PICTURES:
        return _picture_page(data)
    if content_type != "application/pdf":
        raise _Unreadable("这种格式的文件不能编入")
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise _Unreadable("文件设有密码")
    if not 0 < len(reader.pages) <= PAGES:
        raise _Unreadable(f"文件超过{PAGES}页" if reader.pages else "文件没有任何页面")
    # Written once by itself: what cannot be copied fails here, and leaves nothing half copied in the bundle.
    writer = PdfWriter()
    for page in reader.pages:
        pictured = _shown_annotations(page)
        copy = writer.add_page(page, excluded_keys=("/Annots", "/AA", "/B", "/Thumb"))
        if pictured:
            copy[NameObject("/Annots")] = ArrayObject(
                writer._add_object(annotation.clone(writer, ignore_fields=("/P", "/Parent"))) for annotation in pictured
            )
        # What the stamp will ask of the page: a broken box or resource is told here, and not when all is put together.
        _corner(copy), _resources({}, _entry(copy, "/Resources"))
        if not copy.cropbox.width * copy.cropbox.height:
            raise _Unreadable("文件的页面没有大小")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _shown_annotations(page: PageObject) -> list[DictionaryObject]:
    """What annotations and form fields show (stamps, electronic seals), without what they do."""
    shown = []
    for reference in _entry(page, "/Annots") or []:
        annotation = reference.get_object()
        look = _entry(_entry(annotation, "/AP") or {}, "/N")
        if look is not None and not isinstance(look, StreamObject):
            # A box that may be ticked has one look for each state.
            look = _entry(look, annotation.get("/AS"))
        if look is None or int(annotation.get("/F", 0)) & HIDDEN or annotation.get("/Subtype") == "/Popup":
            continue
        shown.append(
            DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/Annot"),
                    NameObject("/Subtype"): NameObject("/Stamp"),
                    NameObject("/Rect"): annotation["/Rect"],
                    NameObject("/F"): NumberObject(PRINTED),
                    NameObject("/AP"): DictionaryObject({NameObject("/N"): look.indirect_reference or look}),
                }
            )
        )
    return shown


def _entry(dictionary: Mapping[str, PdfObject], name: str | None) -> PdfObject | None:
    """What stands under a name, wherever the file keeps it."""
    value = dictionary.get(name)
    return value.get_object() if value is not None else None


def _picture_page(data: bytes) -> bytes:
    """A picture in the middle of a page of A4, turned like the picture. Raises _Unreadable and Pillow's own errors."""
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
        if picture.width * picture.height > PIXELS:
            raise _Unreadable("图片过大")
        picture.draft("RGB", (LONG_EDGE, LONG_EDGE))
        # Made small first: a photograph in four bands takes fifty megabytes.
        small = picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGBA")
        small.thumbnail((LONG_EDGE, LONG_EDGE))
        upright = ImageOps.exif_transpose(small).convert("RGBA")
    paper = Image.new("RGBA", upright.size, "white")
    coded = io.BytesIO()
    Image.alpha_composite(paper, upright).convert("RGB").save(coded, "JPEG", quality=88)

    width, height = A4 if upright.height >= upright.width else A4[::-1]
    scale = min((width - 2 * MARGIN) / upright.width, (height - 2 * MARGIN) / upright.height)
    wide, high = upright.width * scale, upright.height * scale
    writer = PdfWriter()
    page = writer.add_blank_page(width, height)
    image = StreamObject()
    image.set_data(coded.getvalue())
    for name, value in {
        "/Type": NameObject("/XObject"),
        "/Subtype": NameObject("/Image"),
        "/Width": NumberObject(upright.width),
        "/Height": NumberObject(upright.height),
        "/ColorSpace": NameObject("/DeviceRGB"),
        "/BitsPerComponent": NumberObject(8),
        "/Filter": NameObject("/DCTDecode"),
    }.items():
        image[NameObject(name)] = value
    page[NameObject("/Resources")] = _resources({"/Picture": writer._add_object(image)})
    place = f"{wide:.2f} 0 0 {high:.2f} {(width - wide) / 2:.2f} {(height - high) / 2:.2f} cm"
    page[NameObject("/Contents")] = writer._add_object(_content(f"q {place} /Picture Do Q"))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# Generated pages


def _draw_texts(pieces: Sequence[_Piece]) -> None:
    """Give each piece its pages of text: all are drawn in one document, so that they share their fonts."""
    told = [(number, piece) for number, piece in enumerate(pieces, start=1) if piece.has_text]
    if not told:
        return
    sections = [
        {
            "number": number,
            "title": _set(f"{number}. {piece.part.title}", 156 * MM / 16),
            "source": _set(f"来源：{piece.part.source or '—'}", 156 * MM / 12),
            "day": day_words(piece.part.day) if piece.part.day else "—",
            "paragraphs": [_set(words, 156 * MM / 14, indent=2) for words in _told(piece)],
            "sha256": hashlib.sha256(piece.part.data).hexdigest() if piece.part.data is not None else "",
            "fault": piece.fault,
        }
        for number, piece in told
    ]
    reader = _drawn("bundle_sections", {"sections": sections})
    starts = [reader.get_destination_page_number(item) for item in reader.outline]
    for (_, piece), first, end in zip(told, starts, [*starts[1:], len(reader.pages)], strict=True):
        piece.text_pages = reader.pages[first:end]


def _told(piece: _Piece) -> Iterator[str]:
    """The paragraphs of a piece; a record with none says so."""
    yield from (line for words in piece.part.paragraphs for line in words.splitlines() if line.strip())
    if piece.fault:
        yield f"此项材料的文件未能编入本卷：{piece.fault}。文件原件保存在平台，可以下载后单独查阅。"
    elif not piece.part.paragraphs:
        yield "此项材料没有文字内容。"


def _contents(title: str, pieces: Sequence[_Piece], lines: Sequence[str]) -> list[PageObject]:
    """The cover with the contents, over as many pages as they take, and the number of each piece's first page."""
    own_pages = 1
    while True:
        number = own_pages + 1
        for piece in pieces:
            piece.number = number
            number += piece.count
        reader = _drawn("bundle_contents", {
            "title": _set(title, 156 * MM / 22),
            "lines": [_set(line, 156 * MM / 14) for line in lines],
            "total": number - 1,
            "rows": [
                {
                    "title": _set(piece.part.title, COLUMNS["title"] * MM / 11),
                    "source": _set(piece.part.source or "—", COLUMNS["source"] * MM / 11),
                    "day": day_words(piece.part.day) if piece.part.day else "—",
                    "page": piece.number,
                }
                for piece in pieces
            ],
        })  # fmt: skip
        # A number never makes its row higher: the second drawing has as many pages as the first.
        if len(reader.pages) == own_pages:
            return list(reader.pages)
        own_pages = len(reader.pages)


def _set(text: str, measure: float, indent: float = 0) -> SafeString:
    return sheet.paragraph(sheet.worded(text), measure, indent)


def _drawn(name: str, context: dict[str, object]) -> PdfReader:
    html = render_to_string(f"papers/{name}.html", context)
    return PdfReader(io.BytesIO(render.render(html, sheet.style("common", "bundle")).pdf))


# Page numbers


def _stamp(writer: PdfWriter, total: int) -> None:
    """Print 第 n 页 共 N 页 in the lower right corner of every page, as it is seen when shown."""
    stamps = _drawn("bundle_stamps", {"numbers": range(1, total + 1), "total": total})
    opened, closed = (writer._add_object(_content(mark)) for mark in ("q", "\nQ"))
    for page, stamp in zip(writer.pages, stamps.pages, strict=True):
        form = _content(stamp.get_contents().get_data())
        form[NameObject("/Type")] = NameObject("/XObject")
        form[NameObject("/Subtype")] = NameObject("/Form")
        form[NameObject("/BBox")] = ArrayObject(map(FloatObject, (0, 0, *STAMP)))
        form[NameObject("/Resources")] = stamp["/Resources"].clone(writer)
        drawn = _entry(page, "/Contents")
        if drawn is None:
            drawn = ArrayObject()
        streams = drawn if isinstance(drawn, ArrayObject) else [page.raw_get("/Contents")]
        mark = writer._add_object(_content(f"q {_corner(page)} cm /PageNumber Do Q"))
        page[NameObject("/Contents")] = ArrayObject([opened, *streams, closed, mark])
        pictures = {"/PageNumber": writer._add_object(form)}
        page[NameObject("/Resources")] = _resources(pictures, _entry(page, "/Resources"))


def _corner(page: PageObject) -> str:
    """The matrix that puts a stamp upright into the lower right corner of a page, however the page is turned."""
    box = page.cropbox
    left, low, right, high = (float(edge) for edge in (box.left, box.bottom, box.right, box.top))
    across, up = STAMP[0] + STAMP_INSET[0], STAMP_INSET[1]
    match int(page.rotation) % 360:
        case 90:
            return f"0 1 -1 0 {right - up:.2f} {high - across:.2f}"
        case 180:
            return f"-1 0 0 -1 {left + across:.2f} {high - up:.2f}"
        case 270:
            return f"0 -1 1 0 {left + up:.2f} {low + across:.2f}"
        case _:
            return f"1 0 0 1 {right - across:.2f} {low + up:.2f}"


def _content(drawing: str | bytes) -> DecodedStreamObject:
    stream = DecodedStreamObject()
    stream.set_data(drawing.encode() if isinstance(drawing, str) else drawing)
    return stream


def _resources(pictures: dict[str, PdfObject], known: DictionaryObject | None = None) -> DictionaryObject:
    """Resources of a page with further XObjects; those known are shared by pages and stay as they are."""
    resources = DictionaryObject(known or {})
    drawn = DictionaryObject(_entry(resources, "/XObject") or {})
    drawn.update({NameObject(name): picture for name, picture in pictures.items()})
    resources[NameObject("/XObject")] = drawn
    return resources


def _written(writer: PdfWriter, title: str, identifier: bytes) -> bytes:
    """The bytes, without a date, and with an identifier made of what went in."""
    writer.metadata = {"/Title": title, "/Producer": "CQO"}
    writer._ID = ArrayObject([ByteStringObject(identifier)] * 2)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _identifier(title: str, parts: Sequence[Part], lines: Sequence[str]) -> bytes:
    """Sixteen bytes that are the same for the same parts."""
    said = hashlib.sha256(repr((title, *lines)).encode("utf-8", "replace"))
    for part in parts:
        said.update(repr((part.title, part.source, part.day, part.paragraphs)).encode("utf-8", "replace"))
        said.update(hashlib.sha256(part.data or b"").digest())
    return said.digest()[:16]
