"""What lists can be narrowed by, and what to say of it."""

from datetime import date, datetime, timedelta

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from registry.fields import DayField, LineField, PickField, RowField
from registry.models import County, Employment, Enterprise
from registry.policies import counties_of
from registry.rules import normalise_code
from registry.states import (
    Channel,
    DeliveryState,
    Designation,
    Industry,
    RegistrationState,
    SecurityEvent,
    SizeBand,
)

YES_NO = [("yes", "是"), ("no", "否")]
AT_WORK = [("now", "在职"), ("left", "已离职")]
NOT_ARRIVED = "undelivered"


class ListFilter(forms.Form):
    """Abstract: narrows a list by the address alone, so that every list has a link; a bad value narrows nothing.

    ``sorts`` are the other orders that a list can have: its key in the address, in words, as ``order_by`` takes it.
    """

    sorts: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    first_sort = ""

    def __init__(self, data, *, user, today):
        super().__init__(data)
        self.user, self.today = user, today
        if self.sorts:
            choices = [(key, words) for key, words, _ in self.sorts]
            self.fields["sort"] = PickField(label="排序", required=False, choices=choices, empty=self.first_sort)

    def narrow(self, rows):
        """The rows asked for."""
        self.is_valid()
        for name, value in self.cleaned_data.items():
            if value not in ("", None):
                rows = getattr(self, f"by_{name}")(rows, value)
        return rows

    def by_sort(self, rows, key):
        """The same rows in another order."""
        return rows.order_by(*next(order for name, _, order in self.sorts if name == key))


def designated(rows, kind: str, answer: str, today):
    """Rows of enterprises that are, or are not, of that kind today."""
    chosen = Enterprise.unscoped.designated(kind, today)
    return rows.filter(pk__in=chosen) if answer == "yes" else rows.exclude(pk__in=chosen)


class EnterpriseFilter(ListFilter):
    """The register of enterprises."""

    q = LineField(label="企业名称、代码或编号", required=False, max_length=80)
    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")
    industry = PickField(label="行业门类", required=False, choices=Industry.choices)
    size = PickField(label="企业规模", required=False, choices=SizeBand.choices)
    above_scale = PickField(label="规模以上", required=False, choices=YES_NO)
    pilot = PickField(label="试点", required=False, choices=YES_NO)

    first_sort = "企业名称"
    sorts = (("new", "最近登记", ("-created_at", "-pk")), ("old", "最早登记", ("created_at", "pk")))

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if user.county_id:
            del self.fields["county"]

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def by_county(self, rows, county):
        return rows.filter(county=county)

    def by_industry(self, rows, industry):
        return rows.filter(industry=industry)

    def by_size(self, rows, size):
        return rows.filter(size=size)

    def by_above_scale(self, rows, answer):
        return designated(rows, Designation.ABOVE_SCALE, answer, self.today)

    def by_pilot(self, rows, answer):
        return designated(rows, Designation.PILOT, answer, self.today)


class CandidateFilter(ListFilter):
    """The people on file."""

    q = LineField(label="姓名或编号", required=False, max_length=40)
    enterprise = LineField(label="企业名称或编号", required=False, max_length=80)
    at_work = PickField(label="在职情况", required=False, choices=AT_WORK)

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        if user.enterprise_id:
            del self.fields["enterprise"]

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def _employed(self, **lookup):
        """Whether a person is employed so, at an enterprise within this user's scope."""
        return Exists(Employment.unscoped.visible_to(self.user).filter(candidate=OuterRef("pk"), **lookup))

    def by_enterprise(self, rows, text):
        chosen = Enterprise.unscoped.visible_to(self.user).filter(search__holds=text)
        return rows.filter(self._employed(enterprise__in=chosen))

    def by_at_work(self, rows, answer):
        working = self._employed(period__contains=self.today)
        return rows.filter(working) if answer == "now" else rows.exclude(working)


class RegistrationFilter(ListFilter):
    """Registrations of enterprises."""

    q = LineField(label="企业名称或统一社会信用代码", required=False, max_length=80)
    state = PickField(label="状态", required=False, choices=RegistrationState.choices)

    def by_q(self, rows, text):
        return rows.filter(Q(name__icontains=text) | Q(credit_code=normalise_code(text)))

    def by_state(self, rows, state):
        return rows.filter(state=state)


class DeliveryFilter(ListFilter):
    """What was sent out of the portal."""

    enterprise = LineField(label="企业名称或编号", required=False, max_length=80)
    channel = PickField(label="方式", required=False, choices=Channel.choices)
    state = PickField(label="状态", required=False, choices=[(NOT_ARRIVED, "未送达"), *DeliveryState.choices])

    def by_enterprise(self, rows, text):
        return rows.filter(enterprise__search__holds=text)

    def by_channel(self, rows, channel):
        return rows.filter(channel=channel)

    def by_state(self, rows, state):
        return rows.undelivered() if state == NOT_ARRIVED else rows.filter(state=state)


class SecurityFilter(ListFilter):
    """The security log, by what happened, who, about what, and from which day to which."""

    event = PickField(label="事件", required=False, choices=SecurityEvent.choices)
    who = LineField(label="账号", required=False, max_length=60)
    about = LineField(label="对象编号", required=False, max_length=120)
    since = DayField(label="自", required=False)
    until = DayField(label="至", required=False)

    def by_event(self, rows, event):
        return rows.filter(event=event)

    def by_who(self, rows, username):
        return rows.filter(username=username)

    def by_about(self, rows, reference):
        return rows.filter(about__contains=reference)

    def by_since(self, rows, day):
        return rows.filter(at__gte=midnight(day))

    def by_until(self, rows, day):
        return rows.filter(at__lt=midnight(day + timedelta(days=1)))


def midnight(day: date) -> datetime:
    """The first moment of a day in Qingyuan."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
