"""Statistics equal SQL written by another hand, on random data, as of several days; every number leads to its rows."""

import re
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from io import BytesIO
from zoneinfo import ZoneInfo

import chinese_calendar
import pdfplumber
import pytest
import time_machine
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from appointments.actions import end
from appointments.states import EndReason
from cqo_portal.statistics import charts, coverage
from cqo_portal.statistics.declared import Asked, Chart, Line, Period, Step, Table, address, periods, said
from cqo_portal.statistics.rows import listed, shown
from cqo_portal.statistics.subjects import SUBJECTS
from registry import kept
from registry.actions.enterprises import designate, end_designation
from registry.models.measure import basis_if_any
from registry.states import Designation
from tests.cast import AT, TODAY
from tests.statistics_data import ASKS, ASKS_FROM, COUNTS_FROM
from tests.statistics_sql import SQL
from tests.test_papers import POINT

DAYS = (date(2025, 7, 31), date(2025, 12, 31), TODAY)
ALL = [date(2021, 1, 1) + timedelta(days=n) for n in range(2300)]
WORKDAYS = [day for day in ALL if day < date(2027, 1, 1) and chinese_calendar.is_workday(day)]
DIMENSIONS = (
    "since", "until", "county", "industry", "body", "kind", "cycle", "behaviour", "outcome", "desk", "year",
)  # fmt: skip


def moment_after(day: date) -> datetime:
    """The first moment of the next day in Qingyuan."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo("Asia/Shanghai"))


def expected(figure: str, user, day: date, dims: dict[str, str]):
    """What SQL says of one cell."""
    year = int(dims.get("year", day.year))
    ends = min(day, date(year, 12, 31))
    values = dict.fromkeys(DIMENSIONS) | dims | {
        "day": day, "later": moment_after(day), "me": user.county_id, "workdays": WORKDAYS, "year": year, "ends": ends,
        "then": moment_after(ends), "counts_from": COUNTS_FROM, "asks": ASKS if ends >= ASKS_FROM else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SQL[figure], values)
        return cursor.fetchone()[0]


def cells(asked: Asked):
    """Every cell of every table: subject, figure, line, value."""
    for subject in SUBJECTS.values():
        for table in subject.tables(asked):
            for line in table.all_lines:
                for figure, value in zip(table.figures, line.values, strict=True):
                    yield subject, figure, line, value


def differences(asked: Asked, checked: dict[str, set]) -> list[tuple]:
    """The cells that are not what SQL says; ``checked`` takes up which values each figure had."""
    wrong = []
    for subject, figure, line, value in cells(asked):
        if line.dims is None:  # the whole city, told to a county
            user, dims = type(asked.user)(role="municipal"), {}
        else:
            user, dims = asked.user, dict(line.dims)
        day = date.fromisoformat(dims.pop("day", asked.day.isoformat()))
        wanted = expected(figure.key, user, day, dims)
        checked[figure.key].add(value)
        if value != wanted:
            wrong.append((subject.key, figure.key, line.label, value, wanted))
    return wrong


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 20))])
def test_every_number_is_what_sql_says_on_random_data(dice, municipal, county_one, seed):
    dice(seed)
    checked = defaultdict(set)
    step = list(Step)[seed % 3]
    for day in {DAYS[seed % 3], DAYS[(seed + 1) % 3]}:
        assert differences(Asked(municipal, day, TODAY, step), checked) == [], day
    assert differences(Asked(county_one, DAYS[seed % 3], TODAY, step), checked) == []
    assert set(checked) == set(SQL), "each figure is in some table, and each has its SQL"


# --- What would be seen ----------------------------------------------------------------------------------------------


def end_in_another_zone(day: date) -> datetime:
    """Midnight somewhere else."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


PLANTED = {
    "a day that ends in another zone": ("cqo_portal.statistics.stood.end_of", end_in_another_zone),
    "terms read as they are today": (
        "cqo_portal.statistics.stood.is_in_office", lambda day, path="": Q(**{f"{path}in_force__contains": day}),
    ),
    "stamps that do not count": (
        "cqo_portal.statistics.reports.not_by", lambda day, stamp: Q(**{f"{stamp}__isnull": True}),
    ),
    "calendar days for working days": (
        "cqo_portal.statistics.filing.Workdays.between", lambda self, first, last: max(0, (last - first).days),
    ),
    "courses elsewhere never count": (
        "cqo_portal.statistics.education.elsewhere_counts", lambda law, first, last, column: None,
    ),
    "half to even": ("cqo_portal.statistics.coverage.share", lambda part, whole: whole and round(100 * part / whole)),
}  # fmt: skip


@pytest.mark.parametrize("defect", PLANTED)
def test_a_planted_defect_is_seen(dice, municipal, monkeypatch, defect):
    made = dice(1)
    nights = [row.filed_at.date() for row in made.rows if row.filed_at and row.filed_at.hour >= 16]  # tomorrow, here
    monkeypatch.setattr(*PLANTED[defect])
    days = (*nights[:1], *DAYS)
    assert any(differences(Asked(municipal, day, TODAY, Step.QUARTER), defaultdict(set)) for day in days)


def test_yesterdays_figures_are_the_same_tomorrow(readings, filed_both, make, company_a, company_b, municipal):
    """A day later a term is ended, a designation ended and another begun, all as of days long before."""
    day, next_day = TODAY, AT + timedelta(days=1)
    before = told(municipal, day)
    row, user = filed_both["a"], make.enterprise_user(company_a)
    end(row, version=row.version, reason=EndReason.RESIGNED, last_day=date(2026, 3, 1), by=user, at=next_day)
    end_designation(
        company_b, kind=Designation.ABOVE_SCALE, last_day=date(2026, 1, 31), by=make.officer(company_b), at=next_day
    )
    designate(
        company_a, kind=Designation.PILOT, since=date(2025, 1, 1), by=make.officer(company_a), at=next_day
    )  # fmt: skip
    assert told(municipal, day) == before
    assert told(municipal, day + timedelta(days=1)) != before


def told(user, day: date) -> list:
    """All tables as of a day, without the words that name the day."""
    return [line.values for *_, line, _ in cells(Asked(user, day, day + timedelta(days=5)))]


# --- From a number to its rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_every_number_leads_to_as_many_rows(dice, municipal, county_one, seed):
    dice(seed)
    for user, day in ((municipal, DAYS[seed]), (county_one, TODAY)):
        asked, followed = Asked(user, day, TODAY, Step.QUARTER), set()
        for subject, figure, line, value in cells(asked):
            if not value or not address(subject.key, figure, asked, line):
                assert not value or figure.rows is None or line.dims is None, (figure.key, line.label)
                continue
            dims = dict(line.dims)
            then = date.fromisoformat(dims.pop("day", day.isoformat()))
            rows = listed(figure.counted(Asked(user, then, TODAY), dims))
            assert rows.count() == value, (figure.key, line.label)
            assert all(shown(row).url for row in rows[:2])
            followed.add(figure.key)
        assert len(followed) > 20


def test_a_number_opens_the_list_of_its_rows(dice, municipal, client):
    dice(2)
    client.force_login(municipal)
    with time_machine.travel(AT, tick=False):
        page = client.get("/statistics/coverage/?day=2026-06-30&by=year").content.decode()
        links = re.findall(r'href="(/statistics/coverage/[^"]*)">([\d,]+)</a>', page)
        assert len(links) > 10
        for link, number in links[:6]:
            assert f"：{number} 家</h1>" in client.get(unescape(link)).content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "nothing/", "coverage/nothing/", "coverage/coverage-rate/", "coverage/covered/?colour=red",
        "filing/filed/?since=yesterday", "filing/filed/?since=2026-02-30", "filing/handled/?desk=none",
        "education/ce-bound/?year=0", "education/ce-bound/?year=２０２６", "coverage/covered/?county=%00",
    ],
)  # fmt: skip
def test_an_address_of_no_figure_is_not_there(readings, municipal, client, address):
    client.force_login(municipal)
    assert client.get(f"/statistics/{address}").status_code == 404


@pytest.mark.parametrize("day", ["banana", "2026-13-01", "2999-01-01", "1999-01-01", "2026-02-30", "--"])
def test_a_day_that_cannot_be_asked_about_is_told_and_today_shown(readings, municipal, client, day):
    client.force_login(municipal)
    with time_machine.travel(AT, tick=False):
        page = client.get("/statistics/", {"day": day}).content.decode()
    assert "截至2026年11月22日" in page and "统计日" in page


# --- Who counts what -------------------------------------------------------------------------------------------------


def test_a_county_counts_its_own_and_is_told_one_figure_of_the_city(dice, county_one, client):
    """Art. 4 aims at the whole city: its coverage stands beside the county's own, without a way to the rows."""
    dice(4)
    client.force_login(county_one)
    pages = [client.get(f"/statistics/{key}/").content.decode() for key in SUBJECTS]
    text = "".join(re.sub(r"<nav.*?</nav>", "", page, flags=re.S) for page in pages)
    assert not re.search("英德市|清新区|连州市", text) and "清城区" in text
    assert text.count("全市") == 1
    city = Asked(county_one, TODAY, TODAY)
    (line,) = [line for table in coverage.tables(city) for line in table.all_lines if line.label == "全市"]
    assert line.dims is None
    assert client.get("/statistics/coverage/above-scale/?county=441881").context["number"] == 0


def test_statistics_are_for_the_offices(readings, user_a, client):
    client.force_login(user_a)
    assert client.get("/statistics/").status_code == 404
    assert client.get("/statistics/report.xlsx").status_code == 404
    assert "统计" not in client.get("/").content.decode()


# --- The same numbers everywhere -------------------------------------------------------------------------------------


def test_page_workbook_and_paper_hold_the_same_numbers(dice, municipal, client):
    dice(3)
    client.force_login(municipal)
    with time_machine.travel(AT, tick=False):
        asked = Asked(municipal, date(2026, 9, 30), TODAY)
        query = {"day": "2026-09-30", "by": "month"}
        book = load(client.get("/statistics/report.xlsx", query).content)
        paper = text_of(client.get("/statistics/report.pdf", query).content)
        for subject in SUBJECTS.values():
            tables = subject.tables(asked)
            page = client.get(f"/statistics/{subject.key}/", query).content.decode()
            on_page = [[re.sub("<.*?>", "", cell) for cell in re.findall("<t[dh][^>]*>(.*?)</t[dh]>", row)]
                       for row in re.findall('<tr role="row">(.*?)</tr>', page, re.S)]  # fmt: skip
            in_book = book[subject.title]
            for table in tables:
                for line in table.all_lines:
                    values = [said(value) for value in line.values]
                    assert [line.label, *values] in on_page, (table.key, line.label)
                    assert [line.label, *map(in_cell, line.values)] in in_book, (table.key, line.label)
                    # A long label stands on two rows of the paper, its values in the middle of them.
                    begun, counted = re.escape(squeezed(line.label)[:6]), re.escape("".join(values))
                    assert re.search(f"{begun}.{{0,40}}?{counted}", paper), (table.key, line.label)


def in_cell(value):
    """A value as a spreadsheet gives it back."""
    return "—" if value is None else float(value)


def load(data: bytes) -> dict[str, list[list]]:
    """Sheet → its rows, without empty cells at their ends."""
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    return {name: [strip(row) for row in rows] for name, rows in sheets.items()}


def strip(row: list) -> list:
    """Without empty cells at the end."""
    while row and row[-1] == "":
        row = row[:-1]
    return row


def squeezed(text: str) -> str:
    """Without white space."""
    return re.sub(r"\s", "", text)


def text_of(data: bytes) -> str:
    """All words of a PDF, row by row, without white space."""
    with pdfplumber.open(BytesIO(data)) as opened:
        return squeezed("".join(page.extract_text() for page in opened.pages))


def test_a_page_says_what_exactly_is_counted(dice, municipal, client):
    """Each figure is declared once, with its article, and page, workbook and paper quote it."""
    dice(0)
    client.force_login(municipal)
    figures = {}
    for subject in SUBJECTS.values():
        page = client.get(f"/statistics/{subject.key}/").content.decode()
        for table in subject.tables(Asked(municipal, TODAY, TODAY)):
            for figure in table.figures:
                assert figure.definition in page and len(figure.definition) >= 8 and figure.clause
                assert figures.setdefault(figure.key, figure) is figure, "declared once"
    assert set(figures) == set(SQL)


# --- How it looks ----------------------------------------------------------------------------------------------------


def test_a_chart_passes_the_policy_and_tells_itself(dice, municipal, client):
    dice(3)
    client.force_login(municipal)
    drawn = 0
    for key in SUBJECTS:
        page = client.get(f"/statistics/{key}/").content.decode()
        for picture in re.findall(r"<svg.*?</svg>", page, re.S):
            drawn += 1
            assert not re.search(r"\sstyle=|<style|<script|\son\w+=|href=", picture)
            title, words = re.search(r'aria-labelledby="(\S+) (\S+)"', picture).groups()
            assert f'id="{title}"' in picture and f'id="{words}"' in picture and 'role="img"' in picture
            assert picture.count("<title") == 1 and "：" in re.search("<desc.*?>(.*?)</desc>", picture)[1]
        assert len(set(re.findall(r'id="([^"]+)"', page))) == len(re.findall(r'id="([^"]+)"', page))
    assert drawn >= 10


def test_a_name_in_a_chart_is_text_and_no_markup():
    line = Line("<script>&\"'", (3,))
    table = Table("k", "问？", "名", (coverage.ABOVE,), (line,), chart=Chart("bars", ("above-scale",)))
    picture = charts.draw(table, "k")
    assert "<script>" not in picture and "&lt;script&gt;&amp;" in picture
    nothing = Table("k", "问？", "名", (coverage.ABOVE,), (Line("名", (0,)),), chart=Chart("bars", ("above-scale",)))
    assert charts.draw(nothing, "k") == ""


def test_periods_end_with_the_day_and_begin_with_a_year_of_months():
    months, quarters, years = (periods(date(2024, 2, 29), step) for step in Step)
    assert [months[0].first, months[0].last, months[-1].last] == [
        date(2023, 3, 1),
        date(2023, 3, 31),
        date(2024, 2, 29),
    ]
    assert len(months) == 12 and len(quarters) == 8 and len(years) == 5
    assert (quarters[-1].label, quarters[-1].first) == ("2024年第1季度", date(2024, 1, 1))
    assert years[0] == Period("2020年", "2020", date(2020, 1, 1), date(2020, 12, 31))
    for found in (months, quarters, years):
        assert all(b.first - a.last == timedelta(days=1) for a, b in zip(found, found[1:], strict=False))


# --- What it costs ---------------------------------------------------------------------------------------------------


def test_a_page_asks_as_often_whatever_there_is(dice, municipal):
    basis_if_any(TODAY)  # this process has read the law, as a running one has
    few = {key: asked_of(municipal, key) for key in SUBJECTS}
    dice(5)
    assert {key: asked_of(municipal, key) for key in SUBJECTS} == few
    assert max(few.values()) <= 8


def asked_of(user, key: str) -> int:
    """How many queries the tables of a subject take."""
    kept.begin()  # as a request does
    with CaptureQueriesContext(connection) as queries:
        SUBJECTS[key].tables(Asked(user, TODAY, TODAY))
    kept.end()
    return len(queries)


# --- The paper -------------------------------------------------------------------------------------------------------


def test_the_paper_keeps_the_measures_of_the_standard(dice, municipal, client):
    """GB/T 9704-2012: A4, 版心 of 156 mm, 3号 in rows of 28.99 pt, 2号 title, 黑体 and 楷体 levels, 页码 outside."""
    dice(3)
    client.force_login(municipal)
    with time_machine.travel(AT, tick=False):
        answer = client.get("/statistics/report.pdf")
    with pdfplumber.open(BytesIO(answer.content)) as opened:
        pages = opened.pages
        chars = [[char for char in page.chars if char["text"].strip()] for page in pages]
    assert {(round(page.width * POINT), round(page.height * POINT)) for page in pages} == {(210, 297)}
    for number, page in enumerate(chars, 1):
        left = 28 if number % 2 else 26
        body = [char for char in page if char["bottom"] * POINT < 262.5]
        assert min(char["x0"] for char in body) * POINT >= left - 0.2, number
        assert max(char["x1"] for char in body) * POINT <= left + 156.2, number
        assert min(char["top"] for char in body) * POINT >= 36.5, number
        mark = [char for char in page if char["bottom"] * POINT >= 265]
        assert "".join(char["text"] for char in mark).replace("—", "") == str(number)
        assert {round(char["size"]) for char in mark} == {14}
        edge = max(char["x1"] for char in mark) if number % 2 else min(char["x0"] for char in mark)
        assert edge * POINT == pytest.approx(184 - 14 * POINT if number % 2 else 26 + 14 * POINT, abs=0.3)
    title = [char for char in chars[0] if abs(char["size"] - 22) < 0.05]
    assert "".join(char["text"] for char in title) == "全市企业首席质量官制度实施情况统计报告"
    assert {char["fontname"].partition("+")[2] for char in title} == {"Paper-title-Bold"}
    assert (title[0]["x0"] + title[-1]["x1"]) / 2 * POINT == pytest.approx(106, abs=0.3)
    lines = rows_in(chars[0], 15.75)
    opening = next(place for place, (_, text, _) in enumerate(lines) if text.startswith("根据《"))
    assert lines[opening + 1][0] - lines[opening][0] == pytest.approx(28.99, abs=0.1)
    full = re.sub("[0-9]{2}", "字", lines[opening + 1][1])  # two figures are as wide as one character
    assert len(full) in (27, 28)
    firsts = {text[:2]: face for page in chars for _, text, face in rows_in(page, 15.75)}
    assert [firsts[f"{numeral}、"] for numeral in "一二三四五六七八九"] == ["Paper-hei"] * 9
    seconds = [
        face for page in chars for _, text, face in rows_in(page, 15.75) if text.startswith(("（一）各", "（二）各"))
    ]
    assert len(seconds) >= 6 and set(seconds) == {"Paper-kai"}
    signed, left = rows_at_end(chars[-1]), 28 if len(pages) % 2 else 26
    assert "".join(char["text"] for char in signed) == "2026年11月22日"
    assert left + 156 - signed[-1]["x1"] * POINT == pytest.approx(4 * 15.75 * POINT, abs=0.4)


def rows_in(chars: list[dict], size: float) -> list[tuple[float, str, str]]:
    """The rows of one size on a page: base line, words, and the face of the first Chinese character."""
    rows = defaultdict(list)
    for char in chars:
        if abs(char["size"] - size) < 0.05:
            rows[round(char["matrix"][5])].append(char)
    found = []
    for _, row in sorted(rows.items(), reverse=True):
        face = next((c["fontname"].partition("+")[2] for c in row if "latin" not in c["fontname"]), "")
        found.append((-float(row[0]["matrix"][5]), "".join(char["text"] for char in row), face))
    return found


def rows_at_end(chars: list[dict]) -> list[dict]:
    """The last row of 3号 on a page: the date."""
    body = [char for char in chars if abs(char["size"] - 15.75) < 0.05]
    last = min(round(char["matrix"][5]) for char in body)
    return sorted((char for char in body if round(char["matrix"][5]) == last), key=lambda char: char["x0"])
