//! State of a claim in progress: its request, the rows that it has taken, and the fields that its requests write.

use std::net::IpAddr;
use std::time::Instant;

use ipam_core::net::IpSet;
use ipam_core::{
    Allocate, AllocateLine, AllocationKey, Error as CoreError, ErrorKind, Operation, Properties, Retry, Tags,
};

use super::plan::ClaimPlan;
use crate::models::{Address, AddressFields, AddressId, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::key::group::KeyOwner;
use crate::provider::key::process_claims::ClaimGuard;
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Mark, Nonce, State, request_number};
use crate::provider::map::model::owner_column;
use crate::provider::random::{new_key, random_half};

/// Highest attempt number that the length of a mark allows for.
const MAX_ATTEMPTS: u32 = 9_999;

/// Address that this claim has taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) id: AddressId,
    pub(super) subnet: SubnetId,
    pub(crate) ip: IpAddr,
    /// Number in the claim, from 0.
    pub(super) seq: u32,
}

/// Claim of one call, in progress.
pub(crate) struct Claim<'a> {
    pub(super) inner: &'a Inner,
    pub(super) request: &'a Allocate,
    pub(super) key: &'a AllocationKey,
    /// True if the caller chose the key, so that other calls may use it.
    pub(super) keyed: bool,
    pub(super) plan: &'a ClaimPlan,
    pub(super) fingerprint: u64,
    pub(super) count: u32,
    pub(super) began: u64,
    /// Time after which no further address is taken.
    pub(super) take_until: Instant,
    /// Time after which the claim is not committed any more: twice the claim time. Others respect a pending claim for
    /// three times the claim time, which leaves a margin for a `PATCH` in flight.
    pub(super) commit_until: Instant,
    pub(super) guard: ClaimGuard,
    pub(super) taken: Vec<Taken>,
    pub(super) attempts: u32,
    /// True if a response was lost. The request may still be carried out.
    pub(super) response_lost: bool,
    /// True if another call with the key may have found the claim committed and returned it.
    pub(super) may_be_returned: bool,
    /// Addresses that turned out, after they were taken, to be registered in another subnet of the address space.
    pub(super) contested_addresses: IpSet,
    /// Row of a single address, as it was read after it was taken.
    pub(super) verified_row: Option<Address>,
}

impl<'a> Claim<'a> {
    pub(crate) fn begin(inner: &'a Inner, request: &'a Allocate, key: &'a AllocationKey, plan: &'a ClaimPlan) -> Self {
        let keyed = request.key.is_some();
        let count = address_count(request);
        let (start, time) = (Instant::now(), inner.config.pacing.time_for(count));
        Self {
            inner,
            request,
            key,
            keyed,
            plan,
            fingerprint: request_number(&request.fingerprint()),
            count,
            // The server's clock: other processes compare this time with theirs.
            began: inner.now(),
            take_until: start + time,
            commit_until: start + time.saturating_mul(2),
            // Registered before the first address is taken, so that a future that is dropped at any later point leaves
            // an entry.
            guard: inner.claims.begin(key.clone(), !keyed, random_half()),
            taken: Vec::new(),
            attempts: 0,
            response_lost: false,
            may_be_returned: false,
            contested_addresses: IpSet::default(),
            verified_row: None,
        }
    }

    pub(super) fn nonce(&self) -> Nonce {
        self.guard.nonce()
    }

    /// Returns the number of addresses that are taken for a line.
    pub(super) fn taken_for_line(&self, index: usize) -> usize {
        let first = self.seq_of(index, 0);
        let count = self.request.lines.get(index).map_or(0, |line| line.selection.count());
        self.taken.iter().filter(|taken| (first..first.saturating_add(count)).contains(&taken.seq)).count()
    }

    /// Returns the number of an address in the claim. Exact lines come first.
    pub(super) fn seq_of(&self, index: usize, offset: usize) -> u32 {
        let before = self.plan.order().take_while(|other| *other != index);
        let counts = before.filter_map(|other| self.request.lines.get(other)).map(|line| line.selection.count());
        counts.sum::<u32>().saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// Returns the tags of the line that an address belongs to.
    pub(super) fn tags_for(&self, seq: u32) -> Tags {
        let mut end = 0_u32;
        let line = self.plan.order().filter_map(|index| self.request.lines.get(index)).find(|line| {
            end = end.saturating_add(line.selection.count());
            seq < end
        });
        line.map(|line| line.labels.tags.clone()).unwrap_or_default()
    }

    /// Returns true if this claim owns the key.
    pub(super) fn has_key(&self, owner: &KeyOwner) -> bool {
        match owner {
            KeyOwner::Free => false,
            KeyOwner::Pending(group) | KeyOwner::Taken(group) => group.nonce == self.nonce(),
        }
    }

    /// Returns the mark of an address. A single address is committed by the call that takes it, so its process cannot
    /// die between taking and committing. Several addresses are pending first.
    pub(super) fn mark(&self, seq: u32, tags: &Tags) -> Mark {
        Mark {
            state: if self.count == 1 { State::Committed } else { State::Pending },
            seq,
            count: self.count,
            attempt: self.attempts,
            nonce: self.nonce(),
            request: self.fingerprint,
            began: self.began,
            protected_secs: (self.count > 1).then(|| self.inner.protection_secs_for(self.count)),
            key: self.key.clone(),
            owner: self.request.owner.clone(),
            addresses: String::new(),
            tags: tags.clone(),
            properties: Properties::new(),
        }
    }

    /// Adds a mark to the fields. The caller adds the tag, which phpIPAM resets to "Used" if a change does not send it.
    pub(super) fn marked(&self, fields: AddressFields, mark: &Mark) -> AddressFields {
        match &self.inner.mapping.address_mark {
            None => fields.with_note(mark.to_string()),
            Some(field) => fields.with_custom_field(field, mark.to_string()),
        }
    }

    /// Returns the fields of the request that takes an address.
    pub(super) fn fields(&self, seq: u32, line: &AllocateLine) -> AddressFields {
        let labels = &line.labels;
        let mut fields = AddressFields::new()
            // Without a description the server writes one of its own.
            .with_description(labels.description.clone().unwrap_or_default())
            .with_tag(self.inner.tag);
        if let Some(hostname) = &labels.hostname {
            fields = fields.with_hostname(hostname.clone());
        }
        if let Some(mac) = labels.mac {
            fields = fields.with_mac(mac.to_string());
        }
        if let Some(owner) = owner_column(&self.request.owner) {
            fields = fields.with_owner(owner);
        }
        let fields = self.inner.probed.address_values.add_to_address(fields);
        self.marked(fields, &self.mark(seq, &labels.tags))
    }

    /// Deletes all taken rows but the first `keep`, in the order in which they were taken: row 0 first, because without
    /// it the claim cannot be committed, and any process may delete the rest.
    pub(super) async fn undo_from(&mut self, keep: usize) -> ipam_core::Result<()> {
        // One after the other, not concurrently: row 0 must be gone before the others.
        while let Some(next) = self.taken.get(keep).copied() {
            // The rest is left as it is. The guard is not finished, so a cleanup follows.
            if let Err(error) = self.inner.delete(next.id).await {
                let left: Vec<String> = self.taken.iter().skip(keep).map(|taken| taken.ip.to_string()).collect();
                let message = format!("{} could not be deallocated yet: {error}", left.join(", "));
                return Err(failed(Operation::Allocate)(error).with_context("left behind", message));
            }
            self.taken.remove(keep);
            // The next request with this number must differ from the deleted one, or a late repetition could be
            // mistaken for it.
            self.attempts += 1;
        }
        Ok(())
    }
}

/// Returns the number of addresses of all lines.
pub(crate) fn address_count(request: &Allocate) -> u32 {
    request.lines.iter().map(|line| line.selection.count()).fold(0, u32::saturating_add)
}

/// Returns the length of the longest mark of a request, in characters.
pub(crate) fn longest_mark(request: &Allocate) -> usize {
    let count = address_count(request);
    let key = request.key.clone().unwrap_or_else(new_key);
    let marks = request.lines.iter().map(|line| {
        let mark = Mark {
            state: State::Pending,
            seq: count.saturating_sub(1),
            count,
            attempt: MAX_ATTEMPTS,
            nonce: Nonce(u64::MAX),
            request: u64::MAX,
            began: u64::from(u32::MAX),
            protected_secs: (count > 1).then_some(999_999),
            key: key.clone(),
            owner: request.owner.clone(),
            addresses: String::new(),
            tags: line.labels.tags.clone(),
            properties: Properties::new(),
        };
        mark.to_string().len()
    });
    marks.max().unwrap_or(0)
}

/// Error of a claim that other writers prevented. Nothing of it is left, so a repetition is safe.
pub(super) fn busy(message: impl Into<std::borrow::Cow<'static, str>>) -> CoreError {
    CoreError::new(ErrorKind::Busy, Operation::Allocate, message).with_retry(Retry::Safe)
}
