//! Ranges as rows.

use std::sync::Arc;

use ipnet::IpNet;
use rusqlite::params;
use rusqlite::types::Value;

use super::super::codec::{self, AddressBlob};
use super::blocks::{net_part, network};
use super::sql::RANGE_COLUMNS;
use super::{Columns, MAX_KEPT_RANGES, Sql, SqliteStore, pages};
use crate::engine::{Blocks, Origin, Ranges, StoredRange};
use crate::net::IpRange;
use crate::{AllocationKey, Family, Range, RangeFilter, RangeId, Result, SpaceId};

/// Reads a row of `RANGE_COLUMNS`. The block around the range is not a column.
fn range(row: &Columns<'_>) -> Result<(Range, u128, Origin)> {
    let part = net_part(row)?;
    let addresses = row.parsed(14, codec::range(row.blob(14)?, row.blob(15)?))?;
    let mut range = Range::new(row.text(0)?, part.space, part.net, addresses);
    range.name = part.name;
    range.description = part.description;
    range.network = network(row)?;
    range.tags = part.tags;
    range.properties = part.properties;
    let reserved = row.parsed(19, codec::parse_list(row.optional_text(19)?))?;
    range.reserved = reserved.iter().map(|text| row.parsed(19, text.parse::<IpRange>().ok())).collect::<Result<_>>()?;
    let order = row.text(20)?;
    range.policy.order =
        row.parsed(20, codec::ORDERS.iter().find(|(_, text)| *text == order).map(|(order, _)| *order))?;
    range.policy.quarantine = row.parsed(21, codec::duration(row.integer(21)?))?;
    let high_water = row.parsed(22, <[u8; 16]>::try_from(row.blob(22)?).ok().map(u128::from_be_bytes))?;
    range.key = row.optional_text(23)?.map(Into::into);
    range.owner = row.optional_text(24)?.map(Into::into);
    let origin = Origin { explicit_addresses: row.flag(16)?, all_hosts: row.flag(17)?, child_prefix: row.flag(18)? };
    Ok((range, high_water, origin))
}

impl Ranges for SqliteStore<'_> {
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>> {
        if let Some(known) = self.memo.ranges.get(id) {
            return Ok(Some(known.clone()));
        }
        let Some(found) = self.db.optional(Sql::RangeById, [id.as_str()], range)? else { return Ok(None) };
        let found = self.complete(found)?;
        if self.memo.ranges.len() >= MAX_KEPT_RANGES {
            // The open pages go with their ranges, so that those that are not written yet are written first.
            self.write_pages()?;
            self.memo.ranges.clear();
            self.memo.open_pages.clear();
            self.memo.first_released.clear();
        }
        self.memo.ranges.insert(id.clone(), found.clone());
        Ok(Some(found))
    }

    fn insert_range(&mut self, range: &StoredRange) -> Result<()> {
        self.write_range(Sql::InsertRange, range)
    }

    fn update_range(&mut self, range: &StoredRange) -> Result<()> {
        self.write_range(Sql::UpdateRange, range)
    }

    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>> {
        let found = self.db.optional(Sql::RangeByKey, [key.as_str()], range)?;
        found.map(|found| self.complete(found)).transpose()
    }

    fn remove_range(&mut self, id: &RangeId) -> Result<()> {
        self.writes();
        self.memo.ranges.remove(id);
        // Forgotten and not written: the row of the page is deleted below.
        self.memo.open_pages.remove(id);
        self.memo.first_released.remove(id);
        self.db.execute(Sql::RemovePagesOfRange, [id.as_str()])?;
        self.db.execute(Sql::RemoveQuarantinedOfRange, [id.as_str()])?;
        self.db.execute_one(Sql::RemoveRange, [id.as_str()])
    }

    fn set_high_water(&mut self, id: &RangeId, high_water: u128) -> Result<()> {
        self.writes();
        self.db.execute_one(Sql::SetHighWater, params![id.as_str(), pages::number(high_water)])?;
        if let Some(known) = self.memo.ranges.get_mut(id) {
            known.high_water = high_water;
        }
        Ok(())
    }

    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>> {
        let (first, last) = codec::ends(net);
        // The range before the net that reaches into it, and those that begin inside: two look-ups in the index by
        // prefix.
        let mut found = self.db.all(Sql::RangesAround, params![space.as_str(), first], range)?;
        found.extend(self.db.all(Sql::RangesInside, params![space.as_str(), first, last], range)?);
        found.into_iter().map(|found| self.complete(found)).collect()
    }

    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>> {
        let mut ranges = Vec::new();
        if !filter.ids.is_empty() {
            let mut ids: Vec<&RangeId> = filter.ids.iter().filter(|id| after.is_none_or(|after| *id > after)).collect();
            ids.sort_unstable();
            ids.dedup();
            for id in ids {
                if ranges.len() >= limit {
                    break;
                }
                if let Some(found) = self.range(id)?
                    && filter.matches(&found.range)
                {
                    ranges.push(Arc::unwrap_or_clone(found.range));
                }
            }
            return Ok(ranges);
        }
        let Some((text, params)) = self.list_text(filter)? else { return Ok(ranges) };
        let mut after = after.map(|after| after.as_str().to_owned());
        // Conditions on tags, properties and the block are not in SQL and are checked for each row. Rows are read in
        // parts, because the block of a range is found with another statement.
        const PART: usize = 256;
        loop {
            let mut part = Vec::new();
            let mut params = params.clone();
            params.insert(0, Value::Text(after.clone().unwrap_or_default()));
            self.db.composed(text.clone(), params, |row| {
                part.push(range(row)?);
                Ok(part.len() < PART)
            })?;
            let ended = part.len() < PART;
            after = part.last().map(|(range, ..)| range.id.to_string());
            for (mut range, ..) in part {
                if ranges.len() >= limit {
                    return Ok(ranges);
                }
                range.block = self.block_around(&range.space, range.net)?;
                if filter.matches(&range) {
                    ranges.push(range);
                }
            }
            if ended || ranges.len() >= limit {
                return Ok(ranges);
            }
        }
    }
}

impl SqliteStore<'_> {
    fn complete(&mut self, (mut range, high_water, origin): (Range, u128, Origin)) -> Result<StoredRange> {
        range.block = self.block_around(&range.space, range.net)?;
        Ok(StoredRange::new(range, high_water, origin))
    }

    pub(super) fn write_range(&mut self, sql: Sql, stored: &StoredRange) -> Result<()> {
        self.writes();
        let range = &*stored.range;
        self.memo.ranges.remove(&range.id);
        let order = codec::ORDERS.iter().find(|(order, _)| *order == range.policy.order).map(|(_, text)| *text);
        let order = order.ok_or_else(|| self.unsound("it has no name for this order"))?;
        let (net_first, net_last) = codec::ends(range.net);
        let reserved: Vec<String> = range.reserved.iter().map(ToString::to_string).collect();
        let dns: Vec<String> = range.network.dns_servers.iter().map(ToString::to_string).collect();
        let json = || {
            Ok([
                codec::list(dns.iter().map(String::as_str))?,
                codec::list(range.network.search_domains.iter().map(String::as_str))?,
                codec::tags(&range.tags)?,
                codec::properties(&range.properties)?,
                codec::list(reserved.iter().map(String::as_str))?,
            ])
        };
        let [dns, search, tags, properties, reserved] = json().map_err(|error| self.db.error(error))?;
        let vlan = range.network.vlan.as_ref();
        let params = params![
            range.id.as_str(),
            range.space.as_str(),
            net_first,
            net_last,
            range.name,
            range.description,
            range.network.gateway.map(AddressBlob::from),
            dns,
            search,
            range.network.domain,
            vlan.map(|vlan| vlan.number),
            vlan.and_then(|vlan| vlan.name.as_deref()),
            tags,
            properties,
            AddressBlob::from(range.addresses.first()),
            AddressBlob::from(range.addresses.last()),
            stored.origin.explicit_addresses,
            stored.origin.all_hosts,
            stored.origin.child_prefix,
            reserved,
            order,
            codec::duration_micros(range.policy.quarantine),
            pages::number(stored.high_water),
            range.key.as_ref().map(AsRef::<str>::as_ref),
            range.owner.as_ref().map(AsRef::<str>::as_ref),
        ];
        self.db.execute_one(sql, params)
    }

    /// Returns the statement that lists ranges by id, with the conditions that are in SQL. Its first parameter is the
    /// id to start after. `None` if nothing can match.
    fn list_text(&mut self, filter: &RangeFilter) -> Result<Option<(String, Vec<Value>)>> {
        let mut text = format!("SELECT {RANGE_COLUMNS} FROM range WHERE id > ?");
        let mut params = Vec::new();
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
        let mut inside = |net: IpNet| {
            let (first, last) = codec::ends(net);
            text.push_str(" AND net_first BETWEEN ? AND ? AND net_last <= ?");
            let last = last.as_slice().to_vec();
            params.extend([Value::Blob(first.as_slice().to_vec()), Value::Blob(last.clone()), Value::Blob(last)]);
        };
        if let Some(net) = filter.within {
            inside(net);
        }
        if let Some(block) = &filter.block {
            let Some(block) = self.block(block)? else { return Ok(None) };
            inside(block.net);
            text.push_str(" AND space = ?");
            params.push(Value::Text(block.space.to_string()));
        }
        text.push_str(" ORDER BY id");
        Ok(Some((text, params)))
    }
}
