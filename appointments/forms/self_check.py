"""The self-check of Art. 6: what a visitor says of a person. Nothing of it is kept."""

from datetime import date

from django import forms

from appointments.rules import ONE_DAY, Facts, Held, Period, Thresholds, Work
from registry.fields import DayField, PickField
from registry.rules import day_words
from registry.states import EducationLevel, QualificationLevel, SizeBand
from training.rules import Training
from training.states import Standing

BOXES = ("year", "month", "day")
ENDS = (("first", "第一天"), ("last", "最后一天"))
PARTS = (*(f"{end}_{box}" for end, _ in ENDS for box in BOXES), "now")
OFFERED, MOST = 5, 30  # rows of quality work: as the form opens, and at most
TRAINED = [("yes", "参加过"), ("no", "没有参加过")]
# What a training is worth by who held it, as the rule of Art. 6(五) wants it.
ORGANISERS = {
    "recognised": ("质监部门或者认可的机构", Standing.RECOGNISED),
    "other": ("其他机构", Standing.UNPROVEN),
    "unknown": ("不清楚", Standing.UNPROVEN),
}
# A level, the day that goes with it, and what to say where one of the two is missing.
PAIRS = (
    ("education", "graduated_on", "填写了毕业日期，请选择学历。", "请填写毕业日期的年、月、日。"),
    ("qualification", "issued_on", "填写了取得日期，请选择职业资格的级别。", "请填写取得日期的年、月、日。"),
)


def _told(rows: list[dict] | None) -> list[dict]:
    """The rows in which something stands."""
    return [row for row in rows or () if any(text.strip() for text in row.values())]


class PeriodsWidget(forms.Widget):
    """A row of boxes for each period: first day, last day, 至今; those left empty are none."""

    template_name = "widgets/periods.html"
    use_fieldset = True

    def value_from_datadict(self, data, files, name):
        rows = []
        while len(rows) < MOST and f"{name}_{len(rows)}_first_year" in data:
            rows.append({part: data.get(f"{name}_{len(rows)}_{part}", "") for part in PARTS})
        return rows

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        told = _told(value)
        shown = told + [dict.fromkeys(PARTS, "")] * max(OFFERED - len(told), len(told) < MOST)
        rows = [
            {
                "n": n,
                "ends": [(end, label, [(box, row[f"{end}_{box}"]) for box in BOXES]) for end, label in ENDS],
                "now": row["now"],
            }
            for n, row in enumerate(shown)
        ]
        context["widget"] |= {"rows": rows}
        return context


class PeriodsField(forms.Field):
    """Periods of quality work; cleans to a list of ``Period``. Each fault names its row."""

    widget = PeriodsWidget

    def clean(self, value):
        found, faults = [], []
        for n, row in enumerate(_told(value), start=1):  # counted as they are shown again
            try:
                found.append(self._period(row))
            except forms.ValidationError as error:
                faults += [f"第 {n} 段：{sentence}" for sentence in error.messages]
        if faults:
            raise forms.ValidationError(faults)
        return found

    @staticmethod
    def _period(row: dict) -> Period:
        first, last = ([row[f"{end}_{box}"] for box in BOXES] for end, _ in ENDS)
        first_day = DayField(label="第一天", past=True).clean(first)
        last_day = DayField(label="最后一天", past=True, required=False).clean(last)
        if last_day and row["now"]:
            raise forms.ValidationError("既填写了最后一天，又勾选了“至今”，请只留一样。")
        if not last_day and not row["now"]:
            raise forms.ValidationError("请填写最后一天；还在做的，请勾选“至今”。")
        if last_day and last_day < first_day:
            raise forms.ValidationError("最后一天不能早于第一天。")
        return Period(first_day, last_day and last_day + ONE_DAY)


def _work(period: Period) -> Work:
    until = f"至{day_words(period.until - ONE_DAY)}" if period.until else "至今"
    return Work(period, f"{day_words(period.first)}{until}", True)


class SelfCheckForm(forms.Form):
    """Everything may be left empty: what is not said counts as not there. ``needed``: what the edition asks for."""

    size = PickField(
        label="企业规模",
        choices=SizeBand.choices,
        required=False,
        empty="不清楚",
        help_text="任职条件因企业规模而不同；不清楚的，按一般要求计算。",
    )
    education = PickField(label="学历", choices=EducationLevel.choices, required=False, empty="没有，或者不填")
    graduated_on = DayField(label="毕业日期", past=True, required=False)
    qualification = PickField(
        label="级别", choices=QualificationLevel.choices, required=False, empty="没有，或者不填"
    )  # fmt: skip
    issued_on = DayField(label="取得日期", past=True, required=False)
    periods = PeriodsField(
        label="质量工作的起止日期",
        required=False,
        help_text="第一天和最后一天都计算在内。重叠的期间只计一次，间断的期间不计；空着的行不计。",
    )
    trained = PickField(label="是否参加过首席质量官任职培训？", choices=TRAINED, radios=True, required=False)
    trained_on = DayField(label="发证日期", past=True, required=False)
    organiser = PickField(
        label="由谁组织",
        choices=[(value, words) for value, (words, _) in ORGANISERS.items()],
        required=False,
        empty="请选择",
    )

    def __init__(self, *args, needed: Thresholds, by_size: bool, **options):
        super().__init__(*args, **options)
        if not by_size:
            del self.fields["size"]
        wanted = EducationLevel(needed.education).label, QualificationLevel(needed.qualification).label
        for name, level in zip(("education", "qualification"), wanted, strict=True):
            least = "符合本企业规模要求" if by_size else f"{level}以上"
            self.fields[name].help_text = f"有几个的，填写最早取得的{least}的一个。"

    @property
    def sections(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """The questions in groups: heading, a sentence, fields."""
        groups = (
            *((("在什么企业任职", "", ("size",)),) if "size" in self.fields else ()),
            ("学历（不是学位）", "", ("education", "graduated_on")),
            ("质量专业技术人员职业资格", "", ("qualification", "issued_on")),
            ("质量工作经历", "", ("periods",)),
            ("任职培训", "参加过的，再填写下面两项。", ("trained", "trained_on", "organiser")),
        )
        return [(legend, lead, [self[name] for name in names]) for legend, lead, names in groups]

    def clean(self):
        said = super().clean()
        for level, day, no_level, no_day in PAIRS:
            if said.get(day) and not said.get(level) and level not in self.errors:
                self.add_error(level, no_level)
            if said.get(level) and not said.get(day) and day not in self.errors:
                self.add_error(day, no_day)
        self._clean_training(said)
        return said

    def _clean_training(self, said: dict) -> None:
        trained, day, organiser = (said.get(name) for name in ("trained", "trained_on", "organiser"))
        if trained == "yes":
            if not day and "trained_on" not in self.errors:
                self.add_error("trained_on", "请填写发证日期的年、月、日。")
            if not organiser and "organiser" not in self.errors:
                self.add_error("organiser", "请选择由谁组织；不能确定的，选“不清楚”。")
        elif (day or organiser) and "trained" not in self.errors:
            self.add_error("trained", "填写了任职培训的日期或者组织者，请选择“参加过”；没有参加过的，请清空这两项。")

    def facts(self, as_of: date) -> Facts:
        """What was typed as the rule of Art. 6 wants it, taken as if the papers for it had been seen."""
        said = self.cleaned_data
        education, qualification = said["education"], said["qualification"]
        return Facts(
            as_of=as_of,
            educations=(self._held(EducationLevel(education), said["graduated_on"], "毕业"),) if education else (),
            qualifications=(
                (self._held(QualificationLevel(qualification), said["issued_on"], "取得"),) if qualification else ()
            ),
            work=tuple(_work(period) for period in said["periods"]),
            trainings=(self._training(),) if said["trained"] == "yes" else (),
        )

    @staticmethod
    def _held(level: EducationLevel | QualificationLevel, since: date, verb: str) -> Held:
        return Held(level, since, f"{level.label}，{day_words(since)}{verb}", True)

    def _training(self) -> Training:
        words, standing = ORGANISERS[self.cleaned_data["organiser"]]
        day = self.cleaned_data["trained_on"]
        return Training(day, f"{day_words(day)}发证，由{words}组织", standing)
