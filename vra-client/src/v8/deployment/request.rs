//! Requests: what was done to a deployment, and how far it is.

use crate::lenient::{JsonObject, Timestamp, model, open_enum};
use crate::list::rows;

open_enum! {
    /// Status of a request. The final ones are marked.
    pub enum DeploymentRequestStatus {
        /// Made.
        Created = "CREATED",
        /// Waits to be started.
        Pending = "PENDING",
        /// Being prepared.
        Initialization = "INITIALIZATION",
        /// The server looks for approval policies.
        CheckingApproval = "CHECKING_APPROVAL",
        /// Waits for an approval.
        ApprovalPending = "APPROVAL_PENDING",
        /// Waits for a user.
        UserInteractionPending = "USER_INTERACTION_PENDING",
        /// Being carried out.
        InProgress = "INPROGRESS",
        /// Being ended.
        Completion = "COMPLETION",
        /// Rejected by an approver. Final.
        ApprovalRejected = "APPROVAL_REJECTED",
        /// Cancelled. Final.
        Aborted = "ABORTED",
        /// Ended with success. Final.
        Successful = "SUCCESSFUL",
        /// Ended with a failure. Final.
        Failed = "FAILED",
    }
}

model! {
    /// Request: the creation of a deployment, an action on it or on a resource, or its deletion.
    ///
    /// The numbers of tasks are no measure of the progress: requests end with success before all tasks are counted.
    pub struct DeploymentRequest {
        // Captured, pending and ended. The cloud template may be a name such as `inline-blueprint` rather than an id.
        /// Id, a UUID.
        id: String = "id";
        /// Display name, such as `Create` or `Power Off`.
        name: String = "name";
        /// Status.
        status: DeploymentRequestStatus = "status";
        /// Details, such as the reason of a failure.
        details: String = "details";
        /// Id of the deployment.
        deployment_id: String = "deploymentId";
        /// Ids of the resources that it is about.
        resource_ids: Vec<String> = "resourceIds";
        /// Id of the action, such as `Deployment.PowerOff`.
        action_id: String = "actionId";
        /// Id of the cloud template, with a version behind a colon: `uuid:6`.
        blueprint_id: String = "blueprintId";
        /// Id of the catalog item, with a version behind a colon.
        catalog_item_id: String = "catalogItemId";
        /// User that made it.
        requested_by: String = "requestedBy";
        /// Inputs. The server masks secrets.
        inputs: JsonObject = "inputs";
        /// Outputs.
        outputs: JsonObject = "outputs";
        /// Number of tasks that are known so far.
        total_tasks: i64 = "totalTasks";
        /// Number of tasks that ended.
        completed_tasks: i64 = "completedTasks";
        /// True if it can be cancelled.
        cancelable: bool = "cancelable";
        /// True if a user has put it away.
        dismissed: bool = "dismissed";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// Time of the last change.
        updated_at: Timestamp = "updatedAt";
        /// Time when it was started.
        initialized_at: Timestamp = "initializedAt";
        /// Time of the approval.
        approved_at: Timestamp = "approvedAt";
        /// Time when it ended.
        completed_at: Timestamp = "completedAt";
    }
}

rows!(DeploymentRequest.id);
