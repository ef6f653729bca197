-- Training: sessions of some eighty people of a county, one by one as people came; attendance, results, certificates.
CREATE TABLE bench.trainee AS
SELECT p.id AS person, p.x, coalesce(a.county, 1 + mod(p.id, (SELECT count(*) FROM bench.county))::int) AS county, a.enterprise_id,
    greatest(date '2016-04-11', least(coalesce(p.first_day, p.known + 200) - 30 - bench.below(200, p.id, 101), bench.today() - 20)) AS day
FROM bench.person p LEFT JOIN bench.at a USING (x)
WHERE bench.dice(p.id, 102) < 0.92;

CREATE TABLE bench.seat AS
SELECT *, dense_rank() OVER (ORDER BY first_day, county, kind, part) AS session
FROM (
    SELECT *, min(day) OVER (PARTITION BY county, part) AS first_day, 'qualifying' AS kind
    FROM (
        SELECT person, county, enterprise_id, day, (row_number() OVER (PARTITION BY county ORDER BY day, person) - 1) / 80 AS part
        FROM bench.trainee
    ) AS grouped
    UNION ALL
    SELECT person, county, enterprise_id, day, part, day, 'continuing'
    FROM (
        SELECT *, least(make_date(year, 3, 1) + (part * 7 % 250)::int, bench.today() - 7) AS day
        FROM (
            SELECT p.id AS person, a.county, a.enterprise_id, year,
                (row_number() OVER (PARTITION BY a.county, year ORDER BY p.id) - 1) / 150 + 100000 * year AS part
            FROM bench.person p JOIN bench.at a USING (x),
                 generate_series(extract(year FROM bench.today())::int - 1, extract(year FROM bench.today())::int) AS year
            WHERE p.first_day < make_date(year, 1, 1) AND p.last_day > bench.today() AND bench.dice(p.id * 3 + year, 103) < 0.6
        ) AS parted
    ) AS dated
) AS seats;

INSERT INTO training_session (id, reference, body_id, kind, title, first_day, last_day, place, hours, open_county_id, audience, seats,
    enrolment, pass_mark, days_needed, state, version, created_at, created_by_id, published_at, published_by_id)
SELECT session, bench.numbered('PX', year, row_number() OVER (PARTITION BY year ORDER BY session)), body.id, kind,
    CASE kind WHEN 'qualifying' THEN '首席质量官任职培训' ELSE year || '年度继续教育' END || '第' || session || '期', first_day,
    first_day + CASE kind WHEN 'qualifying' THEN 1 ELSE 0 END, c.name || '培训中心', CASE kind WHEN 'qualifying' THEN 16 ELSE 12 END,
    CASE WHEN mod(session, 3) = 0 THEN c.id END, '企业首席质量官及候选人', 150,
    daterange(first_day - 30, first_day), 60, CASE kind WHEN 'qualifying' THEN 2 ELSE 1 END, 'published', 2,
    bench.office(first_day - 40, 9), body.account, bench.office(first_day - 35, 9), body.account
FROM (SELECT DISTINCT session, kind, county, first_day, extract(year FROM first_day)::int AS year FROM bench.seat) AS s
JOIN bench.county c ON c.no = s.county
JOIN LATERAL (
    SELECT b.id, coalesce(o.user_id, m.user_id) AS account FROM training_trainingbody b
    LEFT JOIN training_trainermembership m ON m.body_id = b.id
    LEFT JOIN bench.officer o ON b.county_id = c.id AND o.county = c.no
    WHERE CASE mod(session, 3) WHEN 0 THEN b.county_id = c.id WHEN 1 THEN b.reference = 'JG0002' ELSE b.reference = 'JG0003' END
) AS body ON true
ORDER BY session;

-- Sessions still to come, open for enrolment, and one that is being prepared, for each county.
INSERT INTO training_session (id, reference, body_id, kind, title, first_day, last_day, place, hours, open_county_id, audience, seats,
    enrolment, pass_mark, days_needed, state, version, created_at, created_by_id, published_at, published_by_id)
SELECT top + row_number() OVER (ORDER BY c.no, state), 'PX-' || extract(year FROM bench.today()) || '-9' || lpad(c.no::text, 4, '0') || length(state),
    b.id, 'qualifying', '首席质量官任职培训', bench.today() + 20, bench.today() + 21, c.name || '会议中心', 16, c.id, '企业首席质量官候选人', 120,
    daterange(bench.today() - 10, bench.today() + 15), 60, 2, state, 1, bench.office(bench.today() - 12, 9), o.user_id,
    CASE state WHEN 'published' THEN bench.office(bench.today() - 11, 9) END, CASE state WHEN 'published' THEN o.user_id END
FROM bench.county c JOIN bench.officer o ON o.county = c.no JOIN training_trainingbody b ON b.county_id = c.id,
    (VALUES ('published'), ('draft')) AS states (state), (SELECT coalesce(max(id), 0) AS top FROM training_session) AS kept;

INSERT INTO training_sessionday (id, session_id, day)
SELECT row_number() OVER (ORDER BY id, n), id, first_day + n FROM training_session, generate_series(0, 1) AS n WHERE first_day + n <= last_day;
INSERT INTO training_course (session_id, position, title, hours)
SELECT id, 1, '质量管理理论和方法', hours - 4 FROM training_session UNION ALL SELECT id, 2, '质量安全法律法规', 4 FROM training_session;

CREATE TABLE bench.enrolled AS
SELECT row_number() OVER (ORDER BY t.session, t.person) AS id, t.*, row_number() OVER (PARTITION BY t.session ORDER BY t.person) AS seat,
    s.last_day, s.body_id, s.created_by_id AS teacher, b.mark, b.name AS body_name, coalesce(a.account, o.user_id) AS account,
    bench.dice(t.person, 111) AS luck
FROM bench.seat t JOIN training_session s ON s.id = t.session JOIN training_trainingbody b ON b.id = s.body_id
JOIN bench.officer o USING (county) LEFT JOIN bench.at a USING (enterprise_id);

INSERT INTO training_enrolment (id, session_id, candidate_id, enterprise_id, state, seat, enrolled_at, enrolled_by_id)
SELECT id, session, person, enterprise_id, 'enrolled', seat, bench.office(first_day - 1 - bench.below(25, id, 112), 9 + 8 * bench.dice(id, 113)), account
FROM bench.enrolled ORDER BY id;

INSERT INTO training_attendance (enrolment_id, day_id, present, entered_at, entered_by_id)
SELECT e.id, d.id, luck < 0.97, bench.office(e.last_day, 17), teacher FROM bench.enrolled e JOIN training_sessionday d ON d.session_id = e.session ORDER BY e.id, d.id;

INSERT INTO training_assessment (id, enrolment_id, sitting, sat_on, score, pass_mark, passed, entered_at, entered_by_id)
SELECT row_number() OVER (ORDER BY sat_on, id, sitting), id, sitting, sat_on, score, 60, score >= 60, bench.office(sat_on, 17.5), teacher
FROM (
    SELECT id, 1 AS sitting, last_day AS sat_on, teacher, CASE WHEN luck < 0.92 THEN 60 + bench.below(40, id, 114) ELSE 35 + bench.below(24, id, 114) END AS score
    FROM bench.enrolled WHERE kind = 'qualifying' AND luck < 0.97
    UNION ALL
    SELECT id, 2, last_day + 5, teacher, CASE WHEN luck < 0.955 THEN 62 ELSE 50 END FROM bench.enrolled
    WHERE kind = 'qualifying' AND luck >= 0.92 AND luck < 0.965
) AS sat;

CREATE TABLE bench.certified AS
SELECT row_number() OVER (ORDER BY issued_on, e.id) AS id, e.id AS enrolment, e.person, e.enterprise_id, e.body_id, e.teacher, e.mark, e.body_name,
    a.id AS assessment, year, issued_on,
    row_number() OVER (PARTITION BY e.body_id, year ORDER BY issued_on, e.id) AS serial
FROM bench.enrolled e JOIN training_assessment a ON a.enrolment_id = e.id AND a.passed,
LATERAL (SELECT a.sat_on + 5 AS issued_on, extract(year FROM a.sat_on + 5)::int AS year) AS dated;
