"""Keeping the register of enterprises."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from registry.actions.common import allow, day_of, locked, next_number, next_numbers
from registry.copying import copy_rows, new_keys, update_rows
from registry.models import County, Enterprise, EnterpriseDesignation, EnterpriseSeat, User
from registry.refusals import Refused
from registry.rules import credit_code_fault
from registry.states import Designation

EDITABLE = [
    "name",
    "address",
    "industry",
    "size",
    "legal_representative",
    "principal",
    "contact_name",
    "contact_phone",
    "contact_email",
]


SERIES = "enterprise"
ON_REGISTER = "该统一社会信用代码已在名录中。"


OTHER_COUNTY = "只能登记本县(市、区)的企业。"


def _reference(number: int) -> str:
    return f"QY{number:05d}"


def new_enterprise_fault(credit_code: str, county: int, *, by: User) -> tuple[str, str] | None:
    """Why this officer puts no enterprise of that code and county's key on the register: a field and a sentence."""
    if not within_county(county, by):
        return "county", OTHER_COUNTY
    if fault := credit_code_fault(credit_code):
        return "credit_code", fault
    return None


def within_county(county: int, user: User) -> bool:
    """Whether an officer registers enterprises of that county's key: a county its own, the city all."""
    return not user.county_id or county == user.county_id


@transaction.atomic
def register_enterprise(
    *, credit_code: str, county: County, by: User, at, since: date | None = None, **facts
) -> Enterprise:
    """Put an enterprise on the register, with its county dated from ``since`` (default: the day of the act)."""
    allow(by, "registry.add_enterprise")
    if fault := new_enterprise_fault(credit_code, county.pk, by=by):
        raise Refused(fault[1], field=fault[0])
    if Enterprise.unscoped.filter(credit_code=credit_code).exists():
        raise Refused(ON_REGISTER, field="credit_code")
    enterprise = Enterprise.unscoped.create(
        reference=_reference(next_number(SERIES, 0)),
        credit_code=credit_code,
        county=county,
        created_at=at,
        created_by=by,
        **facts,
    )
    EnterpriseSeat.unscoped.create(
        enterprise=enterprise, county=county, period=(since or day_of(at), None), recorded_at=at, recorded_by=by
    )
    return enterprise


@transaction.atomic
def register_enterprises(rows: Sequence[Mapping[str, object]], *, by: User, at) -> None:
    """Put many on the register at once: each row has the facts of ``register_enterprise``, the county by its key.

    Raises Refused for a row that may not be, and the database's refusal for a code that is there by now.
    """
    allow(by, "registry.add_enterprise")
    for row in rows:
        if fault := new_enterprise_fault(row["credit_code"], row["county_id"], by=by):
            raise Refused(fault[1], field=fault[0])
    keys, today = new_keys(Enterprise, len(rows)), day_of(at)
    numbers = next_numbers(SERIES, 0, len(rows))
    facts, stamp = ("credit_code", "county_id", *EDITABLE), (1, at, by.pk)
    copy_rows(
        Enterprise,
        ("id", "reference", *facts, "version", "created_at", "created_by_id"),
        (
            (key, _reference(number), *(row[name] for name in facts), *stamp)
            for key, number, row in zip(keys, numbers, rows, strict=True)
        ),
    )
    copy_rows(
        EnterpriseSeat,
        ("enterprise_id", "county_id", "period", "recorded_at", "recorded_by_id"),
        (
            (key, row["county_id"], DateRange(row["since"] or today, None), at, by.pk)
            for key, row in zip(keys, rows, strict=True)
        ),
    )


@transaction.atomic
def change_enterprises(rows: Sequence[tuple[Enterprise, Mapping[str, object]]], *, by: User, at) -> None:
    """Correct many at once: enterprises that the caller has locked, each with its new facts; the others stay."""
    for enterprise, _ in rows:
        allow(by, "registry.change_enterprise", enterprise)
    update_rows(
        Enterprise,
        EDITABLE,
        (
            (enterprise.pk, [facts.get(name, getattr(enterprise, name)) for name in EDITABLE])
            for enterprise, facts in rows
        ),
    )


@transaction.atomic
def change_enterprise(enterprise: Enterprise, *, version: int, by: User, at, **facts) -> Enterprise:
    """Correct what may change of an enterprise. Raises Stale when somebody else wrote it meanwhile."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk, version)
    allow(by, "registry.change_enterprise", enterprise)
    for name in EDITABLE:
        if name in facts:
            setattr(enterprise, name, facts[name])
    enterprise.version += 1
    enterprise.save()
    return enterprise


@transaction.atomic
def designate(
    enterprise: Enterprise, *, kind: Designation, since: date, by: User, at, until: date | None = None
) -> None:
    """Record that an enterprise is above scale (Art. 4) or a pilot (Art. 12(一)) from a day, perhaps until a day."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "registry.designate_enterprise", enterprise)
    period = (since, until)
    if enterprise.designations.filter(kind=kind, period__overlap=period).exists():
        raise Refused("该期间已有同类记录。", field="since")
    EnterpriseDesignation.unscoped.create(
        enterprise=enterprise, kind=kind, period=period, recorded_at=at, recorded_by=by
    )


@transaction.atomic
def end_designation(enterprise: Enterprise, *, kind: Designation, last_day: date, by: User, at) -> None:
    """Record the last day on which an enterprise was above scale or a pilot."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "registry.designate_enterprise", enterprise)
    row = enterprise.designations.filter(kind=kind, period__contains=last_day).first()
    if row is None:
        raise Refused("该日没有这一类别的记录。", field="last_day")
    row.period = (row.period.lower, date.fromordinal(last_day.toordinal() + 1))
    row.recorded_at, row.recorded_by = at, by
    row.save()
