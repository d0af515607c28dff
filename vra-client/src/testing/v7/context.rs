//! What a call sees, and what it says.

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

/// A call that is being answered.
pub(super) struct Context<'a> {
    pub(super) store: &'a mut Store,
    pub(super) request: &'a Request,
    pub(super) query: Query,
    pub(super) fault: Option<&'a Fault>,
    /// What links and `Location` begin with.
    pub(super) origin: String,
    pub(super) release: Release,
    pub(super) now: SystemTime,
    /// `user@domain`; empty for calls that need no token.
    pub(super) user: String,
    pub(super) tenant: String,
    pub(super) fabric: bool,
}

/// What a call says.
#[derive(Debug)]
pub(super) enum Reply {
    /// 200 with this.
    Json(Value),
    /// A page of these rows.
    Rows(Vec<Value>),
    /// A page of these rows, with something particular about it.
    RowsAs(Vec<Value>, ListQuirk),
    /// A status and no body.
    Empty(u16),
    /// 201, with the path of what was made, and what is in the body.
    Created(String, Option<Value>),
    /// Anything else.
    Other(Response),
}

/// What is particular about a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListQuirk {
    /// It has no counts.
    NoMetadata,
    /// Its `size` is 0.
    SizeZero,
}

pub(super) type Result = std::result::Result<Reply, Refusal>;

impl Context<'_> {
    /// The body as an object.
    pub(super) fn body(&self) -> std::result::Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(self.request.body()) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(other) => Err(invalid(format!("Could not read JSON: an object is expected, not {other}."))),
            Err(error) => Err(invalid(format!("Could not read JSON: {error}."))),
        }
    }

    /// The body as an object; empty if there is none.
    pub(super) fn body_or_empty(&self) -> std::result::Result<Map<String, Value>, Refusal> {
        if self.request.body().is_empty() { Ok(Map::new()) } else { self.body() }
    }

    pub(super) fn now(&self) -> String {
        millis(self.now)
    }

    /// A link to a path of this server.
    pub(super) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub(super) fn response(&self, result: Result) -> Response {
        let answer = result.and_then(|answer| {
            Ok(match answer {
                Reply::Json(body) => Response::json(200, &body),
                Reply::Rows(rows) => self.page(rows, None)?,
                Reply::RowsAs(rows, particular) => self.page(rows, Some(particular))?,
                Reply::Empty(status) => Response::empty(status),
                Reply::Created(path, body) => {
                    let made = match body {
                        Some(body) => Response::json(201, &body),
                        None => Response::empty(201),
                    };
                    made.with_header(header::LOCATION, self.href(&path)).with_header(header::ETAG, "\"0\"")
                }
                Reply::Other(response) => response,
            })
        });
        answer.unwrap_or_else(|refusal| refusal.response())
    }

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

/// A text of a body that must be there.
pub(super) fn required(body: &Map<String, Value>, name: &str) -> std::result::Result<String, Refusal> {
    match body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(invalid(format!("The field {name} is required."))),
    }
}

/// The body's members in the order of the template, which has those that the server shows; others are kept behind.
pub(super) fn merged(template: Value, body: Map<String, Value>) -> Value {
    let mut merged = template.as_object().cloned().unwrap_or_default();
    for (name, value) in body {
        merged.insert(name, value);
    }
    merged.into()
}
