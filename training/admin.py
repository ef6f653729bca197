"""Training records in the admin, for reading."""

from django.contrib import admin

from registry.admin import ScopedAdmin, ScopedRelatedFilter
from training.models import TrainingRecord


@admin.register(TrainingRecord)
class TrainingRecordAdmin(ScopedAdmin):
    list_display = ["candidate", "kind", "body_name", "certificate_number", "completed_on"]
    list_filter = ["kind", ("enterprise", ScopedRelatedFilter)]
    list_select_related = ["candidate"]
    search_fields = ["candidate__name", "certificate_number"]
