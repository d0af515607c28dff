//! `allocate_range` and `deallocate_range`: subnets made on demand.
//!
//! Which prefix is chosen here and made by one exact call, marked in it. The server refuses what overlaps where its
//! section is strict; where it is not, two callers can make the same subnet, so each looks afterwards, and the lower id
//! stands.

use std::net::IpAddr;
use std::time::Instant;

use ipam_core::net::{IpRange, IpSet};
use ipam_core::{
    AllocateRange, AllocatedRange, AllocationKey, BlockId, ChildNet, DeallocateRange, Error as CoreError, ErrorKind,
    Expect, Properties, RangeTarget, RemovedRange, Result, Retry,
};
use ipnet::IpNet;

use crate::error::RefusalKind;
use crate::models::{Subnet, SubnetFields, SubnetId};
use crate::provider::Inner;
use crate::provider::claim::pause;
use crate::provider::key::mark::{Found, Mark, Nonce, State, key_token, request_number};
use crate::provider::map::around::{Around, Home};
use crate::provider::map::error::failed;
use crate::provider::map::model::range_id;
use crate::provider::snapshot::Snapshot;
use crate::query::Filter;

const OP: &str = "allocate_range";
const ATTEMPTS: u32 = 40;

/// A subnet with a mark.
struct Carved {
    subnet: Subnet,
    mark: Mark,
}

impl Inner {
    /// The subnets that a key made, the one that stands first.
    async fn carved(&self, operation: &'static str, key: &AllocationKey) -> Result<Vec<Carved>> {
        let field = self.words.subnet_mark.as_deref().unwrap_or("description");
        let filter = Filter::contains(field, key_token(key));
        let rows = self.read(|| async { self.client.subnets().list_filtered(&filter).await }).await;
        let rows = rows.map_err(failed(operation))?;
        let mut carved: Vec<Carved> = rows
            .into_iter()
            .filter_map(|subnet| match self.words.of_subnet(&subnet) {
                Found::Mark(mark) if mark.key == *key => Some(Carved { subnet, mark: *mark }),
                _ => None,
            })
            .collect();
        carved.sort_by_key(|carved| carved.subnet.id);
        Ok(carved)
    }

    /// One key names either a request for addresses or one for a range.
    pub(crate) async fn must_name_no_range(&self, operation: &'static str, key: &AllocationKey) -> Result<()> {
        match self.carved(operation, key).await?.first() {
            None => Ok(()),
            Some(carved) => Err(CoreError::new(
                ErrorKind::Conflict,
                operation,
                format!("the key {key:?} belongs to a request for a range, subnet {}", carved.subnet.id),
            )
            .with_context("key", key)),
        }
    }

    pub(crate) async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        request.validate()?;
        self.needs_write(OP)?;
        if request.policy != ipam_core::RangePolicy::default() {
            return Err(CoreError::unsupported(OP, "phpIPAM").with_context("reason", "it knows no policies"));
        }
        self.tie_up().await;
        let key = request.key.clone().unwrap_or_else(crate::provider::new_key);
        let lane = self.claims.lane(&key);
        let _turn = lane.lock().await;
        if request.key.is_some() {
            if let Some(answer) = self.carved_before(request, &key).await? {
                return Ok(answer);
            }
            if self.groups_of(&key).await.map_err(failed(OP))?.iter().any(|group| group.is_committed()) {
                let message = format!("the key {key:?} belongs to a request for addresses");
                return Err(CoreError::new(ErrorKind::Conflict, OP, message).with_context("key", key));
            }
        }
        let named: Vec<&str> = request.properties.keys().filter_map(|name| self.subnet_field(name)).collect();
        self.needs_subnet_fields(OP, &named)?;
        let until = Instant::now() + self.config.claim_time;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let snapshot = Snapshot::load(self).await.map_err(failed(OP))?;
            let (block, net) = self.choose_child(request, &snapshot).await?;
            let made = self.make(request, &key, block, net).await?;
            let outcome = match made {
                Some(id) => match self.stands(request, &key, id).await {
                    // Nobody can find it by a key that nobody knows.
                    Err(error) if request.key.is_none() => {
                        let _ = self.unmake(id).await;
                        return Err(error);
                    }
                    outcome => outcome?,
                },
                None => Outcome::Again,
            };
            match outcome {
                Outcome::Ours(answer) => return Ok(*answer),
                Outcome::Key => {
                    if let Some(answer) = self.carved_before(request, &key).await? {
                        return Ok(answer);
                    }
                }
                Outcome::Again => {}
            }
            if attempt >= ATTEMPTS || Instant::now() >= until {
                let message = "others keep taking the prefixes that were free";
                return Err(CoreError::new(ErrorKind::Busy, OP, message).with_retry(Retry::Safe));
            }
            pause(attempt.min(4)).await;
        }
    }

    /// What an earlier call with this key made.
    async fn carved_before(&self, request: &AllocateRange, key: &AllocationKey) -> Result<Option<AllocatedRange>> {
        let carved = self.carved(OP, key).await?;
        let Some(first) = carved.first() else { return Ok(None) };
        if first.mark.request != request_number(&request.fingerprint()) {
            let message = format!("the key {key:?} belongs to another request");
            return Err(CoreError::new(ErrorKind::Conflict, OP, message).with_context("key", key));
        }
        let range = self.range_now(OP, &range_id(first.subnet.id)).await?.ok_or_else(|| {
            let message = format!("subnet {} has the key and is not served as a range", first.subnet.id);
            CoreError::new(ErrorKind::Conflict, OP, message)
        })?;
        Ok(Some(AllocatedRange::new(key.clone(), range, true)))
    }

    /// The block and the prefix to make in it.
    async fn choose_child<'a>(
        &'a self,
        request: &AllocateRange,
        snapshot: &'a Snapshot,
    ) -> Result<(&'a Subnet, IpNet)> {
        let mut blocks = Vec::with_capacity(request.blocks.len());
        for id in &request.blocks {
            let found = snapshot.blocks(self).find(|(row, _)| row.id.to_string() == id.as_str());
            blocks.push(found.ok_or_else(|| CoreError::not_found(OP, "block", id))?);
        }
        match request.what {
            ChildNet::PrefixLen(len) => {
                let possible = |net: &IpNet| (net.prefix_len()..=net.max_prefix_len()).contains(&len);
                if let Some((_, net)) = blocks.first().filter(|_| !blocks.iter().any(|(_, net)| possible(net))) {
                    let remedy = format!("give {} to {} for the block {net}", net.prefix_len(), net.max_prefix_len());
                    return Err(CoreError::invalid(OP, "prefix length", len, remedy));
                }
                for (row, net) in blocks.into_iter().filter(|(_, net)| possible(net)) {
                    // phpIPAM makes no subnet as large as the one around it.
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
                    format!("no block has room for a /{len}; one as large as the block is not possible in phpIPAM");
                Err(CoreError::new(ErrorKind::Exhausted, OP, message).with_context("blocks", ids))
            }
            ChildNet::Exactly(wanted) => {
                let mut refusal = None;
                for (row, net) in blocks.into_iter().filter(|(_, net)| net.contains(&wanted)) {
                    let message = if self.taken_in(snapshot, row).await?.overlaps(&IpRange::from(wanted)) {
                        format!("{wanted} is taken, in part or whole")
                    } else if net == wanted {
                        format!("phpIPAM makes no subnet as large as the one around it, {net}")
                    } else {
                        return Ok((row, wanted));
                    };
                    refusal.get_or_insert_with(|| {
                        CoreError::new(ErrorKind::Conflict, OP, message).with_context("block", row.id)
                    });
                }
                let outside = || CoreError::invalid(OP, "net", wanted, "choose a prefix inside one of the blocks");
                Err(refusal.unwrap_or_else(outside))
            }
        }
    }

    /// What subnets below a block cover, also those of its VRF in other sections, and addresses that are registered
    /// directly in it or around it: the server does not look at those.
    async fn taken_in(&self, snapshot: &Snapshot, block: &Subnet) -> Result<IpSet> {
        let addresses = self.read(|| async { self.client.subnets().addresses(block.id).await }).await;
        let addresses = addresses.map_err(failed(OP))?;
        let mut taken: IpSet = snapshot.children(block.id).map(|(_, net)| IpRange::from(net)).collect();
        taken.extend(addresses.into_iter().filter_map(|row| row.ip).map(IpRange::from));
        let Some(net) = block.network() else { return Ok(taken) };
        if block.vrf_id.is_none() && block.master_subnet_id.is_none() {
            return Ok(taken);
        }
        let found = self.surroundings(block, net).await.map_err(failed(OP))?;
        let (above, beside): (Vec<Around>, Vec<Around>) = found.around.into_iter().partition(|at| net_around(at, net));
        taken.extend(beside.into_iter().map(|at| IpRange::from(at.net)));
        let elsewhere = self.elsewhere(net, &above).await.map_err(failed(OP))?;
        taken.extend(elsewhere.rows.into_iter().filter_map(|row| row.ip).map(IpRange::from));
        Ok(taken)
    }

    /// Makes the subnet. `None` if somebody else was faster.
    async fn make(
        &self,
        request: &AllocateRange,
        key: &AllocationKey,
        block: &Subnet,
        net: IpNet,
    ) -> Result<Option<SubnetId>> {
        let Some(section) = block.section_id else { return Err(CoreError::not_found(OP, "block", block.id)) };
        let nonce = Nonce(crate::provider::random());
        let fields = self.subnet_fields(request, key, block, nonce)?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.client.subnets().create(section, net, &fields).await {
                Ok(created) => return Ok(Some(created.id)),
                Err(error) => error,
            };
            if error.refusal_kind() == Some(RefusalKind::Busy) && attempt < ATTEMPTS {
                pause(attempt.min(5)).await;
                continue;
            }
            let structural = error.refusal_kind() == Some(RefusalKind::Structural);
            if error.may_have_been_done() || structural {
                // A lost answer may have been a yes, and the overlap may be with what it made.
                let found = self.carved(OP, key).await?.into_iter().find(|carved| carved.mark.nonce == nonce);
                if let Some(carved) = found {
                    return Ok(Some(carved.subnet.id));
                }
            }
            if structural || error.is_conflict() {
                return Ok(None);
            }
            if !error.may_have_been_done() || attempt >= 4 {
                return Err(failed(OP)(error));
            }
            pause(attempt).await;
        }
    }

    fn subnet_fields(
        &self,
        request: &AllocateRange,
        key: &AllocationKey,
        block: &Subnet,
        nonce: Nonce,
    ) -> Result<SubnetFields> {
        let mut properties = Properties::new();
        let named: Vec<&str> = request.properties.keys().filter_map(|name| self.subnet_field(name)).collect();
        let mut fields = self.with_subnet_values(SubnetFields::new().with_master_subnet(block.id), &named);
        for (name, value) in &request.properties {
            match self.subnet_field(name) {
                Some(field) => fields = fields.with_custom_field(field, value.clone()),
                // No field of the server: kept in the mark.
                None => {
                    properties.insert(name.clone(), value.clone());
                }
            }
        }
        // What makes a subnet a range of this provider.
        for (name, value) in &self.config.range_fields {
            let field = self.subnet_field(name).unwrap_or(name);
            fields = fields.with_custom_field(field, value.clone());
        }
        fields = fields
            .patch_vlan(block.vlan_id.into())
            .patch_vrf(block.vrf_id.into())
            .patch_nameserver(block.nameserver_id.into());
        let mark = Mark {
            state: State::Committed,
            seq: 0,
            count: 1,
            attempt: 0,
            nonce,
            request: request_number(&request.fingerprint()),
            began: self.now(),
            honoured: None,
            key: key.clone(),
            owner: request.owner.clone(),
            addresses: String::new(),
            tags: request.tags.clone(),
            properties,
        };
        let text = [Some(request.name.as_str()), request.description.as_deref()];
        if request.name.contains('\n') {
            return Err(CoreError::invalid(OP, "name", &request.name, "write it in one line"));
        }
        let text: Vec<&str> = text.into_iter().flatten().collect();
        let text = text.join("\n").trim_end().to_owned();
        let long = self.probed.subnet_width.filter(|width| mark.to_string().len() > *width);
        if let Some(width) = long {
            let remedy = format!("the mark field holds {width} characters, and the mark needs more; make it a text");
            return Err(CoreError::invalid(OP, "key and owner", &request.owner, remedy));
        }
        Ok(match &self.words.subnet_mark {
            None => fields.with_description(crate::provider::key::mark::with_mark(&text, &mark)),
            Some(field) => fields.with_description(text).with_custom_field(field, mark.to_string()),
        })
    }

    /// The custom field of subnets that is meant by a name, with or without the prefix of newer versions.
    fn subnet_field(&self, name: &str) -> Option<&str> {
        let fields = || self.probed.subnet_fields.iter().map(String::as_str);
        fields()
            .find(|field| *field == name)
            .or_else(|| fields().find(|field| field.strip_prefix("custom_") == Some(name)))
    }

    /// Whether what was made is there, is the only one, and has the key.
    async fn stands(&self, request: &AllocateRange, key: &AllocationKey, id: SubnetId) -> Result<Outcome> {
        let snapshot = Snapshot::load(self).await.map_err(failed(OP))?;
        let Some((row, net)) = snapshot.get(id).and_then(|row| Some((row, row.network()?))) else {
            return Ok(Outcome::Again);
        };
        if request.key.is_some() {
            let carved = self.carved(OP, key).await?;
            if carved.first().is_some_and(|first| first.subnet.id < id) {
                self.unmake(id).await?;
                return Ok(Outcome::Key);
            }
        }
        let whole = IpRange::from(net);
        // Of a VRF there may be subnets in sections that are not served.
        let vrf = snapshot.vrf(row);
        let others = match vrf {
            Some(_) => self.read(|| async { self.client.subnets().find_overlapping(net).await }).await,
            None => Ok(Vec::new()),
        };
        let others = others.map_err(failed(OP))?;
        let others = others.iter().filter(|other| other.vrf_id == vrf && !self.serves_section(other.section_id));
        let elsewhere = others.filter(|other| other.id < id && !other.is_folder).filter_map(Subnet::network);
        let clash = elsewhere.into_iter().any(|other| !other.contains(&net) || other == net);
        let clash = clash
            || snapshot.all().any(|other| {
                other.id < id
                    && Some(other.id) != row.master_subnet_id
                    && snapshot.space(other) == snapshot.space(row)
                    && other.network().is_some_and(|other_net| {
                        IpRange::from(other_net).overlaps(&whole) && (!other_net.contains(&net) || other_net == net)
                    })
            });
        if clash {
            self.unmake(id).await?;
            return Ok(Outcome::Again);
        }
        if !self.may_be_range(row) {
            self.unmake(id).await?;
            let message = "the new subnet does not have the fields that make it a range; the server dropped them";
            return Err(CoreError::new(ErrorKind::Config, OP, message));
        }
        let range = snapshot.range(self, row, net);
        Ok(Outcome::Ours(Box::new(AllocatedRange::new(key.clone(), range, false))))
    }

    pub(crate) async fn unmake(&self, id: SubnetId) -> Result<()> {
        for wait in [0_u64, 50, 200, 800] {
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            match self.client.subnets().delete(id).await {
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if error.may_have_been_done() || error.kind() == ErrorKind::Busy => {}
                answer => return answer.map_err(failed(OP)),
            }
        }
        self.client.subnets().delete(id).await.map_err(failed(OP))
    }

    pub(crate) async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        const OP: &str = "deallocate_range";
        request.validate()?;
        self.needs_write(OP)?;
        self.tie_up().await;
        let id = match &request.target {
            RangeTarget::Id(id) => id.as_str().parse::<SubnetId>().ok(),
            RangeTarget::Key(key) => self.carved(OP, key).await?.first().map(|carved| carved.subnet.id),
        };
        let Some(id) = id else { return Ok(RemovedRange::default()) };
        let snapshot = Snapshot::load(self).await.map_err(failed(OP))?;
        let Some((row, net)) = snapshot.get(id).and_then(|row| Some((row, row.network()?))) else {
            return Ok(RemovedRange::default());
        };
        let conflict = |message: String| CoreError::new(ErrorKind::Conflict, OP, message).with_context("range", id);
        let found = self.words.of_subnet(row);
        let Some(mark) = found.mark() else {
            if found == Found::Unreadable && request.expect != Expect::Anyone {
                return Ok(RemovedRange::default());
            }
            return Err(conflict(format!("{net} was not carved from a block by this provider")));
        };
        if !request.expect.fits(Some(&mark.owner), Some(&mark.key)) {
            return Ok(RemovedRange::default());
        }
        if snapshot.children(id).next().is_some() {
            return Err(conflict(format!("{net} has subnets below it; give those back first")));
        }
        let rows = self.read(|| async { self.client.subnets().addresses(id).await }).await.map_err(failed(OP))?;
        let rows: Vec<_> = rows.into_iter().filter(|row| !self.words.is_reservation(row)).collect();
        if !rows.is_empty() && !request.with_allocations {
            let addresses: Vec<IpAddr> = rows.iter().filter_map(|row| row.ip).take(5).collect();
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(conflict(format!("{} addresses of {net} are allocated: {list} …", rows.len())));
        }
        let home = Home { subnet: id, space: snapshot.space(row) };
        let freed = rows.iter().filter_map(|address| self.words.allocation(address, &home)).collect();
        let range = snapshot.range(self, row, net);
        self.unmake(id).await.map_err(|error| error.with_operation(OP))?;
        Ok(RemovedRange::new(Some(range), freed))
    }
}

enum Outcome {
    Ours(Box<AllocatedRange>),
    /// Another call with the same key was first.
    Key,
    /// Somebody else was first.
    Again,
}

/// Whether a subnet covers all of a block, and so cannot be beside what is made in it.
fn net_around(around: &Around, block: IpNet) -> bool {
    around.is_ancestor || (around.net.contains(&block) && around.net != block)
}

/// The lowest free prefix of this length that leaves the larger gaps whole.
fn best_fit(block: IpNet, taken: &IpSet, len: u8) -> Option<IpNet> {
    let free = taken.complement(&IpRange::from(block));
    let fits = free.prefixes().filter(|gap| gap.prefix_len() <= len);
    let gap = fits.max_by_key(|gap| (gap.prefix_len(), std::cmp::Reverse(*gap)))?;
    IpNet::new(gap.addr(), len).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_smallest_gap_that_is_large_enough() {
        let block: IpNet = "10.0.0.0/24".parse().unwrap();
        let taken = IpSet::from(IpRange::from("10.0.0.128/26".parse::<IpNet>().unwrap()));
        let fit = |len| best_fit(block, &taken, len).map(|net| net.to_string());
        assert_eq!(fit(27).unwrap(), "10.0.0.192/27");
        assert_eq!(fit(25).unwrap(), "10.0.0.0/25");
        assert_eq!(fit(24), None);
    }
}
