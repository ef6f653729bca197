"""Uploaded files, to whoever may see them."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from registry import filestore
from registry.actions.files import SUFFIXES
from registry.models import StoredFile
from registry.pages import find

NOTHING = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# Chrome and Safari show no PDF in a sandboxed document (crbug.com/41131921); their viewers stand apart from the site.
POLICY = {"application/pdf": f"{NOTHING}; object-src 'self'"}


@require_safe
def file(request, reference):
    """A file to whoever may see it; Http404 to anybody else."""
    return served(find(StoredFile.unscoped.visible_to(request.user), reference=reference))


def served(stored: StoredFile) -> HttpResponse:
    """The bytes under a generated name, in a browser that may run nothing of them and keep nothing."""
    response = HttpResponse(filestore.fetch(stored.sha256), content_type=stored.content_type)
    response["Content-Disposition"] = f'inline; filename="{stored.reference}.{SUFFIXES[stored.content_type]}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY.get(stored.content_type, f"{NOTHING}; sandbox")
    response["Cache-Control"] = "private, no-store"
    return response
