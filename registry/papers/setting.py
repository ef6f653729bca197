"""Chinese line setting, which WeasyPrint lacks: it never justifies CJK text and knows no 避头尾.

Pure functions on plain values. Widths are in em; ``advance`` is a function from a character to its width.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

CLOSING = "，。、；：？！）》〉」』】〕”’…%℃"
OPENING = "（《〈「『【〔“‘"
# Years, month with day, document numbers and Latin words are never divided between two lines.
WHOLE = re.compile(r"〔\d+〕\d+号|\d+年度?|\d+月\d+日|\d+月|\d+日|[0-9A-Za-z.%*\-/]+|——|……")
FULL_WIDTH = str.maketrans("(),:;?!", "（），：；？！")
HALF_WIDTH_MARK = re.compile(r"(?<![0-9A-Za-z])[(),:;?!]|[(),:;?!](?![0-9A-Za-z])")
LEGAL_FORM = re.compile(r"(?:股份)?有限(?:责任)?公司.*$|合作社.*$|厂$")
LEGAL_FORM_JOINTS = "与及和暨（"

Advance = Callable[[str], float]


@dataclass(frozen=True)
class Run:
    """A stretch of text set alike: CSS class names, and whether it must stay on one line (a person's name)."""

    text: str
    css: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Piece:
    """Part of a set line. ``squeezed`` takes away the empty half of the first of two adjacent marks."""

    text: str
    css: str
    squeezed: bool


@dataclass(frozen=True)
class Line:
    """One set line: its pieces, and the space (em) added behind each character to reach the right edge."""

    pieces: tuple[Piece, ...]
    stretch: float

    @property
    def text(self) -> str:
        """The characters of the line."""
        return "".join(piece.text for piece in self.pieces)


def clean(text: str) -> str:
    """Text fit for paper: composed, without control or direction marks, Chinese marks in full width."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return HALF_WIDTH_MARK.sub(lambda mark: mark.group().translate(FULL_WIDTH), text)


def set_lines(runs: Sequence[Run], *, measure: float, advance: Advance, indent: float = 2) -> list[Line]:
    """Break one paragraph into lines no wider than ``measure`` em and stretch all but the last to it.

    No closing mark begins a line, no opening mark ends one, no last line holds a single character;
    dates, numbers and whole runs stay together unless they alone are wider than a line.
    """
    runs = [Run(clean(run.text), run.css, run.whole) for run in runs]
    text = "".join(run.text for run in runs)
    classes = [run.css for run in runs for _ in run.text]
    squeezed = _squeezed(text)
    # Added up once, so that a long text takes no more for each character than a short one.
    reach = [0.0, *accumulate(map(advance, text))]
    halves = [0, *accumulate(k in squeezed for k in range(len(text)))]

    def width(start: int, end: int) -> float:
        """Width of text[start:end] as a line of its own: its last mark keeps its empty half."""
        return reach[end] - reach[start] - 0.5 * (halves[max(start, end - 1)] - halves[start])

    bounds = _bounds(runs, text, lambda start, end: width(start, end) > measure - indent + 1e-6)
    starts = [0]
    for start, end in zip(bounds, bounds[1:], strict=False):
        room = measure - (indent if starts[-1] == 0 else 0)
        if start > starts[-1] and width(starts[-1], end) > room + 1e-6:
            starts.append(start)
    last = text[starts[-1] :].rstrip(CLOSING)
    if len(starts) > 1 and len(last) == 1:
        before = bounds[bounds.index(starts[-1]) - 1]
        if before > starts[-2] and width(before, len(text)) <= measure:
            starts[-1] = before

    lines = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True)):
        slack = measure - (0 if number else indent) - width(start, end)
        is_last = end == len(text)
        stretch = 0.0 if is_last or end - start < 2 else slack / (end - start - 1)
        lines.append(Line(_pieces(text, classes, squeezed, start, end), stretch))
    return lines


def _squeezed(text: str) -> set[int]:
    """Places of marks whose empty half meets the empty half of the next mark: 》（ and 。” and （《."""
    return {
        k
        for k, (mark, following) in enumerate(zip(text, text[1:], strict=False))
        if (mark in CLOSING[:-3] and following in OPENING + CLOSING[:-3]) or (mark in OPENING and following in OPENING)
    }


def _bounds(runs: Sequence[Run], text: str, too_wide: Callable[[int, int], bool]) -> list[int]:
    """Every place where a line may begin or end, first and last included; no two further apart than a line."""
    joined: set[int] = set()
    start = 0
    wholes = [match.span() for match in WHOLE.finditer(text)]
    for run in runs:
        if run.whole:
            wholes.append((start, start + len(run.text)))
        start += len(run.text)
    for first, end in wholes:
        if not too_wide(first, end):
            joined.update(range(first + 1, end))
    bounds = [0]
    for k in range(1, len(text)):
        # A chain of marks wider than a line must end somewhere.
        endless = too_wide(bounds[-1], k + 1)
        if endless or (k not in joined and text[k] not in CLOSING and text[k - 1] not in OPENING):
            bounds.append(k)
    return [*bounds, len(text)]


def _pieces(text: str, classes: list[str], squeezed: set[int], start: int, end: int) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for k in range(start, end):
        piece = Piece(text[k], classes[k], k in squeezed and k < end - 1)
        previous = pieces[-1] if pieces else None
        if previous and not piece.squeezed and not previous.squeezed and previous.css == piece.css:
            pieces[-1] = Piece(previous.text + piece.text, piece.css, False)
        else:
            pieces.append(piece)
    return tuple(pieces)


def as_paragraph(lines: Iterable[Line], *, indent: float = 2, css: str = "") -> SafeString:
    """A set paragraph as HTML; every character of the text is escaped here."""
    rows = [
        format_html(
            '<span class="row" style="letter-spacing:{}em">{}</span>',
            _em(line.stretch),
            format_html_join("", "{}", ((_piece(piece, line.stretch),) for piece in line.pieces)),
        )
        for line in lines
    ]
    joined = format_html_join(SafeString("<br>"), "{}", ((row,) for row in rows))
    return format_html('<p class="set {}" style="text-indent:{}em">{}</p>', css, _em(indent), joined)


def _piece(piece: Piece, stretch: float) -> SafeString | str:
    """A piece in its row, which says the letter-spacing and the face of all that need no other."""
    if not piece.squeezed and not piece.css:
        return piece.text
    spacing = _em(stretch - 0.5 * piece.squeezed)
    return format_html('<span class="{}" style="letter-spacing:{}em">{}</span>', piece.css, spacing, piece.text)


def _em(value: float) -> str:
    return f"{value:.4f}"


def split_name(name: str, widest: float) -> list[str]:
    """An enterprise's name in lines of at most ``widest`` characters.

    Breaks before 与 及 和 暨 （ and the legal form first, rather a line more than elsewhere; the form stays whole.
    """
    form = LEGAL_FORM.search(name)
    form_start = form.start() if form else len(name)
    places = [
        k for k in range(3, len(name) - 2) if k <= form_start and name[k] not in CLOSING and name[k - 1] not in OPENING
    ]
    good = {k for k in places if name[k] in LEGAL_FORM_JOINTS or k == form_start}
    bounds = [0, *places, len(name)]
    return _balanced(name, bounds, widest, lambda k: 0.0 if k in good else 40.0) or [
        name[k : k + int(widest)] for k in range(0, len(name), int(widest))
    ]


def shape_title(phrases: Sequence[str], widest: float) -> list[str]:
    """A title of whole phrases in the fewest lines, 梯形 or 菱形: no two neighbouring lines of one length.

    Raises ValueError when a phrase alone is wider than ``widest`` characters.
    """
    text = "".join(phrases)
    bounds = [0]
    for phrase in phrases:
        bounds.append(bounds[-1] + len(phrase))
    if lines := _balanced(text, bounds, widest, lambda _: 0.0, uneven=True):
        return lines
    raise ValueError(f"no phrase may be wider than {widest} characters: {phrases}")


def _balanced(
    text: str, bounds: Sequence[int], widest: float, cost: Callable[[int], float], *, uneven: bool = False
) -> list[str] | None:
    """Cut ``text`` at ``bounds`` into lines alike in width, with the least cost; None where nothing fits."""
    fewest = max(1, -int(-len(text) // widest))
    best: tuple[float, list[int]] | None = None
    for count in range(fewest, fewest + 2):
        mean = len(text) / count
        # ways[place] is the cheapest (cost, cuts) of setting text[:place] in the lines so far.
        ways: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
        for number in range(1, count + 1):
            ends = [len(text)] if number == count else bounds[1:-1]
            ways = {
                end: min(options)
                for end in ends
                if (
                    options := [
                        (
                            spent
                            + (end - start - mean) ** 2
                            + (cost(end) if end < len(text) else 0.0)
                            + (100.0 if uneven and len(cuts) > 1 and end - start == start - cuts[-2] else 0.0),
                            [*cuts, end],
                        )
                        for start, (spent, cuts) in ways.items()
                        if start < end and end - start <= widest
                    ]
                )
            }
        if way := ways.get(len(text)):
            # A further line must earn its place.
            candidate = (way[0] + 30.0 * (count - fewest), way[1])
            best = candidate if best is None else min(best, candidate)
    return best and [text[a:b] for a, b in zip(best[1], best[1][1:], strict=False)]
