//! Search for allocations.

use std::net::IpAddr;
use std::time::SystemTime;

use rusqlite::types::Value;

use super::super::codec::{self, AddressBlob, IdParts};
use super::allocations::record;
use super::quarantine::quarantined;
use super::sql::{ALLOCATION_COLUMNS, RESTING_COLUMNS};
use super::{Columns, SqliteStore, limit};
use crate::engine::Ranges;
use crate::{Allocation, AllocationState, Find, Result, SpaceId};

/// `WHERE` clause under construction, with its parameters in order.
struct Conditions {
    text: String,
    params: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, text: &str, params: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(text);
        self.params.extend(params);
    }
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn blob(address: IpAddr) -> Value {
    Value::Blob(AddressBlob::from(address).as_slice().to_vec())
}

impl SqliteStore<'_> {
    pub(super) fn allocations_matching(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        count: usize,
    ) -> Result<Vec<Allocation>> {
        let now = Value::Integer(codec::micros(now));
        let Some(mut conditions) = self.shared_conditions(request, after)? else { return Ok(Vec::new()) };
        // Expired allocations stay in the table until a request ends them, and must not be found meanwhile.
        conditions.add("(expires IS NULL OR expires > ?)", [now.clone()]);
        if let Some(key) = &request.key {
            let Some((first, last)) = self.serials_of_key(key)? else { return Ok(Vec::new()) };
            conditions.add("serial BETWEEN ? AND ?", [Value::Integer(first), Value::Integer(last)]);
        }
        let marks = [
            ("owner = ?", request.owner.as_ref().map(text)),
            // The column compares ASCII letters without regard to case.
            ("hostname = ?", request.hostname.as_ref().map(text)),
            ("mac = ?", request.mac.map(|mac| Value::Blob(mac.octets().to_vec()))),
        ];
        let marked = request.key.is_some() || marks.iter().any(|(_, value)| value.is_some());
        for (condition, value) in marks {
            if let Some(value) = value {
                conditions.add(condition, [value]);
            }
        }
        let mut found = self
            .listed("allocation", ALLOCATION_COLUMNS, conditions, request, count, |row| Ok(*record(row)?.allocation))?;
        // A quarantined address has no key, owner, host name or MAC address any more.
        if request.quarantined
            && !marked
            && let Some(mut conditions) = self.shared_conditions(request, after)?
        {
            conditions.add("until > ?", [now]);
            found.extend(self.listed("resting", RESTING_COLUMNS, conditions, request, count, |row| {
                let found = quarantined(row)?;
                let mut allocation = Allocation::new(found.allocation, found.space, found.range, found.address);
                allocation.state = AllocationState::Quarantined;
                Ok(allocation)
            })?);
            found.sort_by(|a, b| (&a.space, a.address).cmp(&(&b.space, b.address)));
            found.truncate(count);
        }
        Ok(found)
    }

    /// Returns the conditions that apply to allocations and quarantined addresses. `None` if nothing can match.
    fn shared_conditions(&mut self, request: &Find, after: Option<&(SpaceId, IpAddr)>) -> Result<Option<Conditions>> {
        let mut conditions = Conditions { text: String::new(), params: Vec::new() };
        let mut space = request.space.clone();
        if let Some(id) = &request.id {
            let Some(parts) = IdParts::of(id.as_str()) else { return Ok(None) };
            conditions.add("address = ?", [blob(parts.address)]);
            if let Some(named) = parts.space {
                if space.as_ref().is_some_and(|space| space.as_str() != named) {
                    return Ok(None);
                }
                space = Some(SpaceId::from(named));
            }
        }
        if let Some(address) = request.address {
            conditions.add("address = ?", [blob(address)]);
        }
        if let Some(range) = &request.range {
            let Some(found) = self.range(range)? else { return Ok(None) };
            let addresses = &found.range.addresses;
            conditions.add("address BETWEEN ? AND ?", [blob(addresses.first()), blob(addresses.last())]);
            conditions.add("range = ?", [text(range)]);
            if space.as_ref().is_some_and(|space| *space != found.range.space) {
                return Ok(None);
            }
            space = Some(found.range.space.clone());
        }
        match space {
            Some(space) => conditions.add("space = ?", [text(space)]),
            // Without a space, SQLite would not use the primary key (space, address).
            None if request.id.is_some() || request.address.is_some() => {
                conditions.add("space IN (SELECT DISTINCT space FROM range)", []);
            }
            None => {}
        }
        // A row value, which SQLite compares through the primary key: a page costs what it returns.
        if let Some((space, address)) = after {
            conditions.add("(space, address) > (?, ?)", [text(space), blob(*address)]);
        }
        Ok(Some(conditions))
    }

    fn listed(
        &mut self,
        table: &str,
        columns: &str,
        mut conditions: Conditions,
        request: &Find,
        count: usize,
        read: impl Fn(&Columns<'_>) -> Result<Allocation>,
    ) -> Result<Vec<Allocation>> {
        conditions.params.push(Value::Integer(limit(if request.id.is_some() { usize::MAX } else { count })));
        let Conditions { text, params } = conditions;
        let statement = format!("SELECT {columns} FROM {table}{text} ORDER BY space, address LIMIT ?");
        let mut found = Vec::new();
        self.db.composed(statement, params, |row| {
            let allocation = read(row)?;
            // The id also holds the serial number, which is not a column of the table of quarantined addresses.
            if found.len() < count && request.id.as_ref().is_none_or(|id| *id == allocation.id) {
                found.push(allocation);
            }
            Ok(found.len() < count)
        })?;
        Ok(found)
    }
}
