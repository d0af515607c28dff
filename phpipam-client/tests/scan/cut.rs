//! A run that is cut at any of its requests, and repeated, ends as one that was not cut.

use std::time::Duration;

use phpipam_client::scan::{Event, Policy};
use phpipam_client::testing::{Fault, Object, When};
use serde_json::{Map, Value};

use crate::stage::{Stage, to_the_minute};

/// Fate of one request.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// It never reaches the server.
    Before,
    /// Its response is lost.
    After,
    /// The server fails.
    Fails,
    /// The agent ends while the server carries it out.
    Death,
}

fn policy() -> Policy {
    Policy::default().with_last_seen_interval(Duration::ZERO).with_remove_after(Some(Duration::from_secs(86_400)))
}

/// Server with a row for each kind of change, which the next run makes.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.add("10.0.0.10", &[("lastSeen", "2027-01-15 06:00:00")]);
    stage.add("10.0.0.11", &[("lastSeen", "2027-01-15 06:00:00")]);
    stage.add("10.0.0.12", &[("lastSeen", "2027-01-15 06:00:00"), ("tag", "1")]);
    stage.add("10.0.0.13", &[("lastSeen", "2027-01-15 06:00:00"), ("tag", "3")]);
    stage.add(
        "10.0.0.14",
        &[
            ("lastSeen", "2027-01-10 08:00:00"),
            // A silent scan has marked it, so that this one removes it.
            ("tag", "1"),
            ("description", "-- autodiscovered --"),
            ("note", "Found by scan agent building7 at 2027-01-09 08:00:00"),
        ],
    );
    stage.probe.set(&["10.0.0.10", "10.0.0.12", "10.0.0.13", "10.0.0.20", "10.0.0.21"]);
    stage
}

type Row = Map<String, Value>;

/// Everything but the ids of new rows, which follow the order of the requests.
fn end(stage: &Stage) -> (Vec<Row>, Row, Row) {
    let mut rows = stage.rows();
    for row in &mut rows {
        row.remove("id");
    }
    rows.sort_by_key(|row| row["ip_addr"].to_string());
    stage.server.seed(|store| {
        let mut subnet = store.row(Object::Subnet, stage.subnet).unwrap();
        subnet.remove("editDate");
        let agent = store.row(Object::ScanAgent, stage.agent).unwrap();
        (rows, to_the_minute(subnet), to_the_minute(agent))
    })
}

/// Runs one case. Returns false if the run has fewer requests.
async fn case(cut: Cut, at: u64) -> bool {
    let stage = stage().await;
    let fault = match cut {
        Cut::Before => Fault::DropBefore,
        Cut::After => Fault::DropAfter,
        Cut::Fails => Fault::Status(500, "Error: disk full".to_owned()),
        Cut::Death => Fault::Latency(Duration::from_millis(40)),
    };
    stage.server.fault(fault, When::any().skip(at).times(1));
    let agent = stage.builder().with_policy(policy()).build().unwrap();
    let quiet = |_: &Event<'_>| {};
    match cut {
        Cut::Death => {
            let met = async {
                while stage.server.pending_faults() > 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                _ = agent.run_once(&quiet) => {}
                () = met => {}
            }
            drop(agent);
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        _ => {
            // The report may name the failure, or the whole run fails; both are right.
            let _ = agent.run_once(&quiet).await;
        }
    }
    let met = stage.server.pending_faults() == 0;
    stage.server.clear_faults();
    let report = stage.run_with(policy()).await;
    assert_eq!(report.totals.failed, 0, "{cut:?} at {at}: {report:?}");
    let whole = self::stage().await;
    whole.run_with(policy()).await;
    assert_eq!(end(&stage), end(&whole), "{cut:?} at {at}");
    met
}

async fn everywhere(cut: Cut) {
    let cases = (0..=36).map(|at| tokio::spawn(case(cut, at)));
    let mut met = Vec::new();
    for case in cases.collect::<Vec<_>>() {
        met.push(case.await.unwrap());
    }
    let requests = met.iter().filter(|met| **met).count();
    assert!(requests >= 15, "{cut:?}: only {requests} requests were cut");
    assert!(met.contains(&false), "{cut:?}: the run has more requests than that; raise the number");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_request() {
    everywhere(Cut::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response() {
    everywhere(Cut::After).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_server() {
    everywhere(Cut::Fails).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_killed() {
    everywhere(Cut::Death).await;
}
