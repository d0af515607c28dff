//! What the server says when it refuses.

use ipam_core::testing::http::Response;
use serde_json::{Value, json};

/// A refusal: the status, the server's number and its two messages. The numbers and texts of those that are known come
/// from recordings or the manual; the status of 10101, 20111 and 20116 is inferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: i64,
    message: String,
    system: String,
    html: bool,
}

impl Refusal {
    pub(super) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, system: message.clone(), message, html: false }
    }

    pub(super) fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = system.into();
        self
    }

    pub(super) fn response(&self) -> Response {
        if self.html {
            return Response::error_page(self.status, &self.message);
        }
        Response::json(self.status, self.body())
    }

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

/// The page of a servlet container, as documented for 7.3.
pub(super) fn unauthenticated() -> Refusal {
    Refusal { html: true, ..Refusal::new(401, 0, "Authentication required") }
}

pub(super) fn invalid(system: impl Into<String>) -> Refusal {
    Refusal::new(400, 10101, "Invalid argument.").with_system(system)
}

pub(super) fn no_such_request(id: &str) -> Refusal {
    Refusal::new(404, 20111, format!("Unable to find the specified request in the service catalog: {id}."))
}

pub(super) fn no_such_item(id: &str) -> Refusal {
    Refusal::new(404, 20116, format!("Unable to find the specified catalog item in the service catalog: {id}."))
}

pub(super) fn completed(id: &str) -> Refusal {
    let text = format!("Work item {id} is in COMPLETED state. Requested operation cannot be performed.");
    Refusal::new(400, 12005, text)
}

pub(super) fn not_the_assignee(user: &str, id: &str) -> Refusal {
    Refusal::new(400, 12017, format!("User {user} not authorized to complete work item with ID {id}."))
        .with_system(format!("User {user} not authorized to complete Work item with id {id}."))
}

pub(super) fn directory_unreachable() -> Refusal {
    Refusal::new(400, 90027, "Cannot connect to the directory service.")
        .with_system("90027-Connection to directory service can't be established")
}

/// 404 for what has no number of its own; 50505 is the number of system exceptions.
pub(super) fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::new(404, 50505, "System exception.").with_system(format!("{what} {id} does not exist."))
}

pub(super) fn no_such_call(method: &str, path: &str) -> Refusal {
    Refusal::new(404, 50505, "System exception.").with_system(format!("No handler found for {method} {path}."))
}

pub(super) fn conflict(system: impl Into<String>) -> Refusal {
    Refusal::new(400, 50505, "System exception.").with_system(system)
}

pub(super) fn forbidden(system: impl Into<String>) -> Refusal {
    Refusal::new(403, 50505, "Access is denied.").with_system(system)
}
