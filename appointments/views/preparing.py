"""Preparing an appointment: whom, with which declarations and papers, in what post, and the page before it binds.

The same steps serve a correction after a return. Everything may be left for later but what is impossible.
"""

from dataclasses import dataclass
from functools import partial

from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from appointments.actions import add_evidence, enter_at_counter, save_draft, start_draft, submit
from appointments.changes import described, last_return
from appointments.eligibility import Checklist, checklist
from appointments.forms import CounterForm, DeclarationsForm, PersonForm, PostForm, StepForm, SubmitForm
from appointments.models import Appointment
from appointments.rules import DECLARATIONS, missing, needs_opinion, term_of, term_words
from appointments.states import State
from appointments.views.shown import closed, open_appointment, step_url, url_of
from registry.actions.files import store_file
from registry.listing import page_of
from registry.models import Candidate, Employment, Enterprise
from registry.models.measure import legal_basis, the_law
from registry.pages import carry_out, demand, find
from registry.refusals import Refused

# Which step holds which field a return can name; what stands on file about the person is corrected there.
AT_STEP = {
    "declarations": 2, "declaration": 2, "decision": 2, "authority": 2, "other": 2,
    "position": 3, "in_decision_level": 3, "exception_reason": 3, "quality_department": 3, "inspection_department": 3,
    "safety_department": 3, "departments_report": 3, "appointer": 3, "first_day": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One page of preparing: its title, form and template."""

    title: str
    form: type[StepForm]
    template: str


STEPS = {
    2: Step("承诺和材料", DeclarationsForm, "appointments/step_declarations.html"),
    3: Step("职务与授权", PostForm, "appointments/step_post.html"),
}


def in_service(user, enterprise: Enterprise):
    """The people of an enterprise in service today, as far as this person sees them."""
    today = timezone.localdate()
    jobs = Employment.unscoped.filter(enterprise=enterprise, period__contains=today)
    people = Candidate.unscoped.visible_to(user).filter(Exists(jobs.filter(candidate=OuterRef("pk"))))
    return people.prefetch_related(Prefetch("employments", queryset=jobs, to_attr="jobs"))


def new(request):
    """第一步 选定人选."""
    enterprise = request.user.enterprise
    demand(request.user, "appointments.appoint", enterprise)
    people = in_service(request.user, enterprise)
    posted = request.POST if request.method == "POST" else None
    form = PersonForm(posted, people=people, initial={"candidate": request.GET.get("candidate")})
    if request.method == "POST" and form.is_valid():
        act = partial(start_draft, enterprise=enterprise, candidate=form.cleaned_data["candidate"])
        if done := carry_out(request, form, act, lambda row: step_url(row, 2)):
            return done
    return render(request, "appointments/new.html", {"form": form, "people": people})


def _save(appointment: Appointment, form: StepForm, *, by, at) -> Appointment:
    row = save_draft(appointment, version=form.seen_version(), by=by, at=at, **form.kept())
    if upload := form.cleaned_data.get("file"):
        data, name = upload[1], upload[0]
        stored = store_file(data, name, enterprise=row.enterprise, by=by, at=at)
        add_evidence(row, kind=form.cleaned_data["kind"], file=stored, by=by, at=at)
    return row


def _beside(appointment: Appointment) -> dict:
    """What stands beside every step: the live checklist, and the term that would follow."""
    today = timezone.localdate()
    listed = checklist(appointment, today)
    years = listed.basis.value("term_years")
    return {
        "appointment": appointment,
        "listed": listed,
        "unmet": len(needs_opinion(listed.criteria)),
        "term": term_of(appointment.first_day, years) if appointment.first_day else None,
        "term_words": term_words(years),
    }


def step(request, reference, step):
    """第二步, 第三步: save and go on, save and stay, or save as it is."""
    appointment = open_appointment(request, reference)
    if step not in STEPS:
        raise Http404
    if shut := closed(request, appointment, "prepare"):
        return shut
    page, remarks = STEPS[step], _remarks(appointment)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = page.form(*posted, appointment=appointment, remarks={name: remark for name, _, remark, _ in remarks})
    if posted and form.is_valid():
        done = carry_out(
            request, form, partial(_save, appointment, form), lambda row: _after(request, row, step), row=appointment
        )
        if done:
            return done
    context = _beside(appointment) | {"form": form, "step": step, "title": page.title, "remarks": remarks}
    context |= {"evidences": appointment.evidences.select_related("file"), "law": _declared_law(context["listed"])}
    return render(request, page.template, context)


def _declared_law(listed: Checklist) -> dict[str, str]:
    """The words of Art. 6(一)(二)(四), by the box that declares them."""
    fields = dict(zip(DECLARATIONS, ("ethics", "knowledge", "independence"), strict=True))
    return {fields[name]: clause.text for name, clause in listed.basis.edition.clauses_of(*fields).items()}


def _remarks(appointment: Appointment) -> list[tuple[str, str, str, str]]:
    """Field, its label, the officer's remark and where it is corrected, while a return stands."""
    if appointment.state != State.RETURNED:
        return []
    remarks, labels = last_return(appointment).details["remarks"], described(appointment)
    person = reverse("candidate_detail", args=[appointment.candidate.reference])
    places = {name: f"{step_url(appointment, AT_STEP[name])}#div_id_{name}" for name in remarks if name in AT_STEP}
    return [(name, labels[name][0], remark, places.get(name, person)) for name, remark in remarks.items()]


def _after(request, appointment: Appointment, step: int) -> str:
    """Where each button of a step leads."""
    here, last = step_url(appointment, step), reverse("appointment_check_answers", args=[appointment.reference])
    following = step_url(appointment, step + 1) if step + 1 in STEPS else last
    return {"stay": here, "later": url_of(appointment)}.get(request.POST.get("go"), following)


@require_POST
def autosave(request, reference, step):
    """Keeps what is valid while one types. Without a token: one page saves many times, and a repeat is harmless."""
    appointment = open_appointment(request, reference)
    if step not in STEPS:
        raise Http404
    form = STEPS[step].form(request.POST, appointment=appointment)
    form.is_valid()
    fault = ""
    try:
        if "version" not in form.cleaned_data:
            raise Refused("页面不完整，请重新打开这一步。")
        version = form.seen_version()
        appointment = save_draft(appointment, version=version, by=request.user, at=timezone.now(), **form.kept())
    except Refused as refusal:
        fault = refusal.sentence
    pending = [form.fields[name].label for name in form.errors if name in form.fields]
    context = _beside(appointment) | {"fault": fault, "pending": pending, "step": step}
    return render(request, "appointments/_autosaved.html", context)


def check_answers(request, reference):
    """第四步 核对: everything once more, what is missing with its place, and what submitting means; then the act."""
    appointment = open_appointment(request, reference)
    if shut := closed(request, appointment, "submit"):
        return shut
    form = SubmitForm(request.POST if request.method == "POST" else None, appointment=appointment)
    again = appointment.state == State.RETURNED
    if request.method == "POST" and form.is_valid():
        words = "已重新提交。" if again else "任命已作出并提交。聘书和授权书已定稿，请打印、盖章并颁发。"
        act = partial(submit, appointment, version=form.cleaned_data["version"])
        if done := carry_out(request, form, act, url_of, row=appointment, done=words):
            return done
    lacking = missing(vars(appointment), today=timezone.localdate(), earliest=the_law().first_day)
    places = {name: f"{step_url(appointment, AT_STEP[name])}#div_id_{name}" for name in lacking}
    beside = _beside(appointment)
    said = described(appointment, beside["listed"].facts)
    context = beside | {
        "form": form,
        "said": said,
        "person_said": [(name, said[name]) for name in ("education", "qualification", "experience", "training")],
        "again": again,
        "evidences": appointment.evidences.select_related("file"),
        "lacking": [(words, places[name]) for name, words in lacking.items()],
    }
    return render(request, "appointments/check_answers.html", context)


# --- Counter entry ---------------------------------------------------------------------------------------------------


def counter(request):
    """代录, first page: which enterprise brought its paper."""
    demand(request.user, "appointments.work_queue")
    words = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    visible = Enterprise.unscoped.visible_to(request.user).select_related("county")
    found = visible.filter(search__holds=words)
    return render(request, "appointments/counter.html", {"page": page_of(request, found), "q": words})


def counter_for(request, reference):
    """代录: read off the paper, confirm what is recorded, then record it, flagged."""
    enterprise = find(Enterprise.unscoped.visible_to(request.user).select_related("county"), reference=reference)
    demand(request.user, "appointments.transcribe", enterprise)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    people = in_service(request.user, enterprise)
    form = CounterForm(*posted, enterprise=enterprise, people=people, user=request.user)
    if posted and form.is_valid() and "change" not in request.POST:
        if "confirmed" not in request.POST:
            return _confirm(request, form, enterprise)
        values = form.transcript() | {"transcript": form.cleaned_data["stored"], "enterprise": enterprise}
        if done := carry_out(request, form, partial(enter_at_counter, **values), url_of, done="已代录，等待核对。"):
            return done
    context = {"form": form, "enterprise": enterprise, "people": people}
    return render(request, "appointments/counter_form.html", context)


def _confirm(request, form: CounterForm, enterprise: Enterprise):
    """The page before it is recorded. The scan is kept now, since a browser does not send a file twice."""
    stored = form.cleaned_data["stored"]
    if scan := form.cleaned_data["scan"]:
        stored = store_file(scan[1], scan[0], enterprise=enterprise, by=request.user, at=timezone.now())
    told = form.transcript()
    years = legal_basis(timezone.localdate()).value("term_years")
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    hidden = [pair for pair in sent if pair[0] not in ("stored", "csrfmiddlewaretoken", "confirmed")]
    context = {
        "form": form, "enterprise": enterprise, "told": told, "term": term_of(told["first_day"], years),
        "stored": stored, "hidden": [*hidden, ("stored", stored.reference)],
        "appointer": enterprise.appointers()[told["appointer"]],
    }  # fmt: skip
    return render(request, "appointments/counter_confirm.html", context)
