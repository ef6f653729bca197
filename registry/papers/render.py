"""HTML to PDF, with no way out: nothing a paper names is ever fetched, from the network or from the disk."""

import threading
from dataclasses import dataclass
from functools import cache

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from registry.papers import fonts

# Pango's font map is shared by all papers and is not safe for two threads at once.
_one_at_a_time = threading.Lock()


class PaperError(Exception):
    """A paper could not be rendered because it names something outside itself."""


class ClosedFetcher(URLFetcher):
    """Refuses every address, ``data:`` and ``file:`` included, and keeps what was refused."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=())
        self.refused: list[str] = []

    def fetch(self, url: str, headers: dict | None = None) -> URLFetcherResponse:
        """Always raises FatalURLFetchingError: an ordinary exception would leave a paper with a hole in it."""
        self.refused.append(url[:200])
        raise FatalURLFetchingError(f"a paper may not load anything: {url[:200]}")


class FontFetcher(ClosedFetcher):
    """Hands out the subset fonts from memory, under addresses that exist nowhere else; refuses all others."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        self._files = {f"paper-font:{name}": content for name, content in files.items()}

    def fetch(self, url: str, headers: dict | None = None) -> URLFetcherResponse:
        """The font of that name. Raises FatalURLFetchingError for anything else."""
        if url in self._files:
            return URLFetcherResponse(url, self._files[url], {"Content-Type": "font/otf"})
        return super().fetch(url, headers)


@cache
def _font_configuration() -> FontConfiguration:
    """The one font configuration: a new one for each paper lets memory grow to 800 MB."""
    font_set = fonts.load()
    configuration = FontConfiguration()
    CSS(string=font_set.face_rules, font_config=configuration, url_fetcher=FontFetcher(font_set.files))
    return configuration


@dataclass(frozen=True)
class Rendering:
    """A rendered document and its number of pages."""

    pdf: bytes
    pages: int


def render(html: str, css: str) -> Rendering:
    """One HTML document and its style sheet as a PDF; the same input gives the same bytes.

    Raises PaperError when either names an address, FontsMissing when no font is installed.
    """
    closed = ClosedFetcher()
    try:
        with _one_at_a_time:
            configuration = _font_configuration()
            sheet = CSS(string=css + fonts.load().variables, font_config=configuration, url_fetcher=closed)
            document = HTML(string=html, url_fetcher=closed).render(configuration, stylesheets=[sheet])
            rendering = Rendering(document.write_pdf(), len(document.pages))
    except FatalURLFetchingError as error:
        # A BaseException, which would pass every handler of a request and end the worker.
        raise PaperError(str(error)) from error
    if closed.refused:
        # Inside SVG the refusal is swallowed, and the paper would have a hole in it.
        raise PaperError(f"a paper may not load anything: {closed.refused[0]}")
    return rendering
