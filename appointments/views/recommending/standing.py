"""The grounds of a case: their chains as they stood when it was opened, held against today's record."""

from dataclasses import dataclass
from datetime import date

from appointments.grounds import chains_of, named
from appointments.models import CaseGround, DismissalRecommendation
from appointments.rules import Chain, Link
from appointments.states import STANDING_CASES, UNDECIDED_CASES
from registry.models import User


@dataclass(frozen=True)
class GroundRow:
    """One ground of a case: its links as stored, and those that say something else today."""

    ground: CaseGround
    title: str
    links: list[Link]
    changes: list[tuple[str, list[str]]]
    warning: str


def title_of_ground(ground: CaseGround | Chain) -> str:
    """A ground in the measure's own words, and what it is about."""
    return f"（{ground.kind}）{ground.wording}：{ground.about}"


def ground_rows(case: DismissalRecommendation, user: User, today: date) -> list[GroundRow]:
    """The grounds with their chains as stored, held against today's record while the case is open."""
    open_still = case.state in (*UNDECIDED_CASES, *STANDING_CASES)
    chains = chains_of([case.appointment], user, today)[case.appointment_id] if open_still else []
    known = {named(chain): chain for chain in chains}
    rows = []
    for ground in case.stands_on:
        chain = known.get(f"{ground.kind}:{ground.key}")
        stood = [Link(link["name"], link["holds"], tuple(link["words"])) for link in ground.chain]
        changes = [(link.name, list(link.words)) for link in chain.links if link not in stood] if chain else []
        warning = _warning(case, chain, bool(changes)) if open_still else ""
        rows.append(GroundRow(ground, title_of_ground(ground), stood, changes, warning))
    return rows


def _warning(case: DismissalRecommendation, chain: Chain | None, differs: bool) -> str:
    standing = case.state in STANDING_CASES
    ends = "建议函已签发，请研究是否收回。" if standing else "不能据以提出或者签发建议。"
    if chain is None:
        return f"现在的案卷中已没有这一事项。{ends}"
    if not chain.supported:
        return f"按现在的案卷，缺{'、'.join(chain.missing)}，不再支持本情形。{ends}"
    return "开立后案卷有变化，证据链仍然完整；变化如下。" if differs else ""
