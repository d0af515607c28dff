-- an allocation lies in a range that does not exist
SELECT range FROM allocation WHERE range NOT IN (SELECT id FROM range) GROUP BY range;

-- a quarantined address lies in a range that does not exist
SELECT range FROM resting WHERE range NOT IN (SELECT id FROM range) GROUP BY range;

-- a page belongs to a range that does not exist
SELECT range FROM page WHERE range NOT IN (SELECT id FROM range) GROUP BY range;

-- an allocation lies outside its range
SELECT range || ' ' || hex(address) FROM allocation JOIN range ON range.id = allocation.range
WHERE allocation.space <> range.space OR address NOT BETWEEN address_first AND address_last;

-- a quarantined address lies outside the prefix of its range
SELECT range || ' ' || hex(address) FROM resting JOIN range ON range.id = resting.range
WHERE resting.space <> range.space OR address NOT BETWEEN net_first AND net_last;

-- an address is allocated and quarantined
SELECT allocation.range || ' ' || hex(address) FROM allocation JOIN resting USING (space, address);

-- an allocation carries a key that is not that of a request for addresses
SELECT allocation.key FROM allocation LEFT JOIN request USING (key) WHERE request.addresses IS NULL;

-- an allocation has another owner, line or serial number than its request
SELECT request.key || ' ' || hex(address) FROM allocation JOIN request USING (key)
WHERE allocation.owner <> request.owner
    OR line >= lines
    OR serial NOT BETWEEN first_serial AND first_serial + addresses - 1;

-- two requests share serial numbers
SELECT key FROM (
    SELECT key, first_serial, max(first_serial + addresses - 1) OVER (
        ORDER BY first_serial ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS last_before
    FROM request WHERE addresses IS NOT NULL
)
WHERE first_serial <= last_before;

-- a request has serial numbers above that of the last change
SELECT key FROM request WHERE first_serial + addresses - 1 > (SELECT coalesce(max(seq), 0) FROM event);

-- a request has no allocation left
SELECT key FROM request WHERE addresses IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM allocation WHERE serial BETWEEN first_serial AND first_serial + addresses - 1
);

-- a request for a range has no range
SELECT key FROM request WHERE addresses IS NULL AND key NOT IN (SELECT key FROM range WHERE key IS NOT NULL);

-- a range carries a key that is not that of a request for a range
SELECT range.key FROM range LEFT JOIN request USING (key)
WHERE range.key IS NOT NULL AND (request.key IS NULL OR request.addresses IS NOT NULL);
