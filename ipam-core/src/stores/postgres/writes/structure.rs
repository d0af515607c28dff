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

const INSERT_BLOCK: &str = "INSERT INTO block (id, space, net, name, description, gateway, dns_servers, \
                            search_domains, domain, vlan, vlan_name, tags, properties) VALUES ($1, $2, \
                            $3::text::cidr, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, $9, $10, $11, \
                            $12::text::jsonb, $13::text::jsonb)";
const UPDATE_BLOCK: &str = "WITH u AS (UPDATE block SET space = $2, net = $3::text::cidr, name = $4, \
                            description = $5, gateway = $6, dns_servers = $7::text::jsonb, \
                            search_domains = $8::text::jsonb, domain = $9, vlan = $10, vlan_name = $11, \
                            tags = $12::text::jsonb, properties = $13::text::jsonb WHERE id = $1 RETURNING 1) \
                            SELECT 1 / (count(*) = 1)::int FROM u";
const REMOVE_BLOCK: &str =
    "WITH d AS (DELETE FROM block WHERE id = $1 RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM d";
const INSERT_RANGE: &str = "INSERT INTO range (id, space, net, name, description, gateway, dns_servers, \
                            search_domains, domain, vlan, vlan_name, tags, properties, address_first, address_last, \
                            span, explicit_addresses, all_hosts, child_prefix, reserved, address_order, quarantine, \
                            high_water, key, owner) VALUES ($1, $2, $3::text::cidr, $4, $5, $6, $7::text::jsonb, \
                            $8::text::jsonb, $9, $10, $11, $12::text::jsonb, $13::text::jsonb, $14, $15, \
                            address_span($16, $17, '[]'), $18, $19, $20, $21::text::jsonb, $22, $23, $24, $25, $26)";
const UPDATE_RANGE: &str = "WITH u AS (UPDATE range SET space = $2, net = $3::text::cidr, name = $4, \
                            description = $5, gateway = $6, dns_servers = $7::text::jsonb, \
                            search_domains = $8::text::jsonb, domain = $9, vlan = $10, vlan_name = $11, \
                            tags = $12::text::jsonb, properties = $13::text::jsonb, address_first = $14, \
                            address_last = $15, span = address_span($16, $17, '[]'), explicit_addresses = $18, \
                            all_hosts = $19, child_prefix = $20, reserved = $21::text::jsonb, address_order = $22, \
                            quarantine = $23, high_water = $24, key = $25, owner = $26 WHERE id = $1 RETURNING 1) \
                            SELECT 1 / (count(*) = 1)::int FROM u";
const REMOVE_PAGES: &str = "DELETE FROM page WHERE range = $1";
const REMOVE_QUARANTINED: &str = "DELETE FROM quarantine WHERE range = $1";
const REMOVE_RANGE: &str =
    "WITH d AS (DELETE FROM range WHERE id = $1 RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM d";

/// Returns the statements of a write of a range or a block.
pub(super) fn statements(write: Write, operation: Operation) -> Result<Vec<Statement>> {
    Ok(match write {
        Write::InsertBlock(block) => vec![block_columns(INSERT_BLOCK, &block, operation)?],
        Write::UpdateBlock(block) => vec![block_columns(UPDATE_BLOCK, &block, operation)?],
        Write::RemoveBlock(id) => vec![Statement::new(REMOVE_BLOCK).with(id.to_string(), Type::TEXT)],
        Write::InsertRange(stored) => vec![range_columns(INSERT_RANGE, &stored, operation)?],
        Write::UpdateRange(stored) => vec![range_columns(UPDATE_RANGE, &stored, operation)?],
        Write::RemoveRange(id) => [REMOVE_PAGES, REMOVE_QUARANTINED, REMOVE_RANGE]
            .map(|sql| Statement::new(sql).with(id.to_string(), Type::TEXT))
            .into(),
        _ => Vec::new(),
    })
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

impl NetPart<'_> {
    fn statement(&self, sql: &'static str, operation: Operation) -> Result<Statement> {
        let json = |text: serde_json::Result<Option<String>>| text.map_err(|error| unsound(operation, error));
        let network = self.network;
        let dns: Vec<String> = network.dns_servers.iter().map(ToString::to_string).collect();
        let vlan = network.vlan.as_ref();
        Ok(Statement::new(sql)
            .with(self.id.to_owned(), Type::TEXT)
            .with(self.space.to_string(), Type::TEXT)
            .with(self.net.trunc().to_string(), Type::TEXT)
            .with(self.name.to_owned(), Type::TEXT)
            .with(self.description.cloned(), Type::TEXT)
            .with(network.gateway, Type::INET)
            .with(json(columns::list(dns.iter().map(String::as_str)))?, Type::TEXT)
            .with(json(columns::list(network.search_domains.iter().map(String::as_str)))?, Type::TEXT)
            .with(network.domain.clone(), Type::TEXT)
            .with(vlan.map(|vlan| i32::from(vlan.number)), Type::INT4)
            .with(vlan.and_then(|vlan| vlan.name.clone()), Type::TEXT)
            .with(json(columns::tags(self.tags))?, Type::TEXT)
            .with(json(columns::properties(self.properties))?, Type::TEXT))
    }
}

fn block_columns(sql: &'static str, block: &Block, operation: Operation) -> Result<Statement> {
    let part = NetPart {
        id: block.id.as_str(),
        space: &block.space,
        net: block.net,
        name: &block.name,
        description: block.description.as_ref(),
        network: &block.network,
        tags: &block.tags,
        properties: &block.properties,
    };
    part.statement(sql, operation)
}

fn range_columns(sql: &'static str, stored: &StoredRange, operation: Operation) -> Result<Statement> {
    let range: &Range = &stored.range;
    let part = NetPart {
        id: range.id.as_str(),
        space: &range.space,
        net: range.net,
        name: &range.name,
        description: range.description.as_ref(),
        network: &range.network,
        tags: &range.tags,
        properties: &range.properties,
    };
    let order = columns::ORDERS.iter().find(|(order, _)| *order == range.policy.order).map(|(_, text)| *text);
    let order = order.ok_or_else(|| unsound(operation, "it has no name for this order"))?;
    let reserved: Vec<String> = range.reserved.iter().map(ToString::to_string).collect();
    let reserved = columns::list(reserved.iter().map(String::as_str)).map_err(|error| unsound(operation, error))?;
    let (first, last) = (range.addresses.first(), range.addresses.last());
    Ok(part
        .statement(sql, operation)?
        .with(first, Type::INET)
        .with(last, Type::INET)
        .with(span_end(&range.space, first), Type::BYTEA)
        .with(span_end(&range.space, last), Type::BYTEA)
        .with(stored.origin.explicit_addresses, Type::BOOL)
        .with(stored.origin.all_hosts, Type::BOOL)
        .with(stored.origin.child_prefix, Type::BOOL)
        .with(reserved, Type::TEXT)
        .with(order, Type::TEXT)
        .with(columns::duration_micros(range.policy.quarantine), Type::INT8)
        .with(number(stored.high_water), Type::BYTEA)
        .with(range.key.as_ref().map(ToString::to_string), Type::TEXT)
        .with(range.owner.as_ref().map(ToString::to_string), Type::TEXT))
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
