"""What an act under the measure keeps of it: the edition of its day, and whether any was in force (Art. 14)."""

from datetime import date

from django.db import models
from django.utils import timezone

from registry.models.base import Base
from registry.models.measure import Basis, Edition, basis_if_any


class UnderBasis(Base):
    """Abstract: a row that records an act under the measure. A later edition, or none, changes no past act.

    ``acted_at`` names the moment of the act: a draft has none yet, and takes up no edition before it.
    """

    acted_at = "recorded_at"

    edition = models.ForeignKey(
        Edition, models.PROTECT, verbose_name="依据", null=True, blank=True, editable=False, related_name="+"
    )
    outside_basis = models.BooleanField("当日无有效依据", default=False, editable=False)

    class Meta(Base.Meta):
        abstract = True

    def stand_on(self, basis: Basis | None) -> None:
        """Take up the edition that applies on the act's day, and the flag; with no measure loaded the flag alone."""
        self.edition, self.outside_basis = (basis.edition, basis.outside) if basis else (None, True)

    def flagged(self, text: str) -> str:
        """The text of a timeline's entry, with the flag said plainly."""
        return "；".join(filter(None, (text.rstrip("。"), "当日没有有效的办法"))) if self.outside_basis else text

    def save(self, *args, **options):
        """Write the row. The first time it holds the moment of its act, it takes up the basis of that day."""
        moment = getattr(self, self.acted_at)
        if moment and not self.edition_id and not self.outside_basis:
            self.stand_on(basis_if_any(timezone.localdate(moment)))
        super().save(*args, **options)


def basis_marks(day: date) -> dict[str, str | bool | None]:
    """What the history of a day's writing notes: the edition's key, and whether no measure was in force."""
    basis = basis_if_any(day)
    return {"edition": basis and basis.edition.key, "outside_basis": basis is None or basis.outside}
