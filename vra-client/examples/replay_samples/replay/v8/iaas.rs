//! IaaS service: projects, networks, ranges and addresses, external IPAMs, machines.

use std::net::{IpAddr, Ipv4Addr};

use http::Method;
use serde_json::Value;
use vra_client::Error;
use vra_client::lenient::JsonObject;
use vra_client::request::ApiRequest;
use vra_client::v8::{
    AllocateAddressesBody, Client, ConfigurationProperty, ExistingPackage, FabricNetworkBody, IntegrationBody,
    IsolationType, MachineOperation, NetworkBody, NetworkInterfaceBody, NetworkIpRangeBody, NetworkProfileBody, Page,
    ProjectBody, ProjectUser, ReleaseAddressesBody, Tag, ZoneAssignment, ZoneBody,
};

use crate::replay::body::{Members, built, refused};
use crate::replay::check::{compare, keeps};
use crate::replay::route::{ANY, Route, list, maybe, one, unread};

/// Part of a package that is uploaded.
const UPLOAD: &str = "/iaas/api/integrations-ipam/package-import/{upload}";

/// Returns the calls of the service.
pub(super) fn routes(client: &Client) -> Result<Vec<Route>, Error> {
    let mut routes = projects_and_zones(client);
    routes.extend(networks(client));
    routes.extend(ranges(client)?);
    routes.extend(external(client));
    routes.extend(machines(client));
    Ok(routes)
}

fn projects_and_zones(client: &Client) -> Vec<Route> {
    let (projects, zones) = (client.projects(), client.zones());
    let (project_body, zone_body) = (|| ProjectBody::new(ANY), || ZoneBody::new(ANY, ANY));
    vec![
        one(&client.about()),
        one(&client.configuration_property(ANY)).reads(setting),
        list(&projects.list()),
        one(&projects.get(ANY)),
        one(&projects.create(project_body())).sends(project),
        one(&projects.update(ANY, project_body())).sends(project),
        unread(&projects.delete(ANY)),
        list(&projects.zones(ANY)),
        one(&projects.set_zones(ANY, Vec::new())).sends(project_zones),
        list(&client.regions().list()),
        one(&client.regions().get(ANY)),
        list(&zones.list()),
        one(&zones.get(ANY)),
        one(&zones.create(zone_body())).sends(zone),
        one(&zones.update(ANY, zone_body())).sends(zone),
        unread(&zones.delete(ANY)),
    ]
}

fn networks(client: &Client) -> Vec<Route> {
    let (fabric, profiles, networks) = (client.fabric_networks(), client.network_profiles(), client.networks());
    let profile_body = || NetworkProfileBody::new(ANY, ANY);
    vec![
        list(&fabric.list()),
        list(&fabric.list_vsphere()),
        one(&fabric.get(ANY)),
        one(&fabric.get_vsphere(ANY)),
        one(&fabric.set_tags(ANY, [])).sends(fabric_network),
        one(&fabric.update_vsphere(ANY, FabricNetworkBody::new())).sends(fabric_network),
        list(&fabric.ip_ranges(ANY)),
        list(&profiles.list()),
        one(&profiles.get(ANY)),
        one(&profiles.create(profile_body())).sends(network_profile),
        one(&profiles.update(ANY, profile_body())).sends(network_profile),
        unread(&profiles.delete(ANY)),
        list(&networks.list()),
        one(&networks.get(ANY)),
        one(&networks.create(NetworkBody::new(ANY, ANY))).sends(network),
        maybe(&networks.delete(ANY, false)),
        list(&networks.domains()),
        one(&networks.domain(ANY)),
    ]
}

fn ranges(client: &Client) -> Result<Vec<Route>, Error> {
    let ranges = client.network_ip_ranges();
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let range = || NetworkIpRangeBody::new(ANY, address, address);
    let released = || ReleaseAddressesBody::new([address]);
    Ok(vec![
        list(&ranges.list()),
        one(&ranges.get(ANY)),
        one(&ranges.create(range()?)).sends(ip_range),
        one(&ranges.update(ANY, range()?)).sends(ip_range),
        unread(&ranges.delete(ANY)),
        list(&ranges.addresses(ANY)),
        one(&ranges.address(ANY, ANY)),
        one(&ranges.allocate(ANY, AllocateAddressesBody::count(1)?)).sends(allocation),
        one(&ranges.release(ANY, released()?)).sends(release),
        one(&ranges.release_unregistered(ANY, released()?)).sends(release),
    ])
}

fn external(client: &Client) -> Vec<Route> {
    let (ranges, blocks) = (client.external_ip_ranges(), client.external_ip_blocks());
    let integrations = client.integrations();
    vec![
        list(&ranges.list()),
        one(&ranges.get(ANY)),
        one(&ranges.set_fabric_networks(ANY, [ANY])).sends(external_range),
        list(&blocks.list()),
        one(&blocks.get(ANY)),
        list(&integrations.list()),
        one(&integrations.get(ANY)),
        one(&integrations.create(IntegrationBody::changes())).sends(integration),
        one(&integrations.update(ANY, IntegrationBody::changes())).sends(integration_changes),
        maybe(&integrations.delete(ANY)),
        one(&client.package_import().finish(ANY, 0, ExistingPackage::Fail)).sends(imported),
        // The upload before it: several requests, of which none can be prepared.
        Route::of(&ApiRequest::new(Method::PATCH, UPLOAD, &[ANY])),
        Route::of(&ApiRequest::new(Method::HEAD, UPLOAD, &[ANY])),
    ]
}

fn machines(client: &Client) -> Vec<Route> {
    let (machines, trackers) = (client.machines(), client.request_trackers());
    let kinds = client.flavors_and_images();
    vec![
        list(&machines.list()),
        one(&machines.get(ANY)),
        one(&machines.network_interface(ANY, ANY)),
        one(&machines.update_network_interface(ANY, ANY, NetworkInterfaceBody::new())).sends(network_interface),
        one(&machines.operate(ANY, &MachineOperation::Reboot)),
        maybe(&machines.delete(ANY, false)),
        list(&trackers.list()),
        one(&trackers.get(ANY)),
        unread(&trackers.delete(ANY)),
        list(&kinds.flavor_profiles()),
        one(&kinds.flavor_profile(ANY)),
        list(&kinds.images()),
    ]
}

built!(project: ProjectBody, |members| Ok(ProjectBody::new(members.required::<String>("name")?)), {
    with_description: String = "description",
    with_administrators: Vec<ProjectUser> = "administrators",
    with_members: Vec<ProjectUser> = "members",
    with_viewers: Vec<ProjectUser> = "viewers",
    with_supervisors: Vec<ProjectUser> = "supervisors",
    with_zones: Vec<ZoneAssignment> = "zoneAssignmentConfigurations",
    with_constraints: JsonObject = "constraints",
    with_operation_timeout: i64 = "operationTimeout",
    with_machine_naming_template: String = "machineNamingTemplate",
    with_shared_resources: bool = "sharedResources",
    with_placement_policy: String = "placementPolicy",
    with_custom_properties: JsonObject = "customProperties",
});

built!(zone: ZoneBody, |members| {
    Ok(ZoneBody::new(members.required::<String>("name")?, members.required::<String>("regionId")?))
}, {
    with_description: String = "description",
    with_folder: String = "folder",
    with_placement_policy: String = "placementPolicy",
    with_tags: Vec<Tag> = "tags",
    with_tags_to_match: Vec<Tag> = "tagsToMatch",
    with_compute_ids: Vec<String> = "computeIds",
    with_custom_properties: JsonObject = "customProperties",
});

built!(network_interface: NetworkInterfaceBody, |_| Ok(NetworkInterfaceBody::new()), {
    with_name: String = "name",
    with_description: String = "description",
    with_address: Ipv4Addr = "address",
    with_custom_properties: JsonObject = "customProperties",
});

built!(fabric_network: FabricNetworkBody, |_| Ok(FabricNetworkBody::new()), {
    with_cidr: String = "cidr",
    with_ipv6_cidr: String = "ipv6Cidr",
    with_default_gateway: String = "defaultGateway",
    with_default_ipv6_gateway: String = "defaultIpv6Gateway",
    with_dns_server_addresses: Vec<String> = "dnsServerAddresses",
    with_dns_search_domains: Vec<String> = "dnsSearchDomains",
    with_domain: String = "domain",
    with_is_default: bool = "isDefault",
    with_is_public: bool = "isPublic",
    with_tags: Vec<Tag> = "tags",
});

built!(network_profile: NetworkProfileBody, |members| {
    Ok(NetworkProfileBody::new(members.required::<String>("name")?, members.required::<String>("regionId")?))
}, {
    with_description: String = "description",
    with_fabric_network_ids: Vec<String> = "fabricNetworkIds",
    with_external_ip_block_ids: Vec<String> = "externalIpBlockIds",
    with_isolation_type: IsolationType = "isolationType",
    with_isolation_network_domain_id: String = "isolationNetworkDomainId",
    with_isolation_network_domain_cidr: String = "isolationNetworkDomainCIDR",
    with_isolation_external_fabric_network_id: String = "isolationExternalFabricNetworkId",
    with_isolated_network_cidr_prefix: i64 = "isolatedNetworkCIDRPrefix",
    with_security_group_ids: Vec<String> = "securityGroupIds",
    with_load_balancer_ids: Vec<String> = "loadBalancerIds",
    with_custom_properties: JsonObject = "customProperties",
    with_tags: Vec<Tag> = "tags",
});

built!(network: NetworkBody, |members| {
    Ok(NetworkBody::new(members.required::<String>("name")?, members.required::<String>("projectId")?))
}, {
    with_description: String = "description",
    with_deployment_id: String = "deploymentId",
    with_outbound_access: bool = "outboundAccess",
    with_create_gateway: bool = "createGateway",
    with_constraints: Vec<JsonObject> = "constraints",
    with_tags: Vec<Tag> = "tags",
    with_custom_properties: JsonObject = "customProperties",
});

built!(ip_range: NetworkIpRangeBody, |members| {
    let name = members.required::<String>("name")?;
    let (first, last) = (members.required("startIPAddress")?, members.required("endIPAddress")?);
    // Always sent, although the server has a default: a range of version 6 without it would be one of version 4.
    let version = members.required::<String>("ipVersion")?;
    match (first, version.as_str()) {
        (IpAddr::V4(_), "IPv4") | (IpAddr::V6(_), "IPv6") => {}
        _ => return Err(format!("ipVersion: invalid value {version}, the client sends that of {first}")),
    }
    NetworkIpRangeBody::new(name, first, last).map_err(refused("endIPAddress"))
}, {
    with_description: String = "description",
    with_fabric_network_ids: Vec<String> = "fabricNetworkIds",
    with_tags: Vec<Tag> = "tags",
});

built!(allocation: AllocateAddressesBody, |members| {
    match members.optional::<Vec<IpAddr>>("ipAddresses")? {
        Some(addresses) => AllocateAddressesBody::addresses(addresses).map_err(refused("ipAddresses")),
        None => AllocateAddressesBody::count(members.required("numberOfIps")?).map_err(refused("numberOfIps")),
    }
}, {
    with_description: String = "description",
});

built!(release: ReleaseAddressesBody, |members| {
    ReleaseAddressesBody::new(members.required::<Vec<IpAddr>>("ipAddresses")?).map_err(refused("ipAddresses"))
}, {});

built!(integration: IntegrationBody, |members| {
    let (name, kind) = (members.required::<String>("name")?, members.required::<String>("integrationType")?);
    let properties: JsonObject = members.required("integrationProperties")?;
    let same = |member: &str| properties.get(member).is_some_and(|value| members.left().get(member) == Some(value));
    // The client sends user and password in both places, and so does the product's own client.
    let twice = same("privateKeyId") && same("privateKey");
    let body = IntegrationBody::new(name, kind, properties);
    if !twice {
        return Ok(body);
    }
    let (user, password) = (members.required::<String>("privateKeyId")?, members.required::<String>("privateKey")?);
    Ok(body.with_credentials(user, password))
}, {
    with_description: String = "description",
    with_cloud_accounts: Vec<String> = "associatedCloudAccountIds",
    with_certificate: JsonObject = "certificateInfo",
    with_custom_properties: JsonObject = "customProperties",
    with_tags: Vec<Tag> = "tags",
});

built!(integration_changes: IntegrationBody, |_| Ok(IntegrationBody::changes()), {
    with_name: String = "name",
    with_description: String = "description",
    with_properties: JsonObject = "integrationProperties",
    with_cloud_accounts: Vec<String> = "associatedCloudAccountIds",
    with_certificate: JsonObject = "certificateInfo",
    with_custom_properties: JsonObject = "customProperties",
    with_tags: Vec<Tag> = "tags",
});

/// Checks a setting, which is an object or a list.
fn setting(json: &str) -> Result<Vec<String>, String> {
    keeps::<Page<ConfigurationProperty>>(json).or_else(|_| keeps::<ConfigurationProperty>(json))
}

/// Compares the zones of a project, whose body the call builds by itself.
fn project_zones(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let zones: Vec<ZoneAssignment> = members.required("zoneAssignmentSpecifications")?;
    sent(members, |client| client.projects().set_zones(ANY, zones).request().body().cloned())
}

/// Compares the networks of an external range, whose body the call builds by itself.
fn external_range(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let networks: Vec<String> = members.required("fabricNetworkIds")?;
    sent(members, |client| client.external_ip_ranges().set_fabric_networks(ANY, networks).request().body().cloned())
}

/// Compares the import of an uploaded package, whose body the call builds by itself.
fn imported(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let id: String = members.required("bundleId")?;
    let existing = match members.required::<String>("option")?.as_str() {
        "FAIL" => ExistingPackage::Fail,
        "OVERWRITE" => ExistingPackage::Overwrite,
        other => return Err(format!("option: invalid value {other}, the client sends FAIL or OVERWRITE")),
    };
    sent(members, |client| client.package_import().finish(&id, 0, existing).request().body().cloned())
}

/// Compares a body with that of a prepared call.
fn sent(members: Members, body: impl FnOnce(&Client) -> Option<Value>) -> Result<Vec<String>, String> {
    let original = members.without_others()?;
    let client = Client::builder("https://vra.example").build().map_err(|error| error.to_string())?;
    compare(&body(&client), &original)?;
    Ok(Vec::new())
}
