//! Tests of the engine over the memory store, against a model that tries every address.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod faults;
mod model;
mod replay;
mod shapes;

use std::time::{Duration, SystemTime};

use replay::Request;

use super::*;
use crate::stores::memory::State;
use crate::*;

impl Lookups for State {}

/// Store with a clock of its own.
pub(super) struct Bench {
    pub(super) store: State,
    pub(super) now: SystemTime,
    random: SeededRandom,
    /// Second store, on which every operation is repeated over reads that miss.
    twin: Option<replay::Twin>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Self { store: State::new(1_000_000), now, random: SeededRandom::new(42), twin: None }
    }

    pub(super) fn with(ranges: &[DefineRange]) -> Self {
        let mut bench = Self::new();
        bench.define(ranges);
        bench
    }

    /// Creates a bench with a twin.
    pub(super) fn twinned(seed: u64, ranges: &[DefineRange]) -> Self {
        let mut bench = Self::new();
        bench.twin = Some(replay::Twin::new(seed));
        bench.define(ranges);
        bench
    }

    fn define(&mut self, ranges: &[DefineRange]) {
        for range in ranges {
            let operation = Request::DefineRange(range.clone());
            self.both(&operation, |store, context| define_range(store, context, range)).unwrap();
        }
    }

    /// Runs an operation, and again on the twin: the results must be the same.
    fn both<T: std::fmt::Debug>(
        &mut self,
        operation: &Request,
        run: impl FnOnce(&mut State, &mut Context<'_>) -> Result<T>,
    ) -> Result<T> {
        let random = self.random.clone();
        let result = self.run(run);
        if let Some(twin) = &mut self.twin {
            assert_eq!(twin.run(operation, self.now, &random), replay::shown(&result), "{operation:?}");
        }
        result
    }

    /// Runs an operation of any kind on both. Returns its result as text.
    fn operation(&mut self, operation: &Request) -> String {
        let random = self.random.clone();
        let result =
            operation.run(&mut self.store, &mut Context { now: self.now, random: &mut self.random, actor: None });
        if let Some(twin) = &mut self.twin {
            assert_eq!(twin.run(operation, self.now, &random), result, "{operation:?}");
        }
        result
    }

    pub(super) fn run<T>(&mut self, run: impl FnOnce(&mut State, &mut Context<'_>) -> Result<T>) -> Result<T> {
        run(&mut self.store, &mut Context { now: self.now, random: &mut self.random, actor: None })
    }

    pub(super) fn allocate(&mut self, request: &Allocate) -> Result<Allocated> {
        let operation = Request::Allocate(request.clone());
        self.both(&operation, |store, context| allocate(store, context, request))
    }

    pub(super) fn line(&mut self, line: AllocateLine) -> Result<Vec<String>> {
        let taken = self.allocate(&Allocate::new("o").with_line(line))?;
        Ok(taken.iter().map(|allocation| allocation.address.to_string()).collect())
    }

    pub(super) fn deallocate(&mut self, request: &Deallocate) -> Result<Deallocated> {
        let operation = Request::Deallocate(request.clone());
        self.both(&operation, |store, context| deallocate(store, context, request))
    }

    pub(super) fn deallocate_at(&mut self, range: &str, ip: &str) -> Deallocated {
        self.deallocate(&Deallocate::address(range, ip.parse().unwrap())).unwrap()
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub(super) fn usage(&mut self, range: &str) -> Usage {
        usage(&mut self.store, self.now, &[range.into()]).unwrap().remove(0)
    }

    #[track_caller]
    pub(super) fn sound(&mut self) {
        assert_eq!(findings(&mut self.store, self.now), Vec::<String>::new());
    }
}

/// Returns the violations of a store.
pub(super) fn findings(store: &mut State, now: SystemTime) -> Vec<String> {
    let mut findings = Vec::new();
    verify(store, now, &mut findings).unwrap();
    findings
}

pub(super) fn range(id: &str, net: &str) -> DefineRange {
    DefineRange::new(id, net.parse().unwrap())
}
