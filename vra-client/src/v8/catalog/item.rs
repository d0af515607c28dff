//! Catalog items, their versions and their types.

use super::body::CatalogItemRequestBody;
use crate::error::Error;
use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;
use crate::v8::conditions::conditions;
use crate::v8::reference::ResourceReference;

model! {
    /// Item of the catalog.
    pub struct CatalogItem {
        // Captured of 8.1, with the members of the description of 8.10. Lists lack the schema.
        /// Id, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Type, such as `com.vmw.blueprint` or `com.vmw.vro.workflow`.
        item_type: ResourceReference = "type";
        /// Ids of the projects that it can be requested in.
        project_ids: Vec<String> = "projectIds";
        /// These projects, if they were asked for: [`Catalog::find_items`](super::Catalog::find_items).
        projects: Vec<ResourceReference> = "projects";
        /// JSON schema of the inputs. Absent if the item has versions: each has a schema of its own.
        schema: JsonObject = "schema";
        /// Largest number of deployments of one request.
        bulk_request_limit: i64 = "bulkRequestLimit";
        /// Id of the source.
        source_id: String = "sourceId";
        /// Name of the source.
        source_name: String = "sourceName";
        /// Id of the object at its provider.
        external_id: String = "externalId";
        /// Id of the form.
        form_id: String = "formId";
        /// Id of the icon.
        icon_id: String = "iconId";
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

impl CatalogItem {
    /// Checks a request against the item: the project, the number of deployments, and the inputs if the schema of the
    /// requested version is known.
    ///
    /// Inputs are refused if a mistake is certain; a request that passes can still be refused by the server.
    ///
    /// ```
    /// use vra_client::v8::{CatalogItem, CatalogItemRequestBody};
    ///
    /// let item: CatalogItem = serde_json::from_str(
    ///     r#"{"id": "i1", "projectIds": ["p1"], "schema": {"properties": {"cpu": {"type": "integer", "maximum": 8}}}}"#,
    /// )?;
    /// assert!(item.check(&CatalogItemRequestBody::new("p1", "web").with_input("cpu", 2)).is_ok());
    /// let error = item.check(&CatalogItemRequestBody::new("p2", "web")).unwrap_err();
    /// assert_eq!(error.to_string(), r#"projectId: "p2" cannot be used, expected a project of the item, which has p1"#);
    /// assert!(item.check(&CatalogItemRequestBody::new("p1", "web").with_input("cpu", 16)).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the project, the deployment's name, the number or the input.
    pub fn check(&self, body: &CatalogItemRequestBody) -> Result<(), Error> {
        let project = body.text("projectId").unwrap_or_default();
        // An empty or absent list says nothing: lists of items can be read without it.
        let known = self.project_ids.as_deref().unwrap_or_default();
        if !known.is_empty() && !known.iter().any(|id| id == project) {
            let listed = known.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(Error::invalid("projectId", project, format!("a project of the item, which has {listed}")));
        }
        // Without one the server makes a name up, and after a lost response the deployment could not be found.
        if let Some(name) = body.text("deploymentName").filter(|name| name.trim().is_empty()) {
            return Err(Error::invalid("deploymentName", name, "a name that no deployment of the organization has"));
        }
        let count = body.as_json().get("bulkRequestCount").and_then(serde_json::Value::as_i64);
        let limit = self.bulk_request_limit.filter(|limit| *limit > 0);
        if let (Some(count), Some(limit)) = (count, limit)
            && count > limit
        {
            return Err(Error::invalid("bulkRequestCount", count.to_string(), format!("at most {limit}")));
        }
        match &self.schema {
            // The schema of the item is that of its newest version, and another version may have other inputs.
            Some(schema) if body.text("version").is_none() => body.check_inputs(schema),
            _ => Ok(()),
        }
    }
}

model! {
    /// Version of a catalog item.
    pub struct CatalogItemVersion {
        // Described only.
        /// Id: the name of the version, such as `2`.
        id: String = "id";
        /// Description, free text.
        description: String = "description";
        /// JSON schema of the inputs.
        schema: JsonObject = "schema";
        /// Id of the form.
        form_id: String = "formId";
        /// Id of the object at its provider.
        external_id: String = "externalId";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
    }
}

model! {
    /// Type of catalog items.
    pub struct CatalogItemType {
        // Captured. `baseUri` can be an address inside of the appliance, so it is never followed.
        /// Id, such as `com.vmw.vro.workflow`.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// URL of the provider.
        base_uri: String = "baseUri";
        /// JSON schema of the member `config` of a source.
        config_schema: JsonObject = "configSchema";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// Service that created it.
        created_by: String = "createdBy";
    }
}

conditions! {
    /// Conditions on catalog items.
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::v8::CatalogItemQuery;
    ///
    /// let query = CatalogItemQuery::new().with_search("cent").with_project("p1").with_project("p2");
    /// let request = client.catalog().find_items(query).request();
    /// assert!(request.target().starts_with("/catalog/api/items?search=cent&projects=p1&projects=p2&"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub struct CatalogItemQuery {
        /// Adds a project, by id: items of any of them are returned.
        with_project = add "projects";
        /// Adds a type, such as `com.vmw.blueprint`: items of any of them are returned.
        with_type = add "types";
        /// Sets a text that is a part of the name or the description.
        with_search = set "search";
    }
}

impl CatalogItemQuery {
    /// Asks for the projects of each item too.
    pub fn with_projects_expanded(mut self) -> Self {
        // Once: it changes the rows, and is no condition.
        self.conditions.set("expandProjects", "true");
        self
    }
}

rows!(CatalogItem.id, CatalogItemVersion.id, CatalogItemType.id);
