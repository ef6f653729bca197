"""The pages that belong to no single app: the first page, messages, the measure's text, verification, health."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from appointments.models import Paper
from appointments.states import PaperKind, State
from cqo_portal import dashboards
from registry import verification
from registry.models import Edition, Message
from registry.models.measure import legal_basis
from registry.pages import find, page_of
from registry.rules import day_words, masked_name
from registry.states import Role


@login_not_required
def home(request):
    """The public's doors, or what waits for whoever is signed in."""
    today = timezone.localdate()
    user = request.user
    if not user.is_authenticated:
        return render(request, "home.html", {"figures": dashboards.public_figures(today)})
    shared = {"today": today, "todos": dashboards.todos(user), "coming": dashboards.coming(user, today)}
    if user.role != Role.ENTERPRISE:
        extra = {"figures": dashboards.figures(user, today), "coverage": dashboards.coverage(user, today)}
        return render(request, "dashboard/bureau.html", shared | extra)
    cqo = dashboards.cqo_in_force(user.enterprise, today)
    if cqo is None and not shared["todos"]:
        return render(request, "dashboard/none.html", shared)
    return render(request, "dashboard/enterprise.html", shared | {"cqo": cqo})


def inbox(request):
    """The messages of one's office, newest first."""
    return render(request, "inbox.html", {"page": page_of(request, Message.unscoped.visible_to(request.user))})


@require_POST
def open_message(request, pk):
    """Note who opened a message first, and go where it leads."""
    message = find(Message.unscoped.visible_to(request.user), pk=pk)
    if request.user.role != Role.ADMINISTRATOR:  # who looks on, but is not the office it waits for
        Message.unscoped.filter(pk=pk, read_at=None).update(read_at=timezone.now(), read_by=request.user)
    return HttpResponseRedirect(message.url)


@login_not_required
def measure(request):
    """The whole text by clause, each with how the portal treats it."""
    today = timezone.localdate()
    basis = legal_basis(today)
    editions = Edition.unscoped.prefetch_related("periods")
    readings = {row.key: row for row in basis.edition.interpretations.recorded().filter(period__contains=today)}
    questions = [(row, readings.get(row.key)) for row in basis.edition.interpretations.questions()]
    articles: dict[int, list] = {}
    for clause in basis.edition.clauses.all():
        articles.setdefault(clause.article, []).append(clause)
    facts = {"basis": basis, "editions": editions, "articles": articles.items(), "questions": questions}
    return render(request, "measure.html", facts)


@dataclass(frozen=True)
class Answer:
    """What verification says of a code: the word, its colour, and a sentence."""

    word: str
    tone: str
    sentence: str
    paper: Paper | None = None


UNKNOWN = Answer("查无此证", "red", "没有找到这个核验码。请逐字核对，字母 O 与数字 0、字母 I 与数字 1 不作区分。")


def _answer(paper: Paper | None) -> Answer:
    """有效, 真实尚未登记, 已期满, 已撤回或已解除, or 查无此证; never two at once."""
    if paper is None:
        return UNKNOWN
    appointment, today = paper.appointment, timezone.localdate()
    if hasattr(paper, "superseded_by"):
        return Answer("已被代替", "amber", "这份文件已换发新的版本，以新版为准。", paper)
    if appointment.state == State.WITHDRAWN:
        day = day_words(timezone.localdate(appointment.withdrawn_at))
        return Answer(f"已撤回（{day}）", "red", "企业已撤回这项任命。", paper)
    if appointment.state == State.ENDED and appointment.end_reason != "expired":
        day = day_words(appointment.ended_on)
        return Answer(f"已终止（{day}）", "red", f"{appointment.get_end_reason_display()}。", paper)
    if appointment.last_day < today and appointment.filed_at is None:
        return Answer(
            "真实，从未登记", "grey", f"聘任期限已于{day_words(appointment.last_day)}届满，质监部门没有登记。", paper
        )
    if appointment.last_day < today:
        return Answer("已期满", "grey", f"聘任期限已于{day_words(appointment.last_day)}届满。", paper)
    if appointment.state != State.FILED and paper.kind != PaperKind.RECEIPT:
        return Answer("真实，尚未登记", "blue", "企业已任命，任期自企业写明的首日起；质监部门尚未登记。", paper)
    day = day_words(timezone.localdate(appointment.filed_at))
    return Answer("有效", "green", f"{paper.get_kind_display()}真实，任命已于{day}登记。", paper)


@login_not_required
def verify(request):
    """The page on which one types a code."""
    if code := request.GET.get("code", "").replace("/", "").strip():
        return redirect("verify_paper", code=(verification.canonical(code) or code)[:60])
    return render(request, "verify.html", {"answer": None})


@login_not_required
@never_cache
def verify_paper(request, code):
    """What a paper is worth today; the code's own tag is asked before the database."""
    known = verification.canonical(code) if verification.is_genuine(code) else None
    papers = Paper.unscoped.select_related("appointment__enterprise", "appointment__candidate", "superseded_by")
    paper = papers.filter(code=known).first() if known else None
    answer = _answer(paper)
    name = masked_name(paper.appointment.candidate.name) if paper else ""
    facts = {"answer": answer, "code": code, "name": name, "checked_at": timezone.now()}
    response = render(request, "verify.html", facts)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_not_required
@never_cache
def healthz(request):
    """200 when the database answers and every migration is applied, 503 otherwise."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        state = {"database": "ok", "migrations": "pending" if pending else "ok"}
    except DatabaseError:
        state = {"database": "unavailable", "migrations": "unknown"}
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)


@login_not_required
def bad_request(request, exception):
    """400 in the portal's dress."""
    return render(request, "400.html", status=400)


@login_not_required
def denied(request, exception):
    """403 in the portal's dress."""
    return render(request, "403.html", status=403)


@login_not_required
def not_found(request, exception):
    """404 in the portal's dress."""
    return render(request, "404.html", status=404)


@login_not_required
def server_error(request):
    """500: a page that needs neither database nor context."""
    return render(request, "500.html", status=500)
