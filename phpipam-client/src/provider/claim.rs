//! Taking addresses: one claim of one call, from its first address to its end.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use ipam_core::net::{IpRange, IpSet};
use ipam_core::{Allocate, AllocateLine, AllocationKey, Error as CoreError, ErrorKind, RangeId, Retry, Shape, What};

use super::Inner;
use super::choose::{choose, runs};
use super::group::{Group, Standing};
use super::loose::UnderWay;
use super::map_error::{failed, shortage};
use super::map_model::owner_column;
use super::mark::{Mark, Nonce, State, request_number};
use super::reads::{View, now};
use super::snapshot::{AT_ONCE, is_too_large};
use crate::error::{Error, RefusalKind};
use crate::models::{Address, AddressFields, AddressId};

const OP: &str = "allocate";
/// How often an address is asked for anew after its answer was lost, or somebody else had it.
const ATTEMPTS: u32 = 60;

/// One address that is ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) id: AddressId,
    pub(crate) ip: IpAddr,
    seq: u32,
}

/// How a claim ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it is ours, as the server keeps it, in the order of the numbers.
    Won(Vec<Address>),
    /// Somebody else's claim of the same key stands; this one is undone.
    Lost,
}

/// What the lines of a request ask for, checked against the ranges.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) views: BTreeMap<RangeId, View>,
    /// For each line that names exact addresses, the range that has them.
    pub(crate) exact: Vec<Option<(RangeId, IpRange)>>,
}

/// Somebody else has one of the addresses.
struct TakenByOthers;

/// One call's claim while it is under way.
pub(crate) struct Claim<'a> {
    inner: &'a Inner,
    request: &'a Allocate,
    key: &'a AllocationKey,
    /// Whether others may know the key.
    keyed: bool,
    plan: &'a Plan,
    fingerprint: u64,
    count: u32,
    began: u64,
    until: Instant,
    /// When others may begin to take it for dead, with time to spare.
    deadline: Instant,
    under_way: UnderWay,
    taken: Vec<Taken>,
    attempts: u32,
    /// Whether an answer was lost: what it was about may still be carried out.
    doubts: bool,
    /// Whether another call with the key may have found it whole, and answered with it.
    known: bool,
}

enum Step {
    Done,
    NoRoom(&'static str),
    Lost,
}

impl Plan {
    /// Reads the ranges and finds out which of them has the exact addresses.
    pub(crate) async fn new(inner: &Inner, operation: &'static str, request: &Allocate) -> ipam_core::Result<Self> {
        let ids = request.lines.iter().flat_map(|line| &line.ranges);
        let views = inner.range_views(operation, ids).await?;
        let mut exact: Vec<Option<(RangeId, IpRange)>> = Vec::with_capacity(request.lines.len());
        for (index, line) in request.lines.iter().enumerate() {
            let What::Exactly { first, count } = line.what else {
                exact.push(None);
                continue;
            };
            let Some(wanted) = span(first, count) else {
                return Err(CoreError::invalid(
                    operation,
                    format_args!("lines[{index}].first"),
                    first,
                    "ask for fewer",
                ));
            };
            let holder = line.ranges.iter().find_map(|id| {
                let view = views.get(id)?;
                view.addresses.contains_range(&wanted).then(|| (id.clone(), view))
            });
            let Some((id, view)) = holder else {
                let remedy = "choose addresses that one of the line's ranges may hand out";
                return Err(CoreError::invalid(operation, format_args!("lines[{index}].first"), first, remedy));
            };
            if exact.iter().flatten().any(|(other, span)| other == &id && span.overlaps(&wanted)) {
                let remedy = "another line asks for the same address; ask for each once";
                return Err(CoreError::invalid(operation, format_args!("lines[{index}].first"), first, remedy));
            }
            if let Some(gateway) = view.gateway.filter(|gateway| wanted.contains(*gateway)) {
                return Err(taken_error(operation, index, gateway, &id).with_context("reason", "it is the gateway"));
            }
            exact.push(Some((id, wanted)));
        }
        Ok(Self { views, exact })
    }

    /// What a line must leave alone in a range beside what is taken: what it excludes, and what other lines name.
    pub(crate) fn left_alone(&self, line: &AllocateLine, range: &RangeId) -> IpSet {
        let exact = self.exact.iter().flatten().filter(|(id, _)| id == range).map(|(_, span)| *span);
        line.exclude.iter().copied().chain(exact).collect()
    }
}

/// The `count` addresses from `first` on.
pub(crate) fn span(first: IpAddr, count: u32) -> Option<IpRange> {
    let more = count.checked_sub(1)?;
    let last = match first {
        IpAddr::V4(ip) => IpAddr::V4(u32::from(ip).checked_add(more)?.into()),
        IpAddr::V6(ip) => IpAddr::V6(u128::from(ip).checked_add(more.into())?.into()),
    };
    IpRange::new(first, last).ok()
}

pub(crate) fn taken_error(operation: &'static str, line: usize, ip: IpAddr, range: &RangeId) -> CoreError {
    CoreError::new(ErrorKind::Conflict, operation, format!("{ip} cannot be had: it is taken or set aside"))
        .with_context("line", line)
        .with_context("range", range)
}

pub(crate) fn exhausted_error(operation: &'static str, line: usize, ranges: &[RangeId], why: &str) -> CoreError {
    let ranges = ranges.iter().map(RangeId::as_str).collect::<Vec<_>>().join(", ");
    CoreError::new(ErrorKind::Exhausted, operation, format!("no range has room for line {line}: {why}"))
        .with_context("line", line)
        .with_context("ranges", ranges)
}

/// Some milliseconds, more with each attempt, so that a crowd spreads out.
pub(crate) async fn pause(attempt: u32) {
    let backoff = ipam_core::BackoffConfig::new(Duration::from_millis(10), Duration::from_millis(500));
    tokio::time::sleep(backoff.delay(attempt, super::random())).await;
}

impl<'a> Claim<'a> {
    pub(crate) fn begin(inner: &'a Inner, request: &'a Allocate, key: &'a AllocationKey, plan: &'a Plan) -> Self {
        let keyed = request.key.is_some();
        // The upper half of a random number is as good as the lower.
        let random = u32::try_from(super::random() >> 32).unwrap_or(0);
        let count = request.lines.iter().map(|line| line.what.count()).sum();
        let (start, time) = (Instant::now(), inner.time_for(count));
        Self {
            inner,
            request,
            key,
            keyed,
            plan,
            fingerprint: request_number(&request.fingerprint()),
            count,
            began: now(),
            until: start + time,
            deadline: start + time.saturating_mul(2),
            under_way: inner.claims.begin(key.clone(), !keyed, random),
            taken: Vec::new(),
            attempts: 0,
            doubts: false,
            known: false,
        }
    }

    fn nonce(&self) -> Nonce {
        self.under_way.nonce()
    }

    /// Takes all lines, or none.
    pub(crate) async fn run(mut self) -> ipam_core::Result<Outcome> {
        let end = match self.all_lines().await {
            Ok(true) => self.commit().await,
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match end {
            Ok(Some(rows)) => {
                let doubts = self.doubts;
                self.under_way.finish(doubts);
                Ok(Outcome::Won(rows))
            }
            Ok(None) => {
                self.undo().await?;
                Ok(Outcome::Lost)
            }
            // Undone now, it would be taken from whoever was told of it. The next call with the key finds it.
            Err(error) if self.known && self.keyed => Err(match (error.kind(), error.retry()) {
                (ErrorKind::Busy, _) | (_, Retry::Never | Retry::IfIdempotent) => error,
                (_, Retry::Safe) => error.with_retry(Retry::IfIdempotent),
            }),
            Err(error) => Err(match self.undo().await {
                Ok(()) => error,
                Err(left) => error.with_context("left behind", left.message()),
            }),
        }
    }

    /// Takes the addresses of all lines. Whether the claim stands as far as it was looked.
    async fn all_lines(&mut self) -> ipam_core::Result<bool> {
        // Exact lines first, so that no other line takes what they name.
        let (exact, next): (Vec<usize>, Vec<usize>) =
            (0..self.request.lines.len()).partition(|index| self.plan.exact.get(*index).is_some_and(Option::is_some));
        for index in exact.into_iter().chain(next) {
            let Some(line) = self.request.lines.get(index) else { continue };
            let step = match line.what {
                What::Exactly { .. } => self.exact_line(index, line).await?,
                What::Next { count, shape } => self.next_line(index, line, count, shape).await?,
            };
            match step {
                Step::Done => {}
                Step::Lost => return Ok(false),
                Step::NoRoom(why) => return Err(exhausted_error(OP, index, &line.ranges, why)),
            }
        }
        Ok(true)
    }

    async fn exact_line(&mut self, index: usize, line: &AllocateLine) -> ipam_core::Result<Step> {
        let plan = self.plan;
        let Some((id, wanted)) = plan.exact.get(index).and_then(Option::as_ref) else { return Ok(Step::Done) };
        let Some(view) = plan.views.get(id) else { return Ok(Step::Done) };
        if line.exclude.iter().any(|range| range.overlaps(wanted)) {
            return Err(taken_error(OP, index, wanted.first(), id).with_context("reason", "the line excludes it"));
        }
        self.must_be_leaf(view, id).await?;
        for (offset, ip) in wanted.addresses().enumerate() {
            let seq = self.seq_of(index, offset);
            if let Err(TakenByOthers) = self.take_exactly(view, ip, seq, line).await? {
                return Err(taken_error(OP, index, ip, id));
            }
            if self.has_lost().await? {
                return Ok(Step::Lost);
            }
        }
        Ok(Step::Done)
    }

    /// The server takes explicit addresses also where subnets lie below; those are no ranges.
    async fn must_be_leaf(&self, view: &View, id: &RangeId) -> ipam_core::Result<()> {
        let slaves = self.inner.read(|| async { self.inner.client.subnets().slaves(view.id).await }).await;
        match slaves.map_err(failed(OP))?.is_empty() {
            true => Ok(()),
            false => Err(CoreError::not_found(OP, "range", id).with_context("reason", "it has subnets below it")),
        }
    }

    async fn next_line(
        &mut self,
        index: usize,
        line: &AllocateLine,
        count: u32,
        shape: Shape,
    ) -> ipam_core::Result<Step> {
        let plan = self.plan;
        let mut why = "all addresses are taken";
        for id in &line.ranges {
            let Some(view) = plan.views.get(id) else { continue };
            let before = self.taken.len();
            let alone = plan.left_alone(line, id);
            let direct = count == 1 && !view.server_differs && !alone.overlaps(&view.addresses);
            let step = if direct {
                self.first_free(index, line, view, id).await?
            } else {
                self.chosen(index, line, view, id, count, shape, &alone).await?
            };
            match step {
                Step::NoRoom(reason) => why = reason,
                step => return Ok(step),
            }
            self.undo_from(before).await?;
        }
        Ok(Step::NoRoom(why))
    }

    /// The next address as the server has it: taken by the call that finds it.
    async fn first_free(
        &mut self,
        index: usize,
        line: &AllocateLine,
        view: &View,
        id: &RangeId,
    ) -> ipam_core::Result<Step> {
        let offset = self.taken_of(index);
        let seq = self.seq_of(index, offset);
        let mut attempt = 0;
        loop {
            let fields = self.fields(seq, line);
            match self.inner.client.addresses().allocate_first_free(view.id, &fields).await {
                Ok(taken) => {
                    self.taken.push(Taken { id: taken.id, ip: taken.ip, seq });
                    if !view.addresses.contains(taken.ip) || view.gateway == Some(taken.ip) {
                        // Not what a host may have: choose by ourselves.
                        self.undo_from(self.taken.len().saturating_sub(1)).await?;
                        let alone = self.plan.left_alone(line, id);
                        return self.chosen(index, line, view, id, 1, Shape::Scattered, &alone).await;
                    }
                    return Ok(if self.has_lost().await? { Step::Lost } else { Step::Done });
                }
                Err(error) if error.is_exhausted() => {
                    // Somebody with the same key may have had the last one.
                    return Ok(Step::NoRoom(shortage(&error)));
                }
                Err(error) if error.is_not_found() => return Err(CoreError::not_found(OP, "range", id)),
                Err(error) => match self.after_failure(error, seq, &mut attempt).await? {
                    Some(found) => {
                        self.taken.push(found);
                        return Ok(if self.has_lost().await? { Step::Lost } else { Step::Done });
                    }
                    None => continue,
                },
            }
        }
    }

    /// Addresses chosen from a list of what is taken, then taken one by one. Somebody else may be quicker: choose anew.
    #[allow(clippy::too_many_arguments, reason = "the parts of one line, which are not used together elsewhere")]
    async fn chosen(
        &mut self,
        index: usize,
        line: &AllocateLine,
        view: &View,
        id: &RangeId,
        count: u32,
        shape: Shape,
        alone: &IpSet,
    ) -> ipam_core::Result<Step> {
        let before = self.taken.len();
        let lane = self.inner.client.lane(view.id);
        let _turn = lane.lock().await;
        let mut attempt = 0;
        'choose: loop {
            let contents = match self.inner.contents(view).await {
                Ok(Some(contents)) => contents,
                Ok(None) => {
                    return Err(CoreError::not_found(OP, "range", id).with_context("reason", "it has subnets below it"));
                }
                Err(error) if error.is_not_found() => return Err(CoreError::not_found(OP, "range", id)),
                Err(error) if is_too_large(&error) => {
                    let remedy = "the server cannot list so many addresses; raise PHP's memory_limit, or ask for one \
                                  address at a time";
                    return Err(failed(OP)(error).with_context("remedy", remedy));
                }
                Err(error) => return Err(failed(OP)(error)),
            };
            if view.is_full {
                return Ok(Step::NoRoom("it is marked full"));
            }
            // What this line has already is in the list, too.
            let had = u32::try_from(self.taken.len() - before).unwrap_or(count);
            let taken = contents.taken.union(alone);
            let Some(addresses) = choose(view.addresses, &taken, count.saturating_sub(had), shape) else {
                return Ok(Step::NoRoom(if shape == Shape::Scattered { "too few are free" } else { "no row is free" }));
            };
            for ip in addresses {
                let seq = self.seq_of(index, self.taken.len() - before);
                match self.take_exactly(view, ip, seq, line).await? {
                    Ok(()) => {}
                    Err(TakenByOthers) => {
                        attempt += 1;
                        if attempt >= ATTEMPTS || Instant::now() >= self.until {
                            return Err(busy("others keep taking the addresses that were free"));
                        }
                        if shape != Shape::Scattered {
                            self.undo_from(before).await?;
                        }
                        pause(attempt.min(4)).await;
                        continue 'choose;
                    }
                }
                if self.has_lost().await? {
                    return Ok(Step::Lost);
                }
            }
            return Ok(Step::Done);
        }
    }

    /// Takes one address, and no other.
    async fn take_exactly(
        &mut self,
        view: &View,
        ip: IpAddr,
        seq: u32,
        line: &AllocateLine,
    ) -> ipam_core::Result<Result<(), TakenByOthers>> {
        let mut attempt = 0;
        loop {
            let fields = self.fields(seq, line);
            match self.inner.client.addresses().create(view.id, ip, &fields).await {
                Ok(created) => {
                    self.taken.push(Taken { id: created.id, ip, seq });
                    return Ok(Ok(()));
                }
                Err(error) if error.is_conflict() => {
                    // A lost answer may have been a yes.
                    let ours = if attempt > 0 { self.look_for(seq).await? } else { None };
                    return Ok(match ours.filter(|(found, _)| found.ip == ip) {
                        Some((found, _)) => {
                            self.taken.push(found);
                            Ok(())
                        }
                        None => Err(TakenByOthers),
                    });
                }
                Err(error) => match self.after_failure(error, seq, &mut attempt).await? {
                    Some(found) => {
                        self.taken.push(found);
                        return Ok(Ok(()));
                    }
                    None => continue,
                },
            }
        }
    }

    /// What a failed call means: `Some` if it took something after all, `None` to ask again, or the error.
    async fn after_failure(&mut self, error: Error, seq: u32, attempt: &mut u32) -> ipam_core::Result<Option<Taken>> {
        *attempt += 1;
        let again = *attempt < ATTEMPTS && Instant::now() < self.until;
        // Others were quicker, or have the lock.
        if matches!(error.refusal_kind(), Some(RefusalKind::Conflict | RefusalKind::Busy)) {
            if !again {
                return Err(failed(OP)(error));
            }
            pause(attempt.saturating_sub(1).min(5)).await;
            return Ok(None);
        }
        if !error.may_have_been_done() {
            return Err(failed(OP)(error));
        }
        self.doubts = true;
        if let Some(found) = self.look_for(seq).await? {
            return self.settle_on(found).await;
        }
        // A sentence of the server's is an answer: it was not done, and will not be the next time.
        if error.refusal_kind() == Some(RefusalKind::Server) || !again || *attempt > 8 {
            return Err(failed(OP)(error));
        }
        self.attempts += 1;
        Ok(None)
    }

    /// Looks for an address that was taken although the answer was lost. What is carried out late may need a moment.
    async fn look_for(&self, seq: u32) -> ipam_core::Result<Option<(Taken, u32)>> {
        const WAITS: [u64; 3] = [0, 100, 400];
        let mine: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        for wait in WAITS {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let groups = self.inner.groups_of(self.key).await.map_err(failed(OP))?;
            let group = groups.into_iter().find(|group| group.nonce == self.nonce());
            let row = group.and_then(|mut group| group.rows.remove(&seq));
            let row = row.filter(|row| !mine.contains(&row.address.id));
            if let Some((row, ip)) = row.and_then(|row| row.address.ip.map(|ip| (row, ip))) {
                return Ok(Some((Taken { id: row.address.id, ip, seq }, row.mark.attempt)));
            }
        }
        Ok(None)
    }

    /// Takes what an earlier attempt took. A later attempt may still be carried out, and of several claims' addresses
    /// with one number the latest attempt counts: so this one becomes the latest. `None` if it is gone by then.
    async fn settle_on(&mut self, (found, attempt): (Taken, u32)) -> ipam_core::Result<Option<Taken>> {
        if self.count == 1 || attempt == self.attempts {
            return Ok(Some(found));
        }
        self.attempts += 1;
        let mark = self.mark(found.seq, &self.tags_of(found.seq));
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        match self.inner.client.addresses().update(found.id, &fields).await {
            Ok(()) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(failed(OP)(error)),
        }
    }

    /// After the first of several addresses: whether somebody else's claim of the key came before this one.
    async fn has_lost(&self) -> ipam_core::Result<bool> {
        if !self.keyed || self.count == 1 || self.taken.len() != 1 {
            return Ok(false);
        }
        let decision = self.inner.standing(self.key).await.map_err(failed(OP))?;
        Ok(!self.stands(&decision.standing))
    }

    fn stands(&self, standing: &Standing) -> bool {
        match standing {
            Standing::Free => false,
            Standing::Pending(nonce) => *nonce == self.nonce(),
            Standing::Taken(group) => group.nonce == self.nonce(),
        }
    }

    /// Makes the claim whole, and makes sure that it is there and stands. `None` if another one does.
    async fn commit(&mut self) -> ipam_core::Result<Option<Vec<Address>>> {
        if self.count == 1 {
            if !self.keyed && !self.doubts {
                return self.verify_one().await.map(Some);
            }
            // The call that took it made it whole.
            self.known = true;
        } else {
            self.decide_it().await?;
        }
        let decision = self.inner.standing(self.key).await.map_err(failed(OP))?;
        let Standing::Taken(group) = decision.standing else {
            return if self.stands(&decision.standing) {
                Err(busy("the claim was made, and is not whole"))
            } else if matches!(decision.standing, Standing::Free) {
                Err(busy("the claim was made, and is gone again"))
            } else {
                Ok(None)
            };
        };
        if group.nonce != self.nonce() {
            return Ok(None);
        }
        self.delete_strays(&decision.strays).await?;
        let rows = self.verified(&group)?;
        if self.count > 1 {
            let others: Vec<Taken> = self.taken.iter().copied().filter(|taken| taken.seq != 0).collect();
            let this = &*self;
            // The first one decides; the others save readers a look at it.
            stream::iter(others)
                .for_each_concurrent(AT_ONCE, |taken| async move {
                    let _ = this.mark_committed(taken).await;
                })
                .await;
        }
        Ok(Some(rows))
    }

    /// Makes a claim of several whole: its first address says so.
    async fn decide_it(&mut self) -> ipam_core::Result<()> {
        const LATE: &str = "the claim took too long; others may have taken it for dead";
        if Instant::now() >= self.until {
            return Err(busy(LATE));
        }
        if let Some(first) = self.taken.iter().copied().find(|taken| taken.seq == 0) {
            self.known = true;
            if let Err(error) = self.mark_committed(first).await {
                self.known = error.may_have_been_done();
                return Err(match error.is_not_found() {
                    true => busy("the address was taken, and is gone again"),
                    false => failed(OP)(error),
                });
            }
        }
        // Whoever took it for dead before then is undoing it now.
        if Instant::now() >= self.deadline { Err(busy(LATE)) } else { Ok(()) }
    }

    /// The rows of a claim, if they are those that were taken.
    fn verified(&self, group: &Group) -> ipam_core::Result<Vec<Address>> {
        let ids: Vec<AddressId> = self.taken.iter().map(|taken| taken.id).collect();
        // Of two attempts at a single address the one that was first stands, and others may have answered with it.
        let same = self.count == 1 || group.rows.values().all(|row| ids.contains(&row.address.id));
        if !group.is_whole() || !same {
            return Err(busy("the claim was made, and part of it is gone again"));
        }
        Ok(group.rows.values().map(|row| row.address.clone()).collect())
    }

    async fn verify_one(&mut self) -> ipam_core::Result<Vec<Address>> {
        let Some(taken) = self.taken.first().copied() else {
            return Err(CoreError::new(ErrorKind::Protocol, OP, "the server took nothing and did not say why"));
        };
        let read = self.inner.read(|| async { self.inner.client.addresses().get(taken.id).await }).await;
        let row = match read {
            Err(error) if error.is_not_found() => return Err(busy("the address was taken, and is gone again")),
            row => row.map_err(failed(OP))?,
        };
        let mark = self.inner.words.of_address(&row);
        if mark.mark().is_none_or(|mark| mark.nonce != self.nonce()) {
            let field = self.inner.words.address_mark.as_deref().unwrap_or("note");
            let message = "the server did not keep the mark; the app or the field does not allow it";
            return Err(CoreError::new(ErrorKind::Config, OP, message).with_context("field", field));
        }
        Ok(vec![row])
    }

    async fn mark_committed(&self, taken: Taken) -> Result<(), Error> {
        let mut mark = self.mark(taken.seq, &self.tags_of(taken.seq));
        mark.state = State::Committed;
        mark.addresses = runs(self.taken.iter().map(|taken| taken.ip));
        if self.inner.probed.address_width.is_some_and(|width| mark.to_string().len() > width) {
            mark.addresses.clear();
        }
        let fields = self.marked(AddressFields::new().with_tag(self.inner.tag), &mark);
        self.inner.client.addresses().update(taken.id, &fields).await
    }

    /// Gives back what was taken.
    async fn undo(mut self) -> ipam_core::Result<()> {
        self.undo_from(0).await?;
        // Otherwise it stays a loose end: what is left, or comes late, is looked after.
        if !self.doubts {
            self.under_way.finish(false);
        }
        Ok(())
    }

    /// Gives back all but the first few, in the order in which they were taken: without its first address a claim cannot
    /// become whole any more, and anyone may undo the rest.
    async fn undo_from(&mut self, keep: usize) -> ipam_core::Result<()> {
        while let Some(next) = self.taken.get(keep).copied() {
            if let Err(error) = self.inner.delete(next.id).await {
                let left: Vec<String> = self.taken.iter().skip(keep).map(|taken| taken.ip.to_string()).collect();
                let message = format!("{} could not be given back yet: {error}", left.join(", "));
                return Err(failed(OP)(error).with_context("left behind", message));
            }
            self.taken.remove(keep);
            // The next one with this number is another attempt.
            self.attempts += 1;
        }
        Ok(())
    }

    /// Deletes what nobody has. Among it may be a claim that came first and was taken for dead: left there, it could come
    /// to life and stand before this one.
    async fn delete_strays(&self, strays: &[AddressId]) -> ipam_core::Result<()> {
        for id in strays {
            let deleted = self.inner.delete(*id).await;
            // Without a key of the caller's these are but doubles of this claim, which is looked after.
            if self.keyed {
                deleted.map_err(failed(OP))?;
            }
        }
        Ok(())
    }

    /// How many addresses of a line are taken already.
    fn taken_of(&self, index: usize) -> usize {
        let first = self.seq_of(index, 0);
        let count = self.request.lines.get(index).map_or(0, |line| line.what.count());
        self.taken.iter().filter(|taken| (first..first.saturating_add(count)).contains(&taken.seq)).count()
    }

    /// The number of an address in the claim. Exact lines are served first and have the first numbers.
    fn seq_of(&self, index: usize, offset: usize) -> u32 {
        let before = order(self.plan).take_while(|other| *other != index);
        let counts = before.filter_map(|other| self.request.lines.get(other)).map(|line| line.what.count());
        counts.sum::<u32>().saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// The tags of the line that an address belongs to.
    fn tags_of(&self, seq: u32) -> ipam_core::Tags {
        let mut end = 0_u32;
        let line = order(self.plan).filter_map(|index| self.request.lines.get(index)).find(|line| {
            end = end.saturating_add(line.what.count());
            seq < end
        });
        line.map(|line| line.labels.tags.clone()).unwrap_or_default()
    }

    fn mark(&self, seq: u32, tags: &ipam_core::Tags) -> Mark {
        Mark {
            state: if self.count == 1 { State::Committed } else { State::Pending },
            seq,
            count: self.count,
            attempt: self.attempts,
            nonce: self.nonce(),
            request: self.fingerprint,
            began: self.began,
            key: self.key.clone(),
            owner: self.request.owner.clone(),
            addresses: String::new(),
            tags: tags.clone(),
            properties: ipam_core::Properties::new(),
        }
    }

    fn marked(&self, fields: AddressFields, mark: &Mark) -> AddressFields {
        match &self.inner.words.address_mark {
            None => fields.with_note(mark.to_string()),
            Some(field) => fields.with_custom_field(field, mark.to_string()),
        }
    }

    /// What the call that takes an address says about it.
    fn fields(&self, seq: u32, line: &AllocateLine) -> AddressFields {
        let labels = &line.labels;
        let mut fields = AddressFields::new()
            // Without one the server writes a description of its own.
            .with_description(labels.description.clone().unwrap_or_default())
            .with_tag(self.inner.tag);
        if let Some(hostname) = &labels.hostname {
            fields = fields.with_hostname(hostname.clone());
        }
        if let Some(mac) = labels.mac {
            fields = fields.with_mac(mac.to_string());
        }
        if let Some(owner) = owner_column(&self.request.owner) {
            fields = fields.with_owner(owner);
        }
        self.marked(fields, &self.mark(seq, &labels.tags))
    }
}

/// The lines in the order in which they are served.
pub(crate) fn order(plan: &Plan) -> impl Iterator<Item = usize> + '_ {
    let (exact, next): (Vec<usize>, Vec<usize>) =
        (0..plan.exact.len()).partition(|index| plan.exact.get(*index).is_some_and(Option::is_some));
    exact.into_iter().chain(next)
}

pub(crate) fn busy(message: &'static str) -> CoreError {
    CoreError::new(ErrorKind::Busy, OP, message).with_retry(Retry::Safe)
}

/// How long the longest mark of a request can be, in characters.
pub(crate) fn longest_mark(request: &Allocate) -> usize {
    let count: u32 = request.lines.iter().map(|line| line.what.count()).sum();
    let key = request.key.clone().unwrap_or_else(super::new_key);
    let marks = request.lines.iter().map(|line| {
        let mark = Mark {
            state: State::Committed,
            seq: count.saturating_sub(1),
            count,
            attempt: ATTEMPTS,
            nonce: Nonce(u64::MAX),
            request: u64::MAX,
            began: now(),
            key: key.clone(),
            owner: request.owner.clone(),
            addresses: String::new(),
            tags: line.labels.tags.clone(),
            properties: ipam_core::Properties::new(),
        };
        mark.to_string().len()
    });
    marks.max().unwrap_or(0)
}
