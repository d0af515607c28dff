//! Flavors and images: names that templates use, with what they stand for in each region.

use std::borrow::Cow;

use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::{List, Row, rows};
use crate::request::ApiRequest;
use crate::v8::{Client, Links};

model! {
    /// Flavors of a region.
    ///
    /// ```
    /// use vra_client::v8::FlavorProfile;
    ///
    /// let profile: FlavorProfile = serde_json::from_str(
    ///     r#"{"id": "f1", "flavorMappings": {"mapping": {"small": {"cpuCount": 2, "memoryInMB": 4096}}}}"#,
    /// )?;
    /// let small = profile.flavor("small").ok_or("no such flavor")?;
    /// assert_eq!(small.get("cpuCount"), Some(&2.into()));
    /// assert_eq!(profile.names().collect::<Vec<_>>(), ["small"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct FlavorProfile {
        /// Id: that of the organization with that of the region.
        id: String = "id";
        /// Display name; empty in the captured list.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// The flavors.
        flavor_mappings: FlavorMappings = "flavorMappings";
        /// Region in the cloud account, such as `Datacenter:datacenter-1001`.
        external_region_id: String = "externalRegionId";
        /// Id of the cloud account.
        cloud_account_id: String = "cloudAccountId";
        /// Day of creation.
        created_at: Timestamp = "createdAt";
        /// Day of the last change.
        updated_at: Timestamp = "updatedAt";
        /// Owner.
        owner: String = "owner";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Id of the organization, once more.
        organization_id: String = "organizationId";
        /// Links to the profile and the region.
        links: Links = "_links";
    }
}

impl FlavorProfile {
    /// Returns the names of the flavors, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(self.flavor_mappings.as_ref().and_then(|flavors| flavors.mapping.as_ref()))
    }

    /// Returns what a flavor stands for: on vSphere `cpuCount` and `memoryInMB`, in a public cloud its own name.
    #[must_use]
    pub fn flavor(&self, name: &str) -> Option<&serde_json::Value> {
        self.flavor_mappings.as_ref()?.mapping.as_ref()?.get(name)
    }
}

model! {
    /// Flavors by their name.
    pub struct FlavorMappings {
        // The names are the site's own, so the object has no fixed members.
        /// Value of each name.
        mapping: JsonObject = "mapping";
        /// Link to the region.
        links: Links = "_links";
    }
}

model! {
    /// Images of a region.
    ///
    /// ```
    /// use vra_client::v8::ImageMappings;
    ///
    /// let images: ImageMappings = serde_json::from_str(
    ///     r#"{"externalRegionId": "Datacenter:datacenter-1001", "mapping": {"Photon 4": {"osFamily": "LINUX"}}}"#,
    /// )?;
    /// assert_eq!(images.image("Photon 4").and_then(|image| image.get("osFamily")), Some(&"LINUX".into()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct ImageMappings {
        /// Value of each name.
        mapping: JsonObject = "mapping";
        /// Region in the cloud account, such as `Datacenter:datacenter-1001`.
        external_region_id: String = "externalRegionId";
        /// Id of the cloud account.
        cloud_account_id: String = "cloudAccountId";
        /// Link to the region.
        links: Links = "_links";
    }
}

impl ImageMappings {
    /// Returns the names of the images, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(self.mapping.as_ref())
    }

    /// Returns the image of a name: `id`, `name`, `externalId`, `osFamily` and others.
    #[must_use]
    pub fn image(&self, name: &str) -> Option<&serde_json::Value> {
        self.mapping.as_ref()?.get(name)
    }
}

impl Row for ImageMappings {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        // A row has no id. The region's is: there is one row for each, and two servers may have the same external id.
        self.links.as_ref()?.id("region").map(Cow::Owned)
    }
}

fn names(mapping: Option<&JsonObject>) -> impl Iterator<Item = &str> {
    mapping.into_iter().flat_map(|mapping| mapping.keys().map(String::as_str))
}

rows!(FlavorProfile.id);

impl Client {
    /// Lists the flavors, by region. Evidence: captured (8.x).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// assert_eq!(client.flavor_profiles().request().path(), "/iaas/api/flavor-profiles");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn flavor_profiles(&self) -> List<FlavorProfile> {
        self.list(ApiRequest::get("/iaas/api/flavor-profiles", &[]))
    }

    /// Lists the images, by region. Evidence: captured (8.x).
    pub fn images(&self) -> List<ImageMappings> {
        self.list(ApiRequest::get("/iaas/api/images", &[]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn images_of_two_servers_with_the_same_external_region_are_two_rows() {
        let of = |region: &str| -> ImageMappings {
            let links = serde_json::json!({"region": {"href": format!("/iaas/api/regions/{region}")}});
            serde_json::from_value(serde_json::json!({"externalRegionId": "Datacenter:d-1", "_links": links})).unwrap()
        };
        assert_eq!((of("a").row_id().as_deref(), of("b").row_id().as_deref()), (Some("a"), Some("b")));
        assert_eq!(ImageMappings::default().row_id(), None);
        assert_eq!(ImageMappings::default().names().count(), 0);
    }
}
