//! Calls of the client of 8.x and of VCF Automation 9.

use http::Method;
use serde_json::{Value, json};
use vra_client::request::ApiRequest;
use vra_client::v8::{AccessToken, Client, ClientBuilder, IssuedToken, ProjectBody, ProjectUser, ZoneAssignment};
use vra_client::{Error, HttpOptions};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::body::{Members, built};
use super::check::{compare, keeps, keeps_object};
use super::route::{ANY, Route, list, one, unread};

/// Returns the calls of the client.
pub(crate) fn routes() -> Result<Vec<Route>, Error> {
    let client = Client::builder("https://vra.example").build()?;
    let mut routes = logins();
    routes.extend(projects(&client));
    Ok(routes)
}

/// Calls of the logins: the client makes them by itself, so there is no prepared call to take them from.
fn logins() -> Vec<Route> {
    let post = |template: &str| Route::of(&ApiRequest::new(Method::POST, template, &[ANY]));
    let password = || post("/csp/gateway/am/api/login").reads(keeps::<IssuedToken>).sends(sends_password);
    vec![
        password(),
        password().with_query("access_token"),
        post("/iaas/api/login").reads(keeps::<AccessToken>).sends(sends_refresh_token),
        post("/tm/oauth/tenant/{organization}/token").reads(keeps::<AccessToken>),
        post("/csp/gateway/am/api/auth/logout"),
        Route::of(&ApiRequest::new(Method::GET, "/automation/config.json", &[])).reads(keeps_object),
    ]
}

fn projects(client: &Client) -> Vec<Route> {
    let projects = client.projects();
    vec![
        one(&client.about()),
        list(&client.blueprints()),
        list(&projects.list()),
        one(&projects.get(ANY)),
        one(&projects.create(ProjectBody::new(ANY))).sends(project),
        one(&projects.update(ANY, ProjectBody::new(ANY))).sends(project),
        unread(&projects.delete(ANY)),
    ]
}

built!(project: ProjectBody, |members| Ok(ProjectBody::new(members.required::<String>("name")?)), {
    with_description: String = "description",
    with_administrators: Vec<ProjectUser> = "administrators",
    with_members: Vec<ProjectUser> = "members",
    with_viewers: Vec<ProjectUser> = "viewers",
    with_supervisors: Vec<ProjectUser> = "supervisors",
    with_zones: Vec<ZoneAssignment> = "zoneAssignmentConfigurations",
    with_operation_timeout: i64 = "operationTimeout",
    with_machine_naming_template: String = "machineNamingTemplate",
    with_shared_resources: bool = "sharedResources",
    with_placement_policy: String = "placementPolicy",
});

/// Checks the response that refuses a call.
pub(crate) fn refusal(json: &str) -> Result<Vec<String>, String> {
    // Each service has a shape of its own; one type reads all of them. An HTML page, another text or an empty body is
    // not decoded: an error keeps a summary only.
    if json.starts_with('{') { keeps::<vra_client::error::ServerMessage>(json) } else { Ok(Vec::new()) }
}

fn sends_password(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let (user, password) = (members.required::<String>("username")?, members.required::<String>("password")?);
    let domain = members.optional::<String>("domain")?;
    sends(members, |builder| {
        let builder = builder.with_password(user, password);
        match domain {
            Some(domain) => builder.with_domain(domain),
            None => builder,
        }
    })
}

fn sends_refresh_token(json: &str) -> Result<Vec<String>, String> {
    let mut members = Members::read(json)?;
    let token = members.required::<String>("refreshToken")?;
    sends(members, |builder| builder.with_refresh_token(token))
}

/// Compares a body with the one that a client of these credentials logs in with.
///
/// No method shows it, so that a password is in no value of the caller. It is sent to a server of this process.
fn sends(members: Members, with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Vec<String>, String> {
    let original = members.without_others()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let sent = runtime.block_on(async {
        let server = MockServer::start().await;
        let token = ResponseTemplate::new(200).set_body_json(json!({"token": "dummy", "cspAuthToken": "dummy"}));
        Mock::given(any()).respond_with(token).mount(&server).await;
        let options = HttpOptions::new().with_allow_http(true);
        let client = with(Client::builder(server.uri()).with_http_options(options)).build()?;
        client.login().await?;
        Ok(server.received_requests().await.unwrap_or_default())
    });
    let sent = sent.map_err(|error: Error| format!(".: invalid value: {error}"))?;
    let sent: Option<Value> = sent.first().and_then(|request| request.body_json().ok());
    compare(&sent, &original)?;
    Ok(Vec::new())
}
