//! Calls of the client of 6.2 to 7.6.

use http::Method;
use secrecy::SecretString;
use serde_json::Value;
use vra_client::Error;
use vra_client::call::{Call, RawResponse};
use vra_client::error::ServerMessage;
use vra_client::request::ApiRequest;
use vra_client::v7::{
    CatalogItemRequestBody, CatalogRequest, Client, Deployment, DirectoryBody, GroupBody, IdentityStore, IssuedToken,
    KeyPair, KeyPairBody, LiteralMap, NetworkProfile, NetworkProfileBody, Organization, Page, Principal, PrincipalId,
    RequestTemplate, Reservation, ReservationBody, ReservationPolicy, ReservationPolicyBody, ResourceActionRequestBody,
    SubmittedRequest, Subtenant, SubtenantBody, Tenant, TenantBody, UserBody, ValuesRequest,
};

use super::check::{compare, keeps};
use super::route::{ANY, Route, created, list, maybe, object, objects, one, rows, unread};

/// Returns the calls of the client.
pub(crate) fn routes() -> Result<Vec<Route>, Error> {
    let client = Client::builder("https://vra.example").build()?;
    let mut routes = identity(&client);
    routes.extend(catalog_reads(&client));
    routes.extend(catalog_changes(&client));
    routes.extend(work(&client));
    routes.extend(reservations(&client));
    routes.extend(infrastructure(&client)?);
    Ok(routes)
}

fn identity(client: &Client) -> Vec<Route> {
    let identity = client.identity();
    let token = SecretString::from(ANY);
    let directory = || DirectoryBody::new(ANY, ANY, ANY, ANY);
    let user = || UserBody::new(PrincipalId::new(ANY, ANY), ANY, ANY, ANY);
    vec![
        one(&identity.about()),
        issue(&identity.issue_token("any@example.com", ANY, ANY)),
        // Two methods that evaluate the response, and so show no request.
        Route::of(&ApiRequest::new(Method::HEAD, "/identity/api/tokens/{token}", &[ANY])),
        Route::of(&ApiRequest::new(Method::DELETE, "/identity/api/tokens/{token}", &[ANY])),
        unread(&identity.delete_tokens_of(ANY)),
        object(&identity.security_context(&token)),
        list(&identity.tenants()),
        one(&identity.tenant(ANY)),
        maybe(&identity.put_tenant(ANY, TenantBody::new(ANY, ANY))).sends(keeps::<Tenant>),
        unread(&identity.delete_tenant(ANY)),
        list(&identity.directories(ANY)),
        one(&identity.directory(ANY, ANY)),
        created(&identity.create_directory(ANY, directory())).sends(keeps::<IdentityStore>),
        unread(&identity.link_directory(ANY, ANY, directory())).sends(keeps::<IdentityStore>),
        unread(&identity.test_directory(ANY, directory())).sends(keeps::<IdentityStore>),
        unread(&identity.delete_directory(ANY, ANY)),
        one(&identity.directory_status(ANY, ANY)),
        unread(&identity.sync_directory(ANY, ANY)),
        list(&identity.search_principals(ANY, ANY)),
        // A page with one row, of which the client returns the row.
        one(&identity.principal(ANY, ANY)).reads(keeps::<Page<Principal>>),
        created(&identity.create_user(ANY, user())).reads(keeps::<Principal>).sends(keeps::<Principal>),
        unread(&identity.update_user(ANY, ANY, Principal::default())).sends(keeps::<Principal>),
        unread(&identity.delete_user(ANY, ANY)),
        list(&identity.groups_of(ANY, ANY)),
        list(&identity.subtenants_of(ANY, ANY)),
        list(&identity.groups(ANY)),
        one(&identity.group(ANY, ANY)),
        created(&identity.create_group(ANY, GroupBody::new(ANY, ANY))).sends(keeps::<Principal>),
        unread(&identity.update_group(ANY, ANY, Principal::default())).sends(keeps::<Principal>),
        unread(&identity.delete_group(ANY, ANY)),
        unread(&identity.add_to_group(ANY, ANY, Vec::new())).sends(keeps::<Page<Principal>>),
        unread(&identity.remove_from_group(ANY, ANY, ANY)),
        list(&identity.parents_of_group(ANY, ANY)),
        list(&identity.users_of_group(ANY, ANY)),
        list(&identity.subtenants(ANY)),
        list(&identity.memberships(ANY)),
        one(&identity.subtenant(ANY, ANY)),
        created(&identity.create_subtenant(ANY, SubtenantBody::new(ANY)))
            .reads(keeps::<Subtenant>)
            .sends(keeps::<Subtenant>),
        unread(&identity.update_subtenant(ANY, ANY, Subtenant::default())).sends(keeps::<Subtenant>),
        unread(&identity.delete_subtenant(ANY, ANY)),
        list(&identity.subtenant_roles(ANY, ANY)),
        list(&identity.subtenant_role_principals(ANY, ANY, ANY)),
        unread(&identity.add_subtenant_role_principals(ANY, ANY, ANY, Vec::new())).sends(keeps::<Page<PrincipalId>>),
        unread(&identity.remove_subtenant_role_principal(ANY, ANY, ANY, ANY)),
        list(&identity.roles()),
        list(&identity.roles_of(ANY, ANY)),
        object(&identity.principals_with_role(ANY, ANY)).with_query("hasRole"),
        unread(&identity.assign_role(ANY, ANY, ANY)),
        unread(&identity.revoke_role(ANY, ANY, ANY)),
    ]
}

fn catalog_reads(client: &Client) -> Vec<Route> {
    let catalog = client.catalog();
    vec![
        list(&catalog.entitled_items()),
        one(&catalog.entitled_item(ANY)),
        list(&catalog.entitled_item_views()),
        one(&catalog.entitled_item_view(ANY)),
        list(&catalog.items()),
        list(&catalog.all_items()),
        list(&catalog.services()),
        list(&catalog.all_services()),
        list(&catalog.entitlements()),
        list(&catalog.resource_operations()),
        one(&catalog.template(ANY)),
        one(&catalog.request_schema(ANY)),
        list(&catalog.requests()),
        one(&catalog.request(ANY)),
        object(&catalog.request_form(ANY)),
        list(&catalog.resources_of_request(ANY)),
        list(&catalog.resource_views_of_request(ANY)),
        list(&catalog.resources()),
        list(&catalog.resources_of_type(ANY)),
        one(&catalog.resource(ANY)),
        list(&catalog.resource_views()),
        one(&catalog.resource_view(ANY)),
        list(&catalog.resource_types()),
        one(&catalog.resource_type(ANY)),
        list(&catalog.deployments()),
        one(&catalog.deployment(ANY)),
        rows(&catalog.actions(ANY)),
        one(&catalog.action_template(ANY, ANY)),
        object(&catalog.action_form(ANY, ANY)),
    ]
}

fn catalog_changes(client: &Client) -> Vec<Route> {
    let catalog = client.catalog();
    let item = CatalogItemRequestBody::new(ANY, ANY, ANY);
    let action = ResourceActionRequestBody::new(ANY, ANY, Organization::new(ANY, ANY));
    let template = RequestTemplate::default;
    vec![
        submitted(&catalog.submit(ANY, template())).sends(keeps::<RequestTemplate>),
        submitted(&catalog.submit_item_request(item)).sends(keeps::<CatalogRequest>),
        // The same call as the one before: an item and an action differ in their references only.
        submitted(&catalog.submit_action_request(action)).sends(keeps::<CatalogRequest>),
        submitted(&catalog.submit_action(ANY, ANY, template())).sends(keeps::<RequestTemplate>),
        maybe(&catalog.edit_request(ANY, CatalogRequest::default())).sends(keeps::<CatalogRequest>),
        unread(&catalog.delete_request(ANY)),
        maybe(&catalog.update_deployment(Deployment::default())).sends(keeps::<Deployment>),
    ]
}

fn work(client: &Client) -> Vec<Route> {
    let (items, approvals) = (client.work_items(), client.approvals());
    vec![
        list(&items.list()),
        one(&items.get(ANY)),
        object(&items.form(ANY)),
        completed(&items.complete(ANY, ANY, LiteralMap::new())),
        unread(&items.cancel(ANY)),
        list(&items.types()),
        one(&items.item_type(ANY)),
        list(&approvals.policies()),
        one(&approvals.policy(ANY)),
        list(&approvals.policy_types()),
        object(&approvals.of_request(ANY)),
    ]
}

fn reservations(client: &Client) -> Vec<Route> {
    let reservations = client.reservations();
    let policies = client.reservation_policies();
    let policy = || ReservationPolicyBody::new(ANY, ANY);
    vec![
        list(&reservations.list()),
        one(&reservations.get(ANY)),
        created(&reservations.create(ReservationBody::new(ANY, ANY, ANY, ANY)))
            .reads(keeps::<Reservation>)
            .sends(keeps::<Reservation>),
        unread(&reservations.update(Reservation::default())).sends(keeps::<Reservation>),
        unread(&reservations.delete(ANY)),
        objects(&reservations.info(ANY)),
        objects(&reservations.subtenants(ANY)),
        objects(&reservations.tenants()),
        objects(&reservations.categories()),
        list(&reservations.types()),
        one(&reservations.reservation_type(ANY)),
        one(&reservations.schema(ANY)),
        rows(&reservations.values(ANY, ANY, ValuesRequest::new())).sends(keeps_form),
        list(&policies.list()),
        one(&policies.get(ANY)),
        created(&policies.create(policy())).sends(keeps::<ReservationPolicy>),
        unread(&policies.put(ANY, policy())).sends(keeps::<ReservationPolicy>),
        unread(&policies.delete(ANY)),
        objects(&policies.types()),
    ]
}

fn infrastructure(client: &Client) -> Result<Vec<Route>, Error> {
    let (profiles, keys) = (client.network_profiles(), client.key_pairs());
    let (registry, ipam) = (client.component_registry(), client.ipam());
    let profile = NetworkProfileBody::external(ANY, std::net::Ipv4Addr::new(255, 255, 255, 0))?;
    let mut complete = NetworkProfile::default();
    complete.defined_ranges = Some(Vec::new());
    Ok(vec![
        list(&profiles.list()),
        one(&profiles.get(ANY)),
        created(&profiles.create(profile)).sends(keeps::<NetworkProfile>),
        unread(&profiles.replace(ANY, complete)?).sends(keeps::<NetworkProfile>),
        unread(&profiles.delete(ANY)),
        list(&profiles.addresses(ANY)),
        list(&profiles.range_summaries(ANY)),
        list(&keys.list()),
        one(&keys.get(0)),
        created(&keys.create(KeyPairBody::new(ANY, ANY))).sends(keeps::<KeyPair>),
        unread(&keys.update(KeyPair::default())).sends(keeps::<KeyPair>),
        unread(&keys.delete(0)),
        list(&registry.services()),
        one(&registry.service(ANY)),
        list(&registry.endpoints(ANY)),
        objects(&registry.endpoint_types()),
        list(&registry.status()),
        list(&registry.current_status()),
        list(&ipam.ranges(ANY, None)),
        list(&ipam.address_spaces(ANY)),
        object(&ipam.endpoint_request(ANY)),
    ])
}

fn issue(call: &Call<IssuedToken>) -> Route {
    one(call).sends(keeps_credentials)
}

/// Returns the route of a submission, which returns the request or nothing.
fn submitted(call: &Call<SubmittedRequest>) -> Route {
    Route::of(call.request()).reads(keeps::<CatalogRequest>)
}

/// Returns the route of a completed work item, whose response is handed over as it came.
fn completed(call: &Call<RawResponse>) -> Route {
    Route::of(call.request()).sends(keeps_form)
}

/// Checks the response that refuses a call.
pub(crate) fn refusal(json: &str) -> Result<Vec<String>, String> {
    let original: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let Some(errors) = original.get("errors").and_then(Value::as_array) else {
        // An HTML page, another text or an empty body: an error keeps a summary only.
        return Ok(Vec::new());
    };
    let mut extra = Vec::new();
    for error in errors {
        extra.extend(keeps::<ServerMessage>(&error.to_string())?);
    }
    Ok(extra)
}

/// Checks a form: texts and one map of literals, with its values or those that others depend on.
fn keeps_form(json: &str) -> Result<Vec<String>, String> {
    let original: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut extra = Vec::new();
    for (name, value) in original.as_object().into_iter().flatten() {
        match name.as_str() {
            "formData" | "dependencyValues" => {
                let kept = keeps::<LiteralMap>(&value.to_string()).map_err(|why| format!("{name}.{why}"))?;
                extra.extend(kept);
            }
            "text" | "associateValue" | "workItemId" | "workItemActionId" => {}
            other => extra.push(format!("form.{other}")),
        }
    }
    Ok(extra)
}

/// Checks the body of a login, by building it.
fn keeps_credentials(json: &str) -> Result<Vec<String>, String> {
    let original: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let text = |name: &str| match original.get(name).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("{name}: missing field or not a text")),
    };
    let client = Client::builder("https://vra.example").build().map_err(|error| error.to_string())?;
    let call = client.identity().issue_token(&text("username")?, text("password")?, &text("tenant")?);
    compare(&call.request().body(), &original)?;
    Ok(Vec::new())
}
