"""The whole demo, in one transaction: a start that is cut short leaves nothing half-written."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from appointments.actions import expire_due, include_late_joiners, send_reminders
from appointments.models import DismissalRecommendation
from appointments.states import CaseState
from cqo_portal.demo import evidence
from cqo_portal.demo.names import BUREAU_NAMES, FIRMS, FirmRow, Names
from cqo_portal.demo.people import DAYS, City, Firm, Standing, hire, hire_shared, office_hour
from cqo_portal.demo.promotion import stories as promotion_stories
from cqo_portal.demo.stories import PLOTS, Story, play
from cqo_portal.demo.supervision import stories as supervision_stories
from cqo_portal.demo.training import stories as training_stories
from registry.actions.accounts import decline_registration, submit_registration
from registry.actions.enterprises import designate, register_enterprise
from registry.actions.files import store_file_of_applicant, store_file_of_measure
from registry.actions.measure import record_extension, record_interpretation
from registry.actions.people import end_employment
from registry.models import County, Delivery, Edition, Enterprise, Message, User
from registry.refusals import Refused
from registry.rules import anniversary, day_words
from registry.states import DeliveryState, Designation, Role, SizeBand

ENTERPRISE_ACCOUNTS = {"flagship": "enterprise-a", "newcomer": "enterprise-b"}
THIRD = "enterprise-c"
UNKNOWN_FIRMS = {"441802": "清城演示新材料有限公司", "441826": "连南演示农产品有限公司"}
ACCOUNTS = (*BUREAU_NAMES, *ENTERPRISE_ACCOUNTS.values())
REGISTERED = 1410  # days ago the register was begun
REMINDED = 45  # nights ago the first reminders of the demo went out
EXTENDED = 1278  # days ago the demo's extension took effect; nothing was in force before it


@transaction.atomic
def seed(*, firms: int = len(FIRMS), dice: int = 20160331, tell: Callable[[str], None]) -> None:
    """Write the demo for today: the first ``firms`` enterprises and what they did. ``tell`` hears of the progress.

    The same ``dice`` and day give the same names, numbers and dates; codes and file names are random as ever. Raises
    Refused when there are enterprises or accounts of these names already, or no measure is loaded.
    """
    if Enterprise.unscoped.exists():
        raise Refused("名录中已有企业，不再装入演示数据。")
    if taken := User.unscoped.filter(username__in=ACCOUNTS).values_list("username", flat=True).first():
        raise Refused(f"账号 {taken} 已经存在，不再装入演示数据。")
    edition = Edition.unscoped.first()
    if edition is None:
        raise Refused("尚未装入办法，请先运行 load_measure。")
    today = timezone.localdate()
    city = _city(today, Names(Random(dice)))
    administrator = User.unscoped.get(username="administrator")
    stories = [
        _clock(today),
        _basis(edition, administrator, city.municipal, today),
        *training_stories(city, dice, REGISTERED + 20, administrator),
        *supervision_stories(city, dice),
        *promotion_stories(city, dice),
        *(_life(row, place, city, Random(dice + place)) for place, row in enumerate(FIRMS[:firms])),
    ]
    play(stories, until=_midnight(today), tell=_yearly(tell))
    _read_old_messages(today)
    _send_old_deliveries(today)
    _open_third_account(city.password)
    _registrations(city)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _yearly(tell: Callable[[str], None]) -> Callable[[datetime], None]:
    """A line at the beginning of each year."""
    seen: set[int] = set()

    def heard(at: datetime) -> None:
        if at.year not in seen:
            seen.add(at.year)
            tell(f"正在生成{at.year}年的办理记录")

    return heard


def _city(today: date, names: Names) -> City:
    """The bureaus' accounts. One password hash serves all: hashing is slow on purpose."""
    password = make_password(settings.DEMO_PASSWORD)
    counties = {county.code: county for county in County.unscoped.all()}
    accounts = {}
    for username, display_name in BUREAU_NAMES.items():
        role, _, code = username.partition("-")
        accounts[username] = User.unscoped.create(
            username=username, display_name=display_name, password=password, role=Role(role),
            county=counties.get(code), phone=names.phone(),
        )  # fmt: skip
    officers = {code: accounts[f"county-{code}"] for code in counties}
    return City(today, names, accounts["municipal"], officers, password)


def _clock(today: date) -> Story:
    """Each night, what is over expires; of late, notices reach who came into office since, and reminders go out."""
    for ago in range(EXTENDED, -1, -1):
        at = yield _midnight(today - ago * DAYS)
        expire_due(at=at)
        if ago < REMINDED:
            include_late_joiners(at=at)
            send_reminders(at=at)


def _basis(edition: Edition, administrator: User, municipal: User, today: date) -> Story:
    """The measure lapsed in 2018 (Art. 14): the demo carries an extension and two readings, all marked 演示."""
    day = today - EXTENDED * DAYS
    at = yield _midnight(day) + timedelta(hours=8)
    words = [f"《{edition.title}》的有效期，自{day_words(day)}起延长至{day_words(anniversary(today, 3))}。"]
    scan = evidence.scan("关于延长有效期的通知", words, issuer=edition.authority, as_pdf=True)
    record_extension(
        document=store_file_of_measure(scan, "延长有效期的通知（演示）.pdf", by=administrator, at=at),
        edition=edition, first_day=day, last_day=anniversary(today, 3), number=f"清质监演示〔{day.year}〕1号",
        title=f"关于延长《{edition.title}》有效期的通知（演示）", by=administrator, at=at, is_demo=True,
    )  # fmt: skip
    readings = {
        "experience_as_of": ("term_start", "质量工作经历计算到聘期首日。（演示）"),
        "ce_hours": (24, "年度继续教育每年不少于24学时。（演示）"),
    }
    for number, (key, (reading, text)) in enumerate(readings.items(), start=1):
        at = yield at + timedelta(hours=1)
        record_interpretation(
            edition=edition, key=key, number=f"清质监演示口径〔{day.year}〕{number}号", reading=reading, text=text,
            decided_on=day, effective_from=day, by=municipal, at=at, is_demo=True,
        )  # fmt: skip


def _life(row: FirmRow, place: int, city: City, random: Random) -> Story:
    """An enterprise comes on the register, with some people, and then lives its plot."""
    day = city.today - (REGISTERED - place % 45) * DAYS
    at = yield office_hour(day, random)
    firm = _registered(row, city, random, at)
    _designate(firm, at)
    staff = []
    for extra in range(1 + (place % 5 == 0)):
        at = yield firm.hour(day + (5 + extra) * DAYS)
        standing = random.choice((Standing.UNMET, Standing.UNPROVEN, Standing.EXPERIENCED))
        position = random.choice(("质量工程师", "检验科科长", "体系主管"))
        staff.append(hire(firm, at=at, standing=standing, trained=random.random() < 0.3, position=position))
    if place % 9 == 7:
        at = yield firm.hour(day + 8 * DAYS)
        hire_shared(firm, at=at)
    yield from PLOTS[row.plot](firm)
    if place % 10 == 5:
        at = yield firm.hour(city.today - 2 * DAYS)
        end_employment(staff[0], enterprise=firm.enterprise, last_day=city.today - 12 * DAYS, by=firm.account, at=at)


def _registered(row: FirmRow, city: City, random: Random, at: datetime) -> Firm:
    """The enterprise and the account that acts for it; only two of these accounts have a password."""
    officer, names = city.officers[row.county], city.names
    legal = names.person()
    enterprise = register_enterprise(
        credit_code=names.credit_code(), county=officer.county, by=officer, at=at, name=row.name,
        address=f"{officer.county.name}演示工业园{random.randrange(1, 30)}号", industry=row.industry, size=row.size,
        legal_representative=legal, principal=legal if random.random() < 0.5 else names.person(),
        contact_name=names.person(), contact_phone=names.phone(), contact_email="zhiliang@example.com",
    )  # fmt: skip
    known = ENTERPRISE_ACCOUNTS.get(row.plot)
    account = User.unscoped.create(
        username=known or f"enterprise-{enterprise.reference.lower()}", display_name=enterprise.contact_name,
        password=city.password if known else make_password(None), role=Role.ENTERPRISE, enterprise=enterprise,
        is_owner=True,
    )  # fmt: skip
    firm = Firm(city, enterprise, account, officer, random)
    city.firms.append(firm)
    return firm


def _designate(firm: Firm, at: datetime) -> None:
    """Above scale where size says so; some pilots; some of either over by now."""
    since = firm.ago(REGISTERED - 60)
    marks = {
        Designation.ABOVE_SCALE: 0 if firm.enterprise.size == SizeBand.MICRO else 0.8,
        Designation.PILOT: 0.6 if firm.enterprise.size == SizeBand.LARGE else 0.15,
    }
    for kind, chance in marks.items():
        if firm.random.random() < chance:
            until = firm.ago(firm.random.randrange(200, 700)) if firm.random.random() < 0.15 else None
            designate(firm.enterprise, kind=kind, since=since, until=until, by=firm.officer, at=at)


def _registrations(city: City) -> None:
    """Two people who say that they act for an enterprise that is not on the register: one waits, one was refused."""
    for number, (county, name) in enumerate(UNKNOWN_FIRMS.items()):
        at = timezone.now() - timedelta(days=2 - number, hours=3)
        applicant = User.unscoped.create(
            username=f"applicant-{number + 1}", display_name=city.names.person(), role=Role.APPLICANT,
            email=f"applicant{number + 1}@example.com", password=city.password,
        )  # fmt: skip
        kept = {"county": city.officers[county].county, "by": applicant, "at": at}
        words = [f"{name}授权{applicant.display_name}在本平台办理首席质量官事项。"]
        scans = {
            field: store_file_of_applicant(
                evidence.scan(title, words, issuer=name, as_pdf=False), f"{title}（演示）.png", **kept
            )
            for field, title in (("licence", "营业执照"), ("authority", "办理授权书"))
        }
        legal = city.names.person()
        registration = submit_registration(
            credit_code=city.names.credit_code(), name=name, address=f"{kept['county'].name}演示路8号", industry="C",
            size=SizeBand.SMALL, legal_representative=legal, principal=legal, contact_name=applicant.display_name,
            contact_phone=city.names.phone(), contact_email=applicant.email, **scans, **kept,
        )  # fmt: skip
        if number:
            reason = "办理授权书没有加盖公章。请盖章后重新上传。"
            decline_registration(registration, reason=reason, by=city.officers[county], at=at + timedelta(hours=2))


def _open_third_account(password: str) -> None:
    """The enterprise whose answer to a recommendation is awaited signs in as ``enterprise-c``; none in a small demo."""
    cases = DismissalRecommendation.unscoped.filter(state=CaseState.SERVED).order_by("-answer_due")
    if case := cases.select_related("appointment__enterprise").first():
        User.unscoped.filter(enterprise=case.enterprise).update(username=THIRD, password=password)


def _send_old_deliveries(today: date) -> None:
    """What was written before the last days has long been sent."""
    old = Delivery.unscoped.filter(created_at__lt=_midnight(today - 2 * DAYS))
    sent = {"state": DeliveryState.SENT, "attempts": 1, "sent_at": F("created_at") + timedelta(minutes=1)}
    old.filter(message=None).update(**sent, body="")
    old.exclude(message=None).update(**sent)


def _read_old_messages(today: date) -> None:
    """Offices have opened what came in before the last days."""
    for account in User.unscoped.filter(role__in=(Role.ENTERPRISE, Role.COUNTY, Role.MUNICIPAL)).order_by("-pk"):
        old = Message.unscoped.visible_to(account).unread().filter(sent_at__lt=_midnight(today - 12 * DAYS))
        old.update(read_at=F("sent_at") + timedelta(hours=3), read_by=account)
