"""What an uploaded file is and what it holds. Run by itself, confined (``registry.sandbox``); knows nothing of Django.

It reads a file from standard input and writes a line of JSON: ``{"fault": code}``, or ``{"type": …, "pages": …}``, and
after the line a picture drawn anew. A PDF is kept as it is, since it may be signed; so it is searched, and not only by
its directory, which a hostile hand writes: every place that any reader could take for an object is read (ISO 32000-1).
"""

import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator

MEGABYTE = 1024 * 1024
PIXELS = 20_000_000  # of a picture; a photo of up to four times as many is read at half its width and height
MAX_PAGES = 2000
MAX_DEPTH = 50  # of the tree of pages
MAX_NESTING = 5000  # brackets within brackets; bytes that are no object have a few hundred by chance
MAX_STREAM = 256 * MEGABYTE  # one stream unpacked: A4 at 600 dpi in colour has 104 MB
MAX_UNPACKED = 1024 * MEGABYTE  # all streams
MAX_OBJECTS = 64 * MEGABYTE  # one stream of objects unpacked
MAX_IMAGE = 400_000_000  # pixels of a picture in a PDF: A0 at 300 dpi has 139 million

# Names that stand for something a document may not do, by the sentence they earn.
FORBIDDEN = {
    "script": {"JavaScript"},
    "action": {"Launch", "SubmitForm", "ImportData", "GoToR", "GoToE"},
    "media": {"RichMedia", "RichMediaContent", "Rendition", "Movie", "Sound", "3D"},
    "files": {"EmbeddedFile", "FileAttachment"},
}
# Names that do so only as keys, with a value after them: others may be called so too.
FORBIDDEN_KEYS = {
    "script": {"JS", "AA"},
    "form": {"XFA"},
    "files": {"EmbeddedFiles", "AF", "Collection"},
    "encrypted": {"Encrypt"},
}
EXPANDING = {"FlateDecode", "Fl", "LZWDecode", "LZW", "RunLengthDecode", "RL"}
FLATE = {"FlateDecode", "Fl"}
ENCODED = {"Filter", "F"}
PARAMETERS = {"DecodeParms", "DP"}
SCHEMES = {"http", "https", "mailto", "tel"}

_OBJECT = re.compile(rb"(?<![a-z])obj|\btrailer")
_TOKEN = re.compile(
    rb"(?P<comment>%[^\r\n]*+)"
    rb"|(?P<text>\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.)*+\))*+\))*+\)|<[0-9A-Fa-f\s\0]*+>)"
    rb"|/(?P<name>[^\x00-\x20()<>\[\]{}/%]*+)"
    rb"|(?P<number>[0-9]++)"
    rb"|(?P<mark><<|>>|\[|\])"
    rb"|(?P<word>[a-zA-Z]++)",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_FOREIGN = re.compile(rb"<[a-zA-Z!?/]")

Token = tuple[str, object]  # what it is, and what it says


class Fault(Exception):
    """The file is refused; the code says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def inspect(data: bytes) -> tuple[dict, bytes]:
    """What the file is and, for a picture, the picture drawn anew. Raises Fault."""
    if data.startswith(b"%PDF-"):
        return {"type": "application/pdf", "pages": pages_of_pdf(data)}, b""
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return redrawn(data)
    raise Fault("kind")


# --- PDF -------------------------------------------------------------------------------------------------------------


def pages_of_pdf(data: bytes) -> int:
    """Number of pages. Raises Fault for one that holds what it may not, or is damaged."""
    from pypdf import PdfReader

    search(data)
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        raise Fault("encrypted")
    root = reader.trailer["/Root"].get_object()
    opening = root.get("/OpenAction")
    opening = opening.get_object() if opening is not None else None
    if isinstance(opening, dict) and opening.get("/S") != "/GoTo":
        raise Fault("script")
    return _count(root.raw_get("/Pages"))


def _count(top) -> int:
    """The leaves of the tree of pages, each node of which is passed once."""
    pages, seen, waiting = 0, set(), [(top, 1)]
    while waiting:
        reference, depth = waiting.pop()
        node = reference.get_object()
        if "/Kids" not in node:
            pages += node.get("/Type") != "/Pages"
        elif depth > MAX_DEPTH or (mark := (reference.idnum, reference.generation)) in seen:
            raise Fault("tree")
        else:
            seen.add(mark)
            waiting += [(kid, depth + 1) for kid in node["/Kids"]]
        if pages + len(waiting) > MAX_PAGES:
            raise Fault("pages")
    if not pages:
        raise Fault("no pages")
    return pages


def search(data: bytes) -> None:
    """Read every object, whether or not anything leads to it. Raises Fault."""
    starts = [found.end() for found in _OBJECT.finditer(data)]
    end = data.rfind(b"%%EOF")
    if not starts or end < 0:
        raise Fault("damaged")
    if data[end + 5 :].strip(b"\0\t\n\x0c\r ") or _FOREIGN.search(data[: starts[0]]):
        raise Fault("foreign")
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise Fault("foreign")
    unpacked = 0
    for start in starts:
        tokens, stream = _tokens(data, start)
        check(tokens)
        unpacked += _check_stream(tokens, data, stream)
        if unpacked > MAX_UNPACKED:
            raise Fault("bomb")


def _tokens(data: bytes, start: int = 0, *, whole: bool = False) -> tuple[list[Token], int]:
    """The tokens of an object, comments' too, and where its stream begins or 0; ``whole``: those of the whole text."""
    tokens, depth = [], 0
    for found in _TOKEN.finditer(data, start):
        kind, text = found.lastgroup, found[found.lastgroup]
        if kind == "comment":
            tokens += _tokens(text, 1, whole=True)[0]
        elif kind == "name":
            tokens.append((kind, _unescaped(text)))
        elif kind == "word" and not whole and text == b"endobj":
            break
        elif kind == "word" and not whole and text == b"stream":
            at = found.end()
            return tokens, at + (2 if data[at : at + 2] == b"\r\n" else 1)
        else:
            depth += {b"<<": 1, b"[": 1, b">>": -1, b"]": -1}.get(text, 0)
            if depth > MAX_NESTING:
                raise Fault("tree")
            tokens.append((kind, text))
    return tokens, 0


def _unescaped(name: bytes) -> str:
    """A name without its #xx (ISO 32000-1, 7.3.5)."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name).decode("latin-1")


def _pairs(tokens: list[Token]) -> Iterator[tuple[str, Token]]:
    """Each name with the token that follows it."""
    for (kind, name), following in zip(tokens, [*tokens[1:], ("", b"")], strict=True):
        if kind == "name":
            yield name, following


def check(tokens: list[Token]) -> None:
    """Raises Fault for a name that stands for what a document may not do, and for a link to anything but a page."""
    for name, (kind, text) in _pairs(tokens):
        for code, names in FORBIDDEN.items():
            if name in names:
                raise Fault(code)
        if kind in ("number", "text") or text in (b"<<", b"["):
            for code, names in FORBIDDEN_KEYS.items():
                if name in names:
                    raise Fault(code)
        if name == "URI" and (kind == "number" or (kind == "text" and not _is_plain_link(text))):
            raise Fault("link")
        if name == "OpenAction" and text == b"<<" and ("S", ("name", "GoTo")) not in _pairs(tokens):
            raise Fault("script")


def _is_plain_link(text: bytes) -> bool:
    """Whether a text is the address of a page, a mailbox or a telephone."""
    if text.startswith(b"<"):
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", text)
        plain = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    else:
        octal = rb"01234567"
        plain = _ESCAPE.sub(
            lambda found: bytes([int(found[1], 8) & 255]) if found[1][:1] in octal else found[1], text[1:-1]
        )
    address = re.sub(r"[\x00-\x20]|\xfe\xff|\xff\xfe", "", plain.decode("latin-1")).lower()
    scheme = re.match(r"([a-z][a-z0-9+-]*):", address)
    return not address.startswith("\\") and (scheme is None or scheme[1] in SCHEMES)


def _check_stream(tokens: list[Token], data: bytes, start: int) -> int:
    """Bytes that an object's stream unpacks to. Raises Fault for a bomb, and for what stands in a stream of objects."""
    pairs = list(_pairs(tokens))
    names = {name for name, _ in pairs}
    holds_objects = {"First", "N"} <= names or ("name", "ObjStm") in tokens
    if not start:
        if holds_objects:
            raise Fault("damaged")
        return 0
    sides = [max((int(text[:9]) for name, (kind, text) in pairs if name == side and kind == "number"), default=0)
             for side in ("Width", "Height")]  # fmt: skip
    filters = [str(text) for kind, text in tokens if kind == "name" and text in EXPANDING | {"Crypt"}]
    if sides[0] * sides[1] > MAX_IMAGE or len(filters) > 1:
        raise Fault("bomb")
    if holds_objects:
        known = not names & ENCODED or (filters and filters[0] in FLATE)
        if names & PARAMETERS or not known:  # those of every known program are plain, or deflated and no more
            raise Fault("damaged")
        check(_tokens(_objects(data, start, deflated=bool(filters)), whole=True)[0])
        return 0
    return _unpacked_size(data, start) if filters and filters[0] in FLATE else 0


def _objects(data: bytes, start: int, *, deflated: bool) -> bytes:
    """The text of a stream of objects. Raises Fault for one too large."""
    if not deflated:
        return data[start : data.find(b"endstream", start)]
    unpack = zlib.decompressobj()
    text = unpack.decompress(memoryview(data)[start:], MAX_OBJECTS)
    if not unpack.eof:
        raise Fault("bomb" if len(text) == MAX_OBJECTS else "damaged")
    return text


def _unpacked_size(data: bytes, start: int) -> int:
    """Bytes that a deflated stream unpacks to, without keeping them. Raises Fault beyond MAX_STREAM."""
    unpack, size = zlib.decompressobj(), 0
    try:
        for at in range(start, len(data), MEGABYTE // 16):
            left = data[at : at + MEGABYTE // 16]
            while left and not unpack.eof:
                size += len(unpack.decompress(left, 8 * MEGABYTE))
                left = unpack.unconsumed_tail
                if size > MAX_STREAM:
                    raise Fault("bomb")
            if unpack.eof:
                break
    except zlib.error:
        pass  # whoever shows it goes no further either
    return size


# --- Pictures --------------------------------------------------------------------------------------------------------


def redrawn(data: bytes) -> tuple[dict, bytes]:
    """The picture drawn anew on white: without EXIF, texts, profiles, further frames or what hides behind it.

    Raises Fault for too many pixels, and for what cannot be opened.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # counted here, where a photo may be read smaller
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
        # Phones write several frames into one JPEG, which Pillow then calls MPO: the first is the picture.
        kind = "PNG" if picture.format == "PNG" else "JPEG"
        if kind == "JPEG" and PIXELS < picture.width * picture.height <= 4 * PIXELS:
            picture.draft(None, (picture.width // 2, picture.height // 2))
        if picture.width * picture.height > PIXELS:
            raise Fault("pixels")
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
            upright = upright.convert("I").point(lambda grey: grey / 256).convert("L")
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        paper.alpha_composite(upright)
        clean = io.BytesIO()
        how = {"quality": 88} if kind == "JPEG" else {"optimize": False}
        paper.convert("RGB").save(clean, kind, **how)
    return {"type": f"image/{kind.lower()}", "pages": 1}, clean.getvalue()


def main() -> None:
    """Inspect standard input; whatever a hostile file makes a library raise is a fault of the file."""
    data = sys.stdin.buffer.read()
    try:
        found, clean = inspect(data)
    except Fault as fault:
        found, clean = {"fault": fault.code}, b""
    except Exception:
        found, clean = {"fault": "damaged" if data.startswith(b"%PDF-") else "torn"}, b""
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n" + clean)


if __name__ == "__main__":
    main()
