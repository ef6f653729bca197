"""One function per message of an appointment. Who gets it is said on the page that sends it."""

from django.utils import timezone

from appointments.models import (
    Achievement,
    Appointment,
    Campaign,
    Commendation,
    DismissalRecommendation,
    DutyReport,
    Guidance,
    ReportDuty,
)
from appointments.obligations import Obligation
from appointments.policies import signatory
from appointments.states import Party
from registry.citing import cited
from registry.models import Enterprise
from registry.notices import tell_city, tell_county, tell_enterprise, text_person
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


# --- Supervision -----------------------------------------------------------------------------------------------------


def cycle_published(duty: ReportDuty, *, at) -> None:
    """To the enterprise: a notice asks for a duty report; opening it is its receipt."""
    cycle = duty.cycle
    body = (
        f"{cycle.number}：请在{day_words(duty.due_on)}前（含当日）提供{day_words(cycle.first_day)}至{day_words(cycle.last_day)}"
        f"的履职报告{cycle.edition.numbering.cited('12.(2).(3)')}。打开通知即为收到。"
    )
    tell_enterprise(duty.enterprise, cycle.title, body, url=duty.page, at=at, sms=True)


def cycle_withdrawn(duty: ReportDuty, reason: str, *, at) -> None:
    """To the enterprise: the notice was taken back, nothing is asked any more."""
    body = f"{duty.cycle.number}已收回，不再要求提供这次履职报告。原因：{reason}"[:600]
    tell_enterprise(duty.enterprise, f"通知已收回：{duty.cycle.title}", body, url=duty.page, at=at)


def due_extended(duty: ReportDuty, reason: str, *, at) -> None:
    """To the enterprise: the due day was put off."""
    body = f"{duty.cycle.number}的报告期限延至{day_words(duty.due_on)}。理由：{reason}"[:600]
    tell_enterprise(duty.enterprise, f"报告期限延期：{duty.cycle.title}", body, url=duty.page, at=at)


def report_received(report: DutyReport, *, again: bool, at) -> None:
    """To the county: a report is there to be read; to the enterprise, where it was handed in on paper: its receipt."""
    duty = report.duty
    subject = f"履职报告{'已补充' if again else '已收到'}：{duty.enterprise.name}"
    tell_county(duty.enterprise.county, subject, f"{duty.cycle.title}，请收阅。", url=duty.page, at=at)
    if report.is_transcribed:
        body = f"{day_words(report.received_on)}收到纸质报告，已代录，可以下载收讫回执。"
        tell_enterprise(duty.enterprise, f"履职报告已收到：{duty.cycle.title}", body, url=duty.page, at=at)


def report_returned(report: DutyReport, reason: str, *, at) -> None:
    """To the enterprise: what to add. The day of receipt stays."""
    body = f"请补充后重新提交，收到日期不变：{reason}"[:600]
    duty = report.duty
    tell_enterprise(duty.enterprise, f"履职报告退回补充：{duty.cycle.title}", body, url=duty.page, at=at)


def statement_asked(case: DismissalRecommendation, *, at) -> None:
    """To the enterprise: its statement is asked for; the CQO is asked by a link of their own."""
    body = (
        f"关于首席质量官{case.appointment.candidate.name}的情况，请在{day_words(case.statement_due)}前（含当日）提交陈述意见。"
        f"质监部门听取意见后，才决定是否提出建议；是否解除聘任由企业决定{cited('12.(2)')}。"
    )
    tell_enterprise(case.enterprise, "征求陈述意见", body, url=case.page, at=at, sms=True)


def link_sent(case: DismissalRecommendation, phone: str, url: str, *, at) -> None:
    """To the CQO as a person, by SMS: the one-time link for the statement."""
    words = f"请在{day_words(case.statement_due)}前（含当日）提交陈述意见，链接仅供本人使用一次：{url}"
    text_person(phone, words, at=at, enterprise=case.enterprise)


def statement_received(case: DismissalRecommendation, party: str, *, at) -> None:
    """To the office that opened the case: a statement came in."""
    subject = f"收到{Party(party).label}的陈述意见：{case.reference}"
    _tell_office_of(case, subject, f"{case.enterprise.name}，{case.appointment.candidate.name}。", at=at)


def _tell_office_of(case: DismissalRecommendation, subject: str, body: str, *, at) -> None:
    """To the office that opened the case."""
    if case.opened_by.county_id:
        tell_county(case.opened_by.county, subject, body, url=case.page, at=at)
    else:
        tell_city(subject, body, url=case.page, at=at)


def case_proposed(case: DismissalRecommendation, *, at) -> None:
    """To the city, and to the county where it may sign too: a second person is asked to sign."""
    who = f"{case.enterprise.name}，{case.appointment.candidate.name}"
    subject, body = (
        f"待签发：解除聘任建议{case.reference}",
        f"{who}；由{case.proposed_by.office_name}提出，须第二人签发。",
    )
    tell_city(subject, body, url=case.page, at=at)
    if signatory(timezone.localdate(at)) == "county":
        tell_county(case.enterprise.county, subject, body, url=case.page, at=at)


def case_sent_back(case: DismissalRecommendation, reason: str, *, at) -> None:
    """To the office that opened the case: not signed as it stands."""
    _tell_office_of(case, f"建议案退回：{case.reference}", f"请补充后再提出：{reason}"[:600], at=at)


def case_issued(case: DismissalRecommendation, *, at) -> None:
    """To the enterprise: the letter is there, the decision is its own; to the county: the letter is issued."""
    name = case.appointment.candidate.name
    body = (
        f"{case.number}：质监部门建议解除{name}的首席质量官聘任。是否解除由企业决定，"
        f"请在{day_words(case.answer_due)}前（含当日）答复{case.edition.numbering.cited('12.(2)')}。打开建议函即为收到。"
    )
    tell_enterprise(case.enterprise, "建议解除聘任函", body, url=case.page, at=at, sms=True)
    body = f"{case.enterprise.name}，{name}。企业在平台打开即为送达；没有打开的，请书面送达并记录。"
    tell_county(case.enterprise.county, f"建议函已签发：{case.number}", body, url=case.page, at=at)


def case_answered(case: DismissalRecommendation, *, at) -> None:
    """To the county and the city: what the enterprise decided."""
    subject = f"企业已答复：{case.number}"
    body = f"{case.enterprise.name}决定：{case.get_answer_display()}。{case.answer_reason}"[:600]
    tell_county(case.enterprise.county, subject, body, url=case.page, at=at)
    tell_city(subject, body, url=case.page, at=at)


def case_ended(case: DismissalRecommendation, *, at) -> None:
    """To the enterprise, where it was asked: no recommendation, withdrawn, or closed; and to the office of the case."""
    subject = f"{case.get_state_display()}：{case.number or case.reference}"
    if case.asked_at:
        body = f"关于首席质量官{case.appointment.candidate.name}的建议案已办结。理由：{case.end_reason}"[:600]
        tell_enterprise(case.enterprise, subject, body, url=case.page, at=at)
    _tell_office_of(case, subject, f"{case.enterprise.name}。{case.end_reason}"[:600], at=at)


def reminded(duty: Obligation, words: str, *, at) -> None:
    """To the enterprise: a duty's day comes near, or is over."""
    body = f"{duty.source}。{words}{duty.consequence}"[:600]
    tell_enterprise(duty.appointment.enterprise, f"提醒：{duty.title}"[:160], body, url=duty.url, at=at, sms=True)


def silent(duty: Obligation, *, at) -> None:
    """To the county: the enterprise was reminded, and nothing came."""
    enterprise = duty.appointment.enterprise
    body = f"{duty.label}的期限{day_words(duty.due_on)}已过，提醒后仍未办理，请联系企业。{duty.source}"
    tell_county(enterprise.county, f"逾期未办：{enterprise.name}", body, url=duty.url, at=at)


# --- Commendations and experience (Art. 10), pilot guidance (Art. 12(一)) --------------------------------------------


def hearers_of(campaign: Campaign, day) -> list[Enterprise]:
    """Who hears of a campaign: the enterprises within its reach that have a CQO in force on that day."""
    rows = Enterprise.unscoped.filter(appointments__in=Appointment.unscoped.in_force(day))
    return list(rows.filter(county=campaign.county_id) if campaign.county_id else rows)


def campaign_published(campaign: Campaign, day, *, at) -> None:
    """To each enterprise within reach with a CQO in force: a campaign they may send something in to."""
    body = f"{campaign.get_kind_display()}活动，成果提交到{day_words(campaign.due_on)}为止。参加与否由企业自愿。"
    for enterprise in hearers_of(campaign, day):
        tell_enterprise(enterprise, f"活动：{campaign.title}", body, url=f"/campaigns/{campaign.reference}/", at=at)


def url_of_achievement(achievement: Achievement) -> str:
    """The achievement's page."""
    return f"/achievements/{achievement.reference}/"


def achievement_submitted(achievement: Achievement, *, at) -> None:
    """To the county: an achievement waits to be read."""
    body = f"{achievement.enterprise.name}提交经验成果“{achievement.title}”，请核对。"
    subject = f"待核对成果：{achievement.title}"
    tell_county(achievement.enterprise.county, subject, body, url=url_of_achievement(achievement), at=at)


def achievement_answered(achievement: Achievement, words: str, *, at) -> None:
    """To the enterprise: returned, published or not, and why."""
    subject = f"{achievement.get_state_display()}：{achievement.title}"
    tell_enterprise(achievement.enterprise, subject, words[:600], url=url_of_achievement(achievement), at=at)


def achievement_withdrawn(achievement: Achievement, *, at) -> None:
    """To the county: there is nothing more to read, or nothing more on the public page."""
    body = f"{achievement.enterprise.name}已撤回经验成果“{achievement.title}”，公开页不再列出。"
    subject = f"已撤回成果：{achievement.title}"
    tell_county(achievement.enterprise.county, subject, body, url=url_of_achievement(achievement), at=at)


def commended(commendation: Commendation, *, at) -> None:
    """To the enterprise: a commendation is on record."""
    body = f"{commendation.issuing_body}{commendation.document_number}：{commendation.honour}。"
    url = f"/commendations/{commendation.reference}/"
    tell_enterprise(commendation.enterprise, f"登记表彰：{commendation.honour}", body, url=url, at=at)


def commendation_revoked(commendation: Commendation, reason: str, *, at) -> None:
    """To the enterprise: the commendation was revoked by a document."""
    url = f"/commendations/{commendation.reference}/"
    tell_enterprise(commendation.enterprise, f"表彰已撤销：{commendation.honour}", reason, url=url, at=at)


def guided(guidance: Guidance, *, at) -> None:
    """To the enterprise: the guidance given to it, in writing."""
    url = f"/guidance/{guidance.reference}/"
    body = f"{day_words(guidance.day)}{guidance.get_way_display()}指导，涉及{guidance.about}。请查看指导意见。"
    what = "指导记录已更正" if guidance.corrects_id else "指导记录"
    tell_enterprise(guidance.enterprise, f"{what}：{guidance.reference}", body, url=url, at=at)


def transcribed(enterprise: Enterprise, count: int, *, at) -> None:
    """To the enterprise: the bureau transcribed past appointments of its own, which it may look over."""
    body = f"质监部门按纸质备案材料补录了 {count} 项任命，标明“代录”。请核对，有误的与县(市、区)局联系。"
    tell_enterprise(enterprise, "已补录以前的任命", body, url="/appointments/", at=at)
