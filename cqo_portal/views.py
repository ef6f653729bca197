"""The pages that belong to no single app: the first page, messages, the measure's text, health."""

from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cqo_portal import dashboards
from cqo_portal.atlas import entries
from registry import citing, clamd
from registry.listing import page_of
from registry.models import AuthorityName, BasisPeriod, Clause, Edition, Message
from registry.models.measure import basis_if_any
from registry.pages import find
from registry.states import Role


@login_not_required
def home(request):
    """The public's doors, or what waits for whoever is signed in."""
    today = timezone.localdate()
    user = request.user
    if not user.is_authenticated:
        facts = {"figures": dashboards.public_figures(today)} | _quoted(today)
        return render(request, "home.html", facts)
    if user.role == Role.APPLICANT:
        last = user.registrations.select_related("county").first()
        return render(request, "dashboard/applicant.html", {"registration": last})
    shared = {"today": today, "todos": dashboards.todos(request, today), "coming": dashboards.coming(user, today)}
    if user.role == Role.TRAINER:
        return render(request, "dashboard/trainer.html", shared | {"figures": dashboards.trainer_figures(user, today)})
    if user.role != Role.ENTERPRISE:
        covered = dashboards.coverage(user, today)
        extra = {"figures": dashboards.figures(user, today, covered), "coverage": covered}
        extra["goal"] = dashboards.coverage_goal(covered, today)
        return render(request, "dashboard/bureau.html", shared | extra)
    cqo = dashboards.cqo_in_force(user.enterprise, today)
    if cqo is None and not shared["todos"]:
        return render(request, "dashboard/none.html", shared)
    return render(request, "dashboard/enterprise.html", shared | {"cqo": cqo})


def _quoted(today: date) -> dict[str, Clause]:
    """What the public's first page quotes of the measure: what a CQO is, and whom it encourages (Art. 2, 4)."""
    basis = basis_if_any(today)
    clauses = basis.edition.clauses_of("2", "4") if basis else {}
    return {"principle": clauses.get("2"), "encouraged": clauses.get("4")}


def inbox(request):
    """The messages of one's office, newest first."""
    shown = page_of(request, Message.unscoped.visible_to(request.user))
    return render(request, "inbox.html", {"page": shown, "linked_from": _numbered_since(timezone.localdate())})


def _numbered_since(today: date) -> date:
    """Since when messages cite as the measure is numbered today: since any other edition was last in force."""
    others = BasisPeriod.unscoped.exclude(edition=citing.numbering().edition).filter(period__endswith__lte=today)
    return others.aggregate(latest=Max("period__endswith"))["latest"] or date.min


@require_POST
def open_message(request, pk):
    """Note who opened a message first, and go where it leads."""
    message = find(Message.unscoped.visible_to(request.user), pk=pk)
    if request.user.role != Role.ADMINISTRATOR:  # who looks on, but is not the office it waits for
        Message.unscoped.filter(pk=pk, read_at=None).update(read_at=timezone.now(), read_by=request.user)
    return HttpResponseRedirect(message.url)


@login_not_required
def measure(request, key=None):
    """The whole text by clause, each with how the portal treats it: of the edition of that key, else of today's."""
    today = timezone.localdate()
    basis = basis_if_any(today)
    edition = find(Edition.unscoped.all(), key=key) if key else basis and basis.edition
    if edition is None:
        return render(request, "measure_none.html")
    earlier = edition != basis.edition  # then the last reading of each question stands there
    recorded = edition.interpretations.recorded().order_by("period")
    readings = {row.key: row for row in recorded if earlier or today in row.period}
    questions = [(row, readings.get(row.key)) for row in edition.interpretations.questions()]
    articles: dict[int, list] = {}
    for entry in entries(edition, questions):
        articles.setdefault(entry.clause.article, []).append(entry)
    facts = {"basis": basis, "edition": edition, "editions": Edition.unscoped.in_order_of_time()}
    facts |= {"articles": articles.items(), "questions": questions}
    facts["names"] = AuthorityName.unscoped.select_related("county", "document").order_by("since")
    return render(request, "measure.html", facts)


@login_not_required
@never_cache
def healthz(request):
    """200 when the database answers and every migration is applied, 503 otherwise; and whether uploads are scanned."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        state = {"database": "ok", "migrations": "pending" if pending else "ok"}
    except DatabaseError:
        state = {"database": "unavailable", "migrations": "unknown"}
    status = 200 if set(state.values()) == {"ok"} else 503
    return JsonResponse(state | {"virus_scan": clamd.state()}, status=status)


def went_wrong(request, status: int):
    """An error page; what waits elsewhere is not counted for it."""
    request.went_wrong = True
    return render(request, f"{status}.html", status=status)


@login_not_required
def bad_request(request, exception):
    """400 in the portal's dress."""
    return went_wrong(request, 400)


@login_not_required
def denied(request, exception):
    """403 in the portal's dress."""
    return went_wrong(request, 403)


@login_not_required
def not_found(request, exception):
    """404 in the portal's dress."""
    return went_wrong(request, 404)


@login_not_required
def server_error(request):
    """500: a page that needs neither database nor context."""
    return render(request, "500.html", status=500)
