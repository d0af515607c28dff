//! Deployments of 7.x: read with their components, found in the list, renamed, expired and destroyed.

use vra_client::v7::Deployment;

use crate::{example, example_62, soon};

#[tokio::test]
async fn a_deployment_is_read_with_components_owners_actions_and_expiry() {
    let (_server, client) = example().await;
    let catalog = client.catalog();
    let item = catalog.item_named("CentOS").await.unwrap();
    let mut template = catalog.template_of(&item).unwrap().await.unwrap();
    template.set_component_value(&["machine"], "_cluster", 2).unwrap();
    template.set("_leaseDays", 5);
    template.description = Some("web shop".into());
    let submitted = catalog.submit_to(&item, template).unwrap().await.unwrap();
    catalog.request(&submitted.id).await.unwrap();

    // Components are there before the request ends, addresses are not.
    let early = catalog.deployments().all().await.unwrap().remove(0);
    assert_eq!((early.components_of("machine").len(), early.ip_addresses().len()), (2, 0));
    catalog.wait_for(&submitted.id, &soon()).await.unwrap();

    let id = early.id.unwrap();
    let deployment = catalog.deployment(&id).await.unwrap();
    assert_eq!(deployment.ip_addresses(), ["10.60.1.10", "10.60.1.11"]);
    assert_eq!(deployment.description.as_deref(), Some("web shop"));
    assert_eq!(deployment.request.as_ref().unwrap().id.as_ref(), Some(&submitted.id));
    assert_eq!(deployment.catalog_item.as_ref().unwrap().label.as_deref(), Some("CentOS"));
    assert_eq!(deployment.owners.as_ref().unwrap()[0].id.as_deref(), Some("tony@example.com"));
    let days = deployment.expiry_date.as_ref().unwrap().time().unwrap();
    let days = days.duration_since(deployment.created_date.as_ref().unwrap().time().unwrap()).unwrap();
    assert_eq!(days.as_secs(), 5 * 86_400);
    // A component is a resource too, so its id serves for actions.
    let machine = deployment.components_of("machine")[0];
    assert_eq!(machine.parent_id.as_ref(), Some(&id));
    let same = catalog.resource(machine.id.as_deref().unwrap()).await.unwrap();
    assert_eq!((&same.name, same.ip_addresses()), (&machine.name, machine.ip_addresses()));
    assert!(deployment.extra.is_empty() && machine.extra.is_empty(), "{deployment:?}");

    // Change the name: what was read is sent back, and only name and description change.
    let mut renamed = deployment.clone();
    renamed.name = Some("shop".into());
    renamed.description = None;
    let renamed = catalog.update_deployment(renamed).await.unwrap().unwrap();
    assert_eq!((renamed.name.as_deref(), renamed.description.as_deref()), (Some("shop"), None));
    assert_eq!(renamed.components, deployment.components);
    assert_eq!(catalog.resource(&id).await.unwrap().name.as_deref(), Some("shop"));

    // Its actions are those that the resource has.
    let expire = "composition.resource.action.deployment.archive";
    let listed = catalog.action(&id, expire).await.unwrap();
    assert_eq!(deployment.operation(expire).unwrap().id, listed.id);
    let expired = catalog.run_action(&id, expire).await.unwrap();
    catalog.wait_for(&expired.id, &soon()).await.unwrap();
    let expired = catalog.deployment(&id).await.unwrap();
    assert!(expired.expiry_date != deployment.expiry_date);
    let destroy = catalog.run_action(&id, "composition.resource.action.deployment.destroy").await.unwrap();
    catalog.wait_for(&destroy.id, &soon()).await.unwrap();
    assert!(catalog.deployment(&id).await.unwrap_err().is_not_found());
    assert_eq!(catalog.deployments().all().await.unwrap(), [] as [Deployment; 0]);
}

#[tokio::test]
async fn a_deployment_needs_a_name_and_a_machine_is_none() {
    let (server, client) = example().await;
    let catalog = client.catalog();
    let item = catalog.item_named("CentOS").await.unwrap();
    let template = catalog.template_of(&item).unwrap().await.unwrap();
    let submitted = catalog.submit_to(&item, template).unwrap().await.unwrap();
    catalog.wait_for(&submitted.id, &soon()).await.unwrap();
    let mut deployment = catalog.deployments().all().await.unwrap().remove(0);
    assert_eq!(deployment.expiry_date, None, "no lease was requested");
    let machine = deployment.components.as_ref().unwrap()[0].id.clone().unwrap();
    assert!(catalog.deployment(&machine).await.unwrap_err().is_not_found());
    deployment.name = Some(" ".into());
    assert_eq!(catalog.update_deployment(deployment.clone()).await.unwrap_err().code(), Some(10101));
    deployment.id = None;
    let sent = server.count("PUT", "/deployments");
    assert!(matches!(catalog.update_deployment(deployment).await, Err(vra_client::Error::InvalidInput { .. })));
    assert_eq!(server.count("PUT", "/deployments"), sent, "nothing is sent without an id");

    // 6.2 has no such call.
    let (_server, old) = example_62().await;
    assert!(old.catalog().deployments().all().await.unwrap_err().is_not_found());
}
