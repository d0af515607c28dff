//! `addresses`

pub(crate) mod model;

use std::net::IpAddr;

use futures_util::stream::BoxStream;
use http::Method;

use self::model::{Address, AddressFields, Ping};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::changelog::ChangelogEntry;
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::tools::tags::model::Tag;
use crate::error::{Error, RefusalKind, Result, Shortage};
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::stream;
use crate::wire::{AddressId, SubnetId, TagId};

/// Addresses; see [`Client::addresses`].
///
/// Addresses are read, changed and deleted by id. The server's paths by IP find the wrong row, or none, or fail, each
/// in other versions; [`find_in_subnet`](Self::find_in_subnet) finds the id.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    client: &'a Client,
}

/// What [`Addresses::allocate_first_free`] took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allocated {
    /// The id of the new address.
    pub id: AddressId,
    /// The address.
    pub ip: IpAddr,
    /// What PHP printed before the response; only with
    /// [`ClientBuilder::with_lenient_bodies`](crate::ClientBuilder::with_lenient_bodies).
    pub warning: Option<String>,
}

fn path() -> Path {
    Path::new("addresses")
}

fn one(id: AddressId) -> Path {
    path().id("address id", id.get())
}

impl<'a> Addresses<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Every address of the server. Since 1.4. The server fails from some 30 000 on, unless PHP has more memory: list
    /// them by subnet.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list(&self) -> Result<Vec<Address>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("all"))?, None).await
    }

    /// The addresses that match. Since 1.4. The server reads all of them first, so the limit of [`list`](Self::list)
    /// holds.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Address>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path().word("all"))?), None).await
    }

    /// Every address, or those that match, row by row: memory holds one row. Since 1.4; the limit of
    /// [`list`](Self::list) is the server's and holds.
    ///
    /// # Errors
    /// A row that cannot be read is an item of its own; any other [`Error`] is the last item.
    pub fn stream(&self, filter: Option<&Filter>) -> BoxStream<'a, Result<Address>> {
        let request = ApiRequest::get(Call::List, path().word("all"));
        let request = request.map(|request| filter.map_or(request.clone(), |filter| filter.apply(request)));
        stream::rows(self.client, request, None)
    }

    /// One address.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn get(&self, id: AddressId) -> Result<Address> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// The address in all subnets that have it.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn search(&self, ip: IpAddr) -> Result<Vec<Address>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("search").ip(ip))?, None).await
    }

    /// The address in one subnet, if it is there.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn find_in_subnet(&self, subnet: SubnetId, ip: IpAddr) -> Result<Option<Address>> {
        Ok(self.search(ip).await?.into_iter().find(|address| address.subnet_id == Some(subnet)))
    }

    /// Addresses with this host name.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn search_hostname(&self, hostname: &str) -> Result<Vec<Address>> {
        self.search_text("search_hostname", "host name", hostname).await
    }

    /// Addresses whose host name starts so.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn search_hostbase(&self, prefix: &str) -> Result<Vec<Address>> {
        self.search_text("search_hostbase", "host name", prefix).await
    }

    /// Addresses with this MAC address, in any form; those that were stored in another form than `00:11:22:aa:bb:cc`
    /// are not found. Since 1.4.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn search_mac(&self, mac: &str) -> Result<Vec<Address>> {
        self.search_text("search_mac", "MAC address", mac).await
    }

    /// Addresses linked to this value, by the field that the server is set up to link by. Since 1.4.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn search_linked(&self, value: &str) -> Result<Vec<Address>> {
        self.search_text("search_linked", "value", value).await
    }

    async fn search_text(&self, word: &str, field: &str, text: &str) -> Result<Vec<Address>> {
        self.client.list(&ApiRequest::get(Call::List, path().word(word).text(field, text))?, None).await
    }

    /// The first free address, **without taking it**. The same error for a subnet that is full, has children, is a
    /// folder or does not exist: "exhausted".
    ///
    /// # Errors
    /// [`Error`]
    pub async fn peek_first_free(&self, subnet: SubnetId) -> Result<IpAddr> {
        let path = path().word("first_free").id("subnet id", subnet.get());
        self.client.call(&ApiRequest::get(Call::Peek, path)?).await?.decode()
    }

    /// Asks the server to check whether the address answers. Slow when it does not.
    ///
    /// # Errors
    /// [`Error`]; of kind `Config` when the server has no ping.
    pub async fn ping(&self, id: AddressId) -> Result<Ping> {
        self.client.one(&ApiRequest::get(Call::One, one(id).word("ping"))?).await
    }

    /// What was changed, newest first. Since 1.7.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn changelog(&self, id: AddressId) -> Result<Vec<ChangelogEntry>> {
        crate::controllers::changelog::list(self.client, "addresses", "address id", id.get()).await
    }

    /// The custom fields of addresses.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "addresses").await
    }

    /// All tags.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("tags"))?, None).await
    }

    /// One tag.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn tag(&self, id: TagId) -> Result<Tag> {
        self.client.one(&ApiRequest::get(Call::One, path().word("tags").id("tag id", id.get()))?).await
    }

    /// The addresses with a tag, of all subnets or of one.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list_by_tag(&self, id: TagId, subnet: Option<SubnetId>) -> Result<Vec<Address>> {
        let tag = || path().word("tags").id("tag id", id.get());
        let mut request = ApiRequest::get(Call::List, tag().word("addresses"))?;
        if let Some(subnet) = subnet {
            request = request.with_query("subnetId", subnet);
        }
        self.client.list_below(&request, ApiRequest::get(Call::One, tag())?).await
    }

    /// Creates this address. Another address there is a conflict.
    ///
    /// The server accepts it in a subnet that is marked full, or has children.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn create(&self, subnet: SubnetId, ip: IpAddr, fields: &AddressFields) -> Result<Created<AddressId>> {
        if subnet.get() == 0 {
            return Err(Error::invalid("subnet id", 0, "ids start at 1"));
        }
        let mut fields = fields.fields.clone();
        fields.set("subnetId", subnet);
        fields.set("ip", ip);
        write::create(self.client, path(), &fields).await
    }

    /// Takes the first free address of a subnet, in one call on the server.
    ///
    /// Calls for one subnet go one after another in this process. Where others are faster the call is repeated; where
    /// nothing is free the subnet is looked at, to say why.
    ///
    /// # Errors
    /// [`Error`]; [`RefusalKind::Exhausted`] names the cause. After [`Error::may_have_been_done`] look for the address
    /// before asking again: the call is not repeated then.
    pub async fn allocate_first_free(&self, subnet: SubnetId, fields: &AddressFields) -> Result<Allocated> {
        let path = path().word("first_free").id("subnet id", subnet.get());
        let request = ApiRequest::new(Method::POST, Call::Allocate, path)?.with_fields(fields.fields.body()?);
        let turn = self.client.subnet_locks().lock(&subnet).await;
        let answer = match self.client.call(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                drop(turn);
                return Err(self.explain(subnet, error).await);
            }
        };
        Ok(Allocated { id: AddressId::new(answer.created()?), ip: answer.decode()?, warning: answer.warning })
    }

    /// Looks up why nothing is free. What cannot be looked up stays unknown.
    async fn explain(&self, subnet: SubnetId, error: Error) -> Error {
        let Error::Refused(mut refusal) = error else { return error };
        if refusal.kind == RefusalKind::Exhausted(Shortage::Unknown) {
            let subnets = self.client.subnets();
            refusal.kind = match subnets.get(subnet).await {
                Ok(subnet) if subnet.is_folder => RefusalKind::Exhausted(Shortage::Folder),
                Ok(subnet) if subnet.is_full => RefusalKind::Exhausted(Shortage::MarkedFull),
                Ok(_) => match subnets.slaves(subnet).await {
                    Ok(slaves) if slaves.is_empty() => RefusalKind::Exhausted(Shortage::Full),
                    Ok(_) => RefusalKind::Exhausted(Shortage::HasChildren),
                    Err(_) => refusal.kind,
                },
                Err(missing) if missing.is_not_found() => match self.client.folders().get(subnet).await {
                    Ok(_) => RefusalKind::Exhausted(Shortage::Folder),
                    Err(missing) if missing.is_not_found() => RefusalKind::NotFound,
                    Err(_) => refusal.kind,
                },
                Err(_) => refusal.kind,
            };
        }
        Error::Refused(refusal)
    }

    /// Changes the named fields.
    ///
    /// The server resets the tag of an address to "used" in every change that does not name it; so when the tag is not
    /// named, it is read first and sent along. A required custom field that holds an empty text stops every change of its
    /// address that does not name it with a value: kind `Config`.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn update(&self, id: AddressId, fields: &AddressFields) -> Result<()> {
        let named = fields.fields.changes()?.has("tag");
        let mut fields = fields.clone();
        if !named && let Some(tag) = self.get(id).await?.tag {
            fields = fields.with_tag(tag);
        }
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the address back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`], [`Error::PartlyApplied`]
    pub async fn update_verified(&self, id: AddressId, fields: &AddressFields) -> Result<Address> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH addresses/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes an address. One that is gone already is "not found".
    ///
    /// # Errors
    /// [`Error`]. Where a NAT rule names the address, 1.8.2 deletes it and then fails: with an empty 500, or with an alert
    /// that the address was removed from NAT. Both [may have been done](Error::may_have_been_done); a repetition that says
    /// "not found" tells.
    pub async fn delete(&self, id: AddressId) -> Result<()> {
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, one(id))?).await.map(drop)
    }

    /// Deletes an address and its records in PowerDNS.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn delete_with_dns(&self, id: AddressId) -> Result<()> {
        let request = ApiRequest::new(Method::DELETE, Call::Write, one(id))?.with_query("remove_dns", 1);
        self.client.call(&request).await.map(drop)
    }

    /// Moves an address: creates it anew, with all its fields, and deletes the old one. The server cannot change the
    /// address or the subnet of one. When the old one cannot be deleted, the new one is taken back.
    ///
    /// # Errors
    /// [`Error`]; [`Error::PartlyApplied`] when both are left, which it names.
    pub async fn move_to(&self, id: AddressId, subnet: SubnetId, ip: IpAddr) -> Result<Created<AddressId>> {
        let old = self.get(id).await?;
        let schema = if old.extra.is_empty() { Vec::new() } else { self.custom_fields().await? };
        let mut fields = AddressFields::new()
            .patch_hostname(old.hostname.into())
            .patch_description(old.description.into())
            .patch_mac(old.mac.into())
            .patch_owner(old.owner.into())
            .patch_device(old.device_id.into())
            .patch_port(old.port.into())
            .patch_note(old.note.into())
            .patch_location(old.location.map(|location| location.id()).into())
            .patch_customer(old.customer_id.into())
            .patch_last_seen(old.last_seen.into())
            .with_is_gateway(old.is_gateway)
            .with_exclude_ping(old.exclude_ping)
            .with_ptr_ignore(old.ptr_ignore);
        if let Some(tag) = old.tag {
            fields = fields.with_tag(tag);
        }
        for field in schema {
            // An empty text is what a required field holds that was never given a value; the server takes none.
            let given = |value: &&serde_json::Value| !value.is_null() && value.as_str() != Some("");
            if let Some(value) = old.extra.get(&field.name).filter(given) {
                fields = fields.with_custom_field(&field.name, value.clone());
            }
        }
        let new = self.create(subnet, ip, &fields).await?;
        let Err(error) = self.delete(id).await else { return Ok(new) };
        let gone = error.is_not_found()
            || error.may_have_been_done() && self.get(id).await.is_err_and(|error| error.is_not_found());
        if gone {
            return Ok(new);
        }
        match self.delete(new.id).await {
            Ok(()) => Err(error),
            Err(again) if again.is_not_found() => Err(error),
            Err(_) => Err(Error::PartlyApplied {
                call: format!("move of address {id}"),
                fields: vec![format!("addresses {id} and {} are both there now", new.id)],
            }),
        }
    }
}
