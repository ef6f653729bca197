"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from registry.papers import fonts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqo_portal.settings")
application = get_wsgi_application()
fonts.load()  # half a minute where they are out of date: not while an act holds its locks
