"""Settings, addresses and view of the least that Django can answer."""

from django.http import HttpResponse
from django.urls import path

SECRET_KEY = "hello"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.scale.hello"
INSTALLED_APPS = MIDDLEWARE = []


def hello(request):
    """Two words."""
    return HttpResponse("hello, world")


urlpatterns = [path("", hello)]
