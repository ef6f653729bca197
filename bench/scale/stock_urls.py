"""Django's own admin, one plain ModelAdmin for each table that the portal lists, with the columns of its lists."""

from django.contrib import admin
from django.urls import path

from appointments.models import Appointment
from registry.models import Candidate, Enterprise
from training.models import Certificate


class Stock(admin.ModelAdmin):
    """As anybody would write it. Permissions are granted outright, which spares the baseline their queries."""

    list_per_page = 100

    def has_module_permission(self, request):
        """Whether the app is shown: always."""
        return True

    def has_view_permission(self, request, obj=None):
        """Whether rows are shown: always."""
        return True

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class Appointments(Stock):
    """任命: enterprise and person, county, number, state, term, since when."""

    list_display = ("reference", "enterprise", "enterprise__county", "candidate", "state", "term", "filed_at")
    list_filter = ("state", "enterprise__county")
    search_fields = ("reference", "enterprise__name", "enterprise__credit_code", "candidate__name")


class Enterprises(Stock):
    """企业: name, code, county, industry, size."""

    list_display = ("name", "credit_code", "county", "industry", "size")
    list_filter = ("county", "industry", "size")
    search_fields = ("name", "credit_code", "reference")


class People(Stock):
    """人员: name, number masked, since when."""

    list_display = ("name", "reference", "id_masked", "created_at")
    search_fields = ("name", "reference")


class Certificates(Stock):
    """培训证书: number, person, body, day."""

    list_display = ("number", "candidate", "body", "issued_on")
    list_filter = ("body", "year")
    search_fields = ("number", "candidate__name")


site = admin.AdminSite("stock")
site.register(Appointment, Appointments)
site.register(Enterprise, Enterprises)
site.register(Candidate, People)
site.register(Certificate, Certificates)
urlpatterns = [path("admin/", site.urls)]
