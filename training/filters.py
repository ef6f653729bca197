"""What training's lists can be narrowed by, and what to say of it."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, TextChoices

from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County, Employment
from registry.models.search import found_by
from registry.policies import counties_of
from registry.rules import normalise_code
from registry.states import Industry, Role
from training.models import Session, TrainingBody
from training.states import BodyKind, ProjectState, SessionState, TrainingKind, YearStanding

CONSENT = [("yes", "本人同意公开"), ("no", "未同意公开")]
CERTIFICATE_STATES = [("valid", "有效"), ("revoked", "已撤销"), ("superseded", "已换发的旧版")]
CERTIFICATE = [("valid", "未撤销"), ("revoked", "已撤销")]
PRESENCE = [("present", "在库"), ("left", "已退出")]
YEARS = 10  # of continuing education that can be looked up, this one among them


class Stage(TextChoices):
    """Where a session stands on a day: its state, and once published its days."""

    DRAFT = "draft", "草稿"
    UPCOMING = "upcoming", "报名未开始"
    OPEN = "open", "报名中"
    CLOSED = "closed", "报名已截止"
    RUNNING = "running", "培训中"
    OVER = "over", "已结束"
    CANCELLED = "cancelled", "已取消"

    @classmethod
    def of(cls, session: Session, today: date) -> "Stage":
        """The stage of one session; the same question as ``rows_at``, answered in Python."""
        if session.state != SessionState.PUBLISHED:
            return cls(session.state)
        if session.last_day < today:
            return cls.OVER
        if today in session.enrolment:
            return cls.OPEN
        if today < session.enrolment.lower:
            return cls.UPCOMING
        return cls.RUNNING if session.first_day <= today else cls.CLOSED


def rows_at(rows, stage: str, today: date):
    """The sessions that stand at this stage today."""
    if stage in SessionState.values:
        return rows.filter(state=stage)
    rows = rows.filter(state=SessionState.PUBLISHED)
    if stage == Stage.OVER:
        return rows.filter(last_day__lt=today)
    rows = rows.filter(last_day__gte=today)
    if stage == Stage.OPEN:
        return rows.filter(enrolment__contains=today)
    if stage == Stage.UPCOMING:
        return rows.filter(enrolment__startswith__gt=today)
    rows = rows.filter(enrolment__endswith__lte=today)
    return rows.filter(first_day__lte=today) if stage == Stage.RUNNING else rows.filter(first_day__gt=today)


class SessionFilter(ListFilter):
    """培训班: by words, kind, stage, and the county it is open to."""

    q = LineField(label="名称、机构、地点或编号", required=False, max_length=60)
    kind = PickField(label="培训类别", required=False, choices=TrainingKind.choices)
    stage = PickField(label="状态", required=False, choices=Stage.choices)
    county = RowField(label="面向", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = County.unscoped.visible_to(user)
        self.fields["county"].empty_label = "不限"
        if user.enterprise_id:  # what is open to it is all it sees, drafts are none of it
            del self.fields["county"]
            self.fields["stage"].choices = [pair for pair in self.fields["stage"].choices if pair[0] != Stage.DRAFT]

    def by_q(self, rows, text):
        words = Q(title__icontains=text) | Q(place__icontains=text) | Q(body__name__icontains=text)
        return rows.filter(words | Q(reference__iexact=text))

    def by_kind(self, rows, kind):
        return rows.filter(kind=kind)

    def by_stage(self, rows, stage):
        return rows_at(rows, stage, self.today)

    def by_county(self, rows, county):
        """Sessions that enterprises of this county may join: its own, and those open to the whole city."""
        return rows.filter(Q(open_county=county) | Q(open_county=None))


class BodyFilter(ListFilter):
    """培训机构: by words and kind."""

    q = LineField(label="名称、发证代字或编号", required=False, max_length=60)
    kind = PickField(label="类别", required=False, choices=BodyKind.choices)

    def by_q(self, rows, text):
        return rows.filter(Q(name__icontains=text) | Q(mark__icontains=text) | Q(reference=normalise_code(text)))

    def by_kind(self, rows, kind):
        return rows.filter(kind=kind)


class OfCounties(ListFilter):
    """Abstract: a list that whoever has the whole city can narrow to one county."""

    field_order = ["year", "q"]

    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "不限"
        if not user.is_city_wide:
            del self.fields["county"]


class ProjectFilter(OfCounties):
    """质量课题改进计划: by words, state and county."""

    q = LineField(label="课题、人员、企业或编号", required=False, max_length=60)
    state = PickField(label="状态", required=False, choices=ProjectState.choices)

    def by_q(self, rows, text):
        own = Q(title__icontains=text) | Q(reference__iexact=text)
        return found_by(rows, own, Q(candidate__search__holds=text), Q(enterprise__search__holds=text))

    def by_state(self, rows, state):
        return rows.filter(state=state)

    def by_county(self, rows, county):
        return rows.filter(enterprise__county=county)


class PoolFilter(OfCounties):
    """The talent pool: by words, where, what was agreed, and how the year's education stands."""

    q = LineField(label="姓名、企业或编号", required=False, max_length=60)
    industry = PickField(label="行业门类", required=False, choices=Industry.choices)
    consent = PickField(label="公开姓名", required=False, choices=CONSENT)
    certificate = PickField(label="培训证书", required=False, choices=CERTIFICATE)
    presence = PickField(label="在库情况", required=False, choices=PRESENCE)
    standing = PickField(label="本年继续教育", required=False, choices=YearStanding.choices)

    def by_q(self, rows, text):
        people, enterprises = Q(candidate__search__holds=text), Q(project__enterprise__search__holds=text)
        return found_by(rows, people, enterprises, Q(reference__iexact=text))

    def by_county(self, rows, county):
        return rows.filter(project__enterprise__county=county)

    def by_industry(self, rows, industry):
        return rows.filter(project__enterprise__industry=industry)

    def by_consent(self, rows, answer):
        """Nothing said yet counts as not agreed."""
        return rows.filter(agreed=True) if answer == "yes" else rows.filter(Q(agreed=False) | Q(agreed=None))

    def by_certificate(self, rows, answer):
        return rows.filter(revoked=answer == "revoked")

    def by_presence(self, rows, answer):
        return rows.filter(left_at__isnull=answer == "present")

    def by_standing(self, rows, answer):
        """Reckoned, not stored: the page narrows by ``standing`` once the rows are read."""
        return rows


class EducationFilter(OfCounties):
    """Continuing education: by year, words, and how the year stands. Rows are people."""

    q = LineField(label="姓名、编号或企业", required=False, max_length=60)
    year = PickField(label="年度", required=False, choices=[])
    standing = PickField(label="完成情况", required=False, choices=YearStanding.choices)

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["year"].choices = [
            ("", f"{today.year}年"), *((str(n), f"{n}年") for n in range(today.year - 1, today.year - YEARS, -1))
        ]  # fmt: skip

    @property
    def chosen_year(self) -> int:
        """The year asked for; this one unless another is."""
        self.is_valid()
        return int(self.cleaned_data.get("year") or self.today.year)

    def by_q(self, rows, text):
        employed = Employment.unscoped.visible_to(self.user).filter(enterprise__search__holds=text)
        return found_by(rows, Q(search__holds=text), Q(pk__in=employed.values("candidate")))

    def by_county(self, rows, county):
        employed = Employment.unscoped.visible_to(self.user).filter(candidate=OuterRef("pk"), enterprise__county=county)
        return rows.filter(Exists(employed))

    def by_year(self, rows, year):
        """Who has the duty in that year is the page's own question."""
        return rows

    def by_standing(self, rows, answer):
        """Reckoned, not stored: the page narrows by ``standing`` once the rows are read."""
        return rows


class CertificateFilter(ListFilter):
    """培训证书: by words, body, year and state; superseded versions show only when they are asked for."""

    q = LineField(label="姓名、企业或证书编号", required=False, max_length=60)
    body = RowField(label="培训机构", required=False, queryset=TrainingBody.unscoped.none())
    session = LineField(label="培训班编号", required=False, max_length=20)
    year = PickField(label="年度", required=False, choices=[])
    state = PickField(label="状态", required=False, choices=CERTIFICATE_STATES)

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["body"].queryset = TrainingBody.unscoped.visible_to(user)
        self.fields["body"].empty_label = "不限"
        years = range(today.year, today.year - YEARS, -1)
        self.fields["year"].choices = [("", "不限"), *((str(year), f"{year}年") for year in years)]
        if user.role == Role.TRAINER:
            del self.fields["body"]

    def narrow(self, rows):
        rows = super().narrow(rows)
        return rows if self.cleaned_data.get("state") else rows.current()

    def by_q(self, rows, text):
        people, enterprises = Q(candidate__search__holds=text), Q(enrolment__enterprise__search__holds=text)
        return found_by(rows, Q(search__holds=text), people, enterprises)

    def by_body(self, rows, body):
        return rows.filter(body=body)

    def by_session(self, rows, reference):
        return rows.filter(enrolment__session__reference__iexact=reference)

    def by_year(self, rows, year):
        return rows.filter(year=int(year))

    def by_state(self, rows, state):
        if state == "superseded":
            return rows.exclude(superseded_by=None)
        if state == "valid":
            return rows.valid()
        return rows.current().filter(revocations__confirmed_at__isnull=False)
