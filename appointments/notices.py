"""One function per message of an appointment. Who gets it is said on the page that sends it."""

from appointments.models import Appointment
from registry.notices import tell_city, tell_county, tell_enterprise
from registry.rules import day_words


def url_of(appointment: Appointment) -> str:
    """The appointment's page."""
    return f"/appointments/{appointment.reference}/"


def _who(appointment: Appointment) -> str:
    return f"{appointment.enterprise.name}任命{appointment.candidate.name}"


def submitted(appointment: Appointment, *, again: bool, at) -> None:
    """To the county: something waits to be checked."""
    subject = f"待核对：{_who(appointment)}"
    body = "企业已补正并重新提交，请核对。" if again else "企业已任命并提交，请核对。"
    tell_county(appointment.enterprise.county, subject, body, url=url_of(appointment), at=at)


def returned(appointment: Appointment, remarks: list[str], *, at) -> None:
    """To the enterprise: what to correct. The term does not change by it."""
    body = f"请更正后重新提交：{'；'.join(remarks)}"[:600]
    tell_enterprise(appointment.enterprise, f"退回补正：{_who(appointment)}", body, url=url_of(appointment), at=at)


def checked(appointment: Appointment, *, at) -> None:
    """To the city: something waits to be filed."""
    tell_city(f"待登记：{_who(appointment)}", "县(市、区)局已核对，请登记。", url=url_of(appointment), at=at)


def filed(appointment: Appointment, *, at) -> None:
    """To the enterprise and its county: filed, the receipt is there."""
    subject, url = f"已登记：{_who(appointment)}", url_of(appointment)
    tell_enterprise(appointment.enterprise, subject, "登记回执已生成，可以下载。", url=url, at=at)
    tell_county(appointment.enterprise.county, subject, "登记回执已生成。", url=url, at=at)


def withdrawn(appointment: Appointment, *, at) -> None:
    """To the county: nothing more to check."""
    body = "企业已撤回这项任命，任期当天终止。"
    tell_county(appointment.enterprise.county, f"已撤回：{_who(appointment)}", body, url=url_of(appointment), at=at)


def ended(appointment: Appointment, *, at) -> None:
    """To the county and the enterprise: the appointment ended, and why."""
    subject, url = f"已终止：{_who(appointment)}", url_of(appointment)
    body = f"{appointment.get_end_reason_display()}，{day_words(appointment.ended_on)}终止。"
    tell_county(appointment.enterprise.county, subject, body, url=url, at=at)
    tell_enterprise(appointment.enterprise, subject, body, url=url, at=at)
