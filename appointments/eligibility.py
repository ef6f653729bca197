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
    DECLARATIONS,
    ONE_DAY,
    Criterion,
    Facts,
    Held,
    Period,
    Thresholds,
    Work,
    eligibility,
    qualified,
    stored_inputs,
    trained,
)
from registry.models import Education, Enterprise, ProfessionalQualification, QualityExperience
from registry.models.measure import Basis, legal_basis
from registry.one_statement import together
from registry.rules import day_words
from training.standing import trainings_of


@dataclass(frozen=True)
class Checklist:
    """The six rows, what they were reckoned from, the basis they were judged under, and the readings used."""

    criteria: list[Criterion]
    facts: Facts
    needed: Thresholds
    basis: Basis
    interpretations: list[str]

    @property
    def as_of(self) -> date:
        """The day up to which the years are counted."""
        return self.facts.as_of

    def inputs(self) -> dict:
        """All that the rows were reckoned from, as it is stored at filing: see ``rules.replaying``."""
        return stored_inputs(self.facts, self.needed)

    def as_json(self) -> list[dict]:
        """The rows as they are stored at filing."""
        return criteria_as_json(self.criteria)


def criteria_as_json(criteria: Iterable[Criterion]) -> list[dict]:
    """Criteria of Art. 6 in tables; days as text."""
    return [asdict(c) | {"met_on": c.met_on and c.met_on.isoformat()} for c in criteria]


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


FIGURES = ("qualification_level", "education", "experience_years")
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
    own = {"candidate__in": people, "enterprise__in": enterprises}
    read = together(*(model.unscoped.filter(**own).select_related("evidence") for model, _ in SOURCES.values()))
    for (name, (_, put)), rows in zip(SOURCES.items(), read, strict=True):
        for row in rows:
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


def computed(candidate_id: int, enterprise: Enterprise, today: date) -> tuple[Criterion, Criterion]:
    """Art. 6(三) and the training of 6(五) of a person for an enterprise, whether appointed there or not, as of today.

    What is declared (Art. 6(一)(二)(四)) belongs to an appointment and is not asked here.
    """
    held = _on_file({(candidate_id, enterprise.pk)})[candidate_id, enterprise.pk]
    facts = Facts(as_of=today, **{name: tuple(values) for name, values in held.items()})
    return qualified(facts, thresholds(legal_basis(today), enterprise.size)), trained(facts)


def thresholds(basis: Basis, size: str) -> Thresholds:
    """The figures of Art. 6(三) in the edition that an act stands on, for an enterprise of that size.

    Without a size, what is asked of any enterprise that the measure does not name.
    """
    values = [basis.value(name, size=size) for name in FIGURES]
    clauses = basis.edition.clauses_of(*DECLARATIONS)
    declarations = {provision: clauses[provision].text.rstrip("；。") for provision in DECLARATIONS}
    return Thresholds(*values, size=size if by_size(basis) else "", declarations=declarations)


def by_size(basis: Basis) -> bool:
    """Whether the edition asks for something else by the size of the enterprise (Art. 6(三))."""
    return any("by_size" in basis.edition.parameters[name] for name in FIGURES)


def checklists(appointments: Iterable[Appointment], today: date) -> dict[int, Checklist]:
    """Art. 6 for several, by appointment's key, as of the day that the reading in force names.

    By the edition under which the enterprise appointed; what was not submitted yet, by today's.
    """
    rows = {appointment.pk: appointment for appointment in appointments}
    if not rows:
        return {}  # perhaps of a portal without a measure
    standing = legal_basis(today)
    bases = {pk: standing.under(row.edition_id) for pk, row in rows.items()}
    settled = {pk: basis.settled("experience_as_of") for pk, basis in bases.items()}

    def as_of(row: Appointment) -> date:
        submitted = timezone.localdate(row.submitted_at) if row.submitted_at else today
        return {"submission": submitted, "filing": today}.get(settled[row.pk].value, row.first_day or today)

    def listed(pk: int, facts: Facts) -> Checklist:
        needed = thresholds(bases[pk], rows[pk].enterprise.size)
        used = [settled[pk].number] if settled[pk].number else []
        return Checklist(eligibility(facts, needed), facts, needed, bases[pk], used)

    gathered = gather({row: as_of(row) for row in rows.values()})
    return {pk: listed(pk, facts) for pk, facts in gathered.items()}


def checklist(appointment: Appointment, today: date) -> Checklist:
    """Art. 6 for one appointment: see ``checklists``."""
    return checklists([appointment], today)[appointment.pk]
