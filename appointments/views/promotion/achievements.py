"""经验成果 (Art. 10): list, writing, materials, consent, its page with the next step, and a page for each act."""

from functools import partial

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.forms.promotion import AchievementForm, MaterialForm, ReasonForm, SureForm
from appointments.models import Achievement, Appointment, Campaign
from appointments.rules import missing_of
from appointments.states import AchievementActKind, AchievementState, MaterialKind
from appointments.views.promotion.common import (
    NOT_NOW,
    ActPage,
    NextStep,
    binding_page,
    buttons,
    carry_act,
    shown,
    stored,
)
from registry.citing import cited
from registry.history import events_of, history
from registry.models import Candidate, Employment, User
from registry.pages import PortalForm, demand, find, first_result
from registry.rules import masked_name
from registry.views.common import form_page, posted
from registry.views.lists import opened
from training.forms.pool import ConsentForm

ACHIEVEMENTS = "经验成果"
TONES = {
    AchievementState.SUBMITTED: "blue",
    AchievementState.RETURNED: "amber",
    AchievementState.PUBLISHED: "green",
    AchievementState.DECLINED: "red",
}
ACT_TONES = {AchievementActKind.RETURNED: "amber", AchievementActKind.DECLINED: "red"}
BEING_WRITTEN = (AchievementState.DRAFT, AchievementState.RETURNED)


def url_of(achievement: Achievement) -> str:
    """The achievement's page."""
    return reverse("achievement_detail", args=[achievement.reference])


def _act_url(achievement: Achievement, act: str) -> str:
    return reverse("achievement_act", args=[achievement.reference, act])


def _trail(achievement: Achievement | None = None) -> list[tuple[str, str]]:
    trail = [(ACHIEVEMENTS, reverse("achievement_list"))]
    return [*trail, (achievement.reference, url_of(achievement))] if achievement else trail


def state_words(achievement: Achievement) -> tuple[str, str]:
    """The state in words, and its colour."""
    return achievement.get_state_display(), TONES.get(achievement.state, "")


def open_achievement(request, reference: str) -> Achievement:
    """The achievement with its parties and ``agreed``, if this person may see it; Http404 otherwise."""
    rows = Achievement.unscoped.visible_to(request.user).with_last_word()
    return find(rows.select_related("enterprise__county", "candidate", "campaign"), reference=reference)


@require_safe
def achievement_list(request):
    """经验成果 within one's scope."""
    found = opened(request, "achievement_list")
    may_share = request.user.has_perm("appointments.share_experience", request.user.enterprise)
    page = found.page(request)
    any_rows = found.any_beside(page)
    return shown(request, "achievement_list", filters=found.filters, page=page, any=any_rows, may_share=may_share)


# --- Writing ---------------------------------------------------------------------------------------------------------


def _choices(user: User, achievement: Achievement | None = None) -> dict:
    """Whom and to which campaign an achievement may be told of: people in service, campaigns still open; what is on
    file stays a choice.
    """
    enterprise, today = user.enterprise, timezone.localdate()
    at_work = Employment.unscoped.filter(enterprise=enterprise, period__contains=today).values("candidate")
    people = Candidate.unscoped.visible_to(user).filter(pk__in=at_work)
    campaigns = Campaign.unscoped.open_to(enterprise, today)
    if achievement:
        people = people | Candidate.unscoped.visible_to(user).filter(pk=achievement.candidate_id)
        campaigns = campaigns | Campaign.unscoped.filter(pk=achievement.campaign_id)
    return {"people": people, "campaigns": campaigns}


def achievement_new(request):
    """Begin to tell of an achievement."""
    enterprise, today = request.user.enterprise, timezone.localdate()
    demand(request.user, "appointments.share_experience", enterprise)
    choices = _choices(request.user)
    if request.method != "POST" and not choices["people"].exists():
        messages.info(request, "成果由本企业在职人员取得。请先添加人员，再填写成果。")
        return redirect(f"{reverse('candidate_new')}?next={reverse('achievement_new')}")
    asked = choices["campaigns"].filter(reference=request.GET.get("campaign", "").replace("\x00", "")).first()
    cqo = Appointment.unscoped.in_force(today).filter(enterprise=enterprise).select_related("candidate").first()
    initial = {"candidate": cqo and cqo.candidate.reference}
    initial |= {"campaign": asked.reference, "kind": asked.kind} if asked else {}
    form = AchievementForm(**choices, initial=initial, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.start_achievement(enterprise=enterprise, **form.values(), **who),
        to=url_of,
        title="填写经验成果",
        lead=f"质监部门推广首席质量官制度的经验、成果{cited('10')}。先存草稿，附上材料，核对后再提交；参加与否由企业自愿。",
        trail=_trail(),
        submit="保存草稿",
        done="草稿已保存，尚未提交。请附上材料，核对后提交。",
    )


def _shut(request, achievement: Achievement):
    """Back to the page, with the reason, when the achievement is not being written; None when it is."""
    if request.method == "POST" or achievement.state in BEING_WRITTEN:
        return None
    messages.warning(request, f"这项成果{NOT_NOW.format(achievement.get_state_display())}")
    return redirect(url_of(achievement))


def achievement_edit(request, reference):
    """Go on writing, or mend what was returned."""
    achievement = open_achievement(request, reference)
    demand(request.user, "appointments.prepare_achievement", achievement)
    if shut := _shut(request, achievement):
        return shut
    initial = {name: getattr(achievement, name) for name in ("kind", "title", "summary", "done", "results")}
    initial |= {"candidate": achievement.candidate.reference}
    initial |= {"campaign": achievement.campaign and achievement.campaign.reference}
    choices = _choices(request.user, achievement)
    form = AchievementForm(**choices, initial=initial, version=achievement.version, **posted(request))

    def save(**who):
        return actions.save_achievement(achievement, version=form.cleaned_data["version"], **form.values(), **who)

    return form_page(
        request, form, save, to=url_of, title="修改成果", caption=achievement.title, trail=_trail(achievement),
        row=achievement, done="已保存，尚未提交。",
    )  # fmt: skip


def material_new(request, reference):
    """Put a file with it."""
    achievement = open_achievement(request, reference)
    demand(request.user, "appointments.prepare_achievement", achievement)
    if shut := _shut(request, achievement):
        return shut
    form = MaterialForm(**posted(request))

    def act(**who):
        file = stored(form, enterprise=achievement.enterprise, **who)
        return actions.add_material(achievement, kind=form.cleaned_data["kind"], file=file, **who)

    return form_page(
        request, form, act, to=lambda _: f"{url_of(achievement)}#materials", title="添加材料",
        caption=achievement.title, trail=_trail(achievement), submit="添加", done="材料已添加。",
    )  # fmt: skip


def material_remove(request, reference, pk):
    """Take a file away again, before it is sent in."""
    achievement = open_achievement(request, reference)
    demand(request.user, "appointments.prepare_achievement", achievement)
    if shut := _shut(request, achievement):
        return shut
    form = PortalForm(**posted(request))
    if request.method == "POST" and form.is_valid() and (response := first_result(request, form)):
        return response
    material = find(achievement.materials.select_related("file", "achievement"), pk=pk)
    return form_page(
        request, form, partial(actions.remove_material, material), to=lambda _: f"{url_of(achievement)}#materials",
        title="移除材料", caption=achievement.title, trail=_trail(achievement), submit="移除", danger=True,
        fact=(material.get_kind_display(), f"{material.file.pages} 页", material.file), done="材料已移除。",
    )  # fmt: skip


def name_points(subject) -> list[str]:
    """What recording the person's word on being named does, and whom it tells."""
    name = subject.candidate.name
    return [
        f"同意的，公开页写“{name}”；不同意或者收回同意的，写“{masked_name(name)}”，文字中的姓名一并遮盖，当即生效。",
        "是否公开由本人决定，本人随时可以收回同意（个人信息保护法第二十五条）。公开的文件里写有姓名的，不会自动遮盖，收回同意时请一并撤下。",
        "登记不发消息。",
    ]


def name_consent(request, reference):
    """Record what the person said of being named with this achievement."""
    achievement = open_achievement(request, reference)
    demand(request.user, "appointments.record_name_consent", achievement)
    form = ConsentForm(**posted(request))

    def act(**who):
        evidence = stored(form, enterprise=achievement.enterprise, **who)
        agreed = form.cleaned_data["agreed"] == "yes"
        return actions.record_name_consent(achievement, agreed=agreed, evidence=evidence, **who)

    return binding_page(
        request, form, act, to=lambda _: url_of(achievement), title="登记公开姓名的意见",
        caption=f"{achievement.candidate.name}，{achievement.title}", trail=_trail(achievement), submit="登记",
        points=name_points(achievement), done="已登记，公开页随之更新。",
    )  # fmt: skip


# --- Its page --------------------------------------------------------------------------------------------------------


def name_shown(achievement: Achievement) -> str:
    """How the public page writes the person's name now."""
    return achievement.candidate.name if achievement.agreed else masked_name(achievement.candidate.name)


def lacking(achievement: Achievement) -> dict[str, str]:
    """What is still missing before it can be sent in: field → sentence."""
    texts = {name: getattr(achievement, name) for name in Achievement.WHOLE}
    return missing_of(**texts, materials=achievement.materials.count())


def _facts(achievement: Achievement) -> list[tuple[str, str]]:
    campaign = achievement.campaign.title if achievement.campaign else "不参加活动"
    said = {True: "本人同意公开", False: "本人不同意公开", None: "还没有登记本人的意见"}[achievement.agreed]
    return [
        ("类别", f"{achievement.get_kind_display()}，{campaign}"),
        ("首席质量官", achievement.candidate.name),
        ("公开页上的姓名", f"{name_shown(achievement)}（{said}）"),
        ("概要", achievement.summary or "未填写"),
        ("主要做法", achievement.done or "未填写"),
        ("成效和数据", achievement.results or "未填写"),
    ]


def next_step(achievement: Achievement, user: User) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    own, state = user.has_perm("appointments.prepare_achievement", achievement), achievement.state
    bureau = achievement.enterprise.county.bureau
    if state in BEING_WRITTEN:
        return _being_written(achievement, user, own)
    if state == AchievementState.SUBMITTED:
        actions_open = buttons(ACTS, achievement, user, _act_url, "publish", "return", "decline")
        if not actions_open:
            return NextStep(f"等待{bureau}核对", "公开、退回或者不予公开后，在“消息”中告知。")
        text = "核对成效和材料：公开的内容任何人都能看到。需要修改的退回；不宜推广的不予公开，并写明理由。"
        return NextStep("下一步：核对并公开", text, f"消息发给{achievement.enterprise.name}。", actions_open)
    if state == AchievementState.PUBLISHED:
        page = [("查看公开页", reverse("experience_detail", args=[achievement.reference]))]
        return NextStep("已经公开", "任何人都能在公开页看到。", actions=page)
    if state == AchievementState.DECLINED:
        text = achievement.acts.filter(kind=AchievementActKind.DECLINED).values_list("text", flat=True).first()
        return NextStep("不予公开", f"理由：{text}")
    return NextStep("无需办理", "企业已撤回，公开页不列出。需要时可以重新填写。")


def _being_written(achievement: Achievement, user: User, own: bool) -> NextStep:
    act = achievement.acts.filter(kind=AchievementActKind.RETURNED).select_related("by__county").first()
    returned = act and achievement.state == AchievementState.RETURNED
    said = f"{act.by.office_at(act.at)}退回：{act.text}" if returned else ""
    if not own:
        return NextStep("企业正在填写", said or "这是企业的草稿，尚未提交。无需办理。")
    edit = ("修改", reverse("achievement_edit", args=[achievement.reference]))
    if missing := lacking(achievement):
        add = ("添加材料", reverse("achievement_material_new", args=[achievement.reference]))
        first = [add, edit] if set(missing) == {"materials"} else [edit, add]
        return NextStep("下一步：补齐后提交", f"{said}{''.join(missing.values())}", actions=first)
    submit = buttons(ACTS, achievement, user, _act_url, "submit")
    text = said or "草稿只有贵企业能改。核对无误后提交。"
    return NextStep("下一步：核对并提交", text, actions=[*submit, edit])


@require_safe
def achievement_detail(request, reference):
    """Title, next step, what was done, materials, consent, timeline, history for staff."""
    achievement, user = open_achievement(request, reference), request.user
    acts = achievement.acts.select_related("by__enterprise", "by__county")
    extra = {"history": history(events_of(Achievement, pgh_obj=achievement))} if user.is_staff else {}
    return shown(
        request, "achievement_detail", achievement=achievement, words=state_words(achievement),
        rows=_facts(achievement), next=next_step(achievement, user), events=[_event(act) for act in acts],
        materials=achievement.materials.select_related("file"),
        consents=achievement.consents.select_related("by__county", "by__enterprise", "evidence"),
        may_write=achievement.state in BEING_WRITTEN
        and user.has_perm("appointments.prepare_achievement", achievement),
        may_consent=achievement.state not in (AchievementState.DECLINED, AchievementState.WITHDRAWN)
        and user.has_perm("appointments.record_name_consent", achievement),
        links=buttons(ACTS, achievement, user, _act_url, "withdraw"), **extra,
    )  # fmt: skip


def _event(act) -> dict:
    """An act as the timeline says it."""
    who = f"{act.by.display_name}（{act.by.office_at(act.at)}）"
    return {
        "title": act.get_kind_display(),
        "at": act.at,
        "by_line": who,
        "text": act.flagged(act.text),
        "tone": ACT_TONES.get(act.kind, ""),
    }


# --- The acts --------------------------------------------------------------------------------------------------------


def _publish_points(achievement: Achievement) -> list[str]:
    rows = achievement.materials.filter(kind=MaterialKind.OPEN).select_related("file")
    names = "、".join(row.file.name for row in rows)
    files = f"随成果公开的材料：{names}。请先打开核对，确认没有不宜公开的个人信息。"
    return [
        f"公开的内容：企业名称、成果全文，姓名写作“{name_shown(achievement)}”。电话和证件号码自动遮盖。",
        files if names else "没有随成果公开的材料。",
        f"消息发给：{achievement.enterprise.name}（站内）。",
    ]


def _to_enterprise(achievement: Achievement) -> str:
    return f"消息发给：{achievement.enterprise.name}（站内）。"


def _submit_points(achievement: Achievement) -> list[str]:
    return [
        "质监部门核对后公开、退回修改，或者写明理由不予公开。提交后不能修改，可以撤回。",
        f"公开后，姓名写作“{name_shown(achievement)}”；要公开全名的，登记本人签字的同意书。",
        f"消息发给：{achievement.enterprise.county.bureau}（站内）。",
    ]


def _withdraw_points(achievement: Achievement) -> list[str]:
    told = f"消息发给：{achievement.enterprise.county.bureau}（站内）。"
    drafted = achievement.state == AchievementState.DRAFT
    return ["撤回后不能恢复，公开页当即不再列出；需要时可以重新填写。", "撤回草稿不发消息。" if drafted else told]


_WHY = {"label": "撤回的原因", "required": False, "help_text": "可以不填。"}
ACTS = {
    "submit": ActPage(
        "提交成果", "成果已提交，等待核对。", SureForm, actions.submit_achievement, "prepare_achievement",
        BEING_WRITTEN, _submit_points,
    ),
    "publish": ActPage(
        "公开成果", "成果已公开，消息已发给企业。", SureForm, actions.publish_achievement, "read_achievement",
        (AchievementState.SUBMITTED,), _publish_points,
    ),
    "return": ActPage(
        "退回修改", "已退回，消息已发给企业。",
        partial(ReasonForm, label="需要修改的内容", help_text="逐项写明，企业按此修改后重新提交。"),
        actions.return_achievement, "read_achievement", (AchievementState.SUBMITTED,),
        lambda row: ["企业修改后重新提交；已过活动截止日期的，不作逾期。", _to_enterprise(row)],
    ),
    "decline": ActPage(
        "不予公开", "已登记不予公开，消息已发给企业。",
        partial(ReasonForm, label="不予公开的理由", help_text="企业可以看到。"),
        actions.decline_achievement, "read_achievement", (AchievementState.SUBMITTED,),
        lambda row: ["登记后不能改为公开；企业可以另行填写成果。", _to_enterprise(row)], danger=True,
    ),
    "withdraw": ActPage(
        "撤回成果", "成果已撤回。", partial(ReasonForm, **_WHY), actions.withdraw_achievement, "prepare_achievement",
        (*BEING_WRITTEN, AchievementState.SUBMITTED, AchievementState.PUBLISHED), _withdraw_points, danger=True,
    ),
}  # fmt: skip


def achievement_act(request, reference, act):
    """The page of one act. What is not whole is not sent in: the page of the achievement says what is missing."""
    achievement = open_achievement(request, reference)
    if act == "submit" and request.method != "POST" and lacking(achievement):
        demand(request.user, "appointments.prepare_achievement", achievement)
        return redirect(url_of(achievement))
    return carry_act(
        request, achievement, ACTS.get(act), back=url_of(achievement), trail=_trail(achievement),
        caption=achievement.title, words=state_words(achievement), rows=_facts(achievement),
        materials=achievement.materials.select_related("file"),
    )  # fmt: skip
