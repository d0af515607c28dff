//! Operations over [`Replay`], which must have the same results as over the store itself.

use super::faults::dump;
use super::*;
use crate::engine::random::below;
use crate::engine::store::replay::{Attempt, Need, Read, Replay};

/// Operation with its request.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Allocate(Allocate),
    Preview(Allocate),
    Deallocate(Deallocate),
    Update(Update),
    Find(Find),
    Usage(Vec<RangeId>),
    Changes(Option<ChangePosition>, u32),
    ListRanges(ListRanges),
    ListBlocks(ListBlocks),
    DefineRange(DefineRange),
    UpdateRange(UpdateRange),
    RemoveRange(RemoveRange),
    DefineBlock(DefineBlock),
    UpdateBlock(UpdateBlock),
    RemoveBlock(RemoveBlock),
    AllocateRange(AllocateRange),
    DeallocateRange(DeallocateRange),
    ListRecords(ListRecords),
    RestoreRecords(RestoreRecords),
}

impl Request {
    /// Runs the operation over any store. Returns its result as text, to be compared.
    pub(super) fn run<S: Store>(&self, store: &mut S, context: &mut Context<'_>) -> String {
        let now = context.now;
        match self {
            Self::Allocate(request) => shown(&allocate(store, context, request)),
            Self::Preview(request) => shown(&preview(store, context, request)),
            Self::Deallocate(request) => shown(&deallocate(store, context, request)),
            Self::Update(request) => shown(&update(store, context, request)),
            Self::Find(request) => shown(&find(store, now, request)),
            Self::Usage(ranges) => shown(&usage(store, now, ranges)),
            Self::Changes(since, limit) => shown(&changes(store, since.as_ref(), *limit)),
            Self::ListRanges(request) => shown(&list_ranges(store, request)),
            Self::ListBlocks(request) => shown(&list_blocks(store, request)),
            Self::DefineRange(request) => shown(&define_range(store, context, request)),
            Self::UpdateRange(request) => shown(&update_range(store, context, request)),
            Self::RemoveRange(request) => shown(&remove_range(store, context, request)),
            Self::DefineBlock(request) => shown(&define_block(store, context, request)),
            Self::UpdateBlock(request) => shown(&update_block(store, context, request)),
            Self::RemoveBlock(request) => shown(&remove_block(store, context, request)),
            Self::AllocateRange(request) => shown(&allocate_range(store, context, request)),
            Self::DeallocateRange(request) => shown(&deallocate_range(store, context, request)),
            Self::ListRecords(request) => shown(&list_records(store, now, request)),
            Self::RestoreRecords(request) => shown(&restore_records(store, context, request)),
        }
    }
}

/// Returns a result as text: errors cannot be compared otherwise.
pub(super) fn shown<T: std::fmt::Debug>(result: &Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error {error:?}"),
    }
}

/// Second store, on which every operation runs over a [`Replay`]. Reads miss at random: some are fetched in advance,
/// fetched results are dropped now and then, and the log of one operation is sometimes left for the next.
pub(super) struct Twin {
    store: State,
    replay: Replay,
    chance: SeededRandom,
    /// Reads of the operations so far, of which some are fetched early.
    seen: Vec<Read>,
    attempts: usize,
    flushes: usize,
}

impl Twin {
    pub(super) fn new(seed: u64) -> Self {
        let chance = SeededRandom::new(seed);
        let (store, replay) = (State::new(1_000_000), Replay::new());
        Self { store, replay, chance, seen: Vec::new(), attempts: 0, flushes: 0 }
    }

    pub(super) fn run(&mut self, operation: &Request, now: SystemTime, random: &SeededRandom) -> String {
        match below(&mut self.chance, 4) {
            // The next transaction.
            0 => {
                self.flush();
                self.replay = Replay::new();
            }
            1 => self.flush(),
            // The same batch goes on.
            _ => {}
        }
        for _ in 0..below(&mut self.chance, 4).min(self.seen.len() as u128) {
            let index = usize::try_from(below(&mut self.chance, self.seen.len() as u128)).unwrap();
            let read = self.seen.swap_remove(index);
            self.fetch(read).unwrap();
        }
        let mut random = random.clone();
        loop {
            self.attempts += 1;
            let mut context = Context { now, random: &mut random, actor: None };
            let attempt = self.replay.attempt(Operation::Check, &mut context, |store, context| {
                let result = operation.run(store, context);
                // The text stands for a result or an error; an attempt takes notice of errors only.
                if result.starts_with("error") {
                    Err(Error::new(ErrorKind::Protocol, Operation::Check, result))
                } else {
                    Ok(result)
                }
            });
            match attempt {
                Attempt::Done(Ok(result)) => return result,
                Attempt::Done(Err(error)) => return error.message().to_owned(),
                Attempt::Need(Need::Flush) => {
                    assert!(!self.replay.is_flushed());
                    self.flush();
                }
                Attempt::Need(Need::Read(read)) => {
                    if !matches!(read, Read::NewAllocationIds(_) | Read::Changes { .. } | Read::Many(_)) {
                        self.seen.push(read.clone());
                    }
                    if let Err(error) = self.fetch(read) {
                        self.replay.give_up();
                        return shown(&Err::<(), _>(error));
                    }
                }
            }
        }
    }

    fn fetch(&mut self, read: Read) -> Result<()> {
        if let Read::Many(reads) = read {
            return reads.into_iter().try_for_each(|read| self.fetch(read));
        }
        let value = read.read_from(&mut self.store)?;
        self.replay.provide(read, value);
        Ok(())
    }

    fn flush(&mut self) {
        self.flushes += 1;
        for write in self.replay.flush() {
            write.write_to(&mut self.store).unwrap();
        }
    }

    /// Returns everything that the store holds in the end.
    pub(super) fn dump(&mut self) -> String {
        self.flush();
        dump(&mut self.store)
    }
}

/// Random requests of all kinds, with so few names that they meet.
struct Requests {
    chance: SeededRandom,
}

impl Requests {
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(below(&mut self.chance, bound.into())).unwrap()
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(u32::try_from(choices.len()).unwrap()) as usize].clone()
    }

    fn key(&mut self) -> String {
        format!("k{}", self.below(12))
    }

    fn range(&mut self) -> &'static str {
        self.one_of(&["lan", "lru", "dice", "wide"])
    }

    fn address(&mut self, range: &str) -> std::net::IpAddr {
        let at = self.below(40);
        match range {
            "lan" => [10, 0, self.one_of(&[0, 0, 1]), u8::try_from(at).unwrap()].into(),
            "lru" => [10, 1, 0, u8::try_from(at % 16).unwrap()].into(),
            "dice" => [10, 2, 0, u8::try_from(at % 32).unwrap()].into(),
            _ => std::net::Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(at)).into(),
        }
    }

    fn line(&mut self) -> AllocateLine {
        let range = self.range();
        let count = self.one_of(&[1, 1, 1, 2, 5, 9]);
        let mut line = match self.below(6) {
            0 => AllocateLine::contiguous(range, count),
            1 => AllocateLine::new(range, Selection::Next { count, placement: Placement::Aligned }),
            2 => AllocateLine::new(
                range,
                Selection::Exact { first: self.address(range), count: self.one_of(&[1, 1, 3]) },
            ),
            _ => AllocateLine::next(range, count),
        };
        if self.below(4) == 0 {
            line = line.or_from(self.range());
        }
        if self.below(3) == 0 {
            line = line.with_expiry(Duration::from_secs(self.one_of(&[5, 40])));
        }
        line
    }

    fn allocate(&mut self) -> Allocate {
        let mut request = Allocate::new(self.one_of(&["ann", "bob"]));
        if self.below(2) == 0 {
            request = request.with_key(self.key());
        }
        for _ in 0..self.one_of(&[1, 1, 2]) {
            request = request.with_line(self.line());
        }
        request
    }

    fn define_range(&mut self) -> DefineRange {
        let quarantine = Duration::from_secs(self.one_of(&[0, 30]));
        let policy = RangePolicy::default().with_quarantine(quarantine);
        let gateway = |net: [u8; 4]| std::net::IpAddr::from(net);
        match self.range() {
            "lan" => range("lan", "10.0.0.0/23").with_policy(policy).with_gateway(gateway([10, 0, 0, 1])),
            "lru" => range("lru", "10.1.0.0/28").with_policy(policy.with_order(Order::LeastRecentlyUsed)),
            "dice" => range("dice", "10.2.0.0/27").with_policy(policy.with_order(Order::Random)),
            _ => range("wide", "2001:db8::/64").with_policy(policy),
        }
    }

    fn block(&mut self) -> (&'static str, &'static str) {
        self.one_of(&[("outer", "10.64.0.0/16"), ("inner", "10.64.128.0/20"), ("other", "10.65.0.0/24")])
    }

    /// Records as another provider would list them.
    fn restore(&mut self, now: SystemTime) -> RestoreRecords {
        let mut records = Vec::new();
        for _ in 0..self.one_of(&[1, 2, 3]) {
            let range = self.range();
            let address = self.address(range);
            let later = |seconds| now + Duration::from_secs(seconds);
            if self.below(4) == 0 {
                let until = later(self.one_of(&[0, 30]));
                records
                    .push(PortableRecord::Quarantine(PortableQuarantine::new("default", range, address, now, until)));
                continue;
            }
            let mut allocation = Allocation::new("id", "default", range, address);
            match self.below(3) {
                0 => allocation.state = AllocationState::Reserved,
                1 => allocation.owner = Some("ann".into()),
                _ => {
                    allocation.key = Some(self.key().as_str().into());
                    allocation.owner = Some("bob".into());
                    allocation.expires = self.one_of(&[None, Some(later(20))]);
                }
            }
            allocation.created = Some(now - Duration::from_secs(1_000));
            let fingerprint = allocation.key.as_ref().map(|_| Fingerprint::from_bytes([7; 32]));
            let mut record = PortableRequest::new(vec![PortableAllocation::new(0, allocation)]);
            record.fingerprint = fingerprint;
            records.push(PortableRecord::Request(record));
        }
        RestoreRecords::new(records)
    }

    fn operation(&mut self, last: &State, now: SystemTime) -> Request {
        let _ = last;
        match self.below(45) {
            40 => {
                // The ranges, or what comes after them.
                let token = self.one_of(&[None, Some(PageToken::from("a "))]);
                Request::ListRecords(ListRecords::all().with_page(PageRequest::of(50).with_token(token)))
            }
            41..45 => Request::RestoreRecords(self.restore(now)),
            0..14 => Request::Allocate(self.allocate()),
            14..16 => Request::Preview(self.allocate()),
            16..22 => {
                let range = self.range();
                Request::Deallocate(match self.below(3) {
                    0 => Deallocate::key(self.key()),
                    _ => Deallocate::address(range, self.address(range)),
                })
            }
            22 => Request::Find(Find::default()),
            23 => Request::Usage(vec![self.range().into()]),
            24 => Request::Changes(None, self.one_of(&[3, 1000])),
            25 => Request::ListRanges(ListRanges::default()),
            26 => Request::ListBlocks(ListBlocks::default()),
            27..30 => Request::DefineRange(self.define_range()),
            30 => {
                let reserved = ["10.0.0.8-10.0.0.11".parse().unwrap()];
                let lan = UpdateRange::new("lan");
                Request::UpdateRange(match self.below(3) {
                    0 => lan.with_reserved(Patch::Set(reserved.to_vec())),
                    1 => lan.with_reserved(Patch::Clear),
                    _ => UpdateRange::new(self.range()).with_description(Patch::Set("changed".into())),
                })
            }
            31 => Request::RemoveRange(RemoveRange::new(self.range()).with_allocations(self.below(3) == 0)),
            32..34 => {
                let (id, net) = self.block();
                Request::DefineBlock(DefineBlock::new(id, net.parse().unwrap()))
            }
            34 => Request::UpdateBlock(UpdateBlock::new(self.block().0).with_name(Patch::Set("named".into()))),
            35 => Request::RemoveBlock(RemoveBlock::new(self.block().0)),
            36..38 => {
                let (block, len) = (self.block().0, self.one_of(&[20, 24, 26]));
                Request::AllocateRange(AllocateRange::prefix_len("ann", block, len).with_key(self.key()))
            }
            _ => Request::DeallocateRange(DeallocateRange::key(self.key()).with_allocations(true)),
        }
    }
}

#[test]
fn replayed_operations_end_as_direct_ones_do() {
    let mut done = std::collections::BTreeMap::<String, [u32; 2]>::new();
    let (mut attempts, mut flushes, mut operations) = (0, 0, 0);
    for seed in 0..48 {
        println!("seed {seed}");
        let mut bench = Bench::twinned(seed, &[]);
        let mut requests = Requests { chance: SeededRandom::new(!seed) };
        for _ in 0..120 {
            if requests.below(4) == 0 {
                bench.pass(requests.one_of(&[1, 10, 40]));
            }
            let mut operation = requests.operation(&bench.store, bench.now);
            // An update names an id, which only an allocation tells.
            if let Request::Find(_) = operation
                && let Some(found) = find(&mut bench.store, bench.now, &Find::default()).unwrap().items.pop()
            {
                let expiry = requests.one_of(&[Patch::Keep, Patch::Clear, Patch::Set(Duration::from_secs(20))]);
                let mut update = Update::new(found.id).with_hostname(Patch::Set("web".into()));
                update.expiry = expiry;
                bench.operation(&Request::Update(update));
                operation = Request::Find(Find::default());
            }
            let result = bench.operation(&operation);
            operations += 1;
            let name = format!("{operation:?}");
            let name = name.split(['(', ' ']).next().unwrap().to_owned();
            done.entry(name).or_default()[usize::from(result.starts_with("error"))] += 1;
        }
        bench.sound();
        let twin = bench.twin.as_mut().unwrap();
        (attempts, flushes) = (attempts + twin.attempts, flushes + twin.flushes);
        assert_eq!(twin.dump(), dump(&mut bench.store), "seed {seed}");
        assert_eq!(findings(&mut twin.store, bench.now), Vec::<String>::new(), "seed {seed}");
    }
    println!("{operations} operations, {attempts} attempts, {flushes} flushes, {done:?}");
    assert_eq!(done.len(), 18, "{done:?}");
    assert!(done.values().all(|[good, _]| *good > 0), "{done:?}");
    assert!(attempts > operations * 2);
}

#[test]
fn an_operation_with_endless_reads_fails() {
    let mut replay = Replay::new();
    let mut random = SeededRandom::new(1);
    let now = SystemTime::UNIX_EPOCH;
    for no in 0u128.. {
        let mut context = Context { now, random: &mut random, actor: None };
        let attempt = replay.attempt(Operation::Allocate, &mut context, |store, _| store.page(&"r".into(), no));
        match attempt {
            Attempt::Need(Need::Read(read)) => {
                assert_eq!(read, Read::Page { range: "r".into(), no });
                assert!(no < 20_000);
            }
            Attempt::Done(result) => {
                let error = result.unwrap_err();
                assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Never));
                assert_eq!(error.operation(), Operation::Allocate);
                break;
            }
            Attempt::Need(Need::Flush) => panic!("nothing was written"),
        }
    }
}

#[test]
fn a_lone_allocation_needs_little() {
    let mut bench = Bench::with(&[range("lan", "10.0.0.0/24")]);
    bench.line(AllocateLine::next("lan", 3)).unwrap();
    let request = Allocate::one("o", "lan").with_key("k");
    let (mut replay, mut needs) = (Replay::new(), Vec::new());
    let result = loop {
        let mut context = Context { now: bench.now, random: &mut bench.random, actor: None };
        match replay.attempt(Operation::Allocate, &mut context, |store, context| allocate(store, context, &request)) {
            Attempt::Done(result) => break result.unwrap(),
            Attempt::Need(Need::Flush) => panic!("nothing was written"),
            Attempt::Need(Need::Read(read)) => {
                let value = read.read_from(&mut bench.store).unwrap();
                replay.provide(read.clone(), value);
                needs.push(read);
            }
        }
    };
    assert_eq!(result.iter().next().unwrap().address, std::net::IpAddr::from([10, 0, 0, 4]));
    let page = u128::from(0x0a_0000_u32);
    let now = bench.now;
    let expected = [
        Read::Request("k".into()),
        Read::Expired { range: None, now, limit: 64 },
        Read::Range("lan".into()),
        Read::Expired { range: Some("lan".into()), now, limit: 1024 },
        Read::Released { range: "lan".into(), now, limit: 1024 },
        Read::LockOpenPage { range: "lan".into(), from: page },
        Read::Page { range: "lan".into(), no: page },
        Read::NewAllocationIds(vec![("default".into(), [10, 0, 0, 4].into())]),
    ];
    assert_eq!(needs, expected);
    // The next one of the same batch sees the page as the first left it, and fetches what its key names and its id.
    let request = Allocate::one("o", "lan").with_key("other");
    let mut needs = Vec::new();
    let result = loop {
        let mut context = Context { now: bench.now, random: &mut bench.random, actor: None };
        match replay.attempt(Operation::Allocate, &mut context, |store, context| allocate(store, context, &request)) {
            Attempt::Done(result) => break result.unwrap(),
            Attempt::Need(Need::Flush) => panic!("the log says all"),
            Attempt::Need(Need::Read(read)) => {
                let value = read.read_from(&mut bench.store).unwrap();
                replay.provide(read.clone(), value);
                needs.push(read);
            }
        }
    };
    assert_eq!(result.iter().next().unwrap().address, std::net::IpAddr::from([10, 0, 0, 5]));
    let id = Read::NewAllocationIds(vec![("default".into(), [10, 0, 0, 5].into())]);
    assert_eq!(needs, [Read::Request("other".into()), id]);
    for write in replay.flush() {
        write.write_to(&mut bench.store).unwrap();
    }
    bench.sound();
}
