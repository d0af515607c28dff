//! An action is killed at its time limit, as vRA does, then repeated and undone: nothing stays behind.

use std::time::Duration;

use phpipam_client::testing::{Fault, When};
use serde_json::Value;
use vra_client::package::ReplayError;
use vra_client::plugin::Action;

use crate::site::{Simulated, Site, rows, simulated};
use crate::stage::undo;

/// Time that each response of the server takes: the kills come between and within requests.
const SLOW: Duration = Duration::from_millis(60);
const STEP: Duration = Duration::from_millis(45);

/// Undoes what the outputs of an action are.
fn put_back(site: &Site, action: Action, inputs: &Value, outputs: &Value) {
    if action == Action::AllocateIp {
        site.run(Action::DeallocateIp, &undo(outputs, inputs)).unwrap();
        return;
    }
    let mut back = site.sample("deallocate_ip_range");
    back["ipRangeDeallocation"]["ipRangeId"] = outputs["ipRange"]["id"].clone();
    site.run(Action::DeallocateIpRange, &back).unwrap();
}

/// Kills the action at more and more time until it is done before.
fn sweep(simulated: &Simulated, action: Action, name: &str) {
    let (site, server) = (&simulated.site, &simulated.server);
    let inputs = site.sample(name);
    let before = rows(server);
    let (mut limit, mut killed, mut changed) = (STEP, 0, 0);
    loop {
        server.clear_log();
        server.fault(Fault::Latency(SLOW), When::any().always());
        let outcome = site.limited(action, &inputs, limit);
        server.clear_faults();
        let done = match outcome {
            Err(ReplayError::TimedOut { .. }) => false,
            Ok(_) => true,
            Err(error) => panic!("{action} at {limit:?}: {error}"),
        };
        if !done {
            killed += u32::from(!server.requests().is_empty());
            changed += u32::from(rows(server) != before);
        }
        // Others protect the claim of a process that may be alive; vRA's repeat comes later, too.
        simulated.clock.advance(Duration::from_secs(600));
        let outputs = site.run(action, &inputs).unwrap_or_else(|error| panic!("{action} after {limit:?}: {error}"));
        put_back(site, action, &inputs, &outputs);
        assert_eq!(rows(server), before, "{action}, killed after {limit:?}: something stayed behind");
        if done {
            break;
        }
        limit += STEP;
        assert!(limit < Duration::from_secs(30), "{action} is never done");
    }
    assert!(killed >= 3 && changed >= 1, "{action}: {killed} kills within its requests, {changed} after a change");
    println!("{action}: done within {limit:?}; {killed} kills within its requests, {changed} of them after a change");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs IPAM_VRA_PACKAGE, a package written by `ipam vra package`"]
async fn an_allocation_that_is_killed_is_put_right_by_its_repeat() {
    let mut simulated = simulated().await;
    simulated.site.accepted = Some(simulated.certificate.pem.clone());
    sweep(&simulated, Action::AllocateIp, "allocate_ip_three_nics");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs IPAM_VRA_PACKAGE, a package written by `ipam vra package`"]
async fn a_network_whose_allocation_is_killed_is_put_right_by_its_repeat() {
    let mut simulated = simulated().await;
    simulated.site.accepted = Some(simulated.certificate.pem.clone());
    sweep(&simulated, Action::AllocateIpRange, "allocate_ip_range_by_prefix_length");
}
