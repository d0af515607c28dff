//! Dispatch of a request to its service, and of the reply to the response, with the fault between.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header;
use ipam_core::testing::http::{Request, Response, Site};

use super::actions::IpamActions;
use super::config::Release;
use super::context::{Context, Result};
use super::pause::Pacing;
use super::query::Query;
use super::refusal::{asked_for, forbidden, no_such_call};
use super::store::Store;
use super::{catalog, deployments, iaas, jobs, login};
use crate::testing::clock::http_date;
use crate::testing::faults::Fault;
use crate::testing::{Clock, Logged, log};

/// Server behind the socket: release, clock, and the store under a lock.
pub(super) struct Vra {
    pub(super) release: Release,
    pub(super) clock: Clock,
    pub(super) ignores_undeclared: bool,
    pub(super) largest: usize,
    pub(super) actions: Option<Arc<dyn IpamActions>>,
    pub(super) pacing: Pacing,
    pub(super) store: Mutex<Store>,
}

impl Vra {
    /// Locks the store.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        // A test's closure that panicked inside `seed` fails that test; the server goes on for the others that share
        // it.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles one request, under the lock of the store for its whole time, so that requests never interleave.
    fn handle(&self, request: &Request, fault: Option<&Fault>) -> Response {
        let mut store = self.store();
        let now = self.clock.now();
        // A real server frees addresses by a periodic job. Doing it before each request needs no background task, and a
        // client cannot tell the difference.
        store.clean(now);
        if self.actions.is_some() {
            jobs::collect_due(&mut store, now);
        }
        // Before the token is checked, so that this request already gets a 401.
        if fault == Some(&Fault::ExpireToken) {
            login::expire(&mut store, request.bearer(), now);
        }
        let mut call = Context {
            store: &mut store,
            request,
            query: Query::read(request),
            fault,
            release: self.release,
            now,
            user: String::new(),
            ignores_undeclared: self.ignores_undeclared,
            largest: self.largest,
        };
        let result = authenticate_and_route(&mut call);
        let mut response = call.response(result);
        match fault {
            Some(Fault::EmptyBody(status)) => {
                response.status = *status;
                response.body.clear();
                response.headers.remove(header::CONTENT_TYPE);
            }
            Some(Fault::NoLocation) => {
                response.headers.remove(header::LOCATION);
            }
            _ => {}
        }
        response
    }

    /// Runs the calls of imported IPAM packages that are due, one after the other.
    async fn run_jobs(&self) {
        let Some(actions) = &self.actions else {
            jobs::refuse_all(&mut self.store(), self.clock.now());
            return;
        };
        loop {
            let Some(job) = self.store().next_job() else { return };
            // A client that gives up drops this future. The call is then due again, as a real server repeats it.
            let mut again = Requeue { vra: self, job: Some(job.id) };
            let result = actions.run(job.call.clone()).await;
            again.job = None;
            let (mut store, now) = (self.store(), self.clock.now());
            jobs::finish(&mut store, &job, result, now);
        }
    }
}

/// Puts a call back unless it ended.
struct Requeue<'a> {
    vra: &'a Vra,
    job: Option<u64>,
}

impl Drop for Requeue<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job {
            self.vra.store().requeue(job);
        }
    }
}

impl fmt::Debug for Vra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vra").field("release", &self.release).finish_non_exhaustive()
    }
}

impl Site for Vra {
    type Fault = Fault;

    async fn respond(&self, request: &Request, fault: Option<&Fault>) -> Response {
        self.pacing.wait(request).await;
        // Before it, for calls that were put back; after it, for those that it made.
        self.run_jobs().await;
        let response = self.handle(request, fault);
        self.run_jobs().await;
        response
    }

    fn redact(&self, entry: &mut Logged) {
        log::redact(entry);
    }

    fn failure(&self, status: u16, message: &str) -> Response {
        asked_for(status, message).response("/iaas")
    }

    fn complete(&self, _: &Request, response: Response) -> Response {
        // The end of a token is compared with this header, so it must be the time of the same clock.
        response.with_header(header::DATE, http_date(self.clock.now()))
    }
}

/// Checks token and version, and passes the call to its service.
fn authenticate_and_route(call: &mut Context<'_>) -> Result {
    let segments = call.request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.request.method();
    if let Some(result) = login::route(call, method, &path) {
        return result;
    }
    let routed = route(call, method, &path)?;
    routed.unwrap_or_else(|| Err(no_such_call(method, call.request.path())))
}

fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Result<Option<Result>> {
    // Paths outside of the services are not found, with or without a token.
    let [service @ ("iaas" | "catalog" | "deployment" | "csp"), rest @ ..] = path else { return Ok(None) };
    call.user = login::user_of(call.store, call.request.bearer(), call.now)?;
    Ok(match (*service, rest) {
        ("iaas", ["api", rest @ ..]) => {
            let user = call.store.users.iter().find(|user| user.name == call.user);
            if user.is_some_and(|user| user.forbidden) {
                return Err(forbidden());
            }
            iaas::route(call, method, rest)
        }
        ("catalog", ["api", rest @ ..]) => {
            call.query.check_version(false)?;
            catalog::route(call, method, rest)
        }
        ("deployment", ["api", rest @ ..]) => {
            call.query.check_version(false)?;
            deployments::route(call, method, rest)
        }
        ("csp", ["gateway", "am", "api", "auth", "logout"]) if method == "POST" => Some(login::logout(call)),
        _ => None,
    })
}
