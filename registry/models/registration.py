"""How accounts of enterprises come about: a registration that the county checks, an invitation by the owner."""

from django.db import models
from django.db.models import Q

from registry.models.accounts import County, User
from registry.models.base import ScopedBase, ScopedQuerySet, born_as, moves, pair, tracked
from registry.models.enterprises import Enterprise
from registry.models.files import StoredFile
from registry.states import REGISTRATION_MOVES, Industry, RegistrationState, Role, SizeBand

TONES = {"submitted": "blue", "taken": "green", "declined": "amber", "withdrawn": ""}
MOBILE = r"^1[3-9][0-9]{9}$"


class RegistrationQuerySet(ScopedQuerySet):
    """Registrations go to the county; who sent one sees it, whatever becomes of the account."""

    county_path = "county_id"

    def visible_to(self, user):
        """One's own, those of one's county, or the city's."""
        if user.is_authenticated and user.is_active and user.role == Role.APPLICANT:
            return self.filter(applicant=user)
        return super().visible_to(user)

    def waiting(self):
        """What no officer has decided."""
        return self.filter(state=RegistrationState.SUBMITTED)


@tracked(exclude=["contact_phone", "contact_email"])
class Registration(ScopedBase):
    """Somebody says to act for an enterprise, with its licence and a letter of authority; the county checks that."""

    reference = models.CharField("编号", max_length=12, unique=True, editable=False)
    applicant = models.ForeignKey(User, models.PROTECT, verbose_name="注册人", related_name="registrations")
    state = models.CharField(
        "状态", max_length=10, choices=RegistrationState.choices, default=RegistrationState.SUBMITTED
    )
    # Which enterprise does it name?
    credit_code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("企业名称", max_length=80)
    county = models.ForeignKey(County, models.PROTECT, verbose_name="县(市、区)", related_name="+")
    address = models.CharField("住所", max_length=120)
    industry = models.CharField("行业门类", max_length=1, choices=Industry.choices)
    size = models.CharField("企业规模", max_length=10, choices=SizeBand.choices)
    legal_representative = models.CharField("法定代表人", max_length=40)
    principal = models.CharField("主要负责人", max_length=40)
    contact_name = models.CharField("联系人", max_length=40)
    contact_phone = models.CharField("联系手机", max_length=11)
    contact_email = models.EmailField("电子邮箱", blank=True)
    # What shows it?
    licence = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="营业执照", related_name="+")
    authority = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="办理授权书", related_name="+")
    submitted_at = models.DateTimeField("提交时间")
    # What became of it?
    decided_at = models.DateTimeField("核对时间", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="核对人", null=True, related_name="+")
    reason = models.CharField("理由", max_length=500, blank=True)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="registrations")

    unscoped = RegistrationQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "企业注册"
        ordering = ["-submitted_at", "-pk"]
        triggers = [
            moves("registration_moves", REGISTRATION_MOVES),
            born_as("registration_born_as_submitted", RegistrationState.SUBMITTED),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["applicant"],
                condition=Q(state=RegistrationState.SUBMITTED),
                name="registration_one_at_a_time",
                violation_error_message="已有一份注册资料正在核对。",
            ),
            models.CheckConstraint(
                name="registration_credit_code_format",
                condition=Q(credit_code__regex=r"^[0-9A-HJ-NP-RTUWXY]{18}$"),
                violation_error_message="统一社会信用代码为 18 位，不含 I、O、S、V、Z。",
            ),
            pair("registration_decided_pair", "decided_at", "decided_by"),
            models.CheckConstraint(
                name="registration_decided_by_an_officer",
                condition=Q(state__in=(RegistrationState.TAKEN, RegistrationState.DECLINED), decided_at__isnull=False)
                | Q(state__in=(RegistrationState.SUBMITTED, RegistrationState.WITHDRAWN), decided_at__isnull=True),
                violation_error_message="接收或者不接收，须记录核对人和时间。",
            ),
            models.CheckConstraint(
                name="registration_declined_says_why",
                condition=~Q(state=RegistrationState.DECLINED) | ~Q(reason=""),
                violation_error_message="不接收的，须写明理由。",
            ),
            models.CheckConstraint(
                name="registration_taken_has_enterprise",
                condition=Q(state=RegistrationState.TAKEN, enterprise__isnull=False)
                | ~Q(state=RegistrationState.TAKEN) & Q(enterprise__isnull=True),
                violation_error_message="接收的，须对应名录中的企业。",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def tone(self) -> str:
        """The colour of its state's tag."""
        return TONES[self.state]


class InvitationQuerySet(ScopedQuerySet):
    def open(self, at) -> "InvitationQuerySet":
        """What can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)


class Invitation(ScopedBase):
    """The owner of an enterprise's accounts asks somebody to join, by a one-time link; its secret is not kept."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="invitations")
    name = models.CharField("姓名", max_length=40)
    email = models.EmailField("电子邮箱", blank=True)
    phone = models.CharField("手机号码", max_length=11, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField("邀请时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField("有效期至")
    accepted_at = models.DateTimeField("接受时间", null=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField("作废时间", null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = InvitationQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "账号邀请"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="invitation_one_address",
                condition=Q(email="", phone__regex=MOBILE) | Q(~Q(email=""), phone=""),
                violation_error_message="邀请发到一个电子邮箱，或者一个手机号码。",
            ),
            pair("invitation_accepted_pair", "accepted_at", "accepted_by"),
            pair("invitation_revoked_pair", "revoked_at", "revoked_by"),
            models.CheckConstraint(
                name="invitation_ends_once",
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                violation_error_message="邀请不能既已接受又已作废。",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def address(self) -> str:
        """Where it was sent."""
        return self.email or self.phone
