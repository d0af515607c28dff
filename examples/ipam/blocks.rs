//! `ipam blocks`

use futures_util::TryStreamExt;
use ipam_core::{
    AllocateRange, Block, BlockFilter, ChildPrefix, DeallocateRange, DefineBlock, IpamProvider, IpamProviderExt,
    ListBlocks, Properties, RemoveBlock, Tags, UpdateBlock,
};

use crate::cli::{self, BlockField, Blocks};
use crate::exit::Failure;
use crate::output::Output;
use crate::patch::added;
use crate::ranges::patch;
use crate::tables;

pub(crate) async fn run(provider: &dyn IpamProvider, verb: Blocks) -> Result<Output, Failure> {
    match verb {
        Blocks::List { space, family, name } => {
            let mut filter = BlockFilter::default();
            (filter.space, filter.family, filter.name) = (space.map(Into::into), family, name);
            let blocks: Vec<Block> = provider.blocks(ListBlocks::all().with_filter(filter)).try_collect().await?;
            Output::new(tables::blocks(&blocks), &blocks)
        }
        Blocks::Add { id, net, space, fields } => {
            let mut request = DefineBlock::new(id, net)
                .with_name(fields.name.unwrap_or_default())
                .with_description(fields.description)
                .with_tags(fields.tags.into_iter().collect::<Tags>())
                .with_properties(fields.properties.into_iter().collect::<Properties>());
            if let Some(space) = space {
                request.space = space.into();
            }
            let block = provider.define_block(&request).await?;
            Output::new(tables::blocks([&block]), &block)
        }
        Blocks::Update { id, fields, clear } => {
            let clears = |field| clear.contains(&field);
            let before = if fields.tags.is_empty() && fields.properties.is_empty() {
                None
            } else {
                let mut filter = BlockFilter::default();
                filter.ids.push(id.as_str().into());
                let found: Vec<Block> = provider.blocks(ListBlocks::all().with_filter(filter)).try_collect().await?;
                found.into_iter().next()
            };
            let mut request = UpdateBlock::new(id);
            request.name = patch("name", fields.name, clears(BlockField::Name))?;
            request.description = patch("description", fields.description, clears(BlockField::Description))?;
            request.tags = added(before.as_ref().map(|block| &block.tags), fields.tags, clears(BlockField::Tags));
            let properties = before.as_ref().map(|block| &block.properties);
            request.properties = added(properties, fields.properties, clears(BlockField::Properties));
            let block = provider.update_block(&request).await?;
            Output::new(tables::blocks([&block]), &block)
        }
        Blocks::Remove { id } => {
            let removed = provider.remove_block(&RemoveBlock::new(id.clone())).await?;
            let text = match &removed {
                None => format!("there was no block {id}"),
                Some(block) => format!("removed {id} {}", block.net),
            };
            Output::new(text, &removed)
        }
        Blocks::Allocate(args) => allocate_range(provider, args).await,
        Blocks::Deallocate { range, key, with_allocations, expect } => {
            let request = match (range, key) {
                (Some(id), _) => DeallocateRange::id(id),
                (None, Some(key)) => DeallocateRange::key(key),
                (None, None) => return Err(Failure::Usage("name a range or give --key".to_owned())),
            };
            let request = request.with_allocations(with_allocations).with_precondition(expect);
            let removed = provider.deallocate_range(&request).await?;
            let text = match &removed.range {
                None => "there was no such range, or it was kept because of --expect-owner or --expect-key".to_owned(),
                Some(range) => format!("deallocated {} {}", range.id, range.net),
            };
            Output::new(text, &removed)
        }
    }
}

async fn allocate_range(provider: &dyn IpamProvider, args: cli::AllocateRange) -> Result<Output, Failure> {
    let prefix = match (args.net, args.prefix_len) {
        (Some(net), _) => ChildPrefix::Exact(net),
        (None, Some(len)) => ChildPrefix::PrefixLen(len),
        (None, None) => return Err(Failure::Usage("give --prefix-len or --net".to_owned())),
    };
    let mut blocks = args.blocks.into_iter();
    let first = blocks.next().unwrap_or_default();
    let mut request = AllocateRange::new(args.owner, first, prefix).with_name(args.name.unwrap_or_default());
    request.blocks.extend(blocks.map(Into::into));
    request.key = args.key.map(Into::into);
    let allocated = provider.allocate_range(&request).await?;
    Output::new(tables::ranges([&allocated.range]), &allocated)
}
