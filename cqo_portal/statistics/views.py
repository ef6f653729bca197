"""Pages of statistics: the subjects, one subject's tables and charts, the rows behind a number, the year's report."""

from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from cqo_portal.statistics import charts
from cqo_portal.statistics.declared import Asked, Figure, Subject, Table, address, said
from cqo_portal.statistics.forms import AskedForm
from cqo_portal.statistics.report import as_pdf, as_workbook
from cqo_portal.statistics.rows import listed, shown
from cqo_portal.statistics.subjects import SUBJECTS
from registry.listing import PLACES, page_of
from registry.pages import demand
from registry.sheets import XLSX
from registry.views.papers import pdf_response


def _asked(request) -> tuple[AskedForm, Asked]:
    """Who asks, and as of which day. Http404 for whoever counts nothing."""
    demand(request.user, "registry.see_statistics")
    today = timezone.localdate()
    form = AskedForm(request.GET, today=today)
    form.is_valid()
    return form, Asked(request.user, form.asked_day, today, form.cleaned_data.get("step", "month"))


def _subject(key: str) -> Subject:
    if key not in SUBJECTS:
        raise Http404
    return SUBJECTS[key]


def _context(form: AskedForm, asked: Asked, **more) -> dict:
    query = urlencode({"day": asked.day.isoformat(), "by": asked.step})
    return {"form": form, "asked": asked, "subjects": SUBJECTS.values(), "query": query, **more}


@require_safe
def statistics(request):
    """统计: one figure of each subject, and the way to the rest."""
    form, asked = _asked(request)
    headlines = []
    for subject in SUBJECTS.values():
        label, value, unit = subject.headline(asked)
        headlines.append((subject, label, said(value, unit)))
    return render(request, "statistics/index.html", _context(form, asked, headlines=headlines))


@require_safe
def statistics_subject(request, subject):
    """One subject: what is counted, its tables with their charts, every number with the way to its rows."""
    form, asked = _asked(request)
    subject = _subject(subject)
    tables = [_shown(subject, table, asked) for table in subject.tables(asked)]
    return render(request, "statistics/subject.html", _context(form, asked, subject=subject, tables=tables))


def _shown(subject: Subject, table: Table, asked: Asked) -> dict:
    """A table as the template takes it: each cell with its words and its address."""
    lines = [
        (
            line.label,
            [
                (figure, said(value), value and address(subject.key, figure, asked, line))
                for figure, value in zip(table.figures, line.values, strict=True)
            ],
        )
        for line in table.all_lines
    ]
    total = lines.pop() if table.total else None
    return {"table": table, "lines": lines, "total": total, "chart": charts.draw(table, table.key)}


@require_safe
def statistics_rows(request, subject, figure):
    """The very rows that a number counts, as of the same day."""
    form, asked = _asked(request)
    subject = _subject(subject)
    if (found := subject.figure(figure)) is None:
        raise Http404
    counted = _counted(request, asked, found)
    page = page_of(request, listed(counted))
    rows = [shown(row) for row in page]
    context = _context(form, asked, subject=subject, figure=found, page=page, rows=rows, number=counted.count())
    return render(request, "statistics/rows.html", context)


def _counted(request, asked: Asked, figure: Figure):
    """The rows that the address names. Http404 for a dimension the figure has not, or a value that cannot be."""
    dims = {name: value for name, value in request.GET.items() if name not in ("day", "by", "rows", *PLACES)}
    if set(dims) - set(figure.by) or any("\x00" in value for value in dims.values()):
        raise Http404
    try:
        return figure.counted(asked, dims)
    except (ValidationError, ValueError, KeyError):
        raise Http404 from None


@require_safe
def statistics_report(request, kind):
    """The report of a year, or of the year so far, as a paper or as a workbook: the same tables."""
    if kind not in ("pdf", "xlsx"):
        raise Http404
    _, asked = _asked(request)
    subjects = [(subject, subject.tables(asked)) for subject in SUBJECTS.values()]
    name = f"首席质量官统计报告（截至{asked.day:%Y%m%d}）.{kind}"
    data = as_pdf(asked, subjects) if kind == "pdf" else as_workbook(asked, subjects)
    if kind == "pdf":
        return pdf_response(data, name, download=True)
    response = HttpResponse(data, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
