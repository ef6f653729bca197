"""What every page does the same way: fetch within scope, carry a form out once, show a refusal at its field."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import messages
from django.db import DatabaseError, IntegrityError, transaction
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone

from registry.actions.common import remember_form, remembered_result
from registry.faults import sentence_for
from registry.refusals import Refused, Stale
from registry.rules import day_words

REPEATED = "这份表单已经办理过，下面是第一次办理的结果。"


class PortalForm(forms.Form):
    """A form that knows which version of the row it was filled against, and that it is carried out once."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, version: int | None = None, **options):
        super().__init__(*args, **options)
        self.fields["token"].initial = uuid4()
        self.fields["version"].initial = version
        self.fields["version"].required = version is not None
        self.conflict: list[tuple[str, str, str]] = []

    @property
    def helper(self) -> FormHelper:
        """Crispy's part: the fields; the template has the form tag, the token and the buttons."""
        helper = FormHelper(self)
        helper.form_tag = False
        helper.disable_csrf = True
        helper.form_show_errors = True
        return helper

    def values(self) -> dict:
        """What was typed, cleaned, without the form's own two fields."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("token", "version")}

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal at its field, or above the form."""
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.sentence)

    def show_conflict(self, row) -> None:
        """Somebody wrote the row meanwhile: keep the person's text, show what stands now, take up its version."""
        for name, value in self.values().items():
            now = getattr(row, name, value)
            if now != value:
                field = self.fields[name]
                self.conflict.append((field.label, _in_words(field, value), _in_words(field, now)))
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = str(row.version)


def _in_words(field: forms.Field, value) -> str:
    """A value as its field shows it: the words of a choice, a day as papers write it, 无 for nothing."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return day_words(value)
    return str(dict(getattr(field, "choices", ())).get(value, "" if value is None else value)) or "（空）"


def find(rows, **lookup):
    """The one row among those visible; Http404 outside one's scope, in every case alike."""
    if any("\x00" in value for value in lookup.values() if isinstance(value, str)):
        raise Http404  # no row holds it, and the database would not even look
    if (row := rows.filter(**lookup).first()) is None:
        raise Http404
    return row


def demand(user, perm: str, subject=None) -> None:
    """Http404 unless the policy lets this person do it: what one may not do is not there."""
    if not user.has_perm(perm, subject):
        raise Http404


def first_result(request, form: PortalForm):
    """A redirect to where a valid form led the first time it was sent; None when it is new."""
    if first := remembered_result(form.cleaned_data["token"], request.user):
        messages.info(request, "这份表单已经办理过，下面是第一次办理的结果。")
        return redirect(first)
    return None


def carry_out(request, form: PortalForm, act: Callable, to: Callable, *, row=None, done: str = ""):
    """Carry out a valid form once; returns a redirect, or None when it was refused (the form then says why).

    ``act(by=, at=)`` does it, ``to(result)`` names the page that follows, ``row`` is what a stale one is held against.
    """
    token, user = form.cleaned_data["token"], request.user
    try:
        if first := remembered_result(token, user):
            messages.info(request, REPEATED)
            return redirect(first)
        with transaction.atomic():
            url = to(act(by=user, at=timezone.now()))
            remember_form(token, user, url, at=timezone.now())
    except Refused as refusal:
        if first := remembered_result(token, user):  # the same form, sent twice at once: the first is through by now
            return redirect(first)
        form.refuse(refusal)
        if isinstance(refusal, Stale) and row is not None:
            row.refresh_from_db()
            form.show_conflict(row)
        return None
    except DatabaseError as error:
        if isinstance(error, IntegrityError) and (response := first_result(request, form)):
            return response
        if (sentence := sentence_for(error)) is None:
            raise
        form.refuse(Refused(sentence))
        return None
    if done:
        messages.success(request, done)
    return redirect(url)
