//! Errors of the server: status, number and messages.

use ipam_core::testing::http::Response;
use serde_json::{Value, json};

/// Error of the server: the status, the number and the two messages.
///
/// Numbers and texts come from recordings or the manual. The status of 10101, 20111 and 20116 is inferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: i64,
    message: String,
    system: String,
    html: bool,
}

impl Refusal {
    /// Creates an error with the same text as message and system message.
    pub(super) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, system: message.clone(), message, html: false }
    }

    /// Sets the system message, which has the cause where the message is generic.
    pub(super) fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = system.into();
        self
    }

    /// Returns the HTTP response.
    pub(super) fn response(&self) -> Response {
        if self.html {
            return Response::error_page(self.status, &self.message);
        }
        Response::json(self.status, self.body())
    }

    /// Returns the JSON body, in the captured envelope.
    pub(super) fn body(&self) -> Value {
        let error = json!({
            "code": self.code,
            "source": null,
            "message": self.message,
            "systemMessage": self.system,
            "moreInfoUrl": null,
        });
        json!({"errors": [error]})
    }
}

/// Returns the error for a missing, unknown or expired token.
pub(super) fn unauthenticated() -> Refusal {
    // An HTML page also for a request that accepts JSON, as documented for 7.3: the servlet container rejects the request
    // before the service sees it.
    Refusal { html: true, ..Refusal::new(401, 0, "Authentication required") }
}

/// Returns error 10101 for an argument that the server does not accept.
pub(super) fn invalid(system: impl Into<String>) -> Refusal {
    Refusal::new(400, 10101, "Invalid argument.").with_system(system)
}

/// Returns error 20111 for a request that does not exist.
pub(super) fn no_such_request(id: &str) -> Refusal {
    Refusal::new(404, 20111, format!("Unable to find the specified request in the service catalog: {id}."))
}

/// Returns error 20116 for a catalog item that does not exist.
pub(super) fn no_such_item(id: &str) -> Refusal {
    Refusal::new(404, 20116, format!("Unable to find the specified catalog item in the service catalog: {id}."))
}

/// Returns error 12005 for a work item that is completed already.
pub(super) fn completed(id: &str) -> Refusal {
    let text = format!("Work item {id} is in COMPLETED state. Requested operation cannot be performed.");
    Refusal::new(400, 12005, text)
}

/// Returns error 12017 for a caller who may not complete a work item.
pub(super) fn not_the_assignee(user: &str, id: &str) -> Refusal {
    Refusal::new(400, 12017, format!("User {user} not authorized to complete work item with ID {id}."))
        .with_system(format!("User {user} not authorized to complete Work item with id {id}."))
}

/// Returns error 90027 for a directory service that cannot be reached.
pub(super) fn directory_unreachable() -> Refusal {
    Refusal::new(400, 90027, "Cannot connect to the directory service.")
        .with_system("90027-Connection to directory service can't be established")
}

/// Returns status 404 for a kind of object that has no number of its own.
pub(super) fn not_found(kind: &str, id: &str) -> Refusal {
    Refusal::new(404, 50505, "System exception.").with_system(format!("{kind} {id} does not exist."))
}

/// Returns status 404 for a path without a call.
pub(super) fn no_such_call(method: &str, path: &str) -> Refusal {
    Refusal::new(404, 50505, "System exception.").with_system(format!("No handler found for {method} {path}."))
}

/// Returns status 400 for a change that the state of an object does not allow. A 409 was never seen of a real server.
pub(super) fn conflict(system: impl Into<String>) -> Refusal {
    Refusal::new(400, 50505, "System exception.").with_system(system)
}

/// Returns status 403 for a caller without the permission.
pub(super) fn forbidden(system: impl Into<String>) -> Refusal {
    Refusal::new(403, 50505, "Access is denied.").with_system(system)
}
