"""What the pages of a recommendation share: open one within scope, its state in words, who hears of an act."""

from datetime import date

from django.urls import reverse

from appointments.actions.recommending import cqo_asked, heard_in_person
from appointments.models import DismissalRecommendation
from appointments.rules import is_heard
from appointments.states import STANDING_CASES, CaseState
from registry.actions.files import store_file
from registry.models import StoredFile, User
from registry.pages import find

CASES = "解除聘任建议"
TONES = {
    CaseState.OPENED: "blue",
    CaseState.ASKED: "blue",
    CaseState.PROPOSED: "blue",
    CaseState.ISSUED: "blue",
    CaseState.SERVED: "blue",
    CaseState.ANSWERED: "green",
    CaseState.WITHDRAWN: "red",
}
# The enterprise is told what it is asked, not how far the offices are.
OWN_WORDS = {
    CaseState.ASKED: "征求陈述意见",
    CaseState.PROPOSED: "征求陈述意见",
    CaseState.ISSUED: "建议函待打开",
    CaseState.SERVED: "待贵企业答复",
    CaseState.ANSWERED: "贵企业已答复",
}
AT_HAND = ("opened_by__county", "proposed_by__county", "signed_by__county", "issuing_county", "edition", "basis")
NOT_NOW = "这件建议案现在是“{}”，不能办理这一步。"


def cases_of(user: User):
    """The cases this person may see, with their parties."""
    rows = DismissalRecommendation.unscoped.visible_to(user).with_parties()
    return rows.select_related(*AT_HAND)


def open_case_within_scope(request, reference: str) -> DismissalRecommendation:
    """The case of that reference; Http404 outside one's scope, and for an enterprise that was not asked yet."""
    return find(cases_of(request.user), reference=reference)


def act_url(case: DismissalRecommendation, act: str) -> str:
    """The page of an act on it."""
    return reverse("case_act", args=[case.reference, act])


def title_of(case: DismissalRecommendation) -> str:
    """What the case is called."""
    return f"关于{case.enterprise.name} {case.appointment.candidate.name}的解除聘任建议"


def state_words(case: DismissalRecommendation, user: User, today: date) -> tuple[str, str]:
    """The state in words, and its colour, as this person may know it."""
    if case.is_unanswered(today):
        return "逾期未答复", "amber"
    word = OWN_WORDS.get(case.state) if user.enterprise_id else None
    word = word or CaseState(case.state).label
    tone = "amber" if user.enterprise_id and case.state in STANDING_CASES else TONES.get(case.state, "")
    return (f"{word}：{case.get_answer_display()}" if case.answer else word), tone


def may_propose(case: DismissalRecommendation, today: date) -> bool:
    """Whether the CQO was asked in person, and both were heard or the day for it is over."""
    return cqo_asked(case) and is_heard(heard_in_person(case), statement_due=case.statement_due, today=today)


def open_link(case: DismissalRecommendation):
    """The one-time link that is handed out and neither used nor revoked; None without one."""
    return case.links.filter(used_at=None, revoked_at=None).first()


def letter_is_open(case: DismissalRecommendation, user: User) -> bool:
    """Whether this person may read the letter: an enterprise opens it first, since to open it is its service."""
    if not case.signed_at:
        return False
    return not user.enterprise_id or bool(case.letter_opened_at) or case.state not in STANDING_CASES


def to_enterprise(case: DismissalRecommendation, *, sms: bool = False) -> str:
    """Who of the enterprise hears of an act, and on which ways."""
    mail = "" if case.enterprise.contact_email else "（没有登记邮箱，不发邮件）"
    return f"消息发给{case.enterprise.name}：平台消息、电子邮件{'、短信' if sms else ''}{mail}。"


def to_office(case: DismissalRecommendation) -> str:
    """Which office hears of an act."""
    county = case.opened_by.county
    return f"消息发给{county.bureau if county else '市局'}：平台消息。"


def stored(form, name: str, case: DismissalRecommendation, *, internal: bool, by, at) -> StoredFile | None:
    """The upload of a form put on file, within the act's transaction; None without one. Raises Refused."""
    if not (upload := form.cleaned_data.get(name)):
        return None
    file_name, data = upload
    return store_file(data, file_name, enterprise=case.enterprise, internal=internal, by=by, at=at)
