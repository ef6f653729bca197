-- Duty reports under three notices, findings, targets agreed, accidents.
INSERT INTO appointments_reportcycle (reference, title, number, period, due_on, body, legal_text, audience, state, version, created_at,
    created_by_id, published_at, published_by_id)
SELECT 'BG-' || extract(year FROM published) || '-000' || no, title, '清质监通〔' || extract(year FROM published) || '〕' || no || '号', period, due_on,
    '请各企业首席质量官按期提供履职报告。', '第五条　首席质量官应当履行下列职责。', 'all', 'published', 2, bench.office(published - 3, 9),
    bench.municipal(), bench.office(published, 9), bench.municipal()
FROM (
    SELECT no, year || '年度履职报告' AS title, daterange(make_date(year, 1, 1), make_date(year + 1, 1, 1)) AS period,
        make_date(year + 1, 2, 28) AS due_on, make_date(year + 1, 1, 6) AS published
    FROM (VALUES (1, 3), (2, 2)) AS past (no, ago), LATERAL (SELECT extract(year FROM bench.today())::int - ago AS year) AS years
    UNION ALL
    SELECT 3, '近期专项履职报告', daterange(bench.today() - 200, bench.today() - 30), bench.today() + 30, bench.today() - 20
) AS notices (no, title, period, due_on, published);

CREATE TABLE bench.duty AS
SELECT row_number() OVER (ORDER BY c.id, f.id) AS id, c.id AS cycle, c.due_on, bench.local(c.published_at) AS since, c.due_on < bench.today() AS is_past,
    f.id AS appointment, f.account, f.officer, f.enterprise, f.person, bench.dice(f.id * 5 + c.id, 171) AS luck
FROM appointments_reportcycle c JOIN appointments_appointment a ON a.in_force @> bench.local(c.published_at) AND a.in_force && c.period
JOIN bench.filing f ON f.id = a.id
WHERE a.state IN ('filed', 'ended');

INSERT INTO appointments_reportduty (id, cycle_id, appointment_id, since, due_on, opened_at, opened_by_id)
SELECT id, cycle, appointment, since, due_on,
    CASE WHEN opened THEN bench.office(since + bench.below(10, id, 172), 9 + 8 * bench.dice(id, 173)) END, CASE WHEN opened THEN account END
FROM bench.duty, LATERAL (SELECT luck < CASE WHEN is_past THEN 0.95 ELSE 0.6 END AS opened) AS service ORDER BY id;

CREATE TABLE bench.report AS
SELECT row_number() OVER (ORDER BY received_at, duty) AS id, *, CASE WHEN is_past AND bench.dice(duty, 176) < 0.97 THEN 'noted' ELSE 'received' END AS state
FROM (
    SELECT id AS duty, account, officer, is_past, person, enterprise, bench.office(CASE
            WHEN NOT is_past THEN since + bench.below(19, id, 174)
            WHEN bench.dice(id, 175) < 0.04 THEN due_on + 1 + bench.below(20, id, 174)
            ELSE due_on - bench.below(40, id, 174) - 2 END, 9 + 8 * bench.dice(id, 177)) AS received_at
    FROM bench.duty WHERE luck < CASE WHEN is_past THEN 0.88 ELSE 0.3 END
) AS sent;

INSERT INTO appointments_dutyreport (id, duty_id, proposals, responsibility, checks, system, activities, quality_cost, statistics, assessment,
    used_veto, strategy, education, culture, state, version, saved_at, created_at, created_by_id, received_at, received_by_id, received_on,
    noted_at, noted_by_id)
SELECT id, duty, '提出工序质量控制建议' || 1 + mod(id, 9) || '项，已采纳。', '各岗位质量责任已签订到人。', '每月组织质量监督检查一次。',
    '质量管理体系运行有效，通过年度审核。', '开展质量小组活动' || 1 + mod(id, 7) || '个。', '质量成本下降百分之' || 1 + mod(id, 5) || '。', '按月统计分析。',
    '对供方进行了年度评价。', false, '质量发展规划按年分解。', '组织全员质量教育' || 8 + mod(id, 30) || '学时。', '开展质量月活动。', state, 3,
    received_at, received_at - interval '2 days', account, received_at, account, bench.local(received_at),
    CASE state WHEN 'noted' THEN received_at + interval '5 days' END, CASE state WHEN 'noted' THEN officer END
FROM bench.report ORDER BY id;

INSERT INTO appointments_reportact (report_id, kind, at, by_id, content)
SELECT r.id, 'received', r.received_at, r.account,
    (to_jsonb(d) - ARRAY['id', 'duty_id', 'state', 'version', 'saved_at', 'created_at', 'created_by_id', 'received_at', 'received_by_id',
        'received_on', 'noted_at', 'noted_by_id', 'is_transcribed', 'transcript_id']) || '{"vetoes": [], "attachments": []}'
FROM bench.report r JOIN appointments_dutyreport d USING (id)
UNION ALL
SELECT id, 'noted', received_at + interval '5 days', officer, '{}' FROM bench.report WHERE state = 'noted';

CREATE TABLE bench.receipt AS SELECT id AS no, id, 'report_receipt' AS kind FROM bench.report;

-- Findings on one appointment in five hundred, filed, with knowledge in office: what a recommendation may stand on.
CREATE TABLE bench.found AS
SELECT row_number() OVER (ORDER BY id) AS no, *, first_day + 20 AS day FROM bench.filing WHERE mod(id, 500) = 3 AND filed_at IS NOT NULL AND first_day < bench.today() - 40;
INSERT INTO appointments_finding (id, reference, appointment_id, about, behaviour, facts, happened_on, found_on, source, knew_on, knew_what, state,
    version, created_at, created_by_id, filed_at, filed_by_id)
SELECT no, bench.numbered('FX', extract(year FROM day)::int, no), id, bench.one_of(ARRAY['violation', 'hazard'], id, 181),
    bench.one_of(ARRAY['concealed', 'delayed', 'false'], id, 182), '产品出厂检验记录与实际不符。', day, day + 5, '监督检查', day + 1, '检验科当日已报告。',
    'filed', 2, bench.office(day + 6, 9), officer, bench.office(day + 7, 10), officer
FROM bench.found ORDER BY no;
INSERT INTO appointments_findingevidence (finding_id, title, file_id, added_at, added_by_id)
SELECT f.no, '现场检查笔录', s.file_id, bench.office(day + 6, 10), officer FROM bench.found f JOIN bench.scan s USING (id);

INSERT INTO appointments_targetsheet (id, appointment_id, year, version, agreement_id, agreed_on, recorded_at, recorded_by_id)
SELECT row_number() OVER (ORDER BY f.id), f.id, year, 1, s.file_id, greatest(make_date(year, 2, 1), bench.local(f.created_at)),
    bench.office(greatest(make_date(year, 2, 3), bench.local(f.created_at)), 10), f.account
FROM bench.filing f JOIN bench.scan s USING (id), LATERAL (SELECT extract(year FROM first_day)::int AS year) AS years
WHERE state IN ('filed', 'ended') AND bench.dice(f.id, 183) < 0.06 AND extract(year FROM f.created_at) <= year;
INSERT INTO appointments_target (id, sheet_id, position, name, goal)
SELECT row_number() OVER (ORDER BY id, n), id, n, CASE n WHEN 1 THEN '一次交验合格率' ELSE '客户投诉率' END, CASE n WHEN 1 THEN '不低于98%' ELSE '不高于1%' END
FROM appointments_targetsheet, generate_series(1, 2) AS n;
INSERT INTO appointments_targetresult (target_id, is_met, words, evidence_id, recorded_at, recorded_by_id)
SELECT t.id, bench.dice(t.id, 184) < 0.9, '按年度统计。', s.agreement_id, bench.office(make_date(s.year + 1, 1, 20), 10), s.recorded_by_id
FROM appointments_target t JOIN appointments_targetsheet s ON s.id = t.sheet_id WHERE s.year < extract(year FROM bench.today());

INSERT INTO appointments_accident (reference, enterprise_id, kind, happened_on, facts, document, recorded_at, recorded_by_id)
SELECT bench.numbered('SG', extract(year FROM first_day)::int, id), enterprise_id, 'accident', first_day + 9, '产品质量事故，已调查处理。', '调查报告', filed_at, officer
FROM bench.filing WHERE mod(id, 5000) = 17 AND filed_at IS NOT NULL;
