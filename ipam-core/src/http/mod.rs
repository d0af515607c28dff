//! What every provider that speaks HTTP needs: TLS with pinning, time limits, retries, tokens, redaction.
//!
//! | to do | use |
//! | --- | --- |
//! | say how to reach the server | [`HttpOptions`], [`ProxyOptions`], [`TlsOptions`] |
//! | keep requests on the configured server | [`Origin`], [`path_problem`] |
//! | send one request, once | [`HttpClient::send`], or [`HttpClient::open`] to read the body as it comes |
//! | repeat it where that is right | [`Retrier`](crate::Retrier) with [`status_advice`], [`retry_after`] |
//! | end lists that do not end by themselves | [`ListLimits`], [`ListMeter`] |
//! | log in once for everybody | [`TokenCache`] |
//! | print requests without their secrets | [`Redactor`] |
//!
//! One attempt, the waits between attempts and the whole operation each have a time limit of their own; see
//! [`HttpOptions`]. Redirects are never followed: a request stays on the [`Origin`] it was built for.
//!
//! # Runtime and third-party types
//! The futures of this module need a [tokio](https://docs.rs/tokio) runtime with time and I/O enabled; without one they
//! fail as [`Config`](crate::ErrorKind::Config). Public
//! signatures use [`url::Url`], [`http::Method`], [`http::HeaderMap`], [`http::StatusCode`] and
//! [`secrecy::SecretString`]; the HTTP and TLS libraries underneath (`reqwest`, `rustls` with `ring`) never show, so
//! they can be replaced without notice.
//!
//! # Errors
//! | kind | when | retry advice |
//! | --- | --- | --- |
//! | [`Unavailable`](crate::ErrorKind::Unavailable) | no connection: nothing was sent | safe |
//! | [`Unavailable`](crate::ErrorKind::Unavailable) | the connection broke later | if idempotent |
//! | [`Timeout`](crate::ErrorKind::Timeout) | while connecting | safe |
//! | [`Timeout`](crate::ErrorKind::Timeout) | later | if idempotent |
//! | [`Untrusted`](crate::ErrorKind::Untrusted) | the certificate is not trusted; it carries the chain as sent | never |
//! | [`Unauthenticated`](crate::ErrorKind::Unauthenticated) | the server refused the client certificate | never |
//! | [`Protocol`](crate::ErrorKind::Protocol) | not HTTP, or a body beyond the limit | never |
//! | [`Config`](crate::ErrorKind::Config), [`InvalidInput`](crate::ErrorKind::InvalidInput) | options that cannot work, a URL of another server | never |
//!
//! An answer with an error status is an answer, not an error: what it means is the client's to say.

mod certificate;
mod client;
mod limits;
mod options;
mod origin;
mod path;
mod redact;
mod runtime;
mod status;
mod tls;
mod token;

pub use client::{HttpBody, HttpClient, HttpRequest, HttpResponse};
pub use limits::{ListLimits, ListMeter};
pub use options::{HttpOptions, ProxyOptions};
pub use origin::Origin;
pub use path::path_problem;
pub use redact::Redactor;
pub use status::{retry_after, status_advice};
pub use tls::TlsOptions;
pub use token::{FreshToken, LoginFailure, LoginPause, Token, TokenCache, TokenError, TokenPolicy};
