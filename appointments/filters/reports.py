"""What lists of report duties can be narrowed by, and how each state is asked of the rows."""

from datetime import date

from django.db.models import F, TextChoices

from appointments.models import ReportCycle, ReportDuty
from appointments.states import CycleState, ReportState
from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.policies import counties_of


class DutyState(TextChoices):
    """How a duty stands: its service, what came in and when, and what the bureau did with it."""

    UNSERVED = "unserved", "未送达"
    MISSING = "missing", "未提交"
    OVERDUE = "overdue", "期限已过未提交"
    ON_TIME = "on_time", "按时"
    LATE = "late", "迟交"
    TO_READ = "to_read", "待收阅"
    RETURNED = "returned", "退回补充"


def rows_at(rows, state: str, today: date):
    """The duties that stand so today; what is no longer owed is neither unserved nor missing."""
    owed = rows.standing().open()
    return {
        DutyState.UNSERVED: lambda: owed.filter(opened_at=None, paper_served_on=None),
        DutyState.MISSING: lambda: owed,
        DutyState.OVERDUE: lambda: owed.filter(due_on__lt=today),
        DutyState.ON_TIME: lambda: rows.filter(report__received_on__lte=F("due_on")),
        DutyState.LATE: lambda: rows.filter(report__received_on__gt=F("due_on")),
        DutyState.TO_READ: lambda: rows.filter(report__state=ReportState.RECEIVED),
        DutyState.RETURNED: lambda: rows.filter(report__state=ReportState.RETURNED),
    }[DutyState(state)]()


def is_owed(duty: ReportDuty) -> bool:
    """Whether a report is still owed, or was; the same question as ``standing``, answered in Python."""
    return duty.cycle.state == CycleState.PUBLISHED and duty.due_on in duty.appointment.in_force


class CycleDutyFilter(ListFilter):
    """The duties of one notice: by words, county and state."""

    q = LineField(label="企业或人员", required=False, max_length=60)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")
    state = PickField(label="状态", required=False, choices=DutyState.choices)

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if not user.is_city_wide:
            del self.fields["county"]

    def by_q(self, rows, text):
        return rows.filter(appointment__search__holds=text)

    def by_county(self, rows, county):
        return rows.filter(appointment__county=county)

    def by_state(self, rows, state):
        return rows_at(rows, state, self.today)


class DutyFilter(CycleDutyFilter):
    """All duties within one's scope: by notice too; an enterprise sees its own few, and no filter of parties."""

    cycle = RowField(label="通知", required=False, queryset=ReportCycle.unscoped.none())
    field_order = ["q", "cycle", "county", "state"]

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["cycle"].queryset = ReportCycle.unscoped.visible_to(user).exclude(published_at=None)
        self.fields["cycle"].label_from_instance = lambda cycle: f"{cycle.title}（{cycle.number}）"
        self.fields["cycle"].empty_label = "不限"
        if user.enterprise_id:
            del self.fields["q"]

    def by_cycle(self, rows, cycle):
        return rows.filter(cycle=cycle)
