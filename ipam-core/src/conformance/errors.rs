//! Cases of invalid and unsupported requests: the error of a refusal, and that it changes nothing.

use std::time::Duration;

use super::bench::Bench;
use super::literals::ip;
use super::needs::Need;
use super::outcome::{CaseResult, check, refused, same};
use super::undeclared::must_be_refused;
use crate::{
    Allocate, AllocateLine, Deallocate, ErrorKind, Find, Labels, MAX_ADDRESSES, MAX_ID_LEN, MAX_LINES, MAX_PAGE_SIZE,
    MAX_TEXT_LEN, Operation, PageRequest, Patch, Placement, Precondition, Selection, Update,
};

const BAD: ErrorKind = ErrorKind::InvalidInput;

pub(super) async fn checks_without_changing_anything(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.provider.check().await?;
    stage.nothing_taken().await?;
    stage.take_one().await?;
    stage.provider.check().await?;
    same(stage.taken_texts("lan").await?, ["10.20.0.1"], "a check changes nothing")
}

pub(super) async fn keeps_its_capabilities(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    check(!stage.can.provider.is_empty(), "a provider has a name")?;
    stage.take_one().await?;
    stage.provider.check().await?;
    // After an allocation and a check: capabilities that a provider probes late would have changed.
    same(stage.provider.capabilities(), stage.can.clone(), "capabilities never change")
}

pub(super) async fn refuses_unsupported_operations(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    for need in Need::ALL.into_iter().filter(|need| !need.declared(&stage.can)) {
        must_be_refused(need, &stage).await.map_err(|stop| stop.about(&format!("{need:?} is not declared")))?;
    }
    Ok(())
}

pub(super) async fn refuses_invalid_allocate_requests(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let lan = || stage.range("lan");
    let line = |count, placement| AllocateLine::new(lan(), Selection::Next { count, placement });
    let request = |line: AllocateLine| Allocate::new("vm-1").with_line(line);
    let one = || request(AllocateLine::next(lan(), 1));
    let exactly = |first: &str, count| request(AllocateLine::new(lan(), Selection::Exact { first: ip(first), count }));
    let labels = |labels: Labels| request(AllocateLine::next(lan(), 1).with_labels(labels));
    let no_ranges = {
        let mut line = AllocateLine::next(lan(), 1);
        line.ranges.clear();
        request(line)
    };
    let many = (0..=MAX_LINES).fold(Allocate::new("vm-1"), |all, _| all.with_line(AllocateLine::next(lan(), 1)));
    let long = "x".repeat(MAX_ID_LEN + 1);
    let text = "x".repeat(MAX_TEXT_LEN + 1);
    let table = [
        ("no lines", "lines", Allocate::new("vm-1")),
        ("too many lines", "lines", many),
        ("no ranges", "ranges", no_ranges),
        ("a range twice", "ranges", request(AllocateLine::next(lan(), 1).or_from(lan()))),
        ("an empty range id", "range", request(AllocateLine::next("", 1))),
        ("no addresses", "count", request(line(0, Placement::Scattered))),
        ("too many addresses", "count", request(line(MAX_ADDRESSES + 1, Placement::Scattered))),
        ("the greatest number", "count", request(line(u32::MAX, Placement::Contiguous))),
        (
            "too many in all lines",
            "addresses",
            request(line(MAX_ADDRESSES, Placement::Scattered)).with_line(AllocateLine::next(lan(), 1)),
        ),
        ("exactly none", "count", exactly("10.20.0.1", 0)),
        ("past the end of IPv4", "first", exactly("255.255.255.255", 2)),
        ("past the end of IPv6", "first", exactly("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2)),
        ("an expiry of nothing", "expiry", request(AllocateLine::next(lan(), 1).with_expiry(Duration::ZERO))),
        ("an empty owner", "owner", Allocate::one("", lan())),
        ("a long owner", "owner", Allocate::one(long.as_str(), lan())),
        ("an owner with a line break", "owner", Allocate::one("a\nb", lan())),
        ("an empty key", "key", one().with_key("")),
        ("a long key", "key", one().with_key(long.as_str())),
        ("a key with a NUL", "key", one().with_key("a\0b")),
        ("a long host name", "hostname", labels(Labels::default().with_hostname(text.as_str()))),
        ("a host name with a NUL", "hostname", labels(Labels::default().with_hostname("a\0b"))),
        ("a long description", "description", labels(Labels::default().with_description(text.as_str()))),
    ];
    for (what, field, request) in table {
        let about = |stop: super::outcome::Stop| stop.about(what);
        let error = refused(stage.provider.allocate(&request).await, BAD, Operation::Allocate).map_err(about)?;
        check(error.message().contains(field), format_args!("{what}: the error names the field {field}: {error}"))?;
        check(error.to_string().len() < 1_000, format_args!("{what}: the error must not repeat a long value in full"))?;
    }
    stage.nothing_taken().await
}

pub(super) async fn validates_requests_first(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let provider = &stage.provider;
    // The requests have two further faults, an unknown range and the key of another request: `InvalidInput` comes first.
    provider.allocate(&Allocate::one("vm-1", stage.range("lan")).with_key("vm-1")).await?;
    let request = Allocate::new("vm-1").with_key("vm-1").with_line(AllocateLine::next("no-such-range", 0));
    refused(provider.allocate(&request).await, BAD, Operation::Allocate)?;
    let request =
        Deallocate::address("no-such-range", ip("10.20.0.1")).with_precondition(Precondition::Owner("".into()));
    refused(provider.deallocate(&request).await, BAD, Operation::Deallocate)?;
    if stage.can.update {
        let request = Update::new("no-such-id").with_expiry(Patch::Set(Duration::ZERO));
        refused(provider.update(&request).await, BAD, Operation::Update)?;
    }
    Ok(())
}

pub(super) async fn refuses_other_invalid_requests(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let allocation = stage.take_one().await?;
    let provider = &stage.provider;
    let mut none = Deallocate::id("x");
    none.targets.clear();
    let back = || Deallocate::id(allocation.id.clone());
    let deallocations = [
        ("no targets", none),
        ("an empty id", Deallocate::id("")),
        ("an empty key", Deallocate::key("")),
        ("an empty range", Deallocate::address("", allocation.address)),
        ("an id with a control character", back().and(crate::Target::Id("a\u{7f}".into()))),
        ("an empty expected owner", back().with_precondition(Precondition::Owner("".into()))),
        ("an empty expected key", back().with_precondition(Precondition::Key("".into()))),
        ("a long expected key", back().with_precondition(Precondition::Key("x".repeat(MAX_ID_LEN + 1).into()))),
    ];
    for (what, request) in deallocations {
        refused(provider.deallocate(&request).await, BAD, Operation::Deallocate).map_err(|stop| stop.about(what))?;
    }
    if stage.can.update {
        let update = || Update::new(allocation.id.clone()).with_description(Patch::Set("changed".to_owned()));
        let updates = [
            ("an empty id", Update::new("")),
            ("a long host name", update().with_hostname(Patch::Set("x".repeat(MAX_TEXT_LEN + 1)))),
            ("a host name with a NUL", update().with_hostname(Patch::Set("a\0b".to_owned()))),
            ("an expiry of nothing", update().with_expiry(Patch::Set(Duration::ZERO))),
        ];
        for (what, request) in updates {
            refused(provider.update(&request).await, BAD, Operation::Update).map_err(|stop| stop.about(what))?;
        }
    }
    let page = PageRequest::of(MAX_PAGE_SIZE + 1);
    let request = crate::ListRanges::all().with_page(page.clone());
    refused(provider.list_ranges(&request).await, BAD, Operation::ListRanges)?;
    if stage.can.blocks {
        let request = crate::ListBlocks::all().with_page(page);
        refused(provider.list_blocks(&request).await, BAD, Operation::ListBlocks)?;
    }
    let found = stage.found(Find::default().with_range(stage.range("lan"))).await?;
    same(found, [allocation], "a refused request changes nothing")
}
