//! Over phpIPAM, the process of each action dies at each of its requests; another process repeats the action and undoes
//! it. No row is left, none is made twice.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use ipam_core::ErrorKind;
use phpipam_client::testing::{Fault, Server, When};
use serde_json::Value;
use vra_client::plugin::{Action, ActionError};

use crate::stage::{Stage, connect, rows, simulated, undo};

/// Fate of the request at which the process dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// The request never reaches the server.
    Before,
    /// The server carries out the request after the process is gone.
    Late,
}

/// Runs the action in a process that dies at its request `at`. Returns true if there was such a request.
async fn die(server: &Server, action: Action, inputs: &Value, death: Death, at: u64) -> bool {
    let plugin = connect(server).await;
    let before = server.requests().len();
    let fault = match death {
        Death::Before => Fault::DropBefore,
        Death::Late => Fault::Latency(Duration::from_millis(150)),
    };
    server.fault(fault, When::any().skip(at).times(1));
    let there = tokio::select! {
        _ = plugin.run(action, inputs) => false,
        () = async { while server.requests().len() <= before + usize::try_from(at).unwrap() { tokio::time::sleep(Duration::from_millis(1)).await } } => true,
    };
    drop(plugin);
    server.clear_faults();
    // The server finishes a request that it has begun; its delay is shorter than this pause.
    tokio::time::sleep(Duration::from_millis(200)).await;
    there
}

/// Runs the action as vRA does, which repeats one that fails as busy.
///
/// The claims of these tests have a second, so that abandoned ones are soon undone. On a machine that is busy with all cases
/// at once, three addresses may take longer.
async fn served(stage: &Stage, action: Action, inputs: &Value) -> Result<Value, ActionError> {
    for _ in 0..20 {
        match stage.run(action, inputs).await {
            Err(error) if error.ipam_error().is_some_and(|error| error.kind() == ErrorKind::Busy) => {}
            done => return done,
        }
    }
    stage.run(action, inputs).await
}

/// Runs one case: death at request `at`, repeat, undo. Returns `None` if the action has fewer requests.
async fn case(action: Action, name: &'static str, death: Death, at: u64) -> Option<()> {
    let (stage, server) = simulated().await;
    let before = rows(&server);
    let mut inputs = stage.sample(name);
    let mut setup = None;
    match action {
        Action::DeallocateIp => {
            let machine = stage.sample("allocate_ip_three_nics");
            let allocated = served(&stage, Action::AllocateIp, &machine).await.unwrap();
            inputs = undo(&allocated, &machine);
        }
        Action::UpdateRecord => {
            let machine = stage.sample("allocate_ip_one");
            let allocated = served(&stage, Action::AllocateIp, &machine).await.unwrap();
            inputs["addressInfos"][0]["address"] = allocated["ipAllocations"][0]["ipAddresses"][0].clone();
            setup = Some(undo(&allocated, &machine));
        }
        Action::DeallocateIpRange => {
            let allocated =
                served(&stage, Action::AllocateIpRange, &stage.sample("allocate_ip_range_by_prefix_length")).await;
            inputs["ipRangeDeallocation"]["ipRangeId"] = allocated.unwrap()["ipRange"]["id"].clone();
        }
        _ => {}
    }
    let there = die(&server, action, &inputs, death, at).await;
    let next = stage.with_plugin(connect(&server).await);
    let outputs =
        served(&next, action, &inputs).await.unwrap_or_else(|error| panic!("{action}, {death:?} at {at}: {error}"));
    match action {
        Action::AllocateIp => {
            let again = served(&next, action, &inputs).await.unwrap();
            assert_eq!(again, outputs, "{death:?} at {at}: repeated once more, the outputs differ");
            served(&next, Action::DeallocateIp, &undo(&outputs, &inputs)).await.unwrap();
        }
        Action::AllocateIpRange => {
            let mut back = next.sample("deallocate_ip_range");
            back["ipRangeDeallocation"]["ipRangeId"] = outputs["ipRange"]["id"].clone();
            served(&next, Action::DeallocateIpRange, &back).await.unwrap();
        }
        _ => {}
    }
    if let Some(undo) = setup {
        served(&next, Action::DeallocateIp, &undo).await.unwrap();
    }
    assert_eq!(rows(&server), before, "{action}, {death:?} at request {at}: rows were left, or lost");
    there.then_some(())
}

/// Number of cases that run at once. With many more, a busy machine spends the second of a claim on the other cases.
const AT_ONCE: usize = 8;

/// Runs `case` for both deaths at each request up to `most`, each with a server of its own.
async fn everywhere<F>(action: Action, most: u64, case: impl Fn(Death, u64) -> F + Send + Sync)
where
    F: Future<Output = bool> + Send + 'static,
{
    let cases = [Death::Before, Death::Late].into_iter().flat_map(|death| (0..=most).map(move |at| (death, at)));
    let there: Vec<_> = stream::iter(cases)
        .map(|(death, at)| tokio::spawn(case(death, at)))
        .buffer_unordered(AT_ONCE)
        .map(|case| case.unwrap())
        .collect()
        .await;
    assert!(there.contains(&true), "{action}: no request was cut off");
    assert!(there.contains(&false), "{action}: it has more requests than {most}; raise the number");
}

/// Runs the cases of an action that is repeated with the same inputs.
async fn repeated(action: Action, name: &'static str, most: u64) {
    everywhere(action, most, |death, at| async move { case(action, name, death, at).await.is_some() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allocate_ip() {
    repeated(Action::AllocateIp, "allocate_ip_three_nics", 28).await;
}

/// Runs AllocateIP in a process that dies at request `at`, and goes on in another one as vRA may: with another name and
/// fewer network cards, and then with all.
async fn changed_case(death: Death, at: u64) -> bool {
    let (stage, server) = simulated().await;
    let before = rows(&server);
    let inputs = stage.sample("allocate_ip_three_nics");
    let there = die(&server, Action::AllocateIp, &inputs, death, at).await;
    let next = stage.with_plugin(connect(&server).await);
    let mut fewer = inputs.clone();
    fewer["resourceInfo"]["name"] = "renamed".into();
    fewer["ipAllocations"] = [2, 1].into_iter().map(|index| inputs["ipAllocations"][index].clone()).collect();
    let fewer =
        served(&next, Action::AllocateIp, &fewer).await.unwrap_or_else(|error| panic!("{death:?} at {at}: {error}"));
    let all =
        served(&next, Action::AllocateIp, &inputs).await.unwrap_or_else(|error| panic!("{death:?} at {at}: {error}"));
    for (index, other) in [(2, 0), (1, 1)] {
        assert_eq!(all["ipAllocations"][index], fewer["ipAllocations"][other], "{death:?} at {at}");
    }
    assert_eq!(rows(&server).1.len(), before.1.len() + 3, "{death:?} at {at}: an entry has two addresses");
    served(&next, Action::DeallocateIp, &undo(&all, &inputs)).await.unwrap();
    assert_eq!(rows(&server), before, "{death:?} at request {at}: rows were left, or lost");
    there
}

#[tokio::test(flavor = "multi_thread")]
async fn allocate_ip_that_comes_again_changed() {
    everywhere(Action::AllocateIp, 28, changed_case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deallocate_ip() {
    repeated(Action::DeallocateIp, "deallocate_ip", 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn update_record() {
    repeated(Action::UpdateRecord, "update_record", 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allocate_ip_range() {
    repeated(Action::AllocateIpRange, "allocate_ip_range_by_prefix_length", 14).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deallocate_ip_range() {
    repeated(Action::DeallocateIpRange, "deallocate_ip_range", 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_and_validation() {
    repeated(Action::GetIpRanges, "get_ip_ranges_small_pages", 8).await;
    repeated(Action::GetIpBlocks, "get_ip_blocks", 8).await;
    repeated(Action::ValidateEndpoint, "validate_endpoint", 9).await;
}

/// A plug-in that is used again and again logs in once.
#[tokio::test]
async fn one_login_serves_many_actions() {
    let (stage, server) = simulated().await;
    for _ in 0..5 {
        stage.run(Action::GetIpRanges, &stage.sample("get_ip_ranges_first_page")).await.unwrap();
    }
    assert_eq!(server.count("POST", "/user/"), 1);
    assert_eq!(server.count("DELETE", "/user/"), 0, "other clients of the user would be logged out");
}
