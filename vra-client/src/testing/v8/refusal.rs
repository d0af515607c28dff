//! Errors of the server, in the form of the service that the call is for.

use ipam_core::testing::http::Response;
use serde_json::json;

/// Error of the server: the status and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    message: String,
    /// True if the body marks the error as one to try again.
    retry: bool,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry: false }
    }

    /// Returns the HTTP response, in the form of the service with this path.
    pub(super) fn response(&self, path: &str) -> Response {
        let (status, message) = (self.status, &self.message);
        let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match (service, status) {
            // The login differs from all others: its status is a text.
            ("csp", _) => {
                let name = if status == 400 { "BAD_REQUEST" } else { "ERROR" };
                Response::json(
                    status,
                    json!({
                        "timestamp": 1_700_000_000_000_i64, "type": "com.vmware.csp.error", "status": format!("{status} {name}"),
                        "error": name, "serverMessage": message,
                    }),
                )
            }
            // RFC 6749, 5.2.
            ("tm", _) => Response::json(status, json!({"error": "invalid_grant", "error_description": message})),
            ("iaas", _) => {
                let mut body = json!({
                    "message": message, "statusCode": status, "errorCode": 0,
                    "serverErrorId": "cef94085-85d3-4292-9acb-4b32fb3099c6",
                    "documentKind": "com:vmware:xenon:common:ServiceErrorResponse",
                });
                if self.retry {
                    body["details"] = json!(["SHOULD_RETRY"]);
                }
                Response::json(status, body)
            }
            // The other services declare no body. Two forms were seen, and none at all.
            (_, 401) => Response::empty(401),
            (_, 404) => Response::json(
                status,
                json!({
                    "timestamp": 1_700_000_000_000_i64, "status": status, "error": "Not Found", "message": message,
                    "path": path,
                }),
            ),
            _ => Response::json(status, json!({"message": message, "statusCode": status, "errorCode": 20001})),
        }
    }
}

/// Returns status 401 for a missing, unknown or expired token.
pub(super) fn unauthenticated() -> Refusal {
    Refusal::new(401, "The token is missing or has expired.")
}

/// Returns status 400 for an argument that the server does not accept.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, message)
}

/// Returns status 403 for a caller without the permission.
pub(super) fn forbidden() -> Refusal {
    Refusal::new(403, "forbidden")
}

/// Returns status 404 for an object that does not exist.
pub(super) fn not_found(kind: &str, id: &str) -> Refusal {
    Refusal::new(404, format!("{kind} {id} is not found."))
}

/// Returns status 404 for a path without a call.
pub(super) fn no_such_call(method: &str, path: &str) -> Refusal {
    Refusal::new(404, format!("There is no call {method} {path}."))
}

/// Returns status 409 for a change that the state of an object does not allow.
pub(super) fn conflict(message: impl Into<String>) -> Refusal {
    Refusal::new(409, message)
}

/// Returns an error that a test asked for, in this service's form.
pub(super) fn asked_for(status: u16, message: &str) -> Refusal {
    // The IaaS service marks what may be tried again.
    Refusal { retry: status >= 500, ..Refusal::new(status, message) }
}
