"""Training's background work: a whole session's certificates, one transaction each (Art. 8 ¶1)."""

from django.db import transaction
from django_tasks import task

from registry import jobs
from registry.actions.common import allow, locked
from registry.models import Job, User
from registry.refusals import Refused
from training.actions.certificates import issue_certificate, session_fault
from training.models import Enrolment, Session
from training.notices import url_of_session

KIND = "certificates"


def ready(session: Session) -> list[Enrolment]:
    """Those of a session who were there, passed, and have no certificate yet; in the order of their seats."""
    return list(session.enrolments.ready().select_related("candidate").order_by("seat"))


def running(session: Session) -> Job | None:
    """The work that is issuing this session's certificates now; None while there is none."""
    return Job.unscoped.filter(kind=KIND, subject=session.reference, finished_at=None).first()


@transaction.atomic
def start_issuing(session: Session, *, by: User, at) -> Job:
    """Begin to issue the certificates of everybody who is ready; its progress has a page. Raises Refused.

    Whoever asks while it is going on gets the work that is going on.
    """
    session = locked(Session.unscoped.select_related("body"), session.pk)
    allow(by, "training.run", session)
    if fault := session_fault(session, at=at):
        raise Refused(fault)
    if job := running(session):
        return job
    if not (count := len(ready(session))):
        raise Refused("没有可以发证的人员：须出勤达到要求、考核合格、尚未发证。")
    return jobs.start(
        KIND, f"发给培训证书：{session.title}", total=count, subject=session.reference,
        url=url_of_session(session), by=by, at=at, task=issue_certificates, session=session.reference,
    )  # fmt: skip


@task()
def issue_certificates(*, job: str, session: str) -> None:
    """Issue what is still to be issued; a worker that takes the job up again repeats nothing."""
    of = Session.unscoped.get(reference=session)
    names: dict[int, str] = {}

    def remaining() -> list[int]:
        names.update((row.pk, row.candidate.name) for row in ready(of))
        return list(names)

    def issue(pk: int, *, by: User, at) -> None:
        enrolment = Enrolment.unscoped.get(pk=pk)
        if not enrolment.certificates.exists():  # somebody issued this one meanwhile: it is done
            issue_certificate(enrolment, by=by, at=at)

    jobs.run_steps(job, remaining, issue, name=names.get)
