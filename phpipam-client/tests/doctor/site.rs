//! Content of the site.

use std::time::Duration;

use ipam_core::{Allocate, AllocateLine, IpamProvider};
use phpipam_client::Client;
use phpipam_client::doctor::{Check, Severity, Step};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{CustomColumn, Fault, Object, Server, When};

use crate::stage::{examined, lacks, options, subject, user, wants};

async fn provider(server: &Server) -> PhpIpamProvider {
    let client = Client::builder(server.url(), Server::APP, user()).with_http_options(options()).build().unwrap();
    PhpIpamProvider::connect(client, PhpIpamConfig::new().with_sweep_on_connect(false)).await.unwrap()
}

#[tokio::test]
async fn a_configuration_that_does_not_fit_and_one_that_serves_nothing_are_told() {
    let server = Server::builder().example_data().start().await.unwrap();
    let report = examined(&subject(&server).with_config(PhpIpamConfig::new().with_section("Nowhere"))).await;
    wants(&report, Check::ConfigInvalid, Severity::Error, &["Nowhere"]);
    assert_eq!(report.not_done(), [Step::RequiredFields, Step::Claims, Step::Ranges]);
    let report =
        examined(&subject(&server).with_config(PhpIpamConfig::new().with_range_field("description", "none"))).await;
    wants(&report, Check::NothingServed, Severity::Warning, &["no subnet is served"]);
    lacks(&examined(&subject(&server)).await, Check::NothingServed);
}

#[tokio::test]
async fn required_fields_without_a_value_are_named_with_their_option() {
    let server = Server::builder().example_data().start().await.unwrap();
    server.seed(|store| {
        store.add_custom_field(Object::Address, CustomColumn::text("custom_ticket", 20).required(None));
    });
    wants(
        &examined(&subject(&server)).await,
        Check::RequiredField,
        Severity::Warning,
        &["custom_ticket", "set.custom_ticket=VALUE"],
    );
    let given = PhpIpamConfig::new().with_address_field("custom_ticket", "CHG-1");
    lacks(&examined(&subject(&server).with_config(given)).await, Check::RequiredField);
}

#[tokio::test]
async fn overlapping_ranges_and_addresses_around_ranges_are_named() {
    let server = Server::start().await.unwrap();
    server.seed(|store| {
        let vrf = store.add_vrf("red").to_string();
        for (name, net) in [("One", "10.0.0.0/24"), ("Two", "10.0.0.0/25")] {
            let section = store.add_section(name);
            let subnet = store.add_subnet(section, net.parse().unwrap());
            store.set_field(Object::Subnet, subnet, "vrfId", &vrf);
        }
        let section = store.add_section("Lab");
        let outer = store.add_subnet(section, "10.1.0.0/24".parse().unwrap());
        let inner = store.add_subnet(section, "10.1.0.0/25".parse().unwrap());
        store.set_field(Object::Subnet, inner, "masterSubnetId", &outer.to_string());
        store.add_address(outer, "10.1.0.9".parse().unwrap(), "old");
    });
    let report = examined(&subject(&server)).await;
    wants(&report, Check::OverlappingRanges, Severity::Warning, &["10.0.0.0/24", "10.0.0.0/25", "keep one of them"]);
    wants(&report, Check::EnclosingAddresses, Severity::Warning, &["10.1.0.0/24", "10.1.0.9", "move them"]);
}

#[tokio::test]
async fn abandoned_claims_are_counted_and_left_alone() {
    let server = Server::start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    let killed = provider(&server).await;
    server.fault(Fault::Latency(Duration::from_secs(9)), When::any().method("PATCH").always());
    let request = Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), 3));
    let reached = async {
        while server.count("PATCH", "/addresses/") == 0 && server.seed(|store| store.used(subnet).len()) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = reached => {}
        told = killed.allocate(&request) => panic!("{told:?}"),
    }
    drop(killed);
    server.clear_faults();
    server.advance(Duration::from_secs(200));
    let report = examined(&subject(&server)).await;
    wants(&report, Check::AbandonedClaims, Severity::Warning, &["3 addresses are held by 1 claim", "ipam sweep"]);
    assert_eq!(server.seed(|store| store.used(subnet).len()), 3);
}
