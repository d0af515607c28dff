//! What a case needs its provider to claim, and what a provider must do that does not.

use std::time::Duration;

use super::stage::Stage;
use super::verdict::{Verdict, refused};
use super::words::{ip, net};
use crate::{
    Allocate, AllocateLine, AllocateRange, Capabilities, DeallocateRange, DefineBlock, DefineRange, ErrorKind, Labels,
    ListBlocks, Order, RangePolicy, RemoveBlock, RemoveRange, Shape, Tag, Update, UpdateBlock, UpdateRange, What,
};

/// One of the capabilities, by its field in [`Capabilities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Need {
    /// [`Capabilities::preview`].
    Preview,
    /// [`Capabilities::update`].
    Update,
    /// [`Capabilities::usage`].
    Usage,
    /// [`Capabilities::define_ranges`].
    DefineRanges,
    /// [`Capabilities::blocks`].
    Blocks,
    /// [`Capabilities::define_blocks`].
    DefineBlocks,
    /// [`Capabilities::allocate_ranges`].
    AllocateRanges,
    /// [`Capabilities::changes`].
    Changes,
    /// [`Capabilities::contiguous`].
    Contiguous,
    /// [`Capabilities::expiry`].
    Expiry,
    /// [`Capabilities::policies`].
    Policies,
    /// [`Capabilities::tags`].
    Tags,
    /// [`Capabilities::durable`].
    Durable,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Preview,
        Self::Update,
        Self::Usage,
        Self::DefineRanges,
        Self::Blocks,
        Self::DefineBlocks,
        Self::AllocateRanges,
        Self::Changes,
        Self::Contiguous,
        Self::Expiry,
        Self::Policies,
        Self::Tags,
        Self::Durable,
    ];

    /// Whether a provider claims it.
    #[must_use]
    pub const fn claimed(self, by: &Capabilities) -> bool {
        match self {
            Self::Preview => by.preview,
            Self::Update => by.update,
            Self::Usage => by.usage,
            Self::DefineRanges => by.define_ranges,
            Self::Blocks => by.blocks,
            Self::DefineBlocks => by.define_blocks,
            Self::AllocateRanges => by.allocate_ranges,
            Self::Changes => by.changes,
            Self::Contiguous => by.contiguous,
            Self::Expiry => by.expiry,
            Self::Policies => by.policies,
            Self::Tags => by.tags,
            Self::Durable => by.durable,
        }
    }

    /// Checks that a provider that does not claim it refuses it. The stage has the range "lan".
    pub(super) async fn must_be_refused(self, stage: &Stage) -> Verdict {
        const NO: ErrorKind = ErrorKind::Unsupported;
        let provider = &stage.provider;
        let lan = stage.range("lan");
        match self {
            Self::Preview => {
                let request = Allocate::one("a", lan);
                refused(provider.preview_allocate(&request).await, NO, "preview_allocate")?;
            }
            Self::Update => {
                refused(provider.update(&Update::new("1")).await, NO, "update")?;
            }
            Self::Usage => {
                refused(provider.usage(&[lan]).await, NO, "usage")?;
            }
            Self::DefineRanges => {
                let define = DefineRange::new("new", net("10.77.0.0/24"));
                refused(provider.define_range(&define).await, NO, "define_range")?;
                refused(provider.update_range(&UpdateRange::new(lan.clone())).await, NO, "update_range")?;
                refused(provider.remove_range(&RemoveRange::new(lan)).await, NO, "remove_range")?;
            }
            Self::Blocks => {
                refused(provider.list_blocks(&ListBlocks::all()).await, NO, "list_blocks")?;
            }
            Self::DefineBlocks => {
                let define = DefineBlock::new("new", net("10.77.0.0/16"));
                refused(provider.define_block(&define).await, NO, "define_block")?;
                refused(provider.update_block(&UpdateBlock::new("new")).await, NO, "update_block")?;
                refused(provider.remove_block(&RemoveBlock::new("new")).await, NO, "remove_block")?;
            }
            Self::AllocateRanges => {
                let carve = AllocateRange::prefix_len("a", "campus", 28);
                refused(provider.allocate_range(&carve).await, NO, "allocate_range")?;
                refused(provider.deallocate_range(&DeallocateRange::id(lan)).await, NO, "deallocate_range")?;
            }
            Self::Changes => {
                refused(provider.changes(None, 1).await, NO, "changes")?;
            }
            Self::Contiguous => {
                for shape in [Shape::Contiguous, Shape::Aligned] {
                    let line = AllocateLine::new(lan.clone(), What::Next { count: 2, shape });
                    refused(provider.allocate(&Allocate::new("a").with_line(line)).await, NO, "allocate")?;
                }
            }
            Self::Expiry => {
                let line = AllocateLine::next(lan, 1).with_expiry(Duration::from_secs(60));
                refused(provider.allocate(&Allocate::new("a").with_line(line)).await, NO, "allocate")?;
            }
            Self::Tags => {
                let tagged = Labels::default().with_tag(Tag::new("env", "test"));
                let line = AllocateLine::next(lan, 1).with_labels(tagged);
                refused(provider.allocate(&Allocate::new("a").with_line(line)).await, NO, "allocate")?;
            }
            Self::Policies if stage.can.define_ranges => {
                let base = DefineRange::new("new", net("10.77.0.0/24")).with_gateway(ip("10.77.0.1"));
                for policy in [
                    RangePolicy::default().with_order(Order::Random),
                    RangePolicy::default().with_order(Order::LeastRecentlyUsed),
                    RangePolicy::default().with_quarantine(Duration::from_secs(60)),
                ] {
                    let define = base.clone().with_policy(policy);
                    refused(provider.define_range(&define).await, NO, "define_range")?;
                }
            }
            // Not durable is nothing that a call could refuse, nor is a policy that nobody can ask for.
            Self::Policies | Self::Durable => {}
        }
        stage.nothing_taken().await
    }
}
