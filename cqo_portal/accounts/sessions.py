"""What a session may: how long it lasts, and where it may go before a second factor or an enterprise is there."""

import time
from datetime import timedelta

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone

from registry.states import TWO_FACTORS, Role

MARK = "cqo_session"
TOUCHED_EVERY = 60  # seconds: the last activity is written down no more often
# Where an applicant may go beside the public pages, and whoever still needs a second factor beside those.
OF_APPLICANTS = {"registration_new", "registration_detail", "registration_withdraw"}
OF_ACCOUNTS = ("account_", "mfa_")


@receiver(user_logged_in)
def begin(sender, request, user, **signal) -> None:
    """Note when a session began, and how long it may be idle."""
    now = int(time.time())
    idle = settings.SESSION_IDLE_STAFF if user.role in TWO_FACTORS else settings.SESSION_IDLE
    request.session[MARK] = {"began": now, "seen": now, "idle": idle}


@receiver(authenticator_added)
def count_as_used(sender, request, user, authenticator, **signal) -> None:
    """Who has just set up a second factor has shown it: the session counts as signed in with it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


class SessionLimits:
    """Ends a session that was idle too long, or has lasted too long, whatever it was used for meanwhile."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        mark, now = request.session.get(MARK), int(time.time())
        if mark:
            if now - mark["began"] >= settings.SESSION_ABSOLUTE or now - mark["seen"] >= mark["idle"]:
                logout(request)
                messages.info(request, "较长时间没有操作，或者登录已满 12 小时，已自动退出。请重新登录。")
            elif now - mark["seen"] >= TOUCHED_EVERY:
                request.session[MARK] = mark | {"seen": now}
                if request.user.is_authenticated:
                    UserSession.objects.create_from_request(request)
        return self.get_response(request)


class Gate:
    """Lets nobody on who needs a second factor and did not use one, and an applicant to no page but to apply."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        """A redirect to where the second factor is set up, Http404 for an applicant's stray way, else nothing."""
        name = request.resolver_match.url_name or ""
        if not request.user.is_authenticated or name.startswith(OF_ACCOUNTS):
            return None
        if needs_second_factor(request):
            messages.info(request, "您的账号须用第二重验证登录。请先启用动态口令或者通行密钥。")
            return redirect("mfa_index")
        if password_is_old(request.user):
            messages.info(request, f"密码已用满 {settings.PASSWORD_MAX_DAYS} 天，请更换。")
            return redirect("account_change_password")
        public = not getattr(view, "login_required", True)
        if request.user.role == Role.APPLICANT and not public and name not in OF_APPLICANTS:
            raise Http404
        return None


def needs_second_factor(request) -> bool:
    """Whether this person has to sign in with a second factor, and did not in this session."""
    if not settings.REQUIRE_MFA or request.user.role not in TWO_FACTORS:
        return False
    return not any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def password_is_old(user) -> bool:
    """Whether the office has passwords changed every so many days, and this one is due."""
    if not settings.PASSWORD_MAX_DAYS or not user.has_usable_password():
        return False
    since = user.password_set_at or user.date_joined
    return timezone.now() - since > timedelta(days=settings.PASSWORD_MAX_DAYS)
