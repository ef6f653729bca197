"""The demo's campaigns, achievements, commendations, guidance and policies: a case in each stage (Art. 9, 10, 12(一)).

Stories like those of training: whoever is CQO then tells of what was achieved, and nothing is written past the actions.
"""

from collections.abc import Iterator
from datetime import date
from random import Random

from appointments import actions
from appointments.models import Achievement, Appointment, Campaign, Commendation, Guidance
from appointments.states import CampaignKind, GuidanceWay, MaterialKind, Mechanism
from cqo_portal.demo import evidence
from cqo_portal.demo.people import DAYS, City, Firm, office_hour, upload
from cqo_portal.demo.stories import BREATH, Story
from registry.actions.files import store_file
from registry.models import User
from registry.rules import day_words
from registry.states import Designation

DONE = "成立攻关小组，找出主要原因；修订作业指导书，固定关键参数；每周统计、每月评审；写入企业标准。"
TOPICS = (
    ("釉面砖色差攻关", "釉面砖色差不良率居高，攻关后连续六个月达标。", "不良率由3.2%降到1.3%，每月减少返工费用8万元。"),
    ("来料检验周期减半", "改进检验流程，来料检验不再影响投产。", "平均用时由52小时降到22小时，全年少停线31次。"),
    ("发泡材料密度稳定控制", "在线检测与闭环调节相结合，批次一致性提高。", "密度波动由±8%收窄到±3.5%，没有投诉。"),
    ("质量成本统计制度", "首次按月核算质量成本，为决策提供依据。", "质量损失率由2.6%降到1.9%，一年节约146万元。"),
    ("班组质量改进积分", "把改进提案与班组考核挂钩，员工广泛参与。", "全年提案412件，采纳287件，人均1.4件。"),
    ("在线视觉检测的应用", "自行开发视觉检测，替代人工目检。", "漏检率由0.9%降到0.05%，检验人员减少6人。"),
)
FINDINGS = (
    "首席质量官已参加决策会议，质量检验部门的隶属关系尚未调整。",
    "一票否决的程序已经写入制度，还没有行使过，员工了解不多。",
    "履职经费没有单列，培训和统计工作受到影响。",
)
ADVICE = (
    "调整部门隶属，明确首席质量官对质量检验部门的直接领导。",
    "明确一票否决的条件、程序和记录方式，向全体员工公布。",
    "年度预算中单列履职经费，由首席质量官提出、决策层决定。",
)


def stories(city: City, dice: int) -> Iterator[Story]:
    """Everything of this kind. Campaigns of the city and of a county, one over, one open, one still a draft."""
    kinds = CampaignKind
    yield _campaign(city, Random(dice + 1000), 700, 400, kinds.TACKLING, "陶瓷行业质量攻关活动（演示）", closed=True)
    yield _campaign(city, Random(dice + 1001), 75, -40, kinds.MANAGEMENT, "质量成本管理改进活动（演示）")
    yield _campaign(city, Random(dice + 1002), 60, -25, kinds.INNOVATION, "英德市质量创新活动（演示）", county="441881")
    yield _campaign(city, Random(dice + 1003), 4, -120, kinds.TACKLING, "食品行业质量攻关活动（演示）", draft=True)
    for number in range(14):
        yield _achievement(city, Random(dice + 1100 + number), number)
    for number, ago in enumerate((520, 330, 160, 20)):
        yield _commended(city, Random(dice + 1200 + number), number, ago)
    for number in range(24):
        yield _guided(city, Random(dice + 1300 + number), number)
    for number, code in enumerate(("441802", "441881", "441882", "441803", None)):
        yield _policy(city, Random(dice + 1400 + number), number, code)


def _officer(city: City, code: str | None) -> User:
    return city.officers[code] if code else city.municipal


def _campaign(
    city: City, random: Random, ago: int, due: int, kind: str, title: str, *,
    county: str | None = None, closed: bool = False, draft: bool = False,
) -> Story:  # fmt: skip
    """Planned ``ago`` days ago, achievements taken until ``due`` days ago (negative: days to come)."""
    by = _officer(city, county)
    at = yield office_hour(city.today - ago * DAYS, random)
    first, last = city.today - (ago - 7) * DAYS, city.today - due * DAYS
    row = actions.plan_campaign(
        kind=kind, title=title, first_day=first, last_day=last, due_on=last, by=by, at=at,
        what="围绕影响产品质量的突出问题，由首席质量官牵头开展，写明做法、数据和成效。企业自愿参加。",
    )  # fmt: skip
    if draft:
        return
    at = yield office_hour(city.today - (ago - 3) * DAYS, random)
    row = actions.publish_campaign(row, version=row.version, by=by, at=at)
    if closed:
        at = yield office_hour(last + 10 * DAYS, random)
        actions.close_campaign(row, version=row.version, by=by, at=at)


def _in_office(city: City, random: Random, day: date, known: str = "") -> tuple[Firm, Appointment] | None:
    """An enterprise with a CQO in force that day, whom it still employs; the ``known`` account's first."""
    firms = {firm.enterprise.pk: firm for firm in city.firms}
    rows = Appointment.unscoped.in_force(day).with_parties().order_by("pk")
    fit = [row for row in rows if row.enterprise_id in firms and _at_work(row, day)]
    if not fit:
        return None
    row = random.choice([row for row in fit if firms[row.enterprise_id].account.username == known] or fit)
    return firms[row.enterprise_id], row


def _at_work(row: Appointment, day: date) -> bool:
    return row.candidate.employments.filter(enterprise=row.enterprise_id, period__contains=day).exists()


def _achievement(city: City, random: Random, number: int) -> Story:
    """Most are published, some wait, one was returned, one declined, one withdrawn, one is still being written."""
    start = city.today - (600 - number * 44) * DAYS
    at = yield office_hour(start, random)
    known = "enterprise-a" if number in (9, 13) else ""  # the account that looks around finds one of its own
    if (found := _in_office(city, random, at.date(), known)) is None:
        return
    firm, appointment = found
    title, summary, results = TOPICS[number % len(TOPICS)]
    by, person = firm.account, appointment.candidate
    row = actions.start_achievement(
        enterprise=firm.enterprise, candidate=person, kind=random.choice(CampaignKind.values), title=title,
        summary=summary, done=DONE, results=results, by=by, at=at,
        campaign=Campaign.unscoped.open_to(firm.enterprise, at.date()).first() if number % 3 else None,
    )  # fmt: skip
    words = [f"成果：{title}", results, "数据由本企业质量部统计。"]
    scan = upload(firm, "成效数据", words, issuer=firm.enterprise.name, at=at)
    actions.add_material(row, kind=MaterialKind.OPEN, file=scan, by=by, at=at)
    if number == 13:
        return
    at = yield at + BREATH
    row = actions.submit_achievement(row, version=row.version, by=by, at=at)
    if number < 10 and number % 2 == 0:
        _agree(firm, row, person.name, at)
    at = yield firm.hour(min(start + 6 * DAYS, city.today - DAYS))
    yield from _answered(firm, row, number, at)


def _agree(firm: Firm, subject: Achievement | Commendation, name: str, at) -> None:
    words = [f"本人{name}同意在经验成果和表彰奖励公开页公开姓名。", "本人可以随时撤回同意。"]
    data = evidence.scan("同意书", words, issuer=name, as_pdf=True)
    scan = store_file(data, "同意书.pdf", enterprise=firm.enterprise, by=firm.account, at=at)
    actions.record_name_consent(subject, agreed=True, evidence=scan, by=firm.account, at=at)


def _answered(firm: Firm, row: Achievement, number: int, at) -> Story:
    by = firm.officer
    if number in (11, 12):
        return  # still waits for the bureau
    if number == 10:
        actions.return_achievement(row, version=row.version, reason="请补充改进前三个月的数据。", by=by, at=at)
        return
    if number == 7:
        actions.decline_achievement(row, version=row.version, reason="成效尚未经过三个月稳定运行。", by=by, at=at)
        return
    row = actions.publish_achievement(row, version=row.version, by=by, at=at)
    if number == 4:
        at = yield at + 30 * DAYS
        actions.withdraw_achievement(row, version=row.version, reason="涉及未公开的工艺参数。", by=firm.account, at=at)


def _commended(city: City, random: Random, number: int, ago: int) -> Story:
    """By the city's document, of a CQO; the last but one of an enterprise; the first was revoked since."""
    day = city.today - ago * DAYS
    at = yield office_hour(day, random)
    if (found := _in_office(city, random, at.date())) is None:
        return
    firm, appointment = found
    by, year, person = city.municipal, at.date().year, number != 2
    title = f"关于表彰{year}年度优秀首席质量官的决定（演示）"
    mark = f"清质监演示〔{year}〕{20 + number}号"
    row = actions.record_commendation(
        enterprise=firm.enterprise, appointment=appointment if person else None, document_title=title,
        document_number=mark, issuing_body="清远市质监局", document_day=at.date(),
        honour="清远市优秀首席质量官" if person else "清远市首席质量官制度建设先进企业",
        ground="组织质量攻关，质量损失率连续下降。", scan=_document(firm, title, mark, by, at), by=by, at=at,
    )  # fmt: skip
    if number == 1:
        at = yield at + BREATH
        _agree(firm, row, appointment.candidate.name, at)
    if number == 0:
        at = yield office_hour(day + 90 * DAYS, random)
        title, mark = "关于撤销表彰的决定（演示）", f"清质监演示〔{at.date().year}〕41号"
        actions.revoke_commendation(
            row, document_title=title, document_number=mark, revoked_on=at.date(), reason="申报的数据与事实不符。",
            scan=_document(firm, title, mark, by, at), by=by, at=at,
        )  # fmt: skip


def _document(firm: Firm, title: str, mark: str, by: User, at):
    data = evidence.scan(title, [mark, day_words(at.date())], issuer="清远市质监局", as_pdf=True)
    return store_file(data, "表彰文件.pdf", enterprise=firm.enterprise, by=by, at=at)


def _guided(city: City, random: Random, number: int) -> Story:
    """A pilot of the day is guided by its county; now and then a record is corrected."""
    day = city.today - (560 - number * 23) * DAYS
    at = yield office_hour(day, random)
    pilots = [firm for firm in city.firms if firm.enterprise.is_designated(Designation.PILOT, at.date())]
    if not pilots:
        return
    firm, place = pilots[number * 5 % max(1, len(pilots) * 2 // 3)], number % len(FINDINGS)
    said = {
        "day": at.date(),
        "way": GuidanceWay.values[number % 3],
        "officers": firm.officer.display_name,
        "mechanisms": [Mechanism.values[place]],
        "findings": FINDINGS[place],
        "advice": ADVICE[place],
        "follow_up_on": at.date() + 60 * DAYS if number % 2 else None,
    }
    row = actions.record_guidance(enterprise=firm.enterprise, by=firm.officer, at=at, **said)
    if number % 8 == 7:
        at = yield at + BREATH
        _corrected(firm, row, said, at)


def _corrected(firm: Firm, row: Guidance, said: dict, at) -> None:
    words = said | {"mechanisms": [Mechanism.DUTIES, Mechanism.RIGHTS]}
    actions.record_guidance(enterprise=firm.enterprise, corrects=row, by=firm.officer, at=at, **words)


def _policy(city: City, random: Random, number: int, code: str | None) -> Story:
    """Incentive policies of some counties and of the city: in force, over, ended, and one still a draft."""
    by = _officer(city, code)
    place = by.county.name if by.county else "清远市"
    ago = 500 - number * 90
    at = yield office_hour(city.today - ago * DAYS, random)
    title, mark = f"{place}质量强企奖励办法（演示）", f"演示府〔{at.date().year}〕{number + 3}号"
    words = [mark, "设立首席质量官并完成质量课题的企业，给予奖励。"]
    data = evidence.scan(title, words, issuer=f"{place}人民政府", as_pdf=True)
    row = actions.draft_policy(
        title=title, document_number=mark, issuing_body=f"{place}人民政府", issued_on=at.date() - 10 * DAYS,
        summary="设立首席质量官、按时提供履职报告并完成质量课题的企业，可以申请一次性奖励五万元，由县（市、区）局受理。",
        first_day=at.date(), last_day=city.today - 30 * DAYS if number == 2 else None,
        file=store_file(data, "奖励办法.pdf", county=by.county, by=by, at=at), by=by, at=at,
    )  # fmt: skip
    if number == 3:
        return
    at = yield at + BREATH
    row = actions.publish_policy(row, version=row.version, by=by, at=at)
    if number == 1:
        at = yield office_hour(city.today - 15 * DAYS, random)
        actions.end_policy(row, version=row.version, reason="由新的奖励办法代替。", by=by, at=at)
