//! Blocks as rows, and the columns that they share with ranges.

use ipnet::IpNet;
use rusqlite::params;
use rusqlite::types::Value;

use super::super::codec::{self, AddressBlob};
use super::sql::BLOCK_COLUMNS;
use super::{Columns, Sql, SqliteStore};
use crate::engine::Blocks;
use crate::{Block, BlockFilter, BlockId, Family, NetworkInfo, Properties, Result, SpaceId, Tags, Vlan};

/// Values of the columns that ranges and blocks share.
pub(super) struct NetPart {
    pub(super) space: SpaceId,
    pub(super) net: IpNet,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) tags: Tags,
    pub(super) properties: Properties,
}

pub(super) fn net_part(row: &Columns<'_>) -> Result<NetPart> {
    Ok(NetPart {
        space: SpaceId::from(row.text(1)?),
        net: row.parsed(2, codec::net(row.blob(2)?, row.blob(3)?))?,
        name: row.text(4)?.to_owned(),
        description: row.optional_text(5)?.map(str::to_owned),
        tags: row.parsed(12, codec::parse_tags(row.optional_text(12)?))?,
        properties: row.parsed(13, codec::parse_properties(row.optional_text(13)?))?,
    })
}

pub(super) fn network(row: &Columns<'_>) -> Result<NetworkInfo> {
    let mut network = NetworkInfo::default();
    if let Some(blob) = row.optional_blob(6)? {
        network.gateway = Some(row.parsed(6, codec::address(blob))?);
    }
    let dns = row.parsed(7, codec::parse_list(row.optional_text(7)?))?;
    network.dns_servers = dns.iter().map(|text| row.parsed(7, text.parse().ok())).collect::<Result<_>>()?;
    network.search_domains = row.parsed(8, codec::parse_list(row.optional_text(8)?))?;
    network.domain = row.optional_text(9)?.map(str::to_owned);
    if let Some(number) = row.optional_integer(10)? {
        let mut vlan = Vlan::new(row.parsed(10, u16::try_from(number).ok())?);
        vlan.name = row.optional_text(11)?.map(str::to_owned);
        network.vlan = Some(vlan);
    }
    Ok(network)
}

fn block(row: &Columns<'_>) -> Result<Block> {
    let part = net_part(row)?;
    let mut block = Block::new(row.text(0)?, part.space, part.net);
    block.name = part.name;
    block.description = part.description;
    block.network = network(row)?;
    block.tags = part.tags;
    block.properties = part.properties;
    Ok(block)
}

/// Returns the number of leading bits that two addresses of one family share, given as blobs, without the family byte.
fn shared_bits(a: &[u8], b: &[u8]) -> u8 {
    let mut bits = 0;
    for (a, b) in a.iter().zip(b).skip(1) {
        let same = (a ^ b).leading_zeros();
        bits += same;
        if same < 8 {
            break;
        }
    }
    u8::try_from(bits).unwrap_or(128)
}

/// Returns the number of leading bits up to the last set bit: the length of the shortest prefix that begins at the
/// address.
fn significant_bits(blob: &[u8]) -> u8 {
    let zeros: u32 = match blob.iter().skip(1).rposition(|byte| *byte != 0) {
        Some(place) => {
            let after = blob.len().saturating_sub(place + 2);
            u32::try_from(after * 8).unwrap_or(0) + blob.get(place + 1).map_or(0, |byte| byte.trailing_zeros())
        }
        None => return 0,
    };
    let width = u32::try_from(blob.len().saturating_sub(1) * 8).unwrap_or(128);
    u8::try_from(width - zeros).unwrap_or(128)
}

impl Blocks for SqliteStore<'_> {
    // A block around the prefix begins where one of the shorter prefixes of its first address begins: at most 129
    // places. The last block that begins at or before the prefix tells which of these can be skipped, so that mostly
    // one or two look-ups are enough, however many blocks lie beside it.
    fn block_around(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<BlockId>> {
        let (first, last) = codec::ends(net);
        let mut len = net.prefix_len();
        loop {
            let Some(bound) = truncated(net, len) else { return Ok(None) };
            let start = self.db.one(Sql::BlockStartBefore, params![space.as_str(), bound], |row| {
                Ok(row.optional_blob(0)?.map(<[u8]>::to_vec))
            })?;
            // Blocks of IPv4 come before all of IPv6.
            let Some(start) = start.filter(|start| start.first() == first.as_slice().first()) else {
                return Ok(None);
            };
            let shared = shared_bits(&start, first.as_slice());
            let needed = significant_bits(&start);
            if needed > shared {
                // It begins where no shorter prefix of `net` does. A block around `net` begins before it, so it is a
                // prefix of the bits that both share.
                len = shared.min(len);
                if let Some(next) = truncated(net, len)
                    && next == bound
                {
                    return Ok(None);
                }
                continue;
            }
            let params = params![space.as_str(), start, last];
            let found = self.db.optional(Sql::BlockFromReaching, params, |row| Ok(BlockId::from(row.text(0)?)))?;
            if found.is_some() || needed == 0 {
                return Ok(found);
            }
            len = needed - 1;
        }
    }

    fn insert_block(&mut self, block: &Block) -> Result<()> {
        self.write_block(Sql::InsertBlock, block)
    }

    fn update_block(&mut self, block: &Block) -> Result<()> {
        self.write_block(Sql::UpdateBlock, block)
    }

    fn block(&mut self, id: &BlockId) -> Result<Option<Block>> {
        self.db.optional(Sql::BlockById, [id.as_str()], block)
    }

    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>> {
        let (first, last) = codec::ends(net);
        self.db.optional(Sql::BlockByNet, params![space.as_str(), first, last], block)
    }

    fn remove_block(&mut self, id: &BlockId) -> Result<()> {
        self.writes();
        self.memo.ranges.clear();
        self.db.execute_one(Sql::RemoveBlock, [id.as_str()])
    }

    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>> {
        let (first, last) = codec::ends(net);
        self.db.all(Sql::NetsWithin, params![space.as_str(), first, last], |row| {
            row.parsed(0, codec::net(row.blob(0)?, row.blob(1)?))
        })
    }

    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        if limit == 0 {
            return Ok(blocks);
        }
        if !filter.ids.is_empty() {
            let mut ids: Vec<&BlockId> = filter.ids.iter().filter(|id| after.is_none_or(|after| *id > after)).collect();
            ids.sort_unstable();
            ids.dedup();
            for id in ids {
                if blocks.len() < limit
                    && let Some(found) = self.block(id)?
                    && filter.matches(&found)
                {
                    blocks.push(found);
                }
            }
            return Ok(blocks);
        }
        let mut text = format!("SELECT {BLOCK_COLUMNS} FROM block WHERE id > ?");
        let mut params = vec![Value::Text(after.map(ToString::to_string).unwrap_or_default())];
        if let Some(space) = &filter.space {
            text.push_str(" AND space = ?");
            params.push(Value::Text(space.to_string()));
        }
        if let Some(name) = &filter.name {
            text.push_str(" AND name = ?");
            params.push(Value::Text(name.clone()));
        }
        if let Some(family) = filter.family {
            text.push_str(" AND substr(net_first, 1, 1) = ?");
            params.push(Value::Blob(vec![if family == Family::V4 { 4 } else { 6 }]));
        }
        text.push_str(" ORDER BY id");
        self.db.composed(text, params, |row| {
            let found = block(row)?;
            if filter.matches(&found) {
                blocks.push(found);
            }
            Ok(blocks.len() < limit)
        })?;
        Ok(blocks)
    }
}

impl SqliteStore<'_> {
    pub(super) fn write_block(&mut self, sql: Sql, block: &Block) -> Result<()> {
        self.writes();
        // Remembered ranges hold the block around them, which may change.
        self.memo.ranges.clear();
        let (net_first, net_last) = codec::ends(block.net);
        let dns: Vec<String> = block.network.dns_servers.iter().map(ToString::to_string).collect();
        let json = || {
            Ok([
                codec::list(dns.iter().map(String::as_str))?,
                codec::list(block.network.search_domains.iter().map(String::as_str))?,
                codec::tags(&block.tags)?,
                codec::properties(&block.properties)?,
            ])
        };
        let [dns, search, tags, properties] = json().map_err(|error| self.db.error(error))?;
        let vlan = block.network.vlan.as_ref();
        self.db.execute_one(
            sql,
            params![
                block.id.as_str(),
                block.space.as_str(),
                net_first,
                net_last,
                block.name,
                block.description,
                block.network.gateway.map(AddressBlob::from),
                dns,
                search,
                block.network.domain,
                vlan.map(|vlan| vlan.number),
                vlan.and_then(|vlan| vlan.name.as_deref()),
                tags,
                properties,
            ],
        )
    }
}

/// Returns the first address of the prefix of `len` bits around `net`.
fn truncated(net: IpNet, len: u8) -> Option<AddressBlob> {
    IpNet::new(net.addr(), len).ok().map(|net| net.network().into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn blob(address: &str) -> AddressBlob {
        address.parse::<std::net::IpAddr>().unwrap().into()
    }

    #[test]
    fn bits_are_counted_without_the_family() {
        for (address, bits) in [("0.0.0.0", 0), ("128.0.0.0", 1), ("10.0.0.0", 7), ("10.0.0.1", 32), ("10.0.2.0", 23)] {
            assert_eq!(significant_bits(blob(address).as_slice()), bits, "{address}");
        }
        assert_eq!(significant_bits(blob("2001:db8::").as_slice()), 29);
        assert_eq!(significant_bits(blob("::1").as_slice()), 128);
        assert_eq!(significant_bits(blob("::").as_slice()), 0);
        assert_eq!(shared_bits(blob("10.0.0.0").as_slice(), blob("10.0.0.0").as_slice()), 32);
        assert_eq!(shared_bits(blob("10.0.0.0").as_slice(), blob("10.0.1.0").as_slice()), 23);
        assert_eq!(shared_bits(blob("::").as_slice(), blob("8000::").as_slice()), 0);
    }
}
