"""Guidance of pilot enterprises (Art. 12(一)) and incentive policies (Art. 9)."""

from datetime import date

from django.db import transaction

from appointments import notices
from appointments.models import Guidance, GuidanceFile, Policy
from appointments.states import POLICY_MOVES, PolicyState
from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.citing import cited
from registry.models import Enterprise, StoredFile, User
from registry.models.measure import days
from registry.refusals import Refused
from registry.rules import day_words
from registry.states import Designation

# --- Guidance --------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_guidance(
    *,
    enterprise: Enterprise,
    day: date,
    mechanisms: list[str],
    by: User,
    at,
    follow_up_on: date | None = None,
    corrects: Guidance | None = None,
    attachment: StoredFile | None = None,
    **said,
) -> Guidance:
    """Record guidance of an enterprise that was a pilot that day, perhaps in correction of an earlier record."""
    enterprise = locked(Enterprise.unscoped.select_related("county"), enterprise.pk)
    allow(by, "appointments.guide", enterprise)
    if day > day_of(at):
        raise Refused("指导日期不能晚于今天。", field="day")
    if not enterprise.is_designated(Designation.PILOT, day):
        raise Refused(f"{day_words(day)}这家企业不是试点企业{cited('12.(1)')}。", field="day")
    if follow_up_on is not None and follow_up_on <= day:
        raise Refused("回访日期应在指导日期之后。", field="follow_up_on")
    if corrects is not None and Guidance.unscoped.filter(corrects=corrects).exists():
        raise Refused("这条指导记录已经更正，请对最新的一条更正。")
    if attachment is not None:
        own_file(attachment, enterprise, field="evidence")
    year = day_of(at).year
    row = Guidance.unscoped.create(
        reference=f"ZD-{year}-{next_number('guidance', year):04d}", enterprise=enterprise, corrects=corrects, day=day,
        mechanisms=mechanisms, follow_up_on=follow_up_on, recorded_at=at, recorded_by=by, **said,
    )  # fmt: skip
    if attachment is not None:
        _attach(row, attachment, by=by, at=at)
    notices.guided(row, at=at)
    return row


def _attach(guidance: Guidance, file: StoredFile, *, by: User, at) -> GuidanceFile:
    return GuidanceFile.unscoped.create(guidance=guidance, file=file, added_at=at, added_by=by)


@transaction.atomic
def attach_to_guidance(guidance: Guidance, *, file: StoredFile, by: User, at) -> GuidanceFile:
    """Put one more file with a record of guidance; what is there stays."""
    enterprise = locked(Enterprise.unscoped, guidance.enterprise_id)  # the row itself nobody may write or lock
    allow(by, "appointments.guide", enterprise)
    own_file(file, enterprise, field="evidence")
    return _attach(guidance, file, by=by, at=at)


# --- Policies --------------------------------------------------------------------------------------------------------


def _check_days(first_day: date, last_day: date | None, issued_on: date, today: date) -> None:
    if last_day is not None and last_day < first_day:
        raise Refused("失效日期不得早于生效日期。", field="last_day")
    if issued_on > today:
        raise Refused("成文日期不能晚于今天。", field="issued_on")


@transaction.atomic
def draft_policy(
    *,
    first_day: date,
    issued_on: date,
    by: User,
    at,
    last_day: date | None = None,
    file: StoredFile | None = None,
    **text,
) -> Policy:
    """Write an incentive policy of one's own county in, or of the city: a draft nobody else sees."""
    allow(by, "appointments.offer_policy")
    _check_days(first_day, last_day, issued_on, day_of(at))
    year = day_of(at).year
    return Policy.unscoped.create(
        reference=f"ZC-{year}-{next_number('policy', year):04d}", county=by.county, period=days(first_day, last_day),
        issued_on=issued_on, file=file, created_at=at, created_by=by, **text,
    )  # fmt: skip


def _policy(policy: Policy, *, version: int, by: User, to: str) -> Policy:
    """Lock and read again, ask the policy table, check that the state allows the act; ``to`` a draft means editing."""
    policy = locked(Policy.unscoped.select_related("county"), policy.pk, version)
    allow(by, "appointments.keep_policy", policy)
    if (policy.state, to) not in (*POLICY_MOVES, (PolicyState.DRAFT, PolicyState.DRAFT)):
        raise Refused(f"这项政策现在是“{policy.get_state_display()}”，不能办理这一步。")
    policy.state = to
    policy.version += 1
    return policy


@transaction.atomic
def save_policy(
    policy: Policy,
    *,
    version: int,
    first_day: date,
    issued_on: date,
    by: User,
    at,
    last_day: date | None = None,
    file: StoredFile | None = None,
    **text,
) -> Policy:
    """Keep what was written of a draft; the file stays unless another is given. Raises Stale."""
    policy = _policy(policy, version=version, by=by, to=PolicyState.DRAFT)
    _check_days(first_day, last_day, issued_on, day_of(at))
    policy.period, policy.issued_on = days(first_day, last_day), issued_on
    policy.file = file or policy.file
    for name in ("title", "document_number", "issuing_body", "summary"):
        setattr(policy, name, text[name])
    policy.save()
    return policy


@transaction.atomic
def publish_policy(policy: Policy, *, version: int, by: User, at) -> Policy:
    """Put a policy with its file on the public page (Art. 9)."""
    policy = _policy(policy, version=version, by=by, to=PolicyState.PUBLISHED)
    if policy.file_id is None:
        raise Refused("公布政策须附文件，请先在“修改”中上传。")
    policy.published_at, policy.published_by = at, by
    policy.save()
    return policy


@transaction.atomic
def end_policy(policy: Policy, *, version: int, reason: str, by: User, at) -> Policy:
    """The policy no longer holds, before its last day or without one; it stays on record."""
    policy = _policy(policy, version=version, by=by, to=PolicyState.ENDED)
    if not reason.strip():
        raise Refused("请写明终止的原因。", field="reason")
    policy.ended_at, policy.ended_by, policy.end_reason = at, by, reason.strip()
    policy.save()
    return policy
