//! `subnets` and `folders`: the same code on the server, each showing only its own kind.

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
/// A call of the one does not find the other: `subnets().get(id)` of a folder is "not found".
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

    /// All of them, of all sections. Gateways in this list are not reliable, see [`Subnet::gateway_ip`].
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<Subnet>> {
        // `all` is the name that 1.3 knows as well.
        let rows = self.client.list(&ApiRequest::get(Call::List, self.path().word("all"))?, None).await?;
        Ok(self.only_ours(rows))
    }

    /// Those that match.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Subnet>> {
        let request = filter.apply(ApiRequest::get(Call::List, self.path().word("all"))?);
        Ok(self.only_ours(self.client.list(&request, None).await?))
    }

    /// All of them, or those that match, row by row: memory holds one row. What [`list`](Self::list) says of gateways
    /// holds here too.
    ///
    /// # Errors
    /// A row that cannot be read is an item of its own; any other [`Error`](crate::Error) is the last item.
    pub fn stream(&self, filter: Option<&Filter>) -> BoxStream<'a, Result<Subnet>> {
        let request = ApiRequest::get(Call::List, self.path().word("all"));
        let request = request.map(|request| filter.map_or(request.clone(), |filter| filter.apply(request)));
        let folders = self.controller == "folders";
        let rows = stream::rows(self.client, request, None);
        // 1.3 lists both kinds under `folders/all/`.
        rows.filter(move |row: &Result<Subnet>| ready(row.as_ref().map_or(true, |row| row.is_folder == folders)))
            .boxed()
    }

    /// The addresses of a subnet, sorted, row by row: memory holds one row. The server itself fails from some 30 000 on,
    /// unless PHP has more memory.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub fn stream_addresses(&self, id: SubnetId) -> BoxStream<'a, Result<Address>> {
        let request = ApiRequest::get(Call::List, self.one(id).word("addresses"));
        let parent = ApiRequest::get(Call::One, self.one(id)).ok();
        stream::rows(self.client, request, parent)
    }

    /// One of them, with gateway and name servers.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: SubnetId) -> Result<Subnet> {
        self.client.one(&ApiRequest::get(Call::One, self.one(id))?).await
    }

    /// How full a subnet is. The server fails on folders.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn usage(&self, id: SubnetId) -> Result<Usage> {
        self.client.one(&ApiRequest::get(Call::One, self.one(id).word("usage"))?).await
    }

    async fn rows<T: Wire>(&self, id: SubnetId, word: &str) -> Result<Vec<T>> {
        let request = ApiRequest::get(Call::List, self.one(id).word(word))?;
        self.client.list(&request, Some(ApiRequest::get(Call::One, self.one(id))?)).await
    }

    /// The addresses of a subnet, sorted. The server fails from some 30 000 on, unless PHP has more memory.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn addresses(&self, id: SubnetId) -> Result<Vec<Address>> {
        self.rows(id, "addresses").await
    }

    /// The addresses of a subnet that match. Here, unlike elsewhere, the field of the dotted address is `ip_addr`.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn addresses_filtered(&self, id: SubnetId, filter: &Filter) -> Result<Vec<Address>> {
        let request = filter.apply(ApiRequest::get(Call::List, self.one(id).word("addresses"))?);
        self.client.list(&request, Some(ApiRequest::get(Call::One, self.one(id))?)).await
    }

    /// The children, of the same kind.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn slaves(&self, id: SubnetId) -> Result<Vec<Subnet>> {
        self.rows(id, "slaves").await
    }

    /// The children and theirs, of the same kind, without the subnet itself (which the server puts first). Gateways in
    /// this list are that of the subnet asked for, so they are taken out.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn slaves_recursive(&self, id: SubnetId) -> Result<Vec<Subnet>> {
        let mut rows: Vec<Subnet> = self.rows(id, "slaves_recursive").await?;
        rows.retain(|row| row.id != id);
        for row in &mut rows {
            row.gateway = None;
            row.gateway_id = None;
        }
        Ok(rows)
    }

    /// The first free address, **without taking it**: another caller may. To take one use
    /// [`Addresses::allocate_first_free`](super::Addresses::allocate_first_free).
    ///
    /// # Errors
    /// [`Error`](crate::Error); a subnet with children is a structural conflict.
    pub async fn peek_first_free(&self, id: SubnetId) -> Result<std::net::IpAddr> {
        let request = ApiRequest::get(Call::Peek, self.one(id).word("first_free"))?;
        self.client.call(&request).await?.decode()
    }

    /// The first free network of this prefix length, **without taking it**. It may hold addresses of its parent; see
    /// [`addresses_within`](Self::addresses_within).
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn peek_first_subnet(&self, id: SubnetId, prefix_len: u8) -> Result<IpNet> {
        self.free_subnet(id, "first_subnet", prefix_len).await
    }

    /// The last free network of this prefix length, **without taking it**.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn peek_last_subnet(&self, id: SubnetId, prefix_len: u8) -> Result<IpNet> {
        self.free_subnet(id, "last_subnet", prefix_len).await
    }

    async fn free_subnet(&self, id: SubnetId, word: &str, prefix_len: u8) -> Result<IpNet> {
        let request = ApiRequest::get(Call::Peek, self.one(id).word(word).mask(prefix_len))?;
        self.client.call(&request).await?.decode::<Network>().map(|network| network.0)
    }

    /// The addresses directly in a subnet that lie in `network`. The server's search for free networks looks at subnets
    /// only: what it calls free may hold addresses that hosts use. Ask before making a subnet of it.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn addresses_within(&self, id: SubnetId, network: IpNet) -> Result<Vec<Address>> {
        let mut addresses = self.addresses(id).await?;
        // One that cannot be placed may lie in it.
        addresses.retain(|address| address.ip.is_none_or(|ip| network.contains(&ip)));
        Ok(addresses)
    }

    /// All free networks of this prefix length: as many as fit, which can be very many.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_free_subnets(&self, id: SubnetId, prefix_len: u8) -> Result<Vec<IpNet>> {
        let request = ApiRequest::get(Call::List, self.one(id).word("all_subnets").mask(prefix_len))?;
        let networks: Vec<Network> =
            self.client.list(&request, Some(ApiRequest::get(Call::One, self.one(id))?)).await?;
        Ok(networks.into_iter().map(|network| network.0).collect())
    }

    /// Subnets with exactly this network, in all sections and VRFs.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn find_by_cidr(&self, network: IpNet) -> Result<Vec<Subnet>> {
        self.by_network("cidr", network).await
    }

    /// Subnets that overlap with this network, in all sections and VRFs. Since 1.4.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn find_overlapping(&self, network: IpNet) -> Result<Vec<Subnet>> {
        self.by_network("overlapping", network).await
    }

    async fn by_network(&self, word: &str, network: IpNet) -> Result<Vec<Subnet>> {
        let network = network.trunc();
        let path = self.path().word(word).ip(network.addr()).word(&network.prefix_len().to_string());
        self.client.list(&ApiRequest::get(Call::List, path)?, None).await
    }

    /// The custom fields of subnets.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, self.controller).await
    }

    /// What was changed, newest first. Since 1.7.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn changelog(&self, id: SubnetId) -> Result<Vec<ChangelogEntry>> {
        crate::controllers::changelog::list(self.client, self.controller, "subnet id", id.get()).await
    }
}

/// A network as `10.20.0.0/26`.
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
