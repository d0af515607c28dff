//! What the server's IPAM endpoints offer for network profiles. 7.1 and later.

use super::{Client, List};
use crate::call::Call;
use crate::lenient::{JsonObject, model};
use crate::list::rows;
use crate::request::ApiRequest;

model! {
    /// A range of an IPAM endpoint. All but id, name and description is a guess.
    pub struct IpamRange {
        /// What a network profile's range takes as `externalId`.
        external_id: String = "externalId";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The address space.
        address_space_external_id: String = "addressSpaceExternalId";
        /// The mask.
        subnet_mask: String = "subnetMask";
        /// The first address.
        begin_ipv4_address: String = "beginIPv4Address" | "beginIpv4Address";
        /// The last address.
        end_ipv4_address: String = "endIPv4Address" | "endIpv4Address";
    }
}

model! {
    /// An address space of an IPAM endpoint. The members are a guess.
    pub struct AddressSpace {
        /// What a network profile takes as `addressSpaceExternalId`.
        external_id: String = "externalId";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
    }
}

rows!(IpamRange.external_id, AddressSpace.external_id);

impl Client {
    /// What the server's IPAM endpoints offer.
    #[must_use]
    pub fn ipam(&self) -> IpamGateway<'_> {
        IpamGateway { client: self }
    }
}

/// The IPAM service: `/ipam-service/api`. No answer of it is published.
#[derive(Debug, Clone, Copy)]
pub struct IpamGateway<'a> {
    client: &'a Client,
}

impl IpamGateway<'_> {
    /// The ranges that an endpoint offers, of one address space if it is named. Evidence: request list (7.2); the
    /// shape is a guess.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.ipam().ranges("c5c5a0f1", Some("default"));
    /// assert_eq!(list.request().query_value("additionalFilter"), Some("default"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn ranges(self, endpoint_id: &str, address_space: Option<&str>) -> List<IpamRange> {
        let request = ApiRequest::get("/ipam-service/api/providers/{endpoint}/ip-ranges", &[endpoint_id]);
        let request = match address_space {
            Some(space) => request.with_query("additionalFilter", space),
            None => request,
        };
        List::new(&self.client.backend, request)
    }

    /// The address spaces of an endpoint. Evidence: request list (7.2); the shape is a guess.
    pub fn address_spaces(self, endpoint_id: &str) -> List<AddressSpace> {
        let request = ApiRequest::get("/ipam-service/api/providers/{endpoint}/address-spaces", &[endpoint_id]);
        List::new(&self.client.backend, request)
    }

    /// A request of the product itself to an endpoint. Evidence: request list (7.2); the shape is not published.
    pub fn endpoint_request(self, id: &str) -> Call<JsonObject> {
        Call::json(&self.client.backend, ApiRequest::get("/ipam-service/api/requests/{request}", &[id]))
    }
}
