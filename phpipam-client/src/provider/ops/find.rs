//! `find` and `update`.

use std::collections::BTreeMap;

use ipam_core::{Allocation, Error as CoreError, Find, Page, Patch, RangeId, Result, SpaceId, Update};

use crate::error::Result as ClientResult;
use crate::models::{Address, AddressFields, AddressId, SubnetId};
use crate::provider::Inner;
use crate::provider::key::group::Standing;
use crate::provider::key::mark::{Found, State, with_mark};
use crate::provider::map::error::failed;
use crate::provider::map::model::{OWNER_WIDTH, row_of};
use crate::provider::ops::list::page;
use crate::provider::snapshot::Snapshot;
use crate::query::Filter;

impl Inner {
    pub(crate) async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        const OP: &str = "find";
        request.validate()?;
        page(OP, &request.page, self.config.page_size, std::iter::empty::<u64>(), |id| *id)?;
        self.tie_up().await;
        let rows = self.candidates(request).await.map_err(failed(OP))?;
        let rows = self.told(rows).await.map_err(failed(OP))?;
        let homes = self.homes(&rows).await.map_err(failed(OP))?;
        // Who asks for one address is told also that it is set aside, and what for.
        let all = request.address.is_some();
        let rows = rows.iter().zip(&homes).filter(|(row, _)| all || !self.words.is_reservation(row));
        let found = rows.filter_map(|(row, home)| {
            let allocation = self.words.allocation(row, home.as_ref()?)?;
            request.matches(&allocation).then_some((row.id, allocation))
        });
        let found = page(OP, &request.page, self.config.page_size, found, |(id, _)| id.get())?;
        Ok(Page::new(found.items.into_iter().map(|(_, allocation)| allocation).collect(), found.next))
    }

    /// Rows that may match, by the condition that the server narrows down best.
    async fn candidates(&self, request: &Find) -> ClientResult<Vec<Address>> {
        let client = &self.client;
        let rows = if let Some(id) = &request.id {
            let Some((row, _)) = row_of(id) else { return Ok(Default::default()) };
            self.row_now(row).await?.into_iter().collect()
        } else if let Some(key) = &request.key {
            let decision = self.standing(key).await?;
            match decision.standing {
                Standing::Taken(group) => group.rows.into_values().map(|row| row.address).collect(),
                Standing::Free | Standing::Pending(_) => Vec::new(),
            }
        } else if let Some(ip) = request.address {
            self.read(|| async { client.addresses().search(ip).await }).await?
        } else if let Some(mac) = request.mac {
            let mac = mac.to_string();
            self.read(|| async { client.addresses().search_mac(&mac).await }).await?
        } else if let Some(range) = &request.range {
            self.rows_of_range(range).await?
        } else if let Some(hostname) = request.hostname.as_deref().filter(|name| fits_path(name)) {
            // The database compares without regard to capitals.
            self.read(|| async { client.addresses().search_hostname(hostname).await }).await?
        } else if let Some(owner) = request.owner.as_ref().filter(|owner| owner.as_str().chars().count() <= OWNER_WIDTH)
        {
            if self.probed.search && is_plain(owner.as_str()) {
                self.read(|| async { client.search().addresses(owner.as_str()).await }).await?
            } else {
                let filter = Filter::equals("owner", owner);
                self.read(|| async { client.addresses().list_filtered(&filter).await }).await?
            }
        } else {
            self.all_rows(request.space.as_ref()).await?
        };
        Ok(rows)
    }

    /// The addresses of a range, in its own subnet and around it.
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

    async fn all_rows(&self, space: Option<&SpaceId>) -> ClientResult<Vec<Address>> {
        use futures_util::{StreamExt, TryStreamExt};
        let client = &self.client;
        let all = self.read(|| async { client.addresses().list().await }).await;
        match all {
            Err(error) if crate::provider::snapshot::is_too_large(&error) => {
                let snapshot = Snapshot::of_subnets(self).await?;
                let served =
                    snapshot.ranges(self).filter(|(row, _)| space.is_none_or(|space| *space == snapshot.space(row)));
                let ids: Vec<SubnetId> = served.map(|(row, _)| row.id).collect();
                futures_util::stream::iter(ids)
                    .map(|id| self.read(move || async move { client.subnets().addresses(id).await }))
                    .buffered(crate::provider::snapshot::AT_ONCE)
                    .try_concat()
                    .await
            }
            all => all,
        }
    }

    pub(crate) async fn row_now(&self, id: AddressId) -> ClientResult<Option<Address>> {
        match self.read(|| async { self.client.addresses().get(id).await }).await {
            Err(error) if error.is_not_found() => Ok(None),
            row => row.map(Some),
        }
    }

    /// Leaves out what nobody was told of: claims that are not whole, and those whose callers went away.
    async fn told(&self, rows: Vec<Address>) -> ClientResult<Vec<Address>> {
        let mut told = Vec::with_capacity(rows.len());
        let mut doubtful = BTreeMap::new();
        for address in rows {
            match self.words.of_address(&address) {
                Found::Mark(mark) if self.claims.is_unwanted(mark.nonce) => {}
                Found::Mark(mark) if mark.state == State::Pending => {
                    doubtful.entry(mark.key.clone()).or_insert_with(Vec::new).push(address);
                }
                Found::Mark(_) | Found::None | Found::Unreadable => told.push(address),
            }
        }
        // The first address of a claim decides, and may be in another range.
        for (key, rows) in doubtful {
            if let Standing::Taken(group) = self.standing(&key).await?.standing {
                let ids: Vec<AddressId> = group.rows.values().map(|row| row.address.id).collect();
                told.extend(rows.into_iter().filter(|row| ids.contains(&row.id)));
            }
        }
        Ok(told)
    }

    pub(crate) async fn update(&self, request: &Update) -> Result<Allocation> {
        const OP: &str = "update";
        request.validate()?;
        self.needs_write(OP)?;
        if !request.expiry.is_keep() {
            return Err(CoreError::unsupported(OP, "phpIPAM").with_context("reason", "addresses do not expire"));
        }
        let mut labels = ipam_core::Labels::default();
        labels.hostname = request.hostname.clone().apply(None);
        labels.description = request.description.clone().apply(None);
        self.labels_fit(OP, 0, &labels)?;
        let missing = || CoreError::not_found(OP, "allocation", &request.allocation);
        let (id, nonce) = row_of(&request.allocation).ok_or_else(missing)?;
        let row = self.row_now(id).await.map_err(failed(OP))?.ok_or_else(missing)?;
        let found = self.words.of_address(&row);
        if found.mark().map(|mark| mark.nonce) != nonce || self.words.is_reservation(&row) {
            return Err(missing());
        }
        let mut fields = AddressFields::new()
            .patch_hostname(request.hostname.clone())
            .patch_description(request.description.clone())
            .patch_mac(request.mac.map(|mac| mac.to_string()))
            // The server resets a tag that is not sent.
            .with_tag(row.tag.unwrap_or(self.tag));
        match (&request.tags, &found) {
            (Patch::Keep, _) => {}
            (tags, Found::Mark(mark)) => {
                let mut mark = (**mark).clone();
                mark.tags = tags.clone().apply_or_default(mark.tags);
                fields = match &self.words.address_mark {
                    None => fields.with_note(with_mark(row.note.as_deref().unwrap_or_default(), &mark)),
                    Some(field) => {
                        let text = row.extra.get(field).and_then(|text| text.as_str()).unwrap_or_default();
                        fields.with_custom_field(field, with_mark(text, &mark))
                    }
                };
            }
            (Patch::Clear, _) => {}
            (Patch::Set(tags), _) if tags.is_empty() => {}
            (Patch::Set(_), _) => {
                let reason = "tags are kept in the mark of an allocation, and this address was not allocated here";
                return Err(CoreError::unsupported(OP, "phpIPAM").with_context("reason", reason));
            }
        }
        let fields = self.carried(OP, &row, fields)?;
        match self.client.addresses().update(id, &fields).await {
            Err(error) if error.is_not_found() => return Err(missing()),
            answer => answer.map_err(failed(OP))?,
        }
        let row = self.row_now(id).await.map_err(failed(OP))?.ok_or_else(missing)?;
        let home = self.homes(std::slice::from_ref(&row)).await.map_err(failed(OP))?.pop().flatten();
        self.words.allocation(&row, &home.ok_or_else(missing)?).ok_or_else(missing)
    }
}

/// Whether a text can stand in a path.
fn fits_path(text: &str) -> bool {
    !text.is_empty() && text != "0" && text != "." && text != ".." && !text.contains(['/', '\\', '\0'])
}

/// Whether a text can stand in a path as it is, and is no address: the server would search for a range then.
fn is_plain(text: &str) -> bool {
    fits_path(text)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'@'))
        && text.parse::<f64>().is_err()
}
