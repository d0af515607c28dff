//! Every sample through its action, from the first contact with the endpoint on.

use std::path::Path;

use serde_json::{Value, json};
use vra_client::package::ReplayError;
use vra_client::plugin::Action;

use crate::site::{Site, real, rows, simulated};
use crate::stage::undo;
use crate::tls::SelfSigned;

/// Samples that an action refuses, and a part of its message.
const REFUSED: [(&str, &str); 2] =
    [("allocate_ip_last_nic_from_full_range", "No free address"), ("allocate_ip_start_no_address", "start")];

/// Returns the names of all samples of an action, with this beginning and not the other.
fn names(beginning: &str, without: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vra-client/tests/fixtures/plugin");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|file| file.strip_suffix(".json").map(str::to_owned));
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with(beginning) && (without.is_empty() || !name.starts_with(without)))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{beginning}");
    names
}

fn message(error: ReplayError) -> String {
    match error {
        ReplayError::Raised { message, .. } => message,
        other => panic!("{other}"),
    }
}

/// Shows the certificate to the administrator, who accepts it; other certificates are refused.
fn accept(site: &mut Site) {
    let refused = site.run(Action::ValidateEndpoint, &site.sample("validate_endpoint")).unwrap();
    assert_eq!(refused["error"]["errorCode"], "3002", "{refused}");
    let chain = refused["certificateInfo"]["certificate"].as_str().unwrap().to_owned();
    assert!(
        message(site.run(Action::GetIpRanges, &site.sample("get_ip_ranges_first_page")).unwrap_err())
            .contains("not trusted")
    );

    site.accepted = Some(SelfSigned::new().pem);
    let other = site.run(Action::ValidateEndpoint, &site.sample("validate_endpoint")).unwrap();
    assert_eq!(other["error"]["errorCode"], "3002", "{other}");
    let text = message(site.run(Action::AllocateIp, &site.sample("allocate_ip_one")).unwrap_err());
    assert!(text.contains("not trusted"), "{text}");

    // vRA's form may turn line ends into two characters.
    site.accepted = Some(chain.replace('\n', "\\n"));
    site.run(Action::ValidateEndpoint, &site.sample("validate_endpoint")).unwrap();
    site.accepted = Some(chain);
    let valid = site.run(Action::ValidateEndpoint, &site.sample("validate_endpoint")).unwrap();
    assert_eq!(valid["statusCode"], "200");
}

fn all_samples(site: &Site) {
    let run =
        |action, name: &str, inputs: &Value| site.run(action, inputs).unwrap_or_else(|error| panic!("{name}: {error}"));
    for name in names("get_ip_ranges", "") {
        let outputs = run(Action::GetIpRanges, &name, &site.sample(&name));
        assert!(!outputs["ipRanges"].as_array().unwrap().is_empty(), "{name}");
    }
    let blocks = run(Action::GetIpBlocks, "get_ip_blocks", &site.sample("get_ip_blocks"));
    assert_eq!(blocks["ipBlocks"].as_array().unwrap().len(), 2, "{blocks}");
    for name in names("allocate_ip", "allocate_ip_range_") {
        let inputs = site.sample(&name);
        if let Some((_, expected)) = REFUSED.iter().find(|refused| refused.0 == name) {
            let text = message(site.run(Action::AllocateIp, &inputs).unwrap_err());
            assert!(text.contains(expected), "{name}: {text}");
            continue;
        }
        let first = run(Action::AllocateIp, &name, &inputs);
        assert_eq!(run(Action::AllocateIp, &name, &inputs), first, "{name}: a repeat took other addresses");
        if name == "allocate_ip_one" {
            let mut update = site.sample("update_record");
            update["addressInfos"][0]["address"] = first["ipAllocations"][0]["ipAddresses"][0].clone();
            run(Action::UpdateRecord, "update_record", &update);
        }
        run(Action::DeallocateIp, &name, &undo(&first, &inputs));
    }
    for name in names("deallocate_ip", "deallocate_ip_range") {
        run(Action::DeallocateIp, &name, &site.sample(&name));
    }
    for name in names("allocate_ip_range_", "") {
        let inputs = site.sample(&name);
        let first = run(Action::AllocateIpRange, &name, &inputs);
        let mut back = site.sample("deallocate_ip_range");
        back["ipRangeDeallocation"]["ipRangeId"] = first["ipRange"]["id"].clone();
        run(Action::DeallocateIpRange, &name, &back);
        run(Action::DeallocateIpRange, &name, &back);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs IPAM_VRA_PACKAGE, a package written by `ipam vra package`"]
async fn samples_over_the_simulated_phpipam() {
    let mut simulated = simulated().await;
    let before = rows(&simulated.server);
    accept(&mut simulated.site);
    assert_eq!(simulated.site.accepted.as_deref().map(str::trim), Some(simulated.certificate.pem.trim()));
    all_samples(&simulated.site);
    assert_eq!(rows(&simulated.server), before, "something stayed behind");

    let mut wrong = simulated.site.sample("validate_endpoint");
    wrong["endpointProperties"]["apiAppId"] = json!("no-such-app");
    let text = message(simulated.site.run(Action::ValidateEndpoint, &wrong).unwrap_err());
    assert!(text.contains("app"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs IPAM_VRA_PACKAGE, a package written by `ipam vra package`; over IPAM_LIVE_PHPIPAM_URL with https"]
async fn samples_over_a_real_phpipam() {
    if !std::env::var("IPAM_LIVE_PHPIPAM_URL").is_ok_and(|url| url.starts_with("https://")) {
        println!("skipped: IPAM_LIVE_PHPIPAM_URL names no server with https");
        return;
    }
    let mut site = real().await;
    accept(&mut site);
    all_samples(&site);
}
