//! `usage`: numbers of allocated, reserved and free addresses of ranges.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Operation, RangeId, Result, Usage};

use crate::models::Address;
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::{failed, is_too_large};
use crate::provider::range_view::{View, has_children};

impl Inner {
    pub(crate) async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.clean_up().await;
        let views = self.range_views(Operation::Usage, ranges).await?;
        let asked: Vec<(RangeId, View)> =
            ranges.iter().filter_map(|id| Some((id.clone(), views.get(id)?.clone()))).collect();
        stream::iter(asked)
            .map(|(id, view)| async move { self.usage_of(id, &view).await })
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await
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
        let rows = self.read(|| async { self.client.subnets().addresses(view.id).await });
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
