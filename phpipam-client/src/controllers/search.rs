//! `search`

use serde_json::Value;

use crate::client::Client;
use crate::controllers::addresses::model::Address;
use crate::controllers::subnets::model::Subnet;
use crate::controllers::vlans::model::Vlan;
use crate::controllers::vrfs::model::Vrf;
use crate::envelope::Success;
use crate::error::{Error, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{Wire, from_value};

/// What a search found, in the server's order: by the text of the decimal address.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SearchResults {
    /// Subnets and folders.
    pub subnets: Vec<Subnet>,
    /// Addresses.
    pub addresses: Vec<Address>,
    /// VLANs.
    pub vlans: Vec<Vlan>,
    /// VRFs.
    pub vrfs: Vec<Vrf>,
}

/// One text in all columns of several tables, as the server's database compares; see [`Client::search`]. Since 1.6.
///
/// Capitals do not matter, `%` stands for any text and `_` for any character. Names, descriptions, notes, owners, MAC
/// addresses, ports and custom fields are searched, and tags by their whole name. A text that looks like an address, or
/// like the beginning of one (`10.1`), finds the addresses and networks in that range too, and a whole address the
/// subnets around it. Folders are found by every text that is no address.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    client: &'a Client,
}

/// What can be searched.
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

    /// The name in the query and in the response.
    fn name(self) -> &'static str {
        match self {
            Self::Subnets => "subnets",
            Self::Addresses => "addresses",
            Self::Vlans => "vlan",
            Self::Vrfs => "vrf",
        }
    }

    /// Whether the server searches it when the query does not say.
    fn is_default(self) -> bool {
        matches!(self, Self::Subnets | Self::Addresses)
    }
}

impl<'a> Search<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Everything with this text.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn all(&self, text: &str) -> Result<SearchResults> {
        self.find(text, &SearchKind::ALL).await
    }

    /// The addresses with this text.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn addresses(&self, text: &str) -> Result<Vec<Address>> {
        Ok(self.find(text, &[SearchKind::Addresses]).await?.addresses)
    }

    /// Objects of some kinds with this text. Lists of other kinds stay empty.
    ///
    /// # Errors
    /// [`Error`]; of kind `Invalid` for no kind at all, and for a text that cannot stand in a path: an empty one, `0`,
    /// and one with a slash.
    pub async fn find(&self, text: &str, kinds: &[SearchKind]) -> Result<SearchResults> {
        let request = request(text, kinds)?;
        let success = self.client.call(&request).await?;
        let data = success.value()?;
        let mut found = SearchResults::default();
        for kind in kinds {
            match kind {
                SearchKind::Subnets => found.subnets = rows(&success, &data, *kind)?,
                SearchKind::Addresses => found.addresses = rows(&success, &data, *kind)?,
                SearchKind::Vlans => found.vlans = rows(&success, &data, *kind)?,
                SearchKind::Vrfs => found.vrfs = rows(&success, &data, *kind)?,
            }
        }
        Ok(found)
    }
}

fn request(text: &str, kinds: &[SearchKind]) -> Result<ApiRequest> {
    if kinds.is_empty() {
        return Err(Error::invalid("kinds", "[]", "name at least one kind of object to search"));
    }
    let mut request = ApiRequest::get(Call::One, Path::new("search").text("search text", text))?;
    for kind in SearchKind::ALL {
        let wanted = kinds.contains(&kind);
        if wanted != kind.is_default() {
            request = request.with_query(kind.name(), u8::from(wanted));
        }
    }
    Ok(request)
}

/// The rows of a part of the response, which is an envelope of its own. A part that was asked for and is not there is no
/// empty list: who looks for what must not be there has to know.
fn rows<T: Wire>(success: &Success, data: &Value, kind: SearchKind) -> Result<Vec<T>> {
    let part = kind.name();
    let undecodable = |place: String, reason: &dyn std::fmt::Display| success.undecodable(place, reason);
    let Some(envelope) = data.get(part) else {
        return Err(undecodable(format!("data.{part}"), &"it is missing"));
    };
    let rows: Vec<&Value> = match envelope.get("data") {
        Some(Value::Array(rows)) => rows.iter().collect(),
        // PHP writes a list with gaps as an object.
        Some(Value::Object(rows)) => rows.values().collect(),
        // A sentence that there is none.
        Some(Value::String(_)) if envelope.get("code").is_some_and(|code| code == 404 || code == "404") => Vec::new(),
        _ => return Err(undecodable(format!("data.{part}.data"), &"neither rows nor \"nothing found\"")),
    };
    let decoded = rows
        .into_iter()
        .enumerate()
        .map(|(index, row)| from_value(row).map_err(|error| undecodable(format!("data.{part}.data[{index}]"), &error)));
    decoded.collect()
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
