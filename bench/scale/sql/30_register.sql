-- The register: enterprises, their accounts, the people and what is on file about them.
INSERT INTO registry_enterprise (id, reference, credit_code, name, county_id, address, industry, size, legal_representative,
    principal, contact_name, contact_phone, contact_email, created_at, created_by_id)
SELECT f.id, 'QY' || lpad(f.id::text, greatest(5, length(f.id::text)), '0'), n.credit_code, bench.firm_name(c.place, f.id), c.id,
    c.name || '工业园' || 1 + bench.below(300, f.id, 51) || '号',
    CASE WHEN bench.dice(f.id, 52) < 0.7 THEN 'C' ELSE bench.char_of('ABDEFGHIKLMN', f.id, 53) END,
    bench.one_of(ARRAY['large', 'medium', 'medium', 'medium', 'medium', 'small', 'small', 'small', 'small', 'small', 'small',
                       'small', 'small', 'small', 'micro', 'micro', 'micro', 'micro', 'micro', 'micro'], f.id, 54),
    bench.person_name(-4 * f.id), bench.person_name(-4 * f.id - mod(f.id, 2)), bench.person_name(-4 * f.id - 2),
    bench.phone(f.id), 'zhiliang' || f.id || '@example.com', bench.office(f.since, 9 + 8 * bench.dice(f.id, 55)), o.user_id
FROM bench.firm f JOIN bench.code n USING (id) JOIN bench.county c ON c.no = f.county JOIN bench.officer o USING (county)
ORDER BY f.id;

INSERT INTO registry_user (username, display_name, password, role, enterprise_id, is_owner, email, date_joined, password_set_at)
SELECT 'enterprise-' || lower(reference), contact_name, current_setting('bench.password'), 'enterprise', id, true,
    contact_email, created_at, created_at
FROM registry_enterprise ORDER BY id;

ALTER TABLE bench.firm ADD account bigint;
UPDATE bench.firm f SET account = u.id FROM registry_user u WHERE u.enterprise_id = f.id;
CREATE TABLE bench.at AS
SELECT f.x, f.id AS enterprise_id, f.account, f.county, c.id AS county_id, o.user_id AS officer,
       e.name, e.credit_code, e.legal_representative, e.principal, e.contact_email
FROM bench.firm f JOIN registry_enterprise e ON e.id = f.id JOIN bench.county c ON c.no = f.county
JOIN bench.officer o USING (county);
ANALYZE bench.at;

INSERT INTO registry_enterpriseseat (enterprise_id, county_id, period, recorded_at, recorded_by_id)
SELECT f.id, e.county_id, daterange(f.since, NULL), e.created_at, e.created_by_id
FROM bench.firm f JOIN registry_enterprise e ON e.id = f.id ORDER BY f.id;

INSERT INTO registry_enterprisedesignation (enterprise_id, kind, period, recorded_at, recorded_by_id)
SELECT f.id, kind, daterange(f.since + 30, CASE WHEN bench.dice(f.id, salt + 1) < 0.1 THEN bench.today() - 5 END),
    e.created_at, e.created_by_id
FROM (VALUES ('above_scale', 0.35, 61), ('pilot', 0.03, 63)) AS kinds (kind, share, salt)
CROSS JOIN bench.firm f JOIN registry_enterprise e ON e.id = f.id
WHERE bench.dice(f.id, salt) < share AND f.since < bench.today() - 60;

INSERT INTO registry_candidate (id, reference, name, birth_date, county_id, id_type, id_masked, id_cipher, id_key_version,
    id_hash, id_hash_version, created_at, created_by_id)
SELECT p.id, i.reference, bench.person_name(p.id), i.born, CASE WHEN p.x IS NULL THEN c.id END, 'resident', i.masked, i.cipher,
    i.key_version, i.hash, i.hash_version, bench.office(p.known, 9 + 8 * bench.dice(p.id, 71)), coalesce(a.account, o.user_id)
FROM bench.person p JOIN bench.identity i USING (id) LEFT JOIN bench.at a USING (x)
LEFT JOIN bench.county c ON p.x IS NULL AND c.no = 1 + mod(p.id, (SELECT count(*) FROM bench.county))
LEFT JOIN bench.officer o ON o.county = c.no
ORDER BY p.id;

-- Who is not appointed any more has left in half of the cases; one in thirty worked at a second enterprise before.
INSERT INTO registry_employment (candidate_id, enterprise_id, position, phone, period, created_at, recorded_at, recorded_by_id)
SELECT c.id, a.enterprise_id, bench.one_of(ARRAY['副总经理', '质量总监', '总工程师', '质量部经理', '生产副总', '技术总监'], c.id, 72),
    bench.phone(c.id + 1000000000),
    daterange(p.known - 100 - bench.below(1500, c.id, 73),
              CASE WHEN p.last_day < bench.today() - 30 AND bench.dice(c.id, 74) < 0.5 THEN p.last_day + 10 END),
    c.created_at, c.created_at, a.account
FROM bench.person p JOIN bench.at a USING (x) JOIN registry_candidate c USING (id)
ORDER BY c.id;

INSERT INTO registry_employment (candidate_id, enterprise_id, position, period, created_at, recorded_at, recorded_by_id)
SELECT c.id, a.enterprise_id, '质量顾问', daterange(p.known, NULL), c.created_at, c.created_at, a.account
FROM bench.person p JOIN registry_candidate c USING (id)
JOIN bench.at a ON a.x = 1 + mod(p.x + (SELECT count(*) FROM bench.firm) / 2, (SELECT count(*) FROM bench.firm))
WHERE mod(p.id, 30) = 7;

INSERT INTO registry_acknowledgement (candidate_id, enterprise_id, notice, at, by_id)
SELECT c.id, a.enterprise_id, '2026年第1版', c.created_at, c.created_by_id
FROM registry_candidate c JOIN bench.person p USING (id) LEFT JOIN bench.at a USING (x) ORDER BY c.id;

-- The scan that proves a person's education; its bytes are the one file that the load keeps.
CREATE TABLE bench.proof AS
SELECT row_number() OVER (ORDER BY p.id) AS id, p.id AS person, a.enterprise_id, a.account, c.created_at, c.birth_date, c.name
FROM bench.person p JOIN bench.at a USING (x) JOIN registry_candidate c USING (id);
INSERT INTO registry_storedfile (id, reference, enterprise_id, name, content_type, size, sha256, uploaded_at, uploaded_by_id)
SELECT top + p.id, left(md5('proof' || p.id), 24) || '0', enterprise_id, name || '毕业证书.pdf', 'application/pdf',
    current_setting('bench.file_size')::int, current_setting('bench.file_sha256'), created_at, account
FROM bench.proof p, (SELECT coalesce(max(id), 0) AS top FROM registry_storedfile) AS kept ORDER BY p.id;

INSERT INTO registry_education (candidate_id, enterprise_id, evidence_id, level, school, major, graduated_on, recorded_at, recorded_by_id)
SELECT p.person, p.enterprise_id, f.id, bench.one_of(ARRAY['bachelor', 'bachelor', 'bachelor', 'master', 'associate'], person, 81),
    bench.one_of(ARRAY['北江理工大学', '岭南工业大学', '粤北工程学院', '珠江科技大学', '南岭职业技术学院'], person, 82),
    bench.one_of(ARRAY['质量管理工程', '材料科学与工程', '食品质量与安全', '化学工程与工艺'], person, 83),
    make_date(extract(year FROM birth_date)::int + 22, 7, 1), created_at, account
FROM bench.proof p JOIN registry_storedfile f ON f.reference = left(md5('proof' || p.id), 24) || '0' ORDER BY person;

INSERT INTO registry_qualityexperience (candidate_id, enterprise_id, employer, work, period, recorded_at, recorded_by_id)
SELECT p.person, p.enterprise_id, a.name, '质量管理',
    daterange(bench.local(created_at) - 300 - bench.below(5000, person, 84), NULL), created_at, p.account
FROM bench.proof p JOIN bench.at a USING (enterprise_id) ORDER BY person;

INSERT INTO registry_professionalqualification (candidate_id, enterprise_id, level, name, number, issued_on, recorded_at, recorded_by_id)
SELECT person, enterprise_id, bench.one_of(ARRAY['junior', 'intermediate', 'intermediate', 'associate_senior', 'senior'], person, 85),
    '质量专业技术人员职业资格', 'ZL' || person, bench.local(created_at) - bench.below(1500, person, 86), created_at, account
FROM bench.proof WHERE bench.dice(person, 87) < 0.4 ORDER BY person;
