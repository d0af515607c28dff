//! Runs of actions.

use serde_json::Value;

use crate::lenient::{JsonObject, model, open_enum, request_body};
use crate::list::rows;
use crate::poll::{Poll, Progress};
use crate::v8::inputs::set_input;

open_enum! {
    /// State of a run. The final ones are marked.
    pub enum AbxRunState {
        /// Made.
        Created = "CREATED",
        /// The script is being deployed.
        Deploying = "DEPLOYING",
        /// The script was deployed.
        Deployed = "DEPLOYED",
        /// Running.
        Running = "RUNNING",
        /// Being ended.
        Finishing = "FINISHING",
        /// The action for errors is running.
        HandlingError = "HANDLING_ERROR",
        /// Ended with success. Final.
        Completed = "COMPLETED",
        /// The script could not be deployed. Final.
        DeploymentFailed = "DEPLOYMENT_FAILED",
        /// Ended with a failure. Final.
        Failed = "FAILED",
        /// Cancelled. Final.
        Cancelled = "CANCELLED",
    }
}

model! {
    /// Run of an action. Times are in milliseconds since 1970.
    pub struct AbxRun {
        // By the pages of the vendor; no response is published.
        /// Id.
        id: String = "id";
        /// Name of the action.
        name: String = "name";
        /// State.
        state: AbxRunState = "runState";
        /// Message of a failure.
        error_message: String = "errorMessage";
        /// Inputs.
        inputs: JsonObject = "inputs";
        /// Outputs that the function returned.
        outputs: JsonObject = "outputs";
        /// Text that the script printed.
        logs: String = "logs";
        /// Id of the action.
        action_id: String = "actionId";
        /// Type of the action, such as `SCRIPT`.
        action_type: String = "actionType";
        /// Id of the version of the action.
        action_version_id: String = "actionVersionId";
        /// Name of the version of the action.
        action_version_name: String = "actionVersionName";
        /// Language, such as `python`.
        runtime: String = "runtime";
        /// Provider that runs it.
        provider: String = "provider";
        /// Text of the script.
        source: String = "source";
        /// Settings of the provider.
        configuration: JsonObject = "configuration";
        /// Time limit, in seconds.
        timeout_seconds: i64 = "timeoutSeconds";
        /// User or event that started it.
        triggered_by: String = "triggeredBy";
        /// Id of the project of the action.
        project_id: String = "projectId";
        /// Id of the project that it runs for.
        run_project_id: String = "runProjectId";
        /// Id of the organization.
        org_id: String = "orgId";
        /// True if the action belongs to the server.
        system: bool = "system";
        /// True if several runs may share one process.
        scalable: bool = "scalable";
        /// Time of creation.
        created_millis: i64 = "createdMillis";
        /// Time of the start.
        start_time_millis: i64 = "startTimeMillis";
        /// Time of the end.
        end_time_millis: i64 = "endTimeMillis";
    }
}

request_body! {
    /// Request to run an action.
    ///
    /// ```
    /// use vra_client::v8::AbxRunBody;
    ///
    /// let body = AbxRunBody::new("p1").with_input("host", "10.0.0.7");
    /// assert_eq!(
    ///     serde_json::to_value(&body)?,
    ///     serde_json::json!({"projectId": "p1", "inputs": {"host": "10.0.0.7"}}),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct AbxRunBody {
        /// Sets the inputs, in place of those before.
        with_inputs: JsonObject = "inputs";
        /// Sets the version of the action, by id. Default: the released one, or the draft.
        with_action_version: String = "actionVersionId";
        /// Sets the time limit, in seconds.
        with_timeout_seconds: u32 = "timeoutSeconds";
    }
}

impl AbxRunBody {
    /// Makes a request without inputs, for a project by its id.
    #[must_use]
    pub fn new(project_id: impl Into<String>) -> Self {
        // Inputs are sent also if there are none, as published clients do.
        Self { body: JsonObject::new() }.with_member("projectId", project_id.into()).with_inputs(JsonObject::new())
    }

    /// Sets one input.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set_input(&mut self.body, name.into(), value.into());
        self
    }
}

rows!(AbxRun.id);

/// Makes the result of a poll of a run.
pub(super) fn polled(value: AbxRun) -> Poll<AbxRun> {
    let progress = match &value.state {
        Some(AbxRunState::Completed) => Progress::Done,
        Some(AbxRunState::DeploymentFailed | AbxRunState::Failed | AbxRunState::Cancelled) => Progress::Failed,
        // The server has a state `UNKNOWN` of its own, which says as little.
        Some(AbxRunState::Unknown(_)) | None => Progress::Unknown,
        Some(
            AbxRunState::Created
            | AbxRunState::Deploying
            | AbxRunState::Deployed
            | AbxRunState::Running
            | AbxRunState::Finishing
            | AbxRunState::HandlingError,
        ) => Progress::Pending,
    };
    let state = value.state.as_ref().map_or("none", AbxRunState::as_str).to_owned();
    // Kept for the error of a run that failed: the message says more than the state.
    let details = value.error_message.clone().filter(|message| !message.trim().is_empty());
    Poll { progress, state, details, pause: None, value }
}
