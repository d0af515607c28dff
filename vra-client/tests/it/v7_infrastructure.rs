//! Reservations, policies, network profiles, key pairs, services: builders, and methods of several calls.

use std::net::Ipv4Addr;

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use vra_client::Error;
use vra_client::v7::{
    AddressState, Alert, AlertPolicy, COMPUTE_RESOURCE_POLICY, Complex, EntityRef, KeyPair, KeyPairBody, LiteralMap,
    Multiple, NatType, NetworkProfile, NetworkProfileBody, Page, PermissibleValue, ProfileAddress, ProfileType,
    RangeBody, Reservation, ReservationBody, ReservationPolicy, ReservationPolicyBody, ReservationValues,
    STORAGE_POLICY, Schema, StorageShare, ValuesRequest,
};
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::replay::check::difference;
use crate::sample;
use crate::v7_client::{respond, started};

fn check(name: &str, body: &impl Serialize) {
    let found = serde_json::to_value(body).unwrap();
    if let Some(difference) = difference("", &sample(name).body, &found) {
        panic!("{name}: {difference}");
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_value(sample(name).body).unwrap()
}

fn labelled(class: &str, id: &str, label: &str) -> EntityRef {
    EntityRef::new(class, id).with_label(label)
}

fn all_levels() -> AlertPolicy {
    AlertPolicy::off(["storage", "memory", "cpu", "machine"].map(|resource| Alert::at(80, resource)))
}

const VSPHERE: &str = "Infrastructure.Reservation.Virtual.vSphere";
const GROUP: &str = "5327ddd3-1a4e-4663-9e9d-63db86ffc8af";

// ---- Reservations ----------------------------------------------------------------------------------------------------

#[test]
fn a_reservation_of_vsphere_with_nsx() {
    let gateway = |id: &str, label: &str| labelled("NetworkInterface", id, label);
    let profile = "2847e0f2-739d-48e2-adee-49cd0910343f";
    let store = labelled("Storage", "f978305a-80fe-4b4c-bd3b-76964f709165", "ds-site-a-nfs01");
    let network = "3ac9ef5f-02de-4a61-a2cb-788736366b0b";
    let values = ReservationValues::new()
        .with_transport_zone(labelled("NetworkScope", "1", "Global_Transport_Zone"))
        .with_memory_mb(8192)
        .with_storage(StorageShare::new(store, 32).with_priority(1))
        .with_security_groups([labelled("VCNSSecurityGroup", "4", "SG-Dev-Default")])
        .with_machine_quota(0)
        .with_compute_resource(labelled(
            "ComputeResource",
            "8f0e4c3e-f8d2-4ecb-aabb-fb1b484b5ba9",
            "Cluster Site A (vCenter)",
        ))
        .with_routed_gateway(
            labelled("Edge", "2", "NSX DLR"),
            gateway("3", "Transit Network"),
            gateway(profile, "External Network DLR"),
        )
        .with_network(
            labelled("Network", network, "vxw-dvs-35-virtualwire-3-sid-5001-Transit Network"),
            Some(labelled("NetworkProfile", profile, "External Network DLR")),
        );
    let body = ReservationBody::new("Cluster Site A-Res-1", VSPHERE, "vsphere.local", GROUP)
        .with_policy("518a78f0-3fcb-4c71-b601-48d5ba5c687b".to_owned())
        .with_alert_policy(all_levels())
        .with_values(values);
    check("v7_reservation_create_vsphere_nsx_body", &body);
}

#[test]
fn a_reservation_of_vsphere_with_values_without_a_class() {
    let store = LiteralMap::new()
        .with("permissible_value_selected", true)
        .with("storageReservedSizeGB", 100)
        .with("storageReservationPriority", 0)
        .with("storageAllocatedSizeGB", 0)
        .with("computeResourceStorageTotalSizeGB", 148)
        .with("isStorageCluster", false)
        .with("storagePath", labelled("Storage", "iaas-storage-guid", "iaas-storage-path"))
        .with("storageEnabled", true)
        .with("computeResourceStorageReservedSizeGB", 0)
        .with("isSDRSEnabled", false)
        .with("computeResourceStorageFreeSizeGB", 100)
        .with("diskCost", 0);
    let memory = LiteralMap::new()
        .with("computeResourceMemoryTotalSizeMB", 32768)
        .with("computeResourceMemoryReservedTotalSizeMB", 0)
        .with("memoryReservedSizeMb", 30720)
        .with("computeResourceMemoryAllocatedTotalSizeMB", 0);
    let compute = labelled("ComputeResource", "iaas-compute-resource-guid", "iaas-compute-resource-name");
    let values = ReservationValues::new()
        .with("reservationMemory", Complex::untyped(memory))
        .with("reservationStorages", Multiple::complex([Complex::untyped(store)]))
        .with_compute_resource(compute)
        .with_network(labelled("Network", "iaas-hostnic-guid", "iaas-hostnic-name"), None);
    let body = ReservationBody::new("TestReservation", VSPHERE, "vsphere.local", GROUP)
        .with_version(0)
        .with_alert_policy(all_levels())
        .with_values(values);
    check("v7_reservation_create_vsphere_body", &body);
}

#[test]
fn reservations_of_vcloud_air_and_amazon() {
    let group = "a5d056be-3aa2-4fdd-ba1e-a3805f26f0e0";
    // The manual prints another name for the component type.
    let memory = Complex::new(
        "com.mycompany.csp.iaas.blueprint.service",
        "Infrastructure.Reservation.Memory",
        LiteralMap::new().with("memoryReservedSizeMb", 4096),
    );
    let body = ReservationBody::new("TestvAppReservation", "Infrastructure.Reservation.Cloud.vCloudAir", "qe", group)
        .with_values(ReservationValues::new().with("reservationMemory", memory));
    check("v7_reservation_create_vcloudair_body", &body);

    let mut machine = Alert::at(80, "machine");
    machine.id = Some("machine".into());
    let values = ReservationValues::new()
        .with_compute_resource(EntityRef::new("ComputeResource", "9d1a3b5a-7162-4a5a-85b7-000000000001"))
        .with("keyPairs", "Per Provisioning Group");
    let body = ReservationBody::new("TestEC2Reservation", "Infrastructure.Reservation.Cloud.Amazon", "qe", group)
        .with_policy("34d2a612-718e-4814-96c5-225f7f5615a6".to_owned())
        .with_alert_policy(AlertPolicy::off([machine]))
        .with_values(values);
    check("v7_reservation_create_amazon_body", &body);
}

#[test]
fn a_reservation_is_read_changed_and_sent_back() {
    let mut reservation: Reservation = read("v7_reservation_update_vsphere_body");
    reservation.priority = Some(3);
    reservation.add_network(EntityRef::new("Network", "n2"), Some(EntityRef::new("NetworkProfile", "p2")));
    let sent = serde_json::to_value(&reservation).unwrap();
    let networks = &sent["extensionData"]["entries"][4]["value"]["items"];
    assert_eq!(networks.as_array().unwrap().len(), 2);
    assert_eq!(reservation.networks()[1].1.unwrap().id.as_deref(), Some("p2"));
    let mut expected = sample("v7_reservation_update_vsphere_body").body;
    expected["priority"] = json!(3);
    let items = expected.pointer_mut("/extensionData/entries/4/value/items").unwrap().as_array_mut().unwrap();
    items.push(networks[1].clone());
    assert_eq!(difference("", &expected, &sent), None);
}

#[test]
fn values_are_read_and_used() {
    let body = ValuesRequest::depending_on(
        "computeResource",
        EntityRef::new("ComputeResource", "047e00f5-5424-4ed2-a751-4a334aeaff54"),
    );
    check("v7_reservation_values_request_body", &body);
    assert_eq!(serde_json::to_value(ValuesRequest::new()).unwrap(), json!({}));
    let stores: Page<PermissibleValue> = read("v7_reservation_values_storages_200");
    let share = StorageShare::of_value(&stores.content[0], 20).unwrap().with_enabled(false);
    let values = LiteralMap::from(ReservationValues::new().with_storage(share));
    let store = values.get("reservationStorages").unwrap().items()[0].as_values().unwrap();
    assert_eq!(store.get("storageReservedSizeGB").unwrap().as_i64(), Some(20));
    assert_eq!(store.get("storageFreeSizeGB").unwrap().as_i64(), Some(120), "what the server said goes along");
    let clusters: Page<PermissibleValue> = read("v7_reservation_values_compute_resource_200");
    assert!(StorageShare::of_value(&clusters.content[0], 20).is_err());
    assert_eq!(clusters.content[0].as_entity_ref().unwrap().class_id.as_deref(), Some("ComputeResource"));
}

#[test]
fn a_schema_says_what_is_mandatory_and_on_what_it_depends() {
    let schema: Schema = read("v73_reservation_schema_vsphere_200");
    assert!(schema.field("computeResource").unwrap().is_mandatory());
    assert!(!schema.field("machineQuota").unwrap().is_mandatory());
    assert_eq!(schema.field("reservationStorages").unwrap().depends_on(), ["computeResource"]);
}

#[tokio::test]
async fn reservation_calls() {
    let (server, client) = started().await;
    let types = ResponseTemplate::new(200).set_body_json(sample("v73_reservation_types_200").body);
    respond(&server, "GET", "/reservation-service/api/reservations/types", types).await;
    let reservations = client.reservations();
    assert_eq!(reservations.type_named("vsphere").await.unwrap().schema_class_id.as_deref(), Some(VSPHERE));
    assert!(reservations.type_named("KVM").await.unwrap_err().is_not_found());

    let id = "3289b039-2a11-4ab4-a0bc-b583e4c6d085";
    let location = format!("https://node.internal/reservation-service/api/reservations/{id}");
    let made = ResponseTemplate::new(201).insert_header("Location", location.as_str());
    respond(&server, "POST", "/reservation-service/api/reservations", made).await;
    let created = reservations.create(ReservationBody::new("a", VSPHERE, "qe", GROUP)).await.unwrap();
    assert_eq!((created.id.as_deref(), created.body), (Some(id), None));
    let copied = reservations.create_copy(read("v7_reservation_get_vsphere_200"), "copy");
    assert_eq!(copied.request().body().unwrap()["id"], json!(null));
    assert_eq!(copied.request().body().unwrap()["name"], json!("copy"));

    let at = "/reservation-service/api/reservations/94d74105-831a-4598-8f42-efd590fea15c";
    Mock::given(method("PUT"))
        .and(path(at))
        .and(body_json(sample("v7_reservation_update_vsphere_body").body))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    reservations.update(read("v7_reservation_update_vsphere_body")).await.unwrap();
    assert!(reservations.update(Reservation::default()).await.is_err(), "without an id nothing is sent");
}

#[tokio::test]
async fn policies_keep_the_letter_case_of_their_type() {
    let list: Page<ReservationPolicy> = read("v7_reservation_policies_list_200");
    let types: Vec<_> = list.content.iter().filter_map(|policy| policy.type_name.as_deref()).collect();
    assert_eq!(types, ["ReservationPolicy", "reservationPolicy"]);
    let body = ReservationPolicyBody::new("ReservationPolicy01", COMPUTE_RESOURCE_POLICY)
        .with_description("This is Reservation Policy 01");
    check("v7_reservation_policy_create_body", &body);
    let body = ReservationPolicyBody::new("StorageReservationPolicy01", STORAGE_POLICY)
        .with_description("This is Storage Reservation Policy 01")
        .with_id("34ae1d6c-9972-4736-acdb-7ee109ad1dbd");
    check("v7_reservation_policy_update_storage_body", &body);
    let (server, client) = started().await;
    let rows = ResponseTemplate::new(200).set_body_json(sample("v7_reservation_policies_list_200").body);
    respond(&server, "GET", "/reservation-service/api/reservations/policies", rows).await;
    assert_eq!(
        client.reservation_policies().list().all().await.unwrap().len(),
        2,
        "metadata.size is 0, and is ignored"
    );
}

// ---- Key pairs -------------------------------------------------------------------------------------------------------

#[test]
fn key_pairs_hide_their_keys() {
    check("v7_keypair_create_body", &KeyPairBody::new("TestKeyPair", "ca4dcca0-85ce-49dd-8371-4ce7c8e2d5e6"));
    let list: Page<KeyPair> = read("v7_keypairs_list_200");
    assert!(!format!("{list:?}").contains("dummy-secret-key"));
    assert_eq!(list.content[1].secret_key.as_ref().unwrap().expose_secret(), "dummy-secret-key-base64==");
    let body = KeyPairBody::new("a", "b").with_secret_key("hunter2");
    assert!(!format!("{body:?}").contains("hunter2"));
}

// ---- Network profiles ------------------------------------------------------------------------------------------------

fn ip(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn range(name: &str, begin: &str, end: &str) -> RangeBody {
    RangeBody::new(name, ip(begin), ip(end)).unwrap()
}

#[test]
fn external_profiles() {
    let body = NetworkProfileBody::external("API Network Profile", ip("255.255.255.0"))
        .unwrap()
        .with_description("Created via Python")
        .with_ranges([range("API Network Range", "192.168.130.200", "192.168.130.250").with_description("")])
        .with_gateway(ip("192.168.130.1"))
        .with_primary_dns(ip("192.168.130.10"))
        .with_member("secondaryDnsAddress", "")
        .with_dns_suffix("corp.local")
        .with_dns_search_suffix("")
        .with_member("primaryWinsAddress", "")
        .with_member("secondaryWinsAddress", "");
    check("v7_network_profile_create_external_body", &body);
    let body = NetworkProfileBody::external("external-border-network", ip("255.255.0.0"))
        .unwrap()
        .with_gateway(ip("10.2.0.1"))
        .with_ranges([range("nsx-range", "10.2.0.2", "10.2.254.254").with_external_id(None)])
        .with_nulls();
    check("v7_network_profile_create_external_nsx_body", &body);
    let external = "network/ZG5zLm5ldHdvcmskMTAuMTE4LjE4My4wLzI0LzA:default/default";
    let range = RangeBody::of_endpoint("10.118.183.0/24", external).with_description("Created by an IPAM");
    let endpoint = "c5c5a0f1-0000-4000-8000-000000000001";
    let body = NetworkProfileBody::external_ipam("ipam-ext-profile", endpoint, "default").with_ranges([range]);
    check("v72_network_profile_create_external_ipam_body", &body);
}

#[test]
fn nat_profiles() {
    let nat = |name: &str, kind: &NatType, number: &str| {
        let id = format!("external-border-network{number}-id");
        let external = format!("external-border-network{number}");
        NetworkProfileBody::nat(name, kind, ip("255.255.0.0"), id, external).unwrap()
    };
    let body = nat("nat-1-1-border-network2-1", &NatType::OneToOne, "")
        .with_gateway(ip("80.80.80.1"))
        .with_ranges([range("NAT-range-one-to-one", "80.80.80.2", "80.80.80.250").with_external_id(None)]);
    check("v7_network_profile_create_nat_one_to_one_body", &body.with_nulls());
    let body = nat("nat-1-m-border-network2-1", &NatType::OneToMany, "")
        .with_gateway(ip("10.10.10.1"))
        .with_ranges([range("NAT-range-one-to-many", "10.10.10.2", "10.10.10.250").with_external_id(None)]);
    check("v7_network_profile_create_nat_one_to_many_body", &body.with_nulls());
    let body = nat("nat-1-m-border-network2-2", &NatType::OneToMany, "-2")
        .with_description("DHCP based NAT 1-m network profile")
        .with_gateway(ip("20.20.20.1"))
        .with_dhcp(ip("20.20.20.2"), ip("20.20.20.250"), 10_000)
        .unwrap();
    check("v7_network_profile_create_nat_dhcp_body", &body.with_nulls());
}

#[test]
fn routed_profiles() {
    let ranges = [(1, 177), (8, 251), (4, 245), (9, 219), (10, 159), (5, 23), (6, 248), (7, 41), (2, 98), (3, 227)];
    let ranges = ranges.map(|(number, third)| {
        let address = |last: u8| Ipv4Addr::new(120, 120, third, last);
        RangeBody::new(format!("Range {number}"), address(1), address(254)).unwrap().with_external_id(None)
    });
    let mask = ip("255.255.0.0");
    let external = "external-dlr-uplink2";
    let body = NetworkProfileBody::routed(
        "routed-1",
        ip("120.120.0.1"),
        mask,
        ip("255.255.255.0"),
        format!("{external}-id"),
        external,
    )
    .unwrap()
    .with_ranges(ranges)
    .with_nulls();
    check("v7_network_profile_create_routed_body", &body);
}

#[test]
fn masks_and_ranges_that_are_none_are_refused() {
    assert!(RangeBody::new("r", ip("10.0.0.2"), ip("10.0.0.1")).is_err());
    assert!(RangeBody::new("r", ip("10.0.0.1"), ip("10.0.0.1")).is_ok());
    let error = NetworkProfileBody::external("p", ip("255.0.255.0")).unwrap_err().to_string();
    assert!(error.contains("subnet mask") && error.contains("255.0.255.0"), "{error}");
    assert!(NetworkProfileBody::routed("p", ip("10.0.0.0"), ip("255.255.255.0"), ip("255.255.0.0"), "e", "e").is_err());
    let nat = NetworkProfileBody::nat("p", &NatType::OneToMany, ip("255.255.0.0"), "e", "e").unwrap();
    assert!(nat.with_dhcp(ip("10.0.0.9"), ip("10.0.0.1"), 60).is_err());
}

#[test]
fn spellings_and_letter_cases_of_profiles_are_kept() {
    let mut body = sample("v7_network_profile_addresses_200").body["content"][0].clone();
    let row = body.as_object_mut().unwrap();
    for (usual, other) in [("IPv4Address", "ipv4Address"), ("IPSortValue", "ipSortValue")] {
        let value = row.shift_remove(usual).unwrap();
        row.insert(other.into(), value);
    }
    row.insert("networkInterfaceCardOffset".into(), json!("1"));
    row.insert("state".into(), json!("allocated"));
    let read: ProfileAddress = serde_json::from_value(body.clone()).unwrap();
    assert_eq!((read.ipv4_address.as_deref(), read.network_interface_card_offset), (Some("10.60.1.2"), Some(1)));
    assert!(read.is_in_use() && read.state == Some(AddressState::Unknown("allocated".into())));
    assert_eq!(serde_json::to_value(&read).unwrap(), body);
    for (profile, kind) in [
        (json!({"@type": "natnetworkprofile"}), ProfileType::Nat),
        (json!({"@type": "RoutedNetworkProfile"}), ProfileType::Routed),
        (json!({"profileType": "external"}), ProfileType::External),
        (json!({"profileType": "MESH"}), ProfileType::Unknown("MESH".into())),
    ] {
        let profile: NetworkProfile = serde_json::from_value(profile).unwrap();
        assert_eq!(profile.kind(), Some(kind));
    }
}

const PROFILE: &str = "/iaas-proxy-provider/api/network/profiles/597ff2c1-a35f-4a81-bfd3-ca0140000001";
const PROFILE_ID: &str = "597ff2c1-a35f-4a81-bfd3-ca0140000001";
const RANGE_ID: &str = "7d2b0000-0000-4000-8000-000000000001";

async fn update(after: serde_json::Value) -> Result<NetworkProfile, Error> {
    let (server, client) = started().await;
    let before = sample("v7_network_profile_get_external_200").body;
    let first = ResponseTemplate::new(200).set_body_json(&before);
    Mock::given(method("GET")).and(path(PROFILE)).respond_with(first).up_to_n_times(1).mount(&server).await;
    respond(&server, "GET", PROFILE, ResponseTemplate::new(200).set_body_json(after)).await;
    let mut sent = before;
    sent["dnsSuffix"] = json!("new.local");
    let put = Mock::given(method("PUT")).and(path(PROFILE)).and(body_json(sent));
    put.respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    client.network_profiles().update(PROFILE_ID, |profile| profile.dns_suffix = Some("new.local".into())).await
}

#[tokio::test]
async fn an_update_sends_all_of_a_profile_back_and_compares() {
    let mut after = sample("v7_network_profile_get_external_200").body;
    after["dnsSuffix"] = json!("new.local");
    assert_eq!(update(after.clone()).await.unwrap().dns_suffix.as_deref(), Some("new.local"));
    let mut wiped = after.clone();
    wiped["definedRanges"][0]["definedAddresses"][0]["state"] = json!("UNALLOCATED");
    let lost = update(wiped).await.unwrap_err();
    assert!(matches!(lost, Error::Lost { what: "addresses in use", before: 1, after: 0, .. }), "{lost:?}");
    after["definedRanges"] = json!([]);
    let lost = update(after).await.unwrap_err();
    assert!(matches!(lost, Error::Lost { what: "ranges", .. }), "{lost:?}");
}

#[tokio::test]
async fn a_row_of_the_list_is_never_sent_back() {
    let (_server, client) = started().await;
    let list: Page<NetworkProfile> = read("v7_network_profiles_list_200");
    let error = client.network_profiles().replace(PROFILE_ID, list.content[0].clone()).unwrap_err();
    assert!(error.to_string().contains("complete profile"), "{error}");
}

#[tokio::test]
async fn addresses_of_a_range_come_from_the_list_or_from_the_profile() {
    let (server, client) = started().await;
    let list_at = format!("/iaas-proxy-provider/api/network/profiles/addresses/{PROFILE_ID}");
    let rows = ResponseTemplate::new(200).set_body_json(sample("v7_network_profile_addresses_200").body);
    Mock::given(method("GET")).and(path(list_at.as_str())).respond_with(rows).up_to_n_times(1).mount(&server).await;
    let profiles = client.network_profiles();
    let rows = profiles.addresses_of_range(PROFILE_ID, RANGE_ID).await.unwrap();
    assert_eq!(rows.len(), 2);
    // 6.2 and 7.0 have no such call.
    let profile = ResponseTemplate::new(200).set_body_json(sample("v7_network_profile_get_external_200").body);
    respond(&server, "GET", PROFILE, profile).await;
    let rows = profiles.addresses_of_range(PROFILE_ID, RANGE_ID).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.is_in_use()).count(), 1);
    assert!(profiles.addresses_of_range(PROFILE_ID, "none").await.unwrap_err().is_not_found());
}

#[test]
fn ranges_have_bounds() {
    let profile: NetworkProfile = read("v7_network_profile_get_external_200");
    let range = profile.range(RANGE_ID).unwrap();
    assert_eq!(range.bounds().unwrap(), Some((ip("10.60.1.2"), ip("10.60.1.3"))));
    let mut odd = range.clone();
    odd.end_ipv4_address = Some("10.60.1.1".into());
    assert!(odd.bounds().is_err());
    odd.begin_ipv4_address = None;
    assert_eq!(odd.bounds().unwrap(), None);
}

// ---- The component registry --------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_status_of_the_services_needs_no_token() {
    let server = wiremock::MockServer::start().await;
    let row = |state: serde_json::Value| json!({"serviceId": "a", "serviceName": "iaas-service", "notAvailable": false, "serviceStatus": state});
    let ready = row(json!({"serviceInitializationStatus": "REGISTERED", "initialized": true}));
    let mut starting = row(json!(null));
    starting["serviceId"] = json!("b");
    let body = json!({"content": [ready, starting], "metadata": {"totalElements": 2, "totalPages": 1}});
    let at = "/component-registry/services/status/current";
    respond(&server, "GET", at, ResponseTemplate::new(200).set_body_json(body)).await;
    // A login would fail: the server has no response for it.
    let rows = crate::v7_client::client(&server).component_registry().current_status().all().await.unwrap();
    assert_eq!(rows.iter().map(vra_client::v7::ServiceStatus::is_ready).collect::<Vec<_>>(), [true, false]);
}
