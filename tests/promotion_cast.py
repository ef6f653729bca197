"""Campaigns, achievements, commendations, guidance and policies in any state, by the real acts."""

from datetime import date

from appointments import actions
from appointments.models import Achievement, Campaign, Commendation, Guidance, Policy
from appointments.states import AchievementState, CampaignKind, GuidanceWay, MaterialKind, Mechanism
from registry.actions.enterprises import designate
from registry.actions.files import store_file
from registry.models import User
from registry.states import Designation
from tests.cast import AT, TODAY, Make, part, pdf

TEXT = {
    "title": "釉面砖色差攻关",
    "summary": "三个月内把釉面砖色差不良率降到1.3%。",
    "done": "原料批次管控；窑炉温度曲线固定；首件比对。",
    "results": "不良率由3.2%降到1.3%，每月减少返工费用8万元。",
}
DOCUMENT = {
    "document_title": "关于表彰优秀首席质量官的决定",
    "document_number": "清质监〔2026〕12号",
    "issuing_body": "清远市质监局",
    "document_day": date(2026, 11, 20),
    "honour": "清远市优秀首席质量官",
    "ground": "攻关成效突出。",
}
SAID = {
    "day": date(2026, 11, 20),
    "way": GuidanceWay.VISIT,
    "officers": "陈指导",
    "mechanisms": [Mechanism.DUTIES, Mechanism.RIGHTS],
    "findings": "质量检验部门尚未隶属首席质量官。",
    "advice": "调整部门隶属，明确一票否决的程序。",
}
POLICY = {
    "title": "质量强区奖励办法",
    "document_number": "清城府〔2026〕3号",
    "issuing_body": "清城区人民政府",
    "issued_on": date(2026, 3, 1),
    "summary": "设立首席质量官并完成课题的企业，一次性奖励五万元。",
    "first_day": date(2026, 4, 1),
    "last_day": date(2027, 3, 31),
}


class Promote:
    """What the bureaus encourage with; the actors are those of the enterprise, its county and the city."""

    def __init__(self, make: Make):
        self.make = make

    def campaign(self, *, by: User | None = None, at=AT, **changes) -> Campaign:
        """A draft."""
        facts = {
            "kind": CampaignKind.TACKLING,
            "title": "陶瓷行业质量攻关活动",
            "what": "围绕色差、尺寸偏差开展攻关。",
            "first_day": date(2026, 11, 1),
            "last_day": date(2026, 12, 31),
            "due_on": date(2026, 12, 15),
        } | changes
        return actions.plan_campaign(by=by or self.make.municipal, at=at, **facts)

    def published_campaign(self, *, by: User | None = None, at=AT, **changes) -> Campaign:
        """Published: enterprises may send in."""
        row = self.campaign(by=by, at=at, **changes)
        return actions.publish_campaign(row, version=row.version, by=by or self.make.municipal, at=at)

    def draft(self, person, company, at=AT, *, campaign=None, material=True, **changes) -> Achievement:
        """An achievement being written, whole, with a file for everybody."""
        by = self.make.enterprise_user(company)
        row = actions.start_achievement(
            enterprise=company, candidate=person, kind=CampaignKind.MANAGEMENT, campaign=campaign, by=by, at=at,
            **TEXT | changes,
        )  # fmt: skip
        if material:
            file = self.make.stored(company, name="数据.pdf", at=at)
            actions.add_material(row, kind=MaterialKind.OPEN, file=file, by=by, at=at)
        return row

    def submitted(self, person, company, at=AT, **changes) -> Achievement:
        """Sent in, waiting to be read."""
        row = self.draft(person, company, at, **changes)
        return actions.submit_achievement(row, version=row.version, by=self.make.enterprise_user(company), at=at)

    def returned(self, person, company, at=AT, **changes) -> Achievement:
        """Returned by the county."""
        row = self.submitted(person, company, at, **changes)
        by = self.make.officer(company)
        return actions.return_achievement(row, version=row.version, reason="请补充改进前的数据。", by=by, at=at)

    def published(self, person, company, at=AT, *, named: bool = False, **changes) -> Achievement:
        """On the public page; with ``named`` the person agreed to be."""
        row = self.submitted(person, company, at, **changes)
        if named:
            self.consent(row)
        return actions.publish_achievement(row, version=row.version, by=self.make.officer(company), at=at)

    def consent(self, subject, agreed: bool = True, at=AT):
        """What the person said of being named."""
        evidence = self.make.stored(subject.enterprise, name="同意书.pdf") if agreed else None
        by = self.make.enterprise_user(subject.enterprise)
        return actions.record_name_consent(subject, agreed=agreed, evidence=evidence, by=by, at=at)

    def scan(self, company, by: User, at=AT):
        """A paper of the bureau's about an enterprise, scanned."""
        return store_file(pdf(), "文件.pdf", enterprise=company, by=by, at=at)

    def commendation(self, company, appointment=None, *, by: User | None = None, at=AT, **changes) -> Commendation:
        """Recorded by the city unless by its county."""
        by = by or self.make.municipal
        return actions.record_commendation(
            enterprise=company, appointment=appointment, scan=self.scan(company, by, at), by=by, at=at,
            **DOCUMENT | changes,
        )  # fmt: skip

    def revoked(self, commendation: Commendation, *, by: User | None = None, at=AT, **changes):
        """Revoked by a later document."""
        by = by or self.make.municipal
        facts = {
            "document_title": "关于撤销表彰的决定",
            "document_number": "清质监〔2026〕15号",
            "revoked_on": TODAY,
            "reason": "发现数据不实。",
        } | changes
        return actions.revoke_commendation(
            commendation, scan=self.scan(commendation.enterprise, by, at), by=by, at=at, **facts
        )

    def pilot(self, company, since: date = date(2026, 1, 1), until: date | None = None):
        """A pilot enterprise from a day on."""
        by = self.make.officer(company)
        designate(company, kind=Designation.PILOT, since=since, until=until, by=by, at=AT)
        return company

    def guided(self, company, *, by: User | None = None, at=AT, **changes) -> Guidance:
        """Guided by its county, two days ago."""
        by = by or self.make.officer(company)
        return actions.record_guidance(enterprise=company, by=by, at=at, **SAID | changes)

    def policy(self, *, by: User, at=AT, file: bool = True, **changes) -> Policy:
        """A draft of that officer's office."""
        stored = store_file(pdf(2), "政策.pdf", county=by.county, by=by, at=at) if file else None
        return actions.draft_policy(file=stored, by=by, at=at, **POLICY | changes)

    def published_policy(self, *, by: User, at=AT, **changes) -> Policy:
        """On the public page."""
        row = self.policy(by=by, at=at, **changes)
        return actions.publish_policy(row, version=row.version, by=by, at=at)

    def traces(self, person, company, appointment) -> None:
        """One row of every kind that could leak to another enterprise; what is public of them names nobody."""
        officer = self.make.officer(company)
        self.consent(self.returned(person, company))
        row = self.commendation(company, appointment, document_day=max(DOCUMENT["document_day"], appointment.first_day),
                                at=max(AT, AT.replace(year=AT.year + 1)))  # fmt: skip
        self.revoked(row, at=row.recorded_at, revoked_on=row.document_day)
        guidance = self.guided(self.pilot(company))
        actions.attach_to_guidance(guidance, file=self.scan(company, officer), by=officer, at=AT)


@part
def promote(make) -> Promote:
    """The acts, with everybody there who carries them out."""
    return Promote(make)


def in_state(promote: Promote, state: str, person, company) -> Achievement:
    """An achievement of that state."""
    by, officer = promote.make.enterprise_user(company), promote.make.officer(company)
    if state in (AchievementState.DRAFT, AchievementState.SUBMITTED, AchievementState.RETURNED):
        return getattr(promote, state)(person, company)
    if state == AchievementState.DECLINED:
        row = promote.submitted(person, company)
        return actions.decline_achievement(row, version=row.version, reason="数据不足。", by=officer, at=AT)
    row = promote.published(person, company)
    if state == AchievementState.WITHDRAWN:
        row = actions.withdraw_achievement(row, version=row.version, by=by, at=AT)
    return row
