"""The appointments' addresses, from the root. Fixed ones first, then those of one appointment by its reference."""

from django.urls import path

from appointments.views import deciding, lists, papers, preparing

ONE = "appointments/<str:reference>/"

urlpatterns = [
    path("appointments/", lists.appointment_list, name="appointment_list"),
    path("appointments/queue/", lists.queue, name="appointment_queue"),
    path("appointments/queue/confirm/", lists.queue_confirm, name="appointment_queue_confirm"),
    path("appointments/new/", preparing.new, name="appointment_new"),
    path("appointments/counter/", preparing.counter, name="counter_entry"),
    path("appointments/counter/<str:reference>/", preparing.counter_for, name="counter_entry_for"),
    path(ONE, deciding.detail, name="appointment_detail"),
    path(f"{ONE}step/<int:step>/", preparing.step, name="appointment_step"),
    path(f"{ONE}step/<int:step>/autosave/", preparing.autosave, name="appointment_autosave"),
    path(f"{ONE}check/", preparing.check_answers, name="appointment_check_answers"),
    path(f"{ONE}acts/<str:act>/", deciding.act, name="appointment_act"),
    path(f"{ONE}renew/", deciding.renew_appointment, name="appointment_renew"),
    path(f"{ONE}papers/<str:kind>/", papers.paper, name="appointment_paper"),
    path(f"{ONE}papers/<str:kind>/preview/", papers.preview, name="appointment_preview"),
    path(f"{ONE}papers/<str:kind>/sealed/", papers.seal, name="appointment_seal"),
]
