//! Users of requests.

use std::net::IpAddr;

use http::{HeaderMap, StatusCode};

use super::refusal::Refusal;
use crate::token::{TokenError, Tokens, User};

/// Header of the token.
const HEADER: &str = "X-Auth";

/// Returns the user of a request, or `None` if it has no token.
pub(super) fn user(tokens: &Tokens, headers: &HeaderMap, peer: IpAddr) -> Result<Option<User>, Refusal> {
    let mut given = headers.get_all(HEADER).iter();
    let value = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        // One of them might be checked by a proxy, and the other one used.
        (Some(_), Some(_)) => return Err(TokenError::Missing.into()),
    };
    let token = value.to_str().map_err(|_| TokenError::Malformed)?;
    Ok(Some(tokens.check(token, peer)?))
}

/// Refuses a user who does not own the lab.
pub(super) fn must_own(user: &User, owner: &str) -> Result<(), Refusal> {
    if user.name == owner {
        return Ok(());
    }
    let message = format!("the lab of this gateway is {owner}'s, and the token is of {:?}", user.name);
    Err(Refusal::new(StatusCode::FORBIDDEN, "not_the_owner", message))
}
