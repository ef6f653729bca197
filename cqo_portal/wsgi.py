"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from registry.papers.render import drawer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqo_portal.settings")
application = get_wsgi_application()
# Not while an act holds its locks: the fonts take half a minute where they are out of date, WeasyPrint half a second.
drawer.begin()
