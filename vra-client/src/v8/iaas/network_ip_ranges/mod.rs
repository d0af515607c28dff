//! IP ranges of the product's own address management, with their addresses.

mod address;
mod body;
mod range;

pub use address::{AllocationType, IpAddressStatus, NetworkIpAddress};
pub use body::{AllocateAddressesBody, NetworkIpRangeBody, ReleaseAddressesBody};
pub use range::NetworkIpRange;

use super::request_tracker::RequestTracker;
use crate::call::Call;
use crate::error::Error;
use crate::list::List;
use crate::request::ApiRequest;
use crate::v8::Client;

impl Client {
    /// Returns the IP ranges of the product's own address management.
    #[must_use]
    pub fn network_ip_ranges(&self) -> NetworkIpRanges<'_> {
        NetworkIpRanges { client: self }
    }
}

/// IP ranges of the IaaS service, `/iaas/api/network-ip-ranges`: addresses that the product itself manages.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// use vra_client::v8::NetworkIpRangeBody;
///
/// let body = NetworkIpRangeBody::new("lab", "10.10.20.10".parse()?, "10.10.20.99".parse()?)?
///     .with_fabric_network_ids(["fa4d1c1e".to_owned()]);
/// let call = client.network_ip_ranges().create(body);
/// assert_eq!(call.request().target(), "/iaas/api/network-ip-ranges?apiVersion=2021-07-15");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NetworkIpRanges<'a> {
    client: &'a Client,
}

impl NetworkIpRanges<'_> {
    /// Lists the ranges. The rows have no counts of addresses. Evidence: described (8.10).
    pub fn list(self) -> List<NetworkIpRange> {
        self.client.list(ApiRequest::get("/iaas/api/network-ip-ranges", &[]))
    }

    /// Reads a range; newer releases add counts of its addresses. Evidence: described (8.10); members (8.14, the
    /// counts).
    pub fn get(self, id: &str) -> Call<NetworkIpRange> {
        self.client.json(ApiRequest::get("/iaas/api/network-ip-ranges/{range}", &[id]))
    }

    /// Finds the range with this name, as a row of the list. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no range has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<NetworkIpRange, Error> {
        // Without a filter, which this list does not declare.
        self.list().only("network IP range", name, |row| row.name.as_deref()).await
    }

    /// Creates a range. Evidence: described (8.10).
    pub fn create(self, body: NetworkIpRangeBody) -> Call<NetworkIpRange> {
        self.client.json(ApiRequest::post("/iaas/api/network-ip-ranges", &[]).json(body))
    }

    /// Changes a range. Name and both addresses have to be in the body, also if they stay. Evidence: described (8.10).
    pub fn update(self, id: &str, body: NetworkIpRangeBody) -> Call<NetworkIpRange> {
        self.client.json(ApiRequest::patch("/iaas/api/network-ip-ranges/{range}", &[id]).json(body))
    }

    /// Deletes a range. Evidence: described (8.10).
    pub fn delete(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/iaas/api/network-ip-ranges/{range}", &[id]))
    }

    /// Lists the addresses of a range that have a record: allocated, released and unregistered ones. A free address has
    /// none, as a rule. Newer than 8.10, which refuses the call with status 404. Evidence: members (8.14).
    pub fn addresses(self, range: &str) -> List<NetworkIpAddress> {
        self.client.list(ApiRequest::get("/iaas/api/network-ip-ranges/{range}/ip-addresses", &[range]))
    }

    /// Reads an address by its id. Newer than 8.10. Evidence: members (8.14).
    pub fn address(self, range: &str, id: &str) -> Call<NetworkIpAddress> {
        let template = "/iaas/api/network-ip-ranges/{range}/ip-addresses/{address}";
        self.client.json(ApiRequest::get(template, &[range, id]))
    }

    /// Allocates addresses. The tracker says when they are, and fails if one is taken. Newer than 8.10. Evidence:
    /// documented (8.14, the body).
    ///
    /// Only for ranges of the product's own address management; those of an external IPAM belong to it.
    pub fn allocate(self, range: &str, body: AllocateAddressesBody) -> Call<RequestTracker> {
        let template = "/iaas/api/network-ip-ranges/{range}/ip-addresses/allocate";
        self.client.json(ApiRequest::post(template, &[range]).json(body))
    }

    /// Releases addresses. The tracker says when they are. Newer than 8.10. Evidence: members (8.14).
    ///
    /// A released address can be allocated again after the release time of the server, by default 30 minutes:
    /// [`RELEASE_PERIOD_MINUTES`](crate::v8::RELEASE_PERIOD_MINUTES).
    pub fn release(self, range: &str, body: ReleaseAddressesBody) -> Call<RequestTracker> {
        let template = "/iaas/api/network-ip-ranges/{range}/ip-addresses/release";
        self.client.json(ApiRequest::post(template, &[range]).json(body))
    }

    /// Releases addresses that are in use and were not allocated by the server. Newer than 8.10. Evidence: members
    /// (8.14).
    pub fn release_unregistered(self, range: &str, body: ReleaseAddressesBody) -> Call<RequestTracker> {
        let template = "/iaas/api/network-ip-ranges/{range}/unregistered-ip-addresses/release";
        self.client.json(ApiRequest::post(template, &[range]).json(body))
    }
}
