"""The lists of appointments, of supervision, and of commendations and experience."""

from appointments.listings import promotion, registers, supervision  # noqa: F401 (each declares its own)
