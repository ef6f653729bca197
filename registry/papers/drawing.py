"""HTML to PDF, with no way out: nothing a paper names is ever fetched, from the network or from the disk.

Run by itself, confined (``registry.papers.render`` begins it and speaks to it); knows nothing of Django. A message is a
JSON list of lengths on a line, then as many bytes. The first brings the fonts; each after it a document and its style
sheet, and is answered by a JSON object and the PDF.
"""

import gc
import json
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import BinaryIO

PREFIX = "paper-font:"
SHEETS = 32  # style sheets kept as they were read, a sixth of a paper's time


def send(stream: BinaryIO, parts: Sequence[bytes]) -> None:
    """Write one message."""
    stream.write(json.dumps([len(part) for part in parts]).encode() + b"\n" + b"".join(parts))
    stream.flush()


def receive(stream: BinaryIO) -> list[bytes]:
    """The parts of the next message. Raises EOFError where there is none, or not the whole."""
    line = stream.readline()
    if not line:
        raise EOFError
    lengths = json.loads(line)
    parts = [stream.read(length) for length in lengths]
    if [len(part) for part in parts] != lengths:
        raise EOFError
    return parts


def pack_fonts(document, pdf) -> None:
    """Leave in each font of a PDF the glyphs it shows and nothing else: a third of the bytes (WeasyPrint's finisher).

    WeasyPrint keeps an empty place for every glyph before the last it shows, for its text names glyphs by their place.
    In a CID-keyed font a text names them by their CID instead, so that places need not be kept.
    """
    shown: dict[int, set[int]] = defaultdict(set)
    parts = pdf.objects  # nosemgrep: one-door-to-rows (of a PDF, no manager of a model)
    for font in parts:
        if isinstance(font, dict) and font.get("Subtype") == "/CIDFontType0":
            descriptor = parts[_number(font["FontDescriptor"])]
            shown[_number(descriptor["FontFile3"])].update(_glyphs(font["W"]))
    for number, glyphs in shown.items():
        stream = parts[number]
        if packed := _packed(b"".join(stream.stream), glyphs):
            stream.stream, stream.extra["Subtype"] = [packed], "/CIDFontType0C"


def _number(reference: bytes) -> int:
    """The number of an object from ``12 0 R``."""
    return int(reference.split()[0])


def _glyphs(widths: list) -> set[int]:
    """The glyphs that have a width: ``[3 [500 500] 9 [1000]]`` are 3, 4 and 9."""
    runs = zip(widths[::2], widths[1::2], strict=True)
    return {first + place for first, run in runs for place in range(len(run))}


def _packed(file: bytes, glyphs: set[int]) -> bytes | None:
    """The outlines of these glyphs as a bare CFF; None for a font whose CIDs are not the places of its glyphs."""
    import uharfbuzz as hb
    from fontTools.cffLib import CFFFontSet

    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.flags = hb.SubsetFlags.DESUBROUTINIZE | hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
    outlines = hb.subset(hb.Face(file), wanted).reference_table("CFF ").data
    kept = CFFFontSet()
    kept.decompile(BytesIO(outlines), None)
    expected = [".notdef", *(f"cid{glyph:05}" for glyph in sorted(glyphs - {0}))]
    return outlines if kept[0].charset == expected else None


def main(seconds: int) -> None:
    """Draw until there is no more to draw; each document in that many seconds, or the kernel ends the process."""
    # Here and not above: the other end imports this module for its messages alone.
    from weasyprint import CSS, HTML, LOGGER
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class ClosedFetcher(URLFetcher):
        """Refuses every address, ``data:`` and ``file:`` included, and keeps what was refused."""

        def __init__(self) -> None:
            super().__init__(allowed_protocols=())
            self.refused: list[str] = []

        def fetch(self, url, headers=None):
            """Always raises FatalURLFetchingError: an ordinary exception would leave a paper with a hole in it."""
            self.refused.append(url[:200])
            raise FatalURLFetchingError(f"a paper may not load anything: {url[:200]}")

    class FontFetcher(ClosedFetcher):
        """Hands out the subset fonts from memory, under addresses that exist nowhere else; refuses all others."""

        def fetch(self, url, headers=None):
            """The font of that name. Raises FatalURLFetchingError for anything else."""
            if url in fonts:
                return URLFetcherResponse(url, fonts[url], {"Content-Type": "font/otf"})
            return super().fetch(url, headers)

    @lru_cache(maxsize=SHEETS)
    def read(css: str) -> CSS:
        """A style sheet: papers of a kind share one. Raises FatalURLFetchingError when it names an address."""
        return CSS(string=css, font_config=configuration, url_fetcher=ClosedFetcher())

    def draw(html: str, css: str) -> tuple[dict, bytes]:
        closed = ClosedFetcher()
        try:
            document = HTML(string=html, url_fetcher=closed).render(configuration, stylesheets=[read(css)])
            pdf = document.write_pdf(finisher=pack_fonts)
        except FatalURLFetchingError as error:  # a BaseException, which would end the process
            return {"fault": str(error)}, b""
        if closed.refused:  # inside SVG the refusal is swallowed, and the paper would have a hole in it
            return {"fault": f"a paper may not load anything: {closed.refused[0]}"}, b""
        return {"pages": len(document.pages)}, pdf

    LOGGER.setLevel("ERROR")  # it narrates every font
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    rules, names, *files = receive(asked)
    fonts = {PREFIX + name: file for name, file in zip(json.loads(names), files, strict=True)}
    # The one font configuration: a new one for each paper lets memory grow to 800 MB.
    configuration = FontConfiguration()
    CSS(string=rules.decode(), font_config=configuration, url_fetcher=FontFetcher())
    gc.freeze()  # what is there now stays: to look through it again for each paper takes a tenth of the time
    while True:
        try:
            html, css = receive(asked)
        except EOFError:
            return
        signal.alarm(seconds)
        facts, pdf = draw(html.decode(), css.decode())
        signal.alarm(0)
        send(answers, [json.dumps(facts).encode(), pdf])


if __name__ == "__main__":
    main(int(sys.argv[1]))
