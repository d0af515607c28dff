//! From a request to a response: who calls, whether they may, and which controller responds.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::LOCATION;
use ipam_core::testing::http::{Request, Response};
use serde_json::{Map, Value, json};

use super::config::{App, Lock, Numbers, Permission, Security};
use super::context::{Call, Method};
use super::controllers::{self, Race, race, user};
use super::faults::html;
use super::params::Params;
use super::present;
use super::present::local;
use super::profile::{Profile, Put};
use super::refusal::{Handled, Refusal, fail};
use super::reply::Reply;
use super::store::Store;
use super::xml;

/// What does not change while the server runs.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) base: String,
    pub(super) apps: Vec<App>,
    pub(super) profile: Profile,
    pub(super) https: bool,
    pub(super) offset: i32,
}

/// A call that has been read and let in so far as that needs no store.
#[derive(Debug)]
pub(super) struct Admitted {
    app: App,
    params: Params,
    method: Option<Method>,
    controller: String,
}

impl Admitted {
    /// How the app keeps writes apart, if this call writes.
    pub(super) fn lock(&self) -> Option<Lock> {
        self.method.is_some_and(Method::writes).then_some(self.app.lock)
    }

    /// Whether this is the call that races without a lock.
    pub(super) fn races(&self) -> bool {
        self.app.lock == Lock::Disabled
            && self.method == Some(Method::Post)
            && self.controller == "addresses"
            && self.params.id() == Some("first_free")
    }
}

/// Reads the request: path, body, app and its security.
pub(super) fn admit(
    setup: &Setup,
    store: &Store,
    request: &Request,
    now: SystemTime,
) -> Result<Admitted, Box<Response>> {
    let encoded_slash = request.path().to_ascii_lowercase().contains("%2f");
    let rest = request.path().strip_prefix(setup.base.as_str()).and_then(|p| p.strip_prefix("/api"));
    let Some(rest) = rest.filter(|p| !encoded_slash && (p.is_empty() || p.starts_with('/'))) else {
        return Err(Box::new(not_found()));
    };
    let rest = rest.trim_start_matches("/index.php");
    let refuse = |refusal| Box::new(refused(setup, &Params::default(), refusal));
    if !store.api_enabled {
        return Err(refuse(fail(503, "API server disabled")));
    }
    let kind = request.header("content-type");
    let params = Params::read(rest, request.query(), kind, request.body()).map_err(refuse)?;
    match check_app(setup, store, request, &params, now) {
        Ok((app, method)) => {
            let controller = params.controller.as_deref().unwrap_or_default().to_ascii_lowercase();
            Ok(Admitted { app, params, method, controller })
        }
        Err(refusal) => Err(Box::new(refused(setup, &params, refusal))),
    }
}

fn check_app(
    setup: &Setup,
    store: &Store,
    request: &Request,
    params: &Params,
    now: SystemTime,
) -> Handled<(App, Option<Method>)> {
    let name = params.app.as_deref().unwrap_or_default();
    let app = setup.apps.iter().find(|a| a.id.eq_ignore_ascii_case(name));
    let app = app.ok_or_else(|| fail(400, "Invalid application id"))?;
    if app.permission == Permission::Disabled {
        return Err(fail(503, "Application disabled"));
    }
    if app.security == Security::User {
        return Err(fail(503, "Invalid app security"));
    }
    let https = setup.https || request.header("x-forwarded-proto").is_some_and(|p| p.eq_ignore_ascii_case("https"));
    if app.security != Security::None && !https {
        return Err(fail(503, "SSL connection is required for API"));
    }
    if let (count, Some(last)) = store.failures
        && count > 10
        && now.duration_since(last).is_ok_and(|age| age < Duration::from_secs(300))
    {
        return Err(fail(500, setup.profile.blocked));
    }
    let method = match request.method() {
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PATCH" => Some(Method::Patch),
        "PUT" if setup.profile.put == Put::AsPatch => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        "OPTIONS" => Some(Method::Options),
        _ => None,
    };
    if params.controller.is_none() && method != Some(Method::Options) {
        return Err(fail(400, "Request is not valid"));
    }
    Ok((app.clone(), method))
}

/// Answers an admitted call.
pub(super) fn respond(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    admitted: &Admitted,
    now: SystemTime,
) -> Response {
    respond_with(setup, store, request, admitted, now, |call, store| {
        controllers::handle(call, store, &admitted.controller)
    })
}

/// The first step of a racing call: the address it will try to take.
pub(super) fn choose(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    admitted: &Admitted,
    now: SystemTime,
) -> Result<Race, Box<Response>> {
    let mut chosen = None;
    let refused = respond_with(setup, store, request, admitted, now, |call, store| {
        chosen = Some(race::choose(call, store)?);
        Ok(Reply::default())
    });
    chosen.ok_or_else(|| Box::new(refused))
}

/// The second step: whether another caller was quicker.
pub(super) fn check(setup: &Setup, store: &Store, admitted: &Admitted, race: Race) -> Result<(), Box<Response>> {
    race::check(store, race).map_err(|refusal| Box::new(refused(setup, &admitted.params, refusal)))
}

/// The last step: the row is written, unless its key exists.
pub(super) fn take(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    admitted: &Admitted,
    now: SystemTime,
    race: Race,
) -> Response {
    respond_with(setup, store, request, admitted, now, |call, store| race::take(call, store, race))
}

fn respond_with(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    admitted: &Admitted,
    now: SystemTime,
    controller: impl FnOnce(&Call<'_>, &mut Store) -> Handled<Reply>,
) -> Response {
    let params = &admitted.params;
    match try_respond(setup, store, request, admitted, now, controller) {
        Ok((reply, data)) => succeeded(params, reply, data),
        Err(refusal) => refused(setup, params, refusal),
    }
}

fn try_respond(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    admitted: &Admitted,
    now: SystemTime,
    controller: impl FnOnce(&Call<'_>, &mut Store) -> Handled<Reply>,
) -> Handled<(Reply, Option<Value>)> {
    let Admitted { app, params, method, controller: name } = admitted;
    let token = request.header("phpipam-token").or_else(|| request.header("token"));
    let is_user = name == "user";
    let user = if is_user { String::new() } else { authenticate(setup, store, app, token, now)? };
    let method = method.ok_or_else(|| fail(501, "Not Implemented"))?;
    let strings = match request.header("api-stringify-results") {
        Some("1" | "true") if setup.profile.stringify_header => true,
        Some("0" | "false") if setup.profile.stringify_header => false,
        _ => store.numbers == Numbers::Strings,
    };
    let call = Call { app, profile: &setup.profile, params, method, strings, now: local(now, setup.offset), user };
    let reply = if name.is_empty() {
        controllers::options_root(&call)?
    } else if !setup.profile.controllers.contains(&name.as_str()) {
        return Err(fail(400, "Invalid controller"));
    } else if is_user {
        let caller = user::Caller { basic: basic(request), token, now, offset: setup.offset };
        user::handle(&call, store, &caller)?
    } else if method.writes() && app.permission < Permission::Write {
        return Err(fail(401, "invalid permissions"));
    } else {
        controller(&call, store)?
    };
    let mut reply = reply;
    let data = match reply.data.take() {
        Some(data) => Some(present::data(&call, store, data)?),
        None => None,
    };
    Ok((reply, data))
}

/// Checks token or code; extends the token; answers the user's real name.
fn authenticate(setup: &Setup, store: &mut Store, app: &App, token: Option<&str>, now: SystemTime) -> Handled<String> {
    let unauthorized = || fail(401, "Unauthorized");
    let given = token.filter(|t| !t.is_empty()).ok_or_else(unauthorized)?;
    if app.security == Security::SslCode {
        if given == app.code {
            return Ok(app.id.clone());
        }
        let others = setup.apps.iter().any(|other| !other.code.is_empty() && other.code == given);
        return Err(if others { fail(403, "Invalid token") } else { unauthorized() });
    }
    let holds = |t: &super::store::Token| t.text == given && t.until > now;
    let account = store.accounts.iter_mut().find(|a| a.token.as_ref().is_some_and(holds)).ok_or_else(unauthorized)?;
    user::extend(account, now);
    Ok(account.user.real_name.clone())
}

fn basic(request: &Request) -> Option<(String, String)> {
    let value = request.header("authorization")?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn succeeded(params: &Params, reply: Reply, data: Option<Value>) -> Response {
    let mut body = Map::new();
    body.insert("code".to_owned(), reply.status.into());
    body.insert("success".to_owned(), true.into());
    if let Some(message) = reply.long_message.or_else(|| reply.message.map(str::to_owned)) {
        body.insert("message".to_owned(), message.into());
    }
    if let Some(id) = reply.id {
        body.insert("id".to_owned(), id.into());
    }
    if let Some(data) = data {
        body.insert("data".to_owned(), data);
    }
    body.insert("time".to_owned(), json!(0.002));
    let response = encoded(params, reply.status, body);
    match reply.location {
        Some(location) => response.with_header(LOCATION, location),
        None => response,
    }
}

/// A failure in the form of the version.
pub(super) fn failed(setup: &Setup, params: &Params, status: u16, code: u16, message: &str) -> Response {
    let mut body = Map::new();
    let success = if setup.profile.failure_is_zero { json!(0) } else { json!(false) };
    body.insert("code".to_owned(), code.into());
    body.insert("success".to_owned(), success);
    body.insert("message".to_owned(), message.into());
    body.insert("time".to_owned(), json!(0.001));
    let response = encoded(params, status, body);
    if status == 401 { response.with_header(LOCATION, "/api//user/") } else { response }
}

/// A lock that was not obtained in time: nothing was done.
pub(super) fn lock_timeout(setup: &Setup, lock: Lock) -> Response {
    let message = match lock {
        Lock::MySql(wait) => format!("MySQL wait timeout exceeded after {:.4} seconds", wait.as_secs_f64()),
        Lock::File(wait) => {
            format!("Cannot obtain lock for phpipam_api.lock after {:.4} seconds", wait.as_secs_f64())
        }
        Lock::Disabled => "Cannot obtain lock for phpipam_api.lock after 30.0001 seconds".to_owned(),
    };
    let status = setup.profile.lock_timeout_status;
    let code = if status == 200 { 500 } else { status };
    failed(setup, &Params::default(), status, code, &message)
}

fn refused(setup: &Setup, params: &Params, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Fail { status, message } => failed(setup, params, status, status, &message),
        Refusal::Fatal => html(500, ""),
        Refusal::Html(text) => html(200, format!("<div class='alert alert-danger'>{text}</div>")),
    }
}

/// The web server's own response for paths it does not know, among them those with an encoded slash.
fn not_found() -> Response {
    let body = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n\
                <html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n\
                <p>The requested URL was not found on this server.</p>\n</body></html>\n";
    let content_type = "text/html; charset=iso-8859-1";
    Response::text(404, content_type, body)
}

fn encoded(params: &Params, status: u16, body: Map<String, Value>) -> Response {
    let (content_type, body) = if params.xml {
        let root = params.controller.as_deref().unwrap_or("response").to_ascii_lowercase();
        ("application/xml; charset=utf-8", xml::document(&root, &body))
    } else {
        // PHP escapes slashes.
        ("application/json; charset=utf-8", Value::Object(body).to_string().replace('/', "\\/"))
    };
    Response::text(status, content_type, body)
}
