"""The registry's rows, by question: who signs in, which enterprise, which person, which file, which measure."""

from registry.models.accounts import County, User
from registry.models.base import Base, PortalQuerySet, ScopedBase, ScopedQuerySet, tracked
from registry.models.enterprises import Enterprise, EnterpriseDesignation, EnterpriseSeat
from registry.models.files import Counter, FormToken, IssuedPaper, Message, StoredFile, append_only
from registry.models.measure import BasisPeriod, Clause, Edition, Interpretation
from registry.models.people import (
    Candidate,
    Education,
    Employment,
    PersonFact,
    ProfessionalQualification,
    QualityExperience,
)

__all__ = [
    "Base",
    "BasisPeriod",
    "Candidate",
    "Clause",
    "Counter",
    "County",
    "Edition",
    "Education",
    "Employment",
    "Enterprise",
    "EnterpriseDesignation",
    "EnterpriseSeat",
    "FormToken",
    "Interpretation",
    "IssuedPaper",
    "Message",
    "PersonFact",
    "PortalQuerySet",
    "ProfessionalQualification",
    "QualityExperience",
    "ScopedBase",
    "ScopedQuerySet",
    "StoredFile",
    "User",
    "append_only",
    "tracked",
]
