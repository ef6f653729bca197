"""Figures: how they are taken (in turn, medians), held against their bar, printed and kept."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

WARM, ROUNDS = 3, 15


@dataclass
class Figure:
    """One line of the table: ours, what it is held against, their ratio and the bar; times in ms."""

    name: str
    ours: float | None = None
    against: str = ""
    baseline: float | None = None
    ratio: float | None = None  # ours to the baseline, or the other way round where the bar says "faster"
    bar: str = ""
    met: bool | None = None
    note: str = ""
    more: dict = field(default_factory=dict)


def in_turn(calls: dict[str, Callable[[], object]], rounds: int = ROUNDS, warm: int = WARM) -> dict[str, float]:
    """Median milliseconds of each call; one after the other in each round, so that a slow moment meets all alike."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(-warm, rounds):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            if round_ >= 0:
                taken[name].append(1000 * (time.perf_counter() - begun))
    return {name: statistics.median(times) for name, times in taken.items()}


def faster(name: str, ours: float, against: str, baseline: float, times: float, **more) -> Figure:
    """Ours is to take at most one part in ``times`` of the baseline's time."""
    ratio = baseline / ours
    return Figure(name, ours, against, baseline, ratio, f"≥ {times:g} × faster", ratio >= times, **more)


def within(name: str, ours: float, against: str, baseline: float, times: float, **more) -> Figure:
    """Ours is to take at most ``times`` the baseline's time."""
    ratio = ours / baseline
    return Figure(name, ours, against, baseline, ratio, f"≤ {times:g} ×", ratio <= times, **more)


def table(figures: list[Figure]) -> str:
    """The lines in Markdown."""

    def cell(value: float | None, unit: str = "") -> str:
        return "" if value is None else f"{value:,.1f}{unit}" if value < 1000 else f"{value:,.0f}{unit}"

    lines = ["| what | ours | against | | ratio | bar | |", "|---|--:|---|--:|--:|---|---|"]
    for each in figures:
        word = {True: "met", False: "**unmet**", None: each.note or "—"}[each.met]
        note = f" ({each.note})" if each.note and each.met is not None else ""
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        cells = (each.name, cell(each.ours), each.against, cell(each.baseline), ratio, each.bar, f"{word}{note}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def keep(path: Path, figures: list[Figure], **about) -> None:
    """The figures as JSON, with the machine they were taken on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": _cores(),
        "load": os.getloadavg()[1],
    }
    about |= {"taken": time.strftime("%Y-%m-%d %H:%M"), "on": machine}
    rows = [{name: value for name, value in asdict(each).items() if value not in (None, "", {})} for each in figures]
    path.write_text(json.dumps(about | {"figures": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _cores() -> int:
    return len(os.sched_getaffinity(0))
