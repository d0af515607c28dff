//! Writes of ranges and blocks.

use std::net::IpAddr;

use ipnet::IpNet;
use tokio_postgres::types::Type;

use super::super::errors::unsound;
use super::super::fetch::number;
use super::Statement;
use crate::engine::StoredRange;
use crate::engine::replay::Write;
use crate::stores::columns;
use crate::{Block, NetworkInfo, Operation, Properties, Range, Result, SpaceId, Tags};

/// Rows `x` of blocks, made of the lists `$1` to `$13`.
macro_rules! block_rows {
    () => {
        "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::inet[], $7::text[], $8::text[], \
         $9::text[], $10::int4[], $11::text[], $12::text[], $13::text[]) AS x(id, space, net, name, description, \
         gateway, dns_servers, search_domains, domain, vlan, vlan_name, tags, properties)"
    };
}
/// Rows `x` of ranges, made of the lists `$1` to `$26`.
macro_rules! range_rows {
    () => {
        "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::inet[], $7::text[], $8::text[], \
         $9::text[], $10::int4[], $11::text[], $12::text[], $13::text[], $14::inet[], $15::inet[], $16::bytea[], \
         $17::bytea[], $18::bool[], $19::bool[], $20::bool[], $21::text[], $22::text[], $23::int8[], $24::bytea[], \
         $25::text[], $26::text[]) AS x(id, space, net, name, description, gateway, dns_servers, search_domains, \
         domain, vlan, vlan_name, tags, properties, address_first, address_last, span_first, span_last, \
         explicit_addresses, all_hosts, child_prefix, reserved, address_order, quarantine, high_water, key, owner)"
    };
}

const INSERT_BLOCKS: &str = concat!(
    "INSERT INTO block (id, space, net, name, description, gateway, dns_servers, search_domains, domain, vlan, \
     vlan_name, tags, properties) SELECT x.id, x.space, x.net::cidr, x.name, x.description, x.gateway, \
     x.dns_servers::jsonb, x.search_domains::jsonb, x.domain, x.vlan, x.vlan_name, x.tags::jsonb, \
     x.properties::jsonb FROM ",
    block_rows!()
);
const UPDATE_BLOCK: &str = concat!(
    "WITH u AS (UPDATE block b SET space = x.space, net = x.net::cidr, name = x.name, description = x.description, \
     gateway = x.gateway, dns_servers = x.dns_servers::jsonb, search_domains = x.search_domains::jsonb, \
     domain = x.domain, vlan = x.vlan, vlan_name = x.vlan_name, tags = x.tags::jsonb, \
     properties = x.properties::jsonb FROM ",
    block_rows!(),
    " WHERE b.id = x.id RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM u"
);
const REMOVE_BLOCK: &str =
    "WITH d AS (DELETE FROM block WHERE id = $1 RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM d";
const INSERT_RANGES: &str = concat!(
    "INSERT INTO range (id, space, net, name, description, gateway, dns_servers, search_domains, domain, vlan, \
     vlan_name, tags, properties, address_first, address_last, span, explicit_addresses, all_hosts, child_prefix, \
     reserved, address_order, quarantine, high_water, key, owner) SELECT x.id, x.space, x.net::cidr, x.name, \
     x.description, x.gateway, x.dns_servers::jsonb, x.search_domains::jsonb, x.domain, x.vlan, x.vlan_name, \
     x.tags::jsonb, x.properties::jsonb, x.address_first, x.address_last, \
     address_span(x.span_first, x.span_last, '[]'), x.explicit_addresses, x.all_hosts, x.child_prefix, \
     x.reserved::jsonb, x.address_order, x.quarantine, x.high_water, x.key, x.owner FROM ",
    range_rows!()
);
const UPDATE_RANGE: &str = concat!(
    "WITH u AS (UPDATE range r SET space = x.space, net = x.net::cidr, name = x.name, description = x.description, \
     gateway = x.gateway, dns_servers = x.dns_servers::jsonb, search_domains = x.search_domains::jsonb, \
     domain = x.domain, vlan = x.vlan, vlan_name = x.vlan_name, tags = x.tags::jsonb, \
     properties = x.properties::jsonb, address_first = x.address_first, address_last = x.address_last, \
     span = address_span(x.span_first, x.span_last, '[]'), explicit_addresses = x.explicit_addresses, \
     all_hosts = x.all_hosts, child_prefix = x.child_prefix, reserved = x.reserved::jsonb, \
     address_order = x.address_order, quarantine = x.quarantine, high_water = x.high_water, key = x.key, \
     owner = x.owner FROM ",
    range_rows!(),
    " WHERE r.id = x.id RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM u"
);
const REMOVE_PAGES: &str = "DELETE FROM page WHERE range = $1";
const REMOVE_QUARANTINED: &str = "DELETE FROM quarantine WHERE range = $1";
const REMOVE_RANGE: &str =
    "WITH d AS (DELETE FROM range WHERE id = $1 RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM d";

/// Returns the statements of writes of ranges and blocks, in their order.
pub(super) fn statements(writes: Vec<Write>, operation: Operation) -> Result<Vec<Statement>> {
    let mut statements = Vec::new();
    // A restore inserts thousands of ranges, one after the other: they are one statement.
    let mut inserted: Vec<StoredRange> = Vec::new();
    for write in writes {
        if let Write::InsertRange(stored) = write {
            inserted.push(stored);
            continue;
        }
        insert_ranges(&mut inserted, &mut statements, operation)?;
        match write {
            Write::InsertBlock(block) => statements.push(net_lists(INSERT_BLOCKS, &[NetPart::of(&block)], operation)?),
            Write::UpdateBlock(block) => statements.push(net_lists(UPDATE_BLOCK, &[NetPart::of(&block)], operation)?),
            Write::RemoveBlock(id) => {
                statements.push(Statement::new(REMOVE_BLOCK).with(id.to_string(), Type::TEXT));
            }
            Write::UpdateRange(stored) => statements.push(range_lists(UPDATE_RANGE, &[stored], operation)?),
            Write::RemoveRange(id) => statements.extend(
                [REMOVE_PAGES, REMOVE_QUARANTINED, REMOVE_RANGE]
                    .map(|sql| Statement::new(sql).with(id.to_string(), Type::TEXT)),
            ),
            _ => {}
        }
    }
    insert_ranges(&mut inserted, &mut statements, operation)?;
    Ok(statements)
}

fn insert_ranges(ranges: &mut Vec<StoredRange>, to: &mut Vec<Statement>, operation: Operation) -> Result<()> {
    if !ranges.is_empty() {
        to.push(range_lists(INSERT_RANGES, &std::mem::take(ranges), operation)?);
    }
    Ok(())
}

/// Values of the columns that ranges and blocks share.
struct NetPart<'n> {
    id: &'n str,
    space: &'n SpaceId,
    net: IpNet,
    name: &'n str,
    description: Option<&'n String>,
    network: &'n NetworkInfo,
    tags: &'n Tags,
    properties: &'n Properties,
}

impl<'n> NetPart<'n> {
    fn of(block: &'n Block) -> Self {
        Self {
            id: block.id.as_str(),
            space: &block.space,
            net: block.net,
            name: &block.name,
            description: block.description.as_ref(),
            network: &block.network,
            tags: &block.tags,
            properties: &block.properties,
        }
    }

    fn of_range(range: &'n Range) -> Self {
        Self {
            id: range.id.as_str(),
            space: &range.space,
            net: range.net,
            name: &range.name,
            description: range.description.as_ref(),
            network: &range.network,
            tags: &range.tags,
            properties: &range.properties,
        }
    }
}

/// Returns a list of addresses, or of ranges of addresses, as JSON.
fn addresses(items: &[impl ToString], operation: Operation) -> Result<Option<String>> {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    columns::list(texts.iter().map(String::as_str)).map_err(|error| unsound(operation, error))
}

fn net_lists(sql: &'static str, parts: &[NetPart<'_>], operation: Operation) -> Result<Statement> {
    let json = |text: serde_json::Result<Option<String>>| text.map_err(|error| unsound(operation, error));
    lists!(
        id: String = part.id.to_owned(),
        space: String = part.space.to_string(),
        net: String = part.net.trunc().to_string(),
        name: String = part.name.to_owned(),
        description: Option<String> = part.description.cloned(),
        gateway: Option<IpAddr> = part.network.gateway,
        dns_servers: Option<String> = addresses(&part.network.dns_servers, operation)?,
        search_domains: Option<String> =
            json(columns::list(part.network.search_domains.iter().map(String::as_str)))?,
        domain: Option<String> = part.network.domain.clone(),
        vlan: Option<i32> = part.network.vlan.as_ref().map(|vlan| i32::from(vlan.number)),
        vlan_name: Option<String> = part.network.vlan.as_ref().and_then(|vlan| vlan.name.clone()),
        tags: Option<String> = json(columns::tags(part.tags))?,
        properties: Option<String> = json(columns::properties(part.properties))?;
        parts, part
    );
    Ok(Statement::new(sql)
        .with(id, Type::TEXT_ARRAY)
        .with(space, Type::TEXT_ARRAY)
        .with(net, Type::TEXT_ARRAY)
        .with(name, Type::TEXT_ARRAY)
        .with(description, Type::TEXT_ARRAY)
        .with(gateway, Type::INET_ARRAY)
        .with(dns_servers, Type::TEXT_ARRAY)
        .with(search_domains, Type::TEXT_ARRAY)
        .with(domain, Type::TEXT_ARRAY)
        .with(vlan, Type::INT4_ARRAY)
        .with(vlan_name, Type::TEXT_ARRAY)
        .with(tags, Type::TEXT_ARRAY)
        .with(properties, Type::TEXT_ARRAY))
}

fn range_lists(sql: &'static str, ranges: &[StoredRange], operation: Operation) -> Result<Statement> {
    let parts: Vec<NetPart<'_>> = ranges.iter().map(|stored| NetPart::of_range(&stored.range)).collect();
    let order = |order| {
        let known = columns::ORDERS.iter().find(|(known, _)| *known == order).map(|(_, text)| (*text).to_owned());
        known.ok_or_else(|| unsound(operation, "it has no name for this order"))
    };
    lists!(
        first: IpAddr = stored.range.addresses.first(),
        last: IpAddr = stored.range.addresses.last(),
        span_first: Vec<u8> = span_end(&stored.range.space, stored.range.addresses.first()),
        span_last: Vec<u8> = span_end(&stored.range.space, stored.range.addresses.last()),
        explicit_addresses: bool = stored.origin.explicit_addresses,
        all_hosts: bool = stored.origin.all_hosts,
        child_prefix: bool = stored.origin.child_prefix,
        reserved: Option<String> = addresses(&stored.range.reserved, operation)?,
        orders: String = order(stored.range.policy.order)?,
        quarantine: i64 = columns::duration_micros(stored.range.policy.quarantine),
        high_water: Vec<u8> = number(stored.high_water),
        key: Option<String> = stored.range.key.as_ref().map(ToString::to_string),
        owner: Option<String> = stored.range.owner.as_ref().map(ToString::to_string);
        ranges, stored
    );
    Ok(net_lists(sql, &parts, operation)?
        .with(first, Type::INET_ARRAY)
        .with(last, Type::INET_ARRAY)
        .with(span_first, Type::BYTEA_ARRAY)
        .with(span_last, Type::BYTEA_ARRAY)
        .with(explicit_addresses, Type::BOOL_ARRAY)
        .with(all_hosts, Type::BOOL_ARRAY)
        .with(child_prefix, Type::BOOL_ARRAY)
        .with(reserved, Type::TEXT_ARRAY)
        .with(orders, Type::TEXT_ARRAY)
        .with(quarantine, Type::INT8_ARRAY)
        .with(high_water, Type::BYTEA_ARRAY)
        .with(key, Type::TEXT_ARRAY)
        .with(owner, Type::TEXT_ARRAY))
}

/// Returns an end of a span: the space, a zero byte, the family and the octets of the address.
// A name has no zero byte, so that the spans of two spaces cannot overlap.
fn span_end(space: &SpaceId, address: IpAddr) -> Vec<u8> {
    let mut bytes = space.as_str().as_bytes().to_vec();
    bytes.push(0);
    match address {
        IpAddr::V4(address) => {
            bytes.push(4);
            bytes.extend(address.octets());
        }
        IpAddr::V6(address) => {
            bytes.push(6);
            bytes.extend(address.octets());
        }
    }
    bytes
}
