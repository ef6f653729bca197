"""Counties and the people who sign in."""

from datetime import date, datetime

import rules
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from registry.models.base import Base, PortalQuerySet, tracked
from registry.states import CITY_WIDE, STAFF, Role


class County(Base):
    """One of the eight county-level divisions (GB/T 2260); 英德市 and 连州市 are counties here too (design 1.12)."""

    code = models.CharField("区划代码", max_length=6, unique=True)
    name = models.CharField("县(市、区)", max_length=20, unique=True)
    bureau_name = models.CharField("质监部门名称", max_length=40)  # until a later one is recorded: see ``bureau_on``

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "县(市、区)"
        ordering = ["code"]

    def __str__(self):
        return self.name

    def bureau_on(self, day: date) -> str:
        """What its bureau is called on that day: the name recorded last until then, else the first one."""
        from registry.models.measure import the_law  # which knows who signed in

        names = [name for county, since, name in the_law().names if county == self.pk and since <= day]
        return names[-1] if names else self.bureau_name

    @property
    def bureau(self) -> str:
        """What its bureau is called today."""
        return self.bureau_on(timezone.localdate())


class UserQuerySet(PortalQuerySet):
    """Accounts: each sees itself, an enterprise all of its own, the administrator every one."""

    def visible_to(self, user):
        """The administrator's accounts are all accounts, an enterprise's those that act for it, else one's own."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role == Role.ENTERPRISE and user.enterprise_id:
            return self.filter(enterprise=user.enterprise_id)
        return self.filter(pk=user.pk)

    def owners(self):
        """Who may invite and remove others for their enterprise."""
        return self.filter(is_owner=True, is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    """What the auth system needs beside ``unscoped``."""

    use_in_migrations = True  # allauth's own migrations ask for User.objects

    def create_user(self, username, password=None, **fields):
        """Make an account with a hashed password; returns it."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """Somebody who signs in: one role, and the county or enterprise it is held for."""

    username = models.CharField("账号", max_length=60, unique=True, validators=[UnicodeUsernameValidator()])
    display_name = models.CharField("姓名", max_length=40)
    email = models.EmailField("电子邮箱", blank=True)
    phone = models.CharField("手机号码", max_length=11, blank=True)
    phone_proven_at = models.DateTimeField(
        "手机号码核实时间", null=True, blank=True
    )  # an e-mail's is allauth's to keep
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="县(市、区)", null=True, blank=True, related_name="+"
    )
    enterprise = models.ForeignKey(
        "registry.Enterprise", models.PROTECT, verbose_name="企业", null=True, blank=True, related_name="accounts"
    )
    is_owner = models.BooleanField("账号负责人", default=False, help_text="邀请和移除本企业账号的人，一家企业一个。")
    is_active = models.BooleanField("启用", default=True)
    date_joined = models.DateTimeField("建立时间", auto_now_add=True)
    password_set_at = models.DateTimeField("密码设置时间", null=True, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name", "role"]

    unscoped = UserManager()
    objects = UserManager()  # the auth system and allauth look for this name

    class Meta:
        verbose_name = verbose_name_plural = "账号"
        default_manager_name = "unscoped"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_once_in_any_case",
                violation_error_message="该账号已存在（不区分大小写）。",
            ),
            models.CheckConstraint(
                name="user_county_role_has_county",
                condition=Q(role=Role.COUNTY, county__isnull=False) | ~Q(role=Role.COUNTY) & Q(county__isnull=True),
                violation_error_message="县(市、区)局账号须选定县(市、区)，其他账号不选。",
            ),
            models.CheckConstraint(
                name="user_enterprise_role_has_enterprise",
                condition=Q(role=Role.ENTERPRISE, enterprise__isnull=False)
                | ~Q(role=Role.ENTERPRISE) & Q(enterprise__isnull=True),
                violation_error_message="企业账号须选定企业，其他账号不选。",
            ),
            models.CheckConstraint(
                name="user_owner_is_of_an_enterprise",
                condition=Q(is_owner=False) | Q(role=Role.ENTERPRISE),
                violation_error_message="只有企业账号可以是账号负责人。",
            ),
            models.UniqueConstraint(
                fields=["enterprise"],
                condition=Q(is_owner=True),
                name="enterprise_has_one_owner",
                violation_error_message="一家企业只有一个账号负责人。",
            ),
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(phone_proven_at__isnull=False),
                name="user_proven_phone_once",
                violation_error_message="该手机号码已用于另一账号。",
            ),
            models.CheckConstraint(
                name="user_proven_phone_is_a_phone",
                condition=Q(phone_proven_at__isnull=True) | Q(phone__regex=r"^1[3-9][0-9]{9}$"),
                violation_error_message="核实过的手机号码为 11 位。",
            ),
        ]

    def __str__(self):
        return self.display_name

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens for this person."""
        return self.role in STAFF

    @property
    def is_city_wide(self) -> bool:
        """Whether this person's scope is the whole city."""
        return self.role in CITY_WIDE

    @property
    def office_name(self) -> str:
        """For whom this person acts, as it is called today."""
        return self._office_on(timezone.localdate())

    def office_at(self, moment: datetime) -> str:
        """For whom this person acted, as the office was called on the day of that moment."""
        return self._office_on(timezone.localdate(moment))

    def _office_on(self, day: date) -> str:
        if self.enterprise_id:
            return self.enterprise.name
        if self.county_id:
            return self.county.bureau_on(day)
        if self.role == Role.TRAINER and (membership := getattr(self, "training_membership", None)):
            return membership.body.name  # the app above says which body it is
        return Role.MUNICIPAL.label if self.role == Role.MUNICIPAL else Role(self.role).label

    def set_password(self, raw_password):
        """Django's own, and when."""
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    def get_session_auth_hash(self) -> str:
        """What a session was begun with: it ends when the password, role, county or enterprise is another."""
        return self._session_hash(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self):
        """The same under each retired secret key."""
        for digest in super().get_session_auth_fallback_hash():
            yield self._session_hash(digest)

    def _session_hash(self, of_password: str) -> str:
        scope = f"{of_password} {self.role} {self.county_id} {self.enterprise_id}"
        return salted_hmac("registry.User.scope", scope, algorithm="sha256").hexdigest()

    def has_perm(self, perm, obj=None) -> bool:
        """Ask the predicate table (policies); there is no other source of permission."""
        return self.is_active and rules.has_perm(perm, self, obj)

    def has_perms(self, perms, obj=None) -> bool:
        """Whether every one of these holds."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label) -> bool:
        """The admin's question; its pages ask for each model again."""
        return self.is_active and self.is_staff
