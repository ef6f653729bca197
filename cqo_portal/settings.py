"""Settings. Every value that differs between offices comes from the environment; defaults suit a first look."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from cqo_portal import logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = environ.Env()


def _kept_secret(name: str, *, needed: bool = True) -> str:
    """A secret from the environment, else one made at set-up and kept under ``var/secrets`` (see script/steps.py)."""
    if value := env.str(name, default=""):
        return value
    kept = VAR_DIR / "secrets" / name.lower()
    if kept.exists():
        return kept.read_text().strip()
    if not needed:
        return ""
    raise ImproperlyConfigured(
        f"{name} is not set and var/secrets/{name.lower()} does not exist: run script/server once."
    )


def _key_ring(name: str) -> dict[int, str]:
    """All versions of a key: ``NAME`` is the first, ``NAME_2`` the second …; at least one is there.

    The newest one writes; the others read until ``manage.py rotate_keys`` has left nothing under them.
    """
    names = {1: name} | {version: f"{name}_{version}" for version in range(2, 100)}
    ring = {version: value for version, each in names.items() if (value := _kept_secret(each, needed=False))}
    return ring or {1: _kept_secret(name)}


DEBUG = env.bool("CQO_DEBUG", default=False)
SECRET_KEY = _kept_secret("CQO_SECRET_KEY")
# Keys apart from data: hex, 32 bytes each. The version written beside each value says which key made it.
ID_KEYS = _key_ring("CQO_ID_KEY")
ID_KEY_VERSION = max(ID_KEYS)
ID_HASH_KEYS = _key_ring("CQO_ID_HASH_KEY")
ID_HASH_KEY_VERSION = max(ID_HASH_KEYS)
CODE_KEYS = {1: _kept_secret("CQO_CODE_KEY")}
CODE_KEY_VERSION = 1
LOG_KEYS = _key_ring("CQO_LOG_KEY")
LOG_KEY_VERSION = max(LOG_KEYS)

ALLOWED_HOSTS = env.list("CQO_HOSTS", default=["127.0.0.1", "localhost", "testserver"])
PUBLIC_ORIGIN = env.str("CQO_ORIGIN", default="http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = env.list("CQO_CSRF_ORIGINS", default=[])
DEMO = env.bool("CQO_DEMO", default=False)
DEMO_PASSWORD = env.str("CQO_DEMO_PASSWORD", default="demo-cqo-2026")

INSTALLED_APPS = [
    "cqo_portal",
    "appointments",
    "training",
    "registry",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "pgtrigger",
    "pghistory",
    "rules",
    "crispy_forms",
    "crispy_bootstrap5",
    "bootstrap",
    "django_filters",
    "django_htmx",
    "csp",
    "django_tasks",
    "django_tasks_db",
]
MIDDLEWARE = [
    "cqo_portal.middleware.RequestLogMiddleware",
    # What sets headers stands before what answers by itself: static files and refusals of a host get them too.
    "cqo_portal.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cqo_portal.accounts.sessions.SessionLimits",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cqo_portal.accounts.sessions.Gate",
    "cqo_portal.middleware.BasisHistoryMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cqo_portal.middleware.PrivatePagesMiddleware",
    "cqo_portal.middleware.SecurityLogMiddleware",
    "cqo_portal.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "cqo_portal.urls"
WSGI_APPLICATION = "cqo_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cqo_portal.context.portal",
            ],
            "builtins": ["registry.templatetags.portal"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# The application's role; the owner's (CQO_OWNER_URL) is used by migrate and by the tests alone.
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {})  # the address may ask for TLS: ?sslmode=verify-full
    | {
        "application_name": "cqo_portal",
        "options": "-c lock_timeout=5s -c statement_timeout=10s -c idle_in_transaction_session_timeout=30s",
    },
}
# The security log is written on a connection of its own, so that no rollback takes an entry with it.
SECURITY_LOG_DATABASE = "security_log"
DATABASES[SECURITY_LOG_DATABASE] = DATABASES["default"] | {"TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Background work: a task is a row, written in the transaction of the act that starts it; a rollback enqueues nothing.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "cqo_portal.accounts.backend.WithOffice",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": env.int("CQO_PASSWORD_LENGTH", default=12)},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},  # mobile numbers, days of birth
]
# What 等保 asks for and OWASP ASVS 5.0 forbids is off; an office that is held to it turns it on (ADR 17).
if env.bool("CQO_PASSWORD_MIXED", default=False):
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "cqo_portal.accounts.passwords.Mixed"})
PASSWORD_MAX_DAYS = env.int("CQO_PASSWORD_MAX_DAYS", default=0)  # 0: a password is changed when there is a reason to
ACCOUNT_ADAPTER = "cqo_portal.accounts.adapter.Accounts"
ACCOUNT_FORMS = {
    name: f"cqo_portal.accounts.forms.{form}"
    for name, form in {
        "login": "LogIn",
        "signup": "SignUp",
        "reset_password": "ForgottenPassword",
        "reset_password_from_key": "NewPassword",
        "confirm_password_reset_code": "ResetCode",
        "change_password": "ChangePassword",
        "reauthenticate": "Reauthenticate",
        "confirm_email_verification_code": "MailCode",
        "verify_phone": "PhoneCode",
        "add_email": "ChangeMail",
        "change_phone": "ChangePhone",
    }.items()
}
ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone", "email*", "password1*"]  # the form asks for one of the first two
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
CODES = {"numeric": True, "dashed": False, "length": 6}
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = CODES
ACCOUNT_PASSWORD_RESET_BY_CODE_CODE_FORMAT = CODES
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_USER_DISPLAY = "cqo_portal.accounts.adapter.name_of"
# Wrong passwords are counted by cqo_portal.accounts.guesses, across workers; the rest by allauth, in the cache below.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "signup": "20/m/ip,60/h/ip", "login_failed": "5/15m/key"}
MFA_ADAPTER = "cqo_portal.accounts.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "cqo_portal.accounts.forms.FactorCode",
    "reauthenticate": "cqo_portal.accounts.forms.FactorCodeAgain",
    "activate_totp": "cqo_portal.accounts.forms.ActivateTotp",
    "add_webauthn": "cqo_portal.accounts.forms.AddPasskey",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a phone's clock may be off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # staff's addresses are the administrator's to know
# Staff and trainers sign in with a second factor; the demonstration spares its visitors that.
REQUIRE_MFA = env.bool("CQO_REQUIRE_MFA", default=not DEMO)
# Seconds: how long a session may be idle, of staff and trainers and of others, and how long it lasts at most.
SESSION_IDLE_STAFF = env.int("CQO_SESSION_IDLE_STAFF", default=30 * 60)
SESSION_IDLE = env.int("CQO_SESSION_IDLE", default=2 * 3600)
SESSION_ABSOLUTE = env.int("CQO_SESSION_ABSOLUTE", default=12 * 3600)
# Shared by all workers: allauth's limits, and codes that were used.
# Beyond MAX_ENTRIES Django drops what still counts: so many that nobody makes them within a code's or a limit's time.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cqo_cache",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Another city has another name; everything else that is a city's own is data.
PORTAL_NAME = env.str("CQO_NAME", default="清远市企业首席质量官服务平台")
# The 发文代字 of recommendations that are numbered here, where the office has no system of its own.
LETTER_SERIES = env.str("CQO_LETTER_SERIES", default="清质监建函")
# Personal papers: outside the web root, under generated names, served through an access check only.
FILES_DIR = Path(env.str("CQO_FILES", default=str(VAR_DIR / "files")))
FONTS_DIR = Path(env.str("CQO_FONTS", default=str(VAR_DIR / "fonts")))
# What leaves the portal: into files under OUTBOX_DIR until a mail server and a gateway are named (docs/messages.md).
OUTBOX_DIR = Path(env.str("CQO_OUTBOX", default=str(VAR_DIR / "outbox")))
MESSAGE_SENDER = env.str("CQO_SENDER", default=PORTAL_NAME)
DEFAULT_FROM_EMAIL = env.str("CQO_EMAIL_FROM", default=f"{MESSAGE_SENDER} <noreply@localhost>")  # bounces go there
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = OUTBOX_DIR / "mail"
if env.str("CQO_EMAIL_URL", default=""):
    vars().update(env.email_url("CQO_EMAIL_URL"))  # sets EMAIL_BACKEND, EMAIL_HOST and what belongs to it
EMAIL_TIMEOUT = 10  # seconds, each answer of the server
SMS_GATEWAY = env.str("CQO_SMS_GATEWAY", default="registry.gateways.FileGateway")
# Where backups without a folder of their own stand, and PostgreSQL's client programs where they are not found.
BACKUP_DIR = Path(env.str("CQO_BACKUPS", default=str(VAR_DIR / "backups")))
PG_BIN = env.str("CQO_PG_BIN", default="")
UPLOAD_LIMIT = 10 * 1024 * 1024  # bytes, one file
# ClamAV's daemon, as the path of its socket or host:port; empty: uploads are not scanned for viruses, which shows.
CLAMD = env.str("CQO_CLAMD", default="")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# 个人信息: how many full ID numbers one officer may look at in a day, and whom a person turns to.
REVEALS_PER_DAY = env.int("CQO_REVEALS_PER_DAY", default=20)
PRIVACY_CONTACT = env.str("CQO_PRIVACY_CONTACT", default="")  # telephone, address, e-mail, as the notice prints them

# How many days personal data is kept where the office departs from cqo_portal/retention.py: "jobs=90,messages=730"
RETENTION_DAYS = env.dict("CQO_RETENTION", cast={"value": int}, default={})

SECURE_HTTPS = env.bool("CQO_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_HTTPS
SECURE_SSL_REDIRECT = SECURE_HTTPS
SECURE_HSTS_SECONDS = 31536000 if SECURE_HTTPS else 0
# Behind a proxy of the office's own, which sets X-Forwarded-Proto and adds the client to X-Forwarded-For.
BEHIND_PROXY = env.bool("CQO_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = SESSION_ABSOLUTE
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# What no page of the portal asks a browser for.
FEATURES_REFUSED = [
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "usb",
]  # fmt: skip
WHITENOISE_ALLOW_ALL_ORIGINS = False
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's style sheet draws the marks of its fields as data:
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [NONE],
        "object-src": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# One JSON object a line for whoever collects them; text for a first look at a terminal.
LOGGING = logs.configuration(env.str("CQO_LOG_FORMAT", default="text" if DEMO or DEBUG else "json"))
# W005, W021: the other hosts of the office's domain, and browsers' preload list, are not the portal's to bind.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SILENCED_SYSTEM_CHECKS += env.list("CQO_SILENCED_CHECKS", default=[])
