//! Context of a call, and the reply that a service returns for it.

use std::time::SystemTime;

use http::header;
use ipam_core::testing::http::{Request, Response};
use serde_json::{Map, Value};

use super::config::Release;
use super::query::{ListContext, Query};
use super::refusal::{Refusal, invalid};
use super::store::Store;
use crate::testing::clock::millis;

use crate::testing::faults::Fault;

/// Call that is being handled: the request with the caller and the store.
pub(super) struct Context<'a> {
    pub(super) store: &'a mut Store,
    pub(super) request: &'a Request,
    pub(super) query: Query,
    pub(super) fault: Option<&'a Fault>,
    /// Origin in links and in `Location`.
    pub(super) origin: String,
    pub(super) release: Release,
    pub(super) now: SystemTime,
    /// Caller as `user@domain`; empty for calls that need no token.
    pub(super) user: String,
    pub(super) tenant: String,
    pub(super) fabric: bool,
}

/// Reply of a service, before it becomes an HTTP response.
#[derive(Debug)]
pub(super) enum Reply {
    /// Status 200 with this body.
    Json(Value),
    /// Page of these rows.
    Rows(Vec<Value>),
    /// Page of these rows, with a quirk of the list.
    RowsAs(Vec<Value>, ListQuirk),
    /// Status without a body.
    Empty(u16),
    /// Status 201 with the path of the new object, and a body if there is one.
    Created(String, Option<Value>),
    /// Any other response.
    Other(Response),
}

/// Quirk of a list that differs from the common envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListQuirk {
    /// No `metadata`, as documented for actions of a resource and searches for principals.
    NoMetadata,
    /// `size` is 0 whatever the page has, as documented for reservation policies.
    SizeZero,
}

pub(super) type Result = std::result::Result<Reply, Refusal>;

impl Context<'_> {
    /// Returns the body as an object, or error 10101.
    pub(super) fn body(&self) -> std::result::Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(self.request.body()) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(other) => Err(invalid(format!("Could not read JSON: an object is expected, not {other}."))),
            Err(error) => Err(invalid(format!("Could not read JSON: {error}."))),
        }
    }

    /// Returns the body as an object, or error 10101; an empty object if there is no body.
    pub(super) fn body_or_empty(&self) -> std::result::Result<Map<String, Value>, Refusal> {
        if self.request.body().is_empty() { Ok(Map::new()) } else { self.body() }
    }

    /// Returns the time of the call in the server's format.
    pub(super) fn now(&self) -> String {
        millis(self.now)
    }

    /// Returns a link to a path of this server.
    pub(super) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Converts the result of a service to the HTTP response.
    pub(super) fn response(&self, result: Result) -> Response {
        let response = result.and_then(|reply| {
            Ok(match reply {
                Reply::Json(body) => Response::json(200, &body),
                Reply::Rows(rows) => self.page(rows, None)?,
                Reply::RowsAs(rows, particular) => self.page(rows, Some(particular))?,
                Reply::Empty(status) => Response::empty(status),
                Reply::Created(path, body) => {
                    let made = match body {
                        Some(body) => Response::json(201, &body),
                        None => Response::empty(201),
                    };
                    // As documented for 7.3: `ETag: "0"`, and often no body, so that `Location` alone has the new id.
                    made.with_header(header::LOCATION, self.href(&path)).with_header(header::ETAG, "\"0\"")
                }
                Reply::Other(response) => response,
            })
        });
        response.unwrap_or_else(|refusal| refusal.response())
    }

    /// Converts rows to the page that was requested.
    fn page(&self, rows: Vec<Value>, particular: Option<ListQuirk>) -> std::result::Result<Response, Refusal> {
        let place = ListContext {
            origin: &self.origin,
            path: self.request.path(),
            fault: self.fault,
            metadata: particular != Some(ListQuirk::NoMetadata),
            size_zero: particular == Some(ListQuirk::SizeZero),
        };
        Ok(Response::json(200, &self.query.page(rows, &place)?))
    }
}

/// Returns a text of a body, or error 10101 if it is missing or blank.
pub(super) fn required(body: &Map<String, Value>, name: &str) -> std::result::Result<String, Refusal> {
    match body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(invalid(format!("The field {name} is required."))),
    }
}

/// Merges a body into a template: members in the order of the template, then the body's other members.
pub(super) fn merged(template: Value, body: Map<String, Value>) -> Value {
    // Members that the template lacks are kept, so that a client that reads, changes and sends back an object loses none.
    let mut merged = template.as_object().cloned().unwrap_or_default();
    for (name, value) in body {
        merged.insert(name, value);
    }
    merged.into()
}
