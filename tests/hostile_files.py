"""Files that mean harm, made by code: each thing a PDF may not do, in each place it can hide; bombs; false pictures."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image, PngImagePlugin

from tests.cast import pdf, picture

CATALOG, PAGES, PAGE, HELD, STREAM = 1, 2, 3, 4, 5  # the objects of every document below
HARMLESS = b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.gov.cn/) >> >>"


def link(action: bytes) -> bytes:
    """A link that does something when it is clicked."""
    return b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << " + action + b" >> >>"


# What may not be in a document, and the code of the sentence it earns.
PAYLOADS: dict[str, tuple[str, bytes]] = {
    "a script": ("script", link(b"/S /JavaScript /JS (app.alert(1))")),
    "a script kept elsewhere": ("script", link(b"/S /JavaScript /JS 9 0 R")),
    "scripts by name": ("script", b"<< /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>"),
    "what a page does when opened": ("script", b"<< /AA << /O << /S /Named /N /Print >> >> >>"),
    "a program": ("action", link(b"/S /Launch /F (cmd.exe)")),
    "a form that is sent": ("action", link(b"/S /SubmitForm /F (https://example.com/)")),
    "data taken in": ("action", link(b"/S /ImportData /F (a.fdf)")),
    "another file": ("action", link(b"/S /GoToR /F (//host/share/a.pdf) /D [0 /Fit]")),
    "a file within": ("action", link(b"/S /GoToE /T << /R /C /N (a) >> /D [0 /Fit]")),
    "rich media": ("media", b"<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] >>"),
    "a film": ("media", link(b"/S /Rendition /OP 0")),
    "a three-dimensional view": ("media", b"<< /Type /Annot /Subtype /3D /Rect [0 0 9 9] >>"),
    "an XFA form": ("form", b"<< /Fields [] /XFA [(template) 9 0 R] >>"),
    "files by name": ("files", b"<< /EmbeddedFiles << /Names [(a.exe) 9 0 R] >> >>"),
    "an attached file": ("files", b"<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 9 0 R >>"),
    "an associated file": ("files", b"<< /AF [9 0 R] >>"),
    "a collection": ("files", b"<< /Collection << /View /D >> >>"),
    "a link that is a script": ("link", link(b"/S /URI /URI (javascript:alert\\(1\\))")),
    "a link in octal": ("link", link(b"/S /URI /URI (\\152avas\\143ript:alert)")),
    "a link in hexadecimal": ("link", link(b"/S /URI /URI <" + b"FILE:///etc/passwd".hex().encode() + b">")),
}


def document(held: bytes, *, packed: bool = False, encode: str = "", annotated: bool = True) -> bytes:
    """A page and an object ``held``, referred to as its annotation, or by nothing.

    ``packed`` puts it into a stream of objects, ``encode`` names that stream's filter.
    """
    objects = {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
        PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] " + b"/Annots [4 0 R] " * annotated + b">>",
    }
    if not packed:
        return written(objects | {HELD: held})
    inner = b"%d 0 " % HELD
    text = inner + held
    filters, kept = {
        "": (b"", text),
        "FlateDecode": (b"/Filter /FlateDecode ", zlib.compress(text)),
        "ASCIIHexDecode": (b"/Filter /ASCIIHexDecode ", text.hex().encode() + b">"),
    }[encode]
    head = b"<< /Type /ObjStm /N 1 /First %d /Length %d " % (len(inner), len(kept))
    return written(objects | {STREAM: head + filters + b">>\nstream\n" + kept + b"\nendstream"}, inside=HELD)


def written(objects: dict[int, bytes], inside: int = 0, before: bytes = b"") -> bytes:
    """A file of these objects, after the revision ``before``; the number ``inside`` stands in the stream of objects."""
    data, places = io.BytesIO(), {}
    data.write(before or b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for number, content in objects.items():
        places[number] = data.seek(0, io.SEEK_END)
        data.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = data.tell()
    previous = b"/Prev %d " % int(re.findall(rb"startxref\s+(\d+)", before)[-1]) if before else b""
    if inside:
        rows = [struct.pack(">BIH", 1, places[number], 0) for number in (CATALOG, PAGES, PAGE)]
        rows += [struct.pack(">BIH", 2, STREAM, 0), struct.pack(">BIH", 1, places[STREAM], 0)]
        rows.append(struct.pack(">BIH", 1, start, 0))
        table = b"".join(rows)
        data.write(
            b"6 0 obj\n<< /Type /XRef /Size 7 /Index [1 6] /W [1 4 2] /Root 1 0 R /Length %d >>\n"
            b"stream\n%s\nendstream\nendobj\n" % (len(table), table)
        )
    else:
        data.write(b"xref\n0 1\n0000000000 65535 f \n")
        for number, place in places.items():
            data.write(b"%d 1\n%010d 00000 n \n" % (number, place))
        data.write(b"trailer\n<< /Size 10 /Root 1 0 R %s>>\n" % previous)
    data.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return data.getvalue()


def escaped(held: bytes) -> bytes:
    """The same with a letter of each name written as #xx."""
    return re.sub(rb"/([A-Za-z0-9])([A-Za-z0-9]*)", lambda name: b"/#%02x" % name[1][0] + name[2], held)


HIDING_PLACES: dict[str, Callable[[bytes], bytes]] = {
    "in the open": document,
    "under names written otherwise": lambda held: document(escaped(held)),
    "where nothing leads": lambda held: document(held, annotated=False),
    "in a stream of objects": lambda held: document(held, packed=True, encode="FlateDecode"),
    "in a stream of objects not packed": lambda held: document(held, packed=True),
    "in an older revision": lambda held: written({HELD: HARMLESS}, before=document(held)),
    "in a newer revision": lambda held: written({HELD: held}, before=document(HARMLESS)),
    "between comments and brackets": lambda held: document(
        b"<< /T (a \\) endobj ( stream ) b) % ( endobj\n/P " + held + b" % )\n>>"
    ),
}


def chain(depth: int) -> bytes:
    """A tree of pages as deep as that."""
    objects = {CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>"}
    for level in range(2, depth + 2):
        objects[level] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (level + 1)
    return written(objects | {depth + 2: b"<< /Type /Page /MediaBox [0 0 9 9] >>"})


def with_stream(head: bytes, kept: bytes) -> bytes:
    """A document with one more stream."""
    return document(b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(kept), head, kept), annotated=False)


def deflated(size: int) -> bytes:
    """That many zeros, deflated piece by piece."""
    pack = zlib.compressobj(9)
    return b"".join([*(pack.compress(bytes(1 << 20)) for _ in range(size >> 20)), pack.flush()])


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        target.writestr("a.txt", "x")
    return data.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that says it is as large as that, with these further chunks and no picture."""
    first = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (first, *chunks, (b"IEND", b""))
    )


def large_png(width: int, height: int) -> bytes:
    """A real PNG of one bit a pixel, small as a file and large as a picture."""
    data = io.BytesIO()
    Image.new("1", (width, height)).save(data, "PNG")
    return data.getvalue()


def large_jpeg() -> bytes:
    """A JPEG whose header says 65,000 × 65,000."""
    data = picture("JPEG")
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", 65000, 65000) + data[at + 9 :]


def text_bomb() -> bytes:
    """A PNG with a text that unpacks to 200 MB."""
    return png(4, 4, (b"zTXt", b"Comment\0\0" + deflated(200 << 20)), (b"IDAT", zlib.compress(b"\0" * 52)))


def loop() -> bytes:
    """Cross-references that lead to themselves."""
    data = document(HARMLESS)
    at = data.rindex(b"xref\n0 1")
    return data.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % at)


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a stream of 300 MB": ("bomb", lambda: with_stream(b"/Filter /FlateDecode", deflated(300 << 20))),
    "a stream packed twice": (
        "bomb",
        lambda: with_stream(b"/Filter [/FlateDecode /FlateDecode]", zlib.compress(deflated(300 << 20))),
    ),
    "a stream of objects of 300 MB": (
        "bomb",
        lambda: with_stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", deflated(300 << 20)),
    ),
    "a picture of a billion pixels": (
        "bomb",
        lambda: with_stream(b"/Subtype /Image /Width 99999 /Height 99999 /Filter /JBIG2Decode", b"x"),
    ),
    "a stream of objects encoded otherwise": (
        "damaged",
        lambda: document(PAYLOADS["a script"][1], packed=True, encode="ASCIIHexDecode"),
    ),
    "a stream of objects with a predictor": (
        "damaged",
        lambda: with_stream(
            b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms << /Predictor 12 >>",
            zlib.compress(b"4 0 <<>>"),
        ),
    ),
    "pages that hold themselves": (
        "tree",
        lambda: written({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}),
    ),
    "sixty levels of pages": ("tree", lambda: chain(60)),
    "five thousand levels of pages": ("tree", lambda: chain(5000)),
    "a page shown a hundred thousand times": (
        "pages",
        lambda: written(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R >>",
                2: b"<< /Type /Pages /Count 1 /Kids [" + b"3 0 R " * 100_000 + b"] >>",
                3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
            }
        ),
    ),
    "a document without a page": (
        "no pages",
        lambda: written({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 9 >>"}),
    ),
    "what opens with a web page": (
        "script",
        lambda: written(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>",
                2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
                4: b"<< /S /URI /URI (https://example.com/) >>",
            }
        ),
    ),
    "brackets within brackets, 200,000 deep": ("tree", lambda: document(b"[" * 200_000 + b"]" * 200_000)),
    "a password": ("encrypted", lambda: document(HARMLESS).replace(b"/Root", b"/Encrypt 4 0 R /Root")),
    "HTML behind the end": ("foreign", lambda: pdf() + b"<html><script>alert(1)</script>"),
    "HTML in the first lines": ("foreign", lambda: pdf().replace(b"\n", b"\n%<html><script>alert(1)</script>\n", 1)),
    "an archive behind the end": ("foreign", lambda: pdf() + archive()),
    "an archive within": ("foreign", lambda: pdf()[:-6] + archive()[:-2] + b"\x06\0%%EOF\n"),
    "an executable behind the end": ("foreign", lambda: pdf() + b"MZ\x90\0" + bytes(500)),
    "a torn document": ("damaged", lambda: pdf()[:200]),
    "an executable called a document": ("damaged", lambda: b"%PDF-1.7\nMZ\x90\0" + bytes(500)),
    "a document behind other bytes": ("kind", lambda: b"MZ\x90\0" + pdf()),
    "objects without an end": (
        "",
        lambda: document(HARMLESS).replace(b"xref\n0 1", b"9 0 obj (" * 1_000_000 + b"\nxref\n0 1", 1),
    ),
}
PICTURES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a PNG of 400 million pixels": ("pixels", lambda: large_png(20_000, 20_000)),
    "a PNG just beyond the limit": ("pixels", lambda: large_png(20_001, 1000)),
    "a PNG that says it is endless": ("pixels", lambda: png(2**31 - 1, 2**31 - 1)),
    "a JPEG that says it is 65,000 squared": ("pixels", large_jpeg),
    "a PNG with a text of 200 MB": ("torn", text_bomb),
    "a PNG without a picture": ("torn", lambda: png(10, 10)),
    "a torn PNG": ("torn", lambda: picture()[:60]),
    "a torn JPEG": ("torn", lambda: picture("JPEG")[:300]),
    "HTML that begins as a PNG": ("torn", lambda: b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>"),
    "HTML that begins as a JPEG": ("torn", lambda: b"\xff\xd8\xff<html><script>alert(1)</script>"),
    "a GIF": ("kind", lambda: b"GIF89a" + bytes(100)),
    "an SVG": ("kind", lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "a TIFF": ("kind", lambda: b"II*\0" + bytes(100)),
    "an archive": ("kind", archive),
    "a page of HTML": ("kind", lambda: b"<html><script>alert(1)</script>"),
    "a program": ("kind", lambda: b"\x7fELF" + bytes(500)),
}


def every_hostile() -> dict[str, tuple[str, Callable[[], bytes]]]:
    """Each by its name: the code of its fault (empty: any, or the limits of the process) and how it is made."""
    hidden = {
        f"{what}, {where}": (code, lambda hide=hide, held=held: hide(held))
        for what, (code, held) in PAYLOADS.items()
        for where, hide in HIDING_PLACES.items()
    }
    return hidden | BOMBS | PICTURES


def with_everything_in_it() -> bytes:
    """A PNG with texts, a profile, EXIF and a second frame, and HTML behind it."""
    data, words, exif = io.BytesIO(), PngImagePlugin.PngInfo(), Image.Exif()
    words.add_itxt("Comment", "<script>itxt</script>")
    words.add_text("Author", "<script>text</script>", zip=True)
    exif[0x010E] = "<script>exif</script>"
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("white", "red")]
    frames[0].save(
        data, "PNG", save_all=True, append_images=frames[1:], pnginfo=words, exif=exif, icc_profile=b"<script>icc"
    )
    return data.getvalue() + b"<script>behind</script>"
