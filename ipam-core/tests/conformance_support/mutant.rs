//! A provider with one defect, around one without.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use ipam_core::conformance::{Fixture, Harness, Limits, NoFixture, Plan};
use ipam_core::net::HostPolicy;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Allocated, AllocatedRange, Allocation, AllocationKey, Block, Capabilities,
    ChangePosition, Changes, ChildNet, Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error,
    ErrorKind, Expect, Find, Freed, Health, IpamProvider, IpamProviderExt, ListBlocks, ListRanges, NetworkInfo, Page,
    PageToken, Patch, Preview, Range, RangeId, RangePolicy, RemoveBlock, RemoveRange, RemovedRange, Result, Retry,
    Shape, Target, Update, UpdateBlock, UpdateRange, Usage, What,
};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    // The plan
    DropsGateway,
    DropsReservations,
    DropsPolicy,
    DropsFirstAndLast,
    UsesAllAddresses,
    IgnoresSpaces,
    // allocate
    TakesSecondLowest,
    HandsOutTwice,
    SpillsLines,
    LeaksOnFailure,
    IgnoresExclude,
    ForgetsKeys,
    AnswersAnyRequestOfAKey,
    NeverSaysRepeated,
    AnswersDescending,
    AnswersLinesReversed,
    AnswersOneLine,
    LosesLabels,
    LosesOwner,
    LosesTags,
    SortsRanges,
    UsesFirstRangeOnly,
    SkipsUnknownRanges,
    TakesNextForExact,
    TakesFreePartOfExact,
    IgnoresShape,
    IgnoresAlignment,
    KeepsKeyAfterFailure,
    ShortensKeys,
    FoldsKeys,
    MakesOneKey,
    RefillsPartialKeys,
    NeverFreesKeys,
    RacesOnKeys,
    RacesOnAddresses,
    RacesOnFreeing,
    AnswersBadRequests,
    StopsAtIpv4,
    // errors
    SaysUnavailable,
    SaysIfIdempotent,
    NamesNoOperation,
    NamesNoLine,
    NamesNothing,
    SaysInvalidForMissing,
    SaysNotFoundForInvalid,
    SaysNotFoundWithoutRoom,
    // deallocate
    IgnoresExpect,
    KeepsUnmarked,
    RefusesRepeats,
    FreesWholeRequests,
    FreesNothing,
    FreesInAnyRange,
    ReusesIds,
    AnswersTargetsReversed,
    ListsFreedTwice,
    IgnoresUnknownRanges,
    IgnoresOutside,
    // find and lists
    PagesByOffset,
    IgnoresPageSize,
    ShufflesPages,
    RestartsOnForeignPages,
    NeverEndsPages,
    AnswersOnePage,
    IgnoresOwnerInFind,
    MatchesHostNamesExactly,
    ListsResting,
    ListsNothing,
    IgnoresListFilter,
    RefusesToFindNothing,
    // update, usage
    ClearsUnnamed,
    IgnoresClear,
    KeepsUpdatesToItself,
    UpdatesWhatIsGone,
    NeverExpires,
    NeverRenews,
    CountsReservedTwice,
    CountsRestingAsFree,
    CountsIn64Bits,
    AnswersUsageSorted,
    SkipsUnknownInUsage,
    // preview
    TakesOnPreview,
    PreviewsFirstLineOnly,
    PreviewsAnew,
    // the plan, by the provider
    RedefinesRanges,
    AcceptsOverlaps,
    AcceptsBadPlans,
    LosesPlanDetails,
    ClearsUnnamedOfPlan,
    IgnoresPlanUpdates,
    ForcesPlanUpdates,
    RemovesInUse,
    RefusesRepeatedRemoval,
    RemovesNothing,
    // blocks and carving
    RedefinesBlocks,
    AcceptsBlocksAnywhere,
    ForgetsBlockOfRange,
    CarvesFirstFit,
    CarvesWithoutDetails,
    CarvesAtRandom,
    CarvesTwice,
    ForgetsCarveKeys,
    TriesOneBlock,
    CarvesOnlyIpv4,
    CarvesShorter,
    GivesBackAnything,
    GivesBackNothing,
    KeepsKeysApart,
    // changes
    LosesChanges,
    RepeatsChanges,
    ReversesChanges,
    IgnoresLimit,
    AcceptsAnyPosition,
    TellsTooMuch,
    TellsOnlyAddresses,
    ForgetsDetailsOfChanges,
    // callers, claims, the process
    AnswersSlowly,
    TakesLineByLine,
    ClaimsLess,
    ClaimsMore,
    ChangesClaims,
    TakesOnCheck,
    ForgetsOnReopen,
}

/// A harness whose providers have the defect.
pub(crate) struct MutantHarness {
    pub(crate) base: Arc<dyn Harness>,
    pub(crate) defect: Defect,
}

#[async_trait]
impl Harness for MutantHarness {
    async fn fresh(&self, plan: &Plan) -> Result<Fixture, NoFixture> {
        let mut plan = plan.clone();
        for range in &mut plan.ranges {
            spoil(self.defect, range);
        }
        let mut fixture = self.base.fresh(&plan).await?;
        fixture.provider = Arc::new(Mutant::new(fixture.provider, self.defect));
        // These have no defect.
        fixture.others.clear();
        Ok(fixture)
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.base.block_on(future);
    }

    async fn advance(&self, by: Duration) -> bool {
        self.base.advance(by).await
    }

    fn tick(&self) -> Duration {
        self.base.tick()
    }

    fn limits(&self) -> Limits {
        self.base.limits().with_settle(Duration::from_millis(200))
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: std::net::IpAddr) -> bool {
        self.base.plant(fixture, range, address).await
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        if self.defect == Defect::ForgetsOnReopen {
            drop(fixture);
            return self.base.fresh(&Plan::empty()).await.ok();
        }
        None
    }
}

fn spoil(defect: Defect, range: &mut DefineRange) {
    match defect {
        Defect::DropsGateway => range.network.gateway = None,
        Defect::DropsReservations => range.reserved.clear(),
        Defect::DropsPolicy => range.policy = RangePolicy::default(),
        Defect::DropsFirstAndLast => range.addresses = None,
        Defect::UsesAllAddresses => range.hosts = HostPolicy::All,
        _ => {}
    }
}

#[derive(Debug)]
struct Mutant {
    inner: Arc<dyn IpamProvider>,
    defect: Defect,
    calls: AtomicUsize,
    last: Mutex<Option<Allocated>>,
    burnt: Mutex<BTreeSet<AllocationKey>>,
}

impl Mutant {
    fn new(inner: Arc<dyn IpamProvider>, defect: Defect) -> Self {
        Self { inner, defect, calls: AtomicUsize::new(0), last: Mutex::default(), burnt: Mutex::default() }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    fn call(&self) -> usize {
        self.calls.fetch_add(1, Ordering::SeqCst)
    }

    /// Everything that matches, whatever the page.
    async fn all(&self, request: &Find) -> Result<Vec<Allocation>> {
        let mut request = request.clone();
        request.page = ipam_core::PageRequest::default();
        self.inner.find_all(request).try_collect().await
    }

    fn spoil_error(&self, error: Error) -> Error {
        let (kind, operation) = (error.kind(), error.operation());
        let again = |kind, operation| {
            let error = Error::new(kind, operation, error.message().to_owned()).with_retry(error.retry());
            match self.defect {
                Defect::NamesNoLine | Defect::NamesNothing => error,
                _ => error.with_context("line", 0),
            }
        };
        match self.defect {
            Defect::SaysUnavailable => again(ErrorKind::Unavailable, operation),
            Defect::SaysIfIdempotent => error.with_retry(Retry::IfIdempotent),
            Defect::NamesNoOperation => again(kind, "request"),
            Defect::NamesNoLine => again(kind, operation),
            Defect::NamesNothing => Error::new(kind, operation, "something is wrong"),
            Defect::SaysInvalidForMissing if kind == ErrorKind::NotFound => again(ErrorKind::InvalidInput, operation),
            Defect::SaysNotFoundForInvalid if kind == ErrorKind::InvalidInput => again(ErrorKind::NotFound, operation),
            Defect::SaysNotFoundWithoutRoom if kind == ErrorKind::Exhausted => again(ErrorKind::NotFound, operation),
            _ => error,
        }
    }

    fn spoil_allocation(&self, mut allocation: Allocation) -> Allocation {
        match self.defect {
            Defect::LosesLabels => allocation.labels = ipam_core::Labels::default(),
            Defect::LosesOwner => allocation.owner = None,
            Defect::LosesTags => allocation.labels.tags.clear(),
            Defect::ReusesIds => allocation.id = format!("{}/{}", allocation.range, allocation.address).into(),
            Defect::IgnoresSpaces => allocation.space = ipam_core::SpaceId::default(),
            _ => {}
        }
        allocation
    }

    fn spoil_range(&self, mut range: Range) -> Range {
        match self.defect {
            Defect::LosesPlanDetails => {
                range.network = NetworkInfo::default();
                range.tags.clear();
                range.properties.clear();
            }
            Defect::ForgetsBlockOfRange => range.block = None,
            _ => {}
        }
        range
    }

    /// The id as the provider inside has it.
    async fn real_id(&self, id: &ipam_core::AllocationId) -> Result<ipam_core::AllocationId> {
        if !self.is(Defect::ReusesIds) {
            return Ok(id.clone());
        }
        let all = self.all(&Find::default()).await?;
        let found = all.into_iter().find(|a| format!("{}/{}", a.range, a.address) == id.as_str());
        Ok(found.map_or_else(|| id.clone(), |allocation| allocation.id))
    }

    fn spoil_request(&self, request: &Allocate) -> Allocate {
        let mut request = request.clone();
        match self.defect {
            Defect::ShortensKeys => {
                request.key = request.key.map(|key| key.as_str().chars().take(40).collect::<String>().into());
            }
            Defect::FoldsKeys => request.key = request.key.map(|key| key.as_str().to_lowercase().into()),
            Defect::MakesOneKey => {
                request.key = request.key.or_else(|| Some(format!("made/{}", request.owner).into()));
            }
            Defect::ForgetsKeys => request.key = None,
            _ => {}
        }
        for line in &mut request.lines {
            match (self.defect, line.what) {
                (Defect::IgnoresExclude, _) => line.exclude.clear(),
                (Defect::SortsRanges, _) => line.ranges.sort(),
                (Defect::UsesFirstRangeOnly, _) => line.ranges.truncate(1),
                (Defect::TakesNextForExact, What::Exactly { count, .. }) => {
                    line.what = What::Next { count, shape: Shape::Scattered };
                }
                (Defect::IgnoresShape, What::Next { count, .. }) => {
                    line.what = What::Next { count, shape: Shape::Scattered };
                }
                (Defect::IgnoresAlignment, What::Next { count, shape: Shape::Aligned }) => {
                    line.what = What::Next { count, shape: Shape::Contiguous };
                }
                (Defect::NeverExpires, _) => line.expiry = None,
                _ => {}
            }
        }
        request
    }

    /// One request per line, with keys of their own.
    async fn each(&self, request: &Allocate, lines: Vec<AllocateLine>) -> Result<Allocated> {
        let key = request.key.clone().unwrap_or_else(|| format!("each/{}", self.call()).into());
        let mut answers = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            let part = Allocate::new(request.owner.clone()).with_key(format!("{key}/{index}")).with_line(line);
            answers.push(self.inner.allocate(&part).await?.lines.into_iter().flatten().collect());
            if self.is(Defect::TakesLineByLine) {
                pause().await;
            }
        }
        Ok(Allocated::new(key, answers, false))
    }

    async fn allocate_badly(&self, request: &Allocate) -> Result<Allocated> {
        let inner = &self.inner;
        match self.defect {
            Defect::TakesSecondLowest if request.key.is_none() => {
                let mut more = request.clone();
                for line in &mut more.lines {
                    if let What::Next { count, .. } = &mut line.what {
                        *count += 1;
                    }
                }
                let mut answer = inner.allocate(&more).await?;
                for (line, asked) in answer.lines.iter_mut().zip(&request.lines) {
                    if matches!(asked.what, What::Next { .. }) {
                        inner.deallocate(&Deallocate::id(line.remove(0).id)).await?;
                    }
                }
                Ok(answer)
            }
            Defect::HandsOutTwice => {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(last) = last.filter(|_| request.key.is_none()) {
                    return Ok(last);
                }
                let answer = inner.allocate(request).await?;
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
                Ok(answer)
            }
            Defect::SpillsLines => {
                let mut lines = Vec::new();
                for line in &request.lines {
                    let mut taken = Vec::new();
                    for _ in 0..line.what.count() {
                        let mut one = line.clone();
                        if let What::Next { count, .. } = &mut one.what {
                            *count = 1;
                        }
                        let part = Allocate::new(request.owner.clone()).with_line(one);
                        taken.extend(inner.allocate(&part).await?.lines.into_iter().flatten());
                    }
                    lines.push(taken);
                }
                Ok(Allocated::new(format!("spilt/{}", self.call()).into(), lines, false))
            }
            Defect::LeaksOnFailure | Defect::TakesLineByLine => {
                request.validate()?;
                self.each(request, request.lines.clone()).await
            }
            Defect::TakesFreePartOfExact => match inner.allocate(request).await {
                Err(error) if error.is_conflict() => {
                    for line in &request.lines {
                        if let What::Exactly { first, count } = line.what {
                            let all = ipam_core::net::IpRange::new(first, last(first)).map_err(|_| again(&error))?;
                            for address in all.addresses().take(count as usize) {
                                let mut one = line.clone();
                                one.what = What::Exactly { first: address, count: 1 };
                                drop(inner.allocate(&Allocate::new("x").with_line(one)).await);
                            }
                        }
                    }
                    Err(error)
                }
                answer => answer,
            },
            Defect::AnswersAnyRequestOfAKey | Defect::RefillsPartialKeys => match inner.allocate(request).await {
                Err(error) if error.is_conflict() && request.key.is_some() => {
                    let key = request.key.clone().unwrap_or_else(|| "".into());
                    let has = self.all(&Find::default().with_key(key.clone())).await?;
                    if self.is(Defect::RefillsPartialKeys)
                        && has.first().is_none_or(|a| a.owner.as_ref() != Some(&request.owner))
                    {
                        return Err(error);
                    }
                    Ok(Allocated::new(key, vec![has], true))
                }
                answer => answer,
            },
            Defect::KeepsKeyAfterFailure | Defect::NeverFreesKeys => {
                let Some(key) = &request.key else { return inner.allocate(request).await };
                let burnt = || self.burnt.lock().unwrap_or_else(PoisonError::into_inner);
                let used = burnt().contains(key);
                let answer = inner.allocate(request).await;
                let free = answer.as_ref().is_ok_and(|answer| !answer.repeated);
                if used && free {
                    inner.deallocate(&Deallocate::key(key.clone())).await?;
                    return Err(
                        Error::new(ErrorKind::Conflict, "allocate", "the key was used").with_context("key", key)
                    );
                }
                if self.is(Defect::NeverFreesKeys) && answer.is_ok()
                    || self.is(Defect::KeepsKeyAfterFailure) && answer.is_err()
                {
                    burnt().insert(key.clone());
                }
                answer
            }
            Defect::ForgetsKeys => {
                let mut answer = inner.allocate(&self.spoil_request(request)).await?;
                answer.key = request.key.clone().unwrap_or(answer.key);
                Ok(answer)
            }
            Defect::RacesOnKeys => {
                if let Some(key) = &request.key {
                    let has = self.all(&Find::default().with_key(key.clone())).await?;
                    if !has.is_empty() {
                        return inner.allocate(request).await;
                    }
                }
                std::thread::sleep(Duration::from_millis(20));
                let mut anew = request.clone();
                let taken = match &request.key {
                    Some(key) => !self.all(&Find::default().with_key(key.clone())).await?.is_empty(),
                    None => false,
                };
                if taken {
                    anew.key = None;
                }
                inner.allocate(&anew).await
            }
            Defect::RacesOnAddresses => {
                let answer = inner.allocate(request).await?;
                // Looks free to others for a moment.
                inner.deallocate(&Deallocate::key(answer.key.clone())).await?;
                std::thread::sleep(Duration::from_millis(2));
                for (line, asked) in answer.lines.iter().zip(&request.lines) {
                    for allocation in line {
                        let mut again = AllocateLine::exactly(allocation.range.clone(), allocation.address);
                        again.labels = asked.labels.clone();
                        drop(inner.allocate(&Allocate::new(request.owner.clone()).with_line(again)).await);
                    }
                }
                Ok(answer)
            }
            Defect::AnswersBadRequests => match inner.allocate(request).await {
                Err(error) if error.kind() == ErrorKind::InvalidInput => {
                    Ok(Allocated::new("bad".into(), Vec::new(), false))
                }
                answer => answer,
            },
            Defect::SkipsUnknownRanges => {
                let known: Vec<Range> = inner.ranges(ListRanges::all()).try_collect().await?;
                let mut request = request.clone();
                for line in request.lines.iter_mut().filter(|line| line.ranges.len() > 1) {
                    line.ranges.retain(|id| known.iter().any(|range| range.id == *id));
                }
                inner.allocate(&request).await
            }
            Defect::StopsAtIpv4 => {
                let answer = inner.allocate(request).await?;
                if answer.iter().any(|allocation| allocation.address.is_ipv6()) {
                    inner.deallocate(&Deallocate::key(answer.key)).await?;
                    return Err(Error::new(ErrorKind::Exhausted, "allocate", "no room").with_context("line", 0));
                }
                Ok(answer)
            }
            Defect::TellsTooMuch => match inner.allocate(request).await {
                Err(error) if error.is_exhausted() => {
                    if let Some(id) = request.lines.first().and_then(|line| line.ranges.first()) {
                        let undone = inner.allocate(&Allocate::one("undone", id.clone())).await?;
                        inner.deallocate(&Deallocate::key(undone.key)).await?;
                    }
                    Err(error)
                }
                answer => answer,
            },
            Defect::AnswersSlowly => {
                let answer = inner.allocate(request).await;
                pause().await;
                answer
            }
            _ => inner.allocate(&self.spoil_request(request)).await,
        }
    }

    fn spoil_answer(&self, request: &Allocate, mut answer: Allocated) -> Allocated {
        match self.defect {
            Defect::NeverSaysRepeated => answer.repeated = false,
            Defect::AnswersDescending => answer.lines.iter_mut().for_each(|line| line.reverse()),
            Defect::AnswersLinesReversed => answer.lines.reverse(),
            Defect::AnswersOneLine => answer.lines = vec![answer.lines.into_iter().flatten().collect()],
            Defect::ShortensKeys | Defect::FoldsKeys => answer.key = request.key.clone().unwrap_or(answer.key),
            _ => {}
        }
        for allocation in answer.lines.iter_mut().flatten() {
            *allocation = self.spoil_allocation(allocation.clone());
        }
        answer
    }

    async fn deallocate_badly(&self, request: &Deallocate) -> Result<Deallocated> {
        let inner = &self.inner;
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresExpect => request.expect = Expect::Anyone,
            Defect::FreesWholeRequests => {
                for target in &mut request.targets {
                    let find = match &*target {
                        Target::Id(id) => Find::default().with_id(Some(id.clone())),
                        Target::Address { range, address } => {
                            Find::default().with_range(range.clone()).with_address(Some(*address))
                        }
                        Target::Key(_) => continue,
                    };
                    if let Some(Some(key)) = self.all(&find).await?.pop().map(|allocation| allocation.key) {
                        *target = Target::Key(key);
                    }
                }
            }
            Defect::FreesNothing => {
                request.validate()?;
                let mut targets = Vec::new();
                for target in &request.targets {
                    targets.push(Freed::new(self.all(&named(target)).await?));
                }
                return Ok(Deallocated::new(targets));
            }
            Defect::ListsFreedTwice | Defect::RacesOnFreeing => {
                let mut targets = Vec::new();
                for target in &request.targets {
                    targets.push(Freed::new(self.all(&named(target)).await?));
                }
                std::thread::sleep(Duration::from_millis(if self.is(Defect::RacesOnFreeing) { 5 } else { 0 }));
                let answer = inner.deallocate(&request).await?;
                return Ok(if request.expect == Expect::Anyone { Deallocated::new(targets) } else { answer });
            }
            Defect::FreesInAnyRange => {
                for target in &mut request.targets {
                    if let Target::Address { address, .. } = *target
                        && let Some(found) = self.all(&Find::default().with_address(Some(address))).await?.pop()
                    {
                        *target = Target::Id(found.id);
                    }
                }
            }
            Defect::KeepsUnmarked if request.expect != Expect::Anyone => {
                let mut targets = Vec::new();
                for target in &request.targets {
                    let found = self.all(&named(target)).await?;
                    let unmarked = found.iter().any(|a| a.owner.is_none());
                    let one = Deallocate::new(target.clone()).expecting(request.expect.clone());
                    targets.push(if unmarked {
                        Freed::default()
                    } else {
                        Freed::new(inner.deallocate(&one).await?.freed().cloned().collect())
                    });
                }
                return Ok(Deallocated::new(targets));
            }
            Defect::AnswersSlowly => {
                pause().await;
            }
            _ => {}
        }
        for target in &mut request.targets {
            if let Target::Id(id) = target {
                *id = self.real_id(id).await?;
            }
        }
        let mut answer = match inner.deallocate(&request).await {
            Err(error) if self.is(Defect::IgnoresUnknownRanges) && error.is_not_found() => {
                Deallocated::new(vec![Freed::default()])
            }
            Err(error) if self.is(Defect::IgnoresOutside) && error.kind() == ErrorKind::InvalidInput => {
                Deallocated::new(vec![Freed::default()])
            }
            answer => answer?,
        };
        if self.is(Defect::AnswersTargetsReversed) {
            answer.targets.reverse();
        }
        if self.is(Defect::RefusesRepeats) && answer.was_free() {
            return Err(Error::not_found("deallocate", "allocation", "that"));
        }
        for allocation in answer.targets.iter_mut().flat_map(|target| &mut target.freed) {
            *allocation = self.spoil_allocation(allocation.clone());
        }
        Ok(answer)
    }

    /// A page of `all`, as the defect would have it; `None` where the page inside is as good as any.
    fn spoil_page<T>(
        &self,
        operation: &'static str,
        page: &ipam_core::PageRequest,
        mut all: Vec<T>,
    ) -> Result<Page<T>> {
        page.validate(operation)?;
        let size = page.size.map_or(100, |size| size.get() as usize);
        let at = page.token.as_ref().map(|token| token.as_str().strip_prefix("at:").and_then(|at| at.parse().ok()));
        let at: usize = match at {
            None => 0,
            Some(Some(at)) => at,
            Some(None) if self.is(Defect::RestartsOnForeignPages) => 0,
            Some(None) => return Err(Error::invalid(operation, "page.token", "?", "give one of ours")),
        };
        if self.is(Defect::ShufflesPages) && size.is_multiple_of(2) {
            all.reverse();
        }
        let more = all.len() > at + size;
        let items: Vec<T> = all.into_iter().skip(at).take(size).collect();
        Ok(match self.defect {
            Defect::AnswersOnePage => Page::new(items, None),
            Defect::NeverEndsPages => Page::new(items, Some(PageToken::from(format!("at:{at}")))),
            _ => Page::new(items, more.then(|| PageToken::from(format!("at:{}", at + size)))),
        })
    }

    fn pages_badly(&self) -> bool {
        matches!(
            self.defect,
            Defect::PagesByOffset
                | Defect::ShufflesPages
                | Defect::RestartsOnForeignPages
                | Defect::NeverEndsPages
                | Defect::AnswersOnePage
        )
    }
}

/// Not ready, many times.
async fn pause() {
    for _ in 0..30 {
        let mut waited = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}

fn last(of: std::net::IpAddr) -> std::net::IpAddr {
    match of {
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::BROADCAST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::from_bits(u128::MAX).into(),
    }
}

fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.operation(), error.message().to_owned())
}

fn named(target: &Target) -> Find {
    match target {
        Target::Id(id) => Find::default().with_id(Some(id.clone())),
        Target::Key(key) => Find::default().with_key(key.clone()),
        Target::Address { range, address } => Find::default().with_range(range.clone()).with_address(Some(*address)),
    }
}

fn clear<T>(patch: &mut Patch<T>) {
    if patch.is_keep() {
        *patch = Patch::Clear;
    }
}

fn keep<T>(patch: &mut Patch<T>) {
    if matches!(patch, Patch::Clear) {
        *patch = Patch::Keep;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for Mutant {
    fn capabilities(&self) -> Capabilities {
        let can = self.inner.capabilities();
        match self.defect {
            Defect::ClaimsLess => Capabilities::minimal(can.provider),
            Defect::ClaimsMore => Capabilities::full(can.provider),
            Defect::ChangesClaims if self.call() > 0 => Capabilities::minimal("changed"),
            Defect::ForgetsOnReopen => {
                let mut can = can;
                can.durable = true;
                can
            }
            _ => can,
        }
    }

    async fn check(&self) -> Result<Health> {
        if self.is(Defect::TakesOnCheck) {
            let ranges: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
            for range in ranges {
                self.inner.allocate(&Allocate::one("probe", range.id)).await?;
            }
        }
        if self.is(Defect::AnswersSlowly) {
            pause().await;
        }
        self.inner.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresListFilter => request.filter = ipam_core::RangeFilter::default(),
            Defect::ListsNothing => return Ok(Page::new(Vec::new(), None)),
            Defect::IgnoresPageSize => request.page.size = None,
            Defect::RefusesToFindNothing => {
                let page = self.inner.list_ranges(&request).await?;
                if page.items.is_empty() {
                    return Err(Error::not_found("list_ranges", "range", "like that"));
                }
            }
            _ => {}
        }
        let mut page = if self.pages_badly() {
            let page = std::mem::take(&mut request.page);
            let all: Vec<Range> = self.inner.ranges(request).try_collect().await?;
            self.spoil_page("list_ranges", &page, all)?
        } else {
            self.inner.list_ranges(&request).await.map_err(|error| self.spoil_error(error))?
        };
        page.items = page.items.into_iter().map(|range| self.spoil_range(range)).collect();
        Ok(page)
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        let answer = self.allocate_badly(request).await.map_err(|error| self.spoil_error(error))?;
        Ok(self.spoil_answer(request, answer))
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        self.deallocate_badly(request).await.map_err(|error| self.spoil_error(error))
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresOwnerInFind => request.owner = None,
            Defect::ListsResting => request.quarantined = true,
            Defect::ListsNothing => return Ok(Page::new(Vec::new(), None)),
            Defect::IgnoresPageSize => request.page.size = None,
            Defect::ShortensKeys => {
                request.key = request.key.map(|key| key.as_str().chars().take(40).collect::<String>().into());
            }
            Defect::ReusesIds => {
                if let Some(id) = &request.id {
                    request.id = Some(self.real_id(id).await?);
                }
            }
            _ => {}
        }
        if let (Defect::TakesLineByLine, Some(key)) = (self.defect, request.key.clone()) {
            request.key = None;
            let mut all = self.all(&request).await?;
            all.retain(|a| a.key.as_ref().is_some_and(|of_line| of_line.as_str().starts_with(&format!("{key}/"))));
            return Ok(Page::new(all, None));
        }
        let hostname = request.hostname.clone();
        let mut page = if self.pages_badly() {
            let all = self.all(&request).await?;
            self.spoil_page("find", &request.page, all)?
        } else {
            self.inner.find(&request).await.map_err(|error| self.spoil_error(error))?
        };
        if self.is(Defect::RefusesToFindNothing) && page.items.is_empty() {
            return Err(Error::not_found("find", "allocation", "like that"));
        }
        if self.is(Defect::MatchesHostNamesExactly) && hostname.is_some() {
            page.items.retain(|allocation| allocation.labels.hostname == hostname);
        }
        page.items = page.items.into_iter().map(|allocation| self.spoil_allocation(allocation)).collect();
        Ok(page)
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        if self.is(Defect::TakesOnPreview) {
            drop(self.inner.allocate(request).await);
        }
        let mut request = request.clone();
        if self.is(Defect::PreviewsAnew) {
            request.key = None;
        }
        let mut preview = self.inner.preview_allocate(&request).await.map_err(|error| self.spoil_error(error))?;
        if self.is(Defect::PreviewsFirstLineOnly) {
            preview.lines.truncate(1);
        }
        Ok(preview)
    }

    async fn update(&self, request: &Update) -> Result<Allocation> {
        let mut request = request.clone();
        request.allocation = self.real_id(&request.allocation).await?;
        match self.defect {
            Defect::ClearsUnnamed => {
                clear(&mut request.hostname);
                clear(&mut request.description);
                clear(&mut request.mac);
            }
            Defect::IgnoresClear => {
                keep(&mut request.hostname);
                keep(&mut request.description);
                keep(&mut request.mac);
                keep(&mut request.tags);
                keep(&mut request.expiry);
            }
            Defect::KeepsUpdatesToItself => {
                request.validate()?;
                let found = self.all(&Find::default().with_id(Some(request.allocation.clone()))).await?;
                let mut allocation = found
                    .into_iter()
                    .next()
                    .ok_or_else(|| Error::not_found("update", "allocation", &request.allocation))?;
                allocation.labels.hostname = request.hostname.apply(allocation.labels.hostname);
                allocation.labels.description = request.description.apply(allocation.labels.description);
                allocation.labels.mac = request.mac.apply(allocation.labels.mac);
                allocation.labels.tags = request.tags.apply_or_default(allocation.labels.tags);
                return Ok(allocation);
            }
            Defect::NeverRenews => request.expiry = Patch::Keep,
            _ => {}
        }
        match self.inner.update(&request).await {
            Err(error) if self.is(Defect::UpdatesWhatIsGone) && error.is_not_found() => {
                let address = std::net::IpAddr::from([10, 20, 0, 1]);
                Ok(Allocation::new(request.allocation, ipam_core::SpaceId::default(), "lan", address))
            }
            answer => answer.map_err(|error| self.spoil_error(error)).map(|a| self.spoil_allocation(a)),
        }
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let mut ranges = ranges.to_vec();
        if self.is(Defect::AnswersUsageSorted) {
            ranges.sort();
        }
        if self.is(Defect::SkipsUnknownInUsage) {
            let known: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
            ranges.retain(|id| known.iter().any(|range| range.id == *id));
        }
        let mut usage = self.inner.usage(&ranges).await.map_err(|error| self.spoil_error(error))?;
        for usage in &mut usage {
            match self.defect {
                Defect::CountsReservedTwice => {
                    usage.reserved += usage.reserved.min(1);
                    usage.free = usage.free.saturating_sub(usage.reserved.min(1));
                }
                Defect::CountsRestingAsFree => usage.free += std::mem::take(&mut usage.quarantined),
                Defect::CountsIn64Bits => {
                    usage.total = usage.total.min(u128::from(u32::MAX));
                    usage.free = usage.free.min(u128::from(u32::MAX));
                }
                Defect::FreesNothing => usage.allocated += 1,
                _ => {}
            }
        }
        Ok(usage)
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        let mut request = request.clone();
        spoil(self.defect, &mut request);
        let imagined = || {
            let mut range =
                Range::new(request.id.clone(), request.space.clone(), request.net, request.resolved_addresses());
            range.network = request.network.clone();
            range
        };
        match self.inner.define_range(&request).await {
            Err(error) if self.is(Defect::RedefinesRanges) && error.kind() == ErrorKind::AlreadyExists => {
                Ok(imagined())
            }
            Err(error) if self.is(Defect::AcceptsOverlaps) && error.is_conflict() => Ok(imagined()),
            Err(error) if self.is(Defect::AcceptsBadPlans) && error.kind() == ErrorKind::InvalidInput => Ok(imagined()),
            answer => answer.map_err(|error| self.spoil_error(error)).map(|range| self.spoil_range(range)),
        }
    }

    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        let mut request = request.clone();
        match self.defect {
            Defect::ClearsUnnamedOfPlan => {
                clear(&mut request.description);
                clear(&mut request.dns_servers);
                clear(&mut request.tags);
            }
            Defect::IgnoresPlanUpdates => {
                let id = request.id.clone();
                request = UpdateRange::new(id);
            }
            _ => {}
        }
        match self.inner.update_range(&request).await {
            Err(error) if self.is(Defect::ForcesPlanUpdates) && error.is_conflict() => {
                self.inner.update_range(&UpdateRange::new(request.id)).await
            }
            answer => answer.map_err(|error| self.spoil_error(error)).map(|range| self.spoil_range(range)),
        }
    }

    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        let mut request = request.clone();
        match self.defect {
            Defect::RemovesInUse => request.with_allocations = true,
            Defect::RemovesNothing => return Ok(RemovedRange::default()),
            _ => {}
        }
        let removed = self.inner.remove_range(&request).await.map_err(|error| self.spoil_error(error))?;
        if self.is(Defect::RefusesRepeatedRemoval) && removed.was_free() {
            return Err(Error::not_found("remove_range", "range", request.id));
        }
        Ok(removed)
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresListFilter => request.filter = ipam_core::BlockFilter::default(),
            Defect::ListsNothing => return Ok(Page::new(Vec::new(), None)),
            Defect::IgnoresPageSize => request.page.size = None,
            _ => {}
        }
        let mut page = if self.pages_badly() {
            let page = std::mem::take(&mut request.page);
            let all: Vec<Block> = self.inner.blocks(request).try_collect().await?;
            self.spoil_page("list_blocks", &page, all)?
        } else {
            self.inner.list_blocks(&request).await.map_err(|error| self.spoil_error(error))?
        };
        if self.is(Defect::LosesPlanDetails) {
            page.items.iter_mut().for_each(|block| block.tags.clear());
        }
        Ok(page)
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        let imagined = || Block::new(request.id.clone(), request.space.clone(), request.net);
        match self.inner.define_block(request).await {
            Err(error) if self.is(Defect::RedefinesBlocks) && error.kind() == ErrorKind::AlreadyExists => {
                Ok(imagined())
            }
            Err(error) if self.is(Defect::AcceptsBlocksAnywhere) && error.is_conflict() => Ok(imagined()),
            Err(error) if self.is(Defect::AcceptsBadPlans) && error.kind() == ErrorKind::InvalidInput => Ok(imagined()),
            answer => answer.map_err(|error| self.spoil_error(error)),
        }
    }

    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        let mut request = request.clone();
        match self.defect {
            Defect::ClearsUnnamedOfPlan => {
                clear(&mut request.description);
                clear(&mut request.tags);
            }
            Defect::IgnoresPlanUpdates => request = UpdateBlock::new(request.id),
            _ => {}
        }
        self.inner.update_block(&request).await.map_err(|error| self.spoil_error(error))
    }

    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        if self.is(Defect::RemovesNothing) {
            return Ok(None);
        }
        self.inner.remove_block(request).await.map_err(|error| self.spoil_error(error))
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let mut request = request.clone();
        let asked = request.clone();
        match self.defect {
            Defect::ForgetsCarveKeys => request.key = None,
            Defect::KeepsKeysApart => request.key = request.key.map(|key| format!("range/{key}").into()),
            Defect::TriesOneBlock => request.blocks.truncate(1),
            Defect::CarvesWithoutDetails => {
                request.name.clear();
                request.tags.clear();
            }
            Defect::CarvesFirstFit | Defect::CarvesAtRandom => {
                if let ChildNet::PrefixLen(len) = request.what {
                    let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                    for block in blocks.iter().filter(|block| request.blocks.contains(&block.id)) {
                        let subnets: Vec<_> = match block.net.subnets(len) {
                            Ok(subnets) if len < 60 => subnets.take(300).collect(),
                            _ => Vec::new(),
                        };
                        let skip = usize::from(self.is(Defect::CarvesAtRandom));
                        for net in subnets.into_iter().skip(skip) {
                            let mut exact = request.clone();
                            exact.what = ChildNet::Exactly(net);
                            if let Ok(answer) = self.inner.allocate_range(&exact).await {
                                return Ok(answer);
                            }
                        }
                    }
                }
            }
            Defect::CarvesShorter => {
                if let ChildNet::PrefixLen(len) = &mut request.what {
                    *len = (*len).clamp(24, 32);
                }
            }
            Defect::CarvesOnlyIpv4 => {
                let blocks: Vec<Block> = self.inner.blocks(ListBlocks::all()).try_collect().await?;
                if blocks.iter().any(|b| request.blocks.contains(&b.id) && matches!(b.net, ipnet::IpNet::V6(_))) {
                    return Err(Error::new(ErrorKind::Exhausted, "allocate_range", "no room"));
                }
            }
            _ => {}
        }
        let mut answer = match self.inner.allocate_range(&request).await {
            Err(error) if self.is(Defect::CarvesTwice) && (error.is_exhausted() || error.is_conflict()) => {
                let ranges: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
                let carved = ranges.into_iter().find(|range| range.key.is_some());
                AllocatedRange::new("twice".into(), carved.ok_or(error)?, false)
            }
            answer => answer.map_err(|error| self.spoil_error(error))?,
        };
        if let (Defect::KeepsKeysApart, Some(key)) = (self.defect, asked.key) {
            answer.key = key;
        }
        if self.is(Defect::NeverSaysRepeated) {
            answer.repeated = false;
        }
        answer.range = self.spoil_range(answer.range);
        Ok(answer)
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        let mut request = request.clone();
        match self.defect {
            Defect::GivesBackAnything => {
                request.with_allocations = true;
                request.expect = Expect::Anyone;
            }
            Defect::IgnoresExpect => request.expect = Expect::Anyone,
            Defect::GivesBackNothing => return Ok(RemovedRange::default()),
            _ => {}
        }
        match self.inner.deallocate_range(&request).await {
            Err(error) if self.is(Defect::GivesBackAnything) && error.is_conflict() => Ok(RemovedRange::default()),
            Ok(removed) if self.is(Defect::RefusesRepeatedRemoval) && removed.was_free() => {
                Err(Error::not_found("deallocate_range", "range", "that"))
            }
            answer => answer.map_err(|error| self.spoil_error(error)),
        }
    }

    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let asked = if self.is(Defect::IgnoresLimit) { 100 } else { limit };
        let mut changes = match self.inner.changes(since, asked).await {
            Err(error) if self.is(Defect::AcceptsAnyPosition) && error.kind() == ErrorKind::InvalidInput => {
                self.inner.changes(None, limit).await?
            }
            answer => answer.map_err(|error| self.spoil_error(error))?,
        };
        match self.defect {
            Defect::LosesChanges if changes.items.len() > 2 => drop(changes.items.pop()),
            Defect::RepeatsChanges => {
                if let (Some(first), true) = (since, changes.items.len() > 1) {
                    changes.next = first.clone();
                }
                if let Some(first) = changes.items.first().cloned() {
                    changes.items.insert(0, first);
                }
            }
            Defect::ReversesChanges => changes.items.reverse(),
            Defect::TellsOnlyAddresses => {
                changes.items.retain(|change| {
                    matches!(change.kind, ipam_core::ChangeKind::Allocated | ipam_core::ChangeKind::Deallocated)
                });
            }
            Defect::ForgetsDetailsOfChanges => changes.items.iter_mut().for_each(|change| change.owner = None),
            _ => {}
        }
        Ok(changes)
    }
}
