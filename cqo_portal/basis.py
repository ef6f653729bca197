"""What the administrator records of the measure: extensions, successors, names of the bureaus; each by its document."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cqo_portal.forms import ExtensionForm, MeasureFileForm, NameForm, SuccessorForm
from registry.actions.files import store_file_of_measure
from registry.actions.measure import load_measure, predecessor_of, record_authority_name, record_extension
from registry.history import events_of, history
from registry.measures import PARAMETERS, MeasureFault, MeasureFile, label, parse
from registry.measures.parameters import said
from registry.models import AuthorityName, BasisPeriod, County, Edition, StoredFile
from registry.models.authority import authority_on
from registry.models.measure import Basis, basis_if_any, days
from registry.pages import carry_out, demand, find
from registry.papers.printable import printing_faults
from registry.rules import day_words
from registry.views.common import form_page, posted
from registry.views.files import served

PERM = "registry.record_basis"
SEE = "registry.see_basis_documents"
DAY = timedelta(days=1)


def _trail(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("制度依据", reverse("basis_record")), *more]


@require_safe
def basis_record(request):
    """What is recorded, each with its document: periods of force by edition, and the bureaus' names."""
    demand(request.user, PERM)
    today = timezone.localdate()
    periods = BasisPeriod.unscoped.select_related("edition", "document", "recorded_by", "successor__edition")
    rows = [(row, _tag(row, today)) for row in periods.order_by("-period")]
    names = AuthorityName.unscoped.select_related("county", "document", "recorded_by")
    context = {
        "basis": basis_if_any(today), "periods": rows, "names": names, "bureau": authority_on(today),
        "counties": [(county, county.bureau_on(today)) for county in County.unscoped.all()],
        "history": history(*(events_of(model) for model in (Edition, BasisPeriod, AuthorityName))),
    }  # fmt: skip
    return render(request, "cqo_portal/basis_record.html", context)


def _tag(row: BasisPeriod, today: date) -> tuple[str, str]:
    if today in row.period:
        return "今天有效", "green"
    return ("尚未开始", "blue") if today < row.first_day else ("已期满", "")


@never_cache
@require_safe
def basis_document(request, reference):
    """The scan of a document about the measure or a bureau's name, for staff."""
    demand(request.user, SEE)
    kept = (BasisPeriod.unscoped.values("document"), AuthorityName.unscoped.values("document"))
    rows = StoredFile.unscoped.filter(pk__in=kept[0].exclude(document=None).union(kept[1]))
    return served(find(rows, reference=reference))


def _kept(form, *, by, at: datetime) -> StoredFile:
    """The scan that came with a form, put on file."""
    name, data = form.cleaned_data["document"]
    return store_file_of_measure(data, name, by=by, at=at)


def _record(_) -> str:
    return reverse("basis_record")


# --- An extension, a name --------------------------------------------------------------------------------------------


def basis_extend(request):
    """Record a document that keeps an edition in force (Art. 14)."""
    demand(request.user, PERM)
    basis = basis_if_any(timezone.localdate())
    last = basis and basis.edition.periods.order_by("period").last()
    initial = {"edition": basis.edition.key, "first_day": last.last_day and last.last_day + DAY} if basis else {}
    form = ExtensionForm(editions=Edition.unscoped.visible_to(request.user), initial=initial, **posted(request))

    def act(**who):
        return record_extension(**form.said(), document=_kept(form, **who), **who)

    return form_page(
        request, form, act, to=_record, title="记录延长有效期", trail=_trail(), submit="记录",
        done="延长已记录，在办法条文页公开名称和文号。", lead="照公布的文件填写。记录后不能更改。",
        stands=[("今天的依据", _today_in_words(basis))],
    )  # fmt: skip


def _today_in_words(basis) -> str:
    if basis is None:
        return "还没有装入办法。"
    if basis.outside:
        return f"今天没有有效的办法。最近的是《{basis.edition.title}》。"
    last = basis.period.last_day
    return f"{basis.period.title}，" + (f"到{day_words(last)}止。" if last else "没有写明末日。")


def basis_name(request):
    """Record what a bureau is called from a day on."""
    demand(request.user, PERM)
    form = NameForm(counties=County.unscoped.visible_to(request.user), **posted(request))

    def act(**who):
        return record_authority_name(**form.said(), document=_kept(form, **who), **who)

    return form_page(
        request, form, act, to=_record, title="记录部门名称", trail=_trail(), submit="记录",
        done="名称已记录，自启用之日起使用。",
        lead="自启用之日起，新的文件和页面使用新的名称；已出具的文件不变，以往的事项仍显示当时的名称。",
    )  # fmt: skip


# --- A successor -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What loading a file would do: the measure as read, and the period that it would end."""

    measure: MeasureFile
    ends: BasisPeriod | None

    @property
    def first_day(self) -> date:
        """The first day of the new measure."""
        return self.measure.basis[0].first_day

    @property
    def ended_on(self) -> date:
        """The last day of the period that it ends."""
        return self.first_day - DAY

    @property
    def changes(self) -> list[tuple[str, str, str, str]]:
        """Figures that differ from those that apply on the first day by now: words, clause, before, after."""
        basis = basis_if_any(self.first_day)
        rows = []
        for name, part in self.measure.parameters.items():
            words = _now(basis, name) if basis else "没有", said(name, part.value, part.by_size)
            if words[0] != words[1]:
                rows.append((PARAMETERS[name].label, label(part.clause), *words))
        return rows

    @property
    def days(self) -> list[tuple[date, str]]:
        """What happens on which day, in order."""
        return sorted(self._days())

    def _days(self) -> Iterator[tuple[date, str]]:
        part, last = self.measure.edition, self.measure.basis[-1].last_day
        if self.ends:
            planned = f"（原定到{day_words(self.ends.last_day)}）" if self.ends.last_day else "（原来没有写明末日）"
            yield self.ended_on, f"《{self.ends.edition.title}》的有效期到这一天为止{planned}。"
        yield self.first_day, f"《{part.title}》施行，此后办理的事项依此记录。"
        if part.authority != authority_on(self.ended_on):
            yield self.first_day, f"市级质监部门的名称改为{part.authority}。"
        if last:
            yield last, f"《{part.title}》有效期的最后一天。"


def _now(basis: Basis, name: str) -> str:
    """A parameter as it applies without the new measure, with the reading that says so."""
    settled = basis.settled(name)
    if settled.reading:
        return f"{said(name, settled.value)}（{settled.number}，不适用于新的办法）"
    return said(name, settled.value, basis.edition.parameters[name].get("by_size"))


def basis_load(request):
    """Load a successor in two steps: its file is read and shown, or every fault told; then it is confirmed."""
    demand(request.user, PERM)
    if "content" in request.POST:
        return _confirmed(request)
    form, faults = MeasureFileForm(**posted(request)), []
    if request.method == "POST" and form.is_valid():
        try:
            return _previewed(request, _read(form.cleaned_data["file"]), form.cleaned_data["file"])
        except MeasureFault as fault:
            faults = fault.faults
    return render(request, "cqo_portal/basis_load.html", {"form": form, "faults": faults, "trail": _trail()})


def _read(raw: bytes) -> Preview:
    """The measure in the file; MeasureFault where it is none, or is one that is loaded already."""
    measure = parse(raw)
    if Edition.unscoped.filter(key=measure.edition.key).exists():
        raise MeasureFault([("edition.key", f"代码 {measure.edition.key} 的办法已经装入；新的办法请另取代码。")])
    if faults := printing_faults(measure):
        raise MeasureFault(faults)
    preview = _preview_of(measure)
    others = BasisPeriod.unscoped.exclude(pk=preview.ends and preview.ends.pk)
    if faults := [
        (f"basis[{n}].first_day", f"与《{taken.title}》的有效期重叠。")
        for n, part in enumerate(measure.basis, start=1)
        if (taken := others.filter(period__overlap=days(part.first_day, part.last_day)).first())
    ]:
        raise MeasureFault(faults)
    return preview


def _preview_of(measure: MeasureFile) -> Preview:
    return Preview(measure, predecessor_of(measure))


def _previewed(request, preview: Preview, raw: bytes, form: SuccessorForm | None = None):
    """The page that shows the measure and asks for its document."""
    form = form or SuccessorForm(raw=raw, user=request.user, ends=preview.ends, ended_on=preview.ended_on)
    measure = preview.measure
    context = {
        "form": form, "preview": preview, "measure": measure, "trail": _trail(), "cancel_url": reverse("basis_load"),
        "past": preview.first_day <= timezone.localdate(),
    }  # fmt: skip
    return render(request, "cqo_portal/basis_confirm.html", context)


def _confirmed(request):
    """Load what the preview showed, once."""
    raw = SuccessorForm.opened(request.POST["content"], user=request.user)
    if raw is None:
        context = {"form": MeasureFileForm(), "stale": True, "trail": _trail()}
        return render(request, "cqo_portal/basis_load.html", context)
    preview = _preview_of(parse(raw))
    form = SuccessorForm(raw=raw, user=request.user, ends=preview.ends, ended_on=preview.ended_on, **posted(request))

    def act(**who):
        return load_measure(preview.measure, **form.said(), document=_kept(form, **who), **who)

    if form.is_valid() and (response := carry_out(request, form, act, _record, done="办法已装入。")):
        return response
    return _previewed(request, preview, raw, form)
