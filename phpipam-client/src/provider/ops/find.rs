//! `find`: reads by the condition that narrows the server's list most, and checks the other conditions here.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Allocation, Find, Operation, Page, RangeId, Result, SpaceId};

use super::page::page;
use crate::error::Result as ClientResult;
use crate::models::{Address, AddressId, SubnetId};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::key::group::KeyOwner;
use crate::provider::map::error::{failed, is_too_large};
use crate::provider::map::mark::{Found, State};
use crate::provider::map::model::{OWNER_WIDTH, owner_of, row_of};
use crate::provider::snapshot::Snapshot;
use crate::query::Filter;

impl Inner {
    pub(crate) async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        request.validate()?;
        page(Operation::Find, &request.page, self.config.page_size, std::iter::empty::<u64>(), |id| *id)?;
        self.clean_up().await;
        let mut rows = self.candidates(request).await.map_err(failed(Operation::Find))?;
        // A search finds the text in any column. Rows of other owners would cost requests for their subnets.
        if let Some(owner) = &request.owner {
            rows.retain(|row| owner_of(row, self.mapping.of_address(row).mark()).as_ref() == Some(owner));
        }
        let rows = self.acknowledged(rows).await.map_err(failed(Operation::Find))?;
        let owning_ranges = self.owning_ranges(&rows).await.map_err(failed(Operation::Find))?;
        // A request for one address also returns reservations, so that its caller learns why it is not free.
        let all = request.address.is_some();
        let rows = rows.iter().zip(&owning_ranges).filter(|(row, _)| all || !self.mapping.is_reservation(row));
        let found = rows.filter_map(|(row, owning_range)| {
            let allocation = self.mapping.allocation(row, owning_range.as_ref()?)?;
            request.matches(&allocation).then_some((row.id, allocation))
        });
        let found = page(Operation::Find, &request.page, self.config.page_size, found, |(id, _)| id.get())?;
        Ok(Page::new(found.items.into_iter().map(|(_, allocation)| allocation).collect(), found.next))
    }

    /// Returns rows that may match, by the condition that narrows the server's list most.
    async fn candidates(&self, request: &Find) -> ClientResult<Vec<Address>> {
        let client = &self.client;
        let rows = if let Some(id) = &request.id {
            let Some((row, _)) = row_of(id) else { return Ok(Default::default()) };
            self.row_now(row).await?.into_iter().collect()
        } else if let Some(key) = &request.key {
            let decision = self.key_owner(key).await?;
            match decision.owner {
                KeyOwner::Taken(group) => group.rows.into_values().map(|row| row.address).collect(),
                KeyOwner::Free | KeyOwner::Pending(_) => Vec::new(),
            }
        } else if let Some(ip) = request.address {
            self.read(|| async { client.addresses().search(ip).await }).await?
        } else if let Some(mac) = request.mac {
            // The server searches the colon form. Rows that were stored in another form are not found.
            let mac = mac.to_string();
            self.read(|| async { client.addresses().search_mac(&mac).await }).await?
        } else if let Some(range) = &request.range {
            self.rows_of_range(range).await?
        } else if let Some(hostname) = request.hostname.as_deref().filter(|name| fits_path(name)) {
            // The server's comparison ignores case. `request.matches` decides.
            self.read(|| async { client.addresses().search_hostname(hostname).await }).await?
        } else if let Some(owner) = request.owner.as_ref().filter(|owner| owner.as_str().chars().count() <= OWNER_WIDTH)
        {
            // The search runs in the database, but takes plain texts only, and finds them in other columns too;
            // `request.matches` decides. The filter makes PHP read all addresses.
            let part = if self.probed.search { plain_part(owner.as_str()) } else { None };
            match part {
                Some(part) => self.read(|| async { client.search().addresses(part).await }).await?,
                None => {
                    let filter = Filter::equals("owner", owner);
                    self.read(|| async { client.addresses().list_filtered(&filter).await }).await?
                }
            }
        } else {
            self.all_rows(request.space.as_ref()).await?
        };
        Ok(rows)
    }

    /// Returns the addresses of a range, in its own subnet and in enclosing ones.
    async fn rows_of_range(&self, range: &RangeId) -> ClientResult<Vec<Address>> {
        let Ok(id) = range.as_str().parse::<SubnetId>() else { return Ok(Vec::new()) };
        let subnet = match self.read(|| async { self.client.subnets().get(id).await }).await {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            subnet => subnet?,
        };
        let mut rows = match self.read(|| async { self.client.subnets().addresses(id).await }).await {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            rows => rows?,
        };
        if let Some(net) = subnet.network().filter(|_| subnet.master_subnet_id.is_some()) {
            let mut around = self.surroundings(&subnet, net).await?.around;
            around.retain(|subnet| subnet.is_ancestor);
            rows.extend(self.elsewhere(net, &around).await?.rows);
        }
        Ok(rows)
    }

    pub(super) async fn all_rows(&self, space: Option<&SpaceId>) -> ClientResult<Vec<Address>> {
        let client = &self.client;
        let all = self.read(|| async { client.addresses().list().await }).await;
        match all {
            Err(error) if is_too_large(&error) => {
                let snapshot = Snapshot::of_subnets(self).await?;
                let served =
                    snapshot.ranges(self).filter(|(row, _)| space.is_none_or(|space| *space == snapshot.space(row)));
                let ids: Vec<SubnetId> = served.map(|(row, _)| row.id).collect();
                stream::iter(ids)
                    .map(|id| self.read(move || async move { client.subnets().addresses(id).await }))
                    .buffered(MAX_CONCURRENT)
                    .try_concat()
                    .await
            }
            all => all,
        }
    }

    /// Removes rows that no caller was told of: pending claims, and claims of this process that are being undone.
    pub(super) async fn acknowledged(&self, rows: Vec<Address>) -> ClientResult<Vec<Address>> {
        let mut acknowledged = Vec::with_capacity(rows.len());
        let mut doubtful = BTreeMap::new();
        for address in rows {
            match self.mapping.of_address(&address) {
                Found::Mark(mark) if self.claims.must_be_undone(mark.nonce) => {}
                Found::Mark(mark) if mark.state == State::Pending => {
                    doubtful.entry(mark.key.clone()).or_insert_with(Vec::new).push(address);
                }
                Found::Mark(_) | Found::None | Found::Unreadable => acknowledged.push(address),
            }
        }
        // Row 0 decides whether a pending row belongs to a committed claim, and row 0 may be in another range.
        for (key, rows) in doubtful {
            if let KeyOwner::Taken(group) = self.key_owner(&key).await?.owner {
                let ids: Vec<AddressId> = group.rows.values().map(|row| row.address.id).collect();
                acknowledged.extend(rows.into_iter().filter(|row| ids.contains(&row.id)));
            }
        }
        Ok(acknowledged)
    }
}

/// Returns true if the server's path can hold a text. The server drops the segment `0`, and a slash splits it.
fn fits_path(text: &str) -> bool {
    !text.is_empty() && text != "0" && text != "." && text != ".." && !text.contains(['/', '\\', '\0'])
}

/// Returns a part of a text that can be searched for: all of it, or else its longest plain part, if that is long enough to
/// find few addresses, such as the id in `/resources/compute/226478cf`.
fn plain_part(text: &str) -> Option<&str> {
    // A short part, such as a word, is in many owners and descriptions.
    const MIN_LEN: usize = 16;
    if is_plain(text) {
        return Some(text);
    }
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '@')));
    parts.filter(|part| part.len() >= MIN_LEN && is_plain(part)).max_by_key(|part| part.len())
}

/// Returns true if the path can hold a text unchanged and it is no address or number: the server would search for a
/// range of addresses then.
fn is_plain(text: &str) -> bool {
    fits_path(text)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'@'))
        && text.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_plain_part_of_an_owner_is_searched_for() {
        for (owner, part) in [
            ("vm-1", Some("vm-1")),
            ("/resources/compute/226478cf-0a1b-4c2d", Some("226478cf-0a1b-4c2d")),
            ("/resources/sub-networks/226478cf0a1b4c2d/0123456789", Some("226478cf0a1b4c2d")),
            // Too short: it would find what other owners have.
            ("/resources/compute/vm-1", None),
            ("10.0.0.1", None),
            // A number, which the server takes for an address.
            ("/1234567890123456789", None),
            ("", None),
        ] {
            assert_eq!(plain_part(owner), part, "{owner}");
        }
    }
}
