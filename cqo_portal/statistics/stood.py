"""What stood on record at the end of a day, so that yesterday's figure is the same tomorrow.

Days of validity come from dated rows, days of knowledge from stamps: what was recorded later, and be it of an earlier
day, is left out. A row that was written over since is read as the history kept it.
"""

from datetime import date, datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Greatest, Lead, Least, TruncDate

from appointments.models import Act, Appointment
from appointments.states import ActKind
from cqo_portal.erasure import event_model
from registry.filters import midnight
from registry.models import Enterprise, EnterpriseDesignation, EnterpriseSeat
from training.models import Assessment, Attendance, PoolEntry


class Lower(Func):
    """The first day of a range of days."""

    function, output_field = "lower", DateField()


class Upper(Func):
    """The day after the last of a range of days."""

    function, output_field = "upper", DateField()


def end_of(day: date) -> datetime:
    """The first moment after a day in Qingyuan: what was recorded before it was known that day."""
    return midnight(day + timedelta(days=1))


def done_by(day: date, stamp: str) -> Q:
    """Rows whose stamp was set by the end of that day."""
    return Q(**{f"{stamp}__lt": end_of(day)})


def not_by(day: date, stamp: str) -> Q:
    """Rows whose stamp was not set by the end of that day."""
    return Q(**{f"{stamp}__isnull": True}) | Q(**{f"{stamp}__gte": end_of(day)})


def truth(which: Q) -> Case:
    """Whether a row is one of these, as a column to count and to filter by: never empty."""
    return Case(When(which, then=Value(True)), default=Value(False), output_field=BooleanField())


def _as_written(rows: QuerySet, field: str, stamp: str, day: date, **holds: object) -> QuerySet:
    """The rows of which a field held that, at the end of that day: of a row written over since, as the history kept it.

    ``holds`` is one lookup of the field. Asked as two questions, so that the planner can tell how many rows answer.
    """
    ((lookup, value),) = holds.items()
    model = rows.model
    kept = event_model(model).filter(pgh_obj=OuterRef("pk"), **{f"{stamp}__lt": end_of(day)}).order_by("-pgh_id")
    then = Subquery(kept.values(field)[:1], output_field=model._meta.get_field(field).clone())
    now = done_by(day, stamp) & Q(**{f"{field}__{lookup}": value})
    return rows.alias(then=then).filter(now | Q(**{f"{stamp}__gte": end_of(day), f"then__{lookup}": value}))


# --- Enterprises -----------------------------------------------------------------------------------------------------


def designations(kind: str, day: date) -> QuerySet:
    """Rows that say that an enterprise was above scale, or a pilot, on that day (Art. 4, 12(一))."""
    rows = EnterpriseDesignation.unscoped.filter(kind=kind)
    return _as_written(rows, "period", "recorded_at", day, contains=day)


def designated(rows: QuerySet, kind: str, day: date) -> QuerySet:
    """Those of these enterprises that were above scale, or pilots, on that day."""
    return rows.filter(Exists(designations(kind, day).filter(enterprise=OuterRef("pk"))))


def seats(day: date) -> QuerySet:
    """Rows that say to which county an enterprise belonged on that day."""
    return _as_written(EnterpriseSeat.unscoped.all(), "period", "recorded_at", day, contains=day)


def traded(rows: QuerySet, day: date, today: date) -> QuerySet:
    """These enterprises with ``trade``, their section as of that day."""
    trade = F("industry")
    if day < today:  # what is not dated is looked up in the history; of today it is the row itself
        kept = event_model(Enterprise).filter(pgh_obj=OuterRef("pk"), pgh_created_at__lt=end_of(day))
        trade = Coalesce(Subquery(kept.order_by("-pgh_id").values("industry")[:1]), trade, output_field=CharField())
    return rows.annotate(trade=trade)


def placed(rows: QuerySet, day: date, today: date) -> QuerySet:
    """These enterprises with ``place``, the code of their county, and ``trade``, as of that day."""
    own = seats(day).filter(enterprise=OuterRef("pk")).values("county__code")
    return traded(rows, day, today).annotate(place=Coalesce(Subquery(own[:1]), F("county__code")))


def designation_spans(enterprises: QuerySet, kind: str) -> QuerySet:
    """Each stretch of days on which an enterprise was above scale, or a pilot, as was on record on each of them.

    One row for each writing of the record, with ``since``, and ``until``, the day after the last: it holds from the day
    it was written, or begins, until it ends, or is written over.
    """
    written_over = Window(Lead("recorded_at"), partition_by=[F("pgh_obj")], order_by="pgh_id")
    rows = event_model(EnterpriseDesignation).filter(kind=kind, enterprise__in=enterprises.order_by().values("pk"))
    return rows.annotate(
        since=Greatest(Lower("period"), TruncDate("recorded_at")), until=Least(Upper("period"), TruncDate(written_over))
    )


# --- Appointments ----------------------------------------------------------------------------------------------------


def is_in_office(day: date, path: str = "") -> Q:
    """Appointments under which somebody was CQO on that day, as far as was recorded then (Art. 11).

    The term counts until its early end is recorded. ``path`` leads to the appointment, with its two underscores.
    """
    standing = Q(**{f"{path}term__contains": day}) & not_by(day, f"{path}ended_at") & not_by(day, f"{path}withdrawn_at")
    first = Act.unscoped.filter(done_by(day, "at"), appointment=OuterRef(f"{path}pk"), kind=ActKind.SUBMITTED)
    known = done_by(day, f"{path}submitted_at") | Exists(first)  # a filing that was returned is submitted anew
    return (Q(**{f"{path}in_force__contains": day}) | standing) & known


def in_office(day: date) -> QuerySet:
    """The appointments under which somebody was CQO on that day, of all counties."""
    return Appointment.unscoped.filter(is_in_office(day))


def office_spans(appointments: QuerySet) -> QuerySet:
    """These appointments with ``since`` and ``until``: the days on which ``is_in_office`` holds, the last exclusive.

    Only what was returned and submitted anew needs a look at its acts.
    """
    first = Act.unscoped.filter(appointment=OuterRef("pk"), kind=ActKind.SUBMITTED).order_by("pk")
    again = Act.unscoped.filter(kind=ActKind.RESUBMITTED).order_by().values("appointment")
    known = Case(
        When(pk__in=again, then=Subquery(first.annotate(day=TruncDate("at")).values("day")[:1])),
        default=TruncDate("submitted_at"),
    )
    broken_off = Q(ended_at__isnull=False) | Q(withdrawn_at__isnull=False)
    last = Greatest(Upper("in_force"), TruncDate("ended_at"), TruncDate("withdrawn_at"))
    return appointments.filter(term__isnull=False).annotate(
        since=Greatest(Lower("term"), known),
        until=Case(When(broken_off, then=Least(Upper("term"), last)), default=Upper("term")),
    )


# --- People and their courses ----------------------------------------------------------------------------------------


def assessments(day: date, *, passed: bool = False) -> QuerySet:
    """The sittings on record at the end of that day, all or those that were passed."""
    holds = {"exact": True} if passed else {"isnull": False}
    return _as_written(Assessment.unscoped.all(), "passed", "entered_at", day, **holds)


def attendances(day: date) -> QuerySet:
    """The days that people were there, as on record at the end of that day."""
    return _as_written(Attendance.unscoped.all(), "present", "entered_at", day, exact=True)


def pooled(day: date) -> QuerySet:
    """Who was in the talent pool at the end of that day (Art. 8 ¶2)."""
    return PoolEntry.unscoped.filter(done_by(day, "entered_at"), not_by(day, "left_at"))
