"""From rows to the rule of Art. 6: gathers what an enterprise put on file, and asks ``rules.eligibility``.

Everything is gathered for several appointments at once, in a number of queries that does not grow with theirs.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from django.utils import timezone

from appointments.models import Appointment
from appointments.rules import (
    ONE_DAY,
    Criterion,
    Facts,
    Held,
    Period,
    Thresholds,
    Work,
    eligibility,
    qualified,
    trained,
)
from registry.models import Education, Interpretation, ProfessionalQualification, QualityExperience
from registry.models.measure import Basis, legal_basis
from registry.rules import day_words
from training.standing import trainings_of


@dataclass(frozen=True)
class Checklist:
    """The six rows, the basis they were judged under, and the interpretations used."""

    criteria: list[Criterion]
    basis: Basis
    as_of: date
    interpretations: list[str]

    def as_json(self) -> list[dict]:
        """The rows as they are stored at filing."""
        return [asdict(c) | {"met_on": c.met_on and c.met_on.isoformat()} for c in self.criteria]


def _proof(row) -> str:
    return f"（{row.evidence.name}）" if row.evidence else "（材料未上传）"


def _qualification(row: ProfessionalQualification) -> Held:
    words = f"{row.name}（{row.get_level_display()}），{day_words(row.issued_on)}取得{_proof(row)}"
    return Held(row.level, row.issued_on, words, bool(row.evidence))


def _education(row: Education) -> Held:
    words = f"{row.get_level_display()}，{row.school}，{day_words(row.graduated_on)}毕业{_proof(row)}"
    return Held(row.level, row.graduated_on, words, bool(row.evidence))


def _work(row: QualityExperience) -> Work:
    until = f"至{day_words(row.period.upper - ONE_DAY)}" if row.period.upper else ""
    words = f"{day_words(row.period.lower)}起{until}，{row.employer}，{row.work}{_proof(row)}"
    return Work(Period(row.period.lower, row.period.upper), words, bool(row.evidence))


SOURCES = {
    "qualifications": (ProfessionalQualification, _qualification),
    "educations": (Education, _education),
    "work": (QualityExperience, _work),
}


def declarations(appointment: Appointment) -> dict[str, str]:
    """Which of Art. 6(一)(二)(四) are declared, and by whom."""
    by = appointment.appointer_name or "任命人"
    when = f"{day_words(timezone.localdate(appointment.submitted_at))}" if appointment.submitted_at else ""
    flags = {
        "6.(1)": appointment.declares_ethics,
        "6.(2)": appointment.declares_knowledge,
        "6.(4)": appointment.declares_independence,
    }
    return {clause: f"{by}{when}承诺" for clause, given in flags.items() if given}


def _on_file(pairs: set[tuple[int, int]]) -> dict[tuple[int, int], dict[str, list]]:
    """(person, enterprise) → what that enterprise put on file about that person, in words; with their training."""
    people = {person for person, _ in pairs}
    enterprises = {enterprise for _, enterprise in pairs}
    found: dict[tuple[int, int], dict[str, list]] = defaultdict(lambda: {name: [] for name in SOURCES})
    for name, (model, put) in SOURCES.items():
        rows = model.unscoped.filter(candidate__in=people, enterprise__in=enterprises)
        for row in rows.select_related("evidence"):
            found[row.candidate_id, row.enterprise_id][name].append(put(row))
    for pair, trainings in trainings_of(pairs).items():
        found[pair]["trainings"] = trainings
    return found


def _filings(appointments: list[Appointment]) -> dict[int, set[int]]:
    """Person → the appointments of theirs that were ever filed, anywhere."""
    rows = Appointment.unscoped.filter(candidate__in={a.candidate_id for a in appointments}, filed_at__isnull=False)
    filed: dict[int, set[int]] = defaultdict(set)
    for person, appointment in rows.order_by().values_list("candidate_id", "pk"):
        filed[person].add(appointment)
    return filed


def gather(days: dict[Appointment, date]) -> dict[int, Facts]:
    """Appointment's key → what stands on file, as the rule wants it, as of the day given for each."""
    appointments = list(days)
    on_file, filed = _on_file({(a.candidate_id, a.enterprise_id) for a in appointments}), _filings(appointments)
    return {
        a.pk: Facts(
            as_of=as_of,
            declared=declarations(a),
            served_before=bool(filed[a.candidate_id] - {a.pk}),
            **{name: tuple(held) for name, held in on_file[a.candidate_id, a.enterprise_id].items()},
        )
        for a, as_of in days.items()
    }


def facts_of(appointment: Appointment, as_of: date) -> Facts:
    """What stands on file about the person for this enterprise, as the rule wants it."""
    return gather({appointment: as_of})[appointment.pk]


def computed(candidate_id: int, enterprise_id: int, today: date) -> tuple[Criterion, Criterion]:
    """Art. 6(三) and the training of 6(五) of a person for an enterprise, whether appointed there or not, as of today.

    What is declared (Art. 6(一)(二)(四)) belongs to an appointment and is not asked here.
    """
    held = _on_file({(candidate_id, enterprise_id)})[candidate_id, enterprise_id]
    facts = Facts(as_of=today, **{name: tuple(values) for name, values in held.items()})
    return qualified(facts, thresholds(legal_basis(today))), trained(facts)


def thresholds(basis: Basis) -> Thresholds:
    """The figures of Art. 6(三) in the edition that an act stands on."""
    parameter = basis.edition.parameter
    return Thresholds(parameter("qualification_level"), parameter("education"), parameter("experience_years"))


def checklists(appointments: Iterable[Appointment], today: date) -> dict[int, Checklist]:
    """Art. 6 for several, by appointment's key, as of the day the interpretation in force names.

    By default that is the first day of the term.
    """
    basis = legal_basis(today)
    reading = Interpretation.unscoped.reading("experience_as_of", on=today)
    chosen = reading.reading if reading else ""
    needed = thresholds(basis)

    def as_of(appointment: Appointment) -> date:
        submitted = timezone.localdate(appointment.submitted_at) if appointment.submitted_at else today
        return {"submission": submitted, "filing": today}.get(chosen, appointment.first_day or today)

    facts = gather({appointment: as_of(appointment) for appointment in appointments})
    used = [reading.number] if reading else []
    return {pk: Checklist(eligibility(known, needed), basis, known.as_of, used) for pk, known in facts.items()}


def checklist(appointment: Appointment, today: date) -> Checklist:
    """Art. 6 for one appointment: see ``checklists``."""
    return checklists([appointment], today)[appointment.pk]
