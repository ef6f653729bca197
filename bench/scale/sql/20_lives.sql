-- What becomes of each enterprise: how often it appointed, where the newest appointment stands, and when all that was.
CREATE TABLE bench.life AS
SELECT x, k, fate,
       newest - CASE WHEN to_char(newest, 'MMDD') = '0229' THEN 1 ELSE 0 END AS newest,
       1 + floor((SELECT count(*) FROM bench.county) * power(bench.dice(x, 2), 1.7))::int AS county
FROM (
    SELECT x, k, fate,
           bench.today() + CASE fate
               WHEN 'over' THEN -735 - bench.below(1090, x, 5)
               WHEN 'early' THEN -100 - bench.below(600, x, 5)
               WHEN 'filed' THEN -15 - bench.below(710, x, 5)
               WHEN 'draft' THEN 5 + bench.below(30, x, 5)
               ELSE -20 + bench.below(45, x, 5)
           END AS newest
    FROM (
        SELECT x, k, CASE
            WHEN k = 0 THEN 'none'
            WHEN k <= 2 AND bench.dice(x, 3) < 0.45 THEN 'over'
            WHEN bench.dice(x, 4) < 0.020 THEN 'draft'
            WHEN bench.dice(x, 4) < 0.050 THEN 'submitted'
            WHEN bench.dice(x, 4) < 0.065 THEN 'checked'
            WHEN bench.dice(x, 4) < 0.077 THEN 'returned'
            WHEN bench.dice(x, 4) < 0.090 THEN 'withdrawn'
            WHEN bench.dice(x, 4) < 0.120 THEN 'early'
            ELSE 'filed'
        END AS fate
        FROM (
            SELECT x, (ARRAY[0, 1, 1, 2, 2, 3, 3, 4, 4, 5])[1 + mod(x, 10)] AS k
            FROM generate_series(1, 10 * ((bench.size() + 24) / 25)) AS x
        ) AS counted
    ) AS fated
) AS placed;

-- One row per appointment: j is 0 for the newest of an enterprise; terms follow each other without a gap.
CREATE TABLE bench.stint AS
WITH terms AS (
    SELECT x, k, j, county, x * 8 + j AS dice, cqo_anniversary(newest, -2 * j) AS first_day,
           cqo_anniversary(newest, 2 - 2 * j) AS until,
           CASE WHEN j = 0 THEN fate WHEN cqo_anniversary(newest, 2 - 2 * j) <= bench.today() THEN 'over' ELSE 'filed' END AS fate
    FROM bench.life CROSS JOIN LATERAL generate_series(0, k - 1) AS j
    ORDER BY x, j
    LIMIT bench.size()
), ended AS (
    SELECT *, CASE
            WHEN fate = 'early' OR (fate = 'over' AND bench.dice(dice, 11) < 0.1)
            THEN first_day + 60 + bench.below(least(until, bench.today()) - first_day - 62, dice, 12)
            WHEN fate = 'over' THEN until - 1
        END AS ended_on,
        CASE
            WHEN fate = 'early' OR (fate = 'over' AND bench.dice(dice, 11) < 0.1)
            THEN bench.one_of(ARRAY['dismissed', 'resigned', 'resigned', 'superseded', 'closed'], dice, 13)
            WHEN fate = 'over' THEN 'expired' ELSE ''
        END AS end_reason
    FROM terms
), sent AS (
    SELECT *, CASE fate
            WHEN 'draft' THEN NULL
            WHEN 'submitted' THEN bench.today() - bench.below(18, dice, 14)
            WHEN 'checked' THEN bench.today() - 10 - bench.below(20, dice, 14)
            WHEN 'returned' THEN bench.today() - 8 - bench.below(20, dice, 14)
            WHEN 'withdrawn' THEN bench.today() - 10 - bench.below(20, dice, 14)
            ELSE greatest(first_day - 22 - bench.below(20, dice, 14), date '2016-04-01')
        END AS submitted_day
    FROM ended
), checked AS (
    SELECT *, CASE fate
            WHEN 'checked' THEN bench.today() - bench.below(7, dice, 15)
            WHEN 'filed' THEN submitted_day + 1 + bench.below(8, dice, 15)
            WHEN 'early' THEN submitted_day + 1 + bench.below(8, dice, 15)
            WHEN 'over' THEN submitted_day + 1 + bench.below(8, dice, 15)
        END AS checked_day
    FROM sent
), moments AS (
    SELECT *,
        bench.office(coalesce(submitted_day, bench.today()) - 1 - bench.below(6, dice, 16), 8 + 2 * bench.dice(dice, 17)) AS created_at,
        bench.office(submitted_day, 10 + 2 * bench.dice(dice, 18)) AS submitted_at,
        bench.office(checked_day, 12 + 2 * bench.dice(dice, 19)) AS checked_at,
        CASE WHEN fate IN ('filed', 'early', 'over')
            THEN bench.office(checked_day + bench.below(6, dice, 20), 15 + 2 * bench.dice(dice, 21)) END AS filed_at,
        CASE fate WHEN 'returned' THEN bench.office(bench.today() - bench.below(6, dice, 22), 15)
                  WHEN 'withdrawn' THEN bench.office(bench.today() - bench.below(8, dice, 22), 15) END AS back_at,
        CASE WHEN end_reason = 'expired' THEN (until::timestamp + interval '1 hour') AT TIME ZONE 'Asia/Shanghai'
             WHEN end_reason > '' THEN bench.office(ended_on, 16 + bench.dice(dice, 23)) END AS ended_at
    FROM checked
)
SELECT row_number() OVER (ORDER BY created_at, dice) AS id, *,
       CASE WHEN fate IN ('early', 'over') THEN 'ended' ELSE fate END AS state,
       fate IN ('filed', 'early', 'over') AND bench.dice(dice, 24) < 0.03 AS transcribed,
       -- Another person than in the term before, two times out of five.
       sum(CASE WHEN j = k - 1 OR bench.dice(dice, 25) < 0.4 THEN 1 ELSE 0 END) OVER (PARTITION BY x ORDER BY j DESC)::int AS turn
FROM moments;

CREATE TABLE bench.firm AS
SELECT row_number() OVER (ORDER BY since, x) AS id, life.x, county, since
FROM bench.life LEFT JOIN (SELECT x, min(bench.local(created_at)) AS first FROM bench.stint GROUP BY x) AS began USING (x)
CROSS JOIN LATERAL (
    SELECT greatest(date '2016-04-01', coalesce(first, bench.today() - bench.below(3000, life.x, 31)) - 20 - bench.below(300, life.x, 32)) AS since
) AS dated;

-- One row per person: those appointed, others of the staff (turn 0), and people without an enterprise (x null).
CREATE TABLE bench.person AS
SELECT row_number() OVER (ORDER BY known, x, turn) AS id, *
FROM (
    SELECT x, turn, min(bench.local(created_at)) - 5 AS known, min(first_day) AS first_day,
           max(coalesce(ended_on, until)) AS last_day FROM bench.stint GROUP BY x, turn
    UNION ALL SELECT x, 0, since + 10, NULL, NULL FROM bench.firm WHERE mod(x, 5) = 2
    UNION ALL SELECT NULL, n, date '2017-01-01' + bench.below(bench.today() - date '2017-01-10', n, 41), NULL, NULL
    FROM generate_series(1, bench.size() / 100) AS n
) AS people;
ANALYZE bench.life;
ANALYZE bench.stint;
ANALYZE bench.firm;
ANALYZE bench.person;
