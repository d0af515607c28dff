//! Network profiles: the product's own address management, with ranges and addresses. IPv4 only.

mod body;
mod model;

use futures_util::TryStreamExt;

pub use body::{NetworkProfileBody, RangeBody};
pub use model::{
    AddressState, DhcpConfig, NatType, NetworkProfile, ProfileAddress, ProfileRange, ProfileType, RangeSummary,
};

use super::{Client, List};
use crate::call::{Call, Created};
use crate::error::Error;
use crate::odata::{Filter, Operand};
use crate::request::ApiRequest;

impl Client {
    /// Network profiles with ranges and addresses.
    #[must_use]
    pub fn network_profiles(&self) -> NetworkProfiles<'_> {
        NetworkProfiles { client: self }
    }
}

/// The network profiles of the IaaS proxy: `/iaas-proxy-provider/api/network/profiles`. They want the role of a fabric
/// administrator; without it the server answers 403.
#[derive(Debug, Clone, Copy)]
pub struct NetworkProfiles<'a> {
    client: &'a Client,
}

impl NetworkProfiles<'_> {
    /// The profiles, without ranges and addresses, which only [`get`](Self::get) has.
    /// Evidence: names (7.x), documented call (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::Filter;
    /// let list = client.network_profiles().list().with_filter(Filter::eq("name", "External"));
    /// assert_eq!(list.request().path(), "/iaas-proxy-provider/api/network/profiles");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<NetworkProfile> {
        List::new(&self.client.backend, ApiRequest::get("/iaas-proxy-provider/api/network/profiles", &[]))
    }

    /// The profiles of a kind. Evidence: names (7.x), filter from client code.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::v7::ProfileType;
    /// let list = client.network_profiles().of_type(&ProfileType::External);
    /// assert_eq!(list.request().query_value("$filter"), Some("profileType eq EXTERNAL"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn of_type(self, profile_type: &ProfileType) -> List<NetworkProfile> {
        self.list().with_filter(Filter::eq("profileType", Operand::word(profile_type.as_str())))
    }

    /// One profile, complete. Evidence: names (7.x).
    pub fn get(self, id: &str) -> Call<NetworkProfile> {
        let request = ApiRequest::get("/iaas-proxy-provider/api/network/profiles/{profile}", &[id]);
        Call::json(&self.client.backend, request)
    }

    /// The profile of this name, complete. Evidence: names (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`], [`Error::Ambiguous`], or what the calls say.
    pub async fn named(self, name: &str) -> Result<NetworkProfile, Error> {
        let row = self
            .list()
            .with_filter(Filter::eq("name", name))
            .only("network profile", name, |row| row.name.as_deref())
            .await?;
        self.get(row.id.as_deref().unwrap_or_default()).await
    }

    /// Makes a profile of any kind. The server answers 201 with `Location` and no body, and makes the addresses of the
    /// ranges itself. Evidence: sent (7.x); external IPAM assembled from the manual (7.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use std::net::Ipv4Addr;
    /// use vra_client::v7::{NetworkProfileBody, RangeBody};
    /// let range = RangeBody::new("servers", Ipv4Addr::new(10, 60, 1, 2), Ipv4Addr::new(10, 60, 1, 200))?;
    /// let body = NetworkProfileBody::external("External", Ipv4Addr::new(255, 255, 255, 0))?
    ///     .with_gateway(Ipv4Addr::new(10, 60, 1, 1))
    ///     .with_ranges([range]);
    /// assert_eq!(client.network_profiles().create(body).request().body().unwrap()["profileType"], "EXTERNAL");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn create(self, body: NetworkProfileBody) -> Call<Created> {
        let request = ApiRequest::post("/iaas-proxy-provider/api/network/profiles", &[]).json(body);
        Call::created(&self.client.backend, request)
    }

    /// Changes a profile: reads it, changes it, puts all of it back, reads it again and compares.
    ///
    /// A server of 6.2 wipes allocations and the links of the ranges if they are not sent back as they were. So the
    /// change is made to a complete profile only, and addresses in use must still be there afterwards.
    /// Evidence: call from client code (7.x); the success code is not certain.
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v7::Client) -> Result<(), vra_client::Error> {
    /// client.network_profiles().update("597ff2c1", |profile| profile.dns_suffix = Some("corp.local".into())).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Lost`] if ranges or addresses are missing afterwards, or what the calls say.
    pub async fn update(
        self,
        id: &str,
        change: impl FnOnce(&mut NetworkProfile) + Send,
    ) -> Result<NetworkProfile, Error> {
        let before = self.get(id).await?;
        let mut wanted = before.clone();
        change(&mut wanted);
        let ranges_wanted = wanted.defined_ranges.as_ref().map_or(0, Vec::len);
        let call = self.replace(id, wanted)?;
        let operation = call.request().operation();
        call.await?;
        let after = self.get(id).await?;
        let lost = |what, before, after| Error::Lost { operation: operation.clone(), what, before, after };
        let ranges = after.defined_ranges.as_ref().map_or(0, Vec::len);
        if ranges < ranges_wanted {
            return Err(lost("ranges", ranges_wanted, ranges));
        }
        // A change that takes a range away takes its addresses with it.
        let kept = |address: &&ProfileAddress| match &address.static_ipv4_range_id {
            Some(range) => after.range(range).is_some(),
            None => true,
        };
        let in_use = before.addresses().filter(|address| address.is_in_use()).filter(kept).count();
        let still = after.addresses().filter(|address| address.is_in_use()).count();
        if still < in_use { Err(lost("addresses in use", in_use, still)) } else { Ok(after) }
    }

    /// Puts a whole profile in place of another. [`update`](Self::update) is safer. A row of a list is refused: it has
    /// no ranges, and putting it back would delete them. Evidence: call from client code (7.x).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the profile has no list of ranges.
    pub fn replace(self, id: &str, profile: NetworkProfile) -> Result<Call<()>, Error> {
        if profile.defined_ranges.is_none() {
            let name = profile.name.unwrap_or_default();
            return Err(Error::invalid(
                "network profile",
                name,
                "a complete profile as `get` reads it, with its ranges",
            ));
        }
        let request = ApiRequest::put("/iaas-proxy-provider/api/network/profiles/{profile}", &[id]).json(profile);
        Ok(Call::done(&self.client.backend, request))
    }

    /// Deletes a profile. Evidence: call from client code (7.x).
    pub fn delete(self, id: &str) -> Call<()> {
        let request = ApiRequest::delete("/iaas-proxy-provider/api/network/profiles/{profile}", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// All addresses of a profile, of all its ranges. 7.1 and later. Evidence: names (7.x).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::Filter;
    /// let list = client.network_profiles().addresses("597ff2c1").with_filter(Filter::eq("virtualMachineName", "vm-2"));
    /// assert_eq!(list.request().path(), "/iaas-proxy-provider/api/network/profiles/addresses/597ff2c1");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn addresses(self, profile_id: &str) -> List<ProfileAddress> {
        let request = ApiRequest::get("/iaas-proxy-provider/api/network/profiles/addresses/{profile}", &[profile_id]);
        List::new(&self.client.backend, request).with_page_size(1000)
    }

    /// The addresses of one range. No call gives them alone: 7.1 and later list those of the profile, and earlier
    /// servers, which answer 404 or 405 to that, have them in the profile. Evidence: names (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if the profile has no such range, or what the calls say.
    pub async fn addresses_of_range(self, profile_id: &str, range_id: &str) -> Result<Vec<ProfileAddress>, Error> {
        let in_range = |address: &ProfileAddress| address.static_ipv4_range_id.as_deref() == Some(range_id);
        let list = self.addresses(profile_id);
        let found: Result<Vec<_>, _> =
            list.stream().try_filter(|row| std::future::ready(in_range(row))).try_collect().await;
        match found {
            Ok(rows) if !rows.is_empty() => return Ok(rows),
            Err(error) if !matches!(error.status(), Some(404 | 405)) => return Err(error),
            // No rows: the range may have none, or may not exist.
            _ => {}
        }
        let call = self.get(profile_id);
        let operation = call.request().operation();
        let profile = call.await?;
        match profile.range(range_id) {
            Some(range) => Ok(range.defined_addresses.clone().unwrap_or_default()),
            None => Err(Error::NoSuchName { operation, what: "range", name: range_id.to_owned() }),
        }
    }

    /// The ranges of a profile with the counts of their addresses. 7.1 and later. Evidence: names (7.x).
    pub fn range_summaries(self, profile_id: &str) -> List<RangeSummary> {
        let template = "/iaas-proxy-provider/api/network/profiles/range-summaries/{profile}";
        List::new(&self.client.backend, ApiRequest::get(template, &[profile_id]))
    }
}
