//! Faults between a client and the server.

use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use ipam_core::testing::http::{Effect, Response, ServerFault};

/// Fault between a client and the server: a network failure, or a response in a form that some servers send.
///
#[cfg_attr(feature = "v7", doc = "```")]
#[cfg_attr(not(feature = "v7"), doc = "```text")]
/// use vra_client::testing::v7::Server;
/// use vra_client::testing::{Fault, When};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder().example_data().start().await?;
/// # let client = vra_client::v7::Client::builder(server.url())
/// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// // The response of the first list is lost, and the client repeats the request.
/// server.fault(Fault::DropAfter, When::any().path("/entitledCatalogItemViews"));
/// assert_eq!(client.catalog().entitled_item_views().all().await?.len(), 2);
/// assert_eq!(server.count("GET", "/entitledCatalogItemViews"), 2);
///
/// // A page with fewer rows than it counts is an error and not a shorter list.
/// server.fault(Fault::TruncatePage, When::any().path("/entitledCatalogItemViews").always());
/// assert!(client.catalog().entitled_item_views().all().await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Delays the response by this time. The request is carried out before the wait.
    Latency(Duration),
    /// Cuts the connection before the request is read. Nothing is carried out.
    DropBefore,
    /// Carries out the request and then cuts the connection, so that the response is lost.
    DropAfter,
    /// Lets the token of the request expire just before the request is carried out.
    ExpireToken,
    /// Sends an error in the server's JSON form, with this status and message. Nothing is carried out.
    Status(u16, String),
    /// Sends an HTML error page with this status, as a servlet container or a gateway does. Nothing is carried out.
    Html(u16),
    /// Sends this status without a body. Nothing is carried out.
    EmptyError(u16),
    /// Sends a redirect (302) to this URL. Nothing is carried out.
    Redirect(String),
    /// Carries out the request and sends this status without a body. A `Location` header stays.
    EmptyBody(u16),
    /// Carries out the request and leaves out the `Location` header.
    NoLocation,
    /// Writes all values of `@type` in lower case.
    LowerTypes,
    /// Writes all values of `@type` in upper case.
    UpperTypes,
    /// Uses this origin, such as `https://node-7.internal:8443`, in the links of the response and in `Location`.
    LinkOrigin(String),
    /// Leaves out the last row of the page. The counts are still those of all rows.
    TruncatePage,
    /// Replaces the first row of the page by the last row of the previous page.
    RepeatRow,
    /// Sends the first page, whatever page was requested.
    IgnorePage,
    /// Changes the count of all rows by this number, and the count of pages with it.
    CountOff(i64),
    /// Leaves out the counts of the page.
    NoMetadata,
    /// Leaves out the links and the counts of the page.
    BarePage,
    /// Version 8: accepts the request (202), and its tracker ends as failed, with this message. Nothing is carried out.
    FailTracker(String),
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
            // These depend on the store or on the response, so the site itself applies them.
            Self::ExpireToken
            | Self::EmptyBody(_)
            | Self::NoLocation
            | Self::LowerTypes
            | Self::UpperTypes
            | Self::LinkOrigin(_)
            | Self::TruncatePage
            | Self::RepeatRow
            | Self::IgnorePage
            | Self::CountOff(_)
            | Self::NoMetadata
            | Self::BarePage
            | Self::FailTracker(_) => Effect::Site,
        }
    }

    fn delayed(by: Duration) -> Self {
        Self::Latency(by)
    }
}

/// Returns the words of a servlet container for a status.
fn reason(status: u16) -> &'static str {
    match status {
        // The container's own text, as documented for 7.3, differs from the standard phrase.
        401 => "Authentication required",
        status => {
            StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown status")
        }
    }
}
