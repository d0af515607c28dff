//! Statements with a fixed text. Each is prepared once per connection.
//!
//! Tables and columns keep the names of version 1 of the schema, which differ from those of the records in three
//! places: see `DESIGN.md`.

macro_rules! statements {
    ($($name:ident = $text:expr;)*) => {
        /// Statement. Its number is its index among the prepared ones.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::stores::embedded) enum Sql {
            $($name,)*
        }

        impl Sql {
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

/// Columns that ranges and blocks share.
macro_rules! net_columns {
    () => {
        "id, space, net_first, net_last, name, description, gateway, dns_servers, search_domains, domain, vlan, \
         vlan_name, tags, properties"
    };
}

macro_rules! range_columns {
    () => {
        concat!(
            net_columns!(),
            ", address_first, address_last, explicit_addresses, all_hosts, carved, reserved, address_order, \
             quarantine, frontier, key, owner"
        )
    };
}

macro_rules! allocation_columns {
    () => {
        "space, address, serial, range, key, line, owner, hostname, description, mac, tags, created, updated, expires"
    };
}

macro_rules! resting_columns {
    () => {
        "space, address, range, allocation, since, until"
    };
}

pub(super) const BLOCK_COLUMNS: &str = net_columns!();
pub(super) const RANGE_COLUMNS: &str = range_columns!();
pub(super) const ALLOCATION_COLUMNS: &str = allocation_columns!();
pub(super) const RESTING_COLUMNS: &str = resting_columns!();

statements! {
    Begin = "BEGIN";
    BeginImmediate = "BEGIN IMMEDIATE";
    Commit = "COMMIT";
    Rollback = "ROLLBACK";
    DataVersion = "PRAGMA data_version";
    UserVersion = "PRAGMA user_version";

    RangeById = concat!("SELECT ", range_columns!(), " FROM range WHERE id = ?1");
    RangeByKey = concat!("SELECT ", range_columns!(), " FROM range WHERE key = ?1");
    RangesInside = concat!(
        "SELECT ", range_columns!(), " FROM range WHERE space = ?1 AND net_first BETWEEN ?2 AND ?3 \
         ORDER BY net_first, address_first"
    );
    // Prefixes of ranges are equal or disjoint, so that only the last one that begins before can reach into the net.
    RangesAround = concat!(
        "SELECT ", range_columns!(), " FROM range WHERE space = ?1 AND net_last >= ?2 AND net_first = \
         (SELECT max(net_first) FROM range WHERE space = ?1 AND net_first < ?2) ORDER BY address_first"
    );
    InsertRange = concat!(
        "INSERT INTO range (", range_columns!(), ") VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, \
         ?24, ?25)"
    );
    UpdateRange = concat!(
        "UPDATE range SET (", range_columns!(), ") = \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, \
         ?24, ?25) WHERE id = ?1"
    );
    SetHighWater = "UPDATE range SET frontier = ?2 WHERE id = ?1";
    RemoveRange = "DELETE FROM range WHERE id = ?1";
    RemovePagesOfRange = "DELETE FROM page WHERE range = ?1";
    RemoveQuarantinedOfRange = "DELETE FROM resting WHERE range = ?1";

    BlockById = concat!("SELECT ", net_columns!(), " FROM block WHERE id = ?1");
    BlockByNet = concat!(
        "SELECT ", net_columns!(), " FROM block WHERE space = ?1 AND net_first = ?2 AND net_last = ?3"
    );
    BlockStartBefore = "SELECT max(net_first) FROM block WHERE space = ?1 AND net_first <= ?2";
    BlockFromReaching = "SELECT id FROM block WHERE space = ?1 AND net_first = ?2 AND net_last >= ?3 \
                         ORDER BY net_last LIMIT 1";
    InsertBlock = concat!(
        "INSERT INTO block (", net_columns!(), ") VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    );
    UpdateBlock = concat!(
        "UPDATE block SET (", net_columns!(), ") = \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) WHERE id = ?1"
    );
    RemoveBlock = "DELETE FROM block WHERE id = ?1";
    NetsWithin = "SELECT net_first, net_last FROM range \
                  WHERE space = ?1 AND net_first BETWEEN ?2 AND ?3 AND net_last <= ?3 \
                  UNION \
                  SELECT net_first, net_last FROM block \
                  WHERE space = ?1 AND net_first BETWEEN ?2 AND ?3 AND net_last <= ?3 \
                  AND NOT (net_first = ?2 AND net_last = ?3) \
                  ORDER BY net_first, net_last DESC";

    PageByNo = "SELECT bits FROM page WHERE range = ?1 AND no = ?2";
    NextOpenPage = "SELECT no, bits FROM page WHERE range = ?1 AND no >= ?2 AND open = 1 ORDER BY no LIMIT 1";
    Pages = "SELECT no, bits FROM page WHERE range = ?1 AND no >= ?2 ORDER BY no LIMIT ?3";
    PageRows = "SELECT range, no, bits, used FROM page WHERE (range, no) > (?1, ?2) ORDER BY range, no LIMIT ?3";
    UsedBits = "SELECT coalesce(sum(used), 0) FROM page WHERE range = ?1";
    // Does not set the column `open`, so that SQLite does not touch its index.
    ChangePage = "UPDATE page SET bits = ?3, used = ?4 WHERE range = ?1 AND no = ?2 AND open = ?5";
    PutPage = "INSERT INTO page (range, no, bits, used, open) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (range, no) DO UPDATE SET bits = excluded.bits, used = excluded.used, open = excluded.open";

    AllocationAt = concat!("SELECT ", allocation_columns!(), " FROM allocation WHERE space = ?1 AND address = ?2");
    AllocationBySerial = concat!("SELECT ", allocation_columns!(), " FROM allocation WHERE serial = ?1");
    AllocationsOfSerials = concat!(
        "SELECT ", allocation_columns!(), " FROM allocation WHERE serial BETWEEN ?1 AND ?2 ORDER BY line, address"
    );
    CountOfSerials = "SELECT count(*) FROM (SELECT 1 FROM allocation WHERE serial BETWEEN ?1 AND ?2 LIMIT ?3)";
    SerialsOfKey = "SELECT first_serial, addresses FROM request WHERE key = ?1 AND addresses IS NOT NULL";
    AllocationsIn = concat!(
        "SELECT ", allocation_columns!(), " FROM allocation \
         WHERE space = ?1 AND address BETWEEN ?2 AND ?3 AND range = ?4 ORDER BY address LIMIT ?5"
    );
    InsertAllocation = concat!(
        "INSERT INTO allocation (", allocation_columns!(), ") VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    );
    // Sets only the columns that the engine changes, so that SQLite does not touch the indexes of the others.
    UpdateAllocation = "UPDATE allocation SET hostname = ?4, description = ?5, mac = ?6, tags = ?7, updated = ?8, \
                        expires = ?9 WHERE space = ?1 AND address = ?2 AND serial = ?3";
    RemoveAllocation = "DELETE FROM allocation WHERE space = ?1 AND address = ?2 AND serial = ?3";
    ExpiredOfAll = concat!(
        "SELECT ", allocation_columns!(), " FROM allocation WHERE expires <= ?1 ORDER BY expires LIMIT ?2"
    );
    ExpiredOfRange = concat!(
        "SELECT ", allocation_columns!(), " FROM allocation WHERE expires <= ?1 AND range = ?3 \
         ORDER BY expires LIMIT ?2"
    );
    FirstExpiry = "SELECT coalesce(min(expires), 9223372036854775807) FROM allocation WHERE expires IS NOT NULL";
    CountExpired = "SELECT count(*) FROM allocation WHERE expires <= ?1 AND range = ?2";

    RequestByKey = "SELECT fingerprint, addresses, lines, owner, returned FROM request WHERE key = ?1";
    InsertRequest = "INSERT INTO request (key, fingerprint, addresses, lines, first_serial, owner, returned) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    UpdateRequest = "UPDATE request SET returned = ?2 WHERE key = ?1";
    RemoveRequest = "DELETE FROM request WHERE key = ?1";

    InsertQuarantined = concat!("INSERT INTO resting (", resting_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    RemoveQuarantined = "DELETE FROM resting WHERE space = ?1 AND address = ?2";
    QuarantinedAt = concat!("SELECT ", resting_columns!(), " FROM resting WHERE space = ?1 AND address = ?2");
    ReleasedByUntil = concat!(
        "SELECT ", resting_columns!(), " FROM resting INDEXED BY resting_until \
         WHERE range = ?1 AND until <= ?2 ORDER BY until LIMIT ?3"
    );
    ReleasedBySince = concat!(
        "SELECT ", resting_columns!(), " FROM resting INDEXED BY resting_since \
         WHERE range = ?1 AND until <= ?2 ORDER BY since, space, address LIMIT ?3"
    );
    FirstReleased = "SELECT coalesce(min(until), 9223372036854775807) FROM resting WHERE range = ?1";
    CountQuarantined = "SELECT count(*), coalesce(sum(until > ?2), 0) FROM resting WHERE range = ?1";

    LastEvent = "SELECT coalesce(max(seq), 0) FROM event";
    FirstEvent = "SELECT coalesce(min(seq), 1) FROM event";
    InsertEvent = "INSERT INTO event (seq, at, kind, actor, owner, space, range, block, address, allocation, key, \
                   before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    ForgetEvents = "DELETE FROM event WHERE seq <= ?1";
    Events = "SELECT seq, at, kind, actor, owner, space, range, block, address, allocation, key, before, after FROM event \
              WHERE seq > ?1 ORDER BY seq LIMIT ?2";
}
