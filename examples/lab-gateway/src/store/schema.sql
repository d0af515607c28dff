-- Version 1. Constraints decide what is free; the program only proposes.
create table maps (
    conn_port integer primary key check (conn_port between 1 and 65535),
    address text not null,
    port integer not null check (port between 1 and 65535),
    name text not null,
    component text not null,
    state text not null check (state in ('adding', 'active', 'removing')),
    -- A second map of one target is refused.
    unique (address, port)
) strict;

-- Addresses that the gateway allocated itself. The last map of an address ends its lease.
create table leases (
    address text primary key,
    name text not null,
    key text not null unique,
    state text not null check (state in ('taking', 'held', 'returning'))
) strict, without rowid;

-- Seconds since 1970 of the last reply of an address.
create table seen (
    address text primary key,
    seconds integer not null
) strict, without rowid;
