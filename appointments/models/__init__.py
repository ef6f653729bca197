"""The rows of appointments and of what the bureau keeps an eye on."""

from appointments.models.appointments import (
    Act,
    Appointment,
    EligibilitySnapshot,
    Evidence,
    Paper,
    SealedScan,
)

__all__ = ["Act", "Appointment", "EligibilitySnapshot", "Evidence", "Paper", "SealedScan"]
