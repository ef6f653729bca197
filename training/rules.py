"""What the measure says of training, certificates and the talent pool: pure functions on plain values."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.citing import cited
from registry.rules import day_words
from registry.states import Outcome
from training.states import Standing, YearStanding

BRACKETS = str.maketrans("[]()【】{}", "〔〕" * 4)
SITTINGS = 3  # the examination and its re-sits


@dataclass(frozen=True)
class Training:
    """A 任职培训 that somebody went through: the day of its certificate, in words, and what it is worth."""

    since: date
    words: str
    standing: str


def qualifying_training(trainings: Iterable[Training], as_of: date) -> tuple[Outcome, tuple[str, ...], str]:
    """Art. 6(五) 经过质检部门组织的首席质量官任职培训: outcome, evidence, next step.

    A valid certificate of the portal, or the scan of one by a body that was recognised on its day: met. A scan of
    anybody else's, or none: to verify. A revoked certificate counts for nothing.
    """
    done = [training for training in trainings if training.since <= as_of]
    words = tuple(f"{training.words}（{Standing(training.standing).label}）" for training in done)
    standings = {training.standing for training in done}
    if standings & {Standing.CERTIFIED, Standing.RECOGNISED}:
        return Outcome.MET, words, ""
    if Standing.UNPROVEN in standings:
        return Outcome.UNVERIFIED, words, "请在人员资料中上传培训证书，并选定培训机构。"
    return Outcome.UNMET, words or ("没有培训证书",), "报名任职培训；仍可任命，登记时注明。"


def number_key(number: str) -> str:
    """Art. 8 ¶1 培训证书: a certificate's number as it is compared, however its brackets and letters were typed."""
    folded = unicodedata.normalize("NFKC", number).upper().translate(BRACKETS)
    return "".join(character for character in folded if not character.isspace())


def mark_fault(mark: str) -> str | None:
    """Art. 8 ¶1 培训证书: what is wrong with the mark that begins a body's numbers, as a sentence, or None.

    Han characters and capital letters alone, so that no two marks look alike.
    """
    if not re.fullmatch(r"[一-鿿A-Z]{2,10}", mark):
        return "发证代字由 2 至 10 个汉字或大写字母组成，不含空格、数字和符号。"
    return None


def passes(score: Decimal, pass_mark: int) -> bool:
    """Art. 8 ¶1 考核合格: the score reaches the pass mark; the figure itself passes."""
    return score >= pass_mark


def certificate_fault(*, days_present: int, days_needed: int, last_score: Decimal | None, pass_mark: int) -> str | None:
    """Art. 8 ¶1 通过考核合格的，发给培训证书: why there is no certificate, as a sentence, or None.

    Attending is not passing, and passing is not attending: both are asked. The last sitting counts.
    """
    if days_present < days_needed:
        return f"出勤 {days_present} 天，少于规定的 {days_needed} 天，不能发给证书。"
    if last_score is None:
        return f"没有考核成绩，不能发给证书{cited('8.1')}。"
    if not passes(last_score, pass_mark):
        return f"考核 {last_score.normalize():f} 分，未达到合格线 {pass_mark} 分，不能发给证书{cited('8.1')}。"
    return None


@dataclass(frozen=True)
class Sitting:
    """A sitting that is on record: its day, and whether it was passed."""

    sat_on: date
    passed: bool


def sitting_fault(
    *, sitting: int, sat_on: date, score: Decimal, pass_mark: int, first_day: date, today: date,
    before: Sitting | None, after: Sitting | None,
) -> tuple[str, str] | None:  # fmt: skip
    """Art. 8 ¶1 考核: why a sitting cannot be recorded, as what is at fault (``score`` or ``sat_on``) and a sentence.

    ``before`` and ``after`` are the sittings next to it on record. None when nothing is wrong.
    """
    if not 1 <= sitting <= SITTINGS:
        return "score", f"最多考核 {SITTINGS} 次。"
    if sitting > 1 and before is None:
        return "score", f"没有第 {sitting - 1} 次考核的成绩，不能登记第 {sitting} 次。"
    if before and before.passed:
        return "score", f"第 {sitting - 1} 次考核已经合格，不需要补考。"
    if not 0 <= score <= 100 or score != round(score, 1):
        return "score", "成绩为 0 至 100 分，最多一位小数。"
    if after and passes(score, pass_mark):
        return "score", f"已登记第 {sitting + 1} 次考核，第 {sitting} 次不能改为合格。"
    if not first_day <= sat_on <= today:
        return "sat_on", f"考核日期须在开班之日（{day_words(first_day)}）至今天之间。"
    if before and sat_on < before.sat_on:
        return "sat_on", f"补考不能早于第 {sitting - 1} 次考核（{day_words(before.sat_on)}）。"
    if after and sat_on > after.sat_on:
        return "sat_on", f"第 {sitting} 次考核不能晚于第 {sitting + 1} 次（{day_words(after.sat_on)}）。"
    return None


def enrolment_fault(*, today: date, first_day: date, last_day: date) -> str | None:
    """Art. 7 参加首席质量官的培训教育: why one cannot enrol today, as a sentence, or None; both days count."""
    if today < first_day:
        return f"报名尚未开始，自{day_words(first_day)}起可以报名。"
    if today > last_day:
        return f"报名已于{day_words(last_day)}截止。"
    return None


def free_seat(taken: Collection[int], seats: int) -> int | None:
    """Art. 7: the lowest free seat of a session, from 1; None when it is full."""
    return next((seat for seat in range(1, seats + 1) if seat not in taken), None)


def same_certificate(meaning: str) -> bool:
    """Art. 8 ¶2 资格证书: whether it is the 培训证书 of the paragraph before, by the reading in force."""
    return meaning == "same"


def enters_pool(*, has_certificate: bool, has_project: bool) -> bool:
    """Art. 8 ¶2 取得证书并完成《质量课题改进计划》的人员，纳入人才库: both facts, and nothing else."""
    return has_certificate and has_project


def outside_counts(reading: str, *, was_recognised: bool) -> bool:
    """Art. 8 ¶2 参加质监部门组织的继续教育: courses elsewhere count only where it is read so, once recognised."""
    return reading == "counted" and was_recognised


@dataclass(frozen=True)
class Requirement:
    """Art. 6(五) 年度继续教育: what a year asks for, by which words; None for what nobody has laid down."""

    hours: int | None = None
    courses: int | None = None
    source: str = ""  # the reading's number, or the clause where the measure says it itself

    @property
    def is_set(self) -> bool:
        """Whether anything is asked for, so that a year can be judged at all."""
        return self.hours is not None or self.courses is not None

    @property
    def words(self) -> str:
        """24 学时、2 门课程; empty while nothing is laid down."""
        return "、".join(f"{n} {unit}" for n, unit in self._parts() if n is not None)

    def lacking(self, *, hours: int, courses: int) -> str:
        """差 8 学时、1 门课程; empty where all that is asked for was done."""
        done = (hours, courses)
        gaps = [(n - m, unit) for (n, unit), m in zip(self._parts(), done, strict=True) if n is not None and m < n]
        return "差 " + "、".join(f"{gap} {unit}" for gap, unit in gaps) if gaps else ""

    def _parts(self) -> tuple[tuple[int | None, str], ...]:
        return (self.hours, "学时"), (self.courses, "门课程")


def year_standing(*, requirement: Requirement, hours: int, courses: int, year: int, today: date) -> YearStanding:
    """Art. 6(五) 年度继续教育: hours and courses counted against what the year asks for; else no judgement."""
    if not requirement.is_set:
        return YearStanding.NOT_SET
    if not requirement.lacking(hours=hours, courses=courses):
        return YearStanding.MET
    return YearStanding.UNDERWAY if year >= today.year else YearStanding.SHORT


def session_fault(*, qualifying: bool, hours: int, pass_mark: int, needed_hours: int | None, mark: int | None):
    """Art. 8 ¶1 培训、考核合格: what a training for the certificate lacks, as (field, sentence), or None.

    ``needed_hours``: 学时 that the course must have at least; ``mark``: the pass mark; None where nothing is laid down.
    """
    if qualifying and needed_hours is not None and hours < needed_hours:
        return "courses", f"任职培训不少于 {needed_hours} 学时，现在一共 {hours} 学时。"
    if qualifying and mark is not None and pass_mark != mark:
        return "pass_mark", f"考核合格线规定为 {mark} 分。"
    return None
