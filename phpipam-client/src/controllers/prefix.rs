//! Controller `prefix`.

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

/// Objects with an external id; see [`Prefix::find_by_external_id`].
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ExternalObjects {
    /// Subnets, with some of their fields only.
    pub subnets: Vec<Subnet>,
    /// Addresses.
    pub addresses: Vec<Address>,
}

/// Allocation by customer type; see [`Client::prefix`].
///
/// A customer type is a free text in custom fields of subnets, and has nothing to do with
/// [`models::Customer`](crate::models::Customer). The administrator creates the fields: `custom_customer_type` marks
/// subnets from which networks are allocated, `custom_customer_address_type` those from which addresses are. Without
/// them the server refuses every call, kind [`Invalid`](crate::RefusalKind::Invalid). [External
/// ids](Self::find_by_external_id) are values of a custom field `csid` of subnets and of addresses; without it that
/// call is refused with kind [`Server`](crate::RefusalKind::Server).
///
/// The server sends only some fields of a subnet; [`Client::subnets`] has the others. Prefix lengths are numbers such
/// as 24, never masks such as 255.255.255.0.
///
/// ```no_run
/// # async fn example(client: &phpipam_client::Client) -> Result<(), phpipam_client::Error> {
/// use ipam_core::Family;
/// use phpipam_client::models::SubnetFields;
///
/// let fields = SubnetFields::new().with_description("customer 4711");
/// let (subnet, network) = client.prefix().allocate_subnet("residential", Family::V4, 26, &fields).await?;
/// println!("{network} is subnet {}", subnet.id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Prefix<'a> {
    client: &'a Client,
}

/// Result of [`Prefix::allocate_address`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrefixAddress {
    /// Id of the new address.
    pub id: AddressId,
    /// Subnet that it was allocated from.
    pub subnet: Option<SubnetId>,
    /// Address.
    pub ip: IpAddr,
    /// Other text around the response's JSON; only with
    /// [`ClientBuilder::with_lenient_bodies`](crate::ClientBuilder::with_lenient_bodies).
    pub warning: Option<String>,
}

const EXTERNAL: &str = "external_id";

fn of(customer_type: &str) -> Result<Path> {
    // `prefix/external_id/{value}/` is another call, so a customer type of that name would list by id.
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

    /// Lists the subnets from which networks are allocated for a customer type, of both families or of one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a type that cannot be a part of a path, or is `external_id`. A
    /// refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the server has no field `custom_customer_type`;
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn list(&self, customer_type: &str, only: Option<Family>) -> Result<Vec<Subnet>> {
        self.client.list(&Self::listing(customer_type, only)?, None).await
    }

    /// Lists the same subnets with their usage, which the server calculates one by one.
    ///
    /// # Errors
    /// Fails in the same cases as [`list`](Self::list).
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

    /// Lists the subnets from which addresses are allocated for a customer type.
    ///
    /// # Errors
    /// As [`list`](Self::list), with the field `custom_customer_address_type`.
    pub async fn list_for_addresses(&self, customer_type: &str) -> Result<Vec<Subnet>> {
        self.client.list(&ApiRequest::get(Call::List, of(customer_type)?.word("address"))?, None).await
    }

    /// Returns the first free network of this prefix length, **without allocating it**.
    ///
    /// # Errors
    /// Fails in the same cases as [`allocate_subnet`](Self::allocate_subnet).
    pub async fn peek_subnet(&self, customer_type: &str, of_family: Family, prefix_len: u8) -> Result<IpNet> {
        let path = family(of(customer_type)?, of_family).mask(prefix_len);
        let success = self.client.call(&ApiRequest::get(Call::Peek, path)?).await?;
        success.decode::<Network>().map(|network| network.0)
    }

    /// Returns the first free address, **without allocating it**.
    ///
    /// # Errors
    /// Fails in the same cases as [`allocate_address`](Self::allocate_address).
    pub async fn peek_address(&self, customer_type: &str, of_family: Family) -> Result<IpAddr> {
        let path = family(of(customer_type)?, of_family).word("address");
        self.client.call(&ApiRequest::get(Call::Peek, path)?).await?.decode()
    }

    /// Allocates the first free network of this prefix length.
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) if none is free, or if no subnet has this
    /// customer type. [`Invalid`](crate::RefusalKind::Invalid) if the server has no field `custom_customer_type`, or
    /// for a field that it does not accept. Otherwise the [common errors](crate::Error#common-errors).
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

    /// Allocates the first free address.
    ///
    /// # Errors
    /// A refusal of kind [`Exhausted`](crate::RefusalKind::Exhausted) if none is free, or if no subnet has this
    /// customer type. [`Invalid`](crate::RefusalKind::Invalid) if the server has no field
    /// `custom_customer_address_type`, or for a field that it does not accept. Otherwise the [common
    /// errors](crate::Error#common-errors).
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
            // The one call with `subnetId` in the envelope.
            subnet: success.subnet_id.map(SubnetId::new),
            ip: success.decode()?,
            warning: success.warning,
        })
    }

    async fn allocate(&self, path: Path, fields: &crate::wire::Fields) -> Result<Success> {
        // Without the lock per subnet of the other allocations: the server chooses the subnet, so its id is not known
        // here.
        let request = ApiRequest::new(Method::POST, Call::Allocate, path)?.with_fields(fields.body()?);
        self.client.call(&request).await
    }

    /// Returns the subnets and addresses with this value in their custom field `csid`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value that cannot be a part of a path. A refusal of kind
    /// [`Server`](crate::RefusalKind::Server) if the server has no field `csid`; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn find_by_external_id(&self, value: &str) -> Result<ExternalObjects> {
        let path = Path::new("prefix").word(EXTERNAL).text("external id", value);
        // Not `list`: `data` is an object with a list per kind, and a kind without rows is left out.
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

/// Returns the rows of one kind; the server leaves out a kind without rows.
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
