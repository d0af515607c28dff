-- Version 1. Times are microseconds since 1970-01-01 UTC. Texts that are compared by programs have the collation "C",
-- so that their order is the same everywhere.

CREATE TABLE ipam_schema (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    application text NOT NULL,
    version integer NOT NULL,
    -- Programs of this version and newer ones may use the schema.
    oldest_program integer NOT NULL,
    -- Added to transaction ids in the feed. Grows when the data moves to a server whose ids are behind.
    turn_offset bigint NOT NULL,
    -- Last change that was removed from the feed.
    removed_turn bigint NOT NULL,
    removed_seq bigint NOT NULL
);

-- Each number stands for 1024 serial numbers of allocations.
CREATE SEQUENCE serial_block;

CREATE TYPE address_span AS RANGE (subtype = bytea);

CREATE TABLE block (
    id text COLLATE "C" PRIMARY KEY,
    space text COLLATE "C" NOT NULL,
    net cidr NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text,
    gateway inet,
    dns_servers jsonb,
    search_domains jsonb,
    domain text,
    vlan integer,
    vlan_name text,
    tags jsonb,
    properties jsonb,
    UNIQUE (space, net)
);
CREATE INDEX block_net ON block USING gist (net inet_ops);

CREATE TABLE range (
    id text COLLATE "C" PRIMARY KEY,
    space text COLLATE "C" NOT NULL,
    net cidr NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text,
    gateway inet,
    dns_servers jsonb,
    search_domains jsonb,
    domain text,
    vlan integer,
    vlan_name text,
    tags jsonb,
    properties jsonb,
    address_first inet NOT NULL,
    address_last inet NOT NULL,
    -- Space, family and address as bytes, in the order of addresses.
    span address_span NOT NULL,
    explicit_addresses boolean NOT NULL,
    all_hosts boolean NOT NULL,
    child_prefix boolean NOT NULL,
    reserved jsonb,
    address_order text NOT NULL CHECK (address_order IN ('first-free', 'random', 'least-recently-used')),
    quarantine bigint NOT NULL, -- microseconds
    high_water bytea NOT NULL CHECK (octet_length(high_water) = 16),
    key text COLLATE "C" UNIQUE,
    owner text COLLATE "C",
    CHECK (address_first <= address_last AND address_first <<= net AND address_last <<= net),
    -- An address belongs to one range of its space.
    CONSTRAINT range_addresses EXCLUDE USING gist (span WITH &&)
);
CREATE INDEX range_net ON range USING gist (net inet_ops);

-- 256 addresses of a range: bit i of byte j stands for address 8 * j + i of the page. A page without a row has no bit
-- set. `open` is true if it has an address that can be handed out. Half of each block of the table is kept free, and no
-- column that changes often is in an index, so that an update stays in its block.
CREATE TABLE page (
    range text COLLATE "C" NOT NULL REFERENCES range (id),
    no bytea NOT NULL CHECK (octet_length(no) = 16),
    bits bytea NOT NULL CHECK (octet_length(bits) = 32),
    used integer NOT NULL CHECK (used BETWEEN 0 AND 256),
    open boolean NOT NULL,
    PRIMARY KEY (range, no)
) WITH (fillfactor = 50);
CREATE INDEX page_open ON page (range, no) WHERE open;

CREATE TABLE request (
    key text COLLATE "C" PRIMARY KEY,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    addresses integer, -- their number; NULL for a request for a child prefix
    lines integer,
    live integer NOT NULL, -- number of its allocations that have not ended
    owner text COLLATE "C" NOT NULL,
    returned jsonb, -- the first few of its addresses that were deallocated
    CHECK ((addresses IS NULL) = (lines IS NULL))
);

CREATE TABLE allocation (
    space text COLLATE "C" NOT NULL,
    address inet NOT NULL CHECK (masklen(address) = CASE family(address) WHEN 4 THEN 32 ELSE 128 END),
    serial bigint NOT NULL, -- never used again: tells one allocation of an address from the next
    revision integer NOT NULL DEFAULT 0, -- number of updates
    range text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    owner text COLLATE "C" NOT NULL,
    hostname text,
    description text,
    mac macaddr,
    tags jsonb,
    created bigint,
    updated bigint,
    expires bigint,
    PRIMARY KEY (space, address)
);
CREATE INDEX allocation_key ON allocation (key);
CREATE INDEX allocation_owner ON allocation (owner);
CREATE INDEX allocation_hostname ON allocation (lower(hostname COLLATE "C")) WHERE hostname IS NOT NULL;
CREATE INDEX allocation_mac ON allocation (mac) WHERE mac IS NOT NULL;
CREATE INDEX allocation_expires ON allocation (expires) WHERE expires IS NOT NULL;

-- Quarantined addresses, and released ones that were not handed out again yet. Their bits are set.
CREATE TABLE quarantine (
    space text COLLATE "C" NOT NULL,
    address inet NOT NULL,
    range text COLLATE "C" NOT NULL,
    allocation text COLLATE "C" NOT NULL, -- the id of what it was
    since bigint NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (space, address)
);
CREATE INDEX quarantine_since ON quarantine (range, since, address);
CREATE INDEX quarantine_until ON quarantine (range, until);

-- The feed of changes. Names are kept as they were: what they name may be gone. `turn` is the id of the transaction, so
-- that a reader can stop before those that have not ended.
CREATE TABLE event (
    turn bigint NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at bigint NOT NULL,
    kind text NOT NULL,
    actor text,
    owner text,
    space text NOT NULL,
    range text,
    block text,
    address inet,
    allocation text,
    key text,
    PRIMARY KEY (turn, seq)
);
