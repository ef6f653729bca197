-- Appointments with their evidence, acts and papers, each of them as the real acts leave it.
CREATE TABLE bench.filing AS
SELECT s.*, p.id AS candidate_id, bench.person_name(p.id) AS person, a.enterprise_id, a.account, a.officer, a.county_id, a.name AS enterprise,
    a.credit_code, a.legal_representative, a.contact_email, CASE WHEN transcribed THEN a.officer ELSE a.account END AS by_id,
    bench.numbered('RM', extract(year FROM s.created_at AT TIME ZONE 'Asia/Shanghai')::int,
        row_number() OVER (PARTITION BY extract(year FROM s.created_at AT TIME ZONE 'Asia/Shanghai') ORDER BY s.id)) AS reference,
    lag(s.id) OVER (PARTITION BY s.x ORDER BY s.j DESC) AS renews, bench.dice(s.id, 131) < 0.08 AS was_returned
FROM bench.stint s JOIN bench.person p ON p.x = s.x AND p.turn = s.turn JOIN bench.at a ON a.x = s.x;
ANALYZE bench.filing;

-- A declaration with each, and the paper itself where a bureau transcribed it; all are the one file that the load keeps.
CREATE TABLE bench.scan AS
SELECT row_number() OVER (ORDER BY id) AS no, id, enterprise_id, by_id, created_at, person || CASE WHEN transcribed THEN '任命材料.pdf' ELSE '任职承诺书.pdf' END AS name
FROM bench.filing;
INSERT INTO registry_storedfile (id, reference, enterprise_id, name, content_type, size, sha256, uploaded_at, uploaded_by_id)
SELECT top + no, left(md5('scan' || no), 24) || '0', enterprise_id, name, 'application/pdf', current_setting('bench.file_size')::int,
    current_setting('bench.file_sha256'), created_at, by_id
FROM bench.scan, (SELECT max(id) AS top FROM registry_storedfile) AS kept ORDER BY no;
ALTER TABLE bench.scan ADD file_id bigint;
UPDATE bench.scan SET file_id = f.id FROM registry_storedfile f WHERE f.reference = left(md5('scan' || no), 24) || '0';

INSERT INTO appointments_appointment (id, reference, enterprise_id, candidate_id, appointer, appointer_name, renews_id, first_day, term_years,
    term, in_force, position, in_decision_level, exception_reason, quality_department, inspection_department, safety_department,
    departments_report, declares_ethics, declares_knowledge, declares_independence, state, version, is_transcribed, transcript_id,
    created_at, created_by_id, saved_at, submitted_at, submitted_by_id, checked_at, checked_by_id, filed_at, filed_by_id,
    withdrawn_at, withdrawn_by_id, end_reason, ended_on, ended_at, ended_by_id, edition_id,
    county_id, search)
SELECT f.id, f.reference, f.enterprise_id, candidate_id, 'legal_representative', legal_representative, renews, first_day,
    CASE WHEN state <> 'draft' THEN 2 END, CASE WHEN state <> 'draft' THEN daterange(first_day, until) END,
    CASE state WHEN 'draft' THEN NULL
               WHEN 'ended' THEN daterange(first_day, ended_on + 1)
               WHEN 'withdrawn' THEN CASE WHEN bench.local(back_at) >= first_day THEN daterange(first_day, bench.local(back_at) + 1) END
               ELSE daterange(first_day, until) END,
    bench.one_of(ARRAY['副总经理', '质量总监', '总工程师', '质量部经理'], f.id, 132), bench.dice(f.id, 133) < 0.9,
    CASE WHEN bench.dice(f.id, 133) < 0.9 THEN '' ELSE '企业规模较小，由质量部经理担任' END, '质量管理部', '检测中心', '安全环保部', true, true, true,
    true, state, CASE state WHEN 'draft' THEN 1 WHEN 'submitted' THEN 2 WHEN 'checked' THEN 3 WHEN 'filed' THEN 4 ELSE 5 END,
    transcribed, CASE WHEN transcribed THEN s.file_id END, f.created_at, f.by_id, coalesce(submitted_at, f.created_at), submitted_at,
    CASE WHEN state <> 'draft' THEN f.by_id END, checked_at, CASE WHEN checked_at IS NOT NULL THEN officer END, filed_at,
    CASE WHEN filed_at IS NOT NULL THEN bench.municipal() END, CASE state WHEN 'withdrawn' THEN back_at END,
    CASE state WHEN 'withdrawn' THEN f.by_id END, end_reason, ended_on, ended_at, CASE WHEN end_reason NOT IN ('', 'expired') THEN account END,
    CASE WHEN state <> 'draft' THEN current_setting('bench.edition')::bigint END,
    f.county_id, cqo_fold(concat_ws('|', f.enterprise, f.person, f.reference, f.credit_code))
FROM bench.filing f JOIN bench.scan s USING (id)
ORDER BY f.id;

INSERT INTO appointments_evidence (appointment_id, kind, file_id, added_at, added_by_id)
SELECT id, CASE WHEN mod(id, 4) = 0 THEN 'decision' ELSE 'declaration' END, file_id, created_at, by_id FROM bench.scan ORDER BY id;

INSERT INTO appointments_act (appointment_id, kind, at, by_id, reason, details)
SELECT id, kind, at, by_id, reason, details::jsonb
FROM (
    SELECT id, 'drafted' AS kind, created_at AS at, by_id, '' AS reason, '{}' AS details FROM bench.filing
    UNION ALL SELECT id, 'submitted', submitted_at, by_id, '', '{"changes": {}}' FROM bench.filing WHERE submitted_at IS NOT NULL
    UNION ALL SELECT id, 'returned', coalesce(back_at, submitted_at + interval '20 minutes'), officer, '在本企业的职务：请写明全称。',
        '{"remarks": {"position": "请写明全称。"}, "stood": {"position": "经理"}}'
        FROM bench.filing WHERE state = 'returned' OR was_returned AND checked_at IS NOT NULL
    UNION ALL SELECT id, 'resubmitted', submitted_at + interval '40 minutes', by_id, '', '{"changes": {"position": ["经理", "质量部经理"]}}'
        FROM bench.filing WHERE was_returned AND checked_at IS NOT NULL
    UNION ALL SELECT id, 'checked', checked_at, officer, '', '{"opinions": {}}' FROM bench.filing WHERE checked_at IS NOT NULL
    UNION ALL SELECT id, 'filed', filed_at, bench.municipal(), '', '{}' FROM bench.filing WHERE filed_at IS NOT NULL
    UNION ALL SELECT id, 'withdrawn', back_at, by_id, '企业另行安排。', '{}' FROM bench.filing WHERE state = 'withdrawn'
    UNION ALL SELECT id, 'ended', ended_at, CASE end_reason WHEN 'expired' THEN NULL ELSE account END,
        CASE end_reason WHEN 'expired' THEN '聘任期满' WHEN 'resigned' THEN '本人辞任' WHEN 'dismissed' THEN '企业解除聘任'
                        WHEN 'closed' THEN '企业终止' ELSE '改聘他人' END, '{}' FROM bench.filing WHERE state = 'ended'
) AS acts ORDER BY at, id;

CREATE TABLE bench.paper AS
SELECT row_number() OVER (ORDER BY at, id, kind) AS no, row_number() OVER (PARTITION BY kind ORDER BY at, id) AS place, *
FROM (
    SELECT id, kind, submitted_at AS at, by_id FROM bench.filing, (VALUES ('letter'), ('authorisation')) AS kinds (kind)
    WHERE submitted_at IS NOT NULL AND NOT transcribed
    UNION ALL SELECT id, 'receipt', filed_at, bench.municipal() FROM bench.filing WHERE filed_at IS NOT NULL
    UNION ALL SELECT id, 'certificate', bench.office(issued_on, 10), teacher FROM bench.certified
) AS papers;
