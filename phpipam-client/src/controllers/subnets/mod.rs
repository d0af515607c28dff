//! Controllers `subnets` and `folders`: the same code on the server, each showing only its own kind.

mod change;
pub(crate) mod model;
pub(crate) mod usage;

use std::future::ready;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use ipnet::IpNet;

pub use self::change::{GroupKey, Split};
use self::model::Subnet;
use self::usage::Usage;
use crate::client::Client;
use crate::controllers::addresses::model::Address;
use crate::controllers::changelog::ChangelogEntry;
use crate::controllers::custom_fields::model::CustomField;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::stream;
use crate::wire::{Scalar, SubnetId, Wire, scalar};

/// Subnets or folders; see [`Client::subnets`] and [`Client::folders`].
///
/// Each handle finds only its own kind: `subnets().get(id)` of a folder is a refusal of kind
/// [`NotFound`](crate::RefusalKind::NotFound). Prefix lengths are numbers such as 24, never masks such as
/// 255.255.255.0.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{SectionFields, SubnetFields};
///
/// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
/// let fields = SubnetFields::new().with_description("customers");
/// let parent = client.subnets().create(section, "10.0.0.0/16".parse()?, &fields).await?.id;
///
/// let (child, network) = client.subnets().allocate_first_subnet(parent, 24, &SubnetFields::new()).await?;
/// assert_eq!(network.to_string(), "10.0.0.0/24");
/// assert_eq!(client.subnets().slaves(parent).await?[0].id, child.id);
/// assert_eq!(client.subnets().peek_first_subnet(parent, 24).await?.to_string(), "10.0.1.0/24");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Subnets<'a> {
    client: &'a Client,
    controller: &'static str,
}

impl<'a> Subnets<'a> {
    pub(crate) fn new(client: &'a Client, controller: &'static str) -> Self {
        Self { client, controller }
    }

    fn path(&self) -> Path {
        Path::new(self.controller)
    }

    fn one(&self, id: SubnetId) -> Path {
        self.path().id("subnet id", id.get())
    }

    fn only_ours(&self, mut rows: Vec<Subnet>) -> Vec<Subnet> {
        // 1.3 lists both kinds under `folders/all/`.
        let folders = self.controller == "folders";
        rows.retain(|row| row.is_folder == folders);
        rows
    }

    /// Lists all subnets (or all folders) of all sections. Gateways in this list are not reliable; see
    /// [`Subnet::gateway_ip`].
    ///
    /// # Errors
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) or [`Error::ServerExhausted`](crate::Error::ServerExhausted) if
    /// the list does not fit into PHP's memory (some 20 000 subnets with 128 MB); otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn list(&self) -> Result<Vec<Subnet>> {
        // `all` is the name that 1.3 knows as well.
        let rows = self.client.list(&ApiRequest::get(Call::List, self.path().word("all"))?, None).await?;
        Ok(self.only_ours(rows))
    }

    /// Lists the subnets (or folders) of all sections that match a filter.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if subnets have no such field; otherwise as
    /// [`list`](Self::list). 1.3 filters wrongly without an error; see [`Filter`].
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Subnet>> {
        let request = filter.apply(ApiRequest::get(Call::List, self.path().word("all"))?);
        Ok(self.only_ours(self.client.list(&request, None).await?))
    }

    /// Streams all subnets (or all folders) of all sections, or those that match a filter.
    ///
    /// The client's memory holds one row. Gateways are as unreliable as those of [`list`](Self::list).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use futures_util::TryStreamExt as _;
    /// use phpipam_client::Filter;
    /// use phpipam_client::models::{SectionFields, SubnetFields};
    ///
    /// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
    /// client.subnets().create(section, "10.0.0.0/24".parse()?, &SubnetFields::new()).await?;
    /// let in_section = Filter::equals("sectionId", section);
    /// let mut rows = client.subnets().stream(Some(&in_section));
    /// assert_eq!(rows.try_next().await?.and_then(|subnet| subnet.mask), Some(24));
    /// assert!(rows.try_next().await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A row that cannot be read is one item, [`Error::Row`](crate::Error::Row), and the stream continues. Any other
    /// error, as of [`list`](Self::list), is the last item.
    pub fn stream(&self, filter: Option<&Filter>) -> BoxStream<'a, Result<Subnet>> {
        let request = ApiRequest::get(Call::List, self.path().word("all"));
        let request = request.map(|request| filter.map_or(request.clone(), |filter| filter.apply(request)));
        let folders = self.controller == "folders";
        let rows = stream::rows(self.client, request, None);
        // 1.3 lists both kinds under `folders/all/`.
        rows.filter(move |row: &Result<Subnet>| ready(row.as_ref().map_or(true, |row| row.is_folder == folders)))
            .boxed()
    }

    /// Streams the addresses of a subnet, sorted. The client's memory holds one row; the server itself fails from some
    /// 30 000 on with PHP's usual memory limit.
    ///
    /// # Errors
    /// As [`stream`](Self::stream), and a refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no
    /// such subnet.
    pub fn stream_addresses(&self, id: SubnetId) -> BoxStream<'a, Result<Address>> {
        let request = ApiRequest::get(Call::List, self.one(id).word("addresses"));
        // A refused id fails in `request` already.
        let parent = ApiRequest::get(Call::One, self.one(id)).ok();
        stream::rows(self.client, request, parent)
    }

    /// Returns the subnet (or folder) with this id, with its gateway and its name servers.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is none of this kind with this id;
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn get(&self, id: SubnetId) -> Result<Subnet> {
        // A missing subnet is 400 here, and 404 in the calls below a subnet (Q46). `envelope` makes `NotFound` of both.
        self.client.one(&ApiRequest::get(Call::One, self.one(id))?).await
    }

    /// Returns the usage of a subnet.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet;
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) for a folder; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn usage(&self, id: SubnetId) -> Result<Usage> {
        // Of a folder this call is a fatal error of PHP: a 500 with an empty body (1.8.2).
        self.client.one(&ApiRequest::get(Call::One, self.one(id).word("usage"))?).await
    }

    async fn rows<T: Wire>(&self, id: SubnetId, word: &str) -> Result<Vec<T>> {
        // `list` and not `list_below`: in all versions these calls have a text of their own for a missing subnet, so
        // that the parent is read only after a text that is not known.
        let request = ApiRequest::get(Call::List, self.one(id).word(word))?;
        self.client.list(&request, Some(ApiRequest::get(Call::One, self.one(id))?)).await
    }

    /// Lists the addresses of a subnet, sorted by address.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet;
    /// [`Error::EmptyBody`](crate::Error::EmptyBody) or [`Error::ServerExhausted`](crate::Error::ServerExhausted) from
    /// some 30 000 addresses on, if they do not fit into PHP's memory; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn addresses(&self, id: SubnetId) -> Result<Vec<Address>> {
        self.rows(id, "addresses").await
    }

    /// Lists the addresses of a subnet that match. In this list, unlike others, the field of the dotted address is
    /// `ip_addr`.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if addresses have no such field; otherwise as
    /// [`addresses`](Self::addresses). 1.3 returns an empty list for every filter.
    pub async fn addresses_filtered(&self, id: SubnetId, filter: &Filter) -> Result<Vec<Address>> {
        // The field is passed on as it is. In this list `ip` compares the decimal form and `ip_addr` the dotted one,
        // the reverse of `addresses/` (1.8.2).
        let request = filter.apply(ApiRequest::get(Call::List, self.one(id).word("addresses"))?);
        self.client.list(&request, Some(ApiRequest::get(Call::One, self.one(id))?)).await
    }

    /// Lists the child subnets (in the server's word: slaves), of the same kind.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn slaves(&self, id: SubnetId) -> Result<Vec<Subnet>> {
        self.rows(id, "slaves").await
    }

    /// Lists the child subnets and their children, of the same kind, without the subnet itself, which the server puts
    /// first.
    ///
    /// `gateway` and `gateway_id` are removed from the rows, because the server fills in those of the requested
    /// subnet.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn slaves_recursive(&self, id: SubnetId) -> Result<Vec<Subnet>> {
        let mut rows: Vec<Subnet> = self.rows(id, "slaves_recursive").await?;
        // Q36: the server's list starts with the subnet itself, and shows that subnet's gateway in every row.
        rows.retain(|row| row.id != id);
        for row in &mut rows {
            row.gateway = None;
            row.gateway_id = None;
        }
        Ok(rows)
    }

    /// Returns the first free address, **without allocating it**: another caller may allocate it. To allocate one, use
    /// [`Addresses::allocate_first_free`](super::Addresses::allocate_first_free).
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) without a reason if nothing is free,
    /// [`Structural`](crate::RefusalKind::Structural) if the subnet has children, or
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn peek_first_free(&self, id: SubnetId) -> Result<std::net::IpAddr> {
        // A subnet with children is 409 "Subnet contains subnets" here, where the POST has the 404 of a full one (Q66).
        let request = ApiRequest::get(Call::Peek, self.one(id).word("first_free"))?;
        self.client.call(&request).await?.decode()
    }

    /// Returns the first free network of this prefix length, **without allocating it**. It may hold addresses of its
    /// parent; see [`addresses_within`](Self::addresses_within).
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) if none is free or the subnet is not larger, or
    /// [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn peek_first_subnet(&self, id: SubnetId, prefix_len: u8) -> Result<IpNet> {
        self.free_subnet(id, "first_subnet", prefix_len).await
    }

    /// Returns the last free network of this prefix length, **without allocating it**.
    ///
    /// # Errors
    /// Fails in the same cases as [`peek_first_subnet`](Self::peek_first_subnet).
    pub async fn peek_last_subnet(&self, id: SubnetId, prefix_len: u8) -> Result<IpNet> {
        self.free_subnet(id, "last_subnet", prefix_len).await
    }

    async fn free_subnet(&self, id: SubnetId, word: &str, prefix_len: u8) -> Result<IpNet> {
        // The same 404, "No subnets found", for a parent without room and for a length that is not one of its family.
        let request = ApiRequest::get(Call::Peek, self.one(id).word(word).mask(prefix_len))?;
        self.client.call(&request).await?.decode::<Network>().map(|network| network.0)
    }

    /// Lists the addresses registered directly in a subnet that lie in `network`.
    ///
    /// The server's search for free networks looks at subnets only: a network that it calls free may hold addresses
    /// that hosts use. Call this before a subnet is made of it.
    ///
    /// # Errors
    /// Fails in the same cases as [`addresses`](Self::addresses).
    pub async fn addresses_within(&self, id: SubnetId, network: IpNet) -> Result<Vec<Address>> {
        // A filter of the server compares one value (Q69), not a range, so the list is read as a whole.
        let mut addresses = self.addresses(id).await?;
        // One that cannot be placed may lie in it.
        addresses.retain(|address| address.ip.is_none_or(|ip| network.contains(&ip)));
        Ok(addresses)
    }

    /// Lists all free networks of this prefix length: as many as fit, which can be very many.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn list_free_subnets(&self, id: SubnetId, prefix_len: u8) -> Result<Vec<IpNet>> {
        // The server builds the whole list in memory. A wide parent with a long prefix length can end as an empty 500
        // (Q19, Q21).
        let request = ApiRequest::get(Call::List, self.one(id).word("all_subnets").mask(prefix_len))?;
        let networks: Vec<Network> =
            self.client.list(&request, Some(ApiRequest::get(Call::One, self.one(id))?)).await?;
        Ok(networks.into_iter().map(|network| network.0).collect())
    }

    /// Returns the subnets with exactly this network, in all sections and VRFs.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; no match is an empty list.
    pub async fn find_by_cidr(&self, network: IpNet) -> Result<Vec<Subnet>> {
        self.by_network("cidr", network).await
    }

    /// Returns the subnets that overlap with this network, in all sections and VRFs. Since 1.4.
    ///
    /// # Errors
    /// A refusal of kind [`Unsupported`](crate::RefusalKind::Unsupported) on 1.3; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn find_overlapping(&self, network: IpNet) -> Result<Vec<Subnet>> {
        self.by_network("overlapping", network).await
    }

    async fn by_network(&self, word: &str, network: IpNet) -> Result<Vec<Subnet>> {
        // Host bits would find nothing: the server compares with the stored network address. Address and length are two
        // segments, because Apache refuses an encoded slash.
        let network = network.trunc();
        let path = self.path().word(word).ip(network.addr()).word(&network.prefix_len().to_string());
        self.client.list(&ApiRequest::get(Call::List, path)?, None).await
    }

    /// Lists the custom fields of subnets.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only; no custom fields are an empty list.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, self.controller).await
    }

    /// Lists the changes of a subnet, newest first. Since 1.7.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such subnet, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) before 1.7; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn changelog(&self, id: SubnetId) -> Result<Vec<ChangelogEntry>> {
        crate::controllers::changelog::list(self.client, self.controller, "subnet id", id.get()).await
    }
}

/// Network in the form `10.20.0.0/26`.
pub(super) struct Network(pub(super) IpNet);

impl Wire for Network {
    fn decode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a network like \"10.20.0.0/26\"";
        let value = scalar(deserializer, EXPECTED)?;
        match &value {
            Scalar::Text(text) => text.parse().map(Self).map_err(|_| value.refuse(EXPECTED)),
            _ => Err(value.refuse(EXPECTED)),
        }
    }

    fn encode<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
