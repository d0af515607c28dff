//! `list_ranges`, `list_blocks`, `usage`, `check`.

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::net::{IpRange, overlaps};
use ipam_core::{
    Block, Error as CoreError, Health, ListBlocks, ListRanges, Page, PageRequest, PageToken, Range, RangeId, Result,
    SpaceId, Usage,
};

use super::Inner;
use super::map_error::failed;
use super::reads::View;
use super::snapshot::{AT_ONCE, Snapshot, is_too_large};
use crate::probe::{OUTDATED, may_write};

/// The items of one page, in the order of their ids. The token is the last id of the page before.
pub(crate) fn page<T>(
    operation: &'static str,
    request: &PageRequest,
    default_size: u32,
    items: impl Iterator<Item = T>,
    number: impl Fn(&T) -> u64,
) -> Result<Page<T>> {
    request.validate(operation)?;
    let after = match &request.token {
        None => None,
        Some(token) => {
            let refuse = || CoreError::invalid(operation, "page token", token, "give one that this provider made");
            let text = token.as_str();
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            Some(text.parse::<u64>().ok().filter(|_| digits).ok_or_else(refuse)?)
        }
    };
    let size = usize::try_from(request.size.map_or(default_size, std::num::NonZeroU32::get)).unwrap_or(usize::MAX);
    let mut items: Vec<T> = items.filter(|item| after.is_none_or(|after| number(item) > after)).collect();
    items.sort_by_key(&number);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|last| PageToken::new(number(last).to_string()));
    Ok(Page::new(items, next))
}

fn number(id: &str) -> u64 {
    id.parse().unwrap_or(0)
}

impl Inner {
    pub(crate) async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        const OP: &str = "list_ranges";
        // A token that is wrong is refused before anything is asked.
        page(OP, &request.page, self.config.page_size, std::iter::empty::<u64>(), |id| *id)?;
        self.tie_up().await;
        let snapshot = Snapshot::load(self).await.map_err(failed(OP))?;
        let ranges = snapshot.ranges(self).map(|(row, net)| snapshot.range(self, row, net));
        let ranges = ranges.filter(|range| request.filter.matches(range));
        page(OP, &request.page, self.config.page_size, ranges, |range| number(range.id.as_str()))
    }

    /// One range as `list_ranges` answers it.
    pub(crate) async fn range_now(&self, operation: &'static str, id: &RangeId) -> Result<Option<Range>> {
        let snapshot = Snapshot::load(self).await.map_err(failed(operation))?;
        let found = snapshot.ranges(self).find(|(row, _)| row.id.to_string() == id.as_str());
        Ok(found.map(|(row, net)| snapshot.range(self, row, net)))
    }

    pub(crate) async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        const OP: &str = "list_blocks";
        page(OP, &request.page, self.config.page_size, std::iter::empty::<u64>(), |id| *id)?;
        let snapshot = Snapshot::load(self).await.map_err(failed(OP))?;
        let blocks = snapshot.blocks(self).map(|(row, net)| snapshot.block(row, net, self));
        let blocks = blocks.filter(|block| request.filter.matches(block));
        page(OP, &request.page, self.config.page_size, blocks, |block| number(block.id.as_str()))
    }

    pub(crate) async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        const OP: &str = "usage";
        self.tie_up().await;
        let views = self.range_views(OP, ranges).await?;
        let asked: Vec<(RangeId, View)> =
            ranges.iter().filter_map(|id| Some((id.clone(), views.get(id)?.clone()))).collect();
        stream::iter(asked)
            .map(|(id, view)| async move { self.usage_of(OP, id, &view).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn usage_of(&self, operation: &'static str, id: RangeId, view: &View) -> Result<Usage> {
        let total = view.addresses.size().unwrap_or(u128::MAX);
        let rows = match self.read(|| async { self.client.subnets().addresses(view.id).await }).await {
            Ok(rows) => rows,
            Err(error) if is_too_large(&error) => {
                // The server counts what it cannot list; by its count all that is there is allocated.
                let usage = self.read(|| async { self.client.subnets().usage(view.id).await }).await;
                let used = usage.map_err(failed(operation))?.used.and_then(|used| used.to_u128()).unwrap_or(0);
                return Ok(Usage::new(id, total, used.min(total), 0, 0));
            }
            Err(error) => return Err(failed(operation)(error)),
        };
        let inside = rows.iter().filter(|row| row.ip.is_some_and(|ip| view.addresses.contains(ip)));
        let (reserved, allocated): (Vec<_>, Vec<_>) = inside.partition(|row| self.words.is_reservation(row));
        let count = |rows: Vec<_>| u128::try_from(rows.len()).unwrap_or(u128::MAX);
        Ok(Usage::new(id, total, count(allocated), count(reserved), 0))
    }

    pub(crate) async fn check(&self) -> Result<Health> {
        const OP: &str = "check";
        const MOST: usize = 20;
        let may_write = may_write(&self.client).await.map_err(failed(OP))?;
        let snapshot = Snapshot::load(self).await.map_err(failed(OP))?;
        let mut health = Health::new();
        match may_write {
            Some(true) => {}
            Some(false) => {
                health = health.with_warning(
                    "the app is read-only: nothing can be allocated; give it read/write permission under \
                     Administration, API",
                );
            }
            None => health = health.with_warning("the server does not say what the app may do"),
        }
        if !self.probed.search {
            health = health.with_warning(OUTDATED);
        }
        if may_write != self.probed.may_write {
            health = health.with_warning("the app's permission changed since the provider connected; connect again");
        }
        health = self.with_abandoned(health).await.map_err(failed(OP))?;
        let mut spaces: std::collections::BTreeMap<SpaceId, Vec<(IpRange, String)>> = std::collections::BTreeMap::new();
        let mut ranges = 0_usize;
        for (row, net) in snapshot.ranges(self) {
            ranges += 1;
            let label = format!("{net} (subnet {})", row.id);
            spaces.entry(super::map_model::space_of(row)).or_default().push((IpRange::from(net), label));
        }
        if ranges == 0 {
            health =
                health.with_warning("no subnet is served: none is in the chosen sections and has the chosen fields");
        }
        let mut found = 0_usize;
        for (space, ranges) in &spaces {
            for overlap in overlaps(ranges.iter().map(|(range, _)| *range)) {
                found += 1;
                if found > MOST {
                    continue;
                }
                let name = |index: usize| ranges.get(index).map_or("", |(_, label)| label.as_str());
                health = health.with_warning(format!(
                    "{} and {} overlap in the address space {space}: phpIPAM keeps addresses unique in a subnet only, \
                     so both may hand out the same one; serve one of them",
                    name(overlap.outer),
                    name(overlap.inner),
                ));
            }
        }
        if found > MOST {
            health = health.with_warning(format!("and {} more overlaps", found - MOST));
        }
        Ok(health)
    }
}
