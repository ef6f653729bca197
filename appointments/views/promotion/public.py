"""What anybody may read of experience and commendations (Art. 10): a name only with consent (个人信息保护法 25)."""

from django.contrib.auth.decorators import login_not_required
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments.filters.promotion import CommendedFilter, ExperienceFilter
from appointments.models import Achievement, Commendation
from appointments.rules import public_text
from appointments.states import MaterialKind
from appointments.views.promotion.common import shown
from registry.listing import page_of
from registry.pages import find
from registry.views.files import served


def say(row, *fields: str) -> None:
    """Give a row with ``agreed`` what the public reads of it: ``said`` (field → text), ``person`` (perhaps masked)."""
    name, named = (row.candidate.name if row.candidate else ""), bool(row.agreed) or row.candidate is None
    row.said = {field: public_text(getattr(row, field), name=name, named=named) for field in fields}
    row.person = public_text(name, name=name, named=named)


def _achievements():
    rows = Achievement.unscoped.published().with_last_word()
    return rows.select_related("candidate", "enterprise__county", "campaign").order_by("-published_at", "-pk")


def _commendations():
    rows = Commendation.unscoped.published().with_last_word()
    return rows.select_related("appointment__candidate", "enterprise__county", "revocation")


def _listed(request, kind: type[ExperienceFilter], rows, *, commended: bool, fields: tuple[str, ...]):
    narrowed = kind(request.GET, user=request.user, today=timezone.localdate())
    page = page_of(request, narrowed.narrow(rows))
    for row in page:
        say(row, *fields)
    return shown(request, "experience", filters=narrowed, page=page, commended=commended)


@login_not_required
@never_cache
@require_safe
def experience(request):
    """Published achievements, newest first."""
    return _listed(request, ExperienceFilter, _achievements(), commended=False, fields=("title", "summary"))


@login_not_required
@never_cache
@require_safe
def experience_commendations(request):
    """Commendations on record, newest document first; revoked ones say so."""
    return _listed(request, CommendedFilter, _commendations(), commended=True, fields=("honour", "ground"))


def _published(reference: str) -> Achievement:
    return find(_achievements(), reference=reference)


@login_not_required
@never_cache
@require_safe
def experience_detail(request, reference):
    """One published achievement."""
    row = _published(reference)
    say(row, "title", "summary", "done", "results")
    materials = list(row.materials.filter(kind=MaterialKind.OPEN).select_related("file"))
    for number, material in enumerate(materials, start=1):
        material.label = f"材料{number}"  # a file's own name may hold anything
    return shown(request, "experience_detail", row=row, materials=materials)


@login_not_required
@never_cache
@require_safe
def experience_file(request, reference, pk):
    """A file of an achievement that is public, and that the enterprise meant for the public."""
    row = _published(reference)
    return served(find(row.materials.filter(kind=MaterialKind.OPEN).select_related("file"), pk=pk).file)
