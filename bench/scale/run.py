"""The parts of a measurement, by name."""

from collections.abc import Callable
from contextlib import ExitStack

from bench.scale import load, pages, papers, queries, sheets
from bench.scale.figures import Figure
from bench.scale.servers import serving
from bench.scale.where import url_of

SMALL = 10_000  # appointments in the database that growth is held against


def of_pages(size: int) -> list[Figure]:
    """The pages of the table."""
    ours, small = url_of(f"cqo_bench_{size}"), url_of(f"cqo_bench_{SMALL}")
    with ExitStack() as stack:
        portal = stack.enter_context(serving("bench.scale.settings", ours))
        sides = pages.Sides(
            portal,
            stack.enter_context(serving("bench.scale.settings", small)),
            stack.enter_context(serving("bench.scale.stock", ours)),
            stack.enter_context(serving("bench.scale.hello", ours)),
        )
        return [figure for take in pages.MEASURES for figure in take(sides)]


def of_papers(size: int) -> list[Figure]:
    """Papers, which are the same at any size."""
    return [figure for take in papers.MEASURES for figure in take()]


PARTS: dict[str, Callable[[int], list[Figure]]] = {
    "pages": of_pages,
    "papers": of_papers,
    "queries": queries.every_page,
    "clients": load.twenty_clients,
    "sheets": sheets.of_sheets,
}


def figures_of(size: int, parts: list[str]) -> list[Figure]:
    """The figures of these parts, in their order."""
    return [figure for part in parts for figure in PARTS[part](size)]
