"""The admin: scoped like the pages, mostly for reading. Accounts are kept here."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import ReadOnlyPasswordHashField
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone

from registry.actions.accounts import reset_factors
from registry.history import events_of, history
from registry.models import (
    AuthorityName,
    BasisPeriod,
    Candidate,
    County,
    Edition,
    Employment,
    Enterprise,
    EnterpriseDesignation,
    Interpretation,
    Job,
    Message,
    User,
)
from registry.securitylog import note
from registry.states import STAFF, SecurityEvent

admin.site.site_header = admin.site.site_title = "首席质量官服务平台 · 后台"
admin.site.index_title = "后台管理"
admin.site.site_url = "/"


class ScopedAdmin(admin.ModelAdmin):
    """Rows, choices, filters and search within one's scope; nothing is added, changed or deleted here."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def get_queryset(self, request):
        return self.model._default_manager.visible_to(request.user)

    def get_object(self, request, object_id, from_field=None):
        """An empty ``_to_field`` names no field; Django would look for one of that name."""
        return super().get_object(request, object_id, from_field or None)

    def lookup_allowed(self, lookup, value, request):
        """The filters of the list and nothing else: a lookup typed into the address could read what no page shows."""
        offered = [entry[0] if isinstance(entry, tuple) else entry for entry in self.list_filter]
        names = [f"{name}{end}" for name in offered if isinstance(name, str) for end in ("", "__exact", "__id__exact")]
        return lookup in names and "\x00" not in str(value)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        related = db_field.related_model._default_manager
        kwargs["queryset"] = related.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def response_action(self, request, queryset):
        """A choice that is no row's number is no choice."""
        if not all(chosen.isascii() and chosen.isdigit() for chosen in request.POST.getlist("_selected_action")):
            messages.error(request, "所选的内容有误，请重新选择。")
            return None
        return super().response_action(request, queryset)

    def has_module_permission(self, request):
        return request.user.is_authenticated and request.user.role in STAFF

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A filter by a relation that offers only rows within one's scope."""

    def field_choices(self, field, request, model_admin):
        rows = field.related_model._default_manager.visible_to(request.user)
        if field.related_model is County and request.user.county_id:
            rows = rows.filter(pk=request.user.county_id)
        return [(row.pk, str(row)) for row in rows]


class ScopedInline(admin.TabularInline):
    """Rows of a row, for reading."""

    extra = 0
    can_delete = False

    def get_queryset(self, request):
        return self.model._default_manager.visible_to(request.user)

    def has_view_permission(self, request, obj=None):
        return request.user.is_authenticated and request.user.role in STAFF

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class DesignationInline(ScopedInline):
    model = EnterpriseDesignation
    fields = ["kind", "period", "recorded_at"]


class EmploymentInline(ScopedInline):
    model = Employment
    fields = ["enterprise", "position", "period"]


@admin.register(Enterprise)
class EnterpriseAdmin(ScopedAdmin):
    list_display = ["name", "credit_code", "county", "industry", "size"]
    list_filter = [("county", ScopedRelatedFilter), "industry", "size"]
    list_select_related = ["county"]
    search_fields = ["name", "credit_code", "reference"]
    inlines = [DesignationInline]


@admin.register(Candidate)
class CandidateAdmin(ScopedAdmin):
    list_display = ["name", "reference", "id_masked", "birth_date"]
    fields = ["reference", "name", "birth_date", "id_type", "id_masked"]
    search_fields = ["name", "reference"]
    inlines = [EmploymentInline]


@admin.register(County)
class CountyAdmin(ScopedAdmin):
    list_display = ["code", "name", "bureau_name"]


@admin.register(Edition)
class EditionAdmin(ScopedAdmin):
    list_display = ["title", "authority", "promulgated_on", "is_demo"]


@admin.register(Interpretation)
class InterpretationAdmin(ScopedAdmin):
    list_display = ["question", "clause", "number", "period", "is_demo"]
    search_fields = ["question", "number"]


@admin.register(Message)
class MessageAdmin(ScopedAdmin):
    list_display = ["subject", "sent_at", "read_at"]
    search_fields = ["subject"]


@admin.register(Job)
class JobAdmin(ScopedAdmin):
    list_display = ["title", "reference", "created_by", "created_at", "done", "total", "finished_at", "fault"]
    list_select_related = ["created_by"]
    search_fields = ["title", "reference", "subject"]


@admin.register(BasisPeriod)
class BasisPeriodAdmin(ScopedAdmin):
    list_display = ["title", "number", "kind", "period", "is_demo"]


@admin.register(AuthorityName)
class AuthorityNameAdmin(ScopedAdmin):
    list_display = ["name", "county", "since", "number", "is_demo"]
    list_select_related = ["county"]


class AccountForm(forms.ModelForm):
    """An account; a new password only where one is typed."""

    new_password = forms.CharField(label="新密码", required=False, widget=forms.PasswordInput(render_value=False))
    password = ReadOnlyPasswordHashField(label="密码", help_text="密码不以原文保存。要更换，请填写下面的新密码。")

    class Meta:
        model = User
        fields = ["username", "display_name", "role", "county", "enterprise", "is_owner", "email", "phone", "is_active"]

    reset_factors = forms.BooleanField(
        label="重置第二重验证",
        required=False,
        help_text="手机和恢复码都遗失的，核实本人身份后勾选：其动态口令、通行密钥和恢复码全部作废，下次登录重新启用。",
    )

    def clean_phone(self):
        """Another number is one that nobody has proven."""
        if "phone" in self.changed_data:
            self.instance.phone_proven_at = None
        return self.cleaned_data["phone"]

    def clean_new_password(self):
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        elif not self.instance.pk:
            raise forms.ValidationError("请填写初始密码，至少 12 个字符。")
        return password

    def save(self, commit=True):
        if self.cleaned_data["new_password"]:
            self.instance.set_password(self.cleaned_data["new_password"])
        return super().save(commit)


def _note_account(user: User, changed: list[str], *, is_new: bool, by: User) -> None:
    """Tell the security log what the administrator's form did to an account; ``changed``: the fields that differ."""
    about = {"by": by, "about": user.username}
    if is_new:
        note(SecurityEvent.ACCOUNT_CREATED, **about, role=user.get_role_display())
        return
    if "is_active" in changed:
        note(SecurityEvent.ACCOUNT_ENABLED if user.is_active else SecurityEvent.ACCOUNT_DISABLED, **about)
    if {"role", "county", "enterprise", "is_owner"} & set(changed):
        note(SecurityEvent.ACCOUNT_CHANGED, **about, role=user.get_role_display())
    if {"email", "phone"} & set(changed):
        note(SecurityEvent.CONTACT_CHANGED, **about)
    if "new_password" in changed:
        note(SecurityEvent.PASSWORD_RESET, **about)


@admin.register(User)
class UserAdmin(ScopedAdmin):
    form = AccountForm
    list_display = ["username", "display_name", "role", "county", "enterprise", "is_active"]
    list_filter = ["role", "is_active"]
    list_select_related = ["county", "enterprise"]
    search_fields = ["username", "display_name"]
    fields = [
        "username",
        "display_name",
        "role",
        "county",
        "enterprise",
        "is_owner",
        "email",
        "phone",
        "is_active",
        "password",
        "new_password",
        "reset_factors",
    ]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        _note_account(obj, form.changed_data, is_new=not change, by=request.user)
        if change and form.cleaned_data["reset_factors"]:
            reset_factors(obj, by=request.user, at=timezone.now())

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The account with its history."""
        written = history(events_of(User, pgh_obj_id=int(object_id))) if object_id.isdecimal() else []
        return super().change_view(request, object_id, form_url, {"history": written} | (extra_context or {}))

    def _keeps_accounts(self, request):
        return request.user.is_authenticated and request.user.has_perm("registry.manage_accounts")

    def has_module_permission(self, request):
        return self._keeps_accounts(request)

    def has_view_permission(self, request, obj=None):
        return self._keeps_accounts(request)

    def has_add_permission(self, request):
        return self._keeps_accounts(request)

    def has_change_permission(self, request, obj=None):
        return self._keeps_accounts(request)
