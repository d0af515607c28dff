//! Faults between a client and this server.

use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use ipam_core::testing::http::{Effect, Response, ServerFault};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The answer comes this much later. The work is done before the wait.
    Latency(Duration),
    /// The connection is cut before the request is looked at.
    DropBefore,
    /// The request is carried out, and then the connection is cut: the answer is lost.
    DropAfter,
    /// The caller's token expires just before this request.
    ExpireToken,
    /// A JSON failure in the server's form with this status and message, nothing done.
    Status(u16, String),
    /// An HTML error page with this status, as a servlet container or a gateway sends it; nothing done.
    Html(u16),
    /// A status without a body; nothing done.
    EmptyError(u16),
    /// A redirect to this address; nothing done.
    Redirect(String),
    /// The request is carried out and answered with this status and no body; `Location` is sent where there is one.
    NoBody(u16),
    /// The request is carried out and answered without `Location`.
    NoLocation,
    /// All values of `@type` are in lower case.
    LowerTypes,
    /// All values of `@type` are in upper case.
    UpperTypes,
    /// The links in the answer, and `Location`, name this origin, such as `https://node-7.internal:8443`.
    LinkOrigin(String),
    /// The last row of the page is missing; the counts are those of all rows.
    TruncatePage,
    /// The page begins with the last row of the page before, in place of its own first.
    RepeatRow,
    /// The page is the first one, whatever page was asked for.
    IgnorePage,
    /// The count of all rows is more (or less) by this, and the count of pages fits it.
    CountOff(i64),
    /// The page has no counts.
    NoMetadata,
    /// The page has neither links nor counts.
    BarePage,
}

impl ServerFault for Fault {
    fn effect(&self) -> Effect {
        match self {
            Self::Latency(delay) => Effect::Delay(*delay),
            Self::DropBefore => Effect::CutBefore,
            Self::DropAfter => Effect::CutAfter,
            Self::Status(status, message) => Effect::Fail(*status, message.clone()),
            Self::Html(status) => Effect::Send(Response::error_page(*status, reason(*status))),
            Self::EmptyError(status) => Effect::Send(Response::empty(*status)),
            Self::Redirect(to) => Effect::Send(Response::empty(302).with_header(LOCATION, to)),
            Self::ExpireToken
            | Self::NoBody(_)
            | Self::NoLocation
            | Self::LowerTypes
            | Self::UpperTypes
            | Self::LinkOrigin(_)
            | Self::TruncatePage
            | Self::RepeatRow
            | Self::IgnorePage
            | Self::CountOff(_)
            | Self::NoMetadata
            | Self::BarePage => Effect::Site,
        }
    }

    fn delayed(by: Duration) -> Self {
        Self::Latency(by)
    }
}

/// What a servlet container calls a status.
fn reason(status: u16) -> &'static str {
    match status {
        401 => "Authentication required",
        status => {
            StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown status")
        }
    }
}
