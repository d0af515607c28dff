-- an allocation lies in a range that does not exist
SELECT range FROM allocation a WHERE NOT EXISTS (SELECT 1 FROM range r WHERE r.id = a.range) GROUP BY range;

-- a quarantined address lies in a range that does not exist
SELECT range FROM quarantine q WHERE NOT EXISTS (SELECT 1 FROM range r WHERE r.id = q.range) GROUP BY range;

-- a page belongs to a range that does not exist
SELECT range FROM page p WHERE NOT EXISTS (SELECT 1 FROM range r WHERE r.id = p.range) GROUP BY range;

-- an allocation lies outside its range
SELECT a.range || ' ' || host(a.address) FROM allocation a JOIN range r ON r.id = a.range
WHERE a.space <> r.space OR a.address NOT BETWEEN r.address_first AND r.address_last;

-- a quarantined address lies outside the prefix of its range
SELECT q.range || ' ' || host(q.address) FROM quarantine q JOIN range r ON r.id = q.range
WHERE q.space <> r.space OR NOT q.address <<= r.net;

-- an address is allocated and quarantined
SELECT a.range || ' ' || host(a.address) FROM allocation a JOIN quarantine q USING (space, address);

-- two allocations have one serial number
SELECT serial::text FROM allocation GROUP BY serial HAVING count(*) > 1;

-- an allocation has a serial number that was not issued
SELECT range || ' ' || host(address) FROM allocation WHERE serial / 1024 > (SELECT last_value FROM serial_block);

-- an allocation carries a key that is not that of a request for addresses
SELECT a.key FROM allocation a LEFT JOIN request r USING (key) WHERE r.addresses IS NULL;

-- an allocation has another owner or line than its request
SELECT r.key || ' ' || host(a.address) FROM allocation a JOIN request r USING (key)
WHERE a.owner <> r.owner OR a.line >= r.lines OR a.line < 0;

-- a request counts its allocations wrongly
SELECT r.key FROM request r LEFT JOIN (SELECT key, count(*) AS held FROM allocation GROUP BY key) a USING (key)
WHERE r.addresses IS NOT NULL AND (r.live <> coalesce(a.held, 0) OR r.live > r.addresses OR r.live = 0);

-- a request for a range has no range
SELECT key FROM request r WHERE addresses IS NULL AND NOT EXISTS (SELECT 1 FROM range t WHERE t.key = r.key);

-- a range carries a key that is not that of a request for a range
SELECT t.key FROM range t LEFT JOIN request r USING (key)
WHERE t.key IS NOT NULL AND (r.key IS NULL OR r.addresses IS NOT NULL);

-- a change comes before the last one that was removed from the feed
SELECT e.turn || '-' || e.seq FROM event e, ipam_schema s WHERE (e.turn, e.seq) <= (s.removed_turn, s.removed_seq);
