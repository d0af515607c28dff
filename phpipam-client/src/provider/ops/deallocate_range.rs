//! `deallocate_range`: deletes a child prefix that this provider created, if the precondition holds and it is empty.

use std::net::IpAddr;

use ipam_core::{
    DeallocateRange, Error as CoreError, ErrorKind, Operation, Precondition, RangeTarget, RemovedRange, Result,
};

use crate::models::SubnetId;
use crate::provider::inner::Inner;
use crate::provider::map::error::failed;
use crate::provider::map::mark::Found;
use crate::provider::map::overlap::OwningRange;
use crate::provider::snapshot::Snapshot;

impl Inner {
    pub(crate) async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        request.validate()?;
        self.probed.must_write(Operation::DeallocateRange)?;
        self.clean_up().await;
        let id = match &request.target {
            RangeTarget::Id(id) => id.as_str().parse::<SubnetId>().ok(),
            RangeTarget::Key(key) => {
                self.child_prefixes(Operation::DeallocateRange, key).await?.first().map(|child| child.subnet.id)
            }
        };
        let Some(id) = id else { return Ok(RemovedRange::default()) };
        let snapshot = Snapshot::load(self).await.map_err(failed(Operation::DeallocateRange))?;
        let Some((row, net)) = snapshot.get(id).and_then(|row| Some((row, row.network()?))) else {
            return Ok(RemovedRange::default());
        };
        let conflict = |message: String| {
            CoreError::new(ErrorKind::Conflict, Operation::DeallocateRange, message).with_context("range", id)
        };
        let found = self.mapping.of_subnet(row);
        let Some(mark) = found.mark() else {
            // With an unreadable mark the precondition cannot be checked: it counts as not fulfilled.
            if found == Found::Unreadable && request.precondition != Precondition::Anyone {
                return Ok(RemovedRange::default());
            }
            return Err(conflict(format!("{net} was not allocated from a block by this provider")));
        };
        if !request.precondition.fits(Some(&mark.owner), Some(&mark.key)) {
            return Ok(RemovedRange::default());
        }
        if snapshot.children(id).next().is_some() {
            return Err(conflict(format!("{net} has subnets below it; deallocate those first")));
        }
        let rows = self
            .read(|| async { self.client.subnets().addresses(id).await })
            .await
            .map_err(failed(Operation::DeallocateRange))?;
        let rows: Vec<_> = rows.into_iter().filter(|row| !self.mapping.is_reservation(row)).collect();
        if !rows.is_empty() && !request.with_allocations {
            let addresses: Vec<IpAddr> = rows.iter().filter_map(|row| row.ip).take(5).collect();
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let count = rows.len();
            return Err(conflict(format!("{count} addresses of {net} are allocated; deallocate them first: {list} …")));
        }
        let owning_range = OwningRange { subnet: id, space: snapshot.space(row) };
        let freed = rows.iter().filter_map(|address| self.mapping.allocation(address, &owning_range)).collect();
        let range = snapshot.range(self, row, net);
        self.delete_child_prefix(Operation::DeallocateRange, id).await?;
        Ok(RemovedRange::new(Some(range), freed))
    }
}
