//! Blueprints, which the user interface calls cloud templates.

use serde_json::Value;

use crate::lenient::{Timestamp, model};
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

model! {
    /// Blueprint: a template that deployments are made from.
    pub struct Blueprint {
        // From one captured list; a single blueprint also has its content.
        /// Id, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `DRAFT`, `VERSIONED` or `RELEASED`.
        status: String = "status";
        /// True if its content has no mistake.
        valid: bool = "valid";
        /// Mistakes and warnings; the shape is not known.
        validation_messages: Vec<Value> = "validationMessages";
        /// Number of versions.
        total_versions: i64 = "totalVersions";
        /// Number of versions that are released to the catalog.
        total_released_versions: i64 = "totalReleasedVersions";
        /// True if all projects of the organization may request it.
        request_scope_org: bool = "requestScopeOrg";
        /// Id of the project that it belongs to.
        project_id: String = "projectId";
        /// Display name of that project.
        project_name: String = "projectName";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Path of the blueprint.
        self_link: String = "selfLink";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// User that created it.
        created_by: String = "createdBy";
        /// Time of the last change.
        updated_at: Timestamp = "updatedAt";
        /// User of the last change.
        updated_by: String = "updatedBy";
        /// Id of the repository that it is read from.
        content_source_id: String = "contentSourceId";
        /// Path in the repository.
        content_source_path: String = "contentSourcePath";
        /// Type of the repository, such as `com.github`.
        content_source_type: String = "contentSourceType";
        /// `SUCCESSFUL`, `FAILED` and others.
        content_source_sync_status: String = "contentSourceSyncStatus";
        /// Messages of the last time that the repository was read.
        content_source_sync_messages: Vec<String> = "contentSourceSyncMessages";
        /// Time when the repository was read last.
        content_source_sync_at: Timestamp = "contentSourceSyncAt";
    }
}

rows!(Blueprint.id);

impl Client {
    /// Lists the blueprints that the caller may see. Evidence: captured (8.x).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// assert_eq!(client.blueprints().request().path(), "/blueprint/api/blueprints");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn blueprints(&self) -> List<Blueprint> {
        self.list(ApiRequest::get("/blueprint/api/blueprints", &[]))
    }
}
