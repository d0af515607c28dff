//! What can go wrong between a client and this server.

use std::time::Duration;

use ipam_core::testing::http::{Effect, Response, ServerFault};

/// One request that the server received, and how it ended.
pub type Logged = ipam_core::testing::Logged<Fault>;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The response comes this much later. The work is done before the wait.
    Latency(Duration),
    /// The server's write lock is not obtained: HTTP 200 with code 500, nothing done.
    LockTimeout,
    /// A PHP fatal error: 500 with an empty body, nothing done.
    EmptyError500,
    /// HTML with status 200, nothing done.
    Html200,
    /// An HTML error page with this status, as a proxy sends it; nothing done.
    Html(u16),
    /// The connection is cut before the request is looked at.
    DropBefore,
    /// The request is carried out, and then the connection is cut: the response is lost.
    DropAfter,
    /// The user's token expires just before this request.
    ExpireToken,
    /// A JSON failure with this status and message, nothing done.
    Status(u16, String),
}

impl ServerFault for Fault {
    fn effect(&self) -> Effect {
        let page =
            |title: &str| format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
        match self {
            Self::Latency(delay) => Effect::Delay(*delay),
            Self::DropBefore => Effect::CutBefore,
            Self::DropAfter => Effect::CutAfter,
            Self::EmptyError500 => Effect::Send(html(500, "")),
            Self::Html200 => Effect::Send(html(200, "<div class='alert alert-danger'>Error: database</div>")),
            Self::Html(status) => Effect::Send(html(*status, page(&format!("{status} error")))),
            Self::Status(status, message) => Effect::Fail(*status, message.clone()),
            // They depend on the server's settings and its store.
            Self::LockTimeout | Self::ExpireToken => Effect::Site,
        }
    }

    fn delayed(by: Duration) -> Self {
        Self::Latency(by)
    }
}

/// A body that is no envelope.
pub(super) fn html(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response::text(status, "text/html; charset=UTF-8", body)
}
