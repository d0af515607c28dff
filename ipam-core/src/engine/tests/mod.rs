//! The engine over the memory store, against a model that tries everything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod faults;
mod model;
mod shapes;

use std::time::{Duration, SystemTime};

use super::*;
use crate::stores::memory::State;
use crate::*;

/// A store with a clock of its own.
pub(super) struct Bench {
    pub(super) store: State,
    pub(super) now: SystemTime,
    random: SeededRandom,
}

impl Bench {
    pub(super) fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Self { store: State::new(1_000_000), now, random: SeededRandom::new(42) }
    }

    pub(super) fn with(ranges: &[DefineRange]) -> Self {
        let mut bench = Self::new();
        for range in ranges {
            bench.run(|store, context| define_range(store, context, range)).unwrap();
        }
        bench
    }

    pub(super) fn run<T>(&mut self, run: impl FnOnce(&mut State, &mut Context<'_>) -> Result<T>) -> Result<T> {
        run(&mut self.store, &mut Context { now: self.now, random: &mut self.random, actor: None })
    }

    pub(super) fn allocate(&mut self, request: &Allocate) -> Result<Allocated> {
        self.run(|store, context| allocate(store, context, request))
    }

    pub(super) fn line(&mut self, line: AllocateLine) -> Result<Vec<String>> {
        let taken = self.allocate(&Allocate::new("o").with_line(line))?;
        Ok(taken.iter().map(|allocation| allocation.address.to_string()).collect())
    }

    pub(super) fn deallocate(&mut self, request: &Deallocate) -> Result<Deallocated> {
        self.run(|store, context| deallocate(store, context, request))
    }

    pub(super) fn give_back(&mut self, range: &str, ip: &str) -> Deallocated {
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
        assert_eq!(verify(&mut self.store, self.now).unwrap(), Vec::<String>::new());
    }
}

pub(super) fn range(id: &str, net: &str) -> DefineRange {
    DefineRange::new(id, net.parse().unwrap())
}
