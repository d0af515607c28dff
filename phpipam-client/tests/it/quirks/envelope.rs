//! B. Envelope.

use phpipam_client::controllers::SearchKind;
use phpipam_client::models::{AddressFields, AddressId, SectionFields, SubnetFields};
use phpipam_client::{Error, Filter, RefusalKind};
use serde_json::json;

use super::{Canned, no, ok};

#[tokio::test]
async fn q09_success_is_true_false_or_zero() {
    for failed in [json!(false), json!(0), json!("0"), json!("")] {
        let body = json!({"code":200,"success":failed,"message":"Address not found","time":0.006});
        let client = Canned::always(200, body).await.client;
        assert!(client.addresses().search("10.0.0.1".parse().unwrap()).await.unwrap().is_empty(), "{failed}");
        assert!(client.addresses().get(1.into()).await.unwrap_err().is_not_found(), "{failed}");
    }
    for worked in [json!(true), json!(1), json!("1")] {
        let body = json!({"code":200,"success":worked,"data":[{"id":1}],"time":0});
        assert_eq!(Canned::always(200, body).await.client.addresses().list().await.unwrap().len(), 1, "{worked}");
    }
    let error = Canned::always(200, json!({"data":[{"id":1}]})).await.client.addresses().list().await.unwrap_err();
    assert!(matches!(error, Error::NotAnApi(_)), "a body without success is no envelope: {error:?}");
}

#[tokio::test]
async fn q10_http_200_carries_failures() {
    let canned = Canned::always(200, no(200, "No custom fields defined")).await;
    assert!(canned.client.subnets().custom_fields().await.unwrap().is_empty());
    let html = "<div class='alert alert-danger'>10.40.0.200 is not a valid address for subnet 10.40.0.0/25</div>";
    let canned = Canned::text(200, "text/html", html).await;
    let error = canned.client.subnets().resize(33.into(), 25).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Structural));
    assert!(error.to_string().contains("10.40.0.200"), "{error}");
    let locked = no(500, "Cannot obtain lock for phpipam_api.lock after 1.0004 seconds");
    let error = Canned::always(200, locked).await.client.sections().delete(1.into()).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Busy));
}

#[tokio::test]
async fn q11_an_empty_collection_is_an_error() {
    for (status, body) in [
        (200, no(200, "No addresses found")),
        (404, no(404, "No addresses found")),
        (500, no(500, "Unable to read addresses")),
    ] {
        let client = Canned::always(status, body).await.client;
        assert!(client.addresses().list().await.unwrap().is_empty(), "{status}");
    }
    let client = Canned::always(500, no(500, "Unable to read subnets")).await.client;
    assert!(client.subnets().list().await.unwrap().is_empty());
    let error = client.subnets().get(1.into()).await.unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::Server), "only a list can be empty: {error}");
}

#[tokio::test]
async fn q11_a_list_below_a_missing_parent_is_not_found() {
    let empty = no(404, "No subnets found");
    let missing = Canned::new().await.on("GET", "/subnets/$", 404, empty.clone()).await;
    let missing = missing.on("GET", "/sections/9/$", 404, no(404, "Section does not exist")).await;
    assert!(missing.client.sections().subnets(9.into()).await.unwrap_err().is_not_found());
    let there = Canned::new().await.on("GET", "/subnets/$", 404, empty).await;
    let there = there.on("GET", "/sections/9/$", 200, ok(json!({"id":9,"name":"x"}))).await;
    assert!(there.client.sections().subnets(9.into()).await.unwrap().is_empty());
    let known = Canned::always(404, no(404, "Invalid subnet Id (9)")).await;
    assert!(known.client.subnets().addresses(9.into()).await.unwrap_err().is_not_found());
    assert_eq!(known.asked().await.len(), 1, "the message says it");
    let translated = Canned::new().await.on("GET", "/addresses/$", 404, no(404, "Keine Adressen gefunden")).await;
    let translated = translated.on("GET", "/subnets/9/$", 400, no(400, "Invalid subnet Id (9)")).await;
    assert!(translated.client.subnets().addresses(9.into()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn q12_data_may_be_missing_or_null() {
    let client = Canned::always(200, json!({"code":200,"success":true,"time":0.01})).await.client;
    client.sections().delete(1.into()).await.unwrap();
    client.sections().update(1.into(), &SectionFields::new().with_dns("x")).await.unwrap();
    assert!(client.sections().list().await.unwrap().is_empty());
    assert!(matches!(client.sections().get(1.into()).await, Err(Error::Decode(_))));
    let body = json!({"code":200,"success":true,"data":null,"message":"No sections available","time":0.002});
    assert!(Canned::always(200, body).await.client.sections().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn q13_data_is_a_bare_string_for_allocations() {
    let body =
        json!({"code":201,"success":true,"message":"Address created","id":"154","data":"192.168.1.11","time":0.011});
    let client = Canned::always(201, body).await.client;
    let taken = client.addresses().allocate_first_free(8.into(), &AddressFields::new()).await.unwrap();
    assert_eq!((taken.id, taken.ip.to_string()), (AddressId::new(154), "192.168.1.11".to_owned()));
    let client = Canned::always(200, ok(json!("91.202.65.0/30"))).await.client;
    assert_eq!(client.subnets().peek_first_subnet(1.into(), 30).await.unwrap().to_string(), "91.202.65.0/30");
    let client = Canned::always(200, ok(json!(["10.0.0.0/26", "10.0.0.64/26"]))).await.client;
    assert_eq!(client.subnets().list_free_subnets(1.into(), 26).await.unwrap().len(), 2);
}

#[tokio::test]
async fn q14_data_of_a_write_may_be_a_sentence() {
    let body = json!({"code":201,"success":true,"id":"3","data":"sections object created","time":0.01});
    let client = Canned::always(201, body).await.client;
    assert_eq!(client.sections().create("abc", &SectionFields::new()).await.unwrap().id.get(), 3);
    let client = Canned::always(200, ok(json!(["Token removed"]))).await.client;
    client.user().logout_everywhere().await.unwrap();
}

#[tokio::test]
async fn q15_the_created_id_is_outside_of_data_and_a_string() {
    let create = async |canned: &Canned| {
        let network = "10.0.0.0/28".parse().unwrap();
        canned.client.subnets().create(1.into(), network, &SubnetFields::new()).await.map(|created| created.id.get())
    };
    let body =
        json!({"code":201,"success":true,"message":"Subnet created","id":"786","data":"10.0.0.0/28","time":0.02});
    assert_eq!(create(&Canned::always(201, body).await).await.unwrap(), 786);
    let without = json!({"code":201,"success":true,"message":"Subnet created","data":"10.0.0.0/28"});
    let located = Canned::new().await;
    let response =
        wiremock::ResponseTemplate::new(201).set_body_json(&without).insert_header("location", "/api/app/subnets/787/");
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(response).mount(located.server.as_ref()).await;
    assert_eq!(create(&located).await.unwrap(), 787);
    let nothing = Canned::always(201, without).await;
    assert!(matches!(create(&nothing).await, Err(Error::Decode(_))));
    assert_eq!(nothing.asked().await.len(), 1, "it is not searched for");
}

#[tokio::test]
async fn q16_a_filter_on_a_single_object_makes_a_list_or_nothing() {
    let filter = Filter::equals("hostname", "a");
    let rows = async |data| {
        let client = Canned::always(200, ok(data)).await.client;
        client.addresses().list_filtered(&filter).await.unwrap().len()
    };
    assert_eq!(rows(json!({})).await, 0);
    assert_eq!(rows(json!([{"id":"5","hostname":"a"}])).await, 1);
    assert_eq!(rows(json!({"id":"5","hostname":"a"})).await, 1);
    let client = Canned::always(200, ok(json!([{"id":"5","hostname":"a"}]))).await.client;
    assert_eq!(client.addresses().get(5.into()).await.unwrap().hostname.as_deref(), Some("a"));
}

#[tokio::test]
async fn q17_a_search_nests_an_envelope_for_each_kind() {
    let data = json!({
        "subnets": {"code": 404, "data": "No subnets found"},
        "addresses": {"code": 200, "data": [{"id": 3, "ip": "167772161"}]},
        "search_filter": {"subnets": "1", "addresses": "1", "vlan": "0", "vrf": "0"},
    });
    let canned = Canned::always(200, ok(data.clone())).await;
    let kinds = [SearchKind::Subnets, SearchKind::Addresses];
    let found = canned.client.search().find("10.0.0.1", &kinds).await.unwrap();
    assert_eq!((found.subnets.len(), found.addresses.len()), (0, 1));
    assert_eq!(found.addresses[0].ip, Some("10.0.0.1".parse().unwrap()), "decimal there");
    let raw = canned.client.raw(http::Method::GET, "search/10.0.0.1/?subnets=1&vlan=0", None).await.unwrap();
    assert_eq!(raw.data, data, "raw leaves it as it is");
}

#[tokio::test]
async fn q17_a_part_that_is_missing_or_odd_is_not_nothing() {
    for (part, place) in [
        (json!({}), "data.addresses"),
        (json!({"addresses": {"code": 200, "data": "some text"}}), "data.addresses.data"),
        (json!({"addresses": {"code": 404}}), "data.addresses.data"),
        (json!({"addresses": {"code": 200, "data": [{"id": 1}, {"id": "x"}]}}), "data.addresses.data[1].id"),
    ] {
        let client = Canned::always(200, ok(part.clone())).await.client;
        let error = client.search().addresses("web").await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{part}: {error}") };
        assert_eq!(decode.path, place, "{part}");
    }
    let gaps = json!({"addresses": {"code": 200, "data": {"0": {"id": 1}, "4": {"id": 2}}}});
    let client = Canned::always(200, ok(gaps)).await.client;
    assert_eq!(client.search().addresses("web").await.unwrap().len(), 2);
}

#[tokio::test]
async fn q75_alert_boxes_before_the_envelope_are_the_servers_own() {
    let boxes = "<div class='alert alert-success'>Subnet removed from NAT</div>\
                 <div class='alert alert-danger'>Error: SQLSTATE[22001]: Data too long for column 'command'</div>";
    let json = r#"{"code":200,"success":true,"time":0.088}"#;
    let canned = Canned::text(200, "application/json", &format!("{boxes}{json}")).await;
    canned.client.sections().delete(5.into()).await.unwrap();
    let raw = canned.client.raw(http::Method::DELETE, "sections/5/", None).await.unwrap();
    assert!(raw.warning.unwrap().contains("removed from NAT"), "what was printed is kept");
    // The envelope still decides.
    let failed = r#"{"code":500,"success":false,"message":"Section delete failed","time":0.1}"#;
    let canned = Canned::text(500, "application/json", &format!("{boxes}{failed}")).await;
    assert_eq!(canned.client.sections().delete(5.into()).await.unwrap_err().refusal_kind(), Some(RefusalKind::Server));
    // Anything else around the envelope is still refused.
    for body in [format!("{boxes}x{json}"), format!("{boxes}{json}<p>"), format!("<div class='alert x'>{json}")] {
        let error = Canned::text(200, "application/json", &body).await.client.sections().delete(5.into()).await;
        assert!(matches!(error, Err(Error::NotOnlyJson(_))), "{body}");
    }
}
