//! `find`: reads by the condition that narrows the server's list most, and checks the other conditions here.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipam_core::{Allocation, Find, Operation, Page, PageRequest, RangeId, Result};

use super::page::{Cursor, id};
use crate::error::Result as ClientResult;
use crate::models::{Address, AddressId, SubnetId};
use crate::provider::inner::Inner;
use crate::provider::key::group::KeyOwner;
use crate::provider::lists::without_filters::is_unknown_call;
use crate::provider::map::address_row::AddressRow;
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, State};
use crate::provider::map::model::{OWNER_WIDTH, row_of};
use crate::provider::map::overlap::OwningRange;
use crate::query::Filter;

/// Addresses that a request found, in ascending order of their ids, kept for its further pages.
struct FoundList {
    request: Find,
    rows: Vec<(AddressRow, Arc<OwningRange>)>,
}

impl Inner {
    pub(crate) async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        request.validate()?;
        let cursor = Cursor::read(Operation::Find, &request.page, self.config.page_size, id)?;
        self.clean_up().await;
        let mut wanted = request.clone();
        wanted.page = PageRequest::default();
        let kept = self.kept.get::<FoundList>(cursor.listing).filter(|list| list.request == wanted);
        let list = match kept {
            Some(list) => list,
            None => {
                let rows = self.found(&wanted).await.map_err(failed(Operation::Find))?;
                Arc::new(FoundList { request: wanted, rows })
            }
        };
        let start = list.rows.partition_point(|(row, _)| cursor.after.is_some_and(|after| row.id.get() <= after));
        let rows = list.rows.get(start..).unwrap_or_default();
        let page = cursor.page(rows.iter(), |(row, _)| row.id.get());
        match page.next {
            Some(_) => self.kept.put(cursor.listing, &list, list.rows.len()),
            None => self.kept.remove(cursor.listing),
        }
        let allocations = page.items.into_iter().map(|(row, range)| row.allocation(&self.mapping, range));
        Ok(Page::new(allocations.collect(), page.next))
    }

    /// Returns the addresses that match, in ascending order of their ids.
    async fn found(&self, request: &Find) -> ClientResult<Vec<(AddressRow, Arc<OwningRange>)>> {
        let mut rows = self.candidates(request).await?;
        // A search finds the text in any column. Rows of other owners would cost requests for their subnets.
        if let Some(owner) = &request.owner {
            rows.retain(|row| row.owner().as_ref() == Some(owner));
        }
        // A request for one address also returns reservations, so that its caller learns why it is not free.
        if request.address.is_none() {
            rows.retain(|row| !row.is_reservation(&self.mapping));
        }
        let rows = self.acknowledged(rows).await?;
        let owning_ranges = self.owning_ranges_of(&rows).await?;
        let mut found: Vec<(AddressRow, Arc<OwningRange>)> =
            rows.into_iter().zip(owning_ranges).filter_map(|(row, range)| Some((row, range?))).collect();
        if *request != Find::default() {
            found.retain(|(row, range)| request.matches(&row.allocation(&self.mapping, range)));
        }
        found.sort_unstable_by_key(|(row, _)| row.id);
        found.dedup_by_key(|(row, _)| row.id);
        Ok(found)
    }

    /// Returns rows that may match, by the condition that narrows the server's list most.
    async fn candidates(&self, request: &Find) -> ClientResult<Vec<AddressRow>> {
        let client = &self.client;
        let rows: Vec<Address> = if let Some(id) = &request.id {
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
            match self.read(|| async { client.addresses().search_mac(&mac).await }).await {
                // 1.3 searches no MAC addresses; `request.matches` decides.
                Err(error) if is_unknown_call(&error) => {
                    return self.all_addresses(|row| AddressRow::new(&self.mapping, &row)).await;
                }
                rows => rows?,
            }
        } else if let Some(range) = &request.range {
            return self.rows_of_range(range).await;
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
                    let has_owner = |row: &Address| row.owner.as_deref() == Some(owner.as_str());
                    self.filtered_addresses(&filter, has_owner).await?
                }
            }
        } else {
            return self.all_addresses(|row| AddressRow::new(&self.mapping, &row)).await;
        };
        Ok(rows.iter().filter_map(|row| AddressRow::new(&self.mapping, row)).collect())
    }

    /// Returns the addresses of a range, in its own subnet and in enclosing ones.
    async fn rows_of_range(&self, range: &RangeId) -> ClientResult<Vec<AddressRow>> {
        let Ok(id) = range.as_str().parse::<SubnetId>() else { return Ok(Vec::new()) };
        let subnet = match self.read(|| async { self.client.subnets().get(id).await }).await {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            subnet => subnet?,
        };
        let Some(net) = subnet.network() else { return Ok(Vec::new()) };
        let row = |row: Address| AddressRow::new(&self.mapping, &row);
        let mut rows = match self.subnet_addresses(id, net, row).await {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            rows => rows?,
        };
        if subnet.master_subnet_id.is_some() {
            let mut around = self.surroundings(&subnet, net).await?.around;
            around.retain(|subnet| subnet.is_ancestor);
            rows.extend(self.elsewhere(net, &around).await?.rows.into_iter().filter_map(row));
        }
        Ok(rows)
    }

    /// Removes rows that no caller was told of: pending claims, and claims of this process that are being undone.
    pub(super) async fn acknowledged(&self, mut rows: Vec<AddressRow>) -> ClientResult<Vec<AddressRow>> {
        let mut doubtful = BTreeMap::new();
        rows.retain(|row| match row.found() {
            Found::Mark(mark) if self.claims.must_be_undone(mark.nonce) => false,
            Found::Mark(mark) if mark.state == State::Pending => {
                doubtful.entry(mark.key).or_insert_with(Vec::new).push(row.clone());
                false
            }
            Found::Mark(_) | Found::None | Found::Unreadable => true,
        });
        // Row 0 decides whether a pending row belongs to a committed claim, and row 0 may be in another range.
        for (key, doubtful) in doubtful {
            if let KeyOwner::Taken(group) = self.key_owner(&key).await?.owner {
                let ids: Vec<AddressId> = group.rows.values().map(|row| row.address.id).collect();
                rows.extend(doubtful.into_iter().filter(|row| ids.contains(&row.id)));
            }
        }
        Ok(rows)
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
