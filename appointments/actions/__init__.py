"""What people do with appointments: the only writers of state. Each returns the appointment as it then stands."""

from appointments.actions.bulk import check_many, file_many
from appointments.actions.drafts import add_evidence, enter_at_counter, renew, save_draft, start_draft
from appointments.actions.ending import end, expire_due, withdraw
from appointments.actions.filing import check, file, possible, return_for_correction, submit
from appointments.actions.papers import attach_sealed_scan, preview_paper

__all__ = [
    "add_evidence",
    "attach_sealed_scan",
    "check",
    "check_many",
    "end",
    "enter_at_counter",
    "expire_due",
    "file",
    "file_many",
    "possible",
    "preview_paper",
    "renew",
    "return_for_correction",
    "save_draft",
    "start_draft",
    "submit",
    "withdraw",
]
