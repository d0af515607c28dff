//! Random operations against a model that tries every address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::net::IpRange;

/// Number of addresses that the model looks at. The exact choice is compared until [`EXACT`] addresses were taken; then a wide
/// range must still have enough never used ones here, beside the first hole (401), an exclusion (300) and the request (400).
const WINDOW: usize = EXACT + 401 + 300 + 400 + 75;

/// Number of addresses up to which a request chooses exactly what the model chooses.
const EXACT: usize = 1_024;

/// State of an address that is not simply free.
#[derive(Debug, Clone)]
enum Use {
    Held { id: AllocationId, key: AllocationKey, expires: Option<SystemTime> },
    Quarantined { since: SystemTime, until: SystemTime },
}

/// Model of one range, which looks at address after address.
struct Model {
    range: DefineRange,
    uses: BTreeMap<IpAddr, Use>,
}

impl Model {
    /// Quarantines expired addresses from their expiry on, and frees released ones unless the order is
    /// least-recently-used.
    fn settle(&mut self, now: SystemTime) {
        let policy = self.range.policy;
        for state in self.uses.values_mut() {
            if let Use::Held { expires: Some(expires), .. } = state
                && *expires <= now
            {
                *state = Use::Quarantined { since: *expires, until: *expires + policy.quarantine };
            }
        }
        if policy.order != Order::LeastRecentlyUsed {
            self.uses.retain(|_, state| !matches!(state, Use::Quarantined { until, .. } if *until <= now));
        }
    }

    fn can_allocate(&self, ip: IpAddr) -> bool {
        self.range.resolved_addresses().contains(ip)
            && self.range.network.gateway != Some(ip)
            && !self.range.reserved.iter().any(|reserved| reserved.contains(ip))
    }

    /// Returns true if the address is free, or released from quarantine.
    fn free(&self, ip: IpAddr, now: SystemTime, excluded: &[IpRange]) -> bool {
        let used = match self.uses.get(&ip) {
            None => false,
            Some(Use::Held { .. }) => true,
            Some(Use::Quarantined { until, .. }) => *until > now,
        };
        self.can_allocate(ip) && !used && !excluded.iter().any(|range| range.contains(ip))
    }

    /// Returns the addresses that the model looks at: the first of the range.
    fn addresses(&self) -> Vec<IpAddr> {
        self.range.resolved_addresses().addresses().take(WINDOW).collect()
    }

    fn next(&self, count: usize, now: SystemTime, excluded: &[IpRange]) -> Vec<IpAddr> {
        let all = self.addresses();
        let mut free: Vec<IpAddr> = all.into_iter().filter(|ip| self.free(*ip, now, excluded)).collect();
        let released = |ip: &IpAddr| match self.uses.get(ip) {
            Some(Use::Quarantined { since, .. }) => Some(*since),
            _ => None,
        };
        // Never used ones have no `since`, which sorts first.
        free.sort_by_key(|ip| (released(ip), *ip));
        free.truncate(count);
        free.sort_unstable();
        free
    }

    fn run(
        &self,
        count: usize,
        align: u128,
        now: SystemTime,
        excluded: &[IpRange],
        released: bool,
    ) -> Option<Vec<IpAddr>> {
        let all = self.addresses();
        let free: Vec<bool> =
            all.iter().map(|ip| self.free(*ip, now, excluded) && (released || !self.uses.contains_key(ip))).collect();
        let start = (0..=all.len().checked_sub(count)?).find(|start| {
            number(all[*start]).is_multiple_of(align) && free[*start..start + count].iter().all(|free| *free)
        })?;
        Some(all[start..start + count].to_vec())
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take { count: u32, placement: Placement, exclude: Vec<(u16, u16)>, expiry: Option<u64> },
    Exactly { at: u16, count: u32 },
    Give { at: u16 },
    GiveKey { at: u16 },
    Repeat,
    Pass(u64),
    Reserve(Vec<(u16, u16)>),
    Preview { count: u32, placement: Placement },
}

fn placement() -> impl Strategy<Value = Placement> {
    prop_oneof![4 => Just(Placement::Scattered), 2 => Just(Placement::Contiguous), 1 => Just(Placement::Aligned)]
}

fn step() -> impl Strategy<Value = Step> {
    let spans = || prop::collection::vec((0u16..1100, 0u16..300), 0..2);
    prop_oneof![
        8 => (prop_oneof![5 => 1u32..4, 2 => 4u32..40, 1 => 200u32..400], placement(), spans(), prop::option::of(1u64..60))
            .prop_map(|(count, placement, exclude, expiry)| Step::Take { count, placement, exclude, expiry }),
        3 => (0u16..1100, 1u32..6).prop_map(|(at, count)| Step::Exactly { at, count }),
        6 => any::<u16>().prop_map(|at| Step::Give { at }),
        2 => any::<u16>().prop_map(|at| Step::GiveKey { at }),
        1 => Just(Step::Repeat),
        3 => (0u64..50).prop_map(Step::Pass),
        1 => spans().prop_map(Step::Reserve),
        1 => (1u32..20, placement()).prop_map(|(count, placement)| Step::Preview { count, placement }),
    ]
}

fn ranges() -> impl Strategy<Value = DefineRange> {
    let order = prop_oneof![3 => Just(Order::FirstFree), 1 => Just(Order::Random), 2 => Just(Order::LeastRecentlyUsed)];
    let net = prop_oneof![
        Just("10.0.0.0/28"),
        Just("10.0.0.64/26"),
        Just("10.0.0.0/24"),
        Just("10.0.0.0/22"),
        Just("2001:db8::/118"),
        Just("2001:db8::/64"),
    ];
    (net, order, prop_oneof![Just(0u64), Just(20)], any::<bool>()).prop_map(|(net, order, quarantine, holes)| {
        let policy = RangePolicy::default().with_order(order).with_quarantine(Duration::from_secs(quarantine));
        let request = range("r", net).with_policy(policy);
        let all = request.resolved_addresses();
        let gateway = all.nth(2).unwrap();
        let request = request.with_gateway(gateway);
        match (holes, all.nth(200), all.nth(600)) {
            // A hole that covers a whole page.
            (true, Some(from), Some(till)) => request.with_reserved(vec![IpRange::new(from, till).unwrap()]),
            _ => request,
        }
    })
}

/// The range from the `at`-th address of the range on, cut at its end.
fn span(all: IpRange, (at, more): (u16, u16)) -> Option<IpRange> {
    let first = all.nth(u128::from(at))?;
    IpRange::new(first, all.nth(u128::from(at) + u128::from(more)).unwrap_or_else(|| all.last())).ok()
}

struct Run {
    bench: Bench,
    model: Model,
    last: Option<(Allocate, Allocated)>,
    keys: u32,
    /// Number of addresses that were ever taken.
    taken: usize,
}

impl Run {
    fn excluded(&self, spans: &[(u16, u16)]) -> Vec<IpRange> {
        spans.iter().filter_map(|at| span(self.model.range.resolved_addresses(), *at)).collect()
    }

    /// Checks the addresses that a line got: exactly those expected, or any that fit.
    fn check_choice(&self, placement: Placement, excluded: &[IpRange], count: u32, got: Result<Vec<IpAddr>>) {
        let (model, now) = (&self.model, self.bench.now);
        let order = model.range.policy.order;
        let align = if placement == Placement::Aligned { u128::from(count).next_power_of_two() } else { 1 };
        let scattered = placement == Placement::Scattered || count == 1;
        let n = count as usize;
        let wide = model.range.resolved_addresses().size().is_none_or(|size| size > WINDOW as u128);
        let (possible, expected) = if scattered {
            let next = model.next(n, now, excluded);
            (next.len() == n, next)
        } else {
            let fresh = model.run(n, align, now, excluded, order != Order::LeastRecentlyUsed);
            // Past what the model looks at, a wide range has addresses that were never used; they come before released
            // ones.
            let run = if wide { fresh } else { fresh.or_else(|| model.run(n, align, now, excluded, true)) };
            (run.is_some(), run.unwrap_or_default())
        };
        let got = match got {
            Ok(got) => got,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}");
                assert!(!possible, "there is room for {count} {placement:?}: {expected:?}");
                return;
            }
        };
        assert!(possible || wide, "there was no room for {count} {placement:?}, but {got:?} came");
        assert_eq!(got.len(), n);
        assert!(got.is_sorted_by(|a, b| a < b));
        assert!(got.iter().all(|ip| model.free(*ip, now, excluded)), "{got:?}");
        if !scattered {
            assert_eq!(number(got[n - 1]) - number(got[0]), n as u128 - 1);
            assert!(number(got[0]).is_multiple_of(align));
        }
        // One request frees a bounded number of expired and released addresses; up to there the choice is exact.
        if order != Order::Random && self.taken <= EXACT && possible {
            assert_eq!(got, expected);
        }
    }

    fn take(&mut self, line: AllocateLine) -> Result<Vec<IpAddr>> {
        self.keys += 1;
        let expiry = line.expiry;
        let request = Allocate::new("o").with_key(format!("k{}", self.keys)).with_line(line);
        let taken = self.bench.allocate(&request)?;
        assert!(!taken.repeated);
        self.last = Some((request, taken.clone()));
        Ok(taken
            .iter()
            .map(|allocation| {
                assert_eq!(allocation.expires, expiry.map(|expiry| self.bench.now + expiry));
                allocation.address
            })
            .collect())
    }

    fn hold(&mut self, taken: &[IpAddr]) {
        self.taken += taken.len();
        let (_, result) = self.last.as_ref().unwrap();
        for (ip, allocation) in taken.iter().zip(result.iter()) {
            let (id, key) = (allocation.id.clone(), result.key.clone());
            self.model.uses.insert(*ip, Use::Held { id, key, expires: allocation.expires });
        }
    }

    fn held(&self) -> Vec<(IpAddr, AllocationId, AllocationKey)> {
        let held = |(ip, state): (&IpAddr, &Use)| match state {
            Use::Held { id, key, .. } => Some((*ip, id.clone(), key.clone())),
            Use::Quarantined { .. } => None,
        };
        self.model.uses.iter().filter_map(held).collect()
    }

    fn end(&mut self, ip: IpAddr) {
        let policy = self.model.range.policy;
        let (since, until) = (self.bench.now, self.bench.now + policy.quarantine);
        self.model.uses.insert(ip, Use::Quarantined { since, until });
    }

    fn step(&mut self, step: Step) {
        let now = self.bench.now;
        self.model.settle(now);
        match step {
            Step::Take { count, placement, exclude, expiry } => {
                let excluded = self.excluded(&exclude);
                let mut line = AllocateLine::new("r", Selection::Next { count, placement });
                line.exclude.clone_from(&excluded);
                line.expiry = expiry.map(Duration::from_secs);
                let got = self.take(line);
                self.check_choice(placement, &excluded, count, got.clone_result());
                if let Ok(got) = got {
                    self.hold(&got);
                }
            }
            Step::Preview { count, placement } => {
                let request =
                    Allocate::new("o").with_line(AllocateLine::new("r", Selection::Next { count, placement }));
                let seen = self
                    .bench
                    .both(&Request::Preview(request.clone()), |store, context| preview(store, context, &request));
                let seen = seen.map(|seen| seen.lines[0].iter().map(|candidate| candidate.address).collect());
                self.check_choice(placement, &[], count, seen);
            }
            Step::Exactly { at, count } => self.exactly(at, count),
            Step::Give { at } => {
                let held = self.held();
                let Some((ip, id, _)) = held.get(usize::from(at) % held.len().max(1)) else { return };
                let request = if at % 2 == 0 { Deallocate::address("r", *ip) } else { Deallocate::id(id.clone()) };
                assert_eq!(self.bench.deallocate(&request).unwrap().freed().count(), 1);
                assert!(self.bench.deallocate(&request).unwrap().was_free());
                self.end(*ip);
            }
            Step::GiveKey { at } => {
                let held = self.held();
                let Some((.., key)) = held.get(usize::from(at) % held.len().max(1)) else { return };
                let result = self.bench.deallocate(&Deallocate::key(key.clone())).unwrap();
                let freed: BTreeSet<IpAddr> = result.freed().map(|allocation| allocation.address).collect();
                let expected = held.iter().filter(|(.., other)| other == key).map(|(ip, ..)| *ip).collect();
                assert_eq!(freed, expected);
                freed.into_iter().for_each(|ip| self.end(ip));
            }
            Step::Repeat => self.repeat(),
            Step::Pass(seconds) => self.bench.pass(seconds),
            Step::Reserve(spans) => self.reserve(&spans),
        }
    }

    fn exactly(&mut self, at: u16, count: u32) {
        let all = self.model.range.resolved_addresses();
        let Some(first) = all.nth(u128::from(at)) else { return };
        let wanted: Vec<IpAddr> = (0..count).filter_map(|n| all.nth(u128::from(at) + u128::from(n))).collect();
        let free = wanted.iter().all(|ip| self.model.free(*ip, self.bench.now, &[]));
        match self.take(AllocateLine::new("r", Selection::Exact { first, count })) {
            Ok(got) => {
                assert!(free && got == wanted, "{got:?} for {wanted:?}");
                self.hold(&got);
            }
            Err(error) if wanted.len() < count as usize => assert_eq!(error.kind(), ErrorKind::InvalidInput),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Conflict);
                assert!(!free, "{error}");
            }
        }
    }

    fn repeat(&mut self) {
        let Some((request, result)) = self.last.clone() else { return };
        let held = self.held();
        let left = result.iter().filter(|allocation| held.iter().any(|(_, id, _)| *id == allocation.id)).count();
        let all = result.iter().count();
        if left == 0 {
            return;
        }
        match self.bench.allocate(&request) {
            Ok(again) => assert!(left == all && again.repeated && again.lines == result.lines),
            Err(error) => assert!(left < all && error.kind() == ErrorKind::Conflict, "{error}"),
        }
    }

    fn reserve(&mut self, spans: &[(u16, u16)]) {
        let reserved = self.excluded(spans);
        let hit = |ip: &IpAddr| reserved.iter().any(|range| range.contains(*ip));
        let in_the_way = self.held().iter().any(|(ip, ..)| hit(ip));
        let request = UpdateRange::new("r").with_reserved(Patch::Set(reserved.clone()));
        match self
            .bench
            .both(&Request::UpdateRange(request.clone()), |store, context| update_range(store, context, &request))
        {
            Ok(_) => {
                assert!(!in_the_way);
                self.model.range.reserved.clone_from(&reserved);
                self.model.uses.retain(|ip, _| !hit(ip));
            }
            Err(error) => assert!(in_the_way && error.kind() == ErrorKind::Conflict, "{error}"),
        }
    }

    fn compare(&mut self) {
        let now = self.bench.now;
        self.model.settle(now);
        self.bench.sound();
        let held = self.held();
        let found = find(&mut self.bench.store, now, &Find::default()).unwrap();
        if found.next.is_none() {
            let found: Vec<_> =
                found.items.into_iter().map(|found| (found.address, found.id, found.key.unwrap())).collect();
            assert_eq!(found, held);
        }
        let usage = self.bench.usage("r");
        assert_eq!(usage.allocated, held.len() as u128);
        let quarantined =
            self.model.uses.values().filter(|state| matches!(state, Use::Quarantined { until, .. } if *until > now));
        assert_eq!(usage.quarantined, quarantined.count() as u128);
        assert_eq!(usage.total, usage.allocated + usage.quarantined + usage.reserved + usage.free);
        let all = self.model.addresses();
        if usage.total == all.len() as u128 {
            let reserved = all.iter().filter(|ip| !self.model.can_allocate(**ip)).count();
            assert_eq!(usage.reserved, reserved as u128);
        }
    }
}

/// Clone of a result. Errors cannot be cloned; their kind is what is compared.
trait CloneResult<T> {
    fn clone_result(&self) -> Result<T>;
}

impl<T: Clone> CloneResult<T> for Result<T> {
    fn clone_result(&self) -> Result<T> {
        match self {
            Ok(result) => Ok(result.clone()),
            Err(error) => Err(Error::new(error.kind(), error.operation(), error.message().to_owned())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 6, max_shrink_iters: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn every_result_is_what_trying_every_address_finds(
        range in ranges(),
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let bench = Bench::with(std::slice::from_ref(&range));
        let model = Model { range, uses: BTreeMap::new() };
        let mut run = Run { bench, model, last: None, keys: 0, taken: 0 };
        for step in steps {
            run.step(step);
            run.compare();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 12, max_shrink_iters: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn every_result_is_the_same_over_reads_that_miss(
        seed in any::<u64>(),
        range in ranges(),
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let bench = Bench::twinned(seed, std::slice::from_ref(&range));
        let model = Model { range, uses: BTreeMap::new() };
        let mut run = Run { bench, model, last: None, keys: 0, taken: 0 };
        for step in steps {
            run.step(step);
        }
        run.compare();
        let twin = run.bench.twin.as_mut().unwrap().dump();
        prop_assert_eq!(twin, faults::dump(&mut run.bench.store));
    }
}
