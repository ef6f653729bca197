"""The report of a year, or of the year so far: the same tables as a paper in official format and as a workbook.

The paper is the text of a 报告 (GB/T 9704-2012: 版心, type, headings, date, page numbers). It has no red head,
number or seal: those an office gives in its own document system.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from cqo_portal.statistics import charts
from cqo_portal.statistics.declared import Asked, Figure, Subject, Table, Value, said
from registry import citing
from registry.models.authority import authority_on
from registry.models.measure import basis_if_any
from registry.papers import fonts, official, render, sheet
from registry.papers.setting import Run, as_paragraph, clean, shape_title
from registry.papers.sheet import MM
from registry.refusals import Refused
from registry.rules import day_words
from registry.sheets.writing import SheetTable, write_report

Told = Sequence[tuple[Subject, list[Table]]]
NUMERALS = "一二三四五六七八九十"
SMALL = 12  # pt of a table's type
LABEL = 44  # mm of a table's first column
AS_RECORDED = "各项数据以统计日当天已经记录的事实为准，以后补录和更正的不计入，同一统计日的数据不再变动。"


def _year_words(asked: Asked) -> str:
    whole = asked.day.month == 12 and asked.day.day == 31
    return f"{asked.day.year}年" if whole else f"截至{day_words(asked.day)}"


def scope_words(asked: Asked) -> str:
    """What the figures are of: the city, or the asker's own county."""
    return "全市" if asked.user.is_city_wide else "、".join(asked.counties.values())


def defined(figures: Sequence[Figure]) -> list[str]:
    """Each figure with its provision and what exactly is counted."""
    return [
        f"{figure.title}（{figure.unit}）：{figure.definition}{citing.cited(figure.clause)}。"
        for figure in {figure.key: figure for figure in figures}.values()
    ]


# --- As a workbook ---------------------------------------------------------------------------------------------------


def as_workbook(asked: Asked, told: Told) -> bytes:
    """An XLSX with a sheet for each subject: its tables, and under each what is counted."""
    lead = [f"{scope_words(asked)}，统计日：{day_words(asked.day)}", AS_RECORDED]
    sheets = {subject.title: [_sheet_table(table) for table in tables] for subject, tables in told}
    return write_report("企业首席质量官制度实施情况统计报告", lead, sheets)


def _sheet_table(table: Table) -> SheetTable:
    columns = [table.head, *(f"{figure.title}（{figure.unit}）" for figure in table.figures)]
    rows = [[line.label, *map(_cell, line.values)] for line in table.all_lines]
    return SheetTable(
        table.question, columns, rows, [*([f"{table.note}。"] if table.note else []), *defined(table.figures)]
    )


def _cell(value: Value) -> int | Decimal | str:
    return "—" if value is None else value


# --- As a paper ------------------------------------------------------------------------------------------------------


def as_pdf(asked: Asked, told: Told) -> bytes:
    """The report as a PDF in official format. Raises Refused for a character that no font holds, and FontsMissing."""
    chapters = [_chapter(place, subject, tables) for place, (subject, tables) in enumerate(told)]
    text = "".join(line.label for _, tables in told for table in tables for line in table.all_lines)
    if strange := fonts.load().unprintable(clean(text)):
        raise Refused(f"“{'、'.join(strange)}”不能印出，字库没有这个字。请管理员安装字库。")
    issuer, signed_on = _issuer(asked), day_words(asked.today)
    basis = basis_if_any(asked.day)
    measure = f"根据《{basis.edition.title}》，" if basis else ""
    of_whom = f"{scope_words(asked)}{_year_words(asked)}"
    opening = f"{measure}现将{of_whom}企业首席质量官制度实施情况的统计结果报告如下。{AS_RECORDED}"
    width, name_width = (fonts.load().width(clean(words)) for words in (signed_on, issuer))
    context = {
        "title": shape_title([f"{scope_words(asked)}企业首席质量官制度", "实施情况统计报告"], official.TITLE_WIDTH),
        "term": f"（{_year_words(asked)}）",
        "opening": _text(opening),
        "chapters": chapters,
        "meanings_heading": official.heading(f"{NUMERALS[len(chapters)]}、指标解释"),
        "meanings": [_text(words) for words in _meanings(told)],
        "issuer": clean(issuer),
        "signed_on": signed_on,
    }
    lengths = {"date": f"{width:.3f}em", "date-right": f"{max(4.0, (name_width - width) / 2):.3f}em"}
    css = sheet.style("common", "official", "statistics", lengths=lengths)
    return render.render(render_to_string("papers/statistics.html", context), css).pdf


def _issuer(asked: Asked) -> str:
    if asked.user.is_city_wide:
        return authority_on(asked.today) or "市级质监部门"
    return asked.user.office_name


def _meanings(told: Told) -> list[str]:
    figures = [figure for _, tables in told for table in tables for figure in table.figures]
    return [f"{place}. {words}" for place, words in enumerate(defined(figures), 1)]


def _text(words: str) -> SafeString:
    return official.paragraph(sheet.worded(words))


def _chapter(place: int, subject: Subject, tables: list[Table]) -> dict:
    """One subject: a heading of the first level, its lead, and each table under a heading of the second."""
    return {
        "heading": official.heading(f"{NUMERALS[place]}、{subject.title}"),
        "lead": _text(f"{subject.lead}{citing.cited(subject.clause)}。"),
        "tables": [_paper_table(number, table) for number, table in enumerate(tables)],
    }


def _paper_table(number: int, table: Table) -> dict:
    question = f"（{NUMERALS[number]}）{table.question.rstrip('？')}"
    rows = sheet.lines(sheet.worded(question), official.CHARACTERS)
    return {
        "heading": as_paragraph(rows, css="second heading"),
        "head": table.head,
        "columns": [f"{figure.title}（{figure.unit}）" for figure in table.figures],
        "lines": [(_label(line.label), [said(value) for value in line.values]) for line in table.lines],
        "total": table.total and (_label(table.total.label), [said(value) for value in table.total.values]),
        "note": sheet.paragraph([Run(f"注：{table.note}。")], sheet.TEXT_WIDTH * MM / SMALL, 0) if table.note else "",
        "chart": charts.draw(table, table.key, '"Paper song"'),
    }


def _label(words: str) -> SafeString:
    return sheet.paragraph(sheet.worded(words), (LABEL - 4) * MM / SMALL, indent=0)
