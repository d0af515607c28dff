//! Search for allocations.

use std::net::IpAddr;
use std::time::SystemTime;

use tokio_postgres::types::{ToSql, Type};

use super::super::errors::Failure;
use super::super::rows::{allocation_columns, quarantine_columns};
use super::super::view::View;
use super::conditions::Conditions;
use crate::stores::columns::{self, IdParts};
use crate::{Allocation, AllocationState, Find, SpaceId};

fn inet(address: IpAddr) -> (Box<dyn ToSql + Sync + Send>, Type) {
    (Box::new(address), Type::INET)
}

impl View<'_> {
    pub(super) async fn find(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        count: usize,
    ) -> Result<Vec<Allocation>, Failure> {
        let now = columns::micros(now);
        let Some(mut conditions) = self.shared_conditions(request, after).await? else { return Ok(Vec::new()) };
        // Expired allocations stay in the table until a request ends them, and must not be found meanwhile.
        conditions.add("(t.expires IS NULL OR t.expires > ?)", vec![(Box::new(now), Type::INT8)]);
        if let Some(key) = &request.key {
            conditions.text("t.key = ?", key.as_str());
        }
        if let Some(owner) = &request.owner {
            conditions.text("t.owner = ?", owner.as_str());
        }
        if let Some(hostname) = &request.hostname {
            // With this collation only the letters of ASCII have a case (RFC 4343).
            conditions.text("lower(t.hostname COLLATE \"C\") = lower(? COLLATE \"C\")", hostname.as_str());
        }
        if let Some(mac) = request.mac {
            conditions.text("t.mac = ?::text::macaddr", mac.to_string());
        }
        let limit = if request.id.is_some() { String::new() } else { format!(" LIMIT {count}") };
        let sql = format!(
            concat!("SELECT ", allocation_columns!(), " FROM allocation t{} ORDER BY t.space, t.address{}"),
            conditions.text, limit
        );
        let found = self.all(&sql, &conditions.params(), |row| row.record()).await?;
        let mut found: Vec<Allocation> = found.into_iter().map(|(record, _)| *record.allocation).collect();
        // A quarantined address has no key, owner, host name or MAC address any more.
        let marked =
            request.key.is_some() || request.owner.is_some() || request.hostname.is_some() || request.mac.is_some();
        if request.quarantined
            && !marked
            && let Some(mut conditions) = self.shared_conditions(request, after).await?
        {
            conditions.add("t.until > ?", vec![(Box::new(now), Type::INT8)]);
            let sql = format!(
                concat!("SELECT ", quarantine_columns!(), " FROM quarantine t{} ORDER BY t.space, t.address{}"),
                conditions.text, limit
            );
            let quarantined = self.all(&sql, &conditions.params(), |row| row.quarantined()).await?;
            found.extend(quarantined.into_iter().map(|entry| {
                let mut allocation = Allocation::new(entry.allocation, entry.space, entry.range, entry.address);
                allocation.state = AllocationState::Quarantined;
                allocation
            }));
            found.sort_by(|a, b| (&a.space, a.address).cmp(&(&b.space, b.address)));
        }
        // The id also holds the serial number, which is not a column of the table of quarantined addresses.
        found.retain(|allocation| request.id.as_ref().is_none_or(|id| *id == allocation.id));
        found.truncate(count);
        Ok(found)
    }

    /// Returns the conditions that apply to allocations and quarantined addresses. `None` if nothing can match.
    async fn shared_conditions(
        &mut self,
        request: &Find,
        after: Option<&(SpaceId, IpAddr)>,
    ) -> Result<Option<Conditions>, Failure> {
        let mut conditions = Conditions::default();
        let mut space = request.space.clone();
        if let Some(id) = &request.id {
            let Some(parts) = IdParts::of(id.as_str()) else { return Ok(None) };
            conditions.add("t.address = ?", vec![inet(parts.address)]);
            if let Some(named) = parts.space {
                if space.as_ref().is_some_and(|space| space.as_str() != named) {
                    return Ok(None);
                }
                space = Some(SpaceId::from(named));
            }
        }
        if let Some(address) = request.address {
            conditions.add("t.address = ?", vec![inet(address)]);
        }
        if let Some(range) = &request.range {
            let Some(found) = self.range(range).await? else { return Ok(None) };
            let addresses = &found.range.addresses;
            conditions.add("t.address BETWEEN ? AND ?", vec![inet(addresses.first()), inet(addresses.last())]);
            conditions.text("t.range = ?", range.as_str());
            if space.as_ref().is_some_and(|space| *space != found.range.space) {
                return Ok(None);
            }
            space = Some(found.range.space.clone());
        }
        match space {
            Some(space) => conditions.text("t.space = ?", space.as_str()),
            // Without a space, the primary key (space, address) would not be used.
            None if request.id.is_some() || request.address.is_some() => {
                conditions.add("t.space IN (SELECT DISTINCT space FROM range)", Vec::new());
            }
            None => {}
        }
        // A row value, which is compared through the primary key: a page costs what it returns.
        if let Some((space, address)) = after {
            let params: Vec<(Box<dyn ToSql + Sync + Send>, Type)> =
                vec![(Box::new(space.as_str().to_owned()), Type::TEXT), inet(*address)];
            conditions.add("(t.space, t.address) > (?, ?)", params);
        }
        Ok(Some(conditions))
    }
}
