"""What the watch list can be narrowed by."""

from django.db.models import TextChoices

from appointments.filters.findings import OfCounties
from appointments.grounds import wordings
from appointments.rules import AND_READING, Chain
from registry.fields import PickField

FEW = 2  # missing links with which a chain is worth an officer's look, the office's own choice


def gaps_of(chain: Chain) -> list[str]:
    """The links that the record lacks; how 「和」 is read is the bureau's to say and no gap of the record."""
    return [name for name in chain.missing if name != AND_READING]


class Completeness(TextChoices):
    """How much of a chain the record has."""

    COMPLETE = "complete", "齐备"
    GAPS = "gaps", "缺 1 至 2 环"
    ALL = "all", "全部触及的"


class WatchFilter(OfCounties):
    """观察名单: rows are appointments, of which the chains are narrowed by ``fits``."""

    enterprise_path = "enterprise"
    field_order = ["kind", "links", "county"]

    kind = PickField(label="情形", required=False, choices=(), empty="全部三种")
    links = PickField(label="证据链", required=False, choices=Completeness.choices, empty="齐备，或者缺 1 至 2 环")

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["kind"].choices = [("", "全部三种"), *wordings(today)]

    def by_kind(self, rows, kind):
        """Chains are gathered, not stored: ``fits`` narrows by it."""
        return rows

    def by_links(self, rows, answer):
        """Chains are gathered, not stored: ``fits`` narrows by it."""
        return rows

    def fits(self, chain: Chain) -> bool:
        """Whether the record touches this ground, and as far as was asked for; ``narrow`` has been called."""
        kind, links = self.cleaned_data.get("kind"), self.cleaned_data.get("links")
        gaps = len(gaps_of(chain))
        asked = {
            Completeness.COMPLETE: chain.supported,
            Completeness.GAPS: not chain.supported and gaps <= FEW,
            Completeness.ALL: True,
        }.get(links, chain.supported or gaps <= FEW)
        return chain.touched and asked and kind in ("", None, chain.kind)
