//! Conversion of rows to records.

use std::net::IpAddr;

use ipnet::IpNet;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::errors::unsound;
use crate::engine::{Origin, Page, Quarantined, Record, RequestKind, RequestRecord, StoredRange};
use crate::net::IpRange;
use crate::stores::{columns, states};
use crate::{
    Allocation, AllocationId, AllocationKey, Block, Change, ChangePosition, ChangedItem, Fingerprint, NetworkInfo,
    Operation, Owner, Range, RangeId, Result, SpaceId, Vlan,
};

/// Columns that ranges and blocks share, of the table `t`.
macro_rules! net_columns {
    () => {
        "t.id, t.space, t.net::text, t.name, t.description, t.gateway, t.dns_servers::text, t.search_domains::text, \
         t.domain, t.vlan, t.vlan_name, t.tags::text, t.properties::text"
    };
}
/// Columns of a range, of the table `t`. The last one is its block, which `block_around!` finds.
macro_rules! range_columns {
    () => {
        concat!(
            net_columns!(),
            ", t.address_first, t.address_last, t.explicit_addresses, t.all_hosts, t.child_prefix, t.reserved::text, \
             t.address_order, t.quarantine, t.high_water, t.key, t.owner"
        )
    };
}
/// Column with the smallest block around the prefix of `t`.
macro_rules! block_around {
    () => {
        "(SELECT b.id FROM block b WHERE b.space = t.space AND b.net >>= t.net ORDER BY masklen(b.net) DESC LIMIT 1)"
    };
}
/// Columns of an allocation, of the table `t`.
macro_rules! allocation_columns {
    () => {
        "t.space, t.address, t.serial, t.range, t.key, t.line, t.owner, t.hostname, t.description, t.mac::text, \
         t.tags::text, t.created, t.updated, t.expires, t.revision"
    };
}
/// Columns of a quarantined address, of the table `t`.
macro_rules! quarantine_columns {
    () => {
        "t.space, t.address, t.range, t.allocation, t.since, t.until"
    };
}
/// Columns of a request, of the table `t`.
macro_rules! request_columns {
    () => {
        "t.key, t.fingerprint, t.addresses, t.lines, t.owner, t.returned::text"
    };
}
pub(super) use {allocation_columns, block_around, net_columns, quarantine_columns, range_columns, request_columns};

/// Number of columns of `range_columns!`, after which that of the block follows.
pub(super) const RANGE_COLUMNS: usize = 24;

/// Returns the position of a change in the feed, as text.
pub(super) fn position(turn: i64, seq: i64) -> String {
    format!("{turn}-{seq}")
}

/// Row with the operation that reads it, for errors.
#[derive(Clone, Copy)]
pub(super) struct Columns<'r> {
    pub(super) row: &'r Row,
    pub(super) operation: Operation,
}

impl<'r> Columns<'r> {
    pub(super) fn get<T: FromSql<'r>>(&self, index: usize) -> Result<T> {
        self.row.try_get(index).map_err(|error| unsound(self.operation, error))
    }

    /// Returns the parsed value of a column, or the error of a damaged store for `None`.
    pub(super) fn parsed<T>(&self, index: usize, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| {
            let name = self.row.columns().get(index).map_or("?", tokio_postgres::Column::name);
            unsound(self.operation, format_args!("the column {name} has an invalid value"))
        })
    }

    fn count(&self, index: usize) -> Result<u32> {
        self.parsed(index, u32::try_from(self.get::<i32>(index)?).ok())
    }

    pub(super) fn number(&self, index: usize) -> Result<u128> {
        self.parsed(index, <[u8; 16]>::try_from(self.get::<&[u8]>(index)?).ok().map(u128::from_be_bytes))
    }

    pub(super) fn page(&self, index: usize) -> Result<Page> {
        self.parsed(index, <&[u8; 32]>::try_from(self.get::<&[u8]>(index)?).ok().map(Page::from_bytes))
    }

    pub(super) fn net(&self, index: usize) -> Result<IpNet> {
        self.parsed(index, self.get::<&str>(index)?.parse().ok())
    }

    pub(super) fn amount(&self, index: usize) -> Result<u128> {
        self.parsed(index, u128::try_from(self.get::<i64>(index)?).ok())
    }

    fn time(&self, index: usize) -> Result<Option<std::time::SystemTime>> {
        match self.get::<Option<i64>>(index)? {
            Some(micros) => self.parsed(index, columns::from_micros(micros)).map(Some),
            None => Ok(None),
        }
    }

    fn network(&self) -> Result<NetworkInfo> {
        let mut network = NetworkInfo { gateway: self.get(5)?, ..NetworkInfo::default() };
        let dns = self.parsed(6, columns::parse_list(self.get(6)?))?;
        network.dns_servers = dns.iter().map(|text| self.parsed(6, text.parse().ok())).collect::<Result<_>>()?;
        network.search_domains = self.parsed(7, columns::parse_list(self.get(7)?))?;
        network.domain = self.get(8)?;
        if let Some(number) = self.get::<Option<i32>>(9)? {
            let mut vlan = Vlan::new(self.parsed(9, u16::try_from(number).ok())?);
            vlan.name = self.get(10)?;
            network.vlan = Some(vlan);
        }
        Ok(network)
    }

    /// Reads a row of `net_columns!` as a block.
    pub(super) fn block(&self) -> Result<Block> {
        let mut block = Block::new(self.get::<&str>(0)?, self.get::<&str>(1)?, self.net(2)?);
        block.name = self.get(3)?;
        block.description = self.get(4)?;
        block.network = self.network()?;
        block.tags = self.parsed(11, columns::parse_tags(self.get(11)?))?;
        block.properties = self.parsed(12, columns::parse_properties(self.get(12)?))?;
        Ok(block)
    }

    /// Reads a row of `range_columns!`, and the block in the column after them.
    pub(super) fn range(&self) -> Result<StoredRange> {
        let addresses = self.parsed(13, IpRange::new(self.get(13)?, self.get(14)?).ok())?;
        let mut range = Range::new(self.get::<&str>(0)?, self.get::<&str>(1)?, self.net(2)?, addresses);
        range.name = self.get(3)?;
        range.description = self.get(4)?;
        range.network = self.network()?;
        range.tags = self.parsed(11, columns::parse_tags(self.get(11)?))?;
        range.properties = self.parsed(12, columns::parse_properties(self.get(12)?))?;
        let origin =
            Origin { explicit_addresses: self.get(15)?, all_hosts: self.get(16)?, child_prefix: self.get(17)? };
        let reserved = self.parsed(18, columns::parse_list(self.get(18)?))?;
        range.reserved = reserved.iter().map(|text| self.parsed(18, text.parse().ok())).collect::<Result<_>>()?;
        let order = self.get::<&str>(19)?;
        let known = columns::ORDERS.iter().find(|(_, text)| *text == order);
        range.policy.order = self.parsed(19, known.map(|(order, _)| *order))?;
        range.policy.quarantine = self.parsed(20, columns::duration(self.get(20)?))?;
        let high_water = self.number(21)?;
        range.key = self.get::<Option<&str>>(22)?.map(Into::into);
        range.owner = self.get::<Option<&str>>(23)?.map(Into::into);
        range.block = self.get::<Option<&str>>(RANGE_COLUMNS)?.map(Into::into);
        Ok(StoredRange::new(range, high_water, origin))
    }

    /// Reads a row of `allocation_columns!`, with the serial number and the revision.
    pub(super) fn record(&self) -> Result<(Record, (i64, i32))> {
        let (space, address, serial) = (self.get::<&str>(0)?, self.get::<IpAddr>(1)?, self.get::<i64>(2)?);
        let id = columns::id_of(space, address, serial);
        let mut allocation = Allocation::new(id, space, self.get::<&str>(3)?, address);
        allocation.key = Some(AllocationKey::from(self.get::<&str>(4)?));
        let line = self.count(5)?;
        allocation.owner = Some(Owner::from(self.get::<&str>(6)?));
        allocation.labels.hostname = self.get(7)?;
        allocation.labels.description = self.get(8)?;
        if let Some(mac) = self.get::<Option<&str>>(9)? {
            allocation.labels.mac = Some(self.parsed(9, mac.parse().ok())?);
        }
        allocation.labels.tags = self.parsed(10, columns::parse_tags(self.get(10)?))?;
        allocation.created = self.time(11)?;
        allocation.updated = self.time(12)?;
        allocation.expires = self.time(13)?;
        Ok((Record { allocation: Box::new(allocation), line }, (serial, self.get(14)?)))
    }

    /// Reads a row of `quarantine_columns!`.
    pub(super) fn quarantined(&self) -> Result<Quarantined> {
        Ok(Quarantined {
            space: SpaceId::from(self.get::<&str>(0)?),
            address: self.get(1)?,
            range: RangeId::from(self.get::<&str>(2)?),
            allocation: AllocationId::from(self.get::<&str>(3)?),
            since: self.parsed(4, columns::from_micros(self.get(4)?))?,
            until: self.parsed(5, columns::from_micros(self.get(5)?))?,
        })
    }

    /// Reads a row of `request_columns!`.
    pub(super) fn request(&self) -> Result<RequestRecord> {
        let fingerprint = self.parsed(1, <[u8; 32]>::try_from(self.get::<&[u8]>(1)?).ok())?;
        let kind = match self.get::<Option<i32>>(2)? {
            Some(_) => RequestKind::Addresses { count: self.count(2)?, lines: self.count(3)? },
            None => RequestKind::Range,
        };
        let returned = self.parsed(5, columns::parse_list(self.get(5)?))?;
        Ok(RequestRecord {
            key: AllocationKey::from(self.get::<&str>(0)?),
            fingerprint: Fingerprint::from_bytes(fingerprint),
            kind,
            owner: Owner::from(self.get::<&str>(4)?),
            returned: returned.iter().map(|text| self.parsed(5, text.parse().ok())).collect::<Result<_>>()?,
        })
    }

    /// Reads the number of allocations in the column after those of a request.
    pub(super) fn live(&self) -> Result<u32> {
        self.count(6)
    }

    /// Reads the number of a row of a `WITH ORDINALITY`, from 0.
    pub(super) fn place(&self, index: usize) -> Result<usize> {
        self.parsed(index, usize::try_from(self.get::<i64>(index)?).ok().and_then(|place| place.checked_sub(1)))
    }

    /// Reads a change: turn, number, then the other columns of the table.
    pub(super) fn change(&self) -> Result<Change> {
        let position = position(self.get(0)?, self.get(1)?);
        let at = self.parsed(2, columns::from_micros(self.get(2)?))?;
        let kind = self.get::<&str>(3)?;
        let known = columns::KINDS.iter().find(|(_, text)| *text == kind);
        let kind = self.parsed(3, known.map(|(kind, _)| *kind))?;
        let mut change = Change::new(ChangePosition::from(position), at, kind, SpaceId::from(self.get::<&str>(6)?));
        change.actor = self.get(4)?;
        change.owner = self.get::<Option<&str>>(5)?.map(Into::into);
        change.range = self.get::<Option<&str>>(7)?.map(Into::into);
        change.block = self.get::<Option<&str>>(8)?.map(Into::into);
        change.address = self.get(9)?;
        change.allocation = self.get::<Option<&str>>(10)?.map(Into::into);
        change.key = self.get::<Option<&str>>(11)?.map(Into::into);
        change.before = self.state(12, &change)?;
        change.after = self.state(13, &change)?;
        Ok(change)
    }

    fn state(&self, index: usize, change: &Change) -> Result<Option<Box<ChangedItem>>> {
        match self.get::<Option<&str>>(index)? {
            Some(text) => self.parsed(index, states::decode(change, text)).map(|item| Some(Box::new(item))),
            None => Ok(None),
        }
    }
}
