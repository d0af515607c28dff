//! `allocate` and `preview_allocate`: keys, repeats, and who of several callers has it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use http::Method;
use ipam_core::net::IpSet;
use ipam_core::{
    Allocate, Allocated, Allocation, AllocationKey, Candidate, Error as CoreError, ErrorKind, Preview, RangeId, Retry,
    Shape, What,
};

use crate::models::{Address, AddressId, SubnetId};
use crate::provider::Inner;
use crate::provider::claim::choose::{choose, missing};
use crate::provider::claim::{Claim, Contest, Outcome, Plan, exhausted_error, order, pause, taken_error};
use crate::provider::key::abandoned::End;
use crate::provider::key::group::{Group, Life, Standing};
use crate::provider::key::mark::request_number;
use crate::provider::map::around::Home;
use crate::provider::map::error::failed;
use crate::provider::range_view::{Contents, has_children};
use crate::request::{ApiRequest, Call, Path};

const OP: &str = "allocate";
/// How often a caller looks for another one with the same key, before it returns that it is busy: some five seconds.
const LOOKS: u32 = 40;

/// How long a call goes on that others keep from ending.
struct Waits {
    looks: u32,
    /// Whether a claim was made anew after its time: once is for a server that was slow for a moment.
    made_late: bool,
    /// The time that one claim is honoured. On a slow server each takes its whole time.
    until: Instant,
}

impl Waits {
    fn are_over(&self) -> bool {
        self.looks >= LOOKS
    }

    /// Whether no claim may be made anew any more.
    fn is_late(&mut self) -> bool {
        let late = Instant::now() >= self.until;
        late && std::mem::replace(&mut self.made_late, late)
    }
}

/// The number of addresses of all lines.
fn addresses_of(request: &Allocate) -> u32 {
    let counts = request.lines.iter().map(|line| match line.what {
        What::Next { count, .. } | What::Exactly { count, .. } => count,
    });
    counts.fold(0, u32::saturating_add)
}

impl Inner {
    pub(crate) async fn allocate(&self, request: &Allocate) -> ipam_core::Result<Allocated> {
        self.check_request(OP, request)?;
        self.tie_up().await;
        let key = request.key.clone().unwrap_or_else(crate::provider::new_key);
        let lane = self.claims.lane(&key);
        let _turn = lane.lock().await;
        let mut waits = Waits {
            looks: 0,
            made_late: false,
            until: Instant::now() + self.time_for(addresses_of(request)).saturating_mul(3),
        };
        let mut plan = None;
        loop {
            if request.key.is_some() {
                match self.known(OP, &key, request).await? {
                    Known::Taken(group) => return self.repeated(request, key, &group).await,
                    Known::Pending(group) => {
                        self.wait_for_pending(&key, &group, &mut waits).await?;
                        continue;
                    }
                    Known::Free if plan.is_none() => self.must_name_no_range(OP, &key).await?,
                    Known::Free => {}
                }
            }
            let current = match plan.take() {
                Some(plan) => plan,
                None => {
                    self.needs_address_fields(OP, request)?;
                    Plan::new(self, OP, request).await?
                }
            };
            let current = plan.insert(current);
            match Claim::begin(self, request, &key, current).run().await {
                Ok(Outcome::Won(rows)) => {
                    let lines = self.lines(request, current, rows)?;
                    return Ok(Allocated::new(key, lines, false));
                }
                Ok(Outcome::Lost) => {
                    // Look again: the claim that stands is answered, or waited for.
                    if waits.is_late() {
                        waits.looks = LOOKS;
                    }
                    self.wait_for_another(&mut waits).await?;
                }
                Err(error) if request.key.is_some() && (error.is_exhausted() || error.is_conflict()) => {
                    // What was in the way may be another claim of the same key.
                    match self.known(OP, &key, request).await? {
                        Known::Free => return Err(error),
                        Known::Taken(group) => return self.repeated(request, key, &group).await,
                        Known::Pending(group) => self.wait_for_pending(&key, &group, &mut waits).await?,
                    }
                }
                Err(error) if error.kind() == ErrorKind::Busy && error.retry() == Retry::Safe => {
                    // What lies around the ranges may be another by now.
                    plan = None;
                    if waits.is_late() || self.wait_for_another(&mut waits).await.is_err() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits a moment for the pending claim of another call with the key.
    async fn wait_for_pending(&self, key: &AllocationKey, group: &Group, waits: &mut Waits) -> ipam_core::Result<()> {
        if waits.are_over() {
            return Err(self.pending(OP, key, group));
        }
        self.wait_for_another(waits).await
    }

    async fn wait_for_another(&self, waits: &mut Waits) -> ipam_core::Result<()> {
        if waits.are_over() {
            let message = "other calls with this key keep coming first; ask again when they are done";
            return Err(CoreError::new(ErrorKind::Busy, OP, message).with_retry(Retry::Safe));
        }
        waits.looks += 1;
        pause(waits.looks.min(4)).await;
        Ok(())
    }

    fn check_request(&self, operation: &'static str, request: &Allocate) -> ipam_core::Result<()> {
        request.validate()?;
        for (index, line) in request.lines.iter().enumerate() {
            if line.expiry.is_some() {
                return Err(
                    CoreError::unsupported(operation, "phpIPAM").with_context("reason", "addresses do not expire")
                );
            }
            self.labels_fit(operation, index, &line.labels)?;
        }
        let longest = crate::provider::claim::longest_mark(request);
        if let Some(width) = self.probed.address_width.filter(|width| longest > *width) {
            let remedy =
                format!("the mark field holds {width} characters and the mark needs {longest}; make it a text");
            return Err(CoreError::invalid(operation, "key and owner", &request.owner, remedy));
        }
        Ok(())
    }

    /// What fits the server's columns.
    pub(crate) fn labels_fit(
        &self,
        operation: &'static str,
        line: usize,
        labels: &ipam_core::Labels,
    ) -> ipam_core::Result<()> {
        let fields =
            [("hostname", labels.hostname.as_deref(), 255), ("description", labels.description.as_deref(), 64)];
        for (name, text, width) in fields {
            let Some(text) = text else { continue };
            if text.chars().count() > width {
                let remedy = format!("phpIPAM keeps {width} characters of it");
                return Err(CoreError::invalid(operation, format_args!("lines[{line}].{name}"), text, remedy));
            }
            let checked = crate::wire::checked_text(&format!("lines[{line}].{name}"), text);
            checked.map_err(crate::Error::from).map_err(failed(operation))?;
        }
        Ok(())
    }

    /// Who has a key, as a caller with this request sees it. Rows that nobody has are deleted.
    async fn known(
        &self,
        operation: &'static str,
        key: &AllocationKey,
        request: &Allocate,
    ) -> ipam_core::Result<Known> {
        let decision = self.standing(key).await.map_err(failed(operation))?;
        for id in &decision.strays {
            self.delete(*id).await.map_err(failed(operation))?;
        }
        match decision.standing {
            Standing::Free => Ok(Known::Free),
            Standing::Pending(group) => Ok(Known::Pending(group)),
            Standing::Taken(group) => {
                if group.request != request_number(&request.fingerprint()) {
                    let message = format!("the key {key:?} belongs to another request");
                    return Err(CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key));
                }
                if !group.is_whole() {
                    return Err(given_back(operation, key, &group));
                }
                self.uncontested(operation, key, group).await
            }
        }
    }

    /// A claim of one address is whole before its caller has looked whether the address is registered elsewhere in the
    /// address space. Until then no call returns it.
    async fn uncontested(
        &self,
        operation: &'static str,
        key: &AllocationKey,
        group: Group,
    ) -> ipam_core::Result<Known> {
        let first = group.rows.values().next().map(|row| &row.address);
        let (1, Some(row)) = (group.count, first) else { return Ok(Known::Taken(group)) };
        let (Some(subnet), Some(ip)) = (row.subnet_id, row.ip) else { return Ok(Known::Taken(group)) };
        let look = self.contest(row.id, subnet, ip, group.nonce).await;
        match look.map_err(failed(operation))?.0 {
            Contest::Won => Ok(Known::Taken(group)),
            _ if self.life(&group) == Life::Alive => Ok(Known::Pending(group)),
            Contest::Open(_) => Ok(Known::Taken(group)),
            Contest::Lost(other) => {
                let message = format!(
                    "the key {key:?} took {ip} in subnet {subnet}, and subnet {other} of the same address space had it \
                     before; free one of them"
                );
                Err(CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key))
            }
        }
    }

    /// What an earlier call with the key took.
    async fn repeated(&self, request: &Allocate, key: AllocationKey, group: &Group) -> ipam_core::Result<Allocated> {
        // Its first address says for all that it is whole. That is enough, as long as that address is there.
        let _ = self.complete(group).await;
        let rows: Vec<Address> = group.rows.values().map(|row| row.address.clone()).collect();
        let lines = self.lines_of_rows(request, rows).await?;
        Ok(Allocated::new(key, lines, true))
    }

    async fn lines_of_rows(&self, request: &Allocate, rows: Vec<Address>) -> ipam_core::Result<Vec<Vec<Allocation>>> {
        let homes = self.homes(&rows).await.map_err(failed(OP))?;
        let mut allocations = Vec::with_capacity(rows.len());
        for (row, home) in rows.iter().zip(homes) {
            let allocation = home.and_then(|home| self.words.allocation(row, &home));
            allocations.push(allocation.ok_or_else(|| unserved(row.id))?);
        }
        Ok(deal(request, allocations))
    }

    fn lines(&self, request: &Allocate, plan: &Plan, rows: Vec<Address>) -> ipam_core::Result<Vec<Vec<Allocation>>> {
        let spaces: BTreeMap<SubnetId, _> = plan.views.values().map(|view| (view.id, &view.space)).collect();
        let mut allocations = Vec::with_capacity(rows.len());
        for row in &rows {
            let home = row.subnet_id.and_then(|subnet| Some(Home { subnet, space: (*spaces.get(&subnet)?).clone() }));
            let allocation = home.and_then(|home| self.words.allocation(row, &home));
            allocations.push(allocation.ok_or_else(|| unserved(row.id))?);
        }
        Ok(deal(request, allocations))
    }

    /// Deletes an address. Whether it was this call that did; one that is gone already is no error.
    pub(crate) async fn delete(&self, id: AddressId) -> crate::error::Result<bool> {
        let path = Path::new("addresses").id("address id", id.get());
        // Repeated here and not by the client, to know whose "gone already" it is.
        let request = ApiRequest::new(Method::DELETE, Call::Write, path)?.not_idempotent();
        let mut pauses = [20_u64, 50, 200, 800, 2_000].into_iter();
        let mut lost = false;
        loop {
            let error = match self.client.call(&request).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_not_found() => return Ok(lost),
                Err(error) => error,
            };
            let unknown = error.may_have_been_done();
            lost |= unknown;
            if !unknown && error.kind() != ErrorKind::Busy {
                return Err(error);
            }
            match pauses.next() {
                Some(pause) => tokio::time::sleep(std::time::Duration::from_millis(pause)).await,
                None => return Err(error),
            }
        }
    }

    /// Looks after the claims of this process whose callers went away or whose answers were lost.
    pub(crate) async fn tie_up(&self) {
        for look in self.claims.due() {
            if self.tie(look.end()).await.is_ok() {
                look.done();
            }
        }
    }

    /// Looks once more after everything that may have been left behind, whenever its next time is.
    pub(crate) async fn close(&self) -> ipam_core::Result<()> {
        const TIME: std::time::Duration = std::time::Duration::from_secs(10);
        let all = async {
            for look in self.claims.all() {
                self.tie(look.end()).await?;
                look.done();
            }
            Ok(())
        };
        match tokio::time::timeout(TIME, all).await {
            Ok(tied) => tied.map_err(failed("close")),
            Err(_) => {
                let message = "what earlier calls left could not be undone in 10 s; a sweep undoes it later";
                Err(CoreError::new(ErrorKind::Timeout, "close", message))
            }
        }
    }

    async fn tie(&self, end: &End) -> crate::error::Result<()> {
        let lane = self.claims.lane(&end.key);
        // Somebody is at work with this key, and looks by itself.
        let Ok(_turn) = lane.try_lock() else { return Ok(()) };
        let strays: Vec<AddressId> = if end.all {
            let groups = self.groups_of(&end.key).await?;
            groups.iter().filter(|group| group.nonce == end.nonce).flat_map(Group::ids).collect()
        } else {
            let decision = self.standing(&end.key).await?;
            if let Standing::Taken(group) = &decision.standing
                && group.nonce == end.nonce
            {
                // A change of its other marks may have failed.
                self.complete(group).await?;
            }
            decision.strays
        };
        for id in strays {
            self.delete(id).await?;
        }
        Ok(())
    }

    pub(crate) async fn preview(&self, request: &Allocate) -> ipam_core::Result<Preview> {
        const OP: &str = "preview_allocate";
        self.check_request(OP, request).map_err(|error| error.with_operation(OP))?;
        self.tie_up().await;
        if let Some(key) = &request.key {
            if let Known::Taken(group) = self.known(OP, key, request).await? {
                let answer = self.repeated(request, key.clone(), &group).await?;
                let candidates = |line: Vec<Allocation>| {
                    line.into_iter().map(|one| Candidate::new(one.range, one.address)).collect::<Vec<_>>()
                };
                return Ok(Preview::new(answer.lines.into_iter().map(candidates).collect()));
            }
            self.must_name_no_range(OP, key).await?;
        }
        self.needs_address_fields(OP, request)?;
        let plan = Plan::new(self, OP, request).await?;
        let mut lists: BTreeMap<RangeId, Contents> = BTreeMap::new();
        let mut lines = vec![Vec::new(); request.lines.len()];
        for index in order(&plan) {
            let (Some(line), Some(place)) = (request.lines.get(index), lines.get_mut(index)) else { continue };
            let (count, shape) = match line.what {
                What::Next { count, shape } => (count, shape),
                What::Exactly { count, .. } => (count, Shape::Contiguous),
            };
            let exact = plan.exact.get(index).and_then(Option::as_ref);
            let ids: Vec<&RangeId> = exact.map_or_else(|| line.ranges.iter().collect(), |(id, _)| vec![id]);
            let mut found = None;
            for id in ids {
                let Some(view) = plan.views.get(id) else { continue };
                if !lists.contains_key(id) {
                    let contents = self.contents(view).await.map_err(failed(OP))?;
                    let contents = contents.ok_or_else(|| has_children(OP, id))?;
                    lists.insert(id.clone(), contents);
                }
                let Some(contents) = lists.get_mut(id) else { continue };
                let addresses: Option<Vec<IpAddr>> = match exact {
                    Some((_, span)) => {
                        let excluded: IpSet = line.exclude.iter().copied().collect();
                        if contents.taken.overlaps(span) || excluded.overlaps(span) {
                            return Err(taken_error(OP, index, span.first(), id));
                        }
                        Some(span.addresses().collect())
                    }
                    None if view.is_full => None,
                    None => {
                        let taken = contents.taken.union(&plan.left_alone(line, id));
                        choose(view.addresses, &taken, count, shape)
                    }
                };
                if let Some(addresses) = addresses {
                    contents.taken.extend(addresses.iter().copied());
                    found = Some((id, addresses));
                    break;
                }
            }
            let Some((id, addresses)) = found else {
                return Err(exhausted_error(OP, index, &line.ranges, "too few are free"));
            };
            *place = addresses.into_iter().map(|ip| Candidate::new(id.clone(), ip)).collect();
        }
        Ok(Preview::new(lines))
    }
}

/// Who has a key.
enum Known {
    Free,
    Pending(Group),
    Taken(Group),
}

fn given_back(operation: &'static str, key: &AllocationKey, group: &Group) -> CoreError {
    let there: Vec<IpAddr> = group.rows.values().filter_map(|row| row.address.ip).collect();
    let list = group.rows.values().map(|row| row.mark.addresses.as_str()).find(|list| !list.is_empty());
    let gone = list.map(|list| missing(list, &there)).filter(|gone| !gone.is_empty());
    let gone = gone.unwrap_or_else(|| "some of its addresses".to_owned());
    let message = format!("the key {key:?} took {} addresses, and {gone} of them were given back since", group.count);
    CoreError::new(ErrorKind::Conflict, operation, message).with_context("key", key).with_context("given back", gone)
}

fn unserved(id: AddressId) -> CoreError {
    let message = format!("address {id} is in a subnet that is gone, or that this provider does not serve");
    CoreError::new(ErrorKind::Conflict, OP, message)
}

/// The addresses of a claim, in the order of their numbers, as lists for the lines.
fn deal(request: &Allocate, allocations: Vec<Allocation>) -> Vec<Vec<Allocation>> {
    let mut lines = vec![Vec::new(); request.lines.len()];
    let is_exact =
        |index: &usize| request.lines.get(*index).is_some_and(|line| matches!(line.what, What::Exactly { .. }));
    let (exact, next): (Vec<usize>, Vec<usize>) = (0..request.lines.len()).partition(is_exact);
    let mut allocations = allocations.into_iter();
    for index in exact.into_iter().chain(next) {
        let (Some(line), Some(place)) = (request.lines.get(index), lines.get_mut(index)) else { continue };
        let count = usize::try_from(line.what.count()).unwrap_or(usize::MAX);
        *place = allocations.by_ref().take(count).collect();
        place.sort_by_key(|allocation| allocation.address);
    }
    lines
}
