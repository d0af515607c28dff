//! In-process HTTP servers for tests, with faults on demand and a log of requests.
//!
//! A simulator of a server implements [`Site`]: the response to a request, and the form of a failure. [`Host`] serves it on
//! a free port of 127.0.0.1, and does everything else: it reads requests, delays or loses them and their responses as a
//! test demands, and keeps a log without credentials. The simulators of the clients of this workspace are built on it.
//!
//! ```
//! use std::sync::Mutex;
//! use ipam_core::testing::When;
//! use ipam_core::testing::http::{Fault, Host, Request, Response, Site};
//!
//! /// An IPAM with one call: `POST /next` takes the next address of 192.0.2.0/24.
//! #[derive(Default)]
//! struct Tiny(Mutex<u8>);
//!
//! impl Site for Tiny {
//!     type Fault = Fault;
//!
//!     async fn respond(&self, request: &Request, _: Option<&Fault>) -> Response {
//!         if (request.method(), request.path()) != ("POST", "/next") {
//!             return self.failure(404, "no such call");
//!         }
//!         let mut taken = self.0.lock().unwrap();
//!         *taken += 1;
//!         Response::json(201, format_args!(r#"{{"ip":"192.0.2.{taken}"}}"#))
//!     }
//!
//!     fn failure(&self, status: u16, message: &str) -> Response {
//!         Response::json(status, format_args!(r#"{{"error":{message:?}}}"#))
//!     }
//! }
//!
//! # #[cfg(not(feature = "http"))]
//! # fn main() {}
//! # #[cfg(feature = "http")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use ipam_core::http::{HttpClient, HttpOptions, HttpRequest};
//! let host = Host::start(|_address| Tiny::default()).await?;
//! // The second response is lost: the address is taken, and the client does not know.
//! host.fault(Fault::CutAfter, When::any().path("/next").skip(1));
//!
//! let client = HttpClient::new(&host.url(), HttpOptions::new().with_allow_http(true))?;
//! let take = || HttpRequest::new(http::Method::POST, client.origin().url("/next").unwrap());
//! assert_eq!(client.send(take()).await?.body, br#"{"ip":"192.0.2.1"}"#);
//! let lost = client.send(take()).await.unwrap_err();
//! assert_eq!(lost.outcome(), ipam_core::Outcome::Unknown);
//! assert_eq!(*host.site().0.lock().unwrap(), 2);
//!
//! assert_eq!(host.count("POST", "/next"), 2);
//! assert_eq!(host.requests()[1].fault, Some(Fault::CutAfter));
//! # Ok(())
//! # }
//! ```

mod fault;
mod host;
mod host_state;
mod request;
mod response;
mod serve;
mod site;

pub use fault::{Effect, Fault, ServerFault};
pub use host::Host;
pub use request::Request;
pub use response::Response;
pub use site::Site;

#[cfg(all(test, feature = "http"))]
mod tests;
