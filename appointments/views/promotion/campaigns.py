"""活动 (Art. 10): list, draft, its page with the next step, publishing and closing."""

from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.forms.promotion import CampaignForm, SureForm
from appointments.models import Achievement, Campaign
from appointments.notices import hearers_of
from appointments.rules import submission_fault
from appointments.states import AchievementState, CampaignState
from appointments.views.promotion.achievements import state_words as achievement_words
from appointments.views.promotion.common import ActPage, NextStep, buttons, carry_act, office_words, shown
from registry.history import events_of, history
from registry.models import User
from registry.pages import demand, find
from registry.rules import day_words
from registry.templatetags.portal import cn_range
from registry.views.common import form_page, posted
from registry.views.lists import opened

CAMPAIGNS = "活动"
TONES = {CampaignState.PUBLISHED: "green"}
SHOWN = 20  # achievements on a campaign's page; all stand in their own list


def url_of(campaign: Campaign) -> str:
    """The campaign's page."""
    return reverse("campaign_detail", args=[campaign.reference])


def _act_url(campaign: Campaign, act: str) -> str:
    return reverse("campaign_act", args=[campaign.reference, act])


def state_words(campaign: Campaign, today) -> tuple[str, str]:
    """The state in words and its colour; a published one whose due day is over says so."""
    if campaign.state == CampaignState.PUBLISHED and campaign.due_on < today:
        return "已截止提交", "amber"
    return campaign.get_state_display(), TONES.get(campaign.state, "")


def _trail(campaign: Campaign | None = None) -> list[tuple[str, str]]:
    trail = [(CAMPAIGNS, reverse("campaign_list"))]
    return [*trail, (campaign.reference, url_of(campaign))] if campaign else trail


def open_campaign(request, reference: str) -> Campaign:
    """The campaign, if this person may see it; Http404 otherwise."""
    demand(request.user, "appointments.take_part")
    return find(Campaign.unscoped.visible_to(request.user).select_related("county"), reference=reference)


@require_safe
def campaign_list(request):
    """活动: published ones, and the drafts of one's own office."""
    found = opened(request, "campaign_list")
    page, may_offer = found.page(request), request.user.has_perm("appointments.offer_campaign")
    any_rows = found.any_beside(page)
    return shown(request, "campaign_list", filters=found.filters, page=page, any=any_rows, may_offer=may_offer)


def campaign_new(request):
    """Write a new campaign of one's own office."""
    demand(request.user, "appointments.offer_campaign")
    form = CampaignForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.plan_campaign(**form.values(), **who),
        to=url_of,
        title="组织活动",
        lead="先存草稿，只有本局看得到；核对后发布。",
        trail=_trail(),
        submit="保存草稿",
        done="草稿已保存，尚未发布。",
    )


def campaign_edit(request, reference):
    """Go on with a draft."""
    campaign = open_campaign(request, reference)
    demand(request.user, "appointments.run_campaign", campaign)
    initial = {name: getattr(campaign, name) for name in CampaignForm.base_fields if hasattr(campaign, name)}
    form = CampaignForm(initial=initial, version=campaign.version, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.save_campaign(campaign, version=form.cleaned_data["version"], **form.values(), **who),
        to=url_of,
        title="修改活动",
        lead="发布以后，内容和日期不能再改。",
        trail=_trail(campaign),
        row=campaign,
        done="草稿已保存，尚未发布。",
    )


def _facts(campaign: Campaign) -> list[tuple[str, str]]:
    return [
        ("类别", campaign.get_kind_display()),
        ("面向", office_words(campaign)),
        ("内容和要求", campaign.what),
        ("活动期间", cn_range(campaign.period)),
        ("成果提交截止", day_words(campaign.due_on)),
    ]


def next_step(campaign: Campaign, user: User, today) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    until = f"成果提交到{day_words(campaign.due_on)}为止，当天仍接收。"
    runs = user.has_perm("appointments.run_campaign", campaign)
    if runs and campaign.state == CampaignState.DRAFT:
        edit = ("修改", reverse("campaign_edit", args=[campaign.reference]))
        publish = buttons(ACTS, campaign, user, _act_url, "publish")
        return NextStep("下一步：核对并发布", "草稿只有本局看得到，发布后企业才能提交成果。", actions=[*publish, edit])
    over = campaign.state == CampaignState.CLOSED
    if user.enterprise_id:
        in_scope = campaign.county_id in (None, user.enterprise.county_id)
        fault = submission_fault(due_on=campaign.due_on, closed=over, in_scope=in_scope, today=today)
        if fault:
            return NextStep("现在不能提交到这项活动", fault)
        new = f"{reverse('achievement_new')}?campaign={campaign.reference}"
        return NextStep("可以提交成果", f"{until}参加与否由企业自愿。", actions=[("填写成果", new)])
    if over:
        return NextStep("无需办理", "活动已经结束。已提交的成果仍可核对、公开。")
    done = buttons(ACTS, campaign, user, _act_url, "close") if campaign.due_on < today else []
    text = "截止日期已过，可以结束活动。" if done else until
    return NextStep("下一步：结束活动" if done else "等待企业提交成果", text, actions=done)


@require_safe
def campaign_detail(request, reference):
    """Title, next step, what it is, and the achievements sent in to it that this person may see."""
    campaign, user, today = open_campaign(request, reference), request.user, timezone.localdate()
    sent = Achievement.unscoped.visible_to(user).filter(campaign=campaign)
    if not user.enterprise_id:
        sent = sent.exclude(state=AchievementState.DRAFT)
    rows = list(sent.select_related("candidate", "enterprise__county")[:SHOWN])
    for row in rows:
        row.words = achievement_words(row)
    extra = {"history": history(events_of(Campaign, pgh_obj=campaign))} if user.is_staff else {}
    links = [] if campaign.due_on < today else buttons(ACTS, campaign, user, _act_url, "close")
    return shown(
        request, "campaign_detail", campaign=campaign, words=state_words(campaign, today), rows=_facts(campaign),
        next=next_step(campaign, user, today), sent=rows, links=links, office=office_words(campaign), **extra,
    )  # fmt: skip


def _publish_points(campaign: Campaign) -> list[str]:
    heard = len(hearers_of(campaign, timezone.localdate()))
    return [
        "发布后，登录的企业和质监部门都能看到；内容和日期不能再改。",
        f"成果提交到{day_words(campaign.due_on)}为止。参加与否由企业自愿。",
        f"消息发给：{office_words(campaign)}有在任首席质量官的企业，现有 {heard} 家（站内）。",
    ]


ACTS = {
    "publish": ActPage(
        "发布活动", "活动已发布，消息已发给企业。", SureForm, actions.publish_campaign, "run_campaign",
        (CampaignState.DRAFT,), _publish_points,
    ),
    "close": ActPage(
        "结束活动", "活动已结束。", SureForm, actions.close_campaign, "run_campaign", (CampaignState.PUBLISHED,),
        lambda campaign: [
            "结束后不再接收新的成果，不能恢复。", "已提交的成果仍可核对、公开；退回的仍可修改后重新提交。",
            "结束不发消息。",
        ],
    ),
}  # fmt: skip


def campaign_act(request, reference, act):
    """The page of publishing or closing."""
    campaign = open_campaign(request, reference)
    return carry_act(
        request, campaign, ACTS.get(act), back=url_of(campaign), trail=_trail(campaign), caption=campaign.title,
        words=state_words(campaign, timezone.localdate()), rows=_facts(campaign),
    )  # fmt: skip
