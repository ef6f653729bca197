"""The registry's rows, by question: who signs in, which enterprise, which person, file and job, which measure."""

from registry.models.accounts import County, User
from registry.models.acts import UnderBasis
from registry.models.authority import AuthorityName
from registry.models.base import Base, PortalQuerySet, ScopedBase, ScopedQuerySet, tracked
from registry.models.checks import RateWindow, VerificationTally
from registry.models.enterprises import Enterprise, EnterpriseDesignation, EnterpriseSeat
from registry.models.exports import Export
from registry.models.files import Counter, FormToken, IssuedPaper, StoredFile, append_only
from registry.models.imports import ImportRow, ImportRun, ImportUpload
from registry.models.jobs import Job
from registry.models.measure import BasisPeriod, Clause, Edition, Interpretation
from registry.models.messages import Delivery, Message
from registry.models.people import (
    Candidate,
    Education,
    Employment,
    PersonFact,
    ProfessionalQualification,
    QualityExperience,
)
from registry.models.privacy import Acknowledgement, DataRequest, PersonLink, Reveal
from registry.models.registration import Invitation, Registration
from registry.models.security import DaySeal, SecurityEntry, SecurityHead

__all__ = [
    "Acknowledgement",
    "AuthorityName",
    "Base",
    "BasisPeriod",
    "Candidate",
    "Clause",
    "Counter",
    "County",
    "DataRequest",
    "DaySeal",
    "Delivery",
    "Edition",
    "Education",
    "Employment",
    "Enterprise",
    "EnterpriseDesignation",
    "EnterpriseSeat",
    "Export",
    "FormToken",
    "ImportRow",
    "ImportRun",
    "ImportUpload",
    "Interpretation",
    "Invitation",
    "IssuedPaper",
    "Job",
    "Message",
    "PersonFact",
    "PersonLink",
    "PortalQuerySet",
    "ProfessionalQualification",
    "QualityExperience",
    "RateWindow",
    "Registration",
    "Reveal",
    "ScopedBase",
    "ScopedQuerySet",
    "SecurityEntry",
    "SecurityHead",
    "StoredFile",
    "UnderBasis",
    "User",
    "VerificationTally",
    "append_only",
    "tracked",
]
