"""What the measure says of training: pure functions on plain values."""

from collections.abc import Iterable
from datetime import date

from registry.states import Outcome


def qualifying_training(records: Iterable[tuple[date, str, bool]], as_of: date) -> tuple[Outcome, tuple[str, ...], str]:
    """Art. 6(五) 经过质检部门组织的首席质量官任职培训: outcome, evidence, next step.

    Each record is (completed on, in words, evidence on file). Without evidence: to verify; without a record: unmet.
    """
    done = [record for record in records if record[0] <= as_of]
    if not done:
        return Outcome.UNMET, ("没有培训证书",), "报名任职培训；仍可任命，登记时注明。"
    words = tuple(words for _, words, _ in done)
    if any(has_evidence for *_, has_evidence in done):
        return Outcome.MET, words, ""
    return Outcome.UNVERIFIED, words, "请在人员资料中上传培训证书。"
