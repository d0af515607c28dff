//! Seeded rows, and the responses that show them.

use phpipam_client::testing::{App, CustomColumn, Numbers, Object, Server};
use serde_json::json;

use crate::wire::Caller;

#[tokio::test(flavor = "multi_thread")]
async fn seeded_objects_are_read_back() {
    let app = App::new("app").with_nested_custom_fields(true);
    let server = Server::builder().app(app).start().await.unwrap();
    let (inner, vlan) = server.seed(|s| {
        s.add_custom_field(Object::Subnet, CustomColumn::text("custom_team", 16));
        s.add_custom_field(Object::Subnet, CustomColumn::flag("custom_live", true));
        let section = s.add_section("Lab");
        let outer = s.add_subnet(section, "10.0.0.0/8".parse().unwrap());
        let inner = s.add_subnet(section, "10.1.0.0/16".parse().unwrap());
        let vlan = s.add_vlan(12, "users");
        let servers = s.add_nameservers("DNS", &["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()]);
        s.set_field(Object::Subnet, inner, "vlanId", &vlan.to_string());
        s.set_field(Object::Subnet, inner, "nameserverId", &servers.to_string());
        s.set_field(Object::Subnet, inner, "custom_team", "net");
        let gateway = s.add_address(inner, "10.1.0.1".parse().unwrap(), "gw");
        s.set_field(Object::Address, gateway, "is_gateway", "1");
        assert_eq!(s.row(Object::Subnet, inner).unwrap()["masterSubnetId"], outer);
        (inner, vlan)
    });
    let caller = Caller::on(server.address(), "app", "admin:correct horse");
    let subnet = caller.get(&format!("subnets/{inner}/")).json()["data"].take();
    assert_eq!(subnet["subnet"], "10.1.0.0");
    assert_eq!(subnet["vlanId"], vlan);
    assert_eq!(subnet["nameservers"]["namesrv1"], "192.0.2.1;192.0.2.2");
    assert_eq!(subnet["gateway"]["ip_addr"], "10.1.0.1");
    assert_eq!(subnet["custom_fields"], json!({"custom_team": "net", "custom_live": 1}));
    assert_eq!(caller.get("vlans/search/12/").json()["data"][0]["name"], "users");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_strings_for_all_calls_or_for_one() {
    let server = Server::builder().numbers(Numbers::Strings).start().await.unwrap();
    let section = server.seed(|s| s.add_section("Lab"));
    let caller = Caller::of(&server);
    let path = format!("/api/{}/sections/{section}/", Server::APP);
    let get = |more: &[(&str, &str)]| {
        let mut headers = vec![("token", caller.token.as_str())];
        headers.extend(more);
        crate::wire::exchange(server.address(), "GET", &path, &headers, None).unwrap().json()["data"]["id"].take()
    };
    assert_eq!(get(&[]), json!(section.to_string()));
    assert_eq!(get(&[("api-stringify-results", "0")]), json!(section));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_the_database_would_refuse_is_refused() {
    let server = Server::start().await.unwrap();
    server.seed(|s| {
        let error = s.add(Object::Subnet, &[("colour", "red")]).unwrap_err();
        assert_eq!(error.to_string(), "subnets has no column colour");
        let long = "x".repeat(65);
        let error =
            s.add(Object::Address, &[("subnetId", "1"), ("ip", "10.0.0.1"), ("description", &long)]).unwrap_err();
        assert!(error.to_string().contains("1406 Data too long for column 'description'"), "{error}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_site_is_seeded_and_listed() {
    let server = Server::start().await.unwrap();
    server.seed(|s| {
        let section = s.add_section("Large");
        let root = s.add_subnet(section, "10.0.0.0/8".parse().unwrap());
        for i in 0..5_000_u32 {
            let net = std::net::Ipv4Addr::from(0x0A00_0000 + i * 256);
            s.add_subnet(section, format!("{net}/24").parse().unwrap());
        }
        assert_eq!(s.row(Object::Subnet, root + 5_000).unwrap()["masterSubnetId"], root);
    });
    let caller = Caller::of(&server);
    assert_eq!(caller.get("subnets/").json()["data"].as_array().unwrap().len(), 5_001);
    assert_eq!(caller.get("subnets/1/first_subnet/24/").json()["data"], "10.19.136.0/24");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_at_the_end_of_its_family_is_divided_up_to_the_last_address() {
    let server = Server::start().await.unwrap();
    let [v6, v4] = server.seed(|s| {
        let section = s.add_section("Last");
        let nets = ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124", "255.255.255.240/28"];
        nets.map(|net| s.add_subnet(section, net.parse().unwrap()))
    });
    let caller = Caller::of(&server);
    let data = |path: String| caller.get(&path).json()["data"].take();
    let start = "ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    assert_eq!(data(format!("subnets/{v6}/first_subnet/126/")), format!("{start}:fff0/126"));
    assert_eq!(data(format!("subnets/{v6}/last_subnet/126/")), format!("{start}:fffc/126"));
    assert_eq!(data(format!("subnets/{v6}/last_subnet/128/")), format!("{start}:ffff/128"));
    let halves = json!([format!("{start}:fff0/125"), format!("{start}:fff8/125")]);
    assert_eq!(data(format!("subnets/{v6}/all_subnets/125/")), halves);
    assert_eq!(data(format!("subnets/{v4}/last_subnet/30/")), "255.255.255.252/30");
}
