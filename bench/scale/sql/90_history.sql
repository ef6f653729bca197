-- Who and where, as the middleware writes it beside an appointment's events.
INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
SELECT md5('context' || id)::uuid, created_at, created_at, jsonb_build_object('user', by_id, 'url', '/appointments/' || reference || '/check-answers/')
FROM bench.filing ORDER BY id;
