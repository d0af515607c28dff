//! Each action is cut off at each of its calls, repeated, and undone: nothing leaks, nothing is taken twice.

use std::sync::Arc;

use ipam_tests::cut::{Cut, CutProvider};
use serde_json::{Value, json};
use vra_client::plugin::{Action, Plugin};

use crate::stage::{Stage, all, undo};

/// State that an action must leave as it was once it is undone.
async fn state(stage: &Stage) -> (u128, usize) {
    let ranges = stage.plugin.provider().list_ranges(&ipam_core::ListRanges::all()).await.unwrap().items.len();
    (stage.allocated().await, ranges)
}

/// Runs `action` cut off at its call `at`. Returns true if there was such a call.
async fn cut_off(stage: &Stage, action: Action, inputs: &Value, cut: Cut, at: u32) -> bool {
    let provider = Arc::new(CutProvider::new(Arc::clone(stage.plugin.provider()), cut, at));
    let plugin = Plugin::new(Arc::clone(&provider));
    tokio::select! {
        outcome = plugin.run(action, inputs) => assert_eq!(outcome.is_err(), provider.calls() > at, "{action}, {cut:?} at {at}"),
        () = provider.died() => assert_eq!(cut, Cut::Death),
    }
    provider.calls() > at
}

/// Cuts the action off everywhere, with `repeat` after each cut, and counts the cuts.
async fn everywhere(stage: &Stage, action: Action, inputs: &Value, mut repeat: impl AsyncFnMut(&Stage)) {
    let before = state(stage).await;
    let mut cuts = 0;
    for cut in [Cut::Before, Cut::After, Cut::Death] {
        for at in 0.. {
            let there = cut_off(stage, action, inputs, cut, at).await;
            repeat(stage).await;
            assert_eq!(state(stage).await, before, "{action}, {cut:?} at call {at}: something stayed behind");
            if !there {
                break;
            }
            cuts += 1;
        }
    }
    assert!(cuts >= 3, "{action}: nothing was cut off");
}

/// Cuts AllocateIP off everywhere; after each cut its repetition takes each address once.
async fn allocated_once(stage: &Stage, inputs: &Value) {
    everywhere(stage, Action::AllocateIp, inputs, async |stage| {
        let before = stage.allocated().await;
        let allocated = stage.run(Action::AllocateIp, inputs).await.unwrap();
        assert!(stage.allocated().await <= before + 3);
        stage.run(Action::DeallocateIp, &undo(&allocated, inputs)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn allocate_ip_repeated_after_any_cut_takes_once() {
    for stage in all().await {
        allocated_once(&stage, &stage.sample("allocate_ip_three_nics")).await;
    }
}

#[tokio::test]
async fn allocate_ip_with_a_range_that_is_gone_takes_once() {
    for stage in all().await {
        let mut inputs = stage.sample("allocate_ip_three_nics");
        inputs["ipAllocations"][1]["ipRangeIds"].as_array_mut().unwrap().insert(0, json!("999999"));
        allocated_once(&stage, &inputs).await;
    }
}

#[tokio::test]
async fn deallocate_ip_repeated_after_any_cut_frees_all_and_no_other_owners() {
    for stage in all().await {
        let machine = stage.sample("allocate_ip_three_nics");
        let allocated = stage.run(Action::AllocateIp, &machine).await.unwrap();
        let inputs = undo(&allocated, &machine);
        let mut next = machine.clone();
        next["resourceInfo"]["id"] = json!("the next machine");
        for cut in [Cut::Before, Cut::After, Cut::Death] {
            let mut at = 0;
            loop {
                stage.run(Action::AllocateIp, &machine).await.unwrap();
                let there = cut_off(&stage, Action::DeallocateIp, &inputs, cut, at).await;
                stage.run(Action::DeallocateIp, &inputs).await.unwrap();
                // The addresses now belong to another owner; the late repeat must leave them alone.
                let theirs = stage.run(Action::AllocateIp, &next).await.unwrap();
                let held = stage.allocated().await;
                stage.run(Action::DeallocateIp, &inputs).await.unwrap();
                assert_eq!(stage.allocated().await, held, "{cut:?} at {at}: a late repeat freed the next owner's");
                stage.run(Action::DeallocateIp, &undo(&theirs, &next)).await.unwrap();
                if !there {
                    break;
                }
                at += 1;
            }
            assert!(at > 0, "{cut:?}: nothing was cut off");
        }
    }
}

#[tokio::test]
async fn allocate_ip_range_repeated_after_any_cut_allocates_once() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_range_by_prefix_length");
        everywhere(&stage, Action::AllocateIpRange, &inputs, async |stage| {
            let allocated = stage.run(Action::AllocateIpRange, &inputs).await.unwrap();
            let mut back = stage.sample("deallocate_ip_range");
            back["ipRangeDeallocation"]["ipRangeId"] = allocated["ipRange"]["id"].clone();
            stage.run(Action::DeallocateIpRange, &back).await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn deallocate_ip_range_repeated_after_any_cut_is_done_once() {
    for stage in all().await {
        let inputs = stage.sample("allocate_ip_range_by_prefix_length");
        for cut in [Cut::Before, Cut::After, Cut::Death] {
            let before = state(&stage).await;
            let allocated = stage.run(Action::AllocateIpRange, &inputs).await.unwrap();
            let mut back = stage.sample("deallocate_ip_range");
            back["ipRangeDeallocation"]["ipRangeId"] = allocated["ipRange"]["id"].clone();
            assert!(cut_off(&stage, Action::DeallocateIpRange, &back, cut, 0).await);
            stage.run(Action::DeallocateIpRange, &back).await.unwrap();
            assert_eq!(state(&stage).await, before, "{cut:?}");
        }
    }
}

#[tokio::test]
async fn update_record_and_the_listings_can_be_cut_off_and_repeated() {
    for stage in all().await {
        let allocated = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_one")).await.unwrap();
        let mut update = stage.sample("update_record");
        update["addressInfos"][0]["address"] = allocated["ipAllocations"][0]["ipAddresses"][0].clone();
        for (action, inputs) in [
            (Action::UpdateRecord, update),
            (Action::GetIpRanges, stage.sample("get_ip_ranges_small_pages")),
            (Action::GetIpBlocks, stage.sample("get_ip_blocks")),
            (Action::ValidateEndpoint, stage.sample("validate_endpoint")),
        ] {
            everywhere(&stage, action, &inputs, async |stage| {
                stage.run(action, &inputs).await.unwrap();
            })
            .await;
        }
    }
}
