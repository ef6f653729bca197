"""How somebody comes to act for an enterprise: registering it, being invited, taking over, leaving."""

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from registry.actions.common import allow, locked, next_number
from registry.actions.enterprises import register_enterprise
from registry.models import County, Enterprise, Invitation, Registration, StoredFile, User
from registry.notices import tell_account, tell_county, tell_enterprise
from registry.refusals import Refused
from registry.rules import credit_code_fault
from registry.securitylog import note
from registry.states import RegistrationState, Role, SecurityEvent

INVITED_FOR = timedelta(days=7)
MOST_INVITED = 20  # open at once, for one enterprise: nobody sends messages to the whole city from here
DESCRIBED = ("name", "address", "industry", "size", "legal_representative", "principal")
CONTACT = ("contact_name", "contact_phone", "contact_email")
CLAIMED = "这家企业在平台上已有账号。请由企业的账号负责人邀请您加入；负责人离职的，请与所在县（市、区）局联系。"
GONE = "这个邀请链接不能使用：已经用过、已经过期，或者已被作废。请与邀请您的人联系。"


# --- Registration ----------------------------------------------------------------------------------------------------


@transaction.atomic
def submit_registration(
    *, credit_code: str, county: County, licence: StoredFile, authority: StoredFile, by: User, at, **facts
) -> Registration:
    """Say that one acts for an enterprise, with its licence and letter of authority; the county checks it.

    An enterprise on the register is claimed so, once; its registration goes to the county it stands under there.
    ``facts``: what the register holds of an enterprise. Raises Refused with its field.
    """
    by = locked(User.unscoped, by.pk)
    allow(by, "registry.register_own_enterprise")
    if fault := credit_code_fault(credit_code):
        raise Refused(fault, field="credit_code")
    known = Enterprise.unscoped.filter(credit_code=credit_code).select_related("county").first()
    if known is not None:
        _refuse_claimed(known, field="credit_code")
        county = known.county
    if Registration.unscoped.waiting().filter(applicant=by).exists():
        raise Refused("已有一份注册资料正在核对。要修改的，请先撤回。")
    registration = Registration.unscoped.create(
        reference=f"ZC{next_number('registration', 0):05d}",
        applicant=by,
        credit_code=credit_code,
        county=county,
        licence=licence,
        authority=authority,
        submitted_at=at,
        **facts,
    )
    url = reverse("registration_detail", args=[registration.reference])
    note(SecurityEvent.REGISTERED, by=by, about=registration.reference)
    tell_county(county, f"企业注册待核对：{registration.name}", "请对照名录和材料核对。", url=url, at=at)
    return registration


def _refuse_claimed(enterprise: Enterprise, *, field: str | None = None) -> None:
    """Raise Refused where somebody's account answers for this enterprise already."""
    if enterprise.accounts.owners().exists():
        raise Refused(CLAIMED, field=field)


@transaction.atomic
def withdraw_registration(registration: Registration, *, by: User, at) -> Registration:
    """Take back a registration that nobody has decided. Raises Refused."""
    registration = locked(Registration.unscoped, registration.pk)
    allow(by, "registry.withdraw_registration", registration)
    _still_waiting(registration)
    registration.state = RegistrationState.WITHDRAWN
    registration.save(update_fields=["state"])
    return registration


def _still_waiting(registration: Registration) -> None:
    if registration.state != RegistrationState.SUBMITTED:
        raise Refused(f"这份注册资料{registration.get_state_display()}，不能再办理。")


@transaction.atomic
def take_over(registration: Registration, *, by: User, at) -> Enterprise:
    """Accept a registration: the enterprise comes on the register, or is found there, and the applicant answers for it.

    What the register holds already stays as it is. The applicant's sessions end with the change of role. Raises
    Refused where the enterprise was claimed meanwhile.
    """
    registration = locked(Registration.unscoped, registration.pk)
    allow(by, "registry.decide_registration", registration)
    _still_waiting(registration)
    applicant = locked(User.unscoped, registration.applicant_id)
    if applicant.role != Role.APPLICANT or not applicant.is_active:
        raise Refused("注册人的账号已经停用，或者已属于另一家企业。")
    known = Enterprise.unscoped.filter(credit_code=registration.credit_code).first()
    if known is None:
        facts = {name: getattr(registration, name) for name in (*DESCRIBED, *CONTACT)}
        enterprise = register_enterprise(
            credit_code=registration.credit_code, county=registration.county, by=by, at=at, **facts
        )
    else:
        enterprise = locked(Enterprise.unscoped, known.pk)
        _refuse_claimed(enterprise)
        enterprise.accounts.filter(is_owner=True).update(is_owner=False)  # one that was switched off
    _let_in(applicant, enterprise, is_owner=True)
    registration.state, registration.enterprise = RegistrationState.TAKEN, enterprise
    registration.decided_at, registration.decided_by = at, by
    registration.save()
    note(SecurityEvent.REGISTRATION_DECIDED, by=by, about=registration.reference, taken=True)
    note(SecurityEvent.ACCOUNT_CHANGED, by=by, about=applicant.username, role=Role.ENTERPRISE.label)
    url = reverse("member_list")
    tell_enterprise(enterprise, "企业账号已开通", "您是账号负责人，可以邀请本企业的其他人员。", url=url, at=at)
    body = f"{enterprise.name}的注册已由{by.office_at(at)}接收，请重新登录：{settings.PUBLIC_ORIGIN}"
    _tell(applicant, "企业注册已接收", body, at=at)
    return enterprise


@transaction.atomic
def decline_registration(registration: Registration, *, reason: str, by: User, at) -> Registration:
    """Do not accept a registration, for a reason that the applicant is told; they may register anew."""
    registration = locked(Registration.unscoped, registration.pk)
    allow(by, "registry.decide_registration", registration)
    _still_waiting(registration)
    if not reason.strip():
        raise Refused("请写明不接收的理由，以及可以怎样补正。", field="reason")
    registration.state, registration.reason = RegistrationState.DECLINED, reason.strip()
    registration.decided_at, registration.decided_by = at, by
    registration.save()
    note(SecurityEvent.REGISTRATION_DECIDED, by=by, about=registration.reference, taken=False)
    body = f"{registration.name}的注册未被接收，理由请登录查看：{settings.PUBLIC_ORIGIN}"
    _tell(registration.applicant, "企业注册未接收", body, at=at)
    return registration


def _let_in(user: User, enterprise: Enterprise, *, is_owner: bool) -> None:
    user.role, user.enterprise, user.is_owner = Role.ENTERPRISE, enterprise, is_owner
    user.save(update_fields=["role", "enterprise", "is_owner"])


@transaction.atomic
def reset_factors(user: User, *, by: User, at) -> None:
    """Undo somebody's second factors and end their sessions: the administrator has made sure who it is."""
    user = locked(User.unscoped, user.pk)
    allow(by, "registry.manage_accounts")
    Authenticator.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
    note(SecurityEvent.FACTOR_RESET, by=by, about=user.username)
    _tell(user, "第二重验证已重置", "您的动态口令、通行密钥和恢复码已由管理员重置，下次登录重新启用。", at=at)


def _tell(user: User, subject: str, body: str, *, at) -> None:
    """To the e-mail address of an account, else to its mobile number; nothing to one that has neither."""
    if address := user.email or user.phone:
        tell_account(address, subject, body, at=at)


# --- The accounts of one enterprise ----------------------------------------------------------------------------------


def digest_of_invitation(token: str) -> str:
    """What is kept of an invitation's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(*, name: str, email: str = "", phone: str = "", by: User, at: datetime) -> tuple[Invitation, str]:
    """Ask somebody to act for one's enterprise too, by a one-time link; returned with its secret, which is not kept."""
    allow(by, "registry.invite_member")
    enterprise = locked(Enterprise.unscoped, by.enterprise_id)
    if bool(email) == bool(phone):
        raise Refused("请填写电子邮箱或者手机号码，只填一项。", field="email")
    waiting = enterprise.invitations.open(at)
    if waiting.filter(email=email, phone=phone).exists():
        raise Refused("已向这个地址发出邀请。要重新发送，请先作废原来的。", field="email" if email else "phone")
    if waiting.count() >= MOST_INVITED:
        raise Refused(f"最多同时有 {MOST_INVITED} 份未接受的邀请，请先作废不用的。")
    token = secrets.token_urlsafe(24)
    invitation = Invitation.unscoped.create(
        enterprise=enterprise,
        name=name,
        email=email,
        phone=phone,
        digest=digest_of_invitation(token),
        created_at=at,
        created_by=by,
        expires_at=at + INVITED_FOR,
    )
    note(SecurityEvent.INVITED, by=by, about=enterprise.reference)
    link = f"{settings.PUBLIC_ORIGIN}{reverse('invitation_accept', args=[token])}"
    body = f"{by.display_name}邀请您在平台上为{enterprise.name}办理首席质量官事项。7天内打开链接加入：{link}"
    tell_account(invitation.address, "加入企业账号的邀请", body, at=at)
    return invitation, token


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: User, at) -> None:
    """Make an invitation useless that nobody has accepted."""
    invitation = locked(Invitation.unscoped, invitation.pk)
    allow(by, "registry.invite_member")
    if invitation.enterprise_id != by.enterprise_id or invitation.accepted_at or invitation.revoked_at:
        raise Refused("这份邀请已经接受，或者已经作废。")
    invitation.revoked_at, invitation.revoked_by = at, by
    invitation.save(update_fields=["revoked_at", "revoked_by"])


def open_invitation(token: str, *, at) -> Invitation | None:
    """The invitation of that secret, while it can be accepted and who sent it still answers for the enterprise."""
    rows = Invitation.unscoped.open(at).filter(digest=digest_of_invitation(token))
    rows = rows.filter(created_by__is_active=True, created_by__is_owner=True)
    return rows.select_related("enterprise", "created_by").first()


@transaction.atomic
def accept_invitation(token: str, *, by: User, at) -> Enterprise:
    """Join the enterprise that invited, with an account of one's own that belongs to none. Raises Refused."""
    found = open_invitation(token, at=at)
    invitation = found and locked(Invitation.unscoped, found.pk)
    if invitation is None or invitation.accepted_at or invitation.revoked_at:
        raise Refused(GONE)
    user = locked(User.unscoped, by.pk)
    if user.role != Role.APPLICANT:
        raise Refused("您现在登录的账号另有归属，请退出后再打开邀请链接。")
    if Registration.unscoped.waiting().filter(applicant=user).exists():
        raise Refused("您有一份企业注册资料正在核对，请先撤回。")
    _let_in(user, invitation.enterprise, is_owner=False)
    invitation.accepted_at, invitation.accepted_by = at, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    note(SecurityEvent.INVITATION_TAKEN, by=user, about=invitation.enterprise.reference)
    body = f"{user.display_name}已接受邀请，可以为本企业办理。"
    tell_enterprise(invitation.enterprise, "有人加入企业账号", body, url=reverse("member_list"), at=at)
    return invitation.enterprise


@transaction.atomic
def join_with_new_account(token: str, *, display_name: str, password: str, at) -> User:
    """Join the enterprise that invited, with a new account; the link's arrival proves the address. Raises Refused."""
    invitation = open_invitation(token, at=at)
    if invitation is None:
        raise Refused(GONE)
    if known_account(invitation.address):
        raise Refused("这个地址已有账号，请先登录，再打开邀请链接。")
    user = User.unscoped.create_user(
        new_username(),
        password,
        display_name=display_name,
        email=invitation.email,
        phone=invitation.phone,
        phone_proven_at=at if invitation.phone else None,
        role=Role.APPLICANT,
    )
    if invitation.email:
        EmailAddress.objects.create(user=user, email=invitation.email, verified=True, primary=True)
    accept_invitation(token, by=user, at=at)
    return user


def known_account(address: str) -> User | None:
    """The account for which this e-mail address or mobile number was proven."""
    if address.isascii() and address.isdigit():
        return User.unscoped.filter(phone=address, phone_proven_at__isnull=False).first()
    return User.unscoped.filter(emailaddress__email__iexact=address, emailaddress__verified=True).first()


def new_username() -> str:
    """A user name nobody has, for whoever signs in by e-mail address or mobile number."""
    while User.unscoped.filter(username=(name := f"qy{secrets.randbelow(10**8):08d}")).exists():
        continue
    return name


def _both_locked(member: User, by: User) -> tuple[User, User]:
    """Both accounts locked, in one order; raises Refused where ``by`` does not answer for ``member``'s enterprise."""
    rows = User.unscoped.select_for_update(of=("self",), no_key=True).order_by("pk").in_bulk([member.pk, by.pk])
    member, by = rows[member.pk], rows[by.pk]
    allow(by, "registry.remove_member", member)
    return member, by


@transaction.atomic
def remove_member(member: User, *, by: User, at) -> User:
    """End that somebody acts for one's enterprise; their sessions end at the next request, the account stays theirs."""
    member, by = _both_locked(member, by)
    name = member.enterprise.name
    member.role, member.enterprise, member.is_owner = Role.APPLICANT, None, False
    member.save(update_fields=["role", "enterprise", "is_owner"])
    note(SecurityEvent.ACCOUNT_CHANGED, by=by, about=member.username, role=Role.APPLICANT.label)
    _tell(member, "已移出企业账号", f"您不再为{name}办理事项。有疑问的，请与企业的账号负责人联系。", at=at)
    return member


@transaction.atomic
def hand_over(member: User, *, by: User, at) -> User:
    """Make somebody else of the enterprise answer for its accounts; one stays as an ordinary account."""
    member, by = _both_locked(member, by)
    if not member.is_active:
        raise Refused("这个账号已经停用。")
    by.is_owner = False
    by.save(update_fields=["is_owner"])
    member.is_owner = True
    member.save(update_fields=["is_owner"])
    note(SecurityEvent.ACCOUNT_CHANGED, by=by, about=member.username, owner=True)
    _tell(member, "您已成为账号负责人", f"{by.display_name}把{by.enterprise.name}的账号负责人交给了您。", at=at)
    return member
