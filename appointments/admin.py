"""Appointments in the admin: for reading. State, term and decisions are never edited; buttons call actions."""

from django.contrib import admin, messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from appointments.actions import check_many, file_many
from appointments.models import Act, Appointment, CaseAct, DismissalRecommendation, Finding, Paper, ReportCycle
from registry.admin import ScopedAdmin, ScopedInline


class CountyFilter(admin.SimpleListFilter):
    """By county, within one's scope."""

    title = "县(市、区)"
    parameter_name = "county"

    def lookups(self, request, model_admin):
        rows = model_admin.get_queryset(request).order_by("enterprise__county__code")
        return rows.values_list("enterprise__county__code", "enterprise__county__name").distinct()

    def queryset(self, request, queryset):
        return queryset.filter(enterprise__county__code=self.value()) if self.value() else queryset


class ActInline(ScopedInline):
    model = Act
    fields = ["at", "kind", "by", "reason"]


class PaperInline(ScopedInline):
    model = Paper
    fields = ["kind", "number", "version", "issued_at"]


@admin.register(Appointment)
class AppointmentAdmin(ScopedAdmin):
    list_display = ["reference", "enterprise", "candidate", "state", "term", "submitted_at", "open_page"]
    list_filter = ["state", CountyFilter, "is_transcribed"]
    list_select_related = ["enterprise", "candidate"]
    search_fields = ["reference", "enterprise__name", "candidate__name"]
    inlines = [ActInline, PaperInline]
    actions = ["check_selected", "file_selected"]

    @admin.action(description="核对所选任命")
    def check_selected(self, request, queryset):
        """Check the chosen filings; each one left out is told with its reason."""
        self._tell(request, check_many(queryset, by=request.user, at=timezone.now()), "核对")

    @admin.action(description="登记所选任命")
    def file_selected(self, request, queryset):
        """File the chosen appointments; each one left out is told with its reason."""
        self._tell(request, file_many(queryset, by=request.user, at=timezone.now()), "登记")

    def _tell(self, request, result, act):
        if result.done:
            messages.success(request, f"已{act} {len(result.done)} 件。")
        for appointment, reason in result.left_out:
            messages.warning(request, f"{appointment.reference} 未{act}：{reason}")

    @admin.display(description="办理")
    def open_page(self, appointment):
        """A link to the page whose buttons carry out the acts."""
        return format_html('<a href="{}">打开</a>', reverse("appointment_detail", args=[appointment.reference]))

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "open_page"]


class CaseActInline(ScopedInline):
    model = CaseAct
    fields = ["at", "kind", "by", "reason"]


@admin.register(DismissalRecommendation)
class RecommendationAdmin(ScopedAdmin):
    list_display = ["reference", "appointment", "state", "opened_at", "number"]
    list_filter = ["state"]
    search_fields = ["reference", "number", "appointment__enterprise__name"]
    inlines = [CaseActInline]


@admin.register(ReportCycle)
class CycleAdmin(ScopedAdmin):
    list_display = ["reference", "title", "number", "due_on", "state"]
    list_filter = ["state"]


@admin.register(Finding)
class FindingAdmin(ScopedAdmin):
    list_display = ["reference", "appointment", "about", "behaviour", "state"]
    list_filter = ["state", "about", "behaviour"]
