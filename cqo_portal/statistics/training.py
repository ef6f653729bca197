"""培训考核: sessions held, who took part, who passed, and the certificates that followed (Art. 7, 8 ¶1)."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, Value, share, totals
from cqo_portal.statistics.series import by_period, within
from cqo_portal.statistics.stood import assessments, done_by, end_of, not_by
from training.models import Certificate, Enrolment, Session
from training.states import EnrolmentState, TrainingKind


def taken(asked: Asked) -> QuerySet:
    """Seats taken in sessions that were over that day and not cancelled, with ``sat``, ``passed`` and ``certified``."""
    day = asked.day
    seated = Q(state=EnrolmentState.ENROLLED) | Q(state=EnrolmentState.WITHDRAWN, withdrawn_at__gte=end_of(day))
    rows = Enrolment.unscoped.visible_to(asked.user).filter(
        seated, done_by(day, "enrolled_at"), done_by(day, "session__published_at"),
        not_by(day, "session__cancelled_at"), session__last_day__lte=day,
    )  # fmt: skip
    sittings = assessments(day).filter(enrolment=OuterRef("pk"))
    passes = assessments(day, passed=True).filter(enrolment=OuterRef("pk"))
    certificates = Certificate.unscoped.filter(done_by(day, "issued_at"), enrolment=OuterRef("pk"))
    return rows.annotate(sat=Exists(sittings), passed=Exists(passes), certified=Exists(certificates))


def _that(name: str):
    return lambda asked: taken(asked).filter(**{name: True})


def sessions(asked: Asked) -> QuerySet:
    """The sessions in which somebody within one's scope took a seat."""
    return Session.unscoped.filter(pk__in=taken(asked).values("session"))


def _by(path: str) -> dict[str, str]:
    return {
        "since": f"{path}last_day__gte",
        "until": f"{path}last_day__lte",
        "body": f"{path}body__reference",
        "kind": f"{path}kind",
    }


SEAT, OWN = _by("session__"), _by("")
SESSIONS = Figure(
    "sessions", "培训班", "8.1", "期", "末日在期间内、已经结束且没有取消的培训班。县（市、区）局只计有本地人员参加的",
    sessions, OWN,
)  # fmt: skip
SEATS = Figure("seats", "参加", "7", "人次", "在上述培训班中取得名额的人次", taken, SEAT)
SAT = Figure("sat", "参加考核", "8.1", "人次", "其中有考核成绩的人次，补考不重复计", _that("sat"), SEAT)
PASSED = Figure("passed", "考核合格", "8.1", "人次", "其中考核合格的人次，补考合格的也计入", _that("passed"), SEAT)
PASS_RATE = Figure("pass-rate", "合格率", "8.1", "%", "考核合格的人次除以参加考核的人次")
CERTIFIED = Figure("certified", "取得证书", "8.1", "人次", "其中已发给培训证书的人次", _that("certified"), SEAT)
FIGURES = (SESSIONS, SEATS, SAT, PASSED, PASS_RATE, CERTIFIED)
COUNTS = {
    "held": Count("session", distinct=True),
    "seats": Count("pk", distinct=True),
    **{f"n_{name}": Count("pk", filter=Q(**{name: True}), distinct=True) for name in ("sat", "passed", "certified")},
}


def _values(found: dict[str, int]) -> tuple[Value, ...]:
    held, seats, sat, passed, certified = (found[name] for name in COUNTS)
    return held, seats, sat, passed, share(passed, sat), certified


def _total(lines: list[Line], dims: dict[str, str]) -> Line:
    held, seats, sat, passed, _, certified = totals(lines, 6)
    return Line("合计", (held, seats, sat, passed, share(passed, sat), certified), dims)


def tables(asked: Asked) -> list[Table]:
    """This year by body and by kind, then each period."""
    year = asked.year
    rows = within(taken(asked), "session__last_day", year.first, year.last).order_by("session__body__name")
    names = ("session__body__name", "session__body__reference", "session__kind")
    cells = list(rows.values(*names).annotate(**COUNTS))
    note = f"{year.first.year}年1月1日至统计日结束的培训班"
    bodies = _lines(cells, "session__body__reference", "body", year.dims, lambda cell: cell["session__body__name"])
    kinds = _lines(cells, "session__kind", "kind", year.dims, lambda cell: TrainingKind(cell["session__kind"]).label)
    return [
        Table("training-bodies", "各培训机构今年培训了多少人，合格率多少？", "培训机构", FIGURES, bodies,
              _total(bodies, year.dims), note, Chart("bars", ("sat", "passed"))),
        Table("training-kinds", "任职培训和继续教育各有多少人参加？", "培训类别", FIGURES, kinds,
              _total(kinds, year.dims), note),
        _series(asked),
    ]  # fmt: skip


def _lines(cells: list[dict], name: str, dim: str, dims: dict[str, str], label) -> tuple[Line, ...]:
    """One line for each value of a dimension: a session is of one body and one kind, so counts add up."""
    found: dict[str, dict] = {}
    for cell in cells:
        line = found.setdefault(cell[name], dict.fromkeys(COUNTS, 0) | {"label": label(cell)})
        for count in COUNTS:
            line[count] += cell[count]
    return tuple(Line(line["label"], _values(line), {**dims, dim: key}) for key, line in found.items())


def _series(asked: Asked) -> Table:
    found = by_period(taken(asked), "session__last_day", asked, **COUNTS)
    lines = tuple(Line(period.label, _values(found[period]), period.dims, period.short) for period in asked.periods)
    return Table(
        "training-series", "各期有多少人参加考核，多少人合格？", "期间", FIGURES, lines,
        note="按培训班的末日计入各期", chart=Chart("columns", ("sat", "passed")),
    )  # fmt: skip


def headline(asked: Asked) -> tuple[str, Value, str]:
    """How many passed this year."""
    rows = within(taken(asked), "session__last_day", asked.year.first, asked.year.last)
    return "本年考核合格", rows.filter(passed=True).count(), "人次"


SUBJECT = Subject(
    "training", "培训考核", "培训班、参加和考核的人次、合格率和发证，按培训机构和培训类别", "8.1",
    FIGURES, tables, headline,
)  # fmt: skip
