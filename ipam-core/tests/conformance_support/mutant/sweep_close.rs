//! Defects of `sweep` and `close`.

use std::sync::atomic::Ordering;

use futures_util::TryStreamExt;
use ipam_core::{
    AbandonedClaim, Deallocate, DeallocateRange, Error, ErrorKind, Find, IpamProviderExt, ListRanges, Operation, Range,
    Result, Sweep, Swept,
};

use super::Mutant;
use super::defect::Defect;

impl Mutant {
    pub(super) async fn sweep_badly(&self, request: &Sweep) -> Result<Swept> {
        let mut request = request.clone();
        match self.defect {
            Defect::SweepsInDryRun => request.dry_run = false,
            Defect::SweepsNothing => request.dry_run = true,
            Defect::IgnoresSweepLimit => request.limit = u32::MAX,
            _ => {}
        }
        let mut swept = self.inner.sweep(&request).await?;
        match self.defect {
            // The result does not list it, as with a sweep that takes allocations for claims.
            Defect::SweepsAcknowledged => {
                for allocation in self.all(&Find::default()).await?.into_iter().rev().take(1) {
                    self.inner.deallocate(&Deallocate::id(allocation.id)).await?;
                }
            }
            Defect::SweepsKeyless => {
                let keyless = self.all(&Find::default()).await?.into_iter();
                for allocation in keyless.filter(|a| a.key.as_ref().is_none_or(|key| !key.as_str().starts_with("vm"))) {
                    self.inner.deallocate(&Deallocate::id(allocation.id.clone())).await?;
                    swept.claims.push(AbandonedClaim::new(allocation.range, Some(allocation.address)));
                }
            }
            Defect::SweepsChildPrefixes => {
                let ranges: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
                for range in ranges.into_iter().filter(|range| range.key.is_some()) {
                    self.inner.deallocate_range(&DeallocateRange::id(range.id).with_allocations(true)).await?;
                }
            }
            Defect::NeverSaysMore => swept.more = false,
            _ => {}
        }
        Ok(swept)
    }

    pub(super) async fn close_badly(&self) -> Result<()> {
        if self.closed.swap(true, Ordering::SeqCst) && self.is(Defect::RefusesSecondClose) {
            return Err(Error::new(ErrorKind::Unavailable, Operation::Close, "the provider was closed"));
        }
        if self.is(Defect::LosesOnClose) {
            for allocation in self.all(&Find::default()).await?.into_iter().rev().take(1) {
                self.inner.deallocate(&Deallocate::id(allocation.id)).await?;
            }
        }
        self.inner.close().await
    }

    /// Fails a call after `close` as the defect says.
    pub(super) fn late(&self, operation: Operation) -> Result<()> {
        if !self.closed.load(Ordering::SeqCst) {
            return Ok(());
        }
        match self.defect {
            Defect::ClosesOthers => Err(Error::new(ErrorKind::Unavailable, operation, "the provider was closed")),
            Defect::SaysConflictWhenClosed => Err(Error::new(ErrorKind::Conflict, operation, "closed")),
            Defect::SaysNothingWhenClosed => Err(Error::new(ErrorKind::Unavailable, operation, "not ready")),
            _ => Ok(()),
        }
    }
}
