-- Version 1.
--
-- Addresses are blobs: one byte for the family (4 or 6), then the address in network byte order, so that the order of
-- blobs is the order of addresses, IPv4 first. Numbers of pages are 16 bytes, big-endian. Times are microseconds since
-- 1970-01-01 UTC. Lists and sets are JSON, and NULL where they are empty.

CREATE TABLE block (
    id TEXT NOT NULL PRIMARY KEY,
    space TEXT NOT NULL,
    net_first BLOB NOT NULL,
    net_last BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    gateway BLOB,
    dns_servers TEXT,
    search_domains TEXT,
    domain TEXT,
    vlan INTEGER,
    vlan_name TEXT,
    tags TEXT,
    properties TEXT
) STRICT;
CREATE UNIQUE INDEX block_net ON block (space, net_first, net_last);

CREATE TABLE range (
    id TEXT NOT NULL PRIMARY KEY,
    space TEXT NOT NULL,
    net_first BLOB NOT NULL,
    net_last BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    gateway BLOB,
    dns_servers TEXT,
    search_domains TEXT,
    domain TEXT,
    vlan INTEGER,
    vlan_name TEXT,
    tags TEXT,
    properties TEXT,
    address_first BLOB NOT NULL,
    address_last BLOB NOT NULL,
    explicit_addresses INTEGER NOT NULL CHECK (explicit_addresses IN (0, 1)),
    all_hosts INTEGER NOT NULL CHECK (all_hosts IN (0, 1)),
    carved INTEGER NOT NULL CHECK (carved IN (0, 1)),
    reserved TEXT,
    address_order TEXT NOT NULL CHECK (address_order IN ('first-free', 'random', 'least-recently-used')),
    quarantine INTEGER NOT NULL, -- microseconds
    frontier BLOB NOT NULL CHECK (length(frontier) = 16),
    key TEXT,
    owner TEXT,
    CHECK (address_first <= address_last AND net_first <= address_first AND address_last <= net_last)
) STRICT;
CREATE INDEX range_net ON range (space, net_first, net_last);
CREATE UNIQUE INDEX range_key ON range (key) WHERE key IS NOT NULL;

-- 256 addresses of a range: bit i of byte j stands for address 8 * j + i of the page. A page without a row has no bit
-- set. `open` says whether it has an address that can be handed out.
CREATE TABLE page (
    range TEXT NOT NULL,
    no BLOB NOT NULL CHECK (length(no) = 16),
    bits BLOB NOT NULL CHECK (length(bits) = 32),
    used INTEGER NOT NULL CHECK (used BETWEEN 0 AND 256),
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    PRIMARY KEY (range, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_open ON page (range, no) WHERE open = 1;

CREATE TABLE request (
    key TEXT NOT NULL PRIMARY KEY,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    addresses INTEGER, -- number of serial numbers: one for each address; NULL for a request for a child prefix
    lines INTEGER,
    first_serial INTEGER, -- of its allocations, which have consecutive numbers
    owner TEXT NOT NULL,
    returned TEXT, -- the first few of its addresses that were deallocated; last "+N" for N without a serial number
    CHECK ((addresses IS NULL) = (lines IS NULL) AND (addresses IS NULL) = (first_serial IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE allocation (
    space TEXT NOT NULL,
    address BLOB NOT NULL,
    serial INTEGER NOT NULL, -- never used again: tells one allocation of an address from the next
    range TEXT NOT NULL,
    key TEXT NOT NULL,
    line INTEGER NOT NULL,
    owner TEXT NOT NULL,
    hostname TEXT COLLATE NOCASE,
    description TEXT,
    mac BLOB CHECK (length(mac) = 6),
    tags TEXT,
    created INTEGER,
    updated INTEGER,
    expires INTEGER,
    PRIMARY KEY (space, address)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX allocation_serial ON allocation (serial);
CREATE INDEX allocation_owner ON allocation (owner);
CREATE INDEX allocation_hostname ON allocation (hostname) WHERE hostname IS NOT NULL;
CREATE INDEX allocation_mac ON allocation (mac) WHERE mac IS NOT NULL;
CREATE INDEX allocation_expires ON allocation (expires) WHERE expires IS NOT NULL;

-- Quarantined addresses, and released ones that were not handed out again yet. Their bits are set.
CREATE TABLE resting (
    space TEXT NOT NULL,
    address BLOB NOT NULL,
    range TEXT NOT NULL,
    allocation TEXT NOT NULL, -- the id of what it was
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (space, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX resting_since ON resting (range, since);
CREATE INDEX resting_until ON resting (range, until);

-- The feed of changes. Names are kept as they were: what they name may be gone.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT,
    owner TEXT,
    space TEXT NOT NULL,
    range TEXT,
    block TEXT,
    address BLOB,
    allocation TEXT,
    key TEXT
) STRICT;
