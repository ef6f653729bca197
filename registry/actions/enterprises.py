"""Keeping the register of enterprises."""

from datetime import date

from django.db import transaction

from registry.actions.common import allow, day_of, locked, next_number
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


@transaction.atomic
def register_enterprise(
    *, credit_code: str, county: County, by: User, at, since: date | None = None, **facts
) -> Enterprise:
    """Put an enterprise on the register, with its county dated from ``since`` (default: the day of the act)."""
    allow(by, "registry.add_enterprise")
    if by.county_id and county.pk != by.county_id:
        raise Refused("只能登记本县(市、区)的企业。", field="county")
    if fault := credit_code_fault(credit_code):
        raise Refused(fault, field="credit_code")
    if Enterprise.unscoped.filter(credit_code=credit_code).exists():
        raise Refused("该统一社会信用代码已在名录中。", field="credit_code")
    enterprise = Enterprise.unscoped.create(
        reference=f"QY{next_number('enterprise', 0):05d}",
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
