//! Work items and approval policies, as the server returns and accepts them.

use crate::lenient::{IntoJson, JsonObject, Timestamp, model, request_body};
use crate::list::rows;
use crate::v7::{FormReference, LiteralMap, SchemaField};
use serde_json::Number;

model! {
    /// Task that waits for a user.
    pub struct WorkItem {
        // From the manual of 7.3, whose example is a work item of another type than an approval.
        /// Type of the object in `@type`: `WorkItem`.
        type_name: String = "@type";
        /// Id of the work item, a UUID.
        id: String = "id";
        /// Version of the object.
        version: i64 = "version";
        /// Number that the user interface shows; not unique across tenants.
        work_item_number: i64 = "workItemNumber";
        /// Users and groups that may complete it.
        assignees: Vec<Assignee> = "assignees";
        /// Tenant, by URL name.
        tenant_id: String = "tenantId";
        /// Id of the business group.
        sub_tenant_id: String = "subTenantId";
        /// Id of the work item at the service that created it.
        callback_entity_id: String = "callbackEntityId";
        /// Type of the work item, with its actions.
        work_item_type: WorkItemType = "workItemType";
        /// Time of completion; absent until then.
        completed_date: Timestamp = "completedDate";
        /// Time of assignment.
        assigned_date: Timestamp = "assignedDate";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of completion, or of assignment until then.
        assigned_or_completed_date: Timestamp = "assignedOrCompletedDate";
        /// Id of the service that created it.
        service_id: String = "serviceId";
        /// Subject of the work item, such as a request that waits for approval.
        work_item_request: WorkItemRequest = "workItemRequest";
        /// Status for display: `Active`, `Completed` and others.
        status: String = "status";
        /// User who completed it, `user@domain`.
        completed_by: String = "completedBy";
        /// Actions that are possible now; the shape is not known.
        available_actions: Vec<JsonObject> = "availableActions";
    }
}

impl WorkItem {
    /// Returns true if the item was completed: by date, or else by the status in any letter case.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        // By date first: the status is display text in the server's language.
        self.completed_date.is_some()
            || self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("Completed"))
    }

    /// Returns the id of the action whose id ends with a text, such as `approve`.
    #[must_use]
    pub fn action_ending(&self, suffix: &str) -> Option<&str> {
        let actions = self.work_item_type.as_ref()?.actions.as_ref()?;
        // By the end: the ids of an approval are known, those of other types differ in their prefix.
        actions.iter().filter_map(|action| action.id.as_deref()).find(|id| id.ends_with(suffix))
    }
}

model! {
    /// User or group that may complete a work item.
    pub struct Assignee {
        /// Principal, `user@domain` or `group@domain`.
        principal_id: String = "principalId";
        /// `USER` or `GROUP`.
        principal_type: String = "principalType";
    }
}

model! {
    /// Type of work items.
    pub struct WorkItemType {
        /// Type of the object in `@type`: `WorkItemType` and others.
        type_name: String = "@type";
        /// Id of the type.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Display name of several.
        pluralized_name: String = "pluralizedName";
        /// Description, free text.
        description: String = "description";
        /// Id of the type of service that creates such items.
        service_type_id: String = "serviceTypeId";
        /// Actions that complete such an item.
        actions: Vec<WorkItemAction> = "actions";
        /// True if such an item can be completed by mail.
        complete_by_email: bool = "completeByEmail";
        /// Id of the field for a comment.
        comments_field: String = "commentsField";
        /// Layout of a list of such items.
        list_view: ListView = "listView";
        /// Version of the object.
        version: i64 = "version";
        /// Forms of such an item.
        forms: WorkItemForms = "forms";
    }
}

model! {
    /// Action that completes a work item.
    pub struct WorkItemAction {
        /// Id of the action, such as [`APPROVE`](super::APPROVE).
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Display name of the state that the action leads to.
        state_name: String = "stateName";
        /// Icon of the action.
        icon: Icon = "icon";
    }
}

model! {
    /// Icon of an action.
    pub struct Icon {
        /// Id of the icon.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Content type, such as `image/png`.
        content_type: String = "contentType";
        /// Image data, in Base64.
        image: String = "image";
    }
}

model! {
    /// Layout of a list of work items.
    pub struct ListView {
        /// Columns of the list.
        columns: Vec<SchemaField> = "columns";
        /// Ids of the columns, in the order that they are shown in.
        default_sequence: Vec<String> = "defaultSequence";
    }
}

model! {
    /// Forms of a work item.
    pub struct WorkItemForms {
        /// Form that shows the item.
        work_item_details: FormReference = "workItemDetails";
        /// Form that completes the item.
        work_item_submission: FormReference = "workItemSubmission";
        /// Form of the mail about the item.
        work_item_notification: FormReference = "workItemNotification";
    }
}

model! {
    /// Subject of a work item.
    pub struct WorkItemRequest {
        // Costs are kept as they were written: `0` is not turned into `0.0`.
        /// Id of the subject, such as the id of a request.
        item_id: String = "itemId";
        /// Display name of the subject.
        item_name: String = "itemName";
        /// Description of the subject.
        item_description: String = "itemDescription";
        /// User who requested it, `user@domain`.
        item_requestor: String = "itemRequestor";
        /// Costs of the subject.
        item_cost: Number = "itemCost";
        /// Values of the subject, which an approver can change.
        item_data: LiteralMap = "itemData";
    }
}

request_body! {
    /// Body of the call that completes a work item, as [`WorkItems::complete`](super::WorkItems::complete) sends it.
    /// For [`Client::send`](crate::v7::Client::send), if further members are needed.
    ///
    /// ```
    /// use vra_client::v7::{APPROVE, LiteralMap, WorkItemCompletion};
    ///
    /// let form = LiteralMap::new().with("source-businessJustification", "needed");
    /// let body = WorkItemCompletion::new("5e3c", APPROVE, form);
    /// assert_eq!(body.as_json()["workItemId"], "5e3c");
    /// ```
    pub struct WorkItemCompletion {
        /// Sets the values of the form.
        with_form_data: LiteralMap = "formData";
    }
}

impl WorkItemCompletion {
    /// Makes the completion of a work item by one of its actions.
    #[must_use]
    pub fn new(id: impl Into<String>, action_id: impl Into<String>, form_data: LiteralMap) -> Self {
        Self { body: JsonObject::new() }
            .with_member("workItemId", id.into())
            .with_member("workItemActionId", action_id.into())
            .with_member("formData", form_data.into_json())
    }
}

model! {
    /// Type of approval policies.
    pub struct ApprovalPolicyType {
        // From one captured list of 7.x.
        /// Type of the object in `@type`: `ApprovalPolicyType`.
        type_name: String = "@type";
        /// Id of the type.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the type of service whose requests are approved.
        service_type_id: String = "serviceTypeId";
        /// Id of the class of requests.
        class_id: String = "classId";
        /// Narrower type within the class.
        type_filter: String = "typeFilter";
        /// Phases that can require an approval.
        phase_types: Vec<ApprovalPhaseType> = "phaseTypes";
    }
}

model! {
    /// Phase of a request that can require an approval.
    pub struct ApprovalPhaseType {
        /// Id of the phase.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Forms of the phase; the shape is not known.
        forms: serde_json::Value = "forms";
        /// Position of the phase.
        phase_order: i64 = "phaseOrder";
        /// True if the approver may change values.
        allow_updates: bool = "allowUpdates";
    }
}

model! {
    /// Approval policy. Only the members that all objects of the service have are known.
    pub struct ApprovalPolicy {
        /// Type of the object in `@type`: `ApprovalPolicy`.
        type_name: String = "@type";
        /// Id of the policy, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
    }
}

rows!(WorkItem.id, WorkItemType.id, ApprovalPolicyType.id, ApprovalPolicy.id);
