"""Campaigns (Art. 10): offered by the city, or by a county to its own enterprises."""

from datetime import date

from django.db import transaction

from appointments import notices
from appointments.models import Campaign
from appointments.states import CAMPAIGN_MOVES, CampaignState
from registry.actions.common import allow, day_of, locked, next_number
from registry.models import User
from registry.models.measure import days
from registry.refusals import Refused


def _check_days(first_day: date, last_day: date, due_on: date) -> None:
    if last_day < first_day:
        raise Refused("结束日期不得早于开始日期。", field="last_day")
    if due_on < first_day:
        raise Refused("成果提交截止日期不得早于活动开始日期。", field="due_on")


@transaction.atomic
def plan_campaign(*, kind: str, title: str, what: str, first_day: date, last_day: date, due_on: date, by: User, at):
    """Begin a campaign of one's own office: a draft nobody else sees. Returns it."""
    allow(by, "appointments.offer_campaign")
    _check_days(first_day, last_day, due_on)
    year = day_of(at).year
    return Campaign.unscoped.create(
        reference=f"HD-{year}-{next_number('campaign', year):04d}", county=by.county, kind=kind, title=title,
        what=what, period=days(first_day, last_day), due_on=due_on, created_at=at, created_by=by,
    )  # fmt: skip


def _campaign(campaign: Campaign, *, version: int, by: User, to: str) -> Campaign:
    """Lock and read again, ask the policy, check that the state allows the act; ``to`` a draft means editing."""
    campaign = locked(Campaign.unscoped, campaign.pk, version)
    allow(by, "appointments.run_campaign", campaign)
    if (campaign.state, to) not in (*CAMPAIGN_MOVES, (CampaignState.DRAFT, CampaignState.DRAFT)):
        raise Refused(f"这项活动现在是“{campaign.get_state_display()}”，不能办理这一步。")
    campaign.state = to
    campaign.version += 1
    return campaign


@transaction.atomic
def save_campaign(
    campaign: Campaign, *, version: int, first_day: date, last_day: date, due_on: date, by: User, at, **values
) -> Campaign:
    """Keep what was written of a draft. Raises Stale."""
    campaign = _campaign(campaign, version=version, by=by, to=CampaignState.DRAFT)
    _check_days(first_day, last_day, due_on)
    campaign.period, campaign.due_on = days(first_day, last_day), due_on
    for name in ("kind", "title", "what"):
        setattr(campaign, name, values[name])
    campaign.save()
    return campaign


@transaction.atomic
def publish_campaign(campaign: Campaign, *, version: int, by: User, at) -> Campaign:
    """Publish a campaign; enterprises within reach that have a CQO in force are told."""
    campaign = _campaign(campaign, version=version, by=by, to=CampaignState.PUBLISHED)
    today = day_of(at)
    if campaign.due_on < today:
        raise Refused("成果提交截止日期已过，请先修改日期，再发布。")
    campaign.published_at, campaign.published_by = at, by
    campaign.save()
    notices.campaign_published(campaign, today, at=at)
    return campaign


@transaction.atomic
def close_campaign(campaign: Campaign, *, version: int, by: User, at) -> Campaign:
    """The campaign is over: nothing more is taken, what was sent in is still read."""
    campaign = _campaign(campaign, version=version, by=by, to=CampaignState.CLOSED)
    campaign.closed_at, campaign.closed_by = at, by
    campaign.save()
    return campaign
