//! Flavors and images: sizes and templates of machines by region.

use super::common::iaas_object;
use std::borrow::Cow;

use crate::call::Call;
use crate::lenient::{JsonObject, model};
use crate::list::{List, Paging, Row, rows};
use crate::request::ApiRequest;
use crate::v8::{Client, Links};

iaas_object! {
    /// Sizes of machines in one region.
    pub struct FlavorProfile {
        /// Id; it need not be a UUID.
        id: String = "id";
        /// Display name; it can be empty.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Sizes by their names.
        flavor_mappings: FlavorMappings = "flavorMappings";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Id of the cloud account.
        cloud_account_id: String = "cloudAccountId";
    }
}

model! {
    /// Sizes of machines by their names.
    pub struct FlavorMappings {
        /// Sizes: name, and an object such as `{"cpuCount": 1, "memoryInMB": 2048}`.
        mapping: JsonObject = "mapping";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Links.
        links: Links = "_links";
    }
}

model! {
    /// Images of machines in one region. It has no id.
    pub struct ImageMapping {
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Images: name, and an object with `id`, `externalId`, `osFamily` and more.
        mapping: JsonObject = "mapping";
        /// Links.
        links: Links = "_links";
    }
}

rows!(FlavorProfile.id);

impl Row for ImageMapping {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        None
    }
}

impl Client {
    /// Returns the flavors and images.
    #[must_use]
    pub fn flavors_and_images(&self) -> FlavorsAndImages<'_> {
        FlavorsAndImages { client: self }
    }
}

/// Flavors and images of the IaaS service, `/iaas/api/flavor-profiles` and `/iaas/api/images`.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// let list = client.flavors_and_images().images();
/// assert_eq!(list.request().target(), "/iaas/api/images?apiVersion=2021-07-15");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FlavorsAndImages<'a> {
    client: &'a Client,
}

impl FlavorsAndImages<'_> {
    /// Lists the flavors by region. Evidence: captured (8.x).
    pub fn flavor_profiles(self) -> List<FlavorProfile> {
        self.client.list(ApiRequest::get("/iaas/api/flavor-profiles", &[]))
    }

    /// Reads the flavors of a region. Evidence: captured (8.x, as a row).
    pub fn flavor_profile(self, id: &str) -> Call<FlavorProfile> {
        self.client.json(ApiRequest::get("/iaas/api/flavor-profiles/{profile}", &[id]))
    }

    /// Lists the images by region, in one response. Evidence: captured (8.x).
    pub fn images(self) -> List<ImageMapping> {
        // The rows have no id, by which a server that ignores the paging would be noticed.
        self.client.list(ApiRequest::get("/iaas/api/images", &[])).with_paging(Paging::Single)
    }
}
