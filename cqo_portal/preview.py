"""What a reading of an open question would change (Art. 13): how matters stand before it and after it, side by side.

Nothing stays: the reading is carried out inside a savepoint, everything is judged again, and the savepoint is undone.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from appointments.eligibility import checklists
from appointments.grounds import chains_of
from appointments.models import Appointment, DismissalRecommendation
from appointments.obligations import Obligation, obligations_of
from appointments.policies import filing_ends, signatory
from appointments.states import APPOINTED_STATES, CaseState, ObligationKind, State
from cqo_portal.education import duties_in, obliged, years_of
from registry.actions.measure import record_interpretation
from registry.citing import cited_late
from registry.measures import PARAMETERS
from registry.models import Candidate, Interpretation, User
from registry.models.measure import legal_basis
from registry.rules import day_words
from registry.states import Outcome
from training.models import ImprovementProject
from training.rules import same_certificate
from training.states import ProjectState, YearStanding

OPEN_PROJECTS = (ProjectState.UNDERWAY, ProjectState.REPORTED, ProjectState.RETURNED)
WITH_OFFICES = (State.SUBMITTED, State.CHECKED)
NOT_FILED = (State.DRAFT, State.SUBMITTED, State.CHECKED, State.RETURNED)
JUDGED = (YearStanding.MET, YearStanding.SHORT, YearStanding.UNDERWAY)  # the others are recorded, whatever is asked
NOTHING = "没有这一事项"
# What a reading does that no list of people shows, by question. A question that is not here is reckoned with nowhere.
IN_GENERAL = {
    "report_cycle": "此后拟定的通知，报告期按本口径的周期；已经发布的通知照旧。",
    "report_due_days": "此后拟定的通知，报告期限不早于本口径的最后一日；已经发布的通知照旧，是否按时以通知为准。",
    "ce_courses": "平台不按课程内容作判断；认定课程时，由人对照本口径。",
    "ce_hours": "自生效当年起，按本口径判断年度继续教育是否完成；此前各年照旧。年中开始任职的当年，只记录学时。",
    "ce_course_number": "自生效当年起，按本口径判断年度继续教育是否完成；此前各年照旧。",
    "training_hours": "此后拟定的任职培训，总学时不得少于本口径；已经拟定的照旧。",
    "pass_mark": "此后拟定的任职培训，合格线按本口径；已经拟定的照旧。",
    "ce_outside_courses": "生效之日起结业的课程适用本口径，此前结业的照旧。",
    "ground_two_and": cited_late(
        "课程和绩效的记录是否齐备{}，自生效之日起按本口径判断；已有决定的建议案不变。", "12.(2).(2)"
    ),
    "experience_as_of": "自生效之日起，尚未登记的任命按本口径的计算日判断；已经登记的，以登记时的存档为准。",
    "certificate_meaning": "读作同一证书的，取得培训证书并完成课题的人员自动纳入人才库；读作另有资格证书的，不再自动"
    "纳入。已经纳入的不变。",
    "training_bodies": "培训机构是否认可，以市局的认可记录为准，平台不据本口径改变任何机构的认可。",
    "filing_ends": "读作县级局办结的，县（市、区）局核对之后可以办理登记；读作市局办结的，由市局登记。已经登记的不变。",
    "recommendation_signatory": "读作县级局也可签发的，县（市、区）局可以签发本辖区的建议函；读作市局签发的，由市局"
    "签发。已经签发的不变。",
    "renewal_window_days": "全市企业办理续任的最早日期按本口径计算；聘期届满以后仍可办理。",
}
NOT_RECKONED = "平台没有据此计算的事项，本口径如实公开，供人判断时引用。"


@dataclass(frozen=True)
class Standing:
    """How one matter of one person stands on a day, in words, and where to look at it."""

    person: Candidate
    enterprises: tuple[str, ...]
    clause: str
    matter: str
    words: str
    url: str


Standings = dict[tuple, Standing]


@dataclass(frozen=True)
class Change:
    """A matter that stands otherwise afterwards."""

    about: Standing
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What a reading changes, as of a day."""

    day: date
    changes: list[Change]

    @property
    def digest(self) -> str:
        """What was seen, to tell whether it is the same when it is confirmed."""
        told = [(change.about.url, change.about.matter, change.before, change.after) for change in self.changes]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def people(self) -> int:
        """How many people are concerned."""
        return len({change.about.person for change in self.changes})

    @property
    def enterprises(self) -> int:
        """How many enterprises are concerned."""
        return len({name for change in self.changes for name in change.about.enterprises})


def preview(question: Interpretation, *, by: User, at: datetime, effective_from: date, **reading) -> Preview:
    """Carry a reading out, compare, and take it back; as of today, or of the first day of one that is to come.

    Raises Refused as ``record_interpretation`` does.
    """
    day = max(effective_from, timezone.localdate(at))
    said = {"edition": question.edition, "key": question.key, "effective_from": effective_from} | reading
    with transaction.atomic():
        before = standings(by, day, first_year=effective_from.year)
        record_interpretation(**said, by=by, at=at)
        after = standings(by, day, first_year=effective_from.year)
        transaction.set_rollback(True)
    return Preview(day, compared(before, after))


def standings(user: User, day: date, *, first_year: int) -> Standings:
    """How everything stands that a reading can decide, as of a day; years of continuing education from ``first_year``.

    What was filed is not asked again: its judgement is kept with it.
    """
    rows = Appointment.unscoped.visible_to(user).with_parties()
    in_force = list(rows.in_force(day).filter(state__in=APPOINTED_STATES))
    return dict(
        [
            *_eligibility(list(rows.filter(state__in=NOT_FILED)), day),
            *_education(user, day, first_year),
            *_grounds(in_force, user, day),
            *_obligations(in_force, user, day),
            *_filing(list(rows.filter(state__in=WITH_OFFICES)), day),
            *_signing(user, day),
            *_pool(user, day),
        ]
    )


def compared(before: Standings, after: Standings) -> list[Change]:
    """What stands otherwise, ordered by enterprise and person."""
    found = [
        Change(
            (after.get(key) or before[key]),
            before[key].words if key in before else NOTHING,
            after[key].words if key in after else NOTHING,
        )
        for key in before | after
    ]
    changed = [change for change in found if change.before != change.after]
    return sorted(changed, key=lambda c: (c.about.enterprises, c.about.person.name, c.about.clause, c.about.matter))


def _of(row: Appointment, clause: str, matter: str, words: str, url: str) -> Standing:
    return Standing(row.candidate, (row.enterprise.name,), clause, matter, words, url)


def _page(row: Appointment) -> str:
    return reverse("appointment_detail", args=[row.reference])


def _eligibility(rows: list[Appointment], day: date) -> Iterator[tuple[tuple, Standing]]:
    """Art. 6 of every appointment that is not filed yet."""
    listed = checklists(rows, day)
    for row in rows:
        for criterion in listed[row.pk].criteria:
            words = Outcome(criterion.outcome).label
            matter = f"任职条件：{criterion.title}"
            yield ("criterion", row.pk, criterion.key), _of(row, criterion.clause, matter, words, _page(row))


def _education(user: User, day: date, first_year: int) -> Iterator[tuple[tuple, Standing]]:
    """Art. 6(五), 8: each year of everybody with the duty in it."""
    for year in range(first_year, day.year + 1):
        people = obliged(user, year).in_bulk()
        duties = duties_in(user, year, list(people))
        for pk, kept in years_of(duties, user, day, year).items():
            asked = f"，要求 {kept.requirement.words}" if kept.standing in JUDGED else ""
            words = f"{YearStanding(kept.standing).label}，{kept.done}{asked}"
            employers = tuple(dict.fromkeys(duty.enterprise for duty in duties[pk]))
            url = reverse("ce_ledger", args=[people[pk].reference])
            yield ("year", pk, year), Standing(people[pk], employers, "6.(5)", f"{year}年继续教育", words, url)


def _grounds(rows: list[Appointment], user: User, day: date) -> Iterator[tuple[tuple, Standing]]:
    """Art. 12(二): whether the record of each thing supports its ground."""
    found = chains_of(rows, user, day)
    for row in rows:
        for chain in found.get(row.pk, ()):
            words = "记录足以支持" if chain.supported else "记录不足以支持"
            matter = f"{chain.wording}，{chain.about}"
            url = reverse("appointment_grounds", args=[row.reference])
            yield ("ground", row.pk, chain.kind, chain.key), _of(row, chain.clause, matter, words, url)


def _obligations(rows: list[Appointment], user: User, day: date) -> Iterator[tuple[tuple, Standing]]:
    """What is due from whom, and when."""
    for duty in obligations_of(rows, user, day):
        matter = f"履职事项：{duty.label}"
        yield ("duty", duty.key), _of(duty.appointment, duty.clause, matter, _due(duty), duty.url)


def _filing(rows: list[Appointment], day: date) -> Iterator[tuple[tuple, Standing]]:
    """Art. 9: which office files what waits."""
    office = PARAMETERS["filing_ends"].say(filing_ends(day))
    for row in rows:
        yield ("filing", row.pk), _of(row, "9", "登记备案", f"{office}办结", _page(row))


def _signing(user: User, day: date) -> Iterator[tuple[tuple, Standing]]:
    """Art. 12(二): who may sign what was proposed."""
    office = PARAMETERS["recommendation_signatory"].say(signatory(day))
    cases = DismissalRecommendation.unscoped.visible_to(user).filter(state=CaseState.PROPOSED)
    for case in cases.with_parties():
        yield (
            ("signing", case.pk),
            _of(case.appointment, "12.(2)", f"建议案{case.reference}", f"{office}签发", case.page),
        )


def _pool(user: User, day: date) -> Iterator[tuple[tuple, Standing]]:
    """Art. 8 ¶2: what follows for the pool from a project that is not done."""
    words = (
        "完成并取得证书时自动纳入人才库"
        if same_certificate(legal_basis(day).value("certificate_meaning"))
        else "不自动纳入人才库"
    )
    projects = ImprovementProject.unscoped.visible_to(user).filter(state__in=OPEN_PROJECTS)
    for project in projects.select_related("candidate", "enterprise"):
        about = project.candidate, (project.enterprise.name,), "8.2", f"课题：{project.title}", words
        yield ("pool", project.pk), Standing(*about, reverse("project_detail", args=[project.reference]))


def _due(duty: Obligation) -> str:
    """By when; renewing is no duty, so that its window is said."""
    return duty.consequence if duty.kind == ObligationKind.RENEWAL else f"期限{day_words(duty.due_on)}"
