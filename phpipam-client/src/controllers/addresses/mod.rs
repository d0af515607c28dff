//! Controller `addresses`.

mod change;
pub(crate) mod model;

use std::net::IpAddr;

use futures_util::stream::BoxStream;

use self::model::{Address, Ping};
use crate::client::Client;
use crate::controllers::changelog::ChangelogEntry;
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::tools::tags::model::Tag;
use crate::error::Result;
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
    /// Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid). The server fails from some 20 000
    /// addresses on with PHP's usual memory limit, so large sites list them by subnet
    /// ([`Subnets::addresses`](super::Subnets::addresses)) or by network
    /// ([`Search::addresses_within`](super::Search::addresses_within)).
    ///
    /// # Errors
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) or [`Error::ServerExhausted`](crate::Error::ServerExhausted) if
    /// the list does not fit into PHP's memory; otherwise the [common errors](crate::Error#common-errors).
    pub async fn list(&self) -> Result<Vec<Address>> {
        // No parent to look at: an empty table is a 500 with a text of its own (Q11), and never a missing object.
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
    /// A row that cannot be read is one item, [`Error::Row`](crate::Error::Row), and the stream continues. Any other
    /// error, as of [`list`](Self::list), is the last item.
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
    /// [`Error::Invalid`](crate::Error::Invalid) if the name cannot be a part of a path (empty, `0`, or with a slash);
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn search_hostname(&self, hostname: &str) -> Result<Vec<Address>> {
        self.search_text("search_hostname", "host name", hostname).await
    }

    /// Returns the addresses whose host name starts with this text: `web` finds `web1.example`.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if the text cannot be a part of a path (empty, `0`, or with a slash);
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
    /// [`Error::Invalid`](crate::Error::Invalid) if the text cannot be a part of a path; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn search_mac(&self, mac: &str) -> Result<Vec<Address>> {
        // Sent as given: the server itself brings it into the colon form before it compares.
        self.search_text("search_mac", "MAC address", mac).await
    }

    /// Returns the addresses that are linked by this value.
    ///
    /// The setting "Link addresses" of the server (`link_field`) names the field that is compared, such as the host
    /// name. Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid).
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if the text cannot be a part of a path; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn search_linked(&self, value: &str) -> Result<Vec<Address>> {
        self.search_text("search_linked", "value", value).await
    }

    async fn search_text(&self, word: &str, field: &str, text: &str) -> Result<Vec<Address>> {
        // On 1.8 only the first row has a dotted `ip`, and the others a decimal number (Q27). The type of `ip` reads
        // both.
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
        // One 404 for five causes (Q66), and no look-up as in `allocate_first_free`: the other path of this call tells
        // the cause that is an error of the caller, children, by a 409.
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
        // A server without a ping program sends HTML with HTTP 200. `envelope` makes a refusal of its alert box.
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
        // If the list is empty the tag is read: only 1.8 has a text of its own for a tag that does not exist.
        self.client.list_below(&request, ApiRequest::get(Call::One, tag())?).await
    }
}
