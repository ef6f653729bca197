"""Drawing papers, beside WeasyPrint as a first attempt uses it: whole fonts, and a new font configuration each time."""

import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from datetime import date
from itertools import repeat

from appointments import documents
from bench.scale.figures import Figure, faster, in_turn
from registry.papers import render as drawing
from registry.verification import new_code, url_for

FEW = 8  # naive papers, for the time of one
BATCH, PROCESSES = 1000, 2
WHOLE_FONT = "Noto Serif CJK SC"
VALUES = {
    "version": 1, "person_name": "黎书恒", "enterprise_name": "清远市飞霞有色金属有限公司",
    "first_day": date(2026, 12, 1),
    "last_day": date(2028, 11, 30), "measure_title": "《清远市企业首席质量官管理办法（试行）》", "clause": "第十一条",
    "appointer_title": "法定代表人", "term_words": "两年", "signed_on": date(2026, 11, 12),
}  # fmt: skip


def facts(number: int) -> documents.LetterFacts:
    """A letter of appointment of its own: number and code are nobody else's."""
    code = new_code("letter")
    known = VALUES | {"number": f"首质聘〔2026〕{number}号", "code": code, "verify_url": url_for(code)}
    return documents.LetterFacts(**{each.name: known[each.name] for each in fields(documents.LetterFacts)})


def draw(number: int) -> int:
    """A letter as the portal draws it; its bytes."""
    return len(documents.letter_of_appointment(facts(number)))


def source(number: int) -> tuple[str, str]:
    """The HTML and the style sheet of a letter, as the portal hands them to the process that draws."""
    drawer, kept = drawing.drawer, []
    drawer.draw = lambda *given: kept.append(given) or type(drawer).draw(drawer, *given)
    draw(number)
    del drawer.draw
    return kept[0]


def naive(html: str, css: str) -> int:
    """The same letter without the portal's care; its bytes."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    configuration = FontConfiguration()
    sheet = CSS(string=re.sub(r"font-family:[^;}]*", f"font-family: '{WHOLE_FONT}'", css), font_config=configuration)
    return len(HTML(string=html).write_pdf(stylesheets=[sheet], font_config=configuration))


def one_paper() -> list[Figure]:
    """One letter: time and bytes."""
    if WHOLE_FONT not in subprocess.run(["fc-list"], capture_output=True, text=True, check=True).stdout:
        raise RuntimeError(f"the baseline draws with {WHOLE_FONT}, which is not installed (fonts-noto-cjk)")
    html, css = source(1)
    taken = in_turn({"ours": lambda: draw(2), "naive": lambda: naive(html, css)}, rounds=FEW, warm=1)
    ours, theirs = draw(3), naive(html, css)
    small = Figure("one paper, KB", ours / 1024, "naive WeasyPrint", theirs / 1024, theirs / ours, "≤ 1/6")
    small.met = ours * 6 <= theirs
    return [faster("one paper", taken["ours"], "naive WeasyPrint", taken["naive"], 3), small]


def flat_memory(count: int = BATCH) -> list[Figure]:
    """What the process that draws holds after a tenth of the papers, and after all."""
    drawing.drawer.end()
    for number in range(count):
        draw(number)
        if number == count // 10:
            early = drawing.drawer.peak_memory()
    late = drawing.drawer.peak_memory()
    name, before = f"memory over {count:,} papers, MB", f"after {count // 10:,}"
    flat = Figure(name, late / 2**20, before, early / 2**20, late / early, "≤ 1.1 ×", late <= 1.1 * early)
    return [flat]


def _drawn(first: int, count: int) -> int:
    return sum(draw(number) for number in range(first, first + count))


def batch(count: int = BATCH, few: int = FEW) -> list[Figure]:
    """So many letters by two processes; the naive way in one, reckoned from some of them."""
    html, css = source(1)
    begun = time.perf_counter()
    for _ in range(few):
        naive(html, css)
    theirs = (time.perf_counter() - begun) / few * count
    drawing.drawer.end()
    begun = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(_drawn, range(0, count, count // PROCESSES), repeat(count // PROCESSES)))
    ours = time.perf_counter() - begun
    name, note = f"batch of {count:,} papers, two processes", f"naive from {few} papers"
    return [faster(name, 1000 * ours, "naive WeasyPrint", 1000 * theirs, 5, note=note)]


MEASURES: tuple[Callable[[], list[Figure]], ...] = (one_paper, flat_memory, batch)
