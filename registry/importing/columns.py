"""Columns out of form fields: a spreadsheet asks what the form asks, and holds it to the same rules."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from django import forms
from django.utils import timezone

from registry import cleaning
from registry.fields import CodeField, CreditCodeField, DayField, PersonNameField, PhoneField
from registry.sheets import Column

# What a text has to be, by the kind of field that asks for it; the first that fits.
RULES = (
    (CreditCodeField, lambda field: cleaning.credit_code),
    (CodeField, lambda field: cleaning.code),
    (PersonNameField, lambda field: partial(cleaning.person_name, label=field.label)),
    (PhoneField, lambda field: partial(cleaning.mobile, label=field.label)),
    (forms.EmailField, lambda field: cleaning.email),
    (forms.CharField, lambda field: cleaning.plain_line),
)


def column_of(key: str, field: forms.Field, **more) -> Column:
    """The column that asks what a form field asks; ``more`` is the column's own (title, required, width, choices…)."""
    help_text = f"{field.help_text}" if isinstance(field.help_text, str) else ""
    said = {"title": field.label, "required": field.required, "note": help_text} | more
    if isinstance(field, DayField):
        return Column(key, kind="day", rule=_not_to_come(field) if field.past else None, **{"width": 13} | said)
    if "choices" in more or isinstance(field, forms.ChoiceField):
        choices = more.get("choices") or tuple(str(label) for value, label in field.choices if value != "")
        return Column(key, kind="choice", **said | {"choices": choices})
    if isinstance(field, forms.BooleanField):
        return Column(key, kind="choice", **said | {"choices": ("是", "否")})
    if isinstance(field, forms.IntegerField):
        return Column(key, kind="number", **said | {"minimum": field.min_value, "maximum": field.max_value})
    rule = next(make(field) for kind, make in RULES if isinstance(field, kind))
    return Column(key, kind="text", **said | {"max_length": field.max_length, "rule": rule})


def _not_to_come(field: DayField):
    """The rule of a day that has to have come, asked on the day the file is read."""
    return lambda day: cleaning.past_day(day, field.label, today=timezone.localdate())


def columns_of(
    form: type[forms.Form], names: tuple[str, ...], *, prefix: str = "", group: str = "", **options: Mapping
) -> tuple[Column, ...]:
    """A column for each of a form's fields. ``options`` are by field's name what ``column_of`` takes as ``more``.

    The columns of a ``group`` are filled in together or not at all: none is required by itself, each title names it.
    """
    columns = tuple(column_of(f"{prefix}{name}", form.base_fields[name], **options.get(name, {})) for name in names)
    if not group:
        return columns
    return tuple(replace(column, title=f"{group}：{column.title}", required=False) for column in columns)


def meanings_of(form: type[forms.Form], names: tuple[str, ...], *, prefix: str = "") -> dict[str, dict[str, object]]:
    """What the words of each choice stand for, by column key."""
    found = {}
    for name in names:
        field = form.base_fields[name]
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
            coerce = getattr(field, "coerce", None) or (lambda value: value)
            found[f"{prefix}{name}"] = {str(label): coerce(value) for value, label in field.choices if value != ""}
        elif isinstance(field, forms.BooleanField):
            found[f"{prefix}{name}"] = {"是": True, "否": False, "": False}
    return found
