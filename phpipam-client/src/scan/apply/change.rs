//! One change of one address.

use std::net::IpAddr;
use std::time::SystemTime;

use ipam_core::{ErrorKind, MacAddr};

use super::work::{FRESH, Fresh, Work};
use crate::error::{Error, RefusalKind, Result};
use crate::models::{AddressFields, AddressId, Tag};
use crate::scan::records::Record;
use crate::scan::report::Counts;
use crate::scan::{Change, HostnameRule, Policy, Presence};

/// Result of a change that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Updated {
        online: bool,
    },
    Offline,
    Removed,
    /// The host is as the server records it.
    Unchanged,
    /// The row is not the one that the decision was made on.
    Skipped,
}

impl Outcome {
    pub(super) fn count(self, counts: &mut Counts) {
        match self {
            Self::Created => counts.created += 1,
            Self::Updated { online } => {
                counts.updated += 1;
                counts.online += usize::from(online);
            }
            Self::Offline => counts.offline += 1,
            Self::Removed => counts.removed += 1,
            Self::Unchanged => counts.unchanged += 1,
            Self::Skipped => counts.skipped += 1,
        }
    }
}

/// Returns true if every other change would fail in the same way.
pub(super) fn is_hopeless(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::PermissionDenied | ErrorKind::Untrusted)
}

/// Returns the text of a failed change, with the remedy where the server's own words have none.
pub(super) fn explained(error: &Error) -> String {
    let text = error.to_string();
    // The server makes an empty text null whenever it changes a row.
    if text.contains("Column 'custom_") && text.contains("cannot be null") {
        return format!(
            "{text}; phpIPAM cannot change an address whose required custom field is empty: fill in the field, or make it \
             optional"
        );
    }
    text
}

/// New values of a known host that replied.
struct Seen {
    seen: Option<SystemTime>,
    hostname: Option<String>,
    mac: Option<MacAddr>,
    online: bool,
}

impl Work<'_> {
    /// Makes a change, if its row is still as the decision assumes.
    pub(super) async fn change(
        &self,
        fresh: &Fresh,
        change: Change<AddressId>,
        policy: &Policy,
    ) -> (IpAddr, Result<Outcome>) {
        let address = change.address();
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let result = match change {
            Change::Create { address, hostname, mac, seen } => self.create(address, hostname, mac, seen).await,
            Change::Seen { id, seen, hostname, mac, online, .. } => {
                self.seen(fresh, id, Seen { seen, hostname, mac, online }, policy).await
            }
            Change::Offline { id, last_seen, .. } => self.offline(fresh, id, last_seen).await,
            Change::Remove { id, last_seen, .. } => self.remove(id, last_seen).await,
        };
        (address, result)
    }

    /// Returns the row, not older than [`FRESH`]; `None` if it is gone.
    async fn row(&self, fresh: &Fresh, id: AddressId) -> Result<Option<Record>> {
        if fresh.read.elapsed() < FRESH {
            return Ok(fresh.records.get(&id).cloned());
        }
        // The server has become slow since the rows were read.
        self.read_one(id).await
    }

    async fn read_one(&self, id: AddressId) -> Result<Option<Record>> {
        match self.client.addresses().get(id).await {
            Ok(row) if row.subnet_id == Some(self.subnet.id) => Ok(self.records.record(&row)),
            // The database may have given the id to another address.
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        address: IpAddr,
        hostname: Option<String>,
        mac: Option<MacAddr>,
        seen: SystemTime,
    ) -> Result<Outcome> {
        let zone = &self.records.zone;
        let fields = self.records.created(zone.local(self.now()), hostname.as_deref());
        let mut fields = fields.with_tag(Tag::USED).with_last_seen(zone.local(seen));
        if let Some(mac) = mac {
            fields = fields.with_mac(mac.to_string());
        }
        match self.client.addresses().create(self.subnet.id, address, &fields).await {
            Ok(_) => Ok(Outcome::Created),
            // A person or another agent was quicker. The next run treats it as known.
            Err(error) if error.refusal_kind() == Some(RefusalKind::Conflict) => Ok(Outcome::Skipped),
            // The response was lost. A second POST could not make a second row, but the report would be wrong.
            Err(error) if error.may_have_been_done() => {
                match self.client.addresses().find_in_subnet(self.subnet.id, address).await {
                    Ok(Some(_)) => Ok(Outcome::Created),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn seen(&self, fresh: &Fresh, id: AddressId, new: Seen, policy: &Policy) -> Result<Outcome> {
        let Some(row) = self.row(fresh, id).await? else { return Ok(Outcome::Skipped) };
        if row.claimed {
            return Ok(Outcome::Skipped);
        }
        let online = new.online && row.host.presence == Presence::Offline && !row.host.excluded;
        // Always the tag that was just read: without one the server makes it "Used" (Q61).
        let mut fields = AddressFields::new().with_tag(if online { Tag::USED } else { row.tag });
        let mut any = online;
        if let Some(seen) = new.seen.filter(|seen| row.host.last_seen.is_none_or(|last| last < *seen)) {
            (fields, any) = (fields.with_last_seen(self.records.zone.local(seen)), true);
        }
        // A person may have named the host since the decision.
        let may_name = policy.hostnames == HostnameRule::Replace || row.host.hostname.is_none();
        if let Some(hostname) = new.hostname.filter(|_| may_name) {
            if let Some(time) = row.noted {
                // It stays the agent's own row.
                fields = fields.with_note(self.records.note(time, Some(&hostname)));
            }
            (fields, any) = (fields.with_hostname(hostname), true);
        }
        if let Some(mac) = new.mac.filter(|mac| row.host.mac != Some(*mac)) {
            (fields, any) = (fields.with_mac(mac.to_string()), true);
        }
        if !any {
            return Ok(Outcome::Unchanged);
        }
        self.update(id, &fields, Outcome::Updated { online }).await
    }

    async fn offline(&self, fresh: &Fresh, id: AddressId, last_seen: SystemTime) -> Result<Outcome> {
        let row = self.row(fresh, id).await?;
        let same = |row: &Record| {
            row.may_be_marked() && row.host.presence == Presence::Used && row.host.last_seen == Some(last_seen)
        };
        if !row.as_ref().is_some_and(same) {
            return Ok(Outcome::Skipped);
        }
        self.update(id, &AddressFields::new().with_tag(Tag::OFFLINE), Outcome::Offline).await
    }

    async fn update(&self, id: AddressId, fields: &AddressFields, done: Outcome) -> Result<Outcome> {
        match self.client.addresses().update(id, fields).await {
            Ok(()) => Ok(done),
            Err(error) if error.is_not_found() => Ok(Outcome::Skipped),
            Err(error) => Err(error),
        }
    }

    async fn remove(&self, id: AddressId, last_seen: SystemTime) -> Result<Outcome> {
        // A deletion cannot be taken back, so the row is read once more right before it.
        let row = self.read_one(id).await?;
        let same =
            |row: &Record| row.may_be_marked() && row.host.created_by_agent && row.host.last_seen == Some(last_seen);
        if !row.as_ref().is_some_and(same) {
            return Ok(Outcome::Skipped);
        }
        match self.client.addresses().delete(id).await {
            Ok(()) => Ok(Outcome::Removed),
            Err(error) if error.is_not_found() => Ok(Outcome::Skipped),
            // 1.8.2 deletes an address that a NAT rule names, and then fails.
            Err(error) if error.may_have_been_done() && self.read_one(id).await?.is_none() => Ok(Outcome::Removed),
            Err(error) => Err(error),
        }
    }
}

impl Record {
    /// Returns true if a scan may mark this row offline or delete it.
    pub(super) const fn may_be_marked(&self) -> bool {
        !self.claimed && !self.host.excluded && !matches!(self.host.presence, Presence::Kept)
    }
}
