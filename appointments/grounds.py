"""From rows to the rule of Art. 12(二): what stands on file about CQOs in force, link by link.

Gathered for many appointments at once, in a number of queries that does not grow with theirs. It proposes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from appointments.models import (
    Appointment,
    CaseGround,
    DismissalRecommendation,
    Finding,
    ReportDuty,
    Target,
    TargetResult,
)
from appointments.rules import Chain, concealment, is_late_or_missing, late_report, performance
from appointments.states import CaseState, FindingState, GroundKind
from registry.models.measure import Law, basis_if_any, the_law
from training.standing import credited, ledgers_of, met, requirement, since
from training.states import YearStanding


def chains_of(appointments: Iterable[Appointment], user, today: date) -> dict[int, list[Chain]]:
    """Appointment's key → its chains: each filed or drafted finding, each full year, each report duty past its day.

    Art. 12(二)(1) to (3), in the order of the text.
    """
    rows, law = list(appointments), the_law()
    found: dict[int, list[Chain]] = defaultdict(list)
    worded = law.on(today).value("grounds") if rows else {}
    for part in (_of_findings(rows), _of_years(rows, user, today, law), _of_duties(rows, today)):
        for pk, chain in part:
            found[pk].append(chain if chain.wording else replace(chain, wording=worded[chain.kind]))
    return found


def worth_a_look(rows: QuerySet, today: date, kind: str = "") -> QuerySet:
    """Those of these appointments on whose record stands what can touch a ground, of all kinds or of one.

    A sieve with wider holes than the rules: what it leaves out touches nothing, what it lets through the rules judge.
    """
    findings = Finding.unscoped.exclude(state=FindingState.WITHDRAWN)
    missing = Q(received=None, due_on__lt=today) | Q(received__gt=F("due_on"))
    duties = ReportDuty.unscoped.standing().alias(received=F("report__received_on")).filter(missing)
    unmet = TargetResult.unscoped.filter(is_met=False)
    signs = {
        GroundKind.CONCEALMENT: Q(pk__in=findings.values("appointment")),
        GroundKind.PERFORMANCE: Q(pk__in=unmet.values("target__sheet__appointment")) | _short(rows, today),
        GroundKind.REPORT: Q(pk__in=duties.values("appointment")),
    }
    chosen = [signs[kind]] if kind in signs else list(signs.values())
    return rows.filter(reduce(or_, chosen))


def _short(rows: QuerySet, today: date) -> Q:
    """Who has a whole year behind them without all that it asks for."""
    law, found = the_law(), Q(pk__in=())
    longest = max((law.on(row.first_day).value("term_years") for row in law.periods), default=0)
    for year in range(today.year - longest, today.year):  # nobody in office today began before
        asked = requirement(year, today)
        if asked.is_set:
            whole = rows.order_by().filter(in_force__startswith__lte=date(year, 1, 1))
            lacking = credited(whole, "candidate", year, today).filter(~met(asked))
            found |= Q(pk__in=lacking.values("pk"))
    return found


def _of_findings(rows: list[Appointment]):
    """Ground (1): only from a finding; a withdrawn one is none."""
    findings = Finding.unscoped.filter(appointment__in=rows).exclude(state=FindingState.WITHDRAWN)
    periods = [row.period for row in the_law().periods]
    first_days = {row.pk: row.first_day for row in rows}
    for row in findings.annotate(papers=Count("evidences")).order_by("pk"):
        yield (
            row.appointment_id,
            concealment(
                key=row.reference,
                filed_on=timezone.localdate(row.filed_at) if row.filed_at else None,
                behaviour=row.behaviour,
                about=row.about,
                evidence=row.papers,
                knew_on=row.knew_on,
                knew_what=row.knew_what,
                in_office_since=first_days[row.appointment_id],
                within_basis=any((row.knew_on or row.found_on) in period for period in periods),
            ),
        )


def target_results(rows: Iterable[Appointment]) -> dict[tuple[int, int], list[bool | None]]:
    """(appointment, year) → per target of the latest agreement: met, unmet, or None while no result is on file."""
    latest = TargetResult.unscoped.filter(target=OuterRef("pk")).values("is_met")[:1]
    agreed = Target.unscoped.filter(sheet__appointment__in=rows).annotate(is_met=Subquery(latest))
    met: dict[tuple[int, int], dict[int, list[bool | None]]] = defaultdict(lambda: defaultdict(list))
    told = agreed.order_by("sheet__version", "position").values_list(
        "sheet__appointment", "sheet__year", "sheet__version", "is_met"
    )
    for appointment, year, version, is_met in told:
        met[appointment, year][version].append(is_met)
    return {of: versions[max(versions)] for of, versions in met.items()}


def _of_years(rows: list[Appointment], user, today: date, law: Law):
    """Ground (2): each year that is over and in which the appointment was in force."""
    results = target_results(rows)
    served = _served(rows, today)
    kept = ledgers_of({year: [row.candidate_id for row in of] for year, of in served.items()}, user, today)
    for year, in_year in served.items():
        last = date(year, 12, 31)
        # By the measure of that year, as the bureau reads it today.
        basis = law.on(today).under(law.on(last).edition.pk)
        for row in in_year:
            ledger = since(kept[row.candidate_id, year], row.in_force.lower)
            chain = performance(
                year=year,
                requirement=ledger.requirement,
                hours=ledger.hours,
                courses=ledger.counted,
                within_basis=not law.on(last).outside,
                judged=ledger.standing in (YearStanding.SHORT, YearStanding.MET),
                results=results.get((row.pk, year)),
                reading=basis.value("ground_two_and"),
            )
            yield row.pk, replace(chain, wording=basis.value("grounds")[chain.kind])


def _served(rows: list[Appointment], today: date) -> dict[int, list[Appointment]]:
    """Year that is over → those of the appointments that were in force in it, in order of time."""
    found: dict[int, list[Appointment]] = defaultdict(list)
    for row in rows:
        if row.in_force:
            last = row.in_force.upper - timedelta(days=1)
            for year in range(row.in_force.lower.year, min(last.year + 1, today.year)):
                found[year].append(row)
    return dict(sorted(found.items()))


def _of_duties(rows: list[Appointment], today: date):
    """Ground (3): each duty under a published notice whose day has passed."""
    duties = ReportDuty.unscoped.standing().filter(appointment__in=rows).with_parties().order_by("due_on", "pk")
    for duty in duties:
        if is_late_or_missing(duty.due_on, today, duty.received_on):
            yield duty.appointment_id, chain_of_duty(duty, today)


def chain_of_duty(duty: ReportDuty, today: date) -> Chain:
    """Ground (3) of one report duty."""
    cycle = duty.cycle
    return late_report(
        key=str(duty.pk),
        about=cycle.title,
        notice=cycle.number,
        published_on=timezone.localdate(cycle.published_at) if cycle.published_at else None,
        served_on=duty.served_on,
        served_how=duty.served_how,
        due_on=duty.due_on,
        extended=duty.extended,
        today=today,
        received_on=duty.received_on,
        within_basis=not cycle.outside_basis,
    )


def decided(appointment: Appointment) -> dict[tuple[str, str], DismissalRecommendation]:
    """The grounds, by kind and key, on which a decision stands, and in which case: none is taken up a second time."""
    decided = CaseGround.unscoped.filter(
        case__appointment=appointment, case__state__in=(CaseState.ANSWERED, CaseState.NOT_RECOMMENDED)
    )
    return {(ground.kind, ground.key): ground.case for ground in decided.select_related("finding", "case")}


def wordings(today: date) -> list[tuple[str, str]]:
    """Art. 12(二): the three grounds as today's edition words them, each with its number, for a choice or a table."""
    basis = basis_if_any(today)
    return (
        [(number, f"（{number}）{words}") for number, words in sorted(basis.value("grounds").items())] if basis else []
    )


def as_json(chain: Chain) -> list[dict]:
    """A chain's links as they are stored with a case."""
    return [asdict(link) | {"words": list(link.words)} for link in chain.links]


def named(chain: Chain) -> str:
    """What names a chain in forms and addresses: kind and key."""
    return f"{chain.kind}:{chain.key}"
