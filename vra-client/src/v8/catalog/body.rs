//! Bodies of requests to the catalog, and the result of a request.

use serde_json::Value;

use crate::error::Error;
use crate::lenient::{JsonObject, model, request_body};
use crate::list::rows;
use crate::v8::inputs::{check_inputs, inputs_of, set_input};

request_body! {
    /// Request for a catalog item.
    ///
    /// ```
    /// use vra_client::v8::CatalogItemRequestBody;
    ///
    /// let body = CatalogItemRequestBody::new("p1", "web 1").with_version("2").with_input("cpu", 2).with_input("os", "centos");
    /// assert_eq!(
    ///     serde_json::to_value(&body)?,
    ///     serde_json::json!({"projectId": "p1", "deploymentName": "web 1", "version": "2",
    ///         "inputs": {"cpu": 2, "os": "centos"}}),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CatalogItemRequestBody {
        /// Sets the inputs, in place of those before.
        with_inputs: JsonObject = "inputs";
        /// Sets the version of the item. Default: the newest.
        with_version: String = "version";
        /// Sets the reason, free text for the approver.
        with_reason: String = "reason";
        /// Sets the number of deployments. With several, the server appends a number to each name.
        with_bulk_request_count: u32 = "bulkRequestCount";
    }
}

impl CatalogItemRequestBody {
    /// Makes a request without inputs, for a project by its id. The name of the deployment has to be unique in the
    /// organization: [`Deployments::is_name_taken`](crate::v8::Deployments::is_name_taken).
    #[must_use]
    pub fn new(project_id: impl Into<String>, deployment_name: impl Into<String>) -> Self {
        // The server requires neither. Without a name of the caller's, the deployment of a lost response could not be
        // found.
        Self { body: JsonObject::new() }
            .with_member("projectId", project_id.into())
            .with_member("deploymentName", deployment_name.into())
    }

    /// Sets one input.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set_input(&mut self.body, name.into(), value.into());
        self
    }

    /// Checks the inputs against a JSON schema, such as that of a [version](super::CatalogItemVersion::schema).
    ///
    /// Missing inputs without a default, values of another kind, and values outside of the permitted ones or of the
    /// bounds are refused. Patterns and nested values are left to the server.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the input, and the value unless it is secret.
    pub fn check_inputs(&self, schema: &JsonObject) -> Result<(), Error> {
        check_inputs(schema, &inputs_of(&self.body))
    }

    /// Returns a member that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }
}

model! {
    /// Deployment that a request makes.
    pub struct RequestedDeployment {
        // Captured. The response is a list also for one deployment.
        /// Id of the deployment.
        deployment_id: String = "deploymentId";
        /// Name of the deployment.
        deployment_name: String = "deploymentName";
    }
}

impl RequestedDeployment {
    /// Returns the id of the deployment. It is never empty in the result of a call.
    #[must_use]
    pub fn id(&self) -> &str {
        // No `Option`: a row without an id was refused when it was read, and an empty id is refused in a path.
        self.deployment_id.as_deref().unwrap_or_default()
    }
}

rows!(RequestedDeployment.deployment_id);

request_body! {
    /// Changes to a catalog item by an administrator. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::CatalogItemPatch;
    ///
    /// let patch = CatalogItemPatch::new().with_bulk_request_limit(5_u32);
    /// assert_eq!(serde_json::to_value(&patch)?, serde_json::json!({"bulkRequestLimit": 5}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CatalogItemPatch {
        /// Sets the largest number of deployments of one request.
        with_bulk_request_limit: u32 = "bulkRequestLimit";
        /// Sets the form, by id.
        with_form: String = "formId";
        /// Sets the icon, by id.
        with_icon: String = "iconId";
    }
}

impl CatalogItemPatch {
    /// Makes a patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { body: JsonObject::new() }
    }
}

impl Default for CatalogItemPatch {
    fn default() -> Self {
        Self::new()
    }
}
