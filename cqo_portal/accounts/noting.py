"""What of signing in the security log is told, by the signals of Django and allauth; to import this is to listen."""

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from registry.securitylog import note
from registry.states import SecurityEvent

KINDS = {
    Authenticator.Type.TOTP: "动态口令",
    Authenticator.Type.WEBAUTHN: "通行密钥",
    Authenticator.Type.RECOVERY_CODES: "恢复码",
}


@receiver(user_logged_in)
def signed_in(sender, request, user, **signal) -> None:
    """Somebody is in, with which second factor beside the password; a passkey may stand for both."""
    used = [KINDS[row["type"]] for row in get_authentication_records(request, user) if row["method"] == "mfa"]
    note(SecurityEvent.LOGIN, by=user, request=request, factor=used[-1] if used else "没有使用")


@receiver(user_logged_out)
def signed_out(sender, request, user, **signal) -> None:
    """Somebody left, or was idle too long; nobody is nothing to note."""
    if user is not None:
        note(SecurityEvent.LOGOUT, by=user, request=request)


@receiver(account.password_changed)
def changed_password(sender, request, user, **signal) -> None:
    """The owner of an account changed its password."""
    note(SecurityEvent.PASSWORD_CHANGED, by=user, about=user.username, request=request)


@receiver(account.password_reset)
def reset_password(sender, request, user, **signal) -> None:
    """Somebody set a password anew by a code."""
    note(SecurityEvent.PASSWORD_RESET, about=user.username, request=request)


@receiver(account.email_confirmed)
def proved_email(sender, request, email_address, **signal) -> None:
    """An e-mail address was proven, at sign-up or instead of another."""
    note(SecurityEvent.CONTACT_CHANGED, about=email_address.user.username, request=request, kind="电子邮箱")


@receiver(factors.authenticator_added)
def added_factor(sender, request, user, authenticator, **signal) -> None:
    """A second factor was set up."""
    note(SecurityEvent.FACTOR_ADDED, by=user, about=user.username, request=request, kind=KINDS[authenticator.type])


@receiver(factors.authenticator_removed)
def removed_factor(sender, request, user, authenticator, **signal) -> None:
    """A second factor was put away."""
    note(SecurityEvent.FACTOR_REMOVED, by=user, about=user.username, request=request, kind=KINDS[authenticator.type])


@receiver(factors.authentication_failed)
def wrong_code(sender, request, user, authenticator, **signal) -> None:
    """The password was right and the code was not."""
    note(SecurityEvent.LOGIN_FAILED, about=user.username, request=request, kind=KINDS[authenticator.type])
