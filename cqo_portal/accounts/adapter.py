"""How allauth behaves here: who is found by what was typed, what leaves by the outbox, what a guess costs."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.utils import timezone

from cqo_portal.accounts import guesses
from cqo_portal.accounts.words import CHANGES, FACTOR_REFUSALS, MAILS, NOTES, REFUSALS
from registry import identity
from registry.actions.accounts import new_username
from registry.fields import PhoneField
from registry.models import User
from registry.notices import tell_account
from registry.papers import qr
from registry.ratelimit import client_address
from registry.rotation import FACTORS
from registry.rules import day_words, normalise_code
from registry.securitylog import note
from registry.states import TWO_FACTORS, Role, SecurityEvent

STAGES = [
    "cqo_portal.accounts.stages.PhoneStage",
    "cqo_portal.accounts.stages.MailStage",
    "allauth.mfa.stages.AuthenticateStage",
]


class Accounts(DefaultAccountAdapter):
    """Sign-up makes applicants alone; staff and trainers are made by the administrator."""

    error_messages = {**DefaultAccountAdapter.error_messages, **REFUSALS}

    # Who signs up

    def new_user(self, request):
        return User(role=Role.APPLICANT)

    def populate_username(self, request, user):
        user.username = user.username or new_username()

    def save_user(self, request, user, form, commit=True):
        user.display_name = form.cleaned_data["display_name"]
        return super().save_user(request, user, form, commit)

    # Mobile numbers

    def phone_form_field(self, **options):
        return PhoneField(**{"label": "手机号码", "max_length": 20} | options)

    def get_phone(self, user):
        return (user.phone, user.phone_proven_at is not None) if user.phone else None

    def set_phone(self, user, phone, verified):
        user.phone, user.phone_proven_at = phone, timezone.now() if verified else None
        user.save(update_fields=["phone", "phone_proven_at"])

    def set_phone_verified(self, user, phone):
        self.set_phone(user, phone, True)
        note(SecurityEvent.CONTACT_CHANGED, about=user.username, request=self.request, kind="手机号码")

    def get_user_by_phone(self, phone):
        """Whose number was proven; else the one account of staff or trainers that the administrator gave it to."""
        rows = User.unscoped.filter(phone=normalise_code(phone)).order_by("phone_proven_at", "pk")
        proven = [user for user in rows if user.phone_proven_at]
        given = [user for user in rows if user.role != Role.APPLICANT]
        return proven[0] if proven else given[0] if len(given) == 1 else None

    def send_verification_code_sms(self, user, phone, code, **options):
        self.send_mail("account/email/email_confirmation_signup", phone, {"code": code})

    def send_account_already_exists_sms(self, phone):
        self.send_mail("account/email/account_already_exists", phone, {})

    # What is said

    def send_mail(self, template_prefix, email, context):
        """Into the outbox, in the transaction of what it tells of; ``email`` may be a mobile number."""
        words = MAILS[template_prefix]
        text = words.text.format(code=context.get("code", ""), origin=settings.PUBLIC_ORIGIN)
        tell_account(email, words.subject, text, at=timezone.now())

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """Tell whose account it is what was changed in the ways to sign in."""
        if address := email or user.email or user.phone:
            at = timezone.now()
            when = f"{day_words(timezone.localdate(at))}{timezone.localtime(at):%H:%M}"
            text = f"您的账号于{when}{CHANGES[template_prefix]}。不是本人操作的，请立即找回密码，并告知本平台。"
            tell_account(address, "账号安全提示", text, at=at)

    def add_message(self, request, level, message_template=None, message_context=None, extra_tags="", message=None):
        if words := message or NOTES.get(message_template):
            messages.add_message(request, level, words, extra_tags=extra_tags)

    def get_login_stages(self):
        return STAGES

    def get_client_ip(self, request):
        return client_address(request) or "0.0.0.0"

    # What a guess costs

    def pre_authenticate(self, request, **credentials):
        login = credentials.get("username") or credentials.get("email") or credentials.get("phone") or ""
        account = account_of(login, self)
        self.tried = account.username if account else ""  # never the word that was typed
        try:
            self.guess = guesses.begin(request, login, account, at=timezone.now())
        except guesses.TooMany:
            note(SecurityEvent.LOGIN_LOCKED, about=self.tried, request=request)
            raise self.validation_error("too_many_login_attempts") from None

    def authentication_failed(self, request, **credentials):
        note(SecurityEvent.LOGIN_FAILED, about=self.tried, request=request)

    def authenticate(self, request, **credentials):
        """One look at one password: what is given as both is tried as either anyway, and twice would tell by the clock.

        allauth's form hands what was typed over as user name and as address, and its backend tries a user name as an
        address first.
        """
        if credentials.get("username") == credentials.get("email"):
            credentials.pop("email", None)
        user = super().authenticate(request, **credentials)
        if user is not None:
            guesses.right(self.guess)
        return user

    def post_login(self, request, user, **options):
        response = super().post_login(request, user, **options)
        guesses.remember_browser(response, user)
        return response


def name_of(user: User) -> str:
    """What allauth calls somebody."""
    return user.display_name


def account_of(login: str, adapter: Accounts) -> User | None:
    """The account that what was typed means; each of the three ways is tried, so that none takes less time."""
    by_mail = filter_users_by_email(login, prefer_verified=True, for_login=True)
    found = [get_user_by_username(login), *by_mail[:1], adapter.get_user_by_phone(login)]
    return next((user for user in found if user), None)


class SecondFactors(DefaultMFAAdapter):
    """TOTP, passkeys and recovery codes; secrets are stored encrypted, under the keys that ID numbers are under."""

    error_messages = {**DefaultMFAAdapter.error_messages, **FACTOR_REFUSALS}

    def encrypt(self, text):
        return identity.seal_text(text, owner=FACTORS)

    def decrypt(self, encrypted_text):
        return identity.unseal_text(encrypted_text, owner=FACTORS)

    def get_totp_issuer(self):
        return settings.PORTAL_NAME

    def get_totp_label(self, user):
        return user.username

    def build_totp_svg(self, url):
        return qr.picture(url)

    def _get_site_name(self):
        return settings.PORTAL_NAME

    def generate_authenticator_name(self, user, type):
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"通行密钥 {number}"

    def can_delete_authenticator(self, authenticator):
        """Whoever needs a second factor keeps one."""
        user = authenticator.user
        if not settings.REQUIRE_MFA or user.role not in TWO_FACTORS:
            return True
        others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
