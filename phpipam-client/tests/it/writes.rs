//! Writes: their bodies, repetitions and refusals.

use ipam_core::{ErrorKind, Patch};
use phpipam_client::models::{AddressFields, SectionFields, SubnetFields, SubnetId, Tag};
use phpipam_client::testing::{Fault, Server, When};
use phpipam_client::{Client, Filter, RefusalKind, Shortage};

use crate::support::client;

async fn lab(server: &Server, network: &str) -> (Client, SubnetId) {
    let client = client(server);
    let section = client.sections().create("Lab", &SectionFields::new()).await.unwrap().id;
    let network = network.parse().unwrap();
    let fields = SubnetFields::new().with_description("test net");
    let subnet = client.subnets().create(section, network, &fields).await.unwrap().id;
    (client, subnet)
}

#[tokio::test]
async fn what_is_created_is_read_back() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/29").await;
    let read = client.subnets().get(subnet).await.unwrap();
    assert_eq!(read.network().unwrap().to_string(), "10.0.0.0/29");
    assert_eq!(read.description.as_deref(), Some("test net"));
    let fields = AddressFields::new()
        .with_hostname("a.example")
        .with_mac("00-11-22-AA-BB-CC")
        .with_is_gateway(true)
        .with_exclude_ping(false);
    let id = client.addresses().create(subnet, "10.0.0.1".parse().unwrap(), &fields).await.unwrap().id;
    let read = client.addresses().get(id).await.unwrap();
    assert_eq!(read.ip.unwrap().to_string(), "10.0.0.1");
    assert!(read.is_gateway && !read.exclude_ping);
    assert_eq!(read.tag, Some(Tag::USED));
    assert_eq!(client.subnets().get(subnet).await.unwrap().gateway_ip(), read.ip);
    let found = client.addresses().find_in_subnet(subnet, "10.0.0.1".parse().unwrap()).await.unwrap();
    assert_eq!(found.unwrap().id, id);
    assert_eq!(client.subnets().list_filtered(&Filter::equals("id", subnet)).await.unwrap().len(), 1);
    client.addresses().delete(id).await.unwrap();
    assert!(client.addresses().delete(id).await.unwrap_err().is_not_found());
    assert!(client.subnets().addresses(subnet).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_address_keeps_its_tag_when_something_else_changes() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/29").await;
    let fields = AddressFields::new().with_tag(Tag::DHCP).with_note("old");
    let id = client.addresses().create(subnet, "10.0.0.1".parse().unwrap(), &fields).await.unwrap().id;
    let change = AddressFields::new().patch_note(Patch::Clear).patch_owner(Patch::Set("me".into()));
    let now = client.addresses().update_verified(id, &change).await.unwrap();
    assert_eq!((now.tag, now.note, now.owner.as_deref()), (Some(Tag::DHCP), None, Some("me")));
}

#[tokio::test]
async fn an_exhausted_subnet_says_why() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/30").await;
    let cause = async |subnet| {
        let error = client.addresses().allocate_first_free(subnet, &AddressFields::new()).await.unwrap_err();
        assert_eq!(error.kind() == ErrorKind::Exhausted, error.is_exhausted());
        error.refusal_kind().unwrap()
    };
    for expected in ["10.0.0.1", "10.0.0.2"] {
        let taken = client.addresses().allocate_first_free(subnet, &AddressFields::new()).await.unwrap();
        assert_eq!(taken.ip.to_string(), expected);
    }
    assert_eq!(cause(subnet).await, RefusalKind::Exhausted(Shortage::Full));
    client.subnets().update(subnet, &SubnetFields::new().with_is_full(true)).await.unwrap();
    assert_eq!(cause(subnet).await, RefusalKind::Exhausted(Shortage::MarkedFull));
    assert_eq!(cause(SubnetId::new(4711)).await, RefusalKind::NotFound);

    let section = client.sections().get_by_name("Lab").await.unwrap().id;
    let parent =
        client.subnets().create(section, "10.1.0.0/16".parse().unwrap(), &SubnetFields::new()).await.unwrap().id;
    client.subnets().allocate_first_subnet(parent, 24, &SubnetFields::new()).await.unwrap();
    assert_eq!(cause(parent).await, RefusalKind::Exhausted(Shortage::HasChildren));
    let folder = SubnetFields::new().with_description("folder");
    let folder = client.folders().create_folder(section, &folder).await.unwrap().id;
    assert_eq!(cause(folder).await, RefusalKind::Exhausted(Shortage::Folder));
}

#[tokio::test]
async fn an_allocation_whose_response_is_lost_is_not_repeated() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/24").await;
    server.fault(Fault::DropAfter, When::any().method("POST").path("/first_free/"));
    let error = client.addresses().allocate_first_free(subnet, &AddressFields::new()).await.unwrap_err();
    assert!(error.may_have_been_done(), "{error:?}");
    assert_eq!(server.count("POST", "/first_free/"), 1);
    assert_eq!(client.subnets().addresses(subnet).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_read_whose_response_is_lost_is_repeated() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/24").await;
    server.fault(Fault::DropAfter, When::any().method("GET"));
    assert!(client.subnets().get(subnet).await.is_ok());
}

#[tokio::test]
async fn parallel_allocations_never_share_an_address() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/24").await;
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                client.addresses().allocate_first_free(subnet, &AddressFields::new()).await.unwrap().ip
            })
        })
        .collect();
    let mut taken = std::collections::BTreeSet::new();
    for task in tasks {
        assert!(taken.insert(task.await.unwrap()));
    }
    assert_eq!(taken.len(), 40);
}

#[tokio::test]
async fn what_the_server_would_damage_is_not_sent() {
    let server = Server::start().await.unwrap();
    let (client, subnet) = lab(&server, "10.0.0.0/24").await;
    let before = server.requests().len();
    let refused = |result: Result<(), phpipam_client::Error>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    };
    let update = async |fields: SubnetFields| client.subnets().update(subnet, &fields).await;
    refused(update(SubnetFields::new().with_description("x <3 y")).await);
    refused(update(SubnetFields::new().with_description("nul\0")).await);
    refused(update(SubnetFields::new().with_vlan(0)).await);
    refused(update(SubnetFields::new().with_custom_field("id", 7)).await);
    refused(update(SubnetFields::new().with_custom_field("x", serde_json::json!([1]))).await);
    refused(update(SubnetFields::new()).await);
    refused(client.subnets().delete(SubnetId::new(0)).await);
    refused(client.sections().get_by_name("a/b").await.map(drop));
    refused(client.sections().get_by_name("12").await.map(drop));
    assert_eq!(server.requests().len(), before);
    update(SubnetFields::new().with_description("a < b > c & \"d\" 'e'")).await.unwrap();
    let read = client.subnets().get(subnet).await.unwrap();
    assert_eq!(read.description.as_deref(), Some("a < b > c & \"d\" 'e'"));
}
