//! Cases of `find`: filters and pages.

use futures_util::FutureExt;

use super::Setup;
use super::allocate::{exactly_in, next};
use super::bench::Bench;
use super::literals::{ip, net, sorted};
use super::outcome::{CaseResult, check, refused, same};
use super::pages::every_page;
use super::stage::Stage;
use crate::{
    Allocate, AllocateLine, Allocation, AllocationState, Deallocate, DefineRange, ErrorKind, Find, Labels,
    MAX_PAGE_SIZE, MacAddr, Operation, PageRequest, RangePolicy,
};

pub(super) async fn applies_every_condition(bench: &Bench) -> CaseResult {
    let stage = Hosts::stage(bench).await?;
    let mac = |last| MacAddr::new([2, 0, 0, 0, 0, last]);
    let id = |address: &str| {
        let wanted = ip(address);
        stage.hosts.iter().find(|host| host.address == wanted).map(|host| host.id.clone())
    };
    let range = |name: &str| stage.stage.range(name);
    let any = Find::default;
    let table: Vec<(&str, Find, &[&str])> = vec![
        ("an id", any().with_id(id("10.20.0.2")), &["10.20.0.2"]),
        ("an unknown id", any().with_id(Some("no-such-id".into())), &[]),
        ("an address", any().with_address(ip("10.20.1.1")), &["10.20.1.1"]),
        ("a free address", any().with_address(ip("10.20.0.9")), &[]),
        ("a host name", any().with_hostname("web1"), &["10.20.0.1"]),
        // Host names are compared without case (RFC 4343).
        ("a host name in capitals", any().with_hostname("WEB1"), &["10.20.0.1"]),
        ("a part of a host name", any().with_hostname("web"), &[]),
        ("a MAC address", any().with_mac(mac(3)), &["10.20.1.1"]),
        ("a key", any().with_key("vm-2/nics"), &["10.20.0.2", "10.20.1.1"]),
        ("an unknown key", any().with_key("vm-2"), &[]),
        ("an owner", any().with_owner("vm-1"), &["10.20.0.1", "10.20.0.3"]),
        ("a range", any().with_range(range("lan")), &["10.20.0.1", "10.20.0.2", "10.20.0.3"]),
        ("an unknown range", any().with_range("no-such-range"), &[]),
        ("an unknown space", any().with_space("no-such-space"), &[]),
        ("owner and range", any().with_owner("vm-2").with_range(range("dmz")), &["10.20.1.1"]),
        ("key and host name", any().with_key("vm-2/nics").with_hostname("web2"), &["10.20.0.2"]),
        ("owner and another's host name", any().with_owner("vm-1").with_hostname("web2"), &[]),
        ("an address of another range", any().with_address(ip("10.20.0.1")).with_range(range("dmz")), &[]),
        (
            "quarantined too, where none is quarantined",
            any().with_owner("vm-1").with_quarantined(true),
            &["10.20.0.1", "10.20.0.3"],
        ),
    ];
    for (what, request, expected) in table {
        let found = stage.stage.found(request.clone()).await?;
        let addresses: Vec<String> = sorted(&found).iter().map(ToString::to_string).collect();
        same(addresses, expected, format_args!("find by {what}"))?;
        let all = found.iter().all(|allocation| request.matches(allocation));
        check(all, format_args!("find by {what} returns an allocation that does not match: {found:?}"))?;
        for allocation in &found {
            check(
                stage.hosts.contains(allocation),
                // Both calls read the same record; a difference means that one of them drops a field.
                format_args!("find must return the allocation as allocate returned it: {allocation:?}"),
            )?;
        }
    }
    Ok(())
}

pub(super) async fn returns_an_empty_page_without_error(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let page = stage.provider.find(&Find::default().with_range(stage.range("lan"))).await?;
    same(page.items, [], "nothing is taken")?;
    same(page.next, None, "and there is no further page")
}

pub(super) async fn lists_each_allocation_once_in_pages(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let taken = stage.take(next(&stage, 7)).await?;
    let mut orders = Vec::new();
    // Up to one more than there are allocations: the last page is full, partial, or the only one.
    for size in 1..=8 {
        let found = every_page(size, |page| find_lan(&stage, page), super::pages::nothing).await?;
        same(found.len(), 7, format_args!("pages of {size} hold each allocation once"))?;
        same(sorted(&found), sorted(taken.iter()), format_args!("pages of {size} hold each allocation"))?;
        orders.push(found);
    }
    orders.dedup();
    same(orders.len(), 1, "the order is the same for every page size")
}

pub(super) async fn lists_lasting_allocations_once_during_changes(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/26").await?;
    let taken = stage.take(next(&stage, 12)).await?;
    let lasting: Vec<Allocation> = taken
        .iter()
        .enumerate()
        .filter(|(index, _)| index % 3 != 0)
        .map(|(_, allocation)| allocation.clone())
        .collect();
    // A third of the allocations is deallocated between the pages, so that offsets shift.
    let going: Vec<Allocation> = taken.iter().filter(|allocation| !lasting.contains(allocation)).cloned().collect();
    for size in 1..=4 {
        let mut left = going.iter();
        let found = every_page(
            size,
            |page| find_lan(&stage, page),
            || {
                let goes = left.next();
                let stage = &stage;
                async move {
                    if let Some(goes) = goes {
                        stage.provider.deallocate(&Deallocate::id(goes.id.clone())).await?;
                    }
                    stage.take(exactly_in(stage, "lan", "10.20.0.40", 1)).await?;
                    stage.deallocate_address("10.20.0.40").await
                }
                .boxed()
            },
        )
        .await?;
        for allocation in &lasting {
            let times = found.iter().filter(|found| found.id == allocation.id).count();
            same(
                times,
                1,
                format_args!("{} exists throughout; pages of {size} must list it once", allocation.address),
            )?;
        }
        for allocation in &found {
            let times = found.iter().filter(|other| other.id == allocation.id).count();
            same(times, 1, format_args!("pages of {size} must list {} at most once", allocation.address))?;
        }
        // The next round needs the addresses taken again, as allocations with other ids.
        for goes in &going {
            stage.provider.deallocate(&Deallocate::address(stage.range("lan"), goes.address)).await?;
        }
    }
    Ok(())
}

pub(super) async fn refuses_an_unknown_page_token(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    stage.take(next(&stage, 3)).await?;
    // Text, nothing, a number that overflows, characters of SQL and of URLs, and a character of two bytes.
    for token in ["no-such-page", "", "99999999999999999999999999999999999999999999", "%00'\"; --", "é"] {
        let page = PageRequest::of(2).with_token(Some(token.into()));
        refused(find_lan(&stage, page).await, ErrorKind::InvalidInput, Operation::Find)?;
    }
    let page = PageRequest::of(MAX_PAGE_SIZE + 1);
    refused(find_lan(&stage, page).await, ErrorKind::InvalidInput, Operation::Find)?;
    let page = find_lan(&stage, PageRequest::of(MAX_PAGE_SIZE)).await?;
    same(page.items.len(), 3, "the largest page is allowed")
}

pub(super) async fn lists_quarantined_addresses_only_on_request(bench: &Bench) -> CaseResult {
    let policy = RangePolicy::default().with_quarantine(std::time::Duration::from_secs(3600));
    let range = DefineRange::new("lan", net("10.20.0.0/28")).with_policy(policy);
    let stage = bench.stage(Setup::empty().with_range(range)).await?;
    stage.take(next(&stage, 2)).await?;
    stage.deallocate_address("10.20.0.1").await?;
    same(stage.taken_texts("lan").await?, ["10.20.0.2"], "a quarantined address is not listed")?;
    let by_address = stage.found(Find::default().with_address(ip("10.20.0.1"))).await?;
    // A search for an address asks for its owner, and a quarantined address has none.
    same(by_address, [], "not even in a search for the address")?;
    let all = stage.found(Find::default().with_range(stage.range("lan")).with_quarantined(true)).await?;
    let mut states: Vec<_> = all.iter().map(|a| (a.address.to_string(), a.state)).collect();
    states.sort_by(|a, b| a.0.cmp(&b.0));
    let expected =
        [("10.20.0.1".to_owned(), AllocationState::Quarantined), ("10.20.0.2".to_owned(), AllocationState::Allocated)];
    same(states, expected, "on request it is listed as quarantined")
}

fn find_lan(stage: &Stage, page: PageRequest) -> impl Future<Output = crate::Result<crate::Page<Allocation>>> + Send {
    let request = Find::default().with_range(stage.range("lan")).with_page(page);
    let provider = std::sync::Arc::clone(&stage.provider);
    async move { provider.find(&request).await }
}

/// Stage with four hosts of two owners in two ranges.
struct Hosts {
    stage: Stage,
    hosts: Vec<Allocation>,
}

impl Hosts {
    async fn stage(bench: &Bench) -> CaseResult<Self> {
        let setup = Setup::empty().range("lan", net("10.20.0.0/28")).range("dmz", net("10.20.1.0/28"));
        let stage = bench.stage(setup).await?;
        let line = |range: &str, name: &str, mac: u8| {
            let labels = Labels::default().with_hostname(name).with_mac(MacAddr::new([2, 0, 0, 0, 0, mac]));
            AllocateLine::next(stage.range(range), 1).with_labels(labels)
        };
        let requests = [
            Allocate::new("vm-1").with_key("vm-1/nic").with_line(line("lan", "web1", 1)),
            Allocate::new("vm-2")
                .with_key("vm-2/nics")
                .with_line(line("lan", "web2", 2))
                .with_line(line("dmz", "web2-dmz", 3)),
            Allocate::new("vm-1").with_key("vm-1/spare").with_line(next(&stage, 1)),
        ];
        let mut hosts = Vec::new();
        for request in requests {
            hosts.extend(stage.provider.allocate(&request).await?.lines.into_iter().flatten());
        }
        Ok(Self { stage, hosts })
    }
}
