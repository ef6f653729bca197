-- Helpers of the load, in a schema of their own. Chance is a hash: the same size and day give the same rows.
CREATE SCHEMA bench;

CREATE FUNCTION bench.dice(x bigint, salt integer) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(x, salt) & 16777215) / 16777216.0 $$;

CREATE FUNCTION bench.below(top bigint, x bigint, salt integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT floor(top * bench.dice(x, salt))::int $$;

CREATE FUNCTION bench.char_of(letters text, x bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT substr(letters, 1 + bench.below(length(letters), x, salt), 1) $$;

CREATE FUNCTION bench.one_of(words text[], x bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT words[1 + bench.below(cardinality(words), x, salt)] $$;

CREATE FUNCTION bench.size() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT current_setting('bench.size')::bigint $$;

CREATE FUNCTION bench.today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT current_setting('bench.today')::date $$;

-- A moment of an office day; Saturdays and Sundays move to Monday, and nothing happens after now.
CREATE FUNCTION bench.office(day date, hours double precision) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN day IS NOT NULL THEN least(
        ((day + CASE extract(isodow FROM day) WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END)::timestamp
            + hours * interval '1 hour') AT TIME ZONE 'Asia/Shanghai',
        current_setting('bench.now')::timestamptz) END
$$;

CREATE FUNCTION bench.local(moment timestamptz) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (moment AT TIME ZONE 'Asia/Shanghai')::date $$;

CREATE FUNCTION bench.numbered(series text, year integer, serial bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT series || '-' || year || '-' || lpad(serial::text, greatest(4, length(serial::text)), '0') $$;

CREATE FUNCTION bench.person_name(x bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT bench.char_of('李李李李王王王王张张张张刘刘刘陈陈陈陈杨杨黄黄黄吴吴赵周周徐孙马朱朱胡郭何何林林罗罗高梁梁梁郑谢谢宋唐许邓邓韩'
                         '冯曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛温房'
                         '莫植蓝盘', x, 901)
        || bench.char_of('志文建国伟俊海家子晓雅丽美思嘉永德明学振丹秀春锦泽宏浩宇天一佳欣慧静玉金水少小大立正成新光华荣耀景乃启世'
                         '凯瑞博雨梦诗若云月星辰向卫东红爱', x, 902)
        || CASE WHEN bench.dice(x, 904) < 0.15 THEN '' ELSE
           bench.char_of('强华明军辉杰峰燕玲敏霞斌涛婷芳荣光平兰林生宇坤琳瑶贤文武勇毅松柏山川河海波涌涵轩豪翔鹏飞龙虎英雄英梅菊莲'
                         '花凤珍珠宝玉洁莹雪冰清秋冬安宁康健福祥瑞', x, 903) END
$$;

CREATE FUNCTION bench.firm_name(place text, x bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT place
        || bench.char_of('恒鼎宏锦岳岚泓珑屿穗栩衡珩峦翎篆澜稔嘉瑞盛隆兴泰华昌源润丰康祥和顺安达通宇辰星云海川江河峰岭山石金银铜铁玉宝'
                         '龙凤鹏鸿雁鹤松柏竹梅兰菊荷桂', x, 911)
        || bench.char_of('创新远大达利信诚业成德胜捷迅腾飞跃升博睿智慧科技联合众邦邦国民生力源泉泽润沃土禾谷丰登峰极致美佳优良品质恒久'
                         '永固坚强威武英豪雄杰', x, 912)
        || bench.one_of(ARRAY['陶瓷','铝型材','再生铜业','电机','纸业','红茶','食品','水泥','新型建材','包装材料','五金制品','电子科技',
                              '精细化工','环保材料','竹木制品','碳酸钙','腊味食品','农业发展','机电设备','家具','饲料','印刷包装','线缆','米业',
                              '涂料','香料','光伏玻璃','电路板','生物肥业','饮料','燃气','冷链物流','建设工程','日用品','硅灰石粉体','矿业',
                              '医疗器械','塑料制品','服装','汽车零部件'], x, 913)
        || CASE WHEN bench.dice(x, 914) < 0.9 THEN '有限公司' ELSE '股份有限公司' END
$$;

CREATE FUNCTION bench.phone(x bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT '199' || lpad((hashint8extended(x, 921) & 67108863)::text, 8, '0') $$;

-- More counties than the city's eight make a province.
INSERT INTO registry_county (code, name, bureau_name)
SELECT (449000 + n)::text, '模拟第' || n || '县', '模拟第' || n || '县质监局'
FROM generate_series(1, current_setting('bench.counties')::int - (SELECT count(*) FROM registry_county)) AS n;

CREATE TABLE bench.county AS
SELECT row_number() OVER (ORDER BY code)::int AS no, id, code, name,
       CASE WHEN code < '441820' THEN '清远市' ELSE name END AS place
FROM registry_county;

INSERT INTO registry_user (username, display_name, password, role, county_id, date_joined, password_set_at)
SELECT username, bench.person_name(no), current_setting('bench.password'), role, county_id,
       bench.office('2016-03-31', 9), bench.office('2016-03-31', 9)
FROM (
    VALUES (1, 'municipal', 'municipal', NULL::bigint), (2, 'municipal-2', 'municipal', NULL),
           (3, 'administrator', 'administrator', NULL), (4, 'trainer', 'trainer', NULL), (5, 'trainer-2', 'trainer', NULL)
    UNION ALL SELECT 10 + no, 'county-' || code, 'county', id FROM bench.county
) AS staff (no, username, role, county_id);

CREATE TABLE bench.officer AS
SELECT c.no AS county, u.id AS user_id FROM bench.county c JOIN registry_user u ON u.username = 'county-' || c.code;

SELECT set_config('bench.municipal', id::text, false) FROM registry_user WHERE username = 'municipal';
CREATE FUNCTION bench.municipal() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT current_setting('bench.municipal')::bigint $$;

INSERT INTO training_trainingbody (reference, name, mark, kind, county_id, created_at, created_by_id)
SELECT 'JG' || lpad(no::text, 4, '0'), name, mark, kind, county_id, bench.office('2016-04-01', 9), bench.municipal()
FROM (
    VALUES (1, '市质监局', '清质培', 'bureau', NULL::bigint), (2, '北江质量技术培训中心', '北江培', 'recognised', NULL),
           (3, '企业质量促进中心', '质促培', 'recognised', NULL)
    UNION ALL SELECT 3 + no, name || '质监局培训', '县培' || no, 'bureau', id FROM bench.county
) AS bodies (no, name, mark, kind, county_id);

INSERT INTO training_recognition (body_id, document_title, document_number, period, recorded_at, recorded_by_id)
SELECT id, '关于认可培训机构的通知', '清质监〔2016〕' || id || '号', daterange('2016-04-01', NULL), created_at, created_by_id
FROM training_trainingbody WHERE kind = 'recognised';

INSERT INTO training_trainermembership (user_id, body_id, recorded_at, recorded_by_id)
SELECT u.id, b.id, b.created_at, b.created_by_id
FROM (VALUES ('trainer', 'JG0002'), ('trainer-2', 'JG0003')) AS pairs (username, reference)
JOIN registry_user u USING (username) JOIN training_trainingbody b USING (reference);
