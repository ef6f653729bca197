"""HTML to PDF, with no way out: nothing a paper names is ever fetched, from the network or from the disk.

Run by itself, confined (``registry.papers.render`` begins it and speaks to it); knows nothing of Django. A message is a
JSON list of lengths on a line, then as many bytes. The first brings the fonts; each after it a document and its style
sheet, and is answered by a JSON object and the PDF.
"""

import json
import signal
import sys
from collections.abc import Sequence
from typing import BinaryIO

PREFIX = "paper-font:"


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

    def draw(html: str, css: str) -> tuple[dict, bytes]:
        closed = ClosedFetcher()
        try:
            sheet = CSS(string=css, font_config=configuration, url_fetcher=closed)
            document = HTML(string=html, url_fetcher=closed).render(configuration, stylesheets=[sheet])
            pdf = document.write_pdf()
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
