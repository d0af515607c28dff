//! Faults between a client and a server, and their effects on a request.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;

use super::Response;

/// Effect of a fault on one request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Delays the response by this time. The request is applied before the delay.
    Delay(Duration),
    /// Cuts the connection. The request is not applied.
    CutBefore,
    /// Applies the request and then cuts the connection: the response is lost.
    CutAfter,
    /// Sends this response. The request is not applied.
    Send(Response),
    /// Sends a failure in the server's own form, with this status and message. The request is not applied.
    Fail(u16, String),
    /// Passes the fault to [`Site::respond`](super::Site::respond), which knows its effect.
    Site,
}

/// Faults of one kind of server.
///
/// [`Fault`] has those that any server can have. A simulator with others defines its own enumeration:
///
/// ```
/// use std::time::Duration;
/// use ipam_core::testing::http::{Effect, Fault, ServerFault};
///
/// #[derive(Clone, Debug)]
/// enum IpamFault {
///     Common(Fault),
///     ApiDisabled,
/// }
///
/// impl ServerFault for IpamFault {
///     fn effect(&self) -> Effect {
///         match self {
///             Self::Common(fault) => fault.effect(),
///             Self::ApiDisabled => Effect::Fail(503, "API server disabled".to_owned()),
///         }
///     }
///
///     fn delayed(by: Duration) -> Self {
///         Self::Common(Fault::delayed(by))
///     }
/// }
/// # assert_eq!(IpamFault::ApiDisabled.effect(), Effect::Fail(503, "API server disabled".to_owned()));
/// ```
pub trait ServerFault: Clone + fmt::Debug + Send + Sync + 'static {
    /// Returns the effect of the fault.
    fn effect(&self) -> Effect;

    /// Returns the fault that the log shows for a request that was delayed only.
    fn delayed(by: Duration) -> Self;
}

/// Faults that any server can have.
///
/// ```
/// use ipam_core::testing::http::{Effect, Fault, ServerFault};
///
/// assert_eq!(Fault::CutAfter.effect(), Effect::CutAfter);
/// assert!(matches!(Fault::Page(502).effect(), Effect::Send(response) if response.status == 502));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Delays the response by this time. The request is applied before the delay.
    Latency(Duration),
    /// Cuts the connection. The request is not applied.
    CutBefore,
    /// Applies the request and then cuts the connection: the response is lost.
    CutAfter,
    /// Sends a failure in the server's own form, with this status and message. The request is not applied.
    Status(u16, String),
    /// Sends an HTML page with this status, as a gateway does. The request is not applied.
    Page(u16),
    /// Sends this status without a body. The request is not applied.
    Empty(u16),
    /// Sends a redirect to this URL. The request is not applied.
    Redirect(String),
}

impl ServerFault for Fault {
    fn effect(&self) -> Effect {
        match self {
            Self::Latency(delay) => Effect::Delay(*delay),
            Self::CutBefore => Effect::CutBefore,
            Self::CutAfter => Effect::CutAfter,
            Self::Status(status, message) => Effect::Fail(*status, message.clone()),
            Self::Page(status) => {
                // Gateways name the status in the page, and clients show its title.
                let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                Effect::Send(Response::error_page(*status, reason.unwrap_or("Unknown status")))
            }
            Self::Empty(status) => Effect::Send(Response::empty(*status)),
            Self::Redirect(to) => Effect::Send(Response::empty(302).with_header(LOCATION, to)),
        }
    }

    fn delayed(by: Duration) -> Self {
        Self::Latency(by)
    }
}
