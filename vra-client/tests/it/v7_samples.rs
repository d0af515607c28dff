//! All recorded payloads of version 7, decoded into the public types and encoded again.

use std::collections::{BTreeMap, BTreeSet};

use vra_client::v7::Deployment;

use crate::replay::{Sample, replay, route};

fn samples() -> BTreeMap<String, Sample> {
    let mut samples = BTreeMap::new();
    for entry in std::fs::read_dir(crate::fixtures()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            samples.insert(name, Sample::read(&text).unwrap().expect("a recorded call"));
        }
    }
    samples
}

#[test]
fn every_payload_is_written_as_it_was_read() {
    let samples = samples();
    assert!(samples.len() >= 92, "{} samples", samples.len());
    let mut kept = 0;
    for (name, sample) in &samples {
        match replay(sample) {
            Ok(Some(_)) => kept += 1,
            Ok(None) => assert!(sample.body.is_null(), "{name}"),
            Err(why) => panic!("{name}: {why}"),
        }
    }
    assert!(kept >= 90, "{kept} kept");
}

/// The file may only shrink: a new line is a member that needs a field.
#[test]
fn the_members_without_a_field_are_those_listed() {
    let text = std::fs::read_to_string(crate::fixtures().join("EXTRA.txt")).unwrap();
    let listed: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut found = BTreeSet::new();
    for (name, sample) in samples() {
        let kept = replay(&sample).unwrap_or_else(|why| panic!("{name}: {why}"));
        found.extend(kept.into_iter().flat_map(|kept| kept.extra));
    }
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, listed);
}

/// The members are those that published clients read: no response is published.
#[test]
fn a_deployment_has_fields_for_what_clients_read_and_keeps_the_rest() {
    let json = r#"{"id": "d1", "name": "web", "createdDate": "2019-02-27T00:59:23.520Z", "expiryDate": null,
        "catalogItem": {"id": "c1", "label": "CentOS"}, "subtenant": {"id": "g1", "label": "Development"},
        "owners": [{"id": "tony@example.com", "name": "Tony", "type": "USER"}],
        "operations": [{"id": "o1", "name": "Destroy", "description": "x", "type": "ACTION"}],
        "components": [{"id": "m1", "name": "vm", "description": null, "type": "Infrastructure.Virtual",
            "parentId": "d1", "data": {"Component": "machine", "ip_address": ["10.60.1.10", "10.60.1.11"],
            "NETWORK_LIST": [{"data": {"NETWORK_ADDRESS": "10.60.1.11"}}, {"data": null}, 7]}, "state": "On"}],
        "expenseMonthToDate": {"amount": null, "currencyCode": null, "asOnDate": null},
        "request": {"id": "r1", "requestedBy": "tony@example.com", "phase": "FAILED", "completionDetailMessage": "x"},
        "policies": [1]}"#;
    let check = route("GET", "/catalog-service/api/consumer/deployments/d1", true).unwrap();
    let unknown = ["Deployment.policies", "Deployment.owners[].type", "Deployment.components[].state"];
    assert_eq!(check(json).unwrap().extra, unknown);
    let deployment: Deployment = serde_json::from_str(json).unwrap();
    assert_eq!(deployment.ip_addresses(), ["10.60.1.11", "10.60.1.10"]);
    assert_eq!(deployment.request.as_ref().unwrap().completion_details(), Some("x"));
    assert!(deployment.extra.was_null("expiryDate"));
    let wrong = check(r#"{"components": [{"data": {}}, {"id": true}]}"#).err().unwrap();
    assert!(wrong.contains("components[1].id"), "{wrong}");
}

#[test]
fn a_fixed_part_of_a_path_wins_over_a_value() {
    let fits = |path: &str| route("GET", path, true).unwrap();
    let memberships = r#"{"content": []}"#;
    assert!(fits("/identity/api/tenants/qe/subtenants/membership?page=1")(memberships).is_ok());
    assert!(route("GET", "/identity/api/nothing", true).is_none());
    let lossy = fits("/identity/api/tenants/qe")(r#"{"id": [1]}"#);
    assert!(lossy.is_err_and(|why| why.contains("id")));
}
