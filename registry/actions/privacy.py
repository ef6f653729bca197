"""What the law on personal information gives a person, and what an officer may look at: each with its record."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from registry import identity
from registry.actions.common import allow, day_of, locked, next_number
from registry.models import Candidate, DataRequest, Employment, PersonLink, Reveal, User
from registry.notices import tell_city, text_person
from registry.refusals import Refused
from registry.securitylog import note
from registry.states import RequestKind, RequestState, SecurityEvent

LINK_DAYS = timedelta(days=7)
GONE = "这个链接不能使用：已经用过、已经过期，或者已被作废。请与发出链接的质监部门联系。"


@transaction.atomic
def reveal_number(person: Candidate, *, reason: str, by: User, at, request=None) -> str:
    """A person's full ID number to a municipal officer, with the reason on record (design 1.14).

    Counted under the lock of the officer's account, so that no two requests share the last of the day. Raises Refused
    without a reason, beyond ``settings.REVEALS_PER_DAY``, and where the security log cannot take it.
    """
    by = locked(User.unscoped, by.pk)
    allow(by, "registry.reveal_number", person)
    if not reason.strip():
        raise Refused("请写明查看的理由。", field="reason")
    if revealed_on(by, day_of(at)) >= settings.REVEALS_PER_DAY:
        sentence = f"您今天已查看 {settings.REVEALS_PER_DAY} 次，达到每天的上限。"
        raise Refused(f"{sentence}确需查看的，请由另一位工作人员办理。")
    person = Candidate.unscoped.get(pk=person.pk)
    if identity.is_erased(person):
        raise Refused("此人的证件号码已按规定删除，不再保存。")
    number = identity.unseal(person.id_cipher, person.id_key_version, owner=person.reference)
    Reveal.unscoped.create(candidate=person, reason=reason.strip(), by=by, at=at)
    note(SecurityEvent.REVEAL, by=by, about=person.reference, request=request, reason=reason.strip())
    return number


def revealed_on(user: User, day) -> int:
    """How many numbers an officer looked at on a day."""
    return Reveal.unscoped.filter(by=user, at__date=day).count()


# --- The person's own way to their data ------------------------------------------------------------------------------


def digest_of_secret(secret: str) -> str:
    """What is kept of a link, and of the browser that used it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def phone_of(person: Candidate) -> Employment | None:
    """The newest employment with a phone on file."""
    return person.employments.exclude(phone="").order_by("-period").select_related("enterprise").first()


@transaction.atomic
def issue_person_link(person: Candidate, *, by_sms: bool, by: User, at, request=None) -> tuple[PersonLink, str]:
    """A one-time link to a person's own data; returned with its secret, which is not kept. Older ones are revoked.

    It opens what all enterprises hold of the person. So a county sends it to the phone on file and never sees it;
    only the municipal bureau, whose scope it is, may hand it over on paper. Raises Refused otherwise.
    """
    person = locked(Candidate.unscoped, person.pk)
    allow(by, "registry.issue_person_link", person)
    employment = phone_of(person) if by_sms else None
    if by_sms and employment is None:
        raise Refused("没有登记此人的手机号码，不能用短信发出。请由市局打印后当面交给本人。")
    if not by_sms and not by.has_perm("registry.answer_data_request"):
        raise Refused("链接可以看到各企业登记的资料，县（市、区）局只能用短信发给本人。")
    token = secrets.token_urlsafe(24)
    person.links.filter(used_at=None, revoked_at=None).update(revoked_at=at, revoked_by=by)
    link = PersonLink.unscoped.create(
        candidate=person, digest=digest_of_secret(token), by_sms=by_sms, expires_on=day_of(at) + LINK_DAYS,
        created_at=at, created_by=by,
    )  # fmt: skip
    if employment:
        words = f"您可以查看本人的资料，链接 {LINK_DAYS.days} 天内有效，只能由一台设备打开："
        text_person(employment.phone, f"{words}{link_address(token)}", at=at, enterprise=employment.enterprise)
    note(SecurityEvent.LINK_ISSUED, by=by, about=person.reference, request=request, sms=by_sms)
    return link, token


def link_address(token: str) -> str:
    """The whole address of a link."""
    return f"{settings.PUBLIC_ORIGIN.rstrip('/')}/my-data/{token}/"


@transaction.atomic
def revoke_person_links(person: Candidate, *, by: User, at, request=None) -> int:
    """Make all links of a person useless, used ones too; how many there were."""
    allow(by, "registry.issue_person_link", person)
    count = person.links.filter(revoked_at=None).update(revoked_at=at, revoked_by=by)
    note(SecurityEvent.LINK_REVOKED, by=by, about=person.reference, request=request, links=count)
    return count


def usable_link(token: str, *, at) -> PersonLink | None:
    """The link of that secret, while nobody has used it, it is not revoked and not over."""
    rows = PersonLink.unscoped.filter(digest=digest_of_secret(token), used_at=None, revoked_at=None)
    return rows.filter(expires_on__gte=day_of(at)).select_related("candidate").first()


@transaction.atomic
def open_person_link(token: str, *, at, request=None) -> str:
    """Use a link up: the browser's own secret, which is shown from now on instead. Raises Refused where it is gone."""
    link = PersonLink.unscoped.select_for_update(of=("self",)).filter(digest=digest_of_secret(token)).first()
    if link is None or link.used_at or link.revoked_at or link.expires_on < day_of(at):
        raise Refused(GONE)
    browser = secrets.token_urlsafe(24)
    link.used_at, link.browser = at, digest_of_secret(browser)
    link.save()
    note(SecurityEvent.LINK_USED, about=link.candidate.reference, request=request)
    return browser


def person_behind(browser: str, *, at) -> Candidate | None:
    """Whose data the browser with this secret may see; None when its link is over or revoked."""
    rows = PersonLink.unscoped.filter(browser=digest_of_secret(browser), revoked_at=None, expires_on__gte=day_of(at))
    link = rows.select_related("candidate").first()
    return link and link.candidate


@transaction.atomic
def ask_about_data(person: Candidate, *, kind: str, words: str, at, request=None) -> DataRequest:
    """A person's request for correction or erasure; one of a kind at a time. Raises Refused with its field."""
    person = locked(Candidate.unscoped, person.pk)
    if not words.strip():
        raise Refused("请写明要更正或者删除什么。", field="words")
    open_ones = person.data_requests.filter(kind=kind, state__in=(RequestState.ASKED, RequestState.GRANTED))
    if open_ones.exists():
        raise Refused("同一类请求已经提出，正在办理。", field="kind")
    reference = f"GR-{day_of(at).year}-{next_number('data_request', day_of(at).year):04d}"
    row = DataRequest.unscoped.create(
        reference=reference, candidate=person, kind=RequestKind(kind), words=words.strip(), asked_at=at
    )
    body = f"本人提出{row.get_kind_display()}，请办理并答复。"
    tell_city("个人信息请求", body, url=f"/data-requests/{reference}/", at=at)
    note(SecurityEvent.DATA_REQUEST, about=reference, request=request, kind=row.get_kind_display())
    return row


@transaction.atomic
def answer_data_request(row: DataRequest, *, granted: bool, answer: str, by: User, at) -> DataRequest:
    """The bureau's decision, with its reason. What is granted is carried out next: erasure by ``manage.py retain``."""
    row = locked(DataRequest.unscoped, row.pk)
    allow(by, "registry.answer_data_request", row)
    if row.state != RequestState.ASKED:
        raise Refused("这件请求已经答复。")
    if not answer.strip():
        raise Refused("请写明答复的理由。", field="answer")
    row.state = RequestState.GRANTED if granted else RequestState.DECLINED
    row.answer, row.answered_at, row.answered_by = answer.strip(), at, by
    row.save()
    note(SecurityEvent.DATA_REQUEST, by=by, about=row.reference, state=row.get_state_display())
    return row


@transaction.atomic
def close_correction(row: DataRequest, *, by: User, at) -> DataRequest:
    """Note that what was granted has been corrected, by the acts there are for it."""
    row = locked(DataRequest.unscoped, row.pk)
    allow(by, "registry.answer_data_request", row)
    if row.state != RequestState.GRANTED or row.kind != RequestKind.CORRECTION:
        raise Refused("这件请求不是待更正的。")
    row.state, row.done_at = RequestState.DONE, at
    row.save()
    note(SecurityEvent.DATA_REQUEST, by=by, about=row.reference, state=row.get_state_display())
    return row
