//! `usage`: numbers of allocated, reserved and free addresses of ranges.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Error as CoreError, Operation, RangeId, Result, Usage};

use crate::models::{Address, SubnetId};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::{failed, is_too_large};
use crate::provider::map::model::usable;
use crate::provider::range_view::{View, has_children};
use crate::provider::snapshot::Relation;

/// Numbers of addresses of a range.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    allocated: u128,
    reserved: u128,
}

/// Largest number of ranges that are read one by one. For more of them the lists are less work for both sides.
const MAX_SINGLE: usize = 8;

impl Inner {
    pub(crate) async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.clean_up().await;
        let distinct: BTreeSet<&RangeId> = ranges.iter().collect();
        if distinct.len() > MAX_SINGLE {
            return self.usage_of_many(ranges).await;
        }
        let views = self.range_views(Operation::Usage, ranges).await?;
        let asked: Vec<(RangeId, View)> =
            ranges.iter().filter_map(|id| Some((id.clone(), views.get(id)?.clone()))).collect();
        stream::iter(asked)
            .map(|(id, view)| async move { self.usage_of(id, &view).await })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await
    }

    /// Returns the usage of many ranges from a fixed number of lists.
    async fn usage_of_many(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let snapshot = self.snapshot().await.map_err(failed(Operation::Usage))?;
        let mut wanted: BTreeMap<SubnetId, Tally> = BTreeMap::new();
        let mut asked = Vec::with_capacity(ranges.len());
        for id in ranges {
            let row = id.as_str().parse().ok().and_then(|id| snapshot.get(id)).filter(|row| snapshot.is_range(row));
            let row = row.filter(|row| row.id.to_string() == id.as_str());
            let row = row.ok_or_else(|| CoreError::not_found(Operation::Usage, "range", id))?;
            wanted.insert(row.id, Tally::default());
            asked.push((id, row));
        }
        let counted = |row: Address| Some((row.subnet_id?, row.ip?, self.mapping.is_reservation(&row)));
        let rows = self.all_addresses(counted).await.map_err(failed(Operation::Usage))?;
        let mut found: Vec<(SubnetId, IpAddr, Relation, bool)> = Vec::with_capacity(rows.len());
        for (subnet, ip, is_reserved) in rows {
            for (range, relation) in snapshot.ranges_of(subnet, ip) {
                if wanted.contains_key(&range.id) && usable(range.net, range.is_pool).contains(ip) {
                    // Addresses of other overlapping subnets cannot be allocated here.
                    found.push((range.id, ip, relation, is_reserved || relation == Relation::Beside));
                }
            }
        }
        // Each address counts once: by its own row, or else by that of an enclosing subnet.
        found.sort_unstable();
        found.dedup_by_key(|(range, ip, ..)| (*range, *ip));
        for (range, _, _, is_reserved) in found {
            if let Some(tally) = wanted.get_mut(&range) {
                *if is_reserved { &mut tally.reserved } else { &mut tally.allocated } += 1;
            }
        }
        let usage = asked.into_iter().map(|(id, row)| {
            let total = usable(row.net, row.is_pool).size().unwrap_or(u128::MAX);
            let tally = wanted.get(&row.id).copied().unwrap_or_default();
            let reserved = if row.is_full { total.saturating_sub(tally.allocated) } else { tally.reserved };
            Usage::new(id.clone(), total, tally.allocated, reserved, 0)
        });
        Ok(usage.collect())
    }

    async fn usage_of(&self, id: RangeId, view: &View) -> Result<Usage> {
        let total = view.addresses.size().unwrap_or(u128::MAX);
        let slaves = async {
            match view.is_nested {
                // The request for the overlapping subnets showed that it has no children.
                true => Ok(Vec::new()),
                false => self.read(|| async { self.client.subnets().slaves(view.id).await }).await,
            }
        };
        let rows = self.subnet_addresses(view.id, view.net, Some);
        let (slaves, rows) = futures_util::future::join(slaves, rows).await;
        if !slaves.map_err(failed(Operation::Usage))?.is_empty() {
            return Err(has_children(Operation::Usage, &id));
        }
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) if is_too_large(&error) => {
                // The server can count what it cannot list. Its count does not tell reservations apart, so all count as
                // allocated.
                let usage = self.read(|| async { self.client.subnets().usage(view.id).await }).await;
                let used = usage.map_err(failed(Operation::Usage))?.used.and_then(|used| used.to_u128()).unwrap_or(0);
                let used = used.min(total);
                let reserved = if view.is_full { total.saturating_sub(used) } else { 0 };
                return Ok(Usage::new(id, total, used, reserved, 0));
            }
            Err(error) => return Err(failed(Operation::Usage)(error)),
        };
        let elsewhere = self.elsewhere(view.net, &view.around).await.map_err(failed(Operation::Usage))?;
        let usage = self.counted(view, &rows, &elsewhere.rows);
        let reserved = if view.is_full { total.saturating_sub(usage.0) } else { usage.1 };
        Ok(Usage::new(id, total, usage.0, reserved, 0))
    }

    /// Returns the numbers of allocated and reserved addresses of a range, each counted once. Rows of enclosing subnets
    /// count as the range's own. Addresses of other overlapping subnets count as reserved: they cannot be allocated
    /// here.
    fn counted(&self, view: &View, own: &[Address], elsewhere: &[Address]) -> (u128, u128) {
        let above =
            |row: &&Address| view.around.iter().any(|subnet| subnet.is_ancestor && Some(subnet.id) == row.subnet_id);
        let (above, beside): (Vec<&Address>, Vec<&Address>) = elsewhere.iter().partition(above);
        let mut seen = BTreeSet::new();
        let (mut allocated, mut reserved) = (0_u128, 0_u128);
        let own = own.iter().chain(above).map(|row| (row, self.mapping.is_reservation(row)));
        for (row, is_reserved) in own.chain(beside.into_iter().map(|row| (row, true))) {
            let Some(ip) = row.ip.filter(|ip| view.addresses.contains(*ip)) else { continue };
            if seen.insert(ip) {
                *if is_reserved { &mut reserved } else { &mut allocated } += 1;
            }
        }
        (allocated, reserved)
    }
}
