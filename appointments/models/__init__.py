"""The rows of appointments and of what the bureau keeps an eye on."""

from appointments.models.appointments import Act, Appointment, EligibilitySnapshot, Evidence, Paper, SealedScan
from appointments.models.findings import Accident, Finding, FindingEvidence
from appointments.models.guidance import Guidance, GuidanceFile, Policy, pilots
from appointments.models.performance import Target, TargetResult, TargetSheet
from appointments.models.promotion import (
    Achievement,
    AchievementAct,
    AchievementFile,
    Campaign,
    Commendation,
    CommendationRevocation,
    NameConsent,
)
from appointments.models.recommendations import (
    CaseAct,
    CaseEvidence,
    CaseGround,
    DismissalRecommendation,
    NoticeService,
    RecommendationLetter,
    StampedScan,
    Statement,
    StatementLink,
)
from appointments.models.reminders import Reminder
from appointments.models.reports import (
    DueExtension,
    DutyReport,
    ReportAct,
    ReportAttachment,
    ReportCycle,
    ReportDuty,
    ReportReceipt,
    Veto,
)

__all__ = [
    "pilots",
    "Policy",
    "GuidanceFile",
    "Guidance",
    "NameConsent",
    "CommendationRevocation",
    "Commendation",
    "Campaign",
    "AchievementFile",
    "AchievementAct",
    "Achievement",
    "Accident",
    "Act",
    "Appointment",
    "CaseAct",
    "CaseEvidence",
    "CaseGround",
    "DismissalRecommendation",
    "DueExtension",
    "DutyReport",
    "EligibilitySnapshot",
    "Evidence",
    "Finding",
    "FindingEvidence",
    "NoticeService",
    "Paper",
    "RecommendationLetter",
    "Reminder",
    "ReportAct",
    "ReportAttachment",
    "ReportCycle",
    "ReportDuty",
    "ReportReceipt",
    "SealedScan",
    "StampedScan",
    "Statement",
    "StatementLink",
    "Target",
    "TargetResult",
    "TargetSheet",
    "Veto",
]
