//! Refusal of operations whose capability a provider lacks.

use std::time::Duration;

use super::literals::{ip, net};
use super::needs::Need;
use super::outcome::{CaseResult, refused};
use super::stage::Stage;
use crate::{
    Allocate, AllocateLine, AllocateRange, DeallocateRange, DefineBlock, DefineRange, ErrorKind, Labels, ListBlocks,
    ListRecords, Operation, Order, Placement, RangePolicy, RemoveBlock, RemoveRange, RestoreRecords, Selection, Sweep,
    Tag, Update, UpdateBlock, UpdateRange,
};

/// Checks that a provider without the capability `need` refuses its operations. The stage has the range "lan".
pub(super) async fn must_be_refused(need: Need, stage: &Stage) -> CaseResult {
    const NO: ErrorKind = ErrorKind::Unsupported;
    let provider = &stage.provider;
    let lan = stage.range("lan");
    match need {
        Need::Preview => {
            let request = Allocate::one("a", lan);
            refused(provider.preview_allocate(&request).await, NO, Operation::PreviewAllocate)?;
        }
        Need::Update => {
            refused(provider.update(&Update::new("1")).await, NO, Operation::Update)?;
        }
        Need::Usage => {
            refused(provider.usage(&[lan]).await, NO, Operation::Usage)?;
        }
        Need::DefineRanges => {
            // All operations of a capability: a provider may refuse one and half support another.
            let define = DefineRange::new("new", net("10.77.0.0/24"));
            refused(provider.define_range(&define).await, NO, Operation::DefineRange)?;
            refused(provider.update_range(&UpdateRange::new(lan.clone())).await, NO, Operation::UpdateRange)?;
            refused(provider.remove_range(&RemoveRange::new(lan)).await, NO, Operation::RemoveRange)?;
        }
        Need::Blocks => {
            refused(provider.list_blocks(&ListBlocks::all()).await, NO, Operation::ListBlocks)?;
        }
        Need::DefineBlocks => {
            let define = DefineBlock::new("new", net("10.77.0.0/16"));
            refused(provider.define_block(&define).await, NO, Operation::DefineBlock)?;
            refused(provider.update_block(&UpdateBlock::new("new")).await, NO, Operation::UpdateBlock)?;
            refused(provider.remove_block(&RemoveBlock::new("new")).await, NO, Operation::RemoveBlock)?;
        }
        Need::AllocateRanges => {
            let request = AllocateRange::prefix_len("a", "campus", 28);
            refused(provider.allocate_range(&request).await, NO, Operation::AllocateRange)?;
            refused(provider.deallocate_range(&DeallocateRange::id(lan)).await, NO, Operation::DeallocateRange)?;
        }
        Need::Changes => {
            refused(provider.changes(None, 1).await, NO, Operation::Changes)?;
        }
        Need::Sweep => {
            // A dry run, so that a provider that wrongly accepts it changes nothing in a server that others use.
            refused(provider.sweep(&Sweep::new().with_dry_run(true)).await, NO, Operation::Sweep)?;
        }
        Need::ListRecords => {
            refused(provider.list_records(&ListRecords::all()).await, NO, Operation::ListRecords)?;
        }
        Need::RestoreRecords => {
            let request = RestoreRecords::new(Vec::new());
            refused(provider.restore_records(&request).await, NO, Operation::RestoreRecords)?;
        }
        Need::Contiguous => {
            for placement in [Placement::Contiguous, Placement::Aligned] {
                let line = AllocateLine::new(lan.clone(), Selection::Next { count: 2, placement });
                refused(provider.allocate(&Allocate::new("a").with_line(line)).await, NO, Operation::Allocate)?;
            }
        }
        Need::Expiry => {
            let line = AllocateLine::next(lan, 1).with_expiry(Duration::from_secs(60));
            refused(provider.allocate(&Allocate::new("a").with_line(line)).await, NO, Operation::Allocate)?;
        }
        Need::Tags => {
            let tagged = Labels::default().with_tag(Tag::new("env", "test"));
            let line = AllocateLine::next(lan, 1).with_labels(tagged);
            refused(provider.allocate(&Allocate::new("a").with_line(line)).await, NO, Operation::Allocate)?;
        }
        // Without `define_range` a policy cannot be requested.
        Need::Policies if stage.can.define_ranges => {
            let base = DefineRange::new("new", net("10.77.0.0/24")).with_gateway(ip("10.77.0.1"));
            // One at a time: a provider that ignores one of them would hide behind the refusal of another.
            for policy in [
                RangePolicy::default().with_order(Order::Random),
                RangePolicy::default().with_order(Order::LeastRecentlyUsed),
                RangePolicy::default().with_quarantine(Duration::from_secs(60)),
            ] {
                let define = base.clone().with_policy(policy);
                refused(provider.define_range(&define).await, NO, Operation::DefineRange)?;
            }
        }
        // No call can ask for durability, nor for a policy without `define_range`: there is nothing to refuse.
        Need::Policies | Need::Durable => {}
    }
    stage.nothing_taken().await
}
