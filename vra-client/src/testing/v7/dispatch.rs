//! Dispatch of a request to its service, and of the reply to the response, with the fault between.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header;
use ipam_core::testing::http::{Request, Response, Site};
use serde_json::Value;

use super::config::Release;
use super::context::{Context, Result};
use super::identity::{expire, valid};
use super::query::Query;
use super::refusal::{Refusal, no_such_call, unauthenticated};
use super::store::Store;
use super::{catalog, component_registry, identity, ipam, key_pairs, network, reservations, work_items};
use crate::testing::{Clock, Logged, log};

use crate::testing::faults::Fault;

/// Server behind the socket: release, clock, and the store under a lock.
#[derive(Debug)]
pub(super) struct Vra {
    pub(super) release: Release,
    pub(super) clock: Clock,
    /// Origin in links and in `Location`.
    pub(super) origin: String,
    store: Mutex<Store>,
}

impl Vra {
    pub(super) fn new(release: Release, clock: Clock, origin: String, store: Store) -> Self {
        Self { release, clock, origin, store: Mutex::new(store) }
    }

    /// Locks the store.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        // A test's closure that panicked inside `seed` fails that test; the server goes on for the others that share it.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vra {
    /// Handles one request, under the lock of the store for its whole time, so that requests never interleave.
    fn handle(&self, request: &Request, fault: Option<&Fault>) -> Response {
        let mut store = self.store();
        let now = self.clock.now();
        // A real server frees addresses by a periodic job. Doing it before each request needs no background task, and a
        // client cannot tell the difference.
        network::reclaim(&mut store, now);
        // Before the token is checked, so that this request already gets a 401.
        if fault == Some(&Fault::ExpireToken) {
            expire(&mut store, request.bearer(), now);
        }
        let origin = match fault {
            Some(Fault::LinkOrigin(origin)) => origin.clone(),
            _ => self.origin.clone(),
        };
        // Read for every call, though few are lists: a bad number is an error also where it would not be used.
        let query = match Query::read(request) {
            Ok(query) => query,
            Err(refusal) => return refusal.response(),
        };
        let mut call = Context {
            store: &mut store,
            request,
            query,
            fault,
            origin,
            release: self.release,
            now,
            user: String::new(),
            tenant: String::new(),
            fabric: false,
        };
        let result = authenticate_and_route(&mut call);
        let response = call.response(result);
        match fault {
            Some(Fault::LowerTypes) => with_types(response, &|name| name.to_lowercase()),
            Some(Fault::UpperTypes) => with_types(response, &|name| name.to_uppercase()),
            Some(Fault::EmptyBody(status)) => {
                let mut response = response;
                response.status = *status;
                response.body.clear();
                response.headers.remove(header::CONTENT_TYPE);
                response
            }
            Some(Fault::NoLocation) => {
                let mut response = response;
                response.headers.remove(header::LOCATION);
                response
            }
            _ => response,
        }
    }
}

impl Site for Vra {
    type Fault = Fault;

    async fn respond(&self, request: &Request, fault: Option<&Fault>) -> Response {
        self.handle(request, fault)
    }

    fn redact(&self, entry: &mut Logged) {
        log::redact(entry);
    }

    fn failure(&self, status: u16, message: &str) -> Response {
        // A failure that a test asked for has the number of system exceptions, as no documented number fits every status.
        Refusal::new(status, 50505, "System exception.").with_system(message).response()
    }
}

/// Checks the token of a request, and passes the request to its service.
fn authenticate_and_route(call: &mut Context<'_>) -> Result {
    // Without a slash at the end, which the manual prints and most clients leave out.
    let segments = call.request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.request.method();
    // A published client reads the status of the services without a token.
    let anonymous = matches!(
        (method, path.as_slice()),
        ("POST", ["identity", "api", "tokens"])
            | ("GET", ["identity", "api", "about"])
            | ("GET", ["component-registry", "services", "status", "current"])
    );
    if !anonymous {
        let token = call.request.bearer().and_then(|token| valid(call.store, token, call.now));
        let token = token.ok_or_else(unauthenticated)?;
        // The caller is that of the token and not of the body; a token is bound to one tenant.
        (call.user, call.tenant) = (token.user.clone(), token.tenant.clone());
        let user = call.store.users.iter().find(|user| user.name == call.user && user.tenant == call.tenant);
        call.fabric = user.is_some_and(|user| user.fabric);
    }
    route(call, method, &path).unwrap_or_else(|| Err(no_such_call(method, call.request.path())))
}

/// Passes a call to its service; `None` if there is no such call.
fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    match path {
        ["identity", "api", rest @ ..] => identity::route(call, method, rest),
        ["catalog-service", "api", rest @ ..] => catalog::route(call, method, rest),
        ["workitem-service", "api", rest @ ..] => work_items::route(call, method, rest),
        ["approval-service", "api", rest @ ..] => work_items::approvals(call, method, rest),
        ["reservation-service", "api", rest @ ..] => reservations::route(call, method, rest),
        ["iaas-proxy-provider", "api", "network", "profiles", rest @ ..] => network::route(call, method, rest),
        ["iaas-proxy-provider", "api", "keyPairs", rest @ ..] => key_pairs::route(call, method, rest),
        // The one service without `/api` in its path.
        ["component-registry", rest @ ..] => component_registry::route(call, method, rest),
        // 6.2 has no IPAM service.
        ["ipam-service", "api", rest @ ..] if call.release != Release::V6_2 => ipam::route(call, method, rest),
        _ => None,
    }
}

/// Changes every `@type` in a JSON response.
fn with_types(mut response: Response, change: &dyn Fn(&str) -> String) -> Response {
    // Real rows of one list differ in the letter case of their type (`ReservationPolicy`, `reservationPolicy`), so a client
    // that compares it exactly loses rows.
    fn walk(value: &mut Value, change: &dyn Fn(&str) -> String) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if name == "@type" => *text = change(text),
                        other => walk(other, change),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            _ => {}
        }
    }
    match serde_json::from_slice::<Value>(&response.body) {
        Ok(mut body) => {
            walk(&mut body, change);
            response.body = body.to_string().into_bytes();
            response
        }
        Err(_) => response,
    }
}
