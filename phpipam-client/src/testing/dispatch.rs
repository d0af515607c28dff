//! Dispatch of a request: app, authentication, permission, controller, envelope.
//!
//! The checks come in the order in which a real server reports them. It decides which of several faults a client learns
//! of: an unknown app is 400 even without a token, and a wrong token is 401 even on a missing controller.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::LOCATION;
use ipam_core::testing::http::{Request, Response};
use serde_json::{Map, Value, json};

use super::config::{App, Lock, Numbers, Permission, Security};
use super::context::{Call, Id, Method};
use super::controllers::{self, Race, race, user};
use super::faults::html;
use super::params::Params;
use super::present;
use super::present::local;
use super::profile::{Profile, Put};
use super::refusal::{Handled, Refusal, fail};
use super::reply::Reply;
use super::schema::Object;
use super::store::Store;
use super::xml;

/// Settings that do not change while the server runs.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) base: String,
    pub(super) apps: Vec<App>,
    pub(super) profile: Profile,
    pub(super) https: bool,
    /// Minutes east of UTC. The one setting that a test may change, for daylight saving time.
    pub(super) offset: AtomicI32,
}

impl Setup {
    pub(super) fn offset(&self) -> i32 {
        self.offset.load(Ordering::Relaxed)
    }
}

/// Call that has been read, and passed the checks that need neither the lock nor a controller.
///
/// Waiting for the lock of the app comes next; the store is not locked meanwhile.
#[derive(Debug)]
pub(super) struct Admitted {
    app: App,
    params: Params,
    method: Option<Method>,
    controller: String,
}

impl Admitted {
    /// Returns the lock of the app if this call writes.
    pub(super) fn lock(&self, profile: &Profile) -> Option<Lock> {
        // Before 1.8 PATCH and DELETE do not wait for it.
        let locks = |method| if profile.app_lock { method == Method::Post } else { Method::writes(method) };
        self.method.is_some_and(locks).then_some(self.app.lock)
    }

    /// Returns true for the call that races on an app without lock.
    pub(super) fn races(&self, profile: &Profile) -> bool {
        // Q48: this call looks for a free address and then inserts it; two of them can find the same one. Before 1.8 it
        // locks the row of the subnet, whatever the app (Q65).
        !profile.app_lock
            && self.app.lock == Lock::Disabled
            && self.method == Some(Method::Post)
            && self.controller == "addresses"
            && self.params.id() == Some("first_free")
    }
}

/// Reads the request and checks app and security.
pub(super) fn admit(
    setup: &Setup,
    store: &Store,
    request: &Request,
    now: SystemTime,
) -> Result<Admitted, Box<Response>> {
    // Apache's default `AllowEncodedSlashes Off`: the request never reaches phpIPAM.
    let encoded_slash = request.path().to_ascii_lowercase().contains("%2f");
    let rest = request.path().strip_prefix(setup.base.as_str()).and_then(|p| p.strip_prefix("/api"));
    let Some(rest) = rest.filter(|p| !encoded_slash && (p.is_empty() || p.starts_with('/'))) else {
        return Err(Box::new(not_found()));
    };
    // Without URL rewriting the entry file is part of the path.
    let rest = rest.trim_start_matches("/index.php");
    // Before the parameters are read, the form of the response is JSON.
    let refuse = |refusal| Box::new(refused(setup, &Params::default(), refusal));
    if !store.api_enabled {
        return Err(refuse(fail(503, "API server disabled")));
    }
    let kind = request.header("content-type");
    let unread = request.method() == "PUT" && setup.profile.put != Put::AsPatch;
    let body = if unread { &[][..] } else { request.body() };
    let params = Params::read(&setup.profile, rest, request.query(), kind, body).map_err(refuse)?;
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
    // Upper and lower case are equal in ids of apps and names of controllers, as on a real server.
    let app = setup.apps.iter().find(|a| a.id.eq_ignore_ascii_case(name));
    let app = app.ok_or_else(|| fail(400, "Invalid application id"))?;
    // Q60: where PHP sends numbers (8.1 and later), 1.5 to 1.7 let reads of a disabled app pass; 1.8.2 refuses them.
    if app.permission == Permission::Disabled && !setup.profile.disabled_app_reads {
        return Err(fail(503, "Application disabled"));
    }
    if app.security == Security::User {
        return Err(fail(503, "Invalid app security"));
    }
    // Q58: the server sees only what a proxy tells it.
    let https = setup.https || request.header("x-forwarded-proto").is_some_and(|p| p.eq_ignore_ascii_case("https"));
    if app.security != Security::None && !https {
        return Err(fail(503, "SSL connection is required for API"));
    }
    // Q55: the 12th call is blocked. The block comes before the token is looked at, so valid tokens are blocked as
    // well.
    if let (count, Some(last)) = store.failures
        && count > 10
        && now.duration_since(last).is_ok_and(|age| age < Duration::from_secs(300))
    {
        return Err(fail(500, setup.profile.blocked));
    }
    let method = match request.method() {
        // The web server drops the body of a HEAD; phpIPAM runs the GET.
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PATCH" => Some(Method::Patch),
        "PUT" if setup.profile.put != Put::NotImplemented => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        "OPTIONS" => Some(Method::Options),
        _ => None,
    };
    if params.controller.is_none() && method != Some(Method::Options) {
        return Err(fail(400, "Request is not valid"));
    }
    Ok((app.clone(), method))
}

/// Carries out an admitted call.
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

/// Returns the row that a DELETE is about to remove, if its lock does not keep others from removing it (Q74).
pub(super) fn to_delete(setup: &Setup, store: &Store, admitted: &Admitted) -> Option<u64> {
    let by_id = admitted.method == Some(Method::Delete) && admitted.controller == "addresses";
    let id = admitted.params.id().filter(|_| by_id && setup.profile.app_lock)?;
    Id::of(Some(id)).row(store, Object::Address)
}

/// Carries out a DELETE that has seen its row: it succeeds, even if another one has removed the row meanwhile.
pub(super) fn delete(
    setup: &Setup,
    store: &mut Store,
    request: &Request,
    admitted: &Admitted,
    now: SystemTime,
    seen: u64,
) -> Response {
    respond_with(setup, store, request, admitted, now, |call, store| {
        if store.table(Object::Address).contains(seen) {
            controllers::handle(call, store, &admitted.controller)
        } else {
            Ok(Reply::done("Address deleted"))
        }
    })
}

/// First step of a racing call: chooses the address that it will try to take.
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

/// Second step: fails if another request has taken the address.
pub(super) fn check(setup: &Setup, store: &Store, admitted: &Admitted, race: Race) -> Result<(), Box<Response>> {
    race::check(store, race).map_err(|refusal| Box::new(refused(setup, &admitted.params, refusal)))
}

/// Last step: inserts the row, unless the unique key refuses it.
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
    // Q57: both names are read, and `phpipam-token` is looked at first.
    let token = request.header("phpipam-token").or_else(|| request.header("token"));
    // `user` checks tokens itself, with texts and statuses of its own (403 instead of 401, Q51).
    let is_user = name == "user";
    let checks_itself = is_user && (app.security != Security::SslCode || setup.profile.ssl_code_login);
    let user = if checks_itself { String::new() } else { authenticate(setup, store, app, token, now)? };
    // An unknown method is refused after the token: without one it is 401.
    let method = method.ok_or_else(|| fail(501, "Not Implemented"))?;
    let strings = match request.header("api-stringify-results") {
        Some("1" | "true") if setup.profile.stringify_header => true,
        Some("0" | "false") if setup.profile.stringify_header => false,
        _ => store.numbers == Numbers::Strings,
    };
    let call = Call { app, profile: &setup.profile, params, method, strings, now: local(now, setup.offset()), user };
    let reply = if name.is_empty() {
        controllers::options_root(&call)?
    } else if !setup.profile.controllers.contains(&name.as_str()) {
        return Err(fail(400, "Invalid controller"));
    } else if is_user {
        let caller = user::Caller { basic: basic(request), token, now, offset: setup.offset() };
        user::handle(&call, store, &caller)?
    } else if method.writes() && app.permission < Permission::Write {
        // Q52: 401, although a new login would not help.
        return Err(fail(401, "invalid permissions"));
    } else if request.method() == "PUT" && setup.profile.put == Put::NoData {
        return Err(fail(400, "No data provided"));
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

/// Checks the token or app code, extends the token, and returns the real name of the user.
fn authenticate(setup: &Setup, store: &mut Store, app: &App, token: Option<&str>, now: SystemTime) -> Handled<String> {
    let unauthorized = || fail(401, "Unauthorized");
    let given = token.filter(|t| !t.is_empty()).ok_or_else(unauthorized)?;
    if app.security == Security::SslCode {
        if given == app.code {
            return Ok(app.id.clone());
        }
        // The code of another app is recognized, and 403; anything else is 401.
        let others = setup.apps.iter().any(|other| !other.code.is_empty() && other.code == given);
        return Err(if others { fail(403, "Invalid token") } else { unauthorized() });
    }
    // Q51: a missing, a wrong and an expired token are the same 401 here.
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
    // Q08: seconds, as a float or as the integer 0.
    body.insert("time".to_owned(), json!(0.002));
    let response = encoded(params, reply.status, body);
    match reply.location {
        Some(location) => response.with_header(LOCATION, location),
        None => response,
    }
}

/// Returns a failure in the envelope, in the form of the version.
pub(super) fn failed(setup: &Setup, params: &Params, status: u16, code: u16, message: &str) -> Response {
    failure(params, status, code, message, setup.profile.failure_is_zero)
}

fn failure(params: &Params, status: u16, code: u16, message: &str, zero: bool) -> Response {
    let mut body = Map::new();
    let success = if zero { json!(0) } else { json!(false) };
    body.insert("code".to_owned(), code.into());
    body.insert("success".to_owned(), success);
    body.insert("message".to_owned(), message.into());
    body.insert("time".to_owned(), json!(0.001));
    let response = encoded(params, status, body);
    // The real server sends a login path without the app on every 401. It is useless; the client must not follow it.
    if status == 401 { response.with_header(LOCATION, "/api//user/") } else { response }
}

/// Returns the failure of a lock that was not obtained in time; nothing was done.
pub(super) fn lock_timeout(setup: &Setup, lock: Lock) -> Response {
    if setup.profile.app_lock {
        return app_lock_timeout(setup, lock);
    }
    let message = match lock {
        Lock::MySql(wait) => format!("MySQL wait timeout exceeded after {:.4} seconds", wait.as_secs_f64()),
        Lock::File(wait) => {
            format!("Cannot obtain lock for phpipam_api.lock after {:.4} seconds", wait.as_secs_f64())
        }
        // Only the fault `LockTimeout` gets here: an app without lock waits for none.
        Lock::Disabled => "Cannot obtain lock for phpipam_api.lock after 30.0001 seconds".to_owned(),
    };
    let status = setup.profile.lock_timeout_status;
    // Q50: in 1.8.2 only the envelope says 500, and the HTTP status is 200; before, both are 503.
    let code = if status == 200 { 500 } else { status };
    failed(setup, &Params::default(), status, code, &message)
}

/// Returns the failure of an app lock that was not obtained in time, before 1.8.
fn app_lock_timeout(setup: &Setup, lock: Lock) -> Response {
    let status = setup.profile.lock_timeout_status;
    // On PHP 8 the function that reports the timeout fails itself: the status is set, and the body empty.
    if setup.profile.php_8 {
        return html(status, "");
    }
    let (Lock::File(wait) | Lock::MySql(wait)) = lock else { return html(status, "") };
    let message =
        format!("Transaction timed out after {} seconds because of transaction lock", wait.as_secs_f64().round());
    failed(setup, &Params::default(), status, status, &message)
}

fn refused(setup: &Setup, params: &Params, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Uncaught(message) => {
            let zero = setup.profile.failure_is_zero || setup.profile.uncaught_is_zero;
            failure(params, 500, 500, &message, zero)
        }
        Refusal::Fail { status, message } => failed(setup, params, status, status, &message),
        Refusal::Fatal => html(500, ""),
        Refusal::Html(text) => html(200, format!("<div class='alert alert-danger'>{text}</div>")),
    }
}

/// Returns the page of the web server for paths that it does not know, among them those with an encoded slash.
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
        // `json_encode` of PHP escapes slashes by default.
        ("application/json; charset=utf-8", Value::Object(body).to_string().replace('/', "\\/"))
    };
    Response::text(status, content_type, body)
}
