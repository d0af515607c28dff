//! What can go wrong between a client and this server.

use std::time::Duration;

/// One request that the server received, and how it ended.
pub type Logged = ipam_core::testing::Logged<Fault>;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The answer comes this much later. The work is done before the wait.
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
    /// The request is carried out, and then the connection is cut: the answer is lost.
    DropAfter,
    /// The user's token expires just before this request.
    ExpireToken,
    /// A JSON failure with this status and message, nothing done.
    Status(u16, String),
}

impl Fault {
    /// How long it delays the answer, if that is what it does.
    pub(super) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Latency(delay) => Some(*delay),
            _ => None,
        }
    }
}
