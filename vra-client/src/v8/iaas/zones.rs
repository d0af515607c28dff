//! Cloud zones: where machines are placed.

use super::common::{Tag, iaas_object};
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, request_body};
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

iaas_object! {
    /// Cloud zone: a part of the compute resources of a region.
    pub struct Zone {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the region at its cloud account, such as `Datacenter:datacenter-1001`.
        external_region_id: String = "externalRegionId";
        /// Id of the cloud account.
        cloud_account_id: String = "cloudAccountId";
        /// Folder of vCenter for the machines.
        folder: String = "folder";
        /// Rule by which a host is chosen, such as `DEFAULT`.
        placement_policy: String = "placementPolicy";
        /// Tags of the zone.
        tags: Vec<Tag> = "tags";
        /// Tags of the compute resources that belong to the zone.
        tags_to_match: Vec<Tag> = "tagsToMatch";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

request_body! {
    /// Body of the calls that create and change a zone. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::{Tag, ZoneBody};
    ///
    /// let body = ZoneBody::new("Lab", "3617c011").with_tags_to_match([Tag::new("compute", "lab")]);
    /// assert_eq!(body.as_json().get("regionId"), Some(&"3617c011".into()));
    /// ```
    pub struct ZoneBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the folder of vCenter for the machines.
        with_folder: String = "folder";
        /// Sets the rule by which a host is chosen.
        with_placement_policy: String = "placementPolicy";
        /// Sets the tags of the zone.
        with_tags: Vec<Tag> = "tags";
        /// Sets the compute resources of the zone, by their ids, in place of those that it finds by tags.
        with_compute_ids: Vec<String> = "computeIds";
        /// Sets the tags of the compute resources that belong to the zone.
        with_tags_to_match: Vec<Tag> = "tagsToMatch";
        /// Sets properties.
        with_custom_properties: JsonObject = "customProperties";
    }
}

impl ZoneBody {
    /// Makes a body with the name and the id of the region, which every call requires.
    #[must_use]
    pub fn new(name: impl Into<String>, region_id: impl Into<String>) -> Self {
        let mut body = JsonObject::new();
        body.insert("name".to_owned(), name.into().into());
        body.insert("regionId".to_owned(), region_id.into().into());
        Self { body }
    }
}

rows!(Zone.id);

impl Client {
    /// Returns the cloud zones.
    #[must_use]
    pub fn zones(&self) -> Zones<'_> {
        Zones { client: self }
    }
}

/// Cloud zones of the IaaS service, `/iaas/api/zones`.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// assert_eq!(client.zones().get("z1").request().target(), "/iaas/api/zones/z1?apiVersion=2021-07-15");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Zones<'a> {
    client: &'a Client,
}

impl Zones<'_> {
    /// Lists the zones. Evidence: captured (8.x).
    pub fn list(self) -> List<Zone> {
        self.client.list(ApiRequest::get("/iaas/api/zones", &[]))
    }

    /// Reads a zone. Evidence: captured (8.x, as a row).
    pub fn get(self, id: &str) -> Call<Zone> {
        self.client.json(ApiRequest::get("/iaas/api/zones/{zone}", &[id]))
    }

    /// Finds the zone with this name. Evidence: captured (8.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no zone has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<Zone, Error> {
        // Without a filter, which this list does not declare.
        self.list().only("zone", name, |row| row.name.as_deref()).await
    }

    /// Creates a zone. Evidence: described (8.10, the response).
    pub fn create(self, body: ZoneBody) -> Call<Zone> {
        self.client.json(ApiRequest::post("/iaas/api/zones", &[]).json(body))
    }

    /// Changes a zone. Evidence: described (8.10, the response).
    pub fn update(self, id: &str, body: ZoneBody) -> Call<Zone> {
        self.client.json(ApiRequest::patch("/iaas/api/zones/{zone}", &[id]).json(body))
    }

    /// Deletes a zone. Evidence: described (8.10).
    pub fn delete(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/iaas/api/zones/{zone}", &[id]))
    }
}
