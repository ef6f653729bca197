"""Every stored judgement once more, from what was stored with it (Art. 6, 12(二), 14).

What became of the facts, the edition or the readings since does not enter: a departure means that the rule itself, as
it stands in the code, no longer says what it said.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder

from appointments import grounds
from appointments.eligibility import criteria_as_json
from appointments.models import CaseGround, EligibilitySnapshot
from appointments.rules import replayed_chain, replayed_eligibility


@dataclass(frozen=True)
class Replayed:
    """A stored judgement: what it is about, what was stored, and what the rules say today of the same inputs."""

    about: str
    stored: list[dict]
    again: list[dict]
    stands: bool = True  # a case was opened on nothing that the record did not support

    @property
    def same(self) -> bool:
        """Whether the rules still say what they said."""
        return self.stands and self.stored == self.again


def replayed() -> Iterator[Replayed]:
    """All judgements stored at filing (Art. 6) and on opening a case (Art. 12(二)), in the order of their rows."""
    for row in EligibilitySnapshot.unscoped.select_related("appointment").order_by("pk").iterator(500):
        again = criteria_as_json(replayed_eligibility(row.inputs))
        yield Replayed(f"任职条件 {row.appointment.reference}", row.criteria, _as_stored(again))
    for row in CaseGround.unscoped.select_related("case").order_by("pk").iterator(500):
        chain = replayed_chain(row.inputs)
        again = _as_stored(grounds.as_json(chain))
        yield Replayed(f"建议案 {row.case.reference} 情形（{row.kind}）", row.chain, again, chain.supported)


def _as_stored(rows: list[dict]) -> list[dict]:
    """As the database gives them back."""
    return json.loads(json.dumps(rows, cls=DjangoJSONEncoder))
