//! `deallocate`: validates all targets first, and then frees the addresses.

use std::collections::{BTreeMap, BTreeSet};

use ipam_core::{
    Allocation, AllocationKey, Deallocate, Deallocated, DeallocatedTarget, Error as CoreError, ErrorKind, Operation,
    Precondition, RangeId, Result, Target,
};

use crate::models::{Address, AddressId};
use crate::provider::inner::Inner;
use crate::provider::key::group::{Group, Liveness};
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, Mark, State};
use crate::provider::map::model::row_of;
use crate::provider::map::overlap::OwningRange;
use crate::provider::range_view::View;

impl Inner {
    pub(crate) async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        request.validate()?;
        self.clean_up().await;
        // All targets are validated before the first address is freed, so that an invalid target leaves everything as
        // it is.
        let ranges = request.targets.iter().filter_map(|target| match target {
            Target::Address { range, .. } => Some(range),
            Target::Id(_) | Target::Key(_) => None,
        });
        let views = self.range_views(Operation::Deallocate, ranges).await?;
        for target in &request.targets {
            if let Target::Address { range, address } = target
                && let Some(view) = views.get(range)
                && !view.net.contains(address)
            {
                return Err(CoreError::invalid(
                    Operation::Deallocate,
                    "address",
                    address,
                    format_args!("choose one of {}", view.net),
                ));
            }
        }
        let mut seen: BTreeSet<AddressId> = BTreeSet::new();
        let mut found = Vec::with_capacity(request.targets.len());
        for target in &request.targets {
            let rows = self.rows_of(target, &request.precondition, &views).await?;
            let owning_ranges = self.owning_ranges(&rows).await.map_err(failed(Operation::Deallocate))?;
            found.push((rows, owning_ranges));
        }
        let mut targets = Vec::with_capacity(request.targets.len());
        for (rows, owning_ranges) in found {
            let mut freed = Vec::new();
            for (row, owning_range) in rows.into_iter().zip(owning_ranges) {
                if let Some(owning_range) = owning_range
                    // Two targets may name one address; it is freed, and reported, once.
                    && seen.insert(row.id)
                    && let Some(allocation) = self.free(&row, &request.precondition, &owning_range).await?
                {
                    freed.push(allocation);
                }
            }
            freed.sort_by_key(|allocation| allocation.address);
            targets.push(DeallocatedTarget::new(freed));
        }
        Ok(Deallocated::new(targets))
    }

    async fn rows_of(
        &self,
        target: &Target,
        precondition: &Precondition,
        views: &BTreeMap<RangeId, View>,
    ) -> Result<Vec<Address>> {
        match target {
            Target::Id(id) => {
                let Some((row, nonce)) = row_of(id) else { return Ok(Vec::new()) };
                let row = self.row_now(row).await.map_err(failed(Operation::Deallocate))?;
                let same = |row: &Address| self.mapping.of_address(row).mark().map(|mark| mark.nonce) == nonce;
                let row = row.filter(same);
                if let Some(row) = &row {
                    self.must_be_allocated(row, precondition)?;
                }
                self.settled(row).await
            }
            Target::Key(key) => {
                let mut rows = Vec::new();
                for group in self.settled_groups(key).await? {
                    for id in &group.duplicates {
                        self.delete(*id).await.map_err(failed(Operation::Deallocate))?;
                    }
                    let whole = group.is_committed();
                    let addresses = group.rows.into_values().map(|row| row.address);
                    // Order of deletion. Row 0 of a committed claim says for the others that they are committed, so it
                    // goes last. Row 0 of a pending claim is needed to commit it, so it goes first.
                    if whole {
                        rows.extend(addresses.rev());
                    } else {
                        rows.extend(addresses);
                    }
                }
                Ok(rows)
            }
            Target::Address { range, address } => {
                let Some(view) = views.get(range) else { return Ok(Vec::new()) };
                let rows = self.read(|| async { self.client.addresses().search(*address).await }).await;
                let rows = rows.map_err(failed(Operation::Deallocate))?;
                if let Some(own) = rows.iter().find(|row| row.subnet_id == Some(view.id)) {
                    self.must_be_allocated(own, precondition)?;
                    return self.settled(Some(own.clone())).await;
                }
                let above = |row: &Address| {
                    view.around.iter().find(|subnet| subnet.is_ancestor && Some(subnet.id) == row.subnet_id)
                };
                let Some((row, subnet)) = rows.iter().find_map(|row| Some((row, above(row)?))) else {
                    return Ok(Vec::new());
                };
                self.must_be_allocated(row, precondition)?;
                if self.mapping.of_address(row).mark().is_some() {
                    return self.settled(Some(row.clone())).await;
                }
                // A late repetition must not free an address of the enclosing subnet.
                if *precondition != Precondition::Anyone {
                    return Ok(Vec::new());
                }
                let message = format!(
                    "{address} is registered in {} (subnet {}), which lies around {}, and was not allocated from it; \
                     deallocate it by its id, {}",
                    subnet.net, subnet.id, view.net, row.id
                );
                Err(CoreError::new(ErrorKind::Conflict, Operation::Deallocate, message).with_context("range", range))
            }
        }
    }

    /// Returns the claims of a key. Waits for a pending claim that may still be committed.
    ///
    /// # Errors
    /// `Busy` if it stays pending: it is not free, and cannot be deallocated before it is acknowledged.
    async fn settled_groups(&self, key: &AllocationKey) -> Result<Vec<Group>> {
        let mut waits = self.config.pacing.pending_briefly();
        loop {
            let groups = self.groups_of(key).await.map_err(failed(Operation::Deallocate))?;
            let under_way =
                groups.iter().find(|group| !group.is_committed() && self.liveness(group) == Liveness::Alive);
            match under_way {
                None => return Ok(groups),
                Some(_) if waits.next().await => {}
                Some(group) => return Err(self.pending_error(Operation::Deallocate, key, group)),
            }
        }
    }

    /// Returns the row when its claim is no longer in progress.
    async fn settled(&self, row: Option<Address>) -> Result<Vec<Address>> {
        let Some(row) = row else { return Ok(Vec::new()) };
        if let Found::Mark(mark) = self.mapping.of_address(&row)
            && mark.state == State::Pending
        {
            self.settled_groups(&mark.key).await?;
        }
        Ok(vec![row])
    }

    /// Refuses a reservation. A caller with a precondition expects an allocation of its own and finds it free already;
    /// a caller without one is told what the address is.
    ///
    /// # Errors
    /// `Conflict` if the row is a reservation and there is no precondition.
    fn must_be_allocated(&self, row: &Address, precondition: &Precondition) -> Result<()> {
        if *precondition != Precondition::Anyone || !self.mapping.is_reservation(row) {
            return Ok(());
        }
        let ip = row.ip.map(|ip| ip.to_string()).unwrap_or_default();
        let what = if row.is_gateway { "the gateway" } else { "reserved by its tag" };
        let label = row.hostname.as_deref().or(row.description.as_deref()).filter(|text| !text.is_empty());
        let label = label.map(|text| format!(" ({text})")).unwrap_or_default();
        let message = format!("{ip}{label} is {what} and not an allocation; change it in phpIPAM");
        Err(CoreError::new(ErrorKind::Conflict, Operation::Deallocate, message).with_context("address id", row.id))
    }

    /// Frees one address if the precondition holds. Returns `None` if it is free already, or belongs to another caller.
    async fn free(
        &self,
        row: &Address,
        precondition: &Precondition,
        owning_range: &OwningRange,
    ) -> Result<Option<Allocation>> {
        let found = self.mapping.of_address(row);
        // A reservation was not allocated, so it is not freed.
        if self.mapping.is_reservation(row) {
            return Ok(None);
        }
        // The mark is unreadable, so the precondition cannot be checked.
        if found == Found::Unreadable && *precondition != Precondition::Anyone {
            return Ok(None);
        }
        let Some(allocation) = self.mapping.allocation(row, owning_range) else { return Ok(None) };
        if !precondition.fits(allocation.owner.as_ref(), allocation.key.as_ref()) {
            return Ok(None);
        }
        if let Found::Mark(mark) = &found
            && mark.count > 1
            && mark.seq == 0
        {
            self.commit_others_first(mark).await?;
        }
        let deleted = self.delete(row.id).await.map_err(failed(Operation::Deallocate))?;
        Ok(deleted.then_some(allocation))
    }

    /// Marks the other addresses of a claim as committed before row 0 is freed, which says so for all of them.
    async fn commit_others_first(&self, first: &Mark) -> Result<()> {
        let groups = self.groups_of(&first.key).await.map_err(failed(Operation::Deallocate))?;
        let Some(group) = groups.into_iter().find(|group| group.nonce == first.nonce) else { return Ok(()) };
        if group.is_committed() { self.complete(Operation::Deallocate, &group).await } else { Ok(()) }
    }
}
