//! phpIPAM as a site of `ipam_core::testing::http`: carrying requests out, and what every response has.

use std::time::{Duration, SystemTime};

use http::header;
use ipam_core::testing::http::{Request, Response, Site};

use super::config::Lock;
use super::dispatch;
use super::faults::{Fault, Logged};
use super::params::Params;
use super::state::{State, expire};

/// Headers with credentials of phpIPAM's own.
const SECRET: [&str; 2] = ["token", "phpipam-token"];

impl Site for State {
    type Fault = Fault;

    async fn respond(&self, request: &Request, fault: Option<&Fault>) -> Response {
        match fault {
            Some(Fault::LockTimeout) => {
                return dispatch::lock_timeout(&self.setup, Lock::File(Duration::from_secs(30)));
            }
            Some(Fault::ExpireToken) => {
                let now = self.clock.now();
                let token = request.header("phpipam-token").or_else(|| request.header("token"));
                expire(&mut self.store(), token, now);
            }
            // The others are the host's to carry out.
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
        let date = jiff::Timestamp::try_from(self.clock.now()).unwrap_or_default();
        if let Ok(date) = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date) {
            response = response.with_header(header::DATE, date);
        }
        if matches!(status, 400 | 500 | 501 | 503) {
            response = response.with_header(header::CONNECTION, "close");
        }
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

/// Carries out a request: under its app's lock, or in three steps where the app has none and others can come in between.
async fn process(state: &State, request: &Request) -> Response {
    let setup = &state.setup;
    let now = || -> SystemTime { state.clock.now() };
    let admitted = match dispatch::admit(setup, &state.store(), request, now()) {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let lock = admitted.lock();
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
    if !admitted.races() {
        return dispatch::respond(setup, &mut state.store(), request, &admitted, now());
    }
    let chosen = dispatch::choose(setup, &mut state.store(), request, &admitted, now());
    let race = match chosen {
        Ok(race) => race,
        Err(response) => return *response,
    };
    tokio::time::sleep(state.race_window).await;
    let checked = dispatch::check(setup, &state.store(), &admitted, race);
    if let Err(response) = checked {
        return *response;
    }
    tokio::time::sleep(state.race_window).await;
    dispatch::take(setup, &mut state.store(), request, &admitted, now(), race)
}

/// How long a lock is waited for; zero means an hour.
fn wait_of(wait: Duration) -> Duration {
    if wait.is_zero() { Duration::from_secs(3600) } else { wait }
}
