//! Requests: how they stand, and what they are made of.

use super::cost::Quote;
use super::reference::{Organization, ProviderBinding, Reference};
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject, Timestamp, model, open_enum};
use crate::list::rows;
use crate::poll::Progress;
use crate::v7::{Literal, LiteralMap};

open_enum! {
    /// How far a request is, in general. The last three are final.
    pub enum RequestPhase {
        /// Not handed in yet.
        Unsubmitted = "UNSUBMITTED",
        /// Waits to be approved before.
        PendingPreApproval = "PENDING_PRE_APPROVAL",
        /// Being done.
        InProgress = "IN_PROGRESS",
        /// Waits to be approved after.
        PendingPostApproval = "PENDING_POST_APPROVAL",
        /// Done.
        Successful = "SUCCESSFUL",
        /// Failed.
        Failed = "FAILED",
        /// Not approved.
        Rejected = "REJECTED",
    }
}

open_enum! {
    /// How far a request is, in detail.
    pub enum RequestState {
        /// Not handed in yet.
        Unsubmitted = "UNSUBMITTED",
        /// Handed in.
        Submitted = "SUBMITTED",
        /// Deleted.
        Deleted = "DELETED",
        /// Waits to be approved before.
        PendingPreApproval = "PENDING_PRE_APPROVAL",
        /// The approval before could not be asked for.
        PreApprovalSendError = "PRE_APPROVAL_SEND_ERROR",
        /// Approved before.
        PreApproved = "PRE_APPROVED",
        /// Not approved before.
        PreRejected = "PRE_REJECTED",
        /// The provider could not delete.
        ProviderDeletionError = "PROVIDER_DELETION_ERROR",
        /// Being done.
        InProgress = "IN_PROGRESS",
        /// The provider could not be asked.
        ProviderSendError = "PROVIDER_SEND_ERROR",
        /// The provider is done.
        ProviderCompleted = "PROVIDER_COMPLETED",
        /// The provider failed.
        ProviderFailed = "PROVIDER_FAILED",
        /// Waits to be approved after.
        PendingPostApproval = "PENDING_POST_APPROVAL",
        /// The approval after could not be asked for.
        PostApprovalSendError = "POST_APPROVAL_SEND_ERROR",
        /// Approved after.
        PostApproved = "POST_APPROVED",
        /// Not approved after; not undone yet.
        PostRejectionReceived = "POST_REJECTION_RECEIVED",
        /// Could not be undone.
        RollbackError = "ROLLBACK_ERROR",
        /// Not approved after.
        PostRejected = "POST_REJECTED",
        /// Done.
        Successful = "SUCCESSFUL",
        /// Done in part.
        PartiallySuccessful = "PARTIALLY_SUCCESSFUL",
        /// Failed.
        Failed = "FAILED",
    }
}

model! {
    /// A request for an item or for an action on a resource.
    pub struct CatalogRequest {
        /// `CatalogItemRequest` or `ResourceActionRequest`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The number for people; comes a moment later than the id.
        request_number: i64 = "requestNumber";
        /// The icon.
        icon_id: String = "iconId";
        /// The version of the entry.
        version: i64 = "version";
        /// How far it is, in detail.
        state: RequestState = "state";
        /// The state for display.
        state_name: String = "stateName";
        /// How far it is, in general.
        phase: RequestPhase = "phase";
        /// `STARTED`, `STOPPED` …
        execution_status: String = "executionStatus";
        /// `NOT_WAITING`, `WAITING_FOR_PROVIDER` …
        waiting_status: String = "waitingStatus";
        /// `PENDING`, `PRE_APPROVED`, `POST_APPROVED` …
        approval_status: String = "approvalStatus";
        /// Free text.
        description: String = "description";
        /// Why.
        reasons: String = "reasons";
        /// For whom.
        requested_for: String = "requestedFor";
        /// By whom.
        requested_by: String = "requestedBy";
        /// For which business group.
        organization: Organization = "organization";
        /// By which entitlement.
        requestor_entitlement_id: String = "requestorEntitlementId";
        /// The approval before.
        pre_approval_id: String = "preApprovalId";
        /// The approval after.
        post_approval_id: String = "postApprovalId";
        /// When it was made.
        date_created: Timestamp = "dateCreated";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
        /// When it was handed in.
        date_submitted: Timestamp = "dateSubmitted";
        /// When it was approved.
        date_approved: Timestamp = "dateApproved";
        /// When it ended.
        date_completed: Timestamp = "dateCompleted";
        /// What it costs.
        quote: Quote = "quote";
        /// How it ended.
        request_completion: RequestCompletion = "requestCompletion";
        /// What was asked for.
        request_data: LiteralMap = "requestData";
        /// How often it may be tried yet.
        retries_remaining: i64 = "retriesRemaining";
        /// The name of what was asked for.
        requested_item_name: String = "requestedItemName";
        /// Its description.
        requested_item_description: String = "requestedItemDescription";
        /// Its parts; the shape is not known.
        components: serde_json::Value = "components";
        /// The item that was asked for.
        catalog_item_ref: Reference = "catalogItemRef";
        /// What that item is at its provider.
        catalog_item_provider_binding: ProviderBinding = "catalogItemProviderBinding";
        /// Whether it has come to its end, where the server says so.
        is_final: bool = "final";
        /// Whether it ended well, where the server says so.
        is_successful: bool = "successful";
        /// The resource that something is done to.
        resource_ref: Reference = "resourceRef";
        /// What is done to it.
        resource_action_ref: Reference = "resourceActionRef";
    }
}

impl CatalogRequest {
    /// The failure in the server's words.
    #[must_use]
    pub fn completion_details(&self) -> Option<&str> {
        self.request_completion.as_ref()?.completion_details.as_deref()
    }

    /// Whether the request came to its end: `Some(true)` well, `Some(false)` badly; none if it goes on, or if the
    /// server names a state that is not known here.
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
            // A deleted request stays in the phase that it was in.
            (_, Some(State::Deleted)) => Progress::Failed,
            (Some(Phase::Successful), _) => Progress::Done,
            (Some(Phase::Failed | Phase::Rejected), _) => Progress::Failed,
            (Some(Phase::Unknown(_)), _) | (None, None) => Progress::Unknown,
            (Some(_), _) => Progress::Pending,
            (None, Some(state)) => match state {
                State::Successful | State::PartiallySuccessful => Progress::Done,
                State::Failed | State::PreRejected | State::PostRejected => Progress::Failed,
                State::Unknown(_) => Progress::Unknown,
                _ => Progress::Pending,
            },
        }
    }

    /// The word that tells most of how the request stands.
    pub(super) fn state_word(&self) -> String {
        let state = self.state.as_ref().map(RequestState::as_str);
        let phase = self.phase.as_ref().map(RequestPhase::as_str);
        match (phase, state) {
            (Some(phase), Some(state)) if phase != state => format!("{phase} ({state})"),
            (Some(word), _) | (None, Some(word)) => word.to_owned(),
            (None, None) => "none".to_owned(),
        }
    }
}

model! {
    /// How a request ended. Can be there while it still goes on.
    pub struct RequestCompletion {
        /// `SUCCESSFUL`, `FAILED` …
        request_completion_state: String = "requestCompletionState";
        /// What there is to say about it.
        completion_details: String = "completionDetails";
        /// What was made, by the provider's ids.
        resource_binding_ids: Vec<String> = "resourceBindingIds";
    }
}

rows!(CatalogRequest.id);

model! {
    /// The 7.x form of a request, for an item or for an action: read it, change what is wanted, hand it in. Everything
    /// else goes back as it came, `null` included.
    pub struct RequestTemplate {
        /// The class, such as `com.vmware.vcac.catalog.domain.request.CatalogItemProvisioningRequest`.
        class_name: String = "type";
        /// The item.
        catalog_item_id: String = "catalogItemId";
        /// For whom.
        requested_for: String = "requestedFor";
        /// For which business group.
        business_group_id: String = "businessGroupId";
        /// The resource, for an action.
        resource_id: String = "resourceId";
        /// The action.
        action_id: String = "actionId";
        /// Free text.
        description: String = "description";
        /// Why.
        reasons: String = "reasons";
        /// The values: plain JSON, with an object per component of the blueprint.
        data: JsonObject = "data";
    }
}

impl RequestTemplate {
    /// A template for an action, where none is to be read. Its description is `null`, as clients send it.
    #[must_use]
    pub fn for_action(resource_id: impl Into<String>, action_id: impl Into<String>) -> Self {
        let mut new = Self {
            class_name: Some("com.vmware.vcac.catalog.domain.request.CatalogResourceRequest".into()),
            resource_id: Some(resource_id.into()),
            action_id: Some(action_id.into()),
            data: Some(JsonObject::new()),
            ..Self::default()
        };
        new.extra.set_null("description");
        new
    }

    /// Sets a value of the whole request, such as `_leaseDays`.
    pub fn set(&mut self, key: &str, value: impl Into<serde_json::Value>) {
        self.data.get_or_insert_default().insert(key.to_owned(), value.into());
    }

    /// Sets a value to a literal, such as the reference of a new owner.
    pub fn set_literal(&mut self, key: &str, value: impl Into<Literal>) {
        self.set(key, value.into().into_json());
    }

    /// A value of a component of the blueprint.
    #[must_use]
    pub fn component_value(&self, components: &[&str], key: &str) -> Option<&serde_json::Value> {
        self.data.as_ref()?.at(&value_path(components, key))
    }

    /// Sets a value of a component of the blueprint, such as `cpu` of `["machine2.vsphere"]`; a blueprint in a
    /// blueprint has several names. A component that is missing is not made: a misspelled name would be ignored by the
    /// server.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the component that is missing.
    pub fn set_component_value(
        &mut self,
        components: &[&str],
        key: &str,
        value: impl Into<serde_json::Value>,
    ) -> Result<(), Error> {
        let missing = |name: &str, data: &JsonObject| {
            let known = data.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Error::invalid("component", name, format!("a component of the template, which has {known}"))
        };
        let data = self.data.get_or_insert_default();
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

/// `["a", "b"], "cpu"` is at `a.data.b.data.cpu`.
fn value_path<'a>(components: &[&'a str], key: &'a str) -> Vec<&'a str> {
    let mut path = Vec::with_capacity(components.len() * 2 + 1);
    for component in components {
        path.extend([*component, "data"]);
    }
    path.push(key);
    path
}

/// What the server answers to a request that was handed in: at least one of `id` and `location` is there.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SubmittedRequest {
    /// The request's id.
    pub id: String,
    /// Where it is: path and query below the configured server.
    pub location: Option<String>,
    /// The request itself, if the server sent it and it could be read.
    pub request: Option<CatalogRequest>,
}

impl SubmittedRequest {
    pub(super) fn read(reply: &crate::transport::Reply) -> Result<Self, Error> {
        let created = crate::call::Created::read(reply);
        match created.id {
            // It was handed in and has an id; a body that cannot be read does not change that.
            Some(id) => Ok(Self { id, location: created.location, request: reply.json().ok() }),
            None => Err(reply.lacks("neither a Location header nor a body with an id")),
        }
    }
}
