//! `list_ranges`, `list_blocks`, `usage`, `check`.

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{
    Block, Error as CoreError, Health, ListBlocks, ListRanges, Page, PageRequest, PageToken, Range, RangeId, Result,
    Usage,
};

use crate::models::Address;
use crate::probe::{OUTDATED, may_write};
use crate::provider::Inner;
use crate::provider::map::error::failed;
use crate::provider::range_view::{View, has_children};
use crate::provider::snapshot::{AT_ONCE, Snapshot, is_too_large};

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
        let slaves = async {
            match view.is_nested {
                // That was told by the request for what lies around it.
                true => Ok(Vec::new()),
                false => self.read(|| async { self.client.subnets().slaves(view.id).await }).await,
            }
        };
        let rows = self.read(|| async { self.client.subnets().addresses(view.id).await });
        let (slaves, rows) = futures_util::future::join(slaves, rows).await;
        if !slaves.map_err(failed(operation))?.is_empty() {
            return Err(has_children(operation, &id));
        }
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) if is_too_large(&error) => {
                // The server counts what it cannot list; by its count all that is there is allocated.
                let usage = self.read(|| async { self.client.subnets().usage(view.id).await }).await;
                let used = usage.map_err(failed(operation))?.used.and_then(|used| used.to_u128()).unwrap_or(0);
                let used = used.min(total);
                let reserved = if view.is_full { total.saturating_sub(used) } else { 0 };
                return Ok(Usage::new(id, total, used, reserved, 0));
            }
            Err(error) => return Err(failed(operation)(error)),
        };
        let elsewhere = self.elsewhere(view.net, &view.around).await.map_err(failed(operation))?;
        let usage = self.counted(view, &rows, &elsewhere.rows);
        let reserved = if view.is_full { total.saturating_sub(usage.0) } else { usage.1 };
        Ok(Usage::new(id, total, usage.0, reserved, 0))
    }

    /// How many addresses of a range are allocated and reserved, each counted once. Rows of subnets around it are its
    /// own; what a subnet beside it has cannot be had here.
    fn counted(&self, view: &View, own: &[Address], elsewhere: &[Address]) -> (u128, u128) {
        let above =
            |row: &&Address| view.around.iter().any(|subnet| subnet.is_ancestor && Some(subnet.id) == row.subnet_id);
        let (above, beside): (Vec<&Address>, Vec<&Address>) = elsewhere.iter().partition(above);
        let mut seen = std::collections::BTreeSet::new();
        let (mut allocated, mut reserved) = (0_u128, 0_u128);
        let own = own.iter().chain(above).map(|row| (row, self.words.is_reservation(row)));
        for (row, is_reserved) in own.chain(beside.into_iter().map(|row| (row, true))) {
            let Some(ip) = row.ip.filter(|ip| view.addresses.contains(*ip)) else { continue };
            if seen.insert(ip) {
                *if is_reserved { &mut reserved } else { &mut allocated } += 1;
            }
        }
        (allocated, reserved)
    }

    pub(crate) async fn check(&self) -> Result<Health> {
        const OP: &str = "check";
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
        health = self.with_required_fields(health).await.map_err(failed(OP))?;
        health = self.with_abandoned(health).await.map_err(failed(OP))?;
        if snapshot.ranges(self).next().is_none() {
            health =
                health.with_warning("no subnet is served: none is in the chosen sections and has the chosen fields");
        }
        for warning in self.space_warnings(&snapshot).await.map_err(failed(OP))? {
            health = health.with_warning(warning);
        }
        Ok(health)
    }
}
