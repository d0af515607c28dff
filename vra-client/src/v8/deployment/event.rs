//! Events of requests, their logs, and the history of costs.

use serde_json::Number;

use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;

model! {
    /// Event of a request, such as the start of a machine.
    pub struct RequestEvent {
        // Described only; the example of its time has milliseconds, where requests have microseconds.
        /// Id, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Details, free text.
        details: String = "details";
        /// Time.
        timestamp: Timestamp = "timestamp";
        /// Name of the resource.
        resource_name: String = "resourceName";
        /// Type of the resource.
        resource_type: String = "resourceType";
        /// True if a log exists.
        has_logs: bool = "hasLogs";
        /// True if it is the input of a user.
        user_event: bool = "userEvent";
    }
}

model! {
    /// Line of the log of an event.
    pub struct EventLog {
        // Described only. The page of a log has no counts, so the last line is marked.
        /// Id, a UUID.
        id: String = "id";
        /// Number of the line.
        row: i64 = "rownum";
        /// Text.
        message: String = "message";
        /// Time.
        timestamp: Timestamp = "timestamp";
        /// True if it is the last line.
        is_last: bool = "eof";
    }
}

model! {
    /// Request or input of a user, in the history of a deployment.
    pub struct UserEvent {
        // Described only.
        /// Id, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// `PENDING`, `SUCCESSFUL` or `FAILED`.
        status: String = "status";
        /// Details, free text.
        details: String = "details";
        /// Id of the request.
        request_id: String = "requestId";
        /// User.
        requested_by: String = "requestedBy";
        /// Ids of the resources.
        resource_ids: Vec<String> = "resourceIds";
        /// Inputs.
        inputs: JsonObject = "inputs";
        /// Outputs.
        outputs: JsonObject = "outputs";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// Time of the last change.
        updated_at: Timestamp = "updatedAt";
    }
}

model! {
    /// Costs of a deployment over time.
    pub struct ExpenseHistory {
        /// Currency.
        currency: String = "currency";
        /// `daily`, `weekly` or `monthly`.
        interval: String = "interval";
        /// Costs, by time.
        data: Vec<ExpenseValue> = "data";
    }
}

model! {
    /// Cost at a time.
    pub struct ExpenseValue {
        // As it was written, like all amounts.
        /// Time.
        timestamp: Timestamp = "timestamp";
        /// Cost.
        value: Number = "value";
    }
}

rows!(RequestEvent.id, EventLog.id, UserEvent.id);
