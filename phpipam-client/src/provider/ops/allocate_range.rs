//! `allocate_range`: creates child prefixes, which are subnets with a mark.
//!
//! The prefix is chosen here and created by one `POST subnets/` for exactly this network, with the mark in it. In a
//! strict section the server refuses overlaps. In others two callers can create overlapping subnets, so each looks
//! afterwards, and the subnet with the lower id wins. `POST subnets/ID/first_subnet/MASK/` is not used: it ignores
//! subnets in other sections of the VRF and addresses in the parent (Q68), and gives the new subnet no VRF in any
//! version.

use std::time::Instant;

use ipam_core::net::{IpRange, IpSet, best_fit};
use ipam_core::{
    AllocateRange, AllocatedRange, AllocationKey, BlockId, ChildPrefix, Error as CoreError, ErrorKind, Operation,
    Outcome as CoreOutcome, Properties, Result, Retry,
};
use ipnet::IpNet;

use crate::error::RefusalKind;
use crate::models::{Subnet, SubnetFields, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::map::error::{failed, mark_too_long};
use crate::provider::map::mark::{Mark, Nonce, State, request_number, with_mark};
use crate::provider::map::model::range_id;
use crate::provider::map::overlap::OverlappingSubnet;
use crate::provider::map::subnet_row::SubnetRow;
use crate::provider::random::{new_key, random};
use crate::provider::snapshot::Snapshot;

impl Inner {
    pub(crate) async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        request.validate()?;
        self.probed.must_write(Operation::AllocateRange)?;
        if request.policy != ipam_core::RangePolicy::default() {
            return Err(CoreError::unsupported(Operation::AllocateRange, "phpIPAM")
                .with_context("reason", "it knows no policies"));
        }
        self.clean_up().await;
        let key = request.key.clone().unwrap_or_else(new_key);
        let time = self.config.pacing.time_for(0);
        // Two calls of one process with one key would only undo each other's subnets.
        let Some(_turn) = self.locks.lock_within(&key, time.saturating_mul(3)).await else { return Err(busy()) };
        if request.key.is_some() {
            if let Some(range) = self.made_before(request, &key).await? {
                return Ok(range);
            }
            if self
                .groups_of(&key)
                .await
                .map_err(failed(Operation::AllocateRange))?
                .iter()
                .any(|group| group.is_committed())
            {
                let message = format!("the key {key:?} belongs to a request for addresses");
                return Err(
                    CoreError::new(ErrorKind::Conflict, Operation::AllocateRange, message).with_context("key", key)
                );
            }
        }
        let named: Vec<&str> = request.properties.keys().filter_map(|name| self.subnet_field(name)).collect();
        self.probed.subnet_values.must_allow_subnet(Operation::AllocateRange, &named)?;
        let mut made = MadeSubnet::default();
        let end = self.make_in_rounds(request, &key, Instant::now() + time, &mut made).await;
        end.map_err(|error| made.explain(error))
    }

    /// Creates the subnet, again if another writer was faster. Afterwards `made` says what may be on the server.
    async fn make_in_rounds(
        &self,
        request: &AllocateRange,
        key: &AllocationKey,
        until: Instant,
        made: &mut MadeSubnet,
    ) -> Result<AllocatedRange> {
        let mut waits = self.config.pacing.contention(until);
        loop {
            let snapshot = self.fresh_snapshot().await.map_err(failed(Operation::AllocateRange))?;
            let (block, net) = self.choose_child(request, &snapshot).await?;
            let outcome = match self.make(request, key, block, net, made).await? {
                Some(id) => {
                    made.subnet = Some(id);
                    match self.check_made(request, key, id, made).await {
                        Err(error) => {
                            // A made-up key is known to no caller, so no later call could find the subnet.
                            if request.key.is_none() && made.subnet.is_some() {
                                let _ = self.undo_child(id, made).await;
                            }
                            return Err(error);
                        }
                        Ok(outcome) => outcome,
                    }
                }
                None => Outcome::Again,
            };
            match outcome {
                Outcome::Ours(range) => return Ok(*range),
                Outcome::Key => {
                    if let Some(range) = self.made_before(request, key).await? {
                        return Ok(range);
                    }
                }
                Outcome::Again => {}
            }
            if !waits.next().await {
                return Err(busy());
            }
        }
    }

    /// Returns what an earlier call with this key created.
    ///
    /// # Errors
    /// `Conflict` if that call had another request, or if the subnet is not served as a range.
    async fn made_before(&self, request: &AllocateRange, key: &AllocationKey) -> Result<Option<AllocatedRange>> {
        let children = self.child_prefixes(Operation::AllocateRange, key).await?;
        let Some(first) = children.first() else { return Ok(None) };
        if first.mark.request != request_number(&request.fingerprint()) {
            return Err(CoreError::other_request(Operation::AllocateRange, key));
        }
        let range = self.range_now(Operation::AllocateRange, &range_id(first.subnet.id)).await?.ok_or_else(|| {
            let message = format!("subnet {} has the key and is not served as a range", first.subnet.id);
            CoreError::new(ErrorKind::Conflict, Operation::AllocateRange, message)
        })?;
        Ok(Some(AllocatedRange::new(key.clone(), range, true)))
    }

    /// Chooses the block, and the prefix to create in it.
    ///
    /// # Errors
    /// `NotFound` if a block does not exist, `InvalidInput` if a prefix does not fit any block, `Exhausted` if no block
    /// has room, `Conflict` if the exact prefix is taken.
    async fn choose_child<'a>(
        &self,
        request: &AllocateRange,
        snapshot: &'a Snapshot,
    ) -> Result<(&'a SubnetRow, IpNet)> {
        let mut blocks = Vec::with_capacity(request.blocks.len());
        for id in &request.blocks {
            let found = snapshot.blocks().find(|row| row.id.to_string() == id.as_str());
            let found = found.ok_or_else(|| CoreError::not_found(Operation::AllocateRange, "block", id))?;
            blocks.push((found, found.net));
        }
        match request.prefix {
            ChildPrefix::PrefixLen(len) => {
                let possible = |net: &IpNet| (net.prefix_len()..=net.max_prefix_len()).contains(&len);
                if let Some((_, net)) = blocks.first().filter(|_| !blocks.iter().any(|(_, net)| possible(net))) {
                    let remedy = format!("give {} to {} for the block {net}", net.prefix_len(), net.max_prefix_len());
                    return Err(CoreError::invalid(Operation::AllocateRange, "prefix length", len, remedy));
                }
                for (row, net) in blocks.into_iter().filter(|(_, net)| possible(net)) {
                    // phpIPAM refuses a subnet of the same size as its parent.
                    if len == net.prefix_len() {
                        continue;
                    }
                    let taken = self.taken_in(snapshot, row).await?;
                    if let Some(child) = best_fit(net, &taken, len) {
                        return Ok((row, child));
                    }
                }
                let ids = request.blocks.iter().map(BlockId::as_str).collect::<Vec<_>>().join(", ");
                let message =
                    format!("no block has room for a /{len}; phpIPAM creates none of the same size as its parent");
                Err(CoreError::new(ErrorKind::Exhausted, Operation::AllocateRange, message).with_context("blocks", ids))
            }
            ChildPrefix::Exact(wanted) => {
                let mut refusal = None;
                for (row, net) in blocks.into_iter().filter(|(_, net)| net.contains(&wanted)) {
                    let message = if self.taken_in(snapshot, row).await?.overlaps(&IpRange::from(wanted)) {
                        format!("{wanted} is taken, in part or whole")
                    } else if net == wanted {
                        format!("phpIPAM creates no subnet of the same size as its parent, {net}")
                    } else {
                        return Ok((row, wanted));
                    };
                    refusal.get_or_insert_with(|| {
                        CoreError::new(ErrorKind::Conflict, Operation::AllocateRange, message)
                            .with_context("block", row.id)
                    });
                }
                let outside = || {
                    CoreError::invalid(
                        Operation::AllocateRange,
                        "net",
                        wanted,
                        "choose a prefix inside one of the blocks",
                    )
                };
                Err(refusal.unwrap_or_else(outside))
            }
        }
    }

    /// Returns what is taken in a block: subnets below it, overlapping subnets of its VRF in other sections, and
    /// addresses in the block itself or in an enclosing subnet, which the server does not check (Q68).
    async fn taken_in(&self, snapshot: &Snapshot, block: &SubnetRow) -> Result<IpSet> {
        let net = block.net;
        let addresses = self.subnet_addresses(block.id, net, |row| row.ip).await;
        let addresses = addresses.map_err(failed(Operation::AllocateRange))?;
        let mut taken: IpSet = snapshot.below(block.id).into_iter().map(|row| IpRange::from(row.net)).collect();
        taken.extend(addresses.into_iter().map(IpRange::from));
        if block.vrf.is_none() && block.master.is_none() {
            return Ok(taken);
        }
        let found = self.surroundings_of(block).await.map_err(failed(Operation::AllocateRange))?;
        let (above, beside): (Vec<OverlappingSubnet>, Vec<OverlappingSubnet>) =
            found.around.into_iter().partition(|at| covers_block(at, net));
        taken.extend(beside.into_iter().map(|at| IpRange::from(at.net)));
        let elsewhere = self.elsewhere(net, &above).await.map_err(failed(Operation::AllocateRange))?;
        taken.extend(elsewhere.rows.into_iter().filter_map(|row| row.ip).map(IpRange::from));
        Ok(taken)
    }

    /// Creates the subnet. Returns `None` if another writer was faster.
    async fn make(
        &self,
        request: &AllocateRange,
        key: &AllocationKey,
        block: &SubnetRow,
        net: IpNet,
        made: &mut MadeSubnet,
    ) -> Result<Option<SubnetId>> {
        let Some(section) = block.section else {
            return Err(CoreError::not_found(Operation::AllocateRange, "block", block.id));
        };
        let nonce = Nonce(random());
        let fields = self.subnet_fields(request, key, block, nonce)?;
        let pacing = &self.config.pacing;
        let mut contention = pacing.contention(Instant::now() + pacing.time_for(0));
        let mut lost = pacing.change();
        loop {
            let created = self.client.subnets().create(section, net, &fields).await;
            self.shared.changed();
            let error = match created {
                Ok(created) => return Ok(Some(created.id)),
                Err(error) => error,
            };
            // The server's lock was held (Q50): nothing was done.
            if error.refusal_kind() == Some(RefusalKind::Busy) && contention.next().await {
                continue;
            }
            let structural = error.refusal_kind() == Some(RefusalKind::Structural);
            // `|=`: a later refusal does not undo what a lost request may have done.
            made.is_in_doubt |= error.may_have_been_done();
            if error.may_have_been_done() || structural {
                // A request whose response was lost may have been carried out, and the overlap may be with its subnet.
                let found = self
                    .child_prefixes(Operation::AllocateRange, key)
                    .await?
                    .into_iter()
                    .find(|child| child.mark.nonce == nonce);
                if let Some(child) = found {
                    return Ok(Some(child.subnet.id));
                }
            }
            if structural || error.is_conflict() {
                return Ok(None);
            }
            if !error.may_have_been_done() || !lost.next().await {
                return Err(failed(Operation::AllocateRange)(error));
            }
        }
    }

    fn subnet_fields(
        &self,
        request: &AllocateRange,
        key: &AllocationKey,
        block: &SubnetRow,
        nonce: Nonce,
    ) -> Result<SubnetFields> {
        let mut properties = Properties::new();
        let named: Vec<&str> = request.properties.keys().filter_map(|name| self.subnet_field(name)).collect();
        let mut fields =
            self.probed.subnet_values.add_to_subnet(SubnetFields::new().with_master_subnet(block.id), &named);
        for (name, value) in &request.properties {
            match self.subnet_field(name) {
                Some(field) => fields = fields.with_custom_field(field, value.clone()),
                // The server has no such field, so the mark keeps the property.
                None => {
                    properties.insert(name.clone(), value.clone());
                }
            }
        }
        // The fields by which the provider selects ranges. Without them the new subnet would not be one.
        for (name, value) in &self.config.range_fields {
            let field = self.subnet_field(name).unwrap_or(name);
            fields = fields.with_custom_field(field, value.clone());
        }
        fields = fields
            // Taken over from the block, so that a child prefix is in the same VRF and VLAN.
            .patch_vlan(block.vlan.into())
            .patch_vrf(block.vrf.into())
            .patch_nameserver(block.nameserver.into());
        let mark = Mark {
            state: State::Committed,
            seq: 0,
            count: 1,
            attempt: 0,
            nonce,
            request: request_number(&request.fingerprint()),
            began: self.now(),
            protected_secs: None,
            key: key.clone(),
            owner: request.owner.clone(),
            addresses: String::new(),
            tags: request.tags.clone(),
            properties,
        };
        let text = [Some(request.name.as_str()), request.description.as_deref()];
        if request.name.contains('\n') {
            return Err(CoreError::invalid(Operation::AllocateRange, "name", &request.name, "write it in one line"));
        }
        let text: Vec<&str> = text.into_iter().flatten().collect();
        let text = text.join("\n").trim_end().to_owned();
        let needed = mark.to_string().len();
        if let Some(width) = self.probed.subnet_width.filter(|width| needed > *width) {
            return Err(mark_too_long(Operation::AllocateRange, &request.owner, needed, width));
        }
        Ok(match &self.mapping.subnet_mark {
            None => fields.with_description(with_mark(&text, &mark)),
            Some(field) => fields.with_description(text).with_custom_field(field, mark.to_string()),
        })
    }

    /// Returns the custom field of subnets for a name with or without the prefix `custom_`, which newer versions add
    /// (Q41).
    fn subnet_field(&self, name: &str) -> Option<&str> {
        let fields = || self.probed.subnet_fields.iter().map(String::as_str);
        fields()
            .find(|field| *field == name)
            .or_else(|| fields().find(|field| field.strip_prefix("custom_") == Some(name)))
    }

    /// Deletes the subnet that was created.
    async fn undo_child(&self, id: SubnetId, made: &mut MadeSubnet) -> Result<()> {
        let deleted = self.delete_child_prefix(Operation::AllocateRange, id).await;
        made.is_left_behind = deleted.is_err();
        if deleted.is_ok() {
            made.subnet = None;
        }
        deleted
    }

    /// Verifies that the created subnet is there, owns the key, and overlaps no subnet with a lower id. Otherwise
    /// deletes it.
    async fn check_made(
        &self,
        request: &AllocateRange,
        key: &AllocationKey,
        id: SubnetId,
        made: &mut MadeSubnet,
    ) -> Result<Outcome> {
        let snapshot = self.fresh_snapshot().await.map_err(failed(Operation::AllocateRange))?;
        let Some(row) = snapshot.get(id) else { return Ok(Outcome::Again) };
        let net = row.net;
        if request.key.is_some() {
            let children = self.child_prefixes(Operation::AllocateRange, key).await?;
            if children.first().is_some_and(|first| first.subnet.id < id) {
                self.undo_child(id, made).await?;
                return Ok(Outcome::Key);
            }
        }
        let whole = IpRange::from(net);
        // A VRF may have subnets in sections that are not served.
        let vrf = snapshot.vrf(row);
        let others = match vrf {
            Some(_) => self.overlapping(net).await,
            None => Ok(Vec::new()),
        };
        let others = others.map_err(failed(Operation::AllocateRange))?;
        let others = others.iter().filter(|other| other.vrf_id == vrf && !self.serves_section(other.section_id));
        let elsewhere = others.filter(|other| other.id < id && !other.is_folder).filter_map(Subnet::network);
        let clash = elsewhere.into_iter().any(|other| !other.contains(&net) || other == net);
        let clash = clash
            || snapshot.all().any(|other| {
                other.id < id
                    && Some(other.id) != row.master
                    && IpRange::from(other.net).overlaps(&whole)
                    && (!other.net.contains(&net) || other.net == net)
                    && snapshot.space(other) == snapshot.space(row)
            });
        if clash {
            self.undo_child(id, made).await?;
            return Ok(Outcome::Again);
        }
        if !row.may_be_range {
            self.undo_child(id, made).await?;
            let message = "the server dropped fields of the new subnet that make it a range; let the app write them";
            return Err(CoreError::new(ErrorKind::Config, Operation::AllocateRange, message));
        }
        let range = snapshot.range(row);
        Ok(Outcome::Ours(Box::new(AllocatedRange::new(key.clone(), range, false))))
    }
}

/// State that a failed call may have left on the server.
#[derive(Default)]
struct MadeSubnet {
    /// True if the response to a `POST` was lost. It may still be carried out.
    is_in_doubt: bool,
    /// Subnet that was created and not deleted.
    subnet: Option<SubnetId>,
    /// True if deleting it failed.
    is_left_behind: bool,
}

impl MadeSubnet {
    /// Returns the error of the whole call. The request that failed last may say "not applied" although a subnet is
    /// there.
    fn explain(&self, error: CoreError) -> CoreError {
        if !self.is_in_doubt && self.subnet.is_none() {
            return error;
        }
        let error = match self.subnet.filter(|_| self.is_left_behind) {
            Some(id) => error.with_context("left behind", format!("subnet {id}")),
            None => error,
        };
        match error.retry() {
            // Without a key a repetition would create a second subnet.
            Retry::Safe => error.with_retry(Retry::IfIdempotent),
            Retry::IfIdempotent | Retry::Never => error.with_outcome(CoreOutcome::Unknown),
        }
    }
}

enum Outcome {
    Ours(Box<AllocatedRange>),
    /// Another call with the same key was first.
    Key,
    /// Another writer was first.
    Again,
}

/// Returns true if a subnet covers a whole block, so that it does not exclude prefixes inside the block.
fn covers_block(around: &OverlappingSubnet, block: IpNet) -> bool {
    around.is_ancestor || (around.net.contains(&block) && around.net != block)
}

fn busy() -> CoreError {
    let message = "other writers took each free prefix first until the deadline; repeat the call";
    CoreError::new(ErrorKind::Busy, Operation::AllocateRange, message).with_retry(Retry::Safe)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_prefix_goes_into_the_smallest_gap_that_fits() {
        let block: IpNet = "10.0.0.0/24".parse().unwrap();
        let taken = IpSet::from(IpRange::from("10.0.0.128/26".parse::<IpNet>().unwrap()));
        let fit = |len| best_fit(block, &taken, len).map(|net| net.to_string());
        assert_eq!(fit(27).unwrap(), "10.0.0.192/27");
        assert_eq!(fit(25).unwrap(), "10.0.0.0/25");
        assert_eq!(fit(24), None);
    }
}
