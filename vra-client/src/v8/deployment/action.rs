//! Actions on deployments and resources.

use serde_json::Value;

use crate::error::Error;
use crate::lenient::{JsonObject, model, request_body};
use crate::list::rows;
use crate::v8::inputs::{check_inputs, inputs_of, set_input};

model! {
    /// Action on a deployment or a resource.
    pub struct ResourceAction {
        // Captured, as a row and alone.
        /// Id, such as `Cloud.vSphere.Machine.PowerOff`.
        id: String = "id";
        /// Name, such as `PowerOff`.
        name: String = "name";
        /// Display name.
        display_name: String = "displayName";
        /// Description, free text.
        description: String = "description";
        /// False if the present state does not allow it.
        valid: bool = "valid";
        /// `RESOURCE_ACTION`, which can be requested, or `RESOURCE_EXTENSION`, which opens a window of the user
        /// interface.
        action_type: String = "actionType";
        /// JSON schema of the inputs. Lists lack it.
        schema: JsonObject = "schema";
        /// Form of the inputs.
        form_definition: JsonObject = "formDefinition";
        /// Names of resources that it affects too.
        dependents: Vec<String> = "dependents";
        /// Id of the project.
        project_id: String = "projectId";
        /// Id of the organization.
        org_id: String = "orgId";
    }
}

impl ResourceAction {
    /// Returns true if the action can be requested in the present state.
    ///
    /// ```
    /// use vra_client::v8::ResourceAction;
    ///
    /// let action = |json| serde_json::from_str::<ResourceAction>(json);
    /// assert!(action(r#"{"id": "Cloud.vSphere.Machine.PowerOff", "valid": true}"#)?.is_possible());
    /// assert!(!action(r#"{"id": "Cloud.vSphere.Machine.PowerOn", "valid": false}"#)?.is_possible());
    /// // A window of the user interface.
    /// assert!(!action(r#"{"id": "Cloud.vSphere.Machine.Remote.Console", "actionType": "RESOURCE_EXTENSION"}"#)?.is_possible());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_possible(&self) -> bool {
        // A missing flag is no refusal: the description does not require it.
        self.valid != Some(false) && self.action_type.as_deref() != Some("RESOURCE_EXTENSION")
    }

    /// Checks a request against the action: whether it is possible, and the inputs if the schema was read.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the action or the input.
    pub fn check(&self, body: &ResourceActionRequestBody) -> Result<(), Error> {
        // An action of another name would be checked against the wrong schema.
        let id = self.id.as_deref().unwrap_or_default();
        let named = body.as_json().get("actionId").and_then(Value::as_str).unwrap_or_default();
        if named != id {
            return Err(Error::invalid("actionId", named, format!("{id}, which is the action that was read")));
        }
        if !self.is_possible() {
            let expected = "an action that can be requested in the present state; list the actions to see which can";
            return Err(Error::invalid("actionId", id, expected));
        }
        self.schema.as_ref().map_or(Ok(()), |schema| check_inputs(schema, &inputs_of(body.as_json())))
    }
}

request_body! {
    /// Request for an action.
    ///
    /// ```
    /// use vra_client::v8::ResourceActionRequestBody;
    ///
    /// let body = ResourceActionRequestBody::new("Cloud.vSphere.Machine.Resize").with_input("cpuCount", 4);
    /// assert_eq!(
    ///     serde_json::to_value(&body)?,
    ///     serde_json::json!({"actionId": "Cloud.vSphere.Machine.Resize", "inputs": {"cpuCount": 4}}),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct ResourceActionRequestBody {
        /// Sets the inputs, in place of those before.
        with_inputs: JsonObject = "inputs";
        /// Sets the reason, free text for the approver.
        with_reason: String = "reason";
    }
}

impl ResourceActionRequestBody {
    /// Makes a request for an action by its id, without inputs.
    #[must_use]
    pub fn new(action_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }.with_member("actionId", action_id.into())
    }

    /// Sets one input.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set_input(&mut self.body, name.into(), value.into());
        self
    }
}

rows!(ResourceAction.id);
