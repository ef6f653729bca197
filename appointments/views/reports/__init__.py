"""Duty reports: followed by both sides, written by the enterprise, written in at the counter (Art. 5, 12(二)(3))."""

from appointments.views.reports.following import (
    duty_act,
    report_detail,
    report_list,
    report_open,
    report_receipt_pdf,
)
from appointments.views.reports.writing import report_autosave, report_check, report_counter, report_edit

__all__ = [
    "duty_act",
    "report_autosave",
    "report_check",
    "report_counter",
    "report_detail",
    "report_edit",
    "report_list",
    "report_open",
    "report_receipt_pdf",
]
