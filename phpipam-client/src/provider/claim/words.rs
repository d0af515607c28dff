//! What the calls of a claim say about its addresses: the mark, and the fields of the request.

use ipam_core::{Allocate, AllocateLine};

use super::pace::ATTEMPTS;
use super::state::Claim;
use crate::models::AddressFields;
use crate::provider::key::mark::{Mark, Nonce, State};
use crate::provider::map::model::owner_column;

impl Claim<'_> {
    pub(super) fn mark(&self, seq: u32, tags: &ipam_core::Tags) -> Mark {
        Mark {
            state: if self.count == 1 { State::Committed } else { State::Pending },
            seq,
            count: self.count,
            attempt: self.attempts,
            nonce: self.nonce(),
            request: self.fingerprint,
            began: self.began,
            honoured: (self.count > 1).then(|| self.inner.honoured_for(self.count)),
            key: self.key.clone(),
            owner: self.request.owner.clone(),
            addresses: String::new(),
            tags: tags.clone(),
            properties: ipam_core::Properties::new(),
        }
    }

    pub(super) fn marked(&self, fields: AddressFields, mark: &Mark) -> AddressFields {
        match &self.inner.words.address_mark {
            None => fields.with_note(mark.to_string()),
            Some(field) => fields.with_custom_field(field, mark.to_string()),
        }
    }

    /// What the call that takes an address says about it.
    pub(super) fn fields(&self, seq: u32, line: &AllocateLine) -> AddressFields {
        let labels = &line.labels;
        let mut fields = AddressFields::new()
            // Without one the server writes a description of its own.
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
        self.marked(self.inner.with_address_values(fields), &self.mark(seq, &labels.tags))
    }
}

/// How long the longest mark of a request can be, in characters.
pub(crate) fn longest_mark(request: &Allocate) -> usize {
    let count: u32 = request.lines.iter().map(|line| line.what.count()).sum();
    let key = request.key.clone().unwrap_or_else(crate::provider::new_key);
    let marks = request.lines.iter().map(|line| {
        let mark = Mark {
            state: State::Pending,
            seq: count.saturating_sub(1),
            count,
            attempt: ATTEMPTS,
            nonce: Nonce(u64::MAX),
            request: u64::MAX,
            began: u64::from(u32::MAX),
            honoured: (count > 1).then_some(999_999),
            key: key.clone(),
            owner: request.owner.clone(),
            addresses: String::new(),
            tags: line.labels.tags.clone(),
            properties: ipam_core::Properties::new(),
        };
        mark.to_string().len()
    });
    marks.max().unwrap_or(0)
}
