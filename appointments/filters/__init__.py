"""How lists are narrowed."""

from appointments.filters.appointments import AppointmentFilter, Criteria, QueueFilter

__all__ = ["AppointmentFilter", "Criteria", "QueueFilter"]
