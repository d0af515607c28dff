//! Shortfalls of the public plug-ins that only show over a phpIPAM.

use ipam_core::ErrorKind;
use phpipam_client::testing::{Fault, Object, When};
use serde_json::json;
use vra_client::plugin::Action;

use crate::stage::{simulated, undo};

#[tokio::test]
async fn a_deallocation_that_the_server_refused_is_no_success() {
    let (stage, server) = simulated().await;
    let machine = stage.sample("allocate_ip_one");
    let allocated = stage.run(Action::AllocateIp, &machine).await.unwrap();
    let inputs = undo(&allocated, &machine);
    server.seed(|store| store.set_api_enabled(false));
    stage.run(Action::DeallocateIp, &inputs).await.unwrap_err();
    server.seed(|store| store.set_api_enabled(true));
    server.fault(Fault::Status(401, "invalid permissions".to_owned()), When::any().method("DELETE").always());
    stage.run(Action::DeallocateIp, &inputs).await.unwrap_err();
    server.clear_faults();
    let held = stage.allocated().await;
    stage.run(Action::DeallocateIp, &inputs).await.unwrap();
    assert_eq!(stage.allocated().await, held - 1);
}

#[tokio::test]
async fn a_deallocation_that_never_reached_the_server_is_no_success() {
    let (stage, server) = simulated().await;
    server.fault(Fault::DropBefore, When::any().always());
    let error = stage.run(Action::DeallocateIp, &stage.sample("deallocate_ip")).await.unwrap_err();
    assert_eq!(error.ipam_error().unwrap().kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn listing_takes_as_many_requests_for_many_subnets_as_for_few() {
    let (stage, server) = simulated().await;
    let inputs = stage.sample("get_ip_ranges_first_page");
    let count = async || {
        server.clear_log();
        stage.run(Action::GetIpRanges, &inputs).await.unwrap();
        server.requests().len()
    };
    let few = count().await;
    server.seed(|store| {
        let section = store.add_section("many");
        for index in 0..200u8 {
            let id = store.add_subnet(section, format!("10.200.{index}.0/24").parse().unwrap());
            store.set_field(Object::Subnet, id, "custom_vRA_Range", "1");
            let row = store.add_address(id, [10, 200, index, 1].into(), "gateway");
            store.set_field(Object::Address, row, "is_gateway", "1");
        }
    });
    assert_eq!(count().await, few);
    assert!(few <= 4, "{few} requests");
}

#[tokio::test]
async fn name_servers_are_read_whatever_their_list_looks_like() {
    for (list, expected) in [
        ("10.0.0.1;10.0.0.2", json!(["10.0.0.1", "10.0.0.2"])),
        ("10.0.0.1&#59;10.0.0.2", json!(["10.0.0.1", "10.0.0.2"])),
        (";10.0.0.2; ", json!(["10.0.0.2"])),
        ("", json!([])),
    ] {
        let (stage, server) = simulated().await;
        server.seed(|store| {
            for id in store.ids(Object::Nameservers) {
                store.set_field(Object::Nameservers, id, "namesrv1", list);
            }
        });
        let outputs = stage.run(Action::GetIpRanges, &stage.sample("get_ip_ranges_first_page")).await.unwrap();
        assert_eq!(outputs["ipRanges"][0]["dnsServerAddresses"], expected, "{list:?}");
    }
}

#[tokio::test]
async fn what_an_administrator_set_aside_is_never_handed_out() {
    let (stage, server) = simulated().await;
    let subnet = stage.ids["12"].parse().unwrap();
    server.seed(|store| {
        for (last, tag) in [(2, "3"), (3, "4")] {
            let id = store.add_address(subnet, [10, 16, 20, last].into(), "");
            store.set_field(Object::Address, id, "tag", tag);
        }
    });
    let outputs = stage.run(Action::AllocateIp, &stage.sample("allocate_ip_one")).await.unwrap();
    assert_eq!(outputs["ipAllocations"][0]["ipAddresses"], json!(["10.16.20.4"]));
    let mut exact = stage.sample("allocate_ip_start_requested");
    exact["resourceInfo"]["id"] = json!("another machine");
    exact["ipAllocations"][0]["start"] = json!("10.16.20.3");
    assert!(stage.run(Action::AllocateIp, &exact).await.unwrap_err().ipam_error().unwrap().is_conflict());
}

#[tokio::test]
async fn is_pool_widens_a_subnet_and_chooses_none() {
    let (stage, server) = simulated().await;
    let subnet = stage.ids["13"].parse().unwrap();
    server.seed(|store| store.set_field(Object::Subnet, subnet, "isPool", "1"));
    let outputs = stage.run(Action::GetIpRanges, &stage.sample("get_ip_ranges_first_page")).await.unwrap();
    let ranges = outputs["ipRanges"].as_array().unwrap();
    assert_eq!(ranges.len(), 5, "isPool has nothing to do with which subnets are shown");
    let pool = ranges.iter().find(|range| range["id"] == stage.ids["13"].as_str()).unwrap();
    assert_eq!((&pool["startIPAddress"], &pool["endIPAddress"]), (&json!("10.16.30.0"), &json!("10.16.30.255")));
}

#[tokio::test]
async fn addresses_that_older_plug_ins_left_unmarked_are_freed() {
    let (stage, server) = simulated().await;
    let subnet = stage.ids["12"].parse().unwrap();
    let row = server.seed(|store| store.add_address(subnet, [10, 16, 20, 2].into(), "left behind"));
    let outputs = stage.run(Action::DeallocateIp, &stage.sample("deallocate_ip")).await.unwrap();
    assert_eq!(outputs["ipDeallocations"][0]["message"], "Success");
    assert!(!server.seed(|store| store.ids(Object::Address)).contains(&row));
}

#[tokio::test]
async fn a_network_whose_allocation_fails_half_way_leaves_nothing() {
    let (stage, server) = simulated().await;
    let before = server.seed(|store| store.ids(Object::Subnet));
    // The subnet is made, the response is lost, and from then on the server refuses everything.
    server.fault(Fault::DropAfter, When::any().method("POST").path("subnets"));
    server.fault(Fault::Status(503, "API server disabled".to_owned()), When::any().skip(30).always());
    let inputs = stage.sample("allocate_ip_range_by_prefix_length");
    let first = stage.run(Action::AllocateIpRange, &inputs).await;
    server.clear_faults();
    let allocated = stage.run(Action::AllocateIpRange, &inputs).await.unwrap();
    if let Ok(first) = first {
        assert_eq!(first["ipRange"]["id"], allocated["ipRange"]["id"]);
    }
    assert_eq!(server.seed(|store| store.ids(Object::Subnet)).len(), before.len() + 1);
    let mut back = stage.sample("deallocate_ip_range");
    back["ipRangeDeallocation"]["ipRangeId"] = allocated["ipRange"]["id"].clone();
    stage.run(Action::DeallocateIpRange, &back).await.unwrap();
    assert_eq!(server.seed(|store| store.ids(Object::Subnet)), before);
}
