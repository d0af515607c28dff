//! What distinguishes one kind of server from another.

use std::future::Future;

use super::{Request, Response, ServerFault};
use crate::testing::Logged;

/// Kind of server: what it responds. Connections, faults and the log are [`Host`](super::Host)'s.
pub trait Site: Send + Sync + 'static {
    /// The faults it can have; [`Fault`](super::Fault) unless it has some of its own.
    type Fault: ServerFault;

    /// Carries a request out. `fault` is one whose effect is [`Effect::Site`](super::Effect::Site), or none.
    fn respond(&self, request: &Request, fault: Option<&Self::Fault>) -> impl Future<Output = Response> + Send;

    /// A failure in the server's own form.
    fn failure(&self, status: u16, message: &str) -> Response;

    /// Adds what every response has, such as `Date` or a cookie; also to those that a fault sends.
    fn complete(&self, request: &Request, response: Response) -> Response {
        let _ = request;
        response
    }

    /// Removes secrets of the server's own from an entry of the log. `Authorization`, `Proxy-Authorization` and `Cookie` are
    /// hidden already.
    fn redact(&self, entry: &mut Logged<Self::Fault>) {
        let _ = entry;
    }
}
