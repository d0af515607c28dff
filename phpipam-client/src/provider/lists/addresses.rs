//! Lists of addresses, split into networks if they are too long for the server.
//!
//! A list of all addresses dies between 20 000 and 65 000 rows with PHP's default of 128 MB, with any filter, since PHP
//! reads all of them first (Q76). The search for a network (since 1.6) reads what the database selects.

use futures_util::{StreamExt, TryStreamExt, stream};
use ipnet::IpNet;

use super::parts::Nets;
use super::without_filters::is_unknown_call;
use crate::error::Result;
use crate::models::{Address, SubnetId};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::is_too_large;
use crate::provider::snapshot::Snapshot;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};

/// Smallest number of addresses of a subnet for which the death of their list is put down to its length.
const MANY: u128 = 2_000;

impl Inner {
    /// Reads all addresses, or those that match, in one list, and keeps what `keep` returns of each. Returns `None` if
    /// the list is too long for the server.
    pub(super) async fn listed_addresses<K: Send>(
        &self,
        filter: Option<&Filter>,
        keep: &mut (impl FnMut(Address) -> Option<K> + Send),
    ) -> Result<Option<Vec<K>>> {
        if self.too_long.all_addresses() {
            return Ok(None);
        }
        let request = ApiRequest::get(Call::List, Path::new("addresses").word("all"))?;
        let request = match filter {
            None => request,
            Some(filter) => filter.apply(request),
        };
        match self.rows(request, None, keep).await {
            // 1.3 has no list of all addresses.
            Err(error) if is_unknown_call(&error) => {
                self.too_long.note_all_addresses();
                Ok(None)
            }
            Err(error) if is_too_large(&error) => Ok(None),
            rows => rows.map(Some),
        }
    }

    /// Reads all addresses, in parts if one list is too long, and keeps what `keep` returns of each.
    ///
    /// In parts only those that lie inside a subnet are found.
    pub(crate) async fn all_addresses<K: Send>(
        &self,
        mut keep: impl FnMut(Address) -> Option<K> + Send,
    ) -> Result<Vec<K>> {
        match self.listed_addresses(None, &mut keep).await? {
            Some(rows) => Ok(rows),
            None => {
                let snapshot = self.subnets_snapshot().await?;
                self.addresses_in_parts(&snapshot, &mut keep).await
            }
        }
    }

    /// Reads the addresses of all subnets of a snapshot in parts.
    pub(super) async fn addresses_in_parts<K: Send>(
        &self,
        snapshot: &Snapshot,
        keep: &mut (impl FnMut(Address) -> Option<K> + Send),
    ) -> Result<Vec<K>> {
        if !self.probed.search {
            let ids: Vec<SubnetId> = snapshot.all().map(|row| row.id).collect();
            let lists = stream::iter(ids)
                .map(|id| self.read(move || async move { self.client.subnets().addresses(id).await }))
                .buffered(MAX_CONCURRENT);
            let kept = lists.map_ok(|rows| rows.into_iter().filter_map(&mut *keep).collect::<Vec<K>>());
            return kept.try_concat().await;
        }
        let mut seen = 0_usize;
        let mut counted = |row| {
            seen += 1;
            keep(row)
        };
        let kept = self.searched_addresses(&Nets::new(snapshot.all().map(|row| row.net)), true, &mut counted).await?;
        // With fewer rows it was something else that ended the list, such as a restart.
        if u128::try_from(seen).unwrap_or(u128::MAX) >= MANY {
            self.too_long.note_all_addresses();
        }
        Ok(kept)
    }

    /// Searches for the addresses inside networks, in parts that the server can list.
    async fn searched_addresses<K: Send>(
        &self,
        nets: &Nets,
        as_a_whole: bool,
        keep: &mut (impl FnMut(Address) -> Option<K> + Send),
    ) -> Result<Vec<K>> {
        let mut left = nets.whole();
        if !as_a_whole {
            left = left.iter().flat_map(|part| nets.split(part)).collect();
        }
        // From the last on, so that parts are read in ascending order.
        left.reverse();
        let mut all = Vec::new();
        let mut waits = self.config.pacing.reading();
        while let Some(part) = left.pop() {
            let count = Nets::count(&part);
            let mut halves = nets.split(&part);
            halves.reverse();
            if self.too_long.is_search_of(part.net, count) && !halves.is_empty() {
                left.append(&mut halves);
                continue;
            }
            let mut kept = Vec::new();
            match self.client.search().each_address_within(part.net, |row| kept.extend(keep(row))).await {
                Ok(()) => all.append(&mut kept),
                Err(error) if is_too_large(&error) && !halves.is_empty() => {
                    self.too_long.note_search_of(part.net, count);
                    left.append(&mut halves);
                    // A server that restarts dies of short lists too: give it a moment.
                    waits.next().await;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Reads the addresses of a subnet, and keeps what `keep` returns of each.
    ///
    /// If they are too many for one list, only those inside its network are found, since 1.6.
    pub(crate) async fn subnet_addresses<K: Send>(
        &self,
        id: SubnetId,
        net: IpNet,
        mut keep: impl FnMut(Address) -> Option<K> + Send,
    ) -> Result<Vec<K>> {
        let path = || Path::new("subnets").id("subnet id", id.get());
        let mut waits = self.config.pacing.reading();
        let nets = Nets::new([net]);
        let can_search = self.probed.search && nets.whole().iter().any(|part| !nets.split(part).is_empty());
        while !(can_search && self.too_long.is_crowded(id)) {
            let request = ApiRequest::get(Call::List, path().word("addresses"))?;
            match self.rows(request, ApiRequest::get(Call::One, path()).ok(), &mut keep).await {
                Err(error) if is_too_large(&error) && can_search => break,
                // Without a search nothing is smaller. The number tells whether the list died of its length.
                Err(error) if is_too_large(&error) => {
                    let usage = self.read(|| async { self.client.subnets().usage(id).await }).await?;
                    let used = usage.used.and_then(|used| used.to_u128());
                    if used.is_none_or(|used| used >= MANY) || !waits.next().await {
                        return Err(error);
                    }
                }
                rows => return rows,
            }
        }
        let mut seen = 0_u128;
        let mut own = |row: Address| {
            if row.subnet_id != Some(id) {
                return None;
            }
            seen += 1;
            keep(row)
        };
        let kept = self.searched_addresses(&nets, false, &mut own).await?;
        if seen >= MANY {
            self.too_long.note_crowded(id);
        }
        Ok(kept)
    }
}
