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
    /// Returns the network profiles: the address management of the product itself.
    #[must_use]
    pub fn network_profiles(&self) -> NetworkProfiles<'_> {
        NetworkProfiles { client: self }
    }
}

/// Network profiles of the IaaS service, `/iaas-proxy-provider/api/network/profiles`: ranges and addresses that the
/// product itself manages. IPv4 only.
///
/// The caller needs the role of a fabric administrator; without it the server returns 403.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// // How many addresses of a profile are free, and which machines have the others?
/// let profile = client.network_profiles().named("Servers").await?;
/// let range = &profile.defined_ranges.as_deref().unwrap_or_default()[0];
/// let id = profile.id.as_deref().unwrap_or_default();
/// let addresses = client.network_profiles().addresses_of_range(id, range.id.as_deref().unwrap_or_default()).await?;
/// assert_eq!(addresses.iter().filter(|address| !address.is_in_use()).count(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NetworkProfiles<'a> {
    client: &'a Client,
}

impl NetworkProfiles<'_> {
    /// Lists the profiles. Evidence: members (7.x), documented (6.2, the call).
    ///
    /// The rows have no ranges and addresses; only [`get`](Self::get) returns them.
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

    /// Lists the profiles of a type, as [`list`](Self::list) does. Evidence: members (7.x), sent (7.x, the filter).
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

    /// Reads one profile with its ranges and addresses. Evidence: members (7.x).
    pub fn get(self, id: &str) -> Call<NetworkProfile> {
        let request = ApiRequest::get("/iaas-proxy-provider/api/network/profiles/{profile}", &[id]);
        Call::json(&self.client.backend, request)
    }

    /// Finds the profile with this name, and reads it with its ranges and addresses. Evidence: members (7.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no profile has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<NetworkProfile, Error> {
        let row = self
            .list()
            .with_filter(Filter::eq("name", name))
            .only("network profile", name, |row| row.name.as_deref())
            .await?;
        // The row has no ranges, so the profile is read once more.
        self.get(row.id.as_deref().unwrap_or_default()).await
    }

    /// Creates a profile of any type. Evidence: sent (7.x); with an IPAM endpoint assembled (7.2).
    ///
    /// The server returns 201 with `Location` and without a body, and makes the addresses of the ranges.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use std::net::Ipv4Addr;
    /// use vra_client::v7::{NetworkProfileBody, RangeBody};
    ///
    /// let range = RangeBody::new("lab", Ipv4Addr::new(10, 60, 2, 10), Ipv4Addr::new(10, 60, 2, 19))?;
    /// let body = NetworkProfileBody::external("Lab", Ipv4Addr::new(255, 255, 255, 0))?
    ///     .with_gateway(Ipv4Addr::new(10, 60, 2, 1))
    ///     .with_ranges([range]);
    /// let id = client.network_profiles().create(body).await?.id.ok_or("no id")?;
    /// assert_eq!(client.network_profiles().get(&id).await?.addresses().count(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(self, body: NetworkProfileBody) -> Call<Created> {
        let request = ApiRequest::post("/iaas-proxy-provider/api/network/profiles", &[]).json(body);
        Call::created(&self.client.backend, request)
    }

    /// Changes a profile: reads it, applies `change`, sends all of it back, reads it again and compares.
    ///
    /// Evidence: sent (7.x); the success code is not certain. **The update is not atomic**: a change that another
    /// client makes between the read and the write is overwritten, and so may be the addresses that the server allocates
    /// in between. Update profiles while no machine is provisioned from them.
    ///
    /// A server of 6.2 deletes allocations and the links of the ranges if they are not sent back as they were. So the
    /// change is applied to a complete profile only, and afterwards the ranges and the addresses in use have to be
    /// there. If they are not, the data is lost already; see [`Error::Lost`].
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let id = client.network_profiles().named("Servers").await?.id.ok_or("no id")?;
    /// let rename = |profile: &mut vra_client::v7::NetworkProfile| profile.dns_suffix = Some("corp.local".into());
    /// let changed = client.network_profiles().update(&id, rename).await?;
    /// assert_eq!(changed.dns_suffix.as_deref(), Some("corp.local"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Lost`] if ranges or addresses in use are missing afterwards; [`Error::InvalidInput`] if `change`
    /// removes the list of ranges; otherwise the [errors of a call](Call#errors).
    pub async fn update(
        self,
        id: &str,
        change: impl FnOnce(&mut NetworkProfile) + Send,
    ) -> Result<NetworkProfile, Error> {
        // A fresh and complete profile: with a row of a list, a server of 6.2 would delete all ranges.
        let before = self.get(id).await?;
        let mut wanted = before.clone();
        change(&mut wanted);
        // Against the changed profile, not against the first one: the change may remove ranges on purpose.
        let ranges_wanted = wanted.defined_ranges.as_ref().map_or(0, Vec::len);
        let call = self.replace(id, wanted)?;
        let operation = call.request().operation();
        call.await?;
        // The PUT returns nothing, and 6.2 reports success even when it drops allocations. Only reading again tells.
        let after = self.get(id).await?;
        let lost = |what, before, after| Error::Lost { operation: operation.clone(), what, before, after };
        let ranges = after.defined_ranges.as_ref().map_or(0, Vec::len);
        if ranges < ranges_wanted {
            return Err(lost("ranges", ranges_wanted, ranges));
        }
        // A change that removes a range on purpose removes its addresses too; those are not counted as lost.
        let kept = |address: &&ProfileAddress| match &address.static_ipv4_range_id {
            Some(range) => after.range(range).is_some(),
            None => true,
        };
        let in_use = before.addresses().filter(|address| address.is_in_use()).filter(kept).count();
        let still = after.addresses().filter(|address| address.is_in_use()).count();
        if still < in_use { Err(lost("addresses in use", in_use, still)) } else { Ok(after) }
    }

    /// Replaces a profile. [`update`](Self::update) is safer. Evidence: sent (7.x); the success code is not certain.
    ///
    /// A row of a list is refused: it has no ranges, and sending it would delete them.
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

    /// Deletes a profile. Evidence: sent (7.x); the success code is not certain.
    pub fn delete(self, id: &str) -> Call<()> {
        let request = ApiRequest::delete("/iaas-proxy-provider/api/network/profiles/{profile}", &[id]);
        Call::done(&self.client.backend, request)
    }

    /// Lists all addresses of a profile, of all its ranges. 7.1 and later. Evidence: members (7.x).
    ///
    /// A page has 1000 rows by default.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::Filter;
    /// let of_machine = Filter::eq("virtualMachineName", "vm-2");
    /// let list = client.network_profiles().addresses("597ff2c1").with_filter(of_machine);
    /// assert_eq!(list.request().path(), "/iaas-proxy-provider/api/network/profiles/addresses/597ff2c1");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn addresses(self, profile_id: &str) -> List<ProfileAddress> {
        let request = ApiRequest::get("/iaas-proxy-provider/api/network/profiles/addresses/{profile}", &[profile_id]);
        // A profile can have a /16 of addresses; pages of 100 would take 655 requests.
        List::new(&self.client.backend, request).with_page_size(1000)
    }

    /// Returns the addresses of one range. Evidence: members (7.x).
    ///
    /// The server has no call for one range. From 7.1 on this reads the addresses of the profile; older servers return
    /// 404 or 405 to that, and have the addresses in the profile itself.
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if the profile has no such range; otherwise the [errors of a list](List#errors).
    pub async fn addresses_of_range(self, profile_id: &str, range_id: &str) -> Result<Vec<ProfileAddress>, Error> {
        let in_range = |address: &ProfileAddress| address.static_ipv4_range_id.as_deref() == Some(range_id);
        let list = self.addresses(profile_id);
        // The newer call first: a complete profile of a large range can be one response of many megabytes.
        let found: Result<Vec<_>, _> =
            list.stream().try_filter(|row| std::future::ready(in_range(row))).try_collect().await;
        match found {
            Ok(rows) if !rows.is_empty() => return Ok(rows),
            Err(error) if !matches!(error.status(), Some(404 | 405)) => return Err(error),
            // No rows: the range may be empty or may not exist, which only the profile tells.
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

    /// Lists the ranges of a profile with the numbers of their addresses. 7.1 and later. Evidence: members (7.x).
    pub fn range_summaries(self, profile_id: &str) -> List<RangeSummary> {
        let template = "/iaas-proxy-provider/api/network/profiles/range-summaries/{profile}";
        List::new(&self.client.backend, ApiRequest::get(template, &[profile_id]))
    }
}
