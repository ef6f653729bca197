"""The measure as dated rows: editions, when each is in force, their clauses, and how the bureau reads what is open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.apps import apps
from django.contrib.postgres.fields import DateRangeField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Min, Q

from registry import citing
from registry.kept import once
from registry.measures import Answer, BasisKind, Treatment, Value
from registry.models.accounts import User
from registry.models.base import Base, PortalQuerySet, has_days, no_overlap, tracked


def days(first_day: date, last_day: date | None) -> DateRange:
    """The days from the first to the last, both inclusive; without a last day, all that follow."""
    return DateRange(first_day, last_day and last_day + timedelta(days=1), "[)")


class EditionQuerySet(PortalQuerySet):
    def in_order_of_time(self) -> EditionQuerySet:
        """By the first day in force, with the periods."""
        dated = self.annotate(since=Min("periods__period__startswith")).order_by("since", "key")
        return dated.prefetch_related("periods__document", "periods__successor__edition")


@tracked()
class Edition(Base):
    """One measure, as its bureau promulgated it, on what its first article names (Art. 1)."""

    # Which measure is it?
    key = models.CharField("代码", max_length=60, unique=True)
    title = models.CharField("名称", max_length=100)
    authority = models.CharField("主管部门", max_length=60)
    promulgated_on = models.DateField("公布日期", null=True, blank=True)
    reading = models.CharField("施行日期与有效期的解读", max_length=500)
    # What does the portal reckon with?
    parameters = models.JSONField("参数", encoder=DjangoJSONEncoder)
    # Where did it come from?
    source_sha256 = models.CharField("来源文件摘要", max_length=64)
    is_demo = models.BooleanField("演示", default=False)
    loaded_at = models.DateTimeField("装入时间")
    loaded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = EditionQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "办法"
        ordering = ["key"]

    def __str__(self):
        return self.title

    @property
    def first_day(self) -> date:
        """The first day on which it is in force."""
        return min(row.first_day for row in self.periods.all())

    @property
    def numbering(self) -> citing.Numbering:
        """How the edition numbers its clauses: what is done under it cites it so, whatever edition came later."""
        return citing.numbering(self.pk)

    def cite(self, *provisions: str) -> str:
        """第六条第（三）项 for ``6.(3)``, as this edition numbers it; empty where it has no such clause."""
        return self.numbering.cite(*provisions)

    def clauses_of(self, *provisions: str) -> dict[str, Clause]:
        """Provision → the clause that carries it, in the order of the text; what the edition lacks is left out."""
        clauses = the_law().clauses(self)
        return {clause.provision: clause for clause in clauses if clause.provision in provisions}


class BasisPeriodQuerySet(PortalQuerySet):
    def on(self, day: date) -> BasisPeriod | None:
        """The period that holds that day; None when no measure is in force then."""
        return self.filter(period__contains=day).select_related("edition").first()


@tracked()
class BasisPeriod(Base):
    """A time in which an edition is in force, and the document that says so (Art. 14)."""

    edition = models.ForeignKey(Edition, models.PROTECT, verbose_name="办法", related_name="periods")
    # From when to when?
    period = DateRangeField("有效期")
    # By which document?
    kind = models.CharField("性质", max_length=20, choices=BasisKind.choices)
    title = models.CharField("文件名称", max_length=100)
    number = models.CharField("文号", max_length=60, blank=True)
    document = models.ForeignKey(
        "registry.StoredFile", models.PROTECT, verbose_name="文件", null=True, blank=True, related_name="+"
    )
    # Did a successor end it earlier than was laid down?
    successor = models.ForeignKey("self", models.PROTECT, verbose_name="由何办法代替", null=True, related_name="+")
    planned_last_day = models.DateField("原定末日", null=True)
    is_demo = models.BooleanField("演示", default=False)
    recorded_at = models.DateTimeField("记录时间")
    # Empty for what a file brought that was loaded from the command line: nobody recorded it, and it needs no scan.
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = BasisPeriodQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "制度依据有效期"
        ordering = ["period", "pk"]
        constraints = [
            no_overlap("basis_period_no_overlap", message="同一日只能有一个有效的制度依据。"),
            has_days("basis_period_has_days"),
            models.UniqueConstraint(
                name="basis_period_one_original",
                fields=["edition"],
                condition=Q(kind=BasisKind.ORIGINAL),
                violation_error_message="一个办法只有一段原定有效期。",
            ),
            models.CheckConstraint(
                name="basis_period_has_its_document",
                condition=Q(recorded_by__isnull=True) | Q(document__isnull=False, title__gt="", number__gt=""),
                violation_error_message="记录制度依据须写明文件名称、文号，并附文件。",
            ),
            models.CheckConstraint(
                name="basis_period_planned_if_ended",
                condition=Q(successor__isnull=False) | Q(planned_last_day__isnull=True),
                violation_error_message="只有被代替的有效期才另记原定末日。",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def first_day(self) -> date:
        """The first day in force."""
        return self.period.lower

    @property
    def last_day(self) -> date | None:
        """The last day in force, inclusive; None while no end is set."""
        return self.period.upper and self.period.upper - timedelta(days=1)

    @property
    def planned(self) -> DateRange:
        """The days as they were laid down, whether or not a successor ended them earlier."""
        return days(self.first_day, self.planned_last_day) if self.successor_id else self.period


@dataclass(frozen=True)
class Settled:
    """What holds of a parameter on a day: by the text of its clause, or by a reading of the bureau (Art. 13)."""

    value: Value | None  # None while the question is open
    clause: str
    reading: Interpretation | None = None

    @property
    def number(self) -> str:
        """The number of the reading; empty where the text decides, or nothing yet."""
        return self.reading.number if self.reading else ""


@dataclass(frozen=True)
class Basis:
    """Under what an act of some day is done: an edition, the period in force if there is one, and its readings."""

    edition: Edition
    period: BasisPeriod | None
    day: date
    law: Law = field(repr=False, compare=False)

    @property
    def outside(self) -> bool:
        """Whether no measure is in force on the day: the act is recorded with a visible flag (design 1.10)."""
        return self.period is None

    def under(self, edition_id: int | None) -> Basis:
        """The same day by the words of the edition that an act stands on already; unchanged without one."""
        return replace(self, edition=self.law.edition(edition_id)) if edition_id else self

    def settled(self, name: str, *, size: str = "") -> Settled:
        """What holds of a parameter that day for an enterprise of that size; a reading goes before the file's value.

        Raises KeyError for a name that no measure has.
        """
        given = self.edition.parameters[name]
        if reading := self.law.reading(self.edition, name, self.day):
            return Settled(reading.reading, reading.clause, reading)
        return Settled(given.get("by_size", {}).get(size, given["value"]), given["clause"])

    def value(self, name: str, *, size: str = "") -> Value | None:
        """The same, its value alone; None while it is open."""
        return self.settled(name, size=size).value


class Law:
    """Every period, reading, clause and bureau's name, fetched at once: any day is answered without a query.

    ``the_law`` gives the one that stands. ``names`` are those recorded of the bureaus, in order of time: county (None
    for the city), first day, name.
    """

    def __init__(self):
        self.periods = list(BasisPeriod.unscoped.select_related("edition").order_by("period"))
        self._readings = list(Interpretation.unscoped.recorded().exclude(parameter=""))
        names = apps.get_model("registry", "AuthorityName").unscoped.order_by("since")
        self.names: list[tuple[int | None, date, str]] = list(names.values_list("county", "since", "name"))
        self._clauses: dict[int, list[Clause]] = defaultdict(list)
        for clause in Clause.unscoped.select_related("edition").order_by("position"):
            self._clauses[clause.edition_id].append(clause)
        self._numberings = {pk: _numbering(clauses) for pk, clauses in self._clauses.items()}

    @property
    def first_day(self) -> date:
        """The day on which the first measure took effect. Raises Edition.DoesNotExist when none is loaded."""
        if not self.periods:
            raise Edition.DoesNotExist("no measure is loaded")
        return self.periods[0].first_day

    def edition(self, pk: int) -> Edition:
        """The edition with that key; each has a period. Raises Edition.DoesNotExist for one that has not."""
        if found := next((row.edition for row in self.periods if row.edition_id == pk), None):
            return found
        raise Edition.DoesNotExist(f"no period of edition {pk}")

    def on(self, day: date) -> Basis:
        """What an act of that day stands on: see ``legal_basis``."""
        periods = self.periods
        if not periods:
            raise Edition.DoesNotExist("no measure is loaded")
        if period := next((row for row in periods if day in row.period), None):
            return Basis(period.edition, period, day, self)
        nearest = next((row for row in reversed(periods) if row.first_day < day), periods[0])
        return Basis(nearest.edition, None, day, self)

    def clauses(self, edition: Edition) -> list[Clause]:
        """All clauses of the edition, in the order of the text."""
        return self._clauses[edition.pk]

    def numbering(self, edition: int | None, day: date) -> citing.Numbering | None:
        """How that edition numbers its clauses, or (None) the one that applies on the day; None without any."""
        if edition is None and self.periods:
            edition = self.on(day).edition.pk
        return self._numberings.get(edition)

    def reading(self, edition: Edition, parameter: str, day: date) -> Interpretation | None:
        """How the bureau reads the question that decides this parameter of the edition, on that day."""
        return next(
            (
                row
                for row in self._readings
                if row.parameter == parameter and row.edition_id == edition.pk and day in row.period
            ),
            None,
        )


_read: dict[tuple[int | None, ...], Law] = {}  # by this process: the last one, under its place in the history


@once
def the_law() -> Law:
    """What is in force and how it is read.

    A process reads it anew when the history tells of a change, by whichever process: whoever writes of it holds one
    lock until that is committed, so that the history's last entries name what stands.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT max(pgh_id) FROM registry_editionevent), "
            "(SELECT max(pgh_id) FROM registry_basisperiodevent), "
            "(SELECT max(pgh_id) FROM registry_interpretationevent), "
            "(SELECT max(pgh_id) FROM registry_authoritynameevent)"
        )
        last = cursor.fetchone()
    if (law := _read.get(last)) is None:
        law = Law()
        _read.clear()
        _read[last] = law
    return law


def legal_basis(day: date) -> Basis:
    """What an act of that day stands on (Art. 14).

    Outside every period the edition last in force still says how things are recorded; before the first one, the first.
    Raises Edition.DoesNotExist when no measure is loaded.
    """
    return the_law().on(day)


def edition_on(day: date) -> Edition | None:
    """The edition in force on that day; None when none is (Art. 14). See ``legal_basis`` for what applies then."""
    basis = basis_if_any(day)
    return basis.edition if basis and not basis.outside else None


def basis_if_any(day: date) -> Basis | None:
    """The same, for pages that stand in a portal without any measure too: None there."""
    try:
        return legal_basis(day)
    except Edition.DoesNotExist:
        return None


class Clause(Base):
    """One clause of an edition: 条, 款, 项 or 目."""

    edition = models.ForeignKey(Edition, models.CASCADE, verbose_name="办法", related_name="clauses")
    # Where does it stand?
    path = models.CharField("条文路径", max_length=30)
    article = models.PositiveSmallIntegerField("条")
    paragraph = models.PositiveSmallIntegerField("款", null=True)
    item = models.PositiveSmallIntegerField("项", null=True)
    subitem = models.PositiveSmallIntegerField("目", null=True)
    label = models.CharField("条文", max_length=40)
    position = models.PositiveSmallIntegerField("次序")
    # What does it say, and what becomes of it here?
    text = models.TextField("正文")
    treatment = models.CharField("处理方式", max_length=20, choices=Treatment.choices)
    how = models.CharField("处理说明", max_length=500)
    provision = models.CharField("所载规定", max_length=30, blank=True)  # what the model's clause of this path says

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "条文"
        ordering = ["edition", "position"]
        constraints = [
            models.UniqueConstraint(
                name="clause_path_unique",
                fields=["edition", "path"],
                violation_error_message="同一办法中条文不得重复。",
            ),
            models.UniqueConstraint(
                name="clause_provision_unique",
                fields=["edition", "provision"],
                condition=~Q(provision=""),
                violation_error_message="同一办法中每项规定只能由一条条文承载。",
            ),
        ]

    def __str__(self):
        return self.label


def _numbering(clauses: list[Clause]) -> citing.Numbering:
    edition = clauses[0].edition
    return citing.Numbering(edition.pk, edition.key, tuple((clause.provision, clause.path) for clause in clauses))


@citing.use
def _numbered(edition: int | None, day: date) -> citing.Numbering | None:
    return the_law().numbering(edition, day)


class InterpretationQuerySet(PortalQuerySet):
    def questions(self) -> InterpretationQuerySet:
        """What the editions leave open, whether or not a reading has been recorded since."""
        return self.filter(period=None)

    def recorded(self) -> InterpretationQuerySet:
        """The readings the municipal bureau has recorded (Art. 13)."""
        return self.exclude(period=None)


@tracked()
class Interpretation(Base):
    """A question the text leaves open, or (with a period) the dated reading the municipal bureau chose: 口径."""

    edition = models.ForeignKey(Edition, models.PROTECT, verbose_name="办法", related_name="interpretations")
    # What is asked?
    key = models.CharField("代码", max_length=60)
    clause = models.CharField("条文路径", max_length=30)
    question = models.CharField("问题", max_length=300)
    answer = models.CharField("答复形式", max_length=10, choices=Answer.choices)
    options = models.JSONField("选项", null=True, blank=True)
    # What happens while it is open?
    default = models.JSONField("暂行取值", null=True, blank=True)
    parameter = models.CharField("对应参数", max_length=60, blank=True)
    meanwhile = models.CharField("暂行做法", max_length=300)
    # What did the bureau decide, and from when to when?
    number = models.CharField("编号", max_length=60, blank=True)
    reading = models.JSONField("取值", null=True, blank=True)
    text = models.TextField("口径正文", blank=True)
    period = DateRangeField("有效期", null=True, blank=True)
    decided_on = models.DateField("作出日期", null=True, blank=True)
    is_demo = models.BooleanField("演示", default=False)
    recorded_at = models.DateTimeField("记录时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = InterpretationQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "口径"
        ordering = ["pk"]
        constraints = [
            no_overlap("interpretation_no_overlap", "edition", "key", message="同一问题在同一日只能有一个口径。"),
            models.UniqueConstraint(
                name="interpretation_one_question",
                fields=["edition", "key"],
                condition=Q(period=None),
                violation_error_message="同一办法中问题不得重复。",
            ),
            models.UniqueConstraint(
                name="interpretation_number_unique",
                fields=["number"],
                condition=~Q(number=""),
                violation_error_message="该口径编号已经使用。",
            ),
            models.CheckConstraint(
                name="interpretation_whole_or_open",
                condition=Q(period=None, reading__isnull=True, decided_on=None, number="", text="")
                | Q(period__isempty=False, period__startswith__isnull=False)
                & Q(reading__isnull=False, decided_on__isnull=False, recorded_by__isnull=False)
                & ~Q(number="")
                & ~Q(text=""),
                violation_error_message="口径应同时载明编号、取值、正文、作出日期、生效日期和登记人；未作出的各项均应留空。",
            ),
        ]

    def __str__(self):
        return self.number or self.question

    def words(self, value: Value) -> str:
        """An answer as a person says it: the words of an option, else the figure or text itself."""
        return dict(self.options or ()).get(value, str(value))
