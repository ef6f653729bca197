"""The forms of a session: what is planned, why it is called off, and who enrols."""

import unicodedata
from datetime import date, timedelta
from itertools import pairwise

from django import forms
from django.utils import timezone

from registry.calendar_days import is_workday
from registry.citing import cited_late
from registry.fields import (
    CodeField,
    DayField,
    LineField,
    PersonNameField,
    PickField,
    RowField,
    TextField,
    plain_line,
)
from registry.forms import GroupedForm, ToldField
from registry.models import Candidate, County
from registry.models.measure import basis_if_any
from registry.pages import PortalForm
from registry.states import IdPaper
from training.models import TrainingBody
from training.states import TrainingKind

COURSES = 10  # rows offered
LONGEST_COURSE = 200  # hours
ONE_DAY = timedelta(days=1)


class CourseList(tuple):
    """Courses as (title, hours), which say themselves in words."""

    def __str__(self):
        return "；".join(f"{title} {hours} 学时" for title, hours in self)


class CoursesWidget(forms.Widget):
    """A row for each course; those left empty are none."""

    template_name = "widgets/courses.html"
    use_fieldset = True

    def value_from_datadict(self, data, files, name):
        return [(data.get(f"{name}_{n}_title", ""), data.get(f"{name}_{n}_hours", "")) for n in range(COURSES)]

    def value_omitted_from_data(self, data, files, name):
        return f"{name}_0_title" not in data

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        told = [*(value or ()), *[("", "")] * COURSES][:COURSES]
        rows = [{"n": n, "title": title, "hours": hours} for n, (title, hours) in enumerate(told)]
        context["widget"] |= {"rows": rows}
        return context

    def id_for_label(self, id_):
        return f"{id_}_0"


class CoursesField(forms.Field):
    """Up to ten courses with their hours; cleans to a ``CourseList``. Each fault names its row."""

    widget = CoursesWidget

    def clean(self, value):
        found, faults = [], []
        for n, (title, hours) in enumerate(value, start=1):
            try:
                if row := self._row(n, plain_line(title), unicodedata.normalize("NFKC", hours).strip()):
                    found.append(row)
            except forms.ValidationError as error:
                faults += [sentence if sentence.startswith("第 ") else f"第 {n} 门课程：{sentence}"
                           for sentence in error.messages]  # fmt: skip
        if not found and not faults:
            faults.append("请至少填写一门课程及其学时。")
        if faults:
            raise forms.ValidationError(faults)
        return CourseList(found)

    def _row(self, n: int, title: str, hours: str) -> tuple[str, int] | None:
        if not title and not hours:
            return None
        if not title:
            raise forms.ValidationError(f"第 {n} 门课程填了学时，没有填名称。")
        if len(title) > 60:
            raise forms.ValidationError(f"第 {n} 门课程的名称最多 60 个字。")
        if not (hours.isascii() and hours.isdigit() and 1 <= int(hours[:6]) <= LONGEST_COURSE):
            raise forms.ValidationError(f"第 {n} 门课程的学时应为 1 至 {LONGEST_COURSE} 的整数。")
        return title, int(hours)


def figure(label: str, least: int, most: int, unit: str, **options) -> forms.IntegerField:
    """A whole number within bounds, with its sentences."""
    sentence = f"{label}应为 {least} 至 {most} 的整数（{unit}）。"
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        error_messages={"required": f"请填写{label}。"}
        | dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
        **options,
    )


class SessionForm(GroupedForm):
    """A session as it is planned or changed; the body is asked only where there is a choice."""

    body = RowField(label="培训机构", queryset=TrainingBody.unscoped.none())
    kind = PickField(label="培训类别", choices=TrainingKind.choices, radios=True)
    title = LineField(label="名称", max_length=60, help_text="例如 第三期首席质量官任职培训。")
    first_day = DayField(label="首日", earliest=2016)
    last_day = DayField(label="末日", earliest=2016, help_text="这一天仍上课；一期最多 60 天。")
    workdays_only = forms.BooleanField(
        label="只排工作日",
        required=False,
        initial=True,
        help_text="跳过周末和法定节假日，含调休上班日。不勾选的，首日到末日每天都是培训日。",
    )
    place = LineField(label="地点", max_length=80)
    courses = CoursesField(label="课程和学时", help_text="最多十门；不用的行留空。总学时由各门相加。")
    open_county = PickField(label="面向", choices=(), required=False)
    audience = LineField(label="培训对象", max_length=120, help_text="例如 拟任首席质量官和企业质量管理人员。")
    seats = figure("名额", 1, 2000, "人")
    enrol_first_day = DayField(label="报名首日", earliest=2016)
    enrol_last_day = DayField(label="报名末日", earliest=2016, help_text="这一天仍可以报名；不得晚于培训末日。")
    pass_mark = figure("合格线", 1, 100, "分", initial=60, help_text="百分制，达到即合格。继续教育记学时，不发证书。")
    days_needed = figure("至少出勤天数", 1, 60, "天")

    groups = (
        ("什么培训，由谁组织？", "", ("body", "kind", "title")),
        ("何时何地？", "", ("first_day", "last_day", "workdays_only", "place")),
        ("上哪些课程？", "", ("courses",)),
        (
            "面向谁，有多少名额？",
            "名额满了以后报名的列入候补，有人取消时依次补上。",
            ("open_county", "audience", "seats"),
        ),
        ("何时报名？", "", ("enrol_first_day", "enrol_last_day")),
        ("怎样算合格？", cited_late("出勤和考核都达到要求的，才发给证书{}。", "8.1"), ("pass_mark", "days_needed")),
    )

    def __init__(self, *args, user, bodies=None, **options):
        super().__init__(*args, **options)
        counties = County.unscoped.visible_to(user)
        if user.county_id:
            counties = counties.filter(pk=user.county_id)
        self._counties = {county.code: county for county in counties}
        names = [(code, county.name) for code, county in self._counties.items()]
        self.fields["open_county"].choices = [("", "全市"), *names]
        basis = basis_if_any(timezone.localdate())
        if mark := basis and basis.value("pass_mark"):
            field = self.fields["pass_mark"]
            field.initial, field.help_text = mark, f"任职培训规定为 {mark} 分。继续教育记学时，不发证书。"
        some = list(bodies[:2]) if bodies is not None else []
        self.only = some[0] if len(some) == 1 else None
        if len(some) < 2:
            del self.fields["body"]
        else:
            self.fields["body"].queryset = bodies

    def organiser(self) -> TrainingBody:
        """The body the session is planned for."""
        return self.only or self.cleaned_data["body"]

    def clean(self):
        told = super().clean()
        for first, last, words in (
            ("first_day", "last_day", "末日不得早于首日。"),
            ("enrol_first_day", "enrol_last_day", "报名末日不得早于报名首日。"),
        ):
            if told.get(first) and told.get(last) and told[last] < told[first]:
                self.add_error(last, words)
        first, last = told.get("first_day"), told.get("last_day")
        if first and last and (last - first).days > 366:
            self.add_error("last_day", "首日和末日相隔不能超过一年。")
        return told

    def plan(self) -> dict:
        """Keywords of ``plan_session`` and ``change_session``, without the body."""
        told = self.values()
        first, last = told["first_day"], told["last_day"]
        days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
        names = ("kind", "title", "place", "audience", "seats", "pass_mark", "days_needed")
        return {name: told[name] for name in names} | {
            "open_county": self._counties.get(told["open_county"]),
            "session_days": [day for day in days if is_workday(day)] if told["workdays_only"] else days,
            "courses": list(told["courses"]),
            "enrolment": (told["enrol_first_day"], told["enrol_last_day"]),
        }


class CancelForm(PortalForm):
    """Why a session is called off."""

    reason = TextField(label="取消的原因", max_length=200, help_text="随消息发给已报名和候补人员的企业。")


class PeopleField(forms.ModelMultipleChoiceField):
    """Some of the people this person may see."""

    def clean(self, value):
        if any("\x00" in str(reference) for reference in value or ()):  # the database would not even look
            raise forms.ValidationError(self.error_messages["invalid_choice"])
        return super().clean(value)


class EnrolForm(PortalForm):
    """One or several people of an enterprise; ``refused`` says at each person why not."""

    people = PeopleField(
        label="为谁报名",
        queryset=Candidate.unscoped.none(),
        to_field_name="reference",
        error_messages={"required": "请至少选择一人。", "invalid_choice": "所选的人不在本企业在职人员中，请重新选择。"},
    )

    def __init__(self, *args, people, **options):
        super().__init__(*args, **options)
        self.fields["people"].queryset = people
        self.refused: dict[str, str] = {}

    @property
    def picked(self) -> list[str]:
        """The references ticked, as typed or as the address asks."""
        return [str(value) for value in self["people"].value() or ()]


class FreeEnrolForm(PortalForm):
    """Somebody without an enterprise whom a bureau enrols."""

    candidate = RowField(label="人员", queryset=Candidate.unscoped.none())

    def __init__(self, *args, people, **options):
        super().__init__(*args, **options)
        self.fields["candidate"].queryset = people


class FreePersonForm(GroupedForm):
    """Somebody without an enterprise, put on file by a bureau (Art. 7)."""

    name = PersonNameField(label="姓名", max_length=40, help_text="与身份证件一致。")
    id_type = PickField(label="证件类型", choices=IdPaper.choices, radios=True, initial=IdPaper.RESIDENT)
    id_number = CodeField(label="证件号码", max_length=30, help_text="只用来区分同名的人：加密保存，各处遮盖显示。")
    birth_date = DayField(
        label="出生日期", past=True, required=False, help_text="居民身份证不必填写，由号码读出；其他证件请填写。"
    )

    told = ToldField()

    groups = (
        ("这是谁？", "", ("name", "id_type", "id_number", "birth_date")),
        ("本人是否知情？", "证件号码只用来区分同名的人，没有它就不能确认是同一人。", ("told",)),
    )


class NameForm(GroupedForm):
    """A person's name, corrected."""

    name = PersonNameField(label="正确的姓名", max_length=40, help_text="与身份证件一致。")
    reason = TextField(label="更正的原因和依据", max_length=200, help_text="例如 登记时误写，已核对居民身份证原件。")

    groups = (("正确的姓名是什么，为什么更正？", "", ("name", "reason")),)


def consists_of_workdays(days: list[date]) -> bool:
    """Whether these days are exactly the working days from the first to the last, so that the box is ticked."""
    gaps = (earlier + n * ONE_DAY for earlier, later in pairwise(days) for n in range(1, (later - earlier).days))
    return all(is_workday(day) for day in days) and not any(is_workday(day) for day in gaps)
