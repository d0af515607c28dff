//! Cloud templates, which the API calls blueprints.

use crate::call::Call;
use crate::error::Error;
use crate::lenient::{Timestamp, model, open_enum};
use crate::list::{List, rows};
use crate::odata::OrderBy;
use crate::request::ApiRequest;
use crate::v8::Client;

open_enum! {
    /// State of a cloud template.
    pub enum BlueprintStatus {
        /// Has no version.
        Draft = "DRAFT",
        /// Has a version.
        Versioned = "VERSIONED",
        /// Has a version in the catalog.
        Released = "RELEASED",
    }
}

model! {
    /// Cloud template.
    pub struct Blueprint {
        // Captured as a row, which lacks the text.
        /// Id, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// YAML text. Lists lack it.
        content: String = "content";
        /// State.
        status: BlueprintStatus = "status";
        /// Id of the project that it belongs to.
        project_id: String = "projectId";
        /// Name of that project.
        project_name: String = "projectName";
        /// Id of the organization.
        org_id: String = "orgId";
        /// True if it can be requested in all projects.
        request_scope_org: bool = "requestScopeOrg";
        /// True if the text is valid.
        valid: bool = "valid";
        /// Number of versions.
        total_versions: i64 = "totalVersions";
        /// Number of versions in the catalog.
        total_released_versions: i64 = "totalReleasedVersions";
        /// Id of the repository that it comes from.
        content_source_id: String = "contentSourceId";
        /// Path in that repository.
        content_source_path: String = "contentSourcePath";
        /// Type of that repository, such as `com.github`.
        content_source_type: String = "contentSourceType";
        /// Result of the last synchronization: `SUCCESSFUL` or `FAILED`.
        content_source_sync_status: String = "contentSourceSyncStatus";
        /// Messages of the last synchronization.
        content_source_sync_messages: Vec<String> = "contentSourceSyncMessages";
        /// Time of the last synchronization.
        content_source_sync_at: Timestamp = "contentSourceSyncAt";
        /// Path of the template.
        self_link: String = "selfLink";
        /// Messages of the validation; the shape is not known.
        validation_messages: Vec<serde_json::Value> = "validationMessages";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// User that created it.
        created_by: String = "createdBy";
        /// Time of the last change.
        updated_at: Timestamp = "updatedAt";
        /// User that changed it last.
        updated_by: String = "updatedBy";
    }
}

rows!(Blueprint.id);

impl Client {
    /// Returns the cloud templates.
    #[must_use]
    pub fn blueprints(&self) -> Blueprints<'_> {
        Blueprints { client: self }
    }
}

/// Cloud templates, `/blueprint/api/blueprints`. They are read only here.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// let list = client.blueprints().list().with_query("released", "true");
/// assert_eq!(list.request().path(), "/blueprint/api/blueprints");
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Blueprints<'a> {
    client: &'a Client,
}

impl Blueprints<'_> {
    /// Lists the cloud templates, by name. Evidence: captured (8.x).
    ///
    /// Query parameters narrow the list: `name`, `search`, `projects`, `released`, `versioned`.
    pub fn list(self) -> List<Blueprint> {
        self.client.list(ApiRequest::get("/blueprint/api/blueprints", &[])).with_order_by(OrderBy::asc("name"))
    }

    /// Reads a cloud template with its text. Evidence: captured (8.x, as a row).
    pub fn get(self, id: &str) -> Call<Blueprint> {
        self.client.json(ApiRequest::get("/blueprint/api/blueprints/{blueprint}", &[id]))
    }

    /// Finds the cloud template with this name. Evidence: captured (8.x, the list).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no template has the name; [`Error::Ambiguous`] if several have it, such as in different
    /// projects; otherwise the [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<Blueprint, Error> {
        // The server compares as it likes, so the names are compared again.
        self.list().with_query("name", name).only("cloud template", name, |row| row.name.as_deref()).await
    }
}
