"""What the enterprise and the CQO say to a recommendation: statements before it, the decision after it (Art. 12)."""

import hashlib
import secrets
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction

from appointments import notices
from appointments.actions.cases import begin_case, move_case, note_case
from appointments.actions.ending import end, withdraw
from appointments.models import Appointment, DismissalRecommendation, Statement, StatementLink
from appointments.states import (
    UNDECIDED_CASES,
    CaseActKind,
    CaseAnswer,
    CaseState,
    EndReason,
    Party,
    State,
    StatementWay,
)
from registry.actions.common import day_of, own_file, own_paper
from registry.models import StoredFile, User
from registry.refusals import Refused

LINK_DAYS = timedelta(days=7)  # at least, also after the day asked for: the office's own service promise
GONE = "这个链接不能使用：已经用过、已经过期，或者已被作废。请与发出链接的质监部门联系。"


def _listens(case: DismissalRecommendation) -> None:
    """Raise Refused where statements are no longer taken: a decision has been made, or none were asked."""
    if case.state not in UNDECIDED_CASES or case.asked_at is None:
        raise Refused("这件建议案现在不接收陈述意见。")


@transaction.atomic
def state(case: DismissalRecommendation, *, words: str, by: User, at, file: StoredFile | None = None) -> Statement:
    """The enterprise's statement, in the portal; what comes after the day counts while nothing is decided."""
    case = begin_case(case, "state", by=by)
    _listens(case)
    if file is not None:
        own_file(file, case.enterprise, field="file")
    return _heard(case, Party.ENTERPRISE, StatementWay.PORTAL, words, file, received_on=day_of(at), by=by, at=at)


@transaction.atomic
def record_statement(
    case: DismissalRecommendation, *, party: str, words: str, file: StoredFile, received_on: date, by: User, at
) -> Statement:
    """代录 of a statement handed in on paper, with its scan."""
    case = begin_case(case, "open_case", by=by)
    _listens(case)
    own_file(file, case.enterprise, field="file")
    if not day_of(case.asked_at) <= received_on <= day_of(at):
        raise Refused("收到日期须在征求意见之日至今天之间。", field="received_on")
    return _heard(case, Party(party), StatementWay.PAPER, words, file, received_on=received_on, by=by, at=at)


def _heard(case, party: Party, way: StatementWay, words: str, file, *, received_on: date, by: User | None, at):
    if not words.strip():
        raise Refused("请写明陈述意见。", field="words")
    statement = Statement.unscoped.create(
        case=case, party=party, way=way, words=words.strip(), file=file, received_on=received_on, at=at, by=by
    )
    note_case(case, CaseActKind.HEARD, by=by, at=at, reason=f"{party.label}，{way.label}")
    notices.statement_received(case, party, at=at)
    return statement


def digest_of_link(token: str) -> str:
    """What is kept of a one-time link."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def issue_link(case: DismissalRecommendation, *, by: User, at, phone: str = "") -> tuple[StatementLink, str]:
    """A one-time link for the CQO's statement; returned with its secret, which is not kept.

    What the CQO says after the day asked for is heard too while nothing is decided, as is what the enterprise says.
    With ``phone`` it is sent there too, by SMS.
    """
    case = begin_case(case, "open_case", by=by, among=(CaseState.ASKED,))
    if case.links.filter(used_at=None, revoked_at=None).exists():
        raise Refused("已有一个未使用的链接；请先作废再重新发出。")
    token = secrets.token_urlsafe(24)
    link = StatementLink.unscoped.create(
        case=case, digest=digest_of_link(token), expires_on=max(case.statement_due, day_of(at) + LINK_DAYS),
        created_at=at, created_by=by,
    )  # fmt: skip
    note_case(case, CaseActKind.LINKED, by=by, at=at, reason="短信发给本人" if phone else "")
    if phone:
        notices.link_sent(case, phone, f"{settings.PUBLIC_ORIGIN.rstrip('/')}/statements/{token}/", at=at)
    return link, token


@transaction.atomic
def revoke_link(link: StatementLink, *, by: User, at) -> StatementLink:
    """Make a link that was not used useless."""
    case = begin_case(link.case, "open_case", by=by)
    link = case.links.select_for_update(of=("self",), no_key=True).get(pk=link.pk)
    if link.used_at or link.revoked_at:
        raise Refused("这个链接已经使用或者作废。")
    link.revoked_at, link.revoked_by = at, by
    link.save()
    note_case(case, CaseActKind.REVOKED, by=by, at=at)
    return link


def usable(token: str, *, at) -> StatementLink | None:
    """The link of that secret, while it can be used: not used, not revoked, not over, and the case undecided."""
    link = (
        StatementLink.unscoped.filter(digest=digest_of_link(token), used_at=None, revoked_at=None)
        .select_related("case__appointment__enterprise__county", "case__appointment__candidate", "case__opened_by")
        .first()
    )
    if link is None or day_of(at) > link.expires_on or link.case.state not in UNDECIDED_CASES:
        return None
    return link


def link_opened(link: StatementLink, *, at) -> None:
    """Keep when the link was opened first; opening it again changes nothing, and never uses it up."""
    StatementLink.unscoped.filter(pk=link.pk, opened_at=None).update(opened_at=at)


@transaction.atomic
def state_by_link(token: str, *, words: str, at, file: StoredFile | None = None) -> Statement:
    """The CQO's own statement, by the one-time link: used once, without an account (design §2)."""
    link = usable(token, at=at)
    if link is None:
        raise Refused(GONE)
    case = DismissalRecommendation.unscoped.select_for_update(of=("self",), no_key=True).get(pk=link.case_id)
    link = StatementLink.unscoped.select_for_update(of=("self",), no_key=True).get(pk=link.pk)
    if link.used_at or link.revoked_at or case.state not in UNDECIDED_CASES:
        raise Refused(GONE)
    link.used_at = at
    link.save()
    return _heard(case, Party.CQO, StatementWay.LINK, words, file, received_on=day_of(at), by=None, at=at)


@transaction.atomic
def answer_case(
    case: DismissalRecommendation,
    *,
    version: int,
    answer: str,
    by: User,
    at,
    reason: str = "",
    scan: StoredFile | None = None,
) -> DismissalRecommendation:
    """The enterprise decides: dismissed, by its own act and that day, or declined with the reason (Art. 12(二)).

    Where the appointment was transcribed from paper, a bureau may transcribe the answer with its scan.
    """
    case = begin_case(case, "answer_case", by=by, version=version, to=CaseState.ANSWERED)
    if answer not in CaseAnswer.values:
        raise Refused("请选择是否解除聘任。", field="answer")
    if answer == CaseAnswer.DECLINED and not reason.strip():
        raise Refused("不解除聘任的，请写明理由。", field="reason")
    if by.enterprise_id is None:
        if scan is None:
            raise Refused("代录企业的答复须附扫描件。", field="scan")
        own_paper(scan, case.enterprise, field="scan")
    case.answer, case.answer_reason, case.answer_scan = answer, reason.strip(), scan
    case.answered_at, case.answered_by = at, by
    words = "：".join(filter(None, [CaseAnswer(answer).label, reason.strip()]))
    move_case(case, CaseState.ANSWERED, CaseActKind.ANSWERED, by=by, at=at, reason=words)
    if answer == CaseAnswer.DISMISSED:
        _dismiss(case.appointment, f"答复解除聘任建议{case.number}", scan=scan, by=by, at=at)
    notices.case_answered(case, at=at)
    return case


def _dismiss(appointment: Appointment, why: str, *, scan: StoredFile | None, by: User, at) -> None:
    """The enterprise's own act: a filed appointment ends that day, one that is not filed yet is withdrawn that day."""
    version = appointment.version
    if appointment.state == State.FILED:
        reason, today = EndReason.DISMISSED, day_of(at)
        if today > appointment.last_day:  # over, though the clock did not come yet
            raise Refused("聘任期限已经届满，没有可以解除的聘任。", field="answer")
        end(appointment, version=version, reason=reason, last_day=today, by=by, at=at, why=why, scan=scan)
    else:
        reason = f"{EndReason.DISMISSED.label}；{why}"
        withdraw(appointment, version=version, by=by, at=at, reason=reason, scan=scan)
