//! Sources of items, and entitlements of projects to them.

use crate::lenient::{IntoJson, JsonObject, Timestamp, model, request_body};
use crate::list::rows;

model! {
    /// Source of catalog items, such as the cloud templates of a project.
    pub struct CatalogSource {
        // Captured. `config` differs by the type: of cloud templates it has `sourceProjectId`, of workflows a list.
        /// Id, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Type of its items, such as `com.vmw.blueprint`.
        type_id: String = "typeId";
        /// Id of the project that it belongs to.
        project_id: String = "projectId";
        /// Settings, by the schema of the type.
        config: JsonObject = "config";
        /// True if its items can be requested in all projects.
        global: bool = "global";
        /// Id of the icon of its items.
        icon_id: String = "iconId";
        /// Number of items that were found.
        items_found: i64 = "itemsFound";
        /// Number of items that were imported.
        items_imported: i64 = "itemsImported";
        /// Begin of the last import.
        last_import_started_at: Timestamp = "lastImportStartedAt";
        /// End of the last import.
        last_import_completed_at: Timestamp = "lastImportCompletedAt";
        /// Errors of the last import.
        last_import_errors: Vec<String> = "lastImportErrors";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// User that created it.
        created_by: String = "createdBy";
        /// Time of the last change.
        last_updated_at: Timestamp = "lastUpdatedAt";
        /// User that changed it last.
        last_updated_by: String = "lastUpdatedBy";
    }
}

request_body! {
    /// Body of the call that creates a source, or changes the one with the id.
    ///
    /// ```
    /// use vra_client::{lenient::JsonObject, v8::CatalogSourceBody};
    ///
    /// let mut config = JsonObject::new();
    /// config.insert("sourceProjectId".into(), "p1".into());
    /// let body = CatalogSourceBody::new("Lab", "com.vmw.blueprint", config).with_project("p1");
    /// assert_eq!(body.as_json()["typeId"], "com.vmw.blueprint");
    /// ```
    pub struct CatalogSourceBody {
        /// Sets the id of the source that is changed. Default: a new source.
        with_id: String = "id";
        /// Sets the description.
        with_description: String = "description";
        /// Sets the project that it belongs to, by id.
        with_project: String = "projectId";
        /// Sets whether its items can be requested in all projects.
        with_global: bool = "global";
        /// Sets the icon of its items, by id.
        with_icon: String = "iconId";
    }
}

impl CatalogSourceBody {
    /// Makes the body of a source of a type, with its settings.
    #[must_use]
    pub fn new(name: impl Into<String>, type_id: impl Into<String>, config: JsonObject) -> Self {
        // The description requires all three, also the settings of a type that has none.
        Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("typeId", type_id.into())
            .with_member("config", config)
    }
}

model! {
    /// Permission of a project to request an item, or all items of a source.
    pub struct Entitlement {
        // Captured, of a source and of an item.
        /// Id, a UUID.
        id: String = "id";
        /// Id of the project.
        project_id: String = "projectId";
        /// Item or source.
        definition: ContentDefinition = "definition";
        /// True if it was made from one of an earlier release.
        migrated: bool = "migrated";
    }
}

model! {
    /// Item or source of an entitlement.
    pub struct ContentDefinition {
        // The type decides whether the id is that of an item or of a source.
        /// `CatalogItemIdentifier` or `CatalogSourceIdentifier`.
        definition_type: String = "type";
        /// Id of the item or source.
        id: String = "id";
        /// Name of the item or source.
        name: String = "name";
        /// Description of the item or source.
        description: String = "description";
        /// Type of the items.
        source_type: String = "sourceType";
        /// Name of the source.
        source_name: String = "sourceName";
        /// Number of items.
        item_count: i64 = "numItems";
        /// Id of the icon.
        icon_id: String = "iconId";
    }
}

request_body! {
    /// Body of the call that creates an entitlement.
    ///
    /// ```
    /// use vra_client::v8::EntitlementBody;
    ///
    /// let body = EntitlementBody::of_source("p1", "s1");
    /// assert_eq!(body.as_json().at(&["definition", "type"]), Some(&"CatalogSourceIdentifier".into()));
    /// ```
    pub struct EntitlementBody {
        /// Sets the id. Default: the server makes one.
        with_id: String = "id";
    }
}

impl EntitlementBody {
    /// Makes the entitlement of a project to one item.
    #[must_use]
    pub fn of_item(project_id: impl Into<String>, item_id: impl Into<String>) -> Self {
        Self::of(project_id.into(), item_id.into(), "CatalogItemIdentifier")
    }

    /// Makes the entitlement of a project to all items of a source.
    #[must_use]
    pub fn of_source(project_id: impl Into<String>, source_id: impl Into<String>) -> Self {
        Self::of(project_id.into(), source_id.into(), "CatalogSourceIdentifier")
    }

    fn of(project_id: String, id: String, kind: &str) -> Self {
        // Type and id only: the other members describe what the server knows.
        let definition =
            ContentDefinition { definition_type: Some(kind.to_owned()), id: Some(id), ..ContentDefinition::default() };
        Self { body: JsonObject::new() }
            .with_member("projectId", project_id)
            .with_member("definition", definition.into_json())
    }
}

rows!(CatalogSource.id, Entitlement.id);
