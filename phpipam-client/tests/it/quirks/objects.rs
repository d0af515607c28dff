//! D. Objects.

use phpipam_client::models::{AddressId, GroupId, Level, SubnetId, VlanId};
use serde_json::json;

use super::{Canned, address, no, ok, subnet};

#[tokio::test]
async fn q26_the_raw_row_has_other_names() {
    let raw = json!({"id":"9","subnetId":"3","ip_addr":"167837953","ip":"10.1.1.1","state":"2","switch":"4"});
    let client = Canned::always(200, ok(raw)).await.client;
    let read = client.addresses().get(9.into()).await.unwrap();
    assert_eq!(read.ip.unwrap().to_string(), "10.1.1.1");
    assert_eq!((read.tag.unwrap().get(), read.device_id.unwrap().get()), (2, 4));
    assert!(read.extra.is_empty(), "{:?}", read.extra);
    let decimal = Canned::always(200, ok(json!({"id":9,"ip_addr":"42540766411282592856903984951653826571"}))).await;
    let read = decimal.client.addresses().get(9.into()).await.unwrap();
    assert_eq!(read.ip.unwrap().to_string(), "2001:db8::b");
}

#[tokio::test]
async fn q27_addresses_are_decimal_on_all_rows_but_one_and_found_by_search() {
    let rows = json!([{"id":1,"subnetId":5,"ip":"10.1.1.1"},{"id":2,"subnetId":6,"ip":"167837954"}]);
    let canned = Canned::always(200, ok(rows)).await;
    let found = canned.client.addresses().search_hostbase("web").await.unwrap();
    assert_eq!(found[1].ip.unwrap().to_string(), "10.1.1.2");
    let found = canned.client.addresses().find_in_subnet(6.into(), "10.1.1.2".parse().unwrap()).await.unwrap();
    assert_eq!(found.unwrap().id, AddressId::new(2));
    assert_eq!(canned.asked().await[1], "GET addresses/search/10.1.1.2/");
}

#[tokio::test]
async fn q28_a_missing_address_is_a_plain_not_found() {
    let canned = Canned::always(404, no(404, "Address does not exist")).await;
    assert!(canned.client.addresses().delete(5.into()).await.unwrap_err().is_not_found());
    assert_eq!(canned.asked().await, ["DELETE addresses/5/"], "by id, never by IP");
}

#[tokio::test]
async fn q29_an_address_may_be_missing_from_its_row() {
    let row = json!([{"id":"146","subnetId":"57","hostname":null,"tag":"2"}]);
    let rows = Canned::always(200, ok(row)).await.client.addresses().list().await.unwrap();
    assert_eq!((rows[0].id, rows[0].ip), (AddressId::new(146), None));
}

#[tokio::test]
async fn q30_the_key_of_vlans_and_vrfs_changes_with_the_path() {
    for row in
        [json!({"vlanId":3,"number":100}), json!({"id":3,"number":100}), json!({"id":"3","vlanId":"3","number":"100"})]
    {
        let canned = Canned::always(200, ok(row)).await;
        let vlan = canned.client.vlans().get(3.into()).await.unwrap();
        assert_eq!((vlan.id, vlan.number), (VlanId::new(3), Some(100)));
        assert_eq!(canned.asked().await, ["GET vlans/3/"]);
    }
    for row in [json!({"vrfId":1}), json!({"id":1})] {
        assert_eq!(Canned::always(200, ok(row)).await.client.vrfs().get(1.into()).await.unwrap().id.get(), 1);
    }
}

#[tokio::test]
async fn q32_permissions_have_five_shapes() {
    let levels = async |value| subnet(json!({ "permissions": value })).await.map(|subnet| subnet.permissions);
    for shape in [
        json!("{\"3\":\"1\",\"2\":\"2\"}"),
        json!([{"group_id":3,"permission":"1","name":"Guests","desc":"...","members":false},{"group_id":2,"permission":2}]),
        json!({"3":1,"2":"2"}),
    ] {
        let permissions = levels(shape).await.unwrap();
        assert_eq!(permissions.level(GroupId::new(3)), Some(&Level::Read));
        assert_eq!(permissions.level(GroupId::new(2)), Some(&Level::Write));
    }
    for none in [json!("[]"), json!("{}"), json!(""), json!(null), json!([]), json!("null")] {
        assert!(levels(none).await.unwrap().0.is_empty());
    }
    for bad in [json!("rwa"), json!({"x": 1}), json!(3), json!("\"{}\"")] {
        assert!(levels(bad.clone()).await.is_err(), "{bad}");
    }
    let unknown = levels(json!({"3": "7"})).await.unwrap();
    assert_eq!(unknown.level(GroupId::new(3)), Some(&Level::Unknown("7".to_owned())));
}

#[tokio::test]
async fn q33_lists_inside_strings() {
    let row = json!([{"id":4,"name":"x","namesrv1":"10.0.0.1; 10.0.0.2;;","permissions":"1;3"}]);
    let rows = Canned::always(200, ok(row)).await.client.tools().nameservers().list().await.unwrap();
    assert_eq!(rows[0].servers.0, ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(rows[0].sections.0, ["1", "3"]);
}

#[tokio::test]
async fn q34_nameservers_and_gateway_come_and_go() {
    let full = json!({"nameservers":{"id":"4","name":"External","namesrv1":"a;b"},"gatewayId":"97","gateway":{"ip_addr":"10.0.1.1"}});
    let read = subnet(full).await.unwrap();
    assert_eq!(read.gateway_ip().unwrap().to_string(), "10.0.1.1");
    assert_eq!(read.nameservers.unwrap().servers.0, ["a", "b"]);
    let read = subnet(json!({})).await.unwrap();
    assert!(read.nameservers.is_none() && read.gateway_ip().is_none());
    for none in [json!([]), json!(null), json!(false), json!("")] {
        assert!(subnet(json!({"gateway": none, "nameservers": none})).await.unwrap().gateway.is_none());
    }
}

#[tokio::test]
async fn q35_a_gateway_of_another_subnet_is_not_believed() {
    let rows = json!([
        {"id":12,"gatewayId":12,"gateway":{"subnetId":40,"ip_addr":"10.40.0.1"}},
        {"id":40,"gatewayId":13,"gateway":{"subnetId":"40","ip_addr":"10.40.0.1"}},
        {"id":41,"gatewayId":14,"gateway":{"ip_addr":"10.41.0.1","id":14}},
    ]);
    let rows = Canned::always(200, ok(rows)).await.client.subnets().list().await.unwrap();
    let gateways: Vec<Option<String>> = rows.iter().map(|row| row.gateway_ip().map(|ip| ip.to_string())).collect();
    assert_eq!(gateways, [None, Some("10.40.0.1".to_owned()), Some("10.41.0.1".to_owned())]);
}

#[tokio::test]
async fn q36_slaves_recursive_has_the_subnet_itself_and_its_gateway() {
    let rows = json!([{"id":5},{"id":6,"gatewayId":97,"gateway":{"ip_addr":"10.5.0.1","id":97}}]);
    let rows = Canned::always(200, ok(rows)).await.client.subnets().slaves_recursive(5.into()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].id, rows[0].gateway_ip(), rows[0].gateway_id), (SubnetId::new(6), None, None));
}

#[tokio::test]
async fn q37_usage_has_keys_that_differ_in_case_and_counts_beyond_64_bits() {
    let row = json!({"Used":10,"Reserved":"1","used":"12","Used_percent":3.94,"Karanténa 1":1,"Karanténa 1_percent":0,
        "freehosts":"-3","freehosts_percent":96,"maxhosts":"1208925819614629174706176"});
    let usage = Canned::always(200, ok(row)).await.client.subnets().usage(1.into()).await.unwrap();
    assert_eq!(usage.used.as_ref().unwrap().to_u128(), Some(12));
    assert_eq!(usage.max_hosts.as_ref().unwrap().to_u128(), Some(1_208_925_819_614_629_174_706_176));
    assert!(usage.free_hosts.as_ref().unwrap().is_negative());
    let tags: Vec<(&str, Option<u128>)> =
        usage.by_tag().into_iter().map(|(name, count)| (name, count.to_u128())).collect();
    assert_eq!(usage.extra.len(), 5);
    assert_eq!(tags, [("Karanténa 1", Some(1)), ("Reserved", Some(1)), ("Used", Some(10))]);
    let all = json!({"used":0,"freehosts":0,"maxhosts":"340282366920938463463374607431768211456"});
    let usage = Canned::always(200, ok(all)).await.client.subnets().usage(1.into()).await.unwrap();
    let max = usage.max_hosts.unwrap();
    assert_eq!((max.to_u128(), max.to_string().as_str()), (None, "340282366920938463463374607431768211456"));
}

#[tokio::test]
async fn q38_calculation_is_kept_and_not_needed() {
    let calculation = json!({"Type":"IPv4","IP address":"/","Subnet bitmask":"99","Subnet Class":false});
    let read = subnet(json!({ "calculation": calculation })).await.unwrap();
    assert_eq!(read.calculation, Some(calculation));
    assert_eq!(read.network().unwrap().to_string(), "10.1.0.0/24");
}

#[tokio::test]
async fn q39_folders_look_like_subnets() {
    for mask in [json!(""), json!(null)] {
        let folder = subnet(json!({"id":9,"subnet":"0.0.0.0","mask":mask,"isFolder":1})).await.unwrap();
        assert!(folder.is_folder && folder.mask.is_none() && folder.network().is_none());
    }
    let both = json!([{"id":1,"isFolder":"0"},{"id":2,"isFolder":"1"}]);
    let client = Canned::always(200, ok(both)).await.client;
    assert_eq!(client.subnets().list().await.unwrap()[0].id.get(), 1);
    let folders = client.folders().list().await.unwrap();
    assert_eq!((folders.len(), folders[0].id.get()), (1, 2), "1.3 lists both");
}

#[tokio::test]
async fn q40_new_fields_are_kept() {
    let read = address(json!({"isNew": {"deep": [1]}, "customer_id": null})).await.unwrap();
    assert_eq!(read.extra["isNew"], json!({"deep": [1]}));
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written["isNew"], json!({"deep": [1]}));
}
