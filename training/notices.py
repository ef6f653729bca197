"""One function per message of training. Who gets it is said on the page that sends it."""

from registry.notices import tell_city, tell_county, tell_enterprise
from registry.rules import day_words
from training.models import Certificate, Enrolment, ImprovementProject, PoolEntry, Revocation, Session


def url_of_session(session: Session) -> str:
    """The session's page."""
    return f"/sessions/{session.reference}/"


def url_of_project(project: ImprovementProject) -> str:
    """The project's page."""
    return f"/projects/{project.reference}/"


def promoted(enrolment: Enrolment, *, at) -> None:
    """To the enterprise: somebody who waited has a seat now."""
    if enrolment.enterprise_id:
        session = enrolment.session
        day = day_words(session.first_day)
        body = f"{session.title}有名额空出，{enrolment.candidate.name}已由候补转为报名，{day}开班。"
        subject = f"候补转为报名：{enrolment.candidate.name}"
        tell_enterprise(enrolment.enterprise, subject, body, url=url_of_session(session), at=at)


def changed(session: Session, words: str, *, at) -> None:
    """To each enterprise with somebody enrolled or waiting: days or place changed, or the session is off."""
    told = {}
    for enrolment in session.enrolments.standing().filter(enterprise__isnull=False).select_related("enterprise"):
        told[enrolment.enterprise_id] = enrolment.enterprise
    for enterprise in told.values():
        tell_enterprise(enterprise, f"培训班有变动：{session.title}", words, url=url_of_session(session), at=at)


def certified(certificate: Certificate, *, at) -> None:
    """To the enterprise that enrolled the person: the certificate is there."""
    enterprise = certificate.enrolment.enterprise
    if enterprise:
        body = f"{certificate.body.name}已发给{certificate.candidate.name}培训证书（{certificate.number}），可以下载。"
        url = f"/candidates/{certificate.candidate.reference}/"
        tell_enterprise(enterprise, f"培训证书：{certificate.candidate.name}", body, url=url, at=at)


def revocation_proposed(revocation: Revocation, *, at) -> None:
    """To the city: a second person is asked for; somebody else of the body may be it as well."""
    certificate = revocation.certificate
    body = f"{certificate.body.name}提出撤销{certificate.candidate.name}的培训证书，须由第二人确认。"
    url = f"/certificates/{certificate.code}/"
    tell_city(f"待确认撤销：{certificate.number}", body, url=url, at=at)


def revoked(revocation: Revocation, *, at) -> None:
    """To the enterprise that enrolled the person: the certificate is revoked, and why."""
    certificate = revocation.certificate
    if enterprise := certificate.enrolment.enterprise:
        body = f"{certificate.number}自{day_words(revocation.revoked_on)}起撤销。理由：{revocation.reason}"
        url = f"/candidates/{certificate.candidate.reference}/"
        tell_enterprise(enterprise, f"培训证书已撤销：{certificate.candidate.name}", body, url=url, at=at)


def project_reported(project: ImprovementProject, *, at) -> None:
    """To the county: a completed project waits to be confirmed."""
    body = f"{project.enterprise.name}报告课题“{project.title}”已完成，请确认。"
    subject = f"待确认课题：{project.candidate.name}"
    tell_county(project.enterprise.county, subject, body, url=url_of_project(project), at=at)


def project_returned(project: ImprovementProject, reason: str, *, at) -> None:
    """To the enterprise: what to mend."""
    body = f"请修改后重新报告：{reason}"[:600]
    tell_enterprise(project.enterprise, f"课题退回修改：{project.title}", body, url=url_of_project(project), at=at)


def project_completed(project: ImprovementProject, *, at) -> None:
    """To the enterprise: the completion is confirmed."""
    body = f"{project.candidate.name}的课题“{project.title}”已确认完成。"
    tell_enterprise(project.enterprise, f"课题确认完成：{project.title}", body, url=url_of_project(project), at=at)


def entered_pool(entry: PoolEntry, *, at) -> None:
    """To the enterprise: the person is in the talent pool, and what that brings (Art. 8 ¶2)."""
    body = (
        f"{entry.candidate.name}自{day_words(entry.entered_on)}起纳入首席质量官人才库，"
        f"此后每年参加质监部门组织的继续教育{entry.edition.numbering.cited('8.2')}。"
    )
    url = f"/candidates/{entry.candidate.reference}/"
    tell_enterprise(entry.project.enterprise, f"纳入人才库：{entry.candidate.name}", body, url=url, at=at)
