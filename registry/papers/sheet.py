"""The ground of every paper: what all of them carry, words set in lines to a width, and the template drawn.

Lengths are in mm, sizes of type in points, measures in em of that type. Nothing here knows a row of the database.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString

from registry.papers import fonts, qr, render
from registry.papers.setting import Line, Run, as_paragraph, clean, set_lines, split_name
from registry.refusals import Refused

MM = 72 / 25.4  # points in a millimetre
TEXT_WIDTH = 156  # mm, 版心 of GB/T 9704-2012
LANDSCAPE_WIDTH = 230  # mm, between the same margins on both sides of the framed sheet


@dataclass(frozen=True, kw_only=True)
class SheetFacts:
    """What every paper carries. ``number`` and ``code`` may be empty in a preview, before they are given out."""

    number: str
    version: int
    person_name: str
    measure_title: str
    code: str
    verify_url: str


def draw(
    name: str,
    facts: SheetFacts,
    *,
    preview: bool,
    landscape: bool = False,
    style_sheet: str = "",
    lengths: Mapping[str, str] | None = None,
    **words: object,
) -> bytes:
    """A paper as a PDF: the template of that name with ``words``, its style sheet with ``lengths`` as CSS variables.

    ``landscape`` adds the framed sheet of 聘书 and 培训证书, ``style_sheet`` names the one of several papers.
    Raises Refused for a character that no font holds, FontsMissing, and PaperError where a template names an address.
    """
    context = common(facts, preview=preview) | words
    css = style("common", *(["landscape"] if landscape else []), style_sheet or name, lengths=lengths)
    for tight in (False, True):
        rendering = render.render(render_to_string(f"papers/{name}.html", context | {"tight": tight}), css)
        # What still runs over with less white between the lines takes its second page.
        if rendering.pages == 1:
            break
    return rendering.pdf


def common(facts: SheetFacts, *, preview: bool) -> dict[str, object]:
    """What every template of a paper is given. Raises Refused for a character that no font holds, and FontsMissing."""
    if strange := fonts.load().unprintable("".join(map(clean, _strings(vars(facts).values())))):
        raise Refused(f"“{'、'.join(strange)}”不能印出，字库没有这个字。请核对姓名和名称，或者请管理员安装字库。")
    groups = facts.code.split("-")
    return {
        "facts": facts,
        "preview": preview,
        "person": clean(facts.person_name),
        "name_class": name_class(facts.person_name),
        "qr": qr.svg(facts.verify_url) if facts.code and not preview else "",
        "code_lines": ["-".join(groups[:5]) + "-" * (len(groups) > 5), "-".join(groups[5:])],
    }


def _strings(values: Iterable[object]) -> Iterator[str]:
    """Every text among values, however deep in tuples and lists."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple | list):
            yield from _strings(value)


def style(*sheets: str, lengths: Mapping[str, str] | None = None) -> str:
    """The style sheets of those names one after the other, and ``lengths`` as CSS variables."""
    css = "".join(get_template(f"papers/{sheet}.css").template.source for sheet in sheets)
    return css + ":root{" + "".join(f"--{length}:{value};" for length, value in (lengths or {}).items()) + "}"


def lines(runs: Sequence[Run], measure: float, indent: float = 2) -> list[Line]:
    """One paragraph in lines of ``measure`` em, in the widths of the body type. Raises FontsMissing."""
    return set_lines(runs, measure=measure, advance=fonts.load().advance, indent=indent)


def paragraph(runs: Sequence[Run], measure: float, indent: float = 2) -> SafeString:
    """One paragraph in lines of ``measure`` em, as HTML. Raises FontsMissing."""
    return as_paragraph(lines(runs, measure, indent), indent=indent)


def landscape_lines(
    runs: Sequence[Run], sizes: Sequence[int] = (19, 17, 15, 13), shortest: int = 0
) -> tuple[int, list[Line]]:
    """Size of type and rows of a landscape sheet's main paragraph, at the first of ``sizes`` at which it is good.

    Long names take more rows: the type gives way before the foot of the page does, and before the last row has fewer
    than ``shortest`` characters. Raises FontsMissing.
    """
    for size in sizes:
        rows = lines(runs, LANDSCAPE_WIDTH * MM / size)
        if len(rows) <= 4 and len(rows[-1].text) >= shortest:
            break
    return size, rows


def cell(text: str, width: float) -> SafeString:
    """Text of a table cell whose inner width is given in mm. Raises FontsMissing."""
    return paragraph([name_run(text)], width * MM / 14, indent=0)


def issuer(name: str, widest: int) -> dict[str, object]:
    """Words of ``issuer.html``: a name above the date in lines of ``widest`` characters, smaller beyond three lines."""
    parts = split_name(clean(name), widest)
    small = len(parts) > 3
    if small:
        parts = split_name(clean(name), widest * 1.5)
    return {"issuer": parts, "issuer_small": small, "issuer_class": name_class(name)}


def name_class(name: str) -> str:
    """CSS class of a name: ``whole`` when one of its characters is rare, so that one face sets it all."""
    return fonts.load().name_class(clean(name))


def name_run(name: str, *, whole: bool = False) -> Run:
    """A name in the face that has all its characters; ``whole`` keeps it on one line, as a person's."""
    return Run(name, name_class(name), whole)


def worded(text: str, people: Sequence[str] = (), names: Sequence[str] = ()) -> list[Run]:
    """A text as runs: each name in the face that has all its characters, a rare character elsewhere in that face too.

    The names of ``people`` stay on one line, other ``names`` may be divided.
    """
    text = clean(text)
    known = {clean(name): False for name in names} | {clean(person): True for person in people}
    cut = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True) if name)
    runs = []
    for part in re.split(f"({cut})", text) if cut else [text]:
        if part in known:
            runs.append(name_run(part, whole=known[part]))
        else:
            runs += [Run("".join(like), css) for css, like in groupby(part, name_class)]
    return runs
