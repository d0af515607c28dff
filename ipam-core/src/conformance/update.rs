//! Cases of `update`: it changes the named fields, and nothing else.

use super::allocate::next;
use super::bench::Bench;
use super::literals::only;
use super::outcome::{CaseResult, check, refused, same};
use super::stage::Stage;
use crate::{Allocate, Allocation, Deallocate, ErrorKind, Find, Labels, MacAddr, Operation, Patch, Tag, Tags, Update};

const MAC: MacAddr = MacAddr::new([2, 0, 0, 0, 0, 1]);

pub(super) async fn changes_only_named_fields(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let mut now = labelled(&stage).await?;
    let steps = [
        ("nothing", Update::new(now.id.clone())),
        ("the host name", Update::new(now.id.clone()).with_hostname(Patch::Set("web2".to_owned()))),
        ("the description", Update::new(now.id.clone()).with_description(Patch::Set("other".to_owned()))),
        ("the MAC address", Update::new(now.id.clone()).with_mac(Patch::Set(MacAddr::new([2, 0, 0, 0, 0, 9])))),
        ("no host name", Update::new(now.id.clone()).with_hostname(Patch::Clear)),
        ("no description", Update::new(now.id.clone()).with_description(Patch::Clear)),
        ("no MAC address", Update::new(now.id.clone()).with_mac(Patch::Clear)),
        // Clearing an empty field is no error.
        ("no MAC address once more", Update::new(now.id.clone()).with_mac(Patch::Clear)),
        (
            "two things at once",
            Update::new(now.id.clone()).with_hostname(Patch::Set("web3".to_owned())).with_mac(Patch::Set(MAC)),
        ),
    ];
    // In sequence over one allocation: a step must keep what the steps before it have set.
    for (what, update) in steps {
        let mut expected = now.clone();
        expected.labels.hostname = update.hostname.clone().apply(expected.labels.hostname);
        expected.labels.description = update.description.clone().apply(expected.labels.description);
        expected.labels.mac = update.mac.apply(expected.labels.mac);
        now = stage.provider.update(&update).await?;
        same(but_times(&now), but_times(&expected), format_args!("after changing {what}"))?;
        let found = only(stage.found(Find::default().with_id(now.id.clone())).await?)?;
        same(&found, &now, "find returns the allocation that update returned")?;
    }
    same(stage.taken_texts("lan").await?, ["10.20.0.1", "10.20.0.2"], "an update allocates and deallocates nothing")?;
    let other = only(stage.found(Find::default().with_owner("tester")).await?)?;
    same(other.labels, Labels::default(), "no other allocation changes")
}

pub(super) async fn finds_by_the_new_values(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let allocation = labelled(&stage).await?;
    let update = Update::new(allocation.id).with_hostname(Patch::Set("new".to_owned())).with_mac(Patch::Clear);
    let now = stage.provider.update(&update).await?;
    same(stage.found(Find::default().with_hostname("new")).await?, [now], "by the new host name")?;
    same(stage.found(Find::default().with_hostname("web1")).await?, [], "not by the old host name")?;
    same(stage.found(Find::default().with_mac(MAC)).await?, [], "not by the cleared MAC address")
}

pub(super) async fn replaces_all_tags(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let tags = |tags: &[(&str, &str)]| tags.iter().map(|(key, value)| Tag::new(*key, *value)).collect::<Tags>();
    let labels =
        tags(&[("env", "test"), ("env", "qa"), ("billed", "")]).into_iter().fold(Labels::default(), Labels::with_tag);
    let allocation = stage.one(Allocate::new("vm-1").with_line(next(&stage, 1).with_labels(labels.clone()))).await?;
    same(&allocation.labels, &labels, "tags are kept; a key may have several values")?;
    let steps = [
        (Patch::Keep, tags(&[("env", "test"), ("env", "qa"), ("billed", "")])),
        (Patch::Set(tags(&[("env", "prod")])), tags(&[("env", "prod")])),
        (Patch::Clear, Tags::new()),
    ];
    for (patch, expected) in steps {
        let now = stage.provider.update(&Update::new(allocation.id.clone()).with_tags(patch)).await?;
        same(&now.labels.tags, &expected, "the update replaces all tags")?;
        same(
            only(stage.found(Find::default().with_id(now.id.clone())).await?)?,
            now,
            "find returns the same allocation",
        )?;
    }
    Ok(())
}

pub(super) async fn requires_the_allocation_to_exist(bench: &Bench) -> CaseResult {
    let stage = bench.lan("10.20.0.0/28").await?;
    let update = |id: &str| Update::new(id).with_hostname(Patch::Set("web1".to_owned()));
    let error = refused(stage.provider.update(&update("no-such-id")).await, ErrorKind::NotFound, Operation::Update)?;
    check(error.to_string().contains("no-such-id"), format_args!("the error names the allocation: {error}"))?;
    let old = stage.take_one().await?;
    stage.provider.deallocate(&Deallocate::id(old.id.clone())).await?;
    refused(stage.provider.update(&update(old.id.as_str())).await, ErrorKind::NotFound, Operation::Update)?;
    // The same address again, with a new id. An update by address would change the new allocation.
    let new = stage.take_one().await?;
    refused(stage.provider.update(&update(old.id.as_str())).await, ErrorKind::NotFound, Operation::Update)?;
    same(
        only(stage.found(Find::default().with_id(new.id)).await?)?.labels,
        Labels::default(),
        "the next allocation of the address is unchanged",
    )
}

/// Returns an allocation with all labels but tags. The range also has an allocation of another owner.
async fn labelled(stage: &Stage) -> CaseResult<Allocation> {
    let labels = Labels::default().with_hostname("web1").with_description("front end").with_mac(MAC);
    let line = next(stage, 1).with_labels(labels);
    let allocation = stage.one(Allocate::new("vm-1").with_key("vm-1/nic").with_line(line)).await?;
    stage.take_one().await?;
    Ok(allocation)
}

/// Returns the allocation without the time of the last change, which an update may set.
fn but_times(allocation: &Allocation) -> Allocation {
    let mut allocation = allocation.clone();
    allocation.updated = None;
    allocation
}
