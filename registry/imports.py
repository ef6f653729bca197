"""What spreadsheets bring onto the registry: enterprises many at once, people with what they learnt and did."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from registry.actions.common import day_of
from registry.actions.enterprises import (
    EDITABLE,
    OTHER_COUNTY,
    change_enterprises,
    register_enterprises,
    within_county,
)
from registry.actions.people import change_person, end_employment, known_person, record_fact, record_person
from registry.forms import (
    EducationForm,
    EnterpriseForm,
    ExperienceForm,
    FactForm,
    PersonForm,
    QualificationForm,
)
from registry.importing import ByActs, Entry, Kind, Moved, Outcome, column_of, columns_of, meanings_of
from registry.importing.kind import meant
from registry.models import Candidate, County, Employment, Enterprise, User
from registry.policies import counties_of
from registry.refusals import Refused
from registry.rules import day_words
from registry.sheets import MEGABYTE, Column, Limits
from registry.states import PRIVACY_NOTICE, IdPaper, Verdict

NOTHING = "（空）"


class Enterprises(Kind):
    """The register of enterprises, of a county or of the city."""

    slug, place, title, unit = "enterprises", 1, "企业名录", "家"
    lead = "把已有的企业名单登记到名录，或者成批更新名录中的企业资料。"
    lines = (
        "每家企业一行，以统一社会信用代码识别：名录中没有的新增，已有的更新。",
        "已有的企业：空白的格子不改动已登记的内容；所属县（市、区）和起始日期不随导入改变。",
        "上传后先列出新增、变更和有误的行，确认后一次写入。有误的行不写入，可以更正后再次上传。",
    )
    limits = Limits(rows=50_000, upload=10 * MEGABYTE, unpacked=150 * MEGABYTE, elements=4_000_000)
    asked = ("credit_code", "name", "county", "since", *EDITABLE[1:])
    meanings = meanings_of(EnterpriseForm, ("industry", "size"))

    def may(self, user):
        return user.has_perm("registry.add_enterprise")

    def columns(self, user):
        names = tuple(counties_of(user).order_by("code").values_list("name", flat=True))
        options = {"county": {"choices": names, "title": "县（市、区）"}, "name": {"width": 30}}
        options |= {"credit_code": {"width": 22}, "address": {"width": 36}, "industry": {"width": 24}}
        return columns_of(EnterpriseForm, self.asked, **options)

    def label(self, values):
        return values.get("name", "")

    def key(self, values):
        return values["credit_code"]

    def rehearse(self, entries, *, by, at):
        self._held_against(entries, by, Enterprise.unscoped.all())

    def _held_against(self, entries: Sequence[Entry], by: User, rows) -> dict[str, Enterprise]:
        """Give each entry its outcome by what ``rows`` holds; returns what it holds of them, by code."""
        counties = {county.name: county for county in County.unscoped.all()}
        held = {row.credit_code: row for row in rows.filter(credit_code__in=[e.values["credit_code"] for e in entries])}
        titles = {name: EnterpriseForm.base_fields[name].label for name in self.asked}
        for entry in entries:
            county = counties[entry.values["county"]]
            if known := held.get(entry.values["credit_code"]):
                self._known(entry, known, county, titles, by)
            elif not within_county(county.pk, by):
                entry.refuse(titles["county"], OTHER_COUNTY)
            else:  # its code was checked as it was read
                entry.outcome = Outcome(Verdict.NEW)
        return held

    def _known(self, entry: Entry, known: Enterprise, county: County, titles: dict, by: User) -> None:
        if known.county_id != county.pk:
            where = "属于其他县（市、区）" if by.county_id else "在名录中属于另一县（市、区）"
            entry.refuse(titles["county"], f"这家企业{where}，所属县（市、区）不随导入改变。")
            return
        changes = []
        for name, value in self._facts(entry.values).items():
            if value != getattr(known, name):
                field = Enterprise._meta.get_field(name)
                words = dict(field.flatchoices)
                before, after = (str(words.get(each, each)) for each in (getattr(known, name), value))
                changes.append((titles[name], before or NOTHING, after))
        entry.outcome = Outcome(Verdict.CHANGED if changes else Verdict.UNCHANGED, tuple(changes))

    def _facts(self, values: dict) -> dict:
        """What is written in the row of what may change; a blank cell says nothing."""
        told = meant(values, self.meanings)
        return {name: told[name] for name in EDITABLE if told[name] != ""}

    def write(self, entries, *, by, at, run):
        counties = {county.name: county.pk for county in County.unscoped.all()}
        new, changed = [], []
        for portion in self.batches(entries):
            expected = [entry.outcome for entry in portion]
            rows = Enterprise.unscoped.select_for_update(of=("self",), no_key=True).order_by("pk")
            held = self._held_against(portion, by, rows)
            for entry, outcome in zip(portion, expected, strict=True):
                if entry.outcome != outcome:
                    raise Moved
                told = meant(entry.values, self.meanings)
                if known := held.get(told["credit_code"]):
                    changed.append((known, self._facts(entry.values)))
                else:
                    new.append(told | {"county_id": counties[told["county"]]})
        register_enterprises(new, by=by, at=at)
        change_enterprises(changed, by=by, at=at)


def enterprise_columns(user: User) -> tuple[Column, ...]:
    """The column that says which enterprise a row is of; an enterprise is not asked which it is."""
    if user.enterprise_id:
        return ()
    field = EnterpriseForm.base_fields["credit_code"]
    return (column_of("credit_code", field, title="企业统一社会信用代码", width=22),)


def enterprise_of(values: dict, by: User) -> Enterprise:
    """The enterprise a row is of, within this person's scope. Raises Refused."""
    visible = Enterprise.unscoped.visible_to(by)
    code = values.get("credit_code")
    found = visible.filter(credit_code=code).first() if code else visible.filter(pk=by.enterprise_id).first()
    if found is None:
        raise Refused("名录中没有这家企业，或者不属于本县（市、区）。请先登记企业。", field="credit_code")
    return found


def in_turn(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The rows of one enterprise after the other's, each in the order of the file: they may build on one another."""
    ordered = sorted(entries, key=lambda entry: (entry.values.get("credit_code") or "", entry.number))
    for _, some in groupby(ordered, key=lambda entry: entry.values.get("credit_code") or ""):
        yield list(some)


def person_at(enterprise: Enterprise, values: dict) -> Candidate:
    """The person of that name, or that number of the portal's, who is or was at the enterprise. Raises Refused."""
    people = Candidate.unscoped.filter(employments__enterprise=enterprise).distinct()
    if reference := values.get("reference"):
        found = people.filter(reference=reference, name=values["name"]).first()
        if found is None:
            raise Refused("这家企业的人员名单中没有这个编号和姓名的人。", field="reference")
        return found
    some = list(people.filter(name=values["name"])[:2])
    if not some:
        raise Refused("这家企业的人员名单中没有此人。请先登记人员。", field="name")
    if len(some) > 1:
        raise Refused("这家企业有同名的人员，请填写人员编号（人员页面上以 RY 开头）。", field="reference")
    return some[0]


PERSON_COLUMNS = (
    column_of("name", PersonForm.base_fields["name"], width=12),
    Column("reference", "人员编号", "text", max_length=12, note="同一企业有同名人员时填写，例如 RY00001。"),
)


class People(ByActs):
    """People of enterprises, with their education, qualifications, quality work and employment."""

    slug, place, title, unit = "people", 2, "人员和履历", "行"
    lead = "登记企业的人员，以及每人的学历、职业资格和质量工作经历。"
    lines = (
        "每人一行。同一人有几项学历、资格或者经历的，另起一行，重复填写证件号码和姓名，其余只填那一项。",
        "以证件类型和号码识别同一人。已在名单中的，空白的格子不改动已登记的内容。",
        "登记证件号码之前，须将《个人信息处理告知》告知本人，并取得本人单独同意。证件号码加密保存，预览和结果中不显示。",
        "学历、职业资格、质量工作经历各自成组：填了一组中的任何一格，这一组的必填格都要填写。",
        "已登记的学历、资格和经历不随导入改变；有误的，请在人员页面移除后重新登记。",
    )
    limits = Limits(rows=5000, upload=5 * MEGABYTE, unpacked=60 * MEGABYTE, elements=1_000_000)
    asked = ("name", "id_type", "id_number", "birth_date", "phone", "position", "since")
    facts = (EducationForm, QualificationForm, ExperienceForm)
    meanings = meanings_of(PersonForm, ("id_type",)) | {
        key: words for form in facts for key, words in meanings_of(form, form.asked, prefix=f"{form.slug}_").items()
    }

    def may(self, user):
        return user.has_perm("registry.record_person", user.enterprise)

    def columns(self, user):
        options = {"id_number": {"secret": True, "width": 22}, "position": {"required": False}}
        options |= {"since": {"required": False}, "id_type": {"required": False}}
        told = Column("told", "已告知本人并取得同意", "choice", choices=("是",), note="新登记的人员必填。", width=12)
        left = Column("left", "离职日期", "day", note="任职的最后一天；仍在职的不填。", width=13)
        groups = (
            columns_of(form, form.asked, prefix=f"{form.slug}_", group=form.model._meta.verbose_name)
            for form in self.facts
        )
        who = columns_of(PersonForm, self.asked, **options)
        return (*enterprise_columns(user), *who, left, told, *(column for group in groups for column in group))

    def label(self, values):
        return values.get("name", "")

    def key(self, values):
        return tuple(sorted((key, str(value)) for key, value in values.items() if value not in ("", None)))

    def batches(self, entries):
        return in_turn(entries)

    def apply(self, values, *, context, by, at):
        told = meant(values, self.meanings) | {"id_type": self._paper(values)}
        enterprise = enterprise_of(told, by)
        person = known_person(told["id_type"], told["id_number"], told["name"])
        employment = person and person.employments.filter(enterprise=enterprise).order_by("-period").first()
        verdict, changes = Verdict.CHANGED, []
        if employment is None or self._is_back(employment, told):
            person = self._record(told, enterprise, by=by, at=at)
            verdict, changes = Verdict.NEW, [("人员", NOTHING, f"{told['name']}，{told['position']}")]
        else:
            changes += self._change(person, employment, told, by=by, at=at)
        changes += self._leave(person, enterprise, told, by=by, at=at)
        for form in self.facts:
            changes += self._fact(form, person, enterprise, told, by=by, at=at)
        return Outcome(verdict if changes else Verdict.UNCHANGED, tuple(changes))

    def _paper(self, values: dict) -> str:
        return self.meanings["id_type"].get(values.get("id_type"), IdPaper.RESIDENT)

    def _is_back(self, employment: Employment, told: dict) -> bool:
        """Whether the row says that somebody who left is there again."""
        return bool(told["since"] and employment.period.upper and told["since"] >= employment.period.upper)

    def _record(self, told: dict, enterprise: Enterprise, *, by: User, at) -> Candidate:
        for key, words in (("position", "在本企业的职务"), ("since", "入职日期")):
            if not told[key]:
                raise Refused(f"此人不在这家企业的人员名单中，新登记的须填写{words}。", field=key)
        if not told["told"]:
            raise Refused("新登记的人员，须先告知本人并取得本人对登记证件号码的单独同意。", field="told")
        names = ("name", "id_type", "id_number", "position", "since", "birth_date", "phone")
        facts = {name: told[name] for name in names}
        return record_person(enterprise=enterprise, **facts, told=PRIVACY_NOTICE, by=by, at=at)

    def _change(self, person: Candidate, employment: Employment, told: dict, *, by: User, at) -> list:
        """A new phone or position of somebody in service."""
        now = {"position": employment.position, "phone": employment.phone}
        new = {name: told[name] or value for name, value in now.items()}
        titles = {name: PersonForm.base_fields[name].label for name in now}
        changes = [(titles[name], now[name] or NOTHING, new[name]) for name in now if now[name] != new[name]]
        if changes:
            change_person(person, enterprise=employment.enterprise, version=person.version, **new, by=by, at=at)
            person.refresh_from_db()
        return changes

    def _leave(self, person: Candidate, enterprise: Enterprise, told: dict, *, by: User, at) -> list:
        if not (last_day := told["left"]):
            return []
        if last_day > day_of(at):
            raise Refused(f"离职日期不能晚于今天（{day_words(day_of(at))}）。", field="left")
        after = last_day + timedelta(days=1)
        if person.employments.filter(enterprise=enterprise, period__endswith=after).exists():
            return []
        if not person.employments.filter(enterprise=enterprise, period__contains=last_day, period__upper_inf=True):
            raise Refused("这一天此人不在这家企业任职，或者已登记另一离职日期。", field="left")
        end_employment(person, enterprise=enterprise, last_day=last_day, by=by, at=at)
        return [("离职日期", NOTHING, day_words(last_day))]

    def _fact(self, form: type[FactForm], person, enterprise, told: dict, *, by: User, at) -> list:
        """One education, qualification or experience of the row, where it is not on file yet."""
        prefix = f"{form.slug}_"
        facts = {name: told[f"{prefix}{name}"] for name in form.asked}
        if not any(facts.values()):
            return []
        for name in form.asked:
            field = form.base_fields[name]
            if field.required and not facts[name]:
                raise Refused(f"没有填写；填了这一组，须填写{field.label}。", field=f"{prefix}{name}")
        facts = form.as_facts(facts)
        if form.model.unscoped.filter(candidate=person, enterprise=enterprise, **facts).exists():
            return []
        try:
            row = record_fact(form.model, person, enterprise=enterprise, by=by, at=at, **facts)
        except Refused as refusal:
            raise Refused(refusal.sentence, field=f"{prefix}{refusal.field}") from refusal
        row.refresh_from_db()
        return [(form.model._meta.verbose_name, NOTHING, "，".join(form.described(row)))]
