//! Tasks of an administrator: tenants, identity, reservations, policies, key pairs, services.

use secrecy::ExposeSecret;
use vra_client::odata::{Filter, OrderBy};
use vra_client::testing::v7::Server;
use vra_client::testing::{Fault, When};
use vra_client::v7::{
    COMPUTE_RESOURCE_POLICY, DirectoryBody, EntityRef, GroupBody, KeyPairBody, PrincipalId, ReservationBody,
    ReservationPolicyBody, ReservationValues, STORAGE_POLICY, StorageShare, SubtenantBody, TenantBody, UserBody,
    ValuesRequest,
};

use crate::{as_user, example, example_62, group};

#[tokio::test]
async fn a_tenant_is_made_changed_and_deleted() {
    let (_server, client) = example().await;
    let identity = client.identity();
    let body = TenantBody::new("dev", "Development").with_contact_email("admin@example.com").with_password("hunter2");
    let made = identity.put_tenant("dev", body).await.unwrap().unwrap();
    assert_eq!((made.name.as_deref(), made.type_name), (Some("Development"), None));
    let all = identity.tenants().with_order_by(OrderBy::asc("name")).all().await.unwrap();
    assert_eq!(all.iter().filter_map(|row| row.id.as_deref()).collect::<Vec<_>>(), ["dev", "qe", "vsphere.local"]);
    let mut body = TenantBody::new("dev", "Renamed");
    identity.put_tenant("dev", body.clone()).await.unwrap();
    assert_eq!(identity.tenant("dev").await.unwrap().name.as_deref(), Some("Renamed"));
    body = TenantBody::new("other", "Renamed");
    assert_eq!(identity.put_tenant("dev", body).await.unwrap_err().code(), Some(10101));
    identity.delete_tenant("dev").await.unwrap();
    assert!(identity.tenant("dev").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_directory_is_linked_if_it_can_be_reached() {
    let (_server, client) = example().await;
    let identity = client.identity();
    let body = |url: &str| DirectoryBody::new("demo", "LDAP", "new.example.com", url).with_password("hunter2");
    let error = identity.link_directory("qe", "new.example.com", body("ldap://unreachable:389")).await.unwrap_err();
    assert!(error.as_server().unwrap().is_directory_unreachable(), "{error:?}");
    assert!(identity.test_directory("qe", body("ldap://unreachable:389")).await.is_err());
    identity.link_directory("qe", "new.example.com", body("ldap://ldap.example.com:389")).await.unwrap();
    let linked = identity.directory("qe", "new.example.com").await.unwrap();
    assert_eq!((linked.name.as_deref(), linked.password.is_none()), (Some("demo"), true));
    assert_eq!(identity.directories("qe").all().await.unwrap().len(), 2);
    let again = identity.create_directory("qe", body("ldap://ldap.example.com:389")).await.unwrap_err();
    assert_eq!(again.status(), Some(400));
    assert!(identity.directory_status("qe", "new.example.com").await.unwrap().sync_status.is_some());
    identity.sync_directory("qe", "new.example.com").await.unwrap();
    identity.delete_directory("qe", "new.example.com").await.unwrap();
    assert!(identity.directory("qe", "new.example.com").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_user_is_made_found_and_given_a_role() {
    let (server, client) = example().await;
    let identity = client.identity();
    let user = UserBody::new(PrincipalId::new("ann", "example.com"), "Ann", "Other", Server::PASSWORD);
    identity.create_user("qe", user.clone()).await.unwrap();
    assert_eq!(identity.create_user("qe", user).await.unwrap_err().status(), Some(400));
    let ann = identity.principal("qe", "ann@example.com").await.unwrap();
    assert_eq!((ann.name.as_deref(), ann.locked), (Some("Ann Other"), Some(false)));
    assert_eq!(identity.search_principals("qe", "ann").all().await.unwrap().len(), 1);
    assert!(identity.principal("qe", "unknown@example.com").await.unwrap_err().is_not_found());
    // The user can log in at once.
    as_user(&server, "ann@example.com").build().unwrap().login().await.unwrap();

    assert!(identity.roles().all().await.unwrap().len() > 1);
    identity.assign_role("qe", "ann@example.com", "CSP_TENANT_ADMIN").await.unwrap();
    let roles = identity.roles_of("qe", "ann@example.com").all().await.unwrap();
    assert_eq!(roles[0].id.as_deref(), Some("CSP_TENANT_ADMIN"));
    let admins = identity.search_principals("qe", "").with_query("role", "CSP_TENANT_ADMIN").all().await.unwrap();
    assert_eq!(admins.len(), 1);
    identity.revoke_role("qe", "ann@example.com", "CSP_TENANT_ADMIN").await.unwrap();
    assert_eq!(identity.roles_of("qe", "ann@example.com").all().await.unwrap().len(), 0);
    assert!(identity.assign_role("qe", "ann@example.com", "NO_SUCH_ROLE").await.unwrap_err().is_not_found());

    identity.create_group("qe", GroupBody::new("ops", "example.com")).await.unwrap();
    identity.add_to_group("qe", "ops@example.com", vec![ann]).await.unwrap();
    assert_eq!(identity.users_of_group("qe", "ops@example.com").all().await.unwrap().len(), 1);
    assert_eq!(identity.groups_of("qe", "ann@example.com").all().await.unwrap().len(), 1);
    identity.remove_from_group("qe", "ops@example.com", "ann@example.com").await.unwrap();
    assert_eq!(identity.users_of_group("qe", "ops@example.com").all().await.unwrap().len(), 0);
    identity.delete_group("qe", "ops@example.com").await.unwrap();
    identity.delete_user("qe", "ann@example.com").await.unwrap();
    assert_eq!(identity.search_principals("qe", "ann").all().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_business_group_is_made_and_given_managers() {
    let (_server, client) = example().await;
    let identity = client.identity();
    let made = identity.create_subtenant("qe", SubtenantBody::new("Finance")).await.unwrap().id.unwrap();
    let found = identity.subtenant_named("qe", "Finance").await.unwrap();
    assert_eq!(found.id.as_ref(), Some(&made));
    let managers = vec![PrincipalId::new("tony", "example.com")];
    let role = "CSP_SUBTENANT_MANAGER";
    identity.add_subtenant_role_principals("qe", &made, role, managers).await.unwrap();
    let held = identity.subtenant_role_principals("qe", &made, role).all().await.unwrap();
    assert_eq!(held[0].full_name().as_deref(), Some(Server::USER));
    assert_eq!(identity.subtenants_of("qe", Server::USER).all().await.unwrap().len(), 1);
    identity.remove_subtenant_role_principal("qe", &made, role, Server::USER).await.unwrap();
    assert_eq!(identity.subtenant_role_principals("qe", &made, role).all().await.unwrap().len(), 0);
    let mut group = identity.subtenant("qe", &made).await.unwrap();
    group.description = Some("money".into());
    identity.update_subtenant("qe", &made, group).await.unwrap();
    assert_eq!(identity.subtenant("qe", &made).await.unwrap().description.as_deref(), Some("money"));
    identity.delete_subtenant("qe", &made).await.unwrap();
    assert!(identity.subtenant_named("qe", "Finance").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_reservation_is_built_from_the_servers_own_values() {
    let (server, client) = example().await;
    let reservations = client.reservations();
    let vsphere = reservations.type_named("vSphere").await.unwrap();
    let class = vsphere.schema_class_id.as_deref().unwrap();
    let schema = reservations.schema(class).await.unwrap();
    assert!(schema.field("computeResource").unwrap().is_mandatory());
    assert_eq!(schema.field("reservationStorages").unwrap().depends_on(), ["computeResource"]);
    let clusters = reservations.values(class, "computeResource", ValuesRequest::new()).await.unwrap();
    assert_eq!(clusters[0].label.as_deref(), Some("Cluster 1 (vCenter)"));
    let cluster = clusters[0].as_entity_ref().unwrap().clone();
    let question = || ValuesRequest::depending_on("computeResource", cluster.clone());
    let stores = reservations.values(class, "reservationStorages", question()).await.unwrap();
    let none = reservations.values(class, "reservationStorages", ValuesRequest::new()).await.unwrap();
    assert_eq!((stores.len(), none.len()), (1, 0), "they depend on the compute resource");
    let two = reservations.values(class, "reservationNetworks", question()).await.unwrap();
    let one = reservations.values(class, "reservationNetworks", question().with_text("manage")).await.unwrap();
    assert_eq!((two.len(), one.len()), (2, 1));
    let path =
        one[0].underlying_value.as_ref().and_then(|value| value.as_values()?.get("networkPath")?.as_entity_ref());
    let profile = client.network_profiles().named("Servers").await.unwrap();
    let profile = EntityRef::new("NetworkProfile", profile.id.unwrap());
    let policy = client.reservation_policies().named("Production", COMPUTE_RESOURCE_POLICY).await.unwrap().id;
    let values = ReservationValues::new()
        .with_compute_resource(cluster)
        .with_memory_mb(4096)
        .with_machine_quota(3)
        .with_storage(StorageShare::of_value(&stores[0], 100).unwrap())
        .with_network(path.unwrap().clone(), Some(profile));
    let body = || ReservationBody::new("Built", vsphere.id.clone().unwrap(), "qe", group(&server));
    let created = reservations.create(body().with_policy(policy).with_values(values.clone())).await.unwrap();
    assert_eq!(created.body, None);

    // It is there as it was sent, and can be filtered by what the server allows.
    let mut built = reservations.named("Built").await.unwrap();
    assert_eq!(built.id, created.id);
    assert_eq!(built.networks().len(), 1);
    assert_eq!(built.compute_resource().unwrap().label.as_deref(), Some("Cluster 1 (vCenter)"));
    let refused = reservations.list().with_filter(Filter::eq("priority", 1)).all().await.unwrap_err();
    assert_eq!(refused.code(), Some(10101));
    assert!(reservations.list().with_order_by("name").all().await.is_err());

    // Changed as a whole, and not twice from the same version.
    built.priority = Some(2);
    built.add_network(EntityRef::new("Network", "n2"), None);
    reservations.update(built.clone()).await.unwrap();
    let read = reservations.get(built.id.as_deref().unwrap()).await.unwrap();
    assert_eq!((read.priority, read.networks().len(), read.version), (Some(2), 2, Some(1)));
    assert_eq!(reservations.update(built).await.unwrap_err().status(), Some(400));

    // Copied, counted, deleted.
    let copy = reservations.create_copy(read.clone(), "Copy").await.unwrap().id.unwrap();
    assert_eq!(reservations.get(&copy).await.unwrap().networks().len(), 2);
    assert_eq!(reservations.info("Virtual").all().await.unwrap().len(), 3);
    assert_eq!(reservations.info("Cloud").all().await.unwrap().len(), 0);
    assert_eq!(reservations.subtenants("qe").all().await.unwrap().len(), 1);
    reservations.delete(&copy).await.unwrap();
    assert!(reservations.get(&copy).await.unwrap_err().is_not_found());

    // What cannot be right is refused.
    let no_group = ReservationBody::new("x", vsphere.id.clone().unwrap(), "qe", "unknown").with_values(values.clone());
    let no_type = ReservationBody::new("x", "No.Such.Type", "qe", group(&server)).with_values(values.clone());
    let no_field = body().with_values(values.clone().with("noSuchField", 1));
    let no_policy = body().with_values(values).with_policy(Some("none".to_owned()));
    for wrong in [no_group, no_type, no_field, no_policy, body()] {
        assert_eq!(reservations.create(wrong).await.unwrap_err().code(), Some(10101));
    }
}

#[tokio::test]
async fn a_reservation_of_every_type_is_made() {
    let (server, client) = example().await;
    let reservations = client.reservations();
    let types = reservations.types().all().await.unwrap();
    assert!(types.len() >= 8, "{}", types.len());
    let cluster = {
        let class = "Infrastructure.Reservation.Virtual.vSphere";
        let found = reservations.values(class, "computeResource", ValuesRequest::new()).await.unwrap();
        found[0].as_entity_ref().unwrap().clone()
    };
    for kind in types {
        let (id, name) = (kind.id.unwrap(), kind.name.unwrap());
        assert_eq!(reservations.reservation_type(&id).await.unwrap().id.as_ref(), Some(&id));
        let schema = reservations.schema(kind.schema_class_id.as_deref().unwrap()).await.unwrap();
        let mut values = ReservationValues::new().with_compute_resource(cluster.clone()).with_machine_quota(5);
        if schema.field("keyPairs").is_some() {
            values = values.with("keyPairs", "Per Provisioning Group");
        }
        if schema.field("allocationModel").is_some() {
            values = values.with("allocationModel", 1);
        }
        if schema.field("reservationMemory").is_some() {
            values = values.with_memory_mb(1024);
        }
        let body = ReservationBody::new(name.as_str(), id.as_str(), "qe", group(&server)).with_values(values);
        let made = reservations.create(body).await.unwrap().id.unwrap();
        let read = reservations.get(&made).await.unwrap();
        assert_eq!((read.reservation_type_id, read.name), (Some(id), Some(name)));
    }
    let by_type = Filter::eq("reservationTypeId", "Infrastructure.Reservation.Cloud.Amazon");
    assert_eq!(reservations.list().with_filter(by_type).all().await.unwrap().len(), 1);
    assert!(reservations.schema("No.Such.Class").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_compute_resource_of_6_2_has_a_plain_label() {
    let (_server, client) = example_62().await;
    let class = "Infrastructure.Reservation.Virtual.vSphere";
    let found = client.reservations().values(class, "computeResource", ValuesRequest::new()).await.unwrap();
    assert_eq!(found[0].label.as_deref(), Some("Cluster 1"));
}

#[tokio::test]
async fn a_reservation_policy_comes_and_goes() {
    let (_server, client) = example().await;
    let policies = client.reservation_policies();
    let body = ReservationPolicyBody::new("Slow", STORAGE_POLICY).with_description("disks");
    let id = policies.create(body).await.unwrap().id.unwrap();
    // The rows' types differ in letter case, and the size of the page is 0.
    let all = policies.list().all().await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1].type_name.as_deref(), Some("reservationPolicy"));
    let storage =
        policies.list().with_filter(Filter::eq("reservationPolicyTypeId", STORAGE_POLICY)).all().await.unwrap();
    assert_eq!(storage.len(), 2);
    let mut slow = policies.named("Slow", STORAGE_POLICY).await.unwrap();
    slow.description = Some("tapes".into());
    policies.update(slow).await.unwrap();
    assert_eq!(policies.get(&id).await.unwrap().description.as_deref(), Some("tapes"));
    policies.put("chosen", ReservationPolicyBody::new("Chosen", COMPUTE_RESOURCE_POLICY)).await.unwrap();
    assert_eq!(policies.get("chosen").await.unwrap().name.as_deref(), Some("Chosen"));
    let wrong = policies.create(ReservationPolicyBody::new("x", "No.Such.Type")).await.unwrap_err();
    assert_eq!(wrong.code(), Some(10101));
    policies.delete(&id).await.unwrap();
    assert!(policies.delete(&id).await.unwrap_err().is_not_found());
    assert_eq!(policies.types().all().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_pair_keeps_its_number_and_its_secret() {
    let (server, client) = example().await;
    let pairs = client.key_pairs();
    let body = KeyPairBody::new("EC2", "cluster").with_secret_key("c2VjcmV0");
    let created = pairs.create(body).await.unwrap();
    let id: i64 = created.id.unwrap().parse().unwrap();
    let mut pair = pairs.get(id).await.unwrap();
    assert_eq!((pair.id, pair.type_name.as_deref()), (Some(id), None));
    assert_eq!(pair.secret_key.as_ref().unwrap().expose_secret(), "c2VjcmV0");
    assert!(!format!("{pair:?} {:?}", server.requests()).contains("c2VjcmV0"));
    assert!(server.requests().iter().all(|request| !request.body.contains("c2VjcmV0")));
    pair.name = Some("Renamed".into());
    pairs.update(pair).await.unwrap();
    let all = pairs.list().all().await.unwrap();
    assert_eq!(all.iter().filter_map(|row| row.name.as_deref()).collect::<Vec<_>>(), ["TestKeyPair", "Renamed"]);
    pairs.delete(id).await.unwrap();
    assert!(pairs.get(id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn services_are_listed_and_asked_without_a_token() {
    let (server, client) = example().await;
    server.seed(|store| store.add_service("vco-starting"));
    let registry = client.component_registry();
    let states = registry.current_status().all().await.unwrap();
    assert_eq!(server.count("POST", "/identity/api/tokens"), 0, "no login for that");
    let waiting: Vec<_> = states.iter().filter(|state| !state.is_ready()).collect();
    assert_eq!(waiting.len(), 1);
    let services = registry.services().with_page_size(2).all().await.unwrap();
    assert_eq!(services.len(), states.len());
    let id = services[0].id.as_deref().unwrap();
    assert_eq!(registry.service(id).await.unwrap().name, services[0].name);
    assert_eq!(registry.endpoints(id).all().await.unwrap().len(), 1);
    // The gateway in front of a server that is starting.
    server.fault(Fault::Html(503), When::any().path("/services/status"));
    assert_eq!(registry.current_status().all().await.unwrap_err().status(), Some(503));
    assert_eq!(client.identity().about().await.unwrap().product_version.as_deref(), Some("7.3.0.537"));
}
