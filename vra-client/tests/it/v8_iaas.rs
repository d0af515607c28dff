//! IaaS service of version 8: bodies, models, waiting and deletions, against a mock server.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vra_client::error::{WaitError, WaitReason};
use vra_client::lenient::{JsonObject, Model};
use vra_client::poll::Wait;
use vra_client::v8::{
    About, AllocateAddressesBody, AllocationType, Client, ExternalIpRange, FabricNetwork, FabricNetworkBody,
    FlavorProfile, ImageMapping, Integration, IntegrationBody, IpAddressStatus, IpVersion, IsolationType,
    MachineOperation, NetworkIpAddress, NetworkIpRange, NetworkIpRangeBody, NetworkProfile, NetworkProfileBody, Page,
    Project, ReleaseAddressesBody, RequestTracker, Tag, Zone,
};
use vra_client::{Error, ErrorKind, Outcome};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::sample;
use crate::v8_login::{respond, started};

fn offline() -> Client {
    Client::builder("https://vra.example").build().unwrap()
}

fn soon() -> Wait {
    Wait::up_to(Duration::from_secs(20)).with_pauses(Duration::from_millis(1), Duration::from_millis(2))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Decodes a sample, encodes it again, and expects the same JSON and no member without a field.
fn read<T: Model>(name: &str) -> T {
    let body = sample(name).body;
    let mut deserializer = serde_json::Deserializer::from_str(Box::leak(body.to_string().into_boxed_str()));
    let value: T = serde_path_to_error::deserialize(&mut deserializer).unwrap_or_else(|why| panic!("{name}: {why}"));
    assert_eq!(serde_json::to_value(&value).unwrap(), body, "{name}");
    assert_eq!(value.unknown_members(), [""; 0], "{name}");
    value
}

fn rows<T>(name: &str) -> Vec<T>
where
    Page<T>: Model,
{
    read::<Page<T>>(name).content
}

#[test]
fn every_recorded_response_is_kept_and_typed() {
    let about: About = read("v8_iaas_about_200");
    assert_eq!(about.supported_apis.unwrap().len(), 2);
    let project = rows::<Project>("v8_iaas_projects_200").remove(0);
    assert_eq!(project.zones.unwrap()[1].zone_id.as_deref(), Some("9f1113c9b97e1c75580d86d3f2b88"));
    let zone = rows::<Zone>("v8_iaas_zones_content_200").remove(0);
    assert!(zone.updated_at.unwrap().is_date());
    assert_eq!(zone.links.unwrap().ids("projects").collect::<Vec<_>>(), ["9c3d1e73-1276-42e7-8d8e-cac40251a29e"]);
    let range = rows::<NetworkIpRange>("v8_iaas_network_ip_ranges_list_200").remove(0);
    assert_eq!(range.bounds(), Some((ip("10.10.20.10"), ip("10.10.20.99"))));
    assert_eq!(range.fabric_network_ids(), ["fa4d1c1e-3f8b-4a75-9b0e-6f2f1f7a0001"]);
    let counted: NetworkIpRange = read("v8_iaas_network_ip_range_with_counts_200");
    assert_eq!((counted.total_number_of_ips, counted.number_of_available_ips), (Some(90), Some(80)));
    read::<NetworkIpRange>("v8_iaas_network_ip_range_create_201");
    let addresses: Vec<NetworkIpAddress> = rows("v8_iaas_ip_addresses_list_200");
    assert_eq!(addresses[0].ip_address_status, Some(IpAddressStatus::Allocated));
    assert_eq!(addresses[1].ip_allocation_type, Some(AllocationType::None));
    assert_eq!(addresses[0].ip_address_decimal_value.as_ref().unwrap().value(), Some(168_432_650));
    assert!(addresses[0].connected_resource().unwrap().starts_with("/iaas/api/machines/"));
    let external = rows::<ExternalIpRange>("v8_iaas_external_network_ip_ranges_list_200").remove(0);
    assert_eq!(external.fabric_network_ids().len(), 1);
    rows::<FabricNetwork>("v8_iaas_external_ip_blocks_list_200");
    rows::<FabricNetwork>("v8_iaas_fabric_networks_list_200");
    let network: FabricNetwork = read("v8_iaas_fabric_network_vsphere_200");
    assert_eq!(network.default_ipv6_gateway.as_deref(), Some("2001:eeee:6bd:2a::1"));
    let profile = rows::<NetworkProfile>("v8_iaas_network_profiles_list_200").remove(0);
    assert_eq!(profile.isolation_type, Some(IsolationType::Subnet));
    assert_eq!(profile.fabric_network_ids().len(), 1);
    assert_eq!(profile.region_id().as_deref(), Some("3617c011-39db-466e-a7f3-029f4523548f"));
    rows::<Integration>("v8_iaas_integrations_list_200");
    rows::<FlavorProfile>("v8_iaas_flavor_profiles_200");
    rows::<ImageMapping>("v8_iaas_images_200");
    read::<RequestTracker>("v8_iaas_request_tracker_inprogress_202");
    let finished: RequestTracker = read("v8_iaas_request_tracker_finished_200");
    assert_eq!(finished.resource_ids(), ["b3c5a1f7-7a57-47b1-8a35-6f0a2d7d0001"]);
}

#[test]
fn every_recorded_request_is_made() {
    let client = offline();
    let tag = |key: &str, value: &str| vec![Tag::new(key, value)];
    let range = || {
        NetworkIpRangeBody::new("lab-static", ip("10.10.20.10"), ip("10.10.20.99"))
            .unwrap()
            .with_description("my-description")
            .with_fabric_network_ids(["fa4d1c1e-3f8b-4a75-9b0e-6f2f1f7a0001".to_owned()])
            .with_tags(tag("fast-network", "true"))
    };
    let profile = NetworkProfileBody::new("lab-profile", "3617c011-39db-466e-a7f3-029f4523548f")
        .with_description("my-description")
        .with_fabric_network_ids(["fa4d1c1e-3f8b-4a75-9b0e-6f2f1f7a0001".to_owned()])
        .with_external_ip_block_ids(["3e2bb9bc-6a6a-11ea-bc55-0242ac130003".to_owned()])
        .with_isolation_type(IsolationType::Subnet)
        .with_isolation_network_domain_id("1234")
        .with_isolation_network_domain_cidr("10.10.10.0/24")
        .with_isolation_external_fabric_network_id("1234")
        .with_isolated_network_cidr_prefix(24)
        .with_security_group_ids([])
        .with_load_balancer_ids([])
        .with_custom_properties(JsonObject::new())
        .with_tags(tag("dev", "hard"));
    let vsphere = FabricNetworkBody::default()
        .with_cidr("10.1.2.0/24")
        .with_default_gateway("10.1.2.1")
        .with_domain("sqa.local")
        .with_dns_server_addresses(["1.1.1.1".to_owned()])
        .with_dns_search_domains(["vmware.com".to_owned()])
        .with_is_public(false)
        .with_is_default(false)
        .with_tags(tag("fast-network", "true"));
    let fields = [("Infoblox.IPAM.DisableCertificateCheck", "True"), ("Infoblox.IPAM.WAPIVersion", "2.7")];
    let integration = || {
        IntegrationBody::ipam("infoblox.lab.example", "fcd5764f-4874-4ccb-87e2-8f22686f80e6", "infoblox.lab.example")
            .with_credentials("admin", "dummy")
            .with_ipam_endpoint("e0014861-2c30-40c1-9c9a-1154fcc1af6b")
            .with_ipam_fields(fields)
            .with_cloud_accounts([])
            .with_member("associatedMobilityCloudAccountIds", json!({}))
    };
    let at = "0d5f7a1e-2f0c-4b8d-9a53-3fd5d5f00001";
    let named = AllocateAddressesBody::addresses([ip("10.10.20.50"), ip("10.10.20.51")]).unwrap();
    let ranges = client.network_ip_ranges();
    let external = client.external_ip_ranges();
    for (name, request) in [
        ("v8_iaas_network_ip_range_create_body", ranges.create(range()).request().clone()),
        (
            "v8_iaas_ip_addresses_allocate_body",
            ranges.allocate(at, named.with_description("reserved by the network team")).request().clone(),
        ),
        (
            "v8_iaas_ip_addresses_release_body",
            ranges.release(at, ReleaseAddressesBody::new([ip("10.10.20.50")]).unwrap()).request().clone(),
        ),
        ("v8_iaas_network_profile_create_body", client.network_profiles().create(profile).request().clone()),
        (
            "v8_iaas_fabric_network_vsphere_patch_body",
            client.fabric_networks().update_vsphere("fa4d1c1e-3f8b-4a75-9b0e-6f2f1f7a0001", vsphere).request().clone(),
        ),
        (
            "v8_iaas_external_network_ip_range_patch_body",
            external
                .set_fabric_networks("6b1f51e4-6a77-4a1d-8f5f-0000000000a1", ["fa4d1c1e-3f8b-4a75-9b0e-6f2f1f7a0001"])
                .request()
                .clone(),
        ),
        ("v8_iaas_integration_create_ipam_body", client.integrations().create(integration()).request().clone()),
    ] {
        let recorded = sample(name);
        assert_eq!(request.body(), Some(&recorded.body), "{name}");
        assert_eq!((request.method().as_str(), request.path()), (recorded.method.as_str(), recorded.path.as_str()));
        assert_eq!(request.query_value("apiVersion"), Some("2021-07-15"), "{name}");
    }
    let validated = client.integrations().validate(integration());
    assert_eq!(validated.request().query_value("validateOnly"), Some("true"));
    assert!(!format!("{:?} {validated:?}", integration()).contains("dummy"));
    assert_eq!(ranges.update(at, range()).request().method(), http::Method::PATCH);
    let changed = IntegrationBody::changes().with_property("hostName", "other");
    assert_eq!(
        client.integrations().update("i", changed).request().body(),
        Some(&json!({"integrationProperties": {"hostName": "other"}}))
    );
}

#[test]
fn bodies_that_the_server_would_refuse_are_refused_first() {
    let refused =
        |name: &str, last: &str| NetworkIpRangeBody::new(name, ip("10.0.0.1"), ip(last)).unwrap_err().to_string();
    assert!(refused("x", "::1").contains("\"10.0.0.1 - ::1\" cannot be used, expected two addresses of one version"));
    assert!(refused("x", "9.0.0.1").contains("not before the first"));
    assert!(refused(" ", "10.0.0.2").starts_with("name: "));
    let v6 = NetworkIpRangeBody::new("x", ip("2001:db8::1"), ip("2001:db8::1")).unwrap();
    assert_eq!(v6.as_json().get("ipVersion"), Some(&json!("IPv6")));
    let many = |number: u32| (0..number).map(|host| IpAddr::from(Ipv6Addr::from(u128::from(host))));
    assert!(AllocateAddressesBody::addresses(many(100)).is_ok());
    for body in [
        ReleaseAddressesBody::new(many(101)).err(),
        ReleaseAddressesBody::new(many(0)).err(),
        ReleaseAddressesBody::new([ip("::1"), ip("10.0.0.1")]).err(),
        AllocateAddressesBody::count(0).err(),
        AllocateAddressesBody::count(101).err(),
    ] {
        assert_eq!(body.unwrap().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(AllocateAddressesBody::count(2).unwrap().as_json().get("numberOfIps"), Some(&json!(2)));
}

#[tokio::test]
async fn decimal_values_of_ipv6_addresses_are_exact() {
    let (server, client) = started().await;
    // Not by `json!`, which would round the number.
    let body = r#"{"content": [{"id": "a", "ipAddress": "2001:db8::a", "ipVersion": "IPv6",
        "ipAddressDecimalValue": 42540766411282592856903984951653826570}], "totalElements": 1}"#;
    let response = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    respond(&server, "GET", "/iaas/api/network-ip-ranges/r/ip-addresses", response).await;
    let row = client.network_ip_ranges().addresses("r").all().await.unwrap().remove(0);
    assert_eq!(row.ip_version, Some(IpVersion::V6));
    let value = row.ip_address_decimal_value.unwrap().value().unwrap();
    assert_eq!(IpAddr::from(Ipv6Addr::from(value)), ip("2001:db8::a"));
}

#[test]
fn a_decimal_value_of_another_type_is_an_error_with_its_path() {
    for bad in ["{}", "[]", "true", r#""ten""#] {
        let text = format!(r#"{{"content": [{{"ipAddressDecimalValue": {bad}}}]}}"#);
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        let error = serde_path_to_error::deserialize::<_, Page<NetworkIpAddress>>(&mut deserializer).unwrap_err();
        assert_eq!(error.path().to_string(), "content[0].ipAddressDecimalValue", "{bad}");
    }
}

// ---- Waiting -----------------------------------------------------------------------------------------------------

fn tracker(status: &str, more: Value) -> Value {
    let mut tracker =
        json!({"id": "req-001", "status": status, "progress": 40, "selfLink": "/iaas/api/request-tracker/req-001"});
    tracker.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    tracker
}

fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Mounts the responses to the polls, each once; the last one for good.
async fn polls(server: &MockServer, responses: Vec<ResponseTemplate>) {
    let last = responses.len() - 1;
    for (at, response) in responses.into_iter().enumerate() {
        let times = if at == last { u64::MAX } else { 1 };
        Mock::given(method("GET"))
            .and(path("/iaas/api/request-tracker/req-001"))
            .and(query_param("apiVersion", "2021-07-15"))
            .respond_with(response)
            .up_to_n_times(times)
            .mount(server)
            .await;
    }
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn reason(result: Result<RequestTracker, Error>) -> WaitError {
    match result {
        Err(Error::Wait(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_followed_to_its_end() {
    let (server, client) = started().await;
    let running = sample("v8_iaas_request_tracker_inprogress_202").body;
    respond(&server, "POST", "/iaas/api/integrations", ResponseTemplate::new(202).set_body_json(&running)).await;
    polls(&server, vec![ok(running), ok(sample("v8_iaas_request_tracker_finished_200").body)]).await;
    let body = IntegrationBody::ipam("x", "p", "host").with_credentials("u", "p");
    let tracker = client.integrations().create(body).await.unwrap();
    let done = client.request_trackers().wait_for(tracker, &soon()).await.unwrap();
    assert_eq!(done.resource_ids(), ["b3c5a1f7-7a57-47b1-8a35-6f0a2d7d0001"]);
}

#[tokio::test]
async fn a_request_that_has_ended_already_is_not_polled() {
    let (server, client) = started().await;
    let finished = typed(tracker("FINISHED", json!({})));
    client.request_trackers().wait_for(finished, &soon()).await.unwrap();
    let failed = typed(tracker("FAILED", json!({"message": "no such host"})));
    let error = reason(client.request_trackers().wait_for(failed, &soon()).await);
    assert!(matches!(error.reason, WaitReason::Failed));
    assert!(server.received_requests().await.unwrap().is_empty(), "not even a login");
}

#[tokio::test]
async fn a_failure_that_is_reported_with_status_200_is_an_error() {
    let (server, client) = started().await;
    let failed = tracker("FAILED", json!({"message": "Address 10.10.20.50 is taken"}));
    polls(&server, vec![ok(tracker("INPROGRESS", json!({}))), ok(failed)]).await;
    let started = typed(tracker("INPROGRESS", json!({})));
    let result = client.request_trackers().wait_for(started, &soon()).await;
    let error = result.as_ref().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown));
    let error = reason(result);
    assert!(error.to_string().contains("FAILED: Address 10.10.20.50 is taken"), "{error}");
    assert_eq!(error.last.unwrap().get("id"), Some(&json!("req-001")));
}

#[tokio::test]
async fn a_request_that_never_ends_reports_the_last_state() {
    let (server, client) = started().await;
    polls(&server, vec![ok(tracker("INPROGRESS", json!({})))]).await;
    let started: RequestTracker = typed(json!({"selfLink": "/iaas/api/request-tracker/req-001"}));
    let limits = Wait::up_to(Duration::from_millis(60)).with_pauses(Duration::from_millis(5), Duration::from_millis(5));
    let error = reason(client.request_trackers().wait_for(started, &limits).await);
    assert!(matches!(error.reason, WaitReason::Deadline), "{error:?}");
    assert!(error.to_string().contains("last state INPROGRESS: progress 40 %"), "{error}");
}

#[tokio::test]
async fn a_tracker_that_vanishes_or_is_odd_ends_the_waiting() {
    let (server, client) = started().await;
    polls(&server, vec![ResponseTemplate::new(404)]).await;
    let trackers = client.request_trackers();
    let error = trackers.wait_for(typed(tracker("INPROGRESS", json!({}))), &soon()).await.unwrap_err();
    assert!(error.is_not_found() && error.outcome() == Outcome::Unknown, "{error:?}");
    let odd = reason(trackers.wait_for(typed(tracker("PAUSED", json!({}))), &soon()).await);
    assert!(matches!(odd.reason, WaitReason::UnknownState) && odd.to_string().contains("PAUSED"), "{odd}");
    let nameless = trackers.wait_for(typed(json!({"status": "INPROGRESS"})), &soon()).await;
    assert!(matches!(nameless, Err(Error::InvalidInput { .. })));
}

// ---- Calls -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_deletion_is_done_at_once_or_tracked() {
    let (server, client) = started().await;
    let at = |id: &str| format!("/iaas/api/integrations/{id}");
    respond(&server, "DELETE", &at("now"), ResponseTemplate::new(204)).await;
    let running = tracker("INPROGRESS", json!({}));
    respond(&server, "DELETE", &at("later"), ResponseTemplate::new(202).set_body_json(running)).await;
    respond(&server, "DELETE", &at("ok"), ok(tracker("FINISHED", json!({})))).await;
    respond(&server, "DELETE", &at("odd"), ok(json!([]))).await;
    let integrations = client.integrations();
    assert!(integrations.delete("now").await.unwrap().is_none());
    assert_eq!(integrations.delete("later").await.unwrap().unwrap().id.as_deref(), Some("req-001"));
    assert!(integrations.delete("ok").await.unwrap().is_some());
    assert!(matches!(integrations.delete("odd").await, Err(Error::Decode(_))));
    respond(&server, "DELETE", "/iaas/api/network-ip-ranges/r", ResponseTemplate::new(204)).await;
    client.network_ip_ranges().delete("r").await.unwrap();
    assert_eq!(offline().machines().delete("m", true).request().query_value("forceDelete"), Some("true"));
    assert_eq!(offline().networks().delete("n", false).request().query_value("forceDelete"), None);
}

#[tokio::test]
async fn a_range_is_attached_once() {
    let (server, client) = started().await;
    let at = "/iaas/api/external-network-ip-ranges/r";
    let held =
        json!({"id": "r", "_links": {"fabric-networks": {"hrefs": ["/iaas/api/fabric-networks/a"]}, "empty": false}});
    respond(&server, "GET", at, ok(held.clone())).await;
    Mock::given(method("PATCH"))
        .and(path(at))
        .and(body_json(json!({"fabricNetworkIds": ["a", "b"]})))
        .respond_with(ok(held))
        .expect(1)
        .mount(&server)
        .await;
    client.external_ip_ranges().attach("r", "a").await.unwrap();
    client.external_ip_ranges().attach("r", "b").await.unwrap();
}

#[tokio::test]
async fn the_network_cards_of_a_machine_are_read_by_its_links() {
    let (server, client) = started().await;
    let card = |id: &str| format!("/iaas/api/machines/m/network-interfaces/{id}");
    let machine = json!({"id": "m", "powerState": "ON", "address": "10.0.0.9",
        "_links": {"network-interfaces": {"hrefs": [card("c2"), card("c1")]}}});
    respond(&server, "GET", "/iaas/api/machines/m", ok(machine)).await;
    for (id, index) in [("c1", 0), ("c2", 1)] {
        let body = json!({"id": id, "deviceIndex": index, "addresses": [format!("10.0.0.{index}")]});
        respond(&server, "GET", &card(id), ok(body)).await;
    }
    let cards = client.machines().network_interfaces_of("m").await.unwrap();
    let ids: Vec<_> = cards.iter().filter_map(|card| card.id.as_deref()).collect();
    assert_eq!(ids, ["c1", "c2"]);
    let operation = offline();
    let call = operation.machines().operate("m", &MachineOperation::PowerOff);
    assert_eq!(call.request().path(), "/iaas/api/machines/m/operations/power-off");
}

/// The published types of this response are not certain.
#[tokio::test]
async fn the_ranges_of_a_network_are_a_list_or_one_range() {
    for (body, ids) in [
        (json!({"content": [{"id": "a"}, {"id": "b"}], "totalElements": 2}), vec!["a", "b"]),
        (json!([{"id": "a"}]), vec!["a"]),
        (json!({"id": "a", "startIPAddress": "10.0.0.1"}), vec!["a"]),
    ] {
        let (server, client) = started().await;
        respond(&server, "GET", "/iaas/api/fabric-networks/n/network-ip-ranges", ok(body)).await;
        let read = client.fabric_networks().ip_ranges("n").all().await.unwrap();
        assert_eq!(read.iter().filter_map(|row| row.id.as_deref()).collect::<Vec<_>>(), ids);
    }
}

/// A filter with a dot finds nothing on some servers.
#[tokio::test]
async fn a_name_with_a_dot_is_searched_without_a_filter() {
    let (server, client) = started().await;
    let found =
        json!({"content": [{"id": "1", "name": "ipam.example"}, {"id": "2", "name": "ipam"}], "totalElements": 2});
    respond(&server, "GET", "/iaas/api/integrations", ok(found)).await;
    assert_eq!(client.integrations().named("ipam.example").await.unwrap().id.as_deref(), Some("1"));
    assert_eq!(client.integrations().named("ipam").await.unwrap().id.as_deref(), Some("2"));
    let requests = server.received_requests().await.unwrap();
    let filters: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "GET")
        .map(|r| r.url.query().unwrap().contains("filter"))
        .collect();
    assert_eq!(filters, [false, true]);
}
