"""Recommendations to dismiss: opened on a ground, heard, proposed, signed by a second person, served (Art. 12(二)).

None of these acts changes an appointment. The enterprise decides, in ``answering``.
"""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.db import transaction

from appointments import grounds, notices
from appointments.actions.cases import begin_case, move_case, note_case
from appointments.actions.common import begin
from appointments.actions.issuing import issue_letter
from appointments.casefile import basis_fault, no_basis
from appointments.models import (
    Appointment,
    CaseEvidence,
    CaseGround,
    DismissalRecommendation,
    Finding,
    NoticeService,
    StampedScan,
)
from appointments.rules import Chain, answer_day, document_number, is_asked, is_heard
from appointments.states import (
    APPOINTED_STATES,
    CASE_MOVES,
    STANDING_CASES,
    UNDECIDED_CASES,
    CaseActKind,
    CaseState,
    GroundKind,
    Party,
    StatementWay,
)
from registry.actions.common import day_of, next_number, own_file
from registry.citing import cited
from registry.models import StoredFile, User
from registry.models.measure import Basis, legal_basis
from registry.refusals import Refused
from registry.states import Role


def _basis(at) -> Basis:
    """The basis in force that day. Raises Refused without one: a recommendation is an adverse act (design 1.10)."""
    basis = legal_basis(day_of(at))
    if basis.outside:
        raise Refused(no_basis())
    return basis


def _basis_of(case: DismissalRecommendation, at) -> Basis:
    """The basis of the day, which is the one on which the parties were heard. Raises Refused where it is another."""
    if fault := basis_fault(case, day_of(at)):
        raise Refused(fault)
    return legal_basis(day_of(at))


def _in_office(appointment: Appointment, today: date) -> None:
    """Raise Refused unless somebody is CQO under this appointment today."""
    in_force = appointment.state in APPOINTED_STATES and today in appointment.in_force
    if not in_force:
        raise Refused("这项任命已不在任，没有可以建议解除的聘任。")


def chains_named(appointment: Appointment, names: Sequence[str], user: User, today: date) -> list[Chain]:
    """The chains an officer named, as the record has them today. Raises Refused naming the link that is missing."""
    known = {grounds.named(chain): chain for chain in grounds.chains_of([appointment], user, today)[appointment.pk]}
    if not names:
        raise Refused(f"请选择依据的情形{cited('12.(2)')}。", field="grounds")
    chosen = []
    for name in dict.fromkeys(names):
        if (chain := known.get(name)) is None:
            raise Refused("所选情形在案卷中已不存在，请重新选择。", field="grounds")
        if not chain.supported:
            raise Refused(f"“{chain.about}”缺{'、'.join(chain.missing)}，不能据以提出建议。", field="grounds")
        chosen.append(chain)
    return chosen


def _refuse_decided(appointment: Appointment, chosen: Sequence[Chain]) -> None:
    known = grounds.decided(appointment)
    for chain in chosen:
        if case := known.get((chain.kind, chain.key)):
            raise Refused(f"“{chain.about}”已在建议案{case.reference}中作出决定，不再据以开立。", field="grounds")


def _lay(case: DismissalRecommendation, chain: Chain) -> CaseGround:
    """A ground of the case, with its links as they stand."""
    about = {
        GroundKind.CONCEALMENT: lambda: {"finding": Finding.unscoped.get(reference=chain.key)},
        GroundKind.PERFORMANCE: lambda: {"year": int(chain.key)},
        GroundKind.REPORT: lambda: {"duty_id": int(chain.key)},
    }[GroundKind(chain.kind)]()
    return CaseGround.unscoped.create(
        case=case,
        kind=chain.kind,
        wording=chain.wording,
        about=chain.about,
        chain=grounds.as_json(chain),
        inputs=chain.inputs,
        **about,
    )


@transaction.atomic
def open_case(appointment: Appointment, *, names: Sequence[str], by: User, at) -> DismissalRecommendation:
    """Open a case on named grounds that the record supports; ``names`` as ``grounds.named`` gives them.

    Raises Refused for a link that is missing, an appointment not in force, no basis in force, or a case still open.
    """
    appointment = begin(appointment, "open_case", by=by)
    today = day_of(at)
    _in_office(appointment, today)
    _basis(at)
    if DismissalRecommendation.unscoped.open().filter(appointment=appointment).exists():
        raise Refused("对这位首席质量官已有一件未办结的建议案。")
    chosen = chains_named(appointment, names, by, today)
    _refuse_decided(appointment, chosen)
    case = DismissalRecommendation.unscoped.create(
        reference=f"JY-{today.year}-{next_number('recommendation', today.year):04d}", appointment=appointment,
        opened_at=at, opened_by=by,
    )  # fmt: skip
    for chain in chosen:
        _lay(case, chain)
    note_case(case, CaseActKind.OPENED, by=by, at=at, reason="；".join(chain.about for chain in chosen))
    return case


@transaction.atomic
def decline_to_open(
    appointment: Appointment, *, names: Sequence[str], reason: str, by: User, at
) -> DismissalRecommendation:
    """Put on record that no recommendation follows from these grounds, and why: not recommending is a decision too."""
    case = open_case(appointment, names=names, by=by, at=at)
    return decide_not(case, version=case.version, reason=reason, by=by, at=at)


@transaction.atomic
def add_case_evidence(case: DismissalRecommendation, *, title: str, file: StoredFile, by: User, at) -> CaseEvidence:
    """Put a further paper with a case that is not decided yet."""
    case = begin_case(case, "open_case", by=by, among=UNDECIDED_CASES)
    own_file(file, case.enterprise, field="file")
    if not title.strip():
        raise Refused("请写明材料名称。", field="title")
    row = CaseEvidence.unscoped.create(case=case, title=title.strip(), file=file, added_at=at, added_by=by)
    note_case(case, CaseActKind.EVIDENCE, by=by, at=at, reason=row.title)
    return row


@transaction.atomic
def ask_statements(
    case: DismissalRecommendation, *, version: int, due_on: date, by: User, at
) -> DismissalRecommendation:
    """Ask the enterprise and the CQO for their statements, until a day; the CQO's link is handed out apart."""
    case = begin_case(case, "open_case", by=by, version=version, to=CaseState.ASKED, among=(CaseState.OPENED,))
    _in_office(case.appointment, day_of(at))
    if due_on <= day_of(at):
        raise Refused("陈述意见的期限须晚于今天。", field="due_on")
    case.statement_due, case.asked_at, case.asked_by = due_on, at, by
    move_case(case, CaseState.ASKED, CaseActKind.ASKED, by=by, at=at)
    notices.statement_asked(case, at=at)
    return case


def heard(case: DismissalRecommendation) -> set[str]:
    """The parties whose statements are in."""
    return set(case.statements.values_list("party", flat=True))


def cqo_asked(case: DismissalRecommendation) -> bool:
    """Whether the CQO as a person was asked: by a link, by a notice on paper, or by having stated."""
    return is_asked(
        link_issued=case.links.exists(),
        notice_served=case.notice_services.filter(party=Party.CQO).exists(),
        has_stated=Party.CQO in heard(case),
    )


def heard_in_person(case: DismissalRecommendation) -> set[str]:
    """The parties who spoke for themselves: what an office transcribed does not end the time before its day."""
    return set(case.statements.exclude(way=StatementWay.PAPER).values_list("party", flat=True))


@transaction.atomic
def record_notice_service(
    case: DismissalRecommendation, *, party: str, served_on: date, proof: StoredFile, by: User, at
) -> NoticeService:
    """Delivery on paper of the notice that asks for a statement, to the enterprise or to the CQO."""
    case = begin_case(case, "open_case", by=by, among=(CaseState.ASKED,))
    own_file(proof, case.enterprise, field="proof")
    if not day_of(case.asked_at) <= served_on <= day_of(at):
        raise Refused("送达日期须在征求意见之日至今天之间。", field="served_on")
    row = NoticeService.unscoped.create(
        case=case, party=Party(party), served_on=served_on, proof=proof, recorded_at=at, recorded_by=by
    )
    note_case(case, CaseActKind.NOTIFIED, by=by, at=at, reason=Party(party).label)
    return row


def _still_supported(case: DismissalRecommendation, by: User, today: date) -> None:
    """Raise Refused where a ground no longer stands as the record is today."""
    chains_named(case.appointment, [f"{ground.kind}:{ground.key}" for ground in _grounds_of(case)], by, today)


def _grounds_of(case: DismissalRecommendation):
    return case.grounds.select_related("finding", "duty")


@transaction.atomic
def propose(case: DismissalRecommendation, *, version: int, reason: str, by: User, at) -> DismissalRecommendation:
    """Propose the recommendation, once both were heard or the day for it is over; a second person signs."""
    case = begin_case(case, "open_case", by=by, version=version, to=CaseState.PROPOSED)
    today = day_of(at)
    _in_office(case.appointment, today)
    _basis_of(case, at)
    if not cqo_asked(case):
        raise Refused("尚未向首席质量官本人征求意见：请发出一次性链接，或者记录通知书的书面送达。")
    if not is_heard(heard_in_person(case), statement_due=case.statement_due, today=today):
        raise Refused("企业和本人的陈述意见尚未收齐，期限也未届满，还不能提出建议。")
    if not reason.strip():
        raise Refused("请写明提出建议的理由，并回应陈述意见。", field="reason")
    _still_supported(case, by, today)
    case.proposal, case.proposed_at, case.proposed_by = reason.strip(), at, by
    move_case(case, CaseState.PROPOSED, CaseActKind.PROPOSED, by=by, at=at, reason=reason.strip()[:1000])
    notices.case_proposed(case, at=at)
    return case


@transaction.atomic
def send_back(case: DismissalRecommendation, *, version: int, reason: str, by: User, at) -> DismissalRecommendation:
    """The second person does not sign it as it stands: back to the office that proposed it, with the reason."""
    case = begin_case(
        case, "sign_case", by=by, version=version, to=CaseState.ASKED, among=(CaseState.PROPOSED,), of_case=True
    )
    if not reason.strip():
        raise Refused("请写明退回的理由。", field="reason")
    case.proposed_at = case.proposed_by = None
    move_case(case, CaseState.ASKED, CaseActKind.SENT_BACK, by=by, at=at, reason=reason.strip())
    notices.case_sent_back(case, reason.strip(), at=at)
    return case


def _next_free_number(year: int) -> str:
    """The next number of our own series that nobody typed in before."""
    while True:
        number = f"{settings.LETTER_SERIES}〔{year}〕{next_number(settings.LETTER_SERIES, year)}号"
        if not DismissalRecommendation.unscoped.filter(number=number).exists():
            return number


@transaction.atomic
def sign(
    case: DismissalRecommendation, *, version: int, answer_due: date, by: User, at, number: str = ""
) -> DismissalRecommendation:
    """The second person signs and the letter is issued; it changes no appointment (Art. 12(二)).

    ``number``: the 发文字号 of the office's own system; empty, and it is numbered here. Raises Refused for the
    proposer, an appointment not in force, no basis in force that day, or a ground that no longer stands.
    """
    if case.proposed_by_id == by.pk:
        raise Refused("提出建议的人不能自己签发，须由第二人签发。")
    case = begin_case(case, "sign_case", by=by, version=version, to=CaseState.ISSUED, of_case=True)
    today = day_of(at)
    _in_office(case.appointment, today)
    basis = _basis_of(case, at)
    if answer_due <= today:
        raise Refused("答复期限须晚于今天。", field="answer_due")
    typed = number.strip()
    if typed and (typed := document_number(typed)) is None:
        raise Refused("请按“清质监函〔2026〕18号”的样式填写发文字号，或者留空由平台编号。", field="number")
    if not typed and by.role == Role.COUNTY:
        raise Refused("县级局签发的，请填写本局的发文字号。", field="number")
    if typed and DismissalRecommendation.unscoped.filter(number=typed).exists():
        raise Refused("该发文字号已经使用。", field="number")
    _still_supported(case, by, today)
    case.signed_at, case.signed_by, case.answer_due = at, by, answer_due
    case.issuing_county = by.county if by.role == Role.COUNTY else None
    case.edition, case.basis = basis.edition, basis.period
    case.number = typed or _next_free_number(today.year)
    move_case(case, CaseState.ISSUED, CaseActKind.SIGNED, by=by, at=at, reason=case.number)
    issue_letter(case, by=by, at=at)
    notices.case_issued(case, at=at)
    return case


@transaction.atomic
def decide_not(case: DismissalRecommendation, *, version: int, reason: str, by: User, at) -> DismissalRecommendation:
    """Decide not to recommend, with the reason; by the office of the case, or by the second person who would sign."""
    proposed = case.state == CaseState.PROPOSED
    case = begin_case(
        case, "sign_case" if proposed else "open_case", by=by, version=version, to=CaseState.NOT_RECOMMENDED,
        of_case=proposed,
    )  # fmt: skip
    if not reason.strip():
        raise Refused("请写明不提出建议的理由。", field="reason")
    case.decided_not_at, case.decided_not_by, case.end_reason = at, by, reason.strip()
    move_case(case, CaseState.NOT_RECOMMENDED, CaseActKind.NOT_RECOMMENDED, by=by, at=at, reason=case.end_reason)
    notices.case_ended(case, at=at)
    return case


@transaction.atomic
def attach_stamped(case: DismissalRecommendation, *, file: StoredFile, by: User, at) -> StampedScan:
    """Put the scan of the stamped letter with the case; the enterprise may read it."""
    case = begin_case(case, "open_case", by=by, among=STANDING_CASES)
    own_file(file, case.enterprise, field="file")
    scan = StampedScan.unscoped.create(case=case, file=file, added_at=at, added_by=by)
    note_case(case, CaseActKind.STAMPED, by=by, at=at)
    return scan


@transaction.atomic
def record_letter_service(
    case: DismissalRecommendation, *, served_on: date, proof: StoredFile, by: User, at
) -> DismissalRecommendation:
    """Delivery of the letter on paper: its day and its proof, once."""
    case = begin_case(case, "record_service", by=by, among=STANDING_CASES)
    if case.paper_served_on is not None:
        raise Refused("纸质送达已经记录，不能更改。", field="served_on")
    own_file(proof, case.enterprise, field="proof")
    if not day_of(case.signed_at) <= served_on <= day_of(at):
        raise Refused("送达日期须在签发之日至今天之间。", field="served_on")
    case.paper_served_on, case.paper_proof = served_on, proof
    case.paper_recorded_at, case.paper_recorded_by = at, by
    _served(case, by=by, at=at, how="纸质送达")
    return case


def _served(case: DismissalRecommendation, *, by: User, at, how: str) -> None:
    """The first of the two ways moves the case and begins the time for the answer; the second is noted beside it."""
    if (case.state, CaseState.SERVED) in CASE_MOVES:
        case.answer_due = answer_day(
            signed_on=day_of(case.signed_at), answer_due=case.answer_due, served_on=case.served_on
        )
        move_case(case, CaseState.SERVED, CaseActKind.SERVED, by=by, at=at, reason=how)
    else:
        case.version += 1
        case.save()
        note_case(case, CaseActKind.SERVED, by=by, at=at, reason=how)


@transaction.atomic
def open_letter(case: DismissalRecommendation, *, by: User, at) -> DismissalRecommendation:
    """Service in the portal: somebody of the enterprise opened the letter; the first time counts."""
    case = begin_case(case, "state", by=by)
    if case.state in STANDING_CASES and case.letter_opened_at is None:
        case.letter_opened_at, case.letter_opened_by = at, by
        _served(case, by=by, at=at, how="企业在平台打开建议函")
    return case


@transaction.atomic
def withdraw_case(case: DismissalRecommendation, *, version: int, reason: str, by: User, at) -> DismissalRecommendation:
    """Take a recommendation back, with the reason, while the enterprise has not answered."""
    case = begin_case(case, "withdraw_case", by=by, version=version, to=CaseState.WITHDRAWN, of_case=True)
    if not reason.strip():
        raise Refused("请写明收回建议的理由。", field="reason")
    case.withdrawn_at, case.withdrawn_by, case.end_reason = at, by, reason.strip()
    move_case(case, CaseState.WITHDRAWN, CaseActKind.WITHDRAWN, by=by, at=at, reason=case.end_reason)
    notices.case_ended(case, at=at)
    return case
