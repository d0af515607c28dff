//! Book of what callers were told: which allocations they have, and what cannot be known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ipam_core::{Allocated, ErrorKind, Outcome, Result};
use vra_client::testing::v8::Server;

/// Time in which a request that its caller believes lost is carried out.
const LATE: Duration = Duration::from_secs(2);

/// State of the book. A subject is the key of a request with one, else its owner, which no other request has.
#[derive(Default)]
pub(crate) struct State {
    /// Subjects of the allocations that callers have, by range, address and claim.
    pub(crate) held: BTreeMap<String, String>,
    /// Allocations that were deallocated, with the time at which the caller knew.
    freed: BTreeMap<String, Instant>,
    /// Subjects with a call whose outcome no caller knows: they may have more at the server.
    pub(crate) doubtful: BTreeSet<String>,
    /// Deallocations of a subject: their number and the end of their effect.
    leaving: BTreeMap<String, (usize, Option<Instant>)>,
    pub(crate) violations: Vec<String>,
    /// Calls by their result.
    pub(crate) counts: BTreeMap<String, usize>,
}

#[derive(Default)]
pub(crate) struct Book(Mutex<State>);

/// Call in progress. If it is dropped before its end, its outcome is not known.
pub(crate) struct Call<'a> {
    book: &'a Book,
    subject: String,
    started: Instant,
    /// Ids that the call deallocates, for a deallocation.
    targets: Option<Vec<String>>,
    ended: bool,
}

impl Book {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn allocation(&self, subject: &str) -> Call<'_> {
        Call { book: self, subject: subject.to_owned(), started: Instant::now(), targets: None, ended: false }
    }

    /// Begins a deallocation of one allocation, or of all of a subject.
    pub(crate) fn deallocation(&self, subject: &str, id: Option<&str>) -> Call<'_> {
        let mut state = self.state();
        let named = |(held, of): &(&String, &String)| *of == subject && id.is_none_or(|id| *held == id);
        let targets: Vec<String> = state.held.iter().filter(named).map(|(held, _)| held.clone()).collect();
        targets.iter().for_each(|target| drop(state.held.remove(target)));
        state.leaving.entry(subject.to_owned()).or_default().0 += 1;
        let (subject, started) = (subject.to_owned(), Instant::now());
        Call { book: self, subject, started, targets: Some(targets), ended: false }
    }

    /// Compares what the server has with what callers were told.
    pub(crate) fn compare(&self, server: &Server, ranges: &[String], when: &str) {
        let on = on_server(server, ranges);
        let mut state = self.state();
        let (mut lost, mut back, mut left) = (Vec::new(), Vec::new(), Vec::new());
        lost.extend(state.held.keys().filter(|id| !on.contains_key(*id)).map(|id| format!("{when}: lost {id}")));
        back.extend(state.freed.keys().filter(|id| on.contains_key(*id)).map(|id| format!("{when}: not freed {id}")));
        let known = |id: &String, subject: &String| state.held.contains_key(id) || state.doubtful.contains(subject);
        left.extend(on.iter().filter(|(id, of)| !known(id, of)).map(|(id, of)| format!("{when}: left {id} of {of}")));
        state.violations.extend(lost.into_iter().chain(back).chain(left));
    }
}

/// Returns the allocations of the server, with their subjects.
pub(crate) fn on_server(server: &Server, ranges: &[String]) -> BTreeMap<String, String> {
    let mut on = BTreeMap::new();
    server.seed(|store| {
        for range in ranges {
            for address in store.allocated(range) {
                let text = store.description(range, address).unwrap();
                let mark: serde_json::Value = serde_json::from_str(text.strip_prefix("ipam1 ").unwrap()).unwrap();
                let member = |name: &str| mark[name].as_str().unwrap().to_owned();
                let subject = if member("key").starts_with("vra8/") { member("owner") } else { member("key") };
                on.insert(format!("{range}/{address}/{}", member("claim")), subject);
            }
        }
    });
    on
}

impl Call<'_> {
    pub(crate) fn allocated(mut self, result: Result<Allocated>, count: usize) {
        self.ended = true;
        let mut state = self.book.state();
        let allocated = match result {
            Ok(allocated) => allocated,
            Err(error) => {
                if error.outcome() == Outcome::Unknown {
                    state.doubtful.insert(self.subject.clone());
                }
                *state.counts.entry(format!("allocate: {:?} {:?}", error.kind(), error.outcome())).or_default() += 1;
                return;
            }
        };
        let repeated = if allocated.repeated { "repeated" } else { "new" };
        *state.counts.entry(format!("allocate: {repeated}")).or_default() += 1;
        let (open, until) = state.leaving.get(&self.subject).copied().unwrap_or_default();
        let overlaps = open > 0 || until.is_some_and(|until| until > self.started);
        if overlaps {
            // A deallocation at the same time may have freed it since.
            state.doubtful.insert(self.subject.clone());
        }
        let mut number = 0;
        for allocation in allocated.lines.iter().flatten() {
            number += 1;
            let id = allocation.id.to_string();
            if state.freed.get(&id).is_some_and(|at| *at < self.started) {
                state.violations.push(format!("{} got {id}, which was freed before the call", self.subject));
            }
            if overlaps {
                continue;
            }
            let place = format!("{}/{}/", allocation.range, allocation.address);
            if let Some((other, of)) = state.held.iter().find(|(other, _)| other.starts_with(&place) && **other != id) {
                let text = format!("{id} of {} is held twice: {other} of {of}", self.subject);
                state.violations.push(text);
            }
            state.held.insert(id, self.subject.clone());
        }
        if number != count {
            state.violations.push(format!("{} got {number} of {count} addresses", self.subject));
        }
    }

    pub(crate) fn deallocated(mut self, result: Result<ipam_core::Deallocated>) {
        self.ended = true;
        let now = Instant::now();
        let mut state = self.book.state();
        let targets = self.targets.take().unwrap_or_default();
        let mut end = now;
        match result {
            Ok(_) => {
                *state.counts.entry("deallocate: ok".to_owned()).or_default() += 1;
                state.freed.extend(targets.into_iter().map(|id| (id, now)));
            }
            Err(error) => {
                *state.counts.entry(format!("deallocate: {:?} {:?}", error.kind(), error.outcome())).or_default() += 1;
                assert!(error.kind() != ErrorKind::InvalidInput, "{error}");
                let alone = state.leaving.get(&self.subject).is_some_and(|(open, _)| *open == 1);
                if error.outcome() == Outcome::NotApplied && alone {
                    let subject = &self.subject;
                    state.held.extend(targets.into_iter().map(|id| (id, subject.clone())));
                } else {
                    state.doubtful.insert(self.subject.clone());
                    end = now + LATE;
                }
            }
        }
        state.left(&self.subject, end);
    }
}

impl State {
    fn left(&mut self, subject: &str, end: Instant) {
        let (open, until) = self.leaving.entry(subject.to_owned()).or_default();
        *open -= 1;
        *until = Some(until.map_or(end, |until| until.max(end)));
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.book.state();
        *state.counts.entry("dropped or killed".to_owned()).or_default() += 1;
        state.doubtful.insert(self.subject.clone());
        if self.targets.is_some() {
            state.left(&self.subject, Instant::now() + LATE);
        }
    }
}
