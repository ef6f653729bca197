"""allauth's forms in the portal's words."""

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context
from allauth.mfa.base import forms as factors
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.cache import cache
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from registry.fields import PersonNameField
from registry.forms import EMAIL_FAULT
from registry.ratelimit import spend
from registry.rules import normalise_code

PASSWORD_HELP = "至少 12 个字符，不能是常见密码，也不能与姓名、邮箱相近。不要求定期更换。"
RESET_TRIES = 20  # an hour, for one address
USED_FOR = 180  # seconds a code is remembered: longer than any code is good for


def worded(field: forms.Field, label: str, help_text: str = "") -> None:
    """Give a field of allauth's our label, a sentence for nothing, and no words inside the box."""
    field.label, field.help_text = label, help_text
    field.error_messages = field.error_messages | {"required": f"请填写{label}。"}
    field.widget.attrs.pop("placeholder", None)


class LogIn(account.LoginForm):
    """By user name, e-mail address or mobile number."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["login"], "账号", "用户名、电子邮箱或者手机号码。")
        self.fields["login"].max_length = 254
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        worded(self.fields["password"], "密码")

    def clean_login(self):
        return normalise_login(super().clean_login())

    def _clean_with_password(self, credentials):
        cleaned = super()._clean_with_password(credentials)
        if credentials.get("phone") == self.user.phone:
            self._login.phone = self.user.phone
        return cleaned


def normalise_login(text: str) -> str:
    """A mobile number as people type it, as digits; anything else as it is."""
    digits = normalise_code(text).removeprefix("+86")
    return digits if digits.isdigit() and len(digits) == 11 else text


class SignUp(account.SignupForm):
    """An account of one's own, reachable by e-mail or mobile phone; it belongs to no enterprise yet."""

    display_name = PersonNameField(label="姓名", max_length=40, help_text="办理记录上以这个姓名出现。")
    field_order = ["display_name", "phone", "email", "password1"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["phone"], "手机号码", "手机号码和电子邮箱至少填写一项，验证码发到那里，以后用来登录。")
        worded(self.fields["email"], "电子邮箱")
        self.fields["email"].required = self.fields["email"].widget.is_required = False
        self.fields["email"].error_messages |= EMAIL_FAULT
        worded(self.fields["password1"], "密码", PASSWORD_HELP)

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not (cleaned.get("phone") or cleaned.get("email")):
            self.add_error("phone", "请填写手机号码或者电子邮箱。")
        return cleaned

    @transaction.atomic
    def save(self, request):
        return super().save(request)


class ForgottenPassword(account.ResetPasswordForm):
    """A code to one's e-mail address or mobile number; the field is called ``email`` in allauth's own flow."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["email"] = forms.CharField(max_length=254, help_text="验证码发到那里。")
        worded(self.fields["email"], "电子邮箱或者手机号码", "注册或者登记时所用的；验证码发到那里。")

    def clean_email(self):
        text = normalise_login(self.cleaned_data["email"].strip())
        if text.isdigit():
            user = get_adapter().get_user_by_phone(text)
            self.users = [user] if user and user.is_active else []
            return text
        try:
            validate_email(text)
        except forms.ValidationError:
            raise forms.ValidationError("请填写电子邮箱，或者 11 位手机号码。") from None
        self.users = filter_users_by_email(text.lower(), is_active=True, prefer_verified=True, for_login=True)
        return text.lower()


class NewPassword(account.ResetPasswordKeyForm):
    """After the code: the new password, twice."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["password1"], "新密码", PASSWORD_HELP)
        worded(self.fields["password2"], "再填写一次")


class ChangePassword(account.ChangePasswordForm):
    """The present password, and the new one twice."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["oldpassword"], "现在的密码")
        worded(self.fields["password1"], "新密码", PASSWORD_HELP)
        worded(self.fields["password2"], "再填写一次")


class Reauthenticate(account.ReauthenticateForm):
    """The password once more, before the ways to sign in are changed."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["password"], "密码")


class _Code:
    """A code that was sent, or that an app shows."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["code"], "验证码")
        self.fields["code"].max_length = 20
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}


class MailCode(_Code, account.ConfirmEmailVerificationCodeForm):
    """The code sent to an e-mail address."""


class PhoneCode(_Code, account.VerifyPhoneForm):
    """The code sent to a mobile number."""


class ResetCode(_Code, account.ConfirmPasswordResetCodeForm):
    """The code sent to whoever forgot the password.

    Tries are counted for the address, however many codes were asked for, in however many browsers, at the same moment
    too: allauth counts them within one session alone. At 20 an hour six digits stand for years.
    """

    def clean_code(self):
        address = context.request.session[PASSWORD_RESET_VERIFICATION_SESSION_KEY]["email"]
        if spend("reset.code", address, limit=RESET_TRIES, seconds=3600, at=timezone.now()):
            raise get_adapter().validation_error("rate_limited")
        return super().clean_code()


class ChangeMail(account.AddEmailForm):
    """Another e-mail address; it replaces the present one once it is proven."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["email"], "新的电子邮箱", "验证码发到新邮箱，核实后代替原来的。")
        self.fields["email"].error_messages |= EMAIL_FAULT


class ChangePhone(account.ChangePhoneForm):
    """Another mobile number; it replaces the present one once it is proven."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["phone"], "新的手机号码", "验证码发到新号码，核实后代替原来的。")


def used_once(user, code: str) -> str:
    """The code, and from now on no code. Raises ValidationError for one that was used."""
    if not cache.add(f"factor-code.{user.pk}.{normalise_code(code)}", "used", timeout=USED_FOR):
        raise factors.get_adapter().validation_error("incorrect_code")
    return code


class _OnceOnly(_Code):
    """A code of an app, or a recovery code, that is good for one time, within a clock's drift too (ASVS 6.5.1)."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["code"].help_text = "动态口令应用里的 6 位数字；手机不在身边的，填写一个恢复码。"

    def clean_code(self):
        return used_once(self.user, super().clean_code())


class FactorCode(_OnceOnly, factors.AuthenticateForm):
    """The second factor at sign-in."""


class FactorCodeAgain(_OnceOnly, factors.ReauthenticateForm):
    """The second factor before the ways to sign in are changed."""


class ActivateTotp(_Code, totp.ActivateTOTPForm):
    """The first code of an app that was just set up; it signs nobody in any more."""

    def clean_code(self):
        return used_once(self.user, super().clean_code())


class AddPasskey(AddWebAuthnForm):
    """A passkey, or a security key that asks for the password too."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        worded(self.fields["name"], "名称", "便于日后辨认，例如“办公室电脑”。")
        self.fields["name"].max_length = 40
        worded(self.fields["passwordless"], "以后可以只用它登录，不填密码", "设备须支持指纹、面容或者 PIN。")
