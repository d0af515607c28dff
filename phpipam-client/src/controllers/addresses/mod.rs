//! Controller `addresses`.

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
/// Addresses are read, changed and deleted by id. The server's paths by IP find the wrong row, find none, or fail,
/// depending on the version; [`find_in_subnet`](Self::find_in_subnet) returns the id.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{AddressFields, SectionFields, SubnetFields, Tag};
///
/// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
/// let subnet = client.subnets().create(section, "10.0.0.0/29".parse()?, &SubnetFields::new()).await?.id;
///
/// let fields = AddressFields::new().with_hostname("web1.example").with_tag(Tag::RESERVED);
/// let taken = client.addresses().allocate_first_free(subnet, &fields).await?;
/// assert_eq!(taken.ip.to_string(), "10.0.0.1");
///
/// // The tag stays, although the server resets it in every change that does not send it.
/// client.addresses().update(taken.id, &AddressFields::new().with_note("rack 7")).await?;
/// assert_eq!(client.addresses().get(taken.id).await?.tag, Some(Tag::RESERVED));
/// client.addresses().delete(taken.id).await?;
/// assert!(client.addresses().find_in_subnet(subnet, taken.ip).await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    client: &'a Client,
}

/// Result of [`Addresses::allocate_first_free`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allocated {
    /// Id of the new address.
    pub id: AddressId,
    /// Address.
    pub ip: IpAddr,
    /// Other text around the response's JSON; only with
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

    /// Lists every address of the server.
    ///
    /// Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid). The server fails from some 30 000
    /// addresses on with PHP's usual memory limit, so large sites list them by subnet
    /// ([`Subnets::addresses`](super::Subnets::addresses)).
    ///
    /// # Errors
    /// [`Error::EmptyBody`] or [`Error::ServerExhausted`] if the list does not fit into PHP's
    /// memory; otherwise the [common errors](crate::Error#common-errors).
    pub async fn list(&self) -> Result<Vec<Address>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("all"))?, None).await
    }

    /// Lists the addresses that match.
    ///
    /// Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid). The server reads all addresses first,
    /// so the limit of [`list`](Self::list) applies.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if addresses have no such field; otherwise as
    /// [`list`](Self::list).
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Address>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path().word("all"))?), None).await
    }

    /// Streams every address, or those that match. The client's memory holds one row.
    ///
    /// Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid). The limit of [`list`](Self::list) is
    /// the server's and applies.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use futures_util::StreamExt as _;
    /// use phpipam_client::Error;
    ///
    /// let mut rows = client.addresses().stream(None);
    /// let mut count = 0;
    /// while let Some(row) = rows.next().await {
    ///     match row {
    ///         Ok(_) => count += 1,
    ///         Err(Error::Row(bad)) => eprintln!("skipped: {bad}"),
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// assert_eq!(count, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A row that cannot be read is one item, [`Error::Row`], and the stream continues. Any other error, as of
    /// [`list`](Self::list), is the last item.
    pub fn stream(&self, filter: Option<&Filter>) -> BoxStream<'a, Result<Address>> {
        let request = ApiRequest::get(Call::List, path().word("all"));
        let request = request.map(|request| filter.map_or(request.clone(), |filter| filter.apply(request)));
        stream::rows(self.client, request, None)
    }

    /// Returns one address.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: AddressId) -> Result<Address> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Returns the address in all subnets that have it.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; an address that no subnet has is an empty list.
    pub async fn search(&self, ip: IpAddr) -> Result<Vec<Address>> {
        // This path is right in every version. `addresses/{ip}/{subnetId}/` finds only the subnet's first row on 1.8
        // (Q27), and `subnets/{id}/addresses/{ip}/` dies on PHP 8 if the subnet has no addresses (Q28).
        self.client.list(&ApiRequest::get(Call::List, path().word("search").ip(ip))?, None).await
    }

    /// Returns the address in one subnet, if it is registered there.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; neither a missing address nor a missing subnet is an
    /// error.
    pub async fn find_in_subnet(&self, subnet: SubnetId, ip: IpAddr) -> Result<Option<Address>> {
        // The same address may be registered in several subnets, sections and VRFs (Q70), so the subnet decides.
        Ok(self.search(ip).await?.into_iter().find(|address| address.subnet_id == Some(subnet)))
    }

    /// Returns the addresses with this host name.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name cannot be a part of a path (empty, `0`, or with a slash);
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn search_hostname(&self, hostname: &str) -> Result<Vec<Address>> {
        self.search_text("search_hostname", "host name", hostname).await
    }

    /// Returns the addresses whose host name starts with this text: `web` finds `web1.example`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text cannot be a part of a path (empty, `0`, or with a slash);
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn search_hostbase(&self, prefix: &str) -> Result<Vec<Address>> {
        self.search_text("search_hostbase", "host name", prefix).await
    }

    /// Returns the addresses with this MAC address, given in any form.
    ///
    /// Addresses that were stored in another form than `00:11:22:aa:bb:cc` are not found. Since 1.4; 1.3 refuses with
    /// kind [`Invalid`](crate::RefusalKind::Invalid).
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text cannot be a part of a path; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn search_mac(&self, mac: &str) -> Result<Vec<Address>> {
        self.search_text("search_mac", "MAC address", mac).await
    }

    /// Returns the addresses that are linked by this value.
    ///
    /// The setting "Link addresses" of the server (`link_field`) names the field that is compared, such as the host
    /// name. Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid).
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text cannot be a part of a path; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn search_linked(&self, value: &str) -> Result<Vec<Address>> {
        self.search_text("search_linked", "value", value).await
    }

    async fn search_text(&self, word: &str, field: &str, text: &str) -> Result<Vec<Address>> {
        self.client.list(&ApiRequest::get(Call::List, path().word(word).text(field, text))?, None).await
    }

    /// Returns the first free address, **without allocating it**.
    ///
    /// [`Subnets::peek_first_free`](super::Subnets::peek_first_free) asks for the same by another path and tells the
    /// causes of a failure apart; prefer it.
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) without a reason if the subnet is full, is marked
    /// full, has children, is a folder, or does not exist; otherwise the [common errors](crate::Error#common-errors).
    pub async fn peek_first_free(&self, subnet: SubnetId) -> Result<IpAddr> {
        let path = path().word("first_free").id("subnet id", subnet.get());
        self.client.call(&ApiRequest::get(Call::Peek, path)?).await?.decode()
    }

    /// Makes the server ping the address, and returns the result.
    ///
    /// The server waits for an address that is offline, so raise
    /// [`HttpOptions::with_attempt_timeout`](crate::HttpOptions::with_attempt_timeout) if its ping timeout is long. As
    /// a read, the call is repeated if its response is lost.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, or
    /// [`Config`](crate::RefusalKind::Config) if the server has no `ping` program; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn ping(&self, id: AddressId) -> Result<Ping> {
        self.client.one(&ApiRequest::get(Call::One, one(id).word("ping"))?).await
    }

    /// Lists the changes of an address, newest first. Since 1.7.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.7; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn changelog(&self, id: AddressId) -> Result<Vec<ChangelogEntry>> {
        crate::controllers::changelog::list(self.client, "addresses", "address id", id.get()).await
    }

    /// Lists the custom fields of addresses.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; no custom fields are an empty list.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "addresses").await
    }

    /// Lists the address tags.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("tags"))?, None).await
    }

    /// Returns one address tag.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such tag; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn tag(&self, id: TagId) -> Result<Tag> {
        self.client.one(&ApiRequest::get(Call::One, path().word("tags").id("tag id", id.get()))?).await
    }

    /// Lists the addresses with a tag, of all subnets or of one.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such tag; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn list_by_tag(&self, id: TagId, subnet: Option<SubnetId>) -> Result<Vec<Address>> {
        let tag = || path().word("tags").id("tag id", id.get());
        let mut request = ApiRequest::get(Call::List, tag().word("addresses"))?;
        if let Some(subnet) = subnet {
            request = request.with_query("subnetId", subnet);
        }
        self.client.list_below(&request, ApiRequest::get(Call::One, tag())?).await
    }

    /// Creates this address in a subnet. The server accepts it also in a subnet that is marked full or has children.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the subnet has the address already,
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet (up to 1.4:
    /// [`Invalid`](crate::RefusalKind::Invalid)), or [`Invalid`](crate::RefusalKind::Invalid) if the address lies
    /// outside, is the network or broadcast address, or names a device or tag that does not exist.
    /// [`Config`](crate::RefusalKind::Config) if a required custom field has no value. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn create(&self, subnet: SubnetId, ip: IpAddr, fields: &AddressFields) -> Result<Created<AddressId>> {
        // The id goes into the body here, where no `Path` checks it.
        if subnet.get() == 0 {
            return Err(Error::invalid("subnet id", 0, "ids start at 1"));
        }
        let mut fields = fields.fields.clone();
        fields.set("subnetId", subnet);
        fields.set("ip", ip);
        write::create(self.client, path(), &fields).await
    }

    /// Allocates the first free address of a subnet, in one call of the server.
    ///
    /// Calls for one subnet run one after another in this process. A call that another writer was quicker at is
    /// repeated, within [`ClientBuilder::with_allocate_retry`](crate::ClientBuilder::with_allocate_retry). If nothing
    /// is free, up to two reads of the subnet find out why.
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) with the [`Shortage`],
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet,
    /// [`Conflict`](crate::RefusalKind::Conflict) if other writers were quicker each time, or
    /// [`Invalid`](crate::RefusalKind::Invalid) for a field that the server does not accept; otherwise the [common
    /// errors](crate::Error#common-errors).
    ///
    /// If [`Error::may_have_been_done`] is true, the address may be allocated and the call was not repeated: look for
    /// it, such as by its host name, before the next attempt.
    pub async fn allocate_first_free(&self, subnet: SubnetId, fields: &AddressFields) -> Result<Allocated> {
        let path = path().word("first_free").id("subnet id", subnet.get());
        let request = ApiRequest::new(Method::POST, Call::Allocate, path)?.with_fields(fields.fields.body()?);
        // In one process the calls wait for each other here, which costs less than to lose the race on the server and
        // to repeat (Q65).
        let turn = self.client.subnet_locks().lock(&subnet).await;
        let success = match self.client.call(&request).await {
            Ok(success) => success,
            Err(error) => {
                // Looking up the reason takes up to two reads, which the next caller need not wait for.
                drop(turn);
                return Err(self.explain(subnet, error).await);
            }
        };
        Ok(Allocated { id: AddressId::new(success.created()?), ip: success.decode()?, warning: success.warning })
    }

    /// Looks up why nothing is free. A reason that cannot be read stays unknown.
    async fn explain(&self, subnet: SubnetId, error: Error) -> Error {
        let Error::Refused(mut refusal) = error else { return error };
        if refusal.kind == RefusalKind::Exhausted(Shortage::Unknown) {
            let subnets = self.client.subnets();
            // One text stands for five causes (Q66). The first read tells a folder and the mark "full" apart; only then the children
            // are worth a second one.
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

    /// Changes the fields that are set.
    ///
    /// The server resets the tag of an address to "Used" in every change that does not send one (Q61). If the tag is
    /// not set, it is therefore read first and sent along.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, or
    /// [`Invalid`](crate::RefusalKind::Invalid) for a field that the server does not accept.
    /// [`Config`](crate::RefusalKind::Config) if a required custom field of the address holds an empty text: the server
    /// turns that into NULL and refuses the change, until the field is set too (Q73). Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: AddressId, fields: &AddressFields) -> Result<()> {
        // Q61: without a tag in the change the server stores 2, "Used". Between the read and the change another client
        // may set a tag, which is lost then; the server offers no condition that would prevent it.
        let named = fields.fields.changes()?.has("tag");
        let mut fields = fields.clone();
        if !named && let Some(tag) = self.get(id).await?.tag {
            fields = fields.with_tag(tag);
        }
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the address back, and compares.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`] if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: AddressId, fields: &AddressFields) -> Result<Address> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH addresses/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes an address.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, also because it was
    /// deleted before; otherwise the [common errors](crate::Error#common-errors).
    ///
    /// If a NAT rule names the address, 1.8.2 deletes it and then fails, with
    /// [`Error::EmptyBody`] or a refusal of kind [`Server`](crate::RefusalKind::Server). For
    /// both [`Error::may_have_been_done`] is true. Delete it again: [`NotFound`](crate::RefusalKind::NotFound) means
    /// that it is gone.
    pub async fn delete(&self, id: AddressId) -> Result<()> {
        // By id only: DELETE by IP and subnet finds nothing on 1.5 and 1.6 with PHP 8.1 (Q64), and dies on later ones
        // if the address is gone (Q28).
        self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, one(id))?).await.map(drop)
    }

    /// Deletes an address and its records in PowerDNS. Without PowerDNS it does the same as [`delete`](Self::delete).
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with_dns(&self, id: AddressId) -> Result<()> {
        let request = ApiRequest::new(Method::DELETE, Call::Write, one(id))?.with_query("remove_dns", 1);
        self.client.call(&request).await.map(drop)
    }

    /// Moves an address to another address or subnet, which the server cannot change: creates the new one with all
    /// fields of the old one, and deletes the old one.
    ///
    /// If the old one cannot be deleted, the new one is deleted again.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{AddressFields, SectionFields, SubnetFields};
    ///
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?.id;
    /// let fields = AddressFields::new().with_hostname("db1.example");
    /// let old = client.addresses().create(subnet, "10.0.0.5".parse()?, &fields).await?.id;
    ///
    /// let new = client.addresses().move_to(old, subnet, "10.0.0.9".parse()?).await?.id;
    /// assert_eq!(client.addresses().get(new).await?.hostname.as_deref(), Some("db1.example"));
    /// assert!(client.addresses().get(old).await.unwrap_err().is_not_found());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such address, and those of
    /// [`create`](Self::create) and [`delete`](Self::delete); only the old address exists then.
    /// [`Error::PartlyApplied`] if both exist now: its `fields` hold one sentence with
    /// both ids; [`find_in_subnet`](Self::find_in_subnet) returns the new one too. Otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn move_to(&self, id: AddressId, subnet: SubnetId, ip: IpAddr) -> Result<Created<AddressId>> {
        let old = self.get(id).await?;
        // `extra` also holds members of newer versions, which a POST would refuse. Only the schema tells which are
        // custom fields.
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
        // New first: with the old one deleted first, a failure would lose the record, and another writer could take the
        // address.
        let new = self.create(subnet, ip, &fields).await?;
        let Err(error) = self.delete(id).await else { return Ok(new) };
        // A NAT rule that names the address makes 1.8.2 fail after it has deleted it, so a failure alone does not prove
        // that it is there.
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
