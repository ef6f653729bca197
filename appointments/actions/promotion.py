"""Achievements (Art. 10): told by the enterprises, published by the bureaus after reading."""

from datetime import date

from django.db import transaction

from appointments import notices
from appointments.models import Achievement, AchievementAct, AchievementFile, Campaign
from appointments.rules import missing_of, submission_fault
from appointments.states import ACHIEVEMENT_MOVES, AchievementActKind, AchievementState, CampaignState
from registry.actions.common import allow, day_of, locked, next_number, own_file
from registry.models import Candidate, Enterprise, StoredFile, User
from registry.refusals import Refused

WRITTEN = ("title", "summary", "done", "results")
BEING_WRITTEN = (AchievementState.DRAFT, AchievementState.RETURNED)


def _check_person(enterprise: Enterprise, candidate: Candidate, day: date) -> None:
    if not candidate.employments.filter(enterprise=enterprise, period__contains=day).exists():
        raise Refused("只能为本企业在职人员填报成果。", field="candidate")


def _check_campaign(campaign: Campaign | None, enterprise: Enterprise, day: date, *, field: str | None) -> None:
    """Raise Refused, at that field, where nothing can be sent in to this campaign on that day."""
    if campaign is None:
        return
    fault = submission_fault(
        due_on=campaign.due_on,
        closed=campaign.state != CampaignState.PUBLISHED,
        in_scope=campaign.county_id in (None, enterprise.county_id),
        today=day,
    )
    if fault:
        raise Refused(fault, field=field)


def _achievement(achievement: Achievement, perm: str, *, by: User, version: int | None = None, to=None) -> Achievement:
    """Lock and read again, ask the policy, check that the state allows the act; without ``to`` it is being written."""
    rows = Achievement.unscoped.select_related("enterprise__county", "candidate", "campaign")
    achievement = locked(rows, achievement.pk, version)
    allow(by, f"appointments.{perm}", achievement)
    if (achievement.state not in BEING_WRITTEN) if to is None else (achievement.state, to) not in ACHIEVEMENT_MOVES:
        raise Refused(f"这项成果现在是“{achievement.get_state_display()}”，不能办理这一步。")
    return achievement


def _note(achievement: Achievement, kind: AchievementActKind, *, by: User, at, text: str = "") -> None:
    AchievementAct.unscoped.create(achievement=achievement, kind=kind, by=by, at=at, text=text)


def _move(achievement: Achievement, to: str, *, by: User, at, text: str = "") -> Achievement:
    """The new state, saved, with its line in the timeline; an act's kind has the state's name."""
    achievement.state = to
    achievement.version += 1
    achievement.save()
    _note(achievement, AchievementActKind(to), by=by, at=at, text=text)
    return achievement


@transaction.atomic
def start_achievement(
    *, enterprise: Enterprise, candidate: Candidate, kind: str, by: User, at, campaign: Campaign | None = None, **text
) -> Achievement:
    """Begin to tell of an achievement; a draft. Where it is sent in to a campaign, its kind is the campaign's."""
    enterprise = locked(Enterprise.unscoped, enterprise.pk)
    allow(by, "appointments.share_experience", enterprise)
    _check_person(enterprise, candidate, day_of(at))
    _check_campaign(campaign, enterprise, day_of(at), field="campaign")
    year = day_of(at).year
    achievement = Achievement.unscoped.create(
        reference=f"CG-{year}-{next_number('achievement', year):04d}", enterprise=enterprise, candidate=candidate,
        campaign=campaign, kind=campaign.kind if campaign else kind, created_at=at, created_by=by, **text,
    )  # fmt: skip
    _note(achievement, AchievementActKind.DRAFTED, by=by, at=at)
    return achievement


@transaction.atomic
def save_achievement(
    achievement: Achievement,
    *,
    version: int,
    candidate: Candidate,
    kind: str,
    by: User,
    at,
    campaign: Campaign | None = None,
    **text,
) -> Achievement:
    """Keep what was written, while it is a draft or was returned. Raises Stale."""
    achievement = _achievement(achievement, "prepare_achievement", by=by, version=version)
    if candidate != achievement.candidate:
        _check_person(achievement.enterprise, candidate, day_of(at))
        if achievement.consents.exists():
            raise Refused("已经登记本人对公开姓名的意见，不能换人；请撤回后重新填写。", field="candidate")
    if campaign != achievement.campaign:
        _check_campaign(campaign, achievement.enterprise, day_of(at), field="campaign")
    achievement.candidate, achievement.campaign = candidate, campaign
    achievement.kind = campaign.kind if campaign else kind
    for name in WRITTEN:
        setattr(achievement, name, text.get(name, getattr(achievement, name)))
    achievement.version += 1
    achievement.save()
    return achievement


@transaction.atomic
def add_material(achievement: Achievement, *, kind: str, file: StoredFile, by: User, at) -> AchievementFile:
    """Put a file with an achievement that is being written."""
    achievement = _achievement(achievement, "prepare_achievement", by=by)
    own_file(file, achievement.enterprise, field="evidence")
    return AchievementFile.unscoped.create(achievement=achievement, kind=kind, file=file, added_at=at, added_by=by)


@transaction.atomic
def remove_material(material: AchievementFile, *, by: User, at) -> Achievement:
    """Take a file away again, while the achievement is being written; the stored file itself stays on record."""
    achievement = _achievement(material.achievement, "prepare_achievement", by=by)
    AchievementFile.unscoped.filter(pk=material.pk).delete()
    return achievement


@transaction.atomic
def submit_achievement(achievement: Achievement, *, version: int, by: User, at) -> Achievement:
    """The enterprise sends it in, the county is told. What is mended after a return is not late."""
    achievement = _achievement(
        achievement, "prepare_achievement", by=by, version=version, to=AchievementState.SUBMITTED
    )
    missing = missing_of(
        summary=achievement.summary,
        done=achievement.done,
        results=achievement.results,
        materials=achievement.materials.count(),
    )
    if missing:
        raise Refused("".join(missing.values()))
    if achievement.submitted_at is None:
        _check_campaign(achievement.campaign, achievement.enterprise, day_of(at), field=None)
        achievement.submitted_at, achievement.submitted_by = at, by
    achievement = _move(achievement, AchievementState.SUBMITTED, by=by, at=at)
    notices.achievement_submitted(achievement, at=at)
    return achievement


@transaction.atomic
def return_achievement(achievement: Achievement, *, version: int, reason: str, by: User, at) -> Achievement:
    """A bureau returns it, with what is to be mended."""
    achievement = _answered(achievement, AchievementState.RETURNED, version=version, reason=reason, by=by, at=at)
    notices.achievement_answered(achievement, f"请修改后重新提交：{reason.strip()}", at=at)
    return achievement


@transaction.atomic
def decline_achievement(achievement: Achievement, *, version: int, reason: str, by: User, at) -> Achievement:
    """A bureau does not publish it, and says why."""
    achievement = _answered(achievement, AchievementState.DECLINED, version=version, reason=reason, by=by, at=at)
    notices.achievement_answered(achievement, f"理由：{reason.strip()}", at=at)
    return achievement


def _answered(achievement: Achievement, to: str, *, version: int, reason: str, by: User, at) -> Achievement:
    achievement = _achievement(achievement, "read_achievement", by=by, version=version, to=to)
    if not reason.strip():
        raise Refused("请写明理由。", field="reason")
    return _move(achievement, to, by=by, at=at, text=reason.strip())


@transaction.atomic
def publish_achievement(achievement: Achievement, *, version: int, by: User, at) -> Achievement:
    """A bureau puts it on the public page; the name shows only while the person agrees (个人信息保护法 25)."""
    achievement = _achievement(achievement, "read_achievement", by=by, version=version, to=AchievementState.PUBLISHED)
    achievement.published_at, achievement.published_by = at, by
    achievement = _move(achievement, AchievementState.PUBLISHED, by=by, at=at)
    notices.achievement_answered(achievement, "已列入公开页“经验成果”。", at=at)
    return achievement


@transaction.atomic
def withdraw_achievement(achievement: Achievement, *, version: int, by: User, at, reason: str = "") -> Achievement:
    """The enterprise takes it back, from the public page too; the county is told of what it knew."""
    achievement = _achievement(
        achievement, "prepare_achievement", by=by, version=version, to=AchievementState.WITHDRAWN
    )
    known = achievement.state != AchievementState.DRAFT
    achievement = _move(achievement, AchievementState.WITHDRAWN, by=by, at=at, text=reason.strip())
    if known:
        notices.achievement_withdrawn(achievement, at=at)
    return achievement
