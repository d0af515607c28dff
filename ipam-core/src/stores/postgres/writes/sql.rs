//! Statements that write many rows at once, each with a list for every column.

/// Changes of the feed, made of the lists `$1` to `$12`.
macro_rules! events {
    () => {
        "INSERT INTO event (turn, at, kind, actor, owner, space, range, block, address, allocation, key, before, \
         after) SELECT (SELECT turn_offset FROM ipam_schema) + pg_current_xact_id()::text::int8, x.at, x.kind, \
         x.actor, x.owner, x.space, x.range, x.block, x.address, x.allocation, x.key, x.before::jsonb, \
         x.after::jsonb FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
         $7::text[], $8::inet[], $9::text[], $10::text[], $11::text[], $12::text[]) WITH ORDINALITY AS x(at, kind, \
         actor, owner, space, range, block, address, allocation, key, before, after, place) ORDER BY x.place"
    };
}
/// Pages that were stored, made of the lists `$1` to `$6`. Returns a row for each that is as it was read.
macro_rules! changed_pages {
    () => {
        "UPDATE page p SET bits = x.bits, used = x.used, open = x.open FROM unnest($1::text[], $2::bytea[], \
         $3::bytea[], $4::bytea[], $5::int4[], $6::bool[]) AS x(range, no, was, bits, used, open) \
         WHERE p.range = x.range AND p.no = x.no AND p.bits = x.was RETURNING 1"
    };
}

/// Changes of the feed, in a statement of their own.
pub(super) const EVENTS: &str = events!();
pub(super) const FEED: &str = concat!("WITH e AS (", events!(), ") SELECT pg_current_xact_id()::text::int8");
pub(super) const REMOVE_ALLOCATIONS: &str = "WITH d AS (DELETE FROM allocation a USING unnest($1::text[], $2::inet[], \
                                  $3::int8[], $4::int4[]) AS x(space, address, serial, revision) \
                                  WHERE a.space = x.space AND a.address = x.address AND a.serial = x.serial \
                                  AND a.revision = x.revision RETURNING 1) SELECT 1 / (count(*) = $5)::int FROM d";
pub(super) const REMOVE_REQUESTS: &str = "WITH d AS (DELETE FROM request r USING unnest($1::text[], $2::int4[]) AS x(key, ended) \
                               WHERE r.key = x.key AND r.live = x.ended RETURNING 1) \
                               SELECT 1 / (count(*) = $3)::int FROM d";
pub(super) const LOWER_REQUESTS: &str = "WITH u AS (UPDATE request r SET live = r.live - x.ended, \
                              returned = CASE WHEN x.returned IS NULL THEN r.returned ELSE (SELECT \
                              jsonb_agg(e.address ORDER BY e.place) FROM jsonb_array_elements(coalesce(r.returned, \
                              '[]') || x.returned::jsonb) WITH ORDINALITY AS e(address, place) \
                              WHERE e.place <= $5) END \
                              FROM unnest($1::text[], $2::int4[], $3::text[]) AS x(key, ended, returned) \
                              WHERE r.key = x.key AND r.live > x.ended RETURNING 1) \
                              SELECT 1 / (count(*) = $4)::int FROM u";
pub(super) const RELEASE: &str = "WITH d AS (DELETE FROM quarantine q USING unnest($1::text[], $2::inet[], $3::text[]) \
                       AS x(space, address, allocation) WHERE q.space = x.space AND q.address = x.address \
                       AND q.allocation = x.allocation RETURNING 1) SELECT 1 / (count(*) = $4)::int FROM d";
pub(super) const CHANGED_PAGES: &str = changed_pages!();
pub(super) const CHANGE_PAGES: &str =
    concat!("WITH u AS (", changed_pages!(), ") SELECT 1 / (count(*) = $7)::int FROM u");
pub(super) const COMPARE_PAGES: &str = "SELECT 1 / (count(*) = $4)::int FROM page p JOIN unnest($1::text[], $2::bytea[], \
                             $3::bytea[]) AS x(range, no, bits) ON p.range = x.range AND p.no = x.no \
                             AND p.bits = x.bits";
pub(super) const ADD_PAGES: &str = "INSERT INTO page (range, no, bits, used, open) \
                         SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::int4[], $5::bool[])";
pub(super) const ADD_CLUMP: &str = "INSERT INTO page (range, no, bits, used, open) \
                         SELECT $1, no, $2, 0, open FROM unnest($3::bytea[], $4::bool[]) AS x(no, open) \
                         ON CONFLICT DO NOTHING";
pub(super) const RAISE_HIGH_WATER: &str = "WITH u AS (UPDATE range r SET high_water = greatest(r.high_water, x.mark) \
                                FROM unnest($1::text[], $2::bytea[]) AS x(id, mark) WHERE r.id = x.id RETURNING 1) \
                                SELECT 1 / (count(*) = $3)::int FROM u";
pub(super) const INSERT_REQUESTS: &str = "INSERT INTO request (key, fingerprint, addresses, lines, live, owner, returned) \
                               SELECT key, fingerprint, addresses, lines, live, owner, returned::jsonb \
                               FROM unnest($1::text[], $2::bytea[], $3::int4[], $4::int4[], $5::int4[], $6::text[], \
                               $7::text[]) AS x(key, fingerprint, addresses, lines, live, owner, returned)";
pub(super) const INSERT_ALLOCATIONS: &str = "INSERT INTO allocation (space, address, serial, range, key, line, owner, hostname, \
                                  description, mac, tags, created, updated, expires) \
                                  SELECT space, address, serial, range, key, line, owner, hostname, description, \
                                  mac::macaddr, tags::jsonb, created, updated, expires \
                                  FROM unnest($1::text[], $2::inet[], $3::int8[], $4::text[], $5::text[], $6::int4[], \
                                  $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::int8[], \
                                  $13::int8[], $14::int8[]) AS x(space, address, serial, range, key, line, owner, \
                                  hostname, description, mac, tags, created, updated, expires)";
pub(super) const UPDATE_ALLOCATIONS: &str = "WITH u AS (UPDATE allocation a SET hostname = x.hostname, \
                                  description = x.description, mac = x.mac::macaddr, tags = x.tags::jsonb, \
                                  updated = x.updated, expires = x.expires, revision = a.revision + 1 \
                                  FROM unnest($1::text[], $2::inet[], $3::int8[], $4::int4[], $5::text[], $6::text[], \
                                  $7::text[], $8::text[], $9::int8[], $10::int8[]) AS x(space, address, serial, \
                                  revision, hostname, description, mac, tags, updated, expires) \
                                  WHERE a.space = x.space AND a.address = x.address AND a.serial = x.serial \
                                  AND a.revision = x.revision RETURNING 1) SELECT 1 / (count(*) = $11)::int FROM u";
pub(super) const QUARANTINE: &str = "INSERT INTO quarantine (space, address, range, allocation, since, until) \
                          SELECT * FROM unnest($1::text[], $2::inet[], $3::text[], $4::text[], $5::int8[], $6::int8[])";
