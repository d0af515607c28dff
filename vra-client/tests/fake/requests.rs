//! Requests: from an item to a machine with an address, approvals, actions, failures.

use std::time::Duration;

use vra_client::Error;
use vra_client::error::{WaitError, WaitReason};
use vra_client::odata::Filter;
use vra_client::poll::Wait;
use vra_client::testing::v7::{Item, Server, User};
use vra_client::testing::{Fault, When};
use vra_client::v7::{
    APPROVE, CatalogItemRequestBody, Client, EntityRef, LiteralMap, MachineValues, Organization, RequestState,
    ResourceActionRequestBody, SubmittedRequest,
};

use crate::{as_user, example, example_62, group, soon, started};

async fn submit(client: &Client, item: &str) -> Result<SubmittedRequest, Error> {
    let catalog = client.catalog();
    let item = catalog.item_named(item).await?;
    let template = catalog.template_of(&item)?.await?;
    catalog.submit_to(&item, template)?.await
}

fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> WaitError {
    match result {
        Err(Error::Wait(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_item_becomes_a_machine_with_an_address_on_which_something_is_done() {
    let (server, client) = example().await;
    let catalog = client.catalog();

    // Find the item, change its template, hand it in.
    let item = catalog.item_named("CentOS").await.unwrap();
    let mut template = catalog.template_of(&item).unwrap().await.unwrap();
    assert_eq!(template.business_group_id, Some(group(&server)));
    template.set_component_value(&["machine"], "cpu", 4).unwrap();
    template.set("_leaseDays", 5);
    template.reasons = Some("a test".into());
    let submitted = catalog.submit_to(&item, template).unwrap().await.unwrap();
    let at_once = submitted.request.as_ref().unwrap();
    assert_eq!((at_once.request_number, &at_once.state), (None, &Some(RequestState::Submitted)));

    // Machines are there before the request ends, addresses are not.
    assert_eq!(catalog.request(&submitted.id).await.unwrap().state, Some(RequestState::InProgress));
    let early = catalog.machines_of_request(&submitted.id).await.unwrap();
    assert_eq!((early.len(), early[0].ip_addresses().len()), (1, 0));

    let request = catalog.wait_for(&submitted.id, &soon()).await.unwrap();
    assert_eq!((request.outcome(), request.reasons.as_deref()), (Some(true), Some("a test")));
    let machines = catalog.machines_of_request(&submitted.id).await.unwrap();
    let machine = &machines[0];
    assert_eq!(machine.ip_addresses(), ["10.60.1.10"]);
    assert_eq!(machine.networks()[0].profile, Some("Servers"));
    assert_eq!(machine.data("MachineCPU").unwrap().as_i64(), Some(4));
    assert!(machine.lease.as_ref().unwrap().end.is_some());

    // The same machine in the flat form, and below its deployment.
    let views = catalog.resource_views().all().await.unwrap();
    let view = views.iter().find(|view| view.resource_id == machine.id).unwrap();
    assert_eq!(view.data.as_ref().unwrap().get("ip_address").unwrap(), "10.60.1.10");
    assert_eq!(view.parent_resource_id, machine.parent_resource_ref.as_ref().unwrap().id);
    let by_type = catalog.resources_of_type("Infrastructure.Machine").all().await.unwrap();
    assert_eq!(by_type.iter().map(|row| &row.id).collect::<Vec<_>>(), [&machine.id]);
    let of_group = catalog.resources_of_subtenants("Infrastructure.Machine", [group(&server).as_str()]).all().await;
    assert_eq!(of_group.unwrap().len(), 1);
    let of_others = catalog.resources_of_subtenants("Infrastructure.Machine", ["no group"]).all().await;
    assert_eq!(of_others.unwrap().len(), 0);

    // Switch it off: then it can be switched on, and no longer off.
    let id = machine.id.as_deref().unwrap();
    let action = catalog.run_action(id, "Infrastructure.Machine.Action.PowerOff").await.unwrap();
    let done = catalog.wait_for(&action.id, &soon()).await.unwrap();
    assert_eq!(done.type_name.as_deref(), Some("ResourceActionRequest"));
    let off = catalog.resource(id).await.unwrap();
    assert_eq!(off.data("MachineStatus").unwrap().as_str(), Some("Off"));
    let again = catalog.run_action(id, "Infrastructure.Machine.Action.PowerOff").await.unwrap_err();
    assert!(again.is_not_found(), "{again:?}");
    let on = catalog.run_action(id, "Infrastructure.Machine.Action.PowerOn").await.unwrap();
    catalog.wait_for(&on.id, &soon()).await.unwrap();

    // Reprovision keeps the address.
    let anew = catalog.run_action(id, "Infrastructure.Machine.Action.Reprovision").await.unwrap();
    catalog.wait_for(&anew.id, &soon()).await.unwrap();
    assert_eq!(catalog.resource(id).await.unwrap().ip_addresses(), ["10.60.1.10"]);

    // Destroy the deployment by its own links: its address is free again half an hour later.
    let deployment = views.iter().find(|view| view.parent_resource_id.is_none()).unwrap();
    let destroy = "composition.resource.action.deployment.destroy";
    let listed = catalog.action(deployment.resource_id.as_deref().unwrap(), destroy).await.unwrap();
    assert_eq!(deployment.action_id(destroy), listed.id.as_deref(), "links and list agree");
    let destroy_id = deployment.resource_id.as_deref().unwrap();
    let gone = catalog.run_action(destroy_id, destroy).await.unwrap();
    catalog.wait_for(&gone.id, &soon()).await.unwrap();
    assert_eq!(server.seed(|store| store.resource_count()), 0);
    assert_eq!(catalog.resource(id).await.unwrap_err().code(), Some(10101));
    let profiles = client.network_profiles();
    let profile = profiles.named("Servers").await.unwrap().id.unwrap();
    let state = || async { profiles.addresses(&profile).all().await.unwrap()[0].state.clone().unwrap() };
    assert_eq!(state().await.as_str(), "DESTROYED");
    server.advance(Duration::from_secs(31 * 60));
    assert_eq!(state().await.as_str(), "UNALLOCATED");
}

#[tokio::test]
async fn several_machines_get_an_address_each_until_there_is_none() {
    let (server, client) = example().await;
    let catalog = client.catalog();
    let item = catalog.item_named("CentOS").await.unwrap();
    let mut template = catalog.template_of(&item).unwrap().await.unwrap();
    template.set_component_value(&["machine"], "_cluster", 10).unwrap();
    let submitted = catalog.submit_to(&item, template).unwrap().await.unwrap();
    catalog.wait_for(&submitted.id, &soon()).await.unwrap();
    let machines = catalog.machines_of_request(&submitted.id).await.unwrap();
    let mut addresses: Vec<_> = machines.iter().flat_map(|machine| machine.ip_addresses()).collect();
    addresses.dedup();
    assert_eq!(addresses.len(), 10);
    let full = submit(&client, "CentOS").await.unwrap();
    let error = failure(catalog.wait_for(&full.id, &soon()).await);
    assert!(error.details.as_deref().unwrap().contains("free address"), "{error}");
    assert_eq!(server.seed(|store| store.resource_count()), 11, "what failed left nothing");
}

#[tokio::test]
async fn a_request_waits_for_its_approval() {
    let boss = "boss@example.com";
    let builder = Server::builder().example_data().user(User::new(Server::USER, Server::PASSWORD));
    let (server, client) = started(builder.user(User::new(boss, Server::PASSWORD))).await;
    server.seed(|store| store.add_item(Item::new("Big").with_component("db", 2, 2048, 20).with_approval(boss)));
    let submitted = submit(&client, "Big").await.unwrap();
    let catalog = client.catalog();
    let limits = Wait::up_to(Duration::from_millis(50)).with_pauses(Duration::from_millis(5), Duration::from_millis(5));
    let late = failure(catalog.wait_for(&submitted.id, &limits).await);
    assert!(matches!(late.reason, WaitReason::Deadline) && late.polls > 1, "{late}");
    assert_eq!(late.last_state.as_deref(), Some("PENDING_PRE_APPROVAL"));
    assert_eq!(late.last.unwrap().get("id").unwrap(), submitted.id.as_str());

    // Not by the one who asked.
    let items = client.work_items().list().all().await.unwrap();
    assert_eq!(items[0].work_item_request.as_ref().unwrap().item_id.as_ref(), Some(&submitted.id));
    let id = items[0].id.clone().unwrap();
    let mine = client.work_items().list().with_query("userItemsOnly", "true").all().await.unwrap();
    assert_eq!(mine.len(), 0);
    let refused = client.work_items().approve(&id, LiteralMap::new()).await.unwrap_err();
    assert!(refused.is_permission_denied() && refused.code() == Some(12017), "{refused:?}");

    // By the one it is for, with fewer processors.
    let approver = as_user(&server, boss).build().unwrap();
    let work_items = approver.work_items();
    let form = serde_json::to_string(&work_items.form(&id).await.unwrap()).unwrap();
    assert!(form.contains("source-source-provider-VirtualMachine.CPU.Count"), "{form}");
    let action = items[0].action_ending(".approve").unwrap().to_owned();
    assert_eq!(action, APPROVE);
    let form = LiteralMap::new()
        .with("source-source-provider-VirtualMachine.CPU.Count", 1)
        .with("source-businessJustification", "enough");
    assert!(work_items.complete_and_get(&id, &action, form).await.unwrap().is_completed());
    let twice = work_items.approve(&id, LiteralMap::new()).await.unwrap_err();
    assert!(twice.as_server().unwrap().is_completed_already(), "{twice:?}");

    let request = catalog.wait_for(&submitted.id, &soon()).await.unwrap();
    assert!(request.date_approved.is_some());
    let machines = catalog.machines_of_request(&submitted.id).await.unwrap();
    assert_eq!(machines[0].data("MachineCPU").unwrap().as_i64(), Some(1));
}

#[tokio::test]
async fn a_rejected_request_says_why() {
    let (server, client) = example().await;
    let submitted = submit(&client, "CentOS with approval").await.unwrap();
    let item = client.work_items().list().all().await.unwrap().remove(0);
    let form = LiteralMap::new().with("source-businessJustification", "too dear");
    client.work_items().reject(item.id.as_deref().unwrap(), form).await.unwrap();
    let error = failure(client.catalog().wait_for(&submitted.id, &soon()).await);
    assert!(matches!(error.reason, WaitReason::Failed));
    assert_eq!(error.details.as_deref(), Some("too dear"));
    assert_eq!(server.seed(|store| store.resource_count()), 0);
}

#[tokio::test]
async fn failures_and_unknown_states_end_the_waiting() {
    let (server, client) = example().await;
    server.seed(|store| store.add_item(Item::new("Broken").with_failure("no capacity")));
    let submitted = submit(&client, "Broken").await.unwrap();
    let error = failure(client.catalog().wait_for(&submitted.id, &soon()).await);
    assert!(matches!(error.reason, WaitReason::Failed));
    assert_eq!(error.details.as_deref(), Some("no capacity"));

    let submitted = submit(&client, "CentOS").await.unwrap();
    server.seed(|store| store.force_state(&submitted.id, "HIBERNATED"));
    let error = failure(client.catalog().wait_for(&submitted.id, &soon()).await);
    assert!(matches!(error.reason, WaitReason::UnknownState) && error.to_string().contains("HIBERNATED"), "{error}");

    let error = failure(client.catalog().wait_for("no-such-request", &soon()).await);
    assert!(matches!(&error.reason, WaitReason::Call(error) if error.code() == Some(20111)), "{error:?}");
    let unknown = client.catalog().template("no-such-item").await.unwrap_err();
    assert_eq!((unknown.code(), unknown.is_not_found()), (Some(20116), true));
    let missing = client.catalog().item_named("Nothing").await.unwrap_err();
    assert!(matches!(missing, Error::NoSuchName { .. }));
    server.seed(|store| store.add_item(Item::new("CentOS").of_service("Other")));
    assert!(matches!(client.catalog().item_named("CentOS").await, Err(Error::Ambiguous { count: 2, .. })));
}

#[tokio::test]
async fn without_a_reservation_there_is_no_machine() {
    let (server, client) = started(Server::builder()).await;
    server.seed(|store| store.add_item(Item::new("CentOS")));
    let submitted = submit(&client, "CentOS").await.unwrap();
    let error = failure(client.catalog().wait_for(&submitted.id, &soon()).await);
    assert!(error.details.as_deref().unwrap().contains("No reservation"), "{error}");
    // One without a network profile gives an address of its own, which only the machine itself knows.
    let group = group(&server);
    server.seed(|store| store.add_reservation("DHCP", &group, None));
    let submitted = submit(&client, "CentOS").await.unwrap();
    client.catalog().wait_for(&submitted.id, &soon()).await.unwrap();
    let machines = client.catalog().machines_of_request(&submitted.id).await.unwrap();
    assert_eq!(machines[0].ip_addresses(), ["198.51.100.1"]);
    assert_eq!(machines[0].networks()[0].address, None);
}

#[tokio::test]
async fn a_submission_succeeds_whatever_form_the_response_has() {
    let (server, client) = example().await;
    let post = || When::any().method("POST").path("/requests");
    for (fault, has_body, has_location) in [
        (Fault::EmptyBody(201), false, true),
        (Fault::EmptyBody(202), false, true),
        (Fault::EmptyBody(200), false, true),
        (Fault::NoLocation, true, false),
        (Fault::LowerTypes, true, true),
        (Fault::UpperTypes, true, true),
        (Fault::LinkOrigin("https://node-7.internal:8443".into()), true, true),
    ] {
        server.fault(fault.clone(), post());
        let submitted = submit(&client, "CentOS").await.unwrap();
        assert_eq!((submitted.request.is_some(), submitted.location.is_some()), (has_body, has_location), "{fault:?}");
        let newest = server.seed(|store| store.request_ids().pop());
        assert_eq!(Some(submitted.id), newest, "{fault:?}");
    }
    assert_eq!(server.seed(|store| store.request_count()), 7);
}

#[tokio::test]
async fn a_link_may_name_another_id_than_the_item() {
    let (server, client) = example().await;
    server.seed(|store| store.add_item(Item::new("Linked").with_separate_link_id()));
    let item = client.catalog().item_named("Linked").await.unwrap();
    let id = item.catalog_item_id.clone().unwrap();
    assert!(!item.submit_link().unwrap().href.as_deref().unwrap().contains(&id));
    let submitted = submit(&client, "Linked").await.unwrap();
    let request = client.catalog().request(&submitted.id).await.unwrap();
    assert_eq!(request.catalog_item_ref.unwrap().id, Some(id));
}

#[tokio::test]
async fn own_requests_are_listed_and_filtered() {
    let (server, client) = example().await;
    let first = submit(&client, "CentOS").await.unwrap();
    client.catalog().wait_for(&first.id, &soon()).await.unwrap();
    submit(&client, "CentOS").await.unwrap();
    let requests = client.catalog().requests();
    assert_eq!(requests.clone().all().await.unwrap().len(), 2);
    let done = requests.with_filter(Filter::eq("state", "SUCCESSFUL")).all().await.unwrap();
    assert_eq!(done.iter().map(|row| row.id.as_ref()).collect::<Vec<_>>(), [Some(&first.id)]);
    let entitled = client.catalog().entitled_items().with_filter(Filter::eq("name", "CentOS")).all().await.unwrap();
    assert_eq!(entitled.len(), 1);
    assert_eq!(server.count("POST", "/requests"), 2);
}

#[tokio::test]
async fn the_old_form_makes_a_machine_of_its_own() {
    for (server, client) in [example().await, example_62().await] {
        let catalog = client.catalog();
        let items = catalog.entitled_items().with_filter(Filter::eq("name", "CentOS")).all().await.unwrap();
        let item = items[0].catalog_item.as_ref().unwrap();
        let group = group(&server);
        let values = MachineValues::new("blueprint", group.as_str())
            .with_cpus(2)
            .with_memory_mb(2048)
            .with_disk(0, 16, "", "data")
            .with_lease_days(30);
        let body = CatalogItemRequestBody::new(item.id.as_deref().unwrap(), Server::TENANT, group.as_str());
        let submitted = catalog.submit_item_request(body.with_data(values)).await.unwrap();
        catalog.wait_for(&submitted.id, &soon()).await.unwrap();
        let machines = catalog.machines_of_request(&submitted.id).await.unwrap();
        let machine = &machines[0];
        assert!(machine.parent_resource_ref.is_none());
        assert_eq!(machine.data("MachineStorage").unwrap().as_i64(), Some(16));
        assert_eq!(machine.ip_addresses(), ["10.60.1.10"]);

        // An action in the old form, with the id of the machine's own list.
        let id = machine.id.as_deref().unwrap();
        let action = catalog.action(id, "Infrastructure.Machine.Action.Reprovision").await.unwrap();
        let organization = Organization::new(Server::TENANT, group.as_str());
        let body = ResourceActionRequestBody::new(id, action.id.unwrap(), organization);
        let submitted = catalog.submit_action_request(body).await.unwrap();
        catalog.wait_for(&submitted.id, &soon()).await.unwrap();
        let extension = catalog.actions(id).await.unwrap().into_iter().find(|a| a.binding_id.is_none()).unwrap();
        let body = ResourceActionRequestBody::new(
            id,
            extension.id.unwrap(),
            Organization::new(Server::TENANT, group.as_str()),
        );
        assert_eq!(catalog.submit_action_request(body).await.unwrap_err().status(), Some(400));
    }
}

#[tokio::test]
async fn a_server_of_6_2_has_no_flat_views() {
    let (_server, client) = example_62().await;
    let error = client.catalog().entitled_item_views().all().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert!(client.catalog().template("x").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_lease_is_changed_by_its_template() {
    let (_server, client) = example().await;
    let submitted = submit(&client, "CentOS").await.unwrap();
    client.catalog().wait_for(&submitted.id, &soon()).await.unwrap();
    let catalog = client.catalog();
    let machine = catalog.machines_of_request(&submitted.id).await.unwrap().remove(0).id.unwrap();
    let action = catalog.action(&machine, "Infrastructure.Machine.Action.ChangeLease").await.unwrap().id.unwrap();
    let mut template = catalog.action_template(&machine, &action).await.unwrap();
    template.set("provider-ExpirationDate", "2030-01-01T00:00:00.000Z");
    let submitted = catalog.submit_action(&machine, &action, template).await.unwrap();
    catalog.wait_for(&submitted.id, &soon()).await.unwrap();
    let end = catalog.resource(&machine).await.unwrap().lease.unwrap().end.unwrap();
    assert_eq!(end.as_str(), "2030-01-01T00:00:00.000Z");
    // A reference inside plain values stays as it is.
    let mut template = catalog.action_template(&machine, &action).await.unwrap();
    template.set_literal("provider-owner", EntityRef::new("csp.places.iaas.owner", "x"));
    assert!(catalog.submit_action(&machine, &action, template).await.is_ok());
}
