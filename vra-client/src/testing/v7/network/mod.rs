//! Service `/iaas-proxy-provider/api/network/profiles`: profiles, ranges, addresses.

mod present;
mod read;

use std::time::SystemTime;

use super::config::Release;
use super::context::{Context, Reply, Result};
use super::refusal::{forbidden, not_found};
use super::rows::Profile;
use super::store::Store;

/// Handles network profiles; `None` if there is no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    // The manual asks for a tenant administrator; users of the call report that it takes a fabric administrator.
    if !call.fabric {
        return Some(Err(forbidden(format!("User {} is not a fabric administrator.", call.user))));
    }
    let position = |store: &Store, id: &str| store.profiles.iter().position(|profile| profile.id == id);
    let flat = call.release != Release::V6_2;
    Some(match (method, path) {
        // As documented, rows of the list have neither ranges nor addresses; a client has to read each profile for them.
        ("GET", []) => Ok(Reply::Rows(call.store.profiles.iter().map(Profile::summary).collect())),
        ("POST", []) => create(call),
        // From 7.1 on. 6.2 has the addresses inside the profile only, and no release has a call for one range.
        ("GET", ["addresses", id]) if flat => match position(call.store, id).and_then(|at| call.store.profiles.get(at))
        {
            Some(profile) => Ok(Reply::Rows(profile.addresses())),
            None => Err(not_found("Network profile", id)),
        },
        ("GET", ["range-summaries", id]) if flat => {
            match position(call.store, id).and_then(|at| call.store.profiles.get(at)) {
                Some(profile) => Ok(Reply::Rows(profile.range_summaries())),
                None => Err(not_found("Network profile", id)),
            }
        }
        (_, [id]) => {
            let Some(at) = position(call.store, id) else { return Some(Err(not_found("Network profile", id))) };
            match method {
                "GET" => Ok(Reply::Json(call.store.profiles.get(at).map(Profile::row).unwrap_or_default())),
                // The status of an update is inferred; published clients accept any 2xx.
                "PUT" => put(call, at),
                "DELETE" => {
                    call.store.profiles.remove(at);
                    Ok(Reply::Empty(204))
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Creates a network profile.
fn create(call: &mut Context<'_>) -> Result {
    let body = call.body()?;
    let (store, now) = (&mut *call.store, call.now);
    let id = store.id();
    let profile = Profile::read(store, id.clone(), &body, now)?;
    store.profiles.push(profile);
    Ok(Reply::Created(format!("/iaas-proxy-provider/api/network/profiles/{id}"), None))
}

/// Replaces a network profile.
fn put(call: &mut Context<'_>, at: usize) -> Result {
    let body = call.body()?;
    let (store, now) = (&mut *call.store, call.now);
    let Some(id) = store.profiles.get(at).map(|profile| profile.id.clone()) else {
        return Err(not_found("Network profile", ""));
    };
    // The whole profile is replaced, as the API has no partial update.
    let mut changed = Profile::read(store, id, &body, now)?;
    if let Some(old) = store.profiles.get_mut(at) {
        changed.keep(old, &body, call.release == Release::V6_2);
        *old = changed;
    }
    Ok(Reply::Empty(204))
}

/// Frees the addresses of machines that were destroyed half an hour ago, as a job of the real server does.
pub(super) fn reclaim(store: &mut Store, now: SystemTime) {
    store.profiles.iter_mut().for_each(|profile| profile.reclaim(now));
}
