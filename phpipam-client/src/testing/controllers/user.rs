//! `user`: login, tokens and lists of users.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::config::{Permission, Security};
use super::super::context::{Call, Method};
use super::super::present::local;
use super::super::refusal::{Handled, fail, uncaught};
use super::super::reply::Reply;
use super::super::store::{Account, Store, TOKEN_LIFE, Token};

/// Credentials and time of a call.
pub(in crate::testing) struct Caller<'a> {
    /// Name and password of the header `Authorization`.
    pub(in crate::testing) basic: Option<(String, String)>,
    /// Value of the token header.
    pub(in crate::testing) token: Option<&'a str>,
    pub(in crate::testing) now: SystemTime,
    pub(in crate::testing) offset: i32,
}

/// Carries out a call of `user`.
pub(in crate::testing) fn handle(call: &Call<'_>, store: &mut Store, caller: &Caller<'_>) -> Handled<Reply> {
    let with_code = call.app.security == Security::SslCode;
    match call.method {
        Method::Options => super::options::controller(call, "user"),
        // Before 1.8 the code is checked here, too, and there is no token whose expiry could be told.
        Method::Get if with_code && !call.profile.ssl_code_login => Ok(Reply::plain(json!({"expires": null}))),
        _ if with_code && !call.profile.ssl_code_login => Err(fail(409, "Authentication not needed")),
        // Q56: in 1.8.2 a login works on an `ssl_code` app, too; its token is of no use there. The other methods fail
        // with these two texts.
        Method::Post => login(call, store, caller),
        Method::Get if with_code => Err(fail(409, "Authentication not needed")),
        _ if with_code => Err(fail(500, "Error: Missing primary key")),
        Method::Get => read(call, store, caller),
        Method::Patch => {
            let account = valid(store, caller)?;
            extend(account, caller.now);
            Ok(expires(account, caller))
        }
        Method::Delete => {
            valid(store, caller)?.token = None;
            Ok(Reply::plain(json!(["Token removed"])))
        }
    }
}

/// Logs a user in, and returns the token.
fn login(call: &Call<'_>, store: &mut Store, caller: &Caller<'_>) -> Handled<Reply> {
    let Some((name, password)) = caller.basic.as_ref().filter(|(n, p)| !n.is_empty() && !p.is_empty()) else {
        return Err(fail(400, "Please provide username and password"));
    };
    let known = |a: &Account| a.user.name.eq_ignore_ascii_case(name);
    let Some(index) = store.accounts.iter().position(|a| known(a) && a.user.password == *password) else {
        // Counted for the address of the client; here all clients have one. Status 500 is the server's own (Q47).
        store.failures = (store.failures.0 + 1, Some(caller.now));
        return Err(uncaught("Invalid username or password"));
    };
    // Made in any case, because the account below borrows the store.
    let fresh = store.new_token();
    let Some(account) = store.accounts.get_mut(index) else { return Err(uncaught("Invalid username or password")) };
    if account.user.disabled {
        return Err(uncaught(call.profile.disabled_user));
    }
    let until = caller.now + TOKEN_LIFE;
    // Q53: one token per user. While it is valid a login returns it, and extends it at once.
    let text = match account.token.take().filter(|t| t.until > caller.now) {
        Some(token) => token.text,
        None => fresh,
    };
    account.token = Some(Token { text: text.clone(), until });
    // A good login resets the count of bad ones.
    store.failures = (0, None);
    Ok(Reply::plain(json!({"token": text, "expires": local(until, caller.offset)})))
}

/// Returns the expiry of the token, or one of the lists of users.
fn read(call: &Call<'_>, store: &mut Store, caller: &Caller<'_>) -> Handled<Reply> {
    let account = valid(store, caller)?;
    match call.params.id() {
        // Reading does not extend the token, unlike every call of another controller (Q54).
        None | Some("token" | "token_expires") => Ok(expires(account, caller)),
        Some("all" | "admins") if call.app.permission < Permission::Admin => Err(fail(503, "Invalid app permissions")),
        Some(which) if which == "all" || which == "admins" => {
            // The real server sends password hashes and tokens of all users here.
            let admins = which == "admins";
            let rows = store.accounts.iter().enumerate().filter(|(i, _)| !admins || *i == 0);
            Ok(Reply::plain(rows.map(|(i, account)| row(call, i, account, caller)).collect::<Vec<_>>()))
        }
        Some(_) => Err(fail(400, "Invalid identifier")),
    }
}

/// Returns the account whose token is valid.
///
/// Only this controller tells the three cases apart; all others say 401 `Unauthorized` (Q51).
fn valid<'s>(store: &'s mut Store, caller: &Caller<'_>) -> Handled<&'s mut Account> {
    let Some(given) = caller.token.filter(|t| !t.is_empty()) else { return Err(fail(403, "Please provide token")) };
    let holds = |a: &&mut Account| a.token.as_ref().is_some_and(|t| t.text == given);
    let Some(account) = store.accounts.iter_mut().find(holds) else { return Err(fail(403, "Invalid token")) };
    if account.token.as_ref().is_some_and(|t| t.until <= caller.now) {
        return Err(fail(403, "Token expired"));
    }
    Ok(account)
}

/// Extends a token to six hours from now.
///
/// The server writes the new time only if it is at least a minute later, which saves a write for most calls (Q54).
pub(in crate::testing) fn extend(account: &mut Account, now: SystemTime) {
    if let Some(token) = &mut account.token {
        let until = now + TOKEN_LIFE;
        if until.duration_since(token.until).is_ok_and(|by| by.as_secs() >= 60) {
            token.until = until;
        }
    }
}

fn expires(account: &Account, caller: &Caller<'_>) -> Reply {
    let until = account.token.as_ref().map(|t| local(t.until, caller.offset));
    Reply::plain(json!({"expires": until}))
}

/// Returns a row of the table of users. Secrets in it are made up.
fn row(call: &Call<'_>, index: usize, account: &Account, caller: &Caller<'_>) -> Value {
    let user = &account.user;
    let groups: serde_json::Map<String, Value> =
        user.groups.iter().map(|g| (g.to_string(), Value::String(g.to_string()))).collect();
    let groups = if groups.is_empty() { String::new() } else { Value::Object(groups).to_string() };
    let administrator = index == 0;
    let mut row = json!({
        "id": index + 1,
        "username": user.name,
        "authMethod": 1,
        "passkey_only": 0,
        "password": "$2y$10$no-hash-is-kept",
        "groups": groups,
        "role": if administrator { "Administrator" } else { "User" },
        "real_name": user.real_name,
        "email": format!("{}@example.test", user.name),
        "domainUser": "0",
        "widgets": "statistics;favourite_subnets;changelog;top10_hosts_v4",
        "lang": 9,
        "favourite_subnets": null,
        "disabled": if user.disabled { "Yes" } else { "No" },
        "mailNotify": "No",
        "mailChangelog": "No",
        "passChange": "No",
        "editDate": null,
        "lastLogin": null,
        "lastActivity": null,
        "compressOverride": "default",
        "hideFreeRange": 0,
        "menuType": "Dynamic",
        "menuCompact": 1,
        "2fa": 0,
        "2fa_secret": null,
        "theme": "",
        "token": account.token.as_ref().map(|t| t.text.clone()),
        "token_valid_until": account.token.as_ref().map(|t| local(t.until, caller.offset)),
        "module_permissions": "{\"vlan\":\"1\",\"vrf\":\"1\"}",
        "compress_actions": 1,
    });
    if let Value::Object(row) = &mut row {
        if !call.profile.passkeys {
            row.shift_remove("passkey_only");
        }
        if call.strings {
            for value in row.values_mut().filter(|value| value.is_number()) {
                *value = Value::String(value.to_string());
            }
        }
    }
    row
}
