"""The demo's training: bodies and their recognition, three years of sessions, certificates, projects, the talent pool.

Stories like those of the enterprises (see ``stories``): whoever is on file enrols, and nothing is written past the
actions.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from cqo_portal.demo import evidence
from cqo_portal.demo.people import DAYS, City, Firm, office_hour, upload
from cqo_portal.demo.stories import Story
from registry.actions.files import store_file
from registry.actions.people import correct_name, record_free_person
from registry.calendar_days import is_workday
from registry.models import Candidate, User
from registry.states import IdPaper
from training import actions
from training.actions.results import Result
from training.models import Certificate, Enrolment, ImprovementProject, PoolEntry, Session, TrainingBody
from training.states import BodyKind, TrainingKind

COURSES = {
    TrainingKind.QUALIFYING: [
        ("质量法律法规和质量政策", 8),
        ("质量管理体系的建立与改进", 12),
        ("质量成本与统计分析", 12),
        ("首席质量官履职实务", 8),
    ],
    TrainingKind.CONTINUING: [("质量政策与标准更新", 4), ("质量改进案例研讨", 8)],
}
TOPICS = (
    ("降低釉面砖色差不良率", "釉面砖色差不良率为3.2%，高于同行水平。", "六个月内降到1.5%以下。"),
    ("缩短来料检验周期", "来料检验平均用时52小时，影响投产。", "平均用时不超过24小时。"),
    ("提高一次交验合格率", "一次交验合格率为93.5%，返工成本偏高。", "一次交验合格率达到97%以上。"),
    ("减少客户质量投诉", "近一年客户投诉41起，其中包装破损占六成。", "投诉减少一半，包装破损不超过10起。"),
    ("完善计量器具管理", "在用计量器具超期未检的占4%。", "超期未检清零，台账每月核对。"),
    ("稳定发泡材料密度", "产品密度波动超过±8%，批次一致性差。", "密度波动控制在±4%以内。"),
)
MEASURES = "成立改进小组，查找主要原因；修订作业指导书；每周统计、每月评审；完成后写入企业标准。"
LAPSED = 300  # days ago the second body's recognition ended


def stories(city: City, dice: int, opened: int, administrator: User) -> Iterator[Story]:
    """Everything of the demo's training; ``opened`` days ago the bodies were put on the register."""
    yield _bodies(city, opened, administrator)
    for number, ago in enumerate((1180, 980, 800, 610, 430, 245, 95), start=1):
        body = "清远市企业质量促进中心" if ago > LAPSED and number % 3 == 0 else "北江质量技术培训中心"
        yield _held(city, body, Random(dice + 500 + number), ago=ago, number=number)
    for number, ago in enumerate((860, 500, 130), start=1):
        yield _held(
            city, "清远市质监局", Random(dice + 600 + number), ago=ago, number=number, kind=TrainingKind.CONTINUING
        )
    yield _held(city, "英德市质监局", Random(dice + 650), ago=180, number=1, seats=20)
    yield _running(city, Random(dice + 700))
    yield from _offered(city, Random(dice + 800))
    for number in range(26):
        yield _project(city, Random(dice + 900 + number), number)
    yield _corrected(city)
    yield _revoked(city)
    yield _left(city)


def _monday(day: date) -> date:
    return day - day.weekday() * DAYS


def _bodies(city: City, opened: int, administrator: User) -> Story:
    """Two bureaus that train themselves, two recognised bodies; one recognition has lapsed since."""
    day = city.today - opened * DAYS
    at = yield office_hour(day, Random(opened))
    by, county = city.municipal, city.officers["441881"].county
    contact = {"contact_name": "罗育才", "contact_phone": "0763-0000000"}
    for name, mark, of in (("清远市质监局", "清质培", None), ("英德市质监局", "英质培", county)):
        actions.add_body(name=name, mark=mark, kind=BodyKind.BUREAU, county=of, by=by, at=at, **contact)
    for place, (name, mark) in enumerate((("北江质量技术培训中心", "北江培"), ("清远市企业质量促进中心", "清促培"))):
        body = actions.add_body(name=name, mark=mark, kind=BodyKind.RECOGNISED, by=by, at=at, **contact)
        actions.recognise_body(
            body, first_day=day, last_day=city.today - LAPSED * DAYS if place else None, by=by, at=at,
            document_title="关于认可首席质量官培训机构的通知（演示）",
            document_number=f"清质监演示〔{day.year}〕{place + 2}号",
        )  # fmt: skip
    body = TrainingBody.unscoped.get(mark="北江培")
    for username in ("trainer", "trainer-2"):
        actions.add_trainer(body, user=User.unscoped.get(username=username), by=administrator, at=at)


def _who_runs(city: City, body: TrainingBody) -> User:
    """The account that acts for a body; the bureaus' own officers for theirs, and the city's for a lapsed one's."""
    if body.kind == BodyKind.BUREAU:
        return city.officers[body.county.code] if body.county else city.municipal
    known = User.unscoped.filter(training_membership__body=body).order_by("pk").first()
    return known or _second_body(city, body)


def _second_body(city: City, body: TrainingBody) -> User:
    """An account of the body whose recognition lapsed; nobody knows its password."""
    user = User.unscoped.create(
        username="trainer-cujin", display_name="甘泉", password="!", role="trainer", is_active=True
    )
    administrator = User.unscoped.get(username="administrator")
    actions.add_trainer(body, user=user, by=administrator, at=body.created_at)
    return user


def _planned(city: City, body: str, first: date, kind: str, number: int, seats: int, at, **changes) -> Session:
    """A draft: a week's days for a qualifying session, two days for the yearly education."""
    row = TrainingBody.unscoped.get(name=body)
    span = 5 if kind == TrainingKind.QUALIFYING else 2
    days = [day for day in (first + n * DAYS for n in range(span)) if is_workday(day)] or [first]
    words = "首席质量官任职培训" if kind == TrainingKind.QUALIFYING else "首席质量官年度继续教育"
    facts = {
        "title": f"{first.year}年{words}（第{number}期）",
        "place": f"{row.county.name if row.county else '清城区'}演示培训楼{number}号教室",
        "open_county": row.county,
        "audience": "拟任首席质量官、企业质量管理人员",
        "seats": seats,
        "pass_mark": 60,
        "days_needed": max(1, len(days) - 1),
        "enrolment": (first - 42 * DAYS, first - 3 * DAYS),
    } | changes
    return actions.plan_session(
        body=row, kind=kind, session_days=days, courses=COURSES[kind], by=_who_runs(city, row), at=at, **facts
    )


def _published(city: City, body: str, first: date, kind: str, number: int, seats: int, random: Random, **changes):
    """Planned and published six weeks ahead; returns the session."""
    at = yield office_hour(first - 49 * DAYS, random)
    session = _planned(city, body, first, kind, number, seats, at, **changes)
    at = yield office_hour(first - 45 * DAYS, random)
    return actions.publish_session(session, version=session.version, by=session.created_by, at=at)


def _pick(city: City, random: Random, session: Session, day: date, wanted: int) -> list[tuple[Firm, Candidate]]:
    """People in service who may go: without a certificate yet, or for the yearly education with one."""
    found = []
    for firm in city.firms:
        if session.open_county_id not in (None, firm.enterprise.county_id):
            continue
        people = Candidate.unscoped.filter(
            employments__enterprise=firm.enterprise, employments__period__contains=day
        ).order_by("pk")
        has = people.filter(certificates__isnull=False)
        fits = has if session.kind == TrainingKind.CONTINUING else people.exclude(pk__in=has)
        found += [(firm, person) for person in fits.distinct()]
    random.shuffle(found)
    once = {person.pk: (firm, person) for firm, person in found}
    return list(once.values())[:wanted]


def _filled(city: City, session: Session, random: Random, wanted: int, until: date):
    """People enrol, some days apart."""
    opens = session.enrolment.lower + 3 * DAYS
    at = yield office_hour(opens, random)
    for firm, person in _pick(city, random, session, opens, wanted):
        at = yield min(at + timedelta(hours=random.randrange(2, 30)), office_hour(until, random))
        if person.employments.filter(enterprise=firm.enterprise, period__contains=at.date()).exists():
            actions.enrol(session, enterprise=firm.enterprise, candidate=person, by=firm.account, at=at)


def _held(
    city: City, body: str, random: Random, *, ago: int, number: int, kind=TrainingKind.QUALIFYING, seats: int = 40
) -> Story:
    """A session that is over: most were there, most passed, some at the re-sit; certificates followed."""
    first = _monday(city.today - ago * DAYS)
    session = yield from _published(city, body, first, kind, number, seats, random)
    yield from _filled(city, session, random, 8 + random.randrange(7), session.enrolment.upper - 2 * DAYS)
    by = session.created_by
    at = yield office_hour(session.last_day + 2 * DAYS, random) + timedelta(days=2)
    rows = list(session.enrolments.seated())
    actions.enter_results(session, results={row.pk: _did(session, random) for row in rows}, by=by, at=at)
    if kind == TrainingKind.CONTINUING:
        return
    at = yield at + timedelta(days=3)
    for row in Enrolment.unscoped.filter(pk__in=[row.pk for row in rows]).with_results():
        row.session = session
        if actions.fault_of(row) is None:
            at = yield at + timedelta(minutes=15)
            actions.issue_certificate(row, by=by, at=at)


def _did(session: Session, random: Random) -> Result:
    days = list(session.days.values_list("day", flat=True))
    missed = {random.choice(days)} if random.random() < 0.2 else set()
    if random.random() < 0.06:
        return Result({day: False for day in days}, {})
    present = {day: day not in missed for day in days}
    if session.kind == TrainingKind.CONTINUING:
        return Result(present, {})
    score = Decimal(random.randrange(104, 196)) / 2
    scores = {1: (session.last_day, score)}
    if score < session.pass_mark and random.random() < 0.7:
        scores[2] = (session.last_day + DAYS, Decimal(random.randrange(124, 180)) / 2)
    return Result(present, scores)


def _running(city: City, random: Random) -> Story:
    """In its week or the week before: the first day's attendance is in, nothing else yet."""
    first = _monday(city.today - 6 * DAYS)
    kind, body = TrainingKind.QUALIFYING, "北江质量技术培训中心"
    session = yield from _published(city, body, first, kind, 8, 30, random)
    yield from _filled(city, session, random, 14, first - 5 * DAYS)
    at = yield office_hour(session.first_day, random) + timedelta(hours=2)
    present = {row.pk: Result({session.first_day: random.random() < 0.9}) for row in session.enrolments.seated()}
    actions.enter_results(session, results=present, by=session.created_by, at=at)


def _offered(city: City, random: Random) -> Iterator[Story]:
    """Open for enrolment: one with seats, one full with people waiting, one of the yearly education; and a draft."""
    body = "北江质量技术培训中心"
    yield _open(city, body, random, ahead=25, number=9, seats=40, wanted=6)
    yield _open(city, "英德市质监局", random, ahead=18, number=2, seats=4, wanted=7)
    yield _open(city, "清远市质监局", random, ahead=30, number=4, seats=60, wanted=9, kind=TrainingKind.CONTINUING)
    yield _draft(city, body, random)
    yield _without_enterprise(city, random)


def _open(
    city: City, body: str, random: Random, *, ahead: int, number: int, seats: int, wanted: int,
    kind=TrainingKind.QUALIFYING,
) -> Story:  # fmt: skip
    first = _monday(city.today + (ahead + 6) * DAYS)
    session = yield from _published(city, body, first, kind, number, seats, random)
    yield from _filled(city, session, random, wanted, city.today - 2 * DAYS)


def _draft(city: City, body: str, random: Random) -> Story:
    at = yield office_hour(city.today - 3 * DAYS, random)
    _planned(city, body, _monday(city.today + 66 * DAYS), TrainingKind.QUALIFYING, 10, 40, at)


def _without_enterprise(city: City, random: Random) -> Story:
    """Somebody without an enterprise, put on file and enrolled by a county (Art. 7)."""
    at = yield office_hour(city.today - 8 * DAYS, random)
    officer = city.officers["441881"]
    person = record_free_person(
        name=city.names.person(), id_type=IdPaper.RESIDENT, id_number=city.names.resident_id(date(1990, 3, 8)),
        by=officer, at=at,
    )  # fmt: skip
    sessions = Session.unscoped.open_for_enrolment(at.date()).filter(open_county=None)
    if session := sessions.filter(kind=TrainingKind.QUALIFYING).first():
        actions.enrol_free(session, candidate=person, by=officer, at=at)


def _project(city: City, random: Random, number: int) -> Story:
    """A project of somebody who holds a certificate: most are complete, some wait, some are under way."""
    start = city.today - (860 - number * 33) * DAYS
    at = yield office_hour(start, random)
    held = Certificate.unscoped.valid().filter(candidate__projects=None, issued_at__lt=at)
    held = held.filter(enrolment__enterprise__isnull=False).order_by("pk")
    firms = {firm.enterprise.pk: firm for firm in city.firms}
    for certificate in held.select_related("candidate", "enrolment"):
        firm = firms[certificate.enrolment.enterprise_id]
        if certificate.candidate.employments.filter(enterprise=firm.enterprise, period__contains=at.date()).exists():
            yield from _carried_out(city, firm, certificate.candidate, random, number, start, at)
            return


def _carried_out(city: City, firm: Firm, person: Candidate, random: Random, number: int, start: date, at) -> Story:
    title, problem, target = TOPICS[number % len(TOPICS)]
    plan = {"title": title, "problem": problem, "target": target, "measures": MEASURES}
    by = firm.account
    project = actions.plan_project(
        enterprise=firm.enterprise, candidate=person, first_day=start + 7 * DAYS, last_day=start + 120 * DAYS,
        by=by, at=at, **plan,
    )  # fmt: skip
    if number == 25:
        return
    at = yield firm.hour(start + 5 * DAYS)
    project = actions.file_plan(project, version=project.version, by=by, at=at)
    middle, end = start + 60 * DAYS, start + 110 * DAYS
    if middle >= city.today:
        return
    at = yield firm.hour(middle)
    actions.report_midterm(project, text="原因分析完成，作业指导书已修订，试运行四周。", by=by, at=at)
    if end >= city.today - 9 * DAYS:
        return
    project = yield from _reported(firm, person, project, end)
    if number in (19, 20):
        return  # still waits for the bureau
    at = yield firm.hour(end + 6 * DAYS)
    if number in (7, 18):
        reason = "请补充改进前后的数据对比，并说明效果如何巩固。"
        project = actions.return_project(project, version=project.version, reason=reason, by=firm.officer, at=at)
        if number == 18:
            return
        project = yield from _reported(firm, person, project, end + 20 * DAYS)
        at = yield firm.hour(end + 26 * DAYS)
    actions.confirm_project(project, version=project.version, by=firm.officer, at=at)
    yield from _consented(firm, person, random, end + 40 * DAYS)


def _reported(firm: Firm, person: Candidate, project: ImprovementProject, day: date):
    at = yield firm.hour(day)
    words = [f"课题：{project.title}", f"负责人：{person.name}", "效果：达到预定目标，已写入企业标准。"]
    scan = upload(firm, f"{person.name}课题总结", words, issuer=firm.enterprise.name, at=at)
    text = "达到预定目标，改进措施已写入企业标准，连续三个月数据稳定。"
    project = ImprovementProject.unscoped.get(pk=project.pk)
    return actions.report_completion(project, version=project.version, text=text, evidence=scan, by=firm.account, at=at)


def _consented(firm: Firm, person: Candidate, random: Random, day: date) -> Story:
    """Some of those in the pool agreed to be named; now and then one takes it back."""
    if random.random() > 0.6 or day >= firm.city.today:
        return
    at = yield firm.hour(day)
    entry = person.pool_entries.present().first()
    if entry is None:
        return
    words = [f"本人{person.name}同意在首席质量官人才库公开页面公开姓名、所在企业和纳入日期。", "本人可以随时撤回同意。"]
    data = evidence.scan("同意书", words, issuer=person.name, as_pdf=True)
    scan = store_file(data, "同意书.pdf", enterprise=firm.enterprise, by=firm.account, at=at)
    actions.record_consent(entry, agreed=True, evidence=scan, by=firm.account, at=at)
    if random.random() < 0.12 and day + 30 * DAYS < firm.city.today:
        at = yield firm.hour(day + 30 * DAYS)
        actions.record_consent(entry, agreed=False, by=firm.account, at=at)


def _corrected(city: City) -> Story:
    """A name was written wrong: the bureau corrects it, the body issues a certificate that supersedes the first."""
    at = yield office_hour(city.today - 60 * DAYS, Random(1))
    row = Certificate.unscoped.valid().filter(body__mark="北江培").order_by("-pk").first()
    if row is None:
        return
    person = row.candidate
    name = person.name[0] + "嘉" + person.name[-1]
    correct_name(
        person, name=name, reason="报名时误写，依居民身份证更正", version=person.version, by=city.municipal, at=at
    )
    at = yield at + timedelta(days=2)
    actions.reissue_certificate(row, reason="姓名更正", by=row.issued_by, at=at)


def _revoked(city: City) -> Story:
    """Somebody sat for another: proposed by the body, confirmed by the city."""
    at = yield office_hour(city.today - 200 * DAYS, Random(2))
    rows = Certificate.unscoped.valid().filter(body__mark="北江培", candidate__pool_entries=None)
    if (row := rows.order_by("pk").first()) is None:
        return
    revocation = actions.propose_revocation(row, reason="经查，考核时由他人代考。", by=row.issued_by, at=at)
    at = yield at + timedelta(days=4)
    actions.confirm_revocation(revocation, by=city.municipal, at=at)


def _left(city: City) -> Story:
    """Somebody asked to leave the pool; the city recorded it."""
    at = yield office_hour(city.today - 50 * DAYS, Random(3))
    entry = PoolEntry.unscoped.present().order_by("pk").first()
    if entry is not None:
        reason = "本人书面申请退出。"
        actions.leave_pool(entry, last_day=at.date(), reason=reason, by=city.municipal, at=at)
