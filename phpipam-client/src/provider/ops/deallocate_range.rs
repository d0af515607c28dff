//! `deallocate_range`: deletes a child prefix that this provider created, if the precondition holds and it is empty.

use std::net::IpAddr;

use ipam_core::{
    DeallocateRange, Error as CoreError, ErrorKind, Operation, Precondition, RangeTarget, RemovedRange, Result,
};

use crate::models::{Address, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::map::error::failed;
use crate::provider::map::mark::Found;
use crate::provider::map::overlap::OwningRange;

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
        let snapshot = self.fresh_snapshot().await.map_err(failed(Operation::DeallocateRange))?;
        let Some(row) = snapshot.get(id) else { return Ok(RemovedRange::default()) };
        let net = row.net;
        let conflict = |message: String| {
            CoreError::new(ErrorKind::Conflict, Operation::DeallocateRange, message).with_context("range", id)
        };
        let found = &row.found;
        let Some(mark) = found.mark() else {
            // With an unreadable mark the precondition cannot be checked: it counts as not fulfilled.
            if *found == Found::Unreadable && request.precondition != Precondition::Anyone {
                return Ok(RemovedRange::default());
            }
            return Err(conflict(format!("{net} was not allocated from a block by this provider")));
        };
        if !request.precondition.fits(Some(&mark.owner), Some(&mark.key)) {
            return Ok(RemovedRange::default());
        }
        if !snapshot.below(id).is_empty() {
            return Err(conflict(format!("{net} has subnets below it; deallocate those first")));
        }
        let unreserved = |row: Address| (!self.mapping.is_reservation(&row)).then_some(row);
        let rows = self.subnet_addresses(id, net, unreserved).await.map_err(failed(Operation::DeallocateRange))?;
        if !rows.is_empty() && !request.with_allocations {
            let addresses: Vec<IpAddr> = rows.iter().filter_map(|row| row.ip).take(5).collect();
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let count = rows.len();
            return Err(conflict(format!("{count} addresses of {net} are allocated; deallocate them first: {list} …")));
        }
        let owning_range = OwningRange { subnet: id, space: snapshot.space(row) };
        let freed = rows.iter().filter_map(|address| self.mapping.allocation(address, &owning_range)).collect();
        let range = snapshot.range(row);
        self.delete_child_prefix(Operation::DeallocateRange, id).await?;
        Ok(RemovedRange::new(Some(range), freed))
    }
}
