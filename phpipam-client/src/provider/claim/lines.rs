//! The lines of a request, one after another: in which range, and which addresses.

use std::time::Instant;

use ipam_core::net::IpSet;
use ipam_core::{AllocateLine, Error as CoreError, RangeId, Shape};

use super::pace::{ATTEMPTS, pause};
use super::refuse::{OP, busy, taken_error};
use super::state::{Claim, Taken};
use super::take::TakenByOthers;
use crate::provider::claim::choose::choose;
use crate::provider::map::error::{failed, shortage};
use crate::provider::range_view::{View, has_children};
use crate::provider::snapshot::is_too_large;

pub(super) enum Step {
    Done,
    NoRoom(&'static str),
    Lost,
}

impl Claim<'_> {
    pub(super) async fn exact_line(&mut self, index: usize, line: &AllocateLine) -> ipam_core::Result<Step> {
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
            if !self.is_alone().await? {
                let reason = "it is registered in another subnet of the address space";
                return Err(taken_error(OP, index, ip, id).with_context("reason", reason));
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
        if slaves.map_err(failed(OP))?.is_empty() { Ok(()) } else { Err(has_children(OP, id)) }
    }

    pub(super) async fn next_line(
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
            let alone = plan.left_alone(line, id).union(&self.mine_elsewhere(view));
            let direct = count == 1 && !view.server_differs && !alone.overlaps(&view.addresses);
            let step = if direct {
                self.first_free(index, line, view, id, &alone).await?
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
        alone: &IpSet,
    ) -> ipam_core::Result<Step> {
        let offset = self.taken_of(index);
        let seq = self.seq_of(index, offset);
        let mut attempt = 0;
        loop {
            let fields = self.fields(seq, line);
            match self.inner.client.addresses().allocate_first_free(view.id, &fields).await {
                Ok(taken) => self.taken.push(Taken { id: taken.id, subnet: view.id, ip: taken.ip, seq }),
                Err(error) if error.is_exhausted() => {
                    self.must_be_leaf(view, id).await?;
                    // Somebody with the same key may have had the last one.
                    return Ok(Step::NoRoom(shortage(&error)));
                }
                Err(error) if error.is_not_found() => return Err(CoreError::not_found(OP, "range", id)),
                Err(error) => match self.after_failure(error, seq, &mut attempt).await? {
                    Some(found) => self.taken.push(found),
                    None => continue,
                },
            }
            let ip = self.taken.last().map(|taken| taken.ip);
            if ip.is_some_and(|ip| !view.addresses.contains(ip) || view.gateway == Some(ip)) {
                self.undo_from(self.taken.len().saturating_sub(1)).await?;
            } else if self.is_alone().await? {
                return Ok(if self.has_lost().await? { Step::Lost } else { Step::Done });
            }
            // Not what a host may have, or registered elsewhere in the address space: choose by ourselves.
            return self.chosen(index, line, view, id, 1, Shape::Scattered, alone).await;
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
                    return Err(has_children(OP, id));
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
            let taken = contents.taken.union(alone).union(&self.refused);
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
                if !self.is_alone().await? {
                    attempt += 1;
                    if attempt >= ATTEMPTS || Instant::now() >= self.until {
                        return Err(busy("others keep taking the addresses that were free"));
                    }
                    continue 'choose;
                }
                if self.has_lost().await? {
                    return Ok(Step::Lost);
                }
            }
            return Ok(Step::Done);
        }
    }
}
