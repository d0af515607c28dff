//! Faults between a client and the simulated server.

use std::time::Duration;

use ipam_core::testing::http::{Effect, Response, ServerFault};

/// Request that the server received, with the status it got and the [`Fault`] that happened to it.
pub type Logged = ipam_core::testing::Logged<Fault>;

/// Fault of the connection or of the server, for [`Server::fault`](super::Server::fault).
///
/// ```
/// use phpipam_client::models::{AddressFields, SubnetId};
/// use phpipam_client::testing::{Fault, Server, When};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::start().await?;
/// let subnet = server.seed(|store| {
///     let section = store.add_section("Lab");
///     store.add_subnet(section, "192.0.2.0/24".parse().unwrap())
/// });
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// // The lock of the server is busy twice; the client tries again.
/// server.fault(Fault::LockTimeout, When::any().path("/first_free/").times(2));
/// client.addresses().allocate_first_free(SubnetId::new(subnet), &AddressFields::new()).await?;
/// assert_eq!(server.count("POST", "/first_free/"), 3);
/// assert_eq!(server.seed(|store| store.used(subnet).len()), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Delay of the response. The request is carried out before the wait.
    Latency(Duration),
    /// Write lock that is not obtained: HTTP 200 with code 500 (by [`Profile`](super::Profile)); nothing is done.
    LockTimeout,
    /// Fatal error of PHP: 500 with an empty body; nothing is done.
    EmptyError500,
    /// Alert box of phpIPAM's web interface with status 200, as the real server sends it when a subnet is to become
    /// smaller than its addresses allow; nothing is done. The client reports a refusal.
    Html200,
    /// HTML error page with this status, as a proxy or web server in front of phpIPAM sends it; nothing is done. The
    /// client reports that it does not come from phpIPAM, or that phpIPAM is unavailable (502 to 504).
    Html(u16),
    /// Lost request: the connection is cut, and nothing is done.
    DropBefore,
    /// Lost response: the request is carried out, and then the connection is cut.
    DropAfter,
    /// Expired token: the token of the request expires just before the request arrives. The status is 401, for calls of
    /// `user` 403.
    ExpireToken,
    /// JSON failure with this status and message; nothing is done.
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
            // `Site::respond` carries these two out: they need the profile, the clock and the tokens of the server.
            Self::LockTimeout | Self::ExpireToken => Effect::Site,
        }
    }

    fn delayed(by: Duration) -> Self {
        Self::Latency(by)
    }
}

/// Returns a response whose body is HTML, or empty.
pub(super) fn html(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response::text(status, "text/html; charset=UTF-8", body)
}
