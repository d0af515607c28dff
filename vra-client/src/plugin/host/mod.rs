//! Host of a plug-in: a program that vRA's scripts run for one action at a time.
//!
//! The program gets the action's inputs as JSON on standard input, opens its provider with the credentials and the
//! certificate of the call, runs the action, and writes the outputs as JSON to standard output, or the error to standard
//! error. A program for a provider of one's own is this:
//!
//! ```
//! use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
//! use vra_client::plugin::host::{Invocation, Host};
//!
//! # futures_executor::block_on(async {
//! let host = Host::new(|call: Invocation| async move {
//!     // A provider of a server connects here: call.form().host_name(), call.credentials(), call.certificate().
//!     let provider = MemoryProvider::new();
//!     provider.define_range(&DefineRange::new("12", "10.16.20.0/24".parse().unwrap())).await?;
//!     Ok(provider)
//! });
//! // A program gives its first argument, and its standard input, output and error.
//! let (action, input) = ("get-ip-ranges", r#"{"endpoint": {"id": "e", "endpointProperties": {}}}"#);
//! let (mut output, mut errors) = (Vec::new(), Vec::new());
//! let done = host.serve(action, input.as_bytes(), &mut output, &mut errors).await?;
//! assert!(done && String::from_utf8_lossy(&output).contains("10.16.20.1"));
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! [`Host::with_registry`] opens the provider that a URL names instead, as the program `ipam vra` does.
//!
//! # Standard input
//! The inputs of the action, bare or as `{"inputs": …, "credentials": …}`, where the credentials are what vRA returns for
//! `context.request(authCredentialsLink, 'GET', '')`, whole or their `content`. At most [`Invocation::MAX_BYTES`] bytes.

mod invocation;
mod serve;

pub use self::invocation::Invocation;
pub use self::serve::{ActionOutput, Host, error_json};
