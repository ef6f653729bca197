"""Attendance and scores as a grid: one row a person, each cell read as the spreadsheet's are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import QueryDict

from registry.fields import DayField
from registry.pages import PortalForm
from registry.rules import day_words
from registry.sheets.cells import CellFault, value_of
from training.actions.certificates import fault_of
from training.actions.results import Result, trace_of
from training.forms.marks import (
    SITTING_WORDS,
    Changes,
    Typed,
    changes_of,
    sat_on_column,
    score_column,
    score_words,
    standing,
)
from training.models import Enrolment, Session
from training.rules import SITTINGS
from training.states import TrainingKind


@dataclass(frozen=True)
class Tick:
    """One day of a person: the checkbox, or what stands on file."""

    day: date
    ticked: bool
    recorded: bool | None


@dataclass(frozen=True)
class Line:
    """One person's row of the grid; ``sittings`` are (words, bound score, bound day), empty where nothing is asked."""

    enrolment: Enrolment
    ticks: list[Tick]
    sittings: list[tuple[str, forms.BoundField, forms.BoundField]]
    trace: str
    moved: bool  # somebody entered something since the page was shown

    @property
    def on_file(self) -> str:
        """What stands on file, in words."""
        present = [day_words(tick.day) + ("到场" if tick.recorded else "缺席") for tick in self.ticks
                   if tick.recorded is not None]  # fmt: skip
        sat = [
            f"{SITTING_WORDS[row.sitting - 1]} {score_words(row.score)} 分（{day_words(row.sat_on)}）"
            for row in self.enrolment.assessments.all()
        ]
        return "；".join([*present, *sat]) or "没有登记"

    @property
    def outcome(self) -> tuple[str, str]:
        """What comes of it as things stand: a sentence and whether it is good news (``green``)."""
        person = self.enrolment
        if not person.attendances.all() and not person.assessments.all():
            return "未登记", ""
        if person.session.kind == TrainingKind.QUALIFYING:
            fault = fault_of(person)
            return (fault, "") if fault else ("达到发证要求", "green")
        there, needed = person.days_present, person.session.days_needed
        return ("达到出勤要求", "green") if there >= needed else (f"出勤 {there} 天，须满 {needed} 天。", "")


class ResultsForm(PortalForm):
    """One page of the grid. ``days`` maps the session's days up to today to their keys, ``called`` are those on which
    somebody's attendance stands on file; ``typed`` shows a grid as it was typed, without judging it.

    A day without a single tick was not called: nothing is written of it. Else who is not ticked was absent.
    """

    default_day = DayField(
        label="考核日期", past=True, required=False, help_text="成绩旁没有写日期的，记为这一天。补考须逐人写日期。"
    )

    def __init__(
        self, *args, session: Session, enrolments: Collection[Enrolment], days: Mapping[date, int],
        called: Collection[date], today: date, typed: QueryDict | None = None, **options,
    ):  # fmt: skip
        super().__init__(*args, **options)
        self.session, self.days, self.called, self.today = session, days, set(called), today
        self.people = list(enrolments)
        self.typed = self.data if self.is_bound else typed
        self.changed: list[Changes] = []
        if session.kind != TrainingKind.QUALIFYING or not days:
            del self.fields["default_day"]
        else:
            self.fields["default_day"].initial = session.last_day if session.last_day <= today else None
            for person in self.people:
                self._ask_sittings(person)
        if typed is not None and not self.is_bound:
            for name, field in self.fields.items():
                if name not in ("token", "version"):
                    field.initial = field.widget.value_from_datadict(typed, {}, name)

    def _ask_sittings(self, person: Enrolment) -> None:
        """The first sitting, those on file, and one more where the last was failed."""
        if person.certificate:
            return
        sittings, last = standing(person)[1], person.last_assessment
        for sitting in range(1, min(SITTINGS, len(sittings) + (last is None or not last.passed)) + 1):
            sat_on, score = sittings.get(sitting, (None, None))
            name = person.candidate.name
            for column, value, width in (
                (score_column(sitting), score_words(score), 5), (sat_on_column(sitting), sat_on or "", 11)
            ):  # fmt: skip
                self.fields[f"{column.key}_{person.pk}"] = forms.CharField(
                    label=f"{name}的{column.title}", required=False, initial=value, max_length=20, strip=True,
                    error_messages={"max_length": f"{name}的{column.title}写得太长。"},
                    widget=forms.TextInput({"class": "form-control", "size": width, "autocomplete": "off"}),
                )  # fmt: skip

    def ticked(self, person: Enrolment) -> set[str]:
        """The days ticked for a person, as typed, else as they stand on file."""
        if self.typed is not None:
            return set(self.typed.getlist(f"there_{person.pk}"))
        present = standing(person)[0]
        return {day.isoformat() for day, key in self.days.items() if present.get(key)}

    def lines(self) -> list[Line]:
        """The rows of the grid, by seat."""
        found = []
        for person in self.people:
            there, present = self.ticked(person), standing(person)[0]
            ticks = [Tick(day, day.isoformat() in there, present.get(key)) for day, key in self.days.items()]
            found.append(Line(person, ticks, self._bound(person), trace_of(person), self._moved(person)))
        return found

    def _bound(self, person: Enrolment) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        keys = [(n, f"score{n}_{person.pk}", f"sat_on{n}_{person.pk}") for n in range(1, SITTINGS + 1)]
        return [(SITTING_WORDS[n - 1], self[score], self[day]) for n, score, day in keys if score in self.fields]

    def clean(self):
        told = super().clean()
        if len(self.data.getlist("row")) != len(self.people):
            self.add_error(None, "名单已有变化，有人取消了报名。请核对后再次保存。")
        editable = [person for person in self.people if not person.certificate]
        called = self.called | {day for day in self.days for p in editable if day.isoformat() in self.ticked(p)}
        for person in editable:
            changes = changes_of(person, self._typed(person, told, called), self.session, self.days, self.today)
            for key, reason in changes.faults:
                name = f"{key}_{person.pk}"
                if name not in self.errors:
                    self.add_error(name, f"{self.fields[name].label}：{reason}")
            if changes.words:
                self.changed.append(changes)
        return told

    def _typed(self, person: Enrolment, told: dict, called: Collection[date]) -> Typed:
        there, (present, sittings) = self.ticked(person), standing(person)
        attendance = {}
        for day, key in self.days.items():
            ticked = day.isoformat() in there
            attendance[day] = ticked if ticked or day in called or key in present else None
        scores, days = {}, {}
        for sitting in range(1, SITTINGS + 1):
            sat_on, score = sittings.get(sitting, (None, None))
            scores[sitting] = self._cell(person, score_column(sitting), score_words(score))
            other = told.get("default_day") if sitting == 1 and scores[1] is not None else None
            days[sitting] = self._cell(person, sat_on_column(sitting), sat_on and day_words(sat_on), other)
        return Typed(attendance, scores, days)

    def _moved(self, person: Enrolment) -> bool:
        """Whether somebody entered something of a person since the page was shown."""
        return self.is_bound and self.data.get(f"seen_{person.pk}") != trace_of(person)

    def _cell(self, person: Enrolment, column, on_file, other=None):
        """What a cell says, or ``other`` where it says nothing; what is wrong with it is told at it."""
        name = f"{column.key}_{person.pk}"
        if name not in self.fields or name in self.errors:
            return None
        try:
            value = value_of(self.cleaned_data.get(name, ""), column)
        except CellFault as fault:
            self.add_error(name, f"{self.fields[name].label}：{fault}")
            return None
        value = other if value is None else value
        if value is None and on_file and not self._moved(person):
            self.add_error(name, f"{self.fields[name].label}：已登记的是 {on_file}，不能清空，请填写。")
        return value

    def results(self) -> dict[int, Result]:
        """What the act is given, by enrolment's key: only who changes."""
        return {changes.enrolment.pk: changes.result for changes in self.changed}

    def seen(self) -> dict[int, str]:
        """What the page showed of each person."""
        return {changes.enrolment.pk: self.data.get(f"seen_{changes.enrolment.pk}", "") for changes in self.changed}
