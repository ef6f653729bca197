"""Training in the admin, for reading."""

from django.contrib import admin

from registry.admin import ScopedAdmin, ScopedRelatedFilter
from training.models import Certificate, ImprovementProject, PoolEntry, Session, TrainingBody, TrainingRecord


@admin.register(TrainingRecord)
class TrainingRecordAdmin(ScopedAdmin):
    list_display = ["candidate", "kind", "body_name", "certificate_number", "completed_on"]
    list_filter = ["kind", ("enterprise", ScopedRelatedFilter)]
    list_select_related = ["candidate"]
    search_fields = ["candidate__name", "certificate_number"]


@admin.register(TrainingBody)
class TrainingBodyAdmin(ScopedAdmin):
    list_display = ["name", "mark", "kind", "county"]
    list_filter = ["kind"]
    list_select_related = ["county"]
    search_fields = ["name", "mark"]


@admin.register(Session)
class SessionAdmin(ScopedAdmin):
    list_display = ["reference", "title", "kind", "body", "first_day", "state"]
    list_filter = ["kind", "state"]
    list_select_related = ["body"]
    search_fields = ["title", "reference"]


@admin.register(Certificate)
class CertificateAdmin(ScopedAdmin):
    list_display = ["number", "version", "candidate", "body", "issued_on"]
    list_filter = ["year"]
    list_select_related = ["candidate", "body"]
    search_fields = ["number", "candidate__name"]


@admin.register(ImprovementProject)
class ImprovementProjectAdmin(ScopedAdmin):
    list_display = ["reference", "title", "candidate", "enterprise", "state"]
    list_filter = ["state", ("enterprise", ScopedRelatedFilter)]
    list_select_related = ["candidate", "enterprise"]
    search_fields = ["title", "reference"]


@admin.register(PoolEntry)
class PoolEntryAdmin(ScopedAdmin):
    list_display = ["reference", "candidate", "entered_on", "left_on"]
    list_select_related = ["candidate"]
    search_fields = ["reference", "candidate__name"]
