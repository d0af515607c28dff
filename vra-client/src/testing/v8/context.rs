//! Context of a call, and the reply that a service returns for it.

use std::time::SystemTime;

use ipam_core::testing::http::{Request, Response};
use serde_json::{Map, Value, json};

use super::config::Release;
use super::query::{ListContext, Query, Style};
use super::refusal::{Refusal, invalid};
use super::rows::Outcome;
use super::store::Store;
use crate::testing::clock::day;
use crate::testing::faults::Fault;

/// Organization of every server.
pub(super) const ORGANIZATION: &str = "61ebe5bf-5f55-4dee-8533-7ad05c067dd9";

/// Mark of a number that JSON in memory cannot hold.
// A decimal value of IPv6 has 128 bits. It is a marked text until the response is written.
const DECIMAL: &str = "\"@decimal:";

/// Call that is being handled: the request with the caller and the store.
pub(super) struct Context<'a> {
    pub(super) store: &'a mut Store,
    pub(super) request: &'a Request,
    pub(super) query: Query,
    pub(super) fault: Option<&'a Fault>,
    pub(super) release: Release,
    pub(super) now: SystemTime,
    /// Caller; empty for calls that need no token.
    pub(super) user: String,
    /// True if lists that declare no paging return all rows.
    pub(super) ignores_undeclared: bool,
    /// Largest number of rows of a page.
    pub(super) largest: usize,
}

/// Reply of a service, before it becomes an HTTP response.
#[derive(Debug)]
pub(super) enum Reply {
    /// Status with this body.
    Json(u16, Value),
    /// Page of these rows.
    Rows(Vec<Value>, Style),
    /// Status without a body.
    Empty(u16),
    /// Any other response.
    Other(Response),
}

pub(super) type Result<T = Reply> = std::result::Result<T, Refusal>;

impl Context<'_> {
    /// Returns the body as an object.
    pub(super) fn body(&self) -> Result<Map<String, Value>> {
        match serde_json::from_slice(self.request.body()) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err(invalid("The body is not a JSON object.")),
            // Without the text of the error, which may repeat a part of a secret.
            Err(_) => Err(invalid("The body is not JSON.")),
        }
    }

    /// Converts the result of a service to the HTTP response.
    pub(super) fn response(&self, result: Result) -> Response {
        let response = result.and_then(|reply| {
            Ok(match reply {
                Reply::Json(status, body) => Response::json(status, with_decimals(&body.to_string())),
                Reply::Rows(rows, style) => {
                    let at = ListContext {
                        fault: self.fault,
                        ignores_undeclared: self.ignores_undeclared,
                        largest: self.largest,
                    };
                    Response::json(200, with_decimals(&self.query.page(rows, style, at)?.to_string()))
                }
                Reply::Empty(status) => Response::empty(status),
                Reply::Other(response) => response,
            })
        });
        response.unwrap_or_else(|refusal| refusal.response(self.request.path()))
    }

    /// Carries out a request that has a tracker, and returns the tracker.
    pub(super) fn tracked(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Store, SystemTime) -> std::result::Result<Vec<String>, String>,
    ) -> Result {
        let outcome = match self.fault {
            Some(Fault::FailTracker(message)) => Outcome::Failed(message.clone()),
            // Carried out at once, and shown later: a request that comes meanwhile already meets its result.
            _ => match work(self.store, self.now) {
                Ok(resources) => Outcome::Finished(resources),
                Err(message) => Outcome::Failed(message),
            },
        };
        Ok(self.begun(name, outcome))
    }

    /// Returns the reply with a new tracker.
    pub(super) fn begun(&mut self, name: &str, outcome: Outcome) -> Reply {
        let id = self.store.track(name, outcome, self.now);
        Reply::Json(
            202,
            json!({
                "progress": 1, "status": "INPROGRESS", "name": name, "id": id,
                "selfLink": format!("/iaas/api/request-tracker/{id}"), "resources": [],
            }),
        )
    }
}

/// Returns a number as a text that becomes a number in the response.
pub(super) fn big(number: u128) -> Value {
    match u64::try_from(number) {
        Ok(number) => number.into(),
        Err(_) => format!("@decimal:{number}").into(),
    }
}

fn with_decimals(text: &str) -> String {
    let mut parts = text.split(DECIMAL);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('"') {
            Some((number, rest)) => {
                out.push_str(number);
                out.push_str(rest);
            }
            None => out.push_str(part),
        }
    }
    out
}

/// Returns a text of a body, or status 400 if it is missing or blank.
pub(super) fn required(body: &Map<String, Value>, name: &str) -> Result<String> {
    match body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(invalid(format!("The member {name} is required."))),
    }
}

/// Copies members of a body into a row.
pub(super) fn copy(row: &mut Value, body: &Map<String, Value>, names: &[&str]) {
    for name in names {
        if let Some(value) = body.get(*name) {
            row[*name] = value.clone();
        }
    }
}

/// Returns the members that every IaaS object has. The path is that of its kind, such as `projects`.
pub(super) fn iaas_row(path: &str, id: &str, created: SystemTime, updated: SystemTime) -> Value {
    json!({
        "id": id, "createdAt": day(created), "updatedAt": day(updated), "orgId": ORGANIZATION,
        "organizationId": ORGANIZATION, "_links": {"self": {"href": format!("/iaas/api/{path}/{id}")}},
    })
}

/// Returns the link to several objects.
pub(super) fn hrefs<'a>(path: &str, ids: impl IntoIterator<Item = &'a str>) -> Value {
    let paths: Vec<String> = ids.into_iter().map(|id| format!("/iaas/api/{path}/{id}")).collect();
    json!({"hrefs": paths})
}

/// Returns the ids in a member of a body, or `None` if it is absent.
pub(super) fn ids(body: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let ids = body.get(name)?.as_array()?;
    Some(ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_number_is_written_as_a_number() {
        let body = json!({"a": big(7), "b": big(u128::MAX), "c": "x"}).to_string();
        assert_eq!(with_decimals(&body), format!(r#"{{"a":7,"b":{},"c":"x"}}"#, u128::MAX));
    }
}
