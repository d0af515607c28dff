//! Tools (feature `http`) for HTTP clients of one server: TLS with pinning, time limits, tokens, output without
//! secrets.
//!
//! | task | use |
//! | --- | --- |
//! | configure time limits, proxy and trust | [`HttpOptions`], [`ProxyOptions`], [`TlsOptions`] |
//! | build URLs, and keep requests on the configured server | [`Origin`], [`path_problem`] |
//! | send one request once | [`HttpClient::send`], or [`HttpClient::open`] to read the body in pieces |
//! | repeat requests that can be repeated | [`Retrier`](crate::Retrier) with [`status_advice`], [`retry_after`] |
//! | stop lists that have no end | [`ListLimits`], [`ListMeter`] |
//! | share one login between all callers | [`TokenCache`], [`TokenPolicy`] |
//! | print requests without secrets | [`Redactor`] |
//!
//! [`HttpOptions`] has a time limit for the connection, one for an attempt and one for a whole operation. Redirects are
//! not followed: a request stays on its [`Origin`], because the credentials in it are for that server only.
//!
//! ```
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! # #[cfg(feature = "testing")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use ipam_core::testing::http::{Fault, Host, Request, Response, Site};
//! # struct Ipam;
//! # impl Site for Ipam {
//! #     type Fault = Fault;
//! #     async fn respond(&self, _: &Request, _: Option<&Fault>) -> Response { Response::json(200, r#"{"version":"1.7"}"#) }
//! #     fn failure(&self, status: u16, _: &str) -> Response { Response::empty(status) }
//! # }
//! # let server = Host::start(|_| Ipam).await?;
//! # let url = server.url();
//! use ipam_core::http::{HttpClient, HttpOptions, HttpRequest};
//!
//! // `url` is the server's, such as https://ipam.example; this one is in the same process, without TLS.
//! let client = HttpClient::new(&url, HttpOptions::new().with_allow_http(true))?;
//! let request = HttpRequest::new(http::Method::GET, client.origin().url("api/version")?);
//! let response = client.send(request).await?;
//! assert_eq!((response.status.as_u16(), response.body), (200, br#"{"version":"1.7"}"#.to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! HTTP/2 and compressed responses are features of their own, `http2` and `gzip`, which are on by default. With the feature
//! `dns`, programs with a static glibc (`target-feature=+crt-static`) resolve host names in Rust, by `hickory-resolver`; all
//! other programs use the resolver of the system.
//!
//! # Runtime and third-party types
//! The futures of this module need a [tokio](https://docs.rs/tokio) runtime with time and I/O enabled. Without one they
//! fail with [`Config`](crate::ErrorKind::Config).
//!
//! Public signatures use types of the crates `url`, `http` and `secrecy`. The HTTP and TLS libraries (`reqwest`, `rustls`
//! with `ring`) are not part of the public API, and may be replaced in any release.
//!
//! # Errors
//! Sending a request can fail with these errors:
//!
//! | kind | when | retry advice |
//! | --- | --- | --- |
//! | [`Unavailable`](crate::ErrorKind::Unavailable) | no connection; nothing was sent | safe |
//! | [`Unavailable`](crate::ErrorKind::Unavailable) | the connection broke after the request was sent | if idempotent |
//! | [`Timeout`](crate::ErrorKind::Timeout) | no connection within the connect timeout | safe |
//! | [`Timeout`](crate::ErrorKind::Timeout) | no response within the attempt timeout | if idempotent |
//! | [`Untrusted`](crate::ErrorKind::Untrusted) | the certificate of the server is not trusted; the error has the [chain](crate::Error::certificates) that it sent | never |
//! | [`Unauthenticated`](crate::ErrorKind::Unauthenticated) | the server requires a client certificate, or refused the one of [`TlsOptions`] | never |
//! | [`Protocol`](crate::ErrorKind::Protocol) | the response is not HTTP, cannot be decompressed, or has a body above the limit | never |
//! | [`Config`](crate::ErrorKind::Config), [`InvalidInput`](crate::ErrorKind::InvalidInput) | invalid options, or a URL of another server | never |
//!
//! A response with an error status is an [`HttpResponse`], not an error: only the client of a server knows the meaning of
//! its statuses. [`status_advice`] has the general one.

mod client;
mod limits;
mod login;
mod options;
mod origin;
mod path;
mod redact;
mod runtime;
mod status;
mod token;

pub use client::{HttpBody, HttpClient, HttpRequest, HttpResponse};
pub use limits::{ListLimits, ListMeter};
pub use login::{FreshToken, LoginFailure, LoginPause, Token, TokenError, TokenPolicy};
pub use options::{HttpOptions, ProxyOptions};
pub use origin::Origin;
pub use path::path_problem;
pub use redact::Redactor;
pub use status::{retry_after, status_advice};

pub use token::TokenCache;

pub use crate::tls::{CertificateDetails, TlsOptions};
