//! Refusals: status, type and sentence of each.

use std::time::Duration;

use http::StatusCode;
use ipam_core::ErrorKind;

use crate::addresses::AddressError;
use crate::firewall::FirewallError;
use crate::portmaps::MapError;
use crate::token::TokenError;

/// Request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// Type for programs.
    pub(super) kind: &'static str,
    /// Sentence for people.
    pub(super) message: String,
    /// Methods that the route has, for 405.
    pub(super) allow: Option<&'static str>,
    /// Time after which a repeat makes sense.
    pub(super) retry_after: Option<Duration>,
}

/// Time after which a part that failed is tried again.
const RETRY: Duration = Duration::from_secs(5);

impl Refusal {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY);
        Self { status, kind, message: message.into(), allow: None, retry_after }
    }

    pub(super) fn bad_request(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// Argument or field that is wrong, with its value and the remedy.
    pub(super) fn invalid(name: &str, value: &str, remedy: &str) -> Self {
        // A value may be as long as the whole request.
        let shown: String = value.chars().take(80).collect();
        Self::bad_request("invalid_value", format!("{name} is {shown:?}; {remedy}"))
    }

    pub(super) fn method(allow: &'static str) -> Self {
        let message = format!("the route has the methods {allow}");
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
        Self { allow: Some(allow), ..refusal }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let message = error.to_string();
        let kind = match error {
            TokenError::NoKey => return Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_token_key", message),
            TokenError::Missing => "token_missing",
            TokenError::Malformed => "token_malformed",
            TokenError::Forged => "token_forged",
            TokenError::Expired => "token_expired",
            TokenError::Early => "token_early",
            TokenError::Issuer => "token_issuer",
            TokenError::Claim(_) => "token_claim",
            TokenError::Version { .. } => "token_version",
            TokenError::Client { .. } => "token_client",
        };
        Self::new(StatusCode::UNAUTHORIZED, kind, message)
    }
}

impl From<MapError> for Refusal {
    fn from(error: MapError) -> Self {
        let message = error.to_string();
        let (status, kind) = of_map(&error);
        Self::new(status, kind, message)
    }
}

impl From<AddressError> for Refusal {
    fn from(error: AddressError) -> Self {
        let (status, kind) = of_address(&error);
        Self::new(status, kind, error.to_string())
    }
}

fn of_map(error: &MapError) -> (StatusCode, &'static str) {
    match error {
        MapError::OtherName { .. } => (StatusCode::CONFLICT, "other_name"),
        MapError::Mapped { .. } => (StatusCode::CONFLICT, "already_mapped"),
        MapError::NoFreePort { .. } => (StatusCode::CONFLICT, "no_free_port"),
        MapError::NotFound { .. } => (StatusCode::NOT_FOUND, "no_port_map"),
        MapError::Returning { .. } => (StatusCode::SERVICE_UNAVAILABLE, "address_returning"),
        MapError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        MapError::Address(error) => of_address(error),
        MapError::Firewall(error) => match error {
            FirewallError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "firewall_unavailable"),
            FirewallError::Refused(_) => (StatusCode::SERVICE_UNAVAILABLE, "firewall_refused"),
            FirewallError::Conflict { .. } => (StatusCode::CONFLICT, "port_in_use"),
            FirewallError::Unknown(_) => (StatusCode::SERVICE_UNAVAILABLE, "firewall_timeout"),
            FirewallError::Unreadable(_) => (StatusCode::INTERNAL_SERVER_ERROR, "firewall_unreadable"),
        },
        MapError::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_failed"),
        MapError::Interrupted { cause, .. } => of_map(cause),
        MapError::Ended(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

fn of_address(error: &AddressError) -> (StatusCode, &'static str) {
    match error {
        AddressError::Outside { .. } => (StatusCode::BAD_REQUEST, "target_outside"),
        AddressError::Own { .. } => (StatusCode::BAD_REQUEST, "target_is_gateway"),
        AddressError::OwnUnknown(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        AddressError::Refused { .. } => (StatusCode::BAD_REQUEST, "address_refused"),
        AddressError::Taken { .. } => (StatusCode::CONFLICT, "address_taken"),
        AddressError::TooMany { .. } => (StatusCode::BAD_REQUEST, "too_many_addresses"),
        AddressError::NoRange { .. } | AddressError::Spaces { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "provider_settings")
        }
        AddressError::Unopened(_) => (StatusCode::SERVICE_UNAVAILABLE, "provider_unavailable"),
        AddressError::Provider(error) => match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Busy | ErrorKind::RateLimited => {
                (StatusCode::SERVICE_UNAVAILABLE, "provider_unavailable")
            }
            ErrorKind::InvalidInput => (StatusCode::BAD_REQUEST, "address_refused"),
            _ => (StatusCode::BAD_GATEWAY, "provider_failed"),
        },
    }
}
