//! A program that is told to stop undoes what its action had begun: the repeat need not wait for a claim to expire.

use std::sync::Arc;
use std::time::Duration;

use phpipam_client::provider::PhpIpamConfig;
use phpipam_client::testing::{Fault, Server, When};
use serde_json::{Value, json};
use vra_client::plugin::host::Host;
use vra_client::plugin::{Action, Plugin};

use crate::stage::{Stage, open, rows, simulated, undo};

/// Runs the action in a program that is told to stop while its request `at` is on the way. Returns true if there was one.
async fn stopped(server: &Arc<Server>, action: Action, inputs: &Value, at: u64) -> bool {
    let before = server.requests().len();
    server.fault(Fault::Latency(Duration::from_millis(30)), When::any().skip(at).times(1));
    let opened = Arc::clone(server);
    let host = Host::new(move |_| {
        let server = Arc::clone(&opened);
        // Claims last as long as in a program, so that one that is left makes the repeat busy.
        async move { open(&server, PhpIpamConfig::new()).await }
    });
    let stop = async {
        while server.requests().len() <= before + usize::try_from(at).unwrap() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let text = inputs.to_string();
    let done = host.serve_until(action.name(), text.as_bytes(), &mut output, &mut errors, stop).await.unwrap();
    server.clear_faults();
    if !done {
        let error: Value = serde_json::from_slice(&errors).unwrap();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("{action} was stopped at its time limit")), "{message}");
    }
    !done
}

/// Stops the action at each of its requests, with a server of its own each time.
async fn everywhere(action: Action, name: &str, back: impl Fn(&Stage, &Value, &Value) -> (Action, Value)) {
    let mut cuts = 0;
    for at in 0..40 {
        let (stage, server) = simulated().await;
        let before = rows(&server);
        let inputs = stage.sample(name);
        let there = stopped(&server, action, &inputs, at).await;
        let next = stage.with_plugin(Plugin::new(open(&server, PhpIpamConfig::new()).await.unwrap()));
        // Once: a claim that was left would make it busy.
        let outputs = next.run(action, &inputs).await.unwrap_or_else(|error| panic!("{action} at {at}: {error}"));
        let (undoing, inputs) = back(&next, &outputs, &inputs);
        next.run(undoing, &inputs).await.unwrap_or_else(|error| panic!("{undoing} at {at}: {error}"));
        assert_eq!(rows(&server), before, "{action} stopped at request {at}: rows were left, or lost");
        if !there {
            break;
        }
        cuts += 1;
    }
    assert!((3..40).contains(&cuts), "{action}: stopped at {cuts} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn allocate_ip_leaves_no_claim() {
    everywhere(Action::AllocateIp, "allocate_ip_three_nics", |_, outputs, inputs| {
        (Action::DeallocateIp, undo(outputs, inputs))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allocate_ip_range_leaves_no_claim() {
    everywhere(Action::AllocateIpRange, "allocate_ip_range_by_prefix_length", |stage, outputs, _| {
        let mut back = stage.sample("deallocate_ip_range");
        back["ipRangeDeallocation"]["ipRangeId"] = json!(outputs["ipRange"]["id"]);
        (Action::DeallocateIpRange, back)
    })
    .await;
}
