//! Cases of blocks: listing and defining them.

use super::Setup;
use super::bench::Bench;
use super::literals::{ip, net, only};
use super::outcome::{CaseResult, check, refused, same};
use super::pages::{self, every_page};
use super::ranges::listed;
use super::stage::Stage;
use crate::{
    Block, BlockFilter, BlockId, DefineBlock, DefineRange, ErrorKind, Family, ListBlocks, ListRanges, NetworkInfo,
    Operation, PageRequest, Patch, Properties, RangeFilter, RemoveBlock, Tag, Tags, UpdateBlock, Vlan,
};

pub(super) async fn lists_matching_blocks(bench: &Bench) -> CaseResult {
    let setup = Setup::empty()
        .block("a", net("10.20.0.0/16"))
        .block("b", net("10.21.0.0/16"))
        .block("c", net("2001:db8:20::/48"));
    let stage = bench.stage(setup).await?;
    let any = BlockFilter::default;
    let name = block(&stage, "b").await?.name;
    let table = [
        ("all", any(), "abc"),
        ("IPv4", BlockFilter { family: Some(Family::V4), ..any() }, "ab"),
        ("IPv6", BlockFilter { family: Some(Family::V6), ..any() }, "c"),
        ("ids", BlockFilter { ids: vec![stage.block("c"), "no-such-block".into()], ..any() }, "c"),
        ("a name", BlockFilter { name: Some(name), ..any() }, "b"),
        ("an unknown space", BlockFilter { space: Some("no-such-space".into()), ..any() }, ""),
        ("two conditions", BlockFilter { family: Some(Family::V6), ids: vec![stage.block("a")], ..any() }, ""),
    ];
    for (what, filter, expected) in table {
        let found = pages::list_blocks(&*stage.provider, &ListBlocks::all().with_filter(filter.clone())).await?;
        check(found.iter().all(|block| filter.matches(block)), format_args!("by {what}: {found:?}"))?;
        let names: String =
            ["a", "b", "c"].into_iter().filter(|name| found.iter().any(|b| b.id == stage.block(name))).collect();
        same(names.as_str(), expected, format_args!("blocks by {what}"))?;
    }
    Ok(())
}

pub(super) async fn lists_each_block_once_in_pages(bench: &Bench) -> CaseResult {
    let setup = (0..5).fold(Setup::empty(), |setup, n| setup.block(&format!("b{n}"), net(&format!("10.2{n}.0.0/16"))));
    let stage = bench.stage(setup).await?;
    let list = |page: PageRequest| {
        let provider = std::sync::Arc::clone(&stage.provider);
        async move { provider.list_blocks(&ListBlocks::all().with_page(page)).await }
    };
    let mut orders = Vec::new();
    // Up to one more than there are blocks: the last page is full, partial, or the only one.
    for size in 1..=6 {
        let found = every_page(size, list, pages::nothing).await?;
        let ids: Vec<BlockId> = found.into_iter().map(|block| block.id).collect();
        for n in 0..5 {
            let times = ids.iter().filter(|id| **id == stage.block(&format!("b{n}"))).count();
            same(times, 1, format_args!("pages of {size} hold each block once"))?;
        }
        orders.push(ids);
    }
    orders.dedup();
    same(orders.len(), 1, "the order is the same for every page size")?;
    let unknown = PageRequest::of(2).with_token(Some("no-such-page".into()));
    refused(list(unknown).await, ErrorKind::InvalidInput, Operation::ListBlocks)?;
    Ok(())
}

pub(super) async fn defines_a_block_as_requested(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let request = full("campus");
    let made = stage.provider.define_block(&request).await?;
    same(&made.id, &request.id, "id")?;
    same(&made.space, &request.space, "address space")?;
    same(&made.name, &request.name, "name")?;
    same(&made.description, &request.description, "description")?;
    same(made.net, request.net, "prefix")?;
    same(&made.network, &request.network, "DNS, domains, VLAN")?;
    same(&made.tags, &request.tags, "tags")?;
    same(&made.properties, &request.properties, "properties")?;
    same(block(&stage, "campus").await?, made, "list_blocks returns the block that define_block returned")?;
    let bare = stage.provider.define_block(&DefineBlock::new("bare", net("10.99.0.0/16"))).await?;
    same(bare.name.as_str(), "bare", "the name is the id")?;
    same(bare.network, NetworkInfo::default(), "fields that were not set are empty")
}

pub(super) async fn refuses_a_duplicate_id_or_prefix(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    provider.define_block(&DefineBlock::new("a", net("10.20.0.0/16"))).await?;
    for again in [
        DefineBlock::new("a", net("10.20.0.0/16")),
        DefineBlock::new("a", net("10.30.0.0/16")).with_space("elsewhere"),
        DefineBlock::new("b", net("10.20.0.0/16")),
    ] {
        refused(provider.define_block(&again).await, ErrorKind::AlreadyExists, Operation::DefineBlock)?;
    }
    // In another space, inside the first, and around it.
    for other in [
        DefineBlock::new("b", net("10.20.0.0/16")).with_space("elsewhere"),
        DefineBlock::new("inner", net("10.20.7.0/24")),
        DefineBlock::new("outer", net("10.0.0.0/8")),
    ] {
        provider.define_block(&other).await?;
    }
    let all = pages::list_blocks(&**provider, &ListBlocks::all()).await?;
    same(all.len(), 4, "blocks may be nested, and the same prefix may exist in another space")
}

pub(super) async fn refuses_an_invalid_block(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let campus = || DefineBlock::new("campus", net("10.20.0.0/16"));
    let gateway = NetworkInfo { gateway: Some(ip("10.20.0.1")), ..NetworkInfo::default() };
    let vlan = NetworkInfo { vlan: Some(Vlan::new(4095)), ..NetworkInfo::default() };
    let bad = [
        ("net", DefineBlock::new("campus", net("10.20.0.1/16"))),
        ("gateway", campus().with_network(gateway)),
        ("vlan", campus().with_network(vlan)),
        ("block", DefineBlock::new("", net("10.20.0.0/16"))),
        ("space", campus().with_space("")),
        ("tags", campus().with_tags(Tags::from([Tag::new("", "x")]))),
    ];
    for (field, request) in bad {
        let error =
            refused(stage.provider.define_block(&request).await, ErrorKind::InvalidInput, Operation::DefineBlock)?;
        check(error.message().contains(field), format_args!("the error names the field {field}: {error}"))?;
    }
    let all = pages::list_blocks(&*stage.provider, &ListBlocks::all()).await?;
    same(all, [], "nothing was defined")
}

pub(super) async fn nests_blocks_and_ranges(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    provider.define_range(&DefineRange::new("lan", net("10.20.7.0/24"))).await?;
    let inside = DefineBlock::new("x", net("10.20.7.0/25"));
    refused(provider.define_block(&inside).await, ErrorKind::Conflict, Operation::DefineBlock)?;
    provider.define_block(&inside.with_space("elsewhere")).await?;
    provider.define_block(&DefineBlock::new("inner", net("10.20.64.0/20"))).await?;
    let around = DefineRange::new("y", net("10.20.64.0/18"));
    refused(provider.define_range(&around).await, ErrorKind::Conflict, Operation::DefineRange)?;
    provider.define_range(&DefineRange::new("other", net("10.20.65.0/24"))).await?;
    Ok(())
}

pub(super) async fn returns_the_smallest_block_around_a_range(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let provider = &stage.provider;
    let around = |expected: Option<&'static str>| {
        let stage = &stage;
        async move {
            let range = only(pages::ranges(&*stage.provider, &"lan".into()).await?)?;
            same(range.block.as_ref().map(AsRef::as_ref), expected, "the smallest block around the range")
        }
    };
    let lan = provider.define_range(&DefineRange::new("lan", net("10.20.7.0/24"))).await?;
    same(lan.block, None, "there is no block")?;
    provider.define_block(&DefineBlock::new("campus", net("10.20.0.0/16"))).await?;
    around(Some("campus")).await?;
    // A larger block that is defined later must not take the range over.
    provider.define_block(&DefineBlock::new("all", net("10.0.0.0/8"))).await?;
    around(Some("campus")).await?;
    provider.define_block(&DefineBlock::new("building", net("10.20.4.0/22"))).await?;
    around(Some("building")).await?;
    provider.define_block(&DefineBlock::new("elsewhere", net("10.20.6.0/23")).with_space("elsewhere")).await?;
    around(Some("building")).await?;
    let directly = |id: &str| RangeFilter { block: Some(id.into()), ..RangeFilter::default() };
    same(listed(&stage, ListRanges::all().with_filter(directly("building"))).await?.len(), 1, "directly in it")?;
    same(listed(&stage, ListRanges::all().with_filter(directly("campus"))).await?, [], "not directly in it")?;
    same(
        provider.remove_block(&RemoveBlock::new("building")).await?.map(|b| b.id),
        Some("building".into()),
        "removed",
    )?;
    around(Some("campus")).await?;
    provider.remove_block(&RemoveBlock::new("campus")).await?;
    around(Some("all")).await?;
    provider.remove_block(&RemoveBlock::new("all")).await?;
    around(None).await?;
    same(provider.remove_block(&RemoveBlock::new("all")).await?, None, "a block that is gone is no error")
}

pub(super) async fn changes_only_named_fields(bench: &Bench) -> CaseResult {
    let stage = bench.stage(Setup::empty()).await?;
    let mut expected = stage.provider.define_block(&full("campus")).await?;
    let update = || UpdateBlock::new("campus");
    let network = NetworkInfo { domain: Some("b.test".to_owned()), ..NetworkInfo::default() };
    type Expect = fn(&mut Block);
    let steps: Vec<(&str, UpdateBlock, Expect)> = vec![
        ("nothing", update(), |_| {}),
        ("name", update().with_name(Patch::Set("New".to_owned())), |b| b.name = "New".to_owned()),
        ("no name", update().with_name(Patch::Clear), |b| b.name = "campus".to_owned()),
        ("description", update().with_description(Patch::Set("d".to_owned())), |b| {
            b.description = Some("d".to_owned())
        }),
        ("no description", update().with_description(Patch::Clear), |b| b.description = None),
        ("network", update().with_network(Patch::Set(network)), |b| {
            b.network = NetworkInfo { domain: Some("b.test".to_owned()), ..NetworkInfo::default() };
        }),
        ("no network", update().with_network(Patch::Clear), |b| b.network = NetworkInfo::default()),
        ("tags", update().with_tags(Patch::Set(Tags::from([Tag::new("a", "")]))), |b| {
            b.tags = Tags::from([Tag::new("a", "")]);
        }),
        ("no tags", update().with_tags(Patch::Clear), |b| b.tags = Tags::new()),
        ("no properties", update().with_properties(Patch::Clear), |b| b.properties = Properties::new()),
    ];
    for (what, update, change) in steps {
        change(&mut expected);
        same(&stage.provider.update_block(&update).await?, &expected, format_args!("after changing {what}"))?;
        same(&block(&stage, "campus").await?, &expected, format_args!("listed after changing {what}"))?;
    }
    let gateway = NetworkInfo { gateway: Some(ip("10.20.0.1")), ..NetworkInfo::default() };
    let bad = update().with_network(Patch::Set(gateway));
    refused(stage.provider.update_block(&bad).await, ErrorKind::InvalidInput, Operation::UpdateBlock)?;
    let missing = UpdateBlock::new("no-such-block");
    refused(stage.provider.update_block(&missing).await, ErrorKind::NotFound, Operation::UpdateBlock)?;
    Ok(())
}

/// Returns the block with this name.
async fn block(stage: &Stage, name: &str) -> CaseResult<Block> {
    let filter = BlockFilter { ids: vec![stage.block(name)], ..BlockFilter::default() };
    only(pages::list_blocks(&*stage.provider, &ListBlocks::all().with_filter(filter)).await?)
}

/// Returns the definition of a block with all fields set.
pub(super) fn full(id: &str) -> DefineBlock {
    let network = NetworkInfo {
        gateway: None,
        dns_servers: vec![ip("10.1.1.2"), ip("10.1.1.1")],
        search_domains: vec!["b.example.com".to_owned(), "a.example.com".to_owned()],
        domain: Some("example.com".to_owned()),
        vlan: Some(Vlan::new(42).with_name("blue")),
    };
    DefineBlock::new(id, net("10.20.0.0/16"))
        .with_space("red")
        .with_name("Campus \"one\"")
        .with_description(Some("büro".to_owned()))
        .with_network(network)
        .with_tags(Tags::from([Tag::new("env", "test")]))
        .with_properties(Properties::from([("site".to_owned(), "north".to_owned())]))
}
