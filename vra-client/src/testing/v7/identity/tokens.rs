//! Tokens: login, check and logout.

use std::time::SystemTime;

use http::header;
use ipam_core::testing::http::Response;
use serde_json::json;

use crate::testing::clock::millis;

use crate::testing::id::uuid;
use crate::testing::v7::context::{Context, Reply, Result, required};
use crate::testing::v7::refusal::{not_found, unauthenticated};
use crate::testing::v7::rows::Token;
use crate::testing::v7::store::Store;

/// Handles `/identity/api/tokens`; `None` if there is no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("POST", []) => issue(call),
        ("DELETE", ["principals", principal]) => {
            call.store.tokens.retain(|token| token.user != *principal);
            Ok(Reply::Empty(204))
        }
        ("HEAD", [id]) => match valid(call.store, id, call.now) {
            // The headers of the documented response; a HEAD has no body.
            Some(_) => Ok(Reply::Other(
                Response::empty(204)
                    .with_header(header::CACHE_CONTROL, "no-cache, no-store, max-age=0, must-revalidate")
                    .with_header(header::PRAGMA, "no-cache")
                    .with_header(header::EXPIRES, "0")
                    .with_header(header::CONTENT_TYPE, "application/json;charset=UTF-8"),
            )),
            None => Err(unauthenticated()),
        },
        ("DELETE", [id]) => {
            let before = call.store.tokens.len();
            // Removed and not expired: a second logout with the same token finds nothing.
            call.store.tokens.retain(|token| token.id != *id);
            if call.store.tokens.len() < before { Ok(Reply::Empty(204)) } else { Err(not_found("Token", "")) }
        }
        ("GET", [id, "securityContext"]) => match valid(call.store, id, call.now) {
            Some(token) => Ok(Reply::Json(json!({"principalId": token.user, "tenantId": token.tenant}))),
            None => Err(not_found("Token", "")),
        },
        _ => return None,
    })
}

/// Returns a token that is valid at this time.
pub(in crate::testing::v7) fn valid<'a>(store: &'a Store, id: &str, now: SystemTime) -> Option<&'a Token> {
    store.tokens.iter().find(|token| token.id == id && token.until > now)
}

/// Lets one token, or all tokens, expire.
pub(in crate::testing::v7) fn expire(store: &mut Store, id: Option<&str>, now: SystemTime) {
    for token in &mut store.tokens {
        if id.is_none_or(|id| id == token.id) {
            token.until = now;
        }
    }
}

/// Logs a user in, or returns the error page of status 401.
fn issue(call: &mut Context<'_>) -> Result {
    let body = call.body()?;
    let (user, password, tenant) =
        (required(&body, "username")?, required(&body, "password")?, required(&body, "tenant")?);
    // `username` is `user@domain`; the form `DOMAIN\user` is not accepted, as documented.
    // One error for a wrong user, password or tenant: a 401 is all that is documented.
    let known = call.store.users.iter().any(|u| u.name == user && u.password == password && u.tenant == tenant);
    if !known {
        return Err(unauthenticated());
    }
    // As long as a real token and with `+`, `/` and `=`: a client that puts it into a path has to percent-encode it.
    let number = call.store.number();
    let id = format!("{0}+{1}/{0}{1}{2}==", uuid(number).replace('-', ""), uuid(!number).replace('-', ""), number);
    let until = call.now + call.store.token_lifetime;
    call.store.tokens.push(Token { id: id.clone(), user, tenant: tenant.clone(), until });
    Ok(Reply::Json(json!({"expires": millis(until), "id": id, "tenant": tenant})))
}
