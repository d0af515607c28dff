//! Whether an address that was just taken is registered elsewhere in its address space.
//!
//! The server keeps addresses unique in one subnet only. What is registered in subnets around a range, or in such as
//! overlap it, is left out when addresses are chosen; what came in between is found here, before the caller is told:
//!
//! - Of two claims in different subnets both look after they wrote. The one that sees a lower id gives its address up.
//!   One that sees a higher id waits until that is gone, and gives up if it stays: the other may have looked before.
//! - Addresses that were not allocated here do not look. One with a lower id was there first and stands.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::net::IpSet;

use super::refuse::{OP, busy};
use super::state::{Claim, Taken};
use crate::error::Result;
use crate::models::{Address, AddressId, SubnetId};
use crate::provider::Inner;
use crate::provider::key::mark::{Found, Nonce};
use crate::provider::map::around::spaces;
use crate::provider::map::error::failed;
use crate::provider::range_view::View;
use crate::provider::snapshot::AT_ONCE;

/// How long the claim with the lower id waits for the other one to go, in milliseconds.
const WAITS: [u64; 7] = [20, 50, 100, 200, 400, 800, 1_600];

/// What another row of the same address means to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OtherClaim {
    /// Nothing: it came later, and does not look.
    None,
    /// Another claim that came later, and goes by itself.
    Later,
    /// It was there first.
    Earlier,
}

fn other_claim(inner: &Inner, other: &Address, id: AddressId, nonce: Nonce) -> OtherClaim {
    match inner.words.of_address(other) {
        // This claim took the address twice, in two subnets.
        Found::Mark(mark) if mark.nonce == nonce => OtherClaim::Earlier,
        _ if other.id < id => OtherClaim::Earlier,
        Found::Mark(_) => OtherClaim::Later,
        Found::None | Found::Unreadable => OtherClaim::None,
    }
}

/// Where else the address of a claim of one address is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contest {
    /// Nowhere that matters.
    Won,
    /// In another claim, which came later and is still there.
    Open(SubnetId),
    /// In this subnet, which had it first.
    Lost(SubnetId),
}

impl Inner {
    /// Looks whether a row's address is registered elsewhere in its address space: one request, and one more where it is
    /// registered in other subnets at all. Returns the rows of the address, too.
    pub(crate) async fn contest(
        &self,
        id: AddressId,
        subnet: SubnetId,
        ip: IpAddr,
        nonce: Nonce,
    ) -> Result<(Contest, Vec<Address>)> {
        let rows = self.read(|| async { self.client.addresses().search(ip).await }).await?;
        let others = || rows.iter().filter(|row| row.subnet_id.is_some_and(|other| other != subnet));
        if others().next().is_none() {
            return Ok((Contest::Won, rows));
        }
        let subnets = self.read(|| async { self.client.subnets().find_overlapping(ip.into()).await }).await?;
        let spaces = spaces(&subnets);
        let space = spaces.space(subnet.get());
        let same = others().filter_map(|row| Some((row, row.subnet_id?)));
        let same = same.filter(|(_, other)| space.is_some() && spaces.space(other.get()) == space);
        let worst = same.map(|(row, other)| (other_claim(self, row, id, nonce), other)).max();
        let contest = match worst {
            Some((OtherClaim::Earlier, other)) => Contest::Lost(other),
            Some((OtherClaim::Later, other)) => Contest::Open(other),
            Some((OtherClaim::None, _)) | None => Contest::Won,
        };
        Ok((contest, rows))
    }
}

impl Claim<'_> {
    /// Whether the one address of this claim, which was just taken, is registered nowhere else in its space. If it is, it
    /// is given back.
    ///
    /// A claim of several is looked at as a whole, by [`all_alone`](Self::all_alone).
    pub(super) async fn is_alone(&mut self) -> ipam_core::Result<bool> {
        let (1, Some(taken)) = (self.count, self.taken.last().copied()) else { return Ok(true) };
        // It is whole: what cannot be looked at is left to its key, as another caller with the key may have it.
        self.known = true;
        let mut waits = WAITS.into_iter();
        loop {
            let look = self.inner.contest(taken.id, taken.subnet, taken.ip, self.nonce()).await;
            let (contest, rows) = look.map_err(failed(OP))?;
            let wait = match contest {
                Contest::Won => {
                    self.seen = rows.into_iter().find(|row| row.id == taken.id);
                    return Ok(true);
                }
                Contest::Open(_) => waits.next(),
                Contest::Lost(_) => None,
            };
            let Some(wait) = wait else { break };
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        // No call returns an address that is contested, so it can go.
        self.known = false;
        self.refused.extend([taken.ip]);
        self.undo_from(self.taken.len().saturating_sub(1)).await?;
        Ok(false)
    }

    /// Before a claim of several addresses becomes whole: whether all of them are registered nowhere else in their
    /// spaces. One request for each range, and one for each subnet that lies around it.
    pub(super) async fn all_alone(&mut self) -> ipam_core::Result<()> {
        const MEANWHILE: &str = "one of the addresses was registered in another subnet of the address space meanwhile";
        let mut waits = WAITS.into_iter();
        loop {
            match self.worst_of_all().await.map_err(failed(OP))? {
                OtherClaim::None => return Ok(()),
                OtherClaim::Later => match waits.next() {
                    Some(wait) => tokio::time::sleep(Duration::from_millis(wait)).await,
                    None => return Err(busy(MEANWHILE)),
                },
                OtherClaim::Earlier => return Err(busy(MEANWHILE)),
            }
        }
    }

    async fn worst_of_all(&self) -> Result<OtherClaim> {
        let mut worst = OtherClaim::None;
        for view in self.plan.views.values() {
            let mine: BTreeMap<IpAddr, AddressId> =
                self.taken.iter().filter(|taken| taken.subnet == view.id).map(|taken| (taken.ip, taken.id)).collect();
            if mine.is_empty() {
                continue;
            }
            let around = self.inner.surroundings_of(view).await?;
            let found = self.inner.elsewhere(view.net, &around).await?;
            let met = found.rows.iter().filter_map(|row| Some((row, mine.get(&row.ip?)?)));
            let met = met.map(|(row, id)| other_claim(self.inner, row, *id, self.nonce())).max();
            worst = worst.max(met.unwrap_or(OtherClaim::None));
            if !found.is_complete {
                worst = worst.max(self.one_by_one(view, mine).await?);
            }
        }
        Ok(worst)
    }

    /// Where the subnets around a range cannot be listed.
    async fn one_by_one(&self, view: &View, mine: BTreeMap<IpAddr, AddressId>) -> Result<OtherClaim> {
        let (nonce, subnet) = (self.nonce(), view.id);
        let found: Vec<Contest> =
            stream::iter(mine)
                .map(|(ip, id)| async move {
                    Ok::<_, crate::error::Error>(self.inner.contest(id, subnet, ip, nonce).await?.0)
                })
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
        let others = found.into_iter().map(|contest| match contest {
            Contest::Won => OtherClaim::None,
            Contest::Open(_) => OtherClaim::Later,
            Contest::Lost(_) => OtherClaim::Earlier,
        });
        Ok(others.max().unwrap_or(OtherClaim::None))
    }

    /// What this claim must leave alone in a range: what was found to be registered elsewhere, and what it took itself in
    /// a range that overlaps this one.
    pub(super) fn mine_elsewhere(&self, view: &View) -> IpSet {
        let beside: BTreeSet<SubnetId> = view.around.iter().map(|subnet| subnet.id).collect();
        let taken = self.taken.iter().filter(|taken: &&Taken| beside.contains(&taken.subnet)).map(|taken| taken.ip);
        self.refused.union(&taken.collect())
    }
}
