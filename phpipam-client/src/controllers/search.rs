//! Controller `search`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ipnet::IpNet;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::controllers::addresses::model::Address;
use crate::controllers::subnets::model::Subnet;
use crate::controllers::vlans::model::Vlan;
use crate::controllers::vrfs::model::Vrf;
use crate::envelope::Success;
use crate::error::{Error, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{Wire, each_from_json};

/// Results of a search.
///
/// The order is the server's: by the text of the address as a decimal number, so 2.0.0.0 (`33554432`) comes after
/// 10.0.0.0 (`167772160`), and IPv6 addresses come among those of IPv4.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SearchResults {
    /// Subnets that match, and folders; see [`Search`].
    pub subnets: Vec<Subnet>,
    /// Addresses that match.
    pub addresses: Vec<Address>,
    /// VLANs that match.
    pub vlans: Vec<Vlan>,
    /// VRFs that match.
    pub vrfs: Vec<Vrf>,
}

/// Full-text search over several tables; see [`Client::search`]. Since 1.6; older servers refuse with kind
/// [`Unsupported`](crate::RefusalKind::Unsupported).
///
/// The comparison is the database's: case-insensitive, `%` stands for any text and `_` for any character. Names,
/// descriptions, notes, owners, MAC addresses, ports and custom fields are searched, and tags by their whole name. A
/// text that looks like an address, or like the start of one (`10.1`), also finds the addresses and networks in that
/// range, and a whole address the subnets around it. Any other text returns **all folders**, whether they match or not.
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
/// let subnet = client.subnets().create(section, "10.0.0.0/29".parse()?, &SubnetFields::new()).await?.id;
/// let fields = AddressFields::new().with_hostname("db1.example");
/// client.addresses().allocate_first_free(subnet, &fields).await?;
///
/// let found = client.search().all("db1").await?;
/// assert_eq!(found.addresses[0].ip.map(|ip| ip.to_string()).as_deref(), Some("10.0.0.1"));
/// assert!(found.vlans.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    client: &'a Client,
}

/// Kind of objects to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchKind {
    /// Subnets and folders.
    Subnets,
    /// Addresses.
    Addresses,
    /// VLANs.
    Vlans,
    /// VRFs.
    Vrfs,
}

impl SearchKind {
    const ALL: [Self; 4] = [Self::Subnets, Self::Addresses, Self::Vlans, Self::Vrfs];

    /// Returns the name in the query and in the response. The server does not understand the documented plurals of the
    /// last two.
    fn name(self) -> &'static str {
        match self {
            Self::Subnets => "subnets",
            Self::Addresses => "addresses",
            Self::Vlans => "vlan",
            Self::Vrfs => "vrf",
        }
    }

    /// Returns true for a kind that the server searches if the query does not name it.
    fn is_default(self) -> bool {
        matches!(self, Self::Subnets | Self::Addresses)
    }
}

impl<'a> Search<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Returns the objects of all kinds with this text.
    ///
    /// # Errors
    /// Fails in the same cases as [`find`](Self::find).
    pub async fn all(&self, text: &str) -> Result<SearchResults> {
        self.find(text, &SearchKind::ALL).await
    }

    /// Returns the addresses with this text.
    ///
    /// # Errors
    /// Fails in the same cases as [`find`](Self::find).
    pub async fn addresses(&self, text: &str) -> Result<Vec<Address>> {
        Ok(self.find(text, &[SearchKind::Addresses]).await?.addresses)
    }

    /// Returns the objects of the given kinds with this text. Lists of other kinds stay empty.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no kind is given, or for a text that cannot be a part of a path: an
    /// empty one, `0`, and one with a slash. A refusal of kind [`Unsupported`](crate::RefusalKind::Unsupported) before
    /// 1.6; otherwise the [common errors](crate::Error#common-errors).
    pub async fn find(&self, text: &str, kinds: &[SearchKind]) -> Result<SearchResults> {
        let request = request(text, kinds)?;
        let success = self.client.call(&request).await?;
        let mut found = SearchResults::default();
        for kind in kinds {
            match kind {
                SearchKind::Subnets => rows(&success, *kind, |row| found.subnets.push(row))?,
                SearchKind::Addresses => rows(&success, *kind, |row| found.addresses.push(row))?,
                SearchKind::Vlans => rows(&success, *kind, |row| found.vlans.push(row))?,
                SearchKind::Vrfs => rows(&success, *kind, |row| found.vrfs.push(row))?,
            }
        }
        Ok(found)
    }

    /// Returns the addresses inside a network, whatever subnet they are registered in.
    ///
    /// The database selects them, so the server's memory has to hold only these. A server that cannot list all
    /// addresses of a large subnet can list them in parts.
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
    /// for ip in ["10.0.0.1", "10.0.0.200"] {
    ///     client.addresses().create(subnet, ip.parse()?, &AddressFields::new()).await?;
    /// }
    /// let lower = client.search().addresses_within("10.0.0.0/25".parse()?).await?;
    /// assert_eq!(lower.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A refusal of kind [`Unsupported`](crate::RefusalKind::Unsupported) before 1.6; [`Error::EmptyBody`] or
    /// [`Error::ServerExhausted`] if the rows do not fit into PHP's memory; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn addresses_within(&self, net: IpNet) -> Result<Vec<Address>> {
        let mut found = Vec::new();
        self.each_address_within(net, |row| found.push(row)).await?;
        Ok(found)
    }

    /// Calls `each` for every address inside a network. No list of them is made.
    pub(crate) async fn each_address_within(&self, net: IpNet, mut each: impl FnMut(Address) + Send) -> Result<()> {
        let success = self.client.call(&within(net)?).await?;
        // The text is also searched for in names and notes, which may find addresses outside of the network.
        rows(&success, SearchKind::Addresses, |row: Address| {
            if row.ip.is_some_and(|ip| net.contains(&ip)) {
                each(row);
            }
        })
    }

    /// Returns true if the server has this controller. The search is for nothing, so the database does not look.
    pub(crate) async fn exists(&self) -> Result<bool> {
        let mut request = ApiRequest::get(Call::One, Path::new("search").word("ipam-probe"))?;
        for kind in SearchKind::ALL.into_iter().filter(|kind| kind.is_default()) {
            request = request.with_query(kind.name(), 0);
        }
        self.client.call(&request).await.map(|_| true)
    }
}

/// Returns the request for the addresses inside a network.
fn within(net: IpNet) -> Result<ApiRequest> {
    // A path cannot hold the slash of a prefix, and a parameter of the query takes precedence over the path (Q44). It
    // is a long list: to repeat one that PHP died of would not help.
    let request = ApiRequest::get(Call::One, Path::new("search").word("net"))?;
    Ok(request.with_query("id", net.trunc()).with_query(SearchKind::Subnets.name(), 0).into_long_list())
}

fn request(text: &str, kinds: &[SearchKind]) -> Result<ApiRequest> {
    if kinds.is_empty() {
        return Err(Error::invalid("kinds", "[]", "name at least one kind of object to search"));
    }
    let mut request = ApiRequest::get(Call::One, Path::new("search").text("search text", text))?;
    for kind in SearchKind::ALL {
        let wanted = kinds.contains(&kind);
        // Only what differs from the server's defaults is sent, so that the common search has no query at all.
        if wanted != kind.is_default() {
            request = request.with_query(kind.name(), u8::from(wanted));
        }
    }
    Ok(request)
}

/// Calls `each` for the rows of a part of the response, which is an envelope of its own.
///
/// A part that was requested and is missing is an error, not an empty list: a caller that looks for a mark must not
/// take an incomplete response for its absence.
fn rows<T: Wire>(success: &Success, kind: SearchKind, mut each: impl FnMut(T)) -> Result<()> {
    let part = kind.name();
    let undecodable = |place: String, reason: &dyn std::fmt::Display| success.undecodable(place, reason);
    let neither = || undecodable(format!("data.{part}.data"), &"neither rows nor \"nothing found\"");
    let parts = members(success.data.as_deref());
    let Some(envelope) = parts.as_ref().and_then(|parts| parts.get(part).copied()) else {
        return Err(undecodable(format!("data.{part}"), &"it is missing"));
    };
    let envelope = members(Some(envelope)).unwrap_or_default();
    let rows = envelope.get("data").map_or("", |data| data.get().trim_start());
    let code = || envelope.get("code").and_then(|code| serde_json::from_str::<Value>(code.get()).ok());
    match rows.as_bytes().first() {
        // PHP writes a list with gaps as an object.
        Some(b'[' | b'{') => {}
        // Each part has a code of its own (Q17); the sentence alone would depend on the language of the server (Q49).
        Some(b'"') if code().is_some_and(|code| code == 404 || code == "404") => return Ok(()),
        _ => return Err(neither()),
    }
    // Decoded row by row: the rows of a large network would take a multiple of their text.
    each_from_json(rows, &mut each)
        .map_err(|error| success.undecodable(error.path_below(format!("data.{part}.data")), error.reason))
}

/// Members of an object that are read later, or never.
type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn members(object: Option<&RawValue>) -> Option<Members<'_>> {
    serde_json::from_str(object?.get()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn only_what_the_server_would_not_do_anyway_is_said() {
        let path = |kinds: &[SearchKind]| request("web 1", kinds).unwrap().path_and_query();
        assert_eq!(path(&[SearchKind::Subnets, SearchKind::Addresses]), "search/web%201/");
        assert_eq!(path(&[SearchKind::Addresses]), "search/web%201/?subnets=0");
        assert_eq!(path(&[SearchKind::Vrfs]), "search/web%201/?subnets=0&addresses=0&vrf=1");
    }

    #[test]
    fn what_cannot_be_searched_is_refused_before_it_is_sent() {
        for (text, kinds) in [("", &SearchKind::ALL[..]), ("a/b", &SearchKind::ALL), ("web", &[])] {
            assert!(matches!(request(text, kinds), Err(Error::Invalid { .. })), "{text:?} {kinds:?}");
        }
    }
}
