//! Runs `ipam vra7` over a server in this process: each verb, both forms of output, exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use support::Ran;
use vra_client::testing::v7::{Item, Server};
use vra_client::testing::{Fault, When};

async fn run(server: &Server, arguments: &[&str]) -> Ran {
    let mut command = support::command(None, &[&["vra7", "--allow-http"], arguments].concat());
    command.env("IPAM_VRA_URL", server.url()).env("IPAM_VRA_USER", Server::USER);
    command.env("IPAM_VRA_TENANT", Server::TENANT).env("IPAM_VRA_PASSWORD", Server::PASSWORD);
    let ran = tokio::task::spawn_blocking(move || command.output());
    support::ran(ran.await.unwrap().unwrap())
}

async fn ok(server: &Server, arguments: &[&str]) -> String {
    let ran = run(server, arguments).await;
    assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    ran.out
}

async fn json(server: &Server, arguments: &[&str]) -> Value {
    let out = ok(server, &[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

async fn example() -> Server {
    Server::builder().example_data().start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_requested_and_its_address_shown() {
    let server = example().await;
    assert!(ok(&server, &["items"]).await.contains("CentOS with approval"));
    let made = json(
        &server,
        &[
            "request",
            "CentOS",
            "--group",
            "Development",
            "--set",
            "machine.cpu=2",
            "--reason",
            "a test",
            "--pause",
            "1s",
        ],
    )
    .await;
    assert_eq!(made["state"], "SUCCESSFUL");
    let requests = json(&server, &["requests"]).await;
    assert_eq!((&requests[0]["id"], &requests[0]["reasons"]), (&made["request"], &Value::from("a test")));
    let machines = ok(&server, &["resources", "--type", "Infrastructure.Machine"]).await;
    assert!(machines.contains("10.60.1.10") && machines.contains("On"), "{machines}");
    let id = made["request"].as_str().unwrap();
    assert_eq!(json(&server, &["resources", "--request", id]).await.as_array().unwrap().len(), 2);
    let profile = json(&server, &["profiles", "Servers"]).await;
    assert_eq!((&profile["ranges"][0]["in_use"], &profile["ranges"][0]["free"]), (&Value::from(1), &Value::from(9)));
    assert!(ok(&server, &["profiles", "--kind", "external"]).await.contains("Servers"));
    assert!(ok(&server, &["profiles", "--kind", "nat"]).await.contains("no network profiles"));
    let reservations = ok(&server, &["reservations", "--name", "Dev"]).await;
    assert!(reservations.contains("vSphere") && reservations.contains("Servers"), "{reservations}");
    let tokens = server.count("DELETE", "/identity/api/tokens/");
    assert_eq!(tokens, server.count("POST", "/identity/api/tokens"), "each run gives its token back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_approved_or_rejected() {
    let server = example().await;
    for (arguments, end) in [(vec!["--reason", "fine"], "IN_PROGRESS"), (vec!["--reject"], "PRE_REJECTED")] {
        let handed_in = json(&server, &["request", "CentOS with approval", "--no-wait"]).await;
        let waiting = json(&server, &["approve"]).await;
        let id = waiting[0]["id"].as_str().unwrap();
        let done = json(&server, &[&["approve", id], arguments.as_slice()].concat()).await;
        assert_eq!(done[0]["status"], "Completed");
        assert!(ok(&server, &["approve"]).await.contains("nothing to approve"));
        let requests = json(&server, &["requests", "--limit", "0"]).await;
        let found = requests.as_array().unwrap().iter().find(|row| row["id"] == handed_in["request"]).unwrap();
        assert_eq!(found["state"], end);
        assert_eq!(run(&server, &["approve", id]).await.code, 2, "it is completed already");
    }
    assert_eq!(json(&server, &["approve", "--all"]).await.as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_the_programs_codes() {
    let server = example().await;
    server.seed(|store| store.add_item(Item::new("Broken").with_failure("no capacity").with_polls_in_progress(0)));
    for (arguments, code, word) in [
        (
            vec!["request", "Nothing"],
            4,
            "ITEM \"Nothing\": no catalog item of this name may be requested; known names: Broken, CentOS",
        ),
        (vec!["resources", "--request", "no-such"], 4, "20111"),
        (vec!["request", "CentOS", "--group", "Unknown"], 4, "--group \"Unknown\": the tenant"),
        (vec!["request", "CentOS", "--group", "Unknown"], 4, "no such business group; known names: Development"),
        (vec!["request", "CentOS", "--set", "cpu"], 2, "write KEY=VALUE"),
        (vec!["request", "CentOS", "--set", "typo.cpu=2"], 2, "a component of the template"),
        (vec!["request", "Broken", "--pause", "1s"], 1, "no capacity"),
        (vec!["request", "CentOS with approval", "--wait", "1s", "--pause", "1s"], 1, "PENDING_PRE_APPROVAL"),
        (vec!["--user", "EXAMPLE\\tony", "items"], 2, "user@domain"),
        (vec!["--user", "unknown@example.com", "items"], 1, "the server refused the user, the password or the tenant"),
        (vec!["--ca", "/nowhere/at/all", "items"], 2, "cannot be read"),
        (vec!["--url", "https://127.0.0.1:1", "items"], 1, "unavailable: cannot connect to the server"),
    ] {
        let ran = run(&server, &arguments).await;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(word), "{arguments:?}: {ran:?}");
        assert!(!ran.err.contains(Server::PASSWORD), "{ran:?}");
    }
    server.fault(Fault::Status(403, "no rights".into()), When::any().path("/network/profiles"));
    let refused = run(&server, &["profiles", "--json"]).await;
    let told: Value = serde_json::from_str(&refused.err).unwrap();
    assert_eq!(told["error"]["kind"], "permission denied", "{refused:?}");
}
