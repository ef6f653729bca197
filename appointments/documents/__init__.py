"""Every paper of an appointment and of its supervision: one function each, taking plain facts."""

from appointments.documents.appointing import (
    AUTHORISATION_TEMPLATE_VERSION,
    LETTER_TEMPLATE_VERSION,
    NO_OPINION,
    RECEIPT_TEMPLATE_VERSION,
    AuthorisationFacts,
    LetterFacts,
    ReceiptFacts,
    filing_receipt,
    letter_of_appointment,
    letter_of_authorisation,
)
from appointments.documents.bundle import Part, evidence_bundle
from appointments.documents.recommendation import (
    RECOMMENDATION_TEMPLATE_VERSION,
    RecommendationFacts,
    recommendation_letter,
)
from appointments.documents.reports import REPORT_RECEIPT_TEMPLATE_VERSION, ReportReceiptFacts, report_receipt
from appointments.documents.statement import STATEMENT_TEMPLATE_VERSION, StatementFacts, statement_notice

__all__ = [
    "AUTHORISATION_TEMPLATE_VERSION",
    "LETTER_TEMPLATE_VERSION",
    "NO_OPINION",
    "RECEIPT_TEMPLATE_VERSION",
    "RECOMMENDATION_TEMPLATE_VERSION",
    "REPORT_RECEIPT_TEMPLATE_VERSION",
    "STATEMENT_TEMPLATE_VERSION",
    "AuthorisationFacts",
    "LetterFacts",
    "Part",
    "ReceiptFacts",
    "RecommendationFacts",
    "ReportReceiptFacts",
    "StatementFacts",
    "evidence_bundle",
    "filing_receipt",
    "letter_of_appointment",
    "letter_of_authorisation",
    "recommendation_letter",
    "report_receipt",
    "statement_notice",
]
