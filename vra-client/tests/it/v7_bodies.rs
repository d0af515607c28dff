//! Bodies of the builders, compared with those recorded of clients and printed in the manual.

use serde::Serialize;
use serde_json::{Value, json};
use vra_client::v7::{
    APPROVE, CatalogItemRequestBody, DirectoryBody, EntityRef, GroupBody, LiteralMap, MachineValues, Organization,
    PrincipalId, REJECT, RequestTemplate, ResourceActionRequestBody, SubtenantBody, SubtenantRole, TenantBody,
    UserBody, WorkItemCompletion,
};

use crate::replay::check::difference;
use crate::sample;

fn check(name: &str, body: &impl Serialize) {
    let found = serde_json::to_value(body).unwrap();
    let expected = sample(name).body;
    if let Some(difference) = difference("", &expected, &found) {
        panic!("{name}: {difference}");
    }
}

#[test]
fn tenants() {
    let body = TenantBody::new("development", "DevelopmentTenant")
        .with_type_name("Tenant")
        .with_description("Tenant for all developers")
        .with_contact_email("admin@mycompany.com");
    check("v62_identity_tenant_put_body", &body);
    let body = TenantBody::new("Tenant02", "Tenant02")
        .with_description("This is Tenant02")
        .with_contact_email("test.user@tenant02.local")
        .with_password("");
    check("v7_identity_tenant_put_body", &body);
}

#[test]
fn identity_stores() {
    let body = DirectoryBody::new("openLDAPDemo", "LDAP", "example.mycompany.com", "ldap://10.000.00.000:389")
        .with_alias("example.com")
        .with_group_base_search_dn("ou=demo,dc=example,dc=mycompany,dc=com")
        .with_user_base_search_dn("ou=demo,dc=example,dc=mycompany,dc=com")
        .with_user_name_dn("cn=demoadmin,ou=demo,dc=example,dc=mycompany,dc=com")
        .with_password("dummy-password");
    check("v73_identity_directory_link_body", &body);
    let dn = "OU=Tenant01,OU=Tenants,DC=vrademo,DC=local";
    let body = DirectoryBody::new("Tenant01", "AD", "vrademo.local", "ldap://dc01.vrademo.local:389")
        .with_description("Tenant01")
        .with_alias("")
        .with_user_name_dn("CN=vrasvc,OU=Service Accounts,OU=HQ,DC=vrademo,DC=local")
        .with_group_base_search_dn(dn)
        .with_user_base_search_dn(dn)
        .with_password("dummy-password")
        .with_domain_admin_username("")
        .with_domain_admin_password("")
        .with_subdomains([String::new()])
        .with_group_base_search_dns([dn.to_owned()])
        .with_user_base_search_dns([dn.to_owned()])
        .with_certificate("")
        .with_trust_all(true)
        .with_use_global_catalog(false);
    check("v7_identity_directory_create_body", &body);
}

#[test]
fn users_groups_and_business_groups() {
    let body = UserBody::new(PrincipalId::new("user", "vsphere.local"), "Test", "User", "dummy-password")
        .with_description("no")
        .with_email_address("user@company.com")
        .with_tenant_name("Tenant01");
    check("v7_identity_user_create_body", &body);
    check(
        "v7_identity_group_create_body",
        &GroupBody::new("TestGroup01", "Tenant01").with_description("Test Group 01"),
    );
    let body = SubtenantBody::new("Business Group 002")
        .with_description("")
        .with_roles([
            SubtenantRole::new("CSP_SUBTENANT_MANAGER", [PrincipalId::new("User002000", "lab.local")]),
            SubtenantRole::new("CSP_CONSUMER", [PrincipalId::new("Group002", "lab.local")]),
            SubtenantRole::new("CSP_SUPPORT", []),
        ])
        .with_extension_data(
            LiteralMap::new().with("iaas-manager-emails", "User002000@lab.local").with("iaas-ad-container", ""),
        );
    check("v7_identity_subtenant_create_body", &body);
}

#[test]
fn machines_in_the_6_2_form() {
    let group = "cccd7a7e-5283-416b-beb0-45eb4e924dcb";
    let machine = MachineValues::new("e16edcf9-6a10-4bc7-98e2-a33361aeb857", group)
        .with_requested_for("fritz@example.mycompany.com")
        .with_cpus(1)
        .with_memory_mb(1024)
        .with_lease_days(30)
        .with_notes("MYCOMPANY machine")
        .with_disk(0, 1, "C", "main");
    let body = CatalogItemRequestBody::new("65fbca06-a28e-46f3-bced-c6e5fb3a66f9", "MYCOMPANY", group)
        .with_requested_for("fritz@example.mycompany.com")
        .with_data(machine);
    check("v62_catalog_machine_request_body", &body);

    let group = "f04f060d-73be-48a3-b82c-20cb98efd2d2";
    let body = CatalogItemRequestBody::new("c94fa0c3-4aed-43ce-b7a6-4163a07e4cd6", "vsphere.local", group)
        .with_data(LiteralMap::null());
    check("v62_catalog_request_post_body", &body);

    let group = "b475039a-94dd-4bf3-97f6-8596f8cf8818";
    let body = CatalogItemRequestBody::new("6cca9fd9-83b7-4f5d-8884-fb8a005fc656", "abx", group)
        .with_requested_for("Auto.admin@abx.local")
        .without_request_number()
        .with_data(MachineValues::new("1701645d-7e43-479f-930c-fbef58d13d50", group));
    check("v62_catalog_requests_amazon_body", &body);
}

#[test]
fn actions_in_the_6_2_form() {
    let mut organization = Organization::new("MYCOMPANY", "eab762cb-6e75-4379-83ef-171a71c9f00e");
    organization.tenant_label = Some("QETenant".into());
    organization.subtenant_label = Some("MyTestAgentBusinessGroup".into());
    let body = ResourceActionRequestBody::new(
        "b3adbe4f-274d-4a0c-8757-7843b8cb2ba4",
        "a1caee9b-d67f-41e8-a7b3-131616a0f6ac",
        organization,
    );
    check("v62_catalog_action_reprovision_body", &body);
}

#[test]
fn a_template_is_read_changed_and_sent_back() {
    let mut template: RequestTemplate =
        serde_json::from_value(sample("v7_catalog_request_template_composite_200").body).unwrap();
    template.description = Some("anID".into());
    template.reasons = Some("CF vRA Service Broker request.".into());
    template.set_component_value(&["MYSQL_DATABASE"], "DB_NAME", "aDB").unwrap();
    template.set_component_value(&["MYSQL_DATABASE"], "DB_PORT", "1234").unwrap();
    check("v7_catalog_request_post_filtered_template_body", &template);
    let missing = template.set_component_value(&["MYSQL"], "DB_NAME", "x").unwrap_err().to_string();
    assert!(missing.contains("MYSQL") && missing.contains("MYSQL_DATABASE"), "{missing}");
}

#[test]
fn actions_in_the_7_x_form() {
    let mut template = RequestTemplate::for_action("resource-guid", "resource-action-guid");
    let mut owner = EntityRef::default();
    owner.literal_type = Some("entityRef".into());
    owner.class_id = Some("principal".into());
    owner.id = Some("new-owner@domain".into());
    template.set_literal("provider-NewOwner", owner.with_label("new-owner-name"));
    check("v7_catalog_action_change_owner_body", &template);

    let component = |filter: &str, data: Value| {
        json!({"componentTypeId": "com.vmware.csp.component.cafe.composition", "componentId": null,
            "classId": "Blueprint.Component.Declaration", "typeFilter": filter, "data": data})
    };
    let mut template = RequestTemplate::for_action("resource-guid", "resource-action-guid");
    let inner = component("inner-blueprint-id*inner-blueprint-component-id", json!({"_cluster": 1}));
    let outer = component("outern-blueprint-id*inner-blueprint-id", json!({"inner-blueprint-component-id": inner}));
    template.set("inner-blueprint-id", outer);
    let component = component("outer-blueprint-id*outer-blueprint-component-id", json!({}));
    template.set("outer-blueprint-component-id", component);
    let nested = ["inner-blueprint-id", "inner-blueprint-component-id"];
    template.set_component_value(&nested, "_cluster", 2).unwrap();
    template.set_component_value(&["outer-blueprint-component-id"], "_cluster", 2).unwrap();
    assert_eq!(template.component_value(&nested, "_cluster"), Some(&json!(2)));
    check("v7_catalog_action_scale_out_body", &template);
}

#[test]
fn approvals() {
    let form = |memory: i64, reason: &str| {
        LiteralMap::new()
            .with("source-source-provider-Cafe.Shim.VirtualMachine.NumberOfInstances", 1)
            .with("source-source-provider-VirtualMachine.Memory.Size", memory)
            .with("source-source-provider-VirtualMachine.CPU.Count", 1)
            .with("source-source-provider-VirtualMachine.LeaseDays", 0)
            .with("source-businessJustification", reason)
    };
    let id = "5e3e9519-78ea-4409-a52c-e4aa3bc56511";
    check("v7_workitem_approve_body", &WorkItemCompletion::new(id, APPROVE, form(512, "business reason")));
    check("v7_workitem_reject_body", &WorkItemCompletion::new(id, REJECT, form(512, "business reason")));
    let form = LiteralMap::new()
        .with("source-source-provider-Cafe.Shim.VirtualMachine.NumberOfInstances", 1)
        .with("source-source-provider-VirtualMachine.Memory.Size", 512)
        .with("source-source-provider-VirtualMachine.CPU.Count", 1)
        .with("source-businessJustification", "solves abx request")
        .with("source-source-provider-VirtualMachine.LeaseDays", 0);
    let action = "com.mycompany.csp.core.approval.action.approve";
    check("v62_workitem_approve_body", &WorkItemCompletion::new(id, action, form));
}
