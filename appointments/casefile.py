"""From the rows of a recommendation to its words: what was found, what was heard, which papers stand behind it."""

from collections.abc import Iterator
from datetime import date

from django.utils import timezone

from appointments.documents import Part
from appointments.models import CaseGround, DismissalRecommendation, DutyReport, ReportDuty, TargetSheet
from appointments.rules import SECTIONS, days_late
from appointments.states import CaseAnswer, GroundKind, Party, StatementWay
from registry import filestore
from registry.citing import cited
from registry.models import Edition, IssuedPaper, StoredFile
from registry.models.authority import bureau_on
from registry.models.measure import BasisPeriod, legal_basis
from registry.rules import day_words
from training.standing import ledgers


def facts_of(case: DismissalRecommendation, today: date) -> tuple[str, ...]:
    """初步核实的情况: a paragraph for each ground, as both parties are told when they are asked."""
    return tuple(filter(None, (_TOLD[GroundKind(ground.kind)](case, ground, today) for ground in case.stands_on)))


def findings_of(case: DismissalRecommendation, today: date) -> tuple[str, ...]:
    """核实的情况: a paragraph for each ground, and the office's reasons as it proposed."""
    return tuple(filter(None, (*facts_of(case, today), case.proposal)))


def _of_finding(case: DismissalRecommendation, ground: CaseGround, today: date) -> str:
    row = ground.finding
    knew = f"首席质量官于{day_words(row.knew_on)}知情：{row.knew_what}" if row.knew_on else ""
    facts = f"{day_words(row.found_on)}，经{row.source}发现：{row.facts.strip()}"
    alleged = f"上述情况属对{row.get_about_display()}{row.get_behaviour_display()}"
    return "".join(part if part.endswith("。") else f"{part}。" for part in (facts, knew, alleged) if part)


def _of_year(case: DismissalRecommendation, ground: CaseGround, today: date) -> str:
    words = {link["name"]: link["words"] for link in ground.chain if link["holds"]}
    parts = []
    if "课程未完成" in words:
        required = "，".join(words["学时要求"])
        parts.append(f"{ground.year}年继续教育要求{required}，{'，'.join(words['课程未完成'])}。")
    if "绩效未完成" in words:
        parts.append(_unmet(case, ground.year))
    return "".join(parts)


def _unmet(case: DismissalRecommendation, year: int) -> str:
    sheet = TargetSheet.unscoped.filter(appointment=case.appointment_id, year=year).order_by("-version").first()
    unmet = []
    for target in sheet.targets.prefetch_related("results"):
        result = next(iter(target.results.all()), None)
        if result and not result.is_met:
            unmet.append(f"{target.name}（目标{target.goal}）：{result.words.rstrip('。')}")
    agreed = f"{day_words(sheet.agreed_on)}约定的{year}年质量工作绩效"
    return f"{agreed}未完成：{'；'.join(unmet)}。" if unmet else f"{agreed}，结果已改报为完成。"


def _of_duty(case: DismissalRecommendation, ground: CaseGround, today: date) -> str:
    duty = ground.duty
    cycle = duty.cycle
    published = day_words(timezone.localdate(cycle.published_at))
    served = f"{day_words(duty.served_on)}送达（{duty.served_how}）" if duty.served_on else "没有送达记录"
    due = f"履职报告提供期限为{day_words(duty.due_on)}"
    if duty.received_on:
        end = f"{day_words(duty.received_on)}收到履职报告，迟{days_late(duty.received_on, duty.due_on)}天"
    else:
        end = f"截至{day_words(today)}仍未收到履职报告"
    return f"{published}发布《{cycle.title}》（{cycle.number}），{due}。该通知于{served}。{end}。"


_TOLD = {
    GroundKind.CONCEALMENT: _of_finding,
    GroundKind.PERFORMANCE: _of_year,
    GroundKind.REPORT: _of_duty,
}


def hearing_of(case: DismissalRecommendation) -> tuple[str, ...]:
    """听取意见的情况: how each was asked, and what came in; the CQO's words stay with the bureau."""
    asked, due = day_words(timezone.localdate(case.asked_at)), day_words(case.statement_due)
    told = [f"{asked}，{office_of(case)}通过平台向企业征求陈述意见，期限至{due}。", *_asked_in_person(case)]
    statements = list(case.statements.all())
    for party in (Party.ENTERPRISE, Party.CQO):
        rows = [row for row in statements if row.party == party]
        if rows:
            ways = "、".join(
                f"{day_words(row.received_on)}{'书面' if row.way == StatementWay.PAPER else '通过平台'}" for row in rows
            )
            told.append(f"{party.label}于{ways}提出了陈述意见。")
        else:
            told.append(f"{party.label}在期限内没有提出陈述意见。")
    return tuple(told)


def office_of(case: DismissalRecommendation) -> str:
    """The bureau that opened the case and asked for the statements."""
    return bureau_on(timezone.localdate(case.opened_at), case.opened_by.county)


def issuer_of(case: DismissalRecommendation) -> str:
    """The bureau whose letter it is, once it is signed; until then the one that opened the case."""
    if case.signed_at is None:
        return office_of(case)
    return bureau_on(timezone.localdate(case.signed_at), case.issuing_county)


def _asked_in_person(case: DismissalRecommendation) -> Iterator[str]:
    """How the CQO and, on paper, the enterprise were asked, as the rows say."""
    for link in case.links.all():
        yield f"{day_words(timezone.localdate(link.created_at))}，向首席质量官本人发出陈述意见的一次性链接。"
    for row in case.notice_services.all():
        yield f"{day_words(row.served_on)}，向{row.get_party_display()}书面送达陈述意见通知书。"


def no_basis() -> str:
    """Why nothing is recommended on a day without a measure in force (Art. 14, design 1.10)."""
    return f"当日没有有效的制度依据，不能提出解除聘任建议{cited('14')}。请先由管理员登记延长或者新的依据。"


def basis_fault(case: DismissalRecommendation, today: date) -> str:
    """Why nothing can be recommended in this case today, as a sentence; empty where it can (Art. 12(二), 14).

    The parties were heard on one measure: on another, which followed since, nothing is recommended.
    """
    basis = legal_basis(today)
    if basis.outside:
        return no_basis()
    heard = legal_basis(timezone.localdate(case.asked_at)) if case.asked_at else basis
    if heard.edition == basis.edition:
        return ""
    return (
        f"听取意见时适用的是《{heard.edition.title}》，现在适用《{basis.edition.title}》，不能据以提出建议。"
        "请作出“不提出建议”的决定。"
    )


def grounds_in_words(case: DismissalRecommendation, edition: Edition) -> tuple[tuple[str, str], ...]:
    """The grounds as the edition writes them: (label of the clause, its text), each once."""
    clauses = edition.clauses_of(*(ground.clause for ground in case.stands_on)).values()
    return tuple((clause.label, clause.text) for clause in clauses)


def basis_in_words(period: BasisPeriod) -> str:
    """The document by which the measure is in force, with its number."""
    inner = period.title.replace("《", "〈").replace("》", "〉")
    return f"《{inner}》" + (f"（{period.number}）" if period.number else "")


def evidence_titles(case: DismissalRecommendation) -> tuple[str, ...]:
    """The list of evidence at the foot of the letter, in the order of the bundle."""
    titles = []
    for ground in case.stands_on:
        if ground.duty_id:
            titles.append(f"《{ground.duty.cycle.title}》及送达记录")
        elif ground.year:
            titles.append(f"{ground.year}年继续教育台账和质量工作绩效约定、结果")
        else:
            titles.append(f"发现情况{ground.finding.reference}及证明材料")
    return tuple(dict.fromkeys(titles)) + tuple(row.title for row in case.evidences.all())


# --- The evidence bundle ---------------------------------------------------------------------------------------------


def parts_of(case: DismissalRecommendation) -> tuple[Part, ...]:
    """证据卷: each ground with its records and files, what was heard, proposal, letter and answer, in that order.

    For the bureau alone: it holds what the CQO said and what the offices deliberated.
    """
    return (
        *(part for ground in case.stands_on for part in _PARTS[GroundKind(ground.kind)](case, ground)),
        *(
            Part(title=row.title, source="质监部门", day=_day(row.added_at), **_file(row.file))
            for row in case.evidences.select_related("file")
        ),
        *_statements(case),
        *_decision(case),
    )


def _day(at) -> date:
    return timezone.localdate(at)


def _bytes(row: StoredFile | IssuedPaper) -> bytes:
    """What is kept for a row; nothing where the file is gone, which the bundle then says on its page."""
    try:
        return filestore.fetch(row.sha256)
    except FileNotFoundError:
        return b""


def _file(stored: StoredFile | None) -> dict:
    """The file of a part, as ``Part`` takes it; nothing without one."""
    return {"data": _bytes(stored), "content_type": stored.content_type} if stored else {}


def _paper(paper: IssuedPaper, title: str, source: str) -> Part:
    return Part(
        title=title, source=source, day=_day(paper.issued_at), data=_bytes(paper), content_type="application/pdf"
    )


def _parts_of_finding(case: DismissalRecommendation, ground: CaseGround) -> Iterator[Part]:
    row = ground.finding
    yield Part(
        title=f"发现情况{row.reference}",
        source="质监部门",
        day=row.found_on,
        paragraphs=(
            f"{row.get_about_display()}，{row.get_behaviour_display()}；{day_words(row.happened_on)}发生，"
            f"{day_words(row.found_on)}经{row.source}发现。",
            f"事实：{row.facts}",
            f"本人知情：{day_words(row.knew_on)}，{row.knew_what}" if row.knew_on else "没有本人知情的记录。",
        ),
    )
    for evidence in row.evidences.select_related("file"):
        title = f"发现情况{row.reference}的证明材料：{evidence.title}"
        yield Part(title=title, source="质监部门", day=_day(evidence.added_at), **_file(evidence.file))


def _parts_of_year(case: DismissalRecommendation, ground: CaseGround) -> Iterator[Part]:
    """The year's ledger as the office of the case may see it, then agreement and results."""
    yield _ledger_part(case, ground.year)
    sheet = TargetSheet.unscoped.filter(appointment=case.appointment_id, year=ground.year).order_by("-version").first()
    if sheet is None:
        words = ("没有约定的质量工作绩效在案。",)
        yield Part(title=f"{ground.year}年质量工作绩效约定", source="平台记录", day=None, paragraphs=words)
        return
    targets = list(sheet.targets.prefetch_related("results__evidence"))
    yield Part(
        title=f"{ground.year}年质量工作绩效约定（第{sheet.version}版）",
        source="企业",
        day=sheet.agreed_on,
        paragraphs=tuple(f"{target.position}. {target.name}：目标{target.goal}" for target in targets),
        **_file(sheet.agreement),
    )
    for target in targets:
        result = next(iter(target.results.all()), None)
        words = f"{'完成' if result.is_met else '未完成'}：{result.words}" if result else "没有填报结果。"
        yield Part(
            title=f"{ground.year}年绩效结果：{target.name}",
            source="企业",
            day=result and _day(result.recorded_at),
            paragraphs=(f"目标：{target.goal}", words),
            **_file(result and result.evidence),
        )


def _ledger_part(case: DismissalRecommendation, year: int) -> Part:
    person, today = case.appointment.candidate_id, timezone.localdate()
    kept = ledgers([person], case.opened_by, today, year)[person]
    asked = kept.requirement
    required = f"要求{asked.words}（{asked.source}）" if asked.is_set else "没有规定学时的口径"
    lines = [
        f"{day_words(course.day)}，{course.title}，{course.hours}学时"
        + ("" if course.counts else f"，不计入：{course.why_not}")
        for course in kept.courses
    ]
    elsewhere = [f"另在其他单位完成{kept.elsewhere}学时。"] if kept.elsewhere else []
    words = (f"{required}，计入{kept.hours}学时。", *(lines or ["没有课程记录。"]), *elsewhere)
    return Part(title=f"{year}年继续教育台账", source="平台记录", day=today, paragraphs=words)


def _parts_of_duty(case: DismissalRecommendation, ground: CaseGround) -> Iterator[Part]:
    duty, cycle = ground.duty, ground.duty.cycle
    yield Part(
        title=f"《{cycle.title}》（{cycle.number}）",
        source="质监部门",
        day=_day(cycle.published_at),
        paragraphs=(
            f"报告期：{day_words(cycle.first_day)}至{day_words(cycle.last_day)}；期限：{day_words(duty.due_on)}。",
            cycle.body,
            f"依据条文：{cycle.legal_text}",
        ),
    )
    opened = duty.opened_at and f"{day_words(_day(duty.opened_at))}，企业在平台打开通知。"
    paper = duty.paper_served_on and f"{day_words(duty.paper_served_on)}纸质送达，送达证明附后。"
    yield Part(
        title="通知的送达记录",
        source="平台记录",
        day=duty.served_on,
        paragraphs=tuple(filter(None, (opened, paper))) or ("没有送达记录。",),
        **_file(duty.paper_proof),
    )
    put_off = [row for row in cycle.extensions.order_by("at", "pk") if row.duty_id in (None, duty.pk)]
    if put_off:
        words = tuple(f"{day_words(_day(row.at))}，延至{day_words(row.due_on)}：{row.reason}" for row in put_off)
        yield Part(title="期限的延长", source="质监部门", day=_day(put_off[-1].at), paragraphs=words)
    yield from _parts_of_report(duty)


def _parts_of_report(duty: ReportDuty) -> Iterator[Part]:
    """What was received, or that nothing was."""
    report = DutyReport.unscoped.filter(duty=duty).select_related("receipt", "transcript").first()
    if report is None or report.received_on is None:
        today = timezone.localdate()
        words = (f"截至{day_words(today)}，没有收到这次履职报告（期限{day_words(duty.due_on)}）。",)
        yield Part(title="没有收到履职报告的记录", source="平台记录", day=today, paragraphs=words)
        return
    late = f"迟{report.days_late}天" if report.days_late else "按时"
    told = tuple(f"{section.title}：{getattr(report, section.field) or '（空）'}" for section in SECTIONS)
    vetoes = tuple(
        f"一票否决：{day_words(veto.day)}，{veto.subject}，{veto.reason}，{veto.result}" for veto in report.vetoes.all()
    )
    yield Part(
        title="履职报告",
        source="企业",
        day=report.received_on,
        paragraphs=(f"{day_words(report.received_on)}收到，{late}。", *told, *vetoes),
        **_file(report.transcript),
    )
    for row in report.attachments.select_related("file"):
        yield Part(title=f"履职报告附件：{row.file.name}", source="企业", day=_day(row.added_at), **_file(row.file))
    yield _paper(report.receipt, f"履职报告收讫回执（{report.receipt.number}）", "质监部门")


_PARTS = {
    GroundKind.CONCEALMENT: _parts_of_finding,
    GroundKind.PERFORMANCE: _parts_of_year,
    GroundKind.REPORT: _parts_of_duty,
}


def _statements(case: DismissalRecommendation) -> Iterator[Part]:
    """征求意见 and what came in, both parties."""
    if case.asked_at is None:
        return
    words = "向企业和首席质量官本人征求陈述意见，期限"
    yield Part(
        title="征求陈述意见的记录",
        source="平台记录",
        day=_day(case.asked_at),
        paragraphs=(f"{day_words(_day(case.asked_at))}，{words}至{day_words(case.statement_due)}。",),
    )
    for row in case.notice_services.select_related("proof"):
        title = f"陈述意见通知书送达{row.get_party_display()}的证明"
        yield Part(title=title, source="质监部门", day=row.served_on, **_file(row.proof))
    for row in case.statements.select_related("file"):
        yield Part(
            title=f"{row.get_party_display()}的陈述意见",
            source=row.get_way_display(),
            day=row.received_on,
            paragraphs=(row.words,),
            **_file(row.file),
        )


def _decision(case: DismissalRecommendation) -> Iterator[Part]:
    """Proposal, letter with its stamped scan and service, and how it ended."""
    if case.proposed_at:
        yield Part(title="提出建议的理由", source="质监部门", day=_day(case.proposed_at), paragraphs=(case.proposal,))
    if case.signed_at:
        yield _paper(case.letter, f"建议解除聘任函（{case.number}）", "质监部门")
        for scan in case.stamped_scans.select_related("file").order_by("added_at", "pk"):
            yield Part(title="建议函盖章件", source="质监部门", day=_day(scan.added_at), **_file(scan.file))
    if case.served_on:
        opened = case.letter_opened_at and f"{day_words(_day(case.letter_opened_at))}，企业在平台打开建议函。"
        paper = case.paper_served_on and f"{day_words(case.paper_served_on)}纸质送达，送达证明附后。"
        yield Part(
            title="建议函的送达记录",
            source="平台记录",
            day=case.served_on,
            paragraphs=tuple(filter(None, (opened, paper))),
            **_file(case.paper_proof),
        )
    if case.answered_at:
        words = (f"企业决定：{CaseAnswer(case.answer).label}。", case.answer_reason)
        yield Part(
            title="企业的答复",
            source="企业",
            day=_day(case.answered_at),
            paragraphs=tuple(filter(None, words)),
            **_file(case.answer_scan),
        )
    if case.end_reason:
        words = (f"{case.get_state_display()}：{case.end_reason}",)
        day = case.decided_not_at or case.withdrawn_at or case.closed_at
        yield Part(title="案件的结果", source="质监部门", day=_day(day), paragraphs=words)
