//! Defects of `deallocate`.

use std::time::Duration;

use ipam_core::{
    Deallocate, Deallocated, DeallocatedTarget, Error, ErrorKind, Find, Operation, Precondition, Result, Target,
};

use super::defect::Defect;
use super::{Mutant, pause};

impl Mutant {
    pub(super) async fn deallocate_badly(&self, request: &Deallocate) -> Result<Deallocated> {
        let inner = &self.inner;
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresPrecondition => request.precondition = Precondition::Anyone,
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
                    targets.push(DeallocatedTarget::new(self.all(&named(target)).await?));
                }
                return Ok(Deallocated::new(targets));
            }
            Defect::ListsFreedTwice | Defect::RacesOnFreeing => {
                let mut targets = Vec::new();
                for target in &request.targets {
                    targets.push(DeallocatedTarget::new(self.all(&named(target)).await?));
                }
                std::thread::sleep(Duration::from_millis(if self.is(Defect::RacesOnFreeing) { 5 } else { 0 }));
                let result = inner.deallocate(&request).await?;
                return Ok(if request.precondition == Precondition::Anyone {
                    Deallocated::new(targets)
                } else {
                    result
                });
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
            Defect::KeepsUnmarked if request.precondition != Precondition::Anyone => {
                let mut targets = Vec::new();
                for target in &request.targets {
                    let found = self.all(&named(target)).await?;
                    let unmarked = found.iter().any(|a| a.owner.is_none());
                    let one = Deallocate::new(target.clone()).with_precondition(request.precondition.clone());
                    targets.push(if unmarked {
                        DeallocatedTarget::default()
                    } else {
                        DeallocatedTarget::new(inner.deallocate(&one).await?.freed().cloned().collect())
                    });
                }
                return Ok(Deallocated::new(targets));
            }
            Defect::RespondsSlowly => {
                pause().await;
            }
            _ => {}
        }
        for target in &mut request.targets {
            if let Target::Id(id) = target {
                *id = self.real_id(id).await?;
            }
        }
        let mut result = match inner.deallocate(&request).await {
            Err(error) if self.is(Defect::IgnoresUnknownRanges) && error.is_not_found() => {
                Deallocated::new(vec![DeallocatedTarget::default()])
            }
            Err(error) if self.is(Defect::IgnoresOutside) && error.kind() == ErrorKind::InvalidInput => {
                Deallocated::new(vec![DeallocatedTarget::default()])
            }
            result => result?,
        };
        if self.is(Defect::ReturnsTargetsReversed) {
            result.targets.reverse();
        }
        if self.is(Defect::RefusesRepeats) && result.was_free() {
            return Err(Error::not_found(Operation::Deallocate, "allocation", "that"));
        }
        for allocation in result.targets.iter_mut().flat_map(|target| &mut target.freed) {
            *allocation = self.corrupt_allocation(allocation.clone());
        }
        Ok(result)
    }
}

fn named(target: &Target) -> Find {
    match target {
        Target::Id(id) => Find::default().with_id(Some(id.clone())),
        Target::Key(key) => Find::default().with_key(key.clone()),
        Target::Address { range, address } => Find::default().with_range(range.clone()).with_address(Some(*address)),
    }
}
