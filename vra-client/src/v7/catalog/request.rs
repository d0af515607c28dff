//! Requests: their states, their templates, and the result of a submission.

use super::cost::Quote;
use super::reference::{Organization, ProviderBinding, Reference};
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject, Timestamp, model, open_enum};
use crate::list::rows;
use crate::poll::Progress;
use crate::v7::{Literal, LiteralMap};

open_enum! {
    /// Coarse state of a request. `Successful`, `Failed` and `Rejected` are final.
    pub enum RequestPhase {
        /// Saved, but not submitted yet.
        Unsubmitted = "UNSUBMITTED",
        /// Waits for the approval before provisioning.
        PendingPreApproval = "PENDING_PRE_APPROVAL",
        /// Being provisioned.
        InProgress = "IN_PROGRESS",
        /// Waits for the approval after provisioning.
        PendingPostApproval = "PENDING_POST_APPROVAL",
        /// Ended with success, completely or in part. Final.
        Successful = "SUCCESSFUL",
        /// Ended with a failure. Final.
        Failed = "FAILED",
        /// Ended by a rejection. Final.
        Rejected = "REJECTED",
    }
}

open_enum! {
    /// Detailed state of a request. The final ones are marked.
    pub enum RequestState {
        /// Saved, but not submitted yet.
        Unsubmitted = "UNSUBMITTED",
        /// Submitted.
        Submitted = "SUBMITTED",
        /// Deleted. Final.
        Deleted = "DELETED",
        /// Waits for the approval before provisioning.
        PendingPreApproval = "PENDING_PRE_APPROVAL",
        /// The approval before provisioning could not be requested.
        PreApprovalSendError = "PRE_APPROVAL_SEND_ERROR",
        /// Approved before provisioning.
        PreApproved = "PRE_APPROVED",
        /// Rejected before provisioning. Final.
        PreRejected = "PRE_REJECTED",
        /// The provider could not delete the resource.
        ProviderDeletionError = "PROVIDER_DELETION_ERROR",
        /// Being provisioned.
        InProgress = "IN_PROGRESS",
        /// The request could not be passed to the provider.
        ProviderSendError = "PROVIDER_SEND_ERROR",
        /// The provider has completed it.
        ProviderCompleted = "PROVIDER_COMPLETED",
        /// The provider has failed.
        ProviderFailed = "PROVIDER_FAILED",
        /// Waits for the approval after provisioning.
        PendingPostApproval = "PENDING_POST_APPROVAL",
        /// The approval after provisioning could not be requested.
        PostApprovalSendError = "POST_APPROVAL_SEND_ERROR",
        /// Approved after provisioning.
        PostApproved = "POST_APPROVED",
        /// Rejected after provisioning; the resources are being removed.
        PostRejectionReceived = "POST_REJECTION_RECEIVED",
        /// The resources of a rejected request could not be removed.
        RollbackError = "ROLLBACK_ERROR",
        /// Rejected after provisioning. Final.
        PostRejected = "POST_REJECTED",
        /// Ended with success. Final.
        Successful = "SUCCESSFUL",
        /// Ended with success in part. Final.
        PartiallySuccessful = "PARTIALLY_SUCCESSFUL",
        /// Ended with a failure. Final.
        Failed = "FAILED",
    }
}

model! {
    /// Request for an item, or for an action on a resource.
    ///
    /// ```
    /// use vra_client::v7::{CatalogRequest, RequestPhase};
    ///
    /// let request: CatalogRequest = serde_json::from_str(r#"{"id": "7a6b", "phase": "FAILED",
    ///     "requestCompletion": {"requestCompletionState": "FAILED", "completionDetails": "no capacity"}}"#)?;
    /// assert_eq!(request.phase, Some(RequestPhase::Failed));
    /// assert_eq!((request.outcome(), request.completion_details()), (Some(false), Some("no capacity")));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CatalogRequest {
        // From captured responses of 6.2 and 7.x. Requests for items and for actions share one type: lists mix them,
        // and they differ in the three references only.
        /// Type of the object in `@type`: `CatalogItemRequest` or `ResourceActionRequest`.
        type_name: String = "@type";
        /// Id of the request, a UUID.
        id: String = "id";
        /// Number that the user interface shows; the server assigns it shortly after the id.
        request_number: i64 = "requestNumber";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// Version of the object.
        version: i64 = "version";
        /// Detailed state.
        state: RequestState = "state";
        /// Display name of the state.
        state_name: String = "stateName";
        /// Coarse state. It decides whether the request is final, except in the state `DELETED`; see
        /// [`Catalog::wait_for`](crate::v7::Catalog::wait_for).
        phase: RequestPhase = "phase";
        /// `STARTED`, `STOPPED` and others.
        execution_status: String = "executionStatus";
        /// `NOT_WAITING`, `WAITING_FOR_PROVIDER` and others.
        waiting_status: String = "waitingStatus";
        /// `PENDING`, `PRE_APPROVED`, `POST_APPROVED` and others.
        approval_status: String = "approvalStatus";
        /// Description, free text.
        description: String = "description";
        /// Reasons that the requester gave, free text.
        reasons: String = "reasons";
        /// User that the request is made for, `user@domain`.
        requested_for: String = "requestedFor";
        /// User that submitted the request, `user@domain`.
        requested_by: String = "requestedBy";
        /// Tenant and business group of the request.
        organization: Organization = "organization";
        /// Id of the entitlement that allowed it.
        requestor_entitlement_id: String = "requestorEntitlementId";
        /// Id of the approval before provisioning.
        pre_approval_id: String = "preApprovalId";
        /// Id of the approval after provisioning.
        post_approval_id: String = "postApprovalId";
        /// Time of creation.
        date_created: Timestamp = "dateCreated";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
        /// Time of submission.
        date_submitted: Timestamp = "dateSubmitted";
        /// Time of approval.
        date_approved: Timestamp = "dateApproved";
        /// Time when it became final.
        date_completed: Timestamp = "dateCompleted";
        /// Price of the request.
        quote: Quote = "quote";
        /// Result of the provider.
        request_completion: RequestCompletion = "requestCompletion";
        /// Message of the provider, in the request of a [`Deployment`](crate::v7::Deployment).
        completion_detail_message: String = "completionDetailMessage";
        /// Requested values, in the form of 6.2.
        request_data: LiteralMap = "requestData";
        /// Number of attempts that the server has left.
        retries_remaining: i64 = "retriesRemaining";
        /// Name of the requested item or action.
        requested_item_name: String = "requestedItemName";
        /// Description of the requested item or action.
        requested_item_description: String = "requestedItemDescription";
        /// Components of the request; the shape is not known.
        components: serde_json::Value = "components";
        /// Requested item; absent for an action.
        catalog_item_ref: Reference = "catalogItemRef";
        /// Requested item at the service that provides it.
        catalog_item_provider_binding: ProviderBinding = "catalogItemProviderBinding";
        /// True if the request is final. Not all servers write it.
        is_final: bool = "final";
        /// True if the request was successful. Not all servers write it.
        is_successful: bool = "successful";
        /// Resource that the action acts on; absent for an item.
        resource_ref: Reference = "resourceRef";
        /// Requested action; absent for an item.
        resource_action_ref: Reference = "resourceActionRef";
    }
}

impl CatalogRequest {
    /// Returns the message of the provider, such as the cause of a failure.
    #[must_use]
    pub fn completion_details(&self) -> Option<&str> {
        let completion =
            self.request_completion.as_ref().and_then(|completion| completion.completion_details.as_deref());
        // The request of a deployment has the message in a member of its own.
        completion.or(self.completion_detail_message.as_deref())
    }

    /// Returns the result of a final request: `Some(true)` for success, `Some(false)` for failure, rejection or
    /// deletion. [`None`] if the request is not final, or if [`wait_for`](crate::v7::Catalog::wait_for) would end with
    /// `UnknownState`.
    #[must_use]
    pub fn outcome(&self) -> Option<bool> {
        match self.progress() {
            Progress::Done => Some(true),
            Progress::Failed => Some(false),
            Progress::Pending | Progress::Unknown => None,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        use {RequestPhase as Phase, RequestState as State};

        match (&self.phase, &self.state) {
            // The phase of a deleted request stays what it was, so waiting by phase would go on for ever.
            (_, Some(State::Deleted)) => Progress::Failed,
            // The phase before the state: it has seven values, three of them captured, while the list of states is long
            // and known from clients only.
            (Some(Phase::Successful), _) => Progress::Done,
            (Some(Phase::Failed | Phase::Rejected), _) => Progress::Failed,
            (Some(Phase::Unknown(_)), _) | (None, None) => Progress::Unknown,
            (Some(_), _) => Progress::Pending,
            // Without a phase the state decides. The states with `ERROR` in their name are not taken for final: no source
            // says that the server does not try again.
            (None, Some(state)) => match state {
                State::Successful | State::PartiallySuccessful => Progress::Done,
                State::Failed | State::PreRejected | State::PostRejected => Progress::Failed,
                State::Unknown(_) => Progress::Unknown,
                _ => Progress::Pending,
            },
        }
    }

    /// Returns the most specific text for the state.
    pub(super) fn state_word(&self) -> String {
        let state = self.state.as_ref().map(RequestState::as_str);
        let phase = self.phase.as_ref().map(RequestPhase::as_str);
        match (phase, state) {
            // Both words, since a phase such as IN_PROGRESS covers a state that reports an error.
            (Some(phase), Some(state)) if phase != state => format!("{phase} ({state})"),
            (Some(word), _) | (None, Some(word)) => word.to_owned(),
            (None, None) => "none".to_owned(),
        }
    }
}

model! {
    /// Result of the provider. It can be there before the request is final.
    pub struct RequestCompletion {
        // Written while the request is in progress too, so its presence does not mean the end.
        /// `SUCCESSFUL`, `FAILED` and others.
        request_completion_state: String = "requestCompletionState";
        /// Message of the provider, such as the cause of a failure.
        completion_details: String = "completionDetails";
        /// Ids of the resources that were made, at their provider.
        resource_binding_ids: Vec<String> = "resourceBindingIds";
    }
}

rows!(CatalogRequest.id);

model! {
    /// Template of a request, for an item or for an action, in the form of 7.x.
    ///
    /// Read it, change what is wanted and submit it. All other members are sent back as they were read, `null`
    /// included.
    ///
    /// ```
    /// use vra_client::v7::RequestTemplate;
    ///
    /// let mut template: RequestTemplate = serde_json::from_str(r#"{"catalogItemId": "c1", "description": null,
    ///     "data": {"_leaseDays": null, "web": {"componentTypeId": "machine", "data": {"cpu": 1, "memory": 512}}}}"#)?;
    /// template.set("_leaseDays", 5);
    /// template.set_component_value(&["web"], "cpu", 2)?;
    /// assert_eq!(template.component_value(&["web"], "cpu"), Some(&2.into()));
    /// // A misspelled component is refused: the server would ignore it.
    /// assert!(template.set_component_value(&["wbe"], "cpu", 2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct RequestTemplate {
        // The discriminator is `type` with a class name here, where all other objects have `@type`.
        /// Class of the request, such as `com.vmware.vcac.catalog.domain.request.CatalogItemProvisioningRequest`.
        class_name: String = "type";
        /// Id of the item, in a request for an item.
        catalog_item_id: String = "catalogItemId";
        /// User that the request is made for, `user@domain`.
        requested_for: String = "requestedFor";
        /// Id of the business group.
        business_group_id: String = "businessGroupId";
        /// Id of the resource, in a request for an action.
        resource_id: String = "resourceId";
        /// Id of the action, in a request for an action.
        action_id: String = "actionId";
        /// Description, free text.
        description: String = "description";
        /// Reasons for the approver, free text.
        reasons: String = "reasons";
        /// Values as plain JSON, with one object per component of the blueprint.
        data: JsonObject = "data";
    }
}

impl RequestTemplate {
    /// Makes a template for an action whose template is not read from the server. Its description is `null`, as
    /// published clients send it.
    ///
    /// ```
    /// use vra_client::v7::{EntityRef, RequestTemplate};
    ///
    /// // Change the owner: the value is a literal within the plain JSON.
    /// let mut template = RequestTemplate::for_action("resource id", "action id");
    /// template.set_literal("provider-Machine.owner", EntityRef::new("USER", "ann@example.com"));
    /// assert_eq!(template.resource_id.as_deref(), Some("resource id"));
    /// let data = template.data.unwrap_or_default();
    /// assert_eq!(data.at(&["provider-Machine.owner", "type"]), Some(&"entityRef".into()));
    /// ```
    #[must_use]
    pub fn for_action(resource_id: impl Into<String>, action_id: impl Into<String>) -> Self {
        let mut new = Self {
            class_name: Some("com.vmware.vcac.catalog.domain.request.CatalogResourceRequest".into()),
            resource_id: Some(resource_id.into()),
            action_id: Some(action_id.into()),
            data: Some(JsonObject::new()),
            ..Self::default()
        };
        // Published clients write this member even without a description.
        new.extra.set_null("description");
        new
    }

    /// Sets a value of the whole request, such as `_leaseDays`.
    pub fn set(&mut self, key: &str, value: impl Into<serde_json::Value>) {
        self.data.get_or_insert_default().insert(key.to_owned(), value.into());
    }

    /// Sets a value of the whole request to a literal, such as a reference to a new owner.
    pub fn set_literal(&mut self, key: &str, value: impl Into<Literal>) {
        self.set(key, value.into().into_json());
    }

    /// Returns a value of a component of the blueprint; see [`set_component_value`](Self::set_component_value).
    #[must_use]
    pub fn component_value(&self, components: &[&str], key: &str) -> Option<&serde_json::Value> {
        self.data.as_ref()?.at(&value_path(components, key))
    }

    /// Sets a value of a component of the blueprint, such as `cpu` of `["machine2.vsphere"]`.
    ///
    /// The names of the components are the members of [`data`](Self::data) that are objects; a blueprint within a
    /// blueprint takes several names. The keys are the members of the component's own `data`. A component that is
    /// missing is not made: a misspelled name would be ignored by the server.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the missing component and lists the names that the template has.
    pub fn set_component_value(
        &mut self,
        components: &[&str],
        key: &str,
        value: impl Into<serde_json::Value>,
    ) -> Result<(), Error> {
        // The names that exist are listed, since a blueprint's component names cannot be guessed from the user
        // interface.
        let missing = |name: &str, data: &JsonObject| {
            let known = data.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Error::invalid("component", name, format!("a component of the template, which has {known}"))
        };
        let data = self.data.get_or_insert_default();
        // Each level is checked, so that the error names the first missing one and not the whole path.
        for depth in 1..=components.len() {
            let (names, _) = components.split_at(depth);
            let path = value_path(names, "");
            if !data.at(path.split_last().map_or(&[], |(_, path)| path)).is_some_and(serde_json::Value::is_object) {
                return Err(missing(names.last().copied().unwrap_or_default(), data));
            }
        }
        let path = value_path(components, key);
        data.set_at(&path, value).map_err(|name| missing(&name, &JsonObject::new()))
    }
}

/// Returns the JSON path of a value: `["a", "b"], "cpu"` is at `a.data.b.data.cpu`.
fn value_path<'a>(components: &[&'a str], key: &'a str) -> Vec<&'a str> {
    let mut path = Vec::with_capacity(components.len() * 2 + 1);
    for component in components {
        path.extend([*component, "data"]);
    }
    path.push(key);
    path
}

/// Request that the server accepted.
///
/// The server names the new request by `Location` or by a body with an id. A response with neither is
/// [`Error::Decode`], and the request exists all the same.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SubmittedRequest {
    /// Id of the request: the last part of `Location`, or else the `id` of the body. Never empty.
    pub id: String,
    /// `Location`: path and query below the configured server; [`None`] if the response has none.
    pub location: Option<String>,
    /// The request itself, if the server returned it and it could be read. Its state is that of the submission.
    pub request: Option<CatalogRequest>,
}

impl SubmittedRequest {
    pub(super) fn read(reply: &crate::transport::Reply) -> Result<Self, Error> {
        let created = crate::call::Created::read(reply);
        match created.id {
            // The request exists and has an id. A body that cannot be read must not hide the id from the caller.
            Some(id) => Ok(Self { id, location: created.location, request: reply.json().ok() }),
            None => Err(reply.lacks("neither a Location header nor a body with an id")),
        }
    }
}
