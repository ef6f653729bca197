"""The papers of an appointment: numbered, drawn and stored once, under the counter's lock."""

import json
from dataclasses import asdict, fields

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from appointments import documents
from appointments.actions.common import begin, note
from appointments.models import Appointment, Paper, SealedScan
from appointments.rules import term_of, term_words
from appointments.states import APPOINTED_STATES, ActKind, Appointer, PaperKind
from registry import filestore
from registry.actions.common import day_of, next_number, own_file
from registry.models import StoredFile, User
from registry.models.authority import authority_on
from registry.models.measure import legal_basis
from registry.refusals import Refused
from registry.verification import new_code, url_for

SERIES = {PaperKind.LETTER: "首质聘", PaperKind.AUTHORISATION: "首质授", PaperKind.RECEIPT: "首质登"}
DRAW = {
    PaperKind.LETTER: (documents.LetterFacts, documents.letter_of_appointment, documents.LETTER_TEMPLATE_VERSION),
    PaperKind.AUTHORISATION: (
        documents.AuthorisationFacts,
        documents.letter_of_authorisation,
        documents.AUTHORISATION_TEMPLATE_VERSION,
    ),
    PaperKind.RECEIPT: (documents.ReceiptFacts, documents.filing_receipt, documents.RECEIPT_TEMPLATE_VERSION),
}
# What changes with every drawing, and so says nothing about whether the paper's content changed.
DRAWN_ANEW = {"number", "version", "code", "verify_url", "signed_on"}
DUTIES, FURTHER = tuple(f"5.({n})" for n in range(1, 6)), "5.(4).2"  # the unnumbered paragraph of (四)


def _duties(edition) -> list[tuple[str, str]]:
    """Art. 5 (一) to (五) in the text's words; (六) is a liability, not a power."""
    carried = edition.clauses_of(*DUTIES, FURTHER)
    further = carried.pop(FURTHER, None)
    duties = [[clause.text] for clause in carried.values()]
    if further:
        duties[list(carried).index("5.(4)")].append(further.text)
    return [(f"（{label}）", "".join(texts)) for label, texts in zip("一二三四五", duties, strict=True)]


def _values(appointment: Appointment, *, at, opinions: list[str] = ()) -> dict:
    """Everything any of the papers says, by field name."""
    enterprise = appointment.enterprise
    basis = legal_basis(day_of(at))
    edition = appointment.edition or basis.edition
    years = appointment.term_years or basis.value("term_years")
    first_day, last_day = term_of(appointment.first_day or day_of(at), years)
    letter = appointment.papers.filter(kind=PaperKind.LETTER).first() if appointment.pk else None
    return {
        "person_name": appointment.candidate.name,
        "enterprise_name": enterprise.name,
        "credit_code": enterprise.credit_code,
        "county_name": enterprise.county.name,
        "appointer_name": appointment.appointer_name,
        "appointer_title": Appointer(appointment.appointer).label if appointment.appointer else Appointer.choices[0][1],
        "position": appointment.position,
        "departments": tuple(appointment.departments().items()),
        "first_day": first_day,
        "last_day": last_day,
        "term_words": term_words(years),
        "signed_on": day_of(at),
        "measure_title": f"《{edition.title}》",
        "duties": _duties(edition),
        "clause": edition.cite("11"),
        "clauses": edition.cite("9", "11"),
        "bureau_name": authority_on(day_of(at)),
        "submitted_on": appointment.submitted_at and timezone.localdate(appointment.submitted_at),
        "checked_on": appointment.checked_at and timezone.localdate(appointment.checked_at),
        "filed_on": day_of(at),
        "letter_number": letter.number if letter else appointment.own_letter_number,
        "opinion_lines": list(opinions),
        "outside_basis": appointment.outside_basis,
    }


def _facts(kind: str, values: dict, **paper):
    """The facts of one kind of paper, out of all values."""
    wanted = DRAW[kind][0]
    known = values | paper
    return wanted(**{field.name: known[field.name] for field in fields(wanted)})


def _content(facts) -> dict:
    """What the paper says, as stored beside it and compared later."""
    kept = {name: value for name, value in asdict(facts).items() if name not in DRAWN_ANEW}
    return json.loads(json.dumps(kept, cls=DjangoJSONEncoder))


def issue_paper(appointment: Appointment, kind: str, *, by: User, at, opinions: list[str] = ()) -> Paper | None:
    """Issue a paper, or the version that supersedes the last; None when its content did not change.

    Number from the counter, whose row stays locked until commit; bytes and SHA-256 are stored and never drawn anew.
    """
    previous = appointment.papers.filter(kind=kind).first()
    values = _values(appointment, at=at, opinions=opinions)
    code = new_code(kind)
    paper = {"code": code, "verify_url": url_for(code), "version": previous.version + 1 if previous else 1}
    if previous and _content(_facts(kind, values, number=previous.number, **paper)) == previous.facts:
        return None
    year = day_of(at).year
    number = previous.number if previous else f"{SERIES[kind]}〔{year}〕{next_number(SERIES[kind], year)}号"
    facts = _facts(kind, values, number=number, **paper)
    data = DRAW[kind][1](facts)
    return Paper.unscoped.create(
        appointment=appointment, kind=kind, number=number, version=facts.version, code=code, supersedes=previous,
        sha256=filestore.keep(data), size=len(data), template_version=DRAW[kind][2],
        facts=_content(facts), issued_at=at, issued_by=by,
        edition=appointment.edition, outside_basis=appointment.outside_basis,  # what the paper says it stands on
    )  # fmt: skip


def preview_paper(appointment: Appointment, kind: str, *, at) -> bytes:
    """The paper as it would be, with the watermark 预览 and no number and no code."""
    values = _values(appointment, at=at)
    facts = _facts(kind, values, number=f"{SERIES[kind]}〔{day_of(at).year}〕　号", version=1, code="", verify_url="")
    return DRAW[kind][1](facts, preview=True)


@transaction.atomic
def attach_sealed_scan(paper: Paper, *, file: StoredFile, by: User, at) -> SealedScan:
    """Keep the scan of a paper after the enterprise sealed it; now or later, it binds nothing."""
    appointment = begin(paper.appointment, "seal", by=by, among=APPOINTED_STATES)
    if paper.kind == PaperKind.RECEIPT:
        raise Refused("登记回执由质监部门出具，不需要企业盖章。")
    own_file(file, appointment.enterprise, field="file")
    note(appointment, ActKind.SEALED, by=by, at=at, reason=f"{paper.get_kind_display()}盖章件")
    return SealedScan.unscoped.create(appointment=appointment, paper=paper, file=file, added_at=at, added_by=by)
