//! Actions of recorded flat rows, by binding, by name and by the end of a name.

use vra_client::v7::ResourceView;

use crate::sample;

fn views(name: &str) -> Vec<ResourceView> {
    let rows = sample(name).body.get("content").unwrap().clone();
    serde_json::from_value(rows).unwrap()
}

fn recorded() -> Vec<ResourceView> {
    let names = [
        "v7_catalog_request_resource_views_200",
        "v7_catalog_request_resource_views_composite_200",
        "v71_catalog_request_resource_views_ip_address_200",
    ];
    names.into_iter().flat_map(views).collect()
}

fn template<'a>(view: &'a ResourceView, action: &str) -> Option<&'a str> {
    view.action_template_link(action)?.rel.as_deref()
}

/// No link of an action is missed, and each is found as both template and request.
#[test]
fn every_recorded_action_is_found_by_its_name() {
    let (mut links, mut named) = (0, 0);
    for view in recorded() {
        let rels: Vec<&str> = view.links.iter().flatten().filter_map(|link| link.rel.as_deref()).collect();
        links += rels.iter().filter(|rel| rel.starts_with("GET Template:")).count();
        for name in view.action_names() {
            named += 1;
            let (read, submit) = (view.action_template_link(name).unwrap(), view.action_submit_link(name).unwrap());
            let (read, submit) = (read.href.as_deref().unwrap(), submit.href.as_deref().unwrap());
            assert_eq!(read.strip_suffix("/template"), Some(submit), "{name}");
            assert!(submit.ends_with(&format!("/actions/{}/requests", view.action_id(name).unwrap())), "{name}");
        }
    }
    assert_eq!(named, links);
    assert_eq!(links, 35);
}

#[test]
fn a_machine_has_actions_by_binding_by_name_and_by_its_end() {
    let views = views("v71_catalog_request_resource_views_ip_address_200");
    let machine = views.iter().find(|view| view.resource_type.as_deref() == Some("Infrastructure.Virtual")).unwrap();
    let power_off =
        "GET Template: {com.vmware.csp.component.iaas.proxy.provider@resource.action.name.machine.PowerOff}";
    for name in ["Infrastructure.Machine.Action.PowerOff", "machine.PowerOff", "PowerOff", "poweroff"] {
        assert_eq!(template(machine, name), Some(power_off), "{name}");
    }
    let destroy = "GET Template: {com.vmware.csp.component.iaas.proxy.provider@resource.action.name.virtual.Destroy}";
    assert_eq!(template(machine, "Infrastructure.Virtual.Action.Destroy"), Some(destroy));
    let console = "GET Template: {com.vmware.csp.component.iaas.proxy.provider@csp.places.iaas.item.window.\
                   ConnectViaVmrc.label}";
    for name in ["csp.places.iaas.item.window.ConnectViaVmrc", "ConnectViaVmrc"] {
        assert_eq!(template(machine, name), Some(console), "{name}");
    }
    let absent = [
        "Infrastructure.Machine.Action.PowerOn",
        "Infrastructure.Cloud.Action.Destroy",
        "composition.resource.action.deployment.destroy",
        "Off",
        "action.name.machine.PowerOff",
        "",
    ];
    for name in absent {
        assert_eq!(template(machine, name), None, "{name}");
        assert!(machine.action_submit_link(name).is_none(), "{name}");
        assert_eq!(machine.action_id(name), None, "{name}");
    }
}

#[test]
fn a_deployment_has_actions_of_every_component() {
    let views = views("v7_catalog_request_resource_views_200");
    let deployment = views.iter().find(|view| view.parent_resource_id.is_none()).unwrap();
    let names = deployment.action_names();
    assert!(names.contains(&"deployment.destroy") && names.contains(&"changesecurity"), "{names:?}");
    for name in ["composition.resource.action.deployment.destroy", "deployment.destroy", "destroy"] {
        let rel = template(deployment, name).unwrap();
        assert!(rel.ends_with("@resource.action.deployment.destroy.name}"), "{name}: {rel}");
    }
    let rel = template(deployment, "changesecurity").unwrap();
    assert!(rel.contains("network.service@"), "{rel}");
}

#[test]
fn a_custom_action_has_its_display_name() {
    let view: ResourceView = serde_json::from_str(
        r#"{"links": [
            {"rel": "GET: Request", "href": "https://vra.example/r"},
            {"rel": "GET Template: Add a DNS name", "href": "https://vra.example/resources/r/actions/a1/requests/template"},
            {"rel": "POST: Add a DNS name", "href": "https://vra.example/resources/r/actions/a1/requests"},
            {"rel": "POST: Submit Request", "href": "https://vra.example/x"}]}"#,
    )
    .unwrap();
    assert_eq!(view.action_names(), ["Add a DNS name"]);
    assert!(view.action_template_link("add a dns name").is_some());
    assert!(view.action_submit_link("Add a DNS name").is_some());
    assert_eq!(view.action_id("Add a DNS name"), Some("a1"));
    assert!(view.action_submit_link("name").is_none());
}

/// The end of a name may belong to several actions, the whole name to one.
#[test]
fn a_whole_name_wins_over_the_end_of_another() {
    let link = |key: &str| serde_json::json!({"rel": format!("POST: {{x@resource.action.{key}}}"), "href": format!("https://vra.example/{key}")});
    let view: ResourceView = serde_json::from_value(serde_json::json!({
        "links": [link("name.virtual.Destroy"), link("deployment.destroy.name"), link("destroy.name")],
    }))
    .unwrap();
    let href = |action| view.action_submit_link(action).unwrap().href.as_deref().unwrap();
    assert_eq!(href("destroy"), "https://vra.example/destroy.name");
    assert_eq!(href("deployment.destroy"), "https://vra.example/deployment.destroy.name");
    assert_eq!(href("Infrastructure.Virtual.Action.Destroy"), "https://vra.example/name.virtual.Destroy");
}
