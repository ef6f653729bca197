"""Official letters of a bureau: 信函格式 of GB/T 9704-2012, over as many pages as the words need.

Lengths are in mm, measures in em of 3号 type. Every block is a whole number of rows high, so that all rows of all pages
stand on one grid of 22 rows of 28 characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from registry.papers import fonts, render, sheet
from registry.papers.setting import Run, as_paragraph, clean, shape_title, split_name
from registry.papers.sheet import MM
from registry.rules import day_words

CHARACTERS = 28  # in a row
ROWS = 22  # on a page
SIZE = 15.75 / MM  # 3号
ROW = 28.99 / MM
TOP = 37  # 天头
LETTERHEAD_TOP = 30  # from the page's upper edge
RULE_WIDTH = 170
TITLE_WIDTH = 20  # characters of 2号 in a row
TITLE_INK = 1.41  # the ink of 2号 begins this far below its row of 30 pt
SPACING = 1.12  # a letterhead's characters stand this far apart
REMARK_WIDTH = 18  # characters, so that 附注 stays clear of the seal
LISTED = 7  # characters before what is listed at the foot: two of indent, and “证据目录：”


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The words of one letter. ``closing`` shares a page with the seal; ``remark`` is 附注, ``copies`` 抄送.

    ``paper`` and ``note`` stand beside the QR code: what the letter is called, and what verification shows.
    """

    issuer_name: str
    title: Sequence[str]
    addressee: SafeString
    body: Sequence[SafeString]
    closing: SafeString
    attachments: Sequence[Sequence[Run]] = ()
    signed_on: date
    remark: str = ""
    copies: str = ""
    paper: str
    note: str


def paragraph(runs: Sequence[Run], indent: float = 2) -> SafeString:
    """One paragraph of a letter's text. Raises FontsMissing."""
    return sheet.paragraph(runs, CHARACTERS, indent)


def heading(text: str) -> SafeString:
    """A heading of the first level, 黑体, which never ends a page. Raises FontsMissing."""
    return as_paragraph(sheet.lines([Run(text, "hei")], CHARACTERS), css="heading")


def draw(facts: sheet.SheetFacts, letter: Letter, *, preview: bool) -> bytes:
    """A letter as a PDF. Raises Refused for a character that no font holds, and FontsMissing."""
    phrases = [part for phrase in letter.title for part in split_name(clean(phrase), TITLE_WIDTH)]
    title = shape_title(phrases, TITLE_WIDTH)
    signed_on = day_words(letter.signed_on)
    date_width = fonts.load().width(signed_on)
    issuer_width = fonts.load().width(clean(letter.issuer_name))
    context = sheet.common(facts, preview=preview) | {
        "letter": letter,
        "issuer": clean(letter.issuer_name),
        "issuer_class": sheet.name_class(letter.issuer_name),
        "title": title,
        "attachments": _attachments(letter.attachments),
        "signed_on": signed_on,
        "remark": _remark(letter.remark),
        "copies": _copies(letter.copies),
    }
    lengths = _head(letter.issuer_name, len(title)) | {
        "date": f"{date_width:.3f}em",
        # 右空四字, and never so long a name that it would leave the text's width.
        "date-right": f"{max(4.0, (issuer_width - date_width) / 2):.3f}em",
    }
    lengths["attached"] = f"{LISTED + _number_width(letter.attachments):.3f}em"
    css = sheet.style("common", "official", lengths=lengths)
    return render.render(render_to_string("papers/official.html", context), css).pdf


def letterhead(name: str, largest: float) -> tuple[float, float, float]:
    """Size in pt of a red letterhead not wider than its rule, and where its ink begins and ends in its line (mm)."""
    name = clean(name)
    size = min(largest, RULE_WIDTH * MM / SPACING / len(name))
    begin, end = fonts.load().ink("title", name)
    return size, begin * size / MM, end * size / MM


def receipt_head(name: str) -> dict[str, str]:
    """The letterhead of ``receipt.css``: 31 pt, a longer name smaller and in the middle of the same room."""
    size, begin, end = letterhead(name, 31)
    room = 14.33 - 4  # down to 4 mm above the first rule
    return {"letterhead": f"{size:.2f}pt", "letterhead-top": f"{(room - (end - begin)) / 2 - begin:.2f}mm"}


def _head(issuer_name: str, title_rows: int) -> dict[str, str]:
    """Where the parts of the first page's head stand, from the upper edge of 版心: each follows from the one above."""
    size, begin, end = letterhead(issuer_name, 36)
    letterhead_top = LETTERHEAD_TOP - TOP
    rule = letterhead_top + (end - begin) + 4
    # 发文字号 stands 7/8 of a character under the rule, the title two rows under that.
    number = rule + 1.95 + SIZE * 7 / 8
    title = number + SIZE + 2 * ROW - TITLE_INK
    return {
        "letterhead": f"{size:.2f}pt",
        "letterhead-top": f"{letterhead_top - begin:.2f}mm",
        "rule-top": f"{rule:.2f}mm",
        "number-top": f"{number - (ROW - SIZE) / 2:.2f}mm",
        "title-top": f"{title:.2f}mm",
        "head-rows": f"{5 + title_rows}lh",
    }


def _number_width(titles: Sequence[object]) -> float:
    """Width of the widest number of an attachment; a single one has none."""
    return fonts.load().width(f"{len(titles)}.") if len(titles) > 1 else 0.0


def _attachments(titles: Sequence[Sequence[Run]]) -> list[tuple[str, SafeString]]:
    """Each attachment as its number and its title, whose further rows begin under its first character."""
    room = CHARACTERS - LISTED - _number_width(titles)
    return [
        (f"{number}." if len(titles) > 1 else "", sheet.paragraph(title, room, indent=0))
        for number, title in enumerate(titles, start=1)
    ]


def _remark(text: str) -> SafeString | None:
    """附注 in round brackets, its rows short and unstretched beside the seal."""
    if not text:
        return None
    lines = sheet.lines(sheet.worded(f"（{text}）"), REMARK_WIDTH)
    return as_paragraph([replace(line, stretch=0.0) for line in lines])


def _copies(text: str) -> SafeString | None:
    """抄送 in 4号, one character in from both edges."""
    return sheet.paragraph(sheet.worded(f"抄送：{text}。"), sheet.TEXT_WIDTH * MM / 14 - 2, indent=0) if text else None
