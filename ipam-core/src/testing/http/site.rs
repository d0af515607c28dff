//! Behaviour of one kind of server.

use std::future::Future;

use super::{Request, Response, ServerFault};
use crate::testing::Logged;

/// Behaviour of one kind of server: its responses. [`Host`](super::Host) adds connections, faults and the log.
///
/// A site can be tested without a socket:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use ipam_core::testing::Logged;
/// use ipam_core::testing::http::{Fault, Request, Response, Site};
///
/// struct Ipam;
///
/// impl Site for Ipam {
///     type Fault = Fault;
///
///     async fn respond(&self, request: &Request, _: Option<&Fault>) -> Response {
///         match request.header("token") {
///             Some("s3cret") => Response::json(200, "{}"),
///             _ => self.failure(401, "wrong token"),
///         }
///     }
///
///     fn failure(&self, status: u16, message: &str) -> Response {
///         Response::text(status, "text/plain", message)
///     }
///
///     fn redact(&self, entry: &mut Logged<Fault>) {
///         for (_, value) in entry.headers.iter_mut().filter(|(name, _)| name == "token") {
///             *value = "REDACTED".to_owned();
///         }
///     }
/// }
///
/// assert_eq!(Ipam.respond(&Request::new("GET", "/"), None).await.status, 401);
/// # }
/// ```
pub trait Site: Send + Sync + 'static {
    /// Faults of this kind of server. [`Fault`](super::Fault) has those that any server can have.
    type Fault: ServerFault;

    /// Applies a request and returns the response.
    ///
    /// `fault` is a fault with [`Effect::Site`](super::Effect::Site), if one applies: the site changes its response as that
    /// fault says.
    // Not `async fn`, which does not promise the `Send` that a task needs.
    fn respond(&self, request: &Request, fault: Option<&Self::Fault>) -> impl Future<Output = Response> + Send;

    /// Returns a failure in the form of this kind of server.
    fn failure(&self, status: u16, message: &str) -> Response;

    /// Adds the headers that every response has, such as `Date` or a cookie, also to the responses of faults.
    fn complete(&self, request: &Request, response: Response) -> Response {
        let _ = request;
        response
    }

    /// Replaces secrets in an entry of the log. The default does nothing.
    ///
    /// `Authorization`, `Proxy-Authorization` and `Cookie` are already redacted.
    fn redact(&self, entry: &mut Logged<Self::Fault>) {
        let _ = entry;
    }
}
