//! All recorded payloads, decoded into the public types and encoded again.

use std::collections::BTreeSet;

use serde_json::json;
use vra_client::v7::Deployment;

use crate::replay::Outcome;
use crate::{fixtures, prepared, response, samples};

/// Versions with recorded payloads, and the number of those that have a body.
const VERSIONS: [(&str, usize); 2] = [("v7", 90), ("v8", 49)];

#[test]
fn every_payload_is_written_as_it_was_read() {
    let replay = prepared();
    for (version, bodies) in VERSIONS {
        let mut kept = 0;
        for (name, sample) in samples(version) {
            match replay.replay(&sample) {
                Ok(Outcome::Kept(_)) => kept += 1,
                Ok(Outcome::Skipped(_)) => assert!(sample.body.is_null(), "{name}"),
                Ok(Outcome::NotServed(why)) => panic!("{name}: {why}"),
                Err(why) => panic!("{name}: {why}"),
            }
        }
        assert!(kept >= bodies, "{kept} of {version} kept");
    }
}

/// The files may only shrink: a new line is a member that needs a field.
#[test]
fn the_members_without_a_field_are_those_listed() {
    let replay = prepared();
    for (version, _) in VERSIONS {
        let text = std::fs::read_to_string(fixtures(version).join("EXTRA.txt")).unwrap();
        let listed: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let mut found = BTreeSet::new();
        for (name, sample) in samples(version) {
            if let Outcome::Kept(extra) = replay.replay(&sample).unwrap_or_else(|why| panic!("{name}: {why}")) {
                found.extend(extra);
            }
        }
        let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, listed, "{version}");
    }
}

/// The members are those that published clients read: no response is published.
#[test]
fn a_deployment_has_fields_for_what_clients_read_and_keeps_the_rest() {
    let body = json!({"id": "d1", "name": "web", "createdDate": "2019-02-27T00:59:23.520Z", "expiryDate": null,
        "catalogItem": {"id": "c1", "label": "CentOS"}, "subtenant": {"id": "g1", "label": "Development"},
        "owners": [{"id": "tony@example.com", "name": "Tony", "type": "USER"}],
        "operations": [{"id": "o1", "name": "Destroy", "description": "x", "type": "ACTION"}],
        "components": [{"id": "m1", "name": "vm", "description": null, "type": "Infrastructure.Virtual",
            "parentId": "d1", "data": {"Component": "machine", "ip_address": ["10.60.1.10", "10.60.1.11"],
            "NETWORK_LIST": [{"data": {"NETWORK_ADDRESS": "10.60.1.11"}}, {"data": null}, 7]}, "state": "On"}],
        "expenseMonthToDate": {"amount": null, "currencyCode": null, "asOnDate": null},
        "request": {"id": "r1", "requestedBy": "tony@example.com", "phase": "FAILED", "completionDetailMessage": "x"},
        "policies": [1]});
    let at = "/catalog-service/api/consumer/deployments/d1";
    let kept = prepared().replay(&response("GET", at, body.clone())).unwrap();
    let unknown = ["Deployment.policies", "Deployment.owners[].type", "Deployment.components[].state"];
    assert_eq!(kept, Outcome::Kept(unknown.map(str::to_owned).to_vec()));
    let deployment: Deployment = serde_json::from_value(body).unwrap();
    assert_eq!(deployment.ip_addresses(), ["10.60.1.11", "10.60.1.10"]);
    assert_eq!(deployment.request.as_ref().unwrap().completion_details(), Some("x"));
    assert!(deployment.extra.was_null("expiryDate"));
    let wrong = json!({"components": [{"data": {}}, {"id": true}]});
    let wrong = prepared().replay(&response("GET", at, wrong)).unwrap_err();
    assert!(wrong.contains("components[1].id"), "{wrong}");
}
