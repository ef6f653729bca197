"""The register of training bodies: who may train, from when to when, and which accounts act for them (Art. 8 ¶1)."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.forms import LastDayForm
from registry.history import events_of, history
from registry.models import User
from registry.pages import PortalForm, demand, find, first_result
from registry.rules import day_words
from registry.views.common import form_page, posted
from registry.views.lists import opened
from training.actions import (
    add_body,
    add_trainer,
    change_body,
    end_recognition,
    recognise_body,
    remove_trainer,
)
from training.actions.bodies import EDITABLE
from training.forms.bodies import BodyFacts, BodyForm, RecognitionForm, TrainerForm
from training.models import Recognition, Session, TrainerMembership, TrainingBody
from training.states import BodyKind, SessionState
from training.views.common import body_within_scope, stage_tag

REGISTER = "培训机构"
RECENT = 5  # sessions shown on a body's page


def address_of(body: TrainingBody) -> str:
    """The page of a training body."""
    return reverse("training_body_detail", args=[body.reference])


def trail_to(body: TrainingBody) -> list[tuple[str, str]]:
    """The way to what stands under a training body."""
    return [(REGISTER, reverse("training_body_list")), (body.name, address_of(body))]


def standing_tag(body: TrainingBody, is_recognised: bool) -> tuple[str, str]:
    """Whether a body may train today, in words and colour."""
    if body.kind == BodyKind.BUREAU:
        return "质监部门", "green"
    return ("认可有效", "green") if is_recognised else ("今天未经认可", "amber")


@require_safe
def body_list(request):
    """Who trains, and whether they may today."""
    found = opened(request, "training_body_list")
    facts = {"page": found.page(request), "filters": found.filters}
    facts["can_add"] = request.user.has_perm("training.keep_bodies")
    return render(request, "training/body_list.html", facts)


def _recognitions(body: TrainingBody, today) -> list[Recognition]:
    """Each with ``tag``: what it is worth today; and ``open``: whether its last day may still be recorded."""
    rows = list(body.recognitions.select_related("recorded_by"))
    for row in rows:
        row.open = row.period.upper is None or row.period.upper > today
        if today in row.period:
            row.tag = ("有效", "green")
        else:
            row.tag = ("未到首日", "blue") if today < row.period.lower else ("已期满", "")
    return rows


@require_safe
def body_detail(request, reference):
    """One body: what it is, its recognitions, its sessions, its accounts."""
    user, today = request.user, timezone.localdate()
    body = body_within_scope(request, reference)
    recognitions = _recognitions(body, today)
    sessions = Session.unscoped.visible_to(user).filter(body=body)
    recent = list(sessions.with_counts().order_by("-first_day", "-pk")[:RECENT])
    for session in recent:
        session.tag = stage_tag(session, today)
    memberships = TrainerMembership.unscoped.visible_to(user).filter(body=body).select_related("user")
    facts = {
        "body": body,
        "tag": standing_tag(body, any(today in row.period for row in recognitions)),
        "recognitions": recognitions,
        "sessions": recent,
        "sessions_count": sessions.count(),
        "memberships": memberships.order_by("user__username"),
        "may_keep": user.has_perm("training.keep_bodies"),
        "may_keep_trainers": user.has_perm("training.keep_trainers"),
        "acts_here": user.has_perm("training.offer", body),
        "today": today,
        "history": _history(body) if user.has_perm("registry.see_history") else [],
    }
    return render(request, "training/body_detail.html", facts)


def _history(body: TrainingBody):
    return history(
        events_of(TrainingBody, pgh_obj=body),
        events_of(Recognition, body=body),
        events_of(TrainerMembership, body=body),
    )


def body_new(request):
    """Put a training body on the register."""
    demand(request.user, "training.keep_bodies")
    form = BodyForm(user=request.user, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: add_body(**form.values(), **who),
        to=address_of,
        title="登记培训机构",
        lead="登记后，认可的机构再登记认可文件和期间，然后由系统管理员开通账号。",
        trail=[(REGISTER, reverse("training_body_list"))],
        submit="登记",
        done="培训机构已列入名录。",
    )


def body_edit(request, reference):
    """Correct name and contact; the mark stands in numbers given."""
    body = body_within_scope(request, reference)
    demand(request.user, "training.keep_bodies")
    initial = {name: getattr(body, name) for name in EDITABLE}
    form = BodyFacts(initial=initial, version=body.version, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: change_body(body, version=form.cleaned_data["version"], **form.values(), **who),
        to=address_of,
        title="修改培训机构",
        caption=body.name,
        lead=f"发证代字“{body.mark}”印在已发的证书编号中，不能更改。已发的证书保持原样。",
        trail=trail_to(body),
        row=body,
        done="培训机构的资料已保存。",
    )


def recognition_new(request, reference):
    """Record that a body is recognised from a day on."""
    body = body_within_scope(request, reference)
    demand(request.user, "training.keep_bodies")
    form = RecognitionForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: recognise_body(body, **form.values(), **who),
        to=lambda _: address_of(body),
        title="登记认可",
        caption=body.name,
        trail=trail_to(body),
        submit="登记",
        done="认可已登记。",
    )


def recognition_end(request, reference, pk):
    """Record the last day of a recognition, and say which sessions it would leave uncovered."""
    body = body_within_scope(request, reference)
    demand(request.user, "training.keep_bodies")
    recognition = find(Recognition.unscoped.visible_to(request.user).filter(body=body), pk=pk)
    coming = Session.unscoped.visible_to(request.user).filter(
        body=body, state=SessionState.PUBLISHED, last_day__gte=timezone.localdate()
    )
    lead = "末日之前举办的培训和发出的证书不受影响。"
    if last := coming.order_by("last_day").last():
        lead += (
            f"这家机构有 {coming.count()} 期已发布的培训尚未结束，最晚的一期到{day_words(last.last_day)}；"
            "末日早于培训日的，请先与机构商定改期或取消。"
        )
    form = LastDayForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: end_recognition(recognition, last_day=form.cleaned_data["last_day"], **who),
        to=lambda _: address_of(body),
        title="登记认可末日",
        caption=f"{body.name}，{recognition.document_number}",
        lead=lead,
        trail=trail_to(body),
        done="认可末日已登记。",
    )


def trainer_new(request, reference):
    """Let a trainer's account act for a body."""
    body = body_within_scope(request, reference)
    demand(request.user, "training.keep_trainers")
    form = TrainerForm(user=request.user, **posted(request))
    if request.method != "POST" and not form.fields["user"].queryset.exists():
        facts = {"body": body, "trail": trail_to(body)}
        return render(request, "training/trainer_none.html", facts)
    return form_page(
        request,
        form,
        lambda **who: add_trainer(body, user=form.cleaned_data["user"], **who),
        to=lambda _: address_of(body),
        title="添加账号",
        caption=body.name,
        lead="账号自下一次打开页面起，可以安排这家机构的培训班、登记成绩、发给证书，只看得到这家机构的培训班。",
        trail=trail_to(body),
        submit="添加",
        done="账号已添加。",
    )


def trainer_remove(request, reference, pk):
    """Ask before an account no longer acts for a body."""
    body = body_within_scope(request, reference)
    demand(request.user, "training.keep_trainers")
    form = PortalForm(**posted(request))
    # Sent a second time it finds nothing left to remove: it shows what it did the first time.
    if request.method == "POST" and form.is_valid() and (response := first_result(request, form)):
        return response
    rows = TrainerMembership.unscoped.visible_to(request.user).filter(body=body).select_related("user")
    membership = find(rows, pk=pk)
    account: User = membership.user
    return form_page(
        request,
        form,
        lambda **who: remove_trainer(membership, **who),
        to=lambda _: address_of(body),
        title=f"移除账号{account.display_name}",
        caption=body.name,
        lead="移除后，这个账号不再看得到这家机构的培训班；它已经登记的成绩和发出的证书不变。账号本身仍在。",
        trail=trail_to(body),
        submit="移除",
        danger=True,
        fact=(account.display_name, f"用户名 {account.username}", None),
        done="账号已移除。",
    )
