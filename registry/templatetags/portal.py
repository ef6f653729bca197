"""How pages say days, articles, states and deadlines. Built into every template by the settings."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django import template
from django.forms import BaseForm, BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from registry import calendar_days, citing
from registry.listed import said
from registry.listing import address
from registry.measures import Place, Treatment
from registry.models.measure import Edition
from registry.rules import day_words
from registry.states import Outcome

register = template.Library()
OUTCOME_TONES = {Outcome.MET: "green", Outcome.UNMET: "amber", Outcome.UNVERIFIED: "amber", Outcome.STANDING: "open"}
TREATMENT_TONES = {
    Treatment.ENFORCED: "blue",
    Treatment.RECORDED: "green",
    Treatment.DECLARED: "",
    Treatment.NOT_COMPUTABLE: "open",
    Treatment.OPEN: "amber",
}
SOON_WORKDAYS = 1


def _local(value: date | datetime) -> date | datetime:
    """A moment in the office's own zone: 16:30 UTC is already tomorrow there. A day stays what it is."""
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


# --- Days ------------------------------------------------------------------------------------------------------------


@register.filter
def cn_date(value: date | datetime | None) -> str:
    """2026年11月22日, for a day or the local day of a moment; empty for None."""
    return day_words(_local(value)) if value else ""


@register.filter
def local_day(moment: datetime) -> date:
    """The local day of a moment."""
    return _local(moment).date()


@register.filter
def cn_datetime(value: datetime | None) -> str:
    """2026年11月22日 09:12, in local time; empty for None."""
    return f"{cn_date(value)} {_local(value):%H:%M}" if value else ""


@register.filter
def cn_range(value, last: date | None = None) -> str:
    """2026年3月1日至2028年2月29日, both days inclusive: from a database range ``[)``, or from two days.

    A range without an end says 起; empty for None.
    """
    if not value:
        return ""
    if isinstance(value, date):
        first = value
    else:
        first, last = value.lower, value.upper and value.upper - timedelta(days=1)
    return f"{day_words(first)}至{day_words(last)}" if last else f"{day_words(first)}起"


@register.filter
def office_at(person, moment: datetime) -> str:
    """For whom an account acted, as the office was called on the day of that moment."""
    return person.office_at(moment)


# --- Working days ----------------------------------------------------------------------------------------------------


@register.filter
def workdays_between(start: date, end: date) -> int:
    """Working days after ``start`` up to and with ``end``; negative when ``end`` is the earlier one."""
    count = calendar_days.workdays_between
    return -count(end, start) if end < start else count(start, end)


@register.filter
def workday_phrase(due: date, today: date | None = None) -> str:
    """还有 4 个工作日, 今天到期 or 超 2 个工作日; ``today`` is the local day unless given."""
    today = today or timezone.localdate()
    if due == today:
        return "今天到期"
    left = workdays_between(today, due)
    if due > today:
        return f"还有 {left} 个工作日" if left else "下一个工作日前到期"
    return f"超 {-left} 个工作日" if left else "已过期"


@register.filter
def due_tone(due: date, today: date | None = None) -> str:
    """The class of a deadline: ``late`` once it is over, ``soon`` when at most one working day is left, else none."""
    today = today or timezone.localdate()
    if due < today:
        return "late"
    return "soon" if workdays_between(today, due) <= SOON_WORKDAYS else ""


# --- The measure -----------------------------------------------------------------------------------------------------


# Code and templates name a provision by its path in the model measure; where the text of an edition is shown, a clause
# is named by its own path there. ``edition`` is given where a page shows an act done under it, and is else today's.


@register.filter
def anchor(path: str) -> str:
    """The place of an edition's own clause on its page: a6-3 for ``6.(3)``. Raises ValueError for no clause path."""
    return _anchor(Place.parse(path))


def _anchor(place: Place) -> str:
    levels = (place.article, place.paragraph, place.item, place.subitem, place.tail)
    return "a" + "-".join(str(number) for number in levels if number)


@register.filter
def own_words(path: str) -> str:
    """第六条（三） for an edition's own clause ``6.(3)``, 第八条第二款 for ``8.2``. Raises ValueError for no path."""
    return Place.parse(path).label.replace("第（", "（").replace("）项", "）").replace("）目", "）")


@register.filter
def mark(path: str) -> str:
    """（三） for an edition's own item ``6.(3)``, （1） for a subitem, as its text begins; else empty."""
    words = own_words(path)
    return "" if Place.parse(path).tail or "（" not in words else words[words.rindex("（") :]


@register.filter
def clause_words(provision: str) -> str:
    """The same for the clause that carries the provision today; empty where none does. Raises ValueError likewise."""
    path = citing.numbering().path(provision)
    return own_words(path) if path else ""


def _page_of(edition: Edition | None) -> str:
    """The page of the measure that applies today, or of the edition an act was done under."""
    if edition is None or edition.pk == citing.numbering().edition:
        return reverse("measure")
    return reverse("measure_edition", args=[edition.key])


@register.simple_tag
def clause_link(path: str, edition: Edition | None = None, short: bool = False) -> str:
    """A link to an edition's own clause; ``short`` says （三） alone. Raises ValueError for no clause path."""
    words = own_words(path)
    if short and "（" in words:
        words = words[words.index("（") :]
    return format_html('<a class="art" href="{}#{}">{}</a>', _page_of(edition), anchor(path), words)


@register.simple_tag
def article(provision: str, edition: Edition | None = None, short: bool = False) -> str:
    """A link to the clause that carries the provision; empty where none does. Raises ValueError for no clause path."""
    numbering = edition.numbering if edition else citing.numbering()
    path = numbering.path(provision)
    return clause_link(path, edition, short) if path else ""


@register.simple_tag
def cited(*provisions: str, edition: Edition | None = None) -> str:
    """Links in brackets for the end of a sentence: （第九条、第十一条）; empty where the measure has none of them."""
    links = dict.fromkeys(filter(None, (article(provision, edition) for provision in provisions if provision)))
    # nosemgrep: markup-is-literal (joined of what ``article`` escaped)
    return format_html("（{}）", mark_safe("、".join(links))) if links else ""


@register.simple_tag
def article_of(provision: str) -> str:
    """第十二条, the article in which a provision stands today, for the names of pages; empty where none does."""
    return citing.article(provision)


@register.filter
def law_links(text: str) -> SafeString:
    """A sentence with each clause that it cites as a link to its place in today's measure."""
    numbering = citing.numbering()

    def link(match) -> str:
        place = citing.place_of(match)
        if not numbering.holds(place):
            return match[0]
        return format_html('<a class="art" href="{}#{}">{}</a>', reverse("measure"), _anchor(place), match[0])

    # nosemgrep: markup-is-literal (the text is escaped here, and each link where it is made)
    return mark_safe(citing.CITATION.sub(link, conditional_escape(str(text))))


@register.simple_tag
def article_label(number: int) -> str:
    """第六条 for 6."""
    return Place(number).label


@register.filter
def treatment_tone(treatment: str) -> str:
    """The colour of how the portal treats a clause. Raises KeyError for no treatment."""
    return TREATMENT_TONES[treatment]


# --- States ----------------------------------------------------------------------------------------------------------


@register.simple_tag
def state_tag(word: str | tuple[str, str], tone: str = "") -> SafeString:
    """A word in its colour, from two values or one pair. Tones: none (grey), blue, green, amber, red, open."""
    word, tone = (word, tone) if isinstance(word, str) else word
    return format_html('<span class="tag {}">{}</span>', tone, word)


@register.simple_tag
def outcome_tag(outcome: str) -> SafeString:
    """What is said of a criterion of Art. 6, in its colour. Raises ValueError for no outcome."""
    return state_tag(Outcome(outcome).label, OUTCOME_TONES.get(Outcome(outcome), ""))


@register.filter
def masked_phone(number: str) -> str:
    """138****0000: the first three and the last four figures; a shorter number shows its last two alone."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else "*" * len(number[:-2]) + number[-2:]


@register.filter
def masked_address(address: str) -> str:
    """a***@example.com for an e-mail address, 138****0000 for a number."""
    name, at, host = address.partition("@")
    return f"{name[:1]}***@{host}" if at else masked_phone(address)


BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))
SYSTEMS += (("Linux", "Linux"),)


@register.filter
def browser_words(user_agent: str) -> str:
    """Chrome，Windows: what a browser says that it is, as far as it is one of the common ones."""
    found = (next((word for mark, word in known if mark in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return "，".join(word for word in found if word) or "其他程序"


# --- Lists -----------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def query(context, **changes) -> str:
    """The query string of this page with some values replaced; None removes one. Begins with a question mark."""
    values: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return f"?{values.urlencode()}"


@register.simple_tag(takes_context=True)
def turned(context, parts: dict) -> str:
    """The query string of this list at another page; ``parts`` as ``registry.listing.Page`` has them."""
    return query(context, **parts)


@register.simple_tag(takes_context=True)
def chips(context, form: BaseForm) -> list[tuple[str, str, str]]:
    """The filters in force as (label, words, query string without it).

    The place in the list goes with any change: in a wider list it is another page.
    """
    return [(bound.label, words, query(context, **address(), **{bound.html_name: None})) for bound, words in said(form)]


@register.filter
def control_id(field: BoundField) -> str:
    """The id an error's link leads to: the first control of a group, else the control itself."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label
