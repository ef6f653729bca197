"""What a filing says, field by field, in words: returned with the fields at fault, and compared after correction."""

from django.utils import timezone

from appointments.eligibility import facts_of
from appointments.models import Appointment
from appointments.rules import DECLARATIONS, Facts
from appointments.states import FILED_KINDS, ActKind, EvidenceKind
from registry import citing


def described(appointment: Appointment, facts: Facts | None = None) -> dict[str, tuple[str, str]]:
    """Field → (its name in Chinese, what it says); these are the fields a return can name.

    ``facts``: what stands on file, where it was gathered already.
    """
    facts = facts or facts_of(appointment, appointment.first_day or timezone.localdate(appointment.created_at))
    evidence = {kind: [] for kind in FILED_KINDS}
    for row in appointment.evidences.filter(kind__in=FILED_KINDS).select_related("file"):
        evidence[row.kind].append(f"{row.file.name}（{row.file.pages} 页）")
    said = {
        "position": ("在本企业的职务", appointment.position),
        "in_decision_level": ("企业决策层", _level(appointment)),
        "quality_department": ("质量管理部门", appointment.quality_department),
        "inspection_department": ("质量检验部门", appointment.inspection_department),
        "safety_department": ("质量安全部门", appointment.safety_department),
        "departments_report": ("部门隶属", "隶属于首席质量官直接领导" if appointment.departments_report else "未隶属"),
        "appointer": ("任命人", f"{appointment.appointer_name}，{appointment.get_appointer_display()}"),
        "declarations": ("承诺", "、".join(_declared(appointment)) or "无"),
        "qualification": ("职业资格", "；".join(held.words for held in facts.qualifications) or "无"),
        "education": ("学历", "；".join(held.words for held in facts.educations) or "无"),
        "experience": ("质量工作经历", "；".join(work.words for work in facts.work) or "无"),
        "training": ("培训证书", "；".join(held.words for held in facts.trainings) or "无"),
    }
    return said | {kind: (EvidenceKind(kind).label, "、".join(names) or "无") for kind, names in evidence.items()}


def _declared(appointment: Appointment) -> list[str]:
    """The clauses of Art. 6 that are declared, as numbered by the edition of the act, by today's before it is one."""
    cite = appointment.edition.cite if appointment.edition else citing.cite
    flags = [appointment.declares_ethics, appointment.declares_knowledge, appointment.declares_independence]
    return [cite(clause) for clause, given in zip(DECLARATIONS, flags, strict=True) if given]


def _level(appointment: Appointment) -> str:
    if appointment.in_decision_level:
        return "属于"
    return f"不属于：{appointment.exception_reason}"


def last_return(appointment: Appointment):
    """The act that last returned this filing; None if it never was."""
    return next((act for act in appointment.acts.all() if act.kind == ActKind.RETURNED), None)


def difference(appointment: Appointment) -> dict[str, list[str]]:
    """Field → [before, after] for everything that changed since the last return."""
    act = last_return(appointment)
    if act is None:
        return {}
    stood = act.details["stood"]
    now = {name: text for name, (_, text) in described(appointment).items()}
    return {name: [stood.get(name, "无"), text] for name, text in now.items() if stood.get(name, "无") != text}
