//! From a request to the service it is for, and from its answer to what is sent.

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

/// The server behind the socket.
#[derive(Debug)]
pub(super) struct Vra {
    pub(super) release: Release,
    pub(super) clock: Clock,
    /// What links and `Location` begin with.
    pub(super) origin: String,
    store: Mutex<Store>,
}

impl Vra {
    pub(super) fn new(release: Release, clock: Clock, origin: String, store: Store) -> Self {
        Self { release, clock, origin, store: Mutex::new(store) }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vra {
    fn handle(&self, request: &Request, fault: Option<&Fault>) -> Response {
        let mut store = self.store();
        let now = self.clock.now();
        network::reclaim(&mut store, now);
        if fault == Some(&Fault::ExpireToken) {
            expire(&mut store, request.bearer(), now);
        }
        let origin = match fault {
            Some(Fault::LinkOrigin(origin)) => origin.clone(),
            _ => self.origin.clone(),
        };
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
            Some(Fault::NoBody(status)) => {
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
        Refusal::new(status, 50505, "System exception.").with_system(message).response()
    }
}

fn authenticate_and_route(call: &mut Context<'_>) -> Result {
    let segments = call.request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.request.method();
    let anonymous = matches!(
        (method, path.as_slice()),
        ("POST", ["identity", "api", "tokens"])
            | ("GET", ["identity", "api", "about"])
            | ("GET", ["component-registry", "services", "status", "current"])
    );
    if !anonymous {
        let token = call.request.bearer().and_then(|token| valid(call.store, token, call.now));
        let token = token.ok_or_else(unauthenticated)?;
        (call.user, call.tenant) = (token.user.clone(), token.tenant.clone());
        let user = call.store.users.iter().find(|user| user.name == call.user && user.tenant == call.tenant);
        call.fabric = user.is_some_and(|user| user.fabric);
    }
    route(call, method, &path).unwrap_or_else(|| Err(no_such_call(method, call.request.path())))
}

fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    match path {
        ["identity", "api", rest @ ..] => identity::route(call, method, rest),
        ["catalog-service", "api", rest @ ..] => catalog::route(call, method, rest),
        ["workitem-service", "api", rest @ ..] => work_items::route(call, method, rest),
        ["approval-service", "api", rest @ ..] => work_items::approvals(call, method, rest),
        ["reservation-service", "api", rest @ ..] => reservations::route(call, method, rest),
        ["iaas-proxy-provider", "api", "network", "profiles", rest @ ..] => network::route(call, method, rest),
        ["iaas-proxy-provider", "api", "keyPairs", rest @ ..] => key_pairs::route(call, method, rest),
        ["component-registry", rest @ ..] => component_registry::route(call, method, rest),
        ["ipam-service", "api", rest @ ..] if call.release != Release::V6_2 => ipam::route(call, method, rest),
        _ => None,
    }
}

/// Changes every `@type` of a JSON answer.
fn with_types(mut response: Response, change: &dyn Fn(&str) -> String) -> Response {
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
