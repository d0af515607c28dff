//! Regions of cloud accounts.

use super::common::iaas_object;
use crate::call::Call;
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

iaas_object! {
    /// Region of a cloud account: a datacenter of vCenter, or a region of a public cloud.
    ///
    /// ```
    /// use vra_client::v8::Region;
    ///
    /// let region: Region = serde_json::from_str(
    ///     r#"{"id": "3617c011", "name": "Lab", "externalRegionId": "Datacenter:datacenter-1001"}"#,
    /// )?;
    /// assert_eq!(region.external_region_id.as_deref(), Some("Datacenter:datacenter-1001"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Region {
        /// Id, which network profiles and zones are created with.
        id: String = "id";
        /// Display name; on vSphere the name of the datacenter.
        name: String = "name";
        /// Id at the cloud account, such as `Datacenter:datacenter-1001`. Two cloud accounts may have the same.
        external_region_id: String = "externalRegionId";
        /// Id of the cloud account.
        cloud_account_id: String = "cloudAccountId";
    }
}

rows!(Region.id);

impl Client {
    /// Returns the regions.
    #[must_use]
    pub fn regions(&self) -> Regions<'_> {
        Regions { client: self }
    }
}

/// Regions of the IaaS service, `/iaas/api/regions`. A network profile and a zone belong to one.
///
/// ```
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// use vra_client::v8::NetworkProfileBody;
///
/// let regions = client.regions().list().all().await?;
/// let lab = regions.iter().find(|region| region.name.as_deref() == Some("Lab"));
/// let id = lab.and_then(|region| region.id.as_deref()).unwrap_or_default();
/// client.network_profiles().create(NetworkProfileBody::new("lab-profile", id)).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Regions<'a> {
    client: &'a Client,
}

impl Regions<'_> {
    /// Lists the regions of all cloud accounts. Evidence: described (8.10).
    pub fn list(self) -> List<Region> {
        self.client.list(ApiRequest::get("/iaas/api/regions", &[]))
    }

    /// Reads a region. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<Region> {
        self.client.json(ApiRequest::get("/iaas/api/regions/{region}", &[id]))
    }
}
