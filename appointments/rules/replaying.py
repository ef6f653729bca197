"""What a judgement was reckoned from, as it is stored with it, and the same judgement again (Art. 6, 12(二), 14).

A judgement stands as it was made. From what is stored beside it the rules give it again, whatever became of the facts,
the edition or the readings since.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from inspect import signature

from appointments.rules.eligibility import Criterion, Facts, Held, Period, Thresholds, Work, eligibility
from appointments.rules.grounds import Chain, concealment, late_report, performance
from training.rules import Requirement, Training

JUDGES: dict[str, Callable[..., Chain]] = {rule.__name__: rule for rule in (concealment, performance, late_report)}


def stored_inputs(facts: Facts, needed: Thresholds) -> dict:
    """Art. 6: everything that ``eligibility`` reckons with, in tables and lists; days stay days."""
    return {"facts": asdict(facts), "needed": asdict(needed)}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _facts(stored: dict) -> Facts:
    return Facts(
        as_of=_day(stored["as_of"]),
        declared=stored["declared"],
        qualifications=tuple(Held(**held | {"since": _day(held["since"])}) for held in stored["qualifications"]),
        educations=tuple(Held(**held | {"since": _day(held["since"])}) for held in stored["educations"]),
        work=tuple(
            Work(**work | {"period": Period(_day(work["period"]["first"]), _day(work["period"]["until"]))})
            for work in stored["work"]
        ),
        trainings=tuple(Training(**held | {"since": _day(held["since"])}) for held in stored["trainings"]),
        served_before=stored["served_before"],
    )


def replayed_eligibility(inputs: dict) -> list[Criterion]:
    """Art. 6: the rows again, from what was stored at filing."""
    return eligibility(_facts(inputs["facts"]), Thresholds(**inputs["needed"]))


def replayed_chain(inputs: dict) -> Chain:
    """Art. 12(二): the chain again, from what was stored when the case was opened."""
    judge = JUDGES[inputs["rule"]]
    given = dict(inputs["given"])
    for name, parameter in signature(judge).parameters.items():
        if "date" in str(parameter.annotation):
            given[name] = _day(given[name])
        elif parameter.annotation is Requirement:
            given[name] = Requirement(**given[name])
    return judge(**given)
