//! phpIPAM as a [`Site`]: execution of requests under the lock of their app, and headers of all responses.

use std::time::{Duration, SystemTime};

use http::header;
use ipam_core::testing::http::{Request, Response, Site};

use super::config::Lock;
use super::dispatch;
use super::faults::{Fault, Logged};
use super::params::Params;
use super::state::{State, expire};

/// Headers of phpIPAM with credentials; [`Host`](ipam_core::testing::http::Host) knows only those of HTTP.
const SECRET: [&str; 2] = ["token", "phpipam-token"];

impl Site for State {
    type Fault = Fault;

    async fn respond(&self, request: &Request, fault: Option<&Fault>) -> Response {
        match fault {
            Some(Fault::LockTimeout) => {
                // The wait is only a number in the message; the test does not wait for it.
                return dispatch::lock_timeout(&self.setup, Lock::File(Duration::from_secs(30)));
            }
            Some(Fault::ExpireToken) => {
                let now = self.clock.now();
                let token = request.header("phpipam-token").or_else(|| request.header("token"));
                expire(&mut self.store(), token, now);
            }
            // The host has carried out all others.
            _ => {}
        }
        process(self, request).await
    }

    fn failure(&self, status: u16, message: &str) -> Response {
        dispatch::failed(&self.setup, &Params::default(), status, status, message)
    }

    fn complete(&self, request: &Request, response: Response) -> Response {
        let status = response.status;
        let mut response = response.with_header(header::CACHE_CONTROL, "no-cache");
        // From the clock of the server, not of the host: with the expiry of a login, a client can tell the server's
        // offset.
        let date = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default();
        if let Ok(date) = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date) {
            response = response.with_header(header::DATE, date);
        }
        // What Apache does: it closes the connection after these, and keeps it after 401, 403, 404, 409 and 415.
        if matches!(status, 400 | 500 | 501 | 503) {
            response = response.with_header(header::CONNECTION, "close");
        }
        // A real server makes a new session for each request without the cookie. It does not authenticate.
        if !request.headers().contains_key(header::COOKIE) {
            let (name, session) = (self.setup.profile.cookie, self.store().new_token());
            let cookie = format!("{name}={session}; Max-Age=86400; path=/; SameSite=Lax; HttpOnly;");
            response = response.with_header(header::SET_COOKIE, cookie);
        }
        response
    }

    fn redact(&self, entry: &mut Logged) {
        for (_, value) in entry.headers.iter_mut().filter(|(name, _)| SECRET.contains(&name.as_str())) {
            "REDACTED".clone_into(value);
        }
    }
}

/// Carries out a request under the lock of its app, or in three steps if the app has none.
///
/// The store is locked for one step at a time. A request that waits for the lock of its app therefore blocks no reading
/// request, as on a real server.
async fn process(state: &State, request: &Request) -> Response {
    let setup = &state.setup;
    let now = || -> SystemTime { state.clock.now() };
    let admitted = match dispatch::admit(setup, &state.store(), request, now()) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let lock = admitted.lock(&setup.profile);
    let waited = match lock {
        Some(Lock::File(wait)) => Some(tokio::time::timeout(wait_of(wait), state.file_lock.lock()).await),
        Some(Lock::MySql(wait)) => Some(tokio::time::timeout(wait_of(wait), state.mysql_lock.lock()).await),
        Some(Lock::Disabled) | None => None,
    };
    let _guard = match (waited, lock) {
        (Some(Ok(guard)), _) => Some(guard),
        (Some(Err(_)), Some(lock)) => return dispatch::lock_timeout(setup, lock),
        _ => None,
    };
    // The clock is read anew: a test may have moved it while the request waited, and the token is checked after the
    // wait.
    let seen = dispatch::to_delete(setup, &state.store(), &admitted);
    if let Some(seen) = seen {
        tokio::time::sleep(state.race_window).await;
        return dispatch::delete(setup, &mut state.store(), request, &admitted, now(), seen);
    }
    if !admitted.races(&setup.profile) {
        return dispatch::respond(setup, &mut state.store(), request, &admitted, now());
    }
    let chosen = dispatch::choose(setup, &mut state.store(), request, &admitted, now());
    let race = match chosen {
        Ok(race) => race,
        Err(response) => return *response,
    };
    // Q48: between the steps of a real server without lock lie a few milliseconds of PHP. A request that comes in
    // between ends as 409 (the check sees the row), or as 500 with a duplicate key (only the insert does).
    tokio::time::sleep(state.race_window).await;
    let checked = dispatch::check(setup, &state.store(), &admitted, race);
    if let Err(response) = checked {
        return *response;
    }
    tokio::time::sleep(state.race_window).await;
    dispatch::take(setup, &mut state.store(), request, &admitted, now(), race)
}

/// Returns the wait for a lock. Zero means an hour, as in the settings of a real app.
fn wait_of(wait: Duration) -> Duration {
    if wait.is_zero() { Duration::from_secs(3600) } else { wait }
}
