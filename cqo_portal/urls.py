"""Every address of the portal; the fixed ones are promised to other programs."""

from django.contrib import admin
from django.urls import include, path

from cqo_portal import views
from cqo_portal.accounts import pages as accounts
from cqo_portal.verification import pages

OUR_APPS = ("registry.", "training.", "appointments.")
# Nobody has a permission for what other packages register; so it is not there, and no address of theirs is.
for model in [model for model in admin.site._registry if not model.__module__.startswith(OUR_APPS)]:
    admin.site.unregister(model)

urlpatterns = [
    path("", views.home, name="home"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/<int:pk>/", views.open_message, name="open_message"),
    path("measure/", views.measure, name="measure"),
    path("verify/", pages.verify, name="verify"),
    path("verify/<str:code>/", pages.verify_paper, name="verify_paper"),
    path("healthz", views.healthz, name="healthz"),
    path("accounts/", include("cqo_portal.accounts.urls")),
    path("statistics/", include("cqo_portal.statistics.urls")),
    path("admin/login/", accounts.admin_login),  # one log-in for all
    path("admin/r/<path:row>", accounts.no_short_cut),
    path("admin/", admin.site.urls),
    path("", include("cqo_portal.page_urls")),
    path("", include("training.urls")),
    path("", include("registry.urls")),
    path("", include("appointments.urls")),
]
handler400 = "cqo_portal.views.bad_request"
handler403 = "cqo_portal.views.denied"
handler404 = "cqo_portal.views.not_found"
handler500 = "cqo_portal.views.server_error"
