"""What an act under the measure keeps of it: the edition of its day, and whether any was in force (Art. 14)."""

from datetime import date

from django.db import models
from django.db.models.signals import class_prepared
from django.dispatch import receiver
from django.utils import timezone

from registry.models.base import Base
from registry.models.measure import Basis, Edition, basis_if_any


class UnderBasis(Base):
    """Abstract: a row that records an act under the measure. A later edition, or none, changes no past act.

    ``acted_at`` names the fields that may hold the moment of the act: a draft holds none yet, and takes up no edition.
    """

    acted_at = ("recorded_at",)

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
        moment = next(filter(None, (getattr(self, name) for name in self.acted_at)), None)
        if moment and not self.edition_id and not self.outside_basis:
            self.stand_on(basis_if_any(timezone.localdate(moment)))
        super().save(*args, **options)


@receiver(class_prepared)
def _stands_on_a_basis(sender, **_signal) -> None:
    """Each table of acts asks for it in the database too: a subclass's own constraints would hide an inherited one."""
    if not issubclass(sender, UnderBasis) or sender._meta.abstract:
        return
    no_act_yet = models.Q(**{f"{name}__isnull": True for name in sender.acted_at})
    rule = models.CheckConstraint(
        name=f"{sender._meta.model_name}_on_a_basis",
        condition=no_act_yet | models.Q(edition__isnull=False) | models.Q(outside_basis=True),
        violation_error_message="办理的事项须写明依据的办法，或者注明当日没有有效的办法。",
    )
    sender._meta.constraints = [*sender._meta.constraints, rule]
    sender._meta.original_attrs["constraints"] = sender._meta.constraints


def basis_marks(day: date) -> dict[str, str | bool | None]:
    """What the history of a day's writing notes: the edition's key, and whether no measure was in force."""
    basis = basis_if_any(day)
    return {"edition": basis and basis.edition.key, "outside_basis": basis is None or basis.outside}
