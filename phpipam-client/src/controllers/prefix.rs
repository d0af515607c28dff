//! `prefix`

use std::net::IpAddr;

use http::Method;
use ipam_core::Family;
use ipnet::IpNet;
use serde_json::Value;

use super::subnets::Network;
use crate::client::{Client, Created};
use crate::controllers::addresses::model::{Address, AddressFields};
use crate::controllers::subnets::model::{Subnet, SubnetFields};
use crate::envelope::{Reply, Success};
use crate::error::{Error, Result};
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{AddressId, OneOrMany, SubnetId, Wire, from_value};

/// What has an external id; see [`Prefix::find_by_external_id`].
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ExternalObjects {
    /// Subnets, with some of their members.
    pub subnets: Vec<Subnet>,
    /// Addresses.
    pub addresses: Vec<Address>,
}

/// Allocation by type of customer; see [`Client::prefix`].
///
/// The server's administrator gives subnets custom fields: `custom_customer_type` says for which customers networks are
/// taken out of a subnet, `custom_customer_address_type` for which addresses are. Without the fields every call is refused
/// as `Invalid`. Looking up by [external id](Self::find_by_external_id) needs a field `csid` of subnets and of addresses,
/// and fails as `Server` without.
///
/// The server sends some members of a subnet only; [`Client::subnets`] has the rest.
#[derive(Debug, Clone, Copy)]
pub struct Prefix<'a> {
    client: &'a Client,
}

/// What [`Prefix::allocate_address`] took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrefixAddress {
    /// The id of the new address.
    pub id: AddressId,
    /// The subnet it is in.
    pub subnet: Option<SubnetId>,
    /// The address.
    pub ip: IpAddr,
    /// What PHP printed before the response; only with
    /// [`ClientBuilder::with_lenient_bodies`](crate::ClientBuilder::with_lenient_bodies).
    pub warning: Option<String>,
}

const EXTERNAL: &str = "external_id";

fn of(customer_type: &str) -> Result<Path> {
    if customer_type == EXTERNAL {
        return Err(Error::invalid("customer type", customer_type, "the server takes this word for another call"));
    }
    Ok(Path::new("prefix").text("customer type", customer_type))
}

fn family(path: Path, family: Family) -> Path {
    path.word(match family {
        Family::V4 => "4",
        Family::V6 => "6",
    })
}

impl<'a> Prefix<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The subnets that networks are taken from, of both families or of one.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list(&self, customer_type: &str, only: Option<Family>) -> Result<Vec<Subnet>> {
        self.client.list(&Self::listing(customer_type, only)?, None).await
    }

    /// The same with their usage, which the server calculates one by one.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list_with_usage(&self, customer_type: &str, only: Option<Family>) -> Result<Vec<Subnet>> {
        self.client.list(&Self::listing(customer_type, only)?.with_query("usage", "true"), None).await
    }

    fn listing(customer_type: &str, only: Option<Family>) -> Result<ApiRequest> {
        let path = of(customer_type)?;
        ApiRequest::get(
            Call::List,
            match only {
                Some(only) => family(path, only),
                None => path,
            },
        )
    }

    /// The subnets that addresses are taken from.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn list_for_addresses(&self, customer_type: &str) -> Result<Vec<Subnet>> {
        self.client.list(&ApiRequest::get(Call::List, of(customer_type)?.word("address"))?, None).await
    }

    /// The first free network of this prefix length, **without taking it**.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn peek_subnet(&self, customer_type: &str, of_family: Family, prefix_len: u8) -> Result<IpNet> {
        let path = family(of(customer_type)?, of_family).mask(prefix_len);
        let success = self.client.call(&ApiRequest::get(Call::Peek, path)?).await?;
        success.decode::<Network>().map(|network| network.0)
    }

    /// The first free address, **without taking it**.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn peek_address(&self, customer_type: &str, of_family: Family) -> Result<IpAddr> {
        let path = family(of(customer_type)?, of_family).word("address");
        self.client.call(&ApiRequest::get(Call::Peek, path)?).await?.decode()
    }

    /// Takes the first free network of this prefix length.
    ///
    /// # Errors
    /// [`Error`]; none left, and no subnet for this type of customer, are both "exhausted".
    pub async fn allocate_subnet(
        &self,
        customer_type: &str,
        of_family: Family,
        prefix_len: u8,
        fields: &SubnetFields,
    ) -> Result<(Created<SubnetId>, IpNet)> {
        let path = family(of(customer_type)?, of_family).mask(prefix_len);
        let success = self.allocate(path, &fields.fields).await?;
        let network = success.decode::<Network>()?.0;
        Ok((Created { id: SubnetId::new(success.created()?), warning: success.warning }, network))
    }

    /// Takes the first free address.
    ///
    /// # Errors
    /// [`Error`]; none left, and no subnet for this type of customer, are both "exhausted".
    pub async fn allocate_address(
        &self,
        customer_type: &str,
        of_family: Family,
        fields: &AddressFields,
    ) -> Result<PrefixAddress> {
        let path = family(of(customer_type)?, of_family).word("address");
        let success = self.allocate(path, &fields.fields).await?;
        Ok(PrefixAddress {
            id: AddressId::new(success.created()?),
            subnet: success.subnet_id.map(SubnetId::new),
            ip: success.decode()?,
            warning: success.warning,
        })
    }

    async fn allocate(&self, path: Path, fields: &crate::wire::Fields) -> Result<Success> {
        let request = ApiRequest::new(Method::POST, Call::Allocate, path)?.with_fields(fields.body()?);
        self.client.call(&request).await
    }

    /// Subnets and addresses with this value in their field `csid`.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn find_by_external_id(&self, value: &str) -> Result<ExternalObjects> {
        let path = Path::new("prefix").word(EXTERNAL).text("external id", value);
        let success = match self.client.execute(&ApiRequest::get(Call::List, path)?).await? {
            Reply::Success(success) => success,
            Reply::Nothing { .. } => return Ok(ExternalObjects::default()),
        };
        let data = success.value()?;
        Ok(ExternalObjects {
            subnets: rows(&success, &data, "subnets")?,
            addresses: rows(&success, &data, "addresses")?,
        })
    }
}

/// The rows of one kind; the server leaves out a kind that has none.
fn rows<T: Wire>(success: &Success, data: &Value, kind: &str) -> Result<Vec<T>> {
    let Some(rows) = data.get(kind) else { return Ok(Vec::new()) };
    let read = from_value::<OneOrMany<T>>(rows);
    read.map(|rows| rows.0).map_err(|error| success.undecodable(format!("data.{kind}"), error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_would_ask_for_something_else_is_refused() {
        let path = |kind| Prefix::listing(kind, Some(Family::V6)).map(|request| request.path_and_query());
        assert_eq!(path("res id").unwrap(), "prefix/res%20id/6/");
        for kind in ["", "0", "a/b", EXTERNAL] {
            assert!(matches!(path(kind), Err(Error::Invalid { .. })), "{kind:?}");
        }
    }
}
