"""Charts as SVG: presentation attributes alone, so that a strict policy lets them stand in the page and on paper.

The table beside a chart is the truth. A chart names itself in ``title`` and tells its values in ``desc``, and is told
apart in grey: what is whole is pale with an edge, its part dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import drawsvg
from django.utils.safestring import SafeString, mark_safe

from cqo_portal.statistics.declared import Table, Value, said

# The colours of static/portal.css.
INK, QUIET, LINE, PALE, EDGE, BLUE, RED = "#1f2328", "#4b5560", "#d5dae0", "#b4c9e3", "#1d4f91", "#1d4f91", "#b3261e"
WIDTH, FONT = 480, 13
SANS = "PingFang SC, Hiragino Sans GB, Microsoft YaHei, Noto Sans CJK SC, sans-serif"
FILLS = ({"fill": PALE, "stroke": EDGE, "stroke_width": 1}, {"fill": BLUE}, {"fill": QUIET})
BAR, GAP, HEAD = 15, 12, 34  # height of a bar, between lines, room of the legend
PLOT = 190  # height of columns
LABEL = 9  # characters of a label


@dataclass(frozen=True)
class Series:
    """One figure of a chart: its name, its unit, its values."""

    name: str
    unit: str
    values: Sequence[Value]


def draw(table: Table, ident: str, family: str = SANS) -> SafeString:
    """A table's chart as inline SVG; empty where it has none, or nothing but zeros. ``ident`` is unique in the page."""
    if table.chart is None or not table.lines:
        return SafeString("")
    figures = {figure.key: figure for figure in table.figures}
    chosen = slice(table.chart.first)
    series = [Series(figures[key].title, figures[key].unit, table.column(key)[chosen]) for key in table.chart.keys]
    if not any(value for each in series for value in each.values):
        return SafeString("")
    labels = [line.short or line.label for line in table.lines[chosen]]
    drawing = (_bars if table.chart.kind == "bars" else _columns)(labels, series, table.chart.goal)
    drawing.svg_args |= {
        "class": "chart", "role": "img", "aria-labelledby": f"{ident}-t {ident}-d", "font-family": family,
    }  # fmt: skip
    words = "；".join(_told(table, labels, each) for each in series)
    drawing.elements[:0] = [
        drawsvg.Title(table.question, id=f"{ident}-t"), _Description(words, id=f"{ident}-d"),
    ]  # fmt: skip
    # nosemgrep: markup-is-literal (drawsvg escapes every text and attribute that it writes)
    return mark_safe(drawing.as_svg(header=""))


class _Description(drawsvg.Title):
    TAG_NAME = "desc"


def _told(table: Table, labels: Sequence[str], series: Series) -> str:
    values = (f"{label}{said(value, series.unit)}" for label, value in zip(labels, series.values, strict=True))
    return f"{series.name}：{'，'.join(values)}"


def _text(words: str, x: float, y: float, size: int = FONT, **options) -> drawsvg.Text:
    return drawsvg.Text(words, size, round(x, 1), round(y, 1), **({"fill": INK} | options))


def _rectangle(x: float, y: float, width: float, height: float, **options) -> drawsvg.Rectangle:
    return drawsvg.Rectangle(*(round(value, 1) for value in (x, y, width, height)), **options)


def _canvas(height: float, series: Sequence[Series], goal: int | None) -> drawsvg.Drawing:
    """The ground with its legend. Width and height follow the page, so the picture has no size of its own."""
    drawing, x = drawsvg.Drawing(WIDTH, height, id_prefix="d"), 0.0
    drawing.svg_args |= {"width": WIDTH, "height": height}
    fills = FILLS if len(series) > 1 else FILLS[1:]
    for each, fill in zip(series, fills, strict=False):
        drawing.append(_rectangle(x + 0.5, 5.5, 12, 12, **fill))
        words = f"{each.name}（{each.unit}）"
        drawing.append(_text(words, x + 18, 16))
        x += 18 + FONT * len(words) + 16
    if goal is not None:
        drawing.append(drawsvg.Line(x, 11.5, x + 20, 11.5, stroke=RED, stroke_width=2, stroke_dasharray="5 3"))
        drawing.append(_text(f"目标 {goal}%", x + 26, 16))
    return drawing


def _scale(series: Sequence[Series], goal: int | None) -> tuple[float, float]:
    """The end of the scale and its step: three to six steps of 1, 2 or 5."""
    highest = float(max([value or 0 for each in series for value in each.values] + [goal or 0]))
    power = 10 ** floor(log10(highest / 3)) if highest else 1
    step = next((factor * power for factor in (1, 2, 5, 10) if highest / (factor * power) <= 5), 10 * power)
    if all(isinstance(value, int | None) for each in series for value in each.values):
        step = max(1, step)
    return step * max(1, ceil(highest / step)), step


def _bars(labels: Sequence[str], series: Sequence[Series], goal: int | None) -> drawsvg.Drawing:
    """One group of bars under the other, each with its value at its end."""
    left = min(LABEL, max(map(len, labels))) * FONT + 10
    group = len(series) * BAR + GAP
    drawing = _canvas(HEAD + len(labels) * group, series, goal)
    top, _ = _scale(series, goal)
    room = WIDTH - left - 52  # for the value behind the longest bar
    fills = FILLS if len(series) > 1 else FILLS[1:]
    for place, label in enumerate(labels):
        y = HEAD + place * group
        drawing.append(_text(_cut(label), left - 8, y + group / 2 - 1, text_anchor="end"))
        for number, (each, fill) in enumerate(zip(series, fills, strict=False)):
            value, at = each.values[place], y + number * BAR
            if value:
                drawing.append(_rectangle(left + 0.5, at + 0.5, float(value) / top * room, BAR - 3, **fill))
            drawing.append(_text(said(value), left + float(value or 0) / top * room + 6, at + 11, 12))
    drawing.append(drawsvg.Line(left, HEAD - 4, left, HEAD + len(labels) * group - GAP + 4, stroke=QUIET))
    return drawing


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"


def _columns(labels: Sequence[str], series: Sequence[Series], goal: int | None) -> drawsvg.Drawing:
    """Columns beside each other from left to right in time, over a scale; the level aimed at as a broken line."""
    drawing, left, base = _canvas(HEAD + PLOT + 26, series, goal), 46, HEAD + PLOT
    top, step = _scale(series, goal)
    number = 0.0
    while number <= top * 1.0001:
        y = base - number / top * (PLOT - 10)
        drawing.append(drawsvg.Line(left, round(y, 1), WIDTH, round(y, 1), stroke=QUIET if number == 0 else LINE))
        drawing.append(_text(f"{number:,g}", left - 6, y + 4, 12, text_anchor="end", fill=QUIET))
        number += step
    slot = (WIDTH - left) / len(labels)
    width = min(26.0, (slot - 6) / len(series))
    fills = FILLS if len(series) > 1 else FILLS[1:]
    for place, label in enumerate(labels):
        middle = left + (place + 0.5) * slot
        drawing.append(_text(label, middle, base + 17, 12, text_anchor="middle"))
        for shift, (each, fill) in enumerate(zip(series, fills, strict=False)):
            height = float(each.values[place] or 0) / top * (PLOT - 10)
            x = middle + (shift - len(series) / 2) * width
            if height:
                drawing.append(_rectangle(x + 1, base - height, width - 2, height, **fill))
    if goal is not None:
        y = round(base - goal / top * (PLOT - 10), 1)
        drawing.append(drawsvg.Line(left, y, WIDTH, y, stroke=RED, stroke_width=2, stroke_dasharray="5 3"))
    return drawing
