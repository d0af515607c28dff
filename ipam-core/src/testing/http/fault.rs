//! Faults between a client and a server: what they do to a request.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;

use super::Response;

/// What a fault does to one request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// The response comes this much later. The work is done before the wait.
    Delay(Duration),
    /// The connection is cut before the request is looked at.
    CutBefore,
    /// The request is carried out, and then the connection is cut: the response is lost.
    CutAfter,
    /// This is sent; nothing is done.
    Send(Response),
    /// A failure in the server's own form, with this status and message; nothing is done.
    Fail(u16, String),
    /// The server carries the request out and knows what the fault changes; see [`Site::respond`](super::Site::respond).
    Site,
}

/// Faults of one kind of server.
///
/// [`Fault`] has those that any server can have. A simulator with more of them has an enumeration of its own.
pub trait ServerFault: Clone + fmt::Debug + Send + Sync + 'static {
    /// What it does.
    fn effect(&self) -> Effect;

    /// The fault that the log shows for a request that was only delayed.
    fn delayed(by: Duration) -> Self;
}

/// Faults that any server can have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The response comes this much later. The work is done before the wait.
    Latency(Duration),
    /// The connection is cut before the request is looked at.
    CutBefore,
    /// The request is carried out, and then the connection is cut: the response is lost.
    CutAfter,
    /// A failure in the server's own form, with this status and message; nothing is done.
    Status(u16, String),
    /// A page for a browser with this status, as a gateway sends it; nothing is done.
    Page(u16),
    /// A status without a body; nothing is done.
    Empty(u16),
    /// A redirect to this address; nothing is done.
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
