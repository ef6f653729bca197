"""Every figure of the statistics once more, as SQL written by itself: from acts and histories, a cell at a time.

Parameters: ``day`` and ``later`` (the moment after it), ``me`` (the county that asks, or null) and the dimensions of a
cell, null where a line has none. Nothing here is taken from the code that is checked.
"""

LOCAL = "AT TIME ZONE 'Asia/Shanghai')::date"

# What the history kept of a row by then; a row that is not there was not yet known.
DESIGNATED = """
    (SELECT DISTINCT ON (pgh_obj_id) enterprise_id, kind, period FROM registry_enterprisedesignationevent
     WHERE recorded_at < %(later)s ORDER BY pgh_obj_id, pgh_id DESC)"""
SEAT = """
    (SELECT DISTINCT ON (pgh_obj_id) enterprise_id, county_id, period FROM registry_enterpriseseatevent
     WHERE recorded_at < %(later)s ORDER BY pgh_obj_id, pgh_id DESC)"""
SITTING = """
    (SELECT DISTINCT ON (pgh_obj_id) enrolment_id, passed FROM training_assessmentevent
     WHERE entered_at < %(later)s ORDER BY pgh_obj_id, pgh_id DESC)"""
THERE = """
    (SELECT DISTINCT ON (pgh_obj_id) enrolment_id, present FROM training_attendanceevent
     WHERE entered_at < %(later)s ORDER BY pgh_obj_id, pgh_id DESC)"""


def in_office(day: str, later: str) -> str:
    """Appointments in office on a day, told by their acts alone."""
    return f"""
    (SELECT a.* FROM appointments_appointment a
     WHERE EXISTS (SELECT FROM appointments_act x
                   WHERE x.appointment_id = a.id AND x.kind = 'submitted' AND x.at < {later})
       AND lower(a.term) <= {day} AND upper(a.term) > {day}
       AND NOT EXISTS (SELECT FROM appointments_act x
                       WHERE x.appointment_id = a.id AND x.kind IN ('withdrawn', 'ended') AND x.at < {later}
                         AND (a.in_force IS NULL OR NOT a.in_force @> {day})))"""


OFFICE = in_office("%(day)s", "%(later)s")
MINE = "(%(me)s::int IS NULL OR e.county_id = %(me)s)"
WHEN = "(%(since)s::date IS NULL OR {0} >= %(since)s) AND (%(until)s::date IS NULL OR {0} <= %(until)s)"
COUNTY = "(%(county)s::text IS NULL OR k.code = %(county)s)"


def enterprises(kind: str, also: str = "true") -> str:
    """How many enterprises were of a kind, by the county and section of that day."""
    return f"""
    SELECT count(*) FROM registry_enterprise e
    JOIN {DESIGNATED} d ON d.enterprise_id = e.id AND d.kind = '{kind}' AND d.period @> %(day)s
    JOIN {SEAT} s ON s.enterprise_id = e.id AND s.period @> %(day)s
    JOIN registry_county k ON k.id = s.county_id
    WHERE {MINE} AND {COUNTY} AND ({also})
      AND (%(industry)s::text IS NULL OR %(industry)s = (
           SELECT v.industry FROM registry_enterpriseevent v WHERE v.pgh_obj_id = e.id AND v.pgh_created_at < %(later)s
           ORDER BY v.pgh_id DESC LIMIT 1))"""


COVERED = f"EXISTS (SELECT FROM {OFFICE} o WHERE o.enterprise_id = e.id)"
GIVEN = """
    (SELECT g.* FROM appointments_guidance g WHERE g.recorded_at < %(later)s AND g.day <= %(day)s
       AND NOT EXISTS (SELECT FROM appointments_guidance n WHERE n.corrects_id = g.id AND n.recorded_at < %(later)s))"""
GUIDED = f"""EXISTS (SELECT FROM {GIVEN} g WHERE g.enterprise_id = e.id
    AND extract(year FROM g.day) = extract(year FROM %(day)s::date))"""


def acts(kind: str) -> str:
    """How many acts of a kind there were in a period."""
    return f"""
    SELECT count(*) FROM appointments_act x JOIN appointments_appointment a ON a.id = x.appointment_id
    JOIN registry_enterprise e ON e.id = a.enterprise_id JOIN registry_county k ON k.id = e.county_id
    WHERE x.kind = '{kind}' AND x.at < %(later)s AND {MINE} AND {COUNTY} AND {WHEN.format(f"(x.at {LOCAL}")}"""


FILED = f"""
    (SELECT k.code, e.county_id,
            CASE %(desk)s WHEN 'city' THEN (a.checked_at {LOCAL} ELSE (a.submitted_at {LOCAL} END AS begun,
            CASE %(desk)s WHEN 'county' THEN (a.checked_at {LOCAL} ELSE (a.filed_at {LOCAL} END AS done,
            (a.filed_at {LOCAL} AS day
     FROM appointments_appointment a
     JOIN registry_enterprise e ON e.id = a.enterprise_id JOIN registry_county k ON k.id = e.county_id
     WHERE a.filed_at < %(later)s AND {MINE} AND {COUNTY} AND NOT (%(desk)s = 'city' AND a.filed_at = a.checked_at))"""
TOOK = f"""
    (SELECT (SELECT count(*) FROM unnest(%(workdays)s::date[]) w WHERE w > f.begun AND w <= f.done) AS days
     FROM {FILED} f WHERE {WHEN.format("f.day")})"""
TERMS = f"""
    (SELECT o.id, upper(o.term) - 1 AS last FROM {OFFICE} o
     JOIN registry_enterprise e ON e.id = o.enterprise_id WHERE {MINE})"""
NEXT_ONE = """EXISTS (
    SELECT FROM appointments_appointment n WHERE n.renews_id = t.id
    AND EXISTS (
        SELECT FROM appointments_act x WHERE x.appointment_id = n.id AND x.kind = 'submitted' AND x.at < %(later)s)
    AND NOT EXISTS (
        SELECT FROM appointments_act x WHERE x.appointment_id = n.id AND x.kind = 'withdrawn' AND x.at < %(later)s))"""


def ended(reason: str = "") -> str:
    """How many appointments were ended, perhaps for one reason."""
    why = f"AND a.end_reason = '{reason}'" if reason else ""
    return f"""
    SELECT count(*) FROM appointments_act x JOIN appointments_appointment a ON a.id = x.appointment_id
    JOIN registry_enterprise e ON e.id = a.enterprise_id
    WHERE x.kind = 'ended' AND x.at < %(later)s {why} AND {MINE} AND {WHEN.format(f"(x.at {LOCAL}")}"""


def seats(what: str, also: str = "true") -> str:
    """Seats in sessions that were over, within one's scope."""
    return f"""
    SELECT {what} FROM training_enrolment n JOIN training_session s ON s.id = n.session_id
    JOIN training_trainingbody b ON b.id = s.body_id JOIN registry_candidate c ON c.id = n.candidate_id
    LEFT JOIN registry_enterprise e ON e.id = n.enterprise_id
    WHERE s.last_day <= %(day)s AND s.published_at < %(later)s
      AND (s.cancelled_at IS NULL OR s.cancelled_at >= %(later)s) AND n.enrolled_at < %(later)s
      AND (n.state = 'enrolled' OR (n.state = 'withdrawn' AND n.withdrawn_at >= %(later)s))
      AND (%(me)s::int IS NULL OR %(me)s IN (e.county_id, c.county_id, b.county_id))
      AND (%(body)s::text IS NULL OR b.reference = %(body)s) AND (%(kind)s::text IS NULL OR s.kind = %(kind)s)
      AND {WHEN.format("s.last_day")} AND ({also})"""


SAT = f"EXISTS (SELECT FROM {SITTING} t WHERE t.enrolment_id = n.id)"
PASSED = f"EXISTS (SELECT FROM {SITTING} t WHERE t.enrolment_id = n.id AND t.passed)"
CERTIFIED = "EXISTS (SELECT FROM training_certificate f WHERE f.enrolment_id = n.id AND f.issued_at < %(later)s)"

# ``ends`` is the last day of the year asked about, or the day within it; ``then`` the moment after it.
COURSES = f"""
    (SELECT n.candidate_id, s.hours FROM training_enrolment n JOIN training_session s ON s.id = n.session_id
     JOIN training_trainingbody b ON b.id = s.body_id
     WHERE n.state = 'enrolled' AND n.enrolled_at < %(later)s AND s.kind = 'continuing'
       AND s.published_at < %(later)s AND (s.cancelled_at IS NULL OR s.cancelled_at >= %(later)s)
       AND s.last_day <= %(ends)s AND extract(year FROM s.last_day) = %(year)s::int
       AND (b.kind = 'bureau' OR s.last_day >= %(counts_from)s)
       AND (SELECT count(*) FROM {THERE} t WHERE t.enrolment_id = n.id AND t.present) >= s.days_needed
     UNION ALL
     SELECT r.candidate_id, g.hours FROM training_trainingrecord r
     JOIN training_courserecognition g ON g.record_id = r.id
     WHERE r.kind = 'continuing' AND g.recognised_at < %(later)s AND r.completed_on >= %(counts_from)s
       AND r.completed_on <= %(ends)s AND extract(year FROM r.completed_on) = %(year)s::int)"""
BOUND = f"""
    (SELECT o.candidate_id FROM {in_office("%(ends)s", "%(then)s")} o
     JOIN registry_enterprise e ON e.id = o.enterprise_id WHERE {MINE}
     UNION
     SELECT p.candidate_id FROM training_poolentry p JOIN training_improvementproject j ON j.id = p.project_id
     JOIN registry_enterprise e ON e.id = j.enterprise_id
     WHERE {MINE} AND p.entered_at < %(then)s AND (p.left_at IS NULL OR p.left_at >= %(then)s))"""
DONE = f"""
    (SELECT b.candidate_id, coalesce(sum(c.hours), 0) AS hours, count(c.hours) AS courses
     FROM {BOUND} b LEFT JOIN {COURSES} c ON c.candidate_id = b.candidate_id GROUP BY 1)"""


def owed(also: str = "true") -> str:
    """Reports that were due by the day, of those in office on the due day as far as was known."""
    return f"""
    SELECT count(*) FROM appointments_reportduty d JOIN appointments_reportcycle c ON c.id = d.cycle_id
    JOIN appointments_appointment a ON a.id = d.appointment_id
    JOIN registry_enterprise e ON e.id = a.enterprise_id JOIN registry_county k ON k.id = e.county_id
    LEFT JOIN appointments_dutyreport r ON r.duty_id = d.id AND r.received_at < %(later)s
    WHERE d.due_on <= %(day)s AND c.published_at < %(later)s
      AND (c.withdrawn_at IS NULL OR c.withdrawn_at >= %(later)s) AND {MINE} AND {COUNTY}
      AND (%(cycle)s::text IS NULL OR c.reference = %(cycle)s) AND {WHEN.format("d.due_on")}
      AND a.term @> d.due_on
      AND (a.in_force @> d.due_on OR NOT EXISTS (
           SELECT FROM appointments_act x WHERE x.appointment_id = a.id AND x.kind IN ('withdrawn', 'ended')
           AND x.at < %(later)s))
      AND ({also})"""


def found(also: str = "true") -> str:
    """Findings on file, of a behaviour, perhaps about one object."""
    return f"""
    SELECT count(*) FROM appointments_finding f JOIN appointments_appointment a ON a.id = f.appointment_id
    JOIN registry_enterprise e ON e.id = a.enterprise_id JOIN registry_county k ON k.id = e.county_id
    WHERE f.filed_at < %(later)s AND (f.withdrawn_at IS NULL OR f.withdrawn_at >= %(later)s) AND {MINE} AND {COUNTY}
      AND (%(behaviour)s::text IS NULL OR f.behaviour = %(behaviour)s)
      AND {WHEN.format(f"(f.filed_at {LOCAL}")} AND ({also})"""


OUTCOME = """CASE
    WHEN c.decided_not_at < %(later)s THEN 'not_recommended'
    WHEN c.withdrawn_at < %(later)s THEN 'withdrawn'
    WHEN c.closed_at < %(later)s THEN 'closed'
    WHEN c.answered_at < %(later)s THEN c.answer
    WHEN c.signed_at < %(later)s AND c.letter_opened_at < %(later)s AND c.answer_due < %(day)s THEN 'unanswered'
    WHEN c.signed_at < %(later)s THEN 'awaited' ELSE 'underway' END"""


def cases(also: str = "true", stamp: str = "opened_at") -> str:
    """Cases by the day of a stamp, as they had come out by then."""
    return f"""
    SELECT count(*) FROM appointments_dismissalrecommendation c
    JOIN appointments_appointment a ON a.id = c.appointment_id
    JOIN registry_enterprise e ON e.id = a.enterprise_id JOIN registry_county k ON k.id = e.county_id
    WHERE c.{stamp} < %(later)s AND {MINE} AND {COUNTY} AND {WHEN.format(f"(c.{stamp} {LOCAL}")}
      AND (%(outcome)s::text IS NULL OR %(outcome)s = {OUTCOME}) AND ({also})"""


def rate(part: str, whole: str) -> str:
    """A percentage with one decimal; null of nothing."""
    return f"SELECT round(100.0 * ({part}) / nullif(({whole}), 0), 1)"


def _with_rates() -> dict[str, str]:
    sql = {
        "above-scale": enterprises("above_scale"),
        "covered": enterprises("above_scale", COVERED),
        "uncovered": enterprises("above_scale", f"NOT {COVERED}"),
        "coverage-goal": "SELECT NULL",
        "pilots": enterprises("pilot"),
        "pilots-covered": enterprises("pilot", COVERED),
        "pilots-guided": enterprises("pilot", GUIDED),
        "pilots-waiting": enterprises("pilot", f"NOT {GUIDED}"),
        "guidance": f"SELECT count(*) FROM {GIVEN} g JOIN registry_enterprise e ON e.id = g.enterprise_id "
        f"WHERE {MINE} AND {WHEN.format('g.day')}",
        "submitted": acts("submitted"),
        "returned": acts("returned"),
        "filed": acts("filed"),
        "handled": f"SELECT count(*) FROM {TOOK} t",
        "median-days": f"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY days) FROM {TOOK} t",
        "ninth-days": f"SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY days) FROM {TOOK} t",
        "in-time": f"SELECT CASE WHEN %(desk)s <> 'whole' THEN count(*) FILTER (WHERE days <= 5) END FROM {TOOK} t",
        "in-time-rate": "SELECT CASE WHEN %(desk)s <> 'whole' THEN "
        f"round(100.0 * count(*) FILTER (WHERE days <= 5) / nullif(count(*), 0), 1) END FROM {TOOK} t",
        "ending": f"SELECT count(*) FROM {TERMS} t WHERE {WHEN.format('t.last')}",
        "renewed": f"SELECT count(*) FROM {TERMS} t WHERE {WHEN.format('t.last')} AND {NEXT_ONE}",
        "ended": ended(),
        **{f"ended-{why}": ended(why) for why in ("expired", "dismissed", "resigned", "closed", "superseded")},
        "sessions": seats("count(DISTINCT s.id)"),
        "seats": seats("count(*)"),
        "sat": seats("count(*)", SAT),
        "passed": seats("count(*)", PASSED),
        "certified": seats("count(*)", CERTIFIED),
        "ce-bound": f"SELECT count(*) FROM {BOUND} b",
        "ce-started": f"SELECT count(*) FROM {DONE} d WHERE d.courses > 0",
        "ce-met": "SELECT CASE WHEN %(asks)s::int > 0 THEN count(*) FILTER (WHERE d.hours >= %(asks)s) END "
        f"FROM {DONE} d",
        "ce-hours": f"SELECT coalesce(sum(d.hours), 0) FROM {DONE} d",
        "reports-owed": owed(),
        "reports-served": owed("d.opened_at < %(later)s"),
        "reports-in-time": owed("r.received_on <= d.due_on"),
        "reports-late": owed("r.received_on > d.due_on"),
        "reports-missing": owed("r.id IS NULL"),
        "findings": found(),
        "findings-violation": found("f.about = 'violation'"),
        "findings-hazard": found("f.about = 'hazard'"),
        "cases": cases(),
        "letters": cases(stamp="signed_at"),
        "dismissed": cases(f"{OUTCOME} = 'dismissed'"),
        "declined": cases(f"{OUTCOME} = 'declined'"),
        "other-outcomes": cases(f"{OUTCOME} NOT IN ('dismissed', 'declined')"),
    }
    rates = {
        "coverage-rate": ("covered", "above-scale"),
        "renewed-rate": ("renewed", "ending"),
        "pass-rate": ("passed", "sat"),
        "ce-met-rate": ("ce-met", "ce-bound"),
        "reports-rate": ("reports-in-time", "reports-owed"),
    }
    return sql | {key: rate(sql[part], sql[whole]) for key, (part, whole) in rates.items()}


SQL = _with_rates()
