//! H. Behaviour that loses data.

use futures_util::TryStreamExt;
use phpipam_client::models::{AddressFields, NatFields, NatObjects, SectionFields, SubnetFields, Tag, VlanFields};
use phpipam_client::testing::{Fault, Server, When};
use phpipam_client::{Error, Filter, RefusalKind};
use serde_json::{Value, json};

use super::{Canned, no, ok};
use crate::support::client;

#[tokio::test]
async fn q61_every_change_of_an_address_carries_the_tag() {
    let canned = Canned::always(200, ok(json!({"id":7,"tag":4}))).await;
    canned.client.addresses().update(7.into(), &AddressFields::new().clear_note()).await.unwrap();
    canned
        .client
        .addresses()
        .update(7.into(), &AddressFields::new().clear_note().with_tag(Tag::RESERVED))
        .await
        .unwrap();
    let requests = canned.requests().await;
    let bodies: Vec<Value> = requests.iter().filter_map(|request| serde_json::from_slice(&request.body).ok()).collect();
    assert_eq!(bodies, [json!({"note":null,"tag":4}), json!({"note":null,"tag":3})]);
    assert_eq!(requests.len(), 3, "a tag that is given is not read");
}

#[tokio::test]
async fn q62_an_address_is_moved_by_making_it_anew() {
    let server = Server::start().await.unwrap();
    let (one, two) = server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet =
            |store: &mut phpipam_client::testing::Store, net: &str| store.add_subnet(section, net.parse().unwrap());
        (subnet(store, "10.0.0.0/24"), subnet(store, "10.1.0.0/24"))
    });
    let client = client(&server);
    let fields = AddressFields::new().with_hostname("a.example").with_note("n").with_tag(Tag::DHCP);
    let old = client.addresses().create(one.into(), "10.0.0.5".parse().unwrap(), &fields).await.unwrap().id;
    let new = client.addresses().move_to(old, two.into(), "10.1.0.9".parse().unwrap()).await.unwrap().id;
    assert!(client.addresses().get(old).await.unwrap_err().is_not_found());
    let moved = client.addresses().get(new).await.unwrap();
    assert_eq!(
        (moved.hostname.as_deref(), moved.note.as_deref(), moved.tag),
        (Some("a.example"), Some("n"), Some(Tag::DHCP))
    );
    assert_eq!(moved.ip.unwrap().to_string(), "10.1.0.9");

    server.fault(Fault::Status(500, "no".into()), When::any().method("DELETE").path(format!("/{new}/")));
    let error = client.addresses().move_to(new, one.into(), "10.0.0.6".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Server), "{error:?}");
    assert!(client.addresses().get(new).await.is_ok(), "the old one is still there");
    assert!(client.subnets().addresses(one.into()).await.unwrap().is_empty(), "the new one was deleted again");
    let error = Canned::always(400, no(400, "IP address cannot be changed")).await.client;
    let error = error.raw(http::Method::PATCH, "addresses/7/", Some(json!({"ip":"10.0.0.1"}))).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Invalid));
}

#[tokio::test]
async fn q63_a_change_of_a_vlan_carries_its_name() {
    let canned =
        Canned::new().await.on("GET", "/vlans/7/$", 200, ok(json!({"id":"7","name":"users","number":"10"}))).await;
    let canned =
        canned.on("PATCH", "/vlans/7/$", 200, json!({"code":200,"success":true,"message":"Vlan updated"})).await;
    canned.client.vlans().update(7.into(), &VlanFields::new().with_description("second floor")).await.unwrap();
    canned.client.vlans().update(7.into(), &VlanFields::new().with_name("guests").clear_description()).await.unwrap();
    let requests = canned.requests().await;
    let bodies: Vec<Value> = requests.iter().filter_map(|request| serde_json::from_slice(&request.body).ok()).collect();
    assert_eq!(
        bodies,
        [json!({"description":"second floor","name":"users"}), json!({"name":"guests","description":null})]
    );
    assert_eq!(requests.len(), 3, "a name that is given is not read");
    let refused = Canned::always(400, no(400, "Vlan name is required")).await.client;
    let error = refused.raw(http::Method::PATCH, "vlans/7/", Some(json!({"description":"x"}))).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Invalid), "{error}");

    let server = Server::start().await.unwrap();
    let vlans = client(&server);
    let vlans = vlans.vlans();
    let id = vlans.create("users", 10, &VlanFields::new().with_description("first floor")).await.unwrap().id;
    vlans.update(id, &VlanFields::new().with_number(11_u32)).await.unwrap();
    let vlan = vlans.get(id).await.unwrap();
    assert_eq!((vlan.name.as_deref(), vlan.number), (Some("users"), Some(11)));
    assert_eq!(vlan.description.as_deref(), Some("first floor"));
    vlans.delete(id).await.unwrap();
    assert!(vlans.get(id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_change_of_a_translation_that_is_not_kept_is_noticed() {
    let row = json!([{"id":1,"name":"out","type":"source","src":{"ipaddresses":["11"]},"dst":[],"policy":"No"}]);
    let canned = Canned::new().await.on("GET", "/nat/1/$", 200, ok(row)).await;
    let done = json!({"code":200,"success":true,"message":"NAT modified","id":"1"});
    let canned = canned.on("PATCH", "/nat/1/$", 200, done).await.on("GET", "/nat/9/$", 200, ok(json!([]))).await;
    let nat = canned.client.nat();
    let source = |id: u64| NatFields::new().with_source(NatObjects::new().with_addresses([id.into()]));
    nat.update_verified(1.into(), &source(11)).await.unwrap();
    let error = nat.update_verified(1.into(), &source(12)).await.unwrap_err();
    assert!(matches!(&error, Error::PartlyApplied { fields, .. } if fields == &["src"]), "{error}");
    let bodies: Vec<Value> =
        canned.requests().await.iter().filter_map(|request| serde_json::from_slice(&request.body).ok()).collect();
    assert_eq!(bodies[0], json!({"src":{"ipaddresses":["11"]}}));
    assert!(nat.get(9.into()).await.unwrap_err().is_not_found(), "an empty list for what does not exist");
}

#[tokio::test]
async fn q64_addresses_are_deleted_by_id_only() {
    let canned = Canned::always(200, json!({"code":200,"success":true,"message":"Address deleted"})).await;
    canned.client.addresses().delete(5.into()).await.unwrap();
    canned.client.addresses().delete_with_dns(5.into()).await.unwrap();
    assert_eq!(canned.asked().await, ["DELETE addresses/5/", "DELETE addresses/5/?remove_dns=1"]);
}

#[tokio::test]
async fn q65_allocation_is_one_call_that_takes_and_races_are_repeated() {
    use phpipam_client::testing::{App, Lock};
    let app = App::new(Server::APP).with_lock(Lock::Disabled);
    let server = Server::builder().app(app).start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    // Clients of their own, as on several hosts: nothing but the server keeps them apart.
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let client = client(&server);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                for _ in 0..5 {
                    taken.push(
                        client.addresses().allocate_first_free(subnet.into(), &AddressFields::new()).await.unwrap().ip,
                    );
                }
                taken
            })
        })
        .collect();
    let mut taken = std::collections::BTreeSet::new();
    for task in tasks {
        for ip in task.await.unwrap() {
            assert!(taken.insert(ip), "{ip} was given twice");
        }
    }
    assert_eq!(taken.len(), 40);
    assert_eq!(server.count("GET", "/first_free/"), 0);
}

#[tokio::test]
async fn q67_the_server_may_hand_out_the_zero_address() {
    let response = json!({"code":201,"success":true,"id":"9","data":"fd13:6d20:29dc:cf27::"});
    let client = Canned::always(201, response).await.client;
    let taken = client.addresses().allocate_first_free(5.into(), &AddressFields::new()).await.unwrap();
    assert_eq!(taken.ip.to_string(), "fd13:6d20:29dc:cf27::", "told as it is: it is taken now");
}

#[tokio::test]
async fn q68_what_the_server_calls_free_may_hold_addresses() {
    let server = Server::start().await.unwrap();
    let parent = server.seed(|store| {
        let section = store.add_section("Lab");
        let parent = store.add_subnet(section, "10.0.0.0/29".parse().unwrap());
        store.add_address(parent, "10.0.0.2".parse().unwrap(), "web1");
        parent
    });
    let client = client(&server);
    let free = client.subnets().peek_first_subnet(parent.into(), 30).await.unwrap();
    assert_eq!(free.to_string(), "10.0.0.0/30");
    let within = client.subnets().addresses_within(parent.into(), free).await.unwrap();
    assert_eq!(within.iter().map(|row| row.hostname.as_deref().unwrap()).collect::<Vec<_>>(), ["web1"]);
    assert!(client.subnets().addresses_within(parent.into(), "10.0.0.4/30".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn q69_filters_compare_the_stored_value() {
    let canned = Canned::always(404, no(404, "No results (filter applied)")).await;
    let filter = Filter::network_address("10.15.0.0".parse().unwrap());
    assert!(canned.client.subnets().list_filtered(&filter).await.unwrap().is_empty());
    let regex = Filter::matches("name", "#^a/b c$#");
    assert!(canned.client.vlans().list_filtered(&regex).await.unwrap().is_empty());
    assert_eq!(
        canned.asked().await,
        [
            "GET subnets/all/?filter_by=subnet&filter_value=168755200",
            "GET vlans/?filter_by=name&filter_value=%23%5Ea%2Fb%20c%24%23&filter_match=regex"
        ]
    );
}

#[tokio::test]
async fn q70_the_same_address_exists_many_times() {
    let rows = json!([{"id":1,"subnetId":5,"ip":"10.0.0.5"},{"id":2,"subnetId":6,"ip":"10.0.0.5"}]);
    let client = Canned::always(200, ok(rows)).await.client;
    let ip = "10.0.0.5".parse().unwrap();
    assert_eq!(client.addresses().search(ip).await.unwrap().len(), 2);
    assert_eq!(client.addresses().find_in_subnet(6.into(), ip).await.unwrap().unwrap().id.get(), 2);
    assert!(client.addresses().find_in_subnet(7.into(), ip).await.unwrap().is_none());
}

#[tokio::test]
async fn q71_one_address_at_a_time_and_lists_without_pages() {
    let message = "0.0.0.0 is not a valid address for subnet 192.168.0.0/24";
    let canned = Canned::always(500, no(500, message)).await;
    let body = json!({"subnetId":5,"ip":"192.168.0.1-192.168.0.200"});
    let error = canned.client.raw(http::Method::POST, "addresses/", Some(body)).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Invalid), "a 500 that is the caller's: {error}");
    assert!(!error.may_have_been_done() && canned.asked().await.len() == 1, "and is not repeated: {error:?}");

    let server = Server::start().await.unwrap();
    let section = server.seed(|store| {
        let section = store.add_section("Large");
        for n in 0..200_u32 {
            let net = ipnet::Ipv4Net::new((0x0a00_0000 + n * 256).into(), 24).unwrap();
            store.add_subnet(section, net.into());
        }
        section
    });
    let client = client(&server);
    client.sections().list().await.unwrap();
    server.clear_log();
    let filter = Filter::equals("sectionId", section);
    let rows: Vec<_> = client.subnets().stream(Some(&filter)).try_collect().await.unwrap();
    assert_eq!(rows.len(), 200);
    assert_eq!(server.requests().len(), 1, "all rows of one section come with one response, read row by row");
}

#[tokio::test]
async fn q72_last_seen_can_be_written() {
    let canned = Canned::always(200, ok(json!({"id":7,"tag":2,"lastSeen":"2026-01-01 10:00:00"}))).await;
    let seen: phpipam_client::models::ServerTime = "2026-01-01 10:00:00".parse().unwrap();
    let fields = AddressFields::new().with_last_seen(seen).with_tag(Tag::USED);
    assert_eq!(canned.client.addresses().update_verified(7.into(), &fields).await.unwrap().last_seen, Some(seen));
    let body: Value = serde_json::from_slice(&canned.requests().await[0].body).unwrap();
    assert_eq!(body, json!({"lastSeen":"2026-01-01 10:00:00","tag":2}));
    assert!(
        "2026-01-01T10:00:00Z".parse::<phpipam_client::models::ServerTime>().is_err(),
        "the server refuses that form"
    );
}

#[tokio::test]
async fn texts_that_the_server_would_strip_are_refused_by_name() {
    let canned = Canned::always(200, ok(json!({}))).await;
    let error = canned.client.sections().create("a<b", &SectionFields::new()).await.unwrap_err();
    assert!(matches!(&error, Error::Invalid { field, .. } if field == "name"), "{error:?}");
    let fields = SubnetFields::new().with_custom_field("custom_env", "<i>");
    assert!(canned.client.subnets().update(1.into(), &fields).await.is_err());
    assert!(canned.asked().await.is_empty());
}
