//! What the work item and approval services return and take.

use crate::lenient::{IntoJson, JsonObject, Timestamp, model, request_body};
use crate::list::rows;
use crate::v7::{FormReference, LiteralMap, SchemaField};
use serde_json::Number;

model! {
    /// A task for people.
    pub struct WorkItem {
        /// `WorkItem`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The version of the entry.
        version: i64 = "version";
        /// The number for people; not unique across tenants.
        work_item_number: i64 = "workItemNumber";
        /// Whose task it is.
        assignees: Vec<Assignee> = "assignees";
        /// The tenant.
        tenant_id: String = "tenantId";
        /// The business group.
        sub_tenant_id: String = "subTenantId";
        /// What the service that wants it knows it as.
        callback_entity_id: String = "callbackEntityId";
        /// What kind of task.
        work_item_type: WorkItemType = "workItemType";
        /// When it was completed.
        completed_date: Timestamp = "completedDate";
        /// When it was given out.
        assigned_date: Timestamp = "assignedDate";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// The later of two dates.
        assigned_or_completed_date: Timestamp = "assignedOrCompletedDate";
        /// The service that wants it.
        service_id: String = "serviceId";
        /// What it is about.
        work_item_request: WorkItemRequest = "workItemRequest";
        /// How it stands, for display: `Active`, `Completed` …
        status: String = "status";
        /// Who completed it.
        completed_by: String = "completedBy";
        /// What can be done with it now; the shape is not known.
        available_actions: Vec<JsonObject> = "availableActions";
    }
}

impl WorkItem {
    /// Whether it was completed: by date, or else by the status in any letter case.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.completed_date.is_some()
            || self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("Completed"))
    }

    /// The id of the action whose id ends like this, such as `approve`.
    #[must_use]
    pub fn action_ending(&self, suffix: &str) -> Option<&str> {
        let actions = self.work_item_type.as_ref()?.actions.as_ref()?;
        actions.iter().filter_map(|action| action.id.as_deref()).find(|id| id.ends_with(suffix))
    }
}

model! {
    /// Whose task it is.
    pub struct Assignee {
        /// `user@domain`.
        principal_id: String = "principalId";
        /// `USER` or `GROUP`.
        principal_type: String = "principalType";
    }
}

model! {
    /// A kind of work items.
    pub struct WorkItemType {
        /// `WorkItemType` …
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// The name of several.
        pluralized_name: String = "pluralizedName";
        /// Free text.
        description: String = "description";
        /// The service that wants it.
        service_type_id: String = "serviceTypeId";
        /// How it can be completed.
        actions: Vec<WorkItemAction> = "actions";
        /// Whether it can be completed by mail.
        complete_by_email: bool = "completeByEmail";
        /// The field that takes a comment.
        comments_field: String = "commentsField";
        /// How a list of them looks.
        list_view: ListView = "listView";
        /// The version of the entry.
        version: i64 = "version";
        /// Its forms.
        forms: WorkItemForms = "forms";
    }
}

model! {
    /// A way to complete a work item.
    pub struct WorkItemAction {
        /// The id, such as `com.vmware.csp.core.approval.action.approve`.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// How the item stands afterwards.
        state_name: String = "stateName";
        /// The icon.
        icon: Icon = "icon";
    }
}

model! {
    /// An icon.
    pub struct Icon {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// The content type.
        content_type: String = "contentType";
        /// The picture, in Base64.
        image: String = "image";
    }
}

model! {
    /// How a list of work items looks.
    pub struct ListView {
        /// The columns.
        columns: Vec<SchemaField> = "columns";
        /// Their order.
        default_sequence: Vec<String> = "defaultSequence";
    }
}

model! {
    /// The forms of a work item.
    pub struct WorkItemForms {
        /// To look at it.
        work_item_details: FormReference = "workItemDetails";
        /// To complete it.
        work_item_submission: FormReference = "workItemSubmission";
        /// To tell people of it.
        work_item_notification: FormReference = "workItemNotification";
    }
}

model! {
    /// What a work item is about.
    pub struct WorkItemRequest {
        /// The id.
        item_id: String = "itemId";
        /// The name.
        item_name: String = "itemName";
        /// Free text.
        item_description: String = "itemDescription";
        /// Who asked.
        item_requestor: String = "itemRequestor";
        /// What it costs.
        item_cost: Number = "itemCost";
        /// The details.
        item_data: LiteralMap = "itemData";
    }
}

request_body! {
    /// What completes a work item.
    pub struct WorkItemCompletion {
        /// The values of its form.
        with_form_data: LiteralMap = "formData";
    }
}

impl WorkItemCompletion {
    /// A completion by one of the work item's actions.
    #[must_use]
    pub fn new(id: impl Into<String>, action_id: impl Into<String>, form_data: LiteralMap) -> Self {
        Self { body: JsonObject::new() }
            .with_member("workItemId", id.into())
            .with_member("workItemActionId", action_id.into())
            .with_member("formData", form_data.into_json())
    }
}

model! {
    /// A kind of approval policies.
    pub struct ApprovalPolicyType {
        /// `ApprovalPolicyType`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The service whose requests are approved.
        service_type_id: String = "serviceTypeId";
        /// What is approved.
        class_id: String = "classId";
        /// A narrower type.
        type_filter: String = "typeFilter";
        /// When it can be approved.
        phase_types: Vec<ApprovalPhaseType> = "phaseTypes";
    }
}

model! {
    /// When something can be approved.
    pub struct ApprovalPhaseType {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// Its forms; the shape is not known.
        forms: serde_json::Value = "forms";
        /// Which comes first.
        phase_order: i64 = "phaseOrder";
        /// Whether who approves may change values.
        allow_updates: bool = "allowUpdates";
    }
}

model! {
    /// An approval policy. Only what every object of the service has is known.
    pub struct ApprovalPolicy {
        /// `ApprovalPolicy`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
    }
}

rows!(WorkItem.id, WorkItemType.id, ApprovalPolicyType.id, ApprovalPolicy.id);
