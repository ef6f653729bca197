"""People on file: who they are, where they work, what they hold."""

from datetime import date, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from registry import identity
from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.citing import cited
from registry.models import Acknowledgement, Candidate, Employment, Enterprise, User
from registry.refusals import Refused
from registry.rules import impossible_day, masked_id, resident_birth_date, resident_id_fault
from registry.states import IdPaper


@transaction.atomic
def record_person(
    *,
    enterprise: Enterprise,
    name: str,
    id_type: str,
    id_number: str,
    position: str,
    since: date,
    by: User,
    at,
    told: str = "",
    **facts,
) -> Candidate:
    """Put a person of an enterprise on file; somebody met before is the same person, recognised by the ID paper.

    ``facts``: ``birth_date`` (needed unless a resident ID tells it), ``phone``. ``told`` is the edition of the privacy
    notice that the person was told. Raises Refused with its field.
    """
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "registry.record_person", enterprise)
    today = day_of(at)
    facts["birth_date"] = _birth_date(id_type, id_number, facts.get("birth_date"), today=today)
    if fault := impossible_day("入职日期", since, born=facts["birth_date"], today=today, youngest=16):
        raise Refused(fault, field="since")
    person = _person_with(id_type, id_number, name, facts, by, at)
    if person.employments.filter(enterprise=enterprise, period__overlap=(since, None)).exists():
        raise Refused("此人已在本企业的人员名单中。", field="id_number")
    _acknowledged(person, enterprise, told, by=by, at=at)
    Employment.unscoped.create(
        candidate=person,
        enterprise=enterprise,
        position=position,
        phone=facts.get("phone", ""),
        period=(since, None),
        created_at=at,
        recorded_at=at,
        recorded_by=by,
    )
    return person


@transaction.atomic
def record_free_person(
    *, name: str, id_type: str, id_number: str, by: User, at, birth_date: date | None = None, told: str = ""
) -> Candidate:
    """Put somebody without an enterprise on file, so that they can train (Art. 7). Raises Refused with its field."""
    allow(by, "registry.record_free_person")
    facts = {"birth_date": _birth_date(id_type, id_number, birth_date, today=day_of(at)), "county": by.county}
    person = _person_with(id_type, id_number, name, facts, by, at)
    if person.employments.filter(period__contains=day_of(at)).exists():
        raise Refused(f"此人在企业任职，由所在企业报名{cited('7')}。", field="id_number")
    if by.county_id and person.county_id != by.county_id:
        if person.county_id or person.employments.exists():
            raise Refused("此人已由另一单位登记在册，请与市局联系。", field="id_number")
        person.county = by.county
        person.save(update_fields=["county"])
    _acknowledged(person, None, told, by=by, at=at)
    return person


def _acknowledged(person: Candidate, enterprise: Enterprise | None, told: str, *, by: User, at) -> None:
    """Record that the person was told how their data is handled, by whom, in which edition of the notice."""
    if told:
        Acknowledgement.unscoped.create(candidate=person, enterprise=enterprise, notice=told, by=by, at=at)


@transaction.atomic
def correct_name(person: Candidate, *, name: str, reason: str, version: int, by: User, at) -> Candidate:
    """Correct a person's name, which the history keeps; papers issued stay as they were. Raises Refused, Stale."""
    person = locked(Candidate.unscoped, person.pk, version)
    allow(by, "registry.correct_name", person)
    if name == person.name:
        raise Refused("姓名没有变化。", field="name")
    if not reason.strip():
        raise Refused("请写明更正的原因和所依据的证件。", field="reason")
    person.name, person.name_reason = name, f"{day_of(at):%Y-%m-%d} {reason.strip()}"
    person.version += 1
    person.save()
    return person


def _birth_date(id_type: str, id_number: str, given: date | None, *, today: date) -> date:
    """The birth date that a resident ID tells, else the one given. Raises Refused with its field."""
    if id_type == IdPaper.RESIDENT:
        if fault := resident_id_fault(id_number, today=today):
            raise Refused(fault, field="id_number")
        given = resident_birth_date(id_number)
    if not given:
        raise Refused("请填写出生日期。", field="birth_date")
    if fault := impossible_day("出生日期", given, born=given, today=today):
        raise Refused(fault, field="birth_date")
    return given


def _person_with(id_type: str, id_number: str, name: str, facts: dict, by: User, at) -> Candidate:
    """The person of this ID paper, on file already or new. Raises Refused when the name on file is another."""
    known, fingerprint = known_person(id_type, id_number, name), identity.fingerprint(id_type, id_number)
    if known is None:
        reference = f"RY{next_number('candidate', 0):05d}"
        cipher, key_version = identity.seal(id_number, owner=reference)
        try:
            with transaction.atomic():
                return Candidate.unscoped.create(
                    reference=reference,
                    name=name,
                    birth_date=facts["birth_date"],
                    county=facts.get("county"),
                    id_type=id_type,
                    id_masked=masked_id(id_number),
                    id_cipher=cipher,
                    id_key_version=key_version,
                    id_hash=fingerprint,
                    id_hash_version=settings.ID_HASH_KEY_VERSION,
                    created_at=at,
                    created_by=by,
                )
        except IntegrityError:  # somebody else put the same person on file a moment ago
            return known_person(id_type, id_number, name)
    return known


def known_person(id_type: str, id_number: str, name: str) -> Candidate | None:
    """The person on file under this ID paper, None for nobody. Raises Refused when the name on file is another."""
    known = Candidate.unscoped.filter(id_hash__in=identity.fingerprints(id_type, id_number)).first()
    if known and known.name != name:
        raise Refused("该证件号码已登记在另一姓名之下。请逐字核对姓名和证件。", field="name")
    return known


@transaction.atomic
def change_person(person: Candidate, *, enterprise: Enterprise, version: int, phone: str, position: str, by: User, at):
    """Correct a person's phone and position at this enterprise, while in service there. Raises Stale."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    person = locked(Candidate.unscoped, person.pk, version)
    allow(by, "registry.record_person", enterprise)
    employment = person.employments.filter(enterprise=enterprise, period__contains=day_of(at)).first()
    if employment is None:
        raise Refused("此人现在不在本企业任职。")
    person.version += 1
    person.save()
    employment.position, employment.phone = position, phone
    employment.recorded_at, employment.recorded_by = at, by
    employment.save()
    return person


@transaction.atomic
def end_employment(person: Candidate, *, enterprise: Enterprise, last_day: date, by: User, at) -> None:
    """Record a person's last day at an enterprise."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "registry.record_person", enterprise)
    employment = person.employments.filter(enterprise=enterprise, period__contains=last_day).first()
    if employment is None:
        raise Refused("该日此人不在本企业任职。", field="last_day")
    employment.period = (employment.period.lower, last_day + timedelta(days=1))
    employment.recorded_at, employment.recorded_by = at, by
    employment.save()


@transaction.atomic
def record_fact(model, person: Candidate, *, enterprise: Enterprise, by: User, at, evidence=None, **facts):
    """Put a qualification, education, experience or training of a person on file for an enterprise (Art. 6)."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "registry.record_person", enterprise)
    if not person.employments.filter(enterprise=enterprise).exists():
        raise Refused("此人不在本企业的人员名单中。")
    if evidence is not None:
        own_file(evidence, enterprise, field="evidence")
    _refuse_impossible_days(model, person, facts, today=day_of(at))
    return model.unscoped.create(
        candidate=person, enterprise=enterprise, evidence=evidence, recorded_at=at, recorded_by=by, **facts
    )


def _refuse_impossible_days(model, person: Candidate, facts: dict, *, today: date) -> None:
    """Raise Refused, at its field, for a day in the future or before the person could have done it."""
    days = {model._meta.get_field(name).verbose_name: (name, day) for name, day in facts.items() if type(day) is date}
    if period := facts.get("period"):
        first_day, end = period if isinstance(period, tuple) else (period.lower, period.upper)
        days["开始日期"] = ("first_day", first_day)
        if end:
            days["结束日期"] = ("last_day", end - timedelta(days=1))
            if end <= first_day:
                raise Refused("结束日期不能早于开始日期。", field="last_day")
    for words, (field, day) in days.items():
        if fault := impossible_day(words, day, born=person.birth_date, today=today, youngest=model.youngest):
            raise Refused(fault, field=field)


@transaction.atomic
def remove_fact(fact, *, by: User, at) -> None:
    """Take a fact off the file; the history keeps it, and filed judgements keep their own copy.

    Raises Refused for a fact that a later decision stands on.
    """
    locked(Enterprise.unscoped, fact.enterprise_id)
    allow(by, "registry.record_person", fact.enterprise)
    try:
        fact.delete()
    except ProtectedError as held:
        raise Refused("这项记录已经市局认定，不能移除。确需移除的，请先由市局撤回认定。") from held
