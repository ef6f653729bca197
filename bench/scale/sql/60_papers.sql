-- Papers with codes of this office's own; the bytes of one in a thousand are there to be opened.
INSERT INTO appointments_paper (appointment_id, kind, number, version, code, sha256, size, template_version, facts, issued_at, issued_by_id)
SELECT p.id, p.kind, CASE p.kind WHEN 'letter' THEN '首质聘' WHEN 'authorisation' THEN '首质授' ELSE '首质登' END
        || '〔' || extract(year FROM p.at AT TIME ZONE 'Asia/Shanghai') || '〕' || place || '号', 1, c.code,
    CASE WHEN mod(no, 1000) = 0 THEN current_setting('bench.file_sha256') ELSE encode(sha256(c.code::bytea), 'hex') END,
    CASE WHEN mod(no, 1000) = 0 THEN current_setting('bench.file_size')::int ELSE 40000 + bench.below(9000, no, 141) END, '1',
    jsonb_build_object('person_name', f.person, 'enterprise_name', f.enterprise, 'position', '副总经理', 'bureau_name', '市质监局',
        'first_day', f.first_day, 'last_day', f.until - 1), p.at, p.by_id
FROM bench.paper p JOIN bench.code_of_paper c USING (no) JOIN bench.filing f USING (id)
WHERE p.kind <> 'certificate' ORDER BY no;

INSERT INTO appointments_sealedscan (appointment_id, paper_id, file_id, added_at, added_by_id)
SELECT p.appointment_id, p.id, s.file_id, p.issued_at + interval '1 day', p.issued_by_id
FROM appointments_paper p JOIN bench.scan s ON s.id = p.appointment_id WHERE p.kind = 'letter' AND mod(p.appointment_id, 4) = 1;

INSERT INTO training_certificate (id, body_id, enrolment_id, candidate_id, year, serial, issued_on, assessment_id, passed, number, version, code,
    sha256, size, template_version, facts, issued_at, issued_by_id)
SELECT e.id, e.body_id, e.enrolment, e.person, e.year, e.serial, e.issued_on, e.assessment, true,
    e.mark || '〔' || e.year || '〕' || e.serial || '号', 1, c.code,
    CASE WHEN mod(no, 1000) = 0 THEN current_setting('bench.file_sha256') ELSE encode(sha256(c.code::bytea), 'hex') END,
    current_setting('bench.file_size')::int, '1',
    jsonb_build_object('person_name', i.name, 'id_words', '居民身份证号码' || i.id_masked, 'body_name', e.body_name, 'clause', '第八条第一款',
        'course_words', '企业首席质量官任职培训', 'hours', '16', 'measure_title', '《清远市企业首席质量官管理办法（试行）》',
        'first_day', s.first_day, 'last_day', s.last_day, 'issued_on', e.issued_on, 'outside_basis', 'False'), p.at, p.by_id
FROM bench.paper p JOIN bench.code_of_paper c USING (no) JOIN bench.certified e ON e.id = p.id
JOIN registry_candidate i ON i.id = e.person JOIN training_enrolment n ON n.id = e.enrolment JOIN training_session s ON s.id = n.session_id
WHERE p.kind = 'certificate' ORDER BY e.id;

INSERT INTO training_revocation (certificate_id, reason, proposed_at, proposed_by_id, revoked_on, confirmed_at, confirmed_by_id)
SELECT id, '考核成绩登记有误', issued_at + interval '30 days', issued_by_id, issued_on + 33, issued_at + interval '33 days', bench.municipal()
FROM training_certificate WHERE mod(id, 1000) = 500 AND issued_on < bench.today() - 40;

-- 《质量课题改进计划》 by one in six of those certified; the pool takes whoever completed one.
CREATE TABLE bench.project AS
SELECT row_number() OVER (ORDER BY c.issued_on, c.id) AS id, c.id AS certificate, c.person, c.issued_on, c.enterprise_id, a.account, a.officer,
    bench.one_of(ARRAY['completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'underway', 'underway', 'reported', 'withdrawn'], c.id, 151) AS state,
    bench.office(c.issued_on + 20, 10) AS created_at, bench.office(c.issued_on + 200, 11) AS reported_at, bench.office(c.issued_on + 210, 15) AS confirmed_at
FROM bench.certified c JOIN bench.at a USING (enterprise_id)
WHERE bench.dice(c.id, 152) < 0.16 AND c.issued_on < bench.today() - 215;

INSERT INTO training_improvementproject (id, reference, candidate_id, enterprise_id, title, problem, target, measures, period, state, version,
    created_at, created_by_id, reported_at, reported_by_id, confirmed_at, confirmed_by_id)
SELECT id, bench.numbered('KT', extract(year FROM created_at)::int, row_number() OVER (PARTITION BY extract(year FROM created_at) ORDER BY id)),
    person, enterprise_id, bench.one_of(ARRAY['降低返工率', '提高一次交验合格率', '缩短检验周期', '减少客户投诉'], id, 153) || '课题',
    '一次交验合格率低于同行业水平。', '一年内提高三个百分点。', '完善工序检验，开展质量小组活动。', daterange(issued_on + 21, issued_on + 196), state, 3,
    created_at, account, CASE WHEN state IN ('completed', 'reported') THEN reported_at END, CASE WHEN state IN ('completed', 'reported') THEN account END,
    CASE state WHEN 'completed' THEN confirmed_at END, CASE state WHEN 'completed' THEN officer END
FROM bench.project ORDER BY id;

INSERT INTO training_projectact (project_id, kind, at, by_id, text, evidence_id)
SELECT p.id, kind, at, by_id, text, evidence
FROM bench.project p JOIN registry_education d ON d.candidate_id = p.person AND d.enterprise_id = p.enterprise_id
CROSS JOIN LATERAL (
    VALUES ('drafted', created_at, p.account, '', NULL::bigint, true), ('filed', created_at + interval '1 hour', p.account, '', NULL, true),
           ('reported', reported_at, p.account, '目标已经达到。', d.evidence_id, p.state IN ('completed', 'reported')),
           ('completed', confirmed_at, p.officer, '', NULL, p.state = 'completed'),
           ('withdrawn', reported_at, p.account, '产品停产。', NULL, p.state = 'withdrawn')
) AS acts (kind, at, by_id, text, evidence, happened) WHERE happened;

INSERT INTO training_poolentry (id, reference, candidate_id, certificate_id, project_id, entered_on, entered_at, left_on, left_at, left_by_id, left_reason)
SELECT row_number() OVER (ORDER BY confirmed_at, id), bench.numbered('RC', year, row_number() OVER (PARTITION BY year ORDER BY confirmed_at, id)),
    person, certificate, id, bench.local(confirmed_at), confirmed_at, left_on, bench.office(left_on, 10),
    CASE WHEN left_on IS NOT NULL THEN bench.municipal() END, CASE WHEN left_on IS NULL THEN '' ELSE '本人书面申请' END
FROM bench.project, LATERAL (
    SELECT extract(year FROM confirmed_at AT TIME ZONE 'Asia/Shanghai')::int AS year,
        CASE WHEN bench.dice(id, 154) < 0.02 THEN bench.today() - 1 END AS left_on) AS dated
WHERE state = 'completed';

INSERT INTO training_poolconsent (entry_id, agreed, at, by_id, evidence_id)
SELECT e.id, true, e.entered_at + interval '1 day', p.officer, d.evidence_id
FROM training_poolentry e JOIN bench.project p ON p.id = e.project_id JOIN registry_education d ON d.candidate_id = e.candidate_id AND d.enterprise_id = p.enterprise_id
WHERE bench.dice(e.id, 155) < 0.3;

-- Training elsewhere, before or beside the portal; the city recognised some of it.
INSERT INTO training_trainingrecord (id, candidate_id, enterprise_id, kind, body_name, certificate_number, completed_on, hours, evidence_id, recorded_at, recorded_by_id)
SELECT row_number() OVER (ORDER BY p.person), p.person, p.enterprise_id, kind, '省质量协会', 'SZX' || p.person, bench.local(p.created_at) - 100, 24,
    e.evidence_id, p.created_at, p.account
FROM bench.proof p JOIN registry_education e ON e.candidate_id = p.person,
    LATERAL (SELECT CASE WHEN bench.dice(p.person, 161) < 0.5 THEN 'qualifying' ELSE 'continuing' END AS kind) AS kinds
WHERE bench.dice(p.person, 162) < 0.06;
INSERT INTO training_courserecognition (record_id, hours, recognised_at, recognised_by_id)
SELECT id, 12, recorded_at + interval '9 days', bench.municipal() FROM training_trainingrecord WHERE kind = 'continuing' AND mod(id, 2) = 0;
