-- What stands around: receipts of reports, messages and their sending, reminders, promotion, counts of verification.
INSERT INTO appointments_reportreceipt (id, report_id, number, version, code, sha256, size, template_version, facts, issued_at, issued_by_id)
SELECT r.id, r.id, '首质报〔' || extract(year FROM received_at) || '〕' || r.id || '号', 1, c.code, encode(sha256(c.code::bytea), 'hex'), 30000, '1',
    jsonb_build_object('content_sha256', md5(c.code), 'bureau_name', '市质监局'), received_at, account
FROM bench.report r JOIN bench.code_of_receipt c ON c.no = r.id ORDER BY r.id;

-- Messages of the last three years; what is older was removed by the clock (retention).
INSERT INTO registry_message (enterprise_id, county_id, subject, body, url, sent_at, read_at, read_by_id)
SELECT enterprise_id, county_id, subject, body, '/appointments/' || reference || '/', sent_at,
    CASE WHEN was_read THEN sent_at + interval '3 hours' END, CASE WHEN was_read THEN reader END
FROM (
    SELECT reference, NULL::bigint AS enterprise_id, county_id, '待核对：' || enterprise || '任命' || person AS subject, '企业已任命并提交，请核对。' AS body,
        submitted_at AS sent_at, officer AS reader FROM bench.filing WHERE submitted_at IS NOT NULL
    UNION ALL SELECT reference, NULL, NULL, '待登记：' || enterprise || '任命' || person, '县(市、区)局已核对，请登记。', checked_at, bench.municipal()
        FROM bench.filing WHERE checked_at IS NOT NULL
    UNION ALL SELECT reference, enterprise_id, NULL, '已登记：' || enterprise || '任命' || person, '登记回执已生成，可以下载。', filed_at, account
        FROM bench.filing WHERE filed_at IS NOT NULL
    UNION ALL SELECT reference, enterprise_id, NULL, '退回补正：' || enterprise || '任命' || person, '请更正后重新提交：在本企业的职务，请写明全称。', back_at, account
        FROM bench.filing WHERE state = 'returned'
) AS told, LATERAL (SELECT sent_at < bench.today() - 12 AND bench.dice(hashtextextended(reference, 0), 191) < 0.97 AS was_read) AS fate
WHERE sent_at > bench.today() - 1095
ORDER BY sent_at;

INSERT INTO registry_delivery (reference, enterprise_id, message_id, channel, address, subject, body, created_at, state, waiting_since, attempts, next_try_at, sent_at, last_fault)
SELECT 'FS' || lpad(m.id::text, greatest(8, length(m.id::text)), '0'), m.enterprise_id, m.id, 'email', a.contact_email, m.subject,
    CASE WHEN sent_at > bench.today() - 30 THEN m.body ELSE '' END, m.sent_at,
    CASE WHEN failed THEN 'failed' ELSE 'sent' END, m.sent_at, 1, m.sent_at, CASE WHEN NOT failed THEN m.sent_at + interval '1 minute' END,
    CASE WHEN failed THEN '地址不存在' ELSE '' END
FROM registry_message m JOIN bench.at a USING (enterprise_id), LATERAL (SELECT bench.dice(m.id, 192) < 0.004 AS failed) AS fate
WHERE m.sent_at > bench.today() - 365;

INSERT INTO appointments_reminder (kind, key, step, due_on, sent_at, appointment_id)
SELECT 'term', 'term:' || id, 30, until - 1, bench.office(until - 31, 8), id FROM bench.filing
WHERE state IN ('filed', 'ended') AND until BETWEEN bench.today() - 400 AND bench.today() + 29;

INSERT INTO appointments_campaign (id, reference, county_id, kind, title, what, period, due_on, state, version, created_at, created_by_id, published_at,
    published_by_id, closed_at, closed_by_id)
SELECT n, bench.numbered('HD', extract(year FROM day)::int, n), CASE WHEN mod(n, 3) = 0 THEN c.id END, bench.one_of(ARRAY['tackling', 'management', 'innovation'], n, 201),
    '质量提升活动', '围绕关键工序开展攻关。', daterange(day, day + 120), day + 100, CASE WHEN over THEN 'closed' ELSE 'published' END, 2,
    bench.office(day - 9, 9), o.user_id, bench.office(day - 5, 9), o.user_id, CASE WHEN over THEN bench.office(day + 130, 9) END, CASE WHEN over THEN o.user_id END
FROM generate_series(1, 10 + bench.size() / 5000) AS n JOIN bench.county c ON c.no = 1 + mod(n, (SELECT count(*) FROM bench.county)) JOIN bench.officer o ON o.county = c.no,
    LATERAL (SELECT bench.today() - 30 - bench.below(2000, n, 202) AS day) AS days, LATERAL (SELECT day < bench.today() - 140 AS over) AS overs;

INSERT INTO appointments_achievement (id, reference, enterprise_id, candidate_id, kind, title, summary, done, results, state, version, created_at,
    created_by_id, submitted_at, submitted_by_id, published_at, published_by_id)
SELECT row_number() OVER (ORDER BY id), bench.numbered('CG', extract(year FROM filed_at)::int, row_number() OVER (ORDER BY id)), enterprise_id, candidate_id,
    bench.one_of(ARRAY['tackling', 'management', 'innovation'], id, 203), '降低不合格品率', '通过工艺改进降低不合格品率。', '成立攻关小组，改进三道工序。',
    '不合格品率下降一半。', CASE WHEN waiting THEN 'submitted' ELSE 'published' END, 2, filed_at, account, filed_at + interval '1 day', account,
    CASE WHEN NOT waiting THEN filed_at + interval '9 days' END, CASE WHEN NOT waiting THEN officer END
FROM bench.filing, LATERAL (SELECT bench.dice(id, 204) < 0.05 AS waiting) AS fate WHERE mod(id, 400) = 9 AND filed_at < bench.today() - 20;
INSERT INTO appointments_achievementact (achievement_id, kind, at, by_id, text)
SELECT id, 'drafted', created_at, created_by_id, '' FROM appointments_achievement
UNION ALL SELECT id, 'submitted', submitted_at, submitted_by_id, '' FROM appointments_achievement
UNION ALL SELECT id, 'published', published_at, published_by_id, '' FROM appointments_achievement WHERE state = 'published';

INSERT INTO appointments_commendation (reference, enterprise_id, appointment_id, county_id, document_title, document_number, issuing_body, document_day, honour,
    ground, scan_id, recorded_at, recorded_by_id)
SELECT bench.numbered('BZ', extract(year FROM filed_at)::int, id), enterprise_id, id, county_id, '关于表彰优秀首席质量官的通报', '县质监〔' || extract(year FROM filed_at) || '〕' || id || '号',
    '县质监局', bench.local(filed_at) + 9, '优秀首席质量官', '质量攻关成绩突出。', s.file_id, filed_at + interval '10 days', officer
FROM bench.filing f JOIN bench.scan s USING (id, enterprise_id) WHERE mod(f.id, 700) = 11 AND filed_at < bench.today() - 20;

INSERT INTO appointments_guidance (reference, enterprise_id, day, way, officers, mechanisms, findings, advice, recorded_at, recorded_by_id)
SELECT bench.numbered('ZD', extract(year FROM day)::int, d.id), d.enterprise_id, day, 'visit', '质量科', ARRAY['duties', 'rights'], '职责已写入制度。', '完善授权。',
    bench.office(day + 1, 10), d.recorded_by_id
FROM registry_enterprisedesignation d, LATERAL (SELECT lower(d.period) + 25 AS day) AS days WHERE kind = 'pilot';

INSERT INTO appointments_policy (reference, county_id, title, document_number, issuing_body, issued_on, summary, period, state, version, file_id, created_at,
    created_by_id, published_at, published_by_id)
SELECT bench.numbered('ZC', 2024, no), c.id, c.name || '质量激励办法', '县府办〔2024〕' || no || '号', '县人民政府办公室', '2024-03-01', '对首席质量官给予培训补助。',
    daterange('2024-03-01', NULL), 'published', 2, (SELECT min(id) FROM registry_storedfile), bench.office('2024-03-05', 9), o.user_id, bench.office('2024-03-06', 9), o.user_id
FROM bench.county c JOIN bench.officer o ON o.county = c.no;

INSERT INTO registry_verificationtally (day, code, answer, via, count)
SELECT bench.local(p.issued_at) + 10, p.code, 'valid', 'code', 1 + bench.below(5, p.id, 211) FROM appointments_paper p WHERE mod(p.id, 20) = 0;

-- The numbers given so far, so that the next act goes on from them.
INSERT INTO registry_counter (series, year, last)
SELECT 'enterprise', 0, count(*) FROM registry_enterprise UNION ALL SELECT 'candidate', 0, count(*) FROM registry_candidate
UNION ALL SELECT 'training_body', 0, count(*) FROM training_trainingbody UNION ALL
SELECT series, year, count(*) FROM (
    SELECT 'appointment' AS series, split_part(reference, '-', 2)::int AS year FROM appointments_appointment
    UNION ALL SELECT 'project', split_part(reference, '-', 2)::int FROM training_improvementproject
    UNION ALL SELECT 'pool', split_part(reference, '-', 2)::int FROM training_poolentry
    UNION ALL SELECT 'session', split_part(reference, '-', 2)::int FROM training_session
    UNION ALL SELECT 'cycle', split_part(reference, '-', 2)::int FROM appointments_reportcycle
) AS given GROUP BY series, year
UNION ALL
SELECT series, year, (SELECT count(*) FROM bench.paper) FROM (VALUES ('首质聘'), ('首质授'), ('首质登'), ('首质报')) AS papers (series),
    generate_series(2016, extract(year FROM bench.today())::int) AS year
UNION ALL SELECT '证书 ' || b.reference, year, max(serial) FROM training_certificate c JOIN training_trainingbody b ON b.id = c.body_id GROUP BY b.reference, year
UNION ALL
SELECT series, year, bench.size() FROM (VALUES ('finding'), ('accident'), ('campaign'), ('achievement'), ('commendation'), ('guidance'), ('policy')) AS others (series),
    generate_series(2016, extract(year FROM bench.today())::int) AS year;
