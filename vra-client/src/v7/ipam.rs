//! IPAM service: ranges and address spaces that the server's IPAM endpoints offer for network profiles.

use super::{Client, List};
use crate::call::Call;
use crate::lenient::{JsonObject, model};
use crate::list::rows;
use crate::request::ApiRequest;

model! {
    /// Range of an IPAM endpoint. Only `externalId`, `name` and `description` are known; the other members
    /// are assumed.
    pub struct IpamRange {
        // Assumed from the members of a network profile's range, which the product makes of it.
        /// Id at the IPAM endpoint, for [`RangeBody::of_endpoint`](super::RangeBody::of_endpoint).
        external_id: String = "externalId";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the address space at the endpoint.
        address_space_external_id: String = "addressSpaceExternalId";
        /// Subnet mask, dotted.
        subnet_mask: String = "subnetMask";
        /// First address.
        begin_ipv4_address: String = "beginIPv4Address" | "beginIpv4Address";
        /// Last address.
        end_ipv4_address: String = "endIPv4Address" | "endIpv4Address";
    }
}

model! {
    /// Address space of an IPAM endpoint. The members are assumed.
    pub struct AddressSpace {
        /// Id at the IPAM endpoint, for
        /// [`NetworkProfileBody::external_ipam`](super::NetworkProfileBody::external_ipam).
        external_id: String = "externalId";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
    }
}

// By the id at the endpoint: rows have no other.
rows!(IpamRange.external_id, AddressSpace.external_id);

impl Client {
    /// Returns the IPAM service: ranges and address spaces of the server's IPAM endpoints.
    #[must_use]
    pub fn ipam(&self) -> IpamGateway<'_> {
        IpamGateway { client: self }
    }
}

/// IPAM service, `/ipam-service/api`: ranges and address spaces of the server's IPAM endpoints. 7.1 and later.
///
/// No response of it is published. The shapes are assumed, so a real server may return what cannot be read
/// ([`Error::Decode`](crate::Error::Decode)); [`Client::raw`] reads it in any case.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::{testing::v7::Store, v7::{NetworkProfileBody, RangeBody}};
///
/// // Make a network profile of a range that the IPAM endpoint offers.
/// let endpoint = Store::IPAM_ENDPOINT;
/// let range = client.ipam().ranges(endpoint, Some("default")).all().await?.remove(0);
/// let body = NetworkProfileBody::external_ipam("Lab", endpoint, "default")
///     .with_ranges([RangeBody::of_endpoint("lab", range.external_id.ok_or("no id")?)]);
/// let created = client.network_profiles().create(body).await?;
/// assert!(created.id.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct IpamGateway<'a> {
    client: &'a Client,
}

impl IpamGateway<'_> {
    /// Lists the ranges that an endpoint offers; those of one address space, if it is given. Evidence: listed (7.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.ipam().ranges("c5c5a0f1", Some("default"));
    /// assert_eq!(list.request().query_value("additionalFilter"), Some("default"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn ranges(self, endpoint_id: &str, address_space: Option<&str>) -> List<IpamRange> {
        let request = ApiRequest::get("/ipam-service/api/providers/{endpoint}/ip-ranges", &[endpoint_id]);
        // The list of calls names this parameter and not its meaning; that it takes an address space is assumed.
        let request = match address_space {
            Some(space) => request.with_query("additionalFilter", space),
            None => request,
        };
        List::new(&self.client.backend, request)
    }

    /// Lists the address spaces of an endpoint. Evidence: listed (7.2).
    pub fn address_spaces(self, endpoint_id: &str) -> List<AddressSpace> {
        let request = ApiRequest::get("/ipam-service/api/providers/{endpoint}/address-spaces", &[endpoint_id]);
        List::new(&self.client.backend, request)
    }

    /// Reads a request for addresses that the product made to an endpoint, by the request's id. Evidence: listed (7.2);
    /// the shape is not published.
    pub fn endpoint_request(self, id: &str) -> Call<JsonObject> {
        // As JSON object: not even the names of its members are known.
        Call::json(&self.client.backend, ApiRequest::get("/ipam-service/api/requests/{request}", &[id]))
    }
}
