"""How clauses are cited: named by what they say, numbered as the edition numbers them.

Code names a *provision* by its clause path in the model measure (``registry.measures.PROVISIONS``); the clauses of an
edition say which of them carries it. What says something today cites the edition that applies today; papers and texts
of an act cite the edition of the act (``Edition.cite``). Nothing here knows rows: the models bring the clauses
(``use``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.utils import timezone
from django.utils.functional import lazy

from registry.measures import FIGURES, OPTIONAL_PROVISIONS, PROVISIONS, Place

_N = f"[{FIGURES}十]+"
# A clause as papers and pages cite it; another law's (个人信息保护法第二十五条) is left alone.
CITATION = re.compile(
    rf"(?<![^办]法)(?<![^办]法》)第(?P<article>{_N})条(?:第(?P<paragraph>{_N})款)?"
    rf"(?:第?（(?P<item>{_N})）项?(?:第?（(?P<subitem>\d+)）目?)?(?:第(?P<tail>{_N})款)?)?"
)


@dataclass(frozen=True)
class Numbering:
    """Where each provision stands in an edition; ``edition`` and ``key`` are empty for the model's own numbering."""

    edition: int | None
    key: str
    clauses: tuple[tuple[str, str], ...]

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {provision: path for provision, path in self.clauses if provision}

    @cached_property
    def _places(self) -> set[Place]:
        places = {Place.parse(path) for _, path in self.clauses}
        return places | {Place(place.article) for place in places}

    def path(self, provision: str) -> str:
        """The clause that carries the provision; empty where none does. Raises ValueError for no clause path."""
        if path := self._paths.get(provision):
            return path
        Place.parse(provision)
        return ""

    def cite(self, *provisions: str) -> str:
        """第六条第（三）项 for ``6.(3)``, several joined by 、; what the measure does not carry is left out."""
        paths = dict.fromkeys(filter(None, map(self.path, provisions)))
        return "、".join(Place.parse(path).label for path in paths)

    def cited(self, *provisions: str) -> str:
        """The same in brackets, for the end of a sentence: （第十一条）; empty where nothing is to be cited."""
        words = self.cite(*provisions)
        return f"（{words}）" if words else ""

    def article(self, provision: str) -> str:
        """第六条 for ``6.(3)``: the article in which the provision stands; empty where none does."""
        path = self.path(provision)
        return Place(Place.parse(path).article).label if path else ""

    def holds(self, place: Place) -> bool:
        """Whether the measure has that clause, or an article of that number."""
        return place in self._places


MODEL = Numbering(None, "", tuple((path, path) for path in (*PROVISIONS, *OPTIONAL_PROVISIONS)))

# (edition or None, day) → how it numbers, or the one that applies on the day; None while no measure is loaded.
Source = Callable[[int | None, date], Numbering | None]
_source: list[Source] = []


def use(source: Source) -> Source:
    """Ask there how an edition numbers its clauses."""
    _source[:] = [source]
    return source


def numbering(edition: int | None = None) -> Numbering:
    """The numbering of an edition, by default of the one that applies today; the model's while none is loaded."""
    found = _source[0](edition, timezone.localdate()) if _source else None
    return found or MODEL


def cite(*provisions: str) -> str:
    """第六条第（三）项 for ``6.(3)``, as numbered today; empty where the measure has no such clause."""
    return numbering().cite(*provisions)


def cited(*provisions: str) -> str:
    """（第十一条） for ``11``, as numbered today; empty where the measure has no such clause."""
    return numbering().cited(*provisions)


def article(provision: str) -> str:
    """第六条 for ``6.(3)``, as numbered today; empty where the measure has no such clause."""
    return numbering().article(provision)


def _sentence(words: str, *provisions: str) -> str:
    return words.format(cited(*provisions))


# For texts of a class, which are written before any measure is loaded. ``{}`` in the words is the citation in brackets.
cite_late = lazy(cite, str)
cited_late = lazy(_sentence, str)
article_late = lazy(article, str)


def place_of(match: re.Match) -> Place:
    """The place that a found ``CITATION`` names."""
    return Place(**{level: _number(figure) for level, figure in match.groupdict().items() if figure})


def _number(figure: str) -> int:
    """1 to 99 from a numeral, Chinese or not; no number of any clause for what is none."""
    if figure.isascii():
        return int(figure)
    tens, ten, ones = figure.rpartition("十")
    return 10 * (FIGURES.find(tens) if tens else len(ten)) + (FIGURES.find(ones) if ones else 0)
