"""Whether the papers of a measure could be printed: the fonts must have its title and what papers quote of it."""

from registry.measures import CLOSED_LISTS, MeasureFile
from registry.papers import fonts

QUOTED = {provision for listed in CLOSED_LISTS.values() for provision in listed} | {"5.(4).2"}


def printing_faults(measure: MeasureFile) -> list[tuple[str, str]]:
    """Key path and reason for each text of the measure that no paper could bear, for want of a character."""
    texts = {"edition.title": measure.edition.title, "edition.authority": measure.edition.authority}
    texts |= {f"clause[{n}].text": part.text for n, part in enumerate(measure.clauses, 1) if part.provision in QUOTED}
    strange = {where: fonts.load().unprintable(text) for where, text in texts.items()}
    return [(where, f"“{'、'.join(found)}”不能印出，字库没有这个字。") for where, found in strange.items() if found]
