"""The order of every act: lock, re-read, ask the policy, check the rule, write, number last."""

from datetime import date, datetime

from django.db.models import F
from django.utils import timezone

from registry.models import Counter, FormToken
from registry.refusals import Refused, Stale


def day_of(at: datetime) -> date:
    """The calendar day of a moment in Qingyuan: 16:30 UTC is already tomorrow there."""
    return timezone.localdate(at)


def allow(by, perm: str, subject=None) -> None:
    """Raise Refused unless the policy lets this person do it."""
    if not by.has_perm(perm, subject):
        raise Refused("您没有办理这一事项的权限。")


def own_file(file, enterprise, *, field: str) -> None:
    """Raise Refused, at that field, for a file that another enterprise put on file."""
    if file.enterprise_id != enterprise.pk:
        raise Refused("文件不属于这家企业。", field=field)


def own_paper(file, enterprise, *, field: str) -> None:
    """Raise Refused, at that field, for what cannot be an enterprise's own paper: it may always see that one itself."""
    own_file(file, enterprise, field=field)
    if file.internal:
        raise Refused("这是质监部门的内部文件，不能作为企业的书面文件。", field=field)


def locked(queryset, pk: int, version: int | None = None):
    """The row, locked and read again; raises Stale when somebody wrote it since the page showed ``version``."""
    row = queryset.select_for_update(of=("self",), no_key=True).get(pk=pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def next_number(series: str, year: int) -> int:
    """The next number of a series and year, without gaps: the counter's row stays locked until commit."""
    return next_numbers(series, year, 1)[0]


def next_numbers(series: str, year: int, count: int) -> range:
    """The next so many numbers of a series and year, without gaps: the counter's row stays locked until commit."""
    Counter.unscoped.bulk_create([Counter(series=series, year=year)], ignore_conflicts=True)
    counter = Counter.unscoped.select_for_update().get(series=series, year=year)
    Counter.unscoped.filter(pk=counter.pk).update(last=F("last") + count)
    return range(counter.last + 1, counter.last + 1 + count)


def remember_form(token, user, result_url: str, *, at) -> None:
    """Note that this form was carried out, in the same transaction as what it did."""
    FormToken.unscoped.create(token=token, user=user, result_url=result_url, at=at)


def remembered_result(token, user) -> str | None:
    """Where the first sending of this form led; None when it is new."""
    return FormToken.unscoped.filter(token=token, user=user).values_list("result_url", flat=True).first()
