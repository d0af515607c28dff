//! Logins: password, refresh token, token call of VCF Automation 9.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipam_core::testing::http::Request;
use serde_json::{Value, json};

use super::config::{Release, TENANT};
use super::context::{Context, Reply, Result, required};
use super::refusal::{Refusal, invalid, unauthenticated};
use super::store::Store;
use super::token::{Token, jwt};

/// Handles the calls that need no token; `None` for all others.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let nine = call.release == Release::Vcf9;
    Some(match (method, path) {
        ("POST", ["csp", "gateway", "am", "api", "login"]) if !nine => with_password(call),
        ("POST", ["iaas", "api", "login"]) if !nine => exchange(call),
        ("POST", ["tm", "oauth", "tenant", organization, "token"]) if nine => of_organization(call, organization),
        ("GET", ["automation", "config.json"]) if nine => {
            // Clients tell 9 from 8 by this file, which 8 does not have.
            Ok(Reply::Json(200, json!({"applicationVersion": STANDARD.encode("9.0.1.0")})))
        }
        _ => return None,
    })
}

/// Ends a token of the body.
pub(super) fn logout(call: &mut Context<'_>) -> Result {
    let token = required(&call.body()?, "idToken")?;
    call.store.tokens.retain(|known| known.value != token);
    Ok(Reply::Empty(200))
}

/// Returns the user of a token that has not expired.
pub(super) fn user_of(store: &Store, token: Option<&str>, now: SystemTime) -> Result<String> {
    let valid = |known: &&Token| Some(known.value.as_str()) == token && now < known.ends;
    store.tokens.iter().find(valid).map(|token| token.user.clone()).ok_or_else(unauthenticated)
}

/// Lets a token expire, or all of them.
pub(super) fn expire(store: &mut Store, token: Option<&str>, now: SystemTime) {
    for known in store.tokens.iter_mut().filter(|known| token.is_none_or(|token| token == known.value)) {
        known.ends = known.ends.min(now);
    }
}

fn with_password(call: &mut Context<'_>) -> Result {
    let body = call.body()?;
    let (name, password) = (required(&body, "username")?, required(&body, "password")?);
    let domain = body.get("domain").and_then(Value::as_str).filter(|domain| !domain.is_empty());
    let user = call.store.users.iter().find(|user| {
        let full = user.domain.as_ref().map(|domain| format!("{}@{domain}", user.name));
        let by_domain = user.name == name && user.domain.as_deref() == domain;
        // The domain may be in the name; given twice, both must be the same.
        let in_name = full.as_ref() == Some(&name) && domain.is_none_or(|given| Some(given) == user.domain.as_deref());
        (by_domain || in_name) && user.password == password
    });
    let Some(user) = user.map(|user| user.name.clone()) else {
        call.store.failed_logins.push(name);
        return Err(invalid("Invalid credentials or domain."));
    };
    // The flag has no value; it decides which token the response has.
    if call.query.flag("access_token") {
        let token = refresh(call.store, &user, call.now);
        Ok(Reply::Json(200, json!({"refresh_token": token})))
    } else {
        let token = access(call.store, &user, call.now);
        Ok(Reply::Json(200, json!({"cspAuthToken": token})))
    }
}

fn exchange(call: &mut Context<'_>) -> Result {
    let given = required(&call.body()?, "refreshToken")?;
    let user = owner(call, &given)?;
    let token = access(call.store, &user, call.now);
    Ok(Reply::Json(200, json!({"tokenType": "Bearer", "token": token})))
}

fn of_organization(call: &mut Context<'_>, organization: &str) -> Result {
    // Read as a query, which has the same form.
    let body = String::from_utf8_lossy(call.request.body()).into_owned();
    let form = Request::new("POST", &format!("/?{body}")).parameters();
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let (Some("refresh_token"), Some(given)) = (field("grant_type"), field("refresh_token")) else {
        return Err(invalid("The grant type is not supported."));
    };
    if organization != TENANT {
        return Err(Refusal::new(404, format!("The organization {organization} is not found.")));
    }
    let user = owner(call, given)?;
    let token = access(call.store, &user, call.now);
    let lifetime = call.store.settings.token_lifetime.as_secs();
    Ok(Reply::Json(200, json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime})))
}

/// Returns the user of a refresh token that has not expired.
fn owner(call: &Context<'_>, given: &str) -> Result<String> {
    let valid = |token: &&Token| token.value == given && call.now < token.ends;
    let token = call.store.refresh_tokens.iter().find(valid);
    // The same words for an unknown and an expired one, and never the token itself.
    token.map(|token| token.user.clone()).ok_or_else(|| invalid("Invalid refresh token."))
}

/// Issues a refresh token.
pub(super) fn refresh(store: &mut Store, user: &str, now: SystemTime) -> String {
    let value = format!("refresh-{}", store.id());
    let ends = now + store.settings.refresh_lifetime;
    store.refresh_tokens.push(Token { value: value.clone(), user: user.to_owned(), ends });
    value
}

fn access(store: &mut Store, user: &str, now: SystemTime) -> String {
    let ends = now + store.settings.token_lifetime;
    let value = jwt(store.number(), user, ends);
    store.tokens.push(Token { value: value.clone(), user: user.to_owned(), ends });
    value
}
